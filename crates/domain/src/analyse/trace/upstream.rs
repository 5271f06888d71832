//! Upstream (上游溯源): who may have caused an anomaly, ranked, with reasons; and who is ruled out, with why.
//!
//! Every outlet and every section above the station is looked at. Its *window of departure* is when water must have
//! left it to be at the station during the anomaly: from the begin less the slow travel time to the end less the fast
//! one. A section between a candidate and the station rules the candidate out when all of its water passes there and
//! nothing was seen in the time it would have passed; it confirms it when something was. A section is ruled out by its
//! own readings, an outlet is not: what it says of itself lowers its rank only.

use std::collections::HashSet;

use serde::Serialize;

use super::sight::{Seen, Sight, look};
use super::travel::{Current, Travel, Upwards};
use super::{Anomaly, Part, Place, after, score};
use crate::analyse::evidence::{Reason, short};
use crate::id::StationCode;
use crate::place::StationKind;
use crate::place::river::Spot;
use crate::standard::trace::TraceBook;
use crate::time::Period;

const HOUR_S: f64 = 3_600.0;

/// A stretch with its likeliest part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// All that is possible.
    pub possible: Period,
    /// At mean velocities.
    pub likely: Period,
}

/// When water must have left a place that is `travel` away.
pub fn departure(during: Period, travel: &Travel) -> Window {
    let back = |s: f64, e: f64| Period { start: after(during.start, -s), end: after(during.end, -e) };
    Window { possible: back(travel.slow_s, travel.fast_s), likely: back(travel.likely_s, travel.likely_s) }
}

/// A section between a candidate and the station.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Between {
    /// Section.
    pub station: StationCode,
    /// When the water passed it.
    pub window: Period,
    /// What it saw.
    pub sight: Sight,
    /// All water of the candidate passes it.
    pub all_pass: bool,
}

/// Somebody above the station.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// Station: an outlet or a section.
    pub station: StationCode,
    /// Kind.
    pub kind: StationKind,
    /// How far and how long.
    pub travel: Travel,
    /// When the water left it.
    pub window: Window,
    /// What it saw itself.
    pub own: Sight,
    /// Sections between.
    pub between: Vec<Between>,
    /// Score, 0 to 1.
    pub score: f64,
    /// What the score is made of.
    pub parts: Vec<Part>,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// What was found above a station.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Upstream {
    /// Likeliest first.
    pub candidates: Vec<Candidate>,
    /// Ruled out; the last reason says why.
    pub ruled_out: Vec<Candidate>,
}

/// Looks for who may have caused it. `at` is where the anomaly's station lies; places that are not above it are left
/// out.
pub fn upstream(current: Current<'_>, at: Spot, anomaly: &Anomaly, places: &[Place], book: &TraceBook) -> Upstream {
    let search = Search { current, ways: current.up(at), at, anomaly, places, book };
    let mut out = Upstream::default();
    for place in places.iter().filter(|p| p.station != anomaly.station) {
        let Some(travel) = search.ways.from(place.spot) else { continue };
        let mut candidate = search.candidate(place, travel);
        match search.ruled_out(place, &candidate) {
            Some(why) => {
                // said once, at the end
                candidate.reasons.retain(|r| *r != why);
                candidate.reasons.push(why);
                out.ruled_out.push(candidate);
            }
            None => out.candidates.push(candidate),
        }
    }
    let order = |a: &Candidate, b: &Candidate| {
        let by_score = b.score.total_cmp(&a.score);
        by_score.then(a.travel.km.total_cmp(&b.travel.km)).then_with(|| a.station.cmp(&b.station))
    };
    out.candidates.sort_by(order);
    out.ruled_out.sort_by(order);
    out
}

struct Search<'a> {
    current: Current<'a>,
    ways: Upwards<'a>,
    at: Spot,
    anomaly: &'a Anomaly,
    places: &'a [Place],
    book: &'a TraceBook,
}

