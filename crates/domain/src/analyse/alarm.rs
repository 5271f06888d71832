//! When a condition becomes an alarm and when it ends: hysteresis, merging, spikes, missing data. Pure; the caller keeps the
//! state, which is small and can be written down.

use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// How many values in a row it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hysteresis {
    /// Exceeding values in a row that raise an alarm; at least 1.
    pub raise_after: u32,
    /// Values within in a row that end it; at least 1.
    pub clear_after: u32,
}

/// What one condition has seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Watch {
    raised: bool,
    in_a_row: u32,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Nothing.
    None,
    /// An alarm begins.
    Raise,
    /// It goes on: merged into the one alarm.
    Repeat,
    /// It ends.
    End,
}

impl Watch {
    /// Takes one more value, exceeding or not.
    pub fn see(self, exceeds: bool, rule: Hysteresis) -> (Self, Change) {
        let turning = exceeds != self.raised;
        if !turning {
            let change = if exceeds { Change::Repeat } else { Change::None };
            return (Self { in_a_row: 0, ..self }, change);
        }
        let needed = if exceeds { rule.raise_after } else { rule.clear_after };
        if self.in_a_row + 1 < needed {
            return (Self { in_a_row: self.in_a_row + 1, ..self }, Change::None);
        }
        (Self { raised: exceeds, in_a_row: 0 }, if exceeds { Change::Raise } else { Change::End })
    }
}

/// A spike (突变): away by at least `height` and back again within `within_ms`; the pattern of a disturbed probe, which no
/// averaging may hide. Gives the extreme value's place in `values`, which are ascending in time.
pub fn spike(values: &[(Instant, f64)], height: f64, within_ms: i64) -> Option<usize> {
    let (&(now, last), before) = values.split_last()?;
    let recent = before.iter().enumerate().rev().take_while(|(_, (at, _))| now.ms_since(*at) <= within_ms);
    let recent: Vec<(usize, f64)> = recent.map(|(i, (_, v))| (i, *v)).collect();
    let &(_, first) = recent.last()?;
    let (peak, extreme) = recent.iter().copied().max_by(|a, b| (a.1 - first).abs().total_cmp(&(b.1 - first).abs()))?;
    let away = (extreme - first).abs();
    let back = (extreme - last).abs();
    let returned = (last - first).abs() <= away / 2.0;
    (away >= height && back >= height && returned).then_some(peak)
}

/// Whether a device is silent for longer than its interval allows (断线). A device never heard of is not silent: it has not
/// begun.
pub fn silent(last: Option<Instant>, now: Instant, interval_s: u32, intervals: f64) -> bool {
    let allowed_ms = (f64::from(interval_s) * 1_000.0 * intervals) as i64;
    last.is_some_and(|last| now.ms_since(last) > allowed_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `x` exceeds, `.` does not; R raise, r repeat, E end, - none.
    fn check(raise_after: u32, clear_after: u32, seen: &str, expected: &str) {
        let rule = Hysteresis { raise_after, clear_after };
        let mut watch = Watch::default();
        let changes = seen.chars().map(|c| {
            let (next, change) = watch.see(c == 'x', rule);
            watch = next;
            match change {
                Change::None => '-',
                Change::Raise => 'R',
                Change::Repeat => 'r',
                Change::End => 'E',
            }
        });
        assert_eq!(changes.collect::<String>(), expected, "{seen}");
    }

    #[test]
    fn an_alarm_needs_its_hits_and_ends_after_its_calm() {
        check(1, 1, "xx.x", "RrER");
        check(1, 3, "x..x...x", "R--r--ER");
        check(3, 1, "xx.xxx", "-----R");
        check(2, 2, "x.xx.x..", "---R-r-E");
    }

    fn spike_at(values: &[f64]) -> Option<usize> {
        let series: Vec<_> = values.iter().enumerate().map(|(i, v)| (Instant(i as i64 * 30_000_000), *v)).collect();
        spike(&series, 1.0, 180_000)
    }

    #[test]
    fn the_spike_of_a_disturbed_probe_is_seen_when_it_returns() {
        assert_eq!(spike_at(&[7.90, 7.91, 9.34, 10.21]), None);
        assert_eq!(spike_at(&[7.90, 7.91, 9.34, 10.21, 8.47]), Some(3));
        assert_eq!(spike_at(&[7.9, 8.0, 8.1, 8.0, 7.9]), None);
        assert_eq!(spike_at(&[7.0, 9.0, 9.1, 9.0]), None);
        assert_eq!(spike_at(&[]), None);
    }

    #[test]
    fn silence_is_longer_than_the_interval_allows() {
        let at = |s: i64| Instant(s * 1_000_000);
        assert!(!silent(Some(at(0)), at(300), 60, 5.0) && silent(Some(at(0)), at(301), 60, 5.0));
        assert!(!silent(None, at(1_000_000), 60, 5.0));
    }
}
