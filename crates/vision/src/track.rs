//! Which detection belongs to whom.
//!
//! A hit joins a track only when it has the same label and lies within [`reach`]: as far as somebody of that size gets in the time
//! that went by. One weak frame elsewhere therefore never moves a track into a fence. Each hit must be over the threshold by
//! itself: a weaker detection at the same place keeps a track alive and moves nothing.

use crate::geometry::Rect;
use crate::sight::Seen;

/// Most tracks of one camera; what comes on top is not tracked.
pub const TRACKS_MAX: usize = 128;
/// A box trembles by this much, in fractions of the picture.
const SLACK: f32 = 0.06;
/// How many times its own size somebody moves in a second.
const SIZES_A_SECOND: f32 = 3.0;
/// How much of the picture anybody crosses in a second.
const PICTURES_A_SECOND: f32 = 1.2;
/// What was not seen for longer than this, in seconds, is not thought to have gone farther.
const ELAPSED_MAX_S: f64 = 1.5;
/// How much larger or smaller a box may become from hit to hit.
const GROWS: f32 = 8.0;
/// How much a weak detection must cover a track to keep it.
const SAME_PLACE: f32 = 0.5;
/// How long a track is kept after it was lost, in seconds.
const KEEP_LOST_S: f64 = 2.5;

/// How far the middle of a box may go until its next hit, in fractions of the picture. `size` is the longer side of the box it had,
/// `elapsed` the seconds that went by.
pub fn reach(size: f32, elapsed: f64) -> f32 {
    let elapsed = elapsed.clamp(0.0, ELAPSED_MAX_S) as f32;
    SLACK + (SIZES_A_SECOND * size.clamp(0.0, 1.0)).min(PICTURES_A_SECOND) * elapsed
}

/// A detection that may begin or continue a track.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// Index of the label.
    pub label: u16,
    /// How sure, 0..1.
    pub score: f32,
    /// Whether it is over the threshold of its label at this hour.
    pub strong: bool,
    /// Where.
    pub bbox: Rect,
}

/// Somebody or something that is followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Its number; never used again.
    pub id: u64,
    /// Index of the label.
    pub label: u16,
    /// Box of the last hit.
    pub bbox: Rect,
    /// Score of the last hit.
    pub score: f32,
    /// When the last hit was.
    pub hit_at: f64,
    /// When it was last there in any way.
    pub there_at: f64,
    /// Hits one after the other, pictures on which the detector was not asked left out.
    pub hits: u32,
    /// How it was seen on the last picture.
    pub seen: Seen,
    /// Whether it moves.
    pub moving: bool,
    /// How its place looked at the last hit.
    pub look: Vec<u8>,
}

/// The tracks of one camera.
#[derive(Debug, Default)]
pub struct Tracker {
    tracks: Vec<Track>,
    made: u64,
}

impl Tracker {
    /// The tracks, oldest first.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The tracks, to note how they look.
    pub fn tracks_mut(&mut self) -> &mut [Track] {
        &mut self.tracks
    }

    /// Ends all tracks; numbers go on.
    pub fn clear(&mut self) {
        self.tracks.clear();
    }

    /// The detector was not asked: nobody is lost by that.
    pub fn idle(&mut self, at: f64) {
        for t in &mut self.tracks {
            if t.seen != Seen::Lost {
                t.seen = Seen::Still;
                t.there_at = at;
            }
        }
        self.forget(at);
    }

    /// The detector was asked, and this is what it saw.
    pub fn step(&mut self, at: f64, candidates: &[Candidate]) {
        let mut free: Vec<usize> = (0..self.tracks.len()).collect();
        let mut new: Vec<usize> = (0..candidates.len()).filter(|&c| candidates[c].strong).collect();
        for (t, c) in self.pairs(at, candidates) {
            if let (Some(i), Some(j)) = (free.iter().position(|&f| f == t), new.iter().position(|&n| n == c)) {
                free.swap_remove(i);
                new.swap_remove(j);
                self.tracks[t].hit(at, &candidates[c]);
            }
        }
        for t in free {
            self.tracks[t].miss(at, candidates);
        }
        new.sort_unstable();
        for c in new {
            self.begin(at, &candidates[c]);
        }
        self.forget(at);
    }

