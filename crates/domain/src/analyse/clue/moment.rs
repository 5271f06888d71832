//! What happens at the wrong moment: calibration, restart and parameters at peaks, missing data beside an exceedance.

use rust_decimal::prelude::ToPrimitive;

use super::{Clue, Look, Sight, share_of_others};
use crate::analyse::evidence::Evidence;
use crate::analyse::robust::{median, sigma};
use crate::analyse::series::{Happening, Series, StationEvent};
use crate::standard::review::Known;
use crate::time::{Instant, Period};

pub(super) const CALIBRATION: Known = (
    "calibration_peak",
    &["around_s", "peak_sigma", "limit_share", "drop_full", "weight_peak", "weight_drop", "weight_repeat", "score_min"],
);
pub(super) const RESTART: Known = (
    "restart_peak",
    &["around_s", "peak_sigma", "limit_share", "drop_full", "weight_peak", "weight_drop", "weight_repeat", "score_min"],
);

/// Calibration that hides peaks (以校准掩盖峰值): it begins while the value is at a peak, and the value is lower afterwards.
pub(super) fn calibration(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    at_peaks(look, series, "calibration_peak", |e| e.what == Happening::Calibration)
}

/// Restart at a peak (峰值时重启).
pub(super) fn restart(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    at_peaks(look, series, "restart_peak", |e| e.what == Happening::Restart)
}

fn at_peaks(look: &Look<'_>, series: &Series, code: &'static str, is: fn(&StationEvent) -> bool) -> Option<Vec<Clue>> {
    let events: Vec<&StationEvent> = look.record.concerning(series).filter(|e| is(e)).collect();
    let peaks: Vec<(&StationEvent, Peak)> = events.iter().filter_map(|e| Some((*e, peak(look, series, e)?))).collect();
    let often = peaks.len() as f64 / events.len().max(1) as f64;
    let mut out = Vec::new();
    for (event, peak) in peaks {
        let drop_full = look.number("drop_full", series)?;
        let strengths =
            [("peak", peak.strength), ("drop", (1.0 - peak.after / peak.before) / drop_full), ("repeat", often)];
        let numbers = [("before", peak.before), ("after", peak.after), ("percent", 100.0 * often)];
        let beside = vec![Evidence::Happened(event.clone())];
        out.extend(look.clue(Sight { code, series, at: peak.at, strengths: &strengths, numbers: &numbers, beside }));
    }
    Some(out)
}

/// Values at both sides of a happening.
struct Peak {
    at: (usize, usize),
    before: f64,
    after: f64,
    strength: f64,
}

/// The values around a happening, when those before it are a peak and those after it are lower.
fn peak(look: &Look<'_>, series: &Series, event: &StationEvent) -> Option<Peak> {
    let around_ms = (look.number("around_s", series)? * 1_000.0) as i64;
    let around_ms = around_ms.max(series.step_ms()? * 3);
    let before = series.places(Period { start: event.period.start.plus_ms(-around_ms), end: event.period.start });
    let after = series.places(Period { start: event.period.end, end: event.period.end.plus_ms(around_ms) });
    let pick = |r: std::ops::Range<usize>| series.numbers()[r].iter().flatten().copied().collect::<Vec<f64>>();
    let all = pick(0..series.values().len());
    // the two values nearest on either side: further away a peak falls by itself
    let nearest = (pick(before.clone()), pick(after.clone()));
    let height = median(&nearest.0[nearest.0.len().saturating_sub(2)..])?;
    let lower = median(&nearest.1[..nearest.1.len().min(2)])?;
    let high = height - median(&all)?;
    let spread = sigma(&all).filter(|s| *s > 0.0)?;
    let by_sigma = high / spread / look.number("peak_sigma", series)?;
    let by_limit =
        look.record.cap(series).map_or(0.0, |cap| height / cap / look.number("limit_share", series).unwrap_or(1.0));
    let strength = if high > 0.0 { by_sigma.max(if by_limit >= 1.0 { by_limit } else { 0.0 }) } else { 0.0 };
    let last = after.end.max(after.start + 1) - 1;
    (strength >= 1.0 && lower < height).then_some(Peak {
        at: (before.start, last),
        before: height,
        after: lower,
        strength: strength / 1.5,
    })
}

pub(super) const PARAMETER: Known = (
    "parameter_change",
    &[
        "around_s",
        "limit_share",
        "change_min",
        "match_max",
        "weight_unannounced",
        "weight_exceedance",
        "weight_level",
        "score_min",
    ],
);

/// Key parameter changed beside an exceedance (超标前后修改参数): outside of maintenance, with values at the limit before or after, or
/// with a level that moves as the slope did.
pub(super) fn parameter(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let change_min = look.number("change_min", series)?;
    let changes: Vec<&StationEvent> =
        look.record.concerning(series).filter(|e| matches!(e.what, Happening::Parameter { .. })).collect();
    Some(changes.into_iter().filter_map(|e| parameter_at(look, series, e, change_min)).collect())
}

