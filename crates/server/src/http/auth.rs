//! Who is calling: sessions on the server, a cookie in the browser, one gate before every handler.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use rand::RngCore;
use shanshui_domain::id::PersonId;
use shanshui_domain::right::{Caller, Group};
use shanshui_store::{AuditEntry, Holdings, Opened, PersonRow, SessionRow, TokenKind, TokenRow, TryLimit};

use super::rights::{self, Who};
use super::token::{self, Shown};
use crate::app::App;
use crate::config::SecondFactor;
use crate::error::ApiError;
use crate::tls::Peer;

/// Name of the session cookie.
pub const COOKIE_NAME: &str = "shanshui_session";
/// A session is written down as seen at most so often.
const SEEN_EVERY_MS: i64 = 60_000;
/// What can be asked before a password that somebody else gave is changed.
const BEFORE_CHANGE: [&str; 3] = ["/api/v1/system/me", "/api/v1/system/logout", "/api/v1/system/password"];
/// What else can be asked before a second factor that somebody must have is there.
const BEFORE_ENROLMENT: [&str; 2] = ["/api/v1/system/second-factor", "/api/v1/system/second-factor/confirm"];
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What is counted of a login: a name from one address, a name from anywhere, an address with any name.
#[derive(Debug)]
pub struct Tries {
    both: String,
    name: String,
    address: String,
}

impl Tries {
    /// Those of a name and an address.
    pub fn of(login: &str, address: &str) -> Self {
        let (both, name) = (format!("both:{login}\n{address}"), format!("name:{login}"));
        Self { both, name, address: format!("address:{address}") }
    }

    /// One more; it counts as failed until it is [`Self::good`].
    ///
    /// # Errors
    /// [`ApiError::TooMany`] when it has to wait.
    pub async fn begin(&self, app: &App) -> Result<(), ApiError> {
        let limit = |failures| TryLimit { failures, first_ms: MINUTE_MS, most_ms: HOUR_MS, forget_ms: 24 * HOUR_MS };
        let who = [(&self.both, limit(5)), (&self.name, limit(15)), (&self.address, limit(50))];
        let who = who.into_iter().map(|(who, limit)| (who.clone(), limit)).collect();
        if app.store.login_begin(who, app.clock.now()).await? { Ok(()) } else { Err(ApiError::TooMany) }
    }

    /// The password was right: the name is forgiven, and the address has not failed this time.
    pub async fn good(self, app: &App) -> Result<(), ApiError> {
        Ok(app.store.login_succeeded(vec![self.both, self.name], vec![self.address]).await?)
    }
}

/// Header that a browser does not send across origins without asking: our defence against forged writes.
pub const WRITE_HEADER: &str = "x-shanshui";

/// The person behind a request, with what they may do. Whatever keeps rows asks for the [`Caller`] in it, so that no handler can
/// forget to say for whom it reads or changes.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The person's row.
    pub person: PersonRow,
    /// Whether they have a second factor.
    pub second_factor: bool,
    /// Whether they have to have one before anything else.
    pub must_enrol: bool,
    /// What kind of token they came with; none for themselves.
    pub token: Option<TokenKind>,
    caller: Caller,
}

impl Visitor {
    /// Id of the person.
    pub fn id(&self) -> PersonId {
        self.person.id
    }

