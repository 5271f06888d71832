//! Events: the list, one with everything that belongs to it, and what people do with it.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shanshui_domain::act::case::Action;
use shanshui_domain::id::{CaseId, StationCode};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::sense::eye::camera::Quiet;
use shanshui_domain::sense::eye::event::{Event, Step, What};
use shanshui_domain::sense::eye::{EventKind, Suspicion, Verdict};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{EventFilter, EventRow, FindingState, StepRow};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{EyeModelView, label_words, station_name};
use crate::app::{App, EyeSaid, Live};
use crate::error::ApiError;
use crate::http::auth::Visitor;
use crate::http::convert::{instant_in, instant_out};
use crate::http::extract::{Body, Path, Query};
use crate::http::present::words;
use crate::http::view::{PersonView, Problem, Words};

/// Events of a page, at most.
const PAGE_MAX: usize = 200;
/// Doubts of one answer, at most.
const DOUBTS_MAX: usize = 500;
/// Findings around an event that are looked at.
const FINDINGS_MAX: usize = 500;
/// A clip without faces is made within this time.
const CLIP_WAITS_MS: i64 = 600_000;
/// Values that are counted of a point, at most.
const VALUES_MAX: usize = 5_000;

/// An event of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeEventView {
    /// Id.
    pub id: String,
    /// Number that people use.
    pub number: String,
    /// Camera.
    pub camera: String,
    /// Its name.
    pub camera_name: Words,
    /// Station.
    pub station: String,
    /// Its name.
    pub station_name: Words,
    /// `intrusion`, `crossed`, `left_behind`, `visit`.
    pub kind: String,
    /// What was seen.
    pub label: String,
    /// The same in words.
    pub label_words: Words,
    /// Fence or line.
    pub fence: String,
    /// Its name.
    pub fence_name: String,
    /// When it came near.
    pub approached_at: Option<String>,
    /// When it entered.
    pub entered_at: String,
    /// When it left.
    pub left_at: Option<String>,
    /// How long it was there.
    pub seconds: Option<f64>,
    /// Best score.
    pub score: f64,
    /// `open`, `unreviewed`, `reviewed`.
    pub state: String,
    /// `person`, `maintenance`, `animal`, `false`.
    pub verdict: Option<String>,
    /// The approved visit that covers it.
    pub visit: Option<String>,
    /// `standing`, `lifted`, `confirmed`.
    pub suspicion: Option<String>,
    /// `sent`, `acknowledged`, `failed`, `silent`.
    pub voice: Option<String>,
    /// Whether there is a picture.
    pub picture: bool,
    /// Its case.
    pub case: Option<String>,
}

/// One page of events, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeEventsView {
    /// Events.
    pub items: Vec<EyeEventView>,
    /// Give this as `after` to go on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many last, and how many wait for a look.
    pub counts: EyeCountsView,
}

/// What waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeCountsView {
    /// Events that last.
    pub open: i64,
    /// Events that nobody has looked at.
    pub unreviewed: i64,
}

/// What the clocks said.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeClocksView {
    /// The camera's.
    pub camera: Option<String>,
    /// Ours.
    pub server: String,
    /// The camera's less ours, milliseconds.
    pub offset_ms: Option<i64>,
}

/// A step.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeStepView {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// What.
    pub what: String,
    /// When.
    pub at: String,
    /// Who; none of the program.
    pub by: Option<PersonView>,
    /// In words.
    pub words: Words,
    /// Digest of the link.
    pub digest: String,
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeFileView {
    /// Name.
    pub name: String,
    /// `entry`, `best`, `exit`, `clip`.
    pub kind: String,
    /// Bytes.
    pub bytes: i64,
    /// SHA-256.
    pub sha256: String,
    /// SM3.
    pub sm3: String,
    /// What stretch it shows.
    pub from: Option<String>,
    /// Until when.
    pub to: Option<String>,
}

