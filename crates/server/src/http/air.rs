//! Air over days and longer: what stations, counties and the city were, in what order, and why.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use shanshui_domain::analyse::air::area::CITY;
use shanshui_domain::analyse::air::period::{AirPeriod, period, rank};
use shanshui_domain::analyse::air::{POLLUTANTS, Report};
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::year::AirRules;
use shanshui_domain::id::StationCode;
use shanshui_domain::right::Right;
use shanshui_domain::time::Instant;
use shanshui_store::{EvaluationRow, JudgementRow};
use utoipa::{IntoParams, ToSchema};

use super::auth::Visitor;
use super::convert::{instant_in, instant_out};
use super::extract::{Path, Query};
use super::present::{sees, words};
use super::view::{Problem, Words};
use super::water::{EvaluationView, versions_of};
use crate::app::App;
use crate::error::ApiError;
use crate::job::evaluate::air::{AREA, KeptDay, Place, STATION, days, kept_as, places};
use crate::job::judge::{KIND_AIR, KIND_DISCHARGE, KIND_WATER, Verdict};
use crate::report::plain::harmless;

/// Spans of one answer, at most.
const SPANS_MAX: usize = 500;
/// Rows of an exported table, at most.
const EXPORT_MAX: usize = 200_000;

/// Spans in which air was judged.
#[derive(Debug, Serialize, ToSchema)]
pub struct AirSpansView {
    /// `2026-03`, `2026-Q1`, `2026`: the greatest text first.
    pub spans: Vec<String>,
    /// Days, newest first.
    pub days: Vec<String>,
    /// Editions of HJ 633 that a span can be judged by.
    pub editions: Vec<String>,
}

/// One pollutant over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct AirValueView {
    /// Pollutant.
    pub pollutant: String,
    /// Mean of the span, of ozone over a day the largest eight-hour mean; in µg/m³, of CO in mg/m³.
    pub value: Option<String>,
    /// The percentile that is judged, of months and longer.
    pub percentile: Option<String>,
    /// IAQI of a day.
    pub iaqi: Option<u16>,
    /// Valid hours of a station's day, valid points of an area's, valid days of what is longer.
    pub count: u32,
    /// Whether they suffice.
    pub valid: bool,
}

/// What a span of more than a day comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AirPeriodView {
    /// Days with an AQI.
    pub days: u32,
    /// Days of level 1 to 6.
    pub level_days: [u32; 6],
    /// Days of level 1 or 2.
    pub good_days: u32,
    /// Their share in per cent, one decimal.
    pub good_percent: Option<String>,
    /// Composite index; none while a pollutant has no value.
    pub composite: Option<String>,
    /// The pollutants with the largest part of it.
    pub main: Vec<String>,
    /// Of a year: the set of limits in force, and whether level 2 is attained.
    pub attained: Option<bool>,
    /// Pollutants that do not attain it.
    pub not_attained: Vec<String>,
}

/// A station or an area over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct AirRowView {
    /// Code of the station; `@` of the city, `@kc` of the county kc.
    pub code: String,
    /// Name.
    pub name: Words,
    /// County's code; empty of the city.
    pub county: String,
    /// AQI of a day.
    pub aqi: Option<u16>,
    /// Level 1 to 6 of a day.
    pub level: Option<u8>,
    /// There is an AQI, and HJ 633-2026 §5.3.1 keeps it back.
    pub hidden: bool,
    /// Primary pollutants of a day.
    pub primary: Vec<String>,
    /// Hours of a day, points of an area, days of what is longer.
    pub of: u32,
    /// How many of them a value needs; 0 of what is longer, where every month has its own rule.
    pub needed: u32,
    /// The six pollutants in the order of tables.
    pub values: Vec<AirValueView>,
    /// Of what is longer than a day.
    pub period: Option<AirPeriodView>,
    /// Rank among the rows of its kind, the best first: by AQI of a day, by composite index of what is longer.
    pub rank: Option<u32>,
    /// From 1, more when data came late or changed; 0 of what was computed for this answer: a span that is not over, or another edition.
    pub version: i64,
}

/// Air over a span.
#[derive(Debug, Serialize, ToSchema)]
pub struct AirSpanView {
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
    /// Editions applied to its days.
    pub editions: Vec<String>,
    /// Edition of HJ 663.
    pub method: String,
    /// Rule that ranks, of what is longer than a day.
    pub ranked_by: Option<String>,
    /// The city, then the counties by code.
    pub areas: Vec<AirRowView>,
    /// Stations by code.
    pub stations: Vec<AirRowView>,
}

