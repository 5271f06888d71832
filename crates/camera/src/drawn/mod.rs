//! A drawn camera (示例摄像机): a white hut at a stream, trees, and now and then somebody who walks up to the sampling head, stands there
//! and leaves. Painted by this crate alone, the same for the same seed and time; for demonstrations and tests, never for evidence.

mod canvas;
mod figure;
mod light;
mod scenery;

use jiff::Timestamp;
use serde::Deserialize;

use crate::picture::Picture;
use figure::Figure;
use light::Light;
use scenery::Scenery;

/// The sampling area of the drawn scene (采样区): where the visitor stands is in it, where he comes from is not. Fractions of the picture.
pub const SAMPLING_AREA: [(f32, f32); 5] = [(0.335, 0.70), (0.40, 0.63), (0.565, 0.62), (0.60, 0.79), (0.36, 0.86)];

/// What a drawn camera does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It shows the scene.
    #[default]
    Normal,
    /// Its picture is black.
    Black,
    /// Something lies on the lens.
    Covered,
    /// Its picture stands still to the bit.
    Frozen,
    /// It looks elsewhere.
    Moved,
    /// It sends nothing.
    Offline,
}

/// How a drawn camera is set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Other numbers give other leaves, ripples and noise.
    pub seed: u64,
    /// Somebody comes each so many seconds; 0: nobody.
    pub visit_every_s: f64,
    /// How long after the full period he sets out, in seconds.
    pub visit_first_s: f64,
    /// How long he stands at the sampling head, in seconds.
    pub visit_stay_s: f64,
    /// Civil time of the scene less UTC, in minutes: day and night follow it.
    pub utc_offset_min: i32,
    /// Always day, whatever the time.
    pub always_day: bool,
    /// Noise of the sensor, in steps of brightness. 0 gives still pictures but for the water.
    pub noise: u8,
    /// What it does.
    pub mode: Mode,
    /// After so many seconds of the first picture the mode begins; before, it is normal.
    pub mode_after_s: f64,
    /// For how long the mode holds, in seconds.
    pub mode_for_s: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            visit_every_s: 600.0,
            visit_first_s: 20.0,
            visit_stay_s: 15.0,
            utc_offset_min: 480,
            always_day: false,
            noise: 3,
            mode: Mode::Normal,
            mode_after_s: 0.0,
            mode_for_s: f64::INFINITY,
        }
    }
}

/// Seconds that the way to the sampling head takes.
pub const WALK_S: f64 = 12.0;

impl Settings {
    /// Where the visitor's feet are at `now`, and whether he walks; nothing when nobody is there.
    pub fn visitor(&self, now: Timestamp) -> Option<Visitor> {
        if self.visit_every_s.is_nan() || self.visit_every_s <= 0.0 {
            return None;
        }
        let t = (now.as_microsecond() as f64 / 1e6).rem_euclid(self.visit_every_s) - self.visit_first_s;
        let stay = self.visit_stay_s.max(0.0);
        let (way, back) = match t {
            t if t < 0.0 || t > 2.0 * WALK_S + stay => return None,
            t if t < WALK_S => (t / WALK_S, false),
            t if t <= WALK_S + stay => (1.0, false),
            t => (1.0 - (t - WALK_S - stay) / WALK_S, true),
        };
        Some(Visitor { foot: figure::path(way as f32), step: (t * 1.7) as f32, walks: way < 1.0, back })
    }
}

/// Somebody in the scene.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visitor {
    /// Where his feet are, in fractions of the picture.
    pub foot: (f32, f32),
    /// How far his steps have got, in steps.
    pub step: f32,
    /// Whether he walks.
    pub walks: bool,
    /// Whether he is on his way back.
    pub back: bool,
}

/// Paints one scene at one size.
pub struct Painter {
    settings: Settings,
    scenery: Scenery,
    begun: Option<Timestamp>,
    last: Option<Picture>,
}

impl Painter {
    /// A painter of pictures `width` wide (64..=1920), 16 to 9.
    pub fn new(settings: Settings, width: u32) -> Self {
        let width = width.clamp(64, 1920) & !1;
        let height = (width * 9 / 16) & !1;
        let scenery = Scenery::new(width, height, settings.seed);
        Self { settings, scenery, begun: None, last: None }
    }

    /// Width and height of its pictures.
    pub fn size(&self) -> (u32, u32) {
        (self.scenery.width, self.scenery.height)
    }

    /// The picture at `now`; nothing when the camera is offline then.
    pub fn paint(&mut self, now: Timestamp) -> Option<Picture> {
        let begun = *self.begun.get_or_insert(now);
        let since = now.duration_since(begun).as_secs_f64() - self.settings.mode_after_s;
        let mode = if (0.0..self.settings.mode_for_s).contains(&since) { self.settings.mode } else { Mode::Normal };
        match mode {
            Mode::Offline => None,
            Mode::Frozen if self.last.is_some() => self.last.clone(),
            Mode::Black => Some(self.flat(now, |_, _| [2.0; 3], 1)),
            Mode::Covered => Some(self.flat(now, cloth, self.settings.noise)),
            Mode::Normal | Mode::Frozen | Mode::Moved => {
                let picture = self.scene(now, mode == Mode::Moved);
                self.last = Some(picture.clone());
                Some(picture)
            }
        }
    }

    /// As [`Painter::paint`], the bytes only.
    pub fn frame(&mut self, now: Timestamp) -> Option<Vec<u8>> {
        self.paint(now).map(|p| p.rgb)
    }

