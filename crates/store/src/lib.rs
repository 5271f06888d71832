//! Keeping: telegrams, readings, judgements, alarms, cases, people. Acknowledged means durable.
//!
//! A store lies in one SQLite file or in a PostgreSQL database that several nodes share; whoever calls does not know which. All
//! writes queue to a writer, which commits whatever waits as one group and answers each only afterwards ([`dialect::sqlite`],
//! [`dialect::postgres`]); readers use a pool. Several nodes find and tell one another by [`mod@node`] and share
//! work by [`mod@cluster`]. The functions are in the words of the stage: [`mod@sense`], [`mod@analyse`], [`mod@act`],
//! [`mod@system`]. Who may see and do what is decided by the [`shanshui_domain::right::Caller`] that each of them asks for. Every error is a [`StoreError`].

pub mod act;
pub mod again;
pub mod analyse;
pub mod audit;
pub mod chain;
pub mod check;
pub mod cluster;
#[cfg(test)]
mod contract;
pub mod copy;
pub mod dialect;
pub mod evaluate;
pub mod eye;
pub mod figure;
pub mod forecast;
pub mod history;
pub mod import;
pub mod look;
pub mod meter;
pub mod mover;
pub mod node;
mod pack;
pub mod place;
pub mod report;
pub mod review;
pub mod right;
pub mod room;
mod scope;
pub mod seals;
pub mod sense;
pub mod sql;
pub mod system;
pub mod token;
pub mod transfer;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::TryFutureExt as _;
use shanshui_domain::act::case::Refused;
use shanshui_domain::analyse::review::desk::Refusal;
use shanshui_domain::right::TreeFault;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor as _};

pub use act::{AlarmFilter, AlarmRow, CaseDetail, CaseFilter, CaseIn, CaseSummary, EvidenceRow};
pub use again::{Again, Rereading};
pub use analyse::JudgementRow;
pub use audit::{AuditEntry, AuditFilter, AuditRow, Proof, RootRow};
pub use chain::BreakRow;
pub use check::{Finding, check_database, check_log};
pub use cluster::{
    Beat, Claim, Claimed, Fired, HoldRow, JobIn, JobRow, NodeRow, Ruling, SECOND_CONNECTION, SecondConnection,
};
pub use dialect::sqlite::salvage::Salvaged;
pub use dialect::{Health, Sync};
pub use evaluate::EvaluationRow;
pub use eye::{
    CameraRow, EventFilter, EventRow, PlanRow, QuietRow, SoundRow, SpokenRow, StepRow, Tally, VisitFilter, VisitRow,
    VoiceRow,
};
pub use figure::Schema;
pub use forecast::ForecastRow;
pub use history::MovedState;
pub use import::{ImportRow, ImportState};
pub use meter::Meter;
pub use mover::{MovedRows, MoverOptions};
pub use node::{Holding, Lagged, NodeId, Note, Notes};
#[cfg(feature = "failpoints")]
pub use place::places_from_environment;
pub use place::{PLACES, place};
pub use report::{Counted, Every, PublicationRow, ReportFilter, ReportIn, ReportRow, ScheduleRow, TemplateRow};
pub use review::{DecisionRow, FindingFilter, FindingIn, FindingRow, FindingState, FindingsPut, Rewrite, SignOffRow};
pub use right::{DelegationRow, GlassRow, Holdings, PostRow};
pub use room::{Guard, Room};
pub use seals::{SealedState, Seals};
pub use sense::{
    Arrival, CommandRow, CurveBound, DeviceFacts, KeptAs, LatestRow, PointRow, QuarantineRow, ReadingRow, Receipt,
    Sampled, TelegramIn, TelegramRow,
};
pub use system::{FactorRow, Opened, PersonRow, SessionRow, TryLimit};
pub use token::{TOKENS_MAX, TokenKind, TokenOpened, TokenRow};
pub use walk::HotRow;

use dialect::Scanner;
use dialect::postgres::presence::Presence;
use dialect::postgres::writer::Lanes;
use dialect::postgres::{self, Address};
use dialect::sqlite::file;
use dialect::sqlite::writer::{self, Writer};
use node::{Hub, Keeper, Node};
use sql::{Row, Tx, Value};

