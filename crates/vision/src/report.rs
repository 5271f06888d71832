//! One line of JSON per event and one at the end, as `shanshui eye watch --json` prints them.

use crate::sight::Sight;
use crate::watch::Stats;
use serde::Serialize;

/// One event that is over. Times are seconds of the stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventLine {
    /// `intrusion`, `crossed` or `left_behind`.
    pub kind: &'static str,
    /// What it was; nothing is known of what was left behind.
    pub label: String,
    /// The track, or the number of the thing.
    pub track: u64,
    /// The first hit inside.
    pub enter_s: f64,
    /// The last moment inside.
    pub exit_s: f64,
    /// The surest picture, 0..1.
    pub score: f32,
    /// The fence or line.
    pub fence: String,
}

/// The line of a sight, if an event is over with it: somebody who was inside has gone, crossed, or left something.
pub fn line(sight: &Sight) -> Option<EventLine> {
    let hundredths = |s: f64| (s * 100.0).round() / 100.0;
    let thousandths = |s: f32| (s * 1000.0).round() / 1000.0;
    Some(match sight {
        Sight::Left(g) if g.entered => EventLine {
            kind: "intrusion",
            label: g.label.clone(),
            track: g.track,
            enter_s: hundredths(g.since),
            exit_s: hundredths(g.until),
            score: thousandths(g.best_score),
            fence: g.fence.clone(),
        },
        Sight::Crossed(c) => EventLine {
            kind: "crossed",
            label: c.label.clone(),
            track: c.track,
            enter_s: hundredths(c.at),
            exit_s: hundredths(c.at),
            score: thousandths(c.score),
            fence: c.line.clone(),
        },
        Sight::LeftBehind(r) => EventLine {
            kind: "left_behind",
            label: crate::UNCLASSIFIED.to_owned(),
            track: r.thing,
            enter_s: hundredths(r.since),
            exit_s: hundredths(r.at),
            score: 1.0,
            fence: r.fence.clone(),
        },
        _ => return None,
    })
}

/// The lines of several sights, in order.
pub fn lines(sights: &[Sight]) -> Vec<EventLine> {
    sights.iter().filter_map(line).collect()
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Always `summary`.
    pub kind: &'static str,
    /// Events told.
    pub events: usize,
    /// Pictures analysed.
    pub frames: u64,
    /// Of these those that the detector was asked for.
    pub detected: u64,
    /// CPU seconds of this program and of those that it called, decoding included.
    pub cpu_s: f64,
    /// CPU milliseconds of one picture.
    pub cpu_ms_per_frame: f64,
    /// Milliseconds of one question to the detector, by the clock on the wall.
    pub detector_ms: f64,
    /// Pictures a second, by the clock on the wall.
    pub fps: f64,
    /// The model's SHA-256; none when only motion was seen.
    pub model: Option<String>,
    /// Why the detector was given up, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_up: Option<String>,
}

impl Summary {
    /// Sums up. `cpu_s` and `wall_s` are measured by whoever runs the watch.
    pub fn new(stats: &Stats, model: Option<&str>, events: usize, cpu_s: f64, wall_s: f64) -> Self {
        let per = |all: f64, n: f64| if n > 0.0 { (all / n * 1000.0).round() / 1000.0 } else { 0.0 };
        let frames = stats.frames as f64;
        Self {
            kind: "summary",
            events,
            frames: stats.frames,
            detected: stats.detected,
            cpu_s: (cpu_s * 1000.0).round() / 1000.0,
            cpu_ms_per_frame: per(cpu_s * 1000.0, frames),
            detector_ms: per(stats.detector_ms, stats.detected as f64),
            fps: per(frames, wall_s),
            model: model.map(str::to_owned),
            given_up: stats.given_up.clone(),
        }
    }
}
