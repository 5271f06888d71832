//! Readings in bulk. What is in the tables is asked for once, what each reading means beside it is found in memory, and new rows
//! go by `COPY`. Under the lane's lock nobody else writes these tables.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use shanshui_domain::id::{PointId, TelegramId};
use shanshui_domain::sense::reviewed::{Device, held};
use shanshui_domain::sense::{Kept, Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};

use super::copy::Rows;
use super::sql;
use super::writer::Line;
use crate::StoreError;
use crate::pack::{self, FORGET, UPTO};
use crate::sense::{Arrival, Receipt};

const COPY_TELEGRAM: &str =
    "COPY telegram (id, arrived, peer, mn, cn, qn, raw, problems, quarantine) FROM STDIN (FORMAT binary)";
pub(super) const COPY_READING: &str = "COPY reading (block, kind, at, point, version, value, number, extra, mark, arrived, late, \
    telegram) FROM STDIN (FORMAT binary)";
const LAST_TELEGRAM: &str = "SELECT COALESCE(MAX(id), 0) FROM telegram";
const CURRENT: &str = "SELECT l.point, l.kind, l.at FROM unnest($1::int8[], $2::int8[]) AS k (point, kind) \
    JOIN latest l ON l.point=k.point AND l.kind=k.kind";
const NEWEST: &str = "SELECT k.point, k.kind, k.at, r.version, r.value, r.extra, r.mark, r.arrived, r.telegram IS NULL \
    FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[]) AS k (block, kind, at, point) \
    CROSS JOIN LATERAL (SELECT version, value, extra, mark, arrived, telegram FROM reading r WHERE r.block=k.block \
    AND r.kind=k.kind AND r.at=k.at AND r.point=k.point ORDER BY version DESC LIMIT 1) r";
/// What devices said last of keys that a reviewer has said values of.
const SENT: &str = "SELECT k.point, k.kind, k.at, r.version, r.value, r.extra, r.mark \
    FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[]) AS k (block, kind, at, point) \
    CROSS JOIN LATERAL (SELECT version, value, extra, mark FROM reading r WHERE r.block=k.block AND r.kind=k.kind \
    AND r.at=k.at AND r.point=k.point AND r.telegram IS NOT NULL ORDER BY version DESC LIMIT 1) r";
/// Times of blocks that are published.
const FROZEN: &str = "SELECT block, first_at, until_at FROM frozen WHERE block = ANY($1::int8[])";
const PUT_LATEST: &str = "INSERT INTO latest (point, kind, at, value, number, mark, arrived, late, telegram) \
    SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::text[], $5::float8[], $6::text[], $7::int8[], $8::int8[], \
    $9::int8[]) ON CONFLICT (point, kind) DO UPDATE SET at=excluded.at, value=excluded.value, number=excluded.number, \
    mark=excluded.mark, arrived=excluded.arrived, late=excluded.late, telegram=excluded.telegram WHERE excluded.at >= latest.at";

/// Series of which a node remembers the newest moment.
const SERIES_MAX: usize = 4_000_000;

/// Point and kind.
pub(super) type Series = (i64, i64);
/// Point, kind, moment.
type Key = (i64, i64, i64);

fn series(r: &Reading) -> Series {
    (r.key.point.0, r.key.kind.number())
}

fn key(r: &Reading) -> Key {
    (r.key.point.0, r.key.kind.number(), r.key.at.0)
}

/// The newest statement for a key.
struct Said<'a> {
    version: i64,
    value: Option<Cow<'a, str>>,
    extra: Cow<'a, str>,
    mark: Cow<'a, str>,
    /// What a reviewer has said of the key, which stays above this.
    reviewed: Option<Box<Reading>>,
}

impl<'a> Said<'a> {
    fn by(r: &'a Reading, version: i64) -> Self {
        let value = r.value.as_deref().map(Cow::Borrowed);
        Self { version, value, extra: Cow::Borrowed(&r.extra), mark: Cow::Borrowed(&r.mark), reviewed: None }
    }

    fn same(&self, r: &Reading) -> bool {
        self.value.as_deref() == r.value.as_deref() && self.extra == r.extra && self.mark == r.mark
    }
}

