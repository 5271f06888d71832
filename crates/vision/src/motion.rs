//! The motion gate: what of a picture differs from how the place usually looks.
//!
//! A running average of a small grey picture is the background. What is taken for foreground is not averaged into it, so that
//! somebody who stands still for minutes does not become part of the wall and leaves no ghost when he goes. Only what has stood
//! for [`ABSORB_S`] is taken for background, whole, and what was behind it is kept: when the parked car leaves, the street is known.
//! In the first minutes that takes half a minute only, because somebody may have stood in the first picture.
//! A change of light is taken out first (the median of the differences), and when a large part of the picture changes at once, the
//! background is learnt anew and nothing is raised: headlights, a lamp, an exposure jump, a cloud.
//!
//! Numbers were found on 320 pixels across at 5 pictures a second; rates follow the time that really went by.

use crate::blob::{self, Blob};
use crate::geometry::{self, Point, Rect};
use crate::picture::Picture;

/// Width of the grey picture, in pixels.
const WIDTH: u32 = 320;
/// A pixel differs from here on, in levels of 255.
const DIFFERS: f32 = 18.0;
/// Where a place flickers by itself (leaves, ripples), it must differ by this many times its usual flicker …
const FLICKER: f32 = 3.0;
/// … but never by more than this.
const DIFFERS_MAX: f32 = 45.0;
/// What differs for less than this, in seconds, and is back, flickers: a wave, a leaf; somebody who passes does so once …
const EXCURSION_S: f32 = 2.0;
/// … and each time its usual flicker grows by so many levels.
const EXCURSION: f32 = 1.5;
/// A pixel has moved between two pictures from here on.
const MOVED: i32 = 12;
/// What the background takes over in 0.2 s where nothing differs.
const LEARN: f32 = 0.05;
/// What differs for that long, in seconds, is background from then on.
pub const ABSORB_S: f32 = 300.0;
/// Somebody may have stood in the first picture: for so long after it, in seconds …
const YOUNG_S: f64 = 300.0;
/// … what differs for that long is background already, so that the place where he stood does not count as somebody.
const YOUNG_ABSORB_S: f32 = 30.0;
/// The share of the picture that makes a change global when it comes at once …
const GLOBAL_JUMP: f32 = 0.4;
/// … and in any case.
const GLOBAL: f32 = 0.8;
/// "At once", in seconds.
const AT_ONCE_S: f64 = 0.6;
/// Smallest blob, as a share of the picture.
const BLOB_MIN: f32 = 0.0015;

/// What one picture showed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Motion {
    /// The whole picture changed; the background was learnt anew and there are no blobs.
    pub global: bool,
    /// The share of the picture that differs from the background.
    pub share: f32,
    /// What differs, largest first.
    pub blobs: Vec<Blob>,
}

impl Motion {
    /// Whether something moved since the picture before, and did not merely differ from the background.
    pub fn moving(&self) -> bool {
        self.blobs.iter().any(Blob::is_moving)
    }
}

/// The background of one camera and what differs from it now.
#[derive(Debug, Default)]
pub struct Gate {
    size: (usize, usize),
    /// How the place usually looks, in levels.
    background: Vec<f32>,
    /// How it looked before something was taken over into it; below zero when nothing was.
    behind: Vec<f32>,
    /// For how long each pixel has been foreground, in seconds.
    age: Vec<f32>,
    /// How much it usually flickers, in levels.
    flicker: Vec<f32>,
    /// Pixels that are not looked at.
    masked: Vec<bool>,
    last: Vec<u8>,
    foreground: Vec<bool>,
    moved: Vec<bool>,
    at: f64,
    /// When the first picture came.
    begun: f64,
    /// Shares of the last moments.
    shares: Vec<(f64, f32)>,
    masks: Vec<Vec<Point>>,
}

impl Gate {
    /// A gate that has not seen anything; areas in `masks` are not looked at.
    pub fn new(masks: &[Vec<Point>]) -> Self {
        Self { masks: masks.to_vec(), ..Self::default() }
    }

