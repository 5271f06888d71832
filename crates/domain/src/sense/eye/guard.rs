//! Whether a station is guarded (值守状态): what a camera sees is worth something only while it sees.

use serde::{Deserialize, Serialize};

use super::words;
use crate::time::Instant;

words! {
    /// How a camera guards its station.
    GuardState {
        /// It sees, and nobody is there.
        Guarded = "guarded", "受控", "guarded";
        /// It sees somebody who has no business there.
        Intrusion = "intrusion", "有人闯入", "intrusion";
        /// It sees nothing: what happens now is not known.
        Blind = "blind", "失明", "blind";
        /// It is switched off.
        Off = "off", "停用", "off";
    }
}

words! {
    /// Why a camera is blind or less than it should be.
    Reason {
        /// No picture comes.
        Offline = "offline", "无画面", "no picture";
        /// The same picture over and over.
        Frozen = "frozen", "画面冻结", "frozen picture";
        /// No light at all.
        Black = "black", "黑屏", "black picture";
        /// The lens is covered.
        Covered = "covered", "镜头被遮挡", "covered lens";
        /// The camera looks elsewhere than it used to.
        Moved = "moved", "镜头被移动", "moved camera";
        /// Its stream cannot be read.
        Garbage = "garbage", "视频流无法解码", "unreadable stream";
        /// Its address is refused, or its password.
        Refused = "refused", "摄像机拒绝连接", "refused by the camera";
        /// The program that reads streams is not on this machine.
        NoProgram = "no_program", "本机没有 ffmpeg", "no ffmpeg on this machine";
        /// The program has just begun.
        Starting = "starting", "正在连接", "connecting";
        /// The program was not running.
        Stopped = "stopped", "程序未运行", "the program was not running";
    }
}

/// A stretch of one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// State.
    pub state: GuardState,
    /// Why, of a blind one.
    pub reason: Option<Reason>,
    /// Since when.
    pub since: Instant,
}

impl Guard {
    /// What follows from what is known: `blind` wins over everything but the switch, because whoever covers a lens must not become
    /// "nobody there".
    pub fn judge(enabled: bool, blind: Option<Reason>, intruders: usize) -> (GuardState, Option<Reason>) {
        match (enabled, blind) {
            (false, _) => (GuardState::Off, None),
            (true, Some(reason)) => (GuardState::Blind, Some(reason)),
            (true, None) if intruders > 0 => (GuardState::Intrusion, None),
            (true, None) => (GuardState::Guarded, None),
        }
    }
}

/// How long each state lasted, milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Lasted {
    /// Guarded.
    pub guarded: i64,
    /// Somebody there.
    pub intrusion: i64,
    /// Blind.
    pub blind: i64,
}

/// How long each state lasted within `[from, to)`; `changes` ascend, and the first may lie before `from`. What lies before the first is
/// not known and not counted.
pub fn lasted(changes: &[Guard], (from, to): (Instant, Instant)) -> Lasted {
    let mut sum = Lasted::default();
    for (i, one) in changes.iter().enumerate() {
        let until = changes.get(i + 1).map_or(to, |next| next.since).min(to);
        let ms = until.ms_since(one.since.max(from)).max(0);
        match one.state {
            GuardState::Guarded => sum.guarded += ms,
            GuardState::Intrusion => sum.intrusion += ms,
            GuardState::Blind => sum.blind += ms,
            GuardState::Off => {}
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_covered_lens_is_not_nobody_there() {
        assert_eq!(Guard::judge(true, Some(Reason::Covered), 1), (GuardState::Blind, Some(Reason::Covered)));
        assert_eq!(Guard::judge(true, None, 1), (GuardState::Intrusion, None));
        assert_eq!(Guard::judge(true, None, 0), (GuardState::Guarded, None));
        assert_eq!(Guard::judge(false, Some(Reason::Offline), 0), (GuardState::Off, None));
    }

    #[test]
    fn stretches_are_cut_at_the_ends_of_what_is_asked() {
        let at = |s: i64| Instant(s * 1_000_000);
        let one = |state, s| Guard { state, reason: None, since: at(s) };
        let changes = [
            one(GuardState::Guarded, 0),
            one(GuardState::Blind, 50),
            one(GuardState::Off, 80),
            one(GuardState::Guarded, 90),
        ];
        let sum = lasted(&changes, (at(10), at(100)));
        assert_eq!(sum, Lasted { guarded: 40_000 + 10_000, intrusion: 0, blind: 30_000 });
        assert_eq!(lasted(&changes, (at(60), at(70))), Lasted { guarded: 0, intrusion: 0, blind: 10_000 });
        assert_eq!(lasted(&[], (at(0), at(9))), Lasted::default());
    }
}
