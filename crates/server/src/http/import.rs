//! Imports: a table is brought, tried by a plan beside what its source has published, and then kept.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use shanshui_domain::place::Station;
use shanshui_domain::right::Right;
use shanshui_domain::sense::import::{Fault, Plan, Sheet};
use shanshui_store::{ImportRow, ImportState, JobIn};
use utoipa::{IntoParams, ToSchema};

use super::auth::Visitor;
use super::convert::instant_out;
use super::extract::{Body, File, Path, Query};
use super::present::sees;
use super::view::{PersonView, Problem};
use crate::app::App;
use crate::error::ApiError;
use crate::job::import::{self, Report, Resolved};

/// Imports of one answer, at most.
const ROWS_MAX: usize = 200;
/// Rows that are shown of a table.
const SHOWN: usize = 20;

/// How far an import is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStateView {
    /// Nothing was kept yet.
    Uploaded,
    /// Values are being kept.
    Running,
    /// All are.
    Done,
    /// It ended before that.
    Failed,
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    /// Id.
    pub id: String,
    /// Name of the file.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 of them.
    pub sha256: String,
    /// Who brought it.
    pub by: PersonView,
    /// When.
    pub at: String,
    /// How far it is.
    pub state: ImportStateView,
    /// Rows that are done.
    pub done: i64,
    /// Of so many.
    pub total: i64,
    /// What was found so far.
    #[schema(value_type = Option<Object>)]
    pub report: Option<serde_json::Value>,
}

/// A table with the plan that it is read by.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportTableView {
    /// The import.
    pub import: ImportView,
    /// Names of the columns.
    pub header: Vec<String>,
    /// The first rows.
    pub rows: Vec<Vec<String>>,
    /// Rows in all.
    pub count: u64,
    /// The plan it was begun by, or one guessed from the names of the columns.
    #[schema(value_type = Object)]
    pub plan: serde_json::Value,
}

/// Name of the file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// File name as the person knows it.
    name: String,
}

/// Which column is what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanIn {
    /// The plan, as an import shows one.
    #[schema(value_type = Object)]
    plan: serde_json::Value,
}

impl PlanIn {
    fn plan(self) -> Result<Plan, ApiError> {
        serde_json::from_value(self.plan).map_err(|e| ApiError::field("plan", e))
    }
}

fn view(app: &App, row: &ImportRow) -> ImportView {
    ImportView {
        id: row.id.clone(),
        name: row.name.clone(),
        size: row.size,
        sha256: row.sha256.clone(),
        by: app.person_of(row.person, &app.people()),
        at: instant_out(row.at),
        state: match row.state {
            ImportState::Uploaded => ImportStateView::Uploaded,
            ImportState::Running => ImportStateView::Running,
            ImportState::Done => ImportStateView::Done,
            ImportState::Failed => ImportStateView::Failed,
        },
        done: row.done.0,
        total: row.done.1,
        report: row.report.as_deref().and_then(|text| serde_json::from_str(text).ok()),
    }
}

fn sheet(bytes: &[u8]) -> Result<Sheet, ApiError> {
    import::sheet(bytes).map_err(|e| ApiError::field("body", e))
}

fn table(app: &App, row: &ImportRow, sheet: &Sheet) -> Result<ImportTableView, ApiError> {
    let kept = row.plan.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let plan = match kept {
        Some(plan) => plan,
        None => serde_json::to_value(Plan::guess(sheet)).map_err(|e| ApiError::field("plan", e))?,
    };
    Ok(ImportTableView {
        import: view(app, row),
        header: sheet.header.clone(),
        rows: sheet.rows.iter().take(SHOWN).map(|(_, cells)| cells.clone()).collect(),
        count: sheet.rows.len() as u64,
        plan,
    })
}

/// Imports, newest first.
#[utoipa::path(get, path = "/api/v1/analyse/imports", tag = "analyse", responses((status = 200, body = [ImportView])))]
pub async fn imports(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<ImportView>>, ApiError> {
    let rows = app.store.imports(&visitor, ROWS_MAX).await?;
    Ok(Json(rows.iter().map(|row| view(&app, row)).collect()))
}

/// Brings a table: CSV in UTF-8, or XLSX, of which the first sheet counts. Nothing is kept of it yet but the file itself.
#[utoipa::path(post, path = "/api/v1/analyse/imports", tag = "analyse", params(ImportQuery),
    request_body(description = "The bytes of the file", content((Vec<u8> = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, body = ImportTableView)))]
