//! Days of a water outlet (HJ 356-2019): the day mean, flow-weighted, of pH and temperature arithmetic, against the day limit; of pH the
//! day's values against the range. An hour beyond the limit is an early warning, never a finding.
//!
//! Hours that are missing, invalid or under a mark without a measurement may be filled from manual samples, when there are enough of
//! them and close enough. Which share of the due hours a day needs is a parameter that is not confirmed
//! (`water_day_coverage_min`). Values are in the limit's unit, volumes in m³.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::binding::{Deciding, OutletLimits, Question, Resolved};
use super::mark::OperatorMark;
use super::series::{Coverage, HourState, Measured, OutletHour, Series, Span};
use super::{COMPARISON, DischargeError, Outcome, Reason, hold, percent, round_gbt8170};
use crate::standard::Bound;
use crate::standard::discharge::{Averaging, Discharge, EmissionLimit, Facts, Mean, Medium, Parameter};
use crate::unit::{Quantity, Unit};

/// A sample taken by hand (手工监测).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManualSample {
    /// When it was taken, civil time.
    pub at: DateTime,
    /// What it says, in the unit of the series.
    pub value: Measured,
}

/// What became of the manual samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManualUse {
    /// Samples of the day with a value.
    pub samples: u32,
    /// Those of them below detection, as in [`Coverage::below_detection`].
    pub below_detection: u32,
    /// Why they fill nothing; none when they may fill.
    pub refused: Option<String>,
    /// Hours that they filled.
    pub filled_hours: u32,
    /// Clause.
    pub cite: String,
}

/// One hour of a water outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaterHour {
    /// Start, civil time.
    pub start: DateTime,
    /// Value that went into the day.
    pub value: Option<Decimal>,
    /// When the sample was taken that it comes from; none for automatic data.
    pub manual: Option<DateTime>,
    /// m³.
    pub volume_m3: Option<Decimal>,
    /// The automatic value against the day limit: at most a warning.
    pub outcome: Outcome,
}

/// One day of one factor of a water outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaterDay {
    /// The day.
    pub day: Date,
    /// Factor code.
    pub factor: String,
    /// Unit of values: the limit's, or the series' when no limit can be named.
    pub unit: Unit,
    /// How hours become a day.
    pub mean_by: Mean,
    /// Clause of that.
    pub mean_cite: String,
    /// How values are compared.
    pub comparison: &'static str,
    /// What decides.
    pub deciding: Deciding,
    /// The day limit.
    pub limit: Resolved,
    /// Hours by what they are, before filling.
    pub coverage: Coverage,
    /// Valid and filled hours of the due ones, per cent, unrounded, never above 100; none when nothing was due.
    pub percent: Option<Decimal>,
    /// Share needed, with how sure it is.
    pub needed: Parameter,
    /// Manual samples; none when none were given.
    pub manual: Option<ManualUse>,
    /// Water of the hours in the mean, m³; none of an arithmetic one.
    pub volume_m3: Option<Decimal>,
    /// The day mean, unrounded; none when too little of the day is there.
    pub mean: Option<Decimal>,
    /// Lowest hour.
    pub low: Option<Decimal>,
    /// Highest hour.
    pub high: Option<Decimal>,
    /// Hours.
    pub hours: Vec<WaterHour>,
    /// The day against the limit.
    pub outcome: Outcome,
    /// Whether the day is a finding.
    pub finding: bool,
}

