//! A drawn camera that runs, and the tape: how pictures of our own making get into a ring.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Frame, Recording, Shared, State};
use crate::Reason;
use crate::drawn::Painter;
use crate::ffmpeg::program::encoders;
use crate::ffmpeg::recorder::{Pictures, Recorder};
use crate::ring::Ring;

const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Writes pictures into a ring as long as that has room and FFmpeg is there; tells when not.
pub(super) struct Tape {
    ring: Option<Ring>,
    recorder: Option<Recorder>,
    looked: Option<Instant>,
}

impl Tape {
    pub(super) fn new(ring: Option<Ring>) -> Self {
        Self { ring, recorder: None, looked: None }
    }

    pub(super) fn push(&mut self, shared: &Shared, pictures: Pictures, bytes: &[u8]) {
        let Some(ring) = &self.ring else { return };
        if self.looked.is_none_or(|l| l.elapsed() > LOOK_EVERY) {
            self.looked = Some(Instant::now());
            if !shared.has_room(ring) {
                self.recorder = None;
            } else if self.recorder.as_ref().is_none_or(|r| r.pictures() != pictures) {
                self.recorder = None;
                match Recorder::start(ring, pictures, shared.spec.limits) {
                    Ok(recorder) => {
                        self.recorder = Some(recorder);
                        shared.say_recording(Recording::On);
                    }
                    Err(reason) => shared.say_recording(Recording::Down(reason)),
                }
            }
        }
        if let Some(recorder) = &mut self.recorder
            && let Err(reason) = recorder.push(bytes)
        {
            self.recorder = None;
            shared.say_recording(Recording::Down(reason));
        }
    }
}

pub(super) fn run(shared: &Arc<Shared>, ring: Option<Ring>) {
    let spec = &shared.spec;
    let mut painter = Painter::new(spec.drawn.clone(), spec.width);
    let every = Duration::from_secs_f32(1.0 / spec.fps);
    let (width, height) = painter.size();
    let mut tape = Tape::new(ring);
    if encoders().is_none() && spec.record.is_some() {
        shared.say_recording(Recording::Down(Reason::NoProgram));
    }
    shared.starts.fetch_add(1, Ordering::Relaxed);
    shared.say(State::Running { codec: "drawn".into(), width, height, fps: Some(spec.fps) });
    let begun = Instant::now();
    let mut n = 0u32;
    while !shared.stop.is_set() {
        let now = Timestamp::now();
        let Some(rgb) = painter.frame(now) else {
            // an offline camera sends nothing
            shared.stop.wait(every);
            continue;
        };
        tape.push(shared, Pictures::Raw { width, height, fps: spec.fps }, &rgb);
        let at = begun.elapsed().as_secs_f64();
        shared.mail.put_frame(Frame { width, height, rgb, at, taken: now, arrived: now }, false);
        n = n.wrapping_add(1);
        let next = every * n;
        let pause = next.saturating_sub(begun.elapsed());
        if pause.is_zero() {
            // late: do not try to catch up
            n = (begun.elapsed().as_secs_f32() * spec.fps) as u32;
        }
        shared.stop.wait(pause);
    }
}
