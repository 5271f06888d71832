//! A section over a span from its automatic station and from samples taken by hand (自动与手工监测数据融合评价): slots make days, days make the span.
//!
//! A day counts when enough of its slots are valid, a month (or a shorter span) when enough of its days count; what a month lacks
//! is not judged and says how much there was (环办监测函〔2020〕82号; the two shares are a proposal and stand in its file). The value
//! of a day is the mean of its valid slots, that of the span the mean of its days, unrounded.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::mean::{Coverage, Gap, Measured, Origin, Sampled, origin};
use super::section::{Section, SectionRules};
use crate::analyse::span::Span;
use crate::standard::{WaterBody, WaterStatistics};
use crate::unit::Unit;

/// One civil day of one factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySum {
    /// The day.
    pub day: Date,
    /// Valid values.
    pub valid: u32,
    /// Values with a mark, or none: reported and not judged.
    pub marked: u32,
    /// Sum of the valid ones.
    pub sum: Decimal,
}

/// What a station has of one factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Factor code.
    pub factor: String,
    /// Unit of the sums.
    pub unit: Unit,
    /// What the values are: `hour`, `cycle`, `real`.
    pub kind: String,
    /// How many of them a day has.
    pub slots_a_day: u32,
    /// Days with any, ascending.
    pub days: Vec<DaySum>,
}

/// What a factor's mean rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Factor code.
    pub factor: String,
    /// What the automatic values are; `sample` when there are none.
    pub kind: String,
    /// Days that count.
    pub days: u32,
    /// Days of the span.
    pub of_days: u32,
    /// Valid values.
    pub values: u32,
    /// Values with a mark.
    pub marked: u32,
    /// Values that the span would have.
    pub due: u32,
    /// Samples taken by hand (手工监测) within the span.
    #[serde(default)]
    pub samples: u32,
    /// Where the values of each part come from: the span itself, or its months.
    #[serde(default)]
    pub origins: Vec<PartOrigin>,
}

/// Where the values of one part come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartOrigin {
    /// The part.
    pub part: Span,
    /// Automatic, by hand, or by hand because automatic data did not suffice.
    pub origin: Origin,
}

/// A section with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Automatic {
    /// The section.
    pub section: Section,
    /// Its inputs, by factor.
    pub inputs: Vec<Input>,
    /// Share of a day's slots and of a span's days that it takes, in per cent.
    pub needs_percent: (u32, u32),
}

/// Automatic data and samples of one factor, by the parts of the span.
struct Factor<'a> {
    series: Option<&'a Series>,
    parts: BTreeMap<Date, (Span, Vec<&'a DaySum>, Vec<&'a Sampled<'a>>)>,
}

