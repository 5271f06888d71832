//! The HTTP edge: one page that lists every path ([`router`]), one gate, thin handlers.

pub mod act;
pub mod air;
pub mod analyse;
pub mod assets;
pub mod audit;
pub mod auth;
pub mod command;
pub mod convert;
pub mod described;
pub mod discharge;
pub mod events;
pub mod extract;
pub mod eye;
pub mod forecast;
pub mod hash;
pub mod import;
pub mod limit;
pub mod oidc;
pub mod ops;
pub mod organisation;
pub mod password;
pub mod present;
pub mod register;
pub mod report;
pub mod review;
pub mod rights;
pub mod second;
pub mod sense;
pub mod session;
pub mod system;
pub mod token;
pub mod trace;
pub mod view;
pub mod water;

use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::routing::{get, post, put};
use axum::{Router, middleware};
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;

use self::described::Refusals;
use crate::app::App;

/// Scripts and styles from this program only, nothing from outside the machine.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Bytes of a JSON body, at most.
const JSON_BYTES_MAX: usize = 256 << 10;

/// The description of the API.
#[derive(Debug, OpenApi)]
#[openapi(
    info(title = "shanshui 山水", description = "城市生态环境平台 API · API of a city's ecology platform"),
    paths(
        system::login, system::logout, system::me, system::about, system::health, system::nodes, system::people,
        audit::audit, audit::roots, audit::proof, password::change, second::begin, second::confirm, second::give_up, password::sessions, password::session_end, oidc::oidc_begin, oidc::oidc_return, oidc::oidc_code, token::tokens, token::token_make, token::token_end, token::wall, organisation::rights, organisation::organisations, organisation::organisation_put, organisation::accounts,
        organisation::account_put, organisation::posts, organisation::post_give, organisation::post_end,
        organisation::delegations, organisation::delegate, organisation::delegation_end, organisation::glasses,
        organisation::glass_break, organisation::glass_mend,
        sense::geography, sense::stations, sense::station_add, sense::station, sense::curve, sense::statistics, sense::telegram, sense::devices,
        sense::device_add, sense::quarantine, sense::commands, sense::command,
        analyse::summary, analyse::judgements, water::spans, water::span, water::versions, air::air_spans, air::air_span, air::air_versions, air::air_days, air::judgements_csv,
        discharge::discharge_spans, discharge::discharge_span, discharge::discharge_versions,
        import::imports, import::import_put, import::import_one, import::import_file, import::import_check, import::import_begin,
        eye::camera::cameras, eye::camera::camera_add, eye::camera::camera, eye::camera::camera_put, eye::camera::picture, eye::camera::live, eye::camera::guard, eye::camera::scene, eye::fence::fences, eye::fence::fences_put, eye::fence::replay, eye::fence::quiets, eye::fence::quiet_put, eye::fence::quiet_end, eye::event::events, eye::event::event, eye::file::file, eye::file::plain, eye::event::verdict, eye::event::suspicion, eye::event::case, eye::file::pack, eye::event::suspicions, eye::visit::visits, eye::visit::visit_put, eye::visit::visit_decide, eye::visit::visit_cancel, eye::voice::voice_of, eye::voice::voice_put, eye::voice::play, eye::voice::talk, eye::report::report, eye::report::report_csv, eye::voice::sound, eye::voice::sound_put,
        trace::water::trace_water, trace::air::trace_air,
        forecast::forecasts, forecast::forecast,
        report::reports, report::make, report::report, report::publish, report::changes, report::file, report::ranking,
        report::ranking_file, report::arrange::templates, report::arrange::template_put, report::arrange::template_file,
        report::arrange::schedules, report::arrange::schedule_put,
        review::findings, review::finding, review::decide, review::clue_case, review::decide_values, review::rules, review::round,
        review::sign_offs, review::sign_off,
        act::alarms, act::acknowledge, act::cases, act::case_open, act::case, act::case_act, act::evidence_put,
        act::evidence, events::events, ops::healthz, ops::readyz,
    ),
    tags((name = "sense", description = "感知"), (name = "analyse", description = "研判"), (name = "act", description = "处置"),
        (name = "system", description = "系统")),
    modifiers(&Refusals)
)]
pub struct ApiDoc;

