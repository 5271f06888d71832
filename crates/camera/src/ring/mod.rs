//! The ring of recordings (录像环): files of some seconds, each named by when it began, so that the folder is its own index and survives
//! whatever happens to the program.
//!
//! ```text
//! 20261130/20261130T030405.123456Z_4000000_h264-1920x1080.mp4     began, microseconds long, codec and size
//! part/1764471845123-000017.mp4                                   being written
//! holds.txt                                                       spans that must stay, in microseconds of UTC
//! ```
//!
//! Files are fragmented MP4 and begin with a key frame. H.264 and H.265 come from cameras as they are; MJPEG too, because MP4 takes it;
//! what is painted here is encoded. Names are in UTC. Sound is not recorded.

mod clock;
mod cut;
mod keep;
mod name;
mod part;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use cut::{CLIP_S_MAX, Cut, Still};
pub use keep::{Health, Hold};
pub(crate) use name::Tag;
pub(crate) use part::Part;

use crate::mail::lock;
use crate::{Reason, RingSettings};

/// A span of time, `from..to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its begin.
    pub from: Timestamp,
    /// Its end, no longer part of it.
    pub to: Timestamp,
}

/// What a ring could not do.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// A file or folder.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Nothing was recorded then.
    #[error("nothing recorded at {0}")]
    Nothing(Timestamp),
    /// It is being written; soon it can be read.
    #[error("recording of {0} is not finished yet")]
    NotYet(Timestamp),
    /// A clip ends before it begins, or is longer than [`CLIP_S_MAX`].
    #[error("clip of {0} s")]
    Length(i64),
    /// FFmpeg could not do it.
    #[error("ffmpeg: {0:?}")]
    Program(Reason),
}

impl RingError {
    /// The sentence for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Io { path, error } => format!("录像文件 {} 无法读写：{error}", path.display()),
            Self::Nothing(at) => format!("{at} 没有录像"),
            Self::NotYet(at) => format!("{at} 的录像正在写入，请稍后再取"),
            Self::Length(s) => format!("剪辑长度 {s} 秒不在允许范围内（1～{CLIP_S_MAX} 秒）"),
            Self::Program(reason) => format!("录像处理失败：{}", reason.zh()),
        }
    }
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, RingError> {
    result.map_err(|error| RingError::Io { path: path.to_owned(), error })
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    us: i64,
    bytes: u64,
    tag: Tag,
}

#[derive(Default)]
struct State {
    /// By begin, microseconds of UTC.
    segments: BTreeMap<i64, Segment>,
    bytes: u64,
    held: keep::Held,
    part: Option<Arc<Mutex<part::Live>>>,
    tags: Vec<Tag>,
    clock_offset_s: Option<f64>,
}

struct Inner {
    settings: RingSettings,
    state: Mutex<State>,
}

/// The recordings of one camera. Clones are the same ring.
#[derive(Clone)]
pub struct Ring(Arc<Inner>);

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").field("folder", &self.0.settings.folder).finish_non_exhaustive()
    }
}

const PART: &str = "part";

impl Ring {
    /// Opens the ring to record into it. What a killed program left half-written is taken in, or thrown away when it cannot be read.
    /// One program at a time opens a folder so.
    pub fn open(settings: RingSettings) -> Result<Self, RingError> {
        let folder = settings.folder.join(PART);
        at(&folder, fs::create_dir_all(&folder))?;
        let ring = Self::read(settings)?;
        ring.begin_holds();
        ring.recover();
        Ok(ring)
    }

    /// Opens the ring to look at what is there now. Changes nothing.
    pub fn read(settings: RingSettings) -> Result<Self, RingError> {
        let ring = Self(Arc::new(Inner { settings, state: Mutex::default() }));
        ring.refresh()?;
        ring.load_holds();
        Ok(ring)
    }

