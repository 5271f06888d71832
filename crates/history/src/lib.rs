//! The history: readings and telegrams that have left the hot store, in one Delta Lake table of sorted Parquet files.
//!
//! A *segment* is what enters at once. Its files are written first ([`History::write`]) and mean nothing until one entry of the
//! table's log names them all ([`History::commit`]); committing a segment again does nothing. Late versions of readings come as
//! segments of their own; [`History::compact`] merges what a month has gathered. Whoever reads sees the newest version of each
//! key, however many files it lies in. A file that cannot be read is said with its segment and period ([`Unread`]); the rest answers.
//!
//! Any reader of Delta Lake or Parquet can use the table; the module [`shape`] says what is in it. Instants are UTC microseconds.

mod care;
mod carry;
mod file;
mod index;
mod place;
mod read;
pub mod shape;
mod statistics;
mod stop;
mod sums;
mod write;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Transaction};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::checkpoints::create_checkpoint;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaTable, DeltaTableError};
use object_store::ObjectStore;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use shanshui_domain::place::Secret;
use shanshui_domain::time::Instant;
use url::Url;

pub use care::{Finding, Merged, SCRATCH, Vacuumed};
pub use carry::{Fetch, Survey, Told};
pub use index::FileEntry;
pub use read::{Line, Lines, Ranged, Unread};
pub use shape::{Part, Stored, StoredTelegram, month_of};
pub use statistics::{Length, Summary, Tally};
pub use stop::Stops;
pub use write::{Rows, SegmentFiles};

/// What can go wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HistoryError {
    /// The folder or the object store does not do its work.
    #[error("the place of the history: {0}")]
    Place(String),
    /// What the table says cannot be understood, or an entry of its log cannot be made.
    #[error("the table of the history: {0}")]
    Table(String),
    /// A file that the log names is not there.
    #[error("the file {0} is not there")]
    Gone(String),
    /// A file cannot be read.
    #[error("segment {segment}, {from} to {to}: {detail}")]
    Damaged {
        /// Segment.
        segment: String,
        /// First instant it is about.
        from: Instant,
        /// First instant after.
        to: Instant,
        /// What is wrong.
        detail: String,
    },
}

impl HistoryError {
    fn arrow(error: arrow::error::ArrowError) -> Self {
        Self::Table(error.to_string())
    }

    fn parquet(error: parquet::errors::ParquetError) -> Self {
        let outer = match &error {
            parquet::errors::ParquetError::External(source) => source.downcast_ref::<object_store::Error>(),
            _ => None,
        };
        match outer {
            Some(object_store::Error::NotFound { path, .. }) => Self::Gone(path.clone()),
            // what an object store answers, or that it does not; a folder's errors are about the one file
            Some(object_store::Error::Generic { store, .. }) if store.contains("S3") || store.contains("HTTP") => {
                Self::Place(error.to_string())
            }
            Some(object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }) => {
                Self::Place(error.to_string())
            }
            _ => Self::Table(error.to_string()),
        }
    }

    fn place(error: object_store::Error) -> Self {
        Self::Place(error.to_string())
    }

    fn log(error: DeltaTableError) -> Self {
        if of_place(&error) { Self::Place(error.to_string()) } else { Self::Table(error.to_string()) }
    }
}

/// Whether it was the place that failed and not the table, however deep that is said.
fn of_place(error: &(dyn std::error::Error + 'static)) -> bool {
    use delta_kernel::Error as Kernel;
    match error.downcast_ref() {
        Some(Kernel::ObjectStore(_)) => true,
        Some(Kernel::Backtraced { source, .. }) => of_place(source.as_ref()),
        _ => error.is::<object_store::Error>() || error.source().is_some_and(of_place),
    }
}

/// How files are written.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Level of zstd.
    pub zstd_level: i32,
    /// A row group of readings ends with the series at whose end it has so many rows.
    pub group_rows: usize,
    /// Most rows of a page.
    pub page_rows: usize,
    /// About the most bytes of a page of telegrams, before compression.
    pub raw_page_bytes: usize,
    /// A merge begins another file after about so many bytes.
    pub file_bytes: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { zstd_level: 6, group_rows: 40_000, page_rows: 20_000, raw_page_bytes: 1 << 20, file_bytes: 128 << 20 }
    }
}

