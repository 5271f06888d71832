//! Days and months of a stack (HJ 75-2017): hour means, folded to the limit's oxygen, against the limits that bind.
//!
//! What makes a finding is data ([`Decides`]): the hour, the day (waste incineration), or the share of the month's hours (steel,
//! ultra-low). What does not decide is at most an early warning. An hour under an operator's mark is reported and not judged; an
//! unmarked exceedance counts. Values are in the limit's unit, at its reference oxygen.

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::Serialize;

use super::binding::{Deciding, OutletLimits, Question, Resolved};
use super::oxygen::{Folding, fold};
use super::series::{Basis, Coverage, HourState, OutletHour, Series, Span};
use super::{COMPARISON, DischargeError, Outcome, Reason, hold, percent};
use crate::standard::discharge::{Averaging, Decides, Discharge, EmissionLimit, Facts, Medium, ReferenceOxygen};
use crate::unit::{Quantity, Unit};

/// One hour of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirHour {
    /// Start, civil time.
    pub start: DateTime,
    /// What was held against the limit, and how it came about; none without a value.
    pub folding: Option<Folding>,
    /// The hour against the hour limit.
    pub outcome: Outcome,
}

/// One day of one factor of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirDay {
    /// The day.
    pub day: Date,
    /// Factor code.
    pub factor: String,
    /// Unit of values: the limit's.
    pub unit: Unit,
    /// How it was done.
    pub method: &'static str,
    /// What decides.
    pub deciding: Deciding,
    /// The hour limit.
    pub hour_limit: Option<Resolved>,
    /// The day limit.
    pub day_limit: Option<Resolved>,
    /// Hours by what they are.
    pub coverage: Coverage,
    /// Whether enough hours are valid for a day mean.
    pub valid: bool,
    /// Valid hours needed, with clause.
    pub needed: Decimal,
    /// Clause of the count.
    pub needed_cite: String,
    /// Hours.
    pub hours: Vec<AirHour>,
    /// Hours that are findings or warnings: unmarked and beyond the hour limit.
    pub hours_beyond: u32,
    /// Mean of the valid hours at the day limit's oxygen, unrounded; none when the day is not valid.
    pub mean: Option<Decimal>,
    /// The mean against the day limit.
    pub outcome: Outcome,
    /// Whether this day is a finding by what decides.
    pub finding: bool,
}

const METHOD: &str = "hour means folded to the limit's oxygen, arithmetic mean of valid unmarked hours; full values compared (GB/T 8170), \
     bounds inclusive";

/// Judges a day.
///
/// # Errors
/// As [`Question::resolve`], as [`Series::over`], a unit that does not convert, a factor of water, and when the limit is at a reference oxygen
/// and the series has no oxygen at all.
pub fn judge_day(
    rules: &Discharge,
    outlet: &OutletLimits,
    series: &Series,
    day: Date,
    facts: &Facts,
) -> Result<AirDay, DischargeError> {
    if series.factor(rules)?.medium != Medium::Air {
        return Err(DischargeError::WrongMedium { factor: series.factor.clone(), wanted: Medium::Air });
    }
    let question = Question { rules, outlet, factor: &series.factor, day, facts };
    let deciding = question.deciding()?;
    let (hour_limit, day_limit) = limits(&question, deciding.decides)?;
    let hours = series.over(Span::Day { day })?;
    let stack = Stack { rules, series, hours: &hours };
    let seen = stack.hours(hour_limit.as_ref(), deciding.decides == Decides::Hour)?;
    let needed = &rules.parameters.air_day_hours_min;
    let (coverage, mean) = stack.mean(day_limit.as_ref().or(hour_limit.as_ref()))?;
    let valid = Decimal::from(coverage.valid) >= needed.value;
    let mean = mean.filter(|_| valid);
    let outcome = day_outcome(day_limit.as_ref(), mean, &coverage, needed.value);
    let outcome = if deciding.decides == Decides::Day { outcome } else { outcome.warned() };
    let beyond = |h: &&AirHour| matches!(h.outcome, Outcome::Exceeds { .. } | Outcome::EarlyWarning { .. });
    Ok(AirDay {
        day,
        factor: series.factor.clone(),
        unit: unit(day_limit.as_ref(), hour_limit.as_ref()).unwrap_or(series.unit),
        method: METHOD,
        hours_beyond: seen.iter().filter(beyond).count() as u32,
        finding: outcome.exceeds() || seen.iter().any(|h| h.outcome.exceeds()),
        needed: needed.value,
        needed_cite: needed.cite.clone(),
        hours: seen,
        deciding,
        hour_limit,
        day_limit,
        coverage,
        valid,
        mean,
        outcome,
    })
}

