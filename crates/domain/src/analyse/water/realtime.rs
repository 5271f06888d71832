//! Real-time class of surface water from automatic stations, as the national release gives it (GB 3838-2002 table 1; checked
//! against 23,752 published classes): pH, dissolved oxygen, permanganate index, ammonia nitrogen, total phosphorus; single worst
//! factor; unrounded values, bounds inclusive. Total phosphorus may be missing, the other four may not. Total nitrogen never
//! takes part. River or lake is metadata of the section, never guessed from its name.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::standard::{Bound, WaterBody, WaterStandard};

/// The five factors, in the order of the release: name, factor code, whether a class needs it.
pub const FACTORS: [(&str, &str, bool); 5] = [
    ("pH", "w01001", true),
    ("DO", "w01009", true),
    ("CODMn", "w01019", true),
    ("NH3-N", "w21003", true),
    ("TP", "w21011", false),
];

/// Values of the five factors, in the order of [`FACTORS`]; pH without unit, the rest in mg/L.
pub type Sample = [Option<Decimal>; 5];

/// One factor in an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactorClass {
    /// Name.
    pub item: &'static str,
    /// Factor code.
    pub factor: &'static str,
    /// Value, as given.
    pub value: Decimal,
    /// Class 1 to 6.
    pub class: u8,
    /// Bounds of classes I to V used.
    pub bounds: [Bound; 5],
    /// Clause of the row.
    pub cite: String,
}

/// The class with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaterClass {
    /// 1 (I) to 5 (V), 6 worse than V; none when a needed factor is missing.
    pub class: Option<u8>,
    /// Factors that decide: those of the worst class, when it is worse than I.
    pub deciding: Vec<&'static str>,
    /// Standard applied.
    pub edition: String,
    /// Method.
    pub method: &'static str,
    /// Column used for total phosphorus.
    pub water: WaterBody,
    /// Each factor.
    pub factors: Vec<FactorClass>,
    /// Factors without a value.
    pub missing: Vec<&'static str>,
}

/// Name of the method in explanations.
const METHOD: &str = "single worst factor; pH, DO, CODMn, NH3-N needed, TP when measured; unrounded, bounds inclusive";

/// The worst class and the factors that have it, without the explanation: for mass evaluation.
pub fn class_only(sample: &Sample, water: WaterBody, standard: &WaterStandard) -> Option<u8> {
    let mut worst = 1;
    for ((_, factor, needed), value) in FACTORS.iter().zip(sample) {
        match value {
            Some(value) => worst = worst.max(standard.row(factor, water)?.class(*value)),
            None if *needed => return None,
            None => {}
        }
    }
    Some(worst)
}

/// Judges one sample.
pub fn classify(sample: &Sample, water: WaterBody, standard: &WaterStandard) -> WaterClass {
    let mut factors = Vec::with_capacity(5);
    let mut missing = Vec::new();
    for ((item, factor, _), value) in FACTORS.iter().zip(sample) {
        match (value, standard.row(factor, water)) {
            (Some(value), Some(row)) => factors.push(FactorClass {
                item,
                factor,
                value: *value,
                class: row.class(*value),
                bounds: row.classes,
                cite: row.cite.clone(),
            }),
            _ => missing.push(*item),
        }
    }
    let class = class_only(sample, water, standard);
    let decides = |f: &&FactorClass| class.is_some_and(|c| c > 1 && f.class == c);
    let deciding = factors.iter().filter(decides).map(|f| f.item).collect();
    WaterClass { class, deciding, edition: standard.head.id.clone(), method: METHOD, water, factors, missing }
}

/// Roman numeral of a class: `I` to `V`, `>V`.
pub fn roman(class: u8) -> &'static str {
    ["", "I", "II", "III", "IV", "V", ">V"].get(usize::from(class)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Standards;

    fn check(values: &str, water: WaterBody, expected: &str) {
        let standards = Standards::embedded().expect("the shipped standards load");
        let mut sample = Sample::default();
        for (slot, text) in sample.iter_mut().zip(values.split_whitespace()) {
            *slot = text.parse().ok();
        }
        let got = classify(&sample, water, &standards.water[0]);
        assert_eq!(got.class, class_only(&sample, water, &standards.water[0]));
        let class = got.class.map_or("none", roman);
        assert_eq!(format!("{class} {}", got.deciding.join(",")).trim(), expected, "{values}");
    }

    #[test]
    fn the_worst_factor_decides_and_bounds_are_inclusive() {
        use WaterBody::{Lake, River};
        check("7.5 8.0 1.5 0.10 0.02", River, "I");
        check("7.5 7.5 2 0.15 0.02", River, "I");
        check("7.5 7.49 2 0.15 0.02", River, "II DO");
        check("7.5 8.0 4.01 0.10 0.02", River, "III CODMn");
        check("7.5 8.0 1.5 0.10 0.04", River, "II TP");
        check("7.5 8.0 1.5 0.10 0.04", Lake, "III TP");
        check("9.93 8.0 1.5 0.10 0.02", Lake, ">V pH");
        check("9 8.0 1.5 0.10 0.02", River, "I");
        check("7.5 1.9 1.5 2.1 0.5", River, ">V DO,NH3-N,TP");
        check("7.5 8.0 1.5 0.10 -", River, "I");
        check("- 8.0 1.5 0.10 0.02", River, "none");
        check("7.5 8.0 1.5 - 0.02", River, "none");
    }
}
