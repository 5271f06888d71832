//! Telegrams kept and acknowledged a second: the real server and the simulator on the same machine, closed loop.
//!
//! Each step is a fresh server and some connections with some unanswered telegrams each, five seconds of warming up, then
//! twenty that count. The step with the highest rate is reported; all steps go to standard error with the CPU seconds of server
//! and generator, so that one sees what limits.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Value, json};

use super::{Figure, Goal, Lab};
use crate::rig::{Rig, cpu_seconds, summary};

const STATIONS: usize = 4_000;
const VALUES: usize = 15;
const WARM_UP_S: u64 = 5;
const STEP_S: u64 = 20;
/// Connections, and unanswered telegrams on each.
const STEPS: [(usize, usize); 5] = [(16, 32), (32, 64), (64, 64), (64, 256), (256, 64)];

struct Step {
    rate: f64,
    p99_ms: f64,
    /// CPU seconds a second.
    server: f64,
    generator: f64,
}

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let mut rig = Rig::new("ingest", STATIONS, VALUES)?;
    lab.bar.set_length(STEPS.len() as u64);
    let mut best: Option<Step> = None;
    for (connections, window) in STEPS {
        lab.bar.set_message(format!("{connections} connections, window {window}"));
        let step = step(&mut rig, connections, window)?;
        lab.bar.inc(1);
        if best.as_ref().is_none_or(|b| step.rate > b.rate) {
            best = Some(step);
        }
    }
    let best = best.context("at least one step")?;
    let ours = |name: &str, unit, figure, goal| Figure::new(name, unit, figure, None, goal);
    let at_least = |n| Goal::Ours { ours_at_least: n };
    Ok(vec![
        ours("ingest, acknowledged telegrams", "telegrams/s", best.rate, at_least(10_000.0)),
        ours("ingest, acknowledged readings", "readings/s", best.rate * VALUES as f64, at_least(150_000.0)),
        ours("ingest, reply p99", "ms", best.p99_ms, Goal::AtMost { ours_at_most: 2_000.0 }),
        ours("ingest, per CPU second of the server", "telegrams", best.rate / best.server, Goal::Shown {}),
        ours("ingest, per CPU second of the generator", "telegrams", best.rate / best.generator, Goal::Shown {}),
    ])
}

fn step(rig: &mut Rig, connections: usize, window: usize) -> anyhow::Result<Step> {
    rig.wipe()?;
    rig.start()?;
    rig.wait()?;
    let numbers = [STATIONS, VALUES, connections, window].map(|n| n.to_string());
    let [stations, values, connections_text, window_text] = &numbers;
    let (warm_up, duration) = (WARM_UP_S.to_string(), (WARM_UP_S + STEP_S).to_string());
    let load = ["--stations", stations, "--factors", values, "--connections", connections_text, "--rate", "max"];
    let more = ["--window", window_text, "--warm-up", &warm_up, "--duration", &duration];
    let simulator = rig.simulate(&load).args(more).spawn()?;
    let used = |rig: &Rig| anyhow::Ok([cpu_seconds(rig.pid()?)?, cpu_seconds(simulator.id())?]);
    sleep(Duration::from_secs(WARM_UP_S));
    let before = used(rig)?;
    // the last look comes a little before the simulator ends
    let seconds = STEP_S as f64 - 0.5;
    sleep(Duration::from_secs_f64(seconds));
    let after = used(rig)?;
    let said = summary(simulator)?;
    rig.stop()?;
    let number = |value: &Value, what: &str| value.as_f64().with_context(|| format!("no {what} in {said}"));
    let step = Step {
        rate: number(&said["rate"], "rate")?,
        p99_ms: number(&said["latency_ms"]["p99"], "p99")?,
        server: (after[0] - before[0]) / seconds,
        generator: (after[1] - before[1]) / seconds,
    };
    let (server, generator) = (step.server, step.generator);
    eprintln!(
        "{}",
        json!({"step": "ingest", "connections": connections, "window": window, "rate": step.rate,
            "latency_ms": said["latency_ms"], "unanswered": said["unanswered"],
            "server_cpu": server, "generator_cpu": generator})
    );
    Ok(step)
}

/// Nothing to time by itself: both sides are processes already.
pub(super) fn measure(_: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("ingest is measured from outside")
}
