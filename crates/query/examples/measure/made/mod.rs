//! Made readings: the same for the same seed, in files as the history writes them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use shanshui_query::arrow::array::{
    Float64Array, Int8Array, Int32Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use shanshui_query::{SourceFile, readings_schema};

/// Points of a station lie in one block.
pub const BLOCK: i64 = 1_024;
/// A minute in microseconds.
pub const MINUTE_US: i64 = 60_000_000;

/// One reading.
#[derive(Debug, Clone)]
pub struct Row {
    pub block: i64,
    pub kind: i32,
    pub at: i64,
    pub point: i64,
    pub version: i32,
    pub number: Option<f64>,
    pub decimals: i8,
    pub mark: &'static str,
}

/// A number that looks thrown.
pub fn thrown(seed: u64, a: i64, b: i64) -> u64 {
    let mut x = seed ^ (a.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (b.cast_unsigned()).rotate_left(32);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A reading of a point at a time: a daily wave with noise, two decimals, one in 500 marked, one in 1,000 without a number.
pub fn reading(seed: u64, point: i64, kind: i32, at: i64) -> Row {
    let throw = thrown(seed, point, at / MINUTE_US);
    let hour = (at / (60 * MINUTE_US)).rem_euclid(24);
    let base = 20 + (point % 37) * 3 + (hour - 12).abs() * 2;
    let hundredths = base * 100 + (throw % 900) as i64;
    let mark = if throw.is_multiple_of(500) { "D" } else { "N" };
    let number = (throw % 1_000 != 7).then_some(hundredths as f64 / 100.0);
    Row { block: point / BLOCK, kind, at, point, version: 1, number, decimals: 2, mark }
}

/// As columns of a table.
pub fn batch(rows: &[Row]) -> RecordBatch {
    let none: StringArray = rows.iter().map(|_| None::<&str>).collect();
    let at = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|r| r.at)).with_timezone("UTC");
    RecordBatch::try_new(
        readings_schema(),
        vec![
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.block))),
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|r| r.kind))),
            Arc::new(at),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.point))),
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|r| r.version))),
            Arc::new(rows.iter().map(|r| r.number).collect::<Float64Array>()),
            Arc::new(rows.iter().map(|r| r.number.map(|_| r.decimals)).collect::<Int8Array>()),
            Arc::new(none.clone()),
            Arc::new(none),
            Arc::new(rows.iter().map(|r| Some(r.mark)).collect::<StringArray>()),
        ],
    )
    .expect("columns of the table")
}

fn properties() -> WriterProperties {
    let at = ColumnPath::from("at");
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(6).expect("a level of zstd")))
        .set_max_row_group_row_count(Some(1 << 17))
        .set_data_page_row_count_limit(20_000)
        .set_column_dictionary_enabled(at.clone(), false)
        .set_column_encoding(at, Encoding::DELTA_BINARY_PACKED)
        .build()
}

/// A file being written, its rows in the order of the table: block, kind, point, at, version.
pub struct Pen {
    writer: ArrowWriter<File>,
    name: String,
    known: Option<SourceFile>,
}

impl Pen {
    pub fn new(folder: &Path, name: &str) -> Self {
        let file = File::create(folder.join(name)).expect("a file");
        let writer = ArrowWriter::try_new(file, readings_schema(), Some(properties())).expect("a writer");
        Self { writer, name: name.to_owned(), known: None }
    }

    pub fn write(&mut self, rows: &[Row]) {
        for row in rows {
            let known = self.known.get_or_insert_with(|| SourceFile {
                path: self.name.clone(),
                size: 0,
                rows: 0,
                at: (row.at, row.at),
                block: (row.block, row.block),
                version_max: row.version,
            });
            known.rows += 1;
            known.at = (known.at.0.min(row.at), known.at.1.max(row.at));
            known.block = (known.block.0.min(row.block), known.block.1.max(row.block));
            known.version_max = known.version_max.max(row.version);
        }
        self.writer.write(&batch(rows)).expect("written");
    }

    pub fn finish(mut self) -> SourceFile {
        self.writer.finish().expect("written");
        let size = self.writer.bytes_written() as u64;
        SourceFile { size, ..self.known.expect("some rows") }
    }
}

/// Writes rows as one file.
pub fn write(folder: &Path, name: &str, mut rows: Vec<Row>) -> SourceFile {
    rows.sort_by_key(|r| (r.block, r.kind, r.point, r.at, r.version));
    let mut pen = Pen::new(folder, name);
    rows.chunks(65_536).for_each(|chunk| pen.write(chunk));
    pen.finish()
}
