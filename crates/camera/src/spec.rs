//! What a camera is: where its pictures come from, how many of them are wanted, and what it may cost.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use crate::Secret;

/// How pictures come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A stream by RTSP: H.264, H.265 or MJPEG.
    Rtsp,
    /// Pictures without end by HTTP (`multipart/x-mixed-replace`).
    Mjpeg,
    /// One picture per HTTP request, asked for [`Spec::fps`] times a second.
    Snapshot,
    /// A file.
    File,
    /// No device: painted by [`crate::drawn`].
    Drawn,
}

/// What carries an RTSP stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Inside the RTSP connection. Nothing is lost on the way; the usual choice.
    #[default]
    Tcp,
    /// Datagrams beside it.
    Udp,
}

/// What the program of one camera may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// CPU seconds within a minute; beyond that the camera is down for a while. None: no limit.
    pub cpu_s: Option<u32>,
    /// Memory of its own (data, heap) in MiB. A 1080p stream takes about 85.
    pub memory_mb: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { cpu_s: None, memory_mb: 512 }
    }
}

/// Where and how long recordings are kept.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RingSettings {
    /// The folder of this camera alone.
    pub folder: PathBuf,
    /// About how long one file is, in seconds; a file begins at a key frame, so that it may be longer. 1..=60.
    #[serde(default = "four")]
    pub segment_s: u32,
    /// How many days are kept.
    #[serde(default = "week")]
    pub days: f64,
    /// How many MiB are kept.
    #[serde(default = "quota")]
    pub quota_mb: u64,
    /// How many MiB stay free on the disk: below that the oldest goes, and if nothing may go, recording stops.
    #[serde(default = "floor")]
    pub floor_mb: u64,
}

fn four() -> u32 {
    4
}
fn week() -> f64 {
    7.0
}
fn quota() -> u64 {
    20 * 1024
}
fn floor() -> u64 {
    1024
}

impl RingSettings {
    /// The usual settings with `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), segment_s: four(), days: week(), quota_mb: quota(), floor_mb: floor() }
    }
}

/// One camera.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// How pictures come.
    pub kind: Kind,
    /// Its address; for a file its path. Empty for a drawn camera.
    #[serde(default = "nothing")]
    pub url: Secret,
    /// Another, smaller stream of the same camera for the analysis, where there is one. RTSP and MJPEG only.
    #[serde(default)]
    pub detect_url: Option<Secret>,
    /// What carries an RTSP stream.
    #[serde(default)]
    pub transport: Transport,
    /// Pictures per second that are handed on, at most. 0.05..=30.
    #[serde(default = "five")]
    pub fps: f32,
    /// Their width at most, in pixels; the height follows. Even, 64..=1920.
    #[serde(default = "narrow")]
    pub width: u32,
    /// Whether and how it is recorded.
    #[serde(default)]
    pub record: Option<RingSettings>,
    /// A file begins again at its end.
    #[serde(default)]
    pub loop_file: bool,
    /// A file is read as quickly as the sink takes it, no frame dropped, instead of at its own pace.
    #[serde(default)]
    pub every_frame: bool,
    /// What its program may take.
    #[serde(default)]
    pub limits: Limits,
    /// After so many seconds without a picture the camera is down and begun anew. 3..=600.
    #[serde(default = "ten")]
    pub silence_s: u32,
    /// What a drawn camera draws.
    #[serde(default)]
    pub drawn: crate::drawn::Settings,
}

fn nothing() -> Secret {
    Secret::new("")
}
fn five() -> f32 {
    5.0
}
fn narrow() -> u32 {
    640
}
fn ten() -> u32 {
    10
}

/// What is wrong with a [`Spec`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// The address cannot be read as one.
    #[error("{field}: not an address")]
    Address {
        /// Which of them.
        field: &'static str,
    },
    /// The address has a scheme that this kind of camera has not.
    #[error("{field}: scheme `{scheme}` is not one of {allowed}")]
    Scheme {
        /// Which address.
        field: &'static str,
        /// What it has.
        scheme: String,
        /// What it may have.
        allowed: &'static str,
    },
    /// A number out of its range.
    #[error("{field}: {value} is not within {range}")]
    Range {
        /// Which number.
        field: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// A second address where there cannot be one.
    #[error("detect_url: only for rtsp and mjpeg")]
    DetectUrl,
    /// The folder of recordings is not absolute.
    #[error("record.folder: not absolute: {0}")]
    Folder(PathBuf),
}

impl SpecError {
    /// The sentence for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Address { field } => format!("{}：不是有效地址", field_zh(field)),
            Self::Scheme { field, scheme, allowed } => {
                format!("{}：协议“{scheme}”不在允许之列（{allowed}）", field_zh(field))
            }
            Self::Range { field, value, range } => format!("{}：{value}超出范围{range}", field_zh(field)),
            Self::DetectUrl => "分析流地址：仅RTSP和MJPEG摄像机可另设".into(),
            Self::Folder(p) => format!("录像文件夹：须为绝对路径：{}", p.display()),
        }
    }
}

