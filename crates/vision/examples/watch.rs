//! Watches a clip and prints what happened, one line of JSON per event and a last one with the figures:
//!
//! ```sh
//! cargo run --release -p shanshui-vision --example watch -- CLIP FENCE.json \
//!     [--model FILE --family nanodet|yolox|yolov8 --input 256x416] [--runtime rten|ort] [--fps 5] [--across 640] [--calm 0.35] [--all]
//! ```
//!
//! `--all` also prints every sight as it is told. The CPU time is that of this program and of ffmpeg, from the system's own count.

#[path = "../tests/pipe/mod.rs"]
mod pipe;

use sha2::{Digest, Sha256};
use shanshui_vision::model::{self, Detector, Family, ModelSpec, Runtime};
use shanshui_vision::{Plan, Settings, Watch, report};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1)).cloned();
    let [clip, fence, ..] = &arguments[..] else { return Err("a clip and a fence file are needed".into()) };
    let detector = match value("--model") {
        None => None,
        Some(path) => Some(detector(
            &path,
            &value("--family").unwrap_or_else(|| "nanodet".to_owned()),
            &value("--input").unwrap_or_else(|| "256x416".to_owned()),
            &value("--runtime").unwrap_or_else(|| "rten".to_owned()),
        )?),
    };
    let fps: f64 = value("--fps").map_or(Ok(5.0), |v| v.parse())?;
    let across: u32 = value("--across").map_or(Ok(640), |v| v.parse())?;
    let all = arguments.iter().any(|a| a == "--all");
    let plan = Plan::parse(&std::fs::read_to_string(fence)?, detector.as_ref().map(|d| d.labels()))?;
    let calm_s: f64 = value("--calm").map_or(Ok(Settings::default().calm_s), |v| v.parse())?;
    let mut watch = Watch::new(plan, detector, Settings { calm_s, ..Settings::default() });
    let pictures = pipe::Clip::open(Path::new(clip), fps, across).ok_or("ffmpeg cannot read it")?;
    let (cpu, begun) = (cpu_s(), Instant::now());
    let (mut events, mut at) = (0, 0.0);
    let mut told = |sights: &[shanshui_vision::Sight]| {
        for sight in sights {
            if all {
                println!("{}", serde_json::to_string(sight).expect("plain data"));
            }
            if let Some(line) = report::line(sight) {
                events += 1;
                println!("{}", serde_json::to_string(&line).expect("plain data"));
            }
        }
    };
    for (i, picture) in pictures.enumerate() {
        at = i as f64 / fps;
        told(&watch.see(at, 720, &picture));
    }
    told(&watch.finish(at));
    let summary =
        report::Summary::new(watch.stats(), watch.model(), events, cpu_s() - cpu, begun.elapsed().as_secs_f64());
    println!("{}", serde_json::to_string(&summary)?);
    Ok(())
}

fn detector(
    path: &str,
    family: &str,
    input: &str,
    runtime: &str,
) -> Result<Box<dyn Detector>, Box<dyn std::error::Error>> {
    let (height, width) = input.split_once('x').ok_or("--input is HxW")?;
    let spec = ModelSpec {
        path: PathBuf::from(path),
        sha256: hex::encode(Sha256::digest(std::fs::read(path)?)),
        family: serde_json::from_value::<Family>(family.into())?,
        input: [height.parse()?, width.parse()?],
        labels: Vec::new(),
        runtime: serde_json::from_value::<Runtime>(runtime.into())?,
        threads: 1,
        library: None,
    };
    Ok(Box::new(model::load(&spec)?))
}

/// User and system seconds of this process and of the children that have ended.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    // fields 14 to 17 of proc(5), in ticks of 1/100 s
    after.split_whitespace().skip(11).take(4).filter_map(|t| t.parse::<f64>().ok()).sum::<f64>() / 100.0
}
