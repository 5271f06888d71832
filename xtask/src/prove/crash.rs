//! The server is killed at random moments under load. Promise: acknowledged is kept, once, as sent; every start answers soon.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hj212::{Decoder, DevicePolicy, Edition, Message};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::{TimeZone, offset};
use serde_json::{Map, Value, json};

use super::ledger::{Database, Found, compare, control};
use super::{Args, Promise, mix, more};
use crate::rig::{Rig, quantile, signal, summary};

/// Stations under load, telegrams a second, values in each.
const STATIONS: usize = 1_000;
const RATE: &str = "1000";
const FACTORS: usize = 15;
/// A start that answers no telegram within this time has failed.
const START_MAX: Duration = Duration::from_secs(10);
/// Between a start that answers and the next kill, in milliseconds.
const LIVES_MS: (u64, u64) = (100, 1_500);

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let mut rig = Rig::new("crash", STATIONS + 1, FACTORS)?;
    rig.start()?;
    rig.wait()?;
    let ledger = rig.dir.join("ledger");
    let seed = args.seed.to_string();
    let count = STATIONS.to_string();
    let load = ["--stations", &count, "--connections", "50", "--rate", RATE, "--duration", "1000000", "--seed", &seed];
    let faults = ["--repeat", "0.01", "--cut", "0.0005", "--bad-crc", "0.001"];
    let mut simulator = rig.simulate(&load).args(faults).arg("--log").arg(&ledger).spawn()?;
    let killed = kill_again_and_again(&mut rig, args);
    // the last telegrams get their answers before the end
    std::thread::sleep(Duration::from_secs(1));
    signal("-INT", simulator.id())?;
    let starts = match killed {
        Ok(starts) => starts,
        Err(error) => {
            simulator.kill()?;
            simulator.wait()?;
            return Err(error);
        }
    };
    let summary = summary(simulator)?;
    rig.stop()?;
    let found = compare(&ledger, &Database::File(rig.database()))?;
    let whole = rig.command(&["check", "--config"]).arg(rig.config()).output()?.status.success();
    let spoilt = control(&ledger, &rig.database(), &rig.dir.join("spoilt.db"))?;
    Ok(vec![
        kept(args, found, &summary),
        started(args, starts),
        checked(args, whole),
        control_seen(args, found, spoilt),
    ])
}

fn kill_again_and_again(rig: &mut Rig, args: &Args) -> anyhow::Result<Vec<Option<f64>>> {
    let bar = ProgressBar::new(u64::from(args.kills))
        .with_style(ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} kills")?)
        .with_prefix("crash");
    let mut random = args.seed;
    let mut starts = Vec::new();
    for _ in 0..args.kills {
        random = mix(random);
        std::thread::sleep(Duration::from_millis(LIVES_MS.0 + random % (LIVES_MS.1 - LIVES_MS.0)));
        rig.kill()?;
        let began = Instant::now();
        rig.start()?;
        let answered = first_answer(rig, began);
        starts.push(answered.map(|d| d.as_secs_f64() * 1e3));
        rig.wait()?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(starts)
}

/// From the start of the process to the first 9014 for a station of its own.
fn first_answer(rig: &Rig, began: Instant) -> Option<Duration> {
    while began.elapsed() < START_MAX {
        let answer = TcpStream::connect(rig.hj212).is_ok_and(|stream| answered(stream).unwrap_or(false));
        if answer {
            return Some(began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    None
}

fn answered(mut stream: TcpStream) -> anyhow::Result<bool> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(&probe())?;
    let mut decoder = Decoder::default();
    let mut bytes = [0u8; 4_096];
    loop {
        let n = stream.read(&mut bytes)?;
        if n == 0 {
            return Ok(false);
        }
        decoder.push(&bytes[..n]);
        while let Some(piece) = decoder.next_piece(&|_| DevicePolicy::default()) {
            if piece.cn() == b"9014" {
                return Ok(true);
            }
        }
    }
}

/// A telegram of the one station that is not under load; the same value at every moment.
fn probe() -> Vec<u8> {
    let now = TimeZone::fixed(offset(8)).to_datetime(jiff::Timestamp::now());
    let message = Message {
        qn: now.strftime("%Y%m%d%H%M%S%3f").to_string(),
        st: "21".into(),
        cn: "2011".into(),
        pw: "123456".into(),
        mn: format!("53494D{STATIONS:018}"),
        edition: Some(Edition::V2017),
        answer: true,
        packet: None,
        back_fill: false,
        area: format!("DataTime={};w01001-Rtd=7.50,w01001-Flag=N", now.strftime("%Y%m%d%H%M%S")),
    };
    message.frame(None).expect("no separators in it")
}

fn kept(args: &Args, found: Found, summary: &Value) -> Promise {
    let Found { acknowledged, lost, doubled, wrong } = found;
    Promise {
        name: "acknowledged is kept, once, as sent",
        tried: acknowledged,
        lost,
        doubled,
        wrong,
        seed: args.seed,
        met: acknowledged > 0 && lost + doubled + wrong == 0,
        more: more(json!({"kills": args.kills, "resent": summary["resent"], "reconnects": summary["reconnects"]})),
    }
}

fn started(args: &Args, starts: Vec<Option<f64>>) -> Promise {
    let failed = starts.iter().filter(|s| s.is_none()).count() as u64;
    let mut ms: Vec<f64> = starts.iter().flatten().copied().collect();
    ms.sort_by(f64::total_cmp);
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| quantile(&ms, share).round());
    Promise {
        name: "every start answers a telegram within 10 s",
        tried: starts.len() as u64,
        lost: failed,
        doubled: 0,
        wrong: 0,
        seed: args.seed,
        met: failed == 0,
        more: more(json!({"p50_ms": p50, "p99_ms": p99, "max_ms": max})),
    }
}

fn checked(args: &Args, whole: bool) -> Promise {
    let wrong = u64::from(!whole);
    let name = "the store is whole after the last kill";
    Promise { name, tried: 1, lost: 0, doubled: 0, wrong, seed: args.seed, met: whole, more: Map::new() }
}

/// The control: one of each must be found, beyond what was there.
fn control_seen(args: &Args, found: Found, spoilt: Found) -> Promise {
    let beyond = [spoilt.lost - found.lost, spoilt.doubled - found.doubled, spoilt.wrong - found.wrong];
    Promise {
        name: "control: a copy spoilt in three places is seen",
        tried: 3,
        lost: beyond[0],
        doubled: beyond[1],
        wrong: beyond[2],
        seed: args.seed,
        met: beyond == [1, 1, 1],
        more: Map::new(),
    }
}
