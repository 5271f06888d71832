//! The writer: one thread, one connection, one group at a time.
//!
//! The thread takes what waits, up to a bound, runs it in one transaction, commits, and only then answers: one sync to the disk
//! serves a whole group. Each piece of work stands in a savepoint: one that fails by itself (a conflict, a refusal, a panic) is
//! taken back alone and does not touch its neighbours. When the disk is full or fails, the whole group is taken back: nobody is
//! acknowledged, the connection is opened anew (a failed sync is never retried on the same handle), and the next group tries
//! again. While the store is not writable and nobody asks, the thread itself tries once a second whether it is again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};
use tokio::sync::mpsc;

use super::bulk::{Latest, READINGS, arrive};
use super::file::beside_log;
use super::{connect, open, sql};
#[cfg(test)]
use crate::dialect::queue::Fault;
use crate::dialect::queue::{Finish, Job, Queue, Shared, in_savepoint};
use crate::history::{Arrived, STATE, admits, put_back, state};
use crate::place::place;
use crate::sql::{Row, Tx, Value};
use crate::{Meter, StoreError, StoreOptions};

/// Beyond this the log is brought back to nothing, for which readers are waited for a moment.
const LOG_MAX_BYTES: u64 = 64 << 20;
/// How long readers are waited for, and how long after that they are left in peace.
const LOG_WAIT: Duration = Duration::from_millis(250);
const LOG_PAUSE: Duration = Duration::from_secs(2);
/// Unless the log has grown by so much meanwhile.
const LOG_STEP_BYTES: u64 = 16 << 20;
/// How often a store that is not writable tries whether it is again.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// The writer's handle.
pub(crate) type Writer = Queue;

/// Opens the file, brings its schema up, starts the thread.
pub(crate) fn start(path: &Path, options: StoreOptions, meter: Meter) -> Result<Writer, StoreError> {
    let db = open(path, options.sync)?;
    let log = beside_log(path, "wal");
    let path = path.to_owned();
    Queue::start("store-writer", options, move |waiting, shared| {
        Thread { path, log, options, db, waiting, shared, meter, log_rest: None }.run();
    })
}

struct Thread {
    path: PathBuf,
    log: PathBuf,
    options: StoreOptions,
    db: Connection,
    waiting: mpsc::Receiver<Job>,
    shared: Arc<Shared>,
    meter: Meter,
    /// Until when a long log is left alone.
    log_rest: Option<(Instant, u64)>,
}

impl Thread {
    fn run(mut self) {
        let mut group = Vec::with_capacity(self.options.group_max);
        loop {
            self.until_writable();
            if self.waiting.blocking_recv_many(&mut group, self.options.group_max) == 0 {
                return;
            }
            let close = group.iter().any(|job| matches!(job, Job::Close));
            self.commit(group.drain(..));
            if close {
                return;
            }
            self.shorten_log();
        }
    }

    fn commit(&mut self, jobs: impl Iterator<Item = Job>) {
        let mut finishes: Vec<Finish> = Vec::new();
        let begun = Instant::now();
        let result = self.group(jobs, &mut finishes);
        self.meter.group(finishes.len(), begun.elapsed(), result.is_ok());
        self.shared.committed(&result);
        if let Err(error) = &result {
            tracing::error!(%error, database = %self.path.display(), "nothing of this group was kept");
            self.reopen();
        }
        for finish in finishes {
            finish(result.clone());
        }
    }

    fn group(&mut self, jobs: impl Iterator<Item = Job>, finishes: &mut Vec<Finish>) -> Result<(), StoreError> {
        let (db, mut latest, mut moved) = (&self.db, Latest::default(), None);
        let mut tx = self.begin();
        place("group-begun");
        for job in jobs {
            match job {
                Job::Arrive(arrivals, recall, answer) => {
                    let begun = Instant::now();
                    let receipts = in_savepoint(&mut tx, |tx| {
                        let moved = moved.map_or_else(|| state(tx.row(STATE, vec![])?), Ok)?;
                        if !admits(moved, &arrivals, &recall) {
                            return Ok((moved, Arrived::Moved(arrivals), Latest::default()));
                        }
                        put_back(tx, recall)?;
                        let (receipts, seen) = arrive(db, arrivals).map_err(|e| tx.note(e))?;
                        Ok((moved, Arrived::Kept(receipts), seen))
                    });
                    let rows = receipts.as_ref().map_or(0, |(_, arrived, _)| arrived.rows());
                    self.meter.write(READINGS, begun.elapsed(), rows);
                    let receipts = receipts.map(|(state, arrived, seen)| {
                        latest.merge(seen);
                        moved = Some(state);
                        arrived
                    });
                    finishes.push(Box::new(move |durable| {
                        let _gone = answer.send(durable.and(receipts));
                    }));
                }
                Job::Work(work) => {
                    moved = None;
                    finishes.push(work(&mut tx));
                }
                Job::Close => {}
            }
        }
        tx.whole()?;
        place("group-written");
        latest.write(db)?;
        self.end()
    }

