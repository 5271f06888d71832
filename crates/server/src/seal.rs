//! The key that signs the audit's roots, and the second places they are written to.
//!
//! The key is 32 bytes in hex, in a file outside of the database; it is made at the first start. Whoever holds the database alone
//! can change an entry and make every digest anew, but not the signature, nor the copy in the second place.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, Request};
use serde::{Deserialize, Serialize};
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;
use shanshui_store::{RootRow, Store};

use crate::config::Config;
use crate::key;
use crate::outbound::Outbound;
use crate::sign::{self, Signer};

/// What signs.
pub struct Sealer {
    key: Signer,
    copy: Option<PathBuf>,
    hook: Option<Hook>,
}

/// A second place on another machine.
struct Hook {
    address: String,
    /// `Bearer` and the token.
    token: Option<HeaderValue>,
    outbound: Outbound,
}

impl Hook {
    fn open(config: &Config) -> anyhow::Result<Option<Self>> {
        let section = &config.audit;
        if section.webhook.is_empty() {
            return Ok(None);
        }
        let (file, mut token) = (&section.webhook_token_file, None);
        if !file.as_os_str().is_empty() {
            let named = || format!("audit.webhook_token_file {}", file.display());
            let text = fs::read_to_string(file).with_context(named)?;
            let mut value = HeaderValue::try_from(format!("Bearer {}", text.trim())).with_context(named)?;
            value.set_sensitive(true);
            token = Some(value);
        }
        Ok(Some(Self { address: section.webhook.clone(), token, outbound: Outbound::new(&config.outbound) }))
    }

    /// Posts the roots that were not taken yet, oldest first, until one is not.
    async fn catch_up(&self, store: &Store, roots: &[RootRow]) -> anyhow::Result<()> {
        let sent = store.audit_sent(&self.address).await?;
        for row in roots.iter().rev().filter(|row| row.size > sent) {
            let mut request = Request::post(&self.address).header(CONTENT_TYPE, "application/json");
            if let Some(token) = &self.token {
                request = request.header(AUTHORIZATION, token);
            }
            let answer = self.outbound.send(request.body(line(row)?.into_bytes())?).await?;
            ensure!(answer.status().is_success(), "answers {}", answer.status());
            store.audit_sent_put(&self.address, row.size).await?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").field("signer", &self.signer()).finish_non_exhaustive()
    }
}

/// A root as a line of the second place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Entries under it.
    pub size: u64,
    /// When, microseconds since 1970 in UTC.
    pub at: i64,
    /// Digest algorithm.
    pub algorithm: String,
    /// Root in hex.
    pub root: String,
    /// Public key of whoever signed.
    pub signer: String,
    /// Signature in hex.
    pub signature: String,
}

impl From<&RootRow> for Copied {
    fn from(row: &RootRow) -> Self {
        Self {
            size: row.size,
            at: row.at.0,
            algorithm: row.frontier.algorithm().as_str().into(),
            root: row.root.clone(),
            signer: row.signer.clone(),
            signature: row.signature.clone(),
        }
    }
}

impl Sealer {
    /// Where the key lies.
    pub fn path(config: &Config) -> PathBuf {
        let said = &config.audit.key_file;
        if said.as_os_str().is_empty() { config.data.join("audit.key") } else { said.clone() }
    }

