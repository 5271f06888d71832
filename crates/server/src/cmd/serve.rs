//! `shanshui serve`: stations, people and jobs in one process.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use shanshui_domain::id::{PersonId, PostId};
use shanshui_domain::place::{CityPack, PackPost};
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;
use shanshui_store::{PersonRow, PostRow, Store, StoreError};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::inputs::Inputs;
use crate::app::{App, Roles};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::hash;
use crate::job::{self, Tasks};
use crate::tls::{Certificate, Peer};
use crate::{city, http, notes};

/// Between two times at which callers who ask no more are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(1);

/// A running program.
pub struct Running {
    /// The program.
    pub app: App,
    /// Where people connect.
    pub http: SocketAddr,
    /// Where stations connect, if the node takes data in.
    pub hj212: Option<SocketAddr>,
    /// Where monitoring asks; none when nothing listens.
    pub metrics: Option<SocketAddr>,
    tasks: Tasks,
    /// Held as long as the program runs; none on a server, which knows its nodes.
    _alone: Option<std::fs::File>,
}

impl Running {
    /// Opens everything, listens, and starts the jobs: a node that does everything.
    ///
    /// # Errors
    /// When an address is taken, or something cannot be opened.
    pub async fn start(config: Config, pack: CityPack, clock: Clock, demo: bool) -> anyhow::Result<Self> {
        Box::pin(Self::start_as(config, pack, clock, demo, Roles::ALL)).await
    }

    /// Opens everything, and does what the roles say.
    ///
    /// # Errors
    /// When an address is taken, or something cannot be opened.
    pub async fn start_as(
        config: Config,
        pack: CityPack,
        clock: Clock,
        demo: bool,
        roles: Roles,
    ) -> anyhow::Result<Self> {
        let web = TcpListener::bind(config.http.listen)
            .await
            .with_context(|| format!("http.listen {}", config.http.listen))?;
        let http = web.local_addr()?;
        let certificate = Certificate::open(&config.http)?;
        let devices = if roles.ingest {
            let listener = TcpListener::bind(config.hj212.listen).await;
            Some(listener.with_context(|| format!("hj212.listen {}", config.hj212.listen))?)
        } else {
            None
        };
        let hj212 = devices.as_ref().map(TcpListener::local_addr).transpose()?;
        let figures = listen_for_monitoring(config.metrics.listen).await;
        let metrics = figures.as_ref().and_then(|l| l.local_addr().ok());
        // before it is opened: a newer program must not bring up to date what an older one serves
        let alone =
            config.database.address().is_none().then(|| alone_on(&config.data, &config.database())).transpose()?;
        let (app, hearing) = App::open(config, pack, clock, demo, roles).await?;
        if roles != Roles::ALL && app.store.path().is_some() {
            bail!(
                "--role {roles}: several nodes need a database that they can share (the key database); a file is one process's"
            );
        }
        // written down before anything is taken in: the judge reads from there
        app.store.node_join(&roles.to_string(), app.clock.now()).await.context("this node among the nodes")?;
        app.publish(notes::NODE, String::new()).await.context("the other nodes")?;
        let mut tasks = job::start(&app, hearing);
        let stop = app.shutdown.clone();
        if let Some(devices) = devices {
            let (ingest, stop) = (app.ingest.clone(), stop.clone());
            tasks.front.push(tokio::spawn(async move { ingest.serve(devices, stop).await }));
        }
        if let Some(listener) = figures {
            let (router, stop) = (http::ops::router(app.clone()), stop.clone());
            tasks.front.push(tokio::spawn(serve_http(listener, router, stop)));
        }
        let router = if roles.web { http::router(app.clone()) } else { http::health_router(app.clone()) };
        if let Some(certificate) = certificate {
            tasks.front.push(tokio::spawn(serve_http(certificate.listen(web)?, router, stop.clone())));
            tasks.front.push(tokio::spawn(until(stop.clone(), certificate.watch())));
        } else {
            tasks.front.push(tokio::spawn(serve_http(web, router, stop.clone())));
        }
        tasks.front.push(tokio::spawn(until(stop, forget(app.clone()))));
        Ok(Self { app, http, hj212, metrics, tasks, _alone: alone })
    }

    /// Ends everything: no new work, what was begun is finished, the lines are given back, the store is closed last.
    pub async fn stop(self) {
        self.app.shutdown.cancel();
        ended(self.tasks.front).await;
        self.app.tasks.close();
        self.app.tasks.wait().await;
        self.app.closing.cancel();
        ended(self.tasks.back).await;
        if let Err(error) = leave(&self.app).await {
            tracing::warn!(%error, "the other nodes were not told; they will see that this one has gone");
        }
        self.app.store.close().await;
    }

    /// Its addresses, those that there are, for whoever started it.
    fn said(&self) -> serde_json::Value {
        let mut said = serde_json::json!({"node": self.app.store.node().as_str(), "roles": self.app.roles.words(), "http": self.http});
        if let Some(hj212) = self.hj212 {
            said["hj212"] = serde_json::json!(hj212);
        }
        if let Some(metrics) = self.metrics {
            said["metrics"] = serde_json::json!(metrics);
        }
        said
    }
}

