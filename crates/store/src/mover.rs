//! Moves what is older than the hot window into the history, segment by segment.
//!
//! A segment is planned (durably: which rows, none of a telegram that came later), its files are written, the history's log takes
//! them all at once, then one write says so and lets `generation` grow, and only then its rows leave the hot store, a few at a time.
//! A crash at any point leaves a segment that the next run finishes; rows that lie in both places meanwhile are read once
//! ([`crate::history`]). One node at a time moves.

use shanshui_domain::id::{PointId, TelegramId};
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::Instant;
use shanshui_history::{History, Part, Rows, Stored, StoredTelegram};
use uuid::Uuid;

use crate::pack::forget_span;
use crate::sense::{kind, telegram_row};
use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

const DAY: i64 = 86_400_000_000;

/// How much is moved at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoverOptions {
    /// About the most readings of a segment.
    pub readings: i64,
    /// The most telegrams of a segment.
    pub telegrams: i64,
    /// About the most rows that leave the hot store in one write.
    pub chunk: i64,
}

impl Default for MoverOptions {
    fn default() -> Self {
        Self { readings: 500_000, telegrams: 100_000, chunk: 5_000 }
    }
}

/// What was moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MovedRows {
    /// Segments finished.
    pub segments: usize,
    /// Readings that the history took.
    pub readings: u64,
    /// Telegrams that the history took.
    pub telegrams: u64,
}

/// A segment as planned.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    id: String,
    part: Part,
    low: i64,
    high: i64,
    blocks: (i64, i64),
    upto: i64,
    committed: bool,
}

fn segment(row: &Row) -> Result<Segment, StoreError> {
    let part = row.text(1)?;
    let part = Part::ALL.into_iter().find(|p| p.as_str() == part);
    Ok(Segment {
        id: row.text(0)?,
        part: part.ok_or_else(|| StoreError::Corrupt("a segment of no part".into()))?,
        low: row.int(2)?,
        high: row.int(3)?,
        blocks: (row.int(4)?, row.int(5)?),
        upto: row.int(6)?,
        committed: row.text(7)? == "committed",
    })
}

/// How far a run has come with what came late for days that had moved already. Each stretch is looked at once in a run: what comes
/// for it meanwhile waits for the next.
#[derive(Debug, Clone, Copy)]
struct Late {
    low: i64,
    high: i64,
    /// Blocks before it are done.
    block: i64,
}

/// The stamp of the oldest reading from an instant on that can move.
const OLDEST: &str = "WITH RECURSIVE b(block) AS (SELECT MIN(block) FROM reading UNION ALL \
    SELECT (SELECT MIN(r.block) FROM reading r WHERE r.block > b.block) FROM b WHERE b.block IS NOT NULL), \
    k(kind) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) \
    SELECT MIN(o.oldest) FROM (SELECT (SELECT MIN(r.at) FROM reading r WHERE r.block=b.block AND r.kind=k.kind \
    AND r.at>=$1 AND r.telegram IS NOT NULL) AS oldest FROM b, k WHERE b.block IS NOT NULL) AS o";
/// How many readings of a stretch of time each block has.
const BLOCKS: &str = "WITH RECURSIVE b(block) AS (SELECT MIN(block) FROM reading UNION ALL \
    SELECT (SELECT MIN(r.block) FROM reading r WHERE r.block > b.block) FROM b WHERE b.block IS NOT NULL) \
    SELECT b.block, (SELECT COUNT(*) FROM reading r WHERE r.block=b.block AND r.kind IN (0,1,2,3,4) AND r.at>=$1 AND r.at<$2 \
    AND r.telegram IS NOT NULL) FROM b WHERE b.block IS NOT NULL ORDER BY b.block";
const OPEN: &str = "SELECT id, part, low, high, block_low, block_high, upto, state FROM segment WHERE state <> 'moved' \
    ORDER BY planned, id LIMIT 1";

impl Store {
    /// Finishes what an earlier run has left, then moves readings with a stamp before `before` (cut to a day of UTC) and telegrams
    /// that came before it, but never the newest telegram. Only one node may do so at a time.
    ///
    /// # Errors
    /// When there is no history beside the store, or one of both cannot be written: what was begun is finished the next time.
    pub async fn move_before(&self, before: Instant, options: MoverOptions) -> Result<MovedRows, StoreError> {
        let before = before.0.div_euclid(DAY) * DAY;
        let history = self.history().ok_or_else(|| StoreError::Io("there is no history to move to".into()))?;
        let mut done = MovedRows::default();
        let mut late = Late { low: i64::MIN, high: i64::MIN, block: i64::MIN };
        loop {
            let open = match self.read_one(OPEN, args![]).await? {
                Some(row) => Some(segment(&row)?),
                None => match self.plan_day(before, options).await? {
                    Some(segment) => Some(segment),
                    None => match self.plan_late(&mut late, before, options).await? {
                        Some(segment) => Some(segment),
                        None => self.plan_telegrams(before, options).await?,
                    },
                },
            };
            let Some(segment) = open else { return Ok(done) };
            history.stops().reach("mover: planned").await;
            let rows = self.finish(history, &segment, options).await?;
            done.segments += 1;
            match segment.part {
                Part::Telegram => done.telegrams += rows,
                _ => done.readings += rows,
            }
        }
    }

