//! Breaks of level: scaled, spike and return, lifted out of the water, low at night or while inspectors are there.

use super::{Clue, Look, Sight, share_of_others};
use crate::analyse::alarm;
use crate::analyse::evidence::{Evidence, beside};
use crate::analyse::robust::{differences, median, sigma};
use crate::analyse::series::{Happening, Series};
use crate::standard::review::Known;
use crate::time::{Instant, Period};

pub(super) const SCALED: Known = (
    "scaled",
    &[
        "window_minute",
        "window_hour",
        "window_cycle",
        "factor_min",
        "jump_sigma",
        "persist_max",
        "shape_max",
        "weight_jump",
        "weight_persist",
        "weight_shape",
        "weight_others",
        "score_min",
    ],
);

/// Scaled (比例缩放): from one value to the next the level breaks by a factor, stays there, and the relative variation is what it
/// was, as when somebody multiplies. Other factors, which nobody multiplied, do not break.
pub(super) fn scaled(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let width = look.by_kind("window", series)? as usize;
    let valid: Vec<(usize, f64)> = series.valid().into_iter().filter(|v| v.1 > 0.0).map(|(i, v)| (i, v.ln())).collect();
    let logs: Vec<f64> = valid.iter().map(|v| v.1).collect();
    let steps = differences(&logs);
    let usual = sigma(&steps).filter(|s| *s > 0.0)?;
    let least = look.number("factor_min", series)?.ln().max(look.number("jump_sigma", series)? * usual);
    let breaks = (width..(logs.len() + 1).saturating_sub(width)).filter(|i| steps[i - 1].abs() >= least);
    // over a gap the level may have moved by itself
    let near_ms = 5 * series.step_ms()? / 2;
    let ms = |i: usize| series.values()[valid[i].0].at.ms_since(series.values()[valid[i - 1].0].at);
    let breaks = breaks.filter(|i| ms(*i) <= near_ms);
    Some(breaks.filter_map(|i| broken(look, series, &valid[i - width..i + width], least)).collect())
}

/// Judges the break in the middle of a part of logarithms.
fn broken(look: &Look<'_>, series: &Series, part: &[(usize, f64)], least: f64) -> Option<Clue> {
    let half = part.len() / 2;
    let logs: Vec<f64> = part.iter().map(|v| v.1).collect();
    let (before, after) = logs.split_at(half);
    let jump = after[0] - before[half - 1];
    let shift = median(after)? - median(before)?;
    let spread = |side: &[f64]| sigma(&differences(side)).filter(|s| *s > 0.0);
    let shape = (spread(after)? / spread(before)?).ln().abs();
    let miss = (jump - shift).abs() / jump.abs();
    let (persist_max, shape_max) = (look.number("persist_max", series)?, look.number("shape_max", series)?);
    if miss > persist_max || shape > shape_max {
        return None;
    }
    let when = series.values()[part[half].0].at;
    let strengths = [
        ("jump", jump.abs() / (2.0 * least)),
        ("persist", 1.0 - miss / persist_max),
        ("shape", 1.0 - shape / shape_max),
        ("others", share_of_others(look, series, |s| quiet_at(look, s, when))),
    ];
    let at = (part[half].0, part.last()?.0);
    let numbers = [("factor", shift.exp()), ("jump", 100.0 * (jump.exp() - 1.0)), ("count", half as f64)];
    let beside = beside(None, series, part[0].0, part[half - 1].0);
    look.clue(Sight { code: "scaled", series, at, strengths: &strengths, numbers: &numbers, beside })
}

/// Whether a series makes no unusual step to the value at an instant.
fn quiet_at(look: &Look<'_>, series: &Series, when: Instant) -> Option<bool> {
    let valid = series.valid();
    let i = valid.iter().position(|v| series.values()[v.0].at == when).filter(|i| *i > 0)?;
    let steps = differences(&valid.iter().map(|v| v.1).collect::<Vec<_>>());
    Some(steps[i - 1].abs() <= look.number("jump_sigma", series)? * sigma(&steps)?)
}

pub(super) const SPIKE: Known = (
    "spike",
    &[
        "height_sigma",
        "rise_within",
        "return_within",
        "weight_height",
        "weight_speed",
        "weight_back",
        "weight_others",
        "score_min",
        "height",
    ],
);

