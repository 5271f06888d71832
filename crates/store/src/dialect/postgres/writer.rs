//! A lane: one thread, one session, one group after another.
//!
//! The thread takes whatever waits, takes the lane's lock, does the work, commits once, and only then answers. Each piece of work
//! stands in a savepoint, as on SQLite. When the line breaks, or the server can keep nothing, the whole group is taken back: nobody
//! is acknowledged, and the thread connects anew by itself. A commit whose answer was lost may have been done; whoever sent it
//! sends it again and finds a repeat.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use super::bulk::{self, Series};
use super::{Address, LOCKS, Purpose, Session, connect, sql, value};
use crate::dialect::Health;
#[cfg(test)]
use crate::dialect::queue::Fault;
use crate::dialect::queue::{Answer, Finish, Job, Queue, Shared, in_savepoint};
use crate::history::{Arrived, MovedState, Recall, STATE, admits, put_back, state};
use crate::sense::{Arrival, Receipt};
use crate::sql::{Row, Tx, Value};
use crate::{Meter, StoreError, StoreOptions};

/// About so many telegrams go in one piece: the server must hear something from this node now and then.
const BULK_MAX: usize = 8_192;
/// Between two tries to reach the server again.
const RETRY: Duration = Duration::from_millis(500);
/// How long the lock is waited for. No statement lasts so long, so whoever holds it then hangs.
const LOCK_WAIT: Duration = Duration::from_mins(3);
const HUNG_S: i64 = 150;

/// Both lanes of this node.
pub(crate) struct Lanes {
    /// Everything that people and jobs write.
    works: Queue,
    /// What devices send.
    arrivals: Queue,
}

const WORKS: i32 = 1;
const ARRIVALS: i32 = 2;

impl Lanes {
    pub(crate) fn start(
        address: &Address,
        node: &str,
        options: StoreOptions,
        meter: &Meter,
    ) -> Result<Self, StoreError> {
        let lane = |lane: i32, name: &'static str| {
            let (address, purpose, meter) = (address.clone(), format!("{name} {node}"), meter.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|e| StoreError::Io(e.to_string()))?;
            Queue::start(&format!("store-{name}"), options, move |waiting, shared| {
                let tried = None;
                Thread { address, purpose, lane, options, runtime, line: None, tried, waiting, shared, meter }.run();
            })
        };
        Ok(Self { works: lane(WORKS, "works")?, arrivals: lane(ARRIVALS, "arrivals")? })
    }

    pub(crate) fn health(&self) -> Health {
        let (works, arrivals) = (self.works.health(), self.arrivals.health());
        Health {
            writable: works.writable && arrivals.writable,
            error: arrivals.error.or(works.error),
            queued: works.queued + arrivals.queued,
            groups: works.groups + arrivals.groups,
        }
    }

    pub(crate) async fn close(&self) {
        self.arrivals.close().await;
        self.works.close().await;
    }

    pub(crate) async fn arrive(&self, arrivals: Vec<Arrival>, recall: Recall) -> Result<Arrived, StoreError> {
        self.arrivals.arrive(arrivals, recall).await
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.works.write(work).await
    }

    /// Work on what arrivals write; no arrival of any node is under way meanwhile.
    pub(crate) async fn write_between_arrivals<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.arrivals.write(work).await
    }
}

/// The session of a lane, with what it has prepared and which partitions it knows.
pub(super) struct Line {
    pub(super) session: Session,
    statements: HashMap<String, Statement>,
    pub(super) months: Vec<Range<i64>>,
    /// The newest moment of each series, as far as this node has heard; a guess that the tables hold against.
    pub(super) current: HashMap<Series, i64>,
}

