//! Organisations, accounts, posts, stand-ins, broken glass: who is what, and who may say so.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shanshui_domain::id::{OrganisationCode, PersonId, PostId};
use shanshui_domain::place::code_like;
use shanshui_domain::right::{Group, Organisation, Right, Role, Seeker};
use shanshui_domain::time::Instant;
use shanshui_store::{DelegationRow, GlassRow, PersonRow, PostRow, StoreError};

use super::auth::Visitor;
use super::convert::{instant_in, instant_out};
use super::extract::{Body, Path};
use super::hash;
use super::password;
use super::present::words;
use super::view::{
    AccountIn, AccountView, DelegationIn, DelegationView, GlassIn, GlassView, OrganisationIn, OrganisationView, PostIn,
    PostView, Problem, RightRowView, RightsView, RoleRowView, Words,
};
use crate::app::{App, Live};
use crate::error::ApiError;
use crate::notes;

/// Longest name, reason, certificate.
const TEXT_CHARS_MAX: usize = 200;
/// Longest login name.
const LOGIN_BYTES_MAX: usize = 64;
const DAY_MS: i64 = 24 * 3_600_000;
/// Longest time somebody stands in.
const STAND_IN_MS_MAX: i64 = 90 * DAY_MS;
/// Longest time the glass is broken.
const GLASS_MINUTES_MAX: i64 = 240;
/// A reason says something.
const REASON_CHARS_MIN: usize = 5;

/// The table of rights: how far each role reaches with each right.
#[utoipa::path(get, path = "/api/v1/system/rights", tag = "system", responses((status = 200, body = RightsView)))]
pub async fn rights(State(app): State<App>, _visitor: Visitor) -> Json<RightsView> {
    let role = |role: &Role| RoleRowView {
        role: (*role).into(),
        name: app.rights.role(*role).map_or_else(|| words("", ""), |row| words(&row.name_zh, &row.name_en)),
        needs_certificate: role.needs_certificate(),
    };
    let reach = |right: Right, role: &Role| {
        let reach = app.rights.reach(right, Seeker::Role(*role)).or(app.rights.reach(right, Seeker::Anybody))?;
        Some((role.as_str().to_owned(), reach.as_str().to_owned()))
    };
    let row = |right: &Right| RightRowView {
        right: right.as_str().to_owned(),
        reach: Role::ALL.iter().filter_map(|role| reach(*right, role)).collect(),
    };
    Json(RightsView { roles: Role::ALL.iter().map(role).collect(), rights: Right::ALL.iter().map(row).collect() })
}

/// Every organisation, by code.
#[utoipa::path(get, path = "/api/v1/system/organisations", tag = "system",
    responses((status = 200, body = [OrganisationView])))]
pub async fn organisations(State(app): State<App>, _visitor: Visitor) -> Result<Json<Vec<OrganisationView>>, ApiError> {
    app.tree_reload().await?;
    Ok(Json(app.tree().iter().map(|o| organisation_view(&app, o)).collect()))
}

fn organisation_view(app: &App, o: &Organisation) -> OrganisationView {
    let city = app.city();
    let county = city.counties.iter().find(|c| c.code == o.area);
    let area_name = match (o.area.as_str(), county) {
        (Organisation::WHOLE_CITY, _) => words("全市", "whole city"),
        (_, Some(county)) => words(&county.name_zh, &county.name_en),
        (other, None) => words(other, other),
    };
    OrganisationView {
        code: o.code.to_string(),
        parent: o.parent.as_ref().map(ToString::to_string),
        kind: o.kind.into(),
        area: o.area.clone(),
        area_name,
        name: words(&o.name_zh, &o.name_en),
    }
}

/// Adds an organisation, or changes one. The city pack has the last word on its own when the program starts.
#[utoipa::path(put, path = "/api/v1/system/organisations/{code}", tag = "system", params(("code" = String, Path)),
    request_body = OrganisationIn, responses((status = 204), (status = 400, body = Problem)))]
