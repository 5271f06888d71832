//! What outlets discharge (排放评价): limits, exceedances, loads, transmission.
//!
//! * [`binding`]: which limit binds an outlet on a day (许可优先).
//! * [`oxygen`]: folding to the reference oxygen (折算).
//! * [`mark`]: marks that operators put on hours (标记).
//! * [`series`]: hours of one factor, stretches of time, coverage.
//! * [`minute`]: hours from minutes (HJ 75).
//! * [`air`]: days and months of a stack (HJ 75).
//! * [`furnace`]: five-minute means of a furnace (GB 18485).
//! * [`water`]: days of a water outlet (HJ 356).
//! * [`mass`]: loads (排放量).
//! * [`replace`]: amounts for hours that are lost (HJ 75, 缺失数据处理).
//! * [`transmission`]: how much of what was due came (传输有效率).
//!
//! Values are exact decimals in the unit that the series names; the only inexact step is a division, kept to 28 digits. Full values
//! are held against limits (GB/T 8170 全数值比较法); rounding is for showing, last, and by name: [`round_gbt8170`]. Hours are civil
//! time of the outlet's zone, named by their start, half open. A series of more than [`series::HOURS_MAX`] hours is refused.

pub mod air;
pub mod binding;
pub mod furnace;
pub mod mark;
pub mod mass;
pub mod minute;
pub mod outlet;
pub mod oxygen;
pub mod replace;
#[cfg(test)]
mod sample;
pub mod series;
pub mod transmission;
pub mod water;

use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use self::mark::OperatorMark;
use self::oxygen::NotFolded;
use super::limit::{self, Limit, Verdict};
use crate::standard::discharge::{Averaging, EmissionLimit, Fact, Medium};
use crate::unit::{Quantity, UnitMismatch};

/// Something was asked that has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DischargeError {
    /// The factor is not in `factors.csv`.
    #[error("{0}: unknown factor")]
    UnknownFactor(String),
    /// The factor belongs to the other medium.
    #[error("{factor} is no factor of {wanted:?}")]
    WrongMedium {
        /// Factor code.
        factor: String,
        /// What was asked for.
        wanted: Medium,
    },
    /// The list of an outlet names a standard that is not there.
    #[error("{0}: no such discharge standard")]
    UnknownStandard(String),
    /// The list of an outlet names a table that its standard does not have.
    #[error("{standard} has no table {table:?} with level {level:?}")]
    UnknownTable {
        /// Number of the standard.
        standard: String,
        /// Table.
        table: String,
        /// Level.
        level: String,
    },
    /// Neither permit nor list has a limit.
    #[error("{factor}: no limit over {over:?} on {day}; looked in {looked_in}")]
    MissingLimit {
        /// Factor code.
        factor: String,
        /// What it was asked for.
        over: Averaging,
        /// Day of the data.
        day: Date,
        /// Where it was looked for.
        looked_in: String,
    },
    /// The unit does not measure what the limit's or the load's does.
    #[error("{factor}, {at}: {mismatch}")]
    Unit {
        /// Factor code.
        factor: String,
        /// Clause of the limit, or what was computed.
        at: String,
        /// The two units.
        mismatch: UnitMismatch,
    },
    /// The limit is at a reference oxygen and no hour of the series says its oxygen.
    #[error("{factor}, {cite}: at reference oxygen, and no hour has its oxygen")]
    MissingOxygen {
        /// Factor code.
        factor: String,
        /// Clause of the limit.
        cite: String,
    },
    /// A permit's reference oxygen is not from 0 to below that of air.
    #[error("{cite}: {percent} % is no reference oxygen")]
    BadReference {
        /// Clause of the limit.
        cite: String,
        /// What it says.
        percent: Decimal,
    },
    /// Values that the device has folded give no load.
    #[error("{0}: folded values give no load; the load needs values as measured")]
    FoldedLoad(String),
    /// An hour, minute or day is there twice.
    #[error("{what}: {at} is there twice")]
    Twice {
        /// Factor code or what it is.
        what: String,
        /// Which.
        at: String,
    },
    /// A start is not the start of an hour, of five minutes, or not of the stretch asked for.
    #[error("{what}: {at} does not start {stretch}")]
    Off {
        /// Factor code.
        what: String,
        /// The start.
        at: String,
        /// What it should start or lie in.
        stretch: &'static str,
    },
    /// A number is beyond what can be meant.
    #[error("{what}, {at}: {value} is beyond {max}")]
    OutOfRange {
        /// Factor code.
        what: String,
        /// Where.
        at: String,
        /// The number.
        value: Decimal,
        /// Largest number taken.
        max: Decimal,
    },
    /// Too many hours at once.
    #[error("{what}: {count} values, at most {max}")]
    TooMany {
        /// Factor code.
        what: String,
        /// How many.
        count: usize,
        /// How many are taken.
        max: usize,
    },
    /// Days of a month differ in factor or month, or there are none.
    #[error("the days are not of one factor and one month")]
    MixedDays,
}

