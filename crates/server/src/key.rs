//! Keys in files outside of the database: 32 random bytes in hex, made at the first start, readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::http::auth::new_token;

/// Reads the key of a file, `what` in the configuration, or makes it where there is none yet.
///
/// # Errors
/// When the file cannot be read or made, or holds no key; names it.
pub(crate) fn of(what: &str, path: &Path) -> anyhow::Result<Vec<u8>> {
    let named = || format!("{what} {}", path.display());
    let read = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(path).with_context(named)?;
            fs::read_to_string(path)
        }
        read => read,
    };
    let keys = parse(&read.with_context(named)?).with_context(named)?;
    keys.into_iter().next().with_context(named)
}

/// Keys of a text, one a line; at least one.
///
/// # Errors
/// When a line is none.
pub(crate) fn parse(text: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let key = |(n, line): (usize, &str)| match hex::decode(line.trim()).ok().filter(|bytes| bytes.len() == 32) {
        Some(bytes) => Ok(bytes),
        None => bail!("line {}: is no key of 64 hex digits", n + 1),
    };
    let keys: Vec<_> = text.trim().lines().enumerate().map(key).collect::<anyhow::Result<_>>()?;
    ensure!(!keys.is_empty(), "line 1: is no key of 64 hex digits");
    Ok(keys)
}

/// A new key, as a line of a file.
pub(crate) fn new() -> String {
    new_token()
}

/// Writes the lines of a file of keys anew: the file is the old one or the new one, whenever the program is killed.
///
/// # Errors
/// When it cannot be read or written; names it.
pub(crate) fn rewrite(what: &str, path: &Path, change: impl FnOnce(Vec<String>) -> Vec<String>) -> anyhow::Result<()> {
    let named = || format!("{what} {}", path.display());
    let text = fs::read_to_string(path).with_context(named)?;
    let lines = change(text.trim().lines().map(ToOwned::to_owned).collect());
    parse(&lines.join("\n")).with_context(named)?;
    let half = path.with_extension("new");
    write_new(&half, &(lines.join("\n") + "\n")).with_context(named)?;
    fs::rename(&half, path).with_context(named)?;
    sync_folder(path).with_context(named)
}

/// The key stands under its name whole or not at all, whenever the program is killed; one that is there already stays.
fn make(path: &Path) -> std::io::Result<()> {
    let half = path.with_extension("new");
    write_new(&half, &(new() + "\n"))?;
    match fs::hard_link(&half, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => fs::remove_file(&half)?,
    }
    sync_folder(path)
}

/// A file that only its owner reads, in the place of one that a killed program has left.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_whole_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.key");
        // what a program that was killed half-way has left
        fs::write(folder.path().join("a.new"), "").expect("written");
        let first = of("a.key_file", &path).expect("made");
        assert_eq!((of("a.key_file", &path).expect("read"), first.len()), (first.clone(), 32));
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!((mode & 0o777, folder.path().join("a.new").exists()), (0o600, false));
        make(&path).expect("one is there already");
        assert_eq!(of("a.key_file", &path).expect("read"), first, "it stays");
        fs::write(&path, "short").expect("written");
        let refused = format!("{:#}", of("a.key_file", &path).expect_err("no key"));
        assert!(refused.contains("a.key_file") && refused.contains("64 hex digits"), "{refused}");
    }
}
