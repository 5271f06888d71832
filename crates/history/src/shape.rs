//! The table's shape: its columns, and rows to columns and back.
//!
//! One table, partitioned by `part` and `month` (UTC). A file has the columns of its part only; the others read as null.
//!
//! | part | a row is | sorted by |
//! |---|---|---|
//! | `reading` | one version of a reading | block, kind, point, at, version |
//! | `arrival` | what the readings of one block, kind and moment have in common | block, kind, at |
//! | `telegram` | a telegram, byte for byte | telegram |
//!
//! `number` and `decimals` say a value's text exactly: the number written with that many decimals. Where they do not (`-0`, `007`,
//! `1e3`, a dash) `value` holds the text. Where `arrived` of a reading is null, arrival, lateness and telegram are those of the row
//! of `arrival` with the same block, kind and moment; else they are its own. Instants are microseconds in UTC.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, BooleanBuilder, Float64Builder, Int8Builder, Int32Builder, Int64Builder,
    RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{
    DataType, Field, Float64Type, Int8Type, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use deltalake_core::kernel::{DataType as LogType, PrimitiveType, StructField};
use shanshui_domain::id::{Mn, PointId, TelegramId};
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};

use crate::HistoryError;

/// Which rows a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Versions of readings.
    Reading,
    /// What readings of one moment have in common.
    Arrival,
    /// Telegrams.
    Telegram,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Reading, Self::Arrival, Self::Telegram];

    /// The value of the partition column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Arrival => "arrival",
            Self::Telegram => "telegram",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }

    /// Columns by which its files are sorted.
    pub(crate) fn order(self) -> &'static [&'static str] {
        match self {
            Self::Reading => &["block", "kind", "point", "at", "version"],
            Self::Arrival => &["block", "kind", "at"],
            Self::Telegram => &["telegram"],
        }
    }

    /// Columns of its files.
    pub fn schema(self) -> SchemaRef {
        let names: &[&str] = match self {
            Self::Reading => &[
                "block", "kind", "point", "at", "version", "number", "decimals", "value", "extra", "mark", "arrived",
                "late", "telegram",
            ],
            Self::Arrival => &["block", "kind", "at", "arrived", "late", "telegram"],
            Self::Telegram => &["telegram", "arrived", "peer", "mn", "cn", "qn", "raw", "problems", "quarantine"],
        };
        let field = |name: &&str| Field::new(*name, arrow_type(name), true);
        Arc::new(Schema::new(names.iter().map(field).collect::<Vec<_>>()))
    }
}

/// Every column in the order of the table, partition columns last.
const COLUMNS: [&str; 21] = [
    "block", "kind", "point", "at", "version", "number", "decimals", "value", "extra", "mark", "arrived", "late",
    "telegram", "peer", "mn", "cn", "qn", "raw", "problems", "part", "month",
];

fn arrow_type(name: &str) -> DataType {
    match name {
        "block" | "point" | "telegram" => DataType::Int64,
        "kind" | "version" => DataType::Int32,
        "decimals" => DataType::Int8,
        "number" => DataType::Float64,
        "late" => DataType::Boolean,
        "at" | "arrived" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        "raw" => DataType::Binary,
        _ => DataType::Utf8,
    }
}

/// The table's columns in the words of its log.
pub(crate) fn log_columns() -> Vec<StructField> {
    let kind = |name: &str| match arrow_type(name) {
        DataType::Int64 => PrimitiveType::Long,
        DataType::Int32 => PrimitiveType::Integer,
        DataType::Int8 => PrimitiveType::Byte,
        DataType::Float64 => PrimitiveType::Double,
        DataType::Boolean => PrimitiveType::Boolean,
        DataType::Timestamp(..) => PrimitiveType::Timestamp,
        DataType::Binary => PrimitiveType::Binary,
        _ => PrimitiveType::String,
    };
    let mut names = COLUMNS.to_vec();
    names.insert(names.len() - 2, "quarantine");
    names.into_iter().map(|name| StructField::new(name, LogType::Primitive(kind(name)), true)).collect()
}

/// One version of a reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// What was read.
    pub reading: Reading,
    /// Which statement for its key this is, from 1.
    pub version: i64,
}

