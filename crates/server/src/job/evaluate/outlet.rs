//! An outlet over a day, from its hours, its permit's limits and what the city says of it; and over a month, a quarter and a year, from
//! the same hours, so that loads and coverage are of the whole span.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;
use shanshui_domain::analyse::discharge::binding::{OutletLimits, Permit};
use shanshui_domain::analyse::discharge::outlet::{
    AIR_METHOD, Count, Flow, GAS_FLOW, LimitUsed, OXYGEN, Outlet, Stretch, Verdict, WATER_FLOW, WATER_METHOD, Why,
    Worst, judge,
};
use shanshui_domain::analyse::discharge::series::{
    Basis, Coverage, HOURS_MAX, Measured, OutletHour, Series, Span as Hours, hour_volume_m3,
};
use shanshui_domain::analyse::discharge::transmission::Transmission;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::place::{OutletTerms, Point, Station};
use shanshui_domain::standard::discharge::{Averaging, Condition, Discharge, EmissionLimit, Medium, ReferenceOxygen};
use shanshui_domain::time::PeriodKind;
use shanshui_domain::unit::{Quantity, Unit};
use shanshui_history::Unread;
use shanshui_store::{ReadingRow, StoreError};

use super::{FORMAT, bounds, keep, spans_over, unread_json};
use crate::app::App;
use crate::job::judge::number;

/// Evaluation of an outlet.
pub const KIND: &str = "discharge_outlet";
/// Where the limits of points stand.
const PERMIT: &str = "排污许可证";
/// How sure a limit of a point is: as it is registered; its clause says more.
const REGISTERED: &str = "registered";
/// Edition of HJ 212 of a station without a device.
const EDITION: &str = "2017";
/// Mark of a value that counts.
const NORMAL: &str = "N";

/// What is read of an evaluation, by those who show or report it.
#[derive(Debug, Clone, Deserialize)]
pub struct Kept {
    /// What the outlet was.
    pub verdict: Verdict,
    /// Days and hours, each once.
    pub count: Count,
    /// Its factors.
    pub factors: Vec<KeptFactor>,
}

/// A factor of an evaluation.
#[derive(Debug, Clone, Deserialize)]
pub struct KeptFactor {
    /// Code.
    pub factor: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub item: String,
    /// Unit.
    pub unit: Unit,
    /// What it was.
    pub verdict: Verdict,
    /// Why nothing was judged.
    pub why: Option<Why>,
    /// What is counted.
    pub stretch: Stretch,
    /// Stretches.
    pub count: Count,
    /// Days.
    pub days: Count,
    /// Limits that bound.
    pub limits: Vec<LimitUsed>,
    /// Mean.
    pub mean: Option<Decimal>,
    /// Most beyond.
    pub worst: Option<Worst>,
    /// Hours by what they are.
    pub coverage: Coverage,
    /// Load.
    pub load: Option<KeptLoad>,
    /// Why there is none.
    pub no_load: Option<Why>,
    /// What came.
    pub transmission: Option<Transmission>,
}

/// A load of an evaluation.
#[derive(Debug, Clone, Deserialize)]
pub struct KeptLoad {
    /// Kilograms.
    pub kilograms: Decimal,
    /// What flowed in its hours, m³.
    pub volume_m3: Decimal,
    /// Known ones of the due hours, per cent.
    pub percent: Option<Decimal>,
}

