//! Discharges over days and longer: what outlets were against their limits, what they discharged, what of their data came, and why.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use rust_decimal::Decimal;
use serde::Serialize;
use shanshui_domain::analyse::discharge::outlet::{Count, LimitUsed, Stretch, Verdict, Why};
use shanshui_domain::analyse::discharge::round_gbt8170;
use shanshui_domain::analyse::discharge::transmission::Transmission;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::id::StationCode;
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::right::Right;
use shanshui_domain::standard::Bound;
use shanshui_domain::standard::discharge::{Averaging, ReferenceOxygen};
use shanshui_store::EvaluationRow;
use utoipa::ToSchema;

use super::auth::Visitor;
use super::extract::Path;
use super::present::{sees, words};
use super::view::{Problem, Words};
use super::water::{EvaluationView, versions_of};
use crate::app::App;
use crate::error::ApiError;
use crate::job::evaluate::outlet::{KIND, Kept, KeptFactor};

/// Spans of one answer, at most.
const SPANS_MAX: usize = 500;
/// Decimals shown of shares, of multiples, and of loads in kg.
const SHARE: u32 = 2;
const TIMES: u32 = 2;
const MASS: u32 = 3;
/// Decimals shown of a value whose point is no more.
const DECIMALS: u32 = 2;

/// Spans in which discharges were judged.
#[derive(Debug, Serialize, ToSchema)]
pub struct DischargeSpansView {
    /// `2026-03`, `2026-Q1`, `2026`: the greatest text first.
    pub spans: Vec<String>,
    /// Days, newest first.
    pub days: Vec<String>,
}

/// What an outlet or a factor was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DischargeVerdict {
    /// 超标.
    Beyond,
    /// 达标.
    Within,
    /// 不予评价.
    NotJudged,
}

impl From<Verdict> for DischargeVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Beyond => Self::Beyond,
            Verdict::Within => Self::Within,
            Verdict::NotJudged => Self::NotJudged,
        }
    }
}

/// What is counted of a factor.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DischargeStretch {
    /// Hours.
    Hour,
    /// Days.
    Day,
}

/// Stretches by what they were.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct DischargeCountView {
    /// Held against a limit.
    pub judged: u32,
    /// Beyond it.
    pub beyond: u32,
    /// Under an operator's mark.
    pub marked: u32,
    /// Not judged.
    pub not_judged: u32,
}

impl From<Count> for DischargeCountView {
    fn from(count: Count) -> Self {
        let Count { judged, beyond, marked, not_judged } = count;
        Self { judged, beyond, marked, not_judged }
    }
}

/// Why something is not there.
#[derive(Debug, Serialize, ToSchema)]
pub struct DischargeWhyView {
    /// Word: `no_limit`, `no_flow`, `no_oxygen`, `low_coverage`, …
    pub code: String,
    /// Sentence.
    pub text: String,
}

impl From<Why> for DischargeWhyView {
    fn from(why: Why) -> Self {
        Self { code: why.code, text: why.text }
    }
}

/// A limit that bound.
#[derive(Debug, Serialize, ToSchema)]
pub struct DischargeLimitView {
    /// `hour`, `day`.
    pub over: String,
    /// `≤ 50 mg/L`.
    pub text: String,
    /// Reference oxygen in per cent; none when values are held as measured.
    pub reference_oxygen: Option<String>,
    /// Permit or edition.
    pub source: String,
    /// Clause.
    pub cite: String,
    /// What somebody should look at.
    pub warnings: Vec<String>,
}

/// How much of a factor's data came. Rates in per cent.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransmissionView {
    /// Values due.
    pub due: u32,
    /// Values that came.
    pub received: u32,
    /// Valid ones of them.
    pub valid: u32,
    /// 传输率.
    pub transmission: Option<String>,
    /// 有效率.
    pub effective: Option<String>,
    /// 传输有效率.
    pub combined: Option<String>,
}

