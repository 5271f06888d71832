//! The review desk (审核台): carries out what a reviewer decides and signs. What may be done is said by
//! `shanshui_domain::analyse::review::desk`, and held against what is there by the store.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use shanshui_domain::analyse::review::desk::{Level, Refusal, SignSpan, Verdict};
use shanshui_domain::id::{PointId, StationCode};
use shanshui_domain::sense::reviewed::{Device, INVALID, Ruling, is_held, is_reviewed, reviewed};
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::standard::StandardError;
use shanshui_domain::standard::desk::Desk;
use shanshui_domain::standard::review::RuleBook;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{DecisionRow, ReadingRow, Rewrite, SignOffRow, StoreError};
use uuid::Uuid;

use crate::app::App;
use crate::error::ApiError;
use crate::http::auth::Visitor;
use crate::job::evaluate;

/// What checks, detectors and the desk go by.
#[derive(Debug)]
pub struct Books {
    /// Checks.
    pub review: RuleBook,
    /// Detectors.
    pub clue: RuleBook,
    /// The desk.
    pub desk: Desk,
}

impl Books {
    /// Those shipped with the program.
    ///
    /// # Errors
    /// Never for the files as committed: tests read them.
    pub fn embedded() -> Result<Self, StandardError> {
        Ok(Self { review: RuleBook::review()?, clue: RuleBook::clue()?, desk: Desk::embedded()? })
    }
}

/// Values that one decision changes, at most.
const VALUES_MAX: usize = 5_000;
/// Values of one point and kind in a signed span, at most.
const CONTENT_MAX: usize = 2_000_000;

/// What a decision is about.
#[derive(Debug, Clone)]
pub struct About {
    /// The finding and the version of it that was looked at.
    pub finding: Option<(String, i64)>,
    /// Station.
    pub station: StationCode,
    /// Point.
    pub point: Option<PointId>,
    /// Kind of period.
    pub kind: Option<PeriodKind>,
    /// The stretch, `[from, to)`.
    pub span: (Instant, Instant),
}

/// A decision as it is made.
#[derive(Debug, Clone)]
pub struct Decided {
    /// At which level.
    pub level: Level,
    /// What.
    pub verdict: Verdict,
    /// In which words.
    pub note: String,
}

/// Carries out a decision; gives it as it is kept, and the editions of published spans that it has made.
///
/// # Errors
/// When the rules refuse it, when something has moved on, or when the store cannot be read or written.
pub async fn decide(
    app: &App,
    visitor: &Visitor,
    about: About,
    decided: Decided,
) -> Result<(DecisionRow, Vec<SignOffRow>), ApiError> {
    let Decided { level, verdict, note } = decided;
    verdict.whole(level, &note, &app.books.desk).map_err(refused)?;
    let (id, now) = (Uuid::now_v7().to_string(), app.clock.now());
    let state = app.store.moved_state().await?;
    let values = match verdict.ruling() {
        Some(ruling) => rewrites(app, &about, &ruling, (&id, now)).await?,
        None => Vec::new(),
    };
    let (ground, value, document) = match &verdict {
        Verdict::Invalidate { ground } => (Some(ground.clone()), None, None),
        Verdict::Manual { value, document } => (None, Some(value.to_string()), Some(document.clone())),
        _ => (None, None, None),
    };
    let decision = DecisionRow {
        id,
        finding: about.finding,
        station: about.station.clone(),
        point: about.point,
        kind: about.kind,
        from: about.span.0,
        to: about.span.1,
        level: Some(level),
        verdict: verdict.name().into(),
        ground,
        value,
        document,
        note,
        person: Some(visitor.id()),
        at: now,
        changed: values.len() as i64,
        case: None,
    };
    let editions = editions(app, visitor, &decision, &values).await?;
    let touched: BTreeSet<_> = values.iter().map(|v| (about.station.clone(), app.zone.day(v.reading.key.at))).collect();
    let depends = evaluate::depends(app, touched);
    let made = app.store.decide(visitor, decision.clone(), (values, state), (editions, depends)).await?;
    app.bells.job.ring();
    Ok((decision, made))
}

fn refused(refusal: Refusal) -> ApiError {
    ApiError::Conflict(refusal.to_string())
}

/// The next version of each value of a stretch.
async fn rewrites(
    app: &App,
    about: &About,
    ruling: &Ruling,
    (decision, now): (&str, Instant),
) -> Result<Vec<Rewrite>, ApiError> {
    let series = about.point.zip(about.kind).ok_or_else(|| refused(Refusal::NoValues))?;
    let found = app.store.range_covered(series, about.span, VALUES_MAX + 1).await?;
    if let Some(unread) = found.unread.first() {
        return Err(ApiError::NoDatabase(format!("a stretch of the history cannot be read: {}", unread.segment)));
    }
    if found.rows.len() > VALUES_MAX {
        return Err(refused(Refusal::TooMany(VALUES_MAX)));
    }
    if found.rows.is_empty() {
        return Err(refused(Refusal::NoValues));
    }
    let mut out = Vec::with_capacity(found.rows.len());
    for row in found.rows {
        let key = ReadingKey { point: series.0, kind: series.1, at: row.at };
        let seen = row.versions;
        let (row, was_reviewed) = device_row(app, key, row).await?;
        if *ruling == Ruling::Restored && !was_reviewed {
            continue;
        }
        let device = Device { value: row.value.as_deref(), extra: &row.extra, mark: &row.mark };
        out.push(Rewrite { reading: reviewed(key, device, ruling, (decision, now)), seen });
    }
    Ok(out)
}