fn parameter_at(look: &Look<'_>, series: &Series, event: &StationEvent, change_min: f64) -> Option<Clue> {
    let Happening::Parameter { before: old, after: new, .. } = event.what else { return None };
    let ratio = new.to_f64()? / old.to_f64()?;
    let around_ms = ((look.number("around_s", series)? * 1_000.0) as i64).max(series.step_ms()? * 3);
    let before = series.places(Period { start: event.period.start.plus_ms(-around_ms), end: event.period.start });
    let after = series.places(Period { start: event.period.start, end: event.period.end.plus_ms(around_ms) });
    let pick = |r: &std::ops::Range<usize>| series.numbers()[r.clone()].iter().flatten().copied().collect::<Vec<f64>>();
    let (was, is) = (pick(&before), pick(&after));
    let level = median(&is)? / median(&was)?;
    let highest = was.iter().chain(&is).copied().fold(0.0, f64::max);
    let share = look.record.cap(series).map_or(0.0, |cap| highest / cap);
    if (ratio - 1.0).abs() < change_min {
        return None;
    }
    let unannounced = !look.record.maintained(series.factor(), event.period);
    let moved = (level.ln() / ratio.ln() - 1.0).abs() / look.number("match_max", series)?;
    let strengths = [
        ("unannounced", f64::from(u8::from(unannounced))),
        ("exceedance", f64::from(u8::from(share >= look.number("limit_share", series)?))),
        ("level", if moved.is_finite() && (level - 1.0).abs() >= change_min { 1.0 - moved } else { 0.0 }),
    ];
    let numbers = [("old", old.to_f64()?), ("new", new.to_f64()?), ("level", level)];
    let at = (before.start, after.end.checked_sub(1)?);
    let beside = vec![Evidence::Happened(event.clone())];
    look.clue(Sight { code: "parameter_change", series, at, strengths: &strengths, numbers: &numbers, beside })
}

/// Waste-water flow (HJ 212-2017 annex B).
const FLOW: &str = "w00000";

pub(super) const GAP: Known = (
    "gap_exceedance",
    &[
        "steps_min",
        "maintained_share",
        "limit_share",
        "rise_sigma",
        "weight_exceedance",
        "weight_rise",
        "weight_others",
        "weight_repeat",
        "score_min",
    ],
);

/// Missing data right before or after an exceedance (超标前后缺数): the last value before or the first after the gap is at the limit,
/// nobody spoke of maintenance, and the other factors went on being measured.
pub(super) fn gap(look: &Look<'_>, series: &Series) -> Option<Vec<Clue>> {
    let cap = look.record.cap(series)?;
    let step = series.step_ms()?;
    let steps_min = look.number("steps_min", series)?;
    let valid = series.valid();
    let wide = |w: &&[(usize, f64)]| {
        let between = series.values()[w[1].0].at.ms_since(series.values()[w[0].0].at);
        between as f64 > (steps_min + 0.5) * step as f64
    };
    let gaps: Vec<&[(usize, f64)]> = valid.windows(2).filter(wide).collect();
    let share = look.number("limit_share", series)?;
    let high = |w: &[(usize, f64)]| w[0].1.max(w[1].1) >= share * cap;
    let often = gaps.iter().filter(|w| high(w)).count() as f64 / gaps.len().max(1) as f64;
    let beside: Vec<&[(usize, f64)]> = gaps.iter().copied().filter(|w| high(w)).collect();
    Some(beside.into_iter().filter_map(|w| gap_clue(look, series, w, (cap, often))).collect())
}

fn gap_clue(look: &Look<'_>, series: &Series, sides: &[(usize, f64)], (cap, often): (f64, f64)) -> Option<Clue> {
    let (from, to) = (sides[0].0, sides[1].0);
    let (start, end) = (series.values()[from].at, series.values()[to].at);
    let inner = Period { start: Instant(start.0 + 1), end };
    // nothing that runs out is nothing to measure
    let dry = look.record.of(FLOW).and_then(|f| median(&f.inside(inner))).is_some_and(|f| f <= 0.0);
    let told = look.record.maintained_share(series.factor(), inner);
    if dry || told >= look.number("maintained_share", series)? {
        return None;
    }
    let all: Vec<f64> = series.numbers().iter().flatten().copied().collect();
    let spread = sigma(&all).filter(|s| *s > 0.0)?;
    let highest = sides[0].1.max(sides[1].1);
    let rise = (highest - median(&all)?) / spread / look.number("rise_sigma", series)?;
    let strengths = [
        ("exceedance", if highest > cap { 1.0 } else { 0.5 }),
        ("rise", rise),
        ("others", share_of_others(look, series, |s| Some(!s.inside(inner).is_empty()))),
        ("repeat", often),
    ];
    let hours = end.ms_since(start) as f64 / 3_600_000.0;
    let numbers = [("before", sides[0].1), ("after", sides[1].1), ("limit", cap), ("hours", hours)];
    look.clue(Sight {
        code: "gap_exceedance",
        series,
        at: (from, to),
        strengths: &strengths,
        numbers: &numbers,
        beside: vec![],
    })
}
