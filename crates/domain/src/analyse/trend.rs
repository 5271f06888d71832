//! Whether a series of periods rises or falls: Spearman's rank correlation (HJ 663-2013 annex B, 环办〔2011〕22号).
//!
//! `r = 1 − 6 Σ d² / (n³ − n)` over at least five periods, `d` the difference between the rank of a value and that of its period.
//! What to do with equal values the texts leave open: they share the mean of their ranks here, and `r` is the correlation of the
//! ranks themselves, of which the formula is the case without equal values. (The formula alone would say of a series that never
//! changes that it rises.) Whether a critical value is passed is decided without rounding.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::standard::Critical;

/// Periods that a trend needs.
pub const PERIODS_MIN: usize = 5;

/// Which way a series goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// 显著上升.
    Rises,
    /// 显著下降.
    Falls,
    /// 变化趋势不显著.
    NotSignificant,
}

/// A trend with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trend {
    /// Periods.
    pub n: usize,
    /// Rank correlation, −1 to 1.
    pub r: Decimal,
    /// At 0.05.
    pub direction: Direction,
    /// Whether it is also significant at 0.01.
    pub at_1_percent: bool,
    /// The critical value used; that of the next smaller number when the table has none for `n`, which is stricter.
    pub critical: Critical,
    /// Values that share a rank.
    pub ties: usize,
}

/// No trend can be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum NoTrend {
    /// Fewer than five periods.
    #[error("{have} periods where a trend needs {PERIODS_MIN}")]
    TooFew {
        /// How many there are.
        have: usize,
    },
    /// The table of critical values has no row for so few.
    #[error("no critical value for {have} periods")]
    NoCritical {
        /// How many there are.
        have: usize,
    },
}

/// The trend of values in the order of their periods.
///
/// # Errors
/// When there are too few.
pub fn trend(values: &[Decimal], table: &[Critical]) -> Result<Trend, NoTrend> {
    let have = values.len();
    if have < PERIODS_MIN {
        return Err(NoTrend::TooFew { have });
    }
    let at = |percent| table.iter().rfind(|row| row.percent == percent && row.n as usize <= have);
    let (critical, strict) = at(5).zip(at(1)).ok_or(NoTrend::NoCritical { have })?;
    let (ranks, ties) = ranks_doubled(values);
    let n = have as i128;
    // twice the distance of each rank, and of each period, from the middle
    let distances = || ranks.iter().enumerate().map(|(i, rank)| (rank - n - 1, 2 * (i as i128 + 1) - n - 1));
    let together: i128 = distances().map(|(rank, period)| rank * period).sum();
    let of_ranks: i128 = distances().map(|(rank, _)| rank * rank).sum();
    let of_periods: i128 = distances().map(|(_, period)| period * period).sum();
    let passes = |bound: Decimal| {
        let (together, both) = (Decimal::from(together), Decimal::from(of_ranks * of_periods));
        together * together > bound * bound * both
    };
    let direction = match (passes(critical.critical), together > 0) {
        (false, _) => Direction::NotSignificant,
        (true, true) => Direction::Rises,
        (true, false) => Direction::Falls,
    };
    let r = correlation(together, of_ranks, of_periods);
    Ok(Trend { n: have, r, direction, at_1_percent: passes(strict.critical), critical: critical.clone(), ties })
}

/// The correlation for showing it: exact without equal values, else to some fifteen digits; nought when nothing changes.
fn correlation(together: i128, of_ranks: i128, of_periods: i128) -> Decimal {
    if of_ranks == 0 {
        return Decimal::ZERO;
    }
    if of_ranks == of_periods {
        return Decimal::from(together) / Decimal::from(of_ranks);
    }
    let r = together as f64 / (of_ranks as f64 * of_periods as f64).sqrt();
    Decimal::try_from(r).unwrap_or_default()
}

/// Twice the rank of each value, from 1, and how many values share one.
fn ranks_doubled(values: &[Decimal]) -> (Vec<i128>, usize) {
    let rank = |value: &Decimal| {
        let below = values.iter().filter(|v| *v < value).count() as i128;
        let same = values.iter().filter(|v| *v == value).count() as i128;
        (2 * below + same + 1, same)
    };
    let ranked: Vec<_> = values.iter().map(rank).collect();
    let ties = ranked.iter().filter(|(_, same)| *same > 1).count();
    (ranked.into_iter().map(|(rank, _)| rank).collect(), ties)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Standards;
    use proptest::prelude::*;

    fn of(values: &[i64]) -> Result<Trend, NoTrend> {
        let standards = Standards::embedded().expect("the shipped standards load");
        let values: Vec<Decimal> = values.iter().map(|v| Decimal::from(*v)).collect();
        trend(&values, &standards.spearman)
    }

    fn check(values: &[i64], expected: &str) {
        let got = of(values).map_or_else(
            |e| e.to_string(),
            |t| {
                format!(
                    "{} {:?} {} n{} ties {}",
                    t.r.round_dp(3).normalize(),
                    t.direction,
                    t.at_1_percent,
                    t.critical.n,
                    t.ties
                )
            },
        );
        assert_eq!(got, expected, "{values:?}");
    }

    #[test]
    fn ranks_decide_and_the_critical_value_must_be_passed() {
        check(&[1, 2, 3, 4], "4 periods where a trend needs 5");
        check(&[1, 2, 3, 4, 5], "1 Rises false n5 ties 0");
        // d = 0, 0, 0, 1, -1: Σd² = 2, r = 1 − 12/120 = 0.9, which is not beyond .900
        check(&[1, 2, 3, 5, 4], "0.9 NotSignificant false n5 ties 0");
        check(&[60, 50, 40, 30, 20, 10], "-1 Falls true n6 ties 0");
        // ranks 1.5 1.5 3 4 5, distances −1.5 −1.5 0 1 2 and −2 −1 0 1 2: r = 9.5 / √(9.5 · 10) = 0.975
        check(&[7, 7, 8, 9, 10], "0.975 Rises false n5 ties 2");
        check(&[3; 5], "0 NotSignificant false n5 ties 5");
        check(&[3; 30], "0 NotSignificant false n30 ties 30");
        // eleven periods are held against the row of ten
        check(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "1 Rises true n10 ties 0");
    }

    proptest! {
        #[test]
        fn turning_a_series_without_ties_round_turns_its_sign(order in Just((0..12i64).collect::<Vec<_>>()).prop_shuffle()) {
            let back: Vec<i64> = order.iter().rev().copied().collect();
            let (r, turned) = (of(&order).expect("twelve").r, of(&back).expect("twelve").r);
            prop_assert!((r + turned).abs() < Decimal::new(1, 20));
            prop_assert!(r.abs() <= Decimal::ONE);
        }

        #[test]
        fn only_the_order_of_the_values_counts(values in prop::collection::vec(-50i64..50, 5..20)) {
            let wider: Vec<i64> = values.iter().map(|v| v * 7 + 3).collect();
            prop_assert_eq!(of(&values), of(&wider));
        }

        #[test]
        fn the_correlation_is_one_at_most(values in prop::collection::vec(-5i64..5, 5..40)) {
            prop_assert!(of(&values).expect("five at least").r.abs() <= Decimal::new(1_000_000_001, 9));
        }
    }
}