/// What of the station's data is in doubt.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeDoubtView {
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// Points with values in it.
    pub points: usize,
    /// Values in it.
    pub values: usize,
}

/// A point of the station.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyePointView {
    /// Id.
    pub id: i64,
    /// Factor.
    pub factor: String,
    /// Its name.
    pub name: Words,
    /// Unit.
    pub unit: String,
}

/// A finding of data review that overlaps.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeFindingView {
    /// Id.
    pub id: String,
    /// `check` or `clue`.
    pub family: String,
    /// Check or detector.
    pub rule: String,
    /// Factor.
    pub factor: Option<String>,
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// Its case.
    pub case: Option<String>,
}

/// An event with everything that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeEventDetail {
    /// As in the list.
    #[serde(flatten)]
    pub event: EyeEventView,
    /// Version of the fences.
    pub fence_version: i64,
    /// SHA-256 of them.
    pub plan_digest: String,
    /// Thresholds that applied.
    #[schema(value_type = Object)]
    pub thresholds: serde_json::Value,
    /// Detector.
    pub model: Option<EyeModelView>,
    /// Clocks.
    pub clocks: EyeClocksView,
    /// Where it was seen first: left, top, right, bottom, fractions of the picture.
    pub bbox: [f64; 4],
    /// Steps.
    pub steps: Vec<EyeStepView>,
    /// Files that are there.
    pub files: Vec<EyeFileView>,
    /// Doubted data.
    pub suspicion_span: Option<EyeDoubtView>,
    /// Points of the station.
    pub points: Vec<EyePointView>,
    /// Findings about the same stretch.
    pub findings: Vec<EyeFindingView>,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EyeEventsQuery {
    /// Station.
    station: Option<String>,
    /// Camera.
    camera: Option<String>,
    /// Kind.
    kind: Option<String>,
    /// State.
    state: Option<String>,
    /// Entered from then on.
    from: Option<String>,
    /// Entered before.
    to: Option<String>,
    /// Cursor of the page before.
    after: Option<String>,
    /// Events of the page.
    limit: Option<usize>,
}

/// What it was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictIn {
    /// `person`, `maintenance`, `animal`, `false`.
    verdict: String,
    /// Why.
    reason: String,
    /// Something at that place is no person from now on.
    #[serde(default)]
    remember: bool,
}

/// What becomes of the doubt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspicionIn {
    /// `lift` or `confirm`.
    act: String,
    /// Why.
    reason: String,
}

/// A case that was opened or joined.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeCaseView {
    /// Its id.
    pub case: String,
}

/// Where data of a station is in doubt.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeSuspicionView {
    /// Event.
    pub event: String,
    /// Its number.
    pub number: String,
    /// Station.
    pub station: String,
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// `standing`, `lifted`, `confirmed`.
    pub state: String,
    /// Who settled it.
    pub by: Option<PersonView>,
    /// When.
    pub at: Option<String>,
    /// Why.
    pub reason: String,
    /// Whether there is a picture.
    pub picture: bool,
}

/// Where data is in doubt, or was.
#[derive(Debug, Serialize, ToSchema)]
pub struct EyeSuspicionsView {
    /// Oldest first.
    pub items: Vec<EyeSuspicionView>,
}

/// Station and span.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SuspicionsQuery {
    /// Station.
    station: String,
    /// From.
    from: String,
    /// To.
    to: String,
}

fn filter_in(q: &EyeEventsQuery) -> Result<EventFilter, ApiError> {
    if let Some(kind) = &q.kind {
        kind.parse::<EventKind>().map_err(|()| ApiError::field("kind", format!("no such kind {kind:?}")))?;
    }
    if let Some(state) = q.state.as_deref().filter(|s| !["open", "unreviewed", "reviewed"].contains(s)) {
        return Err(ApiError::field("state", format!("no such state {state:?}")));
    }
    Ok(EventFilter {
        station: q.station.clone().map(StationCode),
        camera: q.camera.clone(),
        kind: q.kind.clone(),
        state: q.state.clone(),
        from: q.from.as_deref().map(|t| instant_in("from", t)).transpose()?,
        to: q.to.as_deref().map(|t| instant_in("to", t)).transpose()?,
    })
}

