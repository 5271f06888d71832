//! `shanshui history`: the table of what has left the hot store, by hand.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use serde_json::json;
use shanshui_history::History;
use shanshui_store::Store;

use crate::app::open_store;
use crate::clock::Clock;
use crate::config::Config;
use crate::job::history::{move_out, window};

/// What to do with it.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Move what is older than the hot window now.
    Move {
        /// The hot window in days, instead of the configured one.
        #[arg(long, value_name = "DAYS")]
        hot_days: Option<u32>,
    },
    /// Merge the files of months.
    Compact {
        /// Months of UTC, `YYYY-MM`; every month that has something to merge when none is given.
        months: Vec<String>,
    },
    /// Delete files that nobody reads any more.
    Vacuum {
        /// How many days ago they must have been replaced or given up, instead of the configured ones.
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
    },
    /// Is the table whole? One JSON line per finding; exit 1 when something is wrong.
    Check,
    /// One JSON line for each segment, part and month.
    List,
}

/// `shanshui history`.
pub(super) fn run(config: Option<&Path>, what: &What) -> anyhow::Result<ExitCode> {
    let config = Config::load(config)?;
    super::runtime()?.block_on(async {
        let store = open_store(&config).await?;
        let done = act(&config, &store, what).await;
        store.close().await;
        done
    })
}

async fn act(config: &Config, store: &Store, what: &What) -> anyhow::Result<ExitCode> {
    let history = store.history().context(
        "there is no history: nothing has moved and history.hot_days is 0, or what has moved is not at its place",
    )?;
    match what {
        What::Move { hot_days } => {
            let mut section = config.history.clone();
            section.hot_days = hot_days.unwrap_or(section.hot_days);
            let (moved, dropped) = move_out(store, window(&section, Clock::system().now())).await?;
            let line = json!({"segments": moved.segments, "readings": moved.readings, "telegrams": moved.telegrams,
                "months_dropped": dropped});
            println!("{line}");
        }
        What::Compact { months } => compact(history, months).await?,
        What::Vacuum { days } => {
            let days = days.unwrap_or(config.history.vacuum_days);
            let swept = history.vacuum(Duration::from_secs(u64::from(days) * 86_400)).await?;
            println!("{}", json!({"replaced": swept.replaced, "abandoned": swept.abandoned}));
        }
        What::Check => {
            let findings = history.check().await?;
            for f in &findings {
                println!("{}", json!({"what": f.what, "ok": f.ok, "detail": f.detail}));
            }
            return Ok(if findings.iter().all(|f| f.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        What::List => {
            for s in history.segments() {
                let line = json!({"segment": s.segment, "part": s.part.as_str(), "month": s.month, "files": s.files,
                    "rows": s.rows, "bytes": s.bytes});
                println!("{line}");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn compact(history: &History, months: &[String]) -> anyhow::Result<()> {
    let all = if months.is_empty() { history.scattered_months() } else { months.to_vec() };
    for month in all {
        let m = history.compact(&month).await.with_context(|| format!("month {month}"))?;
        let line = json!({"month": month, "files_before": m.files_before, "files_after": m.files_after, "rows": m.rows,
            "doubles": m.doubles, "bytes_before": m.bytes_before, "bytes_after": m.bytes_after});
        println!("{line}");
    }
    Ok(())
}
