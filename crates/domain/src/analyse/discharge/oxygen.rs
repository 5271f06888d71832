//! Folding to the reference oxygen (基准氧含量折算): C = C' (21 - O2ref) / (21 - O2'), C' and O2' measured, dry, at standard state.
//!
//! O2' at or above the guard, a unit that stands, an hour without oxygen: nothing is folded, and the result says why. Oxygen is in
//! per cent, concentrations in the unit given. The product is exact; the division comes last and keeps 28 digits.

use rust_decimal::Decimal;
use serde::Serialize;

use super::mark::OperatorMark;
use crate::standard::discharge::{Parameters, ReferenceOxygen};

/// Why a value was not folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum NotFolded {
    /// The oxygen is nearly that of air: the formula would blow the value up.
    #[error("oxygen {oxygen} % is not below {from} %")]
    OxygenTooHigh {
        /// Measured.
        oxygen: Decimal,
        /// Guard.
        from: Decimal,
    },
    /// No oxygen is below zero.
    #[error("oxygen {oxygen} % is below zero")]
    OxygenBelowZero {
        /// Measured.
        oxygen: Decimal,
    },
    /// The plant stands.
    #[error("the unit stands")]
    Stopped,
    /// No oxygen was measured.
    #[error("no oxygen measured")]
    NoOxygen,
    /// It is not known which oxygen the limit refers to.
    #[error("reference oxygen not confirmed")]
    ReferenceUnconfirmed,
}

/// A concentration and what folding did to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "folding", rename_all = "snake_case")]
pub enum Folding {
    /// 折算.
    Folded {
        /// C'.
        measured: Decimal,
        /// O2', per cent.
        oxygen: Decimal,
        /// O2ref, per cent.
        reference: Decimal,
        /// C, unrounded.
        value: Decimal,
    },
    /// The limit is for values as measured.
    AsMeasured {
        /// C'.
        value: Decimal,
    },
    /// The device sent it folded (`ZsAvg`).
    ByDevice {
        /// C.
        value: Decimal,
    },
    /// Not folded.
    NotFolded {
        /// C'.
        measured: Decimal,
        /// Why.
        why: NotFolded,
    },
}

impl Folding {
    /// The value that is held against the limit; none when it was not folded.
    pub fn value(&self) -> Result<Decimal, NotFolded> {
        match *self {
            Self::Folded { value, .. } | Self::AsMeasured { value } | Self::ByDevice { value } => Ok(value),
            Self::NotFolded { why, .. } => Err(why),
        }
    }
}

/// Folds one concentration of at most [`VALUE_MAX`](super::series::VALUE_MAX). `oxygen` is measured in per cent; `mark` is the
/// operator's.
///
/// ```
/// use shanshui_domain::analyse::discharge::oxygen::fold;
/// use shanshui_domain::standard::{Standards, discharge::ReferenceOxygen};
/// let standards = Standards::embedded().expect("the shipped standards load");
/// // a boiler at 12 % oxygen, limit at 9 %: 40 * (21 - 9) / (21 - 12) = 53.33…
/// let reference = ReferenceOxygen::Percent { value: 9.into() };
/// let folded = fold(&standards.discharge.parameters, 40.into(), Some(12.into()), reference, None);
/// assert_eq!(folded.value().map(|v| v.round_dp(2).to_string()), Ok("53.33".into()));
/// ```
pub fn fold(
    rules: &Parameters,
    measured: Decimal,
    oxygen: Option<Decimal>,
    reference: ReferenceOxygen,
    mark: Option<OperatorMark>,
) -> Folding {
    let reference = match reference {
        ReferenceOxygen::NotFolded => return Folding::AsMeasured { value: measured },
        ReferenceOxygen::Unconfirmed => {
            return Folding::NotFolded { measured, why: NotFolded::ReferenceUnconfirmed };
        }
        ReferenceOxygen::Percent { value } => value,
    };
    match guard(rules, oxygen, mark) {
        Err(why) => Folding::NotFolded { measured, why },
        Ok(oxygen) => {
            let air = rules.oxygen_of_air.value;
            let value = measured * (air - reference) / (air - oxygen);
            Folding::Folded { measured, oxygen, reference, value: value.normalize() }
        }
    }
}

