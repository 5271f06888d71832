//! What a start was given: the configuration file and the files of the city packs, by their digests in the audit. Both are written by
//! people, and a value that has changed unnoticed is a value like any other; so `check` says what is not as it was at the last start.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest as _, Sha256};
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;
use shanshui_store::{AuditEntry, AuditFilter, Finding, Store};

use crate::config::Config;

/// Action of the audit's entry.
const START: &str = "start";

/// Digests of the files, by path.
pub(super) struct Inputs {
    /// The configuration; empty for the defaults.
    of: String,
    files: BTreeMap<String, String>,
}

impl Inputs {
    /// Those of a configuration, as they are now.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub(super) fn of(path: Option<&Path>, config: &Config) -> anyhow::Result<Self> {
        let path = path.map(|path| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
        let mut all: Vec<PathBuf> = path.iter().cloned().collect();
        for folder in &config.city_packs {
            let named = || format!("city pack {}", folder.display());
            for entry in fs::read_dir(folder).with_context(named)? {
                all.push(entry.with_context(named)?.path());
            }
        }
        let mut files = BTreeMap::new();
        for file in all.into_iter().filter(|file| file.is_file()) {
            let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
            files.insert(file.display().to_string(), hex::encode(Sha256::digest(bytes)));
        }
        Ok(Self { of: path.map_or(String::new(), |path| path.display().to_string()), files })
    }

    /// Notes that the program was started with them.
    ///
    /// # Errors
    /// When the audit cannot be written.
    pub(super) async fn note(&self, store: &Store, at: Instant) -> anyhow::Result<()> {
        let detail = serde_json::json!({"files": self.files});
        Ok(store.audit(AuditEntry::of(&Caller::machine(), at, START, &self.of, detail)).await?)
    }

    /// What is not as it was at the last start. Whoever edits a file and has not started yet has done nothing wrong.
    ///
    /// # Errors
    /// When the audit cannot be read.
    pub(super) async fn finding(&self, store: &Store) -> anyhow::Result<Finding> {
        let filter =
            AuditFilter { action: Some(START.to_owned()), subject: Some(self.of.clone()), ..AuditFilter::default() };
        let last = store.audit_list(&Caller::machine(), &filter, None, 1).await?;
        let what = "configuration and city packs".to_owned();
        let Some(last) = last.first() else {
            return Ok(Finding { what, ok: true, detail: "never started with this configuration".into() });
        };
        let entry: serde_json::Value = serde_json::from_str(&last.body).context("an entry of the audit")?;
        let then: BTreeMap<String, String> =
            serde_json::from_value(entry["detail"]["files"].clone()).context("an entry of the audit")?;
        let others = changed(&then, &self.files);
        let detail = if others.is_empty() {
            format!("{} files as at the last start", self.files.len())
        } else {
            format!("not as at the last start: {}", others.join(", "))
        };
        Ok(Finding { what, ok: true, detail })
    }
}

/// Files that are others, or on one side only.
fn changed(then: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let mut others: Vec<String> =
        now.iter().filter(|(file, sha)| then.get(*file) != Some(sha)).map(|(f, _)| f.clone()).collect();
    others.extend(then.keys().filter(|file| !now.contains_key(*file)).cloned());
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_new_or_gone_is_named() {
        let files = |list: &[(&str, &str)]| list.iter().map(|(f, s)| ((*f).to_owned(), (*s).to_owned())).collect();
        let then = files(&[("a", "1"), ("b", "2"), ("c", "3")]);
        assert_eq!(changed(&then, &then), Vec::<String>::new());
        assert_eq!(changed(&then, &files(&[("a", "1"), ("b", "9"), ("d", "4")])), ["b", "d", "c"]);
    }
}
