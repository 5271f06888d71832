//! Alarms and cases.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use serde::Deserialize;
use sha2::Digest;
use shanshui_domain::act::alarm::AlarmState;
use shanshui_domain::act::case::{Action, Event};
use shanshui_domain::id::{AlarmId, CaseId, EvidenceId, PersonId};
use shanshui_domain::right::Right;
use shanshui_store::{AlarmFilter, CaseDetail, CaseFilter, EvidenceRow};
use utoipa::IntoParams;

use super::auth::Visitor;
use super::convert::{instant_in, instant_out};
use super::extract::{Body, File, Path, Query};
use super::view::{
    AlarmView, CaseActionIn, CaseActionView, CaseEventView, CaseIn, CaseStateView, CaseSummaryView, CaseView,
    EvidenceView, Page, Problem,
};
use crate::app::{App, Live};
use crate::error::ApiError;

/// Rows of one page, at most.
const PAGE_MAX: usize = 200;
/// What can be evidence: pictures and PDF.
const MEDIA_TYPES: &[&str] = &["image/jpeg", "image/png", "image/webp", "application/pdf"];

/// Which alarms.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AlarmQuery {
    /// States, joined by commas; all when absent.
    state: Option<String>,
    /// Station code.
    station: Option<String>,
    /// Cursor of the page before.
    before: Option<String>,
    /// Rows wanted, 50 by default, 200 at most.
    limit: Option<usize>,
}

/// Alarms, newest first.
#[utoipa::path(get, path = "/api/v1/act/alarms", tag = "act", params(AlarmQuery),
    responses((status = 200, body = Page<AlarmView>), (status = 400, body = Problem)))]
pub async fn alarms(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<AlarmQuery>,
) -> Result<Json<Page<AlarmView>>, ApiError> {
    let states = match query.state.as_deref() {
        None | Some("") => None,
        Some(words) => Some(words.split(',').map(alarm_state).collect::<Result<Vec<_>, _>>()?),
    };
    let before = query.before.as_deref().map(str::parse::<AlarmId>).transpose();
    let before = before.map_err(|e| ApiError::field("before", e))?;
    let limit = page_limit(query.limit);
    let filter = AlarmFilter { states, station: query.station.map(shanshui_domain::id::StationCode) };
    let rows = app.store.alarms(&visitor, &filter, before, limit).await?;
    let next = full_page(&rows, limit, |row| row.id.to_string());
    Ok(Json(Page { items: rows.iter().map(|row| app.alarm_view(row)).collect(), next }))
}

fn alarm_state(word: &str) -> Result<AlarmState, ApiError> {
    AlarmState::parse(word).ok_or_else(|| ApiError::field("state", format!("no such state {word:?}")))
}

fn page_limit(asked: Option<usize>) -> usize {
    asked.unwrap_or(50).clamp(1, PAGE_MAX)
}

fn full_page<T>(rows: &[T], limit: usize, cursor: impl Fn(&T) -> String) -> Option<String> {
    (rows.len() == limit).then(|| rows.last().map(cursor)).flatten()
}

