//! A clip with three intrusions through the fence: CPU milliseconds of an analysed picture, decoding included, loading not. Ours on
//! both runtimes and the usual way in Python take turns over the same clip, model and fence; each must find the same.
//!
//! Clip, ground truth and model are no part of the repository: they lie under `data/eye` of the folder named by `SHANSHUI_SHARED`.
//! The peer's installation brings the library of ONNX Runtime that ours loads, so that both compute by the same one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::{Figure, Goal, Lab, median, quiet};

const PACKAGES: [&str; 3] = ["onnxruntime==1.32.0", "opencv-python-headless==5.0.0.93", "numpy"];
const PEER: &str = "OpenCV and onnxruntime in Python, one thread";
const EACH: &str = "ort, asked as often as the peer";

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let Some(shared) = std::env::var_os("SHANSHUI_SHARED").map(|f| PathBuf::from(f).join("data/eye")) else {
        eprintln!("skipped: SHANSHUI_SHARED names no folder with the clips");
        return Ok(Vec::new());
    };
    let mut sides = sides(lab, &shared)?;
    let mut spent: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    lab.bar.set_length(u64::from(lab.rounds + 1) * sides.len() as u64);
    for round in 0..=lab.rounds {
        for (name, command) in &mut sides {
            lab.bar.set_message(*name);
            let ms = watched(command, *name == "motion alone")?;
            if round > 0 {
                spent.entry(*name).or_default().push(ms);
            }
            lab.bar.inc(1);
        }
    }
    let ms: BTreeMap<&str, f64> = spent.into_iter().map(|(name, of)| (name, median(of))).collect();
    let peer = ms["peer"];
    let figure = |name: &str| {
        let goal = if name == "ort" { Goal::AtMost { ours_at_most: peer } } else { Goal::Shown {} };
        Figure::new(&format!("eye, {name}"), "CPU ms a picture, decoded too", ms[name], Some((peer, PEER)), goal)
    };
    Ok(["ort", EACH, "rten", "motion alone"].map(figure).to_vec())
}

/// Everybody who takes a turn.
fn sides(lab: &Lab, shared: &Path) -> anyhow::Result<Vec<(&'static str, Command)>> {
    let (clip, fence) = (shared.join("video/table-approach-a.mp4"), shared.join("video/table-approach-a.gt.json"));
    let model = shared.join("models/nanodet-plus-m.onnx");
    let peer = lab.python("eye.py", &PACKAGES, &[&clip, &fence, &model])?;
    let library = library(Path::new(peer.get_program()))?;
    let program = program(lab)?;
    let ours = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.arg(&clip).arg(&fence).args(arguments).env("ORT_DYLIB_PATH", &library);
        command
    };
    let model = model.to_str().context("a path of text")?;
    Ok(vec![
        ("ort", ours(&["--model", model, "--runtime", "ort"])),
        (EACH, ours(&["--model", model, "--runtime", "ort", "--calm", "0"])),
        ("rten", ours(&["--model", model, "--runtime", "rten"])),
        ("motion alone", ours(&[])),
        ("peer", peer),
    ])
}

/// The example of the crate, with both runtimes.
fn program(lab: &Lab) -> anyhow::Result<PathBuf> {
    lab.bar.set_message("building");
    let what =
        ["build", "--release", "--quiet", "--package", "shanshui-vision", "--features", "ort", "--example", "watch"];
    quiet(Command::new(crate::rig::cargo()).current_dir(&lab.root).args(what))?;
    Ok(crate::rig::target().join("release/examples/watch"))
}

/// The library that the peer's environment brought.
fn library(python: &Path) -> anyhow::Result<PathBuf> {
    let script = "import onnxruntime, pathlib; print(next((pathlib.Path(onnxruntime.__file__).parent / 'capi').glob('libonnxruntime.so*')))";
    let output = Command::new(python).args(["-c", script]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// Runs one side; milliseconds of a picture. A side that does not find the three is not worth measuring.
fn watched(command: &mut Command, motion: bool) -> anyhow::Result<f64> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    let last: Value = serde_json::from_str(text.lines().last().context("a summary")?)?;
    let events = last["events"].as_u64().context("events")?;
    ensure!(events == 3 || (motion && events > 3), "{command:?} found {events} intrusions of 3");
    last["cpu_ms_per_frame"].as_f64().context("cpu_ms_per_frame")
}

/// Our side is the example of `crates/vision`.
pub(super) fn measure(_: &[String]) -> anyhow::Result<()> {
    anyhow::bail!("this benchmark measures the example of crates/vision")
}
