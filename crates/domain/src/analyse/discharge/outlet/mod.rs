//! An outlet over a day, a month, a quarter or a year (排放口评价): each factor's days held against what binds them, loads with their
//! coverage, and what of it came.
//!
//! What is counted is what decides: days of water and of stacks that are judged by days, hours of other stacks. A day of water is judged
//! by its mean, an hour of a stack folded to the oxygen of its limit. Months of stacks are judged by [`judge_month`].
//! What cannot be judged says why, by the rules' own reasons.

mod seen;
mod why;

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use self::seen::{Seen, State, most};
use super::air::{AirDay, AirMonth, judge_month};
use super::binding::{Binding, OutletLimits, Source, Warning};
use super::mass::{Load, load};
use super::series::{Coverage, HourState, Series, Span};
use super::transmission::{Transmission, transmission};
use super::water::WaterDay;
use super::{DischargeError, Outcome, Reason, air, water};
use crate::standard::Bound;
use crate::standard::discharge::{Averaging, Discharge, Facts, Mean, Medium, ReferenceOxygen};
use crate::unit::Unit;

pub use self::why::Why;

/// Flow of waste water (HJ 212-2017 table B.1).
pub const WATER_FLOW: &str = "w00000";
/// Flow of exhaust gas (HJ 212-2017 table B.2).
pub const GAS_FLOW: &str = "a00000";
/// Oxygen of exhaust gas (HJ 212-2017 table B.2).
pub const OXYGEN: &str = "a19001";
/// Temperature of waste water (HJ 212-2017 table B.1).
const WATER_TEMPERATURE: &str = "w01010";

/// The method that water is judged by; names the edition of an evaluation.
pub const WATER_METHOD: &str = "HJ 356-2019";
/// The method that stacks are judged by.
pub const AIR_METHOD: &str = "HJ 75-2017";

/// What is known of an outlet's flow (流量).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "flow", rename_all = "snake_case")]
pub enum Flow {
    /// The volumes of the hours stand in the series.
    Known,
    /// It has no flow.
    None,
    /// It is not known that the flow is dry and at standard state: no load comes of it.
    NotDry,
    /// The flow's unit is none of flow.
    Unit {
        /// The unit.
        unit: Unit,
    },
}

impl Flow {
    fn why(&self) -> Option<Why> {
        Some(match self {
            Self::Known => return None,
            Self::None => Why::new("no_flow", "the outlet has no flow"),
            Self::NotDry => Why::new("flow_not_dry", "it is not known that the flow is dry and at standard state"),
            Self::Unit { unit } => Why::new("flow_unit", format!("{unit} is no unit of flow")),
        })
    }
}

/// An outlet with its hours.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// Its code.
    pub code: String,
    /// What binds it.
    pub limits: OutletLimits,
    /// When the plant was built.
    pub built: Option<Date>,
    /// Its flow.
    pub flow: Flow,
    /// Hours of each factor, with volumes, oxygen and marks.
    pub series: Vec<Series>,
}

/// What an outlet or one of its factors was (达标判定).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 超标.
    Beyond,
    /// 达标.
    Within,
    /// 不予评价.
    NotJudged,
}

