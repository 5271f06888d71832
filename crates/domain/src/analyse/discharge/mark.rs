//! Marks that operators put on hours (自动监测数据标记): what the plant or the instrument was doing. The marking rules of 2022 know
//! more words; these are the ones that change how an hour is counted. What each means is data (`marks.csv`).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorMark {
    /// 启动.
    StartUp,
    /// 停机.
    ShutDown,
    /// 故障.
    Fault,
    /// 维护.
    Maintenance,
    /// 校准.
    Calibration,
    /// 失控: calibration overdue or failed.
    OutOfControl,
    /// 停运: the plant stands.
    Stopped,
    /// 无排放: nothing is discharged; a mark, and not zero.
    NoDischarge,
}

impl OperatorMark {
    /// Every mark, in the order of `marks.csv`.
    pub const ALL: [Self; 8] = [
        Self::StartUp,
        Self::ShutDown,
        Self::Fault,
        Self::Maintenance,
        Self::Calibration,
        Self::OutOfControl,
        Self::Stopped,
        Self::NoDischarge,
    ];

    /// The Chinese term.
    pub fn zh(self) -> &'static str {
        match self {
            Self::StartUp => "启动",
            Self::ShutDown => "停机",
            Self::Fault => "故障",
            Self::Maintenance => "维护",
            Self::Calibration => "校准",
            Self::OutOfControl => "失控",
            Self::Stopped => "停运",
            Self::NoDischarge => "无排放",
        }
    }
}

impl fmt::Display for OperatorMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.zh())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_reads_what_it_writes() {
        for mark in OperatorMark::ALL {
            let text = serde_json::to_string(&mark).expect("plain data");
            assert_eq!(serde_json::from_str::<OperatorMark>(&text).expect("read"), mark);
        }
        let terms: std::collections::HashSet<_> = OperatorMark::ALL.map(OperatorMark::zh).into();
        assert_eq!(terms.len(), OperatorMark::ALL.len(), "no term is there twice");
    }
}
