//! Room on the disk: what takes much of it is refused *before* the disk is full.
//!
//! Below the bound there is a warning; below a quarter of it no telegram and no evidence file is taken any more, so that what is
//! left serves the log, the judge, cases and whoever makes room. Reading goes on. Nothing has to be restarted afterwards: the
//! folder is looked at again, at most once a second, by whoever asks.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::StoreError;

/// A look at the disk is good for so long.
const FRESH: Duration = Duration::from_secs(1);
/// Below this part of the bound nothing new is taken.
const STOP_PART: u64 = 4;

/// How to learn the free bytes under a folder.
pub type Probe = Arc<dyn Fn(&Path) -> io::Result<u64> + Send + Sync>;

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// Enough, or nobody watches.
    Enough,
    /// Below the bound: make room.
    Low,
    /// Below a quarter of it: no telegram and no evidence is taken.
    Full,
}

/// What a look at the disk has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// How that stands to the bound.
    pub room: Room,
    /// Free bytes; none when the disk does not say, or nobody watches.
    pub free: Option<u64>,
}

/// Watches the room under a folder. Cheap to clone; clones share what they have seen.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    min: u64,
    state: Mutex<State>,
}

struct State {
    probe: Probe,
    at: Option<Instant>,
    seen: Looked,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("folder", &self.0.folder).field("min", &self.0.min).finish_non_exhaustive()
    }
}

impl Guard {
    /// Watches `folder`, of which at least `min` bytes are to be free; 0 watches without a bound.
    pub fn new(folder: &Path, min: u64) -> Self {
        let seen = Looked { room: Room::Enough, free: None };
        let state = Mutex::new(State { probe: Arc::new(free_bytes), at: None, seen });
        Self(Arc::new(Inner { folder: folder.to_owned(), min, state }))
    }

    /// Watches the working folder without a bound.
    pub(crate) fn none() -> Self {
        Self::new(Path::new("."), 0)
    }

    /// The least that is to be free, in bytes.
    pub fn min(&self) -> u64 {
        self.0.min
    }

    /// From now on `probe` tells what is free.
    pub fn probe_by(&self, probe: Probe) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.probe = probe;
        state.at = None;
    }

    /// How much room there is now; a change is logged.
    pub fn look(&self) -> Looked {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.at.is_some_and(|at| at.elapsed() < FRESH) {
            return state.seen;
        }
        let free = (state.probe)(&self.0.folder);
        let seen = match free {
            Ok(free) => Looked { room: room(free, self.0.min), free: Some(free) },
            Err(error) => {
                if state.at.is_none() || state.seen.free.is_some() {
                    tracing::warn!(%error, folder = %self.0.folder.display(), "the room on the disk is not known");
                }
                // a disk that does not answer is found out by the writer, which knows for sure
                Looked { room: Room::Enough, free: None }
            }
        };
        if seen.room != state.seen.room {
            self.tell(seen);
        }
        (state.at, state.seen) = (Some(Instant::now()), seen);
        seen
    }

    /// Refuses what takes room while there is too little.
    ///
    /// # Errors
    /// [`StoreError::Full`], with the figures.
    pub fn admit(&self) -> Result<(), StoreError> {
        match self.look() {
            Looked { room: Room::Full, free } => Err(StoreError::Full(self.words(free.unwrap_or_default()))),
            _ => Ok(()),
        }
    }

    fn words(&self, free: u64) -> String {
        let stop = self.0.min / STOP_PART;
        format!("{} MiB are free, nothing is taken below {} MiB", free >> 20, stop >> 20)
    }

    fn tell(&self, seen: Looked) {
        let (folder, free, min) = (self.0.folder.display(), seen.free.unwrap_or_default(), self.0.min);
        match seen.room {
            Room::Enough => tracing::info!(%folder, free, min, "there is room on the disk again"),
            Room::Low => tracing::warn!(%folder, free, min, "little room is left on the disk"),
            Room::Full => {
                tracing::error!(%folder, free, min, "no telegram and no evidence is taken until there is room on the disk");
            }
        }
    }
}

fn room(free: u64, min: u64) -> Room {
    match free {
        _ if free >= min => Room::Enough,
        _ if free >= min / STOP_PART => Room::Low,
        _ => Room::Full,
    }
}

/// Bytes that an ordinary user may still write under a folder.
///
/// # Errors
/// What the system says.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = nix::sys::statvfs::statvfs(folder)?;
    Ok(disk.blocks_available() * disk.fragment_size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_low_below_the_bound_and_full_below_a_quarter_of_it() {
        let check = |free, min, is| assert_eq!(room(free, min), is, "{free} of {min}");
        check(512, 512, Room::Enough);
        check(511, 512, Room::Low);
        check(128, 512, Room::Low);
        check(127, 512, Room::Full);
        check(0, 0, Room::Enough);
    }

    #[test]
    fn what_takes_room_is_refused_while_there_is_none_and_taken_again_afterwards() {
        let free = |bytes: u64| -> Probe { Arc::new(move |_| Ok(bytes)) };
        let guard = Guard::new(Path::new("."), 1 << 20);
        guard.probe_by(free(1_000));
        assert!(matches!(guard.admit(), Err(StoreError::Full(_))));
        guard.probe_by(free(1 << 19));
        assert_eq!(guard.look(), Looked { room: Room::Low, free: Some(1 << 19) });
        guard.admit().expect("a warning refuses nothing");
        guard.probe_by(Arc::new(|_| Err(io::Error::other("gone"))));
        guard.admit().expect("the writer finds out");
        assert!(free_bytes(Path::new(".")).expect("a disk") > 0);
    }
}
