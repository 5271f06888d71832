//! Air statistics of hours, days and years (HJ 663-2013, GB 3095 table 4), in whole numbers from end to end.
//!
//! A concentration is a [`Cell`]: whole billionths (10⁻⁹) of the pollutant's unit, µg/m³ or for CO mg/m³. What a value has beyond
//! that is not rounded away but marked in the last place, so that every later rounding, always half to even, is as if it were the
//! first. Sums and means are exact; the order of addition changes nothing.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use serde::Serialize;

use super::air::{Evaluated, Index, NoColumn, POLLUTANTS, Report, Rounded, level};
use crate::standard::{AirEvaluation, AqiLevel, Bound, Over, Standards};

/// A concentration in 10⁻⁹ of its unit.
pub type Cell = i64;

/// Decimals of a [`Cell`].
pub const CELL_DECIMALS: u32 = 9;

/// Hours of a civil day.
pub const HOURS: usize = 24;

/// Eight hours of an ozone mean.
const EIGHT: usize = 8;

/// A day of one station: its hours from 00:00 on, the pollutants of each in the order of [`POLLUTANTS`].
pub type DayHours = [[Option<Cell>; 6]; HOURS];

/// Reads decimal text. None for what is no plain decimal, and beyond ± 9.2 thousand million units.
///
/// ```
/// use shanshui_domain::analyse::year::{cell, round_cell};
/// assert_eq!(cell(b"35.4"), Some(35_400_000_000));
/// assert_eq!(cell(b"0.50000000000001").map(|c| round_cell(c, 0)), Some(1));
/// ```
pub fn cell(text: &[u8]) -> Option<Cell> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix(b"+").unwrap_or(text)),
    };
    let (mut value, mut kept, mut point, mut seen, mut rest) = (0i64, 0u32, false, false, false);
    for &b in digits {
        match b {
            b'.' if !point => point = true,
            b'0'..=b'9' => {
                seen = true;
                if point && kept == CELL_DECIMALS {
                    rest |= b != b'0';
                    continue;
                }
                kept += u32::from(point);
                value = value.checked_mul(10)?.checked_add(i64::from(b - b'0'))?;
            }
            _ => return None,
        }
    }
    if !seen {
        return None;
    }
    let value = value.checked_mul(10i64.pow(CELL_DECIMALS - kept))?;
    // between two cells: never on a tie, never on a whole number
    let value = if rest && value % 5 == 0 { value.checked_add(1)? } else { value };
    Some(if negative { -value } else { value })
}

/// Rounds a cell half to even (GB/T 8170) to whole units of the last of `decimals`.
pub fn round_cell(value: Cell, decimals: u32) -> i64 {
    half_even(i128::from(value), 10i128.pow(CELL_DECIMALS - decimals.min(CELL_DECIMALS)))
}

/// `n / d` rounded half to even; `d` is positive.
pub(super) fn half_even(n: i128, d: i128) -> i64 {
    let (q, r) = (n.div_euclid(d), n.rem_euclid(d));
    let up = 2 * r > d || (2 * r == d && q % 2 != 0);
    i64::try_from(q + i128::from(up)).expect("a mean of 64-bit values has 64 bits")
}

/// One station and day, evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AirDay {
    /// Day means, for ozone the largest eight-hour mean, in whole units of the last decimal of HJ 663 table 3; none when too few
    /// hours are valid.
    pub values: [Option<i64>; 6],
    /// Valid hours of each pollutant.
    pub hours: [u8; 6],
    /// IAQIs and AQI by the edition of the day.
    pub seen: Evaluated,
}

/// What counts into a year: a day's values, AQI and IAQIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YearDay {
    /// The civil day.
    pub day: Date,
    /// As [`AirDay::values`].
    pub values: [Option<i64>; 6],
    /// As [`AirDay::seen`].
    pub seen: Evaluated,
}

/// One pollutant over a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PollutantYear {
    /// Pollutant.
    pub pollutant: &'static str,
    /// Days with a valid value.
    pub days: u32,
    /// Whether the days suffice (GB 3095 table 4).
    pub valid: bool,
    /// Mean of the days, in units of the last decimal kept.
    pub mean: Option<i64>,
    /// The percentile that is judged, in percent.
    pub percentile: u32,
    /// Its value (HJ 663-2013 A.6), in units of the last decimal kept.
    pub at_percentile: Option<i64>,
    /// Decimals kept.
    pub decimals: u32,
    /// Days on which it was a primary pollutant.
    pub primary_days: u32,
}

/// One station over a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirYear {
    /// Days with a published AQI.
    pub days: u32,
    /// Days of each level, 1 to 6.
    pub level_days: [u32; 6],
    /// Highest AQI of a day.
    pub aqi_max: Option<u16>,
    /// The six pollutants in the order of [`POLLUTANTS`].
    pub pollutants: Vec<PollutantYear>,
}

