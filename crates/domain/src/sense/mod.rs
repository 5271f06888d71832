//! Sensing (感知): readings (监测数据) and what becomes of them when they arrive twice.

pub mod eye;
pub mod import;
pub mod reviewed;

use serde::{Deserialize, Serialize};

use crate::id::{PointId, TelegramId};
use crate::time::{Instant, PeriodKind};

/// Where a reading stands: exactly one value is current for each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReadingKey {
    /// One factor at one station.
    pub point: PointId,
    /// Length of the period.
    pub kind: PeriodKind,
    /// Start of the period, or the moment for real-time data.
    pub at: Instant,
}

/// Which statistic of the period a value is (HJ 212-2017 §6.3.3.2.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Key.
    pub key: ReadingKey,
    /// The value that counts for the kind, as text sent by the device: `Rtd` for real-time data, else `Avg`; none when the
    /// device sent a mark without a value.
    pub value: Option<String>,
    /// The other statistics as sent: `Min=…,Max=…,Cou=…,ZsAvg=…`, in the order sent; empty for most real-time data.
    pub extra: String,
    /// Data mark (数据标记) as sent; `N` when the device sent none.
    pub mark: String,
    /// When it arrived.
    pub arrived: Instant,
    /// Back-filled (补传): marked `RF=1`, or part of an answer to a history request, or long past at arrival.
    pub late: bool,
    /// The telegram it was read from; none for imported values.
    pub telegram: Option<TelegramId>,
}

impl Reading {
    /// The value as a number, when it is one. `-0` is 0: not every engine keeps the sign of a zero, and all answer alike.
    pub fn number(&self) -> Option<f64> {
        self.value.as_deref().and_then(|v| v.parse::<f64>().ok()).filter(|n| n.is_finite()).map(|n| n + 0.0)
    }

    /// Whether `other` says the same: an identical repeat is acknowledged again and stored no second time.
    pub fn same_statement(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value && self.extra == other.extra && self.mark == other.mark
    }
}

/// What keeping a reading did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// First value for its key.
    New,
    /// The same statement again; nothing written.
    Repeat,
    /// Another value for a key already known: kept as this version, the earlier ones stay.
    Version(i64),
    /// A value for a key of which a reviewer has said a value, or of a time that is published: kept as this version, and what
    /// counted before said again above it, so that it stays the one that counts.
    Beside(i64),
}
