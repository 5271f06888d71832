//! A disk that is full: nothing more is acknowledged, what was acknowledged is there, pages are still served, and it recovers by
//! itself. The real binary runs under a limit of file size, which gives the same refusal as a full disk and can be lifted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hj212::{Edition, encode};
use shanshui_domain::place::Device;
use shanshui_server::city;

use crate::support::civil;

/// Bytes a file may have while the disk is "full".
const FILE_BYTES: u64 = 12 << 18;
/// A telegram not answered by then counts as refused and is offered again; nothing depends on the length.
const ANSWER_WAIT: Duration = Duration::from_millis(500);

struct Program {
    child: Child,
    http: String,
    hj212: String,
}

impl Program {
    fn start(folder: &Path) -> Self {
        let config = folder.join("shanshui.toml");
        let text = format!(
            "data = {:?}\n[http]\nlisten = \"127.0.0.1:0\"\n[hj212]\nlisten = \"127.0.0.1:0\"\n[metrics]\nlisten = \"\"\n",
            folder.join("data").display().to_string()
        );
        std::fs::write(&config, text).expect("written");
        // an ignored SIGXFSZ is inherited: a write beyond the limit then fails instead of killing the program
        let script = format!("trap '' XFSZ; exec prlimit --fsize={FILE_BYTES}:unlimited \"$0\" serve --config \"$1\"");
        let mut child = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_shanshui")])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("addresses");
        let at: serde_json::Value = serde_json::from_str(&line).expect("json");
        let address = |key: &str| at[key].as_str().expect("an address").to_owned();
        Self { http: address("http"), hj212: address("hj212"), child }
    }

    fn lift(&self) {
        let pid = self.child.id().to_string();
        let done = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:unlimited"]).status();
        assert!(done.expect("prlimit").success());
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.http).expect("the interface is served");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a time-out");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }

    fn writable(&self) -> bool {
        let answer = self.get("/api/v1/system/health");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.contains("\"writable\":true")
    }

    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        assert!(self.child.wait().expect("it ends").success());
    }
}

/// Whether the telegram is acknowledged.
fn offer(program: &Program, device: &Device, stamp: &str) -> bool {
    let mut stream = TcpStream::connect(&program.hj212).expect("the port is open");
    stream.set_read_timeout(Some(ANSWER_WAIT)).expect("a time-out");
    let edition = Edition::parse(&device.edition).expect("an edition");
    // a long log beside the values fills the disk sooner
    let area = format!("DataTime={stamp};w01001-Rtd=7.5,w01001-Flag=N;i21001-Info=//{}//", "x".repeat(3_500));
    let id = (device.password.expose(), device.mn.as_str());
    let frame = encode::request(&format!("{stamp}001"), &device.st, "2011", id, edition, &area).frame(None);
    stream.write_all(&frame.expect("a frame")).expect("sent");
    let mut answer = [0u8; 256];
    matches!(stream.read(&mut answer), Ok(n) if n > 0)
}

#[test]
fn a_full_disk_stops_acknowledging_and_recovers() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(folder.path());
    let device =
        city::demo().expect("the city").devices.into_iter().find(|d| d.station.as_str() == "ms01").expect("ms01");
    let mut stamps = (0..20_000).map(|i| civil(-10 - 2 * i)).collect::<std::collections::BTreeSet<_>>().into_iter();
    let mut acknowledged = Vec::new();
    let mut stamp = stamps.next().expect("thousands");
    let begun = Instant::now();
    let refused = loop {
        if offer(&program, &device, &stamp) {
            acknowledged.push(std::mem::replace(&mut stamp, stamps.next().expect("thousands")));
        } else if !program.writable() {
            // between two refusals a small write may still find room; the interface says how the last one went
            break stamp;
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "the disk never filled");
    };
    assert!(acknowledged.len() > 20, "only {} before the disk was full", acknowledged.len());
    assert!(program.get("/").starts_with("HTTP/1.1 200"), "pages are still served");
    program.lift();
    let recovered = Instant::now();
    while !offer(&program, &device, &refused) {
        assert!(recovered.elapsed() < Duration::from_mins(1), "it does not recover");
    }
    assert!(program.writable());
    program.stop();
    let db = rusqlite::Connection::open(folder.path().join("data/shanshui.db")).expect("the database");
    let kept: i64 = db
        .query_row("SELECT COUNT(*) FROM reading WHERE kind = 0 AND version = 1", [], |row| row.get(0))
        .expect("counted");
    assert_eq!(kept, acknowledged.len() as i64 + 1, "what was acknowledged, each once");
}
