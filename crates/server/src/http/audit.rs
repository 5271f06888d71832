//! The audit as its administrator reads it: entries, roots, proofs.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use shanshui_domain::id::PersonId;
use shanshui_store::{AuditFilter, AuditRow, RootRow};
use utoipa::IntoParams;

use super::auth::Visitor;
use super::convert::{instant_in, instant_out};
use super::extract::{Path, Query};
use super::view::{AuditRootView, AuditStepView, AuditView, Page, Problem, ProofView};
use crate::app::{App, People};
use crate::error::ApiError;

/// Rows of one page, at most.
const PAGE_MAX: usize = 500;
/// Roots of one answer, at most.
const ROOTS_MAX: usize = 1_000;

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Id of the person who did it.
    person: Option<String>,
    /// What was done.
    action: Option<String>,
    /// Of what.
    subject: Option<String>,
    /// From, RFC 3339, inclusive.
    from: Option<String>,
    /// To, RFC 3339, exclusive.
    to: Option<String>,
    /// Cursor of the page before.
    before: Option<u64>,
    /// Rows wanted, 100 by default, 500 at most.
    limit: Option<usize>,
}

/// Entries of the audit, newest first.
#[utoipa::path(get, path = "/api/v1/system/audit", tag = "system", params(AuditQuery),
    responses((status = 200, body = Page<AuditView>), (status = 400, body = Problem)))]
pub async fn audit(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<AuditQuery>,
) -> Result<Json<Page<AuditView>>, ApiError> {
    let person = query.person.as_deref().filter(|p| !p.is_empty()).map(str::parse::<PersonId>).transpose();
    let filter = AuditFilter {
        person: person.map_err(|e| ApiError::field("person", e))?,
        action: query.action,
        subject: query.subject,
        from: query.from.as_deref().map(|t| instant_in("from", t)).transpose()?,
        to: query.to.as_deref().map(|t| instant_in("to", t)).transpose()?,
    };
    let limit = query.limit.unwrap_or(100).clamp(1, PAGE_MAX);
    let rows = app.store.audit_list(&visitor, &filter, query.before, limit).await?;
    let next = (rows.len() == limit).then(|| rows.last().map(|row| row.seq.to_string())).flatten();
    let people = app.people();
    Ok(Json(Page { items: rows.into_iter().map(|row| audit_view(&app, row, &people)).collect(), next }))
}

/// Entries written by earlier programs lack some of the fields.
fn audit_view(app: &App, row: AuditRow, people: &People) -> AuditView {
    let body: serde_json::Value = serde_json::from_str(&row.body).unwrap_or_default();
    let person = |field: &str| {
        let id: Option<PersonId> = body[field].as_str().and_then(|id| id.parse().ok());
        id.map(|id| app.person_of(id, people))
    };
    let text = |field: &str| body[field].as_str().map(str::to_owned);
    AuditView {
        seq: row.seq,
        at: instant_out(shanshui_domain::time::Instant(body["at"].as_i64().unwrap_or_default())),
        by: person("by"),
        behalf: person("behalf"),
        glass: body["glass"].as_bool().unwrap_or_default(),
        from: text("from"),
        action: text("action").unwrap_or_default(),
        subject: text("subject").unwrap_or_default(),
        before: text("before"),
        after: text("after"),
        detail: body["detail"].clone(),
        digest: row.digest,
    }
}

fn root_view(row: &RootRow) -> AuditRootView {
    AuditRootView {
        size: row.size,
        at: instant_out(row.at),
        algorithm: row.frontier.algorithm().as_str().into(),
        root: row.root.clone(),
        signer: row.signer.clone(),
        signature: row.signature.clone(),
        statement: row.signed(),
    }
}

/// Signed roots of the audit, newest first.
#[utoipa::path(get, path = "/api/v1/system/audit/roots", tag = "system", responses((status = 200, body = [AuditRootView])))]
pub async fn roots(State(app): State<App>, visitor: Visitor) -> Result<Json<Vec<AuditRootView>>, ApiError> {
    Ok(Json(app.store.audit_roots(&visitor, ROOTS_MAX).await?.iter().map(root_view).collect()))
}

/// Proof that one entry is under a signed root: what `shanshui audit prove` prints.
#[utoipa::path(get, path = "/api/v1/system/audit/{seq}/proof", tag = "system", params(("seq" = u64, Path)),
    responses((status = 200, body = ProofView), (status = 404, body = Problem)))]
pub async fn proof(
    State(app): State<App>,
    visitor: Visitor,
    Path(seq): Path<u64>,
) -> Result<Json<ProofView>, ApiError> {
    Ok(Json(proof_view(&app.store.audit_proof(&visitor, seq).await?)))
}

/// A proof as it is shown and printed.
pub fn proof_view(proof: &shanshui_store::Proof) -> ProofView {
    let step = |s: &shanshui_domain::act::merkle::Step| AuditStepView { left: s.left, digest: s.digest.clone() };
    ProofView {
        seq: proof.link.seq,
        stream: proof.link.stream.clone(),
        algorithm: proof.link.algorithm.as_str().into(),
        previous: proof.link.previous.clone(),
        body: proof.link.body.clone(),
        digest: proof.link.digest.clone(),
        path: proof.path.iter().map(step).collect(),
        root: root_view(&proof.root),
    }
}
