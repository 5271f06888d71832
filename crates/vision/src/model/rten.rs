//! The runtime in pure Rust.

use super::ModelError;
use super::lanes::Lanes;
use super::onnx::{Net, Reader};
use rten::{Model, RunOptions, ThreadPool};
use rten_tensor::NdTensorView;
use rten_tensor::prelude::*;
use std::sync::Arc;

pub(super) struct Rten {
    model: Model,
    pools: Lanes<Arc<ThreadPool>>,
}

impl Rten {
    pub(super) fn load(bytes: Vec<u8>, threads: usize) -> Result<Self, ModelError> {
        let model = Model::load(bytes).map_err(|e| ModelError::Corrupt(e.to_string()))?;
        let (inputs, outputs) = (model.input_ids().len(), model.output_ids().len());
        if inputs != 1 || outputs != 1 {
            return Err(ModelError::Ends { inputs, outputs });
        }
        let pools = Lanes::new(threads, || Ok(Arc::new(ThreadPool::with_num_threads(threads))))?;
        Ok(Self { model, pools })
    }
}

impl Net for Rten {
    fn run(&self, input: &[f32], shape: [usize; 4], read: &mut Reader) -> Result<(), ModelError> {
        let view = NdTensorView::from_data(shape, input);
        let value = self.pools.with(|pool| {
            let mut options = RunOptions::default();
            options.thread_pool = Some(pool.clone());
            self.model.run_one(view.into(), Some(options)).map_err(|e| ModelError::Run(e.to_string()))
        })?;
        let tensor =
            value.into_tensor::<f32>().ok_or_else(|| ModelError::Run("the answer is not float32".to_owned()))?;
        read(tensor.shape(), tensor.to_contiguous().data())
    }
}
