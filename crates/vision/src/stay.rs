//! Who is inside of a fence, and since when. Pure: tracks in, sights out; recorded tracks can be played against another plan.
//!
//! The foot point decides. Somebody is inside after `enter_hits` hits inside, none farther than [`GAP_S`] from the one before,
//! each over the threshold by itself; he has gone when nothing of him was inside for `leave_s`. Standing still ends nothing. One
//! stay per fence and person: when a track breaks and another begins at the same place, it is the same stay.

use crate::fence::{Fence, Plan};
use crate::geometry::{self, Rect};
use crate::sight::{Gone, Seen, Sight, TrackNow, Who};
use std::sync::Arc;

/// Hits inside count together when no more than this lies between them, in seconds, pictures without a question left out; with
/// fewer than three pictures a second as much as lets one be missed.
pub const GAP_S: f64 = 0.7;
/// Most stays of one camera, announced or not.
pub const STAYS_MAX: usize = 512;
/// A better picture is one that is surer by this much …
const BETTER: f32 = 0.04;
/// … and comes this long after the one before, in seconds.
const BETTER_S: f64 = 1.0;
/// How far a track that broke may begin again, in fractions of the picture.
const AGAIN: f64 = 0.15;

/// Hits one after the other.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    hits: u32,
    since: f64,
    last: f64,
}

impl Run {
    fn hit(&mut self, at: f64, gap: f64) {
        if self.hits == 0 || at - self.last > gap {
            *self = Self { hits: 0, since: at, last: at };
        }
        self.hits = self.hits.saturating_add(1);
        self.last = at;
    }
}

/// One picture.
struct Now<'a> {
    at: f64,
    minute: u16,
    /// How far hits may lie apart.
    gap: f64,
    tracks: &'a [TrackNow],
}

/// Where pictures come slowly, one may be missed all the same.
fn gap(last: Option<f64>, at: f64) -> f64 {
    last.map_or(GAP_S, |last| (2.2 * (at - last)).clamp(GAP_S, 10.0))
}

#[derive(Debug, Clone)]
struct Stay {
    /// Set when it was told first.
    number: Option<u64>,
    fence: String,
    label: String,
    track: u64,
    near: Run,
    inside: Run,
    /// The last moments there.
    near_at: f64,
    inside_at: f64,
    /// When it was told that he is inside.
    entered: bool,
    announced: bool,
    since: f64,
    best: f32,
    told: f32,
    told_at: f64,
    bbox: Rect,
}

/// The stays in one camera's picture.
#[derive(Debug)]
pub struct Stays {
    plan: Arc<Plan>,
    usual: f32,
    open: Vec<Stay>,
    made: u64,
    last: Option<f64>,
}

impl Stays {
    /// Nobody is anywhere yet. `usual` is the threshold of labels of which the plan says nothing.
    pub fn new(plan: Plan, usual: f32) -> Self {
        Self { plan: Arc::new(plan), usual, open: Vec::new(), made: 0, last: None }
    }

    /// The plan that is guarded.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether somebody is inside of a fence.
    pub fn occupied(&self) -> bool {
        self.open.iter().any(|s| s.entered)
    }

    /// Another plan. Stays in fences that are no more end; others go on by the new fence of the same id.
    pub fn replan(&mut self, plan: Plan, at: f64) -> Vec<Sight> {
        self.plan = Arc::new(plan);
        let fences = &self.plan.fences;
        let gone = self.open.extract_if(.., |s| !fences.iter().any(|f| f.id == s.fence));
        gone.filter_map(|s| s.gone(at)).collect()
    }

    /// Ends whatever is open.
    pub fn finish(&mut self, at: f64) -> Vec<Sight> {
        self.open.drain(..).filter_map(|s| s.gone(at)).collect()
    }

    /// One picture: `at` in seconds of the stream, `minute` of the local day, all tracks as they are now.
    pub fn step(&mut self, at: f64, minute: u16, tracks: &[TrackNow]) -> Vec<Sight> {
        let mut told = Vec::new();
        let plan = self.plan.clone();
        let now = Now { at, minute, gap: gap(self.last, at), tracks };
        self.last = Some(at);
        for fence in &plan.fences {
            if fence.is_on(minute) {
                for track in tracks.iter().filter(|t| fence.takes(&t.label)) {
                    self.see(fence, track, &now, &mut told);
                }
            }
            self.settle(fence, &now, &mut told);
        }
        told
    }

