//! The keeper of one camera: what it has seen becomes events, files and the state of its guard.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use shanshui_camera::{Picture as Drawable, Ring, jpeg};
use shanshui_domain::sense::eye::EventKind;
use shanshui_domain::sense::eye::event::{Begun, File, Step, What};
use shanshui_domain::sense::eye::guard::{Guard, GuardState, Reason};
use shanshui_domain::time::Instant;
use shanshui_store::{CameraRow, StoreError};
use shanshui_vision::sight::{Gone, Who};
use shanshui_vision::{Rect, Sight};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::files;
use super::looking::{Heard, Looking, Shown};
use super::plan::Drawn;
use super::tracks;
use crate::app::{App, Live};
use crate::job::review;

/// A file of the recording is done so long after what it shows.
const RING_WAITS: Duration = Duration::from_secs(8);
/// A step that could not be written is tried so often again.
const TRIES: u32 = 8;

/// A clip shows so much of an event at most; the recording has the rest as long as it is kept.
const CLIP_MS_MAX: i64 = 600_000;

/// A stay that lasts.
struct Stay {
    event: String,
    kind: EventKind,
    /// The surest picture so far, and how sure.
    best: (f32, Shown),
    entered: Instant,
}

struct Keeper {
    app: App,
    looking: Arc<Looking>,
    stays: HashMap<u64, Stay>,
    approached: HashMap<u64, Instant>,
    blind: Option<Reason>,
    /// The state that was written last.
    written: Option<(GuardState, Option<Reason>)>,
}

/// Settles what an earlier run has left: events that it began and did not end, and the time in which nobody looked.
pub(super) async fn settle(app: &App, row: &CameraRow, seen: Option<Instant>) -> Result<(), StoreError> {
    let now = app.clock.now();
    let until = seen.unwrap_or(now).min(now);
    for open in app.store.eye_open().await?.into_iter().filter(|e| e.event.begun.camera.0 == row.id) {
        let what = What::Left { until, score: open.event.score, cut: Some("restart".into()) };
        app.store.eye_step(&open.id, Step { at: now, by: None, what }, app.config.eye.margin_ms()).await?;
    }
    if let Some(seen) = seen {
        let guard = Guard { state: GuardState::Blind, reason: Some(Reason::Stopped), since: seen };
        app.store.guard_put(row.id.clone(), guard).await?;
    }
    let guard = Guard { state: GuardState::Blind, reason: Some(Reason::Starting), since: now };
    app.store.guard_put(row.id.clone(), guard).await?;
    Ok(())
}

/// Listens to a camera until it is no longer looked at.
pub(super) async fn run(app: App, looking: Arc<Looking>, mut heard: mpsc::Receiver<Heard>) {
    let mut keeper = Keeper {
        app,
        looking,
        stays: HashMap::new(),
        approached: HashMap::new(),
        blind: Some(Reason::Starting),
        written: None,
    };
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::Seen { sights, shown, at } => {
                for sight in sights {
                    keeper.saw(sight, &shown, at).await;
                }
            }
            Heard::Sight(blind) => {
                keeper.blind = blind;
                if blind.is_some() {
                    keeper.all_gone("blind").await;
                }
            }
            Heard::Recording(recording) => {
                tracing::info!(camera = keeper.looking.row.camera.code, recording = recording.zh(), "recording");
                keeper.tell("guard", None);
            }
        }
        keeper.guard().await;
    }
    keeper.all_gone("stopped").await;
}

impl Keeper {
    fn tell(&self, what: &'static str, event: Option<&str>) {
        self.app.tell(Live::Eye {
            camera: self.looking.row.id.clone(),
            station: self.looking.row.camera.station.clone(),
            event: event.map(str::to_owned),
            what: what.to_owned(),
        });
    }

