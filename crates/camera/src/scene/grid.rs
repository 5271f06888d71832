//! A picture as 64 by 36 cells of mean brightness, and the edges between them.

#![allow(clippy::many_single_char_names, reason = "coordinates")]

use serde::{Deserialize, Serialize};

/// Columns and rows.
pub const CELLS: (usize, usize) = (64, 36);
const N: usize = CELLS.0 * CELLS.1;
/// Steps of brightness between neighbours that noise may make.
const NOISE: f32 = 1.5;
/// An edge, in steps of brightness between neighbours.
const EDGE: f32 = 2.5;
/// How far an edge may be found elsewhere, in cells.
const REACH: i32 = 8;

#[derive(Clone)]
pub(super) struct Grid(Vec<f32>);

impl Grid {
    /// `rgb` has `width * height * 3` bytes, which is seen to.
    pub(super) fn of(rgb: &[u8], width: u32, height: u32) -> Self {
        let (w, h) = (width as usize, height as usize);
        let mut sums = vec![0u32; N];
        let mut counts = vec![0u32; N];
        let columns: Vec<usize> = (0..w).map(|x| x * CELLS.0 / w).collect();
        // each second row tells enough of a large picture
        let step = if h >= 4 * CELLS.1 { 2 } else { 1 };
        for (y, row) in rgb.chunks_exact(w * 3).enumerate().step_by(step) {
            let base = y * CELLS.1 / h * CELLS.0;
            for (pixel, column) in row.chunks_exact(3).zip(&columns) {
                let luma = 77 * u32::from(pixel[0]) + 150 * u32::from(pixel[1]) + 29 * u32::from(pixel[2]);
                sums[base + column] += luma >> 8;
                counts[base + column] += 1;
            }
        }
        let mut cells: Vec<f32> = sums.iter().zip(&counts).map(|(s, n)| *s as f32 / (*n).max(1) as f32).collect();
        // a picture smaller than the grid leaves cells empty: they are as their left neighbour
        for i in 1..N {
            if counts[i] == 0 {
                cells[i] = cells[i - 1];
            }
        }
        Self(cells)
    }

    pub(super) fn brightest(&self) -> f32 {
        self.0.iter().copied().fold(0.0, f32::max)
    }

    /// Towards `new` by the part `f`.
    pub(super) fn follow(mut self, new: &Self, f: f32) -> Self {
        self.0.iter_mut().zip(&new.0).for_each(|(a, b)| *a += (b - *a) * f);
        self
    }

    /// The part of cells that differ by more than `by`.
    pub(super) fn changed_share(&self, other: &Self, by: f32) -> f32 {
        self.0.iter().zip(&other.0).filter(|(a, b)| (**a - **b).abs() > by).count() as f32 / N as f32
    }

    fn gradient(&self, x: usize, y: usize) -> (f32, f32) {
        let at = |x: usize, y: usize| self.0[y * CELLS.0 + x];
        (at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1))
    }

    /// The part of cells that lie at an edge.
    pub(super) fn edge_share(&self) -> f32 {
        let edges = inner().filter(|(x, y)| {
            let (dx, dy) = self.gradient(*x, *y);
            dx.hypot(dy) > 2.0 * EDGE
        });
        edges.count() as f32 / N as f32
    }
}

fn inner() -> impl Iterator<Item = (usize, usize)> {
    (1..CELLS.1 - 1).flat_map(|y| (1..CELLS.0 - 1).map(move |x| (x, y)))
}

/// What a camera's view looks like: per cell the direction of its edge, as a vector of the doubled angle, its length the strength.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// `64 * 36` pairs.
    edges: Vec<(f32, f32)>,
    /// The part of cells that lie at an edge.
    pub(super) edge_share: f32,
}

impl Learned {
    pub(super) fn of(grid: &Grid) -> Self {
        let mut edges = vec![(0.0, 0.0); N];
        for (x, y) in inner() {
            let (dx, dy) = grid.gradient(x, y);
            let strength = dx.hypot(dy);
            // strong edges count more, but none for all
            let weight = (strength - NOISE).max(0.0).sqrt();
            if weight > 0.0 {
                let (c, s) = (dx / strength, dy / strength);
                edges[y * CELLS.0 + x] = (weight * (c * c - s * s), weight * 2.0 * c * s);
            }
        }
        Self { edges, edge_share: grid.edge_share() }
    }

    /// Nothing when it was kept by something else.
    pub(super) fn checked(self) -> Option<Self> {
        let good = self.edges.len() == N
            && self.edges.iter().all(|(a, b)| a.is_finite() && b.is_finite())
            && self.edge_share.is_finite();
        good.then_some(self)
    }

