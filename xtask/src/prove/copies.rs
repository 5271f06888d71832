//! The store is copied while stations send and a person logs in, and each copy is put into an empty place. Promise: whatever was
//! acknowledged before the copy was begun is in it, once, as sent; what is restored has in every table what the copy has, and the
//! audit's chain ends with the digest that the original has at that place.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use rusqlite::Connection;
use serde_json::json;
use shanshui_store::Store;
use shanshui_store::transfer::Manifest;

use super::ledger::{Database, Found, Kept, compare_up_to};
use super::{Args, Promise, more};
use crate::http::log_in;
use crate::postgres::{Cluster, connect};
use crate::rig::{Rig, signal, summary};

/// Stations under load, telegrams a second, values in each.
const STATIONS: usize = 500;
const RATE: &str = "500";
const FACTORS: usize = 15;
const LOGIN: &str = "copies";
const PASSWORD: &str = "seven kettles hum at dusk";
/// Between two logins.
const LOGS_IN_EVERY: Duration = Duration::from_millis(300);
/// Load before the first copy, and at least so much between two.
const BETWEEN: Duration = Duration::from_secs(1);

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Sqlite,
    Postgres,
}

/// By which way a store is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// `shanshui backup`: of a file another file, of a server an archive.
    Backup,
    /// `shanshui export`.
    Export,
}

/// Every way from an engine into another.
const WAYS: [(Engine, &[(By, Engine)]); 2] = [
    (Engine::Sqlite, &[(By::Backup, Engine::Sqlite), (By::Export, Engine::Sqlite), (By::Export, Engine::Postgres)]),
    (Engine::Postgres, &[(By::Backup, Engine::Postgres), (By::Export, Engine::Sqlite)]),
];

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let cluster = Cluster::start()?;
    let (mut all, mut control) = (Vec::new(), None);
    for (engine, ways) in WAYS {
        let Tried { copies, control: seen } = of(args, engine, ways, &cluster)?;
        all.extend(copies);
        control = control.or(seen);
    }
    let sum = |of: fn(&Copied) -> u64| all.iter().map(of).sum::<u64>();
    let found = |of: fn(&Found) -> u64| all.iter().map(|copy| of(&copy.found)).sum::<u64>();
    let [tried, lost, doubled] =
        [found(|f| f.acknowledged), found(|f| f.lost) + sum(|c| c.logins_lost), found(|f| f.doubled)];
    let wrong = found(|f| f.wrong) + sum(|c| c.invented);
    let idle = all.iter().filter(|copy| copy.meanwhile == 0).count();
    let kept = Promise {
        name: "copied under load: acknowledged before is in the copy, once, as sent",
        tried,
        lost,
        doubled,
        wrong,
        seed: args.seed,
        met: tried > 0 && lost + doubled + wrong == 0 && idle == 0,
        more: more(json!({"copies": all.len(), "ways": WAYS.map(|(_, ways)| ways.len()).iter().sum::<usize>(),
            "acknowledged_meanwhile": sum(|c| c.meanwhile), "least_meanwhile": all.iter().map(|c| c.meanwhile).min(),
            "logins": sum(|c| c.logins)})),
    };
    let (tables, wrong) = (sum(|c| c.tables), sum(|c| c.tables_wrong) + sum(|c| c.chains_wrong));
    let restored = Promise {
        name: "copied under load: what is restored has every table of the copy and the original's chain",
        tried: tables,
        lost: 0,
        doubled: 0,
        wrong,
        seed: args.seed,
        met: tables > 0 && wrong == 0,
        more: more(json!({"copies": all.len(), "rows": sum(|c| c.rows), "audit_entries": sum(|c| c.entries)})),
    };
    let seen = control.context("no copy of a file to spoil")?;
    let control = Promise {
        name: "control, copies: a restored store spoilt in two places is seen",
        tried: 3,
        lost: 0,
        doubled: 0,
        wrong: seen,
        seed: args.seed,
        met: seen == 3,
        more: more(json!({})),
    };
    Ok(vec![kept, restored, control])
}

