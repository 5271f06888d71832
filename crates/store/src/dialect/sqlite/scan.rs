//! Walks along series and blocks with a connection of its own: the reading pool makes every row an allocation for each of its columns, and
//! a year by the minute has half a million rows.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, params};
use shanshui_domain::id::{PointId, TelegramId};
use shanshui_domain::time::{Instant, PeriodKind};

use super::file::apart;
use super::sql;
use crate::StoreError;
use crate::sense::ReadingRow;
use crate::walk::{BLOCK, HotRow, SERIES, Series, Thin, WHOLE};

/// Connections kept for the next walk.
const IDLE: usize = 4;

/// Read-only connections to one file.
#[derive(Clone)]
pub(crate) struct Scanner {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Scanner {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), idle: Arc::default() }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<Connection, StoreError> {
        if let Some(db) = self.idle().pop() {
            return Ok(db);
        }
        // one thread at a time holds a connection: its rows need no lock
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.path, flags).map_err(sql)?;
        db.execute_batch("PRAGMA busy_timeout=10000; PRAGMA query_only=ON; PRAGMA mmap_size=1073741824;")
            .map_err(sql)?;
        Ok(db)
    }

    /// Does work with a connection, on a thread that may wait for the disk.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let scanner = self.clone();
        let work = move || {
            let db = scanner.open()?;
            let found = work(&db).map_err(sql)?;
            let mut idle = scanner.idle();
            if idle.len() < IDLE {
                idle.push(db);
            }
            Ok(found)
        };
        apart(work).await
    }

    /// The hot rows of a series, newest version of each key, ascending.
    pub(crate) async fn scan(&self, series: Series, span: (Instant, Instant)) -> Result<Vec<Thin>, StoreError> {
        self.with(move |db| walk(db, series, span)).await
    }

    /// The hot rows of a block and kind, newest version of each key.
    pub(crate) async fn block(
        &self,
        of: (i64, PeriodKind),
        span: (Instant, Instant),
    ) -> Result<Vec<HotRow>, StoreError> {
        self.with(move |db| whole(db, of, span)).await
    }

    /// The newest version of some keys of a series.
    pub(crate) async fn newest(&self, series: Series, stamps: Vec<Instant>) -> Result<Vec<ReadingRow>, StoreError> {
        self.with(move |db| newest(db, series, &stamps)).await
    }

    /// Gives the connections back.
    pub(crate) fn close(&self) {
        self.idle().clear();
    }
}

fn walk(db: &Connection, (point, kind): Series, (from, to): (Instant, Instant)) -> rusqlite::Result<Vec<Thin>> {
    let mut statement = db.prepare_cached(SERIES)?;
    let mut rows = statement.query(params![point.block(), kind.number(), from.0, to.0, point.0])?;
    let mut all: Vec<Thin> = Vec::new();
    while let Some(row) = rows.next()? {
        let marked = row.get_ref(2)?.as_bytes()? != b"N";
        let thin = Thin {
            at: Instant(row.get(0)?),
            number: row.get(1)?,
            marked,
            late: row.get::<_, i64>(3)? != 0,
            version: row.get(4)?,
        };
        Thin::push(&mut all, thin);
    }
    Ok(all)
}

/// The newest of a key; block, kind, stamp, point.
static NEWEST: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {WHOLE} FROM reading \
         WHERE block=$1 AND kind=$2 AND at=$3 AND point=$4 ORDER BY version DESC LIMIT 1"
    )
});

fn newest(db: &Connection, (point, kind): Series, stamps: &[Instant]) -> rusqlite::Result<Vec<ReadingRow>> {
    let mut statement = db.prepare_cached(&NEWEST)?;
    let mut all = Vec::with_capacity(stamps.len());
    for at in stamps {
        let mut rows = statement.query(params![point.block(), kind.number(), at.0, point.0])?;
        if let Some(row) = rows.next()? {
            all.push(ReadingRow {
                at: *at,
                value: row.get(1)?,
                number: row.get(2)?,
                extra: row.get(3)?,
                mark: row.get(4)?,
                versions: row.get(5)?,
                late: row.get::<_, i64>(6)? != 0,
                arrived: Instant(row.get(7)?),
                telegram: row.get::<_, Option<i64>>(8)?.map(TelegramId),
            });
        }
    }
    Ok(all)
}

fn whole(
    db: &Connection,
    (block, kind): (i64, PeriodKind),
    (from, to): (Instant, Instant),
) -> rusqlite::Result<Vec<HotRow>> {
    let mut statement = db.prepare_cached(BLOCK)?;
    let mut rows = statement.query(params![block, kind.number(), from.0, to.0])?;
    let mut all: Vec<HotRow> = Vec::new();
    while let Some(row) = rows.next()? {
        let (at, point, version) = (Instant(row.get(0)?), PointId(row.get(1)?), row.get(2)?);
        let (number, value, extra, mark) = (row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?);
        HotRow::push(&mut all, HotRow { at, point, version, number, value, extra, mark });
    }
    Ok(all)
}
