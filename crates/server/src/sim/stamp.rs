//! Times as HJ 212 writes them: `YYYYMMDDhhmmss`, and with milliseconds for QN; civil time of one zone.

use std::fmt::{self, Write as _};

use jiff::civil::DateTime;
use shanshui_domain::time::{Instant, Zone};

/// Fourteen digits.
pub type Seconds = [u8; 14];
/// Seventeen digits: a request id (QN).
pub type Millis = [u8; 17];

/// Appends formatted text.
pub(super) fn append(into: &mut String, text: fmt::Arguments<'_>) {
    into.write_fmt(text).expect("writing to a string cannot fail");
}

/// Writes a number right-aligned with leading zeros.
pub fn digits(into: &mut [u8], mut n: u64) {
    for place in into.iter_mut().rev() {
        *place = b'0' + (n % 10) as u8;
        n /= 10;
    }
}

fn write(civil: DateTime, into: &mut [u8]) {
    digits(&mut into[0..4], u64::from(civil.year().unsigned_abs()));
    for (from, part) in
        [(4, civil.month()), (6, civil.day()), (8, civil.hour()), (10, civil.minute()), (12, civil.second())]
    {
        digits(&mut into[from..from + 2], u64::from(part.unsigned_abs()));
    }
}

/// An instant to the second.
pub fn seconds(zone: &Zone, at: Instant) -> Seconds {
    let mut out = [b'0'; 14];
    write(zone.civil(at), &mut out);
    out
}

/// An instant to the millisecond.
pub fn millis(zone: &Zone, at: Instant) -> Millis {
    let mut out = [b'0'; 17];
    write(zone.civil(at), &mut out[..14]);
    digits(&mut out[14..], at.0.div_euclid(1_000).rem_euclid(1_000).cast_unsigned());
    out
}

/// Digits as text.
pub fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).expect("only digits are written here")
}

/// The instant of 14 or 17 digits.
pub fn parse(zone: &Zone, digits: &[u8]) -> Option<Instant> {
    let c = hj212::civil::parse(digits)?;
    let parts = [c.month, c.day, c.hour, c.minute, c.second].map(u8::cast_signed);
    let [month, day, hour, minute, second] = parts;
    let civil = DateTime::new(c.year, month, day, hour, minute, second, i32::from(c.milli) * 1_000_000).ok()?;
    zone.instant(civil)
}

/// Remembers the digits of the last second asked for: telegrams of one second share them.
#[derive(Debug, Clone)]
pub struct Cache {
    zone: Zone,
    second: i64,
    digits: Seconds,
}

impl Cache {
    /// An empty one.
    pub fn new(zone: Zone) -> Self {
        let digits = seconds(&zone, Instant(0));
        Self { zone, second: 0, digits }
    }

    /// Digits of a second since 1970.
    pub fn seconds(&mut self, second: i64) -> &Seconds {
        if second != self.second {
            self.digits = seconds(&self.zone, Instant(second * 1_000_000));
            self.second = second;
        }
        &self.digits
    }

    /// Digits of a millisecond since 1970.
    pub fn millis(&mut self, ms: i64) -> Millis {
        let mut out = [b'0'; 17];
        out[..14].copy_from_slice(self.seconds(ms.div_euclid(1_000)));
        digits(&mut out[14..], ms.rem_euclid(1_000).cast_unsigned());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let zone = Zone::china();
        let at = Instant(1_772_294_400_123_000);
        assert_eq!(text(&millis(&zone, at)), "20260301000000123");
        assert_eq!(text(&seconds(&zone, at)), "20260301000000");
        assert_eq!(parse(&zone, b"20260301000000123"), Some(at));
        assert_eq!(parse(&zone, b"20260231000000"), None);
        let mut cache = Cache::new(zone.clone());
        assert_eq!(cache.millis(1_772_294_400_123), millis(&zone, at));
    }
}
