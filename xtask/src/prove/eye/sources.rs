//! Cameras that are none: what listens where a camera is looked for, and how it misbehaves.

use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, ensure};

use super::super::mix;

/// A program that is ended with the proof.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // it ends its own programs when it is asked to
        let _ = crate::rig::signal("-TERM", self.child.id());
        let _ = self.child.wait();
    }
}

/// A camera served by `scripts/rtsp.py`.
pub fn rtsp(arguments: &[&str]) -> anyhow::Result<Server> {
    let script = crate::root().join("scripts/rtsp.py");
    let mut child = Command::new("/usr/bin/python3")
        .arg(script)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // it says much about streams that end
        .stderr(Stdio::null())
        .spawn()?;
    let mut url = String::new();
    BufReader::new(child.stdout.take().context("piped")?).read_line(&mut url)?;
    ensure!(!url.trim().is_empty(), "no RTSP server here: sh scripts/setup test brings one");
    Ok(Server { child, url: url.trim().to_owned() })
}

/// The clip in the size and at the rate that a camera of today sends, a key picture each two seconds.
pub fn film(clip: &Path, size: &str, to: PathBuf) -> anyhow::Result<PathBuf> {
    let filter = format!("scale={size}:flags=bicubic,fps=25");
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-i"])
        .arg(clip)
        .args([
            "-vf", &filter, "-an", "-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-bf", "0", "-pix_fmt",
            "yuv420p",
        ])
        .arg(&to)
        .status()
        .context("ffmpeg")?;
    ensure!(made.success(), "no film of {}", clip.display());
    Ok(to)
}

/// How something that is no camera behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Garbage {
    /// Noise to whoever speaks RTSP.
    NoisyRtsp,
    /// Noise to whoever speaks HTTP.
    NoisyHttp,
    /// The connection is taken, and never a word.
    Silent,
    /// A good head of MJPEG, and noise where the pictures are.
    SpoiltMjpeg,
    /// A picture that is cut off in its middle.
    SpoiltSnapshot,
    /// Nobody listens.
    Refused,
    /// H.264 by its own words, random bytes in fact.
    Lie,
    /// Real pictures, cut off every 3 seconds.
    Cut,
}

impl Garbage {
    /// All, by turns.
    pub const ALL: [Self; 8] = [
        Self::NoisyRtsp,
        Self::NoisyHttp,
        Self::Silent,
        Self::SpoiltMjpeg,
        Self::SpoiltSnapshot,
        Self::Refused,
        Self::Lie,
        Self::Cut,
    ];
}

/// Everything bad that can be looked at, listening.
pub struct Doors {
    noise: u16,
    silent: u16,
    mjpeg: u16,
    snapshot: u16,
    refused: u16,
    lie: Server,
    cut: Server,
}

impl Doors {
    /// Opens them.
    pub fn open(small: &str) -> anyhow::Result<Self> {
        // a port that was free a moment ago refuses
        let refused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        Ok(Self {
            noise: door(|peer, dice| noise(peer, dice, b""))?,
            silent: door(|mut peer, _| {
                let mut byte = [0];
                while matches!(peer.read(&mut byte), Ok(n) if n > 0) {}
            })?,
            mjpeg: door(|peer, dice| {
                let head = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n\
                    --frame\r\nContent-Type: image/jpeg\r\nContent-Length: 60000\r\n\r\n\xff\xd8\xff\xe0";
                noise(peer, dice, head);
            })?,
            snapshot: door(|mut peer, _| {
                let head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 8\r\nConnection: close\r\n\r\n\xff\xd8\xff\xe0\0\x10JF";
                let mut asked = [0; 2048];
                // whoever asks takes what comes, or goes
                let _ = peer.read(&mut asked);
                let _ = peer.write_all(head);
            })?,
            refused,
            lie: rtsp(&[small, "--garbage", "lie"])?,
            cut: rtsp(&[small, "--cut", "3"])?,
        })
    }

    /// Kind of camera and address under which something bad is looked for.
    pub fn address(&self, of: Garbage) -> (&'static str, String) {
        let at = |scheme: &str, port: u16| format!("{scheme}://127.0.0.1:{port}/cam");
        match of {
            Garbage::NoisyRtsp => ("rtsp", at("rtsp", self.noise)),
            Garbage::NoisyHttp => ("mjpeg", at("http", self.noise)),
            Garbage::Silent => ("rtsp", at("rtsp", self.silent)),
            Garbage::SpoiltMjpeg => ("mjpeg", at("http", self.mjpeg)),
            Garbage::SpoiltSnapshot => ("snapshot", at("http", self.snapshot)),
            Garbage::Refused => ("rtsp", at("rtsp", self.refused)),
            Garbage::Lie => ("rtsp", self.lie.url.clone()),
            Garbage::Cut => ("rtsp", self.cut.url.clone()),
        }
    }
}

/// Listens, and serves each that comes in a thread of its own, until the proof ends.
fn door(serve: fn(TcpStream, u64)) -> anyhow::Result<u16> {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = door.local_addr()?.port();
    thread::spawn(move || {
        for (number, peer) in door.incoming().flatten().enumerate() {
            thread::spawn(move || serve(peer, mix(number as u64)));
        }
    });
    Ok(port)
}

/// Random bytes after a head, at a camera's pace, until the other end has enough.
fn noise(mut peer: TcpStream, dice: u64, head: &[u8]) {
    let mut dice = dice;
    let mut going = peer.write_all(head).is_ok();
    while going {
        let junk: Vec<u8> = (0..1024)
            .flat_map(|_| {
                dice = mix(dice);
                dice.to_le_bytes()
            })
            .collect();
        going = peer.write_all(&junk).is_ok();
        thread::sleep(std::time::Duration::from_millis(20));
    }
}
