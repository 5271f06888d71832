//! Data review: the queue, one finding with what lies around it, decisions, signatures, and the rules.
//!
//! A decision takes the right of its level, which differs by what is asked: the gate asks for `review.read`, and the store holds the
//! level's own right against the station, as it does for the actions of a case.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shanshui_domain::act::case::Action;
use shanshui_domain::analyse::evidence::{Language, say};
use shanshui_domain::analyse::review::desk::{Level, SignSpan, Verdict};
use shanshui_domain::id::{CaseId, PersonId, StationCode};
use shanshui_domain::right::Right;
use shanshui_domain::sense::ReadingKey;
use shanshui_domain::sense::reviewed::{decision_of, is_held};
use shanshui_domain::standard::review::{Measure, Rule, RuleBook};
use shanshui_domain::time::Instant;
use shanshui_store::review::stands;
use shanshui_store::{DecisionRow, FindingFilter, FindingRow, FindingState, ReadingRow, SignOffRow};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::auth::Visitor;
use super::convert::{instant_in, instant_out};
use super::extract::{Body, Path, Query};
use super::present::{sees, words};
use super::sense::kind_in;
use super::view::{CaseView, PersonView, Problem, Words};
use crate::app::{App, Live, People};
use crate::desk::{self, About, Decided};
use crate::error::ApiError;
use crate::job::record::nearby;
use crate::job::review::soon;

/// Rows of one page, at most.
const PAGE_MAX: usize = 200;
/// Values of a finding whose versions are listed, at most.
const HISTORY_MAX: usize = 60;
/// A curve shows so many lengths of the finding before and after it, and at least so much.
const AROUND: i64 = 3;
const AROUND_MS_MIN: i64 = 2 * 3_600_000;
const AROUND_MS_MAX: i64 = 7 * 24 * 3_600_000;

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingView {
    /// Id.
    pub id: String,
    /// Version, from 1: more when the stretch or the evidence has changed.
    pub version: i64,
    /// Station.
    pub station: String,
    /// Its name.
    pub station_name: Words,
    /// Point; none when the whole station is meant.
    pub point: Option<i64>,
    /// Factor.
    pub factor: Option<String>,
    /// Its name.
    pub factor_name: Option<Words>,
    /// Unit of its values.
    pub unit: Option<String>,
    /// Kind of period; none when it is about no values.
    pub kind: Option<String>,
    /// `check`, `clue` or `desk`.
    pub family: String,
    /// Check or detector.
    pub rule: String,
    /// Its name.
    pub rule_name: Words,
    /// Version of its parameters.
    pub rule_version: i64,
    /// When it is wrong.
    pub wrong: Words,
    /// From, inclusive.
    pub from: String,
    /// To, exclusive.
    pub to: String,
    /// Score of a clue, 0 to 1.
    pub score: Option<String>,
    /// What the score is made of, by name.
    pub contributions: Vec<ContributionView>,
    /// How much it presses, 0 to 100.
    pub urgency: i64,
    /// Why.
    pub reason: Words,
    /// The level that it waits for; none when all three have decided.
    pub waits: Option<i64>,
    /// The last verdict.
    pub verdict: Option<String>,
    /// The case that was opened from it.
    pub case: Option<String>,
    /// When it was found.
    pub made: String,
}

/// One part of a score.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ContributionView {
    /// Name.
    pub name: String,
    /// Points.
    pub points: String,
}

/// One page of the queue, those that press most first.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingsView {
    /// Findings.
    pub items: Vec<FindingView>,
    /// Give this as `after` to go on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many wait for each of the three levels.
    pub waiting: [i64; 3],
}

/// What somebody has decided.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// Id.
    pub id: String,
    /// Version of the finding that was looked at.
    pub finding_version: Option<i64>,
    /// Level; none of what is no step of review.
    pub level: Option<i64>,
    /// `accept`, `invalidate`, `manual`, `restore`, `return`, `case`.
    pub verdict: String,
    /// Grounds.
    pub ground: Option<Words>,
    /// Manual value.
    pub value: Option<String>,
    /// The document that says it.
    pub document: Option<String>,
    /// In which words.
    pub note: String,
    /// Who.
    pub by: Option<PersonView>,
    /// When.
    pub at: String,
    /// Values that were changed.
    pub changed: i64,
    /// The case that was opened.
    pub case: Option<String>,
}

