//! One run of FFmpeg over one connection, from its start to its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::anchor::Anchor;
use super::args::{self, Input};
use super::mkv;
use super::program::{Notes, Program};
use crate::mail::{Stop, lock};
use crate::ring::{Ring, Tag};
use crate::secret::Scrubber;
use crate::{Limits, Reason};

/// What one run does.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) input: Input,
    /// Pictures per second and width, when frames are wanted.
    pub(crate) frames: Option<(f32, u32)>,
    /// Where it records.
    pub(crate) ring: Option<Ring>,
    pub(crate) limits: Limits,
    /// Whether the camera tells its own clock.
    pub(crate) clock: bool,
    pub(crate) silence_s: u32,
    pub(crate) scrub: Scrubber,
}

/// How a run ended.
pub(crate) enum Outcome {
    /// It was asked to.
    Stopped,
    /// Of itself, or because it was no good.
    Down(Reason),
    /// The disk has no room: the same again, without recording.
    DiskFull,
    /// The keeper of the ring wants another run: with recording, or without.
    Replan,
}

/// What comes out of a run while it goes on.
pub(crate) trait Watcher: Send + Sync + 'static {
    /// A frame: its time in the stream, when it arrived, and when it was taken by all that is known.
    fn frame(&self, raw: mkv::Raw, arrived: Timestamp, taken: Timestamp);
    /// The first picture (or file) is here: codec, width, height, pictures per second.
    fn running(&self, codec: &str, width: u32, height: u32, fps: Option<f32>);
    /// CPU seconds of this run so far, resident MiB.
    fn usage(&self, cpu_s: f64, memory_mb: f64);
    /// Asked about each 10 s: whether it goes on as it is.
    fn goes_on(&self) -> bool;
}

const POLL: Duration = Duration::from_millis(200);
const LOOK_EVERY: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(2);

/// Progress of a run, in milliseconds since its start.
struct Progress {
    begun: Instant,
    last_ms: AtomicU64,
}

impl Progress {
    fn mark(&self) {
        self.last_ms.store((self.begun.elapsed().as_millis() as u64).max(1), Ordering::Relaxed);
    }
    fn any(&self) -> bool {
        self.last_ms.load(Ordering::Relaxed) > 0
    }
    fn silent_for(&self) -> Duration {
        self.begun.elapsed().saturating_sub(Duration::from_millis(self.last_ms.load(Ordering::Relaxed)))
    }
}

/// Goes on until the stream ends, is silent too long, or `stop` is set. Nothing of it is left running then.
pub(crate) fn run(plan: &Plan, stop: &Stop, watcher: &Arc<impl Watcher>) -> Outcome {
    match Going::begin(plan, watcher) {
        Ok(mut going) => {
            let outcome = going.watch(plan, stop, watcher);
            going.end();
            outcome
        }
        Err(reason) => Outcome::Down(reason),
    }
}

struct Going {
    program: Program,
    progress: Arc<Progress>,
    readers: Vec<JoinHandle<()>>,
}

impl Going {
    fn begin(plan: &Plan, watcher: &Arc<impl Watcher>) -> Result<Self, Reason> {
        let (ours, theirs) = UnixStream::pair().map_err(|e| Reason::Other(e.to_string()))?;
        let mut all = args::front();
        all.extend(plan.input.args.iter().cloned());
        if let Some((fps, width)) = plan.frames {
            all.extend(args::frames(fps, width));
        }
        let part = plan.ring.as_ref().map(|r| r.new_part(plan.clock)).transpose().map_err(|e| Reason::Other(e.zh()))?;
        if let (Some(ring), Some(part)) = (&plan.ring, &part) {
            all.extend(args::segments(&part.pattern, ring.settings().segment_s, "-c copy"));
        }
        let mut program =
            Program::start(&all, Stdio::from(OwnedFd::from(theirs)), plan.limits, None, plan.scrub.clone())?;
        (&ours)
            .write_all(plan.input.script.as_bytes())
            .and_then(|()| ours.shutdown(Shutdown::Write))
            .map_err(|e| Reason::Other(e.to_string()))?;
        let anchor = Arc::new(Mutex::new(Anchor::default()));
        let progress = Arc::new(Progress { begun: Instant::now(), last_ms: AtomicU64::new(0) });
        let mut readers = Vec::new();
        if plan.frames.is_some()
            && let Some(pipe) = program.stdout()
        {
            let (anchor, progress, watcher) = (Arc::clone(&anchor), Arc::clone(&progress), Arc::clone(watcher));
            readers.push(thread::spawn(move || read_frames(pipe, &anchor, &progress, &*watcher)));
        }
        if let (Some(ring), Some(part)) = (plan.ring.clone(), part) {
            let progress = plan.frames.is_none().then(|| Arc::clone(&progress));
            let notes = program.share_notes();
            readers.push(thread::spawn(move || {
                read_list(ours, &anchor, &notes, &ring, &part, || {
                    if let Some(p) = &progress {
                        p.mark();
                    }
                });
            }));
        }
        Ok(Self { program, progress, readers })
    }

