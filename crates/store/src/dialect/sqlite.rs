//! SQLite: one thread writes, in groups (WAL, `synchronous=FULL`).
//!
//! The thread takes what waits, up to a bound, runs it in one transaction, commits, and only then answers: one sync to the disk
//! serves a whole group. Work that fails by itself (a conflict, a refusal) is taken back to its savepoint and does not touch its
//! neighbours. A commit that fails, above all on a full disk, fails the whole group: nobody is acknowledged, the connection is
//! opened anew (a failed sync is never retried on the same handle), and the next group tries again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params_from_iter};
use shanshui_domain::id::TelegramId;
use shanshui_domain::sense::{Kept, Reading};
use tokio::sync::{mpsc, oneshot};

use crate::sense::{Arrival, Receipt};
use crate::sql::{Row, Tx, Value};
use crate::{StoreError, StoreOptions};

/// Migrations, in order; a new one is appended, none is ever changed.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/sqlite/0001_loop.sql")];

/// How hard a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// It reaches the disk.
    Full,
    /// Nothing is promised: the negative control of crash tests.
    Off,
}

/// Whether the store can do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The last group was made durable.
    pub writable: bool,
    /// Why not.
    pub error: Option<String>,
    /// Writes waiting.
    pub queued: usize,
    /// Groups committed since the start.
    pub groups: u64,
}

type Answer<T> = oneshot::Sender<Result<T, StoreError>>;
type Work = Box<dyn FnOnce(&mut dyn Tx) -> Finish + Send>;
/// What remains to be said once the group is durable, or has failed.
type Finish = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

enum Job {
    Arrive(Vec<Arrival>, Answer<Vec<Receipt>>),
    Work(Work),
    Close,
}

/// The writer's handle.
pub struct Writer {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    queued: AtomicI64,
    groups: AtomicU64,
    error: Mutex<Option<String>>,
}

impl Shared {
    fn error(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Opens the file, brings its schema up, starts the thread.
    pub(crate) fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let mut db = connect(path, options.sync)?;
        migrate(&mut db)?;
        let (jobs, waiting) = mpsc::channel(options.queue);
        let shared = Arc::new(Shared::default());
        let state = Thread { path: path.to_owned(), options, db, waiting, shared: Arc::clone(&shared) };
        let spawned = thread::Builder::new().name("store-writer".into()).spawn(move || state.run());
        let thread = spawned.map_err(|e| StoreError::Io(e.to_string()))?;
        Ok(Self { jobs, shared, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn health(&self) -> Health {
        let error = self.shared.error().clone();
        Health {
            writable: error.is_none(),
            error,
            queued: self.shared.queued.load(Ordering::Relaxed).max(0) as usize,
            groups: self.shared.groups.load(Ordering::Relaxed),
        }
    }

    pub(crate) async fn close(&self) {
        let _closed_already = self.jobs.send(Job::Close).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the store's writer ended in a panic");
            }
        }
    }

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        self.shared.queued.fetch_add(1, Ordering::Relaxed);
        self.jobs.send(job).await.map_err(|_| StoreError::Busy)
    }

    pub(crate) async fn arrive(&self, arrivals: Vec<Arrival>) -> Result<Vec<Receipt>, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Arrive(arrivals, answer)).await?;
        answered.await.map_err(|_| StoreError::Busy)?
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |tx| {
            let done = in_savepoint(tx, work);
            Box::new(move |durable| {
                // whoever asked may have gone away; the work is done all the same
                let _gone = answer.send(durable.and(done));
            })
        });
        self.send(Job::Work(work)).await?;
        answered.await.map_err(|_| StoreError::Busy)?
    }
}

/// Runs work that may fail by itself; its own changes are taken back, its neighbours' stay.
fn in_savepoint<T>(tx: &mut dyn Tx, work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>) -> Result<T, StoreError> {
    tx.execute("SAVEPOINT work", vec![])?;
    let done = work(tx);
    if done.is_err() {
        tx.execute("ROLLBACK TO work", vec![])?;
    }
    tx.execute("RELEASE work", vec![])?;
    done
}