impl Search<'_> {
    fn number(&self, name: &str) -> f64 {
        self.book.number("upstream", name, &self.anomaly.factor)
    }

    fn candidate(&self, place: &Place, travel: Travel) -> Candidate {
        let window = departure(self.anomaly.during, &travel);
        let own = self.own(place, window.possible);
        let between = self.between(place);
        let parts = self.parts(place, &own, &between, &travel, window);
        let mut reasons = vec![self.permit_reason(place), Some(own_reason(&own)), timing_reason(&own, window)];
        reasons.extend(between.iter().map(|b| Some(between_reason(b))));
        reasons.push(between.is_empty().then(|| Reason::new("between.none", &[])));
        reasons.push(Some(distance_reason(&travel)));
        let (station, kind) = (place.station.clone(), place.kind);
        let reasons = reasons.into_iter().flatten().collect();
        Candidate { station, kind, travel, window, own, between, score: score(&parts), parts, reasons }
    }

    /// What it saw of the factor; of one that goes with it when the factor is not measured.
    fn own(&self, place: &Place, window: Period) -> Sight {
        let factor = &self.anomaly.factor;
        let share = |w: &&super::Watched| self.book.share(factor, &w.factor);
        let best = place.watched.iter().max_by(|a, b| share(a).total_cmp(&share(b)));
        match best.filter(|w| share(w) > 0.0) {
            Some(watched) => look(watched, window, self.book),
            None => Sight::unwatched(factor),
        }
    }

    /// Sections that measure the factor between a place and the station, in the order of the water.
    fn between(&self, place: &Place) -> Vec<Between> {
        let down = self.current.down(place.spot);
        let sections = self.places.iter().filter(|s| s.kind.is_water());
        let others = sections.filter(|s| s.station != place.station && s.station != self.anomaly.station);
        let mut out: Vec<(f64, Between)> = others
            .filter_map(|section| {
                // a section at the very spot of the place, or of the station, lies between neither
                let (to, from) = (down.to(section.spot)?, self.ways.from(section.spot)?);
                let watched = section.of(&self.anomaly.factor).filter(|_| to.km > 0.0 && from.km > 0.0)?;
                let window = departure(self.anomaly.during, &from).possible;
                let all_pass = self.current.all_pass(place.spot, section.spot, self.at);
                let sight = look(watched, window, self.book);
                Some((from.km, Between { station: section.station.clone(), window, sight, all_pass }))
            })
            .collect();
        out.sort_by(|a, b| b.0.total_cmp(&a.0));
        out.into_iter().map(|(_, between)| between).collect()
    }

    fn permit(&self, place: &Place) -> Option<(f64, String)> {
        let permits = place.watched.iter().filter(|w| w.permit);
        let shares = permits.map(|w| (self.book.share(&self.anomaly.factor, &w.factor), w.factor.clone()));
        shares.filter(|(share, _)| *share > 0.0).max_by(|a, b| a.0.total_cmp(&b.0))
    }

    fn parts(&self, place: &Place, own: &Sight, between: &[Between], travel: &Travel, window: Window) -> Vec<Part> {
        let value = |name: &str| match name {
            "permit" => self.permit(place).map_or(0.0, |(share, _)| share),
            "own" => match own.seen {
                Seen::Exceeded => 1.0,
                Seen::Raised => self.number("own_raised"),
                Seen::Usual => 0.0,
                Seen::Absent | Seen::Unwatched => self.number("own_absent"),
            },
            "between" => {
                let told = between.iter().filter(|b| b.sight.seen != Seen::Absent).count();
                let seen = between.iter().filter(|b| b.sight.seen.is_raised()).count();
                if told == 0 { self.number("between_none") } else { seen as f64 / told as f64 }
            }
            "timing" => match (own.raised, own.seen) {
                (Some(raised), _) => overlap(raised, window.likely),
                (None, Seen::Usual) => 0.0,
                _ => self.number("timing_unknown"),
            },
            _ => (-travel.km / self.number("distance_km").max(f64::MIN_POSITIVE)).exp(),
        };
        ["permit", "own", "between", "timing", "distance"]
            .map(|name| Part { name, weight: self.number(&format!("weight_{name}")), value: value(name) })
            .into()
    }

    /// Why it cannot have been this one.
    fn ruled_out(&self, place: &Place, candidate: &Candidate) -> Option<Reason> {
        let horizon = self.book.number("travel", "horizon_s", &self.anomaly.factor);
        if candidate.travel.fast_s > horizon {
            let hours = [("hours", candidate.travel.fast_s / HOUR_S), ("horizon", horizon / HOUR_S)];
            return Some(Reason::new("far", &hours));
        }
        if let Some(unseen) = candidate.between.iter().find(|b| b.all_pass && b.sight.seen == Seen::Usual) {
            return Some(Reason { code: "between.unseen", numbers: vec![("station", unseen.station.to_string())] });
        }
        let raised = candidate.own.seen.is_raised();
        if place.kind == StationKind::Outlet && self.permit(place).is_none() && !raised {
            return Some(Reason { code: "permit.none", numbers: vec![("factor", self.anomaly.factor.clone())] });
        }
        // a section that measures the factor itself, and saw nothing
        let says = candidate.own.factor == self.anomaly.factor && candidate.own.seen == Seen::Usual;
        (place.kind.is_water() && says).then(|| own_reason(&candidate.own))
    }

    fn permit_reason(&self, place: &Place) -> Option<Reason> {
        let (share, factor) = self.permit(place)?;
        let code = if share < 1.0 || factor != self.anomaly.factor { "permit.related" } else { "permit" };
        Some(Reason { code, numbers: vec![("factor", factor)] })
    }
}

