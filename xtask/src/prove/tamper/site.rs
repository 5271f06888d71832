//! What is tampered with: the demonstration city as a real server has left it, with a day that has moved to the history, alarms, a case
//! with evidence, a second factor, signed roots, a backup and an archive; and once more as `kill -9` leaves it.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::rig::{Rig, copy, signal};

/// Hours that the demonstration begins with: some of them are older than the hot window of a day.
const HOURS: &str = "54";
/// Stations of the demonstration that play: those to which something happens, and a few more.
const PLAYING: [&str; 8] = ["ms01", "ms02", "ms03", "ms16", "ol01", "ol02", "as01", "as02"];
/// How long the demonstration plays after that.
const PLAYS: Duration = Duration::from_secs(30);
/// What goes wrong before the kill and before the end.
const EXCEED: &str = "ol01:w01018@1";
/// The judge is behind by no more.
const ALARM_WITHIN: Duration = Duration::from_mins(1);
/// Further telegrams, with faults, before the end and before the kill.
const SECONDS: &str = "12";
/// A picture of one pixel, as evidence.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";

/// Everything in one folder. Each try works on a fresh copy of it that lies where the program ran: paths are among what is kept.
pub(super) struct Site {
    pub(super) rig: Rig,
    root: PathBuf,
}

/// What a copy is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// The server was stopped.
    Closed,
    /// It was killed.
    Killed,
    /// It was stopped, and telegrams and readings, which are nearly all of the file, are taken out: so that what is written seldom is
    /// hit too.
    Bare,
}

impl Site {
    /// Makes it, in memory where the system has room for files there.
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut rig = Rig::new("tamper", 1, 1)?;
        let memory = Path::new("/dev/shm");
        let above = if memory.is_dir() { memory.to_owned() } else { rig.dir.clone() };
        let root = above.join(format!("shanshui-tamper-{}", std::process::id()));
        rig.dir = root.join("site");
        let site = Self { rig, root };
        fs::create_dir_all(site.rig.dir.join("second"))?;
        copy(&crate::root().join("cities/quzhou"), &site.rig.dir.join("pack"))?;
        Ok(site)
    }

    /// Fills it.
    pub(super) fn fill(&mut self) -> anyhow::Result<()> {
        self.play()?;
        // a JSON string is a TOML string
        let second = json!(self.rig.dir.join("second/audit.copy"));
        self.rig.config_more =
            format!("# as an operator would write it\n[history]\nhot_days = 1\n[audit]\ncopy = {second}");
        self.serve(|site| {
            site.loaded()?;
            site.people()
        })?;
        self.rig.stop()?;
        self.by_hand(&["audit", "seal"], &[])?;
        self.serve(Self::loaded)?;
        self.rig.stop()?;
        self.by_hand(&["history", "move"], &[])?;
        self.by_hand(&["audit", "seal"], &[])?;
        let [backup, archive] = ["backup.db", "archive"].map(|name| self.rig.dir.join(name));
        self.by_hand(&["backup"], &[&backup])?;
        self.by_hand(&["export"], &[&archive])?;
        copy(&self.rig.dir, &self.of(Left::Closed))?;
        copy(&self.rig.dir, &self.of(Left::Bare))?;
        let bare = Connection::open(self.of(Left::Bare).join("data/shanshui.db"))?;
        bare.execute_batch("DELETE FROM telegram; DELETE FROM reading; DELETE FROM latest; VACUUM")?;
        bare.close().map_err(|(_, error)| error)?;
        self.serve(Self::loaded)?;
        self.rig.kill()?;
        copy(&self.rig.dir, &self.of(Left::Killed))
    }

    /// The untouched copy.
    pub(super) fn of(&self, left: Left) -> PathBuf {
        self.root.join(match left {
            Left::Closed => "closed",
            Left::Killed => "killed",
            Left::Bare => "bare",
        })
    }

    /// A fresh copy where the program ran.
    pub(super) fn fresh(&self, left: Left) -> anyhow::Result<()> {
        fs::remove_dir_all(&self.rig.dir)?;
        copy(&self.of(left), &self.rig.dir)
    }

    /// A command with this site's configuration.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.rig.command(args);
        command.arg("--config").arg(self.rig.config());
        command
    }

    fn by_hand(&self, args: &[&str], paths: &[&Path]) -> anyhow::Result<()> {
        let done = self
            .rig
            .command(&args[..1])
            .arg("--config")
            .arg(self.rig.config())
            .args(&args[1..])
            .args(paths)
            .output()?;
        ensure!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        Ok(())
    }

    /// The demonstration, which fills the data folder with the past.
    fn play(&self) -> anyhow::Result<()> {
        let mut demo =
            self.rig.command(&["demo", "--http", "127.0.0.1:0", "--hj212", "127.0.0.1:0", "--history", HOURS]);
        for station in self.stations()?.iter().filter(|station| !PLAYING.contains(&station.as_str())) {
            demo.args(["--without", station]);
        }
        let data = self.rig.database();
        demo.arg("--data").arg(data.parent().context("a folder")?).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut demo = demo.spawn()?;
        let mut out = demo.stdout.take().context("piped")?;
        // its greeting says that the past is there
        let greeted = out.read(&mut [0; 64])?;
        std::thread::sleep(PLAYS);
        signal("-TERM", demo.id())?;
        std::io::copy(&mut out, &mut std::io::sink())?;
        ensure!(demo.wait()?.success() && greeted > 0, "the demonstration did not end well");
        Ok(())
    }

    fn stations(&self) -> anyhow::Result<Vec<String>> {
        let mut table = csv::Reader::from_path(self.rig.dir.join("pack/stations.csv"))?;
        let codes = table.records().map(|row| Ok(row?.get(0).context("a code")?.to_owned()));
        codes.collect()
    }

    fn serve(&mut self, work: impl FnOnce(&Self) -> anyhow::Result<()>) -> anyhow::Result<()> {
        self.rig.start()?;
        self.rig.wait()?;
        work(self)
    }

    fn loaded(&self) -> anyhow::Result<()> {
        let city = self.rig.dir.join("pack");
        let args = ["--interval", "1", "--duration", SECONDS, "--drain", "2"];
        let faults = ["--bad-crc", "0.01", "--repeat", "0.02", "--exceed", EXCEED];
        let done = self.rig.simulate(&args).args(faults).arg("--city").arg(city).stderr(Stdio::null()).output()?;
        ensure!(done.status.success(), "the simulator ended with {}", done.status);
        Ok(())
    }

    /// An alarm becomes a case, with a person who works on it and a file; an administrator begins a second factor.
    fn people(&self) -> anyhow::Result<()> {
        let duty = Person::login(self.rig.http, "zhoumin", "quzhou-demo-1")?;
        let officer = Person::login(self.rig.http, "yejun", "quzhou-demo-4")?;
        let begun = Instant::now();
        let alarm = loop {
            let alarms = duty.ask("GET", "/api/v1/act/alarms?state=open", None)?;
            if let Some(alarm) = alarms["items"].as_array().and_then(|all| all.first()) {
                break alarm.clone();
            }
            ensure!(begun.elapsed() < ALARM_WITHIN, "no alarm is open");
            std::thread::sleep(Duration::from_millis(200));
        };
        let id = alarm["id"].as_str().context("an id")?;
        duty.ask("POST", &format!("/api/v1/act/alarms/{id}/acknowledge"), Some(&json!({})))?;
        let case = duty.ask("POST", "/api/v1/act/cases", Some(&json!({"title": "现场核查", "alarm": id})))?;
        let path = format!("/api/v1/act/cases/{}", case["summary"]["id"].as_str().context("an id")?);
        let to = officer.ask("GET", "/api/v1/system/me", None)?["person"]["id"].clone();
        let due = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48)).to_string();
        let assign = json!({"version": 1, "action": "assign", "to": to, "due": due, "note": "请现场核查"});
        duty.ask("POST", &format!("{path}/actions"), Some(&assign))?;
        let file = officer.send("POST", &format!("{path}/evidence?name=a.png"), ("image/png", PICTURE))?;
        let report = json!({"version": 2, "action": "report", "evidence": [file["id"]]});
        officer.ask("POST", &format!("{path}/actions"), Some(&report))?;
        let admin = Person::login(self.rig.http, "xuning", "quzhou-demo-6")?;
        admin.ask("POST", "/api/v1/system/second-factor", Some(&json!({"password": "quzhou-demo-6"})))?;
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // a server that still runs writes there
        let _ = self.rig.kill();
        if let Err(error) = fs::remove_dir_all(&self.root) {
            eprintln!("{}: {error}", self.root.display());
        }
    }
}