/// By which edition.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AirQuery {
    /// An edition of HJ 633 for all days, `HJ 633-2026`; the edition of each day when absent.
    edition: Option<String>,
}

/// Spans in which air was judged, as far as the caller sees it.
#[utoipa::path(get, path = "/api/v1/analyse/air", tag = "analyse", responses((status = 200, body = AirSpansView)))]
pub async fn air_spans(State(app): State<App>, visitor: Visitor) -> Result<Json<AirSpansView>, ApiError> {
    Ok(Json(AirSpansView {
        spans: app.store.evaluated_spans(&visitor, STATION, SPANS_MAX).await?,
        days: app.store.evaluated_days(&visitor, STATION, SPANS_MAX).await?,
        editions: app.standards.aqi.iter().map(|s| s.head.id.clone()).collect(),
    }))
}

/// Air of the city, its counties and its stations over a day, a month, a quarter or a year.
#[utoipa::path(get, path = "/api/v1/analyse/air/{span}", tag = "analyse", params(("span" = String, Path), AirQuery),
    responses((status = 200, body = AirSpanView), (status = 400, body = Problem)))]
pub async fn air_span(
    State(app): State<App>,
    visitor: Visitor,
    Path(span): Path<String>,
    Query(query): Query<AirQuery>,
) -> Result<Json<AirSpanView>, ApiError> {
    let span = read_span(&span)?;
    let rules = AirRules::new(&app.standards).map_err(|e| ApiError::field("edition", e))?;
    let rules = match &query.edition {
        Some(edition) => rules.under(edition).ok_or_else(|| ApiError::field("edition", format!("no {edition:?}")))?,
        None => rules,
    };
    let asked = Asked { app: &app, span, rules: &rules, anew: query.edition.is_some() };
    let city = app.city();
    let scope = visitor.scope(Right::StationRead);
    let (areas, stations) = places(&city, |s| sees(&scope, s)).into_iter().partition(|place| place.kind == AREA);
    let rows = app.store.evaluations(&visitor, STATION, &span.to_string()).await?;
    let stations = asked.rows(stations, rows).await?;
    let rows = app.store.area_evaluations(&visitor, AREA, &span.to_string()).await?;
    let areas = asked.rows(areas, rows).await?;
    let mut editions: Vec<String> = Vec::new();
    for day in [span.first(), span.last()] {
        let id = &rules.index(day, Report::Day).standard.head.id;
        if !editions.contains(id) {
            editions.push(id.clone());
        }
    }
    Ok(Json(AirSpanView {
        span: span.to_string(),
        first: span.first().to_string(),
        last: span.last().to_string(),
        before: span.before().to_string(),
        year_before: span.a_year_before().map(|s| s.to_string()),
        over: asked.over(),
        editions,
        method: rules.evaluation().head.id.clone(),
        ranked_by: (!matches!(span, Span::Day { .. })).then(|| app.standards.air_composite.head.id.clone()),
        areas: ranked(areas, true),
        stations: ranked(stations, false),
    }))
}

/// Every version of what a station or an area was over a span, newest first, with everything that led to it.
#[utoipa::path(get, path = "/api/v1/analyse/air/{span}/stations/{code}", tag = "analyse",
    params(("span" = String, Path), ("code" = String, Path)),
    responses((status = 200, body = [EvaluationView]), (status = 400, body = Problem), (status = 404, body = Problem)))]
pub async fn air_versions(
    State(app): State<App>,
    visitor: Visitor,
    Path((span, code)): Path<(String, String)>,
) -> Result<Json<Vec<EvaluationView>>, ApiError> {
    let span = read_span(&span)?;
    let kind = if code.starts_with(CITY) { AREA } else { STATION };
    versions_of(&app, &visitor, (kind, span), StationCode(code)).await
}

fn read_span(text: &str) -> Result<Span, ApiError> {
    let span = Span::parse(text).map_err(|e| ApiError::field("span", e))?;
    if matches!(span, Span::Week { .. } | Span::TenDays { .. }) {
        return Err(ApiError::field("span", "air is judged by days, months, quarters and years"));
    }
    Ok(span)
}

struct Asked<'a> {
    app: &'a App,
    span: Span,
    rules: &'a AirRules<'a>,
    anew: bool,
}

