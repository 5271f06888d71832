//! The year of the air network equals the domain's functions, row by row, and the tables that were published.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::ToSpan;
use jiff::civil::{Date, date};
use shanshui_domain::analyse::air::{Evaluated, POLLUTANTS};
use shanshui_domain::analyse::year::{AirRules, Cell, DayHours, HOURS, YearDay, cell};
use shanshui_domain::standard::Standards;
use shanshui_domain::time::Zone;
use shanshui_query::air::{AirPoint, AirYear, Report};
use shanshui_query::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use shanshui_query::arrow::compute::concat_batches;
use shanshui_query::arrow::datatypes::{Date32Type, Float64Type, Int32Type};
use shanshui_query::functions::POLLUTANT_COLUMNS;
use shanshui_query::{Engine, Source, SourceFile};

use crate::made::{BLOCK, Row, thrown, write};
use crate::{place, two_threads};

type Cells = [Option<Cell>; 6];
/// Hours of stations: by station, day and hour of the day.
type Hours = BTreeMap<(String, Date, usize), Cells>;

pub(crate) fn network(stations: i64) -> Vec<AirPoint> {
    let point = |s: i64, p: usize| AirPoint {
        point: (s + 1) * BLOCK + p as i64,
        station: format!("as{s:02}"),
        pollutant: p,
        tens: 0,
    };
    (0..stations).flat_map(|s| (0..6).map(move |p| point(s, p))).collect()
}

pub(crate) fn asked(year: i16, report: Report, points: Vec<AirPoint>) -> AirYear {
    AirYear { year, zone: ("Asia/Shanghai".to_owned(), Zone::china()), report, points }
}

/// Hours from a day on, with gaps, marks, values that need rounding, an episode of ozone and one of dust.
pub(crate) fn made(stations: i64, from: Date, days: i64) -> (Vec<Row>, Hours) {
    let (mut rows, mut hours) = (Vec::new(), Hours::new());
    for point in network(stations) {
        for day in 0..days {
            for hour in 0..24i64 {
                let throw = thrown(11, point.point, day * 24 + hour);
                let civil = (from + day.days()).at(hour as i8, 0, 0, 0);
                let at = Zone::china().instant(civil).expect("an instant").0;
                let decimals = if point.pollutant == 2 { 3 } else { (throw % 3) as i8 };
                let scale = 10i64.pow(decimals.unsigned_abs().into());
                let most = match point.pollutant {
                    2 => 4,
                    3 if day % 17 == 0 => 320,
                    4 | 5 if day % 29 == 0 => 700,
                    _ => 120,
                };
                let scaled = (throw >> 8) as i64 % (most * scale);
                let absent = throw.is_multiple_of(40) || (throw >> 40).is_multiple_of(50) && day % 5 == 0;
                let mark = if throw.is_multiple_of(61) { "C" } else { "N" };
                let number = (!absent).then_some(scaled as f64 / scale as f64);
                rows.push(Row {
                    block: point.point / BLOCK,
                    kind: 2,
                    at,
                    point: point.point,
                    version: 1,
                    number,
                    decimals,
                    mark,
                });
                if mark == "N" && !absent {
                    let text = format!("{:.places$}", scaled as f64 / scale as f64, places = decimals as usize);
                    let slot = hours.entry((point.station.clone(), civil.date(), hour as usize)).or_insert([None; 6]);
                    slot[point.pollutant] = cell(text.as_bytes());
                }
            }
        }
    }
    (rows, hours)
}

async fn run(folder: &tempfile::TempDir, files: Vec<SourceFile>, asked: AirYear) -> RecordBatch {
    let engine = Engine::connect("", two_threads()).await.expect("this process");
    let job = asked.start(&engine, Source::of(place(folder), files)).await.expect("planned");
    let schema = job.schema().clone();
    concat_batches(&schema, &job.collect().await.expect("ran to its end")).expect("one schema")
}

fn int(column: &ArrayRef, i: usize) -> Option<i32> {
    column.is_valid(i).then(|| column.as_primitive::<Int32Type>().value(i))
}

