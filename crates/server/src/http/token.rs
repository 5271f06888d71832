//! Tokens of programs and wall screens (访问令牌): made by their person, shown once, cut down to what they are for.
//!
//! A program sends its token as `authorization: Bearer …`. A wall screen hands its token over once and carries it in a cookie that no
//! script reads. Neither has a session: what is about a person's own login is closed to both.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use shanshui_domain::id::TokenId;
use shanshui_domain::place::Secret;
use shanshui_domain::right::Right;
use shanshui_store::{TOKENS_MAX, TokenKind, TokenOpened, TokenRow};
use utoipa::ToSchema;

use super::auth::{self, Address, Session, Visitor, cookie_of};
use super::convert::instant_out;
use super::extract::{Body, Path};
use super::view::{MeView, Problem};
use crate::app::App;
use crate::error::ApiError;

/// Cookie of a wall screen.
const WALL_COOKIE: &str = "shanshui_wall";
/// So that one that was lost is recognised by whoever finds it, and by scanners of repositories.
const PREFIX: &str = "shanshui_";
const DAYS_MAX: u32 = 366;
const NAME_CHARS_MAX: usize = 64;
const NETWORKS_MAX: usize = 16;
/// A token is written down as used at most so often.
const SEEN_EVERY_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// What a wall screen shows.
const WALL_RIGHTS: [Right; 3] = [Right::StationRead, Right::AlarmRead, Right::CaseRead];
/// What hangs on no row and everybody with a session may read: a token too.
const OPEN_TO_TOKENS: [&str; 4] =
    ["/api/v1/system/me", "/api/v1/system/rights", "/api/v1/sense/geography", "/api/v1/events"];

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenKindView {
    /// A program.
    Api,
    /// A wall screen: reads only, from given addresses only.
    Wall,
}

impl From<TokenKindView> for TokenKind {
    fn from(kind: TokenKindView) -> Self {
        match kind {
            TokenKindView::Api => Self::Api,
            TokenKindView::Wall => Self::Wall,
        }
    }
}

impl From<TokenKind> for TokenKindView {
    fn from(kind: TokenKind) -> Self {
        match kind {
            TokenKind::Api => Self::Api,
            TokenKind::Wall => Self::Wall,
        }
    }
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenIn {
    /// What its person calls it.
    #[schema(min_length = 1, max_length = 64)]
    pub name: String,
    /// What for.
    pub kind: TokenKindView,
    /// What it may do at most, in the words of the table of rights; of a wall screen none is named.
    #[serde(default)]
    pub rights: Vec<String>,
    /// Ranges of addresses it is taken from, as `192.0.2.0/24`; a wall screen has at least one.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Days that it is good for.
    #[schema(minimum = 1, maximum = 366)]
    pub days: u32,
}

/// A token of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    /// Id; it opens nothing.
    pub id: String,
    /// What its person calls it.
    pub name: String,
    /// What for.
    pub kind: TokenKindView,
    /// What it may do at most.
    pub rights: Vec<String>,
    /// Ranges of addresses it is taken from; none: from anywhere.
    pub networks: Vec<String>,
    /// Since when, RFC 3339.
    pub created: String,
    /// Until when.
    pub expires: String,
    /// When it was used last, to a minute.
    pub seen: Option<String>,
    /// When it was ended, before its time.
    pub ended: Option<String>,
    /// Whether it still opens something.
    pub good: bool,
}

/// A new token, shown once.
#[derive(Serialize, ToSchema)]
pub struct TokenMadeView {
    /// The token itself.
    pub secret: String,
    /// What is kept of it.
    pub token: TokenView,
}

/// The token of a wall screen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WallIn {
    /// The token itself.
    #[schema(value_type = String)]
    pub token: Secret,
}

/// A token as a request shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// By a program.
    Bearer(String),
    /// By a wall screen's browser.
    Wall(String),
}

/// The token a request shows.
pub fn shown(headers: &HeaderMap) -> Option<Shown> {
    let bearer = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok());
    let bearer = bearer.and_then(|v| v.strip_prefix("Bearer ")).map(|v| Shown::Bearer(v.trim().to_owned()));
    bearer.or_else(|| cookie_of(headers, WALL_COOKIE).map(Shown::Wall))
}

