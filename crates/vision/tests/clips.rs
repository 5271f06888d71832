//! The shared clips through the whole of it: who entered and left when, and who must not be told. The clips, their ground truth and
//! the models lie under the folder named by `SHANSHUI_SHARED`; without it, or without ffmpeg, nothing is tried.

mod pipe;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use shanshui_vision::model::{self, Detector, Family, ModelSpec, Runtime};
use shanshui_vision::report::EventLine;
use shanshui_vision::{Plan, Settings, Watch, report};
use std::path::PathBuf;

#[derive(Deserialize)]
struct Truth {
    expect_intrusions: Vec<Intrusion>,
}

#[derive(Deserialize)]
struct Intrusion {
    enter: f64,
    leave: f64,
}

/// Table, car park, bicycle.
const CLIPS: [&str; 3] = ["table-approach-a", "car-park-no-person", "person-bicycle-car-short"];
/// The tolerance that the ground truth names, in seconds.
const TOLERANCE_S: f64 = 0.7;

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("SHANSHUI_SHARED").map(|f| PathBuf::from(f).join("data/eye"));
    let there = folder.filter(|f| f.join("video").is_dir());
    if there.is_none() {
        eprintln!("skipped: SHANSHUI_SHARED names no folder with data/eye/video");
    }
    there
}

fn nanodet(runtime: Runtime) -> ModelSpec {
    spec("nanodet-plus-m.onnx", Family::NanoDet, [256, 416], runtime)
}

fn spec(file: &str, family: Family, input: [u32; 2], runtime: Runtime) -> ModelSpec {
    let path = shared().map(|s| s.join("models").join(file)).unwrap_or_default();
    let sha256 = hex::encode(Sha256::digest(std::fs::read(&path).unwrap_or_default()));
    ModelSpec { path, sha256, family, input, labels: Vec::new(), runtime, threads: 1, library: None }
}

/// Watches a clip; none when it cannot be.
fn watch(clip: &str, detector: Option<Box<dyn Detector>>, labels: &[&str]) -> Option<(Vec<EventLine>, Truth)> {
    let video = shared()?.join("video");
    let text = std::fs::read_to_string(video.join(format!("{clip}.gt.json"))).expect("ground truth beside the clip");
    let mut plan = Plan::parse(&text, None).expect("a plan");
    plan.fences[0].labels = labels.iter().map(|&l| l.to_owned()).collect();
    let mut watch = Watch::new(plan, detector, Settings::default());
    let Some(pictures) = pipe::Clip::open(&video.join(format!("{clip}.mp4")), 5.0, 640) else {
        eprintln!("skipped: ffmpeg cannot be started");
        return None;
    };
    let (mut events, mut at) = (Vec::new(), 0.0);
    for (i, picture) in pictures.enumerate() {
        at = i as f64 / 5.0;
        events.extend(report::lines(&watch.see(at, 720, &picture)));
    }
    events.extend(report::lines(&watch.finish(at)));
    assert!(watch.stats().frames > 10, "the clip has pictures");
    assert_eq!(watch.stats().given_up, None);
    eprintln!("{clip}: {:?}", watch.stats());
    for e in &events {
        eprintln!("  {e:?}");
    }
    Some((events, serde_json::from_str(&text).expect("ground truth")))
}

/// Each expected intrusion must be met by exactly one event, entry and exit within the tolerances; returns how many events more there are.
fn hold_against(events: &[EventLine], truth: &Truth, enter_s: f64, leave_s: f64) -> usize {
    for t in &truth.expect_intrusions {
        let of = |e: &&EventLine| e.enter_s < t.leave && e.exit_s > t.enter;
        let met: Vec<_> = events.iter().filter(of).collect();
        assert_eq!(met.len(), 1, "one event for {}..{}: {met:?}", t.enter, t.leave);
        assert!((met[0].enter_s - t.enter).abs() <= enter_s, "enters {} instead of {}", met[0].enter_s, t.enter);
        assert!((met[0].exit_s - t.leave).abs() <= leave_s, "leaves {} instead of {}", met[0].exit_s, t.leave);
    }
    events.len() - truth.expect_intrusions.len()
}

/// Three of three on the table, nobody on the others.
fn check(spec: &ModelSpec) {
    if shared().is_none() {
        return;
    }
    let detector = model::load(spec).expect("the shared model");
    for clip in CLIPS {
        let Some((events, truth)) = watch(clip, Some(Box::new(detector.share())), &[]) else { return };
        assert!(events.iter().all(|e| e.label == "person"));
        assert_eq!(hold_against(&events, &truth, TOLERANCE_S, TOLERANCE_S), 0, "{clip}: {events:?}");
    }
}

#[test]
fn nanodet_finds_all_and_nobody_else() {
    check(&nanodet(Runtime::Rten));
}

#[test]
fn yolox_finds_all_and_nobody_else() {
    check(&spec("yolox-nano-416.onnx", Family::YoloX, [416, 416], Runtime::Rten));
}

#[cfg(feature = "ort")]
#[test]
fn nanodet_on_the_other_runtime() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        eprintln!("skipped: ORT_DYLIB_PATH is not set");
        return;
    }
    check(&nanodet(Runtime::Ort));
}

#[test]
fn a_car_is_seen_by_a_fence_against_cars() {
    if shared().is_none() {
        return;
    }
    let detector = model::load(&nanodet(Runtime::Rten)).expect("the shared model");
    let Some((events, _)) = watch("person-bicycle-car-short", Some(Box::new(detector)), &["car", "truck"]) else {
        return;
    };
    assert!(events.iter().any(|e| e.label == "car" && e.enter_s < 1.0), "{events:?}");
}

#[test]
fn motion_alone_finds_all_but_also_what_is_no_person() {
    if shared().is_none() {
        return;
    }
    let mut more = 0;
    for clip in CLIPS {
        let Some((events, truth)) = watch(clip, None, &[]) else { return };
        assert!(events.iter().all(|e| e.label == "unclassified"), "never called a person");
        more += hold_against(&events, &truth, TOLERANCE_S, 1.7);
    }
    eprintln!("motion alone: all intrusions found, {more} events that are none (cars); a model tells them apart");
}
