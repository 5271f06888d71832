//! Copies that leave the house: faces and number plates are made unreadable (去标识), in pictures and in clips. What is kept as evidence is
//! never touched; this makes another file.
//!
//! Detectors say where persons and vehicles are, not faces and plates, so more is covered than need be: of a person the upper 45 % of the
//! box, widened by 15 % to each side and 10 % upwards; of a vehicle the lower half, widened by 5 %. What no detector found is not covered:
//! whoever shares a copy looks at it first. A mosaic is laid over, its cells a fifth of the place's shorter side and never below 8 pixels,
//! each the mean colour: a face keeps at most five cells across.
//!
//! A long clip with many people has more places than are looked through for each picture. Fewer are made of them then, each of which
//! covers what several did: more is hidden, never less.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::Write;
use std::iter::Peekable;
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
/// The most places in one clip; of more, fewer and larger ones are made.
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
    tidy(to);
    // a name of its own: two that make the same copy do not write into one another's
    let temporary = to.with_extension(format!("{:016x}{PART}", rand::random::<u64>()));
    let io = |error| BlurError::Io { path: to.to_owned(), error };
    let due = Due::new(thinned(places, PLACES_MAX));
    let result = copy(from, due, &temporary, go).and_then(|()| std::fs::rename(&temporary, to).map_err(io));
    if result.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

/// What the name of an unfinished copy ends with.
const PART: &str = ".part.mp4";

/// Removes what programs that were killed left of the copy `to`. One that is at work has written lately.
pub fn tidy(to: &Path) {
    let (Some(folder), Some(stem)) = (to.parent(), to.file_stem().and_then(|s| s.to_str())) else { return };
    let Ok(names) = std::fs::read_dir(folder) else { return };
    for entry in names.flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|n| n.strip_prefix(stem));
        let is_part = rest.is_some_and(|r| r.starts_with('.') && r.ends_with(PART));
        let written = entry.metadata().and_then(|m| m.modified()).ok();
        if is_part && written.and_then(|w| w.elapsed().ok()).is_some_and(|age| age > TIME_MAX) {
            // what cannot be removed now is tried again with the next copy
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

const TIME_MAX: Duration = Duration::from_mins(10);

/// Slots of time in which places that lie over one another become one, in seconds.
const SLOTS_S: [f64; 2] = [0.2, 1.0];
/// Covers of one slot, at most: whoever looks for one that fits looks through them all.
const SLOT_COVERS_MAX: usize = 32;
/// So much wider is a cover than its edges are apart, in fractions of the picture: rounding leaves nothing out.
const HAIR: f32 = 1e-6;

/// One place for several: all of them, from the first to the last.
#[derive(Clone, Copy)]
struct Cover {
    x0: f32,
    y0: f32,
    x1: f32,
    y1: f32,
    from_s: f64,
    to_s: f64,
}

impl Cover {
    /// Nothing when the place hides nothing on any picture of a clip.
    fn of(place: &Place) -> Option<Self> {
        let Area { x, y, w, h } = place.area;
        let seen = [x, y, w, h].iter().all(|v| v.is_finite()) && x < 1.0 && y < 1.0 && x + w > 0.0 && y + h > 0.0;
        let due = place.from_s <= SECONDS_MAX + MARGIN_S && place.to_s >= -MARGIN_S;
        let inside = |v: f32| v.clamp(0.0, 1.0);
        (seen && due).then(|| Self {
            x0: inside(x.min(x + w)),
            y0: inside(y.min(y + h)),
            x1: inside(x.max(x + w)),
            y1: inside(y.max(y + h)),
            from_s: place.from_s,
            to_s: place.to_s,
        })
    }

    fn place(self) -> Place {
        let area = Area { x: self.x0, y: self.y0, w: self.x1 - self.x0 + HAIR, h: self.y1 - self.y0 + HAIR };
        Place { area, from_s: self.from_s, to_s: self.to_s }
    }

    fn with(self, other: Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
            from_s: self.from_s.min(other.from_s),
            to_s: self.to_s.max(other.to_s),
        }
    }

    /// Whether half of the smaller one lies in the other, as of somebody who has hardly moved: one cover for both hides little more.
    fn meets(&self, other: &Self) -> bool {
        let size = |c: &Self| (c.x1 - c.x0) * (c.y1 - c.y0);
        let (w, h) = (self.x1.min(other.x1) - self.x0.max(other.x0), self.y1.min(other.y1) - self.y0.max(other.y0));
        w > 0.0 && h > 0.0 && 2.0 * w * h >= size(self).min(size(other))
    }
}

