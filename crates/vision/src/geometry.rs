//! Boxes and polygons in fractions of the picture (0..1, origin top left, y downwards).

use serde::{Deserialize, Serialize};

/// A corner or a foot point: x, y.
pub type Point = [f64; 2];

/// How close to an edge of a polygon a point counts as on it, in fractions of the picture.
const ON_EDGE: f64 = 1e-9;

/// An upright box: left, top, right, bottom. As JSON an array of the four.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "[f32; 4]", into = "[f32; 4]")]
pub struct Rect {
    /// Left edge.
    pub x0: f32,
    /// Upper edge.
    pub y0: f32,
    /// Right edge.
    pub x1: f32,
    /// Lower edge.
    pub y1: f32,
}

impl From<[f32; 4]> for Rect {
    fn from([x0, y0, x1, y1]: [f32; 4]) -> Self {
        Self { x0, y0, x1, y1 }
    }
}

impl From<Rect> for [f32; 4] {
    fn from(r: Rect) -> Self {
        [r.x0, r.y0, r.x1, r.y1]
    }
}

impl Rect {
    /// The box of four edges.
    pub fn new(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Self { x0, y0, x1, y1 }
    }

    /// Width; never negative.
    pub fn width(&self) -> f32 {
        (self.x1 - self.x0).max(0.0)
    }

    /// Height; never negative.
    pub fn height(&self) -> f32 {
        (self.y1 - self.y0).max(0.0)
    }

    /// Share of the picture.
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// The middle.
    pub fn centre(&self) -> (f32, f32) {
        (f32::midpoint(self.x0, self.x1), f32::midpoint(self.y0, self.y1))
    }

    /// Where the thing stands: the middle of the lower edge, kept inside of the picture while the feet are below it.
    pub fn foot(&self) -> Point {
        let inside = |v: f32| f64::from(v).clamp(0.0, 1.0);
        [inside(f32::midpoint(self.x0, self.x1)), inside(self.y1)]
    }

    /// What both cover, as a share of the picture.
    pub fn overlap(&self, other: &Self) -> f32 {
        let w = self.x1.min(other.x1) - self.x0.max(other.x0);
        let h = self.y1.min(other.y1) - self.y0.max(other.y0);
        if w <= 0.0 || h <= 0.0 { 0.0 } else { w * h }
    }

    /// Intersection over union, 0..1.
    pub fn iou(&self, other: &Self) -> f32 {
        let both = self.overlap(other);
        let all = self.area() + other.area() - both;
        if all <= 0.0 { 0.0 } else { both / all }
    }

    /// The box cut to the picture.
    pub fn clamped(&self) -> Self {
        let c = |v: f32| v.clamp(0.0, 1.0);
        Self::new(c(self.x0), c(self.y0), c(self.x1), c(self.y1))
    }

    /// The box with `by` more on each side.
    pub fn grown(&self, by: f32) -> Self {
        Self::new(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)
    }

    /// The smallest box around both.
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.x0.min(other.x0), self.y0.min(other.y0), self.x1.max(other.x1), self.y1.max(other.y1))
    }

    /// Whether all four edges are numbers.
    pub fn is_finite(&self) -> bool {
        [self.x0, self.y0, self.x1, self.y1].iter().all(|v| v.is_finite())
    }
}

