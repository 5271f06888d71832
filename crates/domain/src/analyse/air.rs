//! Air quality index of an hour or a day (HJ 633-2012, HJ 633-2026).
//!
//! Under the 2026 edition concentrations are rounded half to even (GB/T 8170; §4.2.2) to whole µg/m³, CO to 0.1 mg/m³, **before**
//! the formula; under 2012 the values go in as they are, as the published hours show. The formula runs in integers, because
//! floating point rounds CO 2.2 up to 56 where the standard gives 55. IAQI and AQI are rounded up; the AQI is the largest IAQI, capped at 500; primary pollutants are all that share it when it is above 50.

pub mod area;
pub mod period;

use jiff::civil::Date;
use serde::Serialize;

use crate::standard::{AqiLevel, AqiStandard, Breakpoints, Over, Standards};
use crate::unit::Unit;

/// The six pollutants in the order of tables.
pub const POLLUTANTS: [&str; 6] = ["SO2", "NO2", "CO", "O3", "PM10", "PM2.5"];
/// Their factor codes (O3 as used in the field).
pub const CODES: [&str; 6] = ["a21026", "a21004", "a21005", "a05024", "a34002", "a34004"];
/// Factor code of a day's largest eight-hour mean of ozone (臭氧日最大 8 小时平均). HJ 524 has none for it and a day value of `a05024`
/// is a day mean, so that this one is ours.
pub const MDA8_CODE: &str = "a05024-8h";

/// Unit that concentrations of a pollutant are in: µg/m³, of CO mg/m³.
pub fn unit(pollutant: usize) -> Unit {
    if POLLUTANTS[pollutant] == "CO" { Unit::MgPerM3 } else { Unit::UgPerM3 }
}

/// The pollutant whose day a day value of a factor is; a day mean of ozone is none that is judged.
pub fn of_day(factor: &str) -> Option<usize> {
    let code = if factor == MDA8_CODE { CODES[3] } else { Some(factor).filter(|f| *f != CODES[3])? };
    CODES.iter().position(|c| *c == code)
}

/// IAQI at the breakpoints (HJ 633 table 1).
const INDEX: [i64; 8] = [0, 50, 100, 150, 200, 300, 400, 500];

/// What a report is about (报告类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// 实时报: hour means; particles by the day column.
    Hour,
    /// 日报: day means, ozone as the largest 8-hour mean.
    Day,
}

/// Decimals kept where an edition does not round: finer than any instrument.
const DECIMALS_KEPT: u32 = 6;

/// Concentrations in the order of [`POLLUTANTS`] as integers of the last decimal that [`Index::decimals`] keeps.
pub type Rounded = [Option<i64>; 6];

/// Rounds decimal text half to even to `decimals` places and scales it to an integer. None for what is no plain decimal.
pub fn round_half_even(text: &[u8], decimals: usize) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix(b"+").unwrap_or(text)),
    };
    let (mut value, mut kept, mut point, mut seen) = (0i64, 0usize, false, false);
    let (mut next, mut rest_zero) = (None, true);
    for &b in digits {
        match b {
            b'.' if !point => point = true,
            b'0'..=b'9' => {
                seen = true;
                let d = i64::from(b - b'0');
                if !point || kept < decimals {
                    kept += usize::from(point);
                    value = value.checked_mul(10)?.checked_add(d)?;
                } else if next.is_none() {
                    next = Some(d);
                } else {
                    rest_zero &= d == 0;
                }
            }
            _ => return None,
        }
    }
    if !seen {
        return None;
    }
    for _ in kept..decimals {
        value = value.checked_mul(10)?;
    }
    let up = match next {
        Some(d) if d > 5 => true,
        Some(5) => !rest_zero || value % 2 == 1,
        _ => false,
    };
    value += i64::from(up);
    Some(if negative { -value } else { value })
}

/// One edition and report made ready: a column per pollutant, no search per row.
#[derive(Debug, Clone)]
pub struct Index<'a> {
    /// The edition.
    pub standard: &'a AqiStandard,
    /// Report.
    pub report: Report,
    columns: [&'a Breakpoints; 6],
    /// Breakpoints in units of the last decimal kept.
    at: [Vec<i64>; 6],
    above: [Option<u16>; 6],
}

