//! Air: the sector that the air of the last hours came over, and the sources in it.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use shanshui_domain::analyse::trace::air::{Sector, Source, Stack, Wind, backward};
use shanshui_domain::analyse::trace::{Row, WIND_DIRECTION, WIND_SPEED};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::StationKind;
use shanshui_domain::right::Right;
use shanshui_domain::time::{Instant, Period};
use utoipa::IntoParams;

use super::view::{AirTraceView, TraceSectorView, TraceSourceView};
use super::water::rule;
use super::{factor_words, instant_at, own, parts, rows, said, station_view, watched};
use crate::app::App;
use crate::error::ApiError;
use crate::http::auth::Visitor;
use crate::http::convert::instant_out;
use crate::http::extract::Query;
use crate::http::present::{sees, words};
use crate::http::view::{LonLat, Problem};

/// Hours back, at most.
const HOURS_MAX: u32 = 48;
/// Hours back when nothing is said.
const HOURS: u32 = 6;

/// What to trace.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AirTraceQuery {
    /// Station that measures the wind.
    station: String,
    /// Moment to go back from, RFC 3339; now when absent.
    at: Option<String>,
    /// Hours to go back, 6 when absent.
    #[param(minimum = 1, maximum = 48)]
    hours: Option<u32>,
    /// Factor code that is traced; any when absent.
    factor: Option<String>,
}

/// Where the air of a station came from, hour by hour. 404 with the code `lacking` says what the city pack lacks.
#[utoipa::path(get, path = "/api/v1/analyse/trace/air", tag = "analyse", params(AirTraceQuery),
    responses((status = 200, body = AirTraceView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn trace_air(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<AirTraceQuery>,
) -> Result<Json<AirTraceView>, ApiError> {
    let (city, scope) = (app.city(), visitor.scope(Right::StationRead));
    let code = StationCode(query.station);
    let station = city.station(&code).filter(|s| sees(&scope, s)).cloned().ok_or(ApiError::NotFound)?;
    let at = instant_at("at", query.at.as_deref(), app.clock.now())?;
    let hours = query.hours.unwrap_or(HOURS);
    if !(1..=HOURS_MAX).contains(&hours) {
        return Err(ApiError::field("hours", format!("1 to {HOURS_MAX}")));
    }
    let begin = at.plus_ms(-i64::from(hours) * super::HOUR_MS);
    let winds = winds(&app, &visitor, &code, (begin, at), hours).await?;
    let winds = winds.ok_or_else(|| {
        ApiError::Lacking(words(
            format!("{}不监测风速和风向：请在 points.csv 补充 {WIND_SPEED} 和 {WIND_DIRECTION}", station.name_zh),
            format!("{} measures no wind: add {WIND_SPEED} and {WIND_DIRECTION} to points.csv", station.name_en),
        ))
    })?;
    let base = begin.plus_ms(-(app.trace.number("sight", "base_s", "any") * 1_000.0) as i64);
    let mut stacks = Vec::new();
    for s in city.stations.iter().filter(|s| s.kind == StationKind::Outlet && sees(&scope, s)) {
        let mut all = Vec::new();
        for entry in app.points_of(&s.code).iter().filter(|p| p.point.factor.as_str().starts_with('a')) {
            let share = |f: &String| app.trace.share(f, entry.point.factor.as_str());
            if entry.point.limit.is_some() || query.factor.as_ref().is_some_and(|f| share(f) > 0.0) {
                all.push(watched(&app, &visitor, entry, (base, at)).await?);
            }
        }
        if !all.is_empty() {
            stacks.push(Stack { station: s.code.clone(), place: [s.lon, s.lat], watched: all });
        }
    }
    let found = backward([station.lon, station.lat], &winds, query.factor.as_deref(), &stacks, &app.trace);
    let sources = |list: &[Source], ranked: bool| -> Vec<TraceSourceView> {
        list.iter().enumerate().filter_map(|(i, s)| source(&app, s, ranked.then_some(i as u32 + 1))).collect()
    };
    Ok(Json(AirTraceView {
        station: station_view(&app, &station),
        factor_name: query.factor.as_deref().map(|f| factor_words(&app, f)),
        factor: query.factor,
        at: instant_out(at),
        sectors: found.sectors.iter().enumerate().map(|(i, s)| sector(i as u32 + 1, s)).collect(),
        candidates: sources(&found.candidates, true),
        outside: sources(&found.outside, false),
        rules: ["sight", "air"].iter().filter_map(|id| rule(&app, id)).collect(),
    }))
}

/// The wind of each hour back, the last first; none when the station has no points of it.
async fn winds(
    app: &App,
    visitor: &Visitor,
    code: &StationCode,
    (begin, at): (Instant, Instant),
    hours: u32,
) -> Result<Option<Vec<Wind>>, ApiError> {
    let points = app.points_of(code);
    let of = |factor: &str| points.iter().find(|p| p.point.factor.as_str() == factor);
    let Some((speed, direction)) = of(WIND_SPEED).zip(of(WIND_DIRECTION)) else { return Ok(None) };
    let span = (begin.plus_ms(-super::HOUR_MS), at);
    let speeds = rows(app, visitor, speed, span, &[]).await?;
    let directions = rows(app, visitor, direction, span, &[]).await?;
    let hour = |i: u32| {
        let end = at.plus_ms(-i64::from(i) * super::HOUR_MS);
        let during = Period { start: end.plus_ms(-super::HOUR_MS), end };
        Wind { during, wind: mean(&speeds, &directions, during) }
    };
    Ok(Some((0..hours).map(hour).collect()))
}

/// Mean speed, and the direction of the mean of the vectors, of readings whose middle lies in the hour.
fn mean(speeds: &[Row], directions: &[Row], during: Period) -> Option<(f64, f64)> {
    let middle = |r: &Row| Instant(i64::midpoint(r.during.start.0, r.during.end.0));
    let mut sum = [0.0; 3];
    let mut count = 0.0;
    for speed in speeds.iter().filter(|r| during.contains(middle(r))) {
        let direction = directions.iter().find(|d| d.during.start == speed.during.start);
        let Some(direction) = direction.map(|d| d.value.to_radians()) else { continue };
        let vector = [speed.value * direction.sin(), speed.value * direction.cos(), speed.value];
        sum.iter_mut().zip(vector).for_each(|(s, v)| *s += v);
        count += 1.0;
    }
    (count > 0.0).then(|| (sum[2] / count, sum[0].atan2(sum[1]).to_degrees().rem_euclid(360.0)))
}

fn sector(hour: u32, s: &Sector) -> TraceSectorView {
    TraceSectorView {
        hour,
        from: instant_out(s.during.start),
        to: instant_out(s.during.end),
        air: s.air.into(),
        speed_m_s: s.wind.map(|(speed, _)| speed),
        direction: s.wind.map(|(_, from)| from),
        middle: LonLat { lon: s.middle[0], lat: s.middle[1] },
        radius_km: s.radius_km,
        area: s.area.clone(),
    }
}

fn source(app: &App, s: &Source, rank: Option<u32>) -> Option<TraceSourceView> {
    let station = app.station(&s.station)?;
    Some(TraceSourceView {
        rank,
        station: station_view(app, &station),
        hour: s.hour,
        km: s.km,
        own: s.own.as_ref().map(|sight| own(app, &s.station, sight)),
        score: s.score,
        parts: parts(&s.parts),
        reasons: said(app, &s.reasons),
    })
}
