//! Scans of 105 million made readings, ours and DuckDB over the same files with two threads each, both already running: every
//! point of a month by day, one series of a year by hour.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Figure, Goal, Lab, median, quiet};

/// 20 stations of 10 points, a value a minute for a year: 105,120,000.
const STATIONS: &str = "20";
const POINTS: &str = "10";
const DAYS: &str = "365";
const THREADS: &str = "2";

/// A process that answers questions.
pub(super) struct Answerer {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Answerer {
    pub(super) fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let questions = child.stdin.take().context("piped")?;
        let answers = BufReader::new(child.stdout.take().context("piped")?);
        Ok(Self { child, questions, answers })
    }

    /// Hands a question over.
    pub(super) fn put(&mut self, question: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.questions, "{question}")?)
    }

    /// Waits for its answer.
    pub(super) fn take(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        ensure!(self.answers.read_line(&mut line)? > 0, "it ended: {:?}", self.child.try_wait()?);
        Ok(serde_json::from_str(&line)?)
    }

    pub(super) fn ask(&mut self, question: &str) -> anyhow::Result<Value> {
        self.put(question)?;
        self.take()
    }
}

impl Drop for Answerer {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

pub(super) fn number(answer: &Value, name: &str) -> anyhow::Result<f64> {
    answer[name].as_f64().with_context(|| format!("{name} in {answer}"))
}

/// Builds the measuring program of `crates/query`; gives where it lies.
pub(super) fn program(lab: &Lab) -> anyhow::Result<PathBuf> {
    lab.bar.set_message("building the query engine, which takes long the first time");
    crate::rig::example("measure")
}

/// The made history; made once.
pub(super) fn made(lab: &Lab, program: &Path) -> anyhow::Result<PathBuf> {
    let folder = lab.dir.join("scan-105m");
    if !folder.join("files.tsv").exists() {
        lab.bar.set_message("making 105 million readings");
        std::fs::create_dir_all(&folder)?;
        quiet(Command::new(program).arg("make").arg(&folder).args([STATIONS, POINTS, DAYS, "1"]))?;
    }
    Ok(folder)
}

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let program = program(lab)?;
    let folder = made(lab, &program)?;
    let mut command = Command::new(&program);
    command.arg("ask").arg(&folder).args(["", THREADS]);
    let mut ours = Answerer::start(command)?;
    let mut peer =
        Answerer::start(lab.python("scan_peer.py", &["duckdb", "numpy"], &[&folder, Path::new(THREADS)])?)?;
    let mut figures = Vec::new();
    lab.bar.set_length(2 * u64::from(lab.rounds + 1));
    for (question, what) in [("month", "whole network, a month by day"), ("series", "one series, a year by hour")] {
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..=lab.rounds {
            lab.bar.set_message(question);
            let (a, b) = (ours.ask(question)?, peer.ask(question)?);
            same(&a, &b)?;
            if round > 0 {
                mine.push(number(&a, "ms")?);
                theirs.push(number(&b, "ms")?);
            }
            lab.bar.inc(1);
        }
        let per_second = |ms: Vec<f64>| 1_000.0 / median(ms);
        let name = format!("history scan of 105 M rows, {what}");
        let goal = Goal::Ratio { ratio_at_least: 1.0 / 1.2 };
        figures.push(Figure::new(&name, "scans/s", per_second(mine), Some((per_second(theirs), "DuckDB")), goal));
    }
    Ok(figures)
}

/// Both must have seen the same values.
fn same(a: &Value, b: &Value) -> anyhow::Result<()> {
    ensure!(a["rows"] == b["rows"] && a["n"] == b["n"], "{a} is not {b}");
    let (mine, theirs) = (number(a, "mean")?, number(b, "mean")?);
    ensure!((mine - theirs).abs() <= 1e-9 * mine.abs(), "{a} is not {b}");
    Ok(())
}

/// Our side answers in a process of its own, that of `crates/query`.
pub(super) fn measure(_: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("this benchmark measures the program of crates/query")
}
