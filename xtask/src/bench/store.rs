//! Telegrams with their readings made durable by the store, on both engines, beside plain writing of the same rows into tables of
//! the same shape: prepared statements on SQLite, COPY on PostgreSQL, in transactions as large as the store's largest groups.
//!
//! Wall time, because what is measured is durability; ours and the peer take turns.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};
use rusqlite::Connection;
use serde_json::Value;

use super::{Figure, Goal, Lab, median};
use crate::postgres::{Cluster, connect};

const TELEGRAMS: i64 = 60_000;
const VALUES: i64 = 15;
/// Telegrams of one transaction of the peers.
const GROUP: i64 = 4_096;

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let fill = crate::rig::example("fill")?;
    let dir = lab.dir.join("store");
    std::fs::create_dir_all(&dir)?;
    let cluster = Cluster::start()?;
    let (mut sqlite, mut prepared, mut server, mut copied) = (vec![], vec![], vec![], vec![]);
    lab.bar.set_length(u64::from(lab.rounds + 1) * 4);
    for round in 0..=lab.rounds {
        let note = |into: &mut Vec<f64>, what: &str, seconds: f64| {
            lab.bar.set_message(what.to_owned());
            lab.bar.inc(1);
            if round > 0 {
                into.push((TELEGRAMS * VALUES) as f64 / seconds);
            }
        };
        let file = fresh(&dir, "ours.db")?;
        note(&mut sqlite, "SQLite", ours(&fill, &file.display().to_string())?);
        note(&mut prepared, "prepared", plain_sqlite(&fresh(&dir, "plain.db")?)?);
        note(&mut server, "PostgreSQL", ours(&fill, &cluster.database("ours")?)?);
        note(&mut copied, "COPY", plain_copy(&cluster.database("plain")?)?);
    }
    let unit = "durable readings/s, 15 a telegram, telegrams kept too";
    let figure = |name: &str, ours: Vec<f64>, peer: Vec<f64>, peer_name: &str| {
        Figure::new(name, unit, median(ours), Some((median(peer), peer_name)), Goal::Shown {})
    };
    Ok(vec![
        figure("store, SQLite", sqlite, prepared, "prepared inserts of the same rows"),
        figure("store, PostgreSQL", server, copied, "COPY of the same rows"),
    ])
}

/// Nothing to time by itself: the example is a process already.
pub(super) fn measure(_: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("the store is measured from outside")
}

