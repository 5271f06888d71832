//! One row as one line: a JSON array with one value for each column.
//!
//! An integer is a number, text a string, nothing `null`. A float is `{"f":"…"}` with its 64 bits in hex, so that none is
//! rounded on its way through decimals; bytes are `{"b":"…"}` in base64. The same row gives the same line always.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::sql::Value;

/// Writes lines, counts them, and keeps their digest.
pub(super) struct Lines<W> {
    out: W,
    line: Vec<u8>,
    hash: Sha256,
    rows: u64,
    bytes: u64,
}

/// What was written.
pub(super) struct Sum {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, line: Vec::new(), hash: Sha256::new(), rows: 0, bytes: 0 }
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// One row.
    pub(super) fn put(&mut self, row: &[Value]) -> io::Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        write(row, &mut line)?;
        self.raw(&line);
        let done = self.out.write_all(&line);
        self.line = line;
        done
    }

    /// One line that is there already: it is only counted.
    pub(super) fn raw(&mut self, line: &[u8]) {
        self.hash.update(line);
        self.rows += 1;
        self.bytes += line.len() as u64;
    }

    pub(super) fn end(self) -> (W, Sum) {
        (self.out, Sum { rows: self.rows, bytes: self.bytes, sha256: hex::encode(self.hash.finalize()) })
    }
}

fn write(row: &[Value], line: &mut Vec<u8>) -> io::Result<()> {
    for (i, value) in row.iter().enumerate() {
        line.push(if i == 0 { b'[' } else { b',' });
        match value {
            Value::Null => line.extend(b"null"),
            Value::Int(n) => write!(line, "{n}")?,
            Value::Real(n) => write!(line, "{{\"f\":\"{:016x}\"}}", n.to_bits())?,
            Value::Text(text) => serde_json::to_writer(&mut *line, text)?,
            Value::Blob(bytes) => write!(line, "{{\"b\":\"{}\"}}", STANDARD.encode(bytes))?,
        }
    }
    line.extend(if row.is_empty() { b"[]\n".as_slice() } else { b"]\n" });
    Ok(())
}

/// Reads a line of so many columns; says why it cannot.
pub(super) fn parse(line: &[u8], columns: usize) -> Result<Vec<Value>, String> {
    let values: Vec<Json> = serde_json::from_slice(line).map_err(|e| e.to_string())?;
    if values.len() != columns {
        return Err(format!("{} values for {columns} columns", values.len()));
    }
    values.into_iter().map(value).collect()
}

fn value(json: Json) -> Result<Value, String> {
    match json {
        Json::Null => Ok(Value::Null),
        Json::Number(n) => n.as_i64().map(Value::Int).ok_or_else(|| format!("{n} is no integer")),
        Json::String(text) => Ok(Value::Text(text)),
        Json::Object(fields) if fields.len() == 1 => {
            let (key, inner) = fields.iter().next().ok_or("an empty object")?;
            let text = inner.as_str().ok_or("an object without text")?;
            match key.as_str() {
                "f" => u64::from_str_radix(text, 16)
                    .map(|bits| Value::Real(f64::from_bits(bits)))
                    .map_err(|e| e.to_string()),
                "b" => STANDARD.decode(text).map(Value::Blob).map_err(|e| e.to_string()),
                _ => Err(format!("{key:?} is no kind of value")),
            }
        }
        other => Err(format!("{other} is no value")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line_of(row: &[Value]) -> String {
        let mut line = Vec::new();
        write(row, &mut line).expect("memory");
        String::from_utf8(line).expect("text")
    }

    #[test]
    fn a_line_says_of_every_value_what_it_is() {
        let row = [
            Value::Null,
            Value::Int(-7),
            Value::Real(0.1),
            Value::Text("水\n\"\u{0}".into()),
            Value::Blob(vec![0, 255, b'#']),
        ];
        let line = line_of(&row);
        assert_eq!(line, "[null,-7,{\"f\":\"3fb999999999999a\"},\"水\\n\\\"\\u0000\",{\"b\":\"AP8j\"}]\n");
        assert_eq!(parse(line.as_bytes(), 5), Ok(row.to_vec()));
    }

    #[test]
    fn what_is_no_line_is_refused_with_its_reason() {
        let check = |text: &str, why: &str| {
            let said = parse(text.as_bytes(), 1).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        };
        check("[1,2]", "2 values for 1 columns");
        check("[1.5]", "no integer");
        check("[9223372036854775808]", "no integer");
        check("[{\"f\":\"xyz\"}]", "invalid digit");
        check("[{\"q\":\"1\"}]", "no kind of value");
        check("[true]", "no value");
        check("[1", "EOF");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_map(Value::Real),
            any::<String>().prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Blob),
        ]
    }

    proptest! {
        #[test]
        fn every_row_comes_back_as_it_was(row in prop::collection::vec(any_value(), 0..6)) {
            let line = line_of(&row);
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert_eq!(parse(line.as_bytes(), row.len()), Ok(row));
        }

        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200), columns in 0usize..4) {
            if let Ok(row) = parse(&bytes, columns) {
                prop_assert_eq!(row.len(), columns);
            }
        }
    }
}