    /// Other areas that are not looked at; the background stays.
    pub fn mask(&mut self, masks: &[Vec<Point>]) {
        masks.clone_into(&mut self.masks);
        self.draw_masks();
    }

    /// Forgets the background; the next picture is the new one.
    pub fn forget(&mut self) {
        self.background.clear();
        self.shares.clear();
    }

    /// Looks at a picture. What lies under `hold` is not absorbed: somebody is known to be there.
    pub fn see(&mut self, at: f64, picture: &Picture, hold: &[Rect]) -> Motion {
        let grey = picture.grey(WIDTH).blurred();
        let size = (grey.width as usize, grey.height as usize);
        if self.size != size || self.background.is_empty() {
            self.begin(size, &grey.pixels, at);
            return Motion::default();
        }
        let seconds = ((at - self.at) as f32).clamp(0.02, 2.0);
        self.at = at;
        let light = median(&grey.pixels, |i| self.background[i]);
        let share = self.compare(&grey.pixels, light);
        if self.is_global(at, share) {
            self.begin(size, &grey.pixels, at);
            return Motion { global: true, share, blobs: Vec::new() };
        }
        self.compare_last(&grey.pixels);
        self.learn(&grey.pixels, light, seconds, hold);
        self.last = grey.pixels;
        let least = ((size.0 * size.1) as f32 * BLOB_MIN).max(4.0) as usize;
        Motion { global: false, share, blobs: blob::blobs(&self.foreground, &self.moved, size, least) }
    }

    /// The share of a box that differs from the background, as of the last picture.
    pub fn differs(&self, place: &Rect) -> f32 {
        share(place, self.size, &self.foreground)
    }

    /// The share of a box that changed from the picture before to the last one.
    pub fn stirs(&self, place: &Rect) -> f32 {
        share(place, self.size, &self.moved)
    }

    /// How a box looks now: at most 16 by 16 levels, to be held against later with [`alike`].
    pub fn look(&self, place: &Rect) -> Vec<u8> {
        let (w, h) = self.size;
        let p = place.clamped();
        let at = |i: usize, from: f32, to: f32, n: usize| {
            (((from + (to - from) * (i as f32 + 0.5) / 16.0) * n as f32) as usize).min(n.saturating_sub(1))
        };
        let spots = (0..256).map(|i| at(i / 16, p.y0, p.y1, h) * w + at(i % 16, p.x0, p.x1, w));
        spots.filter_map(|i| self.last.get(i).copied()).collect()
    }

    fn begin(&mut self, size: (usize, usize), pixels: &[u8], at: f64) {
        self.size = size;
        self.at = at;
        self.begun = at;
        self.background = pixels.iter().map(|&p| f32::from(p)).collect();
        self.behind = vec![-1.0; pixels.len()];
        self.age = vec![0.0; pixels.len()];
        self.flicker = vec![2.0; pixels.len()];
        self.last = pixels.to_vec();
        self.foreground = vec![false; pixels.len()];
        self.moved = vec![false; pixels.len()];
        self.shares = vec![(at, 0.0)];
        self.draw_masks();
    }

    fn draw_masks(&mut self) {
        let (w, h) = self.size;
        self.masked = vec![false; w * h];
        for (i, masked) in self.masked.iter_mut().enumerate() {
            let centre = [((i % w) as f64 + 0.5) / w as f64, ((i / w) as f64 + 0.5) / h as f64];
            *masked = self.masks.iter().any(|m| geometry::contains(m, centre));
        }
    }

    /// Marks what differs from the background and returns its share.
    fn compare(&mut self, pixels: &[u8], light: f32) -> f32 {
        let mut count = 0usize;
        let usual = self.background.iter().zip(&self.flicker).zip(&self.masked);
        for ((fore, &p), ((&b, &f), &masked)) in self.foreground.iter_mut().zip(pixels).zip(usual) {
            let needed = (f * FLICKER).clamp(DIFFERS, DIFFERS_MAX);
            *fore = !masked && (f32::from(p) - b - light).abs() > needed;
            count += usize::from(*fore);
        }
        count as f32 / pixels.len() as f32
    }

