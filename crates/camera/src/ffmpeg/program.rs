//! One FFmpeg: started with bounds on memory and CPU, its words collected without secrets, ended and reaped for certain.
//!
//! Addresses never stand in its arguments, which every user of the machine can read: FFmpeg gets them as a script on its standard input
//! (see `args`). Its environment is empty but for what it takes to start.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::mail::{Stop, lock};
use crate::secret::Scrubber;
use crate::{Limits, Reason};

const LINES_MAX: usize = 40;
const LINE_MAX: usize = 400;
const NICE: i32 = 10;

/// What the FFmpeg of this machine can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoders {
    /// Its version, as it says it.
    pub version: String,
    /// Whether it writes H.264 (`libx264`); without it, what must be encoded is MJPEG.
    pub h264: bool,
}

/// Asks the machine once; nothing when FFmpeg is not installed.
pub fn encoders() -> Option<&'static Encoders> {
    static FOUND: OnceLock<Option<Encoders>> = OnceLock::new();
    FOUND.get_or_init(ask).as_ref()
}

fn ask() -> Option<Encoders> {
    let out = command("ffmpeg").args(["-hide_banner", "-version"]).stdin(Stdio::null()).output().ok()?;
    let version = String::from_utf8_lossy(&out.stdout).split_whitespace().nth(2)?.to_owned();
    let out = command("ffmpeg").args(["-hide_banner", "-encoders"]).stdin(Stdio::null()).output().ok()?;
    let h264 = String::from_utf8_lossy(&out.stdout).contains("libx264 ");
    Some(Encoders { version, h264 })
}

fn command(name: &str) -> Command {
    let mut c = Command::new(name);
    c.env_clear().env("TZ", "UTC");
    for keep in ["PATH", "LD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(keep) {
            c.env(keep, value);
        }
    }
    c
}

/// What it said and what was understood of it.
#[derive(Default)]
pub(crate) struct Notes {
    lines: VecDeque<String>,
    /// Name of the codec and size of the input.
    pub(crate) codec: Option<(String, u32, u32)>,
    /// Pictures per second that the input claims.
    pub(crate) fps: Option<f32>,
    decoded: Option<(u32, u32)>,
    /// The input's size changed.
    pub(crate) resized: bool,
    /// A write found no room.
    pub(crate) disk_full: bool,
}

impl Notes {
    fn take(&mut self, line: &str) {
        if self.codec.is_none() && line.contains("Stream #0:") && line.contains("Video: ") {
            self.codec = stream(line);
            self.fps = before_word(line, " fps").and_then(|v| v.parse().ok());
        }
        if let Some(size) = graph(line) {
            self.resized |= self.decoded.is_some_and(|d| d != size);
            self.decoded = Some(size);
        }
        self.disk_full |= line.contains("No space left on device") || line.contains("Disk quota exceeded");
        if self.lines.len() == LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line.chars().take(LINE_MAX).collect());
    }

    /// Why it ended, as far as its words tell.
    pub(crate) fn reason(&self) -> Option<Reason> {
        Reason::of_lines(self.lines.iter().map(String::as_str))
    }

    /// Its last word, when nothing is known of it.
    pub(crate) fn last(&self) -> String {
        let says_nothing = |l: &&String| ["Conversion failed!", "video:", "frame="].iter().any(|g| l.starts_with(g));
        self.lines.iter().rev().find(|l| !says_nothing(l)).cloned().unwrap_or_default()
    }
}

/// `Stream #0:0: Video: h264 (High), yuv420p(progressive), 1920x1080 [SAR …` is `h264`, 1920, 1080.
fn stream(line: &str) -> Option<(String, u32, u32)> {
    let rest = line.split_once("Video: ")?.1;
    let codec = rest.split([' ', ',']).next()?.to_owned();
    let size = rest.split([' ', ',']).find_map(|w| {
        let (w, h) = w.split_once('x')?;
        Some((w.parse().ok()?, h.parse().ok()?))
    });
    let (w, h) = size?;
    Some((codec, w, h))
}

