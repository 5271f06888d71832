//! Blind cameras.
