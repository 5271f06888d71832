//! Values of a span (时段均值): the mean comes first, the class after it; classes are never averaged (环办〔2011〕22号).
//!
//! Week, ten days, month: one sample as it is, several by their arithmetic mean. Quarter: the mean of two samples or more. Year:
//! the mean of the twelve monthly values, of eight at least where the water is frozen. What is below the detection limit (未检出)
//! counts as a share of the limit, half of it (环办监测函〔2020〕82号). pH is averaged arithmetically like everything else.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::analyse::span::Span;
use crate::standard::{WaterMethod, WaterStatistics};
use crate::unit::{Quantity, Unit, UnitMismatch};

/// What a measurement said. Missing is no measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// A value.
    Value(Decimal),
    /// Below this detection limit (检出限).
    Below(Decimal),
}

impl Measured {
    /// Reads `0.25`, or `<0.01` and `0.01L` for what is below a limit. None for what is neither.
    ///
    /// ```
    /// use shanshui_domain::analyse::water::mean::Measured;
    /// assert_eq!(Measured::parse("0.01L"), Measured::parse("<0.01"));
    /// assert_eq!(Measured::parse("未检出"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let limit = text.strip_prefix(['<', '＜']).or_else(|| text.strip_suffix(['L', 'l']));
        let number = |text: &str| text.trim().parse::<Decimal>().ok();
        match limit {
            Some(limit) => number(limit).filter(|limit| *limit > Decimal::ZERO).map(Self::Below),
            None => number(text).map(Self::Value),
        }
    }

    /// What it counts as.
    pub fn counted(self, statistics: &WaterStatistics) -> Decimal {
        match self {
            Self::Value(value) => value,
            Self::Below(limit) => limit * statistics.below_limit_counts,
        }
    }

    fn converted(self, from: Unit, to: Unit) -> Result<Self, UnitMismatch> {
        let convert = |value| Quantity { value, unit: from }.in_unit(to);
        Ok(match self {
            Self::Value(value) => Self::Value(convert(value)?),
            Self::Below(limit) => Self::Below(convert(limit)?),
        })
    }
}

/// One measurement of one factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled<'a> {
    /// Its day.
    pub day: Date,
    /// Factor code.
    pub factor: &'a str,
    /// What it said.
    pub value: Measured,
    /// Unit of it.
    pub unit: Unit,
}

/// The mean of a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mean {
    /// Unrounded.
    pub value: Decimal,
    /// Measurements behind it.
    pub samples: u32,
    /// Of these, below their detection limit.
    pub below: u32,
    /// Months behind it, of a year.
    pub months: Option<u32>,
}

/// Why there is no mean (数据不足).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Gap {
    /// Nothing was measured.
    #[error("not measured")]
    NotMeasured,
    /// Too few measurements.
    #[error("{have} samples where {need} are needed")]
    TooFewSamples {
        /// How many there are.
        have: u32,
        /// How many it takes.
        need: u32,
    },
    /// Too few days of a month, or of a shorter span, count.
    #[error("{have} days where {need} are needed")]
    TooFewDays {
        /// How many count.
        have: u32,
        /// How many it takes.
        need: u32,
    },
    /// Too few months.
    #[error("{have} months where {need} are needed")]
    TooFewMonths {
        /// How many there are.
        have: u32,
        /// How many it takes.
        need: u32,
    },
    /// A measurement is in a unit that measures something else.
    #[error("{from} cannot be given in {to}")]
    Unit {
        /// Unit of the measurement.
        from: Unit,
        /// Unit of the bound.
        to: Unit,
    },
}

/// Rules of means.
#[derive(Debug, Clone, Copy)]
pub struct MeanRules<'a> {
    /// Counts of samples and months.
    pub method: &'a WaterMethod,
    /// Detection limits.
    pub statistics: &'a WaterStatistics,
    /// The water is frozen part of the year (封冻期).
    pub frozen: bool,
}

