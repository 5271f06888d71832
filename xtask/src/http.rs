//! The little of HTTP/1.1 that proofs speak: requests written as they are, answers with a length.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

/// A server that has not answered by then does not.
const ANSWER_MAX: Duration = Duration::from_mins(1);

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// GET, POST, PUT.
    pub method: &'a str,
    /// Path with its query.
    pub path: &'a str,
    /// Further headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// Body; none for none.
    pub body: Option<&'a [u8]>,
}

/// What is answered.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Body as JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("{} without JSON", self.status))
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// A connection that stays.
#[derive(Debug)]
pub struct Line {
    stream: BufReader<TcpStream>,
}

impl Line {
    /// Connects.
    pub fn to(at: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(at)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks, and waits for the answer.
    pub fn ask(&mut self, ask: &Ask<'_>) -> anyhow::Result<Answer> {
        self.send(std::slice::from_ref(ask))?;
        self.answer()
    }

    /// Writes requests behind one another, without waiting.
    pub fn send(&mut self, all: &[Ask<'_>]) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        for ask in all {
            let mut head = format!("{} {} HTTP/1.1\r\nhost: shanshui\r\nx-shanshui: 1\r\n", ask.method, ask.path);
            for (name, value) in ask.headers {
                write!(head, "{name}: {value}\r\n")?;
            }
            if let Some(body) = ask.body {
                write!(head, "content-length: {}\r\n", body.len())?;
            }
            bytes.extend_from_slice(head.as_bytes());
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(ask.body.unwrap_or_default());
        }
        Ok(self.stream.get_mut().write_all(&bytes)?)
    }

    /// The next answer.
    pub fn answer(&mut self) -> anyhow::Result<Answer> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok());
        let status = status.with_context(|| format!("no status in {line:?}"))?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        ensure!(answer.header("transfer-encoding").is_none(), "an answer without a length");
        let length = answer.header("content-length").map_or(Ok(0), str::parse)?;
        answer.body = vec![0; length];
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }
}

/// Logs in from an address that only this login has; gives the session's token.
pub fn log_in(at: SocketAddr, login: &str, password: &str, from: &str) -> anyhow::Result<String> {
    let body = serde_json::json!({"login": login, "password": password}).to_string();
    let headers = [("content-type", "application/json"), ("x-forwarded-for", from)];
    let ask = Ask { method: "POST", path: "/api/v1/system/login", headers: &headers, body: Some(body.as_bytes()) };
    let answer = Line::to(at)?.ask(&ask)?;
    let cookie = answer.header("set-cookie").and_then(|c| c.strip_prefix("shanshui_session=")?.split(';').next());
    let token = cookie.with_context(|| format!("{login} cannot log in: {}", String::from_utf8_lossy(&answer.body)))?;
    Ok(token.to_owned())
}
