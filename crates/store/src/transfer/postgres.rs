//! Archives of a PostgreSQL database.

use std::ops::Range;

use bytes::{BufMut, BytesMut};
use futures::SinkExt;
use tokio_postgres::types::Type;
use tokio_postgres::{CopyInSink, Row};

use super::{
    Archive, LEFT_OUT, Progress, Source as Any, TELL_EVERY, Table, TableEntry, Take, Teller, hold_against, quoted,
};
use crate::dialect::postgres::bulk::Month;
use crate::dialect::postgres::{Address, Purpose, Session, connect, sql};
use crate::sql::Value;
use crate::{StoreError, Sync};

/// Rows that are fetched at once.
const PAGE: i32 = 1_000;
/// Bytes of rows that are sent at once.
const SEND: usize = 1 << 20;

/// A database within one transaction that sees one moment.
pub(super) struct Source {
    session: Session,
}

const TABLES: &str = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace \
    WHERE n.nspname=current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname::text COLLATE \"C\"";
const COLUMNS: &str = "SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid=to_regclass($1) AND a.attnum>0 \
    AND NOT a.attisdropped ORDER BY a.attnum";
const KEY: &str = "SELECT a.attname::text FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (n, place) \
    JOIN pg_attribute a ON a.attrelid=i.indrelid AND a.attnum=k.n WHERE i.indrelid=to_regclass($1) AND i.indisprimary \
    ORDER BY k.place";

impl Source {
    pub(super) async fn open(address: &str) -> Result<Self, StoreError> {
        let source = Self::connect(address).await?;
        // a transaction of hours is wanted here: what others write meanwhile is not seen
        source.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        source.schema().await?;
        Ok(source)
    }

    async fn connect(address: &str) -> Result<Self, StoreError> {
        let address = Address::parse(address)?;
        let session = connect(&address, &Purpose { name: "transfer", sync: Sync::Full }, |_| ()).await?;
        let source = Self { session };
        source.run("SET statement_timeout=0; SET idle_in_transaction_session_timeout=0; SET lock_timeout=0").await?;
        Ok(source)
    }

    async fn run(&self, text: &str) -> Result<(), StoreError> {
        self.session.client.batch_execute(text).await.map_err(sql)
    }

    pub(super) async fn schema(&self) -> Result<i64, StoreError> {
        let row = self.session.client.query_one("SELECT version FROM schema_version", &[]).await.map_err(sql)?;
        row.try_get(0).map_err(sql)
    }

    pub(super) async fn tables(&self) -> Result<Vec<Table>, StoreError> {
        let mut tables = Vec::new();
        for name in self.texts(TABLES, None).await? {
            if LEFT_OUT.contains(&name.as_str()) {
                continue;
            }
            let of = quoted(&name);
            let (columns, key) = (self.texts(COLUMNS, Some(&of)).await?, self.texts(KEY, Some(&of)).await?);
            tables.push(Table::new(name, columns, key));
        }
        Ok(tables)
    }

    pub(super) async fn texts(&self, text: &str, of: Option<&str>) -> Result<Vec<String>, StoreError> {
        let client = &self.session.client;
        let rows = match &of {
            Some(of) => client.query_typed(text, &[(of, Type::TEXT)]).await,
            None => client.query_typed(text, &[]).await,
        };
        rows.map_err(sql)?.iter().map(|row| row.try_get(0).map_err(sql)).collect()
    }

    pub(super) async fn rows(&self, table: &Table, take: &mut Take<'_>) -> Result<(), StoreError> {
        let client = &self.session.client;
        self.run(&format!("DECLARE archive NO SCROLL CURSOR FOR {}", table.select())).await?;
        let fetch = client.prepare(&format!("FETCH {PAGE} FROM archive")).await.map_err(sql)?;
        loop {
            let page = client.query(&fetch, &[]).await.map_err(sql)?;
            for row in &page {
                take(&values(row)?)?;
            }
            if page.len() < PAGE as usize {
                return self.run("CLOSE archive").await;
            }
        }
    }
}

fn values(row: &Row) -> Result<Vec<Value>, StoreError> {
    let of = |i: usize, kind: &Type| -> Result<Value, tokio_postgres::Error> {
        Ok(match *kind {
            Type::INT8 => row.try_get::<_, Option<i64>>(i)?.into(),
            Type::INT4 => row.try_get::<_, Option<i32>>(i)?.map(i64::from).into(),
            Type::FLOAT8 => row.try_get::<_, Option<f64>>(i)?.into(),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(i)?.into(),
            _ => row.try_get::<_, Option<String>>(i)?.into(),
        })
    };
    row.columns().iter().enumerate().map(|(i, column)| of(i, column.type_()).map_err(sql)).collect()
}

