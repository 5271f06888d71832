//! One camera being looked at: its source's pictures through the scene check and the watch, on the source's own thread. A picture
//! that comes while the one before is still being looked at is dropped by the source, so that nothing ever lags.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use shanshui_camera::scene::{Scene, Times, What};
use shanshui_camera::{Feed, Frame, Kind, Recording, Ring, RingSettings, Secret, Source, Spec, State, Transport};
use shanshui_domain::place::Secret as Address;
use shanshui_domain::sense::eye::event::Model;
use shanshui_domain::sense::eye::guard::Reason;
use shanshui_domain::time::{Instant, Zone};
use shanshui_store::{CameraRow, QuietRow, StoreError};
use shanshui_vision::sight::TrackNow;
use shanshui_vision::watch::Quiet;
use shanshui_vision::{Picture, Rect, Settings, Sight, Watch};
use tokio::sync::mpsc;

use super::plan::{Drawn, minute};
use super::tracks::Log;
use super::{folder_of, kind_of};
use crate::app::App;

/// What the keeper is told that it has not taken yet, at most; then the source waits, and drops pictures.
const HEARD_MAX: usize = 256;
/// A picture older than this is not the present.
const FRESH_MS: i64 = 5_000;
/// Stamps by which the rate is reckoned.
const RATE_OF: usize = 25;
/// The learned scene is written down at most so often, seconds of the stream.
const LEARNED_EVERY_S: f64 = 60.0;

/// A picture that was looked at.
#[derive(Debug, Clone)]
pub struct Shown {
    /// When it was taken.
    pub taken: Instant,
    /// The picture.
    pub picture: Arc<Picture>,
    /// Who is followed on it.
    pub tracks: Arc<[TrackNow]>,
}

/// By what something was seen.
#[derive(Debug, Clone)]
pub(super) struct By {
    /// The fences that were watched.
    pub(super) plan: Arc<Drawn>,
    /// Whether the model looked; it is given up when it fails too often.
    pub(super) detects: bool,
}

/// What a keeper hears.
#[derive(Debug)]
pub(super) enum Heard {
    /// Something was seen on a picture.
    Seen {
        /// What.
        sights: Vec<Sight>,
        /// By what.
        by: By,
        /// On which picture.
        shown: Shown,
        /// Its time on the stream, seconds.
        at: f64,
    },
    /// Whether it sees.
    Sight {
        /// Why not.
        blind: Option<Reason>,
        /// Since when, which is before it could be told.
        since: Instant,
    },
    /// How its recording is.
    Recording(Recording),
}

/// What is known of the moment.
#[derive(Debug, Clone, Default)]
pub struct Now {
    /// State of the source.
    pub state: Option<State>,
    /// State of the recording.
    pub recording: Option<Recording>,
    /// Why it is blind.
    pub blind: Option<Reason>,
    /// In the source's own words.
    pub words: Option<String>,
    /// The newest picture.
    pub shown: Option<Shown>,
    /// When the last pictures were taken.
    taken: VecDeque<Instant>,
    /// From the moment a picture was taken to the moment it had been looked at, milliseconds.
    pub lag_ms: i64,
    /// Why the detector was given up.
    pub given_up: Option<String>,
}

impl Now {
    /// Pictures a second, as they were looked at lately.
    pub fn fps(&self) -> f64 {
        let (Some(first), Some(last)) = (self.taken.front(), self.taken.back()) else { return 0.0 };
        let ms = last.ms_since(*first);
        if ms > 0 { (self.taken.len() - 1) as f64 * 1_000.0 / ms as f64 } else { 0.0 }
    }
}

/// What the watch is to be told before its next picture.
#[derive(Debug)]
enum Order {
    Plan(Arc<Drawn>),
    Quiet(Vec<Quiet>),
    Relearn,
}

/// A camera that this node looks at.
pub struct Looking {
    /// The camera.
    pub row: CameraRow,
    /// Which model looks; none when only motion is seen.
    pub model: Option<Model>,
    now: Mutex<Now>,
    plan: Mutex<Arc<Drawn>>,
    quiet: Mutex<Vec<Quiet>>,
    orders: Mutex<Vec<Order>>,
    source: Mutex<Option<Source>>,
    ring: Mutex<Option<Ring>>,
    /// Keeps the keeper of a camera that has no source.
    tell: Mutex<Option<mpsc::Sender<Heard>>>,
    folder: PathBuf,
}

impl std::fmt::Debug for Looking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Looking").field("camera", &self.row.id).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An instant of this program from one of the camera's crate.
pub(super) fn instant(at: Timestamp) -> Instant {
    Instant::from_timestamp(at)
}

impl Looking {
    /// What is known of the moment.
    pub fn now(&self) -> Now {
        lock(&self.now).clone()
    }

