//! Imports (数据导入): a table is tried beside what its source has published (自检), then its values are kept, judged, and everything
//! that depends on them is judged again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shanshui_domain::analyse::air::{CODES, POLLUTANTS, of_day, unit};
use shanshui_domain::analyse::year::{AirRules, cell, round_cell};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::import::{
    Fault, FaultCode, Plan, Published, PublishedWhat, Row, Sheet, SheetError, StationBy, pollutants,
};
use shanshui_domain::sense::{Kept, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_domain::unit::{Quantity, Unit};
use shanshui_store::{Arrival, ImportState, JobRow, JudgementRow, StoreError};

use super::evaluate;
use super::judge::{self, Judged, Seen, Values};
use super::work::Outcome;
use crate::app::App;
use crate::ingest::imported;
use crate::registry::PointEntry;

/// Keeps the values of an import; the subject is its id.
pub const KIND: &str = "import";
/// Faults and differences that a report names; all are counted.
const NAMED_MAX: usize = 500;
/// Rows of one kept text, and texts that are kept at once.
const ROWS: usize = 200;
const TEXTS: usize = 20;
/// Bytes that a book may unpack to.
const UNPACKED_MAX: u64 = 256 << 20;
/// Judgements written at one time.
const JUDGED_AT_ONCE: usize = 64;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Rows of the table.
    pub rows: u64,
    /// Rows without any value.
    pub empty: u64,
    /// Values that were read.
    pub values: u64,
    /// Values that are new, that were there already, that are further versions, and that are kept beside what a reviewer has said.
    pub kept: [u64; 4],
    /// Judgements that are new.
    pub judged: u64,
    /// Days of stations that are judged again.
    pub again: u64,
    /// Faults of each kind.
    pub faults: BTreeMap<String, u64>,
    /// The first of them.
    pub named: Vec<Fault>,
    /// Beside what the source has published.
    pub selftest: Option<SelfTest>,
}

impl Report {
    fn fault(&mut self, fault: Fault) {
        let code = serde_json::to_value(fault.code).ok().and_then(|v| v.as_str().map(str::to_owned));
        *self.faults.entry(code.unwrap_or_default()).or_default() += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(fault);
        }
    }
}

/// Ours beside what the source has published.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// Rows with something published and something judged.
    pub compared: u64,
    /// Rows that say the same.
    pub agree: u64,
    /// Rows with something published that are not compared: marked, or not judged.
    pub not_compared: u64,
    /// The first that differ.
    pub differ: Vec<Difference>,
}

/// A row that says something else than we do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Line.
    pub line: u64,
    /// Station.
    pub station: String,
    /// Begin of the period.
    pub at: String,
    /// Published: index or class, level, primary pollutants.
    pub published: [String; 3],
    /// Ours.
    pub ours: [String; 3],
}

/// A row whose station and points are known.
#[derive(Debug)]
pub struct Resolved {
    line: u64,
    station: Station,
    at: Instant,
    mark: String,
    values: Vec<(std::sync::Arc<PointEntry>, String)>,
    published: Option<[String; 3]>,
}

/// Reads a table from the bytes of a CSV or XLSX file: of the latter its first sheet.
///
/// # Errors
/// When it is neither.
pub fn sheet(bytes: &[u8]) -> Result<Sheet, SheetError> {
    if !bytes.starts_with(b"PK") {
        return Sheet::csv(bytes);
    }
    let wrong = |e: calamine::XlsxError| SheetError::Csv { line: 0, reason: e.to_string() };
    bounded(bytes, UNPACKED_MAX)?;
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(wrong)?;
    let range = book.worksheet_range_at(0).ok_or(SheetError::Empty)?.map_err(wrong)?;
    let first = range.start().map_or(0, |(row, _)| u64::from(row));
    let mut rows = range.rows().map(|row| row.iter().map(text_of).collect::<Vec<_>>());
    let header = rows.next().ok_or(SheetError::Empty)?.iter().map(|h| h.trim().to_owned()).collect();
    let rows = rows.enumerate().map(|(i, row)| (first + i as u64 + 2, row)).collect();
    Sheet { header, rows }.checked()
}

