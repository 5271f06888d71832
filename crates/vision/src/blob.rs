//! Connected pixels to blobs: boxes around what differs from the background.

use crate::geometry::Rect;

/// Most blobs of one picture; the largest are kept.
pub const BLOBS_MAX: usize = 64;
/// Blobs with less than this between them are one: a head above a dark collar, legs below a table. A fraction of the picture.
const GAP: f32 = 0.012;

/// What differs from the background in one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blob {
    /// The box around it.
    pub bbox: Rect,
    /// Its pixels as a share of the picture.
    pub share: f32,
    /// Its pixels as a share of the box.
    pub fill: f32,
    /// The share of its pixels that changed since the picture before.
    pub moving: f32,
}

impl Blob {
    /// Whether it moves, rather than merely being there.
    pub fn is_moving(&self) -> bool {
        self.moving > 0.04
    }
}

/// A blob while it is counted, in pixels.
#[derive(Clone, Copy)]
struct Count {
    x0: usize,
    y0: usize,
    x1: usize,
    y1: usize,
    pixels: usize,
    moved: usize,
}

/// The blobs of at least `least` pixels, largest first. `foreground` and `moved` are row by row of a picture of `size`.
pub fn blobs(foreground: &[bool], moved: &[bool], size: (usize, usize), least: usize) -> Vec<Blob> {
    let (w, h) = size;
    if w == 0 || h == 0 || foreground.len() != w * h || moved.len() != w * h {
        return Vec::new();
    }
    let mut left = foreground.to_vec();
    let mut stack = Vec::new();
    let mut counts = Vec::new();
    for start in 0..left.len() {
        if left[start] {
            counts.push(flood(&mut left, moved, size, start, &mut stack));
        }
    }
    // dust is dropped before blobs are joined, or it would be a bridge
    counts.retain(|c| c.pixels * 4 >= least);
    counts.sort_by_key(|c| std::cmp::Reverse(c.pixels));
    counts.truncate(BLOBS_MAX);
    let mut counts = joined(counts, ((w as f32 * GAP) as usize).max(1));
    counts.retain(|c| c.pixels >= least);
    counts.sort_by_key(|c| std::cmp::Reverse(c.pixels));
    counts.iter().map(|c| blob(c, size)).collect()
}

/// Empties one connected area, corners connect too.
fn flood(left: &mut [bool], moved: &[bool], size: (usize, usize), start: usize, stack: &mut Vec<usize>) -> Count {
    let (w, h) = size;
    let mut count = Count { x0: w, y0: h, x1: 0, y1: 0, pixels: 0, moved: 0 };
    left[start] = false;
    stack.push(start);
    while let Some(i) = stack.pop() {
        let (x, y) = (i % w, i / w);
        count.pixels += 1;
        count.moved += usize::from(moved[i]);
        (count.x0, count.y0) = (count.x0.min(x), count.y0.min(y));
        (count.x1, count.y1) = (count.x1.max(x + 1), count.y1.max(y + 1));
        for ny in y.saturating_sub(1)..(y + 2).min(h) {
            let first = ny * w + x.saturating_sub(1);
            for (n, open) in left[first..ny * w + (x + 2).min(w)].iter_mut().enumerate() {
                if std::mem::take(open) {
                    stack.push(first + n);
                }
            }
        }
    }
    count
}

/// Joins boxes that lie within `gap` pixels until none do.
fn joined(mut counts: Vec<Count>, gap: usize) -> Vec<Count> {
    let near =
        |a: &Count, b: &Count| a.x0 <= b.x1 + gap && b.x0 <= a.x1 + gap && a.y0 <= b.y1 + gap && b.y0 <= a.y1 + gap;
    let mut i = 0;
    while i < counts.len() {
        match (i + 1..counts.len()).find(|&j| near(&counts[i], &counts[j])) {
            None => i += 1,
            Some(j) => {
                let b = counts.swap_remove(j);
                let a = &mut counts[i];
                (a.x0, a.y0, a.x1, a.y1) = (a.x0.min(b.x0), a.y0.min(b.y0), a.x1.max(b.x1), a.y1.max(b.y1));
                (a.pixels, a.moved) = (a.pixels + b.pixels, a.moved + b.moved);
                i = 0;
            }
        }
    }
    counts
}

fn blob(c: &Count, (w, h): (usize, usize)) -> Blob {
    let (fw, fh) = (w as f32, h as f32);
    Blob {
        bbox: Rect::new(c.x0 as f32 / fw, c.y0 as f32 / fh, c.x1 as f32 / fw, c.y1 as f32 / fh),
        share: c.pixels as f32 / (fw * fh),
        fill: c.pixels as f32 / ((c.x1 - c.x0) * (c.y1 - c.y0)) as f32,
        moving: c.moved as f32 / c.pixels as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&str], least: usize) -> Vec<Blob> {
        let fore: Vec<bool> = rows.iter().flat_map(|r| r.bytes().map(|b| b != b'.')).collect();
        let moved: Vec<bool> = rows.iter().flat_map(|r| r.bytes().map(|b| b == b'M')).collect();
        blobs(&fore, &moved, (rows[0].len(), rows.len()), least)
    }

    #[test]
    fn corners_connect_and_dust_is_dropped() {
        let b = of(&["##......", "..#.....", "........", ".......#", "........"], 2);
        assert_eq!(b.len(), 1);
        assert_eq!(b[0].bbox, Rect::new(0.0, 0.0, 3.0 / 8.0, 2.0 / 5.0));
        assert_eq!((b[0].share, b[0].fill), (3.0 / 40.0, 0.5));
    }

    #[test]
    fn near_ones_are_joined_and_far_ones_are_not() {
        let b = of(&["##.##....###", "##.##....#M#", "............"], 2);
        assert_eq!(b.len(), 2);
        assert_eq!((b[0].share, b[1].share), (8.0 / 36.0, 6.0 / 36.0));
        assert!(!b[0].is_moving() && b[1].is_moving());
    }

    #[test]
    fn nothing_of_nothing() {
        assert!(blobs(&[], &[], (0, 0), 1).is_empty());
        assert!(blobs(&[true], &[], (1, 1), 1).is_empty());
        assert!(of(&["....", "...."], 1).is_empty());
    }
}
