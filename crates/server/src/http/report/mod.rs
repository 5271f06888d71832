//! Reports and rankings (报告与排名): made, shown, compared, published, and given as files.

pub mod arrange;
pub mod view;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use serde::Deserialize;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::id::ReportId;
use shanshui_domain::report::compare::compare;
use shanshui_domain::report::{Kind, Report};
use shanshui_domain::right::{Right, Ties};
use shanshui_domain::time::Instant;
use shanshui_store::{ReportFilter, ReportRow, StoreError};
use utoipa::IntoParams;

use self::view::{
    AreaView, DifferenceView, ReportBodyView, ReportChangesView, ReportKindView, ReportMakeIn, ReportPageView,
    ReportPublishIn, ReportSummaryView, ReportView,
};
use super::auth::Visitor;
use super::extract::{Body, Path, Query};
use super::present::words;
use super::view::Problem;
use crate::app::App;
use crate::error::ApiError;
use crate::job::report::make as make_draft;
use crate::report::docx::{self, BadTemplate};
use crate::report::gather::{self, NoReport};
use crate::report::pdf::{self, NoPdf};
use crate::report::{Filing, Form, plain, xlsx};

/// Reports of one page, at most.
const PAGE_MAX: usize = 200;
/// Characters of a document's number, at most.
const NUMBER_CHARS_MAX: usize = 64;

/// Which reports.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    /// Kind.
    kind: Option<ReportKindView>,
    /// Day or span.
    period: Option<String>,
    /// Cursor of the page before.
    before: Option<String>,
    /// Rows wanted, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// What a report is wanted as.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReportFileQuery {
    /// `docx`, `xlsx`, `pdf` or `csv`.
    #[serde(rename = "as")]
    form: String,
    /// Id of the one table that is wanted; of `csv` only.
    table: Option<String>,
}

/// With which other one.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReportChangesQuery {
    /// Id of the earlier one; the one made before it when absent.
    from: Option<String>,
}

/// Where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RankingQuery {
    /// County's code; all that the caller may see when absent.
    area: Option<String>,
}

/// Where, and what the ranking is wanted as.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RankingFileQuery {
    /// County's code; all that the caller may see when absent.
    area: Option<String>,
    /// `docx`, `xlsx`, `pdf` or `csv`.
    #[serde(rename = "as")]
    form: String,
    /// Id of the one table that is wanted; of `csv` only.
    table: Option<String>,
}

fn period_in(text: &str) -> Result<Span, ApiError> {
    Span::parse(text).map_err(|e| ApiError::field("period", e))
}

fn id_in(text: &str) -> Result<ReportId, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound)
}

/// Reports that the caller sees, newest first, and what can be made.
#[utoipa::path(get, path = "/api/v1/analyse/reports", tag = "analyse", params(ReportQuery),
    responses((status = 200, body = ReportPageView), (status = 400, body = Problem)))]
pub async fn reports(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ReportQuery>,
) -> Result<Json<ReportPageView>, ApiError> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(ApiError::field("limit", format!("1 to {PAGE_MAX}")));
    }
    let before = query.before.as_deref().map(str::parse).transpose().map_err(|e| ApiError::field("before", e))?;
    let period = query.period.as_deref().map(period_in).transpose()?;
    let filter = ReportFilter { kind: query.kind.map(Kind::from), period, before, limit };
    let rows = app.store.reports(&visitor, &filter).await?;
    let areas = gather::areas(&app, &visitor, Right::ReportMake);
    Ok(Json(ReportPageView {
        next: (rows.len() == limit).then(|| rows.last().map(|row| row.id.to_string())).flatten(),
        items: rows.iter().map(|row| app.report_summary(row)).collect(),
        kinds: Kind::ALL.iter().copied().map(ReportKindView::from).collect(),
        areas: areas.into_iter().map(AreaView::from).collect(),
    }))
}

/// Makes a report and keeps it as a draft. The same as the newest one of its kind, period and area is that one.
#[utoipa::path(post, path = "/api/v1/analyse/reports", tag = "analyse", request_body = ReportMakeIn,
    responses((status = 200, body = ReportSummaryView), (status = 404, body = Problem)))]
pub async fn make(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<ReportMakeIn>,
) -> Result<Json<ReportSummaryView>, ApiError> {
    let period = period_in(&input.period)?;
    covered(&visitor, Right::ReportMake, &input.area)?;
    let row = make_draft(&app, &visitor, input.kind.into(), period, &input.area).await?;
    Ok(Json(app.report_summary(&row)))
}

fn covered(visitor: &Visitor, right: Right, area: &str) -> Result<(), ApiError> {
    let ties = Ties { county: Some(area).filter(|a| !a.is_empty()), ..Ties::default() };
    if visitor.scope(right).covers(&ties) { Ok(()) } else { Err(ApiError::NotFound) }
}

async fn read(app: &App, visitor: &Visitor, id: ReportId) -> Result<(ReportRow, Report), ApiError> {
    let (row, body) = app.store.report(visitor, id).await?;
    let report = serde_json::from_str(&body).map_err(|e| StoreError::Corrupt(format!("report {id}: {e}")))?;
    Ok((row, report))
}

