//! Files of events: copies in which nobody can be recognised for everybody who may see the event, what was recorded for those who say
//! why they need it, and the pack of evidence.

use std::io::Cursor;
use std::path::PathBuf;

use axum::body::Body as Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, Response};
use axum::response::IntoResponse;
use serde::Deserialize;
use shanshui_domain::sense::eye::event::{File, Refusal, Step, What};
use shanshui_domain::sense::eye::pack::{
    Clocks, Digests, Doubt, FORMAT, Kind, Made, Manifest, Model, Named, READINGS_MAX, Reading, Rule, Said, Seen,
    VERSION, Verdict,
};
use shanshui_domain::time::PeriodKind;
use shanshui_store::{EventRow, StepRow, StoreError};
use tower::ServiceExt as _;
use tower_http::services::ServeFile;
use utoipa::ToSchema;

use super::event::{settled, told};
use super::{label_words, station_name};
use crate::app::App;
use crate::error::ApiError;
use crate::eye::files;
use crate::eye::pack::{self, Part, Source};
use crate::http::auth::Visitor;
use crate::http::convert::instant_out;
use crate::http::extract::{Body, Path};
use crate::http::view::Problem;

/// What is wanted unblurred, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlainIn {
    /// Name of the file.
    name: String,
    /// Why.
    reason: String,
}

/// A pack of evidence.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PackIn {
    /// Why.
    reason: String,
    /// With what was recorded instead of copies in which nobody can be recognised.
    plain: bool,
}

fn media_type(file: &File) -> &'static str {
    if file.kind == "clip" { "video/mp4" } else { "image/jpeg" }
}

