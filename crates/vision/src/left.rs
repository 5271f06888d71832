//! What appeared inside of a fence and stayed: a bucket, a hose, a bag. It is what differs from the background, does not move, and
//! does not lie under anybody who is followed. A thing that was taken away differs just so; the picture tells which it was.

use crate::blob::Blob;
use crate::fence::Plan;
use crate::geometry::Rect;
use crate::sight::{Remains, Sight};

/// Most things that are watched at once.
const THINGS_MAX: usize = 64;
/// How much a blob must cover a thing to be it.
const SAME: f32 = 0.6;
/// How long a thing may be hidden, in seconds.
const HIDDEN_S: f64 = 10.0;

#[derive(Debug)]
struct Thing {
    number: u64,
    fence: String,
    bbox: Rect,
    since: f64,
    seen_at: f64,
    told: bool,
}

/// What lies about in one camera's picture.
#[derive(Debug, Default)]
pub struct Things {
    things: Vec<Thing>,
    made: u64,
}

impl Things {
    /// Places that must not be absorbed into the background yet.
    pub fn waiting(&self) -> impl Iterator<Item = Rect> + '_ {
        self.things.iter().filter(|t| !t.told).map(|t| t.bbox)
    }

    /// Forgets all things.
    pub fn clear(&mut self) {
        self.things.clear();
    }

    /// One picture; `followed` are the boxes of those who are followed.
    pub fn step(&mut self, plan: &Plan, at: f64, minute: u16, blobs: &[Blob], followed: &[Rect]) -> Vec<Sight> {
        self.things.retain(|t| at - t.seen_at <= HIDDEN_S && plan.fences.iter().any(|f| f.id == t.fence));
        let mut told = Vec::new();
        for fence in plan.fences.iter().filter(|f| f.is_on(minute)) {
            let Some(rule) = fence.left_behind else { continue };
            let free = |b: &&Blob| {
                let taken: f32 = followed.iter().map(|f| f.overlap(&b.bbox)).fold(0.0, f32::max);
                !b.is_moving() && fence.holds(b.bbox.foot()) && taken < 0.3 * b.bbox.area()
            };
            for blob in blobs.iter().filter(free) {
                let known = self.things.iter_mut().find(|t| t.fence == fence.id && t.bbox.iou(&blob.bbox) >= SAME);
                let Some(thing) = known else {
                    self.begin(&fence.id, blob.bbox, at);
                    continue;
                };
                thing.seen_at = at;
                if !thing.told && at - thing.since >= rule.still_s {
                    thing.told = true;
                    let (fence, thing, since, bbox) = (thing.fence.clone(), thing.number, thing.since, thing.bbox);
                    told.push(Sight::LeftBehind(Remains { fence, thing, at, since, bbox }));
                }
            }
        }
        told
    }

    fn begin(&mut self, fence: &str, bbox: Rect, at: f64) {
        if self.things.len() < THINGS_MAX {
            self.made += 1;
            let number = self.made;
            self.things.push(Thing { number, fence: fence.to_owned(), bbox, since: at, seen_at: at, told: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"{"fences": [{"id": "a", "kind": "water_bank", "polygon": [[0,0.5],[1,0.5],[1,1],[0,1]],
        "left_behind": {"still_s": 10}}]}"#;

    fn blob(moving: f32) -> Blob {
        Blob { bbox: Rect::new(0.4, 0.6, 0.5, 0.8), share: 0.02, fill: 1.0, moving }
    }

    #[test]
    fn a_thing_that_stays_is_told_once() {
        let plan = Plan::parse(PLAN, None).unwrap();
        let mut things = Things::default();
        let mut told = Vec::new();
        for i in 0..100 {
            let hidden = (20..40).contains(&i);
            let blobs = if hidden { vec![] } else { vec![blob(0.0)] };
            told.extend(things.step(&plan, f64::from(i) * 0.2, 0, &blobs, &[]));
        }
        assert!(matches!(&told[..], [Sight::LeftBehind(r)] if r.at == 10.0 && r.since == 0.0), "{told:?}");
    }

    #[test]
    fn what_moves_and_who_is_followed_is_no_thing() {
        let plan = Plan::parse(PLAN, None).unwrap();
        let mut things = Things::default();
        for i in 0..100 {
            let at = f64::from(i) * 0.2;
            assert!(things.step(&plan, at, 0, &[blob(0.5)], &[]).is_empty());
            assert!(things.step(&plan, at, 0, &[blob(0.0)], &[Rect::new(0.39, 0.4, 0.51, 0.81)]).is_empty());
        }
        assert_eq!(things.waiting().count(), 0);
    }
}