/// Why something is not judged (不予评价原因).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// The limit depends on something that is not known.
    #[error("not known: {fact}")]
    MissingFact {
        /// What.
        fact: Fact,
    },
    /// The value cannot be given at the limit's oxygen.
    #[error("not folded: {why}")]
    NotFolded {
        /// Why.
        why: NotFolded,
    },
    /// Nothing came.
    #[error("missing")]
    Missing,
    /// What came is no valid value.
    #[error("invalid: {flag}")]
    Invalid {
        /// Data mark, or what is wrong.
        flag: String,
    },
    /// No water volume goes with the value, so that it cannot be weighted.
    #[error("no flow")]
    NoFlow,
    /// The water that flowed is none.
    #[error("no water flowed, and no mark says so")]
    ZeroFlow,
    /// Too few valid hours or days.
    #[error("{valid} valid, {needed} needed")]
    TooFew {
        /// Valid ones.
        valid: u32,
        /// Needed ones.
        needed: Decimal,
    },
    /// Too small a share of the hours that were due.
    #[error("coverage {percent} %, {needed} % needed")]
    LowCoverage {
        /// Share, rounded to 0.01 %.
        percent: Decimal,
        /// Needed.
        needed: Decimal,
    },
    /// There is no limit for this stretch.
    #[error("no limit for it")]
    NoLimit,
    /// Another value decides for the outlet.
    #[error("another average decides")]
    NotDeciding,
}

/// What a value is, held against its limit (判定).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// 达标.
    Within,
    /// 超标: a finding.
    Exceeds {
        /// 超标倍数 (C - S)/S, unrounded; none where there is no multiple, as for pH.
        times_over: Option<Decimal>,
    },
    /// Beyond the bound, and not what decides: 预警, never a finding.
    EarlyWarning {
        /// As for an exceedance.
        times_over: Option<Decimal>,
    },
    /// The operator has marked it (已标记): reported, not judged.
    Marked {
        /// The mark.
        mark: OperatorMark,
        /// Its Chinese term.
        zh: &'static str,
    },
    /// Not judged.
    NotJudged(Reason),
}

impl Outcome {
    pub(crate) fn marked(mark: OperatorMark) -> Self {
        Self::Marked { mark, zh: mark.zh() }
    }

    /// The same, as a warning.
    pub(crate) fn warned(self) -> Self {
        match self {
            Self::Exceeds { times_over } => Self::EarlyWarning { times_over },
            other => other,
        }
    }

    /// Whether it is a finding.
    pub fn exceeds(&self) -> bool {
        matches!(self, Self::Exceeds { .. })
    }
}

/// How values are compared; named in every judgement.
pub const COMPARISON: &str = "full values compared (GB/T 8170), bounds inclusive";

/// Rounds half to even to so many decimals (GB/T 8170 数值修约): for showing, last.
///
/// ```
/// use shanshui_domain::analyse::discharge::round_gbt8170;
/// let shown = |t: &str| round_gbt8170(t.parse().expect("a decimal"), 1).to_string();
/// assert_eq!((shown("0.25"), shown("0.35"), shown("0.251")), ("0.2".into(), "0.4".into(), "0.3".into()));
/// ```
pub fn round_gbt8170(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven)
}

