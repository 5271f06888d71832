//! Slots of executors, held against the tasks that run.
//!
//! The engine counts an executor's free slots down when it gives it a task and up when the task ends. Of a task that was given up
//! because of another executor, which died with what the task was to read, it no longer knows how many slots it had, and gives none
//! back: the executor that lived has fewer from then on, at last none, and every later job waits for ever. So what must be free, all
//! slots but those of tasks that run, is reckoned each time tasks are given out.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::error::Result;
use ballista_core::serde::protobuf::ExecutorHeartbeat;
use ballista_core::serde::protobuf::task_status::Status;
use ballista_core::serde::scheduler::{ExecutorData, ExecutorMetadata};
use ballista_scheduler::cluster::{BoundTask, ClusterState, ClusterStateEventStream, ExecutorSlot};
use ballista_scheduler::config::TaskDistributionPolicy;
use ballista_scheduler::state::task_manager::JobInfoCache;

/// Slots of one executor, as the engine counts them.
#[derive(Debug, Clone, Copy)]
struct Count {
    all: u32,
    free: u32,
}

/// The engine's state of the cluster, with slots that do not get lost.
pub(super) struct Slots {
    inner: Arc<dyn ClusterState>,
    counts: Mutex<HashMap<String, Count>>,
}

impl Slots {
    pub(super) fn around(inner: Arc<dyn ClusterState>) -> Self {
        Self { inner, counts: Mutex::default() }
    }

    fn with<T>(&self, does: impl FnOnce(&mut HashMap<String, Count>) -> T) -> T {
        does(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Slots that should be free and are not counted so, which from now on are.
    fn found(&self, taken: &HashMap<String, u32>) -> Vec<ExecutorSlot> {
        self.with(|counts| {
            let mut found = Vec::new();
            for (executor, count) in counts {
                let free = count.all.saturating_sub(taken.get(executor).copied().unwrap_or_default());
                if free > count.free {
                    found.push((executor.clone(), free - count.free));
                    count.free = free;
                }
            }
            found
        })
    }

    /// Of slots that come back, those that were out: a task that was given up can end after all.
    fn back(&self, slots: Vec<ExecutorSlot>) -> Vec<ExecutorSlot> {
        self.with(|counts| {
            let mut known = Vec::new();
            for (executor, slots) in slots {
                let Some(count) = counts.get_mut(&executor) else { continue };
                let slots = slots.min(count.all.saturating_sub(count.free));
                count.free += slots;
                known.push((executor, slots));
            }
            known
        })
    }
}

/// Slots that tasks of running jobs have, by executor.
async fn taken(jobs: &HashMap<JobId, JobInfoCache>) -> HashMap<String, u32> {
    let mut taken: HashMap<String, u32> = HashMap::new();
    for job in jobs.values() {
        let graph = job.execution_graph.read().await;
        for task in graph.stages().values().filter_map(|stage| stage.task_infos()).flatten() {
            if let Status::Running(running) = &task.task_status {
                *taken.entry(running.executor_id.clone()).or_default() += task.vcores_consumed;
            }
        }
    }
    taken
}

#[async_trait]
impl ClusterState for Slots {
    async fn init(&self) -> Result<()> {
        self.inner.init().await
    }

    async fn bind_schedulable_tasks(
        &self,
        distribution: TaskDistributionPolicy,
        active_jobs: Arc<HashMap<JobId, JobInfoCache>>,
        executors: Option<HashSet<String>>,
    ) -> Result<Vec<BoundTask>> {
        let found = self.found(&taken(&active_jobs).await);
        if !found.is_empty() {
            tracing::warn!(?found, "slots of tasks that were given up are free again");
            self.inner.unbind_tasks(found).await?;
        }
        let bound = self.inner.bind_schedulable_tasks(distribution, active_jobs, executors).await?;
        self.with(|counts| {
            for (executor, task) in &bound {
                if let Some(count) = counts.get_mut(executor) {
                    count.free = count.free.saturating_sub(task.vcores_consumed);
                }
            }
        });
        Ok(bound)
    }

    async fn unbind_tasks(&self, executor_slots: Vec<ExecutorSlot>) -> Result<()> {
        self.inner.unbind_tasks(self.back(executor_slots)).await
    }

    async fn register_executor(&self, metadata: ExecutorMetadata, spec: ExecutorData) -> Result<()> {
        let (executor, count) = (metadata.id.clone(), Count { all: spec.total_vcores, free: spec.available_vcores });
        self.inner.register_executor(metadata, spec).await?;
        self.with(|counts| counts.insert(executor, count));
        Ok(())
    }

    async fn save_executor_metadata(&self, metadata: ExecutorMetadata) -> Result<()> {
        self.inner.save_executor_metadata(metadata).await
    }

    async fn get_executor_metadata(&self, executor_id: &str) -> Result<ExecutorMetadata> {
        self.inner.get_executor_metadata(executor_id).await
    }

    async fn registered_executor_metadata(&self) -> Vec<ExecutorMetadata> {
        self.inner.registered_executor_metadata().await
    }

    async fn save_executor_heartbeat(&self, heartbeat: ExecutorHeartbeat) -> Result<()> {
        self.inner.save_executor_heartbeat(heartbeat).await
    }

    async fn remove_executor(&self, executor_id: &str) -> Result<()> {
        self.with(|counts| counts.remove(executor_id));
        self.inner.remove_executor(executor_id).await
    }

    fn executor_heartbeats(&self) -> HashMap<String, ExecutorHeartbeat> {
        self.inner.executor_heartbeats()
    }

    fn get_executor_heartbeat(&self, executor_id: &str) -> Option<ExecutorHeartbeat> {
        self.inner.get_executor_heartbeat(executor_id)
    }

    async fn cluster_state_events(&self) -> Result<ClusterStateEventStream> {
        self.inner.cluster_state_events().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use ballista_scheduler::cluster::memory::InMemoryClusterState;

    fn slots(count: Count) -> Slots {
        let slots = Slots::around(Arc::new(InMemoryClusterState::default()));
        slots.with(|counts| counts.insert("e".to_owned(), count));
        slots
    }

    fn of(executor: &str, slots: u32) -> Vec<ExecutorSlot> {
        vec![(executor.to_owned(), slots)]
    }

    #[test]
    fn slots_that_no_running_task_has_are_found_once() {
        let slots = slots(Count { all: 4, free: 0 });
        let taken = HashMap::from([("e".to_owned(), 3)]);
        assert_eq!(slots.found(&taken), of("e", 1));
        assert_eq!(slots.found(&taken), []);
        // more tasks than slots, as while those that were cancelled wind down
        assert_eq!(slots.found(&HashMap::from([("e".to_owned(), 9)])), []);
        assert_eq!(slots.found(&HashMap::new()), of("e", 3));
    }

    #[test]
    fn no_more_slots_come_back_than_were_out() {
        let slots = slots(Count { all: 4, free: 3 });
        assert_eq!(slots.back(of("e", 2)), of("e", 1));
        assert_eq!(slots.back(of("e", 1)), of("e", 0));
        assert_eq!(slots.back(of("of another cluster", 1)), []);
    }
}
