//! The program FFmpeg: how it is started and bounded, what it is told, and what it says.

pub(crate) mod anchor;
pub(crate) mod args;
pub(crate) mod mkv;
pub(crate) mod program;
pub(crate) mod recorder;
pub(crate) mod run;