fn cursor_in(text: &str) -> Result<(Instant, String), ApiError> {
    let (at, id) = text.split_once('.').ok_or_else(|| ApiError::field("after", "is no cursor"))?;
    Ok((Instant(at.parse().map_err(|_| ApiError::field("after", "is no cursor"))?), id.to_owned()))
}

/// Events that the caller sees, the newest first.
#[utoipa::path(get, path = "/api/v1/sense/eye/events", tag = "sense", operation_id = "eye_events", params(EyeEventsQuery),
    responses((status = 200, body = EyeEventsView), (status = 400, body = Problem)))]
pub async fn events(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<EyeEventsQuery>,
) -> Result<Json<EyeEventsView>, ApiError> {
    let filter = filter_in(&query)?;
    let after = query.after.as_deref().map(cursor_in).transpose()?;
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE_MAX);
    let rows = app.store.eye_events(&visitor, &filter, after, limit).await?;
    let (open, unreviewed) = app.store.eye_counts(&visitor).await?;
    let full = rows.len() == limit;
    let next = rows.last().filter(|_| full).map(|r| format!("{}.{}", r.event.begun.entered.0, r.id));
    let names = names(&app, &visitor).await?;
    let items = rows.iter().map(|row| view(&app, &names, row)).collect();
    Ok(Json(EyeEventsView { items, next, counts: EyeCountsView { open, unreviewed } }))
}

/// One event.
#[utoipa::path(get, path = "/api/v1/sense/eye/events/{id}", tag = "sense", operation_id = "eye_event", params(("id" = String, Path)),
    responses((status = 200, body = EyeEventDetail), (status = 404, body = Problem)))]
