//! Forecasts of stations: the newest ones, and how earlier ones turned out.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shanshui_domain::analyse::forecast::aqi::AqiForecast;
use shanshui_domain::analyse::forecast::model::Model;
use shanshui_domain::analyse::forecast::{Forecast, Outcome, Point, outcome};
use shanshui_domain::id::StationCode;
use shanshui_domain::standard::forecast::ForecastRules;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::ForecastRow;
use utoipa::{IntoParams, ToSchema};

use super::auth::Visitor;
use super::convert::instant_out;
use super::extract::{Path, Query};
use super::present::words;
use super::view::{Problem, Words};
use crate::app::App;
use crate::error::ApiError;
use crate::job::forecast::{AQI, offset};

/// Earlier forecasts of one answer, at most.
const EARLIER_MAX: usize = 60;

/// One step ahead.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastPointView {
    /// Begin of the step.
    pub at: String,
    /// What is expected.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl From<&Point> for ForecastPointView {
    fn from(p: &Point) -> Self {
        Self { at: instant_out(p.at), value: p.value, low: p.low, high: p.high }
    }
}

/// One day of an AQI forecast.
#[derive(Debug, Serialize, ToSchema)]
pub struct AqiDayView {
    /// The day.
    pub day: String,
    /// Edition of HJ 633.
    pub edition: String,
    /// AQI of the lower ends, of what is expected, of the upper ends.
    pub aqi: [Option<u16>; 3],
    /// Their levels, 1 to 6.
    pub level: [Option<u8>; 3],
    /// Primary pollutants of what is expected.
    pub primary: Vec<String>,
    /// Pollutants without a forecast.
    pub missing: Vec<String>,
    /// Pollutants for which the last value stands, because no model beats it.
    pub unmodelled: Vec<String>,
}

/// The newest forecast of a factor.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastSummaryView {
    /// Station.
    pub station: String,
    /// Its name.
    pub station_name: Words,
    /// Factor code; `aqi` of the index.
    pub factor: String,
    /// Its name.
    pub name: Words,
    /// Unit; empty of the index.
    pub unit: String,
    /// Decimals shown.
    pub decimals: u8,
    /// `series` of measured values, `aqi` of the index.
    pub kind: String,
    /// Civil day on which it was made.
    pub day: String,
    /// From 1: more when it was made again that day and came out otherwise.
    pub version: i64,
    /// When it was made.
    pub made: String,
    /// Made after the hour by which it is due.
    pub late: bool,
    /// Whether it is better than the last value.
    pub shown: bool,
    /// `better`, `baseline_chosen`, `no_better`; none when too little is known.
    pub verdict: Option<String>,
    /// Why too little is known: `nothing`, `short`, `gaps`, `origins`, `stale`, `constant`.
    pub too_little: Option<String>,
    /// `persistence`, `seasonal`, `ets`, `mstl`.
    pub model: Option<String>,
    /// Error below that of the best baseline, in per cent, on the older and the newer origins of the back-test.
    pub gains_percent: Option<[f64; 2]>,
    /// What both must be.
    pub margin_percent: Option<f64>,
    /// What the interval is to hold, in per cent.
    pub level_percent: Option<f64>,
    /// The days of an index.
    pub days: Vec<AqiDayView>,
}

/// A measured step.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasuredView {
    /// Begin of the step.
    pub at: String,
    /// Mean of the step.
    pub value: f64,
}

/// An earlier forecast and what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EarlierForecastView {
    /// Civil day on which it was made.
    pub day: String,
    /// Version.
    pub version: i64,
    /// When it was made.
    pub made: String,
    /// Whether it was shown; else the figures are those of the last value with its interval.
    pub shown: bool,
    /// Model that the figures are of.
    pub model: Option<String>,
    /// Steps ahead.
    pub steps: usize,
    /// Of these, measured since.
    pub measured: usize,
    /// Of those, inside the interval.
    pub inside: usize,
    /// Mean absolute error of those; none while nothing was measured.
    pub mae: Option<f64>,
}

