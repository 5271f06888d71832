//! Air (大气后向扇区): where the air of the last hours came from, by the wind of one station, hour by hour.
//!
//! Backwards from the station, each hour moves the middle of the air against its wind by speed times an hour, and
//! widens it by the tangent of `half_angle` over that way. A calm hour (below `calm_m_s`), or one without wind, moves
//! nothing and widens it by `calm_spread_m_s` times an hour. The area of an hour is the hull of the two circles at its
//! ends. Distances are of a plane that touches the earth at the station: right to some hundred kilometres.

use serde::Serialize;

use super::sight::{Seen, Sight, look};
use super::{Part, Watched, score};
use crate::analyse::evidence::Reason;
use crate::id::StationCode;
use crate::place::EARTH_KM;
use crate::standard::trace::TraceBook;
use crate::time::Period;

const HOUR_S: f64 = 3_600.0;
/// Corners of a circle.
const CORNERS: u32 = 24;

/// The wind of an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wind {
    /// Hour.
    pub during: Period,
    /// Speed in m/s and direction it comes from, in degrees from north by east; none without readings.
    pub wind: Option<(f64, f64)>,
}

/// How an hour was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Air {
    /// With its wind.
    Moving,
    /// Calm.
    Calm,
    /// No reading of the wind.
    Missing,
}

/// The area of an hour.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sector {
    /// Hour.
    pub during: Period,
    /// How it was taken.
    pub air: Air,
    /// Speed in m/s and direction it comes from in degrees.
    pub wind: Option<(f64, f64)>,
    /// Middle of the air at the hour's begin, longitude and latitude.
    pub middle: [f64; 2],
    /// Half width there in km.
    pub radius_km: f64,
    /// Corners of the area, longitude and latitude; the first is not repeated.
    pub area: Vec<[f64; 2]>,
}

/// Something that discharges into the air.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Station.
    pub station: StationCode,
    /// Longitude and latitude.
    pub place: [f64; 2],
    /// What is measured.
    pub watched: Vec<Watched>,
}

/// A source that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    /// Station.
    pub station: StationCode,
    /// Hours back whose area holds it best, from 1; none outside of all.
    pub hour: Option<u32>,
    /// Kilometres from the middle line.
    pub km: f64,
    /// What it discharged in that hour.
    pub own: Option<Sight>,
    /// Score, 0 to 1.
    pub score: f64,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// Where air came from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Backward {
    /// Hour by hour, the last first.
    pub sectors: Vec<Sector>,
    /// Inside, likeliest first.
    pub candidates: Vec<Source>,
    /// Outside of all hours.
    pub outside: Vec<Source>,
}

/// Kilometres east and north of the station.
type Xy = [f64; 2];

struct Plane {
    at: [f64; 2],
}

impl Plane {
    fn xy(&self, [lon, lat]: [f64; 2]) -> Xy {
        let wide = self.at[1].to_radians().cos();
        [(lon - self.at[0]).to_radians() * wide * EARTH_KM, (lat - self.at[1]).to_radians() * EARTH_KM]
    }

    fn place(&self, [x, y]: Xy) -> [f64; 2] {
        let wide = self.at[1].to_radians().cos();
        [self.at[0] + (x / EARTH_KM / wide).to_degrees(), self.at[1] + (y / EARTH_KM).to_degrees()]
    }
}

/// A circle of air.
#[derive(Clone, Copy)]
struct Puff {
    middle: Xy,
    radius: f64,
}

/// Goes back with the wind; `winds` has the last hour first. `factor` is what is traced; none: any.
pub fn backward(at: [f64; 2], winds: &[Wind], factor: Option<&str>, stacks: &[Stack], book: &TraceBook) -> Backward {
    let number = |name: &str| book.number("air", name, factor.unwrap_or("any"));
    let plane = Plane { at };
    let mut puffs = vec![Puff { middle: [0.0, 0.0], radius: number("radius_km") }];
    let mut sectors = Vec::with_capacity(winds.len());
    for hour in winds {
        let last = puffs[puffs.len() - 1];
        let (air, next) = step(last, hour.wind, &number);
        let area = hull(last, next).into_iter().map(|c| plane.place(c)).collect();
        let (middle, radius_km) = (plane.place(next.middle), next.radius);
        sectors.push(Sector { during: hour.during, air, wind: hour.wind, middle, radius_km, area });
        puffs.push(next);
    }
    let look_at = |stack: &Stack| source(stack, plane.xy(stack.place), &puffs, winds, factor, book);
    let mut all: Vec<Source> = stacks.iter().map(look_at).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.km.total_cmp(&b.km)).then_with(|| a.station.cmp(&b.station)));
    let (candidates, outside) = all.into_iter().partition(|s| s.hour.is_some());
    Backward { sectors, candidates, outside }
}

