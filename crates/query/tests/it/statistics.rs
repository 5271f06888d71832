use std::collections::BTreeMap;

use shanshui_domain::time::{PeriodKind, Zone};
use shanshui_query::arrow::array::{Array, AsArray, RecordBatch};
use shanshui_query::arrow::datatypes::{Float64Type, Int64Type};
use shanshui_query::statistics::{Monthly, PointLimit};
use shanshui_query::{Engine, QueryError, Source, SourceFile};

use crate::made::{MINUTE_US, Row, batch, reading, write};
use crate::{place, two_threads};

/// 2026-03-01 00:00 in China.
const MARCH: i64 = 1_772_294_400_000_000;
const DAY_US: i64 = 1_440 * MINUTE_US;

pub(crate) fn monthly() -> Monthly {
    let month = "2026-03".parse().expect("a month");
    Monthly { month, zone: Zone::china(), kind: PeriodKind::Minute, percentile: Some(95), limits: Vec::new() }
}

/// A day of ten points of two stations, every ten minutes; half an hour of it before the day begins in China.
pub(crate) fn day(number: i64) -> Vec<Row> {
    let points = (0..2).flat_map(|station| (0..5).map(move |p| (1 + station) * 1_024 + p));
    let at = move |step: i64| MARCH + number * DAY_US + (step * 10 - 30) * MINUTE_US;
    points.flat_map(|point| (0..144).map(move |step| reading(7, point, 1, at(step)))).collect()
}

/// The same by hand: newest versions of a month.
fn expected(rows: &[Row]) -> BTreeMap<i64, (i64, Vec<f64>, i64)> {
    let mut newest: BTreeMap<(i64, i64), &Row> = BTreeMap::new();
    for row in rows.iter().filter(|r| r.at >= MARCH && r.at < MARCH + 31 * DAY_US && r.kind == 1) {
        let slot = newest.entry((row.point, row.at)).or_insert(row);
        if row.version > slot.version {
            *slot = row;
        }
    }
    let mut points: BTreeMap<i64, (i64, Vec<f64>, i64)> = BTreeMap::new();
    for row in newest.values() {
        let point = points.entry(row.point).or_default();
        point.0 += 1;
        if row.mark == "N" {
            point.1.extend(row.number);
        } else {
            point.2 += 1;
        }
    }
    points
}

fn check(batches: &[RecordBatch], rows: &[Row]) {
    let mut seen = 0;
    let expected = expected(rows);
    for batch in batches {
        let long = |name: &str, i: usize| batch[name].as_primitive::<Int64Type>().value(i);
        let double = |name: &str, i: usize| batch[name].as_primitive::<Float64Type>().value(i);
        for i in 0..batch.num_rows() {
            let (readings, mut valid, marked) = expected[&long("point", i)].clone();
            valid.sort_by(f64::total_cmp);
            let hundredths: i64 = valid.iter().map(|v| (v * 100.0).round() as i64).sum();
            let counts = (long("readings", i), long("valid", i), long("marked", i));
            assert_eq!(counts, (readings, valid.len() as i64, marked));
            assert_eq!((double("min", i), double("max", i)), (valid[0], valid[valid.len() - 1]));
            assert!((double("mean", i) - hundredths as f64 / 100.0 / valid.len() as f64).abs() < 1e-9);
            let rank = (valid.len() - 1) * 95;
            let (low, high) = (valid[rank / 100], valid[(rank / 100 + 1).min(valid.len() - 1)]);
            assert_eq!(double("p95", i), low + (high - low) * (rank % 100) as f64 / 100.0);
            seen += 1;
        }
    }
    assert_eq!(seen, expected.len());
}

async fn run(source: Source) -> Vec<RecordBatch> {
    let engine = Engine::connect("", two_threads()).await.expect("this process");
    let job = monthly().start(&engine, source).await.expect("planned");
    job.collect().await.expect("ran to its end")
}

#[tokio::test]
async fn a_month_of_all_points_is_that_of_its_readings() {
    let folder = tempfile::tempdir().expect("a folder");
    let days: Vec<Vec<Row>> = (0..4).map(day).collect();
    let names = (0..4).map(|d| format!("day{d}.parquet"));
    let files: Vec<SourceFile> =
        names.zip(&days).map(|(name, rows)| write(folder.path(), &name, rows.clone())).collect();
    check(&run(Source::of(place(&folder), files)).await, &days.concat());
}

