//! What whoever runs the program looks at: figures, readiness, room on the disk, copies that move between engines, the doctor.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::Value;
use shanshui_server::clock::Clock;
use shanshui_server::cmd::serve::Running;

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
async fn a_second_program_on_one_file_is_refused_and_is_let_in_when_the_first_has_ended() {
    let city = City::start().await;
    let pack = shanshui_server::city::demo().expect("the city");
    let second = Running::start(city.config.clone(), pack, Clock::system(), false).await;
    let refused = second.err().expect("two would judge twice").to_string();
    assert!(refused.contains("shanshui.db") && refused.contains("another program serves"), "{refused}");
    let city = city.restart().await;
    city.person("zhoumin").await;
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

// -------------------------------------------------------------------------------------------------------------- commands

/// A configuration file beside its data folder.
struct Home(tempfile::TempDir);

impl Home {
    fn new(more: &str) -> Self {
        let home = Self(tempfile::tempdir().expect("a folder"));
        let port = "listen = \"127.0.0.1:0\"\n";
        let text = format!(
            "data = {:?}\n{more}\n[http]\n{port}[hj212]\n{port}connections_max = 100\n[metrics]\n{port}",
            home.path("data").display().to_string()
        );
        std::fs::write(home.path("shanshui.toml"), text).expect("written");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, command: &[&str], rest: &[&Path]) -> (Option<i32>, String, String) {
        let (first, more) = command.split_first().expect("a command");
        let mut shanshui = Command::new(env!("CARGO_BIN_EXE_shanshui"));
        shanshui
            .arg(first)
            .arg("--config")
            .arg(self.path("shanshui.toml"))
            .args(more)
            .args(rest)
            .env("SHANSHUI_LOG", "warn");
        let output = shanshui.stdin(Stdio::null()).output().expect("the binary runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn good(&self, command: &[&str], rest: &[&Path]) -> String {
        let (code, out, err) = self.run(command, rest);
        assert_eq!(code, Some(0), "{command:?}: {out}{err}");
        out + &err
    }
}

#[test]
fn what_is_left_of_a_damaged_database_is_read_into_a_new_one_which_says_so() {
    let home = Home::new("");
    home.good(&["migrate"], &[]);
    let (damaged, whole) = (home.path("damaged.db"), home.path("data/shanshui.db"));
    let kept = |file: &Path| {
        let db = rusqlite::Connection::open(file).expect("opens");
        db.query_row("SELECT name_zh FROM person", [], |row| row.get::<_, String>(0)).expect("a person")
    };
    rusqlite::Connection::open(&whole)
        .and_then(|db| db.execute_batch("INSERT INTO person VALUES ('a', 'zhang', '张三', 'Zhang San', 'hash', 0, 0)"))
        .expect("kept");
    std::fs::rename(&whole, &damaged).expect("moved away");
    let mut bytes = std::fs::read(&damaged).expect("a file");
    // the engine knows a database by its first bytes
    bytes[3] ^= 1;
    std::fs::write(&damaged, &bytes).expect("written");
    let (code, _, err) = home.run(&["restore"], &[&damaged]);
    assert_eq!(code, Some(1), "{err}");
    let salvage = |to: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_shanshui")).arg("salvage").args([&damaged, to]).output();
        let output = output.expect("the binary runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, out) = salvage(&whole);
    let tables: Vec<Value> = findings(&out);
    assert_eq!(code, Some(0), "{out}");
    assert!(tables.iter().any(|table| table["table"] == "person" && table["rows"] == 1), "{out}");
    home.good(&["check", "--readings"], &[]);
    assert_eq!(kept(&whole), "张三");
    let said = rusqlite::Connection::open(&whole).expect("opens").query_row(
        "SELECT body FROM link WHERE stream='audit' ORDER BY seq DESC LIMIT 1",
        [],
        |row| row.get::<_, String>(0),
    );
    assert!(said.expect("an entry").contains("salvaged"), "the audit says how it was made");
    assert_eq!(salvage(&whole).0, Some(1), "never over another file");
    // and a table of which nothing says where it begins is named
    let definition = bytes.windows(12).position(|w| w == b"tablepersonp").expect("a row of the schema");
    bytes[definition + 6] ^= 1;
    std::fs::write(&damaged, &bytes).expect("written");
    let (code, out) = salvage(&home.path("second.db"));
    assert!(home.path("second.db").exists() && !home.path("second.db.salvaging").exists());
    let named = findings(&out).into_iter().find(|table| table["table"] == "person").expect("told");
    assert_eq!((code, named["rows"].as_i64()), (Some(1), Some(0)));
    assert!(named["unread"].is_string());
    // an audit that is broken takes no entry, and costs nothing else
    rusqlite::Connection::open(&whole)
        .and_then(|db| {
            db.execute_batch("UPDATE link SET body='{}' WHERE stream='audit'; PRAGMA wal_checkpoint(TRUNCATE)")
        })
        .expect("spoilt");
    let output =
        Command::new(env!("CARGO_BIN_EXE_shanshui")).arg("salvage").args([&whole, &home.path("third.db")]).output();
    let output = output.expect("the binary runs");
    assert_eq!((output.status.code(), kept(&home.path("third.db"))), (Some(1), "张三".to_owned()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("审计链已断开"), "{output:?}");
}

/// Every file of an archive's tables.
fn tables(archive: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(archive.join("tables")).expect("tables").map(|e| e.expect("an entry"));
    let mut all: Vec<_> =
        entries.map(|e| (PathBuf::from(e.file_name()), std::fs::read(e.path()).expect("read"))).collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_moves_out_of_a_running_program_and_into_another() {
    let home = Home::new("");
    let data = home.path("data");
    let city = City::with(|config| config.data = data).await;
    let mut line = city.line("ms01").await;
    for i in 0..5 {
        line.upload("2011", &water(&civil(-60 * i), "7.5")).await;
    }
    let said = home.good(&["export"], &[&home.path("archive")]);
    assert!(said.contains("schema"), "{said}");
    city.running.stop().await;
    let other = Home::new("");
    let archive = home.path("archive");
    other.good(&["import"], &[&archive]);
    other.good(&["check"], &[]);
    other.good(&["export"], &[&other.path("again")]);
    assert!(tables(&archive) == tables(&other.path("again")), "every byte of every table");
    let (code, _, err) = other.run(&["import"], &[&archive]);
    assert_eq!((code, err.contains("is there already")), (Some(1), true), "{err}");
    let third = Home::new("");
    third.good(&["restore"], &[&archive]);
    third.good(&["backup"], &[&third.path("copy.db")]);
    let (code, _, err) = Home::new("").run(&["import"], &[&home.path("data")]);
    assert_eq!((code, err.contains("manifest.json")), (Some(1), true), "{err}");
}

fn findings(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).expect("json")).collect()
}

fn state_of<'a>(findings: &'a [Value], what: &str) -> &'a str {
    let found = findings.iter().find(|f| f["what"] == what);
    found.unwrap_or_else(|| panic!("{what} is not looked at"))["state"].as_str().expect("a state")
}

#[test]
fn the_doctor_finds_nothing_bad_where_nothing_is() {
    let home = Home::new("");
    let out = home.good(&["doctor", "--json"], &[]);
    let first = findings(&out);
    assert_eq!((state_of(&first, "database"), state_of(&first, "folder")), ("note", "note"), "{out}");
    assert_eq!(state_of(&first, "history"), "note", "{out}");
    assert!(!home.path("data").exists(), "it makes nothing");
    home.good(&["migrate"], &[]);
    let out = home.good(&["doctor", "--json"], &[]);
    let second = findings(&out);
    for what in
        ["config", "zone", "clock", "folder", "disk", "files", "http", "hj212", "metrics", "database", "history"]
    {
        assert_eq!(state_of(&second, what), "good", "{out}");
    }
    let names: Vec<_> = std::fs::read_dir(home.path("data")).expect("a folder").collect();
    assert!(
        names
            .iter()
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .all(|name| name.starts_with("shanshui.db") || name == "history"),
        "no trial is left"
    );
    let (zh, en) = (home.good(&["doctor"], &[]), home.good(&["doctor", "--lang", "en"], &[]));
    assert!(zh.contains("好　  系统时钟") && en.contains("good  clock"), "{zh}{en}");
}

#[test]
fn the_doctor_says_what_is_bad_and_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = taken.local_addr().expect("an address");
    let check = |home: &Home, what: &str| {
        let (code, out, _) = home.run(&["doctor", "--json"], &[]);
        let found = findings(&out);
        assert_eq!((code, state_of(&found, what)), (Some(1), "bad"), "{out}");
        assert!(found.iter().filter(|f| f["state"] != "good").all(|f| f["advice"]["zh"].is_string()), "{out}");
    };
    let with = |from: &str, to: &str| {
        let home = Home::new("");
        let file = home.path("shanshui.toml");
        let text = std::fs::read_to_string(&file).expect("read");
        std::fs::write(&file, text.replacen(from, to, 1)).expect("written");
        home
    };
    check(&with("[http]\nlisten", "[http]\nlistens"), "config");
    check(&with("[http]\nlisten = \"127.0.0.1:0\"", &format!("[http]\nlisten = \"{at}\"")), "http");
    check(&Home::new("zone = \"Asia/Quzhou\""), "zone");
    check(&Home::new("city_packs = [\"/nowhere\"]"), "city");
    check(&Home::new("store.disk_free_min_mb = 1000000000"), "disk");
    let home = Home::new("");
    std::fs::create_dir(home.path("data")).expect("made");
    std::fs::write(home.path("data/shanshui.db"), "no database at all, but long enough to be read".repeat(20))
        .expect("written");
    check(&home, "database");
    check(&Home::new("database = \"postgres://nobody@127.0.0.1:1/none\""), "database");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_knows_the_running_program() {
    let home = Home::new("");
    let data = home.path("data");
    let city = City::with(|config| config.data = data).await;
    let file = home.path("shanshui.toml");
    let text = std::fs::read_to_string(&file).expect("read");
    let [http, hj212] =
        [city.running.http, city.running.hj212.expect("it takes data in")].map(|at| format!("listen = \"{at}\""));
    let text = text.replacen("listen = \"127.0.0.1:0\"", &http, 1).replacen("listen = \"127.0.0.1:0\"", &hj212, 1);
    std::fs::write(&file, text).expect("written");
    let out = tokio::task::block_in_place(|| home.good(&["doctor", "--json"], &[]));
    let found = findings(&out);
    assert_eq!((state_of(&found, "http"), state_of(&found, "hj212")), ("good", "good"), "{out}");
    city.running.stop().await;
}

#[test]
fn slow_statements_are_logged_without_their_values() {
    let home = Home::new("store.slow_ms = 0");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_shanshui"));
    serve.arg("serve").arg("--config").arg(home.path("shanshui.toml")).env("SHANSHUI_LOG", "warn");
    // into a file: a pipe that nobody reads would fill up and stop the program
    let log = std::fs::File::create(home.path("log")).expect("a file");
    let mut serve = serve.stdout(Stdio::piped()).stderr(log).spawn().expect("starts");
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(serve.stdout.take().expect("piped")), &mut first)
        .expect("addresses");
    assert!(first.contains("\"metrics\":\"127.0.0.1:"), "{first}");
    assert!(Command::new("kill").args(["-TERM", &serve.id().to_string()]).status().expect("kill").success());
    assert!(serve.wait().expect("ends").success());
    let log = std::fs::read_to_string(home.path("log")).expect("text");
    let slow: Vec<Value> =
        log.lines().filter(|l| l.contains("slow statement")).map(|l| serde_json::from_str(l).expect("json")).collect();
    let sql = |of: &str| slow.iter().any(|l| l["fields"]["sql"].as_str().is_some_and(|sql| sql.starts_with(of)));
    assert!(sql("SELECT") && sql("INSERT INTO") && sql("COMMIT"), "{log}");
    let fields = &slow[0]["fields"];
    assert!(fields["took_ms"].is_u64() && fields["rows"].is_u64() && fields["kind"].is_string(), "{fields}");
    for value in ["zhoumin", "argon2", "ms01"] {
        assert!(!log.contains(value), "{value}: {log}");
    }
}

