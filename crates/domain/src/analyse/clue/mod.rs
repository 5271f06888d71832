//! Clues of falsification (数据真实性线索): shapes of a series that honest instruments rarely make.
//!
//! Input: a [`Record`], values as sent. Output: [`Clue`]s, each with its evidence, a score from 0 to 1 whose named contributions
//! add up to it, and the words for when it is wrong. **A clue is never a verdict**: it says where a person should look, and changes
//! no value. Numbers are rows of `standards/clue/`, ours and marked `P`; the patterns are those that regulators and literature
//! describe (the ministry's method for judging falsification, 环境监测数据弄虚作假行为判定及处理办法). How often each detector is
//! right and wrong on injected falsification and on untouched data: `docs/ref/clues.md`.
//!
//! * `shape`: constant, copied, clipped, hugging the limit.
//! * `level`: scaled, spike and return, lifted out of the water, low at night or under inspection.
//! * `moment`: calibration, restart and parameters at peaks, missing data beside an exceedance.
//! * `relation`: against flow, load and other factors.

mod level;
mod moment;
mod relation;
mod shape;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde::Serialize;

use crate::analyse::evidence::{Evidence, Reason, seen};
use crate::analyse::series::{Record, Series};
use crate::standard::review::{Known, Rule, RuleBook};
use crate::time::{Period, PeriodKind};
use crate::unit::UnitMismatch;

/// The detectors and the names of their parameters.
pub const KNOWN: [Known; 18] = [
    shape::CONSTANT,
    shape::COPIED_TIME,
    shape::COPIED_OUTLET,
    shape::CLIPPED,
    shape::NEAR_LIMIT,
    level::SCALED,
    level::SPIKE,
    level::LIFTED,
    level::NIGHT,
    level::INSPECTION,
    moment::CALIBRATION,
    moment::RESTART,
    moment::PARAMETER,
    moment::GAP,
    relation::LOAD,
    relation::FLOW_ONLY,
    relation::NO_FLOW,
    relation::CROSS,
];

type Detector = fn(&Look<'_>, &Series) -> Option<Vec<Clue>>;

const DETECTORS: [(&str, Detector); 18] = [
    (shape::CONSTANT.0, shape::constant),
    (shape::COPIED_TIME.0, shape::copied_time),
    (shape::COPIED_OUTLET.0, shape::copied_outlet),
    (shape::CLIPPED.0, shape::clipped),
    (shape::NEAR_LIMIT.0, shape::near_limit),
    (level::SCALED.0, level::scaled),
    (level::SPIKE.0, level::spike),
    (level::LIFTED.0, level::lifted),
    (level::NIGHT.0, level::night),
    (level::INSPECTION.0, level::inspection),
    (moment::CALIBRATION.0, moment::calibration),
    (moment::RESTART.0, moment::restart),
    (moment::PARAMETER.0, moment::parameter),
    (moment::GAP.0, moment::gap),
    (relation::LOAD.0, relation::load),
    (relation::FLOW_ONLY.0, relation::flow_only),
    (relation::NO_FLOW.0, relation::no_flow),
    (relation::CROSS.0, relation::cross),
];

/// One part of a score (得分构成).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contribution {
    /// Name, as `weight_<name>` in the parameters.
    pub name: &'static str,
    /// Points, from 0 to the weight, three decimals.
    pub points: Decimal,
}

/// A clue (线索): where a person should look, and why. Never a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clue {
    /// Id of the detector.
    pub detector: String,
    /// Version of its parameters.
    pub version: u32,
    /// Factor code.
    pub factor: String,
    /// From the first to the last value that is doubtful.
    pub window: Period,
    /// What it was seen by.
    pub evidence: Vec<Evidence>,
    /// 0 to 1: the sum of the contributions, exactly.
    pub score: Decimal,
    /// What the score is made of.
    pub contributions: Vec<Contribution>,
    /// Why.
    pub reason: Reason,
    /// When it is wrong, in Chinese.
    pub wrong_zh: String,
    /// When it is wrong, in English.
    pub wrong_en: String,
}

/// Looks at a record with every detector of a book; ordered by detector, factor and time. A detector that lacks parameters,
/// values, limits or happenings finds nothing.
///
/// # Errors
/// When a limit or range of the record does not measure what its series does.
pub fn clues(record: &Record, book: &RuleBook) -> Result<Vec<Clue>, UnitMismatch> {
    record.units()?;
    let mut out = Vec::new();
    for (id, detect) in DETECTORS {
        let Some(rule) = book.rule(id) else { continue };
        let look = Look { record, rule };
        for series in &record.series {
            out.extend(joined(detect(&look, series).unwrap_or_default()));
        }
    }
    Ok(out)
}

