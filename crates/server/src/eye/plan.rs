//! Fence plans: the newest of a camera, the one it begins with, and playing recorded tracks against another ("what if").

use shanshui_domain::right::Caller;
use shanshui_domain::time::{Instant, Zone};
use shanshui_store::StoreError;
use shanshui_vision::Plan;
use shanshui_vision::report::EventLine;
use shanshui_vision::stay::Stays;

use super::tracks::Moment;
use crate::app::App;

/// A plan with its version.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Version; 0 when nobody has drawn any.
    pub version: i64,
    /// SHA-256 of its text, in hex.
    pub digest: String,
    /// The plan.
    pub plan: Plan,
}

impl Drawn {
    fn none() -> Self {
        Self { version: 0, digest: String::new(), plan: Plan::default() }
    }

    /// Name of a fence or line.
    pub fn name(&self, id: &str) -> String {
        let fence = self.plan.fences.iter().find(|f| f.id == id).map(|f| (&f.name, f.kind.zh()));
        let line = || self.plan.lines.iter().find(|l| l.id == id).map(|l| (&l.name, "警戒线"));
        match fence.or_else(line) {
            Some((name, usual)) if name.is_empty() => usual.to_owned(),
            Some((name, _)) => name.clone(),
            None => id.to_owned(),
        }
    }
}

/// The newest plan of a camera. One that this program cannot read is as none, and said in the log.
pub async fn newest(app: &App, camera: &str) -> Result<Drawn, StoreError> {
    let Some(row) = app.store.plans(&Caller::machine(), camera).await?.into_iter().next() else {
        return Ok(Drawn::none());
    };
    let plan = Plan::parse(&row.plan, None).unwrap_or_else(|error| {
        tracing::error!(%error, camera, version = row.version, "these fences cannot be read; none is watched");
        Plan::default()
    });
    Ok(Drawn { version: row.version, digest: row.digest, plan })
}

/// What recorded tracks would have been by a plan.
pub fn replay(plan: Plan, usual: f32, moments: &[Moment], zone: &Zone) -> Vec<(EventLine, Instant, Instant)> {
    let Some(first) = moments.first() else { return Vec::new() };
    let begin = first.at;
    let mut stays = Stays::new(plan, usual);
    let mut sights = Vec::new();
    let mut last = 0.0;
    for moment in moments {
        last = (moment.at.0 - begin.0) as f64 / 1e6;
        sights.extend(stays.step(last, minute(zone, moment.at), &moment.tracks));
    }
    sights.extend(stays.finish(last));
    let at = |s: f64| Instant(begin.0 + (s * 1e6) as i64);
    let lines = shanshui_vision::report::lines(&sights);
    lines.into_iter().map(|line| (at(line.enter_s), at(line.exit_s), line)).map(|(a, b, line)| (line, a, b)).collect()
}

/// Minute of the civil day.
pub fn minute(zone: &Zone, at: Instant) -> u16 {
    let civil = zone.civil(at);
    (i32::from(civil.hour()) * 60 + i32::from(civil.minute())) as u16
}
