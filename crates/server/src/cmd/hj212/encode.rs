//! `shanshui hj212 encode`: the inverse of decode, for tests of devices and of other platforms.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use hj212::{Edition, Message};
use serde::Deserialize;
use serde_json::{Map, Value};

/// One line: the fields of decode's objects that make a frame; what decode adds about damage is passed over.
#[derive(Debug, Deserialize)]
struct Line {
    edition: Option<String>,
    #[serde(default)]
    qn: Option<String>,
    st: String,
    cn: String,
    pw: String,
    mn: String,
    #[serde(default)]
    flag: Option<u8>,
    #[serde(default)]
    pnum: Option<u32>,
    #[serde(default)]
    pno: Option<u32>,
    #[serde(default)]
    rf: Option<String>,
    #[serde(default)]
    cp: Map<String, Value>,
}

pub(super) fn run(key: Option<&str>, file: Option<&Path>) -> anyhow::Result<ExitCode> {
    let key = super::key(key)?;
    let input = BufReader::new(super::super::input(file)?);
    let mut out = super::super::output(None)?;
    for (i, line) in input.lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let message = message(&line).with_context(|| format!("line {}", i + 1))?;
        let encrypt = key.as_ref().filter(|_| message.edition == Some(Edition::V2025));
        out.write_all(&message.frame(encrypt).with_context(|| format!("line {}", i + 1))?)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn message(line: &str) -> anyhow::Result<Message> {
    let line: Line = serde_json::from_str(line)?;
    let edition = match (line.flag, line.edition.as_deref()) {
        (None, _) => None,
        (Some(flag), _) if flag >> 2 == 0 => Some(Edition::V2005),
        (Some(flag), _) if flag >> 2 == 1 => Some(Edition::V2017),
        (Some(flag), _) if flag >> 2 == 2 => Some(Edition::V2025),
        (Some(flag), _) => bail!("flag: {flag} is of no edition known"),
    };
    Ok(Message {
        qn: line.qn.unwrap_or_default(),
        st: line.st,
        cn: line.cn,
        pw: line.pw,
        mn: line.mn,
        edition,
        answer: line.flag.is_some_and(|f| f & 1 == 1),
        packet: line.pnum.zip(line.pno),
        back_fill: line.rf.as_deref() == Some("1"),
        area: area(&line.cp)?,
    })
}

fn area(cp: &Map<String, Value>) -> anyhow::Result<String> {
    let mut groups = Vec::with_capacity(cp.len());
    for (name, value) in cp {
        match value {
            Value::Object(keys) => {
                let mut items = Vec::with_capacity(keys.len());
                for (key, value) in keys {
                    for value in texts(key, value)? {
                        items.push(format!("{name}-{key}={value}"));
                    }
                }
                groups.push(items.join(","));
            }
            value => groups.extend(texts(name, value)?.into_iter().map(|v| format!("{name}={v}"))),
        }
    }
    Ok(groups.join(";"))
}

fn texts(key: &str, value: &Value) -> anyhow::Result<Vec<String>> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Number(n) => Ok(vec![n.to_string()]),
        Value::Array(all) => {
            let lists = all.iter().map(|v| texts(key, v)).collect::<anyhow::Result<Vec<_>>>()?;
            Ok(lists.concat())
        }
        _ => bail!("cp: {key} is neither text nor a number"),
    }
}
