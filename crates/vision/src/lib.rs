//! Pictures to facts: motion, detectors, tracks, fences.
//!
//! A camera's pictures go in with the time of the stream, and what somebody must know comes out: who came near, who is inside of a
//! fence and since when, who left. [`watch::Watch`] puts the parts together; each part is of use alone, above all
//! [`stay::Stays`], which plays recorded tracks against another fence ("what if the fence had been drawn there?").
//!
//! Everything with coordinates is a fraction of the picture: 0..1 of width and height, origin at the top left. Times are seconds of
//! the stream and always arguments; nothing here reads a clock, starts a process or opens a file other than the model's.
//!
//! | module | subject |
//! |---|---|
//! | [`picture`] | RGB pictures, grey, smaller ones, letterbox |
//! | [`geometry`] | boxes, polygons |
//! | [`fence`] | the fence file and its refusals |
//! | [`motion`], [`blob`] | what differs from the background |
//! | [`model`] | ONNX detectors: NanoDet-Plus, YOLOX, YOLOv8 |
//! | [`track`] | which detection belongs to whom |
//! | [`stay`], [`mod@line`], [`left`] | who is inside, who crossed, what was left behind |
//! | [`watch`] | all of it for one camera |
//! | [`report`] | one line per event, as the command prints it |

pub mod blob;
pub mod fence;
pub mod geometry;
pub mod left;
pub mod line;
pub mod model;
pub mod motion;
pub mod picture;
pub mod report;
pub mod sight;
pub mod stay;
pub mod track;
pub mod watch;

pub use fence::Plan;
pub use geometry::Rect;
pub use picture::Picture;
pub use sight::Sight;
pub use watch::{Settings, Watch};

/// The label of what moves without a detector that could name it (未分类目标). It is never called a person.
pub const UNCLASSIFIED: &str = "unclassified";