/// Hour and day limit; that which decides must be there.
fn limits(question: &Question<'_>, decides: Decides) -> Result<(Option<Resolved>, Option<Resolved>), DischargeError> {
    let (hour, day) = (Averaging::Hour, Averaging::Day);
    match decides {
        Decides::Day => Ok((question.resolve_any(hour)?, Some(question.resolve(day)?))),
        Decides::Hour | Decides::MonthShare { .. } => Ok((Some(question.resolve(hour)?), question.resolve_any(day)?)),
    }
}

fn unit(day: Option<&Resolved>, hour: Option<&Resolved>) -> Option<Unit> {
    [day, hour].into_iter().flatten().find_map(|r| r.binding().ok()).map(|b| b.limit.unit)
}

fn day_outcome(limit: Option<&Resolved>, mean: Option<Decimal>, coverage: &Coverage, needed: Decimal) -> Outcome {
    let Some(limit) = limit else { return Outcome::NotJudged(Reason::NoLimit) };
    match (limit.binding(), mean) {
        (Err(why), _) => Outcome::NotJudged(why),
        (Ok(_), None) => Outcome::NotJudged(Reason::TooFew { valid: coverage.valid, needed }),
        (Ok(binding), Some(mean)) => hold(mean, &binding.limit),
    }
}

/// The hours of a day with what is needed to judge them.
struct Stack<'a> {
    rules: &'a Discharge,
    series: &'a Series,
    hours: &'a [OutletHour],
}

