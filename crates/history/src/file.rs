//! One Parquet file: how rows are written, and which stretches of it need not be read.
//!
//! Encodings were chosen by measurement over a year of fifteen factors a minute (`cargo xtask bench history`): stamps and row
//! numbers of telegrams by their differences, everything else by dictionary, zstd over all. A row group ends where a series does
//! once it is long enough, so that its dictionary holds the values of few points.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::path::Path;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection, RowSelector};
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::{ArrowWriter, ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;

use crate::shape::{Columns, Part};
use crate::sums::{Sums, blocks};
use crate::{FileEntry, HistoryError, Shape};

fn properties(part: Part, shape: Shape) -> Result<WriterProperties, HistoryError> {
    let level = ZstdLevel::try_new(shape.zstd_level).map_err(HistoryError::parquet)?;
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by("shanshui".into())
        .set_max_row_group_row_count(Some(1 << 20))
        .set_data_page_row_count_limit(shape.page_rows)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for name in part.order() {
        builder = builder.set_column_statistics_enabled(ColumnPath::from(*name), EnabledStatistics::Page);
    }
    if part == Part::Arrival {
        builder = builder.set_column_statistics_enabled(ColumnPath::from("late"), EnabledStatistics::Page);
    }
    for name in ["at", "arrived", "telegram"] {
        let column = ColumnPath::from(name);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    for name in ["extra", "value", "raw", "problems"] {
        builder = builder.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::None);
    }
    if part == Part::Telegram {
        let raw = ColumnPath::from("raw");
        builder = builder.set_column_dictionary_enabled(raw, false).set_data_page_size_limit(shape.raw_page_bytes);
    }
    Ok(builder.build())
}

/// Writes sorted batches of one part into one file in memory.
pub(crate) struct Pen {
    writer: ArrowWriter<Vec<u8>>,
    shape: Shape,
    pub(crate) rows: u64,
}

impl Pen {
    pub(crate) fn new(part: Part, shape: Shape) -> Result<Self, HistoryError> {
        let properties = properties(part, shape)?;
        let writer = ArrowWriter::try_new(Vec::new(), part.schema(), Some(properties));
        Ok(Self { writer: writer.map_err(HistoryError::parquet)?, shape, rows: 0 })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), HistoryError> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(HistoryError::parquet)
    }

    /// A series is at its end: ends the row group when it is long enough.
    pub(crate) fn turn(&mut self) -> Result<(), HistoryError> {
        if self.writer.in_progress_rows() < self.shape.group_rows {
            return Ok(());
        }
        self.writer.flush().map_err(HistoryError::parquet)
    }

    /// Bytes so far, about.
    pub(crate) fn bytes(&self) -> usize {
        self.writer.bytes_written() + self.writer.in_progress_size()
    }

    pub(crate) fn finish(mut self) -> Result<(Vec<u8>, ParquetMetaData), HistoryError> {
        let metadata = self.writer.finish().map_err(HistoryError::parquet)?;
        Ok((std::mem::take(self.writer.inner_mut()), metadata))
    }
}

/// Which rows are wanted; what is not said is not asked for. Spans are half open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Want {
    pub(crate) block: Option<i64>,
    pub(crate) kind: Option<i64>,
    pub(crate) point: Option<i64>,
    pub(crate) at: Option<Range<i64>>,
    pub(crate) telegram: Option<Range<i64>>,
    /// Instants, ascending; whole pages around them may come too.
    pub(crate) moments: Option<Arc<Vec<i64>>>,
    /// Only where `late` is true.
    pub(crate) late: bool,
}

