//! Data review (数据审核): what checks and detectors have found, what people decide of it, and what is signed.
//!
//! Findings, decisions and signatures are only appended. A finding that is found again is not doubled; one whose stretch or evidence
//! is another becomes its next version. A decision that changes values appends the next version of each reading in the same write
//! ([`shanshui_domain::sense::reviewed`]), so that curves, figures, evaluations and exports follow by themselves.

use sha2::{Digest as _, Sha256};
use shanshui_domain::analyse::review::desk::{
    Level, Refusal, SignSpan, Signature, Standing, may_change, may_return, may_sign, standing, waits_for,
};
use shanshui_domain::id::{CaseId, PersonId, PointId, StationCode};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::sense::Reading;
use shanshui_domain::time::{Instant, PeriodKind};

use crate::audit::{Change, note};
use crate::cluster::put_job;
use crate::dialect::postgres::Month;
use crate::pack::forget;
use crate::scope::{Within, at_station};
use crate::sense::kind as kind_of;
use crate::sql::{Row, Tx};
use crate::{JobIn, MovedState, Store, StoreError, args};

/// What a check or detector has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingIn {
    /// Station.
    pub station: StationCode,
    /// The point; none when the whole station is meant.
    pub point: Option<PointId>,
    /// Its factor.
    pub factor: Option<String>,
    /// Kind of period of the values; none when it is about no values.
    pub kind: Option<PeriodKind>,
    /// `check`, `clue` or `desk`.
    pub family: String,
    /// Check or detector.
    pub rule: String,
    /// Version of its parameters.
    pub rule_version: i64,
    /// The stretch, `[from, to)`.
    pub from: Instant,
    /// Its end.
    pub to: Instant,
    /// Score of a clue.
    pub score: Option<String>,
    /// 0 to 100.
    pub urgency: i64,
    /// Values and happenings, as JSON.
    pub evidence: String,
    /// Code and numbers of the reason, threshold and contributions, as JSON.
    pub reason: String,
}

/// A version of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// Id, the same for every version.
    pub id: String,
    /// From 1.
    pub version: i64,
    /// What was found.
    pub what: FindingIn,
    /// When.
    pub made: Instant,
}

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingState {
    /// Its newest version.
    pub newest: FindingRow,
    /// The level it waits for; none when all three have decided.
    pub waits: Option<Level>,
    /// The last verdict.
    pub verdict: Option<String>,
    /// The case that was opened from it.
    pub case: Option<CaseId>,
}

/// What putting findings did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FindingsPut {
    /// New ones.
    pub new: usize,
    /// Next versions.
    pub changed: usize,
    /// Known as they are.
    pub known: usize,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Id.
    pub id: String,
    /// The finding and its version; none of a decision on values alone.
    pub finding: Option<(String, i64)>,
    /// Station.
    pub station: StationCode,
    /// Point whose values were looked at.
    pub point: Option<PointId>,
    /// Kind of period.
    pub kind: Option<PeriodKind>,
    /// The stretch, `[from, to)`.
    pub from: Instant,
    /// Its end.
    pub to: Instant,
    /// Level; none of what is no step of review, as opening a case.
    pub level: Option<Level>,
    /// `accept`, `invalidate`, `manual`, `restore`, `return`, `case`.
    pub verdict: String,
    /// Grounds of an invalid value.
    pub ground: Option<String>,
    /// Manual value.
    pub value: Option<String>,
    /// The document that says it.
    pub document: Option<String>,
    /// In which words.
    pub note: String,
    /// Who; none of a job.
    pub person: Option<PersonId>,
    /// When.
    pub at: Instant,
    /// Values that were changed.
    pub changed: i64,
    /// The case that was opened.
    pub case: Option<CaseId>,
}

/// A signature or return of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOffRow {
    /// Station.
    pub station: StationCode,
    /// The span, as [`SignSpan`] writes it.
    pub span: String,
    /// Place among the signatures of the span, from 1; given by the store.
    pub seq: i64,
    /// Its first instant.
    pub first: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// Level.
    pub level: Level,
    /// Edition, from 1; given by the store.
    pub edition: i64,
    /// Given back instead of signed.
    pub returned: bool,
    /// Who; none of a job.
    pub person: Option<PersonId>,
    /// When.
    pub at: Instant,
    /// SHA-256 over what counts in the span.
    pub digest: String,
    /// In which words.
    pub note: String,
    /// The decision that made this edition of what was published before.
    pub decision: Option<String>,
}

