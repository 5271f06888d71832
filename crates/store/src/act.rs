//! Alarms, cases, evidence.

use shanshui_domain::act::alarm::{AlarmKind, AlarmState};
use shanshui_domain::act::case::{Action, Case, Event, State};
use shanshui_domain::act::chain::{Algorithm, Link};
use shanshui_domain::id::{AlarmId, CaseId, EvidenceId, PersonId, PointId, StationCode};
use shanshui_domain::time::Instant;

use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

/// An alarm as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRow {
    /// Id.
    pub id: AlarmId,
    /// What it stands for; one alarm lasts for each.
    pub condition: String,
    /// Kind.
    pub kind: AlarmKind,
    /// Station.
    pub station: StationCode,
    /// Point.
    pub point: Option<PointId>,
    /// Factor.
    pub factor: Option<String>,
    /// Value that raised it.
    pub value: Option<String>,
    /// Limit in words.
    pub limit_text: Option<String>,
    /// What happened, in Chinese.
    pub message_zh: String,
    /// In English.
    pub message_en: String,
    /// Edition, clause, inputs, as JSON.
    pub basis: String,
    /// Taken notice of or not; [`AlarmState::Ended`] once it has ended.
    pub state: AlarmState,
    /// Since when.
    pub opened: Instant,
    /// Last seen.
    pub last: Instant,
    /// How often.
    pub count: i64,
    /// When it ended.
    pub ended: Option<Instant>,
    /// Who took notice.
    pub acknowledged_by: Option<PersonId>,
    /// When.
    pub acknowledged_at: Option<Instant>,
    /// The case it became.
    pub case: Option<CaseId>,
}

/// Which alarms.
#[derive(Debug, Clone, Default)]
pub struct AlarmFilter {
    /// States; all when none are named, or the list is empty.
    pub states: Option<Vec<AlarmState>>,
    /// Station.
    pub station: Option<StationCode>,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSummary {
    /// Id.
    pub id: CaseId,
    /// Business number.
    pub number: String,
    /// Title.
    pub title: String,
    /// State's word.
    pub state: String,
    /// Deadline, while somebody must act.
    pub due: Option<Instant>,
    /// Who must act.
    pub assignee: Option<PersonId>,
    /// Opened.
    pub opened: Instant,
    /// Number of events.
    pub version: i64,
}

/// A case with its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseDetail {
    /// Folded from the events.
    pub case: Case,
    /// Business number.
    pub number: String,
    /// Events with their chain links, oldest first.
    pub events: Vec<(Event, Link)>,
}

impl CaseDetail {
    /// As in a list.
    pub fn summary(&self) -> CaseSummary {
        summary(&self.case, &self.number)
    }
}

fn summary(case: &Case, number: &str) -> CaseSummary {
    CaseSummary {
        id: case.id,
        number: number.to_owned(),
        title: case.title.clone(),
        state: case.state.as_str().to_owned(),
        due: case.due(),
        assignee: assignee(case),
        opened: case.opened,
        version: case.version as i64,
    }
}

fn assignee(case: &Case) -> Option<PersonId> {
    match case.state {
        State::Assigned { to, .. } => Some(to),
        _ => None,
    }
}

/// Which cases.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// State's word, `unclosed`, or all when none.
    pub state: Option<String>,
    /// Who must act.
    pub assignee: Option<PersonId>,
    /// Who has or had to do with it.
    pub participant: Option<PersonId>,
}

/// A stored file, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Id.
    pub id: EvidenceId,
    /// Case.
    pub case: CaseId,
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: Instant,
}

const ALARM: &str = "SELECT id, condition, kind, station, point, factor, value, limit_text, message_zh, message_en, basis, state, \
    opened, last, count, ended, acknowledged_by, acknowledged_at, case_id FROM alarm WHERE id=$1";
const LASTING: &str = "SELECT id, condition, kind, station, point, factor, value, limit_text, message_zh, message_en, basis, state, \
    opened, last, count, ended, acknowledged_by, acknowledged_at, case_id FROM alarm WHERE condition=$1 AND ended IS NULL";