impl Stored {
    /// The order of the files.
    pub(crate) fn order(&self) -> (i64, i64, i64, i64, i64) {
        let key = self.reading.key;
        (key.point.block(), key.kind.number(), key.point.0, key.at.0, self.version)
    }

    fn moment(&self) -> Moment {
        let key = self.reading.key;
        (key.point.block(), key.kind.number(), key.at.0)
    }

    fn way(&self) -> Way {
        Way { arrived: self.reading.arrived, late: self.reading.late, telegram: self.reading.telegram }
    }
}

/// A telegram as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTelegram {
    /// Row number.
    pub id: TelegramId,
    /// Arrival.
    pub arrived: Instant,
    /// Peer address.
    pub peer: String,
    /// MN as sent.
    pub mn: Option<Mn>,
    /// CN as sent.
    pub cn: Option<String>,
    /// QN as sent.
    pub qn: Option<String>,
    /// Every byte.
    pub raw: Vec<u8>,
    /// Problems found, as JSON.
    pub problems: String,
    /// Why it lay in quarantine, if it did.
    pub quarantine: Option<String>,
}

/// Block, kind, instant.
pub(crate) type Moment = (i64, i64, i64);

/// How a reading came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Way {
    pub(crate) arrived: Instant,
    pub(crate) late: bool,
    pub(crate) telegram: Option<TelegramId>,
}

/// For each moment the way most of its readings came; of equals the smallest.
pub(crate) fn common_ways(rows: &[Stored]) -> HashMap<Moment, Way> {
    let mut counted: HashMap<Moment, Vec<(Way, u32)>> = HashMap::new();
    for row in rows {
        let ways = counted.entry(row.moment()).or_default();
        match ways.iter_mut().find(|(way, _)| *way == row.way()) {
            Some((_, count)) => *count += 1,
            None => ways.push((row.way(), 1)),
        }
    }
    let commonest = |ways: Vec<(Way, u32)>| {
        let better = |a: &(Way, u32), b: &(Way, u32)| a.1.cmp(&b.1).then(b.0.cmp(&a.0));
        ways.into_iter().max_by(better).map(|(way, _)| way)
    };
    counted.into_iter().filter_map(|(moment, ways)| Some((moment, commonest(ways)?))).collect()
}

/// How many decimals say `text` exactly, if any number of them does.
pub(crate) fn decimals(text: &str, number: f64) -> Option<i8> {
    let after = text.split_once('.').map_or(0, |(_, after)| after.len());
    let decimals = i8::try_from(after).ok()?;
    // a minus before zero may be lost among equal numbers of a dictionary
    (!text.starts_with("-0") && text.len() <= 40 && text == written(number, decimals)).then_some(decimals)
}

/// A number with its decimals, as text.
pub(crate) fn written(number: f64, decimals: i8) -> String {
    format!("{number:.*}", usize::try_from(decimals).unwrap_or(0))
}

fn time() -> TimestampMicrosecondBuilder {
    TimestampMicrosecondBuilder::new().with_timezone("UTC")
}

fn batch(part: Part, columns: Vec<ArrayRef>) -> Result<RecordBatch, HistoryError> {
    RecordBatch::try_new(part.schema(), columns).map_err(HistoryError::arrow)
}

