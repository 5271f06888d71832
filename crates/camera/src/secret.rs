//! Addresses that may hold a user and a password, and texts from which such things are taken out.

use std::fmt;

use serde::{Deserialize, Deserializer};
use url::Url;

/// A camera's address. It shows itself only without user, password, query and fields in its path: `rtsp://***@host:554/path`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The address with everything in it. For whoever opens it, never for people or logs.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The address as it may be shown.
    pub fn shown(&self) -> String {
        if self.0.starts_with('/') {
            return self.0.clone();
        }
        let Ok(url) = Url::parse(&self.0) else {
            return "***".to_owned();
        };
        let Some(host) = url.host_str() else {
            return format!("{}:{}", url.scheme(), shown_path(url.path()));
        };
        let who = if url.username().is_empty() && url.password().is_none() { "" } else { "***@" };
        let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
        let query = if url.query().is_some() { "?***" } else { "" };
        format!("{}://{who}{host}{port}{}{query}", url.scheme(), shown_path(url.path()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.shown())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(Self)
    }
}

/// Takes what is secret of some addresses out of any text, for what other programs print.
#[derive(Clone, Default)]
pub(crate) struct Scrubber {
    /// What is replaced, the longest first.
    needles: Vec<(String, String)>,
}

impl Scrubber {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut needles = Vec::new();
        for secret in secrets {
            if secret.0.starts_with('/') {
                continue;
            }
            needles.push((secret.0.clone(), secret.shown()));
            if let Ok(url) = Url::parse(&secret.0) {
                needles.push((url.to_string(), secret.shown()));
                let segments: Vec<&str> = url.path().split('/').filter(|s| has_fields(s)).collect();
                let parts = [url.password(), Some(url.username()), url.query()].into_iter().flatten();
                let whole = parts.chain(segments.iter().copied()).flat_map(hidden);
                let single = segments.iter().copied().chain(url.query()).flat_map(secret_values);
                needles.extend(whole.chain(single).map(|n| (n, "***".to_owned())));
            }
        }
        needles.sort_by_key(|(n, _)| std::cmp::Reverse(n.len()));
        needles.dedup();
        Self { needles }
    }

    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (needle, instead) in &self.needles {
            if out.contains(needle.as_str()) {
                out = out.replace(needle.as_str(), instead);
            }
        }
        without_users(&out)
    }
}

/// Many recorders take user and password in the path: `/user=admin&password=secret&channel=1&stream=0.sdp`.
fn has_fields(segment: &str) -> bool {
    decode(segment).contains(['=', '&', ';', '@'])
}

fn shown_path(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').map(|s| if has_fields(s) { "***" } else { s }).collect();
    segments.join("/")
}

/// Fields of this name hold what is secret.
fn is_secret(key: &str) -> bool {
    const PARTS: [&str; 13] =
        ["pass", "pw", "psw", "user", "usr", "login", "account", "auth", "token", "key", "secret", "sign", "session"];
    let key = key.to_ascii_lowercase();
    matches!(key.as_str(), "u" | "p") || PARTS.iter().any(|part| key.contains(part))
}

/// The secret values of fields. What other fields hold stays readable by itself: FFmpeg's own words are among it (`h264`, `1920x1080`,
/// `unicast`), and no line of it could be understood any more. A number of three digits is part of too many others.
fn secret_values(fields: &str) -> Vec<String> {
    let open = decode(fields);
    let text = if fields.contains('=') { fields } else { open.as_str() };
    let mut pieces = text.split('=').peekable();
    let mut key = pieces.next().map_or("", |first| parted(first).1);
    let mut found = Vec::new();
    while let Some(piece) = pieces.next() {
        let (value, next) = if pieces.peek().is_some() { parted(piece) } else { (until_field(piece), "") };
        let least = if value.bytes().all(|b| b.is_ascii_digit()) { 4 } else { 3 };
        if is_secret(key) && value.len() >= least {
            found.extend([value.to_owned(), decode(value)]);
        }
        key = next;
    }
    found
}

/// What stands between two `=`: the value of one field, the key of the next. Some makers set them apart by `_`, which others have within.
fn parted(piece: &str) -> (&str, &str) {
    match piece.rfind(APART) {
        Some(last) => (until_field(piece), &piece[last + 1..]),
        None => piece.rsplit_once('_').unwrap_or((piece, piece)),
    }
}

fn until_field(piece: &str) -> &str {
    piece.find(APART).map_or(piece, |end| &piece[..end])
}

/// What sets fields apart.
const APART: [char; 4] = ['&', ';', ',', '?'];

