//! Messages to bytes: requests, answers, uploads; splitting (2017 §6.3.1, C.49) and encryption (2025 annex A.2).

use crate::cipher::{self, Sm4Key};
use crate::crc;
use crate::decode::Edition;

/// Bytes the data area may have (2017 §6.3.1: 950; 2005: 960).
pub const AREA_MAX: usize = 950;

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
}

impl Message {
    /// The data segment.
    ///
    /// # Errors
    /// When a header value holds a separator, or the area holds `&&`.
    pub fn segment(&self) -> Result<String, EncodeError> {
        let header = [("ST", &self.st), ("CN", &self.cn), ("PW", &self.pw), ("MN", &self.mn)];
        let mut out = String::with_capacity(self.area.len() + 110);
        if !self.qn.is_empty() {
            push(&mut out, "QN", &self.qn)?;
        }
        for (field, value) in header {
            push(&mut out, field, value)?;
        }
        if let Some(edition) = self.edition {
            let flag = edition.flag_bits() | u8::from(self.packet.is_some()) << 1 | u8::from(self.answer);
            push(&mut out, "Flag", &flag.to_string())?;
        }
        if let Some((pnum, pno)) = self.packet {
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
    /// `DataTime` (2017 C.49). `groups` are the factors' items, `w01018-Rtd=2.2,w01018-Flag=N` each.
    pub fn split(&self, data_time: &str, groups: &[String]) -> Vec<Self> {
        let head = format!("DataTime={data_time}");
        let mut areas: Vec<String> = vec![head.clone()];
        for group in groups {
            let last = areas.len() - 1;
            if areas[last].len() + 1 + group.len() > AREA_MAX && areas[last] != head {
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

fn push(out: &mut String, field: &'static str, value: &str) -> Result<(), EncodeError> {
    if let Some(found) = value.chars().find(|c| matches!(c, ';' | ',' | '=' | '&' | '#' | '\r' | '\n')) {
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

/// The answer 9014 to data or 9013 to a notice, in the form of the device's edition: 2017 and 2025 repeat QN in the header and
/// leave CP empty; 2005 carries QN and CN inside CP (reference §7).
///
/// # Errors
/// When an echoed value holds a separator.
pub fn answer(cn: &str, echo: Echo<'_>) -> Result<Vec<u8>, EncodeError> {
    let mut message = Message {
        qn: echo.qn.to_owned(),
        st: "91".to_owned(),
        cn: cn.to_owned(),
        pw: echo.pw.to_owned(),
        mn: echo.mn.to_owned(),
        edition: Some(echo.edition),
        answer: false,
        packet: None,
        back_fill: false,
        area: String::new(),
    };
    if echo.edition == Edition::V2005 {
        message.area =
            if echo.qn.is_empty() { format!("CN={}", echo.cn) } else { format!("QN={};CN={}", echo.qn, echo.cn) };
        message.qn = String::new();
    }
    message.frame(None)
}

/// A request from the centre; every request wants an answer (2017 §6.1).
pub fn request(qn: &str, st: &str, cn: &str, (pw, mn): (&str, &str), edition: Edition, area: &str) -> Message {
    Message {
        qn: qn.to_owned(),
        st: st.to_owned(),
        cn: cn.to_owned(),
        pw: pw.to_owned(),
        mn: mn.to_owned(),
        edition: Some(edition),
        answer: true,
        packet: None,
        back_fill: false,
        area: area.to_owned(),
    }
}
