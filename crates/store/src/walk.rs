//! Along one series from its first row to its last, hot and history together, without holding it: what a sampled curve and
//! statistics are made of. Hot rows come thin, in stretches that are read ahead; a row that is kept is made whole afterwards.

use std::collections::{BTreeMap, HashMap};

use futures::future::Either;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _, future};
use shanshui_domain::id::PointId;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_history::{History, Stored, Tally, Unread};

use crate::history::{MovedState, row_of};
use crate::pack;
use crate::sense::ReadingRow;
use crate::{Store, StoreError, args};

/// A point's values of a kind.
pub(crate) type Series = (PointId, PeriodKind);

/// A series' hot rows as a [`Thin`] each; block, kind, from, to, point. Versions of one stamp come in any order: asked for them
/// too, SQLite would sort each stamp's rows although the key has them so.
pub(crate) const SERIES: &str = "SELECT at, number, mark, late, version FROM reading \
    WHERE block=$1 AND kind=$2 AND at>=$3 AND at<$4 AND point=$5 ORDER BY at";
/// A block's hot rows of a kind as a [`HotRow`] each; block, kind, from, to.
pub(crate) const BLOCK: &str = "SELECT at, point, version, number, value, extra, mark FROM reading \
    WHERE block=$1 AND kind=$2 AND at>=$3 AND at<$4 ORDER BY at, point, version";
/// Columns of a [`ReadingRow`].
pub(crate) const WHOLE: &str = "at, value, number, extra, mark, version, late, arrived, telegram";
/// First and last stamp of a block and kind: each a look at one end of the key.
const ENDS: &str = "SELECT (SELECT MIN(at) FROM reading WHERE block=$1 AND kind=$2 AND at>=$3 AND at<$4), \
    (SELECT MAX(at) FROM reading WHERE block=$1 AND kind=$2 AND at>=$3 AND at<$4)";
/// A stretch that is read at a time, in microseconds: ten days.
const STRETCH: i64 = 10 * 86_400_000_000;
/// The same for whole rows of a block.
const DAY: i64 = 86_400_000_000;
/// Days read at once.
const AHEAD: usize = 4;
/// Stretches read ahead, so that the hot rows are there when the history's months before them have gone by: thin rows of half a year
/// by the minute take ten megabytes.
const STRETCHES_AHEAD: usize = 18;

/// What a walk sees of a hot row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Thin {
    pub(crate) at: Instant,
    pub(crate) number: Option<f64>,
    /// Its mark is not `N`.
    pub(crate) marked: bool,
    pub(crate) late: bool,
    pub(crate) version: i64,
}

impl Thin {
    /// Rows come by stamp: of each the newest version stays.
    pub(crate) fn push(all: &mut Vec<Self>, row: Self) {
        match all.last_mut() {
            Some(last) if last.at == row.at && last.version > row.version => {}
            Some(last) if last.at == row.at => *last = row,
            _ => all.push(row),
        }
    }
}

/// A hot row as mass computation wants it: the newest version of its key.
#[derive(Debug, Clone, PartialEq)]
pub struct HotRow {
    /// When.
    pub at: Instant,
    /// Which point.
    pub point: PointId,
    /// Which statement for its key, from 1.
    pub version: i64,
    /// The value as a number.
    pub number: Option<f64>,
    /// The value's text.
    pub value: Option<String>,
    /// Further parts of the telegram.
    pub extra: String,
    /// The device's mark.
    pub mark: String,
}

impl HotRow {
    /// Rows come by stamp, point and version: of each key the last stays.
    pub(crate) fn push(all: &mut Vec<Self>, row: Self) {
        match all.last_mut() {
            Some(last) if (last.at, last.point) == (row.at, row.point) => *last = row,
            _ => all.push(row),
        }
    }
}

/// A row on its way past a [`Walk`].
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// A row of the month of the history at hand, by its number there.
    Past(usize),
    /// A row of the hot store.
    Hot,
    /// The row itself.
    Row(Box<ReadingRow>),
    /// It cannot be found how the row came.
    Lost,
}

/// What is seen of each row, ascending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) number: Option<f64>,
    pub(crate) marked: bool,
    /// Late or restated.
    pub(crate) odd: bool,
}

/// Walks along a series.
pub(crate) trait Walk: Send {
    /// The next row.
    fn see(&mut self, seen: Seen, held: Held);

