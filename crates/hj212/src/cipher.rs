//! SM4-ECB of the data area (HJ 212-2025 §6.4 and annex A.2, second hand): whole 16-byte blocks between `CP=&&` and the closing
//! `&&`; the last 0–15 bytes stay plain, so the length does not change. The CRC covers the plain text.

use std::fmt;

use ::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use sm4::Sm4;

/// A device's key. Never shown.
#[derive(Clone)]
pub struct Sm4Key([u8; 16]);

impl Sm4Key {
    /// A key from its sixteen bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A key from 32 hex digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        if digits.len() != 32 {
            return None;
        }
        let mut key = [0u8; 16];
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            *byte = hex_byte(pair)?;
        }
        Some(Self(key))
    }

    /// Decrypts the whole blocks of `area` where they lie.
    pub fn decrypt(&self, area: &mut [u8]) {
        let sm4 = Sm4::new(&Array(self.0));
        for block in area.as_chunks_mut::<16>().0 {
            let mut b = Array(*block);
            sm4.decrypt_block(&mut b);
            *block = b.0;
        }
    }

    /// Encrypts the whole blocks of `area` where they lie.
    pub fn encrypt(&self, area: &mut [u8]) {
        let sm4 = Sm4::new(&Array(self.0));
        for block in area.as_chunks_mut::<16>().0 {
            let mut b = Array(*block);
            sm4.encrypt_block(&mut b);
            *block = b.0;
        }
    }
}

/// One byte from two hex digits.
pub(crate) fn hex_byte(pair: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(pair).ok().filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

impl fmt::Debug for Sm4Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sm4Key(…)")
    }
}

/// Whether a command's data area is encrypted on lines that encrypt: 2000–2999 from the field, 1014, 3020.
pub fn covers(cn: &[u8]) -> bool {
    matches!(cn, [b'2', _, _, _] | b"1014" | b"3020")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = Sm4Key::from_hex("30303030303030303030303030303030").expect("32 digits");
        assert_eq!(format!("{key:?}"), "Sm4Key(…)");
        assert!(Sm4Key::from_hex("3030").is_none() && Sm4Key::from_hex(&"+3".repeat(16)).is_none());
    }

    #[test]
    fn the_first_block_of_the_annex_examples() {
        // HJ 212-2025 annex A.2: sixteen bytes 0x30 as key; both printed ciphers begin with this block
        let key = Sm4Key::new([0x30; 16]);
        let mut area = *b"DataTime=2024052tail";
        key.encrypt(&mut area);
        assert_eq!(area[..8], [0xE4, 0x3E, 0x15, 0x9A, 0xCF, 0xAB, 0x24, 0x2C]);
        assert_eq!(&area[16..], b"tail");
        key.decrypt(&mut area);
        assert_eq!(&area, b"DataTime=2024052tail");
    }
}