    /// The present picture; none while the camera is blind, or when the newest is no longer the present. An old picture is never given.
    pub fn live(&self, now: Instant) -> Option<Shown> {
        let held = lock(&self.now);
        if held.blind.is_some() {
            return None;
        }
        held.shown.clone().filter(|shown| now.ms_since(shown.taken) <= FRESH_MS)
    }

    /// The fences that are to be watched.
    pub fn plan(&self) -> Arc<Drawn> {
        Arc::clone(&lock(&self.plan))
    }

    /// Its recordings.
    pub fn ring(&self) -> Option<Ring> {
        lock(&self.ring).clone()
    }

    /// Figures of its source: frames, dropped, starts, CPU seconds.
    pub fn statistics(&self) -> shanshui_camera::Statistics {
        lock(&self.source).as_ref().map(Source::statistics).unwrap_or_default()
    }

    /// The camera's clock less ours, milliseconds, where it tells its own.
    pub fn clock_offset_ms(&self) -> Option<i64> {
        self.statistics().clock_offset_s.map(|s| (s * 1_000.0).round() as i64)
    }

    /// Folder of its recordings.
    pub fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// Other fences from the next picture on.
    pub(super) fn replan(&self, plan: Drawn) {
        let plan = Arc::new(plan);
        *lock(&self.plan) = Arc::clone(&plan);
        lock(&self.orders).push(Order::Plan(plan));
    }

    /// Other places where something is no person.
    pub(super) fn quiet(&self, rows: &[QuietRow]) {
        let new = quiets(rows);
        let mut held = lock(&self.quiet);
        if *held != new {
            held.clone_from(&new);
            lock(&self.orders).push(Order::Quiet(new));
        }
    }

    /// What the camera sees from now on is what it is to see.
    pub fn relearn(&self) {
        lock(&self.orders).push(Order::Relearn);
        // a program that begins again before the next picture comes does not bring the old one back
        forget_scene(&self.folder);
    }

    /// Whether it is looked at; else it is refused, and tried again later.
    pub(super) fn is_begun(&self) -> bool {
        lock(&self.source).is_some()
    }

    fn is_refused(&self, why: String) {
        let mut now = lock(&self.now);
        (now.words, now.blind) = (Some(why), Some(Reason::Refused));
    }

    pub(super) async fn stop(&self) {
        drop(lock(&self.tell).take());
        let source = lock(&self.source).take();
        // it waits for its threads
        if let Some(source) = source
            && tokio::task::spawn_blocking(move || source.stop()).await.is_err()
        {
            tracing::error!(camera = self.row.id, "a source did not end well");
        }
    }
}

fn quiets(rows: &[QuietRow]) -> Vec<Quiet> {
    let there = rows.iter().filter(|row| row.ended.is_none());
    let rect = |[x0, y0, x1, y1]: [f64; 4]| Rect { x0: x0 as f32, y0: y0 as f32, x1: x1 as f32, y1: y1 as f32 };
    there.map(|row| Quiet { bbox: rect(row.quiet.bbox), label: row.quiet.label.clone(), until: None }).collect()
}

/// Begins to look. A camera whose address does not open, or whose spec is refused, is blind with the reason.
pub(super) async fn begin(
    app: &App,
    row: CameraRow,
    plan: Drawn,
    quiet_rows: &[QuietRow],
    address: Result<Option<(Address, Option<Address>)>, StoreError>,
) -> (Arc<Looking>, mpsc::Receiver<Heard>) {
    let (tell, heard) = mpsc::channel(HEARD_MAX);
    let section = app.config.eye.clone();
    let app_of_model = app.clone();
    // loading takes a second, and others are served meanwhile
    let detector = tokio::task::spawn_blocking(move || app_of_model.eye.model.detector(&section)).await.ok().flatten();
    let ((detector, model), plan) = (detector.unzip(), Arc::new(plan));
    let folder = folder_of(app, &row.id);
    if let Err(error) = std::fs::create_dir_all(&folder) {
        tracing::error!(%error, folder = %folder.display(), "nothing of this camera can be kept");
    }
    let quiet = quiets(quiet_rows);
    let watch = Watch::new(plan.plan.clone(), detector, Settings { quiet: quiet.clone(), ..Settings::default() });
    let looking = Arc::new(Looking {
        row,
        model,
        now: Mutex::default(),
        plan: Mutex::new(Arc::clone(&plan)),
        quiet: Mutex::new(quiet),
        orders: Mutex::default(),
        source: Mutex::default(),
        ring: Mutex::default(),
        tell: Mutex::new(Some(tell.clone())),
        folder,
    });
    let spec = spec(app, &looking, address);
    let sink = Sink {
        looking: Arc::clone(&looking),
        scene: scene(&looking.folder),
        watch,
        plan,
        log: Log::new(&looking.folder),
        zone: app.zone.clone(),
        app: app.clone(),
        tell,
        blind: Some(Reason::Starting),
        learned_at: 0.0,
        at: 0.0,
        taken: None,
    };
    match spec {
        Ok(spec) => start(&looking, spec, sink).await,
        Err(error) => {
            tracing::error!(camera = looking.row.id, error, "is not looked at");
            looking.is_refused(error);
        }
    }
    (looking, heard)
}

