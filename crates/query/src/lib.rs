//! Mass computation: the same plans over the whole history, in this process or on a Ballista cluster.
//!
//! * [`Source`]: which files and which rows of the hot store a query reads, and that each reading counts once, in its newest version.
//! * [`Engine`]: where it runs: `""` in this process, `"ballista://host:port"` on a cluster.
//! * [`Job`]: a running query: rows, progress, cancellation.
//! * [`functions`]: what plans call; the same bits whatever the order of rows.
//! * [`statistics`], [`air`]: the first users: a month of all points, a year of all air stations.
//! * [`cluster`]: scheduler and executor, and the refusal of other versions.
//!
//! Nothing here knows the store, the city or the API; rows that have not yet moved to the history are handed in by the caller.

pub mod air;
pub mod cluster;
mod digest;
mod engine;
mod error;
pub mod functions;
mod job;
mod place;
mod scratch;
mod source;
pub mod statistics;
mod table;
pub mod text;

pub use digest::digest_of;
pub use engine::{Engine, Settings};
pub use error::QueryError;
pub use job::{Job, JobHandle, Progress};
pub use place::{Place, S3};
pub use scratch::{SCRATCH, sweep};
pub use source::{Hot, Source, SourceFile, readings_schema};

/// Arrow, as this crate speaks it.
pub use arrow;
