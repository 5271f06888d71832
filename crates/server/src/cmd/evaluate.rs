//! `shanshui evaluate`: CSV in, CSV out.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use shanshui_domain::analyse::air::Report;
use shanshui_domain::analyse::table::{EditionChoice, Reading, Summary, evaluate_air, evaluate_water};
use shanshui_domain::standard::Standards;

/// What to judge.
#[derive(Debug, Subcommand)]
pub enum Evaluate {
    /// Real-time class of surface water (GB 3838-2002). Columns: section,kind(river|lake),time,ph,do,codmn,nh3n,tp
    Water(Files),
    /// Air quality index (HJ 633). Columns: `site,time,so2,no2,co,o3,o3_8h,pm10,pm2_5`
    Air {
        /// Whether the rows are hours or days.
        #[arg(long, value_enum)]
        report: ReportArg,
        /// Edition of HJ 633; auto goes by the date of each row.
        #[arg(long, value_enum, default_value = "auto")]
        edition: EditionArg,
        /// Where from and where to.
        #[command(flatten)]
        files: Files,
    },
}

/// Where from and where to.
#[derive(Debug, Args)]
pub struct Files {
    /// Input; standard input when absent or `-`.
    file: Option<PathBuf>,
    /// Output; standard output when absent.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Take 0 for a missing value, as some publishers print it.
    #[arg(long)]
    zero_is_missing: bool,
}

/// Report.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ReportArg {
    /// 实时报.
    Hour,
    /// 日报.
    Day,
}

/// Edition.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum EditionArg {
    /// By the date of the row.
    Auto,
    /// HJ 633-2012.
    #[value(name = "2012")]
    V2012,
    /// HJ 633-2026.
    #[value(name = "2026")]
    V2026,
}

/// Runs it. Exit code 1 when a row was bad; the others are evaluated all the same.
pub(super) fn run(what: &Evaluate) -> anyhow::Result<ExitCode> {
    let standards = Standards::embedded()?;
    let complain = |line: u64, column: &str, reason: &str| eprintln!("line {line}, {column}: {reason}");
    let summary = match what {
        Evaluate::Water(files) => {
            let (input, out) = open(files)?;
            evaluate_water(input, out, &standards, files.reading(), complain)?
        }
        Evaluate::Air { report, edition, files } => {
            let report = match report {
                ReportArg::Hour => Report::Hour,
                ReportArg::Day => Report::Day,
            };
            let edition = match edition {
                EditionArg::Auto => EditionChoice::Auto,
                EditionArg::V2012 => EditionChoice::V2012,
                EditionArg::V2026 => EditionChoice::V2026,
            };
            let (input, out) = open(files)?;
            evaluate_air(input, out, &standards, (report, edition), files.reading(), complain)?
        }
    };
    Ok(finish(summary))
}

type InOut = (Box<dyn std::io::Read>, Box<dyn std::io::Write>);

fn open(files: &Files) -> anyhow::Result<InOut> {
    Ok((super::input(files.file.as_deref())?, super::output(files.out.as_ref())?))
}

impl Files {
    fn reading(&self) -> Reading {
        Reading { zero_is_missing: self.zero_is_missing }
    }
}

fn finish(summary: Summary) -> ExitCode {
    if summary.bad == 0 {
        return ExitCode::SUCCESS;
    }
    eprintln!("{} of {} rows could not be judged", summary.bad, summary.rows);
    ExitCode::FAILURE
}