/// Keeps telegrams with their readings.
pub(super) async fn arrive(line: &mut Line, arrivals: &[Arrival]) -> Result<Vec<Receipt>, StoreError> {
    let last: i64 = line.one(LAST_TELEGRAM).await?;
    let mut said = newest(line, arrivals).await?;
    let frozen = frozen(line, arrivals).await?;
    let (mut receipts, mut news) = (Vec::with_capacity(arrivals.len()), News::default());
    for (id, arrival) in (last + 1..).zip(arrivals) {
        let id = TelegramId(id);
        let kept = arrival.readings.iter().map(|r| news.see(&mut said, (r, id), &frozen)).collect();
        receipts.push(Receipt { telegram: id, kept });
    }
    telegrams(&receipts, arrivals)?.send(&line.session.client, COPY_TELEGRAM).await?;
    line.make_months(news.rows.iter().map(|(r, ..)| r.key.at.0)).await?;
    forget(line, &news).await?;
    readings(&news.rows)?.send(&line.session.client, COPY_READING).await?;
    news.put_latest(line).await?;
    Ok(receipts)
}

/// Takes away the packs of days that something is written for.
async fn forget(line: &mut Line, news: &News<'_>) -> Result<(), StoreError> {
    let upto: i64 = line.one(UPTO).await?;
    for (block, kind, day) in pack::stale(news.rows.iter().map(|(r, ..)| &r.key), upto) {
        line.ask(FORGET, &[&block, &kind, &day]).await?;
    }
    Ok(())
}

/// A block and a time of it that is published.
type Frozen = (i64, Range<i64>);

/// What is published of the blocks that late readings are for.
async fn frozen(line: &mut Line, arrivals: &[Arrival]) -> Result<Vec<Frozen>, StoreError> {
    let late = arrivals.iter().flat_map(|a| &a.readings).filter(|r| r.late);
    let blocks: HashSet<i64> = late.map(|r| r.key.point.block()).collect();
    if blocks.is_empty() {
        return Ok(Vec::new());
    }
    let blocks: Vec<i64> = blocks.into_iter().collect();
    let rows = line.ask(FROZEN, &[&blocks]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1)..row.get(2))).collect())
}

/// The newest statement for every key that may be there already. One that is newer than the newest of its series is not, which
/// spares nearly all of them the search. What this node knows of a series may be behind what another has written since: then a key
/// is there although it seems new, its table refuses it, and the caller forgets what it knew and tries again.
async fn newest<'a>(line: &mut Line, arrivals: &[Arrival]) -> Result<HashMap<Key, Said<'a>>, StoreError> {
    let all = || arrivals.iter().flat_map(|a| &a.readings);
    if line.current.len() > SERIES_MAX {
        line.current.clear();
    }
    let unknown: HashSet<Series> = all().map(series).filter(|s| !line.current.contains_key(s)).collect();
    if !unknown.is_empty() {
        let (points, kinds): (Vec<i64>, Vec<i64>) = unknown.iter().copied().unzip();
        let found = line.ask(CURRENT, &[&points, &kinds]).await?;
        // a series without any reading is left at the lowest moment; one at that moment itself is searched for all the same
        line.current.extend(unknown.into_iter().map(|s| (s, i64::MIN)));
        line.current.extend(found.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))));
    }
    let mut old = [vec![], vec![], vec![], vec![]];
    let mut asked = HashSet::new();
    for r in all().filter(|r| line.current.get(&series(r)).is_none_or(|at| r.key.at.0 <= *at)) {
        if asked.insert(key(r)) {
            let columns = [r.key.point.block(), r.key.kind.number(), r.key.at.0, r.key.point.0];
            old.iter_mut().zip(columns).for_each(|(column, n)| column.push(n));
        }
    }
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let found = line.ask(NEWEST, &[&old[0], &old[1], &old[2], &old[3]]).await?;
    let mut all: HashMap<Key, Said<'a>> =
        found.iter().map(|row| ((row.get(0), row.get(1), row.get(2)), said(row))).collect();
    let reviewed: Vec<Reading> = found.iter().filter_map(reviewed_row).collect();
    if !reviewed.is_empty() {
        let column = |of: fn(&Reading) -> i64| reviewed.iter().map(of).collect::<Vec<i64>>();
        let (blocks, kinds) = (column(|r| r.key.point.block()), column(|r| r.key.kind.number()));
        let (ats, points) = (column(|r| r.key.at.0), column(|r| r.key.point.0));
        let sent = line.ask(SENT, &[&blocks, &kinds, &ats, &points]).await?;
        let mut sent: HashMap<Key, Said<'a>> =
            sent.iter().map(|row| ((row.get(0), row.get(1), row.get(2)), said(row))).collect();
        for r in reviewed {
            // versions count on from the reviewed one, what is held against a telegram is what the device said
            if let (Some(above), Some(device)) = (all.get(&key(&r)).map(|s| s.version), sent.remove(&key(&r))) {
                all.insert(key(&r), Said { version: above, reviewed: Some(Box::new(r)), ..device });
            }
        }
    }
    Ok(all)
}