/// A table lacks a column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{edition} has no column for {pollutant}")]
pub struct NoColumn {
    /// Edition.
    pub edition: String,
    /// Pollutant.
    pub pollutant: &'static str,
}

impl<'a> Index<'a> {
    /// Makes an edition ready for a report.
    ///
    /// # Errors
    /// When the table lacks a column the report needs.
    pub fn new(standard: &'a AqiStandard, report: Report) -> Result<Self, NoColumn> {
        let column = |i: usize| {
            let over = match (POLLUTANTS[i], report) {
                ("O3", Report::Day) => Over::Mda8,
                ("PM10" | "PM2.5", _) | (_, Report::Day) => Over::Day,
                (_, Report::Hour) => Over::Hour,
            };
            let found = standard.rows.iter().find(|r| r.pollutant == POLLUTANTS[i] && r.over == over);
            found.ok_or_else(|| NoColumn { edition: standard.head.id.clone(), pollutant: POLLUTANTS[i] })
        };
        let columns = [column(0)?, column(1)?, column(2)?, column(3)?, column(4)?, column(5)?];
        // what a value above a column that ends before 500 gives; the others are capped at 500
        let above = columns.map(|c| match (c.pollutant.as_str(), c.over) {
            _ if c.at.len() == INDEX.len() => Some(500),
            ("SO2", Over::Hour) => standard.so2_hour_above,
            ("O3", Over::Mda8) => standard.o3_mda8_above,
            _ => None,
        });
        let kept = |c: &Breakpoints| if standard.round_first { c.decimals } else { DECIMALS_KEPT };
        let at = columns.map(|c| c.at.iter().map(|bp| bp * 10i64.pow(kept(c) - c.decimals)).collect());
        Ok(Self { standard, report, columns, at, above })
    }

    /// Decimals of a pollutant that go into the formula.
    pub fn decimals(&self, pollutant: usize) -> usize {
        (if self.standard.round_first { self.columns[pollutant].decimals } else { DECIMALS_KEPT }) as usize
    }

    /// IAQI of one rounded concentration; none for a negative one, and above a column that gives none there.
    pub fn iaqi(&self, pollutant: usize, c: i64) -> Option<u16> {
        let at = &self.at[pollutant];
        if c < 0 {
            return None;
        }
        let Some(hi) = at.iter().position(|bp| c <= *bp) else { return self.above[pollutant] };
        if hi == 0 {
            return Some(0);
        }
        let (lo_c, hi_c, lo_i, hi_i) = (at[hi - 1], at[hi], INDEX[hi - 1], INDEX[hi]);
        let over = (hi_i - lo_i) * (c - lo_c);
        let span = hi_c - lo_c;
        Some((lo_i + (over + span - 1) / span) as u16)
    }

    /// IAQIs and AQI of a row: the mass path, nothing allocated.
    pub fn evaluate(&self, row: &Rounded) -> Evaluated {
        let mut iaqi = [None; 6];
        for (i, c) in row.iter().enumerate() {
            iaqi[i] = c.and_then(|c| self.iaqi(i, c));
        }
        let aqi = iaqi.iter().flatten().copied().max();
        let missing = iaqi.iter().any(Option::is_none);
        let hidden = self.standard.na_rule && missing && aqi.is_some_and(|a| a <= 100);
        Evaluated { iaqi, aqi: aqi.filter(|_| !hidden), hidden }
    }

    /// The same with everything that led to it.
    pub fn explain(&self, row: &Rounded, levels: &[AqiLevel]) -> Explanation {
        let seen = self.evaluate(row);
        let parts = (0..6).filter_map(|i| Some(self.part(i, row[i]?, seen.iaqi[i]))).collect();
        let missing = (0..6).filter(|i| seen.iaqi[*i].is_none()).map(|i| POLLUTANTS[i]).collect();
        Explanation {
            aqi: seen.aqi,
            level: seen.aqi.and_then(|a| level(a, levels)),
            primary: seen.primary().collect(),
            edition: self.standard.head.id.clone(),
            report: self.report,
            method: if self.standard.round_first {
                "rounded half to even (§4.2.2), linear between breakpoints, rounded up; largest IAQI; primary above 50"
            } else {
                "linear between breakpoints, rounded up; largest IAQI; primary above 50"
            },
            not_published: seen
                .hidden
                .then_some("HJ 633-2026 §5.3.1: a pollutant is missing and the AQI is not above 100"),
            parts,
            missing,
        }
    }

