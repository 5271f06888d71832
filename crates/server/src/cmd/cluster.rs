//! `shanshui cluster`: scheduler and executor of a cluster, out of the same program as the client.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use shanshui_query::S3;
use shanshui_query::cluster::{Executor, Identity, Scheduler, run_executor};

/// Which node.
#[derive(Debug, Subcommand)]
pub enum Cluster {
    /// Takes queries and hands their tasks to executors. Prints where it listens as one JSON line.
    Scheduler {
        /// Address to listen on. The cluster has no passwords: an address of a private network.
        #[arg(long, default_value = "127.0.0.1:50050")]
        listen: SocketAddr,
    },
    /// Runs tasks. It reads the history by itself: the same folder, or the bucket named.
    Executor {
        /// The scheduler.
        #[arg(long, value_name = "HOST:PORT")]
        scheduler: String,
        /// Tasks at one time; one for each processor when absent.
        #[arg(long)]
        concurrent: Option<usize>,
        /// Address that it binds.
        #[arg(long, default_value = "127.0.0.1")]
        bind: IpAddr,
        /// Name or address under which other nodes reach it; the one that the scheduler sees when absent.
        #[arg(long)]
        host: Option<String>,
        /// Port for results; a free one when 0.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Port for tasks; a free one when 0.
        #[arg(long, default_value_t = 0)]
        task_port: u16,
        /// Most memory for sorting and grouping, in MiB; 70 % of the machine's when absent.
        #[arg(long)]
        memory_mib: Option<u64>,
        /// A bucket that holds the history; keys come from the environment (`AWS_…`).
        #[arg(long, value_name = "s3://BUCKET")]
        bucket: Vec<String>,
        /// Address of the service of the buckets, when it is not Amazon's.
        #[arg(long)]
        s3_endpoint: Option<String>,
    },
}

/// Runs a node until it is ended.
pub(super) fn run(what: &Cluster) -> anyhow::Result<ExitCode> {
    super::log_to_stderr();
    super::runtime()?.block_on(async {
        match what {
            Cluster::Scheduler { listen } => scheduler(*listen).await,
            Cluster::Executor {
                scheduler,
                concurrent,
                bind,
                host,
                port,
                task_port,
                memory_mib,
                bucket,
                s3_endpoint,
            } => {
                let executor = Executor {
                    scheduler: scheduler.clone(),
                    bind: *bind,
                    host: host.clone(),
                    port: *port,
                    task_port: *task_port,
                    slots: concurrent.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
                    memory_bytes: memory_mib.map(|m| m << 20),
                    buckets: Vec::new(),
                    identity: Identity::ours(),
                };
                let s3 = S3 { endpoint: s3_endpoint.clone(), ..S3::default() };
                let executor = bucket.iter().fold(executor, |e, address| e.with_bucket(address, s3.clone()));
                Ok(run_executor(executor).await?)
            }
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn scheduler(listen: SocketAddr) -> anyhow::Result<()> {
    let mut scheduler = Scheduler::start(listen, Identity::ours()).await?;
    println!("{}", serde_json::json!({ "listen": scheduler.address(), "identity": Identity::ours() }));
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).context("SIGTERM")?;
    tokio::select! {
        ended = scheduler.ended() => ended.context("the scheduler ended"),
        _ = term.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("Ctrl-C"),
    }
}