const ALARMS: &str = "SELECT id, condition, kind, station, point, factor, value, limit_text, message_zh, message_en, basis, state, \
    opened, last, count, ended, acknowledged_by, acknowledged_at, case_id FROM alarm \
    WHERE id < $1 AND ($2 = '' OR station = $2) ORDER BY id DESC LIMIT $3";
const ALARMS_OF: &str = "SELECT id, condition, kind, station, point, factor, value, limit_text, message_zh, message_en, basis, \
    state, opened, last, count, ended, acknowledged_by, acknowledged_at, case_id FROM alarm \
    WHERE id < $1 AND ($2 = '' OR station = $2) AND state IN ($4, $5) ORDER BY id DESC LIMIT $3";
/// Sorts after every id.
const END: &str = "~";

fn alarm(r: &Row) -> Result<AlarmRow, StoreError> {
    let (kind, state) = (r.text(2)?, r.text(11)?);
    let corrupt = |what: &str| StoreError::Corrupt(format!("alarm {what}"));
    Ok(AlarmRow {
        id: r.parsed(0)?,
        condition: r.text(1)?,
        kind: AlarmKind::parse(&kind).ok_or_else(|| corrupt(&kind))?,
        station: StationCode(r.text(3)?),
        point: r.int_opt(4)?.map(PointId),
        factor: r.text_opt(5)?,
        value: r.text_opt(6)?,
        limit_text: r.text_opt(7)?,
        message_zh: r.text(8)?,
        message_en: r.text(9)?,
        basis: r.text(10)?,
        state: AlarmState::parse(&state).ok_or_else(|| corrupt(&state))?,
        opened: Instant(r.int(12)?),
        last: Instant(r.int(13)?),
        count: r.int(14)?,
        ended: r.int_opt(15)?.map(Instant),
        acknowledged_by: r.parsed_opt(16)?,
        acknowledged_at: r.int_opt(17)?.map(Instant),
        case: r.parsed_opt(18)?,
    })
}

fn alarm_in(tx: &mut dyn Tx, id: AlarmId) -> Result<AlarmRow, StoreError> {
    alarm(&tx.row(ALARM, args![id])?.ok_or(StoreError::NotFound)?)
}

pub(crate) fn raise_alarm(tx: &mut dyn Tx, a: &AlarmRow) -> Result<(AlarmRow, bool), StoreError> {
    if let Some(row) = tx.row(LASTING, args![&a.condition])? {
        let lasting = alarm(&row)?;
        let newer = a.last >= lasting.last;
        let (last, value) = if newer { (a.last, a.value.clone()) } else { (lasting.last, lasting.value) };
        tx.execute("UPDATE alarm SET last=$2, count=count+1, value=$3 WHERE id=$1", args![lasting.id, last, value])?;
        return Ok((alarm_in(tx, lasting.id)?, false));
    }
    tx.execute(
        "INSERT INTO alarm (id, condition, kind, station, point, factor, value, limit_text, message_zh, message_en, \
         basis, state, opened, last, count) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,1)",
        args![
            a.id,
            &a.condition,
            a.kind.as_str(),
            &a.station,
            a.point,
            a.factor.clone(),
            a.value.clone(),
            a.limit_text.clone(),
            &a.message_zh,
            &a.message_en,
            &a.basis,
            AlarmState::Open.as_str(),
            a.opened,
            a.last
        ],
    )?;
    Ok((alarm_in(tx, a.id)?, true))
}

pub(crate) fn end_alarm(tx: &mut dyn Tx, condition: &str, at: Instant) -> Result<Option<AlarmRow>, StoreError> {
    let Some(row) = tx.row(LASTING, args![condition])? else { return Ok(None) };
    let lasting = alarm(&row)?;
    tx.execute("UPDATE alarm SET ended=$2, state=$3 WHERE id=$1", args![lasting.id, at, AlarmState::Ended.as_str()])?;
    Ok(Some(alarm_in(tx, lasting.id)?))
}

fn evidence(r: &Row) -> Result<EvidenceRow, StoreError> {
    Ok(EvidenceRow {
        id: r.parsed(0)?,
        case: r.parsed(1)?,
        name: r.text(2)?,
        media_type: r.text(3)?,
        size: r.int(4)?,
        sha256: r.text(5)?,
        by: r.parsed(6)?,
        at: Instant(r.int(7)?),
    })
}