impl Stack<'_> {
    /// Each hour against the hour limit.
    fn hours(&self, limit: Option<&Resolved>, decides: bool) -> Result<Vec<AirHour>, DischargeError> {
        let binding = limit.map_or(Err(Reason::NoLimit), Resolved::binding);
        if let Ok(binding) = &binding {
            self.oxygen_somewhere(&binding.limit)?;
        }
        let mut out = Vec::with_capacity(self.hours.len());
        for hour in self.hours {
            let (folding, outcome) = match &binding {
                Ok(binding) => self.hour(hour, &binding.limit)?,
                Err(why) => (None, self.unlimited(hour, why)),
            };
            let outcome = if decides { outcome } else { outcome.warned() };
            out.push(AirHour { start: hour.start, folding, outcome });
        }
        Ok(out)
    }

    fn hour(&self, hour: &OutletHour, limit: &EmissionLimit) -> Result<(Option<Folding>, Outcome), DischargeError> {
        let folding = self.folded(hour, limit)?;
        let outcome = match (HourState::of(hour, self.rules), folding.as_ref().map(Folding::value)) {
            (HourState::NotDue(mark) | HourState::Marked(mark), _) => Outcome::marked(mark),
            (HourState::Invalid(flag), _) => Outcome::NotJudged(Reason::Invalid { flag }),
            (HourState::Missing, _) | (HourState::Valid(_), None) => Outcome::NotJudged(Reason::Missing),
            (HourState::Valid(_), Some(Err(why))) => Outcome::NotJudged(Reason::NotFolded { why }),
            (HourState::Valid(_), Some(Ok(value))) => hold(value, limit),
        };
        Ok((folding, outcome))
    }

    fn unlimited(&self, hour: &OutletHour, why: &Reason) -> Outcome {
        match HourState::of(hour, self.rules) {
            HourState::NotDue(mark) | HourState::Marked(mark) => Outcome::marked(mark),
            _ => Outcome::NotJudged(why.clone()),
        }
    }

    /// The value in the limit's unit and at its oxygen.
    fn folded(&self, hour: &OutletHour, limit: &EmissionLimit) -> Result<Option<Folding>, DischargeError> {
        let Some(value) = hour.value.number(self.rules) else { return Ok(None) };
        let value = Quantity { value, unit: self.series.unit }.in_unit(limit.unit).map_err(|mismatch| {
            DischargeError::Unit { factor: self.series.factor.clone(), at: limit.cite.clone(), mismatch }
        })?;
        Ok(Some(match self.series.basis {
            Basis::Folded => Folding::ByDevice { value },
            Basis::Measured => fold(&self.rules.parameters, value, hour.oxygen, limit.oxygen, hour.mark),
        }))
    }

    /// A single hour without oxygen is not judged; a series without any lacks what the limit needs.
    fn oxygen_somewhere(&self, limit: &EmissionLimit) -> Result<(), DischargeError> {
        let folds = self.series.basis == Basis::Measured && matches!(limit.oxygen, ReferenceOxygen::Percent { .. });
        let valued = || self.hours.iter().any(|h| matches!(HourState::of(h, self.rules), HourState::Valid(_)));
        if folds && valued() && self.series.hours.iter().all(|h| h.oxygen.is_none()) {
            let (factor, cite) = (self.series.factor.clone(), limit.cite.clone());
            return Err(DischargeError::MissingOxygen { factor, cite });
        }
        Ok(())
    }

    /// Mean of the valid hours; an hour that cannot be folded is invalid.
    fn mean(&self, limit: Option<&Resolved>) -> Result<(Coverage, Option<Decimal>), DischargeError> {
        let limit = limit.and_then(|l| l.binding().ok()).map(|b| &b.limit);
        let (mut coverage, mut sum) = (Coverage::default(), Decimal::ZERO);
        if let Some(limit) = limit {
            self.oxygen_somewhere(limit)?;
        }
        for hour in self.hours {
            let mut state = HourState::of(hour, self.rules);
            if let (HourState::Valid(_), Some(limit)) = (&state, limit) {
                match self.folded(hour, limit)?.as_ref().map(Folding::value) {
                    Some(Ok(value)) => sum += value,
                    Some(Err(why)) => state = HourState::Invalid(why.to_string()),
                    None => {}
                }
            }
            coverage.count(&state, hour);
        }
        let mean = limit.and_then(|_| sum.checked_div(coverage.valid.into())).map(|m| m.normalize());
        Ok((coverage, mean))
    }
}

/// One month of one factor of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirMonth {
    /// First day of the month.
    pub month: Date,
    /// Factor code.
    pub factor: String,
    /// Unit of the mean.
    pub unit: Unit,
    /// Hour limits that bound its days.
    pub limits: Vec<String>,
    /// What decides on its last day.
    pub deciding: Deciding,
    /// How values are compared.
    pub comparison: &'static str,
    /// Valid days.
    pub valid_days: u32,
    /// Valid days needed.
    pub needed: Decimal,
    /// Clause of the count.
    pub needed_cite: String,
    /// Whether they suffice.
    pub valid: bool,
    /// Mean of the valid days, unrounded; none when the month is not valid.
    pub mean: Option<Decimal>,
    /// Hours that were judged: unmarked and valid.
    pub judged_hours: u32,
    /// Those that keep the hour limit.
    pub within_hours: u32,
    /// Their share in per cent, unrounded, never above 100; none without a judged hour.
    pub share_percent: Option<Decimal>,
    /// Hours under an operator's mark.
    pub marked_hours: u32,
    /// The share against what is needed, when that decides.
    pub outcome: Outcome,
}

