//! SQLite: one thread writes, in groups (WAL, `synchronous=FULL`).
//!
//! `writer` is the thread, `bulk` what it does with readings, `file` copies and checks whole files, `scan` walks along
//! series.

mod bulk;
pub(crate) mod file;
pub(crate) mod scan;
pub(crate) mod writer;

use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use super::{Sync, steps};
use crate::StoreError;

/// Opens a file for writing and brings its schema up.
pub(crate) fn open(path: &Path, sync: Sync) -> Result<Connection, StoreError> {
    let mut db = connect(path, sync)?;
    migrate(&mut db, &migrations())?;
    Ok(db)
}

/// Brings a file up to an earlier schema, or goes on from one.
#[cfg(test)]
pub(crate) fn open_at(path: &Path, schema: usize) -> Result<Connection, StoreError> {
    let mut db = connect(path, Sync::Full)?;
    migrate(&mut db, &migrations()[..schema])?;
    Ok(db)
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
}