fn connect(path: &Path, sync: Sync) -> Result<Connection, StoreError> {
    let db = Connection::open(path).map_err(sql)?;
    let mode = match sync {
        Sync::Full => "FULL",
        Sync::Off => "OFF",
    };
    db.execute_batch(&format!(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous={mode}; PRAGMA busy_timeout=10000; PRAGMA cache_size=-65536; \
         PRAGMA wal_autocheckpoint=4000; PRAGMA foreign_keys=ON;"
    ))
    .map_err(sql)?;
    db.set_prepared_statement_cache_capacity(256);
    Ok(db)
}

fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    let found: i64 = db.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(sql)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (i, migration) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let tx = db.transaction().map_err(sql)?;
        tx.execute_batch(migration).map_err(sql)?;
        tx.pragma_update(None, "user_version", i as i64 + 1).map_err(sql)?;
        tx.commit().map_err(sql)?;
    }
    Ok(())
}

fn sql(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            StoreError::Full(error.to_string())
        }
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Sql(error.to_string()),
    }
}

struct Thread {
    path: PathBuf,
    options: StoreOptions,
    db: Connection,
    waiting: mpsc::Receiver<Job>,
    shared: Arc<Shared>,
}

impl Thread {
    fn run(mut self) {
        let mut group = Vec::with_capacity(self.options.group_max);
        loop {
            let taken = self.waiting.blocking_recv_many(&mut group, self.options.group_max);
            if taken == 0 {
                return;
            }
            self.shared.queued.fetch_sub(taken as i64, Ordering::Relaxed);
            let close = group.iter().any(|job| matches!(job, Job::Close));
            self.commit(group.drain(..));
            if close {
                return;
            }
        }
    }

    fn commit(&mut self, jobs: impl Iterator<Item = Job>) {
        let mut finishes: Vec<Finish> = Vec::new();
        let result = self.group(jobs, &mut finishes);
        match &result {
            Ok(()) => {
                self.shared.groups.fetch_add(1, Ordering::Relaxed);
                *self.shared.error() = None;
            }
            Err(error) => {
                tracing::error!(%error, "nothing of this group was kept");
                *self.shared.error() = Some(error.to_string());
                self.reopen();
            }
        }
        for finish in finishes {
            finish(result.clone());
        }
    }

    fn group(&mut self, jobs: impl Iterator<Item = Job>, finishes: &mut Vec<Finish>) -> Result<(), StoreError> {
        let mut begun = self.db.execute_batch("BEGIN IMMEDIATE").map_err(sql);
        let mut latest = Latest::default();
        for job in jobs {
            match job {
                Job::Arrive(arrivals, answer) => {
                    let receipts = match &begun {
                        Ok(()) => arrive(&self.db, arrivals, &mut latest),
                        Err(error) => Err(error.clone()),
                    };
                    // a bulk write that fails has half done its work: the whole group is taken back
                    if let (Ok(()), Err(error)) = (&begun, &receipts) {
                        begun = Err(error.clone());
                    }
                    finishes.push(Box::new(move |durable| {
                        let _gone = answer.send(durable.and(receipts));
                    }));
                }
                Job::Work(work) if begun.is_ok() => finishes.push(work(&mut SqliteTx(&self.db))),
                Job::Work(work) => finishes.push(work(&mut NoTx)),
                Job::Close => {}
            }
        }
        begun?;
        latest.write(&self.db)?;
        self.db.execute_batch("COMMIT").map_err(sql)
    }

