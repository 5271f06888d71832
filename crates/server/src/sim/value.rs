//! Values as a station would measure them: a daily cycle, slow weather and noise inside a plausible range.
//!
//! Pure: the same (seed, station, factor, time) gives the same value on every machine. The ranges are invented, but such as
//! clean mountain rivers of Zhejiang, a small city's air and outlets that keep their permits show; nothing is judged by them.

use std::f64::consts::TAU;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use shanshui_domain::place::{Point, PointLimit, StationKind};
use shanshui_domain::standard::Bound;
use shanshui_domain::time::{Instant, Zone};
use shanshui_domain::unit::{Quantity, Unit};

/// Seconds between the knots of the slow part.
const KNOT_S: i64 = 3 * 3600;

/// What is measured where, because one code means different ranges in a chimney and in the street.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Medium {
    River,
    Reservoir,
    Street,
    WasteWater,
    FlueGas,
}

/// A range and its rhythm: `peak_h` is the hour of the day with the highest value, `daily` the share of the range the daily
/// cycle takes, 0 to 1.
type Row = (&'static str, Unit, f64, f64, f64, f64);

const RIVER: &[Row] = &[
    ("w00000", Unit::M3PerS, 150.0, 330.0, 10.0, 0.1),
    ("w01001", Unit::Ph, 7.2, 8.2, 15.0, 0.5),
    ("w01003", Unit::Ntu, 3.0, 22.0, 6.0, 0.1),
    ("w01009", Unit::MgPerL, 7.0, 10.0, 15.0, 0.7),
    ("w01010", Unit::Celsius, 12.0, 22.0, 16.0, 0.5),
    ("w01014", Unit::UsPerCm, 90.0, 180.0, 4.0, 0.1),
    ("w01017", Unit::MgPerL, 0.8, 2.4, 8.0, 0.2),
    ("w01018", Unit::MgPerL, 5.0, 14.0, 8.0, 0.2),
    ("w01019", Unit::MgPerL, 1.0, 3.0, 8.0, 0.2),
    ("w21001", Unit::MgPerL, 0.6, 1.6, 6.0, 0.2),
    ("w21003", Unit::MgPerL, 0.03, 0.3, 7.0, 0.3),
    ("w21011", Unit::MgPerL, 0.02, 0.08, 7.0, 0.2),
];

/// Clear water behind a dam: the phosphorus bounds of lakes are a quarter of those of rivers (GB 3838-2002 table 1).
const RESERVOIR: &[Row] = &[
    ("w01001", Unit::Ph, 7.0, 7.9, 15.0, 0.5),
    ("w01009", Unit::MgPerL, 7.6, 9.8, 15.0, 0.6),
    ("w01010", Unit::Celsius, 11.0, 19.0, 16.0, 0.4),
    ("w01014", Unit::UsPerCm, 60.0, 110.0, 4.0, 0.1),
    ("w01019", Unit::MgPerL, 0.9, 1.9, 8.0, 0.2),
    ("w21001", Unit::MgPerL, 0.3, 0.9, 6.0, 0.2),
    ("w21003", Unit::MgPerL, 0.02, 0.12, 7.0, 0.3),
    ("w21011", Unit::MgPerL, 0.005, 0.019, 7.0, 0.2),
];

const STREET: &[Row] = &[
    ("a01001", Unit::Celsius, 12.0, 24.0, 15.0, 0.8),
    ("a01002", Unit::Percent, 45.0, 90.0, 4.0, 0.7),
    ("a01006", Unit::KPa, 100.6, 101.8, 10.0, 0.2),
    ("a01007", Unit::MPerS, 0.4, 3.6, 15.0, 0.5),
    ("a01008", Unit::Degree, 20.0, 340.0, 12.0, 0.1),
    ("a05024", Unit::UgPerM3, 25.0, 140.0, 15.0, 0.9),
    ("a21004", Unit::UgPerM3, 10.0, 42.0, 20.0, 0.5),
    ("a21005", Unit::MgPerM3, 0.4, 0.9, 8.0, 0.4),
    ("a21026", Unit::UgPerM3, 4.0, 12.0, 10.0, 0.3),
    ("a34001", Unit::UgPerM3, 50.0, 140.0, 9.0, 0.3),
    ("a34002", Unit::UgPerM3, 28.0, 80.0, 9.0, 0.3),
    ("a34004", Unit::UgPerM3, 15.0, 45.0, 8.0, 0.4),
];

const WASTE_WATER: &[Row] = &[
    ("w00000", Unit::LPerS, 8.0, 26.0, 14.0, 0.6),
    ("w01001", Unit::Ph, 6.9, 8.1, 13.0, 0.3),
    ("w01010", Unit::Celsius, 18.0, 27.0, 15.0, 0.4),
];

const FLUE_GAS: &[Row] = &[
    ("a00000", Unit::M3PerS, 14.0, 26.0, 14.0, 0.3),
    ("a01011", Unit::MPerS, 6.0, 12.0, 14.0, 0.3),
    ("a01012", Unit::Celsius, 85.0, 130.0, 14.0, 0.3),
    ("a01013", Unit::KPa, -0.30, -0.05, 14.0, 0.2),
    ("a01014", Unit::Percent, 6.0, 14.0, 14.0, 0.2),
    ("a19001", Unit::Percent, 7.0, 11.0, 2.0, 0.3),
];

/// How one factor of one station behaves, in the unit the device sends.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Factor code.
    pub factor: String,
    /// Decimals sent.
    pub decimals: u8,
    low: f64,
    high: f64,
    peak_h: f64,
    daily: f64,
    /// What an exceedance is made from, when nobody says a value.
    beyond: f64,
}

