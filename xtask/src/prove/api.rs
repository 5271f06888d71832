//! schemathesis asks what `openapi.json` describes, as each role and as nobody. Promise: no answer is a fault of the server, and each
//! is one that is described: status, media type, body.
//!
//! Half of what is asked names things that exist ([`Seeds`]); the rest is whatever schemathesis thinks of. What would end the session
//! of a run (logging out, ending sessions, changing the password) is asked in runs of its own that log in before every request.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use shanshui_domain::right::{Group, Role};

use super::{Args, Promise, more};
use crate::http::{Ask, Line, log_in};
use crate::rig::{Rig, signal, target};

const NAME: &str = "api: schemathesis gets no 5xx, and no answer that is not described";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance";
/// What ends the session it is asked in.
const ENDING: [&str; 3] = ["/api/v1/system/logout", "/api/v1/system/sessions/{id}/end", "/api/v1/system/password"];
const LOGIN: &str = "/api/v1/system/login";
/// Of everybody; strong enough to be taken.
pub const PASSWORD: &str = "blue kettles hum at noon";
/// Accounts, with posts, that nobody's session hangs on: fuzzing may disable them and end their posts.
const SPARES: usize = 8;
/// Cases for each operation in one run: at least, at most.
const CASES: (u64, u64) = (5, 100);
/// The same where each request logs in first, which is slow on purpose.
const CASES_ENDING: u64 = 10;
/// The first alarm of what is simulated comes within this time.
const ALARM_MAX: Duration = Duration::from_mins(4);

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let Some(schemathesis) = schemathesis()? else {
        eprintln!("\n*** SKIPPED: scripts/api-tools.txt cannot be fetched; the API is not fuzzed ***\n");
        let more = more(json!({"skipped": "schemathesis cannot be fetched"}));
        return Ok(vec![Promise {
            name: NAME,
            tried: 0,
            lost: 0,
            doubled: 0,
            wrong: 0,
            seed: args.seed,
            met: false,
            more,
        }]);
    };
    let mut rig = Rig::new("api", 1, 1)?;
    people(&rig.dir.join("pack"))?;
    rig.config_more = "[auth]\nsecond_factor = \"nobody\"".into();
    rig.http_more = "trusted_proxies = [\"127.0.0.1\"]".into();
    rig.hj212_more = "commands = true\nrequest_timeout_s = 1\nrequest_resends = 0".into();
    rig.metrics = Some(([127, 0, 0, 1], 0).into());
    rig.start()?;
    rig.wait()?;
    let pack = rig.dir.join("pack");
    let mut load = rig.simulate(&["--interval", "30", "--duration", "1000000", "--exceed", "ol01:w01018@1", "--city"]);
    let mut stations = Played(load.arg(&pack).stdout(Stdio::null()).spawn()?);
    let asked = Fuzz::new(&rig, schemathesis, args).and_then(|fuzz| fuzz.all(args));
    stations.end()?;
    rig.stop()?;
    Ok(vec![asked?])
}

/// The simulated stations.
struct Played(Child);

impl Played {
    fn end(&mut self) -> anyhow::Result<()> {
        signal("-INT", self.0.id())?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        // it has ended already, unless something failed
        let _ = self.0.kill();
    }
}

/// The program, from an environment of its own; none when it cannot be fetched.
fn schemathesis() -> anyhow::Result<Option<PathBuf>> {
    let (list, home) = (crate::root().join("scripts/api-tools.txt"), target().join("tools/schemathesis"));
    let (kept, program) = (home.join("tools.txt"), home.join("bin/st"));
    let wanted = fs::read(&list)?;
    if fs::read(&kept).is_ok_and(|have| have == wanted) {
        return Ok(Some(program));
    }
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home).status()?;
    let mut pip = Command::new(home.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&list);
    if !made.success() || !pip.status()?.success() {
        return Ok(None);
    }
    fs::write(kept, wanted)?;
    Ok(Some(program))
}

/// The demonstration city with three people more for each role: one who is asked as, one whose sessions end, and spare ones.
pub fn people(pack: &Path) -> anyhow::Result<()> {
    let demo = crate::root().join("cities/quzhou");
    fs::remove_dir_all(pack)?;
    fs::create_dir_all(pack)?;
    for file in fs::read_dir(demo)? {
        let file = file?.path();
        fs::copy(&file, pack.join(file.file_name().context("a file has a name")?))?;
    }
    let append = |name: &str| File::options().append(true).open(pack.join(name));
    let (mut people, mut posts) = (append("people.csv")?, append("posts.csv")?);
    let mut settle = |login: &str, role: Role| -> anyhow::Result<()> {
        writeln!(people, "{login},{login},{login},{PASSWORD}")?;
        let certificate = if role.needs_certificate() { "fuzz-1" } else { "" };
        writeln!(posts, "{login},{},{},{certificate}", role.as_str(), home(role))?;
        Ok(())
    };
    for role in Role::ALL {
        settle(&asking(*role), *role)?;
        settle(&ending(*role), *role)?;
    }
    for n in 0..SPARES {
        settle(&spare(n), Role::CaseOfficer)?;
    }
    Ok(())
}

