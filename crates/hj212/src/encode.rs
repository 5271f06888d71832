//! Messages to bytes: requests, answers, uploads; splitting (2017 §6.3.1, C.49) and encryption (2025 annex A.2).

use crate::cipher::{self, Sm4Key};
use crate::decode::{Edition, SEGMENT_MAX};
use crate::{command, crc};

/// Bytes the data area may have (2017 §6.3.1: 950; 2005: 960).
pub const AREA_MAX: usize = 950;

/// Packets one upload may have (2017 §6.3.2: four digits).
const PACKETS_MAX: u32 = 9_999;

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Request id; empty leaves the field out (2005 uploads).
    pub qn: String,
    /// System code.
    pub st: String,
    /// Command code.
    pub cn: String,
    /// Password.
    pub pw: String,
    /// Device id.
    pub mn: String,
    /// Edition; none leaves `Flag` out.
    pub edition: Option<Edition>,
    /// Whether an answer is wanted.
    pub answer: bool,
    /// `(PNUM, PNO)`, when the message is one of several packets.
    pub packet: Option<(u32, u32)>,
    /// Back-filled (`RF=1`, 2025).
    pub back_fill: bool,
    /// What stands between `CP=&&` and `&&`.
    pub area: String,
}

/// Why a message cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A header value would break the frame.
    #[error("{field} may not hold {found:?}")]
    Value {
        /// Field.
        field: &'static str,
        /// The character.
        found: char,
    },
    /// The segment is longer than the length field can say.
    #[error("data segment of {0} bytes, the length field ends at 9999")]
    TooLong(usize),
    /// The data area would end early.
    #[error("the data area may not hold &&")]
    Area,
    /// Without `Flag` no answer can be asked for.
    #[error("an answer is wanted, but there is no edition to write Flag for")]
    NoFlag,
    /// The edition has no such command in this direction.
    #[error("CN {cn} is no {kind} of the {} edition", edition.as_str())]
    NoCommand {
        /// Command.
        cn: &'static str,
        /// `request` or `upload`.
        kind: &'static str,
        /// Edition.
        edition: Edition,
    },
    /// A value is out of the bounds the standard gives.
    #[error("{key} may not be {value}: {bounds}")]
    Bounds {
        /// Key.
        key: &'static str,
        /// Value.
        value: String,
        /// Bounds, for people.
        bounds: &'static str,
    },
}

/// Header values that all messages of one exchange share.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// Request id.
    pub qn: &'a str,
    /// System code.
    pub st: &'a str,
    /// Password.
    pub pw: &'a str,
    /// Device id.
    pub mn: &'a str,
    /// Edition of the device.
    pub edition: Edition,
}

impl Exchange<'_> {
    /// A message of this exchange that is no packet of several.
    pub fn message(&self, cn: &str, answer: bool, area: String) -> Message {
        Message {
            qn: self.qn.to_owned(),
            st: self.st.to_owned(),
            cn: cn.to_owned(),
            pw: self.pw.to_owned(),
            mn: self.mn.to_owned(),
            edition: Some(self.edition),
            answer,
            packet: None,
            back_fill: false,
            area,
        }
    }

    /// Refuses a command the edition does not have in a direction.
    pub(crate) fn allow(&self, cn: &'static str, up: bool) -> Result<(), EncodeError> {
        let code = cn.parse().unwrap_or(0);
        let way = if up { "up" } else { "down" };
        let has = |c: &command::Command| {
            (c.direction == way || c.direction == "both") && c.editions.contains(&self.edition.as_str()[2..])
        };
        if command::rows(code).any(has) {
            return Ok(());
        }
        let kind = if up { "upload" } else { "request" };
        Err(EncodeError::NoCommand { cn, kind, edition: self.edition })
    }
}

/// Writes a data area item by item, and remembers the first value that would break it.
#[derive(Debug, Default)]
pub(crate) struct Area {
    text: String,
    refused: Option<EncodeError>,
}

impl Area {
    /// One item of one key.
    pub(crate) fn with(mut self, key: &'static str, value: &str) -> Self {
        self.begin(';');
        self.pair("", key, value);
        self
    }

