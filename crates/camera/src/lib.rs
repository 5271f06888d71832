//! Streams to pictures and recordings.
