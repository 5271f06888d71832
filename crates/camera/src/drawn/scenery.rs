//! What stands still, painted once, and the water, painted for each picture. Lengths are in units of the picture's height, so that x runs
//! 0..16/9.

#![allow(clippy::many_single_char_names, reason = "coordinates")]

use super::canvas::{Colour, Limb, Poly, blend, cloud, hash, mix, paint};
use crate::picture::Picture;

const WIDE: f32 = 16.0 / 9.0;
const HORIZON: f32 = 0.335;

/// One pixel of water.
struct Drop {
    index: u32,
    /// Along the stream, and across it.
    along: f32,
    across: f32,
    /// 0 far, 1 near.
    near: f32,
}

pub(super) struct Scenery {
    pub(super) width: u32,
    pub(super) height: u32,
    ground: Picture,
    water: Vec<Drop>,
    seed: u64,
}

/// The water's edges at height `y`: it comes from the hills, winds, and widens towards us.
fn banks(y: f32) -> (f32, f32) {
    let near = ((y - 0.40) / 0.60).clamp(0.0, 1.0);
    let wind = 0.10 * (near * 5.2).sin() * (1.0 - near);
    let left = 1.16 + wind - 0.40 * near.powf(0.8);
    let right = 1.22 + wind + 0.72 * near.powf(1.25);
    (left, right)
}

impl Scenery {
    pub(super) fn new(width: u32, height: u32, seed: u64) -> Self {
        let mut ground = Picture { width, height, rgb: vec![0; width as usize * height as usize * 3] };
        let mut water = Vec::new();
        let scale = height as f32;
        for py in 0..height {
            for px in 0..width {
                let (x, y) = ((px as f32 + 0.5) / scale, (py as f32 + 0.5) / scale);
                let index = py * width + px;
                let colour = base(seed, x, y);
                let i = index as usize * 3;
                (0..3).for_each(|c| ground.rgb[i + c] = colour[c].clamp(0.0, 255.0) as u8);
                let (left, right) = banks(y);
                if y > 0.41 && x > left && x < right {
                    let near = (y - 0.40) / 0.60;
                    water.push(Drop {
                        index,
                        along: (1.0 / (0.08 + near)).ln() * 3.0,
                        across: (x - left) / (right - left),
                        near,
                    });
                }
            }
        }
        far_trees(&mut ground, seed);
        hut(&mut ground, seed);
        let mut s = Self { width, height, ground, water, seed };
        s.near_things();
        s
    }

    /// What stands in the water or before it: painted over the water too, so it is left out of what moves.
    fn near_things(&mut self) {
        let before = self.ground.clone();
        jetty(&mut self.ground);
        near_trees(&mut self.ground, self.seed);
        let covered = |d: &Drop| {
            let i = d.index as usize * 3;
            before.rgb[i..i + 3] != self.ground.rgb[i..i + 3]
        };
        let left = std::mem::take(&mut self.water);
        self.water = left.into_iter().filter(|d| !covered(d)).collect();
    }

    /// Where the lamp of the hut is, in fractions of the picture.
    #[allow(clippy::unused_self, reason = "the lamp belongs to the scenery")]
    pub(super) fn lamp(&self) -> (f32, f32) {
        (0.66 / WIDE, 0.36)
    }

    /// The scene at `t` seconds, by day, with nobody in it.
    pub(super) fn paint(&self, t: f64) -> Picture {
        let mut picture = self.ground.clone();
        let slow = (t.rem_euclid(3600.0)) as f32;
        for d in &self.water {
            let ripple = wave(d.along * 9.0 + slow * 1.3 + d.across * 2.0) * 0.5
                + wave(d.along * 23.0 + slow * 2.1 - d.across * 7.0) * 0.3
                + wave(d.across * 31.0 + d.along * 4.0 + slow * 0.7) * 0.2;
            let sky = blend([96.0, 124.0, 128.0], [70.0, 98.0, 92.0], d.near);
            let shore = (d.across.min(1.0 - d.across) * 8.0).min(1.0);
            let glint = ((ripple - 0.55) * 2.2).clamp(0.0, 1.0).powi(2) * 28.0 * d.near.min(0.8);
            let colour =
                blend([72.0, 84.0, 66.0], sky, 0.35 + 0.65 * shore).map(|v| v + ripple * (6.0 + 10.0 * d.near) + glint);
            let i = d.index as usize * 3;
            (0..3).for_each(|c| picture.rgb[i + c] = colour[c].clamp(0.0, 255.0) as u8);
        }
        picture
    }
}