/// What can go wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("not found")]
    NotFound,
    /// Somebody else wrote first.
    #[error("conflict: the row has moved on")]
    Conflict,
    /// It is the caller's to see, and not to do.
    #[error("forbidden")]
    Forbidden,
    /// One person would hold what must be held apart.
    #[error("roles that exclude one another")]
    Apart,
    /// Organisations would be no tree.
    #[error(transparent)]
    NoTree(#[from] TreeFault),
    /// The rules of the case refuse it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The rules of the review desk refuse it.
    #[error("{0}")]
    Desk(Refusal),
    /// A step of an event cannot follow.
    #[error("{0}")]
    Eye(shanshui_domain::sense::eye::event::Refusal),
    /// The rules of visits refuse it.
    #[error("{0}")]
    Visit(shanshui_domain::sense::eye::visit::VisitFault),
    /// The disk is full or cannot be written; nothing of this was kept. Reading goes on.
    #[error("the disk is full or not writable: {0}")]
    Full(String),
    /// The database cannot be reached, or its answer did not come; nothing of this was acknowledged. It may work again soon.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A secret does not open, or cannot be sealed; says which and why.
    #[error("{0}")]
    Sealed(String),
    /// A chain is broken, and nothing is appended to it.
    #[error("{what}; nothing is appended to {stream} until somebody has looked at it")]
    Chain {
        /// Which chain.
        stream: String,
        /// Its first link that does not fit.
        link: u64,
        /// What is wrong.
        what: String,
    },
    /// The writer has stopped.
    #[error("the store is closed")]
    Busy,
    /// The database was written by a newer program.
    #[error("database schema {found} is newer than this program knows ({known})")]
    Newer {
        /// In the file.
        found: i64,
        /// Known here.
        known: i64,
    },
    /// What is kept cannot be read back.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// The engine's own words.
    #[error("sql: {0}")]
    Sql(String),
    /// Files.
    #[error("{0}")]
    Io(String),
}

impl StoreError {
    /// The engine says that a disk is full, and not which file it meant.
    pub(crate) fn at(self, file: &Path) -> Self {
        match self {
            Self::Full(said) => Self::Full(format!("{}: {said}", file.display())),
            other => other,
        }
    }
}

/// How a store works.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// How hard a commit is.
    pub sync: Sync,
    /// Most writes waiting; beyond it writers wait.
    pub queue: usize,
    /// Most writes of one group.
    pub group_max: usize,
    /// How many seconds a database that cannot be reached is waited for at the start.
    pub connect_s: u64,
    /// Statements that take at least so long are logged.
    pub slow: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        let slow = Duration::from_millis(500);
        Self { sync: Sync::Full, queue: 65_536, group_max: 4_096, connect_s: 60, slow }
    }
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    engine: Engine,
    scanner: Scanner,
    node: Node,
    meter: Meter,
    guard: Guard,
    past: Option<Arc<history::Past>>,
    seals: Arc<dyn Seals>,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<Writer>, PathBuf),
    Postgres(Arc<Lanes>),
}

/// Sessions that read from PostgreSQL.
const READERS: u32 = 8;
/// How long a reader waits for one of them.
const READ_WAIT: Duration = Duration::from_secs(5);
/// What they are told.
const READING: &str = "SET default_transaction_read_only=on; SET statement_timeout='120s'; SET jit=off; \
    SET application_name='shanshui reads'; SET client_min_messages=warning";