/// One version of one value: who said it, when and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct ValueView {
    /// Stamp.
    pub at: String,
    /// Version, from 1.
    pub version: i64,
    /// Value as said.
    pub value: Option<String>,
    /// Data mark; `X` of one that a reviewer has declared invalid.
    pub mark: String,
    /// When it was said.
    pub said: String,
    /// The telegram that says it.
    pub telegram: Option<i64>,
    /// Whether it counts.
    pub counts: bool,
    /// It only holds what was published, above what came afterwards.
    pub held: bool,
    /// The decision that says it.
    pub decision: Option<DecisionView>,
}

/// A point to be drawn beside.
#[derive(Debug, Serialize, ToSchema)]
pub struct BesideView {
    /// Point.
    pub point: i64,
    /// Station.
    pub station: String,
    /// Its name.
    pub station_name: Words,
    /// Factor.
    pub factor: String,
    /// Its name.
    pub factor_name: Words,
    /// Another station, or another factor of the same.
    pub neighbour: bool,
}

/// A finding with what lies around it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FindingDetail {
    /// As it stands.
    pub finding: FindingView,
    /// Values and happenings it was seen by.
    #[schema(value_type = Vec<Object>)]
    pub evidence: serde_json::Value,
    /// Earlier versions, oldest first.
    pub earlier: Vec<FindingView>,
    /// Decisions, oldest first.
    pub decisions: Vec<DecisionView>,
    /// The stretch to be drawn: from, to.
    pub curve: [String; 2],
    /// Points to be drawn beside it.
    pub beside: Vec<BesideView>,
    /// Every version of its values, the first sixty values.
    pub values: Vec<ValueView>,
    /// Whether it has more values than are listed.
    pub more_values: bool,
    /// Published spans that it lies in: a change makes their next edition.
    pub published: Vec<String>,
    /// Levels at which the caller may decide.
    pub levels: Vec<i64>,
    /// Whether the caller may open a case.
    pub may_open_case: bool,
}

/// Which findings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FindingsQuery {
    /// Station code.
    station: Option<String>,
    /// Waiting for this level, 1 to 3.
    #[param(minimum = 1, maximum = 3)]
    level: Option<i64>,
    /// `open` or `done`; both when absent.
    state: Option<String>,
    /// `check`, `clue` or `desk`.
    family: Option<String>,
    /// Check or detector.
    rule: Option<String>,
    /// Cursor of the page before.
    after: Option<String>,
    /// Rows wanted, 50 by default, 200 at most.
    limit: Option<usize>,
}

/// A decision on a finding.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionIn {
    /// Version of the finding that was looked at.
    pub version: i64,
    /// At which level, 1 to 3.
    pub level: i64,
    /// `accept`, `invalidate`, `manual`, `restore`, `return`.
    pub verdict: String,
    /// Grounds of an invalid value.
    #[serde(default)]
    pub ground: Option<String>,
    /// Manual value.
    #[serde(default)]
    pub value: Option<String>,
    /// The document that says it.
    #[serde(default)]
    pub document: Option<String>,
    /// In which words.
    #[serde(default)]
    pub note: String,
}

/// A decision on values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValuesDecisionIn {
    /// Station.
    pub station: String,
    /// Point.
    pub point: i64,
    /// Kind of period: real, minute, hour, day, cycle.
    pub kind: String,
    /// From, RFC 3339, inclusive.
    pub from: String,
    /// To, RFC 3339, exclusive.
    pub to: String,
    /// At which level, 1 to 3.
    pub level: i64,
    /// `accept`, `invalidate`, `manual`, `restore`.
    pub verdict: String,
    /// Grounds of an invalid value.
    #[serde(default)]
    pub ground: Option<String>,
    /// Manual value.
    #[serde(default)]
    pub value: Option<String>,
    /// The document that says it.
    #[serde(default)]
    pub document: Option<String>,
    /// In which words.
    #[serde(default)]
    pub note: String,
}

/// What a decision did.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecidedView {
    /// The decision.
    pub decision: DecisionView,
    /// The level that the finding waits for now; none when all three have decided.
    pub waits: Option<i64>,
    /// Published spans that have a new edition by it, each with the edition before.
    pub editions: Vec<EditionsView>,
}

/// A published span that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct EditionsView {
    /// The edition before.
    pub before: Option<SignOffView>,
    /// The new one.
    pub now: SignOffView,
}

/// A signature or return.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignOffView {
    /// Station.
    pub station: String,
    /// Span.
    pub span: String,
    /// Place among the signatures of the span.
    pub seq: i64,
    /// Level.
    pub level: i64,
    /// Edition, from 1.
    pub edition: i64,
    /// Given back instead of signed.
    pub returned: bool,
    /// Who.
    pub by: Option<PersonView>,
    /// When.
    pub at: String,
    /// SHA-256 over what counted.
    pub digest: String,
    /// In which words.
    pub note: String,
    /// The decision that made this edition.
    pub decision: Option<String>,
}