    fn part(&self, i: usize, c: i64, iaqi: Option<u16>) -> Part {
        let column = self.columns[i];
        let at = &self.at[i];
        let hi = at.iter().position(|bp| c <= *bp);
        let between = hi.map(|hi| (hi.saturating_sub(1), hi));
        Part {
            pollutant: POLLUTANTS[i],
            rounded: c,
            decimals: self.decimals(i) as u32,
            iaqi,
            breakpoints: between.map(|(lo, hi)| [at[lo], at[hi]]),
            indices: between.map(|(lo, hi)| [INDEX[lo], INDEX[hi]]),
            cite: column.cite.clone(),
        }
    }
}

/// Result of the mass path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evaluated {
    /// IAQI of each pollutant.
    pub iaqi: [Option<u16>; 6],
    /// AQI, when it is published.
    pub aqi: Option<u16>,
    /// There is one, but 5.3.1 of 2026 keeps it back.
    pub hidden: bool,
}

impl Evaluated {
    /// Primary pollutants (首要污染物): all that share the AQI, when it is above 50.
    pub fn primary(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (aqi, iaqi) = (self.aqi.filter(|a| *a > 50), self.iaqi);
        (0..6).filter(move |i| aqi.is_some() && iaqi[*i] == aqi).map(|i| POLLUTANTS[i])
    }
}

/// Level 1 to 6 of an AQI.
pub fn level(aqi: u16, levels: &[AqiLevel]) -> Option<u8> {
    levels.iter().rev().find(|l| aqi >= l.from).map(|l| l.level)
}

/// One pollutant in an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Pollutant.
    pub pollutant: &'static str,
    /// Concentration that went into the formula, in units of the last decimal kept.
    pub rounded: i64,
    /// Decimals kept.
    pub decimals: u32,
    /// IAQI.
    pub iaqi: Option<u16>,
    /// Concentrations below and above, in the same units.
    pub breakpoints: Option<[i64; 2]>,
    /// IAQI below and above.
    pub indices: Option<[i64; 2]>,
    /// Clause.
    pub cite: String,
}

/// An AQI with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// AQI, when it is published.
    pub aqi: Option<u16>,
    /// Level 1 to 6.
    pub level: Option<u8>,
    /// Primary pollutants.
    pub primary: Vec<&'static str>,
    /// Edition applied.
    pub edition: String,
    /// Report.
    pub report: Report,
    /// Method.
    pub method: &'static str,
    /// Why the AQI is kept back.
    pub not_published: Option<&'static str>,
    /// Each pollutant with a value.
    pub parts: Vec<Part>,
    /// Pollutants without an IAQI.
    pub missing: Vec<&'static str>,
}

