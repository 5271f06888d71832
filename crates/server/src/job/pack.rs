//! Packs days of dense series once they are over for a while, so that long curves come quickly. One node at a time: the one that holds
//! the name.

use std::time::Duration;

use tokio::time::sleep;

use crate::app::App;

/// The name of whoever packs.
const NAME: &str = "packer";
/// A day is packed when it has been over for so long: what comes late comes mostly before.
const REST_MS: i64 = 2 * 86_400_000;
/// Days of a block that are packed before telegrams get a turn again, and that turn.
const AT_ONCE: usize = 100;
const TURN: Duration = Duration::from_millis(200);
/// Between two rounds, and until the first.
const EVERY: Duration = Duration::from_hours(1);
const PAUSE: Duration = Duration::from_mins(1);

/// Runs rounds until the program ends.
pub(super) async fn run(app: App) {
    let mut wait = PAUSE;
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = sleep(wait) => {}
        }
        wait = EVERY;
        let holding = match app.store.hold(NAME).await {
            Ok(Some(holding)) => holding,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(%error, "whether another node packs could not be found out");
                wait = PAUSE;
                continue;
            }
        };
        let lost = holding.lost();
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = lost.cancelled() => {}
            () = round(&app) => {}
        }
    }
}

async fn round(app: &App) {
    let before = app.clock.now().plus_ms(-REST_MS);
    let (mut days, mut from) = (0, Some(i64::MIN));
    while let Some(block) = from {
        match app.store.pack_days(before, block, AT_ONCE).await {
            Ok((done, next)) => (days, from) = (days + done, next),
            Err(error) => {
                tracing::warn!(%error, "days could not be packed");
                break;
            }
        }
        sleep(TURN).await;
    }
    if days > 0 {
        tracing::info!(days, "packed");
    }
}
