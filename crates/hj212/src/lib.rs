//! HJ 212: the protocol by which monitoring stations talk to a centre, as pure functions over bytes.
//!
//! All three editions on the wire today, HJ/T 212-2005, HJ 212-2017 and HJ 212-2025, told apart by the `Flag` field
//! (2017 §6.3.2). No sockets, no clock, no store: bytes go in, [`Piece`]s come out; [`Message`]s go in, bytes come out.
//!
//! * [`Decoder`] takes a stream in any cut and gives frames and damaged stretches; [`decode_all`] does the same for a slice.
//! * Damaged input is data, not an error: a [`Piece`] holds what was read plus its [`Problem`]s.
//! * [`Request`] writes what a centre asks, [`Upload`] what the field side sends; [`encode`] answers, splits and encrypts.
//! * [`command`] is the table of commands and return codes.
//!
//! ```
//! let bytes = b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n";
//! let mut seen = Vec::new();
//! hj212::decode_all(bytes, &hj212::Limits::default(), &|_| Default::default(), |piece| {
//!     seen.push((piece.ok(), piece.cn().to_vec(), piece.plain(b"RtdInterval").map(<[u8]>::to_vec)));
//! });
//! assert_eq!(seen, [(true, b"1062".to_vec(), Some(b"30".to_vec()))]);
//! ```

pub mod cipher;
pub mod civil;
pub mod command;
pub mod crc;
pub mod decode;
pub mod encode;
pub mod problem;
pub mod request;
pub mod upload;

pub use cipher::Sm4Key;
pub use decode::{Decoder, DevicePolicy, Edition, Item, Limits, OwnedPiece, Piece, decode_all};
pub use encode::{EncodeError, Message};
pub use problem::{Problem, ProblemCode};
pub use request::Request;
pub use upload::Upload;
