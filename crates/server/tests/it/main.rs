//! Integration tests, one file per capability.

mod cli;
mod simulate;