    /// Writes how the camera guards, when that is new.
    async fn guard(&mut self) {
        let intruders = self.stays.values().filter(|s| s.kind != EventKind::Visit).count();
        let (state, reason) = Guard::judge(true, self.blind, intruders);
        if self.written == Some((state, reason)) {
            return;
        }
        let guard = Guard { state, reason, since: self.app.clock.now() };
        match self.app.store.guard_put(self.looking.row.id.clone(), guard).await {
            Ok(new) => {
                self.written = Some((state, reason));
                if new {
                    self.tell("guard", None);
                }
            }
            Err(error) => tracing::error!(%error, camera = self.looking.row.id, "the state of a guard is not written"),
        }
    }

    async fn saw(&mut self, sight: Sight, shown: &Shown, at: f64) {
        let ago = |since: f64| Instant(shown.taken.0 - ((at - since).max(0.0) * 1e6) as i64);
        match sight {
            Sight::Approached(who) => {
                self.approached.insert(who.stay, ago(who.since));
                self.tell("approached", None);
            }
            Sight::Entered(who) => {
                let entered = ago(who.since);
                self.entered(who, entered, shown).await;
            }
            Sight::Better(who) => {
                if let Some(stay) = self.stays.get_mut(&who.stay)
                    && who.score > stay.best.0
                {
                    stay.best = (who.score, shown.clone());
                }
            }
            Sight::Left(gone) => {
                self.approached.remove(&gone.stay);
                let until = ago(gone.until);
                self.left(&gone, until, shown).await;
            }
            Sight::Crossed(c) => {
                let who = (c.line, c.label, c.score, c.bbox);
                self.moment(EventKind::Crossed, who, (shown.taken, at), shown).await;
            }
            Sight::LeftBehind(r) => {
                let who = (r.fence, shanshui_vision::UNCLASSIFIED.to_owned(), 1.0, r.bbox);
                self.moment(EventKind::LeftBehind, who, (ago(r.since), r.since), shown).await;
            }
        }
    }

    fn begun(
        &self,
        kind: EventKind,
        (fence, label, score, bbox): (&str, &str, f32, Rect),
        (entered, stream_s): (Instant, f64),
        approached: Option<Instant>,
        visit: Option<String>,
    ) -> Begun {
        let plan: Drawn = self.looking.plan();
        let camera = &self.looking.row;
        Begun {
            camera: (camera.id.clone(), camera.version),
            station: camera.camera.station.clone(),
            kind,
            label: label.to_owned(),
            fence: (fence.to_owned(), plan.name(fence)),
            plan: (plan.version, plan.digest.clone()),
            thresholds: serde_json::to_value(&plan.plan.thresholds).unwrap_or_default(),
            model: self.looking.model.clone(),
            approached,
            entered,
            stream_s,
            clock_offset_ms: self.looking.clock_offset_ms(),
            score: f64::from(score),
            bbox: corners(bbox),
            visit,
        }
    }

    async fn entered(&mut self, who: Who, entered: Instant, shown: &Shown) {
        let station = &self.looking.row.camera.station;
        let visit = self.app.store.visit_at(station, entered).await.unwrap_or_else(|error| {
            tracing::error!(%error, "announced visits cannot be read: this counts as an intrusion");
            None
        });
        let kind = if visit.is_some() { EventKind::Visit } else { EventKind::Intrusion };
        let event = Uuid::now_v7().to_string();
        // whoever is there hears it before anything is written
        self.app.eye.voices.entered(&self.app, station, &event, visit.is_some(), entered);
        let approached = self.approached.remove(&who.stay);
        let of = (who.fence.as_str(), who.label.as_str(), who.score, who.bbox);
        let begun = self.begun(kind, of, (entered, who.since), approached, visit);
        if let Err(error) = self.begin(&event, begun).await {
            tracing::error!(%error, camera = self.looking.row.id, "an event could not be written");
        }
        self.stays.insert(who.stay, Stay { event: event.clone(), kind, best: (who.score, shown.clone()), entered });
        self.tell("entered", Some(&event));
        let (app, shown) = (self.app.clone(), shown.clone());
        self.app.tasks.spawn(async move { picture(&app, &event, ("entry.jpg", "entry"), &shown).await });
    }