    /// Reads the names of the files again.
    pub fn refresh(&self) -> Result<(), RingError> {
        let (mut segments, mut tags) = (BTreeMap::new(), State::default());
        let folder = &self.0.settings.folder;
        for day in at(folder, fs::read_dir(folder))?.flatten() {
            if !day.file_name().to_str().is_some_and(name::is_day) {
                continue;
            }
            for file in at(&day.path(), fs::read_dir(day.path()))?.flatten() {
                let found = file.file_name().to_str().and_then(name::parse);
                let bytes = file.metadata().map(|m| m.len()).unwrap_or_default();
                if let Some((start, us, tag)) = found.filter(|_| bytes > 0) {
                    let tag = tags.known(tag);
                    segments.insert(start, Segment { us, bytes, tag });
                }
            }
        }
        let mut state = lock(&self.0.state);
        state.bytes = segments.values().map(|s| s.bytes).sum();
        state.segments = segments;
        Ok(())
    }

    /// How it is set.
    pub fn settings(&self) -> &RingSettings {
        &self.0.settings
    }

    /// How far the camera's clock goes before this machine's, in seconds, by the last file; nothing when the camera does not tell (RTCP).
    pub fn clock_offset_s(&self) -> Option<f64> {
        lock(&self.0.state).clock_offset_s
    }

    /// What is recorded between `from` and `to`; files that follow one another within half a second are one span.
    pub fn coverage(&self, from: Timestamp, to: Timestamp) -> Vec<Span> {
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for (start, end) in self.bounds(from, to) {
            match spans.last_mut() {
                Some((_, last)) if start - *last <= GAP_US => *last = end.max(*last),
                _ => spans.push((start, end)),
            }
        }
        let stamp = |us| Timestamp::from_microsecond(us).unwrap_or(from);
        spans.into_iter().map(|(a, b)| Span { from: stamp(a), to: stamp(b) }).collect()
    }

    fn bounds(&self, from: Timestamp, to: Timestamp) -> Vec<(i64, i64)> {
        self.between(from, to).into_iter().map(|(start, s)| (start, start + s.us)).collect()
    }

    /// Files that touch `from..to`, in order.
    fn between(&self, from: Timestamp, to: Timestamp) -> Vec<(i64, Segment)> {
        let (from, to) = (from.as_microsecond(), to.as_microsecond());
        let state = lock(&self.0.state);
        let range = from.saturating_sub(SEGMENT_US_MAX)..to.max(from.saturating_sub(SEGMENT_US_MAX));
        state
            .segments
            .range(range)
            .filter(|(start, s)| **start + s.us > from)
            .map(|(start, s)| (*start, s.clone()))
            .collect()
    }

    /// The file that holds the picture of `us`: the one that touches it, or ended so shortly before that its last picture still stood.
    fn holding(&self, us: i64) -> Option<(i64, Segment)> {
        let state = lock(&self.0.state);
        let (start, segment) = state.segments.range(..=us).next_back()?;
        (start + segment.us + GAP_US > us).then(|| (*start, segment.clone()))
    }

    fn path(&self, start: i64, segment: &Segment) -> PathBuf {
        self.0.settings.folder.join(name::day(start)).join(name::file(start, segment.us, &segment.tag))
    }
}

