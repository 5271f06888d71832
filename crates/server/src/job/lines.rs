//! What this node knows of its lines, written down for all; and what devices are asked through them.

use std::time::Duration;

use shanshui_domain::id::Mn;
use shanshui_store::{Beat, StoreError};
use tokio::time::{Instant as Tick, MissedTickBehavior, interval, sleep, sleep_until};

use crate::app::{App, Live};
use crate::notes;

/// How often the lines are written down.
const BEAT: Duration = Duration::from_secs(5);
/// People are read again after so many beats, for changes that nobody told of.
const PEOPLE_BEATS: u32 = 6;
/// Devices of one write, so that nobody waits long behind it.
const FACTS_MAX: usize = 512;
/// Claims of connections gather for so long before they are told together.
const GATHER: Duration = Duration::from_millis(20);
/// After a refusal by the store.
const PAUSE: Duration = Duration::from_secs(1);
/// Other nodes are told at most so often that telegrams were kept.
const ARRIVED_EVERY: Duration = Duration::from_millis(200);
/// A node looks by itself for commands that it was not told of.
const COMMANDS_EVERY: Duration = Duration::from_secs(2);

/// Runs until the program closes, and a last time then.
pub(super) async fn run(app: App) {
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut rounds, mut rest) = (0u32, Tick::now());
    loop {
        let beat = tokio::select! {
            () = app.closing.cancelled() => break,
            _ = beats.tick() => true,
            () = async { sleep_until(rest).await; app.ingest.lines_wait().await } => false,
        };
        if beat {
            round(&app, rounds.is_multiple_of(PEOPLE_BEATS)).await;
            rounds = rounds.wrapping_add(1);
        } else {
            rest = Tick::now() + tell(&app).await;
        }
    }
    tell(&app).await;
    if let Err(error) = write(&app).await {
        tracing::warn!(%error, "what is known of the lines could not be written");
    }
}

/// Tells who speaks for which device; gives how long to gather before the next time.
async fn tell(app: &App) -> Duration {
    for mn in app.ingest.lines_changed() {
        app.tell(Live::Device { mn: mn.to_string() });
    }
    match app.ingest.lines_tell().await {
        Ok(()) => GATHER,
        Err(error) => {
            tracing::warn!(%error, "who speaks for the devices could not be told");
            PAUSE
        }
    }
}

async fn round(app: &App, people: bool) {
    if let Err(error) = write(app).await {
        tracing::warn!(%error, "what is known of the lines could not be written");
        return;
    }
    if let Err(error) = read(app).await {
        tracing::warn!(%error, "what other nodes know of the lines could not be read");
    }
    if people && let Err(error) = app.people_reload().await {
        tracing::warn!(%error, "people could not be read");
    }
}

/// Writes down what has happened on this node's lines.
async fn write(app: &App) -> Result<(), StoreError> {
    let (now, devices) = (app.clock.now(), app.devices());
    let mut told = Vec::new();
    for device in devices {
        let mut line = device.line();
        line.expire_packets(now);
        if let Some(facts) = line.write(&device.device.mn) {
            drop(line);
            told.push((device, facts));
        }
    }
    let mut heard = app.ingest.lines_heard();
    let mut result: Result<(), StoreError> = Ok(());
    let mut chunks: Vec<_> = told.chunks(FACTS_MAX).collect();
    // a node with no lines says that it is there
    chunks.extend(told.is_empty().then_some(&told[..]));
    for some in chunks {
        let beat = Beat {
            node: app.store.node().to_string(),
            roles: app.roles.to_string(),
            at: now,
            connections: app.ingest.connections() as i64,
            facts: some.iter().map(|(_, facts)| facts.clone()).collect(),
            heard: std::mem::take(&mut heard),
        };
        let written = match &result {
            Ok(()) => app.store.beat(beat).await,
            Err(error) => Err(error.clone()),
        };
        for (device, _) in some {
            device.line().written(&device.device.mn, written.is_ok());
        }
        result = written.map(|lost: Vec<(Mn, u64)>| app.ingest.lines_lost(&lost));
    }
    result
}

/// What other nodes have written, where there are any.
async fn read(app: &App) -> Result<(), StoreError> {
    let me = app.store.node().as_str();
    if app.store.nodes().await?.iter().any(|n| n.id != me) {
        app.facts_reload().await?;
    }
    Ok(())
}

/// Tells every node that telegrams were kept here.
pub(super) async fn arrivals(app: App) {
    let mut ear = app.ingest.arrived().listen();
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = ear.rung() => {}
        }
        if let Err(error) = app.publish(notes::ARRIVED, String::new()).await {
            tracing::debug!(%error, "the judge will look by itself");
        }
        sleep(ARRIVED_EVERY).await;
    }
}

/// Carries out the commands that are given to this node.
pub(super) async fn commands(app: App) {
    let mut ear = app.bells.asked.listen();
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = ear.wait(COMMANDS_EVERY) => {}
        }
        let waiting = match app.store.commands_waiting(app.store.node().as_str()).await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::warn!(%error, "commands to devices could not be read");
                continue;
            }
        };
        for id in waiting {
            let one = app.clone();
            app.tasks.spawn(async move {
                if let Err(error) = one.carry_out(id).await {
                    tracing::error!(%error, %id, "a command's log could not be written");
                }
            });
        }
    }
}
