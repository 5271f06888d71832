//! Bytes for people.

/// Raw bytes as text: what is text stays, the rest becomes `\r`, `\n`, `\xHH`; nothing is lost.
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let hex = |out: &mut String, byte: u32| {
        // writing to a string cannot fail
        out.push_str(&format!("\\x{byte:02X}"));
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\r' => out.push_str("\\r"),
                '\n' => out.push_str("\\n"),
                '\\' => out.push_str("\\\\"),
                c if c.is_control() => hex(&mut out, u32::from(c)),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            hex(&mut out, u32::from(*byte));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_without_loss() {
        assert_eq!(printable("##0001路\r\n".as_bytes()), "##0001路\\r\\n");
        assert_eq!(printable(&[b'a', 0xE4, 0x00, b'\\']), "a\\xE4\\x00\\\\");
    }
}
