//! How things stand, as numbers: for monitoring, and for whoever asks whether this node is ready.

use shanshui_domain::act::alarm::AlarmKind;

use crate::dialect::sqlite::file::beside_log;
use crate::{Engine, Store, StoreError, args};

/// Telegrams that are counted when asking how far the judge is behind; more are "at least so many".
pub const BEHIND_MAX: i64 = 200_000;

/// The number of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Schema {
    /// Of the database.
    pub found: i64,
    /// Of this program.
    pub known: i64,
}

impl Store {
    /// Size of the database in bytes, its log included.
    pub async fn bytes(&self) -> Result<i64, StoreError> {
        let (pages, log) = match &self.engine {
            Engine::Sqlite(_, path) => {
                let log = std::fs::metadata(beside_log(path, "wal")).map_or(0, |log| log.len() as i64);
                ("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", log)
            }
            Engine::Postgres(_) => ("SELECT pg_database_size(current_database())", 0),
        };
        Ok(self.read_one(pages, args![]).await?.ok_or(StoreError::NotFound)?.int(0)? + log)
    }

    /// Telegrams with data after the judge's cursor, counted up to [`BEHIND_MAX`]. The cursor is written once a second, and what
    /// brings no reading does not move it, so a few are normal.
    pub async fn judge_behind(&self) -> Result<i64, StoreError> {
        let cursor = self.read_one("SELECT value FROM rule_state WHERE key='judge:cursor'", args![]).await?;
        let cursor: i64 = cursor.map_or(Ok(0), |row| row.parsed(0))?;
        let behind = "SELECT COUNT(*) FROM (SELECT id FROM telegram WHERE id>$1 AND quarantine IS NULL AND \
            cn IN ('2011','2051','2061') LIMIT 200000) AS later";
        self.read_one(behind, args![cursor]).await?.ok_or(StoreError::NotFound)?.int(0)
    }

    /// Alarms that last, by kind.
    pub async fn alarms_lasting(&self) -> Result<Vec<(AlarmKind, i64)>, StoreError> {
        let rows = self.read("SELECT kind, COUNT(*) FROM alarm WHERE ended IS NULL GROUP BY kind", args![]).await?;
        let kind = |word: String| AlarmKind::parse(&word).ok_or(StoreError::Corrupt(word));
        rows.iter().map(|row| Ok((kind(row.text(0)?)?, row.int(1)?))).collect()
    }

    /// The schema of the database, and that of this program: while nodes are upgraded one by one, the first may be newer.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let number = match &self.engine {
            Engine::Sqlite(..) => "SELECT user_version FROM pragma_user_version",
            Engine::Postgres(_) => "SELECT version FROM schema_version",
        };
        let found = self.read_one(number, args![]).await?.ok_or(StoreError::NotFound)?.int(0)?;
        Ok(Schema { found, known: crate::dialect::known() })
    }

    /// When the newest telegram arrived, by the clock of whoever took it.
    pub async fn newest_arrival(&self) -> Result<Option<shanshui_domain::time::Instant>, StoreError> {
        let row = self.read_one("SELECT arrived FROM telegram ORDER BY id DESC LIMIT 1", args![]).await?;
        row.map(|row| Ok(shanshui_domain::time::Instant(row.int(0)?))).transpose()
    }
}
