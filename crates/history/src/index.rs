//! What the log says is in the table: its files and what each can hold.

use std::collections::BTreeMap;

use deltalake_core::kernel::{Add, LogicalFileView, Remove};
use object_store::path::Path;
use parquet::file::metadata::ParquetMetaData;
use serde_json::{Map, Value, json};
use shanshui_domain::time::Instant;

use crate::file::{Want, range_in};
use crate::shape::Part;
use crate::sums::{self, Sums};

/// Columns of which the log knows the least and greatest value.
const KNOWN: [&str; 6] = ["block", "kind", "point", "at", "version", "telegram"];

/// A file of the table.
#[derive(Debug, Clone)]
pub struct FileEntry {
    /// Below the table's address.
    pub path: Path,
    /// Which rows.
    pub part: Part,
    /// UTC, `YYYY-MM`.
    pub month: String,
    /// The segment it came with, or the merge that wrote it.
    pub segment: String,
    /// Bytes.
    pub size: u64,
    /// Rows.
    pub rows: u64,
    pub(crate) ranges: BTreeMap<&'static str, (i64, i64)>,
    /// Of its bytes; files of earlier versions have none.
    pub(crate) sums: Option<Sums>,
    pub(crate) remove: Remove,
}

impl FileEntry {
    pub(crate) fn of(view: &LogicalFileView) -> Option<Self> {
        let path = view.object_store_path();
        let values = view.partition_values_map();
        let part = Part::named(values.get("part")?.as_deref()?)?;
        let stats: Value = serde_json::from_str(&view.stats()?).ok()?;
        let ranges = KNOWN.iter().filter_map(|name| {
            let end = |which: &str| known(name, &stats[which][*name], which == "maxValues");
            Some((*name, (end("minValues")?, end("maxValues")?)))
        });
        Some(Self {
            segment: segment_of(&path)?,
            part,
            month: values.get("month").cloned().flatten()?,
            size: view.size() as u64,
            rows: stats["numRecords"].as_u64()?,
            ranges: ranges.collect(),
            sums: sums(view),
            remove: view.remove_action(false),
            path,
        })
    }

    /// Whether wanted rows can be in it.
    pub(crate) fn may(&self, want: &Want) -> bool {
        self.ranges.iter().all(|(name, (low, high))| want.may(name, *low, *high))
    }

    /// Least and greatest value of a column, as far as the log knows it: `block`, `kind`, `point`, `at`, `version`, `telegram`.
    pub fn range(&self, column: &str) -> Option<(i64, i64)> {
        self.ranges.get(column).copied()
    }

    /// The stretch of time it is about: stamps of readings; for telegrams their whole month is meant, said as nothing.
    pub fn period(&self) -> Option<(Instant, Instant)> {
        self.ranges.get("at").map(|(low, high)| (Instant(*low), Instant(high.saturating_add(1))))
    }
}

/// The only way to the tags that the library has yet.
#[allow(deprecated)]
fn sums(view: &LogicalFileView) -> Option<Sums> {
    Sums::read(view.add_action().tags?.get(sums::TAG)?.as_deref()?)
}

/// The name before the first point.
pub(crate) fn segment_of(path: &Path) -> Option<String> {
    path.filename()?.split_once('.').map(|(segment, _)| segment.to_owned())
}

fn known(name: &str, value: &Value, greatest: bool) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64(),
        Value::String(text) if name == "at" => {
            let at = text.parse::<jiff::Timestamp>().ok()?.as_microsecond();
            // whoever wrote a checkpoint may have cut it to milliseconds
            Some(if greatest { at.saturating_add(999) } else { at })
        }
        _ => None,
    }
}

fn said(name: &str, value: i64) -> Option<Value> {
    match name {
        "at" => {
            let at = jiff::Timestamp::from_microsecond(value).ok()?;
            (0..=9_999).contains(&jiff::tz::TimeZone::UTC.to_datetime(at).year()).then(|| json!(format!("{at:.6}")))
        }
        _ => Some(json!(value)),
    }
}

/// The log's entry for a file that was written.
pub(crate) fn entry(path: &Path, part: Part, month: &str, bytes: &[u8], meta: &ParquetMetaData, now_ms: i64) -> Add {
    let (mut least, mut greatest) = (Map::new(), Map::new());
    for name in KNOWN {
        let range = range_in(meta, name).and_then(|(low, high)| Some((said(name, low)?, said(name, high)?)));
        if let Some((low, high)) = range {
            least.insert(name.to_owned(), low);
            greatest.insert(name.to_owned(), high);
        }
    }
    let rows: i64 = meta.file_metadata().num_rows();
    let stats = json!({"numRecords": rows, "minValues": least, "maxValues": greatest, "nullCount": {}});
    let values = [("part", part.as_str()), ("month", month)];
    Add {
        path: path.to_string(),
        partition_values: values.into_iter().map(|(k, v)| (k.to_owned(), Some(v.to_owned()))).collect(),
        size: bytes.len() as i64,
        modification_time: now_ms,
        data_change: true,
        stats: Some(stats.to_string()),
        tags: Some([(sums::TAG.to_owned(), Some(Sums::of(bytes).text()))].into()),
        ..Add::default()
    }
}