impl Verdict {
    /// The worst of several: beyond, when one is; within, when one is and none is beyond.
    pub fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        let all: Vec<Self> = all.into_iter().collect();
        [Self::Beyond, Self::Within].into_iter().find(|v| all.contains(v)).unwrap_or(Self::NotJudged)
    }

    /// Level of an evaluation: 6 beyond, 1 within, none not judged.
    pub fn level(self) -> Option<i64> {
        match self {
            Self::Beyond => Some(6),
            Self::Within => Some(1),
            Self::NotJudged => None,
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stretch {
    /// 小时.
    Hour,
    /// 日.
    Day,
}

/// Stretches by what they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// Held against a limit.
    pub judged: u32,
    /// Beyond it; hours also where the share of the month decides.
    pub beyond: u32,
    /// Under an operator's mark.
    pub marked: u32,
    /// Not judged.
    pub not_judged: u32,
}

impl Count {
    fn see(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Within => self.judged += 1,
            Outcome::Exceeds { .. } | Outcome::EarlyWarning { .. } => {
                self.judged += 1;
                self.beyond += 1;
            }
            Outcome::Marked { .. } => self.marked += 1,
            Outcome::NotJudged(_) => self.not_judged += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.judged += other.judged;
        self.beyond += other.beyond;
        self.marked += other.marked;
        self.not_judged += other.not_judged;
    }
}

/// A limit that bound some of the span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitUsed {
    /// Over what.
    pub over: Averaging,
    /// Bound.
    pub bound: Bound,
    /// Unit.
    pub unit: Unit,
    /// Oxygen it refers to.
    pub oxygen: ReferenceOxygen,
    /// Permit or edition.
    pub source: String,
    /// Clause.
    pub cite: String,
    /// How sure the row is.
    pub mark: String,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

impl LimitUsed {
    fn of(binding: &Binding) -> Self {
        let source = match &binding.source {
            Source::Permit { number } => number.clone(),
            Source::Standard { edition, .. } => edition.clone(),
        };
        let warning = |w: &Warning| match w {
            Warning::PermitMilder { edition, .. } => format!("permit milder than {edition}"),
            Warning::NotCompared { edition, why } => format!("not compared with {edition}: {why}"),
        };
        let limit = &binding.limit;
        Self {
            over: limit.over,
            bound: limit.bound,
            unit: limit.unit,
            oxygen: limit.oxygen,
            source,
            cite: limit.cite.clone(),
            mark: limit.mark.clone(),
            warnings: binding.warnings.iter().map(warning).collect(),
        }
    }
}

/// The stretch that was most beyond its limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worst {
    /// Day, or start of the hour.
    pub at: String,
    /// Value held against the limit, unrounded; of a range none.
    pub value: Option<Decimal>,
    /// 超标倍数; none where there is no multiple.
    pub times_over: Option<Decimal>,
}

/// A day that is not plainly within, in a longer span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayLine {
    /// The day.
    pub day: Date,
    /// Its stretches.
    pub count: Count,
    /// Mean, unrounded.
    pub mean: Option<Decimal>,
    /// Why it was not judged.
    pub why: Option<Why>,
}

/// All of a judged day. Hours that are within their limit are left out: the readings are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "medium", rename_all = "snake_case")]
pub enum Detail {
    /// Of water.
    Water(Box<WaterDay>),
    /// Of a stack.
    Air(Box<AirDay>),
}

/// One factor of an outlet over a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactorOver {
    /// Factor code.
    pub factor: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub item: String,
    /// Unit of values.
    pub unit: Unit,
    /// What it was.
    pub verdict: Verdict,
    /// Why nothing was judged: of the days the reason of most.
    pub why: Option<Why>,
    /// What is counted.
    pub stretch: Stretch,
    /// Stretches.
    pub count: Count,
    /// Days with something judged, beyond, marked, not judged.
    pub days: Count,
    /// Limits that bound.
    pub limits: Vec<LimitUsed>,
    /// Mean of the day, or of a valid month of a stack; unrounded.
    pub mean: Option<Decimal>,
    /// Most beyond.
    pub worst: Option<Worst>,
    /// Hours by what they are, over all days.
    pub coverage: Coverage,
    /// Load, as measured.
    pub load: Option<Load>,
    /// Why there is none.
    pub no_load: Option<Why>,
    /// What of it came.
    pub transmission: Option<Transmission>,
    /// Of a day: all of it.
    pub detail: Option<Detail>,
    /// Of what is longer: days that are not plainly within.
    pub lines: Vec<DayLine>,
    /// Of a stack over a month and longer: its months.
    pub months: Vec<AirMonth>,
}

/// An outlet over a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutletOver {
    /// What it was: the worst of its factors.
    pub verdict: Verdict,
    /// Stretches by the worst that a factor was in them: a day or hour counts once, however many factors it has.
    pub count: Count,
    /// Its factors.
    pub factors: Vec<FactorOver>,
}

/// Judges every factor of an outlet over a day, a month, a quarter or a year. Factors that the rules do not know are left out.
pub fn judge(rules: &Discharge, outlet: &Outlet, span: Span) -> OutletOver {
    let celsius = temperatures(rules, outlet);
    let judge = Judge { rules, outlet, span, celsius: &celsius };
    let mut stretches = BTreeMap::new();
    let known = outlet.series.iter().filter(|s| rules.factor(&s.factor).is_some());
    let factors: Vec<FactorOver> = known.map(|series| judge.factor(series, &mut stretches)).collect();
    let mut count = Count::default();
    for state in stretches.into_values() {
        match state {
            State::Beyond => (count.judged, count.beyond) = (count.judged + 1, count.beyond + 1),
            State::Within => count.judged += 1,
            State::Marked => count.marked += 1,
            State::NotJudged => count.not_judged += 1,
        }
    }
    OutletOver { verdict: Verdict::worst(factors.iter().map(|f| f.verdict)), count, factors }
}

