//! What was followed, picture by picture, written beside the recordings: for "what if the fence had been drawn there", and for hiding
//! faces in copies of clips. One line of JSON for each picture on which somebody or something was followed, a file for each hour.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shanshui_domain::time::Instant;
use shanshui_vision::sight::TrackNow;

const HOUR_US: i64 = 3_600_000_000;
/// Moments of one answer, at most: a day at five pictures a second.
pub const MOMENTS_MAX: usize = 432_000;
/// Bytes of a line, at most.
const LINE_MAX: u64 = 64 << 10;

/// A picture on which something was followed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Moment {
    /// When it was taken.
    pub at: Instant,
    /// Who and what; empty once, when nobody is followed any more.
    pub tracks: Vec<TrackNow>,
}

/// The same as it is written.
#[derive(Serialize)]
struct Line<'a> {
    at: Instant,
    tracks: &'a [TrackNow],
}

/// Writes them.
#[derive(Debug)]
pub(super) struct Log {
    folder: PathBuf,
    open: Option<(i64, File)>,
    empty: bool,
}

impl Log {
    pub(super) fn new(camera: &Path) -> Self {
        Self { folder: camera.join("tracks"), open: None, empty: true }
    }

    /// Writes one picture down. A disk that is full costs the log and nothing else.
    pub(super) fn put(&mut self, at: Instant, tracks: &[TrackNow]) {
        if tracks.is_empty() && self.empty {
            return;
        }
        self.empty = tracks.is_empty();
        let hour = at.0.div_euclid(HOUR_US);
        if self.open.as_ref().is_none_or(|(open, _)| *open != hour) {
            let made = fs::create_dir_all(&self.folder).and_then(|()| {
                OpenOptions::new().append(true).create(true).open(self.folder.join(format!("{hour}.jsonl")))
            });
            self.open = made.ok().map(|file| (hour, file));
        }
        if let (Some((_, file)), Ok(mut line)) = (&mut self.open, serde_json::to_string(&Line { at, tracks })) {
            line.push('\n');
            if file.write_all(line.as_bytes()).is_err() {
                self.open = None;
            }
        }
    }
}

/// What was followed in `[from, to)`, ascending. A line that cannot be read is passed over: a program that was killed leaves half of one.
pub fn between(camera: &Path, (from, to): (Instant, Instant)) -> Vec<Moment> {
    let mut all = Vec::new();
    for hour in from.0.div_euclid(HOUR_US)..=(to.0 - 1).div_euclid(HOUR_US) {
        let Ok(file) = File::open(camera.join("tracks").join(format!("{hour}.jsonl"))) else { continue };
        let mut reader = BufReader::new(file);
        let mut line = String::new();
        loop {
            line.clear();
            match std::io::Read::take(&mut reader, LINE_MAX).read_line(&mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            let moment = serde_json::from_str::<Moment>(&line).ok();
            all.extend(moment.filter(|m| from <= m.at && m.at < to));
            if all.len() >= MOMENTS_MAX {
                return all;
            }
        }
    }
    all.sort_by_key(|m| m.at);
    all
}

/// Removes what is older.
pub(super) fn sweep(camera: &Path, before: Instant) {
    let Ok(names) = fs::read_dir(camera.join("tracks")) else { return };
    for entry in names.flatten() {
        let hour = entry.path().file_stem().and_then(|s| s.to_str()?.parse::<i64>().ok());
        if hour.is_some_and(|hour| (hour + 1) * HOUR_US <= before.0) {
            // what cannot be removed now is tried again next time
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use shanshui_vision::Rect;
    use shanshui_vision::sight::Seen;

    use super::*;

    fn track(n: u64) -> TrackNow {
        let bbox = Rect { x0: 0.1, y0: 0.1, x1: 0.2, y1: 0.5 };
        TrackNow { track: n, label: "person".into(), score: 0.5, bbox, moving: true, seen: Seen::Hit }
    }

    #[test]
    fn what_was_followed_is_read_back_over_hours_and_half_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut log = Log::new(folder.path());
        let at = |s: i64| Instant(s * 1_000_000);
        log.put(at(3_598), &[]);
        log.put(at(3_599), &[track(1)]);
        log.put(at(3_600), &[track(1), track(2)]);
        log.put(at(3_601), &[]);
        log.put(at(3_602), &[]);
        let mut torn = OpenOptions::new().append(true).open(folder.path().join("tracks/1.jsonl")).expect("there");
        torn.write_all(b"{\"at\":36").expect("written");
        let all = between(folder.path(), (at(0), at(9_999)));
        let sizes: Vec<_> = all.iter().map(|m| (m.at.0 / 1_000_000, m.tracks.len())).collect();
        assert_eq!(sizes, [(3_599, 1), (3_600, 2), (3_601, 0)], "the end is written once");
        assert_eq!(between(folder.path(), (at(3_600), at(3_601))).len(), 1);
        sweep(folder.path(), at(3_600));
        assert_eq!(between(folder.path(), (at(0), at(9_999))).len(), 2);
    }
}