/// A book that unpacks to more than it may is refused before it is read; what its heads say of sizes is not believed.
fn bounded(bytes: &[u8], most: u64) -> Result<(), SheetError> {
    let wrong = |e: String| SheetError::Csv { line: 0, reason: e };
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| wrong(e.to_string()))?;
    let mut left = most;
    for i in 0..archive.len() {
        let part = archive.by_index(i).map_err(|e| wrong(e.to_string()))?;
        left -= std::io::copy(&mut part.take(left), &mut std::io::sink()).map_err(|e| wrong(e.to_string()))?;
        if left == 0 {
            return Err(wrong(format!("it unpacks to {most} bytes or more")));
        }
    }
    Ok(())
}

fn text_of(cell: &Data) -> String {
    match cell {
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        other => other.to_string(),
    }
}

/// Rows with their stations and points, of the stations that `may` lets pass, and what is wrong with the others.
///
/// # Errors
/// The columns that the table does not have.
pub fn resolve(
    app: &App,
    plan: &Plan,
    sheet: &Sheet,
    may: &dyn Fn(&Station) -> bool,
) -> Result<(Vec<Resolved>, Report), Vec<Fault>> {
    let read = plan.read(sheet)?;
    let mut report = Report { rows: sheet.rows.len() as u64, empty: read.empty, ..Report::default() };
    read.faults.into_iter().for_each(|f| report.fault(f));
    let city = app.city();
    let mut stations: HashMap<&str, &Station> = HashMap::new();
    for station in city.stations.iter().filter(|s| may(s)) {
        stations.insert(&station.name_zh, station);
    }
    // a code counts before a name
    for station in city.stations.iter().filter(|s| may(s)) {
        stations.insert(station.code.as_str(), station);
    }
    let index = app.registry.index();
    let column = match &plan.station {
        StationBy::Column(name) => name.as_str(),
        StationBy::Fixed(_) => "",
    };
    let mut seen: HashMap<ReadingKey, (u64, String)> = HashMap::new();
    let mut rows = Vec::with_capacity(read.rows.len());
    for Row { line, station, at, mark, values, published } in read.rows {
        let fault = |column: &str, code, found: &str| Fault {
            line,
            column: column.to_owned(),
            code,
            found: found.chars().take(80).collect(),
        };
        let Some(of) = stations.get(station.as_str()) else {
            report.fault(fault(column, FaultCode::NoStation, &station));
            continue;
        };
        let Some(at) = app.zone.instant(at) else {
            report.fault(fault(&plan.time.columns.join(" "), FaultCode::NoTime, &at.to_string()));
            continue;
        };
        let points = index.points_of(&of.code);
        let mut kept = Vec::with_capacity(values.len());
        for value in values {
            let from = &plan.columns[value.column];
            let Some(entry) = points.iter().find(|p| p.point.factor.as_str() == from.factor) else {
                report.fault(fault(&from.column, FaultCode::NoPoint, &from.factor));
                continue;
            };
            let Some(text) = in_unit(&value.text, from.unit, entry.point.unit) else {
                let units = format!("{} → {}", from.unit, entry.point.unit);
                report.fault(fault(&from.column, FaultCode::Unit, &units));
                continue;
            };
            let key = ReadingKey { point: entry.id, kind: plan.kind, at };
            if let Some((earlier, other)) = seen.get(&key) {
                if *other != text {
                    let found = format!("{text}; line {earlier}: {other}");
                    report.fault(fault(&from.column, FaultCode::Twice, &found));
                }
                continue;
            }
            seen.insert(key, (line, text.clone()));
            kept.push((std::sync::Arc::clone(entry), text));
        }
        report.values += kept.len() as u64;
        if !kept.is_empty() {
            rows.push(Resolved { line, station: (*of).clone(), at, mark, values: kept, published });
        }
    }
    report.selftest = plan.published.as_ref().map(|published| selftest(app, published, &rows));
    Ok((rows, report))
}

/// A value's text in another unit; the text itself when it is the same one.
fn in_unit(text: &str, from: Unit, to: Unit) -> Option<String> {
    if from == to {
        return Some(text.to_owned());
    }
    let (below, number) = text.strip_prefix('<').map_or(("", text), |number| ("<", number));
    let value = Quantity { value: judge::number(number)?, unit: from }.in_unit(to).ok()?;
    Some(format!("{below}{}", value.normalize()))
}

impl Resolved {
    /// Its station's code.
    pub fn station(&self) -> &str {
        self.station.code.as_str()
    }

