//! From a decoded telegram to readings. Pure: what is read depends on the piece, the registration and the moment of arrival.
//!
//! Which value counts: `Rtd` of real-time data, `Avg` of minutes, hours, days and cycles; where a device leaves that out, the next
//! best of `Rtd`, `Avg`, `Cou` is taken and named. Everything else said of the factor is kept beside it. The stamp of a period is
//! its start (HJ 212-2017 §6.3.3.2.3), cut down to the period; the moment of collection is kept to the second.

use std::collections::HashMap;

use hj212::Piece;
use hj212::civil::Civil;
use jiff::civil::DateTime;
use shanshui_domain::id::PointId;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind, Zone};

/// Further in the future than this no device clock is believed.
const FUTURE_MS_MAX: i64 = 24 * 3_600_000;
/// Factors of one telegram that are remembered as unknown, at most.
const UNKNOWN_MAX: usize = 16;

/// What a telegram gave.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// Readings of registered points.
    pub readings: Vec<Reading>,
    /// Deviations seen while reading, as codes.
    pub notes: Vec<String>,
    /// Why the telegram goes to quarantine: it is kept, its content cannot be placed in time.
    pub quarantine: Option<&'static str>,
}

/// What reading needs to know.
pub(super) struct Context<'a> {
    /// Points of the device's station by factor code.
    pub points: &'a HashMap<Vec<u8>, PointId>,
    /// Zone of the device's clock.
    pub zone: &'a Zone,
    /// Arrival.
    pub now: Instant,
    /// A history request for this command is open.
    pub asked: bool,
}

/// The kind of period that a data command carries.
pub(super) fn kind_of(cn: &[u8]) -> Option<PeriodKind> {
    match cn {
        b"2011" => Some(PeriodKind::Real),
        b"2051" => Some(PeriodKind::Minute),
        b"2061" => Some(PeriodKind::Hour),
        b"2031" => Some(PeriodKind::Day),
        b"2013" => Some(PeriodKind::Cycle),
        _ => None,
    }
}

/// Reads a telegram.
pub(super) fn read(piece: &Piece<'_>, context: &Context<'_>) -> Read {
    let mut out = Read::default();
    let Some(kind) = kind_of(piece.cn()) else { return out };
    let stamp =
        piece.plain(b"DataTime").and_then(hj212::civil::parse).and_then(|c| instant(cut(c, kind), context.zone));
    let Some(at) = stamp else {
        out.quarantine = Some("data_time");
        return out;
    };
    if at.ms_since(context.now) > FUTURE_MS_MAX {
        out.quarantine = Some("data_time_future");
        return out;
    }
    let late = piece.rf() == Some(b"1") || context.asked || long_past(kind, context.now.ms_since(at));
    for factor in factors(piece) {
        match context.points.get(factor.code) {
            Some(&point) => {
                let key = ReadingKey { point, kind, at };
                out.readings.push(factor.reading(key, context.now, late, &mut out.notes));
            }
            None if out.notes.len() < UNKNOWN_MAX => {
                out.notes.push(format!("point_unknown {}", hj212::decode::text(factor.code)));
            }
            None => {}
        }
    }
    out
}

/// How long after its period a record may come and still be the present: the device sends it when the period is over.
fn long_past(kind: PeriodKind, age_ms: i64) -> bool {
    let minutes = match kind {
        PeriodKind::Real => 10,
        PeriodKind::Minute => 60,
        PeriodKind::Hour => 3 * 60,
        PeriodKind::Day => 48 * 60,
        PeriodKind::Cycle | PeriodKind::Sample => 12 * 60,
    };
    age_ms > minutes * 60_000
}

fn cut(civil: Civil, kind: PeriodKind) -> Civil {
    let civil = Civil { milli: 0, ..civil };
    match kind {
        PeriodKind::Real | PeriodKind::Cycle | PeriodKind::Sample => civil,
        PeriodKind::Minute => Civil { second: 0, ..civil },
        PeriodKind::Hour => Civil { minute: 0, second: 0, ..civil },
        PeriodKind::Day => Civil { hour: 0, minute: 0, second: 0, ..civil },
    }
}

/// The instant of a device's local time.
pub(super) fn instant(civil: Civil, zone: &Zone) -> Option<Instant> {
    let small = |n: u8| n.cast_signed();
    let (hour, minute, second) = (small(civil.hour), small(civil.minute), small(civil.second));
    let nanos = i32::from(civil.milli) * 1_000_000;
    let local = DateTime::new(civil.year, small(civil.month), small(civil.day), hour, minute, second, nanos).ok()?;
    zone.instant(local)
}

/// Everything a telegram says of one factor.
struct Factor<'a> {
    code: &'a [u8],
    rtd: Option<&'a [u8]>,
    avg: Option<&'a [u8]>,
    cou: Option<&'a [u8]>,
    mark: Option<&'a [u8]>,
    others: Vec<(&'a [u8], &'a [u8])>,
}

/// Gathers items by the code before the hyphen, not by their grouping: writers differ.
fn factors<'a>(piece: &Piece<'a>) -> Vec<Factor<'a>> {
    let mut all: Vec<Factor<'a>> = Vec::with_capacity(16);
    for (code, key, value) in piece.items() {
        if code.is_empty() {
            continue;
        }
        let place = if let Some(place) = all.iter().rposition(|f| f.code == code) {
            place
        } else {
            all.push(Factor { code, rtd: None, avg: None, cou: None, mark: None, others: Vec::new() });
            all.len() - 1
        };
        all[place].take(key, value);
    }
    all
}