fn slot(from_s: f64, slot_s: f64) -> u32 {
    (from_s.max(0.0) / slot_s) as u32
}

/// The places in the order in which they begin. Where they are more than `max`, fewer in their stead: each of them lies in one of those, at
/// any time at which it is to be covered.
fn thinned(places: &[Place], max: usize) -> Vec<Place> {
    let mut all = if places.len() <= max {
        places.to_vec()
    } else {
        let mut covers: Vec<Cover> = places.iter().filter_map(Cover::of).collect();
        for slot_s in SLOTS_S {
            if covers.len() > max {
                covers = united(covers, slot_s);
            }
        }
        if covers.len() > max {
            covers = whole_seconds(&covers, max);
        }
        covers.into_iter().map(Cover::place).collect()
    };
    // one without a beginning is never due, and would keep the others from their turn
    all.retain(|p| !p.from_s.is_nan());
    all.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    all
}

/// Those that begin in one slot of time and lie over one another become one.
fn united(mut covers: Vec<Cover>, slot_s: f64) -> Vec<Cover> {
    covers.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    let mut out: Vec<Cover> = Vec::new();
    let (mut now, mut first) = (None, 0);
    for cover in covers {
        let its = slot(cover.from_s, slot_s);
        if now != Some(its) {
            (now, first) = (Some(its), out.len());
        }
        let fits = out[first..].iter().position(|one| one.meets(&cover));
        let last = (out.len() - first >= SLOT_COVERS_MAX).then_some(SLOT_COVERS_MAX - 1);
        match fits.or(last) {
            Some(i) => out[first + i] = out[first + i].with(cover),
            None => out.push(cover),
        }
    }
    out
}

/// The whole picture instead of all that begins in a second: the fullest seconds first, until no more than `max` are left.
fn whole_seconds(covers: &[Cover], max: usize) -> Vec<Cover> {
    let mut seconds: BTreeMap<u32, Vec<Cover>> = BTreeMap::new();
    for cover in covers {
        seconds.entry(slot(cover.from_s, 1.0)).or_default().push(*cover);
    }
    let mut left = covers.len();
    let mut fullest: Vec<&mut Vec<Cover>> = seconds.values_mut().collect();
    fullest.sort_by_key(|second| Reverse(second.len()));
    for second in fullest {
        if left <= max {
            break;
        }
        left -= second.len() - 1;
        let all = second.drain(..).reduce(Cover::with);
        second.extend(all.map(|c| Cover { x0: 0.0, y0: 0.0, x1: 1.0, y1: 1.0, ..c }));
    }
    seconds.into_values().flatten().collect()
}

/// Places by the moment, for moments that only go on.
struct Due {
    later: Peekable<std::vec::IntoIter<Place>>,
    now: Vec<Place>,
}

impl Due {
    /// Of places in the order in which they begin.
    fn new(places: Vec<Place>) -> Self {
        Self { later: places.into_iter().peekable(), now: Vec::new() }
    }

