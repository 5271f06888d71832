//! Messages of SIP, read tolerantly and within bounds, and written strictly.

/// Bytes of a message, at most.
pub const BYTES_MAX: usize = 16_384;
/// Header lines, at most.
const HEADERS_MAX: usize = 100;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// A request with its method.
    Request(String),
    /// An answer with its status.
    Status(u16),
}

/// A message as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub start: Start,
    /// Names in lower case, long, and values without folds.
    headers: Vec<(String, String)>,
    /// What follows the empty line, as long as the message says.
    pub body: Vec<u8>,
}

/// What the beginning of a stream of bytes holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut {
    /// A message of so many bytes.
    Whole(usize),
    /// Not yet a whole one.
    More,
    /// Something that is none and never will be.
    Garbage,
}

impl Message {
    /// Reads one; none where the bytes are no message of SIP.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > BYTES_MAX {
            return None;
        }
        let at = head_end(bytes)?;
        let head = std::str::from_utf8(&bytes[..at]).ok()?;
        let mut lines = head.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l));
        let start = read_start(lines.next()?)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines.filter(|l| !l.is_empty()) {
            if line.starts_with([' ', '\t']) {
                let (_, value) = headers.last_mut()?;
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            if headers.len() == HEADERS_MAX {
                return None;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((long(name.trim()), value.trim().to_owned()));
        }
        let body = &bytes[(at + blank(bytes, at)).min(bytes.len())..];
        let mut message = Self { start, headers, body: Vec::new() };
        let said = match message.header("content-length") {
            Some(n) => n.parse().ok()?,
            None => body.len(),
        };
        message.body = body.get(..said)?.to_vec();
        Some(message)
    }

    /// The first value of a header, by its long name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All values of a header, line by line.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Number and method of `CSeq`.
    pub fn sequence(&self) -> Option<(u32, &str)> {
        let (number, method) = self.header("cseq")?.split_once(' ')?;
        Some((number.trim().parse().ok()?, method.trim()))
    }

    /// The branch of the first `Via`.
    pub fn branch(&self) -> Option<&str> {
        parameter(self.header("via")?, "branch")
    }

    /// The answer to a request of the other side, within or outside of a call.
    pub fn answer(&self, status: u16, reason: &str, tag: &str) -> Vec<u8> {
        let mut out = format!("SIP/2.0 {status} {reason}\r\n");
        for name in ["via", "from", "to", "call-id", "cseq"] {
            for value in self.all(name) {
                let tagged = name == "to" && parameter(value, "tag").is_none();
                let tag = if tagged { format!(";tag={tag}") } else { String::new() };
                out.push_str(&format!("{name}: {value}{tag}\r\n"));
            }
        }
        out.push_str("content-length: 0\r\n\r\n");
        out.into_bytes()
    }
}

fn read_start(line: &str) -> Option<Start> {
    if let Some(rest) = line.strip_prefix("SIP/2.0 ") {
        let status: u16 = rest.get(..3)?.parse().ok()?;
        return (100..700).contains(&status).then_some(Start::Status(status));
    }
    let mut words = line.split(' ');
    let (method, _uri, version) = (words.next()?, words.next()?, words.next()?);
    let good = version == "SIP/2.0" && !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase());
    good.then(|| Start::Request(method.to_owned()))
}

/// Where the head ends, before its empty line.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let crlf = bytes.windows(4).position(|w| w == b"\r\n\r\n");
    let lf = bytes.windows(2).position(|w| w == b"\n\n");
    match (crlf, lf) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn blank(bytes: &[u8], at: usize) -> usize {
    if bytes[at] == b'\r' { 4 } else { 2 }
}

/// What lies at the front of a connection's bytes, by `Content-Length`.
pub fn cut(bytes: &[u8]) -> Cut {
    let Some(at) = head_end(bytes) else {
        return if bytes.len() > BYTES_MAX { Cut::Garbage } else { Cut::More };
    };
    let body = at + blank(bytes, at);
    let head = String::from_utf8_lossy(&bytes[..at]);
    let mut lengths = head.lines().filter_map(|l| {
        let (name, value) = l.split_once(':')?;
        (long(name.trim()) == "content-length").then(|| value.trim().parse::<usize>().ok())
    });
    let length = match lengths.next() {
        Some(Some(n)) => n,
        Some(None) => return Cut::Garbage,
        None => 0,
    };
    match body.checked_add(length) {
        Some(whole) if whole <= BYTES_MAX => {
            if bytes.len() < whole {
                Cut::More
            } else {
                Cut::Whole(whole)
            }
        }
        _ => Cut::Garbage,
    }
}

