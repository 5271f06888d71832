//! The handle of a writer: a queue in front of one thread, which takes whatever waits as one group.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::Health;
use crate::history::{Arrived, Recall};
use crate::sense::Arrival;
use crate::sql::Tx;
use crate::{StoreError, StoreOptions};

pub(super) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;
pub(super) type Work = Box<dyn FnOnce(&mut dyn Tx) -> Finish + Send>;
/// What remains to be said once the group is durable, or has failed.
pub(super) type Finish = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

pub(super) enum Job {
    Arrive(Vec<Arrival>, Recall, Answer<Arrived>),
    Work(Work),
    Close,
}

/// What the thread tells its handle.
#[derive(Default)]
pub(super) struct Shared {
    groups: AtomicU64,
    error: Mutex<Option<String>>,
    #[cfg(test)]
    fault: Mutex<Fault>,
}

impl Shared {
    pub(super) fn error(&self) -> MutexGuard<'_, Option<String>> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group was committed, or why not.
    pub(super) fn committed(&self, result: &Result<(), StoreError>) {
        if result.is_ok() {
            self.groups.fetch_add(1, Ordering::Relaxed);
        }
        *self.error() = result.as_ref().err().map(ToString::to_string);
    }

    #[cfg(test)]
    pub(super) fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a test makes the disk do.
#[cfg(test)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The file cannot grow.
    Full,
    /// The sync of a commit fails.
    Sync,
}

/// The handle.
pub(crate) struct Queue {
    jobs: mpsc::Sender<Job>,
    shared: Arc<Shared>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Queue {
    /// Starts the thread.
    pub(super) fn start(
        name: &str,
        options: StoreOptions,
        run: impl FnOnce(mpsc::Receiver<Job>, Arc<Shared>) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel(options.queue);
        let shared = Arc::new(Shared::default());
        let its = Arc::clone(&shared);
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || run(waiting, its));
        let thread = spawned.map_err(|e| StoreError::Io(e.to_string()))?;
        Ok(Self { jobs, shared, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn health(&self) -> Health {
        let error = self.shared.error().clone();
        Health {
            writable: error.is_none() && !self.jobs.is_closed(),
            error,
            queued: self.jobs.max_capacity() - self.jobs.capacity(),
            groups: self.shared.groups.load(Ordering::Relaxed),
        }
    }

    pub(crate) async fn close(&self) {
        let _closed_already = self.jobs.send(Job::Close).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the store's writer ended in a panic");
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn fault(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        self.jobs.send(job).await.map_err(|_| StoreError::Busy)
    }

    pub(crate) async fn arrive(&self, arrivals: Vec<Arrival>, recall: Recall) -> Result<Arrived, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Arrive(arrivals, recall, answer)).await?;
        answered.await.map_err(|_| StoreError::Busy)?
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |tx| {
            let done = in_savepoint(tx, |tx| work(tx));
            Box::new(move |durable| {
                // whoever asked may have gone away; the work is done all the same
                let _gone = answer.send(durable.and(done));
            })
        });
        self.send(Job::Work(work)).await?;
        answered.await.map_err(|_| StoreError::Busy)?
    }
}

/// Runs work that may fail by itself; its own changes are taken back, its neighbours' stay.
pub(super) fn in_savepoint<X: Tx + ?Sized, T>(
    tx: &mut X,
    work: impl FnOnce(&mut X) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    tx.define("SAVEPOINT work")?;
    let done = catch_unwind(AssertUnwindSafe(|| work(tx)));
    let done = done.unwrap_or_else(|_| Err(StoreError::Sql("the work ended in a panic".into())));
    // work that has overlooked an error of its own cannot be released either
    let done = done.and_then(|done| tx.define("RELEASE work").map(|()| done));
    if done.is_err() {
        tx.define("ROLLBACK TO work")?;
        tx.define("RELEASE work")?;
    }
    done
}