/// Where and how.
#[derive(Debug, Clone, Default)]
pub struct HistoryOptions {
    /// Address of an object store that speaks S3; none: the one of the region.
    pub endpoint: Option<String>,
    /// Region; none: `us-east-1`, which most other stores accept.
    pub region: Option<String>,
    /// Access key.
    pub access_key: Option<String>,
    /// Secret key.
    pub secret_key: Option<Secret>,
    /// How files are written.
    pub shape: Shape,
    /// How long an object store may take to answer; none: minutes, asked again and again.
    pub patience: Option<Duration>,
    /// Where a test ends the work.
    #[doc(hidden)]
    pub stops: Stops,
}

/// Something that entered the table at once, as far as it still has files of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its name.
    pub segment: String,
    /// Which rows.
    pub part: Part,
    /// UTC, `YYYY-MM`.
    pub month: String,
    /// Files.
    pub files: usize,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What the log says, at one version of it.
pub(crate) struct Known {
    pub(crate) version: u64,
    pub(crate) files: Vec<FileEntry>,
    /// Files that the log names and this program does not understand.
    pub(crate) strange: Vec<String>,
}

pub(crate) struct Inner {
    pub(crate) url: Url,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) log: LogStoreRef,
    pub(crate) options: HistoryOptions,
    state: tokio::sync::Mutex<DeltaTableState>,
    known: RwLock<Arc<Known>>,
    footers: RwLock<Footers>,
}

/// Entries of the log after which it is summed up.
const CHECKPOINT_EVERY: u64 = 20;

/// Ends of files that were read, by path; files never change. Forgotten together when there are too many.
#[derive(Default)]
struct Footers {
    bytes: usize,
    by_path: HashMap<String, ArrowReaderMetadata>,
}

const FOOTERS_BYTES_MAX: usize = 64 << 20;

/// The history. Cheap to clone.
#[derive(Clone)]
pub struct History {
    pub(crate) inner: Arc<Inner>,
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "History({})", self.inner.url)
    }
}

impl History {
    /// Opens the table at `location`, a folder (its path or `file:///…`) or `s3://bucket/prefix`, and makes it when it is not there.
    ///
    /// # Errors
    /// When the place cannot be reached or keeps no conditions, or the table's log cannot be read.
    pub async fn open(location: &str, options: HistoryOptions) -> Result<Self, HistoryError> {
        let missing = || HistoryError::Table("it could not be made".into());
        Self::at(place::address(location)?, options, true).await?.ok_or_else(missing)
    }

    /// The table at an address; none when it is not there and is not to be made.
    async fn at(url: Url, options: HistoryOptions, make: bool) -> Result<Option<Self>, HistoryError> {
        let (store, log) = stores(&url, &options)?;
        if !make && !log.is_delta_table_location().await.map_err(HistoryError::log)? {
            return Ok(None);
        }
        let state = open_table(&log, &store).await?;
        let known = RwLock::new(Arc::new(known(&state)));
        let state = tokio::sync::Mutex::new(state);
        Ok(Some(Self { inner: Arc::new(Inner { url, store, log, options, state, known, footers: RwLock::default() }) }))
    }

    /// The table's address.
    pub fn url(&self) -> &Url {
        &self.inner.url
    }