// --------------------------------------------------------------------------------------------------------------- history

const DAY: i64 = 86_400_000_000;

/// Forty readings of `days` ago, one telegram each.
async fn long_ago(city: &City, days: i64) {
    use shanshui_domain::sense::{Reading, ReadingKey};
    use shanshui_domain::time::{Instant, PeriodKind};
    let point = shanshui_domain::id::PointId(city.points("ms01").first().expect("a point").1);
    let begin = city.running.app.clock.now().0.div_euclid(DAY) * DAY - days * DAY;
    let arrival = |n: i64| {
        let at = Instant(begin + n * 60_000_000);
        let key = ReadingKey { point, kind: PeriodKind::Real, at };
        let (value, extra) = (Some(format!("7.{n}")), String::new());
        let reading = Reading { key, value, extra, mark: "N".into(), arrived: at, late: false, telegram: None };
        let telegram = shanshui_store::TelegramIn {
            arrived: at,
            peer: "192.0.2.7:40000".into(),
            mn: None,
            cn: Some("2011".into()),
            qn: None,
            raw: b"##".to_vec(),
            problems: "[]".into(),
            quarantine: None,
        };
        shanshui_store::Arrival { telegram, readings: vec![reading] }
    };
    city.running.app.store.arrive((0..40).map(arrival).collect()).await.expect("kept");
}