pub async fn organisation_put(
    State(app): State<App>,
    visitor: Visitor,
    Path(code): Path<String>,
    Body(input): Body<OrganisationIn>,
) -> Result<StatusCode, ApiError> {
    if !code_like(&code) {
        return Err(ApiError::field("code", "1 to 32 letters, digits, - or _"));
    }
    let known = ["", Organisation::WHOLE_CITY].contains(&input.area.as_str())
        || app.city().counties.iter().any(|c| c.code == input.area);
    if !known {
        return Err(ApiError::field("area", format!("no such county {:?}", input.area)));
    }
    let organisation = Organisation {
        code: OrganisationCode(code),
        parent: input.parent.map(OrganisationCode),
        kind: input.kind.into(),
        area: input.area,
        name_zh: text("name.zh", input.name.zh)?,
        name_en: text("name.en", input.name.en)?,
    };
    app.store.organisation_put(&visitor, organisation, app.clock.now()).await?;
    app.publish(notes::ORGANISATIONS, String::new()).await?;
    app.tree_reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn text(field: &str, text: String) -> Result<String, ApiError> {
    let chars = text.trim().chars().count();
    if chars == 0 || chars > TEXT_CHARS_MAX || text.contains(char::is_control) {
        return Err(ApiError::field(field, format!("1 to {TEXT_CHARS_MAX} characters")));
    }
    Ok(text.trim().to_owned())
}

/// Every account, by login name.
#[utoipa::path(get, path = "/api/v1/system/accounts", tag = "system", responses((status = 200, body = [AccountView])))]
pub async fn accounts(State(app): State<App>, _visitor: Visitor) -> Result<Json<Vec<AccountView>>, ApiError> {
    app.people_reload().await?;
    let people = app.people();
    let mut all: Vec<_> =
        people.values().map(|m| AccountView { person: app.person_view(m), disabled: m.person.disabled }).collect();
    all.sort_by(|a, b| a.person.login.cmp(&b.person.login));
    Ok(Json(all))
}

/// Opens an account, or changes one: its name, its password, whether it may log in. Every session of it ends. What the person may do
/// hangs on their posts, which somebody else gives. The account of another administrator is changed at the machine only.
#[utoipa::path(put, path = "/api/v1/system/accounts/{login}", tag = "system", params(("login" = String, Path)),
    request_body = AccountIn, responses((status = 200, body = AccountView), (status = 422, body = Problem)))]
pub async fn account_put(
    State(app): State<App>,
    visitor: Visitor,
    Path(login): Path<String>,
    Body(input): Body<AccountIn>,
) -> Result<Json<AccountView>, ApiError> {
    let plain = login.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
    if login.is_empty() || login.len() > LOGIN_BYTES_MAX || !plain {
        return Err(ApiError::field("login", "1 to 64 letters, digits, -, _, . or @"));
    }
    let known = app.store.person_by_login(&login).await?;
    if let Some(known) = known.as_ref().filter(|p| p.id != visitor.id()) {
        // whoever could give another administrator a password would hold their power too
        app.people_reload().await?;
        let now = app.clock.now();
        let holds = |p: &PostRow| p.lasts(now) && p.role.group() == Group::Administrators;
        if app.people().get(&known.id).is_some_and(|m| m.posts.iter().any(holds)) {
            return Err(ApiError::Forbidden);
        }
    }
    let hash = match (&input.password, &known) {
        (Some(password), _) => {
            let names = [login.as_str(), input.name.zh.as_str(), input.name.en.as_str()];
            password::good(password.expose(), &names, &app.config.auth).map_err(ApiError::WeakPassword)?;
            let password = password.expose().to_owned();
            let hashed = tokio::task::spawn_blocking(move || hash::hash_password(&password)).await;
            hashed.map_err(|e| ApiError::Internal(e.into()))??
        }
        (None, Some(known)) => known.password_hash.clone(),
        (None, None) => return Err(ApiError::field("password", "missing: a new account needs one")),
    };
    let known_must_change = known.as_ref().is_some_and(|p| p.must_change);
    let row = PersonRow {
        id: known.map_or_else(|| PersonId(uuid::Uuid::now_v7()), |p| p.id),
        login,
        name_zh: text("name.zh", input.name.zh)?,
        name_en: text("name.en", input.name.en)?,
        password_hash: hash,
        disabled: input.disabled,
        // whoever gave the password knows it
        must_change: input.password.is_some() || known_must_change,
    };
    let id = row.id;
    app.store.person_put(&visitor, row, app.clock.now()).await?;
    app.store.sessions_drop(id).await?;
    app.publish(notes::PEOPLE, String::new()).await?;
    app.people_reload().await?;
    let people = app.people();
    let member = people.get(&id).ok_or(ApiError::NotFound)?;
    Ok(Json(AccountView { person: app.person_view(member), disabled: member.person.disabled }))
}

