//! Hashes of passwords: argon2id, each with 19 MiB of memory, and strangers ask for it. So few are made at one time, and their memory
//! is kept: given back to the allocator by one thread after the other, pieces so large stayed with it here and there, three
//! gigabytes after 500 guesses.

use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::Context;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use rand::RngCore as _;
use tokio::sync::Semaphore;

use super::auth::new_token;

/// Passwords that are checked at one time.
const AT_ONCE: usize = 4;
static HASHING: Semaphore = Semaphore::const_new(AT_ONCE);
static MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());
const SALT_BYTES: usize = 16;

/// Hashes a password with argon2id; slow on purpose, so call it off the async threads.
///
/// # Errors
/// When it is too long to be hashed.
pub fn hash_password(password: &str) -> anyhow::Result<String> {
    let mut salt = [0u8; SALT_BYTES];
    rand::rng().fill_bytes(&mut salt);
    let (algorithm, version, params) = (Algorithm::default(), Version::default(), Params::default());
    let hash = PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(Salt::new(&salt)?),
        hash: Some(digest(
            Argon2::new(algorithm, version, params),
            password.as_bytes(),
            &salt,
            Params::DEFAULT_OUTPUT_LEN,
        )?),
    };
    Ok(hash.to_string())
}

fn digest(argon2: Argon2<'_>, password: &[u8], salt: &[u8], bytes: usize) -> anyhow::Result<Output> {
    let mut out = [0u8; Output::MAX_LENGTH];
    let out = out.get_mut(..bytes).context("a hash of that length")?;
    let kept = || MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let mut memory = kept().pop().unwrap_or_default();
    memory.resize(argon2.params().block_count(), Block::new());
    let done = argon2.hash_password_into_with_memory(password, salt, out, &mut memory[..]);
    let mut kept = kept();
    if kept.len() < AT_ONCE {
        kept.push(memory);
    }
    drop(kept);
    done.map_err(|e| anyhow::anyhow!("argon2: {e}"))?;
    Ok(Output::new(out)?)
}

/// Whether a password is that of a hash; the comparison takes the same time wherever they differ.
fn is_of(password: &str, hash: &PasswordHash) -> anyhow::Result<bool> {
    let (salt, expected) = hash.salt.zip(hash.hash).context("a hash with its salt")?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash.version.map_or(Ok(Version::default()), Version::try_from)?;
    let argon2 = Argon2::new(algorithm, version, Params::try_from(hash)?);
    Ok(digest(argon2, password.as_bytes(), &salt, expected.as_bytes().len())? == expected)
}

/// Checks a password. Without a stored hash the same work is done against a hash nobody has the password of, so that an
/// unknown name takes as long as a wrong password.
///
/// # Errors
/// When the program is ending.
pub async fn check_password(stored: Option<String>, password: String) -> anyhow::Result<bool> {
    static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_password(&new_token()).ok());
    // a password that was made void is no hash
    let stored = stored.filter(|hash| PasswordHash::new(hash).is_ok());
    let known = stored.is_some();
    let _turn = HASHING.acquire().await?;
    let matches = tokio::task::spawn_blocking(move || {
        let Some(hash) = stored.or_else(|| NOBODY.clone()) else { return false };
        PasswordHash::new(&hash).is_ok_and(|hash| is_of(&password, &hash).is_ok_and(|same| same))
    })
    .await?;
    Ok(known && matches)
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher as _;
    use argon2::PasswordVerifier as _;

    use super::*;

    #[tokio::test]
    async fn a_password_is_checked_against_its_hash_only() {
        let hash = hash_password("shan-shui-2026").expect("argon2");
        assert!(check_password(Some(hash.clone()), "shan-shui-2026".into()).await.expect("joined"));
        assert!(!check_password(Some(hash), "shan-shui-2025".into()).await.expect("joined"));
        assert!(!check_password(None, "shan-shui-2026".into()).await.expect("joined"));
        assert!(!check_password(Some(String::new()), String::new()).await.expect("joined"));
    }

    #[tokio::test]
    async fn hashes_are_those_of_everybody() {
        let ours = hash_password("shan-shui-2026").expect("argon2");
        assert!(ours.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{ours}");
        Argon2::default().verify_password(b"shan-shui-2026", ours.as_str()).expect("as the library checks it");
        let small = Params::new(64, 3, 2, Some(20)).expect("allowed");
        let theirs = Argon2::new(Algorithm::Argon2i, Version::V0x10, small).hash_password(b"other").expect("made");
        assert!(check_password(Some(theirs.to_string()), "other".into()).await.expect("joined"));
        assert!(!check_password(Some(theirs.to_string()), "another".into()).await.expect("joined"));
    }
}
