//! Promises as a table for people, and as the page `docs/ref/reliability.md`.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Promise;

/// A Markdown table.
pub fn table(promises: &[Promise]) -> String {
    let mut out = String::from(
        "| promise | tried | lost | doubled | wrong | seed | met | further |\n|---|--:|--:|--:|--:|--:|---|---|\n",
    );
    for p in promises {
        let more: Vec<String> = p.more.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let met = if p.met { "yes" } else { "**no**" };
        let figures = [p.tried, p.lost, p.doubled, p.wrong, p.seed].map(|n| n.to_string()).join(" | ");
        out.push_str(&format!("| {} | {figures} | {met} | {} |\n", p.name, more.join(", ")));
    }
    out
}

/// The page.
pub fn write(path: &Path, promises: &[Promise]) -> anyhow::Result<()> {
    let page = format!(
        "# Reliability\n\nWritten by `cargo xtask prove`; not edited by hand. {}\n\n{}\n{}",
        machine(),
        table(promises),
        NOT_TRIED
    );
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, page)?)
}

const NOT_TRIED: &str = "\
How: the server of the release build, loaded by `shanshui hj212 simulate` with repeats, cut connections and bad CRCs, is killed
with `kill -9` at random moments and started again; at the end every telegram that the simulator's ledger has as acknowledged is
looked up in the database: all its readings, version 1, the values sent. The last line spoils a copy of the database on purpose and
must find exactly that.

Power: the same kill, but the program runs with a shim that keeps beside its folder a second one holding only what was synced, and
goes on with that one; with part of the unsynced writes played in, torn between sectors; and with every 41st sync failing and its
writes gone. With syncing off the same cuts must lose data.

Not tried here: names lost from a folder, a disk that lies about syncing. A full disk and damaged files are tests of the store.
";

/// When, which commit, on what.
fn machine() -> String {
    let now = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).strftime("%Y-%m-%d").to_string();
    let commit = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).current_dir(crate::root()).output();
    let commit = commit.map_or(String::new(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{now}, commit {commit}, {cores} cores.")
}
