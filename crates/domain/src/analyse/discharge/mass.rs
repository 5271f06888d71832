//! Loads (排放量): the sum of concentration times volume over hours, of an hour, a day, a month or a permit's year.
//!
//! Water: mg/L × m³ = g. Air: mg/m³ as measured (never folded) × m³ of dry gas at standard state = mg, a thousandth of a gram. Sums are
//! exact. Hours without a value add nothing and are shown in the coverage and as stretches; hours without discharge are not due.

use std::fmt;

use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::mark::OperatorMark;
use super::series::{Basis, Coverage, HourState, Measured, OutletHour, Series, Span};
use super::{DischargeError, Reason, percent};
use crate::standard::discharge::{Discharge, Medium};
use crate::unit::{Quantity, Unit};

/// Grams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grams(pub Decimal);

impl Grams {
    /// From tonnes, in which permits are written; none for more than can be counted.
    pub fn from_tonnes(tonnes: Decimal) -> Option<Self> {
        tonnes.checked_mul(Decimal::from(1_000_000)).map(Self)
    }

    /// Kilograms, exact.
    pub fn kilograms(self) -> Decimal {
        (self.0 / Decimal::ONE_THOUSAND).normalize()
    }

    /// Tonnes, exact.
    pub fn tonnes(self) -> Decimal {
        (self.0 / Decimal::from(1_000_000)).normalize()
    }
}

impl std::ops::Add for Grams {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::iter::Sum for Grams {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| a + b)
    }
}

impl fmt::Display for Grams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} g", self.0.normalize())
    }
}

/// What an hour adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "amount", rename_all = "snake_case")]
pub enum Amount {
    /// This.
    Measured {
        /// mg/L, or mg/m³ as measured.
        concentration: Decimal,
        /// m³.
        volume_m3: Decimal,
        /// Load.
        grams: Grams,
        /// Whether the value was below detection, as in [`Coverage::below_detection`].
        below_detection: bool,
    },
    /// Nothing, and nothing was due.
    NotDue {
        /// The mark that says so.
        mark: OperatorMark,
    },
    /// It is not known.
    Lost {
        /// Why.
        why: Lost,
    },
}

/// Why an hour's load is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "lost", rename_all = "snake_case")]
pub enum Lost {
    /// Under a mark under which nothing is measured.
    Marked {
        /// The mark.
        mark: OperatorMark,
    },
    /// No value or no volume.
    Unknown(Reason),
}

/// The load of one hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HourLoad {
    /// Start, civil time.
    pub start: DateTime,
    /// What it adds.
    #[serde(flatten)]
    pub amount: Amount,
}

/// Hours in a row that were lost for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LostStretch {
    /// First hour.
    pub from: DateTime,
    /// How many.
    pub hours: u32,
    /// Why.
    pub why: Lost,
}

/// The load of a stretch, as measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Factor code.
    pub factor: String,
    /// The stretch.
    #[serde(flatten)]
    pub span: Span,
    /// How it was computed, with units.
    pub formula: &'static str,
    /// Load of the hours that are known.
    pub grams: Grams,
    /// The same in kg.
    pub kilograms: Decimal,
    /// What flowed in those hours, m³.
    pub volume_m3: Decimal,
    /// Hours by what they are; `valid` ones are in the load.
    pub coverage: Coverage,
    /// Known ones of the due hours, per cent, unrounded, never above 100; none when nothing was due.
    pub percent: Option<Decimal>,
    /// What is missing.
    pub lost: Vec<LostStretch>,
}

/// Computes loads hour by hour.
pub(super) struct Scale<'a> {
    rules: &'a Discharge,
    series: &'a Series,
    medium: Medium,
}

impl<'a> Scale<'a> {
    /// # Errors
    /// An unknown factor, folded values, a unit that gives no load.
    pub(super) fn of(rules: &'a Discharge, series: &'a Series) -> Result<Self, DischargeError> {
        let medium = series.factor(rules)?.medium;
        if series.basis == Basis::Folded {
            return Err(DischargeError::FoldedLoad(series.factor.clone()));
        }
        let scale = Self { rules, series, medium };
        scale.concentration(Decimal::ONE)?;
        Ok(scale)
    }