/// Judges a month from its days.
///
/// # Errors
/// When the days are none, are of different months or factors, or one is there twice.
pub fn judge_month(rules: &Discharge, days: &[AirDay]) -> Result<AirMonth, DischargeError> {
    let last = days.iter().max_by_key(|d| d.day).ok_or(DischargeError::MixedDays)?;
    same_month(days, last)?;
    let p = &rules.parameters;
    let needed = if last.day.month() == 2 { &p.air_february_days_min } else { &p.air_month_days_min };
    let means: Vec<Decimal> = days.iter().filter_map(|d| d.mean).collect();
    let valid_days = days.iter().filter(|d| d.valid).count() as u32;
    let valid = Decimal::from(valid_days) >= needed.value;
    let (judged, within, marked) = tally(days);
    let share = percent(within.into(), judged.into());
    let mean = means.iter().sum::<Decimal>().checked_div(means.len().into()).filter(|_| valid);
    let too_few = Reason::TooFew { valid: valid_days, needed: needed.value };
    Ok(AirMonth {
        month: last.day.first_of_month(),
        factor: last.factor.clone(),
        unit: last.unit,
        limits: bound_by(days),
        deciding: last.deciding.clone(),
        comparison: COMPARISON,
        valid_days,
        needed: needed.value,
        needed_cite: needed.cite.clone(),
        valid,
        mean: mean.map(|m| m.normalize()),
        judged_hours: judged,
        within_hours: within,
        share_percent: share,
        marked_hours: marked,
        outcome: month_outcome(days, last.deciding.decides, share, (!valid).then_some(too_few)),
    })
}

fn same_month(days: &[AirDay], last: &AirDay) -> Result<(), DischargeError> {
    let month = last.day.first_of_month();
    let mut seen = std::collections::BTreeSet::new();
    for d in days {
        if (&d.factor, d.unit, d.day.first_of_month()) != (&last.factor, last.unit, month) {
            return Err(DischargeError::MixedDays);
        }
        if !seen.insert(d.day) {
            return Err(DischargeError::Twice { what: d.factor.clone(), at: d.day.to_string() });
        }
    }
    Ok(())
}

/// Judged hours, those within, marked ones.
fn tally(days: &[AirDay]) -> (u32, u32, u32) {
    let (mut judged, mut within, mut marked) = (0, 0, 0);
    for hour in days.iter().flat_map(|d| &d.hours) {
        match hour.outcome {
            Outcome::Within => (judged, within) = (judged + 1, within + 1),
            Outcome::Exceeds { .. } | Outcome::EarlyWarning { .. } => judged += 1,
            Outcome::Marked { .. } => marked += 1,
            Outcome::NotJudged(_) => {}
        }
    }
    (judged, within, marked)
}

