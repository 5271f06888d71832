//! The pack of evidence of an event (证据包): what a manifest says, in which bytes, and what is signed.
//!
//! A pack is a zip of `manifest.json`, `signature.json` and the files that the manifest names. The manifest is canonical JSON: keys in
//! the order of their bytes, nothing between the tokens, fractions to a millionth. What is signed is a text of two lines, the
//! second of which is the SHA-256 of these bytes, so that nobody needs this program to check it.
//!
//! The steps of the event are the links of its own chain, word for word. A picture or clip is named in the chain when it is kept;
//! a copy with faces made unrecognisable names the digest of what it was made from, so that it hangs on the same link.

pub mod verify;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::act::chain::{Algorithm, Link};

/// What a manifest begins with.
pub const FORMAT: &str = "shanshui-eye-pack";
/// The edition of the format.
pub const VERSION: u32 = 1;
/// Name of the manifest within a pack.
pub const MANIFEST: &str = "manifest.json";
/// Name of the signature within a pack.
pub const SIGNATURE: &str = "signature.json";
/// Name of the printable page within a pack.
pub const PAGE: &str = "page.html";
/// Bytes of a manifest, at most.
pub const MANIFEST_BYTES_MAX: usize = 8 << 20;
/// Bytes of a signature, at most.
pub const SIGNATURE_BYTES_MAX: usize = 8 << 10;
/// Files of a pack, at most.
pub const FILES_MAX: usize = 64;
/// Steps of an event in a pack, at most.
pub const STEPS_MAX: usize = 10_000;
/// Readings in a pack, at most.
pub const READINGS_MAX: usize = 50_000;

/// What a pack says of an event. Times are RFC 3339 texts in UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// City, as people call it.
    pub city: String,
    /// Station.
    pub station: Named,
    /// Camera.
    pub camera: Named,
    /// What was seen.
    pub event: Seen,
    /// By which rule.
    pub rule: Rule,
    /// By which model; none when only motion was seen.
    pub model: Option<Model>,
    /// What the clocks said.
    pub clocks: Clocks,
    /// The chain of the event, word for word.
    pub steps: Vec<Link>,
    /// The files beside the manifest.
    pub files: Vec<File>,
    /// The doubt about the station's data, and the readings it covers.
    pub doubt: Option<Doubt>,
    /// What a reviewer said it was.
    pub verdict: Option<Verdict>,
    /// The approved visit that covers it.
    pub visit: Option<String>,
    /// What was said by loudspeaker.
    pub voice: Vec<Said>,
    /// Who made the pack.
    pub made: Made,
}

/// A code and a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Code.
    pub code: String,
    /// As people call it, in Chinese.
    pub name: String,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Id of the event; its chain is `eye:` and this.
    pub id: String,
    /// Its number for people.
    pub number: String,
    /// Kind: `intrusion`, `crossed`, `left_behind`, `visit`.
    pub kind: String,
    /// Kind in Chinese.
    pub kind_zh: String,
    /// What it was: a label of the model, or `unclassified`.
    pub label: String,
    /// The same in Chinese.
    pub label_zh: String,
    /// The fence's id.
    pub fence: String,
    /// The fence's name.
    pub fence_name: String,
    /// When it came near.
    pub approached: Option<String>,
    /// When it entered, by the server's clock.
    pub entered: String,
    /// When it left.
    pub left: Option<String>,
    /// How sure the detector was at best, 0 to 1.
    pub score: f64,
}

/// By which rule it was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Version of the camera's plan of fences.
    pub plan_version: i64,
    /// SHA-256 of its text, in hex.
    pub plan_sha256: String,
    /// Thresholds that applied.
    pub thresholds: Value,
}

/// The model that said what a picture shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Layout of its answer.
    pub family: String,
    /// Name.
    pub name: String,
    /// SHA-256 of its file, in hex.
    pub sha256: String,
    /// What ran it.
    pub runtime: String,
}

/// What the clocks said when it entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clocks {
    /// The server's.
    pub server: String,
    /// The camera's, where it tells.
    pub camera: Option<String>,
    /// The camera's less the server's, milliseconds.
    pub offset_ms: Option<i64>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The picture of the entry (进入).
    Entry,
    /// The picture that shows most (最清晰).
    Best,
    /// The last picture (离开).
    Exit,
    /// The recording (录像).
    Clip,
    /// The printable page.
    Page,
}

impl Kind {
    /// As people say it.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Entry => "进入画面",
            Self::Best => "最清晰画面",
            Self::Exit => "离开画面",
            Self::Clip => "录像片段",
            Self::Page => "打印页",
        }
    }
}