impl MeanRules<'_> {
    /// The mean of the measurements of a factor that lie in a span, in a unit.
    ///
    /// # Errors
    /// When there are too few, or one is in another unit.
    pub fn mean(&self, samples: &[Sampled<'_>], factor: &str, span: Span, unit: Unit) -> Result<Mean, Gap> {
        let mut months: BTreeMap<Date, Vec<Measured>> = BTreeMap::new();
        for sample in samples.iter().filter(|s| s.factor == factor && span.contains(s.day)) {
            let value = sample.value.converted(sample.unit, unit);
            let value = value.map_err(|_| Gap::Unit { from: sample.unit, to: unit })?;
            months.entry(sample.day.first_of_month()).or_default().push(value);
        }
        let all: Vec<Measured> = months.values().flatten().copied().collect();
        if all.is_empty() {
            return Err(Gap::NotMeasured);
        }
        let have = all.len() as u32;
        match span {
            Span::Quarter { .. } if have < self.method.quarter_samples_min => {
                Err(Gap::TooFewSamples { have, need: self.method.quarter_samples_min })
            }
            Span::Year { .. } => self.of_months(&months, &all),
            _ => Ok(self.plain(&all)),
        }
    }

    fn plain(&self, all: &[Measured]) -> Mean {
        let sum: Decimal = all.iter().map(|m| m.counted(self.statistics)).sum();
        let below = all.iter().filter(|m| matches!(m, Measured::Below(_))).count() as u32;
        Mean { value: sum / Decimal::from(all.len()), samples: all.len() as u32, below, months: None }
    }

    fn of_months(&self, months: &BTreeMap<Date, Vec<Measured>>, all: &[Measured]) -> Result<Mean, Gap> {
        let need = if self.frozen { self.method.year_months_min_frozen } else { self.method.year_months_min };
        let have = months.len() as u32;
        if have < need {
            return Err(Gap::TooFewMonths { have, need });
        }
        let sum: Decimal = months.values().map(|month| self.plain(month).value).sum();
        Ok(Mean { value: sum / Decimal::from(have), months: Some(have), ..self.plain(all) })
    }
}

/// Where the value of a factor and month comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// 自动监测.
    Automatic,
    /// 手工监测.
    Manual,
    /// Manual, because automatic data did not suffice.
    ManualForLack,
}

/// Automatic data of one factor in one month: valid slots of each of its days, and how many a day has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Valid slots of each civil day that has any.
    pub valid: BTreeMap<Date, u32>,
    /// Slots of a day: 6 when measured every four hours.
    pub slots_a_day: u32,
}

impl Coverage {
    /// Days whose slots suffice.
    fn days(&self, statistics: &WaterStatistics) -> u32 {
        let suffices = |valid: &u32| *valid * 100 >= statistics.day_slots_min_percent * self.slots_a_day;
        self.valid.values().filter(|valid| suffices(valid)).count() as u32
    }

    /// Whether the days of a month suffice (环办监测函〔2020〕82号; the shares are a proposal).
    pub fn suffices(&self, month: Span, statistics: &WaterStatistics) -> bool {
        self.days(statistics) * 100 >= statistics.month_days_min_percent * month.days()
    }
}

