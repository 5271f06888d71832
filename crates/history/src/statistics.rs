//! Statistics of a series over civil days, months, years.

use jiff::ToSpan;
use jiff::civil::Date;
use shanshui_domain::time::{Instant, Zone};

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// A civil day.
    Day,
    /// A civil month.
    Month,
    /// A civil year.
    Year,
}

impl Length {
    /// The period that holds `at`: its first instant and the first after it.
    fn around(self, at: Instant, zone: &Zone) -> (Instant, Instant) {
        let day = zone.day(at);
        let first = match self {
            Self::Day => Some(day),
            Self::Month => Some(day.first_of_month()),
            Self::Year => Some(day.first_of_year()),
        };
        let step = match self {
            Self::Day => 1.day(),
            Self::Month => 1.month(),
            Self::Year => 1.year(),
        };
        let instant = |day: Option<Date>| day.and_then(|d| zone.instant(d.at(0, 0, 0, 0)));
        let next = first.and_then(|d| d.checked_add(step).ok());
        (instant(first).unwrap_or(Instant(i64::MIN)), instant(next).unwrap_or(Instant(i64::MAX)))
    }
}

/// What is known of a series in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// First instant of the period.
    pub from: Instant,
    /// First instant after.
    pub to: Instant,
    /// Keys, whatever their mark.
    pub count: u64,
    /// Keys whose mark is another than `N`: shown and not reckoned with.
    pub marked: u64,
    /// Numbers reckoned with: mark `N` and a value.
    pub valid: u64,
    /// The least of them.
    pub min: Option<f64>,
    /// The greatest of them.
    pub max: Option<f64>,
    /// Their sum, added up in the order of time.
    pub sum: f64,
}

impl Summary {
    /// The mean of the numbers reckoned with.
    pub fn mean(&self) -> Option<f64> {
        (self.valid > 0).then(|| self.sum / self.valid as f64)
    }
}

/// Adds rows up, which come ascending.
#[derive(Debug)]
pub struct Tally {
    length: Length,
    zone: Zone,
    done: Vec<Summary>,
}

impl Tally {
    /// Nothing seen yet.
    pub fn new(length: Length, zone: Zone) -> Self {
        Self { length, zone, done: Vec::new() }
    }

    /// One key's newest version.
    pub fn see(&mut self, at: Instant, number: Option<f64>, marked: bool) {
        if self.done.last().is_none_or(|s| at >= s.to) {
            let (from, to) = self.length.around(at, &self.zone);
            self.done.push(Summary { from, to, count: 0, marked: 0, valid: 0, min: None, max: None, sum: 0.0 });
        }
        let Some(s) = self.done.last_mut() else { return };
        s.count += 1;
        s.marked += u64::from(marked);
        if let Some(n) = number.filter(|_| !marked) {
            s.valid += 1;
            s.sum += n;
            s.min = Some(s.min.map_or(n, |m| m.min(n)));
            s.max = Some(s.max.map_or(n, |m| m.max(n)));
        }
    }

    /// Periods in which there was something, ascending.
    pub fn finish(self) -> Vec<Summary> {
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_civil_year_in_china_is_summed_up_with_its_marks() {
        let at = |text: &str| Instant::from_timestamp(text.parse().expect("a timestamp"));
        let mut tally = Tally::new(Length::Year, Zone::china());
        tally.see(at("2025-12-31T15:59:00Z"), Some(4.0), false);
        tally.see(at("2025-12-31T16:00:00Z"), Some(1.5), false);
        tally.see(at("2026-01-01T00:00:00Z"), Some(99.0), true);
        tally.see(at("2026-06-01T00:00:00Z"), None, false);
        tally.see(at("2026-07-01T00:00:00Z"), Some(2.5), false);
        let years = tally.finish();
        assert_eq!(years.len(), 2);
        let s = years[1];
        assert_eq!((s.count, s.marked, s.valid, s.min, s.max), (4, 1, 2, Some(1.5), Some(2.5)));
        assert_eq!((s.mean(), s.from), (Some(2.0), at("2025-12-31T16:00:00Z")));
        assert_eq!(years[0].to, s.from);
    }
}
