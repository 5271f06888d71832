//! Each role, each route, each distance of a row from whoever asks: the matrix that a test walks, as a promise with its figures. Control:
//! in a copy of the sources one check of a scope at a time is taken out, and the test must notice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Args, Promise, mix, more};
use crate::rig::target;

const TEST: &str = "every_role_reaches_what_the_table_says_on_every_route_and_nothing_else";
/// What the test prints in front of its figures.
const SAID: &str = "rights: ";
/// What nextest ends with when a test failed, and not the compiler.
const A_TEST_FAILED: i32 = 100;

pub fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let output = tested(&crate::root(), &target(), &format!("test({TEST})"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let figures = said.lines().find_map(|line| line.trim().strip_prefix(SAID));
    let figures = figures.with_context(|| format!("the test printed no figures:\n{said}"))?;
    let numbers: Vec<u64> = figures.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    ensure!(numbers.len() == 2, "figures that cannot be read: {figures}");
    let (tried, wrong) = (numbers[0], numbers[1]);
    let control = control(args)?;
    let met = wrong == 0 && output.status.success() && control.unnoticed.is_empty();
    let more = more(json!({"checks": control.of, "taken_out": control.tried, "unnoticed": control.unnoticed}));
    Ok(vec![Promise { name: "rights", tried, lost: 0, doubled: 0, wrong, seed: args.seed, met, more }])
}

/// What must notice that a check is gone: the matrix, the lists and streams, and what the store promises by itself.
const NOTICES: &str =
    "test(/^rights::/) | (package(shanshui-store) & (test(sqlite::right::) | test(sqlite::analyse::)))";

/// Runs tests with the sources of a folder; what is built of them lies in a folder of its own. What was built of other sources under
/// the same names would pass for what these make.
fn tested(root: &Path, built: &Path, which: &str) -> anyhow::Result<Output> {
    let args = ["nextest", "run", "--workspace", "--lib", "--test", "it", "--no-capture", "-E", which];
    Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root)
        .env("CARGO_TARGET_DIR", built)
        .output()
        .context("cargo nextest")
}

struct Control {
    /// Checks that the store's sources have.
    of: usize,
    tried: usize,
    /// Places of those whose absence nothing noticed.
    unnoticed: Vec<String>,
}

/// One check of a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    file: PathBuf,
    /// From 1.
    line: usize,
    /// The line without it.
    without: String,
}

fn control(args: &Args) -> anyhow::Result<Control> {
    let copy = target().join("rig/rights");
    let git = |args: &[&str]| Command::new("git").args(args).arg(&copy).current_dir(crate::root()).output();
    git(&["worktree", "remove", "--force"])?;
    ensure!(git(&["worktree", "add", "--detach"])?.status.success(), "no second copy of the sources");
    // the interface is made before the program and lies beside the sources without being one of them
    crate::rig::copy(&crate::root().join("web/dist"), &copy.join("web/dist"))
        .context("web/dist: run `make web` first")?;
    let mut all = Vec::new();
    let sources = copy.join("crates/store/src");
    for entry in fs::read_dir(&sources)? {
        let file = entry?.path();
        if file.extension().is_some_and(|e| e == "rs") {
            all.extend(checks(&file, &fs::read_to_string(&file)?));
        }
    }
    // a copy in which they fail anyway would notice everything
    // it stays from one run to the next, so that only what lies in the copy is made anew
    let built = target().join("rig/rights-built");
    let untouched = tested(&copy, &built, NOTICES)?;
    ensure!(
        untouched.status.success(),
        "the tests fail in a copy of the sources in which nothing is taken out:\n{}",
        String::from_utf8_lossy(&untouched.stderr)
    );
    let (mut left, mut random) = (all.clone(), args.seed);
    let tried = left.len().min(args.checks as usize);
    let style = ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} checks taken out {eta}")?;
    let bar = ProgressBar::new(tried as u64).with_style(style).with_prefix("rights");
    let mut unnoticed = Vec::new();
    for _ in 0..tried {
        random = mix(random);
        let check = left.swap_remove(random as usize % left.len());
        let whole = fs::read_to_string(&check.file)?;
        let mut lines: Vec<&str> = whole.lines().collect();
        lines[check.line - 1] = &check.without;
        fs::write(&check.file, lines.join("\n") + "\n")?;
        let output = tested(&copy, &built, NOTICES)?;
        fs::write(&check.file, &whole)?;
        let place = format!("{}:{}", check.file.strip_prefix(&copy)?.display(), check.line);
        match output.status.code() {
            Some(A_TEST_FAILED) => {}
            Some(0) => unnoticed.push(place),
            _ => unnoticed.push(format!("{place} (does not compile)")),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    git(&["worktree", "remove", "--force"])?;
    Ok(Control { of: all.len(), tried, unnoticed })
}

/// Every line that is a check, or holds one as a condition of its statement.
fn checks(file: &Path, text: &str) -> Vec<Check> {
    const CALLS: [&str; 4] = ["self.station_seen(", "self.point_seen(", "self.device_seen(", "everything("];
    let mut all = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let bare = line.trim();
        let call = CALLS.iter().any(|call| bare.starts_with(call)) && bare.ends_with("?;");
        let without = if call { Some(String::new()) } else { without_condition(line) };
        all.extend(without.map(|without| Check { file: file.to_owned(), line: i + 1, without }));
    }
    all
}

/// A condition that always holds, and binds what the other did.
fn without_condition(line: &str) -> Option<String> {
    let (name, before) = ["at_station!(", "of_case!("].iter().find_map(|name| Some((*name, line.find(name)?)))?;
    let (inside, behind) = line[before + name.len()..].split_once(')')?;
    let holds: Vec<_> = inside
        .split(',')
        .map(|word| word.trim().trim_matches('"'))
        .filter(|word| word.starts_with('$'))
        .map(|slot| format!("{slot} = {slot}"))
        .collect();
    if holds.is_empty() {
        return None;
    }
    Some(format!("{}\"({})\"{behind}", &line[..before], holds.join(" OR ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_found_and_taken_out() {
        let text = "    self.device_seen(caller, Right::DeviceRead, mn).await?;\n    at_station!(\"a.station\", \"$4\", \"$5\"),\n\
            use crate::scope::{at_station, everything};\n    everything(caller, Right::PostRead)?;\n    of_case!(\"$2\", \"$3\", \"$4\")";
        let found: Vec<_> = checks(Path::new("a.rs"), text).into_iter().map(|c| (c.line, c.without)).collect();
        let holds = [
            (1, String::new()),
            (2, "    \"($4 = $4 OR $5 = $5)\",".to_owned()),
            (4, String::new()),
            (5, "    \"($2 = $2 OR $3 = $3 OR $4 = $4)\"".to_owned()),
        ];
        assert_eq!(found, holds);
        let sources = crate::root().join("crates/store/src");
        for (file, least) in [("act.rs", 4), ("sense.rs", 4), ("right.rs", 3)] {
            let file = sources.join(file);
            let found = checks(&file, &fs::read_to_string(&file).expect("a source")).len();
            assert!(found >= least, "{}: {found}", file.display());
        }
    }
}