/// Fills an empty database, in one transaction.
pub(super) async fn import(archive: &Archive, address: &str, mut teller: Teller) -> Result<(), StoreError> {
    crate::dialect::postgres::open(&Address::parse(address)?, std::time::Duration::ZERO).await?;
    let target = Source::connect(address).await?;
    target.run("BEGIN").await?;
    let tables = target.tables().await?;
    let pairs = archive.matched(&tables)?;
    for (table, _) in &pairs {
        target.run(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", quoted(&table.name))).await?;
        target.refuse_filled(table).await?;
    }
    for (i, (table, entry)) in pairs.iter().enumerate() {
        let number = (i + 1, pairs.len());
        target.make_partitions(archive, table, entry).await?;
        target
            .fill(archive, table, entry, &mut |rows| {
                teller(Progress { table: &table.name, number, rows, of: Some(entry.rows) });
            })
            .await?;
    }
    let target = Any::Postgres(Box::new(target));
    for (table, entry) in pairs {
        hold_against(&target, table, entry).await?;
    }
    let Any::Postgres(target) = target else { return Ok(()) };
    target.run("COMMIT; ANALYZE").await
}

/// Tables in which a migration has put rows, and how these rows look while nobody has worked with them.
const FROM_A_MIGRATION: [(&str, &str); 2] =
    [("history_state", "generation = 0"), ("pack_state", "upto = -9223372036854775807")];

impl Source {
    async fn refuse_filled(&self, table: &Table) -> Result<(), StoreError> {
        // what a migration has put in is in the archive too
        if let Some((name, fresh)) = FROM_A_MIGRATION.iter().find(|(name, _)| *name == table.name) {
            self.run(&format!("DELETE FROM {} WHERE {fresh}", quoted(name))).await?;
        }
        let any = format!("SELECT EXISTS (SELECT 1 FROM {})", quoted(&table.name));
        let filled: bool = self.session.client.query_one(&any, &[]).await.map_err(sql)?.try_get(0).map_err(sql)?;
        if filled {
            return Err(StoreError::Io(format!("the store is not empty: the table {} has rows", table.name)));
        }
        Ok(())
    }

    /// Readings lie in a partition for each month, which the archive knows nothing of.
    async fn make_partitions(&self, archive: &Archive, table: &Table, entry: &TableEntry) -> Result<(), StoreError> {
        let Some(at) = table.columns.iter().position(|c| c == "at").filter(|_| table.name == "reading") else {
            return Ok(());
        };
        let (mut months, mut archived) = (Vec::<Month>::new(), archive.rows(entry)?);
        while let Some(row) = archived.next()? {
            let Some(Value::Int(at)) = row.get(at) else { continue };
            if !months.iter().any(|month| month.span.contains(at)) {
                months.extend(Month::of(*at));
            }
        }
        for Month { table, span: Range { start, end } } in months {
            let make = format!(
                "CREATE TABLE {table} (LIKE reading INCLUDING ALL); \
                 ALTER TABLE reading ATTACH PARTITION {table} FOR VALUES FROM ({start}) TO ({end})"
            );
            self.run(&make).await?;
        }
        Ok(())
    }

    /// Sends every row of a table by `COPY`.
    async fn fill(
        &self,
        archive: &Archive,
        table: &Table,
        entry: &TableEntry,
        tell: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), StoreError> {
        let columns: Vec<_> = table.columns.iter().map(|c| quoted(c)).collect();
        let copy = format!("COPY {} ({}) FROM STDIN", quoted(&table.name), columns.join(", "));
        let sink: CopyInSink<BytesMut> = self.session.client.copy_in(&copy).await.map_err(sql)?;
        futures::pin_mut!(sink);
        let (mut rows, mut text) = (0, BytesMut::with_capacity(SEND));
        let in_table = |e: StoreError| StoreError::Corrupt(format!("table {}: {e}", table.name));
        let mut archived = archive.rows(entry)?;
        while let Some(row) = archived.next()? {
            let not_kept = |why| StoreError::Corrupt(format!("table {}, line {}: {why}", table.name, rows + 1));
            row_text(&row, &mut text).map_err(not_kept)?;
            rows += 1;
            if rows % TELL_EVERY == 0 {
                tell(rows);
            }
            if text.len() >= SEND {
                sink.send(text.split()).await.map_err(|e| in_table(sql(e)))?;
            }
        }
        sink.send(text).await.map_err(|e| in_table(sql(e)))?;
        tell(rows);
        sink.finish().await.map_err(|e| in_table(sql(e)))?;
        Ok(())
    }
}

/// A row in the text format of `COPY`; says what the server cannot keep.
fn row_text(row: &[Value], out: &mut BytesMut) -> Result<(), &'static str> {
    for (i, value) in row.iter().enumerate() {
        if i > 0 {
            out.put_u8(b'\t');
        }
        match value {
            Value::Null => out.put_slice(b"\\N"),
            Value::Int(n) => out.put_slice(n.to_string().as_bytes()),
            Value::Real(n) => out.put_slice(format!("{n:?}").as_bytes()),
            Value::Text(text) => text_escaped(text, out)?,
            Value::Blob(bytes) => {
                out.put_slice(b"\\\\x");
                out.put_slice(hex::encode(bytes).as_bytes());
            }
        }
    }
    out.put_u8(b'\n');
    Ok(())
}

fn text_escaped(text: &str, out: &mut BytesMut) -> Result<(), &'static str> {
    for byte in text.bytes() {
        match byte {
            0 => return Err("text with a zero byte, which PostgreSQL does not keep"),
            b'\\' => out.put_slice(b"\\\\"),
            b'\n' => out.put_slice(b"\\n"),
            b'\r' => out.put_slice(b"\\r"),
            b'\t' => out.put_slice(b"\\t"),
            byte => out.put_u8(byte),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_written_as_copy_reads_it() {
        let mut out = BytesMut::new();
        let row = [
            Value::Null,
            Value::Int(-1),
            Value::Real(0.1),
            Value::Text("a\\N\tb\n水\r".into()),
            Value::Blob(vec![0, 255]),
        ];
        row_text(&row, &mut out).expect("all of it can be kept");
        assert_eq!(out, "\\N\t-1\t0.1\ta\\\\N\\tb\\n水\\r\t\\\\x00ff\n");
        row_text(&[Value::Text("\0".into())], &mut out).expect_err("a zero byte");
    }
}
