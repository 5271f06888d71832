//! What outlets discharge (排放评价).
//!
//! * [`mark`]: marks that operators put on hours (标记).

pub mod mark;