/// The strongest of what the factors were, of each stretch.
type Stretches = BTreeMap<(Stretch, DateTime), State>;

/// Mean temperature of the water of each day, of its valid hours.
fn temperatures(rules: &Discharge, outlet: &Outlet) -> BTreeMap<Date, Decimal> {
    let mut sums: BTreeMap<Date, (Decimal, u32)> = BTreeMap::new();
    let of = outlet.series.iter().filter(|s| s.factor == WATER_TEMPERATURE && s.unit == Unit::Celsius);
    for hour in of.flat_map(|s| &s.hours) {
        if let HourState::Valid(value) = HourState::of(hour, rules) {
            let sum = sums.entry(hour.start.date()).or_default();
            *sum = (sum.0 + value, sum.1 + 1);
        }
    }
    sums.into_iter().filter_map(|(day, (sum, n))| Some((day, sum.checked_div(n.into())?))).collect()
}

struct Judge<'a> {
    rules: &'a Discharge,
    outlet: &'a Outlet,
    span: Span,
    celsius: &'a BTreeMap<Date, Decimal>,
}

/// A day, or why there is none.
type Judged = Result<Detail, DischargeError>;

impl Judge<'_> {
    fn factor(&self, series: &Series, stretches: &mut Stretches) -> FactorOver {
        let found = self.rules.factor(&series.factor);
        let (zh, item) = found.map_or_else(Default::default, |f| (f.zh.clone(), f.item.clone()));
        let days = self.days(series);
        let seen: Vec<Seen> =
            days.iter().map(|(day, judged)| Seen::of(*day, judged, self.why_instead(series))).collect();
        let mut over = FactorOver {
            factor: series.factor.clone(),
            zh,
            item,
            unit: series.unit,
            verdict: Verdict::NotJudged,
            why: None,
            stretch: seen.iter().map(|s| s.stretch).min().unwrap_or(Stretch::Day),
            count: Count::default(),
            days: Count::default(),
            limits: Vec::new(),
            mean: None,
            worst: None,
            coverage: Coverage::default(),
            load: None,
            no_load: None,
            transmission: transmission(self.rules, &self.outlet.code, series, self.span).ok(),
            detail: None,
            lines: Vec::new(),
            months: Vec::new(),
        };
        match self.outlet.flow.why() {
            Some(why) => over.no_load = Some(why),
            None => match load(self.rules, series, self.span) {
                Ok(load) => over.load = Some(load),
                Err(error) => over.no_load = Some(Why::error(&error)),
            },
        }
        for (at, state) in seen.iter().flat_map(|s| s.states.iter().map(|(at, state)| ((s.stretch, *at), *state))) {
            let strongest = stretches.entry(at).or_insert(state);
            *strongest = state.max(*strongest);
        }
        over.add(&seen);
        over.months = self.months(&days);
        over.conclude(&seen, self.span);
        if let (Span::Day { .. }, Some((_, Ok(detail)))) = (self.span, days.into_iter().next()) {
            over.detail = Some(detail.short());
        }
        over
    }

    fn days(&self, series: &Series) -> Vec<(Date, Judged)> {
        let mut by_day: BTreeMap<Date, Series> = BTreeMap::new();
        let of = |hours| Series { hours, factor: series.factor.clone(), ..*series };
        for hour in &series.hours {
            by_day.entry(hour.start.date()).or_insert_with(|| of(Vec::new())).hours.push(hour.clone());
        }
        let (start, end) = self.span.bounds();
        let days = start.date().series(jiff::ToSpan::day(1)).take_while(|day| day.at(0, 0, 0, 0) < end);
        days.map(|day| (day, self.day(by_day.get(&day).unwrap_or(&of(Vec::new())), day))).collect()
    }

    fn day(&self, series: &Series, day: Date) -> Judged {
        let facts = Facts { water_celsius: self.celsius.get(&day).copied(), built: self.outlet.built };
        let limits = &self.outlet.limits;
        match series.factor(self.rules)?.medium {
            Medium::Water => {
                let day = water::judge_day(self.rules, limits, series, &[], (day, &facts))?;
                Ok(Detail::Water(Box::new(day)))
            }
            Medium::Air => Ok(Detail::Air(Box::new(air::judge_day(self.rules, limits, series, day, &facts)?))),
        }
    }

    /// What is said instead of a coverage that is low only because nothing can be weighted.
    fn why_instead(&self, series: &Series) -> Option<Why> {
        let weighted = self.rules.factor(&series.factor).is_some_and(|f| f.mean == Mean::FlowWeighted);
        self.outlet.flow.why().filter(|_| weighted)
    }

    /// Months of a stack; one whose days do not go together is left out, and its days say why.
    fn months(&self, days: &[(Date, Judged)]) -> Vec<AirMonth> {
        let mut by_month: BTreeMap<Date, Vec<AirDay>> = BTreeMap::new();
        if matches!(self.span, Span::Day { .. } | Span::Hour { .. }) {
            return Vec::new();
        }
        for (day, judged) in days {
            if let Ok(Detail::Air(air)) = judged {
                by_month.entry(day.first_of_month()).or_default().push((**air).clone());
            }
        }
        by_month.values().filter_map(|days| judge_month(self.rules, days).ok()).collect()
    }
}

