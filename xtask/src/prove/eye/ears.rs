//! Loudspeakers that write down what they hear: by HTTP, by RTP, and at the end of a call that `sipp` takes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::Timestamp;

/// Samples a second of what is heard.
pub const RATE: usize = 8_000;
/// A sound is over when nothing of it has come for so long.
const SILENCE: Duration = Duration::from_millis(600);
/// Payload type of G.711 A-law (RFC 3551).
const PCMA: u8 = 8;

/// What was heard once.
pub struct Heard {
    /// When its first byte was here.
    pub first: Timestamp,
    /// As FFmpeg calls it: `wav`, `alaw`.
    pub format: &'static str,
    pub bytes: Vec<u8>,
}

/// Takes a WAV by POST.
pub fn http() -> anyhow::Result<(SocketAddr, Receiver<Heard>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let at = listener.local_addr()?;
    let (tell, heard) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tell = tell.clone();
            thread::spawn(move || {
                while let Ok(Some(one)) = posted(&stream) {
                    if tell.send(one).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok((at, heard))
}

fn posted(stream: &TcpStream) -> anyhow::Result<Option<Heard>> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), None);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim_end().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse()?);
        }
    }
    let mut bytes = vec![0; length.context("no length")?];
    ensure!(!bytes.is_empty(), "no sound");
    reader.read_exact(&mut bytes[..1])?;
    let first = Timestamp::now();
    reader.read_exact(&mut bytes[1..])?;
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    Ok(Some(Heard { first, format: "wav", bytes }))
}

/// Takes RTP at a port of its own.
pub fn rtp() -> anyhow::Result<(u16, Receiver<Heard>)> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(SILENCE))?;
    let port = socket.local_addr()?.port();
    let (tell, heard) = channel();
    thread::spawn(move || listen(&socket, &tell));
    Ok((port, heard))
}

fn listen(socket: &UdpSocket, tell: &Sender<Heard>) {
    let mut buffer = [0; 2_048];
    let mut going: Option<(Timestamp, BTreeMap<u16, Vec<u8>>)> = None;
    loop {
        match socket.recv(&mut buffer) {
            Ok(n) => {
                let Some((sequence, sound)) = packet(&buffer[..n]) else { continue };
                let (_, pieces) = going.get_or_insert_with(|| (Timestamp::now(), BTreeMap::new()));
                pieces.insert(sequence, sound.to_vec());
            }
            Err(_) => {
                if let Some((first, pieces)) = going.take() {
                    let bytes = in_order(pieces).concat();
                    if tell.send(Heard { first, format: "alaw", bytes }).is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// Sequence and sound of a packet of A-law (RFC 3550 §5.1); nothing of any other.
fn packet(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let head = bytes.get(..12)?;
    let (version, count, payload) = (head[0] >> 6, usize::from(head[0] & 0x0F), head[1] & 0x7F);
    if version != 2 || payload != PCMA {
        return None;
    }
    Some((u16::from_be_bytes([head[2], head[3]]), bytes.get(12 + 4 * count..)?))
}

/// The pieces of a sound of less than half the numbers there are: where the numbers begin anew, what is after the gap comes first.
fn in_order(pieces: BTreeMap<u16, Vec<u8>>) -> Vec<Vec<u8>> {
    let wraps = pieces.contains_key(&0) && pieces.contains_key(&u16::MAX);
    let (mut first, mut then) = (Vec::new(), Vec::new());
    for (sequence, sound) in pieces {
        if wraps && sequence < u16::MAX / 2 { then.push(sound) } else { first.push(sound) }
    }
    first.extend(then);
    first
}

/// `sipp`, taking every call; what is said in them is heard by [`rtp`].
pub struct Horn {
    child: Child,
    pub peer: SocketAddr,
}

impl Drop for Horn {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it; its calls send their sound to `voice`.
pub fn sip(voice: u16) -> anyhow::Result<Horn> {
    // a port that was free a moment ago
    let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let child = Command::new("sipp")
        .args(["-i", "127.0.0.1", "-nostdin", "-t", "u1", "-p", &peer.port().to_string()])
        .args(["-key", "voice", &voice.to_string(), "-sf"])
        .arg(crate::root().join("crates/voice/tests/it/horn.xml"))
        .current_dir(crate::rig::target().join("rig"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("sipp: sh scripts/setup test brings it")?;
    Ok(Horn { child, peer })
}

/// A sound as samples, mono at [`RATE`], by FFmpeg.
pub fn decoded(format: &str, bytes: Vec<u8>) -> anyhow::Result<Vec<f64>> {
    let shape: &[&str] = if format == "alaw" { &["-ar", "8000", "-ac", "1"] } else { &[] };
    let mut child = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", format])
        .args(shape)
        .args(["-i", "pipe:0", "-f", "s16le", "-ac", "1", "-ar", "8000", "pipe:1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("ffmpeg")?;
    let mut input = child.stdin.take().context("piped")?;
    let writer = thread::spawn(move || input.write_all(&bytes));
    let out = child.wait_with_output()?;
    ensure!(out.status.success(), "FFmpeg does not read what was heard");
    writer.join().map_err(|_| anyhow::anyhow!("a writer"))??;
    Ok(out.stdout.chunks_exact(2).map(|s| f64::from(i16::from_le_bytes([s[0], s[1]]))).collect())
}

/// How alike two sounds are, 1 for the same: the correlation where they lie best upon one another, at most 20 ms apart.
pub fn alike(one: &[f64], other: &[f64]) -> f64 {
    const APART: usize = RATE / 50;
    let at = |a: &[f64], b: &[f64]| {
        let n = a.len().min(b.len());
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for (x, y) in a.iter().zip(b) {
            (ab, aa, bb) = (ab + x * y, aa + x * x, bb + y * y);
        }
        if n == 0 || aa * bb == 0.0 { 0.0 } else { ab / (aa * bb).sqrt() }
    };
    let shifts = (0..=APART).map(|n| (n, 0)).chain((1..=APART).map(|n| (0, n)));
    let each = shifts.filter(|(a, b)| *a < one.len() && *b < other.len());
    each.map(|(a, b)| at(&one[a..], &other[b..])).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_is_like_itself_and_not_like_another() {
        let tone =
            |hz: f64| (0..RATE).map(move |n| (n as f64 * hz / RATE as f64 * std::f64::consts::TAU).sin() * 9_000.0);
        let (one, other): (Vec<f64>, Vec<f64>) = (tone(440.0).collect(), tone(523.0).collect());
        assert!(alike(&one, &one[40..]) > 0.999 && alike(&one, &other) < 0.2);
        assert_eq!((alike(&one, &[]), alike(&one, &vec![0.0; RATE])), (0.0, 0.0));
    }

    #[test]
    fn packets_are_put_in_order() {
        let packet_of = |n: u16, kind: u8| [&[0x80, kind][..], &n.to_be_bytes(), &[0; 8], &[n as u8]].concat();
        assert_eq!(packet(&packet_of(7, 8)), Some((7, &[7_u8][..])));
        assert_eq!(packet(&packet_of(7, 0)), None);
        assert_eq!(packet(&[0x80; 11]), None);
        let pieces = [65_534_u16, 65_535, 0, 1].map(|n| (n, vec![n as u8]));
        assert_eq!(in_order(pieces.into()).concat(), [254, 255, 0, 1]);
    }
}
