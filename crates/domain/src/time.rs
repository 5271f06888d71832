//! Instants, civil days and periods.
//!
//! Inside, an instant is UTC in whole microseconds ([`Instant`]). Devices and people speak civil time of one configured
//! zone ([`Zone`]); the two meet only here. HJ 212 stamps a period at its **start** (HJ 212-2017 §6.3.3.2.3), air hours are
//! stamped at their **end** (HJ 663-2013 Annex A): [`Period`] is always half open, `[start, end)`, and says both.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// From jiff's timestamp, dropping what is finer than a microsecond.
    pub fn from_timestamp(ts: Timestamp) -> Self {
        Self(ts.as_microsecond())
    }

    /// As jiff's timestamp.
    ///
    /// # Errors
    /// When the number lies outside the years jiff knows (-9999 to 9999).
    pub fn timestamp(self) -> Result<Timestamp, jiff::Error> {
        Timestamp::from_microsecond(self.0)
    }

    /// This instant moved by whole milliseconds, saturating.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Milliseconds from `earlier` to this instant.
    pub fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / 1_000
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Ok(ts) => write!(f, "{ts}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({self})")
    }
}

/// The civil zone of an installation (by default `Asia/Shanghai`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// A zone by its IANA name.
    ///
    /// # Errors
    /// When the name is not in the time zone database.
    pub fn named(name: &str) -> Result<Self, jiff::Error> {
        TimeZone::get(name).map(Self)
    }

    /// China standard time, UTC+8 the year round; needs no database.
    pub fn china() -> Self {
        Self(TimeZone::fixed(jiff::tz::offset(8)))
    }

    /// Civil time of an instant. Instants outside jiff's years give the nearest end of its calendar.
    pub fn civil(&self, at: Instant) -> DateTime {
        let ts = at.timestamp().unwrap_or(if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX });
        self.0.to_datetime(ts)
    }

    /// The instant of a civil time; none when the calendar has no such instant.
    pub fn instant(&self, civil: DateTime) -> Option<Instant> {
        let zoned = self.0.to_zoned_datetime(civil).ok()?;
        Some(Instant::from_timestamp(zoned.timestamp()))
    }

    /// The civil day of an instant.
    pub fn day(&self, at: Instant) -> Date {
        self.civil(at).date()
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::china()
    }
}

/// What length of time a reading stands for (数据类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodKind {
    /// 实时数据: the moment of collection (CN 2011).
    Real,
    /// 分钟数据 (CN 2051).
    Minute,
    /// 小时数据 (CN 2061).
    Hour,
    /// 日数据 (CN 2031).
    Day,
    /// 周期数据: one run of a cyclic analyser (CN 2013).
    Cycle,
    /// 人工采样: a sample taken by people and analysed in a laboratory; no device sends it.
    Sample,
}

impl PeriodKind {
    /// Every kind, in the order of [`PeriodKind::number`].
    pub const ALL: [Self; 6] = [Self::Real, Self::Minute, Self::Hour, Self::Day, Self::Cycle, Self::Sample];

    /// The number the store keeps.
    pub fn number(self) -> i64 {
        match self {
            Self::Real => 0,
            Self::Minute => 1,
            Self::Hour => 2,
            Self::Day => 3,
            Self::Cycle => 4,
            Self::Sample => 5,
        }
    }

    /// The kind of a stored number.
    pub fn from_number(n: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.number() == n)
    }

    /// The word used in addresses and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Cycle => "cycle",
            Self::Sample => "sample",
        }
    }
}

/// A half-open stretch of time, `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// First instant inside.
    pub start: Instant,
    /// First instant after.
    pub end: Instant,
}

impl Period {
    /// The civil hour that holds `at`.
    pub fn hour_of(at: Instant, zone: &Zone) -> Option<Self> {
        let civil = zone.civil(at);
        let start = civil.date().at(civil.hour(), 0, 0, 0);
        Self::between(start, start.checked_add(1.hour()).ok()?, zone)
    }

    /// The civil day that holds `at`.
    pub fn day_of(at: Instant, zone: &Zone) -> Option<Self> {
        let day = zone.day(at);
        Self::between(day.at(0, 0, 0, 0), day.tomorrow().ok()?.at(0, 0, 0, 0), zone)
    }

    fn between(start: DateTime, end: DateTime, zone: &Zone) -> Option<Self> {
        Some(Self { start: zone.instant(start)?, end: zone.instant(end)? })
    }

    /// The stamp an air hour or day carries: its end.
    pub fn end_stamp(&self) -> Instant {
        self.end
    }

    /// Whether `at` lies inside.
    pub fn contains(&self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn at(text: &str) -> Instant {
        Instant::from_timestamp(text.parse().expect("a timestamp"))
    }

    #[test]
    fn a_civil_day_in_china_begins_at_sixteen_utc() {
        let zone = Zone::china();
        let day = Period::day_of(at("2026-03-01T15:59:59.999999Z"), &zone).expect("in range");
        assert_eq!(day.start, at("2026-02-28T16:00:00Z"));
        assert_eq!(day.end, at("2026-03-01T16:00:00Z"));
        assert_eq!(zone.day(day.end), date(2026, 3, 2));
        assert!(!day.contains(day.end));
    }

    #[test]
    fn an_hour_stamped_at_its_end_by_air_is_stamped_at_its_start_by_hj212() {
        let hour = Period::hour_of(at("2026-03-01T00:20:00Z"), &Zone::china()).expect("in range");
        assert_eq!((hour.start, hour.end_stamp()), (at("2026-03-01T00:00:00Z"), at("2026-03-01T01:00:00Z")));
    }

    #[test]
    fn kinds_keep_their_numbers() {
        for kind in PeriodKind::ALL {
            assert_eq!(PeriodKind::from_number(kind.number()), Some(kind));
        }
        assert_eq!(PeriodKind::from_number(9), None);
    }

    #[test]
    fn a_named_zone_agrees_with_the_fixed_one_today() {
        let named = Zone::named("Asia/Shanghai").expect("bundled database");
        let civil = date(2026, 7, 1).at(12, 0, 0, 0);
        assert_eq!(named.instant(civil), Zone::china().instant(civil));
    }
}
