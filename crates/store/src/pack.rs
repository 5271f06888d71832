//! Packed days (日包): what a long curve reads instead of every row.
//!
//! A day of values by the minute is 1,440 rows of a series among those of every other factor of its station. Once it is over, what a
//! walk sees of each series' day is packed: stamps, numbers and flags of the newest versions, compressed to a few kilobytes. Packs are
//! derived. They are made in the order of writes, so that nothing comes between looking and packing, and whoever writes or takes away
//! a reading of a packed day takes the day's packs away in the same transaction. A pack that cannot be read is as good as none.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use shanshui_domain::id::PointId;
use shanshui_domain::sense::ReadingKey;
use shanshui_domain::time::{Instant, PeriodKind};

use crate::sql::{Row, Tx, Value};
use crate::walk::{Series, Thin};
use crate::{Store, StoreError, args};

/// A day of UTC, in microseconds.
const DAY: i64 = 86_400_000_000;
/// Kinds with so many values a day that packing helps.
const DENSE: [PeriodKind; 2] = [PeriodKind::Real, PeriodKind::Minute];
/// The point of the row that says that a day is packed.
const ALL: i64 = -1;
/// Bytes of an unpacked day, at most: a value each tenth of a second.
const BYTES_MAX: usize = 32 << 20;

/// Up to which instant something may be packed; where nothing says so, anything may.
pub(crate) const UPTO: &str = "SELECT COALESCE((SELECT upto FROM pack_state), 9223372036854775807)";
/// Takes the packs of a day away; block, kind, day.
pub(crate) const FORGET: &str = "DELETE FROM pack WHERE block=$1 AND kind=$2 AND day=$3";
const FORGET_DAYS: &str = "DELETE FROM pack WHERE block=$1 AND kind=$2 AND day>=$3 AND day<=$4";
const ROWS: &str =
    "SELECT at, point, number, mark, late, version FROM reading WHERE block=$1 AND kind=$2 AND at>=$3 AND at<$4";
const PUT: &str = "INSERT INTO pack (block, kind, day, point, body) VALUES ($1,$2,$3,$4,$5)";
const GET: &str =
    "SELECT day, point, body FROM pack WHERE block=$1 AND kind=$2 AND day>=$3 AND day<=$4 AND point IN (-1, $5)";
/// Everything of a day, the row that says so too.
const PACKS: &str = "SELECT point, body FROM pack WHERE block=$1 AND kind=$2 AND day=$3 ORDER BY point";
const PACKED: &str = "SELECT day FROM pack WHERE block=$1 AND kind=$2 AND point=-1";
const BLOCKS: &str = "WITH RECURSIVE b(block) AS (SELECT MIN(block) FROM reading WHERE block>=$1 UNION ALL \
    SELECT (SELECT MIN(r.block) FROM reading r WHERE r.block > b.block) FROM b WHERE b.block IS NOT NULL) \
    SELECT block FROM b WHERE block IS NOT NULL";
const NEXT: &str = "SELECT MIN(at) FROM reading WHERE block=$1 AND kind=$2 AND at>=$3 AND at<$4";

/// The day of an instant, counted from 1970.
pub(crate) fn day(at: Instant) -> i64 {
    at.0.div_euclid(DAY)
}

/// A day of a block and kind.
pub(crate) type Place = (i64, i64, i64);

/// The days whose packs do not hold any more once readings with these keys are written; `upto` as [`UPTO`] says.
pub(crate) fn stale<'a>(keys: impl IntoIterator<Item = &'a ReadingKey>, upto: i64) -> BTreeSet<Place> {
    let old = |key: &&ReadingKey| key.at.0 < upto && DENSE.contains(&key.kind);
    keys.into_iter().filter(old).map(|key| (key.point.block(), key.kind.number(), day(key.at))).collect()
}

/// Takes away the packs of the days of these keys.
pub(crate) fn forget<'a>(tx: &mut dyn Tx, keys: impl IntoIterator<Item = &'a ReadingKey>) -> Result<(), StoreError> {
    for (block, kind, day) in stale(keys, i64::MAX) {
        tx.execute(FORGET, args![block, kind, day])?;
    }
    Ok(())
}