fn bound_by(days: &[AirDay]) -> Vec<String> {
    let of = |d: &AirDay| d.hour_limit.as_ref().map(ToString::to_string);
    let mut out: Vec<String> = days.iter().filter_map(of).collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// The share against what is needed. Days of which something else decides, or another share, make no month of shares.
fn month_outcome(days: &[AirDay], decides: Decides, share: Option<Decimal>, too_few: Option<Reason>) -> Outcome {
    let needed = match decides {
        Decides::MonthShare { at_least } if days.iter().all(|d| d.deciding.decides == decides) => at_least,
        _ => return Outcome::NotJudged(Reason::NotDeciding),
    };
    match (too_few, share) {
        (Some(reason), _) => Outcome::NotJudged(reason),
        (None, None) => Outcome::NotJudged(Reason::Missing),
        (None, Some(share)) if share >= needed => Outcome::Within,
        (None, Some(_)) => Outcome::Exceeds { times_over: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{day, listed, rules, series};
    use proptest::prelude::*;

    const BOILER: &str = "GB 13271-2014 | coal_boiler | new";
    const INCINERATOR: &str = "GB 18485-2014 | incinerator | all";
    const SINTER: &str = "steel ultra-low | sinter_head | all";

    fn of(list: &str, text: &str, on: &str) -> Result<AirDay, DischargeError> {
        let series = series("a34013", Unit::MgPerM3, &format!("{on} 00"), text);
        judge_day(rules(), &listed(list), &series, day(on), &Facts::default())
    }

    fn word(outcome: &Outcome) -> String {
        match outcome {
            Outcome::Within => "within".into(),
            Outcome::Exceeds { times_over } => format!("exceeds {}", times(*times_over)),
            Outcome::EarlyWarning { times_over } => format!("warning {}", times(*times_over)),
            Outcome::Marked { zh, .. } => (*zh).into(),
            Outcome::NotJudged(reason) => reason.to_string(),
        }
    }

    fn times(t: Option<Decimal>) -> String {
        t.map_or("-".into(), |t| t.round_dp(2).normalize().to_string())
    }

    /// First hour, hours beyond, mean and day's outcome, finding.
    fn check(list: &str, text: &str, expected: &str) {
        let got = of(list, text, "2026-05-04").map_or_else(
            |e| e.to_string(),
            |d| {
                let finding = if d.finding { "finding" } else { "-" };
                format!(
                    "{} | {} | {} {} | {finding}",
                    word(&d.hours[0].outcome),
                    d.hours_beyond,
                    times(d.mean),
                    word(&d.outcome)
                )
            },
        );
        assert_eq!(got, expected, "{list} {text}");
    }

    #[test]
    fn hours_decide_for_a_boiler() {
        // 50 at 9 % is at the limit; 40 at 12 %: 40 * 12/9 = 53.33, (53.33 - 50)/50 = 0.07
        check(BOILER, "24x50@9", "within | 0 | 50 no limit for it | -");
        check(BOILER, "40@12 23x50@9", "exceeds 0.07 | 1 | 50.14 no limit for it | finding");
        check(BOILER, "!start_up:90@12 23x30@9", "启动 | 0 | 30 no limit for it | -");
        check(BOILER, "90@20.9 23x30@9", "not folded: oxygen 20.9 % is not below 20.9 % | 0 | 30 no limit for it | -");
        check(BOILER, "90 23x30@9", "not folded: no oxygen measured | 0 | 30 no limit for it | -");
        check(BOILER, "?D 23x30@9", "invalid: D | 0 | 30 no limit for it | -");
        check(BOILER, ". 19x30@9", "missing | 0 | - no limit for it | -");
        check(
            BOILER,
            "24x30",
            "a34013, GB 13271-2014, coal-fired boiler, new: at reference oxygen, and no hour has its oxygen",
        );
        check(BOILER, "24x-", "missing | 0 | - no limit for it | -");
    }

    #[test]
    fn days_decide_for_an_incinerator_and_its_hours_only_warn() {
        // hours 31 beyond 30: a warning. Mean (31 + 23 * 10)/24 = 10.875
        check(INCINERATOR, "31@11 23x10@11", "warning 0.03 | 1 | 10.88 within | -");
        // 24 hours of 21 keep the hour limit and not the day's: (21 - 20)/20
        check(INCINERATOR, "24x21@11", "within | 0 | 21 exceeds 0.05 | finding");
        // twenty valid hours are needed
        check(INCINERATOR, "20x21@11 4x-", "within | 0 | 21 exceeds 0.05 | finding");
        check(INCINERATOR, "19x21@11 5x!start_up:99@11", "within | 0 | - 19 valid, 20 needed | -");
    }

    #[test]
    fn where_the_reference_oxygen_is_not_known_nothing_is_judged() {
        check(
            "steel ultra-low | pellet | all",
            "24x99@16",
            "not folded: reference oxygen not confirmed | 0 | - no limit for it | -",
        );
    }

    fn month(first: &str, days: &[(&str, usize)]) -> Result<AirMonth, DischargeError> {
        let (mut at, mut all) = (day(first), Vec::new());
        for (text, count) in days {
            for _ in 0..*count {
                all.push(of(SINTER, text, &at.to_string())?);
                at = at.tomorrow().expect("a day");
            }
        }
        judge_month(rules(), &all)
    }

    fn check_month(first: &str, days: &[(&str, usize)], expected: &str) {
        let got = month(first, days).map_or_else(
            |e| e.to_string(),
            |m| format!("{}/{} {} days {}", m.within_hours, m.judged_hours, m.valid_days, word(&m.outcome)),
        );
        assert_eq!(got, expected);
    }

    #[test]
    fn steel_is_judged_by_the_share_of_the_months_hours() {
        let (good, bad) = ("24x10@16", "24x11@16");
        // 29 of 30 days of 24 hours and 12 hours of one: 708/720 = 98.3 %
        check_month("2026-04-01", &[(good, 29), ("12x10@16 12x11@16", 1)], "708/720 30 days within");
        // exactly 95 %: 684 of 720 hours: 28 days (672) and 12 more
        check_month("2026-04-01", &[(good, 28), ("12x10@16 12x11@16", 1), (bad, 1)], "684/720 30 days within");
        check_month("2026-04-01", &[(good, 28), ("11x10@16 13x11@16", 1), (bad, 1)], "683/720 30 days exceeds -");
        // marked hours are not in the share
        check_month("2026-04-01", &[(good, 28), ("24x!fault:99@16", 2)], "672/672 28 days within");
        check_month("2026-04-01", &[(good, 24), ("24x-", 6)], "576/576 24 days 24 valid, 25 needed");
        check_month("2026-02-01", &[(good, 23), ("24x-", 5)], "552/552 23 days within");
        check_month("2026-02-01", &[(good, 22), ("24x-", 6)], "528/528 22 days 22 valid, 23 needed");
        check_month("2026-04-30", &[(good, 2)], "the days are not of one factor and one month");
        check_month("2026-04-30", &[], "the days are not of one factor and one month");
    }

    #[test]
    fn a_day_of_the_sinter_plant_is_no_finding_by_itself() {
        check(SINTER, "11@16 23x10@16", "warning 0.1 | 1 | 10.04 no limit for it | -");
    }

    fn d_of_boiler() -> AirDay {
        of(BOILER, "24x30@9", "2026-05-04").expect("good")
    }

    #[test]
    fn a_month_of_a_boiler_is_not_judged_by_a_share() {
        let d = d_of_boiler();
        let twice = judge_month(rules(), &[d.clone(), d.clone()]).expect_err("refused");
        assert_eq!(twice.to_string(), "a34013: 2026-05-04 is there twice");
        let month = judge_month(rules(), &[d]).expect("good");
        assert_eq!(month.outcome, Outcome::NotJudged(Reason::NotDeciding));
        assert_eq!(month.limits, ["GB 13271-2014 <= 50"]);
        let mut days = vec![of(SINTER, "24x10@16", "2026-05-03").expect("good"), d_of_boiler()];
        assert_eq!(judge_month(rules(), &days).expect("good").outcome, Outcome::NotJudged(Reason::NotDeciding));
        // the same with the sinter plant's day as the last
        days[1].day = day("2026-05-02");
        assert_eq!(judge_month(rules(), &days).expect("good").outcome, Outcome::NotJudged(Reason::NotDeciding));
    }

    #[test]
    fn values_folded_by_the_device_are_not_folded_again() {
        let mut folded = series("a34013", Unit::UgPerM3, "2026-05-04 00", "24x51000@19");
        folded.basis = Basis::Folded;
        let d = judge_day(rules(), &listed(BOILER), &folded, day("2026-05-04"), &Facts::default()).expect("good");
        assert_eq!((d.hours_beyond, d.mean, d.unit), (24, Some(51.into()), Unit::MgPerM3));
        let water = series("w01018", Unit::MgPerL, "2026-05-04 00", "1");
        let wrong = judge_day(rules(), &listed(BOILER), &water, day("2026-05-04"), &Facts::default());
        assert_eq!(wrong.expect_err("refused").to_string(), "w01018 is no factor of Air");
        folded.unit = Unit::MgPerL;
        let unit = judge_day(rules(), &listed(BOILER), &folded, day("2026-05-04"), &Facts::default());
        let says = "a34013, GB 13271-2014, coal-fired boiler, new: mg/L cannot be given in mg/m3";
        assert_eq!(unit.expect_err("refused").to_string(), says);
    }

    proptest! {
        #[test]
        fn the_mean_lies_between_the_hours_and_the_share_never_passes_the_whole(values in proptest::collection::vec(0u32..100, 20..=24)) {
            let text: Vec<String> = values.iter().map(|v| format!("{v}@16")).collect();
            let d = of(SINTER, &text.join(" "), "2026-05-04").expect("good");
            let mean = d.mean.expect("twenty hours");
            prop_assert!(Decimal::from(*values.iter().min().expect("some")) <= mean);
            prop_assert!(mean <= Decimal::from(*values.iter().max().expect("some")));
            prop_assert!(d.coverage.percent().expect("due") <= Decimal::ONE_HUNDRED);
            let month = judge_month(rules(), &[d]).expect("good");
            prop_assert!(month.share_percent.expect("judged") <= Decimal::ONE_HUNDRED);
            prop_assert_eq!(month.judged_hours as usize, values.len());
        }
    }
}
