//! Data review by itself: each hour the checks and detectors look at what has newly arrived, station by station, together with what
//! they need around it (`record`). What they find is kept for people to work with; nothing of it changes a value.
//!
//! How far it has come is a telegram's id, written after what was found: a round that ends in the middle is done again, and finds
//! what is known already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::json;
use shanshui_domain::analyse::clue::clues;
use shanshui_domain::analyse::evidence::{Evidence, Reason};
use shanshui_domain::analyse::review::review;
use shanshui_domain::analyse::series::{Happening, KeyParameter, Record, StationEvent, Value};
use shanshui_domain::id::{PointId, StationCode, TelegramId};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::eye::Suspicion;
use shanshui_domain::sense::reviewed::is_held;
use shanshui_domain::sense::{Kept, Reading};
use shanshui_domain::standard::desk::{PUBLISHED, RESTATED};
use shanshui_domain::time::{Instant, Period, PeriodKind};
use shanshui_store::review::stands;
use shanshui_store::{EventRow, FindingIn, FindingsPut, JobIn, StoreError, TelegramRow};

use super::record;
use crate::app::App;
use crate::desk::Books;

/// Looks at what has newly arrived.
pub(super) const ROUND: &str = "review_round";
/// Looks at the station of an intrusion; its subject is the event.
pub(super) const VISIT: &str = "review_visit";
/// The last telegram that was looked at.
const CURSOR: &str = "review:cursor";
/// Key parameters as devices said them last: `review:parameter:STATION:FACTOR:FIELD`.
const PARAMETER: &str = "review:parameter";
/// When the last intrusion ended that was looked at.
const VISITED: &str = "review:visited";
/// Intrusions of one round, at most; the next round goes on.
const VISITS_MAX: usize = 1_000;
/// Values of a station around an intrusion that are looked at, before and after.
const VISIT_AROUND_MS: i64 = 1_800_000;
/// Telegrams read at once, and those whose readings are gathered before their stations are looked at.
const PAGE: usize = 2_000;
const GATHER: usize = 100_000;
/// A clock is said to be off by whole minutes: seconds move with every telegram.
const MINUTE_MS: i64 = 60_000;

/// What is new of a point and kind: first and last stamp.
type Stretch = (Instant, Instant);

/// What has newly arrived for a station.
#[derive(Default)]
pub(super) struct News {
    /// By point and kind.
    pub(super) touched: BTreeMap<(PointId, PeriodKind), Stretch>,
    /// What devices said beside reviewed values.
    beside: Vec<Reading>,
    /// Stamps of everything that was kept, with its arrival.
    kept: Vec<(Instant, Instant)>,
    /// Key parameters that have changed.
    pub(super) events: Vec<StationEvent>,
    /// The last telegram.
    last: i64,
}

/// Puts a round down, to be done now.
///
/// # Errors
/// When the store cannot be written.
pub async fn soon(app: &App) -> Result<(), StoreError> {
    put_down(app, ROUND, "now").await
}

/// Puts down that the station of an intrusion is to be looked at now.
///
/// # Errors
/// When the store cannot be written.
pub async fn soon_around(app: &App, event: &str) -> Result<(), StoreError> {
    put_down(app, VISIT, event).await
}

async fn put_down(app: &App, kind: &'static str, subject: &str) -> Result<(), StoreError> {
    let due = app.clock.now();
    if app.store.job_put(JobIn { kind, subject: subject.into(), body: String::new(), due }).await? {
        app.bells.job.ring();
    }
    Ok(())
}

