//! 环境眼 (Eye): cameras and their fences, how long each could see, what was seen, announced visits, and what loudspeakers say.
//!
//! Cameras, fences and voices are versions: the newest counts, none is changed. The steps of an event are links of its own chain
//! (`eye:ID`); the row beside it is their fold. Files of events lie in a folder; what is kept here are their digests, in the steps.

mod camera;
mod event;
mod visit;
mod voice;

pub use camera::{CameraRow, PlanRow, QuietRow};
pub use event::{EventFilter, EventRow, StepRow, Tally};
pub use visit::{VisitFilter, VisitRow};
pub use voice::{SoundRow, SpokenRow, VoiceRow};

pub(crate) use camera::camera_purpose;
pub(crate) use visit::visit_purpose;
pub(crate) use voice::voice_purpose;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;

fn written<T: Serialize>(what: &T) -> Result<String, StoreError> {
    serde_json::to_string(what).map_err(|e| StoreError::Corrupt(e.to_string()))
}

fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Corrupt(format!("{what}: {e}")))
}