/// Judges a day. `manual` are the day's samples, in any order.
///
/// # Errors
/// As [`Question::resolve`] and [`Series::over`], a unit that does not convert, a factor of air, samples of another day or twice at once.
pub fn judge_day(
    rules: &Discharge,
    outlet: &OutletLimits,
    series: &Series,
    manual: &[ManualSample],
    (day, facts): (Date, &Facts),
) -> Result<WaterDay, DischargeError> {
    let factor = series.factor(rules)?;
    if factor.medium != Medium::Water {
        return Err(DischargeError::WrongMedium { factor: series.factor.clone(), wanted: Medium::Water });
    }
    let question = Question { rules, outlet, factor: &series.factor, day, facts };
    let (deciding, limit) = (question.deciding()?, question.resolve(Averaging::Day)?);
    let bound = limit.binding().ok().map(|b| &b.limit);
    let water = Water { rules, series, mean: factor.mean, limit: bound };
    let samples = Samples::of(rules, series, manual, day)?;
    let (hours, coverage) = water.hours(&series.over(Span::Day { day })?, &samples, &limit)?;
    let sums = Sums::of(&hours);
    let share = percent((coverage.valid + sums.filled).into(), coverage.due().into());
    let needed = &rules.parameters.water_day_coverage_min;
    let gap = gap(&hours, &coverage, share, needed.value);
    let mean = sums.mean(factor.mean).filter(|_| gap.is_none());
    let outcome = gap.unwrap_or_else(|| day_outcome(&limit, &sums, mean));
    Ok(WaterDay {
        day,
        factor: series.factor.clone(),
        unit: bound.map_or(series.unit, |l| l.unit),
        mean_by: factor.mean,
        mean_cite: factor.cite.clone(),
        comparison: COMPARISON,
        percent: share,
        needed: needed.clone(),
        manual: samples.usage(sums.filled),
        volume_m3: (factor.mean == Mean::FlowWeighted).then_some(sums.volume),
        mean,
        low: sums.low,
        high: sums.high,
        finding: outcome.exceeds(),
        deciding,
        limit,
        coverage,
        hours,
        outcome,
    })
}

/// What is needed to make hours of a day.
struct Water<'a> {
    rules: &'a Discharge,
    series: &'a Series,
    mean: Mean,
    limit: Option<&'a EmissionLimit>,
}

impl Water<'_> {
    fn hours(
        &self,
        hours: &[OutletHour],
        samples: &Samples,
        limit: &Resolved,
    ) -> Result<(Vec<WaterHour>, Coverage), DischargeError> {
        let (mut out, mut coverage) = (Vec::with_capacity(hours.len()), Coverage::default());
        for hour in hours {
            let state = self.state(hour);
            coverage.count(&state, hour);
            let outcome = self.warned(&state, limit)?;
            let (value, manual) = match &state {
                HourState::Valid(value) => (Some(self.in_unit(*value)?), None),
                _ => self.filled(hour, &state, samples)?,
            };
            let volume_m3 = hour.volume.number(self.rules);
            out.push(WaterHour { start: hour.start, value, manual, volume_m3, outcome });
        }
        Ok((out, coverage))
    }

    /// A value without its volume cannot be weighted.
    fn state(&self, hour: &OutletHour) -> HourState {
        match HourState::of(hour, self.rules) {
            HourState::Valid(_) if self.unweighted(hour) => HourState::Invalid(Reason::NoFlow.to_string()),
            state => state,
        }
    }

    fn unweighted(&self, hour: &OutletHour) -> bool {
        self.mean == Mean::FlowWeighted && hour.volume.number(self.rules).is_none()
    }

    fn filled(
        &self,
        hour: &OutletHour,
        state: &HourState,
        samples: &Samples,
    ) -> Result<(Option<Decimal>, Option<DateTime>), DischargeError> {
        let fillable = match state {
            HourState::Marked(mark) => !self.rules.mark(*mark).measured,
            HourState::Invalid(_) | HourState::Missing => true,
            HourState::NotDue(_) | HourState::Valid(_) => false,
        };
        match samples.nearest(hour.start).filter(|_| fillable && !self.unweighted(hour)) {
            Some((at, value)) => Ok((Some(self.in_unit(value)?), Some(at))),
            None => Ok((None, None)),
        }
    }

    fn warned(&self, state: &HourState, limit: &Resolved) -> Result<Outcome, DischargeError> {
        Ok(match (state, limit.binding()) {
            (HourState::NotDue(mark) | HourState::Marked(mark), _) => Outcome::marked(*mark),
            (HourState::Invalid(flag), _) => Outcome::NotJudged(Reason::Invalid { flag: flag.clone() }),
            (HourState::Missing, _) => Outcome::NotJudged(Reason::Missing),
            (HourState::Valid(_), Err(why)) => Outcome::NotJudged(why),
            (HourState::Valid(value), Ok(b)) => hold(self.in_unit(*value)?, &b.limit).warned(),
        })
    }

    fn in_unit(&self, value: Decimal) -> Result<Decimal, DischargeError> {
        let Some(limit) = self.limit else { return Ok(value) };
        Quantity { value, unit: self.series.unit }.in_unit(limit.unit).map_err(|mismatch| DischargeError::Unit {
            factor: self.series.factor.clone(),
            at: limit.cite.clone(),
            mismatch,
        })
    }
}

