//! Simulated stations: loggers (数采仪) that speak HJ 212 over TCP as real ones do.
//!
//! * [`city`] makes a [`Plan`] for every device of a city pack; [`play()`] plays one: uploads, resends, reconnects, answers to
//!   requests of the centre. The demonstration city and `shanshui hj212 simulate --city` are this.
//! * [`load`] is the cheap way to send very many telegrams, with faults on demand, for crash tests and benchmarks.
//! * Values are pure functions of (seed, station, factor, time): a history pull gives back what was pushed, and any run can be
//!   repeated. Times inside are instants; a device speaks civil time of its plan's zone.

pub mod device;
pub mod fault;
pub mod history;
pub mod load;
pub mod plan;
pub mod play;
pub mod stamp;
pub mod synthetic;
pub mod tally;
pub mod value;

pub use device::Device;
pub use plan::{Event, Plan, Scenario, city};
pub use play::play;
pub use tally::Tally;