impl SignOffRow {
    fn signature(&self) -> Signature {
        Signature { level: self.level, edition: self.edition, returned: self.returned }
    }
}

/// Which findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingFilter {
    /// Of one station.
    pub station: Option<StationCode>,
    /// Waiting for a level.
    pub level: Option<Level>,
    /// Decided by all three; none is both.
    pub done: Option<bool>,
    /// Of a family.
    pub family: Option<String>,
    /// Of a check or detector.
    pub rule: Option<String>,
}

/// A value that a decision changes: its next version, and the version it was decided on.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewrite {
    /// As the reviewer says it.
    pub reading: Reading,
    /// The version that counted when it was looked at.
    pub seen: i64,
}

/// Done, among the levels that findings wait for.
const DONE: i64 = 4;

fn waits(level: Option<Level>) -> i64 {
    level.map_or(DONE, Level::number)
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

impl FindingIn {
    /// Names the finding, on every node alike.
    fn id(&self) -> String {
        let (factor, kind) = self.place();
        let key = format!("{}|{factor}|{kind}|{}|{}|{}", self.station, self.family, self.rule, self.from.0);
        digest(&key)[..32].to_owned()
    }

    /// Factor and kind as the derived table keeps them: nothing is a value there too.
    fn place(&self) -> (&str, i64) {
        (self.factor.as_deref().unwrap_or_default(), self.kind.map_or(-1, PeriodKind::number))
    }

    /// What makes another version: which parameters, which stretch, what was seen. A threshold alone, which moves with what lies
    /// around, makes none.
    fn digest(&self) -> String {
        digest(&format!("{}|{}|{}|{}", self.rule_version, self.from.0, self.to.0, self.evidence))
    }
}

macro_rules! finding_columns {
    ($of:literal) => {
        concat!(
            $of,
            ".id, ",
            $of,
            ".version, ",
            $of,
            ".station, ",
            $of,
            ".point, ",
            $of,
            ".factor, ",
            $of,
            ".kind, ",
            $of,
            ".family, ",
            $of,
            ".rule, ",
            $of,
            ".rule_version, ",
            $of,
            ".from_at, ",
            $of,
            ".to_at, ",
            $of,
            ".score, ",
            $of,
            ".urgency, ",
            $of,
            ".evidence, ",
            $of,
            ".reason, ",
            $of,
            ".made"
        )
    };
}

fn finding_row(r: &Row) -> Result<FindingRow, StoreError> {
    let what = FindingIn {
        station: StationCode(r.text(2)?),
        point: r.int_opt(3)?.map(PointId),
        factor: r.text_opt(4)?,
        kind: r.int_opt(5)?.map(kind_of).transpose()?,
        family: r.text(6)?,
        rule: r.text(7)?,
        rule_version: r.int(8)?,
        from: Instant(r.int(9)?),
        to: Instant(r.int(10)?),
        score: r.text_opt(11)?,
        urgency: r.int(12)?,
        evidence: r.text(13)?,
        reason: r.text(14)?,
    };
    Ok(FindingRow { id: r.text(0)?, version: r.int(1)?, what, made: Instant(r.int(15)?) })
}

fn state_row(r: &Row) -> Result<FindingState, StoreError> {
    let newest = finding_row(r)?;
    Ok(FindingState {
        newest,
        waits: Level::from_number(r.int(16)?),
        verdict: r.text_opt(17)?,
        case: r.parsed_opt(18)?,
    })
}

const DECISION: &str = "SELECT id, finding, finding_version, station, point, kind, from_at, to_at, level, verdict, ground, value, \
    document, note, person, at, changed, case_id FROM decision WHERE finding=$1 ORDER BY at, id";
const DECISIONS_OF: &str = "SELECT id, finding, finding_version, station, point, kind, from_at, to_at, level, verdict, ground, value, \
    document, note, person, at, changed, case_id FROM decision WHERE station=$1 AND from_at<$3 AND to_at>$2 ORDER BY at, id LIMIT $4";

fn decision_row(r: &Row) -> Result<DecisionRow, StoreError> {
    let finding = r.text_opt(1)?.zip(r.int_opt(2)?);
    Ok(DecisionRow {
        id: r.text(0)?,
        finding,
        station: StationCode(r.text(3)?),
        point: r.int_opt(4)?.map(PointId),
        kind: r.int_opt(5)?.map(kind_of).transpose()?,
        from: Instant(r.int(6)?),
        to: Instant(r.int(7)?),
        level: Level::from_number(r.int(8)?),
        verdict: r.text(9)?,
        ground: r.text_opt(10)?,
        value: r.text_opt(11)?,
        document: r.text_opt(12)?,
        note: r.text(13)?,
        person: r.parsed_opt(14)?,
        at: Instant(r.int(15)?),
        changed: r.int(16)?,
        case: r.parsed_opt(17)?,
    })
}

const SIGN_OFFS: &str = "SELECT station, span, seq, first_at, until_at, level, edition, returned, person, at, digest, note, decision \
    FROM sign_off WHERE station=$1 AND span=$2 ORDER BY seq";
const SIGNED_OVER: &str = "SELECT station, span, seq, first_at, until_at, level, edition, returned, person, at, digest, note, decision \
    FROM sign_off WHERE station=$1 AND first_at<$3 AND until_at>$2 ORDER BY span, seq";

fn sign_off_row(r: &Row) -> Result<SignOffRow, StoreError> {
    let level = r.int(5)?;
    Ok(SignOffRow {
        station: StationCode(r.text(0)?),
        span: r.text(1)?,
        seq: r.int(2)?,
        first: Instant(r.int(3)?),
        until: Instant(r.int(4)?),
        level: Level::from_number(level).ok_or_else(|| StoreError::Corrupt(format!("level {level}")))?,
        edition: r.int(6)?,
        returned: r.int(7)? != 0,
        person: r.parsed_opt(8)?,
        at: Instant(r.int(9)?),
        digest: r.text(10)?,
        note: r.text(11)?,
        decision: r.text_opt(12)?,
    })
}

/// Where a span stands, from its rows.
pub fn stands(rows: &[SignOffRow]) -> Standing {
    standing(rows.iter().map(SignOffRow::signature))
}

fn put_finding(tx: &mut dyn Tx, new: &FindingIn, made: Instant) -> Result<(bool, i64), StoreError> {
    // of what is known of the same kind: the same beginning, or more than a moment in common
    const KNOWN: &str = "SELECT s.id, s.version, s.from_at, s.to_at, f.digest FROM finding_state s \
        JOIN finding f ON f.id=s.id AND f.version=s.version WHERE s.station=$1 AND s.rule=$2 AND s.factor=$3 AND s.kind=$4 \
        AND s.family=$5 AND (s.from_at=$6 OR (s.from_at<$7 AND s.to_at-1>$6)) ORDER BY s.from_at LIMIT 1";
    let (factor, kind) = new.place();
    let known =
        tx.row(KNOWN, args![&new.station, &new.rule, factor, kind, &new.family, new.from, Instant(new.to.0 - 1)])?;
    let mut new = new.clone();
    let (id, version) = match known {
        None => (new.id(), 1),
        Some(row) => {
            let (from, to) = (Instant(row.int(2)?), Instant(row.int(3)?));
            let inside = from <= new.from && new.to <= to && (from, to) != (new.from, new.to);
            if inside || row.text(4)? == new.digest() {
                return Ok((false, row.int(1)?));
            }
            (new.from, new.to) = (new.from.min(from), new.to.max(to));
            (row.text(0)?, row.int(1)? + 1)
        }
    };
    let (factor, kind) = new.place();
    tx.execute(
        "INSERT INTO finding (id, version, station, point, factor, kind, family, rule, rule_version, from_at, to_at, score, \
         urgency, evidence, reason, digest, made) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)",
        args![
            &id, version, &new.station, new.point, new.factor.clone(), new.kind.map(PeriodKind::number), &new.family, &new.rule,
            new.rule_version, new.from, new.to, new.score.clone(), new.urgency, &new.evidence, &new.reason, new.digest(), made
        ],
    )?;
    // another version waits from the beginning: what was decided was decided of what was seen then
    tx.execute(
        "INSERT INTO finding_state (id, version, station, factor, kind, family, rule, from_at, to_at, urgency, waits, verdict, \
         case_id) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,1,NULL,NULL) ON CONFLICT (id) DO UPDATE SET version=excluded.version, \
         from_at=excluded.from_at, to_at=excluded.to_at, urgency=excluded.urgency, waits=1, verdict=NULL",
        args![&id, version, &new.station, factor, kind, &new.family, &new.rule, new.from, new.to, new.urgency],
    )?;
    Ok((true, version))
}

/// One more version of a reading, and of the newest value when it is that.
fn rewrite(tx: &mut dyn Tx, on_postgres: bool, one: &Rewrite) -> Result<(), StoreError> {
    let Rewrite { reading: r, seen } = one;
    let key = || args![r.key.point.block(), r.key.kind.number(), r.key.at, r.key.point];
    let newest = "SELECT MAX(version) FROM reading WHERE block=$1 AND kind=$2 AND at=$3 AND point=$4";
    let hot = tx.row(newest, key())?.map_or(Ok(None), |row| row.int_opt(0))?;
    if hot.is_some_and(|hot| hot != *seen) {
        return Err(StoreError::Conflict);
    }
    if on_postgres && let Some(Month { table, span }) = Month::of(r.key.at.0) {
        let there = "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid=i.inhrelid \
            WHERE i.inhparent='reading'::regclass AND c.relname=$1";
        if tx.row(there, args![&table])?.is_none() {
            tx.define(&format!(
                "CREATE TABLE {table} (LIKE reading INCLUDING ALL); \
                 ALTER TABLE reading ATTACH PARTITION {table} FOR VALUES FROM ({}) TO ({})",
                span.start, span.end
            ))?;
        }
    }
    forget(tx, [&r.key])?;
    let mut args = key();
    let value = r.value.clone();
    args.extend(args![*seen + 1, value.clone(), r.number(), &r.extra, &r.mark, r.arrived, r.late]);
    tx.execute(
        "INSERT INTO reading (block, kind, at, point, version, value, number, extra, mark, arrived, late, telegram) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,NULL)",
        args,
    )?;
    tx.execute(
        "UPDATE latest SET value=$4, number=$5, mark=$6, arrived=$7, late=$8, telegram=NULL WHERE point=$1 AND kind=$2 AND at=$3",
        args![r.key.point, r.key.kind.number(), r.key.at, value, r.number(), &r.mark, r.arrived, r.late],
    )?;
    Ok(())
}

pub(crate) fn put_decision(tx: &mut dyn Tx, d: &DecisionRow) -> Result<(), StoreError> {
    let (finding, version) = d.finding.clone().unzip();
    tx.execute(
        "INSERT INTO decision (id, finding, finding_version, station, point, kind, from_at, to_at, level, verdict, ground, value, \
         document, note, person, at, changed, case_id) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18)",
        args![
            &d.id, finding, version, &d.station, d.point, d.kind.map(PeriodKind::number), d.from, d.to,
            d.level.map_or(0, Level::number), &d.verdict, d.ground.clone(), d.value.clone(), d.document.clone(), &d.note,
            d.person, d.at, d.changed, d.case
        ],
    )?;
    Ok(())
}

/// Ties a finding to a case; one that has a case stays with it, and the answer is false.
pub(crate) fn tie_finding(tx: &mut dyn Tx, id: &str, case: CaseId) -> Result<bool, StoreError> {
    let tie = "UPDATE finding_state SET case_id=$2 WHERE id=$1 AND case_id IS NULL";
    Ok(tx.execute(tie, args![id, case])? > 0)
}

fn put_sign_off(tx: &mut dyn Tx, s: &SignOffRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO sign_off (station, span, seq, first_at, until_at, level, edition, returned, person, at, digest, note, \
         decision) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)",
        args![
            &s.station, &s.span, s.seq, s.first, s.until, s.level.number(), s.edition, s.returned, s.person, s.at, &s.digest,
            &s.note, s.decision.clone()
        ],
    )?;
    Ok(())
}

