//! Segments: their files first, then one entry of the log for all of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use deltalake_core::kernel::{Action, Add};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use sha2::{Digest, Sha256};

use crate::file::{Pen, Want};
use crate::index::entry;
use crate::shape::{
    Moment, Part, Stored, StoredTelegram, Way, arrival_batch, common_ways, month_of, reading_batch, telegram_batch,
};
use crate::{History, HistoryError, Shape};

/// Rows of a segment.
#[derive(Debug, Clone)]
pub enum Rows {
    /// Readings in any order; of the same key and version the first counts.
    Readings(Vec<Stored>),
    /// Telegrams in any order.
    Telegrams(Vec<StoredTelegram>),
}

impl Rows {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Readings(rows) => rows.len(),
            Self::Telegrams(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Files that were written durably and mean nothing yet.
#[derive(Debug, Clone)]
pub struct SegmentFiles {
    /// The segment.
    pub segment: String,
    /// Rows of readings or telegrams.
    pub rows: u64,
    /// SHA-256 over the files, in their order.
    pub digest: String,
    pub(crate) adds: Vec<Add>,
}

impl SegmentFiles {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.adds.iter().map(|add| add.size as u64).sum()
    }
}

/// A file in memory.
pub(crate) struct Inked {
    pub(crate) path: Path,
    pub(crate) bytes: Vec<u8>,
    pub(crate) add: Add,
}

/// A name for a file of a segment: no two attempts share one, so that nobody ever writes over a file of the table.
pub(crate) fn file_path(part: Part, month: &str, segment: &str) -> Path {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let attempt = format!("{:x}-{:x}-{number:x}", jiff::Timestamp::now().as_microsecond(), std::process::id());
    Path::from(format!("part={}/month={month}/{segment}.{attempt}.parquet", part.as_str()))
}

/// Finishes a file.
pub(crate) fn blot(pen: Pen, part: Part, month: &str, segment: &str) -> Result<Inked, HistoryError> {
    let (bytes, meta) = pen.finish()?;
    let path = file_path(part, month, segment);
    let now = jiff::Timestamp::now().as_millisecond();
    let add = entry(&path, part, month, &bytes, &meta, now);
    Ok(Inked { path, bytes, add })
}

/// Writes sorted readings series by series.
pub(crate) fn ink_readings(pen: &mut Pen, rows: &[Stored], common: &HashMap<Moment, Way>) -> Result<(), HistoryError> {
    const MANY: usize = 16_384;
    let series = |row: &Stored| (row.reading.key.point, row.reading.key.kind);
    let (mut begun, mut done) = (0, 0);
    for one in rows.chunk_by(|a, b| series(a) == series(b)) {
        done += one.len();
        if done - begun >= MANY || done == rows.len() {
            for some in rows[begun..done].chunks(4 * MANY) {
                pen.write(&reading_batch(some, common)?)?;
            }
            pen.turn()?;
            begun = done;
        }
    }
    Ok(())
}

/// Sorts rows, drops doubles.
pub(crate) fn sorted(rows: &mut Vec<Stored>) {
    rows.sort_by_key(Stored::order);
    rows.dedup_by_key(|row| row.order());
}

type Spans = Vec<(String, Vec<Stored>, bool)>;

fn ink(segment: &str, months: Spans, shape: Shape) -> Result<Vec<Inked>, HistoryError> {
    let mut files = Vec::new();
    for (month, rows, alone) in months {
        let common = if alone { HashMap::new() } else { common_ways(&rows) };
        let mut pen = Pen::new(Part::Reading, shape)?;
        ink_readings(&mut pen, &rows, &common)?;
        files.push(blot(pen, Part::Reading, &month, segment)?);
        if !common.is_empty() {
            let mut ways: Vec<_> = common.into_iter().collect();
            ways.sort_unstable();
            let mut pen = Pen::new(Part::Arrival, shape)?;
            pen.write(&arrival_batch(&ways)?)?;
            files.push(blot(pen, Part::Arrival, &month, segment)?);
        }
    }
    Ok(files)
}

fn ink_telegrams(segment: &str, mut rows: Vec<StoredTelegram>, shape: Shape) -> Result<Vec<Inked>, HistoryError> {
    rows.sort_by_key(|t| t.id);
    rows.dedup_by_key(|t| t.id);
    let mut months: BTreeMap<String, Vec<StoredTelegram>> = BTreeMap::new();
    for row in rows {
        months.entry(month_of(row.arrived)).or_default().push(row);
    }
    let mut files = Vec::new();
    for (month, rows) in months {
        let mut pen = Pen::new(Part::Telegram, shape)?;
        for some in rows.chunks(8_192) {
            pen.write(&telegram_batch(some)?)?;
        }
        files.push(blot(pen, Part::Telegram, &month, segment)?);
    }
    Ok(files)
}

impl History {
    /// Writes the files of a segment, durably. They are no part of the table until [`Self::commit`]. Written again after a crash, a
    /// segment gets new files; the old ones are swept by [`Self::vacuum`].
    ///
    /// # Errors
    /// When `segment` is no plain name (letters, digits, `-`, `_`), or the place cannot be written.
    pub async fn write(&self, segment: &str, rows: Rows) -> Result<SegmentFiles, HistoryError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if segment.is_empty() || segment.len() > 100 || !segment.chars().all(plain) {
            return Err(HistoryError::Table(format!("{segment:?} is no name for a segment")));
        }
        self.refresh().await?;
        let (name, shape) = (segment.to_owned(), self.inner.options.shape);
        let (known, mut count) = (self.known(), rows.len() as u64);
        let inked = match rows {
            Rows::Telegrams(rows) => blocking(move || ink_telegrams(&name, rows, shape)).await?,
            Rows::Readings(mut rows) => {
                let (rows, inked) = blocking(move || {
                    sorted(&mut rows);
                    let count = rows.len() as u64;
                    let mut months: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
                    for row in rows {
                        months.entry(month_of(row.reading.key.at)).or_default().push(row);
                    }
                    // a moment has one row of `arrival` in the whole table: where there may be one already, rows speak for themselves
                    let alone = |rows: &[Stored]| {
                        let wants = extent(rows);
                        known.files.iter().any(|f| f.part == Part::Arrival && wants.iter().any(|want| f.may(want)))
                    };
                    let months = months.into_iter().map(|(month, rows)| {
                        let alone = alone(&rows);
                        (month, rows, alone)
                    });
                    Ok((count, ink(&name, months.collect(), shape)?))
                })
                .await?;
                count = rows;
                inked
            }
        };
        let mut digest = Sha256::new();
        let mut adds = Vec::with_capacity(inked.len());
        self.inner.options.stops.reach("segment: begun").await;
        for file in inked {
            digest.update(&file.bytes);
            self.inner.store.put(&file.path, file.bytes.into()).await.map_err(HistoryError::place)?;
            self.inner.options.stops.reach("segment: a file is written").await;
            adds.push(file.add);
        }
        Ok(SegmentFiles { segment: segment.to_owned(), rows: count, digest: hex::encode(digest.finalize()), adds })
    }

