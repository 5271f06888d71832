//! Stations, curves, telegrams, devices.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use shanshui_domain::id::{Mn, PointId, StationCode, TelegramId};
use shanshui_domain::right::Right;
use shanshui_domain::time::PeriodKind;
use shanshui_history::{Length, Summary, Unread};
use utoipa::IntoParams;

use super::auth::Visitor;
use super::convert::{instant_in, instant_out};
use super::extract::{Body, Path, Query};
use super::present::{self, LimitLine, sees};
use super::view::{
    CurveView, DeviceCommandIn, DeviceCommandView, DeviceIn, DeviceView, MissingView, Problem, QuarantineGroup,
    ReadingView, StationDetail, StationIn, StationView, StatisticsRow, StatisticsView, TelegramView,
};
use crate::app::App;
use crate::error::ApiError;
use crate::text::printable;

/// Points of one curve, at most.
const BUCKETS_MAX: usize = 4_000;

/// The city's counties, rivers and reservoirs as GeoJSON.
#[utoipa::path(get, path = "/api/v1/sense/geography", tag = "sense",
    responses((status = 200, content_type = "application/geo+json", body = Object)))]
pub async fn geography(State(app): State<App>, _visitor: Visitor) -> ([(&'static str, &'static str); 1], String) {
    ([("content-type", "application/geo+json")], app.city().geography.clone())
}

/// Every station with its present grade.
#[utoipa::path(get, path = "/api/v1/sense/stations", tag = "sense", responses((status = 200, body = [StationView])))]
pub async fn stations(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<StationView>>, ApiError> {
    let now = app.overview().await?;
    let (city, scope) = (app.city(), visitor.scope(Right::StationRead));
    Ok(Json(city.stations.iter().filter(|s| sees(&scope, s)).map(|s| now.station(&app, s)).collect()))
}

/// Registers a station with its points; the unit of a value is the point's, never guessed from the factor's code.
#[utoipa::path(post, path = "/api/v1/sense/stations", tag = "sense", request_body = StationIn,
    responses((status = 201), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub async fn station_add(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<StationIn>,
) -> Result<axum::http::StatusCode, ApiError> {
    app.register_station(&visitor, input).await?;
    Ok(axum::http::StatusCode::CREATED)
}

/// One station with its points.
#[utoipa::path(get, path = "/api/v1/sense/stations/{code}", tag = "sense", params(("code" = String, Path)),
    responses((status = 200, body = StationDetail), (status = 404, body = Problem)))]
pub async fn station(
    State(app): State<App>,
    visitor: Visitor,
    Path(code): Path<String>,
) -> Result<Json<StationDetail>, ApiError> {
    let station = app.station(&StationCode(code)).filter(|s| sees(&visitor.scope(Right::StationRead), s));
    let station = station.ok_or(ApiError::NotFound)?;
    let now = app.overview().await?;
    let entries = app.points_of(&station.code);
    let latest = match entries.first() {
        Some(first) => app.store.latest_of(&visitor, first.id).await?,
        None => Vec::new(),
    };
    let points = entries.iter().map(|p| present::point(&app, p, PeriodKind::Real, &latest)).collect();
    let devices =
        app.devices().iter().filter(|d| d.device.station == station.code).map(|d| d.device.mn.to_string()).collect();
    let mut view = now.station(&app, &station);
    view.grade = app.grade(&station.code).as_ref().and_then(|row| app.grade_view(row));
    Ok(Json(StationDetail { station: view, points, devices }))
}

/// Which part of a curve.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CurveQuery {
    /// Kind of period: real, minute, hour, day, cycle.
    kind: Option<String>,
    /// From, RFC 3339, inclusive; a day before `to` when absent.
    from: Option<String>,
    /// To, RFC 3339, exclusive; now when absent.
    to: Option<String>,
    /// About how many points are wanted, 800 by default.
    buckets: Option<usize>,
}

