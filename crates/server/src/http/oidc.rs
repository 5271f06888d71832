//! Logging in at another house (统一身份认证): sent there, come back, and a session begins.
//!
//! While somebody is away their browser carries what ties the answer to it, sealed and for ten minutes. At their first time they become
//! the account whose login name the house gives; from then on the house's own subject says who they are, whatever they are called.

use axum::Json;
use axum::extract::State;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use shanshui_domain::id::PersonId;
use shanshui_domain::time::Instant;
use shanshui_store::{AuditEntry, PersonRow, StoreError};

use super::auth::{Address, Tries, cookie_of};
use super::extract::{Body, Query};
use super::session;
use super::view::{FactorCodeIn, MeView, Problem};
use crate::app::App;
use crate::error::ApiError;
use crate::oidc::{Begun, Known};

/// Cookie that is carried meanwhile.
const COOKIE_NAME: &str = "shanshui_oidc";
/// What it is sealed for: the way there and back, and the code that is asked for afterwards.
const AWAY: &str = "oidc:away";
const CODE: &str = "oidc:code";
/// How long somebody may be away.
const AWAY_MS: i64 = 600_000;

/// Where somebody wants to go afterwards.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub struct BeginQuery {
    /// Path within the interface; the overview when it is missing or leads elsewhere.
    pub to: Option<String>,
}

/// What the house answers with.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub struct ReturnQuery {
    /// Code to be exchanged.
    pub code: Option<String>,
    /// What was sent along.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Away {
    begun: Begun,
    to: String,
    until: i64,
}

#[derive(Serialize, Deserialize)]
struct Waiting {
    person: PersonId,
    to: String,
    until: i64,
}

/// Why somebody comes back to the login page without a session: the word in its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// They said no, or the house did.
    Denied,
    /// It took too long, or the answer belongs to another browser.
    Expired,
    /// Nobody here is called so, or the account is closed.
    Unknown,
    /// The house cannot be asked, or what it says does not hold.
    Failed,
}

impl Why {
    fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

/// Sends the browser to the house.
#[utoipa::path(get, path = "/api/v1/system/oidc/begin", tag = "system", params(BeginQuery),
    responses((status = 303, description = "to the house, or back to the login page with a reason"), (status = 404, body = Problem)))]
pub async fn oidc_begin(State(app): State<App>, Query(query): Query<BeginQuery>) -> Result<Response, ApiError> {
    if !app.provider.is_on() {
        return Err(ApiError::NotFound);
    }
    let (url, begun) = match app.provider.begin().await {
        Ok(there) => there,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "nobody can be sent to the OpenID provider");
            return back(Why::Failed, app.config.http.secure());
        }
    };
    let away = Away { begun, to: within(query.to), until: app.clock.now().plus_ms(AWAY_MS).0 };
    let carried = app.carry(AWAY, &away)?;
    see(url.as_str(), Some(carried))
}

/// The house sends the browser back.
#[utoipa::path(get, path = "/api/v1/system/oidc/return", tag = "system", params(ReturnQuery),
    responses((status = 303, description = "into the interface, or back to the login page with a reason"), (status = 404, body = Problem)))]
pub async fn oidc_return(
    State(app): State<App>,
    Address(from): Address,
    headers: HeaderMap,
    Query(query): Query<ReturnQuery>,
) -> Result<Response, ApiError> {
    if !app.provider.is_on() {
        return Err(ApiError::NotFound);
    }
    let secure = app.config.http.secure();
    match app.came_back(&headers, query, &from).await? {
        Ok((person, known, to)) => {
            let factor = app.store.second_factor(person.id).await?.is_some_and(|f| f.confirmed);
            if factor && !known.second_factor {
                let until = app.clock.now().plus_ms(AWAY_MS).0;
                let carried = app.carry(CODE, &Waiting { person: person.id, to, until })?;
                return see("/login?oidc=code", Some(carried));
            }
            let how = serde_json::json!({"issuer": known.issuer});
            let (session, _) = session::begin(&app, person, &from, &headers, how).await?;
            let mut answer = see(&to, Some(carried_cookie("", 0, secure)?))?;
            answer.headers_mut().append(session.0, session.1);
            Ok(answer)
        }
        Err(why) => back(why, secure),
    }
}

