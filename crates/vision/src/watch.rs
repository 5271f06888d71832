//! All of it for one camera: pictures in, sights out.
//!
//! The detector is asked when something moves that is not known yet, when somebody known moves and [`Settings::calm_s`] went by, when
//! somebody stands still or something lies about and [`Settings::recheck_s`] went by, and every [`Settings::idle_s`] in any case. Without a detector whatever moves is followed as `unclassified` (未分类目标) and
//! never called a person. When a detector fails five times in a row, the watch goes on without it and says so in its [`Stats`].

use crate::UNCLASSIFIED;
use crate::blob::Blob;
use crate::fence::Plan;
use crate::geometry::Rect;
use crate::left::Things;
use crate::line::Lines;
use crate::model::{Detection, Detector};
use crate::motion::{self, Gate, Motion};
use crate::picture::Picture;
use crate::sight::{Seen, Sight, TrackNow};
use crate::stay::Stays;
use crate::track::{Candidate, Track, Tracker};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Most places at which a detection is known to be wrong.
pub const QUIET_MAX: usize = 1000;
/// How much a detection must cover such a place to be ignored.
const QUIET: f32 = 0.6;
/// The share of a lost one's place that must differ from the background for it to be held.
const PLACE_DIFFERS: f32 = 0.3;
/// The share of somebody's place that must have changed since the picture before for him to be looked at again.
const PLACE_STIRS: f32 = 0.05;
/// Without a detector: a box of which less than this differs holds scattered light and shadow, no body.
const FILL_MIN: f32 = 0.2;
/// How long a lost one is held while its place changes, in seconds.
const HOLD_CHANGED_S: f64 = 4.0;
/// A time that far from the one before, in seconds, is another piece of the stream.
const JUMP_S: f64 = 30.0;
/// Failures in a row after which the detector is given up.
const FAILURES_MAX: u32 = 5;

/// How one camera is watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Those who are known and move are looked at again after this long, in seconds; 0 is every picture.
    pub calm_s: f64,
    /// Those who stand still, and things that lie about, are looked at again after this long, in seconds.
    pub recheck_s: f64,
    /// The detector is asked at least that often, in seconds, even when nothing moves.
    pub idle_s: f64,
    /// How long somebody whom the detector does not see any more is held to be there while his place looks as it did, in seconds.
    pub hold_s: f64,
    /// Without a detector: the smallest thing that is followed, as a share of the picture.
    pub blob_min: f32,
    /// Places at which a detection is known to be wrong.
    pub quiet: Vec<Quiet>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { calm_s: 0.35, recheck_s: 2.0, idle_s: 10.0, hold_s: 60.0, blob_min: 0.004, quiet: Vec::new() }
    }
}

/// A place at which a reviewer said that a label is wrong: a post that looks like a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// Where.
    pub bbox: Rect,
    /// Which label is wrong there.
    pub label: String,
    /// Until when, in seconds of the stream; none means for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<f64>,
}

/// What was done so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Stats {
    /// Pictures seen.
    pub frames: u64,
    /// Of these those for which the detector was not asked.
    pub gated: u64,
    /// Of these those for which it was.
    pub detected: u64,
    /// What it took all in all, in milliseconds by the clock on the wall.
    pub detector_ms: f64,
    /// Changes of the whole picture that raised nothing.
    pub global: u64,
    /// Times that the stream's time jumped.
    pub jumps: u64,
    /// Failures of the detector.
    pub failures: u64,
    /// Why the detector was given up, for an operator.
    pub given_up: Option<String>,
}

/// The watch over one camera.
pub struct Watch {
    settings: Settings,
    detector: Option<Box<dyn Detector>>,
    gate: Gate,
    tracker: Tracker,
    stays: Stays,
    lines: Lines,
    things: Things,
    usual: f32,
    last: Option<f64>,
    asked_at: Option<f64>,
    ask_next: bool,
    failures: u32,
    stats: Stats,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch")
            .field("stats", &self.stats)
            .field("tracks", &self.tracker.tracks().len())
            .finish_non_exhaustive()
    }
}

impl Watch {
    /// A watch that has not seen anything; the first picture is taken for the background.
    pub fn new(plan: Plan, detector: Option<Box<dyn Detector>>, mut settings: Settings) -> Self {
        settings.quiet.truncate(QUIET_MAX);
        let usual = detector.as_ref().map_or(0.0, |d| d.usual());
        Self {
            settings,
            gate: Gate::new(&plan.masks),
            stays: Stays::new(plan, usual),
            usual,
            detector,
            tracker: Tracker::default(),
            lines: Lines::default(),
            things: Things::default(),
            last: None,
            asked_at: None,
            ask_next: true,
            failures: 0,
            stats: Stats::default(),
        }
    }