impl Series {
    /// The series of a point: by the table of its medium; an outlet's pollutants keep well below their permit.
    pub fn of(kind: StationKind, point: &Point) -> Self {
        let factor = point.factor.as_str();
        let row = table(medium(kind, factor)).iter().find(|row| row.0 == factor);
        let limit = point.limit.as_ref().map(middle_and_beyond);
        let (low, high, peak_h, daily) = match (row, limit) {
            (Some(&(_, unit, low, high, peak_h, daily)), _) => {
                let scale = factor_to(unit, point.unit);
                (low * scale, high * scale, peak_h, daily)
            }
            (None, Some((limit, _))) => (0.15 * limit, 0.55 * limit, 14.0, 0.3),
            (None, None) => (1.0, 2.0, 14.0, 0.3),
        };
        let beyond = limit.map_or(3.0 * high, |(_, beyond)| beyond);
        Self { factor: factor.to_owned(), decimals: point.decimals, low, high, peak_h, daily, beyond }
    }

    /// The value at a moment.
    pub fn at(&self, seed: u64, station: &str, zone: &Zone, at: Instant) -> f64 {
        let own = key(seed, station, &self.factor);
        let s = at.0.div_euclid(1_000_000);
        let civil = zone.civil(at);
        let hour = f64::from(civil.hour()) + f64::from(civil.minute()) / 60.0 + f64::from(civil.second()) / 3_600.0;
        let cycle = 0.5 * self.daily * ((hour - self.peak_h) / 24.0 * TAU).cos();
        let bias = 0.2 * (unit(mix(own)) - 0.5);
        let noise = 0.05 * (unit(mix(own ^ s.cast_unsigned())) - 0.5);
        let share = 0.5 + cycle + bias + 0.4 * (slow(own, s) - 0.5) + noise;
        self.low + share.clamp(0.0, 1.0) * (self.high - self.low)
    }

    /// A value beyond the limit: around `middle`, or two fifths beyond the point's own limit.
    pub fn exceeding(&self, middle: Option<f64>, seed: u64, station: &str, at: Instant) -> f64 {
        let noise = unit(mix(key(seed, station, &self.factor) ^ at.0.cast_unsigned())) - 0.5;
        middle.unwrap_or(self.beyond) * (1.0 + 0.04 * noise)
    }

    /// As a device writes it.
    pub fn text(&self, value: f64) -> String {
        format!("{value:.*}", usize::from(self.decimals))
    }
}

fn medium(kind: StationKind, factor: &str) -> Medium {
    match (kind, factor.starts_with('a')) {
        (StationKind::Outlet, true) => Medium::FlueGas,
        (StationKind::Outlet, false) => Medium::WasteWater,
        (StationKind::AirStation, _) => Medium::Street,
        (StationKind::DrinkingSource, _) => Medium::Reservoir,
        _ => Medium::River,
    }
}

fn table(medium: Medium) -> &'static [Row] {
    match medium {
        Medium::River => RIVER,
        Medium::Reservoir => RESERVOIR,
        Medium::Street => STREET,
        Medium::WasteWater => WASTE_WATER,
        Medium::FlueGas => FLUE_GAS,
    }
}

