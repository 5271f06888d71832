//! Requests of the centre (上位机 → 现场机): one variant per command of `commands.csv`, with the data area its edition wants
//! (2017 annex C; 2025 and 2005 as the command table cites).
//!
//! ```
//! use hj212::encode::Exchange;
//! use hj212::{Edition, Request};
//! let to = Exchange {
//!     qn: "20160801085857223",
//!     st: "32",
//!     pw: "100000",
//!     mn: "010000A8900016F000169DC0",
//!     edition: Edition::V2017,
//! };
//! let frame = Request::SetRealTimeInterval { seconds: 30 }.message(&to)?.frame(None)?;
//! assert!(frame.ends_with(b";Flag=5;CP=&&RtdInterval=30&&1C80\r\n")); // 2017 annex A
//! # Ok::<(), hj212::EncodeError>(())
//! ```

use crate::civil::Civil;
use crate::decode::Edition;
use crate::encode::{Area, EncodeError, Exchange, Message};

/// Stored data a centre can pull for a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// 2011 with a span: stored electricity data, 2025.
    Electricity,
    /// 2013: raw results of cyclic analysers, 2025.
    Cyclic,
    /// 2031: days.
    Days,
    /// 2041: run time of facilities per day.
    RunTime,
    /// 2051: minutes.
    Minutes,
    /// 2052: single noise measurements, 2025.
    Noise,
    /// 2061: hours.
    Hours,
    /// 2062: results of standard-sample checks, 2025.
    StandardChecks,
    /// 2071: alarm records, 2005.
    Alarms,
}

impl History {
    /// Command code.
    pub fn cn(self) -> &'static str {
        match self {
            Self::Electricity => "2011",
            Self::Cyclic => "2013",
            Self::Days => "2031",
            Self::RunTime => "2041",
            Self::Minutes => "2051",
            Self::Noise => "2052",
            Self::Hours => "2061",
            Self::StandardChecks => "2062",
            Self::Alarms => "2071",
        }
    }
}

/// What is asked of an instrument that `PolId` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instrument {
    /// 3012: sample now (即时采样).
    SampleNow,
    /// 3013: start cleaning or back-blow (启动清洗/反吹).
    Clean,
    /// 3014: comparison sampling (比对采样), 2017.
    Compare,
    /// 3017: read the sampling cycle, 2017.
    ReadCycle,
    /// 3018: read the time from sampling to result.
    ReadResultDelay,
    /// 3019: read the serial.
    ReadSerial,
    /// 3022: keep a sample now (即时留样), 2025.
    KeepSample,
    /// 3024: start a standard-sample check (标样核查), 2025.
    StandardCheck,
}

impl Instrument {
    /// Command code.
    pub fn cn(self) -> &'static str {
        match self {
            Self::SampleNow => "3012",
            Self::Clean => "3013",
            Self::Compare => "3014",
            Self::ReadCycle => "3017",
            Self::ReadResultDelay => "3018",
            Self::ReadSerial => "3019",
            Self::KeepSample => "3022",
            Self::StandardCheck => "3024",
        }
    }
}

/// Limits of one factor (报警门限), 2005.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmLimit<'a> {
    /// Factor code.
    pub factor: &'a str,
    /// Lower limit, as text.
    pub low: &'a str,
    /// Upper limit.
    pub up: &'a str,
}