fn step(last: Puff, wind: Option<(f64, f64)>, number: &impl Fn(&str) -> f64) -> (Air, Puff) {
    let calm = Puff { radius: last.radius + number("calm_spread_m_s") * HOUR_S / 1_000.0, ..last };
    match wind {
        None => (Air::Missing, calm),
        Some((speed, _)) if speed < number("calm_m_s") => (Air::Calm, calm),
        Some((speed, from)) => {
            let (km, toward) = (speed * HOUR_S / 1_000.0, from.to_radians());
            let middle = [last.middle[0] + km * toward.sin(), last.middle[1] + km * toward.cos()];
            (Air::Moving, Puff { middle, radius: last.radius + km * number("half_angle").to_radians().tan() })
        }
    }
}

fn source(stack: &Stack, place: Xy, puffs: &[Puff], winds: &[Wind], factor: Option<&str>, book: &TraceBook) -> Source {
    let number = |name: &str| book.number("air", name, factor.unwrap_or("any"));
    let hours = puffs.windows(2).map(|pair| beside(place, pair[0], pair[1]));
    let hours: Vec<(f64, f64)> = hours.collect();
    let share = |(km, radius): &(f64, f64)| 1.0 - km / radius;
    let best = hours.iter().enumerate().filter(|(_, h)| h.0 <= h.1).max_by(|a, b| share(a.1).total_cmp(&share(b.1)));
    let station = stack.station.clone();
    let Some((i, inside)) = best else {
        let km = hours.iter().map(|h| h.0).fold(f64::INFINITY, f64::min);
        let km = if km.is_finite() { km } else { place[0].hypot(place[1]) };
        let reasons = vec![Reason { code: "air.outside", numbers: vec![("km", format!("{km:.1}"))] }];
        return Source { station, hour: None, km, own: None, score: 0.0, parts: Vec::new(), reasons };
    };
    let own = own(stack, winds[i].during, factor, book);
    let said = match own.seen {
        Seen::Exceeded => 1.0,
        Seen::Raised => number("own_raised"),
        Seen::Usual => 0.0,
        Seen::Absent | Seen::Unwatched => number("own_absent"),
    };
    let recent = 1.0 - i as f64 / winds.len() as f64;
    let part = |name, value| Part { name, weight: number(&format!("weight_{name}")), value };
    let parts = vec![part("middle", share(inside)), part("recent", recent), part("own", said)];
    let hour = i as u32 + 1;
    let (km, radius) = (format!("{:.1}", inside.0), format!("{:.1}", inside.1));
    let mut reasons =
        vec![Reason { code: "air.inside", numbers: vec![("hour", hour.to_string()), ("km", km), ("radius", radius)] }];
    reasons.push(super::upstream::own_reason(&own));
    Source { station, hour: Some(hour), km: inside.0, own: Some(own), score: score(&parts), parts, reasons }
}

/// What it discharged: the worst of the factors that matter.
fn own(stack: &Stack, during: Period, factor: Option<&str>, book: &TraceBook) -> Sight {
    let matters = |w: &&Watched| match factor {
        Some(factor) => book.share(factor, &w.factor) > 0.0,
        None => w.permit,
    };
    let rank = |s: &Sight| match s.seen {
        Seen::Exceeded => 4,
        Seen::Raised => 3,
        Seen::Usual => 2,
        Seen::Absent => 1,
        Seen::Unwatched => 0,
    };
    let sights = stack.watched.iter().filter(matters).map(|w| look(w, during, book));
    sights.max_by_key(rank).unwrap_or_else(|| Sight::unwatched(factor.unwrap_or_default()))
}

/// Distance from the middle line of an hour, and its half width at that place.
fn beside(place: Xy, a: Puff, b: Puff) -> (f64, f64) {
    let (dx, dy) = (b.middle[0] - a.middle[0], b.middle[1] - a.middle[1]);
    let (px, py) = (place[0] - a.middle[0], place[1] - a.middle[1]);
    let length = dx * dx + dy * dy;
    let t = if length > 0.0 { ((px * dx + py * dy) / length).clamp(0.0, 1.0) } else { 1.0 };
    ((px - t * dx).hypot(py - t * dy), a.radius + t * (b.radius - a.radius))
}

/// The hull of two circles, anticlockwise (Andrew's monotone chain).
fn hull(a: Puff, b: Puff) -> Vec<Xy> {
    let corner = |p: Puff, i: u32| {
        let angle = std::f64::consts::TAU * f64::from(i) / f64::from(CORNERS);
        [p.middle[0] + p.radius * angle.cos(), p.middle[1] + p.radius * angle.sin()]
    };
    let mut points: Vec<Xy> = (0..CORNERS).flat_map(|i| [corner(a, i), corner(b, i)]).collect();
    points.sort_by(|p, q| p[0].total_cmp(&q[0]).then(p[1].total_cmp(&q[1])));
    let turn = |o: Xy, p: Xy, q: Xy| (p[0] - o[0]) * (q[1] - o[1]) - (p[1] - o[1]) * (q[0] - o[0]);
    let chain = |points: &mut dyn Iterator<Item = Xy>| {
        let mut out: Vec<Xy> = Vec::new();
        for p in points {
            while out.len() >= 2 && turn(out[out.len() - 2], out[out.len() - 1], p) <= 0.0 {
                out.pop();
            }
            out.push(p);
        }
        out.pop();
        out
    };
    let mut low = chain(&mut points.iter().copied());
    low.extend(chain(&mut points.iter().rev().copied()));
    low
}
