//! Cameras that are held. Promise: so many cameras of 1920 × 1080 at 25 pictures a second are looked at five times a second, on this
//! machine, without falling behind, while the stations' load is acknowledged as without them; then many sources that are no cameras
//! join, and those that are one go on as before; the server's own memory stands.
//!
//! The clip, its fence and the detector are no part of the repository: they lie under `data/eye` of the folder named by
//! `SHANSHUI_SHARED`. Somebody is in the picture most of the time, so that the detector is asked far more than at a real stream.

pub mod blind;
mod ears;
mod site;
mod sources;
pub mod voice;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{Args, Promise, more};
use crate::rig::{Rig, cpu_seconds, quantile, resident_own, summary};
use site::{FPS, Site};
use sources::{Doors, Garbage, film, rtsp};

/// Stations that send beside the cameras, and telegrams a second of them all: the load of `cargo xtask load`.
const STATIONS: usize = 2_000;
const RATE: f64 = 200.0;
const VALUES: usize = 15;
/// Seconds for which the stations' load is measured without cameras.
const ALONE_S: u64 = 60;
/// Between two looks at the cameras.
const LOOK: Duration = Duration::from_secs(10);
/// Cameras have begun by then.
const BEGIN: Duration = Duration::from_mins(1);
/// A picture that has been looked at later than this after it was taken is late.
const LATE_MS: f64 = 1_000.0;
/// In the last tenth of a time, the median of how late pictures are may be so much above that of the first.
const GROWS_MS: f64 = 100.0;
/// Share of pictures that may be dropped because the one before was still being looked at.
const DROPPED_MAX: f64 = 0.01;
/// The server's own memory may grow by so much from the first third of the time to its end.
const GROWTH_MAX: u64 = 16 << 20;

/// One look.
struct Look {
    at: Instant,
    /// Of each real camera: how late, pictures a second, dropped so far, whether it is blind.
    good: Vec<(f64, f64, u64, bool)>,
    /// State and reason of those that are none, by what they are.
    bad: Vec<(Garbage, String)>,
    own: u64,
    /// Memory of the real cameras' programs, MiB.
    programs: f64,
    /// CPU seconds of the server and of the real cameras' programs.
    cpu: f64,
}

struct Held {
    site: Site,
    /// Ids of real cameras, and of those that are none.
    good: Vec<String>,
    bad: BTreeMap<String, Garbage>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let Some(shared) = std::env::var_os("SHANSHUI_SHARED").map(|f| PathBuf::from(f).join("data/eye")) else {
        eprintln!("skipped: SHANSHUI_SHARED names no folder with the clips");
        return Ok(Vec::new());
    };
    let minutes = args.minutes.unwrap_or(120);
    let bar = ProgressBar::new(u64::from(minutes) * 60);
    bar.set_style(ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} s {msg}")?);
    bar.set_prefix("eye");
    let mut held = open(&shared)?;
    let clip = shared.join("video/table-approach-a.mp4");
    bar.set_message("films");
    let large = film(&clip, "1920:1080", held.site.rig.dir.join("large.mp4"))?;
    let small = film(&clip, "320:180", held.site.rig.dir.join("small.mp4"))?;
    let camera = rtsp(&[large.to_str().context("a path of text")?])?;
    let doors = Doors::open(small.to_str().context("a path of text")?)?;

    bar.set_message("load alone");
    let alone = summary(load(&held.site.rig, ALONE_S, args.seed)?)?;
    let fence = fence(&shared.join("video/table-approach-a.gt.json"))?;
    for number in 0..args.cameras {
        held.good.push(held.site.camera(number, "rtsp", &camera.url, Some(&fence))?);
    }
    std::thread::sleep(BEGIN);
    // a quarter of the time only cameras and stations, the rest with what is no camera too
    let (quarter, whole) = (Duration::from_mins(u64::from(minutes)) / 4, Duration::from_mins(u64::from(minutes)));
    let begun = Instant::now();
    let sending = load(&held.site.rig, quarter.as_secs(), args.seed + 2)?;
    bar.set_message("cameras and load");
    let good = held.watch(begun + quarter, begun, &bar)?;
    let beside = summary(sending)?;
    for number in 0..args.garbage {
        let of = Garbage::ALL[number as usize % Garbage::ALL.len()];
        let (kind, address) = doors.address(of);
        let id = held.site.camera(args.cameras + number, kind, &address, None)?;
        held.bad.insert(id, of);
    }
    bar.set_message("cameras and what is none");
    let with = held.watch(begun + whole, begun, &bar)?;
    bar.finish_and_clear();
    held.site.rig.stop()?;
    let promises = [
        stations(args, &alone, &beside)?,
        pictures("eye: cameras are held without falling behind, with the load of stations beside", args, &good)?,
        pictures("eye: cameras are held while sources that are none are looked for", args, &with)?,
        none(args, &with)?,
        memory(args, &good, &with),
    ];
    Ok(promises.to_vec())
}