/// What one copy has shown.
struct Copied {
    found: Found,
    /// Telegrams in it that nobody has sent.
    invented: u64,
    /// Telegrams acknowledged between its beginning and its end.
    meanwhile: u64,
    /// Logins before it was begun, and those of them that its audit does not have.
    logins: u64,
    logins_lost: u64,
    tables: u64,
    rows: u64,
    /// Tables of which the restored store has another digest.
    tables_wrong: u64,
    entries: u64,
    /// 1 when the audit ends in another digest than the original's at that place, or the restored store is not whole.
    chains_wrong: u64,
}

struct Tried {
    copies: Vec<Copied>,
    /// Faults seen in a copy that was spoilt on purpose; none when nothing could be spoilt.
    control: Option<u64>,
}

/// What is known of a copy before the load has ended.
struct Taken {
    /// Length of the ledger when it was begun and when it was made.
    begun: u64,
    made: u64,
    logins: u64,
    copied: BTreeMap<String, (u64, String)>,
    restored: BTreeMap<String, (u64, String)>,
    kept: Kept,
    audit: Audit,
    whole: bool,
}

fn of(args: &Args, engine: Engine, ways: &[(By, Engine)], cluster: &Cluster) -> anyhow::Result<Tried> {
    let name = if engine == Engine::Sqlite { "copies" } else { "copies-server" };
    let mut rig = Rig::new(name, STATIONS, FACTORS)?;
    let vault = json!(rig.dir.join("vault.key"));
    let settings = format!("vault.key_file = {vault}\nauth.second_factor = \"nobody\"\n");
    let (source, database) = match engine {
        Engine::Sqlite => (Database::File(rig.database()), String::new()),
        Engine::Postgres => {
            let url = cluster.database("copied")?;
            (Database::Server(url.clone()), format!("database = {}\n", json!(url)))
        }
    };
    rig.config_more = format!("{database}{settings}");
    rig.start()?;
    rig.wait()?;
    person(&rig)?;
    let ledger = rig.dir.join("ledger");
    let (stations, seed) = (STATIONS.to_string(), args.seed.to_string());
    let load =
        ["--stations", &stations, "--connections", "50", "--rate", RATE, "--duration", "1000000", "--seed", &seed];
    let mut simulator = rig.simulate(&load).args(["--repeat", "0.01", "--log"]).arg(&ledger).spawn()?;
    let (logins, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    let at = rig.http;
    let taken = std::thread::scope(|scope| {
        let person = scope.spawn(|| logs_in(at, &logins, &ended));
        let taken = take(args, &rig, &settings, ways, cluster, &ledger, &logins);
        ended.store(true, Ordering::Relaxed);
        person.join().ok().context("the person panicked")??;
        taken
    });
    signal("-INT", simulator.id())?;
    if taken.is_err() {
        simulator.kill()?;
        simulator.wait()?;
    }
    let taken = taken?;
    summary(simulator)?;
    rig.stop()?;
    let of_file = taken.iter().rev().find_map(|(taken, file)| Some((taken, file.as_ref()?)));
    let control = of_file.map(|(taken, file)| spoilt(taken, file, &ledger)).transpose()?;
    let copies = taken.into_iter().map(|(taken, _)| judged(taken, &ledger, &source));
    Ok(Tried { copies: copies.collect::<anyhow::Result<_>>()?, control })
}

/// Somebody who may log in and nothing else.
fn person(rig: &Rig) -> anyhow::Result<()> {
    let mut put = rig.command(&["user", "--config"]);
    put.arg(rig.config()).args(["put", LOGIN, "--name-zh", LOGIN, "--name-en", LOGIN]);
    let mut child = put.stdin(Stdio::piped()).spawn()?;
    writeln!(child.stdin.take().context("piped")?, "{PASSWORD}")?;
    ensure!(child.wait()?.success(), "no person to log in");
    Ok(())
}

fn logs_in(at: std::net::SocketAddr, logins: &AtomicU64, ended: &AtomicBool) -> anyhow::Result<()> {
    while !ended.load(Ordering::Relaxed) {
        log_in(at, LOGIN, PASSWORD, "127.0.0.1")?;
        logins.fetch_add(1, Ordering::Release);
        std::thread::sleep(LOGS_IN_EVERY);
    }
    Ok(())
}

/// Copies again and again, and puts each copy into an empty place. The last one restored into a file is left there, for the control to
/// spoil.
fn take(
    args: &Args,
    rig: &Rig,
    settings: &str,
    ways: &[(By, Engine)],
    cluster: &Cluster,
    ledger: &Path,
    logins: &AtomicU64,
) -> anyhow::Result<Vec<(Taken, Option<PathBuf>)>> {
    let style = ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} copies")?;
    let bar = ProgressBar::new(u64::from(args.copies)).with_style(style).with_prefix("copies");
    let mut all: Vec<(Taken, Option<PathBuf>)> = Vec::new();
    let mut left: Option<PathBuf> = None;
    for (n, (by, into)) in ways.iter().cycle().take(args.copies as usize).enumerate() {
        std::thread::sleep(BETWEEN);
        let mut place = rig.sibling(&format!("copy-{n}"));
        let url = match into {
            Engine::Sqlite => None,
            Engine::Postgres => Some(cluster.database("restored")?),
        };
        let database = url.as_ref().map_or_else(String::new, |url| format!("database = {}\n", json!(url)));
        place.config_more = format!("{database}{settings}");
        let config = place.configure()?;
        let copy = rig.dir.join(format!("taken-{n}"));
        let verb = if *by == By::Backup { "backup" } else { "export" };
        let count = logins.load(Ordering::Acquire);
        let begun = fs::metadata(ledger)?.len();
        done(rig, &[verb, "--config"], &[&rig.config(), &copy])?;
        let made = fs::metadata(ledger)?.len();
        let verb = if *by == By::Backup { "restore" } else { "import" };
        done(rig, &[verb, "--config"], &[&config, &copy])?;
        let whole = rig.command(&["check", "--config"]).arg(&config).output()?.status.success();
        let restored = url.map_or_else(|| Database::File(place.database()), Database::Server);
        all.push((
            Taken {
                begun,
                made,
                logins: count,
                copied: tables_of_copy(&copy)?,
                restored: tables(&restored)?,
                kept: restored.read()?,
                audit: audit(&restored, None)?,
                whole,
            },
            (*into == Engine::Sqlite).then(|| place.database()),
        ));
        remove(&copy)?;
        let done_with = if *into == Engine::Sqlite { left.replace(place.data()) } else { Some(place.data()) };
        done_with.as_deref().map_or(Ok(()), remove)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(all)
}

fn done(rig: &Rig, args: &[&str], paths: &[&Path]) -> anyhow::Result<()> {
    let output = rig.command(args).args(paths).output()?;
    ensure!(output.status.success(), "{}: {}", args[0], String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn judged(taken: Taken, ledger: &Path, source: &Database) -> anyhow::Result<Copied> {
    let (found, invented) = compare_up_to(ledger, Some(taken.begun), &taken.kept)?;
    let (until, _) = compare_up_to(ledger, Some(taken.made), &taken.kept)?;
    let original = audit(source, Some(taken.audit.seq))?;
    Ok(Copied {
        found,
        invented,
        meanwhile: until.acknowledged - found.acknowledged,
        logins: taken.logins,
        logins_lost: taken.logins.saturating_sub(taken.audit.logins),
        tables: taken.copied.len() as u64,
        rows: taken.restored.values().map(|(rows, _)| rows).sum(),
        tables_wrong: differing(&taken.copied, &taken.restored),
        entries: taken.audit.seq,
        chains_wrong: u64::from(original.digest != taken.audit.digest || !taken.whole),
    })
}

fn differing(one: &BTreeMap<String, (u64, String)>, other: &BTreeMap<String, (u64, String)>) -> u64 {
    let names: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    names.into_iter().filter(|name| one.get(*name) != other.get(*name)).count() as u64
}

/// Rows and digest of each table of a store, by an archive of it.
fn tables(database: &Database) -> anyhow::Result<BTreeMap<String, (u64, String)>> {
    let address = match database {
        Database::File(path) => path.display().to_string(),
        Database::Server(url) => url.clone(),
    };
    let archive = crate::rig::target().join("rig/copies-looked-at");
    remove(&archive)?;
    let runtime = tokio::runtime::Runtime::new()?;
    let manifest = runtime.block_on(Store::export(&address, &archive, Box::new(|_| {})));
    remove(&archive)?;
    Ok(listed(manifest?))
}

/// The same of a copy: an archive says it itself, a file is looked at.
fn tables_of_copy(copy: &Path) -> anyhow::Result<BTreeMap<String, (u64, String)>> {
    if copy.is_dir() {
        return Ok(listed(serde_json::from_slice(&fs::read(copy.join("manifest.json"))?)?));
    }
    tables(&Database::File(copy.to_owned()))
}

fn listed(manifest: Manifest) -> BTreeMap<String, (u64, String)> {
    manifest.tables.into_iter().map(|table| (table.name, (table.rows, table.sha256))).collect()
}

/// Where an audit ends.
struct Audit {
    logins: u64,
    seq: u64,
    digest: String,
}

/// At an entry, or at its end.
fn audit(database: &Database, at: Option<u64>) -> anyhow::Result<Audit> {
    const LOGINS: &str = "SELECT COUNT(*) FROM audit_entry WHERE action = 'login'";
    let at = at.map_or_else(
        || "(SELECT MAX(seq) FROM link WHERE stream = 'audit')".to_owned(),
        |seq| format!("CAST({seq} AS BIGINT)"),
    );
    let link = format!("SELECT seq, digest FROM link WHERE stream = 'audit' AND seq = {at}");
    let (logins, seq, digest): (i64, i64, String) = match database {
        Database::File(path) => {
            let db = Connection::open(path)?;
            let (seq, digest) = db.query_row(&link, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            (db.query_row(LOGINS, [], |row| row.get(0))?, seq, digest)
        }
        Database::Server(url) => {
            let mut client = connect(url)?;
            let row = client.query_one(&link, &[])?;
            (client.query_one(LOGINS, &[])?.get(0), row.get(0), row.get(1))
        }
    };
    Ok(Audit { logins: logins.cast_unsigned(), seq: seq.cast_unsigned(), digest })
}

/// A reading that was acknowledged, and the audit's last digest, are changed in a restored file: how much of that is seen.
fn spoilt(taken: &Taken, file: &Path, ledger: &Path) -> anyhow::Result<u64> {
    let file = Database::File(file.to_owned());
    let Database::File(path) = &file else { return Ok(0) };
    let db = Connection::open(path)?;
    let first = "SELECT block, kind, at, point, version FROM reading WHERE kind = 0 ORDER BY at LIMIT 1";
    let changed =
        format!("UPDATE reading SET value = value || '1' WHERE (block, kind, at, point, version) = ({first})");
    ensure!(db.execute(&changed, [])? == 1, "no reading to spoil");
    let last = "(SELECT MAX(seq) FROM link WHERE stream = 'audit')";
    let changed = format!("UPDATE link SET digest = '00' || substr(digest, 3) WHERE stream = 'audit' AND seq = {last}");
    ensure!(db.execute(&changed, [])? == 1, "no entry to spoil");
    drop(db);
    let (before, _) = compare_up_to(ledger, Some(taken.begun), &taken.kept)?;
    let (after, _) = compare_up_to(ledger, Some(taken.begun), &file.read()?)?;
    let tables = differing(&taken.copied, &tables(&file)?);
    let chain = u64::from(audit(&file, None)?.digest != taken.audit.digest);
    Ok(after.wrong - before.wrong + u64::from(tables == 2) + chain)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    let done = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match done {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| path.display().to_string())
        }
        _ => Ok(()),
    }
}