impl Kept {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Judges an outlet over a day, month, quarter or year, and keeps it. A day that is new puts down what it is in. True when it is new.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn judge_span(app: &App, station: &Station, span: Span) -> Result<bool, StoreError> {
    let Some(hours) = hours(span) else { return Ok(false) };
    let judged = judged(app, station, span, hours).await?;
    let depends = match span {
        Span::Day { day } => spans_over(app, &station.code, day),
        _ => BTreeSet::new(),
    };
    keep(app, KIND, (&station.code, span), judged, depends).await
}

/// The span as the rules of discharges have it; they know no weeks and no ten days.
fn hours(span: Span) -> Option<Hours> {
    match span {
        Span::Day { day } => Some(Hours::Day { day }),
        Span::Month { .. } => Some(Hours::Month { of: span.first() }),
        Span::Quarter { .. } => Some(Hours::Quarter { of: span.first() }),
        Span::Year { .. } => Some(Hours::Year { from: span.first() }),
        Span::Week { .. } | Span::TenDays { .. } => None,
    }
}

async fn judged(
    app: &App,
    station: &Station,
    span: Span,
    hours: Hours,
) -> Result<(String, Option<i64>, serde_json::Value), StoreError> {
    let rules = &app.standards.discharge;
    let terms = app.city().outlets.iter().find(|o| o.station == station.code).cloned();
    let terms = terms.unwrap_or_else(|| OutletTerms::unknown(station.code.clone()));
    let mut read = Read { app, rules, edition: edition(app, station), unread: Vec::new() };
    let outlet = read.outlet(station, span, &terms).await?;
    let over = judge(rules, &outlet, hours);
    let method = if outlet.series.iter().any(|s| medium(rules, &s.factor) == Some(Medium::Air)) {
        AIR_METHOD
    } else {
        WATER_METHOD
    };
    let mut result = json!({
        "v": FORMAT,
        "method": method,
        "inputs": {
            "hj212_edition": read.edition,
            "flow": outlet.flow,
            "reference_oxygen": terms.reference,
            "built": terms.built,
            "listed": terms.listed,
            "mark": terms.mark,
            "cite": terms.cite,
        },
        "verdict": over.verdict,
        "count": over.count,
        "factors": over.factors,
    });
    if let Some(missing) = unread_json(read.unread) {
        result["unread"] = missing;
    }
    Ok((method.to_owned(), over.verdict.level(), result))
}

/// Edition of HJ 212 that the station's device speaks: marks mean different things in them.
fn edition(app: &App, station: &Station) -> String {
    let index = app.registry.index();
    let device = index.devices().into_iter().find(|d| d.device.station == station.code);
    device.map_or_else(|| EDITION.to_owned(), |d| d.device.edition.clone())
}

fn medium(rules: &Discharge, factor: &str) -> Option<Medium> {
    rules.factor(factor).map(|f| f.medium)
}

/// Reads what is needed from the store.
struct Read<'a> {
    app: &'a App,
    rules: &'a Discharge,
    edition: String,
    unread: Vec<Unread>,
}

impl Read<'_> {
    async fn outlet(&mut self, station: &Station, span: Span, terms: &OutletTerms) -> Result<Outlet, StoreError> {
        let index = self.app.registry.index();
        let points = index.points_of(&station.code);
        let known: Vec<_> = points.iter().filter(|p| medium(self.rules, p.point.factor.as_str()).is_some()).collect();
        let gas = known.iter().any(|p| medium(self.rules, p.point.factor.as_str()) == Some(Medium::Air));
        let flow_code = if gas { GAS_FLOW } else { WATER_FLOW };
        let (mut flow, mut volumes, mut oxygen) = (Flow::None, BTreeMap::new(), BTreeMap::new());
        for entry in points {
            let factor = entry.point.factor.as_str();
            if factor == flow_code {
                flow = flow_of(&entry.point, gas, terms);
                let rows = self.rows(entry.id, span).await?;
                volumes = rows.iter().map(|row| (row.at, volume(&entry.point, row, &flow))).collect();
            } else if factor == OXYGEN && entry.point.unit == Unit::Percent {
                let rows = self.rows(entry.id, span).await?;
                let good = |row: &ReadingRow| {
                    let text = row.value.as_deref().filter(|_| row.mark == NORMAL)?;
                    Some((row.at, number(text)?))
                };
                oxygen = rows.iter().filter_map(good).collect();
            }
        }
        let (mut series, mut limits) = (Vec::with_capacity(known.len()), Vec::new());
        for entry in known {
            let rows = self.rows(entry.id, span).await?;
            let hour = |row: &ReadingRow| {
                let mark = self.rules.flagged(&self.edition, &row.mark);
                OutletHour {
                    start: self.app.zone.civil(row.at),
                    value: measured(row, mark.is_some()),
                    oxygen: oxygen.get(&row.at).copied(),
                    volume: volumes.get(&row.at).cloned().unwrap_or(Measured::Missing),
                    mark,
                }
            };
            let (factor, unit) = (entry.point.factor.to_string(), entry.point.unit);
            series.push(Series { factor, unit, basis: Basis::Measured, hours: rows.iter().map(hour).collect() });
            limits.extend(self.limit(&entry.point, terms.reference));
        }
        let permit = (!limits.is_empty()).then(|| Permit { number: PERMIT.to_owned(), limits });
        let limits = OutletLimits { permit, listed: terms.listed.clone() };
        Ok(Outlet { code: station.code.to_string(), limits, built: terms.built, flow, series })
    }

    async fn rows(&mut self, id: shanshui_domain::id::PointId, span: Span) -> Result<Vec<ReadingRow>, StoreError> {
        let Some(bounds) = bounds(self.app, span) else { return Ok(Vec::new()) };
        let found = self.app.store.range_covered((id, PeriodKind::Hour), bounds, HOURS_MAX).await?;
        self.unread.extend(found.unread);
        Ok(found.rows)
    }

    /// A permit's limit is for the day mean of water, and for the hour mean of exhaust gas at the outlet's reference oxygen.
    fn limit(&self, point: &Point, reference: ReferenceOxygen) -> Option<EmissionLimit> {
        let limit = point.limit.as_ref()?;
        let (over, oxygen) = match medium(self.rules, point.factor.as_str())? {
            Medium::Water => (Averaging::Day, ReferenceOxygen::NotFolded),
            Medium::Air => (Averaging::Hour, reference),
        };
        Some(EmissionLimit {
            table: String::new(),
            level: String::new(),
            item: point.name_en.clone(),
            factor: point.factor.to_string(),
            over,
            bound: limit.bound,
            unit: point.unit,
            oxygen,
            from: None,
            until: None,
            when: Condition::Always,
            mark: REGISTERED.to_owned(),
            cite: limit.cite.clone(),
        })
    }
}