    fn concentration(&self, value: Decimal) -> Result<Decimal, DischargeError> {
        let to = match self.medium {
            Medium::Water => Unit::MgPerL,
            Medium::Air => Unit::MgPerM3,
        };
        let at = "load".to_owned();
        let quantity = Quantity { value, unit: self.series.unit };
        quantity.in_unit(to).map_err(|mismatch| DischargeError::Unit {
            factor: self.series.factor.clone(),
            at,
            mismatch,
        })
    }

    fn formula(&self) -> &'static str {
        match self.medium {
            Medium::Water => "sum of C * Q: mg/L * m3 = g",
            Medium::Air => "sum of C' * Q: mg/m3 as measured * m3 dry at standard state / 1000 = g",
        }
    }

    pub(super) fn hour(&self, hour: &OutletHour) -> Result<HourLoad, DischargeError> {
        let amount = match (HourState::of_amount(hour, self.rules), hour.volume.number(self.rules)) {
            (HourState::NotDue(mark), _) => Amount::NotDue { mark },
            (HourState::Marked(mark), _) => Amount::Lost { why: Lost::Marked { mark } },
            (HourState::Invalid(flag), _) => Amount::Lost { why: Lost::Unknown(Reason::Invalid { flag }) },
            (HourState::Missing, _) => Amount::Lost { why: Lost::Unknown(Reason::Missing) },
            (HourState::Valid(_), None) => Amount::Lost { why: Lost::Unknown(Reason::NoFlow) },
            (HourState::Valid(value), Some(volume_m3)) => {
                let concentration = self.concentration(value)?;
                let grams = self.grams(concentration, volume_m3);
                let below_detection = matches!(hour.value, Measured::BelowDetection { .. });
                Amount::Measured { concentration, volume_m3, grams, below_detection }
            }
        };
        Ok(HourLoad { start: hour.start, amount })
    }

    fn grams(&self, concentration: Decimal, volume_m3: Decimal) -> Grams {
        let product = concentration * volume_m3;
        Grams(match self.medium {
            Medium::Water => product,
            Medium::Air => product / Decimal::ONE_THOUSAND,
        })
    }
}

/// The load of each hour of a stretch.
///
/// # Errors
/// An unknown factor, folded values, a unit that gives no load, and as [`Series::over`].
pub fn hour_loads(rules: &Discharge, series: &Series, span: Span) -> Result<Vec<HourLoad>, DischargeError> {
    let scale = Scale::of(rules, series)?;
    series.over(span)?.iter().map(|hour| scale.hour(hour)).collect()
}

/// The load of a stretch.
///
/// # Errors
/// As [`hour_loads`].
///
/// ```
/// use jiff::civil::date;
/// use shanshui_domain::analyse::discharge::mass::load;
/// use shanshui_domain::analyse::discharge::series::{Basis, Measured, OutletHour, Series, Span};
/// use shanshui_domain::{standard::Standards, unit::Unit};
/// let (rules, start) = (Standards::embedded().expect("shipped").discharge, date(2026, 5, 4).at(7, 0, 0, 0));
/// let value = |v: i64| Measured::Value { value: v.into() };
/// let hour = OutletHour { start, value: value(30), oxygen: None, volume: value(120), mark: None };
/// let series = Series { factor: "w01018".into(), unit: Unit::MgPerL, basis: Basis::Measured, hours: vec![hour] };
/// // 30 mg/L * 120 m3 = 3600 g = 3.6 kg
/// let load = load(&rules, &series, Span::Hour { start }).expect("good");
/// assert_eq!(load.kilograms.to_string(), "3.6");
/// ```
pub fn load(rules: &Discharge, series: &Series, span: Span) -> Result<Load, DischargeError> {
    let formula = Scale::of(rules, series)?.formula();
    let hours = hour_loads(rules, series, span)?;
    let (mut grams, mut volume_m3, mut coverage) = (Grams::default(), Decimal::ZERO, Coverage::default());
    for hour in &hours {
        coverage.hours += 1;
        match &hour.amount {
            Amount::Measured { grams: g, volume_m3: v, below_detection, .. } => {
                grams = grams + *g;
                volume_m3 += v;
                coverage.valid += 1;
                coverage.below_detection += u32::from(*below_detection);
            }
            Amount::NotDue { .. } => coverage.not_due += 1,
            Amount::Lost { why: Lost::Marked { .. } } => coverage.marked += 1,
            Amount::Lost { why: Lost::Unknown(Reason::Missing) } => coverage.missing += 1,
            Amount::Lost { .. } => coverage.invalid += 1,
        }
    }
    let (factor, kilograms, percent) = (series.factor.clone(), grams.kilograms(), coverage.percent());
    Ok(Load { factor, span, formula, grams, kilograms, volume_m3, coverage, percent, lost: stretches(&hours) })
}

