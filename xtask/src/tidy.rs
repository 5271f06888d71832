//! Checks of the tree, as a chore and as a test: what a reviewer should not have to look for.
//!
//! Looks at files git tracks or would track. Generated files and pictures of the documentation may be large; nothing else.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};

/// Bytes a file may have.
const BYTES_MAX: usize = 400_000;
/// Files that may be larger: generated.
const GENERATED: [&str; 3] = ["Cargo.lock", "package-lock.json", "openapi.json"];
/// Words that belong to one machine or one person's workplace; written in two parts so that this file passes.
const PRIVATE: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/tmp/", "wt-"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
/// Marks of work put off: an issue says it better.
const PUT_OFF: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    path: String,
    /// From 1; 0 when the whole file is meant.
    line: usize,
    reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.reason),
            line => write!(f, "{}, line {line}: {}", self.path, self.reason),
        }
    }
}

fn fault(path: &str, line: usize, reason: impl Into<String>) -> Fault {
    Fault { path: path.to_owned(), line, reason: reason.into() }
}

/// Runs every check.
pub fn run() -> anyhow::Result<ExitCode> {
    let faults = check(&crate::root())?;
    for fault in &faults {
        println!("{fault}");
    }
    match faults.len() {
        0 => println!("tidy"),
        n => println!("{n} faults"),
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check(root: &Path) -> anyhow::Result<Vec<Fault>> {
    let paths = tracked(root)?;
    let known = with_folders(&paths);
    let mut faults = Vec::new();
    for path in &paths {
        // a file removed but still in the index
        let Ok(bytes) = fs::read(root.join(path)) else { continue };
        faults.extend(one(path, &bytes, &known));
    }
    if !known.contains("CHANGELOG.md") {
        faults.push(fault("CHANGELOG.md", 0, "is missing"));
    }
    Ok(faults)
}

/// Files git tracks, and those it would.
fn tracked(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let output = git.output().context("git lists the files")?;
    ensure!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout)?;
    Ok(names.split('\0').filter(|n| !n.is_empty()).map(String::from).collect())
}

/// The files and every folder above one.
fn with_folders(paths: &BTreeSet<String>) -> BTreeSet<String> {
    let above =
        |path: &String| Path::new(path).ancestors().map(|a| a.to_string_lossy().into_owned()).collect::<Vec<_>>();
    paths.iter().flat_map(above).collect()
}

/// Checks one file.
fn one(path: &str, bytes: &[u8], known: &BTreeSet<String>) -> Vec<Fault> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let picture = path.starts_with("docs/") && has_extension(path, "png");
    let mut faults = Vec::new();
    if bytes.len() > BYTES_MAX && !GENERATED.contains(&name) && !picture {
        faults.push(fault(path, 0, format!("{} bytes, at most {BYTES_MAX}", bytes.len())));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text,
        _ if picture => return faults,
        _ => {
            faults.push(fault(path, 0, "is no text"));
            return faults;
        }
    };
    faults.extend(lines(path, text));
    if has_extension(path, "md") {
        faults.extend(links(path, text, known));
    }
    if path.starts_with("standards/") && has_extension(path, "csv") {
        faults.extend(cited(path, text));
    }
    if path.ends_with("/src/lib.rs") && !text.starts_with("//!") {
        faults.push(fault(path, 1, "a crate says first what it is, in a //! header"));
    }
    if path == "CHANGELOG.md" && !text.lines().any(|l| l.trim_start_matches(['#', ' ', '[']).starts_with("Unreleased"))
    {
        faults.push(fault(path, 0, "has no Unreleased section"));
    }
    faults
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|e| e == extension)
}

/// Line ends, words of one workplace, work put off.
fn lines(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (i, line) in text.split('\n').enumerate() {
        if line.ends_with('\r') {
            faults.push(fault(path, i + 1, "ends in CR LF"));
            break;
        }
        let word = |words: &[&'static str]| words.iter().copied().find(|w| line.contains(w));
        if let Some(word) = word(&PRIVATE) {
            faults.push(fault(path, i + 1, format!("names {word}, a path of one machine")));
        }
        if let Some(word) = word(&PUT_OFF).filter(|_| !GENERATED.iter().any(|g| path.ends_with(g))) {
            faults.push(fault(path, i + 1, format!("{word}: open an issue instead")));
        }
    }
    faults
}

/// Links to files of the repository lead somewhere.
fn links(path: &str, text: &str, known: &BTreeSet<String>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fenced = false;
    for (i, line) in text.lines().enumerate() {
        fenced ^= line.trim_start().starts_with("```");
        if fenced {
            continue;
        }
        for target in line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains(':') {
                continue;
            }
            if !known.contains(&resolve(path, target)) {
                faults.push(fault(path, i + 1, format!("{target} is not there")));
            }
        }
    }
    faults
}

