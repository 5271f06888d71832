//! Several nodes on one store: real processes over one PostgreSQL, ended in order or killed.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use shanshui_domain::place::{Device, Secret};
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;
use shanshui_server::city;
use shanshui_store::{JobIn, Store, StoreOptions};
use tokio::time::sleep;

use crate::support::{Line, Person, civil, now_qn, until, water};

/// How long nothing must come: longer than a newcomer is looked at before it is an alarm.
const CALM: Duration = Duration::from_secs(5);

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/pg");
/// What the script says where there is no PostgreSQL.
const NOT_THERE: i32 = 3;

fn script(args: &[&str]) -> Option<String> {
    let ran = Command::new("sh").arg(SCRIPT).args(args).output().expect("a shell");
    if ran.status.code() == Some(NOT_THERE) {
        return None;
    }
    assert!(ran.status.success(), "scripts/pg {args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8_lossy(&ran.stdout).trim().to_owned())
}

/// A database that nodes share.
pub(crate) struct Shared {
    pub(crate) address: String,
    /// Where the key lies that seals secrets: the same for all nodes.
    keys: tempfile::TempDir,
    /// The server, when it was started for this test.
    own: Option<String>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(server) = &self.own {
            script(&["stop", server]);
        }
    }
}

impl Shared {
    /// A fresh database on the server of `SHANSHUI_TEST_POSTGRES`, or on one of its own. None, loudly, where there is no PostgreSQL.
    pub(crate) async fn fresh() -> Option<Self> {
        let given = std::env::var("SHANSHUI_TEST_POSTGRES").ok();
        let own = if given.is_none() { script(&["start"]) } else { None };
        let Some(server) = given.or_else(|| own.clone()) else {
            eprintln!(
                "\n*** SKIPPED: no PostgreSQL here (initdb, pg_ctl); nothing about several nodes was tried ***\n"
            );
            return None;
        };
        sqlx::any::install_default_drivers();
        let name = format!("nodes_{}", uuid::Uuid::now_v7().simple());
        let mut line = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.expect("the server answers");
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut line).await.expect("a database");
        let (server, more) = server.split_once('?').map_or((server.as_str(), ""), |(server, more)| (server, more));
        let (server, _) = server.rsplit_once('/').expect("an address");
        let keys = tempfile::tempdir().expect("a folder");
        Some(Self { address: format!("{server}/{name}?{more}"), keys, own })
    }

    async fn node(&self, roles: &str) -> Node {
        let (address, roles) = (self.address.clone(), roles.to_owned());
        let key = self.keys.path().join("vault.key").display().to_string();
        tokio::task::spawn_blocking(move || Node::start(&address, &key, &roles)).await.expect("it starts")
    }

    /// A store of the test's own, which is a node like the others.
    async fn store(&self) -> Store {
        Store::connect(&self.address, StoreOptions::default()).await.expect("opens")
    }
}

struct Node {
    child: Child,
    said: Value,
    _folder: tempfile::TempDir,
}

impl Node {
    fn start(database: &str, key: &str, roles: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("shanshui.toml");
        let data = folder.path().display().to_string();
        let mut text = format!("data = {data:?}\ndatabase = {database:?}\nvault.key_file = {key:?}\n");
        text.push_str("[http]\nlisten = \"127.0.0.1:0\"\n[hj212]\nlisten = \"127.0.0.1:0\"\ncommands = true\n[auth]\nsecond_factor = \"nobody\"\n");
        write!(text, "[alarm]\nraise_after = 1\nclear_after = 1\n").expect("text");
        std::fs::write(&config, text).expect("written");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_shanshui"))
            .args(["serve", "--role", roles, "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("addresses");
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        let said = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}{log}"));
        Self { child, said, _folder: folder }
    }

    fn http(&self) -> &str {
        self.said["http"].as_str().expect("an address")
    }

    async fn person(&self, login: &str) -> Person {
        Person::login(self.http(), login).await
    }

    async fn line(&self, device: Device) -> Line {
        Line::to(self.said["hj212"].as_str().expect("it takes data in"), device).await
    }

    /// Ends in order.
    async fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        let ended = tokio::task::spawn_blocking(move || self.child.wait()).await.expect("no panic");
        assert!(ended.expect("it ends").success());
    }

