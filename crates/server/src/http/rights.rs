//! The rights table: every route, and who may use it. A route without a row is refused, and fails a test.
//!
//! Roles decide what a person may do at all; which rows they see is decided by [`crate::http::auth::Caller`] in the handlers'
//! one query layer: a department officer (承办人) sees the cases that are or were theirs, and gets 404 for the others.

use axum::http::Method;

use super::view::RoleView;
use RoleView::{Administrator, DepartmentOfficer, DutyOfficer};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody, logged in or not.
    Public,
    /// Whoever is logged in with one of these roles.
    Roles(&'static [RoleView]),
}

const ALL: Who = Who::Roles(&[DutyOfficer, DepartmentOfficer, Administrator]);
const DUTY: Who = Who::Roles(&[DutyOfficer]);
const OFFICERS: Who = Who::Roles(&[DutyOfficer, DepartmentOfficer]);
const DUTY_OR_ADMIN: Who = Who::Roles(&[DutyOfficer, Administrator]);
const ADMIN: Who = Who::Roles(&[Administrator]);

/// One row: method, path template, who.
pub type Row = (Method, &'static str, Who);

/// The table.
pub const RIGHTS: &[Row] = &[
    (Method::POST, "/api/v1/system/login", Who::Public),
    (Method::POST, "/api/v1/system/logout", ALL),
    (Method::GET, "/api/v1/system/me", ALL),
    (Method::GET, "/api/v1/system/about", Who::Public),
    (Method::GET, "/api/v1/system/health", Who::Public),
    (Method::GET, "/api/v1/system/nodes", ADMIN),
    (Method::GET, "/api/v1/system/people", OFFICERS),
    (Method::GET, "/api/v1/sense/geography", ALL),
    (Method::GET, "/api/v1/sense/stations", ALL),
    (Method::POST, "/api/v1/sense/stations", ADMIN),
    (Method::GET, "/api/v1/sense/stations/{code}", ALL),
    (Method::GET, "/api/v1/sense/points/{id}/curve", ALL),
    (Method::GET, "/api/v1/sense/points/{id}/statistics", ALL),
    (Method::GET, "/api/v1/sense/telegrams/{id}", ALL),
    (Method::GET, "/api/v1/sense/devices", DUTY_OR_ADMIN),
    (Method::POST, "/api/v1/sense/devices", ADMIN),
    (Method::GET, "/api/v1/sense/quarantine", DUTY_OR_ADMIN),
    (Method::GET, "/api/v1/sense/devices/{mn}/commands", DUTY_OR_ADMIN),
    (Method::POST, "/api/v1/sense/devices/{mn}/commands", DUTY_OR_ADMIN),
    (Method::GET, "/api/v1/analyse/summary", ALL),
    (Method::GET, "/api/v1/analyse/stations/{code}/judgements", ALL),
    (Method::GET, "/api/v1/act/alarms", ALL),
    (Method::POST, "/api/v1/act/alarms/{id}/acknowledge", DUTY),
    (Method::GET, "/api/v1/act/cases", OFFICERS),
    (Method::POST, "/api/v1/act/cases", DUTY),
    (Method::GET, "/api/v1/act/cases/{id}", OFFICERS),
    (Method::POST, "/api/v1/act/cases/{id}/actions", OFFICERS),
    (Method::POST, "/api/v1/act/cases/{id}/evidence", OFFICERS),
    (Method::GET, "/api/v1/act/evidence/{id}", OFFICERS),
    (Method::GET, "/api/v1/events", ALL),
    (Method::GET, "/healthz", Who::Public),
    (Method::GET, "/readyz", Who::Public),
];

/// The row of a route; none means: nobody.
pub fn who(method: &Method, template: &str) -> Option<Who> {
    RIGHTS.iter().find(|(m, path, _)| m == method && *path == template).map(|(_, _, who)| *who)
}

/// Whether `role` may use a route that `who` may use.
pub fn allows(who: Who, role: RoleView) -> bool {
    match who {
        Who::Public => true,
        Who::Roles(roles) => roles.contains(&role),
    }
}

/// Which actions on a case a role may take at all; the state decides the rest.
pub fn may_act(role: RoleView, action: super::view::CaseActionView) -> bool {
    use super::view::CaseActionView::{Assign, Close, Open, Report, SendBack, Verify};
    match action {
        Open | Assign | Close => role == DutyOfficer,
        Report | Verify | SendBack => matches!(role, DutyOfficer | DepartmentOfficer),
    }
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
        assert_eq!(who(&Method::GET, "/api/v1/system/me"), Some(ALL));
    }
}
