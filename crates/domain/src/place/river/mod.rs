//! The river network (河网) of a city: directed reaches, and where stations, outlets and intakes lie on them.
//!
//! Water runs from a reach's `from_node` to its `to_node`. Reaches that share a node join or part there; no water comes
//! back to where it was ([`super::CityPack::parse`] refuses a circle). Lengths are in kilometres,
//! velocities in metres a second, flows in cubic metres a second.

mod load;

use serde::Deserialize;

use crate::id::StationCode;

pub(in crate::place) use load::rivers;

/// Velocity by flow (流速—流量关系): `v = velocity · (Q / flow)^exponent`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlowLaw {
    /// Flow of reference in m3/s.
    pub flow: f64,
    /// Mean velocity at it in m/s.
    pub velocity: f64,
    /// Exponent, above 0 and at most 1.
    pub exponent: f64,
}

impl FlowLaw {
    /// Mean velocity in m/s at a flow, or at a multiple of the flow of reference.
    pub fn at_ratio(&self, ratio: f64) -> f64 {
        self.velocity * ratio.powf(self.exponent)
    }
}

/// A reach (河段) of a river.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// Id.
    pub id: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Where it begins.
    pub from_node: String,
    /// Where it ends.
    pub to_node: String,
    /// Length in km.
    pub length_km: f64,
    /// Its line on the map, longitude and latitude, in the direction of the water; empty when it is not drawn.
    pub line: Vec<[f64; 2]>,
    /// Low, mean and high velocity in m/s.
    pub velocities: [f64; 3],
    /// Flow of reference in m3/s: a usual flow, by which dilution is reckoned when nothing is measured.
    pub flow_ref: Option<f64>,
    /// Velocity by flow, where it is known.
    pub law: Option<FlowLaw>,
    /// How sure the velocities are.
    pub mark: String,
    /// Where they come from.
    pub cite: String,
}

impl Reach {
    /// Where on the map a place lies, by its share of the length; none when the reach is not drawn.
    pub fn place(&self, km: f64) -> Option<[f64; 2]> {
        let steps: Vec<f64> = self.line.windows(2).map(|w| load::distance_km(w[0], w[1])).collect();
        let mut left = steps.iter().sum::<f64>() * (km / self.length_km).clamp(0.0, 1.0);
        for (pair, step) in self.line.windows(2).zip(steps) {
            if left <= step && step > 0.0 {
                let share = left / step;
                let on = |i: usize| pair[0][i] + share * (pair[1][i] - pair[0][i]);
                return Some([on(0), on(1)]);
            }
            left -= step;
        }
        self.line.last().copied()
    }
}

/// A place on a reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Place of the reach in [`Rivers::reaches`].
    pub reach: usize,
    /// Kilometres from its head.
    pub km: f64,
}

/// What water is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntakeUse {
    /// 饮用.
    Drinking,
    /// 灌溉.
    Irrigation,
    /// 工业.
    Industry,
}

/// An intake (取水口) at which nothing is measured; those that are watched are stations.
#[derive(Debug, Clone, PartialEq)]
pub struct Intake {
    /// Code.
    pub code: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// What its water is for.
    pub purpose: IntakeUse,
    /// County.
    pub county: String,
    /// Where it lies.
    pub spot: Spot,
    /// Invented.
    pub demo: bool,
}

/// The network.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rivers {
    reaches: Vec<Reach>,
    /// Places of reaches, every one after all that run into it.
    order: Vec<usize>,
    /// Reaches that begin where each ends.
    next: Vec<Vec<usize>>,
    stations: Vec<(StationCode, Spot)>,
    intakes: Vec<Intake>,
}

impl Rivers {
    /// Binds reaches together.
    ///
    /// # Errors
    /// The ids of reaches that run in a circle, in the order of the water.
    pub fn new(
        reaches: Vec<Reach>,
        stations: Vec<(StationCode, Spot)>,
        intakes: Vec<Intake>,
    ) -> Result<Self, Vec<String>> {
        let next: Vec<Vec<usize>> = (reaches.iter())
            .map(|r| (0..reaches.len()).filter(|i| reaches[*i].from_node == r.to_node).collect())
            .collect();
        let mut waiting: Vec<usize> = vec![0; reaches.len()];
        next.iter().flatten().for_each(|i| waiting[*i] += 1);
        let mut order: Vec<usize> = (0..reaches.len()).filter(|i| waiting[*i] == 0).collect();
        let mut done = 0;
        while done < order.len() {
            for i in &next[order[done]] {
                waiting[*i] -= 1;
                if waiting[*i] == 0 {
                    order.push(*i);
                }
            }
            done += 1;
        }
        if order.len() < reaches.len() {
            return Err(circle(&reaches, &next, &waiting));
        }
        Ok(Self { reaches, order, next, stations, intakes })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.reaches.is_empty()
    }

    /// Every reach.
    pub fn reaches(&self) -> &[Reach] {
        &self.reaches
    }

    /// Places of all reaches, every one after those that run into it.
    pub fn downwards(&self) -> &[usize] {
        &self.order
    }

    /// The reaches that begin where one ends.
    pub fn after(&self, reach: usize) -> &[usize] {
        &self.next[reach]
    }

    /// Stations on it, outlets among them.
    pub fn stations(&self) -> &[(StationCode, Spot)] {
        &self.stations
    }

    /// Intakes without a station.
    pub fn intakes(&self) -> &[Intake] {
        &self.intakes
    }

    /// Where a station lies.
    pub fn spot(&self, station: &StationCode) -> Option<Spot> {
        self.stations.iter().find(|(code, _)| code == station).map(|(_, spot)| *spot)
    }

    /// This network and another as one.
    ///
    /// # Errors
    /// The ids of reaches that are in both, or that run in a circle now.
    pub fn join(&self, other: &Self) -> Result<Self, Vec<String>> {
        let known = |r: &&Reach| self.reaches.iter().any(|own| own.id == r.id);
        let twice: Vec<String> = other.reaches.iter().filter(known).map(|r| r.id.clone()).collect();
        if !twice.is_empty() {
            return Err(twice);
        }
        let moved = |spot: Spot| Spot { reach: spot.reach + self.reaches.len(), ..spot };
        let reaches = self.reaches.iter().chain(&other.reaches).cloned().collect();
        let theirs = other.stations.iter().map(|(code, spot)| (code.clone(), moved(*spot)));
        let intakes = other.intakes.iter().map(|i| Intake { spot: moved(i.spot), ..i.clone() });
        let stations = self.stations.iter().cloned().chain(theirs).collect();
        Self::new(reaches, stations, self.intakes.iter().cloned().chain(intakes).collect())
    }
}

/// Reaches that run in a circle: of those that wait for one another, back from any until one comes again.
fn circle(reaches: &[Reach], next: &[Vec<usize>], waiting: &[usize]) -> Vec<String> {
    let before = |i: usize| (0..reaches.len()).find(|b| waiting[*b] > 0 && next[*b].contains(&i));
    let mut path: Vec<usize> = (0..reaches.len()).find(|i| waiting[*i] > 0).into_iter().collect();
    while let Some(b) = path.last().and_then(|i| before(*i)) {
        if let Some(at) = path.iter().position(|i| *i == b) {
            path.drain(..at);
            break;
        }
        path.push(b);
    }
    path.iter().rev().map(|i| reaches[*i].id.clone()).collect()
}
