//! The commands. Those that compute read files or standard input and write CSV or JSON Lines to standard output, diagnostics to
//! standard error; exit 0, 1 for bad input (named), 2 for wrong usage.

pub mod evaluate;
pub mod hj212;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge tables of measured values by the national standards.
    #[command(subcommand)]
    Evaluate(evaluate::Evaluate),
    /// The protocol of monitoring stations, HJ 212.
    #[command(subcommand)]
    Hj212(hj212::Hj212),
}

/// Runs one command.
///
/// # Errors
/// What went wrong, with its context.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Evaluate(what) => evaluate::run(&what),
        Command::Hj212(what) => hj212::run(&what),
    }
}

/// Input: a file, or standard input when there is none or it is `-`.
fn input(path: Option<&Path>) -> anyhow::Result<Box<dyn Read>> {
    match path {
        None => Ok(Box::new(io::stdin())),
        Some(path) if path == Path::new("-") => Ok(Box::new(io::stdin())),
        Some(path) => Ok(Box::new(BufReader::new(File::open(path).with_context(|| path.display().to_string())?))),
    }
}

/// Output: a file, or standard output.
fn output(path: Option<&PathBuf>) -> anyhow::Result<Box<dyn Write>> {
    match path {
        None => Ok(Box::new(BufWriter::with_capacity(1 << 18, io::stdout()))),
        Some(path) => Ok(Box::new(BufWriter::new(File::create(path).with_context(|| path.display().to_string())?))),
    }
}
