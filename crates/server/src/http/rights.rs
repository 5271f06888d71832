//! Which right each route takes. A route without a row is refused, and fails a test.
//!
//! How far a right reaches is decided by the table of rights ([`shanshui_domain::right`]); the gate asks only whether the caller
//! may do this to any row at all. Which rows these are is decided by whatever keeps them: what is beyond a scope is not there.

use axum::http::Method;
use shanshui_domain::right::Right;

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody, logged in or not.
    Public,
    /// Whoever has this right over some rows.
    Right(Right),
}

const fn right(right: Right) -> Who {
    Who::Right(right)
}

/// One row: method, path template, who.
pub type Row = (Method, &'static str, Who);

/// The table.
pub const RIGHTS: &[Row] = &[
    (Method::POST, "/api/v1/system/login", Who::Public),
    (Method::POST, "/api/v1/system/logout", right(Right::SessionOwn)),
    (Method::GET, "/api/v1/system/me", right(Right::SessionOwn)),
    (Method::POST, "/api/v1/system/password", right(Right::SessionOwn)),
    (Method::POST, "/api/v1/system/second-factor", right(Right::SessionOwn)),
    (Method::POST, "/api/v1/system/second-factor/confirm", right(Right::SessionOwn)),
    (Method::POST, "/api/v1/system/second-factor/drop", right(Right::SessionOwn)),
    (Method::GET, "/api/v1/system/sessions", right(Right::SessionOwn)),
    (Method::POST, "/api/v1/system/sessions/{id}/end", right(Right::SessionOwn)),
    (Method::GET, "/api/v1/system/oidc/begin", Who::Public),
    (Method::GET, "/api/v1/system/oidc/return", Who::Public),
    (Method::POST, "/api/v1/system/oidc/code", Who::Public),
    (Method::GET, "/api/v1/system/tokens", right(Right::SessionOwn)),
    (Method::POST, "/api/v1/system/tokens", right(Right::SessionOwn)),
    (Method::POST, "/api/v1/system/tokens/{id}/end", right(Right::SessionOwn)),
    (Method::POST, "/api/v1/system/wall", Who::Public),
    (Method::GET, "/api/v1/system/about", Who::Public),
    (Method::GET, "/api/v1/system/health", Who::Public),
    (Method::GET, "/api/v1/system/nodes", right(Right::NodeRead)),
    (Method::GET, "/api/v1/system/people", right(Right::DirectoryRead)),
    (Method::GET, "/api/v1/system/rights", right(Right::SessionOwn)),
    (Method::GET, "/api/v1/system/organisations", right(Right::OrganisationRead)),
    (Method::PUT, "/api/v1/system/organisations/{code}", right(Right::OrganisationChange)),
    (Method::GET, "/api/v1/system/accounts", right(Right::AccountRead)),
    (Method::PUT, "/api/v1/system/accounts/{login}", right(Right::AccountChange)),
    (Method::GET, "/api/v1/system/posts", right(Right::PostRead)),
    (Method::POST, "/api/v1/system/posts", right(Right::PostChange)),
    (Method::POST, "/api/v1/system/posts/{id}/end", right(Right::PostChange)),
    (Method::GET, "/api/v1/system/delegations", right(Right::DelegationRead)),
    (Method::POST, "/api/v1/system/delegations", right(Right::DelegationChange)),
    (Method::POST, "/api/v1/system/delegations/{id}/end", right(Right::DelegationChange)),
    (Method::GET, "/api/v1/system/glass", right(Right::GlassRead)),
    (Method::POST, "/api/v1/system/glass", right(Right::GlassBreak)),
    (Method::POST, "/api/v1/system/glass/mend", right(Right::GlassBreak)),
    (Method::GET, "/api/v1/system/audit", right(Right::AuditRead)),
    (Method::GET, "/api/v1/system/audit/roots", right(Right::AuditRead)),
    (Method::GET, "/api/v1/system/audit/{seq}/proof", right(Right::AuditRead)),
    (Method::GET, "/api/v1/sense/geography", right(Right::SessionOwn)),
    (Method::GET, "/api/v1/sense/stations", right(Right::StationRead)),
    (Method::POST, "/api/v1/sense/stations", right(Right::StationAdd)),
    (Method::GET, "/api/v1/sense/stations/{code}", right(Right::StationRead)),
    (Method::GET, "/api/v1/sense/points/{id}/curve", right(Right::StationRead)),
    (Method::GET, "/api/v1/sense/points/{id}/statistics", right(Right::StationRead)),
    (Method::GET, "/api/v1/sense/telegrams/{id}", right(Right::TelegramRead)),
    (Method::GET, "/api/v1/sense/devices", right(Right::DeviceRead)),
    (Method::POST, "/api/v1/sense/devices", right(Right::DeviceAdd)),
    (Method::GET, "/api/v1/sense/eye/cameras", right(Right::EyeRead)),
    (Method::POST, "/api/v1/sense/eye/cameras", right(Right::EyeChange)),
    (Method::GET, "/api/v1/sense/eye/cameras/{id}", right(Right::EyeRead)),
    (Method::PUT, "/api/v1/sense/eye/cameras/{id}", right(Right::EyeChange)),
    (Method::GET, "/api/v1/sense/eye/cameras/{id}/picture", right(Right::EyeRead)),
    (Method::GET, "/api/v1/sense/eye/cameras/{id}/live", right(Right::EyeRead)),
    (Method::GET, "/api/v1/sense/eye/cameras/{id}/guard", right(Right::EyeRead)),
    (Method::POST, "/api/v1/sense/eye/cameras/{id}/scene", right(Right::EyeFence)),
    (Method::GET, "/api/v1/sense/eye/cameras/{id}/fences", right(Right::EyeRead)),
    (Method::PUT, "/api/v1/sense/eye/cameras/{id}/fences", right(Right::EyeFence)),
    (Method::POST, "/api/v1/sense/eye/cameras/{id}/replay", right(Right::EyeRead)),
    (Method::GET, "/api/v1/sense/eye/cameras/{id}/quiet", right(Right::EyeRead)),
    (Method::POST, "/api/v1/sense/eye/cameras/{id}/quiet", right(Right::EyeFence)),
    (Method::POST, "/api/v1/sense/eye/cameras/{id}/quiet/{n}/end", right(Right::EyeFence)),
    (Method::GET, "/api/v1/sense/eye/events", right(Right::EyeRead)),
    (Method::GET, "/api/v1/sense/eye/events/{id}", right(Right::EyeRead)),
    (Method::GET, "/api/v1/sense/eye/events/{id}/files/{name}", right(Right::EyeRead)),
    (Method::POST, "/api/v1/sense/eye/events/{id}/plain", right(Right::EyeUnblur)),
    (Method::POST, "/api/v1/sense/eye/events/{id}/verdict", right(Right::EyeReview)),
    (Method::POST, "/api/v1/sense/eye/events/{id}/suspicion", right(Right::EyeReview)),
    (Method::POST, "/api/v1/sense/eye/events/{id}/case", right(Right::CaseOpen)),
    (Method::POST, "/api/v1/sense/eye/events/{id}/pack", right(Right::EyeUnblur)),
    (Method::GET, "/api/v1/sense/eye/suspicions", right(Right::EyeRead)),
    (Method::GET, "/api/v1/sense/eye/visits", right(Right::EyeRead)),
    (Method::POST, "/api/v1/sense/eye/visits", right(Right::VisitAsk)),
    (Method::POST, "/api/v1/sense/eye/visits/{id}/decide", right(Right::VisitApprove)),
    (Method::POST, "/api/v1/sense/eye/visits/{id}/cancel", right(Right::VisitAsk)),
    (Method::GET, "/api/v1/sense/eye/voice/{station}", right(Right::EyeRead)),
    (Method::PUT, "/api/v1/sense/eye/voice/{station}", right(Right::VoiceSpeak)),
    (Method::POST, "/api/v1/sense/eye/voice/{station}/play", right(Right::VoiceSpeak)),
    (Method::POST, "/api/v1/sense/eye/voice/{station}/talk", right(Right::VoiceSpeak)),
    (Method::GET, "/api/v1/sense/eye/report", right(Right::EyeRead)),
    (Method::GET, "/api/v1/sense/eye/report.csv", right(Right::EyeRead)),
    (Method::GET, "/api/v1/sense/eye/voice/{station}/sound", right(Right::EyeRead)),
    (Method::POST, "/api/v1/sense/eye/voice/{station}/sound", right(Right::VoiceSpeak)),
    (Method::GET, "/api/v1/sense/quarantine", right(Right::QuarantineRead)),
    (Method::GET, "/api/v1/sense/devices/{mn}/commands", right(Right::DeviceRead)),
    (Method::POST, "/api/v1/sense/devices/{mn}/commands", right(Right::DeviceCommand)),
    (Method::GET, "/api/v1/analyse/summary", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/stations/{code}/judgements", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/water", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/water/{span}", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/water/{span}/stations/{code}", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/air", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/air/{span}", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/air/{span}/stations/{code}", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/air.csv", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/discharge", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/discharge/{span}", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/discharge/{span}/stations/{code}", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/judgements.csv", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/imports", right(Right::ImportRead)),
    (Method::POST, "/api/v1/analyse/imports", right(Right::ImportMake)),
    (Method::GET, "/api/v1/analyse/imports/{id}", right(Right::ImportRead)),
    (Method::GET, "/api/v1/analyse/imports/{id}/file", right(Right::ImportRead)),
    (Method::POST, "/api/v1/analyse/imports/{id}/check", right(Right::ImportMake)),
    (Method::POST, "/api/v1/analyse/imports/{id}/begin", right(Right::ImportMake)),
    (Method::GET, "/api/v1/analyse/trace/water", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/trace/air", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/forecasts", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/forecasts/{station}/{factor}", right(Right::StationRead)),
    (Method::GET, "/api/v1/analyse/reports", right(Right::ReportRead)),
    (Method::POST, "/api/v1/analyse/reports", right(Right::ReportMake)),
    (Method::GET, "/api/v1/analyse/reports/{id}", right(Right::ReportRead)),
    (Method::POST, "/api/v1/analyse/reports/{id}/publish", right(Right::ReportPublish)),
    (Method::GET, "/api/v1/analyse/reports/{id}/changes", right(Right::ReportRead)),
    (Method::GET, "/api/v1/analyse/reports/{id}/file", right(Right::ReportRead)),
    (Method::GET, "/api/v1/analyse/rankings/{span}", right(Right::ReportRead)),
    (Method::GET, "/api/v1/analyse/rankings/{span}/file", right(Right::ReportRead)),
    (Method::GET, "/api/v1/analyse/report-templates", right(Right::ReportRead)),
    (Method::POST, "/api/v1/analyse/report-templates", right(Right::ReportArrange)),
    (Method::GET, "/api/v1/analyse/report-templates/{id}/file", right(Right::ReportRead)),
    (Method::GET, "/api/v1/analyse/report-schedules", right(Right::ReportRead)),
    (Method::POST, "/api/v1/analyse/report-schedules", right(Right::ReportArrange)),
    (Method::GET, "/api/v1/analyse/review/findings", right(Right::ReviewRead)),
    (Method::GET, "/api/v1/analyse/review/findings/{id}", right(Right::ReviewRead)),
    (Method::POST, "/api/v1/analyse/review/findings/{id}/decision", right(Right::ReviewRead)),
    (Method::POST, "/api/v1/analyse/review/findings/{id}/case", right(Right::CaseOpen)),
    (Method::POST, "/api/v1/analyse/review/decisions", right(Right::ReviewRead)),
    (Method::GET, "/api/v1/analyse/review/sign-offs", right(Right::ReviewRead)),
    (Method::POST, "/api/v1/analyse/review/sign-offs", right(Right::ReviewRead)),
    (Method::GET, "/api/v1/analyse/review/rules", right(Right::ReviewRead)),
    (Method::POST, "/api/v1/analyse/review/rounds", right(Right::ReviewRead)),
    (Method::GET, "/api/v1/act/alarms", right(Right::AlarmRead)),
    (Method::POST, "/api/v1/act/alarms/{id}/acknowledge", right(Right::AlarmAcknowledge)),
    (Method::GET, "/api/v1/act/cases", right(Right::CaseRead)),
    (Method::POST, "/api/v1/act/cases", right(Right::CaseOpen)),
    (Method::GET, "/api/v1/act/cases/{id}", right(Right::CaseRead)),
    (Method::POST, "/api/v1/act/cases/{id}/actions", right(Right::CaseRead)),
    (Method::POST, "/api/v1/act/cases/{id}/evidence", right(Right::CaseRead)),
    (Method::GET, "/api/v1/act/evidence/{id}", right(Right::CaseRead)),
    (Method::GET, "/api/v1/events", right(Right::SessionOwn)),
    (Method::GET, "/healthz", Who::Public),
    (Method::GET, "/readyz", Who::Public),
];

/// The row of a route; none means: nobody.
pub fn who(method: &Method, template: &str) -> Option<Who> {
    RIGHTS.iter().find(|(m, path, _)| m == method && *path == template).map(|(_, _, who)| *who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_has_two_rows() {
        for (i, (method, path, _)) in RIGHTS.iter().enumerate() {
            assert!(!RIGHTS[..i].iter().any(|(m, p, _)| m == method && p == path), "{method} {path}");
        }
    }

    #[test]
    fn what_has_no_row_is_nobodys() {
        assert_eq!(who(&Method::DELETE, "/api/v1/act/cases/{id}"), None);
        assert_eq!(who(&Method::GET, "/api/v1/system/me"), Some(right(Right::SessionOwn)));
    }
}