async fn start(looking: &Arc<Looking>, spec: Spec, mut sink: Sink) {
    let begun = tokio::task::spawn_blocking(move || Source::start(spec, Box::new(move |feed| sink.take(feed)))).await;
    match begun {
        Ok(Ok(source)) => {
            *lock(&looking.ring) = source.ring().cloned();
            *lock(&looking.source) = Some(source);
        }
        Ok(Err(error)) => {
            tracing::error!(camera = looking.row.id, %error, "is not looked at");
            looking.is_refused(error.zh());
        }
        Err(error) => {
            tracing::error!(%error, camera = looking.row.id, "a source could not begin");
            looking.is_refused(error.to_string());
        }
    }
}

fn spec(
    app: &App,
    looking: &Looking,
    address: Result<Option<(Address, Option<Address>)>, StoreError>,
) -> Result<Spec, String> {
    let camera = &looking.row.camera;
    let (address, detect) = match address.map_err(|e| e.to_string())? {
        Some((address, detect)) => (address.expose().to_owned(), detect.map(|d| d.expose().to_owned())),
        None => (String::new(), None),
    };
    let section = &app.config.eye;
    let mut spec = Spec::new(kind_of(camera), address.clone());
    if spec.kind == Kind::File && !section.may_read(&address) {
        return Err("eye.files：该文件不在允许的文件夹内".into());
    }
    spec.detect_url = detect.map(Secret::new);
    spec.transport = if camera.udp { Transport::Udp } else { Transport::Tcp };
    spec.fps = camera.fps as f32;
    spec.width = camera.width & !1;
    spec.loop_file = spec.kind == Kind::File;
    spec.drawn.visit_every_s = section.drawn_every_s;
    spec.drawn.utc_offset_min = offset_min(&app.zone, app.clock.now());
    if section.ring_days > 0.0 {
        let mut ring = RingSettings::new(std::path::absolute(looking.folder.join("ring")).map_err(|e| e.to_string())?);
        ring.days = section.ring_days;
        ring.quota_mb = section.ring_mb;
        ring.floor_mb = app.config.store.disk_free_min_mb;
        spec.record = Some(ring);
    }
    spec.check().map_err(|error| error.zh())?;
    Ok(spec)
}

fn offset_min(zone: &Zone, now: Instant) -> i32 {
    let civil = zone.civil(now);
    let utc = Zone::named("UTC").map(|utc| utc.civil(now));
    utc.ok()
        .and_then(|utc| civil.since(utc).ok())
        .map_or(0, |span| span.total(jiff::Unit::Minute).map_or(0, |minutes| minutes as i32))
}

/// Where what was learned of a scene is kept.
fn scene_file(folder: &Path) -> PathBuf {
    folder.join("scene.json")
}

fn forget_scene(folder: &Path) {
    let path = scene_file(folder);
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::error!(%error, path = %path.display(), "the old scene is still there");
    }
}

/// What the camera saw before the program ended, so that one that was turned away meanwhile is noticed.
fn scene(folder: &Path) -> Scene {
    let learned = std::fs::read(scene_file(folder)).ok().and_then(|b| serde_json::from_slice(&b).ok());
    match learned {
        Some(learned) => Scene::knowing(Times::default(), learned),
        None => Scene::new(Times::default()),
    }
}

/// Takes what the source gives, on the source's thread.
struct Sink {
    looking: Arc<Looking>,
    scene: Scene,
    watch: Watch,
    /// The fences that the watch goes by.
    plan: Arc<Drawn>,
    log: Log,
    zone: Zone,
    app: App,
    tell: mpsc::Sender<Heard>,
    /// As it was told last.
    blind: Option<Reason>,
    learned_at: f64,
    /// Time of the last picture on the stream.
    at: f64,
    /// When it was taken, until it was told that none came after it.
    taken: Option<Instant>,
}

impl Sink {
    fn take(&mut self, feed: Feed) {
        match feed {
            Feed::Frame(frame) => self.frame(frame),
            Feed::State(state) => self.state(state),
            Feed::Recording(recording) => {
                lock(&self.looking.now).recording = Some(recording.clone());
                self.say(Heard::Recording(recording));
            }
        }
    }

    /// Whoever listens is gone only when the camera is about to be stopped.
    fn say(&self, heard: Heard) {
        let _ = self.tell.blocking_send(heard);
    }