fn signed_over(
    tx: &mut dyn Tx,
    station: &StationCode,
    (from, to): (Instant, Instant),
) -> Result<Vec<Vec<SignOffRow>>, StoreError> {
    let rows = tx.query(SIGNED_OVER, args![station, from, to])?;
    let rows: Vec<SignOffRow> = rows.iter().map(sign_off_row).collect::<Result<_, _>>()?;
    Ok(rows.chunk_by(|a, b| a.span == b.span).map(<[SignOffRow]>::to_vec).collect())
}

const QUEUE: &str = concat!(
    "SELECT ",
    finding_columns!("f"),
    ", s.waits, s.verdict, s.case_id FROM finding_state s JOIN finding f ON f.id=s.id AND f.version=s.version WHERE \
     ($1='' OR s.station=$1) AND (s.waits=$2 OR CAST($2 AS BIGINT)=0) AND (CAST($3 AS BIGINT)<0 OR (CAST($3 AS BIGINT)=1 AND s.waits=4) OR (CAST($3 AS BIGINT)=0 AND s.waits<4)) AND \
     ($4='' OR s.family=$4) AND ($5='' OR s.rule=$5) AND (s.urgency<$6 OR (s.urgency=$6 AND s.id>$7)) AND ",
    at_station!("s.station", "$8", "$9"),
    " ORDER BY s.urgency DESC, s.id LIMIT $10"
);

