//! Hours of one factor at one outlet, stretches of time, and how much of a stretch is there.
//!
//! Missing, invalid, below detection and zero are four things, and "no discharge" is a mark beside them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::mark::OperatorMark;
use super::{DischargeError, percent};
use crate::standard::discharge::{Discharge, OutletFactor};
use crate::unit::{Quantity, Unit};

/// Hours taken at once: two years and their quarter before.
pub const HOURS_MAX: usize = 20_000;

/// Largest number taken, in any unit: far above what can be measured, far below where a sum could overflow.
pub const VALUE_MAX: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);

/// A value, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Measured {
    /// A number.
    Value {
        /// The number.
        value: Decimal,
    },
    /// 未检出: below the detection limit.
    BelowDetection {
        /// The detection limit.
        limit: Decimal,
    },
    /// 无效: came, and does not count.
    Invalid {
        /// Data mark, or what is wrong.
        flag: String,
    },
    /// 缺失: nothing came.
    Missing,
}

impl Measured {
    /// The number that stands for it.
    pub fn number(&self, rules: &Discharge) -> Option<Decimal> {
        match self {
            Self::Value { value } => Some(*value),
            Self::BelowDetection { limit } => {
                Some(*limit * rules.parameters.below_detection_share.value / Decimal::ONE_HUNDRED)
            }
            Self::Invalid { .. } | Self::Missing => None,
        }
    }

    /// A concentration or volume below zero is no valid one.
    fn not_negative(&self) -> Self {
        match self {
            Self::Value { value } | Self::BelowDetection { limit: value } if *value < Decimal::ZERO => {
                Self::Invalid { flag: format!("{value} is below zero") }
            }
            other => other.clone(),
        }
    }

    pub(crate) fn inside(&self, what: &str, at: &dyn fmt::Display) -> Result<(), DischargeError> {
        match self {
            Self::Value { value } | Self::BelowDetection { limit: value } => inside(*value, what, at),
            Self::Invalid { .. } | Self::Missing => Ok(()),
        }
    }
}

pub(crate) fn inside(value: Decimal, what: &str, at: &dyn fmt::Display) -> Result<(), DischargeError> {
    if value.abs() <= VALUE_MAX {
        return Ok(());
    }
    Err(DischargeError::OutOfRange { what: what.to_owned(), at: at.to_string(), value, max: VALUE_MAX })
}

/// What a concentration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// As measured (实测值).
    Measured,
    /// Folded by the device (折算值, `ZsAvg`).
    Folded,
}

/// One hour of one factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutletHour {
    /// Start, civil time.
    pub start: DateTime,
    /// Mean, in the unit of the series.
    pub value: Measured,
    /// Oxygen, per cent; of stacks.
    pub oxygen: Option<Decimal>,
    /// What flowed in the hour: m³ of water, or m³ of dry gas at standard state.
    pub volume: Measured,
    /// What the operator has marked.
    pub mark: Option<OperatorMark>,
}

/// Hours of one factor at one outlet, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Factor code.
    pub factor: String,
    /// Unit of the values.
    pub unit: Unit,
    /// What the values are.
    pub basis: Basis,
    /// Hours.
    pub hours: Vec<OutletHour>,
}

impl Series {
    /// The factor's row.
    ///
    /// # Errors
    /// When the factor is not known.
    pub fn factor<'a>(&self, rules: &'a Discharge) -> Result<&'a OutletFactor, DischargeError> {
        rules.factor(&self.factor).ok_or_else(|| DischargeError::UnknownFactor(self.factor.clone()))
    }

    /// Every hour of a stretch, those without a value too; hours outside of it are left out. Concentrations and volumes below zero
    /// are invalid.
    ///
    /// # Errors
    /// An hour that is there twice or starts off the hour, a number beyond [`VALUE_MAX`], more than [`HOURS_MAX`] hours.
    pub fn over(&self, span: Span) -> Result<Vec<OutletHour>, DischargeError> {
        self.bounded()?;
        let mut seen = BTreeMap::new();
        for hour in &self.hours {
            self.whole(hour)?;
            if seen.insert(hour.start, hour).is_some() {
                return Err(DischargeError::Twice { what: self.factor.clone(), at: hour.start.to_string() });
            }
        }
        let at = |start| seen.get(&start).map_or_else(|| OutletHour::missing(start), |h| self.cleaned(h));
        Ok(span.hours().map(at).collect())
    }

    fn bounded(&self) -> Result<(), DischargeError> {
        let count = self.hours.len();
        if count <= HOURS_MAX {
            return Ok(());
        }
        Err(DischargeError::TooMany { what: self.factor.clone(), count, max: HOURS_MAX })
    }

    fn whole(&self, hour: &OutletHour) -> Result<(), DischargeError> {
        if (hour.start.minute(), hour.start.second(), hour.start.subsec_nanosecond()) != (0, 0, 0) {
            let (what, at) = (self.factor.clone(), hour.start.to_string());
            return Err(DischargeError::Off { what, at, stretch: "an hour" });
        }
        hour.value.inside(&self.factor, &hour.start)?;
        hour.volume.inside(&self.factor, &hour.start)?;
        hour.oxygen.map_or(Ok(()), |o| inside(o, &self.factor, &hour.start))
    }

    pub(crate) fn cleaned(&self, hour: &OutletHour) -> OutletHour {
        let value = if self.unit == Unit::Celsius { hour.value.clone() } else { hour.value.not_negative() };
        OutletHour { value, volume: hour.volume.not_negative(), ..hour.clone() }
    }
}

