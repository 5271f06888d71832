//! Missing periods, found and asked for: one request at a time per device, small spans, back-off.
//!
//! A period is missing when a device that sends minute or hour records left one out between others of the last day. Runs only where
//! commands to devices are allowed.

use std::collections::HashMap;
use std::time::Duration;

use shanshui_domain::id::{Mn, PersonId};
use shanshui_domain::time::{Instant, PeriodKind};

use crate::app::App;
use crate::ingest::{Request, civil};
use crate::registry::DeviceEntry;

/// How far back gaps are looked for.
const BACK_MS: i64 = 24 * 3_600_000;
/// Records of one request, at most.
const SPAN_MAX: i64 = 60;
/// How often one gap is asked for.
const TRIES_MAX: u32 = 4;

/// Runs until the program ends.
pub(super) async fn run(app: App) {
    if !app.config.hj212.commands {
        return;
    }
    let mut tried = Tried::new();
    let mut every = tokio::time::interval(Duration::from_mins(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            _ = every.tick() => {}
        }
        round(&app, &mut tried).await;
    }
}

/// Gaps that were asked for: by device, kind and first missing stamp, how often and when last.
pub type Tried = HashMap<(Mn, PeriodKind, Instant), (u32, Instant)>;

/// Looks at every connected device once and asks for at most one gap of each.
pub async fn round(app: &App, tried: &mut Tried) {
    let now = app.clock.now();
    tried.retain(|(_, _, at), _| now.ms_since(*at) < 2 * BACK_MS);
    for device in app.devices() {
        if device.line().held.is_none() {
            continue;
        }
        if let Some((kind, gap)) = find(app, &device, now, tried).await {
            let key = (device.device.mn.clone(), kind, gap.0);
            let tries = tried.get(&key).map_or(0, |(n, _)| *n) + 1;
            tried.insert(key, (tries, now));
            pull(app, &device, kind, gap).await;
        }
    }
}

async fn find(
    app: &App,
    device: &DeviceEntry,
    now: Instant,
    tried: &Tried,
) -> Option<(PeriodKind, (Instant, Instant))> {
    let point = *device.points.values().min()?;
    for kind in [PeriodKind::Hour, PeriodKind::Minute] {
        let rows = app.store.range((point, kind), (now.plus_ms(-BACK_MS), now), 2_000).await;
        let stamps: Vec<Instant> = match rows {
            Ok(rows) => rows.iter().map(|r| r.at).collect(),
            Err(error) => {
                tracing::warn!(%error, mn = %device.device.mn, "gaps cannot be looked for");
                return None;
            }
        };
        let due = |gap: &(Instant, Instant)| match tried.get(&(device.device.mn.clone(), kind, gap.0)) {
            None => true,
            Some((tries, at)) => *tries < TRIES_MAX && now.ms_since(*at) > i64::from(2u32.pow(*tries)) * 300_000,
        };
        if let Some(gap) = gaps(&stamps).into_iter().find(due) {
            return Some((kind, gap));
        }
    }
    None
}

/// First and last missing stamp of every gap, at most [`SPAN_MAX`] records each, newest first. The step is the smallest that
/// occurs between neighbours more than once; fewer than four stamps tell nothing.
fn gaps(stamps: &[Instant]) -> Vec<(Instant, Instant)> {
    let steps: Vec<i64> = stamps.windows(2).map(|w| w[1].0 - w[0].0).filter(|s| *s > 0).collect();
    let step = steps.iter().copied().filter(|s| steps.iter().filter(|o| *o == s).count() > 1).min();
    let Some(step) = step.filter(|_| stamps.len() >= 4) else { return Vec::new() };
    let mut found = Vec::new();
    for pair in stamps.windows(2) {
        let missing = (pair[1].0 - pair[0].0) / step - 1;
        if missing > 0 && (pair[1].0 - pair[0].0) % step == 0 {
            let first = Instant(pair[0].0 + step);
            found.push((first, Instant(first.0 + (missing.min(SPAN_MAX) - 1) * step)));
        }
    }
    found.reverse();
    found
}

async fn pull(app: &App, device: &DeviceEntry, kind: PeriodKind, (begin, end): (Instant, Instant)) {
    let cn = if kind == PeriodKind::Hour { "2061" } else { "2051" };
    let civil = |at| civil(at, &app.zone);
    let area = format!("BeginTime={},EndTime={}", civil(begin), civil(end));
    let system = PersonId(uuid::Uuid::nil());
    let mn = &device.device.mn;
    let reason = "自动补取缺失数据 missing periods".to_owned();
    if let Err(error) = app.command(mn, Request { cn, area }, system, reason).await {
        tracing::info!(%mn, ?error, "missing periods could not be asked for");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(minutes: &[i64], expected: &[(i64, i64)]) {
        let at = |m: &i64| Instant(m * 60_000_000);
        let stamps: Vec<Instant> = minutes.iter().map(at).collect();
        let want: Vec<_> = expected.iter().map(|(a, b)| (at(a), at(b))).collect();
        assert_eq!(gaps(&stamps), want, "{minutes:?}");
    }

    #[test]
    fn a_gap_lies_between_records_and_is_asked_for_in_small_spans() {
        check(&[0, 10, 20, 30], &[]);
        check(&[0, 10, 20, 50, 60], &[(30, 40)]);
        check(&[0, 10, 20, 40, 50, 80], &[(60, 70), (30, 30)]);
        check(&[0, 10, 20, 5_000], &[(30, 620)]);
        check(&[0, 10, 30], &[]);
        check(&[], &[]);
    }
}
