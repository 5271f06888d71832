//! What differs between engines: opening, the group-committing writer, bulk readings, who is there, backup.

pub mod postgres;
pub(crate) mod queue;
pub mod sqlite;

use std::sync::Arc;

use shanshui_domain::time::{Instant, PeriodKind};
use tokio::sync::Semaphore;
use tokio_util::task::AbortOnDropHandle;

use crate::StoreError;
use crate::sense::ReadingRow;
use crate::walk::{HotRow, Series, Thin};

/// How hard a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// It reaches the disk.
    Full,
    /// Nothing is promised: the negative control of crash tests.
    Off,
}

/// Lines beside the reading pool that walk along long series. Read ahead of what is being looked at, few at a time.
#[derive(Clone)]
pub(crate) struct Scanner {
    lines: Lines,
    turns: Arc<Semaphore>,
}

#[derive(Clone)]
enum Lines {
    Sqlite(sqlite::scan::Scanner),
    Postgres(postgres::scan::Scanner),
}

/// Lines in use at one time.
const LINES: usize = 4;

impl Scanner {
    pub(crate) fn sqlite(scanner: sqlite::scan::Scanner) -> Self {
        Self { lines: Lines::Sqlite(scanner), turns: Arc::new(Semaphore::new(LINES)) }
    }

    pub(crate) fn postgres(scanner: postgres::scan::Scanner) -> Self {
        Self { lines: Lines::Postgres(scanner), turns: Arc::new(Semaphore::new(LINES)) }
    }

    /// The hot rows of a series, newest version of each key, ascending. Begun at once, not when first waited for, and given up when
    /// nobody waits any more.
    pub(crate) fn scan(&self, series: Series, span: (Instant, Instant)) -> AbortOnDropHandle<Scanned> {
        let scanner = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            let _turn = scanner.turns.acquire().await.map_err(closed)?;
            match &scanner.lines {
                Lines::Sqlite(lines) => lines.scan(series, span).await,
                Lines::Postgres(lines) => lines.scan(series, span).await,
            }
        }))
    }

    /// The hot rows of a block and kind, newest version of each key.
    pub(crate) async fn block(
        &self,
        of: (i64, PeriodKind),
        span: (Instant, Instant),
    ) -> Result<Vec<HotRow>, StoreError> {
        let _turn = self.turns.acquire().await.map_err(closed)?;
        match &self.lines {
            Lines::Sqlite(lines) => lines.block(of, span).await,
            Lines::Postgres(lines) => lines.block(of, span).await,
        }
    }

    /// The newest version of some keys of a series, ascending.
    pub(crate) async fn newest(&self, series: Series, stamps: Vec<Instant>) -> Result<Vec<ReadingRow>, StoreError> {
        if stamps.is_empty() {
            return Ok(Vec::new());
        }
        let _turn = self.turns.acquire().await.map_err(closed)?;
        match &self.lines {
            Lines::Sqlite(lines) => lines.newest(series, stamps).await,
            Lines::Postgres(lines) => lines.newest(series, stamps).await,
        }
    }

    /// Gives them back.
    pub(crate) fn close(&self) {
        match &self.lines {
            Lines::Sqlite(lines) => lines.close(),
            Lines::Postgres(lines) => lines.close(),
        }
    }
}

type Scanned = Result<Vec<Thin>, StoreError>;

fn closed(error: tokio::sync::AcquireError) -> StoreError {
    StoreError::Io(error.to_string())
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

/// One step of the schema, in the words of each engine.
pub(crate) struct Step {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

macro_rules! step {
    ($name:literal) => {
        Step {
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        }
    };
}

/// Every step, in order; its place is the schema's number. A new one is appended, none is ever changed.
const STEPS: &[Step] = &[
    step!("0001_loop"),
    step!("0002_nodes"),
    step!("0003_history"),
    step!("0004_quarantine"),
    step!("0005_rights"),
    step!("0006_sessions"),
    step!("0007_audit"),
    step!("0008_second_factor"),
    step!("0009_tokens"),
    step!("0010_whole"),
    step!("0011_chains"),
    step!("0012_evaluation"),
    step!("0013_import"),
    step!("0014_forecast"),
    step!("0015_report"),
    step!("0016_review"),
    step!("0017_eye"),
    step!("0018_packs"),
    step!("0019_events_of_a_camera"),
    step!("0020_work_that_is_taken"),
];

pub(crate) fn steps(of: fn(&Step) -> &'static str) -> Vec<&'static str> {
    STEPS.iter().map(of).collect()
}

/// The number of the schema that this program knows.
pub(crate) fn known() -> i64 {
    STEPS.len() as i64
}
