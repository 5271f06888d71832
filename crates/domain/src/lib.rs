//! Pure rules of 山水 (shanshui): no I/O, no async, no clock, no global.
//!
//! A rule takes values, *now* among them, and returns a value; whoever calls it reads before and writes after.
//! The stages follow the flow of the work: [`sense`] 感知, [`analyse`] 研判, [`act`] 处置.
//! What was evaluated becomes a [`report`] 报告. Who may do what is decided by [`right`] 权限.

pub mod act;
pub mod analyse;
pub mod id;
pub mod place;
pub mod report;
pub mod right;
pub mod sense;
pub mod standard;
pub mod time;
pub mod unit;
