//! For whoever runs it: does it live (`/healthz`), may it be given work (`/readyz`), and its figures (`/metrics`).
//!
//! The first two need no login and are served with the interface. The figures tell much about an installation, so they have a
//! listener of their own, on the machine itself by default (`metrics.listen`); there the first two are answered as well, for
//! nodes that serve no interface.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, STRICT_TRANSPORT_SECURITY};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use shanshui_store::Room;
use tracing::Instrument as _;

use super::view::{AliveView, CheckView, ReadyView};
use crate::app::App;
use crate::error::ApiError;

/// A database that has not answered by then is not reachable.
const ANSWER_WAIT: Duration = Duration::from_secs(3);
/// Beyond so many telegrams the judge will not catch up while people wait.
const BEHIND_MAX: i64 = 100_000;
/// The route of everything that is a file of the interface, or nothing.
const OTHER: &str = "other";

/// What is served at `metrics.listen`.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(app)
}

/// Every figure, in the text format of Prometheus.
async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, ApiError> {
    let text = app.metrics_text().await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

/// The process lives and answers. Looks at nothing else: who restarts what does not answer must not restart for a full disk.
#[utoipa::path(get, path = "/healthz", tag = "system", responses((status = 200, body = AliveView)))]
pub async fn healthz() -> Json<AliveView> {
    Json(AliveView { alive: true, version: env!("CARGO_PKG_VERSION").into() })
}

/// Whether this node can do its work, check by check; 503 when one of them fails.
#[utoipa::path(get, path = "/readyz", tag = "system",
    responses((status = 200, body = ReadyView), (status = 503, body = ReadyView)))]
pub async fn readyz(State(app): State<App>) -> (StatusCode, Json<ReadyView>) {
    let ready = app.ready().await;
    let status = if ready.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(ready))
}

/// Header that names a request: what a person reads out, and what the log says of it, are the same.
const REQUEST_ID: &str = "x-request-id";

/// Gives every request a name, which goes back with the answer and stands beside whatever is logged meanwhile; and tells a browser that
/// came over TLS never to come back without it.
pub(super) async fn named(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    let mut answer = next.run(request).instrument(span).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    if app.config.http.secure() {
        answer.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    answer
}

/// Counts and times every request by the template of its path; what a stranger asks for becomes no label.
pub(super) async fn count(State(app): State<App>, path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let (begun, method) = (Instant::now(), request.method().clone());
    let answer = next.run(request).await;
    let route = path.as_ref().map_or(OTHER, MatchedPath::as_str);
    app.metrics.request(&method, route, answer.status().as_u16(), begun.elapsed());
    answer
}

impl App {
    /// Everything that must hold for this node to be given work.
    pub async fn ready(&self) -> ReadyView {
        let mut checks = vec![self.ready_database().await];
        // without an answer of the database the others would only wait as long
        if checks[0].ok {
            checks.push(self.ready_judge().await);
        }
        checks.extend([self.ready_store(), self.ready_disk()]);
        ReadyView { ready: checks.iter().all(|check| check.ok), checks }
    }

    fn ready_store(&self) -> CheckView {
        let health = self.store.health();
        let detail = health.error.unwrap_or_else(|| format!("{} writes wait", health.queued));
        check("store", health.writable, detail)
    }

    async fn ready_database(&self) -> CheckView {
        match tokio::time::timeout(ANSWER_WAIT, self.store.schema()).await {
            Ok(Ok(s)) => check("schema", s.found == s.known, format!("{} in the database, {} known", s.found, s.known)),
            Ok(Err(error)) => check("schema", false, error.to_string()),
            Err(_) => check("schema", false, format!("no answer within {} s", ANSWER_WAIT.as_secs())),
        }
    }

    fn ready_disk(&self) -> CheckView {
        let (looked, min) = (self.store.guard().look(), self.store.guard().min() >> 20);
        let free = looked.free.map_or("unknown".into(), |free| format!("{} MiB", free >> 20));
        check("disk", looked.room == Room::Enough, format!("{free} free, at least {min} MiB wanted"))
    }

    async fn ready_judge(&self) -> CheckView {
        match tokio::time::timeout(ANSWER_WAIT, self.store.judge_behind()).await {
            Ok(Ok(behind)) => check("judge", behind <= BEHIND_MAX, format!("{behind} telegrams behind")),
            Ok(Err(error)) => check("judge", false, error.to_string()),
            Err(_) => check("judge", false, format!("no answer within {} s", ANSWER_WAIT.as_secs())),
        }
    }
}

fn check(name: &str, ok: bool, detail: String) -> CheckView {
    CheckView { name: name.into(), ok, detail }
}
