//! Report on data from the values that are kept.

use std::sync::Arc;

use jiff::ToSpan as _;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::place::Station;
use shanshui_domain::report::quality::{QualityInput, StationData, quality};
use shanshui_domain::report::{Area, Report, text};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::Counted;

use super::{NoReport, county_name, issuer, within};
use crate::app::App;

/// Values of a day that is measured by the hour, or every four hours.
const HOURS: u32 = 24;
const FOUR_HOURLY: u32 = 6;
const DAY_S: u32 = 86_400;

pub(super) async fn report(app: &App, caller: &Caller, period: Span, area: Area) -> Result<Report, NoReport> {
    let (mut stations, mut unread) = (Vec::new(), false);
    let city = app.city();
    let scope = caller.scope(Right::StationRead);
    let seen = city.stations.iter().filter(|s| within(&area, s) && crate::http::present::sees(&scope, s));
    for station in seen {
        let (data, lacks) = of(app, caller, station, period).await?;
        stations.push(data);
        unread |= lacks;
    }
    let input = QualityInput { period, area, issuer: issuer(app), stations, unread, report: &app.report_rules };
    Ok(quality(&input))
}

/// What a station has, and whether some of it could not be read. Of each point the kind of values is that which it has most finely
/// settled: hours, four-hourly values, real-time values.
async fn of(app: &App, caller: &Caller, station: &Station, period: Span) -> Result<(StationData, bool), NoReport> {
    let today = app.zone.day(app.clock.now());
    // what is not over yet is not due
    let last = period.last().min(today.saturating_sub(1.day()));
    let days = u64::try_from(period.first().until(last).map_or(-1, |s| s.get_days()) + 1).unwrap_or(0);
    let instant = |day: jiff::civil::Date| app.zone.instant(day.at(0, 0, 0, 0)).unwrap_or(Instant(0));
    let span = (instant(period.first()), instant(last.saturating_add(1.day())));
    let mut data = StationData {
        code: station.code.to_string(),
        name: station.name_zh.clone(),
        kind: text::kind(station.kind).to_owned(),
        county: county_name(app, &station.county),
        due: 0,
        valid: 0,
        marked: 0,
        odd: 0,
        findings: None,
    };
    let index = app.registry.index();
    let interval_s = index.devices().iter().find(|d| d.device.station == station.code).map(|d| d.device.interval_s);
    let kinds = [
        (PeriodKind::Hour, HOURS),
        (PeriodKind::Cycle, FOUR_HOURLY),
        (PeriodKind::Real, DAY_S / interval_s.unwrap_or(DAY_S).max(1)),
    ];
    let mut unread = false;
    if days == 0 {
        return Ok((data, unread));
    }
    for point in index.points_of(&station.code).iter().map(Arc::clone) {
        let (mut found, mut slots) = (Counted::default(), HOURS);
        for (kind, slots_a_day) in kinds {
            let counted = app.store.values_counted(caller, &[point.id], kind, span).await?;
            unread |= !counted.unread.is_empty();
            let one = counted.rows.first().map(|(_, counted)| *counted).unwrap_or_default();
            if one.valid + one.marked > 0 {
                (found, slots) = (one, slots_a_day.max(1));
                break;
            }
        }
        data.due += days * u64::from(slots);
        data.valid += found.valid;
        data.marked += found.marked;
        data.odd += found.odd;
    }
    Ok((data, unread))
}
