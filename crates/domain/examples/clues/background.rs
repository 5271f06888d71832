//! Backgrounds: real sections, and generated outlets by the minute and by the hour.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use shanshui_domain::analyse::limit::Limit;
use shanshui_domain::analyse::series::{Happening, Neighbour, Record, Series, StationEvent, Value};
use shanshui_domain::standard::{Bound, Standards, WaterBody};
use shanshui_domain::time::{Instant, Period, PeriodKind, Zone};
use shanshui_domain::unit::{Quantity, Unit};

/// A seeded generator (splitmix64).
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in `[low, high)`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number in `[low, high)`.
    pub fn place(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low).max(1) as u64) as usize
    }

    pub fn happens(&mut self, share: f64) -> bool {
        self.between(0.0, 1.0) < share
    }

    /// Normal with mean 0 and deviation 1: twelve uniforms less six.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.between(0.0, 1.0)).sum::<f64>() - 6.0
    }
}

/// One factor of a table.
#[derive(Clone)]
pub struct Column {
    pub factor: &'static str,
    pub unit: Unit,
    /// Decimals that the instrument shows.
    pub decimals: u32,
    pub values: Vec<Option<f64>>,
    pub marks: Vec<Option<&'static str>>,
}

/// A station that can be tampered with.
#[derive(Clone)]
pub struct Table {
    pub name: String,
    pub kind: PeriodKind,
    pub times: Vec<Instant>,
    pub columns: Vec<Column>,
    pub events: Vec<StationEvent>,
    pub limits: Vec<(String, Limit)>,
    pub tops: Vec<(String, Quantity)>,
    /// Another station, for what is copied between two.
    pub other: Option<Box<Table>>,
}

impl Table {
    pub fn column(&mut self, factor: &str) -> Option<&mut Column> {
        self.columns.iter_mut().find(|c| c.factor == factor)
    }

    pub fn cap(&self, factor: &str) -> Option<f64> {
        match self.limits.iter().find(|(f, _)| f == factor)?.1.bound {
            Bound::AtMost { value } => rust_decimal::prelude::ToPrimitive::to_f64(&value),
            _ => None,
        }
    }

    /// Days that the table spans.
    pub fn days(&self) -> f64 {
        let span = self.times.last().zip(self.times.first()).map_or(0, |(last, first)| last.ms_since(*first));
        span as f64 / 86_400_000.0
    }

    /// A part of the table: places `from` to `to`, the last not inside.
    pub fn cut(&self, from: usize, to: usize) -> Self {
        let mut out = self.clone();
        let (from, to) = (from.min(self.times.len()), to.min(self.times.len()));
        out.times = self.times[from..to].to_vec();
        for (column, whole) in out.columns.iter_mut().zip(&self.columns) {
            column.values = whole.values[from..to].to_vec();
            column.marks = whole.marks[from..to].to_vec();
        }
        out.other = self.other.as_ref().map(|o| Box::new(o.cut(from, to)));
        out
    }

    fn series(&self) -> Vec<Series> {
        self.columns.iter().map(|c| self.one(c)).collect()
    }

    fn one(&self, column: &Column) -> Series {
        let value = |i: usize| {
            let sent = Decimal::from_f64(column.values[i]?)?.round_dp(column.decimals);
            Some(Value { at: self.times[i], sent: Some(sent), mark: column.marks[i].map(str::to_owned) })
        };
        let values = (0..self.times.len()).filter_map(value).collect();
        Series::new(column.factor, column.unit, self.kind, values).expect("times ascend")
    }

    /// What the detectors see.
    pub fn record(&self) -> Record {
        let neighbours = |o: &Table| {
            let one = |series| Neighbour { station: o.name.clone(), series };
            o.series().into_iter().map(one).collect::<Vec<_>>()
        };
        Record {
            series: self.series(),
            neighbours: self.other.iter().flat_map(|o| neighbours(o)).collect(),
            events: self.events.clone(),
            limits: self.limits.clone(),
            tops: self.tops.clone(),
            ..Record::default()
        }
    }
}

