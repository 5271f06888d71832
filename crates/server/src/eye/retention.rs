//! What is kept of recordings and events, and what goes when its time or its room is over.
//!
//! Whoever records into a ring sweeps it, by what is held for it; each node says that for its own rings (`hold`). Files of events, what
//! was followed, and rings into which nobody records are looked after by one node for all (`sweep`).

use std::collections::HashMap;
use std::path::Path;

use shanshui_camera::{Hold, Ring, RingError, RingSettings, Span};
use shanshui_domain::id::CaseId;
use shanshui_domain::right::Caller;
use shanshui_domain::sense::eye::event::{Step, What};
use shanshui_domain::sense::eye::keep::{Held, Keeping, over};
use shanshui_domain::time::Instant;
use shanshui_store::{EventFilter, EventRow, StoreError};

use super::keeper::CLIP_MS_MAX;
use super::{files, folder_of, tracks};
use crate::app::App;

/// Events of one look.
const PAGE: usize = 1_000;
/// Nobody stays longer: an event that began so long before the oldest recording needs none of it.
const STAY_MS: i64 = 30 * DAY_MS;
const DAY_MS: i64 = 86_400_000;

/// An event that has files.
struct Kept {
    id: String,
    files: Vec<String>,
    held: Held,
}

/// Whether cases are open; each is read once.
#[derive(Default)]
struct Cases(HashMap<CaseId, bool>);

impl Cases {
    /// A case that cannot be read counts as open, so that nothing goes that it may need.
    async fn is_open(&mut self, app: &App, case: Option<CaseId>) -> bool {
        let Some(case) = case else { return false };
        if let Some(open) = self.0.get(&case) {
            return *open;
        }
        let open = match app.store.case(&Caller::machine(), case).await {
            Ok(detail) => detail.case.state.as_str() != "closed",
            Err(error) => {
                tracing::warn!(%error, %case, "a case cannot be read, and counts as open");
                true
            }
        };
        self.0.insert(case, open);
        open
    }
}

/// Events page by page, the newest first.
#[derive(Default)]
pub(super) struct Pages {
    filter: EventFilter,
    after: Option<(Instant, String)>,
}

impl Pages {
    pub(super) fn of(filter: EventFilter) -> Self {
        Self { filter, after: None }
    }

    /// The next page; empty after the last.
    pub(super) async fn turn(&mut self, app: &App) -> Result<Vec<EventRow>, StoreError> {
        let page = app.store.eye_events(&Caller::machine(), &self.filter, self.after.take(), PAGE).await?;
        self.after = page.last().map(|last| (last.event.begun.entered, last.id.clone()));
        Ok(page)
    }
}

/// Says for each ring of this node which recordings an open question needs. Where that cannot be found out, what was said before stays.
pub(crate) async fn hold(app: &App) -> Result<(), StoreError> {
    let mut cases = Cases::default();
    for row in app.store.cameras(&Caller::machine()).await? {
        let Some(ring) = app.eye.looking(&row.id).and_then(|looking| looking.ring()) else { continue };
        let done = match holds(app, &row.id, &ring, &mut cases).await {
            Ok(holds) => blocking(move || ring.set_holds(holds)).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            tracing::warn!(%error, camera = row.id, "which recordings must stay is as it was said before");
        }
    }
    Ok(())
}

/// Sweeps once: files of events that are over go, what was followed long ago, and what is left of cameras that are disabled.
pub(crate) async fn sweep(app: &App) -> Result<(), StoreError> {
    let mut cases = Cases::default();
    let files = over_files(app, &mut cases).await;
    let recordings = over_recordings(app, &mut cases).await;
    files.and(recordings)
}

