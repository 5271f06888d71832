//! What a report is over: a civil day, or a span of them.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::analyse::span::Span;

/// A day (`2026-05-01`) or a span, as [`Span`] writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Period {
    /// 日.
    Day(Date),
    /// 周、旬、月、季、年.
    Of(Span),
}

/// A text is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no day (2026-05-01), week (2026-W05), third of a month (2026-03-T1), month (2026-03), quarter (2026-Q1) or year (2026)"
)]
pub struct NoPeriod(String);

impl Period {
    /// Reads the text of one.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, NoPeriod> {
        match Span::parse(text) {
            Ok(Span::Day { day }) => Ok(Self::Day(day)),
            Ok(span) => Ok(Self::Of(span)),
            Err(_) => Err(NoPeriod(text.to_owned())),
        }
    }

    /// Its first day.
    pub fn first(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Of(span) => span.first(),
        }
    }

    /// Its last day.
    pub fn last(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Of(span) => span.last(),
        }
    }

    /// The span; none of a day.
    pub fn span(self) -> Option<Span> {
        match self {
            Self::Day(_) => None,
            Self::Of(span) => Some(span),
        }
    }

    /// In Chinese: `2026年5月`, `2026年第1季度`.
    pub fn zh(self) -> String {
        let day = |d: Date| format!("{}年{}月{}日", d.year(), d.month(), d.day());
        match self {
            Self::Day(date) | Self::Of(Span::Day { day: date }) => day(date),
            Self::Of(span @ Span::Week { monday }) => {
                format!(
                    "{}年第{}周（{}至{}）",
                    monday.iso_week_date().year(),
                    monday.iso_week_date().week(),
                    day(span.first()),
                    day(span.last())
                )
            }
            Self::Of(Span::TenDays { year, month, third }) => {
                format!("{year}年{month}月{}", ["上旬", "中旬", "下旬"][(third.clamp(1, 3) - 1) as usize])
            }
            Self::Of(Span::Month { year, month }) => format!("{year}年{month}月"),
            Self::Of(Span::Quarter { year, quarter }) => format!("{year}年第{quarter}季度"),
            Self::Of(Span::Year { year }) => format!("{year}年"),
        }
    }

    /// What a report of it is called: 日报, 月报.
    pub fn report_zh(self) -> &'static str {
        match self {
            Self::Day(_) | Self::Of(Span::Day { .. }) => "日报",
            Self::Of(Span::Week { .. }) => "周报",
            Self::Of(Span::TenDays { .. }) => "旬报",
            Self::Of(Span::Month { .. }) => "月报",
            Self::Of(Span::Quarter { .. }) => "季报",
            Self::Of(Span::Year { .. }) => "年报",
        }
    }

    /// The period before, within a sentence: 上月.
    pub fn before_zh(self) -> &'static str {
        match self {
            Self::Day(_) | Self::Of(Span::Day { .. }) => "前一日",
            Self::Of(Span::Week { .. }) => "上周",
            Self::Of(Span::TenDays { .. }) => "上旬",
            Self::Of(Span::Month { .. }) => "上月",
            Self::Of(Span::Quarter { .. }) => "上季度",
            Self::Of(Span::Year { .. }) => "上年",
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Of(span) => write!(f, "{span}"),
        }
    }
}

impl TryFrom<String> for Period {
    type Error = NoPeriod;

    fn try_from(text: String) -> Result<Self, NoPeriod> {
        Self::parse(&text)
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_spans_are_told_apart_and_said_in_chinese() {
        let check = |text: &str, expected: &str| {
            let said =
                Period::parse(text).map_or_else(|_| "none".to_owned(), |p| format!("{p} {} {}", p.zh(), p.report_zh()));
            assert_eq!(said, expected);
        };
        check("2026-05-01", "2026-05-01 2026年5月1日 日报");
        check("2026-05", "2026-05 2026年5月 月报");
        check("2026-05-T2", "2026-05-T2 2026年5月中旬 旬报");
        check("2026-Q1", "2026-Q1 2026年第1季度 季报");
        check("2026", "2026 2026年 年报");
        check("2026-W11", "2026-W11 2026年第11周（2026年3月9日至2026年3月15日） 周报");
        for text in ["", "2026-05-32", "20260501", "+002026-05-01", "今天"] {
            check(text, "none");
        }
    }
}