fn double(column: &ArrayRef, i: usize) -> Option<f64> {
    column.is_valid(i).then(|| column.as_primitive::<Float64Type>().value(i))
}

fn key(batch: &RecordBatch, i: usize) -> (String, Date) {
    let day = batch["day"].as_primitive::<Date32Type>().value(i);
    (batch["station"].as_string::<i32>().value(i).to_owned(), date(1970, 1, 1) + i64::from(day).days())
}

fn same(batch: &RecordBatch, i: usize, rules: &AirRules, seen: &Evaluated) {
    assert_eq!(int(&batch["aqi"], i), seen.aqi.map(i32::from), "{:?}", key(batch, i));
    assert_eq!(int(&batch["level"], i), seen.aqi.and_then(|a| rules.level(a)).map(i32::from));
    let primary: Vec<&str> = seen.primary().collect();
    assert_eq!(batch["primary_pollutant"].as_string::<i32>().value(i), primary.join(","));
    for (p, name) in POLLUTANT_COLUMNS.iter().enumerate() {
        assert_eq!(int(&batch[format!("{name}_iaqi").as_str()], i), seen.iaqi[p].map(i32::from));
    }
}

fn units(value: Option<i64>, decimals: u32) -> Option<f64> {
    value.map(|v| v as f64 / 10f64.powi(decimals as i32))
}

fn days_of(hours: &Hours) -> BTreeMap<(String, Date), DayHours> {
    let mut days: BTreeMap<(String, Date), DayHours> = BTreeMap::new();
    for ((station, day, hour), cells) in hours {
        days.entry((station.clone(), *day)).or_insert([[None; 6]; HOURS])[*hour] = *cells;
    }
    days
}

#[tokio::test]
async fn hours_days_and_years_equal_the_domain_row_by_row() {
    let standards = Standards::embedded().expect("the shipped standards load");
    let rules = AirRules::new(&standards).expect("whole");
    let folder = tempfile::tempdir().expect("a folder");
    // the year in which the edition changes
    let (rows, hours) = made(3, date(2026, 1, 1), 365);
    let third = rows.len() / 3;
    let parts = rows.chunks(third + 1).enumerate();
    let files: Vec<SourceFile> =
        parts.map(|(i, r)| write(folder.path(), &format!("{i}.parquet"), r.to_vec())).collect();

    let batch = run(&folder, files.clone(), asked(2026, Report::Hour, network(3))).await;
    assert_eq!(batch.num_rows(), hours.len());
    for i in 0..batch.num_rows() {
        let (station, day) = key(&batch, i);
        let hour = int(&batch["hour"], i).expect("an hour") as usize;
        same(&batch, i, &rules, &rules.hour(day, &hours[&(station, day, hour)]));
    }

    let days = days_of(&hours);
    let batch = run(&folder, files.clone(), asked(2026, Report::Day, network(3))).await;
    assert_eq!(batch.num_rows(), days.len());
    let mut editions = std::collections::BTreeSet::new();
    for i in 0..batch.num_rows() {
        let (station, day) = key(&batch, i);
        let direct = rules.day(day, &days[&(station, day)]);
        same(&batch, i, &rules, &direct.seen);
        editions.insert(batch["edition"].as_string::<i32>().value(i).to_owned());
        for (p, name) in POLLUTANT_COLUMNS.iter().enumerate() {
            assert_eq!(double(&batch[*name], i), units(direct.values[p], rules.decimals(p)));
        }
    }
    assert_eq!(editions.len(), 2);

    let batch = run(&folder, files, asked(2026, Report::Year, network(3))).await;
    assert_eq!(batch.num_rows(), 3);
    for i in 0..3 {
        let station = batch["station"].as_string::<i32>().value(i);
        let of_it = days.iter().filter(|((s, _), _)| s == station);
        let year_days: Vec<YearDay> = of_it
            .map(|((_, day), hours)| {
                let direct = rules.day(*day, hours);
                YearDay { day: *day, values: direct.values, seen: direct.seen }
            })
            .collect();
        let direct = rules.year(&year_days);
        assert_eq!(int(&batch["days"], i), Some(direct.days as i32));
        assert_eq!(int(&batch["good_days"], i), Some(direct.good_days() as i32));
        assert_eq!(int(&batch["aqi_max"], i), direct.aqi_max.map(i32::from));
        for (p, name) in POLLUTANT_COLUMNS.iter().enumerate() {
            let column = |what: &str| batch[format!("{name}_{what}").as_str()].clone();
            let of = &direct.pollutants[p];
            assert_eq!(double(&column("mean"), i), units(of.mean, of.decimals));
            assert_eq!(double(&column("percentile"), i), units(of.at_percentile, of.decimals));
            assert_eq!(int(&column("primary_days"), i), Some(of.primary_days as i32));
            assert_eq!(column("valid").as_boolean().value(i), of.valid);
        }
    }
}

