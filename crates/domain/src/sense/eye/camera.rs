//! Cameras (摄像机) as they are registered, what a fence plan is worth, and places where a thing is no person.

use serde::{Deserialize, Serialize};

use super::words;
use crate::id::StationCode;

words! {
    /// Where the pictures come from.
    CameraKind {
        /// RTSP, H.264 or H.265.
        Rtsp = "rtsp", "RTSP 视频流", "RTSP stream";
        /// Motion JPEG over HTTP.
        Mjpeg = "mjpeg", "MJPEG 视频流", "MJPEG stream";
        /// Single pictures over HTTP.
        Snapshot = "snapshot", "定时抓图", "snapshots";
        /// A file on this machine, played over and over.
        File = "file", "本机文件", "a file";
        /// Drawn by the program itself, for demonstrations and tests.
        Drawn = "drawn", "绘制的演示画面", "drawn by the program";
    }
}

/// Pictures a second that are looked at, at most.
pub const FPS_MAX: f64 = 25.0;
/// Width at which pictures are looked at.
pub const WIDTH: std::ops::RangeInclusive<u32> = 160..=1_920;

/// A camera as somebody registered or changed it. Its address is a secret and kept elsewhere; here is what may be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// Short name, one of a kind: letters, digits and `-`.
    pub code: String,
    /// The station that it looks at.
    pub station: StationCode,
    /// Name.
    pub name_zh: String,
    /// Name in English.
    pub name_en: String,
    /// Where its pictures come from.
    pub kind: CameraKind,
    /// Its address without what opens it.
    pub address: String,
    /// Another stream to look at, smaller than the one that is recorded.
    pub detect_address: Option<String>,
    /// RTSP by `udp` instead of `tcp`.
    pub udp: bool,
    /// Pictures a second that are looked at.
    pub fps: f64,
    /// Width at which they are looked at.
    pub width: u32,
    /// Whether it is looked at.
    pub enabled: bool,
}

/// Why a camera cannot be as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CameraFault {
    /// A code is made of letters, digits and `-`.
    #[error("code: 1 to 40 letters, digits and -")]
    Code,
    /// It has no name.
    #[error("name: 1 to 60 characters")]
    Name,
    /// Too few or too many pictures a second.
    #[error("fps: more than 0, at most 25")]
    Fps,
    /// Too narrow or too wide.
    #[error("width: 160 to 1920")]
    Width,
    /// It needs an address, or must not have one.
    #[error("address: needed for every kind but drawn")]
    Address,
}

impl Camera {
    /// Holds it against the rules.
    ///
    /// # Errors
    /// The first fault.
    pub fn whole(&self) -> Result<(), CameraFault> {
        let code = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.code.is_empty() || self.code.len() > 40 || !self.code.chars().all(code) {
            return Err(CameraFault::Code);
        }
        let named = |name: &str| (1..=60).contains(&name.chars().count());
        if !named(&self.name_zh) || !named(&self.name_en) {
            return Err(CameraFault::Name);
        }
        if !(self.fps > 0.0 && self.fps <= FPS_MAX) {
            return Err(CameraFault::Fps);
        }
        if !WIDTH.contains(&self.width) {
            return Err(CameraFault::Width);
        }
        if (self.kind == CameraKind::Drawn) != self.address.is_empty() {
            return Err(CameraFault::Address);
        }
        Ok(())
    }
}

/// A place where something that looks like a label is none (非目标位置), as a reviewer has said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quiet {
    /// Left, top, right, bottom: fractions of the picture.
    pub bbox: [f64; 4],
    /// What it is not.
    pub label: String,
    /// In which words.
    pub note: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Camera {
        Camera {
            code: "ms16-c1".into(),
            station: "ms16".into(),
            name_zh: "采样口".into(),
            name_en: "sampling head".into(),
            kind: CameraKind::Rtsp,
            address: "rtsp://***@10.0.0.5/1".into(),
            detect_address: None,
            udp: false,
            fps: 5.0,
            width: 640,
            enabled: true,
        }
    }

    #[test]
    fn what_cannot_be_is_named() {
        let check = |change: fn(&mut Camera), expected: Result<(), CameraFault>| {
            let mut one = camera();
            change(&mut one);
            assert_eq!(one.whole(), expected);
        };
        check(|_| {}, Ok(()));
        check(|c| c.code = "ms16 c1".into(), Err(CameraFault::Code));
        check(|c| c.code = String::new(), Err(CameraFault::Code));
        check(|c| c.name_en = String::new(), Err(CameraFault::Name));
        check(|c| c.fps = f64::NAN, Err(CameraFault::Fps));
        check(|c| c.fps = 26.0, Err(CameraFault::Fps));
        check(|c| c.width = 32, Err(CameraFault::Width));
        check(|c| c.address = String::new(), Err(CameraFault::Address));
        check(|c| c.kind = CameraKind::Drawn, Err(CameraFault::Address));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in CameraKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert_eq!(serde_json::to_string(kind).expect("json"), format!("{:?}", kind.as_str()));
        }
        assert!("webcam".parse::<CameraKind>().is_err());
    }
}