const ONE: &str = concat!(
    "SELECT ",
    finding_columns!("f"),
    ", s.waits, s.verdict, s.case_id FROM finding_state s JOIN finding f ON f.id=s.id AND f.version=s.version WHERE s.id=$1 AND ",
    at_station!("s.station", "$2", "$3")
);

const OVER: &str = concat!(
    "SELECT ",
    finding_columns!("f"),
    ", s.waits, s.verdict, s.case_id FROM finding_state s JOIN finding f ON f.id=s.id AND f.version=s.version WHERE \
     s.station=$1 AND s.from_at<$3 AND s.to_at>$2 AND ",
    at_station!("s.station", "$4", "$5"),
    " ORDER BY s.from_at, s.id LIMIT $6"
);

const WAITING: &str = concat!(
    "SELECT s.waits, COUNT(*) FROM finding_state s WHERE s.waits<4 AND ($1='' OR s.station=$1) AND ",
    at_station!("s.station", "$2", "$3"),
    " GROUP BY s.waits"
);

impl Store {
    /// Keeps what was found. The same again is not doubled; another stretch or other evidence is the next version.
    pub async fn findings_put(&self, found: Vec<FindingIn>, made: Instant) -> Result<FindingsPut, StoreError> {
        if found.is_empty() {
            return Ok(FindingsPut::default());
        }
        self.write(move |tx| {
            let mut put = FindingsPut::default();
            for one in &found {
                match put_finding(tx, one, made)? {
                    (true, 1) => put.new += 1,
                    (true, _) => put.changed += 1,
                    (false, _) => put.known += 1,
                }
            }
            Ok(put)
        })
        .await
    }

