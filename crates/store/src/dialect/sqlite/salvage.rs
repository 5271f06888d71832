//! What can still be read of a file that the engine refuses.
//!
//! The file is copied. For each table in turn the copy's first page is replaced by one that knows this table alone: with the definition
//! that the program itself has, and the page that the damaged schema, or what is left of it anywhere in the file, says that the table
//! begins on. So a byte that changed in the file's header or in one definition costs no other table. Rows that lie on a damaged page
//! are taken from the table's second copy, the index that has every column; where both can be read and differ, the table's row is
//! taken and the two are told. Nothing is guessed, and the damaged file is only read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::page::{Entry, Pages, Tree};
use super::{file, log, migrations, open_at, sql};
use crate::StoreError;
use crate::transfer::{Progress, Teller};

/// Rows between two commits, and two tellings.
const BATCH: u64 = 10_000;

/// What became of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Salvaged {
    /// Its name.
    pub table: String,
    /// Rows in the new file.
    pub rows: u64,
    /// Of these, rows that were taken from the second copy.
    pub second: u64,
    /// Rows of which the table and its second copy say different things, each counted once on either side.
    pub differing: u64,
    /// Rows that the new file refuses: what they say cannot be.
    pub refused: u64,
    /// Why some rows, nobody knows how many, could not be read from anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

impl Salvaged {
    /// Whether everything is there, and undisputed.
    pub fn whole(&self) -> bool {
        self.differing == 0 && self.refused == 0 && self.unread.is_none()
    }
}

/// Where what is being made lies until it is whole.
pub(crate) fn part(to: &Path) -> PathBuf {
    file::beside(to, "salvaging")
}

/// Reads whatever can be read of `from` into a new file beside `to`; what is disputed or refused goes, one JSON object a line, beside
/// `notes`. What an earlier attempt has left there is replaced.
///
/// # Errors
/// When `to` or `notes` is there already, nothing of `from` can be recognised, or a file cannot be written.
pub(crate) fn salvage(from: &Path, to: &Path, notes: &Path, mut teller: Teller) -> Result<Vec<Salvaged>, StoreError> {
    file::refuse_existing(to)?;
    file::refuse_existing(notes)?;
    let copy = file::beside(to, "damaged");
    give_up(to, notes);
    let done = image(from, &copy).and_then(|()| {
        let half = part(notes);
        let mut noted = BufWriter::new(file_of_notes(&half).map_err(|e| io(&half, &e))?);
        let all = tables(&copy, &part(to), &mut noted, &mut teller)?;
        noted.flush().and_then(|()| noted.get_ref().sync_all()).map_err(|e| io(&half, &e))?;
        file::settle(&part(to))?;
        Ok(all)
    });
    file::remove(&copy);
    done.inspect_err(|_| give_up(to, notes))
}

/// Gives both files their names, the notes first.
///
/// # Errors
/// When a name is taken meanwhile, or the folder cannot be written.
pub(crate) fn place(to: &Path, notes: &Path) -> Result<(), StoreError> {
    file::place(&part(notes), notes)?;
    file::place(&part(to), to)
}

/// Removes what is not whole.
pub(crate) fn give_up(to: &Path, notes: &Path) {
    file::remove(&part(to));
    file::remove(&part(notes));
}

fn io(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Io(format!("{}: {error}", path.display()))
}

/// Rows may tell what only few may read.
fn file_of_notes(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// The file with what its log had committed.
fn image(from: &Path, copy: &Path) -> Result<(), StoreError> {
    file::remove(copy);
    std::fs::copy(from, copy).map_err(|e| io(from, &e))?;
    let log = file::beside_log(from, "wal");
    if log.exists() {
        let into = File::options().write(true).open(copy).map_err(|e| io(copy, &e))?;
        let mut read = BufReader::new(File::open(&log).map_err(|e| io(&log, &e))?);
        log::play(&mut read, &into).map_err(|e| io(&log, &e))?;
    }
    Ok(())
}

/// The tables and indexes of one schema: kind, name, table, text.
type Definitions = BTreeMap<(String, String, String), Option<String>>;

fn definitions(steps: &[&str]) -> Result<Definitions, StoreError> {
    let mut made = Connection::open_in_memory().map_err(sql)?;
    super::migrate(&mut made, steps)?;
    let mut statement = made.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema").map_err(sql)?;
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?)));
    rows.map_err(sql)?.collect::<Result<_, _>>().map_err(sql)
}

