use super::*;
use crate::fence::Plan;
use crate::watch::{Settings, Watch};
use sha2::{Digest, Sha256};
use std::path::Path;

/// ONNX by hand: messages of protobuf, just enough of them.
mod onnx_by_hand {
    fn varint(mut n: u64) -> Vec<u8> {
        let mut out = Vec::new();
        while n >= 0x80 {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
        out
    }

    fn number(field: u64, n: u64) -> Vec<u8> {
        [varint(field << 3), varint(n)].concat()
    }

    fn bytes(field: u64, b: &[u8]) -> Vec<u8> {
        [varint(field << 3 | 2), varint(b.len() as u64), b.to_vec()].concat()
    }

    fn value(name: &str, shape: &[u64]) -> Vec<u8> {
        let dims = shape.iter().flat_map(|&d| bytes(1, &number(1, d))).collect::<Vec<_>>();
        let tensor = [number(1, 1), bytes(2, &dims)].concat();
        [bytes(1, name.as_bytes()), bytes(2, &bytes(1, &tensor))].concat()
    }

    fn constant(name: &str, shape: &[u64], data: &[f32]) -> Vec<u8> {
        let dims = shape.iter().flat_map(|&d| number(1, d)).collect::<Vec<_>>();
        let raw = data.iter().flat_map(|f| f.to_le_bytes()).collect::<Vec<_>>();
        [dims, number(2, 1), bytes(8, name.as_bytes()), bytes(9, &raw)].concat()
    }

    fn node(kind: &str, inputs: &[&str], output: &str, attribute: &[u8]) -> Vec<u8> {
        let inputs = inputs.iter().flat_map(|i| bytes(1, i.as_bytes())).collect::<Vec<_>>();
        [inputs, bytes(2, output.as_bytes()), bytes(4, kind.as_bytes()), attribute.to_vec()].concat()
    }

    /// A network that answers `mean of the input * scale + bias`, whatever is on the picture.
    pub(super) fn model(size: u64, shape: &[u64; 3], scale: &[f32], bias: &[f32]) -> Vec<u8> {
        let keep_none = bytes(5, &[bytes(1, b"keepdims"), number(3, 0), number(20, 2)].concat());
        let graph = [
            bytes(1, &node("ReduceMean", &["images"], "mean", &keep_none)),
            bytes(1, &node("Mul", &["mean", "scale"], "scaled", &[])),
            bytes(1, &node("Add", &["scaled", "bias"], "output", &[])),
            bytes(2, b"by hand"),
            bytes(5, &constant("scale", shape, scale)),
            bytes(5, &constant("bias", shape, bias)),
            bytes(11, &value("images", &[1, 3, size, size])),
            bytes(12, &value("output", shape)),
        ]
        .concat();
        [number(1, 8), bytes(7, &graph), bytes(8, &number(2, 13))].concat()
    }
}

/// YOLOX of 32 by 32 pixels and three labels: the brighter the picture, the surer it sees smoke in the middle.
fn smoke() -> Vec<u8> {
    let (mut scale, mut bias) = (vec![0.0; 21 * 8], vec![0.0; 21 * 8]);
    // place 5 is x 1, y 1 of stride 8: a box of 24 by 24 pixels around 16, 16
    bias[5 * 8..6 * 8].copy_from_slice(&[1.0, 1.0, 3f32.ln(), 3f32.ln(), 0.0, 1.0, 0.1, 0.0]);
    scale[5 * 8 + 4] = 1.0 / 255.0;
    onnx_by_hand::model(32, &[1, 21, 8], &scale, &bias)
}

fn spec_of(path: &Path, bytes: &[u8]) -> ModelSpec {
    ModelSpec {
        path: path.to_owned(),
        sha256: hex::encode(Sha256::digest(bytes)),
        family: Family::YoloX,
        input: [32, 32],
        labels: ["smoke", "debris", "boat"].map(str::to_owned).to_vec(),
        runtime: Runtime::Rten,
        threads: 1,
        library: None,
    }
}

/// Loads these bytes after a change to how they are described.
fn load_with(bytes: &[u8], change: impl FnOnce(&mut ModelSpec)) -> Result<Onnx, ModelError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.onnx");
    std::fs::write(&path, bytes).unwrap();
    let mut spec = spec_of(&path, bytes);
    change(&mut spec);
    load(&spec)
}

fn plain(level: u8) -> Picture {
    Picture::new(64, 64, vec![level; 64 * 64 * 3]).unwrap()
}