/// One factor of an outlet over a span. Numbers are rounded half to even, last.
#[derive(Debug, Serialize, ToSchema)]
pub struct DischargeFactorView {
    /// Code.
    pub factor: String,
    /// Name.
    pub name: Words,
    /// Unit of values.
    pub unit: String,
    /// What it was.
    pub verdict: DischargeVerdict,
    /// Why nothing was judged.
    pub why: Option<DischargeWhyView>,
    /// What is counted.
    pub stretch: DischargeStretch,
    /// Stretches.
    pub count: DischargeCountView,
    /// Days.
    pub days: DischargeCountView,
    /// Limits that bound.
    pub limits: Vec<DischargeLimitView>,
    /// Mean of a day, or of a valid month of a stack.
    pub mean: Option<String>,
    /// Largest multiple over a limit.
    pub times_over: Option<String>,
    /// Value that was most beyond.
    pub worst: Option<String>,
    /// Its day, or the start of its hour.
    pub worst_at: Option<String>,
    /// Load in kg.
    pub load_kg: Option<String>,
    /// What flowed in its hours, m³.
    pub volume_m3: Option<String>,
    /// Share of the due hours that the load knows, per cent.
    pub load_percent: Option<String>,
    /// Why there is no load.
    pub no_load: Option<DischargeWhyView>,
    /// Valid hours.
    pub valid_hours: u32,
    /// Due hours.
    pub due_hours: u32,
    /// What came.
    pub transmission: Option<TransmissionView>,
}

/// An outlet over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct DischargeOutletView {
    /// Code.
    pub code: String,
    /// Name.
    pub name: Words,
    /// Enterprise.
    pub enterprise: Option<Words>,
    /// County's code.
    pub county: String,
    /// What it was.
    pub verdict: DischargeVerdict,
    /// Days or hours, each once.
    pub count: DischargeCountView,
    /// Method.
    pub method: String,
    /// Factors.
    pub factors: Vec<DischargeFactorView>,
    /// From 1, more when data came late or changed; 0 when the span was not judged yet.
    pub version: i64,
}

/// Discharges over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct DischargeSpanView {
    /// The span.
    pub span: String,
    /// Its first day.
    pub first: String,
    /// Its last day.
    pub last: String,
    /// The span before.
    pub before: String,
    /// The same span a year before.
    pub year_before: Option<String>,
    /// Whether it is over.
    pub over: bool,
    /// Outlets by code.
    pub outlets: Vec<DischargeOutletView>,
}

/// Spans in which discharges were judged, as far as the caller sees them.
#[utoipa::path(get, path = "/api/v1/analyse/discharge", tag = "analyse",
    responses((status = 200, body = DischargeSpansView)))]
pub async fn discharge_spans(State(app): State<App>, visitor: Visitor) -> Result<Json<DischargeSpansView>, ApiError> {
    Ok(Json(DischargeSpansView {
        spans: app.store.evaluated_spans(&visitor, KIND, SPANS_MAX).await?,
        days: app.store.evaluated_days(&visitor, KIND, SPANS_MAX).await?,
    }))
}

/// What the outlets were over a day, a month, a quarter or a year.
#[utoipa::path(get, path = "/api/v1/analyse/discharge/{span}", tag = "analyse",
    params(("span" = String, Path)), responses((status = 200, body = DischargeSpanView), (status = 400, body = Problem)))]
pub async fn discharge_span(
    State(app): State<App>,
    visitor: Visitor,
    Path(span): Path<String>,
) -> Result<Json<DischargeSpanView>, ApiError> {
    let span = read_span(&span)?;
    let rows = app.store.evaluations(&visitor, KIND, &span.to_string()).await?;
    let rows: BTreeMap<&StationCode, &EvaluationRow> = rows.iter().map(|row| (&row.station, row)).collect();
    let (city, scope) = (app.city(), visitor.scope(Right::StationRead));
    let outlets = city.stations.iter().filter(|s| s.kind == StationKind::Outlet && sees(&scope, s));
    let mut outlets: Vec<_> = outlets.map(|s| outlet(&app, s, rows.get(&s.code).copied())).collect();
    outlets.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(Json(DischargeSpanView {
        span: span.to_string(),
        first: span.first().to_string(),
        last: span.last().to_string(),
        before: span.before().to_string(),
        year_before: span.a_year_before().map(|s| s.to_string()),
        over: span.last() < app.zone.day(app.clock.now()),
        outlets,
    }))
}