    /// Findings that the caller sees, those that press most first; `after` is urgency and id of the last of the page before.
    pub async fn findings(
        &self,
        caller: &Caller,
        filter: &FindingFilter,
        after: Option<(i64, String)>,
        limit: usize,
    ) -> Result<Vec<FindingState>, StoreError> {
        let [counties, units, _] = Within::of(caller, Right::ReviewRead).args();
        let (urgency, id) = after.unwrap_or((i64::MAX, String::new()));
        let station = filter.station.as_ref().map_or("", StationCode::as_str);
        let level = filter.level.map_or(0, Level::number);
        let done = filter.done.map_or(-1, i64::from);
        let word = |text: &Option<String>| text.clone().unwrap_or_default();
        let args = args![
            station,
            level,
            done,
            word(&filter.family),
            word(&filter.rule),
            urgency,
            id,
            counties,
            units,
            limit as i64
        ];
        self.read(QUEUE, args).await?.iter().map(state_row).collect()
    }

    /// Findings about values of a station in `[from, to)`, decided or not, oldest first.
    pub async fn findings_over(
        &self,
        caller: &Caller,
        station: &StationCode,
        (from, to): (Instant, Instant),
        limit: usize,
    ) -> Result<Vec<FindingState>, StoreError> {
        let [counties, units, _] = Within::of(caller, Right::ReviewRead).args();
        let args = args![station, from, to, counties, units, limit as i64];
        self.read(OVER, args).await?.iter().map(state_row).collect()
    }

    /// How many findings wait for each of the three levels, as far as the caller sees them.
    pub async fn findings_waiting(
        &self,
        caller: &Caller,
        station: Option<&StationCode>,
    ) -> Result<[i64; 3], StoreError> {
        let [counties, units, _] = Within::of(caller, Right::ReviewRead).args();
        let station = station.map_or("", StationCode::as_str);
        let mut waiting = [0; 3];
        for row in self.read(WAITING, args![station, counties, units]).await? {
            if let Some(place) = usize::try_from(row.int(0)? - 1).ok().and_then(|i| waiting.get_mut(i)) {
                *place = row.int(1)?;
            }
        }
        Ok(waiting)
    }