/// The same of every day of a block and kind that `[low, high)` touches.
pub(crate) fn forget_span(
    tx: &mut dyn Tx,
    (block, kind): (i64, i64),
    (low, high): (i64, i64),
) -> Result<(), StoreError> {
    let days = (day(Instant(low)), day(Instant(high.saturating_sub(1))));
    tx.execute(FORGET_DAYS, args![block, kind, days.0, days.1])?;
    Ok(())
}

/// What is packed of a span of a series, by day; days that are not packed, or cannot be unpacked, are missing.
pub(crate) async fn packed(
    store: &Store,
    (point, kind): Series,
    (from, to): (Instant, Instant),
) -> Result<BTreeMap<i64, Vec<Thin>>, StoreError> {
    if !DENSE.contains(&kind) || to.0.saturating_sub(from.0) < 2 * DAY {
        return Ok(BTreeMap::new());
    }
    let (first, last) = (day(from), day(Instant(to.0 - 1)));
    let rows = store.read(GET, args![point.block(), kind.number(), first, last, point]).await?;
    let (mut days, mut bodies) = (BTreeSet::new(), BTreeMap::new());
    for row in rows {
        let day = row.int(0)?;
        if row.int(1)? == ALL {
            days.insert(day);
        } else {
            bodies.insert(day, row.blob(2)?);
        }
    }
    let unpacked = |day: i64| match bodies.get(&day) {
        None => Some((day, Vec::new())),
        Some(body) => unpack((point, kind), day, body).map(|rows| (day, rows)),
    };
    Ok(days.into_iter().filter_map(unpacked).collect())
}

impl Store {
    /// Packs days of dense series that were over before an instant, `most` days of a block at most; gives how many were packed, and the
    /// block to go on with when there may be more.
    pub async fn pack_days(&self, before: Instant, from: i64, most: usize) -> Result<(usize, Option<i64>), StoreError> {
        let end = day(before);
        let horizon = self.moved_state().await?.horizon.0.max(i64::MIN + DAY);
        let mut done = 0;
        for row in self.read(BLOCKS, args![from]).await? {
            let block = row.int(0)?;
            for kind in DENSE {
                let there = self.read(PACKED, args![block, kind.number()]).await?;
                let there = there.iter().map(|row| row.int(0)).collect::<Result<HashSet<i64>, _>>()?;
                let mut next = i64::div_euclid(horizon.saturating_add(DAY - 1), DAY);
                loop {
                    while there.contains(&next) {
                        next += 1;
                    }
                    if next >= end {
                        break;
                    }
                    let found = self.read_one(NEXT, args![block, kind.number(), next * DAY, end * DAY]).await?;
                    let Some(at) = found.map_or(Ok(None), |row| row.int_opt(0))? else { break };
                    next = day(Instant(at));
                    if there.contains(&next) {
                        continue;
                    }
                    if done == most {
                        return Ok((done, Some(block)));
                    }
                    let place = (block, kind.number(), next);
                    self.write_between_arrivals(move |tx| pack_day(tx, place)).await?;
                    done += 1;
                    next += 1;
                }
            }
        }
        Ok((done, None))
    }

    /// Days that are packed and hold something else than their rows; for the check.
    pub(crate) async fn packs_wrong(&self) -> Result<(usize, Vec<String>), StoreError> {
        let mut wrong = Vec::new();
        let all =
            self.read("SELECT block, kind, day FROM pack WHERE point=-1 ORDER BY block, kind, day", args![]).await?;
        for row in &all {
            let place = (row.int(0)?, row.int(1)?, row.int(2)?);
            let packs = self.read(PACKS, args![place.0, place.1, place.2]).await?;
            let rows = self.read(ROWS, day_args(place)).await?;
            // where something was written between the two, both are looked at with nobody else writing
            if !holds(place, &packs, &rows)? && !self.write_between_arrivals(move |tx| holds_now(tx, place)).await? {
                wrong.push(format!("block {}, kind {}, day {}", place.0, place.1, place.2));
            }
        }
        Ok((all.len(), wrong))
    }
}