/// The edition for data of a day; data older than the first edition is judged by the first.
pub fn edition_on(standards: &Standards, day: Date) -> Option<&AqiStandard> {
    standards.aqi_on(day).or_else(|| standards.aqi.iter().min_by_key(|s| s.head.from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rust_decimal::prelude::ToPrimitive;
    use rust_decimal::{Decimal, RoundingStrategy};

    fn standards() -> Standards {
        Standards::embedded().expect("the shipped standards load")
    }

    fn check(edition: &str, report: Report, values: &str, expected: &str) {
        let standards = standards();
        let index = Index::new(standards.aqi_edition(edition).expect("shipped"), report).expect("whole");
        let mut row = Rounded::default();
        for (i, text) in values.split_whitespace().enumerate() {
            row[i] = round_half_even(text.as_bytes(), index.decimals(i));
        }
        let got = index.explain(&row, &standards.aqi_levels);
        let aqi = got.aqi.map_or("NA".to_owned(), |a| a.to_string());
        assert_eq!(format!("{aqi} {}", got.primary.join(",")).trim(), expected, "{edition} {values}");
    }

    #[test]
    fn worked_values() {
        use Report::{Day, Hour};
        // so2 no2 co o3 pm10 pm2.5
        check("HJ 633-2012", Day, "- - 2.2 - - -", "55 CO");
        check("HJ 633-2012", Day, "- - - - - 112", "147 PM2.5");
        check("HJ 633-2012", Day, "- - - - - 35.4", "51 PM2.5");
        check("HJ 633-2026", Hour, "- - - - - 35.4", "NA");
        check("HJ 633-2026", Day, "10 10 0.5 60 20 35.4", "50");
        check("HJ 633-2026", Day, "10 10 0.5 60 20 60.4", "100 PM2.5");
        check("HJ 633-2012", Hour, "8 28 1.507 10 10 -", "16");
        check("HJ 633-2012", Day, "10 10 - - - 35", "50");
        check("HJ 633-2012", Day, "150 - - - - -", "100 SO2");
        check("HJ 633-2012", Day, "- - - - 150 75", "100 PM10,PM2.5");
        check("HJ 633-2026", Day, "10 10 0.5 60 120 60", "100 PM10,PM2.5");
        check("HJ 633-2012", Hour, "801 - - - - -", "NA");
        check("HJ 633-2026", Hour, "801 - - - - -", "200 SO2");
        check("HJ 633-2026", Day, "- - - 801 - -", "300 O3");
        check("HJ 633-2012", Day, "- - - - 700 -", "500 PM10");
    }

    #[test]
    fn with_a_pollutant_missing_2026_publishes_only_above_100() {
        check("HJ 633-2026", Report::Day, "10 10 0.5 60 60 -", "NA");
        check("HJ 633-2012", Report::Day, "10 10 0.5 60 60 -", "55 PM10");
        check("HJ 633-2026", Report::Day, "10 10 0.5 60 121 -", "101 PM10");
    }

    #[test]
    fn levels_begin_where_the_standard_says() {
        let standards = standards();
        let got: Vec<_> =
            [0, 50, 51, 100, 101, 150, 200, 201, 300, 301, 500].map(|a| level(a, &standards.aqi_levels)).into();
        assert_eq!(got, [1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6].map(Some));
    }

    #[test]
    fn rounding_is_half_to_even() {
        let cases = [
            ("0.5", 0, 0),
            ("1.5", 0, 2),
            ("2.5", 0, 2),
            ("2.51", 0, 3),
            ("2.25", 1, 22),
            ("2.35", 1, 24),
            ("-1.5", 0, -2),
            ("7", 1, 70),
        ];
        for (text, decimals, expected) in cases {
            assert_eq!(round_half_even(text.as_bytes(), decimals), Some(expected), "{text}");
        }
        for bad in ["", "-", ".", "1.2.3", "1e3", "NA", "99999999999999999999"] {
            assert_eq!(round_half_even(bad.as_bytes(), 0), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn rounding_agrees_with_decimal_arithmetic(mantissa in -10_000_000i64..10_000_000, scale in 0u32..5, decimals in 0u32..3) {
            let value = Decimal::new(mantissa, scale);
            let rounded = value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven);
            let expected = (rounded * Decimal::from(10i64.pow(decimals))).to_i64();
            prop_assert_eq!(round_half_even(value.to_string().as_bytes(), decimals as usize), expected);
        }

        #[test]
        fn the_index_rises_and_equals_rational_arithmetic(pollutant in 0usize..6, c in 0i64..4_000, day in any::<bool>()) {
            let standards = standards();
            let report = if day { Report::Day } else { Report::Hour };
            let index = Index::new(standards.aqi_edition("HJ 633-2026").expect("shipped"), report).expect("whole");
            let (Some(here), Some(next)) = (index.iaqi(pollutant, c), index.iaqi(pollutant, c + 1)) else { return Ok(()) };
            prop_assert!(here <= next);
            let at = &index.at[pollutant];
            if let Some(hi) = at.iter().position(|bp| c <= *bp).filter(|hi| *hi > 0) {
                let d = |n: i64| Decimal::from(n);
                let share = d(c - at[hi - 1]) / d(at[hi] - at[hi - 1]);
                let exact = d(INDEX[hi] - INDEX[hi - 1]) * share + d(INDEX[hi - 1]);
                // 28 digits of a repeating fraction may end just above the whole number
                prop_assert_eq!(Some(here), exact.round_dp(20).ceil().to_u16());
            }
        }
    }
}