impl Want {
    /// Columns that it is about.
    fn columns(&self) -> Vec<&'static str> {
        let said = [
            ("block", self.block.is_some()),
            ("kind", self.kind.is_some()),
            ("point", self.point.is_some()),
            ("at", self.at.is_some() || self.moments.is_some()),
            ("telegram", self.telegram.is_some()),
            ("late", self.late),
        ];
        said.into_iter().filter(|(_, wanted)| *wanted).map(|(name, _)| name).collect()
    }

    /// Whether rows whose `column` lies within `low..=high` can be among them.
    pub(crate) fn may(&self, column: &str, low: i64, high: i64) -> bool {
        let one = |wanted: Option<i64>| wanted.is_none_or(|w| low <= w && w <= high);
        let span = |wanted: &Option<Range<i64>>| wanted.as_ref().is_none_or(|w| low < w.end && w.start <= high);
        match column {
            "block" => one(self.block),
            "kind" => one(self.kind),
            "point" => one(self.point),
            "telegram" => span(&self.telegram),
            "at" => {
                let near = |m: &Arc<Vec<i64>>| m.get(m.partition_point(|at| *at < low)).is_some_and(|at| *at <= high);
                span(&self.at) && self.moments.as_ref().is_none_or(near)
            }
            "late" => !self.late || high > 0,
            _ => true,
        }
    }

    /// Which rows of a batch are wanted.
    fn mask(&self, batch: &RecordBatch) -> Result<BooleanArray, HistoryError> {
        let mut keep = vec![true; batch.num_rows()];
        let c = Columns(batch);
        let mut by = |wanted: &dyn Fn(usize) -> bool| keep.iter_mut().enumerate().for_each(|(i, k)| *k &= wanted(i));
        for (name, wanted) in [("block", self.block), ("point", self.point)] {
            if let Some(wanted) = wanted {
                let column = c.longs(name)?;
                by(&|i| column.value(i) == wanted);
            }
        }
        if let Some(kind) = self.kind {
            let column = c.ints("kind")?;
            by(&|i| i64::from(column.value(i)) == kind);
        }
        if let Some(span) = &self.at {
            let column = c.times("at")?;
            by(&|i| span.contains(&column.value(i)));
        }
        if let Some(span) = &self.telegram {
            let column = c.longs("telegram")?;
            by(&|i| span.contains(&column.value(i)));
        }
        if self.late {
            let column = c.flags("late")?;
            by(&|i| column.value(i));
        }
        Ok(BooleanArray::from(keep))
    }

    /// Which row groups, and which rows of them, may hold wanted rows.
    fn select(&self, meta: &ParquetMetaData) -> (Vec<usize>, RowSelection) {
        let (mut groups, mut selectors) = (Vec::new(), Vec::new());
        for (g, group) in meta.row_groups().iter().enumerate() {
            let columns: Vec<(usize, &'static str)> =
                self.columns().into_iter().filter_map(|name| Some((place(group.columns(), name)?, name))).collect();
            let out = columns.iter().any(|(c, name)| {
                range_of(group.column(*c).statistics()).is_some_and(|(low, high)| !self.may(name, low, high))
            });
            if out {
                continue;
            }
            let rows = group.num_rows() as usize;
            let mut selection = RowSelection::from(vec![RowSelector::select(rows)]);
            for (c, name) in columns {
                if let Some(pages) = self.pages(meta, (g, c), name, rows) {
                    selection = selection.intersection(&pages);
                }
            }
            if selection.selects_any() {
                groups.push(g);
                selectors.extend(selection.iter().copied());
            }
        }
        (groups, RowSelection::from(selectors))
    }

    fn pages(&self, meta: &ParquetMetaData, (g, c): (usize, usize), name: &str, rows: usize) -> Option<RowSelection> {
        let index = meta.column_index()?.get(g)?.get(c)?;
        let pages = meta.offset_index()?.get(g)?.get(c)?.page_locations();
        let starts: Vec<usize> = pages.iter().map(|p| p.first_row_index as usize).chain([rows]).collect();
        let selector = |i: usize| {
            let length = starts[i + 1] - starts[i];
            let out = page_range(index, i).is_some_and(|(low, high)| !self.may(name, low, high));
            if out { RowSelector::skip(length) } else { RowSelector::select(length) }
        };
        Some(RowSelection::from((0..pages.len()).map(selector).collect::<Vec<_>>()))
    }
}

fn place(columns: &[ColumnChunkMetaData], name: &str) -> Option<usize> {
    columns.iter().position(|c| c.column_path().string() == name)
}

/// Least and greatest of integers and flags.
pub(crate) fn range_of(statistics: Option<&Statistics>) -> Option<(i64, i64)> {
    match statistics? {
        Statistics::Int32(s) => Some((i64::from(*s.min_opt()?), i64::from(*s.max_opt()?))),
        Statistics::Int64(s) => Some((*s.min_opt()?, *s.max_opt()?)),
        Statistics::Boolean(s) => Some((i64::from(*s.min_opt()?), i64::from(*s.max_opt()?))),
        _ => None,
    }
}

fn page_range(index: &ColumnIndexMetaData, page: usize) -> Option<(i64, i64)> {
    match index {
        ColumnIndexMetaData::INT32(x) => Some((i64::from(*x.min_value(page)?), i64::from(*x.max_value(page)?))),
        ColumnIndexMetaData::INT64(x) => Some((*x.min_value(page)?, *x.max_value(page)?)),
        ColumnIndexMetaData::BOOLEAN(x) => Some((i64::from(*x.min_value(page)?), i64::from(*x.max_value(page)?))),
        _ => None,
    }
}

/// Least and greatest of a whole file's column.
pub(crate) fn range_in(meta: &ParquetMetaData, name: &str) -> Option<(i64, i64)> {
    let mut whole: Option<(i64, i64)> = None;
    for group in meta.row_groups() {
        let c = place(group.columns(), name)?;
        let (low, high) = range_of(group.column(c).statistics())?;
        whole = Some(whole.map_or((low, high), |(l, h)| (l.min(low), h.max(high))));
    }
    whole
}

