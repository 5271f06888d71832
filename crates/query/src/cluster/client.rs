//! The client: hands a plan to the scheduler, watches it, fetches what it gives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use ballista_core::client::BallistaClient;
use ballista_core::extension::{BallistaConfigGrpcEndpoint, SessionConfigExt};
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair, PartitionLocation, execute_query_result,
    job_status,
};
use ballista_core::version;
use datafusion::execution::context::SessionState;
use datafusion::execution::{SessionStateBuilder, runtime_env::RuntimeEnv};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::TryStreamExt;
use tonic::transport::Channel;

use super::{ABOUT, About, CALL_WITHIN, Identity, MESSAGE_BYTES_MAX, Stages, handshake, plain, web};
use crate::QueryError;

/// How often a job that runs is asked how far it is.
const ASK: Duration = Duration::from_millis(100);
/// A job of a cluster of which no executor does anything for so long is not waiting for its turn: the scheduler has lost it.
const IDLE_LONGEST: Duration = Duration::from_mins(1);
const LOST: &str = "tasks were lost with their executor again and again";
/// Most tasks of a stage: enough for any cluster that a province has.
const PARTITIONS_MAX: usize = 256;

/// A scheduler that is of our build.
#[derive(Clone)]
pub(crate) struct Remote {
    address: String,
    identity: Identity,
    calls: SchedulerGrpcClient<Channel>,
    web: reqwest::Client,
}

/// A job on the cluster.
#[derive(Clone)]
pub(crate) struct RemoteJob {
    remote: Remote,
    name: String,
    id: String,
}

/// How a job ended.
pub(crate) enum Ended {
    /// Every task ran once; where the results lie.
    Whole(Vec<PartitionLocation>),
    /// It is to begin anew, and why.
    Again(&'static str),
}

impl Remote {
    pub(crate) async fn connect(address: &str, identity: Identity) -> Result<(Self, About), QueryError> {
        let failed = |reason: String| QueryError::Cluster { address: address.to_owned(), reason };
        let about = handshake(address, "this program", &identity).await?;
        let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}"))
            .and_then(|e| e.connect_timeout(Duration::from_secs(10)).timeout(CALL_WITHIN).user_agent(identity.word()))
            .map_err(|e| failed(plain(&e)))?;
        let channel = endpoint.connect().await.map_err(|e| failed(plain(&e)))?;
        let calls = SchedulerGrpcClient::new(channel)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
            .max_decoding_message_size(MESSAGE_BYTES_MAX);
        Ok((Self { address: address.to_owned(), identity, calls, web: web(address)? }, about))
    }

    fn failed(&self, reason: impl std::fmt::Display) -> QueryError {
        QueryError::Cluster { address: self.address.clone(), reason: reason.to_string() }
    }

    /// A session that plans for this cluster: partitions for every slot, joins and texts as the cluster needs them.
    pub(crate) async fn session(&self, runtime: Arc<RuntimeEnv>) -> Result<SessionState, QueryError> {
        let about = handshake(&self.address, "this program", &self.identity).await?;
        let config = SessionConfig::new_with_ballista()
            .with_target_partitions(about.slots.clamp(2, PARTITIONS_MAX))
            .with_information_schema(false)
            // by hash: the smaller side of our joins is small, and a merge does not compare instants of a zone
            .set_bool("datafusion.optimizer.prefer_hash_join", true);
        Ok(SessionStateBuilder::new()
            .with_default_features()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_optimizer_rules(ballista_core::optimizer::ballista_default_optimizer_rules())
            .build())
    }

    /// Hands a plan over.
    pub(crate) async fn submit(
        &self,
        name: &str,
        plan: &Arc<dyn ExecutionPlan>,
        session: &SessionState,
    ) -> Result<RemoteJob, QueryError> {
        let unsaid = |e: datafusion::error::DataFusionError| QueryError::failed(name, e.strip_backtrace());
        let codec = BallistaPhysicalExtensionCodec::default();
        let mut bytes = Vec::new();
        let node = PhysicalPlanNode::try_from_physical_plan(Arc::clone(plan), &codec).map_err(unsaid)?;
        node.try_encode(&mut bytes).map_err(unsaid)?;
        let config = session.config().clone().with_ballista_job_name(name);
        let entries = config.options().entries().into_iter();
        let settings = entries.map(|e| KeyValuePair { key: e.key, value: e.value }).collect();
        let mut request = tonic::Request::new(ExecuteQueryParams {
            query: Some(Query::PhysicalPlan(bytes)),
            settings,
            session_id: session.session_id().to_owned(),
            operation_id: uuid::Uuid::now_v7().to_string(),
        });
        version::insert_version_header(request.metadata_mut());
        let answer = self.calls.clone().execute_query(request).await.map_err(|e| self.failed(e.message()))?;
        match answer.into_inner().result {
            Some(execute_query_result::Result::Success(taken)) => {
                Ok(RemoteJob { remote: self.clone(), name: name.to_owned(), id: taken.job_id })
            }
            Some(execute_query_result::Result::Failure(refused)) => {
                Err(QueryError::failed(name, format!("{:?}", refused.failure)))
            }
            None => Err(self.failed("the scheduler gave no answer")),
        }
    }
}

