//! Integration tests, one file per capability.

mod audit;
mod cli;
mod clock;
mod equal;
mod full;
mod generated;
mod ingest;
mod month;
mod nodes;
mod ops;
mod people;
#[cfg(feature = "query")]
mod query;
mod review;
mod rights;
mod simulate;
mod support;
mod token;
