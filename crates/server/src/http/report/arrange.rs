//! Templates and schedules of reports (报告模板、定时编制).

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use serde::Deserialize;
use sha2::Digest as _;
use shanshui_domain::id::TemplateId;
use shanshui_domain::right::Right;
use shanshui_store::{ScheduleRow, TemplateRow};
use utoipa::IntoParams;

use super::view::{ReportKindView, ScheduleIn, ScheduleView, TemplateView};
use crate::app::App;
use crate::error::ApiError;
use crate::http::auth::Visitor;
use crate::http::extract::{Body, File, Path, Query};
use crate::http::view::Problem;
use crate::report::{Form, docx, gather};

/// Id of the built-in template.
const BUILT_IN: TemplateId = TemplateId(uuid::Uuid::nil());
/// Characters of a file's name.
const NAME_CHARS_MAX: usize = 120;

/// Of what, and how the file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TemplateQuery {
    /// Kind of report.
    kind: ReportKindView,
    /// Name of the file.
    name: String,
}

fn built_in(app: &App) -> Result<Vec<u8>, ApiError> {
    Ok(docx::default_template(&app.report_rules)?)
}

/// Templates, the built-in one first, then the newest of each kind first.
#[utoipa::path(get, path = "/api/v1/analyse/report-templates", tag = "analyse",
    responses((status = 200, body = [TemplateView])))]
pub async fn templates(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<TemplateView>>, ApiError> {
    let bytes = built_in(&app)?;
    let first = TemplateView {
        id: BUILT_IN.to_string(),
        kind: None,
        version: 0,
        name: "公文格式.docx".to_owned(),
        size: bytes.len() as i64,
        digest: hex::encode(sha2::Sha256::digest(&bytes)),
        by: None,
        at: None,
    };
    let rows = app.store.report_templates(&visitor).await?;
    Ok(Json(std::iter::once(first).chain(rows.iter().map(|row| app.template_view(row))).collect()))
}

/// Keeps a template as the next version of its kind. A placeholder that is not known is refused, with its name and place.
#[utoipa::path(post, path = "/api/v1/analyse/report-templates", tag = "analyse", params(TemplateQuery),
    request_body(description = "The bytes of the file",
        content((Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"))),
    responses((status = 200, body = TemplateView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn template_put(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<TemplateQuery>,
    File(body): File,
) -> Result<Json<TemplateView>, ApiError> {
    if !visitor.scope(Right::ReportArrange).everywhere() {
        return Err(ApiError::NotFound);
    }
    let (kind, rules, bytes) = (query.kind.into(), app.report_rules.clone(), body.to_vec());
    let checked = tokio::task::spawn_blocking(move || docx::check(&bytes, kind, &rules).map(|()| bytes));
    let bytes = checked.await.map_err(|e| ApiError::Internal(e.into()))??;
    let row = TemplateRow {
        id: TemplateId(uuid::Uuid::now_v7()),
        kind,
        version: 0,
        name: query.name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect(),
        size: bytes.len() as i64,
        digest: hex::encode(sha2::Sha256::digest(&bytes)),
        by: Some(visitor.id()),
        at: app.clock.now(),
    };
    let row = app.store.report_template_put(&visitor, row, bytes).await?;
    Ok(Json(app.template_view(&row)))
}

/// The bytes of a template.
#[utoipa::path(get, path = "/api/v1/analyse/report-templates/{id}/file", tag = "analyse", params(("id" = String, Path)),
    responses((status = 200, description = "The bytes of the file",
        content((Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"))),
        (status = 404, body = Problem)))]
pub async fn template_file(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let id: TemplateId = id.parse().map_err(|_| ApiError::NotFound)?;
    let bytes = if id == BUILT_IN { built_in(&app)? } else { app.store.report_template(&visitor, id).await?.1 };
    let headers = [
        (CONTENT_TYPE, Form::Docx.media_type().to_owned()),
        (CONTENT_DISPOSITION, "attachment; filename=\"template.docx\"".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, bytes))
}

/// The newest version of each schedule that the caller sees.
#[utoipa::path(get, path = "/api/v1/analyse/report-schedules", tag = "analyse",
    responses((status = 200, body = [ScheduleView])))]
pub async fn schedules(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<ScheduleView>>, ApiError> {
    let rows = app.store.report_schedules(&visitor).await?;
    Ok(Json(rows.iter().map(|row| app.schedule_view(row)).collect()))
}

/// Keeps a schedule as the next version of its kind and area.
#[utoipa::path(post, path = "/api/v1/analyse/report-schedules", tag = "analyse", request_body = ScheduleIn,
    responses((status = 200, body = ScheduleView), (status = 404, body = Problem)))]
pub async fn schedule_put(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<ScheduleIn>,
) -> Result<Json<ScheduleView>, ApiError> {
    let kind = input.kind.into();
    gather::area_of(&app, &input.area)?;
    if !(1..=31).contains(&input.day) {
        return Err(ApiError::field("day", "1 to 31"));
    }
    if input.hour > 23 {
        return Err(ApiError::field("hour", "0 to 23"));
    }
    let row = ScheduleRow {
        kind,
        area: input.area,
        version: 0,
        every: input.every.into(),
        day: i64::from(input.day),
        hour: i64::from(input.hour),
        active: input.active,
        by: Some(visitor.id()),
        at: app.clock.now(),
    };
    let row = app.store.report_schedule_put(&visitor, row).await?;
    Ok(Json(app.schedule_view(&row)))
}
