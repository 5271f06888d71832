//! Where queries run.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_stream::try_stream;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionState;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;

use crate::cluster::{Ended, Identity, Remote, Stages};
use crate::job::{Batches, Job, JobHandle, Progress};
use crate::scratch::Scratch;
use crate::table::{FileTable, TableFile};
use crate::{Place, QueryError, Source, functions};

/// How an engine runs in this process.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Partitions at one time; 0: one for each processor.
    pub threads: usize,
    /// Most bytes for sorting and grouping; beyond them files are used. 0: no bound.
    pub memory_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { threads: 0, memory_bytes: 2 << 30 }
    }
}

/// Where queries run. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    settings: Settings,
    remote: Option<Remote>,
}

/// A table that lives as long as one job.
pub(crate) struct Extra {
    pub(crate) name: &'static str,
    pub(crate) rows: arrow::array::RecordBatch,
}

impl Engine {
    /// `engine` is empty for this process, or `ballista://host:port`.
    ///
    /// # Errors
    /// When it is neither, or the cluster does not answer or is of another build.
    pub async fn connect(engine: &str, settings: Settings) -> Result<Self, QueryError> {
        Self::connect_as(engine, settings, Identity::ours()).await
    }

    /// As [`Engine::connect`], as a given build.
    ///
    /// # Errors
    /// As [`Engine::connect`].
    pub async fn connect_as(engine: &str, settings: Settings, identity: Identity) -> Result<Self, QueryError> {
        let remote = match address_of(engine)? {
            None => None,
            Some(address) => Some(Remote::connect(address, identity).await?.0),
        };
        Ok(Self { settings, remote })
    }

    /// Runs SQL over `readings`, which `source` describes, and over what else is handed in. The plan is the same wherever it runs.
    ///
    /// # Errors
    /// When the plan cannot be made or the cluster does not take it. What goes wrong later the job says.
    pub async fn sql(&self, name: &str, sql: &str, source: Source) -> Result<Job, QueryError> {
        self.run(name, sql, source, Vec::new()).await
    }

    pub(crate) async fn run(
        &self,
        name: &str,
        sql: &str,
        source: Source,
        extras: Vec<Extra>,
    ) -> Result<Job, QueryError> {
        let runtime = self.runtime(&source.place)?;
        let mut state = match &self.remote {
            None => self.session(runtime),
            Some(remote) => remote.session(runtime).await?,
        };
        functions::install(&mut state)?;
        let session = SessionContext::new_with_state(state);
        let place = source.place.clone();
        let mut scratch = Scratch::new(place.clone());
        for extra in extras {
            let file = scratch.write(&extra.rows).await?;
            register(&session, &place, extra.name, extra.rows.schema(), file)?;
        }
        let rows = source.register(&session, &mut scratch).await?;
        let said = |e: datafusion::error::DataFusionError| QueryError::failed(name, e.strip_backtrace());
        let frame = session.sql(sql).await.map_err(said)?;
        let plan = frame.create_physical_plan().await.map_err(said)?;
        tracing::debug!(job = name, plan = %datafusion::physical_plan::displayable(plan.as_ref()).indent(false), "planned");
        let handle = JobHandle::new(name);
        let schema = plan.schema();
        let batches = match &self.remote {
            None => here(&handle, plan, &session, rows).map_err(said)?,
            Some(remote) => there(&handle, remote, plan, session.state()).await?,
        };
        Ok(Job::new(schema, handle, batches, scratch))
    }

    fn runtime(&self, place: &Place) -> Result<Arc<RuntimeEnv>, QueryError> {
        let mut builder = RuntimeEnvBuilder::new();
        if self.settings.memory_bytes > 0 {
            builder = builder.with_memory_pool(Arc::new(FairSpillPool::new(self.settings.memory_bytes)));
        }
        let runtime = builder.build_arc()?;
        runtime.register_object_store(&place.root(), Arc::clone(place.store()));
        Ok(runtime)
    }

    fn session(&self, runtime: Arc<RuntimeEnv>) -> SessionState {
        let threads = match self.settings.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            some => some,
        };
        let config = SessionConfig::new()
            .with_target_partitions(threads)
            .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
            .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
            .set_bool("datafusion.execution.parquet.pushdown_filters", true);
        SessionStateBuilder::new().with_default_features().with_config(config).with_runtime_env(runtime).build()
    }
}

