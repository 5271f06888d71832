//! One call to the disk fails, the first, the second and so on, and the power is cut afterwards. Promise: acknowledged is kept, once, as it
//! was, whether the file was being made, opened or written; the next start needs no hand.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::power::{Bench, Power, empty, kill, look, remove};
use super::{Args, Promise, more};
use crate::rig::copy;

/// Once the call has failed the program goes on for so long: what it does then counts too.
const AFTER: Duration = Duration::from_millis(80);
/// A call that has not come by then does not come.
const COMES_IN: Duration = Duration::from_secs(5);
/// What the program that is tried begins to count at.
const FIRST: i64 = 1;

/// In which state the file is when the program starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Nothing,
    /// A file with telegrams, as a cut has left it, with a log.
    Filled,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let promises = [
        (From::Nothing, "a call to the disk fails while a store is made and written"),
        (From::Filled, "a call to the disk fails while a store is opened and written"),
    ];
    promises.into_iter().map(|(from, name)| tried(args, from, name)).collect()
}

fn tried(args: &Args, from: From, name: &'static str) -> anyhow::Result<Promise> {
    let example = crate::rig::example("telegrams")?;
    let dir = crate::rig::target().join("rig/calls");
    remove(&dir)?;
    fs::create_dir_all(&dir)?;
    let program = dir.join("telegrams");
    fs::copy(example, &program)?;
    let mut bench = Bench::new(&dir, Power::Clean, args.seed)?;
    let database = bench.data.join("store.db");
    let mut before: HashSet<i64> = HashSet::new();
    let filled = dir.join("filled");
    if from == From::Filled {
        let (numbers, _) = life(&bench, &program, &database, FIRST, Duration::from_secs(1))?;
        bench.cut()?;
        before.extend(numbers);
        copy(&bench.data, &filled)?;
    }
    let style = ProgressStyle::with_template("{prefix:24} {bar:30} {pos}/{len} calls")?;
    let bar = ProgressBar::new(u64::from(args.calls)).with_style(style).with_prefix(format!("calls, {from:?}"));
    let (mut acknowledged, mut lost, mut doubled, mut wrong, mut reached, mut ended) = (0, 0, 0, 0, 0_u64, 0_u64);
    for call in 1..=args.calls {
        empty(&bench.data)?;
        if from == From::Filled {
            copy(&filled, &bench.data)?;
        }
        bench.settle()?;
        bench.fail_call = Some(call);
        let first = before.iter().max().map_or(FIRST, |last| last + 1_000_000);
        let (numbers, how) = life(&bench, &program, &database, first, COMES_IN)?;
        reached += u64::from(how.reached);
        ended += u64::from(how.ended);
        bench.cut()?;
        let acked: HashSet<i64> = before.iter().copied().chain(numbers).collect();
        // the next start, without the fault: it makes what is not there
        let whole = Command::new(&program).arg("check").arg(&database).stderr(Stdio::null()).status()?.success();
        let there = look(&database)?;
        acknowledged += acked.len() as u64;
        lost += acked.difference(&there.numbers).count() as u64;
        doubled += there.doubled;
        wrong += there.wrong + u64::from(!whole);
        bar.inc(1);
    }
    bar.finish_and_clear();
    ensure!(reached > 0, "no call has failed: the shim is not there");
    Ok(Promise {
        name,
        tried: acknowledged,
        lost,
        doubled,
        wrong,
        seed: args.seed,
        met: lost + doubled + wrong == 0 && reached == u64::from(args.calls),
        more: more(json!({"calls": args.calls, "reached": reached, "ended_by_itself": ended})),
    })
}

#[derive(Default)]
struct How {
    /// The call has come, and failed.
    reached: bool,
    /// The program has ended by itself.
    ended: bool,
}

/// One life of the program; the numbers acknowledged in it.
fn life(
    bench: &Bench,
    program: &Path,
    database: &Path,
    first: i64,
    longest: Duration,
) -> anyhow::Result<(Vec<i64>, How)> {
    let log = bench.data.with_file_name("log");
    let mut command = Command::new(program);
    command.arg("write").arg(database).args(["full", &first.to_string()]);
    let mut child = command.envs(bench.env()).stdout(Stdio::piped()).stderr(File::create(&log)?).spawn()?;
    let out = BufReader::new(child.stdout.take().context("piped")?);
    let listener = std::thread::spawn(move || out.lines().map_while(Result::ok).collect::<Vec<String>>());
    let (begun, mut how) = (Instant::now(), How::default());
    while begun.elapsed() < longest && !how.reached && !how.ended {
        std::thread::sleep(Duration::from_millis(5));
        how.ended = child.try_wait()?.is_some();
        how.reached = fs::read_to_string(&log)?.contains("powerloss: call");
    }
    if how.reached && !how.ended {
        std::thread::sleep(AFTER);
        how.ended = child.try_wait()?.is_some();
    }
    kill(child)?;
    let lines = listener.join().ok().context("the listener")?;
    let numbers = lines.iter().map(|line| line.parse().with_context(|| format!("the program said {line:?}")));
    Ok((numbers.collect::<anyhow::Result<_>>()?, how))
}