/// A cheap sine, -1..1.
fn wave(x: f32) -> f32 {
    let turn = x * (1.0 / std::f32::consts::TAU);
    let f = (turn - turn.floor()) * 2.0 - 1.0;
    4.0 * f * (1.0 - f.abs())
}

fn base(seed: u64, x: f32, y: f32) -> Colour {
    let ridge = HORIZON - 0.075 - 0.06 * (x * 2.3 + 0.6).sin() - 0.025 * (x * 6.1 + 1.0).sin()
        + 0.008 * cloud(seed, x * 24.0, 1.0);
    let nearer = HORIZON - 0.03 - 0.03 * (x * 3.7 + 2.2).sin() + 0.012 * cloud(seed ^ 5, x * 40.0, 7.0);
    if y < ridge {
        let white =
            (cloud(seed ^ 9, x * 3.0, y * 9.0) + 0.5 * cloud(seed ^ 0xA, x * 7.0, y * 20.0) - 0.2).clamp(0.0, 1.0);
        return blend(
            blend([138.0, 172.0, 206.0], [206.0, 220.0, 226.0], y / HORIZON),
            [236.0, 238.0, 238.0],
            white * 0.7,
        );
    }
    if y < nearer {
        let leaf = cloud(seed ^ 2, x * 60.0, y * 60.0) * 7.0;
        return blend([112.0, 136.0, 142.0], [96.0, 122.0, 112.0], (y - ridge) * 9.0).map(|v| v + leaf);
    }
    if y < HORIZON + 0.015 {
        let leaf = cloud(seed ^ 3, x * 70.0, y * 80.0) * 14.0;
        return [66.0 + leaf, 94.0 + leaf, 64.0 + leaf];
    }
    meadow(seed, x, y)
}

fn meadow(seed: u64, x: f32, y: f32) -> Colour {
    let near = (y - HORIZON) / (1.0 - HORIZON);
    let grain = 1.0 / (0.12 + near);
    let tufts = cloud(seed ^ 4, x * 34.0 * grain.min(3.0), y * 60.0 * grain.min(3.0)) * 13.0
        + hash(seed ^ 6, (x * 500.0) as i64, (y * 500.0) as i64) * 6.0;
    let patches = cloud(seed ^ 7, x * 4.0, y * 9.0) * 12.0;
    let grass = blend([118.0, 142.0, 84.0], [84.0, 116.0, 56.0], near).map(|v| v + tufts + patches);
    let (left, right) = banks(y);
    let shore = (left - x).max(x - right);
    let mud = (1.0 - shore / (0.015 + 0.05 * near)).clamp(0.0, 1.0);
    let with_mud =
        if y > 0.405 { blend(grass, [128.0 + tufts, 116.0 + tufts, 92.0 + tufts], mud * 0.85) } else { grass };
    // the path from the lower left to the sampling head, and on to the hut's door
    let way = super::figure::middle_of_path(y);
    let half = 0.018 + 0.045 * near;
    let path = (1.0 - ((x - way).abs() / half)).clamp(0.0, 0.6) / 0.6;
    if y > 0.70 { blend(with_mud, [158.0 + tufts, 148.0 + tufts, 126.0 + tufts], path * 0.9) } else { with_mud }
}

fn far_trees(p: &mut Picture, seed: u64) {
    for i in 0..26u32 {
        let r = |k: u64| hash(seed ^ 0x4D, i64::from(i), k as i64);
        let x = i as f32 / 25.0 * WIDE + r(1) * 0.03;
        let y = HORIZON + 0.035 + 0.012 * r(2);
        let size = 0.026 + 0.012 * r(3).abs();
        tree(p, seed ^ mix(u64::from(i)), (x, y), size, [64.0, 92.0, 58.0]);
    }
}

