//! The disk is full, at one place after another. Promise: the program says so, with what and where; nothing is acknowledged that is
//! not kept; once there is room a server goes on by itself, and a command that failed succeeds when it is run again.
//!
//! Each place has a disk of its own, a small file system in memory mounted where the program writes. Mounting takes root; without
//! it nothing is tried, and the promise is not met.

mod small;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ledger::{Database, Found, compare, control};
use super::lines::line::{Line, Telegram};
use super::{Args, Promise, more};
use crate::rig::{Rig, signal, summary};
use small::{Small, unmount_under};

/// Stations under load, and one beyond them that is probed.
const STATIONS: usize = 100;
/// Telegrams a second where the load is not what fills the disk.
const RATE: &str = "300";
/// What is to happen happens by then, or does not.
const WAIT: Duration = Duration::from_secs(40);
/// The mover tries again after a minute.
const MOVER_WAIT: Duration = Duration::from_secs(100);
/// A telegram of three days ago moves into the history.
const OLD_S: i64 = 3 * 86_400;
/// Old telegrams of one second each.
const OLD: i64 = 40;

/// One place: what is tried there, and what was acknowledged meanwhile, if anything was.
struct Place {
    name: &'static str,
    run: fn(&Bench) -> anyhow::Result<Option<Found>>,
}

