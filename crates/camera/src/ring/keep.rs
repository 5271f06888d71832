//! What stays and what goes: so many days, so many MiB, so much free room on the disk; the oldest first, never what is held.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nix::sys::statvfs::statvfs;
use serde::Serialize;

use super::{Ring, RingError, Span, State, at, name};
use crate::mail::lock;

const FLOOR_MB_MIN: u64 = 16;
const HOLDS: &str = "holds.txt";
const HOLDS_PART: &str = "holds.part";

/// A span that must stay, because an event or a case needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold(pub Span);

/// What stays whatever the settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Held {
    /// Everything: nobody can say what.
    #[default]
    All,
    /// Spans in microseconds of UTC, ascending and apart.
    Spans(Vec<(i64, i64)>),
}

impl Held {
    fn holds(&self, start: i64, end: i64) -> bool {
        match self {
            Self::All => true,
            Self::Spans(spans) => {
                let first = spans.partition_point(|(_, to)| *to <= start);
                spans.get(first).is_some_and(|(from, _)| *from < end)
            }
        }
    }
}

/// Ascending and apart, so that one search finds what holds a file.
fn merged(mut spans: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    for span in &mut spans {
        *span = (span.0.min(span.1), span.0.max(span.1));
    }
    spans.sort_unstable();
    spans.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1;
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
    spans
}

/// How many there are, then one a line.
fn written(spans: &[(i64, i64)]) -> String {
    let mut text = format!("holds {}\n", spans.len());
    for (from, to) in spans {
        text += &format!("{from} {to}\n");
    }
    text
}

/// What [`written`] wrote; nothing when any of it is missing.
fn parse(text: &str) -> Option<Vec<(i64, i64)>> {
    let mut lines = text.strip_suffix('\n')?.lines();
    let count: usize = lines.next()?.strip_prefix("holds ")?.parse().ok()?;
    let span = |line: &str| -> Option<(i64, i64)> {
        let (from, to) = line.split_once(' ')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    };
    let spans = lines.map(span).collect::<Option<Vec<_>>>()?;
    (spans.len() == count).then(|| merged(spans))
}

/// Whole or not at all, and durable.
fn write(folder: &Path, spans: &[(i64, i64)]) -> io::Result<()> {
    let part = folder.join(HOLDS_PART);
    let mut file = File::create(&part)?;
    file.write_all(written(spans).as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, folder.join(HOLDS))?;
    File::open(folder)?.sync_all()
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
    /// Sets which spans stay whatever the settings say, and writes them down: a ring that is opened anew knows them before anything goes.
    ///
    /// # Errors
    /// When they cannot be written; in this ring they hold all the same.
    pub fn set_holds(&self, holds: Vec<Hold>) -> Result<(), RingError> {
        let spans =
            merged(holds.iter().map(|Hold(span)| (span.from.as_microsecond(), span.to.as_microsecond())).collect());
        let mut state = lock(&self.0.state);
        let done = write(&self.0.settings.folder, &spans);
        state.held = Held::Spans(spans);
        at(&self.holds_path(), done)
    }

    /// Reads which spans stay, as they were set last. Where that cannot be read, everything stays until they are set again.
    pub(super) fn load_holds(&self) {
        let path = self.holds_path();
        let found = fs::read_to_string(&path)
            .and_then(|text| parse(&text).ok_or_else(|| io::Error::other("this is no list of spans")));
        let mut state = lock(&self.0.state);
        let is_empty = state.segments.is_empty();
        state.held = match found {
            Ok(spans) => Held::Spans(spans),
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_empty => Held::Spans(Vec::new()),
            Err(error) => {
                tracing::warn!(
                    path = %path.display(),
                    %error,
                    "nobody can say which recordings must stay: all do, until it is said again"
                );
                Held::All
            }
        };
    }

    /// Begins the list of a ring in which nothing is yet: one that is missing later was lost.
    pub(super) fn begin_holds(&self) {
        let is_empty = lock(&self.0.state).segments.is_empty();
        if is_empty
            && !self.holds_path().exists()
            && let Err(error) = self.set_holds(Vec::new())
        {
            tracing::warn!(%error, "which recordings must stay cannot be written down");
        }
    }

    fn holds_path(&self) -> PathBuf {
        self.0.settings.folder.join(HOLDS)
    }

    /// The begin of the oldest file that is there.
    pub fn oldest(&self) -> Option<Timestamp> {
        lock(&self.0.state).oldest()
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
        Health { used: state.bytes, free, room, oldest: state.oldest() }
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
            if state.held.holds(start, start + segment.us) {
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

impl State {
    fn oldest(&self) -> Option<Timestamp> {
        self.segments.keys().next().and_then(|us| Timestamp::from_microsecond(*us).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_list_is_none() {
        let text = written(&[(1, 2), (5, 9)]);
        assert_eq!(parse(&text), Some(vec![(1, 2), (5, 9)]));
        for end in 0..text.len() {
            assert_eq!(parse(&text[..end]), None, "{end}");
        }
        assert_eq!(parse("holds 1\n1 x\n"), None);
        assert_eq!(parse("holds 1\n1 2\n3 4\n"), None);
    }

    proptest::proptest! {
        #[test]
        fn one_search_finds_what_each_of_them_holds(
            spans in proptest::collection::vec((0i64..100, 0i64..100), 0..12), start in 0i64..100, length in 1i64..20,
        ) {
            let end = start + length;
            let each = spans.iter().any(|(a, b)| start < *a.max(b) && end > *a.min(b));
            let merged = merged(spans);
            assert_eq!(parse(&written(&merged)).as_ref(), Some(&merged));
            assert_eq!(Held::Spans(merged).holds(start, end), each);
        }
    }
}