fn key(entry: &Entry) -> (String, String, String) {
    (entry.kind.clone(), entry.name.clone(), entry.table.clone())
}

/// What the file seems to be: its schema's number, that schema, and where each object may begin.
struct Recognised {
    version: usize,
    known: Definitions,
    roots: HashMap<String, Vec<u32>>,
}

/// The number in the header counts where the objects do not say better.
fn recognised(pages: &Pages) -> Result<Recognised, StoreError> {
    let steps = migrations();
    let all: Vec<Definitions> =
        (1..=steps.len()).map(|version| definitions(&steps[..version])).collect::<Result<_, _>>()?;
    let read = |e: std::io::Error| StoreError::Io(e.to_string());
    let said = pages.version().map_err(read)?;
    let ever: BTreeSet<_> = all.iter().flat_map(|known| known.keys()).collect();
    let mut found: Vec<Entry> = pages.schema().map_err(read)?.into_iter().filter(|e| ever.contains(&key(e))).collect();
    let closest = |found: &[Entry]| {
        let names: BTreeSet<_> = found.iter().map(key).collect();
        let apart = |known: &Definitions| {
            let expected: BTreeSet<_> = known.keys().cloned().collect();
            names.symmetric_difference(&expected).count()
        };
        // of those that are as close, the one that the header names, or the newest
        (1..=all.len()).min_by_key(|v| (apart(&all[v - 1]), *v != said as usize, all.len() - v)).unwrap_or_default()
    };
    let has_all = |found: &[Entry]| {
        let names: BTreeSet<_> = found.iter().map(key).collect();
        all.get(closest(found).wrapping_sub(1)).is_some_and(|known| known.keys().all(|key| names.contains(key)))
    };
    if !has_all(&found) {
        found.extend(pages.schema_anywhere().map_err(read)?.into_iter().filter(|e| ever.contains(&key(e))));
    }
    if found.is_empty() {
        return Err(StoreError::Corrupt("no page of this file says where a table begins".into()));
    }
    let version = closest(&found);
    let known = all.into_iter().nth(version - 1).unwrap_or_default();
    let mut roots: HashMap<String, Vec<u32>> = HashMap::new();
    for entry in found {
        let roots = roots.entry(entry.name).or_default();
        if !roots.contains(&entry.root) {
            roots.push(entry.root);
        }
    }
    Ok(Recognised { version, known, roots })
}

fn tables(copy: &Path, part: &Path, notes: &mut dyn Write, teller: &mut Teller) -> Result<Vec<Salvaged>, StoreError> {
    let pages = Pages::open(copy).map_err(|e| io(copy, &e))?;
    let found = recognised(&pages)?;
    let new = open_at(part, found.version)?;
    new.execute_batch("PRAGMA foreign_keys=OFF; PRAGMA synchronous=OFF").map_err(sql)?;
    // packed days are made anew from the readings that are left
    let kept = |key: &&(String, String, String)| key.0 == "table" && key.1 != "pack";
    let names: Vec<&String> = found.known.keys().filter(kept).map(|key| &key.1).collect();
    let mut all = Vec::new();
    for (i, table) in names.iter().enumerate() {
        let mut told = |rows| teller(Progress { table, number: (i + 1, names.len()), rows, of: None });
        told(0);
        let (table, mut into) = (Table::of(&new, table)?, New { db: &new, notes, told: &mut told });
        // a schema begins with rows of its own
        table.empty(&new)?;
        all.push(table.salvaged(copy, &pages, &found, &mut into)?);
    }
    new.execute_batch("PRAGMA synchronous=FULL; PRAGMA wal_checkpoint(TRUNCATE)").map_err(sql)?;
    drop(new);
    file::synced(part)?;
    Ok(all)
}

/// A table as the new file has it.
struct Table {
    name: String,
    columns: Vec<String>,
    tree: Tree,
    own: Way,
    /// By an index that has every column.
    second: Option<Way>,
}