#[tokio::test]
async fn each_reading_counts_once_in_its_newest_version_wherever_that_lies() {
    let folder = tempfile::tempdir().expect("a folder");
    let days: Vec<Vec<Row>> = (0..3).map(day).collect();
    let mut files: Vec<SourceFile> =
        (0..3).map(|d| write(folder.path(), &format!("day{d}.parquet"), days[d].clone())).collect();
    let restated = |row: &Row, version, number| Row { version, number: Some(number), mark: "N", ..row.clone() };
    // a file of corrections beside the first day, two of them for one reading
    let corrections: Vec<Row> =
        (4..9).map(|i| restated(&days[0][i], 2, 500.0)).chain([restated(&days[0][8], 3, 600.0)]).collect();
    files.push(write(folder.path(), "late.parquet", corrections.clone()));
    // hot: a later correction of one of them, a correction of the second day, a day that has not moved, a reading being moved
    let fourth = day(3);
    let mut hot = vec![restated(&days[0][8], 4, 700.0), restated(&days[1][20], 2, 800.0), days[2][3].clone()];
    hot.extend(fourth.iter().cloned());
    hot.push(restated(&fourth[5], 2, 900.0));
    let all = [days.concat(), corrections, hot.clone()].concat();
    let halves: Vec<Result<RecordBatch, String>> = hot.chunks(800).map(|rows| Ok(batch(rows))).collect();
    let hot = Box::pin(futures::stream::iter(halves));
    let batches = run(Source { place: place(&folder), files, hot: Some(hot) }).await;
    check(&batches, &all);
    assert_eq!(
        std::fs::read_dir(folder.path().join("_tmp")).expect("a folder").count(),
        0,
        "temporary files are removed"
    );
}

#[tokio::test]
async fn beyond_a_points_limit_is_counted_and_a_point_without_one_has_no_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = day(1);
    let file = write(folder.path(), "day.parquet", rows.clone());
    let engine = Engine::connect("", two_threads()).await.expect("this process");
    let limit = PointLimit { point: 1_024, at_least: Some(60.0), at_most: Some(80.0) };
    let asked = Monthly { limits: vec![limit], percentile: None, ..monthly() };
    let job = asked.start(&engine, Source::of(place(&folder), vec![file])).await.expect("planned");
    let batches = job.collect().await.expect("ran to its end");
    let valid = rows.iter().filter(|r| r.point == 1_024 && r.mark == "N").filter_map(|r| r.number);
    let beyond = valid.filter(|n| *n < 60.0 || *n > 80.0).count() as i64;
    let exceeding = batches[0]["exceeding"].as_primitive::<Int64Type>();
    assert!(beyond > 0);
    assert_eq!((exceeding.value(0), exceeding.is_null(1)), (beyond, true));
}

#[tokio::test]
async fn a_cancelled_job_ends_so_and_leaves_no_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "day.parquet", day(1));
    let engine = Engine::connect("", two_threads()).await.expect("this process");
    let hot = Box::pin(futures::stream::iter(vec![Ok(batch(&day(2)))]));
    let source = Source { place: place(&folder), files: vec![file], hot: Some(hot) };
    let mut job = monthly().start(&engine, source).await.expect("planned");
    let handle = job.handle();
    handle.cancel();
    assert!(matches!(job.next().await, Err(QueryError::Cancelled)));
    assert!(job.next().await.expect("has ended").is_none());
    assert_eq!(std::fs::read_dir(folder.path().join("_tmp")).expect("a folder").count(), 0);
    assert!(handle.progress().total > 0);
}

#[tokio::test]
async fn a_file_that_is_damaged_or_absent_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "day.parquet", day(1));
    let bytes = std::fs::read(folder.path().join("day.parquet")).expect("written");
    std::fs::write(folder.path().join("day.parquet"), vec![7; bytes.len()]).expect("written");
    let engine = Engine::connect("", two_threads()).await.expect("this process");
    let absent = SourceFile { path: "absent.parquet".to_owned(), ..file.clone() };
    for (file, name) in [(file, "day.parquet"), (absent, "absent.parquet")] {
        let job = monthly().start(&engine, Source::of(place(&folder), vec![file])).await.expect("planned");
        let error = job.collect().await.expect_err("unreadable").to_string();
        assert!(error.contains("statistics") && error.contains(name), "{error}");
    }
}

#[tokio::test]
async fn hot_rows_of_another_shape_and_a_failing_hot_store_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::connect("", two_threads()).await.expect("this process");
    let short = batch(&day(1)).project(&[0, 1, 2]).expect("columns");
    for (hot, said) in [(Ok(short), "column point"), (Err("the database is away".to_owned()), "the database is away")] {
        let hot = Box::pin(futures::stream::iter(vec![hot]));
        let source = Source { place: place(&folder), files: Vec::new(), hot: Some(hot) };
        let error = monthly().start(&engine, source).await.err().expect("refused").to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn nothing_to_read_gives_no_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows: usize = run(Source::of(place(&folder), Vec::new())).await.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows, 0);
}