    fn watch(&mut self, plan: &Plan, stop: &Stop, watcher: &Arc<impl Watcher>) -> Outcome {
        let silence = silence(plan);
        let (mut said, mut looked, mut budget) = (false, Instant::now(), Budget::default());
        loop {
            if stop.wait(POLL) {
                return Outcome::Stopped;
            }
            if let Some(status) = self.program.ended() {
                let disk_full = lock(self.program.notes()).disk_full;
                return if disk_full && plan.ring.is_some() {
                    Outcome::DiskFull
                } else {
                    Outcome::Down(self.program.why(Some(status)))
                };
            }
            {
                let notes = lock(self.program.notes());
                if notes.resized {
                    return Outcome::Down(Reason::Resized);
                }
                if notes.disk_full && plan.ring.is_some() {
                    return Outcome::DiskFull;
                }
                if !said
                    && self.progress.any()
                    && let Some((codec, w, h)) = &notes.codec
                {
                    watcher.running(codec, *w, *h, notes.fps);
                    said = true;
                }
            }
            if self.progress.silent_for() > silence {
                let seen = self.progress.any();
                let known = if seen { None } else { lock(self.program.notes()).reason() };
                return Outcome::Down(known.unwrap_or(Reason::NoPicture(silence.as_secs() as u32)));
            }
            if looked.elapsed() > LOOK_EVERY {
                looked = Instant::now();
                let (cpu_s, memory_mb) = self.program.usage();
                watcher.usage(cpu_s, memory_mb);
                if budget.beyond(plan.limits.cpu_s, cpu_s) {
                    return Outcome::Down(Reason::Cpu(plan.limits.cpu_s.unwrap_or_default()));
                }
                if !watcher.goes_on() {
                    return Outcome::Replan;
                }
            }
        }
    }

    fn end(mut self) {
        self.program.finish(GRACE);
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

/// How long nothing may come. Without frames only finished files tell, and those wait for key frames.
fn silence(plan: &Plan) -> Duration {
    let s = match &plan.ring {
        Some(ring) if plan.frames.is_none() => plan.silence_s.max(ring.settings().segment_s * 3 + 30),
        _ => plan.silence_s,
    };
    let slow = plan.frames.map_or(0.0, |(fps, _)| 3.0 / fps);
    Duration::from_secs_f32((s as f32).max(slow))
}

/// CPU seconds within the last minute.
#[derive(Default)]
struct Budget {
    since: Option<(Instant, f64)>,
}

impl Budget {
    fn beyond(&mut self, allowed: Option<u32>, cpu_s: f64) -> bool {
        let (since, before) = *self.since.get_or_insert((Instant::now(), cpu_s));
        if since.elapsed() < Duration::from_mins(1) {
            return false;
        }
        self.since = Some((Instant::now(), cpu_s));
        let per_minute = (cpu_s - before) * 60.0 / since.elapsed().as_secs_f64();
        allowed.is_some_and(|a| per_minute > f64::from(a))
    }
}

fn read_frames(pipe: impl Read, anchor: &Mutex<Anchor>, progress: &Progress, watcher: &impl Watcher) {
    let mut reader = mkv::Reader::new(BufReader::with_capacity(1 << 16, pipe));
    loop {
        match reader.next() {
            Ok(Some(raw)) => {
                let arrived = Timestamp::now();
                progress.mark();
                let taken = {
                    let mut anchor = lock(anchor);
                    anchor.note(arrived, raw.t);
                    anchor.utc(raw.t).unwrap_or(arrived)
                };
                watcher.frame(raw, arrived, taken);
                progress.mark();
            }
            Ok(None) => return,
            Err(e) => {
                tracing::debug!("frames of a camera end: {e}");
                return;
            }
        }
    }
}

/// Takes each finished file into the ring: `part-000001.mp4,4.000000,8.000000` says its name, begin and end in stream seconds.
pub(crate) fn read_list(
    from: UnixStream,
    anchor: &Mutex<Anchor>,
    notes: &Mutex<Notes>,
    ring: &Ring,
    part: &crate::ring::Part,
    mark: impl Fn(),
) {
    part.opened(0);
    for line in BufReader::new(from).lines() {
        let Ok(line) = line else { break };
        let arrived = Timestamp::now();
        let Some((name, begin, end)) = entry(&line) else { continue };
        mark();
        let start = {
            let mut anchor = lock(anchor);
            anchor.note(arrived, end);
            anchor.utc(begin)
        };
        let tag = lock(notes).codec.clone().map_or_else(Tag::unknown, |(c, w, h)| Tag::new(&c, w, h));
        if let Some(start) = start
            && let Err(e) = ring.accept(part, name, start, end - begin, &tag)
        {
            tracing::warn!("a recorded file could not be kept: {e}");
        }
        if let Some(next) = lock(anchor).utc(end) {
            part.next(next);
        }
    }
    // an end that was no finish leaves the last file unsaid
    let begun = part.start().or_else(|| lock(anchor).utc(0.0));
    ring.salvage(part, begun);
}

fn entry(line: &str) -> Option<(&str, f64, f64)> {
    let mut fields = line.trim().rsplitn(3, ',');
    let end = fields.next()?.parse().ok()?;
    let begin = fields.next()?.parse().ok()?;
    Some((fields.next()?, begin, end)).filter(|(_, b, e): &(&str, f64, f64)| e > b && e - b < 3600.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_list_are_read() {
        assert_eq!(entry("17-000001.mp4,5.680234,9.603281"), Some(("17-000001.mp4", 5.680_234, 9.603_281)));
        for bad in ["", "a.mp4", "a.mp4,1", "a.mp4,2,1", "a.mp4,0,1e9", "a.mp4,x,1"] {
            assert_eq!(entry(bad), None, "{bad}");
        }
    }
}
