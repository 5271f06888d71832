//! Whether a place saw something (是否看到异常): readings of a window against what was usual before.
//!
//! Usual is the median of the time before the window (`base_s`). A reading is raised when it departs from it by the
//! `ratio`, and by `scatter` times the robust standard deviation; `direction` says whether up (1), down (-1) or either
//! way (0). With fewer readings before than `base_rows_min`, the median of the better half of all readings stands for
//! what is usual, and all of them for the scatter.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde::Serialize;

use super::{Row, Watched, after};
use crate::analyse::robust::{median, sigma};
use crate::standard::trace::TraceBook;
use crate::time::Period;

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The factor is not measured.
    Unwatched,
    /// Too few readings.
    Absent,
    /// As usual.
    Usual,
    /// Raised.
    Raised,
    /// Raised, and beyond the limit.
    Exceeded,
}

impl Seen {
    /// Whether it was more than usual.
    pub fn is_raised(self) -> bool {
        matches!(self, Self::Raised | Self::Exceeded)
    }
}

/// What a place saw of one factor in a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sight {
    /// What.
    pub seen: Seen,
    /// Factor that was looked at.
    pub factor: String,
    /// What was usual before; none without readings.
    pub base: Option<f64>,
    /// The reading that departs most from it.
    pub peak: Option<f64>,
    /// From the first to the last raised reading.
    pub raised: Option<Period>,
    /// Share of the window that readings cover.
    pub coverage: f64,
}

impl Sight {
    /// Nothing is measured.
    pub fn unwatched(factor: &str) -> Self {
        let factor = factor.to_owned();
        Self { seen: Seen::Unwatched, factor, base: None, peak: None, raised: None, coverage: 0.0 }
    }
}

/// Looks at a window.
pub fn look(watched: &Watched, window: Period, book: &TraceBook) -> Sight {
    let number = |name| book.number("sight", name, &watched.factor);
    let inside: Vec<&Row> = watched.rows.iter().filter(|r| touches(r.during, window)).collect();
    let coverage = coverage(&watched.rows, &inside, window);
    let before = after(window.start, -number("base_s"));
    let base = watched.rows.iter().filter(|r| before <= r.during.start && r.during.end <= window.start);
    let base: Vec<f64> = base.map(|r| r.value).collect();
    let direction = number("direction");
    let known = if (base.len() as f64) < number("base_rows_min") {
        let all: Vec<f64> = watched.rows.iter().filter(|r| r.during.start < window.end).map(|r| r.value).collect();
        median(&better_half(&all, direction)).zip(sigma(&all))
    } else {
        median(&base).zip(sigma(&base))
    };
    let Some((usual, scatter)) = known else {
        return Sight { coverage, ..Sight::unwatched(&watched.factor) }.absent();
    };
    let rise = |v: f64| match direction {
        d if d > 0.0 => v - usual,
        d if d < 0.0 => usual - v,
        _ => (v - usual).abs(),
    };
    let least = (number("ratio") - 1.0) * usual.abs();
    let is_raised = |v: f64| rise(v) > least && rise(v) > number("scatter") * scatter;
    let raised: Vec<&&Row> = inside.iter().filter(|r| is_raised(r.value)).collect();
    let peak = inside.iter().map(|r| r.value).max_by(|a, b| rise(*a).total_cmp(&rise(*b)));
    let beyond = |v: f64| {
        let value = Decimal::from_f64(v);
        watched.bound.zip(value).is_some_and(|(bound, value)| !bound.keeps(value))
    };
    let seen = match raised.as_slice() {
        [] if coverage < number("coverage_min") => Seen::Absent,
        [] => Seen::Usual,
        rows if rows.iter().any(|r| beyond(r.value)) => Seen::Exceeded,
        _ => Seen::Raised,
    };
    // an outlet that is always beyond its permit is never as usual
    let always = watched.permit && inside.iter().any(|r| beyond(r.value));
    let seen = if always { Seen::Exceeded } else { seen };
    let stretch = raised.first().zip(raised.last());
    let raised = stretch.map(|(a, b)| Period { start: a.during.start, end: b.during.end });
    Sight { seen, factor: watched.factor.clone(), base: Some(usual), peak, raised, coverage }
}

impl Sight {
    fn absent(self) -> Self {
        Self { seen: Seen::Absent, ..self }
    }
}

/// Whether they have a moment in common; a row of no length lies in a window that holds it.
fn touches(row: Period, window: Period) -> bool {
    row.start < window.end && (row.end > window.start || row.start >= window.start)
}

/// Share of the window that is covered: by the length of rows, or by the usual distance of rows without one.
fn coverage(rows: &[Row], inside: &[&Row], window: Period) -> f64 {
    let mut steps: Vec<i64> = rows.windows(2).map(|w| w[1].during.start.0 - w[0].during.start.0).collect();
    steps.sort_unstable();
    let step = steps.get(steps.len() / 2).copied().unwrap_or(0);
    // moments that lie in one another's step count once
    let (mut covered, mut until) = (0, window.start.0);
    for row in inside {
        let end = row.during.end.0.max(row.during.start.0 + step).min(window.end.0);
        covered += (end - row.during.start.0.max(until)).max(0);
        until = until.max(end);
    }
    covered as f64 / (window.end.0 - window.start.0).max(1) as f64
}

/// The better half of readings: the low ones, or the high ones where falling is worse; all of them where either way is.
fn better_half(all: &[f64], direction: f64) -> Vec<f64> {
    let mut all = all.to_vec();
    all.sort_by(f64::total_cmp);
    if direction < 0.0 {
        all.reverse();
    }
    if direction != 0.0 {
        all.truncate(all.len().div_ceil(2));
    }
    all
}
