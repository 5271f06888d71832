//! Pictures that come from this program, not from a stream, written into the ring: FFmpeg reads them on its standard input. Raw pictures
//! become H.264 where FFmpeg has libx264, else MJPEG; JPEGs stay as they are.

use std::io::Write;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::anchor::Anchor;
use super::args;
use super::program::{Program, encoders};
use super::run::read_list;
use crate::mail::lock;
use crate::ring::Ring;
use crate::secret::Scrubber;
use crate::{Limits, Reason};

/// What comes in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pictures {
    /// RGB of that size.
    Raw { width: u32, height: u32, fps: f32 },
    /// JPEG.
    Jpeg,
}

/// One FFmpeg that writes pictures into a ring.
pub(crate) struct Recorder {
    pictures: Pictures,
    program: Program,
    entry: UnixStream,
    list: Option<JoinHandle<()>>,
}

const PATIENCE: Duration = Duration::from_secs(3);

impl Recorder {
    pub(crate) fn start(ring: &Ring, pictures: Pictures, limits: Limits) -> Result<Self, Reason> {
        let h264 = encoders().ok_or(Reason::NoProgram)?.h264;
        let io = |e: std::io::Error| Reason::Other(e.to_string());
        let (ours, theirs) = UnixStream::pair().map_err(io)?;
        ours.set_write_timeout(Some(PATIENCE)).map_err(io)?;
        let listening = ours.try_clone().map_err(io)?;
        let part = ring.new_part(false).map_err(|e| Reason::Other(e.zh()))?;
        let mut all = args::front();
        let input = match pictures {
            Pictures::Raw { width, height, fps } => {
                format!("-f rawvideo -pix_fmt rgb24 -video_size {width}x{height} -framerate {fps}")
            }
            Pictures::Jpeg => "-f mjpeg".to_owned(),
        };
        let input = format!("-protocol_whitelist pipe -use_wallclock_as_timestamps 1 {input} -i pipe:0");
        all.extend(input.split(' ').map(str::to_owned));
        all.extend(args::segments(
            &part.pattern,
            ring.settings().segment_s,
            &codec(pictures, h264, ring.settings().segment_s),
        ));
        let program = Program::start(&all, Stdio::from(OwnedFd::from(theirs)), limits, None, Scrubber::default())?;
        let (notes, ring) = (program.share_notes(), ring.clone());
        if let Pictures::Raw { width, height, .. } = pictures {
            // what it says of its input is not what it writes
            lock(&notes).codec = Some((if h264 { "h264" } else { "mjpeg" }.into(), width, height));
        }
        let list = thread::spawn(move || {
            read_list(listening, &Arc::new(Mutex::new(Anchor::default())), &notes, &ring, &part, || {});
        });
        Ok(Self { pictures, program, entry: ours, list: Some(list) })
    }

    /// What it takes.
    pub(crate) fn pictures(&self) -> Pictures {
        self.pictures
    }

    /// Writes one picture; an error means that this recorder is done for.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Reason> {
        if let Some(status) = self.program.ended() {
            return Err(self.program.why(Some(status)));
        }
        (&self.entry).write_all(bytes).map_err(|e| Reason::Other(format!("recorder: {e}")))
    }
}

fn codec(pictures: Pictures, h264: bool, segment_s: u32) -> String {
    match pictures {
        Pictures::Jpeg => "-c copy".into(),
        Pictures::Raw { fps, .. } if h264 => {
            let gop = (fps * segment_s as f32 / 2.0).round().max(1.0);
            format!("-c:v libx264 -preset veryfast -tune zerolatency -threads 1 -crf 26 -pix_fmt yuv420p -g {gop}")
        }
        Pictures::Raw { .. } => "-c:v mjpeg -threads 1 -q:v 5 -pix_fmt yuvj420p".into(),
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.entry.shutdown(Shutdown::Write);
        let end = std::time::Instant::now() + PATIENCE;
        while self.program.ended().is_none() && std::time::Instant::now() < end {
            thread::sleep(Duration::from_millis(20));
        }
        self.program.finish(Duration::from_millis(500));
        if let Some(list) = self.list.take() {
            let _ = list.join();
        }
    }
}
