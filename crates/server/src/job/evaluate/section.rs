//! A section over a span, from what its station measured and what was sampled by hand.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::json;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::water::automatic::{Series, judge};
use shanshui_domain::analyse::water::mean::{Measured, Sampled};
use shanshui_domain::analyse::water::section::SectionRules;
use shanshui_domain::analyse::water::source::source;
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::right::Caller;
use shanshui_domain::time::PeriodKind;
use shanshui_domain::unit::Unit;
use shanshui_history::Unread;
use shanshui_store::StoreError;

use super::{FORMAT, bounds, keep, unread_json};
use crate::app::App;

/// Evaluation of a section.
pub const KIND: &str = "water_section";
/// Hours of a day; slots of a day that is measured every four hours.
const HOURS: u32 = 24;
const FOUR_HOURLY: u32 = 6;
const DAY_S: u32 = 86_400;
/// Samples of one factor in a span, at most.
const SAMPLES_MAX: usize = 10_000;

/// Judges a section over a span and keeps what it is; true when that is new.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn judge_span(app: &App, station: &Station, span: Span) -> Result<bool, StoreError> {
    let judged = judged(app, station, span).await?;
    keep(app, KIND, (&station.code, span), judged, BTreeSet::new()).await
}

async fn judged(
    app: &App,
    station: &Station,
    span: Span,
) -> Result<(String, Option<i64>, serde_json::Value), StoreError> {
    let not = |reason: &str| json!({"v": FORMAT, "not_judged": reason});
    let Some(water) = station.water else { return Ok((String::new(), None, not("water_body_unknown"))) };
    let Ok(rules) = SectionRules::of(&app.standards, span, false) else {
        return Ok((String::new(), None, not("no_edition")));
    };
    let (series, taken, unread) = series(app, station, span).await?;
    let samples: Vec<Sampled<'_>> = taken.iter().map(Taken::sampled).collect();
    let automatic = judge(&series, &samples, span, water, &rules);
    let section = &automatic.section;
    let mut result = json!({
        "v": FORMAT,
        "target": section.against(station.target),
        "inputs": automatic.inputs,
        "needs_percent": automatic.needs_percent,
        "section": section,
    });
    if let Some(missing) = unread_json(unread) {
        result["unread"] = missing;
    }
    if station.kind == StationKind::DrinkingSource {
        let limits = &app.standards.surface.sources;
        let source = source(section.clone(), &samples, span, limits, &rules.means);
        result["source"] = json!({"verdict": source.verdict, "items": source.items, "gaps": source.gaps});
    }
    Ok((section.edition.clone(), section.class.map(i64::from), result))
}

/// A sample taken by hand.
struct Taken {
    day: Date,
    factor: String,
    value: Measured,
    unit: Unit,
}

impl Taken {
    fn sampled(&self) -> Sampled<'_> {
        Sampled { day: self.day, factor: &self.factor, value: self.value, unit: self.unit }
    }
}

/// What the station has of each factor that has classes: hours where there are any, four-hourly values else, real-time values else;
/// and the samples of every factor.
async fn series(
    app: &App,
    station: &Station,
    span: Span,
) -> Result<(Vec<Series>, Vec<Taken>, Vec<Unread>), StoreError> {
    let Some((from, to)) = bounds(app, span) else { return Ok((Vec::new(), Vec::new(), Vec::new())) };
    let index = app.registry.index();
    let rows = app.standards.water_on(span.last()).map_or(&[][..], |s| &s.rows);
    let interval_s = index.devices().iter().find(|d| d.device.station == station.code).map(|d| d.device.interval_s);
    let kinds = [
        (PeriodKind::Hour, HOURS),
        (PeriodKind::Cycle, FOUR_HOURLY),
        (PeriodKind::Real, DAY_S / interval_s.unwrap_or(DAY_S).max(1)),
    ];
    let (mut all, mut taken, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for point in index.points_of(&station.code) {
        let samples = app.store.range((point.id, PeriodKind::Sample), (from, to), SAMPLES_MAX).await?;
        taken.extend(samples.into_iter().filter(|row| row.mark == "N").filter_map(|row| {
            let value = Measured::parse(row.value.as_deref()?)?;
            let (factor, unit) = (point.point.factor.to_string(), point.point.unit);
            Some(Taken { day: app.zone.day(row.at), factor, value, unit })
        }));
    }
    let judged =
        index.points_of(&station.code).iter().filter(|p| rows.iter().any(|r| r.factor == p.point.factor.as_str()));
    for point in judged {
        for (kind, slots_a_day) in kinds {
            let found = app.store.day_sums(&Caller::machine(), &[point.id], kind, (from, to), &app.zone).await?;
            unread.extend(found.unread);
            let days: Vec<_> = found.rows.into_iter().flat_map(|(_, days)| days).collect();
            if days.is_empty() {
                continue;
            }
            let (factor, unit) = (point.point.factor.to_string(), point.point.unit);
            all.push(Series { factor, unit, kind: kind.as_str().to_owned(), slots_a_day: slots_a_day.max(1), days });
            break;
        }
    }
    Ok((all, taken, unread))
}
