//! Where the table lies: a folder, or a bucket that speaks S3.
//!
//! On a folder a file gets its name only when its bytes have reached the disk, and counts as written only when its name has: the
//! library that writes the table's log goes through the same door ([`Durable`]). An object store promises both by itself; there a
//! commit is a put on condition that nobody has put that version before.

use std::fmt;
use std::io::Write;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::stream::BoxStream;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RetryConfig,
    UploadPart,
};
use url::Url;

use crate::shape::Part;
use crate::stop::Stops;
use crate::write::file_path;
use crate::{HistoryError, HistoryOptions};

/// The address of the table: a URL as it is, or a folder by its path, made when it is not there.
pub(crate) fn address(location: &str) -> Result<Url, HistoryError> {
    if let Where::Folder(folder) = parsed(location)? {
        made(&folder).map_err(|e| HistoryError::Place(format!("{location}: {e}")))?;
    }
    known_address(location)?.ok_or_else(|| HistoryError::Place(format!("{location}: is not there")))
}

/// The same; none when it is a folder that is not there.
pub(crate) fn known_address(location: &str) -> Result<Option<Url>, HistoryError> {
    let bad = |detail: String| HistoryError::Place(format!("{location}: {detail}"));
    let folder = match parsed(location)? {
        Where::Bucket(url) => return Ok(Some(url)),
        Where::Folder(folder) => folder,
    };
    match folder.canonicalize() {
        Ok(folder) => Ok(Some(Url::from_directory_path(&folder).map_err(|()| bad("not a path from the root".into()))?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(bad(error.to_string())),
    }
}

enum Where {
    Bucket(Url),
    Folder(PathBuf),
}

fn parsed(location: &str) -> Result<Where, HistoryError> {
    let bad = |detail: String| HistoryError::Place(format!("{location}: {detail}"));
    if location.starts_with("s3://") {
        return Ok(Where::Bucket(Url::parse(location.trim_end_matches('/')).map_err(|e| bad(e.to_string()))?));
    }
    Ok(Where::Folder(match location.strip_prefix("file://") {
        Some(_) => {
            let url = Url::parse(location).map_err(|e| bad(e.to_string()))?;
            url.to_file_path().map_err(|()| bad("no folder of this machine".into()))?
        }
        None if location.contains("://") => return Err(bad("neither a folder, file:// nor s3://".into())),
        None => PathBuf::from(location),
    }))
}

/// How long an object store is asked again: whoever waits for an answer is soon told that there is none, and work is begun again
/// later anyway.
const PATIENCE: RetryConfig = RetryConfig {
    backoff: BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(2), base: 2.0 },
    max_retries: 10,
    retry_timeout: Duration::from_secs(10),
};

/// What reads and writes at the root of the address.
pub(crate) fn root(url: &Url, options: &HistoryOptions) -> Result<Arc<dyn ObjectStore>, HistoryError> {
    if url.scheme() == "file" {
        return Ok(Arc::new(Durable { inner: LocalFileSystem::new(), stops: options.stops.clone() }));
    }
    let bucket = url.host_str().ok_or_else(|| HistoryError::Place(format!("{url}: no bucket")))?;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(options.region.as_deref().unwrap_or("us-east-1"))
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(PATIENCE);
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/')).with_allow_http(endpoint.starts_with("http:"));
    }
    if let Some(patience) = options.patience {
        let retry = RetryConfig { max_retries: 1, retry_timeout: patience, ..RetryConfig::default() };
        let client = ClientOptions::new().with_connect_timeout(patience).with_timeout(patience);
        let plain = options.endpoint.as_deref().is_some_and(|endpoint| endpoint.starts_with("http:"));
        builder = builder.with_retry(retry).with_client_options(client.with_allow_http(plain));
    }
    if let Some(key) = &options.access_key {
        builder = builder.with_access_key_id(key);
    }
    if let Some(key) = &options.secret_key {
        builder = builder.with_secret_access_key(key.expose());
    }
    let store = builder.build().map_err(|e| HistoryError::Place(format!("{url}: {e}")))?;
    Ok(Arc::new(store))
}

/// Tries whether an object store keeps conditions: one that puts a file over another though told not to would let two nodes write
/// the same entry of the log, and the first one's segment would be lost.
pub(crate) async fn keeps_conditions(store: &dyn ObjectStore) -> Result<(), HistoryError> {
    let path = file_path(Part::Telegram, "0000-00", "condition");
    let mut refused = false;
    for _ in 0..2 {
        match store.put_opts(&path, PutPayload::new(), PutMode::Create.into()).await {
            Ok(_) => {}
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => refused = true,
            Err(error) => return Err(HistoryError::place(error)),
        }
    }
    store.delete(&path).await.map_err(HistoryError::place)?;
    let lax =
        || HistoryError::Place("the object store puts a file over another though told not to (If-None-Match)".into());
    if refused { Ok(()) } else { Err(lax()) }
}