    /// A finding as it stands, every version of it, oldest first, and what was decided, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see its station.
    pub async fn finding(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(FindingState, Vec<FindingRow>, Vec<DecisionRow>), StoreError> {
        let [counties, units, _] = Within::of(caller, Right::ReviewRead).args();
        let state = self.read_one(ONE, args![id, counties, units]).await?.ok_or(StoreError::NotFound)?;
        const VERSIONS: &str =
            concat!("SELECT ", finding_columns!("f"), " FROM finding f WHERE f.id=$1 ORDER BY f.version");
        let versions = self.read(VERSIONS, args![id]).await?;
        let decisions = self.read(DECISION, args![id]).await?;
        Ok((
            state_row(&state)?,
            versions.iter().map(finding_row).collect::<Result<_, _>>()?,
            decisions.iter().map(decision_row).collect::<Result<_, _>>()?,
        ))
    }

    /// What was decided about values of a station in `[from, to)`, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn decisions(
        &self,
        caller: &Caller,
        station: &StationCode,
        (from, to): (Instant, Instant),
        limit: usize,
    ) -> Result<Vec<DecisionRow>, StoreError> {
        self.station_seen(caller, Right::ReviewRead, station).await?;
        let rows = self.read(DECISIONS_OF, args![station, from, to, limit as i64]).await?;
        rows.iter().map(decision_row).collect()
    }

    /// Keeps a decision, and the next version of each value that it changes. Spans that are published and changed by it get their
    /// next edition, one of `editions` each, whose number the store gives; gives what was written of them. What `depends` on the values
    /// is put down in the same write.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station, [`StoreError::Forbidden`] when they may not decide at this
    /// level, [`StoreError::Desk`] when the rules of the desk say no, [`StoreError::Conflict`] when a value or the finding has moved
    /// on since it was looked at; nothing is written then.
    pub async fn decide(
        &self,
        caller: &Caller,
        decision: DecisionRow,
        (values, seen): (Vec<Rewrite>, MovedState),
        (editions, depends): (Vec<SignOffRow>, Vec<JobIn>),
    ) -> Result<Vec<SignOffRow>, StoreError> {
        let Some(level) = decision.level else { return Err(StoreError::Forbidden) };
        self.station_seen(caller, Right::ReviewRead, &decision.station).await?;
        let may = self.station_seen(caller, level.right(), &decision.station).await;
        may.map_err(|_| StoreError::Forbidden)?;
        let (on_postgres, caller) = (self.path().is_none(), caller.clone());
        self.write_between_arrivals(move |tx| {
            if let Some((id, version)) = &decision.finding {
                let state = tx.row("SELECT version, waits FROM finding_state WHERE id=$1", args![id])?;
                let state = state.ok_or(StoreError::NotFound)?;
                if state.int(0)? != *version {
                    return Err(StoreError::Conflict);
                }
                let waiting = Level::from_number(state.int(1)?);
                // the third level may look again at what all have decided: it makes the next edition
                let again = waiting.is_none() && level == Level::Third;
                if waiting != Some(level) && !again {
                    return Err(StoreError::Desk(Refusal::Waits(waiting)));
                }
                let next = waits_for(Some((level, decision.verdict == "return")));
                tx.execute(
                    "UPDATE finding_state SET waits=$2, verdict=$3 WHERE id=$1",
                    args![id, waits(next), &decision.verdict],
                )?;
            }
            let mut made = Vec::new();
            if let (Some(first), Some(last)) =
                (values.iter().map(|v| v.reading.key.at).min(), values.iter().map(|v| v.reading.key.at).max())
            {
                let now = tx.row(crate::history::STATE, args![])?;
                if crate::history::state(now)?.generation != seen.generation {
                    return Err(StoreError::Conflict);
                }
                for rows in signed_over(tx, &decision.station, (first, Instant(last.0 + 1)))? {
                    let span = &rows[0].span;
                    let standing = stands(&rows);
                    if !may_change(standing, level, &decision.note, span).map_err(StoreError::Desk)? {
                        continue;
                    }
                    // published since it was looked at: there is no digest of it
                    let edition = editions.iter().find(|e| e.span == *span).ok_or(StoreError::Conflict)?;
                    let seq = rows.last().map_or(0, |r| r.seq) + 1;
                    made.push(SignOffRow { seq, edition: standing.edition + 1, ..edition.clone() });
                }
                values.iter().try_for_each(|value| rewrite(tx, on_postgres, value))?;
            }
            made.iter().try_for_each(|row| put_sign_off(tx, row))?;
            depends.iter().try_for_each(|job| put_job(tx, job).map(drop))?;
            put_decision(tx, &decision)?;
            let subject = decision.finding.as_ref().map_or(decision.station.as_str(), |(id, _)| id);
            let after = serde_json::json!({"decision": decision.id, "station": decision.station, "level": level.number(),
                "verdict": decision.verdict, "changed": decision.changed, "editions": made.len()});
            let change = Change { before: None, after: Some(after) };
            note(tx, &caller, decision.at, "review_decide", subject, change)?;
            Ok(made)
        })
        .await
    }

