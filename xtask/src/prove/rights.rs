//! Each role, each route, each distance of a row from whoever asks: the matrix that a test walks, as a promise with its figures.

use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::json;

use super::{Args, Promise, more};

const TEST: &str = "every_role_reaches_what_the_table_says_on_every_route_and_nothing_else";
/// What the test prints in front of its figures.
const SAID: &str = "rights: ";

pub fn run(_: &Args) -> anyhow::Result<Vec<Promise>> {
    let args = ["nextest", "run", "--workspace", "--features", "shanshui-server/query", "--no-capture", "-E"];
    let output = Command::new(env!("CARGO"))
        .args(args)
        .arg(format!("test({TEST})"))
        .current_dir(crate::root())
        .output()
        .context("cargo nextest")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let figures =
        said.lines().find_map(|line| line.trim().strip_prefix(SAID)).context("the test printed no figures")?;
    let numbers: Vec<u64> = figures.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    ensure!(numbers.len() == 2, "figures that cannot be read: {figures}");
    let (tried, wrong) = (numbers[0], numbers[1]);
    let met = wrong == 0 && output.status.success();
    Ok(vec![Promise { name: "rights", tried, lost: 0, doubled: 0, wrong, seed: 0, met, more: more(json!({})) }])
}
