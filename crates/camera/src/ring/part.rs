//! Files that are being written, and how they become files of the ring.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::{PART, Ring, RingError, SEGMENT_US_MAX, Segment, State, Tag, at, clock, name};
use crate::ffmpeg::program;
use crate::mail::lock;
use crate::secret::Scrubber;

/// Half-written files that are looked at after a kill; a camera that is cut over and over leaves no more worth reading.
const RECOVER_MAX: usize = 8;
const TAGS_MAX: usize = 64;

/// The file that is being written now.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub(super) folder: PathBuf,
    pub(super) prefix: String,
    pub(super) index: Option<u32>,
    pub(super) start: Option<Timestamp>,
}

impl Live {
    pub(super) fn path(&self) -> Option<PathBuf> {
        Some(self.folder.join(format!("{}-{:06}.mp4", self.prefix, self.index?)))
    }
}

/// The files of one run of FFmpeg.
pub(crate) struct Part {
    /// What FFmpeg is told: a path with `%06d` in it.
    pub(crate) pattern: PathBuf,
    live: Arc<Mutex<Live>>,
    /// Whether the files carry the camera's clock.
    clock: bool,
}

impl Part {
    pub(crate) fn opened(&self, index: u32) {
        lock(&self.live).index = Some(index);
    }

    /// The file that is being written is finished; the next one begins at `start`.
    pub(crate) fn next(&self, start: Timestamp) {
        let mut live = lock(&self.live);
        live.index = live.index.map(|i| i + 1);
        live.start = Some(start);
    }

    /// When the file that is being written began, once that is known.
    pub(crate) fn start(&self) -> Option<Timestamp> {
        lock(&self.live).start
    }
}

impl Ring {
    /// A name for the files of a new run.
    pub(crate) fn new_part(&self, clock: bool) -> Result<Part, RingError> {
        let folder = self.0.settings.folder.join(PART);
        at(&folder, fs::create_dir_all(&folder))?;
        let prefix = Timestamp::now().as_microsecond().to_string();
        let pattern = folder.join(format!("{prefix}-%06d.mp4"));
        let live = Arc::new(Mutex::new(Live { folder, prefix, index: None, start: None }));
        lock(&self.0.state).part = Some(Arc::clone(&live));
        Ok(Part { pattern, live, clock })
    }

    /// Takes a finished file in: `name` of the run `part`, from `start`, `s` seconds long.
    pub(crate) fn accept(&self, part: &Part, name: &str, start: Timestamp, s: f64, tag: &Tag) -> Result<(), RingError> {
        let folder = lock(&part.live).folder.clone();
        // the name comes from a program: its last component is all that counts
        let Some(name) = std::path::Path::new(name).file_name() else { return Ok(()) };
        let path = folder.join(name);
        if part.clock
            && let Some(seen) = clock::of_file(&path)
        {
            let offset = clock::offset(seen, start);
            if offset.is_some() {
                lock(&self.0.state).clock_offset_s = offset;
            }
        }
        self.take_in(path, start.as_microsecond(), (s * 1e6) as i64, tag)
    }

    /// Takes in what a run left unfinished; `begun` is when that file began.
    pub(crate) fn salvage(&self, part: &Part, begun: Option<Timestamp>) {
        let path = lock(&part.live).path();
        lock(&part.live).index = None;
        let Some(path) = path.filter(|p| p.exists()) else { return };
        let found = begun.zip(measure(&path));
        let taken = found.map(|(start, (us, tag))| self.take_in(path.clone(), start.as_microsecond(), us, &tag));
        if !matches!(taken, Some(Ok(()))) {
            let _ = fs::remove_file(&path);
        }
    }

    fn take_in(&self, from: PathBuf, mut start: i64, us: i64, tag: &Tag) -> Result<(), RingError> {
        let bytes = at(&from, fs::metadata(&from))?.len();
        if bytes == 0 || !(1..=SEGMENT_US_MAX).contains(&us) {
            return at(&from, fs::remove_file(&from));
        }
        let mut state = lock(&self.0.state);
        while state.segments.contains_key(&start) {
            start += 1;
        }
        // two estimates of the clock differ by some milliseconds: files that follow one another do not overlap for that
        if let Some((before, segment)) = state.segments.range(..start).next_back().map(|(b, s)| (*b, s.us)) {
            let end = before + segment;
            if start < end && end - start < super::GAP_US && end < start + us {
                start = end;
            }
        }
        let tag = state.known(tag.clone());
        let segment = Segment { us, bytes, tag };
        let path = self.path(start, &segment);
        let day = self.0.settings.folder.join(name::day(start));
        at(&day, fs::create_dir_all(&day))?;
        at(&path, fs::rename(&from, &path))?;
        State::add(&mut state, start, segment);
        Ok(())
    }