fn before_word<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line[..line.find(word)?].rsplit([' ', ',']).next()
}

/// `[graph 0 input from stream 0:0 @ 0x5] w:1280 h:720 pixfmt:…` is 1280, 720: FFmpeg sets up its filters for this size.
fn graph(line: &str) -> Option<(u32, u32)> {
    let rest = line.split_once(" input from stream ")?.1;
    let value = |key: &str| rest.split(' ').find_map(|w| w.strip_prefix(key)?.parse().ok());
    Some((value("w:")?, value("h:")?))
}

/// One running FFmpeg.
pub(crate) struct Program {
    child: Child,
    notes: Arc<Mutex<Notes>>,
    listener: Option<JoinHandle<()>>,
}

impl Program {
    /// Starts it. `memory_mb` bounds what it allocates, `cpu_s` what it computes in its whole life.
    pub(crate) fn start(
        args: &[String],
        stdin: Stdio,
        limits: Limits,
        life_s: Option<u64>,
        scrub: Scrubber,
    ) -> Result<Self, Reason> {
        let mut child =
            command("ffmpeg").args(args).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(
                |e| {
                    if e.kind() == std::io::ErrorKind::NotFound {
                        Reason::NoProgram
                    } else {
                        Reason::Other(format!("ffmpeg cannot be started: {e}"))
                    }
                },
            )?;
        bound(&child, limits, life_s);
        let notes = Arc::new(Mutex::new(Notes::default()));
        let listener = child.stderr.take().map(|pipe| {
            let notes = Arc::clone(&notes);
            thread::spawn(move || listen(pipe, &notes, &scrub))
        });
        Ok(Self { child, notes, listener })
    }

    pub(crate) fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    pub(crate) fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    pub(crate) fn notes(&self) -> &Mutex<Notes> {
        &self.notes
    }