/// One file of the pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name in the pack; see [`is_name`].
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, in hex.
    pub sha256: String,
    /// SM3, in hex.
    pub sm3: String,
    /// Digests of the recording that this copy with faces and plates made unrecognisable was made from; none where this is the
    /// recording.
    pub blurred_from: Option<Digests>,
}

/// Two digests of the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// SHA-256, in hex.
    pub sha256: String,
    /// SM3, in hex.
    pub sm3: String,
}

impl Digests {
    /// Of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut counted = Counted::default();
        counted.put(bytes);
        counted.digests()
    }
}

/// Bytes that go by, counted and digested.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    bytes: u64,
    sha256: Sha256,
    sm3: sm3::Sm3,
}

impl Counted {
    /// Some more.
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.sha256.update(bytes);
        self.sm3.update(bytes);
    }

    /// How many so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Their digests.
    pub fn digests(self) -> Digests {
        Digests { sha256: hex::encode(self.sha256.finalize()), sm3: hex::encode(self.sm3.finalize()) }
    }
}

/// The doubt about the station's data (围栏存疑).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Doubt {
    /// How it stands: `standing`, `lifted`, `confirmed`.
    pub state: String,
    /// The same in Chinese.
    pub state_zh: String,
    /// From when.
    pub from: String,
    /// Until when.
    pub to: String,
    /// Who lifted or confirmed it.
    pub by: Option<String>,
    /// Why.
    pub reason: String,
    /// The readings it covers, as they were sent.
    pub readings: Vec<Reading>,
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Factor's code.
    pub factor: String,
    /// Its name in Chinese.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Begin of its period.
    pub at: String,
    /// Value as sent; none where only a mark was.
    pub value: Option<String>,
    /// Data mark as sent.
    pub mark: String,
}

/// What a reviewer said it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The word.
    pub verdict: String,
    /// The same in Chinese.
    pub verdict_zh: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
    /// Why.
    pub reason: String,
}

/// One time that the loudspeaker spoke, or did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// When.
    pub at: String,
    /// What came of it.
    pub result: String,
    /// The same in Chinese.
    pub result_zh: String,
    /// What the device answered.
    pub detail: String,
    /// Milliseconds from the entry to the first sound.
    pub first_byte_ms: Option<i64>,
}

/// Who made a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// By which program.
    pub program: String,
}

/// The signature beside a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// `ed25519`, or `sm2` with SM3.
    pub algorithm: String,
    /// A short name of the key: the first 16 hex digits of the SHA-256 of `signer`.
    pub key_id: String,
    /// The public key, as the audit's roots name it.
    pub signer: String,
    /// SHA-256 of the manifest's bytes, in hex.
    pub manifest_sha256: String,
    /// The signature of [`statement`], in hex.
    pub signature: String,
}

/// Why bytes are no manifest, or a manifest cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// More than may be.
    #[error("{what}: {count}, at most {most}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much.
        count: usize,
        /// How much may be.
        most: usize,
    },
    /// Not what it should be.
    #[error("{0}")]
    Wrong(String),
    /// Another format or edition.
    #[error("format {0:?}, edition {1}")]
    Format(String, u32),
    /// A name that no file of a pack has.
    #[error("{0:?} is no name of a file of a pack")]
    Name(String),
}

impl Unreadable {
    /// The same for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::TooMuch { what, count, most } => format!("{what}为{count}，超过上限{most}"),
            Self::Wrong(why) => format!("内容无法识别：{why}"),
            Self::Format(format, version) => format!("不是本程序认识的证据包格式（{format:?}，第{version}版）"),
            Self::Name(name) => format!("不允许的文件名{name:?}"),
        }
    }
}

fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), Unreadable> {
    if count > most { Err(Unreadable::TooMuch { what, count, most }) } else { Ok(()) }
}

/// Whether a file of a pack may be called so: letters, digits, dots, dashes and underscores, not beginning with a dot, no folder.
pub fn is_name(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(good)
}

impl Manifest {
    /// Reads one, within bounds.
    ///
    /// # Errors
    /// When it is too large, not of this format, or names a file as none is named.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let manifest: Self = read(bytes, MANIFEST, MANIFEST_BYTES_MAX)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Its bytes: canonical JSON.
    ///
    /// # Errors
    /// When it could not be read again: too large, or a file is named as none may be.
    pub fn bytes(&self) -> Result<Vec<u8>, Unreadable> {
        self.check()?;
        let bytes = canonical(self)?.into_bytes();
        at_most(MANIFEST, bytes.len(), MANIFEST_BYTES_MAX)?;
        Ok(bytes)
    }