async fn over_files(app: &App, cases: &mut Cases) -> Result<(), StoreError> {
    let (now, section) = (app.clock.now(), &app.config.eye);
    let (mut kept, mut pages) = (Vec::new(), Pages::default());
    loop {
        let page = pages.turn(app).await?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let open = cases.is_open(app, row.event.case).await;
            let Some(held) = Held::of(&row.event, open) else { continue };
            let files: Vec<_> = row.event.files.into_iter().filter(|(_, there)| *there).map(|(f, _)| f.name).collect();
            if !files.is_empty() {
                kept.push(Kept { id: row.id, files, held });
            }
        }
    }
    kept.reverse();
    let held: Vec<Held> = kept.iter().map(|k| k.held).collect();
    let bytes_max = (section.events_mb > 0).then_some(section.events_mb << 20);
    for i in over(&held, Keeping { event_days: section.event_days, bytes_max }, now) {
        let id = &kept[i].id;
        for name in &kept[i].files {
            if let Err(error) = files::remove(app, id, name) {
                tracing::warn!(error = format!("{error:#}"), event = id, "a file whose time is over is still there");
                continue;
            }
            let step = Step { at: now, by: None, what: What::Removed { name: name.clone() } };
            // a file that is gone is removed once more by the next sweep, and written down then
            if let Err(error) = app.store.eye_step(id, step, section.margin_ms()).await {
                tracing::warn!(%error, event = id, file = name, "that a file is gone could not be written");
            }
        }
    }
    Ok(())
}

async fn over_recordings(app: &App, cases: &mut Cases) -> Result<(), StoreError> {
    let days = app.config.eye.ring_days.max(1.0);
    let before = app.clock.now().plus_ms((-days * DAY_MS as f64) as i64);
    for row in app.store.cameras(&Caller::machine()).await? {
        let folder = folder_of(app, &row.id);
        tracks::sweep(&folder, before);
        if !row.camera.enabled
            && let Err(error) = sweep_ring(app, &row.id, &folder, cases).await
        {
            tracing::warn!(%error, camera = row.id, "recordings of a disabled camera are not swept");
        }
    }
    Ok(())
}

/// Sweeps a ring into which nobody records, as the camera itself would.
async fn sweep_ring(app: &App, camera: &str, folder: &Path, cases: &mut Cases) -> Result<(), StoreError> {
    let section = &app.config.eye;
    let folder = std::path::absolute(folder.join("ring")).map_err(|e| StoreError::Io(e.to_string()))?;
    if !folder.is_dir() {
        return Ok(());
    }
    // whoever still records into it holds this name, and whoever wants to waits for it
    let Some(_alone) = app.store.hold(&format!("eye:{camera}")).await? else { return Ok(()) };
    let mut settings = RingSettings::new(folder);
    // where nothing is recorded any more, what is left goes with what was followed on it
    settings.days = if section.ring_days > 0.0 { section.ring_days } else { 1.0 };
    settings.quota_mb = section.ring_mb;
    settings.floor_mb = app.config.store.disk_free_min_mb;
    let ring = blocking(move || Ring::open(settings)).await?;
    let holds = holds(app, camera, &ring, cases).await?;
    let now = app.clock.now().timestamp().map_err(|e| StoreError::Io(e.to_string()))?;
    blocking(move || {
        let said = ring.set_holds(holds);
        ring.sweep(now);
        said
    })
    .await
}

/// What of a camera's recording must stay: what an event needs that still lasts, that nobody has looked at, or whose case is open.
async fn holds(app: &App, camera: &str, ring: &Ring, cases: &mut Cases) -> Result<Vec<Hold>, StoreError> {
    let oldest = ring.oldest().map_or_else(|| app.clock.now(), Instant::from_timestamp);
    let from = Some(oldest.plus_ms(-STAY_MS));
    let filter = EventFilter { camera: Some(camera.to_owned()), from, ..EventFilter::default() };
    let (mut holds, mut pages) = (Vec::new(), Pages::of(filter));
    loop {
        let page = pages.turn(app).await?;
        if page.is_empty() {
            return Ok(holds);
        }
        for row in page {
            let open = cases.is_open(app, row.event.case).await;
            let bound = Held::of(&row.event, open).is_none_or(|held| held.bound);
            holds.extend(span(app, &row).filter(|_| bound).map(Hold));
        }
    }
}

/// What of the recording an event needs. While it lasts that is what its clip will show: something that stands there for weeks does not
/// hold weeks.
fn span(app: &App, row: &EventRow) -> Option<Span> {
    let section = &app.config.eye;
    let from = row.event.begun.entered.plus_ms(-section.before_ms()).timestamp().ok()?;
    let clip_ends = || row.event.begun.entered.plus_ms(CLIP_MS_MAX).min(app.clock.now());
    let to = row.event.left.unwrap_or_else(clip_ends).plus_ms(section.after_ms()).timestamp().ok()?;
    Some(Span { from, to })
}

/// Works on files, on a thread that may wait for them.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RingError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Io(e.to_string()))?;
    done.map_err(|e| StoreError::Io(e.to_string()))
}
