//! Uploads, notices and results of the field side (现场机 → 上位机): what a logger, a simulator or a forwarding platform sends.
//! One variant per shape of the data area (2017 annex C; 2025 and 2005 as the command table cites).
//!
//! Long data is split between factors, each packet with the whole header and its own `DataTime` (2017 C.49).

use crate::civil::Civil;
use crate::encode::{Area, EncodeError, Exchange, Message};
use crate::request::{AlarmLimit, cycle, minute_interval};

/// Data that comes as factors under one `DataTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// 2011: real-time values.
    RealTime,
    /// 2013: raw results of cyclic analysers, 2025.
    Cyclic,
    /// 2031: a day.
    Day,
    /// 2051: minutes.
    Minute,
    /// 2052: a single noise measurement, 2025.
    Noise,
    /// 2061: an hour.
    Hour,
    /// 2062: result of a standard-sample check, 2025.
    StandardCheck,
    /// 2111: five-minute mean of a furnace temperature, 2025.
    Furnace,
}

impl Data {
    /// Command code.
    pub fn cn(self) -> &'static str {
        match self {
            Self::RealTime => "2011",
            Self::Cyclic => "2013",
            Self::Day => "2031",
            Self::Minute => "2051",
            Self::Noise => "2052",
            Self::Hour => "2061",
            Self::StandardCheck => "2062",
            Self::Furnace => "2111",
        }
    }
}

/// The values of one factor: `("Avg", "1.2")`, `("Flag", "N")`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor<'a> {
    /// Factor code.
    pub code: &'a str,
    /// Keys and values, in the order to be sent.
    pub values: &'a [(&'a str, &'a str)],
}