fn shared(name: &str) -> Option<String> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let path = std::env::var_os("SHANSHUI_SHARED").map_or(beside, PathBuf::from).join("data/air").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    text
}

/// Hours of the national stations with their published AQI, as rows of a history: one station a block.
fn published(text: &str, zone: &Zone) -> (Vec<Row>, Vec<AirPoint>, BTreeMap<String, i32>, i16) {
    let (mut rows, mut points, mut aqi, mut year) = (Vec::new(), Vec::new(), BTreeMap::new(), 0);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|h| h == name).unwrap_or_else(|| panic!("{name} in {header:?}"));
    // the hour's ozone lies in the column that says 24 hours
    let columns = ["so2", "no2", "co", "o3_24h", "pm10", "pm2_5"].map(place);
    for (n, record) in reader.records().enumerate() {
        let record = record.expect("a row");
        let Ok(index) = record[place("aqi")].parse::<i32>() else { continue };
        let civil: jiff::civil::DateTime = record[place("timepoint")].trim_end_matches('Z').parse().expect("a time");
        year = civil.year();
        // stamped at its end, kept at its start
        let at = zone.instant(civil).expect("an instant").0 - 3_600_000_000;
        let station = record[place("stationcode")].to_owned();
        if station.is_empty() || aqi.contains_key(&station) {
            continue;
        }
        aqi.insert(station.clone(), index);
        for (pollutant, column) in columns.into_iter().enumerate() {
            let point = (n as i64 + 1) * BLOCK + pollutant as i64;
            points.push(AirPoint { point, station: station.clone(), pollutant, tens: 0 });
            let text = &record[column];
            let number = text.parse::<f64>().ok().filter(|v| *v > 0.0);
            let decimals = text.split_once('.').map_or(0, |(_, d)| d.len() as i8);
            rows.push(Row { block: point / BLOCK, kind: 2, at, point, version: 1, number, decimals, mark: "N" });
        }
    }
    (rows, points, aqi, year)
}

#[tokio::test]
async fn hours_of_the_national_stations_have_the_published_index() {
    for name in ["cnemc_station_hourly_2018-02-20T07.csv", "cnemc_station_hourly_2016-01-14T00.csv"] {
        let Some(text) = shared(name) else { return };
        let folder = tempfile::tempdir().expect("a folder");
        let (rows, points, aqi, year) = published(&text, &Zone::china());
        let file = write(Path::new(folder.path()), "hours.parquet", rows);
        let batch = run(&folder, vec![file], asked(year, Report::Hour, points)).await;
        let wrong: Vec<String> = (0..batch.num_rows())
            .filter(|i| int(&batch["aqi"], *i) != aqi.get(&key(&batch, *i).0).copied())
            .map(|i| key(&batch, i).0)
            .collect();
        println!("{name}: {} of {} agree", batch.num_rows() - wrong.len(), aqi.len());
        assert!(aqi.len() > 900 && batch.num_rows() == aqi.len(), "{} of {}", batch.num_rows(), aqi.len());
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    assert_eq!(POLLUTANTS.len(), POLLUTANT_COLUMNS.len());
}
