//! The simulator's ledger held against the store: is everything acknowledged there, once, and as it was sent?

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, offset};
use postgres::fallible_iterator::FallibleIterator as _;
use rusqlite::{Connection, OpenFlags};

use crate::postgres::connect;

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Telegrams acknowledged.
    pub acknowledged: u64,
    /// Of these, telegrams with a reading missing.
    pub lost: u64,
    /// Readings with more than one version.
    pub doubled: u64,
    /// Telegrams whose values are others than were sent.
    pub wrong: u64,
}

/// Values of one device at one moment: how many, and the wrapping sum of their digests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Values {
    count: u64,
    digest: u64,
}

impl Values {
    fn add(&mut self, count: u64, digest: u64) {
        self.count += count;
        self.digest = self.digest.wrapping_add(digest);
    }
}

/// Device and instant in microseconds.
type Key = (String, i64);

/// Where the store is.
pub enum Database {
    /// An SQLite file.
    File(PathBuf),
    /// The address of a PostgreSQL.
    Server(String),
}

impl Database {
    /// What is kept of real-time values: the sums of every device and moment, and how many values are further versions.
    pub fn read(&self) -> anyhow::Result<Kept> {
        let mut stored = Kept::default();
        match self {
            Self::File(path) => {
                let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
                    .with_context(|| path.display().to_string())?;
                let mut rows = db.prepare(KEPT)?;
                let mut rows = rows.query([])?;
                while let Some(row) = rows.next()? {
                    stored.see((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
                }
            }
            Self::Server(url) => {
                let mut client = connect(url)?;
                let nothing: [&str; 0] = [];
                let mut rows = client.query_raw(KEPT, nothing)?;
                while let Some(row) = rows.next()? {
                    stored.see((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?));
                }
            }
        }
        Ok(stored)
    }
}

const KEPT: &str = "SELECT d.mn, p.factor, r.at, r.value, r.version FROM reading r JOIN point p ON p.id = r.point \
    JOIN device d ON d.station = p.station WHERE r.kind = 0";

/// What a database has.
#[derive(Default)]
pub struct Kept {
    values: HashMap<Key, Values>,
    further: u64,
}

impl Kept {
    fn see(&mut self, (mn, factor, at, value, version): (String, String, i64, Option<String>, i64)) {
        if version > 1 {
            self.further += 1;
            return;
        }
        let digest = fnv(format!("{factor}={}", value.unwrap_or_default()).as_bytes());
        self.values.entry((mn, at)).or_default().add(1, digest);
    }
}

/// Compares a ledger with a database.
pub fn compare(ledger: &Path, database: &Database) -> anyhow::Result<Found> {
    Ok(compare_up_to(ledger, None, &database.read()?)?.0)
}

/// Compares what was kept at some moment with the first so many bytes of a ledger; all of it when no number is given. Beside what
/// was found it says how many telegrams are there that the whole ledger does not have as sent.
pub fn compare_up_to(ledger: &Path, bytes: Option<u64>, kept: &Kept) -> anyhow::Result<(Found, u64)> {
    let (acked, all) = read_ledger(ledger, bytes)?;
    let mut found = Found { doubled: kept.further, ..Found::default() };
    for (key, (telegrams, values)) in &acked {
        found.acknowledged += telegrams;
        let stored = kept.values.get(key).copied().unwrap_or_default();
        // parts of the same moment that were sent but not acknowledged may be there too
        if stored.count < values.count {
            found.lost += 1;
        } else if stored != *values && stored != all[key] {
            found.wrong += 1;
        }
    }
    let invented = kept.values.keys().filter(|key| !all.contains_key(*key)).count();
    Ok((found, invented as u64))
}

type Acked = HashMap<Key, (u64, Values)>;

/// What was acknowledged in the first so many bytes, and all that was sent.
fn read_ledger(path: &Path, bytes: Option<u64>) -> anyhow::Result<(Acked, HashMap<Key, Values>)> {
    let mut sent: HashMap<(String, String), (i64, Values)> = HashMap::new();
    let (mut acked, mut all) = (Acked::new(), HashMap::<Key, Values>::new());
    let mut read = 0;
    for (i, line) in BufReader::new(File::open(path)?).lines().enumerate() {
        let line = line?;
        read += line.len() as u64 + 1;
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["sent", qn, mn, at, count, digest] => {
                let values = Values { count: count.parse()?, digest: u64::from_str_radix(digest, 16)? };
                let at = instant(at).with_context(|| format!("line {}: {at}", i + 1))?;
                all.entry((mn.to_owned(), at)).or_default().add(values.count, values.digest);
                sent.insert((qn.to_owned(), mn.to_owned()), (at, values));
            }
            ["acked", qn, mn] => {
                let found = sent.remove(&(qn.to_owned(), mn.to_owned()));
                let (at, values) = found.with_context(|| format!("line {}: never sent, or acked twice", i + 1))?;
                if bytes.is_some_and(|bytes| read > bytes) {
                    continue;
                }
                let (telegrams, sum) = acked.entry((mn.to_owned(), at)).or_default();
                *telegrams += 1;
                sum.add(values.count, values.digest);
            }
            _ => bail!("{}, line {}: {line:?}", path.display(), i + 1),
        }
    }
    Ok((acked, all))
}

/// The simulator's digest of one reading: FNV-1a, 64 bits, of `factor=value`.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3))
}