/// Takes notice of an alarm.
#[utoipa::path(post, path = "/api/v1/act/alarms/{id}/acknowledge", tag = "act", params(("id" = String, Path)),
    responses((status = 200, body = AlarmView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn acknowledge(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<AlarmView>, ApiError> {
    let id: AlarmId = id.parse().map_err(|_| ApiError::NotFound)?;
    let row = app.store.alarm_acknowledge(&visitor, id, app.clock.now()).await?;
    let view = app.alarm_view(&row);
    app.tell(Live::Alarm(Box::new(view.clone())));
    Ok(Json(view))
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CaseQuery {
    /// State; `unclosed` means all but closed; all when absent.
    state: Option<String>,
    /// Only those the caller must act on.
    mine: Option<bool>,
    /// Cursor of the page before.
    before: Option<String>,
    /// Rows wanted, 50 by default, 200 at most.
    limit: Option<usize>,
}

/// Cases within the caller's scope, newest first.
#[utoipa::path(get, path = "/api/v1/act/cases", tag = "act", params(CaseQuery),
    responses((status = 200, body = Page<CaseSummaryView>), (status = 400, body = Problem)))]
pub async fn cases(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<CaseQuery>,
) -> Result<Json<Page<CaseSummaryView>>, ApiError> {
    let before = query.before.as_deref().map(str::parse::<CaseId>).transpose();
    let before = before.map_err(|e| ApiError::field("before", e))?;
    let limit = page_limit(query.limit);
    if let Some(state) = query.state.as_deref().filter(|s| *s != "unclosed" && CaseStateView::parse(s).is_none()) {
        return Err(ApiError::field("state", format!("no such state {state:?}")));
    }
    let mine = || visitor.givers().chain([visitor.id()]).collect();
    let assignees = if query.mine.unwrap_or(false) { mine() } else { Vec::new() };
    let filter = CaseFilter { state: query.state, assignees };
    let rows = app.store.cases(&visitor, &filter, before, limit).await?;
    let next = full_page(&rows, limit, |row| row.id.to_string());
    let people = app.people();
    let now = app.clock.now();
    Ok(Json(Page { items: rows.iter().map(|row| app.case_summary(row, &people, now)).collect(), next }))
}

/// One case with its history.
#[utoipa::path(get, path = "/api/v1/act/cases/{id}", tag = "act", params(("id" = String, Path)),
    responses((status = 200, body = CaseView), (status = 404, body = Problem)))]