fn near_trees(p: &mut Picture, seed: u64) {
    tree(p, seed ^ 0x65, (0.07, 0.66), 0.15, [62.0, 96.0, 48.0]);
    tree(p, seed ^ 0x66, (1.60, 0.60), 0.13, [70.0, 102.0, 52.0]);
    tree(p, seed ^ 0x67, (1.42, 0.50), 0.07, [74.0, 106.0, 58.0]);
    for i in 0..60i64 {
        // reeds at the far bank
        let y = 0.52 + 0.30 * (i as f32 / 60.0);
        let x = banks(y).1 + 0.012 + 0.02 * hash(seed, i, 3).abs();
        let tip = (x + 0.012 * hash(seed, i, 4), y - 0.03 - 0.03 * (y - 0.4));
        paint(p, &Limb { a: (x, y), b: tip, ra: 0.0022, rb: 0.0008 }, 0.9, |_, _| [124.0, 138.0, 74.0]);
    }
}

/// A trunk, and a crown of many leaves; `size` is about half of its height.
fn tree(p: &mut Picture, seed: u64, (x, y): (f32, f32), size: f32, leaf: Colour) {
    let top = (x, y - size * 0.9);
    paint(
        p,
        &Limb { a: (x - size * 0.05, y + 0.006), b: (x + size * 0.55, y + 0.008), ra: size * 0.10, rb: size * 0.05 },
        0.28,
        |_, _| [34.0, 44.0, 26.0],
    );
    paint(p, &Limb { a: (x, y), b: top, ra: size * 0.085, rb: size * 0.05 }, 1.0, |_, _| [78.0, 66.0, 52.0]);
    for i in 0..34i64 {
        let (a, r) = (hash(seed, i, 1) * 3.2, hash(seed, i, 2).abs().sqrt());
        let c = (x + a.cos() * r * size * 0.58, y - size * 1.35 + a.sin() * r * size * 0.62);
        let lit = 1.0 + 0.20 * ((x - c.0) + (y - size * 1.35 - c.1)) / size + 0.10 * hash(seed, i, 3);
        let radius = size * (0.16 + 0.08 * hash(seed, i, 4).abs());
        paint(p, &Limb { a: c, b: c, ra: radius, rb: radius }, 0.92, |px, py| {
            let v = lit + 0.16 * cloud(seed, px * 130.0, py * 130.0);
            leaf.map(|l| l * v)
        });
    }
}

/// The white hut of the station: a front with door and window, a side in the shade, a roof, a mast, a lamp.
fn hut(p: &mut Picture, seed: u64) {
    let wall = |v: f32| {
        move |x: f32, y: f32| {
            let g = v + 4.0 * cloud(seed ^ 8, x * 50.0, y * 30.0) - (y - 0.40) * 24.0;
            [g, g, g - 3.0]
        }
    };
    let flat = |c: Colour| move |_: f32, _: f32| c;
    paint(p, &Poly(&[(0.27, 0.622), (0.70, 0.600), (0.84, 0.618), (0.42, 0.645)]), 0.35, flat([40.0, 48.0, 30.0]));
    paint(p, &Poly(&[(0.25, 0.355), (0.50, 0.335), (0.50, 0.640), (0.25, 0.615)]), 1.0, wall(188.0));
    paint(p, &Poly(&[(0.50, 0.335), (0.70, 0.350), (0.70, 0.612), (0.50, 0.640)]), 1.0, wall(240.0));
    // its foot, and a blue band as such huts have
    paint(p, &Poly(&[(0.50, 0.618), (0.70, 0.592), (0.70, 0.612), (0.50, 0.640)]), 1.0, flat([150.0, 150.0, 146.0]));
    paint(p, &Poly(&[(0.25, 0.596), (0.50, 0.618), (0.50, 0.640), (0.25, 0.615)]), 1.0, flat([122.0, 122.0, 120.0]));
    paint(p, &Poly(&[(0.25, 0.385), (0.50, 0.372), (0.50, 0.394), (0.25, 0.405)]), 1.0, flat([44.0, 92.0, 150.0]));
    paint(p, &Poly(&[(0.50, 0.372), (0.70, 0.382), (0.70, 0.401), (0.50, 0.394)]), 1.0, flat([58.0, 114.0, 180.0]));
    // roof
    paint(p, &Poly(&[(0.225, 0.352), (0.36, 0.262), (0.60, 0.270), (0.50, 0.338)]), 1.0, flat([98.0, 106.0, 118.0]));
    paint(p, &Poly(&[(0.50, 0.338), (0.60, 0.270), (0.73, 0.352), (0.715, 0.358)]), 1.0, flat([126.0, 134.0, 146.0]));
    paint(p, &Poly(&[(0.51, 0.337), (0.60, 0.279), (0.70, 0.350)]), 1.0, wall(226.0));
    // door, window, lamp, mast
    paint(p, &Poly(&[(0.53, 0.425), (0.595, 0.424), (0.595, 0.622), (0.53, 0.628)]), 1.0, flat([92.0, 108.0, 120.0]));
    paint(p, &Limb { a: (0.586, 0.525), b: (0.586, 0.535), ra: 0.003, rb: 0.003 }, 1.0, flat([210.0, 210.0, 200.0]));
    paint(p, &Poly(&[(0.625, 0.44), (0.675, 0.44), (0.675, 0.505), (0.625, 0.508)]), 1.0, |x, y| {
        blend([64.0, 84.0, 100.0], [150.0, 176.0, 192.0], ((x - y) * 14.0).fract().abs())
    });
    paint(p, &Poly(&[(0.31, 0.44), (0.40, 0.438), (0.40, 0.515), (0.31, 0.512)]), 1.0, flat([70.0, 82.0, 92.0]));
    paint(p, &Limb { a: (0.66, 0.36), b: (0.665, 0.36), ra: 0.006, rb: 0.006 }, 1.0, flat([236.0, 230.0, 200.0]));
    paint(p, &Limb { a: (0.33, 0.285), b: (0.33, 0.12), ra: 0.0035, rb: 0.002 }, 1.0, flat([120.0, 124.0, 128.0]));
    paint(p, &Limb { a: (0.30, 0.15), b: (0.36, 0.15), ra: 0.002, rb: 0.002 }, 1.0, flat([120.0, 124.0, 128.0]));
    paint(p, &Limb { a: (0.30, 0.15), b: (0.30, 0.138), ra: 0.004, rb: 0.004 }, 1.0, flat([200.0, 204.0, 208.0]));
}