fn stretches(hours: &[HourLoad]) -> Vec<LostStretch> {
    let mut out: Vec<LostStretch> = Vec::new();
    let mut open = false;
    for hour in hours {
        let Amount::Lost { why } = &hour.amount else {
            open = false;
            continue;
        };
        match out.last_mut().filter(|last| open && last.why == *why) {
            Some(last) => last.hours += 1,
            None => out.push(LostStretch { from: hour.start, hours: 1, why: why.clone() }),
        }
        open = true;
    }
    out
}

/// How much of a permitted amount is used (许可排放量使用率).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermitUse {
    /// Number of the permit.
    pub permit: String,
    /// Factor code.
    pub factor: String,
    /// The stretch.
    #[serde(flatten)]
    pub span: Span,
    /// Permitted (许可排放量).
    pub permitted: Grams,
    /// As measured.
    pub measured: Grams,
    /// For lost hours, by HJ 75; apart from what was measured.
    pub replaced: Grams,
    /// Measured ones of the permitted, per cent, unrounded; may pass 100. None when nothing is permitted.
    pub measured_percent: Option<Decimal>,
    /// Measured and replaced ones of the permitted.
    pub total_percent: Option<Decimal>,
    /// Known ones of the due hours, per cent.
    pub coverage_percent: Option<Decimal>,
}