/// The code of the authenticator, for whoever has one here and was not asked for a second factor there.
#[utoipa::path(post, path = "/api/v1/system/oidc/code", tag = "system", request_body = FactorCodeIn,
    responses((status = 200, body = MeView), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub async fn oidc_code(
    State(app): State<App>,
    Address(from): Address,
    headers: HeaderMap,
    Body(input): Body<FactorCodeIn>,
) -> Result<impl IntoResponse, ApiError> {
    let waiting: Waiting = app.carried(CODE, &headers).ok_or(ApiError::Unauthenticated)?;
    let now = app.clock.now();
    let people = app.store.people().await?;
    let person = people.into_iter().find(|p| p.id == waiting.person && !p.disabled && now < Instant(waiting.until));
    let person = person.ok_or(ApiError::Unauthenticated)?;
    let factor = app.store.second_factor(person.id).await?.filter(|f| f.confirmed).ok_or(ApiError::Unauthenticated)?;
    let tries = Tries::of(&person.login, &from);
    tries.begin(&app).await?;
    if !app.code_is_good(person.id, &factor.sealed, &input.code).await? {
        let detail = serde_json::json!({"code": true});
        app.store.audit(AuditEntry::of_nobody(&from, now, "login_failed", &person.login, detail)).await?;
        return Err(ApiError::BadCode);
    }
    tries.good(&app).await?;
    let how = serde_json::json!({"oidc": true});
    let (session, visitor) = session::begin(&app, person, &from, &headers, how).await?;
    let gone = carried_cookie("", 0, app.config.http.secure())?;
    Ok((AppendHeaders([session, gone]), Json(app.me_view(&visitor))))
}

impl App {
    /// Who came back; or why nobody.
    async fn came_back(
        &self,
        headers: &HeaderMap,
        query: ReturnQuery,
        from: &str,
    ) -> Result<Result<(PersonRow, Known, String), Why>, ApiError> {
        let now = self.clock.now();
        let away: Option<Away> = self.carried(AWAY, headers).filter(|away: &Away| now < Instant(away.until));
        let Some(away) = away.filter(|away| query.state.as_deref() == Some(&away.begun.state)) else {
            return Ok(Err(Why::Expired));
        };
        if let Some(error) = query.error {
            tracing::info!(error, "somebody came back from the OpenID provider without a code");
            return Ok(Err(Why::Denied));
        }
        let Some(code) = query.code.filter(|_| self.provider.is_from(query.iss.as_deref())) else {
            return Ok(Err(Why::Failed));
        };
        let known = match self.provider.finish(code, away.begun).await {
            Ok(known) => known,
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "what the OpenID provider says does not hold");
                return Ok(Err(Why::Failed));
            }
        };
        let person = self.person_of_house(&known).await?;
        let Some(person) = person.filter(|p| !p.disabled) else {
            let detail = serde_json::json!({"issuer": known.issuer});
            self.store.audit(AuditEntry::of_nobody(from, now, "login_failed", "?", detail)).await?;
            return Ok(Err(Why::Unknown));
        };
        Ok(Ok((person, known, away.to)))
    }

    /// The account of somebody of the house; at their first time the one that is called as the house calls them.
    async fn person_of_house(&self, known: &Known) -> Result<Option<PersonRow>, ApiError> {
        let held = self.store.outside_login(&known.issuer, &known.subject).await?;
        let person = match (held, &known.login) {
            (Some(person), _) => person,
            (None, None) => return Ok(None),
            (None, Some(login)) => {
                let Some(person) = self.store.person_by_login(login).await? else { return Ok(None) };
                match self.store.outside_bind(&known.issuer, &known.subject, person.id, self.clock.now()).await {
                    Ok(()) => person,
                    Err(StoreError::Conflict) => {
                        tracing::warn!(login, "is known to the OpenID provider under another subject already");
                        return Ok(None);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        if !person.must_change {
            return Ok(Some(person));
        }
        // whoever logs in elsewhere needs no password here, least of all one that somebody else knows
        self.store.password_void(person.id, self.clock.now()).await?;
        Ok(Some(PersonRow { must_change: false, ..person }))
    }

    fn carry<T: Serialize>(&self, purpose: &str, what: &T) -> Result<(HeaderName, HeaderValue), ApiError> {
        let text = serde_json::to_vec(what).map_err(|e| ApiError::Internal(e.into()))?;
        carried_cookie(&self.vault.seal(purpose, &text)?, AWAY_MS, self.config.http.secure())
    }

    fn carried<T: for<'de> Deserialize<'de>>(&self, purpose: &str, headers: &HeaderMap) -> Option<T> {
        let sealed = cookie_of(headers, COOKIE_NAME)?;
        serde_json::from_slice(&self.vault.unseal(purpose, &sealed).ok()?).ok()
    }
}

/// A path of the interface; anything that could lead elsewhere is the overview.
fn within(to: Option<String>) -> String {
    let inside = |to: &String| {
        to.starts_with('/')
            && !to[1..].starts_with(['/', '\\'])
            && to.chars().all(|c| c.is_ascii_graphic() && c != '\\')
    };
    to.filter(inside).unwrap_or_else(|| "/".to_owned())
}

fn back(why: Why, secure: bool) -> Result<Response, ApiError> {
    see(&format!("/login?oidc={}", why.word()), Some(carried_cookie("", 0, secure)?))
}

fn see(to: &str, header: Option<(HeaderName, HeaderValue)>) -> Result<Response, ApiError> {
    let location = HeaderValue::from_str(to).map_err(|e| ApiError::Internal(e.into()))?;
    Ok((StatusCode::SEE_OTHER, AppendHeaders([(LOCATION, location)].into_iter().chain(header))).into_response())
}

/// The browser comes back from another site, so that the cookie has to be one that it sends then: `Lax`.
fn carried_cookie(sealed: &str, last_ms: i64, secure: bool) -> Result<(HeaderName, HeaderValue), ApiError> {
    let (age, secure) = (last_ms / 1_000, if secure { "; Secure" } else { "" });
    let text =
        format!("{COOKIE_NAME}={sealed}; Path=/api/v1/system/oidc; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    Ok((SET_COOKIE, HeaderValue::from_str(&text).map_err(|e| ApiError::Internal(e.into()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_the_interface_is_gone_to_afterwards() {
        let check = |to: &str, expected: &str| assert_eq!(within(Some(to.into())), expected, "{to}");
        check("/cases/1?tab=2", "/cases/1?tab=2");
        check("/", "/");
        for to in ["", "cases", "//evil.example", "/\\evil.example", "https://evil.example/", "/a\r\nb", "/a\\b", "/案"]
        {
            check(to, "/");
        }
        assert_eq!(within(None), "/");
    }
}