/// A request of the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the keys of the standard, named in the line of their variant")]
pub enum Request<'a> {
    /// 1000: time-out in seconds and number of resends (设置超时时间及重发次数).
    SetTimeOut { seconds: u16, resends: u16 },
    /// 1001: alarm limit time, 2005.
    SetWarnTime { minutes: u16 },
    /// 1002: give a logger its MN, 2025; `serial` is i23005.
    SetMn { serial: &'a str },
    /// 1011: read the clock of the logger, or of an instrument.
    ReadClock { pol_id: Option<&'a str> },
    /// 1012: set the clock (设置现场机时间).
    SetClock { pol_id: Option<&'a str>, time: Civil },
    /// 1014: deliver a cipher key (下发密钥), 2025; `key` as 32 hex digits.
    SetKey { created: Civil, key: &'a str },
    /// 1021: read alarm limits, 2005.
    ReadAlarmLimits { pol_id: &'a str },
    /// 1022: set alarm limits, 2005.
    SetAlarmLimits { limits: &'a [AlarmLimit<'a>] },
    /// 1031: read the report address, 2005.
    ReadAlarmTarget,
    /// 1032: set the report address, 2005.
    SetAlarmTarget { target: &'a str },
    /// 1041: read the daily report time, 2005.
    ReadReportTime,
    /// 1042: set the daily report time, 2005.
    SetReportTime { time: &'a str },
    /// 1061: read the real-time interval.
    ReadRealTimeInterval,
    /// 1062: set the real-time interval, 30 to 3600 s.
    SetRealTimeInterval { seconds: u16 },
    /// 1063: read the minute interval.
    ReadMinuteInterval,
    /// 1064: set the minute interval.
    SetMinuteInterval { minutes: u16 },
    /// 1072: set the password.
    SetPassword { new: &'a str },
    /// 2011: start sending real-time data.
    StartRealTime,
    /// 2012: stop sending real-time data; a notice.
    StopRealTime,
    /// 2021: start sending run states.
    StartRunState,
    /// 2022: stop sending run states; a notice.
    StopRunState,
    /// Pull stored data; both bounds are included.
    Pull { what: History, begin: Civil, end: Civil },
    /// 3011: zero and span calibration; 2025 adds the type, 0 zero and 1 span.
    Calibrate { pol_id: &'a str, calibration_type: Option<u16> },
    /// Commands that name an instrument and nothing else.
    Do { what: Instrument, pol_id: &'a str },
    /// 3014: sampling times, 2005; hours.
    SetSamplingTimes { pol_id: &'a str, hours: &'a [u16] },
    /// 3015: keep a sample on exceedance (超标留样), 2017.
    KeepOnExceedance,
    /// 3016: sampling cycle, 2017: start `hhmmss`, length in hours.
    SetSamplingCycle { pol_id: &'a str, start: &'a str, hours: u16 },
    /// 3020: read field information; a span for logs.
    ReadInformation { pol_id: Option<&'a str>, info_id: &'a str, span: Option<(Civil, Civil)> },
    /// 3021: set a field parameter (设置现场机参数).
    SetParameter { pol_id: Option<&'a str>, info_id: &'a str, value: &'a str },
}

/// Minutes a minute interval may have: those that divide an hour.
const MINUTE_INTERVALS: [u16; 11] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];

impl Request<'_> {
    /// Command code.
    pub fn cn(&self) -> &'static str {
        match self {
            Self::SetTimeOut { .. } => "1000",
            Self::SetWarnTime { .. } => "1001",
            Self::SetMn { .. } => "1002",
            Self::ReadClock { .. } => "1011",
            Self::SetClock { .. } => "1012",
            Self::SetKey { .. } => "1014",
            Self::ReadAlarmLimits { .. } => "1021",
            Self::SetAlarmLimits { .. } => "1022",
            Self::ReadAlarmTarget => "1031",
            Self::SetAlarmTarget { .. } => "1032",
            Self::ReadReportTime => "1041",
            Self::SetReportTime { .. } => "1042",
            Self::ReadRealTimeInterval => "1061",
            Self::SetRealTimeInterval { .. } => "1062",
            Self::ReadMinuteInterval => "1063",
            Self::SetMinuteInterval { .. } => "1064",
            Self::SetPassword { .. } => "1072",
            Self::StartRealTime => "2011",
            Self::StopRealTime => "2012",
            Self::StartRunState => "2021",
            Self::StopRunState => "2022",
            Self::Pull { what, .. } => what.cn(),
            Self::Calibrate { .. } => "3011",
            Self::Do { what, .. } => what.cn(),
            Self::SetSamplingTimes { .. } => "3014",
            Self::KeepOnExceedance => "3015",
            Self::SetSamplingCycle { .. } => "3016",
            Self::ReadInformation { .. } => "3020",
            Self::SetParameter { .. } => "3021",
        }
    }

    /// The message; every request wants an answer (2017 §6.1).
    ///
    /// # Errors
    /// When the edition has no such request, or a value is out of bounds or holds a separator.
    pub fn message(&self, to: &Exchange<'_>) -> Result<Message, EncodeError> {
        to.allow(self.cn(), false)?;
        self.allow_form(to.edition)?;
        Ok(to.message(self.cn(), true, self.area(to.edition)?))
    }

    /// Forms one command code has in some editions only.
    fn allow_form(&self, edition: Edition) -> Result<(), EncodeError> {
        let allowed = match self {
            Self::Pull { what: History::Electricity, .. } | Self::Calibrate { calibration_type: Some(_), .. } => {
                edition == Edition::V2025
            }
            Self::SetSamplingTimes { .. } => edition == Edition::V2005,
            Self::Do { what: Instrument::Compare, .. } => edition == Edition::V2017,
            _ => true,
        };
        if allowed { Ok(()) } else { Err(EncodeError::NoCommand { cn: self.cn(), kind: "request", edition }) }
    }

    fn area(&self, edition: Edition) -> Result<String, EncodeError> {
        let area = Area::default();
        match *self {
            Self::ReadAlarmTarget
            | Self::ReadReportTime
            | Self::ReadRealTimeInterval
            | Self::ReadMinuteInterval
            | Self::StartRealTime
            | Self::StopRealTime
            | Self::StartRunState
            | Self::StopRunState
            | Self::KeepOnExceedance => area,
            Self::SetTimeOut { seconds, resends } => {
                area.within("OverTime", seconds, 1..=99, "1 to 99 s").within("ReCount", resends, 1..=99, "1 to 99")
            }
            Self::SetWarnTime { minutes } => area.with("WarnTime", &minutes.to_string()),
            Self::SetMn { serial } => area.info("i23005", serial),
            Self::ReadClock { pol_id } => area.with_some("PolId", pol_id),
            Self::SetClock { pol_id, time } => area.with_some("PolId", pol_id).with("SystemTime", &time.seconds()),
            Self::SetKey { created, key } => area.with("SKCreateTime", &created.seconds()).with("NewSK", key),
            Self::ReadAlarmLimits { pol_id } | Self::Do { pol_id, .. } => area.with("PolId", pol_id),
            Self::SetAlarmLimits { limits } => {
                limits.iter().fold(area, |area, l| area.factor(l.factor, &[("LowValue", l.low), ("UpValue", l.up)]))
            }
            Self::SetAlarmTarget { target } => area.with("AlarmTarget", target),
            Self::SetReportTime { time } => area.with("ReportTime", time),
            Self::SetRealTimeInterval { seconds } => {
                area.within("RtdInterval", seconds, 30..=3600, "30 to 3600 s (2017 §6.3.3.2.3)")
            }
            Self::SetMinuteInterval { minutes } => minute_interval(area, minutes),
            Self::SetPassword { new } => area.with(if edition == Edition::V2005 { "PW" } else { "NewPW" }, new),
            Self::Pull { begin, end, .. } => span(area, begin, end),
            Self::Calibrate { pol_id, calibration_type } => {
                let area = area.with("PolId", pol_id);
                match calibration_type {
                    Some(t) => area.beside("CalibrationType", &t.to_string()),
                    None => area,
                }
            }
            Self::SetSamplingTimes { pol_id, hours } => {
                hours.iter().fold(area.with("PolId", pol_id), |area, h| area.beside("CTime", &format!("{h:02}")))
            }
            Self::SetSamplingCycle { pol_id, start, hours } => cycle(area, pol_id, start, hours),
            Self::ReadInformation { pol_id, info_id, span } => {
                let area = area.with_some("PolId", pol_id).with("InfoId", info_id);
                match span {
                    // annex C.41 joins the two by a comma
                    Some((begin, end)) => area.with("BeginTime", &begin.seconds()).beside("EndTime", &end.seconds()),
                    None => area,
                }
            }
            Self::SetParameter { pol_id, info_id, value } => {
                area.with_some("PolId", pol_id).with("InfoId", info_id).info(info_id, value)
            }
        }
        .finish()
    }
}

fn span(mut area: Area, begin: Civil, end: Civil) -> Area {
    if begin > end {
        area.refuse(EncodeError::Bounds { key: "EndTime", value: end.seconds(), bounds: "not before BeginTime" });
    }
    area.with("BeginTime", &begin.seconds()).with("EndTime", &end.seconds())
}

/// `MinInterval`, in requests and reports.
pub(crate) fn minute_interval(mut area: Area, minutes: u16) -> Area {
    if !MINUTE_INTERVALS.contains(&minutes) {
        let bounds = "one of 1 2 3 4 5 6 10 12 15 20 30 min (2017 §6.3.3.2.3)";
        area.refuse(EncodeError::Bounds { key: "MinInterval", value: minutes.to_string(), bounds });
    }
    area.with("MinInterval", &minutes.to_string())
}

/// The sampling cycle; the standard's key table says `Ctime`, its examples `CTime`, and the examples are what devices read.
pub(crate) fn cycle(mut area: Area, pol_id: &str, start: &str, hours: u16) -> Area {
    if start.len() != 6 || !start.bytes().all(|b| b.is_ascii_digit()) {
        area.refuse(EncodeError::Bounds { key: "CstartTime", value: start.to_owned(), bounds: "hhmmss" });
    }
    area.with("PolId", pol_id).with("CstartTime", start).within("CTime", hours, 1..=24, "1 to 24 h")
}
