//! One station's values judged by what applies to its kind: a class of water, an AQI, or a discharge against its limits. Pure.

use std::collections::HashMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shanshui_domain::analyse::air::{self, Index, Report};
use shanshui_domain::analyse::limit::{Limit, Verdict as LimitVerdict, judge};
use shanshui_domain::analyse::water::{self, Sample};
use shanshui_domain::place::{Point, Station};
use shanshui_domain::standard::{Bound, Standards};
use shanshui_domain::time::{Instant, Zone};
use shanshui_domain::unit::{Quantity, Unit};

/// Real-time class of a section.
pub const KIND_WATER: &str = "water_real";
/// AQI of an hour.
pub const KIND_AIR: &str = "aqi_hour";
/// Discharge of an outlet.
pub const KIND_DISCHARGE: &str = "discharge_real";

const ROMAN_ZH: [&str; 7] = ["", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ"];

/// A value of one factor as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Stamp.
    pub at: Instant,
    /// Text as sent.
    pub text: Option<String>,
    /// Mark.
    pub mark: String,
}

impl Seen {
    /// The number, when it is a normal measurement.
    pub fn decimal(&self) -> Option<Decimal> {
        self.text.as_deref().filter(|_| self.mark == "N").and_then(number)
    }
}

/// Decimal text as devices write it, with the exponent that some of them use.
pub fn number(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}

/// What is shown of a judgement in lists: kept as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Chinese label.
    pub label_zh: String,
    /// English label.
    pub label_en: String,
    /// Deciding factors by code.
    pub deciding: Vec<String>,
    /// Worse than the target or beyond a limit.
    pub exceeds: bool,
}

/// One factor against its own limit.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorVerdict {
    /// Factor code.
    pub factor: String,
    /// Value as sent.
    pub value: String,
    /// Beyond its limit.
    pub exceeds: bool,
    /// The limit in words, `≤ 0.2 mg/L`.
    pub limit: String,
    /// Edition, clause and inputs.
    pub basis: serde_json::Value,
}

/// A station judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What was judged.
    pub kind: &'static str,
    /// Edition applied.
    pub edition: String,
    /// 1 to 6; none when not judged.
    pub level: Option<u8>,
    /// For lists.
    pub verdict: Verdict,
    /// For "why?".
    pub explanation: serde_json::Value,
    /// For alarms.
    pub factors: Vec<FactorVerdict>,
}

/// A value and the point it belongs to.
pub type Values<'a> = HashMap<&'a str, (&'a Point, &'a Seen)>;

fn in_unit(point: &Point, seen: &Seen, unit: Unit) -> Option<Decimal> {
    Quantity { value: seen.decimal()?, unit: point.unit }.in_unit(unit).ok()
}

/// Class of a section by its newest values.
pub fn water(
    station: &Station,
    values: &Values<'_>,
    at: Instant,
    zone: &Zone,
    standards: &Standards,
) -> Option<Judged> {
    let (body, target) = (station.water?, station.target);
    let standard = standards.water_on(zone.day(at))?;
    let mut sample = Sample::default();
    for (slot, (_, factor, _)) in sample.iter_mut().zip(water::FACTORS) {
        let (Some((point, seen)), Some(row)) = (values.get(factor), standard.row(factor, body)) else { continue };
        *slot = in_unit(point, seen, row.unit);
    }
    let class = water::classify(&sample, body, standard);
    let factors = class.factors.iter().map(|f| {
        // without a target there is nothing to exceed, and the bound of the worst class is shown
        let bound = f.bounds[usize::from(target.unwrap_or(5)) - 1];
        let seen = values.get(f.factor).map(|(point, seen)| (point.unit, seen.text.clone().unwrap_or_default()));
        let (unit, value) = seen.unwrap_or((Unit::MgPerL, String::new()));
        let unit = standard.row(f.factor, body).map_or(unit, |r| r.unit);
        FactorVerdict {
            factor: f.factor.to_owned(),
            value,
            exceeds: target.is_some_and(|t| f.class > t),
            limit: limit_words(bound, unit),
            basis: json!({"edition": class.edition, "cite": f.cite, "method": class.method, "target": target, "class": f.class,
                "value": f.value.to_string(), "bound": bound}),
        }
    });
    let factors: Vec<_> = factors.collect();
    let level = class.class;
    let (label_zh, label_en) = match level {
        Some(c) => (ROMAN_ZH[usize::from(c)].to_owned(), water::roman(c).to_owned()),
        None => ("—".to_owned(), "—".to_owned()),
    };
    let code =
        |item: &&str| water::FACTORS.iter().find(|(name, _, _)| name == item).map(|(_, code, _)| (*code).to_owned());
    let deciding = class.deciding.iter().filter_map(code).collect();
    let verdict = Verdict { label_zh, label_en, deciding, exceeds: level.zip(target).is_some_and(|(c, t)| c > t) };
    let explanation = serde_json::to_value(&class).ok()?;
    Some(Judged { kind: KIND_WATER, edition: class.edition, level, verdict, explanation, factors })
}

