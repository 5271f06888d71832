//! Readings in bulk: prepared once, each key kept once, the newest value of each point written once a group.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension};
use shanshui_domain::id::TelegramId;
use shanshui_domain::sense::reviewed::{Device, held, is_reviewed};
use shanshui_domain::sense::{Kept, Reading};

use super::sql;
use crate::StoreError;
use crate::pack::{self, FORGET, UPTO};
use crate::sense::{Arrival, Receipt};

const INSERT_TELEGRAM: &str =
    "INSERT INTO telegram (arrived, peer, mn, cn, qn, raw, problems, quarantine) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)";
const INSERT_READING: &str = "INSERT OR IGNORE INTO reading \
    (block, kind, at, point, version, value, number, extra, mark, arrived, late, telegram) \
    VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)";
/// What slow work with readings is called in the log: its statements run too often to be timed one by one.
pub(super) const READINGS: &str = INSERT_READING;
const NEWEST: &str = "SELECT version, value, extra, mark, telegram IS NULL FROM reading \
    WHERE block=$1 AND kind=$2 AND at=$3 AND point=$4 ORDER BY version DESC LIMIT 1";
/// What a device said last of a key that a reviewer has said a value of.
const SENT: &str = "SELECT value, extra, mark FROM reading \
    WHERE block=$1 AND kind=$2 AND at=$3 AND point=$4 AND telegram IS NOT NULL ORDER BY version DESC LIMIT 1";
/// The reviewed version of a key said again, above what a device has said since. Arguments by their number: the last comes first.
const SAY_AGAIN: &str = "INSERT INTO reading \
    (block, kind, at, point, version, value, number, extra, mark, arrived, late, telegram) \
    SELECT block, kind, at, point, ?5 + 2, value, number, extra, mark, arrived, late, telegram FROM reading \
    WHERE block=?1 AND kind=?2 AND at=?3 AND point=?4 AND version=?5";

/// Whether data of this time and block is published.
const FROZEN: &str = "SELECT 1 FROM frozen WHERE block=?1 AND first_at<=?2 AND until_at>?2 LIMIT 1";
const SAY: &str = "INSERT INTO reading (block, kind, at, point, version, value, number, extra, mark, arrived, late, telegram) \
    VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,0,NULL)";

/// Keeps telegrams with their readings, and says which values may be the newest of their points.
pub(super) fn arrive(db: &Connection, arrivals: Vec<Arrival>) -> Result<(Vec<Receipt>, Latest), StoreError> {
    let mut latest = Latest::default();
    let mut insert = db.prepare_cached(INSERT_TELEGRAM).map_err(sql)?;
    let mut receipts = Vec::with_capacity(arrivals.len());
    let upto: i64 = db.prepare_cached(UPTO).and_then(|mut s| s.query_row([], |row| row.get(0))).map_err(sql)?;
    let mut stale = BTreeSet::new();
    for Arrival { telegram: t, readings } in arrivals {
        stale.extend(pack::stale(readings.iter().map(|r| &r.key), upto));
        let mn = t.mn.as_ref().map(|m| m.0.as_str());
        insert
            .execute(rusqlite::params![t.arrived.0, t.peer, mn, t.cn, t.qn, t.raw, t.problems, t.quarantine])
            .map_err(sql)?;
        let id = TelegramId(db.last_insert_rowid());
        let mut kept = Vec::with_capacity(readings.len());
        for reading in readings {
            let (what, held) = keep(db, &reading, id)?;
            match (what, held) {
                (Kept::New | Kept::Version(_), _) => latest.see(reading, Some(id)),
                (_, Some(held)) => latest.see(held, None),
                _ => {}
            }
            kept.push(what);
        }
        receipts.push(Receipt { telegram: id, kept });
    }
    for place in stale {
        db.prepare_cached(FORGET).and_then(|mut s| s.execute(place)).map_err(sql)?;
    }
    Ok((receipts, latest))
}

/// What keeping a reading did, and the version that holds what was published above it.
fn keep(db: &Connection, r: &Reading, telegram: TelegramId) -> Result<(Kept, Option<Reading>), StoreError> {
    let frozen = r.late && is_frozen(db, r)?;
    if insert(db, r, telegram, 1)? {
        return if frozen { hold(db, r, 1, held(r, None)) } else { Ok((Kept::New, None)) };
    }
    let key = (r.key.point.block(), r.key.kind.number(), r.key.at.0, r.key.point.0);
    let mut newest = db.prepare_cached(NEWEST).map_err(sql)?;
    let found = newest
        .query_row(key, |row| {
            let reviewed = row.get::<_, bool>(4)? && is_reviewed(row.get_ref(2)?.as_str()?);
            let (value, extra, mark) =
                (row.get_ref(1)?.as_str_or_null()?, row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?);
            let published = frozen.then(|| held(r, Some(Device { value, extra, mark })));
            Ok((row.get::<_, i64>(0)?, same(row, 1, r)?, reviewed, published))
        })
        .optional()
        .map_err(sql)?;
    match found {
        Some((version, _, true, _)) => Ok((beside(db, r, telegram, version)?, None)),
        Some((_, true, false, _)) => Ok((Kept::Repeat, None)),
        Some((version, false, false, published)) => {
            insert(db, r, telegram, version + 1)?;
            match published {
                Some(published) => hold(db, r, version + 1, published),
                None => Ok((Kept::Version(version + 1), None)),
            }
        }
        None => Err(StoreError::Corrupt("a reading was neither new nor there".into())),
    }
}

