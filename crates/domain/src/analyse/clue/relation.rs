//! Against flow, load and other factors: what one series says that another denies.

use super::{Clue, Look, Sight, runs};
use crate::analyse::evidence::{Evidence, beside};
use crate::analyse::robust::{distinct, median, sigma};
use crate::analyse::series::Series;
use crate::standard::review::Known;
use crate::time::{Instant, Period};

/// Waste-water flow and production load (HJ 212-2017 annex B).
const FLOW: &str = "w00000";
const LOAD_FACTOR: &str = "i33400";

fn pick(series: &Series) -> Vec<f64> {
    series.numbers().iter().flatten().copied().collect()
}

fn shown(series: &Series, window: Period) -> Vec<Evidence> {
    let places = series.places(window);
    if places.is_empty() { vec![] } else { beside(None, series, places.start, places.end - 1) }
}

/// Median of the valid numbers that are above a share of the largest tenth: what is usual while running.
fn usual(series: &Series) -> Option<f64> {
    let all = pick(series);
    median(&all.iter().copied().filter(|v| *v > 0.0).collect::<Vec<_>>())
}

pub(super) const LOAD: Known = (
    "load_mismatch",
    &[
        "run_minute",
        "run_hour",
        "run_cycle",
        "stopped_percent",
        "running_percent",
        "flow_share",
        "low_share",
        "abrupt_share",
        "weight_length",
        "weight_size",
        "weight_edge",
        "score_min",
    ],
);

/// Against the production load (工况不符): declared stopped while the flow runs on as before (on the flow), or running as before
/// while a concentration falls to a small share of what is usual (on the concentration).
pub(super) fn load(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let drive = look.record.of(LOAD_FACTOR).filter(|d| d.factor() != series.factor())?;
    let least = look.by_kind("run", series)? as usize;
    let stopped = look.number("stopped_percent", series)?;
    let running = look.number("running_percent", series)?;
    let usual = usual(series)?;
    let is_flow = series.factor() == FLOW;
    let share = look.number(if is_flow { "flow_share" } else { "low_share" }, series)?;
    let odd = |(i, v): (usize, &Option<f64>)| {
        let (Some(v), Some(load)) = (v, drive.at(series.values()[i].at)) else { return false };
        if is_flow { load <= stopped && *v >= share * usual } else { load >= running && *v <= share * usual }
    };
    let stretches = runs(series.numbers().iter().enumerate().map(odd), least);
    let code = if is_flow { "load_mismatch.stopped" } else { "load_mismatch.running" };
    Some(stretches.into_iter().filter_map(|at| load_clue(look, series, drive, at, (code, usual))).collect())
}