impl OutletHour {
    /// An hour of which nothing came.
    pub fn missing(start: DateTime) -> Self {
        Self { start, value: Measured::Missing, oxygen: None, volume: Measured::Missing, mark: None }
    }
}

/// What flowed in an hour at a mean flow, m³. Flow is in L/s or m³/s.
///
/// # Errors
/// When the unit is none of flow, or the number beyond [`VALUE_MAX`].
pub fn hour_volume_m3(factor: &str, flow: Quantity) -> Result<Decimal, DischargeError> {
    const SECONDS: u32 = 3_600;
    inside(flow.value, factor, &"flow")?;
    let (factor, at) = (factor.to_owned(), "flow".to_owned());
    let flow = flow.in_unit(Unit::M3PerS).map_err(|mismatch| DischargeError::Unit { factor, at, mismatch })?;
    Ok(flow * Decimal::from(SECONDS))
}

/// A stretch of civil time, `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "span", rename_all = "snake_case")]
pub enum Span {
    /// An hour.
    Hour {
        /// Its start.
        start: DateTime,
    },
    /// A day.
    Day {
        /// The day.
        day: Date,
    },
    /// A calendar month.
    Month {
        /// Any day of it.
        of: Date,
    },
    /// A calendar quarter (季度).
    Quarter {
        /// Any day of it.
        of: Date,
    },
    /// A year of a permit (许可年度): from a day to the same one of the next year.
    Year {
        /// First day.
        from: Date,
    },
}

impl Span {
    /// Start and end.
    pub fn bounds(self) -> (DateTime, DateTime) {
        let midnight = |day: Date| day.at(0, 0, 0, 0);
        let (first, length) = match self {
            Self::Hour { start } => (start, 1.hour()),
            Self::Day { day } => (midnight(day), 1.day()),
            Self::Month { of } => (midnight(of.first_of_month()), 1.month()),
            Self::Quarter { of } => (midnight(quarter_start(of)), 3.months()),
            Self::Year { from } => (midnight(from), 1.year()),
        };
        (first, first.saturating_add(length))
    }

    /// The starts of its hours.
    pub fn hours(self) -> impl Iterator<Item = DateTime> {
        let (start, end) = self.bounds();
        start.series(1.hour()).take_while(move |at| *at < end)
    }

    /// The quarter that holds a moment.
    pub fn quarter_of(at: DateTime) -> Self {
        Self::Quarter { of: quarter_start(at.date()) }
    }
}

fn quarter_start(of: Date) -> Date {
    let first = of.first_of_month();
    first.saturating_sub(i64::from((first.month() - 1) % 3).months())
}

/// How much of a stretch is there, in hours. `hours = not_due + marked + invalid + missing + valid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Hours of the stretch.
    pub hours: u32,
    /// Under a mark under which nothing is due (停运, 无排放).
    pub not_due: u32,
    /// Under another mark, and therefore not counted.
    pub marked: u32,
    /// Came, and do not count.
    pub invalid: u32,
    /// Did not come.
    pub missing: u32,
    /// Count.
    pub valid: u32,
    /// Of the valid ones, those below detection: a share of the detection limit stands for them (`below_detection_share`, which is
    /// not confirmed).
    pub below_detection: u32,
}

impl Coverage {
    /// Hours of which a value was due.
    pub fn due(&self) -> u32 {
        self.hours - self.not_due
    }

    /// Valid ones of the due ones in per cent, unrounded, never above 100; none when nothing was due.
    pub fn percent(&self) -> Option<Decimal> {
        percent(self.valid.into(), self.due().into())
    }

    /// Of two stretches.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            hours: self.hours + other.hours,
            not_due: self.not_due + other.not_due,
            marked: self.marked + other.marked,
            invalid: self.invalid + other.invalid,
            missing: self.missing + other.missing,
            valid: self.valid + other.valid,
            below_detection: self.below_detection + other.below_detection,
        }
    }

    pub(crate) fn count(&mut self, state: &HourState, hour: &OutletHour) {
        let below = matches!((state, &hour.value), (HourState::Valid(_), Measured::BelowDetection { .. }));
        self.below_detection += u32::from(below);
        self.hours += 1;
        let place = match state {
            HourState::NotDue(_) => &mut self.not_due,
            HourState::Marked(_) => &mut self.marked,
            HourState::Invalid(_) => &mut self.invalid,
            HourState::Missing => &mut self.missing,
            HourState::Valid(_) => &mut self.valid,
        };
        *place += 1;
    }
}