/// The description of the API as text, as `openapi.json` holds it.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn openapi_text() -> anyhow::Result<String> {
    Ok(ApiDoc::openapi().to_pretty_json()?)
}

/// Every path of the API and the web interface.
pub fn router(app: App) -> Router {
    let evidence_max = app.config.http.evidence_bytes_max;
    let api = Router::new()
        .route("/api/v1/system/login", post(system::login))
        .route("/api/v1/system/logout", post(system::logout))
        .route("/api/v1/system/me", get(system::me))
        .route("/api/v1/system/about", get(system::about))
        .route("/api/v1/system/health", get(system::health))
        .route("/api/v1/system/nodes", get(system::nodes))
        .route("/api/v1/system/people", get(system::people))
        .route("/api/v1/system/audit", get(audit::audit))
        .route("/api/v1/system/audit/roots", get(audit::roots))
        .route("/api/v1/system/audit/{seq}/proof", get(audit::proof))
        .route("/api/v1/system/second-factor", post(second::begin))
        .route("/api/v1/system/second-factor/confirm", post(second::confirm))
        .route("/api/v1/system/second-factor/drop", post(second::give_up))
        .route("/api/v1/system/password", post(password::change))
        .route("/api/v1/system/sessions", get(password::sessions))
        .route("/api/v1/system/sessions/{id}/end", post(password::session_end))
        .route("/api/v1/system/oidc/begin", get(oidc::oidc_begin))
        .route("/api/v1/system/oidc/return", get(oidc::oidc_return))
        .route("/api/v1/system/oidc/code", post(oidc::oidc_code))
        .route("/api/v1/system/tokens", get(token::tokens).post(token::token_make))
        .route("/api/v1/system/tokens/{id}/end", post(token::token_end))
        .route("/api/v1/system/wall", post(token::wall))
        .route("/api/v1/system/rights", get(organisation::rights))
        .route("/api/v1/system/organisations", get(organisation::organisations))
        .route("/api/v1/system/organisations/{code}", put(organisation::organisation_put))
        .route("/api/v1/system/accounts", get(organisation::accounts))
        .route("/api/v1/system/accounts/{login}", put(organisation::account_put))
        .route("/api/v1/system/posts", get(organisation::posts).post(organisation::post_give))
        .route("/api/v1/system/posts/{id}/end", post(organisation::post_end))
        .route("/api/v1/system/delegations", get(organisation::delegations).post(organisation::delegate))
        .route("/api/v1/system/delegations/{id}/end", post(organisation::delegation_end))
        .route("/api/v1/system/glass", get(organisation::glasses).post(organisation::glass_break))
        .route("/api/v1/system/glass/mend", post(organisation::glass_mend))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/api/v1/sense/geography", get(sense::geography))
        .route("/api/v1/sense/stations", get(sense::stations).post(sense::station_add))
        .route("/api/v1/sense/stations/{code}", get(sense::station))
        .route("/api/v1/sense/points/{id}/curve", get(sense::curve))
        .route("/api/v1/sense/points/{id}/statistics", get(sense::statistics))
        .route("/api/v1/sense/telegrams/{id}", get(sense::telegram))
        .route("/api/v1/sense/devices", get(sense::devices).post(sense::device_add))
        .route("/api/v1/sense/eye/cameras", get(eye::camera::cameras).post(eye::camera::camera_add))
        .route("/api/v1/sense/eye/cameras/{id}", get(eye::camera::camera).put(eye::camera::camera_put))
        .route("/api/v1/sense/eye/cameras/{id}/picture", get(eye::camera::picture))
        .route("/api/v1/sense/eye/cameras/{id}/guard", get(eye::camera::guard))
        .route("/api/v1/sense/eye/cameras/{id}/scene", post(eye::camera::scene))
        .route("/api/v1/sense/eye/cameras/{id}/fences", get(eye::fence::fences).put(eye::fence::fences_put))
        .route("/api/v1/sense/eye/cameras/{id}/replay", post(eye::fence::replay))
        .route("/api/v1/sense/eye/cameras/{id}/quiet", get(eye::fence::quiets).post(eye::fence::quiet_put))
        .route("/api/v1/sense/eye/cameras/{id}/quiet/{n}/end", post(eye::fence::quiet_end))
        .route("/api/v1/sense/eye/events", get(eye::event::events))
        .route("/api/v1/sense/eye/events/{id}", get(eye::event::event))
        .route("/api/v1/sense/eye/events/{id}/plain", post(eye::file::plain))
        .route("/api/v1/sense/eye/events/{id}/verdict", post(eye::event::verdict))
        .route("/api/v1/sense/eye/events/{id}/suspicion", post(eye::event::suspicion))
        .route("/api/v1/sense/eye/events/{id}/case", post(eye::event::case))
        .route("/api/v1/sense/eye/events/{id}/pack", post(eye::file::pack))
        .route("/api/v1/sense/eye/suspicions", get(eye::event::suspicions))
        .route("/api/v1/sense/eye/visits", get(eye::visit::visits).post(eye::visit::visit_put))
        .route("/api/v1/sense/eye/visits/{id}/decide", post(eye::visit::visit_decide))
        .route("/api/v1/sense/eye/visits/{id}/cancel", post(eye::visit::visit_cancel))
        .route("/api/v1/sense/eye/voice/{station}", get(eye::voice::voice_of).put(eye::voice::voice_put))
        .route("/api/v1/sense/eye/voice/{station}/play", post(eye::voice::play))
        .route("/api/v1/sense/eye/voice/{station}/talk", post(eye::voice::talk))
        .route("/api/v1/sense/eye/report", get(eye::report::report))
        .route("/api/v1/sense/eye/report.csv", get(eye::report::report_csv))
        .route("/api/v1/sense/quarantine", get(sense::quarantine))
        .route("/api/v1/sense/devices/{mn}/commands", get(sense::commands).post(sense::command))
        .route("/api/v1/analyse/summary", get(analyse::summary))
        .route("/api/v1/analyse/stations/{code}/judgements", get(analyse::judgements))
        .route("/api/v1/analyse/water", get(water::spans))
        .route("/api/v1/analyse/water/{span}", get(water::span))
        .route("/api/v1/analyse/water/{span}/stations/{code}", get(water::versions))
        .route("/api/v1/analyse/air", get(air::air_spans))
        .route("/api/v1/analyse/air/{span}", get(air::air_span))
        .route("/api/v1/analyse/air/{span}/stations/{code}", get(air::air_versions))
        .route("/api/v1/analyse/air.csv", get(air::air_days))
        .route("/api/v1/analyse/discharge", get(discharge::discharge_spans))
        .route("/api/v1/analyse/discharge/{span}", get(discharge::discharge_span))
        .route("/api/v1/analyse/discharge/{span}/stations/{code}", get(discharge::discharge_versions))
        .route("/api/v1/analyse/judgements.csv", get(air::judgements_csv))
        .route("/api/v1/analyse/imports/{id}", get(import::import_one))
        .route("/api/v1/analyse/imports/{id}/file", get(import::import_file))
        .route("/api/v1/analyse/imports/{id}/check", post(import::import_check))
        .route("/api/v1/analyse/imports/{id}/begin", post(import::import_begin))
        .route("/api/v1/analyse/trace/water", get(trace::water::trace_water))
        .route("/api/v1/analyse/trace/air", get(trace::air::trace_air))
        .route("/api/v1/analyse/forecasts", get(forecast::forecasts))
        .route("/api/v1/analyse/forecasts/{station}/{factor}", get(forecast::forecast))
        .route("/api/v1/analyse/reports", get(report::reports).post(report::make))
        .route("/api/v1/analyse/reports/{id}", get(report::report))
        .route("/api/v1/analyse/reports/{id}/publish", post(report::publish))
        .route("/api/v1/analyse/reports/{id}/changes", get(report::changes))
        .route("/api/v1/analyse/reports/{id}/file", get(report::file))
        .route("/api/v1/analyse/rankings/{span}", get(report::ranking))
        .route("/api/v1/analyse/rankings/{span}/file", get(report::ranking_file))
        .route("/api/v1/analyse/report-schedules", get(report::arrange::schedules).post(report::arrange::schedule_put))
        .route("/api/v1/analyse/review/findings", get(review::findings))
        .route("/api/v1/analyse/review/findings/{id}", get(review::finding))
        .route("/api/v1/analyse/review/findings/{id}/decision", post(review::decide))
        .route("/api/v1/analyse/review/findings/{id}/case", post(review::clue_case))
        .route("/api/v1/analyse/review/decisions", post(review::decide_values))
        .route("/api/v1/analyse/review/sign-offs", get(review::sign_offs).post(review::sign_off))
        .route("/api/v1/analyse/review/rules", get(review::rules))
        .route("/api/v1/analyse/review/rounds", post(review::round))
        .route("/api/v1/act/alarms", get(act::alarms))
        .route("/api/v1/act/alarms/{id}/acknowledge", post(act::acknowledge))
        .route("/api/v1/act/cases", get(act::cases).post(act::case_open))
        .route("/api/v1/act/cases/{id}", get(act::case))
        .route("/api/v1/act/cases/{id}/actions", post(act::case_act))
        .layer(DefaultBodyLimit::max(JSON_BYTES_MAX));
    let files = Router::new()
        .route("/api/v1/analyse/imports", get(import::imports).post(import::import_put))
        .route("/api/v1/act/cases/{id}/evidence", post(act::evidence_put))
        .route("/api/v1/sense/eye/voice/{station}/sound", get(eye::voice::sound).post(eye::voice::sound_put))
        .route("/api/v1/act/evidence/{id}", get(act::evidence))
        .route("/api/v1/analyse/report-templates", get(report::arrange::templates).post(report::arrange::template_put))
        .route("/api/v1/analyse/report-templates/{id}/file", get(report::arrange::template_file))
        .layer(DefaultBodyLimit::max(evidence_max));
    let zipped = api.merge(files).layer(CompressionLayer::new());
    let named = app.clone();
    // the event stream stays outside of compression: each event must leave at once
    let all = zipped
        .route("/api/v1/events", get(events::events))
        // pictures are small already, and parts of a clip are asked for by their bytes
        .route("/api/v1/sense/eye/cameras/{id}/live", get(eye::camera::live))
        .route("/api/v1/sense/eye/events/{id}/files/{name}", get(eye::file::file));
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    all.route_layer(middleware::from_fn_with_state(app.clone(), auth::gate))
        .with_state(app.clone())
        .fallback(assets::serve)
        .layer(middleware::from_fn_with_state(app, ops::count))
        .layer(header(CONTENT_SECURITY_POLICY, CSP))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(X_FRAME_OPTIONS, "DENY"))
        .layer(header(REFERRER_POLICY, "same-origin"))
        .layer(middleware::from_fn_with_state(named, ops::named))
}

