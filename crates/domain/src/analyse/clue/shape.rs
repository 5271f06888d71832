//! Shapes of one series: constant, copied from another time or outlet, clipped, hugging the limit.

use std::collections::HashMap;

use super::{Clue, Look, Sight, runs, share_of_others};
use crate::analyse::evidence::beside;
use crate::analyse::robust::{distinct, median, variation};
use crate::analyse::series::{Neighbour, Series};
use crate::standard::review::Known;

pub(super) const CONSTANT: Known = (
    "constant",
    &[
        "run_minute",
        "run_hour",
        "run_cycle",
        "surprise_full",
        "surprise_min",
        "weight_length",
        "weight_surprise",
        "weight_others",
        "score_min",
    ],
);

/// Constant series (恒值): a run of equal non-zero values longer than the series' own habit of repeating itself explains. The
/// habit is the share of equal neighbours outside the run; a run of L among n values is then expected n·p^(L-1) times.
pub(super) fn constant(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let least = look.by_kind("run", series)?;
    let valid = series.valid();
    let same: Vec<bool> = valid.windows(2).map(|w| w[0].1 == w[1].1 && w[0].1 != 0.0).collect();
    let equal = same.iter().filter(|s| **s).count();
    let mut out = Vec::new();
    for (from, to) in runs(same.iter().copied(), (least as usize).saturating_sub(1)) {
        let steps = to - from + 1;
        let habit = (equal - steps + 1) as f64 / (same.len() - steps + 2) as f64;
        let surprise = -((valid.len() as f64).log10() + steps as f64 * habit.log10());
        if surprise < look.number("surprise_min", series)? {
            continue;
        }
        let at = (valid[from].0, valid[to + 1].0);
        let window = series.window(at.0, at.1);
        let alive = |s: &Series| Some(s.inside(window)).filter(|v| v.len() > 1).map(|v| distinct(&v) > 1);
        let strengths = [
            ("length", (steps + 1) as f64 / (2.0 * least)),
            ("surprise", surprise / look.number("surprise_full", series)?),
            ("others", share_of_others(look, series, alive)),
        ];
        let numbers = [("count", (steps + 1) as f64), ("value", valid[from].1), ("surprise", surprise)];
        out.extend(look.clue(Sight {
            code: "constant",
            series,
            at,
            strengths: &strengths,
            numbers: &numbers,
            beside: vec![],
        }));
    }
    Some(out)
}

pub(super) const COPIED_TIME: Known = (
    "copied_time",
    &[
        "block_minute",
        "block_hour",
        "block_cycle",
        "distinct_min",
        "surprise_min",
        "surprise_full",
        "weight_length",
        "weight_surprise",
        "score_min",
    ],
);

/// Copied series (复制): a stretch whose values stand, one by one, in an earlier stretch as well. Long equal stretches with
/// enough different values do not come about by chance; how rare this one is is judged by how often the series' own values
/// recur (sum of squared shares).
pub(super) fn copied_time(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let block = look.by_kind("block", series)? as usize;
    let valid = series.valid();
    let sent = alphabet(&valid);
    let chance = recurrence(&sent);
    let mut known: HashMap<&[u32], usize> = HashMap::new();
    let mut out = Vec::new();
    let mut next = block;
    for end in block..=sent.len() {
        let start = end - block;
        if start >= block {
            known.entry(&sent[start - block..start]).or_insert(start - block);
        }
        if end < next {
            continue;
        }
        let Some(&source) = known.get(&sent[start..end]) else { continue };
        let long = (0..sent.len())
            .take_while(|k| source + k < start && end - block + k < sent.len() && sent[source + k] == sent[start + k])
            .count();
        next = start + long;
        out.extend(copy(look, &valid, series, (source, start, long), chance));
    }
    Some(out)
}

/// Equal values as equal small numbers: quick to compare and to look up.
fn alphabet(valid: &[(usize, f64)]) -> Vec<u32> {
    let mut letters: HashMap<u64, u32> = HashMap::new();
    let letter = |(_, v): &(usize, f64)| {
        let next = letters.len() as u32;
        // a zero with a sign is a zero
        *letters.entry((v + 0.0).to_bits()).or_insert(next)
    };
    valid.iter().map(letter).collect()
}

/// How likely two values of the series are to be equal by chance, taken too high so as not to be surprised too soon: the root of
/// the sum of squared shares.
fn recurrence(sent: &[u32]) -> f64 {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for value in sent {
        *counts.entry(*value).or_default() += 1;
    }
    let n = sent.len().max(1) as f64;
    let squares: f64 = counts.values().map(|c| (*c as f64 / n).powi(2)).sum();
    squares.max(1.0 / n).sqrt()
}

