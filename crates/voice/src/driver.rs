//! How a loudspeaker is reached (喇叭接入): by HTTP, by RTP, by SIP. What an operator writes down for each.

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

/// Characters of any text of a driver, at most.
const TEXT_MAX: usize = 2_000;
/// Headers of an operator, at most.
const HEADERS_MAX: usize = 16;

/// A text that is sent and never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps one.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for sending only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// One way to a loudspeaker. It can be read and not written, because a secret lies in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Driver {
    /// A call of HTTP that carries the sound or sets off a clip the device has.
    Http(Box<Http>),
    /// RTP to an address, without any signalling.
    Rtp(Rtp),
    /// A SIP call.
    Sip(Sip),
}

/// A call of HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// By which method; POST where nothing is said.
    #[serde(default)]
    pub method: Method,
    /// Where. Secret, because many devices take a token in it.
    pub url: Secret,
    /// Further headers, name and value; they win over those of the body.
    #[serde(default)]
    pub headers: Vec<(String, Secret)>,
    /// What is sent.
    pub body: Body,
    /// Who calls.
    #[serde(default)]
    pub auth: Auth,
    /// How long the device may take, in seconds, beside the time the sound lasts; 1 to 60, 5 where nothing is said.
    #[serde(default = "five")]
    pub timeout_s: u16,
}

/// A method of HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET, for a trigger.
    Get,
    /// POST.
    #[default]
    Post,
    /// PUT.
    Put,
}

/// What a call of HTTP carries.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "as")]
pub enum Body {
    /// A WAV file.
    Wav,
    /// Raw A-law.
    Alaw {
        /// Not faster than it is heard, for a device that plays what comes and keeps nothing.
        #[serde(default)]
        paced: bool,
    },
    /// A JSON text that sets off a clip the device has; `{name}` in it stands for a value of the call, as a JSON text without its quotes.
    Json {
        /// The text.
        template: String,
    },
    /// Nothing: the call itself is the trigger.
    None,
}

/// Who calls by HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "as", deny_unknown_fields)]
pub enum Auth {
    /// Nobody.
    #[default]
    None,
    /// Name and password as they are.
    Basic {
        /// Name.
        user: String,
        /// Password.
        password: Secret,
    },
    /// An answer to the device's challenge; it is asked for one before the sound goes.
    Digest {
        /// Name.
        user: String,
        /// Password.
        password: Secret,
    },
}

/// RTP without signalling.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rtp {
    /// Host and port, of one device or of a group.
    pub address: String,
    /// Payload type; 8 (PCMA) where nothing is said.
    #[serde(default = "pcma")]
    pub payload_type: u8,
    /// How many routers a group's packets may pass; 1 where nothing is said.
    #[serde(default = "one")]
    pub ttl: u8,
    /// The address of the interface a group is sent by.
    #[serde(default)]
    pub interface: Option<Ipv4Addr>,
}

/// A SIP call.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sip {
    /// Host and port of the device, or of the exchange before it. All that is sent goes there, whatever an answer names.
    pub peer: String,
    /// Who is called: the part before the `@`.
    pub user: String,
    /// Who calls: the part before the `@`, or the whole `user@host`.
    pub from: String,
    /// The name that the password belongs to, where it is not that of `from`.
    #[serde(default)]
    pub login: Option<String>,
    /// The password, for an answer to a challenge.
    #[serde(default)]
    pub password: Option<Secret>,
    /// UDP or TCP.
    #[serde(default)]
    pub transport: Transport,
    /// The own address, where the system should not choose it.
    #[serde(default)]
    pub local: Option<IpAddr>,
    /// How long it may ring, in seconds; 1 to 60, 8 where nothing is said.
    #[serde(default = "eight")]
    pub ring_s: u16,
    /// Timer T1 of RFC 3261 in milliseconds; 100 to 2,000, 500 where nothing is said.
    #[serde(default = "t1")]
    pub t1_ms: u16,
}

/// What carries SIP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A connection.
    Tcp,
}

fn five() -> u16 {
    5
}
fn eight() -> u16 {
    8
}
fn t1() -> u16 {
    500
}
fn one() -> u8 {
    1
}
fn pcma() -> u8 {
    8
}

/// What is wrong with a driver as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct Wrong {
    /// Which field.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Wrong {
    /// The same for an operator.
    pub fn zh(&self) -> String {
        format!("喇叭设置项{}不正确：{}", self.field, self.why)
    }
}

impl Driver {
    /// How long a loudspeaker is busy once it is told to play a sound of so many milliseconds, at most; with a clip of its own, nobody knows.
    pub fn busy_ms(&self, sound_ms: i64) -> i64 {
        match self {
            Self::Http(http) if matches!(http.body, Body::Json { .. } | Body::None) => 0,
            Self::Http(_) | Self::Rtp(_) => sound_ms,
            Self::Sip(sip) => sound_ms + i64::from(sip.ring_s) * 1_000,
        }
    }

    /// Looks at everything that was written down, before anything is sent.
    ///
    /// # Errors
    /// The first field that cannot be used.
    pub fn check(&self) -> Result<(), Wrong> {
        match self {
            Self::Http(http) => http.check(),
            Self::Rtp(rtp) => rtp.check(),
            Self::Sip(sip) => sip.check(),
        }
    }

    /// Whether a person can talk through it.
    pub fn can_talk(&self) -> bool {
        !matches!(self, Self::Http(_))
    }
}