/// Spike and return (突变后回落): away by more than the height within minutes and at least half-way back within half an hour, as
/// pH 7.91, 9.34, 10.21, 8.47. Only for minute and real-time data.
pub(super) fn spike(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let step = series.step_ms()?;
    let within = (look.number("return_within", series)? * 1_000.0) as i64;
    let valid = series.valid();
    if step * 4 > within {
        return Some(vec![]);
    }
    let height = spike_height(look, series)?;
    let points: Vec<(Instant, f64)> = valid.iter().map(|(i, v)| (series.values()[*i].at, *v)).collect();
    let ends = (0..points.len()).filter_map(|end| Some((end, alarm::spike(&points[..=end], height, within)?)));
    Some(ends.filter_map(|(end, peak)| spike_at(look, series, &points, &valid, (peak, end), height)).collect())
}

/// The height of a row in its unit, else a multiple of the robust spread of the series.
fn spike_height(look: &Look<'_>, series: &Series) -> Option<f64> {
    use rust_decimal::prelude::ToPrimitive;
    let fixed = look.rule.quantity("height", series.factor(), series.unit()).and_then(|h| h.to_f64());
    let numbers: Vec<f64> = series.numbers().iter().flatten().copied().collect();
    let spread = || Some(look.number("height_sigma", series)? * sigma(&numbers)?);
    fixed.or_else(spread).filter(|h| *h > 0.0)
}

fn spike_at(
    look: &Look<'_>,
    series: &Series,
    points: &[(Instant, f64)],
    valid: &[(usize, f64)],
    (peak, end): (usize, usize),
    height: f64,
) -> Option<Clue> {
    let rise_ms = look.number("rise_within", series)? * 1_000.0;
    let (top_at, top) = points[peak];
    let (foot, climbed) =
        climb(&points[..=peak], points[end].0, (height, rise_ms, look.number("return_within", series)? * 1_000.0))?;
    let (foot_at, base) = points[foot];
    let back = (top - points[end].1).abs() / (top - base).abs();
    let strengths = [
        ("height", (top - base).abs() / (2.0 * height)),
        ("speed", 1.0 - points[climbed].0.ms_since(foot_at) as f64 / rise_ms),
        ("back", back),
        ("others", share_of_others(look, series, |s| calm(look, s, (foot_at, top_at)))),
    ];
    let numbers = [
        ("from", base),
        ("peak", top),
        ("to", points[end].1),
        ("minutes", points[end].0.ms_since(foot_at) as f64 / 60_000.0),
    ];
    let at = (valid[foot].0, valid[end].0);
    look.clue(Sight { code: "spike", series, at, strengths: &strengths, numbers: &numbers, beside: vec![] })
}

/// The first climb of a whole height on the way to the peak, the last of `points`: the places of the latest foot and of where the
/// height is reached.
fn climb(
    points: &[(Instant, f64)],
    end: Instant,
    (height, rise_ms, within_ms): (f64, f64, f64),
) -> Option<(usize, usize)> {
    let begin = points.partition_point(|(at, _)| end.ms_since(*at) as f64 > within_ms);
    (begin + 1..points.len()).find_map(|high| {
        let (at, value) = points[high];
        let low =
            |foot: &usize| at.ms_since(points[*foot].0) as f64 <= rise_ms && (value - points[*foot].1).abs() >= height;
        (begin..high).rev().find(low).map(|foot| (foot, high))
    })
}

/// Whether a series keeps within half a height between two instants.
fn calm(look: &Look<'_>, series: &Series, (from, to): (Instant, Instant)) -> Option<bool> {
    let height = spike_height(look, series)?;
    Some((series.at(to)? - series.at(from)?).abs() < height / 2.0)
}

pub(super) const LIFTED: Known = (
    "lifted",
    &[
        "window_minute",
        "window_hour",
        "window_cycle",
        "run_minute",
        "run_hour",
        "run_cycle",
        "low_share",
        "factors_min",
        "abrupt_share",
        "air_gap_max",
        "saturation_numerator",
        "saturation_offset",
        "weight_factors",
        "weight_depth",
        "weight_abrupt",
        "weight_air",
        "score_min",
    ],
);

/// Conductivity: the series on which a lifted sampler is reported when it falls as well.
const CONDUCTIVITY: &str = "w01014";
const OXYGEN: &str = "w01009";
const TEMPERATURE: &str = "w01010";

/// Sampler out of the water, or in clean water (探头离水、采样管插入清水): several factors fall at once, from one value to the next,
/// to a small share of what they were; oxygen near saturation is one more sign. Reported once, on the factor that fell deepest.
pub(super) fn lifted(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let least = look.by_kind("run", series)? as usize;
    let low = low_places(look, series)?;
    let stretches = super::runs(low.iter().copied(), least);
    Some(stretches.into_iter().filter_map(|at| out_of_water(look, series, at)).collect())
}

