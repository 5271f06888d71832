//! The power is cut under load. Promise: acknowledged is kept, once, as it was, also when a part of the unsynced writes reached the
//! disk or a sync failed. Control: with syncing off the same cuts must lose data, or nothing is shown.
//!
//! A cut is `kill -9` of a process that runs with `shim/powerloss.c` preloaded; what it goes on with afterwards is the shadow folder,
//! which holds what was synced and nothing else.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::ledger::{Database, Found, compare};
use super::{Args, Promise, mix};
use crate::rig::{Rig, copy, signal, summary};

/// How long a life lasts, in milliseconds.
const LIVES_MS: (u64, u64) = (60, 900);
/// Cuts of a control: it loses data at the first.
const CONTROL_CUTS: u32 = 3;
/// Every so many syncs one fails.
const FAIL_EVERY: u32 = 41;

/// What a cut leaves beyond what was synced, and what else goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    /// Nothing.
    Clean,
    /// Of each file a random part of the unsynced writes, the last of them perhaps torn.
    Torn,
    /// Syncs fail now and then, and what they were to sync is gone.
    Failing,
    /// The store does not sync: the control.
    Unsynced,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    use Power::{Clean, Failing, Torn, Unsynced};
    let mut promises = Vec::new();
    for (power, name) in [
        (Clean, "power, store: acknowledged is kept through power cuts"),
        (Torn, "power, store: also when part of the unsynced writes is there"),
        (Failing, "power, store: also when syncs fail"),
        (Unsynced, "control, store: without syncing the cuts lose data"),
    ] {
        promises.push(promise(args, power, name, store(args, power)?));
    }
    if !args.store {
        for (power, name) in [
            (Clean, "power, server: acknowledged is kept through power cuts"),
            (Torn, "power, server: also when part of the unsynced writes is there"),
            (Unsynced, "control, server: without syncing the cuts lose data"),
        ] {
            promises.push(promise(args, power, name, server(args, power)?));
        }
    }
    Ok(promises)
}

fn promise(args: &Args, power: Power, name: &'static str, found: Found) -> Promise {
    let Found { acknowledged, lost, doubled, wrong } = found;
    let kept = lost + doubled + wrong == 0;
    let met = acknowledged > 0 && if power == Power::Unsynced { lost > 0 } else { kept };
    let more = match json!({"cuts": cuts(args, power)}) {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    Promise { name, tried: acknowledged, lost, doubled, wrong, seed: args.seed, met, more }
}

fn cuts(args: &Args, power: Power) -> u32 {
    if power == Power::Unsynced { CONTROL_CUTS } else { args.kills }
}

/// A folder whose power can be cut.
pub(super) struct Bench {
    pub(super) data: PathBuf,
    shadow: PathBuf,
    shim: PathBuf,
    power: Power,
    /// The one call that fails, from 1.
    pub(super) fail_call: Option<u32>,
    random: u64,
}

impl Bench {
    pub(super) fn new(dir: &Path, power: Power, seed: u64) -> anyhow::Result<Self> {
        fs::create_dir_all(dir)?;
        let shim = dir.join("powerloss.so");
        let built = Command::new("cc")
            .args(["-O2", "-Wall", "-shared", "-fPIC", "-o"])
            .args([&shim, &crate::root().join("xtask/shim/powerloss.c")])
            .args(["-ldl", "-lpthread"])
            .status()
            .context("cc")?;
        ensure!(built.success(), "the shim does not compile");
        let bench = Self {
            data: dir.join("data"),
            shadow: dir.join("shadow"),
            shim,
            power,
            fail_call: None,
            random: mix(seed),
        };
        empty(&bench.data)?;
        empty(&bench.shadow)?;
        Ok(bench)
    }

    /// Environment of a process of which the shadow folder keeps what it syncs.
    pub(super) fn env(&self) -> Vec<(&'static str, PathBuf)> {
        let mut env = vec![("POWER_ROOT", self.data.clone()), ("POWER_SHADOW", self.shadow.clone())];
        env.push(("LD_PRELOAD", self.shim.clone()));
        if self.power == Power::Failing {
            env.push(("POWER_FAIL_SYNC", FAIL_EVERY.to_string().into()));
        }
        if let Some(call) = self.fail_call {
            env.push(("POWER_FAIL_CALL", call.to_string().into()));
        }
        env
    }

    fn sync(&self) -> &'static str {
        if self.power == Power::Unsynced { "off" } else { "full" }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.random = mix(self.random);
        self.random % end
    }

    fn live(&mut self) {
        let ms = LIVES_MS.0 + self.below(LIVES_MS.1 - LIVES_MS.0);
        std::thread::sleep(Duration::from_millis(ms));
    }

    /// After the process was killed: what the disk holds is what there is.
    pub(super) fn cut(&mut self) -> anyhow::Result<()> {
        if self.power == Power::Torn {
            self.tear()?;
        }
        remove(&self.shadow.join(".pending"))?;
        empty(&self.data)?;
        copy(&self.shadow, &self.data)
    }

    /// What a process that ran to its end has left is on the disk.
    pub(super) fn settle(&self) -> anyhow::Result<()> {
        empty(&self.shadow)?;
        copy(&self.data, &self.shadow)
    }

    fn tear(&mut self) -> anyhow::Result<()> {
        let pending = self.shadow.join(".pending");
        if !pending.exists() {
            return Ok(());
        }
        let mut journals = fs::read_dir(pending)?.collect::<Result<Vec<_>, _>>()?;
        journals.sort_by_key(fs::DirEntry::file_name);
        for journal in journals {
            let writes = writes(&fs::read(journal.path())?);
            if writes.is_empty() {
                continue;
            }
            let name = journal.file_name().to_string_lossy().replace('%', "/");
            let kept = self.below(writes.len() as u64 + 1) as usize;
            let torn = self.below(8) * 512;
            let to = File::options().create(true).truncate(false).write(true).open(self.shadow.join(name))?;
            play(&to, &writes[..kept])?;
            // sectors of the next one
            if let Some(Write { at, bytes: Some(bytes) }) = writes.get(kept) {
                let some = bytes[..bytes.len().min(torn as usize)].to_vec();
                play(&to, &[Write { at: *at, bytes: Some(some) }])?;
            }
        }
        Ok(())
    }
}