/// What a node without the role web answers: how it is.
pub fn health_router(app: App) -> Router {
    Router::new()
        .route("/api/v1/system/health", get(system::health))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route_layer(middleware::from_fn_with_state(app.clone(), auth::gate))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::openapi::path::Operation;

    fn documented() -> Vec<(axum::http::Method, String)> {
        let mut routes = Vec::new();
        for (path, item) in ApiDoc::openapi().paths.paths {
            let mut add = |method: axum::http::Method, operation: &Option<Operation>| {
                if operation.is_some() {
                    routes.push((method, path.clone()));
                }
            };
            add(axum::http::Method::GET, &item.get);
            add(axum::http::Method::POST, &item.post);
            add(axum::http::Method::PUT, &item.put);
            add(axum::http::Method::DELETE, &item.delete);
            add(axum::http::Method::PATCH, &item.patch);
        }
        routes
    }

    #[test]
    fn every_documented_route_has_a_row_of_rights_and_every_row_a_route() {
        let routes = documented();
        for (method, path) in &routes {
            assert!(rights::who(method, path).is_some(), "{method} {path} has no row in the rights table");
        }
        for (method, path, _) in rights::RIGHTS {
            let known = routes.iter().any(|(m, p)| m == method && p == path);
            assert!(known, "{method} {path} has a row and no route");
        }
    }
}
