//! Water: candidates upstream and arrivals downstream of an anomaly, in one answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use shanshui_domain::analyse::trace::downstream::{Arrival, downstream};
use shanshui_domain::analyse::trace::sight::look;
use shanshui_domain::analyse::trace::travel::{Current, Flows, Speed, Stretch, speeds};
use shanshui_domain::analyse::trace::upstream::{Candidate, upstream};
use shanshui_domain::analyse::trace::{Anomaly, FLOW, Place};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::river::{Intake, Spot};
use shanshui_domain::place::{Rivers, Station, StationKind};
use shanshui_domain::right::{Right, Scope, Ties};
use shanshui_domain::time::{Instant, Period};
use shanshui_domain::unit::{Quantity, Unit};
use utoipa::IntoParams;

use super::view::{
    TraceArrivalView, TraceBetweenView, TraceCandidateView, TraceFlowView, TraceReachedKind, TraceSpeedBy,
    TraceStationView, TraceStretchView, WaterTraceView,
};
use super::{factor_words, instant_at, own, parts, rows, said, station_view, watched};
use crate::app::App;
use crate::city::City;
use crate::error::ApiError;
use crate::http::auth::Visitor;
use crate::http::convert::instant_out;
use crate::http::extract::Query;
use crate::http::present::{sees, words};
use crate::http::view::{LonLat, Problem};
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// An anomaly lasts so long, at most.
const DURING_MS_MAX: i64 = 14 * 86_400_000;
/// Hours looked at when `from` is not said.
const HOURS: i64 = 4;
/// Readings are looked at so far back before the anomaly, at most.
const BACK_MS_MAX: i64 = 15 * 86_400_000;

/// What to trace.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct WaterTraceQuery {
    /// Station of the anomaly.
    station: String,
    /// Factor code.
    factor: String,
    /// Begin of it, RFC 3339; four hours before `to` when absent.
    from: Option<String>,
    /// End of it, RFC 3339; now when absent. At most 14 days after `from`.
    to: Option<String>,
    /// Flow at the station in m3/s, when it is known better than by readings.
    flow: Option<f64>,
}

