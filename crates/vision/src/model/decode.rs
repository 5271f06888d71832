//! From the numbers of a network to boxes, family by family. Boxes are in pixels of the network's input.

use super::{DETECTIONS_MAX, Family, ModelError};
use crate::picture::Form;

/// Bins of a distance in NanoDet-Plus (`reg_max` 7).
const BINS: usize = 8;
/// Candidates that are held against each other.
const CANDIDATES_MAX: usize = 1000;

/// A box before it is held against its neighbours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Raw {
    pub(super) class: usize,
    pub(super) score: f32,
    pub(super) x0: f32,
    pub(super) y0: f32,
    pub(super) x1: f32,
    pub(super) y1: f32,
}

/// What the family's input looks like.
pub(super) fn form(family: Family, height: u32, width: u32) -> Form {
    let plain = Form { width, height, bgr: true, mean: [0.0; 3], std: [1.0; 3], pad: 114.0, centred: false };
    match family {
        Family::NanoDet => {
            Form { mean: [103.53, 116.28, 123.675], std: [57.375, 57.12, 58.395], pad: 0.0, centred: true, ..plain }
        }
        Family::YoloX => plain,
        Family::YoloV8 => Form { bgr: false, std: [255.0; 3], centred: true, ..plain },
    }
}

fn strides(family: Family) -> &'static [u32] {
    match family {
        Family::NanoDet => &[8, 16, 32, 64],
        Family::YoloX | Family::YoloV8 => &[8, 16, 32],
    }
}

/// Every place of the grids: x, y, stride.
fn grid(family: Family, form: &Form) -> impl Iterator<Item = (f32, f32, f32)> {
    let (w, h) = (form.width, form.height);
    strides(family).iter().flat_map(move |&s| {
        (0..h.div_ceil(s)).flat_map(move |y| (0..w.div_ceil(s)).map(move |x| (x as f32, y as f32, s as f32)))
    })
}

fn expected(family: Family, form: &Form, classes: usize) -> [usize; 3] {
    let places = grid(family, form).count();
    match family {
        Family::NanoDet => [1, places, classes + 4 * BINS],
        Family::YoloX => [1, places, 5 + classes],
        Family::YoloV8 => [1, 4 + classes, places],
    }
}

/// Whether an answer is laid out as it must be.
pub(super) fn check(
    family: Family,
    form: &Form,
    classes: usize,
    found: &[usize],
    numbers: usize,
) -> Result<(), ModelError> {
    let wanted = expected(family, form, classes);
    let right = found == wanted && numbers == wanted.iter().product::<usize>();
    let shape = |s: &[usize]| s.iter().take(8).map(usize::to_string).collect::<Vec<_>>().join("×");
    if right {
        return Ok(());
    }
    Err(ModelError::Shape { expected: shape(&wanted), found: shape(found) })
}

/// Whether the class scores of NanoDet are still logits: exports differ in whether the sigmoid is part of them.
pub(super) fn has_logits(family: Family, data: &[f32], classes: usize) -> bool {
    family == Family::NanoDet
        && data.chunks_exact(classes + 4 * BINS).any(|row| row[..classes].iter().any(|s| !(0.0..=1.0).contains(s)))
}

/// All boxes of at least `floor`.
pub(super) fn decode(family: Family, form: &Form, classes: usize, logits: bool, data: &[f32], floor: f32) -> Vec<Raw> {
    let raw = match family {
        Family::NanoDet => nanodet(form, classes, logits, data, floor),
        Family::YoloX => yolox(form, classes, data, floor),
        Family::YoloV8 => yolov8(classes, data, floor),
    };
    raw.into_iter().filter(|r| [r.score, r.x0, r.y0, r.x1, r.y1].iter().all(|v| v.is_finite())).collect()
}

