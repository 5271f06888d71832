//! Sections at which a river is handed over between areas (跨行政区域河流交接断面), graded each year as Zhejiang did in its
//! assessment of 2013: three items against the target and against the year before.
//!
//! How the three items come to one "improved" is not in what could be read: the mean of their shares of the target's bounds is
//! taken here, and what has not changed counts as improved unless it is configured otherwise.

use rust_decimal::Decimal;
use serde::Serialize;

use super::section::{Section, Target};
use crate::standard::{Bound, WaterStandard};

/// The three items: permanganate index, ammonia nitrogen, total phosphorus.
pub const ITEMS: [&str; 3] = ["w01019", "w21003", "w21011"];

/// A grade (考核等次).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// 不合格.
    Fail,
    /// 合格.
    Pass,
    /// 良好.
    Good,
    /// 优秀.
    Excellent,
}

/// One section that a river leaves or enters by, over this year and the one before.
#[derive(Debug, Clone, Copy)]
pub struct Border<'a> {
    /// This year.
    pub now: &'a Section,
    /// The year before.
    pub before: &'a Section,
    /// Target class.
    pub target: u8,
}

/// A grade with what led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handover {
    /// The grade.
    pub grade: Grade,
    /// Whether the outflow keeps its target.
    pub outflow_meets: bool,
    /// Whether the outflow is better than the inflow; none of an area without inflow.
    pub outflow_better: Option<bool>,
    /// The outflow's burden this year and the year before: mean of three shares of the target's bounds.
    pub outflow: (Decimal, Decimal),
    /// The inflow's.
    pub inflow: Option<(Decimal, Decimal)>,
    /// Whether the outflow is no worse than the year before.
    pub improved: bool,
}

/// No grade can be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGrade {
    /// A year has no mean of one of the items.
    #[error("{0} has no mean in one of the two years")]
    NoMean(&'static str),
    /// The outflow has no class.
    #[error("the outflow has no class")]
    NoClass,
    /// Not a class of GB 3838.
    #[error("{0} is no target class")]
    NoTarget(u8),
}

/// Grades an area by the section where its water leaves, and the one where it enters, if there is one. Within `stable_percent` of
/// the year before the outflow counts as improved.
///
/// # Errors
/// When a year has no mean of one of the items, or the outflow no class.
pub fn grade(
    outflow: Border<'_>,
    inflow: Option<Border<'_>>,
    stable_percent: Decimal,
    standard: &WaterStandard,
) -> Result<Handover, NoGrade> {
    let of =
        |border: &Border<'_>| Ok((burden(border.now, border, standard)?, burden(border.before, border, standard)?));
    let out: (Decimal, Decimal) = of(&outflow)?;
    let into = inflow.as_ref().map(of).transpose()?;
    let outflow_meets = match outflow.now.against(Some(outflow.target)) {
        Target::Met { .. } => true,
        Target::Missed { .. } => false,
        Target::NotSet | Target::NotJudged => return Err(NoGrade::NoClass),
    };
    let outflow_better = match &inflow {
        None => None,
        // both against the outflow's bounds: shares of unlike targets cannot be compared
        Some(border) => Some(out.0 < burden(border.now, &outflow, standard)?),
    };
    let improved = out.0 <= out.1 + out.1 * stable_percent / Decimal::ONE_HUNDRED;
    let falls_less = into.is_some_and(|into| out.0 - out.1 < into.0 - into.1);
    let grade = match (outflow_meets || outflow_better == Some(true), improved) {
        (true, true) => Grade::Excellent,
        (true, false) => Grade::Good,
        (false, true) => Grade::Pass,
        (false, false) if falls_less => Grade::Pass,
        (false, false) => Grade::Fail,
    };
    Ok(Handover { grade, outflow_meets, outflow_better, outflow: out, inflow: into, improved })
}

/// Mean of the three items' shares of the bounds of the border's target class.
fn burden(section: &Section, border: &Border<'_>, standard: &WaterStandard) -> Result<Decimal, NoGrade> {
    let class = usize::from(border.target);
    if !(1..=5).contains(&class) {
        return Err(NoGrade::NoTarget(border.target));
    }
    let mut sum = Decimal::ZERO;
    for factor in ITEMS {
        let mean = section.indicators.iter().find(|i| i.factor == factor).map(|i| i.mean.value);
        let bound = standard.row(factor, border.now.water).map(|row| row.classes[class - 1]);
        let share = match (mean, bound) {
            (Some(mean), Some(Bound::AtMost { value })) => mean.checked_div(value),
            _ => None,
        };
        sum += share.ok_or(NoGrade::NoMean(factor))?;
    }
    Ok(sum / Decimal::from(ITEMS.len()))
}

#[cfg(test)]
mod tests {
    use super::super::section::tests::{judged, standards};
    use super::*;
    use crate::standard::WaterBody;

    /// A section whose three items are this share of class III.
    fn section(share: &str) -> Section {
        let share: Decimal = share.parse().expect("a decimal");
        let [codmn, nh3n, tp] = [60, 10, 2].map(|tenths| Decimal::new(tenths, 1) * share);
        judged(&format!("pH 7 DO 8 CODMn {codmn} NH3-N {nh3n} TP {tp}"), WaterBody::River)
    }

    fn check(outflow: (&str, &str), inflow: Option<(&str, &str)>, stable: i64, expected: Grade) {
        let standards = standards();
        let sections = |(now, before): (&str, &str)| (section(now), section(before));
        let (out, into) = (sections(outflow), inflow.map(sections));
        let out = Border { now: &out.0, before: &out.1, target: 3 };
        let into = into.as_ref().map(|(now, before)| Border { now, before, target: 3 });
        let got = grade(out, into, Decimal::from(stable), &standards.water[0]);
        assert_eq!(got.map(|h| h.grade), Ok(expected), "{outflow:?} {inflow:?}");
    }

    #[test]
    fn target_inflow_and_the_year_before_make_four_grades() {
        use Grade::{Excellent, Fail, Good, Pass};
        check(("0.8", "0.9"), None, 0, Excellent);
        check(("0.8", "0.8"), None, 0, Excellent);
        check(("0.9", "0.8"), None, 0, Good);
        check(("0.85", "0.8"), None, 10, Excellent);
        check(("1.2", "1.3"), Some(("1.5", "1.5")), 0, Excellent);
        check(("1.3", "1.2"), Some(("1.5", "1.5")), 0, Good);
        check(("1.2", "1.3"), Some(("1.1", "1.1")), 0, Pass);
        // worse than the year before by 0.1, the inflow by 0.3: less of a fall
        check(("1.4", "1.3"), Some(("1.3", "1.0")), 0, Pass);
        check(("1.6", "1.3"), Some(("1.3", "1.2")), 0, Fail);
        check(("1.3", "1.2"), None, 0, Fail);
    }

    #[test]
    fn what_cannot_be_graded_says_why() {
        let standards = standards();
        let (whole, bare) = (section("0.8"), judged("pH 7 DO 8 CODMn 3 NH3-N 0.5", WaterBody::River));
        let of =
            |now, target| grade(Border { now, before: &whole, target }, None, Decimal::ZERO, &standards.water[0]).err();
        assert_eq!(of(&bare, 3), Some(NoGrade::NoMean("w21011")));
        assert_eq!(of(&whole, 6), Some(NoGrade::NoTarget(6)));
        let unclassed = Section { class: None, ..whole.clone() };
        assert_eq!(of(&unclassed, 3), Some(NoGrade::NoClass));
    }
}