fn day_args((block, kind, day): Place) -> Vec<Value> {
    args![block, kind, day * DAY, (day + 1) * DAY]
}

/// The rows of a day as walks see them, by point.
fn thin(rows: &[Row]) -> Result<BTreeMap<i64, Vec<Thin>>, StoreError> {
    let mut points: BTreeMap<i64, Vec<Thin>> = BTreeMap::new();
    for row in rows {
        let thin = Thin {
            at: Instant(row.int(0)?),
            number: row.real_opt(2)?,
            marked: row.text(3)? != "N",
            late: row.int(4)? != 0,
            version: row.int(5)?,
        };
        points.entry(row.int(1)?).or_default().push(thin);
    }
    for all in points.values_mut() {
        all.sort_by_key(|row| (row.at, row.version));
        let mut newest = Vec::with_capacity(all.len());
        for row in all.drain(..) {
            Thin::push(&mut newest, row);
        }
        *all = newest;
    }
    Ok(points)
}

fn pack_day(tx: &mut dyn Tx, (block, kind, day): Place) -> Result<(), StoreError> {
    let of = PeriodKind::from_number(kind).ok_or_else(|| StoreError::Corrupt("a kind of period".into()))?;
    tx.execute(FORGET, args![block, kind, day])?;
    let rows = tx.query(ROWS, day_args((block, kind, day)))?;
    for (point, rows) in thin(&rows)? {
        tx.execute(PUT, args![block, kind, day, point, pack((PointId(point), of), day, &rows)?])?;
    }
    tx.execute(PUT, args![block, kind, day, ALL, Vec::<u8>::new()])?;
    tx.execute("UPDATE pack_state SET upto=$1 WHERE upto<$1", args![(day + 1) * DAY])?;
    Ok(())
}

fn holds_now(tx: &mut dyn Tx, place: Place) -> Result<bool, StoreError> {
    let packs = tx.query(PACKS, args![place.0, place.1, place.2])?;
    // nobody vouches for a day without packs
    Ok(packs.is_empty() || holds(place, &packs, &tx.query(ROWS, day_args(place))?)?)
}

/// Whether the packs of a day hold what its rows are.
fn holds((_, kind, day): Place, packs: &[Row], rows: &[Row]) -> Result<bool, StoreError> {
    let Some(of) = PeriodKind::from_number(kind) else { return Ok(false) };
    let mut held = BTreeMap::new();
    for row in packs {
        let point = row.int(0)?;
        if point == ALL {
            continue;
        }
        let Some(rows) = unpack((PointId(point), of), day, &row.blob(1)?) else { return Ok(false) };
        held.insert(point, rows);
    }
    Ok(held == thin(rows)?)
}

/// Columns behind one another: the key and the number of rows, stamps as steps, versions, flags, numbers.
fn pack((point, kind): Series, day: i64, rows: &[Thin]) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(32 + rows.len() * 25);
    for n in [point.0, kind.number(), day, rows.len() as i64] {
        bytes.extend_from_slice(&n.to_le_bytes());
    }
    let mut last = day * DAY;
    for row in rows {
        bytes.extend_from_slice(&(row.at.0 - last).to_le_bytes());
        last = row.at.0;
    }
    bytes.extend(rows.iter().flat_map(|row| row.version.to_le_bytes()));
    let flags = |row: &Thin| u8::from(row.number.is_some()) | u8::from(row.marked) << 1 | u8::from(row.late) << 2;
    bytes.extend(rows.iter().map(flags));
    bytes.extend(rows.iter().flat_map(|row| row.number.unwrap_or_default().to_le_bytes()));
    let squeeze = || {
        let mut encoder = zstd::bulk::Compressor::new(1)?;
        encoder.include_checksum(true)?;
        encoder.compress(&bytes)
    };
    squeeze().map_err(|e: std::io::Error| StoreError::Io(e.to_string()))
}

