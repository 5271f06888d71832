//! What a query reads: files of the history, and rows of the hot store that have not moved yet. Each reading counts once, in its
//! newest version.
//!
//! Most files hold nothing that any other file or the hot store knows better: they are read as they are. A file is *mixed* when it
//! holds versions beyond the first, or when a version or a hot row lies where its blocks and times are. Among mixed files and hot
//! rows a row gives way to another of its key with a higher version; of two with the same version, which happens while a segment is
//! being moved, the hot one counts. Only those better rows are kept in memory for the comparison, and they are few.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef, TimestampMicrosecondType};
use datafusion::prelude::SessionContext;
use futures::{Stream, StreamExt};

use crate::functions::instant_type;
use crate::scratch::{Draft, Scratch};
use crate::table::{FileTable, TableFile, lacks};
use crate::{Place, QueryError};

/// A day in microseconds.
const DAY_US: i64 = 86_400_000_000;

/// Columns of readings that queries read; files may have more.
pub fn readings_schema() -> SchemaRef {
    let field = |name: &str, of: DataType| Field::new(name, of, true);
    Arc::new(Schema::new(vec![
        field("block", DataType::Int64),
        field("kind", DataType::Int32),
        field("at", instant_type()),
        field("point", DataType::Int64),
        field("version", DataType::Int32),
        field("number", DataType::Float64),
        field("decimals", DataType::Int8),
        field("value", DataType::Utf8),
        field("extra", DataType::Utf8),
        field("mark", DataType::Utf8),
    ]))
}

/// One file of readings, with what the table's log says about it. Ranges are inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Below the place of the source.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Rows.
    pub rows: u64,
    /// Smallest and largest stamp, microseconds.
    pub at: (i64, i64),
    /// Smallest and largest block.
    pub block: (i64, i64),
    /// Largest version.
    pub version_max: i32,
}

impl SourceFile {
    fn overlaps(&self, other: &Self) -> bool {
        let meet = |a: (i64, i64), b: (i64, i64)| a.0 <= b.1 && b.0 <= a.1;
        meet(self.at, other.at) && meet(self.block, other.block)
    }

    fn holds_day(&self, block: i64, day: i64) -> bool {
        let (from, to) = (day * DAY_US, (day + 1) * DAY_US - 1);
        (self.block.0..=self.block.1).contains(&block) && self.at.0 <= to && from <= self.at.1
    }
}

/// Rows of the hot store in batches of [`readings_schema`]'s columns, in any order.
pub type Hot = Pin<Box<dyn Stream<Item = Result<RecordBatch, String>> + Send>>;

/// What a query reads.
pub struct Source {
    /// Where the files lie, and where temporary ones go.
    pub place: Place,
    /// Files of the history.
    pub files: Vec<SourceFile>,
    /// Rows that have not moved yet.
    pub hot: Option<Hot>,
}

impl Source {
    /// The history alone.
    pub fn of(place: Place, files: Vec<SourceFile>) -> Self {
        Self { place, files, hot: None }
    }

    /// Registers `readings` in a session. Gives the rows that will be read at most.
    pub(crate) async fn register(self, session: &SessionContext, scratch: &mut Scratch) -> Result<u64, QueryError> {
        let Self { place, files, hot } = self;
        let mut hot_rows = HotRows::default();
        if let Some(hot) = hot {
            hot_rows = keep_hot(hot, &files, scratch).await?;
        }
        let mixed: Vec<bool> = files.iter().map(|f| is_mixed(f, &files, &hot_rows)).collect();
        let (mut plain_files, mut mixed_files) = (Vec::new(), Vec::new());
        for (file, mixed) in files.iter().zip(mixed) {
            let path = place.below(&file.path)?;
            let constant = mixed.then_some(0);
            let one = TableFile { path, size: file.size, rows: file.rows, constant };
            if mixed { &mut mixed_files } else { &mut plain_files }.push(one);
        }
        mixed_files.extend(hot_rows.over.map(|f| TableFile { constant: Some(1), ..f }));
        let alone = hot_rows.alone;
        if hot_rows.alone_versions {
            mixed_files.extend(alone.map(|f| TableFile { constant: Some(0), ..f }));
        } else {
            plain_files.extend(alone);
        }
        let rows = plain_files.iter().chain(&mixed_files).map(|f| f.rows).sum();
        let store = place.store_url()?;
        let table = |constant, files| Arc::new(FileTable::new(store.clone(), readings_schema(), constant, files));
        let no_mixed = mixed_files.is_empty();
        session.register_table("plain", table(None, plain_files))?;
        session.register_table("mixed", table(Some("hot"), mixed_files))?;
        let view = session.sql(if no_mixed { PLAIN } else { MIXED }).await?.into_view();
        session.register_table("readings", view)?;
        Ok(rows)
    }
}

const PLAIN: &str = "SELECT block, kind, at, point, version, number, decimals, value, extra, mark FROM plain";