/// The long name, in lower case, of a header.
fn long(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "v" => "via",
        "f" => "from",
        "t" => "to",
        "i" => "call-id",
        "m" => "contact",
        "l" => "content-length",
        "c" => "content-type",
        other => other,
    }
    .to_owned()
}

/// A parameter behind an address, as `tag` of `<sip:a;x=y>;tag=1`.
pub fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let outside = value.rsplit_once('>').map_or(value, |(_, rest)| rest);
    outside.split(';').skip(1).find_map(|p| {
        let (n, v) = p.split_once('=')?;
        n.trim().eq_ignore_ascii_case(name).then(|| v.trim())
    })
}

/// The address between angle brackets, or before the parameters; none where it could break a line.
pub fn address(value: &str) -> Option<&str> {
    let inner = match value.split_once('<') {
        Some((_, rest)) => rest.split_once('>')?.0,
        None => value.split(';').next()?.trim(),
    };
    let good = |b: u8| (0x21..0x7F).contains(&b) && !b"<>\"".contains(&b);
    (inner.len() <= 512 && inner.starts_with("sip") && inner.bytes().all(good)).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OK: &str = "SIP/2.0 200 OK\r\nv: SIP/2.0/UDP 1.2.3.4;branch=z9hG4bKa;received=9.9.9.9\r\nVia: second\r\n\
        f: <sip:a@b>;tag=1\r\nTo: \"X\" <sip:c@d;x=1>\r\n ;tag=two\r\ni: id\r\nCSeq: 7 INVITE\r\n\
        Record-Route: <sip:p1;lr>\r\nm: <sip:c@5.6.7.8:5070>\r\nl: 4\r\n\r\nbodyXX";

    #[test]
    fn short_names_folds_and_lengths() {
        let m = Message::read(OK.as_bytes()).expect("a message");
        assert_eq!(m.start, Start::Status(200));
        assert_eq!(m.sequence(), Some((7, "INVITE")));
        assert_eq!(m.branch(), Some("z9hG4bKa"));
        assert_eq!(m.header("to").and_then(|t| parameter(t, "tag")), Some("two"));
        assert_eq!(m.header("contact").and_then(address), Some("sip:c@5.6.7.8:5070"));
        assert_eq!((m.all("via").count(), m.body.as_slice()), (2, &b"body"[..]));
        assert_eq!(cut(OK.as_bytes()), Cut::Whole(OK.len() - 2));
        assert_eq!(cut(&OK.as_bytes()[..OK.len() - 4]), Cut::More);
        assert_eq!(cut(b"a: b\r\nContent-Length: 99999\r\n\r\n"), Cut::Garbage);
        assert_eq!(cut(&vec![b'x'; BYTES_MAX + 1]), Cut::Garbage);
    }

    #[test]
    fn an_answer_copies_what_it_must() {
        let bye = b"BYE sip:a SIP/2.0\r\nVia: one\r\nVia: two\r\nFrom: <sip:x>;tag=1\r\nTo: <sip:y>\r\nCall-ID: i\r\nCSeq: 2 BYE\r\n\r\n";
        let m = Message::read(bye).expect("a request");
        let answer = String::from_utf8(m.answer(200, "OK", "mine")).expect("text");
        assert!(
            answer.starts_with(
                "SIP/2.0 200 OK\r\nvia: one\r\nvia: two\r\nfrom: <sip:x>;tag=1\r\nto: <sip:y>;tag=mine\r\n"
            )
        );
        assert_eq!(Message::read(answer.as_bytes()).and_then(|a| a.sequence().map(|s| s.0)), Some(2));
    }

    #[test]
    fn an_address_cannot_break_a_line() {
        assert_eq!(address("<sip:a b>"), None);
        assert_eq!(address("<http://x>"), None);
        assert_eq!(address(&format!("<sip:{}>", "a".repeat(600))), None);
        assert_eq!(address("sip:a@b;expires=3"), Some("sip:a@b"));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(text in "(SIP/2.0 200 OK\r\n)?([a-zA-Z-]{1,5}:[ -~]{0,9}\r?\n){0,4}[\\PC\r\n]{0,40}") {
            let _ = Message::read(text.as_bytes());
            let _ = cut(text.as_bytes());
            let _ = parameter(&text, "tag");
            let _ = address(&text);
        }
    }
}