    fn scene(&self, now: Timestamp, moved: bool) -> Picture {
        let t = now.as_microsecond() as f64 / 1e6;
        let light = if self.settings.always_day { Light::DAY } else { Light::at(now, self.settings.utc_offset_min) };
        let mut picture = self.scenery.paint(t);
        if let Some(visitor) = self.settings.visitor(now) {
            Figure::of(visitor).paint(&mut picture);
        }
        light.shine(&mut picture, self.scenery.lamp());
        if moved {
            picture = turned(&picture);
        }
        self.grain(&mut picture, now, self.settings.noise);
        picture
    }

    fn flat(&self, now: Timestamp, colour: impl Fn(f32, f32) -> [f32; 3], noise: u8) -> Picture {
        let (width, height) = self.size();
        let mut rgb = Vec::with_capacity((width * height * 3) as usize);
        for y in 0..height {
            for x in 0..width {
                rgb.extend(colour(x as f32 / width as f32, y as f32 / height as f32).map(|v| v as u8));
            }
        }
        let mut picture = Picture { width, height, rgb };
        self.grain(&mut picture, now, noise);
        picture
    }

    /// Noise of the sensor: another one for each picture, the same for the same time.
    fn grain(&self, picture: &mut Picture, now: Timestamp, noise: u8) {
        if noise == 0 {
            return;
        }
        let mut state = canvas::mix(self.settings.seed ^ (now.as_microsecond() as u64).rotate_left(17)) | 1;
        let span = u64::from(noise) * 2 + 1;
        for pixel in picture.rgb.chunks_exact_mut(3) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // the sum of two is near enough to how sensors do it
            let part = |bits: u64| (((bits & 0xFFFF) * span) >> 16) as i16;
            let grain = part(state) + part(state >> 16) - i16::from(noise) * 2;
            for value in pixel {
                *value = (i16::from(*value) + grain / 2).clamp(0, 255) as u8;
            }
        }
    }
}

/// A cloth before the lens: almost one colour, brighter to one side.
fn cloth(x: f32, y: f32) -> [f32; 3] {
    let v = 52.0 + 14.0 * x + 6.0 * y;
    [v, v * 0.92, v * 0.85]
}

/// The scene as a camera sees it that somebody has turned: shifted far to the side, and a little larger.
fn turned(picture: &Picture) -> Picture {
    let mut out = picture.clone();
    for y in 0..picture.height {
        for x in 0..picture.width {
            let fx = (x as f32 * 0.85 + picture.width as f32 * 0.38) as u32;
            let fx = if fx >= picture.width { 2 * picture.width - 1 - fx } else { fx };
            let fy = (y as f32 * 0.85) as u32;
            if let Some(colour) = picture.get(fx.min(picture.width - 1), fy) {
                out.set(x, y, colour);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: f64) -> Timestamp {
        Timestamp::from_microsecond((s * 1e6) as i64).unwrap()
    }

    fn inside(p: (f32, f32)) -> bool {
        let n = SAMPLING_AREA.len();
        let crosses = |i: usize| {
            let (a, b) = (SAMPLING_AREA[i], SAMPLING_AREA[(i + 1) % n]);
            (a.1 > p.1) != (b.1 > p.1) && p.0 < (b.0 - a.0) * (p.1 - a.1) / (b.1 - a.1) + a.0
        };
        (0..n).filter(|i| crosses(*i)).count() % 2 == 1
    }

    #[test]
    fn the_same_time_gives_the_same_picture_and_another_time_another() {
        let mut a = Painter::new(Settings::default(), 320);
        let mut b = Painter::new(Settings::default(), 320);
        assert_eq!(a.paint(at(1000.0)), b.paint(at(1000.0)));
        assert_ne!(a.paint(at(1000.2)), b.paint(at(1000.0)));
        let mut c = Painter::new(Settings { seed: 2, ..Settings::default() }, 320);
        assert_ne!(c.paint(at(1000.0)), b.paint(at(1000.0)));
    }

    #[test]
    fn the_visitor_comes_stands_in_the_area_and_leaves() {
        let s = Settings { visit_every_s: 100.0, visit_first_s: 10.0, visit_stay_s: 20.0, ..Settings::default() };
        let check = |t: f64, there: bool, in_area: bool| {
            let v = s.visitor(at(t));
            assert_eq!((v.is_some(), v.is_some_and(|v| inside(v.foot))), (there, in_area), "{t} {v:?}");
        };
        check(5.0, false, false);
        check(12.0, true, false);
        check(30.0, true, true);
        check(30.0 + 100.0, true, true);
        check(52.0, true, false);
        check(60.0, false, false);
        assert!(Settings { visit_every_s: 0.0, ..s }.visitor(at(30.0)).is_none());
    }

    #[test]
    fn modes_begin_and_end() {
        let s = Settings {
            mode: Mode::Black,
            mode_after_s: 10.0,
            mode_for_s: 5.0,
            always_day: true,
            ..Settings::default()
        };
        let mut p = Painter::new(s, 160);
        let mut mean = |t: f64| p.paint(at(t)).unwrap().rgb.iter().map(|v| u64::from(*v)).sum::<u64>() / (160 * 90 * 3);
        assert!(mean(0.0) > 60);
        assert!(mean(11.0) < 6);
        assert!(mean(16.0) > 60);
        let mut p = Painter::new(Settings { mode: Mode::Frozen, mode_after_s: 1.0, ..Settings::default() }, 160);
        p.paint(at(0.0));
        assert_eq!(p.paint(at(2.0)), p.paint(at(3.0)));
        let mut p = Painter::new(Settings { mode: Mode::Offline, ..Settings::default() }, 160);
        assert_eq!(p.paint(at(0.0)), None);
    }
}