    fn reopen(&mut self) {
        match connect(&self.path, self.options.sync) {
            Ok(db) => self.db = db,
            // the old handle stays; its transaction must not
            Err(error) => {
                tracing::error!(%error, "the database cannot be opened anew");
                if !self.db.is_autocommit()
                    && let Err(error) = self.db.execute_batch("ROLLBACK")
                {
                    tracing::error!(%error, "no rollback");
                }
            }
        }
    }
}

/// Stands in for a transaction that could not begin: work is told so, its answer carries the group's error.
struct NoTx;

impl Tx for NoTx {
    fn execute(&mut self, _: &'static str, _: Vec<Value>) -> Result<usize, StoreError> {
        Err(StoreError::Busy)
    }

    fn query(&mut self, _: &'static str, _: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        Err(StoreError::Busy)
    }
}

struct SqliteTx<'a>(&'a Connection);

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(n) => ValueRef::Integer(*n),
            Self::Real(n) => ValueRef::Real(*n),
            Self::Text(t) => ValueRef::Text(t.as_bytes()),
            Self::Blob(b) => ValueRef::Blob(b),
        }))
    }
}

impl Tx for SqliteTx<'_> {
    fn execute(&mut self, text: &'static str, args: Vec<Value>) -> Result<usize, StoreError> {
        let mut statement = self.0.prepare_cached(text).map_err(sql)?;
        statement.execute(params_from_iter(args)).map_err(sql)
    }

    fn query(&mut self, text: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.0.prepare_cached(text).map_err(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(args)).map_err(sql)?;
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            let value = |i: usize| {
                Ok(match row.get_ref(i).map_err(sql)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(n) => Value::Int(n),
                    ValueRef::Real(n) => Value::Real(n),
                    ValueRef::Text(t) => Value::Text(String::from_utf8_lossy(t).into_owned()),
                    ValueRef::Blob(b) => Value::Blob(b.to_vec()),
                })
            };
            out.push(Row((0..columns).map(value).collect::<Result<_, StoreError>>()?));
        }
        Ok(out)
    }
}

// ----------------------------------------------------------------------------------------------------------- bulk readings

const INSERT_TELEGRAM: &str =
    "INSERT INTO telegram (arrived, peer, mn, cn, qn, raw, problems, quarantine) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)";
const INSERT_READING: &str = "INSERT OR IGNORE INTO reading \
    (point, kind, at, version, value, number, extra, mark, arrived, late, telegram) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)";
const NEWEST: &str = "SELECT version, value, extra, mark FROM reading WHERE point=$1 AND kind=$2 AND at=$3 ORDER BY version DESC LIMIT 1";

fn arrive(db: &Connection, arrivals: Vec<Arrival>, latest: &mut Latest) -> Result<Vec<Receipt>, StoreError> {
    let mut insert = db.prepare_cached(INSERT_TELEGRAM).map_err(sql)?;
    let mut receipts = Vec::with_capacity(arrivals.len());
    for Arrival { telegram: t, readings } in arrivals {
        let mn = t.mn.as_ref().map(|m| m.0.as_str());
        insert
            .execute(rusqlite::params![t.arrived.0, t.peer, mn, t.cn, t.qn, t.raw, t.problems, t.quarantine])
            .map_err(sql)?;
        let id = TelegramId(db.last_insert_rowid());
        let mut kept = Vec::with_capacity(readings.len());
        for reading in readings {
            let what = keep(db, &reading, id)?;
            if what != Kept::Repeat {
                latest.see(reading, id);
            }
            kept.push(what);
        }
        receipts.push(Receipt { telegram: id, kept });
    }
    Ok(receipts)
}