/// `YYYYMMDDhhmmss` of China standard time.
fn instant(digits: &str) -> Option<i64> {
    let civil = DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    Some(TimeZone::fixed(offset(8)).to_timestamp(civil).ok()?.as_microsecond())
}

/// Shows that the comparison sees what it is to see: in a copy of the database one acknowledged reading is taken out, one is
/// changed and one gets a second version, each of another telegram.
pub fn control(ledger: &Path, database: &Path, copy: &Path) -> anyhow::Result<Found> {
    std::fs::copy(database, copy)?;
    let (acked, _) = read_ledger(ledger, None)?;
    let mut db = Connection::open(copy)?;
    let tx = db.transaction()?;
    let spoil = [
        "DELETE FROM reading WHERE (point, kind, at) = (?1, 0, ?2)",
        "UPDATE reading SET value = value || '1' WHERE (point, kind, at) = (?1, 0, ?2)",
        "INSERT INTO reading SELECT block, kind, at, point, 2, value, number, extra, mark, arrived, late, telegram \
         FROM reading WHERE (point, kind, at) = (?1, 0, ?2)",
    ];
    let mut keys: Vec<&Key> = acked.keys().collect();
    keys.sort();
    for (statement, (mn, at)) in spoil.into_iter().zip(keys) {
        let point: i64 = tx.query_row(
            "SELECT min(p.id) FROM point p JOIN device d ON d.station = p.station WHERE d.mn = ?1",
            [mn],
            |row| row.get(0),
        )?;
        tx.execute(statement, (point, at))?;
    }
    tx.commit()?;
    drop(db);
    compare(ledger, &Database::File(copy.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_simulators() {
        // the same figure stands in the simulator's own test
        assert_eq!(format!("{:016x}", fnv(b"w01001=7.91")), "fca6e38673715fa8");
    }

    #[test]
    fn what_is_missing_changed_or_doubled_is_found() {
        let dir = std::env::temp_dir().join(format!("ledger-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        let (ledger, database) = (dir.join("ledger"), dir.join("db"));
        let at = instant("20260301080000").expect("a time");
        let digest = fnv(b"f=1").wrapping_add(fnv(b"g=2"));
        let mut lines = String::new();
        for (i, mn) in ["A", "B", "C"].iter().enumerate() {
            lines.push_str(&format!("sent {i} {mn} 20260301080000 2 {digest:016x}\nacked {i} {mn}\n"));
        }
        std::fs::write(&ledger, lines).expect("written");
        let db = Connection::open(&database).expect("a database");
        db.execute_batch(
            "CREATE TABLE device (mn, station); CREATE TABLE point (id INTEGER, station, factor);
             CREATE TABLE reading (block, kind, at, point, version, value, number, extra, mark, arrived, late, telegram);",
        )
        .expect("tables");
        for (i, mn) in ["A", "B", "C"].iter().enumerate() {
            db.execute("INSERT INTO device VALUES (?1, ?1)", [mn]).expect("inserted");
            for (j, (factor, value)) in [("f", "1"), ("g", "2")].iter().enumerate() {
                let id = (2 * i + j) as i64;
                db.execute("INSERT INTO point VALUES (?1, ?2, ?3)", (id, mn, factor)).expect("inserted");
                db.execute("INSERT INTO reading VALUES (0, 0, ?2, ?1, 1, ?3, 0, '', 'N', 0, 0, 0)", (id, at, value))
                    .expect("inserted");
            }
        }
        drop(db);
        let whole = Found { acknowledged: 3, ..Found::default() };
        // of the first two lines only A was acknowledged; B and C were sent all the same
        let start = std::fs::read_to_string(&ledger).expect("written").find("sent 1").expect("B") as u64;
        let kept = Database::File(database.clone()).read().expect("read");
        let (found, invented) = compare_up_to(&ledger, Some(start), &kept).expect("compared");
        assert_eq!((found, invented), (Found { acknowledged: 1, ..Found::default() }, 0));
        assert_eq!(compare(&ledger, &Database::File(database.clone())).expect("compared"), whole);
        let spoilt = control(&ledger, &database, &dir.join("copy")).expect("compared");
        assert_eq!(spoilt, Found { lost: 1, wrong: 1, doubled: 1, ..whole });
        std::fs::remove_dir_all(&dir).expect("removed");
    }
}