/// The intake: a pipe from the hut into the water, a short jetty, the yellow float of the sampling head.
fn jetty(p: &mut Picture) {
    let flat = |c: Colour| move |_: f32, _: f32| c;
    paint(p, &Limb { a: (0.69, 0.602), b: (0.86, 0.672), ra: 0.005, rb: 0.006 }, 1.0, flat([176.0, 178.0, 176.0]));
    paint(p, &Poly(&[(0.82, 0.662), (1.02, 0.668), (1.03, 0.690), (0.815, 0.688)]), 1.0, |x, _| {
        if (x * 60.0).fract() < 0.12 { [92.0, 80.0, 64.0] } else { [150.0, 134.0, 108.0] }
    });
    paint(p, &Poly(&[(0.815, 0.688), (1.03, 0.690), (1.03, 0.702), (0.815, 0.700)]), 1.0, flat([96.0, 84.0, 66.0]));
    for x in [0.90, 1.015] {
        paint(p, &Limb { a: (x, 0.69), b: (x, 0.735), ra: 0.005, rb: 0.005 }, 1.0, flat([88.0, 78.0, 62.0]));
    }
    for x in [0.835, 0.92, 1.01] {
        paint(p, &Limb { a: (x, 0.668), b: (x, 0.605), ra: 0.0028, rb: 0.0028 }, 1.0, flat([206.0, 208.0, 206.0]));
    }
    paint(p, &Limb { a: (0.835, 0.607), b: (1.01, 0.607), ra: 0.0028, rb: 0.0028 }, 1.0, flat([206.0, 208.0, 206.0]));
    paint(p, &Limb { a: (1.075, 0.716), b: (1.105, 0.716), ra: 0.022, rb: 0.022 }, 1.0, |_, y| {
        if y > 0.722 { [196.0, 150.0, 30.0] } else { [240.0, 196.0, 48.0] }
    });
    paint(p, &Limb { a: (1.09, 0.70), b: (1.09, 0.645), ra: 0.004, rb: 0.003 }, 1.0, flat([70.0, 72.0, 76.0]));
    paint(p, &Limb { a: (1.09, 0.64), b: (1.09, 0.638), ra: 0.009, rb: 0.009 }, 1.0, flat([206.0, 54.0, 40.0]));
}