/// Looks at everything that came since the last round.
pub(super) async fn round(app: &App) -> Result<(), StoreError> {
    let books = Arc::clone(&app.books);
    let mut state: BTreeMap<String, String> = app.store.rule_states().await?.into_iter().collect();
    let mut cursor = match state.get(CURSOR).and_then(|text| text.parse().ok()) {
        Some(id) => TelegramId(id),
        // the first round looks at what has not moved into the history yet
        None => app.store.moved_state().await?.telegrams,
    };
    loop {
        let mut news: BTreeMap<StationCode, News> = BTreeMap::new();
        let (mut gathered, mut parameters) = (0, Vec::new());
        let mut over = true;
        loop {
            let page = app.store.telegrams_after(cursor, PAGE).await?;
            let Some(last) = page.last() else { break };
            cursor = last.id;
            gathered += page.len();
            parameters.extend(changed(app, &page, &mut state, &mut news));
            gather(app, &page, &mut news).await?;
            if gathered >= GATHER || app.shutdown.is_cancelled() {
                over = false;
                break;
            }
        }
        // whoever was at a station may have come after its values
        if over && let Some(last) = visited(app, &state, &mut news).await? {
            parameters.push((VISITED.to_owned(), last.0.to_string()));
        }
        let mut put = FindingsPut::default();
        for (code, news) in &news {
            if app.shutdown.is_cancelled() {
                return Ok(());
            }
            let one = station(app, &books, code, news).await?;
            put = FindingsPut {
                new: put.new + one.new,
                changed: put.changed + one.changed,
                known: put.known + one.known,
            };
        }
        if gathered > 0 {
            tracing::info!(
                telegrams = gathered,
                stations = news.len(),
                new = put.new,
                changed = put.changed,
                "data is reviewed"
            );
        }
        parameters.push((CURSOR.to_owned(), cursor.0.to_string()));
        app.store.rule_states_put(parameters).await?;
        if over || app.shutdown.is_cancelled() {
            return Ok(());
        }
    }
}

/// The stretches around intrusions that have ended since the last round are looked at again; gives when the last of them ended.
async fn visited(
    app: &App,
    state: &BTreeMap<String, String>,
    news: &mut BTreeMap<StationCode, News>,
) -> Result<Option<Instant>, StoreError> {
    let since = state.get(VISITED).and_then(|text| text.parse().ok()).map_or(Instant(0), Instant);
    let ended = app.store.eye_ended(since, VISITS_MAX).await?;
    for row in &ended {
        around(app, row, news);
    }
    Ok(ended.last().and_then(|row| row.event.left))
}

/// What lies around an intrusion that has ended counts as new.
fn around(app: &App, row: &EventRow, news: &mut BTreeMap<StationCode, News>) {
    let (begun, Some(left)) = (&row.event.begun, row.event.left) else { return };
    let stretch = (begun.entered.plus_ms(-VISIT_AROUND_MS), left.plus_ms(VISIT_AROUND_MS));
    let station = news.entry(begun.station.clone()).or_default();
    for point in app.points_of(&begun.station) {
        for kind in [PeriodKind::Real, PeriodKind::Minute, PeriodKind::Hour, PeriodKind::Cycle] {
            let known = station.touched.entry((point.id, kind)).or_insert(stretch);
            *known = (known.0.min(stretch.0), known.1.max(stretch.1));
        }
    }
}

/// Looks at the station of an intrusion that has ended, at that station alone; what comes afterwards is seen by the next round.
pub(super) async fn visit(app: &App, event: &str) -> Result<(), StoreError> {
    let row = match app.store.eye_event(&Caller::machine(), event).await {
        // nothing of it was kept: there is nothing to look at, and there never will be
        Err(StoreError::NotFound) => return Ok(()),
        row => row?,
    };
    let (books, mut news) = (Arc::clone(&app.books), BTreeMap::new());
    around(app, &row, &mut news);
    for (code, news) in &news {
        station(app, &books, code, news).await?;
    }
    Ok(())
}

/// Who was at a station around what is new, as far as nobody has lifted the doubt.
async fn intrusions(app: &App, code: &StationCode, news: &News) -> Result<Vec<StationEvent>, StoreError> {
    let (from, to) = (news.touched.values().map(|t| t.0).min(), news.touched.values().map(|t| t.1).max());
    let (Some(from), Some(to)) = (from, to) else { return Ok(Vec::new()) };
    let span = (from.plus_ms(-VISIT_AROUND_MS), to.plus_ms(VISIT_AROUND_MS));
    let rows = app.store.eye_doubts(&Caller::machine(), code, span, VISITS_MAX).await?;
    let now = app.clock.now();
    let event = |row: EventRow| {
        let (start, end) = (row.event.begun.entered, row.event.left.unwrap_or(now));
        let period = Period { start, end: Instant(end.0 + 1) };
        StationEvent { period, factor: None, what: Happening::Intrusion }
    };
    Ok(rows.into_iter().filter(|r| r.event.suspicion != Some(Suspicion::Lifted)).map(event).collect())
}

