//! Packs days of dense series once they are over for a while, so that long curves come quickly. One node at a time: the one that holds
//! the name.

use std::time::Duration;

use tokio::time::sleep;

use super::alone;
use crate::app::App;

/// The name of whoever packs.
const NAME: &str = "packer";
/// A day is packed when it has been over for so long: what comes late comes mostly before.
const REST_MS: i64 = 2 * 86_400_000;
/// Days of a block that are packed before telegrams get a turn again, and that turn.
const AT_ONCE: usize = 100;
const TURN: Duration = Duration::from_millis(200);
/// Between two rounds.
const EVERY: Duration = Duration::from_hours(1);

/// Runs rounds until the program ends.
pub(super) async fn run(app: App) {
    alone::rounds(app, NAME, EVERY, round).await;
}

async fn round(app: App) -> Result<(), ()> {
    let before = app.clock.now().plus_ms(-REST_MS);
    let (mut days, mut from, mut whole) = (0, Some(i64::MIN), Ok(()));
    while let Some(block) = from {
        match app.store.pack_days(before, block, AT_ONCE).await {
            Ok((done, next)) => (days, from) = (days + done, next),
            Err(error) => {
                tracing::warn!(%error, "days could not be packed");
                (from, whole) = (None, Err(()));
            }
        }
        sleep(TURN).await;
    }
    if days > 0 {
        tracing::info!(days, "packed");
    }
    whole
}