impl<'a> Factor<'a> {
    fn take(&mut self, key: &'a [u8], value: &'a [u8]) {
        let slot = match key {
            b"Rtd" => &mut self.rtd,
            b"Avg" => &mut self.avg,
            b"Cou" => &mut self.cou,
            b"Flag" => &mut self.mark,
            _ => {
                self.others.push((key, value));
                return;
            }
        };
        match slot {
            None => *slot = Some(value),
            Some(_) => self.others.push((key, value)),
        }
    }

    fn reading(&self, key: ReadingKey, arrived: Instant, late: bool, notes: &mut Vec<String>) -> Reading {
        let first: [(&str, Option<&[u8]>); 3] = match key.kind {
            PeriodKind::Real => [("Rtd", self.rtd), ("Avg", self.avg), ("Cou", self.cou)],
            _ => [("Avg", self.avg), ("Rtd", self.rtd), ("Cou", self.cou)],
        };
        let chosen = first.iter().position(|(_, value)| value.is_some());
        if chosen.is_some_and(|i| i > 0) {
            notes.push("value_key_odd".into());
        }
        let value = chosen.and_then(|i| first[i].1).filter(|v| !v.is_empty());
        let mut extra = String::new();
        for (i, (name, other)) in first.iter().enumerate() {
            if let Some(other) = other.filter(|_| Some(i) != chosen) {
                push(&mut extra, name.as_bytes(), other);
            }
        }
        for (name, other) in &self.others {
            push(&mut extra, name, other);
        }
        let mark = self.mark.filter(|m| !m.is_empty()).map_or_else(|| "N".to_owned(), owned);
        Reading { key, value: value.map(owned), extra, mark, arrived, late, telegram: None }
    }
}

fn owned(bytes: &[u8]) -> String {
    hj212::decode::text(bytes).into_owned()
}

fn push(extra: &mut String, name: &[u8], value: &[u8]) {
    if !extra.is_empty() {
        extra.push(',');
    }
    extra.push_str(&hj212::decode::text(name));
    extra.push('=');
    extra.push_str(&hj212::decode::text(value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use hj212::{Limits, crc, decode_all};

    const NOW: &str = "2026-03-01T00:01:00Z";

    fn check(cn: &str, rf: &str, area: &str, expected: &str) {
        let segment = format!("QN=20260301080000000;ST=32;CN={cn};PW=123456;MN=A;Flag=9;{rf}CP=&&{area}&&");
        let frame = format!("##{:04}{segment}{:04X}\r\n", segment.len(), crc::checksum(segment.as_bytes()));
        let points = HashMap::from([(b"w01018".to_vec(), PointId(1)), (b"w00000".to_vec(), PointId(2))]);
        let zone = Zone::china();
        let now = Instant::from_timestamp(NOW.parse().expect("a timestamp"));
        let context = Context { points: &points, zone: &zone, now, asked: false };
        let mut lines = Vec::new();
        decode_all(frame.as_bytes(), &Limits::default(), &|_| hj212::DevicePolicy::default(), |piece| {
            let got = read(&piece, &context);
            for r in &got.readings {
                let value = r.value.as_deref().unwrap_or("none");
                let late = if r.late { " late" } else { "" };
                lines.push(format!(
                    "{} {} {} {value} {} [{}]{late}",
                    r.key.point.0,
                    r.key.kind.as_str(),
                    r.key.at,
                    r.mark,
                    r.extra
                ));
            }
            lines.extend(got.notes);
            lines.extend(got.quarantine.map(str::to_owned));
        });
        assert_eq!(lines.join(" / "), expected, "{area}");
    }

    #[test]
    fn values_marks_and_what_is_kept_beside_them() {
        check(
            "2011",
            "",
            "DataTime=20260301080000;w01018-Rtd=2.20,w01018-Flag=N",
            "1 real 2026-03-01T00:00:00Z 2.20 N []",
        );
        check(
            "2011",
            "",
            "DataTime=20260301080000;w01018-Rtd=2.2;w00000-Rtd=1",
            "1 real 2026-03-01T00:00:00Z 2.2 N [] / 2 real 2026-03-01T00:00:00Z 1 N []",
        );
        check("2011", "", "DataTime=20260301080000;w01018-Flag=B", "1 real 2026-03-01T00:00:00Z none B []");
        check(
            "2061",
            "",
            "DataTime=20260301070003;w01018-Min=1,w01018-Avg=2,w01018-Max=3,w01018-Cou=4,w01018-Flag=N",
            "1 hour 2026-02-28T23:00:00Z 2 N [Cou=4,Min=1,Max=3]",
        );
        check("2031", "", "DataTime=20260228000000;w00000-Cou=4", "2 day 2026-02-27T16:00:00Z 4 N [] / value_key_odd");
    }

    #[test]
    fn what_is_late_what_is_unknown_and_what_has_no_time() {
        check("2011", "RF=1;", "DataTime=20260301080000;w01018-Rtd=2", "1 real 2026-03-01T00:00:00Z 2 N [] late");
        check("2011", "", "DataTime=20260301070000;w01018-Rtd=2", "1 real 2026-02-28T23:00:00Z 2 N [] late");
        check("2011", "", "DataTime=20260301080000;w99999-Rtd=2", "point_unknown w99999");
        check("2011", "", "DataTime=20261301080000;w01018-Rtd=2", "data_time");
        check("2011", "", "w01018-Rtd=2", "data_time");
        check("2011", "", "DataTime=20270301080000;w01018-Rtd=2", "data_time_future");
        check("9015", "", "", "");
    }
}
