//! Alarms, cases, evidence.

use shanshui_domain::act::alarm::{AlarmKind, AlarmState};
use shanshui_domain::act::case::{Action, Case, Event, State};
use shanshui_domain::act::chain::Link;
use shanshui_domain::id::{AlarmId, CaseId, EvidenceId, PersonId, PointId, StationCode};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::Instant;

use crate::audit::{Change, note, note_for};
use crate::chain::{append, link, must_fit};
use crate::review::{DecisionRow, put_decision, tie_finding};
use crate::scope::{Within, at_station, of_case};
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
    /// The first break of its chain that nobody has accepted; nothing can be done to the case then.
    pub broken: Option<String>,
}

impl CaseDetail {
    /// The chain of its events.
    pub fn stream(&self) -> String {
        stream(self.case.id)
    }

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
    /// Who must act: one of these; all when none is named.
    pub assignees: Vec<PersonId>,
}

/// A case to be opened.
#[derive(Debug, Clone)]
pub struct CaseIn {
    /// Id.
    pub id: CaseId,
    /// Series of its number.
    pub series: String,
    /// Its first event.
    pub event: Event,
    /// County it lies in when it comes from no alarm; empty when it lies in none.
    pub area: String,
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
const ALARMS: &str = concat!(
    "SELECT id, condition, kind, station, point, factor, value, limit_text, message_zh, message_en, basis, state, \
    opened, last, count, ended, acknowledged_by, acknowledged_at, case_id FROM alarm a \
    WHERE id < $1 AND ($2 = '' OR station = $2) AND ",
    at_station!("a.station", "$4", "$5"),
    " ORDER BY id DESC LIMIT $3"
);
const ALARMS_OF: &str = concat!(
    "SELECT id, condition, kind, station, point, factor, value, limit_text, message_zh, message_en, basis, \
    state, opened, last, count, ended, acknowledged_by, acknowledged_at, case_id FROM alarm a \
    WHERE id < $1 AND ($2 = '' OR station = $2) AND ",
    at_station!("a.station", "$4", "$5"),
    " AND state IN ($6, $7) \
    ORDER BY id DESC LIMIT $3"
);
/// An alarm within a scope.
const ALARM_SEEN: &str = concat!("SELECT id FROM alarm a WHERE id=$1 AND ", at_station!("a.station", "$2", "$3"));
/// A case within a scope.
const CASE_SEEN: &str = concat!("SELECT id FROM case_file c WHERE c.id=$1 AND ", of_case!("$2", "$3", "$4"));
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
    let links = rows.iter().map(link).collect::<Result<Vec<_>, _>>()?;
    must_fit(tx, &links)?;
    let events = links.iter().map(event_of).collect::<Result<Vec<_>, _>>()?;
    Ok(Case::fold(id, &events)?)
}

/// The list's view of a case follows its events in the same transaction.
fn follow(tx: &mut dyn Tx, caller: &Caller, case: &Case, event: &Event) -> Result<(), StoreError> {
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
        tx.execute(
            "INSERT INTO case_unit (case_id, organisation) SELECT DISTINCT $1, o.organisation FROM post o WHERE o.person=$2 AND \
             o.ended_at IS NULL AND o.since <= $3 AND (o.until IS NULL OR o.until > $3) \
             ON CONFLICT (case_id, organisation) DO NOTHING",
            args![case.id, person, event.at],
        )?;
    }
    let after = serde_json::json!({"action": event.action.name(), "version": case.version});
    let (what, change) = (("case_event", case.id.to_string()), Change { before: None, after: Some(after) });
    note_for(tx, caller, event.behalf, event.at, (what.0, &what.1), change)
}

fn alarm_seen(tx: &mut dyn Tx, caller: &Caller, right: Right, id: AlarmId) -> Result<(), StoreError> {
    let [counties, units, _] = Within::of(caller, right).args();
    tx.row(ALARM_SEEN, args![id, counties, units])?.ok_or(StoreError::NotFound).map(|_| ())
}

fn case_seen(tx: &mut dyn Tx, caller: &Caller, right: Right, id: CaseId) -> Result<(), StoreError> {
    let [counties, units, people] = Within::of(caller, right).args();
    tx.row(CASE_SEEN, args![id, counties, units, people])?.ok_or(StoreError::NotFound).map(|_| ())
}