    /// The same as a token of theirs, named by its id, which may do at most this.
    #[must_use]
    pub fn by_token(self, token: &TokenRow) -> Self {
        let from = format!("{} token {}", self.caller.from().unwrap_or_default(), token.id);
        let caller = self.caller.at_most(token.rights.clone()).calling_from(from);
        Self { token: Some(token.kind), caller, ..self }
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

/// The gate: finds the row of the rights table, who asks, and lets through or not.
pub async fn gate(
    State(app): State<App>,
    path: MatchedPath,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let who = rights::who(request.method(), path.as_str()).ok_or(ApiError::NotFound)?;
    let from = address(&request, &app.config.http.trusted_proxies);
    app.limits.address(&from)?;
    let shown = token::shown(request.headers());
    // a browser sends cookies by itself, and a program's token it does not
    let by_itself = !matches!(shown, Some(Shown::Bearer(_)));
    if by_itself && request.method() != Method::GET && !request.headers().contains_key(WRITE_HEADER) {
        return Err(ApiError::field(WRITE_HEADER, "header missing on a write"));
    }
    let opened = match token_of(request.headers()) {
        Some(session) => opened(&app, &session, &from).await?,
        None => None,
    };
    let (visitor, session) = match (opened, shown) {
        (Some((visitor, session)), _) => (Some(visitor), Some(session)),
        (None, Some(shown)) => (token::opened(&app, &shown, &from).await?, None),
        (None, None) => (None, None),
    };
    if let Who::Right(right) = who {
        let visitor = visitor.ok_or(ApiError::Unauthenticated)?;
        app.limits.account(visitor.id())?;
        if visitor.person.must_change && !BEFORE_CHANGE.contains(&path.as_str()) {
            return Err(ApiError::MustChangePassword);
        }
        if visitor.must_enrol && !BEFORE_CHANGE.contains(&path.as_str()) && !BEFORE_ENROLMENT.contains(&path.as_str()) {
            return Err(ApiError::MustEnrol);
        }
        let may = match &visitor.token {
            Some(kind) => token::may(*kind, request.method(), path.as_str(), right, &visitor),
            None => visitor.may(right),
        };
        if !may {
            return Err(ApiError::Forbidden);
        }
        if visitor.glass() {
            // what is read through a broken glass is what has to be answered for
            let (action, subject) = ("glass_request", format!("{} {}", request.method(), request.uri().path()));
            let entry = AuditEntry::of(&visitor, app.clock.now(), action, &subject, serde_json::json!({}));
            app.store.audit(entry).await?;
        }
        request.extensions_mut().insert(visitor);
        if let Some(session) = session {
            request.extensions_mut().insert(Session(session));
        }
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

/// Whoever opened the connection; behind a proxy that is trusted, whom it names last and is no such proxy itself.
fn address(request: &Request, trusted: &[IpAddr]) -> String {
    let Some(ConnectInfo(Peer(peer))) = request.extensions().get::<ConnectInfo<Peer>>() else { return String::new() };
    let mut from = peer.ip();
    let said = request.headers().get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
    let hops: Vec<&str> = said.flat_map(|v| v.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        match hop.parse() {
            Ok(before) if trusted.contains(&from) => from = before,
            _ => break,
        }
    }
    from.to_string()
}

/// The session a request came in.
#[derive(Debug, Clone)]
pub struct Session(pub SessionRow);

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::Unauthenticated)
    }
}

/// What a session's token opens.
async fn opened(app: &App, token: &str, from: &str) -> Result<Option<(Visitor, SessionRow)>, ApiError> {
    let Some(Opened { person, session, second_factor }) = app.store.session(token).await? else { return Ok(None) };
    let (now, idle) = (app.clock.now(), app.config.auth.idle_ms());
    if session.expires <= now || now.ms_since(session.seen) > idle || person.disabled {
        return Ok(None);
    }
    if now.ms_since(session.seen) > SEEN_EVERY_MS {
        app.store.session_seen(session.id, now).await?;
    }
    Ok(Some((app.visitor(person, second_factor, from).await?, session)))
}

impl App {
    /// A person with what they hold now.
    pub async fn visitor(&self, person: PersonRow, second_factor: bool, from: &str) -> Result<Visitor, ApiError> {
        let Holdings { held, glass } = self.store.holdings(person.id, self.clock.now()).await?;
        let caller = Caller::person(person.id, held, glass, &self.tree(), Arc::clone(&self.rights));
        let asked = match self.config.auth.second_factor {
            SecondFactor::Everybody => true,
            SecondFactor::Administrators => {
                caller.seats().iter().any(|seat| seat.held.role.group() == Group::Administrators)
            }
            SecondFactor::Nobody => false,
        };
        // the logins of a demonstration are shown to everybody: a second factor would shut all others out
        let must_enrol = asked && !second_factor && !self.demo;
        Ok(Visitor { person, second_factor, must_enrol, token: None, caller: caller.calling_from(from.to_owned()) })
    }
}

/// The session token a request carries.
pub fn token_of(headers: &HeaderMap) -> Option<String> {
    cookie_of(headers, COOKIE_NAME)
}

/// A cookie of a request.
pub fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// A new session token: 32 random bytes.
pub fn new_token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// The header that gives a browser its session, or takes it away when `token` is empty.
pub fn cookie(token: &str, last_ms: i64, secure: bool) -> Result<(axum::http::HeaderName, HeaderValue), ApiError> {
    let age = if token.is_empty() { 0 } else { last_ms / 1_000 };
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE_NAME}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    let value = HeaderValue::from_str(&text).map_err(|e| ApiError::Internal(e.into()))?;
    Ok((SET_COOKIE, value))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_who_asks() {
        let check = |peer: &str, said: Option<&str>, expected: &str| {
            let mut request = Request::new(axum::body::Body::empty());
            request.extensions_mut().insert(ConnectInfo(Peer(SocketAddr::new(peer.parse().expect("an address"), 1))));
            if let Some(said) = said {
                request.headers_mut().insert("x-forwarded-for", HeaderValue::from_str(said).expect("text"));
            }
            let trusted = ["10.0.0.1".parse().expect("an address"), "10.0.0.2".parse().expect("an address")];
            assert_eq!(address(&request, &trusted), expected, "{peer} {said:?}");
        };
        check("192.0.2.7", None, "192.0.2.7");
        check("192.0.2.7", Some("198.51.100.1"), "192.0.2.7");
        check("10.0.0.1", Some("198.51.100.1"), "198.51.100.1");
        check("10.0.0.1", Some("203.0.113.9, 198.51.100.1"), "198.51.100.1");
        check("10.0.0.1", Some("198.51.100.1, 10.0.0.2"), "198.51.100.1");
        check("10.0.0.1", Some("nonsense"), "10.0.0.1");
        check("10.0.0.1", None, "10.0.0.1");
    }

    #[test]
    fn the_token_is_found_among_cookies() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=b; shanshui_session=abc; shanshui_session_2=x"));
        assert_eq!(token_of(&headers), Some("abc".into()));
        assert_eq!(token_of(&HeaderMap::new()), None);
    }
}