fn copy(
    look: &Look<'_>,
    valid: &[(usize, f64)],
    series: &Series,
    (source, start, long): (usize, usize, usize),
    chance: f64,
) -> Option<Clue> {
    let values: Vec<f64> = valid[start..start + long].iter().map(|v| v.1).collect();
    // a run of one value is one coincidence, not many: only changes count
    let changes = values.windows(2).filter(|w| w[0] != w[1]).count();
    let surprise = -(2.0 * (valid.len() as f64).log10() + changes as f64 * chance.log10());
    if distinct(&values) < look.count("distinct_min", series)? || surprise < look.number("surprise_min", series)? {
        return None;
    }
    let at = (valid[start].0, valid[start + long - 1].0);
    let from = (valid[source].0, valid[source + long - 1].0);
    let strengths = [
        ("length", long as f64 / (2.0 * look.by_kind("block", series)?)),
        ("surprise", surprise / look.number("surprise_full", series)?),
    ];
    let ago = series.values()[at.0].at.ms_since(series.values()[from.0].at) as f64 / 3_600_000.0;
    let numbers = [("count", long as f64), ("hours", ago), ("distinct", distinct(&values) as f64)];
    let beside = beside(None, series, from.0, from.1);
    look.clue(Sight { code: "copied_time", series, at, strengths: &strengths, numbers: &numbers, beside })
}

pub(super) const COPIED_OUTLET: Known = (
    "copied_outlet",
    &[
        "block_minute",
        "block_hour",
        "block_cycle",
        "distinct_min",
        "ratio_spread_max",
        "variation_min",
        "weight_length",
        "weight_equal",
        "weight_varied",
        "score_min",
    ],
);

/// Two outlets that tell the same story (雷同): values of the same instants equal, or in one fixed ratio, while both vary.
pub(super) fn copied_outlet(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let mut out = Vec::new();
    for other in look.record.neighbours.iter().filter(|n| n.series.factor() == series.factor()) {
        out.extend(same_story(look, series, other)?);
    }
    Some(out)
}

fn same_story(look: &Look<'_>, series: &Series, other: &Neighbour) -> Option<Vec<Clue>> {
    let spread_max = look.number("ratio_spread_max", series)?;
    let block = look.by_kind("block", series)? as usize;
    let both = |(i, x): &(usize, f64)| {
        let y = other.series.at(series.values()[*i].at).filter(|y| *y > 0.0 && *x > 0.0)?;
        Some((*i, *x, x / y))
    };
    let pairs: Vec<(usize, f64, f64)> = series.valid().iter().filter_map(both).collect();
    let (mut out, mut start) = (Vec::new(), 0);
    while start < pairs.len() {
        let end = start + steady(&pairs[start..], spread_max);
        if end - start >= block {
            out.extend(story(look, series, other, &pairs[start..end]));
            start = end;
        } else {
            start += 1;
        }
    }
    Some(out)
}

/// How many pairs from the first on keep one ratio, within a spread.
fn steady(pairs: &[(usize, f64, f64)], spread_max: f64) -> usize {
    let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
    let keeps = |(_, _, ratio): &&(usize, f64, f64)| {
        low = low.min(*ratio);
        high = high.max(*ratio);
        high / low - 1.0 <= spread_max
    };
    pairs.iter().take_while(keeps).count()
}

fn story(look: &Look<'_>, series: &Series, other: &Neighbour, pairs: &[(usize, f64, f64)]) -> Option<Clue> {
    let values: Vec<f64> = pairs.iter().map(|p| p.1).collect();
    let varied = variation(&values).unwrap_or(0.0);
    let varied_min = look.number("variation_min", series)?;
    if distinct(&values) < look.count("distinct_min", series)? || varied < varied_min {
        return None;
    }
    let at = (pairs.first()?.0, pairs.last()?.0);
    let ratio = median(&pairs.iter().map(|p| p.2).collect::<Vec<_>>())?;
    let equal = pairs.iter().filter(|p| p.2 == 1.0).count() as f64 / pairs.len() as f64;
    let strengths = [
        ("length", pairs.len() as f64 / (2.0 * look.by_kind("block", series)?)),
        ("equal", equal),
        ("varied", varied / (2.0 * varied_min)),
    ];
    let places = other.series.places(series.window(at.0, at.1));
    let beside = beside(Some(&other.station), &other.series, places.start, places.end - 1);
    let numbers = [("count", pairs.len() as f64), ("ratio", ratio), ("equal", 100.0 * equal)];
    look.clue(Sight { code: "copied_outlet", series, at, strengths: &strengths, numbers: &numbers, beside })
}

