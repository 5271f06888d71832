//! Taking the table along: one version of it as files of a folder, and from there into another place. And looking at a place
//! without making anything there.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::Write;
use std::path::Path as FilePath;
use std::time::Duration;

use deltalake_core::table::state::DeltaTableState;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use crate::care::ours;
use crate::{History, HistoryError, HistoryOptions, known};

const LOG: &str = "_delta_log";
/// How long a place may take to answer whoever only looks.
const LOOK: Duration = Duration::from_secs(5);

/// Told how many bytes of how many are done.
pub type Told<'a> = dyn FnMut(u64, u64) + Send + 'a;
/// Gives the content of a file of the table, or says why it is not to be taken.
pub type Fetch<'a> = dyn Fn(&str) -> Result<Vec<u8>, String> + Send + Sync + 'a;

/// What lies at a table's place, beside what its log says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Files that the log names and that are not there, or not as long as it says.
    pub missing: Vec<String>,
    /// Files that do not belong to it.
    pub foreign: Vec<String>,
    /// Files of segments that were never committed.
    pub abandoned: usize,
}

/// The number of the entry of the log that a file of the log is about: the last one, where it is about several.
fn entry_of(path: &Path) -> Option<u64> {
    let parts: Vec<_> = path.parts().map(|p| p.as_ref().to_owned()).collect();
    let [folder, name] = parts.as_slice() else { return None };
    let numbers: Vec<u64> = name.split('.').map_while(|part| (part.len() == 20).then(|| part.parse().ok())?).collect();
    numbers.last().copied().filter(|_| folder == LOG)
}

/// In which order a table comes into being at another place: its files, then its log from the newest entry down, checkpoints last.
/// While any is missing the log does not begin, and nobody takes it for an older table.
fn turn(path: &str) -> (u8, u64) {
    match entry_of(&Path::from(path)) {
        None => (0, 0),
        Some(entry) if path.contains(".checkpoint.") => (2, entry),
        Some(entry) => (1, u64::MAX - entry),
    }
}

impl HistoryOptions {
    /// The same for whoever only looks: a place that does not answer is given up soon.
    #[must_use]
    pub fn impatient(self) -> Self {
        Self { patience: Some(LOOK), ..self }
    }
}

impl History {
    /// Opens the table at `location` when there is one; nothing is made.
    ///
    /// # Errors
    /// As [`History::open`].
    pub async fn existing(location: &str, options: HistoryOptions) -> Result<Option<Self>, HistoryError> {
        match crate::place::known_address(location)? {
            None => Ok(None),
            Some(url) => Self::at(url, options, false).await,
        }
    }