impl AirYear {
    /// Days of level 1 or 2 (优良天数).
    pub fn good_days(&self) -> u32 {
        self.level_days[0] + self.level_days[1]
    }
}

/// The rules of all editions made ready: nothing is searched or allocated per row.
#[derive(Debug)]
pub struct AirRules<'a> {
    standards: &'a Standards,
    evaluation: &'a AirEvaluation,
    levels: &'a [AqiLevel],
    editions: Vec<[Index<'a>; 2]>,
    first: usize,
    forced: Option<usize>,
}

impl<'a> AirRules<'a> {
    /// Makes every edition of HJ 633 ready for hours and days.
    ///
    /// # Errors
    /// When an edition lacks a column.
    pub fn new(standards: &'a Standards) -> Result<Self, NoColumn> {
        let mut editions = Vec::new();
        for edition in &standards.aqi {
            editions.push([Index::new(edition, Report::Hour)?, Index::new(edition, Report::Day)?]);
        }
        let first = (0..editions.len()).min_by_key(|i| standards.aqi[*i].head.from).unwrap_or_default();
        Ok(Self {
            standards,
            evaluation: &standards.air_evaluation,
            levels: &standards.aqi_levels,
            editions,
            first,
            forced: None,
        })
    }

    /// The same with one edition of HJ 633 for all days, to judge again what was judged by another; none when there is no such.
    #[must_use]
    pub fn under(mut self, edition: &str) -> Option<Self> {
        self.forced = Some(self.standards.aqi.iter().position(|s| s.head.id == edition)?);
        Some(self)
    }

