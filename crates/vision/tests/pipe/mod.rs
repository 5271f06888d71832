//! A clip through an ffmpeg process: pictures of 640 across, a given number a second. For tests and the example only.

use shanshui_vision::Picture;
use std::io::Read;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

pub struct Clip {
    child: Child,
    out: ChildStdout,
    width: u32,
    height: u32,
}

impl Clip {
    /// None when ffmpeg or ffprobe cannot be started, or the clip has no picture.
    pub fn open(path: &Path, fps: f64, across: u32) -> Option<Self> {
        let probe = Command::new("ffprobe")
            .args(["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0"])
            .arg(path)
            .output()
            .ok()?;
        let text = String::from_utf8(probe.stdout).ok()?;
        let (w, h) = text.trim().trim_end_matches(',').split_once(',')?;
        let (w, h): (u32, u32) = (w.parse().ok()?, h.parse().ok()?);
        // as ffmpeg's `scale=across:-2` has it: even, nearest
        let height = (f64::from(h) * f64::from(across) / f64::from(w) / 2.0).round() as u32 * 2;
        let mut child = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-threads", "1", "-i"])
            .arg(path)
            // scaled as it is, then made RGB: a third cheaper than both in one
            .args(["-vf", &format!("fps={fps},scale={across}:{height}:flags=bilinear,format=yuv420p")])
            .args(["-pix_fmt", "rgb24", "-f", "rawvideo", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let out = child.stdout.take()?;
        Some(Self { child, out, width: across, height })
    }
}

impl Iterator for Clip {
    type Item = Picture;

    fn next(&mut self) -> Option<Picture> {
        let mut rgb = vec![0; (self.width * self.height * 3) as usize];
        self.out.read_exact(&mut rgb).ok()?;
        Picture::new(self.width, self.height, rgb).ok()
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