impl RemoteJob {
    /// Waits for the job and says how far it is.
    ///
    /// A result counts only when every task ran once: what the engine makes of a job of which tasks were lost and ran again was seen
    /// to have rows twice.
    pub(crate) async fn finish(&self, mut seen: impl FnMut(Stages)) -> Result<Ended, QueryError> {
        let mut calls = self.remote.calls.clone();
        let mut busy = Instant::now();
        loop {
            let asked = calls.get_job_status(GetJobStatusParams { job_id: self.id.clone() }).await;
            let status = asked.map_err(|e| self.remote.failed(e.message()))?.into_inner().status;
            let status = status.and_then(|s| s.status);
            let stages = match status {
                Some(job_status::Status::Queued(_)) | None => None,
                Some(_) => self.stages().await?,
            };
            let again = stages.is_some_and(|s| s.again);
            if stages.is_none_or(|s| !s.idle) {
                busy = Instant::now();
            }
            match status {
                Some(job_status::Status::Successful(done)) if stages.is_some() && !again => {
                    return Ok(Ended::Whole(done.partition_location));
                }
                Some(job_status::Status::Successful(_)) => return Ok(Ended::Again(LOST)),
                Some(job_status::Status::Failed(_)) if stages.is_some_and(|s| s.lost) => return Ok(Ended::Again(LOST)),
                Some(job_status::Status::Failed(failed)) => return Err(QueryError::failed(&self.name, failed.error)),
                Some(job_status::Status::Running(_)) if again => return Ok(Ended::Again(LOST)),
                Some(job_status::Status::Running(_)) if busy.elapsed() > IDLE_LONGEST => {
                    return Ok(Ended::Again("no executor of the cluster runs its tasks"));
                }
                Some(job_status::Status::Running(_)) => stages.into_iter().for_each(&mut seen),
                Some(job_status::Status::Queued(_)) | None => {}
            }
            tokio::time::sleep(ASK).await;
        }
    }

    async fn stages(&self) -> Result<Option<Stages>, QueryError> {
        let url = format!("http://{}{ABOUT}/jobs/{}", self.remote.address, self.id);
        let asked = self.remote.web.get(url).send().await.map_err(|e| self.remote.failed(plain(&e)))?;
        asked.json().await.map_err(|e| self.remote.failed(plain(&e)))
    }

    /// Fetches one partition of the result whole.
    pub(crate) async fn fetch(&self, part: &PartitionLocation) -> Result<Vec<RecordBatch>, QueryError> {
        let failed = |reason: String| QueryError::failed(&self.name, format!("fetching results: {reason}"));
        let absent = || failed("the scheduler did not say where they lie".to_owned());
        let executor = part.executor_meta.clone().ok_or_else(absent)?;
        let id = part.partition_id.clone().ok_or_else(absent)?;
        let (host, port) = (executor.host.clone(), executor.port as u16);
        let endpoint = BallistaConfigGrpcEndpoint::new(self.remote.identity.on_calls());
        let client =
            BallistaClient::try_new(&host, port, MESSAGE_BYTES_MAX, false, Some(Arc::new(endpoint)), 1, 200, 0, 0);
        let mut client = client.await.map_err(|e| failed(format!("executor {host}:{port}: {e}")))?;
        let stream = client
            .fetch_partition_proxied(&executor.id, &id.into(), part.file_id, part.layout(), &host, port, true)
            .await
            .map_err(|e| failed(format!("executor {host}:{port}: {e}")))?;
        stream.try_collect().await.map_err(|e| failed(e.strip_backtrace()))
    }

    /// Stops it.
    pub(crate) async fn cancel(&self) {
        let asked = self.remote.calls.clone().cancel_job(CancelJobParams { job_id: self.id.clone() }).await;
        if let Err(error) = asked {
            tracing::warn!(job = %self.name, error = error.message(), "a job of the cluster was not cancelled");
        }
    }
}
