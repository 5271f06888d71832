//! The keeper of one camera: what it has seen becomes events, files and the state of its guard.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use shanshui_camera::{Picture as Drawable, Ring, jpeg};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::eye::EventKind;
use shanshui_domain::sense::eye::event::{Begun, File, Step, What};
use shanshui_domain::sense::eye::guard::{Guard, GuardState, Reason};
use shanshui_domain::time::Instant;
use shanshui_store::{CameraRow, EventFilter, EventRow, StoreError};
use shanshui_vision::sight::{Gone, Who};
use shanshui_vision::{Rect, Sight};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::files;
use super::looking::{By, Heard, Looking, Shown};
use super::owed::Owed;
use super::retention::Pages;
use super::tracks;
use crate::app::{App, EyeSaid, Live};

/// A file of the recording is done so long after what it shows.
const RING_WAITS: Duration = Duration::from_secs(8);
/// Whoever enters is spoken to after so long at the latest, whether the store has said by then that they were announced or not.
const VISIT_WAITS: Duration = Duration::from_secs(2);
/// Events that have ended so lately get the clip that an earlier run has not made.
const LATELY_MS: i64 = 600_000;
/// Events of a camera that are looked at for that.
const LATELY_MAX: usize = 200;

/// A clip shows so much of an event at most; the recording has the rest as long as it is kept.
pub(super) const CLIP_MS_MAX: i64 = 600_000;

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
    owed: Arc<Owed>,
    stays: HashMap<u64, Stay>,
    approached: HashMap<u64, Instant>,
    blind: Option<Reason>,
    /// The state that is written, or owed.
    guards: Option<(GuardState, Option<Reason>)>,
}

/// An event that has ended and has no clip yet.
pub(super) struct Ended {
    event: String,
    entered: Instant,
    until: Instant,
}

/// Settles what an earlier run has left: events that it began and did not end, and the time in which nobody looked. Gives the events
/// whose clips it has not made: of a run of another program only, because this one still makes its own.
pub(super) async fn settle(
    app: &App,
    owed: &Arc<Owed>,
    row: &CameraRow,
    (seen, first): (Option<Instant>, bool),
) -> Result<Vec<Ended>, StoreError> {
    let (caller, store, now) = (Caller::machine(), &app.store, app.clock.now());
    let filter = EventFilter { camera: Some(row.id.clone()), ..EventFilter::default() };
    let lasting = EventFilter { state: Some("open".into()), ..filter.clone() };
    let (mut open, mut pages) = (Vec::new(), Pages::of(lasting));
    loop {
        let page = pages.turn(app).await?;
        if page.is_empty() {
            break;
        }
        open.extend(page.into_iter().filter(|event| !owed.owes(&event.id)));
    }
    let lately = if first { store.eye_events(&caller, &filter, None, LATELY_MAX).await? } else { Vec::new() };
    let newest = store.guards(&caller, &row.id, (Instant(i64::MAX - 1), Instant(i64::MAX))).await?.pop();
    // from here on nothing fails: what was found is done as a whole
    let mut without: Vec<Ended> = lately.into_iter().filter_map(|event| without_clip(event, now)).collect();
    for open in open {
        let entered = open.event.begun.entered;
        let until = seen.unwrap_or(now).min(now).max(entered);
        let what = What::Left { until, score: open.event.score, cut: Some("restart".into()) };
        owed.step(&open.id, what, None);
        owed.review(&open.id);
        without.push(Ended { event: open.id, entered, until });
    }
    let station = &row.camera.station;
    // a time in which it was switched off is none in which it should have seen anything
    if let Some(seen) = seen
        && newest.is_none_or(|was| was.state != GuardState::Off)
    {
        owed.guard(station, Guard { state: GuardState::Blind, reason: Some(Reason::Stopped), since: seen });
    }
    owed.guard(station, Guard { state: GuardState::Blind, reason: Some(Reason::Starting), since: now });
    Ok(without)
}

