//! Nodes: who is there, who does a job that only one may do, and what one tells all.
//!
//! Several processes may work on one PostgreSQL; each is a node with an id of its own. A name is held by one node at a time and
//! falls back by itself when that node ends or is cut off. A note reaches every node, the sender included. On SQLite there is one
//! node, and all of this happens inside of the process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::dialect::postgres::presence::Presence;
use crate::{Store, StoreError};

/// Notes that may wait for one reader.
const NOTES_MAX: usize = 8_192;
/// Bytes of a topic and its body together.
pub(crate) const NOTE_BYTES_MAX: usize = 1 << 20;

/// The id of one process's store, new at every start.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(String);

impl NodeId {
    fn fresh() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// As sent by another node.
    pub(crate) fn told(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that a node holds as long as it lives; [`Store::held`] with it says whether it does.
    pub fn presence(&self) -> String {
        format!("node:{}", self.0)
    }
}

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one node tells all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about; a word without line breaks.
    pub topic: String,
    /// What is said.
    pub body: String,
    /// Who says it.
    pub from: NodeId,
}

/// Notes were missed: whoever follows them must read everything anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("notes were missed")]
pub struct Lagged;

#[derive(Debug, Clone)]
enum Heard {
    Note(Arc<Note>),
    Gap,
}

/// Where the notes of this node come in and its readers listen.
#[derive(Clone)]
pub(crate) struct Hub {
    id: NodeId,
    heard: broadcast::Sender<Heard>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self { id: NodeId::fresh(), heard: broadcast::channel(NOTES_MAX).0 }
    }

    pub(crate) fn id(&self) -> &NodeId {
        &self.id
    }

    pub(crate) fn hear(&self, note: Note) {
        let _nobody = self.heard.send(Heard::Note(Arc::new(note)));
    }

    /// Notes may have been missed.
    pub(crate) fn gap(&self) {
        let _nobody = self.heard.send(Heard::Gap);
    }
}

/// Notes from the moment of [`Store::notes`] on.
pub struct Notes(broadcast::Receiver<Heard>);

impl Notes {
    /// The next note. Waits for ever once the store is gone.
    ///
    /// # Errors
    /// [`Lagged`] when this reader was too slow, or the line to the database was lost meanwhile; the notes after it follow.
    pub async fn recv(&mut self) -> Result<Note, Lagged> {
        match self.0.recv().await {
            Ok(Heard::Note(note)) => Ok(Arc::unwrap_or_clone(note)),
            Ok(Heard::Gap) | Err(RecvError::Lagged(_)) => Err(Lagged),
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Names held by this process, each under the number of its holding.
#[derive(Default)]
pub(crate) struct Names {
    last: AtomicU64,
    held: Mutex<HashMap<String, (u64, CancellationToken)>>,
}

impl Names {
    fn held(&self) -> MutexGuard<'_, HashMap<String, (u64, CancellationToken)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.held().contains_key(name)
    }

    /// Notes the name as held; none when it is already.
    pub(crate) fn take(&self, name: &str) -> Option<(u64, CancellationToken)> {
        let mut held = self.held();
        if held.contains_key(name) {
            return None;
        }
        let taken = (self.last.fetch_add(1, Ordering::Relaxed), CancellationToken::new());
        held.insert(name.to_owned(), taken.clone());
        Some(taken)
    }

    /// Gives a name back, unless it has been lost and taken again since; true when it was given back.
    pub(crate) fn give(&self, name: &str, number: u64) -> bool {
        let mut held = self.held();
        let same = held.get(name).is_some_and(|(n, _)| *n == number);
        if same {
            held.remove(name);
        }
        same
    }

    /// Every holding is lost.
    pub(crate) fn lose(&self) {
        for (_, (_, lost)) in self.held().drain() {
            lost.cancel();
        }
    }
}

/// A name held; dropped, it is given back.
pub struct Holding {
    name: String,
    number: u64,
    lost: CancellationToken,
    keeper: Keeper,
}

/// Whom a dropped holding tells.
#[derive(Clone)]
pub(crate) enum Keeper {
    Process(Arc<Names>),
    Postgres(Presence),
}

impl Holding {
    pub(crate) fn new(name: &str, (number, lost): (u64, CancellationToken), keeper: Keeper) -> Self {
        Self { name: name.to_owned(), number, lost, keeper }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Cancelled when the name is no longer held although nobody has given it back: the line to the database broke, or the store
    /// was closed. Whoever does the job must stop then; another node may begin.
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        match &self.keeper {
            Keeper::Process(names) => {
                names.give(&self.name, self.number);
            }
            Keeper::Postgres(presence) => presence.give(&self.name, self.number),
        }
    }
}

impl std::fmt::Debug for Holding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holding")
            .field("name", &self.name)
            .field("lost", &self.lost.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// This node.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) hub: Hub,
    pub(crate) keeper: Keeper,
}

impl Node {
    /// The only one there is.
    pub(crate) fn alone() -> Self {
        let (hub, names) = (Hub::new(), Arc::new(Names::default()));
        names.take(&hub.id().presence());
        Self { hub, keeper: Keeper::Process(names) }
    }

    /// Gives everything back.
    pub(crate) async fn leave(&self) {
        match &self.keeper {
            Keeper::Process(names) => names.lose(),
            Keeper::Postgres(presence) => presence.leave().await,
        }
    }
}

impl Store {
    /// This node.
    pub fn node(&self) -> &NodeId {
        self.node.hub.id()
    }

    /// Becomes the one who holds `name`; none while another node, or this one, holds it already.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] while the database cannot be reached.
    pub async fn hold(&self, name: &str) -> Result<Option<Holding>, StoreError> {
        match &self.node.keeper {
            Keeper::Process(names) => {
                Ok(names.take(name).map(|taken| Holding::new(name, taken, self.node.keeper.clone())))
            }
            Keeper::Postgres(presence) => {
                let taken = presence.take(name).await?;
                Ok(taken.map(|taken| Holding::new(name, taken, self.node.keeper.clone())))
            }
        }
    }

    /// Whether any node holds `name` now.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] while the database cannot be reached.
    pub async fn held(&self, name: &str) -> Result<bool, StoreError> {
        match &self.node.keeper {
            Keeper::Process(names) => Ok(names.has(name)),
            Keeper::Postgres(presence) => presence.held(name).await,
        }
    }

    /// Tells every node, this one included. Notes of one node arrive in their order. Whatever they are about must be durable
    /// before: a note itself is not kept. `topic` has no line break.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] while the database cannot be reached, [`StoreError::Io`] when it is longer than 1 MiB.
    pub async fn publish(&self, topic: &str, body: String) -> Result<(), StoreError> {
        if topic.len() + body.len() > NOTE_BYTES_MAX {
            return Err(StoreError::Io(format!("a note of {} bytes about {topic}", body.len())));
        }
        match &self.node.keeper {
            Keeper::Process(_) => {
                self.node.hub.hear(Note { topic: topic.to_owned(), body, from: self.node().clone() });
                Ok(())
            }
            Keeper::Postgres(presence) => presence.publish(topic, &body).await,
        }
    }

    /// Notes from now on.
    pub fn notes(&self) -> Notes {
        Notes(self.node.hub.heard.subscribe())
    }
}
