//! A detector over any runtime: letterbox, run, decode, keep the best of each heap of boxes.

use super::load::guarded;
use super::{DETECTIONS_MAX, Detection, Detector, Family, ModelError, decode};
use crate::picture::{Form, Picture};
use std::sync::Arc;

/// What a runtime answers: the shape and the numbers.
pub(super) struct Answer {
    pub(super) shape: Vec<usize>,
    pub(super) data: Vec<f32>,
}

/// A loaded network.
pub(super) trait Net: Send + Sync {
    /// Runs it on one input of `[1, 3, height, width]`.
    fn run(&self, input: &[f32], shape: [usize; 4]) -> Result<Answer, ModelError>;
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
        let answer = new.answer(&grey)?;
        new.logits = decode::has_logits(family, &answer.data, new.labels.len());
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

    fn answer(&mut self, picture: &Picture) -> Result<Answer, ModelError> {
        picture.letterbox(&self.form, &mut self.input);
        let shape = [1, 3, self.form.height as usize, self.form.width as usize];
        let answer = guarded(|| self.net.run(&self.input, shape)).map_err(ModelError::Run)??;
        decode::check(self.family, &self.form, self.labels.len(), &answer)?;
        Ok(answer)
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
        let answer = self.answer(picture)?;
        let fit = picture.fit(&self.form);
        let raw = decode::decode(self.family, &self.form, self.labels.len(), self.logits, &answer.data, self.floor);
        let found = decode::best(raw, self.family);
        let back = |r: decode::Raw| {
            let bbox = fit.back(r.x0, r.y0, r.x1, r.y1);
            Detection { label: r.class as u16, score: r.score, bbox }
        };
        Ok(found.into_iter().map(back).filter(|d| d.bbox.area() > 0.0).take(DETECTIONS_MAX).collect())
    }
}
