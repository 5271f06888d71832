//! Trophic state of a lake or reservoir (综合营养状态指数): `TLI = Σ w · 10 (a + b ln c)`, the weights by the squares of the
//! correlations with chlorophyll (环办〔2011〕22号). Chlorophyll in µg/L, transparency in metres, the rest in mg/L.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::Serialize;

use crate::standard::{Trophic, TrophicIndicator};
use crate::unit::{Quantity, UnitMismatch};

/// One indicator of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LakeIndicator {
    /// Name.
    pub item: String,
    /// Concentration, in the unit of the formula.
    pub value: Decimal,
    /// Its own index.
    pub index: f64,
    /// Its weight; all of them are one.
    pub weight: f64,
    /// How sure the coefficients are.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// The state of a lake.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LakeState {
    /// Rule.
    pub edition: String,
    /// Index, unrounded.
    pub index: f64,
    /// Code of the grade.
    pub grade: String,
    /// Indicators that it rests on.
    pub indicators: Vec<LakeIndicator>,
    /// Those without a value: the weights of the rest were brought to one, which the text does not say.
    pub missing: Vec<String>,
}

/// No state can be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoState {
    /// No indicator has a value.
    #[error("no indicator has a value")]
    NoValue,
    /// A logarithm needs more than nothing.
    #[error("{item} is {value}, of which there is no logarithm")]
    NotPositive {
        /// Name.
        item: String,
        /// Value.
        value: Decimal,
    },
    /// A value is in a unit that measures something else.
    #[error("{item}: {error}")]
    Unit {
        /// Name.
        item: String,
        /// Why.
        error: UnitMismatch,
    },
}

/// Judges means of a lake, given by factor code.
///
/// # Errors
/// When there is no value, one is not positive, or in another unit.
pub fn state(means: &[(String, Quantity)], rule: &Trophic) -> Result<LakeState, NoState> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for indicator in &rule.indicators {
        match means.iter().find(|(factor, _)| *factor == indicator.factor) {
            Some((_, quantity)) => found.push((indicator, value(indicator, *quantity)?)),
            None => missing.push(indicator.item.clone()),
        }
    }
    if found.is_empty() {
        return Err(NoState::NoValue);
    }
    let square = |indicator: &TrophicIndicator| float(indicator.correlation).powi(2);
    let all: f64 = found.iter().map(|(indicator, _)| square(indicator)).sum();
    let one = |(indicator, value): &(&TrophicIndicator, Decimal)| LakeIndicator {
        item: indicator.item.clone(),
        value: *value,
        index: 10.0 * (float(indicator.intercept) + float(indicator.slope) * float(*value).ln()),
        weight: square(indicator) / all,
        mark: indicator.mark.clone(),
        cite: indicator.cite.clone(),
    };
    let indicators: Vec<LakeIndicator> = found.iter().map(one).collect();
    let index = indicators.iter().map(|i| i.weight * i.index).sum();
    let grade = grade(index, rule);
    Ok(LakeState { edition: rule.head.id.clone(), index, grade, indicators, missing })
}

fn value(indicator: &TrophicIndicator, quantity: Quantity) -> Result<Decimal, NoState> {
    let item = || indicator.item.clone();
    let value = quantity.in_unit(indicator.unit).map_err(|error| NoState::Unit { item: item(), error })?;
    if value <= Decimal::ZERO {
        return Err(NoState::NotPositive { item: item(), value });
    }
    Ok(value)
}

fn float(value: Decimal) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

fn grade(index: f64, rule: &Trophic) -> String {
    let holds = |end: Option<Decimal>, inclusive| {
        end.is_none_or(|end| if inclusive { index <= float(end) } else { index < float(end) })
    };
    let found = rule.grades.iter().find(|grade| holds(grade.up_to, grade.inclusive));
    found.map_or_else(String::new, |grade| grade.grade.clone())
}

#[cfg(test)]
mod tests {
    use super::super::section::tests::standards;
    use super::*;
    use crate::unit::Unit;
    use proptest::prelude::*;

    fn of(text: &str) -> Result<LakeState, NoState> {
        let standards = standards();
        let rule = &standards.surface.trophic;
        let words: Vec<&str> = text.split_whitespace().collect();
        let read = |three: &[&str]| {
            let indicator = rule.indicators.iter().find(|i| i.item == three[0]).expect("an indicator");
            let unit = Unit::parse(three[2]).expect("a unit");
            (indicator.factor.clone(), Quantity { value: three[1].parse().expect("a decimal"), unit })
        };
        state(&words.chunks(3).map(read).collect::<Vec<_>>(), rule)
    }

    fn check(text: &str, expected: &str) {
        let got = of(text)
            .map_or_else(|e| e.to_string(), |s| format!("{:.2} {} without {}", s.index, s.grade, s.missing.join(",")));
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn the_index_weighs_five_logarithms() {
        // chlorophyll 10: 10 (2.5 + 1.086 · 2.302585) = 50.006; TP 0.05: 10 (9.436 + 1.624 · −2.995732) = 45.709
        // TN 1: 54.53; transparency 1: 51.18; CODMn 4: 10 (0.109 + 2.661 · 1.386294) = 37.979
        // 0.26626 · 50.006 + 0.18788 · 45.709 + 0.17903 · 54.53 + 0.18343 · (51.18 + 37.979) = 48.02
        let all = "chlorophyll-a 10 ug/L TP 0.05 mg/L TN 1 mg/L transparency 1 m CODMn 4 mg/L";
        check(all, "48.02 mesotrophic without ");
        check(&all.replace("10 ug/L", "0.010 mg/L").replace("1 m ", "100 cm "), "48.02 mesotrophic without ");
        // without transparency the rest weighs 0.81657: (48.02 − 0.18343 · 51.18) / 0.81657 = 47.31
        check(&all.replace("transparency 1 m", ""), "47.31 mesotrophic without transparency");
        check("TN 0.01 mg/L", "-23.48 oligotrophic without chlorophyll-a,TP,transparency,CODMn");
        check("TN 5 mg/L", "81.79 heavy without chlorophyll-a,TP,transparency,CODMn");
        check("TP 0 mg/L", "TP is 0, of which there is no logarithm");
        check("TP 5 m", "TP: m cannot be given in mg/L");
        check("", "no indicator has a value");
    }

    #[test]
    fn grades_end_where_the_rule_says() {
        let standards = standards();
        let check = |index, expected| assert_eq!(grade(index, &standards.surface.trophic), expected, "{index}");
        check(29.99, "oligotrophic");
        check(30.0, "mesotrophic");
        check(50.0, "mesotrophic");
        check(50.01, "light");
        check(60.0, "light");
        check(70.0, "medium");
        check(70.01, "heavy");
    }

    proptest! {
        #[test]
        fn weights_are_one_and_more_food_is_a_higher_index(tp in 1i64..500, tn in 1i64..500, more in 1i64..500) {
            let text = |tp| format!("TP {} mg/L TN {} mg/L", Decimal::new(tp, 3), Decimal::new(tn, 2));
            let (one, other) = (of(&text(tp)).expect("values"), of(&text(tp + more)).expect("values"));
            prop_assert!((one.indicators.iter().map(|i| i.weight).sum::<f64>() - 1.0).abs() < 1e-12);
            prop_assert!(other.index > one.index);
        }
    }
}
