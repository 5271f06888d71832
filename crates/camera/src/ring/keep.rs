//! What stays and what goes: so many days, so many MiB, so much free room on the disk; the oldest first, never what is held.

use std::fs;

use jiff::Timestamp;
use nix::sys::statvfs::statvfs;
use serde::Serialize;

use super::{Ring, Segment, Span, State, name};
use crate::mail::lock;

const FLOOR_MB_MIN: u64 = 16;

/// A span that must stay, because an event or a case needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold(pub Span);

impl Hold {
    fn holds(self, start: i64, segment: &Segment) -> bool {
        start < self.0.to.as_microsecond() && start + segment.us > self.0.from.as_microsecond()
    }
}

/// How full it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Bytes of the ring.
    pub used: u64,
    /// Bytes free on its disk.
    pub free: u64,
    /// Whether there is room to record: within the quota, and above the floor of free room. [`Ring::sweep`] makes room each 10 s, so that
    /// [`Ring::health`] alone may say no for as long.
    pub room: bool,
    /// The oldest that is there.
    pub oldest: Option<Timestamp>,
}

impl Ring {
    /// Sets which spans stay whatever the settings say.
    pub fn set_holds(&self, holds: Vec<Hold>) {
        lock(&self.0.state).holds = holds;
    }

    /// Removes what may and must go, and says how full it is then.
    pub fn sweep(&self, now: Timestamp) -> Health {
        let settings = &self.0.settings;
        let oldest_us = now.as_microsecond().saturating_sub((settings.days * 86_400e6) as i64);
        self.remove_while(|_, end, _| end < oldest_us);
        let quota = settings.quota_mb.saturating_mul(1 << 20);
        self.remove_while(|state, _, _| state.bytes > quota);
        let floor = self.floor();
        let mut missing = floor.saturating_sub(self.free());
        self.remove_while(|_, _, bytes| {
            let go = missing > 0;
            missing = missing.saturating_sub(bytes);
            go
        });
        self.health()
    }

    /// How full it is.
    pub fn health(&self) -> Health {
        let settings = &self.0.settings;
        let free = self.free();
        let state = lock(&self.0.state);
        let room = free >= self.floor() && state.bytes <= settings.quota_mb.saturating_mul(1 << 20);
        let oldest = state.segments.keys().next().and_then(|us| Timestamp::from_microsecond(*us).ok());
        Health { used: state.bytes, free, room, oldest }
    }

    /// Bytes that stay free; some always, so that the disk is never full to the last.
    fn floor(&self) -> u64 {
        self.0.settings.floor_mb.max(FLOOR_MB_MIN).saturating_mul(1 << 20)
    }

    fn free(&self) -> u64 {
        statvfs(&self.0.settings.folder).map_or(0, |s| s.blocks_available() * s.fragment_size())
    }

    /// Removes files from the oldest on, as long as `goes(state, end, bytes)`; what is held is passed over.
    fn remove_while(&self, mut goes: impl FnMut(&State, i64, u64) -> bool) {
        let mut state = lock(&self.0.state);
        let mut after = i64::MIN;
        while let Some((start, segment)) = state.segments.range(after..).next().map(|(s, f)| (*s, f.clone())) {
            after = start + 1;
            if state.holds.iter().any(|h| h.holds(start, &segment)) {
                continue;
            }
            if !goes(&state, start + segment.us, segment.bytes) {
                break;
            }
            if let Err(e) = fs::remove_file(self.path(start, &segment)) {
                tracing::warn!("a recording cannot be removed: {e}");
            }
            state.segments.remove(&start);
            state.bytes -= segment.bytes.min(state.bytes);
            // fails while the day has other files, which is meant
            let _ = fs::remove_dir(self.0.settings.folder.join(name::day(start)));
        }
    }
}
