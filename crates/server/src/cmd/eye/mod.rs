//! `shanshui eye`: watch a source by a fence file, take a model, check a pack of evidence. None of it needs a running program.

mod model;
mod verify;
mod watch;

use std::process::ExitCode;

use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Eye {
    /// Watch a file or stream by a fence file; one JSON line for each event that is over, and a summary.
    Watch(watch::Watch),
    /// The detector's model.
    #[command(subcommand)]
    Model(model::Model),
    /// Check a pack of evidence, offline.
    Verify(verify::Verify),
}

pub(super) fn run(eye: Eye) -> anyhow::Result<ExitCode> {
    match eye {
        Eye::Watch(watch) => watch::run(&watch),
        Eye::Model(model) => model::run(model),
        Eye::Verify(verify) => Ok(verify::run(&verify)),
    }
}
