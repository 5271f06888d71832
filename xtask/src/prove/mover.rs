//! The mover and the merge are ended at every step, in their own process and by dropping their work, while readings arrive, are
//! restated and come late. Promise: whatever is read is what was said, once, wherever it lies.

use std::process::{Command, Stdio};

use anyhow::Context;
use serde_json::{Value, json};

use super::{Args, Promise, more};
use crate::rig::example;

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let numbers = [args.kills.to_string(), args.seed.to_string()];
    let mut command = Command::new(example("mover")?);
    let output = command.args(numbers).stderr(Stdio::inherit()).output()?;
    let said: Value = serde_json::from_slice(&output.stdout).context("what the drive says")?;
    let number = |name: &str| said[name].as_u64().with_context(|| format!("{name} in {said}"));
    let steps = said["steps"].as_object().context("steps")?;
    let seldom = steps.values().filter_map(Value::as_u64).min().unwrap_or_default();
    let [tried, lost, doubled, wrong] = [number("tried")?, number("lost")?, number("doubled")?, number("wrong")?];
    Ok(vec![Promise {
        name: "mover and merge ended at every step: each reading and telegram once, as said",
        tried,
        lost,
        doubled,
        wrong,
        seed: args.seed,
        met: output.status.success() && tried > 0 && lost + doubled + wrong == 0,
        more: more(json!({"processes_killed": said["killed"], "steps": steps.len(), "least_at_a_step": seldom,
            "readings": said["readings"], "telegrams": said["telegrams"]})),
    }])
}