/// At which places a series is below its share of the median of the window before the fall.
fn low_places(look: &Look<'_>, series: &Series) -> Option<Vec<bool>> {
    let share = look.number("low_share", series)?;
    let width = look.by_kind("window", series)? as usize;
    let mut recent: Vec<f64> = Vec::new();
    let mut low = Vec::with_capacity(series.values().len());
    let mut usual = f64::NAN;
    for number in series.numbers() {
        let is_low = recent.len() >= width / 2 && number.is_some_and(|v| v <= share * usual);
        if let Some(v) = number.filter(|_| !is_low) {
            recent.push(v);
            if recent.len().is_multiple_of((width / 4).max(1)) || usual.is_nan() {
                usual = median(&recent[recent.len().saturating_sub(width)..])?;
            }
        }
        low.push(is_low);
    }
    Some(low)
}

/// How deep a series is at a stretch: its median there by that before; none when it cannot be told.
fn depth(look: &Look<'_>, series: &Series, window: Period) -> Option<f64> {
    let width = look.by_kind("window", series)? as i64;
    let start = window.start.plus_ms(-width * series.step_ms()?);
    let before = median(&series.inside(Period { start, end: window.start }))?;
    Some(median(&series.inside(window))? / before).filter(|d| d.is_finite())
}

fn out_of_water(look: &Look<'_>, series: &Series, (from, to): (usize, usize)) -> Option<Clue> {
    let window = series.window(from, to);
    let fallen = |s: &&Series| depth(look, s, window).zip(look.number("low_share", s)).is_some_and(|(d, low)| d <= low);
    let others: Vec<&Series> = look.record.others(series.factor()).filter(fallen).collect();
    let factors_min = look.count("factors_min", series)?;
    let own = depth(look, series, window)?;
    let first =
        |s: &Series| s.factor() == CONDUCTIVITY || (series.factor() != CONDUCTIVITY && s.factor() < series.factor());
    if others.len() + 1 < factors_min || others.iter().any(|s| first(s)) {
        return None;
    }
    let air = near_saturation(look, window);
    let abrupt =
        from.checked_sub(1).and_then(|i| Some(1.0 - series.numbers()[from]? / series.numbers()[i]?)).unwrap_or(0.0);
    let strengths = [
        ("factors", (others.len() + 1) as f64 / (factors_min + 1) as f64),
        ("depth", 1.0 - own),
        ("abrupt", abrupt / look.number("abrupt_share", series)?),
        ("air", air),
    ];
    let numbers = [("factors", (others.len() + 1) as f64), ("percent", 100.0 * own), ("count", (to - from + 1) as f64)];
    let shown = others.iter().flat_map(|s| whole(s, window)).collect();
    look.clue(Sight { code: "lifted", series, at: (from, to), strengths: &strengths, numbers: &numbers, beside: shown })
}

/// Every value of a series inside a window, as neighbours.
fn whole(series: &Series, window: Period) -> Vec<Evidence> {
    let places = series.places(window);
    if places.is_empty() { vec![] } else { beside(None, series, places.start, places.end - 1) }
}

/// How near the oxygen of a window is to saturation by GB 3838-2002 table 1 (468/(31.6+T), sea level), 0 to 1.
fn near_saturation(look: &Look<'_>, window: Period) -> f64 {
    let near = || {
        let oxygen = look.record.of(OXYGEN)?;
        let warmth = median(&look.record.of(TEMPERATURE)?.inside(window))?;
        let full = look.number("saturation_numerator", oxygen)? / (look.number("saturation_offset", oxygen)? + warmth);
        let gap = (median(&oxygen.inside(window))? - full).abs();
        Some(1.0 - gap / look.number("air_gap_max", oxygen)?)
    };
    near().unwrap_or(0.0)
}

pub(super) const NIGHT: Known = (
    "night_drop",
    &[
        "from_hour",
        "to_hour",
        "low_share",
        "edge_sigma",
        "flow_share_min",
        "values_min",
        "weight_depth",
        "weight_edges",
        "weight_flow",
        "weight_nights",
        "score_min",
    ],
);

const FLOW: &str = "w00000";

/// Low at night (夜间异常降低): nights far below the evenings before and mornings after, with sharp edges, while the flow goes on.
pub(super) fn night(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let nights = nights(look, series)?;
    let low: Vec<&Dip> = nights.iter().filter(|n| n.depth <= n.low_share).collect();
    let often = low.len() as f64 / nights.len().max(1) as f64;
    Some(low.iter().filter_map(|dip| night_clue(look, series, dip, often)).collect())
}

