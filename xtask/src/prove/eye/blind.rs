//! A camera that does not see says so. Promise: cameras that are ended, covered, frozen, blackened and turned away are blind within
//! a minute, each with its reason, and one to which nothing happens goes on guarding.
//!
//! Each is an RTSP stream of a film that FFmpeg draws: a minute of a still scene with a sensor's noise, and then what happens to it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::{Args, Promise};
use super::promise;
use super::site::Site;
use super::sources::{Server, rtsp};

/// Seconds of a film with nothing wrong, and with it.
const GOOD_S: u32 = 60;
const BAD_S: u32 = 100;
/// Blind by then.
const WITHIN_S: f64 = 60.0;
/// Between two looks.
const EVERY: Duration = Duration::from_millis(500);
/// Cameras have begun by then.
const BEGIN: Duration = Duration::from_secs(40);

/// What happens to a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Nothing,
    Ended,
    Covered,
    Frozen,
    Black,
    Moved,
}

impl Fate {
    const ALL: [Self; 6] = [Self::Nothing, Self::Ended, Self::Covered, Self::Frozen, Self::Black, Self::Moved];

    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Ended => "ended",
            Self::Covered => "covered",
            Self::Frozen => "frozen",
            Self::Black => "black",
            Self::Moved => "moved",
        }
    }

    /// Reasons by which its guard may be blind.
    fn reasons(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::Ended => &["offline", "refused"],
            Self::Covered => &["covered"],
            Self::Frozen => &["frozen"],
            Self::Black => &["black"],
            Self::Moved => &["moved"],
        }
    }

    /// What its picture is afterwards, as FFmpeg draws it.
    fn after(self) -> String {
        match self {
            Self::Nothing | Self::Ended => scene(0),
            Self::Covered => "color=c=0x5a5046:size=640x360:rate=25,noise=alls=3:allf=t".into(),
            Self::Frozen => format!("{},loop=loop=-1:size=1:start=0", scene(0)),
            Self::Black => "color=c=black:size=640x360:rate=25".into(),
            Self::Moved => scene(170),
        }
    }
}

/// Bars with noise, from so many columns on.
fn scene(from: u32) -> String {
    format!("smptehdbars=size=960x360:rate=25,noise=alls=8:allf=t,crop=640:360:{from}:0")
}

fn film(folder: &Path, fate: Fate) -> anyhow::Result<PathBuf> {
    let to = folder.join(format!("{}.mp4", fate.name()));
    let (good, bad) = (GOOD_S.to_string(), BAD_S.to_string());
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(["-f", "lavfi", "-t", &good, "-i", &scene(0), "-f", "lavfi", "-t", &bad, "-i", &fate.after()])
        .args(["-filter_complex", "[0:v][1:v]concat=n=2:v=1", "-c:v", "libx264", "-preset", "veryfast", "-g", "50"])
        .args(["-bf", "0", "-pix_fmt", "yuv420p"])
        .arg(&to)
        .status()
        .context("ffmpeg")?;
    ensure!(made.success(), "no film of {fate:?}");
    Ok(to)
}

struct Camera {
    fate: Fate,
    id: String,
    /// Until it is ended.
    server: Option<Server>,
    /// When it happened to it.
    happened: Option<Timestamp>,
    /// When it was first said to be blind after that, and why.
    blind: Option<(Timestamp, String)>,
}

pub fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let site = Site::open("blind", Fate::ALL.len(), 1, "ring_days = 0.1\nring_mb = 256\n")?;
    let mut films = Vec::new();
    for fate in Fate::ALL {
        films.push(film(&site.rig.dir, fate)?);
    }
    let mut cameras = Vec::new();
    for (number, (fate, film)) in (0..).zip(Fate::ALL.into_iter().zip(films)) {
        let server = rtsp(&[film.to_str().context("a path of text")?])?;
        let id = site.camera(number, "rtsp", &server.url, None)?;
        cameras.push(Camera { fate, id, server: Some(server), happened: None, blind: None });
    }
    let begun = Instant::now();
    while begun.elapsed() < BEGIN + Duration::from_secs(u64::from(GOOD_S)) + Duration::from_secs_f64(WITHIN_S) {
        sleep(EVERY);
        let guards = site.ask("GET", "/api/v1/sense/eye/cameras", None)?;
        let guards = guards["items"].as_array().context("cameras")?;
        for camera in &mut cameras {
            let guard = guards.iter().find(|c| c["id"] == camera.id.as_str()).context("a camera is missing")?;
            camera.look(&guard["guard"], Timestamp::now())?;
        }
    }
    let (mut after, mut wrong) = (Map::new(), 0);
    for camera in &cameras {
        let happened = camera.happened.with_context(|| format!("{:?} never guarded", camera.fate))?;
        let seconds =
            camera.blind.as_ref().map(|b| (b.0.as_millisecond() - happened.as_millisecond()) as f64 / 1_000.0);
        let right = match &camera.blind {
            None => camera.fate == Fate::Nothing,
            Some((_, reason)) => camera.fate.reasons().contains(&reason.as_str()),
        };
        wrong += u64::from(!right || seconds.is_some_and(|s| s > WITHIN_S));
        after.insert(camera.fate.name().into(), json!({"s": seconds, "reason": camera.blind.as_ref().map(|b| &b.1)}));
    }
    let name = "eye: a camera that is ended, covered, frozen, black or turned away is blind within a minute";
    Ok(vec![promise(name, args, cameras.len() as u64, wrong, json!({"blind_after": after}))])
}

impl Camera {
    /// Takes note of how it guards now, and lets happen what is due.
    fn look(&mut self, guard: &Value, now: Timestamp) -> anyhow::Result<()> {
        match (guard["state"].as_str().context("a state")?, self.happened) {
            ("guarded", None) => {
                let since: Timestamp = guard["since"].as_str().context("a time")?.parse()?;
                // films change by themselves a minute after their first picture
                let due = since + jiff::SignedDuration::from_secs(i64::from(GOOD_S));
                if now >= due {
                    self.happened = Some(due);
                    if self.fate == Fate::Ended {
                        (self.happened, self.server) = (Some(now), None);
                    }
                }
            }
            ("blind", Some(_)) if self.blind.is_none() => {
                self.blind = Some((now, guard["reason"].as_str().unwrap_or_default().to_owned()));
            }
            _ => {}
        }
        Ok(())
    }
}
