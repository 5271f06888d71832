//! What the nodes tell one another: what browsers are shown, and what each node must look at again.
//!
//! A note carries little more than *that* something changed; what it is about is durable and read from the store. A node that
//! missed notes looks at everything again, and its browsers are told that they have missed some.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shanshui_domain::id::{AlarmId, StationCode};
use shanshui_domain::right::Caller;
use shanshui_store::{Note, StoreError};
use tokio::sync::{mpsc, watch};

use crate::app::{App, EyeSaid, Live};

/// What browsers are shown.
const LIVE: &str = "live";
/// A station or a device was registered.
pub const REGISTRY: &str = "registry";
/// A person was changed.
pub const PEOPLE: &str = "people";
/// Topic: an organisation was added or changed.
pub const ORGANISATIONS: &str = "organisations";
/// Telegrams were kept.
pub const ARRIVED: &str = "arrived";
/// Work was put down.
pub const JOB: &str = "job";
/// A command was given to the node named, or has gone on.
pub const COMMAND: &str = "command";
/// A node came or went.
pub const NODE: &str = "node";
/// Cameras or fences have changed.
pub const EYE: &str = "eye";
/// Live events of one note.
const TOLD_MAX: usize = 256;
/// Stations of one event; a note has a bound.
const STATIONS_MAX: usize = 2_000;
/// More stations than this are read all at once.
const GRADES_MAX: usize = 50;

/// Something may have happened: whoever waits looks again.
#[derive(Debug)]
pub struct Bell(watch::Sender<u64>);

impl Default for Bell {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Bell {
    /// Wakes everybody.
    pub fn ring(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Hears it from now on.
    pub fn listen(&self) -> Ear {
        Ear(self.0.subscribe())
    }
}

/// Hears a bell. What rang while nobody waited is heard at once.
#[derive(Debug, Clone)]
pub struct Ear(watch::Receiver<u64>);

impl Ear {
    /// Until it rings.
    pub async fn rung(&mut self) {
        if self.0.changed().await.is_err() {
            // nobody is left who could ring
            std::future::pending::<()>().await;
        }
    }

    /// Until it rings, or so much time has passed.
    pub async fn wait(&mut self, longest: Duration) {
        // a time that is over is as good as a ring
        let _over = tokio::time::timeout(longest, self.rung()).await;
    }
}

/// The bells of a node.
#[derive(Debug, Default)]
pub struct Bells {
    /// Telegrams were kept somewhere.
    pub arrived: Bell,
    /// Work was put down.
    pub job: Bell,
    /// A command was given to this node.
    pub asked: Bell,
    /// A command has gone on.
    pub went_on: Bell,
    /// A node came or went.
    pub node: Bell,
}

impl Bells {
    fn all(&self) {
        for bell in [&self.arrived, &self.job, &self.asked, &self.went_on, &self.node] {
            bell.ring();
        }
    }
}

/// A live event as nodes tell it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Readings(Vec<StationCode>),
    Grades(Vec<StationCode>),
    Alarm(String),
    Case(String),
    Device(String),
    Glass(String),
    Eye(EyeSaid),
    Lost,
}

fn told(live: Live) -> Vec<Told> {
    let some = |stations: Vec<StationCode>, told: fn(Vec<StationCode>) -> Told| {
        stations.chunks(STATIONS_MAX).map(|s| told(s.to_vec())).collect()
    };
    match live {
        Live::Readings(stations) => some(stations, Told::Readings),
        Live::Grades(stations) => some(stations, Told::Grades),
        Live::Alarm(alarm) => vec![Told::Alarm(alarm.id)],
        Live::Case { id } => vec![Told::Case(id)],
        Live::Device { mn } => vec![Told::Device(mn)],
        Live::Glass { person } => vec![Told::Glass(person)],
        Live::Eye(said) => vec![Told::Eye(said)],
        Live::Lost => vec![Told::Lost],
    }
}

/// Tells the other nodes what this one tells its browsers, until the program closes and nothing is left.
pub(crate) async fn tell(app: App, mut live: mpsc::Receiver<Live>) {
    let mut waiting: VecDeque<Told> = VecDeque::new();
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            n = live.recv_many(&mut batch, TOLD_MAX) => {
                if n == 0 {
                    return;
                }
            }
            () = app.closing.cancelled() => return,
        }
        waiting.extend(batch.drain(..).flat_map(told));
        while !waiting.is_empty() {
            // a list of stations is long enough for a note of its own
            let long = matches!(waiting[0], Told::Readings(_) | Told::Grades(_));
            let short = |t: &&Told| !matches!(t, Told::Readings(_) | Told::Grades(_));
            let n = if long { 1 } else { waiting.iter().take(TOLD_MAX).take_while(short).count() };
            let some: Vec<Told> = waiting.drain(..n).collect();
            if let Err(error) = app.publish(LIVE, serde_json::to_string(&some).unwrap_or_default()).await {
                tracing::warn!(%error, "other nodes could not be told");
            }
        }
    }
}

