//! `shanshui hj212 decode`.

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

use hj212::decode::text;
use hj212::{Decoder, DevicePolicy, Limits, Piece};
use serde_json::{Map, Value, json};

use crate::text::printable;

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

pub(super) fn run(strict: bool, key: Option<&str>, file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let key = super::key(key)?;
    let policy = |_: &[u8]| DevicePolicy { key: key.clone(), ..DevicePolicy::default() };
    let mut input = super::super::input(file)?;
    let mut out = super::super::output(None)?;
    let mut decoder = Decoder::new(Limits { strict, ..Limits::default() });
    let mut chunk = vec![0u8; CHUNK];
    let mut bad = 0u64;
    let mut write = |piece: Piece<'_>| -> std::io::Result<()> {
        bad += u64::from(!piece.ok());
        serde_json::to_writer(&mut out, &object(&piece))?;
        out.write_all(b"\n")
    };
    loop {
        let n = input.read(&mut chunk)?;
        if n == 0 {
            break;
        }
        decoder.push(&chunk[..n]);
        while let Some(piece) = decoder.next_piece(&policy) {
            write(piece)?;
        }
    }
    while let Some(piece) = decoder.finish(&policy) {
        write(piece)?;
    }
    out.flush()?;
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A piece as JSON: what the command prints and the telegram page shows.
pub fn object(piece: &Piece<'_>) -> Value {
    let field = |bytes: &[u8]| if bytes.is_empty() { Value::Null } else { Value::from(text(bytes)) };
    let problems = piece.problems().iter().map(|p| json!({"code": p.code.as_str(), "detail": p.detail}));
    let edition = if piece.cn().is_empty() { Value::Null } else { Value::from(piece.edition().as_str()) };
    json!({
        "offset": piece.offset,
        "ok": piece.ok(),
        "usable": piece.usable(),
        "encrypted": piece.encrypted,
        "problems": problems.collect::<Vec<_>>(),
        "edition": edition,
        "qn": field(piece.qn()),
        "st": field(piece.st()),
        "cn": field(piece.cn()),
        "pw": field(piece.pw()),
        "mn": field(piece.mn()),
        "flag": piece.flag(),
        "pnum": piece.pnum(),
        "pno": piece.pno(),
        "rf": piece.rf().map(text),
        "cp": area(piece),
        "raw": printable(piece.raw),
    })
}

/// The data area: plain keys beside factors, each factor an object of its keys. A key sent twice keeps all its values, in a list.
pub fn area(piece: &Piece<'_>) -> Value {
    let mut out = Map::new();
    for (code, key, value) in piece.items() {
        let value = Value::from(text(value));
        if code.is_empty() {
            add(&mut out, &text(key), value);
            continue;
        }
        let factor = out.entry(text(code)).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(factor) = factor {
            add(factor, &text(key), value);
        }
    }
    Value::Object(out)
}

fn add(map: &mut Map<String, Value>, key: &str, value: Value) {
    match map.get_mut(key) {
        None => {
            map.insert(key.to_owned(), value);
        }
        Some(Value::Array(all)) => all.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}