    /// Ends without a word.
    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ended_already = (self.child.kill(), self.child.wait());
    }
}

fn device(station: &str) -> Device {
    let city = city::demo().expect("the city loads");
    city.devices.iter().find(|d| d.station.as_str() == station).expect("a station of the demonstration city").clone()
}

async fn alarms(person: &Person, station: &str, kind: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut before = String::new();
    loop {
        let page = person.ok(&format!("/api/v1/act/alarms?station={station}&limit=200{before}")).await;
        all.extend(page["items"].as_array().expect("alarms").iter().filter(|a| a["kind"] == kind).cloned());
        let Some(next) = page["next"].as_str() else { return all };
        before = format!("&before={next}");
    }
}

async fn acknowledged(line: &mut Line, seconds: i64, ph: &str) {
    let answer = line.upload("2011", &water(&civil(seconds), ph)).await;
    assert!(answer.contains("CN=9014"), "{answer}");
}

/// Who holds a device's line, by the store.
async fn held_by(store: &Store, device: &Device, node: &Node) {
    let id = node.said["node"].as_str().expect("an id");
    until("the line's holder", async || {
        // a session that was ended from outside is told of once, and the next question opens another
        let holder = store.line_holder(&device.mn).await.ok().flatten();
        holder.filter(|h| h.node == id)
    })
    .await;
}

#[tokio::test]
async fn a_browser_at_one_node_sees_the_alarm_of_a_telegram_at_another() {
    let Some(shared) = Shared::fresh().await else { return };
    let (ingest, web, job) = (shared.node("ingest").await, shared.node("web").await, shared.node("job").await);
    assert!(web.said.get("hj212").is_none() && job.said.get("hj212").is_none(), "only addresses that there are");
    assert_eq!(ingest.said["roles"], json!(["ingest"]));
    let officer = web.person("zhoumin").await;
    let stream = officer.raw(|http, base| http.get(format!("{base}/api/v1/events"))).await;
    let mut bytes = stream.bytes_stream();
    let mut line = ingest.line(device("ms16")).await;
    acknowledged(&mut line, -5, "9.80").await;
    let mut text = String::new();
    let seen = |text: &str| {
        ["event: alarm", "event: readings", "event: grades", "event: device"].iter().all(|e| text.contains(e))
    };
    while !seen(&text) {
        let piece = tokio::time::timeout(Duration::from_secs(20), bytes.next()).await;
        let piece = piece.unwrap_or_else(|_| panic!("only this came: {text}")).expect("it goes on").expect("bytes");
        text.push_str(&String::from_utf8_lossy(&piece));
    }
    assert!(text.contains("\"station\":\"ms16\"") && text.contains("9.80"), "{text}");
    let station = until("the line, which is written down every few seconds", async || {
        let station = officer.ok("/api/v1/sense/stations/ms16").await;
        (station["station"]["link"] == "online").then_some(station)
    })
    .await;
    assert_eq!(station["station"]["alarms"], 1, "{station}");
    assert!(station["station"]["grade"]["level"].is_number(), "the judge's word is known here: {station}");
    let admin = web.person("xuning").await;
    let nodes = until("the connection of the device", async || {
        let nodes = admin.ok("/api/v1/system/nodes").await;
        (nodes[0]["connections"] == 1).then_some(nodes)
    })
    .await;
    let roles: Vec<_> =
        nodes.as_array().expect("nodes").iter().map(|n| (n["roles"][0].clone(), n["alive"] == true)).collect();
    assert_eq!(roles, [(json!("ingest"), true), (json!("web"), true), (json!("job"), true)]);
    // what a person does at one node is known at the others: registered here, taken in there
    let new = json!({"mn": "330800D021000000000000FF", "station": "ms16", "password": "654321", "edition": "2017", "interval_s": 60});
    assert_eq!(admin.post("/api/v1/sense/devices", new).await.0, 201);
    let mut registered = device("ms16");
    (registered.mn, registered.password, registered.key) =
        ("330800D021000000000000FF".into(), Secret::new("654321"), None);
    registered.edition = "2017".into();
    sleep(Duration::from_millis(500)).await;
    let mut line = ingest.line(registered).await;
    acknowledged(&mut line, -4, "7.80").await;
    for path in ["/api/v1/sense/stations", "/"] {
        let refused = reqwest::get(format!("http://{}{path}", job.http())).await.expect("an answer");
        assert_eq!(refused.status(), 404, "a node without the role web serves nobody");
    }
    let health = reqwest::get(format!("http://{}/api/v1/system/health", job.http())).await.expect("an answer");
    assert_eq!(health.status(), 200);
    for node in [job, web, ingest] {
        node.stop().await;
    }
}