    pub(super) fn follow(&mut self, new: &Self, f: f32) {
        for (a, b) in self.edges.iter_mut().zip(&new.edges) {
            a.0 += (b.0 - a.0) * f;
            a.1 += (b.1 - a.1) * f;
        }
        self.edge_share += (new.edge_share - self.edge_share) * f;
    }

    /// Whether `now` looks elsewhere, and which part of the view is still in its place, 0..1.
    pub(super) fn compare(&self, now: &Self) -> (bool, f32) {
        let (a, b) = (self.without_rows(), now.without_rows());
        let familiar = a.familiar(&b);
        if familiar >= HALF {
            return (false, familiar);
        }
        let here = a.alike(&b, 0, 0);
        let reach = -REACH..=REACH;
        let shifts = reach
            .clone()
            .flat_map(|dy| reach.clone().map(move |dx| (dx, dy)))
            .filter(|(dx, dy)| dx.abs().max(dy.abs()) >= 2);
        let best = shifts.map(|(dx, dy)| a.alike(&b, dx, dy)).fold(-1.0, f32::max);
        let shifted = best > 0.40 && best > here + 0.20;
        (shifted || familiar < FOREIGN, familiar)
    }

    /// The horizon, the edge of a road: what runs through a whole row is the same in many views, and is taken out.
    fn without_rows(&self) -> Self {
        let mut edges = self.edges.clone();
        for row in edges.chunks_exact_mut(CELLS.0) {
            let sum = row.iter().fold((0.0, 0.0), |s, e| (s.0 + e.0, s.1 + e.1));
            let mean = (sum.0 / CELLS.0 as f32, sum.1 / CELLS.0 as f32);
            for e in row.iter_mut() {
                *e = (e.0 - mean.0, e.1 - mean.1);
            }
        }
        Self { edges, edge_share: self.edge_share }
    }

    /// The part of the view, by tiles and their edges, that is in its place.
    fn familiar(&self, now: &Self) -> f32 {
        let (mut known, mut all) = (0.0, 1e-6);
        for tile in 0..TILES.0 * TILES.1 {
            let (w, h) = (CELLS.0 / TILES.0, CELLS.1 / TILES.1);
            let (x0, y0) = (tile % TILES.0 * w, tile / TILES.0 * h);
            let (mut dot, mut a, mut b) = (0.0f32, 1e-6f32, 1e-6f32);
            for y in y0..y0 + h {
                for i in y * CELLS.0 + x0..y * CELLS.0 + x0 + w {
                    let (p, q) = (self.edges[i], now.edges[i]);
                    dot += p.0 * q.0 + p.1 * q.1;
                    a += p.0 * p.0 + p.1 * p.1;
                    b += q.0 * q.0 + q.1 * q.1;
                }
            }
            let weight = a.sqrt();
            all += weight;
            known += if dot / (a * b).sqrt() > ALIKE { weight } else { 0.0 };
        }
        known / all
    }

    /// How alike both are when `now` is shifted by `dx`, `dy` cells: a correlation, -1..1.
    fn alike(&self, now: &Self, dx: i32, dy: i32) -> f32 {
        let (mut dot, mut a, mut b) = (0.0f32, 1e-6f32, 1e-6f32);
        for y in 1..CELLS.1 as i32 - 1 {
            let sy = y + dy;
            if !(1..CELLS.1 as i32 - 1).contains(&sy) {
                continue;
            }
            let (x0, x1) = (1.max(1 - dx), (CELLS.0 as i32 - 1).min(CELLS.0 as i32 - 1 - dx));
            let row = y as usize * CELLS.0;
            let other = sy as usize * CELLS.0;
            for x in x0..x1 {
                let p = self.edges[row + x as usize];
                let q = now.edges[other + (x + dx) as usize];
                dot += p.0 * q.0 + p.1 * q.1;
                a += p.0 * p.0 + p.1 * p.1;
                b += q.0 * q.0 + q.1 * q.1;
            }
        }
        dot / (a * b).sqrt()
    }
}

/// Tiles that are compared each for itself, so that somebody before the lens hides some of them only.
const TILES: (usize, usize) = (8, 4);
/// A tile is in its place when its edges correlate so much.
const ALIKE: f32 = 0.45;
/// With so much of it in its place, a view is the same whatever the rest looks like.
const HALF: f32 = 0.50;
/// With less than this it is another one; chance leaves about 0.05.
const FOREIGN: f32 = 0.16;
