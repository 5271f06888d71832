//! The edges of 山水 (shanshui): devices over TCP, people over HTTP, jobs, commands. Everything the one binary does.

pub mod cmd;
pub mod config;
pub mod sim;
pub mod text;