/// Who a token is; nobody when it has run out, is somebody's who may not log in, or comes from where it is not taken from.
pub async fn opened(app: &App, shown: &Shown, from: &str) -> Result<Option<Visitor>, ApiError> {
    let (Shown::Bearer(secret) | Shown::Wall(secret)) = shown;
    let Some(TokenOpened { person, token, second_factor }) = app.store.token(secret).await? else { return Ok(None) };
    let now = app.clock.now();
    let kind_fits = matches!(shown, Shown::Wall(_)) == (token.kind == TokenKind::Wall);
    if !kind_fits || token.expires <= now || person.disabled {
        return Ok(None);
    }
    if !taken_from(&token.networks, from) {
        tracing::warn!(token = %token.id, from, "a token was shown from an address it is not taken from");
        return Ok(None);
    }
    if token.seen.is_none_or(|seen| now.ms_since(seen) > SEEN_EVERY_MS) {
        app.store.token_seen(token.id, now).await?;
    }
    Ok(Some(app.visitor(person, second_factor, from).await?.by_token(&token)))
}

/// Whether a token may use a route.
pub fn may(kind: TokenKind, method: &Method, path: &str, right: Right, visitor: &Visitor) -> bool {
    let reads = *method == Method::GET;
    let open = reads && right == Right::SessionOwn && OPEN_TO_TOKENS.contains(&path);
    (reads || kind == TokenKind::Api) && (open || visitor.may(right))
}

fn taken_from(networks: &[String], from: &str) -> bool {
    let Ok(from) = from.parse::<std::net::IpAddr>() else { return networks.is_empty() };
    networks.is_empty()
        || networks.iter().any(|n| n.parse::<IpNet>().is_ok_and(|net| net.contains(&from.to_canonical())))
}

/// The caller's own tokens, newest first.
#[utoipa::path(get, path = "/api/v1/system/tokens", tag = "system", responses((status = 200, body = [TokenView])))]
pub async fn tokens(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<TokenView>>, ApiError> {
    let now = app.clock.now();
    Ok(Json(app.store.tokens(&visitor).await?.into_iter().map(|row| view(row, now)).collect()))
}

/// Makes a token; it is shown in this answer and never again.
#[utoipa::path(post, path = "/api/v1/system/tokens", tag = "system", request_body = TokenIn,
    responses((status = 200, body = TokenMadeView), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub async fn token_make(
    State(app): State<App>,
    visitor: Visitor,
    _session: Session,
    Body(input): Body<TokenIn>,
) -> Result<Json<TokenMadeView>, ApiError> {
    let now = app.clock.now();
    let name = input.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(ApiError::field("name", format!("1 to {NAME_CHARS_MAX} characters")));
    }
    if !(1..=DAYS_MAX).contains(&input.days) {
        return Err(ApiError::field("days", format!("1 to {DAYS_MAX}")));
    }
    let kind = TokenKind::from(input.kind);
    let networks = networks(&input.networks)?;
    let rights = match kind {
        TokenKind::Api => asked(&input.rights, &visitor)?,
        TokenKind::Wall if !input.rights.is_empty() => {
            return Err(ApiError::field("rights", "of a wall screen none is named"));
        }
        TokenKind::Wall if networks.is_empty() => {
            return Err(ApiError::field("networks", "a wall screen is bound to at least one range of addresses"));
        }
        TokenKind::Wall => WALL_RIGHTS.into(),
    };
    let secret = format!("{PREFIX}{}", auth::new_token());
    let row = TokenRow {
        id: TokenId(uuid::Uuid::now_v7()),
        person: visitor.id(),
        kind,
        name,
        rights,
        networks,
        created: now,
        expires: now.plus_ms(i64::from(input.days) * DAY_MS),
        seen: None,
        ended: None,
    };
    match app.store.token_put(&visitor, &secret, row.clone()).await {
        Err(shanshui_store::StoreError::Conflict) => {
            Err(ApiError::field("tokens", format!("nobody has more than {TOKENS_MAX} at a time")))
        }
        made => {
            made?;
            Ok(Json(TokenMadeView { secret, token: view(row, now) }))
        }
    }
}

/// Ends one of the caller's own tokens, at once and for good.
#[utoipa::path(post, path = "/api/v1/system/tokens/{id}/end", tag = "system", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn token_end(
    State(app): State<App>,
    visitor: Visitor,
    _session: Session,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    app.store.token_end(&visitor, id, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A wall screen hands its token over and carries it in a cookie from then on.
#[utoipa::path(post, path = "/api/v1/system/wall", tag = "system", request_body = WallIn,
    responses((status = 200, body = MeView), (status = 401, body = Problem)))]
