//! Whether a camera sees (是否失明). Frames go in one after the other; out comes nothing while it sees its scene, else what makes it blind
//! and since when. Pure: time is an argument, in seconds of the stream.
//!
//! | what | how it is told | after |
//! |---|---|---|
//! | black 黑屏 | no cell of a coarse grid is brighter than [`DARK`] | 10 s |
//! | covered 遮挡 | nearly no cell differs from its neighbours, though the scene had edges | 12 s |
//! | frozen 画面冻结 | no pixel changes: not even noise. Or: re-encoded, but nothing changes against a picture of 45 s ago | 20 s |
//! | moved 移位 | edges lie elsewhere, or their directions have nothing to do with what was learned | 15 s |
//! | offline 离线 | no frame | 15 s |
//!
//! Directions of edges (modulo half a turn, weighted by strength) are compared, averaged over two seconds: a lamp that is switched, the
//! night's infrared light, rain, a person before the lens change brightness or a part of the picture, not where all of the edges are.
//! What was learned follows slowly what is seen, so that seasons do not count as moved; a camera that is turned slower than that is not
//! noticed. Once moved, it stays blind until somebody says that the new view is meant ([`Scene::relearn`]).

mod grid;

use serde::{Deserialize, Serialize};

use grid::Grid;
pub use grid::{CELLS, Learned};

/// What makes a camera blind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Its picture is black.
    Black,
    /// Something lies on the lens.
    Covered,
    /// Its picture stands still.
    Frozen,
    /// It looks elsewhere.
    Moved,
    /// It sends nothing.
    Offline,
}

impl What {
    /// The word for an operator.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Black => "黑屏",
            Self::Covered => "镜头被遮挡",
            Self::Frozen => "画面冻结",
            Self::Moved => "镜头移位",
            Self::Offline => "离线",
        }
    }
}

/// A camera that does not see its scene.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Blind {
    /// Why.
    pub what: What,
    /// Since when, in seconds of the stream; earlier than when it was first said.
    pub since: f64,
}

/// How long a condition holds before it counts, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Times {
    /// Black.
    pub black_s: f64,
    /// Covered.
    pub covered_s: f64,
    /// Frozen, to the bit.
    pub frozen_s: f64,
    /// Frozen, but encoded anew.
    pub still_s: f64,
    /// Moved.
    pub moved_s: f64,
    /// Without a frame.
    pub offline_s: f64,
}

impl Default for Times {
    fn default() -> Self {
        Self { black_s: 10.0, covered_s: 12.0, frozen_s: 20.0, still_s: 45.0, moved_s: 15.0, offline_s: 15.0 }
    }
}

/// The brightest cell of a black picture is below this.
pub const DARK: f32 = 18.0;
/// Edges are learned for so long before `moved` is judged.
const LEARN_S: f64 = 10.0;
/// A gap in time after which the picture before says nothing.
const GAP_S: f64 = 5.0;
/// A condition that ends for less than this did not end.
const LAPSE_S: f64 = 1.5;
/// Grey values of so many pixels are compared, spread over the picture.
const SAMPLES: usize = 20_000;

/// A condition that must hold for a while.
#[derive(Debug, Clone, Copy, Default)]
struct Timer {
    since: Option<f64>,
    last: f64,
    frames: u32,
}

impl Timer {
    /// Since when it holds, if it has held for `needed` seconds and three frames.
    fn tick(&mut self, at: f64, holds: bool, needed: f64) -> Option<f64> {
        if holds {
            self.since.get_or_insert(at);
            self.last = at;
            self.frames = self.frames.saturating_add(1);
        } else if at - self.last > LAPSE_S || self.frames < 2 {
            (self.since, self.frames) = (None, 0);
        }
        self.since.filter(|s| at - s >= needed && self.frames >= 3)
    }
}

/// Looks at the frames of one camera.
pub struct Scene {
    times: Times,
    last_at: Option<f64>,
    sample: Vec<u8>,
    /// Since when no pixel changed.
    still_since: f64,
    still_frames: u32,
    /// A grid of a while ago, when it was taken, and how many frames since then changed.
    anchor: Option<(Grid, f64)>,
    changed: u32,
    seen: u32,
    mean: Option<Grid>,
    learned: Option<Learned>,
    learning_since: Option<f64>,
    black: Timer,
    covered: Timer,
    moved: Timer,
    stuck: bool,
    blind: Option<Blind>,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new(Times::default())
    }
}

impl Scene {
    /// A scene that is not known yet.
    pub fn new(times: Times) -> Self {
        Self {
            times,
            last_at: None,
            sample: Vec::new(),
            still_since: 0.0,
            still_frames: 0,
            anchor: None,
            changed: 0,
            seen: 0,
            mean: None,
            learned: None,
            learning_since: None,
            black: Timer::default(),
            covered: Timer::default(),
            moved: Timer::default(),
            stuck: false,
            blind: None,
        }
    }

    /// A scene that was learned before, so that a camera moved while the program was off is noticed.
    pub fn knowing(times: Times, learned: Learned) -> Self {
        Self { learned: learned.checked(), ..Self::new(times) }
    }

    /// What is learned so far, to be kept.
    pub fn learned(&self) -> Option<&Learned> {
        self.learned.as_ref().filter(|_| self.learning_since.is_none())
    }

    /// The view as it is from now on is meant.
    pub fn relearn(&mut self) {
        self.learned = None;
        self.learning_since = None;
        self.mean = None;
        self.moved = Timer::default();
        self.stuck = false;
    }

