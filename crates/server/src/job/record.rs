//! What checks and detectors look at: the series of one station around what is new, and what is known beside them.

use std::collections::BTreeSet;
use std::sync::Arc;

use shanshui_domain::analyse::limit::Limit;
use shanshui_domain::analyse::series::{Happening, Neighbour, Record, Series, StationEvent, Value};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::standard::desk::Desk;
use shanshui_domain::time::{Instant, Period, PeriodKind};
use shanshui_store::{ReadingRow, StoreError};

use super::review::News;
use crate::app::App;
use crate::registry::PointEntry;

/// Values of one series that are looked at, at most.
const VALUES_MAX: usize = 200_000;
/// Stations nearby that are looked at beside one.
pub(crate) const NEIGHBOURS_MAX: usize = 4;
/// Mean length of a civil year, microseconds (Gregorian calendar), and how much of earlier years is looked at on either side.
const YEAR_US: i64 = 31_556_952_000_000;
const SEASON_US: i64 = 15 * 86_400_000_000;
const EARLIER_YEARS: i64 = 2;

/// The record of a station for one kind of period.
pub(super) async fn of(
    app: &App,
    desk: &Desk,
    code: &StationCode,
    kind: PeriodKind,
    news: &News,
    events: &[StationEvent],
) -> Result<Record, StoreError> {
    let mut record = Record { zone: app.zone.clone(), events: events.to_vec(), ..Record::default() };
    let touched = || news.touched.iter().filter(|((_, k), _)| *k == kind).map(|(_, stretch)| *stretch);
    let (Some(first), Some(last)) = (touched().map(|t| t.0).min(), touched().map(|t| t.1).max()) else {
        return Ok(record);
    };
    let span = (first.plus_ms(-desk.context_s(kind) * 1_000), Instant(last.0 + 1));
    for point in app.points_of(code) {
        let rows = rows(app, &point, kind, span).await?;
        record.events.extend(marked(&point, &rows));
        record.series.extend(series(&point, kind, rows));
        if let Some(limit) = &point.point.limit {
            let (bound, unit, cite) = (limit.bound, point.point.unit, limit.cite.clone());
            record.limits.push((point.point.factor.to_string(), Limit { bound, unit, cite }));
        }
        match kind {
            PeriodKind::Minute => {
                let hours = self::rows(app, &point, PeriodKind::Hour, (first, span.1)).await?;
                record.hours.extend(series(&point, PeriodKind::Hour, hours));
            }
            PeriodKind::Hour | PeriodKind::Cycle | PeriodKind::Day => {
                let mut earlier = Vec::new();
                for years in (1..=EARLIER_YEARS).rev() {
                    let back = |at: Instant, give: i64| Instant(at.0 - years * YEAR_US + give);
                    let season = (back(first, -SEASON_US), back(last, SEASON_US));
                    earlier.extend(self::rows(app, &point, kind, season).await?);
                }
                earlier.dedup_by_key(|row| row.at);
                record.earlier.extend(series(&point, kind, earlier).filter(|s| !s.values().is_empty()));
            }
            PeriodKind::Real | PeriodKind::Sample => {}
        }
    }
    record.series.retain(|s| !s.values().is_empty());
    let factors: BTreeSet<String> = record.series.iter().map(|s| s.factor().to_owned()).collect();
    for neighbour in nearby(app, code) {
        for point in app.points_of(&neighbour.code) {
            if factors.contains(point.point.factor.as_str()) {
                let rows = rows(app, &point, kind, span).await?;
                let station = neighbour.code.to_string();
                let all = series(&point, kind, rows).filter(|s| !s.values().is_empty());
                record.neighbours.extend(all.map(|series| Neighbour { station: station.clone(), series }));
            }
        }
    }
    Ok(record)
}

async fn rows(
    app: &App,
    point: &Arc<PointEntry>,
    kind: PeriodKind,
    span: (Instant, Instant),
) -> Result<Vec<ReadingRow>, StoreError> {
    app.store.range((point.id, kind), span, VALUES_MAX).await
}

fn series(point: &PointEntry, kind: PeriodKind, rows: Vec<ReadingRow>) -> Option<Series> {
    let value = |row: ReadingRow| Value {
        at: row.at,
        sent: row.value.as_deref().and_then(|v| v.trim().parse().ok()),
        mark: (row.mark != "N").then_some(row.mark),
    };
    let values = rows.into_iter().map(value).collect();
    let made = Series::new(point.point.factor.as_str(), point.point.unit, kind, values);
    made.inspect_err(|error| tracing::error!(%error, station = %point.point.station, "is not looked at")).ok()
}

/// What the device says of its own instrument: stretches marked as maintenance and as calibration.
fn marked(point: &PointEntry, rows: &[ReadingRow]) -> Vec<StationEvent> {
    let happening = |mark: &str| match mark {
        "M" => Some(Happening::Maintenance),
        "C" => Some(Happening::Calibration),
        _ => None,
    };
    let stretches = rows.chunk_by(|a, b| a.mark == b.mark);
    let event = |s: &[ReadingRow]| {
        let (first, last) = (s.first()?, s.last()?);
        let period = Period { start: first.at, end: Instant(last.at.0 + 1) };
        Some(StationEvent { period, factor: Some(point.point.factor.to_string()), what: happening(&first.mark)? })
    };
    stretches.filter_map(event).collect()
}

/// Stations of the same kind that lie nearest; of an outlet the other outlets of its enterprise.
pub(crate) fn nearby(app: &App, code: &StationCode) -> Vec<Station> {
    let city = app.city();
    let Some(own) = city.station(code) else { return Vec::new() };
    let mates = |s: &&Station| {
        let same = s.kind == own.kind && s.code != own.code;
        same && (own.kind != StationKind::Outlet || (own.enterprise.is_some() && s.enterprise == own.enterprise))
    };
    let away = |s: &Station| {
        let east = (s.lon - own.lon) * own.lat.to_radians().cos();
        east.hypot(s.lat - own.lat)
    };
    let mut all: Vec<&Station> = city.stations.iter().filter(mates).collect();
    all.sort_by(|a, b| away(a).total_cmp(&away(b)).then_with(|| a.code.cmp(&b.code)));
    all.into_iter().take(NEIGHBOURS_MAX).cloned().collect()
}
