//! What differs between engines: opening, the group-committing writer, bulk readings, who is there, backup.

pub mod postgres;
pub(crate) mod queue;
pub mod sqlite;

/// How hard a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sync {
    /// It reaches the disk.
    Full,
    /// Nothing is promised: the negative control of crash tests.
    Off,
}

/// Lines beside the reading pool that walk along long series.
#[derive(Clone)]
pub(crate) enum Scanner {
    Sqlite(sqlite::scan::Scanner),
    Postgres(postgres::scan::Scanner),
}

impl Scanner {
    /// Gives them back.
    pub(crate) fn close(&self) {
        match self {
            Self::Sqlite(scanner) => scanner.close(),
            Self::Postgres(scanner) => scanner.close(),
        }
    }
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
    sqlite: &'static str,
    postgres: &'static str,
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
const STEPS: &[Step] = &[step!("0001_loop"), step!("0002_nodes"), step!("0003_history"), step!("0004_quarantine")];

fn steps(of: fn(&Step) -> &'static str) -> Vec<&'static str> {
    STEPS.iter().map(of).collect()
}

/// The number of the schema that this program knows.
pub(crate) fn known() -> i64 {
    STEPS.len() as i64
}
