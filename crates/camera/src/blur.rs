//! Copies that leave the house: faces and number plates are made unreadable (去标识), in pictures and in clips. What is kept as evidence is
//! never touched; this makes another file.
//!
//! Detectors say where persons and vehicles are, not faces and plates, so more is covered than need be: of a person the upper 45 % of the
//! box, widened by 15 % to each side and 10 % upwards; of a vehicle the lower half, widened by 5 %. What no detector found is not covered:
//! whoever shares a copy looks at it first. A mosaic is laid over, its cells a fifth of the place's shorter side and never below 8 pixels,
//! each the mean colour: a face keeps at most five cells across.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::ffmpeg::mkv;
use crate::ffmpeg::program::{Program, encoders};
use crate::picture::{Picture, PictureError};
use crate::secret::Scrubber;
use crate::{Area, Limits, Reason, jpeg};

/// The longest clip that is blurred, in seconds of it.
pub const SECONDS_MAX: f64 = 900.0;
/// The most places in one clip.
pub const PLACES_MAX: usize = 20_000;
/// A place is covered so long before and after its span too, in seconds: boxes are found some times a second only.
pub const MARGIN_S: f64 = 0.3;
const CELL_MIN: usize = 8;
const WIDTH_MAX: u32 = 1280;
const FPS: u32 = 25;

/// A place that is covered during a span of a clip.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Where.
    pub area: Area,
    /// From when, in seconds of the clip.
    pub from_s: f64,
    /// Until when.
    pub to_s: f64,
}

/// What could not be blurred.
#[derive(Debug, thiserror::Error)]
pub enum BlurError {
    /// The picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The program.
    #[error("ffmpeg: {0:?}")]
    Program(Reason),
    /// Too many places for one clip.
    #[error("{0} places, at most {PLACES_MAX}")]
    Places(usize),
    /// The clip is longer than [`SECONDS_MAX`].
    #[error("clip is longer than {SECONDS_MAX} s")]
    Length,
    /// It was not to go on.
    #[error("stopped")]
    Stopped,
    /// The file.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl BlurError {
    /// The sentence for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Picture(e) => e.zh(),
            Self::Program(reason) => format!("去标识处理失败：{}", reason.zh()),
            Self::Places(n) => format!("遮挡区域过多：{n} 处，最多 {PLACES_MAX} 处"),
            Self::Stopped => "去标识处理已中止".into(),
            Self::Length => format!("视频过长：去标识最多处理 {SECONDS_MAX} 秒"),
            Self::Io { path, error } => format!("文件 {} 无法读写：{error}", path.display()),
        }
    }
}

/// Where the face of a person must be.
pub fn face(person: Area) -> Area {
    let (x, y) = (person.x - 0.15 * person.w, person.y - 0.10 * person.h);
    Area { x, y, w: 1.30 * person.w, h: 0.55 * person.h }
}

/// Where the plate of a vehicle must be.
pub fn plate(vehicle: Area) -> Area {
    Area { x: vehicle.x - 0.05 * vehicle.w, y: vehicle.y + 0.5 * vehicle.h, w: 1.10 * vehicle.w, h: 0.55 * vehicle.h }
}

/// Lays a mosaic over places of a picture.
pub fn pixelate(picture: &mut Picture, areas: &[Area]) {
    for area in areas {
        let Some((x0, x1, y0, y1)) = area.pixels(picture.width, picture.height) else { continue };
        let (x0, x1, y0, y1) = (x0 as usize, x1 as usize, y0 as usize, y1 as usize);
        let cell = ((x1 - x0).min(y1 - y0) / 5).max(CELL_MIN);
        for y in (y0..y1).step_by(cell) {
            for x in (x0..x1).step_by(cell) {
                let (xs, ys) = ((x, (x + cell).min(x1)), (y, (y + cell).min(y1)));
                let colour = jpeg::mean(picture, xs, ys);
                for row in ys.0..ys.1 {
                    let i = (row * picture.width as usize + xs.0) * 3;
                    picture.rgb[i..i + (xs.1 - xs.0) * 3].chunks_exact_mut(3).for_each(|p| p.copy_from_slice(&colour));
                }
            }
        }
    }
}

/// A JPEG with places covered, as another JPEG. What the first one held beside its pixels (EXIF) is gone.
pub fn blur_jpeg(bytes: &[u8], areas: &[Area]) -> Result<Vec<u8>, BlurError> {
    let mut picture = jpeg::decode(bytes)?;
    pixelate(&mut picture, areas);
    Ok(jpeg::encode(&picture, 85)?)
}