pub(super) const CLIPPED: Known = (
    "clipped",
    &[
        "window_minute",
        "window_hour",
        "window_cycle",
        "count_min",
        "share_min",
        "distinct_min",
        "pile_min",
        "weight_top",
        "weight_share",
        "weight_pile",
        "score_min",
    ],
);

/// Clipped at the top (封顶): values stand at the top of the range, or many share the one largest number though smaller ones
/// near it are rare. Looked for in windows that overlap by half.
pub(super) fn clipped(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let window = (look.by_kind("window", series)? as usize).max(2);
    let valid = series.valid();
    let starts = (0..valid.len()).step_by(window / 2).filter(|s| *s == 0 || s + window / 2 < valid.len());
    Some(starts.filter_map(|s| cut_off(look, series, &valid[s..(s + window).min(valid.len())])).collect())
}

fn cut_off(look: &Look<'_>, series: &Series, valid: &[(usize, f64)]) -> Option<Clue> {
    let numbers: Vec<f64> = valid.iter().map(|v| v.1).collect();
    let largest = numbers.iter().copied().max_by(f64::total_cmp)?;
    let high: Vec<usize> = valid.iter().filter(|v| v.1 == largest).map(|v| v.0).collect();
    let share = high.len() as f64 / numbers.len() as f64;
    let known_top = look.record.top(series).is_some_and(|top| series.values()[high[0]].sent.is_some_and(|s| s >= top));
    let next = numbers.iter().copied().filter(|v| *v < largest).max_by(f64::total_cmp)?;
    let beneath = numbers.iter().filter(|v| **v == next).count();
    let pile = high.len() as f64 / beneath as f64;
    let enough =
        high.len() >= look.count("count_min", series)? && distinct(&numbers) >= look.count("distinct_min", series)?;
    let share_min = look.number("share_min", series)?;
    if !enough || !(known_top || share >= share_min) {
        return None;
    }
    let at = (high[0], *high.last()?);
    let strengths = [
        ("top", f64::from(u8::from(known_top))),
        ("share", share / share_min),
        ("pile", (pile - 1.0) / (look.number("pile_min", series)? - 1.0)),
    ];
    let said = [("count", high.len() as f64), ("value", largest), ("percent", 100.0 * share)];
    look.clue(Sight { code: "clipped", series, at, strengths: &strengths, numbers: &said, beside: vec![] })
}

pub(super) const NEAR_LIMIT: Known = (
    "near_limit",
    &[
        "window_minute",
        "window_hour",
        "window_cycle",
        "from_share",
        "to_share",
        "inside_min",
        "variation_max",
        "contrast_full",
        "weight_inside",
        "weight_steady",
        "weight_contrast",
        "score_min",
    ],
);

/// Hugging the limit (贴线): nearly all values of a window lie just under the limit and hardly vary, unlike the rest of the series.
pub(super) fn near_limit(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let cap = look.record.cap(series)?;
    let window = look.by_kind("window", series)? as usize;
    let valid = series.valid();
    let usual = variation(&valid.iter().map(|v| v.1).collect::<Vec<_>>()).unwrap_or(0.0);
    let step = (window / 24).max(1);
    let parts = (0..valid.len().saturating_sub(window - 1)).step_by(step);
    Some(parts.filter_map(|from| hugging(look, series, &valid[from..from + window], (cap, usual))).collect())
}

fn hugging(look: &Look<'_>, series: &Series, part: &[(usize, f64)], (cap, usual): (f64, f64)) -> Option<Clue> {
    let band = look.number("from_share", series)? * cap..=look.number("to_share", series)? * cap;
    let values: Vec<f64> = part.iter().map(|v| v.1).collect();
    let inside = values.iter().filter(|v| band.contains(v)).count() as f64 / values.len() as f64;
    let (inside_min, variation_max) = (look.number("inside_min", series)?, look.number("variation_max", series)?);
    let varied = variation(&values)?;
    if inside < inside_min || varied >= variation_max {
        return None;
    }
    let strengths = [
        ("inside", (inside - inside_min) / (1.0 - inside_min)),
        ("steady", 1.0 - varied / variation_max / 2.0),
        ("contrast", usual / varied.max(1e-9) / look.number("contrast_full", series)?),
    ];
    let at = (part.first()?.0, part.last()?.0);
    let numbers = [("percent", 100.0 * inside), ("limit", cap), ("variation", 100.0 * varied)];
    look.clue(Sight { code: "near_limit", series, at, strengths: &strengths, numbers: &numbers, beside: vec![] })
}