/// How rows are read: what makes the engine take this way, and the columns that rows lie in the order of.
struct Way {
    by: String,
    order: Vec<String>,
}

/// From where rows are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Own,
    Second,
}

impl Side {
    fn word(self) -> &'static str {
        match self {
            Self::Own => "table",
            Self::Second => "second copy",
        }
    }
}

/// The new file, and who is told meanwhile.
struct New<'a> {
    db: &'a Connection,
    notes: &'a mut dyn Write,
    told: &'a mut dyn FnMut(u64),
}

/// The index that has every column of a table.
fn second(table: &str) -> String {
    format!("{table}_whole")
}

impl Table {
    fn of(db: &Connection, name: &str) -> Result<Self, StoreError> {
        let texts = |text: &str, of: &str| -> Result<Vec<String>, StoreError> {
            let mut statement = db.prepare(text).map_err(sql)?;
            let rows = statement.query_map([of], |row| row.get(0)).map_err(sql)?;
            rows.collect::<Result<_, _>>().map_err(sql)
        };
        let columns = texts("SELECT name FROM pragma_table_info(?1) ORDER BY cid", name)?;
        let keyed = !texts("SELECT name FROM pragma_table_list(?1) WHERE schema='main' AND wr=1", name)?.is_empty();
        let by = |index: &str| format!("INDEXED BY \"{index}\"");
        let (tree, own) = if keyed {
            // "NOT INDEXED" would leave the engine free to take an index that has every column
            let key = texts("SELECT name FROM pragma_index_list(?1) WHERE origin='pk'", name)?.join("");
            let order = texts("SELECT name FROM pragma_table_info(?1) WHERE pk>0 ORDER BY pk", name)?;
            (Tree::Index, Way { by: by(&key), order })
        } else {
            (Tree::Table, Way { by: "NOT INDEXED".into(), order: vec!["rowid".into()] })
        };
        let index = second(name);
        let order = texts("SELECT name FROM pragma_index_xinfo(?1) WHERE name IS NOT NULL ORDER BY seqno", &index)?;
        let whole = columns.iter().all(|column| order.contains(column));
        let second = whole.then(|| Way { by: by(&index), order });
        Ok(Self { name: name.to_owned(), columns, tree, own, second })
    }

    fn way(&self, side: Side) -> Option<&Way> {
        match side {
            Side::Own => Some(&self.own),
            Side::Second => self.second.as_ref(),
        }
    }

    /// All rows of a side, in any order.
    fn all(&self, side: Side) -> Option<String> {
        Some(format!("SELECT {} FROM \"{}\" {}", self.list(), self.name, self.way(side)?.by))
    }

    /// All rows, from one end or from the other.
    fn rows(&self, side: Side, backwards: bool) -> Option<String> {
        let direction = if backwards { " DESC" } else { "" };
        let order = self.way(side)?.order.iter().map(|column| format!("\"{column}\"{direction}"));
        Some(format!("{} ORDER BY {}", self.all(side)?, order.collect::<Vec<_>>().join(", ")))
    }

    fn list(&self) -> String {
        self.columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
    }

    /// The damaged copy as a file of this table alone; none when nobody knows where the table begins.
    fn opened(&self, copy: &Path, pages: &Pages, found: &Recognised) -> Result<Option<Opened>, StoreError> {
        let begins = |kind: &str, name: &str, tree: Tree| {
            let roots = found.roots.get(name).map(Vec::as_slice).unwrap_or_default();
            let root = roots.iter().find(|root| matches!(pages.tree(**root), Ok(Some(is)) if is == tree))?;
            let entry = Entry { kind: kind.into(), name: name.into(), table: self.name.clone(), root: *root };
            let text = found.known.get(&key(&entry)).cloned()?;
            Some((entry, text))
        };
        let Some(table) = begins("table", &self.name, self.tree) else { return Ok(None) };
        let second = self.second.as_ref().and_then(|_| begins("index", &second(&self.name), Tree::Index));
        let has_second = second.is_some();
        let rows: Vec<_> = std::iter::once(table).chain(second).collect();
        pages.begin_with(&rows, u32::try_from(found.version).unwrap_or_default()).map_err(|e| io(copy, &e))?;
        let db = file::existing(copy)?;
        // the constraints' own indexes are not in it
        db.execute_batch("PRAGMA writable_schema=ON; PRAGMA cell_size_check=ON; PRAGMA query_only=ON").map_err(sql)?;
        Ok(Some(Opened { db, has_second }))
    }