/// Where an anomaly of a section or outlet came from, and where it goes. 404 with the code `lacking` says what the city
/// pack lacks.
#[utoipa::path(get, path = "/api/v1/analyse/trace/water", tag = "analyse", params(WaterTraceQuery),
    responses((status = 200, body = WaterTraceView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn trace_water(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<WaterTraceQuery>,
) -> Result<Json<WaterTraceView>, ApiError> {
    let (city, scope) = (app.city(), visitor.scope(Right::StationRead));
    let code = StationCode(query.station.clone());
    let station = city.station(&code).filter(|s| sees(&scope, s)).cloned().ok_or(ApiError::NotFound)?;
    let during = during(&app, &query)?;
    if query.flow.is_some_and(|q| !q.is_finite() || q <= 0.0) {
        return Err(ApiError::field("flow", "is not above 0"));
    }
    let point = app.points_of(&code).into_iter().find(|p| p.point.factor.as_str() == query.factor);
    let point =
        point.ok_or_else(|| ApiError::field("factor", format!("{code} does not measure {:?}", query.factor)))?;
    let at = spot(&city, &station)?;
    let asked = Asked { app: &app, visitor: &visitor, city: &city, scope: &scope, rivers: &city.rivers, at, during };
    let (flows, told) = asked.flows(query.flow).await?;
    let speeds = speeds(asked.rivers, &flows, &app.trace);
    let current = Current { rivers: asked.rivers, speeds: &speeds };
    let places = asked.places(current, &query.factor).await?;
    let anomaly = Anomaly { station: code.clone(), factor: query.factor.clone(), during };
    let found = upstream(current, at, &anomaly, &places, &app.trace);
    let back = during.start.plus_ms(-(app.trace.number("sight", "base_s", "any") * 1_000.0) as i64);
    let sight = look(&watched(&app, &visitor, &point, (back, during.end)).await?, during, &app.trace);
    let stretches = asked.stretches(current, &speeds);
    let mut by: Vec<TraceSpeedBy> = Vec::new();
    for stretch in &stretches {
        if !by.contains(&stretch.by) {
            by.push(stretch.by);
        }
    }
    let reach = &asked.rivers.reaches()[at.reach];
    Ok(Json(WaterTraceView {
        station: station_view(&app, &station),
        reach: words(&reach.name_zh, &reach.name_en),
        factor_name: factor_words(&app, &query.factor),
        factor: query.factor,
        unit: point.point.unit.to_string(),
        from: instant_out(during.start),
        to: instant_out(during.end),
        own: own(&app, &code, &sight),
        flows: told,
        by,
        candidates: asked.candidates(current, &found.candidates, true),
        ruled_out: asked.candidates(current, &found.ruled_out, false),
        unplaced: asked.unplaced(),
        arrivals: asked.arrivals(current, &flows),
        stretches,
        rules: ["travel", "sight", "upstream"].iter().filter_map(|id| rule(&app, id)).collect(),
    }))
}

pub(super) fn rule(app: &App, id: &str) -> Option<String> {
    app.trace.rules.rule(id).map(|r| format!("{id} {}", r.version))
}

fn during(app: &App, query: &WaterTraceQuery) -> Result<Period, ApiError> {
    let end = instant_at("to", query.to.as_deref(), app.clock.now())?;
    let start = instant_at("from", query.from.as_deref(), end.plus_ms(-HOURS * super::HOUR_MS))?;
    if start >= end {
        return Err(ApiError::field("from", "is not before to"));
    }
    if end.ms_since(start) > DURING_MS_MAX {
        return Err(ApiError::field("from", "is more than 14 days before to"));
    }
    Ok(Period { start, end })
}

fn spot(city: &City, station: &Station) -> Result<Spot, ApiError> {
    if city.rivers.is_empty() {
        return Err(ApiError::Lacking(words(
            "城市包没有河网：请补充 reaches.csv 和 on_reach.csv 后再溯源",
            "the city pack has no river network: add reaches.csv and on_reach.csv to trace",
        )));
    }
    city.rivers.spot(&station.code).ok_or_else(|| {
        ApiError::Lacking(words(
            format!("城市包的 on_reach.csv 没有 {}（{}），不知道它在河网上的位置", station.name_zh, station.code),
            format!(
                "on_reach.csv of the city pack does not place {} ({}) on the network",
                station.name_en, station.code
            ),
        ))
    })
}

struct Asked<'a> {
    app: &'a App,
    visitor: &'a Visitor,
    city: &'a City,
    scope: &'a Scope,
    rivers: &'a Rivers,
    at: Spot,
    during: Period,
}

impl Asked<'_> {
    /// Stations on the network that the caller sees.
    fn seen(&self) -> impl Iterator<Item = (&Arc<Station>, Spot)> {
        let known = |(code, spot): &(StationCode, Spot)| Some((self.city.station(code)?, *spot));
        self.rivers.stations().iter().filter_map(known).filter(|(s, _)| sees(self.scope, s))
    }

    /// Flows that sections measured during the anomaly; the one that was given comes before the station's own.
    async fn flows(&self, given: Option<f64>) -> Result<(Flows, Vec<TraceFlowView>), ApiError> {
        let mut flows = Flows::default();
        let mut told = Vec::new();
        let reach_of = |spot: Spot| self.rivers.reaches()[spot.reach].id.clone();
        if let Some(m3_s) = given {
            flows.measured.push((self.at.reach, m3_s));
            told.push(TraceFlowView { station: None, reach: reach_of(self.at), m3_s });
        }
        let sections: Vec<_> = self.seen().filter(|(s, _)| s.kind.is_water()).collect();
        for (station, spot) in sections {
            if flows.of(spot.reach).is_some() {
                continue;
            }
            let entry = self.app.points_of(&station.code).into_iter().find(|p| p.point.factor.as_str() == FLOW);
            let Some(entry) = entry else { continue };
            let span = (self.during.start.plus_ms(-super::HOUR_MS), self.during.end);
            let rows = rows(self.app, self.visitor, &entry, span, &[]).await?;
            let mean = rows.iter().map(|r| r.value).sum::<f64>() / rows.len() as f64;
            let Some(m3_s) = in_m3_s(mean, entry.point.unit).filter(|q| *q > 0.0) else { continue };
            flows.measured.push((spot.reach, m3_s));
            let name = words(&station.name_zh, &station.name_en);
            told.push(TraceFlowView { station: Some(name), reach: reach_of(spot), m3_s });
        }
        // the flow at the station leads; without one, any that is known
        let own = flows.of(self.at.reach).map(|_| self.at.reach);
        flows.leading = own.or_else(|| flows.measured.first().map(|(reach, _)| *reach));
        Ok((flows, told))
    }

    /// Stations above, with their readings as far back as their windows reach.
    async fn places(&self, current: Current<'_>, factor: &str) -> Result<Vec<Place>, ApiError> {
        let ways = current.up(self.at);
        let base_ms = (self.app.trace.number("sight", "base_s", factor) * 1_000.0) as i64;
        let above: Vec<_> = self.seen().filter_map(|(s, spot)| Some((Arc::clone(s), spot, ways.from(spot)?))).collect();
        let mut places = Vec::with_capacity(above.len());
        for (station, spot, travel) in above {
            let slow_ms = ((travel.slow_s * 1_000.0) as i64).min(BACK_MS_MAX);
            let span: (Instant, Instant) = (self.during.start.plus_ms(-slow_ms - base_ms), self.during.end);
            let entries = self.app.points_of(&station.code);
            let matters = entries.iter().filter(|p| self.app.trace.share(factor, p.point.factor.as_str()) > 0.0);
            let mut all = Vec::new();
            for entry in matters {
                all.push(watched(self.app, self.visitor, entry, span).await?);
            }
            places.push(Place { station: station.code.clone(), kind: station.kind, spot, watched: all });
        }
        Ok(places)
    }

    fn candidates(&self, current: Current<'_>, list: &[Candidate], ranked: bool) -> Vec<TraceCandidateView> {
        let app = self.app;
        let view = |(i, c): (usize, &Candidate)| {
            let between = c.between.iter().filter_map(|b| {
                Some(TraceBetweenView {
                    station: station_view(app, self.city.station(&b.station)?),
                    from: instant_out(b.window.start),
                    to: instant_out(b.window.end),
                    own: own(app, &b.station, &b.sight),
                    all_pass: b.all_pass,
                })
            });
            let way = current.way(self.rivers.spot(&c.station)?, self.at);
            Some(TraceCandidateView {
                rank: ranked.then_some(i as u32 + 1),
                station: station_view(app, self.city.station(&c.station)?),
                travel: c.travel.into(),
                from: instant_out(c.window.possible.start),
                to: instant_out(c.window.possible.end),
                likely_from: instant_out(c.window.likely.start),
                likely_to: instant_out(c.window.likely.end),
                own: own(app, &c.station, &c.own),
                between: between.collect(),
                score: c.score,
                parts: parts(&c.parts),
                reasons: said(app, &c.reasons),
                reaches: way.into_iter().map(|r| self.rivers.reaches()[r].id.clone()).collect(),
            })
        };
        list.iter().enumerate().filter_map(view).collect()
    }

    /// Outlets that discharge water and have no place on the network.
    fn unplaced(&self) -> Vec<TraceStationView> {
        let water = |s: &&Station| self.app.points_of(&s.code).iter().any(|p| p.point.factor.as_str().starts_with('w'));
        let outlets = self.city.stations.iter().filter(|s| s.kind == StationKind::Outlet && sees(self.scope, s));
        let without = outlets.filter(|s| self.rivers.spot(&s.code).is_none()).filter(water);
        without.map(|s| station_view(self.app, s)).collect()
    }

    fn arrivals(&self, current: Current<'_>, flows: &Flows) -> Vec<TraceArrivalView> {
        let sections: Vec<_> = self.seen().filter(|(s, _)| s.kind.is_water()).collect();
        let county = |i: &&Intake| self.scope.covers(&Ties { people: &[], units: &[], county: Some(&i.county) });
        let intakes: Vec<&Intake> = self.rivers.intakes().iter().filter(county).collect();
        let spots: Vec<Spot> = sections.iter().map(|(_, spot)| *spot).chain(intakes.iter().map(|i| i.spot)).collect();
        let found = downstream(current, self.at, self.during, flows, &spots);
        let mut out: Vec<(f64, TraceArrivalView)> = Vec::new();
        let mut found = found.into_iter();
        for ((station, spot), arrival) in sections.iter().zip(found.by_ref()) {
            let Some(arrival) = arrival.filter(|_| *spot != self.at) else { continue };
            let kind = if station.kind == StationKind::DrinkingSource {
                TraceReachedKind::Drinking
            } else {
                TraceReachedKind::Section
            };
            let view = TraceArrivalView {
                boundary: station.kind == StationKind::BoundarySection,
                station: true,
                place: Some(LonLat { lon: station.lon, lat: station.lat }),
                ..arrival_view(station.code.as_str(), (&station.name_zh, &station.name_en), kind, &arrival)
            };
            out.push((arrival.travel.likely_s, view));
        }
        for (intake, arrival) in intakes.iter().zip(found) {
            let Some(arrival) = arrival else { continue };
            let names = (intake.name_zh.as_str(), intake.name_en.as_str());
            let view = TraceArrivalView {
                place: self.rivers.reaches()[intake.spot.reach]
                    .place(intake.spot.km)
                    .map(|[lon, lat]| LonLat { lon, lat }),
                ..arrival_view(&intake.code, names, intake.purpose.into(), &arrival)
            };
            out.push((arrival.travel.likely_s, view));
        }
        out.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.code.cmp(&b.1.code)));
        out.into_iter().map(|(_, view)| view).collect()
    }

    fn stretches(&self, current: Current<'_>, speeds: &[Speed]) -> Vec<TraceStretchView> {
        let view = |s: Stretch| {
            let (reach, speed) = (&self.rivers.reaches()[s.reach], speeds[s.reach]);
            TraceStretchView {
                reach: reach.id.clone(),
                name: words(&reach.name_zh, &reach.name_en),
                side: s.side.into(),
                line: reach.line.clone(),
                length_km: reach.length_km,
                from_km: s.km[0],
                to_km: s.km[1],
                begin: s.travel[0].into(),
                end: s.travel[1].into(),
                velocity: [speed.low, speed.mean, speed.high],
                by: speed.by.into(),
                mark: reach.mark.clone(),
            }
        };
        current.stretches(self.at).into_iter().map(view).collect()
    }
}

fn in_m3_s(value: f64, unit: Unit) -> Option<f64> {
    let value = rust_decimal::Decimal::from_f64(value)?;
    Quantity { value, unit }.in_unit(Unit::M3PerS).ok()?.to_f64()
}

fn arrival_view(code: &str, (zh, en): (&str, &str), kind: TraceReachedKind, a: &Arrival) -> TraceArrivalView {
    TraceArrivalView {
        code: code.to_owned(),
        name: words(zh, en),
        kind,
        boundary: false,
        station: false,
        place: None,
        travel: a.travel.into(),
        earliest: instant_out(a.earliest),
        likely: instant_out(a.likely),
        latest: instant_out(a.latest),
        passed: instant_out(a.passed),
        diluted_to: a.dilution.map(|d| d.share),
        flows: a.dilution.map(|d| d.by.into()),
    }
}
