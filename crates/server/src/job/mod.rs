//! What happens by itself: judging what arrives, raising and ending alarms, noticing silence, closing gaps.
//!
//! The judge hears of readings only after they are durable. Should more arrive than it can take, it reads the telegrams from the
//! store instead, from its cursor on; after a crash it does the same, so that no exceedance is lost between the two.

pub mod gaps;
pub mod judge;
mod watch;

use std::time::Duration;

use tokio::sync::mpsc;

use crate::app::App;
use crate::ingest::Heard;

/// Starts every job; they end when the program is told to.
pub fn start(app: &App, hears: mpsc::Receiver<Heard>) -> Vec<tokio::task::JoinHandle<()>> {
    vec![
        tokio::spawn(watch::run(app.clone(), hears)),
        tokio::spawn(lines(app.clone())),
        tokio::spawn(gaps::run(app.clone())),
    ]
}

/// Writes down what is known of the lines, and reads the people again, for changes made by other processes.
async fn lines(app: App) {
    let mut every = tokio::time::interval(Duration::from_secs(5));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut rounds = 0u32;
    loop {
        let end = tokio::select! {
            () = app.shutdown.cancelled() => true,
            _ = every.tick() => false,
        };
        let now = app.clock.now();
        let facts = app.devices().into_iter().filter_map(|d| {
            let mut line = d.line();
            line.expire_packets(now);
            line.take_facts(&d.device.mn)
        });
        let facts: Vec<_> = facts.collect();
        if !facts.is_empty()
            && let Err(error) = app.store.device_facts_put(facts).await
        {
            tracing::warn!(%error, "what is known of the lines could not be written");
        }
        if end {
            return;
        }
        rounds += 1;
        if rounds.is_multiple_of(6)
            && let Err(error) = app.people_reload().await
        {
            tracing::warn!(%error, "people could not be read");
        }
    }
}
