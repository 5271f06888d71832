//! The shared vectors, one row a stream: real and made frames with a label. A row is valid when its bytes are exactly one good
//! frame. The file lies beside the repository, or where `SHANSHUI_SHARED` says.

use std::path::PathBuf;

use hj212::{DevicePolicy, Limits, Sm4Key, decode_all};

fn shared(name: &str) -> Option<String> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let path = std::env::var_os("SHANSHUI_SHARED").map_or(beside, PathBuf::from).join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {} is not there", path.display());
    }
    text
}

/// Key of the annex examples of 2025: sixteen bytes 0x30.
fn annex_key(_: &[u8]) -> DevicePolicy {
    DevicePolicy { key: Some(Sm4Key::new([0x30; 16])), ..DevicePolicy::default() }
}

/// Bytes of a vector, where `\r`, `\n`, `\t`, `\\` and `\xHH` stand for themselves.
fn unescape(text: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&b, tail)) = rest.split_first() {
        let (byte, len) = match (b, tail.first()) {
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(b'n')) => (b'\n', 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(b'\\')) => (b'\\', 2),
            (b'\\', Some(b'x')) => (hex::decode(&tail[1..3]).expect("two hex digits")[0], 4),
            _ => (b, 1),
        };
        out.push(byte);
        rest = &rest[len..];
    }
    out
}

#[test]
fn every_vector_is_judged_as_labelled() {
    let Some(file) = shared("data/hj212/vectors.tsv") else { return };
    let (mut judged, mut wrong) = (0, Vec::new());
    for row in file.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let [id, label, why, _, frame] = cells[..] else { panic!("{row}: not five columns") };
        let mut seen = Vec::new();
        decode_all(&unescape(frame), &Limits::default(), &annex_key, |p| {
            let codes: Vec<&str> = p.problems().iter().map(|p| p.code.as_str()).collect();
            seen.push((p.ok(), codes.join(",")));
        });
        judged += 1;
        let ok = matches!(&seen[..], [(true, _)]);
        if ok != (label == "valid") {
            wrong.push(format!("{id} {label}: {why} -> {seen:?}"));
        }
    }
    println!("vectors: {} of {judged} as labelled", judged - wrong.len());
    assert!(wrong.is_empty() && judged > 0, "{judged} judged, wrong:\n{}", wrong.join("\n"));
}