#[tokio::test]
async fn a_device_moves_between_nodes_without_a_false_alarm() {
    let Some(shared) = Shared::fresh().await else { return };
    let (store, a, b) = (shared.store().await, shared.node("all").await, shared.node("all").await);
    let ms16 = device("ms16");
    let officer = b.person("zhoumin").await;
    let mut line = a.line(ms16.clone()).await;
    for i in 0..3 {
        acknowledged(&mut line, -60 + i, "7.80").await;
    }
    held_by(&store, &ms16, &a).await;
    a.stop().await;
    assert!(line.next().await.is_none(), "the connection has ended");
    let mut line = b.line(ms16.clone()).await;
    acknowledged(&mut line, -50, "7.80").await;
    held_by(&store, &ms16, &b).await;
    let devices = officer.ok("/api/v1/sense/devices").await;
    let shown = devices.as_array().expect("devices").iter().find(|d| d["station"] == "ms16").expect("ms16");
    assert_eq!(shown["frames_ok"], 4, "what both nodes have counted: {shown}");
    let a = shared.node("all").await;
    b.kill();
    let officer = a.person("zhoumin").await;
    let mut line = a.line(ms16.clone()).await;
    acknowledged(&mut line, -40, "7.80").await;
    held_by(&store, &ms16, &a).await;
    sleep(CALM).await;
    assert_eq!(alarms(&officer, "ms16", "second_connection").await, Vec::<Value>::new());
    acknowledged(&mut line, -30, "9.80").await;
    until("the exceedance", async || alarms(&officer, "ms16", "exceedance").await.pop()).await;
    a.stop().await;
    store.close().await;
}

#[tokio::test]
async fn two_connections_at_two_nodes_are_one_alarm_and_commands_go_to_the_first() {
    let Some(shared) = Shared::fresh().await else { return };
    let (store, a) = (shared.store().await, shared.node("all").await);
    let ms16 = device("ms16");
    let mut first = a.line(ms16.clone()).await;
    acknowledged(&mut first, -60, "7.80").await;
    held_by(&store, &ms16, &a).await;
    let b = shared.node("all").await;
    let mut second = b.line(ms16.clone()).await;
    acknowledged(&mut second, -50, "9.80").await;
    let officer = b.person("zhoumin").await;
    until("the exceedance, taken in by the node that is not the judge", async || {
        alarms(&officer, "ms16", "exceedance").await.pop()
    })
    .await;
    let told = until("the alarm", async || alarms(&officer, "ms16", "second_connection").await.pop()).await;
    for i in 0..3 {
        acknowledged(&mut second, -40 + i, "7.80").await;
        acknowledged(&mut first, -30 + i, "7.80").await;
        sleep(CALM / 2).await;
    }
    let all = alarms(&officer, "ms16", "second_connection").await;
    assert_eq!((all.len(), &all[0]["id"], &all[0]["count"]), (1, &told["id"], &json!(1)), "{all:?}");
    held_by(&store, &ms16, &a).await;
    let path = format!("/api/v1/sense/devices/{}/commands", ms16.mn);
    let asked = officer.post(&path, json!({"kind": "set_clock", "reason": "drift"}));
    let answer = async {
        let request = first.next().await.expect("a request");
        assert!(request.contains("CN=1012") && request.contains("CP=&&SystemTime="), "{request}");
        let qn = request.split(';').next().expect("QN").trim_start_matches("QN=").to_owned();
        let answers = [first.frame("9011", &qn, "QnRtn=1"), first.frame("9012", &qn, "ExeRtn=1")].concat();
        first.send(&answers).await;
    };
    let ((status, view), ()) = tokio::join!(asked, answer);
    assert_eq!((status.as_u16(), steps(&view)), (200, vec!["sent", "accepted", "done"]), "{view}");
    for node in [a, b] {
        node.stop().await;
    }
    store.close().await;
}

