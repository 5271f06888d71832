//! What must hold of a plan.

use super::{CORNERS_MAX, DAY_MIN, Fence, Line, NAME_MAX, PARTS_MAX, Place, Plan, PlanError, Span};
use crate::geometry::{self, Point};
use std::collections::HashSet;

/// The smallest area of a polygon, as a share of the picture: about two pixels of a small one.
const AREA_MIN: f64 = 1e-5;

pub(super) fn check(plan: &Plan, known: Option<&[String]>) -> Result<(), PlanError> {
    let counts = [("fences", plan.fences.len()), ("lines", plan.lines.len()), ("masks", plan.masks.len())];
    if let Some(&(what, count)) = counts.iter().find(|(_, n)| *n > PARTS_MAX) {
        return Err(PlanError::TooMany { what, count });
    }
    if let Some(version) = &plan.version {
        name("version", version)?;
    }
    span("day", plan.day)?;
    let mut ids = HashSet::new();
    for fence in &plan.fences {
        self::fence(fence, known)?;
        once(&mut ids, &fence.id)?;
    }
    for line in &plan.lines {
        self::line(line, known)?;
        once(&mut ids, &line.id)?;
    }
    for (i, mask) in plan.masks.iter().enumerate() {
        polygon(&Place::Mask(i), mask)?;
    }
    thresholds(plan, known)
}

fn once<'a>(ids: &mut HashSet<&'a str>, id: &'a str) -> Result<(), PlanError> {
    if ids.insert(id) { Ok(()) } else { Err(PlanError::Duplicate(id.to_owned())) }
}

fn fence(fence: &Fence, known: Option<&[String]>) -> Result<(), PlanError> {
    name("id", &fence.id)?;
    name_or_none("name", &fence.name)?;
    let place = Place::Fence(fence.id.clone());
    polygon(&place, &fence.polygon)?;
    if let Some(approach) = &fence.approach {
        polygon(&Place::Approach(fence.id.clone()), approach)?;
    }
    labels(&place, &fence.labels, known)?;
    if fence.hours.len() > PARTS_MAX {
        return Err(PlanError::TooMany { what: "hours", count: fence.hours.len() });
    }
    fence.hours.iter().try_for_each(|&hours| span("hours", hours))?;
    let whose = place.to_string();
    number(&whose, "enter_hits", f64::from(fence.enter_hits), 1.0, 50.0)?;
    number(&whose, "dwell_s", fence.dwell_s, 0.0, 3600.0)?;
    number(&whose, "leave_s", fence.leave_s, 0.0, 60.0)?;
    fence.left_behind.map_or(Ok(()), |l| number(&whose, "still_s", l.still_s, 5.0, 600.0))
}

fn line(line: &Line, known: Option<&[String]>) -> Result<(), PlanError> {
    name("id", &line.id)?;
    name_or_none("name", &line.name)?;
    let place = Place::Line(line.id.clone());
    inside(&place, &[line.from, line.to])?;
    if geometry::distance(line.from, line.to) < 1e-3 {
        return Err(PlanError::Repeated { place, corner: 1 });
    }
    labels(&place, &line.labels, known)
}

fn polygon(place: &Place, corners: &[Point]) -> Result<(), PlanError> {
    if !(3..=CORNERS_MAX).contains(&corners.len()) {
        return Err(PlanError::Corners { place: place.clone(), corners: corners.len() });
    }
    inside(place, corners)?;
    let n = corners.len();
    if let Some(corner) = (0..n).map(|i| (i + 1) % n).find(|&i| corners[i] == corners[(i + n - 1) % n]) {
        return Err(PlanError::Repeated { place: place.clone(), corner });
    }
    // a flat one is told as flat, not as crossing itself
    if flat(corners) {
        return Err(PlanError::NoArea(place.clone()));
    }
    if let Some((first, second)) = geometry::crossing(corners) {
        return Err(PlanError::Crossing { place: place.clone(), first, second });
    }
    if geometry::area(corners) < AREA_MIN { Err(PlanError::NoArea(place.clone())) } else { Ok(()) }
}

/// Whether all corners lie on one line.
fn flat(corners: &[Point]) -> bool {
    let far = corners
        .iter()
        .copied()
        .max_by(|a, b| geometry::distance(corners[0], *a).total_cmp(&geometry::distance(corners[0], *b)));
    far.is_some_and(|far| corners.iter().all(|&p| geometry::side(corners[0], far, p).abs() < 1e-9))
}

fn inside(place: &Place, corners: &[Point]) -> Result<(), PlanError> {
    let out = |p: &Point| !p.iter().all(|v| (0.0..=1.0).contains(v));
    match corners.iter().position(out) {
        None => Ok(()),
        Some(corner) => {
            let [x, y] = corners[corner];
            Err(PlanError::Outside { place: place.clone(), corner, x, y })
        }
    }
}

fn labels(place: &Place, labels: &[String], known: Option<&[String]>) -> Result<(), PlanError> {
    if labels.len() > CORNERS_MAX {
        return Err(PlanError::TooMany { what: "labels", count: labels.len() });
    }
    labels.iter().try_for_each(|l| name("label", l))?;
    match labels.iter().find(|l| is_unknown(l, known)) {
        Some(label) => Err(PlanError::UnknownLabel { place: place.clone(), label: label.clone() }),
        None => Ok(()),
    }
}

fn is_unknown(label: &str, known: Option<&[String]>) -> bool {
    label != crate::UNCLASSIFIED && known.is_some_and(|known| !known.iter().any(|k| k == label))
}

fn thresholds(plan: &Plan, known: Option<&[String]>) -> Result<(), PlanError> {
    for (label, &value) in plan.thresholds.day.iter().chain(&plan.thresholds.night) {
        name("label", label)?;
        if is_unknown(label, known) {
            return Err(PlanError::UnknownThreshold(label.clone()));
        }
        number(&format!("thresholds of {label}"), "score", f64::from(value), 0.05, 1.0)?;
    }
    Ok(())
}

fn span(what: &'static str, span: Span) -> Result<(), PlanError> {
    let most = f64::from(DAY_MIN);
    [span.0, span.1].into_iter().try_for_each(|m| number("minutes of the day", what, f64::from(m), 0.0, most))
}

fn number(whose: &str, what: &'static str, value: f64, from: f64, to: f64) -> Result<(), PlanError> {
    if (from..=to).contains(&value) {
        Ok(())
    } else {
        Err(PlanError::Number { whose: whose.to_owned(), what, value, from, to })
    }
}

fn name(what: &'static str, text: &str) -> Result<(), PlanError> {
    if text.trim().is_empty() { Err(PlanError::Name { what, text: String::new() }) } else { name_or_none(what, text) }
}

fn name_or_none(what: &'static str, text: &str) -> Result<(), PlanError> {
    if text.chars().count() <= NAME_MAX {
        Ok(())
    } else {
        Err(PlanError::Name { what, text: text.chars().take(20).collect() })
    }
}
