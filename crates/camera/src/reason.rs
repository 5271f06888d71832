//! Why a camera gives no pictures: one word for machines, one sentence for people.

use serde::Serialize;

/// Why a camera is down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", content = "what", rename_all = "snake_case")]
pub enum Reason {
    /// The camera wants another user or password.
    Unauthorised,
    /// The camera has no such path.
    NotFound,
    /// Nobody listens at that address.
    Refused,
    /// The address cannot be reached or its name is unknown.
    Unreachable,
    /// The camera did not answer in time.
    TimedOut,
    /// What comes is no picture that can be read.
    Garbage,
    /// The connection stands, but no picture came for so many seconds.
    NoPicture(u32),
    /// The camera ended the stream.
    Ended,
    /// The picture's size changed in the middle of the stream; it is begun anew.
    Resized,
    /// FFmpeg was ended by a signal of somebody else.
    Killed(i32),
    /// FFmpeg wanted more memory than it may have.
    Memory,
    /// FFmpeg took more CPU seconds in a minute than it may.
    Cpu(u32),
    /// The program FFmpeg is not there.
    NoProgram,
    /// The file is not there or may not be read.
    NoFile,
    /// Anything else, in FFmpeg's own words without addresses.
    Other(String),
}

impl Reason {
    /// The sentence for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::Unauthorised => "摄像机拒绝登录：用户名或密码不对".into(),
            Self::NotFound => "摄像机上没有这个视频地址".into(),
            Self::Refused => "摄像机拒绝连接：端口未开".into(),
            Self::Unreachable => "摄像机地址不通".into(),
            Self::TimedOut => "摄像机应答超时".into(),
            Self::Garbage => "收到的数据不是可解码的视频".into(),
            Self::NoPicture(s) => format!("没有画面：{s} 秒内未收到图像"),
            Self::Ended => "视频流中断".into(),
            Self::Resized => "画面尺寸在中途改变，正在重新接入".into(),
            Self::Killed(n) => format!("解码程序被外部终止（信号 {n}）"),
            Self::Memory => "解码程序超出内存限额".into(),
            Self::Cpu(s) => format!("解码程序超出处理器限额（一分钟内 {s} 秒）"),
            Self::NoProgram => "本机未安装 ffmpeg".into(),
            Self::NoFile => "视频文件不存在或不可读".into(),
            Self::Other(what) => format!("接入失败：{what}"),
        }
    }

    /// The word for machines: as the tag in JSON.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorised => "unauthorised",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Garbage => "garbage",
            Self::NoPicture(_) => "no_picture",
            Self::Ended => "ended",
            Self::Resized => "resized",
            Self::Killed(_) => "killed",
            Self::Memory => "memory",
            Self::Cpu(_) => "cpu",
            Self::NoProgram => "no_program",
            Self::NoFile => "no_file",
            Self::Other(_) => "other",
        }
    }

    /// What FFmpeg's last lines mean, when they mean something known. The lines are scrubbed already.
    pub(crate) fn of_lines<'a>(lines: impl DoubleEndedIterator<Item = &'a str>) -> Option<Self> {
        lines.rev().find_map(Self::of_line)
    }

    fn of_line(line: &str) -> Option<Self> {
        let has = |words: &[&str]| words.iter().any(|w| line.contains(w));
        Some(match () {
            () if has(&["received signal 15"]) => Self::Killed(15),
            () if has(&["401 Unauthorized", "403 Forbidden"]) => Self::Unauthorised,
            () if has(&["404 Not Found", "method DESCRIBE failed: 4"]) => Self::NotFound,
            () if has(&["Connection refused"]) => Self::Refused,
            () if has(&[
                "No route to host",
                "Network is unreachable",
                "Failed to resolve hostname",
                "Name or service not known",
            ]) =>
            {
                Self::Unreachable
            }
            () if has(&["Connection timed out", "Operation timed out", "Error opening input: I/O error"]) => {
                Self::TimedOut
            }
            () if has(&["Cannot allocate memory", "cannot allocate memory", "Error while opening encoder"]) => {
                Self::Memory
            }
            () if has(&["No such file or directory", "Permission denied"]) => Self::NoFile,
            () if has(&[
                "Invalid data found",
                "Could not find codec parameters",
                "Unable to find a suitable",
                "Protocol not found",
                "Not whitelisted",
                "not on whitelist",
                "Error while decoding",
                "matches no streams",
                "does not contain any stream",
            ]) =>
            {
                Self::Garbage
            }
            () => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_ffmpeg_have_a_reason() {
        let check = |line: &str, code: &str| {
            assert_eq!(Reason::of_lines([line].into_iter()).map(|r| r.code()), Some(code), "{line}");
        };
        check("[rtsp @ 0x55] method DESCRIBE failed: 401 Unauthorized", "unauthorised");
        check("pipe:0: Connection refused", "refused");
        check("[rtsp @ 0x55] method DESCRIBE failed: 404 Not Found", "not_found");
        check("pipe:0: Invalid data found when processing input", "garbage");
        check("pipe:0: Connection timed out", "timed_out");
        assert_eq!(Reason::of_lines(["Stream mapping:"].into_iter()), None);
    }

    #[test]
    fn every_reason_has_a_sentence_and_the_code_of_its_json() {
        let all = [
            Reason::Unauthorised,
            Reason::NotFound,
            Reason::Refused,
            Reason::Unreachable,
            Reason::TimedOut,
            Reason::Garbage,
            Reason::NoPicture(10),
            Reason::Ended,
            Reason::Resized,
            Reason::Killed(9),
            Reason::Memory,
            Reason::Cpu(30),
            Reason::NoProgram,
            Reason::NoFile,
            Reason::Other("x".into()),
        ];
        for reason in all {
            assert!(reason.zh().chars().any(|c| c > '\u{4e00}'));
            assert!(!reason.code().is_empty());
        }
    }
}
