//! Alarms (报警): what was seen, since when, and whether somebody has taken notice.
//!
//! One alarm stands for one lasting condition: repeats raise its count, they do not open another (the rule that decides
//! *when* is [`crate::analyse`]). Exceedance and missing data are kinds of their own, so that a broken line never looks like
//! clean water.

use serde::{Deserialize, Serialize};

/// What an alarm is about (报警类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// 超标: a value beyond its limit or the section's target class.
    Exceedance,
    /// 突变: a spike and return within minutes; the pattern of a disturbed probe.
    Spike,
    /// 断线: nothing came for longer than the device's interval allows.
    NoData,
    /// 重复连接: a second live connection with one MN.
    SecondConnection,
    /// 同键异值: a device restated a value it had already sent.
    ValueChanged,
}

impl AlarmKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Exceedance, Self::Spike, Self::NoData, Self::SecondConnection, Self::ValueChanged];

    /// The word used in addresses and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exceedance => "exceedance",
            Self::Spike => "spike",
            Self::NoData => "no_data",
            Self::SecondConnection => "second_connection",
            Self::ValueChanged => "value_changed",
        }
    }

    /// Reads [`AlarmKind::as_str`].
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == s)
    }
}

/// How far an alarm has come (报警状态). `Acknowledged` means a person has seen it; `Ended` that the condition is gone.
/// An alarm can be ended without anybody having seen it, and the list must still show that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// 未确认.
    Open,
    /// 已确认, condition lasting.
    Acknowledged,
    /// 已恢复.
    Ended,
}

impl AlarmState {
    /// The word used in addresses and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Ended => "ended",
        }
    }

    /// Reads [`AlarmState::as_str`].
    pub fn parse(s: &str) -> Option<Self> {
        [Self::Open, Self::Acknowledged, Self::Ended].into_iter().find(|k| k.as_str() == s)
    }
}
