//! How air is evaluated over days and longer (HJ 663), and the composite index (环境空气质量综合指数) that cities are ranked by.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::load::{StandardError, decimal, head_and, over, refuse, rows};
use super::{AirEvaluation, AirStatistic, Head, Over};
use crate::analyse::air::POLLUTANTS;

/// What of a pollutant's days goes into the composite index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Mean of the days.
    Mean,
    /// The percentile that HJ 663 judges.
    Percentile,
}

/// One pollutant of the composite index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompositeItem {
    /// Pollutant.
    pub pollutant: String,
    /// Factor code.
    pub factor: String,
    /// What of its days.
    pub statistic: Statistic,
    /// Averaging time of the limit of level 2 that it is divided by.
    pub over: Over,
    /// Weight.
    pub weight: Decimal,
    /// Mark.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// The composite index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CompositeRule {
    /// Head.
    pub head: Head,
    /// Decimals of the index and of its parts.
    pub decimals: u32,
    /// The six pollutants in the order of tables.
    pub rows: Vec<CompositeItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompositeText {
    decimals: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemText {
    pollutant: String,
    factor: String,
    statistic: Statistic,
    over: String,
    weight: String,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvaluationText {
    day_hours_min: usize,
    mda8_hours_min: usize,
    mda8_means_min: usize,
    mda8_first_stamp: usize,
    year_days_min: u32,
    month_days_min: u32,
    february_days_min: u32,
    city_points_min_percent: u32,
    few_points: u32,
    few_points_min_percent: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatisticText {
    pollutant: String,
    factor: String,
    over: String,
    percentile: u32,
    decimals: u32,
    mark: String,
    cite: String,
}

/// Reads HJ 663.
pub(super) fn evaluation(name: &str, head_toml: &str, csv: &str) -> Result<AirEvaluation, StandardError> {
    let (head, text) = head_and::<EvaluationText>(name, head_toml)?;
    let mut out = Vec::new();
    for (line, r) in rows::<StatisticText>(name, csv)? {
        if !(1..100).contains(&r.percentile) {
            return Err(refuse(name, line, format!("{} is no percentile", r.percentile)));
        }
        let over = over(name, line, &r.over)?;
        let (pollutant, factor, mark, cite) = (r.pollutant, r.factor, r.mark, r.cite);
        let (percentile, decimals) = (r.percentile, r.decimals);
        out.push(AirStatistic { pollutant, factor, over, percentile, decimals, mark, cite });
    }
    if !out.iter().map(|r| r.pollutant.as_str()).eq(POLLUTANTS) {
        return Err(refuse(name, 0, "the rows are not the six pollutants in their order"));
    }
    if !(8..=24).contains(&text.mda8_first_stamp) {
        return Err(refuse(name, 0, "mda8_first_stamp is no stamp of a day's own eight hours"));
    }
    Ok(AirEvaluation {
        head,
        day_hours_min: text.day_hours_min,
        mda8_hours_min: text.mda8_hours_min,
        mda8_means_min: text.mda8_means_min,
        mda8_first_stamp: text.mda8_first_stamp,
        year_days_min: text.year_days_min,
        month_days_min: text.month_days_min,
        february_days_min: text.february_days_min,
        city_points_min_percent: text.city_points_min_percent,
        few_points: text.few_points,
        few_points_min_percent: text.few_points_min_percent,
        rows: out,
    })
}

/// Reads the composite index.
pub(super) fn composite(name: &str, head_toml: &str, csv: &str) -> Result<CompositeRule, StandardError> {
    let (head, text) = head_and::<CompositeText>(name, head_toml)?;
    let mut out = Vec::new();
    for (line, r) in rows::<ItemText>(name, csv)? {
        let (over, weight) = (over(name, line, &r.over)?, decimal(name, line, &r.weight)?);
        if weight.is_sign_negative() {
            return Err(refuse(name, line, format!("{weight} is no weight")));
        }
        let (pollutant, factor, statistic, mark, cite) = (r.pollutant, r.factor, r.statistic, r.mark, r.cite);
        out.push(CompositeItem { pollutant, factor, statistic, over, weight, mark, cite });
    }
    if !out.iter().map(|r| r.pollutant.as_str()).eq(POLLUTANTS) {
        return Err(refuse(name, 0, "the rows are not the six pollutants in their order"));
    }
    Ok(CompositeRule { head, decimals: text.decimals, rows: out })
}