    async fn begin(&self, event: &str, begun: Begun) -> Result<(), StoreError> {
        let now = self.app.clock.now();
        let series = format!("EYE-{}-", self.app.zone.day(begun.entered).year());
        let step = Step { at: now, by: None, what: What::Begun(Box::new(begun)) };
        let margin = self.app.config.eye.margin_ms();
        again(|| self.app.store.eye_begin(event, series.clone(), step.clone(), margin)).await.map(drop)
    }

    /// Something that lasts for a moment.
    async fn moment(
        &mut self,
        kind: EventKind,
        (fence, label, score, bbox): (String, String, f32, Rect),
        when: (Instant, f64),
        shown: &Shown,
    ) {
        let station = &self.looking.row.camera.station;
        let visit = self.app.store.visit_at(station, when.0).await.ok().flatten();
        let kind = if visit.is_some() { EventKind::Visit } else { kind };
        let event = Uuid::now_v7().to_string();
        let begun = self.begun(kind, (&fence, &label, score, bbox), when, None, visit);
        if let Err(error) = self.begin(&event, begun).await {
            tracing::error!(%error, camera = self.looking.row.id, "an event could not be written");
            return;
        }
        let stay = Stay { event: event.clone(), kind, best: (score, shown.clone()), entered: when.0 };
        picture(&self.app, &event, ("entry.jpg", "entry"), shown).await;
        self.end(stay, (shown.taken, f64::from(score)), None).await;
        self.tell("entered", Some(&event));
    }

    async fn left(&mut self, gone: &Gone, until: Instant, shown: &Shown) {
        let Some(stay) = self.stays.remove(&gone.stay) else { return };
        self.app.eye.voices.left(&self.app, &self.looking.row.camera.station, &stay.event);
        let event = stay.event.clone();
        picture(&self.app, &event, ("exit.jpg", "exit"), shown).await;
        self.end(stay, (until, f64::from(gone.best_score)), None).await;
        self.tell("left", Some(&event));
    }

    /// Nothing more can be said of whoever was there.
    async fn all_gone(&mut self, cut: &str) {
        let now = self.app.clock.now();
        self.approached.clear();
        for (_, stay) in std::mem::take(&mut self.stays) {
            self.app.eye.voices.left(&self.app, &self.looking.row.camera.station, &stay.event);
            let (event, score) = (stay.event.clone(), f64::from(stay.best.0));
            self.end(stay, (now, score), Some(cut)).await;
            self.tell("left", Some(&event));
        }
    }

    async fn end(&self, stay: Stay, (until, score): (Instant, f64), cut: Option<&str>) {
        let app = &self.app;
        let what = What::Left { until: until.max(stay.entered), score, cut: cut.map(str::to_owned) };
        step(app, &stay.event, what).await;
        let (app, looking) = (app.clone(), Arc::clone(&self.looking));
        let Stay { event, best: (_, best), entered, .. } = stay;
        self.app.tasks.spawn(async move {
            picture(&app, &event, ("best.jpg", "best"), &best).await;
            // who waits for the recording keeps no picture meanwhile
            drop(best);
            if let Err(error) = review::soon_around(&app, &event).await {
                tracing::warn!(%error, "data around an intrusion is reviewed with the next round");
            }
            if let Some(ring) = looking.ring() {
                let wait = Duration::from_secs(app.config.eye.after_s) + RING_WAITS;
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = app.shutdown.cancelled() => {}
                }
                clip(&app, &looking, ring, (&event, entered, until)).await;
            }
        });
    }
}

fn corners(r: Rect) -> [f64; 4] {
    [r.x0, r.y0, r.x1, r.y1].map(|v| (f64::from(v) * 10_000.0).round() / 10_000.0)
}

async fn step(app: &App, event: &str, what: What) {
    let step = Step { at: app.clock.now(), by: None, what };
    let margin = app.config.eye.margin_ms();
    if let Err(error) = again(|| app.store.eye_step(event, step.clone(), margin)).await {
        tracing::error!(%error, event, "a step of an event is not written");
    }
}

