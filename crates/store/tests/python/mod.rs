//! The Python in which the packages of `scripts/test-tools.txt` are installed.

use std::path::{Path, PathBuf};

/// That of `SHANSHUI_TEST_PYTHON`, or the one that `sh scripts/setup test` makes beside the build. None, loudly, where there is none;
/// then `what` is not tried.
pub fn python(what: &str) -> Option<PathBuf> {
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools").join("python");
    let whole = made.join("tools.txt").exists().then(|| made.join("bin/python"));
    let found = std::env::var_os("SHANSHUI_TEST_PYTHON").map(PathBuf::from).or(whole);
    if found.is_none() {
        eprintln!("\n*** SKIPPED: no Python packages here (sh scripts/setup test); {what} ***\n");
    }
    found
}