fn flow_of(point: &Point, gas: bool, terms: &OutletTerms) -> Flow {
    if point.unit.tens_to(Unit::M3PerS).is_err() {
        return Flow::Unit { unit: point.unit };
    }
    if gas && !terms.dry_flow { Flow::NotDry } else { Flow::Known }
}

/// What flowed in an hour.
fn volume(point: &Point, row: &ReadingRow, flow: &Flow) -> Measured {
    if *flow != Flow::Known {
        return Measured::Missing;
    }
    match measured(row, false) {
        Measured::Value { value } => {
            let flow = Quantity { value, unit: point.unit };
            match hour_volume_m3(point.factor.as_str(), flow) {
                Ok(value) => Measured::Value { value },
                Err(error) => Measured::Invalid { flag: error.to_string() },
            }
        }
        other => other,
    }
}

/// What a reading says. Under an operator's mark the number stays: whether it counts is said by the mark.
fn measured(row: &ReadingRow, marked: bool) -> Measured {
    let Some(text) = row.value.as_deref().filter(|_| marked || row.mark == NORMAL) else {
        return Measured::Invalid { flag: row.mark.clone() };
    };
    let limit = text.strip_suffix('L').or_else(|| text.strip_prefix('<'));
    match (number(text), limit.and_then(number)) {
        (Some(value), _) => Measured::Value { value },
        (None, Some(limit)) => Measured::BelowDetection { limit },
        (None, None) => Measured::Invalid { flag: format!("{text:?} is no number") },
    }
}

#[cfg(test)]
mod tests {
    use shanshui_domain::time::Instant;

    use super::*;

    #[test]
    fn a_reading_is_a_value_a_limit_or_invalid() {
        let of = |value: Option<&str>, mark: &str, marked| {
            let row = ReadingRow {
                at: Instant(0),
                value: value.map(str::to_owned),
                number: None,
                extra: String::new(),
                mark: mark.to_owned(),
                versions: 1,
                late: false,
                arrived: Instant(0),
                telegram: None,
            };
            measured(&row, marked)
        };
        assert_eq!(of(Some("1.50"), "N", false), Measured::Value { value: Decimal::new(150, 2) });
        assert_eq!(of(Some("0.01L"), "N", false), Measured::BelowDetection { limit: Decimal::new(1, 2) });
        assert_eq!(of(Some("1.5"), "T", false), Measured::Invalid { flag: "T".into() });
        assert_eq!(of(Some("1.5"), "M", true), Measured::Value { value: Decimal::new(15, 1) });
        assert_eq!(of(None, "D", true), Measured::Invalid { flag: "D".into() });
    }
}
