//! Spans of civil days that are evaluated as one (评价时段): days, weeks, thirds of months, months, quarters, years.

use std::fmt;

use jiff::civil::{Date, ISOWeekDate, Weekday, date};
use serde::{Deserialize, Serialize};

/// A span. In text `2026-03-01`, `2026-W05`, `2026-03-T1` (上旬), `2026-03`, `2026-Q1`, `2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Span {
    /// 日.
    Day {
        /// The day.
        day: Date,
    },
    /// 周, from Monday.
    Week {
        /// Its Monday.
        monday: Date,
    },
    /// 旬.
    TenDays {
        /// Year.
        year: i16,
        /// Month, from 1.
        month: i8,
        /// 1 to 3.
        third: i8,
    },
    /// 月.
    Month {
        /// Year.
        year: i16,
        /// Month, from 1.
        month: i8,
    },
    /// 季.
    Quarter {
        /// Year.
        year: i16,
        /// 1 to 4.
        quarter: i8,
    },
    /// 年.
    Year {
        /// Year.
        year: i16,
    },
}

/// A text is no span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no day (2026-03-01), week (2026-W05), third of a month (2026-03-T1), month (2026-03), quarter (2026-Q1) or year (2026)"
)]
pub struct NoSpan(String);

impl Span {
    /// The month of a day.
    pub fn month_of(day: Date) -> Self {
        Self::Month { year: day.year(), month: day.month() }
    }

    /// The spans of more than a day that a day is in, one of each kind, the shortest first.
    pub fn all_of(day: Date) -> [Self; 5] {
        let (year, month) = (day.year(), day.month());
        let monday = day.saturating_sub(jiff::Span::new().days(day.weekday().to_monday_zero_offset()));
        [
            Self::Week { monday },
            Self::TenDays { year, month, third: ((day.day() - 1) / 10).min(2) + 1 },
            Self::Month { year, month },
            Self::Quarter { year, quarter: (month - 1) / 3 + 1 },
            Self::Year { year },
        ]
    }

    /// Its first day.
    pub fn first(self) -> Date {
        match self {
            Self::Day { day } => day,
            Self::Week { monday } => monday,
            Self::TenDays { year, month, third } => date(year, month, 10 * third - 9),
            Self::Month { year, month } => date(year, month, 1),
            Self::Quarter { year, quarter } => date(year, 3 * quarter - 2, 1),
            Self::Year { year } => date(year, 1, 1),
        }
    }

    /// Its last day.
    pub fn last(self) -> Date {
        match self {
            Self::Day { day } => day,
            Self::Week { monday } => monday.saturating_add(jiff::Span::new().days(6)),
            Self::TenDays { year, month, third: third @ (1 | 2) } => date(year, month, 10 * third),
            Self::TenDays { year, month, .. } | Self::Month { year, month } => date(year, month, 1).last_of_month(),
            Self::Quarter { year, quarter } => date(year, 3 * quarter, 1).last_of_month(),
            Self::Year { year } => date(year, 12, 31),
        }
    }

    /// Whether a day is in it.
    pub fn contains(self, day: Date) -> bool {
        (self.first()..=self.last()).contains(&day)
    }

    /// How many days it has.
    pub fn days(self) -> u32 {
        (self.first().until(self.last()).map_or(0, |s| s.get_days()) + 1).unsigned_abs()
    }

    /// The span of the same kind right before it (环比).
    pub fn before(self) -> Self {
        match self {
            Self::Day { day } => Self::Day { day: day.saturating_sub(jiff::Span::new().days(1)) },
            Self::Week { monday } => Self::Week { monday: monday.saturating_sub(jiff::Span::new().days(7)) },
            Self::TenDays { year, month, third: third @ (2 | 3) } => Self::TenDays { year, month, third: third - 1 },
            Self::TenDays { year, month: 1, .. } => Self::TenDays { year: year - 1, month: 12, third: 3 },
            Self::TenDays { year, month, .. } => Self::TenDays { year, month: month - 1, third: 3 },
            Self::Month { year, month: 1 } => Self::Month { year: year - 1, month: 12 },
            Self::Month { year, month } => Self::Month { year, month: month - 1 },
            Self::Quarter { year, quarter: 1 } => Self::Quarter { year: year - 1, quarter: 4 },
            Self::Quarter { year, quarter } => Self::Quarter { year, quarter: quarter - 1 },
            Self::Year { year } => Self::Year { year: year - 1 },
        }
    }

    /// The same span a year earlier (同比); none of a week, which no year has at the same days, and of the 29th of February.
    pub fn a_year_before(self) -> Option<Self> {
        match self {
            Self::Day { day } => Date::new(day.year() - 1, day.month(), day.day()).ok().map(|day| Self::Day { day }),
            Self::Week { .. } => None,
            Self::TenDays { year, month, third } => Some(Self::TenDays { year: year - 1, month, third }),
            Self::Month { year, month } => Some(Self::Month { year: year - 1, month }),
            Self::Quarter { year, quarter } => Some(Self::Quarter { year: year - 1, quarter }),
            Self::Year { year } => Some(Self::Year { year: year - 1 }),
        }
    }

    /// Reads the text of one.
    ///
    /// # Errors
    /// When it is none.
    ///
    /// ```
    /// use shanshui_domain::analyse::span::Span;
    /// let quarter = Span::parse("2026-Q1")?;
    /// assert_eq!((quarter.first().to_string(), quarter.last().to_string()), ("2026-01-01".into(), "2026-03-31".into()));
    /// # Ok::<(), shanshui_domain::analyse::span::NoSpan>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, NoSpan> {
        read(text).ok_or_else(|| NoSpan(text.to_owned()))
    }
}