fn name_of(path: &Path, more: &str) -> PathBuf {
    PathBuf::from(format!("{}{more}", path.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_take_the_history_along_and_whoever_goes_without_is_told() {
    let home = Home::new("");
    let data = home.path("data");
    let city = City::with(|config| config.data = data).await;
    long_ago(&city, 100).await;
    city.line("ms01").await.upload("2011", &water(&civil(-60), "7.5")).await;
    city.running.stop().await;
    let moved = home.good(&["history"], &[Path::new("move")]);
    assert!(moved.contains("\"readings\":40") && moved.contains("\"months_dropped\":[]"), "{moved}");
    let (copy, archive) = (home.path("copy.db"), home.path("archive"));
    assert!(home.good(&["backup"], &[&copy]).contains("copy.db.history"));
    assert!(home.good(&["export"], &[&archive]).contains("history of"));
    let bare = home.path("bare.db");
    assert!(home.good(&["backup", "--without-history"], &[&bare]).contains("the history is not in this copy"));
    assert!(!name_of(&bare, ".history").exists());
    let bare_archive = home.path("bare");
    assert!(home.good(&["export", "--without-history"], &[&bare_archive]).contains("the history is not in this copy"));
    for (command, from) in [("restore", &copy), ("restore", &archive), ("import", &archive)] {
        let other = Home::new("");
        let said = other.good(&[command], &[from]);
        assert!(!said.contains("cannot be read"), "{said}");
        other.good(&["check"], &[]);
        let doctor = other.good(&["doctor", "--json"], &[]);
        assert_eq!(state_of(&findings(&doctor), "history"), "good", "{doctor}");
        let again = other.path("again");
        other.good(&["export"], &[&again]);
        assert!(tables(&archive) == tables(&again), "every byte of every table");
    }
    for (command, from) in [("restore", &bare), ("import", &bare_archive)] {
        let other = Home::new("");
        let (code, _, err) = other.run(&[command], &[from]);
        assert_eq!((code, err.contains("--without-history")), (Some(1), true), "{err}");
        assert!(!other.path("data/shanshui.db").exists(), "nothing is left behind");
        let said = other.good(&[command, "--without-history"], &[from]);
        assert!(said.contains("cannot be read until it is"), "{said}");
        let (code, out, _) = other.run(&["check"], &[]);
        assert!(code == Some(1) && out.contains("a history that is not there"), "{out}");
        let (code, out, _) = other.run(&["doctor", "--json"], &[]);
        assert_eq!((code, state_of(&findings(&out), "history")), (Some(1), "bad"), "{out}");
        assert!(!other.path("data/history").exists(), "no table is made that would answer with nothing");
        // the program itself says so and goes on with what is new
        let data = other.path("data");
        let city = City::with(|config| {
            config.data = data;
            // a copy of the database opens with the key that it was made with
            config.vault.key_file = home.path("data/vault.key");
        })
        .await;
        city.line("ms01").await.upload("2011", &water(&civil(-30), "7.6")).await;
        assert!(city.running.app.store.history().is_none());
        city.running.stop().await;
    }
}

/// Files under a folder, by their paths.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path());
    let mut all: Vec<_> =
        entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect();
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_what_is_missing_and_what_is_foreign_in_the_history_and_changes_nothing() {
    let home = Home::new("");
    let data = home.path("data");
    let city = City::with(|config| config.data = data).await;
    long_ago(&city, 100).await;
    city.line("ms01").await.upload("2011", &water(&civil(-60), "7.5")).await;
    city.running.stop().await;
    home.good(&["history"], &[Path::new("move")]);
    let history = home.path("data/history");
    let look = || {
        let before = files_under(&history);
        let (code, out, _) = home.run(&["doctor", "--json"], &[]);
        assert_eq!(files_under(&history), before);
        let found = findings(&out);
        let seen = found.iter().find(|f| f["what"] == "history").expect("looked at")["seen"]["en"].to_string();
        (code, state_of(&found, "history").to_owned(), seen)
    };
    assert_eq!((look().0, look().1.as_str()), (Some(0), "good"));
    std::fs::write(history.join("notes.txt"), "mine").expect("written");
    let (code, state, seen) = look();
    assert!(
        code == Some(0) && state == "note" && seen.contains("1 files that do not belong to it: notes.txt"),
        "{seen}"
    );
    let one = files_under(&history.join("part=reading")).remove(0);
    std::fs::write(&one, "cut").expect("written");
    let (code, state, seen) = look();
    assert!(code == Some(1) && state == "bad" && seen.contains("1 are missing or not whole: part=reading/"), "{seen}");
    std::fs::remove_file(&one).expect("removed");
    let (code, state, seen) = look();
    assert!(code == Some(1) && state == "bad" && seen.contains("1 are missing or not whole: part=reading/"), "{seen}");
}

#[test]
fn the_doctor_gives_up_on_an_object_store_that_does_not_answer() {
    let home = Home::new(
        "history.url = \"s3://bucket/history\"\nhistory.endpoint = \"http://127.0.0.1:1\"\nhistory.access_key = \"a\"\nhistory.secret_key = \"s3cr3t\"",
    );
    let (code, out, err) = home.run(&["doctor", "--json"], &[]);
    let found = findings(&out);
    assert_eq!((code, state_of(&found, "history")), (Some(1), "bad"), "{out}{err}");
    let said = found.iter().find(|f| f["what"] == "history").expect("looked at")["seen"]["en"].to_string();
    assert!(said.contains("s3://bucket/history") && !said.contains("s3cr3t"), "{said}");
}

/// What is old moves, is counted, and leaves no empty month behind.
async fn the_mover_is_watched(change: impl FnOnce(&mut shanshui_server::config::Config)) {
    let city = City::with(|config| {
        change(config);
        (config.history.hot_days, config.history.every_s) = (30, 1);
    })
    .await;
    let store = city.running.app.store.clone();
    long_ago(&city, 100).await;
    city.line("ms01").await.upload("2011", &water(&civil(-60), "7.5")).await;
    let text = until("the mover", async || {
        let text = figures(&city).await;
        (figure(&text, "shanshui_history_moved_rows_total{part=\"telegram\"}") == 40.0).then_some(text)
    })
    .await;
    for (name, is) in [
        ("shanshui_history_moved_rows_total{part=\"reading\"}", 40.0),
        ("shanshui_history_rows{part=\"reading\"}", 40.0),
        ("shanshui_history_rows{part=\"telegram\"}", 40.0),
        ("shanshui_history_months", 1.0),
        ("shanshui_history_failures_total", 0.0),
        ("shanshui_history_behind_seconds", 0.0),
    ] {
        assert_eq!(figure(&text, name), is, "{name}");
    }
    for name in ["files", "bytes", "last_move_timestamp_seconds"] {
        assert!(figure(&text, &format!("shanshui_history_{name}")) > 0.0, "{name}");
    }
    assert!(figure(&text, "shanshui_history_unmerged_segments") >= 0.0);
    let last = store.oldest_hot().await.expect("read").expect("something hot");
    let month = format!("reading_{}", shanshui_history::month_of(last).replace('-', ""));
    until("empty months to go", async || {
        let months = store.months_apart().await.expect("read");
        months.iter().filter(|m| m.starts_with("reading_2")).all(|m| *m >= month).then_some(())
    })
    .await;
    assert_eq!(store.count_hot().await.expect("read"), 5);
    city.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mover_of_a_file_is_watched() {
    the_mover_is_watched(|_| ()).await;
}

// ------------------------------------------------------------------------------------------------------------ PostgreSQL

#[tokio::test(flavor = "multi_thread")]
async fn the_mover_of_a_database_is_watched_and_leaves_no_empty_month() {
    let Some(server) = Server::start() else { return };
    let database = toml_text(&server.0);
    the_mover_is_watched(|config| config.database = database).await;
}

const PG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/pg");

/// A throw-away server, gone when it is dropped; none where there is no PostgreSQL.
struct Server(String);

impl Server {
    fn start() -> Option<Self> {
        let started = Command::new("sh").args([PG, "start"]).output().expect("a shell");
        if started.status.code() == Some(3) {
            eprintln!("\n*** SKIPPED: no PostgreSQL here; `sh scripts/setup test` installs it ***\n");
            return None;
        }
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        Some(Self(String::from_utf8(started.stdout).expect("text").trim().to_owned()))
    }

    fn script(&self, what: &str) {
        assert!(Command::new("sh").args([PG, what, &self.0]).status().expect("a shell").success(), "pg {what}");
    }

    fn home(&self) -> Home {
        Home::new(&format!("database = \"{}\"", self.0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.script("stop");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_on_postgres_is_watched_and_its_loss_is_seen() {
    let Some(server) = Server::start() else { return };
    let database = toml_text(&server.0);
    let city = City::with(|config| config.database = database).await;
    let mut line = city.line("ms01").await;
    line.upload("2011", &water(&civil(-60), "7.5")).await;
    let ready = city.nobody().ok("/readyz").await;
    assert_eq!(failing(&ready), Vec::<&str>::new(), "{ready}");
    let text = figures(&city).await;
    assert!(figure(&text, "shanshui_database_bytes") > 1_000_000.0);
    assert!(figure(&text, "shanshui_store_groups_total") > 0.0);
    assert_eq!(figure(&text, "shanshui_readings_total{kept=\"new\"}"), 5.0);
    tokio::task::block_in_place(|| server.script("kill"));
    let failed = until("the loss", async || {
        let (status, body) = city.nobody().get("/readyz").await;
        (status == StatusCode::SERVICE_UNAVAILABLE).then_some(body)
    })
    .await;
    assert!(failing(&failed).contains(&"schema"), "{failed}");
    city.nobody().ok("/healthz").await;
    figures(&city).await;
    tokio::task::block_in_place(|| server.script("again"));
    until("the way back", async || (city.nobody().get("/readyz").await.0 == StatusCode::OK).then_some(())).await;
    city.running.stop().await;
}

fn toml_text<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(Value::String(text.to_owned())).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_moves_to_postgres_and_a_backup_of_it_comes_back() {
    let Some(server) = Server::start() else { return };
    let file = Home::new("");
    let data = file.path("data");
    let city = City::with(|config| config.data = data).await;
    let mut line = city.line("ms01").await;
    for i in 0..3 {
        line.upload("2011", &water(&civil(-60 * i), "7.5")).await;
    }
    city.running.stop().await;
    let other = server.home();
    tokio::task::block_in_place(|| {
        file.good(&["export"], &[&file.path("archive")]);
        other.good(&["import"], &[&file.path("archive")]);
        other.good(&["check"], &[]);
        let doctor = other.good(&["doctor", "--json"], &[]);
        let found = findings(&doctor);
        assert_eq!((state_of(&found, "database"), state_of(&found, "server")), ("good", "good"), "{doctor}");
        other.good(&["backup"], &[&other.path("backup")]);
        assert!(tables(&file.path("archive")) == tables(&other.path("backup")), "every byte of every table");
        let (code, _, err) = other.run(&["restore"], &[&other.path("backup")]);
        assert_eq!((code, err.contains("the store is not empty")), (Some(1), true), "{err}");
        let back = Home::new("");
        back.good(&["restore"], &[&other.path("backup")]);
        back.good(&["check"], &[]);
        let (code, _, err) = other.run(&["restore"], &[&back.path("data/shanshui.db")]);
        assert_eq!((code, err.contains("is a copy of a file")), (Some(1), true), "{err}");
    });
}