/// AQI of an hour by its hour means. `at` is the start of the hour, as devices stamp it.
pub fn air_hour(values: &Values<'_>, at: Instant, zone: &Zone, standards: &Standards) -> Option<Judged> {
    let standard = air::edition_on(standards, zone.day(at))?;
    let index = Index::new(standard, Report::Hour).ok()?;
    let mut row = air::Rounded::default();
    for (i, slot) in row.iter_mut().enumerate() {
        let Some((point, seen)) = values.get(air::CODES[i]) else { continue };
        let Some(value) = in_unit(point, seen, air::unit(i)) else { continue };
        *slot = air::round_half_even(value.to_string().as_bytes(), index.decimals(i)).filter(|c| *c >= 0);
    }
    let seen = index.explain(&row, &standards.aqi_levels);
    let label = seen.aqi.map_or_else(|| "NA".to_owned(), |a| a.to_string());
    let code = |name: &&str| air::POLLUTANTS.iter().position(|p| p == name).map(|i| air::CODES[i].to_owned());
    let deciding = seen.primary.iter().filter_map(code).collect();
    let exceeds = seen.aqi.is_some_and(|a| a > 100);
    let explanation = serde_json::to_value(&seen).ok()?;
    let factors = vec![FactorVerdict {
        factor: String::new(),
        value: label.clone(),
        exceeds,
        limit: "AQI ≤ 100".into(),
        basis: json!({"edition": seen.edition, "method": seen.method, "primary": seen.primary, "aqi": seen.aqi}),
    }];
    let verdict = Verdict { label_zh: label.clone(), label_en: label, deciding, exceeds };
    Some(Judged { kind: KIND_AIR, edition: seen.edition, level: seen.level, verdict, explanation, factors })
}

/// Discharge of an outlet: each factor with a limit against it.
pub fn discharge(values: &Values<'_>) -> Option<Judged> {
    let mut factors = Vec::new();
    let mut parts = Vec::new();
    let mut limited: Vec<_> = values.values().filter_map(|(p, s)| Some((*p, *s, p.limit.as_ref()?))).collect();
    limited.sort_by(|a, b| a.0.factor.cmp(&b.0.factor));
    for (point, seen, permit) in limited {
        let limit = Limit { bound: permit.bound, unit: point.unit, cite: permit.cite.clone() };
        let value = seen.text.clone().unwrap_or_default();
        let Some(measured) = seen.text.as_deref().and_then(number) else {
            parts.push(json!({"factor": point.factor, "value": value, "mark": seen.mark, "verdict": "not_judged", "cite": permit.cite}));
            continue;
        };
        let verdict = judge(Quantity { value: measured, unit: point.unit }, &seen.mark, &limit).ok()?;
        parts.push(
            json!({"factor": point.factor, "value": value, "mark": seen.mark, "limit": limit, "verdict": verdict}),
        );
        if let LimitVerdict::NotJudged { .. } = verdict {
            continue;
        }
        factors.push(FactorVerdict {
            factor: point.factor.to_string(),
            value,
            exceeds: matches!(verdict, LimitVerdict::Exceeds { .. }),
            limit: limit_words(permit.bound, point.unit),
            basis: json!({"limit": limit, "verdict": verdict}),
        });
    }
    if parts.is_empty() {
        return None;
    }
    let deciding: Vec<String> = factors.iter().filter(|f| f.exceeds).map(|f| f.factor.clone()).collect();
    let exceeds = !deciding.is_empty();
    let level = if factors.is_empty() { None } else { Some(if exceeds { 6 } else { 1 }) };
    let (zh, en) = match level {
        None => ("—", "—"),
        Some(6) => ("超标", "over"),
        Some(_) => ("达标", "within"),
    };
    let verdict = Verdict { label_zh: zh.into(), label_en: en.into(), deciding, exceeds };
    let edition = "排污许可证".to_owned();
    Some(Judged { kind: KIND_DISCHARGE, edition, level, verdict, explanation: json!({"factors": parts}), factors })
}

