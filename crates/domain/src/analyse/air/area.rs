//! A day of an area (城市日评价): the mean of its points (HJ 663-2013 §6.1, annex A), judged as a point's day is.

use jiff::civil::Date;
use serde::Serialize;

use super::Evaluated;
use crate::analyse::year::{AirRules, mean};
use crate::id::StationCode;

/// The code of a city among the codes of what is judged; a county's has its own code behind it. No station's code begins so.
pub const CITY: &str = "@";

/// Whether a code is that of an area.
pub fn is_area(code: &StationCode) -> bool {
    code.as_str().starts_with(CITY)
}

/// A day of an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AreaDay {
    /// Means of the points' values, in whole units of the last decimal of HJ 663 table 3; none where too few points have one.
    pub values: [Option<i64>; 6],
    /// Points with a value of each pollutant.
    pub points_valid: [u32; 6],
    /// Points of the area.
    pub points: u32,
    /// Points that a value needs.
    pub points_needed: u32,
    /// IAQIs and AQI by the edition of the day.
    #[serde(skip)]
    pub seen: Evaluated,
}

/// Points that an area's value needs: a share of all, a smaller one of few.
pub fn points_needed(points: u32, rules: &AirRules<'_>) -> u32 {
    let rule = rules.evaluation();
    let share = if points < rule.few_points { rule.few_points_min_percent } else { rule.city_points_min_percent };
    (points * share).div_ceil(100).max(1)
}

/// The day of an area from the days of all its points; a point without data is one without values. For ozone it is the mean of the
/// points' largest eight-hour means, not the largest of the mean.
pub fn area_day(day: Date, points: &[[Option<i64>; 6]], rules: &AirRules<'_>) -> AreaDay {
    let all = points.len() as u32;
    let needed = points_needed(all, rules);
    let (mut values, mut points_valid) = ([None; 6], [0; 6]);
    for i in 0..6 {
        let of: Vec<Option<i64>> = points.iter().map(|p| p[i]).collect();
        points_valid[i] = of.iter().flatten().count() as u32;
        values[i] = mean(&of, needed as usize);
    }
    AreaDay { values, points_valid, points: all, points_needed: needed, seen: rules.judge_day(day, &values) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Standards;
    use jiff::civil::date;

    /// `points` of which the first `valid` have 10, 20, 30, … of PM2.5.
    fn check(points: usize, valid: usize, expected: (u32, Option<i64>)) {
        let standards = Standards::embedded().expect("the shipped standards load");
        let rules = AirRules::new(&standards).expect("whole");
        let value = |n: usize| (n < valid).then_some(10 * (n as i64 + 1));
        let all: Vec<_> = (0..points).map(|n| [None, None, None, None, None, value(n)]).collect();
        let got = area_day(date(2025, 5, 1), &all, &rules);
        assert_eq!((got.points_needed, got.values[5]), expected, "{valid} of {points}");
    }

    #[test]
    fn a_city_needs_three_quarters_of_its_points_and_half_of_few() {
        check(8, 6, (6, Some(35)));
        check(8, 5, (6, None));
        check(5, 4, (4, Some(25)));
        check(5, 3, (4, None));
        check(4, 3, (3, Some(20)));
        check(4, 2, (3, None));
        check(3, 2, (2, Some(15)));
        check(3, 1, (2, None));
        check(2, 1, (1, Some(10)));
        check(1, 1, (1, Some(10)));
        check(1, 0, (1, None));
        check(0, 0, (1, None));
    }

    #[test]
    fn the_mean_of_points_is_rounded_half_to_even_and_judged_by_the_edition_of_the_day() {
        let standards = Standards::embedded().expect("the shipped standards load");
        let rules = AirRules::new(&standards).expect("whole");
        let of = |day, values: [i64; 2]| {
            let points = values.map(|v| [None, None, None, None, None, Some(v)]);
            let got = area_day(day, &points, &rules);
            (got.values[5], got.seen.iaqi[5])
        };
        assert_eq!(of(date(2025, 5, 1), [60, 61]), (Some(60), Some(82)), "60.5 goes to the even 60");
        assert_eq!(of(date(2026, 5, 1), [60, 60]), (Some(60), Some(100)), "HJ 633-2026");
    }
}