/// Judges a section by what its station has and what was sampled by hand. Of each factor and month the one that the rule puts first
/// stands, whole: automatic values and samples are not mixed within a month (环办监测函〔2020〕82号).
pub fn judge(
    series: &[Series],
    manual: &[Sampled<'_>],
    span: Span,
    water: WaterBody,
    rules: &SectionRules<'_>,
) -> Automatic {
    let statistics = rules.means.statistics;
    let (mut samples, mut inputs, mut lacking) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (name, factor) in by_factor(series, manual, span, statistics) {
        let mut input = input(name, &factor, span);
        let slots_a_day = factor.series.map_or(1, |s| s.slots_a_day);
        for (part, days, taken) in factor.parts.into_values() {
            let coverage = Coverage { valid: days.iter().map(|d| (d.day, d.valid)).collect(), slots_a_day };
            let have = factor.series.map(|_| &coverage);
            let Some(origin) = origin(name, part, have, !taken.is_empty(), statistics) else {
                let need = (part.days() * statistics.month_days_min_percent).div_ceil(100);
                lacking.insert(name.to_owned(), Gap::TooFewDays { have: days.len() as u32, need });
                continue;
            };
            input.origins.push(PartOrigin { part, origin });
            match (origin, factor.series) {
                (Origin::Automatic, Some(one)) => samples.extend(days.into_iter().map(|d| Sampled {
                    day: d.day,
                    factor: name,
                    value: Measured::Value(d.sum / Decimal::from(d.valid)),
                    unit: one.unit,
                })),
                _ => samples.extend(taken.into_iter().cloned()),
            }
        }
        if input.origins.is_empty() && input.values + input.marked > 0 && input.days == 0 {
            let need = (span.days() * statistics.month_days_min_percent).div_ceil(100);
            lacking.insert(name.to_owned(), Gap::TooFewDays { have: 0, need });
        }
        inputs.push(input);
    }
    let mut section = rules.judge(&samples, span, water);
    for gap in section.gaps.iter_mut().filter(|gap| gap.gap == Gap::NotMeasured) {
        if let Some(why) = lacking.remove(&gap.factor) {
            gap.gap = why;
        }
    }
    let needs_percent = (statistics.day_slots_min_percent, statistics.month_days_min_percent);
    Automatic { section, inputs, needs_percent }
}

fn input(name: &str, factor: &Factor<'_>, span: Span) -> Input {
    let within: Vec<&DaySum> =
        factor.series.into_iter().flat_map(|s| &s.days).filter(|d| span.contains(d.day)).collect();
    Input {
        factor: name.to_owned(),
        kind: factor.series.map_or_else(|| "sample".to_owned(), |s| s.kind.clone()),
        days: factor.parts.values().map(|(_, days, _)| days.len() as u32).sum(),
        of_days: span.days(),
        values: within.iter().map(|d| d.valid).sum(),
        marked: within.iter().map(|d| d.marked).sum(),
        due: factor.series.map_or(0, |s| span.days() * s.slots_a_day),
        samples: factor.parts.values().map(|(_, _, taken)| taken.len() as u32).sum(),
        origins: Vec::new(),
    }
}

/// The factors in the order of the series, then those of which there are samples alone; of each the parts whose data must suffice by
/// itself: the months of a quarter or a year, or the span when it is no longer than a month.
fn by_factor<'a>(
    series: &'a [Series],
    manual: &'a [Sampled<'a>],
    span: Span,
    statistics: &WaterStatistics,
) -> Vec<(&'a str, Factor<'a>)> {
    let mut all: Vec<(&str, Factor<'_>)> = Vec::new();
    let part = |day: Date| match span {
        Span::Quarter { .. } | Span::Year { .. } => Span::month_of(day),
        short => short,
    };
    for one in series {
        let counts = |day: &&DaySum| {
            span.contains(day.day)
                && day.valid > 0
                && day.valid * 100 >= statistics.day_slots_min_percent * one.slots_a_day
        };
        let mut factor = Factor { series: Some(one), parts: BTreeMap::new() };
        for day in one.days.iter().filter(counts) {
            let part = part(day.day);
            factor.parts.entry(part.first()).or_insert_with(|| (part, vec![], vec![])).1.push(day);
        }
        all.push((&one.factor, factor));
    }
    for sample in manual.iter().filter(|s| span.contains(s.day)) {
        let at = all.iter().position(|(name, _)| *name == sample.factor).unwrap_or_else(|| {
            all.push((sample.factor, Factor { series: None, parts: BTreeMap::new() }));
            all.len() - 1
        });
        let part = part(sample.day);
        all[at].1.parts.entry(part.first()).or_insert_with(|| (part, vec![], vec![])).2.push(sample);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::section::tests::standards;
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// Hours: this many valid ones on each of so many days of a month, all of one value.
    fn hours(factor: &str, value: &str, month: i8, days: i8, valid: u32) -> Series {
        let value: Decimal = value.parse().expect("a decimal");
        let of =
            |day| DaySum { day: date(2025, month, day), valid, marked: 24 - valid, sum: value * Decimal::from(valid) };
        let unit = if factor == "w01001" { Unit::Ph } else { Unit::MgPerL };
        let days = (1..=days).map(of).collect();
        Series { factor: factor.into(), unit, kind: "hour".into(), slots_a_day: 24, days }
    }

    fn four(month: i8, days: i8, valid: u32) -> Vec<Series> {
        let values = [("w01001", "7.5"), ("w01009", "8"), ("w01019", "1.5"), ("w21003", "0.3")];
        values.iter().map(|(factor, value)| hours(factor, value, month, days, valid)).collect()
    }

    fn check(series: &[Series], span: &str, expected: &str) {
        let standards = standards();
        let span = Span::parse(span).expect("a span");
        let rules = SectionRules::of(&standards, span, false).expect("an edition");
        let got = judge(series, &[], span, WaterBody::River, &rules);
        let gaps = got.section.gaps.iter().filter(|g| g.needed || g.gap != Gap::NotMeasured);
        let gaps: Vec<String> = gaps.map(|g| format!("{} {}", g.item, g.gap)).collect();
        let input = got
            .inputs
            .first()
            .map_or_else(String::new, |i| format!("{}/{} days {}+{}/{}", i.days, i.of_days, i.values, i.marked, i.due));
        assert_eq!(format!("{:?} {input}; {}", got.section.class, gaps.join(", ")), expected, "{span}");
    }

    #[test]
    fn a_month_needs_its_days_and_a_day_its_hours() {
        // 60 % of 24 hours are 14.4, 60 % of 30 days are 18
        check(&four(4, 18, 15), "2025-04", "Some(2) 18/30 days 270+162/720; ");
        let said = "pH 17 days where 18 are needed, DO 17 days where 18 are needed, CODMn 17 days where 18 are needed, \
            NH3-N 17 days where 18 are needed";
        check(&four(4, 17, 24), "2025-04", &format!("None 17/30 days 408+0/720; {said}"));
        let said = said.replace("17 days", "0 days");
        check(&four(4, 30, 14), "2025-04", &format!("None 0/30 days 420+300/720; {said}"));
        check(&[], "2025-04", "None ; pH not measured, DO not measured, CODMn not measured, NH3-N not measured");
    }

    #[test]
    fn a_factor_that_lacks_days_does_not_spoil_the_others() {
        let mut series = four(4, 30, 24);
        series.push(hours("w21011", "0.3", 4, 10, 24));
        check(&series, "2025-04", "Some(2) 30/30 days 720+0/720; TP 10 days where 18 are needed");
        series.pop();
        series.push(hours("w21011", "0.3", 4, 20, 24));
        check(&series, "2025-04", "Some(4) 30/30 days 720+0/720; ");
    }

    #[test]
    fn a_quarter_takes_the_months_that_suffice() {
        let mut series = four(4, 30, 24);
        for (one, other) in series.iter_mut().zip(four(5, 5, 24)) {
            one.days.extend(other.days);
        }
        // May has five days and takes no part
        check(&series, "2025-Q2", "Some(2) 35/91 days 840+0/2184; ");
        check(&series, "2025-05", &{
            let need = "5 days where 19 are needed";
            format!("None 5/31 days 120+0/744; pH {need}, DO {need}, CODMn {need}, NH3-N {need}")
        });
        let months = "1 months where 12 are needed";
        let said = format!("Some {months}");
        let expected = ["pH", "DO", "CODMn", "NH3-N"].map(|item| said.replace("Some", item)).join(", ");
        check(&series, "2025", &format!("None 35/365 days 840+0/8760; {expected}"));
    }

    /// Origins of TP, which comes first from the station, and of COD, which does not.
    #[test]
    fn samples_stand_where_the_rule_puts_them_first_or_the_station_lacks_days() {
        let standards = standards();
        let origins = |days: i8, factor: &str, value: &str| {
            let series = [hours("w21011", "0.05", 4, days, 24), hours("w01018", "10", 4, days, 24)];
            let value = Measured::parse(value).expect("a measurement");
            let manual = [Sampled { day: date(2025, 4, 7), factor, value, unit: Unit::MgPerL }];
            let span = Span::Month { year: 2025, month: 4 };
            let rules = SectionRules::of(&standards, span, false).expect("an edition");
            let got = judge(&series, &manual, span, WaterBody::River, &rules);
            let input = got.inputs.iter().find(|i| i.factor == factor).expect("an input");
            let mean = got
                .section
                .indicators
                .iter()
                .find(|i| i.factor == factor)
                .map(|i| i.mean.value.normalize().to_string());
            (input.origins.first().map(|o| o.origin), mean.unwrap_or_default())
        };
        assert_eq!(origins(30, "w21011", "0.4"), (Some(Origin::Automatic), "0.05".into()));
        assert_eq!(origins(10, "w21011", "0.4"), (Some(Origin::ManualForLack), "0.4".into()));
        assert_eq!(origins(30, "w01018", "18"), (Some(Origin::Manual), "18".into()));
        assert_eq!(origins(0, "w01017", "2"), (Some(Origin::Manual), "2".into()));
        assert_eq!(
            origins(0, "w20119", "0.0004L"),
            (Some(Origin::Manual), "0.0002".into()),
            "half of the detection limit"
        );
    }

    proptest! {
        #[test]
        fn the_mean_of_days_does_not_depend_on_their_order(mut values in prop::collection::vec(1i64..100, 30), turn in 0usize..30) {
            let standards = standards();
            let span = Span::Month { year: 2025, month: 4 };
            let rules = SectionRules::of(&standards, span, false).expect("an edition");
            let of = |values: &[i64]| {
                let mut series = four(4, 30, 24);
                for (day, value) in series[3].days.iter_mut().zip(values) {
                    day.sum = Decimal::new(*value, 2) * Decimal::from(day.valid);
                }
                judge(&series, &[], span, WaterBody::River, &rules).section.indicators.iter().find(|i| i.factor == "w21003").map(|i| i.mean.value)
            };
            let before = of(&values);
            values.rotate_left(turn);
            prop_assert!(before.is_some());
            prop_assert_eq!(before, of(&values));
        }
    }
}