const MIXED: &str = "
    SELECT block, kind, at, point, version, number, decimals, value, extra, mark FROM plain
    UNION ALL
    SELECT m.block, m.kind, m.at, m.point, m.version, m.number, m.decimals, m.value, m.extra, m.mark
    FROM mixed m LEFT ANTI JOIN (SELECT block, kind, at, point, version, hot FROM mixed WHERE version > 1 OR hot = 1) b
    ON m.block = b.block AND m.kind = b.kind AND m.at = b.at AND m.point = b.point
       AND (b.version > m.version OR (b.version = m.version AND b.hot > m.hot))";

/// Hot rows as temporary files.
#[derive(Default)]
struct HotRows {
    /// Where files of the history have rows too.
    over: Option<TableFile>,
    /// Elsewhere.
    alone: Option<TableFile>,
    /// Some of those have versions beyond the first.
    alone_versions: bool,
    /// Blocks and UTC days in `over`.
    days: Vec<(i64, i64)>,
}

fn is_mixed(file: &SourceFile, all: &[SourceFile], hot: &HotRows) -> bool {
    file.version_max > 1
        || all.iter().any(|other| other.version_max > 1 && file.overlaps(other))
        || hot.days.iter().any(|(block, day)| file.holds_day(*block, *day))
}

/// Writes the hot rows to temporary files, apart by whether the history knows their block and day.
async fn keep_hot(mut hot: Hot, files: &[SourceFile], scratch: &mut Scratch) -> Result<HotRows, QueryError> {
    let (mut over, mut alone): (Option<Draft>, Option<Draft>) = (None, None);
    let (mut known, mut alone_versions) = (HashMap::<(i64, i64), bool>::new(), false);
    while let Some(batch) = hot.next().await {
        let batch = batch.map_err(QueryError::Hot)?;
        if let Some(missing) = lacks(&batch.schema(), &readings_schema()) {
            return Err(QueryError::Hot(format!("{missing} is missing")));
        }
        let batch = chosen(&batch)?;
        let (block, at) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(2));
        let at = at.as_primitive::<TimestampMicrosecondType>();
        let mut is_over = |row: usize| {
            let key = (block.value(row), at.value(row).div_euclid(DAY_US));
            *known.entry(key).or_insert_with(|| files.iter().any(|f| f.holds_day(key.0, key.1)))
        };
        let mask: BooleanArray = (0..batch.num_rows()).map(|row| Some(is_over(row))).collect();
        let unlike = arrow::compute::not(&mask).map_err(|e| QueryError::Hot(e.to_string()))?;
        for (mask, draft, alone) in [(&mask, &mut over, false), (&unlike, &mut alone, true)] {
            if mask.true_count() == 0 {
                continue;
            }
            let part = filter_record_batch(&batch, mask).map_err(|e| QueryError::Hot(e.to_string()))?;
            let versions = part.column(4).as_primitive::<Int32Type>();
            alone_versions |= alone && versions.values().iter().any(|v| *v > 1);
            if draft.is_none() {
                *draft = Some(scratch.draft(readings_schema())?);
            }
            draft.as_mut().expect("just begun").add(&part).await?;
        }
    }
    let finish = async |draft: Option<Draft>| match draft {
        Some(draft) => Ok::<_, QueryError>(Some(draft.finish().await?)),
        None => Ok(None),
    };
    let days = known.into_iter().filter(|(_, over)| *over).map(|(key, _)| key).collect();
    Ok(HotRows { over: finish(over).await?, alone: finish(alone).await?, alone_versions, days })
}

/// The columns of [`readings_schema`], in its order.
fn chosen(batch: &RecordBatch) -> Result<RecordBatch, QueryError> {
    let schema = readings_schema();
    let column = |f: &Arc<Field>| batch.column_by_name(f.name()).cloned();
    let columns: Option<Vec<ArrayRef>> = schema.fields().iter().map(column).collect();
    let columns = columns.ok_or_else(|| QueryError::Hot("a column is missing".to_owned()))?;
    RecordBatch::try_new(schema, columns).map_err(|e| QueryError::Hot(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(block: (i64, i64), days: (i64, i64), version_max: i32) -> SourceFile {
        let at = (days.0 * DAY_US, (days.1 + 1) * DAY_US - 1);
        SourceFile { path: "x".to_owned(), size: 1, rows: 1, at, block, version_max }
    }

    #[test]
    fn only_files_that_something_may_know_better_are_mixed() {
        let files = [file((1, 9), (0, 30), 1), file((4, 4), (7, 7), 2), file((10, 19), (0, 30), 1)];
        let none = HotRows::default();
        assert_eq!(files.each_ref().map(|f| is_mixed(f, &files, &none)), [true, true, false]);
        let hot = HotRows { days: vec![(12, 30)], ..HotRows::default() };
        assert!(is_mixed(&files[2], &files, &hot));
        let hot = HotRows { days: vec![(12, 31), (20, 3)], ..HotRows::default() };
        assert!(!is_mixed(&files[2], &files, &hot));
    }
}