    /// Looks at a frame of `width * height * 3` bytes, taken at `at`; a frame of another length or older than the last is passed over.
    pub fn look(&mut self, at: f64, rgb: &[u8], width: u32, height: u32) -> Option<Blind> {
        let fits = rgb.len() == width as usize * height as usize * 3 && width >= 16 && height >= 16;
        if !fits || !at.is_finite() || self.last_at.is_some_and(|l| at <= l) {
            return self.blind;
        }
        if self.last_at.is_none_or(|l| at - l > GAP_S.max(self.times.offline_s)) {
            self.forget_recent(at);
        }
        let grid = Grid::of(rgb, width, height);
        let black = self.black.tick(at, grid.brightest() < DARK, self.times.black_s);
        let frozen = self.frozen(at, rgb, &grid);
        let edges = grid.edge_share();
        let known = self.learned.as_ref().map_or(0.0, |l| l.edge_share);
        let bare = edges < 0.004 || edges < known * 0.10;
        let covered = self.covered.tick(at, bare && grid.brightest() >= DARK, self.times.covered_s);
        let sees = black.is_none() && !bare && grid.brightest() >= DARK;
        let moved = self.moved(at, grid, sees, frozen.is_some());
        self.last_at = Some(at);
        let first = [(black, What::Black), (covered, What::Covered), (frozen, What::Frozen), (moved, What::Moved)];
        self.blind = first.into_iter().find_map(|(since, what)| Some(Blind { what, since: since? }));
        self.blind
    }

    /// Asked when no frame comes: whether that has been so too long by `now`, on the clock of [`Scene::look`]. Before any frame, time counts from 0.
    pub fn silence(&mut self, now: f64) -> Option<Blind> {
        let since = self.last_at.unwrap_or(0.0);
        if now - since >= self.times.offline_s {
            self.blind = Some(Blind { what: What::Offline, since });
        }
        self.blind
    }

    fn forget_recent(&mut self, at: f64) {
        self.sample.clear();
        (self.still_since, self.still_frames) = (at, 0);
        self.anchor = None;
        self.mean = None;
        (self.black, self.covered) = (Timer::default(), Timer::default());
        if !self.stuck {
            self.moved = Timer::default();
        }
    }

    /// Since when the picture stands still.
    fn frozen(&mut self, at: f64, rgb: &[u8], grid: &Grid) -> Option<f64> {
        let step = (rgb.len() / 3 / SAMPLES).max(1) | 1;
        let sample: Vec<u8> = rgb.chunks_exact(3).step_by(step).map(|p| p[1]).collect();
        let same = self.sample.len() == sample.len() && {
            let changed = sample.iter().zip(&self.sample).filter(|(a, b)| a.abs_diff(**b) > 1).count();
            changed * 2000 <= sample.len()
        };
        // small steps add up: the sample stays while nothing changes
        if !same {
            self.sample = sample;
            (self.still_since, self.still_frames) = (at, 0);
        }
        self.still_frames = self.still_frames.saturating_add(1);
        let to_the_bit =
            (at - self.still_since >= self.times.frozen_s && self.still_frames >= 3).then_some(self.still_since);
        to_the_bit.or_else(|| self.still(at, grid, same))
    }

    /// Since when nothing changes but for what encoding anew does: most frames are as the one before, and no cell went anywhere.
    fn still(&mut self, at: f64, grid: &Grid, same: bool) -> Option<f64> {
        let (anchor, since) = self.anchor.get_or_insert_with(|| (grid.clone(), at));
        self.seen += 1;
        self.changed += u32::from(!same);
        if grid.changed_share(anchor, 0.9) > 0.01 || self.changed * 5 > self.seen + 10 {
            self.anchor = Some((grid.clone(), at));
            (self.seen, self.changed) = (0, 0);
            return None;
        }
        Some(*since).filter(|s| at - s >= self.times.still_s && self.seen >= 3)
    }

    /// Since when it looks elsewhere; learns as long as it does not.
    fn moved(&mut self, at: f64, grid: Grid, sees: bool, frozen: bool) -> Option<f64> {
        if !sees || frozen {
            return self.moved.since.filter(|_| self.stuck);
        }
        let passed = self.last_at.map_or(0.2, |l| (at - l).clamp(0.01, GAP_S));
        let mean = match self.mean.take() {
            Some(old) => old.follow(&grid, (passed / 2.0).min(1.0) as f32),
            None => grid,
        };
        let now = Learned::of(&mean);
        self.mean = Some(mean);
        let Some(learned) = &mut self.learned else {
            self.learned = Some(now);
            self.learning_since = Some(at);
            return None;
        };
        if let Some(since) = self.learning_since {
            learned.follow(&now, (passed / 3.0).min(1.0) as f32);
            if at - since >= LEARN_S {
                self.learning_since = None;
            }
            return None;
        }
        let (elsewhere, alike) = learned.compare(&now);
        let since = self.moved.tick(at, elsewhere, self.times.moved_s);
        self.stuck |= since.is_some();
        if self.stuck {
            // back where it was: no act is needed
            if alike > 0.5 && !elsewhere {
                self.stuck = false;
                self.moved = Timer::default();
                return None;
            }
            return self.moved.since.or(Some(at));
        }
        if !elsewhere {
            learned.follow(&now, (passed / 120.0).min(1.0) as f32);
        }
        None
    }
}

#[cfg(test)]
mod tests;