    /// The stamp of the oldest reading that lies hot and can move.
    pub async fn oldest_hot(&self) -> Result<Option<Instant>, StoreError> {
        let oldest = self.read_one(OLDEST, args![i64::MIN]).await?.map_or(Ok(None), |row| row.int_opt(0))?;
        Ok(oldest.map(Instant))
    }

    /// The oldest day of which nothing has moved, as many blocks of it as fit. The others are late from then on.
    async fn plan_day(&self, before: i64, options: MoverOptions) -> Result<Option<Segment>, StoreError> {
        let horizon = self.moved_state().await?.horizon.0;
        let oldest = self.read_one(OLDEST, args![horizon]).await?.map_or(Ok(None), |row| row.int_opt(0))?;
        let Some(oldest) = oldest.filter(|oldest| *oldest < before) else { return Ok(None) };
        let low = oldest.div_euclid(DAY).saturating_mul(DAY).max(horizon);
        let high = low.saturating_add(DAY).div_euclid(DAY).saturating_mul(DAY);
        match self.blocks_that_fit((low, high), i64::MIN, options.readings).await? {
            Some(blocks) => self.plan(Part::Reading, (low, high), blocks).await.map(Some),
            None => Ok(None),
        }
    }

    /// The next stretch before the horizon in which something lies hot, within a month of UTC.
    async fn plan_late(
        &self,
        late: &mut Late,
        before: i64,
        options: MoverOptions,
    ) -> Result<Option<Segment>, StoreError> {
        let end = self.moved_state().await?.horizon.0.min(before);
        loop {
            if let Some(blocks) = self.blocks_that_fit((late.low, late.high), late.block, options.readings).await? {
                late.block = blocks.1.saturating_add(1);
                return self.plan(Part::Reading, (late.low, late.high), blocks).await.map(Some);
            }
            let oldest = self.read_one(OLDEST, args![late.high]).await?.map_or(Ok(None), |row| row.int_opt(0))?;
            let Some(oldest) = oldest.filter(|oldest| *oldest < end) else { return Ok(None) };
            let low = oldest.div_euclid(DAY).saturating_mul(DAY).max(late.high);
            *late = Late { low, high: end.min(next_month(oldest)), block: i64::MIN };
        }
    }

    /// The first blocks from `from` on that have readings in a stretch of time, and together not too many.
    async fn blocks_that_fit(
        &self,
        (low, high): (i64, i64),
        from: i64,
        most: i64,
    ) -> Result<Option<(i64, i64)>, StoreError> {
        if low >= high {
            return Ok(None);
        }
        let (mut blocks, mut rows): (Option<(i64, i64)>, i64) = (None, 0);
        for row in self.read(BLOCKS, args![low, high]).await? {
            let (block, count) = (row.int(0)?, row.int(1)?);
            if count == 0 || block < from {
                continue;
            }
            if blocks.is_some() && rows + count > most {
                break;
            }
            blocks = Some((blocks.map_or(block, |(first, _)| first), block));
            rows += count;
        }
        Ok(blocks)
    }

    async fn plan_telegrams(&self, before: i64, options: MoverOptions) -> Result<Option<Segment>, StoreError> {
        let ends =
            self.read_one("SELECT MIN(id), MAX(id) FROM telegram", args![]).await?.ok_or(StoreError::NotFound)?;
        let (Some(first), Some(newest)) = (ends.int_opt(0)?, ends.int_opt(1)?) else { return Ok(None) };
        let end = newest.min(first.saturating_add(options.telegrams));
        // only what lies before the first that is not old enough
        let text = "SELECT MIN(id) FROM telegram WHERE id>=$1 AND id<$2 AND arrived>=$3";
        let young = self.read_one(text, args![first, end, before]).await?.map_or(Ok(None), |row| row.int_opt(0))?;
        let end = young.unwrap_or(end);
        if end <= first {
            return Ok(None);
        }
        self.plan(Part::Telegram, (first, end), (0, 0)).await.map(Some)
    }