#[test]
fn a_second_set_of_labels_goes_through_the_whole() {
    let mut detector = load_with(&smoke(), |_| {}).unwrap();
    let found = detector.detect(&plain(204)).unwrap();
    assert_eq!(found.len(), 1);
    assert!((found[0].score - 0.8).abs() < 1e-3, "{found:?}");
    assert_eq!(detector.labels()[usize::from(found[0].label)], "smoke");
    let r = found[0].bbox;
    assert!((r.x0 - 0.125).abs() < 1e-4 && (r.y1 - 0.875).abs() < 1e-4, "{r:?}");
    assert!(detector.detect(&plain(10)).unwrap().is_empty());

    let text = r#"{"fences": [{"id": "yard", "kind": "fence_line", "polygon": [[0,0],[1,0],[1,1],[0,1]], "labels": ["smoke"]}]}"#;
    assert!(Plan::parse(text, Some(&coco())).is_err(), "the eighty have no smoke");
    let plan = Plan::parse(text, Some(detector.labels())).unwrap();
    let mut watch =
        Watch::new(plan, Some(Box::new(detector.share())), Settings { recheck_s: 0.0, ..Settings::default() });
    let mut told = Vec::new();
    for i in 0..10 {
        told.extend(watch.see(f64::from(i) * 0.2, 0, &plain(200 + i as u8)));
    }
    assert!(matches!(&told[..], [crate::Sight::Entered(w), ..] if w.label == "smoke"), "{told:?}");
}

#[test]
fn what_is_wrong_is_told_when_it_is_loaded() {
    let good = smoke();
    let error = |change: fn(&mut ModelSpec)| load_with(&good, change).unwrap_err();
    assert!(matches!(error(|s| s.sha256 = "ab".repeat(32)), ModelError::Hash { .. }));
    assert!(matches!(error(|s| s.sha256 = "xyz".to_owned()), ModelError::NoHash(_)));
    assert!(matches!(error(|s| s.path = "/nowhere/m.onnx".into()), ModelError::Unreadable { .. }));
    assert!(matches!(error(|s| s.input = [30, 32]), ModelError::Input { .. }));
    assert!(matches!(error(|s| s.threads = 0), ModelError::Threads(0)));
    assert!(matches!(error(|s| s.labels[2] = "smoke".to_owned()), ModelError::Labels(_)));
    assert_eq!(
        error(|s| s.labels = vec!["smoke".to_owned()]),
        ModelError::Shape { expected: "1×21×6".to_owned(), found: "1×21×8".to_owned() }
    );
    assert!(matches!(error(|s| s.family = Family::NanoDet), ModelError::Shape { .. }));
    assert!(matches!(error(|s| s.input = [64, 64]), ModelError::Shape { .. } | ModelError::Run(_)));
    #[cfg(not(feature = "ort"))]
    assert_eq!(error(|s| s.runtime = Runtime::Ort), ModelError::NoOrt);
    let said = error(|s| s.sha256 = "ab".repeat(32)).zh();
    assert!(said.contains("拒绝加载") && said.contains(&hex::encode(Sha256::digest(&good))), "{said}");
}

#[test]
fn damaged_files_are_errors_and_never_a_panic() {
    let good = smoke();
    assert!(matches!(load_with(b"", |_| {}), Err(ModelError::Corrupt(_))));
    assert!(matches!(load_with(b"no model at all, but some text", |_| {}), Err(ModelError::Corrupt(_))));
    for cut in (0..good.len()).step_by(41) {
        assert!(load_with(&good[..cut], |_| {}).is_err(), "cut at {cut}");
    }
    for i in 0..400 {
        let mut bad = good.clone();
        bad[i] ^= 1 << (i % 8);
        // a flipped bit of a weight or a name is still a model; whatever comes, it comes back
        if let Ok(mut detector) = load_with(&bad, |_| {}) {
            let _ = detector.detect(&plain(200));
        }
    }
}

#[test]
fn a_panic_of_a_runtime_is_an_error() {
    let panics = || std::panic::resume_unwind(Box::new("index 7 out of bounds".to_owned()));
    let error: Result<(), String> = load::guarded(panics);
    assert_eq!(error, Err("the runtime panicked: index 7 out of bounds".to_owned()));
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.onnx");
    std::fs::File::create(&path).unwrap().set_len(FILE_MAX + 1).unwrap();
    assert_eq!(load(&spec_of(&path, b"")).unwrap_err(), ModelError::TooLarge { path });
}

#[test]
fn a_description_is_read_as_an_operator_writes_it() {
    let text = r#"{"path": "m.onnx", "sha256": "00", "family": "yolov8", "input": [384, 640]}"#;
    let spec: ModelSpec = serde_json::from_str(text).unwrap();
    assert_eq!((spec.family, spec.runtime, spec.threads, spec.input), (Family::YoloV8, Runtime::Rten, 1, [384, 640]));
    assert!(serde_json::from_str::<ModelSpec>(&text.replace("family", "families")).is_err());
    assert_eq!(coco().len(), 80);
    assert_eq!((coco()[0].as_str(), coco()[79].as_str(), coco()[16].as_str()), ("person", "toothbrush", "dog"));
}
