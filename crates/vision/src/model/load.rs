//! From a file to a detector, or to the reason why not.

use super::{Family, LABELS_MAX, ModelError, ModelSpec, Onnx, Runtime, coco, onnx::Net};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// Largest model file, in bytes.
pub const FILE_MAX: u64 = 200_000_000;

/// Loads a model and lets it look at a grey picture once. The weights are shared by all detectors that [`Onnx::share`] makes.
///
/// # Errors
/// When the description or the file is not what it must be; see [`ModelError`].
pub fn load(spec: &ModelSpec) -> Result<Onnx, ModelError> {
    let labels = if spec.labels.is_empty() { coco() } else { spec.labels.clone() };
    check(spec, &labels)?;
    let bytes = read(&spec.path)?;
    let found = hex::encode(Sha256::digest(&bytes));
    if !found.eq_ignore_ascii_case(&spec.sha256) {
        return Err(ModelError::Hash { path: spec.path.clone(), expected: spec.sha256.clone(), found });
    }
    let net = guarded(|| net(spec, bytes)).map_err(ModelError::Corrupt)??;
    Onnx::new(net, spec.family, spec.input, labels, found)
}

fn check(spec: &ModelSpec, labels: &[String]) -> Result<(), ModelError> {
    if spec.sha256.len() != 64 || !spec.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(ModelError::NoHash(spec.sha256.chars().take(80).collect()));
    }
    let [height, width] = spec.input;
    if ![height, width].iter().all(|s| s.is_multiple_of(32) && (32..=1280).contains(s)) {
        return Err(ModelError::Input { height, width });
    }
    if !(1..=16).contains(&spec.threads) {
        return Err(ModelError::Threads(spec.threads));
    }
    let mut seen = HashSet::new();
    match labels.iter().enumerate().find(|(i, l)| *i >= LABELS_MAX || l.trim().is_empty() || !seen.insert(l.as_str())) {
        Some((_, label)) => Err(ModelError::Labels(label.clone())),
        None => Ok(()),
    }
}

/// Reads at most [`FILE_MAX`] bytes.
fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    let unreadable = |e: std::io::Error| ModelError::Unreadable { path: path.to_owned(), why: e.to_string() };
    let file = File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if about.len() > FILE_MAX {
        return Err(ModelError::TooLarge { path: path.to_owned() });
    }
    let mut bytes = Vec::with_capacity(about.len() as usize);
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_MAX { Err(ModelError::TooLarge { path: path.to_owned() }) } else { Ok(bytes) }
}

fn net(spec: &ModelSpec, bytes: Vec<u8>) -> Result<Arc<dyn Net>, ModelError> {
    match spec.runtime {
        Runtime::Rten => Ok(Arc::new(super::rten::Rten::load(bytes, spec.threads)?)),
        #[cfg(feature = "ort")]
        Runtime::Ort => Ok(Arc::new(super::ort::Ort::load(&bytes, spec.threads, spec.library.as_deref())?)),
        #[cfg(not(feature = "ort"))]
        Runtime::Ort => Err(ModelError::NoOrt),
    }
}

/// Calls a runtime; its panics are errors, because the bytes are a stranger's.
pub(super) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        format!("the runtime panicked: {}", text.unwrap_or("no reason given"))
    })
}

impl Family {
    /// From which score on its makers advise to believe it.
    pub fn usual(self) -> f32 {
        match self {
            Self::NanoDet => 0.4,
            Self::YoloX => 0.3,
            Self::YoloV8 => 0.35,
        }
    }
}
