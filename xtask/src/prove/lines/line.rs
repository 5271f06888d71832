//! A device's end of a connection, its telegrams, and the ledger of what was sent and acknowledged.

use std::collections::HashSet;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use hj212::decode::text;
use hj212::{Decoder, DevicePolicy, Edition, Message};
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use socket2::{Domain, SockRef, Socket, Type};

use super::super::ledger::fnv;
use super::super::mix;

/// Factors of a telegram with the text of a value that has always the same length.
const FACTORS: [&str; 5] = ["w01001", "w01009", "w01019", "w21003", "w21011"];
/// A server that takes no byte for so long takes none.
const WRITE_WAIT: Duration = Duration::from_secs(2);

/// A telegram that wants an answer. All of them have the same length.
pub struct Telegram {
    pub qn: String,
    mn: String,
    stamp: String,
    digest: u64,
    pub frame: Vec<u8>,
}

impl Telegram {
    /// The telegram of a station at a second.
    pub fn new(station: usize, second: i64, seed: u64) -> anyhow::Result<Self> {
        let at = TimeZone::fixed(offset(8)).to_datetime(Timestamp::from_second(second)?);
        let stamp = at.strftime("%Y%m%d%H%M%S").to_string();
        let mut area = format!("DataTime={stamp}");
        let mut digest = 0u64;
        for (place, factor) in FACTORS.iter().enumerate() {
            let random = mix(seed ^ mix(second.cast_unsigned() ^ ((station as u64) << 40) ^ ((place as u64) << 60)));
            let value = format!("{}.{:02}", random % 9 + 1, (random >> 8) % 100);
            digest = digest.wrapping_add(fnv(format!("{factor}={value}").as_bytes()));
            area += &format!(";{factor}-Rtd={value},{factor}-Flag=N");
        }
        let (qn, mn) = (format!("{stamp}000"), format!("53494D{station:018}"));
        let message = Message {
            qn: qn.clone(),
            st: "21".into(),
            cn: "2011".into(),
            pw: "123456".into(),
            mn: mn.clone(),
            edition: Some(Edition::V2017),
            answer: true,
            packet: None,
            back_fill: false,
            area,
        };
        Ok(Self { qn, mn, stamp, digest, frame: message.frame(None)? })
    }
}

/// What was sent and what was acknowledged, as the simulator writes it.
pub struct Ledger(Mutex<File>);

impl Ledger {
    pub fn new(path: &Path) -> anyhow::Result<Self> {
        Ok(Self(Mutex::new(File::create(path).with_context(|| path.display().to_string())?)))
    }

    fn log(&self, line: &str) -> anyhow::Result<()> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())?)
    }

    /// Before its bytes leave for the first time.
    pub fn sent(&self, t: &Telegram) -> anyhow::Result<()> {
        self.log(&format!("sent {} {} {} {} {:016x}\n", t.qn, t.mn, t.stamp, FACTORS.len(), t.digest))
    }

    /// Once.
    pub fn acked(&self, t: &Telegram) -> anyhow::Result<()> {
        self.log(&format!("acked {} {}\n", t.qn, t.mn))
    }
}

/// A device's end.
pub struct Line {
    stream: TcpStream,
    decoder: Decoder,
    answers: HashSet<String>,
    ended: bool,
}

impl Line {
    pub fn open(to: SocketAddr) -> anyhow::Result<Self> {
        Self::of(TcpStream::connect(to).context("the port is open")?)
    }

    /// With a window of a few kilobytes for answers.
    pub fn narrow(to: SocketAddr) -> anyhow::Result<Self> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        socket.set_recv_buffer_size(2_048)?;
        socket.connect(&to.into()).context("the port is open")?;
        Self::of(socket.into())
    }

    fn of(stream: TcpStream) -> anyhow::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_WAIT))?;
        Ok(Self { stream, decoder: Decoder::default(), answers: HashSet::new(), ended: false })
    }

    pub fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Whether an answer to a telegram has come, or comes in time.
    pub fn answered(&mut self, qn: &str, within: Duration) -> anyhow::Result<bool> {
        let begun = Instant::now();
        while !self.answers.contains(qn) {
            let left = within.saturating_sub(begun.elapsed());
            if left.is_zero() || self.ended {
                return Ok(false);
            }
            self.listen(left)?;
        }
        Ok(true)
    }

    /// Whether the server closes in time.
    pub fn closes(&mut self, within: Duration) -> anyhow::Result<bool> {
        let begun = Instant::now();
        while !self.ended && begun.elapsed() < within {
            self.listen(within.saturating_sub(begun.elapsed()).max(Duration::from_millis(1)))?;
        }
        Ok(self.ended)
    }

    fn listen(&mut self, at_most: Duration) -> anyhow::Result<()> {
        let mut bytes = [0u8; 4_096];
        self.stream.set_read_timeout(Some(at_most))?;
        let n = match self.stream.read(&mut bytes) {
            Ok(n) => n,
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                return Ok(());
            }
            Err(_) => 0,
        };
        self.ended |= n == 0;
        self.decoder.push(&bytes[..n]);
        while let Some(piece) = self.decoder.next_piece(&|_| DevicePolicy::default()) {
            if piece.usable() && piece.cn() == b"9014" {
                self.answers.insert(text(piece.qn()).into_owned());
            }
        }
        Ok(())
    }

    /// Ends without a word: everything in flight is thrown away on both sides.
    pub fn reset(self) -> anyhow::Result<()> {
        Ok(SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telegrams_have_one_length_and_are_whole() {
        let lengths: HashSet<usize> = (0..300)
            .map(|n| {
                let telegram = Telegram::new(n, 1_790_000_000 + n as i64, 7).expect("a telegram");
                let mut decoder = Decoder::default();
                decoder.push(&telegram.frame);
                let piece = decoder.next_piece(&|_| DevicePolicy::default()).expect("a frame");
                assert!(piece.ok() && piece.wants_answer() && piece.qn() == telegram.qn.as_bytes());
                telegram.frame.len()
            })
            .collect();
        assert_eq!(lengths.len(), 1);
    }
}