impl Detail {
    fn short(mut self) -> Self {
        match &mut self {
            Self::Water(day) => day.hours.retain(|h| h.outcome != Outcome::Within),
            Self::Air(day) => day.hours.retain(|h| h.outcome != Outcome::Within),
        }
        self
    }
}

impl FactorOver {
    fn add(&mut self, days: &[Seen]) {
        for seen in days {
            self.count.add(seen.count);
            let beyond = seen.finding || seen.count.beyond > 0;
            let day = if seen.count.judged > 0 {
                Count { judged: 1, beyond: u32::from(beyond), ..Count::default() }
            } else if seen.count.marked > 0 && seen.count.not_judged == 0 {
                Count { marked: 1, ..Count::default() }
            } else {
                Count { not_judged: 1, ..Count::default() }
            };
            self.days.add(day);
            for limit in &seen.limits {
                if !self.limits.contains(limit) {
                    self.limits.push(limit.clone());
                }
            }
            self.unit = seen.unit.filter(|_| !seen.limits.is_empty()).unwrap_or(self.unit);
            self.coverage = self.coverage.plus(seen.coverage);
            if let Some(worst) = &seen.worst
                && self.worst.as_ref().is_none_or(|w| worst.times_over > w.times_over)
            {
                self.worst = Some(worst.clone());
            }
        }
    }