    pub(crate) fn share_notes(&self) -> Arc<Mutex<Notes>> {
        Arc::clone(&self.notes)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// CPU seconds and resident MiB so far, from `/proc`.
    pub(crate) fn usage(&self) -> (f64, f64) {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        usage_of(&stat).unwrap_or_default()
    }

    /// Asks it to finish what it writes; what is not finished after `grace` is ended the hard way.
    pub(crate) fn finish(&mut self, grace: Duration) -> Option<ExitStatus> {
        if let Some(status) = self.ended() {
            return Some(status);
        }
        let _ = kill(Pid::from_raw(self.id() as i32), Signal::SIGTERM);
        let end = Instant::now() + grace;
        while Instant::now() < end {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        self.child.wait().ok()
    }

    /// Why it ended: by a signal, by its words, or unknown.
    pub(crate) fn why(&mut self, status: Option<ExitStatus>) -> Reason {
        use std::os::unix::process::ExitStatusExt;
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let notes = lock(&self.notes);
        if let Some(signal) = status.and_then(|s| s.signal()) {
            return if signal == Signal::SIGXCPU as i32 { Reason::Cpu(0) } else { Reason::Killed(signal) };
        }
        match notes.reason() {
            Some(reason) => reason,
            None if status.is_some_and(|s| s.success()) => Reason::Ended,
            None => Reason::Other(notes.last()),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

/// Bounds and niceness. It has just begun to load its libraries then, and has opened nothing.
fn bound(child: &Child, limits: Limits, life_s: Option<u64>) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit, setpriority_process};
    let pid = Pid::from_raw(child.id() as i32);
    let both = |n: u64| Rlimit { current: Some(n), maximum: Some(n) };
    let _ = prlimit(pid, Resource::Data, both(u64::from(limits.memory_mb) << 20));
    let _ = prlimit(pid, Resource::Core, both(0));
    if let Some(s) = life_s {
        let _ = prlimit(pid, Resource::Cpu, both(s));
    }
    let _ = setpriority_process(pid, NICE);
}

fn listen(pipe: impl Read, notes: &Mutex<Notes>, scrub: &Scrubber) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    loop {
        line.clear();
        match pipe.by_ref().take(4096).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = scrub.scrub(String::from_utf8_lossy(&line).trim_end());
        if !text.is_empty() {
            tracing::trace!(target: "ffmpeg", "{text}");
            lock(notes).take(&text);
        }
    }
}

/// `/proc/PID/stat`: fields 14 and 15 are CPU time in hundredths, field 24 is resident pages of 4 KiB.
fn usage_of(stat: &str) -> Option<(f64, f64)> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |i: usize| fields.get(i - 3)?.parse::<f64>().ok();
    Some(((number(14)? + number(15)?) / 100.0, number(24)? / 256.0))
}

/// Runs FFmpeg to its end: `input` on its standard input, what it writes on its standard output comes back.
/// Longer than `time`, or more than `bytes`, is an error; when `stop` is set it ends at once.
pub(crate) fn run(
    args: &[String],
    input: Vec<u8>,
    bytes: usize,
    time: Duration,
    scrub: Scrubber,
    stop: Option<&Stop>,
) -> Result<Vec<u8>, Reason> {
    let limits = Limits { cpu_s: None, memory_mb: 1024 };
    let mut program = Program::start(args, Stdio::piped(), limits, Some(time.as_secs() * 2 + 1), scrub)?;
    let writer = program.child.stdin.take().map(|mut pipe| thread::spawn(move || pipe.write_all(&input)));
    let reader = program.stdout().map(|pipe| {
        thread::spawn(move || {
            let mut out = Vec::new();
            let _ = pipe.take(bytes as u64 + 1).read_to_end(&mut out);
            out
        })
    });
    let end = Instant::now() + time;
    let status = loop {
        if let Some(status) = program.ended() {
            break Some(status);
        }
        if Instant::now() > end || stop.is_some_and(Stop::is_set) {
            let _ = program.child.kill();
            let _ = program.child.wait();
            break None;
        }
        thread::sleep(Duration::from_millis(5));
    };
    if let Some(writer) = writer {
        let _ = writer.join();
    }
    let out = reader.and_then(|r| r.join().ok()).unwrap_or_default();
    match status {
        None => Err(Reason::TimedOut),
        Some(s) if s.success() && out.len() <= bytes => Ok(out),
        Some(s) if s.success() => Err(Reason::Other(format!("more than {bytes} bytes"))),
        Some(_) => Err(program.why(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood() {
        let mut n = Notes::default();
        n.take("  Stream #0:0: Video: h264 (High), yuv420p(progressive), 1920x1080 [SAR 1:1 DAR 16:9], 25 fps, 25 tbr, 90k tbn");
        assert_eq!((n.codec.clone(), n.fps), (Some(("h264".into(), 1920, 1080)), Some(25.0)));
        n.take("[graph 0 input from stream 0:0 @ 0x56] w:640 h:360 pixfmt:yuv420p tb:1/25 fr:25/1 sar:1/1");
        assert!(!n.resized);
        n.take("[graph 0 input from stream 0:0 @ 0x57] w:1280 h:720 pixfmt:yuv420p tb:1/25 fr:25/1 sar:1/1");
        assert!(n.resized);
        for _ in 0..1000 {
            n.take(&"x".repeat(5000));
        }
        assert_eq!((n.lines.len(), n.last().len()), (LINES_MAX, LINE_MAX));
    }

    #[test]
    fn usage_is_read() {
        let stat = "21 (a b) c) S 1 1 1 0 -1 4 0 0 0 0 150 50 0 0 30 10 3 0 100 500000 2560 184";
        assert_eq!(usage_of(stat), Some((2.0, 10.0)));
    }
}
