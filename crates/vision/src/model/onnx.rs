//! A detector over any runtime: letterbox, run, decode, keep the best of each heap of boxes.

use super::load::guarded;
use super::{DETECTIONS_MAX, Detection, Detector, Family, ModelError, decode};
use crate::picture::{Form, Picture};
use std::sync::Arc;

/// Reads what a runtime answers, shape and numbers, where it lies.
pub(super) type Reader<'a> = dyn FnMut(&[usize], &[f32]) -> Result<(), ModelError> + 'a;

/// A loaded network.
pub(super) trait Net: Send + Sync {
    /// Runs it on one input of `[1, 3, height, width]`.
    fn run(&self, input: &[f32], shape: [usize; 4], read: &mut Reader) -> Result<(), ModelError>;
}

/// A detector whose network is an ONNX file.
pub struct Onnx {
    net: Arc<dyn Net>,
    family: Family,
    form: Form,
    labels: Arc<[String]>,
    id: Arc<str>,
    /// The class scores are logits; seen when it was loaded.
    logits: bool,
    /// Detections below are not given.
    floor: f32,
    input: Vec<f32>,
}

impl std::fmt::Debug for Onnx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Onnx({:?} {}x{} {})", self.family, self.form.height, self.form.width, self.id)
    }
}

impl Onnx {
    /// Tries the network on a grey picture.
    pub(super) fn new(
        net: Arc<dyn Net>,
        family: Family,
        input: [u32; 2],
        labels: Vec<String>,
        id: String,
    ) -> Result<Self, ModelError> {
        let [height, width] = input;
        let form = decode::form(family, height, width);
        let mut new = Self {
            net,
            family,
            form,
            labels: labels.into(),
            id: id.into(),
            logits: false,
            floor: family.usual() / 2.0,
            input: Vec::new(),
        };
        let grey = Picture::new(width, height, vec![114; (width * height * 3) as usize]).expect("sides were checked");
        let classes = new.labels.len();
        let mut logits = false;
        new.ask(&grey, &mut |numbers| logits = decode::has_logits(family, numbers, classes))?;
        new.logits = logits;
        Ok(new)
    }

    /// One more detector over the same weights, for another camera.
    pub fn share(&self) -> Self {
        Self {
            net: self.net.clone(),
            family: self.family,
            form: self.form.clone(),
            labels: self.labels.clone(),
            id: self.id.clone(),
            logits: self.logits,
            floor: self.floor,
            input: Vec::new(),
        }
    }

    /// Runs the network; the answer is read when it is laid out as it must be.
    fn ask(&mut self, picture: &Picture, read: &mut dyn FnMut(&[f32])) -> Result<(), ModelError> {
        picture.letterbox(&self.form, &mut self.input);
        let shape = [1, 3, self.form.height as usize, self.form.width as usize];
        let mut checked = |shape: &[usize], numbers: &[f32]| {
            decode::check(self.family, &self.form, self.labels.len(), shape, numbers.len())?;
            read(numbers);
            Ok(())
        };
        guarded(|| self.net.run(&self.input, shape, &mut checked)).map_err(ModelError::Run)?
    }
}

impl Detector for Onnx {
    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn usual(&self) -> f32 {
        self.family.usual()
    }

    fn listen_from(&mut self, score: f32) {
        self.floor = score.clamp(0.01, 1.0);
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn detect(&mut self, picture: &Picture) -> Result<Vec<Detection>, ModelError> {
        let (family, form, floor) = (self.family, self.form.clone(), self.floor);
        let (classes, logits) = (self.labels.len(), self.logits);
        let mut found = Vec::new();
        self.ask(picture, &mut |numbers| {
            found = decode::best(decode::decode(family, &form, classes, logits, numbers, floor), family);
        })?;
        let fit = picture.fit(&self.form);
        let back = |r: decode::Raw| {
            let bbox = fit.back(r.x0, r.y0, r.x1, r.y1);
            Detection { label: r.class as u16, score: r.score, bbox }
        };
        Ok(found.into_iter().map(back).filter(|d| d.bbox.area() > 0.0).take(DETECTIONS_MAX).collect())
    }
}
