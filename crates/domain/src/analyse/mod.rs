//! Judgement (研判).
