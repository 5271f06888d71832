//! Acting (处置): a problem becomes an alarm, an alarm a case, and a case is closed only when another person has seen the
//! proof.
//!
//! * [`alarm`]: what an alarm (报警) is and the three states it can be in.
//! * [`case`]: the case (案件) as a fold over its events; one place that moves it.
//! * [`chain`]: the hash chain (审计链) that binds every event to the one before.

pub mod alarm;
pub mod case;
pub mod chain;
pub mod merkle;
