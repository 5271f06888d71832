//! Air over days and longer: a station's day from its hours, the day of a county and of the city from their stations' days, and months,
//! quarters and years from days.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shanshui_domain::analyse::air::area::{CITY, area_day};
use shanshui_domain::analyse::air::period::{AirPeriod, period};
use shanshui_domain::analyse::air::{CODES, Evaluated, Report, of_day, unit};
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::year::{AirRules, Cell, DayHours, HOURS, YearDay, cell, round_cell};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::{CityPack, Station, StationKind};
use shanshui_domain::right::Caller;
use shanshui_domain::time::PeriodKind;
use shanshui_domain::unit::Quantity;
use shanshui_store::{ReadingRow, StoreError};

use super::{FORMAT, bounds, keep, spans_over};
use crate::app::App;

/// Evaluation of an air station.
pub const STATION: &str = "air_station";
/// Evaluation of a county's or the city's air.
pub const AREA: &str = "air_area";
/// An hour that can be repeated when clocks go back.
const HOURS_MAX: usize = HOURS + 2;

/// A day as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDay {
    v: u32,
    /// Day means, for ozone the largest eight-hour mean, in whole units of the last decimal of HJ 663 table 3.
    pub values: [Option<i64>; 6],
    /// Valid hours of each pollutant, or valid points of an area.
    pub counts: [u32; 6],
    /// Hours of a day, or points of an area.
    pub of: u32,
    /// How many a value needs.
    pub needed: u32,
    /// IAQIs, when each has one.
    pub iaqi: [Option<u16>; 6],
    /// AQI, when it is published.
    pub aqi: Option<u16>,
    /// There is one, but HJ 633-2026 §5.3.1 keeps it back.
    pub hidden: bool,
    /// `hour` values, or `day` values where a source has none but these.
    pub kind: String,
}

impl KeptDay {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    fn of(values: [Option<i64>; 6], seen: Evaluated, (counts, of, needed): ([u32; 6], u32, u32), kind: &str) -> Self {
        let Evaluated { iaqi, aqi, hidden } = seen;
        Self { v: FORMAT, values, counts, of, needed, iaqi, aqi, hidden, kind: kind.into() }
    }

    /// Primary pollutants.
    pub fn primary(&self) -> Vec<&'static str> {
        Evaluated { iaqi: self.iaqi, aqi: self.aqi, hidden: self.hidden }.primary().collect()
    }
}

/// A place whose air is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// [`AREA`] or [`STATION`].
    pub kind: &'static str,
    /// Code of the area or the station.
    pub code: StationCode,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// County's code; empty of the city.
    pub county: String,
}

/// The city, its counties that have air stations, and the stations that `sees` lets pass. Areas are everybody's.
pub fn places(city: &CityPack, sees: impl Fn(&Station) -> bool) -> Vec<Place> {
    let place = |kind, code: String, name: (&str, &str), county: &str| Place {
        kind,
        code: StationCode(code),
        name_zh: name.0.to_owned(),
        name_en: name.1.to_owned(),
        county: county.to_owned(),
    };
    let air = || city.stations.iter().filter(|s| s.kind == StationKind::AirStation);
    let mut all = vec![place(AREA, CITY.to_owned(), (&city.city.name_zh, &city.city.name_en), "")];
    let counties = city.counties.iter().filter(|c| air().any(|s| s.county == c.code));
    all.extend(counties.map(|c| place(AREA, format!("{CITY}{}", c.code), (&c.name_zh, &c.name_en), &c.code)));
    let stations = air().filter(|s| sees(s));
    all.extend(stations.map(|s| place(STATION, s.code.to_string(), (&s.name_zh, &s.name_en), &s.county)));
    all
}

/// The areas that a station counts for: its county and the city.
fn areas_of(station: &Station) -> [StationCode; 2] {
    [StationCode(format!("{CITY}{}", station.county)), StationCode(CITY.to_owned())]
}

/// Judges a station over a day, month, quarter or year, and keeps it. A day that is new puts down what depends on it. True when it is
/// new.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn station(app: &App, station: &Station, span: Span) -> Result<bool, StoreError> {
    let Span::Day { day } = span else { return longer(app, STATION, &station.code, span).await };
    let Ok(rules) = AirRules::new(&app.standards) else { return Ok(false) };
    let kept = station_day(app, station, day, &rules).await?;
    let mut depends = spans_over(app, &station.code, day);
    depends.extend(areas_of(station).map(|area| (span, area.to_string())));
    keep_day(app, STATION, (&station.code, day), (&kept, &rules), depends).await
}

