//! A session begins, by whatever way somebody has shown who they are.

use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use shanshui_domain::id::SessionId;
use shanshui_store::{AuditEntry, PersonRow, SessionRow};

use super::auth::{self, Visitor};
use crate::app::App;
use crate::error::ApiError;

/// Longest description of a browser that is kept.
const AGENT_CHARS_MAX: usize = 200;

/// Begins a session of a person, in place of one that the browser had; `how` is what the audit says. Gives the header that carries it.
pub async fn begin(
    app: &App,
    person: PersonRow,
    from: &str,
    headers: &HeaderMap,
    how: serde_json::Value,
) -> Result<((HeaderName, HeaderValue), Visitor), ApiError> {
    let now = app.clock.now();
    // a token that was there before the login is nobody's afterwards
    if let Some(before) = auth::token_of(headers) {
        app.store.session_drop(&before).await?;
    }
    let (token, last) = (auth::new_token(), app.config.auth.session_ms());
    let agent = headers.get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let session = SessionRow {
        id: SessionId(uuid::Uuid::now_v7()),
        person: person.id,
        created: now,
        expires: now.plus_ms(last),
        seen: now,
        address: from.to_owned(),
        agent: agent.chars().filter(|c| !c.is_control()).take(AGENT_CHARS_MAX).collect(),
    };
    app.store.session_put(&token, session).await?;
    let second_factor = app.store.second_factor(person.id).await?.is_some_and(|f| f.confirmed);
    let visitor = app.visitor(person, second_factor, from).await?;
    app.store.audit(AuditEntry::of(&visitor, now, "login", &visitor.person.login, how)).await?;
    Ok((auth::cookie(&token, last, app.config.http.secure())?, visitor))
}
