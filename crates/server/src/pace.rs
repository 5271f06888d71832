//! How much a connection or a device may send: so many telegrams a second, averaged over a second; more is slowed down, not lost.

use std::time::Duration;

use tokio::time::Instant;

/// A budget that fills with time.
#[derive(Debug, Clone)]
pub struct Pace {
    per_s: f64,
    left: f64,
    last: Instant,
}

impl Pace {
    /// A full budget of `per_s` telegrams.
    pub fn new(per_s: u32, now: Instant) -> Self {
        let per_s = f64::from(per_s.max(1));
        Self { per_s, left: per_s, last: now }
    }

    /// Takes so many; how long to wait before the next.
    pub fn take(&mut self, frames: usize, now: Instant) -> Duration {
        let earned = now.duration_since(self.last).as_secs_f64() * self.per_s;
        self.last = now;
        self.left = (self.left + earned).min(self.per_s) - frames as f64;
        if self.left >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-self.left / self.per_s) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_budget_the_sender_waits_until_it_is_earned() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut pace = Pace::new(100, start);
        assert_eq!(pace.take(100, start), Duration::ZERO, "a full budget at once");
        assert_eq!(pace.take(50, start), Duration::from_millis(500));
        assert_eq!(pace.take(0, at(500)), Duration::ZERO, "earned by waiting");
        assert_eq!(pace.take(100, at(10_000)), Duration::ZERO, "it does not fill beyond one second");
        assert_eq!(pace.take(100, at(10_000)), Duration::from_secs(1));
    }
}
