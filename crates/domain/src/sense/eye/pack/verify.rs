//! Is a pack whole (证据包核验)? Every finding is named; nothing is mended, and the look goes on after the first.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Digests, FILES_MAX, File, Kind, MANIFEST, Manifest, Signature, Unreadable, canonical, key_id, statement};
use crate::act::chain::{Broken, Walk};

/// Findings of one kind, at most; what comes after them is not named.
const EACH_MAX: usize = 100;

/// A file as it was found in a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// Digests of its bytes.
    pub digests: Digests,
}

impl Found {
    /// Of bytes.
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        Self { name: name.to_owned(), bytes: bytes.len() as u64, digests: Digests::of(bytes) }
    }
}

/// Something that is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// There is no manifest.
    #[error("there is no {MANIFEST}")]
    NoManifest,
    /// The manifest cannot be read.
    #[error("the manifest cannot be read: {0}")]
    Manifest(Unreadable),
    /// The manifest's bytes are not those that this program writes.
    #[error("the manifest is not canonical JSON")]
    NotCanonical,
    /// A file is named and not there.
    #[error("{0} is missing")]
    Missing(String),
    /// A file is there and not named.
    #[error("{0} is in the pack and not in the manifest")]
    Extra(String),
    /// A file is named, or there, twice.
    #[error("{0} is there twice")]
    Twice(String),
    /// A file is another than the one that was named.
    #[error("{name} was changed: its {what} is another")]
    Changed {
        /// Which.
        name: String,
        /// What of it: `length`, `sha256`, `sm3`.
        what: &'static str,
    },
    /// The chain has no step.
    #[error("the chain of the event has no step")]
    NoSteps,
    /// A step was changed.
    #[error("the chain is broken at step {0}: it was changed")]
    StepChanged(u64),
    /// A step is not the one that follows.
    #[error("the chain is broken at step {0}: it does not follow the one before it")]
    StepOutOfOrder(u64),
    /// A step belongs to another event.
    #[error("step {0} belongs to another event")]
    StepOfAnother(u64),
    /// A picture or clip is none that the chain names.
    #[error("{0} is no recording that the chain of the event names")]
    NotOfChain(String),
    /// There is no signature.
    #[error("there is no signature")]
    NoSignature,
    /// The signature cannot be read.
    #[error("the signature cannot be read: {0}")]
    Signature(Unreadable),
    /// The signature is of another manifest.
    #[error("the signature is of another manifest")]
    SignatureOfAnother,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    SignatureWrong,
    /// The signature is of another key than was asked for.
    #[error("signed by the key {0}, which is not the one that was asked for")]
    Signer(String),
    /// The zip is put together in another way than this program does it.
    #[error("the zip is not put together as packs are: something may be hidden in it")]
    Hidden,
}