/// A link of a file, from the top of the repository.
fn resolve(from: &str, target: &str) -> String {
    let base = if target.starts_with('/') { Path::new("") } else { Path::new(from).parent().unwrap_or(Path::new("")) };
    let mut out = PathBuf::new();
    for part in base.join(target.trim_start_matches('/')).components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::Normal(name) => out.push(name),
            _ => {}
        }
    }
    out.to_string_lossy().into_owned()
}

/// Every row of a standard says where it comes from and how sure that is; `SOURCES.csv` is the list of sources itself.
fn cited(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let needed: &[&str] = if path.ends_with("SOURCES.csv") { &["mark"] } else { &["mark", "cite"] };
    for name in needed {
        let Some(column) = header.iter().position(|h| h == *name) else {
            faults.push(fault(path, 1, format!("has no column {name}")));
            continue;
        };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for (i, row) in reader.records().enumerate() {
            if row.map_or(true, |row| row.get(column).is_none_or(|cell| cell.trim().is_empty())) {
                faults.push(fault(path, i + 2, format!("{name} is empty")));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let faults = check(&crate::root()).expect("git lists the files");
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(said.is_empty(), "{}", said.join("\n"));
    }

    fn check_one(path: &str, bytes: &[u8], expected: &str) {
        let known = with_folders(&["docs/ref/a.md", "README.md"].map(String::from).into());
        let said: Vec<String> = one(path, bytes, &known).iter().map(ToString::to_string).collect();
        assert_eq!(said.join(" / "), expected, "{path}");
    }

    #[test]
    fn each_fault_is_named_with_its_place() {
        check_one("a.txt", b"fine\n", "");
        check_one("a.txt", b"one\r\ntwo\r\n", "a.txt, line 1: ends in CR LF");
        check_one("a.txt", &vec![b'x'; BYTES_MAX + 1], "a.txt: 400001 bytes, at most 400000");
        check_one("web/package-lock.json", &vec![b'x'; BYTES_MAX + 1], "");
        check_one("docs/shot.png", &[0x89, b'P', b'N', b'G', 0], "");
        check_one("a.png", &[0x89, b'P', b'N', b'G', 0], "a.png: is no text");
        check_one(
            "crates/x/src/lib.rs",
            b"pub mod a;\n",
            "crates/x/src/lib.rs, line 1: a crate says first what it is, in a //! header",
        );
        check_one("CHANGELOG.md", b"# Changelog\n", "CHANGELOG.md: has no Unreleased section");
        check_one("CHANGELOG.md", b"# Changelog\n\n## Unreleased\n", "");
        let private = format!("see {}x", PRIVATE[0]);
        check_one("a.txt", private.as_bytes(), &format!("a.txt, line 1: names {}, a path of one machine", PRIVATE[0]));
        check_one(
            "a.rs",
            format!("// {} later", PUT_OFF[0]).as_bytes(),
            &format!("a.rs, line 1: {}: open an issue instead", PUT_OFF[0]),
        );
    }

    #[test]
    fn links_are_followed_inside_the_repository() {
        check_one(
            "docs/ref/b.md",
            b"[a](a.md#x) [up](../../README.md) [folder](..) [out](https://a.b/c) [here](#x)",
            "",
        );
        check_one("docs/ref/b.md", b"\n[a](c.md)", "docs/ref/b.md, line 2: c.md is not there");
        check_one("docs/ref/b.md", b"```\n[a](c.md)\n```", "");
        check_one("b.md", b"[top](/docs/ref)", "");
    }

    #[test]
    fn rows_of_standards_are_cited_and_marked() {
        check_one("standards/air/x.csv", b"a,mark,cite\n1,C,t1\n", "");
        check_one("standards/air/x.csv", b"a,mark,cite\n1,C,t1\n2,,t1\n", "standards/air/x.csv, line 3: mark is empty");
        check_one("standards/air/x.csv", b"a,mark\n1,C\n", "standards/air/x.csv, line 1: has no column cite");
        check_one("standards/SOURCES.csv", b"id,mark\n1,C\n", "");
    }
}
