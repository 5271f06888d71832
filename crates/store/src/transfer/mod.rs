//! Archives: everything that is kept, in a form that belongs to no engine. A store is moved from one engine to another by one.
//!
//! An archive is a folder: `manifest.json` and one file `tables/NAME.jsonl.zst` for each table ([`line`] says what a line is).
//! Tables and columns are those of the database's own catalogue, so that whatever a migration adds is carried, but for what
//! belongs to one engine or one node (`LEFT_OUT`). Rows are ordered by the bytes of their primary keys: the same rows give the
//! same bytes, whichever engine they come from. An archive is read at one moment of the store, which goes on working; it appears
//! under its name only when it is whole and durable. Memory is bounded: a page of rows, or one row when it is larger.

pub(crate) mod beside;
mod line;
mod postgres;
mod sqlite;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shanshui_history::History;

use crate::dialect::postgres::is_postgres;
use crate::dialect::sqlite::file::{beside as named_beside, place_folder, synced};
use crate::sql::Value;
use crate::{Store, StoreError, StoreOptions};
pub(crate) use beside::{Before, Carried, LAST, read_manifest, write_manifest};
pub use beside::{FileEntry, Place, TABLE as HISTORY, beside_copy};
use line::Lines;

/// What an archive says it is.
const FORMAT: &str = "shanshui archive 1";
const MANIFEST: &str = "manifest.json";
/// Tables that are no part of what is kept: the test of the disk, the number of the schema, and which node is there and holds
/// which connection at this moment.
const LEFT_OUT: [&str; 4] = ["probe", "schema_version", "node", "device_hold"];
/// Quick enough to keep up with a disk, small enough for a line abroad.
const LEVEL: i32 = 3;

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Says that this is an archive, and of which kind.
    pub format: String,
    /// Version of the program that wrote it.
    pub program: String,
    /// Number of the schema.
    pub schema: i64,
    /// Engine it was read from: `sqlite` or `postgres`.
    pub engine: String,
    /// When it was begun, RFC 3339.
    pub made: String,
    /// Its tables, by name.
    pub tables: Vec<TableEntry>,
    /// Files of the history, by path; none when it was not taken along.
    #[serde(default)]
    pub files: Vec<FileEntry>,
}

/// One table of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableEntry {
    /// Name.
    pub name: String,
    /// Columns, in the order of the values of a line.
    pub columns: Vec<String>,
    /// Lines.
    pub rows: u64,
    /// Bytes of the lines, unpacked.
    pub bytes: u64,
    /// SHA-256 of the lines, unpacked, in hex.
    pub sha256: String,
}

/// How far the work has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Table at work.
    pub table: &'a str,
    /// Which one of how many, from 1.
    pub number: (usize, usize),
    /// Rows of it so far; bytes of the history.
    pub rows: u64,
    /// Rows or bytes it has, when that is known.
    pub of: Option<u64>,
}

/// Who is told how far the work has come, every few thousand rows.
pub type Teller = Box<dyn FnMut(Progress<'_>) + Send>;

/// Rows between two tellings.
const TELL_EVERY: u64 = 5_000;

/// A table as the catalogue describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Table {
    name: String,
    columns: Vec<String>,
    /// Columns of the primary key, in its order; every column when there is none.
    key: Vec<String>,
}

impl Table {
    fn new(name: String, columns: Vec<String>, key: Vec<String>) -> Self {
        let key = if key.is_empty() { columns.clone() } else { key };
        Self { name, columns, key }
    }

    fn select(&self) -> String {
        let list = |names: &[String]| names.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(", ");
        format!("SELECT {} FROM {} ORDER BY {}", list(&self.columns), quoted(&self.name), list(&self.key))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Takes one row after the other.
type Take<'a> = dyn FnMut(&[Value]) -> Result<(), StoreError> + Send + 'a;

/// A store at one moment.
enum Source {
    Sqlite(sqlite::Source),
    Postgres(Box<postgres::Source>),
}

impl Source {
    async fn open(address: &str) -> Result<Self, StoreError> {
        if is_postgres(address) {
            return Ok(Self::Postgres(Box::new(postgres::Source::open(address).await?)));
        }
        Ok(Self::Sqlite(sqlite::Source::open(Path::new(address))?))
    }

    fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }

    async fn schema(&self) -> Result<i64, StoreError> {
        match self {
            Self::Sqlite(source) => source.schema(),
            Self::Postgres(source) => source.schema().await,
        }
    }

    async fn tables(&self) -> Result<Vec<Table>, StoreError> {
        match self {
            Self::Sqlite(source) => source.tables(),
            Self::Postgres(source) => source.tables().await,
        }
    }

    /// The last segment that the history has taken.
    async fn last_handed_over(&self) -> Result<Option<String>, StoreError> {
        // an older schema may be from before there was a history
        if !self.tables().await?.iter().any(|table| table.name == "segment") {
            return Ok(None);
        }
        let mut texts = match self {
            Self::Sqlite(source) => source.texts(LAST, &[])?,
            Self::Postgres(source) => source.texts(LAST, None).await?,
        };
        Ok(texts.pop())
    }

    async fn rows(&self, table: &Table, take: &mut Take<'_>) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(source) => source.rows(table, take),
            Self::Postgres(source) => source.rows(table, take).await,
        }
    }
}