    /// From here on it is settled which rows belong to the segment.
    async fn plan(&self, part: Part, (low, high): (i64, i64), blocks: (i64, i64)) -> Result<Segment, StoreError> {
        let id = format!("{}-{}", part.as_str(), Uuid::now_v7().simple());
        self.write_between_arrivals(move |tx| {
            // whoever else moves, by hand beside the program, has the same segment under way
            if let Some(open) = tx.row(OPEN, args![])? {
                return segment(&open);
            }
            let upto =
                tx.row("SELECT MAX(id) FROM telegram", args![])?.map_or(Ok(None), |row| row.int_opt(0))?.unwrap_or(0);
            let planned = tx.row("SELECT COALESCE(MAX(planned), 0) + 1 FROM segment", args![])?;
            let planned = planned.ok_or(StoreError::NotFound)?.int(0)?;
            tx.execute(
                "INSERT INTO segment (id, part, low, high, block_low, block_high, upto, planned, state, rows, digest) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,'planned',0,'')",
                args![&id, part.as_str(), low, high, blocks.0, blocks.1, upto, planned],
            )?;
            Ok(Segment { id, part, low, high, blocks, upto, committed: false })
        })
        .await
    }

    /// Takes a segment to its end from wherever it stands; gives the rows that the history took now.
    async fn finish(&self, history: &History, segment: &Segment, options: MoverOptions) -> Result<u64, StoreError> {
        let mut rows = 0;
        if !segment.committed {
            if !history.committed(&segment.id).await? {
                rows = self.hand_over(history, segment).await?;
            }
            history.stops().reach("mover: the history has it").await;
            let (id, horizon, telegrams) = match segment.part {
                Part::Telegram => (segment.id.clone(), i64::MIN, segment.high - 1),
                _ => (segment.id.clone(), segment.high, 0),
            };
            self.write_between_arrivals(move |tx| committed(tx, id, horizon, telegrams)).await?;
        }
        history.stops().reach("mover: committed").await;
        match segment.part {
            Part::Telegram => self.drop_telegrams(history, segment, options.chunk).await?,
            _ => self.drop_readings(history, segment, options.chunk).await?,
        }
        let id = segment.id.clone();
        self.write(move |tx| tx.execute("UPDATE segment SET state='moved' WHERE id=$1", args![id])).await?;
        history.stops().reach("mover: moved").await;
        Ok(rows)
    }

    async fn hand_over(&self, history: &History, segment: &Segment) -> Result<u64, StoreError> {
        let rows = match segment.part {
            Part::Telegram => Rows::Telegrams(self.frozen_telegrams(segment).await?),
            _ => Rows::Readings(history.absent(self.frozen_readings(segment).await?).await?),
        };
        if rows.is_empty() {
            return Ok(0);
        }
        let files = history.write(&segment.id, rows).await?;
        history.stops().reach("mover: files are written").await;
        let (id, count, digest) = (segment.id.clone(), files.rows, files.digest.clone());
        self.write(move |tx| {
            tx.execute("UPDATE segment SET state='written', rows=$2, digest=$3 WHERE id=$1 AND state IN ('planned', 'written')", args![id, count, digest])
        })
        .await?;
        history.stops().reach("mover: written").await;
        history.commit(&files).await?;
        Ok(files.rows)
    }

    async fn frozen_readings(&self, s: &Segment) -> Result<Vec<Stored>, StoreError> {
        let mut rows = Vec::new();
        for block in self.blocks_of(s).await? {
            for number in 0..5_i64 {
                let text = "SELECT at, point, version, value, extra, mark, arrived, late, telegram FROM reading \
                    WHERE block=$1 AND kind=$2 AND at>=$3 AND at<$4 AND telegram<=$5";
                for r in self.read(text, args![block, number, s.low, s.high, s.upto]).await? {
                    let key = ReadingKey { point: PointId(r.int(1)?), kind: kind(number)?, at: Instant(r.int(0)?) };
                    let reading = Reading {
                        key,
                        value: r.text_opt(3)?,
                        extra: r.text(4)?,
                        mark: r.text(5)?,
                        arrived: Instant(r.int(6)?),
                        late: r.int(7)? != 0,
                        telegram: r.int_opt(8)?.map(TelegramId),
                    };
                    rows.push(Stored { reading, version: r.int(2)? });
                }
            }
        }
        Ok(rows)
    }

    async fn frozen_telegrams(&self, s: &Segment) -> Result<Vec<StoredTelegram>, StoreError> {
        let text = "SELECT id, arrived, peer, mn, cn, qn, raw, problems, quarantine FROM telegram WHERE id>=$1 AND id<$2 ORDER BY id";
        let mut rows = Vec::new();
        for r in self.read(text, args![s.low, s.high]).await? {
            let row = telegram_row(&r)?;
            let t = row.telegram;
            rows.push(StoredTelegram {
                id: row.id,
                arrived: t.arrived,
                peer: t.peer,
                mn: t.mn,
                cn: t.cn,
                qn: t.qn,
                raw: t.raw,
                problems: t.problems,
                quarantine: t.quarantine,
            });
        }
        Ok(rows)
    }

