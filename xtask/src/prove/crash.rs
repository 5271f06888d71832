//! The server is killed at random moments under load. Promise: acknowledged is kept, once, as sent; every start answers soon.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hj212::{Decoder, DevicePolicy, Edition, Message};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::{TimeZone, offset};
use serde_json::{Map, Value, json};
use shanshui_store::PLACES;

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
/// Visits of a place that pass before the one at which the server ends.
const VISITS: (u64, u64) = (20, 300);

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    // both are built before either is tried, the shipped one last: sources that change meanwhile, or a proof that fails, must leave
    // neither a half nor a program with places behind
    let mut places = Rig::with_features("crash-places", "shanshui-server/failpoints", STATIONS + 1, FACTORS)?;
    let mut random = Rig::new("crash", STATIONS + 1, FACTORS)?;
    let mut promises = at_places(&mut places, args)?;
    promises.extend(at_random(&mut random, args)?);
    Ok(promises)
}

/// What becomes of the server: ended again and again under load, until the ledger and the store can be compared.
struct Ended {
    found: Found,
    summary: Value,
    whole: bool,
}

fn under_load<T>(
    rig: &mut Rig,
    args: &Args,
    end: impl FnOnce(&mut Rig, &Args) -> anyhow::Result<T>,
) -> anyhow::Result<(T, Ended)> {
    rig.start()?;
    rig.wait()?;
    let ledger = rig.dir.join("ledger");
    let seed = args.seed.to_string();
    let count = STATIONS.to_string();
    let load = ["--stations", &count, "--connections", "50", "--rate", RATE, "--duration", "1000000", "--seed", &seed];
    let faults = ["--repeat", "0.01", "--cut", "0.0005", "--bad-crc", "0.001"];
    let mut simulator = rig.simulate(&load).args(faults).arg("--log").arg(&ledger).spawn()?;
    let killed = end(rig, args);
    // the last telegrams get their answers before the end
    std::thread::sleep(Duration::from_secs(1));
    signal("-INT", simulator.id())?;
    let ends = match killed {
        Ok(ends) => ends,
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
    Ok((ends, Ended { found, summary, whole }))
}

/// Killed at random moments, as it is shipped.
fn at_random(rig: &mut Rig, args: &Args) -> anyhow::Result<Vec<Promise>> {
    let (starts, Ended { found, summary, whole }) = under_load(rig, args, kill_again_and_again)?;
    let spoilt = control(&rig.dir.join("ledger"), &rig.database(), &rig.dir.join("spoilt.db"))?;
    let kept = kept("acknowledged is kept, once, as sent", args, found, &summary);
    let whole = checked("the store is whole after the last kill", args, whole);
    Ok(vec![kept, started(args, starts), whole, control_seen(args, found, spoilt)])
}

/// Ended by itself at every named place of the way of a telegram.
fn at_places(rig: &mut Rig, args: &Args) -> anyhow::Result<Vec<Promise>> {
    let (ends, Ended { found, summary, whole }) = under_load(rig, args, end_at_places)?;
    let mut kept = kept("ended at every place of a commit: acknowledged is kept, once, as sent", args, found, &summary);
    let least = PLACES.iter().map(|place| ends.iter().filter(|(at, ended)| at == place && *ended).count()).min();
    kept.more.extend(more(json!({"places": PLACES.len(), "least_at_a_place": least})));
    // a place that is never reached would show nothing
    let missed = ends.iter().filter(|(_, ended)| !ended).count() as u64;
    kept.more.extend(more(json!({"places_not_reached": missed})));
    kept.met &= missed == 0;
    Ok(vec![kept, checked("the store is whole after the last end at a place", args, whole)])
}

/// Each place in turn, at a visit that the seed chooses; whether the server ended there.
fn end_at_places(rig: &mut Rig, args: &Args) -> anyhow::Result<Vec<(&'static str, bool)>> {
    let bar = bar("crash, places", args)?;
    let mut random = args.seed;
    let mut ends = Vec::new();
    rig.kill()?;
    for place in PLACES.iter().copied().cycle().take(args.kills as usize) {
        random = mix(random);
        let visit = VISITS.0 + random % (VISITS.1 - VISITS.0);
        rig.env = vec![("FAILPOINTS", format!("{place}={visit}*off->1*return").into())];
        rig.start()?;
        ends.push((place, rig.aborts_within(START_MAX)?));
        rig.kill()?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    rig.env.clear();
    rig.start()?;
    rig.wait()?;
    Ok(ends)
}

fn bar(what: &'static str, args: &Args) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} kills")?;
    Ok(ProgressBar::new(u64::from(args.kills)).with_style(style).with_prefix(what))
}

fn kill_again_and_again(rig: &mut Rig, args: &Args) -> anyhow::Result<Vec<Option<f64>>> {
    let bar = bar("crash", args)?;
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

fn kept(name: &'static str, args: &Args, found: Found, summary: &Value) -> Promise {
    let Found { acknowledged, lost, doubled, wrong } = found;
    Promise {
        name,
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

fn checked(name: &'static str, args: &Args, whole: bool) -> Promise {
    let wrong = u64::from(!whole);
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