/// `part` of `whole` in per cent, unrounded; none of nothing.
pub(crate) fn percent(part: Decimal, whole: Decimal) -> Option<Decimal> {
    (part * Decimal::ONE_HUNDRED).checked_div(whole)
}

/// Holds a value, given in the limit's unit and at its oxygen, against it.
pub(crate) fn hold(value: Decimal, limit: &EmissionLimit) -> Outcome {
    let against = Limit { bound: limit.bound, unit: limit.unit, cite: String::new() };
    match limit::judge(Quantity { value, unit: limit.unit }, "N", &against) {
        Ok(Verdict::Exceeds { times_over }) => Outcome::Exceeds { times_over },
        _ => Outcome::Within,
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{cod_limit, day, listed, permit, rules, series};
    use super::series::{Series, Span};
    use super::*;
    use crate::standard::discharge::Facts;
    use crate::unit::Unit;
    use proptest::prelude::*;

    fn stack() -> Series {
        series("a34013", Unit::MgPerM3, "2026-05-04 00", "11@16*1000 8@17*1000 !fault:- 20x10@16*1000 10@21*1000")
    }

    fn outlet() -> Series {
        series("w01018", Unit::MgPerL, "2026-05-04 00", "45*30 ?D !no_discharge:- 20x20*10 -")
    }

    /// Every result says edition, clause, inputs, coverage and reasons; of the hours the first three are enough to see.
    #[test]
    fn results_explain_themselves() {
        let (on, facts) = (day("2026-05-04"), Facts::default());
        let sinter = listed("steel ultra-low | sinter_head | all");
        let mut air_day = air::judge_day(rules(), &sinter, &stack(), on, &facts).expect("good");
        let air_month = air::judge_month(rules(), &[air_day.clone()]).expect("good");
        let plant = binding::OutletLimits {
            permit: Some(permit(vec![cod_limit()])),
            ..listed("DB33/2169-2018 | existing | all; GB 18918-2002 | municipal | 1A")
        };
        let mut water_day = water::judge_day(rules(), &plant, &outlet(), &[], (on, &facts)).expect("good");
        air_day.hours.truncate(3);
        water_day.hours.truncate(3);
        insta::assert_json_snapshot!("air_day", air_day);
        insta::assert_json_snapshot!("air_month", air_month);
        insta::assert_json_snapshot!("water_day", water_day);
    }

    #[test]
    fn amounts_and_rates_explain_themselves() {
        let span = Span::Day { day: day("2026-05-04") };
        let load = mass::load(rules(), &outlet(), span).expect("good");
        let used = mass::permit_use("P1", mass::Grams(1_000_000.into()), &load, mass::Grams::default());
        insta::assert_json_snapshot!("load", load);
        insta::assert_json_snapshot!("permit_use", used);
        let rate = replace::quarter_rate(rules(), &stack(), day("2026-05-04")).expect("good");
        insta::assert_json_snapshot!("accounted", replace::account(rules(), &stack(), span, &[rate]).expect("good"));
        let rate = transmission::transmission(rules(), "ol01", &outlet(), span).expect("good");
        insta::assert_json_snapshot!("transmission", rate);
    }

    proptest! {
        #[test]
        fn a_stricter_limit_never_passes_what_a_milder_one_stops(value in 0i64..10_000, strict in 0i64..10_000, more in 0i64..10_000) {
            let limit = |cap| EmissionLimit { bound: crate::standard::Bound::AtMost { value: Decimal::new(cap, 2) }, ..cod_limit() };
            let outcome = |cap| hold(Decimal::new(value, 2), &limit(cap));
            if outcome(strict + more).exceeds() {
                prop_assert!(outcome(strict).exceeds());
            } else {
                prop_assert_eq!(outcome(strict + more), Outcome::Within);
            }
        }

        #[test]
        fn rounding_moves_by_at_most_half_a_unit_and_once(value in -1_000_000i64..1_000_000, decimals in 0u32..4) {
            let value = Decimal::new(value, 4);
            let rounded = round_gbt8170(value, decimals);
            prop_assert!((rounded - value).abs() * Decimal::TWO <= Decimal::new(1, decimals));
            prop_assert_eq!(round_gbt8170(rounded, decimals), rounded);
        }
    }
}
