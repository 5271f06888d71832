//! CSV in, CSV out: the evaluators behind `shanshui evaluate`.
//!
//! Columns are found by their header names, in any order; others are passed over. A bad row is reported with its line and
//! column and written with an empty result and the reason in `error`, so that the rest is evaluated. Rows are streamed.

use std::io::{self, Read, Write};
use std::str::FromStr;

use csv::{ByteRecord, ReaderBuilder};
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::air::{self, Index, NoColumn, Report};
use super::water::{self, Sample};
use crate::standard::{AqiStandard, Standards, WaterBody};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Rows read.
    pub rows: u64,
    /// Rows with an error.
    pub bad: u64,
}

/// A table that cannot be evaluated at all.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A needed column is not in the header.
    #[error("line 1: column {0:?} is missing")]
    Column(&'static str),
    /// No standard is in force.
    #[error("no edition of the standard is loaded")]
    NoStandard,
    /// A standard is not whole.
    #[error(transparent)]
    NoColumn(#[from] NoColumn),
    /// Not a table.
    #[error("not a csv table: {0}")]
    Csv(#[from] csv::Error),
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Which edition judges the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EditionChoice {
    /// By the date of each row.
    #[default]
    Auto,
    /// HJ 633-2012 for all.
    V2012,
    /// HJ 633-2026 for all.
    V2026,
}

/// How cells are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// 0 means missing, as some publishers print it.
    pub zero_is_missing: bool,
}

/// Marks of a missing value seen in published tables; `?` and two digits stand for one in archives of the national feed.
fn missing(cell: &[u8], reading: Reading) -> bool {
    matches!(cell, b"" | b"-" | b"-;" | b"_" | b"NA" | b"/" | [b'?', b'0'..=b'9', b'0'..=b'9'])
        || cell == "—".as_bytes()
        || (reading.zero_is_missing && zero(cell))
}

fn zero(cell: &[u8]) -> bool {
    !cell.is_empty() && cell.iter().all(|b| matches!(b, b'0' | b'.')) && cell != b"."
}

fn columns<const N: usize>(header: &ByteRecord, names: [&'static str; N]) -> [Option<usize>; N] {
    names.map(|name| header.iter().position(|h| h.trim_ascii().trim_ascii_start() == name.as_bytes()))
}

/// A file as Excel writes it begins with a byte order mark.
fn reader(mut input: impl Read) -> io::Result<csv::Reader<impl Read>> {
    let mut start = [0u8; 3];
    let mut held = 0;
    while held < 3 {
        let n = input.read(&mut start[held..])?;
        if n == 0 {
            break;
        }
        held += n;
    }
    let keep = if start == [0xEF, 0xBB, 0xBF] { 3..3 } else { 0..held };
    let input = io::Cursor::new(start).take(held as u64).chain(input);
    let mut input = input;
    io::copy(&mut (&mut input).take(keep.start as u64), &mut io::sink())?;
    Ok(ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(input))
}

/// Classes of surface water. In: `section,kind(river|lake),time,ph,do,codmn,nh3n,tp`; out:
/// `section,kind,time,class,deciding,explanation,error`.
///
/// # Errors
/// When the input is no table, lacks a column, or reading or writing fails. A bad row is no error of the whole.
pub fn evaluate_water(
    input: impl Read,
    out: impl Write,
    standards: &Standards,
    reading: Reading,
    mut complain: impl FnMut(u64, &str, &str),
) -> Result<Summary, TableError> {
    const NAMES: [&str; 8] = ["section", "kind", "time", "ph", "do", "codmn", "nh3n", "tp"];
    let standard = standards.water.first().ok_or(TableError::NoStandard)?;
    let mut input = reader(input)?;
    let found = columns(input.byte_headers()?, NAMES);
    for (name, at) in NAMES.iter().zip(found).skip(1).filter(|(name, _)| !["time", "tp"].contains(name)) {
        at.ok_or(TableError::Column(name))?;
    }
    let mut out = csv::Writer::from_writer(out);
    out.write_record(["section", "kind", "time", "class", "deciding", "explanation", "error"])?;
    let (mut record, mut summary) = (ByteRecord::new(), Summary::default());
    while input.read_byte_record(&mut record)? {
        summary.rows += 1;
        let cell = |i: usize| found[i].and_then(|at| record.get(at)).unwrap_or_default().trim_ascii();
        let judged = water_row(&cell, standard, reading);
        let (class, deciding, explanation, error) = match judged {
            Ok((class, deciding, explanation)) => (class, deciding, explanation, String::new()),
            Err((column, reason)) => {
                summary.bad += 1;
                let line = record.position().map_or(0, csv::Position::line);
                complain(line, column, &reason);
                (String::new(), String::new(), String::new(), format!("line {line}, {column}: {reason}"))
            }
        };
        out.write_record([
            cell(0),
            cell(1),
            cell(2),
            class.as_bytes(),
            deciding.as_bytes(),
            explanation.as_bytes(),
            error.as_bytes(),
        ])?;
    }
    out.flush()?;
    Ok(summary)
}

type WaterCells = (String, String, String);

fn water_row<'a>(
    cell: &impl Fn(usize) -> &'a [u8],
    standard: &crate::standard::WaterStandard,
    reading: Reading,
) -> Result<WaterCells, (&'static str, String)> {
    const NAMES: [&str; 5] = ["ph", "do", "codmn", "nh3n", "tp"];
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let kind = show(cell(1));
    let body = WaterBody::parse(&kind).ok_or_else(|| ("kind", format!("{kind:?} is neither river nor lake")))?;
    let mut sample = Sample::default();
    for (i, name) in NAMES.iter().enumerate() {
        let bytes = cell(i + 3);
        if missing(bytes, reading) {
            continue;
        }
        let text = show(bytes);
        let value = Decimal::from_str(&text).map_err(|_| (*name, format!("{text:?} is no number")))?;
        if value.is_sign_negative() && !value.is_zero() {
            return Err((name, format!("{text} is negative")));
        }
        sample[i] = Some(value);
    }
    let judged = water::classify(&sample, body, standard);
    let explanation = serde_json::to_string(&judged).map_err(|e| ("explanation", e.to_string()))?;
    Ok((judged.class.map_or(String::new(), |c| c.to_string()), judged.deciding.join(","), explanation))
}

/// AQI of hours or days. In: `site,time,so2,no2,co,o3,o3_8h,pm10,pm2_5` (ozone: `o3` of an hour, `o3_8h` of a day); out:
/// `site,time,aqi,level,primary,iaqi_so2,iaqi_no2,iaqi_co,iaqi_o3,iaqi_pm10,iaqi_pm2_5,edition,error`.
///
/// # Errors
/// When the input is no table, lacks a column, or reading or writing fails. A bad row is no error of the whole.
pub fn evaluate_air(
    input: impl Read,
    mut out: impl Write,
    standards: &Standards,
    (report, choice): (Report, EditionChoice),
    reading: Reading,
    mut complain: impl FnMut(u64, &str, &str),
) -> Result<Summary, TableError> {
    let ozone = if report == Report::Hour { "o3" } else { "o3_8h" };
    let names = ["site", "time", "so2", "no2", "co", ozone, "pm10", "pm2_5"];
    let mut input = reader(input)?;
    let found = columns(input.byte_headers()?, names);
    for (name, at) in names.iter().zip(found).skip(if choice == EditionChoice::Auto { 1 } else { 2 }) {
        at.ok_or(TableError::Column(name))?;
    }
    let indices: Vec<Index<'_>> = standards.aqi.iter().map(|s| Index::new(s, report)).collect::<Result<_, _>>()?;
    let by_id = |id: &str| indices.iter().position(|i| i.standard.head.id == id).ok_or(TableError::NoStandard);
    let fixed = match choice {
        EditionChoice::Auto => None,
        EditionChoice::V2012 => Some(by_id("HJ 633-2012")?),
        EditionChoice::V2026 => Some(by_id("HJ 633-2026")?),
    };
    out.write_all(
        b"site,time,aqi,level,primary,iaqi_so2,iaqi_no2,iaqi_co,iaqi_o3,iaqi_pm10,iaqi_pm2_5,edition,error\n",
    )?;
    let (mut record, mut summary) = (ByteRecord::new(), Summary::default());
    let (mut line_out, mut digits) = (Vec::with_capacity(256), [0u8; 5]);
    let mut by_day = DayCache::default();
    while input.read_byte_record(&mut record)? {
        summary.rows += 1;
        let cell = |i: usize| found[i].and_then(|at| record.get(at)).unwrap_or_default().trim_ascii();
        line_out.clear();
        push_cell(&mut line_out, cell(0));
        line_out.push(b',');
        push_cell(&mut line_out, cell(1));
        let which = match fixed {
            Some(i) => Ok(i),
            None => by_day.edition(cell(1), standards, &indices),
        };
        match which.and_then(|which| Ok((&indices[which], air_row(&cell, &names, &indices[which], reading)?))) {
            Ok((index, row)) => {
                let seen = index.evaluate(&row);
                line_out.push(b',');
                match seen.aqi {
                    Some(aqi) => push_number(&mut line_out, aqi, &mut digits),
                    None if seen.hidden => line_out.extend_from_slice(b"NA"),
                    None => {}
                }
                line_out.push(b',');
                if let Some(level) = seen.aqi.and_then(|a| air::level(a, &standards.aqi_levels)) {
                    line_out.push(b'0' + level);
                }
                line_out.push(b',');
                push_primary(&mut line_out, &seen);
                for iaqi in seen.iaqi {
                    line_out.push(b',');
                    if let Some(iaqi) = iaqi {
                        push_number(&mut line_out, iaqi, &mut digits);
                    }
                }
                line_out.push(b',');
                line_out.extend_from_slice(index.standard.head.id.as_bytes());
                line_out.extend_from_slice(b",\n");
            }
            Err((column, reason)) => {
                summary.bad += 1;
                let line = record.position().map_or(0, csv::Position::line);
                complain(line, column, &reason);
                line_out.extend_from_slice(b",,,,,,,,,,,");
                push_cell(&mut line_out, format!("line {line}, {column}: {reason}").as_bytes());
                line_out.push(b'\n');
            }
        }
        out.write_all(&line_out)?;
    }
    out.flush()?;
    Ok(summary)
}

type CellError = (&'static str, String);

fn air_row<'a>(
    cell: &impl Fn(usize) -> &'a [u8],
    names: &[&'static str; 8],
    index: &Index<'_>,
    reading: Reading,
) -> Result<air::Rounded, CellError> {
    let mut row = air::Rounded::default();
    for (i, slot) in row.iter_mut().enumerate() {
        let bytes = cell(i + 2);
        if missing(bytes, reading) {
            continue;
        }
        let bad = |what: &str| (names[i + 2], format!("{:?} {what}", String::from_utf8_lossy(bytes)));
        let rounded = air::round_half_even(bytes, index.decimals(i)).ok_or_else(|| bad("is no number"))?;
        if rounded < 0 {
            return Err(bad("is negative"));
        }
        *slot = Some(rounded);
    }
    Ok(row)
}

/// The edition of the day seen last: rows of one day mostly follow one another.
#[derive(Default)]
struct DayCache {
    day: Vec<u8>,
    edition: usize,
}

impl DayCache {
    fn edition(&mut self, time: &[u8], standards: &Standards, indices: &[Index<'_>]) -> Result<usize, CellError> {
        let day = time.get(..10).ok_or_else(|| ("time", format!("{:?} has no date", String::from_utf8_lossy(time))))?;
        if self.day == day {
            return Ok(self.edition);
        }
        let text = String::from_utf8_lossy(day);
        let date =
            Date::from_str(&text).map_err(|_| ("time", format!("{text:?} is no date of the form 2026-03-01")))?;
        let standard: &AqiStandard =
            air::edition_on(standards, date).ok_or_else(|| ("time", "no edition".to_owned()))?;
        let which = indices.iter().position(|i| i.standard.head.id == standard.head.id);
        self.edition = which.ok_or_else(|| ("time", "no edition".to_owned()))?;
        day.clone_into(&mut self.day);
        Ok(self.edition)
    }
}

fn push_number(out: &mut Vec<u8>, mut n: u16, digits: &mut [u8; 5]) {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn push_primary(out: &mut Vec<u8>, seen: &air::Evaluated) {
    let several = seen.primary().nth(1).is_some();
    if several {
        out.push(b'"');
    }
    for (i, name) in seen.primary().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(name.as_bytes());
    }
    if several {
        out.push(b'"');
    }
}

fn push_cell(out: &mut Vec<u8>, cell: &[u8]) {
    if !cell.iter().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
        out.extend_from_slice(cell);
        return;
    }
    out.push(b'"');
    for &b in cell {
        if b == b'"' {
            out.push(b'"');
        }
        out.push(b);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests;
