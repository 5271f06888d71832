//! Files that live as long as one job: rows of the hot store, lists of points. They lie in `_tmp/` of the history's place, so that
//! every node of a cluster can read them; names that begin with `_` are not the table's. What a killed process leaves is swept by
//! age ([`sweep`]).

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt;
use jiff::Timestamp;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::AsyncArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::table::TableFile;
use crate::{Place, QueryError};

/// The folder below the history's place; whoever cares for the table leaves it alone.
pub const SCRATCH: &str = "_tmp";

/// The files of one job. They are removed by [`Scratch::remove`], or in the background when it is dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    place: Place,
    paths: Vec<Path>,
}

/// One file being written.
pub(crate) struct Draft {
    path: Path,
    writer: AsyncArrowWriter<BufWriter>,
    rows: u64,
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("1 is a level of zstd")))
        .set_max_row_group_row_count(Some(1 << 17))
        .build()
}

impl Scratch {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, paths: Vec::new() }
    }

    /// Begins a file; it is this job's from now on.
    pub(crate) fn draft(&mut self, schema: SchemaRef) -> Result<Draft, QueryError> {
        let path = self.place.below(&format!("{SCRATCH}/{}.parquet", uuid::Uuid::now_v7()))?;
        self.paths.push(path.clone());
        let out = BufWriter::new(Arc::clone(self.place.store()), path.clone());
        let writer = AsyncArrowWriter::try_new(out, schema, Some(properties()));
        Ok(Draft { writer: writer.map_err(|e| unwritable(&path, e))?, path, rows: 0 })
    }

    /// Writes a whole file.
    pub(crate) async fn write(&mut self, batch: &RecordBatch) -> Result<TableFile, QueryError> {
        let mut draft = self.draft(batch.schema())?;
        draft.add(batch).await?;
        draft.finish().await
    }

    /// Removes the files.
    pub(crate) async fn remove(mut self) {
        let (place, paths) = (self.place.clone(), std::mem::take(&mut self.paths));
        remove(&place, paths).await;
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let (place, paths) = (self.place.clone(), std::mem::take(&mut self.paths));
        if let (false, Ok(runtime)) = (paths.is_empty(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { remove(&place, paths).await });
        }
    }
}

async fn remove(place: &Place, paths: Vec<Path>) {
    for path in paths {
        if let Err(error) = place.delete(&path).await {
            tracing::warn!(%path, %error, "a temporary file of a query was not removed");
        }
    }
}

fn unwritable(path: &Path, error: impl std::fmt::Display) -> QueryError {
    QueryError::Place { place: path.to_string(), reason: error.to_string() }
}

impl Draft {
    pub(crate) async fn add(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).await.map_err(|e| unwritable(&self.path, e))
    }

    pub(crate) async fn finish(self) -> Result<TableFile, QueryError> {
        let Self { path, mut writer, rows } = self;
        writer.finish().await.map_err(|e| unwritable(&path, e))?;
        let size = writer.bytes_written() as u64;
        Ok(TableFile { path, size, rows, constant: None })
    }
}

/// Removes temporary files that are older than any job lasts; says how many. Names carry the time of their birth.
///
/// # Errors
/// When the place cannot be listed.
pub async fn sweep(place: &Place, older_than: Duration) -> Result<usize, QueryError> {
    let folder = place.below(SCRATCH)?;
    let refuse = |e: object_store::Error| QueryError::Place { place: folder.to_string(), reason: e.to_string() };
    let found: Vec<_> = match place.store().list(Some(&folder)).try_collect().await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok(0),
        Err(error) => return Err(refuse(error)),
    };
    let now = Timestamp::now().as_millisecond().unsigned_abs();
    let (mut removed, limit) = (0, older_than.as_millis() as u64);
    for file in found {
        let name = file.location.filename().and_then(|n| n.strip_suffix(".parquet")).unwrap_or_default();
        let Ok(id) = name.parse::<uuid::Uuid>() else { continue };
        let Some(born) = id.get_timestamp().map(|t| t.to_unix().0 * 1_000) else { continue };
        if born.saturating_add(limit) <= now {
            place.delete(&file.location).await.map_err(refuse)?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::S3;
    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};

    #[tokio::test]
    async fn what_a_killed_job_left_is_swept_by_age_and_a_strangers_file_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::open(folder.path().to_str().expect("plain path"), &S3::default()).expect("exists");
        assert_eq!(sweep(&place, Duration::ZERO).await.expect("no folder yet"), 0);
        let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Int64, false)]));
        let batch = RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(vec![1, 2]))]).expect("a batch");
        let mut scratch = Scratch::new(place.clone());
        let file = scratch.write(&batch).await.expect("writable");
        assert_eq!((file.rows, file.size > 0), (2, true));
        std::mem::forget(scratch);
        std::fs::write(folder.path().join(SCRATCH).join("mine.txt"), "x").expect("writable");
        assert_eq!(sweep(&place, Duration::from_hours(1)).await.expect("listed"), 0);
        assert_eq!(sweep(&place, Duration::ZERO).await.expect("listed"), 1);
        let mut scratch = Scratch::new(place.clone());
        scratch.write(&batch).await.expect("writable");
        scratch.remove().await;
        assert_eq!(std::fs::read_dir(folder.path().join(SCRATCH)).expect("a folder").count(), 1);
    }
}
