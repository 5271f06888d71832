//! Reading: one series, single keys, telegrams, everything of a month.
//!
//! A file is asked only for pages that can hold what is wanted: the log knows what is in each file, its end knows what is in each
//! page. A file that cannot be read is said ([`Unread`]) and the rest answers; when the place itself does not answer, that is an
//! error.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use shanshui_domain::id::{PointId, TelegramId};
use shanshui_domain::sense::ReadingKey;
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use tokio_util::task::AbortOnDropHandle;

use crate::file::{Want, rows};
use crate::shape::{Moment, Part, Readings, Stored, StoredTelegram, Way, month_of, telegrams, ways};
use crate::statistics::{Length, Summary, Tally};
use crate::{FileEntry, History, HistoryError};

/// Files read at one time.
const AT_ONCE: usize = 4;
/// Months of a series read at one time.
const MONTHS_AHEAD: usize = 2;

/// A stretch of the history that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Segment.
    pub segment: String,
    /// First instant of it that was asked for.
    pub from: Instant,
    /// First instant after.
    pub to: Instant,
    /// What is wrong.
    pub detail: String,
}

/// What could be read, and what could not.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranged<T> {
    /// Rows.
    pub rows: Vec<T>,
    /// Stretches that are missing among them.
    pub unread: Vec<Unread>,
}

impl<T> Default for Ranged<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), unread: Vec::new() }
    }
}

/// The newest versions of one series in one month, ascending, as columns. How the readings came is not yet known, but whether they
/// were late; [`History::stored`] looks up the rest for the few rows that are kept.
#[derive(Debug)]
pub struct Lines {
    batch: RecordBatch,
    newest: Vec<u32>,
    late: Arc<HashSet<i64>>,
}

/// A row of [`Lines`] without its texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Stamp.
    pub at: Instant,
    /// Version, from 1.
    pub version: i64,
    /// Value, when it is a number.
    pub number: Option<f64>,
    /// Whether the mark is another than `N`.
    pub marked: bool,
    /// Back-filled.
    pub late: bool,
}

impl Lines {
    /// How many.
    pub fn len(&self) -> usize {
        self.newest.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    /// Every row, ascending.
    ///
    /// # Errors
    /// When the columns are not those of the table.
    pub fn lines(&self) -> Result<Vec<Line>, HistoryError> {
        let r = Readings::of(&self.batch)?;
        let line = |i: &u32| {
            let i = *i as usize;
            let at = r.at.value(i);
            let late = r.own_way(i).map_or_else(|| self.late.contains(&at), |way| way.late);
            let version = i64::from(r.version.value(i));
            Line { at: Instant(at), version, number: r.number(i), marked: r.mark(i) != "N", late }
        };
        Ok(self.newest.iter().map(line).collect())
    }
}

/// Rows of one file and what went wrong, if something did.
type Read = Result<Vec<RecordBatch>, HistoryError>;

impl History {
    /// Reads the wanted rows of files; of those that cannot be read it says so. Files come in the order given.
    pub(crate) async fn read(
        &self,
        files: &[FileEntry],
        want: &Want,
        columns: Option<&'static [&'static str]>,
    ) -> Result<(Vec<RecordBatch>, Vec<(FileEntry, HistoryError)>), HistoryError> {
        let one = |file: FileEntry| {
            let (history, want) = (self.clone(), want.clone());
            async move {
                let read: Read = async {
                    let meta = history.footer(&file).await?;
                    rows(&history.inner.store, &file, meta, want, columns)?.try_collect().await
                }
                .await;
                (file, read)
            }
        };
        let mut read = futures::stream::iter(files.iter().cloned().map(one)).buffered(AT_ONCE);
        let (mut batches, mut bad) = (Vec::new(), Vec::new());
        while let Some((file, read)) = read.next().await {
            match read {
                Ok(some) => batches.extend(some.into_iter().filter(|b| b.num_rows() > 0)),
                Err(error @ HistoryError::Place(_)) => return Err(error),
                Err(error) => bad.push((file, error)),
            }
        }
        Ok((batches, bad))
    }