fn without_clip(row: EventRow, now: Instant) -> Option<Ended> {
    let until = row.event.left.filter(|left| now.ms_since(*left) < LATELY_MS)?;
    let has = row.event.files.iter().any(|(file, _)| file.kind == "clip");
    (!has).then_some(Ended { event: row.id, entered: row.event.begun.entered, until })
}

/// Makes the clips that an earlier run has not made, one after the other.
pub(super) fn catch_up(app: &App, looking: &Arc<Looking>, (owed, ring): (&Arc<Owed>, Ring), ended: Vec<Ended>) {
    let tasks = app.tasks.clone();
    let (app, looking, owed) = (app.clone(), Arc::clone(looking), Arc::clone(owed));
    tasks.spawn(async move {
        for one in ended {
            if app.shutdown.is_cancelled() {
                return;
            }
            for name in [files::CLIP, files::BOXES] {
                // one that the store knows nothing of was being made when the program ended
                if let Err(error) = files::remove(&app, &one.event, name) {
                    tracing::warn!(error = format!("{error:#}"), event = one.event, "half of a clip is still there");
                }
            }
            clip(&app, (&looking, &owed), ring.clone(), (&one.event, one.entered, one.until)).await;
        }
    });
}

/// Listens to a camera until it is no longer looked at. What is owed to the store then is written on by itself.
pub(super) async fn run(app: App, looking: Arc<Looking>, owed: Arc<Owed>, mut heard: mpsc::Receiver<Heard>) {
    // one that was refused is blind for that, as it was before
    let blind = looking.now().blind.or(Some(Reason::Starting));
    let begun = app.clock.now();
    let (stays, approached) = (HashMap::new(), HashMap::new());
    let mut keeper = Keeper { app, looking, owed, stays, approached, blind, guards: None };
    keeper.guard(begun);
    while let Some(heard) = heard.recv().await {
        let since = match heard {
            Heard::Seen { sights, by, shown, at } => {
                for sight in sights {
                    keeper.saw(sight, &by, &shown, at).await;
                }
                shown.taken
            }
            Heard::Sight { blind, since } => {
                keeper.blind = blind;
                if blind.is_some() {
                    keeper.all_gone("blind");
                }
                since
            }
            Heard::Recording(recording) => {
                tracing::info!(camera = keeper.looking.row.camera.code, recording = recording.zh(), "recording");
                keeper.tell("guard");
                keeper.app.clock.now()
            }
        };
        keeper.guard(since);
    }
    keeper.all_gone("stopped");
}

impl Keeper {
    fn tell(&self, what: &'static str) {
        self.app.tell(Live::Eye(self.said(what)));
    }

    fn said(&self, what: &'static str) -> EyeSaid {
        EyeSaid::new(&self.looking.row.id, &self.looking.row.camera.station, what)
    }

    /// What is told of an event that has begun. Whoever looks at a wall is not called for somebody who was announced.
    fn said_entered(&self, event: &str, kind: EventKind) -> EyeSaid {
        let (event, kind) = (Some(event.to_owned()), Some(kind.as_str().to_owned()));
        EyeSaid { event, kind, ..self.said("entered") }
    }

    fn said_left(&self, event: &str) -> EyeSaid {
        EyeSaid { event: Some(event.to_owned()), ..self.said("left") }
    }

    /// Says how the camera guards since an instant, when that is new.
    fn guard(&mut self, since: Instant) {
        let intruders = self.stays.values().filter(|s| s.kind != EventKind::Visit).count();
        let (state, reason) = Guard::judge(true, self.blind, intruders);
        if self.guards != Some((state, reason)) {
            self.guards = Some((state, reason));
            self.owed.guard(&self.looking.row.camera.station, Guard { state, reason, since });
        }
    }