impl Finding {
    /// A short name that stays the same.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoManifest => "no_manifest",
            Self::Manifest(_) => "manifest",
            Self::NotCanonical => "not_canonical",
            Self::Missing(_) => "missing",
            Self::Extra(_) => "extra",
            Self::Twice(_) => "twice",
            Self::Changed { .. } => "changed",
            Self::NoSteps => "no_steps",
            Self::StepChanged(_) => "step_changed",
            Self::StepOutOfOrder(_) => "step_out_of_order",
            Self::StepOfAnother(_) => "step_of_another",
            Self::NotOfChain(_) => "not_of_chain",
            Self::NoSignature => "no_signature",
            Self::Signature(_) => "signature",
            Self::SignatureOfAnother => "signature_of_another",
            Self::SignatureWrong => "signature_wrong",
            Self::Signer(_) => "signer",
            Self::Hidden => "hidden",
        }
    }

    /// The same for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::NoManifest => format!("缺少清单{MANIFEST}"),
            Self::Manifest(e) => format!("清单不可用：{}", e.zh()),
            Self::NotCanonical => "清单不是规范格式，写成后被改动过".into(),
            Self::Missing(name) => format!("清单所列文件{name}缺失"),
            Self::Extra(name) => format!("文件{name}不在清单之内"),
            Self::Twice(name) => format!("文件{name}出现两次"),
            Self::Changed { name, what } => {
                let what = if *what == "length" { "长度" } else { what };
                format!("文件{name}被改动：{what}与清单不符")
            }
            Self::NoSteps => "事件没有任何环节记录".into(),
            Self::StepChanged(n) => format!("环节链在第{n}步断裂：内容被改动"),
            Self::StepOutOfOrder(n) => format!("环节链在第{n}步断裂：与上一步不衔接"),
            Self::StepOfAnother(n) => format!("第{n}步不属于本事件"),
            Self::NotOfChain(name) => format!("文件{name}不是环节链所记录的取证文件"),
            Self::NoSignature => "没有签名".into(),
            Self::Signature(e) => format!("签名不可用：{}", e.zh()),
            Self::SignatureOfAnother => "签名属于另一份清单".into(),
            Self::SignatureWrong => "签名不正确".into(),
            Self::Signer(key) => format!("签名者（{key}）不是指定的公钥"),
            Self::Hidden => "压缩包结构异常，可能夹带其他内容".into(),
        }
    }
}

/// What a look at a pack gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// All that is wrong; empty where the pack is whole.
    pub findings: Vec<Finding>,
    /// The manifest, where it can be read.
    pub manifest: Option<Manifest>,
    /// The public key that signed, where the signature is right.
    pub signer: Option<String>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    /// One finding more, unless there are many of its kind.
    pub fn add(&mut self, finding: Finding) {
        let like = self.findings.iter().filter(|f| f.code() == finding.code()).count();
        if like < EACH_MAX {
            self.findings.push(finding);
        }
    }
}

/// Whether a text is signed by the key that a name names: `(signer, text, signature)`.
pub type Signed<'a> = &'a dyn Fn(&str, &str, &str) -> bool;

/// Looks at a pack: its manifest and signature, where they are there, and the other files. `key` is the public key that must have
/// signed, where it is known.
pub fn verify(
    manifest: Option<&[u8]>,
    signature: Option<&[u8]>,
    files: impl IntoIterator<Item = Found>,
    signed: Signed<'_>,
    key: Option<&str>,
) -> Report {
    let mut report = Report { findings: Vec::new(), manifest: None, signer: None };
    let Some(bytes) = manifest else {
        report.add(Finding::NoManifest);
        return report;
    };
    signer(bytes, signature, signed, key, &mut report);
    match Manifest::read(bytes) {
        Err(e) => report.add(Finding::Manifest(e)),
        Ok(manifest) => {
            if canonical(&manifest).is_ok_and(|c| c.as_bytes() != bytes) {
                report.add(Finding::NotCanonical);
            }
            listed(&manifest, files, &mut report);
            chained(&manifest, &mut report);
            report.manifest = Some(manifest);
        }
    }
    report
}

fn signer(bytes: &[u8], signature: Option<&[u8]>, signed: Signed<'_>, key: Option<&str>, report: &mut Report) {
    let read = match signature.map(Signature::read) {
        None => return report.add(Finding::NoSignature),
        Some(Err(e)) => return report.add(Finding::Signature(e)),
        Some(Ok(read)) => read,
    };
    let digest = Digests::of(bytes).sha256;
    let algorithm = if read.signer.starts_with("sm2:") { "sm2" } else { "ed25519" };
    if read.manifest_sha256 != digest {
        return report.add(Finding::SignatureOfAnother);
    }
    let itself = read.key_id == key_id(&read.signer) && read.algorithm == algorithm;
    if !itself || !signed(&read.signer, &statement(&digest), &read.signature) {
        return report.add(Finding::SignatureWrong);
    }
    if key.is_some_and(|key| key != read.signer) {
        report.add(Finding::Signer(read.signer.clone()));
    }
    report.signer = Some(read.signer);
}

