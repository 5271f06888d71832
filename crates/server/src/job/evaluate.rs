//! Stations judged over spans: each section once a week, ten days, month, quarter or year is over, and again when data of a span that
//! is over comes late or is said anew. Only what depends on such data is judged again, and what it was before stays.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::json;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::water::automatic::{Series, judge};
use shanshui_domain::analyse::water::section::SectionRules;
use shanshui_domain::analyse::water::source::source;
use shanshui_domain::id::StationCode;
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::right::Caller;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_history::Unread;
use shanshui_store::{EvaluationRow, JobIn, JobRow, StoreError};

use super::work::Outcome;
use crate::app::App;

/// Evaluation of a section.
pub const SECTION: &str = "water_section";
/// Looks which spans are over.
pub(super) const ROUND: &str = "evaluate_round";
/// Judges one station over one span; the subject is `2026-05 ms16`, with the minute behind it when late data asks for it again: what
/// comes while it is being judged is then another piece of work, and nothing that came is missed.
pub(super) const ONE: &str = "evaluate";
/// Late data comes in crowds: what depends on it is judged once for all of them.
const GATHER_MS: i64 = 60_000;
/// Hours of a day; slots of a day that is measured every four hours.
const HOURS: u32 = 24;
const FOUR_HOURLY: u32 = 6;
const DAY_S: u32 = 86_400;

/// How an evaluation is written down.
const FORMAT: u32 = 1;

/// Puts work down for every section and span that is over and was not judged yet: of each kind the last one that is.
pub(super) async fn round(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let today = app.zone.day(now);
    for span in Span::all_of(today).map(Span::before) {
        let there = app.store.evaluations(&Caller::machine(), SECTION, &span.to_string()).await?;
        let judged: BTreeSet<&StationCode> = there.iter().map(|row| &row.station).collect();
        let city = app.city();
        let sections = city.stations.iter().filter(|s| s.kind.is_water() && !judged.contains(&s.code));
        for section in sections {
            put(app, format!("{span} {}", section.code), now).await?;
        }
    }
    Ok(())
}

async fn put(app: &App, subject: String, due: Instant) -> Result<(), StoreError> {
    let job = JobIn { kind: ONE, subject, body: String::new(), due };
    if app.store.job_put(job).await? {
        app.bells.job.ring();
    }
    Ok(())
}

/// Data of these days came late or was said anew: every span that they are in and that is over is judged again.
pub(crate) async fn again(app: &App, touched: BTreeSet<(StationCode, Date)>) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let today = app.zone.day(now);
    let minute = now.0.div_euclid(GATHER_MS * 1_000) + 1;
    let over = |span: &Span| span.last() < today;
    let depends = |(station, day): (StationCode, Date)| {
        Span::all_of(day).into_iter().filter(over).map(move |span| format!("{span} {station} {minute}"))
    };
    let section = |code: &StationCode| app.station(code).is_some_and(|s| s.kind.is_water());
    let all: BTreeSet<String> = touched.into_iter().filter(|(code, _)| section(code)).flat_map(depends).collect();
    let count = all.len();
    for subject in all {
        put(app, subject, Instant(minute * GATHER_MS * 1_000)).await?;
    }
    Ok(count)
}

/// Does what was put down.
pub(super) async fn work(app: &App, job: &JobRow) -> Result<Outcome, StoreError> {
    let mut words = job.subject.split(' ');
    let read = words.next().and_then(|span| Some((Span::parse(span).ok()?, words.next()?)));
    let Some((span, code)) = read else {
        return Ok(Outcome::Over(Some(format!("{:?} names no span and station", job.subject))));
    };
    let Some(station) = app.station(&StationCode::from(code)) else {
        return Ok(Outcome::Over(Some(format!("no station {code}"))));
    };
    section(app, &station, span).await?;
    Ok(Outcome::Over(None))
}

/// Judges a section over a span and keeps what it is; true when that is new.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn section(app: &App, station: &Station, span: Span) -> Result<bool, StoreError> {
    let (edition, level, result) = judged(app, station, span).await?;
    let row = EvaluationRow {
        kind: SECTION.into(),
        span: span.to_string(),
        station: station.code.clone(),
        edition,
        version: 0,
        level,
        result: result.to_string(),
        made: app.clock.now(),
    };
    app.store.evaluation_put(row).await
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
    let (series, unread) = series(app, station, span).await?;
    let automatic = judge(&series, span, water, &rules);
    let section = &automatic.section;
    let mut result = json!({
        "v": FORMAT,
        "target": section.against(station.target),
        "inputs": automatic.inputs,
        "needs_percent": automatic.needs_percent,
        "section": section,
    });
    if !unread.is_empty() {
        let missing: Vec<_> =
            unread.iter().map(|u| json!({"segment": u.segment, "from": u.from, "to": u.to})).collect();
        result["unread"] = json!(missing);
    }
    if station.kind == StationKind::DrinkingSource {
        let limits = &app.standards.surface.sources;
        let source = source(section.clone(), &[], span, limits, &rules.means);
        result["source"] = json!({"verdict": source.verdict, "items": source.items, "gaps": source.gaps});
    }
    Ok((section.edition.clone(), section.class.map(i64::from), result))
}

/// What the station has of each factor that has classes: hours where there are any, four-hourly values else, real-time values else.
async fn series(app: &App, station: &Station, span: Span) -> Result<(Vec<Series>, Vec<Unread>), StoreError> {
    let instant = |day: Date| app.zone.instant(day.at(0, 0, 0, 0));
    let after = span.last().tomorrow().ok().and_then(instant);
    let (Some(from), Some(to)) = (instant(span.first()), after) else { return Ok((Vec::new(), Vec::new())) };
    let index = app.registry.index();
    let rows = app.standards.water_on(span.last()).map_or(&[][..], |s| &s.rows);
    let interval_s = index.devices().iter().find(|d| d.device.station == station.code).map(|d| d.device.interval_s);
    let kinds = [
        (PeriodKind::Hour, HOURS),
        (PeriodKind::Cycle, FOUR_HOURLY),
        (PeriodKind::Real, DAY_S / interval_s.unwrap_or(DAY_S).max(1)),
    ];
    let (mut all, mut unread) = (Vec::new(), Vec::new());
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
    unread.sort_by(|a, b| (a.from, &a.segment).cmp(&(b.from, &b.segment)));
    unread.dedup();
    Ok((all, unread))
}
