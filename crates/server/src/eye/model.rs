//! The model of this node: loaded once, shared by every camera.

use std::sync::{Mutex, PoisonError};

use shanshui_domain::sense::eye::event::Model;
use shanshui_vision::model::{Detector, ModelSpec, Onnx, Runtime, load};

use crate::config::EyeSection;

/// Whether there is one, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Option<Loaded>>);

enum Loaded {
    None,
    Wrong(String),
    There(Box<Onnx>, Model),
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Wrong(why) => write!(f, "Wrong({why})"),
            Self::There(_, model) => write!(f, "There({model:?})"),
        }
    }
}

impl Kept {
    /// A detector for one more camera, and which model it is; loads the model the first time. Without a model, or with one that is
    /// refused, only motion is seen.
    pub fn detector(&self, section: &EyeSection) -> Option<(Box<dyn Detector>, Model)> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.get_or_insert_with(|| loaded(section)) {
            Loaded::There(onnx, model) => Some((Box::new(onnx.share()), model.clone())),
            Loaded::None | Loaded::Wrong(_) => None,
        }
    }

    /// From which score on its maker advises to believe the model; 0 where there is none.
    pub fn usual(&self) -> f32 {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Loaded::There(onnx, _)) => onnx.usual(),
            _ => 0.0,
        }
    }

    /// Why the model that is configured is not used.
    pub fn wrong(&self) -> Option<String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Loaded::Wrong(why)) => Some(why.clone()),
            _ => None,
        }
    }
}

fn loaded(section: &EyeSection) -> Loaded {
    let Some(spec) = section.spec() else { return Loaded::None };
    match load(&spec) {
        Ok(onnx) => {
            let model = named(&spec, onnx.id());
            tracing::info!(?model, "the model is loaded");
            Loaded::There(Box::new(onnx), model)
        }
        Err(error) => {
            tracing::error!(%error, "eye.model: refused; only motion is seen");
            Loaded::Wrong(error.zh())
        }
    }
}

fn named(spec: &ModelSpec, sha256: &str) -> Model {
    let name = spec.path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let runtime = if spec.runtime == Runtime::Ort { "ort" } else { "rten" };
    let family = serde_json::to_value(spec.family).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    Model { family, name, sha256: sha256.to_owned(), runtime: runtime.to_owned() }
}
