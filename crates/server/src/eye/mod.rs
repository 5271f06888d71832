//! 环境眼 (Eye) at the edge: cameras that this node looks at, what comes of it, and loudspeakers.
//!
//! Each camera has a source with threads of its own (`shanshui_camera`) that hands pictures to a watch (`shanshui_vision`) in
//! `looking`; what it sees goes over a channel to one task per camera, the `keeper`, which makes events of it, keeps files of them and
//! says how the camera's guard is; what of that is `owed` to the store is written until it is kept. What is to be said aloud goes to
//! one task per station, [`voice`].
//!
//! One node looks at a camera: the one that holds its name. What a node knows in memory is pictures and figures of the moment only.

pub mod files;
mod keeper;
mod looking;
pub mod model;
mod owed;
pub mod pack;
mod page;
pub mod plan;
pub mod retention;
pub mod tracks;
pub mod voice;

use std::collections::{HashMap, HashSet};
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
use keeper::Ended;
use owed::Owed;
use voice::Voices;

/// Cameras are looked up again by themselves, whatever was told; changes ring the bell.
const LOOK: Duration = Duration::from_secs(15);
/// That a camera was looked at is written down so often: what lies between it and the next start was seen by nobody.
const ALIVE: Duration = Duration::from_secs(20);
const ALIVE_KEY: &str = "eye:alive";
/// A camera that is refused is tried again after so long: what is wrong with it is seldom mended by itself.
const REFUSED: Duration = Duration::from_mins(5);
/// What recordings must keep is set again so often.
const HOLD: Duration = Duration::from_mins(5);

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
    owed: Arc<Owed>,
    /// When one that was refused is tried again.
    again: Option<tokio::time::Instant>,
}

/// What this node knows of its cameras.
#[derive(Default)]
struct Here {
    running: HashMap<String, Running>,
    owed: HashMap<String, Arc<Owed>>,
    /// Cameras of which it has settled what an earlier run left, and whether that holds still.
    settled: HashMap<String, bool>,
    /// Clips that an earlier run has not made, until there is a recording to cut them out of.
    clips: HashMap<String, Vec<Ended>>,
    /// Cameras that are said to be switched off.
    off: HashSet<String>,
}