/// The newest forecast of a factor with everything that led to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForecastView {
    /// The newest.
    pub forecast: ForecastSummaryView,
    /// Steps ahead; empty when it is not shown.
    pub points: Vec<ForecastPointView>,
    /// What was measured before it and since, step by step.
    pub measured: Vec<MeasuredView>,
    /// This and earlier forecasts, newest first, held against what was measured.
    pub earlier: Vec<EarlierForecastView>,
    /// Model, parameters, training span, gaps, errors of every model.
    #[schema(value_type = Object)]
    pub explanation: Value,
}

/// Which station.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ForecastQuery {
    /// Only of this station; of all when absent.
    station: Option<String>,
}

/// The newest forecast of each factor, as far as the caller sees its station.
#[utoipa::path(get, path = "/api/v1/analyse/forecasts", tag = "analyse", params(ForecastQuery),
    responses((status = 200, body = [ForecastSummaryView]), (status = 404, body = Problem)))]
pub async fn forecasts(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ForecastQuery>,
) -> Result<Json<Vec<ForecastSummaryView>>, ApiError> {
    let code = query.station.map(StationCode);
    if let Some(code) = &code {
        app.station(code).ok_or(ApiError::NotFound)?;
    }
    let rows = app.store.forecasts(&visitor, code.as_ref()).await?;
    let rules = rules()?;
    Ok(Json(rows.iter().filter_map(|row| summary(&app, &rules, row)).collect()))
}

/// The newest forecast of a factor, with what was measured, and how earlier ones turned out.
#[utoipa::path(get, path = "/api/v1/analyse/forecasts/{station}/{factor}", tag = "analyse",
    params(("station" = String, Path), ("factor" = String, Path)),
    responses((status = 200, body = ForecastView), (status = 404, body = Problem)))]
pub async fn forecast(
    State(app): State<App>,
    visitor: Visitor,
    Path((code, factor)): Path<(String, String)>,
) -> Result<Json<ForecastView>, ApiError> {
    let code = StationCode(code);
    let rows = app.store.forecasts_of(&visitor, (&code, &factor), EARLIER_MAX).await?;
    let (newest, rules) = (rows.first().ok_or(ApiError::NotFound)?, rules()?);
    let forecast = summary(&app, &rules, newest).ok_or(ApiError::NotFound)?;
    let told: Vec<Option<Forecast>> = rows.iter().map(|row| serde_json::from_str(&row.body).ok()).collect();
    let measured = measured(&app, &visitor, &rules, (newest, &told)).await?;
    let at = |at: Instant| measured.binary_search_by_key(&at, |(at, _)| *at).ok().map(|i| measured[i].1);
    let earlier = rows.iter().zip(&told).map(|(row, told)| {
        let found: Option<Outcome> = told.as_ref().and_then(|f| outcome(f.best(), at));
        EarlierForecastView {
            day: row.day.clone(),
            version: row.version,
            made: instant_out(row.made),
            shown: row.shown,
            model: told.as_ref().map(|f| word(if f.shown() { f.model } else { f.baseline }).to_owned()),
            steps: told.as_ref().map_or(0, |f| f.best().len()),
            measured: found.map_or(0, |f| f.measured),
            inside: found.map_or(0, |f| f.inside),
            mae: found.map(|f| f.mae),
        }
    });
    let first = told.first().and_then(Option::as_ref);
    let begin = first.map(|f| f.training.until.plus_ms(-2 * f.step_ms * f.best().len() as i64));
    let drawn = measured.iter().filter(|(at, _)| begin.is_some_and(|begin| begin <= *at));
    Ok(Json(ForecastView {
        points: first.map_or(&[][..], |f| &f.points).iter().map(Into::into).collect(),
        measured: drawn.map(|(at, value)| MeasuredView { at: instant_out(*at), value: *value }).collect(),
        earlier: earlier.collect(),
        explanation: serde_json::from_str(&newest.body).unwrap_or_default(),
        forecast,
    }))
}

