//! Cameras: which there are, how they are, their pictures, and how each guarded its station.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::{Body as Bytes, Bytes as Part};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shanshui_camera::{Picture, Recording, State as Stream, jpeg};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::Secret;
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::sense::eye::camera::Camera;
use shanshui_domain::sense::eye::guard::{Guard, GuardState, lasted};
use shanshui_domain::time::{Instant, Period};
use shanshui_store::{CameraRow, EventFilter, EventRow, StoreError};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{EyeModelView, reason_words, station_name};
use crate::app::App;
use crate::error::{ApiError, camera_words};
use crate::eye::{Looking, Shown, shown_address};
use crate::http::auth::Visitor;
use crate::http::convert::{instant_in, instant_out};
use crate::http::extract::{Body, Path, Query};
use crate::http::present::words;
use crate::http::view::{Problem, Words};
use crate::notes;

/// Newest events that count for a camera's precision, at most.
const JUDGED_MAX: usize = 500;
/// Changes of a guard of one answer, at most.
const GUARDS_MAX: usize = 5_000;
/// Between two pictures of a live stream.
const LIVE_EVERY: Duration = Duration::from_millis(200);
/// A live stream ends after this time, and the browser asks again.
const LIVE_LASTS: Duration = Duration::from_mins(10);

/// How a camera guards its station.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuardView {
    /// `guarded`, `intrusion`, `blind`, `off`.
    pub state: String,
    /// Why, of a blind one.
    pub reason: Option<String>,
    /// The same in words.
    pub reason_words: Option<Words>,
    /// Since when.
    pub since: String,
    /// Seconds blind since midnight.
    pub blind_today_s: i64,
    /// Events since midnight.
    pub intrusions_today: i64,
}

/// What a camera sends now.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiveView {
    /// When the newest picture was taken.
    pub at: Option<String>,
    /// Pictures a second that are looked at.
    pub fps: f64,
    /// From a picture's taking until it had been looked at.
    pub lag_ms: i64,
    /// Pictures that were dropped because the one before was still being looked at.
    pub dropped: u64,
    /// Codec.
    pub codec: Option<String>,
    /// Columns and rows of what it sends.
    pub picture: Option<[u32; 2]>,
    /// The camera's clock less ours, where it tells its own.
    pub clock_offset_ms: Option<i64>,
    /// How often it was begun again.
    pub restarts: u64,
    /// CPU seconds of its programs.
    pub cpu_s: f64,
    /// Memory of its programs, MiB.
    pub memory_mb: f64,
    /// Why the detector was given up.
    pub given_up: Option<String>,
}

/// How it is recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingView {
    /// `recording`, `stopped`, `off`.
    pub state: String,
    /// Why it stopped.
    pub reason: Option<Words>,
    /// The oldest that there is.
    pub from: Option<String>,
    /// Bytes.
    pub bytes: u64,
}

/// How often a camera was right, as reviewers say.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrecisionView {
    /// Events that somebody has looked at.
    pub reviewed: i64,
    /// Of those, in which there was somebody or something.
    pub right: i64,
}

/// A camera.
#[derive(Debug, Serialize, ToSchema)]
pub struct CameraView {
    /// Id.
    pub id: String,
    /// Short name.
    pub code: String,
    /// Name.
    pub name: Words,
    /// Station.
    pub station: String,
    /// Its name.
    pub station_name: Words,
    /// `rtsp`, `mjpeg`, `snapshot`, `file`, `drawn`.
    pub kind: String,
    /// Address without what opens it.
    pub address: String,
    /// That of the smaller stream.
    pub detect_address: Option<String>,
    /// `tcp` or `udp`.
    pub transport: String,
    /// Pictures a second that are looked at.
    pub fps: f64,
    /// Width at which they are looked at.
    pub width: u32,
    /// Whether it is looked at.
    pub enabled: bool,
    /// Version.
    pub version: i64,
    /// How it guards its station.
    pub guard: GuardView,
    /// What it sends now; none when another node looks at it, or nobody.
    pub live: Option<LiveView>,
    /// How it is recorded.
    pub recording: RecordingView,
    /// Detector; none when only motion is seen.
    pub model: Option<EyeModelView>,
    /// Why the model that is configured is not used.
    pub model_refused: Option<String>,
    /// Version of its fences.
    pub fence_version: Option<i64>,
    /// How often it was right.
    pub precision: PrecisionView,
}