impl Store {
    /// Writes everything that is kept at `address` (the path of a file, or `postgres://…`) into a new archive, while the store is
    /// in use or not. Whatever was acknowledged before is in it.
    ///
    /// # Errors
    /// When `to` is there already, the store cannot be read or is of another schema, or the archive cannot be written; nothing is
    /// left behind then.
    pub async fn export(address: &str, to: &Path, teller: Teller) -> Result<Manifest, StoreError> {
        Self::export_with(address, to, None, teller).await
    }

    /// The same with the history, when the store has handed anything over to it: of the moment of the store.
    ///
    /// # Errors
    /// As [`Store::export`]; also when the history is not the store's, cannot be read, or was swept meanwhile.
    pub async fn export_with(
        address: &str,
        to: &Path,
        history: Option<&History>,
        teller: Teller,
    ) -> Result<Manifest, StoreError> {
        refuse_taken(to)?;
        let (address, to, history) = (address.to_owned(), to.to_owned(), history.cloned());
        apart(move || async move {
            let part = named_beside(&to, "part");
            remove_folder(&part)?;
            let done = export_by(&address, &part, history.as_ref(), teller).await;
            let done = done.and_then(|manifest| place_folder(&part, &to).map(|()| manifest));
            done.inspect_err(|_| drop(remove_folder(&part)))
        })
        .await
    }

    /// The last segment that the store at an address has handed over to its history; none when it stands by itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn handed_over(address: &str) -> Result<Option<String>, StoreError> {
        Source::open(address).await?.last_handed_over().await
    }

    /// Fills an empty store at `address` from an archive: a file that is not there yet, or a PostgreSQL database without data.
    /// Every table is read back and held against the archive; it is there as a whole or not at all.
    ///
    /// # Errors
    /// When the archive is damaged or of another schema, or the store is not empty or cannot be written.
    pub async fn import(from: &Path, address: &str, teller: Teller) -> Result<Manifest, StoreError> {
        Self::import_with(from, address, None, teller).await
    }

    /// The same with the history of the archive, put at `history` before the store is filled. Without a place the store is filled
    /// all the same: what had moved cannot be read until a history is beside it.
    ///
    /// # Errors
    /// As [`Store::import`]; also when the archive lacks the history that it needs, or another table is at the place.
    pub async fn import_with(
        from: &Path,
        address: &str,
        history: Option<&Place>,
        mut teller: Teller,
    ) -> Result<Manifest, StoreError> {
        let (from, address, history) = (from.to_owned(), address.to_owned(), history.cloned());
        apart(move || async move {
            let archive = Archive::open(&from)?;
            let last = archive.last_handed_over()?;
            if !is_postgres(&address) {
                crate::dialect::sqlite::file::refuse_existing(Path::new(&address))?;
            }
            let files = &archive.manifest.files;
            let carried = Carried::of(&from, files, last.as_deref(), history.as_ref(), &mut teller).await?;
            let done = if is_postgres(&address) {
                postgres::import(&archive, &address, teller).await
            } else {
                let history = carried.as_ref().map(|carried| carried.history.clone());
                import_into_file(&archive, Path::new(&address), history, teller).await
            };
            match (done, carried) {
                (Err(error), Some(carried)) => {
                    carried.take_back().await;
                    Err(error)
                }
                (done, _) => done.map(|()| archive.manifest),
            }
        })
        .await
    }
}

/// Reading and packing keep a thread busy; it is not one that others wait for.
async fn apart<T: Send + 'static, W: Future<Output = Result<T, StoreError>>>(
    work: impl FnOnce() -> W + Send + 'static,
) -> Result<T, StoreError> {
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work())).await;
    done.map_err(|e| StoreError::Io(e.to_string()))?
}