    /// One picture: `at` in seconds of the stream, `minute_of_day` of the local day.
    pub fn see(&mut self, at: f64, minute_of_day: u16, picture: &Picture) -> Vec<Sight> {
        self.stats.frames += 1;
        let mut told = self.jumped(at);
        self.last = Some(at);
        let motion = self.gate.see(at, picture, &self.held());
        if motion.global {
            self.stats.global += 1;
            self.stats.gated += 1;
            self.ask_next = true;
            self.tracker.idle(at);
        } else {
            match self.ask(at, minute_of_day, picture, &motion) {
                Some(seen) => self.follow(at, &seen),
                None => self.tracker.idle(at),
            }
        }
        self.note_motion(&motion);
        let tracks = self.tracks();
        told.extend(self.stays.step(at, minute_of_day, &tracks));
        told.extend(self.lines.step(self.stays.plan(), self.usual, at, minute_of_day, &tracks));
        let followed = self.followed();
        told.extend(self.things.step(self.stays.plan(), at, minute_of_day, &motion.blobs, &followed));
        told
    }

    /// Ends whatever is open.
    pub fn finish(&mut self, at: f64) -> Vec<Sight> {
        self.tracker.clear();
        self.things.clear();
        self.stays.finish(at)
    }

    /// Another plan; those who are followed are followed on. What ends is told.
    pub fn replan(&mut self, plan: Plan) -> Vec<Sight> {
        self.gate.mask(&plan.masks);
        self.ask_next = true;
        self.stays.replan(plan, self.last.unwrap_or(0.0))
    }

    /// Places at which a detection is known to be wrong, instead of those before.
    pub fn set_quiet(&mut self, mut quiet: Vec<Quiet>) {
        quiet.truncate(QUIET_MAX);
        self.settings.quiet = quiet;
    }

    /// The plan that is guarded.
    pub fn plan(&self) -> &Plan {
        self.stays.plan()
    }

    /// Whether somebody is inside of a fence.
    pub fn occupied(&self) -> bool {
        self.stays.occupied()
    }

    /// What was done so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Which model looks, by its SHA-256; none when only motion is seen.
    pub fn model(&self) -> Option<&str> {
        self.detector.as_ref().map(|d| d.id())
    }

    /// Those who are followed, as they are on the last picture.
    pub fn tracks(&self) -> Vec<TrackNow> {
        self.tracker.tracks().iter().map(|t| self.now(t)).collect()
    }

    fn now(&self, t: &Track) -> TrackNow {
        TrackNow {
            track: t.id,
            label: self.label(t.label),
            score: t.score,
            bbox: t.bbox,
            moving: t.moving,
            seen: t.seen,
        }
    }

    fn label(&self, label: u16) -> String {
        let known = self.detector.as_ref().and_then(|d| d.labels().get(usize::from(label)));
        known.map_or_else(|| UNCLASSIFIED.to_owned(), Clone::clone)
    }

    /// A stream that begins anew, or was away for long, is another piece: what was open ends with the old one.
    fn jumped(&mut self, at: f64) -> Vec<Sight> {
        let Some(last) = self.last.filter(|&last| at < last || at - last > JUMP_S || !at.is_finite()) else {
            return Vec::new();
        };
        self.stats.jumps += 1;
        self.gate.forget();
        self.asked_at = None;
        self.ask_next = true;
        self.finish(last)
    }

    /// Places that must not become part of the background: where somebody is known to be, or a thing is waited for.
    fn held(&self) -> Vec<Rect> {
        let people = self.tracker.tracks().iter().filter(|t| self.detector.is_some() && t.seen != Seen::Lost);
        people.map(|t| t.bbox).chain(self.things.waiting()).collect()
    }

    /// Boxes of those who are there; without a detector only of what moves, or a bag would be its own owner.
    fn followed(&self) -> Vec<Rect> {
        let there = |t: &&Track| t.seen != Seen::Lost && (self.detector.is_some() || t.moving);
        self.tracker.tracks().iter().filter(there).map(|t| t.bbox.grown(0.02)).collect()
    }

    /// What is seen on this picture; none when nobody was asked.
    fn ask(&mut self, at: f64, minute: u16, picture: &Picture, motion: &Motion) -> Option<Vec<Candidate>> {
        if self.detector.is_none() {
            self.stats.gated += 1;
            return Some(self.blobs(motion));
        }
        if !self.is_due(at, motion) {
            self.stats.gated += 1;
            return None;
        }
        self.asked_at = Some(at);
        self.ask_next = false;
        let found = self.detect(picture)?;
        Some(found.into_iter().filter_map(|d| self.candidate(at, minute, d)).collect())
    }

