//! Events: begun, followed step by step, found again.

use shanshui_domain::act::chain::Link;
use shanshui_domain::id::{CaseId, StationCode};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::sense::eye::event::{Event, Refusal, Step, What};
use shanshui_domain::sense::eye::{Suspicion, Verdict};
use shanshui_domain::time::Instant;

use super::{read, written};
use crate::act::{CaseIn, put_case};
use crate::audit::{Change, note};
use crate::chain::{append, link};
use crate::review::tie_finding;
use crate::scope::{Within, at_station};
use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

/// An event as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// Id, rising with time.
    pub id: String,
    /// Number that people use.
    pub number: String,
    /// The fold of its steps.
    pub event: Event,
    /// The stretch of data that it puts in doubt.
    pub doubted: Option<(Instant, Instant)>,
}

/// A step with its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    /// What was done.
    pub step: Step,
    /// The link of its chain.
    pub link: Link,
}

/// What a camera has seen lately, and how often it was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Events since an instant that put data in doubt.
    pub doubting: i64,
    /// Events that somebody has looked at.
    pub reviewed: i64,
    /// Of those, events in which there was somebody or something.
    pub right: i64,
}

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of one station.
    pub station: Option<StationCode>,
    /// Of one camera.
    pub camera: Option<String>,
    /// Of one kind.
    pub kind: Option<String>,
    /// In one state.
    pub state: Option<String>,
    /// Entered from then on.
    pub from: Option<Instant>,
    /// Entered before.
    pub to: Option<Instant>,
}

/// The chain of an event.
pub(crate) fn stream(id: &str) -> String {
    format!("eye:{id}")
}

macro_rules! events {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.number, e.body, e.from_at, e.to_at FROM eye_event e WHERE ",
            at_station!("e.station", "$1", "$2"),
            $rest
        )
    };
}

fn event_row(r: &Row) -> Result<EventRow, StoreError> {
    let doubted = r.int_opt(3)?.zip(r.int_opt(4)?).map(|(from, to)| (Instant(from), Instant(to)));
    Ok(EventRow { id: r.text(0)?, number: r.text(1)?, event: read("an event", &r.text(2)?)?, doubted })
}

const STEPS: &str = "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream=$1 ORDER BY seq";

/// Far in the future: nobody has left yet.
const OPEN_END: i64 = i64::MAX;

/// Which right a step of a person takes; none for steps of the program alone.
fn right(what: &What) -> Option<Right> {
    match what {
        What::Judged { .. } | What::Doubt { .. } => Some(Right::EyeReview),
        What::Case { .. } => Some(Right::CaseOpen),
        What::Unblurred { .. } | What::Packed { .. } => Some(Right::EyeUnblur),
        What::Begun(_) | What::Filed(_) | What::Spoke { .. } | What::Left { .. } | What::Removed { .. } => None,
    }
}

impl Store {
    /// Keeps the beginning of an event, with the next number of its series. Its id is given by whoever calls; one that is there already
    /// stays as it is.
    pub async fn eye_begin(
        &self,
        id: &str,
        series: String,
        step: Step,
        margin_ms: i64,
    ) -> Result<EventRow, StoreError> {
        let id = id.to_owned();
        self.write(move |tx| {
            let What::Begun(begun) = &step.what else { return Err(StoreError::Eye(Refusal::Beginning)) };
            if let Some(row) = tx.row(events!(" AND e.id=$3"), args!["*", "", &id])? {
                return event_row(&row);
            }
            tx.execute(
                "INSERT INTO serial (name, value) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET value=serial.value+1",
                args![&series],
            )?;
            let serial = tx.row("SELECT value FROM serial WHERE name=$1", args![&series])?;
            let number = format!("{series}{:06}", serial.ok_or(StoreError::NotFound)?.int(0)?);
            let event = Event::new(begun.as_ref().clone());
            append(tx, &stream(&id), written(&step)?)?;
            let doubted = doubted(&event, margin_ms);
            let (from, to) = doubted.unzip();
            tx.execute(
                "INSERT INTO eye_event (id, number, camera, station, kind, state, entered, left_at, from_at, to_at, suspicion, \
                 steps, body, verdict) VALUES ($1,$2,$3,$4,$5,$6,$7,NULL,$8,$9,$10,1,$11,NULL)",
                args![
                    &id,
                    &number,
                    &begun.camera.0,
                    &begun.station,
                    begun.kind.as_str(),
                    event.state(),
                    begun.entered,
                    from,
                    to,
                    event.suspicion.map(Suspicion::as_str),
                    written(&event)?
                ],
            )?;
            Ok(EventRow { id: id.clone(), number, event, doubted })
        })
        .await
    }

    /// One step of the program.
    ///
    /// # Errors
    /// [`StoreError::Eye`] when it cannot follow; nothing is written then.
    pub async fn eye_step(&self, id: &str, step: Step, margin_ms: i64) -> Result<EventRow, StoreError> {
        let id = id.to_owned();
        self.write(move |tx| follow(tx, &id, &step, margin_ms)).await
    }