/// A curve. When there is more than fits, each stretch keeps its lowest and highest value and every marked or exceeding row:
/// a short spike is never sampled away.
#[utoipa::path(get, path = "/api/v1/sense/points/{id}/curve", tag = "sense", params(("id" = i64, Path), CurveQuery),
    responses((status = 200, body = CurveView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn curve(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Query(query): Query<CurveQuery>,
) -> Result<Json<CurveView>, ApiError> {
    let point = app.point(PointId(id)).ok_or(ApiError::NotFound)?;
    let kind = kind_in(query.kind.as_deref().unwrap_or("real"))?;
    let to = query.to.as_deref().map_or(Ok(app.clock.now()), |t| instant_in("to", t))?;
    let from = query.from.as_deref().map_or(Ok(to.plus_ms(-24 * 3_600_000)), |t| instant_in("from", t))?;
    if from >= to {
        return Err(ApiError::field("from", "is not before to"));
    }
    let buckets = query.buckets.unwrap_or(800).clamp(10, BUCKETS_MAX);
    let limits = app.limits_of(&point.point, kind);
    let bounds = limits.iter().filter_map(LimitLine::bound).collect::<Vec<_>>();
    let sampled = app.store.range_sampled(&visitor, (point.id, kind), (from, to), buckets, &bounds).await?;
    let latest = app.store.latest_of(&visitor, point.id).await?;
    let rows = sampled.rows.into_iter().map(|row| ReadingView {
        at: instant_out(row.at),
        exceeds: row.number.is_some_and(|n| bounds.iter().any(|b| b.exceeded_by(n))),
        value: row.value,
        number: row.number,
        extra: row.extra,
        mark: row.mark,
        versions: row.versions,
        late: row.late,
        arrived: instant_out(row.arrived),
        telegram: row.telegram.map(|t| t.0),
    });
    let (rows, sampled, missing) = (rows.collect(), sampled.sampled, missing(sampled.unread));
    Ok(Json(CurveView {
        point: present::point(&app, &point, kind, &latest),
        kind: kind.as_str().into(),
        rows,
        sampled,
        missing,
    }))
}

fn missing(unread: Vec<Unread>) -> Vec<MissingView> {
    let view = |u: Unread| {
        tracing::error!(segment = u.segment, detail = u.detail, "a stretch of the history cannot be read");
        MissingView { from: instant_out(u.from), to: instant_out(u.to), segment: u.segment }
    };
    unread.into_iter().map(view).collect()
}

/// Which periods.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StatisticsQuery {
    /// Kind of period of the values: real, minute, hour, day, cycle.
    kind: Option<String>,
    /// From, RFC 3339, inclusive; a year before `to` when absent.
    from: Option<String>,
    /// To, RFC 3339, exclusive; now when absent.
    to: Option<String>,
    /// Civil periods: day, month (when absent), year.
    period: Option<String>,
}

/// Count, least, greatest, mean and sum of a point by civil days, months or years. Values whose mark is another than N are counted
/// and not reckoned with.
#[utoipa::path(get, path = "/api/v1/sense/points/{id}/statistics", tag = "sense", params(("id" = i64, Path), StatisticsQuery),
    responses((status = 200, body = StatisticsView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn statistics(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Query(query): Query<StatisticsQuery>,
) -> Result<Json<StatisticsView>, ApiError> {
    let point = app.point(PointId(id)).ok_or(ApiError::NotFound)?;
    let kind = kind_in(query.kind.as_deref().unwrap_or("real"))?;
    let length = match query.period.as_deref().unwrap_or("month") {
        "day" => Length::Day,
        "month" => Length::Month,
        "year" => Length::Year,
        other => return Err(ApiError::field("period", format!("no such period {other:?}"))),
    };
    let to = query.to.as_deref().map_or(Ok(app.clock.now()), |t| instant_in("to", t))?;
    let from = query.from.as_deref().map_or(Ok(to.plus_ms(-365 * 24 * 3_600_000)), |t| instant_in("from", t))?;
    if from >= to {
        return Err(ApiError::field("from", "is not before to"));
    }
    let found = app.store.statistics(&visitor, &[point.id], kind, (from, to), (length, &app.zone)).await?;
    let row = |(_, s): (PointId, Summary)| StatisticsRow {
        from: instant_out(s.from),
        to: instant_out(s.to),
        count: s.count,
        marked: s.marked,
        valid: s.valid,
        min: s.min,
        max: s.max,
        mean: s.mean(),
        sum: s.sum,
    };
    let rows = found.rows.into_iter().map(row).collect();
    Ok(Json(StatisticsView { point: id, kind: kind.as_str().into(), rows, missing: missing(found.unread) }))
}

/// A kind of period from its word.
pub fn kind_in(word: &str) -> Result<PeriodKind, ApiError> {
    let found = PeriodKind::ALL.into_iter().find(|k| k.as_str() == word);
    found.ok_or_else(|| ApiError::field("kind", format!("no such kind {word:?}")))
}

/// A raw telegram with what is read from it.
#[utoipa::path(get, path = "/api/v1/sense/telegrams/{id}", tag = "sense", params(("id" = i64, Path)),
    responses((status = 200, body = TelegramView), (status = 404, body = Problem)))]
pub async fn telegram(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<i64>,
) -> Result<Json<TelegramView>, ApiError> {
    let t = app.store.telegram(&visitor, TelegramId(id)).await?.telegram;
    let decoded = app.ingest.decode_for_people(&t.raw, t.mn.as_ref());
    Ok(Json(TelegramView {
        id,
        arrived: instant_out(t.arrived),
        peer: t.peer,
        mn: t.mn.map(|m| m.to_string()),
        quarantine: t.quarantine,
        raw: printable(&crate::ingest::without_password(&t.raw)),
        problems: serde_json::from_str(&t.problems).unwrap_or_default(),
        decoded,
    }))
}

/// Every device and its line.
#[utoipa::path(get, path = "/api/v1/sense/devices", tag = "sense", responses((status = 200, body = [DeviceView])))]
pub async fn devices(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<DeviceView>>, ApiError> {
    Ok(Json(app.device_views(&visitor).await?))
}

/// Registers a device.
#[utoipa::path(post, path = "/api/v1/sense/devices", tag = "sense", request_body = DeviceIn,
    responses((status = 201), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub async fn device_add(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<DeviceIn>,
) -> Result<axum::http::StatusCode, ApiError> {
    app.register_device(&visitor, input).await?;
    Ok(axum::http::StatusCode::CREATED)
}

/// What lies in quarantine, by reason, device and peer.
#[utoipa::path(get, path = "/api/v1/sense/quarantine", tag = "sense",
    responses((status = 200, body = [QuarantineGroup])))]
pub async fn quarantine(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<QuarantineGroup>>, ApiError> {
    let groups = app.store.quarantine_summary(&visitor).await?;
    let view = |g: shanshui_store::QuarantineRow| QuarantineGroup {
        reason: g.reason,
        mn: g.mn.map(|m| m.to_string()),
        peer: g.peer,
        count: g.count,
        last: instant_out(g.last),
        telegram: g.telegram.0,
    };
    Ok(Json(groups.into_iter().map(view).collect()))
}

/// Commands sent to a device, newest first.
#[utoipa::path(get, path = "/api/v1/sense/devices/{mn}/commands", tag = "sense", params(("mn" = String, Path)),
    responses((status = 200, body = [DeviceCommandView])))]
pub async fn commands(
    State(app): State<App>,
    visitor: Visitor,
    Path(mn): Path<String>,
) -> Result<Json<Vec<DeviceCommandView>>, ApiError> {
    Ok(Json(app.command_views(&visitor, &Mn(mn)).await?))
}

/// Sends a command to a device and waits for its result. Off unless `hj212.commands` is on.
#[utoipa::path(post, path = "/api/v1/sense/devices/{mn}/commands", tag = "sense", params(("mn" = String, Path)),
    request_body = DeviceCommandIn,
    responses((status = 200, body = DeviceCommandView), (status = 400, body = Problem), (status = 503, body = Problem)))]
pub async fn command(
    State(app): State<App>,
    visitor: Visitor,
    Path(mn): Path<String>,
    Body(input): Body<DeviceCommandIn>,
) -> Result<Json<DeviceCommandView>, ApiError> {
    Ok(Json(app.send_command(&visitor, Mn(mn), input).await?))
}