    /// A newcomer, somebody lost or not yet sure asks at once; those who are known and fidget ask now and then.
    fn is_due(&self, at: f64, motion: &Motion) -> bool {
        let since = self.asked_at.map_or(f64::INFINITY, |asked| at - asked);
        let tracks = self.tracker.tracks();
        let hits = self.stays.plan().fences.iter().map(|f| f.enter_hits).max().unwrap_or(1);
        let unsure = |t: &Track| t.seen == Seen::Lost || (t.seen == Seen::Hit && t.hits < hits);
        let known = |b: &Blob| {
            tracks.iter().any(|t| t.hits >= hits && t.bbox.grown(0.03).overlap(&b.bbox) >= 0.5 * b.bbox.area())
        };
        let strangers = motion.blobs.iter().any(|b| b.is_moving() && !known(b));
        let stirs = motion.moving() || tracks.iter().any(|t| self.gate.stirs(&t.bbox) > PLACE_STIRS);
        let about = !tracks.is_empty() || !motion.blobs.is_empty();
        let at_once = self.ask_next || strangers || tracks.iter().any(unsure);
        let again = (stirs && since >= self.settings.calm_s) || (about && since >= self.settings.recheck_s);
        at_once || again || since >= self.settings.idle_s
    }

    fn detect(&mut self, picture: &Picture) -> Option<Vec<Detection>> {
        let begun = Instant::now();
        let floor = self.floor();
        let detector = self.detector.as_mut()?;
        detector.listen_from(floor);
        let result = detector.detect(picture);
        self.stats.detected += 1;
        self.stats.detector_ms += begun.elapsed().as_secs_f64() * 1000.0;
        match result {
            Ok(found) => {
                self.failures = 0;
                Some(found)
            }
            Err(error) => {
                self.failures += 1;
                self.stats.failures += 1;
                if self.failures >= FAILURES_MAX {
                    self.stats.given_up = Some(error.zh());
                    self.detector = None;
                    self.tracker.clear();
                }
                None
            }
        }
    }

    /// Half of the lowest threshold that may hold: weaker ones keep nobody.
    fn floor(&self) -> f32 {
        let t = &self.stays.plan().thresholds;
        t.day.values().chain(t.night.values()).copied().fold(self.usual, f32::min) / 2.0
    }

    /// A detection as the plan takes it: of a label that somebody asks for, not masked, not known to be wrong.
    fn candidate(&self, at: f64, minute: u16, d: Detection) -> Option<Candidate> {
        let label = self.detector.as_ref()?.labels().get(usize::from(d.label))?;
        let plan = self.stays.plan();
        let wanted = plan.fences.iter().any(|f| f.takes(label)) || plan.lines.iter().any(|l| l.takes(label));
        if !wanted || plan.masked(d.bbox.foot()) || self.is_quiet(at, label, &d.bbox) {
            return None;
        }
        let strong = d.score >= plan.threshold(label, minute, self.usual);
        Some(Candidate { label: d.label, score: d.score, strong, bbox: d.bbox })
    }

    fn is_quiet(&self, at: f64, label: &str, bbox: &Rect) -> bool {
        let holds = |q: &Quiet| q.label == label && q.until.is_none_or(|u| at <= u) && q.bbox.iou(bbox) >= QUIET;
        self.settings.quiet.iter().any(holds)
    }

    fn blobs(&self, motion: &Motion) -> Vec<Candidate> {
        let plan = self.stays.plan();
        let at = self.last.unwrap_or(0.0);
        let solid = |b: &&Blob| b.share >= self.settings.blob_min && b.fill >= FILL_MIN && !plan.masked(b.bbox.foot());
        let large = motion.blobs.iter().filter(solid);
        let open = large.filter(|b| !self.is_quiet(at, UNCLASSIFIED, &b.bbox));
        open.map(|b| Candidate { label: u16::MAX, score: b.fill.clamp(0.0, 1.0), strong: true, bbox: b.bbox }).collect()
    }

    /// Joins what was seen to the tracks; those who are not seen are held while their place still looks taken.
    fn follow(&mut self, at: f64, seen: &[Candidate]) {
        self.tracker.step(at, seen);
        if self.detector.is_none() {
            return;
        }
        let hits: Vec<Rect> = self.tracker.tracks().iter().filter(|t| t.seen == Seen::Hit).map(|t| t.bbox).collect();
        for track in self.tracker.tracks_mut() {
            let look = self.gate.look(&track.bbox);
            if track.seen == Seen::Hit {
                track.look = look;
                continue;
            }
            // nobody is believed for ever without a hit, nor where somebody else stands now
            let since = at - track.hit_at;
            let taken = since > self.settings.hold_s || hits.iter().any(|h| h.iou(&track.bbox) > 0.3);
            let (same, differs) = (motion::alike(&track.look, &look), self.gate.differs(&track.bbox) >= PLACE_DIFFERS);
            match track.seen {
                Seen::Weak if taken || !(same || differs) => track.lose(),
                Seen::Lost if !taken && differs && (same || since <= HOLD_CHANGED_S) => track.hold(at),
                _ => {}
            }
        }
    }

    fn note_motion(&mut self, motion: &Motion) {
        for track in self.tracker.tracks_mut() {
            track.moving = motion.blobs.iter().any(|b| b.is_moving() && b.bbox.overlap(&track.bbox) > 0.0);
        }
    }
}

#[cfg(test)]
mod tests;