fn open(shared: &Path) -> anyhow::Result<Held> {
    let model = shared.join("models/nanodet-plus-m.onnx");
    let digest = Command::new("sha256sum").arg(&model).output()?;
    let digest = String::from_utf8(digest.stdout)?;
    let digest = digest.split(' ').next().context("a digest")?;
    let config =
        format!("ring_days = 1.0\nring_mb = 1024\n[eye.model]\npath = {}\nsha256 = \"{digest}\"\n", json!(model));
    Ok(Held { site: Site::open("eye", STATIONS, VALUES, &config)?, good: Vec::new(), bad: BTreeMap::new() })
}

/// The ground truth's polygon as a fence.
fn fence(truth: &Path) -> anyhow::Result<Value> {
    let truth: Value = serde_json::from_slice(&std::fs::read(truth)?)?;
    let polygon = &truth["polygon_norm"];
    ensure!(polygon.is_array(), "no polygon");
    Ok(polygon.clone())
}

/// The stations' load.
fn load(rig: &Rig, seconds: u64, seed: u64) -> anyhow::Result<Child> {
    let [stations, values, seconds, seed] = [STATIONS as u64, VALUES as u64, seconds, seed].map(|n| n.to_string());
    let load = ["--stations", &stations, "--factors", &values, "--duration", &seconds, "--seed", &seed];
    Ok(rig.simulate(&load).args(["--rate", &RATE.to_string()]).spawn()?)
}

impl Held {
    /// Looks again and again until a moment; each look also goes to standard error.
    fn watch(&self, until: Instant, begun: Instant, bar: &ProgressBar) -> anyhow::Result<Vec<Look>> {
        let mut looks = Vec::new();
        while Instant::now() < until {
            std::thread::sleep(LOOK);
            let look = self.look()?;
            bar.set_position(begun.elapsed().as_secs());
            let lag: Vec<f64> = look.good.iter().map(|g| g.0).collect();
            let fps: Vec<f64> = look.good.iter().map(|g| (g.1 * 100.0).round() / 100.0).collect();
            let dropped: u64 = look.good.iter().map(|g| g.2).sum();
            eprintln!(
                "{}",
                json!({"s": begun.elapsed().as_secs(), "lag_ms": lag, "fps": fps, "dropped": dropped, "own_mib": look.own >> 20,
                    "programs_mib": look.programs, "cpu_s": look.cpu, "none_blind": look.bad.iter().filter(|b| b.1.starts_with("blind")).count()})
            );
            looks.push(look);
        }
        Ok(looks)
    }

    fn look(&self) -> anyhow::Result<Look> {
        let said = self.site.ask("GET", "/api/v1/sense/eye/cameras", None)?;
        let pid = self.site.rig.pid()?;
        let (mut good, mut bad, mut programs, mut cpu) = (Vec::new(), Vec::new(), 0.0, cpu_seconds(pid)?);
        for camera in said["items"].as_array().context("cameras")? {
            let id = camera["id"].as_str().context("an id")?;
            let (live, state) = (&camera["live"], camera["guard"]["state"].as_str().context("a state")?);
            let figure = |key: &str| live[key].as_f64().unwrap_or_default();
            if let Some(of) = self.bad.get(id) {
                bad.push((*of, format!("{state} {}", camera["guard"]["reason"].as_str().unwrap_or_default())));
            } else {
                good.push((
                    figure("lag_ms"),
                    figure("fps"),
                    figure("dropped") as u64,
                    state == "blind" || live.is_null(),
                ));
                programs += figure("memory_mb");
                cpu += figure("cpu_s");
            }
        }
        ensure!(good.len() == self.good.len(), "cameras are missing");
        Ok(Look { at: Instant::now(), good, bad, own: resident_own(pid)?, programs, cpu })
    }
}

fn promise(name: &'static str, args: &Args, tried: u64, wrong: u64, figures: Value) -> Promise {
    Promise {
        name,
        tried,
        lost: 0,
        doubled: 0,
        wrong,
        seed: args.seed,
        met: tried > 0 && wrong == 0,
        more: more(figures),
    }
}