/// Holds a load against what a permit allows for the stretch. `replaced` is none for water.
pub fn permit_use(permit: &str, permitted: Grams, load: &Load, replaced: Grams) -> PermitUse {
    PermitUse {
        permit: permit.to_owned(),
        factor: load.factor.clone(),
        span: load.span,
        permitted,
        measured: load.grams,
        replaced,
        measured_percent: percent(load.grams.0, permitted.0),
        total_percent: percent((load.grams + replaced).0, permitted.0),
        coverage_percent: load.percent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{day, dec, hour, rules, series};
    use proptest::prelude::*;

    fn check(factor: &str, unit: Unit, text: &str, expected: &str) {
        let series = series(factor, unit, "2026-05-04 00", text);
        let got = load(rules(), &series, Span::Day { day: day("2026-05-04") }).map_or_else(
            |e| e.to_string(),
            |l| {
                let percent = l.percent.map_or("-".into(), |p| p.round_dp(2).normalize().to_string());
                let lost: Vec<String> = l.lost.iter().map(|s| format!("{}+{}", s.from.hour(), s.hours)).collect();
                format!("{} {} m3 {percent} % [{}]", l.grams, l.volume_m3.normalize(), lost.join(" "))
            },
        );
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn concentration_times_volume() {
        // 24 * 30 mg/L * 10 m3 = 7200 g
        check("w01018", Unit::MgPerL, "24x30*10", "7200 g 240 m3 100 % []");
        check("w01018", Unit::UgPerL, "24x30000*10", "7200 g 240 m3 100 % []");
        // 24 * 35 mg/m3 * 200 000 m3 = 168 000 000 mg
        check("a21026", Unit::MgPerM3, "24x35@6*200000", "168000 g 4800000 m3 100 % []");
        check("w01001", Unit::Ph, "24x7*10", "w01001, load: pH cannot be given in mg/L");
        check("w9", Unit::MgPerL, "24x7*10", "w9: unknown factor");
    }

    #[test]
    fn lost_hours_are_shown_and_add_nothing() {
        check(
            "w01018",
            Unit::MgPerL,
            "12x30*10 2x- 2x?D 4x30 4x!maintenance:30*10",
            "3600 g 120 m3 50 % [12+2 14+2 16+4 20+4]",
        );
        // start-up is measured and counts; without discharge nothing is due
        check("w01018", Unit::MgPerL, "6x30*10 6x!start_up:60*10 12x!no_discharge:-", "5400 g 120 m3 100 % []");
        check("w01018", Unit::MgPerL, "2x- 20x0*10 2x-", "0 g 200 m3 83.33 % [0+2 22+2]");
        check("w01018", Unit::MgPerL, "24x!stopped:-", "0 g 0 m3 - % []");
    }

    #[test]
    fn below_detection_adds_half_the_limit_and_is_counted() {
        // 20 * 30 * 10 + 4 * 2 * 10 = 6080 g
        let text = "20x30*10 4x<4*10";
        check("w01018", Unit::MgPerL, text, "6080 g 240 m3 100 % []");
        let series = series("w01018", Unit::MgPerL, "2026-05-04 00", text);
        let load = load(rules(), &series, Span::Day { day: day("2026-05-04") }).expect("good");
        assert_eq!((load.coverage.valid, load.coverage.below_detection), (24, 4));
    }

    #[test]
    fn folded_values_give_no_load() {
        let mut folded = series("a21026", Unit::MgPerM3, "2026-05-04 00", "35@6*200000");
        folded.basis = Basis::Folded;
        let got = load(rules(), &folded, Span::Hour { start: hour("2026-05-04 00") });
        assert_eq!(got, Err(DischargeError::FoldedLoad("a21026".into())));
    }

    #[test]
    fn the_share_of_a_permitted_amount() {
        // a year of 8760 hours, 100 of them known: 100 * 30 * 100 = 300 000 g of 1.2 t = 25 %; with 0.3 t replaced 50 %
        let series = series("w01018", Unit::MgPerL, "2026-01-01 00", "100x30*100");
        let load = load(rules(), &series, Span::Year { from: day("2026-01-01") }).expect("good");
        let used = permit_use("P1", Grams::from_tonnes(dec("1.2")).expect("small"), &load, Grams(300_000.into()));
        assert_eq!((used.measured_percent, used.total_percent), (Some(25.into()), Some(50.into())));
        assert_eq!((load.coverage.hours, load.coverage.missing), (8_760, 8_660));
        assert_eq!(load.grams.tonnes().to_string(), "0.3");
        assert_eq!(permit_use("P1", Grams::default(), &load, Grams::default()).measured_percent, None);
    }

    proptest! {
        #[test]
        fn loads_add_up_over_hours_and_days(values in proptest::collection::vec((0u32..100_000, 0u32..100_000), 1..72)) {
            let text: Vec<String> = values.iter().map(|(c, q)| format!("{}.{}*{q}", c / 100, c % 100)).collect();
            let series = series("w01018", Unit::MgPerL, "2026-05-01 00", &text.join(" "));
            let of = |span| load(rules(), &series, span).expect("good");
            let month = of(Span::Month { of: day("2026-05-01") });
            let days: Grams = (0..31).map(|n| of(Span::Day { day: day("2026-05-01") + jiff::ToSpan::days(n) }).grams).sum();
            let hours: Grams = (0..values.len() as i64).map(|n| of(Span::Hour { start: hour("2026-05-01 00") + jiff::ToSpan::hours(n) }).grams).sum();
            prop_assert_eq!((month.grams, month.grams), (days, hours));
            prop_assert!(month.percent.expect("due") <= Decimal::ONE_HUNDRED);
        }
    }
}