/// Reads one row of the chain table.
pub(crate) fn link(r: &Row) -> Result<Link, StoreError> {
    let algorithm = r.text(3)?;
    Ok(Link {
        stream: r.text(0)?,
        seq: r.int(1)?.cast_unsigned(),
        body: r.text(2)?,
        algorithm: Algorithm::parse(&algorithm).ok_or_else(|| StoreError::Corrupt(format!("algorithm {algorithm}")))?,
        previous: r.text(4)?,
        digest: r.text(5)?,
    })
}

/// Appends one body to a chain.
pub(crate) fn append(tx: &mut dyn Tx, stream: &str, body: String) -> Result<Link, StoreError> {
    let last = tx.row(
        "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream=$1 ORDER BY seq DESC LIMIT 1",
        args![stream],
    )?;
    let last = last.as_ref().map(link).transpose()?;
    let next = Link::after(last.as_ref(), stream, body, Algorithm::default());
    tx.execute(
        "INSERT INTO link (stream, seq, body, algorithm, previous, digest) VALUES ($1,$2,$3,$4,$5,$6)",
        args![&next.stream, next.seq, &next.body, next.algorithm.as_str(), &next.previous, &next.digest],
    )?;
    tx.execute(
        "INSERT INTO link_head (stream, seq, digest) VALUES ($1,$2,$3) \
         ON CONFLICT (stream) DO UPDATE SET seq=excluded.seq, digest=excluded.digest",
        args![&next.stream, next.seq, &next.digest],
    )?;
    Ok(next)
}

fn stream(id: CaseId) -> String {
    format!("case:{id}")
}

fn event_of(link: &Link) -> Result<Event, StoreError> {
    serde_json::from_str(&link.body).map_err(|e| StoreError::Corrupt(format!("{} {}: {e}", link.stream, link.seq)))
}

fn body_of(event: &Event) -> Result<String, StoreError> {
    serde_json::to_string(event).map_err(|e| StoreError::Corrupt(e.to_string()))
}

fn history(tx: &mut dyn Tx, id: CaseId) -> Result<Case, StoreError> {
    let rows = tx.query(
        "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream=$1 ORDER BY seq",
        args![stream(id)],
    )?;
    if rows.is_empty() {
        return Err(StoreError::NotFound);
    }
    let events = rows.iter().map(|r| event_of(&link(r)?)).collect::<Result<Vec<_>, _>>()?;
    Ok(Case::fold(id, &events)?)
}

/// The list's view of a case follows its events in the same transaction.
fn follow(tx: &mut dyn Tx, case: &Case, event: &Event) -> Result<(), StoreError> {
    let s = summary(case, "");
    tx.execute(
        "UPDATE case_file SET state=$2, due=$3, assignee=$4, version=$5 WHERE id=$1",
        args![case.id, s.state, s.due, s.assignee, s.version],
    )?;
    let mut people = vec![event.by];
    if let Action::Assign { to, .. } = event.action {
        people.push(to);
    }
    for person in people {
        tx.execute(
            "INSERT INTO case_person (case_id, person) VALUES ($1, $2) ON CONFLICT (case_id, person) DO NOTHING",
            args![case.id, person],
        )?;
    }
    Ok(())
}

impl Store {
    /// Raises an alarm, or merges it into the one that lasts for the same condition. True when it is new.
    pub async fn alarm_raise(&self, a: AlarmRow) -> Result<(AlarmRow, bool), StoreError> {
        self.write(move |tx| raise_alarm(tx, &a)).await
    }

    /// Ends the alarm that lasts for a condition, if one does.
    pub async fn alarm_end(&self, condition: String, at: Instant) -> Result<Option<AlarmRow>, StoreError> {
        self.write(move |tx| end_alarm(tx, &condition, at)).await
    }

