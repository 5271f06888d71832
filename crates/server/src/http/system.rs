//! Logging in and out, and what the interface must know about the installation.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{AppendHeaders, IntoResponse};

use super::auth::{self, Address, Tries, Visitor};
use super::convert::instant_out;
use super::extract::Body;
use super::view::{AboutView, ChainBreakView, DiskView, HealthView, LoginIn, MeView, NodeView, PersonView, Problem};
use super::{hash, password, session};
use shanshui_store::{AuditEntry, BreakRow};

use crate::app::App;
use crate::error::ApiError;

/// Longest login name, so that the audit cannot be filled with one.
const NAME_BYTES_MAX: usize = 64;

/// Logs in; the session travels in a cookie.
#[utoipa::path(post, path = "/api/v1/system/login", tag = "system", request_body = LoginIn,
    responses((status = 200, body = MeView), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub async fn login(
    State(app): State<App>,
    Address(from): Address,
    headers: HeaderMap,
    Body(input): Body<LoginIn>,
) -> Result<impl IntoResponse, ApiError> {
    let now = app.clock.now();
    if input.login.len() > NAME_BYTES_MAX || input.password.expose().len() > password::BYTES_MAX {
        return Err(ApiError::BadLogin);
    }
    let tries = Tries::of(&input.login, &from);
    tries.begin(&app).await?;
    let person = app.store.person_by_login(&input.login).await?.filter(|p| !p.disabled);
    let good =
        hash::check_password(person.as_ref().map(|p| p.password_hash.clone()), input.password.expose().to_owned())
            .await?;
    let known = person.as_ref().map(|p| p.login.clone());
    let Some(person) = person.filter(|_| good) else {
        // what is typed as a name may be a password: only names that are known are written down
        let name = known.unwrap_or_else(|| "?".to_owned());
        let entry = AuditEntry::of_nobody(&from, now, "login_failed", &name, serde_json::json!({}));
        app.store.audit(entry).await?;
        return Err(ApiError::BadLogin);
    };
    if let Some(factor) = app.store.second_factor(person.id).await?.filter(|f| f.confirmed) {
        let Some(code) = input.code.as_deref().filter(|code| !code.trim().is_empty()) else {
            return Err(ApiError::NeedsCode);
        };
        if !app.code_is_good(person.id, &factor.sealed, code).await? {
            let entry =
                AuditEntry::of_nobody(&from, now, "login_failed", &person.login, serde_json::json!({"code": true}));
            app.store.audit(entry).await?;
            return Err(ApiError::BadCode);
        }
    }
    tries.good(&app).await?;
    let (cookie, visitor) = session::begin(&app, person, &from, &headers, serde_json::json!({})).await?;
    Ok((AppendHeaders([cookie]), Json(app.me_view(&visitor))))
}

/// Logs out; the session is gone on the server too.
#[utoipa::path(post, path = "/api/v1/system/logout", tag = "system", responses((status = 204)))]
pub async fn logout(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    if let Some(token) = auth::token_of(&headers) {
        app.store.session_drop(&token).await?;
    }
    let (now, login) = (app.clock.now(), &visitor.person.login);
    app.store.audit(AuditEntry::of(&visitor, now, "logout", login, serde_json::json!({}))).await?;
    let cookie = auth::cookie("", 0, app.config.http.secure())?;
    Ok((axum::http::StatusCode::NO_CONTENT, AppendHeaders([cookie])))
}

/// Who is logged in.
#[utoipa::path(get, path = "/api/v1/system/me", tag = "system",
    responses((status = 200, body = MeView), (status = 401, body = Problem)))]
pub async fn me(State(app): State<App>, visitor: Visitor) -> Json<MeView> {
    Json(app.me_view(&visitor))
}

/// What the interface must know before anybody has logged in.
#[utoipa::path(get, path = "/api/v1/system/about", tag = "system", responses((status = 200, body = AboutView)))]
pub async fn about(State(app): State<App>) -> Json<AboutView> {
    Json(app.about())
}

/// Whether the program can do its work.
#[utoipa::path(get, path = "/api/v1/system/health", tag = "system", responses((status = 200, body = HealthView)))]
pub async fn health(State(app): State<App>) -> Json<HealthView> {
    let health = app.store.health();
    let connections = app.ingest.connections() as u64;
    let (guard, looked) = (app.store.guard(), app.store.guard().look());
    let disk = DiskView { room: looked.room.into(), free_bytes: looked.free, free_min_bytes: guard.min() };
    let queued = health.queued as u64;
    let broken = |row: &BreakRow| ChainBreakView {
        stream: row.stream.clone(),
        link: row.link,
        what: row.what.clone(),
        found: instant_out(row.found),
    };
    let chains = app.chains.broken().iter().map(broken).collect();
    Json(HealthView { writable: health.writable, error: health.error, queued, connections, disk, chains })
}

/// The nodes that share the store, oldest first.
#[utoipa::path(get, path = "/api/v1/system/nodes", tag = "system", responses((status = 200, body = [NodeView])))]
pub async fn nodes(State(app): State<App>, _visitor: Visitor) -> Result<Json<Vec<NodeView>>, ApiError> {
    let mut views = Vec::new();
    for node in app.store.nodes().await? {
        views.push(NodeView {
            roles: node.roles.split(',').map(str::to_owned).collect(),
            started: instant_out(node.started),
            seen: instant_out(node.seen),
            connections: node.connections.cast_unsigned(),
            alive: app.store.node_lives(&node.id).await?,
            this: node.id == app.store.node().as_str(),
            id: node.id,
        });
    }
    Ok(Json(views))
}

/// People by name, those who may log in.
#[utoipa::path(get, path = "/api/v1/system/people", tag = "system", responses((status = 200, body = [PersonView])))]
pub async fn people(State(app): State<App>, _visitor: Visitor) -> Result<Json<Vec<PersonView>>, ApiError> {
    app.people_reload().await?;
    let people = app.people();
    let mut all: Vec<_> = people.values().filter(|m| !m.person.disabled).map(|m| app.person_view(m)).collect();
    all.sort_by(|a, b| a.login.cmp(&b.login));
    Ok(Json(all))
}
