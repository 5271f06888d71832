//! Streams to pictures and recordings (相机): what a monitoring station's camera sends becomes pictures for the analysis and a ring of
//! recordings on disk. One supervised FFmpeg per camera does both from one connection; this crate starts it, bounds it, reads it, and
//! says in plain words what is wrong with it.
//!
//! * [`Spec`] says what a camera is; [`Source`] runs it and hands each [`Feed`] to a sink: frames, states, the state of the recording.
//! * [`Ring`] is the recording: files named by their UTC start; [`Ring::cut`] takes clips out of it by copying, [`Ring::still`] pictures.
//! * [`Scene`] looks at frames and says when a camera is blind (失明): black, covered, frozen, moved, silent.
//! * [`drawn`] is a camera that is painted by this crate: a hut, a stream, a visitor. It needs no device and no program.
//! * [`blur`] hides faces and plates in copies that leave the house; [`jpeg`] reads, writes and marks pictures.
//!
//! Pictures are RGB, 8 bit, row-major, `width * height * 3` bytes. Coordinates are fractions 0..1 of width and height, from the top left.
//! Instants are UTC; stream time is in seconds. Nothing here knows of stations, fences or a database.

pub mod blur;
pub mod drawn;
mod ffmpeg;
pub mod jpeg;
mod mail;
mod picture;
mod reason;
pub mod ring;
pub mod scene;
mod secret;
mod source;
mod spec;

pub use ffmpeg::program::{Encoders, encoders};
pub use picture::{Area, Picture, PictureError, SIDE_MAX};
pub use reason::Reason;
pub use ring::{Cut, Health, Hold, Ring, RingError, Span, Still};
pub use scene::{Blind, Scene, What};
pub use secret::Secret;
pub use source::{Feed, Frame, Recording, Source, SourceError, State, Statistics};
pub use spec::{Kind, Limits, RingSettings, Spec, SpecError, Transport};
