//! A PostgreSQL of our own for proofs and benchmarks: made by `scripts/pg`, thrown away at the end.

use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use postgres::{Client, NoTls};

/// A running cluster; stopped when dropped.
pub struct Cluster {
    url: String,
}

impl Cluster {
    /// Makes and starts one.
    pub fn start() -> anyhow::Result<Self> {
        Ok(Self { url: script(&["start"])? })
    }

    /// An empty database of this name; its address. One that was there is thrown away.
    pub fn database(&self, name: &str) -> anyhow::Result<String> {
        ensure!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "name {name:?}");
        let mut client = connect(&self.url)?;
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
        client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0"))?;
        let (server, _) = self.url.rsplit_once('/').context("an address with a database")?;
        Ok(format!("{server}/{name}"))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = script(&["stop", &self.url]) {
            eprintln!("the cluster goes on: {error:#}");
        }
    }
}

/// A connection.
pub fn connect(url: &str) -> anyhow::Result<Client> {
    Client::connect(url, NoTls).context("PostgreSQL")
}

fn script(args: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("sh")
        .arg(crate::root().join("scripts/pg"))
        .args(args)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "scripts/pg {}: {}", args.join(" "), output.status);
    let said = String::from_utf8(output.stdout)?;
    Ok(said.lines().last().unwrap_or_default().to_owned())
}