/// What a device said last of a key, and whether a reviewer has said something since.
async fn device_row(app: &App, key: ReadingKey, row: ReadingRow) -> Result<(ReadingRow, bool), ApiError> {
    let by_reviewer = |r: &ReadingRow| r.telegram.is_none() && is_reviewed(&r.extra);
    if !by_reviewer(&row) {
        return Ok((row, false));
    }
    let versions = app.store.versions(key).await?;
    let device = versions.into_iter().rev().find(|r| !by_reviewer(r));
    Ok((device.unwrap_or(row), true))
}

/// Editions of the published spans in which values change: each with the digest of what counts afterwards.
async fn editions(
    app: &App,
    visitor: &Visitor,
    decision: &DecisionRow,
    values: &[Rewrite],
) -> Result<Vec<SignOffRow>, ApiError> {
    let stamps = || values.iter().map(|v| v.reading.key.at);
    let (Some(first), Some(last)) = (stamps().min(), stamps().max()) else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    let spans = app.store.sign_offs_over(visitor, &decision.station, (first, Instant(last.0 + 1))).await?;
    for rows in spans {
        if shanshui_store::review::stands(&rows).signed != Some(Level::Third) {
            continue;
        }
        let Some(row) = rows.last() else { continue };
        out.push(SignOffRow {
            level: Level::Third,
            returned: false,
            person: decision.person,
            at: decision.at,
            digest: content(app, &decision.station, (row.first, row.until), values).await?,
            note: decision.note.clone(),
            decision: Some(decision.id.clone()),
            ..row.clone()
        });
    }
    Ok(out)
}

/// SHA-256 over what counts at a station in a stretch: each value with its factor, kind, stamp and mark;
/// `instead` are values that are about to count.
///
/// # Errors
/// When the store cannot be read, or a stretch of the history is missing.
pub async fn content(
    app: &App,
    station: &StationCode,
    span: (Instant, Instant),
    instead: &[Rewrite],
) -> Result<String, ApiError> {
    let instead: HashMap<ReadingKey, &Rewrite> = instead.iter().map(|r| (r.reading.key, r)).collect();
    let mut hash = Sha256::new();
    let mut line = String::new();
    for point in app.points_of(station) {
        for kind in PeriodKind::ALL {
            let found = app.store.range_covered((point.id, kind), span, CONTENT_MAX).await?;
            if let Some(unread) = found.unread.first() {
                return Err(ApiError::NoDatabase(format!(
                    "a stretch of the history cannot be read: {}",
                    unread.segment
                )));
            }
            for row in found.rows {
                let key = ReadingKey { point: point.id, kind, at: row.at };
                // what came after it was published, and does not count, is no part of it
                if row.mark == INVALID && row.telegram.is_none() && is_held(&row.extra) && !instead.contains_key(&key) {
                    continue;
                }
                let new = instead.get(&key);
                let said = |r: &Reading| (r.value.clone(), r.mark.clone());
                let (value, mark) = new.map_or((row.value, row.mark), |n| said(&n.reading));
                line.clear();
                let value = value.unwrap_or_default();
                let factor = point.point.factor.as_str();
                // writing into a text cannot fail
                _ = writeln!(line, "{factor} {} {} {value:?} {mark:?}", kind.as_str(), row.at);
                hash.update(line.as_bytes());
            }
        }
    }
    Ok(hex::encode(hash.finalize()))
}

/// The instants of a span: its first, and the first after it.
pub fn instants(app: &App, span: SignSpan) -> Option<(Instant, Instant)> {
    let first = app.zone.instant(span.first().at(0, 0, 0, 0))?;
    let until = app.zone.instant(span.last().tomorrow().ok()?.at(0, 0, 0, 0))?;
    Some((first, until))
}

/// Signs a span, or gives it back.
///
/// # Errors
/// When the rules refuse it, or the store cannot be read or written.
pub async fn sign(
    app: &App,
    visitor: &Visitor,
    (station, span): (StationCode, SignSpan),
    (level, returned, note): (Level, bool, String),
) -> Result<SignOffRow, ApiError> {
    let (first, until) = instants(app, span).ok_or_else(|| ApiError::field("span", "out of range"))?;
    let now = app.clock.now();
    let digest = if returned { String::new() } else { content(app, &station, (first, until), &[]).await? };
    let row = SignOffRow {
        station,
        span: span.to_string(),
        seq: 0,
        first,
        until,
        level,
        edition: 0,
        returned,
        person: Some(visitor.id()),
        at: now,
        digest,
        note,
        decision: None,
    };
    match app.store.sign(visitor, row, until <= now).await {
        Err(StoreError::Desk(refusal)) => Err(refused(refusal)),
        other => Ok(other?),
    }
}
