//! The driver of HTTP: the sound itself, or a trigger for a clip the device has.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures::stream;
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE,
};
use reqwest::{RequestBuilder, Response, StatusCode, Url};

use crate::auth;
use crate::driver::{Auth, Body, Http, Method, Wrong};
use crate::pace::{Pace, STEP};
use crate::play::{Doors, Fault, Report, Verdict, resolve};
use crate::sound::Sound;

/// Bytes of a piece that is handed over at once.
const PIECE: usize = 16_384;
/// The same of a body that is paced: 100 ms.
const PACED: usize = 800;

/// What is handed to the connection, and its type.
struct Load {
    kind: Option<&'static str>,
    bytes: Arc<[u8]>,
    paced: bool,
    /// Seconds of sound in it.
    seconds: f64,
}

pub(crate) async fn send(http: &Http, sound: &Sound, doors: &Doors<'_>, report: &mut Report) -> Result<Verdict, Fault> {
    allowed(http, doors).await?;
    let load = load(http, sound, doors.values)?;
    let limit = Duration::from_secs_f64(f64::from(http.timeout_s) + load.seconds);
    let begun = Arc::new(OnceLock::new());
    let done = tokio::time::timeout(limit, exchange(http, &load, doors.http, &begun, report)).await;
    if let Some(at) = begun.get().filter(|_| load.seconds > 0.0) {
        report.began(*at);
    }
    let status = done.map_err(|_| Fault::Late)??;
    report.note(format_args!("answer {}", status.as_u16()));
    if status.is_success() {
        report.began(Instant::now());
        report.carried(load.seconds);
        return Ok(Verdict::Acknowledged);
    }
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Fault::Login(status.as_u16()),
        _ => Fault::Status(status.as_u16()),
    })
}

/// An address that is written as numbers never passes by a client's resolver, so every address is looked at here.
async fn allowed(http: &Http, doors: &Doors<'_>) -> Result<(), Fault> {
    let wrong = Fault::Setting(Wrong { field: "url", why: "不可用" });
    let url = Url::parse(http.url.expose()).map_err(|_| wrong.clone())?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return Err(wrong) };
    resolve(&format!("{host}:{port}"), doors.allow).await.map(drop)
}

fn load(http: &Http, sound: &Sound, values: &[(&str, &str)]) -> Result<Load, Fault> {
    let sound_of = |kind, bytes: Arc<[u8]>, paced| Load { kind: Some(kind), bytes, paced, seconds: sound.seconds() };
    Ok(match &http.body {
        Body::Wav => sound_of("audio/wav", sound.to_wav().into(), false),
        Body::Alaw { paced } => sound_of("audio/G711-A", sound.alaw().into(), *paced),
        Body::Json { template } => {
            let text = filled(template, values)?;
            Load { kind: Some("application/json"), bytes: text.into_bytes().into(), paced: false, seconds: 0.0 }
        }
        Body::None => Load { kind: None, bytes: Arc::new([]), paced: false, seconds: 0.0 },
    })
}

/// The text of a trigger, each value escaped as JSON wants it; the whole must be JSON afterwards.
fn filled(template: &str, values: &[(&str, &str)]) -> Result<String, Fault> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = values.iter().find(|(name, _)| rest[1..].strip_prefix(name).is_some_and(|r| r.starts_with('}')));
        if let Some((name, value)) = found {
            let quoted = serde_json::Value::from(*value).to_string();
            out.push_str(&quoted[1..quoted.len() - 1]);
            rest = &rest[name.len() + 2..];
        } else {
            out.push('{');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    match serde_json::from_str::<serde::de::IgnoredAny>(&out) {
        Ok(_) => Ok(out),
        Err(_) => Err(Fault::Setting(Wrong { field: "body.template", why: "填入后不是有效的JSON" })),
    }
}

