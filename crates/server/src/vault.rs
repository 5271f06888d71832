//! What is sealed before it is kept (密封): secrets in the database that the database alone must not give away.
//!
//! AES-256-GCM with a random nonce, bound to what the secret is for, under a key in a file outside of the database, made at the first
//! start. A sealed text is `s1:KEY:HEX`, where `KEY` names the key by the first bytes of its digest, so that a text sealed with another
//! key is told apart from one that was touched.

use std::path::PathBuf;

use anyhow::{Context, bail};
use rand::RngCore as _;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest as _, Sha256};

use crate::config::Config;
use crate::key;

/// Seals and opens.
pub struct Vault {
    key: LessSafeKey,
    name: String,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Vault {
    /// Where the key lies.
    pub fn path(config: &Config) -> PathBuf {
        let said = &config.vault.key_file;
        if said.as_os_str().is_empty() { config.data.join("vault.key") } else { said.clone() }
    }

    /// Reads the key, or makes it where there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no key; names it.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let path = Self::path(config);
        let bytes = key::of("vault.key_file", &path)?;
        let name = hex::encode(&Sha256::digest(&bytes)[..4]);
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|e| anyhow::anyhow!("vault.key_file: {e}"))?;
        Ok(Self { key: LessSafeKey::new(key), name })
    }

    /// Seals a secret for a purpose.
    ///
    /// # Errors
    /// When it is too long to be sealed.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> anyhow::Result<String> {
        let mut nonce = [0u8; NONCE_LEN];
        rand::rng().fill_bytes(&mut nonce);
        let mut bytes = secret.to_vec();
        let sealed = self.key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(purpose.as_bytes()),
            &mut bytes,
        );
        sealed.map_err(|_| anyhow::anyhow!("a secret could not be sealed"))?;
        Ok(format!("s1:{}:{}{}", self.name, hex::encode(nonce), hex::encode(bytes)))
    }

    /// Opens what was sealed for a purpose.
    ///
    /// # Errors
    /// When it was sealed with another key or for another purpose, or was touched; says which.
    pub fn unseal(&self, purpose: &str, sealed: &str) -> anyhow::Result<Vec<u8>> {
        let (key, text) = sealed
            .strip_prefix("s1:")
            .and_then(|rest| rest.split_once(':'))
            .with_context(|| format!("{purpose}: is no sealed text"))?;
        if key != self.name {
            bail!("{purpose}: is sealed with the key {key}, and vault.key_file holds {}", self.name);
        }
        let bytes = hex::decode(text).ok().filter(|bytes| bytes.len() > NONCE_LEN);
        let mut bytes = bytes.with_context(|| format!("{purpose}: is no sealed text"))?;
        let mut nonce = [0u8; NONCE_LEN];
        nonce.copy_from_slice(&bytes[..NONCE_LEN]);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.key.open_within(nonce, Aad::from(purpose.as_bytes()), &mut bytes, NONCE_LEN..);
        opened.map(|secret| secret.to_vec()).map_err(|_| anyhow::anyhow!("{purpose}: the sealed text was touched"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_key_alone() {
        let (folder, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let at = |folder: &tempfile::TempDir| Config { data: folder.path().to_owned(), ..Config::default() };
        let vault = Vault::open(&at(&folder)).expect("made");
        let sealed = vault.seal("totp:li", b"secret").expect("sealed");
        assert!(!sealed.contains(&hex::encode("secret")));
        assert_eq!(Vault::open(&at(&folder)).expect("read").unseal("totp:li", &sealed).expect("opened"), b"secret");
        assert_ne!(vault.seal("totp:li", b"secret").expect("sealed"), sealed, "never the same twice");
        let said = |purpose: &str, sealed: &str| vault.unseal(purpose, sealed).expect_err("refused").to_string();
        assert!(said("totp:wang", &sealed).contains("touched"));
        let end = if sealed.ends_with('0') { "1" } else { "0" };
        assert!(said("totp:li", &format!("{}{end}", &sealed[..sealed.len() - 1])).contains("touched"));
        assert!(said("totp:li", "s1:xx").contains("no sealed text"));
        let foreign = Vault::open(&at(&other)).expect("made").seal("totp:li", b"secret").expect("sealed");
        assert!(said("totp:li", &foreign).contains("vault.key_file holds"));
    }
}
