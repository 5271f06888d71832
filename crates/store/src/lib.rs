//! Keeping: telegrams, readings, judgements, alarms, cases, people. Acknowledged means durable.
//!
//! All writes of a process queue to one writer, which commits whatever waits as one group and answers each only afterwards
//! ([`dialect::sqlite`]); readers use a pool. The functions are in the words of the stage: [`mod@sense`], [`mod@analyse`], [`mod@act`],
//! [`mod@system`]. Every error is a [`StoreError`].

pub mod act;
pub mod analyse;
pub mod check;
#[cfg(test)]
mod contract;
pub mod copy;
pub mod dialect;
pub mod sense;
pub mod sql;
pub mod system;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use shanshui_domain::act::case::Refused;
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;

pub use act::{AlarmFilter, AlarmRow, CaseDetail, CaseFilter, CaseSummary, EvidenceRow};
pub use analyse::JudgementRow;
pub use check::Finding;
pub use dialect::sqlite::{Health, Sync};
pub use sense::{
    Arrival, CommandRow, CurveBound, DeviceFacts, LatestRow, PointRow, QuarantineRow, ReadingRow, Receipt, Sampled,
    TelegramIn, TelegramRow,
};
pub use system::{AuditEntry, PersonRow};

use dialect::sqlite::writer::Writer;
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
    /// The rules of the case refuse it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The disk is full or cannot be written; nothing of this was kept. Reading goes on.
    #[error("the disk is full or not writable: {0}")]
    Full(String),
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

/// How a store works.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// How hard a commit is.
    pub sync: Sync,
    /// Most writes waiting; beyond it writers wait.
    pub queue: usize,
    /// Most writes of one group.
    pub group_max: usize,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { sync: Sync::Full, queue: 65_536, group_max: 4_096 }
    }
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    writer: Arc<Writer>,
    path: PathBuf,
}

impl Store {
    /// Opens a database file, making it and bringing its schema up where needed.
    ///
    /// # Errors
    /// When the file cannot be opened, or is of a newer schema.
    pub async fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let writer = {
            let path = path.to_owned();
            let open = tokio::task::spawn_blocking(move || Writer::open(&path, options));
            open.await.map_err(|e| StoreError::Io(e.to_string()))??
        };
        let pool = AnyPoolOptions::new().max_connections(4).connect(&address(path)?).await;
        let pool = pool.map_err(|e| StoreError::Sql(e.to_string()))?;
        Ok(Self { pool, writer: Arc::new(writer), path: path.to_owned() })
    }

    /// Whether new data is being made durable.
    pub fn health(&self) -> Health {
        self.writer.health()
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what waits and stops writing.
    pub async fn close(&self) {
        self.writer.close().await;
        self.pool.close().await;
    }

    async fn read(&self, sql: &'static str, args: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        sql::read(&self.pool, sql, args).await
    }

    async fn read_one(&self, sql: &'static str, args: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.read(sql, args).await?.into_iter().next())
    }

    /// Does `work` in the writer's next group and answers when it is durable; an error takes back this work alone.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write(work).await
    }
}

/// The address of a file: from the root, and without the letters that mean something in an address.
fn address(path: &Path) -> Result<String, StoreError> {
    let path = std::path::absolute(path).map_err(|e| StoreError::Io(format!("{}: {e}", path.display())))?;
    let path = path.to_str().ok_or_else(|| StoreError::Io(format!("{} is no text", path.display())))?;
    let path = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    Ok(format!("sqlite://{path}?mode=rw"))
}