fn rules() -> Result<ForecastRules, ApiError> {
    ForecastRules::embedded().map_err(|e| ApiError::from(shanshui_store::StoreError::Io(e.to_string())))
}

/// What has been measured since the oldest of some forecasts, on the grid of the newest.
async fn measured(
    app: &App,
    visitor: &Visitor,
    rules: &ForecastRules,
    (row, told): (&ForecastRow, &[Option<Forecast>]),
) -> Result<Vec<(Instant, f64)>, ApiError> {
    let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
    let period = body["period"].as_str().unwrap_or_default();
    let kind = PeriodKind::ALL.into_iter().find(|k| k.as_str() == period);
    let grid = rules.grid(body["grid"].as_str().unwrap_or_default());
    let point = app.points_of(&row.station).into_iter().find(|p| p.point.factor == row.factor);
    let oldest = told.iter().flatten().map(|f| f.training.until).min();
    let (Some(kind), Some(grid), Some(point), Some(oldest)) = (kind, grid, point, oldest) else {
        return Ok(Vec::new());
    };
    let now = app.clock.now();
    let offset_ms = offset(&app.zone, now);
    let step = grid.step_ms * 1_000;
    let end = (now.0 + offset_ms * 1_000).div_euclid(step) * step - offset_ms * 1_000;
    let from = oldest.plus_ms(-2 * grid.step_ms * grid.horizon as i64);
    let span = (from, Instant(end));
    Ok(app.store.step_means(visitor, (point.id, kind), span, (grid.step_ms, offset_ms)).await?.rows)
}

fn word(model: Model) -> &'static str {
    match model {
        Model::Persistence => "persistence",
        Model::Seasonal { .. } => "seasonal",
        Model::Ets { .. } => "ets",
        Model::Mstl { .. } => "mstl",
    }
}

/// None of a station or factor that the city no longer has.
fn summary(app: &App, rules: &ForecastRules, row: &ForecastRow) -> Option<ForecastSummaryView> {
    let station = app.station(&row.station)?;
    let point = app.points_of(&row.station).into_iter().find(|p| p.point.factor == row.factor);
    let (name, unit, decimals) = match &point {
        Some(p) => (words(&p.point.name_zh, &p.point.name_en), p.point.unit.to_string(), p.point.decimals),
        None if row.kind == AQI => (words("空气质量指数", "AQI"), String::new(), 0),
        None => return None,
    };
    let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let told: Option<Forecast> = serde_json::from_str(&row.body).ok();
    let index: Option<AqiForecast> = (row.kind == AQI).then(|| serde_json::from_str(&row.body).ok()).flatten();
    let made = app.zone.civil(row.made);
    Some(ForecastSummaryView {
        station: row.station.to_string(),
        station_name: words(&station.name_zh, &station.name_en),
        factor: row.factor.to_string(),
        name,
        unit,
        decimals,
        kind: row.kind.clone(),
        day: row.day.clone(),
        version: row.version,
        made: instant_out(row.made),
        late: made.date().to_string() != row.day || made.hour() >= rules.due,
        shown: row.shown,
        verdict: text(&body["verdict"]),
        too_little: text(&body["not_forecast"]["reason"]),
        model: told.as_ref().map(|f| word(f.model).to_owned()),
        gains_percent: told.as_ref().map(|f| f.gains_percent),
        margin_percent: told.as_ref().map(|f| f.margin_percent),
        level_percent: told.as_ref().map(|f| f.level_percent),
        days: index.map_or_else(Vec::new, days),
    })
}

fn days(index: AqiForecast) -> Vec<AqiDayView> {
    let one = |day: shanshui_domain::analyse::forecast::aqi::AqiDay| AqiDayView {
        day: day.day.to_string(),
        edition: day.edition,
        aqi: day.aqi,
        level: day.level,
        primary: day.primary,
        missing: day.missing,
        unmodelled: day.pollutants.into_iter().filter(|p| !p.value.modelled).map(|p| p.pollutant).collect(),
    };
    index.days.into_iter().map(one).collect()
}
