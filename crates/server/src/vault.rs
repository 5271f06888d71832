//! What is sealed before it is kept (密封): secrets in the database that the database alone must not give away.
//!
//! AES-256-GCM with a random nonce, bound to what the secret is for, under a key that is not in the database: in a file made at the
//! first start, in a variable of the environment, or in what a command prints. There may be several keys, one a line: the first seals,
//! all open. A sealed text is `s1:KEY:HEX`, where `KEY` names the key by the first bytes of its digest, so that a text sealed with
//! another key is told apart from one that was touched.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, bail, ensure};
use rand::RngCore as _;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest as _, Sha256};
use shanshui_domain::id::PersonId;
use shanshui_store::Seals;

use crate::config::{Config, VaultSection};
use crate::key;

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    source: Arc<Source>,
    keys: Arc<RwLock<Vec<Key>>>,
}

/// Where the keys are.
enum Source {
    File(PathBuf),
    Variable(String),
    Command(Vec<String>),
}

#[derive(Clone)]
struct Key {
    name: String,
    key: LessSafeKey,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("source", &self.source.shown()).field("keys", &self.names()).finish()
    }
}

impl Source {
    fn of(config: &Config) -> anyhow::Result<Self> {
        let VaultSection { key_file, key_variable, key_command } = &config.vault;
        let said = [!key_file.as_os_str().is_empty(), !key_variable.is_empty(), !key_command.is_empty()];
        ensure!(
            said.iter().filter(|said| **said).count() <= 1,
            "vault: one of key_file, key_variable and key_command says where the key is, not several"
        );
        if !key_variable.is_empty() {
            return Ok(Self::Variable(key_variable.clone()));
        }
        if !key_command.is_empty() {
            return Ok(Self::Command(key_command.clone()));
        }
        Ok(Self::File(if said[0] { key_file.clone() } else { config.data.join("vault.key") }))
    }

    fn shown(&self) -> String {
        match self {
            Self::File(path) => format!("vault.key_file {}", path.display()),
            Self::Variable(name) => format!("vault.key_variable {name}"),
            Self::Command(words) => format!("vault.key_command {}", words.first().map_or("", String::as_str)),
        }
    }

    /// The keys; none when there is no file yet.
    fn read(&self) -> anyhow::Result<Vec<Key>> {
        let text = match self {
            Self::File(path) => match std::fs::read_to_string(path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
                read => read.with_context(|| self.shown())?,
            },
            Self::Variable(name) => std::env::var(name).with_context(|| self.shown())?,
            Self::Command(words) => {
                let (program, rest) = words.split_first().with_context(|| self.shown())?;
                let output = Command::new(program).args(rest).output().with_context(|| self.shown())?;
                ensure!(output.status.success(), "{}: ended with {}", self.shown(), output.status);
                String::from_utf8(output.stdout).ok().with_context(|| format!("{}: prints no text", self.shown()))?
            }
        };
        let keys = key::parse(&text).with_context(|| self.shown())?;
        keys.iter().map(|bytes| Key::of(bytes).with_context(|| self.shown())).collect()
    }
}

impl Key {
    fn of(bytes: &[u8]) -> anyhow::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|e| anyhow::anyhow!("{e}"))?;
        Ok(Self { name: hex::encode(&Sha256::digest(bytes)[..4]), key: LessSafeKey::new(key) })
    }
}