/// Where a span stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeriodView {
    /// Station.
    pub station: String,
    /// Span.
    pub span: String,
    /// The edition that is being made, or that is published.
    pub edition: i64,
    /// The highest level that has signed it.
    pub signed: Option<i64>,
    /// The newest published edition.
    pub published: Option<i64>,
    /// SHA-256 over what counts now; none while nothing is signed.
    pub digest: Option<String>,
    /// What counts is not what was signed last: data came afterwards.
    pub changed: bool,
    /// Signatures and returns, oldest first.
    pub signatures: Vec<SignOffView>,
}

/// Which span.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PeriodQuery {
    /// Station code.
    station: String,
    /// A day (2026-03-01), week, third of a month, month, quarter or year.
    span: String,
}

/// Signs a span, or gives it back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOffIn {
    /// Station.
    pub station: String,
    /// A day (2026-03-01), week, third of a month, month, quarter or year.
    pub span: String,
    /// At which level, 1 to 3.
    pub level: i64,
    /// Given back to the level below instead of signed.
    #[serde(default)]
    pub returned: bool,
    /// In which words; a return needs some.
    #[serde(default)]
    pub note: String,
}

/// Opens a case from a clue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClueCaseIn {
    /// Title.
    pub title: String,
    /// Words.
    #[serde(default)]
    pub note: String,
}

/// A parameter of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParameterView {
    /// Factor; none for every factor without a row of its own.
    pub factor: Option<String>,
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
    /// Unit; `1` of a plain number.
    pub unit: String,
    /// How sure the row is.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

/// What was measured of a detector.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetectorMeasuredView {
    /// Share of injections aimed at it that it found.
    pub recall: String,
    /// Share of its clues that met an injection.
    pub precision: String,
    /// Clues that met one.
    pub found: u32,
    /// Clues that met none.
    pub for_nothing: u32,
    /// False alarms a station and month: on real sections, generated hours, generated minutes; none where it could not be tried.
    pub false_alarms: [Option<String>; 3],
    /// Where it is told how.
    pub cite: String,
}

/// A check or detector.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleView {
    /// Id.
    pub id: String,
    /// `check`, `clue` or `desk`.
    pub family: String,
    /// Version of its parameters.
    pub version: u32,
    /// Name.
    pub name: Words,
    /// What it says when it has found something; names in braces stand for numbers.
    pub says: Vec<Words>,
    /// When it is wrong.
    pub wrong: Words,
    /// Parameters.
    pub parameters: Vec<ParameterView>,
    /// What was measured of it; of detectors alone.
    pub measured: Option<DetectorMeasuredView>,
}

/// Grounds for an invalid value.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroundView {
    /// The digit that chooses it.
    pub digit: u8,
    /// Code.
    pub code: String,
    /// Name.
    pub name: Words,
}

/// The rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct RulesView {
    /// Checks, detectors, and what the desk itself finds.
    pub rules: Vec<RuleView>,
    /// Grounds, by digit.
    pub grounds: Vec<GroundView>,
}

/// Findings within the caller's scope, those that press most first.
#[utoipa::path(get, path = "/api/v1/analyse/review/findings", tag = "analyse", params(FindingsQuery),
    responses((status = 200, body = FindingsView), (status = 400, body = Problem)))]
pub async fn findings(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<FindingsQuery>,
) -> Result<Json<FindingsView>, ApiError> {
    let done = match query.state.as_deref() {
        None | Some("") => None,
        Some("open") => Some(false),
        Some("done") => Some(true),
        Some(other) => return Err(ApiError::field("state", format!("no such state {other:?}"))),
    };
    let family = query.family.filter(|f| !f.is_empty());
    if let Some(other) = family.as_deref().filter(|f| !["check", "clue", "desk"].contains(f)) {
        return Err(ApiError::field("family", format!("no such family {other:?}")));
    }
    let after = query.after.as_deref().map(cursor).transpose()?;
    let limit = query.limit.unwrap_or(50).clamp(1, PAGE_MAX);
    let filter = FindingFilter {
        station: query.station.filter(|s| !s.is_empty()).map(StationCode),
        level: query.level.map(level_in).transpose()?,
        done,
        family,
        rule: query.rule.filter(|r| !r.is_empty()),
    };
    let rows = app.store.findings(&visitor, &filter, after, limit).await?;
    let last = rows.last().filter(|_| rows.len() == limit);
    let next = last.map(|row| format!("{}:{}", row.newest.what.urgency, row.newest.id));
    let waiting = app.store.findings_waiting(&visitor, filter.station.as_ref()).await?;
    Ok(Json(FindingsView { items: rows.iter().map(|row| state_view(&app, row)).collect(), next, waiting }))
}