fn is_frozen(db: &Connection, r: &Reading) -> Result<bool, StoreError> {
    let mut frozen = db.prepare_cached(FROZEN).map_err(sql)?;
    frozen.exists((r.key.point.block(), r.key.at.0)).map_err(sql)
}

/// Holds what was published above a version that came late.
fn hold(db: &Connection, r: &Reading, below: i64, held: Reading) -> Result<(Kept, Option<Reading>), StoreError> {
    let mut say = db.prepare_cached(SAY).map_err(sql)?;
    let (block, kind, at, point) = (r.key.point.block(), r.key.kind.number(), r.key.at.0, r.key.point.0);
    let (number, arrived) = (held.number(), held.arrived.0);
    say.execute((block, kind, at, point, below + 1, &held.value, number, &held.extra, &held.mark, arrived))
        .map_err(sql)?;
    Ok((Kept::Beside(below), Some(held)))
}

/// A device speaks of a value that a reviewer has said: what it says is kept, and does not count.
fn beside(db: &Connection, r: &Reading, telegram: TelegramId, version: i64) -> Result<Kept, StoreError> {
    let (block, kind, at, point) = (r.key.point.block(), r.key.kind.number(), r.key.at.0, r.key.point.0);
    let mut sent = db.prepare_cached(SENT).map_err(sql)?;
    let repeat = sent.query_row((block, kind, at, point), |row| same(row, 0, r)).optional().map_err(sql)?;
    if repeat == Some(true) {
        return Ok(Kept::Repeat);
    }
    insert(db, r, telegram, version + 1)?;
    let mut again = db.prepare_cached(SAY_AGAIN).map_err(sql)?;
    again.execute((block, kind, at, point, version)).map_err(sql)?;
    Ok(Kept::Beside(version + 1))
}

/// Whether value, other statistics and mark from a column on are those of a reading.
fn same(row: &rusqlite::Row<'_>, first: usize, r: &Reading) -> rusqlite::Result<bool> {
    Ok(row.get_ref(first)?.as_str_or_null()? == r.value.as_deref()
        && row.get_ref(first + 1)?.as_str()? == r.extra
        && row.get_ref(first + 2)?.as_str()? == r.mark)
}

fn insert(db: &Connection, r: &Reading, telegram: TelegramId, version: i64) -> Result<bool, StoreError> {
    let mut statement = db.prepare_cached(INSERT_READING).map_err(sql)?;
    let changed = statement
        .execute(rusqlite::params![
            r.key.point.block(),
            r.key.kind.number(),
            r.key.at.0,
            r.key.point.0,
            version,
            r.value,
            r.number(),
            r.extra,
            r.mark,
            r.arrived.0,
            r.late,
            telegram.0
        ])
        .map_err(sql)?;
    Ok(changed == 1)
}

/// The newest reading of each point seen in a group: written once per group, and never over a newer one.
#[derive(Default)]
pub(super) struct Latest(HashMap<(i64, i64), (Reading, Option<TelegramId>)>);

impl Latest {
    fn see(&mut self, reading: Reading, telegram: Option<TelegramId>) {
        let key = (reading.key.point.0, reading.key.kind.number());
        let older = self.0.get(&key).is_some_and(|(held, _)| held.key.at > reading.key.at);
        if !older {
            self.0.insert(key, (reading, telegram));
        }
    }

    /// What a later arrival of the group has seen counts before what an earlier one has.
    pub(super) fn merge(&mut self, later: Self) {
        for (reading, telegram) in later.0.into_values() {
            self.see(reading, telegram);
        }
    }

    pub(super) fn write(&self, db: &Connection) -> Result<(), StoreError> {
        let mut statement = db
            .prepare_cached(
                "INSERT INTO latest (point, kind, at, value, number, mark, arrived, late, telegram) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (point, kind) DO UPDATE SET at=excluded.at, \
                 value=excluded.value, number=excluded.number, mark=excluded.mark, arrived=excluded.arrived, \
                 late=excluded.late, telegram=excluded.telegram WHERE excluded.at >= latest.at",
            )
            .map_err(sql)?;
        for (r, telegram) in self.0.values() {
            let kind = r.key.kind.number();
            statement
                .execute(rusqlite::params![
                    r.key.point.0,
                    kind,
                    r.key.at.0,
                    r.value,
                    r.number(),
                    r.mark,
                    r.arrived.0,
                    r.late,
                    telegram.map(|t| t.0)
                ])
                .map_err(sql)?;
        }
        Ok(())
    }
}