fn said(row: &tokio_postgres::Row) -> Said<'static> {
    Said {
        version: row.get(3),
        value: row.get::<_, Option<String>>(4).map(Cow::Owned),
        extra: Cow::Owned(row.get(5)),
        mark: Cow::Owned(row.get(6)),
        reviewed: None,
    }
}

/// A row of [`NEWEST`] that a reviewer has said.
fn reviewed_row(row: &tokio_postgres::Row) -> Option<Reading> {
    let kind = PeriodKind::from_number(row.get(1))?;
    let reading = Reading {
        key: ReadingKey { point: PointId(row.get(0)), kind, at: Instant(row.get(2)) },
        value: row.get(4),
        extra: row.get(5),
        mark: row.get(6),
        arrived: Instant(row.get(7)),
        late: false,
        telegram: None,
    };
    (row.get::<_, bool>(8) && reading.is_reviewed()).then_some(reading)
}

/// What is to be written.
#[derive(Default)]
struct News<'a> {
    rows: Vec<(Cow<'a, Reading>, i64, Option<TelegramId>)>,
    latest: HashMap<Series, (Cow<'a, Reading>, Option<TelegramId>)>,
}

impl<'a> News<'a> {
    fn see(
        &mut self,
        said: &mut HashMap<Key, Said<'a>>,
        (r, telegram): (&'a Reading, TelegramId),
        frozen: &[Frozen],
    ) -> Kept {
        if let Some(before) = said.get_mut(&key(r)) {
            if before.same(r) {
                return Kept::Repeat;
            }
            if let Some(reviewed) = before.reviewed.take() {
                let version = before.version + 1;
                self.rows.push((Cow::Borrowed(r), version, Some(telegram)));
                self.rows.push((Cow::Owned((*reviewed).clone()), version + 1, None));
                said.insert(key(r), Said { reviewed: Some(reviewed), ..Said::by(r, version + 1) });
                return Kept::Beside(version);
            }
        }
        let is_frozen = |(block, span): &Frozen| *block == r.key.point.block() && span.contains(&r.key.at.0);
        if r.late && frozen.iter().any(is_frozen) {
            let before = said.get(&key(r));
            let version = before.map_or(1, |b| b.version + 1);
            let device =
                |b: &Said<'a>| (b.value.as_deref().map(str::to_owned), b.extra.to_string(), b.mark.to_string());
            let published = before.map(device);
            let device = published.as_ref().map(|(value, extra, mark)| Device { value: value.as_deref(), extra, mark });
            let held = held(r, device);
            self.rows.push((Cow::Borrowed(r), version, Some(telegram)));
            self.rows.push((Cow::Owned(held.clone()), version + 1, None));
            said.insert(key(r), Said { reviewed: Some(Box::new(held.clone())), ..Said::by(r, version + 1) });
            self.newest(Cow::Owned(held), None);
            return Kept::Beside(version);
        }
        let (kept, version) = match said.get(&key(r)) {
            Some(before) => (Kept::Version(before.version + 1), before.version + 1),
            None => (Kept::New, 1),
        };
        said.insert(key(r), Said::by(r, version));
        self.rows.push((Cow::Borrowed(r), version, Some(telegram)));
        self.newest(Cow::Borrowed(r), Some(telegram));
        kept
    }

    fn newest(&mut self, r: Cow<'a, Reading>, telegram: Option<TelegramId>) {
        let older = self.latest.get(&series(&r)).is_some_and(|(held, _)| held.key.at > r.key.at);
        if !older {
            self.latest.insert(series(&r), (r, telegram));
        }
    }

    async fn put_latest(&self, line: &mut Line) -> Result<(), StoreError> {
        if self.latest.is_empty() {
            return Ok(());
        }
        // in one order on every node, and side by side in the table
        let mut rows: Vec<_> = self.latest.values().collect();
        rows.sort_unstable_by_key(|(r, _)| series(r));
        let ints = |of: fn(&Reading) -> i64| rows.iter().map(|(r, _)| of(r)).collect::<Vec<i64>>();
        let (points, kinds) = (ints(|r| r.key.point.0), ints(|r| r.key.kind.number()));
        let (ats, arrived, late) = (ints(|r| r.key.at.0), ints(|r| r.arrived.0), ints(|r| r.late.into()));
        let values: Vec<Option<&str>> = rows.iter().map(|(r, _)| r.value.as_deref()).collect();
        let numbers: Vec<Option<f64>> = rows.iter().map(|(r, _)| r.number()).collect();
        let marks: Vec<&str> = rows.iter().map(|(r, _)| r.mark.as_str()).collect();
        let telegrams: Vec<Option<i64>> = rows.iter().map(|(_, t)| t.map(|t| t.0)).collect();
        for (r, _) in &rows {
            let current = line.current.entry(series(r)).or_insert(i64::MIN);
            *current = r.key.at.0.max(*current);
        }
        line.ask(PUT_LATEST, &[&points, &kinds, &ats, &values, &numbers, &marks, &arrived, &late, &telegrams]).await?;
        Ok(())
    }
}

fn telegrams(receipts: &[Receipt], arrivals: &[Arrival]) -> Result<Rows, StoreError> {
    let mut rows = Rows::new(9);
    for (receipt, Arrival { telegram: t, .. }) in receipts.iter().zip(arrivals) {
        let row = rows.row().int(receipt.telegram.0).int(t.arrived.0).text(&t.peer)?;
        let row = row.text_opt(t.mn.as_ref().map(|m| m.0.as_str()))?.text_opt(t.cn.as_deref())?;
        row.text_opt(t.qn.as_deref())?.blob(&t.raw)?.text(&t.problems)?.text_opt(t.quarantine.as_deref())?;
    }
    Ok(rows)
}

fn readings(news: &[(Cow<'_, Reading>, i64, Option<TelegramId>)]) -> Result<Rows, StoreError> {
    let mut rows = Rows::new(12);
    for (r, version, telegram) in news {
        let row = rows.row().int(r.key.point.block()).int(r.key.kind.number()).int(r.key.at.0).int(r.key.point.0);
        let row = row.int(*version).text_opt(r.value.as_deref())?.real(r.number()).text(&r.extra)?.text(&r.mark)?;
        let row = row.int(r.arrived.0).int(r.late.into());
        match telegram {
            Some(telegram) => row.int(telegram.0),
            None => row.null(),
        };
    }
    Ok(rows)
}

/// A partition: the readings of one month of UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Month {
    /// `reading_202603`.
    pub(crate) table: String,
    /// Microseconds.
    pub(crate) span: Range<i64>,
}

/// What lies before 1970 and from 2200 on has no month of its own: two partitions are there from the beginning.
const MONTHS: Range<i64> = 0..7_258_118_400_000_000;

impl Month {
    /// The month of an instant, if there is a partition for it to be made.
    pub(crate) fn of(at: i64) -> Option<Self> {
        if !MONTHS.contains(&at) {
            return None;
        }
        let first = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(at).ok()?).date().first_of_month();
        let next = first.checked_add(1.month()).ok()?;
        let table = format!("reading_{:04}{:02}", first.year(), first.month());
        Some(Self { table, span: midnight(first)?..midnight(next)? })
    }

    /// The month of a table's name.
    pub(crate) fn named(table: &str) -> Option<Self> {
        let digits = table.strip_prefix("reading_").filter(|d| d.len() == 6)?;
        let (year, month) = (digits[..4].parse().ok()?, digits[4..].parse().ok()?);
        Self::of(midnight(Date::new(year, month, 1).ok()?)?)
    }
}

fn midnight(day: Date) -> Option<i64> {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok().map(Timestamp::as_microsecond)
}

impl Line {
    /// Makes the partitions that are missing. A table is made by itself and joined then, for which readers need not wait.
    pub(super) async fn make_months(&mut self, ats: impl Iterator<Item = i64>) -> Result<(), StoreError> {
        for at in ats {
            if !MONTHS.contains(&at) || self.months.iter().any(|known| known.contains(&at)) {
                continue;
            }
            let Some(Month { table, span }) = Month::of(at) else { continue };
            let there = "SELECT EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent='reading'::regclass AND inhrelid=to_regclass($1))";
            let there: bool = self.ask(there, &[&table]).await?.first().is_some_and(|row| row.get(0));
            if !there {
                let (from, to) = (span.start, span.end);
                let make = format!(
                    "CREATE TABLE {table} (LIKE reading INCLUDING ALL); \
                     ALTER TABLE reading ATTACH PARTITION {table} FOR VALUES FROM ({from}) TO ({to})"
                );
                self.session.client.batch_execute(&make).await.map_err(sql)?;
            }
            self.months.push(span);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_one_another_without_a_gap() {
        let mut at = 0;
        while let Some(month) = Month::of(at) {
            assert_eq!(month.span.start, at);
            assert_eq!(Month::named(&month.table), Some(month.clone()));
            assert_eq!(Month::of(month.span.end - 1), Some(month.clone()));
            at = month.span.end;
        }
        assert_eq!((at, Month::of(-1), Month::of(i64::MAX)), (MONTHS.end, None, None));
        assert_eq!(Month::of(1_772_323_200_000_000).map(|m| m.table), Some("reading_202603".into()));
        assert_eq!(Month::named("reading_before"), None);
    }
}