    fn compare_last(&mut self, pixels: &[u8]) {
        let light = median(pixels, |i| f32::from(self.last[i])) as i32;
        for ((moved, &p), &l) in self.moved.iter_mut().zip(pixels).zip(&self.last) {
            *moved = (i32::from(p) - i32::from(l) - light).abs() > MOVED;
        }
    }

    fn is_global(&mut self, at: f64, share: f32) -> bool {
        self.shares.retain(|(t, _)| at - t <= AT_ONCE_S);
        let least = self.shares.iter().map(|(_, s)| *s).fold(share, f32::min);
        self.shares.push((at, share));
        share > GLOBAL || share - least > GLOBAL_JUMP
    }

    fn learn(&mut self, pixels: &[u8], light: f32, seconds: f32, hold: &[Rect]) {
        let learn = 1.0 - (1.0 - LEARN).powf(seconds / 0.2);
        let absorb = if self.at - self.begun < YOUNG_S { YOUNG_ABSORB_S } else { ABSORB_S };
        let mut held = vec![false; if hold.is_empty() { 0 } else { pixels.len() }];
        hold.iter().flat_map(|r| self::pixels(r, self.size)).for_each(|i| held[i] = true);
        for (i, &p) in pixels.iter().enumerate() {
            let p = f32::from(p);
            if !self.foreground[i] {
                let off = p - self.background[i];
                self.background[i] += off * learn;
                let more = off.abs() - self.flicker[i];
                self.flicker[i] += more * learn * if more > 0.0 { 0.4 } else { 0.1 };
                if self.age[i] > 0.0 && self.age[i] < EXCURSION_S {
                    self.flicker[i] = (self.flicker[i] + EXCURSION).min(DIFFERS_MAX / FLICKER);
                }
                self.age[i] = 0.0;
            } else if self.behind[i] >= 0.0 && (p - self.behind[i] - light).abs() <= DIFFERS {
                self.foreground[i] = false;
                self.background[i] = p;
                self.behind[i] = -1.0;
            } else if !held.get(i).copied().unwrap_or(false) {
                self.age[i] += seconds;
                if self.age[i] >= absorb {
                    self.behind[i] = self.background[i];
                    self.background[i] = p;
                    self.age[i] = 0.0;
                }
            }
        }
    }
}

/// Whether a place looks as it did, apart from the light: mean difference in levels below 10.
pub fn alike(before: &[u8], now: &[u8]) -> bool {
    if before.is_empty() || before.len() != now.len() {
        return false;
    }
    let light = median(now, |i| f32::from(before[i]));
    let off: f32 = before.iter().zip(now).map(|(&b, &n)| (f32::from(n) - f32::from(b) - light).abs()).sum();
    off / (before.len() as f32) < 10.0
}

/// The median of `pixels - other`, of every seventh pixel.
fn median(pixels: &[u8], other: impl Fn(usize) -> f32) -> f32 {
    let mut counts = [0u32; 512];
    let step = if pixels.len() > 4096 { 7 } else { 1 };
    let mut total = 0;
    for i in (0..pixels.len()).step_by(step) {
        // rounded: what is cut off is above zero
        counts[((f32::from(pixels[i]) - other(i) + 256.5) as usize).min(511)] += 1;
        total += 1;
    }
    let mut below = 0;
    let middle = counts.iter().position(|c| {
        below += c;
        below * 2 >= total
    });
    middle.map_or(0.0, |m| m as f32 - 256.0)
}

/// The share of the pixels under a box that are marked.
fn share(place: &Rect, size: (usize, usize), marks: &[bool]) -> f32 {
    let (mut all, mut marked) = (0u32, 0u32);
    for i in pixels(place, size) {
        all += 1;
        marked += u32::from(marks.get(i).copied().unwrap_or(false));
    }
    if all == 0 { 0.0 } else { marked as f32 / all as f32 }
}

