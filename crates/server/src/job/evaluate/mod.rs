//! Stations judged over spans: each section once a week, ten days, month, quarter or year is over, each air station and each outlet
//! once a day is, and again when data of a span that is over comes late or is said anew. Only what depends on such data is judged
//! again, and what it was before stays. A day that has changed puts down the months, quarters and years that it is in, and the day of
//! its areas; these put down theirs.

pub mod air;
pub mod outlet;
pub mod section;

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::json;
use shanshui_domain::analyse::air::area::is_area;
use shanshui_domain::analyse::span::Span;
use shanshui_domain::id::StationCode;
use shanshui_domain::place::StationKind;
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;
use shanshui_history::Unread;
use shanshui_store::{EvaluationRow, JobIn, JobRow, StoreError};

use super::work::Outcome;
use crate::app::App;

/// Looks which spans are over.
pub(super) const ROUND: &str = "evaluate_round";
/// Judges one station or area over one span; the subject is `2026-05 ms16`, with the minute behind it when late data asks for it
/// again: what comes while it is being judged is then another piece of work, and nothing that came is missed.
pub(super) const ONE: &str = "evaluate";
/// Late data comes in crowds: what depends on it is judged once for all of them.
const GATHER_MS: i64 = 60_000;

/// How an evaluation is written down.
const FORMAT: u32 = 1;

/// Puts work down for every station and span that is over and was not judged yet: of each kind the last one that is.
pub(super) async fn round(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let today = app.zone.day(now);
    for span in Span::all_of(today).map(Span::before) {
        due(app, section::KIND, span, now, StationKind::is_water).await?;
    }
    let yesterday = Span::Day { day: today }.before();
    due(app, air::STATION, yesterday, now, |kind| kind == StationKind::AirStation).await?;
    due(app, outlet::KIND, yesterday, now, |kind| kind == StationKind::Outlet).await
}

async fn due(
    app: &App,
    kind: &str,
    span: Span,
    now: Instant,
    takes: impl Fn(StationKind) -> bool,
) -> Result<(), StoreError> {
    let there = app.store.evaluations(&Caller::machine(), kind, &span.to_string()).await?;
    let judged: BTreeSet<&StationCode> = there.iter().map(|row| &row.station).collect();
    let city = app.city();
    for station in city.stations.iter().filter(|s| takes(s.kind) && !judged.contains(&s.code)) {
        put(app, job(format!("{span} {}", station.code), now)).await?;
    }
    Ok(())
}

fn job(subject: String, due: Instant) -> JobIn {
    JobIn { kind: ONE, subject, body: String::new(), due }
}

async fn put(app: &App, job: JobIn) -> Result<(), StoreError> {
    if app.store.job_put(job).await? {
        app.bells.job.ring();
    }
    Ok(())
}

/// What is to be judged again, once for all that changes within the minute.
fn gathered(app: &App, all: BTreeSet<(Span, String)>) -> Vec<JobIn> {
    let minute = app.clock.now().0.div_euclid(GATHER_MS * 1_000) + 1;
    let due = Instant(minute * GATHER_MS * 1_000);
    all.into_iter().map(|(span, code)| job(format!("{span} {code} {minute}"), due)).collect()
}

/// What depends on the data of these days and is over, to be judged again; what follows from a changed day is put down when it has
/// changed.
pub fn depends(app: &App, touched: BTreeSet<(StationCode, Date)>) -> Vec<JobIn> {
    let today = app.zone.day(app.clock.now());
    let over = |span: &Span| span.last() < today;
    let mut all = BTreeSet::new();
    for (code, day) in touched {
        let spans = match app.station(&code).map(|s| s.kind) {
            Some(kind) if kind.is_water() => Span::all_of(day).to_vec(),
            Some(StationKind::AirStation | StationKind::Outlet) => vec![Span::Day { day }],
            _ => Vec::new(),
        };
        all.extend(spans.into_iter().filter(over).map(|span| (span, code.to_string())));
    }
    gathered(app, all)
}

/// Data of these days came late or was said anew: what depends on it is put down; how much.
pub async fn again(app: &App, touched: BTreeSet<(StationCode, Date)>) -> Result<usize, StoreError> {
    let jobs = depends(app, touched);
    let count = jobs.len();
    for job in jobs {
        put(app, job).await?;
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
    let code = StationCode::from(code);
    if is_area(&code) {
        air::area(app, &code, span).await?;
        return Ok(Outcome::Over(None));
    }
    let Some(station) = app.station(&code) else {
        return Ok(Outcome::Over(Some(format!("no station {code}"))));
    };
    match station.kind {
        kind if kind.is_water() => _ = section::judge_span(app, &station, span).await?,
        StationKind::AirStation => _ = air::station(app, &station, span).await?,
        StationKind::Outlet => _ = outlet::judge_span(app, &station, span).await?,
        _ => return Ok(Outcome::Over(Some(format!("{code} is not judged over spans")))),
    }
    Ok(Outcome::Over(None))
}

/// Keeps what a station or area is over a span, and puts down what depends on it; true when that is new.
async fn keep(
    app: &App,
    kind: &str,
    (station, span): (&StationCode, Span),
    (edition, level, result): (String, Option<i64>, serde_json::Value),
    depends: BTreeSet<(Span, String)>,
) -> Result<bool, StoreError> {
    let row = EvaluationRow {
        kind: kind.into(),
        span: span.to_string(),
        station: station.clone(),
        edition,
        version: 0,
        level,
        result: result.to_string(),
        made: app.clock.now(),
    };
    let new = app.store.evaluation_put(row, gathered(app, depends)).await?;
    if new {
        app.bells.job.ring();
    }
    Ok(new)
}

/// The months, quarters and years that a day is in and that are over.
fn spans_over(app: &App, code: &StationCode, day: Date) -> BTreeSet<(Span, String)> {
    let today = app.zone.day(app.clock.now());
    let judged = |span: &Span| matches!(span, Span::Month { .. } | Span::Quarter { .. } | Span::Year { .. });
    let spans = Span::all_of(day).into_iter().filter(|span| judged(span) && span.last() < today);
    spans.map(|span| (span, code.to_string())).collect()
}

/// The instants at which a span begins and is over.
fn bounds(app: &App, span: Span) -> Option<(Instant, Instant)> {
    let instant = |day: Date| app.zone.instant(day.at(0, 0, 0, 0));
    Some((instant(span.first())?, instant(span.last().tomorrow().ok()?)?))
}

/// Stretches of the history that could not be read, for an explanation.
fn unread_json(mut unread: Vec<Unread>) -> Option<serde_json::Value> {
    unread.sort_by(|a, b| (a.from, &a.segment).cmp(&(b.from, &b.segment)));
    unread.dedup();
    let missing: Vec<_> = unread.iter().map(|u| json!({"segment": u.segment, "from": u.from, "to": u.to})).collect();
    (!missing.is_empty()).then(|| json!(missing))
}