/// The manual samples of a day, when they may fill.
struct Samples {
    given: bool,
    below_detection: u32,
    values: BTreeMap<DateTime, Decimal>,
    refused: Option<String>,
    reach_h: Decimal,
    cite: String,
}

impl Samples {
    fn of(rules: &Discharge, series: &Series, manual: &[ManualSample], day: Date) -> Result<Self, DischargeError> {
        let (mut values, mut below_detection) = (BTreeMap::new(), 0);
        for sample in manual {
            let (what, at) = (format!("{}, manual sample", series.factor), sample.at.to_string());
            sample.value.inside(&what, &sample.at)?;
            if sample.at.date() != day {
                return Err(DischargeError::Off { what, at, stretch: "within the day" });
            }
            let Some(value) = sample.value.number(rules) else { continue };
            if values.insert(sample.at, value).is_some() {
                return Err(DischargeError::Twice { what, at });
            }
            below_detection += u32::from(matches!(sample.value, Measured::BelowDetection { .. }));
        }
        let (least, gap) = (&rules.parameters.manual_samples_min, &rules.parameters.manual_gap_max);
        let refused = refused(&values, least.value, gap.value);
        let cite = format!("{}; {}", least.cite, gap.cite);
        Ok(Self { given: !manual.is_empty(), below_detection, values, refused, reach_h: gap.value, cite })
    }

    /// The sample nearest to an hour's middle and within reach; of two as near the earlier. Which one stands for an hour is ours.
    fn nearest(&self, start: DateTime) -> Option<(DateTime, Decimal)> {
        if self.refused.is_some() {
            return None;
        }
        let middle = start.saturating_add(jiff::ToSpan::minutes(30));
        let away = |at: DateTime| hours_between(at.min(middle), at.max(middle));
        let (at, value) = self.values.iter().min_by_key(|(at, _)| (away(**at), **at))?;
        (away(*at) <= self.reach_h).then_some((*at, *value))
    }

    fn usage(self, filled_hours: u32) -> Option<ManualUse> {
        let (samples, below_detection) = (self.values.len() as u32, self.below_detection);
        let (refused, cite) = (self.refused, self.cite);
        self.given.then_some(ManualUse { samples, below_detection, refused, filled_hours, cite })
    }
}

fn refused(values: &BTreeMap<DateTime, Decimal>, least: Decimal, gap: Decimal) -> Option<String> {
    if Decimal::from(values.len()) < least {
        return Some(format!("{} samples, {least} needed", values.len()));
    }
    let times: Vec<DateTime> = values.keys().copied().collect();
    let wide = times.windows(2).find(|pair| hours_between(pair[0], pair[1]) > gap)?;
    Some(format!("more than {gap} h between {} and {}", wide[0], wide[1]))
}

/// Hours from one civil time to a later one of the same day or the next.
fn hours_between(from: DateTime, to: DateTime) -> Decimal {
    Decimal::from(to.duration_since(from).as_secs()) / Decimal::from(3_600)
}

/// Sums over the hours that have a value.
#[derive(Default)]
struct Sums {
    count: u32,
    filled: u32,
    plain: Decimal,
    weighted: Decimal,
    volume: Decimal,
    low: Option<Decimal>,
    high: Option<Decimal>,
}

