//! Chores of this house: benchmarks, proofs, checks of the tree. `cargo xtask` lists them.

mod balancer;
mod bench;
mod http;
mod load;
mod postgres;
mod prove;
mod rig;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Chores of this house")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Measure against named peers in one run, and write docs/ref/performance.md
    Bench(bench::Args),
    /// Try what the program promises, and write docs/ref/reliability.md
    Prove(prove::Args),
    /// A city's load for a while: stations, browsers, memory
    Load(load::Args),
    /// Check the tree: stray files, uncited rows, dead links, private words
    Tidy,
    /// What a benchmark times as a process of its own
    #[command(hide = true)]
    Measure(bench::Measure),
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Bench(args) => bench::run(&args),
        Chore::Prove(args) => prove::run(&args),
        Chore::Load(args) => load::run(&args),
        Chore::Tidy => tidy::run(),
        Chore::Measure(what) => bench::measure(&what).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

/// The top of the repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies in the repository").to_owned()
}
