//! Forecasts: once a day, before they are due, each station's factors and the AQI of air stations.
//!
//! A timer looks every few minutes; from the civil hour on that the rules name it puts work down for every station
//! that has no forecast of the day. Whichever node takes a station's work reads its series, and has them computed
//! beside the tasks that serve. A factor of which too little is known gets a row too, that says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::json;
use shanshui_domain::analyse::air::{self, CODES};
use shanshui_domain::analyse::forecast::aqi::{self, Six};
use shanshui_domain::analyse::forecast::backtest::Task;
use shanshui_domain::analyse::forecast::model::Regressor;
use shanshui_domain::analyse::forecast::regular::{Regular, TooLittle};
use shanshui_domain::analyse::forecast::{FORMAT, Forecast, beside, holidays};
use shanshui_domain::analyse::year::AirRules;
use shanshui_domain::id::{FactorCode, StationCode};
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::right::Caller;
use shanshui_domain::standard::forecast::{ForecastRules, Grid};
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use shanshui_domain::unit::Quantity;
use shanshui_store::{ForecastRow, JobIn, JobRow, StoreError};

use super::work::Outcome;
use crate::app::App;
use crate::registry::PointEntry;

/// A forecast of measured values.
pub const SERIES: &str = "series";
/// A forecast of the air quality index; its factor too.
pub const AQI: &str = "aqi";
/// Looks whether forecasts are to be made.
pub(super) const ROUND: &str = "forecast_round";
/// Forecasts one station; the subject is `2026-11-29 ms16`.
pub(super) const ONE: &str = "forecast";
const DAY_MS: i64 = 86_400_000;

/// What a series is forecast from: the first kind of which there is something, and the grid that it is brought to.
const KINDS: [(PeriodKind, &str); 5] = [
    (PeriodKind::Hour, "hour"),
    (PeriodKind::Cycle, "cycle"),
    (PeriodKind::Day, "day"),
    (PeriodKind::Minute, "hour"),
    (PeriodKind::Real, "hour"),
];

fn rules() -> Result<ForecastRules, StoreError> {
    ForecastRules::embedded().map_err(|e| StoreError::Io(e.to_string()))
}

/// Puts work down for every station without a forecast of today, once the hour has come.
pub(super) async fn round(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let civil = app.zone.civil(now);
    if civil.hour() < rules()?.made_from {
        return Ok(());
    }
    let day = civil.date();
    let there: BTreeSet<StationCode> = app.store.forecast_stations(&day.to_string()).await?.into_iter().collect();
    for station in app.city().stations.iter().filter(|s| !there.contains(&s.code)) {
        if app.points_of(&station.code).is_empty() {
            continue;
        }
        let job = JobIn { kind: ONE, subject: format!("{day} {}", station.code), body: String::new(), due: now };
        if app.store.job_put(job).await? {
            app.bells.job.ring();
        }
    }
    Ok(())
}

/// Does what was put down.
pub(super) async fn work(app: &App, job: &JobRow) -> Result<Outcome, StoreError> {
    let read = job.subject.split_once(' ').and_then(|(day, code)| Some((day.parse::<Date>().ok()?, code)));
    let Some((day, code)) = read else {
        return Ok(Outcome::Over(Some(format!("{:?} names no day and station", job.subject))));
    };
    let Some(found) = app.station(&StationCode::from(code)) else {
        return Ok(Outcome::Over(Some(format!("no station {code}"))));
    };
    station(app, &found, day).await?;
    Ok(Outcome::Over(None))
}

/// A point's values by step.
struct Steps {
    grid: Grid,
    kind: PeriodKind,
    values: Vec<(Instant, f64)>,
    unread: usize,
    /// Steps over since the newest value.
    behind: usize,
}

