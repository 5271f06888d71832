//! What is kept of recordings and events, and what goes when its time or its room is over.

use std::collections::HashMap;

use shanshui_camera::{Hold, Span};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::eye::event::{Step, What};
use shanshui_domain::sense::eye::keep::{Held, Keeping, over};
use shanshui_domain::time::Instant;
use shanshui_store::{EventFilter, EventRow, StoreError};

use super::{files, tracks};
use crate::app::App;

/// Events of one look.
const PAGE: usize = 1_000;

/// An event that has files, or needs a recording.
struct Kept {
    id: String,
    files: Vec<String>,
    held: Held,
}

/// Sweeps once: files of events that are over go, and the recordings that an open question needs are held.
pub(crate) async fn sweep(app: &App) -> Result<(), StoreError> {
    let (now, section) = (app.clock.now(), &app.config.eye);
    let mut spans: HashMap<String, Vec<Hold>> = HashMap::new();
    let (mut kept, mut after) = (Vec::new(), None);
    loop {
        let page = app.store.eye_events(&Caller::machine(), &EventFilter::default(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.event.begun.entered, last.id.clone()));
        for row in page {
            let open = match row.event.case {
                Some(case) => app.store.case(&Caller::machine(), case).await?.case.state.as_str() != "closed",
                None => false,
            };
            let Some(held) = Held::of(&row.event, open) else { continue };
            if held.bound
                && let Some(span) = span(app, &row, now)
            {
                spans.entry(row.event.begun.camera.0.clone()).or_default().push(Hold(span));
            }
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
        for name in &kept[i].files {
            if let Err(error) = files::remove(app, &kept[i].id, name) {
                tracing::warn!(error = format!("{error:#}"), "a file whose time is over is still there");
                continue;
            }
            let step = Step { at: now, by: None, what: What::Removed { name: name.clone() } };
            app.store.eye_step(&kept[i].id, step, section.margin_ms()).await?;
        }
    }
    for row in app.store.cameras(&Caller::machine()).await? {
        let Some(looking) = app.eye.looking(&row.id) else { continue };
        if let Some(ring) = looking.ring() {
            ring.set_holds(spans.remove(&row.id).unwrap_or_default());
        }
        let days = section.ring_days.max(1.0);
        tracks::sweep(looking.folder(), now.plus_ms((-days * 86_400_000.0) as i64));
    }
    Ok(())
}

/// What of the recording an event needs.
fn span(app: &App, row: &EventRow, now: Instant) -> Option<Span> {
    let section = &app.config.eye;
    let from = row.event.begun.entered.plus_ms(-section.before_ms()).timestamp().ok()?;
    let to = row.event.left.unwrap_or(now).plus_ms(section.after_ms()).timestamp().ok()?;
    Some(Span { from, to })
}