/// Digits alone, as many as asked for.
fn number(text: &str, digits: usize) -> Option<i16> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn read(text: &str) -> Option<Span> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4).filter(|year| *year >= 1)?;
    let (second, third, None) = (parts.next(), parts.next(), parts.next()) else { return None };
    let small = |text: &str, digits, least: i8, most: i8| {
        number(text, digits).and_then(|n| i8::try_from(n).ok()).filter(|n| (least..=most).contains(n))
    };
    let month = |text: &str| small(text, 2, 1, 12);
    match (second, third) {
        (None, _) => Some(Span::Year { year }),
        (Some(second), None) => match second.as_bytes().first()? {
            b'W' => {
                let week = small(&second[1..], 2, 1, 53)?;
                Some(Span::Week { monday: ISOWeekDate::new(year, week, Weekday::Monday).ok()?.date() })
            }
            b'Q' => Some(Span::Quarter { year, quarter: small(&second[1..], 1, 1, 4)? }),
            _ => Some(Span::Month { year, month: month(second)? }),
        },
        (Some(second), Some(third)) => {
            let month = month(second)?;
            match third.strip_prefix('T') {
                Some(third) => Some(Span::TenDays { year, month, third: small(third, 1, 1, 3)? }),
                None => Some(Span::Day { day: Date::new(year, month, small(third, 2, 1, 31)?).ok()? }),
            }
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Day { day } => write!(f, "{:04}-{:02}-{:02}", day.year(), day.month(), day.day()),
            Self::Week { monday } => {
                let week = monday.iso_week_date();
                write!(f, "{:04}-W{:02}", week.year(), week.week())
            }
            Self::TenDays { year, month, third } => write!(f, "{year:04}-{month:02}-T{third}"),
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
            Self::Quarter { year, quarter } => write!(f, "{year:04}-Q{quarter}"),
            Self::Year { year } => write!(f, "{year:04}"),
        }
    }
}

impl TryFrom<String> for Span {
    type Error = NoSpan;

    fn try_from(text: String) -> Result<Self, NoSpan> {
        Self::parse(&text)
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let got = Span::parse(text).map_or_else(
            |_| "none".to_owned(),
            |s| {
                let year = s.a_year_before().map_or_else(|| "-".to_owned(), |s| s.to_string());
                format!("{}..{} {} before {} {year}", s.first(), s.last(), s.days(), s.before())
            },
        );
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn spans_begin_and_end_on_civil_days() {
        check("2026-W01", "2025-12-29..2026-01-04 7 before 2025-W52 -");
        check("2020-W53", "2020-12-28..2021-01-03 7 before 2020-W52 -");
        check("2026-03-T1", "2026-03-01..2026-03-10 10 before 2026-02-T3 2025-03-T1");
        check("2024-02-T3", "2024-02-21..2024-02-29 9 before 2024-02-T2 2023-02-T3");
        check("2026-01", "2026-01-01..2026-01-31 31 before 2025-12 2025-01");
        check("2024-02", "2024-02-01..2024-02-29 29 before 2024-01 2023-02");
        check("2026-Q1", "2026-01-01..2026-03-31 90 before 2025-Q4 2025-Q1");
        check("2026-03-01", "2026-03-01..2026-03-01 1 before 2026-02-28 2025-03-01");
        check("2024-02-29", "2024-02-29..2024-02-29 1 before 2024-02-28 -");
        check("2024", "2024-01-01..2024-12-31 366 before 2023 2023");
        for text in [
            "",
            "26",
            "2026-13",
            "2026-3",
            "2026-Q5",
            "2026-W54",
            "2025-W53",
            "2026-03-T4",
            "2026-03-1",
            "2026-02-29",
            "2026-03-01-",
            "2026-03-T1-",
            "2026-Wé",
        ] {
            check(text, "none");
        }
    }

    #[test]
    fn a_day_is_in_one_span_of_each_kind() {
        let check = |day: Date, expected: &str| {
            let spans = Span::all_of(day);
            assert!(spans.iter().all(|span| span.contains(day)), "{day}");
            assert_eq!(spans.map(|s| s.to_string()).join(" "), expected);
        };
        check(date(2026, 5, 31), "2026-W22 2026-05-T3 2026-05 2026-Q2 2026");
        check(date(2026, 5, 10), "2026-W19 2026-05-T1 2026-05 2026-Q2 2026");
        check(date(2026, 5, 11), "2026-W20 2026-05-T2 2026-05 2026-Q2 2026");
        check(date(2027, 1, 1), "2026-W53 2027-01-T1 2027-01 2027-Q1 2027");
        check(date(2024, 2, 29), "2024-W09 2024-02-T3 2024-02 2024-Q1 2024");
    }

    proptest! {
        #[test]
        fn a_span_reads_what_it_writes_and_follows_the_one_before(year in 1900i16..2200, month in 1i8..=12, third in 1i8..=3, week in 1i8..=52) {
            let monday = ISOWeekDate::new(year, week, Weekday::Monday).expect("a week").date();
            let spans = [
                Span::Day { day: monday }, Span::Week { monday }, Span::TenDays { year, month, third }, Span::Month { year, month },
                Span::Quarter { year, quarter: (month + 2) / 3 }, Span::Year { year },
            ];
            for span in spans {
                prop_assert_eq!(Span::parse(&span.to_string()), Ok(span));
                prop_assert_eq!(span.before().last().tomorrow().expect("a day"), span.first());
                prop_assert!(span.contains(span.first()) && span.contains(span.last()) && !span.contains(span.before().last()));
            }
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,12}") {
            if let Ok(span) = Span::parse(&text) {
                prop_assert_eq!(span.to_string(), text);
            }
        }
    }
}