/// Arrivals of one sender, and where their answer goes.
type Sent = (Vec<Arrival>, Answer<Arrived>);
type Args<'a> = &'a [&'a (dyn ToSql + std::marker::Sync)];

impl Line {
    async fn statement(&mut self, text: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(text) {
            return Ok(statement.clone());
        }
        let statement = self.session.client.prepare(text).await.map_err(sql)?;
        self.statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    pub(super) async fn ask(&mut self, text: &str, args: Args<'_>) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        let statement = self.statement(text).await?;
        self.session.client.query(&statement, args).await.map_err(sql)
    }

    pub(super) async fn one(&mut self, text: &str) -> Result<i64, StoreError> {
        let rows = self.ask(text, &[]).await?;
        rows.first().map(|row| row.get(0)).ok_or(StoreError::NotFound)
    }

    async fn execute(&mut self, text: &str, args: Args<'_>) -> Result<usize, StoreError> {
        let statement = self.statement(text).await?;
        self.session.client.execute(&statement, args).await.map(|n| n as usize).map_err(sql)
    }

    async fn run(&self, text: &str) -> Result<(), StoreError> {
        self.session.client.batch_execute(text).await.map_err(sql)
    }

    /// Begins a group: from here on no other node is in this lane.
    async fn begin(&self, lane: i32) -> Result<(), StoreError> {
        let (began, text) = (Instant::now(), format!("BEGIN; SELECT pg_advisory_xact_lock({LOCKS}, {lane})"));
        loop {
            let Err(error) = self.session.client.batch_execute(&text).await else { return Ok(()) };
            let waiting = error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE);
            let error = sql(error);
            if !waiting || began.elapsed() >= LOCK_WAIT {
                return Err(if waiting { StoreError::Unavailable(error.to_string()) } else { error });
            }
            self.run("ROLLBACK").await?;
            self.end_hung(lane).await?;
        }
    }

    /// Ends the session that holds the lock of a lane far too long: its node hangs in the middle of a group.
    async fn end_hung(&self, lane: i32) -> Result<(), StoreError> {
        let end = "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid=l.pid \
            WHERE l.locktype='advisory' AND l.granted AND l.objsubid=2 AND l.classid::int8=$1 AND l.objid::int8=$2 \
            AND l.database=(SELECT oid FROM pg_database WHERE datname=current_database()) \
            AND a.xact_start < clock_timestamp() - $3 * interval '1 second'";
        let (locks, lane, hung) = (i64::from(LOCKS), i64::from(lane), HUNG_S as f64);
        let ended = self.session.client.query(end, &[&locks, &lane, &hung]).await.map_err(sql)?;
        if !ended.is_empty() {
            tracing::error!(lane, "ended the session of a node that hung in the middle of a group");
        }
        Ok(())
    }
}

struct Thread {
    address: Address,
    purpose: String,
    lane: i32,
    options: StoreOptions,
    runtime: Runtime,
    line: Option<Line>,
    /// When the server could not be reached.
    tried: Option<(Instant, StoreError)>,
    waiting: mpsc::Receiver<Job>,
    shared: Arc<Shared>,
    meter: Meter,
}

impl Thread {
    fn run(mut self) {
        let mut group = Vec::with_capacity(self.options.group_max);
        loop {
            self.until_writable();
            match self.take(&mut group) {
                Some(0) => return,
                Some(_) => {}
                None => {
                    self.line = None;
                    let lost = Err(StoreError::Unavailable("the server has closed the line".into()));
                    self.shared.committed(&lost);
                    continue;
                }
            }
            let close = group.iter().any(|job| matches!(job, Job::Close));
            self.commit(group.drain(..));
            if close {
                return;
            }
        }
    }

    /// Waits for a group; none when the line ended meanwhile.
    fn take(&mut self, group: &mut Vec<Job>) -> Option<usize> {
        let (waiting, max, line) = (&mut self.waiting, self.options.group_max, &mut self.line);
        self.runtime.block_on(async {
            let Some(line) = line else { return Some(waiting.recv_many(group, max).await) };
            tokio::select! {
                biased;
                n = waiting.recv_many(group, max) => Some(n),
                _ = &mut line.session.driver => None,
            }
        })
    }

    fn commit(&mut self, jobs: impl Iterator<Item = Job>) {
        let mut finishes: Vec<Finish> = Vec::new();
        let began = Instant::now();
        let result = self.group(jobs, &mut finishes);
        self.meter.group(finishes.len(), began.elapsed(), result.is_ok());
        self.shared.committed(&result);
        if let Err(error) = &result {
            tracing::error!(%error, "nothing of this group was kept");
            self.line = None;
        }
        for finish in finishes {
            finish(result.clone());
        }
    }

    fn group(&mut self, jobs: impl Iterator<Item = Job>, finishes: &mut Vec<Finish>) -> Result<(), StoreError> {
        let reached = self.reach();
        let mut tx = PgTx::begin((&self.runtime, &self.meter), self.line.as_mut(), reached, self.lane);
        let (mut sent, mut telegrams, mut moved): (Vec<Sent>, usize, _) = (Vec::new(), 0, None);
        for job in jobs {
            match job {
                Job::Arrive(arrivals, recall, answer) => {
                    let admitted = tx.admit(&mut moved, &arrivals, recall);
                    if matches!(admitted, Ok(true)) {
                        telegrams += arrivals.len();
                        sent.push((arrivals, answer));
                        if telegrams >= BULK_MAX {
                            tx.arrive_all(std::mem::take(&mut sent), finishes);
                            telegrams = 0;
                        }
                        continue;
                    }
                    finishes.push(Box::new(move |durable| {
                        let _gone = answer.send(durable.and(admitted).map(|_| Arrived::Moved(arrivals)));
                    }));
                }
                Job::Work(work) => {
                    tx.arrive_all(std::mem::take(&mut sent), finishes);
                    moved = None;
                    finishes.push(work(&mut tx));
                }
                Job::Close => {}
            }
        }
        tx.arrive_all(sent, finishes);
        tx.whole()?;
        #[cfg(test)]
        if self.shared.fault() == Fault::Sync {
            return Err(StoreError::Full("disk I/O error".into()));
        }
        tx.commit()
    }

    /// Connects where there is no line; not again at once after it failed.
    fn reach(&mut self) -> Result<(), StoreError> {
        if self.line.as_ref().is_some_and(|line| !line.session.driver.is_finished()) {
            return Ok(());
        }
        if let Some((when, error)) = &self.tried
            && when.elapsed() < RETRY
        {
            return Err(error.clone());
        }
        let purpose = Purpose { name: &self.purpose, sync: self.options.sync };
        match self.runtime.block_on(connect(&self.address, &purpose, |_| ())) {
            Ok(session) => {
                self.line =
                    Some(Line { session, statements: HashMap::new(), months: Vec::new(), current: HashMap::new() });
                self.tried = None;
                Ok(())
            }
            Err(error) => {
                self.line = None;
                self.tried = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Waits for something to do while nothing can be kept, and tries meanwhile whether it can again.
    fn until_writable(&mut self) {
        while self.shared.error().is_some() && self.waiting.is_empty() && !self.waiting.is_closed() {
            match self.probe() {
                Ok(()) => {
                    *self.shared.error() = None;
                    tracing::info!(lane = self.purpose, "writing again");
                }
                Err(error) => {
                    *self.shared.error() = Some(error.to_string());
                    self.line = None;
                    self.pause();
                }
            }
        }
    }

    fn pause(&self) {
        let began = Instant::now();
        while began.elapsed() < RETRY && self.waiting.is_empty() && !self.waiting.is_closed() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Writes something that does not get small by itself.
    fn probe(&mut self) -> Result<(), StoreError> {
        self.reach()?;
        let Some(line) = &self.line else { return Err(StoreError::Busy) };
        #[cfg(test)]
        if self.shared.fault() == Fault::Sync {
            return Err(StoreError::Full("disk I/O error".into()));
        }
        self.runtime.block_on(async {
            line.run(
                "INSERT INTO probe (padding) SELECT string_agg(uuid_send(gen_random_uuid()), ''::bytea) FROM generate_series(1, 16384)",
            )
            .await?;
            line.run("DELETE FROM probe").await
        })
    }
}

/// The transaction of a group. Once it is broken every further statement is refused with the same error.
struct PgTx<'a> {
    runtime: &'a Runtime,
    meter: &'a Meter,
    line: Option<&'a mut Line>,
    broken: Option<StoreError>,
}

impl<'a> PgTx<'a> {
    fn begin(
        (runtime, meter): (&'a Runtime, &'a Meter),
        line: Option<&'a mut Line>,
        reached: Result<(), StoreError>,
        lane: i32,
    ) -> Self {
        let mut tx = Self { runtime, meter, line, broken: reached.err() };
        tx.broken = tx.with(async |line| line.begin(lane).await).err();
        tx
    }

    fn whole(&self) -> Result<(), StoreError> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// Does something on the line, unless the transaction is broken; an error of the line or the disk breaks it.
    fn with<T>(&mut self, work: impl AsyncFnOnce(&mut Line) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.whole()?;
        let Some(line) = self.line.as_deref_mut() else { return Err(StoreError::Busy) };
        let done = self.runtime.block_on(work(line));
        if let Err(error) = &done {
            let gone = line.session.client.is_closed();
            if gone || matches!(error, StoreError::Full(_) | StoreError::Unavailable(_)) {
                self.broken = Some(error.clone());
            }
        }
        done
    }

    /// All arrivals of a group as one. When that fails, once more with nothing remembered; when that fails too, each by itself, so
    /// that a bad one harms nobody else.
    fn arrive_all(&mut self, sent: Vec<Sent>, finishes: &mut Vec<Finish>) {
        if sent.is_empty() {
            return;
        }
        let mut answers = Vec::with_capacity(sent.len());
        let (mut all, mut parts) = (Vec::new(), Vec::with_capacity(sent.len()));
        for (arrivals, answer) in sent {
            parts.push(arrivals.len());
            all.extend(arrivals);
            answers.push(answer);
        }
        let mut each: Vec<Result<Vec<Receipt>, StoreError>> = Vec::with_capacity(parts.len());
        let together = match self.arrive(&all) {
            Err(_) if self.broken.is_none() => self.arrive(&all),
            done => done,
        };
        match together {
            Ok(receipts) => {
                let mut receipts = receipts.into_iter();
                each.extend(parts.iter().map(|n| Ok(receipts.by_ref().take(*n).collect())));
            }
            Err(_) if self.broken.is_none() => {
                let mut rest = all.as_slice();
                for n in parts {
                    let (part, more) = rest.split_at(n);
                    each.push(self.arrive(part));
                    rest = more;
                }
            }
            Err(error) => each.extend(parts.iter().map(|_| Err(error.clone()))),
        }
        for (answer, receipts) in answers.into_iter().zip(each) {
            finishes.push(Box::new(move |durable| {
                let _gone = answer.send(durable.and(receipts).map(Arrived::Kept));
            }));
        }
    }

    /// Whether arrivals can be judged beside what is hot and recalled; what is recalled is put back.
    fn admit(
        &mut self,
        moved: &mut Option<MovedState>,
        arrivals: &[Arrival],
        recall: Recall,
    ) -> Result<bool, StoreError> {
        let now = match *moved {
            Some(now) => now,
            None => state(self.row(STATE, vec![])?)?,
        };
        *moved = Some(now);
        if !admits(now, arrivals, &recall) {
            return Ok(false);
        }
        if !recall.rows.is_empty() {
            let months: Vec<i64> = recall.rows.iter().map(|row| row.reading.key.at.0).collect();
            in_savepoint(self, |tx| {
                tx.with(async |line| line.make_months(months.into_iter()).await)?;
                put_back(tx, recall)
            })?;
        }
        Ok(true)
    }

    fn arrive(&mut self, arrivals: &[Arrival]) -> Result<Vec<Receipt>, StoreError> {
        let began = Instant::now();
        let kept = in_savepoint(self, |tx| tx.with(async |line| bulk::arrive(line, arrivals).await));
        let rows = kept.as_ref().map_or(0, |receipts| receipts.iter().map(|r| r.kept.len()).sum());
        self.meter.write(bulk::COPY_READING, began.elapsed(), rows);
        if kept.is_err()
            && let Some(line) = self.line.as_deref_mut()
        {
            // what was taken back is not known any more, and another node may have written or dropped something
            line.months.clear();
            line.current.clear();
        }
        kept
    }

    /// A transaction in which an error was overlooked would be taken back by `COMMIT` without a word; a statement before it fails.
    fn commit(&mut self) -> Result<(), StoreError> {
        let began = Instant::now();
        let done = self.with(async |line| line.run("SELECT 1; COMMIT").await);
        self.meter.write("COMMIT", began.elapsed(), 0);
        done
    }
}

impl Tx for PgTx<'_> {
    fn execute(&mut self, text: &'static str, args: Vec<Value>) -> Result<usize, StoreError> {
        let began = Instant::now();
        let changed = self.with(async |line| line.execute(text, &borrowed(&args)).await);
        self.meter.write(text, began.elapsed(), *changed.as_ref().unwrap_or(&0));
        changed
    }

    fn query(&mut self, text: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let began = Instant::now();
        let rows: Result<Vec<Row>, StoreError> =
            self.with(async |line| line.ask(text, &borrowed(&args)).await?.iter().map(value::row).collect());
        self.meter.write(text, began.elapsed(), rows.as_ref().map_or(0, Vec::len));
        rows
    }

    fn define(&mut self, text: &str) -> Result<(), StoreError> {
        self.with(async |line| line.run(text).await)
    }
}

fn borrowed(args: &[Value]) -> Vec<&(dyn ToSql + std::marker::Sync)> {
    args.iter().map(|arg| arg as &(dyn ToSql + std::marker::Sync)).collect()
}