/// Cameras.
#[derive(Debug, Serialize, ToSchema)]
pub struct CamerasView {
    /// By code.
    pub items: Vec<CameraView>,
}

/// A camera as somebody registers or changes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraIn {
    /// Short name.
    code: String,
    /// Station.
    station: String,
    /// Name.
    name_zh: String,
    /// Name in English.
    name_en: String,
    /// `rtsp`, `mjpeg`, `snapshot`, `file`, `drawn`.
    kind: String,
    /// Address, with what opens it.
    #[serde(default)]
    address: Option<String>,
    /// Another stream to look at.
    #[serde(default)]
    detect_address: Option<String>,
    /// `tcp` or `udp`.
    #[serde(default)]
    transport: Option<String>,
    /// Pictures a second.
    #[serde(default)]
    fps: Option<f64>,
    /// Width.
    #[serde(default)]
    width: Option<u32>,
    /// Whether it is looked at.
    #[serde(default)]
    enabled: Option<bool>,
    /// The version that was looked at; 0 or nothing of a new one.
    #[serde(default)]
    base_version: Option<i64>,
    /// The addresses stay as they are.
    #[serde(default)]
    keep_address: bool,
}

/// One stretch of a guard.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuardSpanView {
    /// State.
    pub state: String,
    /// Why.
    pub reason: Option<String>,
    /// The same in words.
    pub reason_words: Option<Words>,
    /// Since when.
    pub since: String,
    /// Until when; none while it lasts.
    pub until: Option<String>,
}

/// How a camera guarded its station.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuardsView {
    /// Ascending.
    pub items: Vec<GuardSpanView>,
    /// Seconds guarded.
    pub guarded_s: i64,
    /// Seconds with somebody there.
    pub intrusion_s: i64,
    /// Seconds blind.
    pub blind_s: i64,
}

/// A span of time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SpanQuery {
    /// From, inclusive.
    from: String,
    /// To, exclusive.
    to: String,
}

impl SpanQuery {
    pub(super) fn span(&self) -> Result<(Instant, Instant), ApiError> {
        let (from, to) = (instant_in("from", &self.from)?, instant_in("to", &self.to)?);
        if from >= to {
            return Err(ApiError::field("from", "is not before to"));
        }
        Ok((from, to))
    }
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EyeNoteIn {
    /// In which words.
    pub(super) note: String,
}

/// Cameras that the caller sees, each as it is now.
#[utoipa::path(get, path = "/api/v1/sense/eye/cameras", tag = "sense", operation_id = "eye_cameras",
    responses((status = 200, body = CamerasView)))]
pub async fn cameras(State(app): State<App>, visitor: Visitor) -> Result<Json<CamerasView>, ApiError> {
    let rows = app.store.cameras(&visitor).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(view(&app, &visitor, row).await?);
    }
    Ok(Json(CamerasView { items }))
}

/// One camera.
#[utoipa::path(get, path = "/api/v1/sense/eye/cameras/{id}", tag = "sense", operation_id = "eye_camera", params(("id" = String, Path)),
    responses((status = 200, body = CameraView), (status = 404, body = Problem)))]