    fn at(&mut self, t: f64) -> Vec<Area> {
        while let Some(place) = self.later.next_if(|p| p.from_s - MARGIN_S <= t) {
            self.now.push(place);
        }
        self.now.retain(|p| t <= p.to_s + MARGIN_S);
        self.now.iter().map(|p| p.area).collect()
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn copy(from: &Path, mut due: Due, to: &Path, go: &dyn Fn() -> bool) -> Result<(), BlurError> {
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
        pixelate(&mut picture, &due.at(t));
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
        let left = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(left, 2, "what could not be finished is gone");
    }

    #[test]
    fn what_a_kill_left_is_removed_and_what_is_being_written_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let there = |name: &str| dir.path().join(name);
        let old = std::time::SystemTime::now() - 2 * TIME_MAX;
        for name in ["clip.blurred.part.mp4", "clip.blurred.0a.part.mp4", "clip.cut.part.mp4", "clip.blurred.mp4"] {
            let file = std::fs::File::create(there(name)).unwrap();
            file.set_modified(old).unwrap();
        }
        std::fs::write(there("clip.blurred.0b.part.mp4"), b"").unwrap();
        tidy(&there("clip.blurred.mp4"));
        let mut left: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["clip.blurred.0b.part.mp4", "clip.blurred.mp4", "clip.cut.part.mp4"]);
    }

    #[test]
    fn many_places_of_people_who_hardly_move_stay_small() {
        let place = |i: u32, x: f32| {
            let from_s = f64::from(i) / 25.0;
            let area = Area { x: x + (i % 5) as f32 * 0.001, y: 0.3, w: 0.05, h: 0.1 };
            Place { area, from_s, to_s: from_s + 0.5 }
        };
        let all: Vec<Place> = (0..22_500).flat_map(|i| [place(i, 0.1), place(i, 0.7)]).collect();
        let thin = thinned(&all, PLACES_MAX);
        assert!((8_000..=10_000).contains(&thin.len()), "{}", thin.len());
        assert!(thin.iter().all(|p| p.area.w < 0.06 && p.to_s - p.from_s < 0.8));
        assert_eq!(thinned(&all[..PLACES_MAX], PLACES_MAX).len(), PLACES_MAX, "few are as they were");
    }

    #[test]
    fn any_number_of_places_is_covered() {
        let area = |i: u32| Area { x: (i % 97) as f32 / 100.0, y: (i % 89) as f32 / 100.0, w: 0.01, h: 0.01 };
        let all: Vec<Place> = (0..200_000u32)
            .map(|i| {
                let from_s = f64::from(i % 900);
                Place { area: area(i), from_s, to_s: from_s }
            })
            .collect();
        let thin = thinned(&all, PLACES_MAX);
        assert!((1..=PLACES_MAX).contains(&thin.len()), "{}", thin.len());
        assert!(thinned(&all, 10).iter().all(|p| p.area.w >= 1.0 && p.area.h >= 1.0));
    }

    proptest::proptest! {
        #[test]
        fn what_is_to_be_covered_is_covered_at_any_time(
            rows in proptest::collection::vec(
                ((-0.3f32..1.2, -0.3f32..1.2, 0.0f32..0.6, 0.0f32..0.6), -1.0f64..20.0, 0.0f64..2.0), 0..120,
            ),
            max in 1usize..60,
        ) {
            let place = |((x, y, w, h), from_s, long): ((f32, f32, f32, f32), f64, f64)| {
                Place { area: Area { x, y, w, h }, from_s, to_s: from_s + long }
            };
            let all: Vec<Place> = rows.into_iter().map(place).collect();
            let thin = thinned(&all, max);
            assert!(thin.len() <= max.max(20), "{} of {}", thin.len(), all.len());
            let mut due = Due::new(thin.clone());
            for t in (0..600).map(|n| f64::from(n) / f64::from(FPS)) {
                let now = due.at(t);
                let is_now = |p: &&Place| p.from_s - MARGIN_S <= t && t <= p.to_s + MARGIN_S;
                assert_eq!(now.len(), thin.iter().filter(is_now).count());
                for place in all.iter().filter(is_now) {
                    let Some((x0, x1, y0, y1)) = place.area.pixels(1280, 720) else { continue };
                    let is_inside = now.iter().filter_map(|a| a.pixels(1280, 720)).any(|(a0, a1, b0, b1)| {
                        a0 <= x0 && x1 <= a1 && b0 <= y0 && y1 <= b1
                    });
                    assert!(is_inside, "{place:?} at {t}");
                }
            }
        }
    }
}