/// Writes, and again while the store cannot; what the rules refuse is not tried again.
async fn again<T, F>(mut write: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut tries = 0;
    loop {
        match write().await {
            Err(error) if tries < TRIES && !matches!(error, StoreError::Eye(_) | StoreError::NotFound) => {
                tracing::warn!(%error, "what a camera saw is written again");
                tries += 1;
                tokio::time::sleep(Duration::from_millis(200 << tries.min(5))).await;
            }
            other => return other,
        }
    }
}

/// Keeps a picture of an event as it was looked at.
async fn picture(app: &App, event: &str, names: (&'static str, &'static str), shown: &Shown) {
    let (app_there, shown, id) = (app.clone(), shown.clone(), event.to_owned());
    // everybody on it, not only who the event is about
    let boxes = shown.tracks.iter().map(|t| (0.0, t.label.clone(), corners(t.bbox))).collect();
    let kept = tokio::task::spawn_blocking(move || -> anyhow::Result<File> {
        let (width, height) = (shown.picture.width(), shown.picture.height());
        let picture = Drawable::new(width, height, shown.picture.rgb().to_vec())?;
        let bytes = jpeg::encode(&picture, 90)?;
        files::keep(&app_there, &id, names, &bytes, (shown.taken, shown.taken))
    });
    match kept.await {
        Ok(Ok(file)) => step(app, event, What::Filed(File { boxes, ..file })).await,
        Ok(Err(error)) => tracing::error!(error = format!("{error:#}"), event, "a picture is not kept"),
        Err(error) => tracing::error!(%error, event, "a picture is not kept"),
    }
}

/// Cuts the clip of an event out of the recording, without changing what is in it.
async fn clip(app: &App, looking: &Looking, ring: Ring, (event, entered, until): (&str, Instant, Instant)) {
    let section = &app.config.eye;
    let last = until.plus_ms(section.after_ms()).min(entered.plus_ms(CLIP_MS_MAX));
    let span = (entered.plus_ms(-section.before_ms()), last);
    let (app_there, folder, id) = (app.clone(), looking.folder().clone(), event.to_owned());
    let kept = tokio::task::spawn_blocking(move || -> anyhow::Result<[File; 2]> {
        let at = |at: Instant| at.timestamp().unwrap_or(Timestamp::UNIX_EPOCH);
        let made = files::folder(&app_there, &id).join("clip.cut.mp4");
        std::fs::create_dir_all(made.parent().unwrap_or(&made))?;
        let cut = ring.cut(at(span.0), at(span.1), &made).map_err(|e| anyhow::anyhow!("{e}"))?;
        let span = (super::looking::instant(cut.span.from), super::looking::instant(cut.span.to));
        let clip = files::keep_made(&app_there, &id, (files::CLIP, "clip"), &made, span)?;
        let moments = tracks::between(&folder, span);
        let boxes: Vec<files::Boxed> = moments.iter().flat_map(|m| files::Boxed::of(m, span.0)).collect();
        let boxes = files::keep(&app_there, &id, (files::BOXES, "boxes"), &serde_json::to_vec(&boxes)?, span)?;
        Ok([clip, boxes])
    });
    match kept.await {
        Ok(Ok(both)) => {
            for file in both.clone() {
                step(app, event, What::Filed(file)).await;
            }
            let [clip, boxes] = &both;
            // whoever opens the event does not wait for it; where many come one after the other, they are made when they are asked for
            if app.eye.blurring.try_lock().is_ok()
                && let Err(error) = files::clip_without_faces(app, event, clip, boxes).await
            {
                tracing::warn!(
                    error = format!("{error:#}"),
                    event,
                    "the clip without faces is made when it is asked for"
                );
            }
            app.tell(Live::Eye {
                camera: looking.row.id.clone(),
                station: looking.row.camera.station.clone(),
                event: Some(event.to_owned()),
                what: "filed".into(),
            });
        }
        Ok(Err(error)) => tracing::warn!(error = format!("{error:#}"), event, "there is no clip"),
        Err(error) => tracing::error!(%error, event, "there is no clip"),
    }
}