/// Judges an area over a day, month, quarter or year from what its stations were, and keeps it.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn area(app: &App, code: &StationCode, span: Span) -> Result<bool, StoreError> {
    let Span::Day { day } = span else { return longer(app, AREA, code, span).await };
    let Ok(rules) = AirRules::new(&app.standards) else { return Ok(false) };
    let city = app.city();
    let county = code.as_str().trim_start_matches(CITY);
    let points: Vec<&StationCode> = city
        .stations
        .iter()
        .filter(|s| s.kind == StationKind::AirStation && (county.is_empty() || s.county == county))
        .map(|s| &s.code)
        .collect();
    let rows = app.store.evaluations(&Caller::machine(), STATION, &span.to_string()).await?;
    let of = |code: &&StationCode| {
        rows.iter()
            .find(|r| r.station == **code)
            .and_then(|r| KeptDay::parse(&r.result))
            .map_or([None; 6], |d| d.values)
    };
    let values: Vec<_> = points.iter().map(of).collect();
    let found = area_day(day, &values, &rules);
    let counts = (found.points_valid, found.points, found.points_needed);
    let kept = KeptDay::of(found.values, found.seen, counts, "point");
    keep_day(app, AREA, (code, day), (&kept, &rules), spans_over(app, code, day)).await
}

async fn keep_day(
    app: &App,
    kind: &str,
    (code, day): (&StationCode, Date),
    (kept, rules): (&KeptDay, &AirRules<'_>),
    depends: BTreeSet<(Span, String)>,
) -> Result<bool, StoreError> {
    let edition = rules.index(day, Report::Day).standard.head.id.clone();
    let level = kept.aqi.and_then(|aqi| rules.level(aqi)).map(i64::from);
    keep(app, kind, (code, Span::Day { day }), (edition, level, json!(kept)), depends).await
}

/// Days of a station or an area within a span, as far as they were judged.
///
/// # Errors
/// When the store cannot be read.
pub async fn days(
    app: &App,
    kind: &str,
    code: &StationCode,
    span: Span,
    rules: &AirRules<'_>,
) -> Result<Vec<YearDay>, StoreError> {
    let (first, last) = (Span::Day { day: span.first() }.to_string(), Span::Day { day: span.last() }.to_string());
    let rows = app.store.evaluations_between(kind, code, (&first, &last)).await?;
    let day = |row: &shanshui_store::EvaluationRow| {
        let (Span::Day { day }, kept) = (Span::parse(&row.span).ok()?, KeptDay::parse(&row.result)?) else {
            return None;
        };
        // judged anew from its values: the same as what is kept, unless another edition is asked for
        Some(YearDay { day, values: kept.values, seen: rules.judge_day(day, &kept.values) })
    };
    Ok(rows.iter().filter_map(day).collect())
}

async fn longer(app: &App, kind: &str, code: &StationCode, span: Span) -> Result<bool, StoreError> {
    let Ok(rules) = AirRules::new(&app.standards) else { return Ok(false) };
    let days = days(app, kind, code, span, &rules).await?;
    let found = period(span, &days, &rules);
    keep(app, kind, (code, span), (found.edition.clone(), None, kept_as(&found)), BTreeSet::new()).await
}

/// How what is longer than a day is written down.
pub fn kept_as(found: &AirPeriod) -> serde_json::Value {
    let mut result = json!(found);
    result["v"] = json!(FORMAT);
    result
}

/// The day of a station, from its hours; from its day values where it has no hours, as releases of days have.
async fn station_day(app: &App, station: &Station, day: Date, rules: &AirRules<'_>) -> Result<KeptDay, StoreError> {
    let Some((from, to)) = bounds(app, Span::Day { day }) else {
        return Ok(KeptDay::of([None; 6], rules.judge_day(day, &[None; 6]), ([0; 6], 24, 0), "hour"));
    };
    let index = app.registry.index();
    let needed = rules.evaluation().day_hours_min as u32;
    let (mut hours, mut values): (DayHours, _) = ([[None; 6]; HOURS], [None; 6]);
    let (mut any_hour, mut counts) = (false, [0; 6]);
    for entry in index.points_of(&station.code) {
        let factor = entry.point.factor.as_str();
        let read = |row: &ReadingRow, i: usize| -> Option<Cell> {
            let text = row.value.as_deref().filter(|_| row.mark == "N")?;
            let value = crate::job::judge::number(text)?;
            let value = Quantity { value, unit: entry.point.unit }.in_unit(unit(i)).ok()?;
            cell(value.to_string().as_bytes())
        };
        if let Some(i) = CODES.iter().position(|code| *code == factor) {
            for row in app.store.range((entry.id, PeriodKind::Hour), (from, to), HOURS_MAX).await? {
                any_hour = true;
                hours[usize::from(app.zone.civil(row.at).hour().unsigned_abs())][i] = read(&row, i);
            }
        }
        if let Some(i) = of_day(factor) {
            let rows = app.store.range((entry.id, PeriodKind::Day), (from, to), 1).await?;
            values[i] =
                rows.first().and_then(|row| read(row, i)).filter(|c| *c >= 0).map(|c| round_cell(c, rules.decimals(i)));
            counts[i] = u32::from(values[i].is_some());
        }
    }
    if any_hour || values == [None; 6] {
        let found = rules.day(day, &hours);
        return Ok(KeptDay::of(found.values, found.seen, (found.hours.map(u32::from), HOURS as u32, needed), "hour"));
    }
    Ok(KeptDay::of(values, rules.judge_day(day, &values), (counts, 1, 1), "day"))
}
