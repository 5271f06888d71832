//! Integration tests, one file per capability.

mod cli;
mod full;
mod generated;
mod ingest;
mod nodes;
mod ops;
mod people;
mod simulate;
mod support;