    fn begin(&self) -> SqliteTx<'_> {
        #[cfg(test)]
        {
            let pages = if self.shared.fault() == Fault::Full { 1 } else { i64::from(u32::MAX) - 1 };
            self.db.query_row(&format!("PRAGMA max_page_count={pages}"), [], |_| Ok(())).expect("a pragma");
        }
        SqliteTx::begin(&self.db, &self.meter)
    }

    fn end(&self) -> Result<(), StoreError> {
        #[cfg(test)]
        if self.shared.fault() == Fault::Sync {
            return Err(StoreError::Full("disk I/O error".into()));
        }
        let begun = Instant::now();
        place("commit-before");
        let done = self.db.execute_batch("COMMIT").map_err(sql);
        place("commit-after");
        self.meter.write("COMMIT", begun.elapsed(), 0);
        done
    }

    fn reopen(&mut self) {
        if !self.db.is_autocommit()
            && let Err(error) = self.db.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "no rollback");
        }
        match connect(&self.path, self.options.sync) {
            Ok(db) => self.db = db,
            Err(error) => {
                tracing::error!(%error, database = %self.path.display(), "the database cannot be opened anew");
            }
        }
    }

    /// Waits for something to do while the store is not writable, and tries meanwhile whether it is again: whoever looks at the
    /// health before sending anything would else wait for ever.
    fn until_writable(&mut self) {
        let mut tried = Instant::now();
        while self.shared.error().is_some() && self.waiting.is_empty() && !self.waiting.is_closed() {
            thread::sleep(Duration::from_millis(20));
            if tried.elapsed() >= PROBE_EVERY {
                match self.probe() {
                    Ok(()) => *self.shared.error() = None,
                    Err(_) => self.reopen(),
                }
                tried = Instant::now();
            }
        }
    }

    fn probe(&self) -> Result<(), StoreError> {
        self.begin().execute("INSERT INTO probe (padding) VALUES (zeroblob(262144))", vec![])?;
        self.end()?;
        self.db.execute_batch("DELETE FROM probe").map_err(sql)
    }

    /// The engine brings the log back into the file by itself, but begins it anew only when no reader is on it; under constant
    /// reading it would grow without end.
    fn shorten_log(&mut self) {
        let length = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        let rests = |(until, at): (Instant, u64)| Instant::now() < until && length < at + LOG_STEP_BYTES;
        if length <= LOG_MAX_BYTES || self.log_rest.is_some_and(rests) {
            return;
        }
        self.log_rest = Some((Instant::now() + LOG_PAUSE, length));
        let shortened = self
            .db
            .busy_timeout(LOG_WAIT)
            .and_then(|()| self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)));
        match shortened {
            Ok(0) => self.log_rest = None,
            Ok(_) => tracing::debug!("readers keep the log from being shortened"),
            Err(error) => tracing::warn!(%error, log = %self.log.display(), length, "the log cannot be shortened"),
        }
        if let Err(error) = self.db.busy_timeout(Duration::from_secs(10)) {
            tracing::warn!(%error, "no time to wait set");
        }
    }
}

/// The transaction of a group. Once it is broken, by the disk or because the engine itself has taken it back, every further
/// statement is refused with the same error.
struct SqliteTx<'a> {
    db: &'a Connection,
    meter: &'a Meter,
    broken: Option<StoreError>,
}

impl<'a> SqliteTx<'a> {
    fn begin(db: &'a Connection, meter: &'a Meter) -> Self {
        Self { db, meter, broken: db.execute_batch("BEGIN IMMEDIATE").map_err(sql).err() }
    }

    fn whole(&self) -> Result<(), StoreError> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    fn note(&mut self, error: StoreError) -> StoreError {
        if self.broken.is_none() && (matches!(error, StoreError::Full(_)) || self.db.is_autocommit()) {
            self.broken = Some(error.clone());
        }
        error
    }

    fn run(&self, text: &str, args: &[Value]) -> Result<usize, StoreError> {
        let mut statement = self.db.prepare_cached(text).map_err(sql)?;
        bind(&mut statement, args)?;
        statement.raw_execute().map_err(sql)
    }

    fn ask(&self, text: &str, args: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.db.prepare_cached(text).map_err(sql)?;
        bind(&mut statement, args)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(sql)? {
            let value = |i: usize| row.get_ref(i).map_err(sql).and_then(value);
            out.push(Row((0..columns).map(value).collect::<Result<_, StoreError>>()?));
        }
        Ok(out)
    }
}

impl Tx for SqliteTx<'_> {
    fn execute(&mut self, text: &'static str, args: Vec<Value>) -> Result<usize, StoreError> {
        self.whole()?;
        let begun = Instant::now();
        let changed = self.run(text, &args).map_err(|e| self.note(e));
        self.meter.write(text, begun.elapsed(), *changed.as_ref().unwrap_or(&0));
        changed
    }

    fn query(&mut self, text: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.whole()?;
        let begun = Instant::now();
        let rows = self.ask(text, &args).map_err(|e| self.note(e));
        self.meter.write(text, begun.elapsed(), rows.as_ref().map_or(0, Vec::len));
        rows
    }

    fn define(&mut self, text: &str) -> Result<(), StoreError> {
        self.whole()?;
        self.run(text, &[]).map(|_| ()).map_err(|e| self.note(e))
    }
}

/// `$3` is the third argument wherever it stands; to the engine it is only a name, numbered by its first appearance.
fn bind(statement: &mut Statement<'_>, args: &[Value]) -> Result<(), StoreError> {
    for i in 1..=statement.parameter_count() {
        let n = statement.parameter_name(i).and_then(|name| name[1..].parse::<usize>().ok());
        let arg = n.and_then(|n| args.get(n.wrapping_sub(1)));
        let arg = arg.ok_or_else(|| StoreError::Sql(format!("parameter {i} has no argument")))?;
        statement.raw_bind_parameter(i, arg).map_err(sql)?;
    }
    Ok(())
}

pub(crate) fn value(raw: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match raw {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => Value::Int(n),
        ValueRef::Real(n) => Value::Real(n),
        ValueRef::Text(t) => {
            let text = std::str::from_utf8(t).map_err(|_| StoreError::Corrupt("text that is not UTF-8".into()))?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(b) => Value::Blob(b.to_vec()),
    })
}

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
