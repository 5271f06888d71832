//! Automatic checks of data review (数据审核): values that a person should look at before they count.
//!
//! Input: a [`Record`], values as sent. Output: [`Finding`]s (疑点), each with its evidence, threshold and reason. A check never
//! deletes or changes a value. Numbers are rows of `standards/review/`: physical bounds, and defaults of ours, marked `P`.
//!
//! * `own`: one series by itself: range, jump, stuck, decimals, negative.
//! * `against`: factors against one another, neighbours, earlier years, minutes against the hour.
//! * `device`: marks, windows, key parameters, clock, intrusion.
//! * [`desk`]: what people make of findings, level by level.

mod against;
pub mod desk;
mod device;
mod own;

use serde::Serialize;

use crate::analyse::evidence::{Evidence, Reason, seen};
use crate::analyse::series::{Record, Series};
use crate::standard::review::{Known, Pair, Rule, RuleBook};
use crate::time::{Period, PeriodKind};
use crate::unit::UnitMismatch;

/// The checks and the names of their parameters.
pub const KNOWN: [Known; 15] = [
    own::RANGE,
    own::JUMP,
    own::STUCK,
    own::DECIMALS,
    own::NEGATIVE,
    against::PAIRS,
    against::OXYGEN,
    against::NEIGHBOURS,
    against::SEASON,
    against::HOUR_MEAN,
    device::MARKS,
    device::WINDOWS,
    device::PARAMETERS,
    device::CLOCK,
    device::INTRUSION,
];

#[derive(Clone, Copy)]
enum Check {
    /// Looks at each series.
    Each(fn(&Exam<'_>, &Series) -> Option<Vec<Finding>>),
    /// Looks at the station once.
    Once(fn(&Exam<'_>) -> Option<Vec<Finding>>),
}

const CHECKS: [(&str, Check); 15] = [
    (own::RANGE.0, Check::Each(own::range)),
    (own::JUMP.0, Check::Each(own::jump)),
    (own::STUCK.0, Check::Each(own::stuck)),
    (own::DECIMALS.0, Check::Each(own::decimals)),
    (own::NEGATIVE.0, Check::Each(own::negative)),
    (against::PAIRS.0, Check::Once(against::pairs)),
    (against::OXYGEN.0, Check::Each(against::oxygen)),
    (against::NEIGHBOURS.0, Check::Each(against::neighbours)),
    (against::SEASON.0, Check::Each(against::season)),
    (against::HOUR_MEAN.0, Check::Each(against::hour_mean)),
    (device::MARKS.0, Check::Each(device::marks)),
    (device::WINDOWS.0, Check::Each(device::windows)),
    (device::PARAMETERS.0, Check::Once(device::parameters)),
    (device::CLOCK.0, Check::Once(device::clock)),
    (device::INTRUSION.0, Check::Each(device::intrusion)),
];

/// Something doubtful (疑点). It says where and why, and changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Id of the check.
    pub check: String,
    /// Version of its parameters.
    pub version: u32,
    /// Factor code; none when the whole station is meant.
    pub factor: Option<String>,
    /// From the first to the last doubtful value, or the time of the happening.
    pub window: Period,
    /// Values, neighbours, happenings.
    pub evidence: Vec<Evidence>,
    /// What was gone beyond, in the unit of the series or of the parameter; none where a happening itself is the finding.
    pub threshold: Option<f64>,
    /// Why.
    pub reason: Reason,
}

/// Looks at a record with every check of a book; ordered by check, factor and time. A check that lacks parameters or values
/// finds nothing.
///
/// # Errors
/// When a limit or range of the record does not measure what its series does.
pub fn review(record: &Record, book: &RuleBook) -> Result<Vec<Finding>, UnitMismatch> {
    record.units()?;
    let mut out = Vec::new();
    for (id, check) in CHECKS {
        let Some(rule) = book.rule(id) else { continue };
        let exam = Exam { record, rule, pairs: &book.pairs };
        match check {
            Check::Each(each) => {
                record.series.iter().for_each(|series| out.extend(each(&exam, series).unwrap_or_default()));
            }
            Check::Once(once) => out.extend(once(&exam).unwrap_or_default()),
        }
    }
    Ok(out)
}

/// What a check looks with.
struct Exam<'a> {
    record: &'a Record,
    rule: &'a Rule,
    pairs: &'a [Pair],
}

impl Exam<'_> {
    fn number(&self, name: &str, series: &Series) -> Option<f64> {
        self.rule.number(name, series.factor())
    }

    /// A parameter that differs by the kind of period: `<name>_minute` (also for real-time data), `_hour`, `_cycle` (and days).
    fn by_kind(&self, name: &str, series: &Series) -> Option<f64> {
        let kind = match series.kind() {
            PeriodKind::Real | PeriodKind::Minute => "minute",
            PeriodKind::Hour => "hour",
            PeriodKind::Day | PeriodKind::Cycle | PeriodKind::Sample => "cycle",
        };
        self.number(&format!("{name}_{kind}"), series)
    }

    /// A finding on values of a series, both ends inside.
    fn finding(&self, series: &Series, (from, to): (usize, usize), threshold: Option<f64>, reason: Reason) -> Finding {
        Finding {
            check: self.rule.id.clone(),
            version: self.rule.version,
            factor: Some(series.factor().to_owned()),
            window: series.window(from, to),
            evidence: seen(series, from, to),
            threshold,
            reason,
        }
    }
}

#[cfg(test)]
mod tests;
