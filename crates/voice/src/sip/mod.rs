//! A SIP call (RFC 3261) with sound in one direction: INVITE with an offer of PCMA, RTP, BYE.
//!
//! The calling side only, and of it what a horn on a mast needs. Every message of a call goes to the configured peer and to nobody
//! else, whatever `Contact` or `Record-Route` name; these stand in the messages as the standard wants. Only the address of RTP is
//! taken from the answer, and only where the caller allows it.

mod call;
pub mod message;
pub mod sdp;
mod wire;

pub(crate) use call::send;