    fn see(&mut self, fence: &Fence, track: &TrackNow, now: &Now, told: &mut Vec<Sight>) {
        let (at, minute) = (now.at, now.minute);
        let foot = track.bbox.foot();
        let (near, inside) = (fence.near(foot), fence.holds(foot));
        let hit = track.seen == Seen::Hit
            && track.score >= self.plan.threshold(&track.label, minute, self.usual_of(&track.label));
        let Some(i) = self.find(fence, track, now, near && hit) else { return };
        let stay = &mut self.open[i];
        stay.move_to(track, now, near, inside, hit);
        let there = inside && track.seen != Seen::Lost;
        if !stay.entered && there && stay.inside.hits >= fence.enter_hits && at - stay.inside.since >= fence.dwell_s {
            stay.number.get_or_insert_with(|| next(&mut self.made));
            (stay.entered, stay.announced, stay.since) = (true, true, stay.inside.since);
            stay.tell(track, at);
            told.push(Sight::Entered(stay.who(track, at)));
        } else if fence.approach.is_some() && !stay.announced && near && stay.near.hits >= fence.enter_hits {
            stay.number.get_or_insert_with(|| next(&mut self.made));
            (stay.announced, stay.since) = (true, stay.near.since);
            told.push(Sight::Approached(stay.who(track, at)));
        } else if stay.entered && hit && inside && track.score >= stay.told + BETTER && at - stay.told_at >= BETTER_S {
            stay.tell(track, at);
            told.push(Sight::Better(stay.who(track, at)));
        }
    }

    fn usual_of(&self, label: &str) -> f32 {
        if label == crate::UNCLASSIFIED { 0.0 } else { self.usual }
    }

    /// The stay of a track in a fence: its own, that of a track that broke here, or a new one if it may begin.
    fn find(&mut self, fence: &Fence, track: &TrackNow, now: &Now, begins: bool) -> Option<usize> {
        if let Some(i) = self.open.iter().position(|s| s.track == track.track && s.fence == fence.id) {
            return Some(i);
        }
        if !begins {
            return None;
        }
        let lost = |id: u64| now.tracks.iter().find(|t| t.track == id).is_none_or(|t| t.seen == Seen::Lost);
        let here =
            |s: &Stay| geometry::distance(s.bbox.foot(), track.bbox.foot()) <= AGAIN || s.bbox.iou(&track.bbox) >= 0.3;
        let broken = |s: &Stay| s.fence == fence.id && s.label == track.label && lost(s.track) && here(s);
        if let Some(i) = self.open.iter().position(broken) {
            self.open[i].track = track.track;
            return Some(i);
        }
        if self.open.len() >= STAYS_MAX {
            return None;
        }
        self.open.push(Stay::new(fence, track, now.at));
        Some(self.open.len() - 1)
    }

    /// Ends what has gone from a fence, or all of it when it is off.
    fn settle(&mut self, fence: &Fence, now: &Now, told: &mut Vec<Sight>) {
        let (at, on) = (now.at, fence.is_on(now.minute));
        for stay in self.open.iter_mut().filter(|s| s.fence == fence.id) {
            if stay.entered && (!on || at - stay.inside_at > fence.leave_s) {
                told.extend(stay.clone().gone(at));
                // still around it: no second announcement, a next entry is a next stay
                (stay.entered, stay.number, stay.inside) = (false, None, Run::default());
            }
        }
        let away = |s: &mut Stay| s.fence == fence.id && (!on || at - s.near_at > fence.leave_s.max(now.gap));
        told.extend(self.open.extract_if(.., away).filter_map(|s| s.gone(at)));
    }
}

fn next(made: &mut u64) -> u64 {
    *made += 1;
    *made
}

impl Stay {
    fn new(fence: &Fence, track: &TrackNow, at: f64) -> Self {
        Self {
            number: None,
            fence: fence.id.clone(),
            label: track.label.clone(),
            track: track.track,
            near: Run::default(),
            inside: Run::default(),
            near_at: at,
            inside_at: at,
            entered: false,
            announced: false,
            since: at,
            best: 0.0,
            told: 0.0,
            told_at: at,
            bbox: track.bbox,
        }
    }

    fn move_to(&mut self, track: &TrackNow, now: &Now, near: bool, inside: bool, hit: bool) {
        let at = now.at;
        for (run, is) in [(&mut self.near, near), (&mut self.inside, inside)] {
            match (track.seen, is) {
                (Seen::Hit, false) => *run = Run::default(),
                (Seen::Hit, true) if hit => run.hit(at, now.gap),
                (Seen::Still, true) if run.hits > 0 => run.last = at,
                _ => {}
            }
        }
        if track.seen != Seen::Lost {
            self.bbox = track.bbox;
            self.near_at = if near { at } else { self.near_at };
            self.inside_at = if inside { at } else { self.inside_at };
        }
        if hit && (inside || !self.entered) {
            self.best = self.best.max(track.score);
        }
    }

    fn tell(&mut self, track: &TrackNow, at: f64) {
        (self.told, self.told_at) = (track.score, at);
    }

    fn who(&self, track: &TrackNow, at: f64) -> Who {
        Who {
            stay: self.number.unwrap_or(0),
            fence: self.fence.clone(),
            label: self.label.clone(),
            track: track.track,
            at,
            since: self.since,
            score: track.score,
            bbox: track.bbox,
        }
    }

    /// The end of it, if it was ever told.
    fn gone(self, at: f64) -> Option<Sight> {
        let until = if self.entered { self.inside_at } else { self.near_at };
        Some(Sight::Left(Gone {
            stay: self.number?,
            fence: self.fence,
            label: self.label,
            track: self.track,
            at,
            since: self.since,
            until,
            seconds: (until - self.since).max(0.0),
            best_score: self.best,
            entered: self.entered,
        }))
    }
}

#[cfg(test)]
mod tests;