    /// One step of a person, noted in the audit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the event, [`StoreError::Forbidden`] when they may not do this to it,
    /// [`StoreError::Eye`] when it cannot follow; nothing is written then.
    pub async fn eye_act(&self, caller: &Caller, id: &str, step: Step, margin_ms: i64) -> Result<EventRow, StoreError> {
        let station = self.eye_event(caller, id).await?.event.begun.station;
        let right = right(&step.what).ok_or(StoreError::Forbidden)?;
        self.station_seen(caller, right, &station).await.map_err(|_| StoreError::Forbidden)?;
        let (caller, id) = (caller.clone(), id.to_owned());
        self.write(move |tx| done(tx, &caller, &id, &step, margin_ms)).await
    }

    /// Takes up an event as a case, in one write: the open case that one of the findings about the same stretch has already, else the
    /// new one. Findings without a case join it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the event or one of the findings, [`StoreError::Forbidden`] when they may
    /// open no case of it, [`StoreError::Eye`] when it has a case already; nothing is written then.
    pub async fn eye_take_up(
        &self,
        caller: &Caller,
        id: &str,
        new: CaseIn,
        findings: Vec<String>,
        margin_ms: i64,
    ) -> Result<(CaseId, EventRow), StoreError> {
        const FINDING: &str = "SELECT s.case_id, c.state FROM finding_state s LEFT JOIN case_file c ON c.id=s.case_id \
            WHERE s.id=$1 AND s.station=$2";
        let station = self.eye_event(caller, id).await?.event.begun.station;
        self.station_seen(caller, Right::CaseOpen, &station).await.map_err(|_| StoreError::Forbidden)?;
        if !findings.is_empty() {
            self.station_seen(caller, Right::ReviewRead, &station).await?;
        }
        let (caller, id) = (caller.clone(), id.to_owned());
        self.write(move |tx| {
            let mut case = None;
            for finding in &findings {
                let row = tx.row(FINDING, args![finding, &station])?.ok_or(StoreError::NotFound)?;
                // nobody works on a case that is closed
                let open = row.text_opt(1)?.is_some_and(|state| state != "closed");
                case = case.or(row.parsed_opt(0)?.filter(|_| open));
            }
            let case = match case {
                Some(case) => case,
                None => put_case(tx, &caller, &new, Some(&station))?.id,
            };
            let at = new.event.at;
            for finding in findings {
                if tie_finding(tx, &finding, case)? {
                    let after = Some(serde_json::json!({"case": case}));
                    note(tx, &caller, at, "finding_joins", &finding, Change { before: None, after })?;
                }
            }
            let step = Step { at, by: caller.id(), what: What::Case { case } };
            Ok((case, done(tx, &caller, &id, &step, margin_ms)?))
        })
        .await
    }

    /// Events that the caller sees, the newest first; `after` is entry and id of the last of the page before.
    pub async fn eye_events(
        &self,
        caller: &Caller,
        filter: &EventFilter,
        after: Option<(Instant, String)>,
        limit: usize,
    ) -> Result<Vec<EventRow>, StoreError> {
        macro_rules! page {
            ($place:literal) => {
                concat!(
                    events!(" AND ($3='' OR e.station=$3) AND ($4='' OR e.camera=$4) AND "),
                    $place,
                    "($5='' OR e.kind=$5) AND ($6='' OR e.state=$6) AND e.entered>=$7 AND e.entered<$8 AND \
                     (e.entered<$9 OR (e.entered=$9 AND e.id<$10)) ORDER BY e.entered DESC, e.id DESC LIMIT $11"
                )
            };
        }
        // said once more, so that its index is used
        let page = match (&filter.camera, &filter.station) {
            (Some(_), _) => page!("e.camera=$4 AND "),
            (None, Some(_)) => page!("e.station=$3 AND "),
            (None, None) => page!(""),
        };
        let [counties, units, _] = Within::of(caller, Right::EyeRead).args();
        let (before, id) = after.unwrap_or((Instant(i64::MAX), String::new()));
        let word = |text: &Option<String>| text.clone().unwrap_or_default();
        let args = args![
            counties,
            units,
            filter.station.as_ref().map_or("", StationCode::as_str),
            word(&filter.camera),
            word(&filter.kind),
            word(&filter.state),
            filter.from.unwrap_or(Instant(i64::MIN)),
            filter.to.unwrap_or(Instant(i64::MAX)),
            before,
            id,
            limit as i64
        ];
        self.read(page, args).await?.iter().map(event_row).collect()
    }

    /// What reviewers have said of a camera's newest events, as far as the caller sees them: of `newest`, visits apart.
    pub async fn eye_tally(
        &self,
        caller: &Caller,
        camera: &str,
        (since, newest): (Instant, usize),
    ) -> Result<Tally, StoreError> {
        const TALLY: &str = concat!(
            "SELECT COUNT(CASE WHEN t.entered>=$4 AND t.suspicion IS NOT NULL THEN 1 END), COUNT(t.verdict), \
             COUNT(CASE WHEN t.verdict<>'false' THEN 1 END) FROM (SELECT e.entered, e.suspicion, e.verdict FROM eye_event e \
             WHERE e.camera=$3 AND e.kind<>'visit' AND ",
            at_station!("e.station", "$1", "$2"),
            " ORDER BY e.entered DESC, e.id DESC LIMIT $5) t"
        );
        let [counties, units, _] = Within::of(caller, Right::EyeRead).args();
        let row = self.read_one(TALLY, args![counties, units, camera, since, newest as i64]).await?;
        let row = row.ok_or(StoreError::NotFound)?;
        Ok(Tally { doubting: row.int(0)?, reviewed: row.int(1)?, right: row.int(2)? })
    }

