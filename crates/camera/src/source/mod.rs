//! A camera that runs: begun, watched, begun again with growing pauses, and stopped without anything left behind.
//!
//! Each camera has threads of its own and, where there is a device, one FFmpeg of its own, so that what one camera does is felt by no
//! other. All that happens is told to one sink, from one thread, in order. A sink that is slow loses frames (the newest wins) and never
//! makes the pictures late.

mod backoff;
mod painted;
mod shots;
mod stream;
mod turn;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::mail::{Mail, Stop, lock};
use crate::ring::Ring;
use crate::{Kind, Reason, RingError, Spec, SpecError};

/// One picture for the analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
    /// Seconds on the stream's own clock since the source began. After a reconnect it goes on by the time that passed; it never goes back.
    pub at: f64,
    /// When it was taken, in UTC of this machine: the stream's clock, bound by arrivals.
    pub taken: Timestamp,
    /// When it arrived here.
    pub arrived: Timestamp,
}

/// What a source tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Feed {
    /// A picture.
    Frame(Frame),
    /// The camera's state changed.
    State(State),
    /// The state of its recording changed.
    Recording(Recording),
}

/// How a camera is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It is being connected to.
    Starting,
    /// It sends pictures.
    Running {
        /// Their codec, as FFmpeg calls it.
        codec: String,
        /// Columns of what it sends (not of the frames handed on).
        width: u32,
        /// Rows.
        height: u32,
        /// Pictures per second that it claims to send.
        fps: Option<f32>,
    },
    /// It sends none.
    Down {
        /// Why.
        reason: Reason,
        /// When it is tried again.
        again_in: Duration,
    },
    /// A file is at its end. Nothing more will come.
    Finished,
}

/// How the recording is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "recording", rename_all = "snake_case")]
pub enum Recording {
    /// It goes on.
    On,
    /// The disk is full or the quota used up by what must stay. Pictures go on.
    Full {
        /// Bytes free on the disk.
        free: u64,
        /// Bytes of the ring.
        used: u64,
    },
    /// It cannot be written.
    Down(Reason),
}

impl Recording {
    /// The sentence for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::On => "正在录像".into(),
            Self::Full { free, used } => {
                format!("录像已停：磁盘空间不足（剩余 {} MB，录像已占 {} MB）", free >> 20, used >> 20)
            }
            Self::Down(reason) => format!("录像已停：{}", reason.zh()),
        }
    }
}

/// Figures of a source since it began.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Statistics {
    /// Frames that came.
    pub frames: u64,
    /// Frames that the sink was too slow for.
    pub dropped: u64,
    /// How often it was begun.
    pub starts: u64,
    /// CPU seconds of its programs, as of the last look (each 10 s).
    pub cpu_s: f64,
    /// Memory of its programs at the last look, MiB.
    pub memory_mb: f64,
    /// How far the camera's clock goes before this machine's, in seconds; only of recorded RTSP cameras that tell it.
    pub clock_offset_s: Option<f64>,
}

/// What all threads of a source share.
pub(crate) struct Shared {
    pub(crate) spec: Spec,
    pub(crate) mail: Mail,
    pub(crate) stop: Stop,
    pub(crate) starts: AtomicU64,
    pub(crate) usage: Mutex<Usage>,
    recording: Mutex<Option<Recording>>,
}

/// CPU seconds of programs that ended, and of those that run, by their role.
#[derive(Default)]
pub(crate) struct Usage {
    pub(crate) ended_s: f64,
    pub(crate) running: [(f64, f64); 2],
}

impl Shared {
    pub(crate) fn say(&self, state: State) {
        self.mail.put(Feed::State(state));
    }

    /// Tells how the recording is, when that is new.
    pub(crate) fn say_recording(&self, recording: Recording) {
        let mut last = lock(&self.recording);
        if last.as_ref() != Some(&recording) {
            let same_kind =
                matches!((last.as_ref(), &recording), (Some(Recording::Full { .. }), Recording::Full { .. }));
            *last = Some(recording.clone());
            if !same_kind {
                self.mail.put(Feed::Recording(recording));
            }
        }
    }

    /// Whether the ring has room now; makes room first, and tells when there is none.
    pub(crate) fn has_room(&self, ring: &Ring) -> bool {
        let health = ring.sweep(Timestamp::now());
        if !health.room {
            self.say_recording(Recording::Full { free: health.free, used: health.used });
        }
        health.room
    }
}

/// What keeps a source from beginning.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// What it should be makes no sense.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The folder of its recordings cannot be opened.
    #[error(transparent)]
    Ring(#[from] RingError),
}

impl SourceError {
    /// The sentence for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Spec(e) => e.zh(),
            Self::Ring(e) => e.zh(),
        }
    }
}

/// A running camera. Dropped, it stops.
pub struct Source {
    shared: Arc<Shared>,
    ring: Option<Ring>,
    threads: Vec<JoinHandle<()>>,
}

impl Source {
    /// Begins. `sink` is called from one thread of its own until the source stops.
    pub fn start(spec: Spec, mut sink: Box<dyn FnMut(Feed) + Send>) -> Result<Self, SourceError> {
        spec.check()?;
        let ring = spec.record.clone().map(Ring::open).transpose()?;
        let shared = Arc::new(Shared {
            spec,
            mail: Mail::default(),
            stop: Stop::default(),
            starts: AtomicU64::new(0),
            usage: Mutex::default(),
            recording: Mutex::default(),
        });
        let mut threads = Vec::new();
        for work in works(&shared, ring.as_ref()) {
            threads.push(thread::spawn(work));
        }
        let teller = Arc::clone(&shared);
        threads.push(thread::spawn(move || {
            while let Some(feed) = teller.mail.take() {
                sink(feed);
            }
        }));
        Ok(Self { shared, ring, threads })
    }

    /// Its recordings, when it is recorded.
    pub fn ring(&self) -> Option<&Ring> {
        self.ring.as_ref()
    }

    /// Its figures.
    pub fn statistics(&self) -> Statistics {
        let (frames, dropped) = self.shared.mail.counts();
        let usage = lock(&self.shared.usage);
        Statistics {
            frames,
            dropped,
            starts: self.shared.starts.load(Ordering::Relaxed),
            cpu_s: usage.ended_s + usage.running.iter().map(|r| r.0).sum::<f64>(),
            memory_mb: usage.running.iter().map(|r| r.1).sum(),
            clock_offset_s: self.ring.as_ref().and_then(Ring::clock_offset_s),
        }
    }

    /// Stops, and waits until nothing of it runs. A call of the sink that is under way is waited for.
    pub fn stop(self) {}
}

impl Drop for Source {
    fn drop(&mut self) {
        self.shared.stop.set();
        self.shared.mail.close();
        for thread in self.threads.drain(..) {
            // the sink itself may hold the last of a source
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

type Work = Box<dyn FnOnce() + Send>;

fn works(shared: &Arc<Shared>, ring: Option<&Ring>) -> Vec<Work> {
    let (s, r) = (Arc::clone(shared), ring.cloned());
    match shared.spec.kind {
        Kind::Drawn => vec![Box::new(move || painted::run(&s, r))],
        Kind::Snapshot => vec![Box::new(move || shots::run(&s, r))],
        Kind::Rtsp | Kind::Mjpeg | Kind::File => stream::works(shared, ring),
    }
}