fn cursor(text: &str) -> Result<(i64, String), ApiError> {
    let read = || {
        let (urgency, id) = text.split_once(':')?;
        Some((urgency.parse().ok()?, id.to_owned()))
    };
    read().ok_or_else(|| ApiError::field("after", "no cursor of a page"))
}

fn level_in(level: i64) -> Result<Level, ApiError> {
    Level::from_number(level).ok_or_else(|| ApiError::field("level", "1 to 3"))
}

/// One finding with its evidence, what lies around it, what was decided, and every version of its values.
#[utoipa::path(get, path = "/api/v1/analyse/review/findings/{id}", tag = "analyse", params(("id" = String, Path)),
    responses((status = 200, body = FindingDetail), (status = 404, body = Problem)))]
pub async fn finding(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<FindingDetail>, ApiError> {
    let (state, versions, decisions) = app.store.finding(&visitor, &id).await?;
    let what = &state.newest.what;
    let people = app.people();
    let (values, more_values) = values(&app, &visitor, &state.newest, &people).await?;
    let spans = app.store.sign_offs_over(&visitor, &what.station, (what.from, what.to)).await?;
    let published = spans.iter().filter(|rows| stands(rows).signed == Some(Level::Third));
    let station = app.station(&what.station);
    let may = |right: Right| station.as_ref().is_some_and(|s| sees(&visitor.scope(right), s));
    let earlier = versions.iter().filter(|v| v.version < state.newest.version);
    Ok(Json(FindingDetail {
        evidence: serde_json::from_str(&what.evidence).unwrap_or_default(),
        earlier: earlier.map(|v| finding_view(&app, v, None)).collect(),
        decisions: decisions.iter().map(|d| decision_view(&app, d, &people)).collect(),
        curve: around(what.from, what.to).map(instant_out),
        beside: beside(&app, &visitor, &state.newest),
        values,
        more_values,
        published: published.map(|rows| rows[0].span.clone()).collect(),
        levels: Level::ALL.into_iter().filter(|l| may(l.right())).map(Level::number).collect(),
        may_open_case: may(Right::CaseOpen),
        finding: state_view(&app, &state),
    }))
}

/// The stretch that is drawn around a finding.
fn around(from: Instant, to: Instant) -> [Instant; 2] {
    let give = (to.ms_since(from) * AROUND).clamp(AROUND_MS_MIN, AROUND_MS_MAX);
    [from.plus_ms(-give), to.plus_ms(give)]
}

/// The other factors of the station, and the same factor at stations nearby that the caller sees.
fn beside(app: &App, visitor: &Visitor, row: &FindingRow) -> Vec<BesideView> {
    let city = app.city();
    let scope = visitor.scope(Right::StationRead);
    let near = nearby(app, &row.what.station).into_iter().filter(|s| sees(&scope, s)).map(|s| s.code);
    let codes = std::iter::once(row.what.station.clone()).chain(near);
    let view = |code: StationCode| {
        let neighbour = code != row.what.station;
        let name = city.station(&code).map_or_else(|| words("", ""), |s| words(&s.name_zh, &s.name_en));
        let wanted = |factor: &str| (row.what.factor.as_deref() == Some(factor)) == neighbour;
        let points = app.points_of(&code).into_iter().filter(move |p| wanted(p.point.factor.as_str()));
        let one = move |p: std::sync::Arc<crate::registry::PointEntry>| BesideView {
            point: p.id.0,
            station: code.to_string(),
            station_name: name.clone(),
            factor: p.point.factor.to_string(),
            factor_name: words(&p.point.name_zh, &p.point.name_en),
            neighbour,
        };
        points.map(one).collect::<Vec<_>>()
    };
    codes.flat_map(view).collect()
}

/// Every version of the values of a finding.
async fn values(
    app: &App,
    visitor: &Visitor,
    row: &FindingRow,
    people: &People,
) -> Result<(Vec<ValueView>, bool), ApiError> {
    let what = &row.what;
    let Some((point, kind)) = what.point.zip(what.kind) else { return Ok((Vec::new(), false)) };
    let mut rows = app.store.range((point, kind), (what.from, what.to), HISTORY_MAX + 1).await?;
    let more = rows.len() > HISTORY_MAX;
    rows.truncate(HISTORY_MAX);
    let decided = app.store.decisions(visitor, &what.station, (what.from, what.to), 500).await?;
    let mut out = Vec::new();
    for row in rows {
        let counts = row.versions;
        let versions = match counts {
            1 => vec![row],
            _ => app.store.versions(ReadingKey { point, kind, at: row.at }).await?,
        };
        let view = |v: ReadingRow| {
            let decision = v.telegram.is_none().then(|| decision_of(&v.extra)).flatten();
            let decision = decision.and_then(|id| decided.iter().find(|d| d.id == id));
            ValueView {
                at: instant_out(v.at),
                version: v.versions,
                value: v.value,
                mark: v.mark,
                said: instant_out(v.arrived),
                telegram: v.telegram.map(|t| t.0),
                counts: v.versions == counts,
                held: v.telegram.is_none() && is_held(&v.extra),
                decision: decision.map(|d| decision_view(app, d, people)),
            }
        };
        out.extend(versions.into_iter().map(view));
    }
    Ok((out, more))
}

/// Decides on a finding: accepts it as it stands, declares its values invalid, gives another value, restores what the device said,
/// or gives it back to the level below. A change of values is their next version; of published spans it makes the next edition.
#[utoipa::path(post, path = "/api/v1/analyse/review/findings/{id}/decision", tag = "analyse", params(("id" = String, Path)),
    request_body = DecisionIn,
    responses((status = 200, body = DecidedView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub async fn decide(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<DecisionIn>,
) -> Result<Json<DecidedView>, ApiError> {
    let level = level_in(input.level)?;
    let verdict = verdict_in(&input.verdict, input.ground, input.value, input.document)?;
    let (state, _, _) = app.store.finding(&visitor, &id).await?;
    if state.newest.version != input.version {
        return Err(ApiError::Conflict(format!("the finding is at version {}", state.newest.version)));
    }
    may(&app, &visitor, level, &state.newest.what.station)?;
    let what = state.newest.what;
    let about = About {
        finding: Some((id.clone(), input.version)),
        station: what.station,
        point: what.point,
        kind: what.kind,
        span: (what.from, what.to),
    };
    let decided = Decided { level, verdict, note: input.note };
    let (decision, made) = desk::decide(&app, &visitor, about, decided).await?;
    let (state, _, _) = app.store.finding(&visitor, &id).await?;
    decided_view(&app, &visitor, (decision, made), state.waits).await.map(Json)
}

/// Whether a station is the caller's to decide on at a level: said before anything is read for it.
fn may(app: &App, visitor: &Visitor, level: Level, station: &StationCode) -> Result<(), ApiError> {
    let station = app.station(station).ok_or(ApiError::NotFound)?;
    if sees(&visitor.scope(level.right()), &station) { Ok(()) } else { Err(ApiError::Forbidden) }
}

fn verdict_in(
    word: &str,
    ground: Option<String>,
    value: Option<String>,
    document: Option<String>,
) -> Result<Verdict, ApiError> {
    Ok(match word {
        "accept" => Verdict::Accept,
        "restore" => Verdict::Restore,
        "return" => Verdict::Return,
        "invalidate" => Verdict::Invalidate { ground: ground.ok_or_else(|| ApiError::field("ground", "missing"))? },
        "manual" => {
            let value = value.ok_or_else(|| ApiError::field("value", "missing"))?;
            let value =
                value.trim().parse().map_err(|_| ApiError::field("value", format!("{value:?} is no number")))?;
            Verdict::Manual { value, document: document.unwrap_or_default() }
        }
        other => return Err(ApiError::field("verdict", format!("no such verdict {other:?}"))),
    })
}

async fn decided_view(
    app: &App,
    visitor: &Visitor,
    (decision, made): (DecisionRow, Vec<SignOffRow>),
    waits: Option<Level>,
) -> Result<DecidedView, ApiError> {
    let people = app.people();
    let mut editions = Vec::new();
    for now in made {
        let span = SignSpan::parse(&now.span).map_err(|e| ApiError::Internal(e.into()))?;
        let rows = app.store.sign_offs(visitor, &now.station, span).await?;
        let before = rows.iter().rev().find(|r| r.edition < now.edition && r.level == Level::Third && !r.returned);
        let before = before.map(|row| sign_off_view(app, row, &people));
        editions.push(EditionsView { before, now: sign_off_view(app, &now, &people) });
    }
    Ok(DecidedView { decision: decision_view(app, &decision, &people), waits: waits.map(Level::number), editions })
}

/// Decides on values of a point that no finding is about.
#[utoipa::path(post, path = "/api/v1/analyse/review/decisions", tag = "analyse", request_body = ValuesDecisionIn,
    responses((status = 200, body = DecidedView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub async fn decide_values(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<ValuesDecisionIn>,
) -> Result<Json<DecidedView>, ApiError> {
    let level = level_in(input.level)?;
    let verdict = verdict_in(&input.verdict, input.ground, input.value, input.document)?;
    if verdict == Verdict::Return {
        return Err(ApiError::field("verdict", "values alone are not given back"));
    }
    let (from, to) = (instant_in("from", &input.from)?, instant_in("to", &input.to)?);
    if from >= to {
        return Err(ApiError::field("from", "is not before to"));
    }
    let kind = kind_in(&input.kind)?;
    let station = app.station(&StationCode(input.station)).filter(|s| sees(&visitor.scope(Right::ReviewRead), s));
    let station = station.ok_or(ApiError::NotFound)?.code.clone();
    may(&app, &visitor, level, &station)?;
    let point = app.points_of(&station).into_iter().find(|p| p.id.0 == input.point).ok_or(ApiError::NotFound)?;
    let about = About { finding: None, station, point: Some(point.id), kind: Some(kind), span: (from, to) };
    let decided = Decided { level, verdict, note: input.note };
    let done = desk::decide(&app, &visitor, about, decided).await?;
    decided_view(&app, &visitor, done, None).await.map(Json)
}

/// Opens a case from a finding (立案核查), which a person decides; a finding has one case at most.
#[utoipa::path(post, path = "/api/v1/analyse/review/findings/{id}/case", tag = "analyse", params(("id" = String, Path)),
    request_body = ClueCaseIn,
    responses((status = 200, body = CaseView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub async fn clue_case(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Body(input): Body<ClueCaseIn>,
) -> Result<Json<CaseView>, ApiError> {
    let (state, _, _) = app.store.finding(&visitor, &id).await?;
    if state.case.is_some() {
        return Err(ApiError::Conflict("the finding has a case already".into()));
    }
    let now = app.clock.now();
    let action = Action::Open { title: input.title, alarm: None, finding: Some(id.clone()) };
    let event = super::act::event(&visitor, now, action, input.note.clone());
    let case = CaseId(Uuid::now_v7());
    let (series, area) = (super::act::case_prefix(&app, now), super::act::home_county(&visitor));
    let what = state.newest.what;
    let decision = DecisionRow {
        id: Uuid::now_v7().to_string(),
        finding: Some((id, state.newest.version)),
        station: what.station,
        point: what.point,
        kind: what.kind,
        from: what.from,
        to: what.to,
        level: None,
        verdict: "case".into(),
        ground: None,
        value: None,
        document: None,
        note: input.note,
        person: Some(visitor.id()),
        at: now,
        changed: 0,
        case: Some(case),
    };
    let new = shanshui_store::CaseIn { id: case, series, event, area };
    app.store.case_open_from(&visitor, new, decision).await?;
    app.tell(Live::Case { id: case.to_string() });
    let detail = app.store.case(&visitor, case).await?;
    Ok(Json(super::act::case_view(&app, &visitor, detail).await?))
}

/// Where a span of a station stands: signatures and editions, and whether what counts is still what was signed.
#[utoipa::path(get, path = "/api/v1/analyse/review/sign-offs", tag = "analyse", params(PeriodQuery),
    responses((status = 200, body = PeriodView), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn sign_offs(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<PeriodQuery>,
) -> Result<Json<PeriodView>, ApiError> {
    let span = span_in(&query.span)?;
    let station = StationCode(query.station);
    app.station(&station).ok_or(ApiError::NotFound)?;
    period_view(&app, &visitor, station, span).await.map(Json)
}

fn span_in(text: &str) -> Result<SignSpan, ApiError> {
    SignSpan::parse(text).map_err(|e| ApiError::field("span", format!("{e}; or a day (2026-03-01)")))
}

async fn period_view(
    app: &App,
    visitor: &Visitor,
    station: StationCode,
    span: SignSpan,
) -> Result<PeriodView, ApiError> {
    let rows = app.store.sign_offs(visitor, &station, span).await?;
    let standing = stands(&rows);
    let signed = rows.iter().rev().find(|r| !r.returned);
    let instants = desk::instants(app, span).ok_or_else(|| ApiError::field("span", "out of range"))?;
    let digest = match signed {
        Some(_) => Some(desk::content(app, &station, instants, &[]).await?),
        None => None,
    };
    let people = app.people();
    Ok(PeriodView {
        changed: signed.map(|r| &r.digest) != digest.as_ref(),
        digest,
        station: station.to_string(),
        span: span.to_string(),
        edition: standing.edition,
        signed: standing.signed.map(Level::number),
        published: standing.published,
        signatures: rows.iter().map(|row| sign_off_view(app, row, &people)).collect(),
    })
}

/// Signs a span of a station at a level, or gives it back to the level below. The third signature publishes it.
#[utoipa::path(post, path = "/api/v1/analyse/review/sign-offs", tag = "analyse", request_body = SignOffIn,
    responses((status = 200, body = PeriodView), (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub async fn sign_off(
    State(app): State<App>,
    visitor: Visitor,
    Body(input): Body<SignOffIn>,
) -> Result<Json<PeriodView>, ApiError> {
    let (span, level) = (span_in(&input.span)?, level_in(input.level)?);
    let station = app.station(&StationCode(input.station)).filter(|s| sees(&visitor.scope(Right::ReviewRead), s));
    let code = station.ok_or(ApiError::NotFound)?.code.clone();
    may(&app, &visitor, level, &code)?;
    desk::sign(&app, &visitor, (code.clone(), span), (level, input.returned, input.note)).await?;
    period_view(&app, &visitor, code, span).await.map(Json)
}

/// Looks at what has newly arrived now, instead of at the next hour. Answered when the work is put down.
#[utoipa::path(post, path = "/api/v1/analyse/review/rounds", tag = "analyse", responses((status = 202)))]
pub async fn round(State(app): State<App>, _visitor: Visitor) -> Result<StatusCode, ApiError> {
    soon(&app).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The checks and detectors with their parameters and what was measured of them, and the grounds for invalid values.
#[utoipa::path(get, path = "/api/v1/analyse/review/rules", tag = "analyse", responses((status = 200, body = RulesView)))]
pub async fn rules(State(app): State<App>, _visitor: Visitor) -> Json<RulesView> {
    let books = &app.books;
    let of = |book: &RuleBook, family: &str| {
        book.rules.iter().map(|rule| rule_view(&app, book, rule, family)).collect::<Vec<_>>()
    };
    let desk = books.desk.rules.iter().map(|rule| RuleView {
        id: rule.id.clone(),
        family: "desk".into(),
        version: rule.version,
        name: words(&rule.zh, &rule.en),
        says: says(&books.review, &rule.id),
        wrong: words(&rule.wrong_zh, &rule.wrong_en),
        parameters: Vec::new(),
        measured: None,
    });
    let ground = |g: &shanshui_domain::standard::desk::Ground| GroundView {
        digit: g.digit,
        code: g.code.clone(),
        name: words(&g.zh, &g.en),
    };
    let rules = of(&books.review, "check").into_iter().chain(of(&books.clue, "clue")).chain(desk).collect();
    Json(RulesView { rules, grounds: books.desk.grounds.iter().map(ground).collect() })
}

/// What a rule says: the words of its own code, and of those that begin with it.
fn says(book: &RuleBook, id: &str) -> Vec<Words> {
    let own = |code: &str| code == id || code.strip_prefix(id).is_some_and(|rest| rest.starts_with('.'));
    book.words.iter().filter(|w| own(&w.code)).map(|w| words(&w.zh, &w.en)).collect()
}

fn rule_view(app: &App, book: &RuleBook, rule: &Rule, family: &str) -> RuleView {
    let parameter = |p: &shanshui_domain::standard::review::Parameter| ParameterView {
        factor: p.factor.clone(),
        name: p.name.clone(),
        value: p.value.to_string(),
        unit: match p.measure {
            Measure::Number => "1".into(),
            Measure::Seconds => "s".into(),
            Measure::In(unit) => unit.to_string(),
        },
        mark: p.mark.clone(),
        cite: p.cite.clone(),
    };
    let measured = app.books.desk.measured.iter().find(|m| m.detector == rule.id && family == "clue");
    RuleView {
        id: rule.id.clone(),
        family: family.into(),
        version: rule.version,
        name: words(&rule.zh, &rule.en),
        says: says(book, &rule.id),
        wrong: words(&rule.wrong_zh, &rule.wrong_en),
        parameters: rule.parameters.iter().map(parameter).collect(),
        measured: measured.map(|m| DetectorMeasuredView {
            recall: m.recall.to_string(),
            precision: m.precision.to_string(),
            found: m.found,
            for_nothing: m.for_nothing,
            false_alarms: [m.false_real, m.false_hour, m.false_minute].map(|n| n.map(|n| n.to_string())),
            cite: m.cite.clone(),
        }),
    }
}

fn state_view(app: &App, state: &FindingState) -> FindingView {
    finding_view(app, &state.newest, Some(state))
}

/// What is read of a kept reason.
#[derive(Default, Deserialize)]
struct Told {
    code: String,
    #[serde(default)]
    numbers: Vec<(String, String)>,
    #[serde(default)]
    contributions: Vec<ContributionView>,
}

fn finding_view(app: &App, row: &FindingRow, state: Option<&FindingState>) -> FindingView {
    let (what, books) = (&row.what, &app.books);
    let book = if what.family == "clue" { &books.clue } else { &books.review };
    let told: Told = serde_json::from_str(&what.reason).unwrap_or_default();
    let numbers = || told.numbers.iter().map(|(name, n)| (name.as_str(), n.as_str()));
    let said = |language| say(book, language, &told.code, numbers());
    let (rule_name, wrong) = match (book.rule(&what.rule), books.desk.rule(&what.rule)) {
        (Some(rule), _) => (words(&rule.zh, &rule.en), words(&rule.wrong_zh, &rule.wrong_en)),
        (None, Some(rule)) => (words(&rule.zh, &rule.en), words(&rule.wrong_zh, &rule.wrong_en)),
        (None, None) => (words(&what.rule, &what.rule), words("", "")),
    };
    let point = what.point.and_then(|p| app.point(p));
    let station = app.station(&what.station);
    FindingView {
        id: row.id.clone(),
        version: row.version,
        station: what.station.to_string(),
        station_name: station.map_or_else(|| words("", ""), |s| words(&s.name_zh, &s.name_en)),
        point: what.point.map(|p| p.0),
        factor: what.factor.clone(),
        factor_name: point.as_ref().map(|p| words(&p.point.name_zh, &p.point.name_en)),
        unit: point.map(|p| p.point.unit.to_string()),
        kind: what.kind.map(|k| k.as_str().into()),
        family: what.family.clone(),
        rule: what.rule.clone(),
        rule_name,
        rule_version: what.rule_version,
        wrong,
        from: instant_out(what.from),
        to: instant_out(what.to),
        score: what.score.clone(),
        contributions: told
            .contributions
            .iter()
            .map(|c| ContributionView { name: c.name.clone(), points: c.points.clone() })
            .collect(),
        urgency: what.urgency,
        reason: words(said(Language::Chinese), said(Language::English)),
        waits: state.and_then(|s| s.waits).map(Level::number),
        verdict: state.and_then(|s| s.verdict.clone()),
        case: state.and_then(|s| s.case).map(|c| c.to_string()),
        made: instant_out(row.made),
    }
}

fn by(app: &App, person: Option<PersonId>, people: &People) -> Option<PersonView> {
    person.map(|id| app.person_of(id, people))
}

fn decision_view(app: &App, d: &DecisionRow, people: &People) -> DecisionView {
    let ground = d.ground.as_deref().map(|code| {
        let known = app.books.desk.ground(code);
        known.map_or_else(|| words(code, code), |g| words(&g.zh, &g.en))
    });
    DecisionView {
        id: d.id.clone(),
        finding_version: d.finding.as_ref().map(|(_, version)| *version),
        level: d.level.map(Level::number),
        verdict: d.verdict.clone(),
        ground,
        value: d.value.clone(),
        document: d.document.clone(),
        note: d.note.clone(),
        by: by(app, d.person, people),
        at: instant_out(d.at),
        changed: d.changed,
        case: d.case.map(|c| c.to_string()),
    }
}

fn sign_off_view(app: &App, s: &SignOffRow, people: &People) -> SignOffView {
    SignOffView {
        station: s.station.to_string(),
        span: s.span.clone(),
        seq: s.seq,
        level: s.level.number(),
        edition: s.edition,
        returned: s.returned,
        by: by(app, s.person, people),
        at: instant_out(s.at),
        digest: s.digest.clone(),
        note: s.note.clone(),
        decision: s.decision.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_shows_what_lies_around() {
        const HOUR_MS: i64 = 3_600_000;
        let check = |length_ms: i64, give_ms: i64| {
            let [from, to] = around(Instant(0), Instant(0).plus_ms(length_ms));
            assert_eq!((from, to), (Instant(0).plus_ms(-give_ms), Instant(0).plus_ms(length_ms + give_ms)));
        };
        check(0, 2 * HOUR_MS);
        check(10 * HOUR_MS, 30 * HOUR_MS);
        check(1_000 * HOUR_MS, 7 * 24 * HOUR_MS);
    }

    #[test]
    fn verdicts_are_read() {
        let read =
            |word: &str, value: Option<&str>| verdict_in(word, Some("fault".into()), value.map(str::to_owned), None);
        assert!(matches!(read("accept", None), Ok(Verdict::Accept)));
        assert!(matches!(read("manual", Some(" 7.91 ")), Ok(Verdict::Manual { .. })));
        for (word, value) in [("manual", None), ("manual", Some("seven")), ("delete", None)] {
            assert!(matches!(read(word, value), Err(ApiError::BadRequest(_))), "{word}");
        }
        assert!(cursor("55:abc").is_ok() && cursor("abc").is_err() && cursor("x:abc").is_err());
    }
}