/// One record of a journal: bytes at a place, or a new length.
struct Write {
    at: u64,
    bytes: Option<Vec<u8>>,
}

/// Whole records of a journal; the last may have been cut.
fn writes(mut journal: &[u8]) -> Vec<Write> {
    let mut writes = Vec::new();
    while let Some((head, rest)) = journal.split_at_checked(24) {
        let word = |i: usize| u64::from_ne_bytes(head[i * 8..i * 8 + 8].try_into().expect("eight bytes"));
        let (kind, at, len) = (word(0), word(1), word(2) as usize);
        let Some((bytes, after)) = rest.split_at_checked(len) else { break };
        writes.push(Write { at, bytes: (kind == 1).then(|| bytes.to_vec()) });
        journal = after;
    }
    writes
}

fn play(to: &File, writes: &[Write]) -> anyhow::Result<()> {
    use std::os::unix::fs::FileExt;
    for write in writes {
        match &write.bytes {
            Some(bytes) => to.write_all_at(bytes, write.at)?,
            None => to.set_len(write.at)?,
        }
    }
    Ok(())
}

pub(super) fn remove(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

pub(super) fn empty(folder: &Path) -> anyhow::Result<()> {
    remove(folder)?;
    Ok(fs::create_dir_all(folder)?)
}

fn bar(power: Power, what: &str, cuts: u32) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{prefix:24} {bar:30} {pos}/{len} cuts")?;
    Ok(ProgressBar::new(u64::from(cuts)).with_style(style).with_prefix(format!("power, {what}, {power:?}")))
}

pub(super) fn kill(mut child: Child) -> anyhow::Result<()> {
    child.kill()?;
    child.wait()?;
    Ok(())
}

// ---------------------------------------------------------------------------------------------------------------- the store