fn register(
    session: &SessionContext,
    place: &Place,
    name: &str,
    schema: SchemaRef,
    file: TableFile,
) -> Result<(), QueryError> {
    let table = FileTable::new(place.store_url()?, schema, None, vec![file]);
    session.register_table(name, Arc::new(table))?;
    Ok(())
}

/// `host:port` of a cluster; none for this process.
fn address_of(engine: &str) -> Result<Option<&str>, QueryError> {
    if engine.is_empty() {
        return Ok(None);
    }
    let address = engine.strip_prefix("ballista://").map(|a| a.trim_end_matches('/'));
    let is_address =
        |a: &&str| a.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    address.filter(is_address).map(Some).ok_or_else(|| QueryError::Engine(engine.to_owned()))
}

/// Runs a plan in this process.
fn here(
    handle: &JobHandle,
    plan: Arc<dyn ExecutionPlan>,
    session: &SessionContext,
    rows: u64,
) -> datafusion::common::Result<Batches> {
    let stream = execute_stream(Arc::clone(&plan), session.task_ctx())?;
    handle.look_by(Box::new(move || Progress {
        done: read(plan.as_ref()).min(rows),
        total: rows,
        stages_done: 0,
        stages: 1,
    }));
    let name = handle.name().to_owned();
    Ok(Box::pin(stream.map(move |b| b.map_err(|e| QueryError::failed(&name, e.strip_backtrace())))))
}

/// Rows that the scans of a plan have given.
fn read(plan: &dyn ExecutionPlan) -> u64 {
    let children = plan.children();
    if children.is_empty() {
        return plan.metrics().and_then(|m| m.output_rows()).unwrap_or_default() as u64;
    }
    children.iter().map(|child| read(child.as_ref())).sum()
}

/// Pauses before a job begins anew, in seconds: long enough in all for the scheduler to take a silent executor for dead.
const PAUSES_S: [u64; 5] = [1, 2, 4, 8, 8];

/// Runs a plan on a cluster. A result counts when every task ran once and could be fetched; else, as long as no row was handed out,
/// the job begins anew.
async fn there(
    handle: &JobHandle,
    remote: &Remote,
    plan: Arc<dyn ExecutionPlan>,
    state: SessionState,
) -> Result<Batches, QueryError> {
    let (handle, remote) = (handle.clone(), remote.clone());
    let mut job = remote.submit(handle.name(), &plan, &state).await?;
    let stream = try_stream! {
        let mut pauses = PAUSES_S.into_iter();
        'job: loop {
            // dropped before its end, by whatever way, it is cancelled on the cluster
            let guard = OnDrop(Some(job.clone()));
            let seen = handle.seen();
            let ended = job.finish(|s| seen.set(progress(s))).await?;
            let why = match ended {
                Ended::Whole(parts) => {
                    guard.disarm();
                    let mut given = false;
                    let mut lost = None;
                    for part in &parts {
                        match job.fetch(part).await {
                            Ok(batches) => for batch in batches {
                                given = true;
                                yield batch;
                            },
                            Err(error) if given => Err(error)?,
                            Err(error) => {
                                lost = Some(error);
                                break;
                            }
                        }
                    }
                    match lost {
                        None => break 'job,
                        Some(error) => error,
                    }
                }
                Ended::Again(reason) => {
                    drop(guard);
                    QueryError::failed(handle.name(), reason)
                }
            };
            let Some(pause) = pauses.next() else { Err(why)?; break };
            tracing::warn!(job = handle.name(), reason = %why, "the job begins anew");
            tokio::time::sleep(std::time::Duration::from_secs(pause)).await;
            job = remote.submit(handle.name(), &plan, &state).await?;
        }
    };
    Ok(Box::pin(stream))
}

fn progress(stages: Stages) -> Progress {
    Progress { done: stages.tasks_done, total: stages.tasks, stages_done: stages.done, stages: stages.count }
}

struct OnDrop(Option<crate::cluster::RemoteJob>);

impl OnDrop {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let (Some(job), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { job.cancel().await });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_empty_or_the_address_of_a_cluster() {
        assert_eq!(address_of("").expect("this process"), None);
        assert_eq!(address_of("ballista://host:50050").expect("a cluster"), Some("host:50050"));
        for wrong in ["ballista://", "ballista://host", "http://host:1", "host:1"] {
            assert!(address_of(wrong).is_err(), "{wrong}");
        }
    }
}