/// The call, with the challenge before it where one is wanted. The body goes once.
async fn exchange(
    http: &Http,
    load: &Load,
    client: &reqwest::Client,
    begun: &Arc<OnceLock<Instant>>,
    report: &mut Report,
) -> Result<StatusCode, Fault> {
    let mut request = base(http, client)?;
    match &http.auth {
        Auth::None => {}
        Auth::Basic { user, password } => request = request.basic_auth(user, Some(password.expose())),
        Auth::Digest { user, password } => {
            let asked = base(http, client)?.header(CONTENT_LENGTH, 0).send().await.map_err(fault)?;
            report.note(format_args!("asked for a challenge: {}", asked.status().as_u16()));
            if asked.status() == StatusCode::UNAUTHORIZED {
                let name = named(http.method);
                let answer = digest(&asked, user, password.expose(), name, http.url.expose());
                request = request.header(AUTHORIZATION, answer.ok_or(Fault::Login(401))?);
            } else if !asked.status().is_success() || load.bytes.is_empty() {
                return Ok(asked.status());
            }
        }
    }
    let own = |name: &HeaderName| http.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name.as_str()));
    if let Some(kind) = load.kind.filter(|_| !own(&CONTENT_TYPE)) {
        request = request.header(CONTENT_TYPE, kind);
    }
    if load.kind.is_some() {
        // the length is said, because many devices know no chunks
        request = request.header(CONTENT_LENGTH, load.bytes.len()).body(body(load, begun));
    }
    Ok(request.send().await.map_err(fault)?.status())
}

fn named(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Put => "PUT",
    }
}

fn base(http: &Http, client: &reqwest::Client) -> Result<RequestBuilder, Fault> {
    let wrong = |field| Fault::Setting(Wrong { field, why: "不可用" });
    let method = match http.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in &http.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("headers"))?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| wrong("headers"))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    let url = Url::parse(http.url.expose()).map_err(|_| wrong("url"))?;
    Ok(client.request(method, url).headers(headers))
}

fn digest(asked: &Response, user: &str, password: &str, method: &str, url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let target = url.query().map_or_else(|| url.path().to_owned(), |q| format!("{}?{q}", url.path()));
    let challenges = asked.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|v| v.to_str().ok());
    challenges.take(8).find_map(|c| auth::answer(c, user, password, method, &target))
}

/// Hands the bytes over piece by piece, and writes down when the first was taken.
fn body(load: &Load, begun: &Arc<OnceLock<Instant>>) -> reqwest::Body {
    let (bytes, begun, paced) = (load.bytes.clone(), begun.clone(), load.paced);
    let size = if paced { PACED } else { PIECE };
    let pieces = stream::unfold((0, Pace::new()), move |(at, mut pace)| {
        let (bytes, begun) = (bytes.clone(), begun.clone());
        async move {
            let piece = bytes.get(at..)?.chunks(size).next()?.to_vec();
            if paced {
                pace.wait().await;
                for _ in 0..(PACED / 8) as u128 / STEP.as_millis() {
                    pace.step();
                }
            }
            begun.get_or_init(Instant::now);
            Some((Ok::<_, std::io::Error>(piece), (at + size, pace)))
        }
    });
    reqwest::Body::wrap_stream(pieces)
}

/// What a failed call means. The address is left out of the words, because a secret may lie in it.
fn fault(e: reqwest::Error) -> Fault {
    use std::error::Error as _;
    let e = e.without_url();
    if e.is_timeout() {
        return Fault::Late;
    }
    let mut source = e.source();
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return Fault::Refused;
        }
        source = inner.source();
    }
    Fault::Io(e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_stays_json_whatever_is_put_in() {
        let said =
            filled(r#"{"clip":"{clip}","who":{"at":"{station}"}}"#, &[("clip", "a\"b\n"), ("station", "{clip}")]);
        assert_eq!(said.as_deref(), Ok(r#"{"clip":"a\"b\n","who":{"at":"{clip}"}}"#));
        assert!(matches!(filled("{clip}", &[("clip", "x")]), Err(Fault::Setting(_))));
    }
}