pub async fn event(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<EyeEventDetail>, ApiError> {
    let row = app.store.eye_event(&visitor, &id).await?;
    let steps = app.store.eye_steps(&visitor, &id).await?;
    let begun = &row.event.begun;
    let points = app.points_of(&begun.station);
    let suspicion_span = match row.doubted {
        Some(span) => Some(doubt_view(&app, &row, span).await?),
        None => None,
    };
    let findings = overlapping(&app, &visitor, &row).await?.iter().map(finding_view).collect();
    let people = app.people();
    let step = |s: &StepRow| EyeStepView {
        seq: s.link.seq,
        what: what_word(&s.step.what),
        at: instant_out(s.step.at),
        by: s.step.by.map(|by| app.person_of(by, &people)),
        words: step_words(&s.step.what),
        digest: s.link.digest.clone(),
    };
    let point = |p: &std::sync::Arc<crate::registry::PointEntry>| EyePointView {
        id: p.id.0,
        factor: p.point.factor.to_string(),
        name: words(&p.point.name_zh, &p.point.name_en),
        unit: p.point.unit.to_string(),
    };
    let file = |f: &shanshui_domain::sense::eye::event::File| EyeFileView {
        name: f.name.clone(),
        kind: f.kind.clone(),
        bytes: f.size,
        sha256: f.sha256.clone(),
        sm3: f.sm3.clone(),
        from: Some(instant_out(f.span.0)),
        to: Some(instant_out(f.span.1)),
    };
    // a clip is shown once its copy without faces is there, or should have been long ago
    let settled = row.event.left.is_none_or(|left| app.clock.now().ms_since(left) > CLIP_WAITS_MS);
    let clip = settled || crate::eye::files::is_clip_ready(&app, &id);
    let shown = |f: &&shanshui_domain::sense::eye::event::File| f.kind != "boxes" && (clip || f.kind != "clip");
    let camera_clock = begun.clock_offset_ms.map(|ms| instant_out(begun.entered.plus_ms(ms)));
    Ok(Json(EyeEventDetail {
        event: view(&app, &names(&app, &visitor).await?, &row),
        fence_version: begun.plan.0,
        plan_digest: begun.plan.1.clone(),
        thresholds: begun.thresholds.clone(),
        model: begun.model.as_ref().map(EyeModelView::from),
        clocks: EyeClocksView {
            camera: camera_clock,
            server: instant_out(begun.entered),
            offset_ms: begun.clock_offset_ms,
        },
        bbox: begun.bbox,
        steps: steps.iter().map(step).collect(),
        files: row.event.files.iter().filter(|(_, there)| *there).map(|(f, _)| f).filter(shown).map(file).collect(),
        suspicion_span,
        points: points.iter().map(point).collect(),
        findings,
    }))
}

async fn doubt_view(app: &App, row: &EventRow, span: (Instant, Instant)) -> Result<EyeDoubtView, ApiError> {
    let until = span.1.min(app.clock.now());
    let (mut points, mut values) = (0, 0);
    for point in app.points_of(&row.event.begun.station) {
        let mut some = 0;
        for kind in [PeriodKind::Real, PeriodKind::Minute, PeriodKind::Hour, PeriodKind::Cycle] {
            some += app.store.range((point.id, kind), (span.0, until), VALUES_MAX).await?.len();
        }
        points += usize::from(some > 0);
        values += some;
    }
    Ok(EyeDoubtView { from: instant_out(span.0), to: instant_out(until), points, values })
}

/// Names of the cameras that the caller sees.
async fn names(app: &App, caller: &Caller) -> Result<HashMap<String, Words>, ApiError> {
    let rows = app.store.cameras(caller).await?;
    Ok(rows.into_iter().map(|c| (c.id, words(c.camera.name_zh, c.camera.name_en))).collect())
}

fn view(app: &App, cameras: &HashMap<String, Words>, row: &EventRow) -> EyeEventView {
    let event = &row.event;
    let begun = &event.begun;
    EyeEventView {
        id: row.id.clone(),
        number: row.number.clone(),
        camera: begun.camera.0.clone(),
        camera_name: cameras.get(&begun.camera.0).cloned().unwrap_or_else(|| words("—", "—")),
        station: begun.station.to_string(),
        station_name: station_name(app, &begun.station),
        kind: begun.kind.as_str().into(),
        label: begun.label.clone(),
        label_words: label_words(&begun.label),
        fence: begun.fence.0.clone(),
        fence_name: begun.fence.1.clone(),
        approached_at: begun.approached.map(instant_out),
        entered_at: instant_out(begun.entered),
        left_at: event.left.map(instant_out),
        seconds: event.left.map(|left| left.ms_since(begun.entered) as f64 / 1_000.0),
        score: (event.score * 1_000.0).round() / 1_000.0,
        state: event.state().into(),
        verdict: event.verdict.map(|v| v.as_str().into()),
        visit: begun.visit.clone(),
        suspicion: event.suspicion.map(|s| s.as_str().into()),
        voice: event.voice.map(|v| v.as_str().into()),
        picture: event.files.iter().any(|(file, there)| *there && file.kind == "entry"),
        case: event.case.map(|c| c.to_string()),
    }
}

fn what_word(what: &What) -> String {
    let word = serde_json::to_value(what).ok().and_then(|v| v["what"].as_str().map(str::to_owned));
    word.unwrap_or_default()
}

/// A step as people read it.
pub(super) fn step_words(what: &What) -> Words {
    match what {
        What::Begun(b) => {
            let label = label_words(&b.label);
            words(format!("{}进入{}", label.zh, b.fence.1), format!("{} entered {}", label.en, b.fence.1))
        }
        What::Filed(file) => words(
            format!("保存{}（{} 字节）", file.name, file.size),
            format!("kept {} ({} bytes)", file.name, file.size),
        ),
        What::Spoke { result, first_byte_ms, detail } => {
            let after = first_byte_ms.map(|ms| (format!("，{ms} 毫秒后发声"), format!(", sound after {ms} ms")));
            let (zh, en) = after.unwrap_or_default();
            let why = detail_words(detail);
            words(
                format!("喊话：{}{zh}（{}）", result.zh(), why.zh),
                format!("loudspeaker: {}{en} ({})", result.en(), why.en),
            )
        }
        What::Left { cut, .. } => match cut.as_deref() {
            None => words("离开", "left"),
            Some("blind") => words("摄像机失明，事件中止", "the camera went blind"),
            Some("restart") => words("程序重新启动，事件中止", "the program began anew"),
            Some(_) => words("停止监视，事件中止", "no longer watched"),
        },
        What::Judged { verdict, reason } => {
            words(format!("复核为{}：{reason}", verdict.zh()), format!("found to be {}: {reason}", verdict.en()))
        }
        What::Doubt { now, reason } => {
            words(format!("数据存疑{}：{reason}", now.zh()), format!("doubt {}: {reason}", now.en()))
        }
        What::Case { .. } => words("立案", "a case was opened"),
        What::Unblurred { name, reason } => {
            words(format!("查看原始画面 {name}：{reason}"), format!("looked at {name} unblurred: {reason}"))
        }
        What::Packed { plain, reason, .. } => {
            let (zh, en) = if *plain { ("（原始画面）", " (unblurred)") } else { ("", "") };
            words(format!("导出证据包{zh}：{reason}"), format!("made a pack of evidence{en}: {reason}"))
        }
        What::Removed { name } => words(format!("保存期满，删除 {name}"), format!("its time was over: {name} removed")),
    }
}

/// By which way something was said, or why not.
pub(super) fn detail_words(detail: &str) -> Words {
    match detail {
        "browser" => words("值班人员的浏览器播放", "played by the browsers of those on duty"),
        "approved" => words("报备来访", "approved visit"),
        "quiet_hours" => words("静音时段", "quiet hours"),
        "cool_down" => words("刚刚喊过话", "just spoken"),
        "talking" => words("正在人工喊话", "a person is talking"),
        "none" => words("未设喇叭", "no loudspeaker"),
        other => spoken_words(other).unwrap_or_else(|| words(other, other)),
    }
}

/// `rtp/speech: 12.1 s`, `http/file: 喇叭超时未应答`, `talk: 2.0 s`.
fn spoken_words(detail: &str) -> Option<Words> {
    let (how, what) = detail.split_once(": ")?;
    let (zh, en) = match how.split_once('/') {
        None if how == "talk" => ("人工喊话".to_owned(), "a person's voice".to_owned()),
        None => return None,
        Some((way, from)) => {
            let (zh, en) = match from {
                "speech" => ("语音合成", "synthetic voice"),
                "file" => ("录音", "recording"),
                "tone" => ("提示音", "tone"),
                _ => return None,
            };
            (format!("{} {zh}", way.to_uppercase()), format!("{}, {en}", way.to_uppercase()))
        }
    };
    Some(match what.strip_suffix(" s") {
        Some(seconds) => words(format!("{zh}，{seconds} 秒"), format!("{en}, {seconds} s")),
        None => words(format!("{zh}：{what}"), format!("{en}: {what}")),
    })
}

async fn acted(app: &App, visitor: &Visitor, id: &str, what: What) -> Result<EventRow, ApiError> {
    let step = Step { at: app.clock.now(), by: Some(visitor.id()), what };
    let row = app.store.eye_act(visitor, id, step, app.config.eye.margin_ms()).await?;
    told(app, &row);
    Ok(row)
}

pub(super) fn told(app: &App, row: &EventRow) {
    let said = EyeSaid::new(&row.event.begun.camera.0, &row.event.begun.station, "reviewed");
    app.tell(Live::Eye(EyeSaid { event: Some(row.id.clone()), ..said }));
}

/// Says what it was.
///
/// What was maintenance without an approved visit becomes a case at once, when it has none and whoever says so may open cases; the
/// answer names it.
#[utoipa::path(post, path = "/api/v1/sense/eye/events/{id}/verdict", tag = "sense", operation_id = "eye_verdict", params(("id" = String, Path)),
    request_body = VerdictIn, responses((status = 200, body = EyeEventView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub async fn verdict(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<VerdictIn>,
) -> Result<Json<EyeEventView>, ApiError> {
    let verdict: Verdict = input
        .verdict
        .parse()
        .map_err(|()| ApiError::field("verdict", format!("no such verdict {:?}", input.verdict)))?;
    let reason = input.reason.trim().to_owned();
    let row = acted(&app, &visitor, &id, What::Judged { verdict, reason: reason.clone() }).await?;
    if input.remember && matches!(verdict, Verdict::False | Verdict::Animal) {
        let begun = &row.event.begun;
        let quiet = Quiet { bbox: begun.bbox, label: begun.label.clone(), note: reason.clone() };
        app.store.quiet_put(&visitor, &begun.camera.0, quiet, app.clock.now()).await?;
        super::camera::changed(&app).await?;
    }
    // maintenance that nobody had approved is a case, by the name of whoever has said that it was maintenance
    let unannounced = verdict == Verdict::Maintenance && row.event.begun.kind != EventKind::Visit;
    let row = if unannounced && row.event.case.is_none() && visitor.may(Right::CaseOpen) {
        match taken_up(&app, &visitor, &row, reason).await {
            Ok((_, row)) => row,
            // the verdict stands; whoever looks at the event sees whether it has a case, and can still open one
            Err(error) => {
                tracing::warn!(?error, event = row.id, "a visit without approval could not be made a case");
                app.store.eye_event(&visitor, &id).await?
            }
        }
    } else {
        row
    };
    Ok(Json(view(&app, &names(&app, &visitor).await?, &row)))
}

/// Lifts or confirms the doubt about the station's data.
#[utoipa::path(post, path = "/api/v1/sense/eye/events/{id}/suspicion", tag = "sense", operation_id = "eye_suspicion", params(("id" = String, Path)),
    request_body = SuspicionIn, responses((status = 200, body = EyeEventView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub async fn suspicion(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<SuspicionIn>,
) -> Result<Json<EyeEventView>, ApiError> {
    let now = match input.act.as_str() {
        "lift" => Suspicion::Lifted,
        "confirm" => Suspicion::Confirmed,
        other => return Err(ApiError::field("act", format!("{other:?} is neither lift nor confirm"))),
    };
    let row = acted(&app, &visitor, &id, What::Doubt { now, reason: input.reason.trim().to_owned() }).await?;
    Ok(Json(view(&app, &names(&app, &visitor).await?, &row)))
}

/// Findings of data review about the doubted stretch, other than that somebody was there.
async fn overlapping(app: &App, caller: &Caller, row: &EventRow) -> Result<Vec<FindingState>, ApiError> {
    let Some(span) = row.doubted else { return Ok(Vec::new()) };
    if !caller.may(Right::ReviewRead) {
        return Ok(Vec::new());
    }
    let all = app.store.findings_over(caller, &row.event.begun.station, span, FINDINGS_MAX).await?;
    Ok(all.into_iter().filter(|f| f.newest.what.rule != "intrusion").collect())
}

fn finding_view(f: &FindingState) -> EyeFindingView {
    let what = &f.newest.what;
    EyeFindingView {
        id: f.newest.id.clone(),
        family: what.family.clone(),
        rule: what.rule.clone(),
        factor: what.factor.clone(),
        from: instant_out(what.from),
        to: instant_out(what.to),
        case: f.case.map(|c| c.to_string()),
    }
}

/// Opens a case from an event. Where data review has found something about the same stretch, both are one case: theirs, when there is
/// one already.
#[utoipa::path(post, path = "/api/v1/sense/eye/events/{id}/case", tag = "sense", operation_id = "eye_case", params(("id" = String, Path)),
    request_body = super::camera::EyeNoteIn, responses((status = 200, body = EyeCaseView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub async fn case(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<super::camera::EyeNoteIn>,
) -> Result<Json<EyeCaseView>, ApiError> {
    let row = app.store.eye_event(&visitor, &id).await?;
    let (case, _) = taken_up(&app, &visitor, &row, input.note).await?;
    Ok(Json(EyeCaseView { case: case.to_string() }))
}

/// Makes a case of an event, one with what data review has found of the same minutes.
async fn taken_up(app: &App, visitor: &Visitor, row: &EventRow, note: String) -> Result<(CaseId, EventRow), ApiError> {
    let now = app.clock.now();
    let around = overlapping(app, visitor, row).await?;
    let station = station_name(app, &row.event.begun.station).zh;
    let what = match row.event.verdict {
        Some(Verdict::Maintenance) => "未报备的运维来访",
        _ => "电子围栏闯入",
    };
    let beside = if around.is_empty() { "" } else { "并伴随数据异常" };
    let title = format!("{station}{what}{beside}（{}）", row.number);
    let findings: Vec<String> = around.into_iter().map(|f| f.newest.id).collect();
    let opening = Action::Open { title, alarm: None, finding: findings.first().cloned() };
    let new = shanshui_store::CaseIn {
        id: CaseId(Uuid::now_v7()),
        series: crate::http::act::case_prefix(app, now),
        event: crate::http::act::event(visitor, now, opening, note),
        area: app.station(&row.event.begun.station).map_or_else(String::new, |s| s.county.clone()),
    };
    let margin_ms = app.config.eye.margin_ms();
    let (case, row) = app.store.eye_take_up(visitor, &row.id, new, findings, margin_ms).await?;
    told(app, &row);
    app.tell(Live::Case { id: case.to_string() });
    Ok((case, row))
}

/// Where data of a station is in doubt because somebody was there, or was before a reviewer settled it.
#[utoipa::path(get, path = "/api/v1/sense/eye/suspicions", tag = "sense", operation_id = "eye_suspicions", params(SuspicionsQuery),
    responses((status = 200, body = EyeSuspicionsView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn suspicions(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<SuspicionsQuery>,
) -> Result<Json<EyeSuspicionsView>, ApiError> {
    let span = (instant_in("from", &query.from)?, instant_in("to", &query.to)?);
    let rows = app.store.eye_doubts(&visitor, &StationCode(query.station), span, DOUBTS_MAX).await?;
    let people = app.people();
    let now = app.clock.now();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let settled = settled(&app, &visitor, &row).await?;
        let Event { suspicion: Some(state), .. } = row.event else { continue };
        let Some((from, to)) = row.doubted else { continue };
        items.push(EyeSuspicionView {
            event: row.id.clone(),
            number: row.number.clone(),
            station: row.event.begun.station.to_string(),
            from: instant_out(from),
            to: instant_out(to.min(now)),
            state: state.as_str().into(),
            by: settled.as_ref().and_then(|s| s.by).map(|by| app.person_of(by, &people)),
            at: settled.as_ref().map(|s| instant_out(s.at)),
            reason: settled.map_or_else(String::new, |s| match s.what {
                What::Doubt { reason, .. } => reason,
                _ => String::new(),
            }),
            picture: row.event.files.iter().any(|(file, there)| *there && file.kind == "entry"),
        });
    }
    Ok(Json(EyeSuspicionsView { items }))
}

/// The step that settled a doubt.
pub(super) async fn settled(app: &App, caller: &Caller, row: &EventRow) -> Result<Option<Step>, ApiError> {
    if row.event.suspicion.is_none_or(|s| s == Suspicion::Standing) {
        return Ok(None);
    }
    let steps = app.store.eye_steps(caller, &row.id).await?;
    Ok(steps.into_iter().rev().map(|s| s.step).find(|s| matches!(s.what, What::Doubt { .. })))
}
