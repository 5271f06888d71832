//! Air over months, quarters and years (HJ 663-2013 §5, §6): good days, statistics, attainment under every set of limits side by
//! side, and the composite index.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use super::POLLUTANTS;
use crate::analyse::span::Span;
use crate::analyse::year::{AirRules, AirYear, PollutantYear, YearDay};
use crate::standard::{AirLimit, AirLimits, Over, Statistic};

/// Decimals of a multiple (HJ 663-2013 table 3).
const MULTIPLE_DECIMALS: u32 = 2;
/// Decimals of a rate in per cent (HJ 663-2013 table 3).
const RATE_DECIMALS: u32 = 1;

/// Air of a station or an area over a month, a quarter or a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirPeriod {
    /// The span.
    pub span: Span,
    /// Edition of HJ 663.
    pub edition: String,
    /// Editions of HJ 633 that its days were judged by.
    pub aqi_editions: Vec<String>,
    /// Days of the span.
    pub days_of: u32,
    /// Counts of days and statistics of each pollutant.
    #[serde(flatten)]
    pub statistics: AirYear,
    /// Days of level 1 or 2.
    pub good_days: u32,
    /// Their share of the days with an AQI, in per cent, one decimal.
    pub good_percent: Option<Decimal>,
    /// Under each set of limits, the one in force on the last day first. Of a year only: no clause judges shorter spans.
    pub sets: Vec<Attainment>,
    /// The composite index.
    pub composite: Option<Composite>,
}

/// A year under one set of limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attainment {
    /// The set.
    pub set: String,
    /// Whether it was in force on the last day of the span.
    pub in_force: bool,
    /// Every pollutant attains level 1, level 2.
    pub attained: [bool; 2],
    /// Pollutants that do not attain level 2; one whose days do not suffice is among them (§6.2).
    pub not_attained: Vec<&'static str>,
    /// The six pollutants in the order of tables.
    pub pollutants: Vec<AgainstLimits>,
}

/// A pollutant against its limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgainstLimits {
    /// Pollutant.
    pub pollutant: &'static str,
    /// Its days suffice.
    pub valid: bool,
    /// Attains level 1, level 2; false when its days do not suffice.
    pub attained: [bool; 2],
    /// What was compared.
    pub parts: Vec<Compared>,
    /// Days with a value that keeps the day's limit of level 2, and days with a value.
    pub days_within: [u32; 2],
}

/// One statistic against one limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Which statistic.
    pub statistic: Statistic,
    /// Value, rounded as the rule says.
    pub value: Decimal,
    /// Limits of level 1 and 2.
    pub limits: [Decimal; 2],
    /// How many times over the limit of level 2; none when it is kept.
    pub times_over: Option<Decimal>,
    /// Clause.
    pub cite: String,
}

/// The composite index (环境空气质量综合指数): lower is better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Composite {
    /// The rule.
    pub edition: String,
    /// The set of limits that it divides by.
    pub set: String,
    /// The index.
    pub index: Decimal,
    /// Each pollutant's part, in the order of tables.
    pub parts: Vec<Part>,
    /// The pollutants with the largest part.
    pub main: Vec<&'static str>,
}

/// One pollutant's part of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Pollutant.
    pub pollutant: &'static str,
    /// Value of the period.
    pub value: Decimal,
    /// Limit that it is divided by.
    pub limit: Decimal,
    /// Weight.
    pub weight: Decimal,
    /// Weighted quotient, rounded.
    pub index: Decimal,
}

fn rounded(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven)
}

/// Share in per cent.
fn percent(part: u32, of: u32) -> Option<Decimal> {
    (of > 0).then(|| rounded(Decimal::from(part * 100) / Decimal::from(of), RATE_DECIMALS))
}

/// The months that a span is made of, when it is a month or a quarter.
fn months(span: Span) -> Option<std::ops::RangeInclusive<i8>> {
    match span {
        Span::Month { month, .. } => Some(month..=month),
        Span::Quarter { quarter, .. } => Some(3 * quarter - 2..=3 * quarter),
        _ => None,
    }
}

