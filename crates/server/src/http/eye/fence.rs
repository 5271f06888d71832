//! Fences of a camera: versions, what an earlier day would have been by another, and places where something is no person.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shanshui_domain::sense::eye::camera::Quiet;
use shanshui_domain::sense::eye::guard::lasted;
use shanshui_store::{EventFilter, PlanRow};
use shanshui_vision::Plan;
use utoipa::ToSchema;

use super::camera::{changed, events_in};
use crate::app::App;
use crate::error::ApiError;
use crate::eye::{folder_of, plan, tracks};
use crate::http::auth::Visitor;
use crate::http::convert::{instant_in, instant_out};
use crate::http::extract::{Body, Path};
use crate::http::present::words;
use crate::http::view::{PersonView, Problem};

/// Longest span of a replay, milliseconds.
const REPLAY_MS_MAX: i64 = 25 * 3_600_000;

/// One version of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanVersionView {
    /// Version.
    pub version: i64,
    /// Who drew it.
    pub made_by: Option<PersonView>,
    /// When.
    pub made_at: String,
    /// Why.
    pub note: String,
}

/// The fences of a camera.
#[derive(Debug, Serialize, ToSchema)]
pub struct FencesView {
    /// Version; 0 when nobody has drawn any.
    pub version: i64,
    /// The plan, in the format of fence files.
    #[schema(value_type = Object)]
    pub plan: serde_json::Value,
    /// SHA-256 of its text.
    pub digest: String,
    /// Who drew it.
    pub made_by: Option<PersonView>,
    /// When.
    pub made_at: Option<String>,
    /// Why.
    pub note: String,
    /// Every version, the newest first.
    pub versions: Vec<PlanVersionView>,
}

/// Fences as somebody draws them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FencesIn {
    /// The version that was looked at.
    base_version: i64,
    /// The plan, in the format of fence files.
    #[schema(value_type = Object)]
    plan: serde_json::Value,
    /// Why.
    note: String,
}

/// A plan to try.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayIn {
    /// The plan.
    #[schema(value_type = Object)]
    plan: serde_json::Value,
    /// From, inclusive.
    from: String,
    /// To, exclusive.
    to: String,
}

/// What would have been.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayEventView {
    /// `intrusion`, `crossed` or `left_behind`.
    pub kind: String,
    /// What it was.
    pub label: String,
    /// Fence or line.
    pub fence: String,
    /// When.
    pub entered_at: String,
    /// Until when.
    pub left_at: String,
    /// Best score.
    pub score: f64,
}

/// An earlier span by another plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayView {
    /// What would have been.
    pub events: Vec<ReplayEventView>,
    /// Different people and things that were followed.
    pub tracks: usize,
    /// Pictures on which somebody was followed.
    pub frames: usize,
    /// Seconds of the span in which the camera could see.
    pub covered_s: i64,
    /// Events that there were.
    pub also: usize,
}

/// A place where something is no person.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuietView {
    /// Number.
    pub n: i64,
    /// Left, top, right, bottom: fractions of the picture.
    pub bbox: [f64; 4],
    /// What it is not.
    pub label: String,
    /// Why.
    pub note: String,
    /// Who said so.
    pub made_by: Option<PersonView>,
    /// When.
    pub made_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
}

/// Such places.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuietsView {
    /// Oldest first.
    pub items: Vec<QuietView>,
}

/// Such a place as somebody says it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietIn {
    /// Left, top, right, bottom: fractions of the picture.
    bbox: [f64; 4],
    /// What it is not.
    label: String,
    /// Why.
    note: String,
}

fn plan_in(value: &serde_json::Value) -> Result<Plan, ApiError> {
    let text = value.to_string();
    Plan::parse(&text, None).map_err(|error| ApiError::BadFence(words(error.zh(), error.to_string())))
}

fn fences_view(app: &App, rows: Vec<PlanRow>) -> Result<FencesView, ApiError> {
    let people = app.people();
    let who = |row: &PlanRow| row.by.map(|by| app.person_of(by, &people));
    let versions = rows.iter().map(|row| PlanVersionView {
        version: row.version,
        made_by: who(row),
        made_at: instant_out(row.at),
        note: row.note.clone(),
    });
    let versions = versions.collect();
    let empty = serde_json::to_value(Plan::default()).map_err(|e| ApiError::Internal(e.into()))?;
    Ok(match rows.first() {
        None => FencesView {
            version: 0,
            plan: empty,
            digest: String::new(),
            made_by: None,
            made_at: None,
            note: String::new(),
            versions,
        },
        Some(row) => FencesView {
            version: row.version,
            plan: serde_json::from_str(&row.plan).map_err(|e| ApiError::Internal(e.into()))?,
            digest: row.digest.clone(),
            made_by: who(row),
            made_at: Some(instant_out(row.at)),
            note: row.note.clone(),
            versions,
        },
    })
}

/// The fences of a camera, with every version.
#[utoipa::path(get, path = "/api/v1/sense/eye/cameras/{id}/fences", tag = "sense", operation_id = "eye_fences", params(("id" = String, Path)),
    responses((status = 200, body = FencesView), (status = 404, body = Problem)))]
