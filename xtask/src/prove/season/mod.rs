//! Ninety days of a city on a fake clock: what officers, enterprises, citizens and stations do is chosen by the seed, and every answer
//! and every table is held against a model of plain collections ([`model`]). Promise: they agree, whatever was done.

mod life;
mod model;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Args, Promise, more};

/// What was done, over seasons.
#[derive(Debug, Default, Clone, Copy)]
struct Done {
    uploads: u64,
    actions: u64,
    /// Of them refused, as the model says.
    refused: u64,
    compared: u64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let bar = ProgressBar::new(args.seasons);
    bar.set_style(ProgressStyle::with_template("seasons {bar:30} {pos}/{len} {eta}")?);
    let (done, wrong) = seasons(args.seed, args.seasons, 1, || bar.inc(1))?;
    bar.finish_and_clear();
    for fault in wrong.iter().take(5) {
        eprintln!("{fault}");
    }
    Ok(vec![Promise {
        name: "ninety days of a city: every answer and every table is what the model says",
        tried: args.seasons,
        lost: 0,
        doubled: 0,
        wrong: wrong.len() as u64,
        seed: args.seed,
        met: wrong.is_empty(),
        more: more(
            json!({"uploads": done.uploads, "actions": done.actions, "refused": done.refused, "compared": done.compared}),
        ),
    }])
}

/// Lives seasons from a seed on, as many at a time as there are processors; gives what went wrong, each with its seed. Stations say
/// something on one day of `sparse`.
fn seasons(first: u64, count: u64, sparse: u64, lived: impl Fn() + Sync) -> anyhow::Result<(Done, Vec<String>)> {
    let (next, total) = (AtomicU64::new(first), Mutex::new((Done::default(), Vec::new())));
    let work = || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= first + count {
                return Ok(());
            }
            let season = runtime.block_on(life::season(seed, sparse));
            let mut total = total.lock().map_err(|_| anyhow::anyhow!("a season panicked"))?;
            match season {
                Ok(done) => {
                    total.0.uploads += done.uploads;
                    total.0.actions += done.actions;
                    total.0.refused += done.refused;
                    total.0.compared += done.compared;
                }
                Err(error) => total.1.push(format!("seed {seed}: {error:#}")),
            }
            lived();
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().try_for_each(|one| one.join().map_err(|_| anyhow::anyhow!("a season panicked"))?)
    })
    .context("seasons")?;
    total.into_inner().map_err(|_| anyhow::anyhow!("a season panicked"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_hundred_seasons_end_as_the_model_says() {
        let (done, wrong) = super::seasons(1, 100, 6, || {}).expect("lived");
        assert_eq!(wrong, Vec::<String>::new());
        assert!(done.uploads > 100_000 && done.refused > 10_000 && done.actions > done.refused + 10_000, "{done:?}");
    }
}