/// Air over a month, a quarter or a year from its days; days outside of the span are left out.
pub fn period(span: Span, days: &[YearDay], rules: &AirRules<'_>) -> AirPeriod {
    let days: Vec<YearDay> = days.iter().filter(|d| span.contains(d.day)).copied().collect();
    let statistics = rules.statistics(&days, months(span));
    let good_days = statistics.good_days();
    let mut aqi_editions: Vec<String> = Vec::new();
    for day in &days {
        let id = &rules.index(day.day, super::Report::Day).standard.head.id;
        if !aqi_editions.contains(id) {
            aqi_editions.push(id.clone());
        }
    }
    let last = span.last();
    let limits = &rules.standards().air_limits;
    let mut sets: Vec<Attainment> = Vec::new();
    if matches!(span, Span::Year { .. }) {
        sets.extend(limits.iter().map(|set| attainment(set, set.head.covers(last), &statistics, &days)));
        sets.sort_by_key(|s| !s.in_force);
    }
    let set = rules.standards().air_limits_on(last).or_else(|| limits.iter().min_by_key(|s| s.head.from));
    AirPeriod {
        span,
        edition: rules.evaluation().head.id.clone(),
        aqi_editions,
        days_of: span.days(),
        good_days,
        good_percent: percent(good_days, statistics.days),
        sets,
        composite: set.and_then(|set| composite(set, &statistics, rules)),
        statistics,
    }
}

fn limit<'a>(set: &'a AirLimits, pollutant: &str, over: Over) -> Option<&'a AirLimit> {
    set.rows.iter().find(|r| r.pollutant == pollutant && r.over == over)
}

/// What stands for a day of a pollutant.
fn day_over(pollutant: &str) -> Over {
    if pollutant == "O3" { Over::Mda8 } else { Over::Day }
}

fn attainment(set: &AirLimits, in_force: bool, statistics: &AirYear, days: &[YearDay]) -> Attainment {
    let one = |(i, p): (usize, &PollutantYear)| against(set, p, days.iter().filter_map(|d| d.values[i]));
    let pollutants: Vec<AgainstLimits> = statistics.pollutants.iter().enumerate().map(one).collect();
    Attainment {
        set: set.head.id.clone(),
        in_force,
        attained: [0, 1].map(|level| pollutants.iter().all(|p| p.attained[level])),
        not_attained: pollutants.iter().filter(|p| !p.attained[1]).map(|p| p.pollutant).collect(),
        pollutants,
    }
}

fn against(set: &AirLimits, p: &PollutantYear, days: impl Iterator<Item = i64>) -> AgainstLimits {
    let scaled = |n: i64| Decimal::new(n, p.decimals);
    let day_limit = limit(set, p.pollutant, day_over(p.pollutant));
    let compared = |statistic, value: Option<i64>, row: Option<&AirLimit>| {
        let (value, row) = (scaled(value?), row?);
        let over = (value > row.level2).then(|| rounded((value - row.level2) / row.level2, MULTIPLE_DECIMALS));
        let (limits, cite) = ([row.level1, row.level2], row.cite.clone());
        Some(Compared { statistic, value, limits, times_over: over, cite })
    };
    let parts: Vec<Compared> = [
        compared(Statistic::Mean, p.mean, limit(set, p.pollutant, Over::Year)),
        compared(Statistic::Percentile, p.at_percentile, day_limit),
    ]
    .into_iter()
    .flatten()
    .collect();
    let keeps = |level: usize| p.valid && !parts.is_empty() && parts.iter().all(|c| c.value <= c.limits[level]);
    let mut days_within = [0; 2];
    for value in days {
        days_within[0] += u32::from(day_limit.is_some_and(|row| scaled(value) <= row.level2));
        days_within[1] += 1;
    }
    AgainstLimits { pollutant: p.pollutant, valid: p.valid, attained: [keeps(0), keeps(1)], parts, days_within }
}

/// The index of what a period has; none when a pollutant has no value, because a sum without it would look better than it is.
fn composite(set: &AirLimits, statistics: &AirYear, rules: &AirRules<'_>) -> Option<Composite> {
    let rule = &rules.standards().air_composite;
    let (mut parts, mut sum) = (Vec::with_capacity(POLLUTANTS.len()), Decimal::ZERO);
    for (p, row) in statistics.pollutants.iter().zip(&rule.rows) {
        let value = match row.statistic {
            Statistic::Mean => p.mean,
            Statistic::Percentile => p.at_percentile,
        };
        let (value, limit) = (Decimal::new(value?, p.decimals), limit(set, p.pollutant, row.over)?.level2);
        let index = value.checked_div(limit)? * row.weight;
        sum += index;
        let (pollutant, weight) = (p.pollutant, row.weight);
        parts.push(Part { pollutant, value, limit, weight, index: rounded(index, rule.decimals) });
    }
    let largest = parts.iter().map(|p| p.index).max()?;
    let main = parts.iter().filter(|p| p.index == largest).map(|p| p.pollutant).collect();
    let index = rounded(sum, rule.decimals);
    Some(Composite { edition: rule.head.id.clone(), set: set.head.id.clone(), index, parts, main })
}

