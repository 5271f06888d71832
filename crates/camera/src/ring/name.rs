//! Names of files: begin, length, and what is inside.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::strtime;

/// Codec and size of a recording. Clips are cut from files of one tag only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag(Arc<str>);

impl Tag {
    pub(crate) fn new(codec: &str, width: u32, height: u32) -> Self {
        let codec: String = codec.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        Self(format!("{codec}-{width}x{height}").into())
    }

    pub(crate) fn unknown() -> Self {
        Self("unknown-0x0".into())
    }

    fn parse(text: &str) -> Option<Self> {
        let fits = text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| Self(text.into()))
    }

    /// The codec's name, as FFmpeg has it.
    pub(crate) fn codec(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }
}

fn shown(us: i64, format: &str) -> String {
    let stamp = Timestamp::from_microsecond(us).unwrap_or(Timestamp::UNIX_EPOCH);
    strtime::format(format, stamp).unwrap_or_default()
}

pub(super) fn day(start_us: i64) -> String {
    shown(start_us, "%Y%m%d")
}

pub(super) fn is_day(name: &str) -> bool {
    name.len() == 8 && name.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn file(start_us: i64, us: i64, tag: &Tag) -> String {
    format!("{}.{:06}Z_{us}_{}.mp4", shown(start_us, "%Y%m%dT%H%M%S"), start_us.rem_euclid(1_000_000), tag.0)
}

pub(super) fn parse(name: &str) -> Option<(i64, i64, Tag)> {
    let mut fields = name.strip_suffix(".mp4")?.splitn(3, '_');
    let start: Timestamp = fields.next()?.parse().ok()?;
    let us: i64 = fields.next()?.parse().ok()?;
    let tag = Tag::parse(fields.next()?)?;
    (0 < us && us <= super::SEGMENT_US_MAX).then_some((start.as_microsecond(), us, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let start = 1_764_471_845_123_456;
        let name = file(start, 4_000_000, &Tag::new("h264", 1920, 1080));
        assert_eq!(name, "20251130T030405.123456Z_4000000_h264-1920x1080.mp4");
        assert_eq!(parse(&name), Some((start, 4_000_000, Tag::new("h264", 1920, 1080))));
        for bad in
            ["", "x.mp4", "20251130T030405Z_0_h264-1x1.mp4", "20251130T030405Z_9_a/b.mp4", "20251130T030405Z_9.mp4"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