impl Asked<'_> {
    fn over(&self) -> bool {
        self.span.last() < self.app.zone.day(self.app.clock.now())
    }

    async fn rows(&self, places: Vec<Place>, rows: Vec<EvaluationRow>) -> Result<Vec<AirRowView>, ApiError> {
        let mut out = Vec::with_capacity(places.len());
        for Place { kind, code, name_zh, name_en, county } in places {
            let row = rows.iter().find(|row| row.station == code);
            let empty = AirRowView {
                code: code.to_string(),
                name: words(name_zh, name_en),
                county,
                aqi: None,
                level: None,
                hidden: false,
                primary: Vec::new(),
                of: 0,
                needed: 0,
                values: Vec::new(),
                period: None,
                rank: None,
                version: row.filter(|_| !self.anew && self.over()).map_or(0, |row| row.version),
            };
            if let Span::Day { day } = self.span {
                let kept = row.and_then(|row| KeptDay::parse(&row.result));
                out.extend(kept.map(|kept| self.day(empty, day, kept)));
                continue;
            }
            let days = days(self.app, kind, &code, self.span, self.rules).await?;
            if !days.is_empty() {
                let found = period(self.span, &days, self.rules);
                // days that have changed since are shown, and not under the number of what was kept before
                let now = kept_as(&found).to_string();
                let kept = row.is_some_and(|row| row.result == now);
                let version = if kept { empty.version } else { 0 };
                out.push(Self::longer(AirRowView { version, ..empty }, &found));
            }
        }
        Ok(out)
    }

    fn day(&self, row: AirRowView, day: jiff::civil::Date, kept: KeptDay) -> AirRowView {
        let seen = self.rules.judge_day(day, &kept.values);
        let value = |i: usize| AirValueView {
            pollutant: POLLUTANTS[i].to_owned(),
            value: kept.values[i].map(|v| scaled(v, self.rules.decimals(i))),
            percentile: None,
            iaqi: seen.iaqi[i],
            count: kept.counts[i],
            valid: kept.values[i].is_some(),
        };
        AirRowView {
            aqi: seen.aqi,
            level: seen.aqi.and_then(|aqi| self.rules.level(aqi)),
            hidden: seen.hidden,
            primary: seen.primary().map(str::to_owned).collect(),
            of: kept.of,
            needed: kept.needed,
            values: (0..POLLUTANTS.len()).map(value).collect(),
            ..row
        }
    }

    fn longer(row: AirRowView, found: &AirPeriod) -> AirRowView {
        let value = |p: &shanshui_domain::analyse::year::PollutantYear| AirValueView {
            pollutant: p.pollutant.to_owned(),
            value: p.mean.map(|v| scaled(v, p.decimals)),
            percentile: p.at_percentile.map(|v| scaled(v, p.decimals)),
            iaqi: None,
            count: p.days,
            valid: p.valid,
        };
        let names = |names: &[&'static str]| names.iter().map(|n| (*n).to_owned()).collect();
        let in_force = found.sets.iter().find(|s| s.in_force);
        AirRowView {
            of: found.days_of,
            values: found.statistics.pollutants.iter().map(value).collect(),
            period: Some(AirPeriodView {
                days: found.statistics.days,
                level_days: found.statistics.level_days,
                good_days: found.good_days,
                good_percent: found.good_percent.map(|p| p.to_string()),
                composite: found.composite.as_ref().map(|c| c.index.to_string()),
                main: found.composite.as_ref().map_or_else(Vec::new, |c| names(&c.main)),
                attained: in_force.map(|s| s.attained[1]),
                not_attained: in_force.map_or_else(Vec::new, |s| names(&s.not_attained)),
            }),
            ..row
        }
    }
}

fn scaled(value: i64, decimals: u32) -> String {
    rust_decimal::Decimal::new(value, decimals).to_string()
}

/// Gives ranks; the city among its counties has none.
fn ranked(mut rows: Vec<AirRowView>, areas: bool) -> Vec<AirRowView> {
    let value = |row: &AirRowView| {
        let text = match &row.period {
            Some(period) => period.composite.clone()?,
            None => row.aqi?.to_string(),
        };
        (!areas || row.code != CITY).then(|| Some((row.code.clone(), text.parse().ok()?)))?
    };
    for (code, _, place) in rank(rows.iter().filter_map(value).collect()) {
        if let Some(row) = rows.iter_mut().find(|row| row.code == code) {
            row.rank = Some(place);
        }
    }
    rows
}

/// Which judgements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct JudgementsQuery {
    /// `water_real`, `aqi_hour` or `discharge_real`.
    kind: String,
    /// From, RFC 3339.
    from: String,
    /// To, RFC 3339, not with it.
    to: String,
}

/// Judgements of all stations of one kind as CSV: the newest of each period.
#[utoipa::path(get, path = "/api/v1/analyse/judgements.csv", tag = "analyse", params(JudgementsQuery),
    responses((status = 200, description = "CSV in UTF-8 with a byte order mark", body = String, content_type = "text/csv")))]
