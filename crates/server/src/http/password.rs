//! Which passwords are taken (密码策略), and a person's own change of theirs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shanshui_store::SessionRow;

use super::auth::{Session, Tries, Visitor};
use super::convert::instant_out;
use super::extract::{Body, Path};
use super::hash;
use super::present::words;
use super::view::{PasswordIn, Problem, SessionView, Words};
use crate::app::App;
use crate::config::Auth;
use crate::error::ApiError;

/// Longest password that is hashed.
pub const BYTES_MAX: usize = 256;

/// Whether a password may be set; says why not. `names` are what everybody knows of the person.
///
/// # Errors
/// What is wrong with it, for people.
pub fn good(password: &str, names: &[&str], auth: &Auth) -> Result<(), Words> {
    let (chars, min) = (password.chars().count(), auth.password_chars_min);
    if chars < min || password.len() > BYTES_MAX {
        return Err(words(
            format!("密码至少 {min} 个字符，至多 {BYTES_MAX} 字节"),
            format!("a password has at least {min} characters and at most {BYTES_MAX} bytes"),
        ));
    }
    // whoever writes pinyin and the product's name behind one another has guessed half of the city's passwords
    let known: Vec<&str> = names.iter().copied().chain(["shanshui", "shengtai", "huanjing", "quzhou"]).collect();
    if u8::from(zxcvbn::zxcvbn(password, &known).score()) < auth.password_score_min {
        return Err(words(
            "密码过于常见或容易猜到：请避免姓名、用户名、日期、键盘顺序和重复字符",
            "the password is common or easily guessed: no names, dates, rows of keys, repeated characters",
        ));
    }
    Ok(())
}

/// Changes the caller's own password. Every other session of theirs ends.
#[utoipa::path(post, path = "/api/v1/system/password", tag = "system", request_body = PasswordIn,
    responses((status = 204), (status = 401, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub async fn change(
    State(app): State<App>,
    visitor: Visitor,
    Session(session): Session,
    Body(input): Body<PasswordIn>,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    let tries = Tries::of(&visitor.person.login, visitor.from().unwrap_or_default());
    tries.begin(&app).await?;
    if input.old.expose().len() > BYTES_MAX {
        return Err(ApiError::BadLogin);
    }
    let stored = Some(visitor.person.password_hash.clone());
    if !hash::check_password(stored, input.old.expose().to_owned()).await? {
        return Err(ApiError::BadLogin);
    }
    tries.good(&app).await?;
    if input.new.expose() == input.old.expose() {
        return Err(ApiError::WeakPassword(words("新密码不能与原密码相同", "the new password is the old one")));
    }
    let p = &visitor.person;
    let names = [p.login.as_str(), p.name_zh.as_str(), p.name_en.as_str()];
    good(input.new.expose(), &names, &app.config.auth).map_err(ApiError::WeakPassword)?;
    let new = input.new.expose().to_owned();
    let hashed = tokio::task::spawn_blocking(move || hash::hash_password(&new)).await;
    let hash = hashed.map_err(|e| ApiError::Internal(e.into()))??;
    app.store.password_change(&visitor, hash, session.id, now).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's own sessions, newest first.
#[utoipa::path(get, path = "/api/v1/system/sessions", tag = "system", responses((status = 200, body = [SessionView])))]
pub async fn sessions(
    State(app): State<App>,
    visitor: Visitor,
    Session(current): Session,
) -> Result<Json<Vec<SessionView>>, ApiError> {
    let view = |s: SessionRow| SessionView {
        this: s.id == current.id,
        id: s.id.to_string(),
        created: instant_out(s.created),
        seen: instant_out(s.seen),
        expires: instant_out(s.expires),
        address: s.address,
        agent: s.agent,
    };
    Ok(Json(app.store.sessions(&visitor, app.clock.now()).await?.into_iter().map(view).collect()))
}

/// Ends one of the caller's own sessions: a browser somewhere else is logged out.
#[utoipa::path(post, path = "/api/v1/system/sessions/{id}/end", tag = "system", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn session_end(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    app.store.session_end(&visitor, id, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_hard_to_guess() {
        let check = |password: &str, expected: bool| {
            let got = good(password, &["zhoumin", "周敏", "Zhou Min"], &Auth::default());
            assert_eq!(got.is_ok(), expected, "{password}: {got:?}");
        };
        check("short-Q7x", false);
        check("aaaaaaaaaaaaaaaa", false);
        check("password123456", false);
        check("qwertyuiop123", false);
        check("zhoumin12345", false);
        check("Zhou Min 2026", false);
        check("202611282026", false);
        check("马踏飞燕过衢江·三更", false);
        check("马踏飞燕过衢江·三更灯火", true);
        check("river otters like 7 stones", true);
        check(&"x7 Q".repeat(100), false);
    }
}
