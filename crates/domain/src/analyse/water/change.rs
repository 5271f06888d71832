//! Two spans beside each other (水质变化): sections by their classes, rivers by their shares (环办〔2011〕22号).

use rust_decimal::Decimal;
use serde::Serialize;

use super::river::Shares;
use crate::standard::WaterMethod;

/// How much has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// 明显恶化.
    ObviouslyWorse,
    /// 有所恶化.
    SomewhatWorse,
    /// 无明显变化.
    None,
    /// 有所好转.
    SomewhatBetter,
    /// 明显好转.
    ObviouslyBetter,
}

/// Of a section or lake: one class is some change, two or more an obvious one. None when either has no class.
pub fn of_section(before: Option<u8>, after: Option<u8>) -> Option<Change> {
    Some(match i16::from(before?) - i16::from(after?) {
        2.. => Change::ObviouslyBetter,
        1 => Change::SomewhatBetter,
        0 => Change::None,
        -1 => Change::SomewhatWorse,
        _ => Change::ObviouslyWorse,
    })
}

/// A river beside itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RiverChange {
    /// Change of the share of classes I to III, in points, unrounded.
    pub good: Decimal,
    /// Change of the share worse than V, in points, unrounded.
    pub worse: Decimal,
    /// What they come to.
    pub change: Change,
}

/// Of a river: what its share of classes I to III has gained, less what its share worse than V has. None without judged sections.
pub fn of_river(before: &Shares, after: &Shares, method: &WaterMethod) -> Option<RiverChange> {
    let share = |shares: &Shares, count| shares.percent(count);
    let good = share(after, after.at_least(3))? - share(before, before.at_least(3))?;
    let worse = share(after, after.worse())? - share(before, before.worse())?;
    let by = good - worse;
    let beyond = |points: u32| by.abs() > Decimal::from(points);
    let change = match (beyond(method.river_change_some), beyond(method.river_change_obvious), by > Decimal::ZERO) {
        (false, _, _) => Change::None,
        (true, false, true) => Change::SomewhatBetter,
        (true, false, false) => Change::SomewhatWorse,
        (true, true, true) => Change::ObviouslyBetter,
        (true, true, false) => Change::ObviouslyWorse,
    };
    Some(RiverChange { good, worse, change })
}

#[cfg(test)]
mod tests {
    use super::super::section::tests::standards;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_section_changes_by_its_class() {
        let check =
            |before, after, expected| assert_eq!(of_section(before, after), expected, "{before:?} to {after:?}");
        check(Some(3), Some(3), Some(Change::None));
        check(Some(3), Some(2), Some(Change::SomewhatBetter));
        check(Some(6), Some(4), Some(Change::ObviouslyBetter));
        check(Some(1), Some(2), Some(Change::SomewhatWorse));
        check(Some(1), Some(6), Some(Change::ObviouslyWorse));
        check(None, Some(1), None);
        check(Some(1), None, None);
    }

    fn river(before: [u32; 6], after: [u32; 6]) -> Option<RiverChange> {
        let shares = |classes| Shares { classes, not_judged: 0 };
        of_river(&shares(before), &shares(after), &standards().surface.method)
    }

    fn check(before: [u32; 6], after: [u32; 6], expected: Option<Change>) {
        assert_eq!(river(before, after).map(|c| c.change), expected, "{before:?} to {after:?}");
    }

    #[test]
    fn a_river_changes_by_its_shares() {
        check([0, 5, 4, 1, 0, 0], [0, 5, 5, 0, 0, 0], Some(Change::None)); // exactly 10 points
        check([0, 9, 0, 0, 0, 1], [0, 10, 0, 0, 0, 0], Some(Change::SomewhatBetter)); // 10 − (−10) = 20
        check([0, 8, 0, 1, 0, 1], [0, 10, 0, 0, 0, 0], Some(Change::ObviouslyBetter)); // 20 + 10
        check([0, 10, 0, 0, 0, 0], [0, 8, 0, 1, 0, 1], Some(Change::ObviouslyWorse));
        check([0, 20, 0, 0, 0, 0], [0, 17, 0, 3, 0, 0], Some(Change::SomewhatWorse)); // 15 points
        check([0; 6], [0, 1, 0, 0, 0, 0], None);
    }

    proptest! {
        #[test]
        fn back_again_is_the_opposite(before in prop::array::uniform6(0u32..20), after in prop::array::uniform6(0u32..20)) {
            if let (Some(there), Some(back)) = (river(before, after), river(after, before)) {
                prop_assert_eq!(there.good + back.good, Decimal::ZERO);
                prop_assert_eq!(there.change as i8, 4 - back.change as i8);
            }
        }
    }
}
