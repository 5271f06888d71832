//! Signatures of the audit's roots: Ed25519 (RFC 8032), or SM2 with SM3 (GB/T 32918.2, 商用密码) where a city must use the state's
//! own algorithms.
//!
//! A signer is known by its public key: 64 hex digits are Ed25519, `sm2:` and 130 hex digits are a point of SM2, uncompressed.

use anyhow::anyhow;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sm2::SecretKey;
use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::dsa::{Signature, SigningKey, VerifyingKey};

/// Who signs, where nobody has said otherwise (GM/T 0009-2012, 10).
const SM2_ID: &str = "1234567812345678";
/// In front of a public key of SM2.
const SM2: &str = "sm2:";

/// How roots are signed (签名算法).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Ed25519.
    #[default]
    Ed25519,
    /// SM2 with SM3.
    Sm2,
}

/// A key that signs. The same 32 bytes are a seed of Ed25519 or a number of SM2.
pub enum Signer {
    /// Ed25519.
    Ed25519(Ed25519KeyPair),
    /// SM2.
    Sm2(Box<SigningKey>),
}

impl Signer {
    /// From the 32 bytes of a file.
    ///
    /// # Errors
    /// When they are no key: of SM2 a number that is not between 1 and the order less two.
    pub fn of(scheme: Scheme, bytes: &[u8]) -> anyhow::Result<Self> {
        match scheme {
            Scheme::Ed25519 => Ed25519KeyPair::from_seed_unchecked(bytes)
                .map(Self::Ed25519)
                .map_err(|e| anyhow!("no key of Ed25519: {e}")),
            Scheme::Sm2 => {
                let key = SecretKey::from_slice(bytes).map_err(|e| anyhow!("no key of SM2: {e}"))?;
                let key = SigningKey::new(SM2_ID, &key).map_err(|e| anyhow!("no key of SM2: {e}"))?;
                Ok(Self::Sm2(Box::new(key)))
            }
        }
    }

    /// The public key, as roots name it.
    pub fn name(&self) -> String {
        match self {
            Self::Ed25519(pair) => hex::encode(pair.public_key()),
            Self::Sm2(key) => format!("{SM2}{}", hex::encode(key.verifying_key().to_sec1_bytes())),
        }
    }

    /// The signature of a text, 64 bytes in hex: of SM2 the numbers r and s one after the other.
    pub fn sign(&self, text: &str) -> String {
        match self {
            Self::Ed25519(pair) => hex::encode(pair.sign(text.as_bytes())),
            Self::Sm2(key) => {
                let signature: Signature = key.sign(text.as_bytes());
                hex::encode(signature.to_bytes())
            }
        }
    }
}

/// Whether a text is signed by the key that a name names.
pub fn signed(name: &str, text: &str, signature: &str) -> bool {
    let Ok(signature) = hex::decode(signature) else { return false };
    let Some(point) = name.strip_prefix(SM2) else {
        let Ok(key) = hex::decode(name) else { return false };
        return UnparsedPublicKey::new(&ED25519, key).verify(text.as_bytes(), &signature).is_ok();
    };
    let Ok(point) = hex::decode(point) else { return false };
    let Ok(key) = VerifyingKey::from_sec1_bytes(SM2_ID, &point) else { return false };
    Signature::from_slice(&signature).is_ok_and(|signature| key.verify(text.as_bytes(), &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scheme_takes_what_it_has_signed_and_nothing_else() {
        let mut names = Vec::new();
        for scheme in [Scheme::Ed25519, Scheme::Sm2] {
            let signer = Signer::of(scheme, &[7; 32]).expect("a key");
            let (name, signature) = (signer.name(), signer.sign("a root"));
            assert_eq!(signature.len(), 128);
            assert!(signed(&name, "a root", &signature), "{scheme:?}");
            let other = Signer::of(scheme, &[8; 32]).expect("a key").name();
            let spoilt = signature.replacen(&signature[..2], if signature.starts_with("00") { "01" } else { "00" }, 1);
            let zeros = "0".repeat(128);
            for (name, text, signature) in [
                (&name, "another", &signature),
                (&other, "a root", &signature),
                (&name, "a root", &spoilt),
                (&name, "a root", &zeros),
                (&name, "a root", &signature[..126].to_owned()),
                (&name, "a root", &"no hex".to_owned()),
                (&"sm2:04".to_owned(), "a root", &signature),
                (&"sm2:no hex".to_owned(), "a root", &signature),
            ] {
                assert!(!signed(name, text, signature), "{scheme:?} {name} {text} {signature}");
            }
            names.push(name);
        }
        assert!(!names[0].starts_with("sm2:") && names[1].starts_with("sm2:04"), "{names:?}");
        assert!(Signer::of(Scheme::Sm2, &[0; 32]).is_err() && Signer::of(Scheme::Sm2, &[0xff; 32]).is_err());
    }
}