/// Middle of what a limit allows, and a value plainly beyond it.
fn middle_and_beyond(limit: &PointLimit) -> (f64, f64) {
    let number = |d: Decimal| d.to_f64().unwrap_or(1.0);
    match limit.bound {
        Bound::AtMost { value } => (number(value), 1.4 * number(value)),
        Bound::AtLeast { value } => (number(value), 0.6 * number(value)),
        Bound::Between { low, high } => (f64::midpoint(number(low), number(high)), 1.15 * number(high)),
    }
}

fn factor_to(from: Unit, to: Unit) -> f64 {
    let one = Quantity { value: Decimal::ONE, unit: from };
    one.in_unit(to).ok().and_then(|d| d.to_f64()).unwrap_or(1.0)
}

/// Weather: smooth between random knots, 0 to 1.
fn slow(own: u64, s: i64) -> f64 {
    let (knot, inside) = (s.div_euclid(KNOT_S), s.rem_euclid(KNOT_S) as f64 / KNOT_S as f64);
    let level = |k: i64| unit(mix(own.rotate_left(17) ^ k.cast_unsigned()));
    let ease = inside * inside * (3.0 - 2.0 * inside);
    level(knot) + ease * (level(knot + 1) - level(knot))
}

/// One number for seed, station and factor.
fn key(seed: u64, station: &str, factor: &str) -> u64 {
    mix(seed ^ super::tally::fnv(station.as_bytes()) ^ super::tally::fnv(factor.as_bytes()).rotate_left(31))
}

/// Spreads the bits of a number (SplitMix64).
pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// The upper bits as a share, 0 to 1.
pub fn unit(x: u64) -> f64 {
    (x >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use shanshui_domain::id::{FactorCode, StationCode};

    fn point(factor: &str, unit: Unit, decimals: u8, limit: Option<PointLimit>) -> Point {
        Point {
            station: StationCode::from("s"),
            factor: FactorCode::from(factor),
            name_zh: String::new(),
            name_en: String::new(),
            unit,
            decimals,
            limit,
        }
    }

    fn day(kind: StationKind, point: &Point) -> Vec<f64> {
        let series = Series::of(kind, point);
        let from = 1_772_294_400; // 2026-03-01 00:00 in China
        let value = |m: i64| series.at(7, "s", &Zone::china(), Instant((from + 60 * m) * 1_000_000));
        (0..1_440).map(|m| series.text(value(m)).parse().expect("a number")).collect()
    }

    fn check(kind: StationKind, point: &Point, low: f64, high: f64) {
        let values = day(kind, point);
        assert!(values.iter().all(|v| (low..=high).contains(v)), "{}: {values:?}", point.factor);
        assert!(values.iter().any(|v| *v != values[0]), "{}: never moves", point.factor);
    }

    #[test]
    fn a_day_stays_in_its_range_and_below_its_limit() {
        use StationKind::{AirStation, DrinkingSource, MunicipalSection, Outlet};
        check(MunicipalSection, &point("w01001", Unit::Ph, 2, None), 7.2, 8.2);
        check(MunicipalSection, &point("w21011", Unit::MgPerL, 3, None), 0.02, 0.08);
        check(DrinkingSource, &point("w21011", Unit::MgPerL, 3, None), 0.005, 0.019);
        check(MunicipalSection, &point("w21003", Unit::UgPerL, 0, None), 30.0, 300.0);
        check(AirStation, &point("a34004", Unit::UgPerM3, 0, None), 15.0, 45.0);
        let limit = Some(PointLimit::at_most(Decimal::from(50), "permit"));
        check(Outlet, &point("w01018", Unit::MgPerL, 1, limit.clone()), 7.5, 27.5);
        check(Outlet, &point("a21026", Unit::MgPerM3, 1, limit), 7.5, 27.5);
    }

    #[test]
    fn oxygen_peaks_in_the_afternoon() {
        let values = day(StationKind::MunicipalSection, &point("w01009", Unit::MgPerL, 2, None));
        let mean = |from: usize, to: usize| values[from * 60..to * 60].iter().sum::<f64>() / ((to - from) * 60) as f64;
        assert!(mean(14, 17) > mean(2, 5) + 0.5, "{} {}", mean(14, 17), mean(2, 5));
    }

    #[test]
    fn the_same_question_has_the_same_answer() {
        let p = point("w01001", Unit::Ph, 2, None);
        assert_eq!(day(StationKind::MunicipalSection, &p), day(StationKind::MunicipalSection, &p));
    }
}