impl Vault {
    /// Reads the keys; there may be none yet.
    ///
    /// # Errors
    /// When they cannot be read, or are no keys; names where they are.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let source = Source::of(config)?;
        let keys = source.read()?;
        Ok(Self { source: Arc::new(source), keys: Arc::new(RwLock::new(keys)) })
    }

    /// Makes the file with a key where there is none yet.
    ///
    /// # Errors
    /// When it cannot be made; names it.
    pub fn ready(&self) -> anyhow::Result<()> {
        if let Source::File(path) = &*self.source {
            key::of("vault.key_file", path)?;
        }
        self.reread()
    }

    /// The file the keys are in, when they are in one.
    pub fn file(&self) -> Option<&Path> {
        match &*self.source {
            Source::File(path) => Some(path),
            Source::Variable(_) | Source::Command(_) => None,
        }
    }

    /// Where the keys are, for people.
    pub fn shown(&self) -> String {
        self.source.shown()
    }

    /// Names of the keys; the first is the one that seals.
    pub fn names(&self) -> Vec<String> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().map(|key| key.name.clone()).collect()
    }

    /// Reads the keys again: they may have been changed while the program runs.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn reread(&self) -> anyhow::Result<()> {
        let keys = self.source.read()?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Puts a new key before those there are.
    ///
    /// # Errors
    /// When the keys are not in a file, or it cannot be written.
    pub fn add_key(&self) -> anyhow::Result<()> {
        let path = self.file().with_context(|| format!("{}: a new key is made there, not here", self.shown()))?;
        key::rewrite("vault.key_file", path, |mut keys| {
            keys.insert(0, key::new());
            keys
        })?;
        self.reread()
    }

    /// Leaves the first key and those that are named; gives the names of those that are gone.
    ///
    /// # Errors
    /// When the keys are not in a file, or it cannot be written.
    pub fn keep_keys(&self, needed: impl Fn(&str) -> bool) -> anyhow::Result<Vec<String>> {
        let path = self.file().with_context(|| format!("{}: keys are taken away there, not here", self.shown()))?;
        let before = self.names();
        let stays = |n: usize| n == 0 || before.get(n).is_none_or(|name| needed(name));
        let gone = (0..before.len()).filter(|n| !stays(*n)).map(|n| before[n].clone()).collect();
        key::rewrite("vault.key_file", path, |keys| {
            keys.into_iter().enumerate().filter(|(n, _)| stays(*n)).map(|(_, key)| key).collect()
        })?;
        self.reread()?;
        Ok(gone)
    }

    fn first(&self) -> anyhow::Result<Key> {
        let first = || self.keys.read().unwrap_or_else(PoisonError::into_inner).first().cloned();
        if first().is_none() {
            self.ready()?;
        }
        first().with_context(|| format!("{}: there is no key", self.shown()))
    }

    fn named(&self, name: &str) -> Option<Key> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().find(|key| key.name == name).cloned()
    }

    /// Seals a secret for a purpose.
    ///
    /// # Errors
    /// When there is no key, or the secret is too long to be sealed.
    pub fn seal(&self, purpose: &str, secret: &[u8]) -> anyhow::Result<String> {
        // a key that was added a moment ago seals from now on, also in programs that run
        if self.file().is_some() {
            self.reread()?;
        }
        let Key { name, key } = self.first()?;
        let mut nonce = [0u8; NONCE_LEN];
        rand::rng().fill_bytes(&mut nonce);
        let mut bytes = secret.to_vec();
        let sealed = key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(purpose.as_bytes()),
            &mut bytes,
        );
        sealed.map_err(|_| anyhow::anyhow!("a secret could not be sealed"))?;
        Ok(format!("s1:{name}:{}{}", hex::encode(nonce), hex::encode(bytes)))
    }

    /// Opens what was sealed for a purpose, with the keys as they were last read: what a stranger sends must not make this program
    /// read a file or run a command.
    ///
    /// # Errors
    /// When it was sealed with another key or for another purpose, or was touched; says which.
    pub fn unseal(&self, purpose: &str, sealed: &str) -> anyhow::Result<Vec<u8>> {
        let (name, text) = parts(sealed).with_context(|| format!("{purpose}: is no sealed text"))?;
        let Some(Key { key, .. }) = self.named(name) else {
            let held = self.names();
            let held = if held.is_empty() { "no key".to_owned() } else { held.join(", ") };
            bail!("{purpose}: is sealed with the key {name}, and {} holds {held}", self.shown());
        };
        let bytes = hex::decode(text).ok().filter(|bytes| bytes.len() > NONCE_LEN);
        let mut bytes = bytes.with_context(|| format!("{purpose}: is no sealed text"))?;
        let mut nonce = [0u8; NONCE_LEN];
        nonce.copy_from_slice(&bytes[..NONCE_LEN]);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = key.open_within(nonce, Aad::from(purpose.as_bytes()), &mut bytes, NONCE_LEN..);
        opened.map(|secret| secret.to_vec()).map_err(|_| anyhow::anyhow!("{purpose}: the sealed text was touched"))
    }

    /// Opens what lies in the store; a key that is not known is looked for once more, since it may have been added meanwhile.
    fn unseal_kept(&self, purpose: &str, sealed: &str) -> anyhow::Result<Vec<u8>> {
        if parts(sealed).is_some_and(|(name, _)| self.named(name).is_none()) {
            self.reread()?;
        }
        self.unseal(purpose, sealed)
    }

    /// Opens a person's second factor.
    ///
    /// # Errors
    /// As [`Vault::unseal`].
    pub fn factor(&self, person: PersonId, sealed: &str) -> anyhow::Result<Vec<u8>> {
        self.unseal_kept(&shanshui_store::seals::factor_purpose(person), sealed)
    }
}

/// Name of the key, and the sealed bytes in hex.
fn parts(sealed: &str) -> Option<(&str, &str)> {
    let (name, text) = sealed.strip_prefix("s1:")?.split_once(':')?;
    let hexadecimal = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    (name.len() == 8 && hexadecimal(name)).then_some((name, text))
}

impl Seals for Vault {
    fn seal(&self, purpose: &str, secret: &[u8]) -> Result<String, String> {
        Self::seal(self, purpose, secret).map_err(|error| format!("{error:#}"))
    }

    fn unseal(&self, purpose: &str, kept: &str) -> Result<Vec<u8>, String> {
        if parts(kept).is_none() {
            return Ok(kept.into());
        }
        self.unseal_kept(purpose, kept).map_err(|error| format!("{error:#}"))
    }