    /// Rows that it keeps, to be made whole: those of the history at the end of each month, hot ones at the end.
    fn kept(&mut self) -> Vec<(Instant, &mut Held)> {
        Vec::new()
    }
}

impl Walk for Tally {
    fn see(&mut self, seen: Seen, _: Held) {
        Tally::see(self, seen.at, seen.number, seen.marked);
    }
}

/// How many keys there are.
pub(crate) struct Count(pub(crate) i64);

impl Walk for Count {
    fn see(&mut self, _: Seen, _: Held) {
        self.0 += 1;
    }
}

/// A part of a span of hot rows.
enum Piece {
    /// Unpacked already.
    Packed(Vec<Thin>),
    /// Still to be read.
    Rows((Instant, Instant)),
}

/// A span by its packed days, and what lies between them.
fn pieces((from, to): (Instant, Instant), packed: BTreeMap<i64, Vec<Thin>>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut next = from;
    let rows = |pieces: &mut Vec<Piece>, until: Instant, next: Instant| {
        pieces.extend(stretches((next, until), STRETCH).map(Piece::Rows));
    };
    for (day, mut all) in packed {
        let (begin, end) = (Instant(day * DAY).max(from), Instant((day + 1) * DAY).min(to));
        rows(&mut pieces, begin, next);
        all.retain(|row| from <= row.at && row.at < to);
        pieces.push(Piece::Packed(all));
        next = end;
    }
    rows(&mut pieces, to, next);
    pieces
}

/// Hot rows of a series, stretch by stretch.
struct Hot<'a> {
    stretches: BoxStream<'a, Result<Vec<Thin>, StoreError>>,
    page: std::vec::IntoIter<Thin>,
}

impl<'a> Hot<'a> {
    async fn begin(store: &'a Store, series: Series, span: (Instant, Instant)) -> Result<Self, StoreError> {
        let held = store.held_span((series.0.block(), series.1), span).await?;
        let packed = pack::packed(store, series, held).await?;
        let scan = move |piece| match piece {
            Piece::Packed(rows) => Either::Left(future::ready(Ok(Ok(rows)))),
            Piece::Rows(stretch) => Either::Right(store.scanner.scan(series, stretch)),
        };
        let read = |scanned: Result<_, tokio::task::JoinError>| {
            future::ready(scanned.map_err(|e| StoreError::Io(e.to_string())).flatten())
        };
        let scanned = stream::iter(pieces(held, packed)).map(scan).buffered(STRETCHES_AHEAD);
        let stretches = scanned.then(read).boxed();
        Ok(Self { stretches, page: Vec::new().into_iter() })
    }

    /// The next row, which stays.
    async fn peek(&mut self) -> Result<Option<Thin>, StoreError> {
        loop {
            if let Some(row) = self.page.as_slice().first() {
                return Ok(Some(*row));
            }
            let Some(rows) = self.stretches.try_next().await? else { return Ok(None) };
            self.page = rows.into_iter();
        }
    }

    fn pass(&mut self, walk: &mut dyn Walk) {
        if let Some(row) = self.page.next() {
            let odd = row.late || row.version > 1;
            walk.see(Seen { at: row.at, number: row.number, marked: row.marked, odd }, Held::Hot);
        }
    }
}

/// A span in pieces of a length.
fn stretches((from, to): (Instant, Instant), length: i64) -> impl Iterator<Item = (Instant, Instant)> {
    let mut next = Some(from.0).filter(|from| *from < to.0);
    std::iter::from_fn(move || {
        let begin = next?;
        let end = begin.saturating_add(length).min(to.0);
        next = Some(end).filter(|end| *end < to.0);
        Some((Instant(begin), Instant(end)))
    })
}

impl Store {
    /// The part of a span in which a block has hot rows of a kind.
    async fn held_span(
        &self,
        (block, kind): (i64, PeriodKind),
        (from, to): (Instant, Instant),
    ) -> Result<(Instant, Instant), StoreError> {
        let ends = self.read_one(ENDS, args![block, kind.number(), from, to]).await?;
        let Some(row) = ends else { return Ok((from, from)) };
        Ok(match (row.int_opt(0)?, row.int_opt(1)?) {
            (Some(first), Some(last)) => (Instant(first), Instant(last.saturating_add(1))),
            _ => (from, from),
        })
    }

