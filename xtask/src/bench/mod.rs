//! Benchmarks: ours and a peer alternate in one run on generated data.
//!
//! Both sides are whole processes and are charged their CPU seconds, start and reading included, because wall time depends on
//! neighbours. A figure is the median of the rounds. Peers are short scripts of ours in `bench/` over packages installed by name
//! into a throw-away environment under the target folder.

mod air_year;
mod cluster;
mod evaluate_air;
mod eye;
mod history;
mod hj212;
mod ingest;
mod report;
mod scan;
mod store;
mod water_report;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::Serialize;

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which; all when none is named
    names: Vec<String>,
    /// One JSON line per figure on standard output instead of a table
    #[arg(long)]
    json: bool,
    /// Rounds; each figure is their median
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(5..))]
    rounds: u32,
}

/// What one process is timed for.
#[derive(Debug, clap::Args)]
pub struct Measure {
    /// Of which benchmark
    name: String,
    /// Its arguments
    args: Vec<String>,
}

/// One benchmark.
struct Bench {
    name: &'static str,
    /// Gives the figures.
    run: fn(&Lab) -> anyhow::Result<Vec<Figure>>,
    /// Our side, in a process of its own.
    measure: fn(&[String]) -> anyhow::Result<()>,
}

const BENCHES: &[Bench] = &[
    Bench { name: "hj212", run: hj212::run, measure: hj212::measure },
    Bench { name: "evaluate-air", run: evaluate_air::run, measure: evaluate_air::measure },
    Bench { name: "air-year", run: air_year::run, measure: air_year::measure },
    Bench { name: "ingest", run: ingest::run, measure: ingest::measure },
    Bench { name: "store", run: store::run, measure: store::measure },
    Bench { name: "history", run: history::run, measure: history::measure },
    Bench { name: "scan", run: scan::run, measure: scan::measure },
    Bench { name: "report", run: water_report::run, measure: water_report::measure },
    Bench { name: "eye", run: eye::run, measure: eye::measure },
    Bench { name: "cluster", run: cluster::run, measure: cluster::measure },
];

/// One line of the report.
#[derive(Debug, Clone, Serialize)]
struct Figure {
    name: String,
    /// Our figure, in `unit`.
    ours: f64,
    /// The peer's, when there is one.
    peer: Option<f64>,
    peer_name: Option<String>,
    /// Ours over the peer's.
    ratio: Option<f64>,
    unit: &'static str,
    goal: Goal,
    met: bool,
}

/// What a figure is to reach.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum Goal {
    Ours {
        ours_at_least: f64,
    },
    Ratio {
        ratio_at_least: f64,
    },
    AtMost {
        ours_at_most: f64,
    },
    /// Said beside the others, without a goal of its own.
    Shown {},
}

impl Figure {
    fn new(name: &str, unit: &'static str, ours: f64, peer: Option<(f64, &str)>, goal: Goal) -> Self {
        let ratio = peer.map(|(peer, _)| ours / peer);
        let met = match goal {
            Goal::Ours { ours_at_least } => ours >= ours_at_least,
            Goal::Ratio { ratio_at_least } => ratio.is_some_and(|r| r >= ratio_at_least),
            Goal::AtMost { ours_at_most } => ours <= ours_at_most,
            Goal::Shown {} => true,
        };
        let (peer, peer_name) = peer.map_or((None, None), |(figure, name)| (Some(figure), Some(name.to_owned())));
        Self { name: name.to_owned(), ours, peer, peer_name, ratio, unit, goal, met }
    }
}

/// Where benchmarks work, and how they are timed.
struct Lab {
    /// Folder for generated data and environments.
    dir: PathBuf,
    root: PathBuf,
    rounds: u32,
    bar: ProgressBar,
}