    fn conclude(&mut self, days: &[Seen], span: Span) {
        let found = |seen: &Seen| seen.finding;
        let shares = days.iter().any(|s| s.share_decides);
        let month = |outcome: &Outcome| match outcome {
            Outcome::Exceeds { .. } => Verdict::Beyond,
            Outcome::Within => Verdict::Within,
            _ => Verdict::NotJudged,
        };
        self.verdict = if days.iter().any(found) {
            Verdict::Beyond
        } else if shares {
            // what a share of a month decides, no day does
            Verdict::worst(self.months.iter().map(|m| month(&m.outcome)))
        } else if self.count.judged > 0 {
            Verdict::Within
        } else {
            Verdict::NotJudged
        };
        if self.verdict == Verdict::NotJudged {
            let of_months = self.months.iter().filter_map(|m| Why::outcome(&m.outcome));
            self.why = match (shares, span) {
                (true, Span::Day { .. }) => Some(Why::reason(&Reason::NotDeciding)),
                (true, _) => most(of_months),
                _ => most(days.iter().filter_map(|s| s.why.clone())),
            };
        }
        match (span, days, self.months.as_slice()) {
            (Span::Day { .. }, [day], _) => self.mean = day.mean,
            (Span::Month { .. }, _, [month]) => self.mean = month.mean,
            _ => {}
        }
        if !matches!(span, Span::Day { .. }) {
            let line = |s: &Seen| DayLine { day: s.day, count: s.count, mean: s.mean, why: s.why.clone() };
            self.lines = days.iter().filter(|s| !s.plain()).map(line).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{cod_limit, day, listed, permit, rules, series};

    fn outlet(limits: OutletLimits, flow: Flow, series: Vec<Series>) -> Outlet {
        Outlet { code: "ol01".into(), limits, built: None, flow, series }
    }

    fn plant() -> OutletLimits {
        OutletLimits { permit: Some(permit(vec![cod_limit()])), listed: Vec::new() }
    }

    /// 12 h of 40 mg/L at 10 m³ and 12 h of 70 mg/L at 20 m³: (40·120 + 70·240)/360 = 60 mg/L, 0.2 over 50; 21.6 kg.
    #[test]
    fn a_day_of_water_is_weighted_and_its_load_is_the_sum() {
        let hours = series("w01018", Unit::MgPerL, "2026-05-04 00", "12x40*10 12x70*20");
        let on = Span::Day { day: day("2026-05-04") };
        let whole = judge(rules(), &outlet(plant(), Flow::Known, vec![hours]), on);
        assert_eq!((whole.verdict.level(), whole.count.judged, whole.count.beyond), (Some(6), 1, 1));
        let found = &whole.factors[0];
        assert_eq!((found.verdict, found.mean), (Verdict::Beyond, Some(60.into())));
        assert_eq!(found.worst.as_ref().and_then(|w| w.times_over), Some(Decimal::new(2, 1)));
        assert_eq!(found.load.as_ref().map(|l| l.kilograms.to_string()).as_deref(), Some("21.6"));
        assert_eq!(found.days, Count { judged: 1, beyond: 1, ..Count::default() });
        assert!(found.lines.is_empty() && found.detail.is_some());
    }

    #[test]
    fn what_is_missing_is_said_by_its_name() {
        let hours = || series("w01018", Unit::MgPerL, "2026-05-04 00", "24x40");
        let on = Span::Day { day: day("2026-05-04") };
        let why = |limits, flow, series| {
            let found = judge(rules(), &outlet(limits, flow, vec![series]), on).factors.remove(0);
            assert_eq!(found.verdict.level(), None);
            found.why.map(|w| w.code).unwrap_or_default()
        };
        assert_eq!(why(plant(), Flow::None, hours()), "no_flow");
        assert_eq!(why(OutletLimits::default(), Flow::Known, hours()), "no_limit");
        let nothing = series("w01018", Unit::MgPerL, "2026-05-04 00", "");
        assert_eq!(why(plant(), Flow::Known, nothing), "low_coverage");
        let marked = series("w01018", Unit::MgPerL, "2026-05-04 00", "24x!stopped:-");
        assert_eq!(why(plant(), Flow::Known, marked), "marked");
        let gas = series("a34013", Unit::MgPerM3, "2026-05-04 00", "24x5");
        assert_eq!(why(listed("GB 13271-2014 | coal_boiler | special"), Flow::Known, gas), "no_oxygen");
    }

    #[test]
    fn a_month_counts_what_decides() {
        // PM 20 mg/m3 at 9 % oxygen keeps 30; 40 at 9 % does not, for two hours of the second day
        let text = "24x20@9*100 2x40@9*100 22x20@9*100";
        let hours = series("a34013", Unit::MgPerM3, "2026-05-01 00", text);
        let of = outlet(listed("GB 13271-2014 | coal_boiler | special"), Flow::Known, vec![hours]);
        let whole = judge(rules(), &of, Span::Month { of: day("2026-05-01") });
        assert_eq!((whole.count.judged, whole.count.beyond), (48, 2));
        let found = &whole.factors[0];
        assert_eq!((found.verdict, found.stretch), (Verdict::Beyond, Stretch::Hour));
        assert_eq!((found.count.judged, found.count.beyond), (48, 2));
        assert_eq!((found.days.judged, found.days.beyond, found.days.not_judged), (2, 1, 29));
        assert_eq!(found.worst.as_ref().map(|w| w.at.as_str()), Some("2026-05-02T00:00:00"));
        assert_eq!((found.months.len(), found.months[0].valid), (1, false));
        assert_eq!(found.coverage.hours, 31 * 24);
        let load = found.load.as_ref().expect("a load");
        assert_eq!((load.grams.0.normalize().to_string().as_str(), load.coverage.missing), ("100", 29 * 24));
    }
}
