//! Any engine can read the history: deltalake and duckdb say the same of it as we do.

mod python;

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shanshui_domain::id::{Mn, PointId, TelegramId};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use shanshui_history::{History, HistoryOptions, Length};
use shanshui_store::{Arrival, MoverOptions, ReadingRow, Store, StoreOptions, Sync, TelegramIn};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// 2026-02-10T00:00:00Z
const START: i64 = 1_770_681_600_000_000;
const KIND: PeriodKind = PeriodKind::Real;
const ALWAYS: (Instant, Instant) = (Instant(i64::MIN), Instant(i64::MAX));
const POINTS: [i64; 3] = [1, 2, 1_025];
/// What devices send instead of a plain number, too.
const ODD: [Option<&str>; 10] = [
    None,
    Some("-0"),
    Some("007"),
    Some("1e3"),
    Some("NaN"),
    Some("--"),
    Some(""),
    Some("0.10"),
    Some("-12.50"),
    Some("0.30000000000000004"),
];

fn reading(point: i64, at: i64, arrived: i64, step: i64) -> Reading {
    let n = at / HOUR + point;
    let odd = (n % 17 == 0).then(|| ODD[usize::try_from(n / 17 % 10).expect("small")].map(str::to_owned));
    Reading {
        key: ReadingKey { point: PointId(point), kind: KIND, at: Instant(at) },
        value: odd.unwrap_or_else(|| Some(format!("{}.{:02}", 7 + n % 2 + step, n % 100))),
        extra: if n % 23 == 0 { "Cou=1.50".into() } else { String::new() },
        mark: if n % 29 == 0 { "D".into() } else { "N".into() },
        // one of a telegram that came another way than its neighbours did
        arrived: Instant(arrived + i64::from(n % 31 == 0)),
        late: arrived > at + HOUR,
        telegram: None,
    }
}

fn arrival(points: &[i64], at: i64, arrived: i64, step: i64) -> Arrival {
    let telegram = TelegramIn {
        arrived: Instant(arrived),
        peer: "192.0.2.7:40000".into(),
        mn: Some(Mn::from("QZ0001")),
        cn: Some("2011".into()),
        qn: None,
        raw: [&b"##"[..], &at.to_le_bytes(), &arrived.to_le_bytes(), b"\r\n"].concat(),
        problems: "[]".into(),
        quarantine: None,
    };
    Arrival { telegram, readings: points.iter().map(|p| reading(*p, at, arrived, step)).collect() }
}

/// Forty days, moved bit by bit and merged once; then some of it said again and some of it late, moved once more. Nothing is hot at
/// the end but the last telegram, which brings no reading.
async fn filled(folder: &Path) -> Store {
    let options = StoreOptions { sync: Sync::Off, ..StoreOptions::default() };
    let store = Store::open(&folder.join("shanshui.db"), options).await.expect("a store");
    let place = folder.join("history");
    let history = History::open(place.to_str().expect("text"), HistoryOptions::default()).await.expect("a history");
    let store = store.with_history(history);
    let hours = (0..40 * 24).map(|h| START + h * HOUR).filter(|at| at / HOUR % 50 != 0);
    let sent = hours.flat_map(|at| [arrival(&POINTS[..2], at, at + 7_654_321, 0), arrival(&POINTS[2..], at, at, 0)]);
    store.arrive(sent.collect()).await.expect("kept");
    let small = MoverOptions { readings: 700, telegrams: 300, chunk: 500 };
    store.move_before(Instant(START + 30 * DAY), small).await.expect("moved");
    store.history().expect("a history").compact("2026-02").await.expect("merged");
    let end = START + 41 * DAY;
    let again = (0..12).map(|n| START + n * 3 * DAY + n % 4 * HOUR);
    let again = again.flat_map(|at| [arrival(&POINTS[..1], at, end, 1), arrival(&POINTS[..2], at, end + HOUR, 2)]);
    let never_sent = (START / HOUR..START / HOUR + 40 * 24).filter(|h| h % 50 == 0).take(9);
    let late = never_sent.map(|h| arrival(&POINTS[1..2], h * HOUR, end + 2 * HOUR, 0));
    store.arrive(again.chain(late).collect()).await.expect("kept");
    store.arrive(vec![arrival(&[], end, end + 3 * HOUR, 0)]).await.expect("kept");
    store.move_before(Instant(end + 2 * DAY), small).await.expect("moved");
    store
}

