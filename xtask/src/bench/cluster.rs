//! The same plans in one process, on one executor and on two, over the made history of 105 million readings: the answers must be
//! equal to the last bit, also when an executor is killed while the job runs. On one machine a cluster only costs; what it costs is
//! shown.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::scan::{self, Answerer, number};
use super::{Figure, Goal, Lab, median};

/// Whole questions of `measure ask`.
const QUESTIONS: [(&str, &str); 2] = [("statistics", "statistics of a month"), ("year", "every point, a year")];

/// A node, ended with its owner.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

fn scheduler(program: &Path) -> anyhow::Result<(Node, String)> {
    let mut child = Command::new(program).arg("scheduler").stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut address = String::new();
    BufReader::new(child.stdout.take().context("piped")?).read_line(&mut address)?;
    Ok((Node(child), address.trim().to_owned()))
}

/// Starts executors with so many slots each, and gives them time to register.
fn executors(program: &Path, address: &str, count: usize, slots: &str) -> anyhow::Result<Vec<Node>> {
    let start = |_| {
        let mut command = Command::new(program);
        let child = command.args(["executor", address, slots]).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        Ok(Node(child))
    };
    let nodes = (0..count).map(start).collect::<anyhow::Result<Vec<Node>>>()?;
    sleep(Duration::from_secs(2));
    Ok(nodes)
}

fn client(program: &Path, folder: &Path, engine: &str) -> anyhow::Result<Answerer> {
    let mut command = Command::new(program);
    command.arg("ask").arg(folder).args([engine, "2"]);
    Answerer::start(command)
}

fn rounds(lab: &Lab, client: &mut Answerer, question: &str) -> anyhow::Result<(f64, Value)> {
    let (mut ms, mut digest) = (Vec::new(), Value::Null);
    for round in 0..=lab.rounds {
        let answer = client.ask(question)?;
        ensure!(round == 0 || answer["digest"] == digest, "{question}: one engine gave two answers");
        digest = answer["digest"].clone();
        if round > 0 {
            ms.push(number(&answer, "ms")?);
        }
    }
    Ok((median(ms), digest))
}

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let program = scan::program(lab)?;
    let folder = scan::made(lab, &program)?;
    let (mut figures, mut equal) = (Vec::new(), true);
    let mut here = Vec::new();
    lab.bar.set_length(8);
    let shown = |name: String, ms: f64| Figure::new(&name, "ms", ms, None, Goal::Shown {});
    let mut embedded = client(&program, &folder, "")?;
    for (question, what) in QUESTIONS {
        lab.bar.set_message(format!("{question}, in one process"));
        let (ms, digest) = rounds(lab, &mut embedded, question)?;
        figures.push(shown(format!("cluster, {what}, in one process"), ms));
        here.push((ms, digest));
        lab.bar.inc(1);
    }
    drop(embedded);
    for (count, slots) in [(1, "2"), (2, "1")] {
        let (_scheduler, address) = scheduler(&program)?;
        let _executors = executors(&program, &address, count, slots)?;
        let mut client = client(&program, &folder, &format!("ballista://{address}"))?;
        for ((question, what), (_, digest)) in QUESTIONS.into_iter().zip(&here) {
            lab.bar.set_message(format!("{question}, {count} executors"));
            let (ms, there) = rounds(lab, &mut client, question)?;
            equal &= there == *digest;
            figures.push(shown(format!("cluster, {what}, executors: {count}"), ms));
            lab.bar.inc(1);
        }
    }
    let (killed, ms) = killed(lab, &program, &folder, &here[1])?;
    figures.push(shown("cluster, every point, a year, one of two executors killed".to_owned(), ms));
    let as_number = f64::from(u8::from(equal && killed));
    figures.push(Figure::new("cluster-equal", "1 is equal", as_number, None, Goal::Ours { ours_at_least: 1.0 }));
    Ok(figures)
}

/// Kills one of two executors in the middle of a job. Whether the answer was the same, and how long it took.
fn killed(lab: &Lab, program: &Path, folder: &Path, (ms, digest): &(f64, Value)) -> anyhow::Result<(bool, f64)> {
    let (_scheduler, address) = scheduler(program)?;
    let mut nodes = executors(program, &address, 2, "1")?;
    let mut client = client(program, folder, &format!("ballista://{address}"))?;
    lab.bar.set_message("killing an executor");
    client.put("year")?;
    sleep(Duration::from_millis((ms * 0.5) as u64));
    nodes.pop();
    let answer = client.take()?;
    lab.bar.inc(1);
    Ok((answer["digest"] == *digest, number(&answer, "ms")?))
}

/// Our side answers in processes of its own, those of `crates/query`.
pub(super) fn measure(args: &[String]) -> anyhow::Result<()> {
    scan::measure(args)
}
