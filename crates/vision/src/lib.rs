//! Pictures to facts: motion, detectors, tracks, fences.
