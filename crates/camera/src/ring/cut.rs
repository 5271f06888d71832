//! Clips and pictures out of the ring. Clips are copied, not encoded again: what the camera sent is what they hold.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{GAP_US, Ring, RingError, Segment, Span, at};
use crate::Reason;
use crate::ffmpeg::program;
use crate::mail::lock;
use crate::secret::Scrubber;

/// The longest clip, in seconds.
pub const CLIP_S_MAX: i64 = 3600;
const STILL_BYTES_MAX: usize = 32 << 20;

/// A clip that was cut.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cut {
    /// What it really covers: from the key frame at or before what was asked for.
    pub span: Span,
    /// Spans within that were not recorded; the clip's own time goes on over them.
    pub gaps: Vec<Span>,
    /// Whether all that was asked for is in it.
    pub whole: bool,
    /// The codec of its pictures: `h264`, `hevc`, `mjpeg`. Browsers play the first.
    pub codec: String,
    /// Bytes of the file.
    pub bytes: u64,
}

/// A picture that was taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// JPEG, as large as the camera sends.
    pub jpeg: Vec<u8>,
    /// When it was, to the frame as far as the ring knows.
    pub at: Timestamp,
}

impl Ring {
    /// Copies what was recorded from `from` to `to` into the new file `to_file` (MP4). Files that are still being written are not in it:
    /// ask some seconds after `to`.
    pub fn cut(&self, from: Timestamp, to: Timestamp, to_file: &Path) -> Result<Cut, RingError> {
        let length = to.as_second() - from.as_second();
        if to <= from || length > CLIP_S_MAX {
            return Err(RingError::Length(length));
        }
        let mut all = self.between(from, to);
        let before =
            self.holding(from.as_microsecond()).filter(|(s, _)| all.first().is_some_and(|(first, _)| s < first));
        all.splice(0..0, before);
        let Some((first, one)) = all.first() else { return Err(self.absent(from)) };
        let same: Vec<_> = all.iter().take_while(|(_, s)| s.tag == one.tag).cloned().collect();
        let to_us = to.as_microsecond();
        let end = same.iter().map(|(start, s)| start + s.us).max().unwrap_or(*first).min(to_us);
        let script = self.script(&same);
        let temporary = to_file.with_extension("part.mp4");
        let result = copy(&script, (end - first) as f64 / 1e6, &temporary)
            .and_then(|()| at(to_file, std::fs::rename(&temporary, to_file)));
        if result.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        result?;
        let bytes = at(to_file, std::fs::metadata(to_file))?.len();
        let gaps = gaps(&same);
        let whole = *first <= from.as_microsecond() && end >= to_us - GAP_US && gaps.is_empty();
        Ok(Cut { span: span(*first, end), gaps, whole, codec: one.tag.codec().to_owned(), bytes })
    }

    /// A script for FFmpeg: each file, and how long until the next begins, so that gaps stay gaps.
    fn script(&self, files: &[(i64, Segment)]) -> String {
        let mut script = String::from("ffconcat version 1.0\n");
        for (i, (start, segment)) in files.iter().enumerate() {
            let path = self.path(*start, segment).display().to_string().replace('\'', r"'\''");
            script += &format!("file 'file:{path}'\n");
            if let Some((next, _)) = files.get(i + 1) {
                script += &format!("duration {:.6}\n", (next - start) as f64 / 1e6);
            }
        }
        script
    }

    /// The picture at `when`, as large as the camera sends.
    pub fn still(&self, when: Timestamp) -> Result<Still, RingError> {
        let us = when.as_microsecond();
        let finished = self.holding(us).map(|(start, s)| (self.path(start, &s), start));
        let (path, start) = match finished {
            Some(found) => found,
            None => self.live(when).ok_or_else(|| self.absent(when))?,
        };
        let into = (us - start).max(0) as f64 / 1e6;
        for back in [0.0, 0.5, 4.0] {
            let t = (into - back).max(0.0);
            let jpeg = picture(&path, t).map_err(RingError::Program)?;
            if !jpeg.is_empty() {
                let at = Timestamp::from_microsecond(start + (t * 1e6) as i64).unwrap_or(when);
                return Ok(Still { jpeg, at });
            }
        }
        Err(RingError::NotYet(when))
    }

    /// The file that is being written, when `when` can be in it.
    fn live(&self, when: Timestamp) -> Option<(PathBuf, i64)> {
        let part = lock(&self.0.state).part.clone()?;
        let live = lock(&part);
        let start = live.start.filter(|s| *s <= when)?;
        Some((live.path().filter(|p| p.exists())?, start.as_microsecond()))
    }

    fn absent(&self, when: Timestamp) -> RingError {
        if self.live(when).is_some() { RingError::NotYet(when) } else { RingError::Nothing(when) }
    }
}

fn span(from: i64, to: i64) -> Span {
    let stamp = |us| Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
    Span { from: stamp(from), to: stamp(to) }
}

fn gaps(files: &[(i64, Segment)]) -> Vec<Span> {
    let pairs = files.windows(2).map(|w| (w[0].0 + w[0].1.us, w[1].0));
    pairs.filter(|(end, next)| next - end > GAP_US).map(|(end, next)| span(end, next)).collect()
}

fn copy(script: &str, s: f64, to: &Path) -> Result<(), RingError> {
    let front = "-hide_banner -loglevel warning -y -protocol_whitelist pipe,file -f concat -safe 0 -i pipe:0 -map 0:v:0 -c copy -movflags +faststart";
    let mut args: Vec<String> = front.split(' ').map(str::to_owned).collect();
    args.extend(["-t".into(), format!("{s:.6}"), "-f".into(), "mp4".into(), format!("file:{}", to.display())]);
    program::run(&args, script.as_bytes().to_vec(), 0, Duration::from_mins(5), Scrubber::default(), None)
        .map(drop)
        .map_err(RingError::Program)
}

/// The picture `t` seconds into a file; empty when it has none so late.
fn picture(path: &Path, t: f64) -> Result<Vec<u8>, Reason> {
    let mut args: Vec<String> = "-hide_banner -loglevel warning -protocol_whitelist file,pipe -threads 1"
        .split(' ')
        .map(str::to_owned)
        .collect();
    args.extend(["-ss".into(), format!("{t:.3}"), "-i".into(), format!("file:{}", path.display())]);
    args.extend(
        "-frames:v 1 -an -c:v mjpeg -q:v 3 -pix_fmt yuvj420p -f image2pipe pipe:1".split(' ').map(str::to_owned),
    );
    program::run(&args, Vec::new(), STILL_BYTES_MAX, Duration::from_secs(20), Scrubber::default(), None)
}