/// Two programs that serve one file would judge and move twice. The lock lies beside the database, because closing a second handle
/// of the database's own file would let go of the engine's locks.
fn alone_on(data: &Path, database: &Path) -> anyhow::Result<std::fs::File> {
    std::fs::create_dir_all(data).with_context(|| format!("data folder {}", data.display()))?;
    let mut name = database.as_os_str().to_owned();
    name.push("-serving");
    let path = Path::new(&name);
    let file = std::fs::File::options().create(true).append(true).open(path);
    let file = file.with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            bail!("{}: another program serves this database; stop it first", database.display())
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

async fn ended(tasks: Vec<tokio::task::JoinHandle<()>>) {
    for task in tasks {
        if let Err(error) = task.await {
            tracing::error!(%error, "a task did not end well");
        }
    }
}

async fn leave(app: &App) -> Result<(), StoreError> {
    app.store.node_leave().await?;
    app.publish(notes::NODE, String::new()).await
}

async fn serve_http<L>(listener: L, router: axum::Router, stop: CancellationToken)
where
    L: Listener,
    L::Addr: std::fmt::Debug,
    for<'a> Peer: Connected<IncomingStream<'a, L>>,
{
    let served = axum::serve(listener, router.into_make_service_with_connect_info::<Peer>())
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the HTTP server ended");
    }
}

/// What never ends by itself ends with the program.
async fn until(stop: CancellationToken, work: impl Future<Output = ()>) {
    stop.run_until_cancelled(work).await;
}

/// Whoever has not asked for a while is forgotten.
async fn forget(app: App) {
    let mut ticks = tokio::time::interval(FORGET_EVERY);
    loop {
        ticks.tick().await;
        app.limits.forget();
    }
}

/// Monitoring must not keep stations from being heard: an address that is taken is told, and the program goes on without.
async fn listen_for_monitoring(at: Option<SocketAddr>) -> Option<TcpListener> {
    let bound = TcpListener::bind(at?).await;
    bound.inspect_err(|error| tracing::error!(%error, ?at, "metrics.listen: no figures for monitoring")).ok()
}

/// Runs until SIGINT or SIGTERM.
pub(super) fn run(path: Option<&Path>, roles: Roles) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    super::log_to_stderr();
    super::runtime()?.block_on(async {
        let mut ends = Ends::listen();
        let start = async {
            let (pack, inputs) = (city::load(&config.city_packs)?, Inputs::of(path, &config)?);
            let running = Box::pin(Running::start_as(config, pack, Clock::system(), false, roles)).await?;
            people_of_pack(&running.app).await?;
            inputs.note(&running.app.store, running.app.clock.now()).await?;
            println!("{}", running.said());
            anyhow::Ok(running)
        };
        let running = tokio::select! {
            started = start => started?,
            // whatever was begun is as after a crash, which every start expects
            () = ends.heard() => return Ok(ExitCode::SUCCESS),
        };
        ends.or(&running.app.shutdown).await;
        tracing::info!("ending");
        let failed = running.app.failed();
        running.stop().await;
        Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    })
}

/// People of the city pack who have no login yet get one; those there already keep their password.
async fn people_of_pack(app: &App) -> anyhow::Result<()> {
    people_put(&app.store, &app.city(), app.clock.now()).await?;
    Ok(app.people_reload().await?)
}

/// Makes the people of a pack known to a store, with their posts; those there already stay as they are.
///
/// # Errors
/// When they cannot be written.
pub async fn people_put(store: &Store, pack: &CityPack, now: Instant) -> anyhow::Result<()> {
    let known: HashSet<String> = store.people().await?.into_iter().map(|p| p.login).collect();
    let mut hashing = tokio::task::JoinSet::new();
    for person in pack.people.iter().filter(|p| !known.contains(&p.login)).cloned() {
        hashing
            .spawn_blocking(move || Ok::<_, anyhow::Error>((hash::hash_password(person.password.expose())?, person)));
    }
    let mut joining = Vec::new();
    while let Some(hashed) = hashing.join_next().await {
        let (password_hash, p) = hashed??;
        let id = PersonId(uuid::Uuid::now_v7());
        let post = |post: &PackPost| PostRow {
            id: PostId(uuid::Uuid::now_v7()),
            person: id,
            organisation: post.organisation.clone(),
            role: post.role,
            certificate: post.certificate.clone(),
            since: now,
            until: None,
            given_by: None,
            given_at: now,
            ended_at: None,
        };
        let posts = pack.posts.iter().filter(|post| post.login == p.login).map(post).collect();
        let (login, name_zh, name_en) = (p.login, p.name_zh, p.name_en);
        joining.push((
            PersonRow { id, login, name_zh, name_en, password_hash, disabled: false, must_change: false },
            posts,
        ));
    }
    joining.sort_by(|(a, _), (b, _)| a.login.cmp(&b.login));
    Ok(store.people_join(&Caller::machine(), joining, now).await?)
}

/// What ends the program from outside: SIGINT and SIGTERM. Heard from the beginning on, so that whoever stops it in its first moments
/// gets a program that ends as it should.
pub(super) struct Ends {
    signals: Option<[Signal; 2]>,
}

impl Ends {
    /// Begins to listen.
    pub(super) fn listen() -> Self {
        let both = signal(SignalKind::interrupt()).and_then(|one| Ok([one, signal(SignalKind::terminate())?]));
        let signals =
            both.inspect_err(|error| tracing::error!(%error, "no signals; ending only by the program's own wish"));
        Self { signals: signals.ok() }
    }

    /// Waits for one of them.
    pub(super) async fn heard(&mut self) {
        match &mut self.signals {
            Some([interrupt, terminate]) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            None => std::future::pending().await,
        }
    }

    /// Waits for one of them, or for the program's own wish to end.
    pub(super) async fn or(mut self, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.heard() => {}
        }
    }
}