    /// An item that stands only when it has a value.
    pub(crate) fn with_some(self, key: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// A number within the standard's bounds.
    pub(crate) fn within(
        mut self,
        key: &'static str,
        value: u16,
        bounds: std::ops::RangeInclusive<u16>,
        said: &'static str,
    ) -> Self {
        if !bounds.contains(&value) {
            self.refuse(EncodeError::Bounds { key, value: value.to_string(), bounds: said });
        }
        self.with(key, &value.to_string())
    }

    /// The values of one factor, joined by `,`.
    pub(crate) fn factor(mut self, code: &str, values: &[(&str, &str)]) -> Self {
        for (i, (key, value)) in values.iter().enumerate() {
            self.begin(if i == 0 { ';' } else { ',' });
            self.pair(code, key, value);
        }
        self
    }

    /// An item that stays in the group of the one before.
    pub(crate) fn beside(mut self, key: &str, value: &str) -> Self {
        self.begin(',');
        self.pair("", key, value);
        self
    }

    /// Field information; log text stands between `//` and `//` and may hold separators (2017 §6.4.2).
    pub(crate) fn info(mut self, id: &str, value: &str) -> Self {
        if id.as_bytes().get(2) != Some(&b'1') {
            return self.factor(id, &[("Info", value)]);
        }
        if value.len() >= LOG_MAX || value.contains("//") {
            let bounds = "log text is under 890 bytes and holds no //";
            self.refuse(EncodeError::Bounds { key: "Info", value: value.chars().take(20).collect(), bounds });
        }
        self.check(id);
        self.begin(';');
        for part in [id, "-Info=//", value, "//"] {
            self.text.push_str(part);
        }
        self
    }

    pub(crate) fn finish(self) -> Result<String, EncodeError> {
        self.refused.map_or(Ok(self.text), Err)
    }

    fn begin(&mut self, separator: char) {
        if !self.text.is_empty() {
            self.text.push(separator);
        }
    }

    fn pair(&mut self, code: &str, key: &str, value: &str) {
        for part in [code, key, value] {
            self.check(part);
        }
        self.text.push_str(code);
        if !code.is_empty() {
            self.text.push('-');
        }
        self.text.push_str(key);
        self.text.push('=');
        self.text.push_str(value);
    }

    fn check(&mut self, part: &str) {
        if let Some(found) = separator(part) {
            self.refuse(EncodeError::Value { field: "CP", found });
        }
    }

    pub(crate) fn refuse(&mut self, error: EncodeError) {
        self.refused.get_or_insert(error);
    }
}

/// Bytes of log text (2017 B.8: under 890).
const LOG_MAX: usize = 890;

/// What a value may not hold: a separator, or a blank at either end, which a reader drops.
fn separator(value: &str) -> Option<char> {
    let blank = (value.starts_with(' ') || value.ends_with(' ')).then_some(' ');
    value.chars().find(|c| matches!(c, ';' | ',' | '=' | '&' | '#' | '\r' | '\n')).or(blank)
}

impl Message {
    /// The data segment.
    ///
    /// # Errors
    /// When a header value holds a separator, the area holds `&&`, packet numbers are out of bounds, or an answer is wanted
    /// without `Flag`.
    pub fn segment(&self) -> Result<String, EncodeError> {
        let header = [("ST", &self.st), ("CN", &self.cn), ("PW", &self.pw), ("MN", &self.mn)];
        let mut out = String::with_capacity(self.area.len() + 110);
        if !self.qn.is_empty() {
            push(&mut out, "QN", &self.qn)?;
        }
        for (field, value) in header {
            push(&mut out, field, value)?;
        }
        if self.answer && self.edition.is_none() {
            return Err(EncodeError::NoFlag);
        }
        if let Some(edition) = self.edition {
            let flag = edition.flag_bits() | u8::from(self.packet.is_some()) << 1 | u8::from(self.answer);
            push(&mut out, "Flag", &flag.to_string())?;
        }
        if let Some((pnum, pno)) = self.packet {
            if !(1..=PACKETS_MAX).contains(&pnum) || !(1..=pnum).contains(&pno) {
                let bounds = "PNO is 1 to PNUM, PNUM at most 9999 (2017 §6.3.2)";
                return Err(EncodeError::Bounds { key: "PNO", value: format!("{pno} of {pnum}"), bounds });
            }
            push(&mut out, "PNUM", &pnum.to_string())?;
            push(&mut out, "PNO", &pno.to_string())?;
        }
        if self.back_fill {
            push(&mut out, "RF", "1")?;
        }
        if self.area.contains("&&") || self.area.ends_with('&') || self.area.starts_with('&') {
            return Err(EncodeError::Area);
        }
        out.push_str("CP=&&");
        out.push_str(&self.area);
        out.push_str("&&");
        Ok(out)
    }

    /// The frame. With a key, the commands that the 2025 edition encrypts are encrypted, as raw bytes.
    ///
    /// # Errors
    /// As [`Message::segment`], and when the segment is too long for the length field.
    pub fn frame(&self, key: Option<&Sm4Key>) -> Result<Vec<u8>, EncodeError> {
        let segment = self.segment()?;
        if segment.len() > 9_999 {
            return Err(EncodeError::TooLong(segment.len()));
        }
        let crc = crc::checksum(segment.as_bytes());
        let mut out = Vec::with_capacity(segment.len() + 12);
        out.extend_from_slice(format!("##{:04}", segment.len()).as_bytes());
        out.extend_from_slice(segment.as_bytes());
        if let Some(key) = key.filter(|_| cipher::covers(self.cn.as_bytes())) {
            let to = out.len() - 2;
            let from = to - self.area.len();
            key.encrypt(&mut out[from..to]);
        }
        out.extend_from_slice(format!("{crc:04X}\r\n").as_bytes());
        Ok(out)
    }

