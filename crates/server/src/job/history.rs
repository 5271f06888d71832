//! Moves what is older than the hot window into the history, merges months, sweeps. One node at a time: the one that holds the name.

use std::time::Duration;

use anyhow::Context;
use shanshui_domain::time::Instant;
use shanshui_store::{MovedRows, MoverOptions, Store};

use super::alone;
use crate::app::App;
use crate::config::HistorySection;

/// The name of whoever moves.
pub(crate) const NAME: &str = "mover";
const DAY_MS: i64 = 86_400_000;
/// The month in which the horizon stands is merged only when so many files have gathered.
const FILES_MAX: usize = 64;

/// Runs rounds until the program ends.
pub(super) async fn run(app: App) {
    if app.config.history.hot_days == 0 {
        return;
    }
    let every = Duration::from_secs(app.config.history.every_s.max(1));
    alone::rounds(app, NAME, every, one).await;
}

/// Whatever of it is broken off is finished by the next round, of this node or another.
async fn one(app: App) -> Result<(), ()> {
    match round(&app, &app.config.history, app.clock.now()).await {
        Ok(moved) => {
            if moved != MovedRows::default() {
                tracing::info!(moved.segments, moved.readings, moved.telegrams, "moved into the history");
            }
            Ok(())
        }
        Err(error) => {
            app.metrics.moves.failed();
            tracing::error!(error = format!("{error:#}"), "the history does not go on");
            Err(())
        }
    }
}

/// Instants before it are older than the hot window.
pub(crate) fn window(section: &HistorySection, now: Instant) -> Instant {
    now.plus_ms(-i64::from(section.hot_days) * DAY_MS)
}

/// Moves what is older, and drops the months that are empty then; gives their names.
pub(crate) async fn move_out(store: &Store, before: Instant) -> anyhow::Result<(MovedRows, Vec<String>)> {
    let moved = store.move_before(before, MoverOptions::default()).await.context("moving")?;
    let dropped = store.drop_empty_months(before).await.context("dropping empty months")?;
    if !dropped.is_empty() {
        tracing::info!(?dropped, "months that are empty now");
    }
    Ok((moved, dropped))
}

async fn round(app: &App, section: &HistorySection, now: Instant) -> anyhow::Result<MovedRows> {
    let (store, before) = (&app.store, window(section, now));
    let (moved, _) = move_out(store, before).await?;
    app.metrics.moves.moved(&moved, now);
    if section.compact {
        compact(store).await?;
        let history = store.history().context("no history")?;
        let retention = Duration::from_secs(u64::from(section.vacuum_days) * 86_400);
        history.vacuum(retention).await.context("sweeping")?;
    }
    Ok(moved)
}

/// Merges months that are over, and the one that is not when it has many files.
pub(crate) async fn compact(store: &Store) -> anyhow::Result<()> {
    let history = store.history().context("no history")?;
    let current = shanshui_history::month_of(store.moved_state().await?.horizon);
    for month in history.scattered_months() {
        let files = history.files().iter().filter(|file| file.month == month).count();
        if month < current || files >= FILES_MAX {
            let merged = history.compact(&month).await.with_context(|| format!("merging {month}"))?;
            tracing::info!(month, merged.files_before, merged.files_after, merged.bytes_after, "merged");
        }
    }
    Ok(())
}