fn steps(view: &Value) -> Vec<&str> {
    view["steps"].as_array().expect("steps").iter().filter_map(|s| s["what"].as_str()).collect()
}

#[tokio::test]
async fn a_command_whose_node_dies_says_so() {
    let Some(shared) = Shared::fresh().await else { return };
    let (store, a, b) = (shared.store().await, shared.node("ingest").await, shared.node("web").await);
    let ms16 = device("ms16");
    let officer = b.person("zhoumin").await;
    let path = format!("/api/v1/sense/devices/{}/commands", ms16.mn);
    let ask = || officer.post(&path, json!({"kind": "set_clock", "reason": "drift"}));
    let (status, view) = ask().await;
    assert_eq!(status, 503, "nobody speaks for it: {view}");
    let mut line = a.line(ms16.clone()).await;
    acknowledged(&mut line, -60, "7.80").await;
    held_by(&store, &ms16, &a).await;
    let dies = async {
        let request = line.next().await.expect("a request");
        let qn = request.split(';').next().expect("QN").trim_start_matches("QN=").to_owned();
        let accepted = line.frame("9011", &qn, "QnRtn=1");
        line.send(&accepted).await;
        until("its first steps", async || {
            let log = store.commands(&Caller::machine(), &ms16.mn).await.expect("a log");
            log[0].steps.contains("accepted").then_some(())
        })
        .await;
        a.kill();
    };
    let ((status, view), ()) = tokio::join!(ask(), dies);
    assert_eq!((status.as_u16(), steps(&view)), (200, vec!["sent", "accepted", "no_connection"]), "{view}");
    let log = officer.ok(&path).await;
    assert_eq!(log.as_array().expect("a list").iter().map(steps).collect::<Vec<_>>()[1], ["no_connection"], "{log}");
    b.stop().await;
    store.close().await;
}

#[tokio::test]
async fn the_judge_moves_when_its_node_ends_and_loses_and_doubles_nothing() {
    const PAIRS: i64 = 40;
    let Some(shared) = Shared::fresh().await else { return };
    let (ingest, first) = (shared.node("ingest,web").await, shared.node("job").await);
    let officer = ingest.person("zhoumin").await;
    let mut line = ingest.line(device("ms16")).await;
    let mut other = ingest.line(device("ms01")).await;
    acknowledged(&mut line, -560, "9.80").await;
    until("the first alarm", async || alarms(&officer, "ms16", "exceedance").await.pop()).await;
    acknowledged(&mut line, -559, "7.80").await;
    let second = shared.node("job").await;
    let mut judges = vec![first, second];
    for i in 0..PAIRS {
        // the same stamp twice, the second time with another value: told of once
        let stamp = civil(-500 + i * 2);
        for (k, [ph, restated]) in [["9.80", "7.80"], ["7.80", "7.90"]].into_iter().enumerate() {
            acknowledged(&mut line, -500 + i * 2 + k as i64, ph).await;
            let answer = other.upload("2011", &water(&stamp, restated)).await;
            assert!(answer.contains("CN=9014"), "{answer}");
        }
        if i == PAIRS / 3 {
            judges.remove(0).kill();
            judges.push(shared.node("job").await);
        }
        if i == PAIRS * 2 / 3 {
            judges.remove(0).stop().await;
        }
    }
    until("every exceedance", async || {
        let seen = alarms(&officer, "ms16", "exceedance").await;
        let ended = seen.iter().all(|a| a["state"] == "ended");
        (seen.len() as i64 > PAIRS && ended).then_some(())
    })
    .await;
    sleep(Duration::from_secs(2)).await;
    let seen = alarms(&officer, "ms16", "exceedance").await;
    assert_eq!(seen.len() as i64, PAIRS + 1, "each began and ended once");
    let often: Vec<_> =
        seen.iter().filter(|a| a["count"] != 1).map(|a| [&a["opened"], &a["last"], &a["ended"], &a["count"]]).collect();
    assert!(often.is_empty(), "{often:?}");
    let restated = alarms(&officer, "ms01", "value_changed").await;
    assert_eq!((restated.len(), &restated[0]["count"]), (1, &json!(PAIRS)), "restated");
    judges.remove(0).stop().await;
    ingest.stop().await;
}