/// Forecasts the factors of a station and keeps what came out, as that of a civil day; how many rows are new.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn station(app: &App, station: &Station, day: Date) -> Result<usize, StoreError> {
    let rules = Arc::new(rules()?);
    let now = app.clock.now();
    let offset_ms = offset(&app.zone, now);
    let mut written = 0;
    let points = app.points_of(&station.code);
    let mut all = Vec::new();
    for point in &points {
        all.push((Arc::clone(point), steps(app, &rules, point, (now, offset_ms)).await?));
    }
    let weather: Vec<(String, Vec<(Instant, f64)>)> = all
        .iter()
        .filter(|(point, _)| rules.weather.iter().any(|w| w.factor == point.point.factor.as_str()))
        .filter_map(|(point, steps)| Some((point.point.factor.to_string(), steps.as_ref()?.values.clone())))
        .collect();
    let weather = Arc::new(weather);
    for (point, steps) in &all {
        let factor = point.point.factor.clone();
        let (shown, body) = match steps {
            None => (false, not(TooLittle::Nothing)),
            Some(steps) if steps.behind >= steps.grid.horizon => {
                (false, not(TooLittle::Stale { behind: steps.behind }))
            }
            Some(steps) => {
                let work = (Arc::clone(&rules), Arc::clone(&weather), factor.to_string(), app.zone.clone());
                let (grid, values) = (steps.grid.clone(), steps.values.clone());
                match beside_tasks(move || series(&work, &grid, &values, offset_ms)).await? {
                    Ok(forecast) => (forecast.shown(), told(&forecast, steps, point)),
                    Err(reason) => (false, not(reason)),
                }
            }
        };
        let row = row(station, (factor, SERIES), day, (now, shown, body));
        written += usize::from(app.store.forecast_put(row).await?);
    }
    if station.kind == StationKind::AirStation {
        let row =
            row(station, (FactorCode::from(AQI), AQI), day, air(app, &rules, &points, (now, offset_ms, day)).await?);
        written += usize::from(app.store.forecast_put(row).await?);
    }
    Ok(written)
}

fn row(
    station: &Station,
    (factor, kind): (FactorCode, &str),
    day: Date,
    (made, shown, body): (Instant, bool, serde_json::Value),
) -> ForecastRow {
    ForecastRow {
        station: station.code.clone(),
        factor,
        kind: kind.into(),
        day: day.to_string(),
        version: 0,
        made,
        shown,
        body: body.to_string(),
    }
}

fn not(reason: TooLittle) -> serde_json::Value {
    json!({"v": FORMAT, "not_forecast": reason})
}

fn told(forecast: &Forecast, steps: &Steps, point: &PointEntry) -> serde_json::Value {
    let mut body = json!(forecast);
    body["unit"] = json!(point.point.unit);
    body["period"] = json!(steps.kind.as_str());
    body["unread"] = json!(steps.unread);
    body
}

/// Civil time less UTC at the civil midnight before an instant, milliseconds from 0 to a day.
pub(crate) fn offset(zone: &Zone, at: Instant) -> i64 {
    let midnight = zone.instant(zone.day(at).at(0, 0, 0, 0)).unwrap_or(at);
    (-midnight.0.div_euclid(1_000)).rem_euclid(DAY_MS)
}

async fn beside_tasks<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Io(e.to_string()))
}

/// What is regressed on, and in which zone.
type Work = (Arc<ForecastRules>, Arc<Vec<(String, Vec<(Instant, f64)>)>>, String, Zone);

fn series(
    (rules, weather, factor, zone): &Work,
    grid: &Grid,
    values: &[(Instant, f64)],
    offset_ms: i64,
) -> Result<Forecast, TooLittle> {
    let series = Regular::of(values, grid.step_ms, offset_ms).ok_or(TooLittle::Nothing)?;
    let mut explained: Vec<Regressor> = holidays(&series, grid.horizon, &rules.holidays, zone).into_iter().collect();
    let others = weather.iter().filter(|(name, _)| name != factor);
    explained.extend(others.filter_map(|(name, other)| beside(&series, name, other, grid, rules.missing_max)));
    Task { series: &series, beside: &explained, grid, rules }.forecast()
}

