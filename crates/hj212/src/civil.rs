//! `YYYYMMDDhhmmss[zzz]`: the protocol's way to write local time (2017 §6.3.3.2.3). No zone lives here.

/// A local time as sent, with valid fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// Year, four digits.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31 by month.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// Millisecond, 0 to 999; 0 when not sent.
    pub milli: u16,
}

/// Reads 14 or 17 digits; none for anything else, an impossible date or time.
///
/// ```
/// assert!(hj212::civil::parse(b"20240229235959").is_some());
/// assert!(hj212::civil::parse(b"20230229000000").is_none());
/// ```
pub fn parse(digits: &[u8]) -> Option<Civil> {
    if !matches!(digits.len(), 14 | 17) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |from: usize, to: usize| digits[from..to].iter().fold(0u16, |n, d| n * 10 + u16::from(d - b'0'));
    let civil = Civil {
        year: number(0, 4).cast_signed(),
        month: number(4, 6) as u8,
        day: number(6, 8) as u8,
        hour: number(8, 10) as u8,
        minute: number(10, 12) as u8,
        second: number(12, 14) as u8,
        milli: if digits.len() == 17 { number(14, 17) } else { 0 },
    };
    civil.possible().then_some(civil)
}

impl Civil {
    /// The 14 digits of a time (DataTime, BeginTime, SystemTime …).
    ///
    /// ```
    /// let time = hj212::civil::parse(b"20160801085857223").expect("a time");
    /// assert_eq!((time.seconds().as_str(), time.millis().as_str()), ("20160801085857", "20160801085857223"));
    /// ```
    pub fn seconds(&self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    }

    /// The 17 digits of a request id (QN).
    pub fn millis(&self) -> String {
        format!("{}{:03}", self.seconds(), self.milli)
    }

    fn possible(&self) -> bool {
        let leap = (self.year % 4 == 0 && self.year % 100 != 0) || self.year % 400 == 0;
        let days = match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return false,
        };
        self.year > 0 && (1..=days).contains(&self.day) && self.hour < 24 && self.minute < 60 && self.second < 60
    }
}