async fn gather(app: &App, page: &[TelegramRow], news: &mut BTreeMap<StationCode, News>) -> Result<(), StoreError> {
    let heard: Vec<_> = page.iter().filter_map(|row| app.ingest.read_again(row)).collect();
    let asked: Vec<_> =
        heard.iter().flat_map(|(_, _, readings)| readings).filter_map(|r| Some((r.telegram?, r.key))).collect();
    let mut kept = app.store.kept_as(&asked).await?.into_iter();
    for (code, _, readings) in heard {
        let station = news.entry(code).or_default();
        for (reading, kept) in readings.into_iter().zip(&mut kept) {
            station.last = reading.telegram.map_or(station.last, |t| t.0.max(station.last));
            match kept.kept {
                Kept::Repeat => {}
                Kept::Beside(_) => station.beside.push(reading),
                Kept::New | Kept::Version(_) => {
                    let at = reading.key.at;
                    let stretch = station.touched.entry((reading.key.point, reading.key.kind)).or_insert((at, at));
                    *stretch = (stretch.0.min(at), stretch.1.max(at));
                    station.kept.push((at, reading.arrived));
                }
            }
        }
    }
    Ok(())
}

/// Key parameters that devices have told (3020), against what they told before; gives what is to be remembered.
fn changed(
    app: &App,
    page: &[TelegramRow],
    state: &mut BTreeMap<String, String>,
    news: &mut BTreeMap<StationCode, News>,
) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (code, told) in page.iter().filter_map(|row| app.ingest.parameters_again(row)) {
        for (factor, field, value, at) in told {
            let parameter = match field.as_str() {
                "i13001" => KeyParameter::Range,
                "i13007" => KeyParameter::Intercept,
                "i13008" => KeyParameter::Slope,
                _ => continue,
            };
            let key = format!("{PARAMETER}:{code}:{factor}:{field}");
            let before = state.insert(key.clone(), value.to_string()).and_then(|text| text.parse::<Decimal>().ok());
            if before == Some(value) {
                continue;
            }
            out.push((key, value.to_string()));
            let Some(before) = before else { continue };
            let what = Happening::Parameter { parameter, before, after: value };
            let period = Period { start: at, end: Instant(at.0 + 1) };
            let factor = (!factor.is_empty()).then_some(factor);
            news.entry(code.clone()).or_default().events.push(StationEvent { period, factor, what });
        }
    }
    out
}

/// Looks at one station.
async fn station(app: &App, books: &Arc<Books>, code: &StationCode, news: &News) -> Result<FindingsPut, StoreError> {
    let mut found = Vec::new();
    let kinds: BTreeSet<PeriodKind> = news.touched.keys().map(|(_, kind)| *kind).collect();
    let mut events = news.events.clone();
    events.extend(clock(app, code));
    events.extend(intrusions(app, code, news).await?);
    for (i, kind) in kinds.into_iter().enumerate() {
        // what happened at the station is told once, and known to every kind
        let record = record::of(app, &books.desk, code, kind, news, &events).await?;
        let looked = looked(app, books, (code, kind), record, &news.touched).await?;
        found.extend(looked.into_iter().filter(|f| f.kind.is_some() || i == 0));
    }
    if news.touched.is_empty() && !events.is_empty() {
        let record = Record { zone: app.zone.clone(), events, ..Default::default() };
        found.extend(looked(app, books, (code, PeriodKind::Real), record, &news.touched).await?);
    }
    let (said, held) = restated(app, books, code, &news.beside).await?;
    found.extend(said);
    found.extend(published(app, books, code, news, held).await?);
    app.store.findings_put(found, app.clock.now()).await
}

