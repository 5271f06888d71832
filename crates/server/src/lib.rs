//! The edges of 山水 (shanshui): devices over TCP, people over HTTP, jobs, commands. Everything the one binary does.

pub mod app;
pub mod city;
pub mod clock;
pub mod cmd;
pub mod config;
pub mod desk;
pub mod error;
pub mod eye;
pub mod http;
pub mod ingest;
pub mod job;
mod key;
pub mod metrics;
pub mod notes;
pub mod oidc;
pub mod outbound;
pub mod pace;
pub mod registry;
pub mod report;
pub mod seal;
pub mod sign;
pub mod sim;
pub mod text;
pub mod tls;
pub mod vault;