    /// The lowest version of the table from `from` on in which a segment is; none when it is in none.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn version_with(&self, from: u64, segment: &str) -> Result<Option<u64>, HistoryError> {
        if !self.committed(segment).await? {
            return Ok(None);
        }
        for version in from..self.version() {
            if self.has(&self.state_at(version).await?, segment).await? {
                return Ok(Some(version));
            }
        }
        Ok(Some(self.version()))
    }

    async fn state_at(&self, version: u64) -> Result<DeltaTableState, HistoryError> {
        DeltaTableState::try_new(self.inner.log.as_ref(), Some(version)).await.map_err(HistoryError::log)
    }

    /// Writes one version of the table into `folder`, which is there and empty, with as much of the log as leads to it. Every file
    /// is durable afterwards, and the table in the folder was opened and is the same.
    ///
    /// # Errors
    /// When a file of that version is gone (a sweep was quicker), or the folder cannot be written.
    pub async fn copy_out(&self, version: u64, folder: &FilePath, told: &mut Told<'_>) -> Result<(), HistoryError> {
        let wanted = known(&self.state_at(version).await?);
        let mut files: BTreeMap<Path, u64> = wanted.files.iter().map(|f| (f.path.clone(), f.size)).collect();
        for strange in &wanted.strange {
            let path = Path::from_url_path(strange).map_err(|e| HistoryError::Table(e.to_string()))?;
            let size = self.inner.store.head(&path).await.map_err(gone)?.size;
            files.insert(path, size);
        }
        let mut log = self.inner.store.list(Some(&Path::from(LOG)));
        while let Some(file) = log.try_next().await.map_err(HistoryError::place)? {
            if entry_of(&file.location).is_some_and(|entry| entry <= version) {
                files.insert(file.location, file.size);
            }
        }
        let (mut done, total) = (0, files.values().sum());
        for (path, size) in &files {
            told(done, total);
            let mut to = folder.to_owned();
            to.extend(path.parts().map(|part| part.as_ref().to_owned()));
            let mut content = self.inner.store.get(path).await.map_err(gone)?.into_stream();
            let failed = |e: std::io::Error| HistoryError::Place(format!("{}: {e}", to.display()));
            fs::create_dir_all(to.parent().unwrap_or(folder)).map_err(failed)?;
            let (mut file, mut written) = (fs::File::create_new(&to).map_err(failed)?, 0);
            while let Some(piece) = content.try_next().await.map_err(gone)? {
                file.write_all(&piece).map_err(failed)?;
                written += piece.len() as u64;
                told(done + written, total);
            }
            file.sync_all().map_err(failed)?;
            if written != *size {
                return Err(HistoryError::Table(format!("{path}: {written} bytes, not {size}")));
            }
            done += written;
        }
        let location =
            folder.to_str().ok_or_else(|| HistoryError::Place(format!("{} is no text", folder.display())))?;
        let copy = Self::existing(location, HistoryOptions::default()).await?;
        let same = copy.as_ref().is_some_and(|copy| copy.version() == version && copy.holds(&wanted.listed()));
        if same { Ok(()) } else { Err(HistoryError::Table(format!("the copy is not version {version}"))) }
    }

    /// Whether the table has just these files, by path and bytes.
    pub fn holds(&self, files: &[(String, u64)]) -> bool {
        let set = |files: &[(String, u64)]| files.iter().cloned().collect::<HashSet<_>>();
        set(&self.known().listed()) == set(files)
    }

    /// Whether nothing has ever been in the table.
    pub fn is_fresh(&self) -> bool {
        let known = self.known();
        known.version == 0 && known.files.is_empty() && known.strange.is_empty()
    }

    /// Puts the files of a table into `location`, where no table is or one that was never used: `fetch` gives each of them.
    ///
    /// # Errors
    /// When another table is there, `fetch` refuses a file, or the place cannot be written: what was put is taken back.
    pub async fn copy_in(
        (location, options): (&str, HistoryOptions),
        files: &[(String, u64)],
        fetch: &Fetch<'_>,
        told: &mut Told<'_>,
    ) -> Result<Self, HistoryError> {
        if let Some(there) = Self::existing(location, options.clone()).await? {
            if !there.is_fresh() {
                return Err(HistoryError::Place(format!("{location} holds another table already")));
            }
            let log: Vec<_> =
                there.inner.store.list(Some(&Path::from(LOG))).try_collect().await.map_err(HistoryError::place)?;
            for file in log {
                there.inner.store.delete(&file.location).await.map_err(HistoryError::place)?;
            }
        }
        let url = crate::place::address(location)?;
        let (store, _) = crate::stores(&url, &options)?;
        let mut order: Vec<&(String, u64)> = files.iter().collect();
        order.sort_by_key(|(path, _)| turn(path));
        let (mut done, total) = (0, files.iter().map(|(_, bytes)| bytes).sum());
        let mut put = Vec::new();
        let whole = async {
            for (path, bytes) in order {
                told(done, total);
                let content = fetch(path).map_err(HistoryError::Table)?;
                put.push(Path::from(path.as_str()));
                let payload = PutPayload::from(content);
                store.put(&Path::from(path.as_str()), payload).await.map_err(HistoryError::place)?;
                done += bytes;
            }
            told(done, total);
            let missing = || HistoryError::Table("the files are no table".into());
            Self::at(url, options, false).await?.ok_or_else(missing)
        };
        match whole.await {
            Ok(history) => Ok(history),
            Err(error) => {
                take_back(&store, put).await;
                Err(error)
            }
        }
    }

    /// Removes the files of a table that was put here a moment ago.
    pub async fn take_back(&self, files: &[(String, u64)]) {
        let mut order: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        order.sort_by_key(|path| turn(path));
        take_back(&self.inner.store, order.into_iter().map(Path::from).collect()).await;
    }

    /// What lies at the place and what does not, by the names and lengths of files alone.
    ///
    /// # Errors
    /// When the place does not answer.
    pub async fn survey(&self) -> Result<Survey, HistoryError> {
        let mut lie = BTreeMap::new();
        let mut all = self.inner.store.list(None);
        while let Some(file) = all.try_next().await.map_err(HistoryError::place)? {
            lie.insert(file.location, file.size);
        }
        let known = self.known();
        let missing = known.files.iter().filter(|f| lie.get(&f.path) != Some(&f.size)).map(|f| f.path.to_string());
        let mut survey = Survey { missing: missing.collect(), ..Survey::default() };
        for file in self.lying_about().await? {
            if ours(&file.location) {
                survey.abandoned += 1;
            } else {
                survey.foreign.push(file.location.to_string());
            }
        }
        Ok(survey)
    }
}

async fn take_back(store: &std::sync::Arc<dyn object_store::ObjectStore>, put: Vec<Path>) {
    for path in put.into_iter().rev() {
        match store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => tracing::warn!(%error, %path, "left behind"),
        }
    }
}

fn gone(error: object_store::Error) -> HistoryError {
    match error {
        object_store::Error::NotFound { path, .. } => HistoryError::Gone(path),
        other => HistoryError::place(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_copy_begins_when_everything_else_is_there() {
        let mut paths = [
            "_delta_log/00000000000000000020.checkpoint.parquet",
            "_delta_log/00000000000000000019.json",
            "_delta_log/00000000000000000021.json",
            "part=reading/month=2026-02/reading-1.20.parquet",
            "_delta_log/00000000000000000020.json",
        ];
        paths.sort_by_key(|path| turn(path));
        let names = paths.map(|path| path.rsplit_once('/').expect("a folder").1);
        assert_eq!(
            names,
            [
                "reading-1.20.parquet",
                "00000000000000000021.json",
                "00000000000000000020.json",
                "00000000000000000019.json",
                "00000000000000000020.checkpoint.parquet"
            ]
        );
        let of = |path: &str| entry_of(&Path::from(path));
        assert_eq!(of("_delta_log/00000000000000000001.00000000000000000009.compacted.json"), Some(9));
        assert_eq!(of("_delta_log/_last_checkpoint"), None);
        assert_eq!(of("part=reading/month=2026-02/00000000000000000001.json"), None);
    }
}