    /// How days and longer are evaluated.
    pub fn evaluation(&self) -> &'a AirEvaluation {
        self.evaluation
    }

    /// All editions.
    pub fn standards(&self) -> &'a Standards {
        self.standards
    }

    /// The index for data of a day: the edition that covers it, or the first one for older data.
    pub fn index(&self, day: Date, report: Report) -> &Index<'a> {
        let at = self
            .forced
            .or_else(|| self.editions.iter().position(|e| e[0].standard.head.covers(day)))
            .unwrap_or(self.first);
        &self.editions[at][usize::from(report == Report::Day)]
    }

    /// Decimals that statistics of a pollutant keep (HJ 663-2013 table 3).
    pub fn decimals(&self, pollutant: usize) -> u32 {
        self.evaluation.rows[pollutant].decimals
    }

    /// Level 1 to 6.
    pub fn level(&self, aqi: u16) -> Option<u8> {
        level(aqi, self.levels)
    }

    /// Judges one hour of one station.
    pub fn hour(&self, day: Date, cells: &[Option<Cell>; 6]) -> Evaluated {
        let index = self.index(day, Report::Hour);
        let mut row = Rounded::default();
        for (i, value) in cells.iter().enumerate() {
            row[i] = value.map(|c| round_cell(c, index.decimals(i) as u32));
        }
        index.evaluate(&row)
    }

    /// Builds a day from its hours and judges it. A negative hour counts as missing.
    pub fn day(&self, day: Date, hours: &DayHours) -> AirDay {
        let (mut values, mut valid) = ([None; 6], [0u8; 6]);
        for (i, statistic) in self.evaluation.rows.iter().enumerate() {
            let mut rounded = [None; HOURS];
            for (hour, cells) in hours.iter().enumerate() {
                rounded[hour] = cells[i].filter(|c| *c >= 0).map(|c| round_cell(c, statistic.decimals));
            }
            valid[i] = rounded.iter().flatten().count() as u8;
            values[i] = match statistic.over {
                Over::Mda8 => self.mda8(day, i, &rounded),
                _ => mean(&rounded, self.evaluation.day_hours_min),
            };
        }
        AirDay { values, hours: valid, seen: self.judge_day(day, &values) }
    }

    /// Judges a day's values, as [`AirDay::values`].
    pub fn judge_day(&self, day: Date, values: &[Option<i64>; 6]) -> Evaluated {
        let index = self.index(day, Report::Day);
        let mut row = Rounded::default();
        for (i, value) in values.iter().enumerate() {
            let (from, to) = (self.evaluation.rows[i].decimals, index.decimals(i) as u32);
            row[i] = value.and_then(|v| {
                if to >= from {
                    v.checked_mul(10i64.pow(to - from))
                } else {
                    Some(half_even(i128::from(v), 10i128.pow(from - to)))
                }
            });
        }
        index.evaluate(&row)
    }

    /// Largest eight-hour mean. With too few of them it stands only when it is beyond the limit (§6.1).
    fn mda8(&self, day: Date, pollutant: usize, hours: &[Option<i64>; HOURS]) -> Option<i64> {
        let rules = self.evaluation;
        let (mut found, mut largest) = (0, None);
        for stamp in rules.mda8_first_stamp..=HOURS {
            let eight = mean(&hours[stamp - EIGHT..stamp], rules.mda8_hours_min);
            found += usize::from(eight.is_some());
            largest = largest.max(eight);
        }
        if found >= rules.mda8_means_min {
            return largest;
        }
        let limits = self.standards.air_limits_on(day).or_else(|| self.standards.air_limits.first())?;
        let row = limits.rows.iter().find(|r| r.pollutant == POLLUTANTS[pollutant] && r.over == Over::Mda8)?;
        let scale = rules.rows[pollutant].decimals;
        largest.filter(|v| !Bound::AtMost { value: row.level2 }.keeps(rust_decimal::Decimal::new(*v, scale)))
    }

    /// A year of one station from its days, in any order.
    pub fn year(&self, days: &[YearDay]) -> AirYear {
        self.statistics(days, None)
    }

    /// The same over a year, or over some of its months: then the days of each of these suffice by themselves (GB 3095 table 4).
    pub(super) fn statistics(&self, days: &[YearDay], months: Option<RangeInclusive<i8>>) -> AirYear {
        let mut out = AirYear { days: 0, level_days: [0; 6], aqi_max: None, pollutants: Vec::with_capacity(6) };
        let mut primary = [0u32; 6];
        for day in days {
            out.days += u32::from(day.seen.aqi.is_some());
            out.aqi_max = out.aqi_max.max(day.seen.aqi);
            if let Some(level) = day.seen.aqi.and_then(|a| self.level(a)) {
                out.level_days[usize::from(level) - 1] += 1;
            }
            for name in day.seen.primary() {
                primary[POLLUTANTS.iter().position(|p| *p == name).expect("one of the six")] += 1;
            }
        }
        for (i, primary_days) in primary.into_iter().enumerate() {
            out.pollutants.push(self.pollutant_year(i, days, (primary_days, months.clone())));
        }
        out
    }

    fn pollutant_year(
        &self,
        i: usize,
        days: &[YearDay],
        (primary_days, part): (u32, Option<RangeInclusive<i8>>),
    ) -> PollutantYear {
        let (rules, row) = (self.evaluation, &self.evaluation.rows[i]);
        let (mut values, mut months) = (Vec::with_capacity(days.len()), [0u32; 12]);
        for day in days {
            if let Some(value) = day.values[i] {
                values.push(value);
                months[usize::from(day.day.month().unsigned_abs()) - 1] += 1;
            }
        }
        values.sort_unstable();
        let enough = |month: i8| {
            months[usize::from(month.unsigned_abs()) - 1]
                >= if month == 2 { rules.february_days_min } else { rules.month_days_min }
        };
        let count = values.len() as u32;
        let sum: i128 = values.iter().map(|v| i128::from(*v)).sum();
        PollutantYear {
            pollutant: POLLUTANTS[i],
            days: count,
            valid: (part.is_some() || count >= rules.year_days_min) && part.unwrap_or(1..=12).all(enough),
            mean: (count > 0).then(|| half_even(sum, i128::from(count))),
            percentile: row.percentile,
            at_percentile: percentile(&values, row.percentile),
            decimals: row.decimals,
            primary_days,
        }
    }
}

/// Percentile of values that rise (HJ 663-2013 A.6), rounded half to even: linear between the two values beside rank
/// 1 + (n − 1)·p/100.
pub fn percentile(rising: &[i64], percent: u32) -> Option<i64> {
    let last = rising.len().checked_sub(1)?;
    let rank = last as u64 * u64::from(percent);
    let (below, hundredths) = ((rank / 100) as usize, i128::from(rank % 100));
    let low = i128::from(rising[below]);
    let high = i128::from(rising[(below + 1).min(last)]);
    Some(half_even(low * 100 + (high - low) * hundredths, 100))
}

/// Mean of at least `least` values, rounded half to even.
pub(super) fn mean(values: &[Option<i64>], least: usize) -> Option<i64> {
    let count = values.iter().flatten().count();
    let sum: i128 = values.iter().flatten().map(|v| i128::from(*v)).sum();
    (count >= least && count > 0).then(|| half_even(sum, count as i128))
}

#[cfg(test)]
mod tests {
    use super::super::air::round_half_even;
    use super::*;
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn standards() -> Standards {
        Standards::embedded().expect("the shipped standards load")
    }

    fn unit(n: i64) -> Cell {
        n * 1_000_000_000
    }