    /// Makes the files of a segment part of the table, all at once and durably. Done before, it does nothing.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub async fn commit(&self, files: &SegmentFiles) -> Result<(), HistoryError> {
        self.inner.options.stops.reach("commit: begun").await;
        let actions = files.adds.iter().cloned().map(Action::Add).collect();
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: Some(vec!["part".into(), "month".into()]),
            predicate: None,
        };
        self.enter(&files.segment, actions, operation).await?;
        self.inner.options.stops.reach("commit: done").await;
        Ok(())
    }
}

/// For each block and kind of sorted rows, from their first instant to their last.
fn extent(rows: &[Stored]) -> Vec<Want> {
    let unit = |row: &Stored| (row.reading.key.point.block(), row.reading.key.kind.number());
    let want = |rows: &[Stored]| {
        let (block, kind) = unit(&rows[0]);
        let stamps = rows.iter().map(|row| row.reading.key.at.0);
        let (low, high) = stamps.fold((i64::MAX, i64::MIN), |(l, h), at| (l.min(at), h.max(at)));
        Want { block: Some(block), kind: Some(kind), at: Some(low..high.saturating_add(1)), ..Want::default() }
    };
    rows.chunk_by(|a, b| unit(a) == unit(b)).map(want).collect()
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, HistoryError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| HistoryError::Table(e.to_string()))?
}