/// A report with everything it says.
#[utoipa::path(get, path = "/api/v1/analyse/reports/{id}", tag = "analyse", params(("id" = String, Path)),
    responses((status = 200, body = ReportView), (status = 404, body = Problem)))]
pub async fn report(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<ReportView>, ApiError> {
    let (row, report) = read(&app, &visitor, id_in(&id)?).await?;
    let newest = ReportFilter { kind: Some(row.kind), period: Some(row.period), before: None, limit: PAGE_MAX };
    let newest = app.store.reports(&visitor, &newest).await?.into_iter().find(|other| other.area == row.area);
    let may_publish = row.published.is_none()
        && newest.is_some_and(|newest| newest.id == row.id)
        && covered(&visitor, Right::ReportPublish, &row.area).is_ok();
    Ok(Json(ReportView { summary: app.report_summary(&row), body: (&report).into(), may_publish }))
}

/// Publishes the newest draft of a report: from then on it is frozen, and what is made later is the next edition.
#[utoipa::path(post, path = "/api/v1/analyse/reports/{id}/publish", tag = "analyse", params(("id" = String, Path)),
    request_body = ReportPublishIn,
    responses((status = 200, body = ReportSummaryView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn publish(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<ReportPublishIn>,
) -> Result<Json<ReportSummaryView>, ApiError> {
    let number = input.number.trim();
    if number.chars().count() > NUMBER_CHARS_MAX || number.chars().any(char::is_control) {
        return Err(ApiError::field("number", format!("at most {NUMBER_CHARS_MAX} characters, none of control")));
    }
    let now = app.clock.now();
    let row = app.store.report_publish(&visitor, id_in(&id)?, (&input.digest, number), now).await?;
    Ok(Json(app.report_summary(&row)))
}

/// What has changed since an earlier report of the same kind, period and area.
#[utoipa::path(get, path = "/api/v1/analyse/reports/{id}/changes", tag = "analyse",
    params(("id" = String, Path), ReportChangesQuery),
    responses((status = 200, body = ReportChangesView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn changes(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<ReportChangesQuery>,
) -> Result<Json<ReportChangesView>, ApiError> {
    let (row, after) = read(&app, &visitor, id_in(&id)?).await?;
    let from = if let Some(text) = query.from {
        Some(text.parse().map_err(|e| ApiError::field("from", e))?)
    } else {
        let (kind, period) = (Some(row.kind), Some(row.period));
        let earlier = ReportFilter { kind, period, before: Some(row.id), limit: PAGE_MAX };
        let rows = app.store.reports(&visitor, &earlier).await?;
        rows.into_iter().find(|other| other.area == row.area).map(|other| other.id)
    };
    let to = app.report_summary(&row);
    let Some(from) = from else {
        return Ok(Json(ReportChangesView { from: None, to, differences: Vec::new() }));
    };
    let (other, before) = read(&app, &visitor, from).await?;
    if (other.kind, other.period, &other.area) != (row.kind, row.period, &row.area) {
        return Err(ApiError::field("from", "is of another kind, period or area"));
    }
    let differences = compare(&before, &after).into_iter().map(DifferenceView::from).collect();
    Ok(Json(ReportChangesView { from: Some(app.report_summary(&other)), to, differences }))
}

/// What a file is answered with.
type FileOut = ([(HeaderName, String); 4], Vec<u8>);

/// A report as a file.
#[utoipa::path(get, path = "/api/v1/analyse/reports/{id}/file", tag = "analyse",
    params(("id" = String, Path), ReportFileQuery),
    responses((status = 200, description = "The bytes of the file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "application/pdf"), (String = "text/csv"))),
        (status = 400, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem)))]
pub async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<ReportFileQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let (row, report) = read(&app, &visitor, id_in(&id)?).await?;
    file_of(&app, report, Some(&row), &query.form, query.table.as_deref()).await
}

/// The ranking of counties and sections over a span, as it would be made now.
#[utoipa::path(get, path = "/api/v1/analyse/rankings/{span}", tag = "analyse", params(("span" = String, Path), RankingQuery),
    responses((status = 200, body = ReportBodyView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn ranking(
    State(app): State<App>,
    visitor: Visitor,
    Path(span): Path<String>,
    Query(query): Query<RankingQuery>,
) -> Result<Json<ReportBodyView>, ApiError> {
    let report = ranked(&app, &visitor, &span, query.area).await?;
    Ok(Json((&report).into()))
}

/// The ranking as a file.
#[utoipa::path(get, path = "/api/v1/analyse/rankings/{span}/file", tag = "analyse",
    params(("span" = String, Path), RankingFileQuery),
    responses((status = 200, description = "The bytes of the file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (Vec<u8> = "application/pdf"), (String = "text/csv"))),
        (status = 400, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem)))]
pub async fn ranking_file(
    State(app): State<App>,
    visitor: Visitor,
    Path(span): Path<String>,
    Query(query): Query<RankingFileQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let report = ranked(&app, &visitor, &span, query.area).await?;
    file_of(&app, report, None, &query.form, query.table.as_deref()).await
}

async fn ranked(app: &App, visitor: &Visitor, span: &str, area: Option<String>) -> Result<Report, ApiError> {
    let span = Span::parse(span).map_err(|e| ApiError::field("span", e))?;
    let area = match area {
        Some(area) => area,
        None => gather::areas(app, visitor, Right::ReportRead).into_iter().next().ok_or(ApiError::NotFound)?.code,
    };
    covered(visitor, Right::ReportRead, &area)?;
    Ok(gather::report(app, visitor, Kind::WaterRanking, span, &area).await?)
}

async fn file_of(
    app: &App,
    report: Report,
    row: Option<&ReportRow>,
    form: &str,
    table: Option<&str>,
) -> Result<FileOut, ApiError> {
    let form = Form::parse(form).ok_or_else(|| ApiError::field("as", "docx, xlsx, pdf or csv"))?;
    if let Some(id) = table {
        let table = report.table(id).filter(|_| form == Form::Csv);
        let table = table.ok_or_else(|| ApiError::field("table", "one of the report's tables, as csv"))?;
        let name = format!("{} {}", report.title, table.title);
        return Ok(answered(&name, form, plain::table(table).into_bytes()));
    }
    let published = row.and_then(|row| row.published.clone());
    let at = published.as_ref().map(|p| p.at).or(row.map(|row| row.made)).unwrap_or(app.clock.now());
    let (edition, draft) = row.map_or((1, 1), |row| (row.edition, row.draft));
    let name = match row {
        Some(_) => format!("{} {} 第{edition}版", report.title, report.period_text),
        None => format!("{} {}", report.title, report.period_text),
    };
    let template = match form {
        Form::Docx | Form::Pdf => template_of(app, report.kind, published.as_ref().map(|p| p.template)).await?,
        Form::Xlsx | Form::Csv => Vec::new(),
    };
    let (date, app_of) = (date_zh(app, at), app.clone());
    let written = move || -> Result<Vec<u8>, ApiError> {
        let filing = Filing {
            report: &report,
            rules: &app_of.report_rules,
            number: published.as_ref().map_or("", |p| p.number.as_str()),
            edition,
            draft,
            published: published.is_some(),
            date: &date,
        };
        match form {
            Form::Csv => Ok(plain::report(&report).into_bytes()),
            Form::Xlsx => xlsx::write(&filing).map_err(|e| ApiError::Internal(e.into())),
            Form::Docx | Form::Pdf => Ok(docx::fill(&template, &filing)?),
        }
    };
    let bytes = tokio::task::spawn_blocking(written).await.map_err(|e| ApiError::Internal(e.into()))??;
    let bytes = match form {
        Form::Pdf => pdf::convert(&bytes, &app.config.report.pdf_command, app.config.report.pdf_timeout_s).await?,
        _ => bytes,
    };
    Ok(answered(&name, form, bytes))
}

/// The template of a publication, else the newest of the kind, else the built-in one.
async fn template_of(app: &App, kind: Kind, version: Option<i64>) -> Result<Vec<u8>, ApiError> {
    let kept = app.store.report_template_of(kind, version).await?;
    match kept {
        Some(bytes) => Ok(bytes),
        None => Ok(docx::default_template(&app.report_rules)?),
    }
}

fn date_zh(app: &App, at: Instant) -> String {
    Span::Day { day: app.zone.day(at) }.zh()
}

fn answered(name: &str, form: Form, bytes: Vec<u8>) -> FileOut {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let encoded: String =
        name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    let ending = form.ending();
    let headers = [
        (CONTENT_TYPE, form.media_type().to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"report.{ending}\"; filename*=UTF-8''{encoded}.{ending}")),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, bytes)
}

impl From<NoReport> for ApiError {
    fn from(error: NoReport) -> Self {
        match error {
            NoReport::Store(error) => error.into(),
            NoReport::NoArea(_) => Self::field("area", error),
            NoReport::Period(..) | NoReport::NoEdition(_) => Self::field("period", error),
        }
    }
}

impl From<BadTemplate> for ApiError {
    fn from(error: BadTemplate) -> Self {
        let zh = match &error {
            BadTemplate::NoWord(reason) => format!("不是可读取的Word文件（.docx）：{reason}"),
            BadTemplate::NotTaken(reason) => format!("模板含有不允许的内容：{reason}"),
            BadTemplate::Faults(faults) => {
                let one =
                    |f: &docx::Fault| format!("{} 第{}段 {}：{}", f.part, f.paragraph, f.placeholder, f.reason_zh());
                faults.iter().map(one).collect::<Vec<_>>().join("；")
            }
        };
        Self::BadTemplate(words(zh, error.to_string()))
    }
}

impl From<NoPdf> for ApiError {
    fn from(error: NoPdf) -> Self {
        match error {
            NoPdf::NoConverter(_) => Self::NoConverter(error.to_string()),
            NoPdf::TooLong(_) | NoPdf::Failed(_) => Self::NotConverted(error.to_string()),
            NoPdf::Io(error) => Self::Internal(error.into()),
        }
    }
}