    /// The first wanted rows of a file, a little more than `limit`.
    async fn read_first(
        &self,
        file: &FileEntry,
        want: &Want,
        limit: usize,
    ) -> Result<(Vec<RecordBatch>, Vec<(FileEntry, HistoryError)>), HistoryError> {
        let read: Read = async {
            let meta = self.footer(file).await?;
            let mut stream = rows(&self.inner.store, file, meta, want.clone(), None)?;
            let (mut batches, mut count) = (Vec::new(), 0);
            while count < limit
                && let Some(batch) = stream.try_next().await?
            {
                count += batch.num_rows();
                batches.push(batch);
            }
            Ok(batches)
        }
        .await;
        match read {
            Ok(batches) => Ok((batches, Vec::new())),
            Err(error @ HistoryError::Place(_)) => Err(error),
            Err(error) => Ok((Vec::new(), vec![(file.clone(), error)])),
        }
    }

    /// As [`Self::read`] of all files of a part in which wanted rows can be; of `month`, if it is said. Files that a merge elsewhere
    /// has replaced and swept meanwhile are looked for once more.
    pub(crate) async fn find(
        &self,
        part: Part,
        month: Option<&str>,
        want: &Want,
        columns: Option<&'static [&'static str]>,
    ) -> Result<(Vec<RecordBatch>, Vec<Unread>), HistoryError> {
        for again in [true, false] {
            let known = self.known();
            let of_it = |f: &&FileEntry| f.part == part && month.is_none_or(|m| f.month == m) && f.may(want);
            let files: Vec<FileEntry> = known.files.iter().filter(of_it).cloned().collect();
            let (batches, bad) = self.read(&files, want, columns).await?;
            if again && bad.iter().any(|(_, e)| matches!(e, HistoryError::Gone(_))) {
                self.refresh().await?;
                if self.version() != known.version {
                    continue;
                }
            }
            return Ok((
                batches,
                bad.into_iter().map(|(file, error)| unread(&file, &error, want.at.as_ref())).collect(),
            ));
        }
        Ok(Default::default())
    }

    /// Months in which a part has files with wanted rows, ascending.
    fn months(&self, part: Part, want: &Want) -> Vec<String> {
        let mut months: Vec<String> = Vec::new();
        for file in self.known().files.iter().filter(|f| f.part == part && f.may(want)) {
            if months.last() != Some(&file.month) {
                months.push(file.month.clone());
            }
        }
        months
    }

    async fn month(
        &self,
        month: &str,
        want: &Want,
        late: Arc<HashSet<i64>>,
    ) -> Result<(Lines, Vec<Unread>), HistoryError> {
        let (batches, unread) = self.find(Part::Reading, Some(month), want, None).await?;
        let batch = concat_batches(&Part::Reading.schema(), &batches).map_err(HistoryError::arrow)?;
        let newest = newest(&batch)?;
        Ok((Lines { batch, newest, late }, unread))
    }

    /// Moments of a block and kind whose readings came late, most of them.
    async fn late_moments(&self, want: &Want) -> Result<(HashSet<i64>, Vec<Unread>), HistoryError> {
        let want = Want { point: None, late: true, ..want.clone() };
        let (batches, unread) = self.find(Part::Arrival, None, &want, Some(&["at"])).await?;
        let mut late = HashSet::new();
        for batch in &batches {
            late.extend(crate::shape::Columns(batch).times("at")?.values().iter().copied());
        }
        Ok((late, unread))
    }

    /// A series, month by month, ascending: the newest version of each key in `[from, to)`.
    pub fn lines(
        &self,
        (point, kind): (PointId, PeriodKind),
        (from, to): (Instant, Instant),
    ) -> BoxStream<'static, Result<(Lines, Vec<Unread>), HistoryError>> {
        let want = series(point, kind, from.0..to.0);
        let months = self.months(Part::Reading, &want);
        let late: Arc<tokio::sync::OnceCell<Arc<HashSet<i64>>>> = Arc::default();
        let history = self.clone();
        let read = move |month: String| {
            let (history, want, late) = (history.clone(), want.clone(), Arc::clone(&late));
            let read = async move {
                let mut not_known = Vec::new();
                let late = late.get_or_try_init(|| async {
                    let (late, unread) = history.late_moments(&want).await?;
                    not_known = unread;
                    Ok::<_, HistoryError>(Arc::new(late))
                });
                let late = Arc::clone(late.await?);
                let (lines, mut unread) = history.month(&month, &want, late).await?;
                unread.extend(not_known);
                Ok((lines, unread))
            };
            AbortOnDropHandle::new(tokio::spawn(read))
        };
        // the next month is read while this one is being looked at
        let steps = futures::stream::iter(months).map(read).buffered(MONTHS_AHEAD);
        let steps = steps.map(|read| read.unwrap_or_else(|e| Err(HistoryError::Place(e.to_string()))));
        steps.boxed()
    }

    /// The rows of `lines` numbered in `which`, ascending, whole. Those of which it cannot be found how they came are left out and
    /// said.
    ///
    /// # Errors
    /// When the place does not answer, or the columns are not those of the table.
    pub async fn stored(&self, lines: &Lines, which: &[usize]) -> Result<Ranged<Stored>, HistoryError> {
        let which: Vec<usize> = which.iter().filter_map(|i| lines.newest.get(*i)).map(|i| *i as usize).collect();
        self.rows_of(&lines.batch, &which).await
    }

    async fn rows_of(&self, batch: &RecordBatch, which: &[usize]) -> Result<Ranged<Stored>, HistoryError> {
        let r = Readings::of(batch)?;
        let open = which.iter().filter(|i| r.own_way(**i).is_none()).map(|i| r.moment(*i));
        let mut units: BTreeMap<(i64, i64), Vec<i64>> = BTreeMap::new();
        for (block, kind, at) in open {
            units.entry((block, kind)).or_default().push(at);
        }
        let (mut common, mut unread): (HashMap<Moment, Way>, Vec<Unread>) = Default::default();
        for ((block, kind), mut moments) in units {
            moments.sort_unstable();
            moments.dedup();
            let span = moments.first().copied().unwrap_or(0)..moments.last().copied().unwrap_or(0).saturating_add(1);
            let moments = Arc::new(moments);
            let want = Want {
                block: Some(block),
                kind: Some(kind),
                at: Some(span),
                moments: Some(Arc::clone(&moments)),
                ..Want::default()
            };
            let (batches, missing) = self.find(Part::Arrival, None, &want, None).await?;
            unread.extend(missing);
            for batch in &batches {
                let wanted = ways(batch)?.into_iter().filter(|((_, _, at), _)| moments.binary_search(at).is_ok());
                common.extend(wanted);
            }
        }
        let mut rows = Vec::with_capacity(which.len());
        for i in which {
            let way = common.get(&r.moment(*i)).copied();
            if way.is_none() && r.own_way(*i).is_none() && !unread.is_empty() {
                continue;
            }
            rows.push(r.row(*i, way)?);
        }
        Ok(Ranged { rows, unread })
    }

    /// The newest version of each key of a series in `[from, to)`, ascending; at most `max`, and then the first.
    ///
    /// # Errors
    /// When the place does not answer.
    pub async fn range(
        &self,
        of: (PointId, PeriodKind),
        span: (Instant, Instant),
        max: usize,
    ) -> Result<Ranged<Stored>, HistoryError> {
        let mut out = Ranged::default();
        let mut months = self.lines(of, span);
        while let Some(month) = months.next().await {
            let (lines, unread) = month?;
            out.unread.extend(unread);
            let some: Vec<usize> = (0..lines.len().min(max - out.rows.len())).collect();
            let found = self.stored(&lines, &some).await?;
            out.rows.extend(found.rows);
            out.unread.extend(found.unread);
            if out.rows.len() >= max {
                break;
            }
        }
        out.unread = distinct(out.unread);
        Ok(out)
    }

    /// Every version of a key in the history, oldest first.
    ///
    /// # Errors
    /// When the place does not answer.
    pub async fn versions(&self, key: ReadingKey) -> Result<Ranged<Stored>, HistoryError> {
        let mut found = self.every(key.point, key.kind, &[key.at.0]).await?;
        found.rows.sort_by_key(|row| row.version);
        Ok(found)
    }

    /// Every version of keys of one series.
    async fn every(&self, point: PointId, kind: PeriodKind, moments: &[i64]) -> Result<Ranged<Stored>, HistoryError> {
        let (Some(first), Some(last)) = (moments.first(), moments.last()) else { return Ok(Ranged::default()) };
        let span = *first..last.saturating_add(1);
        let want = Want { moments: Some(Arc::new(moments.to_vec())), ..series(point, kind, span) };
        let (batches, unread) = self.find(Part::Reading, None, &want, None).await?;
        let batch = concat_batches(&Part::Reading.schema(), &batches).map_err(HistoryError::arrow)?;
        let r = Readings::of(&batch)?;
        let wanted = |i: &usize| moments.binary_search(&r.at.value(*i)).is_ok();
        let which: Vec<usize> = (0..batch.num_rows()).filter(wanted).collect();
        let mut found = self.rows_of(&batch, &which).await?;
        // a row may lie in two files until they are merged
        found.rows.sort_by_key(Stored::order);
        found.rows.dedup_by_key(|row| row.order());
        found.unread.extend(unread);
        Ok(found)
    }

    /// The newest version of each of many keys; keys without any are left out.
    ///
    /// # Errors
    /// When the place does not answer.
    pub async fn newest(&self, keys: &[ReadingKey]) -> Result<Ranged<Stored>, HistoryError> {
        let mut found = self.statements(keys).await?;
        // versions of a key come ascending: the last stays
        found.rows.reverse();
        found.rows.dedup_by_key(|row| row.reading.key);
        found.rows.reverse();
        Ok(found)
    }

    /// Every version of many keys, those of a key ascending; keys without any are left out.
    ///
    /// # Errors
    /// When the place does not answer.
    pub async fn statements(&self, keys: &[ReadingKey]) -> Result<Ranged<Stored>, HistoryError> {
        let mut series: BTreeMap<(PointId, PeriodKind, String), Vec<i64>> = BTreeMap::new();
        for key in keys {
            series.entry((key.point, key.kind, month_of(key.at))).or_default().push(key.at.0);
        }
        let mut out = Ranged::default();
        for ((point, kind, _), mut moments) in series {
            moments.sort_unstable();
            moments.dedup();
            let found = self.every(point, kind, &moments).await?;
            out.unread.extend(found.unread);
            out.rows.extend(found.rows);
        }
        out.unread = distinct(out.unread);
        Ok(out)
    }

    /// Rows that are not in the table yet: none of the same key and version is.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn absent(&self, mut rows: Vec<Stored>) -> Result<Vec<Stored>, HistoryError> {
        self.refresh().await?;
        let known = self.known();
        let readings: Vec<&FileEntry> = known.files.iter().filter(|f| f.part == Part::Reading).collect();
        rows.sort_by_key(Stored::order);
        let of = |row: &Stored| (row.reading.key.point, row.reading.key.kind, month_of(row.reading.key.at));
        let mut absent = Vec::with_capacity(rows.len());
        for some in rows.chunk_by(|a, b| of(a) == of(b)) {
            let (point, kind, _) = of(&some[0]);
            let moments: Vec<i64> = some.iter().map(|row| row.reading.key.at.0).collect();
            let span = moments[0]..moments[moments.len() - 1].saturating_add(1);
            if !readings.iter().any(|f| f.may(&series(point, kind, span.clone()))) {
                absent.extend_from_slice(some);
                continue;
            }
            let found = self.every(point, kind, &moments).await?;
            if let Some(unread) = found.unread.into_iter().next() {
                return Err(unread.into());
            }
            let there: HashSet<_> = found.rows.iter().map(Stored::order).collect();
            absent.extend(some.iter().filter(|row| !there.contains(&row.order())).cloned());
        }
        Ok(absent)
    }

    /// One telegram; none when the history does not have it.
    ///
    /// # Errors
    /// When the place does not answer, or the file it should be in cannot be read.
    pub async fn telegram(&self, id: TelegramId) -> Result<Option<StoredTelegram>, HistoryError> {
        let found = self.telegrams(id.0..id.0.saturating_add(1), usize::MAX).await?;
        match (found.rows.into_iter().next(), found.unread.into_iter().next()) {
            (Some(row), _) => Ok(Some(row)),
            (None, None) => Ok(None),
            (None, Some(u)) => Err(u.into()),
        }
    }

    /// Telegrams with an id after `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// When the place does not answer.
    pub async fn telegrams_after(
        &self,
        after: TelegramId,
        limit: usize,
    ) -> Result<Ranged<StoredTelegram>, HistoryError> {
        self.telegrams(after.0.saturating_add(1)..i64::MAX, limit).await
    }

    /// File by file in the order of their first ids, so that no more is read than is asked for.
    async fn telegrams(&self, ids: Range<i64>, limit: usize) -> Result<Ranged<StoredTelegram>, HistoryError> {
        let first = |f: &FileEntry| f.ranges.get("telegram").map_or(i64::MIN, |(low, _)| *low);
        'fresh: for again in [true, false] {
            let known = self.known();
            let want = Want { telegram: Some(ids.clone()), ..Want::default() };
            let mut files: Vec<&FileEntry> =
                known.files.iter().filter(|f| f.part == Part::Telegram && f.may(&want)).collect();
            files.sort_by_key(|f| first(f));
            let mut out: Ranged<StoredTelegram> = Ranged::default();
            for (i, file) in files.iter().enumerate() {
                let (batches, bad) = self.read_first(file, &want, limit).await?;
                for (file, error) in bad {
                    if again && matches!(error, HistoryError::Gone(_)) {
                        self.refresh().await?;
                        if self.version() != known.version {
                            continue 'fresh;
                        }
                    }
                    out.unread.push(unread(&file, &error, None));
                }
                for batch in &batches {
                    out.rows.extend(telegrams(batch)?);
                }
                out.rows.sort_by_key(|t| t.id);
                out.rows.dedup_by_key(|t| t.id);
                let next = files.get(i + 1).map(|f| first(f));
                let enough = out.rows.get(limit.saturating_sub(1)).is_some_and(|t| next.is_none_or(|n| t.id.0 < n));
                if enough {
                    break;
                }
            }
            out.rows.truncate(limit);
            return Ok(out);
        }
        Ok(Ranged::default())
    }

    /// Count, least, greatest, sum of each series by civil days, months or years. Only what is in the history: the store puts what
    /// is hot before it.
    ///
    /// # Errors
    /// When the place does not answer.
    pub async fn statistics(
        &self,
        points: &[PointId],
        kind: PeriodKind,
        span: (Instant, Instant),
        (length, zone): (Length, &Zone),
    ) -> Result<Ranged<(PointId, Summary)>, HistoryError> {
        let mut out = Ranged::default();
        for point in points {
            let mut tally = Tally::new(length, zone.clone());
            let mut months = self.lines((*point, kind), span);
            while let Some(month) = months.next().await {
                let (lines, unread) = month?;
                out.unread.extend(unread);
                lines.lines()?.iter().for_each(|line| tally.see(line.at, line.number, line.marked));
            }
            out.rows.extend(tally.finish().into_iter().map(|summary| (*point, summary)));
        }
        out.unread = distinct(out.unread);
        Ok(out)
    }

    /// Everything of a part in a month, as it lies in the files, one after the other: also versions that are not the newest, and rows
    /// that lie in two files until they are merged.
    pub fn scan(&self, part: Part, month: &str) -> BoxStream<'static, Result<RecordBatch, HistoryError>> {
        let known = self.known();
        let files: Vec<FileEntry> =
            known.files.iter().filter(|f| f.part == part && f.month == month).cloned().collect();
        let history = self.clone();
        let one = move |file: FileEntry| {
            let history = history.clone();
            async move { history.whole(&file, None).await }
        };
        futures::stream::iter(files).then(one).try_flatten().boxed()
    }

    /// Every row of a file; what goes wrong says which segment it is.
    pub(crate) async fn whole(
        &self,
        file: &FileEntry,
        columns: Option<&'static [&'static str]>,
    ) -> Result<BoxStream<'static, Result<RecordBatch, HistoryError>>, HistoryError> {
        let of = file.clone();
        let damaged = move |error: HistoryError| match error {
            HistoryError::Place(_) => error,
            other => unread(&of, &other, None).into(),
        };
        let meta = self.footer(file).await.map_err(&damaged)?;
        let stream = rows(&self.inner.store, file, meta, Want::default(), columns);
        Ok(stream.map_err(&damaged)?.map_err(damaged).boxed())
    }
}