impl Store {
    /// Opens a database file, making it and bringing its schema up where needed.
    ///
    /// # Errors
    /// When the file cannot be opened, or is of a newer schema.
    pub async fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let meter = Meter::new(options.slow);
        let writer = {
            let (path, meter) = (path.to_owned(), meter.clone());
            let open = tokio::task::spawn_blocking(move || writer::start(&path, options, meter));
            open.await.map_err(|e| StoreError::Io(e.to_string()))??
        };
        let pool = AnyPoolOptions::new().max_connections(4).connect(&address(path)?).await;
        let pool = pool.map_err(|e| StoreError::Sql(e.to_string()))?;
        let scanner = Scanner::sqlite(dialect::sqlite::scan::Scanner::new(path));
        let engine = Engine::Sqlite(Arc::new(writer), path.to_owned());
        Ok(Self {
            pool,
            engine,
            scanner,
            node: Node::alone(),
            meter,
            guard: Guard::none(),
            past: None,
            seals: Arc::new(seals::Open),
        })
    }

    /// Opens the database at an address: `postgres://…`, or the path of a file.
    ///
    /// # Errors
    /// As [`Store::open`]; also when a server cannot be reached within `options.connect_s`.
    pub async fn connect(address: &str, options: StoreOptions) -> Result<Self, StoreError> {
        if postgres::is_postgres(address) {
            return Self::connect_postgres(&Address::parse(address)?, options).await;
        }
        Self::open(Path::new(address), options).await
    }

    async fn connect_postgres(address: &Address, options: StoreOptions) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        postgres::open(address, Duration::from_secs(options.connect_s)).await?;
        let (hub, meter) = (Hub::new(), Meter::new(options.slow));
        let lanes = Lanes::start(address, hub.id().as_str(), options, &meter)?;
        let presence = Presence::open(address, hub.clone()).await?;
        let pool = AnyPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(READ_WAIT)
            .after_connect(|connection, _| Box::pin(connection.execute(READING).map_ok(|_| ())))
            .connect(address.expose())
            .await
            .map_err(sql::failed)?;
        let (engine, keeper) = (Engine::Postgres(Arc::new(lanes)), Keeper::Postgres(presence));
        let scanner = Scanner::postgres(postgres::scan::Scanner::new(address));
        Ok(Self {
            pool,
            engine,
            scanner,
            node: Node { hub, keeper },
            meter,
            guard: Guard::none(),
            past: None,
            seals: Arc::new(seals::Open),
        })
    }

    /// The same store, which takes no telegrams and no evidence while `guard` says that there is no room.
    pub fn guarded(self, guard: Guard) -> Self {
        Self { guard, ..self }
    }

    /// Who watches the room on the disk.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Figures of the store's work.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Whether new data is being made durable.
    pub fn health(&self) -> Health {
        let health = match &self.engine {
            Engine::Sqlite(writer, _) => writer.health(),
            Engine::Postgres(lanes) => lanes.health(),
        };
        match self.guard.admit() {
            Err(error) if health.writable => Health { writable: false, error: Some(error.to_string()), ..health },
            _ => health,
        }
    }

    /// The database file; none when the store is no file.
    pub fn path(&self) -> Option<&Path> {
        match &self.engine {
            Engine::Sqlite(_, path) => Some(path),
            Engine::Postgres(_) => None,
        }
    }

    /// Writes what waits, stops writing, gives back whatever name this node holds.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(writer, _) => writer.close().await,
            Engine::Postgres(lanes) => lanes.close().await,
        }
        self.scanner.close();
        self.node.leave().await;
        self.pool.close().await;
        if let Engine::Sqlite(_, path) = &self.engine {
            let path = path.clone();
            if let Err(error) = file::apart(move || file::settle(&path)).await {
                tracing::warn!(%error, "the write-ahead log is left to the next start");
            }
        }
    }

    async fn read(&self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        let begun = Instant::now();
        let rows = sql::read(&self.pool, sql, args).await;
        self.meter.read(sql, begun.elapsed(), rows.as_ref().map_or(0, Vec::len));
        rows
    }

    async fn read_one(&self, sql: &'static str, args: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.read(sql, args).await?.into_iter().next())
    }

    /// Does `work` in the writer's next group and answers when it is durable; an error takes back this work alone.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.engine {
            Engine::Sqlite(writer, _) => writer.write(work).await,
            Engine::Postgres(lanes) => lanes.write(work).await,
        }
    }

    /// The same for work on what arrivals write: no arrival of any node is under way meanwhile.
    async fn write_between_arrivals<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.engine {
            Engine::Sqlite(writer, _) => writer.write(work).await,
            Engine::Postgres(lanes) => lanes.write_between_arrivals(work).await,
        }
    }
}

/// The address of a file: from the root, and without the letters that mean something in an address.
fn address(path: &Path) -> Result<String, StoreError> {
    let path = std::path::absolute(path).map_err(|e| StoreError::Io(format!("{}: {e}", path.display())))?;
    let path = path.to_str().ok_or_else(|| StoreError::Io(format!("{} is no text", path.display())))?;
    let path = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    Ok(format!("sqlite://{path}?mode=rw"))
}