    /// Takes notice of an alarm; whoever was first stays named, and an ended alarm can still be taken notice of.
    pub async fn alarm_acknowledge(&self, id: AlarmId, by: PersonId, at: Instant) -> Result<AlarmRow, StoreError> {
        self.write(move |tx| {
            let seen = alarm_in(tx, id)?;
            if seen.acknowledged_by.is_none() {
                let state = if seen.ended.is_some() { AlarmState::Ended } else { AlarmState::Acknowledged };
                tx.execute(
                    "UPDATE alarm SET acknowledged_by=$2, acknowledged_at=$3, state=$4 WHERE id=$1",
                    args![id, by, at, state.as_str()],
                )?;
            }
            alarm_in(tx, id)
        })
        .await
    }

    /// One alarm.
    pub async fn alarm(&self, id: AlarmId) -> Result<AlarmRow, StoreError> {
        alarm(&self.read_one(ALARM, args![id]).await?.ok_or(StoreError::NotFound)?)
    }

    /// Alarms, newest first, those before `before`.
    pub async fn alarms(
        &self,
        filter: &AlarmFilter,
        before: Option<AlarmId>,
        limit: usize,
    ) -> Result<Vec<AlarmRow>, StoreError> {
        const ALL: [AlarmState; 3] = [AlarmState::Open, AlarmState::Acknowledged, AlarmState::Ended];
        let named = filter.states.as_deref().unwrap_or(&ALL);
        let wanted: Vec<&str> =
            ALL.iter().filter(|s| named.is_empty() || named.contains(s)).map(|s| s.as_str()).collect();
        let before = before.map_or(END.to_owned(), |b| b.to_string());
        let station = filter.station.as_ref().map_or(String::new(), |s| s.0.clone());
        let (mut args, mut sql) = (args![before, station, limit as i64], ALARMS);
        if let [first, ..] = wanted[..]
            && wanted.len() < ALL.len()
        {
            args.extend(args![first, wanted.get(1).copied().unwrap_or(first)]);
            sql = ALARMS_OF;
        }
        self.read(sql, args).await?.iter().map(alarm).collect()
    }

    /// How many alarms last for each station.
    pub async fn alarm_counts(&self) -> Result<Vec<(StationCode, i64)>, StoreError> {
        let rows =
            self.read("SELECT station, COUNT(*) FROM alarm WHERE ended IS NULL GROUP BY station", args![]).await?;
        rows.iter().map(|r| Ok((StationCode(r.text(0)?), r.int(1)?))).collect()
    }

    /// Opens a case with the next number of its series, and ties the alarm it comes from to it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the alarm has a case already.
    pub async fn case_open(&self, id: CaseId, event: &Event, series: &str) -> Result<Case, StoreError> {
        let (event, series) = (event.clone(), series.to_owned());
        self.write(move |tx| {
            let case = Case::open(id, &event)?;
            tx.execute(
                "INSERT INTO serial (name, value) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET value=serial.value+1",
                args![&series],
            )?;
            let serial = tx.row("SELECT value FROM serial WHERE name=$1", args![&series])?;
            let number = format!("{series}{:04}", serial.ok_or(StoreError::NotFound)?.int(0)?);
            if let Some(alarm) = case.alarm {
                let tied = tx.execute(
                    "UPDATE alarm SET case_id=$2 WHERE id=$1 AND case_id IS NULL",
                    args![alarm, id],
                )?;
                if tied == 0 {
                    alarm_in(tx, alarm)?;
                    return Err(StoreError::Conflict);
                }
            }
            append(tx, &stream(id), body_of(&event)?)?;
            let s = summary(&case, &number);
            tx.execute(
                "INSERT INTO case_file (id, number, title, state, due, assignee, opened, version) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
                args![id, s.number, s.title, s.state, s.due, s.assignee, s.opened, s.version],
            )?;
            follow(tx, &case, &event)?;
            Ok(case)
        })
        .await
    }

    /// Appends events to a case of which the caller has seen `seen` events.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it has moved on, [`StoreError::Refused`] when the rules say no; nothing is written then.
    pub async fn case_commit(&self, id: CaseId, seen: u64, events: &[Event]) -> Result<Case, StoreError> {
        let events = events.to_vec();
        self.write(move |tx| {
            let mut case = history(tx, id)?;
            if case.version != seen {
                return Err(StoreError::Conflict);
            }
            for event in &events {
                case = case.apply(event)?;
                append(tx, &stream(id), body_of(event)?)?;
                follow(tx, &case, event)?;
            }
            Ok(case)
        })
        .await
    }