pub async fn fences(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<FencesView>, ApiError> {
    let rows = app.store.plans(&visitor, &id).await?;
    fences_view(&app, rows).map(Json)
}

/// Draws fences: the next version. One that cannot be is refused with the corner concerned.
#[utoipa::path(put, path = "/api/v1/sense/eye/cameras/{id}/fences", tag = "sense", operation_id = "eye_fences_put", params(("id" = String, Path)),
    request_body = FencesIn, responses((status = 200, body = FencesView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub async fn fences_put(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<FencesIn>,
) -> Result<Json<FencesView>, ApiError> {
    let plan = plan_in(&input.plan)?;
    let row = PlanRow {
        camera: id.clone(),
        version: input.base_version.saturating_add(1),
        plan: serde_json::to_string(&plan).map_err(|e| ApiError::Internal(e.into()))?,
        digest: String::new(),
        note: input.note.trim().to_owned(),
        by: Some(visitor.id()),
        at: app.clock.now(),
    };
    app.store.plan_put(&visitor, row).await?;
    changed(&app).await?;
    fences_view(&app, app.store.plans(&visitor, &id).await?).map(Json)
}

/// What an earlier span would have been by another plan: who was followed then is played against it.
#[utoipa::path(post, path = "/api/v1/sense/eye/cameras/{id}/replay", tag = "sense", operation_id = "eye_replay", params(("id" = String, Path)),
    request_body = ReplayIn, responses((status = 200, body = ReplayView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub async fn replay(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<ReplayIn>,
) -> Result<Json<ReplayView>, ApiError> {
    app.store.camera(&visitor, &id).await?;
    let (plan, from, to) = (plan_in(&input.plan)?, instant_in("from", &input.from)?, instant_in("to", &input.to)?);
    if from >= to || to.ms_since(from) > REPLAY_MS_MAX {
        return Err(ApiError::field("from", "at most a day, and before to"));
    }
    let usual = app.eye.model.usual();
    let (folder, zone) = (folder_of(&app, &id), app.zone.clone());
    let played = tokio::task::spawn_blocking(move || {
        let moments = tracks::between(&folder, (from, to));
        let ids: std::collections::BTreeSet<u64> =
            moments.iter().flat_map(|m| m.tracks.iter().map(|t| t.track)).collect();
        (plan::replay(plan, usual, &moments, &zone), ids.len(), moments.len())
    });
    let (events, followed, frames) = played.await.map_err(|e| ApiError::Internal(e.into()))?;
    let guards = app.store.guards(&visitor, &id, (from, to)).await?;
    let sum = lasted(&guards, (from, to.min(app.clock.now())));
    let filter = EventFilter { camera: Some(id), from: Some(from), to: Some(to), ..EventFilter::default() };
    let also = events_in(&app, &visitor, filter).await?.len();
    let events = events.into_iter().map(|(line, entered, left)| ReplayEventView {
        kind: line.kind.into(),
        label: line.label,
        fence: line.fence,
        entered_at: instant_out(entered),
        left_at: instant_out(left),
        score: f64::from(line.score),
    });
    let covered_s = (sum.guarded + sum.intrusion) / 1_000;
    Ok(Json(ReplayView { events: events.collect(), tracks: followed, frames, covered_s, also }))
}

/// Places where something is no person.
#[utoipa::path(get, path = "/api/v1/sense/eye/cameras/{id}/quiet", tag = "sense", operation_id = "eye_quiets", params(("id" = String, Path)),
    responses((status = 200, body = QuietsView), (status = 404, body = Problem)))]
pub async fn quiets(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<QuietsView>, ApiError> {
    let people = app.people();
    let items = app.store.quiets(&visitor, &id).await?.into_iter().map(|q| QuietView {
        n: q.n,
        bbox: q.quiet.bbox,
        label: q.quiet.label,
        note: q.quiet.note,
        made_by: q.by.map(|by| app.person_of(by, &people)),
        made_at: instant_out(q.at),
        ended_at: q.ended.map(instant_out),
    });
    Ok(Json(QuietsView { items: items.collect() }))
}

/// Says that something at a place is no person.
#[utoipa::path(post, path = "/api/v1/sense/eye/cameras/{id}/quiet", tag = "sense", operation_id = "eye_quiet_put", params(("id" = String, Path)),
    request_body = QuietIn, responses((status = 200, body = QuietsView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn quiet_put(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<QuietIn>,
) -> Result<Json<QuietsView>, ApiError> {
    let [x0, y0, x1, y1] = input.bbox;
    if !(0.0 <= x0 && x0 < x1 && x1 <= 1.0 && 0.0 <= y0 && y0 < y1 && y1 <= 1.0) {
        return Err(ApiError::field("bbox", "left, top, right, bottom: fractions of the picture"));
    }
    let quiet = Quiet { bbox: input.bbox, label: input.label, note: input.note };
    app.store.quiet_put(&visitor, &id, quiet, app.clock.now()).await?;
    changed(&app).await?;
    quiets(State(app), visitor, Path(id)).await
}

/// Ends such a place.
#[utoipa::path(post, path = "/api/v1/sense/eye/cameras/{id}/quiet/{n}/end", tag = "sense", operation_id = "eye_quiet_end",
    params(("id" = String, Path), ("n" = i64, Path)),
    responses((status = 200, body = QuietsView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn quiet_end(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, n)): Path<(String, i64)>,
) -> Result<Json<QuietsView>, ApiError> {
    app.store.quiet_end(&visitor, &id, n, app.clock.now()).await?;
    changed(&app).await?;
    quiets(State(app), visitor, Path(id)).await
}