/// For whom the caller does this to a case: themselves when their own posts let them, else the person they stand in for.
fn allowed(tx: &mut dyn Tx, caller: &Caller, case: &Case, right: Right) -> Result<Option<PersonId>, StoreError> {
    let own = caller.without_delegations();
    let assigned = assignee(case);
    // what was given to one person is reported by them, or in their name
    let theirs = assigned.filter(|to| right == Right::CaseReport && Some(*to) != caller.id());
    if theirs.is_none() && case_seen(tx, &own, right, case.id).is_ok() {
        return Ok(None);
    }
    for giver in caller.givers() {
        if theirs.is_none_or(|to| to == giver) && case_seen(tx, &caller.only_for(giver), right, case.id).is_ok() {
            return Ok(Some(giver));
        }
    }
    if case_seen(tx, &own, right, case.id).is_ok() { Ok(None) } else { Err(StoreError::Forbidden) }
}

/// Begins a case with the next number of its series, about a station when it comes from one.
pub(crate) fn put_case(
    tx: &mut dyn Tx,
    caller: &Caller,
    new: &CaseIn,
    station: Option<&StationCode>,
) -> Result<Case, StoreError> {
    let CaseIn { id, series, event, area } = new;
    let case = Case::open(*id, event)?;
    tx.execute(
        "INSERT INTO serial (name, value) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET value=serial.value+1",
        args![series],
    )?;
    let serial = tx.row("SELECT value FROM serial WHERE name=$1", args![series])?;
    let number = format!("{series}{:04}", serial.ok_or(StoreError::NotFound)?.int(0)?);
    append(tx, &stream(*id), body_of(event)?)?;
    let s = summary(&case, &number);
    tx.execute(
        "INSERT INTO case_file (id, number, title, state, due, assignee, opened, version, station, area) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
        args![*id, s.number, s.title, s.state, s.due, s.assignee, s.opened, s.version, station, area],
    )?;
    follow(tx, caller, &case, event)?;
    Ok(case)
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
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such alarm, [`StoreError::Forbidden`] when that is all they may do.
    pub async fn alarm_acknowledge(&self, caller: &Caller, id: AlarmId, at: Instant) -> Result<AlarmRow, StoreError> {
        let caller = caller.clone();
        self.write(move |tx| {
            alarm_seen(tx, &caller, Right::AlarmRead, id)?;
            alarm_seen(tx, &caller, Right::AlarmAcknowledge, id).map_err(|_| StoreError::Forbidden)?;
            let seen = alarm_in(tx, id)?;
            if seen.acknowledged_by.is_none() {
                let state = if seen.ended.is_some() { AlarmState::Ended } else { AlarmState::Acknowledged };
                tx.execute(
                    "UPDATE alarm SET acknowledged_by=$2, acknowledged_at=$3, state=$4 WHERE id=$1",
                    args![id, caller.id(), at, state.as_str()],
                )?;
                note(tx, &caller, at, "alarm_acknowledge", &id.to_string(), Change::default())?;
            }
            alarm_in(tx, id)
        })
        .await
    }

    /// One alarm.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such alarm.
    pub async fn alarm(&self, caller: &Caller, id: AlarmId) -> Result<AlarmRow, StoreError> {
        let [counties, units, _] = Within::of(caller, Right::AlarmRead).args();
        self.read_one(ALARM_SEEN, args![id, counties, units]).await?.ok_or(StoreError::NotFound)?;
        alarm(&self.read_one(ALARM, args![id]).await?.ok_or(StoreError::NotFound)?)
    }

    /// The alarm that a case came from, for whoever sees the case.
    pub async fn alarm_of_case(&self, caller: &Caller, case: &Case) -> Result<Option<AlarmRow>, StoreError> {
        self.case_must_be_seen(caller, case.id).await?;
        let Some(id) = case.alarm else { return Ok(None) };
        self.read_one(ALARM, args![id]).await?.as_ref().map(alarm).transpose()
    }

    /// Alarms, newest first, those before `before`.
    pub async fn alarms(
        &self,
        caller: &Caller,
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
        let [counties, units, _] = Within::of(caller, Right::AlarmRead).args();
        let (mut args, mut sql) = (args![before, station, limit as i64, counties, units], ALARMS);
        if let [first, ..] = wanted[..]
            && wanted.len() < ALL.len()
        {
            args.extend(args![first, wanted.get(1).copied().unwrap_or(first)]);
            sql = ALARMS_OF;
        }
        self.read(sql, args).await?.iter().map(alarm).collect()
    }

    /// How many alarms last for each station: for the map, which shows stations within a scope.
    pub async fn alarm_counts(&self) -> Result<Vec<(StationCode, i64)>, StoreError> {
        let rows =
            self.read("SELECT station, COUNT(*) FROM alarm WHERE ended IS NULL GROUP BY station", args![]).await?;
        rows.iter().map(|r| Ok((StationCode(r.text(0)?), r.int(1)?))).collect()
    }

    /// Opens a case with the next number of its series, and ties the alarm it comes from to it.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] when the caller may open none, or not of this alarm; [`StoreError::NotFound`] when they do not see
    /// the alarm; [`StoreError::Conflict`] when it has a case already.
    pub async fn case_open(&self, caller: &Caller, new: CaseIn) -> Result<Case, StoreError> {
        self.open_case(caller, new, None).await
    }

    /// Opens a case from a clue (立案核查), which happens once for each; the decision that names the finding is kept with it.
    ///
    /// # Errors
    /// As [`Self::case_open`]; [`StoreError::NotFound`] when the caller does not see the finding's station, [`StoreError::Conflict`]
    /// when it has a case already.
    pub async fn case_open_from(
        &self,
        caller: &Caller,
        new: CaseIn,
        decision: DecisionRow,
    ) -> Result<Case, StoreError> {
        self.station_seen(caller, Right::ReviewRead, &decision.station).await?;
        let may = self.station_seen(caller, Right::CaseOpen, &decision.station).await;
        may.map_err(|_| StoreError::Forbidden)?;
        self.open_case(caller, new, Some(decision)).await
    }

    async fn open_case(&self, caller: &Caller, new: CaseIn, from: Option<DecisionRow>) -> Result<Case, StoreError> {
        if !caller.may(Right::CaseOpen) {
            return Err(StoreError::Forbidden);
        }
        let caller = caller.clone();
        self.write(move |tx| {
            let (id, case) = (new.id, Case::open(new.id, &new.event)?);
            let mut station = None;
            if let Some(alarm) = case.alarm {
                alarm_seen(tx, &caller, Right::AlarmRead, alarm)?;
                alarm_seen(tx, &caller, Right::CaseOpen, alarm).map_err(|_| StoreError::Forbidden)?;
                let tie = "UPDATE alarm SET case_id=$2 WHERE id=$1 AND case_id IS NULL";
                if tx.execute(tie, args![alarm, id])? == 0 {
                    return Err(StoreError::Conflict);
                }
                station = Some(alarm_in(tx, alarm)?.station);
            }
            if let Some(decision) = &from {
                let finding = decision.finding.as_ref().map(|(finding, _)| finding.as_str());
                if !tie_finding(tx, finding.unwrap_or_default(), id)? {
                    return Err(StoreError::Conflict);
                }
                put_decision(tx, decision)?;
                station = Some(decision.station.clone());
            }
            put_case(tx, &caller, &new, station.as_ref())
        })
        .await
    }

    /// Appends events to a case of which the caller has seen `seen` events. An event for which only the post of somebody else
    /// gives the right is marked so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such case, [`StoreError::Forbidden`] when they may not do this to it,
    /// [`StoreError::Conflict`] when it has moved on, [`StoreError::Refused`] when the rules say no; nothing is written then.
    pub async fn case_commit(
        &self,
        caller: &Caller,
        id: CaseId,
        seen: u64,
        events: &[Event],
    ) -> Result<Case, StoreError> {
        let (caller, events) = (caller.clone(), events.to_vec());
        self.write(move |tx| {
            case_seen(tx, &caller, Right::CaseRead, id)?;
            let mut case = history(tx, id)?;
            if case.version != seen {
                return Err(StoreError::Conflict);
            }
            for mut event in events.clone() {
                event.behalf = allowed(tx, &caller, &case, event.action.name().right())?;
                case = case.apply(&event)?;
                append(tx, &stream(id), body_of(&event)?)?;
                follow(tx, &caller, &case, &event)?;
            }
            Ok(case)
        })
        .await
    }

    /// What the caller may do to a case, whatever its state.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such case.
    pub async fn case_rights(&self, caller: &Caller, id: CaseId) -> Result<Vec<Right>, StoreError> {
        self.case_must_be_seen(caller, id).await?;
        let mut rights = Vec::new();
        for right in Right::ALL.iter().copied().filter(|r| r.as_str().starts_with("case.") && caller.may(*r)) {
            let [counties, units, people] = Within::of(caller, right).args();
            if self.read_one(CASE_SEEN, args![id, counties, units, people]).await?.is_some() {
                rights.push(right);
            }
        }
        Ok(rights)
    }

    /// Whether the caller sees a case.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when they see no such case.
    pub async fn case_must_be_seen(&self, caller: &Caller, id: CaseId) -> Result<(), StoreError> {
        let [counties, units, people] = Within::of(caller, Right::CaseRead).args();
        self.read_one(CASE_SEEN, args![id, counties, units, people]).await?.ok_or(StoreError::NotFound).map(|_| ())
    }

    /// A case with its history.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such case.
    pub async fn case(&self, caller: &Caller, id: CaseId) -> Result<CaseDetail, StoreError> {
        self.case_must_be_seen(caller, id).await?;
        let rows = self
            .read(
                "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream=$1 ORDER BY seq",
                args![stream(id)],
            )
            .await?;
        if rows.is_empty() {
            return Err(StoreError::NotFound);
        }
        let links = rows.iter().map(link).collect::<Result<Vec<_>, _>>()?;
        let broken = self.chain_broken(&stream(id), &links).await?;
        let events =
            links.into_iter().map(|link| Ok((event_of(&link)?, link))).collect::<Result<Vec<_>, StoreError>>()?;
        let case = Case::fold(id, events.iter().map(|(event, _)| event))?;
        let number = self.read_one("SELECT number FROM case_file WHERE id=$1", args![id]).await?;
        Ok(CaseDetail { case, number: number.ok_or(StoreError::NotFound)?.text(0)?, events, broken })
    }

    /// Cases, newest first, those before `before`.
    pub async fn cases(
        &self,
        caller: &Caller,
        filter: &CaseFilter,
        before: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<CaseSummary>, StoreError> {
        let assignees = filter.assignees.iter().fold(String::new(), |text, id| format!("{text},{id},"));
        let before = before.map_or(END.to_owned(), |b| b.to_string());
        let state = filter.state.clone().unwrap_or_default();
        let [counties, units, people] = Within::of(caller, Right::CaseRead).args();
        let rows = self
            .read(
                concat!(
                    "SELECT id, number, title, state, due, assignee, opened, version FROM case_file c \
                     WHERE id < $1 AND ($2 = '' OR state = $2 OR ($2 = 'unclosed' AND state <> 'closed')) \
                     AND ($3 = '' OR replace($3, ',' || COALESCE(assignee, ',') || ',', '') <> $3) AND ",
                    of_case!("$4", "$5", "$6"),
                    " ORDER BY id DESC LIMIT $7"
                ),
                args![before, state, assignees, counties, units, people, limit as i64],
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

    /// How many cases within the caller's scope are not closed, and how many of them are past their deadline.
    pub async fn case_counts(&self, caller: &Caller, now: Instant) -> Result<(i64, i64), StoreError> {
        let [counties, units, people] = Within::of(caller, Right::CaseRead).args();
        let row = self
            .read_one(
                concat!(
                    "SELECT COUNT(*), COUNT(CASE WHEN due < $1 THEN 1 END) FROM case_file c WHERE state <> 'closed' AND ",
                    of_case!("$2", "$3", "$4")
                ),
                args![now, counties, units, people],
            )
            .await?;
        let row = row.ok_or(StoreError::NotFound)?;
        Ok((row.int(0)?, row.int(1)?))
    }

    /// Keeps a file of a case.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such case, [`StoreError::Forbidden`] when they may neither report nor
    /// verify it.
    pub async fn evidence_put(&self, caller: &Caller, row: &EvidenceRow, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.guard().admit()?;
        let (caller, e) = (caller.clone(), row.clone());
        self.write(move |tx| {
            case_seen(tx, &caller, Right::CaseRead, e.case)?;
            let proves = [Right::CaseReport, Right::CaseVerify];
            if !proves.into_iter().any(|right| case_seen(tx, &caller, right, e.case).is_ok()) {
                return Err(StoreError::Forbidden);
            }
            tx.execute(
                "INSERT INTO evidence (id, case_id, name, media_type, size, sha256, person, at, bytes) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                args![e.id, e.case, &e.name, &e.media_type, e.size, &e.sha256, e.by, e.at, bytes],
            )?;
            let after = serde_json::json!({"case": e.case, "sha256": e.sha256, "size": e.size});
            note(tx, &caller, e.at, "evidence_put", &e.id.to_string(), Change { before: None, after: Some(after) })
        })
        .await
    }

    /// A file with its bytes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no case with such a file.
    pub async fn evidence(&self, caller: &Caller, id: EvidenceId) -> Result<(EvidenceRow, Vec<u8>), StoreError> {
        let row = self
            .read_one(
                "SELECT id, case_id, name, media_type, size, sha256, person, at, bytes FROM evidence WHERE id=$1",
                args![id],
            )
            .await?
            .ok_or(StoreError::NotFound)?;
        let found = evidence(&row)?;
        self.case_must_be_seen(caller, found.case).await?;
        Ok((found, row.blob(8)?))
    }

    /// Files of a case, oldest first.
    pub async fn evidence_list(&self, caller: &Caller, case: CaseId) -> Result<Vec<EvidenceRow>, StoreError> {
        self.case_must_be_seen(caller, case).await?;
        let text = "SELECT id, case_id, name, media_type, size, sha256, person, at FROM evidence WHERE case_id=$1 ORDER BY at, id";
        self.read(text, args![case]).await?.iter().map(evidence).collect()
    }
}