    /// Reads the key, or makes it where there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no key; names it.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let path = Self::path(config);
        let seed = key::of("audit.key_file", &path)?;
        let key =
            Signer::of(config.audit.signature, &seed).with_context(|| format!("audit.key_file {}", path.display()))?;
        let copy = Some(config.audit.copy.clone()).filter(|p| !p.as_os_str().is_empty());
        Ok(Self { key, copy, hook: Hook::open(config)? })
    }

    /// Public key, as roots name it.
    pub fn signer(&self) -> String {
        self.key.name()
    }

    /// Signs a text with the key that signs roots.
    pub fn sign(&self, text: &str) -> String {
        self.key.sign(text)
    }

    /// Seals what has come since the last root, and writes it to the second places.
    ///
    /// # Errors
    /// When the store or a second place cannot be written; the others are written all the same, and this one is the next time.
    pub async fn seal(&self, store: &Store, at: Instant) -> anyhow::Result<Option<RootRow>> {
        let sign = |text: &str| (self.signer(), self.key.sign(text));
        let row = store.audit_seal(at, sign).await?;
        if self.copy.is_none() && self.hook.is_none() {
            return Ok(row);
        }
        let roots = store.audit_roots(&Caller::machine(), usize::MAX >> 1).await?;
        let told = match &self.hook {
            Some(hook) => hook.catch_up(store, &roots).await.with_context(|| format!("audit.webhook {}", hook.address)),
            None => Ok(()),
        };
        if let Some(copy) = self.copy.clone() {
            let named = format!("audit.copy {}", copy.display());
            tokio::task::spawn_blocking(move || catch_up(&copy, &roots)).await?.context(named)?;
        }
        told?;
        Ok(row)
    }
}

fn line(row: &RootRow) -> anyhow::Result<String> {
    Ok(serde_json::to_string(&Copied::from(row))?)
}

/// Appends the roots that the second place does not have yet: the newest, and those that could not be written in their time.
fn catch_up(path: &Path, roots: &[RootRow]) -> anyhow::Result<()> {
    let there = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let sizes = there.lines().filter_map(|line| serde_json::from_str::<Copied>(line).ok()).map(|copied| copied.size);
    let last = sizes.max().unwrap_or_default();
    // a line that was cut off stays as it is, and the next begins below it
    let mut text = if there.is_empty() || there.ends_with('\n') { String::new() } else { "\n".to_owned() };
    for row in roots.iter().rev().filter(|row| row.size > last) {
        text += &(line(row)? + "\n");
    }
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

/// Whether a root is signed by the key it names.
pub fn signed(row: &RootRow) -> bool {
    sign::signed(&row.signer, &row.signed(), &row.signature)
}

/// What is wrong with roots beside their signatures and the second place; nothing when all is well.
///
/// # Errors
/// When the second place is there and cannot be read.
pub fn faults(roots: &[RootRow], copy: Option<&Path>) -> anyhow::Result<Vec<String>> {
    let unsigned = roots.iter().filter(|r| !signed(r));
    let mut faults: Vec<String> =
        unsigned.map(|r| format!("the root over {} entries is not signed by {}", r.size, r.signer)).collect();
    let Some(copy) = copy else { return Ok(faults) };
    let text = fs::read_to_string(copy).with_context(|| format!("audit.copy {}", copy.display()))?;
    let whole = roots.iter().map(line).collect::<anyhow::Result<Vec<_>>>()?;
    for (n, line) in text.lines().enumerate() {
        let Ok(copied) = serde_json::from_str::<Copied>(line) else {
            if whole.iter().any(|whole| whole.starts_with(line)) {
                continue;
            }
            faults.push(format!("{}, line {}: is no root", copy.display(), n + 1));
            continue;
        };
        match roots.iter().find(|r| r.size == copied.size) {
            None => {
                faults.push(format!("the root over {} entries is in the copy and not in the database", copied.size));
            }
            Some(row) if Copied::from(row) != copied => {
                faults.push(format!("the root over {} entries is another in the copy", copied.size));
            }
            Some(_) => {}
        }
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stays_and_does_not_show() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { data: folder.path().to_owned(), ..Config::default() };
        let first = Sealer::open(&config).expect("made").signer();
        let again = Sealer::open(&config).expect("read");
        assert_eq!(again.signer(), first);
        let key = fs::read_to_string(folder.path().join("audit.key")).expect("text");
        assert!(!format!("{again:?}").contains(key.trim()), "{again:?}");
    }
}
