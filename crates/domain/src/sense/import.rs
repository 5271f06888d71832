//! Import of tables (数据导入): dumps of national stations, samples taken by hand (手工监测), what another system exports.
//!
//! A [`Plan`] says which column is what; it is made by a person, or guessed from the names of the columns ([`Plan::guess`]). Reading
//! is pure: each row becomes values with civil times, and whatever cannot be read becomes a [`Fault`] that names line and column.
//! Nothing is rounded or converted here.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::analyse::air::POLLUTANTS;
use crate::analyse::water::mean::Measured;
use crate::time::PeriodKind;
use crate::unit::Unit;

mod guess;

/// A table as it came: names of columns, and rows with their lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Names.
    pub header: Vec<String>,
    /// Rows: line from 1 (the header is line 1), cells.
    pub rows: Vec<(u64, Vec<String>)>,
}

/// A table cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// Neither UTF-8 nor what its rows should be.
    #[error("line {line}: {reason}")]
    Csv {
        /// Line.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// No header.
    #[error("the table has no header")]
    Empty,
    /// More rows than one import takes.
    #[error("more than {0} rows; import it in parts")]
    Long(usize),
    /// Two columns of one name.
    #[error("two columns are named {0:?}")]
    Twice(String),
}

/// Rows of one import, at most.
pub const ROWS_MAX: usize = 2_000_000;

impl Sheet {
    /// Reads CSV with a header; a byte order mark is passed over. Rows may be shorter than the header.
    ///
    /// # Errors
    /// When it is no CSV of UTF-8, has no header or too many rows.
    pub fn csv(bytes: &[u8]) -> Result<Self, SheetError> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let wrong = |e: csv::Error| SheetError::Csv {
            line: e.position().map_or(0, csv::Position::line),
            reason: e.to_string(),
        };
        let header = reader.headers().map_err(wrong)?.iter().map(|h| h.trim().to_owned()).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(wrong)?;
            let line = record.position().map_or(0, csv::Position::line);
            if rows.len() == ROWS_MAX {
                return Err(SheetError::Long(ROWS_MAX));
            }
            rows.push((line, record.iter().map(str::to_owned).collect()));
        }
        Self { header, rows }.checked()
    }

    /// Holds a table against what every one must be.
    ///
    /// # Errors
    /// When it has no header, two columns of one name, or too many rows.
    pub fn checked(self) -> Result<Self, SheetError> {
        if self.header.iter().all(String::is_empty) {
            return Err(SheetError::Empty);
        }
        if self.rows.len() > ROWS_MAX {
            return Err(SheetError::Long(ROWS_MAX));
        }
        for (i, name) in self.header.iter().enumerate() {
            if !name.is_empty() && self.header[..i].contains(name) {
                return Err(SheetError::Twice(name.clone()));
            }
        }
        Ok(self)
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|h| h == name)
    }
}

/// Which column is what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What the values stand for.
    pub kind: PeriodKind,
    /// Which station a row is of.
    pub station: StationBy,
    /// When it was.
    pub time: TimeBy,
    /// Columns of values.
    pub columns: Vec<Column>,
    /// Texts that mean that there is no value, beside an empty cell.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Column of the state of the instrument.
    #[serde(default)]
    pub status: Option<Status>,
    /// What the source itself has published for a row: for the self-test (自检).
    #[serde(default)]
    pub published: Option<Published>,
}

/// Which station a row is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StationBy {
    /// A column with its code or its Chinese name.
    Column(String),
    /// One for all rows, by its code.
    Fixed(String),
}

/// When a row was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeBy {
    /// Columns whose texts make date and time together: one, or a date and a time.
    pub columns: Vec<String>,
    /// Column with a date that says the year, where the time has none: the last such day that is not after it.
    #[serde(default)]
    pub year_from: Option<String>,
    /// What the stamp marks.
    #[serde(default)]
    pub stamp: Stamp,
}

/// What the stamp of a period marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stamp {
    /// Its begin.
    #[default]
    Begin,
    /// Its end, as in releases of hour values: 08:00 is the hour from 07:00 on.
    End,
}

/// A column of values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name of the column.
    pub column: String,
    /// Factor code.
    pub factor: String,
    /// Unit of its values.
    pub unit: Unit,
}

/// Column of the state of the instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Name of the column.
    pub column: String,
    /// Data mark of each word, `N` of normal.
    pub marks: BTreeMap<String, String>,
}

/// What the source has published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Of what.
    pub what: PublishedWhat,
    /// Column of the index or class.
    pub value: String,
    /// Column of the level's word.
    #[serde(default)]
    pub level: Option<String>,
    /// Column of primary pollutants.
    #[serde(default)]
    pub primary: Option<String>,
}