fn asking(role: Role) -> String {
    format!("r-{}", role.as_str())
}

fn ending(role: Role) -> String {
    format!("s-{}", role.as_str())
}

fn spare(n: usize) -> String {
    format!("t-{n}")
}

fn home(role: Role) -> &'static str {
    match role {
        Role::EnterpriseManager => "e01",
        Role::DutyOfficer | Role::Leader => "cc",
        role if role.group() == Group::Administrators => "cc",
        role if role.group() == Group::Outside => "two-mountains",
        _ => "br-kc",
    }
}

/// A person's session.
struct Session<'a> {
    at: SocketAddr,
    cookie: &'a str,
}

impl Session<'_> {
    fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask("GET", path, None, "")
    }

    fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask("POST", path, Some(body.to_string().as_bytes()), "application/json")
    }

    fn ask(&self, method: &str, path: &str, body: Option<&[u8]>, media_type: &str) -> anyhow::Result<Value> {
        let cookie = format!("shanshui_session={}", self.cookie);
        let headers = [("cookie", cookie.as_str()), ("content-type", media_type)];
        let answer = Line::to(self.at)?.ask(&Ask { method, path, headers: &headers, body })?;
        ensure!(answer.status < 300, "{method} {path}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }
}

/// Values that exist: by path and name of the place (`path#name`), and by the name of a field.
type Pools = BTreeMap<String, Vec<Value>>;

/// What is there to be asked for.
struct Seeds {
    pools: Pools,
    /// Logins and posts that must stay.
    kept: Vec<Value>,
}

fn texts(rows: &Value, field: &str) -> Vec<Value> {
    rows.as_array().into_iter().flatten().map(|row| row[field].clone()).filter(|v| !v.is_null()).collect()
}

impl Seeds {
    /// Opens cases, gives one away, adds a file, and notes what there is.
    fn sow(at: SocketAddr, cookies: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let session = |role: Role| Session { at, cookie: &cookies[role.as_str()] };
        let (duty, security) = (session(Role::DutyOfficer), session(Role::SecurityAdministrator));
        let alarms = first_alarms(&duty)?;
        let people = duty.get("/api/v1/system/people")?;
        let id_of = |login: &str| {
            let row = people.as_array().into_iter().flatten().find(|p| p["login"] == login);
            row.map(|p| p["id"].clone()).with_context(|| format!("nobody is called {login}"))
        };
        let spares = (0..SPARES).map(|n| id_of(&spare(n))).collect::<Result<Vec<_>, _>>()?;
        let officer = id_of(&asking(Role::CaseOfficer))?;
        let (mut cases, mut files) = (Vec::new(), Vec::new());
        for (n, other) in spares.iter().enumerate().take(6) {
            let alarm = alarms.get(n).filter(|_| n < 2);
            let case = duty.post("/api/v1/act/cases", &json!({"title": format!("试 {n}"), "alarm": alarm}))?;
            let id = case["summary"]["id"].as_str().context("a case has an id")?.to_owned();
            let to = if n.is_multiple_of(2) { &officer } else { other };
            let assign = json!({"version": 1, "action": "assign", "to": to, "due": "2100-01-01T00:00:00Z"});
            duty.post(&format!("/api/v1/act/cases/{id}/actions"), &assign)?;
            let put = format!("/api/v1/act/cases/{id}/evidence?name=a.png");
            files.push(duty.ask("POST", &put, Some(b"\x89PNG\r\n\x1a\n0000"), "image/png")?["id"].clone());
            cases.push(json!(id));
        }
        let mut delegations = Vec::new();
        for taker in &spares {
            let body = json!({"taker": taker, "until": in_days(30), "reason": "试用"});
            delegations.push(duty.post("/api/v1/system/delegations", &body)?["id"].clone());
        }
        let stations = texts(&duty.get("/api/v1/sense/stations")?, "code");
        let (mut points, mut telegrams) = (Vec::new(), Vec::new());
        for code in ["ms16", "ms01", "ol01"] {
            let detail = duty.get(&format!("/api/v1/sense/stations/{code}"))?;
            points.extend(texts(&detail["points"], "id"));
            let seen = detail["points"].as_array().into_iter().flatten();
            telegrams.extend(seen.flat_map(|point| texts(&point["latest"], "telegram")));
        }
        let devices = duty.get("/api/v1/sense/devices")?;
        let online = devices.as_array().into_iter().flatten().filter(|d| d["link"] == "online");
        let mns: Vec<Value> = online.map(|d| d["mn"].clone()).collect();
        let posts = security.get("/api/v1/system/posts")?;
        let of_spare = |p: &&Value| p["person"]["login"].as_str().is_some_and(|login| login.starts_with("t-"));
        let (free, held): (Vec<&Value>, Vec<&Value>) = posts.as_array().into_iter().flatten().partition(of_spare);
        let logins: Vec<Value> = (0..SPARES).map(|n| json!(spare(n))).collect();
        let kept_logins = Role::ALL.iter().flat_map(|role| [json!(asking(*role)), json!(ending(*role))]);
        let kept = held.iter().map(|p| p["id"].clone()).chain(kept_logins).collect();
        ensure!(!mns.is_empty() && !telegrams.is_empty(), "no device is there");
        let times: Vec<Value> = [-400, -30, -1, 0, 1, 20].map(in_days).into();
        let words = |words: &[&str]| words.iter().map(|word| json!(word)).collect::<Vec<_>>();
        let mut pools = Pools::new();
        let mut put = |names: &[&str], values: Vec<Value>| {
            pools.extend(names.iter().map(|name| ((*name).to_owned(), values.clone())));
        };
        put(
            &["/api/v1/sense/stations/{code}#code", "/api/v1/analyse/stations/{code}/judgements#code", "station"],
            stations,
        );
        put(&["/api/v1/sense/points/{id}/curve#id", "/api/v1/sense/points/{id}/statistics#id"], points);
        put(&["/api/v1/sense/telegrams/{id}#id"], telegrams);
        put(&["/api/v1/sense/devices/{mn}/commands#mn"], mns);
        put(&["/api/v1/act/alarms/{id}/acknowledge#id", "alarm"], alarms);
        for path in ["/api/v1/act/cases/{id}", "/api/v1/act/cases/{id}/actions", "/api/v1/act/cases/{id}/evidence"] {
            put(&[&format!("{path}#id")], cases.clone());
        }
        put(&["evidence"], files.iter().map(|file| json!([file])).collect());
        put(&["/api/v1/act/evidence/{id}#id"], files);
        put(&["/api/v1/system/posts/{id}/end#id"], free.iter().map(|p| p["id"].clone()).collect());
        put(&["/api/v1/system/delegations/{id}/end#id"], delegations);
        put(&["/api/v1/system/audit/{seq}/proof#seq"], (1..40).map(|n| json!(n)).collect());
        put(&["/api/v1/system/accounts/{login}#login"], logins.clone());
        put(&["/api/v1/system/organisations/{code}#code"], words(&["village", "experts", "alliance"]));
        put(&["person", "taker", "to"], spares);
        put(&["from", "to", "since", "until", "due", "begin", "end"], times);
        put(&["organisation", "unit", "parent"], words(&["br-kc", "village", "experts"]));
        put(&["county", "area"], words(&["kc", "qj"]));
        put(&["factor"], words(&["w01001", "w01018", "a34004"]));
        put(&["kind"], words(&["real", "minute", "hour", "day", "set_clock", "branch", "municipal_section"]));
        put(&["period"], words(&["day", "month", "year"]));
        put(&["data"], words(&["real", "minute"]));
        put(&["state"], words(&["open", "unclosed", "ended"]));
        put(&["reason"], words(&["试用接口", "try the API"]));
        put(&["version"], (1..8).map(|n| json!(n)).collect());
        put(&["password", "new"], words(&["river otters like 7 stones", "short"]));
        put(&["spare logins"], logins.iter().map(|login| json!({"login": login, "password": PASSWORD})).collect());
        Ok(Self { pools, kept })
    }
}

fn in_days(days: i64) -> Value {
    json!((jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days)).to_string())
}

