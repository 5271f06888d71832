//! Mass computation as an operator runs it: scheduler, two executors and client as processes of the one binary.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use shanshui_domain::id::PointId;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_history::{History, HistoryOptions, Rows, Stored};
use shanshui_store::{Arrival, Store, StoreOptions, TelegramIn};

/// 2026-03-01 00:00 in China.
const MARCH: i64 = 1_772_294_400_000_000;
const MINUTE_US: i64 = 60_000_000;

fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shanshui"));
    command.env("SHANSHUI_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Ended with the test.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

#[test]
fn those_who_care_for_the_history_leave_alone_what_jobs_keep_there() {
    assert_eq!(shanshui_query::SCRATCH, shanshui_history::SCRATCH);
}

fn scheduler() -> (Node, String) {
    let mut command = binary();
    command.args(["cluster", "scheduler", "--listen", "127.0.0.1:0"]).stderr(Stdio::inherit());
    let mut child = command.spawn().expect("the binary starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let said: serde_json::Value = serde_json::from_str(&line).expect("json");
    (Node(child), said["listen"].as_str().expect("an address").to_owned())
}

fn executor(address: &str) -> Node {
    let mut command = binary();
    command.args(["cluster", "executor", "--scheduler", address, "--concurrent", "2", "--memory-mib", "512"]);
    Node(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts"))
}

async fn registered(address: &str, executors: u64) {
    for _ in 0..600 {
        let asked = reqwest::get(format!("http://{address}/shanshui")).await;
        if let Ok(answer) = asked
            && answer
                .json::<serde_json::Value>()
                .await
                .is_ok_and(|about| about["executors"].as_u64() == Some(executors))
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the executors did not register");
}

fn reading(point: PointId, kind: PeriodKind, at: i64, value: String) -> Reading {
    Reading {
        key: ReadingKey { point, kind, at: Instant(at) },
        value: Some(value),
        extra: String::new(),
        mark: "N".to_owned(),
        arrived: Instant(at + MINUTE_US),
        late: false,
        telegram: None,
    }
}

fn hundredths(n: i64) -> String {
    format!("{}.{:02}", n / 100, n % 100)
}

/// Eight days of the demonstration city in the history, a day a segment, and a ninth with a late correction in the hot store.
async fn kept(data: &Path) {
    let store = Store::open(&data.join("shanshui.db"), StoreOptions::default()).await.expect("a store");
    let pack = shanshui_server::city::demo().expect("built in");
    store.pack_apply(&pack).await.expect("applied");
    let points = store.points().await.expect("points");
    let history = data.join("history");
    let history =
        History::open(history.to_str().expect("plain path"), HistoryOptions::default()).await.expect("a table");
    let minute = |p: PointId, day: i64, n: i64| {
        let value = hundredths((p.0 * 7 + n * 13 + day) % 9_000);
        reading(p, PeriodKind::Minute, MARCH + (day * 1_440 + n) * MINUTE_US, value)
    };
    let hour = |p: PointId, day: i64, n: i64| {
        let value = hundredths((p.0 * 31 + n * 177 + day * 91) % 12_000);
        reading(p, PeriodKind::Hour, MARCH + (day * 1_440 + n * 60) * MINUTE_US, value)
    };
    for day in 0..8 {
        let mut rows = Vec::new();
        for p in &points {
            rows.extend((0..24).map(|n| hour(p.id, day, n)));
        }
        for p in points.iter().take(40) {
            rows.extend((0..1_440).map(|n| minute(p.id, day, n)));
        }
        let rows = rows.into_iter().map(|reading| Stored { reading, version: 1 }).collect();
        let files = history.write(&format!("day{day}"), Rows::Readings(rows)).await.expect("written");
        history.commit(&files).await.expect("committed");
    }
    let hot: Vec<Reading> = points.iter().take(40).flat_map(|p| (0..200).map(|n| minute(p.id, 8, n))).collect();
    let telegram = |at: i64| TelegramIn {
        arrived: Instant(at),
        peer: "127.0.0.1:1".to_owned(),
        mn: None,
        cn: None,
        qn: None,
        raw: Vec::new(),
        problems: "[]".to_owned(),
        quarantine: None,
    };
    let mut arrivals: Vec<Arrival> = hot
        .chunks(500)
        .map(|some| Arrival { telegram: telegram(MARCH + 9 * 1_440 * MINUTE_US), readings: some.to_vec() })
        .collect();
    // the first statement went to the history; the hot store knows the second as its own first
    arrivals.push(Arrival { telegram: telegram(MARCH), readings: vec![minute(points[0].id, 8, 900)] });
    store.arrive(arrivals).await.expect("kept");
    store.close().await;
}

fn query(config: &Path, args: &[&str], engine: &str) -> Child {
    let mut command = binary();
    command.arg("query").args(args).arg("--config").arg(config).args(["--threads", "2", "--engine", engine]);
    command.spawn().expect("the binary starts")
}

fn answer(child: Child) -> String {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("the binary ends");
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_answers_byte_for_byte_as_one_process_also_when_an_executor_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    kept(&data).await;
    let config = folder.path().join("shanshui.toml");
    std::fs::write(&config, format!("data = {:?}\n", data.to_str().expect("plain path"))).expect("written");

    let statistics = ["statistics", "--month", "2026-03", "--percentile", "95"];
    let day = ["air-year", "--year", "2026", "--report", "day"];
    let year = ["air-year", "--year", "2026", "--format", "jsonl"];
    let here: Vec<String> = [&statistics[..], &day, &year].map(|args| answer(query(&config, args, ""))).into();
    assert_eq!(here[0].lines().count(), 41, "{}", here[0]);
    assert!(here[0].starts_with("station,factor,readings,valid,marked,min,max,mean,p95"), "{}", here[0]);
    let days = here[1].lines().skip(1).filter(|l| l.contains("HJ 633-2026")).count();
    assert!(days > 0 && days.is_multiple_of(8), "{days} days, eight of each station");
    assert_eq!(here[2].lines().count() * 8, days);

    let (_scheduler, address) = scheduler();
    let cluster = format!("ballista://{address}");
    let (mut lost, mut stays) = (executor(&address), executor(&address));
    registered(&address, 2).await;
    for (args, here) in [&statistics[..], &day, &year].into_iter().zip(&here) {
        assert_eq!(&answer(query(&config, args, &cluster)), here);
    }

    // killed while the job runs: earlier in the next round, should it have been quicker
    for wait_ms in [700, 400, 150, 50] {
        let mut running = query(&config, &statistics, &cluster);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        let in_time = running.try_wait().expect("a child").is_none();
        lost.0.kill().expect("a child");
        assert_eq!(answer(running), here[0]);
        if in_time {
            break;
        }
        (lost, stays) = (stays, executor(&address));
        registered(&address, 2).await;
    }
    assert!(stays.0.try_wait().expect("a child").is_none());
}

#[test]
fn what_is_wrong_is_named_with_exit_code_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("shanshui.toml");
    std::fs::write(&config, format!("data = {:?}\n", folder.path().to_str().expect("plain path"))).expect("written");
    let said = |args: &[&str], engine: &str| {
        let output = query(&config, args, engine).wait_with_output().expect("the binary ends");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    let (code, text) = said(&["statistics", "--month", "2026-03"], "spark://x");
    assert_eq!((code, text.contains("spark://x")), (Some(1), true), "{text}");
    let (code, text) = said(&["statistics", "--month", "2026-03"], "ballista://127.0.0.1:1");
    assert_eq!((code, text.contains("127.0.0.1:1")), (Some(1), true), "{text}");
    let (code, text) = said(&["statistics", "--month", "2026-03"], "");
    assert_eq!((code, text.contains("there is no database")), (Some(1), true), "{text}");
    let output =
        binary().args(["cluster", "executor", "--scheduler", "127.0.0.1:1"]).output().expect("the binary ends");
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!((output.status.code(), text.contains("127.0.0.1:1")), (Some(1), true), "{text}");
}
