//! Shapes with soft edges, painted in fractions of the picture.

use crate::picture::Picture;

/// A colour, 0..=255 each.
pub(super) type Colour = [f32; 3];

/// Numbers that look random, the same for the same input.
pub(super) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

/// -1..1 for a cell of a grid.
pub(super) fn hash(seed: u64, x: i64, y: i64) -> f32 {
    let h = mix(seed ^ mix(x as u64) ^ mix(y as u64).rotate_left(23));
    (h >> 40) as f32 / (1u64 << 23) as f32 - 1.0
}

/// Smooth noise, -1..1, with cells of size one.
pub(super) fn cloud(seed: u64, x: f32, y: f32) -> f32 {
    let (ix, iy) = (x.floor(), y.floor());
    let ease = |v: f32| v * v * (3.0 - 2.0 * v);
    let (fx, fy) = (ease(x - ix), ease(y - iy));
    let at = |dx: i64, dy: i64| hash(seed, ix as i64 + dx, iy as i64 + dy);
    let top = at(0, 0) + (at(1, 0) - at(0, 0)) * fx;
    let low = at(0, 1) + (at(1, 1) - at(0, 1)) * fx;
    top + (low - top) * fy
}

pub(super) fn blend(a: Colour, b: Colour, f: f32) -> Colour {
    [0, 1, 2].map(|i| a[i] + (b[i] - a[i]) * f)
}

/// A shape: how far a point (in pixels of the height's scale) is from its edge, negative inside.
pub(super) trait Shape {
    fn distance(&self, x: f32, y: f32) -> f32;
    /// `x0, y0, x1, y1` that it lies in.
    fn bounds(&self) -> [f32; 4];
}

/// A thick line with round ends. `a`, `b` and the radii in units of the picture's height.
pub(super) struct Limb {
    pub(super) a: (f32, f32),
    pub(super) b: (f32, f32),
    pub(super) ra: f32,
    pub(super) rb: f32,
}

impl Shape for Limb {
    fn distance(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (self.b.0 - self.a.0, self.b.1 - self.a.1);
        let length = (dx * dx + dy * dy).max(1e-9);
        let f = (((x - self.a.0) * dx + (y - self.a.1) * dy) / length).clamp(0.0, 1.0);
        let (px, py) = (x - self.a.0 - f * dx, y - self.a.1 - f * dy);
        (px * px + py * py).sqrt() - (self.ra + (self.rb - self.ra) * f)
    }
    fn bounds(&self) -> [f32; 4] {
        let r = self.ra.max(self.rb);
        [self.a.0.min(self.b.0) - r, self.a.1.min(self.b.1) - r, self.a.0.max(self.b.0) + r, self.a.1.max(self.b.1) + r]
    }
}

/// A convex polygon, corners clockwise as seen.
pub(super) struct Poly<'a>(pub(super) &'a [(f32, f32)]);

impl Shape for Poly<'_> {
    fn distance(&self, x: f32, y: f32) -> f32 {
        let edge = |i: usize| {
            let (a, b) = (self.0[i], self.0[(i + 1) % self.0.len()]);
            let (dx, dy) = (b.0 - a.0, b.1 - a.1);
            let length = (dx * dx + dy * dy).sqrt().max(1e-9);
            ((x - a.0) * dy - (y - a.1) * dx) / length
        };
        (0..self.0.len()).map(edge).fold(f32::MIN, f32::max)
    }
    fn bounds(&self) -> [f32; 4] {
        self.0.iter().fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |b, p| {
            [b[0].min(p.0), b[1].min(p.1), b[2].max(p.0), b[3].max(p.1)]
        })
    }
}

/// Paints `shape` with a colour by place; `alpha` is how much it covers. Its units are the picture's height, x to the right from the left.
pub(super) fn paint(picture: &mut Picture, shape: &impl Shape, alpha: f32, colour: impl Fn(f32, f32) -> Colour) {
    let scale = picture.height as f32;
    let b = shape.bounds();
    let edge = |v: f32, side: u32| (v * scale).clamp(0.0, side as f32) as u32;
    let (x0, x1) = (edge(b[0] - 0.01, picture.width), edge(b[2] + 0.02, picture.width));
    let (y0, y1) = (edge(b[1] - 0.01, picture.height), edge(b[3] + 0.02, picture.height));
    for py in y0..y1 {
        for px in x0..x1 {
            let (x, y) = ((px as f32 + 0.5) / scale, (py as f32 + 0.5) / scale);
            let cover = (0.5 - shape.distance(x, y) * scale).clamp(0.0, 1.0) * alpha;
            if cover > 0.0 {
                let i = (py as usize * picture.width as usize + px as usize) * 3;
                let new = colour(x, y);
                for (value, new) in picture.rgb[i..i + 3].iter_mut().zip(new) {
                    let old = f32::from(*value);
                    *value = (old + (new - old) * cover).clamp(0.0, 255.0) as u8;
                }
            }
        }
    }
}