fn keep(db: &Connection, r: &Reading, telegram: TelegramId) -> Result<Kept, StoreError> {
    if insert(db, r, telegram, 1)? {
        return Ok(Kept::New);
    }
    let mut newest = db.prepare_cached(NEWEST).map_err(sql)?;
    let found = newest
        .query_row((r.key.point.0, r.key.kind.number(), r.key.at.0), |row| {
            let same = row.get_ref(1)?.as_str_or_null()? == r.value.as_deref()
                && row.get_ref(2)?.as_str()? == r.extra
                && row.get_ref(3)?.as_str()? == r.mark;
            Ok((row.get::<_, i64>(0)?, same))
        })
        .optional()
        .map_err(sql)?;
    match found {
        Some((_, true)) => Ok(Kept::Repeat),
        Some((version, false)) => {
            insert(db, r, telegram, version + 1)?;
            Ok(Kept::Version(version + 1))
        }
        None => Err(StoreError::Corrupt("a reading was neither new nor there".into())),
    }
}

fn insert(db: &Connection, r: &Reading, telegram: TelegramId, version: i64) -> Result<bool, StoreError> {
    let mut statement = db.prepare_cached(INSERT_READING).map_err(sql)?;
    let changed = statement
        .execute(rusqlite::params![
            r.key.point.0,
            r.key.kind.number(),
            r.key.at.0,
            version,
            r.value,
            r.number(),
            r.extra,
            r.mark,
            r.arrived.0,
            r.late,
            telegram.0
        ])
        .map_err(sql)?;
    Ok(changed == 1)
}

/// The newest reading of each point seen in a group: written once per group, and never over a newer one.
#[derive(Default)]
struct Latest(HashMap<(i64, i64), (Reading, TelegramId)>);

impl Latest {
    fn see(&mut self, reading: Reading, telegram: TelegramId) {
        let key = (reading.key.point.0, reading.key.kind.number());
        let older = self.0.get(&key).is_some_and(|(held, _)| held.key.at > reading.key.at);
        if !older {
            self.0.insert(key, (reading, telegram));
        }
    }

    fn write(&self, db: &Connection) -> Result<(), StoreError> {
        let mut statement = db
            .prepare_cached(
                "INSERT INTO latest (point, kind, at, value, number, mark, arrived, late, telegram) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (point, kind) DO UPDATE SET at=excluded.at, \
                 value=excluded.value, number=excluded.number, mark=excluded.mark, arrived=excluded.arrived, \
                 late=excluded.late, telegram=excluded.telegram WHERE excluded.at >= latest.at",
            )
            .map_err(sql)?;
        for (r, telegram) in self.0.values() {
            let kind = r.key.kind.number();
            statement
                .execute(rusqlite::params![
                    r.key.point.0,
                    kind,
                    r.key.at.0,
                    r.value,
                    r.number(),
                    r.mark,
                    r.arrived.0,
                    r.late,
                    telegram.0
                ])
                .map_err(sql)?;
        }
        Ok(())
    }
}

// ------------------------------------------------------------------------------------------------------------ backup, check

/// Copies a database while it is being written, whole and consistent, and makes the copy durable.
///
/// # Errors
/// When the target is there already, or cannot be written.
pub(crate) fn backup(from: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Io(format!("{} is there already", to.display())));
    }
    let db = Connection::open(from).map_err(sql)?;
    let target = to.to_str().ok_or_else(|| StoreError::Io(format!("{} is no text", to.display())))?;
    db.execute("VACUUM INTO $1", [target]).map_err(sql)?;
    let io = |e: std::io::Error| StoreError::Io(format!("{}: {e}", to.display()));
    std::fs::File::open(to).and_then(|f| f.sync_all()).map_err(io)?;
    if let Some(folder) = to.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(io)?;
    }
    Ok(())
}

/// The engine's own integrity check: nothing, or what is wrong.
///
/// # Errors
/// When the file cannot be opened.
pub(crate) fn integrity(path: &Path) -> Result<Vec<String>, StoreError> {
    let db = Connection::open(path).map_err(sql)?;
    let mut statement = db.prepare("PRAGMA integrity_check").map_err(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(sql)?;
    let said = rows.collect::<Result<Vec<_>, _>>().map_err(sql)?;
    Ok(said.into_iter().filter(|s| s != "ok").collect())
}