fn load_clue(
    look: &Look<'_>,
    series: &Series,
    drive: &Series,
    at: (usize, usize),
    (code, usual): (&'static str, f64),
) -> Option<Clue> {
    let window = series.window(at.0, at.1);
    let level = median(&series.inside(window))? / usual;
    let is_flow = series.factor() == FLOW;
    let edge =
        at.0.checked_sub(1)
            .and_then(|i| edge(if is_flow { drive } else { series }, series.values()[i].at, window.start));
    let strengths = [
        ("length", (at.1 - at.0 + 1) as f64 / (2.0 * look.by_kind("run", series)?)),
        ("size", if is_flow { level } else { 1.0 - level }),
        ("edge", edge.unwrap_or(0.0) / look.number("abrupt_share", series)?),
    ];
    let numbers =
        [("load", median(&drive.inside(window))?), ("percent", 100.0 * level), ("count", (at.1 - at.0 + 1) as f64)];
    look.clue(Sight { code, series, at, strengths: &strengths, numbers: &numbers, beside: shown(drive, window) })
}

/// By which share a series falls between two instants.
fn edge(series: &Series, from: Instant, to: Instant) -> Option<f64> {
    Some(1.0 - series.at(to)? / series.at(from)?).filter(|e| e.is_finite())
}

pub(super) const FLOW_ONLY: Known = (
    "flow_only",
    &[
        "run_minute",
        "run_hour",
        "run_cycle",
        "on_share",
        "maintained_share",
        "weight_length",
        "weight_flow",
        "weight_others",
        "score_min",
    ],
);

/// Flow without concentration (有流量无浓度): the outlet runs and a factor has no value, or zero, for hours without maintenance.
pub(super) fn flow_only(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let flow = look.record.of(FLOW).filter(|f| f.factor() != series.factor())?;
    let least = look.by_kind("run", series)?;
    let usual = usual(flow)?;
    let on = look.number("on_share", series)? * usual;
    // asked at the instants of the flow: a missing value may have no row of its own
    let bare = |(i, f): (usize, &Option<f64>)| {
        f.is_some_and(|f| f >= on) && series.at(flow.values()[i].at).is_none_or(|c| c <= 0.0)
    };
    let mut out = Vec::new();
    for (from, to) in runs(flow.numbers().iter().enumerate().map(bare), least as usize) {
        let window = flow.window(from, to);
        if look.record.maintained_share(series.factor(), window) >= look.number("maintained_share", series)? {
            continue;
        }
        let strengths = [
            ("length", (to - from + 1) as f64 / (2.0 * least)),
            ("flow", median(&flow.inside(window))? / usual),
            ("others", super::share_of_others(look, series, |s| Some(!s.inside(window).is_empty()))),
        ];
        let numbers = [("count", (to - from + 1) as f64), ("percent", 100.0 * median(&flow.inside(window))? / usual)];
        let sight = Sight {
            code: "flow_only",
            series: flow,
            at: (from, to),
            strengths: &strengths,
            numbers: &numbers,
            beside: shown(series, window),
        };
        out.extend(look.clue(sight).map(|clue| Clue { factor: series.factor().to_owned(), ..clue }));
    }
    Some(out)
}

pub(super) const NO_FLOW: Known = (
    "no_flow",
    &[
        "run_minute",
        "run_hour",
        "run_cycle",
        "off_share",
        "level_share",
        "weight_length",
        "weight_alive",
        "weight_level",
        "score_min",
    ],
);

/// Concentration without flow (无流量有浓度): a factor is measured as ever and varies while nothing runs out.
pub(super) fn no_flow(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let flow = look.record.of(FLOW).filter(|f| f.factor() != series.factor())?;
    let least = look.by_kind("run", series)?;
    let (off, usual) = (look.number("off_share", series)? * usual(flow)?, usual(series)?);
    let dry = |(i, v): (usize, &Option<f64>)| {
        v.is_some_and(|v| v > 0.0) && flow.at(series.values()[i].at).is_some_and(|f| f <= off)
    };
    let mut out = Vec::new();
    for at in runs(series.numbers().iter().enumerate().map(dry), least as usize) {
        let window = series.window(at.0, at.1);
        let values = series.inside(window);
        let level = median(&values)? / usual;
        let count = values.len() as f64;
        let strengths = [
            ("length", count / (2.0 * least)),
            ("alive", 2.0 * distinct(&values) as f64 / count),
            ("level", level / look.number("level_share", series)?),
        ];
        let numbers = [("count", count), ("percent", 100.0 * level)];
        out.extend(look.clue(Sight {
            code: "no_flow",
            series,
            at,
            strengths: &strengths,
            numbers: &numbers,
            beside: shown(flow, window),
        }));
    }
    Some(out)
}

pub(super) const CROSS: Known = (
    "cross_factor",
    &[
        "run_minute",
        "run_hour",
        "run_cycle",
        "window_minute",
        "window_hour",
        "window_cycle",
        "move_sigma",
        "flat_sigma",
        "companions_min",
        "weight_move",
        "weight_flat",
        "weight_length",
        "score_min",
    ],
);

/// Companions of oxygen demand: ammonia, total nitrogen, conductivity.
const COMPANIONS: [&str; 3] = ["w21003", "w21001", "w01014"];

/// Across factors (因子间矛盾), for oxygen demand: it moves far while every companion is flat, or stays flat while all companions
/// rise. Reported on the oxygen demand.
pub(super) fn cross(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let least = look.by_kind("run", series)? as usize;
    let width = look.by_kind("window", series)? as usize;
    let own = moves(series, width)?;
    let companions: Vec<&Series> = COMPANIONS.iter().filter_map(|f| look.record.of(f)).collect();
    let theirs: Vec<(&Series, Vec<Option<f64>>)> =
        companions.iter().filter_map(|s| Some((*s, moves(s, width)?))).collect();
    if theirs.len() < look.count("companions_min", series)? {
        return Some(vec![]);
    }
    let joint: Vec<Joint> = (0..own.len()).map(|i| Joint::at(series, &own, &theirs, i)).collect();
    let (far, flat) = (look.number("move_sigma", series)?, look.number("flat_sigma", series)?);
    let alone = runs(joint.iter().map(|j| j.own >= far && j.largest <= flat), least);
    let masked = runs(joint.iter().map(|j| j.own.abs() <= flat && j.least >= far), least);
    let alone =
        alone.into_iter().filter_map(|at| cross_clue(look, series, &joint, at, ("cross_factor.alone", far, flat)));
    let masked =
        masked.into_iter().filter_map(|at| cross_clue(look, series, &joint, at, ("cross_factor.masked", far, flat)));
    Some(alone.chain(masked).collect())
}

/// Moves at one instant, in robust standard deviations; not-a-number where one is not known, which no comparison passes.
struct Joint {
    own: f64,
    /// Largest absolute and least signed move of the companions.
    largest: f64,
    least: f64,
}

impl Joint {
    fn at(series: &Series, own: &[Option<f64>], theirs: &[(&Series, Vec<Option<f64>>)], i: usize) -> Self {
        let when = series.values()[i].at;
        let place = |s: &Series| s.values().binary_search_by_key(&when, |v| v.at).ok();
        let found: Option<Vec<f64>> = theirs.iter().map(|(s, m)| m[place(s)?]).collect();
        let found = found.unwrap_or_else(|| vec![f64::NAN]);
        let nan = found.iter().any(|f| f.is_nan());
        let largest = found.iter().map(|m| m.abs()).fold(0.0, f64::max);
        let least = found.iter().copied().fold(f64::INFINITY, f64::min);
        let or_nan = |v: f64| if nan { f64::NAN } else { v };
        Self { own: own[i].unwrap_or(f64::NAN), largest: or_nan(largest), least: or_nan(least) }
    }
}

/// How far each value is from the median of the window before it, in robust standard deviations of the whole series.
fn moves(series: &Series, width: usize) -> Option<Vec<Option<f64>>> {
    let spread = sigma(&pick(series)).filter(|s| *s > 0.0)?;
    let numbers = series.numbers();
    let step = (width / 8).max(1);
    let mut centre = None;
    let one = |i: usize| {
        if i.is_multiple_of(step) {
            // the newest quarter is left out: what is judged must not be its own measure
            let end = i.saturating_sub(width / 4);
            let part: Vec<f64> = numbers[end.saturating_sub(width)..end].iter().flatten().copied().collect();
            centre = if part.len() * 2 >= width { median(&part) } else { None };
        }
        Some((numbers[i]? - centre?) / spread)
    };
    Some((0..numbers.len()).map(one).collect())
}

fn cross_clue(
    look: &Look<'_>,
    series: &Series,
    joint: &[Joint],
    at: (usize, usize),
    (code, far, flat): (&'static str, f64, f64),
) -> Option<Clue> {
    let part = &joint[at.0..=at.1];
    let middle = |f: fn(&Joint) -> f64| median(&part.iter().map(f).collect::<Vec<_>>());
    let (own, largest, least) = (middle(|j| j.own)?, middle(|j| j.largest)?, middle(|j| j.least)?);
    let alone = code == "cross_factor.alone";
    let (moved, still) = if alone { (own, largest) } else { (least, own.abs()) };
    let strengths = [
        ("move", moved / (2.0 * far)),
        ("flat", 1.0 - still / flat),
        ("length", part.len() as f64 / (2.0 * look.by_kind("run", series)?)),
    ];
    let window = series.window(at.0, at.1);
    let beside = COMPANIONS.iter().filter_map(|f| look.record.of(f)).flat_map(|s| shown(s, window)).collect();
    let numbers = [("own", own), ("others", if alone { largest } else { least }), ("count", part.len() as f64)];
    look.clue(Sight { code, series, at, strengths: &strengths, numbers: &numbers, beside })
}
