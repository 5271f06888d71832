//! A year of the air network, judged anew: hours, days, or the year of every station, each by the edition of its date.
//!
//! Only hours count that are numbers without a mark but `N`. An hour belongs to the civil day in which it begins, which is the day
//! whose stamps 1 to 24 HJ 663-2013 annex A counts.

use std::sync::Arc;

use arrow::array::{Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use jiff::civil::date;
use shanshui_domain::time::{PeriodKind, Zone};

use crate::engine::Extra;
use crate::functions::judged_names;
use crate::statistics::{VALID, instant, span};
use crate::{Engine, Job, QueryError, Source};

/// A point that measures a pollutant at a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirPoint {
    /// Point.
    pub point: i64,
    /// Station.
    pub station: String,
    /// Place of the pollutant in the order of tables: [`shanshui_domain::analyse::air::POLLUTANTS`].
    pub pollutant: usize,
    /// Power of ten that makes µg/m³, for CO mg/m³, of the point's unit.
    pub tens: i32,
}

/// What is wanted of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// A row an hour and station: AQI, level, primary pollutants, edition, IAQIs, concentrations.
    Hour,
    /// A row a day and station: the same of the day, valid hours of each pollutant, hours with an AQI, the highest of them.
    Day,
    /// A row a station: days, good days, days of each level, highest AQI; of each pollutant valid days, whether they suffice, mean,
    /// percentile, days as a primary pollutant.
    Year,
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct AirYear {
    /// Civil year.
    pub year: i16,
    /// In which zone; its name in SQL.
    pub zone: (String, Zone),
    /// What is wanted.
    pub report: Report,
    /// The network.
    pub points: Vec<AirPoint>,
}

impl AirYear {
    /// Stretch of the year: the files that are needed.
    ///
    /// # Errors
    /// When there is no such year.
    pub fn span(&self) -> Result<(i64, i64), QueryError> {
        if !(1..=9998).contains(&self.year) {
            return Err(QueryError::Question(format!("{} is no year", self.year)));
        }
        span(date(self.year, 1, 1), date(self.year + 1, 1, 1), &self.zone.1)
    }

    fn sql(&self) -> Result<String, QueryError> {
        let (from, to) = self.span()?;
        let zone = self.zone.0.replace('\'', "''");
        let blocks = self.points.iter().map(|p| p.point / shanshui_domain::id::PointId::BLOCK);
        let (low, high) = (blocks.clone().min().unwrap_or(0), blocks.max().unwrap_or(0));
        let hours = format!(
            "SELECT a.station AS station, civil_day(r.at, '{zone}') AS day, civil_hour(r.at, '{zone}') AS hour, a.pollutant AS pollutant, \
                    air_cell(r.number, r.decimals, r.value, a.tens) AS cell \
             FROM readings r JOIN air_points a ON r.point = a.air_point \
             WHERE r.kind = arrow_cast({kind}, 'Int32') AND r.at >= {from} AND r.at < {to} \
               AND r.block >= {low} AND r.block <= {high} AND ({VALID})",
            kind = PeriodKind::Hour.number(),
            from = instant(from),
            to = instant(to),
        );
        let out = |function: &str| {
            let columns = judged_names(function).into_iter().map(|c| format!("j['{c}'] AS {c}"));
            columns.collect::<Vec<_>>().join(", ")
        };
        let days = format!(
            "SELECT station, day, {} FROM (SELECT station, day, air_day(day, hour, pollutant, cell) AS j FROM ({hours}) GROUP BY station, day)",
            out("air_day")
        );
        Ok(match self.report {
            Report::Hour => format!(
                "SELECT station, day, hour, {} FROM (SELECT station, day, hour, air_hour(day, pollutant, cell) AS j FROM ({hours}) \
                 GROUP BY station, day, hour) ORDER BY station, day, hour",
                out("air_hour")
            ),
            Report::Day => format!("{days} ORDER BY station, day"),
            Report::Year => format!(
                "SELECT station, {} FROM (SELECT station, air_year(day, hours, hour_aqi_max, so2, no2, co, o3, pm10, pm2_5) AS j \
                 FROM ({days}) GROUP BY station) ORDER BY station",
                out("air_year")
            ),
        })
    }

    /// Begins.
    ///
    /// # Errors
    /// As [`Engine::sql`].
    pub async fn start(&self, engine: &Engine, source: Source) -> Result<Job, QueryError> {
        let rows = network(&self.points)?;
        engine.run("air-year", &self.sql()?, source, vec![Extra { name: "air_points", rows }]).await
    }
}

fn network(points: &[AirPoint]) -> Result<RecordBatch, QueryError> {
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = points.iter().find(|p| !seen.insert(p.point)) {
        return Err(QueryError::Question(format!("point {} is named twice", twice.point)));
    }
    let schema = Schema::new(vec![
        Field::new("air_point", DataType::Int64, false),
        Field::new("station", DataType::Utf8, false),
        Field::new("pollutant", DataType::Int32, false),
        Field::new("tens", DataType::Int32, false),
    ]);
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(Int64Array::from_iter_values(points.iter().map(|p| p.point))),
            Arc::new(StringArray::from_iter_values(points.iter().map(|p| p.station.as_str()))),
            Arc::new(Int32Array::from_iter_values(points.iter().map(|p| p.pollutant as i32))),
            Arc::new(Int32Array::from_iter_values(points.iter().map(|p| p.tens))),
        ],
    );
    batch.map_err(|e| QueryError::Question(e.to_string()))
}
