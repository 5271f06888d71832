//! Whole files: copied while written, checked, put in place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use shanshui_domain::time::Instant;

use super::{migrations, schema, sql};
use crate::look::Look;
use crate::{Schema, StoreError};

/// Does work on a whole file on a thread that may wait for the disk.
pub(crate) async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Io(e.to_string()))?
}

/// Copies a database while it is being written, whole and consistent, and makes the copy durable. The copy appears under its name
/// only when it is complete.
///
/// # Errors
/// When the target is there already, or cannot be written.
pub(crate) fn backup(from: &Path, to: &Path) -> Result<(), StoreError> {
    refuse_existing(to)?;
    let part = beside(to, "part");
    copy(from, &part).and_then(|()| place(&part, to)).inspect_err(|_| remove(&part))
}

/// Copies a database that nobody is writing into `to`, durable; a copy left over by an earlier attempt is replaced.
///
/// # Errors
/// When there is no such database, it is of a newer schema, or the target cannot be written.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    remove(to);
    let db = existing(from)?;
    let (found, known) = (schema(&db)?, migrations().len() as i64);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let target = to.to_str().ok_or_else(|| StoreError::Io(format!("{} is no text", to.display())))?;
    db.execute("VACUUM INTO $1", [target]).map_err(|e| sql(e).at(to))?;
    synced(to)
}

/// Gives a complete and durable file its name, durably, and never over another file.
///
/// # Errors
/// When the name is taken, part of the file is still in a log, or the folder cannot be written.
pub(crate) fn place(part: &Path, to: &Path) -> Result<(), StoreError> {
    refuse_existing(to)?;
    let log = beside_log(part, "wal");
    if log.exists() {
        return Err(StoreError::Io(format!("{} is in use", log.display())));
    }
    rename(part, to)
}

/// Writes what a log still holds into its file and removes the log. Two connections that are closed at the same time each leave that to
/// the other.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn settle(path: &Path) -> Result<(), StoreError> {
    if beside_log(path, "wal").exists() {
        existing(path)?.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").map_err(sql)?;
    }
    Ok(())
}

/// The same for a folder with everything in it.
///
/// # Errors
/// As for a file.
pub(crate) fn place_folder(part: &Path, to: &Path) -> Result<(), StoreError> {
    if to.symlink_metadata().is_ok() {
        return Err(StoreError::Io(format!("{} is there already", to.display())));
    }
    rename(part, to)
}

fn rename(part: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(part, to).map_err(|e| StoreError::Io(format!("{}: {e}", to.display())))?;
    match to.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => synced(folder),
        _ => synced(Path::new(".")),
    }
}

/// A log that lies about belongs to another database: it would be played into the new one.
///
/// # Errors
/// When the file, its log or its index is there.
pub(crate) fn refuse_existing(to: &Path) -> Result<(), StoreError> {
    let taken = [to.to_owned(), beside_log(to, "wal"), beside_log(to, "shm")].into_iter().find(|path| path.exists());
    taken.map_or(Ok(()), |path| Err(StoreError::Io(format!("{} is there already", path.display()))))
}

/// A file's name with one more ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

pub(crate) fn beside_log(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-");
    name.push(what);
    PathBuf::from(name)
}

/// Removes a database with its log, if it is there.
pub(crate) fn remove(path: &Path) {
    for file in [path.to_owned(), beside_log(path, "wal"), beside_log(path, "shm"), beside_log(path, "journal")] {
        if let Err(error) = std::fs::remove_file(&file)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, file = %file.display(), "left behind");
        }
    }
}

/// Opens what is there; a missing file is not made.
pub(crate) fn existing(path: &Path) -> Result<Connection, StoreError> {
    if !path.is_file() {
        return Err(StoreError::Io(format!("{} is no file", path.display())));
    }
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(sql)
}

/// Makes a file or the names in a folder durable.
pub(crate) fn synced(path: &Path) -> Result<(), StoreError> {
    let synced = std::fs::File::open(path).and_then(|f| f.sync_all());
    synced.map_err(|e| StoreError::Io(format!("{}: {e}", path.display())))
}

/// The engine's own integrity check: nothing, or what is wrong.
///
/// # Errors
/// When the file cannot be opened.
pub(crate) fn integrity(path: &Path) -> Result<Vec<String>, StoreError> {
    let db = existing(path)?;
    let mut statement = db.prepare("PRAGMA integrity_check").map_err(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(sql)?;
    let said = rows.collect::<Result<Vec<_>, _>>().map_err(sql)?;
    Ok(said.into_iter().filter(|s| s != "ok").collect())
}

/// What of a file's schema is not as its migrations make it: a byte that changed in a definition may leave a table that can be read, and
/// read otherwise.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn strange_definitions(path: &Path) -> Result<Vec<String>, StoreError> {
    let db = existing(path)?;
    let mut made = Connection::open_in_memory().map_err(sql)?;
    let known = migrations();
    let steps = usize::try_from(schema(&db)?).unwrap_or_default().min(known.len());
    super::migrate(&mut made, &known[..steps])?;
    let (is, should) = (definitions(&db)?, definitions(&made)?);
    Ok(is.symmetric_difference(&should).map(|(kind, name, _)| format!("{kind} {name}")).collect())
}

fn definitions(db: &Connection) -> Result<BTreeSet<(String, String, String)>, StoreError> {
    let text = "SELECT type, name, tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\'";
    let mut statement = db.prepare(text).map_err(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(sql)?;
    rows.collect::<Result<_, _>>().map_err(sql)
}

/// The text that a question to a table of a file gives first; none when an older schema has no such table.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn text(path: &Path, table: &str, question: &str) -> Result<Option<String>, StoreError> {
    let db = existing(path)?;
    let there = "SELECT name FROM sqlite_schema WHERE type='table' AND name=$1";
    if db.query_row(there, [table], |_| Ok(())).optional().map_err(sql)?.is_none() {
        return Ok(None);
    }
    db.query_row(question, [], |row| row.get(0)).optional().map_err(sql)
}

/// A look at a file, in use or not.
///
/// # Errors
/// When it is no database, or cannot be read.
pub(crate) fn look(path: &Path) -> Result<Look, StoreError> {
    let db = existing(path)?;
    db.execute_batch("PRAGMA busy_timeout=10000; PRAGMA query_only=ON").map_err(sql)?;
    let found = schema(&db)?;
    let mut statement = db.prepare("PRAGMA quick_check(10)").map_err(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(sql)?;
    let said = rows.collect::<Result<Vec<_>, _>>().map_err(sql)?;
    let newest = "SELECT arrived FROM telegram ORDER BY id DESC LIMIT 1";
    let newest = if found == 0 { None } else { db.query_row(newest, [], |row| row.get(0)).optional().map_err(sql)? };
    Ok(Look {
        schema: Schema { found, known: crate::dialect::known() },
        faults: said.into_iter().filter(|s| s != "ok").collect(),
        newest: newest.map(Instant),
        server: None,
    })
}
