//! What whoever runs the program looks at: figures, readiness, room on the disk, copies that move between engines, the doctor.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{City, civil, now_qn, stranger, until, water};

const MIB: u64 = 1 << 20;

async fn figures(city: &City) -> String {
    let at = city.running.metrics.expect("figures are served");
    let answer = reqwest::get(format!("http://{at}/metrics")).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers()["content-type"].to_str().expect("text").starts_with("text/plain; version=0.0.4"));
    answer.text().await.expect("text")
}

/// The figure with these labels.
fn figure(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not there:\n{text}")).parse().expect("a number")
}

/// `promtool` of the distribution, from the path or from where `scripts/setup test` puts it.
fn promtool() -> Option<PathBuf> {
    let built =
        Path::new(env!("CARGO_BIN_EXE_shanshui")).ancestors().nth(2).map(|target| target.join("tools/promtool"));
    let known = [Some(PathBuf::from("promtool")), built].into_iter().flatten();
    known.into_iter().find(|tool| Command::new(tool).arg("--version").output().is_ok_and(|o| o.status.success()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted_and_shown_to_monitoring() {
    let city = City::start().await;
    let mut line = city.line("ms01").await;
    let stamp = civil(-60);
    line.upload("2011", &water(&stamp, "7.5")).await;
    line.upload("2011", &water(&stamp, "7.5")).await;
    line.upload("2011", &water(&stamp, "7.6")).await;
    let mut unknown = crate::support::Line::open(&city, stranger()).await;
    let frame = unknown.frame("2011", &now_qn(), &water(&stamp, "7.5"));
    unknown.send(&frame).await;
    let person = city.person("zhoumin").await;
    person.ok("/api/v1/sense/stations/ms01").await;
    person.get("/api/v1/no/such/thing").await;
    let text = until("the stranger's telegram", async || {
        let text = figures(&city).await;
        (figure(&text, "shanshui_telegrams_total{outcome=\"unknown_device\"}") > 0.0).then_some(text)
    })
    .await;
    for (name, is) in [
        ("shanshui_telegrams_total{outcome=\"kept\"}", 3.0),
        ("shanshui_telegrams_total{outcome=\"refused\"}", 0.0),
        ("shanshui_readings_total{kept=\"new\"}", 5.0),
        ("shanshui_readings_total{kept=\"repeat\"}", 9.0),
        ("shanshui_readings_total{kept=\"version\"}", 1.0),
        ("shanshui_acknowledgement_duration_seconds_count", 3.0),
        ("shanshui_store_writable", 1.0),
        ("shanshui_station_connections", 2.0),
        ("shanshui_devices{held=\"true\"}", 1.0),
        ("shanshui_event_listeners", 0.0),
        ("shanshui_alarms_lasting{kind=\"spike\"}", 0.0),
        ("shanshui_http_requests_total{method=\"GET\",route=\"/api/v1/sense/stations/{code}\",status=\"200\"}", 1.0),
        ("shanshui_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"}", 1.0),
    ] {
        assert_eq!(figure(&text, name), is, "{name}");
    }
    for name in ["shanshui_store_groups_total", "shanshui_database_bytes", "shanshui_disk_free_bytes"] {
        assert!(figure(&text, name) > 0.0, "{name}");
    }
    until("the judge", async || {
        (figure(&figures(&city).await, "shanshui_judge_behind_telegrams") == 0.0).then_some(())
    })
    .await;
    city.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_what_promtool_accepts() {
    let Some(promtool) = promtool() else {
        eprintln!("SKIPPED: promtool is missing; `sh scripts/setup test` fetches it");
        return;
    };
    let city = City::start().await;
    city.nobody().get("/healthz").await;
    let text = figures(&city).await;
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    std::io::Write::write_all(&mut check.stdin.take().expect("piped"), text.as_bytes()).expect("taken");
    let said = check.wait_with_output().expect("ends");
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success() && words.is_empty(), "{words}\n{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        assert!(line.starts_with("shanshui_"), "{line}");
    }
    city.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_are_not_served_to_everybody_and_an_address_that_is_taken_stops_nothing() {
    let city = City::start().await;
    let page = city.nobody().raw(|client, base| client.get(format!("{base}/metrics"))).await.text().await;
    assert!(!page.expect("a page").contains("shanshui_store"), "not with the interface");
    let taken = city.running.metrics;
    let second = City::with(|config| config.metrics.listen = taken).await;
    assert_eq!(second.running.metrics, None);
    second.nobody().ok("/readyz").await;
    let silent = City::with(|config| config.metrics.listen = None).await;
    assert_eq!(silent.running.metrics, None);
    for city in [city, second, silent] {
        city.running.stop().await;
    }
}

fn failing(body: &Value) -> Vec<&str> {
    let checks = body["checks"].as_array().expect("checks").iter();
    checks.filter(|check| check["ok"] == false).filter_map(|check| check["name"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_nothing_is_acknowledged_reading_goes_on_and_it_recovers_by_itself() {
    let city = City::start().await;
    let guard = city.running.app.store.guard().clone();
    let free = |mib: u64| guard.probe_by(Arc::new(move |_| Ok(mib * MIB)));
    let mut line = city.line("ms01").await;
    free(600);
    line.upload("2011", &water(&civil(-300), "7.1")).await;
    assert_eq!(failing(&city.nobody().ok("/readyz").await), Vec::<&str>::new());

    free(500);
    let (status, body) = city.nobody().get("/readyz").await;
    assert_eq!((status, failing(&body)), (StatusCode::SERVICE_UNAVAILABLE, vec!["disk"]));
    let health = city.nobody().ok("/api/v1/system/health").await;
    assert_eq!((&health["writable"], &health["disk"]["room"]), (&true.into(), &"low".into()));
    line.upload("2011", &water(&civil(-240), "7.2")).await;

    free(127);
    let refused = line.frame("2011", &now_qn(), &water(&civil(-180), "7.3"));
    line.send(&refused).await;
    until("the refusal", async || {
        (figure(&figures(&city).await, "shanshui_telegrams_total{outcome=\"refused\"}") > 0.0).then_some(())
    })
    .await;
    let health = city.nobody().ok("/api/v1/system/health").await;
    assert_eq!((&health["writable"], &health["disk"]["room"]), (&false.into(), &"full".into()));
    assert!(health["error"].as_str().expect("words").contains("127 MiB are free"), "{health}");
    let person = city.person("zhoumin").await;
    person.ok("/api/v1/sense/stations/ms01").await;
    assert_eq!(figure(&figures(&city).await, "shanshui_readings_total{kept=\"new\"}"), 10.0);

    free(600);
    line.send(&refused).await;
    assert!(line.next().await.expect("an answer").contains("CN=9014"));
    assert_eq!(failing(&city.nobody().ok("/readyz").await), Vec::<&str>::new());
    city.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_lives_also_when_it_is_not_ready() {
    let city = City::start().await;
    city.running.app.store.guard().probe_by(Arc::new(|_| Ok(0)));
    let alive = city.nobody().ok("/healthz").await;
    assert_eq!(alive["alive"], true);
    let at = city.running.metrics.expect("figures are served");
    let ready = reqwest::get(format!("http://{at}/readyz")).await.expect("an answer");
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(reqwest::get(format!("http://{at}/healthz")).await.expect("an answer").status(), StatusCode::OK);
    city.running.stop().await;
}