impl From<Unread> for HistoryError {
    fn from(u: Unread) -> Self {
        Self::Damaged { segment: u.segment, from: u.from, to: u.to, detail: u.detail }
    }
}

fn series(point: PointId, kind: PeriodKind, at: Range<i64>) -> Want {
    let (block, kind) = (Some(point.block()), Some(kind.number()));
    Want { block, kind, point: Some(point.0), at: Some(at), ..Want::default() }
}

/// Which rows of a series are the newest of their keys, ascending.
fn newest(batch: &RecordBatch) -> Result<Vec<u32>, HistoryError> {
    let r = Readings::of(batch)?;
    let order = |i: &u32| (r.at.value(*i as usize), r.version.value(*i as usize));
    let mut rows: Vec<u32> = (0..batch.num_rows() as u32).collect();
    if !rows.is_sorted_by_key(order) {
        rows.sort_by_key(order);
    }
    let mut kept: Vec<u32> = Vec::with_capacity(rows.len());
    for row in rows {
        match kept.last_mut() {
            Some(last) if r.at.value(*last as usize) == r.at.value(row as usize) => *last = row,
            _ => kept.push(row),
        }
    }
    Ok(kept)
}

/// A file that cannot be read, as far as it was asked for.
pub(crate) fn unread(file: &FileEntry, error: &HistoryError, asked: Option<&Range<i64>>) -> Unread {
    let (from, to) = file.period().unwrap_or_else(|| month_span(&file.month));
    let asked = asked.cloned().unwrap_or(i64::MIN..i64::MAX);
    Unread {
        segment: file.segment.clone(),
        from: Instant(from.0.max(asked.start)),
        to: Instant(to.0.min(asked.end)),
        detail: error.to_string(),
    }
}

/// From a month's first instant to the next month's, UTC.
fn month_span(month: &str) -> (Instant, Instant) {
    let start = |year: i16, month: i8| {
        let day = jiff::civil::Date::new(year, month, 1).ok()?;
        let zoned = jiff::tz::TimeZone::UTC.to_zoned_datetime(day.at(0, 0, 0, 0)).ok()?;
        Some(Instant::from_timestamp(zoned.timestamp()))
    };
    let span = || {
        let (year, month) = month.split_once('-')?;
        let (year, month) = (year.parse::<i16>().ok()?, month.parse::<i8>().ok()?);
        let next = if month == 12 { start(year + 1, 1)? } else { start(year, month + 1)? };
        Some((start(year, month)?, next))
    };
    span().unwrap_or((Instant(i64::MIN), Instant(i64::MAX)))
}

/// Each stretch once.
fn distinct(mut unread: Vec<Unread>) -> Vec<Unread> {
    unread.sort_by(|a, b| (a.from, &a.segment, a.to).cmp(&(b.from, &b.segment, b.to)));
    unread.dedup();
    unread
}