/// Which of the two stands for a factor and month: automatic data first where the rule says so and it suffices, manual data else.
/// None when there is neither.
pub fn origin(
    factor: &str,
    month: Span,
    automatic: Option<&Coverage>,
    manual: bool,
    statistics: &WaterStatistics,
) -> Option<Origin> {
    let first = statistics.automatic_first.iter().any(|f| f == factor);
    let enough = automatic.is_some_and(|coverage| coverage.suffices(month, statistics));
    match (first && enough, manual, automatic) {
        (true, _, _) => Some(Origin::Automatic),
        (false, true, Some(_)) if first => Some(Origin::ManualForLack),
        (false, true, _) => Some(Origin::Manual),
        // where nothing was taken by hand, automatic data of another factor is still what was measured
        (false, false, Some(_)) if enough => Some(Origin::Automatic),
        (false, false, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Standards;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn mean(samples: &[(i8, i8, &str)], span: &str, frozen: bool) -> String {
        let standards = Standards::embedded().expect("the shipped standards load");
        let water = &standards.surface;
        let rules = MeanRules { method: &water.method, statistics: &water.statistics, frozen };
        let samples: Vec<Sampled<'_>> = samples
            .iter()
            .map(|(month, day, text)| Sampled {
                day: date(2025, *month, *day),
                factor: "w21003",
                value: Measured::parse(text).expect("a measurement"),
                unit: Unit::MgPerL,
            })
            .collect();
        match rules.mean(&samples, "w21003", Span::parse(span).expect("a span"), Unit::MgPerL) {
            Ok(mean) => {
                let months = mean.months.map_or_else(String::new, |n| format!(" months {n}"));
                format!("{} of {} below {}{months}", mean.value.normalize(), mean.samples, mean.below)
            }
            Err(gap) => gap.to_string(),
        }
    }

    #[test]
    fn means_of_spans_by_their_counts() {
        let some = [(1, 5, "0.2"), (1, 20, "0.4"), (2, 5, "0.9")];
        assert_eq!(mean(&some, "2025-01", false), "0.3 of 2 below 0");
        assert_eq!(mean(&some, "2025-01-T1", false), "0.2 of 1 below 0");
        assert_eq!(mean(&some, "2025-02", false), "0.9 of 1 below 0");
        assert_eq!(mean(&some, "2025-03", false), "not measured");
        // (0.2 + 0.4 + 0.9) / 3
        assert_eq!(mean(&some, "2025-Q1", false), "0.5 of 3 below 0");
        assert_eq!(mean(&some[..1], "2025-Q1", false), "1 samples where 2 are needed");
        assert_eq!(mean(&some, "2025", false), "2 months where 12 are needed");
    }

    #[test]
    fn a_year_is_the_mean_of_its_months_and_not_of_its_samples() {
        let mut year: Vec<(i8, i8, &str)> = (1..=12).map(|month| (month, 10, "0.2")).collect();
        // January has two samples more: its month is (0.2 + 0.5 + 0.8) / 3 = 0.5, the year (0.5 + 11 · 0.2) / 12 = 0.225
        year.extend([(1, 20, "0.5"), (1, 25, "0.8")]);
        assert_eq!(mean(&year, "2025", false), "0.225 of 14 below 0 months 12");
        let frozen: Vec<_> = year.iter().copied().filter(|(month, _, _)| (4..=11).contains(month)).collect();
        assert_eq!(mean(&frozen, "2025", false), "8 months where 12 are needed");
        assert_eq!(mean(&frozen, "2025", true), "0.2 of 8 below 0 months 8");
    }

    #[test]
    fn below_the_limit_counts_as_half_of_it_and_says_so() {
        // (0.025 / 2 + 0.1) / 2 = 0.05625
        assert_eq!(mean(&[(1, 1, "0.025L"), (1, 2, "0.1")], "2025-01", false), "0.05625 of 2 below 1");
        for (text, expected) in [
            ("<0.01", Some(Measured::Below(Decimal::new(1, 2)))),
            ("＜ 0.01", Some(Measured::Below(Decimal::new(1, 2)))),
            ("0.01L", Some(Measured::Below(Decimal::new(1, 2)))),
            ("-0.01", Some(Measured::Value(Decimal::new(-1, 2)))),
            ("<0", None),
            ("L", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(Measured::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn units_are_converted_or_refused() {
        let standards = Standards::embedded().expect("the shipped standards load");
        let water = &standards.surface;
        let rules = MeanRules { method: &water.method, statistics: &water.statistics, frozen: false };
        let sample =
            |unit| Sampled { day: date(2025, 1, 1), factor: "w20111", value: Measured::Value(Decimal::TEN), unit };
        let mean = |unit| rules.mean(&[sample(unit)], "w20111", Span::Year { year: 2025 }.before(), Unit::MgPerL);
        assert_eq!(mean(Unit::UgPerL), Err(Gap::NotMeasured));
        let month = Span::Month { year: 2025, month: 1 };
        let of = |unit| rules.mean(&[sample(unit)], "w20111", month, Unit::MgPerL);
        assert_eq!(of(Unit::UgPerL).map(|m| m.value), Ok(Decimal::new(1, 2)));
        assert_eq!(of(Unit::Celsius), Err(Gap::Unit { from: Unit::Celsius, to: Unit::MgPerL }));
    }

    fn check_origin(factor: &str, days: u32, slots: u32, manual: bool, expected: Option<Origin>) {
        let standards = Standards::embedded().expect("the shipped standards load");
        let month = Span::Month { year: 2025, month: 4 };
        let valid = (1..=days as i8).map(|day| (date(2025, 4, day), slots)).collect();
        let coverage = (days > 0).then_some(Coverage { valid, slots_a_day: 6 });
        let got = origin(factor, month, coverage.as_ref(), manual, &standards.surface.statistics);
        assert_eq!(got, expected, "{factor} {days} days of {slots}, manual {manual}");
    }

    #[test]
    fn automatic_data_comes_first_where_it_suffices() {
        // 60 % of 30 days are 18, 60 % of 6 slots are 3.6
        check_origin("w21003", 18, 4, true, Some(Origin::Automatic));
        check_origin("w21003", 17, 4, true, Some(Origin::ManualForLack));
        check_origin("w21003", 30, 3, true, Some(Origin::ManualForLack));
        check_origin("w21003", 30, 3, false, None);
        check_origin("w21003", 0, 0, true, Some(Origin::Manual));
        check_origin("w21003", 0, 0, false, None);
        check_origin("w20111", 30, 6, true, Some(Origin::Manual));
        check_origin("w20111", 30, 6, false, Some(Origin::Automatic));
    }

    proptest! {
        #[test]
        fn a_mean_lies_between_its_values(values in prop::collection::vec(0i64..10_000, 1..40)) {
            let standards = Standards::embedded().expect("the shipped standards load");
            let water = &standards.surface;
            let rules = MeanRules { method: &water.method, statistics: &water.statistics, frozen: false };
            let samples: Vec<Sampled<'_>> = values.iter().map(|v| Sampled {
                day: date(2025, 1, 1), factor: "x", value: Measured::Value(Decimal::new(*v, 3)), unit: Unit::MgPerL,
            }).collect();
            let mean = rules.mean(&samples, "x", Span::Month { year: 2025, month: 1 }, Unit::MgPerL).expect("samples").value;
            let (least, most) = (values.iter().min().expect("some"), values.iter().max().expect("some"));
            prop_assert!(Decimal::new(*least, 3) <= mean && mean <= Decimal::new(*most, 3));
        }
    }
}
