//! Statistics of a month: every point with readings of a kind.
//!
//! A reading counts as valid when it is a number and carries no mark but `N`; marked ones are counted apart. Smallest, largest, mean
//! and percentile are of valid readings; the mean is that of the decimals sent ([`crate::functions`]).

use std::sync::Arc;

use arrow::array::{Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use jiff::ToSpan;
use jiff::civil::date;
use shanshui_domain::time::{PeriodKind, Zone};

use crate::engine::Extra;
use crate::{Engine, Job, QueryError, Source};

/// A civil month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    year: i16,
    month: i8,
}

impl std::str::FromStr for Month {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let refuse = || QueryError::Question(format!("{text:?} is no month such as 2026-03"));
        let (year, month) = text.split_once('-').filter(|(y, m)| y.len() == 4 && m.len() == 2).ok_or_else(refuse)?;
        let (year, month) = (year.parse().map_err(|_| refuse())?, month.parse().map_err(|_| refuse())?);
        if !(1..=9998).contains(&year) || !(1..=12).contains(&month) {
            return Err(refuse());
        }
        Ok(Self { year, month })
    }
}

impl Month {
    /// Its stretch in a zone: microseconds, half open.
    pub fn span(self, zone: &Zone) -> Result<(i64, i64), QueryError> {
        let first = date(self.year, self.month, 1);
        let next = first.checked_add(1.month()).map_err(|e| QueryError::Question(e.to_string()))?;
        span(first, next, zone)
    }
}

/// From the beginning of a day to that of another.
pub(crate) fn span(from: jiff::civil::Date, to: jiff::civil::Date, zone: &Zone) -> Result<(i64, i64), QueryError> {
    let at = |day: jiff::civil::Date| {
        let absent = || QueryError::Question(format!("{day} has no beginning in the zone"));
        zone.instant(day.at(0, 0, 0, 0)).map(|at| at.0).ok_or_else(absent)
    };
    Ok((at(from)?, at(to)?))
}

/// What a value must keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointLimit {
    /// Point.
    pub point: i64,
    /// Lower bound, inclusive.
    pub at_least: Option<f64>,
    /// Upper bound, inclusive.
    pub at_most: Option<f64>,
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct Monthly {
    /// Which month.
    pub month: Month,
    /// In which zone.
    pub zone: Zone,
    /// Which readings.
    pub kind: PeriodKind,
    /// A percentile, in percent, if one is wanted.
    pub percentile: Option<u8>,
    /// Limits; a column `exceeding` says how many valid readings do not keep theirs. Points without one have no number there.
    pub limits: Vec<PointLimit>,
}

impl Monthly {
    /// Stretch of the month: the files that are needed.
    ///
    /// # Errors
    /// When the zone has no such day.
    pub fn span(&self) -> Result<(i64, i64), QueryError> {
        self.month.span(&self.zone)
    }

    fn sql(&self) -> Result<String, QueryError> {
        let (from, to) = self.span()?;
        let kind = self.kind.number();
        let percent = match self.percentile {
            Some(p) if p > 100 => return Err(QueryError::Question(format!("{p} is no percentile"))),
            p => p,
        };
        let ranked =
            percent.map(|p| format!(", percentile_of(number, arrow_cast({p}, 'Int32')) FILTER (WHERE {VALID}) AS p"));
        let ranked_out = percent.map(|p| format!(", p AS p{p}"));
        let (join, exceeding, exceeding_out) = if self.limits.is_empty() {
            ("", "", "")
        } else {
            (
                "LEFT JOIN limits l ON l.limited = readings.point",
                ", count(*) FILTER (WHERE (mark IS NULL OR mark = 'N') AND (number > at_most OR number < at_least)) AS over, \
                 count(limited) AS limited",
                ", CASE WHEN limited > 0 THEN over END AS exceeding",
            )
        };
        Ok(format!(
            "SELECT point, readings, s['count'] AS valid, marked, s['min'] AS min, s['max'] AS max, s['mean'] AS mean{ranked_out}{exceeding_out} \
             FROM (SELECT point, count(*) AS readings, count(*) FILTER (WHERE mark <> 'N') AS marked, \
                          spread(number, decimals) FILTER (WHERE {VALID}) AS s{ranked}{exceeding} \
                   FROM readings {join} \
                   WHERE kind = arrow_cast({kind}, 'Int32') AND at >= {from} AND at < {to} GROUP BY point) \
             ORDER BY point",
            from = instant(from),
            to = instant(to),
            ranked = ranked.unwrap_or_default(),
            ranked_out = ranked_out.unwrap_or_default(),
        ))
    }

    /// Begins. Columns: point, readings, valid, marked, min, max, mean, the percentile as `p95` if wanted, exceeding if limits are
    /// given; rows by point.
    ///
    /// # Errors
    /// As [`Engine::sql`].
    pub async fn start(&self, engine: &Engine, source: Source) -> Result<Job, QueryError> {
        let mut extras = Vec::new();
        if !self.limits.is_empty() {
            extras.push(Extra { name: "limits", rows: limits(&self.limits)? });
        }
        engine.run("statistics", &self.sql()?, source, extras).await
    }
}

/// Whether a reading is valid.
pub(crate) const VALID: &str = "mark IS NULL OR mark = 'N'";

/// An instant in SQL, of the type of the column: statistics of files are compared without a conversion.
pub fn instant(micros: i64) -> String {
    format!("arrow_cast({micros}, 'Timestamp(Microsecond, Some(\"UTC\"))')")
}

fn limits(limits: &[PointLimit]) -> Result<RecordBatch, QueryError> {
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = limits.iter().find(|l| !seen.insert(l.point)) {
        return Err(QueryError::Question(format!("point {} has two limits", twice.point)));
    }
    let schema = Schema::new(vec![
        Field::new("limited", DataType::Int64, false),
        Field::new("at_least", DataType::Float64, true),
        Field::new("at_most", DataType::Float64, true),
    ]);
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(Int64Array::from_iter_values(limits.iter().map(|l| l.point))),
            Arc::new(limits.iter().map(|l| l.at_least).collect::<Float64Array>()),
            Arc::new(limits.iter().map(|l| l.at_most).collect::<Float64Array>()),
        ],
    );
    batch.map_err(|e| QueryError::Question(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_and_ends_with_its_civil_days() {
        let month: Month = "2026-02".parse().expect("a month");
        let (from, to) = month.span(&Zone::china()).expect("in range");
        assert_eq!((to - from) / 86_400_000_000, 28);
        assert_eq!(from % 86_400_000_000, 16 * 3_600_000_000);
        for wrong in ["2026-13", "2026-2", "x", "2026-00", "26-02"] {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
}
