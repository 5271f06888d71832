//! Announced visits (来访报备): asked for, approved by somebody else, and before they are over.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::Secret;
use shanshui_domain::sense::eye::visit::{Visit, VisitState};
use shanshui_store::{EventFilter, StoreError, VisitFilter, VisitRow};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::camera::events_in;
use super::station_name;
use crate::app::App;
use crate::error::ApiError;
use crate::http::auth::Visitor;
use crate::http::convert::{instant_in, instant_out};
use crate::http::extract::{Body, Path, Query};
use crate::http::view::{PersonView, Problem, Words};

/// Visits of one answer, at most.
const ROWS_MAX: usize = 500;

/// A visit.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeVisitView {
    /// Id.
    pub id: String,
    /// Station.
    pub station: String,
    /// Its name.
    pub station_name: Words,
    /// Who comes.
    pub who: String,
    /// From where.
    pub unit: String,
    /// The last digits of their telephone number.
    pub phone_tail: String,
    /// What for.
    pub purpose: String,
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// `asked`, `approved`, `refused`, `cancelled`.
    pub state: String,
    /// Who asked for it.
    pub asked_by: PersonView,
    /// When.
    pub asked_at: String,
    /// Who decided it.
    pub decided_by: Option<PersonView>,
    /// When.
    pub decided_at: Option<String>,
    /// In which words.
    pub note: String,
    /// Stays that it covered.
    pub events: usize,
}

/// Visits.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeVisitsView {
    /// Those that begin last first.
    pub items: Vec<EyeVisitView>,
}

/// Which visits.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct VisitsQuery {
    /// Station.
    station: Option<String>,
    /// State.
    state: Option<String>,
    /// That end after.
    from: Option<String>,
    /// That begin before.
    to: Option<String>,
}

/// A visit as somebody asks for it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitIn {
    /// Station.
    station: String,
    /// Who comes.
    who: String,
    /// From where.
    unit: String,
    /// Telephone number.
    #[serde(default)]
    phone: String,
    /// What for.
    purpose: String,
    /// From.
    from: String,
    /// To.
    to: String,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitDecisionIn {
    /// Approved, or refused.
    approve: bool,
    /// In which words.
    #[serde(default)]
    note: String,
}

async fn view(app: &App, visitor: &Visitor, row: VisitRow) -> Result<EyeVisitView, ApiError> {
    let people = app.people();
    let filter = EventFilter {
        station: Some(row.station.clone()),
        kind: Some("visit".into()),
        from: Some(row.visit.from),
        to: Some(row.visit.to),
        ..EventFilter::default()
    };
    let stays = events_in(app, visitor, filter).await?;
    let phone: Vec<char> = row.who.1.expose().chars().collect();
    Ok(EyeVisitView {
        station_name: station_name(app, &row.station),
        station: row.station.to_string(),
        who: row.who.0.expose().to_owned(),
        unit: row.visit.unit,
        phone_tail: phone.iter().skip(phone.len().saturating_sub(4)).collect(),
        purpose: row.visit.purpose,
        from: instant_out(row.visit.from),
        to: instant_out(row.visit.to),
        state: row.state.as_str().into(),
        asked_by: app.person_of(row.asked.0, &people),
        asked_at: instant_out(row.asked.1),
        decided_by: row.decided.map(|(by, _)| app.person_of(by, &people)),
        decided_at: row.decided.map(|(_, at)| instant_out(at)),
        note: row.note,
        events: stays.iter().filter(|e| e.event.begun.visit.as_ref() == Some(&row.id)).count(),
        id: row.id,
    })
}

/// Visits that the caller sees.
#[utoipa::path(get, path = "/api/v1/sense/eye/visits", tag = "sense", operation_id = "eye_visits", params(VisitsQuery),
    responses((status = 200, body = EyeVisitsView), (status = 400, body = Problem)))]
pub async fn visits(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<VisitsQuery>,
) -> Result<Json<EyeVisitsView>, ApiError> {
    let state = query.state.as_deref().map(|word| {
        word.parse::<VisitState>().map_err(|()| ApiError::field("state", format!("no such state {word:?}")))
    });
    let filter = VisitFilter {
        station: query.station.map(StationCode),
        state: state.transpose()?,
        from: query.from.as_deref().map(|t| instant_in("from", t)).transpose()?,
        to: query.to.as_deref().map(|t| instant_in("to", t)).transpose()?,
    };
    let mut items = Vec::new();
    for row in app.store.visits(&visitor, &filter, ROWS_MAX).await? {
        items.push(view(&app, &visitor, row).await?);
    }
    Ok(Json(EyeVisitsView { items }))
}

/// Announces a visit.
#[utoipa::path(post, path = "/api/v1/sense/eye/visits", tag = "sense", operation_id = "eye_visit_put", request_body = VisitIn,
    responses((status = 201, body = EyeVisitView), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn visit_put(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<VisitIn>,
) -> Result<(StatusCode, Json<EyeVisitView>), ApiError> {
    let visit = Visit {
        unit: input.unit.trim().to_owned(),
        purpose: input.purpose.trim().to_owned(),
        from: instant_in("from", &input.from)?,
        to: instant_in("to", &input.to)?,
    };
    let who = input.who.trim().to_owned();
    visit.whole(&who).map_err(StoreError::Visit)?;
    let row = VisitRow {
        id: Uuid::now_v7().to_string(),
        station: StationCode(input.station),
        visit,
        who: (Secret::new(who), Secret::new(input.phone.trim().chars().take(40).collect::<String>())),
        state: VisitState::Asked,
        asked: (visitor.id(), app.clock.now()),
        decided: None,
        note: String::new(),
    };
    app.store.visit_put(&visitor, row.clone()).await?;
    Ok((StatusCode::CREATED, Json(view(&app, &visitor, row).await?)))
}

async fn decided(
    app: &App,
    visitor: &Visitor,
    id: &str,
    then: VisitState,
    note: String,
) -> Result<Json<EyeVisitView>, ApiError> {
    app.store.visit_decide(visitor, id, then, (app.clock.now(), note)).await?;
    let row = app.store.visit(visitor, id).await?;
    view(app, visitor, row).await.map(Json)
}

/// Approves or refuses a visit. Whoever asked for it does not approve it, and nothing is approved after the fact.
#[utoipa::path(post, path = "/api/v1/sense/eye/visits/{id}/decide", tag = "sense", operation_id = "eye_visit_decide", params(("id" = String, Path)),
    request_body = VisitDecisionIn, responses((status = 200, body = EyeVisitView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn visit_decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<VisitDecisionIn>,
) -> Result<Json<EyeVisitView>, ApiError> {
    let then = if input.approve { VisitState::Approved } else { VisitState::Refused };
    decided(&app, &visitor, &id, then, input.note).await
}

/// Takes a visit back.
#[utoipa::path(post, path = "/api/v1/sense/eye/visits/{id}/cancel", tag = "sense", operation_id = "eye_visit_cancel", params(("id" = String, Path)),
    request_body = super::camera::EyeNoteIn, responses((status = 200, body = EyeVisitView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn visit_cancel(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<super::camera::EyeNoteIn>,
) -> Result<Json<EyeVisitView>, ApiError> {
    decided(&app, &visitor, &id, VisitState::Cancelled, input.note).await
}