/// Every version of what an outlet was over a span, newest first, with everything that led to it.
#[utoipa::path(get, path = "/api/v1/analyse/discharge/{span}/stations/{code}", tag = "analyse",
    params(("span" = String, Path), ("code" = String, Path)),
    responses((status = 200, body = [EvaluationView]), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn discharge_versions(
    State(app): State<App>,
    visitor: Visitor,
    Path((span, code)): Path<(String, String)>,
) -> Result<Json<Vec<EvaluationView>>, ApiError> {
    let span = read_span(&span)?;
    versions_of(&app, &visitor, (KIND, span), StationCode(code)).await
}

fn read_span(text: &str) -> Result<Span, ApiError> {
    let span = Span::parse(text).map_err(|e| ApiError::field("span", e))?;
    if matches!(span, Span::Week { .. } | Span::TenDays { .. }) {
        return Err(ApiError::field("span", "discharges are judged by days, months, quarters and years"));
    }
    Ok(span)
}

fn outlet(app: &App, station: &Station, row: Option<&EvaluationRow>) -> DischargeOutletView {
    let city = app.city();
    let enterprise = city.enterprises.iter().find(|e| Some(&e.code) == station.enterprise.as_ref());
    let kept = row.and_then(|row| {
        let kept = Kept::parse(&row.result);
        if kept.is_none() {
            tracing::error!(station = %row.station, span = row.span, "an evaluation cannot be read");
        }
        kept
    });
    let index = app.registry.index();
    let decimals = |factor: &str| {
        let entry = index.points_of(&station.code).iter().find(|p| p.point.factor.as_str() == factor);
        entry.map_or(DECIMALS, |p| u32::from(p.point.decimals))
    };
    let (verdict, count, factors) = kept.map_or_else(
        || (Verdict::NotJudged, Count::default(), Vec::new()),
        |kept| (kept.verdict, kept.count, kept.factors),
    );
    DischargeOutletView {
        code: station.code.to_string(),
        name: words(&station.name_zh, &station.name_en),
        enterprise: enterprise.map(|e| words(&e.name_zh, &e.name_en)),
        county: station.county.clone(),
        verdict: verdict.into(),
        count: count.into(),
        method: row.map_or_else(String::new, |row| row.edition.clone()),
        factors: factors.into_iter().map(|f| factor(decimals(&f.factor), f)).collect(),
        version: row.map_or(0, |row| row.version),
    }
}

fn factor(decimals: u32, f: KeptFactor) -> DischargeFactorView {
    DischargeFactorView {
        name: words(&f.zh, &f.item),
        factor: f.factor,
        unit: f.unit.to_string(),
        verdict: f.verdict.into(),
        why: f.why.map(Into::into),
        stretch: match f.stretch {
            Stretch::Hour => DischargeStretch::Hour,
            Stretch::Day => DischargeStretch::Day,
        },
        count: f.count.into(),
        days: f.days.into(),
        limits: f.limits.into_iter().map(limit).collect(),
        mean: f.mean.map(|v| shown(v, decimals)),
        times_over: f.worst.as_ref().and_then(|w| w.times_over).map(|v| shown(v, TIMES)),
        worst: f.worst.as_ref().and_then(|w| w.value).map(|v| shown(v, decimals)),
        worst_at: f.worst.map(|w| w.at),
        load_kg: f.load.as_ref().map(|l| shown(l.kilograms, MASS)),
        volume_m3: f.load.as_ref().map(|l| shown(l.volume_m3, 1)),
        load_percent: f.load.and_then(|l| l.percent).map(|v| shown(v, SHARE)),
        no_load: f.no_load.map(Into::into),
        valid_hours: f.coverage.valid,
        due_hours: f.coverage.due(),
        transmission: f.transmission.map(|t| transmission(&t)),
    }
}

fn limit(limit: LimitUsed) -> DischargeLimitView {
    let unit = limit.unit.to_string();
    let text = match limit.bound {
        Bound::AtMost { value } => format!("≤ {} {unit}", value.normalize()),
        Bound::AtLeast { value } => format!("≥ {} {unit}", value.normalize()),
        Bound::Between { low, high } => format!("{}–{} {unit}", low.normalize(), high.normalize()),
    };
    let over = match limit.over {
        Averaging::FiveMinutes => "five_minutes",
        Averaging::Hour => "hour",
        Averaging::Day => "day",
    };
    let reference_oxygen = match limit.oxygen {
        ReferenceOxygen::Percent { value } => Some(value.normalize().to_string()),
        ReferenceOxygen::NotFolded | ReferenceOxygen::Unconfirmed => None,
    };
    let (source, cite, warnings) = (limit.source, limit.cite, limit.warnings);
    DischargeLimitView { over: over.to_owned(), text, reference_oxygen, source, cite, warnings }
}

fn transmission(t: &Transmission) -> TransmissionView {
    let rate = |value: Option<Decimal>| value.map(|v| shown(v, SHARE));
    TransmissionView {
        due: t.due,
        received: t.received,
        valid: t.valid,
        transmission: rate(t.transmission_percent),
        effective: rate(t.effective_percent),
        combined: rate(t.combined_percent),
    }
}

fn shown(value: Decimal, decimals: u32) -> String {
    round_gbt8170(value, decimals).normalize().to_string()
}