/// Looks at every camera whose name this node gets hold of, until the program ends.
pub(crate) async fn run(app: App) {
    let mut here = Here::default();
    let mut ear = app.eye.bell.listen();
    let mut alive = tokio::time::interval(ALIVE);
    let mut held = tokio::time::Instant::now();
    loop {
        let begun = here.round(&app).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cameras could not be looked up");
            false
        });
        if begun || held.elapsed() >= HOLD {
            held = tokio::time::Instant::now();
            if let Err(error) = retention::hold(&app).await {
                tracing::error!(%error, "what recordings must keep could not be set");
            }
        }
        tokio::select! {
            () = app.shutdown.cancelled() => break,
            () = ear.wait(LOOK) => {}
            _ = alive.tick() => alive_put(&app, here.running.keys()).await,
        }
    }
    alive_put(&app, here.running.keys()).await;
    for one in std::mem::take(&mut here.running).into_values() {
        let guard = Guard { state: GuardState::Blind, reason: Some(Reason::Stopped), since: app.clock.now() };
        let (owed, station) = (Arc::clone(&one.owed), one.looking.row.camera.station.clone());
        let lost = one.holding.lost().is_cancelled();
        here.end(&app, one).await;
        if !lost {
            owed.guard(&station, guard);
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

impl Here {
    /// Looks once which cameras there are; says whether any has begun.
    async fn round(&mut self, app: &App) -> Result<bool, StoreError> {
        let rows = app.store.cameras(&Caller::machine()).await?;
        let wanted = |row: &&CameraRow| row.camera.enabled;
        let now = tokio::time::Instant::now();
        let gone: Vec<String> = self
            .running
            .iter()
            .filter(|(id, one)| {
                let row = rows.iter().filter(wanted).find(|row| row.id == **id);
                row.is_none_or(|row| row.version != one.version)
                    || one.holding.lost().is_cancelled()
                    || one.keeper.is_finished()
                    || one.again.is_some_and(|again| now >= again)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            if let Some(one) = self.running.remove(&id) {
                self.end(app, one).await;
            }
        }
        for row in rows.iter().filter(|row| !row.camera.enabled) {
            if self.off.insert(row.id.clone()) {
                let since = row.at.min(app.clock.now());
                let guard = Guard { state: GuardState::Off, reason: None, since };
                self.owed(app, &row.id).guard(&row.camera.station, guard);
            }
        }
        let mut begun = false;
        for row in rows.iter().filter(wanted) {
            // what is wrong with one keeps no other from being looked at
            match self.look(app, row).await {
                Ok(new) => begun |= new,
                Err(error) => tracing::error!(%error, camera = row.id, "a camera could not be begun or looked up"),
            }
        }
        Ok(begun)
    }

    fn owed(&mut self, app: &App, id: &str) -> Arc<Owed> {
        Arc::clone(self.owed.entry(id.to_owned()).or_insert_with(|| Owed::new(app, id)))
    }

    /// Others may have looked at a camera, or what was begun of it was not ended.
    fn unsettle(&mut self, id: &str) {
        if let Some(settled) = self.settled.get_mut(id) {
            *settled = false;
        }
    }

    /// Looks at one camera; says whether that has begun now.
    async fn look(&mut self, app: &App, row: &CameraRow) -> Result<bool, StoreError> {
        self.off.remove(&row.id);
        if let Some(one) = self.running.get(&row.id) {
            refresh(app, &one.looking).await?;
            return Ok(false);
        }
        let Some(holding) = app.store.hold(&format!("eye:{}", row.id)).await? else {
            self.unsettle(&row.id);
            return Ok(false);
        };
        self.begin(app, row, holding).await?;
        Ok(true)
    }

    async fn begin(&mut self, app: &App, row: &CameraRow, holding: Holding) -> Result<(), StoreError> {
        let id = &row.id;
        let owed = self.owed(app, id);
        let settled = self.settled.get(id).copied();
        if settled != Some(true) {
            let state: HashMap<String, String> = app.store.rule_states().await?.into_iter().collect();
            let seen = state.get(&format!("{ALIVE_KEY}:{id}")).and_then(|text| text.parse().ok()).map(Instant);
            let ended = keeper::settle(app, &owed, row, (seen, settled.is_none())).await?;
            self.settled.insert(id.clone(), true);
            self.clips.entry(id.clone()).or_default().extend(ended);
        }
        let plan = plan::newest(app, id).await?;
        let quiets = app.store.quiets(&Caller::machine(), id).await?;
        let address = match row.camera.kind {
            CameraKind::Drawn => Ok(None),
            _ => match app.store.camera_addresses(id).await {
                // that is no fault of the address
                Err(error @ (StoreError::Unavailable(_) | StoreError::Busy)) => return Err(error),
                address => address.map(Some),
            },
        };
        let (looking, heard) = looking::begin(app, row.clone(), plan, &quiets, address).await;
        app.eye.put(&looking);
        let keeper = tokio::spawn(keeper::run(app.clone(), Arc::clone(&looking), Arc::clone(&owed), heard));
        if let Some(ring) = looking.ring()
            && let Some(ended) = self.clips.remove(id)
        {
            keeper::catch_up(app, &looking, (&owed, ring), ended);
        }
        let again = (!looking.is_begun()).then(|| tokio::time::Instant::now() + REFUSED);
        self.running.insert(id.clone(), Running { version: row.version, looking, keeper, holding, owed, again });
        Ok(())
    }

    /// The source is stopped first; then the keeper comes to its end by itself, because nobody speaks to it any more.
    async fn end(&mut self, app: &App, one: Running) {
        let id = one.looking.row.id.clone();
        let lost = one.holding.lost().is_cancelled();
        app.eye.drop(&id);
        one.looking.stop().await;
        let kept = one.keeper.await;
        if let Err(error) = &kept {
            tracing::error!(%error, camera = id, "a keeper did not end well");
        }
        if lost {
            one.owed.forget_guards();
        }
        if lost || kept.is_err() {
            self.unsettle(&id);
        }
        drop(one.holding);
    }
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
