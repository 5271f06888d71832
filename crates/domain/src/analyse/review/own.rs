//! One series by itself: range, jump, stuck, decimals that never change, negative.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Exam, Finding};
use crate::analyse::evidence::Reason;
use crate::analyse::robust::sigma;
use crate::analyse::series::Series;
use crate::standard::review::Known;

pub(super) const RANGE: Known = ("range", &["low", "high"]);

/// Valid decimals with their places.
fn valid(series: &Series) -> Vec<(usize, Decimal)> {
    series.values().iter().enumerate().filter_map(|(i, v)| Some((i, v.valid()?))).collect()
}

/// Range (范围): outside of what is physically possible, or above the measuring range of the analyser. Bounds are inclusive.
pub(super) fn range(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let bound = |name| exam.rule.quantity(name, series.factor(), series.unit());
    let (low, high) = (bound("low")?, bound("high")?);
    let high = exam.record.top(series).map_or(high, |top| top.min(high));
    let odd = valid(series).into_iter().filter(|(_, v)| *v < low || *v > high);
    let one = |(i, v): (usize, Decimal)| {
        let numbers = vec![("value", v.to_string()), ("low", low.to_string()), ("high", high.to_string())];
        let beyond = if v < low { low } else { high };
        exam.finding(series, (i, i), beyond.to_f64(), Reason { code: "range", numbers })
    };
    Some(odd.map(one).collect())
}

pub(super) const JUMP: Known = ("jump", &["sigma_min", "stretch", "values_min", "within", "height"]);

/// Jump (突变): a step of more than a multiple of the robust spread of its stretch (7 days, the series cut from its first value
/// on); for pH, a step of more than its height within ten minutes. Adding an offset to a series changes nothing.
pub(super) fn jump(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let all = valid(series);
    let first = all.first()?.1;
    let stretch_ms = exam.number("stretch", series)? * 1_000.0;
    let start = series.values()[all[0].0].at;
    let stretch = |i: usize| (series.values()[i].at.ms_since(start) as f64 / stretch_ms) as u64;
    let mut out = Vec::new();
    for part in all.chunk_by(|a, b| stretch(a.0) == stretch(b.0)) {
        // differences from the first value are exact decimals, so that the level cannot matter
        let numbers: Vec<(usize, f64)> = part.iter().filter_map(|(i, v)| Some((*i, (v - first).to_f64()?))).collect();
        out.extend(jumps(exam, series, &numbers)?);
    }
    Some(out)
}

fn jumps(exam: &Exam<'_>, series: &Series, part: &[(usize, f64)]) -> Option<Vec<Finding>> {
    let spread = exam.number("sigma_min", series)? * sigma(&part.iter().map(|v| v.1).collect::<Vec<_>>())?;
    let enough = part.len() as f64 >= exam.number("values_min", series)?;
    let height = exam.rule.quantity("height", series.factor(), series.unit()).and_then(|h| h.to_f64());
    let within_ms = exam.number("within", series)? * 1_000.0;
    let mut out = Vec::new();
    for pair in part.windows(2) {
        let ((from, a), (to, b)) = (pair[0], pair[1]);
        let soon = series.values()[to].at.ms_since(series.values()[from].at) as f64 <= within_ms;
        let by_height = height.filter(|h| soon && (b - a).abs() > *h);
        let by_spread = (enough && spread > 0.0 && (b - a).abs() > spread).then_some(spread);
        if let Some(threshold) = by_height.or(by_spread) {
            out.push(exam.finding(series, (from, to), Some(threshold), jump_reason(series, (from, to), threshold)));
        }
    }
    Some(out)
}

fn jump_reason(series: &Series, (from, to): (usize, usize), threshold: f64) -> Reason {
    let sent = |i: usize| series.values()[i].sent.map(|d| d.to_string()).unwrap_or_default();
    let threshold = crate::analyse::evidence::short(threshold);
    Reason { code: "jump", numbers: vec![("before", sent(from)), ("after", sent(to)), ("threshold", threshold)] }
}

pub(super) const STUCK: Known = ("stuck", &["run_minute", "run_hour", "run_cycle"]);

/// Stuck (恒值): equal non-zero values in a row.
pub(super) fn stuck(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let least = exam.by_kind("run", series)?;
    let all = valid(series);
    let long = all.chunk_by(|a, b| a.1 == b.1).filter(|r| r.len() as f64 >= least && !r[0].1.is_zero());
    let one = |run: &[(usize, Decimal)]| {
        let numbers = vec![("count", run.len().to_string()), ("value", run[0].1.to_string())];
        exam.finding(series, (run[0].0, run[run.len() - 1].0), Some(least), Reason { code: "stuck", numbers })
    };
    Some(long.map(one).collect())
}

pub(super) const DECIMALS: Known = ("decimals", &["run_minute", "run_hour", "run_cycle"]);

/// Decimals that never change (小数位不变): in a row of values that differ, what stands behind the point is the same.
pub(super) fn decimals(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let least = exam.by_kind("run", series)?;
    let all = valid(series);
    let usual = all.iter().map(|v| v.1.scale()).max()?;
    let differ = |r: &&[(usize, Decimal)]| r.iter().any(|v| v.1 != r[0].1);
    let runs = all.chunk_by(|a, b| a.1.fract() == b.1.fract());
    let long = runs.filter(|r| r.len() as f64 >= least && r.len() < all.len()).filter(differ);
    let one = |run: &[(usize, Decimal)]| {
        let numbers = vec![("count", run.len().to_string()), ("fraction", run[0].1.fract().to_string())];
        exam.finding(series, (run[0].0, run[run.len() - 1].0), Some(least), Reason { code: "decimals", numbers })
    };
    // a series that never has decimals says nothing by having none
    Some(if usual == 0 { vec![] } else { long.map(one).collect() })
}

pub(super) const NEGATIVE: Known = ("negative", &["lod"]);

/// Negative (负值): below minus the detection limit; a zero that drifts less is not doubted.
pub(super) fn negative(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let floor = -exam.rule.quantity("lod", series.factor(), series.unit())?;
    let low = valid(series).into_iter().filter(|(_, v)| *v < floor);
    let one = |(i, v): (usize, Decimal)| {
        let numbers = vec![("value", v.to_string()), ("threshold", floor.to_string())];
        exam.finding(series, (i, i), floor.to_f64(), Reason { code: "negative", numbers })
    };
    Some(low.map(one).collect())
}