async fn export_by(
    address: &str,
    part: &Path,
    history: Option<&History>,
    mut teller: Teller,
) -> Result<Manifest, StoreError> {
    let before = Before::of(history).await?;
    let source = Source::open(address).await?;
    let schema = source.schema().await?;
    refuse_schema(schema)?;
    let made = jiff::Timestamp::now().to_string();
    let folder = part.join("tables");
    fs::create_dir_all(&folder).map_err(|e| io_error(&folder, &e))?;
    let tables = source.tables().await?;
    let mut entries = Vec::with_capacity(tables.len());
    for (i, table) in tables.iter().enumerate() {
        let number = (i + 1, tables.len());
        let path = table_file(part, &table.name);
        entries.push(
            export_table(&source, table, &path, &mut |rows| {
                teller(Progress { table: &table.name, number, rows, of: None });
            })
            .await?,
        );
    }
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let engine = source.engine().to_owned();
    let files = match (before, source.last_handed_over().await?) {
        (Some(before), Some(last)) => {
            let number = (tables.len() + 1, tables.len() + 1);
            before.gather(part, &last, number, &mut teller).await?
        }
        _ => Vec::new(),
    };
    let manifest = Manifest { format: FORMAT.into(), program, schema, engine, made, tables: entries, files };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| StoreError::Io(e.to_string()))?;
    let path = part.join(MANIFEST);
    fs::write(&path, text).map_err(|e| io_error(&path, &e))?;
    for made in [&path, &folder, &part.to_owned()] {
        synced(made)?;
    }
    Ok(manifest)
}

async fn export_table(
    source: &Source,
    table: &Table,
    path: &Path,
    tell: &mut (dyn FnMut(u64) + Send),
) -> Result<TableEntry, StoreError> {
    let file = File::create_new(path).map_err(|e| io_error(path, &e))?;
    let packed = zstd::Encoder::new(BufWriter::new(file), LEVEL).map_err(|e| io_error(path, &e))?;
    let mut lines = Lines::new(packed);
    source
        .rows(table, &mut |row| {
            lines.put(row).map_err(|e| io_error(path, &e))?;
            told_every(lines.rows(), tell);
            Ok(())
        })
        .await?;
    tell(lines.rows());
    let (packed, sum) = lines.end();
    let file = packed.finish().and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error));
    file.and_then(|file| file.sync_all()).map_err(|e| io_error(path, &e))?;
    let (name, columns) = (table.name.clone(), table.columns.clone());
    Ok(TableEntry { name, columns, rows: sum.rows, bytes: sum.bytes, sha256: sum.sha256 })
}

fn told_every(rows: u64, tell: &mut (dyn FnMut(u64) + Send)) {
    if rows.is_multiple_of(TELL_EVERY) {
        tell(rows);
    }
}

/// Reads a table of a store back and holds it against what the archive says of it.
async fn hold_against(source: &Source, table: &Table, entry: &TableEntry) -> Result<(), StoreError> {
    let mut lines = Lines::new(io::sink());
    let sinks_take_all = |e: io::Error| StoreError::Io(e.to_string());
    source.rows(table, &mut |row| lines.put(row).map_err(sinks_take_all)).await?;
    let (_, sum) = lines.end();
    if (sum.rows, &sum.sha256) != (entry.rows, &entry.sha256) {
        let found = format!("{} rows where {} were archived, or others", sum.rows, entry.rows);
        return Err(StoreError::Corrupt(format!("table {}: {found}", entry.name)));
    }
    Ok(())
}

/// An archive that was written earlier.
struct Archive {
    folder: PathBuf,
    manifest: Manifest,
}