/// The clocks of a station's devices, as they are now.
fn clock(app: &App, code: &StationCode) -> Vec<StationEvent> {
    let day = Period::day_of(app.clock.now(), &app.zone);
    let devices = app.devices();
    let of_station = devices.iter().filter(|d| d.device.station == *code);
    let offset = |d: &Arc<crate::registry::DeviceEntry>| {
        let ahead_ms = d.line().facts(&d.device.mn).clock_offset_ms?;
        let what = Happening::Clock { ahead_ms: ahead_ms / MINUTE_MS * MINUTE_MS };
        Some(StationEvent { period: day?, factor: None, what })
    };
    of_station.filter_map(offset).collect()
}

/// Looks apart from what serves others: days of minutes take a while.
async fn looked(
    app: &App,
    books: &Arc<Books>,
    (code, kind): (&StationCode, PeriodKind),
    record: Record,
    touched: &BTreeMap<(PointId, PeriodKind), Stretch>,
) -> Result<Vec<FindingIn>, StoreError> {
    let (app, books, code, touched) = (app.clone(), Arc::clone(books), code.clone(), touched.clone());
    let looking = tokio::task::spawn_blocking(move || look(&app, &books, (&code, kind), &record, &touched));
    looking.await.map_err(|e| StoreError::Io(e.to_string()))
}

fn look(
    app: &App,
    books: &Books,
    (code, kind): (&StationCode, PeriodKind),
    record: &Record,
    touched: &BTreeMap<(PointId, PeriodKind), Stretch>,
) -> Vec<FindingIn> {
    let index = app.registry.index();
    let point = |factor: Option<&str>| {
        index.points_of(code).iter().find(|p| Some(p.point.factor.as_str()) == factor).map(|p| p.id)
    };
    // what ends before anything new begins was found before, or would be found by less than was known then
    let is_new = |point: Option<PointId>, window: Period| {
        let news = touched.iter().filter(|((_, k), _)| *k == kind);
        let begins = match point {
            Some(point) => touched.get(&(point, kind)).map(|(from, _)| *from),
            None => news.map(|(_, (from, _))| *from).min(),
        };
        point.is_none() || begins.is_some_and(|from| window.end > from)
    };
    let mut out = Vec::new();
    match review(record, &books.review) {
        Ok(findings) => {
            for f in findings {
                let point = point(f.factor.as_deref());
                if is_new(point, f.window) {
                    let reason = json!({"code": f.reason.code, "numbers": f.reason.numbers, "threshold": f.threshold});
                    let place = (code, point, f.factor, kind);
                    let rule = ("check", f.check, f.version);
                    let urgency = books.desk.urgency(&rule.1, None);
                    out.push(finding(place, rule, f.window, (None, urgency), (&f.evidence, reason)));
                }
            }
        }
        Err(error) => tracing::warn!(%error, station = %code, "cannot be reviewed"),
    }
    match clues(record, &books.clue) {
        Ok(clues) => {
            for c in clues {
                let point = point(Some(&c.factor));
                if is_new(point, c.window) {
                    let reason =
                        json!({"code": c.reason.code, "numbers": c.reason.numbers, "contributions": c.contributions});
                    let urgency = books.desk.urgency(&c.detector, Some(c.score));
                    let place = (code, point, Some(c.factor), kind);
                    let score = (Some(c.score.to_string()), urgency);
                    let rule = ("clue", c.detector, c.version);
                    out.push(finding(place, rule, c.window, score, (&c.evidence, reason)));
                }
            }
        }
        Err(error) => tracing::warn!(%error, station = %code, "cannot be looked at for clues"),
    }
    out
}

fn finding(
    (station, point, factor, kind): (&StationCode, Option<PointId>, Option<String>, PeriodKind),
    (family, rule, version): (&str, String, u32),
    window: Period,
    (score, urgency): (Option<String>, i64),
    (evidence, reason): (&[Evidence], serde_json::Value),
) -> FindingIn {
    FindingIn {
        station: station.clone(),
        point,
        factor,
        kind: point.map(|_| kind),
        family: family.to_owned(),
        rule,
        rule_version: i64::from(version),
        from: window.start,
        to: window.end,
        score,
        urgency,
        evidence: serde_json::to_string(evidence).unwrap_or_else(|_| "[]".into()),
        reason: reason.to_string(),
    }
}