/// Readings as columns; those that came the common way of their moment leave it to the row of that moment.
pub(crate) fn reading_batch(rows: &[Stored], common: &HashMap<Moment, Way>) -> Result<RecordBatch, HistoryError> {
    let (mut block, mut kind, mut point) = (Int64Builder::new(), Int32Builder::new(), Int64Builder::new());
    let (mut at, mut version, mut number) = (time(), Int32Builder::new(), Float64Builder::new());
    let (mut decimal, mut value, mut extra, mut mark) =
        (Int8Builder::new(), StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
    let (mut arrived, mut late, mut telegram) = (time(), BooleanBuilder::new(), Int64Builder::new());
    for row in rows {
        let r = &row.reading;
        block.append_value(r.key.point.block());
        kind.append_value(r.key.kind.number() as i32);
        point.append_value(r.key.point.0);
        at.append_value(r.key.at.0);
        let small = i32::try_from(row.version);
        version.append_value(small.map_err(|_| HistoryError::Table(format!("version {}", row.version)))?);
        let as_number = r.number();
        number.append_option(as_number);
        let exact = r.value.as_deref().zip(as_number).and_then(|(text, n)| decimals(text, n));
        decimal.append_option(exact);
        value.append_option(r.value.as_deref().filter(|_| exact.is_none()));
        extra.append_value(&r.extra);
        mark.append_value(&r.mark);
        let own = (common.get(&row.moment()) != Some(&row.way())).then(|| row.way());
        arrived.append_option(own.map(|way| way.arrived.0));
        late.append_option(own.map(|way| way.late));
        telegram.append_option(own.and_then(|way| way.telegram).map(|t| t.0));
    }
    batch(
        Part::Reading,
        vec![
            Arc::new(block.finish()),
            Arc::new(kind.finish()),
            Arc::new(point.finish()),
            Arc::new(at.finish()),
            Arc::new(version.finish()),
            Arc::new(number.finish()),
            Arc::new(decimal.finish()),
            Arc::new(value.finish()),
            Arc::new(extra.finish()),
            Arc::new(mark.finish()),
            Arc::new(arrived.finish()),
            Arc::new(late.finish()),
            Arc::new(telegram.finish()),
        ],
    )
}

/// Moments with the common way of their readings, as columns; they come sorted.
pub(crate) fn arrival_batch(rows: &[(Moment, Way)]) -> Result<RecordBatch, HistoryError> {
    let (mut block, mut kind, mut at) = (Int64Builder::new(), Int32Builder::new(), time());
    let (mut arrived, mut late, mut telegram) = (time(), BooleanBuilder::new(), Int64Builder::new());
    for ((b, k, a), way) in rows {
        block.append_value(*b);
        kind.append_value(*k as i32);
        at.append_value(*a);
        arrived.append_value(way.arrived.0);
        late.append_value(way.late);
        telegram.append_option(way.telegram.map(|t| t.0));
    }
    batch(
        Part::Arrival,
        vec![
            Arc::new(block.finish()),
            Arc::new(kind.finish()),
            Arc::new(at.finish()),
            Arc::new(arrived.finish()),
            Arc::new(late.finish()),
            Arc::new(telegram.finish()),
        ],
    )
}

/// Telegrams as columns.
pub(crate) fn telegram_batch(rows: &[StoredTelegram]) -> Result<RecordBatch, HistoryError> {
    let (mut id, mut arrived, mut raw) = (Int64Builder::new(), time(), BinaryBuilder::new());
    let mut texts: [StringBuilder; 6] = std::array::from_fn(|_| StringBuilder::new());
    for row in rows {
        id.append_value(row.id.0);
        arrived.append_value(row.arrived.0);
        raw.append_value(&row.raw);
        let said = [
            Some(row.peer.as_str()),
            row.mn.as_ref().map(Mn::as_str),
            row.cn.as_deref(),
            row.qn.as_deref(),
            Some(row.problems.as_str()),
            row.quarantine.as_deref(),
        ];
        texts.iter_mut().zip(said).for_each(|(builder, text)| builder.append_option(text));
    }
    let [peer, mn, cn, qn, problems, quarantine] = texts.map(|mut builder| Arc::new(builder.finish()) as ArrayRef);
    let (id, arrived, raw) = (Arc::new(id.finish()), Arc::new(arrived.finish()), Arc::new(raw.finish()));
    batch(Part::Telegram, vec![id, arrived, peer, mn, cn, qn, raw, problems, quarantine])
}

/// Columns of a batch by their names, read row by row; a null in a column that must not have one is damage.
pub(crate) struct Columns<'a>(pub(crate) &'a RecordBatch);

macro_rules! column {
    ($($(#[$doc:meta])* $name:ident: $kind:ty => $out:ty;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name(&self, name: &str) -> Result<&'a arrow::array::PrimitiveArray<$kind>, HistoryError> {
            self.column(name)?.as_primitive_opt::<$kind>().ok_or_else(|| unfit(name))
        }
    )*};
}

fn unfit(name: &str) -> HistoryError {
    HistoryError::Table(format!("column {name} is not of the table's kind"))
}