/// Share of `likely` that `raised` covers.
fn overlap(raised: Period, likely: Period) -> f64 {
    let common = raised.end.0.min(likely.end.0) - raised.start.0.max(likely.start.0);
    common.max(0) as f64 / (likely.end.0 - likely.start.0).max(1) as f64
}

pub(super) fn own_reason(own: &Sight) -> Reason {
    let number = |n: Option<f64>| n.map_or_else(|| "—".to_owned(), short);
    let factor = ("factor", own.factor.clone());
    let (base, peak) = (("base", number(own.base)), ("peak", number(own.peak)));
    let (code, numbers) = match own.seen {
        Seen::Exceeded => ("own.exceeded", vec![factor, peak, base]),
        Seen::Raised => ("own.raised", vec![factor, peak, base]),
        Seen::Usual => ("own.usual", vec![factor, base]),
        Seen::Absent => ("own.absent", vec![factor, ("percent", format!("{:.0}", 100.0 * own.coverage))]),
        Seen::Unwatched => ("own.unwatched", Vec::new()),
    };
    Reason { code, numbers }
}

fn timing_reason(own: &Sight, window: Window) -> Option<Reason> {
    let percent = 100.0 * overlap(own.raised?, window.likely);
    Some(Reason { code: "timing", numbers: vec![("percent", format!("{percent:.0}"))] })
}

fn between_reason(b: &Between) -> Reason {
    let station = ("station", b.station.to_string());
    let number = |n: Option<f64>| n.map_or_else(|| "—".to_owned(), short);
    let (code, numbers) = match b.sight.seen {
        Seen::Exceeded | Seen::Raised => {
            ("between.seen", vec![station, ("peak", number(b.sight.peak)), ("base", number(b.sight.base))])
        }
        Seen::Usual if b.all_pass => ("between.unseen", vec![station]),
        Seen::Usual => ("between.beside", vec![station]),
        Seen::Absent | Seen::Unwatched => ("between.absent", vec![station]),
    };
    Reason { code, numbers }
}

fn distance_reason(travel: &Travel) -> Reason {
    let hours = |s: f64| format!("{:.1}", s / HOUR_S);
    let km = ("km", format!("{:.1}", travel.km));
    let (fast, likely) = (("fast", hours(travel.fast_s)), ("likely", hours(travel.likely_s)));
    Reason { code: "distance", numbers: vec![km, fast, ("slow", hours(travel.slow_s)), likely] }
}

/// Stations of both lists: nobody above is lost.
pub fn looked_at(found: &Upstream) -> HashSet<&StationCode> {
    found.candidates.iter().chain(&found.ruled_out).map(|c| &c.station).collect()
}
