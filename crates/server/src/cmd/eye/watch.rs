//! `shanshui eye watch`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use shanshui_camera::{Feed, Kind, Secret, Source, Spec, State};
use shanshui_vision::model::{Detector, Family, ModelSpec, Runtime, load};
use shanshui_vision::report::{Summary, line};
use shanshui_vision::{Picture, Plan, Settings, Sight, Watch as Watching};

/// Watches a source by a fence file.
#[derive(Debug, clap::Args)]
pub struct Watch {
    /// File, or address: rtsp://, http:// (MJPEG), or `drawn` for the drawn camera.
    #[arg(long, value_name = "S")]
    source: String,
    /// Fence file; docs/ref/fence.md says what is in it.
    #[arg(long, value_name = "FENCE.json")]
    fence: PathBuf,
    /// ONNX model; without one only motion is seen.
    #[arg(long, value_name = "M", requires = "sha256")]
    model: Option<PathBuf>,
    /// SHA-256 that the model must have.
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Layout of the model's answer.
    #[arg(long, value_name = "FAMILY", default_value = "nanodet", value_parser = family)]
    family: Family,
    /// Height and width of the model's input.
    #[arg(long, value_name = "HxW", default_value = "256x416", value_parser = size)]
    input: [u32; 2],
    /// What computes: rten, or ort where the program was built with it.
    #[arg(long, value_name = "RUNTIME", default_value = "rten", value_parser = runtime)]
    runtime: Runtime,
    /// Pictures a second that are looked at.
    #[arg(long, value_name = "N", default_value_t = 5.0)]
    fps: f32,
    /// Width at which they are looked at.
    #[arg(long, value_name = "PX", default_value_t = 640)]
    width: u32,
    /// Minute of the day that the source shows, for hours of fences and thresholds of the night; of a file noon when nothing is said.
    #[arg(long, value_name = "MIN", default_value_t = 720)]
    minute: u16,
    /// End after so many seconds of the stream.
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Print JSON lines; the only form there is, and the default.
    #[arg(long)]
    json: bool,
}

fn family(text: &str) -> Result<Family, String> {
    serde_json::from_value(text.into()).map_err(|_| "nanodet, yolox or yolov8".into())
}

fn runtime(text: &str) -> Result<Runtime, String> {
    serde_json::from_value(text.into()).map_err(|_| "rten or ort".into())
}

fn size(text: &str) -> Result<[u32; 2], String> {
    let (h, w) = text.split_once('x').ok_or("HxW, as 256x416")?;
    Ok([h.parse().map_err(|_| "HxW")?, w.parse().map_err(|_| "HxW")?])
}

fn kind(source: &str) -> Kind {
    match source.split_once("://") {
        Some(("rtsp" | "rtsps", _)) => Kind::Rtsp,
        Some(("http" | "https", _)) => Kind::Mjpeg,
        _ if source == "drawn" => Kind::Drawn,
        _ => Kind::File,
    }
}

pub(super) fn run(watch: &Watch) -> anyhow::Result<ExitCode> {
    let fence = watch.fence.display();
    let text = std::fs::read_to_string(&watch.fence).with_context(|| fence.to_string())?;
    let plan = match Plan::parse(&text, None) {
        Ok(plan) => plan,
        Err(error) => bail!("{fence}: {error} ({})", error.zh()),
    };
    let detector: Option<Box<dyn Detector>> = match &watch.model {
        Some(path) => {
            let spec = ModelSpec {
                path: path.clone(),
                sha256: watch.sha256.clone().unwrap_or_default(),
                family: watch.family,
                input: watch.input,
                labels: Vec::new(),
                runtime: watch.runtime,
                threads: 1,
                library: None,
            };
            match load(&spec) {
                Ok(onnx) => Some(Box::new(onnx)),
                Err(error) => bail!("{error} ({})", error.zh()),
            }
        }
        None => None,
    };
    let mut spec = Spec::new(kind(&watch.source), if watch.source == "drawn" { "" } else { &watch.source });
    if spec.kind == Kind::File {
        let path = std::path::absolute(&watch.source).with_context(|| watch.source.clone())?;
        spec.url = Secret::new(path.display().to_string());
        spec.every_frame = true;
    }
    (spec.fps, spec.width) = (watch.fps, watch.width);
    let begun = Instant::now();
    let mut watching = Watching::new(plan, detector, Settings::default());
    let (tell, told) = mpsc::sync_channel::<Feed>(1);
    let source = Source::start(spec, Box::new(move |feed| _ = tell.send(feed)));
    let source = source.map_err(|error| anyhow::anyhow!("{error} ({})", error.zh()))?;
    let mut events = 0;
    let ended = follow(watch, &told, |at, picture| {
        let sights = watching.see(at, watch.minute, picture);
        print(&sights, &mut events)
    });
    drop(told);
    source.stop();
    let last = ended?;
    print(&watching.finish(last), &mut events)?;
    let model = watching.model().map(str::to_owned);
    let summary = Summary::new(watching.stats(), model.as_deref(), events, cpu_s(), begun.elapsed().as_secs_f64());
    println!("{}", serde_json::to_string(&summary)?);
    Ok(ExitCode::SUCCESS)
}

/// Hands each picture on until the source is at its end; gives the last time of the stream.
fn follow(
    watch: &Watch,
    told: &mpsc::Receiver<Feed>,
    mut see: impl FnMut(f64, &Picture) -> anyhow::Result<()>,
) -> anyhow::Result<f64> {
    const SILENCE: Duration = Duration::from_mins(2);
    let mut last = 0.0;
    loop {
        let feed = told.recv_timeout(SILENCE).with_context(|| format!("{}: nothing comes", shown(&watch.source)))?;
        match feed {
            Feed::Frame(frame) => {
                last = frame.at;
                let picture = Picture::new(frame.width, frame.height, frame.rgb).map_err(|e| anyhow::anyhow!("{e}"))?;
                see(frame.at, &picture)?;
                if watch.seconds.is_some_and(|s| frame.at >= s) {
                    return Ok(last);
                }
            }
            Feed::State(State::Finished) => return Ok(last),
            Feed::State(State::Down { reason, .. }) if kind(&watch.source) == Kind::File => {
                bail!("{}: {} ({})", shown(&watch.source), reason.code(), reason.zh())
            }
            Feed::State(State::Down { reason, again_in }) => {
                eprintln!("{}: {}; {} s", shown(&watch.source), reason.zh(), again_in.as_secs());
            }
            Feed::State(_) | Feed::Recording(_) => {}
        }
    }
}

fn shown(source: &str) -> String {
    Secret::new(source).shown()
}

fn print(sights: &[Sight], events: &mut usize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for event in sights.iter().filter_map(line) {
        *events += 1;
        writeln!(out, "{}", serde_json::to_string(&event)?)?;
    }
    Ok(out.flush()?)
}

/// CPU seconds of this program and of those that it has called.
fn cpu_s() -> f64 {
    let of = |who| {
        getrusage(who).map_or(0, |usage| usage.user_time().num_microseconds() + usage.system_time().num_microseconds())
    };
    (of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN)) as f64 / 1e6
}