/// Indices of the pixels under a box.
fn pixels(place: &Rect, (w, h): (usize, usize)) -> impl Iterator<Item = usize> {
    let p = place.clamped();
    let cut = |v: f32, n: usize| ((v * n as f32) as usize).min(n);
    let (x0, x1) = (cut(p.x0, w), cut(p.x1, w));
    (cut(p.y0, h)..cut(p.y1, h)).flat_map(move |y| (x0..x1).map(move |x| y * w + x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A grey scene with some structure, `light` added, with a white box.
    fn scene(light: i32, thing: Option<Rect>) -> Picture {
        let (w, h) = (320u32, 180u32);
        let mut rgb = Vec::new();
        for y in 0..h {
            for x in 0..w {
                let (fx, fy) = ((x as f32 + 0.5) / w as f32, (y as f32 + 0.5) / h as f32);
                let on = thing.is_some_and(|t| fx > t.x0 && fx < t.x1 && fy > t.y0 && fy < t.y1);
                let level = if on { 230 } else { (60 + (x * 7 + y * 13) as i32 % 40 + light).clamp(0, 255) };
                rgb.extend([level as u8; 3]);
            }
        }
        Picture::new(w, h, rgb).unwrap()
    }

    const THING: Rect = Rect { x0: 0.4, y0: 0.4, x1: 0.5, y1: 0.8 };

    #[test]
    fn a_thing_that_comes_is_one_blob_and_stays_one() {
        let mut gate = Gate::new(&[]);
        gate.see(-400.0, &scene(0, None), &[]);
        for i in 0..10 {
            assert!(gate.see(f64::from(i) * 0.2, &scene(0, None), &[]).blobs.is_empty());
        }
        for i in 10..310 {
            let m = gate.see(f64::from(i) * 0.2, &scene(0, Some(THING)), &[]);
            assert_eq!(m.blobs.len(), 1, "picture {i}");
            assert!(m.blobs[0].bbox.iou(&THING) > 0.8, "{:?}", m.blobs[0]);
            assert_eq!(m.moving(), i == 10, "picture {i}");
        }
        assert!(gate.differs(&THING) > 0.9);
        // gone: no ghost
        assert!(gate.see(62.0, &scene(0, None), &[]).blobs.is_empty());
        assert!(gate.differs(&THING) < 0.05);
    }

    #[test]
    fn what_stands_for_long_is_background_and_what_was_behind_it_is_known() {
        let mut gate = Gate::new(&[]);
        for i in 0..=300 {
            gate.see(f64::from(i), &scene(0, None), &[]);
        }
        for i in 301..=600 {
            let blobs = gate.see(f64::from(i), &scene(0, Some(THING)), &[]).blobs;
            assert_eq!(blobs.len(), 1, "second {i}");
        }
        assert!(gate.see(601.0, &scene(0, Some(THING)), &[]).blobs.is_empty());
        assert!(gate.see(602.0, &scene(0, None), &[]).blobs.is_empty(), "no ghost of what went");
        let mut gate = Gate::new(&[]);
        gate.see(0.0, &scene(0, None), &[]);
        for i in 1..=400 {
            assert_eq!(
                gate.see(f64::from(i), &scene(0, Some(THING)), &[THING.grown(0.02)]).blobs.len(),
                1,
                "held, {i}"
            );
        }
    }

    const ELSEWHERE: Rect = Rect { x0: 0.7, y0: 0.4, x1: 0.8, y1: 0.8 };

    #[test]
    fn whoever_stood_in_the_first_picture_leaves_no_ghost() {
        let mut gate = Gate::new(&[]);
        let mut blobs = |at: i32, thing| gate.see(f64::from(at), &scene(0, thing), &[]).blobs.len();
        assert_eq!(blobs(0, Some(THING)), 0);
        // he has gone, and for a while his place differs
        assert_eq!((1..=30).map(|at| blobs(at, None)).max(), Some(1));
        let after: Vec<_> = (31..=60).map(|at| blobs(at, None)).collect();
        assert_eq!(after, vec![0; 30], "the place is known");
        assert_eq!(blobs(61, Some(ELSEWHERE)), 1, "and somebody who comes is seen");
    }

    #[test]
    fn light_raises_nothing() {
        let mut gate = Gate::new(&[]);
        gate.see(0.0, &scene(0, None), &[]);
        for (i, light) in [(1, 25), (2, 60), (3, 0), (4, -50), (5, 90)] {
            let m = gate.see(f64::from(i) * 0.2, &scene(light, None), &[]);
            assert!(m.blobs.is_empty(), "light {light}: {m:?}");
        }
    }

    #[test]
    fn a_change_of_the_whole_scene_is_global_and_learnt_at_once() {
        let mut gate = Gate::new(&[]);
        gate.see(0.0, &scene(0, None), &[]);
        let half = Rect::new(0.0, 0.0, 0.45, 1.0);
        let m = gate.see(0.2, &scene(0, Some(half)), &[]);
        assert!(m.global && m.blobs.is_empty(), "{m:?}");
        assert_eq!(gate.see(0.4, &scene(0, Some(half)), &[]), Motion::default());
    }

    #[test]
    fn masked_areas_are_not_looked_at() {
        let mask = vec![[0.3, 0.3], [0.6, 0.3], [0.6, 0.9], [0.3, 0.9]];
        let mut gate = Gate::new(&[mask]);
        gate.see(0.0, &scene(0, None), &[]);
        assert!(gate.see(0.2, &scene(0, Some(THING)), &[]).blobs.is_empty());
        gate.mask(&[]);
        assert_eq!(gate.see(0.4, &scene(0, Some(THING)), &[]).blobs.len(), 1);
    }

    #[test]
    fn a_place_looks_alike_whatever_the_light() {
        let look = |light, thing| {
            let mut gate = Gate::new(&[]);
            gate.see(0.0, &scene(light, thing), &[]);
            gate.look(&THING.grown(0.1))
        };
        assert!(alike(&look(0, None), &look(30, None)));
        assert!(!alike(&look(0, None), &look(0, Some(THING))));
        assert!(!alike(&[], &[]));
    }

    #[test]
    fn ripples_are_learnt_and_somebody_in_them_is_still_seen() {
        let mut gate = Gate::new(&[]);
        let water = |i: u32, thing: Option<Rect>| {
            let mut rgb = scene(0, thing).into_rgb();
            for (n, pixel) in rgb.chunks_exact_mut(3).enumerate().skip(320 * 100) {
                // broad waves that wander: 25 levels up and down
                let wave = ((n % 320) as f32 / 20.0 + i as f32 * 1.7).sin() * 25.0;
                for level in pixel {
                    *level = (f32::from(*level) + wave).clamp(0.0, 255.0) as u8;
                }
            }
            Picture::new(320, 180, rgb).unwrap()
        };
        let blobs: Vec<usize> =
            (0..150).map(|i| gate.see(f64::from(i) * 0.2, &water(i, None), &[]).blobs.len()).collect();
        assert!(blobs[..10].iter().any(|&n| n > 0), "they are something at first");
        assert!(blobs[100..].iter().all(|&n| n == 0), "{blobs:?}");
        let wader = Rect::new(0.4, 0.5, 0.5, 0.9);
        let seen = gate.see(30.0, &water(150, Some(wader)), &[]).blobs;
        assert!(seen.iter().any(|b| b.bbox.iou(&wader) > 0.5), "{seen:?}");
    }

    #[test]
    fn another_size_begins_anew() {
        let mut gate = Gate::new(&[]);
        gate.see(0.0, &scene(0, None), &[]);
        let small = Picture::new(64, 48, vec![90; 64 * 48 * 3]).unwrap();
        assert_eq!(gate.see(0.2, &small, &[]), Motion::default());
        assert_eq!(gate.see(0.4, &Picture::new(1, 1, vec![0; 3]).unwrap(), &[]), Motion::default());
    }
}