/// The oxygen, when it can stand in the formula.
fn guard(rules: &Parameters, oxygen: Option<Decimal>, mark: Option<OperatorMark>) -> Result<Decimal, NotFolded> {
    let from = rules.oxygen_not_folded_from.value;
    match oxygen {
        _ if mark == Some(OperatorMark::Stopped) => Err(NotFolded::Stopped),
        None => Err(NotFolded::NoOxygen),
        Some(oxygen) if oxygen >= from => Err(NotFolded::OxygenTooHigh { oxygen, from }),
        Some(oxygen) if oxygen < Decimal::ZERO => Err(NotFolded::OxygenBelowZero { oxygen }),
        Some(oxygen) => Ok(oxygen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{dec, rules};
    use proptest::prelude::*;

    fn check(measured: &str, oxygen: &str, reference: &str, mark: Option<OperatorMark>, expected: &str) {
        let reference = match reference {
            "-" => ReferenceOxygen::NotFolded,
            "?" => ReferenceOxygen::Unconfirmed,
            text => ReferenceOxygen::Percent { value: dec(text) },
        };
        let got = fold(&rules().parameters, dec(measured), oxygen.parse().ok(), reference, mark);
        let got = got.value().map_or_else(|why| why.to_string(), |v| v.to_string());
        assert_eq!(got, expected, "{measured} at {oxygen}");
    }

    #[test]
    fn the_formula_with_its_guard() {
        // 30 * (21 - 6) / (21 - 6) = 30
        check("30", "6", "6", None, "30");
        // 28 * (21 - 6) / (21 - 7) = 420 / 14 = 30
        check("28", "7", "6", None, "30");
        // 12.5 * (21 - 11) / (21 - 8.5) = 125 / 12.5 = 10
        check("12.5", "8.5", "11", None, "10");
        // 10 * (21 - 16) / (21 - 18) = 50 / 3
        check("10", "18", "16", None, "16.666666666666666666666666667");
        // 1 * (21 - 6) / (21 - 20.89) = 15 / 0.11
        check("1", "20.89", "6", None, "136.36363636363636363636363636");
        // 28 * (21 - 6) / (21 - 0) = 420 / 21
        check("28", "0", "6", None, "20");
        check("1", "20.9", "6", None, "oxygen 20.9 % is not below 20.9 %");
        check("1", "21", "6", None, "oxygen 21 % is not below 20.9 %");
        check("1", "-0.1", "6", None, "oxygen -0.1 % is below zero");
        check("1", "-", "6", None, "no oxygen measured");
        check("1", "6", "?", None, "reference oxygen not confirmed");
        check("7", "20.95", "-", None, "7");
        check("1", "6", "6", Some(OperatorMark::Stopped), "the unit stands");
        check("28", "7", "6", Some(OperatorMark::StartUp), "30");
    }

    proptest! {
        #[test]
        fn at_the_reference_oxygen_nothing_changes(value in 0i64..100_000_000, oxygen in 0i64..209) {
            let (value, oxygen) = (Decimal::new(value, 3), Decimal::new(oxygen, 1));
            let folded = fold(&rules().parameters, value, Some(oxygen), ReferenceOxygen::Percent { value: oxygen }, None);
            prop_assert_eq!(folded.value(), Ok(value));
        }

        #[test]
        fn thinner_gas_never_gives_a_smaller_value(value in 0i64..1_000_000, oxygen in 0i64..2_000, more in 0i64..80, reference in 0i64..20) {
            let reference = ReferenceOxygen::Percent { value: reference.into() };
            let at = |oxygen: i64| fold(&rules().parameters, Decimal::new(value, 2), Some(Decimal::new(oxygen, 2)), reference, None);
            prop_assert!(at(oxygen).value().expect("below the guard") <= at(oxygen + more).value().expect("below the guard"));
        }
    }
}