/// The stations' load with cameras beside it, against the same without.
fn stations(args: &Args, alone: &Value, beside: &Value) -> anyhow::Result<Promise> {
    let rate = |said: &Value| said["rate"].as_f64().context("a rate");
    let (was, is) = (rate(alone)?, rate(beside)?);
    let wrong = u64::from((is - was).abs() > 0.2 * was) + beside["unanswered"].as_u64().unwrap_or(1);
    let figures = json!({"cameras": args.cameras, "rate": is, "rate_without_cameras": was, "reply_ms": beside["latency_ms"],
        "reply_ms_without_cameras": alone["latency_ms"]});
    let tried = beside["acked"].as_u64().unwrap_or_default();
    Ok(promise("eye: the load of stations is acknowledged as without cameras", args, tried, wrong, figures))
}

/// Whether real cameras kept up: none blind, few pictures dropped, and no later at the end than at the beginning.
fn pictures(name: &'static str, args: &Args, looks: &[Look]) -> anyhow::Result<Promise> {
    let (first, last) = (looks.first().context("looks")?, looks.last().context("looks")?);
    let minutes = last.at.duration_since(first.at).as_secs_f64() / 60.0;
    let sorted = |mut of: Vec<f64>| {
        of.sort_by(f64::total_cmp);
        of
    };
    let lag = |of: &[Look]| sorted(of.iter().flat_map(|l| l.good.iter().map(|g| g.0)).collect());
    let tenths: Vec<f64> = looks.chunks(looks.len().div_ceil(10)).map(|part| quantile(&lag(part), 0.5)).collect();
    let (lags, fps) = (lag(looks), sorted(looks.iter().flat_map(|l| l.good.iter().map(|g| g.1)).collect()));
    let blind = looks.iter().flat_map(|l| &l.good).filter(|g| g.3).count() as u64;
    let late = lags.iter().filter(|ms| **ms > LATE_MS).count() as u64;
    let sum = |look: &Look| look.good.iter().map(|g| g.2).sum::<u64>();
    let dropped = sum(last).saturating_sub(sum(first));
    let pictures = minutes * 60.0 * FPS * last.good.len() as f64;
    let grows = tenths.last().zip(tenths.first()).is_some_and(|(last, first)| *last > first + GROWS_MS);
    let wrong = blind + u64::from(grows) + u64::from(dropped as f64 > DROPPED_MAX * pictures);
    let figures = json!({"cameras": last.good.len(), "minutes": minutes.round(), "lag_ms_by_tenths": tenths,
        "lag_ms": {"p50": quantile(&lags, 0.5), "p99": quantile(&lags, 0.99), "max": quantile(&lags, 1.0)},
        "looks_later_than_1_s": late, "fps": {"p1": quantile(&fps, 0.01), "p50": quantile(&fps, 0.5)}, "dropped": dropped,
        "pictures": pictures.round(), "looks_blind": blind,
        "cores": ((last.cpu - first.cpu) / (minutes * 60.0) * 100.0).round() / 100.0, "programs_mib": last.programs});
    Ok(promise(name, args, lags.len() as u64, wrong, figures))
}

/// Each that is no camera is blind, with a reason. Those that send real pictures for three seconds may be anything in between.
fn none(args: &Args, looks: &[Look]) -> anyhow::Result<Promise> {
    let last = looks.last().context("looks")?;
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    for (of, state) in &last.bad {
        *reasons.entry(format!("{of:?}: {state}")).or_default() += 1;
    }
    let steady = || last.bad.iter().filter(|(of, _)| *of != Garbage::Cut);
    let wrong = steady().filter(|(_, state)| state.strip_prefix("blind ").is_none_or(str::is_empty)).count();
    Ok(promise(
        "eye: what is no camera is blind, with a reason",
        args,
        last.bad.len() as u64,
        wrong as u64,
        json!({"states": reasons}),
    ))
}

fn memory(args: &Args, held: &[Look], with: &[Look]) -> Promise {
    let own: Vec<u64> = held.iter().chain(with).map(|l| l.own).collect();
    let (_, later) = own.split_at(own.len() / 3);
    let highest = |of: &[u64]| of.iter().max().copied().unwrap_or_default();
    // what is allocated for a moment does not count: the highest of two stretches are compared
    let part = later.len() / 4;
    let (early, late) = (highest(&later[..part]), highest(&later[later.len() - part..]));
    let tenths: Vec<u64> = own.chunks(own.len().div_ceil(10)).map(|part| highest(part) >> 20).collect();
    let minutes = args.minutes.unwrap_or(120);
    let wrong = u64::from(late > early + GROWTH_MAX);
    let figures = json!({"minutes": minutes, "own_mib_by_tenths": tenths, "early_mib": early >> 20, "late_mib": late >> 20,
        "growth_max_mib": GROWTH_MAX >> 20});
    promise("eye: memory stands", args, own.len() as u64, wrong, figures)
}