/// Of what something was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishedWhat {
    /// AQI of an hour.
    AirHour,
    /// AQI of a day.
    AirDay,
    /// Class of a section at a moment.
    WaterClass,
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Which of the plan's columns.
    pub column: usize,
    /// The text: a number, or `<0.01` of what is below a detection limit.
    pub text: String,
}

/// A row that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line.
    pub line: u64,
    /// Station as written.
    pub station: String,
    /// Begin of the period, or the moment, in civil time.
    pub at: DateTime,
    /// Data mark.
    pub mark: String,
    /// Values.
    pub values: Vec<Value>,
    /// What was published: value, level, primary pollutants.
    pub published: Option<[String; 3]>,
}

/// What is wrong with a cell or a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Line; 1 of what is wrong with the plan beside the header.
    pub line: u64,
    /// Column, when one is meant.
    pub column: String,
    /// Which fault.
    pub code: FaultCode,
    /// What stands there.
    pub found: String,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// The table has no such column.
    NoColumn,
    /// No station of this code or name.
    NoStation,
    /// No date and time.
    NoTime,
    /// No number.
    NoNumber,
    /// A word of the instrument's state that the plan does not have.
    UnknownStatus,
    /// The station does not measure this.
    NoPoint,
    /// The unit cannot be converted into the point's.
    Unit,
    /// The same station, time and factor stand in an earlier row with another value.
    Twice,
}

/// What reading a table gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Read {
    /// Rows with a station, a time and values or something published.
    pub rows: Vec<Row>,
    /// Rows in which every value is missing.
    pub empty: u64,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// The columns of a plan, found in a header.
struct Found<'a> {
    plan: &'a Plan,
    station: Option<usize>,
    time: Vec<usize>,
    year: Option<usize>,
    values: Vec<usize>,
    status: Option<usize>,
    published: Option<[Option<usize>; 3]>,
}

impl Plan {
    /// A plan by the names of the columns, as far as they are known; a person looks at it before anything is read.
    pub fn guess(sheet: &Sheet) -> Self {
        guess::plan(sheet)
    }

    /// Reads a table.
    ///
    /// # Errors
    /// The columns that the table does not have.
    pub fn read(&self, sheet: &Sheet) -> Result<Read, Vec<Fault>> {
        let found = self.find(sheet)?;
        let mut out = Read::default();
        for (line, cells) in &sheet.rows {
            found.row(*line, cells, &mut out);
        }
        Ok(out)
    }

    fn find<'a>(&'a self, sheet: &Sheet) -> Result<Found<'a>, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut at = |name: &str| {
            let found = sheet.column(name);
            if found.is_none() {
                faults.push(Fault {
                    line: 1,
                    column: name.to_owned(),
                    code: FaultCode::NoColumn,
                    found: sheet.header.join(","),
                });
            }
            found.unwrap_or_default()
        };
        let station = match &self.station {
            StationBy::Column(name) => Some(at(name)),
            StationBy::Fixed(_) => None,
        };
        let found = Found {
            plan: self,
            station,
            time: self.time.columns.iter().map(|c| at(c)).collect(),
            year: self.time.year_from.as_deref().map(&mut at),
            values: self.columns.iter().map(|c| at(&c.column)).collect(),
            status: self.status.as_ref().map(|s| at(&s.column)),
            published: self
                .published
                .as_ref()
                .map(|p| [Some(at(&p.value)), p.level.as_deref().map(&mut at), p.primary.as_deref().map(&mut at)]),
        };
        if self.time.columns.is_empty() {
            faults.push(Fault { line: 1, column: String::new(), code: FaultCode::NoTime, found: String::new() });
        }
        if faults.is_empty() { Ok(found) } else { Err(faults) }
    }
}