    fn key_of(&self, kept: &str) -> Option<String> {
        parts(kept).map(|(name, _)| name.to_owned())
    }

    fn key(&self) -> Option<String> {
        self.names().into_iter().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(folder: &tempfile::TempDir) -> Config {
        Config { data: folder.path().to_owned(), ..Config::default() }
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_key_alone() {
        let (folder, other) = (folder(), folder());
        let vault = Vault::open(&at(&folder)).expect("no key yet");
        let sealed = vault.seal("totp:li", b"secret").expect("sealed");
        assert!(!sealed.contains(&hex::encode("secret")));
        assert_eq!(Vault::open(&at(&folder)).expect("read").unseal("totp:li", &sealed).expect("opened"), b"secret");
        assert_ne!(vault.seal("totp:li", b"secret").expect("sealed"), sealed, "never the same twice");
        let said = |purpose: &str, sealed: &str| vault.unseal(purpose, sealed).expect_err("refused").to_string();
        assert!(said("totp:wang", &sealed).contains("touched"));
        let end = if sealed.ends_with('0') { "1" } else { "0" };
        assert!(said("totp:li", &format!("{}{end}", &sealed[..sealed.len() - 1])).contains("touched"));
        assert!(said("totp:li", "s1:xx").contains("no sealed text"));
        let foreign = Vault::open(&at(&other)).expect("no key yet").seal("totp:li", b"secret").expect("sealed");
        assert!(said("totp:li", &foreign).contains("vault.key_file"));
    }

    #[test]
    fn looking_makes_no_key() {
        let folder = folder();
        let vault = Vault::open(&at(&folder)).expect("no key yet");
        let said = vault.unseal("totp:li", "s1:01234567:00").expect_err("no key").to_string();
        assert!(said.contains("01234567") && said.contains("holds no key"), "{said}");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_new_key_seals_at_once_and_an_old_one_opens_until_it_is_taken_away() {
        let folder = folder();
        let vault = Vault::open(&at(&folder)).expect("no key yet");
        let old = vault.seal("a", b"1").expect("sealed");
        // another program of the same house adds one
        Vault::open(&at(&folder)).expect("read").add_key().expect("added");
        let new = vault.seal("a", b"2").expect("sealed");
        let [old_name, new_name] = [&old, &new].map(|text| vault.key_of(text).expect("sealed"));
        assert_eq!(vault.names(), [new_name.clone(), old_name.clone()]);
        assert_eq!(
            (vault.unseal("a", &old).expect("opened"), vault.unseal("a", &new).expect("opened")),
            (b"1".into(), b"2".into())
        );
        assert_eq!(vault.keep_keys(|name| name == old_name).expect("kept"), Vec::<String>::new());
        assert_eq!(vault.keep_keys(|_| false).expect("kept"), [old_name]);
        assert!(vault.unseal("a", &old).is_err());
        assert_eq!(vault.unseal("a", &new).expect("opened"), b"2");
        assert!(
            !format!("{vault:?}")
                .contains(&std::fs::read_to_string(folder.path().join("vault.key")).expect("text")[..64])
        );
    }

    #[test]
    fn what_lies_in_the_store_finds_a_key_that_was_added_and_what_a_stranger_sends_does_not_look() {
        let folder = folder();
        let (here, there) =
            (Vault::open(&at(&folder)).expect("none yet"), Vault::open(&at(&folder)).expect("none yet"));
        let sealed = there.seal("a", b"1").expect("sealed");
        assert!(here.unseal("a", &sealed).expect_err("not read yet").to_string().contains("holds no key"));
        assert_eq!(Seals::unseal(&here, "a", &sealed).expect("read again"), b"1");
    }

    #[test]
    fn keys_of_a_command_are_read_and_what_is_none_is_named() {
        let folder = folder();
        let with = |words: &[&str]| {
            let key_command = words.iter().map(ToString::to_string).collect();
            Config { vault: VaultSection { key_command, ..VaultSection::default() }, ..at(&folder) }
        };
        let key = "ab".repeat(32);
        let vault = Vault::open(&with(&["echo", &key])).expect("read");
        let sealed = vault.seal("a", b"1").expect("sealed");
        assert_eq!(vault.unseal("a", &sealed).expect("opened"), b"1");
        assert!(vault.add_key().expect_err("not here").to_string().contains("vault.key_command"));
        for (words, said) in
            [(vec!["echo", "x"], "64 hex digits"), (vec!["false"], "ended with"), (vec!["/none"], "/none")]
        {
            let error = format!("{:#}", Vault::open(&with(&words)).expect_err("no keys"));
            assert!(error.contains("vault.key_command") && error.contains(said), "{error}");
        }
        let two =
            VaultSection { key_variable: "X".into(), key_command: vec!["echo".into()], ..VaultSection::default() };
        let error = Vault::open(&Config { vault: two, ..at(&folder) }).expect_err("two places").to_string();
        assert!(error.contains("not several"), "{error}");
    }
}
