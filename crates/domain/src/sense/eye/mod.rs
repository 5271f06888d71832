//! 环境眼 (Eye): what cameras at stations have seen, as facts.

pub mod pack;