impl Archive {
    fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).map_err(|e| io_error(&path, &e))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|e| StoreError::Corrupt(format!("{}: {e}", path.display())))?;
        if manifest.format != FORMAT {
            return Err(StoreError::Corrupt(format!("{}: {:?} is no {FORMAT}", path.display(), manifest.format)));
        }
        refuse_schema(manifest.schema)?;
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// The tables of `known` with their entries; both must name the same tables and columns.
    fn matched<'a>(&'a self, known: &'a [Table]) -> Result<Vec<(&'a Table, &'a TableEntry)>, StoreError> {
        let named = |names: Vec<&str>| names.join(", ");
        let (here, there): (Vec<_>, Vec<_>) = (
            known.iter().map(|t| t.name.as_str()).collect(),
            self.manifest.tables.iter().map(|t| t.name.as_str()).collect(),
        );
        if here != there {
            let said = format!("the archive has the tables {}, the store {}", named(there), named(here));
            return Err(StoreError::Corrupt(said));
        }
        let pairs: Vec<_> = known.iter().zip(&self.manifest.tables).collect();
        match pairs.iter().find(|(table, entry)| table.columns != entry.columns) {
            None => Ok(pairs),
            Some((table, entry)) => {
                let columns =
                    format!("{} in the archive, {} in the store", entry.columns.join(", "), table.columns.join(", "));
                Err(StoreError::Corrupt(format!("table {}: columns {columns}", table.name)))
            }
        }
    }

    /// The last segment that the history had taken.
    fn last_handed_over(&self) -> Result<Option<String>, StoreError> {
        let Some(entry) = self.manifest.tables.iter().find(|table| table.name == "segment") else { return Ok(None) };
        let column = |name: &str| entry.columns.iter().position(|c| c == name);
        let (Some(id), Some(planned), Some(state), Some(count)) =
            (column("id"), column("planned"), column("state"), column("rows"))
        else {
            return Ok(None);
        };
        let (mut rows, mut last) = (self.rows(entry)?, None);
        while let Some(row) = rows.next()? {
            let (Value::Text(id), Value::Int(planned), Value::Text(state), Value::Int(count)) =
                (&row[id], &row[planned], &row[state], &row[count])
            else {
                return Err(StoreError::Corrupt("a segment of the archive is none".into()));
            };
            if matches!(state.as_str(), "committed" | "moved") && *count > 0 {
                last = last.max(Some((*planned, id.clone())));
            }
        }
        Ok(last.map(|(_, id)| id))
    }

    /// The rows of a table, one after the other.
    fn rows(&self, entry: &TableEntry) -> Result<Rows, StoreError> {
        let path = table_file(&self.folder, &entry.name);
        let file = File::open(&path).map_err(|e| io_error(&path, &e))?;
        let unpacked = zstd::Decoder::new(file).map_err(|e| io_error(&path, &e))?;
        let (reader, lines) = (BufReader::new(unpacked), Lines::new(io::sink()));
        Ok(Rows { path, reader, lines: Some(lines), entry: entry.clone(), text: Vec::new() })
    }
}

/// Rows of one table of an archive.
struct Rows {
    path: PathBuf,
    reader: BufReader<zstd::Decoder<'static, BufReader<File>>>,
    /// What was read so far; none after the end.
    lines: Option<Lines<io::Sink>>,
    entry: TableEntry,
    text: Vec<u8>,
}

impl Rows {
    /// The next row; none at the end, where the digest of all of them is held against the manifest.
    fn next(&mut self) -> Result<Option<Vec<Value>>, StoreError> {
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let damaged = |why: String| StoreError::Corrupt(format!("{}: {why}", self.path.display()));
        self.text.clear();
        if self.reader.read_until(b'\n', &mut self.text).map_err(|e| damaged(e.to_string()))? > 0 {
            let row = line::parse(&self.text, self.entry.columns.len());
            let row = row.map_err(|why| damaged(format!("line {}: {why}", lines.rows() + 1)))?;
            lines.raw(&self.text);
            return Ok(Some(row));
        }
        let sum = self.lines.take().map(Lines::end).map(|(_, sum)| sum);
        match sum
            .filter(|sum| (sum.rows, sum.bytes, &sum.sha256) != (self.entry.rows, self.entry.bytes, &self.entry.sha256))
        {
            None => Ok(None),
            Some(sum) => Err(damaged(format!("{} lines whose digest is not that of the manifest", sum.rows))),
        }
    }
}

async fn import_into_file(
    archive: &Archive,
    to: &Path,
    history: Option<History>,
    teller: Teller,
) -> Result<(), StoreError> {
    use crate::dialect::sqlite::file;
    file::refuse_existing(to)?;
    let part = file::beside(to, "importing");
    file::remove(&part);
    let done = async {
        sqlite::import(archive, &part, teller).await.map_err(|e| e.at(&part))?;
        let store = Store::open(&part, StoreOptions::default()).await?;
        let whole = store.all_good(history).await;
        store.close().await;
        whole?;
        synced(&part)?;
        file::place(&part, to)
    };
    done.await.inspect_err(|_| file::remove(&part))
}

fn table_file(folder: &Path, table: &str) -> PathBuf {
    folder.join("tables").join(format!("{table}.jsonl.zst"))
}

fn refuse_schema(found: i64) -> Result<(), StoreError> {
    let known = crate::dialect::known();
    match found {
        _ if found > known => Err(StoreError::Newer { found, known }),
        _ if found < known => Err(StoreError::Io(format!("schema {found} is older than {known}: run `migrate` first"))),
        _ => Ok(()),
    }
}

pub(crate) fn refuse_taken(to: &Path) -> Result<(), StoreError> {
    if to.symlink_metadata().is_ok() {
        return Err(StoreError::Io(format!("{} is there already", to.display())));
    }
    Ok(())
}

pub(crate) fn remove_folder(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(path, &error)),
        _ => Ok(()),
    }
}

fn io_error(path: &Path, error: &io::Error) -> StoreError {
    let text = format!("{}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full(text),
        _ => StoreError::Io(text),
    }
}
