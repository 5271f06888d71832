//! The history of a store, which lies beside it and belongs to it.
//!
//! Readings move from the store into the history in this order: the files are there, the table's new version names them, the
//! store forgets its rows. So the store's moment comes **first** and the version of the history that goes with it is one of any
//! time afterwards: a row that the store had forgotten before its moment is in that version, every other row is in the store. (The
//! other way round, what moved between the two would be in neither.) What is in both is forgotten again by whoever moves.
//!
//! Of those versions the lowest is taken: the first that has the last segment which the store had handed over at its moment, and
//! none older than the moment was looked for ([`Before`]). So nothing is in it that came after the moment: neither
//! a telegram whose number the copy will give again, nor a correction that the copy has never heard of.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shanshui_history::{History, HistoryError, HistoryOptions};

use super::{Progress, Teller, io_error};
use crate::StoreError;
use crate::dialect::sqlite::file::synced;

/// Folder of a copy that holds the table.
const FOLDER: &str = "history";
/// What the history is called where tables are counted.
pub const TABLE: &str = "history";
/// Bytes in memory at a time.
const PIECE: usize = 1 << 20;
/// The last segment of which the history has rows that the store may have forgotten.
pub(crate) const LAST: &str =
    "SELECT id FROM segment WHERE state IN ('committed', 'moved') AND rows > 0 ORDER BY planned DESC, id DESC LIMIT 1";

/// One file of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Where it lies under the history's folder; parts are joined by `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, in hex.
    pub sha256: String,
}

/// The history as it was right before the store's moment.
pub(crate) struct Before<'a> {
    history: &'a History,
    version: u64,
}

impl<'a> Before<'a> {
    pub(crate) async fn of(history: Option<&'a History>) -> Result<Option<Self>, StoreError> {
        let Some(history) = history else { return Ok(None) };
        history.refresh().await?;
        Ok(Some(Self { history, version: history.version() }))
    }

    /// Brings the version that goes with a moment into a copy in the making, and writes down what came. `last` is the last segment
    /// that the store had handed over at its moment.
    pub(crate) async fn gather(
        self,
        part: &Path,
        last: &str,
        number: (usize, usize),
        teller: &mut Teller,
    ) -> Result<Vec<FileEntry>, StoreError> {
        let missing = || not_its_own(self.history, last);
        let version = self.history.version_with(self.version, last).await?.ok_or_else(missing)?;
        let folder = part.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|e| io_error(&folder, &e))?;
        let mut told = |done, all| teller(Progress { table: TABLE, number, rows: done, of: Some(all) });
        let copied = self.history.copy_out(version, &folder, &mut told).await;
        copied.map_err(|error| match error {
            HistoryError::Gone(file) => {
                StoreError::Io(format!("the history was swept while it was copied, {file} is gone: copy again"))
            }
            other => other.into(),
        })?;
        let mut entries = Vec::new();
        walk(&folder, "", &mut entries)?;
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        synced(part)?;
        Ok(entries)
    }
}

/// The store has handed over what this history does not have.
pub(crate) fn not_its_own(history: &History, last: &str) -> StoreError {
    let url = history.url();
    StoreError::Io(format!("the history at {url} is not this store's: it does not have the segment {last}"))
}

fn walk(folder: &Path, under: &str, entries: &mut Vec<FileEntry>) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(|e| io_error(folder, &e))? {
        let (path, name) = entry.map(|e| (e.path(), e.file_name())).map_err(|e| io_error(folder, &e))?;
        let name = name.to_str().ok_or_else(|| StoreError::Io(format!("{} is no text", path.display())))?;
        let name = if under.is_empty() { name.to_owned() } else { format!("{under}/{name}") };
        if path.is_dir() {
            walk(&path, &name, entries)?;
            continue;
        }
        let (bytes, sha256) = digest(&path)?;
        entries.push(FileEntry { path: name, bytes, sha256 });
    }
    synced(folder)
}

/// Size and digest of a file.
fn digest(from: &Path) -> Result<(u64, String), StoreError> {
    let mut file = File::open(from).map_err(|e| io_error(from, &e))?;
    let (mut piece, mut hash, mut bytes) = (vec![0; PIECE], Sha256::new(), 0);
    loop {
        let n = file.read(&mut piece).map_err(|e| io_error(from, &e))?;
        if n == 0 {
            return Ok((bytes, hex::encode(hash.finalize())));
        }
        hash.update(&piece[..n]);
        bytes += n as u64;
    }
}

/// Where the history of a copy goes: a folder or `s3://bucket/prefix`, and how it is reached.
#[derive(Debug, Clone)]
pub struct Place {
    /// As [`History::open`] takes it.
    pub location: String,
    /// As [`History::open`] takes them.
    pub options: HistoryOptions,
}