/// A folder whose files are durable before they are seen.
#[derive(Debug)]
struct Durable {
    inner: LocalFileSystem,
    stops: Stops,
}

impl fmt::Display for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Durable({})", self.inner)
    }
}

fn failed(path: &FilePath, source: std::io::Error) -> object_store::Error {
    let path = path.display().to_string();
    match source.kind() {
        std::io::ErrorKind::AlreadyExists => object_store::Error::AlreadyExists { path, source: source.into() },
        std::io::ErrorKind::NotFound => object_store::Error::NotFound { path, source: source.into() },
        _ => object_store::Error::Generic { store: "folder", source: format!("{path}: {source}").into() },
    }
}

async fn off_thread<T: Send + 'static>(
    path: &FilePath,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> object_store::Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other);
    done.and_then(|done| done).map_err(|e| failed(path, e))
}

/// Makes a folder with those above it, and each of their names durable.
fn made(folder: &FilePath) -> std::io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(FilePath::new("."));
    made(above)?;
    match std::fs::create_dir(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(e),
        _ => named(above),
    }
}

/// Makes the names in a folder durable.
fn named(folder: &FilePath) -> std::io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { FilePath::new(".") } else { folder };
    std::fs::File::open(folder)?.sync_all()
}

/// A name beside the file that no reader takes for one of the table's: the object store hides names that end in `#` and digits.
fn draft(path: &FilePath) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut name = path.as_os_str().to_owned();
    let number = u64::from(std::process::id()) << 24 | (NEXT.fetch_add(1, Ordering::Relaxed) & 0xff_ffff);
    name.push(format!("#{number}"));
    PathBuf::from(name)
}

impl Durable {
    async fn put_durably(&self, location: &Path, payload: PutPayload, create: bool) -> object_store::Result<PutResult> {
        let path = self.inner.path_to_filesystem(location)?;
        let folder = path.parent().map(FilePath::to_owned).unwrap_or_default();
        let part = draft(&path);
        self.stops.reach("put: begun").await;
        let (to, above) = (part.clone(), folder.clone());
        let file = off_thread(&path, move || {
            made(&above)?;
            let mut file = std::fs::File::create_new(&to)?;
            payload.iter().try_for_each(|bytes| file.write_all(bytes))?;
            Ok(file)
        });
        let whole = async {
            let file = file.await?;
            self.stops.reach("put: written").await;
            off_thread(&path, move || file.sync_all()).await?;
            self.stops.reach("put: synced").await;
            let (from, to) = (part.clone(), path.clone());
            off_thread(&path, move || {
                if create {
                    std::fs::hard_link(&from, &to).and_then(|()| std::fs::remove_file(&from))
                } else {
                    std::fs::rename(&from, &to)
                }
            })
            .await
        };
        if let Err(error) = whole.await {
            let _not_there = std::fs::remove_file(&part);
            return Err(error);
        }
        self.stops.reach("put: named").await;
        off_thread(&path, move || named(&folder)).await?;
        self.stops.reach("put: whole").await;
        Ok(PutResult { e_tag: None, version: None })
    }
}

#[async_trait::async_trait]
impl ObjectStore for Durable {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> object_store::Result<PutResult> {
        match opts.mode {
            PutMode::Create => self.put_durably(location, payload, true).await,
            PutMode::Overwrite => self.put_durably(location, payload, false).await,
            PutMode::Update(_) => self.inner.put_opts(location, payload, opts).await,
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        let store = Self { inner: self.inner.clone(), stops: self.stops.clone() };
        Ok(Box::new(Parts { store, location: location.clone(), held: Vec::new() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(
        &self,
        location: &Path,
        ranges: &[std::ops::Range<u64>],
    ) -> object_store::Result<Vec<bytes::Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// An upload in parts, held until it is whole: what the log's library uploads so is small.
#[derive(Debug)]
struct Parts {
    store: Durable,
    location: Path,
    held: Vec<PutPayload>,
}

#[async_trait::async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.held.push(data);
        Box::pin(std::future::ready(Ok(())))
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        let whole: PutPayload = self.held.drain(..).flatten().collect();
        self.store.put_durably(&self.location, whole, false).await
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        self.held.clear();
        Ok(())
    }
}
