//! Who is calling: sessions on the server, a cookie in the browser, one gate before every handler.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use rand::RngCore;
use shanshui_domain::id::PersonId;
use shanshui_domain::right::Caller;
use shanshui_store::{AuditEntry, Holdings, PersonRow};

use super::rights::{self, Who};
use crate::app::App;
use crate::error::ApiError;

/// Name of the session cookie.
pub const COOKIE_NAME: &str = "shanshui_session";
/// How long a session lasts at most: one shift.
pub const SESSION_MS: i64 = 12 * 3_600 * 1_000;
/// Header that a browser does not send across origins without asking: our defence against forged writes.
pub const WRITE_HEADER: &str = "x-shanshui";

/// The person behind a request, with what they may do. Whatever keeps rows asks for the [`Caller`] in it, so that no handler can
/// forget to say for whom it reads or changes.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The person's row.
    pub person: PersonRow,
    caller: Caller,
}

impl Visitor {
    /// Id of the person.
    pub fn id(&self) -> PersonId {
        self.person.id
    }
}

impl Deref for Visitor {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::Unauthenticated)
    }
}

/// The gate: finds the row of the rights table, the session, and lets through or not.
pub async fn gate(
    State(app): State<App>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let who = rights::who(request.method(), path.as_str()).ok_or(ApiError::NotFound)?;
    if request.method() != Method::GET && !request.headers().contains_key(WRITE_HEADER) {
        return Err(ApiError::field(WRITE_HEADER, "header missing on a write"));
    }
    let from = address(&request);
    let visitor = visitor(&app, request.headers(), &from).await?;
    if let Who::Right(right) = who {
        let visitor = visitor.ok_or(ApiError::Unauthenticated)?;
        if !visitor.may(right) {
            return Err(ApiError::Forbidden);
        }
        if visitor.glass() {
            // what is read through a broken glass is what has to be answered for
            let (action, subject) = ("glass_request", format!("{} {}", request.method(), request.uri().path()));
            let entry = AuditEntry::of(&visitor, app.clock.now(), action, &subject, serde_json::json!({}));
            app.store.audit(entry).await?;
        }
        request.extensions_mut().insert(visitor);
    }
    request.extensions_mut().insert(Address(from));
    Ok(next.run(request).await)
}

/// The address a request comes from.
#[derive(Debug, Clone)]
pub struct Address(pub String);

impl<S: Sync> FromRequestParts<S> for Address {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::NotFound)
    }
}

fn address(request: &Request) -> String {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map_or_else(String::new, |ConnectInfo(peer)| peer.ip().to_string())
}

async fn visitor(app: &App, headers: &HeaderMap, from: &str) -> Result<Option<Visitor>, ApiError> {
    let Some(token) = token_of(headers) else { return Ok(None) };
    let Some((person, expires)) = app.store.session(&token).await? else { return Ok(None) };
    if expires <= app.clock.now() || person.disabled {
        return Ok(None);
    }
    app.visitor(person, from).await.map(Some)
}

impl App {
    /// A person with what they hold now.
    pub async fn visitor(&self, person: PersonRow, from: &str) -> Result<Visitor, ApiError> {
        let Holdings { held, glass } = self.store.holdings(person.id, self.clock.now()).await?;
        let caller = Caller::person(person.id, held, glass, &self.tree(), Arc::clone(&self.rights));
        Ok(Visitor { person, caller: caller.calling_from(from.to_owned()) })
    }
}

/// The session token a request carries.
pub fn token_of(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('=').map(str::to_owned))
}

/// A new session token: 32 random bytes.
pub fn new_token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// The header that gives a browser its session, or takes it away when `token` is empty.
pub fn cookie(token: &str, secure: bool) -> Result<(axum::http::HeaderName, HeaderValue), ApiError> {
    let age = if token.is_empty() { 0 } else { SESSION_MS / 1_000 };
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE_NAME}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    let value = HeaderValue::from_str(&text).map_err(|e| ApiError::Internal(e.into()))?;
    Ok((SET_COOKIE, value))
}

/// Hashes a password with argon2id; slow on purpose, so call it off the async threads.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
    Ok(hash.to_string())
}

/// Checks a password. Without a stored hash the same work is done against a hash nobody has the password of, so that an
/// unknown name takes as long as a wrong password.
pub async fn check_password(stored: Option<String>, password: String) -> anyhow::Result<bool> {
    static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_password(&new_token()).ok());
    let known = stored.is_some();
    let matches = tokio::task::spawn_blocking(move || {
        let Some(hash) = stored.or_else(|| NOBODY.clone()) else { return false };
        PasswordHash::new(&hash).is_ok_and(|h| Argon2::default().verify_password(password.as_bytes(), &h).is_ok())
    })
    .await?;
    Ok(known && matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_checked_against_its_hash_only() {
        let hash = hash_password("shan-shui-2026").expect("argon2");
        assert!(check_password(Some(hash.clone()), "shan-shui-2026".into()).await.expect("joined"));
        assert!(!check_password(Some(hash), "shan-shui-2025".into()).await.expect("joined"));
        assert!(!check_password(None, "shan-shui-2026".into()).await.expect("joined"));
    }

    #[test]
    fn the_token_is_found_among_cookies() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=b; shanshui_session=abc; shanshui_session_2=x"));
        assert_eq!(token_of(&headers), Some("abc".into()));
        assert_eq!(token_of(&HeaderMap::new()), None);
    }
}