    /// Blocks of a segment in which there still is something.
    async fn blocks_of(&self, s: &Segment) -> Result<Vec<i64>, StoreError> {
        let rows = self.read(BLOCKS, args![s.low, s.high]).await?;
        let some = rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect::<Result<Vec<_>, StoreError>>()?;
        let within = |block: i64| s.blocks.0 <= block && block <= s.blocks.1;
        Ok(some.into_iter().filter(|(block, count)| within(*block) && *count > 0).map(|(block, _)| block).collect())
    }

    /// By stretches of time of one block and kind, each in a write of its own: whoever writes meanwhile does not wait long.
    async fn drop_readings(&self, history: &History, s: &Segment, chunk: i64) -> Result<(), StoreError> {
        for block in self.blocks_of(s).await? {
            for number in 0..5_i64 {
                let mut low = s.low;
                loop {
                    let text = "SELECT at FROM reading WHERE block=$1 AND kind=$2 AND at>=$3 AND at<$4 ORDER BY at LIMIT 1 OFFSET $5";
                    let next = self.read_one(text, args![block, number, low, s.high, chunk]).await?;
                    // a stretch ends with a moment, never within one
                    let high = next.map_or(Ok(s.high), |row| row.int(0))?.max(low.saturating_add(1)).min(s.high);
                    let upto = s.upto;
                    self.write_between_arrivals(move |tx| {
                        forget_span(tx, (block, number), (low, high))?;
                        tx.execute(
                            "DELETE FROM reading WHERE block=$1 AND kind=$2 AND at>=$3 AND at<$4 AND telegram<=$5",
                            args![block, number, low, high, upto],
                        )
                    })
                    .await?;
                    history.stops().reach("mover: some readings are gone").await;
                    if high >= s.high {
                        break;
                    }
                    low = high;
                }
            }
        }
        Ok(())
    }

    /// Whatever goes is counted in the write that removes it: what lies in quarantine is told of wherever it lies.
    async fn drop_telegrams(&self, history: &History, s: &Segment, chunk: i64) -> Result<(), StoreError> {
        let mut low = s.low;
        while low < s.high {
            let high = low.saturating_add(chunk).min(s.high);
            self.write_between_arrivals(move |tx| {
                tx.execute(COUNT_QUARANTINE, args![low, high])?;
                tx.execute("DELETE FROM telegram WHERE id>=$1 AND id<$2", args![low, high])
            })
            .await?;
            history.stops().reach("mover: some telegrams are gone").await;
            low = high;
        }
        Ok(())
    }
}

const COUNT_QUARANTINE: &str = "INSERT INTO quarantine_moved (reason, mn, peer, count, last, telegram) \
    SELECT quarantine, COALESCE(mn, ''), peer, COUNT(*), MAX(arrived), MAX(id) FROM telegram \
    WHERE id>=$1 AND id<$2 AND quarantine IS NOT NULL GROUP BY quarantine, COALESCE(mn, ''), peer \
    ON CONFLICT (reason, mn, peer) DO UPDATE SET count=quarantine_moved.count+excluded.count, \
    last=CASE WHEN excluded.last > quarantine_moved.last THEN excluded.last ELSE quarantine_moved.last END, \
    telegram=CASE WHEN excluded.telegram > quarantine_moved.telegram THEN excluded.telegram ELSE quarantine_moved.telegram END";

fn committed(tx: &mut dyn Tx, id: String, horizon: i64, telegrams: i64) -> Result<(), StoreError> {
    tx.execute("UPDATE segment SET state='committed' WHERE id=$1", args![id])?;
    tx.execute(
        "UPDATE history_state SET horizon=CASE WHEN horizon<$1 THEN $1 ELSE horizon END, \
         telegrams=CASE WHEN telegrams<$2 THEN $2 ELSE telegrams END, generation=generation+1",
        args![horizon, telegrams],
    )?;
    Ok(())
}

/// The first instant of the month after, UTC.
fn next_month(at: i64) -> i64 {
    let next = || {
        let first = jiff::tz::TimeZone::UTC.to_datetime(Instant(at).timestamp().ok()?).date().first_of_month();
        let next = first.checked_add(jiff::ToSpan::month(1)).ok()?.at(0, 0, 0, 0);
        Some(jiff::tz::TimeZone::UTC.to_timestamp(next).ok()?.as_microsecond())
    };
    next().unwrap_or(i64::MAX)
}
