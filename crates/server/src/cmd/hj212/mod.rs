//! `shanshui hj212`: the protocol at the command line.

pub mod decode;
pub mod encode;

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
}

/// Runs it.
pub(super) fn run(what: &Hj212) -> anyhow::Result<ExitCode> {
    match what {
        Hj212::Decode { strict, key, file } => decode::run(*strict, key.as_deref(), file.as_deref()),
        Hj212::Encode { key, file } => encode::run(key.as_deref(), file.as_deref()),
    }
}

fn key(text: Option<&str>) -> anyhow::Result<Option<hj212::Sm4Key>> {
    let Some(text) = text else { return Ok(None) };
    let key = hj212::Sm4Key::from_hex(text).ok_or_else(|| anyhow::anyhow!("--key: not 32 hex digits"))?;
    Ok(Some(key))
}