/// Runs them.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    ensure!(!cfg!(debug_assertions), "a benchmark of an unoptimised build says nothing; use --release");
    for name in &args.names {
        ensure!(BENCHES.iter().any(|b| b.name == name), "no benchmark {name:?}; there are {}", names());
    }
    let root = crate::root();
    let lab = Lab::open(root.clone(), args.rounds)?;
    let mut figures = Vec::new();
    for bench in BENCHES.iter().filter(|b| args.names.is_empty() || args.names.iter().any(|n| n == b.name)) {
        lab.bar.set_prefix(bench.name);
        let got = (bench.run)(&lab).with_context(|| format!("benchmark {}", bench.name))?;
        if args.json {
            for figure in &got {
                println!("{}", serde_json::to_string(figure)?);
            }
        }
        figures.extend(got);
    }
    lab.bar.finish_and_clear();
    if !args.json {
        print!("{}", report::table(&figures));
    }
    report::write(&root.join("docs/ref/performance.md"), &figures)?;
    Ok(if figures.iter().all(|f| f.met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn names() -> String {
    BENCHES.iter().map(|b| b.name).collect::<Vec<_>>().join(", ")
}

/// Our side of a benchmark, in this process.
pub fn measure(what: &Measure) -> anyhow::Result<()> {
    let bench = BENCHES.iter().find(|b| b.name == what.name).context("no such benchmark")?;
    (bench.measure)(&what.args)
}

impl Lab {
    fn open(root: PathBuf, rounds: u32) -> anyhow::Result<Self> {
        let exe = std::env::current_exe()?;
        let dir = exe.parent().context("the program lies in a folder")?.join("bench");
        fs::create_dir_all(&dir)?;
        // drawn on standard error, and only on a terminal
        let bar =
            ProgressBar::new(0).with_style(ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} {msg}")?);
        bar.enable_steady_tick(Duration::from_millis(200));
        Ok(Self { dir, root, rounds, bar })
    }

    /// A Python script of `bench/` over packages installed by name.
    fn python(&self, script: &str, packages: &[&str], args: &[&Path]) -> anyhow::Result<Command> {
        let python = if packages.is_empty() { PathBuf::from("python3") } else { self.environment(script, packages)? };
        let mut command = Command::new(python);
        command.arg(self.root.join("bench").join(script)).args(args);
        Ok(command)
    }

    fn environment(&self, script: &str, packages: &[&str]) -> anyhow::Result<PathBuf> {
        let dir = self.dir.join(format!("{script}.venv"));
        let python = dir.join("bin/python");
        let ready = dir.join("ready");
        if !ready.exists() {
            self.bar.set_message(format!("installing {}", packages.join(" ")));
            quiet(Command::new("python3").args(["-m", "venv"]).arg(&dir))?;
            quiet(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
            fs::write(ready, packages.join("\n"))?;
        }
        Ok(python)
    }

    /// Runs each side once per round, turn by turn, after one turn that is not counted. Median CPU seconds of each.
    fn alternate(&self, mut sides: BTreeMap<&str, Command>) -> anyhow::Result<BTreeMap<String, f64>> {
        let mut spent: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        self.bar.set_length(u64::from(self.rounds + 1) * sides.len() as u64);
        self.bar.set_position(0);
        for round in 0..=self.rounds {
            for (name, command) in &mut sides {
                self.bar.set_message((*name).to_owned());
                let seconds = cpu_seconds(command)?;
                if round > 0 {
                    spent.entry((*name).to_owned()).or_default().push(seconds);
                }
                self.bar.inc(1);
            }
        }
        Ok(spent.into_iter().map(|(name, seconds)| (name, median(seconds))).collect())
    }
}

/// Our side as a process.
fn ours(name: &str, args: &[&Path]) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("measure").arg(name).args(args);
    Ok(command)
}

/// CPU seconds, user and system, of one run of a command.
fn cpu_seconds(command: &mut Command) -> anyhow::Result<f64> {
    let before = children()?;
    quiet(command)?;
    Ok(children()? - before)
}

/// CPU seconds of all children that have ended.
fn children() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6)
}

fn quiet(command: &mut Command) -> anyhow::Result<()> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    match of.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => of[n / 2],
        n => f64::midpoint(of[n / 2 - 1], of[n / 2]),
    }
}

/// Numbers that are the same on every machine (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to below `n`.
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_figure_knows_whether_it_met_its_goal() {
        let met = |ours, peer, goal| Figure::new("x", "u", ours, peer, goal).met;
        assert!(met(10.0, None, Goal::Ours { ours_at_least: 10.0 }));
        assert!(met(10.0, Some((2.0, "p")), Goal::Ratio { ratio_at_least: 5.0 }));
        assert!(!met(9.0, Some((2.0, "p")), Goal::Ratio { ratio_at_least: 5.0 }));
        assert!(!met(9.0, None, Goal::Ratio { ratio_at_least: 5.0 }));
    }
}
