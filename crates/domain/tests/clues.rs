//! Checks and clues on real sections of surface water that nobody is known to have tampered with: few, and none that is absurd.
//! The data lies beside the repository, or where `SHANSHUI_SHARED` says; without it the test says so and passes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rust_decimal::Decimal;
use shanshui_domain::analyse::clue::clues;
use shanshui_domain::analyse::review::review;
use shanshui_domain::analyse::series::{Record, Series, Value};
use shanshui_domain::standard::review::RuleBook;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_domain::unit::Unit;

const FILE: &str = "data/water/cnemc_section_4h_100stations_2020-05_2021-04.csv";
const COLUMNS: [(&str, &str, Unit); 5] = [
    ("ph_raw", "w01001", Unit::Ph),
    ("cond_raw", "w01014", Unit::UsPerCm),
    ("codmn_raw", "w01019", Unit::MgPerL),
    ("nh3n_raw", "w21003", Unit::MgPerL),
    ("tn_raw", "w21001", Unit::MgPerL),
];

fn shared() -> Option<String> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let path = std::env::var_os("SHANSHUI_SHARED").map_or(beside, PathBuf::from).join(FILE);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    text
}

/// Sections with their rows a day apart: the file has one row a day.
fn sections(text: &str) -> BTreeMap<String, Record> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let place = |name: &str| header.iter().position(|h| h == name).expect("a column of the release");
    let mut rows: BTreeMap<String, Vec<csv::StringRecord>> = BTreeMap::new();
    for row in reader.records() {
        let row = row.expect("a row");
        rows.entry(row[place("section")].to_owned()).or_default().push(row);
    }
    let series = |rows: &[csv::StringRecord], (column, factor, unit): (&str, &str, Unit)| {
        let value = |row: &csv::StringRecord| {
            let at = format!("{}T00:00:00Z", &row[place("file_date")]).parse().map(Instant::from_timestamp).ok()?;
            let sent: Decimal = row[place(column)].parse().ok()?;
            let mark = (&row[place("status")] != "正常").then(|| "M".to_owned());
            Some(Value { at, sent: Some(sent), mark })
        };
        Series::new(factor, unit, PeriodKind::Cycle, rows.iter().filter_map(value).collect()).expect("days ascend")
    };
    let record =
        |rows: Vec<csv::StringRecord>| Record { series: COLUMNS.map(|c| series(&rows, c)).into(), ..Record::default() };
    rows.into_iter().map(|(name, rows)| (name, record(rows))).collect()
}

#[test]
fn real_sections_give_few_clues() {
    let Some(text) = shared() else { return };
    let book = RuleBook::clue().expect("the shipped rules load");
    let (mut counts, mut days) = (BTreeMap::<String, usize>::new(), 0);
    for record in sections(&text).values() {
        days += record.series[0].values().len();
        for clue in clues(record, &book).expect("units agree") {
            *counts.entry(clue.detector).or_default() += 1;
        }
    }
    let months = days as f64 / 30.0;
    let all: usize = counts.values().sum();
    println!("{all} clues in {months:.0} station-months: {counts:?}");
    assert!(months > 500.0 && all > 0 && (all as f64) < 0.5 * months, "{counts:?}");
}

#[test]
fn real_sections_are_reviewed_without_a_value_beyond_its_range() {
    let Some(text) = shared() else { return };
    let book = RuleBook::review().expect("the shipped rules load");
    let (mut counts, mut values) = (BTreeMap::<String, usize>::new(), 0);
    for record in sections(&text).values() {
        values += record.series.iter().map(|s| s.values().len()).sum::<usize>();
        for finding in review(record, &book).expect("units agree") {
            *counts.entry(finding.check).or_default() += 1;
        }
    }
    println!("findings on {values} values: {counts:?}");
    assert_eq!(counts.get("range"), None);
    assert_eq!(counts.get("negative"), None);
    assert!(counts.get("pairs").is_some_and(|n| *n * 100 < values), "{counts:?}");
}
