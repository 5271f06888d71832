//! Addresses that may hold a user and a password, and texts from which such things are taken out.

use std::fmt;

use serde::{Deserialize, Deserializer};
use url::Url;

/// A camera's address. It shows itself only without user, password and query: `rtsp://***@host:554/path`.
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
            return format!("{}:{}", url.scheme(), url.path());
        };
        let who = if url.username().is_empty() && url.password().is_none() { "" } else { "***@" };
        let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
        let query = if url.query().is_some() { "?***" } else { "" };
        format!("{}://{who}{host}{port}{}{query}", url.scheme(), url.path())
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
                let parts = [url.password(), Some(url.username()), url.query()];
                needles.extend(parts.into_iter().flatten().flat_map(hidden).map(|n| (n, "***".to_owned())));
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