    /// Signs a span, or gives it back to the level below; sequence and edition are given by the store.
    ///
    /// # Errors
    /// As [`Self::decide`].
    pub async fn sign(&self, caller: &Caller, new: SignOffRow, over: bool) -> Result<SignOffRow, StoreError> {
        self.station_seen(caller, Right::ReviewRead, &new.station).await?;
        let may = self.station_seen(caller, new.level.right(), &new.station).await;
        may.map_err(|_| StoreError::Forbidden)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let rows = tx.query(SIGN_OFFS, args![&new.station, &new.span])?;
            let rows: Vec<SignOffRow> = rows.iter().map(sign_off_row).collect::<Result<_, _>>()?;
            let standing = stands(&rows);
            let checked = if new.returned {
                may_return(standing, new.level, &new.note, &new.span)
            } else {
                let open =
                    "SELECT COUNT(*) FROM finding_state WHERE station=$1 AND from_at<$3 AND to_at>$2 AND waits<=$4";
                let open = tx.row(open, args![&new.station, new.first, new.until, new.level.number()])?;
                may_sign(standing, new.level, (over, open.map_or(Ok(0), |row| row.int(0))?))
            };
            checked.map_err(StoreError::Desk)?;
            let seq = rows.last().map_or(0, |r| r.seq) + 1;
            let row = SignOffRow { seq, edition: standing.edition, ..new };
            put_sign_off(tx, &row)?;
            if row.level == Level::Third && !row.returned {
                // what comes late for it is kept from here on, and does not count by itself
                tx.execute(
                    "INSERT INTO frozen (block, first_at, until_at) SELECT DISTINCT id / 1024, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM point WHERE station=$1 \
                     ON CONFLICT (block, first_at, until_at) DO NOTHING",
                    args![&row.station, row.first, row.until],
                )?;
            }
            let after = serde_json::json!({"span": row.span, "level": row.level.number(), "edition": row.edition,
                "returned": row.returned, "digest": row.digest});
            let change = Change { before: None, after: Some(after) };
            note(tx, &caller, row.at, "review_sign", row.station.as_str(), change)?;
            Ok(row)
        })
        .await
    }

    /// Signatures of a span, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn sign_offs(
        &self,
        caller: &Caller,
        station: &StationCode,
        span: SignSpan,
    ) -> Result<Vec<SignOffRow>, StoreError> {
        self.station_seen(caller, Right::ReviewRead, station).await?;
        self.read(SIGN_OFFS, args![station, span.to_string()]).await?.iter().map(sign_off_row).collect()
    }

    /// Signatures of every span that has some of `[from, to)`, span after span, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn sign_offs_over(
        &self,
        caller: &Caller,
        station: &StationCode,
        (from, to): (Instant, Instant),
    ) -> Result<Vec<Vec<SignOffRow>>, StoreError> {
        self.station_seen(caller, Right::ReviewRead, station).await?;
        let rows = self.read(SIGNED_OVER, args![station, from, to]).await?;
        let rows: Vec<SignOffRow> = rows.iter().map(sign_off_row).collect::<Result<_, _>>()?;
        Ok(rows.chunk_by(|a, b| a.span == b.span).map(<[SignOffRow]>::to_vec).collect())
    }
}
