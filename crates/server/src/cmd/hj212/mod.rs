//! `shanshui hj212`: the protocol at the command line.

pub mod decode;
pub mod encode;
pub mod send;
pub mod simulate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Hj212 {
    /// Bytes to JSON Lines: one object per frame or damaged stretch.
    Decode {
        /// Give frames with a three-digit length or a wrong tail as damaged.
        #[arg(long)]
        strict: bool,
        /// SM4 key of encrypted data areas, 32 hex digits.
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
        /// Input; standard input when absent or `-`.
        file: Option<PathBuf>,
    },
    /// JSON Lines, of the shape that decode writes, to frames.
    Encode {
        /// SM4 key for data areas of the 2025 edition, 32 hex digits.
        #[arg(long, value_name = "HEX")]
        key: Option<String>,
        /// Input; standard input when absent or `-`.
        file: Option<PathBuf>,
    },
    /// Frames to a centre as they are; its answers as JSON Lines.
    Send {
        /// Centre.
        #[arg(long, value_name = "HOST:PORT")]
        to: String,
        /// Seconds to wait for a further answer.
        #[arg(long, value_name = "S", default_value_t = 2.0)]
        wait: f64,
        /// Input; standard input when absent or `-`.
        file: Option<PathBuf>,
    },
    /// Stations that are not there: a summary as one JSON line at the end.
    Simulate(Box<simulate::Simulate>),
}

/// Runs it.
pub(super) fn run(what: &Hj212) -> anyhow::Result<ExitCode> {
    match what {
        Hj212::Decode { strict, key, file } => decode::run(*strict, key.as_deref(), file.as_deref()),
        Hj212::Encode { key, file } => encode::run(key.as_deref(), file.as_deref()),
        Hj212::Send { to, wait, file } => send::run(to, *wait, file.as_deref()),
        Hj212::Simulate(args) => simulate::run(args),
    }
}

fn key(text: Option<&str>) -> anyhow::Result<Option<hj212::Sm4Key>> {
    let Some(text) = text else { return Ok(None) };
    let key = hj212::Sm4Key::from_hex(text).ok_or_else(|| anyhow::anyhow!("--key: not 32 hex digits"))?;
    Ok(Some(key))
}
