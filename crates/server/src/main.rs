//! binary
fn main(){}