impl Found<'_> {
    fn row(&self, line: u64, cells: &[String], out: &mut Read) {
        let cell = |i: usize| cells.get(i).map_or("", |c| c.trim());
        let fault = |column: &str, code, found: &str| Fault {
            line,
            column: column.to_owned(),
            code,
            found: found.chars().take(80).collect(),
        };
        let station = match (&self.plan.station, self.station) {
            (StationBy::Column(name), Some(at)) if cell(at).is_empty() => {
                out.faults.push(fault(name, FaultCode::NoStation, ""));
                return;
            }
            (StationBy::Fixed(code), _) => code.clone(),
            (_, at) => cell(at.unwrap_or_default()).to_owned(),
        };
        let text = self.time.iter().map(|i| cell(*i)).collect::<Vec<_>>().join(" ");
        let Some(at) = self.at(&text, self.year.map(cell)) else {
            out.faults.push(fault(&self.plan.time.columns.join(" "), FaultCode::NoTime, &text));
            return;
        };
        let mut mark = "N";
        if let (Some(status), Some(word)) = (&self.plan.status, self.status.map(cell)) {
            let Some(of) = status.marks.get(word) else {
                out.faults.push(fault(&status.column, FaultCode::UnknownStatus, word));
                return;
            };
            mark = of;
        }
        let mut values = Vec::new();
        for (column, at) in self.values.iter().enumerate() {
            let text = cell(*at);
            if text.is_empty() || self.plan.missing.iter().any(|m| m == text) {
                continue;
            }
            match Measured::parse(text) {
                Some(Measured::Value(_)) => values.push(Value { column, text: text.to_owned() }),
                Some(Measured::Below(limit)) => values.push(Value { column, text: format!("<{limit}") }),
                None => {
                    let name = &self.plan.columns[column].column;
                    out.faults.push(fault(name, FaultCode::NoNumber, text));
                }
            }
        }
        if values.is_empty() {
            out.empty += 1;
            return;
        }
        let published = self.published.map(|p| p.map(|at| at.map_or_else(String::new, |at| cell(at).to_owned())));
        out.rows.push(Row { line, station, at, mark: mark.to_owned(), values, published });
    }

    /// Begin of the period, or the moment.
    fn at(&self, text: &str, year_from: Option<&str>) -> Option<DateTime> {
        let at = match year_from {
            None => date_time(text)?,
            Some(day) => {
                let day = date_time(day)?.date();
                let of = |year: i16| date_time(&format!("{year:04}-{text}"));
                // a release of the first days of January still shows the last ones of December
                of(day.year()).filter(|at| at.date() <= day.saturating_add(1.days())).or_else(|| of(day.year() - 1))?
            }
        };
        let stamp = self.plan.time.stamp;
        Some(match (self.plan.kind, stamp) {
            (PeriodKind::Hour, Stamp::End) => at.checked_sub(1.hours()).ok()?,
            (PeriodKind::Minute, Stamp::End) => at.checked_sub(1.minutes()).ok()?,
            (PeriodKind::Day, Stamp::End) => at.checked_sub(1.days()).ok()?,
            _ => at,
        })
    }
}

/// Reads `2016-01-14T00:00:00`, `2016-01-14 00:00`, `2016/1/14 0:00`, `2016-1-14`, `20160114`, `20160114000000`; a space or a `T`
/// between. Hour 24 is hour 0 of the next day.
pub fn date_time(text: &str) -> Option<DateTime> {
    let text = text.trim();
    if text.bytes().all(|b| b.is_ascii_digit()) && matches!(text.len(), 8 | 10 | 12 | 14) {
        let part = |from: usize, to: usize| text.get(from..to).map_or(Some(0), |t| t.parse::<i16>().ok());
        let date = Date::new(part(0, 4)?, part(4, 6)?.try_into().ok()?, part(6, 8)?.try_into().ok()?).ok()?;
        return with_time(date, part(8, 10)?, part(10, 12)?, part(12, 14)?);
    }
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = day.split(['-', '/', '.']).map(|p| p.parse::<i16>().ok());
    let (year, month, of, None) = (parts.next()??, parts.next()??, parts.next()??, parts.next()) else { return None };
    if !(1000..=9999).contains(&year) {
        return None;
    }
    let date = Date::new(year, month.try_into().ok()?, of.try_into().ok()?).ok()?;
    let time = time.trim().trim_end_matches('Z');
    let time = time.split_once(['+', '.']).map_or(time, |(time, _)| time);
    if time.is_empty() {
        return Some(date.to_datetime(Time::midnight()));
    }
    let mut parts = time.split(':').map(|p| p.parse::<i16>().ok());
    let (hour, minute) = (parts.next()??, parts.next().unwrap_or(Some(0))?);
    let second = parts.next().unwrap_or(Some(0))?;
    if parts.next().is_some() {
        return None;
    }
    with_time(date, hour, minute, second)
}

fn with_time(date: Date, hour: i16, minute: i16, second: i16) -> Option<DateTime> {
    if (hour, minute, second) == (24, 0, 0) {
        return Some(date.checked_add(1.days()).ok()?.to_datetime(Time::midnight()));
    }
    let small = |n: i16| i8::try_from(n).ok();
    Some(date.to_datetime(Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok()?))
}

/// The pollutants in a text such as `细颗粒物(PM2.5),臭氧1小时`, in the order of tables.
pub fn pollutants(text: &str) -> Vec<&'static str> {
    const WORDS: [&[&str]; 6] = [
        &["SO2", "二氧化硫"],
        &["NO2", "二氧化氮"],
        &["CO", "一氧化碳"],
        &["O3", "臭氧"],
        &["PM10", "可吸入颗粒物"],
        &["PM2.5", "细颗粒物"],
    ];
    let parts: Vec<&str> = text.split([',', '，', '、', ';', ' ']).collect();
    let named = |words: &[&str]| parts.iter().any(|part| words.iter().any(|word| part.contains(word)));
    POLLUTANTS.into_iter().zip(WORDS).filter(|(_, words)| named(words)).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests;