fn nanodet(form: &Form, classes: usize, logits: bool, data: &[f32], floor: f32) -> Vec<Raw> {
    let mut found = Vec::new();
    let bar = if logits { (floor / (1.0 - floor)).ln() } else { floor };
    for (row, (x, y, s)) in data.chunks_exact(classes + 4 * BINS).zip(grid(Family::NanoDet, form)) {
        let (scores, bins) = row.split_at(classes);
        let Some((class, best)) = surest(scores, bar) else { continue };
        let side = |i: usize| distance(&bins[i * BINS..][..BINS]) * s;
        let (cx, cy) = (x * s, y * s);
        let score = if logits { 1.0 / (1.0 + (-best).exp()) } else { best };
        found.push(Raw { class, score, x0: cx - side(0), y0: cy - side(1), x1: cx + side(2), y1: cy + side(3) });
    }
    found
}

/// The expectation of a softmax over the bins.
fn distance(bins: &[f32]) -> f32 {
    let most = bins.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (i, b) in bins.iter().enumerate() {
        let e = (b - most).exp();
        sum += e;
        weighted += e * i as f32;
    }
    weighted / sum
}

fn yolox(form: &Form, classes: usize, data: &[f32], floor: f32) -> Vec<Raw> {
    let mut found = Vec::new();
    for (row, (x, y, s)) in data.chunks_exact(5 + classes).zip(grid(Family::YoloX, form)) {
        let object = row[4];
        if object < floor {
            continue;
        }
        let Some((class, best)) = surest(&row[5..], floor / object) else { continue };
        let (cx, cy) = ((row[0] + x) * s, (row[1] + y) * s);
        let (w, h) = (row[2].exp() * s / 2.0, row[3].exp() * s / 2.0);
        found.push(Raw { class, score: object * best, x0: cx - w, y0: cy - h, x1: cx + w, y1: cy + h });
    }
    found
}

fn yolov8(classes: usize, data: &[f32], floor: f32) -> Vec<Raw> {
    let places = data.len() / (4 + classes);
    let (boxes, scores) = data.split_at(4 * places);
    let mut best = vec![(0usize, floor); places];
    for (class, row) in scores.chunks_exact(places.max(1)).enumerate() {
        for (b, &score) in best.iter_mut().zip(row) {
            if score > b.1 {
                *b = (class, score);
            }
        }
    }
    let mut found = Vec::new();
    for (i, &(class, score)) in best.iter().enumerate().filter(|(_, b)| b.1 > floor) {
        let [cx, cy, w, h] = [0, 1, 2, 3].map(|c| boxes[c * places + i]);
        found.push(Raw { class, score, x0: cx - w / 2.0, y0: cy - h / 2.0, x1: cx + w / 2.0, y1: cy + h / 2.0 });
    }
    found
}

/// The highest score above `bar` and its class.
fn surest(scores: &[f32], bar: f32) -> Option<(usize, f32)> {
    let mut best = (usize::MAX, bar);
    for (i, &s) in scores.iter().enumerate() {
        if s > best.1 {
            best = (i, s);
        }
    }
    (best.0 != usize::MAX).then_some(best)
}

/// Of boxes of one class that cover each other the surest only, surest first.
pub(super) fn best(mut raw: Vec<Raw>, family: Family) -> Vec<Raw> {
    let most = if family == Family::NanoDet { 0.5 } else { 0.45 };
    raw.sort_by(|a, b| b.score.total_cmp(&a.score));
    raw.truncate(CANDIDATES_MAX);
    let mut kept: Vec<Raw> = Vec::new();
    for r in raw {
        if kept.len() < DETECTIONS_MAX && !kept.iter().any(|k| k.class == r.class && iou(k, &r) > most) {
            kept.push(r);
        }
    }
    kept
}

