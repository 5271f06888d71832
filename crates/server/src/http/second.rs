//! The second factor (双因素认证): codes of an authenticator by RFC 6238, six digits each half minute.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rand::RngCore as _;
use shanshui_domain::id::PersonId;
use shanshui_domain::time::Instant;
use shanshui_store::seals::factor_purpose;
use totp_rs::{Algorithm, TOTP};

use super::auth::{Tries, Visitor};
use super::extract::Body;
use super::hash;
use super::view::{FactorCodeIn, FactorView, PasswordOnlyIn, Problem};
use crate::app::App;
use crate::error::ApiError;

/// Bytes of a secret: those of SHA-1, as RFC 4226 §4 recommends.
const SECRET_BYTES: usize = 20;
const STEP_S: i64 = 30;
/// Steps of time before and after now whose code is taken, for clocks that differ.
const SKEW: i64 = 1;

fn totp(secret: Vec<u8>) -> Result<TOTP, ApiError> {
    let made = TOTP::new(Algorithm::SHA1, 6, 1, STEP_S.cast_unsigned(), secret);
    made.map_err(|e| ApiError::Internal(anyhow::anyhow!("totp: {e}")))
}

/// The step of time whose code this is, near now.
fn step_of(totp: &TOTP, code: &str, now: Instant) -> Option<i64> {
    let step = now.0.div_euclid(1_000_000 * STEP_S);
    (step - SKEW..=step + SKEW).find(|step| totp.generate((step * STEP_S).cast_unsigned()) == code)
}

impl App {
    /// Whether a code of somebody's authenticator is good now; each is taken once.
    pub async fn code_is_good(&self, person: PersonId, sealed: &str, code: &str) -> Result<bool, ApiError> {
        let totp = totp(self.vault.factor(person, sealed)?)?;
        match step_of(&totp, code.trim(), self.clock.now()) {
            Some(step) => Ok(self.store.second_factor_use(person, step).await?),
            None => Ok(false),
        }
    }
}

/// Begins a second factor: gives the secret for the authenticator, once. It counts from its first code on.
#[utoipa::path(post, path = "/api/v1/system/second-factor", tag = "system", request_body = PasswordOnlyIn,
    responses((status = 200, body = FactorView), (status = 401, body = Problem), (status = 409, body = Problem),
        (status = 429, body = Problem)))]
pub async fn begin(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<PasswordOnlyIn>,
) -> Result<Json<FactorView>, ApiError> {
    right_password(&app, &visitor, input.password.expose()).await?;
    let mut secret = vec![0u8; SECRET_BYTES];
    rand::rng().fill_bytes(&mut secret);
    let sealed = app.vault.seal(&factor_purpose(visitor.id()), &secret)?;
    app.store.second_factor_begin(&visitor, sealed).await?;
    let text = totp(secret)?.get_secret_base32();
    let issuer = format!("shanshui-{}", app.city().city.code);
    let address = format!(
        "otpauth://totp/{issuer}:{}?secret={text}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_S}",
        visitor.person.login
    );
    let code = qrcode::QrCode::new(address.as_bytes()).map_err(|e| ApiError::Internal(e.into()))?;
    let picture = code.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok(Json(FactorView { secret: text, address, picture }))
}

/// The first code: from now on a login asks for one.
#[utoipa::path(post, path = "/api/v1/system/second-factor/confirm", tag = "system", request_body = FactorCodeIn,
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem), (status = 429, body = Problem)))]
pub async fn confirm(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<FactorCodeIn>,
) -> Result<StatusCode, ApiError> {
    right_code(&app, &visitor, &input.code, false).await?;
    app.store.second_factor_confirm(&visitor, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives the second factor up. Whoever must have one begins another at once.
#[utoipa::path(post, path = "/api/v1/system/second-factor/drop", tag = "system", request_body = FactorCodeIn,
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem), (status = 429, body = Problem)))]
pub async fn give_up(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<FactorCodeIn>,
) -> Result<StatusCode, ApiError> {
    right_code(&app, &visitor, &input.code, true).await?;
    app.store.second_factor_drop(&visitor, visitor.id(), app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn right_password(app: &App, visitor: &Visitor, password: &str) -> Result<(), ApiError> {
    let tries = Tries::of(&visitor.person.login, visitor.from().unwrap_or_default());
    tries.begin(app).await?;
    let stored = Some(visitor.person.password_hash.clone());
    if password.len() > super::password::BYTES_MAX || !hash::check_password(stored, password.to_owned()).await? {
        return Err(ApiError::BadLogin);
    }
    tries.good(app).await
}

async fn right_code(app: &App, visitor: &Visitor, code: &str, confirmed: bool) -> Result<(), ApiError> {
    let factor = app.store.second_factor(visitor.id()).await?.filter(|f| f.confirmed == confirmed);
    let factor = factor.ok_or(ApiError::NotFound)?;
    let tries = Tries::of(&visitor.person.login, visitor.from().unwrap_or_default());
    tries.begin(app).await?;
    if !app.code_is_good(visitor.id(), &factor.sealed, code).await? {
        return Err(ApiError::BadCode);
    }
    tries.good(app).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the rows of SHA-1, their last six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let totp = totp(b"12345678901234567890".to_vec()).expect("a secret of the standard");
        let rows = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000_i64, "353130"),
        ];
        for (second, code) in rows {
            let at = |s: i64| Instant(s * 1_000_000);
            assert_eq!(step_of(&totp, code, at(second)), Some(second / STEP_S), "{second}");
            assert_eq!(step_of(&totp, code, at(second + STEP_S)), Some(second / STEP_S), "a clock behind by a step");
            assert_eq!(step_of(&totp, code, at(second + 3 * STEP_S)), None, "too old");
        }
    }
}