/// Somebody who is logged in.
struct Person {
    to: SocketAddr,
    cookie: String,
}

impl Person {
    fn login(to: SocketAddr, login: &str, password: &str) -> anyhow::Result<Self> {
        let nobody = Self { to, cookie: String::new() };
        let body = json!({"login": login, "password": password}).to_string();
        let (head, _) = nobody.talk("POST", "/api/v1/system/login", ("application/json", body.as_bytes()))?;
        let cookie = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().starts_with("set-cookie:").then(|| line[11..].trim()));
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).with_context(|| format!("{login}: {head}"))?;
        Ok(Self { to, cookie: cookie.to_owned() })
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let body = body.map_or(String::new(), Value::to_string);
        self.send(method, path, ("application/json", body.as_bytes()))
    }

    fn send(&self, method: &str, path: &str, body: (&str, &[u8])) -> anyhow::Result<Value> {
        let (head, answer) = self.talk(method, path, body)?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        ensure!(status.starts_with('2'), "{method} {path}: {status} {}", String::from_utf8_lossy(&answer));
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    fn talk(&self, method: &str, path: &str, (kind, body): (&str, &[u8])) -> anyhow::Result<(String, Vec<u8>)> {
        let mut stream = TcpStream::connect(self.to)?;
        let (to, cookie, length) = (self.to, &self.cookie, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {to}\r\nx-shanshui: 1\r\nCookie: {cookie}\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("no answer")?;
        Ok((String::from_utf8_lossy(&answer[..end]).into_owned(), answer[end + 4..].to_vec()))
    }
}

/// Files of a folder and below it, in order.
pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