const PLACES: &[Place] = &[
    Place { name: "the store's log while telegrams come", run: store_log },
    Place { name: "the database file alone, when the log is brought back into it", run: checkpoint },
    Place { name: "the bound of free room, before the disk is full", run: bound },
    Place { name: "the program's own log", run: own_log },
    Place { name: "the program's own log and the data on one disk", run: own_log_and_data },
    Place { name: "the second place of the audit, while serving", run: second_place },
    Place { name: "the history's files, while serving", run: history_files },
    Place { name: "the history's table, at the first start", run: history_table },
    Place { name: "the log of the history's table", run: history_log },
    Place { name: "a merge of the history", run: merge },
    Place { name: "the first start", run: first_start },
    Place { name: "the first start, half-way through the tables", run: half_a_start },
    Place { name: "a later start", run: later_start },
    Place { name: "audit.key", run: audit_key },
    Place { name: "vault.key", run: vault_key },
    Place { name: "backup", run: backup },
    Place { name: "export", run: export },
    Place { name: "restore", run: restore },
    Place { name: "import", run: import },
];

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    unmount_under(&crate::rig::target().join("rig/full"))?;
    let bench = Bench { rig: Rig::new("full", STATIONS + 1, 15)?, seed: args.seed };
    let mut broken = Vec::new();
    let mut sum = Found::default();
    let mut tried = 0;
    if let Err(error) = Small::mount(&bench.rig.dir.join("try"), 64) {
        eprintln!("NOT TRIED: no small disk can be mounted here, which takes root: {error:#}");
    } else {
        let style = ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} {msg}")?;
        let bar = ProgressBar::new(PLACES.len() as u64).with_style(style).with_prefix("full");
        for place in PLACES {
            bar.set_message(place.name);
            tried += 1;
            match (place.run)(&bench) {
                Ok(found) => {
                    let found = found.unwrap_or_default();
                    sum.acknowledged += found.acknowledged;
                    sum.lost += found.lost;
                    sum.doubled += found.doubled;
                    sum.wrong += found.wrong;
                }
                Err(error) => {
                    bar.suspend(|| eprintln!("{}: {error:#}", place.name));
                    broken.push(place.name);
                }
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    let promise = |name, tried, [lost, doubled, wrong]: [u64; 3], met, figures| Promise {
        name,
        tried,
        lost,
        doubled,
        wrong,
        seed: args.seed,
        met,
        more: more(figures),
    };
    let all = tried == PLACES.len() as u64;
    let names: Vec<&str> = PLACES.iter().map(|place| place.name).collect();
    let mut promises = vec![
        promise(
            "disk full at every place: it says so, and goes on once there is room",
            tried,
            [0, 0, broken.len() as u64],
            all && broken.is_empty(),
            json!({"places": names.join("; "), "broken": broken.join("; ")}),
        ),
        promise(
            "disk full: acknowledged is kept, once, as sent",
            sum.acknowledged,
            [sum.lost, sum.doubled, sum.wrong],
            all && sum.acknowledged > 0 && sum.lost + sum.doubled + sum.wrong == 0,
            json!({}),
        ),
    ];
    if all {
        let (rig, ledger) = (bench.rig.sibling("log-and-data"), bench.ledger("log-and-data"));
        let found = compare(&ledger, &Database::File(rig.data().with_extension("kept")))?;
        let seen = control(&ledger, &rig.data().with_extension("kept"), &bench.rig.dir.join("spoilt.db"))?;
        let beyond = [seen.lost - found.lost, seen.doubled - found.doubled, seen.wrong - found.wrong];
        let name = "control, disk full: a copy spoilt in three places is seen";
        promises.push(promise(name, 3, beyond, beyond == [1, 1, 1], json!({})));
    }
    Ok(promises)
}

struct Bench {
    rig: Rig,
    seed: u64,
}

impl Bench {
    fn ledger(&self, name: &str) -> PathBuf {
        self.rig.dir.join(format!("ledger-{name}"))
    }

    /// A server with a data folder of its own; the guard of the disk does not watch.
    fn server(&self, name: &str) -> Rig {
        let mut rig = self.rig.sibling(name);
        rig.config_more = "[store]\ndisk_free_min_mb = 0\n".into();
        rig
    }

    fn load(&self, rig: &Rig, name: &str, rate: &str) -> anyhow::Result<Load> {
        let (stations, seed) = (STATIONS.to_string(), self.seed.to_string());
        let mut command = rig.simulate(&["--stations", &stations, "--connections", "10", "--rate", rate]);
        command.args(["--duration", "1000000", "--seed", &seed, "--repeat", "0.01", "--log"]).arg(self.ledger(name));
        Ok(Load(Some(command.spawn()?)))
    }

    /// The end of a place that was under load: all that was acknowledged is there, and all is whole.
    fn kept(&self, rig: &mut Rig, load: Load, name: &str) -> anyhow::Result<Option<Found>> {
        recovers(rig, self.seed)?;
        // the simulator sends again what was refused, ten seconds after
        std::thread::sleep(Duration::from_secs(1));
        load.end()?;
        rig.stop()?;
        whole(rig)?;
        Ok(Some(compare(&self.ledger(name), &Database::File(rig.database()))?))
    }
}

/// A running simulator; killed when something went wrong before its end.
struct Load(Option<Child>);

impl Load {
    fn end(mut self) -> anyhow::Result<Value> {
        let child = self.0.take().context("it runs")?;
        signal("-INT", child.id())?;
        summary(child)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // it may have ended already
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn until(limit: Duration, what: &str, mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let begun = Instant::now();
    while !holds()? {
        ensure!(begun.elapsed() < limit, "not within {} s: {what}", limit.as_secs());
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Waits for a line of the log with all of these words, while something goes on.
fn says(
    rig: &Rig,
    words: &[&str],
    limit: Duration,
    mut meanwhile: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let log = rig.log();
    until(limit, &format!("a line with {words:?} in {}", log.display()), || {
        meanwhile()?;
        let text = fs::read_to_string(&log)?;
        Ok(text.lines().any(|line| words.iter().all(|word| line.contains(word))))
    })
}

/// Waits until the interface says that new data is being made durable, or is not.
fn writable(rig: &Rig, is: bool, mut meanwhile: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
    until(WAIT, &format!("\"writable\":{is} in the health"), || {
        meanwhile()?;
        let mut stream = TcpStream::connect(rig.http)?;
        stream.set_read_timeout(Some(WAIT))?;
        write!(stream, "GET /api/v1/system/health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", rig.http)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.contains(&format!("\"writable\":{is}")))
    })
}

/// A telegram is acknowledged again, without anybody having done anything.
fn recovers(rig: &Rig, seed: u64) -> anyhow::Result<()> {
    let mut second = Timestamp::now().as_second() - 3_600;
    until(WAIT, "a telegram is acknowledged", || {
        second += 1;
        let probe = Telegram::new(STATIONS, second, seed)?;
        let mut line = Line::open(rig.hj212)?;
        line.send(&probe.frame)?;
        line.answered(&probe.qn, Duration::from_secs(2))
    })
}

fn whole(rig: &Rig) -> anyhow::Result<()> {
    let checked = rig.command(&["check", "--config"]).arg(rig.config()).output()?;
    ensure!(checked.status.success(), "check: {}", String::from_utf8_lossy(&checked.stdout));
    Ok(())
}

/// A command fails on a full disk with these words, and succeeds with room.
fn fails_then_succeeds(small: &Small, words: &[&str], run: impl Fn() -> anyhow::Result<Output>) -> anyhow::Result<()> {
    small.fill(0)?;
    let failed = run()?;
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    ensure!(!failed.status.success(), "it succeeds on a full disk");
    told(&said, words)?;
    small.free()?;
    let again = run()?;
    ensure!(again.status.success(), "with room: {}", String::from_utf8_lossy(&again.stderr));
    Ok(())
}

fn told(said: &str, words: &[&str]) -> anyhow::Result<()> {
    let full = said.contains("disk is full") || said.contains("No space left on device");
    ensure!(full && words.iter().all(|word| said.contains(word)), "the disk is full at {words:?}, and it says: {said}");
    ensure!(!said.contains("panicked"), "it panics: {said}");
    Ok(())
}

/// A server that cannot start says why, and starts with room.
fn starts_with_room(rig: &mut Rig, small: &Small, words: &[&str]) -> anyhow::Result<()> {
    let config = rig.configure()?;
    let mut serve = rig.command(&["serve", "--config"]);
    let output = serve.arg(config).stdin(Stdio::null()).output()?;
    ensure!(!output.status.success(), "it starts on a full disk");
    told(&String::from_utf8_lossy(&output.stderr), words)?;
    small.free()?;
    rig.start()?;
    rig.wait()?;
    recovers(rig, 1)?;
    rig.stop()?;
    whole(rig)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

// ------------------------------------------------------------------------------------------------------------- while serving

fn store_log(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server("store-log");
    let small = Small::mount(&rig.data(), 96 << 10)?;
    rig.start()?;
    rig.wait()?;
    let load = bench.load(&rig, "store-log", RATE)?;
    std::thread::sleep(Duration::from_secs(2));
    let database = text(&rig.database());
    says(&rig, &["nothing of this group was kept", "database or disk is full", &database], WAIT, || small.fill(0))?;
    says(&rig, &["not kept, not acknowledged", "disk is full"], WAIT, || small.fill(0))?;
    writable(&rig, false, || small.fill(0))?;
    small.free()?;
    writable(&rig, true, || Ok(()))?;
    bench.kept(&mut rig, load, "store-log")
}

fn checkpoint(bench: &Bench) -> anyhow::Result<Option<Found>> {
    // the log lies beside the name, on a disk with room
    let mut rig = bench.server("checkpoint");
    // telegrams without a pause are of years ago, and what has moved would look lost in this file
    rig.config_more = "[history]\nhot_days = 0\n".into();
    rig.start()?;
    rig.wait()?;
    rig.stop()?;
    let mut small = Small::mount(&rig.dir.join("checkpoint"), 512 << 10)?;
    small.put_over(&rig.database())?;
    small.fill(0)?;
    rig.start()?;
    rig.wait()?;
    let load = bench.load(&rig, "checkpoint", "max")?;
    let log = text(&rig.database().with_extension("db-wal"));
    // what is in the log is durable: telegrams go on being acknowledged, until the log is too long for too long
    says(&rig, &["the log cannot be shortened", "full", &log], WAIT, || small.fill(0))?;
    let long = fs::metadata(&log)?.len();
    small.free()?;
    until(WAIT, "the log is brought back into the file", || Ok(fs::metadata(&log)?.len() < long / 2))?;
    recovers(&rig, bench.seed)?;
    load.end()?;
    rig.stop()?;
    whole(&rig)?;
    Ok(Some(compare(&bench.ledger("checkpoint"), &Database::File(rig.database()))?))
}

fn bound(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server("bound");
    rig.config_more = "[store]\ndisk_free_min_mb = 32\n".into();
    let small = Small::mount(&rig.data(), 96 << 10)?;
    rig.start()?;
    rig.wait()?;
    let load = bench.load(&rig, "bound", RATE)?;
    std::thread::sleep(Duration::from_secs(1));
    small.fill(24 << 20)?;
    says(&rig, &["little room is left on the disk", &text(&rig.data())], WAIT, || Ok(()))?;
    recovers(&rig, bench.seed).context("low, and not yet full")?;
    small.fill(6 << 20)?;
    says(&rig, &["no telegram and no evidence is taken", &text(&rig.data())], WAIT, || Ok(()))?;
    says(&rig, &["not kept, not acknowledged", "nothing is taken below 8 MiB"], WAIT, || Ok(()))?;
    small.free()?;
    bench.kept(&mut rig, load, "bound")
}

fn own_log(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server("own-log");
    let small = Small::mount(&rig.dir.join("own-log"), 64 << 10)?;
    rig.log_at = Some(rig.dir.join("own-log/server.log"));
    // much to say: each statement is slow
    rig.config_more += "slow_ms = 0\n";
    rig.start()?;
    rig.wait()?;
    let load = bench.load(&rig, "own-log", RATE)?;
    std::thread::sleep(Duration::from_secs(1));
    small.fill(0)?;
    std::thread::sleep(Duration::from_secs(2));
    // no word finds room, and every telegram is taken
    recovers(&rig, bench.seed).context("with a log that is full")?;
    small.free()?;
    let length = fs::metadata(rig.log())?.len();
    until(WAIT, "it writes its log again", || Ok(fs::metadata(rig.log())?.len() > length))?;
    bench.kept(&mut rig, load, "own-log")
}

fn own_log_and_data(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server("log-and-data");
    let small = Small::mount(&rig.data(), 96 << 10)?;
    rig.log_at = Some(rig.data().join("server.log"));
    rig.start()?;
    rig.wait()?;
    let load = bench.load(&rig, "log-and-data", RATE)?;
    std::thread::sleep(Duration::from_secs(2));
    // the log cannot say it; the interface can
    writable(&rig, false, || small.fill(0))?;
    for _ in 0..30 {
        small.fill(0)?;
        std::thread::sleep(Duration::from_millis(100));
    }
    writable(&rig, false, || small.fill(0))?;
    small.free()?;
    writable(&rig, true, || Ok(()))?;
    let found = bench.kept(&mut rig, load, "log-and-data")?;
    // for the control, which comes when the disk is gone
    fs::copy(rig.database(), rig.data().with_extension("kept"))?;
    Ok(found)
}

fn second_place(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server("second-place");
    let small = Small::mount(&rig.dir.join("second-place"), 64)?;
    let copy = rig.dir.join("second-place/roots");
    rig.config_more += &format!("[audit]\ncopy = {}\n", json!(copy));
    rig.start()?;
    rig.wait()?;
    rig.stop()?;
    // nobody waits for the full hour
    rusqlite::Connection::open(rig.database())?.execute("UPDATE timer SET due = 0 WHERE name = 'seal'", [])?;
    small.fill(0)?;
    rig.start()?;
    rig.wait()?;
    says(&rig, &["work did not go well", "seal", "No space left on device", &text(&copy)], WAIT, || Ok(()))?;
    recovers(&rig, bench.seed).context("while the second place is full")?;
    small.free()?;
    until(WAIT, "the second place catches up", || Ok(fs::metadata(&copy).is_ok_and(|file| file.len() > 0)))?;
    rig.stop()?;
    whole(&rig)?;
    Ok(None)
}

// ------------------------------------------------------------------------------------------------------------- the history

/// A store with telegrams of three days ago, from so many rounds of work.
fn with_old(bench: &Bench, name: &str, more: &str) -> anyhow::Result<Rig> {
    let mut rig = bench.server(name);
    rig.config_more += "[history]\nhot_days = 0\n";
    rig.start()?;
    rig.wait()?;
    old(&rig, bench.seed, 0)?;
    rig.stop()?;
    rig.config_more = rig.config_more.replace("hot_days = 0\n", more);
    rig.configure()?;
    Ok(rig)
}

fn old(rig: &Rig, seed: u64, round: i64) -> anyhow::Result<()> {
    let mut line = Line::open(rig.hj212)?;
    let from = Timestamp::now().as_second() - OLD_S + round * OLD;
    for second in from..from + OLD {
        let telegram = Telegram::new(STATIONS, second, seed)?;
        line.send(&telegram.frame)?;
        ensure!(line.answered(&telegram.qn, WAIT)?, "an old telegram is not acknowledged");
    }
    Ok(())
}

fn history(rig: &Rig, what: &[&str]) -> anyhow::Result<Output> {
    Ok(rig.command(&["history", "--config"]).arg(rig.config()).args(what).output()?)
}

/// Readings that lie in the history, which must be whole.
fn moved(rig: &Rig) -> anyhow::Result<u64> {
    let checked = history(rig, &["check"])?;
    ensure!(checked.status.success(), "history check: {}", String::from_utf8_lossy(&checked.stdout));
    let listed = history(rig, &["list"])?;
    let lines = String::from_utf8(listed.stdout)?;
    let rows = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    let readings = rows.iter().filter(|row| row["part"] == "reading");
    Ok(readings.filter_map(|row| row["rows"].as_u64()).sum())
}

/// All of the old readings have moved: five to a telegram.
fn all_moved(rig: &Rig, rounds: i64) -> anyhow::Result<()> {
    let (moved, sent) = (moved(rig)?, (OLD * rounds * 5).cast_unsigned());
    ensure!(moved == sent, "{moved} readings in the history, {sent} were acknowledged");
    whole(rig)
}

fn history_files(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let place = bench.rig.dir.join("history-files");
    let set = format!("hot_days = 1\nevery_s = 1\nurl = {}\n", json!(place));
    let mut rig = with_old(bench, "history-files", &set)?;
    let small = Small::mount(&place, 2 << 10)?;
    rig.start()?;
    rig.wait()?;
    // the first look for what is old comes a second later
    says(&rig, &["the history does not go on", "No space left on device"], WAIT, || small.fill(0))?;
    recovers(&rig, bench.seed).context("while the history is full")?;
    small.free()?;
    says(&rig, &["moved into the history"], MOVER_WAIT, || Ok(()))?;
    rig.stop()?;
    all_moved(&rig, 1)?;
    Ok(None)
}

fn history_table(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server("history-table");
    let place = rig.dir.join("history-table");
    rig.config_more += &format!("[history]\nurl = {}\n", json!(place));
    let small = Small::mount(&place, 2 << 10)?;
    small.fill(0)?;
    starts_with_room(&mut rig, &small, &[&text(&place)])?;
    Ok(None)
}

fn history_log(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let rig = with_old(bench, "history-log", "hot_days = 1\n")?;
    let log = rig.data().join("history/_delta_log");
    // the table itself is made before its log has a disk of its own
    ensure!(history(&rig, &["move", "--hot-days", "3650"])?.status.success(), "no table");
    let kept: Vec<_> = fs::read_dir(&log).into_iter().flatten().collect::<Result<Vec<_>, _>>()?;
    let texts = kept.iter().map(|e| Ok((e.file_name(), fs::read(e.path())?))).collect::<anyhow::Result<Vec<_>>>()?;
    let small = Small::mount(&log, 1 << 10)?;
    for (name, bytes) in texts {
        fs::write(log.join(name), bytes)?;
    }
    fails_then_succeeds(&small, &[], || history(&rig, &["move"]))?;
    all_moved(&rig, 1)?;
    Ok(None)
}

fn merge(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let place = bench.rig.dir.join("merge");
    let mut rig = with_old(bench, "merge", &format!("hot_days = 0\nurl = {}\n", json!(place)))?;
    let small = Small::mount(&place, 4 << 10)?;
    let move_now = |rig: &Rig| -> anyhow::Result<()> {
        let moved = history(rig, &["move", "--hot-days", "1"])?;
        ensure!(moved.status.success(), "move: {}", String::from_utf8_lossy(&moved.stderr));
        Ok(())
    };
    rig.config_more = rig.config_more.replace("hot_days = 0\n", "hot_days = 365\n");
    rig.configure()?;
    move_now(&rig)?;
    rig.start()?;
    rig.wait()?;
    old(&rig, bench.seed, 1)?;
    rig.stop()?;
    move_now(&rig)?;
    fails_then_succeeds(&small, &[], || history(&rig, &["compact"]))?;
    all_moved(&rig, 2)?;
    Ok(None)
}

// ------------------------------------------------------------------------------------------------------------- starts

fn first_start(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server("first-start");
    let small = Small::mount(&rig.data(), 32 << 10)?;
    small.fill(0)?;
    let database = text(&rig.database());
    starts_with_room(&mut rig, &small, &[&database])?;
    Ok(None)
}

fn half_a_start(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server("half-a-start");
    let small = Small::mount(&rig.data(), 32 << 10)?;
    // room for the first tables and not for all
    small.fill(200 << 10)?;
    let database = text(&rig.database());
    starts_with_room(&mut rig, &small, &[&database])?;
    Ok(None)
}

fn later_start(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server("later-start");
    let small = Small::mount(&rig.data(), 64 << 10)?;
    rig.start()?;
    rig.wait()?;
    let load = bench.load(&rig, "later-start", RATE)?;
    std::thread::sleep(Duration::from_secs(1));
    load.end()?;
    rig.stop()?;
    small.fill(0)?;
    let database = text(&rig.database());
    starts_with_room(&mut rig, &small, &[&database])?;
    Ok(Some(compare(&bench.ledger("later-start"), &Database::File(rig.database()))?))
}

fn key(bench: &Bench, name: &str, section: &str) -> anyhow::Result<Option<Found>> {
    let mut rig = bench.server(name);
    let small = Small::mount(&rig.dir.join(name), 64)?;
    let file = rig.dir.join(name).join("the.key");
    rig.config_more += &format!("[{section}]\nkey_file = {}\n", json!(file));
    small.fill(0)?;
    starts_with_room(&mut rig, &small, &[&format!("{section}.key_file"), &text(&file)])?;
    Ok(None)
}

fn audit_key(bench: &Bench) -> anyhow::Result<Option<Found>> {
    key(bench, "audit-key", "audit")
}

fn vault_key(bench: &Bench) -> anyhow::Result<Option<Found>> {
    key(bench, "vault-key", "vault")
}

// ------------------------------------------------------------------------------------------------------------- commands

/// A store with something in it that nobody serves, and a small disk beside it.
fn at_rest(bench: &Bench, name: &str, kib: u64) -> anyhow::Result<(Rig, Small, PathBuf)> {
    let mut rig = bench.server(name);
    rig.start()?;
    rig.wait()?;
    let load = bench.load(&rig, name, RATE)?;
    std::thread::sleep(Duration::from_secs(1));
    load.end()?;
    rig.stop()?;
    let place = rig.dir.join(format!("{name}-to"));
    Ok((rig, Small::mount(&place, kib)?, place))
}

/// Makes the copy into a full disk, then with room; gives what the ledger finds in the copy.
fn copied(bench: &Bench, name: &str, what: &[&str], to: &Path) -> anyhow::Result<Rig> {
    let (rig, small, place) = at_rest(bench, name, 64 << 10)?;
    let to = place.join(to);
    let said = text(&place);
    fails_then_succeeds(&small, &[&said], || {
        Ok(rig.command(what).arg("--config").arg(rig.config()).arg(&to).output()?)
    })?;
    // what was copied must serve: it is put back into another folder
    let other = bench.server(&format!("{name}-back"));
    other.configure()?;
    let back = if to.is_dir() { "import" } else { "restore" };
    let output = other.command(&[back, "--config"]).arg(other.config()).arg(&to).output()?;
    ensure!(output.status.success(), "{back}: {}", String::from_utf8_lossy(&output.stderr));
    whole(&other)?;
    Ok(other)
}

fn backup(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let back = copied(bench, "backup", &["backup"], Path::new("copy.db"))?;
    Ok(Some(compare(&bench.ledger("backup"), &Database::File(back.database()))?))
}

fn export(bench: &Bench) -> anyhow::Result<Option<Found>> {
    let back = copied(bench, "export", &["export"], Path::new("archive"))?;
    Ok(Some(compare(&bench.ledger("export"), &Database::File(back.database()))?))
}

/// A copy of a store is put into a full disk, then into one with room.
fn put_back(bench: &Bench, name: &str, make: &str, put: &str) -> anyhow::Result<Option<Found>> {
    let (rig, _unused, _) = at_rest(bench, name, 64)?;
    let copy = rig.dir.join(format!("{name}-copy"));
    let made = rig.command(&[make, "--config"]).arg(rig.config()).arg(&copy).output()?;
    ensure!(made.status.success(), "{make}: {}", String::from_utf8_lossy(&made.stderr));
    let other = bench.server(&format!("{name}-back"));
    other.configure()?;
    let small = Small::mount(&other.data(), 64 << 10)?;
    let said = text(&other.data());
    fails_then_succeeds(&small, &[&said], || {
        Ok(other.command(&[put, "--config"]).arg(other.config()).arg(&copy).output()?)
    })?;
    whole(&other)?;
    Ok(Some(compare(&bench.ledger(name), &Database::File(other.database()))?))
}

fn restore(bench: &Bench) -> anyhow::Result<Option<Found>> {
    put_back(bench, "restore", "backup", "restore")
}

fn import(bench: &Bench) -> anyhow::Result<Option<Found>> {
    put_back(bench, "import", "export", "import")
}