    fn salvaged(
        &self,
        copy: &Path,
        pages: &Pages,
        found: &Recognised,
        into: &mut New<'_>,
    ) -> Result<Salvaged, StoreError> {
        let mut all = Salvaged { table: self.name.clone(), ..Salvaged::default() };
        let Some(Opened { db, has_second }) = self.opened(copy, pages, found)? else {
            all.unread = Some("nothing says where it begins".into());
            return Ok(all);
        };
        let second_ends = has_second && self.ends(&db, Side::Second);
        let cut = self.take(&db, (Side::Own, false), into, &mut all)?;
        match cut {
            None if second_ends => self.compare(&db, into, &mut all)?,
            None => {}
            Some(_) if second_ends => {
                // what a damaged tree has given so far may be wrong as well
                self.empty(into.db)?;
                all.rows = 0;
                self.take(&db, (Side::Second, false), into, &mut all)?;
            }
            Some(error) => {
                self.take(&db, (Side::Own, true), into, &mut all)?;
                if has_second {
                    self.take(&db, (Side::Second, false), into, &mut all)?;
                    self.take(&db, (Side::Second, true), into, &mut all)?;
                }
                all.unread = Some(error.to_string());
            }
        }
        Ok(all)
    }

    fn empty(&self, db: &Connection) -> Result<(), StoreError> {
        db.execute(&format!("DELETE FROM \"{}\"", self.name), []).map_err(sql).map(drop)
    }

    /// Whether a side can be read to its end.
    fn ends(&self, db: &Connection, side: Side) -> bool {
        let Some(text) = self.rows(side, false) else { return false };
        let walked = db.prepare(&text).and_then(|mut statement| {
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
            Ok(())
        });
        walked.is_ok()
    }

    /// Takes the rows of one side that are not there yet; gives what it ended at, when that was not the end.
    fn take(
        &self,
        db: &Connection,
        (side, backwards): (Side, bool),
        into: &mut New<'_>,
        all: &mut Salvaged,
    ) -> Result<Option<rusqlite::Error>, StoreError> {
        let Some(text) = self.rows(side, backwards) else { return Ok(None) };
        // where nothing is there yet, a row that is not taken is one that cannot be
        let alone = all.rows == 0;
        let slots: Vec<_> = (1..=self.columns.len()).map(|i| format!("?{i}")).collect();
        let insert = format!("INSERT OR IGNORE INTO \"{}\" ({}) VALUES ({})", self.name, self.list(), slots.join(", "));
        let mut insert = into.db.prepare(&insert).map_err(sql)?;
        let mut statement = match db.prepare(&text) {
            Ok(statement) => statement,
            Err(error) => return Ok(Some(error)),
        };
        let mut rows = match statement.query([]) {
            Ok(rows) => rows,
            Err(error) => return Ok(Some(error)),
        };
        into.db.execute_batch("BEGIN").map_err(sql)?;
        let cut = loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break None,
                Err(error) => break Some(error),
            };
            let cells = (0..self.columns.len()).map(|i| row.get_ref(i).map(Cell)).collect::<Result<Vec<_>, _>>();
            let cells = match cells {
                Ok(cells) => cells,
                Err(error) => break Some(error),
            };
            let (kept, cannot_be) = match insert.execute(params_from_iter(cells.iter())) {
                Ok(kept) => (kept as u64, false),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::TypeMismatch) => (0, true),
                Err(error) => return Err(sql(error)),
            };
            all.rows += kept;
            if side == Side::Second {
                all.second += kept;
            }
            if kept == 0 && (alone || cannot_be) {
                all.refused += 1;
                self.note("refused", side, &cells, into)?;
            }
            if kept > 0 && all.rows.is_multiple_of(BATCH) {
                into.db.execute_batch("COMMIT; BEGIN").map_err(sql)?;
                (into.told)(all.rows);
            }
        };
        into.db.execute_batch("COMMIT").map_err(sql)?;
        Ok(cut)
    }

    /// Tells the rows that one side has and the other has not.
    fn compare(&self, db: &Connection, into: &mut New<'_>, all: &mut Salvaged) -> Result<(), StoreError> {
        for (side, other) in [(Side::Own, Side::Second), (Side::Second, Side::Own)] {
            let (Some(rows), Some(others)) = (self.all(side), self.all(other)) else { return Ok(()) };
            let mut statement = db.prepare(&format!("{rows} EXCEPT {others}")).map_err(sql)?;
            let mut rows = statement.query([]).map_err(sql)?;
            while let Some(row) = rows.next().map_err(sql)? {
                let cells = (0..self.columns.len()).map(|i| row.get_ref(i).map(Cell)).collect::<Result<Vec<_>, _>>();
                all.differing += 1;
                self.note("differs", side, &cells.map_err(sql)?, into)?;
            }
        }
        Ok(())
    }

    fn note(&self, why: &str, side: Side, cells: &[Cell<'_>], into: &mut New<'_>) -> Result<(), StoreError> {
        let row: Map<String, Value> =
            self.columns.iter().zip(cells).map(|(column, cell)| (column.clone(), cell.json())).collect();
        let line = json!({"why": why, "table": self.name, "in": side.word(), "row": row});
        writeln!(into.notes, "{line}").map_err(|e| StoreError::Io(e.to_string()))
    }
}

