//! Tracing (溯源): from an anomaly back to who may have caused it, and on to whom it reaches.
//!
//! * [`travel`]: how long water takes along the reaches of a network, as an interval.
//! * [`sight`]: whether a station saw something in a stretch of time.
//! * [`upstream`]: candidates above a station, ranked, and those that are ruled out.
//! * [`downstream`]: which intakes and sections it reaches, when, and how diluted.
//! * [`air`]: where the air of the last hours came from.
//!
//! Nothing here is a verdict: a rank says where to look first. Numbers are rows of `standards/trace/`
//! ([`crate::standard::trace`]).

pub mod air;
pub mod downstream;
pub mod sight;
pub mod travel;
pub mod upstream;

#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::id::StationCode;
use crate::place::StationKind;
use crate::place::river::Spot;
use crate::standard::Bound;
use crate::standard::review::Known;
use crate::time::{Instant, Period};

/// Code of the flow of a section or outlet (流量).
pub const FLOW: &str = "w00000";
/// Code of the wind's speed (风速).
pub const WIND_SPEED: &str = "a01007";
/// Code of the direction the wind comes from (风向).
pub const WIND_DIRECTION: &str = "a01008";

/// Rules of tracing and their parameters.
pub const KNOWN: [Known; 4] = [
    ("travel", &["spread", "ratio_spread", "horizon_s"]),
    ("sight", &["direction", "ratio", "scatter", "base_s", "base_rows_min", "coverage_min"]),
    (
        "upstream",
        &[
            "weight_permit",
            "weight_own",
            "weight_between",
            "weight_timing",
            "weight_distance",
            "own_raised",
            "own_absent",
            "between_none",
            "timing_unknown",
            "distance_km",
        ],
    ),
    (
        "air",
        &[
            "weight_middle",
            "weight_recent",
            "weight_own",
            "own_raised",
            "own_absent",
            "half_angle",
            "calm_m_s",
            "calm_spread_m_s",
            "radius_km",
        ],
    ),
];

/// An anomaly (异常): a factor at a station over a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// Station.
    pub station: StationCode,
    /// Factor code.
    pub factor: String,
    /// From the first to the last moment of it.
    pub during: Period,
}

/// One value and how long it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// When; a moment has the same begin and end.
    pub during: Period,
    /// Value in the point's unit.
    pub value: f64,
}

/// What is measured of one factor at one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Factor code.
    pub factor: String,
    /// Its limit: of the permit, or of the section's target class; none when there is none.
    pub bound: Option<Bound>,
    /// The limit is one of a permit.
    pub permit: bool,
    /// Values whose mark is `N`, ascending.
    pub rows: Vec<Row>,
}

/// A station with its readings.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Station.
    pub station: StationCode,
    /// Its kind.
    pub kind: StationKind,
    /// Where it lies on the network.
    pub spot: Spot,
    /// What is measured.
    pub watched: Vec<Watched>,
}

impl Place {
    /// What is measured of a factor.
    pub fn of(&self, factor: &str) -> Option<&Watched> {
        self.watched.iter().find(|w| w.factor == factor)
    }
}

/// A part of a score and what it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Part {
    /// Name, as in the parameter `weight_<name>`.
    pub name: &'static str,
    /// Weight, 0 to 1.
    pub weight: f64,
    /// How much of it is there, 0 to 1.
    pub value: f64,
}

/// The sum of parts by their weights, 0 to 1.
pub fn score(parts: &[Part]) -> f64 {
    parts.iter().map(|p| p.weight * p.value).sum()
}

fn after(at: Instant, seconds: f64) -> Instant {
    at.plus_ms((seconds * 1_000.0) as i64)
}