    /// Strong pairs that may be, those that cover each other best first, then the nearest.
    fn pairs(&self, at: f64, candidates: &[Candidate]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (t, track) in self.tracks.iter().enumerate() {
            for (c, candidate) in candidates.iter().enumerate().filter(|(_, c)| c.strong) {
                if let Some(far) = track.joins(at, candidate) {
                    pairs.push((track.bbox.iou(&candidate.bbox), far, t, c));
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.total_cmp(&b.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
        pairs.into_iter().map(|(_, _, t, c)| (t, c)).collect()
    }

    fn begin(&mut self, at: f64, c: &Candidate) {
        if self.tracks.len() >= TRACKS_MAX {
            return;
        }
        self.made += 1;
        self.tracks.push(Track {
            id: self.made,
            label: c.label,
            bbox: c.bbox,
            score: c.score,
            hit_at: at,
            there_at: at,
            hits: 1,
            seen: Seen::Hit,
            moving: true,
            look: Vec::new(),
        });
    }

    fn forget(&mut self, at: f64) {
        self.tracks.retain(|t| at - t.there_at <= KEEP_LOST_S);
    }
}

impl Track {
    /// How far a candidate lies, if it may be this one.
    fn joins(&self, at: f64, c: &Candidate) -> Option<f32> {
        let ((x0, y0), (x1, y1)) = (self.bbox.centre(), c.bbox.centre());
        let far = (x1 - x0).hypot(y1 - y0);
        let size = self.bbox.width().max(self.bbox.height());
        let growth = c.bbox.area() / self.bbox.area().max(1e-6);
        let right = c.label == self.label && (1.0 / GROWS..=GROWS).contains(&growth);
        (right && far <= reach(size, at - self.hit_at)).then_some(far)
    }

    fn hit(&mut self, at: f64, c: &Candidate) {
        (self.bbox, self.score, self.hit_at, self.there_at) = (c.bbox, c.score, at, at);
        self.hits = self.hits.saturating_add(1);
        self.seen = Seen::Hit;
    }

    fn miss(&mut self, at: f64, candidates: &[Candidate]) {
        self.hits = 0;
        let weak = |c: &&Candidate| !c.strong && c.label == self.label && c.bbox.iou(&self.bbox) >= SAME_PLACE;
        if candidates.iter().find(weak).is_some() {
            self.seen = Seen::Weak;
            self.there_at = at;
        } else {
            self.seen = Seen::Lost;
        }
    }

    /// What the detector saw at its place, too weak for a hit, is not it.
    pub fn lose(&mut self) {
        self.seen = Seen::Lost;
        self.there_at = self.hit_at;
    }

    /// The detector did not see it, but its place still looks taken.
    pub fn hold(&mut self, at: f64) {
        self.seen = Seen::Still;
        self.there_at = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn person(x: f32, y: f32) -> Candidate {
        Candidate { label: 0, score: 0.7, strong: true, bbox: Rect::new(x - 0.05, y - 0.15, x + 0.05, y + 0.15) }
    }

    fn weak(c: Candidate) -> Candidate {
        Candidate { score: 0.25, strong: false, ..c }
    }

    #[test]
    fn somebody_who_walks_is_one_track() {
        let mut t = Tracker::default();
        for i in 0..20 {
            t.step(f64::from(i) * 0.2, &[person(0.1 + i as f32 * 0.04, 0.5)]);
        }
        assert_eq!(t.tracks().len(), 1);
        assert_eq!((t.tracks()[0].id, t.tracks()[0].hits), (1, 20));
    }

    #[test]
    fn a_jump_is_another_track() {
        let mut t = Tracker::default();
        t.step(0.0, &[person(0.1, 0.5)]);
        t.step(0.2, &[person(0.6, 0.5)]);
        assert_eq!(t.tracks().iter().map(|t| (t.id, t.seen)).collect::<Vec<_>>(), [(1, Seen::Lost), (2, Seen::Hit)]);
    }

    #[test]
    fn a_weak_frame_keeps_and_moves_nothing() {
        let mut t = Tracker::default();
        t.step(0.0, &[person(0.3, 0.5)]);
        t.step(0.2, &[weak(person(0.32, 0.5))]);
        assert_eq!(
            (t.tracks()[0].seen, t.tracks()[0].bbox, t.tracks()[0].hits),
            (Seen::Weak, person(0.3, 0.5).bbox, 0)
        );
        t.step(0.4, &[weak(person(0.5, 0.5))]);
        assert_eq!(t.tracks()[0].seen, Seen::Lost);
        t.step(0.6, &[weak(person(0.9, 0.5))]);
        assert_eq!(t.tracks().len(), 1, "a weak frame begins nothing");
    }

    #[test]
    fn two_who_pass_keep_their_numbers() {
        let mut t = Tracker::default();
        for i in 0..11 {
            let d = i as f32 * 0.02;
            t.step(f64::from(i) * 0.2, &[person(0.4 + d, 0.4), person(0.6 - d, 0.65)]);
        }
        assert_eq!(t.tracks().iter().map(|t| (t.id, t.hits)).collect::<Vec<_>>(), [(1, 11), (2, 11)]);
    }

    #[test]
    fn who_is_not_asked_for_is_not_lost() {
        let mut t = Tracker::default();
        t.step(0.0, &[person(0.3, 0.5)]);
        for i in 1..100 {
            t.idle(f64::from(i));
        }
        assert_eq!((t.tracks()[0].seen, t.tracks()[0].hits), (Seen::Still, 1));
        t.step(100.0, &[]);
        t.idle(101.0);
        assert_eq!(t.tracks()[0].seen, Seen::Lost);
        t.idle(102.6);
        assert!(t.tracks().is_empty());
    }

    #[test]
    fn tracks_are_bounded() {
        let mut t = Tracker::default();
        let many: Vec<_> = (0..500).map(|i| Candidate { label: i, ..person(0.5, 0.5) }).collect();
        t.step(0.0, &many);
        assert_eq!(t.tracks().len(), TRACKS_MAX);
    }

    fn boxes() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (0.0..1.0f32, 0.0..1.0f32, 0.01..0.5f32, any::<bool>(), 0u16..2);
        let one = one.prop_map(|(x, y, s, strong, label)| Candidate {
            label,
            score: 0.5,
            strong,
            bbox: Rect::new(x, y, x + s, y + s),
        });
        prop::collection::vec(one, 0..6)
    }

    proptest! {
        #[test]
        fn nothing_joins_beyond_its_reach(steps in prop::collection::vec((0.0..2.0f64, boxes()), 1..30)) {
            let mut t = Tracker::default();
            let mut at = 0.0;
            for (dt, boxes) in steps {
                at += dt;
                let before = t.tracks().to_vec();
                t.step(at, &boxes);
                for now in t.tracks() {
                    let Some(was) = before.iter().find(|b| b.id == now.id) else { continue };
                    let ((x0, y0), (x1, y1)) = (was.bbox.centre(), now.bbox.centre());
                    let far = (x1 - x0).hypot(y1 - y0);
                    prop_assert!(far <= reach(was.bbox.width().max(was.bbox.height()), at - was.hit_at) + 1e-6);
                    prop_assert_eq!(was.label, now.label);
                    prop_assert!(was.bbox == now.bbox || now.seen == Seen::Hit);
                }
                let mut ids: Vec<_> = t.tracks().iter().map(|t| t.id).collect();
                ids.dedup();
                prop_assert_eq!(ids.len(), t.tracks().len());
            }
        }
    }
}