/// What an hour is for a judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HourState {
    NotDue(OperatorMark),
    Marked(OperatorMark),
    Invalid(String),
    Missing,
    Valid(Decimal),
}

impl HourState {
    /// Marked hours are reported and not judged, whatever their value.
    pub(crate) fn of(hour: &OutletHour, rules: &Discharge) -> Self {
        match hour.mark {
            Some(mark) if rules.mark(mark).due => Self::Marked(mark),
            Some(mark) => Self::NotDue(mark),
            None => Self::unmarked(hour, rules),
        }
    }

    /// The same for amounts: a value that was measured under a mark counts.
    pub(crate) fn of_amount(hour: &OutletHour, rules: &Discharge) -> Self {
        match hour.mark {
            Some(mark) if rules.mark(mark).measured => Self::unmarked(hour, rules),
            _ => Self::of(hour, rules),
        }
    }

    fn unmarked(hour: &OutletHour, rules: &Discharge) -> Self {
        match (&hour.value, hour.value.number(rules)) {
            (_, Some(value)) => Self::Valid(value),
            (Measured::Invalid { flag }, None) => Self::Invalid(flag.clone()),
            (_, None) => Self::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{day, dec, hour, rules, series};

    fn check(text: &str, expected: &str) {
        let series = series("w01018", Unit::MgPerL, "2026-05-04 00", text);
        let got = series.over(Span::Day { day: day("2026-05-04") }).map(|hours| {
            let mut c = Coverage::default();
            for h in &hours {
                c.count(&HourState::of(h, rules()), h);
            }
            let percent = c.percent().map_or("-".into(), |p| p.round_dp(1).normalize().to_string());
            format!(
                "{} {} {} {} {} ({}) = {percent}",
                c.not_due, c.marked, c.invalid, c.missing, c.valid, c.below_detection
            )
        });
        assert_eq!(got.unwrap_or_else(|e| e.to_string()), expected, "{text}");
    }

    #[test]
    fn hours_are_valid_invalid_missing_marked_or_not_due() {
        check("24x30*10", "0 0 0 0 24 (0) = 100");
        check("12x30*10 4x. 2x- 2x?D 1x<4 2x!maintenance:30 1x!no_discharge:0", "1 2 2 6 13 (1) = 56.5");
        check("24x!stopped:-", "24 0 0 0 0 (0) = -");
        check("24x-1*10", "0 0 24 0 0 (0) = 0");
        check("24x30*-1 5x70", "0 0 0 0 24 (0) = 100");
        check("1000000001", "w01018, 2026-05-04T00:00:00: 1000000001 is beyond 1000000000");
    }

    #[test]
    fn odd_hours_are_refused() {
        let mut odd = series("w01018", Unit::MgPerL, "2026-05-04 00", "2x30");
        odd.hours[1].start = odd.hours[0].start;
        let span = Span::Day { day: day("2026-05-04") };
        let says = |s: &Series| s.over(span).expect_err("refused").to_string();
        assert_eq!(says(&odd), "w01018: 2026-05-04T00:00:00 is there twice");
        odd.hours[1].start = odd.hours[0].start.saturating_add(30.minutes());
        assert_eq!(says(&odd), "w01018: 2026-05-04T00:30:00 does not start an hour");
        odd.hours = vec![odd.hours[0].clone(); HOURS_MAX + 1];
        assert_eq!(says(&odd), "w01018: 20001 values, at most 20000");
    }

    #[test]
    fn stretches_are_half_open_and_know_their_length() {
        let length = |span: Span| span.hours().count();
        assert_eq!(length(Span::Hour { start: hour("2026-05-04 07") }), 1);
        assert_eq!(length(Span::Day { day: day("2026-05-04") }), 24);
        assert_eq!(length(Span::Month { of: day("2024-02-17") }), 29 * 24);
        assert_eq!(length(Span::Quarter { of: day("2026-06-30") }), 91 * 24);
        assert_eq!(length(Span::Year { from: day("2023-07-01") }), 366 * 24);
        assert_eq!(Span::Quarter { of: day("2026-12-31") }.bounds().0, hour("2026-10-01 00"));
        assert_eq!(Span::quarter_of(hour("2026-02-28 23")), Span::Quarter { of: day("2026-01-01") });
    }

    #[test]
    fn flow_becomes_volume() {
        let volume = |value: &str, unit| {
            let got = hour_volume_m3("w00000", Quantity { value: dec(value), unit });
            got.map_or_else(|e| e.to_string(), |v| v.normalize().to_string())
        };
        // 10 L/s for an hour: 0.010 * 3600 = 36 m3
        assert_eq!(volume("10", Unit::LPerS), "36");
        assert_eq!(volume("0.5", Unit::M3PerS), "1800");
        assert_eq!(volume("1", Unit::MgPerL), "w00000, flow: mg/L cannot be given in m3/s");
        assert_eq!(volume("1000000001", Unit::LPerS), "w00000, flow: 1000000001 is beyond 1000000000");
    }
}