impl<'a> Columns<'a> {
    fn column(&self, name: &str) -> Result<&'a ArrayRef, HistoryError> {
        self.0.column_by_name(name).ok_or_else(|| HistoryError::Table(format!("column {name} is missing")))
    }

    column! {
        longs: Int64Type => i64;
        ints: Int32Type => i32;
        bytes: Int8Type => i8;
        numbers: Float64Type => f64;
        times: TimestampMicrosecondType => i64;
    }

    pub(crate) fn texts(&self, name: &str) -> Result<&'a arrow::array::StringArray, HistoryError> {
        self.column(name)?.as_string_opt::<i32>().ok_or_else(|| unfit(name))
    }

    pub(crate) fn flags(&self, name: &str) -> Result<&'a arrow::array::BooleanArray, HistoryError> {
        self.column(name)?.as_boolean_opt().ok_or_else(|| unfit(name))
    }

    fn blobs(&self, name: &str) -> Result<&'a arrow::array::BinaryArray, HistoryError> {
        self.column(name)?.as_binary_opt::<i32>().ok_or_else(|| unfit(name))
    }
}

fn some<A: Array>(array: &A, i: usize) -> bool {
    array.is_valid(i)
}

/// The columns of a batch of readings.
pub(crate) struct Readings<'a> {
    kind: &'a arrow::array::Int32Array,
    point: &'a arrow::array::Int64Array,
    pub(crate) at: &'a arrow::array::TimestampMicrosecondArray,
    pub(crate) version: &'a arrow::array::Int32Array,
    number: &'a arrow::array::Float64Array,
    decimals: &'a arrow::array::Int8Array,
    value: &'a arrow::array::StringArray,
    extra: &'a arrow::array::StringArray,
    mark: &'a arrow::array::StringArray,
    arrived: &'a arrow::array::TimestampMicrosecondArray,
    late: &'a arrow::array::BooleanArray,
    telegram: &'a arrow::array::Int64Array,
}

impl<'a> Readings<'a> {
    pub(crate) fn of(batch: &'a RecordBatch) -> Result<Self, HistoryError> {
        let c = Columns(batch);
        Ok(Self {
            kind: c.ints("kind")?,
            point: c.longs("point")?,
            at: c.times("at")?,
            version: c.ints("version")?,
            number: c.numbers("number")?,
            decimals: c.bytes("decimals")?,
            value: c.texts("value")?,
            extra: c.texts("extra")?,
            mark: c.texts("mark")?,
            arrived: c.times("arrived")?,
            late: c.flags("late")?,
            telegram: c.longs("telegram")?,
        })
    }

    pub(crate) fn number(&self, i: usize) -> Option<f64> {
        some(self.number, i).then(|| self.number.value(i))
    }

    pub(crate) fn mark(&self, i: usize) -> &'a str {
        self.mark.value(i)
    }

    /// Whether the row knows itself how it came.
    pub(crate) fn own_way(&self, i: usize) -> Option<Way> {
        some(self.arrived, i).then(|| Way {
            arrived: Instant(self.arrived.value(i)),
            late: some(self.late, i) && self.late.value(i),
            telegram: some(self.telegram, i).then(|| TelegramId(self.telegram.value(i))),
        })
    }

    pub(crate) fn moment(&self, i: usize) -> Moment {
        (PointId(self.point.value(i)).block(), i64::from(self.kind.value(i)), self.at.value(i))
    }

    pub(crate) fn key(&self, i: usize) -> Result<ReadingKey, HistoryError> {
        let kind = i64::from(self.kind.value(i));
        let kind = PeriodKind::from_number(kind).ok_or_else(|| HistoryError::Table(format!("kind {kind}")))?;
        Ok(ReadingKey { point: PointId(self.point.value(i)), kind, at: Instant(self.at.value(i)) })
    }

    /// A row, given how the readings of its moment came.
    pub(crate) fn row(&self, i: usize, common: Option<Way>) -> Result<Stored, HistoryError> {
        let key = self.key(i)?;
        let way = self.own_way(i).or(common);
        let way = way.ok_or_else(|| HistoryError::Table(format!("no arrival for {key:?}")))?;
        let value = match some(self.value, i) {
            true => Some(self.value.value(i).to_owned()),
            false if some(self.decimals, i) => self.number(i).map(|n| written(n, self.decimals.value(i))),
            false => None,
        };
        let reading = Reading {
            key,
            value,
            extra: self.extra.value(i).to_owned(),
            mark: self.mark.value(i).to_owned(),
            arrived: way.arrived,
            late: way.late,
            telegram: way.telegram,
        };
        Ok(Stored { reading, version: i64::from(self.version.value(i)) })
    }
}