fn fresh(dir: &Path, name: &str) -> anyhow::Result<PathBuf> {
    for ending in ["", "-wal", "-shm"] {
        let path = dir.join(format!("{name}{ending}"));
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(dir.join(name))
}

fn ours(fill: &Path, address: &str) -> anyhow::Result<f64> {
    let numbers = [TELEGRAMS.to_string(), VALUES.to_string()];
    let output = Command::new(fill).arg(address).args(numbers).output()?;
    ensure!(output.status.success(), "fill {address}: {}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout)?;
    said["seconds"].as_f64().context("seconds")
}

const TABLES: &str = "CREATE TABLE telegram (id BIGINT PRIMARY KEY, arrived BIGINT NOT NULL, peer TEXT NOT NULL, mn TEXT, \
    cn TEXT, qn TEXT, raw BLOB NOT NULL, problems TEXT NOT NULL, quarantine TEXT); \
    CREATE TABLE reading (block BIGINT NOT NULL, kind BIGINT NOT NULL, at BIGINT NOT NULL, point BIGINT NOT NULL, \
    version BIGINT NOT NULL, value TEXT, number REAL, extra TEXT NOT NULL, mark TEXT NOT NULL, arrived BIGINT NOT NULL, \
    late BIGINT NOT NULL, telegram BIGINT, PRIMARY KEY (block, kind, at, point, version))";

struct Telegram {
    id: i64,
    at: i64,
    mn: String,
    peer: String,
    qn: String,
    block: i64,
}

fn telegram(id: i64) -> Telegram {
    let (station, at) = (id % 4_000, 1_772_323_200_000_000 + id / 4_000 * 60_000_000);
    Telegram {
        id: id + 1,
        at,
        mn: format!("53494D{station:018}"),
        peer: format!("192.0.2.{}:40000", station % 250),
        qn: format!("{:017}", at / 1_000),
        block: station + 1,
    }
}

/// Point, value, number.
fn reading(t: &Telegram, i: i64) -> (i64, String, f64) {
    let value = format!("{}.{:02}", t.id * 31 % 40, (t.id * 17 + i * 13) % 100);
    let number = value.parse().unwrap_or_default();
    (t.block * 1_024 + i + 1, value, number)
}

fn plain_sqlite(file: &Path) -> anyhow::Result<f64> {
    let mut db = Connection::open(file)?;
    db.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;")?;
    db.execute_batch(&format!("{TABLES} WITHOUT ROWID").replace("id BIGINT PRIMARY KEY", "id INTEGER PRIMARY KEY"))?;
    let (began, raw) = (Instant::now(), [b'x'; 600]);
    for group in 0..=(TELEGRAMS / GROUP) {
        let tx = db.transaction()?;
        {
            let mut telegrams =
                tx.prepare_cached("INSERT INTO telegram VALUES (?1,?2,?3,?4,'2011',?5,?6,'[]',NULL)")?;
            let mut readings = tx.prepare_cached("INSERT INTO reading VALUES (?1,0,?2,?3,1,?4,?5,'','N',?2,0,?6)")?;
            for t in (group * GROUP..((group + 1) * GROUP).min(TELEGRAMS)).map(telegram) {
                telegrams.execute((t.id, t.at, &t.peer, &t.mn, &t.qn, &raw[..]))?;
                for i in 0..VALUES {
                    let (point, value, number) = reading(&t, i);
                    readings.execute((t.block, t.at, point, value, number, t.id))?;
                }
            }
        }
        tx.commit()?;
    }
    Ok(began.elapsed().as_secs_f64())
}

fn plain_copy(url: &str) -> anyhow::Result<f64> {
    let mut client = connect(url)?;
    client.batch_execute(&TABLES.replace("BLOB", "BYTEA").replace(" REAL", " DOUBLE PRECISION"))?;
    let began = Instant::now();
    let (int, text) = (Type::INT8, Type::TEXT);
    let telegram_types = [&int, &int, &text, &text, &text, &text, &Type::BYTEA, &text].map(Clone::clone);
    let reading_types =
        [&int, &int, &int, &int, &int, &text, &Type::FLOAT8, &text, &text, &int, &int, &int].map(Clone::clone);
    let raw = vec![b'x'; 600];
    for group in 0..=(TELEGRAMS / GROUP) {
        let mut tx = client.transaction()?;
        let rows = || (group * GROUP..((group + 1) * GROUP).min(TELEGRAMS)).map(telegram);
        let sink = tx.copy_in("COPY telegram (id, arrived, peer, mn, cn, qn, raw, problems) FROM STDIN BINARY")?;
        let mut writer = BinaryCopyInWriter::new(sink, &telegram_types);
        for t in rows() {
            let row: [&(dyn ToSql + Sync); 8] = [&t.id, &t.at, &t.peer, &t.mn, &"2011", &t.qn, &raw, &"[]"];
            writer.write(&row)?;
        }
        writer.finish()?;
        let sink = tx.copy_in("COPY reading FROM STDIN BINARY")?;
        let mut writer = BinaryCopyInWriter::new(sink, &reading_types);
        for t in rows() {
            for i in 0..VALUES {
                let (point, value, number) = reading(&t, i);
                let row: [&(dyn ToSql + Sync); 12] =
                    [&t.block, &0i64, &t.at, &point, &1i64, &value, &number, &"", &"N", &t.at, &0i64, &t.id];
                writer.write(&row)?;
            }
        }
        writer.finish()?;
        tx.commit()?;
    }
    Ok(began.elapsed().as_secs_f64())
}
