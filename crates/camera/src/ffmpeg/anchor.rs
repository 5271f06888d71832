//! Stream time and UTC: the two are bound by when things arrived. Delays on the way only ever add, so that the least difference seen is
//! the best guess; it is forgotten after two minutes, because clocks drift.

use jiff::Timestamp;

const BUCKET_US: i64 = 60_000_000;

/// Binds the clock of one run of one stream to UTC.
#[derive(Debug, Default)]
pub(crate) struct Anchor {
    current: Option<i64>,
    before: Option<i64>,
    since: i64,
}

impl Anchor {
    /// Something with stream time `t` (seconds) arrived.
    pub(crate) fn note(&mut self, arrived: Timestamp, t: f64) {
        let arrived = arrived.as_microsecond();
        let offset = arrived - (t * 1e6) as i64;
        if arrived - self.since > BUCKET_US {
            if self.current.is_some() {
                self.before = self.current;
            }
            self.current = None;
            self.since = arrived;
        }
        self.current = Some(self.current.map_or(offset, |o| o.min(offset)));
    }

    /// When stream time `t` was, in UTC; nothing before anything arrived.
    pub(crate) fn utc(&self, t: f64) -> Option<Timestamp> {
        let offset = match (self.current, self.before) {
            (Some(a), Some(b)) => a.min(b),
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => return None,
        };
        Timestamp::from_microsecond(offset + (t * 1e6) as i64).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_delay_binds_and_is_forgotten_in_time() {
        let at = |s: f64| Timestamp::from_microsecond((s * 1e6) as i64).unwrap();
        let mut a = Anchor::default();
        assert_eq!(a.utc(1.0), None);
        a.note(at(1000.5), 0.0);
        a.note(at(1001.1), 1.0);
        a.note(at(1002.9), 2.0);
        assert_eq!(a.utc(2.0), Some(at(1002.1)));
        // the camera's clock is slow: each minute 0.1 s more
        for minute in 1..5 {
            a.note(at(1000.1 + f64::from(minute) * 61.1), f64::from(minute) * 61.0);
        }
        assert_eq!(a.utc(244.0), Some(at(1000.1 + 0.3 + 244.0)));
    }
}
