//! Three servers on one PostgreSQL behind a balancer; one is killed again and again. Promise: acknowledged is kept, once, as sent,
//! whichever server it came to; every timer fires once over all of them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::ledger::{Database, compare};
use super::{Args, Promise, mix, more};
use crate::balancer::Balancer;
use crate::postgres::{Cluster, connect};
use crate::rig::{Rig, signal, summary};

const NODES: usize = 3;
/// Stations, each on a connection of its own; telegrams a second over all, values in each.
const STATIONS: usize = 2_000;
const RATE: &str = "200";
const FACTORS: &str = "15";
/// One server is killed in each of these.
const TURN: Duration = Duration::from_mins(1);

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let turns = args.minutes.unwrap_or(20);
    let first = Rig::new("nodes", STATIONS, 15)?;
    let cluster = Cluster::start()?;
    let url = cluster.database("nodes")?;
    let mut nodes: Vec<Rig> = (0..NODES).map(|n| first.sibling(&n.to_string())).collect();
    for node in &mut nodes {
        let key = first.dir.join("vault.key");
        node.config_more = format!("database = {}\nvault.key_file = {}\n", json!(url), json!(key));
        node.start()?;
        node.wait()?;
    }
    let balancer = Balancer::start(nodes.iter().map(|n| n.hj212).collect::<Vec<SocketAddr>>())?;
    let ledger = first.dir.join("ledger");
    let (stations, seed) = (STATIONS.to_string(), args.seed.to_string());
    let mut load = first.command(&["hj212", "simulate", "--to", &balancer.at.to_string()]);
    load.args(["--stations", &stations, "--connections", &stations, "--rate", RATE, "--factors", FACTORS]);
    load.args(["--duration", "1000000", "--repeat", "0.01", "--seed", &seed, "--log"]).arg(&ledger);
    load.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    let mut simulator = load.spawn()?;
    let killed = turns_of(&mut nodes, turns, args.seed);
    // the last telegrams get their answers before the end
    std::thread::sleep(Duration::from_secs(3));
    signal("-INT", simulator.id())?;
    if killed.is_err() {
        simulator.kill()?;
        simulator.wait()?;
    }
    let slowest = killed?;
    let summary = summary(simulator)?;
    for node in &mut nodes {
        node.stop()?;
    }
    let found = compare(&ledger, &Database::Server(url.clone()))?;
    let [fired, again, due] = timers(&url)?;
    let kept = Promise {
        name: "three servers, one killed each minute: acknowledged is kept, once, as sent",
        tried: found.acknowledged,
        lost: found.lost,
        doubled: found.doubled,
        wrong: found.wrong,
        seed: args.seed,
        met: found.acknowledged > 0 && found.lost + found.doubled + found.wrong == 0,
        more: more(json!({"kills": turns, "resent": summary["resent"], "reconnects": summary["reconnects"],
            "refused": balancer.refused(), "reply_p99_ms": summary["latency_ms"]["p99"], "slowest_start_ms": slowest})),
    };
    let timed = Promise {
        name: "three servers, one killed each minute: every timer fires once",
        tried: fired,
        lost: due,
        doubled: again,
        wrong: 0,
        seed: args.seed,
        met: fired > 0 && due + again == 0,
        more: more(json!({"kills": turns})),
    };
    Ok(vec![kept, timed])
}

/// One server is killed at some moment of each turn and started again in the same turn. Gives the slowest start.
fn turns_of(nodes: &mut [Rig], turns: u32, seed: u64) -> anyhow::Result<u128> {
    let bar = ProgressBar::new(u64::from(turns))
        .with_style(ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} kills")?)
        .with_prefix("nodes");
    let (mut random, mut slowest) = (seed, 0);
    for turn in 0..turns {
        let end = Instant::now() + TURN;
        random = mix(random ^ u64::from(turn));
        std::thread::sleep(Duration::from_millis(5_000 + random % 25_000));
        let node = &mut nodes[(random >> 32) as usize % NODES];
        node.kill()?;
        std::thread::sleep(Duration::from_millis(1_000 + (random >> 16) % 15_000));
        let began = Instant::now();
        node.start()?;
        node.wait()?;
        slowest = slowest.max(began.elapsed().as_millis());
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(slowest)
}

/// A timer that fires at every minute, and the work it puts down: the subject is the minute.
const EVERY_MINUTE: &str = "sweep";
const MINUTE_US: i64 = 60_000_000;

/// Minutes for which the timer has fired, firings beyond the first of one minute, and minutes between the first and the last
/// without any, or whose work was never done.
fn timers(url: &str) -> anyhow::Result<[u64; 3]> {
    let mut client = connect(url)?;
    let row = client.query_one(
        "SELECT COUNT(DISTINCT at), COUNT(*), COALESCE(MIN(at), 0), COALESCE(MAX(at), 0), \
         COUNT(*) FILTER (WHERE done_at IS NULL AND due < (SELECT MAX(due) FROM job) - 120000000) \
         FROM (SELECT (EXTRACT(EPOCH FROM subject::timestamptz) * 1000000)::int8 AS at, done_at, due FROM job WHERE kind = $1) j",
        &[&EVERY_MINUTE],
    )?;
    let [minutes, firings, first, last, undone]: [i64; 5] =
        [row.get(0), row.get(1), row.get(2), row.get(3), row.get(4)];
    let counted = client.query_one("SELECT fired FROM timer WHERE name = $1", &[&EVERY_MINUTE])?.get::<_, i64>(0);
    let expected = if minutes == 0 { 0 } else { (last - first) / MINUTE_US + 1 };
    let again = firings.max(counted) - minutes;
    Ok([minutes, again, (expected - minutes) + undone].map(i64::cast_unsigned))
}
