//! The fence file: what of a camera's picture is guarded, against whom, and when. JSON, described in `docs/ref/fence.md`.
//!
//! Every coordinate is a fraction of the picture (0..1, origin top left). Unknown keys are refused. A ground-truth file with
//! `polygon_norm` is taken as a plan of one fence.

mod check;
mod error;
mod read;

pub use error::{Place, PlanError};

use crate::geometry::{self, Point};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest fence file that is read, in bytes.
pub const TEXT_MAX: usize = 256 * 1024;
/// Most fences, lines and masks of one camera, each.
pub const PARTS_MAX: usize = 64;
/// Most corners of one polygon.
pub const CORNERS_MAX: usize = 128;
/// Longest id, name or label, in characters.
pub const NAME_MAX: usize = 100;
/// Minutes of a day.
pub const DAY_MIN: u16 = 1440;

/// All that is guarded in one camera's picture.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plan {
    /// Which version of the plan this is; kept with every event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Areas that nobody may enter.
    pub fences: Vec<Fence>,
    /// Lines that nobody may cross.
    pub lines: Vec<Line>,
    /// Areas that are not looked at: a road behind the fence, a flag. Whatever stands there does not exist.
    pub masks: Vec<Vec<Point>>,
    /// How sure the detector must be.
    pub thresholds: Thresholds,
    /// When it is day, for the thresholds.
    pub day: Span,
}

/// How sure the detector must be of a label (0..1), by day and by night. What is not named is taken as the model's maker advises.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// By day.
    pub day: BTreeMap<String, f32>,
    /// By night; what is not named here is taken as by day.
    pub night: BTreeMap<String, f32>,
}

/// A stretch of the local day in minutes after midnight, the end not in it. It may run over midnight; the same twice is the whole
/// day. As JSON `[from, to]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span(pub u16, pub u16);

impl Default for Span {
    fn default() -> Self {
        Self(6 * 60, 19 * 60)
    }
}

impl Span {
    /// Whether a minute of the day lies in it.
    pub fn holds(&self, minute: u16) -> bool {
        let (from, to) = (self.0 % DAY_MIN, self.1 % DAY_MIN);
        if from < to { (from..to).contains(&minute) } else { minute >= from || minute < to }
    }
}

/// What a fence stands around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 采样头: where the water is drawn.
    SamplingHead,
    /// 站房门: the door of the station's house.
    HouseDoor,
    /// 围栏: the fence of the yard.
    FenceLine,
    /// 水岸: the bank.
    WaterBank,
    /// 采样口: the inlet of an air station.
    AirInlet,
}

impl Kind {
    /// The name that people read.
    pub fn zh(self) -> &'static str {
        match self {
            Self::SamplingHead => "采样头",
            Self::HouseDoor => "站房门",
            Self::FenceLine => "围栏",
            Self::WaterBank => "水岸",
            Self::AirInlet => "采样口",
        }
    }
}

/// An area that nobody may enter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    /// Unique among the fences and lines of the plan.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// What it stands around.
    pub kind: Kind,
    /// Its corners. Whoever stands inside, edge included, is in it.
    pub polygon: Vec<Point>,
    /// The wider area around it in which somebody is announced before he is inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approach: Option<Vec<Point>>,
    /// Whom it is against; nobody named means `person`. Without a detector whatever moves is taken.
    #[serde(default)]
    pub labels: Vec<String>,
    /// When it is on, in minutes of the local day; none means always.
    #[serde(default)]
    pub hours: Vec<Span>,
    /// Frames with a hit inside, one after the other, until somebody counts as inside (1..=50).
    #[serde(default = "three")]
    pub enter_hits: u32,
    /// How long somebody must have been inside, in seconds, before it is told (0..=3600).
    #[serde(default)]
    pub dwell_s: f64,
    /// How long somebody must have been outside before his stay ends, in seconds (0..=60).
    #[serde(default = "leave")]
    pub leave_s: f64,
    /// Things that appear inside and stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_behind: Option<LeftBehind>,
}

/// When a thing counts as left behind.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftBehind {
    /// How long it must have lain still, in seconds (5..=600).
    pub still_s: f64,
}

fn three() -> u32 {
    3
}

fn leave() -> f64 {
    1.5
}

/// A line that nobody may cross.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Unique among the fences and lines of the plan.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Where it begins.
    pub from: Point,
    /// Where it ends.
    pub to: Point,
    /// Which way counts, as seen when walking from `from` to `to`.
    #[serde(default)]
    pub direction: Direction,
    /// Whom it is against; nobody named means `person`.
    #[serde(default)]
    pub labels: Vec<String>,
}

/// Which way a line is crossed, as seen when walking along it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the left hand to the right hand.
    LeftToRight,
    /// From the right hand to the left hand.
    RightToLeft,
    /// Either.
    #[default]
    Both,
}

impl Plan {
    /// Reads a fence file, or a ground-truth file with `polygon_norm`, and checks it. `known` are the labels of the detector, if
    /// there is one: a label that it does not know is refused, because that fence would never see anything.
    ///
    /// # Errors
    /// The first thing that is wrong, with where it stands.
    pub fn parse(text: &str, known: Option<&[String]>) -> Result<Self, PlanError> {
        read::parse(text, known)
    }

    /// Checks a plan that did not come as text.
    ///
    /// # Errors
    /// The first thing that is wrong, with where it stands.
    pub fn check(&self, known: Option<&[String]>) -> Result<(), PlanError> {
        check::check(self, known)
    }

    /// Whether a minute of the local day is day.
    pub fn is_day(&self, minute: u16) -> bool {
        self.day.holds(minute)
    }

    /// How sure the detector must be of a label at that minute; `usual` where the plan says nothing.
    pub fn threshold(&self, label: &str, minute: u16, usual: f32) -> f32 {
        let t = &self.thresholds;
        let night = if self.is_day(minute) { None } else { t.night.get(label) };
        night.or_else(|| t.day.get(label)).copied().unwrap_or(usual)
    }

    /// Whether a foot point lies in an area that is not looked at.
    pub fn masked(&self, foot: Point) -> bool {
        self.masks.iter().any(|m| geometry::contains(m, foot))
    }
}

impl Fence {
    /// Whether it is on at that minute of the local day.
    pub fn is_on(&self, minute: u16) -> bool {
        self.hours.is_empty() || self.hours.iter().any(|h| h.holds(minute))
    }

    /// Whether it is against that label.
    pub fn takes(&self, label: &str) -> bool {
        takes(&self.labels, label)
    }

    /// Whether a foot point is inside.
    pub fn holds(&self, foot: Point) -> bool {
        geometry::contains(&self.polygon, foot)
    }

    /// Whether a foot point is inside or in the area around it.
    pub fn near(&self, foot: Point) -> bool {
        self.approach.as_ref().is_some_and(|a| geometry::contains(a, foot)) || self.holds(foot)
    }
}

impl Line {
    /// Whether it is against that label.
    pub fn takes(&self, label: &str) -> bool {
        takes(&self.labels, label)
    }
}

fn takes(labels: &[String], label: &str) -> bool {
    label == crate::UNCLASSIFIED
        || if labels.is_empty() { label == "person" } else { labels.iter().any(|l| l == label) }
}

#[cfg(test)]
mod tests;