/// What lies apart so far is a gap.
const GAP_US: i64 = 500_000;
/// A file is never longer: key frames farther apart are no stream to watch.
const SEGMENT_US_MAX: i64 = 3_600_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(folder: &Path, files: &[(i64, i64)]) -> Ring {
        let tag = Tag::new("h264", 64, 36);
        for (start, s) in files {
            let day = folder.join(name::day(start * 1_000_000));
            fs::create_dir_all(&day).unwrap();
            fs::write(day.join(name::file(start * 1_000_000, s * 1_000_000, &tag)), b"x".repeat(1000)).unwrap();
        }
        Ring::open(RingSettings::new(folder)).unwrap()
    }

    fn second(s: i64) -> Timestamp {
        Timestamp::from_second(s).unwrap()
    }

    fn days(ring: &Ring) -> Vec<i64> {
        lock(&ring.0.state).segments.keys().map(|us| us / 86_400_000_000).collect()
    }

    #[test]
    fn the_folder_is_the_index() {
        let dir = tempfile::tempdir().unwrap();
        let ring = ring(dir.path(), &[(86_390, 4), (86_394, 4), (86_398, 4), (86_500, 4)]);
        fs::write(dir.path().join("19700102").join("stray.txt"), b"x").unwrap();
        ring.refresh().unwrap();
        let spans: Vec<_> =
            ring.coverage(second(0), second(90_000)).iter().map(|s| (s.from.as_second(), s.to.as_second())).collect();
        assert_eq!(spans, [(86_390, 86_402), (86_500, 86_504)]);
        assert_eq!(ring.coverage(second(86_402), second(86_500)), []);
        assert_eq!(ring.between(second(86_395), second(86_396)).len(), 1);
    }

    #[test]
    fn between_two_files_the_last_picture_stands() {
        let dir = tempfile::tempdir().unwrap();
        let ring = ring(dir.path(), &[(100, 4), (104, 4), (200, 4)]);
        let start = |us: i64| ring.holding(us).map(|(s, _)| s / 1_000_000);
        assert_eq!(start(103_999_999), Some(100));
        assert_eq!(start(104_000_000), Some(104));
        assert_eq!(start(108_300_000), Some(104), "a moment after its end");
        assert_eq!((start(108_600_000), start(99_999_999)), (None, None));
    }

    #[test]
    fn the_oldest_goes_and_never_what_is_held() {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<_> = (0..10).map(|i| (86_400 * i, 4)).collect();
        let mut ring = ring(dir.path(), &files);
        ring.set_holds(vec![Hold(Span { from: second(86_400), to: second(86_402) })]).unwrap();
        Arc::get_mut(&mut ring.0).unwrap().settings.days = 3.0;
        ring.sweep(second(86_400 * 9));
        assert_eq!(days(&ring), [1, 6, 7, 8, 9]);
        assert!(!dir.path().join("19700101").exists(), "an empty day is removed");
        let inner = Arc::get_mut(&mut ring.0).unwrap();
        inner.settings.quota_mb = 0;
        let health = ring.sweep(second(86_400 * 9));
        assert_eq!((days(&ring), health.room), (vec![1], false), "what is held stays, and recording has no room");
    }

    #[test]
    fn what_is_held_stays_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<_> = (0..20).map(|i| (86_400 * i, 4)).collect();
        let before = ring(dir.path(), &files);
        before.set_holds(vec![Hold(Span { from: second(86_400), to: second(86_402) })]).unwrap();
        drop(before);
        let again = Ring::open(RingSettings::new(dir.path())).unwrap();
        again.sweep(second(86_400 * 19 + 4));
        assert_eq!(days(&again), [1, 12, 13, 14, 15, 16, 17, 18, 19]);
    }

    #[test]
    fn everything_stays_while_nobody_can_say_what_must() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("holds.txt");
        let late = second(86_400 * 30);
        let old = ring(dir.path(), &[(86_400, 4), (90_000, 4)]);
        old.sweep(late);
        assert_eq!(days(&old), [1, 1], "a list that is missing beside recordings");
        let open = || Ring::open(RingSettings::new(dir.path())).unwrap();
        for bad in ["", "holds 2\n1 2\n", "holds 1\n1 2", "\u{fffd}"] {
            fs::write(&list, bad).unwrap();
            open().sweep(late);
            assert_eq!(days(&open()), [1, 1], "{bad:?}");
        }
        let said = open();
        said.set_holds(Vec::new()).unwrap();
        said.sweep(late);
        assert!(days(&said).is_empty());
    }

    #[test]
    fn a_new_ring_knows_that_nothing_is_held() {
        let dir = tempfile::tempdir().unwrap();
        drop(ring(dir.path(), &[]));
        let again = ring(dir.path(), &[(86_400, 4)]);
        again.sweep(second(86_400 * 30));
        assert!(days(&again).is_empty());
    }

    #[test]
    fn a_disk_that_is_full_is_no_room() {
        let dir = tempfile::tempdir().unwrap();
        let mut ring = ring(dir.path(), &[(86_400, 4)]);
        ring.set_holds(vec![Hold(Span { from: second(0), to: second(90_000) })]).unwrap();
        Arc::get_mut(&mut ring.0).unwrap().settings.floor_mb = u64::MAX >> 21;
        assert!(!ring.sweep(second(86_404)).room);
        assert_eq!(ring.coverage(second(0), second(90_000)).len(), 1);
    }
}