/// Where `p` lies of the line from `a` to `b`: above zero to the right as seen when walking from `a` to `b`, below zero to the left.
pub fn side(a: Point, b: Point, p: Point) -> f64 {
    (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
}

/// Distance of two points, in fractions of the picture.
pub fn distance(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

fn on_segment(a: Point, b: Point, p: Point) -> bool {
    let within = |i: usize| p[i] >= a[i].min(b[i]) - ON_EDGE && p[i] <= a[i].max(b[i]) + ON_EDGE;
    side(a, b, p).abs() <= ON_EDGE * distance(a, b).max(ON_EDGE) && within(0) && within(1)
}

/// Whether two stretches meet, ends included.
pub fn meet(a: Point, b: Point, c: Point, d: Point) -> bool {
    let (s1, s2) = (side(a, b, c), side(a, b, d));
    let (s3, s4) = (side(c, d, a), side(c, d, b));
    if s1 * s2 < 0.0 && s3 * s4 < 0.0 {
        return true;
    }
    on_segment(a, b, c) || on_segment(a, b, d) || on_segment(c, d, a) || on_segment(c, d, b)
}

/// Whether a point lies in a polygon; its edge belongs to it. Fewer than three corners hold nothing.
pub fn contains(polygon: &[Point], p: Point) -> bool {
    if polygon.len() < 3 {
        return false;
    }
    let mut inside = false;
    for (a, b) in edges(polygon) {
        if on_segment(a, b, p) {
            return true;
        }
        if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < (b[0] - a[0]) * (p[1] - a[1]) / (b[1] - a[1]) + a[0] {
            inside = !inside;
        }
    }
    inside
}

/// The edges of a polygon in order; edge `i` goes from corner `i` to the next, the last one back to the first.
pub fn edges(polygon: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    (0..polygon.len()).map(|i| (polygon[i], polygon[(i + 1) % polygon.len()]))
}

/// Area of a polygon without crossing edges, as a share of the picture.
pub fn area(polygon: &[Point]) -> f64 {
    edges(polygon).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>().abs() / 2.0
}

/// The first two edges that meet although they are not neighbours, or neighbours of which one runs back over the other.
pub fn crossing(polygon: &[Point]) -> Option<(usize, usize)> {
    let last = polygon.len().saturating_sub(1);
    for (first, (a, b)) in edges(polygon).enumerate() {
        for (second, (c, d)) in edges(polygon).enumerate().skip(first + 1) {
            let crossed = if second == first + 1 {
                on_segment(a, b, d) || on_segment(c, d, a)
            } else if first == 0 && second == last {
                on_segment(c, d, b) || on_segment(a, b, c)
            } else {
                meet(a, b, c, d)
            };
            if crossed {
                return Some((first, second));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLE: [Point; 4] = [[0.4, 0.6], [0.8, 0.6], [0.8, 1.0], [0.4, 1.0]];

    #[test]
    fn a_point_is_inside_outside_or_on_the_edge() {
        let check = |x: f64, y: f64, inside: bool| assert_eq!(contains(&TABLE, [x, y]), inside, "{x} {y}");
        check(0.6, 0.8, true);
        check(0.6, 0.59, false);
        check(0.39, 0.8, false);
        check(0.4, 0.6, true);
        check(0.6, 1.0, true);
        check(0.8, 0.7, true);
        assert!(!contains(&TABLE[..2], [0.6, 0.6]));
    }

    #[test]
    fn a_hollow_polygon_holds_only_its_arms() {
        let u = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.6], [0.7, 0.6], [0.7, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]];
        assert!(contains(&u, [0.2, 0.3]) && contains(&u, [0.8, 0.3]) && contains(&u, [0.5, 0.7]));
        assert!(!contains(&u, [0.5, 0.3]));
        assert_eq!(crossing(&u), None);
    }

    #[test]
    fn crossing_edges_are_named() {
        assert_eq!(crossing(&TABLE), None);
        assert_eq!(crossing(&[[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]), Some((0, 2)));
        assert_eq!(crossing(&[[0.1, 0.1], [0.9, 0.1], [0.5, 0.1], [0.5, 0.9]]), Some((0, 1)));
        assert_eq!(crossing(&[[0.1, 0.1], [0.5, 0.5], [0.9, 0.1]]), None);
    }

    #[test]
    fn the_right_hand_of_a_walk_to_the_right_is_below() {
        assert!(side([0.0, 0.5], [1.0, 0.5], [0.5, 0.8]) > 0.0);
        assert!(side([1.0, 0.5], [0.0, 0.5], [0.5, 0.8]) < 0.0);
    }

    #[test]
    fn feet_below_the_picture_stand_at_its_edge() {
        assert_eq!(Rect::new(0.25, 0.5, 0.75, 1.2).foot(), [0.5, 1.0]);
    }

    fn corner() -> impl Strategy<Value = Point> {
        [0.0..=1.0f64, 0.0..=1.0f64]
    }

    fn corners() -> impl Strategy<Value = Vec<Point>> {
        prop::collection::vec(corner(), 3..9)
    }

    fn rect() -> impl Strategy<Value = Rect> {
        prop::array::uniform4(-0.5..1.5f32).prop_map(Rect::from)
    }

    proptest! {
        #[test]
        fn the_middle_of_a_triangle_is_inside(a in corner(), b in corner(), c in corner()) {
            let t = [a, b, c];
            prop_assume!(area(&t) > 1e-4);
            prop_assert!(contains(&t, [(a[0] + b[0] + c[0]) / 3.0, (a[1] + b[1] + c[1]) / 3.0]));
            prop_assert_eq!(crossing(&t), None);
        }

        #[test]
        fn it_does_not_matter_where_a_polygon_begins_or_which_way_it_runs(mut p in corners(), q in corner(), by in 0usize..9) {
            prop_assume!(edges(&p).all(|(a, b)| !on_segment(a, b, q) && (a[1] - q[1]).abs() > 1e-6));
            let before = contains(&p, q);
            let n = p.len();
            p.rotate_left(by % n);
            prop_assert_eq!(contains(&p, q), before);
            p.reverse();
            prop_assert_eq!(contains(&p, q), before);
        }

        #[test]
        fn nothing_outside_of_its_box_is_inside(p in corners(), q in [-1.0..2.0f64, -1.0..2.0f64]) {
            let all = |i: usize| p.iter().map(move |c| c[i]);
            let range = |i: usize| (all(i).fold(1.0, f64::min), all(i).fold(0.0, f64::max));
            let ((x0, x1), (y0, y1)) = (range(0), range(1));
            prop_assume!(q[0] < x0 - 1e-6 || q[0] > x1 + 1e-6 || q[1] < y0 - 1e-6 || q[1] > y1 + 1e-6);
            prop_assert!(!contains(&p, q));
        }

        #[test]
        fn iou_is_a_share_and_does_not_care_for_order(a in rect(), b in rect()) {
            prop_assert!((0.0..=1.0001).contains(&a.iou(&b)));
            prop_assert_eq!(a.iou(&b), b.iou(&a));
        }
    }
}
