//! Robust statistics (稳健统计): a median and its spread are not moved by the few values that are looked for.
//!
//! Input: finite numbers of one unit, in any order unless said otherwise. Output: the same unit. Every function answers none where
//! the statistic is not defined; nothing panics.

/// Median (中位数): the middle value, or the mean of the two middle ones; none of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    middle(&mut sorted)
}

fn middle(values: &mut [f64]) -> Option<f64> {
    let half = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    let upper = *upper;
    if !even {
        return Some(upper);
    }
    below.iter().copied().max_by(f64::total_cmp).map(|lower| f64::midpoint(lower, upper))
}

/// Median absolute deviation from the median (绝对中位差, MAD), unscaled; none of nothing.
pub fn mad(values: &[f64]) -> Option<f64> {
    let centre = median(values)?;
    let mut away: Vec<f64> = values.iter().map(|v| (v - centre).abs()).collect();
    middle(&mut away)
}

/// Robust standard deviation (稳健标准差): MAD times 1.4826, which makes it that of a normal distribution. None of nothing.
pub fn sigma(values: &[f64]) -> Option<f64> {
    mad(values).map(|m| 1.4826 * m)
}

/// Differences of neighbours in the order given; one fewer than the values.
pub fn differences(values: &[f64]) -> Vec<f64> {
    values.windows(2).map(|w| w[1] - w[0]).collect()
}

/// Arithmetic mean; none of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Coefficient of variation (变异系数): sample standard deviation by mean; none below two values or at mean zero.
pub fn variation(values: &[f64]) -> Option<f64> {
    let centre = mean(values).filter(|m| *m != 0.0 && values.len() > 1)?;
    let squares: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt() / centre.abs())
}

/// How many different values there are.
pub fn distinct(values: &[f64]) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.dedup();
    sorted.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(values: &[f64], centre: Option<f64>, spread: Option<f64>) {
        assert_eq!((median(values), mad(values)), (centre, spread), "{values:?}");
    }

    #[test]
    fn medians_and_deviations_by_hand() {
        check(&[], None, None);
        check(&[3.0], Some(3.0), Some(0.0));
        check(&[4.0, 2.0], Some(3.0), Some(1.0));
        check(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0], Some(2.0), Some(1.0));
        check(&[1.0, 2.0, 3.0, 1e9], Some(2.5), Some(1.0));
    }

    #[test]
    fn variation_needs_two_values_and_a_mean() {
        assert_eq!(variation(&[1.0]), None);
        assert_eq!(variation(&[-1.0, 1.0]), None);
        assert_eq!(variation(&[2.0, 2.0]), Some(0.0));
        assert_eq!(variation(&[1.0, 3.0]), Some(2.0_f64.sqrt() / 2.0));
        assert_eq!((distinct(&[1.0, 1.0, 2.0]), differences(&[1.0, 4.0])), (2, vec![3.0]));
    }

    proptest! {
        #[test]
        fn half_of_the_values_lie_on_either_side(values in prop::collection::vec(-1e6f64..1e6, 1..60)) {
            let centre = median(&values).expect("not empty");
            let half = values.len().div_ceil(2);
            prop_assert!(values.iter().filter(|v| **v <= centre).count() >= half);
            prop_assert!(values.iter().filter(|v| **v >= centre).count() >= half);
        }

        #[test]
        fn spread_does_not_depend_on_the_level(values in prop::collection::vec(-1000i32..1000, 1..60), offset in -1000i32..1000) {
            let at = |o: i32| values.iter().map(|v| f64::from(v + o)).collect::<Vec<_>>();
            prop_assert_eq!(mad(&at(0)), mad(&at(offset)));
        }
    }
}
