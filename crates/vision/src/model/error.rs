//! Why a model is not taken, or failed.

use super::{FILE_MAX, LABELS_MAX};
use std::path::PathBuf;

/// Why a model is not taken, or failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// Larger than [`FILE_MAX`].
    #[error("{path} is larger than {FILE_MAX} bytes")]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// The expected hash is not one.
    #[error("{0:?} is no SHA-256 (64 hexadecimal digits)")]
    NoHash(String),
    /// Another file than the one that was written down.
    #[error("sha256 of {path} is {found}, expected {expected}")]
    Hash {
        /// Which file.
        path: PathBuf,
        /// What was written down.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A size of the input that no model of these families takes.
    #[error("input of {height}x{width}: each side must be a multiple of 32 from 32 to 1280")]
    Input {
        /// Pixels.
        height: u32,
        /// Pixels.
        width: u32,
    },
    /// No label twice, none empty, not too many.
    #[error("labels: {0:?} is empty or there twice, or there are more than {LABELS_MAX}")]
    Labels(String),
    /// Threads out of 1..=16.
    #[error("{0} threads; 1 to 16 are taken")]
    Threads(usize),
    /// The runtime cannot read the file: damaged, cut off, no ONNX, or an operator that it does not have.
    #[error("not a model that the runtime can load: {0}")]
    Corrupt(String),
    /// Not one input and at least one output.
    #[error("the model has {inputs} inputs and {outputs} outputs; one of each is expected")]
    Ends {
        /// How many.
        inputs: usize,
        /// How many.
        outputs: usize,
    },
    /// The answer is not laid out as the family says.
    #[error("the model answers with {found}, its family and labels ask for {expected}")]
    Shape {
        /// What the family, the size and the labels make.
        expected: String,
        /// What came.
        found: String,
    },
    /// The library of ONNX Runtime cannot be loaded.
    #[error("library of ONNX Runtime: {0}")]
    Library(String),
    /// The program was built without the feature `ort`.
    #[error("this program was built without ONNX Runtime; use the runtime rten")]
    NoOrt,
    /// The runtime failed on a picture.
    #[error("the model failed on a picture: {0}")]
    Run(String),
}

impl ModelError {
    /// The same for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Unreadable { path, why } => format!("模型文件 {} 无法读取：{why}", path.display()),
            Self::TooLarge { path } => format!("模型文件 {} 超过 {} MB", path.display(), FILE_MAX / 1_000_000),
            Self::NoHash(text) => format!("「{text}」不是 SHA-256（64 位十六进制）"),
            Self::Hash { path, expected, found } => {
                format!("模型文件 {} 的 SHA-256 为 {found}，与登记的 {expected} 不符，拒绝加载", path.display())
            }
            Self::Input { height, width } => {
                format!("输入尺寸 {height}×{width} 无效：每边须为 32 的倍数，32 至 1280")
            }
            Self::Labels(label) => format!("类别「{label}」为空或重复，或类别超过 {LABELS_MAX} 个"),
            Self::Threads(n) => format!("线程数 {n} 无效，应为 1 至 16"),
            Self::Corrupt(why) => format!("模型文件损坏或不受支持：{why}"),
            Self::Ends { inputs, outputs } => format!("模型有 {inputs} 个输入、{outputs} 个输出，应各有一个"),
            Self::Shape { expected, found } => format!("模型输出为 {found}，按其类型与类别数应为 {expected}"),
            Self::Library(why) => format!("无法加载 ONNX Runtime 库：{why}"),
            Self::NoOrt => "本程序未编入 ONNX Runtime，请改用 rten".to_owned(),
            Self::Run(why) => format!("模型运行失败：{why}"),
        }
    }
}