    /// Everything hot of some blocks and a kind in `[from, to)`, newest version of each key, block after block, a day at a time.
    /// Rows that move meanwhile may be missing: whoever needs all compares [`Store::moved_state`] before and after.
    pub fn hot_rows(
        &self,
        blocks: Vec<i64>,
        kind: PeriodKind,
        span: (Instant, Instant),
    ) -> BoxStream<'static, Result<Vec<HotRow>, StoreError>> {
        let store = self.clone();
        let of_block = move |block| {
            let store = store.clone();
            async move {
                let held = store.held_span((block, kind), span).await?;
                let scanner = store.scanner.clone();
                let read = move |day| {
                    let scanner = scanner.clone();
                    async move { scanner.block((block, kind), day).await }
                };
                Ok::<_, StoreError>(stream::iter(stretches(held, DAY)).map(read).buffered(AHEAD))
            }
        };
        stream::iter(blocks).then(of_block).try_flatten().boxed()
    }

    /// Walks along a series, hot and history together, from its first row to its last. Of what lies in both the history's row is
    /// seen: the hot one may be on its way out.
    pub(crate) async fn walk(
        &self,
        (state, history): (MovedState, Option<&History>),
        series: Series,
        span: (Instant, Instant),
        walk: &mut dyn Walk,
    ) -> Result<Vec<Unread>, StoreError> {
        let mut hot = Hot::begin(self, series, span).await?;
        let mut unread = Vec::new();
        if let Some(history) = history.filter(|_| span.0 < state.horizon) {
            let mut months = history.lines(series, (span.0, span.1.min(state.horizon)));
            while let Some(month) = months.next().await {
                let (lines, missing) = month?;
                unread.extend(missing);
                let stamps = lines.lines()?;
                for (i, line) in stamps.iter().enumerate() {
                    let mut newer = false;
                    while let Some(row) = hot.peek().await?
                        && row.at <= line.at
                    {
                        newer = row.at == line.at && row.version > line.version;
                        if row.at < line.at || newer {
                            hot.pass(walk);
                        } else {
                            hot.page.next();
                        }
                    }
                    if !newer {
                        let odd = line.late || line.version > 1;
                        walk.see(Seen { at: line.at, number: line.number, marked: line.marked, odd }, Held::Past(i));
                    }
                }
                let mut kept = walk.kept();
                kept.retain(|(_, held)| matches!(held, Held::Past(_)));
                let which: Vec<usize> =
                    kept.iter().filter_map(|(_, h)| if let Held::Past(i) = h { Some(*i) } else { None }).collect();
                let mut numbers = which.clone();
                numbers.sort_unstable();
                numbers.dedup();
                let found = history.stored(&lines, &numbers).await?;
                unread.extend(found.unread);
                let rows: HashMap<i64, Stored> = found.rows.into_iter().map(|r| (r.reading.key.at.0, r)).collect();
                for ((_, held), i) in kept.into_iter().zip(which) {
                    let row = stamps.get(i).and_then(|line| rows.get(&line.at.0));
                    *held = row.map_or(Held::Lost, |row| Held::Row(Box::new(row_of(row.clone()))));
                }
            }
        }
        while hot.peek().await?.is_some() {
            hot.pass(walk);
        }
        self.make_whole(series, walk).await?;
        unread.sort_by(|a, b| (a.from, &a.segment).cmp(&(b.from, &b.segment)));
        unread.dedup();
        Ok(unread)
    }

    /// Fetches what is missing of the hot rows that a walk keeps.
    async fn make_whole(&self, series: Series, walk: &mut dyn Walk) -> Result<(), StoreError> {
        let mut kept = walk.kept();
        kept.retain(|(_, held)| matches!(held, Held::Hot));
        kept.sort_by_key(|(at, _)| *at);
        let stamps: Vec<Instant> = kept.iter().map(|(at, _)| *at).collect();
        let found = self.scanner.newest(series, stamps).await?;
        let found: HashMap<Instant, ReadingRow> = found.into_iter().map(|row| (row.at, row)).collect();
        for (at, held) in kept {
            *held = found.get(&at).map_or(Held::Lost, |row| Held::Row(Box::new(row.clone())));
        }
        Ok(())
    }
}