/// The damaged copy as a file of one table.
struct Opened {
    db: Connection,
    has_second: bool,
}

/// A value as it lies there, be it text or not.
struct Cell<'a>(ValueRef<'a>);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

impl Cell<'_> {
    fn json(&self) -> Value {
        match self.0 {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => number.into(),
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => text.into(),
                Err(_) => json!({"hex": hex::encode(text)}),
            },
            ValueRef::Blob(bytes) => json!({"hex": hex::encode(bytes)}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::PAGE;
    use super::*;

    /// A file with rows in a few tables; more persons than lie on one page.
    fn filled(folder: &Path) -> PathBuf {
        let path = folder.join("whole.db");
        let db = super::super::open(&path, crate::Sync::Full).expect("opens");
        db.execute_batch(
            "INSERT INTO organisation VALUES ('city', NULL, 'bureau', '*', '市局', 'the bureau');
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400)
             INSERT INTO person SELECT printf('person-%04d', i), printf('login-%04d', i), '某人', 'somebody', 'hash', 0, 0 FROM n;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400)
             INSERT INTO telegram SELECT i, i, 'peer', 'mn', '2011', NULL, zeroblob(200), '[]', NULL FROM n;
             VACUUM; PRAGMA wal_checkpoint(TRUNCATE);",
        )
        .expect("kept");
        path
    }

    type Contents = BTreeMap<String, Vec<String>>;

    fn contents(path: &Path) -> Contents {
        let db = Connection::open(path).expect("opens");
        let mut tables = db.prepare("SELECT name FROM sqlite_schema WHERE type='table'").expect("a question");
        let names: Vec<String> =
            tables.query_map([], |row| row.get(0)).expect("asked").collect::<Result<_, _>>().expect("names");
        names.into_iter().map(|name| (name.clone(), rows(&db, &name))).collect()
    }

    fn rows(db: &Connection, table: &str) -> Vec<String> {
        let all = Table::of(db, table).expect("a table").all(Side::Own).expect("a way");
        let mut statement = db.prepare(&all).expect("a question");
        let columns = statement.column_count();
        let mut asked = statement.query([]).expect("asked");
        let mut all = Vec::new();
        while let Some(row) = asked.next().expect("a row") {
            let cells: Vec<_> = (0..columns).map(|i| row.get_ref(i).expect("a cell")).collect();
            all.push(format!("{cells:?}"));
        }
        all.sort();
        all
    }

    struct Case {
        folder: tempfile::TempDir,
        whole: Vec<u8>,
        before: Contents,
    }

    impl Case {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let path = filled(folder.path());
            Self { before: contents(&path), whole: std::fs::read(&path).expect("a file"), folder }
        }

        /// What becomes of the file with a byte changed: what each table came to, and what the notes say.
        fn with(&self, at: usize, mask: u8) -> Result<(Vec<Salvaged>, Contents, String), StoreError> {
            let [from, to, notes] = ["damaged.db", "new.db", "notes"].map(|name| self.folder.path().join(name));
            for file in [&to, &notes] {
                file::remove(file);
            }
            let mut spoilt = self.whole.clone();
            spoilt[at] ^= mask;
            std::fs::write(&from, &spoilt).expect("written");
            let all = salvage(&from, &to, &notes, Box::new(|_| ()))?;
            place(&to, &notes)?;
            assert_eq!(std::fs::read(&from).expect("a file"), spoilt, "the damaged file is only read");
            Ok((all, contents(&to), std::fs::read_to_string(&notes).expect("notes")))
        }

        fn place_of(&self, word: &[u8], which: usize) -> usize {
            self.whole.windows(word.len()).enumerate().filter(|(_, w)| *w == word).nth(which).expect("there").0
        }

        /// The page that an object begins on.
        fn root(&self, name: &str) -> usize {
            let pages = Pages::open(&self.folder.path().join("whole.db")).expect("opens");
            let root = pages.schema().expect("read").into_iter().find(|e| e.name == name).expect("there").root;
            (root as usize - 1) * PAGE
        }
    }

    fn gaps(all: &[Salvaged]) -> Vec<&str> {
        all.iter().filter(|table| !table.whole()).map(|table| table.table.as_str()).collect()
    }

    #[test]
    fn the_definitions_of_a_table_fit_on_a_page_in_every_schema() {
        let steps = migrations();
        for version in 1..=steps.len() {
            let all = definitions(&steps[..version]).expect("made");
            for table in all.keys().filter(|key| key.0 == "table").map(|key| &key.1) {
                let on_it = all.iter().filter(|((_, name, _), _)| name == table || *name == second(table));
                let bytes: usize = on_it
                    .map(|((_, name, _), text)| {
                        text.as_deref().unwrap_or_default().len() + name.len() + table.len() + 40
                    })
                    .sum();
                assert!(bytes < PAGE - 120, "{table} of schema {version}: {bytes} bytes");
            }
        }
    }

    #[test]
    fn a_sound_file_is_read_whole() {
        let case = Case::new();
        let (all, after, notes) = case.with(0, 0).expect("salvaged");
        assert_eq!((gaps(&all), notes.as_str()), (vec![], ""));
        assert_eq!(after, case.before);
        let again = case.folder.path().join("new.db");
        let refused = salvage(&case.folder.path().join("whole.db"), &again, &again, Box::new(|_| ()));
        assert!(matches!(refused, Err(StoreError::Io(_))), "never over another file");
    }

    #[test]
    fn what_the_engine_refuses_as_a_whole_is_read_table_by_table() {
        let case = Case::new();
        let inner = case.place_of(b"CREATE TABLE person", 0);
        for (what, at) in [
            ("the magic", 3),
            ("the page size", 16),
            ("the schema's format", 47),
            ("the text encoding", 59),
            ("the first page's kind", 100),
            ("the first page's cells", 104),
            ("a definition", inner + 9),
            ("the kind of a page of definitions", inner / PAGE * PAGE),
            ("the number of its cells", inner / PAGE * PAGE + 4),
        ] {
            let (all, after, notes) = case.with(at, 0x5a).unwrap_or_else(|error| panic!("{what}: {error}"));
            let apart: Vec<_> = case.before.iter().filter(|(name, rows)| after.get(*name) != Some(rows)).collect();
            assert!(apart.is_empty(), "{what}: {:?}", apart.iter().map(|(name, _)| name).collect::<Vec<_>>());
            assert_eq!((gaps(&all), notes.as_str()), (vec![], ""), "{what}");
        }
    }

    #[test]
    fn what_lies_on_a_damaged_page_is_taken_from_the_second_copy() {
        let case = Case::new();
        let (all, after, _) = case.with(case.root("person"), 0x5a).expect("salvaged");
        assert_eq!(gaps(&all), ["person"], "nothing is left of where it begins");
        assert!(after.iter().all(|(name, rows)| name == "person" || rows == &case.before[name]));
        // a leaf of the table, and a leaf of its second copy
        let mut from_second = Vec::new();
        for which in [0, 1] {
            let leaf = case.place_of(b"person-0200login-0200", which) / PAGE * PAGE;
            let (all, after, _) = case.with(leaf, 0x5a).expect("salvaged");
            let person = all.iter().find(|table| table.table == "person").expect("there");
            assert!(gaps(&all).is_empty() && after == case.before, "{person:?}");
            from_second.push(person.second > 0);
        }
        from_second.sort_unstable();
        assert_eq!(from_second, [false, true]);
        // telegrams have none
        let leaf = case.root("telegram") + 2 * PAGE;
        let (all, after, _) = case.with(leaf, 0x5a).expect("salvaged");
        if gaps(&all) == ["telegram"] {
            assert!(after["telegram"].len() > 350, "both ends are read: {}", after["telegram"].len());
        }
    }

    #[test]
    fn a_row_that_differs_from_its_second_copy_is_kept_and_told() {
        let case = Case::new();
        let mut kept = Vec::new();
        for which in [0, 1] {
            let place = case.place_of(b"person-0200login-0200", which) + 13;
            let (all, after, notes) = case.with(place, 1).expect("salvaged");
            assert_eq!(gaps(&all), ["person"]);
            assert_eq!(all.iter().find(|t| t.table == "person").map(|t| (t.rows, t.differing)), Some((400, 2)));
            assert!(notes.contains("login-0200") && notes.contains("lofin-0200"), "{notes}");
            assert_eq!(notes.lines().count(), 2);
            kept.push(after["person"] != case.before["person"]);
            assert_eq!(
                after.iter().filter(|(name, rows)| *name != "person" && case.before[*name] != **rows).count(),
                0
            );
        }
        kept.sort_unstable();
        assert_eq!(kept, [false, true], "what the table says");
    }

    #[test]
    fn a_row_that_cannot_be_is_told_and_costs_no_other() {
        let case = Case::new();
        let path = case.folder.path().join("whole.db");
        let db = Connection::open(&path).expect("opens");
        // what only a damaged page has: no number where one must be, no value where one must be
        db.execute_batch("CREATE TABLE left (id, station, factor); INSERT INTO left VALUES ('x', 's', 'f'), (7, NULL, 'f'), (8, 's', 'f');")
            .expect("made");
        let new = Connection::open_in_memory().expect("memory");
        new.execute_batch("CREATE TABLE left (id INTEGER PRIMARY KEY, station TEXT NOT NULL, factor TEXT NOT NULL)")
            .expect("made");
        let (mut notes, mut all) = (Vec::new(), Salvaged::default());
        let table = Table::of(&new, "left").expect("a table");
        let mut into = New { db: &new, notes: &mut notes, told: &mut |_| () };
        assert!(table.take(&db, (Side::Own, false), &mut into, &mut all).expect("taken").is_none());
        assert_eq!((all.rows, all.refused), (1, 2));
        assert_eq!(String::from_utf8(notes).expect("text").lines().count(), 2);
    }

    #[test]
    fn whatever_byte_changes_no_other_table_is_lost() {
        let case = Case::new();
        let mut random = 7_u64;
        for _ in 0..60 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (at, mask) = ((random >> 20) as usize % case.whole.len(), (random >> 8) as u8 | 1);
            let (_, after, _) = case.with(at, mask).expect("salvaged");
            let apart: Vec<_> =
                case.before.keys().filter(|name| after.get(*name) != Some(&case.before[*name])).collect();
            assert!(apart.len() <= 1, "byte {at} ^ {mask:#x}: {apart:?}");
        }
    }

    #[test]
    fn what_is_no_database_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let [from, to, notes] = ["a", "b", "c"].map(|name| folder.path().join(name));
        std::fs::write(&from, vec![0x55; 3 * PAGE]).expect("written");
        let refused = salvage(&from, &to, &notes, Box::new(|_| ()));
        assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left behind");
        for left in [part(&to), part(&notes), file::beside(&to, "damaged")] {
            std::fs::write(left, "of a killed attempt").expect("written");
        }
        filled(folder.path());
        salvage(&folder.path().join("whole.db"), &to, &notes, Box::new(|_| ())).expect("it is no obstacle");
    }
}