pub async fn camera(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<CameraView>, ApiError> {
    let row = app.store.camera(&visitor, &id).await?;
    Ok(Json(view(&app, &visitor, row).await?))
}

/// Registers a camera.
#[utoipa::path(post, path = "/api/v1/sense/eye/cameras", tag = "sense", operation_id = "eye_camera_add", request_body = CameraIn,
    responses((status = 201, body = CameraView), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn camera_add(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<CameraIn>,
) -> Result<(StatusCode, Json<CameraView>), ApiError> {
    let id = Uuid::now_v7().to_string();
    Ok((StatusCode::CREATED, Json(put(&app, &visitor, id, None, input).await?)))
}

/// Changes a camera: its next version.
#[utoipa::path(put, path = "/api/v1/sense/eye/cameras/{id}", tag = "sense", operation_id = "eye_camera_put", params(("id" = String, Path)),
    request_body = CameraIn, responses((status = 200, body = CameraView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub async fn camera_put(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<CameraIn>,
) -> Result<Json<CameraView>, ApiError> {
    let was = app.store.camera_to(&visitor, Right::EyeChange, &id).await?;
    Ok(Json(put(&app, &visitor, id, Some(was), input).await?))
}

async fn put(
    app: &App,
    visitor: &Visitor,
    id: String,
    was: Option<CameraRow>,
    input: CameraIn,
) -> Result<CameraView, ApiError> {
    let kind = input.kind.parse().map_err(|()| ApiError::field("kind", format!("no such kind {:?}", input.kind)))?;
    let udp = match input.transport.as_deref() {
        None | Some("tcp") => false,
        Some("udp") => true,
        Some(other) => return Err(ApiError::field("transport", format!("{other:?} is neither tcp nor udp"))),
    };
    let given = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    let (mut address, mut detect) = (given(input.address), given(input.detect_address));
    if input.keep_address && was.is_some() {
        let (old, old_detect) = app.store.camera_addresses(&id).await?;
        address = address.or_else(|| Some(old.expose().to_owned()).filter(|a| !a.is_empty()));
        detect = detect.or_else(|| old_detect.map(|d| d.expose().to_owned()));
    }
    let camera = Camera {
        code: input.code.trim().to_owned(),
        station: StationCode(input.station),
        name_zh: input.name_zh.trim().to_owned(),
        name_en: input.name_en.trim().to_owned(),
        kind,
        address: address.as_deref().map(shown_address).unwrap_or_default(),
        detect_address: detect.as_deref().map(shown_address),
        udp,
        fps: input.fps.or(was.as_ref().map(|w| w.camera.fps)).unwrap_or(5.0),
        width: input.width.or(was.as_ref().map(|w| w.camera.width)).unwrap_or(640),
        enabled: input.enabled.unwrap_or(true),
    };
    camera.whole().map_err(|fault| ApiError::BadField(camera_words(fault)))?;
    app.station(&camera.station).ok_or_else(|| ApiError::field("station", "no such station"))?;
    let mut spec = shanshui_camera::Spec::new(crate::eye::kind_of(&camera), address.clone().unwrap_or_default());
    spec.detect_url = detect.clone().map(shanshui_camera::Secret::new);
    spec.check().map_err(|error| ApiError::BadField(words(error.zh(), error.to_string())))?;
    let base = input.base_version.unwrap_or_else(|| was.as_ref().map_or(0, |w| w.version));
    let row = CameraRow { id, version: base + 1, camera, by: Some(visitor.id()), at: app.clock.now() };
    let secret = (Secret::new(address.unwrap_or_default()), detect.map(Secret::new));
    app.store.camera_put(visitor, row.clone(), secret).await?;
    changed(app).await?;
    view(app, visitor, row).await
}

/// Every node looks again.
pub(super) async fn changed(app: &App) -> Result<(), StoreError> {
    app.eye.bell.ring();
    app.publish(notes::EYE, String::new()).await
}

/// The present picture. There is none while the camera is blind: an old picture is never given for it.
#[utoipa::path(get, path = "/api/v1/sense/eye/cameras/{id}/picture", tag = "sense", operation_id = "eye_picture", params(("id" = String, Path)),
    responses((status = 200, description = "JPEG; X-Picture-At says when it was taken", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn picture(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    app.store.camera(&visitor, &id).await?;
    let looking = app.eye.looking(&id);
    let shown = looking.as_deref().and_then(|l| l.live(app.clock.now())).ok_or_else(|| blind(looking.as_deref()))?;
    let at = instant_out(shown.taken);
    let bytes = encoded(shown).await?;
    Ok((
        [("content-type", "image/jpeg".to_owned()), ("cache-control", "no-store".to_owned()), ("x-picture-at", at)],
        bytes,
    ))
}

fn blind(looking: Option<&Looking>) -> ApiError {
    let reason = looking.map(|l| l.now().blind);
    match reason {
        Some(Some(reason)) => ApiError::Blind(words(
            format!("摄像机当前无画面：{}", reason.zh()),
            format!("there is no present picture: {}", reason.en()),
        )),
        Some(None) => ApiError::Blind(words("摄像机当前无画面", "there is no present picture")),
        None => ApiError::Blind(words("本节点未接入该摄像机", "this node does not look at that camera")),
    }
}

async fn encoded(shown: Shown) -> Result<Vec<u8>, ApiError> {
    let made = tokio::task::spawn_blocking(move || {
        let p = &shown.picture;
        Picture::new(p.width(), p.height(), p.rgb().to_vec()).and_then(|picture| jpeg::encode(&picture, 80))
    });
    let made = made.await.map_err(|e| ApiError::Internal(e.into()))?;
    made.map_err(|e| ApiError::Internal(e.into()))
}

/// Present pictures one after the other (MJPEG), until the camera is blind or ten minutes are over.
#[utoipa::path(get, path = "/api/v1/sense/eye/cameras/{id}/live", tag = "sense", operation_id = "eye_live", params(("id" = String, Path)),
    responses((status = 200, description = "pictures without end", body = Vec<u8>, content_type = "multipart/x-mixed-replace"),
        (status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn live(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Result<Response, ApiError> {
    app.store.camera(&visitor, &id).await?;
    let looking = app.eye.looking(&id).ok_or_else(|| blind(None))?;
    looking.live(app.clock.now()).ok_or_else(|| blind(Some(&looking)))?;
    let until = tokio::time::Instant::now() + LIVE_LASTS;
    let parts = futures::stream::unfold((app, looking, Instant(0)), move |(app, looking, last)| async move {
        loop {
            if tokio::time::Instant::now() > until || app.shutdown.is_cancelled() {
                return None;
            }
            let shown = looking.live(app.clock.now())?;
            if shown.taken == last {
                tokio::time::sleep(LIVE_EVERY / 2).await;
                continue;
            }
            let taken = shown.taken;
            let bytes = encoded(shown).await.ok()?;
            let head = format!("--picture\r\ncontent-type: image/jpeg\r\ncontent-length: {}\r\n\r\n", bytes.len());
            let mut part = head.into_bytes();
            part.extend(bytes);
            part.extend(b"\r\n");
            return Some((Ok::<_, Infallible>(Part::from(part)), (app, looking, taken)));
        }
    });
    let headers = [(CONTENT_TYPE, "multipart/x-mixed-replace; boundary=picture"), (CACHE_CONTROL, "no-store")];
    Ok((headers, Bytes::from_stream(parts)).into_response())
}

/// How a camera guarded its station over a span.
#[utoipa::path(get, path = "/api/v1/sense/eye/cameras/{id}/guard", tag = "sense", operation_id = "eye_guard", params(("id" = String, Path), SpanQuery),
    responses((status = 200, body = GuardsView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn guard(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<SpanQuery>,
) -> Result<Json<GuardsView>, ApiError> {
    let span = query.span()?;
    let span = (span.0, span.1.min(app.clock.now()));
    let changes = app.store.guards(&visitor, &id, span).await?;
    let sum = lasted(&changes, span);
    let items = changes.iter().enumerate().take(GUARDS_MAX).map(|(i, g)| GuardSpanView {
        state: g.state.as_str().into(),
        reason: g.reason.map(|r| r.as_str().into()),
        reason_words: g.reason.map(reason_words),
        since: instant_out(g.since),
        until: changes.get(i + 1).map(|next| instant_out(next.since)),
    });
    let s = |ms: i64| ms / 1_000;
    Ok(Json(GuardsView {
        items: items.collect(),
        guarded_s: s(sum.guarded),
        intrusion_s: s(sum.intrusion),
        blind_s: s(sum.blind),
    }))
}

/// What the camera sees from now on is what it is to see: after it was turned on purpose.
#[utoipa::path(post, path = "/api/v1/sense/eye/cameras/{id}/scene", tag = "sense", operation_id = "eye_scene", params(("id" = String, Path)),
    request_body = EyeNoteIn, responses((status = 204), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub async fn scene(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<EyeNoteIn>,
) -> Result<StatusCode, ApiError> {
    app.store.camera_to(&visitor, Right::EyeFence, &id).await?;
    let looking = app.eye.looking(&id).ok_or_else(|| blind(None))?;
    app.store.scene_note(&visitor, &id, app.clock.now(), input.note).await?;
    looking.relearn();
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn view(app: &App, visitor: &Caller, row: CameraRow) -> Result<CameraView, ApiError> {
    let now = app.clock.now();
    let looking = app.eye.looking(&row.id);
    let today = Period::day_of(now, &app.zone).map_or(now, |day| day.start);
    let guards = app.store.guards(visitor, &row.id, (today, Instant(now.0 + 1))).await?;
    let tally = app.store.eye_tally(visitor, &row.id, (today, JUDGED_MAX)).await?;
    let fence_version = match &looking {
        Some(looking) => Some(looking.plan().version).filter(|v| *v > 0),
        None => app.store.plans(visitor, &row.id).await?.first().map(|p| p.version),
    };
    let last = guards.last().copied();
    let guard = guard_view(&row, last, now, lasted(&guards, (today, now)).blind / 1_000, tally.doubting);
    let camera = row.camera;
    Ok(CameraView {
        name: words(&camera.name_zh, &camera.name_en),
        station_name: station_name(app, &camera.station),
        station: camera.station.to_string(),
        kind: camera.kind.as_str().into(),
        // kept as it was shown when it was registered; less is shown today
        address: if camera.address.is_empty() { String::new() } else { shown_address(&camera.address) },
        detect_address: camera.detect_address.as_deref().map(shown_address),
        transport: if camera.udp { "udp" } else { "tcp" }.into(),
        fps: camera.fps,
        width: camera.width,
        enabled: camera.enabled,
        version: row.version,
        guard,
        live: looking.as_deref().map(live_view),
        recording: recording_view(looking.as_deref()),
        model: looking.as_deref().and_then(|l| l.model.as_ref()).map(EyeModelView::from),
        model_refused: app.eye.model.wrong(),
        fence_version,
        precision: PrecisionView { reviewed: tally.reviewed, right: tally.right },
        code: camera.code,
        id: row.id,
    })
}

fn guard_view(row: &CameraRow, last: Option<Guard>, now: Instant, blind_s: i64, intrusions: i64) -> GuardView {
    let off = Guard { state: GuardState::Off, reason: None, since: row.at };
    let guard = if row.camera.enabled { last.unwrap_or(Guard { since: now, ..off }) } else { off };
    GuardView {
        state: guard.state.as_str().into(),
        reason: guard.reason.map(|r| r.as_str().into()),
        reason_words: guard.reason.map(reason_words),
        since: instant_out(guard.since),
        blind_today_s: blind_s,
        intrusions_today: intrusions,
    }
}

fn live_view(looking: &Looking) -> LiveView {
    let (now, sum) = (looking.now(), looking.statistics());
    let (codec, picture) = match &now.state {
        Some(Stream::Running { codec, width, height, .. }) => (Some(codec.clone()), Some([*width, *height])),
        _ => (None, None),
    };
    LiveView {
        at: now.shown.as_ref().map(|s| instant_out(s.taken)),
        fps: (now.fps() * 10.0).round() / 10.0,
        lag_ms: now.lag_ms,
        dropped: sum.dropped,
        codec,
        picture,
        clock_offset_ms: looking.clock_offset_ms(),
        restarts: sum.starts.saturating_sub(1),
        cpu_s: sum.cpu_s,
        memory_mb: sum.memory_mb,
        given_up: now.given_up,
    }
}

fn recording_view(looking: Option<&Looking>) -> RecordingView {
    let ring = looking.and_then(Looking::ring);
    let health = ring.as_ref().map(shanshui_camera::Ring::health);
    let (state, reason) = match looking.and_then(|l| l.now().recording) {
        _ if ring.is_none() => ("off", None),
        None | Some(Recording::On) => ("recording", None),
        Some(other) => ("stopped", Some(words(other.zh(), format!("{other:?}")))),
    };
    RecordingView {
        state: state.into(),
        reason,
        from: health.as_ref().and_then(|h| h.oldest).map(|at| instant_out(Instant::from_timestamp(at))),
        bytes: health.map_or(0, |h| h.used),
    }
}

/// Events that have begun in a span, all of them.
pub(super) async fn events_in(app: &App, caller: &Caller, filter: EventFilter) -> Result<Vec<EventRow>, StoreError> {
    const PAGE: usize = 1_000;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = app.store.eye_events(caller, &filter, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some((last.event.begun.entered, last.id.clone()));
        all.extend(page);
    }
}
