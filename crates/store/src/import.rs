//! Imports (数据导入): tables that people bring, byte for byte, with the plan they were read by, how far they are, and what was found.

use shanshui_domain::id::PersonId;
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::Instant;

use crate::audit::{Change, note};
use crate::cluster::put_job;
use crate::scope::Within;
use crate::sql::{Row, Tx};
use crate::{JobIn, Store, StoreError, args};

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// The table is here; nothing was read from it for good.
    Uploaded,
    /// Its values are being kept.
    Running,
    /// All of them are.
    Done,
    /// It ended before that; what was kept stays kept.
    Failed,
}

impl ImportState {
    /// The word the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    fn parse(word: &str) -> Result<Self, StoreError> {
        [Self::Uploaded, Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|s| s.as_str() == word)
            .ok_or_else(|| StoreError::Corrupt(format!("{word:?} is no state of an import")))
    }
}

/// An import without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// Id, rising with time.
    pub id: String,
    /// Name of the file.
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// Their SHA-256, in hex.
    pub sha256: String,
    /// Who brought it.
    pub person: PersonId,
    /// When.
    pub at: Instant,
    /// How far it is.
    pub state: ImportState,
    /// The plan it is read by, as JSON.
    pub plan: Option<String>,
    /// What was found, as JSON.
    pub report: Option<String>,
    /// Rows of the table that are done, and all of them.
    pub done: (i64, i64),
}

fn import(r: &Row) -> Result<ImportRow, StoreError> {
    let person = r.text(4)?;
    Ok(ImportRow {
        id: r.text(0)?,
        name: r.text(1)?,
        size: r.int(2)?,
        sha256: r.text(3)?,
        person: person.parse().map_err(|_| StoreError::Corrupt(format!("{person:?} is no person")))?,
        at: Instant(r.int(5)?),
        state: ImportState::parse(&r.text(6)?)?,
        plan: r.text_opt(7)?,
        report: r.text_opt(8)?,
        done: (r.int(9)?, r.int(10)?),
    })
}

/// What a caller may see: tables of their own, or everybody's.
macro_rules! seen {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, size, sha256, person, at, state, plan, report, done, total FROM import \
             WHERE ($1 = '*' OR replace($2, ',' || person || ',', '') <> $2)",
            $rest
        )
    };
}

impl Store {
    /// Keeps a table that somebody has brought.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] when they may not; [`StoreError::Full`] while there is too little room on the disk.
    pub async fn import_put(&self, caller: &Caller, row: &ImportRow, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.guard().admit()?;
        if !caller.may(Right::ImportMake) {
            return Err(StoreError::Forbidden);
        }
        let (caller, i) = (caller.clone(), row.clone());
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO import (id, name, size, sha256, person, at, state, plan, report, done, total, bytes) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)",
                args![
                    &i.id,
                    &i.name,
                    i.size,
                    &i.sha256,
                    i.person,
                    i.at,
                    i.state.as_str(),
                    i.plan.as_deref(),
                    i.report.as_deref(),
                    i.done.0,
                    i.done.1,
                    bytes
                ],
            )?;
            let after = serde_json::json!({"name": i.name, "sha256": i.sha256, "size": i.size});
            note(tx, &caller, i.at, "import_put", &i.id, Change { before: None, after: Some(after) })
        })
        .await
    }

    /// Begins an import by a plan and puts its work down, in one write. One that has begun is not begun again: a mended table is another
    /// import.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such import, [`StoreError::Conflict`] when it has begun already.
    pub async fn import_begin(
        &self,
        caller: &Caller,
        (id, at): (&str, Instant),
        (plan, report, total): (String, String, i64),
        work: JobIn,
    ) -> Result<(), StoreError> {
        let row = self.import_row(caller, id).await?;
        if !caller.may(Right::ImportMake) {
            return Err(StoreError::Forbidden);
        }
        let caller = caller.clone();
        self.write(move |tx| {
            let begun = tx.execute(
                "UPDATE import SET state='running', plan=$2, report=$3, total=$4 WHERE id=$1 AND state='uploaded'",
                args![&row.id, &plan, &report, total],
            )?;
            if begun == 0 {
                return Err(StoreError::Conflict);
            }
            put_job(tx, &work)?;
            let after = serde_json::json!({"name": row.name, "sha256": row.sha256, "plan": plan});
            note(tx, &caller, at, "import_begin", &row.id, Change { before: None, after: Some(after) })
        })
        .await
    }

    /// Says how far one is.
    pub async fn import_said(
        &self,
        id: String,
        state: ImportState,
        report: String,
        done: (i64, i64),
    ) -> Result<(), StoreError> {
        self.write(move |tx| said(tx, &id, state, &report, done)).await
    }

    /// One import.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such one.
    pub async fn import_row(&self, caller: &Caller, id: &str) -> Result<ImportRow, StoreError> {
        let [counties, _, people] = Within::of(caller, Right::ImportRead).args();
        let row = self.read_one(seen!(" AND id=$3"), args![counties, people, id]).await?;
        import(&row.ok_or(StoreError::NotFound)?)
    }

    /// The bytes of one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such one.
    pub async fn import_bytes(&self, caller: &Caller, id: &str) -> Result<Vec<u8>, StoreError> {
        let row = self.import_row(caller, id).await?;
        let bytes = self.read_one("SELECT bytes FROM import WHERE id=$1", args![&row.id]).await?;
        bytes.ok_or(StoreError::NotFound)?.blob(0)
    }

    /// Imports that the caller sees, newest first.
    pub async fn imports(&self, caller: &Caller, limit: usize) -> Result<Vec<ImportRow>, StoreError> {
        let [counties, _, people] = Within::of(caller, Right::ImportRead).args();
        let rows = self.read(seen!(" ORDER BY id DESC LIMIT $3"), args![counties, people, limit as i64]).await?;
        rows.iter().map(import).collect()
    }
}

fn said(
    tx: &mut dyn Tx,
    id: &str,
    state: ImportState,
    report: &str,
    (done, total): (i64, i64),
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE import SET state=$2, report=$3, done=$4, total=$5 WHERE id=$1",
        args![id, state.as_str(), report, done, total],
    )?;
    Ok(())
}
