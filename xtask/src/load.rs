//! `cargo xtask load`: a city's load for a while. Stations over many connections, browsers that listen and look; at the end reply
//! times, memory, and whether the store has what was acknowledged.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::json;

use crate::prove::ledger::{Database, compare};
use crate::rig::{Rig, cpu_seconds, quantile, resident, summary};

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Stations, each on a connection of its own
    #[arg(long, default_value_t = 2_000)]
    connections: usize,
    /// Telegrams a second over all
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// Values in each
    #[arg(long, default_value_t = 15)]
    values: usize,
    /// How long
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Logged-in browsers: each listens to events and looks at all stations every 10 s
    #[arg(long, default_value_t = 20)]
    browsers: usize,
    /// Decides every value
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Between two looks of a browser.
const LOOK: Duration = Duration::from_secs(10);

/// What the browsers saw.
#[derive(Default)]
struct Browsers {
    stop: AtomicBool,
    events: AtomicU64,
    failed: AtomicU64,
    looks_ms: Mutex<Vec<f64>>,
}

/// Runs it; exit 1 when something acknowledged is lost, doubled or wrong, or a browser failed.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut rig = Rig::new("load", args.connections, args.values)?;
    rig.start()?;
    rig.wait()?;
    let ledger = rig.dir.join("ledger");
    let numbers = [args.connections as f64, args.rate, args.values as f64, args.minutes * 60.0, args.seed as f64];
    let [stations, rate, values, seconds, seed] = numbers.map(|n| n.to_string());
    let options =
        ["--stations", &stations, "--rate", &rate, "--factors", &values, "--duration", &seconds, "--seed", &seed];
    let simulator = rig.simulate(&options).arg("--log").arg(&ledger).spawn()?;
    let browsers = Arc::new(Browsers::default());
    let watching: Vec<_> = (0..args.browsers).flat_map(|i| browse(rig.http, i, &browsers)).collect();
    let memory = watch_memory(&rig, Duration::from_secs_f64(args.minutes * 60.0))?;
    let cpu = cpu_seconds(rig.pid()?)?;
    let summary = summary(simulator)?;
    browsers.stop.store(true, Relaxed);
    for browser in watching {
        let _ = browser.join();
    }
    rig.stop()?;
    let found = compare(&ledger, &Database::File(rig.database()))?;
    let mut looks = browsers.looks_ms.lock().unwrap_or_else(PoisonError::into_inner).clone();
    looks.sort_by(f64::total_cmp);
    let failed = browsers.failed.load(Relaxed);
    println!(
        "{}",
        json!({
            "name": "load", "connections": args.connections, "rate": args.rate, "values": args.values,
            "minutes": args.minutes, "browsers": args.browsers, "seed": args.seed,
            "sent": summary["sent"], "acked": summary["acked"], "unanswered": summary["unanswered"],
            "lost": found.lost, "doubled": found.doubled, "wrong": found.wrong,
            "reply_ms": summary["latency_ms"], "rss_peak_mib": memory.peak >> 20, "rss_tenths_mib": memory.tenths,
            "server_cpu_s": cpu, "browser_events": browsers.events.load(Relaxed), "browser_failed": failed,
            "look_ms": {"p50": quantile(&looks, 0.5), "p95": quantile(&looks, 0.95), "max": quantile(&looks, 1.0)},
        })
    );
    let good = found.acknowledged > 0 && found.lost + found.doubled + found.wrong + failed == 0;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Memory {
    peak: u64,
    /// At ten even moments, in MiB: does it grow?
    tenths: Vec<u64>,
}

fn watch_memory(rig: &Rig, time: Duration) -> anyhow::Result<Memory> {
    let began = Instant::now();
    let mut memory = Memory { peak: 0, tenths: Vec::new() };
    while began.elapsed() < time {
        let now = resident(rig.pid()?)?;
        memory.peak = memory.peak.max(now);
        if began.elapsed() >= time.mul_f64((memory.tenths.len() + 1) as f64 / 11.0) {
            memory.tenths.push(now >> 20);
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    Ok(memory)
}

/// One browser: a listener and a looker, on two connections as real ones have.
fn browse(to: SocketAddr, number: usize, browsers: &Arc<Browsers>) -> Vec<std::thread::JoinHandle<()>> {
    let cookie = match log_in(to) {
        Ok(cookie) => cookie,
        Err(error) => {
            eprintln!("browser {number}: {error:#}");
            browsers.failed.fetch_add(1, Relaxed);
            return Vec::new();
        }
    };
    let again = cookie.clone();
    let (one, two) = (Arc::clone(browsers), Arc::clone(browsers));
    let note = |browsers: &Browsers, what: &str, done: anyhow::Result<()>| {
        if let Err(error) = done.context(what.to_owned()) {
            eprintln!("browser: {error:#}");
            browsers.failed.fetch_add(1, Relaxed);
        }
    };
    vec![
        std::thread::spawn(move || note(&one, "events", listen(to, &cookie, &one))),
        std::thread::spawn(move || note(&two, "stations", look(to, &again, number, &two))),
    ]
}

fn log_in(to: SocketAddr) -> anyhow::Result<String> {
    let body = r#"{"login":"duty","password":"simulated-load"}"#;
    let request = format!(
        "POST /api/v1/system/login HTTP/1.1\r\nHost: {to}\r\nx-shanshui: 1\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let answer = ask(to, &request)?;
    let cookie = answer.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next().unwrap_or_default().to_owned())
    });
    cookie.with_context(|| format!("no login: {}", answer.lines().next().unwrap_or_default()))
}

fn ask(to: SocketAddr, request: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn look(to: SocketAddr, cookie: &str, number: usize, browsers: &Browsers) -> anyhow::Result<()> {
    let request =
        format!("GET /api/v1/sense/stations HTTP/1.1\r\nHost: {to}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
    // people do not look all at once
    let mut due = Instant::now() + LOOK.mul_f64(number as f64 / 20.0 % 1.0);
    while !browsers.stop.load(Relaxed) {
        if Instant::now() < due {
            std::thread::sleep(Duration::from_millis(50));
            continue;
        }
        let began = Instant::now();
        let answer = ask(to, &request)?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{}", answer.lines().next().unwrap_or_default());
        let ms = began.elapsed().as_secs_f64() * 1e3;
        browsers.looks_ms.lock().unwrap_or_else(PoisonError::into_inner).push((ms * 10.0).round() / 10.0);
        due += LOOK;
    }
    Ok(())
}

fn listen(to: SocketAddr, cookie: &str, browsers: &Browsers) -> anyhow::Result<()> {
    let request =
        format!("GET /api/v1/events HTTP/1.1\r\nHost: {to}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n");
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = vec![0u8; 64 << 10];
    let mut first = true;
    while !browsers.stop.load(Relaxed) {
        match stream.read(&mut bytes) {
            Ok(0) if browsers.stop.load(Relaxed) => break,
            Ok(0) => bail!("the server hung up"),
            Ok(n) => {
                ensure!(!std::mem::take(&mut first) || bytes.starts_with(b"HTTP/1.1 200"), "no events");
                let events = bytes[..n].windows(6).filter(|w| w == b"data: " || w[..5] == *b"data:").count();
                browsers.events.fetch_add(events as u64, Relaxed);
            }
            Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}