pub async fn wall(
    State(app): State<App>,
    Address(from): Address,
    Body(input): Body<WallIn>,
) -> Result<impl IntoResponse, ApiError> {
    let shown = Shown::Wall(input.token.expose().to_owned());
    let visitor = opened(&app, &shown, &from).await?.ok_or(ApiError::Unauthenticated)?;
    let cookie = wall_cookie(input.token.expose(), app.config.http.secure())?;
    Ok((AppendHeaders([cookie]), Json(app.me_view(&visitor))))
}

fn wall_cookie(token: &str, secure: bool) -> Result<(HeaderName, HeaderValue), ApiError> {
    let (age, secure) = (i64::from(DAYS_MAX) * DAY_MS / 1_000, if secure { "; Secure" } else { "" });
    let text = format!("{WALL_COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    Ok((SET_COOKIE, HeaderValue::from_str(&text).map_err(|e| ApiError::Internal(e.into()))?))
}

/// Rights as they were asked for: known, such that a token may carry them, and the caller's own.
fn asked(words: &[String], visitor: &Visitor) -> Result<BTreeSet<Right>, ApiError> {
    let right = |word: &String| {
        let right = Right::parse(word).filter(|r| r.for_tokens() && visitor.may(*r));
        right.ok_or_else(|| ApiError::field("rights", format!("{word:?} is none that a token of yours may have")))
    };
    let rights = words.iter().map(right).collect::<Result<BTreeSet<_>, _>>()?;
    if rights.is_empty() { Err(ApiError::field("rights", "at least one")) } else { Ok(rights) }
}

fn networks(texts: &[String]) -> Result<Vec<String>, ApiError> {
    if texts.len() > NETWORKS_MAX {
        return Err(ApiError::field("networks", format!("at most {NETWORKS_MAX}")));
    }
    let net = |text: &String| {
        let text = text.trim();
        let net = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
        let net = net.map_err(|_| ApiError::field("networks", format!("{text:?} is no range of addresses")))?;
        Ok(net.trunc().to_string())
    };
    texts.iter().map(net).collect()
}

fn view(row: TokenRow, now: shanshui_domain::time::Instant) -> TokenView {
    TokenView {
        good: row.ended.is_none() && now < row.expires,
        id: row.id.to_string(),
        name: row.name,
        kind: row.kind.into(),
        rights: row.rights.iter().map(|r| r.as_str().to_owned()).collect(),
        networks: row.networks,
        created: instant_out(row.created),
        expires: instant_out(row.expires),
        seen: row.seen.map(instant_out),
        ended: row.ended.map(instant_out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_from_its_networks_alone() {
        let check = |networks: &[&str], from: &str, expected: bool| {
            let networks: Vec<String> = networks.iter().map(|&n| n.to_owned()).collect();
            let written = super::networks(&networks).expect("ranges");
            assert_eq!(taken_from(&written, from), expected, "{networks:?} {from}");
        };
        check(&[], "192.0.2.7", true);
        check(&[], "", true);
        check(&["192.0.2.0/24"], "192.0.2.7", true);
        check(&["192.0.2.9/24"], "192.0.2.7", true);
        check(&["192.0.2.7"], "192.0.2.7", true);
        check(&["192.0.2.7"], "192.0.2.8", false);
        check(&["192.0.2.0/24"], "::ffff:192.0.2.7", true);
        check(&["192.0.2.0/24"], "", false);
        check(&["10.0.0.0/8", "2001:db8::/32"], "2001:db8::9", true);
        check(&["10.0.0.0/8", "2001:db8::/32"], "2001:db9::9", false);
        for wrong in ["10.0.0.0/33", "office", "", "10.0.0"] {
            assert!(super::networks(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_is_found_where_programs_and_walls_put_it() {
        let check = |name: HeaderName, value: &'static str, expected: Option<Shown>| {
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
            assert_eq!(shown(&headers), expected, "{value}");
        };
        check(AUTHORIZATION, "Bearer shanshui_ab", Some(Shown::Bearer("shanshui_ab".into())));
        check(AUTHORIZATION, "Basic YTpi", None);
        check(axum::http::header::COOKIE, "x=1; shanshui_wall=shanshui_ab", Some(Shown::Wall("shanshui_ab".into())));
    }
}
