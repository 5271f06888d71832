//! A running query.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;

use crate::QueryError;
use crate::scratch::Scratch;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Done: rows read, or on a cluster tasks ended.
    pub done: u64,
    /// Of so many, as far as is known: files that a query can skip make it less, stages that begin make it more.
    pub total: u64,
    /// Stages ended, on a cluster.
    pub stages_done: u64,
    /// Stages.
    pub stages: u64,
}

impl Progress {
    /// 0 to 1.
    pub fn share(self) -> f64 {
        if self.total == 0 { 0.0 } else { (self.done as f64 / self.total as f64).min(1.0) }
    }
}

#[derive(Default)]
pub(crate) struct Seen {
    numbers: [AtomicU64; 4],
}

impl Seen {
    pub(crate) fn set(&self, progress: Progress) {
        let values = [progress.done, progress.total, progress.stages_done, progress.stages];
        self.numbers.iter().zip(values).for_each(|(slot, value)| slot.store(value, Ordering::Relaxed));
    }

    fn get(&self) -> Progress {
        let [done, total, stages_done, stages] = [0, 1, 2, 3].map(|i| self.numbers[i].load(Ordering::Relaxed));
        Progress { done, total, stages_done, stages }
    }
}

type Look = Box<dyn Fn() -> Progress + Send + Sync>;

/// Watches and stops a job from elsewhere. Cheap to clone.
#[derive(Clone)]
pub struct JobHandle {
    name: Arc<str>,
    seen: Arc<Seen>,
    look: Arc<Mutex<Option<Look>>>,
    stop: CancellationToken,
}

impl JobHandle {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.into(), seen: Arc::default(), look: Arc::default(), stop: CancellationToken::new() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        match self.look.lock().ok().and_then(|look| look.as_ref().map(|look| look())) {
            Some(progress) => progress,
            None => self.seen.get(),
        }
    }

    /// Stops it: its stream ends with [`QueryError::Cancelled`], a job on a cluster is cancelled there.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    pub(crate) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }

    pub(crate) fn look_by(&self, look: Look) {
        if let Ok(mut slot) = self.look.lock() {
            *slot = Some(look);
        }
    }

    pub(crate) fn stopped(&self) -> CancellationToken {
        self.stop.clone()
    }
}

pub(crate) type Batches = Pin<Box<dyn Stream<Item = Result<RecordBatch, QueryError>> + Send>>;

/// A running query: take its batches until there are none. Dropping it stops it and removes its temporary files.
pub struct Job {
    schema: SchemaRef,
    handle: JobHandle,
    batches: Batches,
    scratch: Option<Scratch>,
    ended: bool,
}

impl Job {
    pub(crate) fn new(schema: SchemaRef, handle: JobHandle, batches: Batches, scratch: Scratch) -> Self {
        Self { schema, handle, batches, scratch: Some(scratch), ended: false }
    }

    /// Columns of the result.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// To watch and stop it from elsewhere.
    pub fn handle(&self) -> JobHandle {
        self.handle.clone()
    }

    /// The next rows; none when it has ended.
    ///
    /// # Errors
    /// When it failed or was cancelled; it has ended then.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        if self.ended {
            return Ok(None);
        }
        let stop = self.handle.stopped();
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => Some(Err(QueryError::Cancelled)),
            next = self.batches.next() => next,
        };
        match next {
            Some(Ok(batch)) => Ok(Some(batch)),
            Some(Err(error)) => {
                self.end().await;
                Err(error)
            }
            None => {
                self.end().await;
                Ok(None)
            }
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// As [`Job::next`].
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>, QueryError> {
        let mut all = Vec::new();
        while let Some(batch) = self.next().await? {
            all.push(batch);
        }
        Ok(all)
    }

    async fn end(&mut self) {
        self.ended = true;
        // what still runs is dropped before its files go
        self.batches = Box::pin(futures::stream::empty());
        if let Some(scratch) = self.scratch.take() {
            scratch.remove().await;
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.handle.stop.cancel();
    }
}