/// The store alone: a program that writes numbered telegrams and prints each number once it is acknowledged.
fn store(args: &Args, power: Power) -> anyhow::Result<Found> {
    let (target, example) = (crate::rig::target(), crate::rig::example("telegrams")?);
    let dir = target.join("rig/power-store");
    remove(&dir)?;
    fs::create_dir_all(&dir)?;
    let program = dir.join("telegrams");
    fs::copy(example, &program)?;
    let mut bench = Bench::new(&dir, power, args.seed)?;
    let database = bench.data.join("store.db");
    let bar = bar(power, "store", cuts(args, power))?;
    let (mut acked, mut found) = (HashSet::new(), Found::default());
    let mut first = 1;
    for _ in 0..cuts(args, power) {
        let numbers = write(&mut bench, &program, &database, first)?;
        bench.cut()?;
        acked.extend(numbers);
        let whole = Command::new(&program).arg("check").arg(&database).status()?.success();
        let there = look(&database)?;
        found.wrong += u64::from(!whole) + there.wrong;
        found.doubled += there.doubled;
        let gone: HashSet<i64> = acked.difference(&there.numbers).copied().collect();
        found.lost += gone.len() as u64;
        // each loss counts once
        acked.retain(|n| !gone.contains(n));
        // numbers handed out and never answered must not come again
        first = acked.iter().chain(&there.numbers).max().copied().unwrap_or(first) + 1_000_000;
        bench.settle()?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    found.acknowledged = acked.len() as u64 + found.lost;
    Ok(found)
}

/// One life of the program; the numbers acknowledged in it.
fn write(bench: &mut Bench, program: &Path, database: &Path, first: i64) -> anyhow::Result<Vec<i64>> {
    let mut command = Command::new(program);
    command.arg("write").arg(database).args([bench.sync(), &first.to_string()]);
    let log = File::create(bench.data.with_file_name("log"))?;
    let mut child = command.envs(bench.env()).stdout(Stdio::piped()).stderr(log).spawn()?;
    let out = BufReader::new(child.stdout.take().context("piped")?);
    let listener = std::thread::spawn(move || out.lines().map_while(Result::ok).collect::<Vec<String>>());
    bench.live();
    kill(child)?;
    let lines = listener.join().ok().context("the listener")?;
    lines.iter().map(|line| line.parse().with_context(|| format!("the program said {line:?}"))).collect()
}

/// What is in the database.
pub(super) struct There {
    pub(super) numbers: HashSet<i64>,
    pub(super) doubled: u64,
    pub(super) wrong: u64,
}

pub(super) fn look(database: &Path) -> anyhow::Result<There> {
    let db = Connection::open(database)?;
    let mut rows = db.prepare(
        "SELECT CAST(CAST(t.raw AS TEXT) AS INTEGER), length(t.raw), r.value, r.version FROM telegram t \
         LEFT JOIN reading r ON r.block = 0 AND r.point = CAST(CAST(t.raw AS TEXT) AS INTEGER) % 50 AND r.kind = 0 \
         AND r.at = CAST(CAST(t.raw AS TEXT) AS INTEGER)",
    )?;
    let mut rows = rows.query([])?;
    let (mut there, mut doubled, mut wrong) = (HashSet::new(), 0, 0);
    while let Some(row) = rows.next()? {
        let (n, length): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (value, version): (Option<String>, Option<i64>) = (row.get(2)?, row.get(3)?);
        doubled += u64::from(!there.insert(n));
        wrong += u64::from(length != 500 || value != Some(n.to_string()) || version != Some(1));
    }
    Ok(There { numbers: there, doubled, wrong })
}

// --------------------------------------------------------------------------------------------------------------- the server

/// The whole server, loaded by the simulator.
fn server(args: &Args, power: Power) -> anyhow::Result<Found> {
    let mut rig = Rig::new("power-server", 200, 15)?;
    let mut bench = Bench::new(&rig.dir, power, args.seed)?;
    rig.env = bench.env();
    rig.config_more = format!("[store]\nsync = \"{}\"\n", bench.sync());
    rig.start()?;
    rig.wait()?;
    let (ledger, seed) = (rig.dir.join("ledger"), args.seed.to_string());
    let load = ["--stations", "200", "--connections", "20", "--rate", "1000", "--duration", "1000000", "--seed", &seed];
    let mut simulator = rig.simulate(&load).args(["--repeat", "0.01", "--log"]).arg(&ledger).spawn()?;
    let lived = server_lives(&mut rig, &mut bench, cuts(args, power));
    if lived.is_err() {
        simulator.kill()?;
        simulator.wait()?;
    }
    lived?;
    signal("-INT", simulator.id())?;
    summary(simulator)?;
    rig.kill()?;
    bench.cut()?;
    // first: where nothing at all was kept it makes the tables, and all is lost
    let whole = rig.command(&["check", "--config"]).arg(rig.config()).stdout(Stdio::null()).status()?.success();
    let mut found = compare(&ledger, &Database::File(rig.database()))?;
    found.wrong += u64::from(!whole);
    Ok(found)
}

fn server_lives(rig: &mut Rig, bench: &mut Bench, cuts: u32) -> anyhow::Result<()> {
    let bar = bar(bench.power, "server", cuts)?;
    for _ in 0..cuts {
        // until the simulator is back
        std::thread::sleep(Duration::from_millis(700));
        bench.live();
        rig.kill()?;
        bench.cut()?;
        rig.start()?;
        rig.wait()?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    std::thread::sleep(Duration::from_secs(1));
    Ok(())
}