    fn state(&mut self, state: State) {
        let reason = match &state {
            State::Starting => Some(Reason::Starting),
            // it sees once there is a picture
            State::Running { .. } => None,
            State::Finished => Some(Reason::Offline),
            State::Down { reason, .. } => Some(word(reason)),
        };
        {
            let mut now = lock(&self.looking.now);
            now.words = match &state {
                State::Down { reason, .. } => Some(reason.zh()),
                _ => None,
            };
            now.state = Some(state);
        }
        // while it is begun again it stays as blind as it was
        match reason {
            Some(Reason::Starting) if self.blind.is_some() => {}
            Some(reason) => {
                let since = self.taken.take().unwrap_or_else(|| self.app.clock.now());
                self.sees(Some(reason), since);
            }
            None => {}
        }
    }

    fn sees(&mut self, blind: Option<Reason>, since: Instant) {
        if self.blind == blind {
            return;
        }
        self.blind = blind;
        lock(&self.looking.now).blind = blind;
        if blind.is_some() {
            // who was there may be there still; nobody knows
            let _gone = self.watch.finish(self.at);
        }
        self.say(Heard::Sight { blind, since });
    }

    fn by(&self) -> By {
        By { plan: Arc::clone(&self.plan), detects: self.watch.model().is_some() }
    }

    /// Takes what it is told to do otherwise. What ends with a plan was seen by that plan.
    fn orders(&mut self, at: f64) -> Vec<(By, Vec<Sight>)> {
        let orders = std::mem::take(&mut *lock(&self.looking.orders));
        let mut ended = Vec::new();
        for order in orders {
            match order {
                Order::Plan(plan) => {
                    ended.push((self.by(), self.watch.replan(plan.plan.clone())));
                    self.plan = plan;
                }
                Order::Quiet(quiet) => self.watch.set_quiet(quiet),
                Order::Relearn => {
                    self.scene.relearn();
                    self.learned_at = at;
                    // the picture before may have written it once more
                    forget_scene(&self.looking.folder);
                }
            }
        }
        ended
    }

    fn frame(&mut self, frame: Frame) {
        let taken = instant(frame.taken);
        let at = frame.at;
        self.at = at;
        let blind = self.scene.look(at, &frame.rgb, frame.width, frame.height);
        let Ok(picture) = Picture::new(frame.width, frame.height, frame.rgb) else { return };
        let picture = Arc::new(picture);
        let since = blind.map_or(taken, |blind| Instant(taken.0 - ((at - blind.since).max(0.0) * 1e6) as i64));
        self.sees(blind.map(|blind| reason(blind.what)), since);
        self.taken = Some(taken);
        let mut seen = self.orders(at);
        if blind.is_none() {
            let sights = self.watch.see(at, minute(&self.zone, taken), &picture);
            seen.push((self.by(), sights));
        }
        let tracks: Arc<[TrackNow]> = if blind.is_none() { self.watch.tracks().into() } else { Arc::default() };
        self.log.put(taken, &tracks);
        let shown = Shown { taken, picture, tracks };
        {
            let mut now = lock(&self.looking.now);
            now.lag_ms = self.app.clock.now().ms_since(taken).max(0);
            now.given_up.clone_from(&self.watch.stats().given_up);
            now.taken.push_back(taken);
            if now.taken.len() > RATE_OF {
                now.taken.pop_front();
            }
            now.shown = Some(shown.clone());
        }
        for (by, sights) in seen.into_iter().filter(|(_, sights)| !sights.is_empty()) {
            self.say(Heard::Seen { sights, by, shown: shown.clone(), at });
        }
        self.learn(at);
    }

    fn learn(&mut self, at: f64) {
        if at - self.learned_at < LEARNED_EVERY_S || self.blind.is_some() {
            return;
        }
        self.learned_at = at;
        if let Some(text) = self.scene.learned().and_then(|learned| serde_json::to_vec(learned).ok()) {
            let path = scene_file(&self.looking.folder);
            let part = path.with_extension("part");
            // what cannot be written is learned again after the next start
            let _ = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, &path));
        }
    }
}

fn reason(what: What) -> Reason {
    match what {
        What::Black => Reason::Black,
        What::Covered => Reason::Covered,
        What::Frozen => Reason::Frozen,
        What::Moved => Reason::Moved,
        What::Offline => Reason::Offline,
    }
}

fn word(reason: &shanshui_camera::Reason) -> Reason {
    use shanshui_camera::Reason as Why;
    match reason {
        Why::Unauthorised | Why::NotFound | Why::Refused => Reason::Refused,
        Why::Garbage | Why::Resized | Why::Memory | Why::Cpu(_) => Reason::Garbage,
        Why::NoProgram => Reason::NoProgram,
        _ => Reason::Offline,
    }
}