/// The history of a copy, put where it belongs before the store is filled.
pub(crate) struct Carried {
    pub(crate) history: History,
    /// What was put and goes again when the store cannot be filled; nothing when all of it was there already.
    put: Vec<(String, u64)>,
}

impl Carried {
    /// Puts the files that lie under `from` in place. None when the store of the copy stands by itself, or is to go without.
    ///
    /// # Errors
    /// When the copy has handed rows over (`last`) and brings no history, another table lies at the place, a file is not what was
    /// written down, or the history is not that of the store.
    pub(crate) async fn of(
        from: &Path,
        files: &[FileEntry],
        last: Option<&str>,
        to: Option<&Place>,
        teller: &mut Teller,
    ) -> Result<Option<Self>, StoreError> {
        let Some(to) = to else { return Ok(None) };
        let Some(last) = last else { return Ok(None) };
        if files.is_empty() {
            return Err(StoreError::Io(format!(
                "{}: readings had moved into a history, which the copy does not bring: put that history at {} and go on without",
                from.display(),
                to.location
            )));
        }
        let inside = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        if let Some(out) = files.iter().find(|entry| !entry.path.split('/').all(inside)) {
            return Err(StoreError::Corrupt(format!("{:?} leads out of the history", out.path)));
        }
        let carried = Self::put(&from.join(FOLDER), files, to, teller).await?;
        match carried.history.entered(last).await {
            Ok(true) => Ok(Some(carried)),
            Ok(false) => {
                let error = not_its_own(&carried.history, last);
                carried.take_back().await;
                Err(error)
            }
            Err(error) => {
                carried.take_back().await;
                Err(error.into())
            }
        }
    }

    async fn put(from: &Path, files: &[FileEntry], to: &Place, teller: &mut Teller) -> Result<Self, StoreError> {
        let listed: Vec<(String, u64)> = files.iter().map(|f| (f.path.clone(), f.bytes)).collect();
        if let Some(history) = History::existing(&to.location, to.options.clone()).await?
            && !history.is_fresh()
        {
            let of_table: Vec<_> = listed.into_iter().filter(|(path, _)| !path.starts_with("_delta_log/")).collect();
            if history.holds(&of_table) {
                return Ok(Self { history, put: Vec::new() });
            }
            return Err(StoreError::Io(format!("{} holds another table already", to.location)));
        }
        let fetch = |path: &str| {
            let file = from.join(path);
            let content = fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            let entry = files.iter().find(|f| f.path == path);
            let same = |f: &FileEntry| f.sha256 == hex::encode(Sha256::digest(&content));
            if entry.is_some_and(same) {
                Ok(content)
            } else {
                Err(format!("{}: not what the manifest says", file.display()))
            }
        };
        let mut told = |done, all| teller(Progress { table: TABLE, number: (1, 1), rows: done, of: Some(all) });
        let place = (to.location.as_str(), to.options.clone());
        let history = History::copy_in(place, &listed, &fetch, &mut told).await?;
        Ok(Self { history, put: listed })
    }

    pub(crate) async fn take_back(self) {
        self.history.take_back(&self.put).await;
    }
}

/// What the history beside the copy of a file says it is.
const FORMAT: &str = "shanshui history 1";
const MANIFEST: &str = "manifest.json";

/// The history that was copied beside a file: a folder with the table in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: String,
    program: String,
    files: Vec<FileEntry>,
}

/// The folder beside a copy of a database file that holds its history.
pub fn beside_copy(copy: &Path) -> PathBuf {
    crate::dialect::sqlite::file::beside(copy, FOLDER)
}

/// Writes down what was gathered beside a copy of a file.
pub(crate) fn write_manifest(folder: &Path, files: Vec<FileEntry>) -> Result<(), StoreError> {
    let manifest = Manifest { format: FORMAT.into(), program: env!("CARGO_PKG_VERSION").into(), files };
    let path = folder.join(MANIFEST);
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| StoreError::Io(e.to_string()))?;
    let mut file = File::create_new(&path).map_err(|e| io_error(&path, &e))?;
    file.write_all(&text).and_then(|()| file.sync_all()).map_err(|e| io_error(&path, &e))?;
    synced(folder)
}

/// What was written down; nothing when there is no such folder.
pub(crate) fn read_manifest(folder: &Path) -> Result<Vec<FileEntry>, StoreError> {
    let path = folder.join(MANIFEST);
    let text = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !folder.exists() => return Ok(Vec::new()),
        other => other.map_err(|e| io_error(&path, &e))?,
    };
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|e| StoreError::Corrupt(format!("{}: {e}", path.display())))?;
    if manifest.format != FORMAT {
        return Err(StoreError::Corrupt(format!("{}: {:?} is no {FORMAT}", path.display(), manifest.format)));
    }
    Ok(manifest.files)
}
