//! The commands. Those that compute read files or standard input and write CSV or JSON Lines to standard output, diagnostics to
//! standard error; exit 0, 1 for bad input (named), 2 for wrong usage.

mod audit;
mod check;
#[cfg(feature = "query")]
mod cluster;
mod demo;
mod doctor;
pub mod evaluate;
pub mod eye;
mod history;
pub mod hj212;
mod inputs;
mod keep;
#[cfg(feature = "query")]
mod query;
pub mod review;
pub mod rights;
pub mod serve;
mod transfer;
pub(crate) mod vault;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;

use crate::app::Roles;
use crate::config::Config;

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge tables of measured values by the national standards.
    #[command(subcommand)]
    Evaluate(evaluate::Evaluate),
    /// The protocol of monitoring stations, HJ 212.
    #[command(subcommand)]
    Hj212(hj212::Hj212),
    /// Cameras and fences: watch a source, take a model, check a pack of evidence.
    #[command(subcommand)]
    Eye(eye::Eye),
    /// Run: stations over HJ 212, people over HTTP, and the jobs. Prints its addresses as one JSON line.
    Serve {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// What this node does, where several share one store: all, or some of ingest, web, job with commas between.
        #[arg(long, value_name = "ROLES", default_value = "all")]
        role: Roles,
    },
    /// Show it: the demonstration city with simulated stations, a day of history, and things that go wrong.
    Demo(demo::Demo),
    /// Is what is kept whole? One JSON line per finding; exit 1 when something is wrong.
    Check {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// Only the audit: its chain, its roots, their signatures, the second place.
        #[arg(long, conflicts_with = "readings")]
        audit: bool,
        /// Also every reading: the kept telegrams are read again and held against the rows. Takes a while.
        #[arg(long)]
        readings: bool,
    },
    /// The audit: sign it, prove an entry, print the public key.
    Audit {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// What to do.
        #[command(subcommand)]
        what: audit::What,
    },
    /// The keys that seal secrets in the database: which there are, a new one, sealing anew.
    Vault {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// What to do.
        #[command(subcommand)]
        what: vault::What,
    },
    /// Copy the database and its history while they are in use: a file with a folder beside it, or an archive of a PostgreSQL
    /// database.
    Backup {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// Leave out what has moved into the history.
        #[arg(long)]
        without_history: bool,
        /// The new file, or the new folder of an archive.
        to: PathBuf,
    },
    /// Check a copy and put it where the database belongs.
    Restore {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// Fill the store without what had moved into the history.
        #[arg(long)]
        without_history: bool,
        /// The copy.
        from: PathBuf,
    },
    /// Read whatever can be read of a damaged database file into a new one. Exit 1 when something is missing or disputed.
    Salvage {
        /// The damaged file; nobody may be writing it. It is only read.
        from: PathBuf,
        /// The new file.
        to: PathBuf,
    },
    /// Write everything that is kept into an archive, which belongs to no engine, while the store is in use.
    Export {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// Leave out what has moved into the history.
        #[arg(long)]
        without_history: bool,
        /// The new folder.
        to: PathBuf,
    },
    /// Fill an empty store from an archive: all of it, or nothing.
    Import {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// Fill the store without what had moved into the history.
        #[arg(long)]
        without_history: bool,
        /// The archive.
        from: PathBuf,
    },
    /// Is everything as it should be before something fails? One line per finding; exit 1 when one is bad.
    Doctor(doctor::Doctor),
    /// What has left the hot store: move, merge, sweep, check, list.
    History {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// What to do.
        #[command(subcommand)]
        what: history::What,
    },
    /// Bring the database's schema up to this program.
    Migrate(ConfigArg),
    /// People with a login.
    User {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// What to do.
        #[command(subcommand)]
        what: keep::User,
    },
    /// The configuration: every key with its default and meaning, or check a file.
    Config {
        /// Where the configuration is.
        #[command(flatten)]
        config: ConfigArg,
        /// Print every key.
        #[arg(long)]
        explain: bool,
    },
    /// Compute over everything that is kept: a month of all points, a year of all air stations. CSV or JSON Lines.
    #[cfg(feature = "query")]
    #[command(subcommand)]
    Query(query::Query),
    /// A node of a cluster for `shanshui query`.
    #[cfg(feature = "query")]
    #[command(subcommand)]
    Cluster(cluster::Cluster),
    /// Print the description of the HTTP API (OpenAPI 3.1).
    Openapi,
    /// Print the rules of data review and of clues, with their parameters.
    Review,
    /// Print who may do what: roles, rights, routes.
    Rights,
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
pub struct ConfigArg {
    /// Configuration file; the defaults when absent.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Runs one command.
///
/// # Errors
/// What went wrong, with its context.
pub fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Evaluate(what) => evaluate::run(&what),
        Command::Eye(command) => eye::run(command),
        Command::Hj212(what) => hj212::run(&what),
        Command::Serve { config, role } => serve::run(config.config.as_deref(), role),
        Command::Demo(demo) => demo::run(&demo),
        Command::Check { config, audit, readings } => check::run(config.config.as_deref(), audit, readings),
        Command::Audit { config, what } => audit::run(config.config.as_deref(), &what),
        Command::Vault { config, what } => vault::run(config.config.as_deref(), &what),
        Command::Backup { config, without_history, to } => keep::backup(config.config.as_deref(), &to, without_history),
        Command::Restore { config, without_history, from } => {
            keep::restore(config.config.as_deref(), &from, without_history)
        }
        Command::Salvage { from, to } => keep::salvage(&from, &to),
        Command::Export { config, without_history, to } => {
            transfer::export(config.config.as_deref(), &to, without_history)
        }
        Command::Import { config, without_history, from } => {
            transfer::import(config.config.as_deref(), &from, without_history)
        }
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::History { config, what } => history::run(config.config.as_deref(), &what),
        Command::Migrate(c) => keep::migrate(c.config.as_deref()),
        Command::User { config, what } => keep::user(config.config.as_deref(), &what),
        Command::Config { explain: true, .. } => {
            print!("{}", Config::explain()?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Config { config, .. } => {
            Config::load(config.config.as_deref())?;
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(feature = "query")]
        Command::Query(what) => query::run(&what),
        #[cfg(feature = "query")]
        Command::Cluster(what) => cluster::run(&what),
        Command::Openapi => {
            println!("{}", crate::http::openapi_text()?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Review => {
            print!("{}", review::markdown(&crate::desk::Books::embedded()?));
            Ok(ExitCode::SUCCESS)
        }
        Command::Rights => {
            print!("{}", rights::markdown(&shanshui_domain::right::Rights::embedded()?));
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The runtime of the commands that wait for something.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// JSON lines on standard error; how much is set by `SHANSHUI_LOG`, `info` by default.
fn log_to_stderr() {
    // the table format's library tells of each look at its log
    log_from("info,buoyant_kernel=warn");
}

/// The same with errors only, for what people watch in a terminal.
fn log_to_stderr_quietly() {
    log_from("error");
}

fn log_from(least: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SHANSHUI_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(least));
    // otherwise a line that finds no room is told of on the same standard error, and failing there ends the thread that spoke
    let logs =
        tracing_subscriber::fmt().json().with_writer(io::stderr).with_env_filter(filter).log_internal_errors(false);
    if let Err(error) = logs.try_init() {
        eprintln!("shanshui: no logs: {error}");
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
