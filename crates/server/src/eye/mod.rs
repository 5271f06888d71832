//! 环境眼 (Eye) at the edge: cameras that this node looks at, what comes of it, and loudspeakers.
//!
//! Each camera has a source with threads of its own (`shanshui_camera`) that hands pictures to a watch (`shanshui_vision`) in
//! `looking`; what it sees goes over a channel to one task per camera, the `keeper`, which writes events, keeps files of them and
//! says how the camera's guard is. What is to be said aloud goes to one task per station, [`voice`].
//!
//! One node looks at a camera: the one that holds its name. What a node knows in memory is pictures and figures of the moment only.

pub mod files;
mod keeper;
mod looking;
pub mod model;
pub mod pack;
mod page;
pub mod plan;
pub mod retention;
pub mod tracks;
pub mod voice;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use shanshui_domain::right::Caller;
use shanshui_domain::sense::eye::camera::{Camera, CameraKind};
use shanshui_domain::sense::eye::guard::{Guard, GuardState, Reason};
use shanshui_domain::time::Instant;
use shanshui_store::{CameraRow, Holding, StoreError};

pub use looking::{Looking, Shown};

use crate::app::App;
use crate::notes::Bell;
use voice::Voices;

/// Cameras are looked up again by themselves, whatever was told; changes ring the bell.
const LOOK: Duration = Duration::from_secs(15);
/// That a camera was looked at is written down so often: what lies between it and the next start was seen by nobody.
const ALIVE: Duration = Duration::from_secs(20);
const ALIVE_KEY: &str = "eye:alive";

/// Cameras of this node.
#[derive(Debug, Default)]
pub struct Eyes {
    cameras: RwLock<HashMap<String, Arc<Looking>>>,
    /// Cameras or fences have changed.
    pub bell: Bell,
    /// Loudspeakers.
    pub voices: Voices,
    /// The model.
    pub model: model::Kept,
    /// One clip is blurred at a time.
    pub blurring: tokio::sync::Mutex<()>,
}

