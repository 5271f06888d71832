//! Work that must be done once, by whichever node of role job takes it; and the timers that put it down.

use std::collections::HashMap;
use std::time::Duration;

use shanshui_domain::time::Instant;
use shanshui_store::{JobRow, StoreError};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{chains, evaluate, forecast, gaps, import, report, review};
use crate::app::App;
use crate::ingest::Step;

/// Kinds of work that any node of role job takes.
const KINDS: &[&str] = &[
    gaps::ROUND,
    gaps::GAP,
    SWEEP,
    SEAL,
    WALK,
    evaluate::ROUND,
    evaluate::ONE,
    import::KIND,
    forecast::ROUND,
    forecast::ONE,
    report::ROUND,
    report::ONE,
    review::ROUND,
    review::VISIT,
    EYE,
];
/// Clears away what nobody needs any more.
const SWEEP: &str = "sweep";
/// Files of events whose time is over.
const EYE: &str = "eye";
/// Signs what has come into the audit.
const SEAL: &str = "seal";
/// Walks the chains.
const WALK: &str = "chains";
/// Timers: name, work that is put down, period.
const TIMERS: &[(&str, &str, i64)] = &[
    ("gaps", gaps::ROUND, 60_000),
    ("sweep", SWEEP, 60_000),
    ("seal", SEAL, 3_600_000),
    ("evaluate", evaluate::ROUND, 3_600_000),
    ("forecast", forecast::ROUND, 600_000),
    ("report", report::ROUND, 600_000),
    ("review", review::ROUND, 3_600_000),
    ("eye", EYE, 3_600_000),
    ("chains", WALK, 86_400_000),
];
/// Work of one node at one time.
const AT_ONCE: usize = 8;
/// Work that nobody says anything of for so long is taken by another.
const LEASE_MS: i64 = 60_000;
const KEEP_EVERY: Duration = Duration::from_secs(15);
/// A node looks by itself for work that it was not told of, and at the clock.
const LOOK: Duration = Duration::from_secs(1);

/// How work ended.
pub(super) enum Outcome {
    /// It is over; with a reason when it did not go well and is not tried again.
    Over(Option<String>),
    /// It is to be tried again from then on.
    Again(Instant, String),
}

/// Takes and does work until the program ends.
pub(super) async fn run(app: App) {
    let mut ear = app.bells.job.listen();
    let mut going = JoinSet::new();
    let mut mine: HashMap<String, JobRow> = HashMap::new();
    let mut keep = tokio::time::interval(KEEP_EVERY);
    keep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            Some(done) = going.join_next() => over(&mut mine, done),
            _ = keep.tick() => {
                if let Err(error) = kept(&app, &mine).await {
                    tracing::warn!(%error, "work that goes on could not be kept");
                }
                continue;
            }
            () = ear.wait(LOOK) => {}
        }
        let free = AT_ONCE - mine.len().min(AT_ONCE);
        if free == 0 {
            continue;
        }
        let now = app.clock.now();
        match app.store.jobs_take(app.store.node().as_str(), KINDS, (now, LEASE_MS), free).await {
            Ok(jobs) => {
                for job in jobs {
                    mine.insert(job.id.clone(), job.clone());
                    going.spawn(one(app.clone(), job));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "work could not be taken");
                sleep(LOOK).await;
            }
        }
    }
}

fn over(mine: &mut HashMap<String, JobRow>, done: Result<String, tokio::task::JoinError>) {
    match done {
        Ok(id) => _ = mine.remove(&id),
        Err(error) => {
            // it is taken again when its time is over
            tracing::error!(%error, "work ended in a panic");
            mine.clear();
        }
    }
}

async fn kept(app: &App, mine: &HashMap<String, JobRow>) -> Result<(), StoreError> {
    if mine.is_empty() {
        return Ok(());
    }
    let until = app.clock.now().plus_ms(LEASE_MS);
    let lost = app.store.jobs_keep(mine.values().cloned().collect(), until).await?;
    if !lost.is_empty() {
        tracing::debug!(?lost, "over already, or taken by another");
    }
    Ok(())
}

async fn one(app: App, job: JobRow) -> String {
    let outcome = match job.kind.as_str() {
        gaps::ROUND => gaps::round(&app).await.map(|()| Outcome::Over(None)),
        gaps::GAP => gaps::ask(&app, &job).await,
        SEAL => seal(&app).await.map(|()| Outcome::Over(None)),
        WALK => chains::look(&app, None).await.map(|()| Outcome::Over(None)),
        evaluate::ROUND => evaluate::round(&app).await.map(|()| Outcome::Over(None)),
        evaluate::ONE => evaluate::work(&app, &job).await,
        import::KIND => import::work(&app, &job).await,
        forecast::ROUND => forecast::round(&app).await.map(|()| Outcome::Over(None)),
        forecast::ONE => forecast::work(&app, &job).await,
        report::ROUND => report::round(&app).await.map(|()| Outcome::Over(None)),
        report::ONE => report::work(&app, &job).await,
        EYE => crate::eye::retention::sweep(&app).await.map(|()| Outcome::Over(None)),
        review::ROUND => review::round(&app).await.map(|()| Outcome::Over(None)),
        review::VISIT => review::visit(&app, &job.subject).await.map(|()| Outcome::Over(None)),
        _ => sweep(&app).await.map(|()| Outcome::Over(None)),
    };
    let now = app.clock.now();
    let outcome = outcome.unwrap_or_else(|error| {
        tracing::warn!(%error, kind = job.kind, subject = job.subject, "work did not go well");
        Outcome::Again(now.plus_ms(10_000 << job.tries.clamp(0, 8)), error.to_string())
    });
    let said = match outcome {
        Outcome::Over(error) => app.store.job_done(&job, now, error).await,
        Outcome::Again(due, error) => app.store.job_retry(&job, due, error).await,
    };
    if let Err(error) = said {
        tracing::warn!(%error, kind = job.kind, subject = job.subject, "the end of work could not be written");
    }
    job.id
}

async fn seal(app: &App) -> Result<(), StoreError> {
    chains::look(app, Some("audit")).await?;
    if let Some(row) = app.chains.broken().into_iter().find(|row| row.stream == "audit") {
        // a signature would say that what is broken is whole
        return Err(StoreError::Chain { stream: row.stream, link: row.link, what: row.what });
    }
    let sealed = app.sealer.seal(&app.store, app.clock.now()).await.map_err(|e| StoreError::Io(format!("{e:#}")))?;
    if let Some(root) = sealed {
        tracing::info!(entries = root.size, root = root.root, "the audit is sealed");
    }
    Ok(())
}

async fn sweep(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    app.store.sweep(now, serde_json::json!(Step::no_connection(now, "its node has ended"))).await
}

/// Looks at the timers until the program ends; the store is asked only when one may be due.
pub(super) async fn timers(app: App) {
    let mut due: HashMap<&str, Instant> = HashMap::new();
    loop {
        let now = app.clock.now();
        for (name, kind, every_ms) in TIMERS {
            let idle = *kind == gaps::ROUND && !app.config.hj212.commands;
            if idle || due.get(name).is_some_and(|at| *at > now) {
                continue;
            }
            match app.store.timer_fire(name, kind, (now, *every_ms)).await {
                Ok(fired) => {
                    due.insert(name, fired.next);
                    if fired.due.is_some() {
                        app.bells.job.ring();
                    }
                }
                Err(error) => tracing::warn!(%error, name, "a timer could not be looked at"),
            }
        }
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = sleep(LOOK) => {}
        }
    }
}
