//! Travel times (行程时间) along a river network, as intervals of seconds.
//!
//! Where a reach has a velocity by flow and a flow is known, the mean velocity follows the power law and the interval
//! is the parameter `spread` around it; a flow that was measured on another reach serves as a ratio to the flows of
//! reference, with the wider `ratio_spread`. Else the reach's low, mean and high velocities are taken. Where water has
//! several ways, the interval holds all of them. Water that is mixed, held back by gates or runs backwards is not
//! described.

use serde::Serialize;

use crate::place::Rivers;
use crate::place::river::{Reach, Spot};
use crate::standard::trace::TraceBook;

/// What a velocity was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A flow on this reach.
    Flow,
    /// A flow on another reach, as a ratio to the flows of reference.
    Ratio,
    /// The reach's own low, mean and high velocities.
    Velocities,
}

/// Velocities of a reach in m/s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Speed {
    /// Low.
    pub low: f64,
    /// Mean.
    pub mean: f64,
    /// High.
    pub high: f64,
    /// What they were taken from.
    pub by: By,
}

impl Speed {
    fn of(reach: &Reach, ratio: Option<(f64, By)>, book: &TraceBook) -> Self {
        let [low, mean, high] = reach.velocities;
        let Some((law, (ratio, by))) = reach.law.zip(ratio.filter(|(r, _)| *r > 0.0 && r.is_finite())) else {
            return Self { low, mean, high, by: By::Velocities };
        };
        let name = if by == By::Flow { "spread" } else { "ratio_spread" };
        let (mean, spread) = (law.at_ratio(ratio), book.number("travel", name, "any"));
        Self { low: mean * (1.0 - spread), mean, high: mean * (1.0 + spread), by }
    }

    fn along(&self, km: f64) -> Travel {
        let seconds = |v: f64| 1_000.0 * km / v;
        Travel { km, fast_s: seconds(self.high), likely_s: seconds(self.mean), slow_s: seconds(self.low) }
    }
}

/// How far and how long.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Travel {
    /// Kilometres along the likely way.
    pub km: f64,
    /// Seconds at the high velocities.
    pub fast_s: f64,
    /// Seconds at the mean velocities.
    pub likely_s: f64,
    /// Seconds at the low velocities.
    pub slow_s: f64,
}

impl Travel {
    fn then(self, next: Self) -> Self {
        Self {
            km: self.km + next.km,
            fast_s: self.fast_s + next.fast_s,
            likely_s: self.likely_s + next.likely_s,
            slow_s: self.slow_s + next.slow_s,
        }
    }

    /// Two ways of the same water: the interval holds both, the likely one is the quicker.
    fn or(self, other: Self) -> Self {
        let likely = if other.likely_s < self.likely_s { other } else { self };
        Self { fast_s: self.fast_s.min(other.fast_s), slow_s: self.slow_s.max(other.slow_s), ..likely }
    }
}

/// Flows that are known, in m3/s.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flows {
    /// By place of the reach: measured on it.
    pub measured: Vec<(usize, f64)>,
    /// Reach whose ratio of flow to flow of reference is taken for reaches without a flow of their own.
    pub leading: Option<usize>,
}

impl Flows {
    /// The flow measured on a reach.
    pub fn of(&self, reach: usize) -> Option<f64> {
        self.measured.iter().find(|(r, _)| *r == reach).map(|(_, q)| *q)
    }

    fn ratio(&self, rivers: &Rivers, reach: usize) -> Option<(f64, By)> {
        let of = |reach: usize| Some(self.of(reach)? / rivers.reaches()[reach].flow_ref?);
        let own = of(reach).map(|ratio| (ratio, By::Flow));
        own.or_else(|| Some((of(self.leading?)?, By::Ratio)))
    }
}

/// A network with the velocities of a situation.
#[derive(Debug, Clone, Copy)]
pub struct Current<'a> {
    /// Network.
    pub rivers: &'a Rivers,
    /// Velocities, by place of the reach.
    pub speeds: &'a [Speed],
}

/// Velocities of every reach.
pub fn speeds(rivers: &Rivers, flows: &Flows, book: &TraceBook) -> Vec<Speed> {
    let speed = |(i, reach): (usize, &Reach)| Speed::of(reach, flows.ratio(rivers, i), book);
    rivers.reaches().iter().enumerate().map(speed).collect()
}

/// How long water takes from one spot down to all others.
#[derive(Debug, Clone)]
pub struct Downwards<'a> {
    current: Current<'a>,
    from: Spot,
    heads: Vec<Option<Travel>>,
}

/// How long water takes from all other spots down to one.
#[derive(Debug, Clone)]
pub struct Upwards<'a> {
    current: Current<'a>,
    to: Spot,
    tails: Vec<Option<Travel>>,
}

