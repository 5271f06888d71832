//! Integration tests, one file per capability.

mod audit;
mod cli;
mod clock;
mod discharge;
mod equal;
mod eye;
mod eye_kept;
mod forecast;
mod full;
mod generated;
mod import;
mod ingest;
mod month;
mod nodes;
mod ops;
mod people;
mod published;
#[cfg(feature = "query")]
mod query;
mod report;
mod review;
mod rights;
mod seen;
mod simulate;
mod support;
mod token;
mod trace;
