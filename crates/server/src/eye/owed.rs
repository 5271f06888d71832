//! What a camera's keeper owes the store: beginnings and steps of events, and how the camera guards. All of it is written in order, and
//! again until it is kept, so that a store which is away for a while loses nothing and nobody who listens to a camera waits for it.
//!
//! There is one of a camera as long as the program runs, whoever keeps the camera: what one keeper left owed comes before what the next
//! one writes.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shanshui_domain::id::StationCode;
use shanshui_domain::sense::eye::event::{Step, What};
use shanshui_domain::sense::eye::guard::Guard;
use shanshui_store::StoreError;
use tokio::sync::Notify;

use crate::app::{App, EyeSaid, Live};
use crate::job::review;

/// What could not be written is written again so much later; at once when more is owed.
const AGAIN: Duration = Duration::from_secs(5);
/// Of so many vain tries in a row one is said.
const SAID_EVERY: u32 = 12;

/// What is written of an event.
#[derive(Debug, Clone)]
enum Act {
    /// Its beginning, in a series of numbers.
    Begin(String, Step),
    /// One step more.
    Step(Step),
    /// Its station is to be reviewed.
    Review,
}

/// One write of an event.
#[derive(Debug, Clone)]
struct Write {
    event: String,
    act: Act,
    /// What is told once it was tried: whoever is on duty is called although the store is away.
    said: Option<EyeSaid>,
}

#[derive(Debug, Default)]
struct Due {
    events: VecDeque<Write>,
    guards: VecDeque<(StationCode, Guard)>,
    /// Whether a task is writing.
    writes: bool,
}

/// What is owed to the store of one camera.
pub(super) struct Owed {
    app: App,
    camera: String,
    due: Mutex<Due>,
    more: Notify,
}

impl Owed {
    pub(super) fn new(app: &App, camera: &str) -> Arc<Self> {
        let (app, camera) = (app.clone(), camera.to_owned());
        Arc::new(Self { app, camera, due: Mutex::default(), more: Notify::new() })
    }

    /// An event has begun.
    pub(super) fn begin(self: &Arc<Self>, event: &str, series: String, step: Step, said: EyeSaid) {
        self.owe(Write { event: event.to_owned(), act: Act::Begin(series, step), said: Some(said) });
    }

    /// A step of an event, as of now.
    pub(super) fn step(self: &Arc<Self>, event: &str, what: What, said: Option<EyeSaid>) {
        let step = Step { at: self.app.clock.now(), by: None, what };
        self.owe(Write { event: event.to_owned(), act: Act::Step(step), said });
    }

    /// Data around an event that has ended is to be reviewed, once its end is kept.
    pub(super) fn review(self: &Arc<Self>, event: &str) {
        self.owe(Write { event: event.to_owned(), act: Act::Review, said: None });
    }

    /// The camera guards otherwise.
    pub(super) fn guard(self: &Arc<Self>, station: &StationCode, guard: Guard) {
        self.put(|due| due.guards.push_back((station.clone(), guard)));
    }

    /// Another node looks at the camera by now and says how it guards.
    pub(super) fn forget_guards(&self) {
        let forgotten = std::mem::take(&mut self.due().guards);
        for (_, guard) in forgotten {
            tracing::error!(?guard, camera = self.camera, "is not written: another node may have it by now");
        }
    }

    /// Whether anything of an event is owed.
    pub(super) fn owes(&self, event: &str) -> bool {
        self.due().events.iter().any(|write| write.event == event)
    }