fn listed(manifest: &Manifest, files: impl IntoIterator<Item = Found>, report: &mut Report) {
    let mut wanted: BTreeMap<&str, &File> = BTreeMap::new();
    for file in &manifest.files {
        if wanted.insert(&file.name, file).is_some() {
            report.add(Finding::Twice(file.name.clone()));
        }
    }
    let mut seen = BTreeSet::new();
    // whoever opens the zip has a bound of its own
    for found in files.into_iter().take(FILES_MAX * 4) {
        let Some(file) = wanted.get(found.name.as_str()) else {
            report.add(Finding::Extra(found.name));
            continue;
        };
        let same = [
            ("length", file.bytes == found.bytes),
            ("sha256", file.sha256 == found.digests.sha256),
            ("sm3", file.sm3 == found.digests.sm3),
        ];
        if let Some((what, _)) = same.iter().find(|(_, same)| !same) {
            report.add(Finding::Changed { name: found.name.clone(), what });
        }
        if !seen.insert(file.name.as_str()) {
            report.add(Finding::Twice(found.name));
        }
    }
    for name in wanted.keys().filter(|n| !seen.contains(*n)) {
        report.add(Finding::Missing((*name).to_owned()));
    }
}

/// What a step says of a file that was kept.
#[derive(Deserialize)]
struct Filed {
    what: String,
    name: String,
    sha256: String,
    sm3: String,
}