/// Clues of one detector and factor that overlap become one: the stronger, over the time of both.
fn joined(mut clues: Vec<Clue>) -> Vec<Clue> {
    clues.sort_by_key(|c| (c.window.start, c.window.end));
    let mut out: Vec<Clue> = Vec::new();
    for clue in clues {
        match out.last_mut() {
            Some(last) if clue.window.start < last.window.end => {
                let window = Period { end: last.window.end.max(clue.window.end), ..last.window };
                if clue.score > last.score {
                    *last = clue;
                }
                last.window = window;
            }
            _ => out.push(clue),
        }
    }
    out
}

/// What a detector looks with: the record and its own parameters.
struct Look<'a> {
    record: &'a Record,
    rule: &'a Rule,
}

/// What a detector saw, before it is scored.
struct Sight<'a> {
    code: &'static str,
    series: &'a Series,
    /// Places of the first and last doubtful value.
    at: (usize, usize),
    /// Strengths from 0 to 1 by the names of the weights; what lies outside is cut.
    strengths: &'a [(&'static str, f64)],
    numbers: &'a [(&'static str, f64)],
    beside: Vec<Evidence>,
}

impl Look<'_> {
    /// A number of a parameter for a factor.
    fn number(&self, name: &str, series: &Series) -> Option<f64> {
        self.rule.number(name, series.factor())
    }

    /// A count.
    fn count(&self, name: &str, series: &Series) -> Option<usize> {
        self.number(name, series).map(|n| n as usize)
    }

    /// A parameter that differs by the kind of period: `<name>_minute` (also for real-time data), `<name>_hour`, `<name>_cycle`
    /// (cycles of analysers, and days).
    fn by_kind(&self, name: &str, series: &Series) -> Option<f64> {
        let kind = match series.kind() {
            PeriodKind::Real | PeriodKind::Minute => "minute",
            PeriodKind::Hour => "hour",
            PeriodKind::Day | PeriodKind::Cycle | PeriodKind::Sample => "cycle",
        };
        self.number(&format!("{name}_{kind}"), series)
    }

    /// Scores a sight; none below `score_min`.
    fn clue(&self, sight: Sight<'_>) -> Option<Clue> {
        let contributions: Vec<Contribution> = sight.strengths.iter().map(|s| self.contribution(s)).collect();
        let score: Decimal = contributions.iter().map(|c| c.points).sum();
        let least = Decimal::from_f64(self.number("score_min", sight.series)?)?;
        let (from, to) = sight.at;
        let mut evidence = seen(sight.series, from, to);
        evidence.extend(sight.beside);
        (score >= least).then(|| Clue {
            detector: self.rule.id.clone(),
            version: self.rule.version,
            factor: sight.series.factor().to_owned(),
            window: sight.series.window(from, to),
            evidence,
            score,
            contributions,
            reason: Reason::new(sight.code, sight.numbers),
            wrong_zh: self.rule.wrong_zh.clone(),
            wrong_en: self.rule.wrong_en.clone(),
        })
    }

    fn contribution(&self, (name, strength): &(&'static str, f64)) -> Contribution {
        let weight = self.rule.weights().find(|(n, _)| n == name).map_or(Decimal::ZERO, |(_, w)| w);
        let strength = Decimal::from_f64(strength.clamp(0.0, 1.0)).unwrap_or(Decimal::ZERO);
        Contribution { name, points: (weight * strength).round_dp(3) }
    }
}

/// Share of the other series of a station for which something holds; one half when there is no other.
fn share_of_others(look: &Look<'_>, series: &Series, holds: impl Fn(&Series) -> Option<bool>) -> f64 {
    let answers: Vec<bool> = look.record.others(series.factor()).filter_map(holds).collect();
    if answers.is_empty() {
        return 0.5;
    }
    answers.iter().filter(|a| **a).count() as f64 / answers.len() as f64
}

/// Runs of neighbours in `marks` that are true, as first and last place, of at least `least`.
fn runs(marks: impl Iterator<Item = bool>, least: usize) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut begun: Option<usize> = None;
    for (i, mark) in marks.chain([false]).enumerate() {
        match (mark, begun) {
            (true, None) => begun = Some(i),
            (false, Some(from)) => {
                if i - from >= least.max(1) {
                    out.push((from, i - 1));
                }
                begun = None;
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests;