fn number(text: &Value) -> Option<f64> {
    text.as_str().map(|text| text.parse().expect("a number"))
}

/// A row as the script prints it, its number as a number.
fn row(r: &ReadingRow) -> (Value, Option<f64>) {
    let telegram = r.telegram.map(|t| t.0);
    (json!([r.at.0, r.versions, r.value, r.mark, r.extra, r.arrived.0, r.late, telegram]), r.number)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deltalake_and_duckdb_read_the_same_numbers_as_we_do() {
    let Some(python) = python::python("no other reader of the history is tried") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let store = filled(folder.path()).await;
    let history = store.history().expect("a history");
    assert_eq!(store.count_hot().await.expect("a count"), 0, "everything lies in the history");
    let state = store.moved_state().await.expect("a state");
    let readings: Vec<_> = history.segments().into_iter().filter(|s| s.part.as_str() == "reading").collect();
    assert!(readings.iter().any(|s| s.month == "2026-02" && s.segment.starts_with("merge")), "{readings:?}");
    assert!(readings.iter().filter(|s| s.month == "2026-03").count() > 2, "{readings:?}");

    let said = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers.py"))
        .arg(folder.path().join("history"))
        .args([POINTS[0].to_string(), state.telegrams.0.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .expect("python runs");
    assert!(said.status.success(), "the script ended with {}", said.status);
    let said: Value = serde_json::from_slice(&said.stdout).expect("one line of JSON");
    assert_eq!(said["files"], history.files().len());

    let points = POINTS.map(PointId);
    let figures = store
        .statistics(&Caller::machine(), &points, KIND, ALWAYS, (Length::Month, &Zone::china()))
        .await
        .expect("figures");
    let curve = store.range((points[0], KIND), ALWAYS, usize::MAX >> 1).await.expect("a curve");
    assert!(curve.iter().any(|r| r.versions == 3) && curve.iter().any(|r| r.value.is_none()));
    let (mut raws, mut digest, mut after) = (0, Sha256::new(), TelegramId(0));
    loop {
        let page = store.telegrams_after(after, 500).await.expect("a page");
        let Some(last) = page.last() else { break };
        after = last.id;
        for t in page.iter().filter(|t| t.id <= state.telegrams) {
            raws += 1;
            digest.update(&t.telegram.raw);
        }
    }
    assert!(raws > 1_900, "{raws} telegrams");
    let telegrams = json!([raws, hex::encode(digest.finalize())]);

    for reader in ["deltalake", "duckdb"] {
        let said = &said[reader];
        assert_eq!(said["telegrams"], telegrams, "{reader}");
        let theirs = said["figures"].as_array().expect("rows");
        assert_eq!(theirs.len(), points.len(), "{reader}");
        for (theirs, point) in theirs.iter().zip(points) {
            let ours: Vec<_> = figures.rows.iter().filter(|(p, _)| *p == point).map(|(_, s)| *s).collect();
            let count: u64 = ours.iter().map(|s| s.count).sum();
            let valid: u64 = ours.iter().map(|s| s.valid).sum();
            assert_eq!(json!([point.0, count, valid]), json!([theirs[0], theirs[1], theirs[2]]), "{reader}");
            let sum: f64 = ours.iter().map(|s| s.sum).sum();
            let theirs_sum = number(&theirs[3]).expect("a sum");
            assert!((sum - theirs_sum).abs() <= sum.abs() * 1e-12, "{reader} {point:?}: {sum}, {theirs_sum}");
            let ends = |pick: fn(f64, f64) -> f64, of: fn(&shanshui_history::Summary) -> Option<f64>| {
                ours.iter().filter_map(of).reduce(pick)
            };
            assert_eq!(number(&theirs[4]), ends(f64::min, |s| s.min), "{reader} {point:?}");
            assert_eq!(number(&theirs[5]), ends(f64::max, |s| s.max), "{reader} {point:?}");
        }
        let theirs: Vec<(Value, Option<f64>)> = said["curve"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|r| (json!([r[0], r[1], r[3], r[4], r[5], r[6], r[7], r[8]]), number(&r[2])))
            .collect();
        assert_eq!(theirs.len(), curve.len(), "{reader}");
        for (theirs, ours) in theirs.iter().zip(&curve) {
            assert_eq!(*theirs, row(ours), "{reader}");
        }
    }
    store.close().await;
}
