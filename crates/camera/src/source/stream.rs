//! Cameras whose stream FFmpeg reads. One line does pictures and recording; where the camera has a smaller stream for the analysis, there
//! are two, each begun anew on its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::backoff::Backoff;
use super::turn::Turn;
use super::{Frame, Recording, Shared, State, Work};
use crate::ffmpeg::args;
use crate::ffmpeg::mkv::Raw;
use crate::ffmpeg::program::encoders;
use crate::ffmpeg::run::{Outcome, Plan, Watcher, run};
use crate::mail::lock;
use crate::ring::Ring;
use crate::secret::Scrubber;
use crate::{Kind, Reason, Secret, Spec};

/// A line of work: pictures, recording, or both.
struct Line {
    shared: Arc<Shared>,
    url: Secret,
    frames: bool,
    ring: Option<Ring>,
    clock: Mutex<Clock>,
    recording: AtomicBool,
    /// Held while it begins.
    turn: Mutex<Option<Turn>>,
    /// A write found the disk full: until then it is not tried again.
    full_until: Mutex<Option<Instant>>,
}

/// How stream times of one run become times of the source.
#[derive(Default)]
struct Clock {
    /// What is added in this run; nothing before its first frame.
    base: Option<f64>,
    last: Option<(f64, Timestamp)>,
}

impl Clock {
    /// The source's time of a frame; nothing when the frame is not newer than the one before.
    fn at(&mut self, t: f64, taken: Timestamp, live: bool) -> Option<f64> {
        let base = *self.base.get_or_insert_with(|| match self.last {
            None if live => -t,
            None => 0.0,
            Some((at, when)) => {
                let passed = taken.duration_since(when).as_secs_f64().max(0.04);
                at + passed - t
            }
        });
        let mut at = base + t;
        if let Some((last, when)) = self.last {
            if at < last - 1.0 {
                // the stream's clock jumped back: go on by the clock of this machine
                let passed = taken.duration_since(when).as_secs_f64().max(0.04);
                self.base = Some(last + passed - t);
                at = last + passed;
            }
            if at <= last {
                return None;
            }
        }
        self.last = Some((at, taken));
        Some(at)
    }
}

pub(super) fn works(shared: &Arc<Shared>, ring: Option<&Ring>) -> Vec<Work> {
    let line = |url: &Secret, frames: bool, ring: Option<Ring>| -> Work {
        let line = Arc::new(Line {
            shared: Arc::clone(shared),
            url: url.clone(),
            frames,
            ring,
            clock: Mutex::default(),
            recording: AtomicBool::new(false),
            turn: Mutex::default(),
            full_until: Mutex::default(),
        });
        Box::new(move || supervise(&line))
    };
    let spec = &shared.spec;
    match spec.detect_url.as_ref().filter(|d| **d != spec.url) {
        None => vec![line(&spec.url, true, ring.cloned())],
        Some(detect) => {
            let mut lines = vec![line(detect, true, None)];
            if ring.is_some() {
                lines.push(line(&spec.url, false, ring.cloned()));
            }
            lines
        }
    }
}

fn supervise(line: &Arc<Line>) {
    let shared = &line.shared;
    let mut backoff = Backoff::new();
    while !shared.stop.is_set() {
        let ring = line.ring.as_ref().filter(|r| line.may_record(r));
        line.recording.store(ring.is_some(), Ordering::Relaxed);
        if ring.is_none() && !line.frames {
            shared.stop.wait(Duration::from_secs(10));
            continue;
        }
        // a file is nobody's camera: whoever waits for it waits for it alone
        if shared.spec.kind != Kind::File {
            let Some(turn) = Turn::wait(backoff.is_hopeless(), &shared.stop) else { return };
            *lock(&line.turn) = Some(turn);
        }
        if line.frames {
            shared.say(State::Starting);
            lock(&line.clock).base = None;
        }
        shared.starts.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        let outcome = attempt(line, ring.cloned());
        line.has_begun();
        line.settle_usage();
        let reason = match outcome {
            Outcome::Stopped => return,
            Outcome::Replan => continue,
            Outcome::DiskFull => {
                *lock(&line.full_until) = Some(Instant::now() + Duration::from_mins(1));
                let health = line.ring.as_ref().map(Ring::health);
                shared.say_recording(Recording::Full {
                    free: health.map_or(0, |h| h.free),
                    used: health.map_or(0, |h| h.used),
                });
                continue;
            }
            Outcome::Down(reason) => reason,
        };
        if line.finished(&reason) {
            shared.mail.drain();
            shared.say(State::Finished);
            return;
        }
        let mut again_in = backoff.pause(begun.elapsed(), rand::random());
        if matches!(reason, Reason::Cpu(_) | Reason::Memory) {
            again_in = again_in.max(TOO_DEAR);
        }
        tracing::info!(code = reason.code(), ?again_in, "a camera is down: {}", line.url);
        if line.frames {
            shared.say(State::Down { reason: reason.clone(), again_in });
        }
        if line.ring.is_some() {
            shared.say_recording(Recording::Down(reason));
        }
        shared.stop.wait(again_in);
    }
}