impl Sums {
    fn of(hours: &[WaterHour]) -> Self {
        let mut sums = Self::default();
        for hour in hours {
            let Some(value) = hour.value else { continue };
            let volume = hour.volume_m3.unwrap_or_default();
            sums.count += 1;
            sums.filled += u32::from(hour.manual.is_some());
            sums.plain += value;
            sums.weighted += value * volume;
            sums.volume += volume;
            sums.low = Some(sums.low.map_or(value, |low| low.min(value)));
            sums.high = Some(sums.high.map_or(value, |high| high.max(value)));
        }
        sums
    }

    /// The day mean; none without hours, and of a flow-weighted one without water.
    fn mean(&self, by: Mean) -> Option<Decimal> {
        let mean = match by {
            Mean::FlowWeighted => self.weighted.checked_div(self.volume),
            Mean::Arithmetic => self.plain.checked_div(self.count.into()),
        };
        mean.map(|m| m.normalize())
    }
}

/// Why the day as a whole has no value that could be judged.
fn gap(hours: &[WaterHour], coverage: &Coverage, share: Option<Decimal>, needed: Decimal) -> Option<Outcome> {
    let first = |mark: fn(&Outcome) -> Option<OperatorMark>| hours.iter().find_map(|h| mark(&h.outcome));
    let marked = first(|o| if let Outcome::Marked { mark, .. } = o { Some(*mark) } else { None });
    let filled = hours.iter().any(|h| h.manual.is_some());
    match (share, marked) {
        (None, Some(mark)) => Some(Outcome::marked(mark)),
        (Some(_), Some(mark)) if coverage.marked == coverage.due() && !filled => Some(Outcome::marked(mark)),
        (Some(share), _) if share < needed => {
            Some(Outcome::NotJudged(Reason::LowCoverage { percent: round_gbt8170(share, 2), needed }))
        }
        _ => None,
    }
}