    /// Cuts an upload into packets that fit, between factors and never inside one; each has the whole header and its own
    /// `DataTime` (2017 C.49). `groups` are the factors' items, `w01018-Rtd=2.2,w01018-Flag=N` each; one that is too long for
    /// any packet has one of its own.
    pub fn split(&self, data_time: &str, groups: &[String]) -> Vec<Self> {
        let head = format!("DataTime={data_time}");
        let room = self.room();
        let mut areas: Vec<String> = vec![head.clone()];
        for group in groups {
            let last = areas.len() - 1;
            if areas[last].len() + 1 + group.len() > room && areas[last] != head {
                areas.push(head.clone());
            }
            let last = areas.len() - 1;
            areas[last].push(';');
            areas[last].push_str(group);
        }
        let pnum = areas.len() as u32;
        let packet = |i: usize| (pnum > 1).then_some((pnum, i as u32 + 1));
        areas.into_iter().enumerate().map(|(i, area)| Self { packet: packet(i), area, ..self.clone() }).collect()
    }
}

impl Message {
    /// Bytes a packet's data area may have: the header counts too.
    fn room(&self) -> usize {
        let empty = Self { packet: Some((PACKETS_MAX, PACKETS_MAX)), area: String::new(), ..self.clone() };
        let header = empty.segment().map_or(0, |segment| segment.len());
        AREA_MAX.min(SEGMENT_MAX.saturating_sub(header))
    }
}

fn push(out: &mut String, field: &'static str, value: &str) -> Result<(), EncodeError> {
    if let Some(found) = separator(value) {
        return Err(EncodeError::Value { field, found });
    }
    out.push_str(field);
    out.push('=');
    out.push_str(value);
    out.push(';');
    Ok(())
}

/// What an answer echoes of the frame it answers.
#[derive(Debug, Clone, Copy)]
pub struct Echo<'a> {
    /// QN as received; may be empty from a 2005 device.
    pub qn: &'a str,
    /// CN as received.
    pub cn: &'a str,
    /// PW as received.
    pub pw: &'a str,
    /// MN as received.
    pub mn: &'a str,
    /// Edition of the device.
    pub edition: Edition,
}

impl Echo<'_> {
    /// The header of the answer and what its CP begins with: 2017 and 2025 repeat QN in the header; 2005 carries it inside
    /// CP.
    fn answer(&self, cn: &str, pairs: &[(&'static str, &str)]) -> Result<Vec<u8>, EncodeError> {
        let v2005 = self.edition == Edition::V2005;
        let qn = if v2005 { "" } else { self.qn };
        let inside = Some(self.qn).filter(|qn| v2005 && !qn.is_empty());
        let mut area = Area::default().with_some("QN", inside);
        for (key, value) in pairs {
            area = area.with(key, value);
        }
        let exchange = Exchange { qn, st: "91", pw: self.pw, mn: self.mn, edition: self.edition };
        exchange.message(cn, false, area.finish()?).frame(None)
    }
}

/// The answer 9014 to data or 9013 to a notice, in the form of the device's edition: 2017 and 2025 leave CP empty; 2005 names
/// QN and CN inside CP.
///
/// # Errors
/// When an echoed value holds a separator.
pub fn answer(cn: &str, echo: Echo<'_>) -> Result<Vec<u8>, EncodeError> {
    let pairs = [("CN", echo.cn)];
    echo.answer(cn, if echo.edition == Edition::V2005 { &pairs } else { &[] })
}

/// The answer 9011 to a request (请求应答), with `QnRtn` of `returns.csv`.
///
/// # Errors
/// When an echoed value holds a separator.
pub fn accepted(qn_rtn: u16, echo: Echo<'_>) -> Result<Vec<u8>, EncodeError> {
    echo.answer("9011", &[("QnRtn", &qn_rtn.to_string())])
}

/// The result 9012 of a request (执行结果), with `ExeRtn` of `returns.csv`.
///
/// # Errors
/// When an echoed value holds a separator.
pub fn executed(exe_rtn: u16, echo: Echo<'_>) -> Result<Vec<u8>, EncodeError> {
    echo.answer("9012", &[("ExeRtn", &exe_rtn.to_string())])
}

/// A request from the centre; every request wants an answer (2017 §6.1). [`crate::Request`] writes the data area too.
pub fn request(qn: &str, st: &str, cn: &str, (pw, mn): (&str, &str), edition: Edition, area: &str) -> Message {
    Exchange { qn, st, pw, mn, edition }.message(cn, true, area.to_owned())
}
