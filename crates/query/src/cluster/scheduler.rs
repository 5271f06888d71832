//! The scheduler: plans become stages, stages become tasks of executors. Beside the calls of Ballista it answers who it is and how
//! far each job is.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use ballista_core::JobId;
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::protobuf::failed_task::FailedReason;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpcServer;
use ballista_core::serde::protobuf::task_status::Status;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::create_scheduler;
use ballista_scheduler::scheduler_server::SchedulerServer;
use ballista_scheduler::state::execution_graph::ExecutionGraph;
use ballista_scheduler::state::execution_stage::{ExecutionStage, TaskInfo};
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionConfig;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use tokio::net::TcpListener;
use tonic::Request;
use tonic::service::RoutesBuilder;
use tonic::service::interceptor::InterceptedService;

use super::slots::Slots;
use super::{ABOUT, About, Identity, MESSAGE_BYTES_MAX, Stages};
use crate::{QueryError, functions};

/// An executor that has said nothing for so long is taken for dead, in seconds.
const EXECUTOR_SILENT_S: u64 = 12;

type Server = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// A running scheduler.
pub struct Scheduler {
    address: SocketAddr,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
}

struct Asked {
    server: Server,
    cluster: BallistaCluster,
    identity: Identity,
}

impl Scheduler {
    /// Starts one. Port 0 takes a free port.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn start(listen: SocketAddr, identity: Identity) -> Result<Self, QueryError> {
        let failed = |reason: String| QueryError::Cluster { address: listen.to_string(), reason };
        let listener = TcpListener::bind(listen).await.map_err(|e| failed(e.to_string()))?;
        let address = listener.local_addr().map_err(|e| failed(e.to_string()))?;
        let config = SchedulerConfig {
            external_host: address.ip().to_string(),
            bind_host: address.ip().to_string(),
            bind_port: address.port(),
            executor_timeout_seconds: EXECUTOR_SILENT_S,
            expire_dead_executor_interval_seconds: 2,
            no_executors_grace_period_seconds: 30,
            grpc_server_max_decoding_message_size: MESSAGE_BYTES_MAX as u32,
            grpc_server_max_encoding_message_size: MESSAGE_BYTES_MAX as u32,
            grpc_client_max_message_size: MESSAGE_BYTES_MAX as u32,
            override_create_grpc_client_endpoint: Some(identity.on_calls()),
            override_config_producer: Some(Arc::new(SessionConfig::new_with_ballista)),
            override_session_builder: Some(Arc::new(session)),
            ..SchedulerConfig::default()
        };
        let kept = BallistaCluster::new_from_config(&config).await.map_err(|e| failed(e.to_string()))?;
        let cluster = BallistaCluster::new(Arc::new(Slots::around(kept.cluster_state())), kept.job_state());
        let server: Server =
            create_scheduler(cluster.clone(), Arc::new(config)).await.map_err(|e| failed(e.to_string()))?;
        let routes = routes(server, cluster, identity).into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it ends, which it does only by itself when it fails.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn ended(&mut self) -> Result<(), QueryError> {
        let failed = |reason: String| QueryError::Cluster { address: self.address.to_string(), reason };
        (&mut self.server).await.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A session on the scheduler: it reads plans, so it knows our functions.
fn session(config: SessionConfig) -> datafusion::common::Result<datafusion::execution::context::SessionState> {
    let mut state = SessionStateBuilder::new().with_default_features().with_config(config).build();
    functions::install(&mut state)?;
    Ok(state)
}

fn routes(server: Server, cluster: BallistaCluster, identity: Identity) -> Router {
    let grpc = SchedulerGrpcServer::new(server.clone())
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let ours = identity.clone();
    let check = move |request: Request<()>| {
        let agent = request.metadata().get("user-agent").and_then(|v| v.to_str().ok());
        let theirs = agent.and_then(Identity::of_agent);
        match ours.accept("the scheduler", "the caller", theirs.as_ref()) {
            Ok(()) => Ok(request),
            Err(refused) => {
                tracing::warn!(%refused, "a call was refused");
                Err(tonic::Status::failed_precondition(refused.to_string()))
            }
        }
    };
    let mut calls = RoutesBuilder::default();
    calls.add_service(InterceptedService::new(grpc, check));
    let asked = Router::new()
        .route(ABOUT, get(about))
        .route(&format!("{ABOUT}/jobs/{{id}}"), get(stages))
        .with_state(Arc::new(Asked { server, cluster, identity }));
    calls.routes().into_axum_router().merge(asked)
}

async fn about(State(asked): State<Arc<Asked>>) -> Json<About> {
    let executors = asked.cluster.cluster_state().registered_executor_metadata().await;
    let slots = executors.iter().map(|e| e.specification.vcores as usize).sum();
    Json(About { identity: asked.identity.clone(), executors: executors.len(), slots })
}

/// Tasks of a job, also of one that has ended; nothing when the job is not known.
async fn stages(State(asked): State<Arc<Asked>>, Path(id): Path<String>) -> Json<Option<Stages>> {
    let id = JobId::from(id);
    let running = asked.server.state.task_manager.get_running_job_cache();
    if let Some(job) = running.get(&id) {
        let mut stages = seen(&**job.execution_graph.read().await);
        stages.idle = true;
        for job in running.values() {
            stages.idle &= job.execution_graph.read().await.running_tasks().is_empty();
        }
        return Json(Some(stages));
    }
    let ended = asked.cluster.job_state().get_execution_graph(&id).await;
    Json(ended.ok().flatten().map(|graph| seen(graph.as_ref())))
}

fn seen(graph: &(dyn ExecutionGraph + Send + Sync)) -> Stages {
    let mut seen = Stages { count: graph.stage_count() as u64, ..Stages::default() };
    for stage in graph.stages().values() {
        let (partitions, attempt) = match stage {
            ExecutionStage::UnResolved(s) => (0, s.stage_attempt_num),
            ExecutionStage::Resolved(s) => (s.partitions, s.stage_attempt_num),
            ExecutionStage::Running(s) => (s.partitions, s.stage_attempt_num),
            ExecutionStage::Successful(s) => (s.partitions, s.stage_attempt_num),
            ExecutionStage::Failed(s) => (s.partitions, s.stage_attempt_num),
        };
        let tried = Tried::of(stage.task_infos().unwrap_or_default());
        seen.tasks += partitions as u64;
        seen.tasks_done += tried.done.min(partitions) as u64;
        seen.done += u64::from(matches!(stage, ExecutionStage::Successful(_)));
        seen.again |= attempt > 0 || tried.again || tried.done > partitions;
        seen.lost |= tried.lost;
    }
    seen
}

/// What became of the tasks of a stage.
#[derive(Default)]
struct Tried {
    /// Partitions whose task has succeeded, each as often as it did.
    done: usize,
    again: bool,
    lost: bool,
}

impl Tried {
    fn of(tasks: &[TaskInfo]) -> Self {
        let (mut tried, mut begun) = (Self::default(), HashSet::new());
        for task in tasks {
            tried.again |= task.global_input_partition_ids.iter().any(|p| !begun.insert(*p));
            match &task.task_status {
                Status::Successful(_) => tried.done += task.global_input_partition_ids.len(),
                Status::Failed(failed) => {
                    tried.again = true;
                    tried.lost |= matches!(
                        failed.failed_reason,
                        Some(
                            FailedReason::FetchPartitionError(_)
                                | FailedReason::ExecutorLost(_)
                                | FailedReason::ResultLost(_)
                        )
                    );
                }
                Status::Running(_) => {}
            }
        }
        tried
    }
}