    /// What a killed program left: the length is read out of it, its end is when it was last written.
    pub(super) fn recover(&self) {
        let Ok(found) = fs::read_dir(self.0.settings.folder.join(PART)) else { return };
        let mut files: Vec<_> =
            found.flatten().filter_map(|f| Some((f.metadata().ok()?.modified().ok()?, f.path()))).collect();
        files.sort();
        let spare = files.len().saturating_sub(RECOVER_MAX);
        for (i, (modified, path)) in files.into_iter().enumerate() {
            let end = Timestamp::try_from(modified).unwrap_or_else(|_| Timestamp::now()).as_microsecond();
            let kept = match (i >= spare).then(|| measure(&path)).flatten() {
                Some((us, tag)) => self.take_in(path.clone(), end - us, us, &tag).is_ok(),
                None => false,
            };
            if !kept {
                let _ = fs::remove_file(&path);
            }
            tracing::info!(kept, "a half-written recording was found: {}", path.display());
        }
    }
}

impl State {
    /// The same tag, kept once for all files.
    pub(super) fn known(&mut self, tag: Tag) -> Tag {
        if let Some(known) = self.tags.iter().find(|t| **t == tag) {
            return known.clone();
        }
        if self.tags.len() < TAGS_MAX {
            self.tags.push(tag.clone());
        }
        tag
    }

    fn add(state: &mut Self, start: i64, segment: Segment) {
        state.bytes += segment.bytes;
        state.segments.insert(start, segment);
    }
}

/// Length and kind of a file, by copying it to nowhere.
fn measure(path: &std::path::Path) -> Option<(i64, Tag)> {
    let args = ["-hide_banner", "-loglevel", "info", "-protocol_whitelist", "file,pipe", "-i"].map(str::to_owned);
    let tail = ["-map", "0:v:0", "-c", "copy", "-f", "framecrc", "pipe:1"].map(str::to_owned);
    let all: Vec<String> = args.into_iter().chain([format!("file:{}", path.display())]).chain(tail).collect();
    let out = program::run(&all, Vec::new(), 4 << 20, Duration::from_secs(20), Scrubber::default(), None).ok()?;
    of_framecrc(&String::from_utf8_lossy(&out))
}

/// `#tb 0: 1/12800`, `#codec_id 0: h264`, `#dimensions 0: 640x360`, then a line per packet: `0, dts, pts, duration, size, crc`.
fn of_framecrc(text: &str) -> Option<(i64, Tag)> {
    let head = |key: &str| text.lines().find_map(|l| l.strip_prefix(key)).map(str::trim);
    let tb: f64 = head("#tb 0: 1/")?.parse().ok()?;
    let (w, h) = head("#dimensions 0:")?.split_once('x')?;
    let tag = Tag::new(head("#codec_id 0:")?, w.parse().ok()?, h.parse().ok()?);
    let ends = text.lines().filter(|l| l.starts_with('0')).filter_map(|l| {
        let mut f = l.split(',').skip(1).map(|v| v.trim().parse::<f64>());
        let (begin, pts, length) = (f.next()?.ok()?, f.next()?.ok()?, f.next()?.ok()?);
        Some((begin.min(pts), pts.max(begin) + length))
    });
    let (from, to) = ends.fold((f64::MAX, f64::MIN), |(a, b), (c, d)| (a.min(c), b.max(d)));
    (to > from).then(|| (((to - from) / tb * 1e6) as i64, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_of_packets_has_a_length() {
        let text = "#software: x\n#tb 0: 1/1000\n#media_type 0: video\n#codec_id 0: h264\n#dimensions 0: 640x360\n#sar 0: 1/1\n\
                    0,          0,          0,       40,     4000, 0x01\n0,         40,        40,       40,      100, 0x02\n";
        assert_eq!(of_framecrc(text), Some((80_000, Tag::new("h264", 640, 360))));
        assert_eq!(of_framecrc("#tb 0: 1/0\n"), None);
    }
}
