//! ONNX Runtime, from a library that the operator has.

use super::ModelError;
use super::lanes::Lanes;
use super::onnx::{Net, Reader};
use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The library's one environment of this process; the first path wins, because a library is not unloaded.
static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();

pub(super) struct Ort {
    sessions: Lanes<Session>,
}

fn environment(library: Option<&Path>) -> Result<&'static Environment, ModelError> {
    let open = || {
        let given = library.map(Path::to_owned).or_else(|| std::env::var_os("ORT_DYLIB_PATH").map(PathBuf::from));
        let path = given.ok_or("no path is configured and ORT_DYLIB_PATH is not set")?;
        if !path.is_file() {
            return Err(format!("{} is not a file", path.display()));
        }
        let found = ort::init_from(&path).map_err(|e| e.to_string())?;
        found.with_telemetry(false).build().map_err(|e| e.to_string())
    };
    ENVIRONMENT.get_or_init(open).as_ref().map_err(|e| ModelError::Library(e.clone()))
}

impl Ort {
    pub(super) fn load(bytes: &[u8], threads: usize, library: Option<&Path>) -> Result<Self, ModelError> {
        let environment = environment(library)?;
        let sessions = Lanes::new(threads, || session(environment, bytes, threads))?;
        Ok(Self { sessions })
    }
}

fn session(environment: &Environment, bytes: &[u8], threads: usize) -> Result<Session, ModelError> {
    let corrupt = |e: String| ModelError::Corrupt(e);
    let session = Session::builder(environment)
        .map_err(|e| corrupt(e.to_string()))?
        .with_intra_threads(threads)
        .map_err(|e| corrupt(e.to_string()))?
        .commit_from_memory(bytes)
        .map_err(|e| corrupt(e.to_string()))?;
    let (inputs, outputs) = (session.inputs().len(), session.outputs().len());
    if inputs == 1 && outputs == 1 { Ok(session) } else { Err(ModelError::Ends { inputs, outputs }) }
}

impl Net for Ort {
    fn run(&self, input: &[f32], shape: [usize; 4], read: &mut Reader) -> Result<(), ModelError> {
        let failed = |e: ort::Error| ModelError::Run(e.to_string());
        let tensor = TensorRef::from_array_view((shape, input)).map_err(failed)?;
        self.sessions.with(|session| {
            let outputs = session.run(ort::inputs![tensor]).map_err(failed)?;
            let (shape, data) = outputs[0].try_extract_tensor::<f32>().map_err(failed)?;
            let shape: Vec<usize> = shape.iter().map(|&d| usize::try_from(d).unwrap_or(0)).collect();
            read(&shape, data)
        })
    }
}