    fn judged(&self, app: &App) -> Option<Judged> {
        let seen = |text: &String| Seen { at: self.at, text: Some(text.clone()), mark: self.mark.clone() };
        let all: Vec<_> = self.values.iter().map(|(entry, text)| (entry, seen(text))).collect();
        let values: Values<'_> = all.iter().map(|(e, s)| (e.point.factor.as_str(), (&e.point, s))).collect();
        match self.station.kind {
            kind if kind.is_water() => judge::water(&self.station, &values, self.at, &app.zone, &app.standards),
            StationKind::AirStation => judge::air_hour(&values, self.at, &app.zone, &app.standards),
            _ => None,
        }
    }

    /// Index or class, level and primary pollutants by our own judgement.
    fn ours(&self, app: &App, what: PublishedWhat, rules: Option<&AirRules<'_>>) -> Option<[String; 3]> {
        let level = |level: u8| {
            app.standards.aqi_levels.iter().find(|l| l.level == level).map_or_else(String::new, |l| l.zh.clone())
        };
        match what {
            PublishedWhat::WaterClass => self
                .judged(app)?
                .level
                .map(|class| [ROMAN[usize::from(class)].to_owned(), String::new(), String::new()]),
            PublishedWhat::AirHour => {
                let judged = self.judged(app)?;
                let name = |code: &String| CODES.iter().position(|c| c == code).map(|i| POLLUTANTS[i]);
                let primary: Vec<&str> = judged.verdict.deciding.iter().filter_map(name).collect();
                Some([judged.verdict.label_zh, level(judged.level?), primary.join(",")])
            }
            PublishedWhat::AirDay => {
                let (rules, mut values) = (rules?, [None; 6]);
                for (entry, text) in &self.values {
                    let factor = entry.point.factor.as_str();
                    let Some(i) = of_day(factor) else { continue };
                    let value = cell(in_unit(text, entry.point.unit, unit(i))?.as_bytes()).filter(|c| *c >= 0);
                    values[i] = value.map(|c| round_cell(c, rules.decimals(i)));
                }
                let seen = rules.judge_day(app.zone.day(self.at), &values);
                let aqi = seen.aqi?;
                let primary: Vec<&str> = seen.primary().collect();
                Some([aqi.to_string(), level(rules.level(aqi)?), primary.join(",")])
            }
        }
    }
}

