//! Somebody who walks: limbs that swing, a coat, a shadow. Larger when nearer.

#![allow(clippy::many_single_char_names, reason = "coordinates")]

use super::Visitor;
use super::canvas::{Colour, Limb, paint};
use crate::picture::Picture;

const WIDE: f32 = 16.0 / 9.0;
/// The way to the sampling head, in fractions of the picture.
const WAY: [(f32, f32); 4] = [(-0.04, 0.955), (0.14, 0.925), (0.30, 0.865), (0.465, 0.735)];

/// Where the feet are after the part `f` (0..1) of the way.
pub(super) fn path(f: f32) -> (f32, f32) {
    let length = |i: usize| ((WAY[i + 1].0 - WAY[i].0).powi(2) + (WAY[i + 1].1 - WAY[i].1).powi(2)).sqrt();
    let whole: f32 = (0..WAY.len() - 1).map(length).sum();
    let mut left = f.clamp(0.0, 1.0) * whole;
    for i in 0..WAY.len() - 1 {
        let l = length(i);
        if left <= l || i == WAY.len() - 2 {
            let g = (left / l).min(1.0);
            return (WAY[i].0 + (WAY[i + 1].0 - WAY[i].0) * g, WAY[i].1 + (WAY[i + 1].1 - WAY[i].1) * g);
        }
        left -= l;
    }
    WAY[WAY.len() - 1]
}

/// The middle of the trodden path at height `y`, in units of the picture's height.
pub(super) fn middle_of_path(y: f32) -> f32 {
    let found = WAY.windows(2).find(|w| y >= w[1].1 && y <= w[0].1);
    let x = found.map_or(if y > WAY[0].1 { WAY[0].0 } else { WAY[3].0 }, |w| {
        w[0].0 + (w[1].0 - w[0].0) * (w[0].1 - y) / (w[0].1 - w[1].1)
    });
    x * WIDE
}

pub(super) struct Figure {
    limbs: Vec<(Limb, f32, Colour)>,
}

const SKIN: Colour = [206.0, 164.0, 136.0];
const COAT: Colour = [150.0, 44.0, 46.0];
const TROUSERS: Colour = [46.0, 50.0, 66.0];
const SHOE: Colour = [30.0, 28.0, 28.0];
const HAIR: Colour = [34.0, 28.0, 26.0];

impl Figure {
    pub(super) fn of(v: Visitor) -> Self {
        let (x, y) = (v.foot.0 * WIDE, v.foot.1);
        // the camera hangs at about 3.5 m: the same person is larger near us
        let h = 0.10 + 0.33 * (y - 0.42);
        let side = if v.back { -1.0 } else { 1.0 };
        let swing = if v.walks { (v.step * std::f32::consts::PI).sin() } else { 0.0 };
        let lift = if v.walks { (v.step * std::f32::consts::PI).cos().abs() * 0.012 } else { 0.0 };
        let at = |dx: f32, dy: f32| (x + dx * h * side, y - (dy - lift) * h);
        let hip = at(0.0, 0.49);
        let neck = at(0.035, 0.83);
        let bend = if v.walks { 0.0 } else { 0.16 };
        let mut limbs = vec![(
            Limb { a: (x + 0.02 * h, y), b: (x + 0.38 * h, y + 0.015 * h), ra: 0.07 * h, rb: 0.02 * h },
            0.30,
            [24.0, 32.0, 18.0],
        )];
        let mut limb = |a, b, ra: f32, rb: f32, c| limbs.push((Limb { a, b, ra: ra * h, rb: rb * h }, 1.0, c));
        for (sign, shade) in [(-1.0, 0.8), (1.0, 1.0)] {
            let s = swing * sign;
            let (knee, foot) =
                (at(0.11 * s + 0.015 * sign, 0.26), at(0.20 * s - 0.02 + 0.03 * sign, 0.035 + 0.05 * (-s).max(0.0)));
            let dark = |c: Colour| c.map(|v| v * shade);
            limb(hip, knee, 0.062, 0.048, dark(TROUSERS));
            limb(knee, foot, 0.048, 0.034, dark(TROUSERS));
            limb(foot, (foot.0 + 0.07 * h * side, foot.1 + 0.008 * h), 0.030, 0.024, SHOE);
        }
        let arm = |s: f32| (at(0.03 - 0.10 * s, 0.62), at(0.06 - 0.17 * s + bend, 0.46 + bend * 0.7));
        let (elbow, hand) = arm(-swing);
        limb(at(0.02, 0.78), elbow, 0.040, 0.034, COAT.map(|v| v * 0.7));
        limb(elbow, hand, 0.034, 0.026, COAT.map(|v| v * 0.7));
        limb(hip, neck, 0.088, 0.098, COAT);
        limb(at(0.0, 0.52), at(0.02, 0.66), 0.092, 0.10, COAT.map(|v| v * 0.93));
        let (elbow, hand) = arm(swing);
        limb(at(0.02, 0.78), elbow, 0.044, 0.036, COAT.map(|v| v * 1.12));
        limb(elbow, hand, 0.036, 0.028, COAT.map(|v| v * 1.12));
        limb(hand, hand, 0.028, 0.028, SKIN);
        limb(neck, at(0.045, 0.88), 0.036, 0.036, SKIN);
        let head = at(0.05, 0.935);
        limb(head, head, 0.068, 0.068, SKIN);
        limb(at(0.03, 0.962), at(0.06, 0.972), 0.058, 0.050, HAIR);
        Self { limbs }
    }

    pub(super) fn paint(&self, picture: &mut Picture) {
        for (limb, alpha, colour) in &self.limbs {
            paint(picture, limb, *alpha, |x, _| {
                // lit from the left
                let f = ((x - limb.a.0.min(limb.b.0)) / (limb.ra * 2.0)).clamp(-1.0, 1.0);
                colour.map(|c| c * (1.06 - 0.16 * f))
            });
        }
    }
}
