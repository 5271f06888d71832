//! SQLite: one thread writes, in groups (WAL, `synchronous=FULL`).
//!
//! `writer` is the thread, `bulk` what it does with readings, `file` copies and checks whole files, `log` looks at the write-ahead
//! log, `scan` walks along series, `salvage` reads what is left of a damaged file, whose pages `page` knows.

mod bulk;
pub(crate) mod file;
pub(crate) mod log;
mod page;
pub(crate) mod salvage;
pub(crate) mod scan;
pub(crate) mod writer;

use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use super::{Sync, steps};
use crate::StoreError;

/// Opens a file for writing and brings its schema up.
pub(crate) fn open(path: &Path, sync: Sync) -> Result<Connection, StoreError> {
    keep_damaged_log(path);
    let mut db = connect(path, sync)?;
    migrate(&mut db, &migrations())?;
    Ok(db)
}

/// Brings a file up to an earlier schema, or goes on from one.
pub(crate) fn open_at(path: &Path, schema: usize) -> Result<Connection, StoreError> {
    let mut db = connect(path, Sync::Full)?;
    migrate(&mut db, &migrations()[..schema])?;
    Ok(db)
}

/// The engine would write over it; what it held can then be told by nobody. Devices are served all the same.
fn keep_damaged_log(path: &Path) {
    match log::keep_damaged(path) {
        Ok(None) => {}
        Ok(Some(copy)) => {
            tracing::error!(copy = %copy.display(), "the write-ahead log is damaged: what was committed behind the damage is lost");
        }
        Err(error) => tracing::error!(%error, "the write-ahead log cannot be looked at"),
    }
}

fn migrations() -> Vec<&'static str> {
    steps(|s| s.sqlite)
}

fn connect(path: &Path, sync: Sync) -> Result<Connection, StoreError> {
    let db = Connection::open(path).map_err(sql)?;
    let mode = match sync {
        Sync::Full => "FULL",
        Sync::Off => "OFF",
    };
    // the time to wait comes first: another process may be at work on the file
    db.execute_batch(&format!(
        "PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL; PRAGMA synchronous={mode}; PRAGMA cache_size=-65536; \
         PRAGMA wal_autocheckpoint=8000; PRAGMA foreign_keys=ON;"
    ))
    .map_err(sql)?;
    db.set_prepared_statement_cache_capacity(256);
    Ok(db)
}

/// Each step and its number go in one transaction: an interrupted one is done again from its beginning.
fn migrate(db: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let known = migrations.len() as i64;
    let found = schema(db)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (i, migration) in migrations.iter().enumerate().skip(found as usize) {
        let tx = db.transaction().map_err(sql)?;
        tx.execute_batch(migration).map_err(sql)?;
        tx.pragma_update(None, "user_version", i as i64 + 1).map_err(sql)?;
        tx.commit().map_err(sql)?;
    }
    Ok(())
}

pub(crate) fn schema(db: &Connection) -> Result<i64, StoreError> {
    db.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(sql)
}

pub(crate) fn sql(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
            StoreError::Full(error.to_string())
        }
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Sql(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_of_with_the_file_that_it_was() {
        let said = |error: StoreError| error.at(Path::new("/copies/a.db")).to_string();
        let full = StoreError::Full("database or disk is full".into());
        assert_eq!(said(full), "the disk is full or not writable: /copies/a.db: database or disk is full");
        assert_eq!(said(StoreError::Busy), StoreError::Busy.to_string());
    }

    #[test]
    fn an_interrupted_migration_leaves_its_beginning_and_resumes_there() {
        let mut db = Connection::open_in_memory().expect("memory");
        let (first, broken, whole) = (
            "CREATE TABLE a (x);",
            "CREATE TABLE b (x); INSERT INTO b VALUES (1); CREATE TABLE a (x);",
            "CREATE TABLE b (x); INSERT INTO b VALUES (2);",
        );
        migrate(&mut db, &[first, broken]).expect_err("the second step fails half-way");
        assert_eq!(schema(&db).expect("a number"), 1);
        assert!(!db.table_exists(None, "b").expect("a question"));
        migrate(&mut db, &[first, whole]).expect("the second step is done again");
        assert_eq!(schema(&db).expect("a number"), 2);
        assert_eq!(db.query_row("SELECT x FROM b", [], |r| r.get(0)), Ok(2));
        let refused = migrate(&mut db, &[first]).expect_err("an older program");
        assert!(matches!(refused, StoreError::Newer { found: 2, known: 1 }));
    }

    /// Tables and columns that something else vouches for, or that last for a moment.
    const VOUCHED_FOR: [&str; 8] = ["telegram", "reading", "latest", "pack", "link", "node", "device_hold", "probe"];

    #[test]
    fn every_column_has_a_second_copy_that_the_integrity_check_compares() {
        let mut db = Connection::open_in_memory().expect("memory");
        migrate(&mut db, &migrations()).expect("every step");
        let texts = |text: &str| -> Vec<String> {
            let mut statement = db.prepare(text).expect("a question");
            statement.query_map([], |row| row.get(0)).expect("answers").collect::<Result<_, _>>().expect("texts")
        };
        let tables = texts("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite%'");
        for table in tables.iter().filter(|table| !VOUCHED_FOR.contains(&table.as_str())) {
            let covered = texts(&format!("SELECT name FROM pragma_index_info('{table}_whole')"));
            for column in texts(&format!("SELECT name FROM pragma_table_info('{table}')")) {
                let digested =
                    column == "bytes" && ["evidence", "import", "report_template", "sound"].contains(&table.as_str());
                assert!(digested || covered.contains(&column), "{table}.{column} is not in the index {table}_whole");
            }
        }
    }

    #[test]
    fn a_byte_changed_within_a_value_or_a_definition_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let db = open(&path, Sync::Full).expect("opens");
        db.execute_batch(
            "INSERT INTO organisation VALUES ('a', NULL, 'bureau', '*', 'unmistakable', 'b'); PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .expect("kept");
        drop(db);
        let whole = std::fs::read(&path).expect("a file");
        let places = |word: &[u8]| -> Vec<usize> {
            whole.windows(word.len()).enumerate().filter(|(_, w)| *w == word).map(|(at, _)| at).collect()
        };
        assert!(file::integrity(&path).expect("looked at").is_empty());
        let copies = places(b"unmistakable");
        assert_eq!(copies.len(), 2, "the row and its second copy");
        let spoil = |at: usize| {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 1;
            std::fs::write(&path, spoilt).expect("written");
        };
        for at in copies {
            spoil(at);
            let said = file::integrity(&path).expect("looked at").join("; ");
            assert!(said.contains("organisation_whole"), "{said}");
        }
        let definition = places(b"name_zh TEXT NOT NULL")[0];
        spoil(definition + 11);
        assert_eq!(file::strange_definitions(&path).expect("looked at").len(), 2, "as it is and as it should be");
        std::fs::write(&path, &whole).expect("written");
        assert!(file::strange_definitions(&path).expect("looked at").is_empty());
    }
}