/// Classes as releases write them.
const ROMAN: [&str; 7] = ["", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ"];

fn selftest(app: &App, published: &Published, rows: &[Resolved]) -> SelfTest {
    let rules = AirRules::new(&app.standards).ok();
    let mut out = SelfTest::default();
    for row in rows {
        let Some(said) = row.published.as_ref().filter(|p| !matches!(p[0].as_str(), "" | "-" | "—" | "_")) else {
            continue;
        };
        let ours = if row.mark == "N" { row.ours(app, published.what, rules.as_ref()) } else { None };
        let Some(ours) = ours else {
            out.not_compared += 1;
            continue;
        };
        out.compared += 1;
        let primary = published.primary.is_none() || pollutants(&said[2]).join(",") == ours[2];
        let level = published.level.is_none() || said[1] == ours[1];
        if said[0] == ours[0] && level && primary {
            out.agree += 1;
        } else if out.differ.len() < NAMED_MAX {
            let (station, at) = (row.station.code.to_string(), app.zone.civil(row.at).to_string());
            out.differ.push(Difference { line: row.line, station, at, published: said.clone(), ours });
        }
    }
    out
}

/// Does the work of an import: keeps, judges, puts down what is to be judged again. Doing it twice changes nothing.
pub(super) async fn work(app: &App, job: &JobRow) -> Result<Outcome, StoreError> {
    let machine = Caller::machine();
    let row = app.store.import_row(&machine, &job.subject).await?;
    let stations: BTreeSet<String> = serde_json::from_str(&job.body).unwrap_or_default();
    let bytes = app.store.import_bytes(&machine, &row.id).await?;
    let plan = row.plan.as_deref().and_then(|text| serde_json::from_str::<Plan>(text).ok());
    let read = match (sheet(&bytes), plan) {
        (Ok(sheet), Some(plan)) => resolve(app, &plan, &sheet, &|s| stations.contains(s.code.as_str()))
            .map(|(rows, report)| (plan, rows, report)),
        _ => Err(Vec::new()),
    };
    let Ok((plan, rows, report)) = read else {
        app.store.import_said(row.id, ImportState::Failed, "{}".into(), (0, 0)).await?;
        return Ok(Outcome::Over(Some("the table cannot be read by its plan any more".into())));
    };
    let report = run(app, &row.id, &plan, &rows, report).await?;
    tracing::info!(import = row.id, rows = report.rows, kept = ?report.kept, judged = report.judged, "imported");
    Ok(Outcome::Over(None))
}

async fn run(app: &App, id: &str, plan: &Plan, rows: &[Resolved], mut report: Report) -> Result<Report, StoreError> {
    let total = rows.len() as i64;
    let text = |report: &Report| serde_json::to_string(report).unwrap_or_default();
    let mut touched: BTreeSet<(StationCode, Date)> = BTreeSet::new();
    let mut done = 0_i64;
    for part in rows.chunks(ROWS * TEXTS) {
        let now = app.clock.now();
        let arrivals: Vec<Arrival> =
            part.chunks(ROWS).map(|rows| imported::arrival(id, &values(plan, rows), now)).collect();
        let receipts = app.store.arrive(arrivals).await?;
        for (rows, receipt) in part.chunks(ROWS).zip(&receipts) {
            let mut kept = receipt.kept.iter();
            for row in rows {
                for _ in &row.values {
                    let Some(what) = kept.next() else { continue };
                    let at = match what {
                        Kept::New => 0,
                        Kept::Repeat => 1,
                        Kept::Version(_) => 2,
                        Kept::Beside(_) => 3,
                    };
                    report.kept[at] += 1;
                    // what is there already may be this import's own, from before a crash: its days were not put down then
                    touched.insert((row.station.code.clone(), app.zone.day(row.at)));
                }
            }
        }
        if matches!(plan.kind, PeriodKind::Hour | PeriodKind::Cycle | PeriodKind::Real) {
            let judged: Vec<JudgementRow> = part.iter().filter_map(|row| judgement(app, row, now)).collect();
            let puts = judged.into_iter().map(|judged| app.store.judgement_put(judged));
            let new: Vec<bool> = futures::stream::iter(puts).buffer_unordered(JUDGED_AT_ONCE).try_collect().await?;
            report.judged += new.into_iter().filter(|new| *new).count() as u64;
        }
        done += part.len() as i64;
        app.store.import_said(id.to_owned(), ImportState::Running, text(&report), (done, total)).await?;
    }
    report.again = touched.len() as u64;
    evaluate::again(app, touched).await?;
    app.store.import_said(id.to_owned(), ImportState::Done, text(&report), (done, total)).await?;
    Ok(report)
}

fn values(plan: &Plan, rows: &[Resolved]) -> Vec<(u64, ReadingKey, String, String)> {
    let of = |row: &Resolved| -> Vec<_> {
        let key = |entry: &PointEntry| ReadingKey { point: entry.id, kind: plan.kind, at: row.at };
        row.values.iter().map(|(entry, text)| (row.line, key(entry), text.clone(), row.mark.clone())).collect()
    };
    rows.iter().flat_map(of).collect()
}

fn judgement(app: &App, row: &Resolved, made: Instant) -> Option<JudgementRow> {
    let judged = row.judged(app)?;
    Some(JudgementRow {
        station: row.station.code.clone(),
        at: row.at,
        kind: judged.kind.to_owned(),
        edition: judged.edition,
        version: 0,
        level: judged.level.map(i64::from),
        result: serde_json::to_string(&judged.verdict).ok()?,
        explanation: judged.explanation.to_string(),
        made,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn a_book_that_unpacks_to_too_much_is_refused_before_it_is_read() {
        let mut book = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["a.xml", "b.xml"] {
            book.start_file(name, SimpleFileOptions::default()).expect("a part");
            book.write_all(&[b' '; 5_000]).expect("written");
        }
        let bytes = book.finish().expect("a book").into_inner();
        assert!(bytes.len() < 1_000, "{} bytes", bytes.len());
        assert_eq!(bounded(&bytes, 10_001), Ok(()));
        let refused = bounded(&bytes, 10_000).expect_err("too much");
        assert_eq!(refused.to_string(), "line 0: it unpacks to 10000 bytes or more");
        assert!(sheet(&bytes).is_err(), "it is no workbook either");
    }
}