fn chained(manifest: &Manifest, report: &mut Report) {
    if manifest.steps.is_empty() {
        report.add(Finding::NoSteps);
    }
    let (stream, mut walk) = (manifest.stream(), Walk::default());
    let mut filed = BTreeSet::new();
    for link in &manifest.steps {
        if link.stream != stream {
            report.add(Finding::StepOfAnother(link.seq));
            continue;
        }
        match walk.step(link) {
            None => {}
            Some(Broken::Content { seq, .. }) => report.add(Finding::StepChanged(seq)),
            Some(Broken::Order { seq, .. } | Broken::End { seq, .. }) => report.add(Finding::StepOutOfOrder(seq)),
        }
        if let Ok(step) = serde_json::from_str::<Filed>(&link.body)
            && step.what == "filed"
        {
            filed.insert((step.name, step.sha256, step.sm3));
        }
    }
    for file in manifest.files.iter().filter(|f| f.kind != Kind::Page) {
        let own = Digests { sha256: file.sha256.clone(), sm3: file.sm3.clone() };
        let Digests { sha256, sm3 } = file.blurred_from.clone().unwrap_or(own);
        if !filed.contains(&(file.name.clone(), sha256, sm3)) {
            report.add(Finding::NotOfChain(file.name.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::act::chain::{Algorithm, Link};
    use proptest::prelude::*;

    /// A key of play: it signs by putting its name in front.
    fn sign(text: &str) -> String {
        format!("signed:{text}")
    }

    fn signed(name: &str, text: &str, signature: &str) -> bool {
        name == "aa" && signature == format!("signed:{text}")
    }

    const ENTRY: &[u8] = b"picture";
    const CLIP: &[u8] = b"blurred clip";

    fn named(code: &str) -> Named {
        Named { code: code.into(), name: "双港口".into() }
    }

    fn file(name: &str, kind: Kind, bytes: &[u8], blurred_from: Option<Digests>) -> File {
        let Digests { sha256, sm3 } = Digests::of(bytes);
        File { name: name.into(), kind, bytes: bytes.len() as u64, sha256, sm3, blurred_from }
    }

    fn filed(name: &str, bytes: &[u8]) -> String {
        let Digests { sha256, sm3 } = Digests::of(bytes);
        format!(r#"{{"at":1,"what":"filed","name":"{name}","sha256":"{sha256}","sm3":"{sm3}"}}"#)
    }

    pub fn manifest() -> Manifest {
        let mut steps: Vec<Link> = Vec::new();
        for body in
            [r#"{"at":1,"what":"begun"}"#.into(), filed("entry.jpg", ENTRY), filed("clip.mp4", b"clip"), "{}".into()]
        {
            steps.push(Link::after(steps.last(), "eye:e1", body, Algorithm::default()));
        }
        Manifest {
            format: FORMAT.into(),
            version: VERSION,
            city: "衢州市".into(),
            station: named("ms16"),
            camera: named("ms16-c1"),
            event: Seen {
                id: "e1".into(),
                number: "EYE-2026-000001".into(),
                kind: "intrusion".into(),
                kind_zh: "闯入".into(),
                label: "person".into(),
                label_zh: "人员".into(),
                fence: "f1".into(),
                fence_name: "采样口".into(),
                approached: None,
                entered: "2026-11-30T03:00:00Z".into(),
                left: None,
                score: 0.87,
            },
            rule: Rule { plan_version: 3, plan_sha256: "00".into(), thresholds: serde_json::json!({"person": 0.4}) },
            model: None,
            clocks: Clocks { server: "2026-11-30T03:00:00Z".into(), camera: None, offset_ms: Some(-120) },
            steps,
            files: vec![
                file("entry.jpg", Kind::Entry, ENTRY, None),
                file("clip.mp4", Kind::Clip, CLIP, Some(Digests::of(b"clip"))),
                file(PAGE, Kind::Page, b"<html>", None),
            ],
            doubt: None,
            verdict: None,
            visit: None,
            voice: Vec::new(),
            made: Made {
                at: "2026-11-30T04:00:00Z".into(),
                by: "王工".into(),
                reason: "移交".into(),
                program: "shanshui 0.1.0".into(),
            },
        }
    }

    fn found() -> Vec<Found> {
        vec![Found::of("entry.jpg", ENTRY), Found::of("clip.mp4", CLIP), Found::of(PAGE, b"<html>")]
    }

    fn look(manifest: &[u8], signature: Option<&[u8]>, files: Vec<Found>) -> Vec<Finding> {
        verify(Some(manifest), signature, files, &signed, None).findings
    }

    fn signature(bytes: &[u8]) -> Vec<u8> {
        Signature::of(bytes, "aa", &sign).bytes().expect("bytes")
    }

    #[test]
    fn a_whole_pack_is_whole() {
        let bytes = manifest().bytes().expect("bytes");
        let report = verify(Some(&bytes), Some(&signature(&bytes)), found(), &signed, Some("aa"));
        assert_eq!(report.findings, []);
        assert!(report.is_whole() && report.signer.as_deref() == Some("aa"));
        assert_eq!(report.manifest, Some(manifest()));
    }

    #[test]
    fn files_that_are_missing_changed_new_or_doubled() {
        let bytes = manifest().bytes().expect("bytes");
        let signature = signature(&bytes);
        let mut files = found();
        files.remove(0);
        files[0] = Found::of("clip.mp4", b"blurred clap");
        files.push(Found::of("more.txt", b""));
        files.push(Found::of(PAGE, b"<html>"));
        let findings = look(&bytes, Some(&signature), files);
        assert_eq!(
            findings,
            [
                Finding::Changed { name: "clip.mp4".into(), what: "sha256" },
                Finding::Extra("more.txt".into()),
                Finding::Twice(PAGE.into()),
                Finding::Missing("entry.jpg".into()),
            ]
        );
        let short = vec![Found::of("entry.jpg", b"pic"), found().remove(1), found().remove(2)];
        let changed = Finding::Changed { name: "entry.jpg".into(), what: "length" };
        assert_eq!(look(&bytes, Some(&signature), short), std::slice::from_ref(&changed));
        assert_eq!(changed.zh(), "文件entry.jpg被改动：长度与清单不符");
    }

    #[test]
    fn a_changed_manifest_loses_its_signature() {
        let bytes = manifest().bytes().expect("bytes");
        let good = signature(&bytes);
        let text = String::from_utf8(bytes.clone()).expect("text").replace("0.87", "0.97");
        assert_eq!(look(text.as_bytes(), Some(&good), found()), [Finding::SignatureOfAnother]);
        let mut forged = Signature::read(&good).expect("a signature");
        forged.manifest_sha256 = Digests::of(text.as_bytes()).sha256;
        let forged = forged.bytes().expect("bytes");
        assert_eq!(look(text.as_bytes(), Some(&forged), found()), [Finding::SignatureWrong]);
        assert_eq!(look(&bytes, None, found()), [Finding::NoSignature]);
        assert!(matches!(look(&bytes, Some(b"{}"), found())[..], [Finding::Signature(_)]));
        let other = verify(Some(&bytes), Some(&good), found(), &signed, Some("bb"));
        assert_eq!(other.findings, [Finding::Signer("aa".into())]);
        assert_eq!(verify(None, None, found(), &signed, None).findings, [Finding::NoManifest]);
    }

    #[test]
    fn a_broken_chain_is_named_by_its_step() {
        let spoil = |change: &dyn Fn(&mut Manifest)| {
            let mut m = manifest();
            change(&mut m);
            let bytes = m.bytes().expect("bytes");
            look(&bytes, Some(&signature(&bytes)), found())
        };
        assert_eq!(spoil(&|m| m.steps[3].body = "{ }".into()), [Finding::StepChanged(4)]);
        assert_eq!(spoil(&|m| drop(m.steps.remove(0))), [Finding::StepOutOfOrder(2)]);
        assert_eq!(spoil(&|m| m.steps.swap(2, 3)), [Finding::StepOutOfOrder(4), Finding::StepOutOfOrder(3)]);
        assert_eq!(spoil(&|m| m.event.id = "e2".into()).len(), 4 + 2, "steps of another event name nothing");
        assert_eq!(
            spoil(&|m| m.steps.clear()),
            [Finding::NoSteps, Finding::NotOfChain("entry.jpg".into()), Finding::NotOfChain("clip.mp4".into())]
        );
        assert_eq!(spoil(&|m| m.files[1].blurred_from = None), [Finding::NotOfChain("clip.mp4".into())]);
    }

    #[test]
    fn what_is_no_manifest_or_not_as_we_write_it() {
        let bytes = manifest().bytes().expect("bytes");
        let pretty = serde_json::to_vec_pretty(&manifest()).expect("json");
        assert_eq!(look(&pretty, Some(&signature(&pretty)), found()), [Finding::NotCanonical]);
        for (from, to) in [
            ("\"version\":1", "\"version\":2"),
            ("\"entry.jpg\",\"sha256\"", "\"../entry.jpg\",\"sha256\""),
            ("\"visit\":null", "\"visit\":null,\"more\":1"),
        ] {
            let text = String::from_utf8(bytes.clone()).expect("text");
            let text = text.replacen(from, to, 1);
            let other = text.as_bytes();
            assert_ne!(other, bytes, "{from} is not in it");
            assert!(matches!(look(other, Some(&signature(other)), found())[..], [Finding::Manifest(_)]), "{from}");
        }
        let much = vec![b' '; MANIFEST_BYTES_MAX + 1];
        assert!(matches!(look(&much, None, found())[1], Finding::Manifest(Unreadable::TooMuch { .. })));
        let mut m = manifest();
        m.files[0].name = "a/b".into();
        assert_eq!(m.bytes(), Err(Unreadable::Name("a/b".into())));
    }

    proptest! {
        /// Whatever byte is changed, it is found.
        #[test]
        fn no_byte_can_be_changed(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let mut bytes = manifest().bytes().expect("bytes");
            let signature = signature(&bytes);
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            prop_assert!(!look(&bytes, Some(&signature), found()).is_empty());
        }

        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            look(&bytes, Some(&bytes), Vec::new());
        }
    }
}