impl Eyes {
    /// A camera that this node looks at.
    pub fn looking(&self, id: &str) -> Option<Arc<Looking>> {
        self.cameras.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn put(&self, looking: &Arc<Looking>) {
        let mut all = self.cameras.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(looking.row.id.clone(), Arc::clone(looking));
    }

    fn drop(&self, id: &str) {
        self.cameras.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }
}

/// The folder of a camera's recordings and of what is known of its scene.
pub fn folder_of(app: &App, camera: &str) -> PathBuf {
    app.config.eye.folder(&app.config.data).join("cameras").join(camera)
}

/// One camera that is looked at.
struct Running {
    version: i64,
    looking: Arc<Looking>,
    keeper: tokio::task::JoinHandle<()>,
    holding: Holding,
}

/// Looks at every camera whose name this node gets hold of, until the program ends.
pub(crate) async fn run(app: App) {
    let mut running: HashMap<String, Running> = HashMap::new();
    let mut ear = app.eye.bell.listen();
    let mut alive = tokio::time::interval(ALIVE);
    loop {
        if let Err(error) = round(&app, &mut running).await {
            tracing::warn!(%error, "cameras could not be looked up");
        }
        tokio::select! {
            () = app.shutdown.cancelled() => break,
            () = ear.wait(LOOK) => {}
            _ = alive.tick() => alive_put(&app, running.keys()).await,
        }
    }
    alive_put(&app, running.keys()).await;
    for (id, one) in running {
        let guard = Guard { state: GuardState::Blind, reason: Some(Reason::Stopped), since: app.clock.now() };
        ended(&app, one).await;
        if let Err(error) = app.store.guard_put(id, guard).await {
            tracing::warn!(%error, "that a camera is not looked at any more could not be written");
        }
    }
}

async fn alive_put(app: &App, ids: impl Iterator<Item = &String>) {
    let now = app.clock.now().0.to_string();
    let rows: Vec<_> = ids.map(|id| (format!("{ALIVE_KEY}:{id}"), now.clone())).collect();
    if !rows.is_empty()
        && let Err(error) = app.store.rule_states_put(rows).await
    {
        tracing::debug!(%error, "that cameras are looked at could not be written");
    }
}

async fn round(app: &App, running: &mut HashMap<String, Running>) -> Result<(), StoreError> {
    let rows = app.store.cameras(&Caller::machine()).await?;
    let wanted = |row: &&CameraRow| row.camera.enabled;
    let gone: Vec<String> = running
        .iter()
        .filter(|(id, one)| {
            let row = rows.iter().filter(wanted).find(|row| row.id == **id);
            row.is_none_or(|row| row.version != one.version)
                || one.holding.lost().is_cancelled()
                || one.keeper.is_finished()
        })
        .map(|(id, _)| id.clone())
        .collect();
    for id in gone {
        if let Some(one) = running.remove(&id) {
            ended(app, one).await;
            let row = rows.iter().find(|row| row.id == id);
            if row.is_some_and(|row| !row.camera.enabled) {
                off(app, id).await?;
            }
        }
    }
    for row in rows.iter().filter(wanted) {
        if running.contains_key(&row.id) {
            if let Some(one) = running.get(&row.id) {
                refresh(app, &one.looking).await?;
            }
            continue;
        }
        let Some(holding) = app.store.hold(&format!("eye:{}", row.id)).await? else { continue };
        let began = begun(app, row.clone()).await?;
        running.insert(row.id.clone(), Running { version: row.version, looking: began.0, keeper: began.1, holding });
    }
    Ok(())
}

async fn off(app: &App, id: String) -> Result<(), StoreError> {
    let guard = Guard { state: GuardState::Off, reason: None, since: app.clock.now() };
    app.store.guard_put(id, guard).await?;
    Ok(())
}

/// The source is stopped first; then the keeper comes to its end by itself, because nobody speaks to it any more.
async fn ended(app: &App, one: Running) {
    let id = one.looking.row.id.clone();
    app.eye.drop(&id);
    one.looking.stop().await;
    if let Err(error) = one.keeper.await {
        tracing::error!(%error, camera = id, "a keeper did not end well");
    }
    drop(one.holding);
}

async fn begun(app: &App, row: CameraRow) -> Result<(Arc<Looking>, tokio::task::JoinHandle<()>), StoreError> {
    let state: HashMap<String, String> = app.store.rule_states().await?.into_iter().collect();
    let seen = state.get(&format!("{ALIVE_KEY}:{}", row.id)).and_then(|text| text.parse().ok()).map(Instant);
    keeper::settle(app, &row, seen).await?;
    let plan = plan::newest(app, &row.id).await?;
    let quiets = app.store.quiets(&Caller::machine(), &row.id).await?;
    let address = match row.camera.kind {
        CameraKind::Drawn => Ok(None),
        _ => app.store.camera_addresses(&row.id).await.map(Some),
    };
    let (looking, heard) = looking::begin(app, row, plan, &quiets, address).await;
    app.eye.put(&looking);
    let keeper = tokio::spawn(keeper::run(app.clone(), Arc::clone(&looking), heard));
    Ok((looking, keeper))
}

/// Fences or quiet places may be others by now.
async fn refresh(app: &App, looking: &Looking) -> Result<(), StoreError> {
    let id = &looking.row.id;
    let plan = plan::newest(app, id).await?;
    if plan.version != looking.plan().version {
        looking.replan(plan);
    }
    let quiets = app.store.quiets(&Caller::machine(), id).await?;
    looking.quiet(&quiets);
    Ok(())
}

/// A camera as people read it, without what opens it.
pub fn shown_address(address: &str) -> String {
    let secret = shanshui_camera::Secret::new(address);
    secret.shown()
}

/// The spec of a camera's source.
pub(crate) fn kind_of(camera: &Camera) -> shanshui_camera::Kind {
    match camera.kind {
        CameraKind::Rtsp => shanshui_camera::Kind::Rtsp,
        CameraKind::Mjpeg => shanshui_camera::Kind::Mjpeg,
        CameraKind::Snapshot => shanshui_camera::Kind::Snapshot,
        CameraKind::File => shanshui_camera::Kind::File,
        CameraKind::Drawn => shanshui_camera::Kind::Drawn,
    }
}
