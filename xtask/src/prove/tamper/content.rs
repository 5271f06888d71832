//! What is read, table by table, so that two copies can be compared.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use shanshui_domain::id::TelegramId;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_history::{History, HistoryOptions};
use shanshui_store::{Store, StoreOptions};

use crate::prove::ledger::fnv;

/// Rows of one series at a time; there are fewer.
const ROWS_MAX: usize = 1_000_000;

/// Each table's rows as one number; one that cannot be read is not there.
pub(super) type Content = BTreeMap<String, u64>;

/// Of a database file, with its log.
pub(super) fn of_database(path: &Path) -> Content {
    let mut content = Content::new();
    let Ok(db) = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE) else { return content };
    for table in tables(&db).unwrap_or_default() {
        if let Ok(digest) = digest(&db, &table) {
            content.insert(table, digest);
        }
    }
    content
}

/// Of what can be salvaged of a damaged database file.
pub(super) fn of_salvaged(path: &Path, dir: &Path) -> anyhow::Result<Content> {
    let [to, notes] = ["salvaged.db", "salvaged.notes"].map(|name| dir.join(name));
    for left in [&to, &notes] {
        if left.exists() {
            std::fs::remove_file(left)?;
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Store::salvage(path, &to, &notes, |_| None, Box::new(|_| ())))?;
    Ok(of_database(&to))
}

/// Whether the engine's own check finds anything in a database.
pub(super) fn engine_finds(path: &Path) -> bool {
    let said = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|db| db.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)));
    !said.is_ok_and(|said| said == "ok")
}

fn tables(db: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite%'")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// Rows in no order: the sum of their digests. The table itself is read, not an index that happens to hold the same.
fn digest(db: &Connection, table: &str) -> rusqlite::Result<u64> {
    // of a table without row numbers the engine would take an index that has every column, also when told not to
    let key: Option<String> = db
        .query_row(
            "SELECT i.name FROM pragma_index_list(?1) i WHERE i.origin='pk' \
             AND (SELECT wr FROM pragma_table_list(?1) WHERE schema='main')",
            [table],
            |row| row.get(0),
        )
        .optional()?;
    let by = key.map_or_else(|| "NOT INDEXED".to_owned(), |key| format!("INDEXED BY \"{key}\""));
    let mut statement = db.prepare(&format!("SELECT * FROM \"{table}\" {by}"))?;
    let columns = statement.column_count();
    let (mut rows, mut sum) = (statement.query([])?, 0_u64);
    while let Some(row) = rows.next()? {
        let mut bytes = Vec::new();
        for i in 0..columns {
            let (kind, value) = match row.get_ref(i)? {
                ValueRef::Null => (0, Vec::new()),
                ValueRef::Integer(n) => (1, n.to_be_bytes().to_vec()),
                ValueRef::Real(n) => (2, n.to_bits().to_be_bytes().to_vec()),
                ValueRef::Text(text) => (3, text.to_vec()),
                ValueRef::Blob(blob) => (4, blob.to_vec()),
            };
            bytes.push(kind);
            bytes.extend((value.len() as u64).to_be_bytes());
            bytes.extend(value);
        }
        sum = sum.wrapping_add(fnv(&bytes) | 1);
    }
    Ok(sum)
}

/// Of everything that a store and its history answer: series and telegrams.
pub(super) fn of_store(data: &Path) -> anyhow::Result<Content> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let place = data.join("history").display().to_string();
        let history = History::existing(&place, HistoryOptions::default()).await?.context("no history")?;
        let store = Store::open(&data.join("shanshui.db"), StoreOptions::default()).await?.with_history(history);
        let read = read(&store).await;
        store.close().await;
        read
    })
}

async fn read(store: &Store) -> anyhow::Result<Content> {
    let mut content = Content::new();
    for point in store.points().await? {
        for kind in (0..=9).filter_map(PeriodKind::from_number) {
            let span = (Instant(i64::MIN), Instant(i64::MAX));
            let found = store.range_covered((point.id, kind), span, ROWS_MAX).await?;
            anyhow::ensure!(found.unread.is_empty(), "{:?}", found.unread);
            let rows: Vec<String> = found.rows.iter().map(|row| format!("{row:?}")).collect();
            content.insert(format!("{} {}", point.id.0, kind.as_str()), fnv(rows.join("\n").as_bytes()));
        }
    }
    let mut after = TelegramId(0);
    loop {
        let page = store.telegrams_after(after, 4_096).await?;
        let Some(last) = page.last() else { return Ok(content) };
        content.insert(format!("telegrams after {}", after.0), fnv(format!("{page:?}").as_bytes()));
        after = last.id;
    }
}
