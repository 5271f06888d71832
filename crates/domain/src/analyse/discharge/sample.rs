//! What the tests of this folder share: the shipped rules and short ways to write hours.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;

use super::binding::{Listing, OutletLimits, Permit};
use super::mark::OperatorMark;
use super::series::{Basis, Measured, OutletHour, Series};
use crate::standard::discharge::{Averaging, Condition, Discharge, EmissionLimit, ReferenceOxygen};
use crate::standard::{Bound, Standards};
use crate::unit::Unit;

static SHIPPED: LazyLock<Standards> = LazyLock::new(|| Standards::embedded().expect("the shipped standards load"));

pub(super) fn rules() -> &'static Discharge {
    &SHIPPED.discharge
}

pub(super) fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

pub(super) fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// `2026-05-04 07`: the hour that starts then.
pub(super) fn hour(text: &str) -> DateTime {
    let (day_text, hour) = text.split_once(' ').expect("day and hour");
    day(day_text).at(hour.parse().expect("an hour"), 0, 0, 0)
}

/// `listed("GB 18918-2002 | municipal | 1A")`: several are parted by `;`.
pub(super) fn listed(text: &str) -> OutletLimits {
    let one = |part: &str| {
        let mut words = part.split('|').map(|w| w.trim().to_owned());
        let mut word = || words.next().expect("standard | table | level");
        Listing { standard: word(), table: word(), level: word() }
    };
    OutletLimits { permit: None, listed: text.split(';').map(one).collect() }
}

/// A day limit of COD, 50 mg/L.
pub(super) fn cod_limit() -> EmissionLimit {
    EmissionLimit {
        table: String::new(),
        level: String::new(),
        item: "COD".into(),
        factor: "w01018".into(),
        over: Averaging::Day,
        bound: Bound::AtMost { value: 50.into() },
        unit: Unit::MgPerL,
        oxygen: ReferenceOxygen::NotFolded,
        from: None,
        until: None,
        when: Condition::Always,
        mark: "K".into(),
        cite: "permit table 1".into(),
    }
}

pub(super) fn permit(limits: Vec<EmissionLimit>) -> Permit {
    Permit { number: "P1".into(), limits }
}

/// One hour: `value`, `value@oxygen`, `value*volume`, `!mark value`; `-` is missing, `?flag` invalid, `<limit` below detection.
fn one(start: DateTime, text: &str) -> OutletHour {
    let (mark, text) = match text.strip_prefix('!') {
        Some(rest) => {
            let (word, rest) = rest.split_once(':').expect("!mark:value");
            let mark: OperatorMark = serde_json::from_value(word.into()).expect("a mark");
            (Some(mark), rest)
        }
        None => (None, text),
    };
    let (text, volume) = text.split_once('*').unwrap_or((text, "-"));
    let (text, oxygen) = text.split_once('@').unwrap_or((text, "-"));
    OutletHour { start, value: measured(text), oxygen: oxygen.parse().ok(), volume: measured(volume), mark }
}

pub(super) fn measured(text: &str) -> Measured {
    match text.split_at(1.min(text.len())) {
        ("-", "") => Measured::Missing,
        ("?", flag) => Measured::Invalid { flag: flag.into() },
        ("<", limit) => Measured::BelowDetection { limit: dec(limit) },
        _ => Measured::Value { value: dec(text) },
    }
}

/// Hours from `start` on: items parted by blanks, `3x50*10` is three of `50*10`, `.` an hour that is not in the series at all.
pub(super) fn series(factor: &str, unit: Unit, start: &str, text: &str) -> Series {
    let (mut at, mut hours) = (hour(start), Vec::new());
    for item in text.split_whitespace() {
        let (count, item) = item.split_once('x').map_or((1, item), |(n, rest)| (n.parse().expect("a count"), rest));
        for _ in 0..count {
            if item != "." {
                hours.push(one(at, item));
            }
            at = at.saturating_add(jiff::ToSpan::hour(1));
        }
    }
    Series { factor: factor.into(), unit, basis: Basis::Measured, hours }
}
