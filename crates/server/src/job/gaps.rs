//! Missing periods, found and asked for: one request at a time per device, small spans, back-off.
//!
//! A period is missing when a device that sends minute or hour records left one out between others of the last day. Runs only where
//! commands to devices are allowed. Looking ([`ROUND`]) and asking ([`GAP`]) are work that one node takes; the request itself is
//! carried out by the node that holds the device's line.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use shanshui_domain::id::Mn;
use shanshui_domain::right::Caller;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{JobIn, JobRow, StoreError};

use super::work::Outcome;
use crate::app::App;
use crate::ingest::{Request, civil};
use crate::notes;
use crate::registry::DeviceEntry;

/// Work: every device is looked at.
pub const ROUND: &str = "gaps";
/// Work: one gap is asked for.
pub const GAP: &str = "gap";
/// How far back gaps are looked for.
const BACK_MS: i64 = 24 * 3_600_000;
/// Records of one request, at most.
const SPAN_MAX: i64 = 60;
/// How often one gap is asked for.
const TRIES_MAX: i64 = 4;
/// Before it is asked for again, doubled each time.
const AGAIN_MS: i64 = 300_000;

/// First and last missing stamp.
type Span = (Instant, Instant);

/// A gap, as the work to ask for it says it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Gap {
    mn: Mn,
    kind: PeriodKind,
    begin: Instant,
    end: Instant,
}

impl Gap {
    fn subject(&self) -> String {
        format!("{} {} {}", self.mn, self.kind.as_str(), self.begin)
    }
}

/// Looks at every connected device once and puts down at most one gap of each to be asked for.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn round(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let jobs = app.store.jobs(GAP).await?;
    let busy: HashSet<String> = jobs.iter().filter(|j| j.done_at.is_none() && j.due <= now).filter_map(mn).collect();
    let known: HashSet<String> = jobs.into_iter().map(|j| j.subject).collect();
    let held = app.store.lines_held().await?;
    let mut lives: HashMap<String, bool> = HashMap::new();
    let mut found = false;
    for device in app.devices() {
        let mn = &device.device.mn;
        let Some(holder) = held.get(mn).filter(|_| !busy.contains(mn.as_str())) else { continue };
        if !lives.contains_key(&holder.node) {
            lives.insert(holder.node.clone(), app.store.node_lives(&holder.node).await?);
        }
        if !lives[&holder.node] {
            continue;
        }
        if let Some(gap) = find(app, &device, now, &known).await? {
            let body = serde_json::to_string(&gap).unwrap_or_default();
            found |= app.store.job_put(JobIn { kind: GAP, subject: gap.subject(), body, due: now }).await?;
        }
    }
    if found {
        app.publish(notes::JOB, String::new()).await?;
    }
    Ok(())
}

fn mn(job: &JobRow) -> Option<String> {
    job.subject.split(' ').next().map(str::to_owned)
}

async fn find(
    app: &App,
    device: &DeviceEntry,
    now: Instant,
    known: &HashSet<String>,
) -> Result<Option<Gap>, StoreError> {
    for kind in [PeriodKind::Hour, PeriodKind::Minute] {
        let all = missing(app, device, kind, now).await?.into_iter();
        let mut all = all.map(|(begin, end)| Gap { mn: device.device.mn.clone(), kind, begin, end });
        if let Some(gap) = all.find(|gap| !known.contains(&gap.subject())) {
            return Ok(Some(gap));
        }
    }
    Ok(None)
}

async fn missing(app: &App, device: &DeviceEntry, kind: PeriodKind, now: Instant) -> Result<Vec<Span>, StoreError> {
    let Some(point) = device.points.values().min() else { return Ok(Vec::new()) };
    let rows = app.store.range((*point, kind), (now.plus_ms(-BACK_MS), now), 2_000).await?;
    let stamps: Vec<Instant> = rows.iter().map(|r| r.at).collect();
    Ok(gaps(&stamps))
}

/// Asks for a gap, unless it has been filled meanwhile; again later while it is not, a few times.
pub(super) async fn ask(app: &App, job: &JobRow) -> Result<Outcome, StoreError> {
    let Ok(gap) = serde_json::from_str::<Gap>(&job.body) else {
        return Ok(Outcome::Over(Some("cannot be read".into())));
    };
    let Some(device) = app.registry.index().device(gap.mn.0.as_bytes()).cloned() else {
        return Ok(Outcome::Over(Some("no such device".into())));
    };
    let now = app.clock.now();
    let still = missing(app, &device, gap.kind, now).await?.iter().any(|(begin, _)| *begin == gap.begin);
    if !still {
        return Ok(Outcome::Over(None));
    }
    let said = pull(app, &gap).await;
    if job.tries >= TRIES_MAX {
        return Ok(Outcome::Over(Some(said)));
    }
    Ok(Outcome::Again(app.clock.now().plus_ms(AGAIN_MS << job.tries), said))
}

/// First and last missing stamp of every gap, at most [`SPAN_MAX`] records each, newest first. The step is the smallest that
/// occurs between neighbours more than once; fewer than four stamps tell nothing.
fn gaps(stamps: &[Instant]) -> Vec<Span> {
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

/// How asking went, in a word.
async fn pull(app: &App, gap: &Gap) -> String {
    let cn = if gap.kind == PeriodKind::Hour { "2061" } else { "2051" };
    let civil = |at| civil(at, &app.zone);
    let area = format!("BeginTime={},EndTime={}", civil(gap.begin), civil(gap.end));
    let reason = "自动补取缺失数据 missing periods".to_owned();
    match app.command(&gap.mn, Request { cn: cn.into(), area }, &Caller::machine(), reason).await {
        Ok(_) => "asked for".to_owned(),
        Err(error) => {
            tracing::info!(mn = %gap.mn, ?error, "missing periods could not be asked for");
            format!("not asked for: {error:?}")
        }
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
