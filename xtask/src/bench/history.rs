//! A year of one station by the minute, kept hot, half moved, moved but for the hot window as delivered, and wholly moved: how soon a
//! curve of one factor over the year comes, and how many bytes a reading takes once it has moved. Wall time of the store alone, what a
//! page waits for.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Figure, Goal, Lab};
use crate::postgres::Cluster;

/// A page that shows a curve shall have it in this time, in milliseconds, nineteen times of twenty.
const CURVE_MS: f64 = 300.0;
/// Bytes of a reading, with when and by which telegram it came.
const READING_BYTES: f64 = 2.5;

/// Where the year lies: name in the program's answer, and in words.
const STATES: [(&str, &str); 4] = [
    ("hot", "hot"),
    ("mixed", "half moved, restated"),
    ("window", "moved but for 90 days, restated"),
    ("history", "moved"),
];

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let program = crate::rig::example("year")?;
    let dir = lab.dir.join("history");
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    let cluster = Cluster::start()?;
    let mut figures = Vec::new();
    lab.bar.set_length(2);
    for (engine, address) in
        [("SQLite", dir.join("year.db").display().to_string()), ("PostgreSQL", cluster.database("year")?)]
    {
        lab.bar.set_message(engine);
        let said = ask(&program, &address, &dir.join(engine), lab.rounds)?;
        for (state, what) in STATES {
            let of = |asked: &str| said[state][asked]["p95"].as_f64().context("a time");
            let curve = format!("curve of one factor, a year by minute, {what}, {engine}");
            figures.push(Figure::new(&curve, "ms, p95", of("curve")?, None, Goal::AtMost { ours_at_most: CURVE_MS }));
            let days = format!("daily figures of one factor, a year by minute, {what}, {engine}");
            figures.push(Figure::new(&days, "ms, p95", of("days")?, None, Goal::Shown {}));
        }
        let number = |value: &Value| value.as_f64().context("a number");
        let (readings, bytes) = (number(&said["readings"])?, &said["bytes"]);
        let each = (number(&bytes["reading"])? + number(&bytes["arrival"])?) / readings;
        let goal = Goal::AtMost { ours_at_most: READING_BYTES };
        figures.push(Figure::new(&format!("history, {engine}"), "bytes a reading, merged", each, None, goal));
        let raw = number(&bytes["telegram"])? / number(&said["telegrams"])?;
        figures.push(Figure::new(
            &format!("history, telegrams, {engine}"),
            "bytes a telegram",
            raw,
            None,
            Goal::Shown {},
        ));
        let moved = number(&said["moved_per_s"])?;
        figures.push(Figure::new(&format!("mover, {engine}"), "readings/s", moved, None, Goal::Shown {}));
        lab.bar.inc(1);
    }
    Ok(figures)
}

fn ask(program: &Path, address: &str, folder: &Path, rounds: u32) -> anyhow::Result<Value> {
    std::fs::create_dir_all(folder)?;
    let output =
        Command::new(program).arg(address).arg(folder).arg(rounds.to_string()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "year {address}: {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Nothing to time by itself: the example is a process already.
pub(super) fn measure(_: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("the history is measured from outside")
}