/// None when it is no pack of this day of this series.
fn unpack((point, kind): Series, day: i64, body: &[u8]) -> Option<Vec<Thin>> {
    let size = zstd::zstd_safe::get_frame_content_size(body).ok()??;
    let size = usize::try_from(size).ok().filter(|size| *size <= BYTES_MAX)?;
    let bytes = zstd::bulk::decompress(body, size).ok()?;
    let (head, rest) = bytes.split_at_checked(32)?;
    let mut head = head.chunks_exact(8).map(long);
    if (head.next()?, head.next()?, head.next()?) != (point.0, kind.number(), day) {
        return None;
    }
    let rows = usize::try_from(head.next()?).ok()?;
    if rest.len() != rows.checked_mul(25)? {
        return None;
    }
    let (steps, rest) = rest.split_at(rows * 8);
    let (versions, rest) = rest.split_at(rows * 8);
    let (flags, numbers) = rest.split_at(rows);
    let mut at = day * DAY;
    let columns = steps.chunks_exact(8).map(long).zip(versions.chunks_exact(8).map(long)).zip(flags);
    let row = |(((step, version), flags), number): (((i64, i64), &u8), &[u8])| {
        at += step;
        let number = (flags & 1 != 0).then(|| f64::from_bits(long(number).cast_unsigned()));
        Thin { at: Instant(at), number, marked: flags & 2 != 0, late: flags & 4 != 0, version }
    };
    Some(columns.zip(numbers.chunks_exact(8)).map(row).collect())
}

fn long(bytes: &[u8]) -> i64 {
    bytes.try_into().map_or(0, i64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Thin> {
        let row = |i: i64| Thin {
            at: Instant(20_000 * DAY + i * 60_000_000 + i % 3),
            number: (i % 7 != 0).then(|| i as f64 / 10.0 - 3.0),
            marked: i % 11 == 0,
            late: i % 13 == 0,
            version: 1 + i64::from(i % 17 == 0),
        };
        (0..1_440).map(row).collect()
    }

    #[test]
    fn a_day_is_packed_and_unpacked_as_it_was() {
        let series = (PointId(2_049), PeriodKind::Minute);
        let body = pack(series, 20_000, &rows()).expect("packed");
        assert!(body.len() < 1_440 * 12, "{} bytes", body.len());
        assert_eq!(unpack(series, 20_000, &body), Some(rows()));
        assert_eq!(unpack(series, 20_000, &pack(series, 20_000, &[]).expect("packed")), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_pack_of_that_day_is_none() {
        let series = (PointId(2_049), PeriodKind::Minute);
        let body = pack(series, 20_000, &rows()).expect("packed");
        assert_eq!(unpack(series, 20_001, &body), None, "another day");
        assert_eq!(unpack((PointId(2_050), PeriodKind::Minute), 20_000, &body), None, "another point");
        assert_eq!(unpack((PointId(2_049), PeriodKind::Real), 20_000, &body), None, "another kind");
        for at in 0..body.len() {
            let mut spoilt = body.clone();
            spoilt[at] ^= 0x10;
            let read = unpack(series, 20_000, &spoilt);
            assert!(read.is_none() || read == Some(rows()), "byte {at}");
            assert_eq!(unpack(series, 20_000, &body[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn only_old_readings_of_dense_kinds_make_days_stale() {
        let key = |kind, at| ReadingKey { point: PointId(1_025), kind, at: Instant(at) };
        let keys = [
            key(PeriodKind::Minute, 5 * DAY + 7),
            key(PeriodKind::Minute, 5 * DAY + 9),
            key(PeriodKind::Hour, 5 * DAY),
            key(PeriodKind::Real, 9 * DAY),
        ];
        assert_eq!(stale(&keys, 9 * DAY), BTreeSet::from([(1, 1, 5)]));
        assert_eq!(stale(&keys, i64::MAX), BTreeSet::from([(1, 1, 5), (1, 0, 9)]));
        assert_eq!(stale(&keys, 0), BTreeSet::new());
    }
}