/// The newest whole steps of a point, of the first kind that has any; none without one.
async fn steps(
    app: &App,
    rules: &ForecastRules,
    point: &PointEntry,
    (now, offset_ms): (Instant, i64),
) -> Result<Option<Steps>, StoreError> {
    for (kind, name) in KINDS {
        let Some(grid) = rules.grid(name) else { continue };
        let found = whole(app, point, (kind, grid), (now, offset_ms)).await?;
        let Some((newest, _)) = found.rows.last() else { continue };
        let behind = (now.ms_since(*newest) / grid.step_ms - 1).max(0) as usize;
        let (values, unread) = (found.rows, found.unread.len());
        return Ok(Some(Steps { grid: grid.clone(), kind, values, unread, behind }));
    }
    Ok(None)
}

/// Whole steps before now, as many as learning and the back-test want.
async fn whole(
    app: &App,
    point: &PointEntry,
    (kind, grid): (PeriodKind, &Grid),
    (now, offset_ms): (Instant, i64),
) -> Result<shanshui_history::Ranged<(Instant, f64)>, StoreError> {
    let step = grid.step_ms * 1_000;
    let end = (now.0 + offset_ms * 1_000).div_euclid(step) * step - offset_ms * 1_000;
    let length = (grid.train + grid.every * grid.origins + grid.horizon) as i64;
    let span = (Instant(end - length * step), Instant(end));
    app.store.step_means(&Caller::machine(), (point.id, kind), span, (grid.step_ms, offset_ms)).await
}

/// The AQI of an air station: whether any pollutant's model is shown, and what came out.
async fn air(
    app: &App,
    rules: &Arc<ForecastRules>,
    points: &[Arc<PointEntry>],
    (now, offset_ms, day): (Instant, i64, Date),
) -> Result<(Instant, bool, serde_json::Value), StoreError> {
    let Some(grid) = rules.grid("day").cloned() else { return Ok((now, false, not(TooLittle::Nothing))) };
    let mut hours = Six::default();
    let length = (grid.train + grid.every * grid.origins + grid.horizon) as i64;
    let span = (now.plus_ms(-length * grid.step_ms), now);
    for (i, code) in CODES.iter().enumerate() {
        let Some(point) = points.iter().find(|p| p.point.factor.as_str() == *code) else { continue };
        let unit = air::unit(i);
        let one = Quantity { value: Decimal::ONE, unit: point.point.unit }.in_unit(unit).ok();
        let Some(times) = one.and_then(|one| one.to_f64()) else { continue };
        let series = (point.id, PeriodKind::Hour);
        let found = app.store.step_means(&Caller::machine(), series, span, (3_600_000, offset_ms)).await?;
        hours[i] = found.rows.into_iter().map(|(at, value)| (at, value * times)).collect();
    }
    let (app, rules) = (app.clone(), Arc::clone(rules));
    let said = beside_tasks(move || {
        let air = AirRules::new(&app.standards).ok()?;
        let mut values = aqi::day_values(&air, &hours, &app.zone);
        // today is not over: what it has so far is no day value
        for all in &mut values {
            all.retain(|(at, _)| app.zone.day(*at) < day);
        }
        Some(aqi::forecast(&air, (&rules, &grid), &values, (day, &app.zone, offset_ms)))
    });
    let Some(said) = said.await? else { return Ok((now, false, not(TooLittle::Nothing))) };
    let modelled = said.days.iter().flat_map(|d| &d.pollutants).any(|p| p.value.modelled);
    let some = said.days.iter().any(|d| !d.pollutants.is_empty());
    let reason = said.pollutants.iter().find_map(|p| p.too_little).unwrap_or(TooLittle::Nothing);
    Ok((now, modelled, if some { json!(said) } else { not(reason) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_civil_midnight() {
        assert_eq!(offset(&Zone::china(), Instant(1_790_000_000_000_000)), 8 * 3_600_000);
        let utc = Zone::named("UTC").expect("a zone");
        assert_eq!(offset(&utc, Instant(1_790_000_000_000_000)), 0);
    }
}