    /// What reads and writes below the table's address.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.inner.store)
    }

    /// Where a test ends the work.
    #[doc(hidden)]
    pub fn stops(&self) -> &Stops {
        &self.inner.options.stops
    }

    /// The table's log, for an engine that reads the table by itself.
    pub fn log_store(&self) -> LogStoreRef {
        Arc::clone(&self.inner.log)
    }

    /// Sees what others have committed meanwhile.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn refresh(&self) -> Result<(), HistoryError> {
        let mut state = self.inner.state.lock().await;
        state.update(self.inner.log.as_ref(), None).await.map_err(HistoryError::log)?;
        self.note(&state);
        Ok(())
    }

    fn note(&self, state: &DeltaTableState) {
        let mut held = self.inner.known.write().unwrap_or_else(PoisonError::into_inner);
        if held.version != state.version() {
            *held = Arc::new(known(state));
        }
    }

    pub(crate) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.inner.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Number of the newest entry of the log seen.
    pub fn version(&self) -> u64 {
        self.known().version
    }

    /// The table's files as last seen.
    pub fn files(&self) -> Vec<FileEntry> {
        self.known().files.clone()
    }

    /// The table's files by segment, part and month.
    pub fn segments(&self) -> Vec<SegmentInfo> {
        let mut found: Vec<SegmentInfo> = Vec::new();
        for file in &self.known().files {
            let of_it = |s: &SegmentInfo| s.segment == file.segment && s.part == file.part && s.month == file.month;
            match found.iter_mut().find(|s| of_it(s)) {
                Some(s) => (s.files, s.rows, s.bytes) = (s.files + 1, s.rows + file.rows, s.bytes + file.size),
                None => found.push(SegmentInfo {
                    segment: file.segment.clone(),
                    part: file.part,
                    month: file.month.clone(),
                    files: 1,
                    rows: file.rows,
                    bytes: file.size,
                }),
            }
        }
        found.sort_by(|a, b| (&a.month, a.part, &a.segment).cmp(&(&b.month, b.part, &b.segment)));
        found
    }

    /// Whether a segment is part of the table, or was until it was merged.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn committed(&self, segment: &str) -> Result<bool, HistoryError> {
        let mut state = self.inner.state.lock().await;
        state.update(self.inner.log.as_ref(), None).await.map_err(HistoryError::log)?;
        self.note(&state);
        self.has(&state, segment).await
    }

    /// As [`Self::committed`], by what was seen of the log last.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn entered(&self, segment: &str) -> Result<bool, HistoryError> {
        let state = self.inner.state.lock().await;
        self.has(&state, segment).await
    }

    async fn has(&self, state: &DeltaTableState, segment: &str) -> Result<bool, HistoryError> {
        let version = state.transaction_version(self.inner.log.as_ref(), application(segment)).await;
        Ok(version.map_err(HistoryError::log)?.is_some())
    }

    /// Adds one entry to the log, unless it has one for this name; says whether it did.
    pub(crate) async fn enter(
        &self,
        name: &str,
        actions: Vec<Action>,
        operation: DeltaOperation,
    ) -> Result<bool, HistoryError> {
        let mut state = self.inner.state.lock().await;
        state.update(self.inner.log.as_ref(), None).await.map_err(HistoryError::log)?;
        let mut entered = false;
        if !self.has(&state, name).await? {
            let said = CommitProperties::default()
                .with_application_transaction(Transaction::new(application(name), 1))
                .with_create_checkpoint(false);
            let commit = CommitBuilder::from(said).with_actions(actions).build(
                Some(&*state),
                Arc::clone(&self.inner.log),
                operation,
            );
            match commit.await {
                Ok(done) => (*state, entered) = (done.snapshot(), true),
                Err(error) => {
                    // the entry may be there all the same: its answer was lost, or another node was quicker
                    state.update(self.inner.log.as_ref(), None).await.map_err(HistoryError::log)?;
                    if !self.has(&state, name).await? {
                        return Err(HistoryError::log(error));
                    }
                }
            }
        }
        self.note(&state);
        let version = state.version();
        drop(state);
        if entered && (version + 1).is_multiple_of(CHECKPOINT_EVERY) {
            self.checkpoint().await;
        }
        Ok(entered)
    }

    /// Sums the log up, for whoever opens the table. The library does it in the middle of an asynchronous function and blocks the thread
    /// until a task on the same runtime has written the file: with one thread nobody would ever write it. So it has a thread that may
    /// wait. Without it the log is longer and nothing else.
    async fn checkpoint(&self) {
        let (log, handle) = (Arc::clone(&self.inner.log), tokio::runtime::Handle::current());
        let sum_up = move || {
            handle.block_on(async {
                let mut table = DeltaTable::new(log);
                table.load().await?;
                create_checkpoint(&table, None).await
            })
        };
        let done = tokio::task::spawn_blocking(sum_up).await;
        if let Err(error) = done.map_err(|e| e.to_string()).and_then(|done| done.map_err(|e| e.to_string())) {
            tracing::warn!(%error, "the history's log is not summed up");
        }
    }

    /// The library's own view of the table, for its operations.
    pub(crate) async fn table(&self) -> Result<DeltaTable, HistoryError> {
        let mut table = DeltaTable::new(Arc::clone(&self.inner.log));
        table.load().await.map_err(HistoryError::log)?;
        Ok(table)
    }

    pub(crate) async fn footer(&self, file: &FileEntry) -> Result<ArrowReaderMetadata, HistoryError> {
        let held = |f: &Footers| f.by_path.get(file.path.as_ref()).cloned();
        if let Some(meta) = held(&self.inner.footers.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(meta);
        }
        let meta = file::footer(&self.inner.store, file).await?;
        let mut footers = self.inner.footers.write().unwrap_or_else(PoisonError::into_inner);
        if footers.bytes > FOOTERS_BYTES_MAX {
            *footers = Footers::default();
        }
        footers.bytes += meta.metadata().memory_size();
        footers.by_path.insert(file.path.to_string(), meta.clone());
        Ok(meta)
    }
}