/// What the field side sends of its own accord, or as the data a request asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the keys of the standard, named in the line of their variant")]
pub enum Upload<'a> {
    /// 1001: hardware of the logger, 2025; a notice. `(i23005, serial)`, `(i23006, CPU id)`, `(i23007, MAC)` …
    Hardware { items: &'a [(&'a str, &'a str)] },
    /// 1011: the clock.
    Clock { pol_id: Option<&'a str>, time: Civil },
    /// 1013: asks to be time-calibrated; a notice.
    AskClock { pol_id: Option<&'a str> },
    /// 1014: asks for a new cipher key, 2025; a notice.
    AskKey { created: Civil },
    /// 1021: alarm limits, 2005.
    AlarmLimits { limits: &'a [AlarmLimit<'a>] },
    /// 1031: report address, 2005.
    AlarmTarget { target: &'a str },
    /// 1041: daily report time, 2005.
    ReportTime { time: &'a str },
    /// 1061: real-time interval.
    RealTimeInterval { seconds: u16 },
    /// 1063: minute interval.
    MinuteInterval { minutes: u16 },
    /// Factors under one time.
    Data { what: Data, time: Civil, factors: &'a [Factor<'a>] },
    /// 2021: run state of facilities: number and state 0 to 5.
    RunState { time: Civil, facilities: &'a [(u8, u8)] },
    /// 2041: run time of facilities that day: number and hours, as text.
    RunTime { day: Civil, facilities: &'a [(u8, &'a str)] },
    /// 2071: an alarm record, 2005.
    AlarmRecord { alarm: Alarm<'a> },
    /// 2072: an alarm event, 2005; a notice.
    AlarmEvent { alarm: Alarm<'a> },
    /// 2081: the logger was started.
    Started { time: Civil, restart: Civil },
    /// 3015: a sample was kept in a bottle, 1 to 99.
    SampleKept { time: Civil, bottle: u16 },
    /// 3017: sampling cycle, 2017.
    SamplingCycle { pol_id: &'a str, start: &'a str, hours: u16 },
    /// 3018: minutes from sampling to result, 1 to 120.
    ResultDelay { pol_id: &'a str, minutes: u16 },
    /// 3019: serial of an instrument.
    Serial { time: Civil, pol_id: &'a str, serial: &'a str },
    /// 3020: field information: codes and values; log text goes without its slashes.
    Information { time: Civil, pol_id: Option<&'a str>, items: &'a [(&'a str, &'a str)] },
    /// 9015: heartbeat.
    Heartbeat,
}

/// An alarm of 2005.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alarm<'a> {
    /// When.
    pub time: Civil,
    /// Factor code.
    pub factor: &'a str,
    /// Value, as text.
    pub value: &'a str,
    /// AlarmType, as text: 1 begins, 0 ends.
    pub kind: &'a str,
}

impl Upload<'_> {
    /// Command code.
    pub fn cn(&self) -> &'static str {
        match self {
            Self::Hardware { .. } => "1001",
            Self::Clock { .. } => "1011",
            Self::AskClock { .. } => "1013",
            Self::AskKey { .. } => "1014",
            Self::AlarmLimits { .. } => "1021",
            Self::AlarmTarget { .. } => "1031",
            Self::ReportTime { .. } => "1041",
            Self::RealTimeInterval { .. } => "1061",
            Self::MinuteInterval { .. } => "1063",
            Self::Data { what, .. } => what.cn(),
            Self::RunState { .. } => "2021",
            Self::RunTime { .. } => "2041",
            Self::AlarmRecord { .. } => "2071",
            Self::AlarmEvent { .. } => "2072",
            Self::Started { .. } => "2081",
            Self::SampleKept { .. } => "3015",
            Self::SamplingCycle { .. } => "3017",
            Self::ResultDelay { .. } => "3018",
            Self::Serial { .. } => "3019",
            Self::Information { .. } => "3020",
            Self::Heartbeat => "9015",
        }
    }

    /// The message in one packet, however long.
    ///
    /// # Errors
    /// When the edition has no such upload, or a value is out of bounds or holds a separator.
    pub fn message(&self, from: &Exchange<'_>, answer: bool) -> Result<Message, EncodeError> {
        from.allow(self.cn(), true)?;
        Ok(from.message(self.cn(), answer, self.area()?))
    }

    /// The message in as many packets as its factors need.
    ///
    /// # Errors
    /// As [`Upload::message`].
    pub fn packets(&self, from: &Exchange<'_>, answer: bool) -> Result<Vec<Message>, EncodeError> {
        let whole = self.message(from, answer)?;
        let Self::Data { time, factors, .. } = self else { return Ok(vec![whole]) };
        let groups: Result<Vec<String>, EncodeError> =
            factors.iter().map(|f| Area::default().factor(f.code, f.values).finish()).collect();
        Ok(whole.split(&time.seconds(), &groups?))
    }

    fn area(&self) -> Result<String, EncodeError> {
        let area = Area::default();
        let dated = |time: &Civil| Area::default().with("DataTime", &time.seconds());
        match *self {
            Self::Heartbeat => area,
            Self::Hardware { items } => infos(area, items),
            Self::Clock { pol_id, time } => area.with_some("PolId", pol_id).with("SystemTime", &time.seconds()),
            Self::AskClock { pol_id } => area.with_some("PolId", pol_id),
            Self::AskKey { created } => area.with("SKCreateTime", &created.seconds()),
            Self::AlarmLimits { limits } => {
                limits.iter().fold(area, |area, l| area.factor(l.factor, &[("LowValue", l.low), ("UpValue", l.up)]))
            }
            Self::AlarmTarget { target } => area.with("AlarmTarget", target),
            Self::ReportTime { time } => area.with("ReportTime", time),
            Self::RealTimeInterval { seconds } => area.with("RtdInterval", &seconds.to_string()),
            Self::MinuteInterval { minutes } => minute_interval(area, minutes),
            Self::Data { time, factors, .. } => {
                factors.iter().fold(dated(&time), |area, f| area.factor(f.code, f.values))
            }
            Self::RunState { time, facilities } => facilities
                .iter()
                .fold(dated(&time), |area, (n, state)| area.factor(&format!("SB{n}"), &[("RS", &state.to_string())])),
            Self::RunTime { day, facilities } => {
                facilities.iter().fold(dated(&day), |area, (n, hours)| area.factor(&format!("SB{n}"), &[("RT", hours)]))
            }
            Self::AlarmRecord { alarm } | Self::AlarmEvent { alarm } => area
                .with("AlarmTime", &alarm.time.seconds())
                .factor(alarm.factor, &[("Ala", alarm.value)])
                .with("AlarmType", alarm.kind),
            Self::Started { time, restart } => dated(&time).with("RestartTime", &restart.seconds()),
            Self::SampleKept { time, bottle } => dated(&time).within("VaseNo", bottle, 1..=99, "1 to 99"),
            Self::SamplingCycle { pol_id, start, hours } => cycle(area, pol_id, start, hours),
            Self::ResultDelay { pol_id, minutes } => {
                area.with("PolId", pol_id).within("Stime", minutes, 1..=120, "1 to 120 min")
            }
            Self::Serial { time, pol_id, serial } => {
                dated(&time).with("PolId", pol_id).factor(pol_id, &[("SN", serial)])
            }
            Self::Information { time, pol_id, items } => infos(dated(&time).with_some("PolId", pol_id), items),
        }
        .finish()
    }
}

fn infos(area: Area, items: &[(&str, &str)]) -> Area {
    items.iter().fold(area, |area, (id, value)| area.info(id, value))
}