fn first_alarms(duty: &Session<'_>) -> anyhow::Result<Vec<Value>> {
    let begun = Instant::now();
    while begun.elapsed() < ALARM_MAX {
        let alarms = texts(&duty.get("/api/v1/act/alarms")?["items"], "id");
        if !alarms.is_empty() {
            return Ok(alarms);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    bail!("no alarm within {} s", ALARM_MAX.as_secs())
}

/// One run of schemathesis.
struct Turn {
    who: String,
    /// Whether it asks what ends sessions.
    ends: bool,
    cases: u64,
    seed: u64,
}

/// What the server says of itself.
#[derive(Default, Clone, Copy)]
struct Served {
    requests: u64,
    good: u64,
    faults: u64,
}

/// Everything a run needs.
struct Fuzz {
    program: PathBuf,
    dir: PathBuf,
    at: SocketAddr,
    figures: SocketAddr,
    cookies: BTreeMap<String, String>,
    seeds: Seeds,
    before: Served,
    /// Requests that the hooks have made, of the runs that have ended.
    own: AtomicU64,
}

/// The run without a session.
const NOBODY: &str = "nobody";

impl Fuzz {
    fn new(rig: &Rig, program: PathBuf, args: &Args) -> anyhow::Result<Self> {
        let (at, figures) = (rig.http, rig.metrics.context("the figures are asked for")?);
        let mut cookies = BTreeMap::new();
        for (n, role) in Role::ALL.iter().enumerate() {
            let token = log_in(at, &asking(*role), PASSWORD, &format!("192.0.2.{n}"))?;
            cookies.insert(role.as_str().to_owned(), token);
        }
        let seeds = Seeds::sow(at, &cookies)?;
        let dir = rig.dir.join(format!("fuzz-{}", args.seed));
        fs::create_dir_all(&dir)?;
        let mut described = rig.command(&["openapi"]);
        fs::write(dir.join("openapi.json"), described.stdout(Stdio::piped()).output()?.stdout)?;
        let before = served(figures)?;
        Ok(Self { program, dir, at, figures, cookies, seeds, before, own: AtomicU64::new(0) })
    }

    /// Runs until the server has had so many requests: what ends sessions once, everything else again and again.
    fn all(&self, args: &Args) -> anyhow::Result<Promise> {
        let begun = Instant::now();
        let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} {eta}")?;
        let bar = ProgressBar::new(args.requests).with_style(style).with_message("requests");
        let mut wrong = 0;
        let ending = Role::ALL.iter().map(|role| (role.as_str().to_owned(), true));
        let everybody = || Role::ALL.iter().map(|role| role.as_str().to_owned()).chain([NOBODY.to_owned()]);
        let mut waiting: Vec<(String, bool)> = everybody().map(|who| (who, false)).chain(ending).collect();
        let mut round = 0;
        let operations = self.operations()?;
        loop {
            let missing = args.requests.saturating_sub(self.served()?.requests);
            if missing == 0 {
                break;
            }
            let cases = (missing / (operations * waiting.len() as u64)).clamp(CASES.0, CASES.1);
            let seed = args.seed + 1_000 * round;
            let turn = |(who, ends): (String, bool)| {
                let cases = if ends { cases.min(CASES_ENDING) } else { cases };
                Turn { who, ends, cases, seed }
            };
            let turns = Mutex::new(waiting.into_iter().map(turn).collect::<Vec<_>>());
            wrong += self.beside_one_another(&turns, &bar)?;
            waiting = everybody().map(|who| (who, false)).collect();
            round += 1;
        }
        bar.finish_and_clear();
        let got = self.served()?;
        let over = self.cookies.iter().filter(|(_, cookie)| !self.lives(cookie)).count() as u64;
        let more = more(json!({
            "sessions": self.cookies.len() + 1, "operations": operations, "rounds": round, "answers_2xx": got.good,
            "answers_5xx": got.faults, "not_described": wrong, "sessions_that_ended": over,
            "minutes": begun.elapsed().as_secs() / 60,
        }));
        let wrong = wrong + got.faults + over;
        let met = wrong == 0 && got.requests >= args.requests;
        Ok(Promise { name: NAME, tried: got.requests, lost: 0, doubled: 0, wrong, seed: args.seed, met, more })
    }

    /// Some runs at one time; gives how many answers were not as described.
    fn beside_one_another(&self, turns: &Mutex<Vec<Turn>>, bar: &ProgressBar) -> anyhow::Result<u64> {
        let work = || -> anyhow::Result<u64> {
            let mut wrong = 0;
            loop {
                let Some(turn) = turns.lock().unwrap_or_else(PoisonError::into_inner).pop() else { return Ok(wrong) };
                wrong += self.turn(&turn)?;
                bar.set_position(self.served()?.requests);
            }
        };
        // more than there are cores, because each waits for the server; one with several threads trips over itself in Python's parser
        let runs = std::thread::available_parallelism().map_or(2, usize::from) + 2;
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..runs).map(|_| scope.spawn(work)).collect();
            let done = running.into_iter().map(|run| run.join().unwrap_or_else(|_| bail!("a run panicked")));
            done.sum()
        })
    }

    fn turn(&self, turn: &Turn) -> anyhow::Result<u64> {
        let Turn { who, ends, cases, seed } = turn;
        let name = format!("{who}-{seed}{}", if *ends { "-ends" } else { "" });
        let path = |end: &str| self.dir.join(format!("{name}.{end}"));
        let login = Role::ALL.iter().find(|role| role.as_str() == who);
        let login = login.map(|role| if *ends { ending(*role) } else { asking(*role) });
        let with = json!({
            "url": format!("http://{}", self.at), "cookie": self.cookies.get(who), "fresh": ends, "seed": seed,
            "person": login.map(|login| json!({"login": login, "password": PASSWORD})),
            "pools": self.seeds.pools, "kept": self.seeds.kept, "found": path("found"),
            "own": path("own"),
        });
        fs::write(path("json"), with.to_string())?;
        File::create(path("found"))?;
        let log = File::create(path("log"))?;
        let here = crate::root().join("xtask/api");
        let mut run = Command::new(&self.program);
        run.arg("--config-file").arg(here.join("schemathesis.toml")).arg("--no-color").arg("run");
        run.arg(self.dir.join("openapi.json")).args(["--url", &format!("http://{}", self.at), "--checks", CHECKS]);
        run.args(["--phases", "examples,coverage,fuzzing", "--max-examples", &cases.to_string()]);
        run.args(["--seed", &seed.to_string(), "--workers", "1", "--request-timeout", "60", "--warnings", "off"]);
        run.args(["--continue-on-failure", "--no-shrink", "--suppress-health-check", "all"]);
        run.args(["--generation-database", "none"]);
        let filter = if *ends { "--include-path" } else { "--exclude-path" };
        let also = if *ends { &[LOGIN][..] } else { &[] };
        run.args(ENDING.iter().chain(also).flat_map(|path| [filter, path]));
        run.env("SHANSHUI_API", path("json")).env("SCHEMATHESIS_HOOKS", "hooks").env("PYTHONPATH", &here);
        run.env("PYTHONDONTWRITEBYTECODE", "1").current_dir(&self.dir).stdin(Stdio::null());
        let ended = run.stdout(log.try_clone()?).stderr(log).status()?;
        let own = fs::read_to_string(path("own")).with_context(|| format!("no hooks in {name}"))?;
        self.own.fetch_add(own.parse()?, Relaxed);
        let found = fs::read_to_string(path("found"))?;
        let wrong = found.lines().count() as u64;
        for line in first_of_each(&found) {
            eprintln!("{name}: {line}");
        }
        ensure!(ended.success() || wrong > 0, "schemathesis ended with {ended}; see {}", path("log").display());
        Ok(wrong)
    }

    /// What the server has had since the beginning, without what the hooks asked.
    fn served(&self) -> anyhow::Result<Served> {
        let own = self.own.load(Relaxed);
        let (now, before) = (served(self.figures)?, self.before);
        Ok(Served {
            requests: now.requests - before.requests - own,
            good: now.good.saturating_sub(before.good + own),
            faults: now.faults - before.faults,
        })
    }

    fn operations(&self) -> anyhow::Result<u64> {
        let api: Value = serde_json::from_slice(&fs::read(self.dir.join("openapi.json"))?)?;
        let paths = api["paths"].as_object().context("paths")?.values();
        Ok(paths.filter_map(Value::as_object).map(Map::len).sum::<usize>() as u64)
    }

    fn lives(&self, cookie: &str) -> bool {
        Session { at: self.at, cookie }.get("/api/v1/system/me").is_ok()
    }
}

/// One line of each kind of what was found.
fn first_of_each(found: &str) -> Vec<&str> {
    let mut seen = std::collections::BTreeSet::new();
    let kind = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap_or_default();
        ["what", "method", "path", "status"].map(|field| row[field].to_string())
    };
    found.lines().filter(|line| seen.insert(kind(line))).collect()
}

/// The server's own count of requests.
fn served(figures: SocketAddr) -> anyhow::Result<Served> {
    let ask = Ask { method: "GET", path: "/metrics", headers: &[], body: None };
    let text = String::from_utf8(Line::to(figures)?.ask(&ask)?.body)?;
    let mut all = Served::default();
    for line in text.lines().filter(|line| line.starts_with("shanshui_http_requests_total{")) {
        let (labels, count) = line.rsplit_once(' ').context("a figure has a value")?;
        let count = count.parse::<f64>()? as u64;
        let status = |digit: char| labels.contains(&format!("status=\"{digit}"));
        all.requests += count;
        all.good += if status('2') { count } else { 0 };
        all.faults += if status('5') { count } else { 0 };
    }
    Ok(all)
}