    #[test]
    fn a_day_mean_needs_twenty_hours_and_is_rounded_half_to_even() {
        let standards = standards();
        let rules = AirRules::new(&standards).expect("whole");
        let mut hours = [[None; 6]; HOURS];
        for hour in hours.iter_mut().take(19) {
            hour[5] = Some(unit(10));
        }
        assert_eq!(rules.day(date(2025, 5, 1), &hours).values[5], None);
        hours[19][5] = Some(unit(20));
        let day = rules.day(date(2025, 5, 1), &hours);
        assert_eq!((day.values[5], day.hours[5]), (Some(10), 20), "210 / 20 = 10.5 goes to the even 10");
        hours[20][5] = Some(-1);
        assert_eq!(rules.day(date(2025, 5, 1), &hours), day, "a negative hour is missing");
    }

    #[test]
    fn an_eight_hour_mean_is_stamped_at_its_end_from_eight_on() {
        let standards = standards();
        let rules = AirRules::new(&standards).expect("whole");
        let mut hours = [[None; 6]; HOURS];
        for (h, hour) in hours.iter_mut().enumerate() {
            hour[3] = Some(unit(if (12..20).contains(&h) { 161 } else { 20 }));
        }
        assert_eq!(rules.day(date(2025, 5, 1), &hours).values[3], Some(161));
        // seven means only: the largest stands because it is beyond 160
        for hour in hours.iter_mut().take(10) {
            hour[3] = None;
        }
        for hour in hours.iter_mut().skip(22) {
            hour[3] = None;
        }
        assert_eq!(rules.day(date(2025, 5, 1), &hours).values[3], Some(161));
        for hour in &mut hours {
            hour[3] = hour[3].map(|c| c.min(unit(160)));
        }
        assert_eq!(rules.day(date(2025, 5, 1), &hours).values[3], None);
    }

    #[test]
    fn the_days_edition_judges_the_day() {
        let standards = standards();
        let rules = AirRules::new(&standards).expect("whole");
        let hours = [[Some(unit(60)); 6]; HOURS];
        let of = |day| rules.day(day, &hours).seen.iaqi[5];
        assert_eq!((of(date(2026, 2, 28)), of(date(2026, 3, 1))), (Some(82), Some(100)));
    }

    #[test]
    fn a_year_counts_days_levels_primaries_and_percentiles() {
        let standards = standards();
        let rules = AirRules::new(&standards).expect("whole");
        let mut days = Vec::new();
        for n in 0..365i64 {
            let values = [Some(5), Some(10), Some(6), Some(80), Some(20), Some(n)];
            let day = date(2025, 1, 1) + n.days();
            days.push(YearDay { day, values, seen: rules.judge_day(day, &values) });
        }
        let year = rules.year(&days);
        let pm = &year.pollutants[5];
        assert_eq!((pm.days, pm.valid, pm.mean), (365, true, Some(182)));
        assert_eq!(pm.at_percentile, Some(346), "1 + 364 * 0.95 = 346.8: the 346th and 0.8 of the way, 345.8");
        assert_eq!((year.level_days, year.good_days()), ([36, 40, 40, 35, 100, 114], 76));
        assert_eq!(pm.primary_days, 329, "IAQI of 35 is 50: primary from 36 on");
        days.reverse();
        assert_eq!(rules.year(&days), year, "the order of days changes nothing");
        days.retain(|d| d.day.month() != 2 || d.day.day() > 4);
        assert!(!rules.year(&days).pollutants[5].valid, "24 days of February do not suffice");
    }

    #[test]
    fn percentiles_are_linear_between_ranks() {
        let values: Vec<i64> = (1..=10).collect();
        assert_eq!(percentile(&values, 50), Some(6), "5.5 goes to the even 6");
        assert_eq!(percentile(&values, 90), Some(9), "9.1");
        assert_eq!(percentile(&[7], 98), Some(7));
        assert_eq!(percentile(&[], 98), None);
    }

    proptest! {
        #[test]
        fn a_cell_rounds_as_the_text_does(text in "-?[0-9]{1,5}(\\.[0-9]{0,12})?", decimals in 0usize..7) {
            let expected = round_half_even(text.as_bytes(), decimals);
            prop_assert_eq!(cell(text.as_bytes()).map(|c| round_cell(c, decimals as u32)), expected);
        }

        #[test]
        fn ties_round_as_the_text_does(whole in 0i64..1_000, decimals in 0usize..3, tail in "0{0,9}[0-9]{0,3}") {
            let text = format!("{whole}.{}5{tail}", "0".repeat(decimals));
            let expected = round_half_even(text.as_bytes(), decimals);
            prop_assert_eq!(cell(text.as_bytes()).map(|c| round_cell(c, decimals as u32)), expected);
        }
    }
}
