//! A sentence to a loudspeaker (语音驱离): what the Eye says to whoever walks up to the sampling water.
//!
//! A text becomes a [`Sound`] by the program espeak-ng, or an operator brings a recording; [`play()`] sends it to a loudspeaker by
//! HTTP, as RTP, or in a SIP call, and says how soon the first of it left. [`live`] does the same for a person at a microphone.
//! When to speak, how often and when not is [`plan`], which does nothing but decide.
//!
//! The sound of all drivers is one: mono, 8,000 samples a second, G.711 A-law on the wire, in frames of 20 ms. Whatever comes from
//! a file or from the network has a bound of size, count and time.

#![warn(missing_docs)]

pub mod alaw;
pub mod auth;
pub mod driver;
mod http;
pub mod live;
mod pace;
pub mod plan;
pub mod play;
mod resample;
pub mod rtp;
pub mod sip;
pub mod sound;
pub mod speech;
mod wav;

pub use driver::Driver;
pub use play::{Doors, Fault, Outcome, Report, Stop, Verdict, play, talk};
pub use sound::Sound;
