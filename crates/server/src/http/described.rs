//! What the description of the API says of every operation alike: the refusals of the gate, of the extractors and of what the program
//! stands on. A handler names only the answers that are its own.

use std::collections::BTreeMap;

use axum::http::Method;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response};

use super::rights::{self, Who};

/// Media type of every refusal.
pub const PROBLEM: &str = "application/problem+json";

/// The refusals that operations share: name of the component, status, when.
const SHARED: [(&str, &str, &str); 6] = [
    ("Unreadable", "400", "A header, the query or the body is not what is described; `detail` names the field."),
    ("Unauthenticated", "401", "Nobody is logged in, or the session is over."),
    ("Forbidden", "403", "The caller's role may not do this, or a password or a second factor must be set first."),
    ("NotFound", "404", "There is no such thing, or it is not the caller's to see."),
    ("TooLarge", "413", "The body is too large."),
    (
        "Failed",
        "5XX",
        "A fault of the program (500), no database or a broken chain of records (503), a full disk (507).",
    ),
];

/// Adds them wherever they apply, and gives every problem its media type.
#[derive(Debug)]
pub struct Refusals;

impl Modify for Refusals {
    fn modify(&self, api: &mut OpenApi) {
        for (path, item) in &mut api.paths.paths {
            for (method, operation) in operations(item) {
                for response in operation.responses.responses.values_mut() {
                    typed(response);
                }
                for (name, status, _) in SHARED {
                    if applies(status, &method, path, operation) {
                        let shared = || Ref::from_response_name(name).into();
                        operation.responses.responses.entry(status.into()).or_insert_with(shared);
                    }
                }
            }
        }
        let components = api.components.get_or_insert_default();
        let shared = SHARED.map(|(name, _, when)| (name.to_owned(), RefOr::T(problem(when))));
        components.responses.extend(BTreeMap::from(shared));
    }
}

fn problem(when: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let mut response = Response::new(when);
    response.content.insert(PROBLEM.into(), content.into());
    response
}

/// A problem never travels as plain JSON.
fn typed(response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else { return };
    let is_problem = |content: &RefOr<Content>| {
        let RefOr::T(Content { schema: Some(RefOr::Ref(to)), .. }) = content else { return false };
        to.ref_location.ends_with("/Problem")
    };
    if let Some(content) = response.content.shift_remove("application/json") {
        let name = if is_problem(&content) { PROBLEM } else { "application/json" };
        response.content.insert(name.into(), content);
    }
}

fn applies(status: &str, method: &Method, path: &str, operation: &Operation) -> bool {
    let takes = |place: &ParameterIn| {
        let parameters = operation.parameters.iter().flatten();
        parameters.filter_map(said).any(|parameter| parameter.parameter_in == *place)
    };
    let (write, body) = (*method != Method::GET, operation.request_body.is_some());
    match status {
        "400" => write || body || takes(&ParameterIn::Query),
        "401" | "403" => matches!(rights::who(method, path), Some(Who::Right(_))),
        "404" => takes(&ParameterIn::Path),
        "413" => body,
        // whether the process lives is told without looking at anything
        _ => path != "/healthz",
    }
}

fn said(parameter: &RefOr<Parameter>) -> Option<&Parameter> {
    match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let all = [(Method::GET, &mut item.get), (Method::PUT, &mut item.put), (Method::POST, &mut item.post)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use utoipa::OpenApi as _;

    use crate::http::ApiDoc;

    fn api() -> Value {
        serde_json::to_value(ApiDoc::openapi()).expect("a description is JSON")
    }

    #[test]
    fn every_operation_names_the_refusals_that_apply() {
        let api = api();
        let check = |method: &str, path: &str, expected: &str| {
            let answers = &api["paths"][path][method]["responses"];
            let named: Vec<_> = answers.as_object().expect("answers").keys().map(String::as_str).collect();
            assert_eq!(named.join(" "), expected, "{method} {path}");
        };
        check("get", "/healthz", "200");
        check("get", "/api/v1/system/about", "200 5XX");
        check("get", "/api/v1/sense/stations", "200 401 403 5XX");
        check("get", "/api/v1/sense/points/{id}/curve", "200 400 401 403 404 5XX");
        check("post", "/api/v1/system/logout", "204 400 401 403 5XX");
        check("post", "/api/v1/act/cases/{id}/actions", "200 400 401 403 404 409 413 422 5XX");
    }

    #[test]
    fn a_problem_has_its_own_media_type() {
        let text = api().to_string();
        assert!(!text.contains("\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}"));
    }
}