impl<'a> Current<'a> {
    /// Down from a spot.
    pub fn down(self, from: Spot) -> Downwards<'a> {
        let mut heads: Vec<Option<Travel>> = vec![None; self.speeds.len()];
        for reach in self.rivers.downwards().iter().copied() {
            let length = self.rivers.reaches()[reach].length_km;
            let tail = match heads[reach] {
                _ if reach == from.reach => self.speeds[reach].along(length - from.km),
                Some(head) => head.then(self.speeds[reach].along(length)),
                None => continue,
            };
            for next in self.rivers.after(reach) {
                heads[*next] = Some(heads[*next].map_or(tail, |other| other.or(tail)));
            }
        }
        Downwards { current: self, from, heads }
    }

    /// Up to a spot.
    pub fn up(self, to: Spot) -> Upwards<'a> {
        let mut tails: Vec<Option<Travel>> = vec![None; self.speeds.len()];
        for reach in self.rivers.downwards().iter().rev().copied() {
            for next in self.rivers.after(reach) {
                let way = if *next == to.reach {
                    Some(self.speeds[*next].along(to.km))
                } else {
                    tails[*next].map(|tail| self.speeds[*next].along(self.rivers.reaches()[*next].length_km).then(tail))
                };
                let Some(way) = way else { continue };
                tails[reach] = Some(tails[reach].map_or(way, |other| other.or(way)));
            }
        }
        Upwards { current: self, to, tails }
    }

    /// Whether all water from `from` to `to` passes `by`; all three lie on one another's way.
    pub fn all_pass(self, from: Spot, by: Spot, to: Spot) -> bool {
        if from.reach == by.reach && from.km <= by.km {
            return true;
        }
        let mut waiting = vec![from.reach];
        let mut been = vec![false; self.speeds.len()];
        while let Some(reach) = waiting.pop() {
            for next in self.rivers.after(reach).iter().copied() {
                if next == to.reach && !(next == by.reach && by.km <= to.km) {
                    return false;
                }
                if next != by.reach && !std::mem::replace(&mut been[next], true) {
                    waiting.push(next);
                }
            }
        }
        true
    }
}

impl Downwards<'_> {
    /// To a spot; none when the water does not come there.
    pub fn to(&self, spot: Spot) -> Option<Travel> {
        let along = |km: f64| self.current.speeds[spot.reach].along(km);
        if spot.reach == self.from.reach {
            return (spot.km >= self.from.km).then(|| along(spot.km - self.from.km));
        }
        Some(self.heads[spot.reach]?.then(along(spot.km)))
    }
}

impl Upwards<'_> {
    /// From a spot; none when its water does not come here.
    pub fn from(&self, spot: Spot) -> Option<Travel> {
        let along = |km: f64| self.current.speeds[spot.reach].along(km);
        if spot.reach == self.to.reach {
            return (spot.km <= self.to.km).then(|| along(self.to.km - spot.km));
        }
        let rest = self.current.rivers.reaches()[spot.reach].length_km - spot.km;
        Some(along(rest).then(self.tails[spot.reach]?))
    }
}

/// Which side of the station a stretch lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Its water comes to the station.
    Up,
    /// The station's water comes to it.
    Down,
}

/// A stretch of a reach, above or below a station.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Place of the reach.
    pub reach: usize,
    /// Side.
    pub side: Side,
    /// Kilometres of its begin and end from the head of the reach.
    pub km: [f64; 2],
    /// Travel between its begin and the station, and between its end and the station.
    pub travel: [Travel; 2],
}

impl Current<'_> {
    /// Everything that lies above or below a spot.
    pub fn stretches(self, at: Spot) -> Vec<Stretch> {
        let (up, down) = (self.up(at), self.down(at));
        let mut out = Vec::new();
        for (reach, r) in self.rivers.reaches().iter().enumerate() {
            let own = reach == at.reach;
            let (above, below) = if own { (at.km, at.km) } else { (r.length_km, 0.0) };
            let spot = |km: f64| Spot { reach, km };
            if let Some(travel) = up.from(spot(0.0)).zip(up.from(spot(above))) {
                out.push(Stretch { reach, side: Side::Up, km: [0.0, above], travel: travel.into() });
            }
            if let Some(travel) = down.to(spot(below)).zip(down.to(spot(r.length_km))) {
                out.push(Stretch { reach, side: Side::Down, km: [below, r.length_km], travel: travel.into() });
            }
        }
        out
    }

    /// The reaches that water from one spot may take to another, both ends among them.
    pub fn way(self, from: Spot, to: Spot) -> Vec<usize> {
        let (down, up) = (self.down(from), self.up(to));
        let on = |reach: &usize| {
            let end = Spot { reach: *reach, km: self.rivers.reaches()[*reach].length_km };
            let entered = *reach == from.reach || down.heads[*reach].is_some();
            entered && (*reach == to.reach || up.from(end).is_some())
        };
        (0..self.speeds.len()).filter(on).collect()
    }
}
