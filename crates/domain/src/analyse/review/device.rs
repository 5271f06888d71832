//! What the device and the station say of themselves: marks, windows, key parameters, clock, intrusion.

use super::{Exam, Finding};
use crate::analyse::evidence::{Evidence, Reason};
use crate::analyse::series::{Happening, Series, StationEvent};
use crate::sense::reviewed::INVALID;
use crate::standard::review::Known;
use crate::time::Period;

pub(super) const MARKS: Known = ("marks", &["run_min"]);

/// Device marks (数据标记): stretches of values that the device itself does not call normal, by mark.
pub(super) fn marks(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let least = exam.number("run_min", series)?;
    let places: Vec<usize> = (0..series.values().len()).collect();
    let mark = |i: usize| series.values()[i].mark.as_deref();
    let stretches = places.chunk_by(|a, b| mark(*a) == mark(*b));
    // what a reviewer has marked is no device's word
    let devices = |m: Option<&str>| m.is_some_and(|m| m != INVALID);
    let marked = stretches.filter(|s| devices(mark(s[0])) && s.len() as f64 >= least);
    let one = |s: &[usize]| {
        let mut reason = Reason::new("marks", &[("count", s.len() as f64)]);
        reason.numbers.push(("mark", mark(s[0]).unwrap_or("N").to_owned()));
        exam.finding(series, (s[0], s[s.len() - 1]), None, reason)
    };
    Some(marked.map(one).collect())
}

pub(super) const WINDOWS: Known = ("windows", &["run_min"]);

/// Maintenance and calibration windows (维护、校准时段): values inside one that are marked as normal measurements.
pub(super) fn windows(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let least = exam.number("run_min", series)?;
    let known = |e: &&StationEvent| matches!(e.what, Happening::Maintenance | Happening::Calibration);
    let one = |event: &StationEvent| {
        let places = series.places(event.period);
        let valid = series.inside(event.period).len();
        (valid > 0 && valid as f64 >= least).then(|| {
            let reason = Reason::new("windows", &[("count", valid as f64)]);
            let mut finding = exam.finding(series, (places.start, places.end - 1), None, reason);
            finding.evidence.push(Evidence::Happened(event.clone()));
            finding
        })
    };
    Some(exam.record.concerning(series).filter(known).filter_map(one).collect())
}

/// A finding on a happening itself.
fn happened(exam: &Exam<'_>, event: &StationEvent, threshold: f64, reason: Reason) -> Finding {
    Finding {
        check: exam.rule.id.clone(),
        version: exam.rule.version,
        factor: event.factor.clone(),
        window: event.period,
        evidence: vec![Evidence::Happened(event.clone())],
        threshold: Some(threshold),
        reason,
    }
}

pub(super) const PARAMETERS: Known = ("parameters", &["change_min"]);

/// Key parameter changed (关键参数变更): range, slope or intercept by more than a share; says whether it was during maintenance.
pub(super) fn parameters(exam: &Exam<'_>) -> Option<Vec<Finding>> {
    let mut out = Vec::new();
    for event in &exam.record.events {
        let Happening::Parameter { before, after, .. } = event.what else { continue };
        let factor = event.factor.as_deref().unwrap_or_default();
        let change_min = exam.rule.number("change_min", factor)?;
        let announced = exam.record.maintained(factor, event.period);
        let code = if announced { "parameters.announced" } else { "parameters" };
        let change = (after - before).abs();
        let base = before.abs();
        let small = rust_decimal::Decimal::try_from(change_min).is_ok_and(|share| change <= share * base);
        if !small {
            let reason = Reason { code, numbers: vec![("old", before.to_string()), ("new", after.to_string())] };
            out.push(happened(exam, event, change_min, reason));
        }
    }
    Some(out)
}

pub(super) const CLOCK: Known = ("clock", &["ahead_max"]);

/// Clock drift (时钟偏差): the device's clock is off by more than some seconds, either way.
pub(super) fn clock(exam: &Exam<'_>) -> Option<Vec<Finding>> {
    let most = exam.rule.number("ahead_max", "")?;
    let off = |event: &StationEvent| {
        let Happening::Clock { ahead_ms } = event.what else { return None };
        let seconds = ahead_ms as f64 / 1_000.0;
        (seconds.abs() > most).then(|| happened(exam, event, most, Reason::new("clock", &[("seconds", seconds)])))
    };
    Some(exam.record.events.iter().filter_map(off).collect())
}

pub(super) const INTRUSION: Known = ("intrusion", &["around"]);

/// Fence intrusion (围栏闯入时段): values from some minutes before to some minutes after somebody was inside the fence.
pub(super) fn intrusion(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let around_ms = (exam.number("around", series)? * 1_000.0) as i64;
    let one = |event: &StationEvent| {
        let wide = Period { start: event.period.start.plus_ms(-around_ms), end: event.period.end.plus_ms(around_ms) };
        let places = series.places(wide);
        (!places.is_empty()).then(|| {
            let reason = Reason::new("intrusion", &[("count", places.len() as f64)]);
            let mut finding = exam.finding(series, (places.start, places.end - 1), None, reason);
            finding.evidence.push(Evidence::Happened(event.clone()));
            finding
        })
    };
    let intrusions = exam.record.concerning(series).filter(|e| e.what == Happening::Intrusion);
    Some(intrusions.filter_map(one).collect())
}