/// Writes a copy of the clip `from` with `places` covered into the new file `to` (MP4, 25 pictures per second, at most 1280 wide; H.264
/// where FFmpeg has libx264, else MJPEG). Takes about the time of decoding and encoding it; ends by itself after ten minutes at most, and
/// as soon as `go` says no.
pub fn blur_clip(from: &Path, places: &[Place], to: &Path, go: &dyn Fn() -> bool) -> Result<(), BlurError> {
    if places.len() > PLACES_MAX {
        return Err(BlurError::Places(places.len()));
    }
    let temporary = to.with_extension("part.mp4");
    let io = |error| BlurError::Io { path: to.to_owned(), error };
    let result = copy(from, places, &temporary, go).and_then(|()| std::fs::rename(&temporary, to).map_err(io));
    if result.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

const TIME_MAX: Duration = Duration::from_mins(10);

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn copy(from: &Path, places: &[Place], to: &Path, go: &dyn Fn() -> bool) -> Result<(), BlurError> {
    let mut decoder = decoder(from).map_err(BlurError::Program)?;
    let Some(pipe) = decoder.stdout() else { return Err(BlurError::Program(Reason::Garbage)) };
    let mut frames = mkv::Reader::new(std::io::BufReader::new(pipe));
    let mut encoder: Option<(Program, std::process::ChildStdin)> = None;
    let end = Instant::now() + TIME_MAX;
    let mut n = 0u32;
    while let Ok(Some(raw)) = frames.next() {
        // pictures come at an even pace, so that their number is their time
        let t = f64::from(n) / f64::from(FPS);
        n += 1;
        if t > SECONDS_MAX {
            return Err(BlurError::Length);
        }
        if Instant::now() > end {
            return Err(BlurError::Program(Reason::TimedOut));
        }
        if !go() {
            return Err(BlurError::Stopped);
        }
        let mut picture = Picture::new(raw.width, raw.height, raw.rgb)?;
        pixelate(&mut picture, &at(places, t));
        let (program, entry) = match &mut encoder {
            Some(running) => running,
            None => encoder.insert(encoder_of(to, raw.width, raw.height).map_err(BlurError::Program)?),
        };
        if entry.write_all(&picture.rgb).is_err() {
            let status = program.finish(Duration::from_secs(2));
            return Err(BlurError::Program(program.why(status)));
        }
    }
    let Some((mut program, entry)) = encoder else {
        let status = decoder.finish(Duration::from_secs(2));
        return Err(BlurError::Program(decoder.why(status)));
    };
    drop(entry);
    while Instant::now() < end {
        if let Some(status) = program.ended() {
            return if status.success() { Ok(()) } else { Err(BlurError::Program(program.why(Some(status)))) };
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(BlurError::Program(Reason::TimedOut))
}

fn at(places: &[Place], t: f64) -> Vec<Area> {
    places.iter().filter(|p| p.from_s - MARGIN_S <= t && t <= p.to_s + MARGIN_S).map(|p| p.area).collect()
}

fn limits() -> Limits {
    Limits { cpu_s: None, memory_mb: 1024 }
}

fn decoder(from: &Path) -> Result<Program, Reason> {
    let mut args = words("-hide_banner -loglevel warning -protocol_whitelist file,pipe -threads 1 -i");
    args.push(format!("file:{}", from.display()));
    args.extend(words("-map 0:v:0 -an -filter_threads 1 -vf"));
    args.push(format!("fps={FPS}:start_time=0,scale='min({WIDTH_MAX},iw)':-2"));
    args.extend(words(
        "-pix_fmt rgb24 -c:v rawvideo -f matroska -allow_raw_vfw 1 -live 1 -cluster_size_limit 1000 pipe:1",
    ));
    Program::start(&args, Stdio::null(), limits(), None, Scrubber::default())
}

fn encoder_of(to: &Path, width: u32, height: u32) -> Result<(Program, std::process::ChildStdin), Reason> {
    let h264 = encoders().ok_or(Reason::NoProgram)?.h264;
    let codec = if h264 {
        "-c:v libx264 -preset veryfast -crf 25 -threads 1 -pix_fmt yuv420p"
    } else {
        "-c:v mjpeg -q:v 5 -pix_fmt yuvj420p"
    };
    let mut args = words(&format!(
        "-hide_banner -loglevel warning -y -protocol_whitelist pipe,file -f rawvideo -pix_fmt rgb24 -video_size {width}x{height} -framerate {FPS} \
         -i pipe:0 {codec} -movflags +faststart -f mp4"
    ));
    args.push(format!("file:{}", to.display()));
    let mut program = Program::start(&args, Stdio::piped(), limits(), None, Scrubber::default())?;
    let entry = program.stdin().ok_or(Reason::Garbage)?;
    Ok((program, entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripes(w: u32, h: u32) -> Picture {
        let rgb = (0..w * h).flat_map(|i| if (i % w).is_multiple_of(2) { [255; 3] } else { [0; 3] }).collect();
        Picture::new(w, h, rgb).unwrap()
    }

    #[test]
    fn what_is_covered_cannot_be_read_and_the_rest_is_as_before() {
        let before = stripes(160, 120);
        let mut p = before.clone();
        pixelate(&mut p, &[Area { x: 0.25, y: 0.25, w: 0.5, h: 0.5 }]);
        for y in 0..120 {
            for x in 0..160 {
                let inside = (40..120).contains(&x) && (30..90).contains(&y);
                let grey = p.get(x, y).unwrap()[0].abs_diff(127) < 30;
                assert_eq!(grey, inside, "{x} {y}");
                assert!(inside || p.get(x, y) == before.get(x, y));
            }
        }
    }

    #[test]
    fn faces_and_plates_lie_where_they_must() {
        let person = Area { x: 0.4, y: 0.2, w: 0.2, h: 0.6 };
        let f = face(person);
        assert!(
            f.x < person.x
                && f.x + f.w > person.x + person.w
                && f.y < person.y
                && (f.y + f.h - (person.y + 0.45 * person.h)).abs() < 1e-5
        );
        let v = plate(person);
        assert!((v.y - 0.5).abs() < 1e-5 && v.y + v.h > person.y + person.h);
    }

    #[test]
    fn strange_places_do_no_harm() {
        let mut p = stripes(16, 16);
        let before = p.clone();
        for area in
            [(f32::NAN, 0.0, 1.0, 1.0), (2.0, 2.0, 1.0, 1.0), (0.5, 0.5, -1.0, -1.0), (0.0, 0.0, 0.0, f32::INFINITY)]
        {
            pixelate(&mut p, &[Area { x: area.0, y: area.1, w: area.2, h: area.3 }]);
        }
        assert_eq!(p, before);
        assert!(blur_jpeg(b"none", &[]).is_err());
    }

    #[test]
    fn a_clip_is_covered_during_its_span_only() {
        if !encoders().is_some_and(|e| e.h264) {
            eprintln!("skipped: ffmpeg with libx264 is not installed");
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a.mp4"), dir.path().join("b.mp4"));
        let made = words(
            "-nostdin -v error -f lavfi -i testsrc2=s=320x240:r=10:d=4 -vf noise=alls=80:allf=t -c:v libx264 -preset ultrafast -pix_fmt yuv420p",
        );
        assert!(std::process::Command::new("ffmpeg").args(made).arg(&from).status().unwrap().success());
        let area = Area { x: 0.0, y: 0.0, w: 1.0, h: 1.0 };
        let places = [Place { area, from_s: 1.0, to_s: 2.0 }];
        assert!(matches!(blur_clip(&from, &places, &to, &|| false), Err(BlurError::Stopped)) && !to.exists());
        blur_clip(&from, &places, &to, &|| true).unwrap();
        let detail = |t: &str| {
            let out = std::process::Command::new("ffmpeg")
                .args(["-v", "error", "-ss", t, "-i"])
                .arg(&to)
                .args(words("-frames:v 1 -f image2pipe -c:v mjpeg -q:v 2 -"))
                .output()
                .unwrap();
            let p = jpeg::decode(&out.stdout).unwrap();
            let row = |x: u32| i32::from(p.get(x, 60).unwrap()[1]);
            (1..p.width).filter(|x| (row(*x) - row(x - 1)).abs() > 4).count()
        };
        let (clear, covered, after) = (detail("0.2"), detail("1.5"), detail("3.2"));
        assert!(covered * 2 < clear && covered * 2 < after, "{clear} {covered} {after}");
        assert!(blur_clip(Path::new("/nowhere.mp4"), &[], &to, &|| true).is_err());
        assert!(matches!(
            blur_clip(&from, &vec![Place { area, from_s: 0.0, to_s: 0.0 }; PLACES_MAX + 1], &to, &|| true),
            Err(BlurError::Places(_))
        ));
    }
}
