//! ONNX detectors: which file, of which family, and what it sees.
//!
//! A model is a file that an operator brings. It is taken only when its SHA-256 is the one that was written down, when the runtime
//! can load it and when its answer has the shape of its family: whatever is wrong is told when it is loaded, not at the first
//! intruder. Layouts: NanoDet-Plus (RangiLyu/nanodet), YOLOX (Megvii-BaseDetection/YOLOX), YOLOv8 (ultralytics' export).

mod coco;
mod decode;
mod error;
mod lanes;
mod load;
mod onnx;
#[cfg(feature = "ort")]
mod ort;
mod rten;

pub use coco::coco;
pub use error::ModelError;
pub use load::{FILE_MAX, load};
pub use onnx::Onnx;

use crate::geometry::Rect;
use crate::picture::Picture;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Most detections of one picture; the surest are kept.
pub const DETECTIONS_MAX: usize = 200;
/// Most labels of one model.
pub const LABELS_MAX: usize = 1000;

/// How a detector's input and output are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// NanoDet-Plus: `[1, N, C + 32]`, class scores, then four times eight bins of distance.
    NanoDet,
    /// YOLOX: `[1, N, 5 + C]`, raw centre and size, objectness, class scores.
    YoloX,
    /// YOLOv8: `[1, 4 + C, N]`, centre and size in pixels, class scores.
    YoloV8,
}

/// Which runtime computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// In this program; nothing to install.
    #[default]
    Rten,
    /// The library of ONNX Runtime, two to three times as quick, where the operator has it. Only with the feature `ort`.
    Ort,
}

/// A model as an operator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// The file.
    pub path: PathBuf,
    /// What its SHA-256 must be, 64 hexadecimal digits.
    pub sha256: String,
    /// Its layout.
    pub family: Family,
    /// Height and width of its input in pixels, multiples of 32.
    pub input: [u32; 2],
    /// Its labels in order; none means the eighty of COCO.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Which runtime computes.
    #[serde(default)]
    pub runtime: Runtime,
    /// Threads that compute one picture (1..=16). As many pictures at once as the cores allow are computed, of all cameras together.
    #[serde(default = "one")]
    pub threads: usize,
    /// Where the library of ONNX Runtime lies; none means the environment's `ORT_DYLIB_PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<PathBuf>,
}

fn one() -> usize {
    1
}

/// One thing that a detector saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Index into the detector's labels.
    pub label: u16,
    /// How sure it is, 0..1.
    pub score: f32,
    /// Where.
    pub bbox: Rect,
}

/// Whatever can say what is on a picture.
pub trait Detector: Send {
    /// Its labels; a detection's label is an index into them.
    fn labels(&self) -> &[String];

    /// From which score on its maker advises to believe it. Weaker detections, down to half of it, are given too: they may keep a
    /// track, never begin one.
    fn usual(&self) -> f32;

    /// Gives detections from another score on than half of the usual one.
    fn listen_from(&mut self, _score: f32) {}

    /// What it is: the model's SHA-256, kept with every event.
    fn id(&self) -> &str;

    /// What it sees, surest first, at most [`DETECTIONS_MAX`].
    ///
    /// # Errors
    /// When the runtime fails.
    fn detect(&mut self, picture: &Picture) -> Result<Vec<Detection>, ModelError>;
}

#[cfg(test)]
mod tests;
