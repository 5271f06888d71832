//! What is told: somebody came near, is inside, has gone, crossed a line; something was left.

use crate::fence::Direction;
use crate::geometry::Rect;
use serde::{Deserialize, Serialize};

/// Something that somebody must know. As JSON an object with `kind`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Sight {
    /// In the area around a fence, not yet inside.
    Approached(Who),
    /// Inside of a fence.
    Entered(Who),
    /// A better view of somebody who is inside.
    Better(Who),
    /// Gone; with this a stay ends. Every `Approached` and `Entered` is followed by one of the same stay.
    Left(Gone),
    /// Crossed a line.
    Crossed(Crossed),
    /// Something appeared inside of a fence and stayed, or something that had been there was taken away.
    LeftBehind(Remains),
}

/// Who was seen where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Who {
    /// The stay: one number from coming near until having gone, per fence and track.
    pub stay: u64,
    /// Which fence.
    pub fence: String,
    /// What it is: a label of the detector, or `unclassified`.
    pub label: String,
    /// The track.
    pub track: u64,
    /// When it is told, in seconds of the stream.
    pub at: f64,
    /// Since when it holds: the first hit inside (or near).
    pub since: f64,
    /// How sure the detector was on this picture, 0..1; of an `unclassified` the share of its box that differs.
    pub score: f32,
    /// Where on this picture.
    pub bbox: Rect,
}

/// The end of a stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gone {
    /// The stay.
    pub stay: u64,
    /// Which fence.
    pub fence: String,
    /// What it was.
    pub label: String,
    /// The track that it ended with.
    pub track: u64,
    /// When it is told, in seconds of the stream.
    pub at: f64,
    /// Since when it was inside; near, if it never was.
    pub since: f64,
    /// The last moment inside (or near).
    pub until: f64,
    /// From `since` to `until`.
    pub seconds: f64,
    /// The surest picture of it.
    pub best_score: f32,
    /// Whether it was inside at all, or only came near.
    pub entered: bool,
}

/// A line was crossed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crossed {
    /// Which line.
    pub line: String,
    /// Who.
    pub label: String,
    /// The track.
    pub track: u64,
    /// When, in seconds of the stream.
    pub at: f64,
    /// How sure the detector was.
    pub score: f32,
    /// Where it stands now.
    pub bbox: Rect,
    /// Which way; never `both`.
    pub direction: Direction,
}

/// Something lies where nothing lay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remains {
    /// In which fence.
    pub fence: String,
    /// A number of its own among what was left behind.
    pub thing: u64,
    /// When it is told, in seconds of the stream.
    pub at: f64,
    /// Since when it lies still.
    pub since: f64,
    /// Where.
    pub bbox: Rect,
}

/// How a track was seen on the last picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The detector saw it, over the threshold.
    Hit,
    /// The detector saw something weaker at the same place.
    Weak,
    /// The detector was not asked, or did not see it, but its place still looks taken.
    Still,
    /// The detector was asked and did not see it.
    Lost,
}

/// A track as it is now. A log of these per picture can be played against another plan with [`crate::stay::Stays`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackNow {
    /// Its number.
    pub track: u64,
    /// What it is.
    pub label: String,
    /// Score of the last hit.
    pub score: f32,
    /// Box of the last hit.
    pub bbox: Rect,
    /// Whether it moves.
    pub moving: bool,
    /// How it was seen.
    pub seen: Seen,
}
