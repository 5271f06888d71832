//! What the span of a report is called in official Chinese.

use jiff::civil::Date;

use crate::analyse::span::Span;

impl Span {
    /// In Chinese: `2026年5月`, `2026年第1季度`.
    pub fn zh(self) -> String {
        let day = |d: Date| format!("{}年{}月{}日", d.year(), d.month(), d.day());
        match self {
            Self::Day { day: date } => day(date),
            Self::Week { monday } => {
                format!(
                    "{}年第{}周（{}至{}）",
                    monday.iso_week_date().year(),
                    monday.iso_week_date().week(),
                    day(self.first()),
                    day(self.last())
                )
            }
            Self::TenDays { year, month, third } => {
                format!("{year}年{month}月{}", ["上旬", "中旬", "下旬"][(third.clamp(1, 3) - 1) as usize])
            }
            Self::Month { year, month } => format!("{year}年{month}月"),
            Self::Quarter { year, quarter } => format!("{year}年第{quarter}季度"),
            Self::Year { year } => format!("{year}年"),
        }
    }

    /// What a report of it is called: 日报, 月报.
    pub fn report_zh(self) -> &'static str {
        match self {
            Self::Day { .. } => "日报",
            Self::Week { .. } => "周报",
            Self::TenDays { .. } => "旬报",
            Self::Month { .. } => "月报",
            Self::Quarter { .. } => "季报",
            Self::Year { .. } => "年报",
        }
    }

    /// The period before, within a sentence: 上月.
    pub fn before_zh(self) -> &'static str {
        match self {
            Self::Day { .. } => "前一日",
            Self::Week { .. } => "上周",
            Self::TenDays { .. } => "上旬",
            Self::Month { .. } => "上月",
            Self::Quarter { .. } => "上季度",
            Self::Year { .. } => "上年",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_spans_are_told_apart_and_said_in_chinese() {
        let check = |text: &str, expected: &str| {
            let said =
                Span::parse(text).map_or_else(|_| "none".to_owned(), |p| format!("{p} {} {}", p.zh(), p.report_zh()));
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
