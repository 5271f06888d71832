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

/// Sweeps once: files of events that are over go, and the recordings that an open question needs are held.
pub(crate) async fn sweep(app: &App) -> Result<(), StoreError> {
    let (now, section) = (app.clock.now(), &app.config.eye);
    let mut events = Vec::new();
    let mut after = None;
    loop {
        let page = app.store.eye_events(&Caller::machine(), &EventFilter::default(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.event.begun.entered, last.id.clone()));
        // what has lost its files long ago is not looked at again
        let done = page.iter().all(|e| e.event.files.iter().all(|(_, there)| !there) && e.event.left.is_some());
        events.extend(page);
        if done {
            break;
        }
    }
    events.reverse();
    let mut held = Vec::new();
    let mut spans: HashMap<String, Vec<Hold>> = HashMap::new();
    let mut rows: Vec<&EventRow> = Vec::new();
    for row in &events {
        let open = match row.event.case {
            Some(case) => app.store.case(&Caller::machine(), case).await?.case.state.as_str() != "closed",
            None => false,
        };
        let Some(one) = Held::of(&row.event, open) else { continue };
        if one.bound
            && let Some(span) = span(app, row, now)
        {
            spans.entry(row.event.begun.camera.0.clone()).or_default().push(Hold(span));
        }
        held.push(one);
        rows.push(row);
    }
    let bytes_max = (section.events_mb > 0).then_some(section.events_mb << 20);
    for i in over(&held, Keeping { event_days: section.event_days, bytes_max }, now) {
        for (file, there) in &rows[i].event.files {
            if !there {
                continue;
            }
            if let Err(error) = files::remove(app, &rows[i].id, &file.name) {
                tracing::warn!(error = format!("{error:#}"), "a file whose time is over is still there");
                continue;
            }
            let step = Step { at: now, by: None, what: What::Removed { name: file.name.clone() } };
            app.store.eye_step(&rows[i].id, step, section.margin_ms()).await?;
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