/// What devices said of values that reviewers had said already; and the stamps of those that are only held as they were published.
async fn restated(
    app: &App,
    books: &Books,
    code: &StationCode,
    beside: &[Reading],
) -> Result<(Vec<FindingIn>, Vec<(Instant, Instant)>), StoreError> {
    let (mut out, mut held) = (Vec::new(), Vec::new());
    let Some(rule) = books.desk.rule(RESTATED) else { return Ok((out, held)) };
    for reading in beside {
        let Some(point) = app.point(reading.key.point) else { continue };
        let Some(reviewed) = app.store.versions(reading.key).await?.pop() else { continue };
        if is_held(&reviewed.extra) {
            held.push((reading.key.at, reading.arrived));
            continue;
        }
        let factor = point.point.factor.to_string();
        let sent = Value::from(reading);
        let counts = Value {
            at: reviewed.at,
            sent: reviewed.value.as_deref().and_then(|v| v.parse().ok()),
            mark: (reviewed.mark != "N").then_some(reviewed.mark.clone()),
        };
        let text = |value: Option<&String>| value.cloned().unwrap_or_else(|| "—".into());
        let numbers = vec![("reviewed", text(reviewed.value.as_ref())), ("sent", text(reading.value.as_ref()))];
        let reason = Reason { code: RESTATED, numbers };
        let evidence = [
            Evidence::Seen { factor: factor.clone(), value: sent },
            Evidence::Beside { station: None, factor: factor.clone(), value: counts },
        ];
        let reason = json!({"code": reason.code, "numbers": reason.numbers});
        let window = Period { start: reading.key.at, end: Instant(reading.key.at.0 + 1) };
        let place = (code, Some(point.id), Some(factor), reading.key.kind);
        let urgency = (None, books.desk.urgency(RESTATED, None));
        out.push(finding(place, ("desk", RESTATED.to_owned(), rule.version), window, urgency, (&evidence, reason)));
    }
    Ok((out, held))
}

/// Values that came for spans that are published.
async fn published(
    app: &App,
    books: &Books,
    code: &StationCode,
    news: &News,
    held: Vec<(Instant, Instant)>,
) -> Result<Vec<FindingIn>, StoreError> {
    let Some(rule) = books.desk.rule(PUBLISHED) else { return Ok(Vec::new()) };
    let kept: Vec<(Instant, Instant)> = news.kept.iter().copied().chain(held).collect();
    let stamps = || kept.iter().map(|(at, _)| *at);
    let (Some(first), Some(last)) = (stamps().min(), stamps().max()) else { return Ok(Vec::new()) };
    let spans = app.store.sign_offs_over(&Caller::machine(), code, (first, Instant(last.0 + 1))).await?;
    let mut out = Vec::new();
    for rows in spans {
        let signed = rows.iter().rev().find(|r| Some(r.edition) == stands(&rows).published && !r.returned);
        let Some(signed) = signed else { continue };
        let late =
            |(at, arrived): &&(Instant, Instant)| signed.first <= *at && *at < signed.until && *arrived > signed.at;
        let count = kept.iter().filter(late).count();
        if count == 0 {
            continue;
        }
        let numbers = json!([["span", signed.span], ["count", count.to_string()]]);
        let reason = json!({"code": PUBLISHED, "numbers": numbers});
        let window = Period { start: signed.first, end: signed.until };
        let urgency = (None, books.desk.urgency(PUBLISHED, None));
        let place = (code, None, None, PeriodKind::Real);
        let name = ("desk", PUBLISHED.to_owned(), rule.version);
        let mut one = finding(place, name, window, urgency, (&[], reason));
        // each lot of values is said anew
        one.evidence = json!([{"evidence": "telegram", "telegram": news.last, "edition": signed.edition}]).to_string();
        out.push(one);
    }
    Ok(out)
}
