//! Cameras that give one picture per request.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::backoff::Backoff;
use super::painted::Tape;
use super::turn::Turn;
use super::{Frame, Shared, State};
use crate::ffmpeg::args;
use crate::ffmpeg::program::{encoders, run as run_program};
use crate::ffmpeg::recorder::Pictures;
use crate::ring::Ring;
use crate::secret::Scrubber;
use crate::{Reason, jpeg};

const BYTES_MAX: usize = 16 << 20;

pub(super) fn run(shared: &Arc<Shared>, ring: Option<Ring>) {
    let spec = &shared.spec;
    let every = Duration::from_secs_f32(1.0 / spec.fps);
    let (begun, mut good_since, mut backoff) = (Instant::now(), None, Backoff::new());
    let mut tape = Tape::new(ring);
    let mut last = Instant::now();
    shared.say(State::Starting);
    shared.starts.fetch_add(1, Ordering::Relaxed);
    while !shared.stop.is_set() {
        // one that runs waits for nobody
        let turn = good_since.is_none().then(|| Turn::wait(backoff.is_hopeless(), &shared.stop));
        if matches!(turn, Some(None)) {
            return;
        }
        let asked = Instant::now();
        let answer = shot(shared);
        drop(turn);
        match answer {
            Ok((bytes, picture, full)) => {
                last = Instant::now();
                if good_since.is_none() {
                    good_since = Some(last);
                    shared.say(State::Running {
                        codec: "mjpeg".into(),
                        width: full.0,
                        height: full.1,
                        fps: Some(spec.fps),
                    });
                }
                tape.push(shared, Pictures::Jpeg, &bytes);
                let now = Timestamp::now();
                let jpeg::Decoded { width, height, rgb } = picture;
                let at = begun.elapsed().as_secs_f64();
                shared.mail.put_frame(Frame { width, height, rgb, at, taken: now, arrived: now }, false);
                shared.stop.wait(every.saturating_sub(asked.elapsed()));
            }
            // one bad answer is not yet a camera that is down
            Err(_) if good_since.is_some() && last.elapsed() < Duration::from_secs(u64::from(spec.silence_s)) => {
                shared.stop.wait(every);
            }
            Err(reason) => {
                let held = good_since.take().map_or(Duration::ZERO, |g: Instant| g.elapsed());
                let again_in = backoff.pause(held, rand::random());
                shared.say(State::Down { reason, again_in });
                if shared.stop.wait(again_in) {
                    return;
                }
                shared.say(State::Starting);
                shared.starts.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

type Shot = (Vec<u8>, jpeg::Decoded, (u32, u32));

/// Asks once: FFmpeg, because it knows how to log in (basic and digest) and what TLS is.
fn shot(shared: &Shared) -> Result<Shot, Reason> {
    let spec = &shared.spec;
    encoders().ok_or(Reason::NoProgram)?;
    let input = args::input(spec, &spec.url);
    let mut all = args::front();
    all.extend(input.args);
    all.extend("-map 0:v:0 -frames:v 1 -c copy -f image2pipe pipe:1".split(' ').map(str::to_owned));
    let time = Duration::from_secs(u64::from(spec.silence_s));
    let bytes =
        run_program(&all, input.script.into_bytes(), BYTES_MAX, time, Scrubber::new([&spec.url]), Some(&shared.stop))?;
    let whole = jpeg::decode(&bytes).map_err(|_| Reason::Garbage)?;
    let full = (whole.width, whole.height);
    Ok((bytes, jpeg::shrink(whole, spec.width), full))
}