    /// How many events last, and how many wait for a look, as far as the caller sees them.
    pub async fn eye_counts(&self, caller: &Caller) -> Result<(i64, i64), StoreError> {
        const COUNTS: &str = concat!(
            "SELECT COUNT(CASE WHEN e.state='open' THEN 1 END), COUNT(CASE WHEN e.state='unreviewed' THEN 1 END) FROM eye_event e \
             WHERE e.state IN ('open','unreviewed') AND ",
            at_station!("e.station", "$1", "$2")
        );
        let [counties, units, _] = Within::of(caller, Right::EyeRead).args();
        let row = self.read_one(COUNTS, args![counties, units]).await?.ok_or(StoreError::NotFound)?;
        Ok((row.int(0)?, row.int(1)?))
    }

    /// One event.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such one.
    pub async fn eye_event(&self, caller: &Caller, id: &str) -> Result<EventRow, StoreError> {
        let [counties, units, _] = Within::of(caller, Right::EyeRead).args();
        let row = self.read_one(events!(" AND e.id=$3"), args![counties, units, id]).await?;
        event_row(&row.ok_or(StoreError::NotFound)?)
    }

    /// Steps of an event, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such event.
    pub async fn eye_steps(&self, caller: &Caller, id: &str) -> Result<Vec<StepRow>, StoreError> {
        self.eye_event(caller, id).await?;
        let rows = self.read(STEPS, args![stream(id)]).await?;
        let step = |r: &Row| {
            let link = link(r)?;
            let step = read("a step of an event", &link.body)?;
            Ok(StepRow { step, link })
        };
        rows.iter().map(step).collect()
    }

    /// Events that put data of a station in `[from, to)` in doubt, or did before somebody settled it, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn eye_doubts(
        &self,
        caller: &Caller,
        station: &StationCode,
        (from, to): (Instant, Instant),
        limit: usize,
    ) -> Result<Vec<EventRow>, StoreError> {
        const OVER: &str =
            events!(" AND e.station=$3 AND e.from_at<$5 AND e.to_at>$4 ORDER BY e.entered, e.id LIMIT $6");
        self.station_seen(caller, Right::EyeRead, station).await?;
        let rows = self.read(OVER, args!["*", "", station, from, to, limit as i64]).await?;
        rows.iter().map(event_row).collect()
    }

    /// Events that have ended after an instant and put data in doubt, in the order in which they ended.
    pub async fn eye_ended(&self, after: Instant, limit: usize) -> Result<Vec<EventRow>, StoreError> {
        const ENDED: &str = events!(" AND e.left_at>$3 AND e.suspicion IS NOT NULL ORDER BY e.left_at, e.id LIMIT $4");
        let rows = self.read(ENDED, args!["*", "", after, limit as i64]).await?;
        rows.iter().map(event_row).collect()
    }
}

/// As long as it lasts, the end is open.
fn doubted(event: &Event, margin_ms: i64) -> Option<(Instant, Instant)> {
    event.doubted(margin_ms, Instant(OPEN_END))
}

/// A step of a person, noted.
fn done(tx: &mut dyn Tx, caller: &Caller, id: &str, step: &Step, margin_ms: i64) -> Result<EventRow, StoreError> {
    let row = follow(tx, id, step, margin_ms)?;
    let after = serde_json::to_value(&step.what).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    note(tx, caller, step.at, "eye_step", id, Change { before: None, after: Some(after) })?;
    Ok(row)
}

fn follow(tx: &mut dyn Tx, id: &str, step: &Step, margin_ms: i64) -> Result<EventRow, StoreError> {
    let row = tx.row(events!(" AND e.id=$3"), args!["*", "", id])?;
    let EventRow { number, mut event, .. } = event_row(&row.ok_or(StoreError::NotFound)?)?;
    event.follow(step).map_err(StoreError::Eye)?;
    append(tx, &stream(id), written(step)?)?;
    let doubted = doubted(&event, margin_ms);
    let (from, to) = doubted.unzip();
    tx.execute(
        "UPDATE eye_event SET state=$2, left_at=$3, from_at=$4, to_at=$5, suspicion=$6, steps=$7, body=$8, verdict=$9 WHERE id=$1",
        args![
            id,
            event.state(),
            event.left,
            from,
            to,
            event.suspicion.map(Suspicion::as_str),
            event.steps,
            written(&event)?,
            event.verdict.map(Verdict::as_str)
        ],
    )?;
    Ok(EventRow { id: id.to_owned(), number, event, doubted })
}