fn sure(good: bool, field: &'static str, why: &'static str) -> Result<(), Wrong> {
    if good { Ok(()) } else { Err(Wrong { field, why }) }
}

impl Http {
    fn check(&self) -> Result<(), Wrong> {
        let url = url::Url::parse(self.url.expose());
        let good = url.is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        sure(good && self.url.expose().len() <= TEXT_MAX, "url", "http或https地址")?;
        sure(self.headers.len() <= HEADERS_MAX, "headers", "最多16项")?;
        for (name, value) in &self.headers {
            let good = reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok()
                && reqwest::header::HeaderValue::from_str(value.expose()).is_ok()
                && name.len() + value.expose().len() <= TEXT_MAX;
            sure(good, "headers", "名称或值含有不允许的字符")?;
            let ours = ["content-length", "transfer-encoding", "host", "connection"];
            sure(!ours.contains(&name.to_ascii_lowercase().as_str()), "headers", "该项由程序自己填写")?;
        }
        if let Body::Json { template } = &self.body {
            sure(template.len() <= TEXT_MAX, "body.template", "最多2000字节")?;
        }
        if let Auth::Basic { user, password } | Auth::Digest { user, password } = &self.auth {
            sure(plain(user) && password.expose().len() <= TEXT_MAX, "auth.user", "用户名为空或含控制字符")?;
        }
        sure((1..=60).contains(&self.timeout_s), "timeout_s", "应为1至60秒")
    }
}

impl Rtp {
    fn check(&self) -> Result<(), Wrong> {
        sure(host_port(&self.address), "address", "应为 主机:端口")?;
        sure(self.payload_type < 128, "payload_type", "应为0至127")?;
        sure(self.ttl > 0, "ttl", "应大于0")
    }
}

impl Sip {
    fn check(&self) -> Result<(), Wrong> {
        sure(host_port(&self.peer), "peer", "应为 主机:端口")?;
        sure(token(&self.user), "user", "含有SIP地址不允许的字符")?;
        let (user, host) = self.from.split_once('@').unwrap_or((&self.from, "a"));
        sure(token(user) && token(host), "from", "含有SIP地址不允许的字符")?;
        sure(self.login.as_deref().is_none_or(plain), "login", "用户名为空或含控制字符")?;
        sure((1..=60).contains(&self.ring_s), "ring_s", "应为1至60秒")?;
        sure((100..=2_000).contains(&self.t1_ms), "t1_ms", "应为100至2000毫秒")
    }
}

fn plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= TEXT_MAX && !text.chars().any(char::is_control)
}

/// What may stand in a SIP address without escapes.
fn token(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-_.!~*'()+$&=:[]".contains(&b);
    !text.is_empty() && text.len() <= 128 && text.bytes().all(good)
}

fn host_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-_.:[]%".contains(&b);
    !host.is_empty() && text.len() <= 255 && host.bytes().all(good) && port.parse::<u16>().is_ok_and(|p| p > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Driver, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn what_an_operator_writes() {
        let http = read(
            r#"{"kind":"http","url":"http://10.0.0.9/play?token=t0p","body":{"as":"wav"},
                "auth":{"as":"digest","user":"admin","password":"s3cret"},"headers":[["X-A","b-value"]]}"#,
        )
        .expect("http");
        assert_eq!(http.check(), Ok(()));
        let shown = format!("{http:?}");
        assert!(!["t0p", "s3cret", "b-value"].iter().any(|s| shown.contains(s)), "{shown}");
        let rtp = read(r#"{"kind":"rtp","address":"239.1.2.3:5004"}"#).expect("rtp");
        assert!(matches!(&rtp, Driver::Rtp(r) if r.payload_type == 8 && r.ttl == 1) && rtp.can_talk());
        let sip = read(r#"{"kind":"sip","peer":"10.0.0.9:5060","user":"101","from":"eye"}"#).expect("sip");
        assert!(matches!(&sip, Driver::Sip(s) if s.ring_s == 8 && s.transport == Transport::Udp));
        assert_eq!((rtp.check(), sip.check()), (Ok(()), Ok(())));
    }

    #[test]
    fn what_is_refused_and_where() {
        for (text, field) in [
            (r#"{"kind":"http","url":"file:///etc/passwd","body":{"as":"none"}}"#, "url"),
            (r#"{"kind":"http","url":"http://a/","body":{"as":"none"},"headers":[["Host","b"]]}"#, "headers"),
            (r#"{"kind":"http","url":"http://a/","body":{"as":"none"},"headers":[["A","b\r\nC: d"]]}"#, "headers"),
            (r#"{"kind":"http","url":"http://a/","body":{"as":"none"},"timeout_s":0}"#, "timeout_s"),
            (r#"{"kind":"rtp","address":"239.1.2.3"}"#, "address"),
            (r#"{"kind":"rtp","address":"239.1.2.3:0"}"#, "address"),
            (r#"{"kind":"sip","peer":"a:5060","user":"1\r\nX: y","from":"e"}"#, "user"),
            (r#"{"kind":"sip","peer":"a:5060","user":"1","from":"e@h>"}"#, "from"),
            (r#"{"kind":"sip","peer":"a b:5060","user":"1","from":"e"}"#, "peer"),
        ] {
            let wrong = read(text).expect("readable").check().expect_err(text);
            assert_eq!(wrong.field, field, "{text}");
            assert!(wrong.zh().contains(field));
        }
        assert!(read(r#"{"kind":"rtp","address":"a:1","pay":3}"#).is_err(), "an unknown field");
    }
}