/// The forms in which a part of an address may show: as written and decoded. Short ones would hit ordinary words.
fn hidden(part: &str) -> Vec<String> {
    let decoded = decode(part);
    let mut forms = vec![part.to_owned(), decoded];
    forms.retain(|f| f.len() >= 4);
    forms
}

fn decode(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = part.get(i + 1..i + 3).and_then(|h| u8::from_str_radix(h, 16).ok());
        match (bytes[i], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 3;
            }
            (byte, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `scheme://anything@` becomes `scheme://***@`, whoever's it is.
fn without_users(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail.find(|c: char| c == '/' || c.is_whitespace() || c == '\'' || c == '"').unwrap_or(tail.len());
        match tail[..end].rfind('@') {
            Some(who) => {
                out.push_str("***");
                rest = &tail[who..];
            }
            None => rest = tail,
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_shows_itself_without_user_and_query() {
        let s = Secret::new("rtsp://op:p%40ss@10.0.0.7:554/h264/ch1?token=abcdef");
        assert_eq!(s.to_string(), "rtsp://***@10.0.0.7:554/h264/ch1?***");
        assert!(!format!("{s:?}").contains("p%40ss"));
        assert_eq!(Secret::new("not an address op:pw").to_string(), "***");
        assert_eq!(Secret::new("/srv/clip.mp4").to_string(), "/srv/clip.mp4");
    }

    #[test]
    fn a_path_that_holds_a_password_is_not_shown() {
        for (address, shown) in [
            ("rtsp://10.0.0.5:554/user=admin&password=Xy12&channel=1&stream=0.sdp", "rtsp://10.0.0.5:554/***"),
            ("rtsp://10.0.0.5/user=admin_password=Xy12_channel=1_stream=0.sdp?real_stream", "rtsp://10.0.0.5/***?***"),
            ("rtsp://10.0.0.5/live/user%3Dadmin%26password%3DXy12/main", "rtsp://10.0.0.5/live/***/main"),
            ("rtsp://10.0.0.5/34@x;y/ch1", "rtsp://10.0.0.5/***/ch1"),
            ("rtsp://op:pw@10.0.0.5/Streaming/Channels/101", "rtsp://***@10.0.0.5/Streaming/Channels/101"),
        ] {
            let once = Secret::new(address).shown();
            assert_eq!(once, shown);
            assert_eq!(Secret::new(once.clone()).shown(), once, "what is shown is shown as it is");
        }
    }

    #[test]
    fn texts_lose_the_password_of_a_path() {
        for (address, secret) in [
            ("rtsp://10.0.0.5:554/user=admin&password=Xy12&channel=1&stream=0.sdp", ["admin", "Xy12"]),
            ("rtsp://10.0.0.5/user=admin_password=Xy_12_channel=1_stream=0.sdp?real_stream", ["admin", "Xy_12"]),
            ("rtsp://10.0.0.5/live/user%3Dadmin%26password%3DXy12", ["admin", "Xy12"]),
            ("http://10.0.0.5/snap.cgi?usr=admin&pwd=88%40888&size=640x480", ["admin", "88@888"]),
        ] {
            let scrub = Scrubber::new([&Secret::new(address)]);
            let [user, password] = secret;
            for text in [format!("{address}: 401"), format!("DESCRIBE {user} {password}"), decode(address)] {
                let out = scrub.scrub(&text);
                assert!(!out.contains(user) && !out.contains(password), "{out}");
            }
            let plain = "Stream #0:0: Video: h264, 640x480, 0.sdp, channel 1";
            assert_eq!(scrub.scrub(plain), plain, "{address}");
        }
    }

    #[test]
    fn short_numbers_are_left_in_other_numbers() {
        let values = |fields: &str| secret_values(fields).first().cloned().unwrap_or_default();
        assert_eq!(values("password=123&channel=1"), "");
        assert_eq!(values("password=1234"), "1234");
        assert_eq!(values("p=ab&u=admin"), "admin");
        assert_eq!(values("stream=main_sub&fps=25"), "");
    }

    #[test]
    fn texts_lose_every_form_of_a_password() {
        let s = Secret::new("rtsp://operator:p%40ss-word@10.0.0.7/ch1");
        let scrub = Scrubber::new([&s]);
        for text in [
            "open rtsp://operator:p%40ss-word@10.0.0.7/ch1 failed",
            "user operator pass p@ss-word",
            "rtsp://other:pw@host/x: 401",
        ] {
            let out = scrub.scrub(text);
            assert!(
                !out.contains("p@ss-word")
                    && !out.contains("p%40ss")
                    && !out.contains("operator")
                    && !out.contains("other:pw"),
                "{out}"
            );
        }
        assert_eq!(scrub.scrub("nothing to see at http://host/x"), "nothing to see at http://host/x");
    }
}