    /// The announced visit that covers an instant.
    async fn visit(&self, at: Instant) -> Option<String> {
        let asked = self.app.store.visit_at(&self.looking.row.camera.station, at);
        let why = match tokio::time::timeout(VISIT_WAITS, asked).await {
            Ok(Ok(visit)) => return visit,
            Ok(Err(error)) => error.to_string(),
            Err(late) => late.to_string(),
        };
        tracing::error!(why, "announced visits cannot be read: this counts as an intrusion");
        None
    }

    async fn saw(&mut self, sight: Sight, by: &By, shown: &Shown, at: f64) {
        let ago = |since: f64| Instant(shown.taken.0 - ((at - since).max(0.0) * 1e6) as i64);
        match sight {
            Sight::Approached(who) => {
                self.approached.insert(who.stay, ago(who.since));
                self.tell("approached");
            }
            Sight::Entered(who) => {
                let entered = ago(who.since);
                self.entered(who, entered, by, shown).await;
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
                self.moment(EventKind::Crossed, who, (shown.taken, at), by, shown).await;
            }
            Sight::LeftBehind(r) => {
                let who = (r.fence, shanshui_vision::UNCLASSIFIED.to_owned(), 1.0, r.bbox);
                self.moment(EventKind::LeftBehind, who, (ago(r.since), r.since), by, shown).await;
            }
        }
    }

    fn begun(
        &self,
        kind: EventKind,
        (fence, label, score, bbox): (&str, &str, f32, Rect),
        (entered, stream_s): (Instant, f64),
        (approached, visit): (Option<Instant>, Option<String>),
        by: &By,
    ) -> Begun {
        let (camera, plan) = (&self.looking.row, &by.plan);
        Begun {
            camera: (camera.id.clone(), camera.version),
            station: camera.camera.station.clone(),
            kind,
            label: label.to_owned(),
            fence: (fence.to_owned(), plan.name(fence)),
            plan: (plan.version, plan.digest.clone()),
            thresholds: serde_json::to_value(&plan.plan.thresholds).unwrap_or_default(),
            model: self.looking.model.clone().filter(|_| by.detects),
            approached,
            entered,
            stream_s,
            clock_offset_ms: self.looking.clock_offset_ms(),
            score: f64::from(score),
            bbox: corners(bbox),
            visit,
        }
    }

    async fn entered(&mut self, who: Who, entered: Instant, by: &By, shown: &Shown) {
        let visit = self.visit(entered).await;
        let kind = if visit.is_some() { EventKind::Visit } else { EventKind::Intrusion };
        let event = Uuid::now_v7().to_string();
        // whoever is there hears it before anything is written
        let station = &self.looking.row.camera.station;
        self.app.eye.voices.entered(&self.app, station, &event, visit.is_some(), entered);
        let approached = self.approached.remove(&who.stay);
        let of = (who.fence.as_str(), who.label.as_str(), who.score, who.bbox);
        let begun = self.begun(kind, of, (entered, who.since), (approached, visit), by);
        self.begin(&event, begun);
        self.stays.insert(who.stay, Stay { event: event.clone(), kind, best: (who.score, shown.clone()), entered });
        let (app, owed, shown) = (self.app.clone(), Arc::clone(&self.owed), shown.clone());
        self.app.tasks.spawn(async move { picture(&app, &owed, &event, ("entry.jpg", "entry"), &shown).await });
    }

    fn begin(&self, event: &str, begun: Begun) {
        let said = self.said_entered(event, begun.kind);
        let series = format!("EYE-{}-", self.app.zone.day(begun.entered).year());
        let step = Step { at: self.app.clock.now(), by: None, what: What::Begun(Box::new(begun)) };
        self.owed.begin(event, series, step, said);
    }

    /// Something that lasts for a moment.
    async fn moment(
        &mut self,
        kind: EventKind,
        (fence, label, score, bbox): (String, String, f32, Rect),
        when: (Instant, f64),
        by: &By,
        shown: &Shown,
    ) {
        let visit = self.visit(when.0).await;
        let kind = if visit.is_some() { EventKind::Visit } else { kind };
        let event = Uuid::now_v7().to_string();
        let begun = self.begun(kind, (&fence, &label, score, bbox), when, (None, visit), by);
        self.begin(&event, begun);
        let stay = Stay { event: event.clone(), kind, best: (score, shown.clone()), entered: when.0 };
        picture(&self.app, &self.owed, &event, ("entry.jpg", "entry"), shown).await;
        self.end(stay, (shown.taken, f64::from(score)), None);
    }

