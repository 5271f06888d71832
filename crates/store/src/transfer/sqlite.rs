//! Archives of a SQLite file.

use std::path::Path;

use rusqlite::{Connection, params_from_iter};

use super::{Archive, LEFT_OUT, Progress, Source as Any, TELL_EVERY, Table, Take, Teller, hold_against, quoted};
use crate::dialect::sqlite::{file, schema, sql, writer};
use crate::{StoreError, Sync};

/// A file within one read transaction: what is written meanwhile is not seen.
pub(super) struct Source {
    db: Connection,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let db = file::existing(path)?;
        db.execute_batch("PRAGMA busy_timeout=10000; PRAGMA query_only=ON; BEGIN").map_err(sql)?;
        // the moment is that of the first look
        schema(&db)?;
        Ok(Self { db })
    }

    pub(super) fn schema(&self) -> Result<i64, StoreError> {
        schema(&self.db)
    }

    pub(super) fn tables(&self) -> Result<Vec<Table>, StoreError> {
        let names = self.texts("SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", &[])?;
        let kept = names.into_iter().filter(|name| !LEFT_OUT.contains(&name.as_str()));
        kept.map(|name| {
            let columns = self.texts("SELECT name FROM pragma_table_info($1) ORDER BY cid", &[&name])?;
            let key = self.texts("SELECT name FROM pragma_table_info($1) WHERE pk>0 ORDER BY pk", &[&name])?;
            Ok(Table::new(name, columns, key))
        })
        .collect()
    }

    pub(super) fn rows(&self, table: &Table, take: &mut Take<'_>) -> Result<(), StoreError> {
        let mut statement = self.db.prepare(&table.select()).map_err(sql)?;
        let mut rows = statement.query([]).map_err(sql)?;
        let mut values = Vec::with_capacity(table.columns.len());
        while let Some(row) = rows.next().map_err(sql)? {
            values.clear();
            for i in 0..table.columns.len() {
                values.push(writer::value(row.get_ref(i).map_err(sql)?)?);
            }
            take(&values)?;
        }
        Ok(())
    }

    pub(super) fn texts(&self, text: &str, args: &[&str]) -> Result<Vec<String>, StoreError> {
        let mut statement = self.db.prepare(text).map_err(sql)?;
        let rows = statement.query_map(params_from_iter(args), |row| row.get(0)).map_err(sql)?;
        rows.collect::<Result<_, _>>().map_err(sql)
    }
}

/// Fills a new file. Until it is complete it stands for nothing, so neither a journal nor syncs slow it down.
pub(super) async fn import(archive: &Archive, part: &Path, mut teller: Teller) -> Result<(), StoreError> {
    let db = crate::dialect::sqlite::open(part, Sync::Off)?;
    db.execute_batch("PRAGMA journal_mode=OFF; PRAGMA foreign_keys=OFF").map_err(sql)?;
    let target = Source { db };
    let tables = target.tables()?;
    let pairs = archive.matched(&tables)?;
    target.db.execute_batch("BEGIN").map_err(sql)?;
    for (i, (table, entry)) in pairs.iter().enumerate() {
        let (number, of) = ((i + 1, pairs.len()), Some(entry.rows));
        // what a migration has put in is in the archive too
        target.db.execute_batch(&format!("DELETE FROM {}", quoted(&table.name))).map_err(sql)?;
        let mut insert = target.db.prepare(&insert(table)).map_err(sql)?;
        let (mut rows, mut archived) = (0, archive.rows(entry)?);
        while let Some(row) = archived.next()? {
            insert.execute(params_from_iter(row)).map_err(|e| named(&table.name, rows + 1, sql(e)))?;
            rows += 1;
            if rows % TELL_EVERY == 0 {
                teller(Progress { table: &table.name, number, rows, of });
            }
        }
        teller(Progress { table: &table.name, number, rows, of });
    }
    target.db.execute_batch("COMMIT").map_err(sql)?;
    let target = Any::Sqlite(target);
    for (table, entry) in pairs {
        hold_against(&target, table, entry).await?;
    }
    Ok(())
}

fn insert(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(|c| quoted(c)).collect();
    let places: Vec<_> = (1..=columns.len()).map(|i| format!("?{i}")).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", quoted(&table.name), columns.join(", "), places.join(", "))
}

fn named(table: &str, line: u64, error: StoreError) -> StoreError {
    match error {
        full @ StoreError::Full(_) => full,
        error => StoreError::Corrupt(format!("table {table}, line {line}: {error}")),
    }
}