/// A bound in words, `≤ 0.2 mg/L`; pH has no unit.
fn limit_words(bound: Bound, unit: Unit) -> String {
    let unit = if unit == Unit::Ph { String::new() } else { format!(" {unit}") };
    match bound {
        Bound::AtMost { value } => format!("≤ {}{unit}", value.normalize()),
        Bound::AtLeast { value } => format!("≥ {}{unit}", value.normalize()),
        Bound::Between { low, high } => format!("{}–{}{unit}", low.normalize(), high.normalize()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shanshui_domain::id::StationCode;
    use shanshui_domain::place::{PointLimit, StationKind};
    use shanshui_domain::standard::WaterBody;

    const AT: Instant = Instant(1_772_323_200_000_000); // 2026-03-01T00:00:00Z

    fn station(kind: StationKind, target: Option<u8>) -> Station {
        Station {
            code: StationCode("s".into()),
            kind,
            name_zh: "站".into(),
            name_en: "S".into(),
            county: "c".into(),
            lon: 118.8,
            lat: 28.9,
            water: target.map(|_| WaterBody::River),
            target,
            enterprise: None,
            unit: "u".into(),
            demo: true,
            source_zh: String::new(),
            source_en: String::new(),
        }
    }

    fn points(list: &str, unit: impl Fn(&str) -> Unit) -> Vec<(Point, Seen)> {
        let one = |word: &str| {
            let (factor, value) = word.split_once('=').expect("factor=value");
            let (value, mark) = value.split_once('/').unwrap_or((value, "N"));
            let point = Point {
                station: "s".into(),
                factor: factor.into(),
                name_zh: factor.into(),
                name_en: factor.into(),
                unit: unit(factor),
                decimals: 2,
                limit: None,
            };
            (point, Seen { at: AT, text: Some(value.into()), mark: mark.into() })
        };
        list.split_whitespace().map(one).collect()
    }

    fn values(points: &[(Point, Seen)]) -> Values<'_> {
        points.iter().map(|(p, s)| (p.factor.as_str(), (p, s))).collect()
    }

    fn show(j: &Judged) -> String {
        let over: Vec<String> =
            j.factors.iter().filter(|f| f.exceeds).map(|f| format!("{} {} {}", f.factor, f.value, f.limit)).collect();
        format!("{} [{}] {}", j.verdict.label_en, j.verdict.deciding.join(","), over.join("; ")).trim().to_owned()
    }

    fn check_water(target: u8, list: &str, expected: &str) {
        let standards = Standards::embedded().expect("shipped");
        let unit = |f: &str| {
            if f == "w01001" {
                Unit::Ph
            } else if f == "w21011" {
                Unit::UgPerL
            } else {
                Unit::MgPerL
            }
        };
        let points = points(list, unit);
        let station = station(StationKind::MunicipalSection, Some(target));
        let judged = water(&station, &values(&points), AT, &Zone::china(), &standards).expect("a section");
        assert_eq!(show(&judged), expected, "{list}");
    }

    #[test]
    fn a_section_is_judged_in_the_unit_of_its_points_and_against_its_target() {
        let clean = "w01001=7.9 w01009=8 w01019=1.5 w21003=0.10";
        check_water(2, &format!("{clean} w21011=20"), "I []");
        check_water(2, &format!("{clean} w21011=150"), "III [w21011] w21011 150 ≤ 0.1 mg/L");
        check_water(2, "w01001=10.21 w01009=8 w01019=1.5 w21003=0.10", ">V [w01001] w01001 10.21 6–9");
        check_water(2, "w01001=7.9/B w01009=8 w01019=1.5 w21003=0.10", "— []");
    }

    #[test]
    fn an_hour_of_air_is_judged_by_the_edition_of_its_day() {
        let standards = Standards::embedded().expect("shipped");
        let unit = |f: &str| if f == "a21005" { Unit::MgPerM3 } else { Unit::UgPerM3 };
        let all = points("a21026=8 a21004=20 a21005=0.6 a05024=90 a34002=60 a34004=180", unit);
        let judged = air_hour(&values(&all), AT, &Zone::china(), &standards).expect("an edition");
        assert_eq!(judged.edition, "HJ 633-2026");
        assert!(judged.verdict.exceeds && judged.verdict.deciding == ["a34004"], "{judged:?}");
        let part = points("a21026=8", unit);
        let judged = air_hour(&values(&part), AT, &Zone::china(), &standards).expect("an edition");
        assert_eq!((judged.level, judged.verdict.label_zh.as_str()), (None, "NA"));
    }

    #[test]
    fn an_outlet_is_judged_by_its_permit_and_marked_data_is_not() {
        let check = |list: &str, expected: &str| {
            let mut points = points(list, |_| Unit::MgPerL);
            for (point, _) in &mut points {
                point.limit = Some(PointLimit::at_most(Decimal::from(50), "permit"));
            }
            assert_eq!(discharge(&values(&points)).map(|j| show(&j)).unwrap_or_default(), expected, "{list}");
        };
        check("w01018=50 w21003=1", "within []");
        check("w01018=50.1 w21003=1", "over [w01018] w01018 50.1 ≤ 50 mg/L");
        check("w01018=99/M", "— []");
        check("", "");
    }
}