fn day_outcome(limit: &Resolved, sums: &Sums, mean: Option<Decimal>) -> Outcome {
    let limit = match limit.binding() {
        Ok(binding) => &binding.limit,
        Err(why) => return Outcome::NotJudged(why),
    };
    match (limit.bound, mean, sums.low.zip(sums.high)) {
        (Bound::Between { .. }, _, Some((low, high))) => {
            [hold(low, limit), hold(high, limit)].into_iter().find(Outcome::exceeds).unwrap_or(Outcome::Within)
        }
        (_, Some(mean), _) => hold(mean, limit),
        (_, None, Some(_)) => Outcome::NotJudged(Reason::ZeroFlow),
        (_, None, None) => Outcome::NotJudged(Reason::Missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{day, listed, measured, rules, series};
    use proptest::prelude::*;

    const PLANT: &str = "DB33/2169-2018 | existing | all; GB 18918-2002 | municipal | 1A";

    fn of(factor: &str, unit: Unit, text: &str, manual: &str) -> Result<WaterDay, DischargeError> {
        let series = series(factor, unit, "2026-05-04 00", text);
        let sample = |item: &str| {
            let (hour, value) = item.split_once('=').expect("hour=value");
            let at = day("2026-05-04").at(hour.parse().expect("an hour"), 0, 0, 0);
            ManualSample { at, value: measured(value) }
        };
        let manual: Vec<ManualSample> = manual.split_whitespace().map(sample).collect();
        judge_day(rules(), &listed(PLANT), &series, &manual, (day("2026-05-04"), &Facts::default()))
    }

    fn word(outcome: &Outcome) -> String {
        let times = |t: &Option<Decimal>| t.map_or("-".into(), |t| t.round_dp(3).normalize().to_string());
        match outcome {
            Outcome::Within => "within".into(),
            Outcome::Exceeds { times_over } => format!("exceeds {}", times(times_over)),
            Outcome::EarlyWarning { times_over } => format!("warning {}", times(times_over)),
            Outcome::Marked { zh, .. } => (*zh).into(),
            Outcome::NotJudged(reason) => reason.to_string(),
        }
    }

    fn show(got: Result<WaterDay, DischargeError>) -> String {
        got.map_or_else(
            |e| e.to_string(),
            |d| {
                let mean = d.mean.map_or("-".into(), |m| m.round_dp(3).normalize().to_string());
                assert_eq!(d.finding, d.outcome.exceeds());
                format!("{} | {mean} | {}", word(&d.hours[0].outcome), word(&d.outcome))
            },
        )
    }

    /// First hour, day mean, day.
    fn check(factor: &str, text: &str, manual: &str, expected: &str) {
        let unit = if factor == "w01001" { Unit::Ph } else { Unit::MgPerL };
        assert_eq!(show(of(factor, unit, text, manual)), expected, "{factor} {text} {manual}");
    }

    #[test]
    fn the_day_mean_is_weighted_by_flow() {
        check("w01018", "24x40*10", "", "within | 40 | within");
        // (60 * 30 + 20 * 10 * 23)/(30 + 10 * 23) = (1800 + 4600)/260 = 24.615: the hour warns, the day keeps
        check("w01018", "60*30 23x20*10", "", "warning 0.5 | 24.615 | within");
        // (100 * 100 + 30 * 230)/330 = 16900/330 = 51.212; arithmetic it would be 32.9. (51.212 - 40)/40 = 0.280
        check("w01018", "100*100 23x30*10", "", "warning 1.5 | 51.212 | exceeds 0.28");
        check("w01018", "24x40*0", "", "within | - | no water flowed, and no mark says so");
        check("w01018", "24x30", "", "invalid: no flow | - | coverage 0 %, 75 % needed");
    }

    #[test]
    fn a_day_needs_its_share_of_due_hours() {
        // 18 of 24 = 75 %
        check("w01018", "18x30*10 6x-", "", "within | 30 | within");
        check("w01018", "17x30*10 7x-", "", "within | - | coverage 70.83 %, 75 % needed");
        // hours without discharge are not due: 9 of 12
        check("w01018", "9x30*10 3x- 12x!no_discharge:-", "", "within | 30 | within");
        check("w01018", "24x!no_discharge:-", "", "无排放 | - | 无排放");
        check("w01018", "24x!maintenance:90*10", "", "维护 | - | 维护");
        check("w01018", "6x!calibration:900*10 18x30*10", "", "校准 | 30 | within");
        check("w01018", "24x-", "", "missing | - | coverage 0 %, 75 % needed");
    }

    #[test]
    fn the_ph_of_every_hour_counts_against_the_range() {
        check("w01001", "24x7.5", "", "within | 7.5 | within");
        check("w01001", "12x9.01 12x7", "", "warning - | 8.005 | exceeds -");
        check("w01001", "23x9 6", "", "within | 8.875 | within");
        check("w01001", "23x9 5.99", "", "within | 8.875 | exceeds -");
        check("w01001", "9.5 10x7 13x-", "", "warning - | - | coverage 45.83 %, 75 % needed");
    }

    #[test]
    fn manual_samples_fill_when_there_are_enough_and_close_enough() {
        let lost = "12x30*10 12x-*10";
        check("w01018", lost, "", "within | - | coverage 50 %, 75 % needed");
        check("w01018", lost, "5=90 11=90 17=90", "within | - | coverage 50 %, 75 % needed");
        check("w01018", lost, "0=90 6=90 13=90 19=90", "within | - | coverage 50 %, 75 % needed");
        // 12 hours of 30 and 12 filled with 60: 45; (45 - 40)/40 = 0.125
        check("w01018", lost, "3=60 9=60 15=60 21=60", "within | 45 | exceeds 0.125");
        // the middle of hours 12 to 14 is nearer to 12:00; of 15 it is nearer to 18:00
        check("w01018", lost, "0=1 6=1 12=30 18=60", "within | 41.25 | exceeds 0.031");
        check("w01018", "12x30*10 12x-", "3=60 9=60 15=60 21=60", "within | - | coverage 50 %, 75 % needed");
        check("w01018", "12x30*10 12x!out_of_control:-*10", "3=60 9=60 15=60 21=60", "within | 45 | exceeds 0.125");
        // hours 0 to 2 are more than six hours from 09:00 and stay lost: (4 * 60 + 17 * 30)/21
        check("w01018", "7x-*10 17x30*10", "9=60 13=60 17=60 21=60", "missing | 35.714 | within");
        // start-up is a measurement, not judged and not filled; a whole day out of control is filled: (60 - 40)/40
        check("w01018", "6x!start_up:90*10 18x30*10", "3=60 9=60 15=60 21=60", "启动 | 30 | within");
        check("w01018", "24x!out_of_control:-*10", "3=60 9=60 15=60 21=60", "失控 | 60 | exceeds 0.5");
        let d = of("w01018", Unit::MgPerL, lost, "0=90 6=90 13=90 19=90").expect("good").manual.expect("given");
        let refused = "more than 6 h between 2026-05-04T06:00:00 and 2026-05-04T13:00:00";
        assert_eq!((d.samples, d.refused.as_deref(), d.filled_hours), (4, Some(refused), 0));
    }

    #[test]
    fn samples_below_detection_and_odd_ones() {
        // 12 hours of 30 and 12 of half of the detection limit of 4: (30 + 2)/2
        check("w01018", "12x30*10 12x-*10", "3=<4 9=<4 15=<4 21=<4", "within | 16 | within");
        let manual = of("w01018", Unit::MgPerL, "24x30*10", "3=<4 9=8").expect("good").manual.expect("given");
        assert_eq!((manual.samples, manual.below_detection), (2, 1));
        check("w01018", "24x30*10", "3=1 3=1", "w01018, manual sample: 2026-05-04T03:00:00 is there twice");
        let sample = ManualSample { at: day("2026-05-05").at(0, 0, 0, 0), value: measured("1") };
        let series = series("w01018", Unit::MgPerL, "2026-05-04 00", "24x30*10");
        let got = judge_day(rules(), &listed(PLANT), &series, &[sample], (day("2026-05-04"), &Facts::default()));
        let says = "w01018, manual sample: 2026-05-05T00:00:00 does not start within the day";
        assert_eq!(got.expect_err("refused").to_string(), says);
    }

    #[test]
    fn a_limit_that_cannot_be_named_judges_nothing() {
        let national = listed("GB 18918-2002 | municipal | 1A");
        let series = series("w21003", Unit::UgPerL, "2026-05-04 00", "24x6000*10");
        let on = |water: Option<&str>| {
            let facts = Facts { water_celsius: water.map(|t| t.parse().expect("a decimal")), built: None };
            show(judge_day(rules(), &national, &series, &[], (day("2026-05-04"), &facts)))
        };
        assert_eq!(on(None), "not known: water temperature | 6000 | not known: water temperature");
        assert_eq!(on(Some("12")), "within | 6 | within");
        assert_eq!(on(Some("20")), "warning 0.2 | 6 | exceeds 0.2");
        assert_eq!(show(of("a34013", Unit::MgPerM3, "1", "")), "a34013 is no factor of Water");
        let unit = "w01018, DB33/2169-2018, existing plants: pH cannot be given in mg/L";
        assert_eq!(show(of("w01018", Unit::Ph, "24x30*10", "")), unit);
    }

    proptest! {
        #[test]
        fn the_mean_lies_between_the_hours_and_coverage_never_passes_the_whole(hours in proptest::collection::vec((0u32..200, 1u32..1_000), 18..=24)) {
            let text: Vec<String> = hours.iter().map(|(c, q)| format!("{c}*{q}")).collect();
            let d = of("w01018", Unit::MgPerL, &text.join(" "), "0=1 6=1 12=1 18=1").expect("good");
            let mean = d.mean.expect("enough hours");
            prop_assert!(d.low.expect("some") <= mean && mean <= d.high.expect("some"));
            prop_assert!(d.percent.expect("due") <= Decimal::ONE_HUNDRED);
            prop_assert!(!d.hours.iter().any(|h| h.outcome.exceeds()), "an hour is never a finding");
        }
    }
}
