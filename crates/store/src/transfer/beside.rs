//! Files that lie beside a store and belong to it: its history.
//!
//! Readings move from the store into the history in this order: the files are there, the table's new version names them, the
//! store forgets its rows. So the store's moment comes **first** and the version of the history that goes with it is one of any
//! time afterwards: a row that the store had forgotten before its moment is in that version, every other row is in the store. (The
//! other way round, what moved between the two would be in neither.) What is in both is forgotten again by whoever moves.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Archive, io_error, refuse_taken, remove_folder};
use crate::StoreError;
use crate::dialect::sqlite::file::{beside, place_folder, synced};

/// Folder of an archive that holds them.
const FOLDER: &str = "history";
/// Bytes in memory at a time.
const PIECE: usize = 1 << 20;

/// One file of an archive.
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

/// What `Bring` gives back.
pub type Brought = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// Brings the files of one version of the history into a folder that is there and empty. Called once, after the store's moment.
pub type Bring = Box<dyn FnOnce(PathBuf) -> Brought + Send>;

/// Lets the files be brought into an archive in the making, and writes down what came.
pub(super) async fn gather(part: &Path, bring: Bring) -> Result<Vec<FileEntry>, StoreError> {
    let folder = part.join(FOLDER);
    fs::create_dir(&folder).map_err(|e| io_error(&folder, &e))?;
    bring(folder.clone()).await?;
    let mut entries = Vec::new();
    walk(&folder, "", &mut entries)?;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
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
        let (bytes, sha256) = copy(&path, &mut io::sink())?;
        synced(&path)?;
        entries.push(FileEntry { path: name, bytes, sha256 });
    }
    synced(folder)
}

/// Copies a file; gives its size and digest.
fn copy(from: &Path, to: &mut dyn Write) -> Result<(u64, String), StoreError> {
    let mut file = File::open(from).map_err(|e| io_error(from, &e))?;
    let (mut piece, mut hash, mut bytes) = (vec![0; PIECE], Sha256::new(), 0);
    loop {
        let n = file.read(&mut piece).map_err(|e| io_error(from, &e))?;
        if n == 0 {
            return Ok((bytes, hex::encode(hash.finalize())));
        }
        hash.update(&piece[..n]);
        bytes += n as u64;
        to.write_all(&piece[..n]).map_err(|e| io_error(from, &e))?;
    }
}

/// The history of an archive, copied and looked at beside the place where it belongs.
pub(super) struct Copied {
    part: PathBuf,
    to: PathBuf,
    placed: bool,
}

impl Copied {
    /// None when the archive has no history.
    ///
    /// # Errors
    /// When nobody says where it belongs, something is there already, or a file is not what the manifest says.
    pub(super) fn of(archive: &Archive, to: Option<&Path>) -> Result<Option<Self>, StoreError> {
        let files = &archive.manifest.files;
        if files.is_empty() {
            return Ok(None);
        }
        let to =
            to.ok_or_else(|| StoreError::Io("the archive has a history, and there is no folder for one".into()))?;
        refuse_taken(to)?;
        let copied = Self { part: beside(to, "importing"), to: to.to_owned(), placed: false };
        remove_folder(&copied.part)?;
        fs::create_dir_all(&copied.part).map_err(|e| io_error(&copied.part, &e))?;
        for entry in files {
            copied.take(&archive.folder.join(FOLDER), entry)?;
        }
        Ok(Some(copied))
    }

    fn take(&self, folder: &Path, entry: &FileEntry) -> Result<(), StoreError> {
        let inside = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        if !entry.path.split('/').all(inside) {
            return Err(StoreError::Corrupt(format!("{:?} leads out of the history", entry.path)));
        }
        let (from, to) = (folder.join(&entry.path), self.part.join(&entry.path));
        let above = to.parent().unwrap_or(&self.part);
        fs::create_dir_all(above).map_err(|e| io_error(above, &e))?;
        let mut file = File::create_new(&to).map_err(|e| io_error(&to, &e))?;
        let (bytes, sha256) = copy(&from, &mut file)?;
        if (bytes, &sha256) != (entry.bytes, &entry.sha256) {
            return Err(StoreError::Corrupt(format!("{}: not what the manifest says", from.display())));
        }
        file.sync_all().and_then(|()| File::open(above)?.sync_all()).map_err(|e| io_error(&to, &e))
    }

    /// Gives it its name.
    pub(super) fn place(mut self) -> Result<(), StoreError> {
        synced(&self.part)?;
        place_folder(&self.part, &self.to)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        if !self.placed
            && let Err(error) = remove_folder(&self.part)
        {
            tracing::warn!(%error, "left behind");
        }
    }
}
