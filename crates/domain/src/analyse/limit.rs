//! One value against one limit (超标判定).

use rust_decimal::Decimal;
use serde::Serialize;

use crate::standard::Bound;
use crate::unit::{Quantity, Unit, UnitMismatch};

/// A limit with its unit and clause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// Bound.
    pub bound: Bound,
    /// Unit of the bound.
    pub unit: Unit,
    /// Standard and clause, or the permit.
    pub cite: String,
}

/// What a value is, held against a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// 达标.
    Within,
    /// 超标.
    Exceeds {
        /// 超标倍数, unrounded; none for pH and for a lower bound, which have no multiple, and when the limit is zero.
        times_over: Option<Decimal>,
    },
    /// The data mark says that this is no normal measurement; reported, not judged.
    NotJudged {
        /// The mark.
        mark: String,
    },
}

/// Judges one value. Marks other than `N` are reported, not judged.
///
/// # Errors
/// When the value's unit does not measure what the limit's does.
pub fn judge(value: Quantity, mark: &str, limit: &Limit) -> Result<Verdict, UnitMismatch> {
    if mark != "N" {
        return Ok(Verdict::NotJudged { mark: mark.to_owned() });
    }
    let seen = value.in_unit(limit.unit)?;
    if limit.bound.keeps(seen) {
        return Ok(Verdict::Within);
    }
    let times_over = match limit.bound {
        Bound::AtMost { value: cap } => (seen - cap).checked_div(cap),
        Bound::AtLeast { .. } | Bound::Between { .. } => None,
    };
    Ok(Verdict::Exceeds { times_over })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at_most(cap: &str) -> Limit {
        Limit { bound: Bound::AtMost { value: cap.parse().expect("a decimal") }, unit: Unit::MgPerL, cite: "x".into() }
    }

    fn check(value: &str, unit: Unit, mark: &str, cap: &str, expected: &str) {
        let quantity = Quantity { value: value.parse().expect("a decimal"), unit };
        let got = match judge(quantity, mark, &at_most(cap)) {
            Ok(Verdict::Within) => "within".into(),
            Ok(Verdict::Exceeds { times_over: Some(t) }) => format!("exceeds {}", t.normalize()),
            Ok(Verdict::Exceeds { times_over: None }) => "exceeds".into(),
            Ok(Verdict::NotJudged { mark }) => format!("not judged {mark}"),
            Err(e) => e.to_string(),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn values_against_an_upper_limit() {
        check("1.0", Unit::MgPerL, "N", "1.0", "within");
        check("1.3", Unit::MgPerL, "N", "1.0", "exceeds 0.3");
        check("1300", Unit::UgPerL, "N", "1.0", "exceeds 0.3");
        check("0.1", Unit::MgPerL, "N", "0", "exceeds");
        check("9", Unit::MgPerL, "D", "1.0", "not judged D");
        check("9", Unit::Ph, "N", "1.0", "pH cannot be given in mg/L");
    }

    proptest! {
        #[test]
        fn a_stricter_limit_never_lets_pass_what_a_milder_one_stops(value in 0i64..10_000, strict in 0i64..10_000, more in 0i64..10_000) {
            let limit = |cap: i64| Limit { bound: Bound::AtMost { value: Decimal::new(cap, 2) }, ..at_most("1") };
            let verdict = |cap| judge(Quantity { value: Decimal::new(value, 2), unit: Unit::MgPerL }, "N", &limit(cap)).expect("one unit");
            if verdict(strict + more) != Verdict::Within {
                prop_assert_ne!(verdict(strict), Verdict::Within);
            }
        }
    }
}
