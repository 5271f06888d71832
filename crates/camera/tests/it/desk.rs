//! What the tests share: clips, servers, and a sink that is read with patience.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use shanshui_camera::{Feed, Frame, Reason, Source, Spec, State, encoders};

/// How long a test waits for what must come. Reaching it is a failure, coming sooner is all the same.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A server that is ended with the test.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

pub fn has_ffmpeg() -> bool {
    let has = encoders().is_some_and(|e| e.h264);
    if !has {
        eprintln!("skipped: ffmpeg with libx264 is not installed");
    }
    has
}

/// The RTSP server of `scripts/rtsp.py`; nothing, with a line, when it cannot run here.
pub fn rtsp(arguments: &[&str]) -> Option<Server> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/rtsp.py");
    let server = started(Command::new("/usr/bin/python3").arg(script).args(arguments));
    if server.is_none() {
        eprintln!("skipped: the RTSP server needs python3-gi and gir1.2-gst-rtsp-server-1.0");
    }
    server
}

fn started(command: &mut Command) -> Option<Server> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut url = String::new();
    let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut url));
    let url = url.trim().to_owned();
    if !matches!(read, Some(Ok(_))) || url.is_empty() {
        let _ = child.wait();
        return None;
    }
    Some(Server { child, url })
}

/// FFmpeg as a server of pictures by HTTP, on a port that was free a moment ago.
pub fn http(path: &str, before: &[&str], codec: &[&str]) -> Server {
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}/{path}");
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error"]).args(before).args(codec).args(["-listen", "1", &url]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    Server { child, url }
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A clip of FFmpeg's test picture with some noise, `s` seconds long.
pub fn clip(folder: &Path, name: &str, size: &str, s: u32, codec: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let source = format!("testsrc2=s={size}:r=25:d={s}");
    let mut command = Command::new("ffmpeg");
    command.args([
        "-nostdin",
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        &source,
        "-vf",
        "noise=alls=8:allf=t",
        "-pix_fmt",
        "yuv420p",
    ]);
    assert!(command.args(codec).arg(&path).status().unwrap().success());
    path
}

pub const H264: &[&str] = &["-c:v", "libx264", "-preset", "ultrafast", "-g", "25"];

/// A source whose feed is read here.
pub struct Desk {
    pub source: Source,
    feed: Receiver<Feed>,
}

impl Desk {
    pub fn start(spec: Spec) -> Self {
        let (to, feed) = channel();
        let sink = move |f| drop(to.send(f));
        Self { source: Source::start(spec, Box::new(sink)).unwrap(), feed }
    }

    /// Waits for the first thing that `pick` takes.
    pub fn wait<T>(&self, what: &str, mut pick: impl FnMut(Feed) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(feed) = self.feed.recv_timeout(left) else { panic!("{what} did not come; before it: {seen:?}") };
            if !matches!(feed, Feed::Frame(_)) {
                seen.push(feed.clone());
            }
            if let Some(found) = pick(feed) {
                return found;
            }
        }
    }

    pub fn frame(&self) -> Frame {
        self.wait("a frame", |f| if let Feed::Frame(f) = f { Some(f) } else { None })
    }

    pub fn down(&self) -> Reason {
        self.wait("a failure", |f| if let Feed::State(State::Down { reason, .. }) = f { Some(reason) } else { None })
    }

    pub fn state(&self, what: &str, pick: impl Fn(&State) -> bool) -> State {
        self.wait(what, |f| if let Feed::State(s) = f { Some(s).filter(&pick) } else { None })
    }

    /// What has come by now.
    pub fn now(&self) -> Vec<Feed> {
        self.feed.try_iter().collect()
    }
}

/// Processes that are children of this one, with their command lines as anybody can read them.
pub fn children() -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, r)| r.split_whitespace().nth(1)?.parse::<u32>().ok());
        if parent == Some(std::process::id()) {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push((pid, String::from_utf8_lossy(&line).replace('\0', " ")));
        }
    }
    found
}