/// A stretch held against what surrounds it.
struct Dip {
    at: (usize, usize),
    depth: f64,
    low_share: f64,
    /// Least of the two edges, in robust standard deviations of steps; above zero when the stretch is lower.
    edge: f64,
}

fn nights(look: &Look<'_>, series: &Series) -> Option<Vec<Dip>> {
    let (from, to) = (look.number("from_hour", series)? as i8, look.number("to_hour", series)? as i8);
    let dark = |at: Instant| {
        let hour = look.record.zone.civil(at).hour();
        hour >= from || hour < to
    };
    let least = look.count("values_min", series)?;
    let stretches = super::runs(series.values().iter().map(|v| dark(v.at)), least);
    Some(stretches.into_iter().filter_map(|at| dip(look, series, at)).collect())
}

/// Holds a stretch against as many values before and after.
fn dip(look: &Look<'_>, series: &Series, (from, to): (usize, usize)) -> Option<Dip> {
    let (long, numbers) = (to - from + 1, series.numbers());
    let pick = |range: std::ops::Range<usize>| numbers[range].iter().flatten().copied().collect::<Vec<f64>>();
    let before = pick(from.saturating_sub(long)..from);
    let after = pick(to + 1..(to + 1 + long).min(numbers.len()));
    let within = pick(from..to + 1);
    let around = f64::midpoint(median(&before)?, median(&after)?);
    let steps = differences(&series.numbers().iter().flatten().copied().collect::<Vec<_>>());
    let usual = sigma(&steps).filter(|s| *s > 0.0)?;
    let edge = (before.last()? - within.first()?).min(after.first()? - within.last()?) / usual;
    let depth = Some(median(&within)? / around).filter(|d| d.is_finite())?;
    Some(Dip { at: (from, to), depth, low_share: look.number("low_share", series)?, edge })
}

fn night_clue(look: &Look<'_>, series: &Series, dip: &Dip, often: f64) -> Option<Clue> {
    let edge_sigma = look.number("edge_sigma", series)?;
    let flow = look.record.of(FLOW).and_then(|f| flow_share(f, series.window(dip.at.0, dip.at.1)));
    if dip.edge < edge_sigma || flow.is_some_and(|f| f < 0.5) {
        return None;
    }
    let strengths = [
        ("depth", (1.0 - dip.depth) / (1.0 - dip.low_share) - 0.5),
        ("edges", dip.edge / (2.0 * edge_sigma)),
        ("flow", flow.unwrap_or(0.0) / look.number("flow_share_min", series)?),
        ("nights", often),
    ];
    let numbers = [("percent", 100.0 * dip.depth), ("edge", dip.edge), ("nights", 100.0 * often)];
    look.clue(Sight {
        code: "night_drop",
        series,
        at: dip.at,
        strengths: &strengths,
        numbers: &numbers,
        beside: vec![],
    })
}

/// Flow inside a window as a share of its median over the whole series.
fn flow_share(flow: &Series, window: Period) -> Option<f64> {
    let all: Vec<f64> = flow.numbers().iter().flatten().copied().collect();
    Some(median(&flow.inside(window))? / median(&all)?).filter(|s| s.is_finite())
}

pub(super) const INSPECTION: Known = (
    "inspection_drop",
    &["low_share", "edge_sigma", "weight_depth", "weight_edges", "weight_flow", "flow_share_min", "score_min"],
);

/// Low while inspectors are there (检查期间异常降低), and back when they have left.
pub(super) fn inspection(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let visits = look.record.concerning(series).filter(|e| e.what == Happening::Inspection);
    let mut out = Vec::new();
    for visit in visits {
        let places = series.places(visit.period);
        if places.is_empty() {
            continue;
        }
        let Some(dip) = dip(look, series, (places.start, places.end - 1)) else { continue };
        let edge_sigma = look.number("edge_sigma", series)?;
        if dip.depth > dip.low_share || dip.edge < edge_sigma {
            continue;
        }
        let flow = look.record.of(FLOW).and_then(|f| flow_share(f, visit.period));
        let strengths = [
            ("depth", (1.0 - dip.depth) / (1.0 - dip.low_share) - 0.5),
            ("edges", dip.edge / (2.0 * edge_sigma)),
            ("flow", flow.unwrap_or(0.0) / look.number("flow_share_min", series)?),
        ];
        let numbers = [("percent", 100.0 * dip.depth), ("edge", dip.edge)];
        let beside = vec![Evidence::Happened(visit.clone())];
        out.extend(look.clue(Sight {
            code: "inspection_drop",
            series,
            at: dip.at,
            strengths: &strengths,
            numbers: &numbers,
            beside,
        }));
    }
    Some(out)
}