pub async fn judgements_csv(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<JudgementsQuery>,
) -> Result<impl IntoResponse, ApiError> {
    if ![KIND_WATER, KIND_AIR, KIND_DISCHARGE].contains(&query.kind.as_str()) {
        return Err(ApiError::field("kind", format!("{:?} is no kind of judgement", query.kind)));
    }
    let span = (instant_in("from", &query.from)?, instant_in("to", &query.to)?);
    let rows = app.store.judgements_of(&visitor, &query.kind, span, EXPORT_MAX + 1).await?;
    if rows.len() > EXPORT_MAX {
        return Err(ApiError::field("from", format!("more than {EXPORT_MAX} rows; ask for less at a time")));
    }
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"judgements.csv\"")];
    Ok((headers, csv_of(&app, &rows)?))
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AirDaysQuery {
    /// First day.
    from: String,
    /// Last day.
    to: String,
}

/// Days of stations, counties and the city as CSV: the newest version of each, with the areas first.
#[utoipa::path(get, path = "/api/v1/analyse/air.csv", tag = "analyse", params(AirDaysQuery),
    responses((status = 200, description = "CSV in UTF-8 with a byte order mark", body = String, content_type = "text/csv")))]
pub async fn air_days(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<AirDaysQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let day = |name: &str, text: &str| match Span::parse(text) {
        Ok(span @ Span::Day { .. }) => Ok(span),
        _ => Err(ApiError::field(name, format!("{text:?} is no day"))),
    };
    let (from, to) = (day("from", &query.from)?, day("to", &query.to)?);
    let rules = AirRules::new(&app.standards).map_err(|e| ApiError::field("edition", e))?;
    let city = app.city();
    let scope = visitor.scope(Right::StationRead);
    let failed = |e: csv::Error| ApiError::Internal(e.into());
    let mut out = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    let head = ["code", "name_zh", "day", "aqi", "level", "primary"].into_iter();
    let tail = ["edition", "version", "made"];
    out.write_record(head.chain(POLLUTANTS).chain(tail)).map_err(failed)?;
    let mut count = 0;
    for Place { kind, code, name_zh, .. } in places(&city, |s| sees(&scope, s)) {
        let span = (from.to_string(), to.to_string());
        let rows = app.store.evaluations_between(kind, &code, (&span.0, &span.1)).await?;
        count += rows.len();
        if count > EXPORT_MAX {
            return Err(ApiError::field("from", format!("more than {EXPORT_MAX} rows; ask for less at a time")));
        }
        for row in rows {
            let Some(kept) = KeptDay::parse(&row.result) else { continue };
            let text = |value: Option<u16>| value.map_or_else(String::new, |v| v.to_string());
            let value = |i: usize| kept.values[i].map_or_else(String::new, |v| scaled(v, rules.decimals(i)));
            let level = row.level.map_or_else(String::new, |l| l.to_string());
            let head =
                [code.to_string(), name_zh.clone(), row.span.clone(), text(kept.aqi), level, kept.primary().join(" ")];
            let tail = [row.edition.clone(), row.version.to_string(), instant_out(row.made)];
            let cells =
                head.into_iter().chain((0..POLLUTANTS.len()).map(value)).chain(tail).map(|cell| harmless(&cell));
            out.write_record(cells).map_err(failed)?;
        }
    }
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"air.csv\"")];
    Ok((headers, out.into_inner().map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))?))
}

fn csv_of(app: &App, rows: &[JudgementRow]) -> Result<Vec<u8>, ApiError> {
    let city = app.city();
    let failed = |e: csv::Error| ApiError::Internal(e.into());
    let mut out = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    let header = ["station", "name_zh", "at", "result", "level", "deciding", "exceeds", "edition", "version", "made"];
    out.write_record(header).map_err(failed)?;
    let civil = |at: Instant| app.zone.civil(at).to_string();
    for row in rows {
        let Ok(verdict) = serde_json::from_str::<Verdict>(&row.result) else { continue };
        let name = city.station(&row.station).map_or_else(String::new, |s| s.name_zh.clone());
        let cells = [
            row.station.to_string(),
            name,
            civil(row.at),
            verdict.label_zh,
            row.level.map_or_else(String::new, |l| l.to_string()),
            verdict.deciding.join(" "),
            verdict.exceeds.to_string(),
            row.edition.clone(),
            row.version.to_string(),
            instant_out(row.made),
        ];
        out.write_record(cells.map(|cell| harmless(&cell))).map_err(failed)?;
    }
    out.into_inner().map_err(|e| ApiError::Internal(anyhow::anyhow!("{e}")))
}
