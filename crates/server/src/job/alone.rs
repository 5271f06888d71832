//! Rounds of which only one node at a time may make one: the node that holds their name.

use std::time::Duration;

use tokio::time::sleep;

use crate::app::App;

/// Until the first round, and after one that went wrong.
const PAUSE: Duration = Duration::from_mins(1);

/// Makes rounds until the program ends, `every` so long. What is broken off, because the program ends or another node may hold the
/// name, must be such that the next round finishes it; a round that fails says so itself.
pub(super) async fn rounds<F>(app: App, name: &'static str, every: Duration, round: impl Fn(App) -> F)
where
    F: Future<Output = Result<(), ()>>,
{
    let mut wait = PAUSE.min(every);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = sleep(wait) => {}
        }
        wait = every;
        let holding = match app.store.hold(name).await {
            Ok(Some(holding)) => holding,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(name, %error, "whether another node holds the name could not be found out");
                wait = PAUSE;
                continue;
            }
        };
        let lost = holding.lost();
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = lost.cancelled() => tracing::warn!(name, "another node may hold the name now"),
            done = round(app.clone()) => if done.is_err() {
                wait = PAUSE;
            },
        }
    }
}
