//! A runtime with a single thread, as a machine with one processor has it.

use std::sync::mpsc;
use std::time::Duration;

use shanshui_domain::id::PointId;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_history::{History, HistoryOptions, Rows, Stored};

/// 2026-03-01T00:00:00Z
const MARCH: i64 = 1_772_323_200_000_000;
/// Longer than anything that ends takes.
const FOR_EVER: Duration = Duration::from_mins(2);

fn rows(n: i64) -> Rows {
    let at = Instant(MARCH + n * 3_600_000_000);
    let reading = Reading {
        key: ReadingKey { point: PointId(1), kind: PeriodKind::Hour, at },
        value: Some(format!("{n}.5")),
        extra: String::new(),
        mark: "N".into(),
        arrived: Instant(at.0 + 1_000_000),
        late: false,
        telegram: None,
    };
    Rows::Readings(vec![Stored { reading, version: 1 }])
}

#[test]
fn the_log_is_summed_up_where_one_thread_does_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("history");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (tell, told) = mpsc::channel();
    let location = place.to_str().expect("text").to_owned();
    runtime.spawn(async move {
        let history = History::open(&location, HistoryOptions::default()).await.expect("a table");
        for n in 0..45 {
            let files = history.write(&format!("hour-{n}"), rows(n)).await.expect("written");
            history.commit(&files).await.expect("committed");
        }
        tell.send(history.version()).expect("heard");
    });
    let version = told.recv_timeout(FOR_EVER);
    runtime.shutdown_background();
    assert_eq!(version.expect("it goes on"), 45);
    let log = std::fs::read_dir(place.join("_delta_log")).expect("a log");
    let names = log.map(|file| file.expect("a file").file_name().into_string().expect("text"));
    let mut summed: Vec<String> = names.filter(|name| name.contains(".checkpoint.")).collect();
    summed.sort();
    let numbers: Vec<&str> = summed.iter().map(|name| &name[18..20]).collect();
    assert_eq!(numbers, ["19", "39"], "{summed:?}");
}