/// A file of an object store, asked for stretches of its bytes. What is not as it was written is an error.
struct Source {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
    sums: Option<Sums>,
}

impl Source {
    fn of(store: &Arc<dyn ObjectStore>, file: &FileEntry) -> Self {
        Self { store: Arc::clone(store), path: file.path.clone(), size: file.size, sums: file.sums.clone() }
    }

    async fn bytes(&self, stretches: Vec<Range<u64>>) -> Result<Vec<Bytes>, ParquetError> {
        let outer = |error| ParquetError::External(Box::new(error));
        let Some(sums) = &self.sums else {
            return self.store.get_ranges(&self.path, &stretches).await.map_err(outer);
        };
        let blocks = blocks(&stretches, self.size);
        let held = self.store.get_ranges(&self.path, &blocks).await.map_err(outer)?;
        for (block, bytes) in blocks.iter().zip(&held) {
            if let Some(Range { start, end }) = sums.broken(block.start, bytes) {
                return Err(ParquetError::General(format!("bytes {start} to {end} are not those that were written")));
            }
        }
        let part = |stretch: Range<u64>| {
            let found = blocks.iter().position(|b| b.start <= stretch.start && stretch.end <= b.end);
            let i = found.ok_or_else(|| ParquetError::General(format!("bytes {stretch:?} of {}", self.size)))?;
            let (from, to) = (stretch.start - blocks[i].start, stretch.end - blocks[i].start);
            if to > held[i].len() as u64 {
                return Err(ParquetError::General(format!("it ends before byte {}", stretch.end)));
            }
            Ok(held[i].slice(from as usize..to as usize))
        };
        stretches.into_iter().map(part).collect()
    }
}

impl AsyncFileReader for Source {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        async move { Ok(self.bytes(vec![range]).await?.swap_remove(0)) }.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        self.bytes(ranges).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let size = self.size;
        async move {
            let reader = ParquetMetaDataReader::new()
                .with_page_index_policy(PageIndexPolicy::Optional)
                .with_prefetch_hint(Some(64 << 10));
            reader.load_and_finish(self, size).await.map(Arc::new)
        }
        .boxed()
    }
}

/// Reads the end of a file: where its stretches lie and what is in them.
pub(crate) async fn footer(
    store: &Arc<dyn ObjectStore>,
    file: &FileEntry,
) -> Result<ArrowReaderMetadata, HistoryError> {
    let mut source = Source::of(store, file);
    let options = ArrowReaderOptions::new();
    ArrowReaderMetadata::load_async(&mut source, options).await.map_err(HistoryError::parquet)
}

/// The wanted rows of a file, in its order; of the columns named, and those the wish is about.
pub(crate) fn rows(
    store: &Arc<dyn ObjectStore>,
    file: &FileEntry,
    meta: ArrowReaderMetadata,
    want: Want,
    columns: Option<&[&str]>,
) -> Result<BoxStream<'static, Result<RecordBatch, HistoryError>>, HistoryError> {
    let (groups, selection) = want.select(meta.metadata());
    let reader = Source::of(store, file);
    let mask = columns.map(|columns| {
        let all = columns.iter().copied().chain(want.columns());
        ProjectionMask::columns(meta.parquet_schema(), all)
    });
    let mut builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, meta)
        .with_batch_size(16_384)
        .with_row_groups(groups)
        .with_row_selection(selection);
    if let Some(mask) = mask {
        builder = builder.with_projection(mask);
    }
    let stream = builder.build().map_err(HistoryError::parquet)?;
    let wanted = move |batch: RecordBatch| {
        let mask = want.mask(&batch)?;
        if mask.true_count() == batch.num_rows() {
            return Ok(batch);
        }
        filter_record_batch(&batch, &mask).map_err(HistoryError::arrow)
    };
    Ok(stream.map_err(HistoryError::parquet).map(move |batch| batch.and_then(&wanted)).boxed())
}

/// A row's place in the order of its part.
pub(crate) fn order_of(part: Part, batch: &RecordBatch, i: usize) -> Result<[i64; 5], HistoryError> {
    let mut order = [0; 5];
    for (slot, name) in order.iter_mut().zip(part.order()) {
        let column =
            batch.column_by_name(name).ok_or_else(|| HistoryError::Table(format!("column {name} is missing")))?;
        *slot = if let Some(c) = column.as_primitive_opt::<Int64Type>() {
            c.value(i)
        } else if let Some(c) = column.as_primitive_opt::<Int32Type>() {
            i64::from(c.value(i))
        } else if let Some(c) = column.as_primitive_opt::<TimestampMicrosecondType>() {
            c.value(i)
        } else {
            return Err(HistoryError::Table(format!("column {name} is not of the table's kind")));
        };
        if column.is_null(i) {
            return Err(HistoryError::Table(format!("column {name} has nothing in a row")));
        }
    }
    Ok(order)
}