/// A camera that takes more than it may rests so long.
const TOO_DEAR: Duration = Duration::from_secs(30);

fn attempt(line: &Arc<Line>, ring: Option<Ring>) -> Outcome {
    let spec = &line.shared.spec;
    if spec.kind == Kind::File && std::fs::File::open(line.url.expose()).is_err() {
        return Outcome::Down(Reason::NoFile);
    }
    if encoders().is_none() {
        return Outcome::Down(Reason::NoProgram);
    }
    let plan = Plan {
        input: args::input(spec, &line.url),
        frames: line.frames.then_some((spec.fps, spec.width)),
        ring,
        limits: spec.limits,
        clock: spec.kind == Kind::Rtsp,
        // a sink that takes each frame takes its time
        silence_s: if spec.every_frame { 86_400 } else { spec.silence_s },
        scrub: Scrubber::new(std::iter::once(&spec.url).chain(spec.detect_url.as_ref())),
    };
    run(&plan, &line.shared.stop, line)
}

impl Line {
    fn finished(&self, reason: &Reason) -> bool {
        let spec: &Spec = &self.shared.spec;
        spec.kind == Kind::File && !spec.loop_file && *reason == Reason::Ended
    }

    fn may_record(&self, ring: &Ring) -> bool {
        let blocked = lock(&self.full_until).is_some_and(|t| Instant::now() < t);
        self.shared.has_room(ring) && !blocked
    }

    /// Gives its turn back.
    fn has_begun(&self) {
        lock(&self.turn).take();
    }

    fn role(&self) -> usize {
        usize::from(!self.frames)
    }

    fn settle_usage(&self) {
        let mut usage = lock(&self.shared.usage);
        let ended = std::mem::take(&mut usage.running[self.role()]);
        usage.ended_s += ended.0;
    }
}

impl Watcher for Line {
    fn frame(&self, raw: Raw, arrived: Timestamp, taken: Timestamp) {
        self.has_begun();
        let spec = &self.shared.spec;
        let live = spec.kind != Kind::File;
        let Some(at) = lock(&self.clock).at(raw.t, taken, live) else { return };
        let Raw { width, height, rgb, .. } = raw;
        let each = spec.every_frame && spec.kind == Kind::File;
        self.shared.mail.put_frame(Frame { width, height, rgb, at, taken, arrived }, each);
    }

    fn running(&self, codec: &str, width: u32, height: u32, fps: Option<f32>) {
        self.has_begun();
        if self.frames {
            self.shared.say(State::Running { codec: codec.to_owned(), width, height, fps });
        }
        if self.recording.load(Ordering::Relaxed) {
            self.shared.say_recording(Recording::On);
        }
    }

    fn usage(&self, cpu_s: f64, memory_mb: f64) {
        lock(&self.shared.usage).running[self.role()] = (cpu_s, memory_mb);
    }

    fn goes_on(&self) -> bool {
        let Some(ring) = &self.ring else { return true };
        self.may_record(ring) == self.recording.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_of_a_source_goes_on_over_reconnects_and_never_back() {
        let utc = |s: f64| Timestamp::from_microsecond((1e9 + s * 1e6) as i64).unwrap();
        let mut c = Clock::default();
        assert_eq!(c.at(100.0, utc(0.0), true), Some(0.0));
        assert_eq!(c.at(101.0, utc(1.0), true), Some(1.0));
        assert_eq!(c.at(100.9, utc(1.0), true), None, "out of order");
        c.base = None;
        assert_eq!(c.at(7.0, utc(11.0), true), Some(11.0), "another run, ten seconds later");
        assert_eq!(c.at(8.0, utc(12.0), true), Some(12.0));
        assert_eq!(c.at(0.0, utc(13.0), true), Some(13.0), "the stream's clock jumped back");
        assert_eq!(c.at(1.0, utc(14.0), true), Some(14.0));
        let mut file = Clock::default();
        assert_eq!(file.at(0.04, utc(0.0), false), Some(0.04), "a file has its own time");
    }
}