/// What a field is called where it is filled in; what only a program fills in keeps its own name.
fn field_zh(field: &'static str) -> &'static str {
    match field {
        "url" => "视频地址",
        "detect_url" => "分析流地址",
        "fps" => "分析帧率",
        "width" => "分析画面宽度",
        "silence_s" => "无画面判定秒数",
        other => other,
    }
}

const ADDRESS_MAX: usize = 2048;

impl Spec {
    /// A camera with the usual settings.
    pub fn new(kind: Kind, url: impl Into<String>) -> Self {
        Self {
            kind,
            url: Secret::new(url),
            detect_url: None,
            transport: Transport::default(),
            fps: five(),
            width: narrow(),
            record: None,
            loop_file: false,
            every_frame: false,
            limits: Limits::default(),
            silence_s: ten(),
            drawn: crate::drawn::Settings::default(),
        }
    }

    /// Says what is wrong with it, the first thing only.
    pub fn check(&self) -> Result<(), SpecError> {
        check_address(self.kind, "url", &self.url)?;
        if let Some(url) = &self.detect_url {
            if !matches!(self.kind, Kind::Rtsp | Kind::Mjpeg) {
                return Err(SpecError::DetectUrl);
            }
            check_address(self.kind, "detect_url", url)?;
        }
        within("fps", f64::from(self.fps), 0.05, 30.0, "0.05..=30")?;
        within("width", f64::from(self.width), 64.0, 1920.0, "64..=1920")?;
        within("silence_s", f64::from(self.silence_s), 3.0, 600.0, "3..=600")?;
        within("limits.memory_mb", f64::from(self.limits.memory_mb), 64.0, 65536.0, "64..=65536")?;
        if let Some(ring) = &self.record {
            within("record.segment_s", f64::from(ring.segment_s), 1.0, 60.0, "1..=60")?;
            within("record.days", ring.days, 0.01, 3660.0, "0.01..=3660")?;
            if !ring.folder.is_absolute() {
                return Err(SpecError::Folder(ring.folder.clone()));
            }
        }
        Ok(())
    }
}

fn within(field: &'static str, value: f64, low: f64, high: f64, range: &'static str) -> Result<(), SpecError> {
    if (low..=high).contains(&value) { Ok(()) } else { Err(SpecError::Range { field, value, range }) }
}

fn check_address(kind: Kind, field: &'static str, secret: &Secret) -> Result<(), SpecError> {
    let text = secret.expose();
    let wrong = SpecError::Address { field };
    if text.len() > ADDRESS_MAX || text.chars().any(char::is_control) {
        return Err(wrong);
    }
    let allowed = match kind {
        Kind::Drawn => return Ok(()),
        Kind::File if text.starts_with('/') => return Ok(()),
        Kind::File => {
            return Err(SpecError::Scheme {
                field,
                scheme: Url::parse(text).map_or_else(|_| String::new(), |u| u.scheme().to_owned()),
                allowed: "an absolute path",
            });
        }
        Kind::Rtsp => ["rtsp", "rtsps"],
        Kind::Mjpeg | Kind::Snapshot => ["http", "https"],
    };
    let url = Url::parse(text).map_err(|_| wrong.clone())?;
    if !allowed.contains(&url.scheme()) {
        let allowed = if kind == Kind::Rtsp { "rtsp, rtsps" } else { "http, https" };
        return Err(SpecError::Scheme { field, scheme: url.scheme().to_owned(), allowed });
    }
    if url.host_str().is_none_or(str::is_empty) { Err(wrong) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_schemes_of_the_kind_are_taken() {
        let check =
            |kind, url: &str, good: bool| assert_eq!(Spec::new(kind, url).check().is_ok(), good, "{kind:?} {url}");
        check(Kind::Rtsp, "rtsp://u:p@10.0.0.1/ch1", true);
        check(Kind::Rtsp, "file:///etc/passwd", false);
        check(Kind::Rtsp, "http://10.0.0.1/", false);
        check(Kind::Rtsp, "/etc/passwd", false);
        check(Kind::Rtsp, "rtsp://10.0.0.1/a\nfile '/etc/passwd'", false);
        check(Kind::Snapshot, "https://10.0.0.1/cgi/snap.jpg?u=a", true);
        check(Kind::Mjpeg, "concat:http://a|file:/b", false);
        check(Kind::File, "/srv/clip.mp4", true);
        check(Kind::File, "http://10.0.0.1/clip.mp4", false);
        check(Kind::Drawn, "", true);
    }

    #[test]
    fn errors_say_where_and_never_what_is_secret() {
        let e = Spec::new(Kind::Rtsp, "ftp://op:topsecret@h/").check().unwrap_err();
        assert!(
            !e.to_string().contains("topsecret") && !e.zh().contains("topsecret") && e.zh().contains("视频地址"),
            "{e}"
        );
        let spec = Spec { fps: 0.0, ..Spec::new(Kind::Drawn, "") };
        assert!(matches!(spec.check(), Err(SpecError::Range { field: "fps", .. })));
    }
}