    fn due(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owe(self: &Arc<Self>, write: Write) {
        self.put(|due| due.events.push_back(write));
    }

    /// There is a task as long as something is owed; it is waited for when the program ends.
    fn put(self: &Arc<Self>, add: impl FnOnce(&mut Due)) {
        let writes = {
            let mut due = self.due();
            add(&mut due);
            std::mem::replace(&mut due.writes, true)
        };
        if writes {
            self.more.notify_one();
        } else {
            self.app.tasks.spawn(Arc::clone(self).run());
        }
    }

    /// Writes until nothing is owed, or the program ends and one more try was in vain.
    async fn run(self: Arc<Self>) {
        let mut vain = 0_u32;
        loop {
            let last = self.app.shutdown.is_cancelled();
            match self.pass().await {
                Ok(()) => vain = 0,
                Err(error) => {
                    if vain.is_multiple_of(SAID_EVERY) {
                        tracing::warn!(%error, camera = self.camera, "what a camera saw is written again");
                    }
                    vain = vain.saturating_add(1);
                }
            }
            self.tell_tried();
            if self.is_over(last) {
                return;
            }
            tokio::select! {
                () = self.app.shutdown.cancelled() => {}
                () = self.more.notified() => {}
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    /// Writes what is owed once; the first thing that went wrong.
    async fn pass(&self) -> Result<(), StoreError> {
        let (mut held, mut wrong, mut i) = (HashSet::new(), None, 0);
        // others add at the end only, so that what comes before stays where it is
        while let Some(write) = self.nth(i) {
            if held.contains(&write.event) {
                i += 1;
                continue;
            }
            match self.write(&write).await {
                Ok(()) => self.done(i),
                Err(error) if is_refused(&error) => {
                    tracing::error!(%error, event = write.event, "a step of an event is refused");
                    self.done(i);
                }
                Err(error) if is_away(&error) => return Err(error),
                Err(error) => {
                    // its further steps wait for it; other events do not
                    held.insert(write.event);
                    wrong.get_or_insert(error);
                    i += 1;
                }
            }
        }
        self.pass_guards().await?;
        wrong.map_or(Ok(()), Err)
    }

    async fn pass_guards(&self) -> Result<(), StoreError> {
        while let Some((station, guard)) = self.first_guard() {
            let new = self.app.store.guard_put(self.camera.clone(), guard).await?;
            self.guard_done(guard);
            if new {
                self.app.tell(Live::Eye(EyeSaid::new(&self.camera, &station, "guard")));
            }
        }
        Ok(())
    }

    fn nth(&self, i: usize) -> Option<Write> {
        self.due().events.get(i).cloned()
    }

    fn first_guard(&self) -> Option<(StationCode, Guard)> {
        self.due().guards.front().cloned()
    }

    fn guard_done(&self, guard: Guard) {
        let mut due = self.due();
        // it may have been forgotten meanwhile
        if due.guards.front().is_some_and(|(_, first)| *first == guard) {
            due.guards.pop_front();
        }
    }

    fn done(&self, i: usize) {
        let said = self.due().events.remove(i).and_then(|write| write.said);
        if let Some(said) = said {
            self.app.tell(Live::Eye(said));
        }
    }

    async fn write(&self, write: &Write) -> Result<(), StoreError> {
        let (store, margin) = (&self.app.store, self.app.config.eye.margin_ms());
        match &write.act {
            Act::Begin(series, step) => {
                store.eye_begin(&write.event, series.clone(), step.clone(), margin).await.map(drop)
            }
            Act::Step(step) => store.eye_step(&write.event, step.clone(), margin).await.map(drop),
            Act::Review => review::soon_around(&self.app, &write.event).await,
        }
    }

    /// What was tried in vain is told all the same.
    fn tell_tried(&self) {
        let said: Vec<EyeSaid> = self.due().events.iter_mut().filter_map(|write| write.said.take()).collect();
        for said in said {
            self.app.tell(Live::Eye(said));
        }
    }

    /// Whether nothing is owed, or nothing more is tried; then what is lost is said.
    fn is_over(&self, last: bool) -> bool {
        let (events, guards) = {
            let mut due = self.due();
            let owes = !due.events.is_empty() || !due.guards.is_empty();
            if owes && !last {
                return false;
            }
            due.writes = false;
            (std::mem::take(&mut due.events), std::mem::take(&mut due.guards))
        };
        for Write { event, act, .. } in events {
            tracing::error!(camera = self.camera, event, ?act, "the program ends: what a camera saw is lost");
        }
        for (_, guard) in guards {
            tracing::error!(camera = self.camera, ?guard, "the program ends: how a camera guarded is lost");
        }
        true
    }
}

/// What can never be written. The beginning of an event is kept before its steps are tried, so that a step of none never comes to one.
fn is_refused(error: &StoreError) -> bool {
    matches!(error, StoreError::Eye(_) | StoreError::NotFound)
}

/// What fails whatever is written.
fn is_away(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_) | StoreError::Full(_) | StoreError::Busy)
}
