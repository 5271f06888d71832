//! Twenty milliseconds after twenty milliseconds, without drift.

use std::time::Duration;

use tokio::time::Instant;

/// The length of a frame.
pub(crate) const STEP: Duration = Duration::from_millis(20);
/// Further behind than this, what was missed is not hurried after.
const BEHIND_MAX: Duration = Duration::from_millis(200);

/// When the next frame is due.
pub(crate) struct Pace {
    due: Instant,
}

impl Pace {
    /// The first frame is due now.
    pub(crate) fn new() -> Self {
        Self { due: Instant::now() }
    }

    /// Waits until the next frame is due; may be dropped and asked again.
    pub(crate) async fn wait(&self) {
        tokio::time::sleep_until(self.due).await;
    }

    /// A frame has gone.
    pub(crate) fn step(&mut self) {
        self.due += STEP;
        let now = Instant::now();
        if now.duration_since(self.due) > BEHIND_MAX {
            self.due = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_drift_and_no_long_hurry() {
        let begin = Instant::now();
        let mut pace = Pace::new();
        for n in 0..100 {
            pace.wait().await;
            assert!(begin.elapsed() >= STEP * n);
            tokio::time::advance(Duration::from_millis(7)).await;
            pace.step();
        }
        // the timer of the runtime counts whole milliseconds
        assert!(begin.elapsed() <= STEP * 100 + Duration::from_millis(2), "{:?}", begin.elapsed());
        tokio::time::advance(Duration::from_secs(3)).await;
        pace.step();
        let now = Instant::now();
        pace.wait().await;
        assert!(now.elapsed() <= Duration::from_millis(2), "late frames go at once");
        pace.step();
        pace.wait().await;
        assert!(now.elapsed() >= Duration::from_millis(18), "and no more than one of them: {:?}", now.elapsed());
    }
}