    fn check(&self) -> Result<(), Unreadable> {
        if self.format != FORMAT || self.version != VERSION {
            return Err(Unreadable::Format(self.format.chars().take(64).collect(), self.version));
        }
        at_most("files", self.files.len(), FILES_MAX)?;
        at_most("steps", self.steps.len(), STEPS_MAX)?;
        at_most("readings", self.doubt.as_ref().map_or(0, |d| d.readings.len()), READINGS_MAX)?;
        let wrong = self.files.iter().find(|f| !is_name(&f.name) || [MANIFEST, SIGNATURE].contains(&f.name.as_str()));
        wrong.map_or(Ok(()), |f| Err(Unreadable::Name(f.name.chars().take(80).collect())))
    }

    /// The chain that its steps belong to.
    pub fn stream(&self) -> String {
        format!("eye:{}", self.event.id)
    }
}

impl Signature {
    /// Of a manifest's bytes, by a key that is named and signs.
    pub fn of(manifest: &[u8], signer: &str, sign: &dyn Fn(&str) -> String) -> Self {
        let manifest_sha256 = Algorithm::Sha256.hex(manifest);
        Self {
            algorithm: if signer.starts_with("sm2:") { "sm2" } else { "ed25519" }.into(),
            key_id: key_id(signer),
            signer: signer.to_owned(),
            signature: sign(&statement(&manifest_sha256)),
            manifest_sha256,
        }
    }

    /// Reads one, within bounds.
    ///
    /// # Errors
    /// When it is too large or something else.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        read(bytes, SIGNATURE, SIGNATURE_BYTES_MAX)
    }

    /// Its bytes.
    ///
    /// # Errors
    /// Never, as far as is known.
    pub fn bytes(&self) -> Result<Vec<u8>, Unreadable> {
        canonical(self).map(String::into_bytes)
    }
}

/// A short name of a public key.
pub fn key_id(signer: &str) -> String {
    hex::encode(&Sha256::digest(signer)[..8])
}

/// What is signed: a text of two lines, so that no signature of something else by the same key fits.
pub fn statement(manifest_sha256: &str) -> String {
    format!("shanshui eye pack 1\n{manifest_sha256}\n")
}

fn read<T: DeserializeOwned>(bytes: &[u8], what: &'static str, most: usize) -> Result<T, Unreadable> {
    at_most(what, bytes.len(), most)?;
    serde_json::from_slice(bytes).map_err(|e| Unreadable::Wrong(format!("{what}: {e}")))
}

/// Canonical JSON: keys in the order of their bytes, nothing between the tokens. Fractions are rounded to a millionth, so that whoever
/// reads one finds the same number and writes the same text.
///
/// # Errors
/// When it is no JSON, as a number that is none.
pub fn canonical(of: &impl Serialize) -> Result<String, Unreadable> {
    let value = serde_json::to_value(of).map_err(|e| Unreadable::Wrong(e.to_string()))?;
    Ok(sorted(value).to_string())
}

fn millionth(x: f64) -> f64 {
    let rounded = (x * 1e6).round() / 1e6;
    if rounded.is_finite() { rounded } else { x }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let in_order: BTreeMap<String, Value> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            Value::Object(in_order.into_iter().collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
        Value::Number(n) if n.is_f64() => n.as_f64().map(millionth).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_fraction_stays_the_same_text(x in -1e6..1e6_f64) {
            let text = canonical(&x).expect("json");
            let again: Value = serde_json::from_str(&text).expect("json");
            prop_assert_eq!(canonical(&again), Ok(text));
        }
    }

    #[test]
    fn the_same_said_in_another_order_is_the_same_bytes() {
        let a: Value = serde_json::from_str(r#"{"b": [1.50, {"d": null, "c": "\u0061/"}], "a": 1}"#).expect("json");
        assert_eq!(canonical(&a).as_deref(), Ok(r#"{"a":1,"b":[1.5,{"c":"a/","d":null}]}"#));
        assert_eq!(canonical(&f64::NAN).as_deref(), Ok("null"));
        assert_eq!(canonical(&f64::from(0.4_f32)).as_deref(), Ok("0.4"));
    }

    #[test]
    fn names_without_folders() {
        for name in ["entry.jpg", "clip-1.mp4", "A_b"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", ".x", "..", "a/b", "a\\b", "画面.jpg", "a\n", "a b", &"x".repeat(65)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
