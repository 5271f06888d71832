//! Pauses between tries: 1 s, 2 s, 4 s … 30 s, each a little off, so that cameras of one switch do not come back in step.

use std::time::Duration;

const LONGEST_S: f64 = 30.0;
/// A run that held so long was good: the next pause is the shortest again.
const GOOD: Duration = Duration::from_secs(20);
/// Whoever must pause so long has failed three times in a row.
const HOPELESS_S: f64 = 8.0;

pub(super) struct Backoff {
    next_s: f64,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next_s: 1.0 }
    }

    /// Whether it has failed some times in a row.
    pub(super) fn is_hopeless(&self) -> bool {
        self.next_s >= HOPELESS_S
    }

    /// The pause after a run that held for `held`; `dice` is 0..1.
    pub(super) fn pause(&mut self, held: Duration, dice: f64) -> Duration {
        if held >= GOOD {
            self.next_s = 1.0;
        }
        let pause = self.next_s * (0.8 + 0.4 * dice);
        self.next_s = (self.next_s * 2.0).min(LONGEST_S);
        Duration::from_secs_f64(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute_and_begin_anew_after_a_good_run() {
        let mut b = Backoff::new();
        assert!(!b.is_hopeless());
        let pauses: Vec<_> = (0..7).map(|_| b.pause(Duration::from_secs(3), 0.5).as_secs_f64().round()).collect();
        assert_eq!(pauses, [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]);
        assert!(b.is_hopeless());
        assert_eq!(b.pause(Duration::from_mins(1), 0.0), Duration::from_secs_f64(0.8));
        assert!(!b.is_hopeless());
    }
}
