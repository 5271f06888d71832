//! Cameras end to end: real FFmpeg, real sockets, a real RTSP server on loopback. What is missing on the machine is skipped with a line.

mod blind;
mod desk;
mod many;
mod recording;
mod rtsp;
mod streams;