/// Rows of `arrival`.
pub(crate) fn ways(batch: &RecordBatch) -> Result<Vec<(Moment, Way)>, HistoryError> {
    let c = Columns(batch);
    let (block, kind, at) = (c.longs("block")?, c.ints("kind")?, c.times("at")?);
    let (arrived, late, telegram) = (c.times("arrived")?, c.flags("late")?, c.longs("telegram")?);
    let way = |i: usize| {
        let moment = (block.value(i), i64::from(kind.value(i)), at.value(i));
        let telegram = some(telegram, i).then(|| TelegramId(telegram.value(i)));
        (moment, Way { arrived: Instant(arrived.value(i)), late: late.value(i), telegram })
    };
    Ok((0..batch.num_rows()).map(way).collect())
}

/// Telegrams of a batch.
pub(crate) fn telegrams(batch: &RecordBatch) -> Result<Vec<StoredTelegram>, HistoryError> {
    let c = Columns(batch);
    let (id, arrived, raw) = (c.longs("telegram")?, c.times("arrived")?, c.blobs("raw")?);
    let [peer, mn, cn, qn, problems, quarantine] = [
        c.texts("peer")?,
        c.texts("mn")?,
        c.texts("cn")?,
        c.texts("qn")?,
        c.texts("problems")?,
        c.texts("quarantine")?,
    ];
    let text = |array: &arrow::array::StringArray, i: usize| some(array, i).then(|| array.value(i).to_owned());
    let row = |i: usize| StoredTelegram {
        id: TelegramId(id.value(i)),
        arrived: Instant(arrived.value(i)),
        peer: peer.value(i).to_owned(),
        mn: text(mn, i).map(Mn),
        cn: text(cn, i),
        qn: text(qn, i),
        raw: raw.value(i).to_vec(),
        problems: problems.value(i).to_owned(),
        quarantine: text(quarantine, i),
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

/// The month an instant lies in, UTC; what no calendar has lies in month 0.
pub fn month_of(at: Instant) -> String {
    let civil = at.timestamp().map(|ts| jiff::tz::TimeZone::UTC.to_datetime(ts));
    match civil {
        Ok(t) if (0..=9_999).contains(&t.year()) => format!("{:04}-{:02}", t.year(), t.month()),
        _ => "0000-00".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_decimals_say_the_text_or_the_text_is_kept() {
        let said = |text: &str| {
            let number = text.parse::<f64>().ok().filter(|n| n.is_finite())?;
            decimals(text, number)
        };
        for (text, expected) in [
            ("0", Some(0)),
            ("7.10", Some(2)),
            ("-12.5", Some(1)),
            ("0.000", Some(3)),
            ("123456789012.25", Some(2)),
            ("-0", None),
            ("-0.0", None),
            ("-0.5", None),
            ("007", None),
            ("+5", None),
            ("5.", None),
            (".5", None),
            ("1e3", None),
            ("NaN", None),
            ("", None),
            (" 7", None),
            ("123456789012345678901234567890.123", None),
            ("9007199254740993", None),
        ] {
            assert_eq!(said(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_commonest_way_of_a_moment_is_found_whatever_the_order() {
        let row = |point: i64, telegram: i64| Stored {
            reading: Reading {
                key: ReadingKey { point: PointId(point), kind: PeriodKind::Real, at: Instant(5) },
                value: None,
                extra: String::new(),
                mark: "D".into(),
                arrived: Instant(9),
                late: false,
                telegram: Some(TelegramId(telegram)),
            },
            version: 1,
        };
        let (a, b) = ([row(1, 8), row(2, 7), row(3, 7)], [row(3, 7), row(2, 7), row(1, 8)]);
        assert_eq!(common_ways(&a), common_ways(&b));
        assert_eq!(common_ways(&a)[&(0, 0, 5)].telegram, Some(TelegramId(7)));
        assert_eq!(common_ways(&[row(1, 8), row(2, 7)]), common_ways(&[row(2, 7), row(1, 8)]));
    }

    #[test]
    fn months_are_those_of_utc() {
        let at = |text: &str| Instant::from_timestamp(text.parse().expect("a timestamp"));
        assert_eq!(month_of(at("2026-02-28T23:59:59.999999Z")), "2026-02");
        assert_eq!(month_of(Instant(i64::MAX)), "0000-00");
    }
}