pub async fn case(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<CaseView>, ApiError> {
    let detail = visible_case(&app, &visitor, &id).await?;
    Ok(Json(case_view(&app, &visitor, detail).await?))
}

async fn visible_case(app: &App, visitor: &Visitor, id: &str) -> Result<CaseDetail, ApiError> {
    let id: CaseId = id.parse().map_err(|_| ApiError::NotFound)?;
    Ok(app.store.case(visitor, id).await?)
}

/// Opens a case, from an alarm or by hand.
#[utoipa::path(post, path = "/api/v1/act/cases", tag = "act", request_body = CaseIn,
    responses((status = 200, body = CaseView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub async fn case_open(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<CaseIn>,
) -> Result<Json<CaseView>, ApiError> {
    let alarm = input.alarm.as_deref().map(str::parse::<AlarmId>).transpose();
    let alarm = alarm.map_err(|e| ApiError::field("alarm", e))?;
    if let Some(alarm) = alarm
        && app.store.alarm(&visitor, alarm).await?.case.is_some()
    {
        return Err(ApiError::Conflict("the alarm has a case already".into()));
    }
    let now = app.clock.now();
    let event = event(&visitor, now, Action::Open { title: input.title, alarm, finding: None }, input.note);
    let id = CaseId(uuid::Uuid::now_v7());
    let (series, area) = (case_prefix(&app, now), home_county(&visitor));
    app.store.case_open(&visitor, shanshui_store::CaseIn { id, series, event, area }).await?;
    let detail = app.store.case(&visitor, id).await?;
    app.tell(Live::Case { id: id.to_string() });
    if let Some(alarm) = alarm {
        let row = app.store.alarm(&visitor, alarm).await?;
        app.tell(Live::Alarm(Box::new(app.alarm_view(&row))));
    }
    Ok(Json(case_view(&app, &visitor, detail).await?))
}

/// A case opened by hand lies in the county of whoever opens it, when they look after one only.
pub(super) fn home_county(visitor: &Visitor) -> String {
    let scope = visitor.scope(Right::CaseOpen);
    let mut counties = scope.counties();
    match (counties.next(), counties.next()) {
        (Some(county), None) => county.to_owned(),
        _ => String::new(),
    }
}

/// Business numbers count anew each civil year: `QZ-2026-0001` for Quzhou.
pub(crate) fn case_prefix(app: &App, now: shanshui_domain::time::Instant) -> String {
    format!("{}-{}-", app.city().city.code, app.zone.day(now).year())
}

pub(crate) fn event(visitor: &Visitor, at: shanshui_domain::time::Instant, action: Action, note: String) -> Event {
    Event { v: Event::FORMAT, at, by: visitor.id(), behalf: None, action, note }
}

/// Moves a case.
#[utoipa::path(post, path = "/api/v1/act/cases/{id}/actions", tag = "act", params(("id" = String, Path)),
    request_body = CaseActionIn,
    responses((status = 200, body = CaseView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn case_act(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<CaseActionIn>,
) -> Result<Json<CaseView>, ApiError> {
    let detail = visible_case(&app, &visitor, &id).await?;
    let action = action_of(&app, &visitor, &detail, &input).await?;
    let event = event(&visitor, app.clock.now(), action, input.note);
    app.store.case_commit(&visitor, detail.case.id, input.version, &[event]).await?;
    app.tell(Live::Case { id: id.clone() });
    let detail = app.store.case(&visitor, detail.case.id).await?;
    Ok(Json(case_view(&app, &visitor, detail).await?))
}

async fn action_of(
    app: &App,
    visitor: &Visitor,
    detail: &CaseDetail,
    input: &CaseActionIn,
) -> Result<Action, ApiError> {
    Ok(match input.action {
        CaseActionView::Assign => Action::Assign { to: assignee(app, input).await?, due: due(input)? },
        CaseActionView::SendBack => Action::SendBack { due: due(input)? },
        CaseActionView::Report => Action::Report { evidence: evidence_ids(app, visitor, detail, input).await? },
        CaseActionView::Verify => Action::Verify { evidence: evidence_ids(app, visitor, detail, input).await? },
        CaseActionView::Close => Action::Close,
        CaseActionView::Open => return Err(ApiError::field("action", "a case is opened once")),
    })
}

async fn assignee(app: &App, input: &CaseActionIn) -> Result<PersonId, ApiError> {
    let to = input.to.as_deref().ok_or_else(|| ApiError::field("to", "missing"))?;
    let to: PersonId = to.parse().map_err(|e| ApiError::field("to", e))?;
    app.people_reload().await?;
    let known = app.people().get(&to).is_some_and(|m| app.may_be_given_cases(m));
    if known { Ok(to) } else { Err(ApiError::field("to", "nobody a case can be given to")) }
}

fn due(input: &CaseActionIn) -> Result<shanshui_domain::time::Instant, ApiError> {
    let due = input.due.as_deref().ok_or_else(|| ApiError::field("due", "missing"))?;
    instant_in("due", due)
}

/// Evidence given with an action must lie in the same case.
async fn evidence_ids(
    app: &App,
    visitor: &Visitor,
    detail: &CaseDetail,
    input: &CaseActionIn,
) -> Result<Vec<EvidenceId>, ApiError> {
    let stored = app.store.evidence_list(visitor, detail.case.id).await?;
    let mut ids = Vec::with_capacity(input.evidence.len());
    for text in &input.evidence {
        let id: EvidenceId = text.parse().map_err(|e| ApiError::field("evidence", e))?;
        if !stored.iter().any(|row| row.id == id) {
            return Err(ApiError::field("evidence", format!("{id} is not of this case")));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// Name of the file.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EvidenceQuery {
    /// File name as the person knows it.
    name: String,
}

/// Adds a file to a case; an action cites it afterwards.
#[utoipa::path(post, path = "/api/v1/act/cases/{id}/evidence", tag = "act", params(("id" = String, Path), EvidenceQuery),
    request_body(description = "The bytes of the file", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"),
        (Vec<u8> = "image/webp"), (Vec<u8> = "application/pdf"))),
    responses((status = 200, body = EvidenceView)))]
pub async fn evidence_put(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<EvidenceQuery>,
    headers: HeaderMap,
    File(body): File,
) -> Result<Json<EvidenceView>, ApiError> {
    let detail = visible_case(&app, &visitor, &id).await?;
    let media_type = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    check_file(&media_type, &body)?;
    let row = EvidenceRow {
        id: EvidenceId(uuid::Uuid::now_v7()),
        case: detail.case.id,
        name: query.name.chars().filter(|c| !c.is_control()).take(120).collect(),
        media_type,
        size: body.len() as i64,
        sha256: hex::encode(sha2::Sha256::digest(&body)),
        by: visitor.id(),
        at: app.clock.now(),
    };
    app.store.evidence_put(&visitor, &row, body.to_vec()).await?;
    Ok(Json(app.evidence_view(&row, &app.people())))
}

/// A file is what its first bytes say, not what its sender says.
fn check_file(media_type: &str, body: &[u8]) -> Result<(), ApiError> {
    let seen = match body {
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [b'%', b'P', b'D', b'F', ..] => "application/pdf",
        _ => "unknown",
    };
    if !MEDIA_TYPES.contains(&media_type) {
        return Err(ApiError::field("content-type", format!("{media_type:?} is not one of {MEDIA_TYPES:?}")));
    }
    if seen != media_type {
        return Err(ApiError::field("body", format!("said to be {media_type}, looks like {seen}")));
    }
    Ok(())
}

/// The bytes of a file.
#[utoipa::path(get, path = "/api/v1/act/evidence/{id}", tag = "act", params(("id" = String, Path)),
    responses((status = 200, description = "The bytes of the file", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"),
        (Vec<u8> = "image/webp"), (Vec<u8> = "application/pdf")))))]
pub async fn evidence(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let id: EvidenceId = id.parse().map_err(|_| ApiError::NotFound)?;
    let (row, bytes) = app.store.evidence(&visitor, id).await?;
    let headers = [
        (CONTENT_TYPE, row.media_type.clone()),
        (CONTENT_DISPOSITION, "inline".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CACHE_CONTROL, "private, max-age=86400".to_owned()),
    ];
    Ok((headers, bytes))
}

pub(super) async fn case_view(app: &App, visitor: &Visitor, detail: CaseDetail) -> Result<CaseView, ApiError> {
    if detail.broken.is_some() {
        app.chain_is_broken(&detail.stream()).await?;
    }
    let people = app.people();
    let alarm = app.store.alarm_of_case(visitor, &detail.case).await?.map(|row| app.alarm_view(&row));
    let evidence = app.store.evidence_list(visitor, detail.case.id).await?;
    let rights = app.store.case_rights(visitor, detail.case.id).await?;
    let events = detail
        .events
        .iter()
        .map(|(event, link)| {
            let (to, due, files) = match &event.action {
                Action::Assign { to, due } => (Some(*to), Some(*due), &[][..]),
                Action::SendBack { due } => (None, Some(*due), &[][..]),
                Action::Report { evidence } | Action::Verify { evidence } => (None, None, evidence.as_slice()),
                Action::Open { .. } | Action::Close => (None, None, &[][..]),
            };
            CaseEventView {
                seq: link.seq,
                at: instant_out(event.at),
                by: app.person_of(event.by, &people),
                behalf: event.behalf.map(|p| app.person_of(p, &people)),
                action: event.action.name().into(),
                to: to.map(|p| app.person_of(p, &people)),
                due: due.map(instant_out),
                note: event.note.clone(),
                evidence: files.iter().map(ToString::to_string).collect(),
                digest: link.digest.clone(),
                algorithm: link.algorithm.as_str().into(),
            }
        })
        .collect();
    let finding = detail.events.iter().find_map(|(event, _)| match &event.action {
        Action::Open { finding, .. } => finding.clone(),
        _ => None,
    });
    let givers: Vec<PersonId> = visitor.givers().collect();
    let actions = detail.case.actions_for(visitor.id(), &givers).into_iter().filter(|_| detail.broken.is_none());
    Ok(CaseView {
        actions: actions.filter(|a| rights.contains(&a.right())).map(CaseActionView::from).collect(),
        version: detail.case.version,
        alarm,
        finding,
        events,
        evidence: evidence.iter().map(|row| app.evidence_view(row, &people)).collect(),
        summary: app.case_summary(&detail.summary(), &people, app.clock.now()),
        broken: detail.broken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        assert!(check_file("image/png", b"\x89PNG\r\n\x1a\n").is_ok());
        assert!(check_file("image/png", b"<script>").is_err());
        assert!(check_file("text/html", b"<script>").is_err());
        assert!(check_file("image/jpeg", b"\x89PNG\r\n\x1a\n").is_err());
        assert!(check_file("image/jpeg", b"").is_err());
    }
}