/// A copy of a file in which faces and plates cannot be recognised. Parts of it can be asked for.
#[utoipa::path(get, path = "/api/v1/sense/eye/events/{id}/files/{name}", tag = "sense", operation_id = "eye_file",
    params(("id" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "JPEG or MP4", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "the part that was asked for", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response<Bytes>, ApiError> {
    let row = app.store.eye_event(&visitor, &id).await?;
    let file = row.event.file(&name).map_err(|_| ApiError::NotFound)?.clone();
    let answer = if file.kind == "clip" {
        let path = clip(&app, &row, &file).await?;
        let served = ServeFile::new(path).oneshot(request).await;
        served.map_err(|e| ApiError::Internal(e.into()))?.map(Bytes::new)
    } else if file.kind == "boxes" {
        return Err(ApiError::NotFound);
    } else {
        let kind = media_type(&file);
        ([(CONTENT_TYPE, kind)], blurred(&app, &row, file).await?).into_response()
    };
    let mut answer = answer;
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(answer)
}

/// Where the clip without faces lies.
async fn clip(app: &App, row: &EventRow, clip: &File) -> Result<PathBuf, ApiError> {
    let boxes = row.event.file(files::BOXES).map_err(|_| ApiError::NotFound)?;
    Ok(files::clip_without_faces(app, &row.id, clip, boxes).await?)
}

async fn blurred(app: &App, row: &EventRow, file: File) -> Result<Vec<u8>, ApiError> {
    let (app, id) = (app.clone(), row.id.clone());
    let made = tokio::task::spawn_blocking(move || files::blurred(&files::read(&app, &id, &file)?, &file));
    Ok(made.await.map_err(|e| ApiError::Internal(e.into()))??)
}

/// A file as it was recorded: with a reason, and noted.
#[utoipa::path(post, path = "/api/v1/sense/eye/events/{id}/plain", tag = "sense", operation_id = "eye_plain", params(("id" = String, Path)),
    request_body = PlainIn,
    responses((status = 200, description = "JPEG or MP4", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn plain(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<PlainIn>,
) -> Result<Response<Bytes>, ApiError> {
    let row = app.store.eye_event(&visitor, &id).await?;
    let file = row.event.file(&input.name).map_err(|_| ApiError::NotFound)?.clone();
    if file.kind == "boxes" {
        return Err(ApiError::NotFound);
    }
    // it is as it was kept, before anything is noted of it
    let (there, event, kept) = (app.clone(), row.id.clone(), file.clone());
    let fault = tokio::task::spawn_blocking(move || files::fault(&there.config, &event, &kept));
    if let Some(fault) = fault.await.map_err(|e| ApiError::Internal(e.into()))? {
        return Err(ApiError::Internal(anyhow::anyhow!(fault)));
    }
    // noted first: what cannot be noted is not shown
    let what = What::Unblurred { name: input.name.clone(), reason: input.reason.trim().to_owned() };
    let step = Step { at: app.clock.now(), by: Some(visitor.id()), what };
    let row = app.store.eye_act(&visitor, &id, step, app.config.eye.margin_ms()).await?;
    told(&app, &row);
    let path = files::path(&app, &row.id, &file.name)?;
    let served = ServeFile::new(path).oneshot(Request::new(Bytes::empty())).await;
    let mut answer = served.map_err(|e| ApiError::Internal(e.into()))?.map(Bytes::new);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// A pack of evidence (证据包): manifest, files, chain, printable page, signed. `shanshui eye verify` looks at it without this program.
#[utoipa::path(post, path = "/api/v1/sense/eye/events/{id}/pack", tag = "sense", operation_id = "eye_pack", params(("id" = String, Path)),
    request_body = PackIn,
    responses((status = 200, description = "a zip", body = Vec<u8>, content_type = "application/zip"),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn pack(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<PackIn>,
) -> Result<impl IntoResponse, ApiError> {
    let row = app.store.eye_event(&visitor, &id).await?;
    if input.reason.trim().is_empty() {
        return Err(StoreError::Eye(Refusal::Nobody).into());
    }
    let parts = parts(&app, &row, input.plain).await?;
    let manifest = manifest(&app, &visitor, &row, input.reason.trim()).await?;
    let (there, zone) = (app.clone(), app.zone.clone());
    let made = tokio::task::spawn_blocking(move || {
        let mut out = Cursor::new(Vec::new());
        let signer = there.sealer.signer();
        let sign = |text: &str| there.sealer.sign(text);
        let (_, digest) = pack::write(&mut out, manifest, &parts, &zone, (&signer, &sign))?;
        anyhow::Ok((out.into_inner(), digest))
    });
    let (bytes, digest) = made.await.map_err(|e| ApiError::Internal(e.into()))??;
    let what = What::Packed { plain: input.plain, reason: input.reason.trim().to_owned(), manifest: digest };
    let step = Step { at: app.clock.now(), by: Some(visitor.id()), what };
    let row = app.store.eye_act(&visitor, &id, step, app.config.eye.margin_ms()).await?;
    told(&app, &row);
    let name = format!("attachment; filename=\"{}.zip\"", row.number);
    Ok(([(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, name)], bytes))
}

fn kind_of(file: &File) -> Option<Kind> {
    match file.kind.as_str() {
        "entry" => Some(Kind::Entry),
        "best" => Some(Kind::Best),
        "exit" => Some(Kind::Exit),
        "clip" => Some(Kind::Clip),
        _ => None,
    }
}

async fn parts(app: &App, row: &EventRow, plain: bool) -> Result<Vec<Part>, ApiError> {
    let mut parts = Vec::new();
    for (file, _) in row.event.files.iter().filter(|(_, there)| *there) {
        let Some(kind) = kind_of(file) else { continue };
        let recorded = Digests { sha256: file.sha256.clone(), sm3: file.sm3.clone() };
        let (from, blurred_from) = match (plain, kind) {
            (true, _) => (Source::File(files::path(app, &row.id, &file.name)?), None),
            (false, Kind::Clip) => (Source::File(clip(app, row, file).await?), Some(recorded)),
            (false, _) => (Source::Bytes(blurred(app, row, file.clone()).await?), Some(recorded)),
        };
        parts.push(Part { name: file.name.clone(), kind, from, blurred_from });
    }
    Ok(parts)
}

async fn manifest(app: &App, visitor: &Visitor, row: &EventRow, reason: &str) -> Result<Manifest, ApiError> {
    let (event, begun) = (&row.event, &row.event.begun);
    let steps = app.store.eye_steps(visitor, &row.id).await?;
    let people = app.people();
    let named = |id| app.person_of(id, &people).name.zh;
    let camera = app.store.camera(visitor, &begun.camera.0).await?.camera;
    let doubt = doubt(app, visitor, row).await?;
    let judged = |s: &StepRow| match &s.step.what {
        What::Judged { verdict, reason } => Some(Verdict {
            verdict: verdict.as_str().into(),
            verdict_zh: verdict.zh().into(),
            by: s.step.by.map(named).unwrap_or_default(),
            at: instant_out(s.step.at),
            reason: reason.clone(),
        }),
        _ => None,
    };
    let said = |s: &StepRow| match &s.step.what {
        What::Spoke { result, first_byte_ms, detail } => Some(Said {
            at: instant_out(s.step.at),
            result: result.as_str().into(),
            result_zh: result.zh().into(),
            detail: detail.clone(),
            first_byte_ms: *first_byte_ms,
        }),
        _ => None,
    };
    Ok(Manifest {
        format: FORMAT.into(),
        version: VERSION,
        city: app.city().city.name_zh.clone(),
        station: Named { code: begun.station.to_string(), name: station_name(app, &begun.station).zh },
        camera: Named { code: camera.code, name: camera.name_zh },
        event: Seen {
            id: row.id.clone(),
            number: row.number.clone(),
            kind: begun.kind.as_str().into(),
            kind_zh: begun.kind.zh().into(),
            label: begun.label.clone(),
            label_zh: label_words(&begun.label).zh,
            fence: begun.fence.0.clone(),
            fence_name: begun.fence.1.clone(),
            approached: begun.approached.map(instant_out),
            entered: instant_out(begun.entered),
            left: event.left.map(instant_out),
            score: event.score,
        },
        rule: Rule {
            plan_version: begun.plan.0,
            plan_sha256: begun.plan.1.clone(),
            thresholds: begun.thresholds.clone(),
        },
        model: begun.model.as_ref().map(|m| Model {
            family: m.family.clone(),
            name: m.name.clone(),
            sha256: m.sha256.clone(),
            runtime: m.runtime.clone(),
        }),
        clocks: Clocks {
            server: instant_out(begun.entered),
            camera: begun.clock_offset_ms.map(|ms| instant_out(begun.entered.plus_ms(ms))),
            offset_ms: begun.clock_offset_ms,
        },
        verdict: steps.iter().rev().find_map(judged),
        voice: steps.iter().filter_map(said).collect(),
        steps: steps.into_iter().map(|s| s.link).collect(),
        files: Vec::new(),
        doubt,
        visit: begun.visit.clone(),
        made: Made {
            at: instant_out(app.clock.now()),
            by: named(visitor.id()),
            reason: reason.to_owned(),
            program: concat!("shanshui ", env!("CARGO_PKG_VERSION")).into(),
        },
    })
}

async fn doubt(app: &App, visitor: &Visitor, row: &EventRow) -> Result<Option<Doubt>, ApiError> {
    let (Some(state), Some((from, to))) = (row.event.suspicion, row.doubted) else { return Ok(None) };
    let to = to.min(app.clock.now());
    let settled = settled(app, visitor, row).await?;
    let people = app.people();
    let mut readings = Vec::new();
    for point in app.points_of(&row.event.begun.station) {
        for kind in [PeriodKind::Real, PeriodKind::Minute, PeriodKind::Hour, PeriodKind::Cycle] {
            let room = READINGS_MAX - readings.len();
            let rows = app.store.range((point.id, kind), (from, to), room).await?;
            readings.extend(rows.into_iter().map(|r| Reading {
                factor: point.point.factor.to_string(),
                name: point.point.name_zh.clone(),
                unit: point.point.unit.to_string(),
                at: instant_out(r.at),
                value: r.value,
                mark: r.mark,
            }));
        }
    }
    let (by, reason) = match settled {
        Some(Step { by, what: What::Doubt { reason, .. }, .. }) => {
            (by.map(|by| app.person_of(by, &people).name.zh), reason)
        }
        _ => (None, String::new()),
    };
    Ok(Some(Doubt {
        state: state.as_str().into(),
        state_zh: state.zh().into(),
        from: instant_out(from),
        to: instant_out(to),
        by,
        reason,
        readings,
    }))
}