/// Every post there is, was and will be, by person.
#[utoipa::path(get, path = "/api/v1/system/posts", tag = "system", responses((status = 200, body = [PostView])))]
pub async fn posts(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<PostView>>, ApiError> {
    app.people_reload().await?;
    let rows = app.store.posts(&visitor).await?;
    Ok(Json(rows.iter().map(|row| post_view(&app, row)).collect()))
}

fn post_view(app: &App, p: &PostRow) -> PostView {
    let people = app.people();
    PostView {
        id: p.id.to_string(),
        person: app.person_of(p.person, &people),
        role: p.role.into(),
        organisation: p.organisation.to_string(),
        organisation_name: app.organisation_name(&p.organisation),
        certificate: p.certificate.clone(),
        since: instant_out(p.since),
        until: p.until.map(instant_out),
        ended: p.ended_at.map(instant_out),
        held: p.holds(app.clock.now()),
        given_by: p.given_by.map(|by| app.person_of(by, &people).name),
    }
}

/// Gives a post.
#[utoipa::path(post, path = "/api/v1/system/posts", tag = "system", request_body = PostIn,
    responses((status = 200, body = PostView), (status = 400, body = Problem), (status = 409, body = Problem)))]
pub async fn post_give(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<PostIn>,
) -> Result<Json<PostView>, ApiError> {
    let now = app.clock.now();
    let role: Role = input.role.into();
    let certificate = input.certificate.map(|c| text("certificate", c)).transpose()?;
    if role.needs_certificate() != certificate.is_some() {
        let reason = if role.needs_certificate() { "missing: this role needs one" } else { "this role has none" };
        return Err(ApiError::field("certificate", reason));
    }
    let since = input.since.as_deref().map_or(Ok(now), |t| instant_in("since", t))?;
    let until = input.until.as_deref().map(|t| instant_in("until", t)).transpose()?;
    if until.is_some_and(|until| until <= since.max(now)) {
        return Err(ApiError::field("until", "is not after since and now"));
    }
    let row = PostRow {
        id: PostId(uuid::Uuid::now_v7()),
        person: person("person", &input.person)?,
        organisation: OrganisationCode(input.organisation),
        role,
        certificate,
        since,
        until,
        given_by: Some(visitor.id()),
        given_at: now,
        ended_at: None,
    };
    app.store.post_give(&visitor, row.clone()).await.map_err(|error| match error {
        StoreError::NotFound => ApiError::field("person, organisation", "no such person or organisation"),
        StoreError::Conflict => ApiError::Exists("the same post".into()),
        other => other.into(),
    })?;
    changed(&app).await?;
    Ok(Json(post_view(&app, &row)))
}

async fn changed(app: &App) -> Result<(), ApiError> {
    app.publish(notes::PEOPLE, String::new()).await?;
    Ok(app.people_reload().await?)
}

fn person(field: &str, text: &str) -> Result<PersonId, ApiError> {
    text.parse().map_err(|e| ApiError::field(field, e))
}

/// Ends a post; whoever held it may do nothing with it from now on.
#[utoipa::path(post, path = "/api/v1/system/posts/{id}/end", tag = "system", params(("id" = String, Path)),
    responses((status = 200, body = PostView), (status = 404, body = Problem)))]
pub async fn post_end(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<PostView>, ApiError> {
    let id: PostId = id.parse().map_err(|_| ApiError::NotFound)?;
    let row = app.store.post_end(&visitor, id, app.clock.now()).await?;
    changed(&app).await?;
    Ok(Json(post_view(&app, &row)))
}

/// Who stands in for whom, newest first: the caller's own, or everybody's for whoever looks after that.
#[utoipa::path(get, path = "/api/v1/system/delegations", tag = "system",
    responses((status = 200, body = [DelegationView])))]