fn iou(a: &Raw, b: &Raw) -> f32 {
    let area = |r: &Raw| (r.x1 - r.x0) * (r.y1 - r.y0);
    let both = (a.x1.min(b.x1) - a.x0.max(b.x0)).max(0.0) * (a.y1.min(b.y1) - a.y0.max(b.y0)).max(0.0);
    both / (area(a) + area(b) - both).max(f32::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(family: Family) -> Form {
        form(family, 64, 64)
    }

    #[test]
    fn grids_have_the_sizes_of_the_papers() {
        let count = |family, h, w| grid(family, &form(family, h, w)).count();
        assert_eq!(count(Family::NanoDet, 416, 416), 3598);
        assert_eq!(count(Family::YoloX, 416, 416), 3549);
        assert_eq!(count(Family::YoloV8, 640, 640), 8400);
    }

    #[test]
    fn nanodet_with_and_without_sigmoid() {
        let f = of(Family::NanoDet);
        let n = grid(Family::NanoDet, &f).count();
        let mut data = vec![0.0; n * (2 + 32)];
        // place 9 is x 1, y 1 of stride 8; bins point at 2, 1, 3, 4
        let row = &mut data[9 * 34..10 * 34];
        row[1] = 0.8;
        for (side, bin) in [2, 1, 3, 4].into_iter().enumerate() {
            row[2 + side * 8 + bin] = 50.0;
        }
        let found = decode(Family::NanoDet, &f, 2, false, &data, 0.2);
        assert_eq!(found, [Raw { class: 1, score: 0.8, x0: -8.0, y0: 0.0, x1: 32.0, y1: 40.0 }]);
        assert!(!has_logits(Family::NanoDet, &data, 2));
        for row in data.chunks_exact_mut(34) {
            row[0] = -5.0;
            row[1] = if row[1] > 0.0 { 2.0 } else { -4.0 };
        }
        assert!(has_logits(Family::NanoDet, &data, 2));
        let found = decode(Family::NanoDet, &f, 2, true, &data, 0.2);
        assert_eq!((found.len(), found[0].class), (1, 1));
        assert!((found[0].score - 0.880_797).abs() < 1e-4);
    }

    #[test]
    fn yolox_and_yolov8() {
        let f = of(Family::YoloX);
        let n = grid(Family::YoloX, &f).count();
        let mut data = vec![0.0; n * 8];
        data[10 * 8..11 * 8].copy_from_slice(&[0.5, 0.5, 1.0, 0.0, 0.9, 0.0, 0.8, 0.1]);
        let found = decode(Family::YoloX, &f, 3, false, &data, 0.15);
        let e = 1f32.exp() * 4.0;
        assert_eq!((found.len(), found[0].class), (1, 1));
        assert!((found[0].score - 0.72).abs() < 1e-6 && (found[0].x0 - (20.0 - e)).abs() < 1e-4 && found[0].y1 == 16.0);

        let n = grid(Family::YoloV8, &of(Family::YoloV8)).count();
        let mut data = vec![0.0; n * 7];
        for (c, v) in [20.0, 12.0, 8.0, 4.0, 0.1, 0.0, 0.6].into_iter().enumerate() {
            data[c * n + 5] = v;
        }
        let found = decode(Family::YoloV8, &of(Family::YoloV8), 3, false, &data, 0.15);
        assert_eq!(found, [Raw { class: 2, score: 0.6, x0: 16.0, y0: 10.0, x1: 24.0, y1: 14.0 }]);
    }

    #[test]
    fn the_surest_of_a_heap_is_kept_of_each_class() {
        let raw = |class, score, x: f32| Raw { class, score, x0: x, y0: 0.0, x1: x + 10.0, y1: 10.0 };
        let kept = best(vec![raw(0, 0.5, 0.0), raw(0, 0.9, 1.0), raw(1, 0.4, 0.0), raw(0, 0.3, 30.0)], Family::YoloX);
        assert_eq!(kept.iter().map(|r| r.score).collect::<Vec<_>>(), [0.9, 0.4, 0.3]);
    }

    #[test]
    fn numbers_that_are_none_are_no_boxes() {
        let f = of(Family::YoloX);
        let n = grid(Family::YoloX, &f).count();
        let mut data = vec![f32::NAN; n * 6];
        assert!(decode(Family::YoloX, &f, 1, false, &data, 0.15).is_empty());
        data[..6].copy_from_slice(&[0.0, 0.0, 1e9, 0.0, 0.9, 0.9]);
        assert!(decode(Family::YoloX, &f, 1, false, &data, 0.15).is_empty());
    }
}