const COLUMNS: [(&str, &str, Unit); 8] = [
    ("temp_raw", "w01010", Unit::Celsius),
    ("ph_raw", "w01001", Unit::Ph),
    ("do_raw", "w01009", Unit::MgPerL),
    ("cond_raw", "w01014", Unit::UsPerCm),
    ("codmn_raw", "w01019", Unit::MgPerL),
    ("nh3n_raw", "w21003", Unit::MgPerL),
    ("tp_raw", "w21011", Unit::MgPerL),
    ("tn_raw", "w21001", Unit::MgPerL),
];

/// Sections of one half with at least 150 rows, each with the next section of the half beside it.
pub fn real(text: &str, half: u32) -> Vec<Table> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|h| h == name).expect("a column of the release");
    let mut sections: BTreeMap<String, Vec<csv::StringRecord>> = BTreeMap::new();
    for row in reader.records() {
        let row = row.expect("a row");
        sections.entry(row[place("section")].to_owned()).or_default().push(row);
    }
    let ours = |name: &str| name.bytes().map(u32::from).sum::<u32>() % 2 == half;
    let long = sections.iter().filter(|(name, rows)| ours(name) && rows.len() >= 150);
    let mut tables: Vec<Table> = long.map(|(name, rows)| section(name, rows, &place)).collect();
    let others: Vec<Table> = tables.iter().cycle().skip(1).take(tables.len()).cloned().collect();
    for (table, other) in tables.iter_mut().zip(others) {
        table.other = Some(Box::new(aligned(&other, &table.times)));
    }
    tables
}

/// A section's stamp has no year: the file's day gives it.
fn stamp(file_date: &str, time: &str) -> Option<Instant> {
    let year: i16 = file_date.get(..4)?.parse().ok()?;
    let year = if time.starts_with("12") && &file_date[5..7] == "01" { year - 1 } else { year };
    Zone::china().instant(format!("{year}-{}:00", time.replace(' ', "T")).parse().ok()?)
}

fn section(name: &str, rows: &[csv::StringRecord], place: &impl Fn(&str) -> usize) -> Table {
    let mut columns: Vec<Column> =
        COLUMNS.map(|(_, factor, unit)| Column { factor, unit, decimals: 5, values: vec![], marks: vec![] }).into();
    let mut times: Vec<Instant> = Vec::new();
    for row in rows {
        let Some(at) = stamp(&row[place("file_date")], &row[place("time")]) else { continue };
        if times.last().is_some_and(|last| *last >= at) {
            continue;
        }
        times.push(at);
        let maintained = &row[place("status")] == "维护";
        for (column, (source, _, _)) in columns.iter_mut().zip(COLUMNS) {
            column.values.push(row[place(source)].parse().ok());
            column.marks.push(maintained.then_some("M"));
        }
    }
    let (kind, events, tops, other) = (PeriodKind::Cycle, vec![], vec![], None);
    Table { name: name.to_owned(), kind, times, columns, events, limits: class_three(), tops, other }
}

/// Class III of GB 3838 stands for the limit of a section.
fn class_three() -> Vec<(String, Limit)> {
    let standards = Standards::embedded().expect("the shipped standards load");
    let row = |factor: &str| {
        let row = standards.water[0].row(factor, WaterBody::River)?;
        Some((factor.to_owned(), Limit { bound: row.classes[2], unit: row.unit, cite: row.cite.clone() }))
    };
    ["w01019", "w21003", "w21011"].iter().filter_map(|f| row(f)).collect()
}

/// Another table at the times of this one.
fn aligned(other: &Table, times: &[Instant]) -> Table {
    let mut out = other.clone();
    let at = |t: &Instant| other.times.binary_search(t).ok();
    out.times = times.to_vec();
    for (column, whole) in out.columns.iter_mut().zip(&other.columns) {
        column.values = times.iter().map(|t| at(t).and_then(|i| whole.values[i])).collect();
        column.marks = times.iter().map(|t| at(t).and_then(|i| whole.marks[i])).collect();
    }
    out
}

/// How a generated outlet is stepped.
#[derive(Clone, Copy)]
pub struct Pace {
    pub kind: PeriodKind,
    pub step_ms: i64,
    pub count: usize,
    /// Autocorrelation of the slow noise from one value to the next.
    keep: f64,
}