    /// A case with its history.
    pub async fn case(&self, id: CaseId) -> Result<CaseDetail, StoreError> {
        let rows = self
            .read(
                "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream=$1 ORDER BY seq",
                args![stream(id)],
            )
            .await?;
        if rows.is_empty() {
            return Err(StoreError::NotFound);
        }
        let mut events = Vec::with_capacity(rows.len());
        for row in &rows {
            let link = link(row)?;
            events.push((event_of(&link)?, link));
        }
        let case = Case::fold(id, events.iter().map(|(event, _)| event))?;
        let number = self.read_one("SELECT number FROM case_file WHERE id=$1", args![id]).await?;
        Ok(CaseDetail { case, number: number.ok_or(StoreError::NotFound)?.text(0)?, events })
    }

    /// Cases, newest first, those before `before`.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        before: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<CaseSummary>, StoreError> {
        let text = |id: Option<PersonId>| id.map_or(String::new(), |id| id.to_string());
        let before = before.map_or(END.to_owned(), |b| b.to_string());
        let state = filter.state.clone().unwrap_or_default();
        let rows = self
            .read(
                "SELECT id, number, title, state, due, assignee, opened, version FROM case_file c \
                 WHERE id < $1 AND ($2 = '' OR state = $2 OR ($2 = 'unclosed' AND state <> 'closed')) \
                 AND ($3 = '' OR assignee = $3) \
                 AND ($4 = '' OR EXISTS (SELECT 1 FROM case_person p WHERE p.case_id=c.id AND p.person=$4)) \
                 ORDER BY id DESC LIMIT $5",
                args![before, state, text(filter.assignee), text(filter.participant), limit as i64],
            )
            .await?;
        let case = |r: &Row| {
            Ok(CaseSummary {
                id: r.parsed(0)?,
                number: r.text(1)?,
                title: r.text(2)?,
                state: r.text(3)?,
                due: r.int_opt(4)?.map(Instant),
                assignee: r.parsed_opt(5)?,
                opened: Instant(r.int(6)?),
                version: r.int(7)?,
            })
        };
        rows.iter().map(case).collect()
    }

    /// How many cases are not closed, and how many of them are past their deadline.
    pub async fn case_counts(&self, now: Instant) -> Result<(i64, i64), StoreError> {
        let row = self
            .read_one(
                "SELECT COUNT(*), COUNT(CASE WHEN due < $1 THEN 1 END) FROM case_file WHERE state <> 'closed'",
                args![now],
            )
            .await?;
        let row = row.ok_or(StoreError::NotFound)?;
        Ok((row.int(0)?, row.int(1)?))
    }

    /// Keeps a file of a case.
    pub async fn evidence_put(&self, row: &EvidenceRow, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.guard().admit()?;
        let e = row.clone();
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO evidence (id, case_id, name, media_type, size, sha256, person, at, bytes) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                args![e.id, e.case, e.name, e.media_type, e.size, e.sha256, e.by, e.at, bytes],
            )?;
            Ok(())
        })
        .await
    }

    /// A file with its bytes.
    pub async fn evidence(&self, id: EvidenceId) -> Result<(EvidenceRow, Vec<u8>), StoreError> {
        let row = self
            .read_one(
                "SELECT id, case_id, name, media_type, size, sha256, person, at, bytes FROM evidence WHERE id=$1",
                args![id],
            )
            .await?
            .ok_or(StoreError::NotFound)?;
        Ok((evidence(&row)?, row.blob(8)?))
    }

    /// Files of a case, oldest first.
    pub async fn evidence_list(&self, case: CaseId) -> Result<Vec<EvidenceRow>, StoreError> {
        let text = "SELECT id, case_id, name, media_type, size, sha256, person, at FROM evidence WHERE case_id=$1 ORDER BY at, id";
        self.read(text, args![case]).await?.iter().map(evidence).collect()
    }
}
