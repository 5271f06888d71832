//! The one binary of 山水 (shanshui).

use std::process::ExitCode;

use clap::Parser;
use shanshui_server::cmd::{self, Command};

/// Many threads hand pictures and rows to one another; memory that one has taken and another gives back is used again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 山水: a city's ecology platform.
#[derive(Debug, Parser)]
#[command(name = "shanshui", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    let _places = shanshui_store::places_from_environment();
    let cli = Cli::parse();
    match cmd::run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("shanshui: {error:#}");
            ExitCode::FAILURE
        }
    }
}
