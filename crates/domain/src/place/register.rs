//! Stations registered while the program runs: the columns of a pack's row, checked as strictly, kept as versioned JSON.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::load::{PointText, odd_station, point};
use super::{CityPack, Named, Point, Station};

/// A station with its points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Format of this record, for readers of old ones.
    pub v: u32,
    /// The station.
    pub station: Station,
    /// Its points; each names the station.
    pub points: Vec<PointText>,
}

impl Registration {
    /// Format written today.
    pub const FORMAT: u32 = 1;
    /// Points of one station, at most.
    pub const POINTS_MAX: usize = 500;
}

impl CityPack {
    /// Adds a station with its points.
    ///
    /// # Errors
    /// Every fault, as `field: reason`; nothing is added then.
    pub fn register(&mut self, r: &Registration) -> Result<(), Vec<String>> {
        let s = &r.station;
        let mut faults = Vec::new();
        let mut unless = |good: bool, fault: String| {
            if !good {
                faults.push(fault);
            }
        };
        let known = |list: &[Named], code: &str| list.iter().any(|n| n.code == code);
        unless(
            code_like(s.code.as_str()),
            format!("code: {:?} is not 1 to 32 letters, digits, - or _", s.code.as_str()),
        );
        unless(!self.stations.iter().any(|t| t.code == s.code), format!("code: {} is there already", s.code));
        unless(known(&self.counties, &s.county), format!("county: no such code {:?}", s.county));
        let unit = self.units.iter().any(|u| u.code.as_str() == s.unit);
        unless(unit, format!("unit: no such code {:?}", s.unit));
        if let Some(enterprise) = &s.enterprise {
            let there = self.enterprises.iter().any(|e| e.code == *enterprise);
            unless(there, format!("enterprise: no such code {enterprise:?}"));
        }
        unless(r.points.len() <= Registration::POINTS_MAX, format!("points: more than {}", Registration::POINTS_MAX));
        faults.extend(odd_station(s));
        let points = points(r, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        self.stations.push(s.clone());
        self.points.extend(points);
        Ok(())
    }
}

fn points(r: &Registration, faults: &mut Vec<String>) -> Vec<Point> {
    let (mut seen, mut good) = (HashSet::new(), Vec::with_capacity(r.points.len()));
    for text in &r.points {
        let factor = text.factor.clone();
        if text.station != r.station.code {
            faults.push(format!("points: {factor} is of station {}", text.station));
        }
        if !code_like(factor.as_str()) || !seen.insert(factor.clone()) {
            faults.push(format!("points: factor {:?} is odd or there twice", factor.as_str()));
        }
        match point(text.clone()) {
            Ok(point) => good.push(point),
            Err(reason) => faults.push(format!("points: {factor}: {reason}")),
        }
    }
    good
}

/// Whether a text can be a code: 1 to 32 letters, digits, `-` and `_`.
pub fn code_like(code: &str) -> bool {
    (1..=32).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::StationKind;
    use crate::standard::WaterBody;

    fn registration() -> Registration {
        let station = Station {
            code: "new1".into(),
            kind: StationKind::MunicipalSection,
            name_zh: "新断面".into(),
            name_en: "New section".into(),
            county: "kc".into(),
            lon: 118.9,
            lat: 28.9,
            water: Some(WaterBody::River),
            target: Some(2),
            enterprise: None,
            unit: "u1".into(),
            demo: false,
            source_zh: "登记".into(),
            source_en: "registered".into(),
        };
        let point = PointText {
            station: "new1".into(),
            factor: "w01001".into(),
            name_zh: "pH".into(),
            name_en: "pH".into(),
            unit: "pH".into(),
            decimals: 2,
            bound: String::new(),
            limit: String::new(),
            cite: String::new(),
        };
        Registration { v: Registration::FORMAT, station, points: vec![point] }
    }

    fn check(change: impl FnOnce(&mut Registration), expected: &str) {
        let mut pack = super::super::load::tests::small_pack();
        let mut r = registration();
        change(&mut r);
        let before = pack.clone();
        match pack.register(&r) {
            Ok(()) => assert_eq!("", expected),
            Err(faults) => {
                assert!(faults.iter().any(|f| f.contains(expected)) && !expected.is_empty(), "{faults:?}");
                assert_eq!(pack, before, "nothing is added");
            }
        }
    }

    #[test]
    fn a_station_is_checked_like_a_row_of_a_pack() {
        check(|_| {}, "");
        check(|r| r.station.code = "s1".into(), "code: s1 is there already");
        check(|r| r.station.code = "a b".into(), "code: \"a b\"");
        check(|r| r.station.county = "kx".into(), "county: no such code");
        check(|r| r.station.target = Some(9), "target");
        check(|r| r.station.enterprise = Some("e9".into()), "enterprise: no such code");
        check(|r| r.points[0].unit = "pHH".into(), "points: w01001: unit: unknown");
        check(|r| r.points[0].station = "s1".into(), "is of station s1");
        check(|r| r.points.push(r.points[0].clone()), "there twice");
    }

    #[test]
    fn a_registration_reads_what_it_writes() {
        let text = serde_json::to_string(&registration()).expect("plain data");
        assert_eq!(serde_json::from_str::<Registration>(&text).expect("read"), registration());
    }
}