pub const MINUTES: Pace = Pace { kind: PeriodKind::Minute, step_ms: 60_000, count: 2_880, keep: 0.98 };
pub const HOURS: Pace = Pace { kind: PeriodKind::Hour, step_ms: 3_600_000, count: 720, keep: 0.6 };

/// A generated factor: code, unit, decimals, level, daily amplitude, slow noise, instrument noise (all shares of the level), and
/// how far pollution and rain move it.
type Recipe = (&'static str, Unit, u32, (f64, f64), f64, f64, f64, f64);

const RECIPES: [Recipe; 9] = [
    ("w01001", Unit::Ph, 2, (7.0, 8.2), 0.03, 0.006, 0.002, 0.0),
    ("w01010", Unit::Celsius, 1, (12.0, 28.0), 0.05, 0.005, 0.003, 0.0),
    ("w01009", Unit::MgPerL, 2, (3.0, 7.0), 0.2, 0.04, 0.01, 0.0),
    ("w01014", Unit::UsPerCm, 1, (500.0, 1500.0), 0.03, 0.02, 0.003, 0.4),
    ("w01018", Unit::MgPerL, 1, (12.0, 26.0), 0.1, 0.05, 0.02, 1.0),
    ("w21003", Unit::MgPerL, 3, (0.4, 1.2), 0.12, 0.06, 0.02, 1.0),
    ("w21001", Unit::MgPerL, 2, (5.0, 9.0), 0.08, 0.04, 0.02, 0.8),
    ("w21011", Unit::MgPerL, 3, (0.08, 0.2), 0.08, 0.04, 0.02, 0.8),
    ("w00000", Unit::LPerS, 1, (20.0, 80.0), 0.2, 0.05, 0.02, 0.0),
];

/// An honest outlet: daily cycle, autocorrelated noise, resolution, pollution and rain, marked maintenance and calibration,
/// stops of production, visits without consequence. Times begin at midnight in China.
pub fn outlet(chance: &mut Chance, pace: Pace) -> Table {
    let mut table = bare(chance, pace);
    table.other = Some(Box::new(bare(chance, pace)));
    table
}

fn bare(chance: &mut Chance, pace: Pace) -> Table {
    let begin = Zone::china().instant("2026-03-01T00:00:00".parse().expect("a time")).expect("an instant");
    let times: Vec<Instant> = (0..pace.count).map(|i| begin.plus_ms(i as i64 * pace.step_ms)).collect();
    let pollution = pollution(chance, pace);
    let mut columns: Vec<Column> = RECIPES.iter().map(|r| generated(chance, pace, r, &pollution)).collect();
    let load = generated(chance, pace, &("i33400", Unit::Percent, 0, (70.0, 95.0), 0.03, 0.03, 0.01, 0.0), &pollution);
    columns.push(load);
    let limit = |factor: &str, cap: &str| {
        let bound = Bound::AtMost { value: cap.parse().expect("a decimal") };
        (factor.to_owned(), Limit { bound, unit: Unit::MgPerL, cite: "permit".into() })
    };
    let limits = vec![limit("w01018", "40"), limit("w21003", "2"), limit("w21001", "12"), limit("w21011", "0.3")];
    let tops = vec![("w01018".to_owned(), Quantity { value: Decimal::from(200), unit: Unit::MgPerL })];
    let (name, kind) = ("generated".to_owned(), pace.kind);
    let mut table = Table { name, kind, times, columns, events: vec![], limits, tops, other: None };
    happenings(chance, pace, &mut table);
    table
}

/// How polluted each moment is: 0 as usual, 1 twice the level; below 0 diluted by rain. About one event a day by the minute, one in
/// three days by the hour.
fn pollution(chance: &mut Chance, pace: Pace) -> Vec<f64> {
    let per_hour = 3_600_000 / pace.step_ms;
    let mut out = vec![0.0; pace.count];
    let events =
        (pace.count as f64 * pace.step_ms as f64 / 86_400_000.0 * if per_hour > 1 { 1.0 } else { 0.33 }) as usize;
    for _ in 0..events {
        let start = chance.place(0, pace.count);
        let height = if chance.happens(0.3) { chance.between(-0.45, -0.2) } else { chance.between(0.3, 1.5) };
        let rise = chance.between(0.3, 2.0) * per_hour as f64;
        let fall = chance.between(1.0, 5.0) * per_hour as f64;
        for (i, slot) in out.iter_mut().enumerate().skip(start) {
            let t = (i - start) as f64;
            *slot += height * if t < rise { t / rise } else { (-(t - rise) / fall).exp() };
        }
    }
    out
}

fn generated(chance: &mut Chance, pace: Pace, recipe: &Recipe, pollution: &[f64]) -> Column {
    let (factor, unit, decimals, (low, high), daily, slow, fast, moved) = *recipe;
    let level = chance.between(low, high);
    let phase = chance.between(0.0, std::f64::consts::TAU);
    let day = 86_400_000.0 / pace.step_ms as f64;
    let mut wander = 0.0;
    let value = |(i, polluted): (usize, &f64)| {
        wander = pace.keep * wander + (1.0 - pace.keep * pace.keep).sqrt() * chance.normal();
        let cycle = daily * (i as f64 / day * std::f64::consts::TAU + phase).sin();
        let value =
            level * (1.0 + cycle + slow * wander) * (1.0 + moved * polluted).max(0.2) + level * fast * chance.normal();
        // one value in three hundred is lost on the way
        (!chance.happens(0.003)).then_some(value.max(0.0))
    };
    let values: Vec<Option<f64>> = pollution.iter().enumerate().map(value).collect();
    Column { factor, unit, decimals, marks: vec![None; values.len()], values }
}

/// Honest happenings: a daily calibration that is marked, now and then maintenance, a stop, a visit, a restart.
fn happenings(chance: &mut Chance, pace: Pace, table: &mut Table) {
    let days = (pace.count as f64 * pace.step_ms as f64 / 86_400_000.0).ceil() as i64;
    for day in 0..days {
        let at = table.times[0].plus_ms(day * 86_400_000 + 3_600_000);
        marked(table, at, 600_000, Happening::Calibration, "C");
        if chance.happens(0.1) {
            let at = table.times[0].plus_ms(day * 86_400_000 + (chance.between(8.0, 17.0) * 3.6e6) as i64);
            marked(table, at, 1_800_000, Happening::Maintenance, "M");
        }
        if chance.happens(0.1) {
            let start = table.times[0].plus_ms(day * 86_400_000 + chance.place(8, 14) as i64 * 3_600_000);
            event(table, start, 4 * 3_600_000, Happening::Inspection);
        }
        if chance.happens(0.05) {
            let start = table.times[0].plus_ms(day * 86_400_000 + (chance.between(0.0, 24.0) * 3.6e6) as i64);
            event(table, start, 1, Happening::Restart);
        }
        if chance.happens(0.1) {
            stop(table, chance, day);
        }
    }
}

pub fn event(table: &mut Table, start: Instant, long_ms: i64, what: Happening) {
    table.events.push(StationEvent { period: Period { start, end: start.plus_ms(long_ms) }, factor: None, what });
}

/// An event during which the device marks its values; hours keep theirs.
pub fn marked(table: &mut Table, start: Instant, long_ms: i64, what: Happening, mark: &'static str) {
    event(table, start, long_ms, what);
    let end = start.plus_ms(long_ms);
    for column in table.columns.iter_mut().filter(|c| c.factor.starts_with("w2") || c.factor == "w01018") {
        for (slot, at) in column.marks.iter_mut().zip(&table.times) {
            if table.kind == PeriodKind::Minute && start <= *at && *at < end {
                *slot = Some(mark);
            }
        }
    }
}

/// Production rests for some hours: load and flow fall to nothing and no concentration is measured, as it should be.
fn stop(table: &mut Table, chance: &mut Chance, day: i64) {
    let start = table.times[0].plus_ms(day * 86_400_000 + chance.place(0, 18) as i64 * 3_600_000);
    let end = start.plus_ms(chance.place(3, 9) as i64 * 3_600_000);
    for column in &mut table.columns {
        for i in 0..table.times.len() {
            if !(start <= table.times[i] && table.times[i] < end) {
                continue;
            }
            match column.factor {
                "i33400" | "w00000" => column.values[i] = Some(0.0),
                f if f.starts_with("w2") || f == "w01018" => column.marks[i] = Some("F"),
                _ => {}
            }
        }
    }
}