/// Hears what the nodes tell, until the program ends.
pub(crate) async fn hear(app: App) {
    let mut notes = app.store.notes();
    loop {
        let note = tokio::select! {
            () = app.shutdown.cancelled() => return,
            note = notes.recv() => note,
        };
        let heard = match note {
            Ok(note) => heard(&app, &note).await,
            Err(_) => everything(&app).await,
        };
        if let Err(error) = heard {
            tracing::warn!(error = format!("{error:#}"), "what another node told could not be looked at");
            app.show(Live::Lost);
        }
    }
}

async fn heard(app: &App, note: &Note) -> anyhow::Result<()> {
    let own = note.from == *app.store.node();
    match note.topic.as_str() {
        LIVE if !own => {
            for told in serde_json::from_str::<Vec<Told>>(&note.body)? {
                show(app, told).await?;
            }
        }
        REGISTRY if !own => app.registry_reload().await?,
        ORGANISATIONS => app.tree_reload().await?,
        PEOPLE => app.people_reload().await?,
        ARRIVED => app.bells.arrived.ring(),
        JOB => app.bells.job.ring(),
        COMMAND if note.body == app.store.node().as_str() => app.bells.asked.ring(),
        COMMAND => app.bells.went_on.ring(),
        NODE => app.bells.node.ring(),
        EYE => app.eye.bell.ring(),
        _ => {}
    }
    Ok(())
}

async fn show(app: &App, told: Told) -> anyhow::Result<()> {
    let live = match told {
        Told::Readings(stations) => Live::Readings(stations),
        Told::Grades(stations) => {
            grades(app, &stations).await?;
            Live::Grades(stations)
        }
        Told::Alarm(id) => {
            let row = app.store.alarm(&Caller::machine(), AlarmId(id.parse()?)).await?;
            Live::Alarm(Box::new(app.alarm_view(&row)))
        }
        Told::Case(id) => Live::Case { id },
        Told::Device(mn) => Live::Device { mn },
        Told::Glass(person) => Live::Glass { person },
        Told::Eye(said) => Live::Eye(said),
        Told::Lost => Live::Lost,
    };
    app.show(live);
    Ok(())
}

/// The judge is another node: what it has written of these stations is their grade.
async fn grades(app: &App, stations: &[StationCode]) -> Result<(), StoreError> {
    if stations.len() > GRADES_MAX {
        return app.grades_reload().await;
    }
    for station in stations {
        if let Some(row) = app.store.judgement_newest(station).await? {
            app.grade_put(row);
        }
    }
    Ok(())
}

/// Notes were missed.
async fn everything(app: &App) -> anyhow::Result<()> {
    tracing::info!("notes were missed; looking at everything again");
    app.bells.all();
    app.show(Live::Lost);
    app.ingest.lines_doubt();
    app.registry_reload().await?;
    app.tree_reload().await?;
    app.people_reload().await?;
    app.grades_reload().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_stations_is_told_in_pieces_and_read_back() {
        let stations: Vec<StationCode> = (0..4_500).map(|n| StationCode(format!("s{n}"))).collect();
        let pieces = told(Live::Readings(stations.clone()));
        assert_eq!(pieces.len(), 3);
        let text = serde_json::to_string(&pieces).expect("JSON");
        let read: Vec<Told> = serde_json::from_str(&text).expect("the same");
        let all = read.into_iter().flat_map(|t| match t {
            Told::Readings(some) => some,
            other => panic!("{other:?}"),
        });
        assert_eq!(all.collect::<Vec<_>>(), stations);
    }

    #[tokio::test]
    async fn a_bell_that_rang_before_is_heard_at_once() {
        let bell = Bell::default();
        let mut ear = bell.listen();
        bell.ring();
        bell.ring();
        tokio::time::timeout(Duration::from_secs(30), ear.wait(Duration::from_hours(1))).await.expect("heard");
    }
}