    async fn left(&mut self, gone: &Gone, until: Instant, shown: &Shown) {
        let Some(stay) = self.stays.remove(&gone.stay) else { return };
        self.app.eye.voices.left(&self.app, &self.looking.row.camera.station, &stay.event);
        picture(&self.app, &self.owed, &stay.event, ("exit.jpg", "exit"), shown).await;
        self.end(stay, (until, f64::from(gone.best_score)), None);
    }

    /// Nothing more can be said of whoever was there.
    fn all_gone(&mut self, cut: &str) {
        let now = self.app.clock.now();
        self.approached.clear();
        for (_, stay) in std::mem::take(&mut self.stays) {
            self.app.eye.voices.left(&self.app, &self.looking.row.camera.station, &stay.event);
            let score = f64::from(stay.best.0);
            self.end(stay, (now, score), Some(cut));
        }
    }

    fn end(&self, stay: Stay, (until, score): (Instant, f64), cut: Option<&str>) {
        let Stay { event, best: (_, best), entered, .. } = stay;
        let until = until.max(entered);
        let what = What::Left { until, score, cut: cut.map(str::to_owned) };
        self.owed.step(&event, what, Some(self.said_left(&event)));
        self.owed.review(&event);
        let (app, looking, owed) = (self.app.clone(), Arc::clone(&self.looking), Arc::clone(&self.owed));
        self.app.tasks.spawn(async move {
            picture(&app, &owed, &event, ("best.jpg", "best"), &best).await;
            // who waits for the recording keeps no picture meanwhile
            drop(best);
            if let Some(ring) = looking.ring() {
                let wait = Duration::from_secs(app.config.eye.after_s) + RING_WAITS;
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = app.shutdown.cancelled() => {}
                }
                clip(&app, (&looking, &owed), ring, (&event, entered, until)).await;
            }
        });
    }
}

fn corners(r: Rect) -> [f64; 4] {
    [r.x0, r.y0, r.x1, r.y1].map(|v| (f64::from(v) * 10_000.0).round() / 10_000.0)
}

/// Keeps a picture of an event as it was looked at.
async fn picture(app: &App, owed: &Arc<Owed>, event: &str, names: (&'static str, &'static str), shown: &Shown) {
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
        Ok(Ok(file)) => owed.step(event, What::Filed(File { boxes, ..file }), None),
        Ok(Err(error)) => tracing::error!(error = format!("{error:#}"), event, "a picture is not kept"),
        Err(error) => tracing::error!(%error, event, "a picture is not kept"),
    }
}

/// Cuts the clip of an event out of the recording, without changing what is in it.
async fn clip(
    app: &App,
    (looking, owed): (&Looking, &Arc<Owed>),
    ring: Ring,
    (event, entered, until): (&str, Instant, Instant),
) {
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
                owed.step(event, What::Filed(file), None);
            }
            let [clip, boxes] = &both;
            // whoever opens the event does not wait for it; where many come one after the other, they are made when they are asked for
            if !files::is_blurring()
                && let Err(error) = files::clip_without_faces(app, event, clip, boxes).await
            {
                tracing::warn!(
                    error = format!("{error:#}"),
                    event,
                    "the clip without faces is made when it is asked for"
                );
            }
            let said = EyeSaid::new(&looking.row.id, &looking.row.camera.station, "filed");
            app.tell(Live::Eye(EyeSaid { event: Some(event.to_owned()), ..said }));
        }
        Ok(Err(error)) => tracing::warn!(error = format!("{error:#}"), event, "there is no clip"),
        Err(error) => tracing::error!(%error, event, "there is no clip"),
    }
}