/// Ranks: the lowest index first, equal ones share a rank (同列).
pub fn rank(mut rows: Vec<(String, Decimal)>) -> Vec<(String, Decimal, u32)> {
    rows.sort_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0)));
    let of = |value: Decimal| rows.iter().filter(|(_, other)| *other < value).count() as u32 + 1;
    rows.iter().map(|(name, value)| (name.clone(), *value, of(*value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Standards;
    use jiff::ToSpan;
    use jiff::civil::{Date, date};

    fn standards() -> Standards {
        Standards::embedded().expect("the shipped standards load")
    }

    /// Days from a date on; `of(n)` are the values of the n-th.
    fn days(rules: &AirRules<'_>, first: Date, count: i64, of: impl Fn(i64) -> [i64; 6]) -> Vec<YearDay> {
        let day = |n: i64| {
            let (day, values) = (first + n.days(), of(n).map(Some));
            YearDay { day, values, seen: rules.judge_day(day, &values) }
        };
        (0..count).map(day).collect()
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    /// A county's bulletin of May 2022: SO2 11, NO2 19, PM10 31, PM2.5 20, O3 125, CO 1.4 give 0.18, 0.48, 0.44, 0.57, 0.78, 0.35
    /// and 2.80 in all.
    #[test]
    fn the_composite_index_is_that_of_a_published_bulletin() {
        let standards = standards();
        let rules = AirRules::new(&standards).expect("whole");
        let month = days(&rules, date(2022, 5, 1), 31, |_| [11, 19, 14, 125, 31, 20]);
        let got = period(Span::Month { year: 2022, month: 5 }, &month, &rules);
        let composite = got.composite.expect("an index");
        let parts: Vec<String> = composite.parts.iter().map(|p| format!("{} {}", p.pollutant, p.index)).collect();
        assert_eq!(parts.join(", "), "SO2 0.18, NO2 0.48, CO 0.35, O3 0.78, PM10 0.44, PM2.5 0.57");
        assert_eq!((composite.index, composite.main), (decimal("2.80"), vec!["O3"]));
        assert_eq!(composite.set, "GB 3095-2012");
        assert!(got.sets.is_empty(), "no clause judges a month against yearly limits");
        assert!(got.statistics.pollutants.iter().all(|p| p.valid));
    }

    #[test]
    fn a_month_needs_its_days_and_a_quarter_those_of_each_month() {
        let standards = standards();
        let rules = AirRules::new(&standards).expect("whole");
        let valid = |first: Date, count, span: &str| {
            let days = days(&rules, first, count, |_| [5, 10, 6, 80, 20, 10]);
            let got = period(Span::parse(span).expect("a span"), &days, &rules);
            (got.statistics.days, got.statistics.pollutants[5].valid)
        };
        assert_eq!(valid(date(2025, 4, 4), 27, "2025-04"), (27, true));
        assert_eq!(valid(date(2025, 4, 5), 26, "2025-04"), (26, false));
        assert_eq!(valid(date(2025, 2, 4), 25, "2025-02"), (25, true));
        assert_eq!(valid(date(2025, 2, 5), 24, "2025-02"), (24, false));
        assert_eq!(valid(date(2025, 4, 1), 91, "2025-Q2"), (91, true));
        assert_eq!(valid(date(2025, 4, 1), 88, "2025-Q2"), (88, true), "June has 27 of its 30 days");
        assert_eq!(valid(date(2025, 4, 1), 87, "2025-Q2"), (87, false), "June has 26");
        assert_eq!(valid(date(2025, 4, 1), 365, "2025-04"), (30, true), "days outside are left out");
    }

    /// A year worked by hand: PM2.5 is 30 on 329 days and 90 on 36 of 365. Mean (329 · 30 + 36 · 90) / 365 = 35.917…, rounded 36.
    /// Rank of the 95th percentile 1 + 364 · 0.95 = 346.8: both neighbours are 90. 36 > 35: over by 1/35 = 0.03; 90 > 75: by 0.20.
    #[test]
    fn a_year_worked_by_hand() {
        let standards = standards();
        let rules = AirRules::new(&standards).expect("whole");
        let year = days(&rules, date(2025, 1, 1), 365, |n| [8, 25, 7, 100, 50, if n % 10 == 9 { 90 } else { 30 }]);
        let got = period(Span::Year { year: 2025 }, &year, &rules);
        assert_eq!((got.statistics.days, got.good_days, got.good_percent), (365, 329, Some(decimal("90.1"))));
        let set = &got.sets[0];
        assert_eq!((set.set.as_str(), set.in_force, set.attained), ("GB 3095-2012", true, [false, false]));
        assert_eq!(set.not_attained, ["PM2.5"]);
        let pm = &set.pollutants[5];
        let parts: Vec<String> = pm.parts.iter().map(|c| format!("{} over {:?}", c.value, c.times_over)).collect();
        assert_eq!(parts, ["36 over Some(0.03)", "90 over Some(0.20)"]);
        assert_eq!(pm.days_within, [329, 365]);
        // PM10 50 keeps the year's 70 and the day's 150 of level 2; level 1 has 40 a year
        assert_eq!(set.pollutants[4].attained, [false, true]);
        // 0.13 + 0.62 (25/40 = 0.625 to the even) + 0.18 (0.7/4 = 0.175) + 0.62 + 0.71 + 1.03
        let composite = got.composite.expect("an index");
        assert_eq!((composite.index, composite.main), (decimal("3.30"), vec!["PM2.5"]));
        let others: Vec<_> = got.sets.iter().map(|s| (s.set.as_str(), s.in_force)).collect();
        assert_eq!(others[1..], [("GB 3095-2026 (transition)", false), ("GB 3095-2026 (final)", false)]);
    }

    #[test]
    fn a_pollutant_without_enough_days_does_not_attain_and_one_without_any_gives_no_index() {
        let standards = standards();
        let rules = AirRules::new(&standards).expect("whole");
        let mut year = days(&rules, date(2025, 1, 1), 365, |_| [8, 25, 7, 100, 35, 15]);
        let whole = period(Span::Year { year: 2025 }, &year, &rules);
        assert_eq!(whole.sets[0].attained, [true, true]);
        for day in year.iter_mut().filter(|d| d.day.month() == 2 && d.day.day() > 24) {
            day.values[0] = None;
        }
        let got = period(Span::Year { year: 2025 }, &year, &rules);
        assert_eq!((got.sets[0].attained, got.sets[0].not_attained.clone()), ([false, false], vec!["SO2"]));
        assert!(got.composite.is_some());
        for day in &mut year {
            day.values[0] = None;
        }
        assert_eq!(period(Span::Year { year: 2025 }, &year, &rules).composite, None);
        let nothing = period(Span::Year { year: 2025 }, &[], &rules);
        assert_eq!((nothing.good_percent, nothing.sets[0].not_attained.len()), (None, 6));
    }

    #[test]
    fn the_same_days_under_another_edition() {
        let standards = standards();
        let rules = AirRules::new(&standards).expect("whole").under("HJ 633-2026").expect("shipped");
        let values = [8, 25, 7, 100, 50, 70].map(Some);
        let day = date(2025, 5, 1);
        let year = [YearDay { day, values, seen: rules.judge_day(day, &values) }];
        let got = period(Span::Year { year: 2025 }, &year, &rules);
        assert_eq!((got.good_days, got.aqi_editions), (0, vec!["HJ 633-2026".to_owned()]));
        assert!(AirRules::new(&standards).expect("whole").under("HJ 633-1999").is_none());
    }

    #[test]
    fn equal_ones_share_a_rank() {
        let rows = [("c", "2.80"), ("a", "3.1"), ("b", "2.80"), ("d", "4")].map(|(n, v)| (n.to_owned(), decimal(v)));
        let got: Vec<String> = rank(rows.into()).iter().map(|(n, _, r)| format!("{r} {n}")).collect();
        assert_eq!(got, ["1 b", "1 c", "3 a", "4 d"]);
    }
}