/// What reads and writes below an address, and the log that lies there.
pub(crate) fn stores(url: &Url, options: &HistoryOptions) -> Result<(Arc<dyn ObjectStore>, LogStoreRef), HistoryError> {
    let root = place::root(url, options)?;
    let config = StorageConfig::default();
    let store: Arc<dyn ObjectStore> = config.decorate_store(Arc::clone(&root), url).map_err(HistoryError::log)?.into();
    let log = default_logstore(Arc::clone(&store), root, url, &config);
    Ok((store, log))
}

/// The name by which the log knows that a segment was committed.
fn application(segment: &str) -> String {
    format!("shanshui/{segment}")
}

impl Known {
    /// Every file with its bytes; strange ones without theirs.
    pub(crate) fn listed(&self) -> Vec<(String, u64)> {
        let files = self.files.iter().map(|f| (f.path.to_string(), f.size));
        files.chain(self.strange.iter().map(|path| (path.clone(), 0))).collect()
    }
}

fn known(state: &DeltaTableState) -> Known {
    let (mut files, mut strange) = (Vec::new(), Vec::new());
    for view in state.log_data().iter() {
        match FileEntry::of(&view) {
            Some(file) => files.push(file),
            None => strange.push(view.path().into_owned()),
        }
    }
    files.sort_by(|a, b| (&a.month, &a.path).cmp(&(&b.month, &b.path)));
    Known { version: state.version(), files, strange }
}

async fn open_table(log: &LogStoreRef, store: &Arc<dyn ObjectStore>) -> Result<DeltaTableState, HistoryError> {
    let there = log.is_delta_table_location().await.map_err(HistoryError::log)?;
    if !there {
        place::keeps_conditions(store.as_ref()).await?;
        let settings = [
            ("delta.checkpointInterval", CHECKPOINT_EVERY.to_string()),
            ("delta.logRetentionDuration", "interval 30 days".to_owned()),
            ("delta.deletedFileRetentionDuration", "interval 7 days".to_owned()),
        ];
        let made = CreateBuilder::new()
            .with_log_store(Arc::clone(log))
            .with_table_name("shanshui_history")
            .with_columns(shape::log_columns())
            .with_partition_columns(["part", "month"])
            .with_configuration(settings.map(|(k, v)| (k.to_owned(), Some(v))))
            .with_save_mode(SaveMode::Ignore)
            .await;
        // another node may have made it in the same moment
        if let Err(error) = made
            && !log.is_delta_table_location().await.map_err(HistoryError::log)?
        {
            return Err(HistoryError::log(error));
        }
    }
    DeltaTableState::try_new(log.as_ref(), None).await.map_err(HistoryError::log)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silent() -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: "no answer".into() }
    }

    fn denied() -> object_store::Error {
        object_store::Error::PermissionDenied { path: "a".into(), source: "403".into() }
    }

    #[test]
    fn a_place_that_does_not_answer_is_not_taken_for_a_wrong_table() {
        let place = |error: DeltaTableError| matches!(HistoryError::log(error), HistoryError::Place(_));
        assert!(place(silent().into()));
        assert!(place(delta_kernel::Error::ObjectStore(silent()).into()));
        assert!(place(deltalake_core::kernel::Error::ObjectStore(silent()).into()));
        let deep = delta_kernel::Error::GenericError { source: Box::new(delta_kernel::Error::ObjectStore(silent())) };
        assert!(place(deep.into()));
        assert!(!place(delta_kernel::Error::MissingVersion.into()));
        assert!(!place(DeltaTableError::Generic("two protocols".into())));
    }

    #[test]
    fn a_file_that_may_not_be_read_is_not_taken_for_a_damaged_one() {
        let of = |error: object_store::Error| HistoryError::parquet(parquet::errors::ParquetError::from(error));
        assert!(matches!(of(silent()), HistoryError::Place(_)));
        assert!(matches!(of(denied()), HistoryError::Place(_)));
        let gone = object_store::Error::NotFound { path: "a".into(), source: "404".into() };
        assert!(matches!(of(gone), HistoryError::Gone(path) if path == "a"));
        let folder = object_store::Error::Generic { store: "LocalFileSystem", source: "bad block".into() };
        assert!(matches!(of(folder), HistoryError::Table(_)));
    }
}