pub async fn import_put(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ImportQuery>,
    File(body): File,
) -> Result<Json<ImportTableView>, ApiError> {
    let sheet = sheet(&body)?;
    let row = ImportRow {
        id: uuid::Uuid::now_v7().to_string(),
        name: query.name.chars().filter(|c| !c.is_control()).take(120).collect(),
        size: body.len() as i64,
        sha256: hex::encode(sha2::Sha256::digest(&body)),
        person: visitor.id(),
        at: app.clock.now(),
        state: ImportState::Uploaded,
        plan: None,
        report: None,
        done: (0, sheet.rows.len() as i64),
    };
    app.store.import_put(&visitor, &row, body.to_vec()).await?;
    Ok(Json(table(&app, &row, &sheet)?))
}

/// One import with its table.
#[utoipa::path(get, path = "/api/v1/analyse/imports/{id}", tag = "analyse", params(("id" = String, Path)),
    responses((status = 200, body = ImportTableView), (status = 404, body = Problem)))]
pub async fn import_one(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<ImportTableView>, ApiError> {
    let row = app.store.import_row(&visitor, &id).await?;
    let sheet = sheet(&app.store.import_bytes(&visitor, &id).await?)?;
    Ok(Json(table(&app, &row, &sheet)?))
}

/// The file as it was brought.
#[utoipa::path(get, path = "/api/v1/analyse/imports/{id}/file", tag = "analyse", params(("id" = String, Path)),
    responses((status = 200, description = "The bytes of the file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = Problem)))]
pub async fn import_file(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let bytes = app.store.import_bytes(&visitor, &id).await?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (CONTENT_DISPOSITION, "attachment"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes))
}

/// Tries a plan (自检): what would be kept, what cannot be read and why, and where our judgement differs from what the source has
/// published. Nothing is kept.
#[utoipa::path(post, path = "/api/v1/analyse/imports/{id}/check", tag = "analyse", params(("id" = String, Path)),
    request_body = PlanIn,
    responses((status = 200, description = "What was found", body = Object), (status = 404, body = Problem)))]
pub async fn import_check(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<PlanIn>,
) -> Result<Json<serde_json::Value>, ApiError> {
    let (_, _, report) = tried(&app, &visitor, &id, input).await?;
    Ok(Json(serde_json::to_value(report).map_err(|e| ApiError::field("plan", e))?))
}

/// Begins to keep what a plan reads. What it cannot read stays in the table and is listed.
#[utoipa::path(post, path = "/api/v1/analyse/imports/{id}/begin", tag = "analyse", params(("id" = String, Path)),
    request_body = PlanIn, responses((status = 200, body = ImportView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub async fn import_begin(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<PlanIn>,
) -> Result<Json<ImportView>, ApiError> {
    let (plan, rows, report) = tried(&app, &visitor, &id, input).await?;
    if rows.is_empty() {
        return Err(ApiError::field("plan", "nothing can be read by it"));
    }
    let text = |value: serde_json::Result<String>| value.map_err(|e| ApiError::field("plan", e));
    let now = app.clock.now();
    let said = (text(serde_json::to_string(&plan))?, text(serde_json::to_string(&report))?, rows.len() as i64);
    let stations: BTreeSet<&str> = rows.iter().map(Resolved::station).collect();
    let body = text(serde_json::to_string(&stations))?;
    let work = JobIn { kind: import::KIND, subject: id.clone(), body, due: now };
    app.store.import_begin(&visitor, (&id, now), said, work).await?;
    app.bells.job.ring();
    let row = app.store.import_row(&visitor, &id).await?;
    Ok(Json(view(&app, &row)))
}

async fn tried(
    app: &App,
    visitor: &Visitor,
    id: &str,
    input: PlanIn,
) -> Result<(Plan, Vec<Resolved>, Report), ApiError> {
    let plan = input.plan()?;
    let sheet = sheet(&app.store.import_bytes(visitor, id).await?)?;
    let scope = visitor.scope(Right::ImportMake);
    let may = |s: &Station| sees(&scope, s);
    let named = |faults: Vec<Fault>| {
        let names: Vec<String> = faults.into_iter().map(|f| f.column).collect();
        ApiError::field("plan", format!("no such column: {}", names.join(", ")))
    };
    let (rows, report) = import::resolve(app, &plan, &sheet, &may).map_err(named)?;
    Ok((plan, rows, report))
}