pub async fn delegations(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<DelegationView>>, ApiError> {
    let rows = app.store.delegations(&visitor).await?;
    Ok(Json(rows.iter().map(|row| delegation_view(&app, row)).collect()))
}

fn delegation_view(app: &App, d: &DelegationRow) -> DelegationView {
    let (people, now) = (app.people(), app.clock.now());
    DelegationView {
        id: d.id.to_string(),
        giver: app.person_of(d.giver, &people),
        taker: app.person_of(d.taker, &people),
        since: instant_out(d.since),
        until: instant_out(d.until),
        reason: d.reason.clone(),
        ended: d.ended_at.map(instant_out),
        holds: d.ended_at.is_none() && d.since <= now && now < d.until,
    }
}

/// Lets somebody stand in for some days. What hangs on the person, an administrator's power or a certificate, is not handed on.
#[utoipa::path(post, path = "/api/v1/system/delegations", tag = "system", request_body = DelegationIn,
    responses((status = 200, body = DelegationView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn delegate(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<DelegationIn>,
) -> Result<Json<DelegationView>, ApiError> {
    let now = app.clock.now();
    let giver = input.giver.as_deref().map_or(Ok(visitor.id()), |id| person("giver", id))?;
    let taker = person("taker", &input.taker)?;
    if giver == taker {
        return Err(ApiError::field("taker", "nobody stands in for themselves"));
    }
    let since = input.since.as_deref().map_or(Ok(now), |t| instant_in("since", t))?;
    let until = instant_in("until", &input.until)?;
    if until <= since.max(now) || until.ms_since(since) > STAND_IN_MS_MAX {
        return Err(ApiError::field("until", "is not after since and now, or more than 90 days later"));
    }
    let reason = text("reason", input.reason)?;
    let id = PostId(uuid::Uuid::now_v7());
    let given_by = Some(visitor.id());
    let row = DelegationRow { id, giver, taker, since, until, reason, given_by, given_at: now, ended_at: None };
    app.store.delegate(&visitor, row.clone()).await?;
    Ok(Json(delegation_view(&app, &row)))
}

/// Ends a delegation before its time.
#[utoipa::path(post, path = "/api/v1/system/delegations/{id}/end", tag = "system", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn delegation_end(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id: PostId = id.parse().map_err(|_| ApiError::NotFound)?;
    app.store.delegation_end(&visitor, id, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who broke the glass, newest first: the caller's own, or everybody's for whoever looks after that.
#[utoipa::path(get, path = "/api/v1/system/glass", tag = "system", responses((status = 200, body = [GlassView])))]
pub async fn glasses(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<GlassView>>, ApiError> {
    let rows = app.store.glasses(&visitor).await?;
    Ok(Json(rows.iter().map(|row| glass_view(&app, row)).collect()))
}

fn glass_view(app: &App, g: &GlassRow) -> GlassView {
    let now = app.clock.now();
    GlassView {
        id: g.id.to_string(),
        person: app.person_of(g.person, &app.people()),
        reason: g.reason.clone(),
        since: instant_out(g.since),
        until: instant_out(g.until),
        ended: g.ended_at.map(instant_out),
        holds: g.ended_at.is_none() && g.since <= now && now < g.until,
    }
}

/// Breaks the glass: the caller sees everything for some minutes, and every request of theirs is written into the audit.
#[utoipa::path(post, path = "/api/v1/system/glass", tag = "system", request_body = GlassIn,
    responses((status = 200, body = GlassView), (status = 400, body = Problem)))]
pub async fn glass_break(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<GlassIn>,
) -> Result<Json<GlassView>, ApiError> {
    let reason = text("reason", input.reason)?;
    if reason.chars().count() < REASON_CHARS_MIN {
        return Err(ApiError::field("reason", format!("at least {REASON_CHARS_MIN} characters")));
    }
    if !(1..=GLASS_MINUTES_MAX).contains(&input.minutes) {
        return Err(ApiError::field("minutes", format!("1 to {GLASS_MINUTES_MAX}")));
    }
    let since: Instant = app.clock.now();
    let until = since.plus_ms(input.minutes * 60_000);
    let (id, person) = (PostId(uuid::Uuid::now_v7()), visitor.id());
    let row = GlassRow { id, person, reason, since, until, ended_at: None };
    app.store.glass_break(&visitor, row.clone()).await?;
    let Words { zh, .. } = app.person_of(person, &app.people()).name;
    app.tell(Live::Glass { person: person.to_string() });
    tracing::warn!(person = zh, reason = row.reason, minutes = input.minutes, "the glass is broken");
    Ok(Json(glass_view(&app, &row)))
}

/// Mends the glass before its time.
#[utoipa::path(post, path = "/api/v1/system/glass/mend", tag = "system",
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn glass_mend(State(app): State<App>, visitor: Visitor) -> Result<StatusCode, ApiError> {
    app.store.glass_mend(&visitor, app.clock.now()).await?;
    app.tell(Live::Glass { person: visitor.id().to_string() });
    Ok(StatusCode::NO_CONTENT)
}
