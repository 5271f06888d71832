//! Judgements and the counts at the head of the map.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use shanshui_domain::id::StationCode;
use utoipa::IntoParams;

use super::auth::Visitor;
use super::convert::instant_in;
use super::extract::{Path, Query};
use super::view::{JudgementView, Problem, SummaryView};
use crate::app::App;
use crate::error::ApiError;

/// Rows of one answer, at most.
const ROWS_MAX: usize = 1_000;

/// How the city stands now.
#[utoipa::path(get, path = "/api/v1/analyse/summary", tag = "analyse", responses((status = 200, body = SummaryView)))]
pub async fn summary(State(app): State<App>, visitor: Visitor) -> Result<Json<SummaryView>, ApiError> {
    Ok(Json(app.summary(&visitor).await?))
}

/// Which time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct JudgementQuery {
    /// From, RFC 3339; a day before `to` when absent.
    from: Option<String>,
    /// To, RFC 3339; now when absent.
    to: Option<String>,
}

/// Judgements of a station, newest first.
#[utoipa::path(get, path = "/api/v1/analyse/stations/{code}/judgements", tag = "analyse",
    params(("code" = String, Path), JudgementQuery),
    responses((status = 200, body = [JudgementView]), (status = 404, body = Problem)))]
pub async fn judgements(
    State(app): State<App>,
    visitor: Visitor,
    Path(code): Path<String>,
    Query(query): Query<JudgementQuery>,
) -> Result<Json<Vec<JudgementView>>, ApiError> {
    let station = app.station(&StationCode(code)).ok_or(ApiError::NotFound)?;
    let to = query.to.as_deref().map_or(Ok(app.clock.now().plus_ms(1)), |t| instant_in("to", t))?;
    let from = query.from.as_deref().map_or(Ok(to.plus_ms(-24 * 3_600_000)), |t| instant_in("from", t))?;
    let rows = app.store.judgements(&visitor, &station.code, (from, to), ROWS_MAX).await?;
    let view = |row: &shanshui_store::JudgementRow| {
        Some(JudgementView { supersedes: row.version > 1, grade: app.grade_view(row)? })
    };
    Ok(Json(rows.iter().filter_map(view).collect()))
}