#[tokio::test]
async fn work_is_done_once_whichever_node_does_it() {
    const WORK: usize = 60;
    let Some(shared) = Shared::fresh().await else { return };
    let (store, nodes) = (shared.store().await, [shared.node("job").await, shared.node("job").await]);
    for n in 0..WORK {
        let job = JobIn { kind: "sweep", subject: format!("test {n}"), body: String::new(), due: Instant(0) };
        assert!(store.job_put(job).await.expect("kept"));
        store.publish("job", String::new()).await.expect("told");
    }
    let jobs = until("the end of all", async || {
        let jobs = store.jobs("sweep").await.expect("jobs");
        let jobs: Vec<_> = jobs.into_iter().filter(|j| j.subject.starts_with("test")).collect();
        jobs.iter().all(|j| j.done_at.is_some()).then_some(jobs)
    })
    .await;
    assert_eq!(jobs.len(), WORK);
    assert!(jobs.iter().all(|j| j.tries == 1 && j.error.is_none()), "{jobs:?}");
    for node in nodes {
        node.stop().await;
    }
    store.close().await;
}

#[tokio::test]
async fn what_every_node_loses_with_its_lines_to_the_database_comes_back_by_itself() {
    let Some(shared) = Shared::fresh().await else { return };
    let (store, a, b) = (shared.store().await, shared.node("all").await, shared.node("all").await);
    let ms16 = device("ms16");
    let mut line = a.line(ms16.clone()).await;
    acknowledged(&mut line, -60, "7.80").await;
    held_by(&store, &ms16, &a).await;
    let mut server =
        <sqlx::AnyConnection as sqlx::Connection>::connect(&shared.address).await.expect("the server answers");
    let end = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname=current_database() \
        AND pid<>pg_backend_pid()";
    sqlx::query(end).execute(&mut server).await.expect("every session ends");
    // as if the sweep had come just then
    sqlx::query("DELETE FROM device_hold").execute(&mut server).await.expect("every line is free");
    // what was not acknowledged is sent again, as devices do
    let answer = loop {
        let frame = line.frame("2011", &now_qn(), &water(&civil(-50), "9.80"));
        line.send(&frame).await;
        let answer = tokio::time::timeout(Duration::from_secs(3), line.next()).await;
        if let Ok(Some(answer)) = answer {
            break answer;
        }
    };
    assert!(answer.contains("CN=9014"), "{answer}");
    let officer = b.person("zhoumin").await;
    until("the exceedance", async || alarms(&officer, "ms16", "exceedance").await.pop()).await;
    held_by(&store, &ms16, &a).await;
    sleep(CALM).await;
    assert_eq!(alarms(&officer, "ms16", "second_connection").await, Vec::<Value>::new());
    for node in [a, b] {
        node.stop().await;
    }
    store.close().await;
}

#[tokio::test]
async fn roles_need_a_database_that_nodes_can_share() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("shanshui.toml");
    let text = format!("data = {:?}\n[http]\nlisten = \"127.0.0.1:0\"\n", folder.path().display().to_string());
    std::fs::write(&config, text).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_shanshui"));
    command.args(["serve", "--role", "web", "--config"]).arg(&config);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("--role web"), "{said}");
}

#[tokio::test]
async fn an_unknown_role_is_refused() {
    let run = || Command::new(env!("CARGO_BIN_EXE_shanshui")).args(["serve", "--role", "judge"]).output();
    let output = tokio::task::spawn_blocking(run).await.expect("no panic").expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no such role"), "{said}");
}
