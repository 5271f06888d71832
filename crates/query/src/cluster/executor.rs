//! The executor: runs tasks, keeps what they give until others have fetched it.

use std::net::{IpAddr, TcpListener};
use std::sync::Arc;

use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::extension::SessionConfigExt;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::SessionConfig;
use url::Url;

use super::{Identity, MESSAGE_BYTES_MAX, handshake};
use crate::{Place, QueryError, S3, functions};

/// How an executor runs.
#[derive(Debug, Clone)]
pub struct Executor {
    /// The scheduler, `host:port`.
    pub scheduler: String,
    /// Address that it binds.
    pub bind: IpAddr,
    /// Name or address under which the others reach it; none: the one that the scheduler sees.
    pub host: Option<String>,
    /// Port for results; 0: a free one.
    pub port: u16,
    /// Port for tasks; 0: a free one.
    pub task_port: u16,
    /// Tasks at one time.
    pub slots: usize,
    /// Most memory for sorting and grouping, in bytes; none: 70 % of the machine's. Beyond it, files are used.
    pub memory_bytes: Option<u64>,
    /// Buckets that plans may name, with how they are reached. Folders need nothing but to be there.
    pub buckets: Vec<(String, S3)>,
    /// Which build it says it is.
    pub identity: Identity,
}

/// Runs an executor until it is told to stop (SIGTERM, Ctrl-C) or the cluster stops it.
///
/// # Errors
/// When the scheduler does not answer or is of another build, or a port is taken.
pub async fn run_executor(executor: Executor) -> Result<(), QueryError> {
    let address = executor.scheduler.clone();
    let failed = |reason: String| QueryError::Cluster { address: address.clone(), reason };
    handshake(&executor.scheduler, "this executor", &executor.identity).await?;
    let (host, port) = executor.scheduler.rsplit_once(':').ok_or_else(|| failed("has no port".to_owned()))?;
    let places = executor.buckets.iter().map(|(url, s3)| Place::open(url, s3)).collect::<Result<Vec<_>, _>>()?;
    let work = tempfile::Builder::new().prefix("shanshui-executor-").tempdir().map_err(|e| failed(e.to_string()))?;
    let folder = work.path().to_string_lossy().into_owned();
    let free = |port: u16| free_port(executor.bind, port).map_err(|e| failed(format!("port {port}: {e}")));
    let temporary = folder.clone();
    let config = ExecutorProcessConfig {
        bind_host: executor.bind.to_string(),
        external_host: executor.host.clone(),
        port: free(executor.port)?,
        grpc_port: free(executor.task_port)?,
        scheduler_host: host.to_owned(),
        scheduler_port: port.parse().map_err(|_| failed(format!("{port:?} is no port")))?,
        scheduler_connect_timeout_seconds: 10,
        vcores: executor.slots.max(1),
        task_scheduling_policy: TaskSchedulingPolicy::PushStaged,
        work_dir: Some(folder),
        job_data_ttl_seconds: 3_600,
        job_data_clean_up_interval_seconds: 300,
        grpc_max_decoding_message_size: MESSAGE_BYTES_MAX as u32,
        grpc_max_encoding_message_size: MESSAGE_BYTES_MAX as u32,
        executor_heartbeat_interval_seconds: 2,
        memory_pool_size: executor.memory_bytes,
        override_function_registry: Some(Arc::new(functions::registry())),
        override_config_producer: Some(Arc::new(SessionConfig::new_with_ballista)),
        override_runtime_producer: Some(Arc::new(move |_| {
            let runtime = RuntimeEnvBuilder::new().with_temp_file_path(temporary.clone()).build_arc()?;
            for place in &places {
                runtime.register_object_store(&place.root(), Arc::clone(place.store()));
            }
            Ok(runtime)
        })),
        override_create_grpc_client_endpoint: Some(executor.identity.on_calls()),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config)).await.map_err(|e| failed(e.to_string()))
}

/// The port, or a free one for 0.
fn free_port(bind: IpAddr, port: u16) -> std::io::Result<u16> {
    Ok(TcpListener::bind((bind, port))?.local_addr()?.port())
}

impl Executor {
    /// Adds the bucket of an address, when it is one.
    pub fn with_bucket(mut self, address: &str, s3: S3) -> Self {
        if Url::parse(address).is_ok_and(|url| url.scheme() == "s3") {
            self.buckets.push((address.to_owned(), s3));
        }
        self
    }
}
