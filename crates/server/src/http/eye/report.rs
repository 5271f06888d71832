//! The fence's month: each camera's events, how long it was blind, and how often it was right.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shanshui_domain::sense::eye::report::counted;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{EventFilter, EventRow};
use utoipa::{IntoParams, ToSchema};

use super::camera::events_in;
use super::station_name;
use crate::app::App;
use crate::error::ApiError;
use crate::http::auth::Visitor;
use crate::http::extract::Query;
use crate::http::present::words;
use crate::http::view::{Problem, Words};
use crate::report::plain::harmless;

/// Columns of the table.
const HEADER: [&str; 18] = [
    "站点",
    "摄像机",
    "闯入",
    "报备来访",
    "未报备运维",
    "误报",
    "动物",
    "待复核",
    "失明秒数",
    "受控秒数",
    "失明占比",
    "喊话成功",
    "喊话失败",
    "已复核",
    "准确率",
    "存疑数据",
    "已解除",
    "已确认",
];
/// Values that are counted of a point, at most.
const VALUES_MAX: usize = 100_000;

/// One camera's month.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeReportRow {
    /// Station.
    pub station: String,
    /// Its name.
    pub station_name: Words,
    /// Camera.
    pub camera: String,
    /// Its name.
    pub camera_name: Words,
    /// Intrusions, crossings and things left behind.
    pub intrusions: i64,
    /// Stays within approved visits.
    pub visits: i64,
    /// Maintenance that nobody had approved.
    pub without_approval: i64,
    /// Events that were nothing.
    #[serde(rename = "false")]
    pub wrong: i64,
    /// Animals.
    pub animals: i64,
    /// Nobody has looked.
    pub unreviewed: i64,
    /// Seconds blind.
    pub blind_s: i64,
    /// Seconds guarded.
    pub guarded_s: i64,
    /// Share of the time that is known in which it was blind.
    pub blind_share: Option<f64>,
    /// Loudspeaker used.
    pub voice_sent: i64,
    /// Loudspeaker failed.
    pub voice_failed: i64,
    /// Somebody has looked.
    pub reviewed: i64,
    /// Of those, how many had somebody or something in them.
    pub precision: Option<f64>,
    /// Values of the station that events which are over have put in doubt.
    pub suspect_values: usize,
    /// Doubts lifted.
    pub lifted: i64,
    /// Doubts confirmed.
    pub confirmed: i64,
}

/// A month.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeReportView {
    /// Which.
    pub month: String,
    /// By camera.
    pub rows: Vec<EyeReportRow>,
}

/// Which month.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EyeReportQuery {
    /// As `2026-11`.
    month: String,
}

async fn rows(app: &App, visitor: &Visitor, month: &str) -> Result<Vec<EyeReportRow>, ApiError> {
    let first: Date = format!("{month}-01").parse().map_err(|_| ApiError::field("month", "is no month"))?;
    let after = first.last_of_month().tomorrow().map_err(|_| ApiError::field("month", "out of range"))?;
    let at = |day: Date| app.zone.instant(day.at(0, 0, 0, 0)).ok_or_else(|| ApiError::field("month", "out of range"));
    let (from, to) = (at(first)?, at(after)?.min(app.clock.now()));
    let mut rows = Vec::new();
    for row in app.store.cameras(visitor).await? {
        let filter =
            EventFilter { camera: Some(row.id.clone()), from: Some(from), to: Some(to), ..EventFilter::default() };
        let events = events_in(app, visitor, filter).await?;
        let guards = app.store.guards(visitor, &row.id, (from, Instant(to.0 + 1))).await?;
        let sum = counted(events.iter().map(|e| &e.event), &guards, (from, to));
        let mut suspect_values = 0;
        for (begin, end) in stretches(&events) {
            for point in app.points_of(&row.camera.station) {
                for kind in [PeriodKind::Real, PeriodKind::Minute, PeriodKind::Hour, PeriodKind::Cycle] {
                    suspect_values += app.store.range((point.id, kind), (begin, end.min(to)), VALUES_MAX).await?.len();
                }
            }
        }
        rows.push(EyeReportRow {
            station_name: station_name(app, &row.camera.station),
            station: row.camera.station.to_string(),
            camera: row.id,
            camera_name: words(row.camera.name_zh, row.camera.name_en),
            intrusions: sum.intrusions,
            visits: sum.visits,
            without_approval: sum.without_approval,
            wrong: sum.wrong,
            animals: sum.animals,
            unreviewed: sum.unreviewed,
            blind_s: sum.lasted.blind / 1_000,
            guarded_s: (sum.lasted.guarded + sum.lasted.intrusion) / 1_000,
            blind_share: sum.blind_share(),
            voice_sent: sum.voice_sent,
            voice_failed: sum.voice_failed,
            reviewed: sum.reviewed,
            precision: sum.precision(),
            suspect_values,
            lifted: sum.lifted,
            confirmed: sum.confirmed,
        });
    }
    Ok(rows)
}

/// Doubted stretches of events that are over, ascending, none of them in another: a value that two of them doubt is counted once.
fn stretches(events: &[EventRow]) -> Vec<(Instant, Instant)> {
    let mut all: Vec<_> = events.iter().filter(|e| e.event.left.is_some()).filter_map(|e| e.doubted).collect();
    all.sort_unstable();
    let mut apart: Vec<(Instant, Instant)> = Vec::new();
    for (from, to) in all {
        match apart.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => apart.push((from, to)),
        }
    }
    apart
}

/// The month of every camera that the caller sees.
#[utoipa::path(get, path = "/api/v1/sense/eye/report", tag = "sense", operation_id = "eye_report", params(EyeReportQuery),
    responses((status = 200, body = EyeReportView), (status = 400, body = Problem)))]
pub async fn report(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<EyeReportQuery>,
) -> Result<Json<EyeReportView>, ApiError> {
    let rows = rows(&app, &visitor, &query.month).await?;
    Ok(Json(EyeReportView { month: query.month, rows }))
}

/// The same as a table.
#[utoipa::path(get, path = "/api/v1/sense/eye/report.csv", tag = "sense", operation_id = "eye_report_csv", params(EyeReportQuery),
    responses((status = 200, description = "CSV with a byte order mark", body = String, content_type = "text/csv"), (status = 400, body = Problem)))]
pub async fn report_csv(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<EyeReportQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let share = |n: Option<f64>| n.map_or_else(String::new, |n| format!("{n:.4}"));
    let mut out = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    let wrong = |e: csv::Error| ApiError::Internal(e.into());
    out.write_record(HEADER).map_err(wrong)?;
    for r in rows(&app, &visitor, &query.month).await? {
        let cells = [
            harmless(&r.station_name.zh),
            harmless(&r.camera_name.zh),
            r.intrusions.to_string(),
            r.visits.to_string(),
            r.without_approval.to_string(),
            r.wrong.to_string(),
            r.animals.to_string(),
            r.unreviewed.to_string(),
            r.blind_s.to_string(),
            r.guarded_s.to_string(),
            share(r.blind_share),
            r.voice_sent.to_string(),
            r.voice_failed.to_string(),
            r.reviewed.to_string(),
            share(r.precision),
            r.suspect_values.to_string(),
            r.lifted.to_string(),
            r.confirmed.to_string(),
        ];
        out.write_record(cells).map_err(wrong)?;
    }
    let text = out.into_inner().map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))?;
    let name = format!("attachment; filename=\"eye-{}.csv\"", query.month);
    Ok(([("content-type", "text/csv; charset=utf-8".to_owned()), ("content-disposition", name)], text))
}
