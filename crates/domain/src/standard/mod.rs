//! Standards (标准) as data: edition, in-force interval, rows with unit, clause and mark, read strictly from `standards/`.
//!
//! A limit is never a constant in Rust. What is read here is text that somebody else has opened or embedded; every refusal
//! names file, line and reason. Which edition applies is decided by the **date of the data**, and any other can be asked for.

mod air;
pub mod desk;
pub mod discharge;
pub mod forecast;
mod load;
pub mod review;
pub mod trace;
mod water;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::unit::Unit;

pub use air::{CompositeItem, CompositeRule, Statistic};
pub use load::StandardError;
pub use water::{
    CityIndexRule, Critical, Quality, QualityRow, SourceLimit, SurfaceWater, Trophic, TrophicGrade, TrophicIndicator,
    WaterIndicator, WaterMethod, WaterStatistics,
};

/// Head of a standard: what it is and when it applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Number, for example `GB 3838-2002`.
    pub id: String,
    /// Chinese title.
    pub title_zh: String,
    /// English title.
    pub title_en: String,
    /// First day in force.
    pub from: Date,
    /// First day no longer in force.
    pub until: Option<Date>,
    /// What was read.
    pub source: String,
}

impl Head {
    /// Whether it applies to data of that day.
    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

/// A bound: what a value must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "bound", rename_all = "snake_case")]
pub enum Bound {
    /// Not more than.
    AtMost {
        /// Upper bound, inclusive.
        value: Decimal,
    },
    /// Not less than (溶解氧).
    AtLeast {
        /// Lower bound, inclusive.
        value: Decimal,
    },
    /// Inside (pH).
    Between {
        /// Lower bound, inclusive.
        low: Decimal,
        /// Upper bound, inclusive.
        high: Decimal,
    },
}

impl Bound {
    /// Whether a value keeps it.
    pub fn keeps(&self, value: Decimal) -> bool {
        match *self {
            Self::AtMost { value: cap } => value <= cap,
            Self::AtLeast { value: floor } => value >= floor,
            Self::Between { low, high } => low <= value && value <= high,
        }
    }
}

/// Which water a row of GB 3838 is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaterBody {
    /// 河流.
    River,
    /// 湖泊、水库.
    Lake,
}

impl WaterBody {
    /// Reads `river` or `lake`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "river" => Some(Self::River),
            "lake" => Some(Self::Lake),
            _ => None,
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::River => "river",
            Self::Lake => "lake",
        }
    }
}

/// One item of GB 3838 with its five classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaterRow {
    /// Name of the item.
    pub item: String,
    /// Factor code.
    pub factor: String,
    /// River or lake only; none for both.
    pub water: Option<WaterBody>,
    /// Bounds of classes I to V.
    pub classes: [Bound; 5],
    /// Unit.
    pub unit: Unit,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

impl WaterRow {
    /// Class of a value: 1 to 5, or 6 for worse than V. Where two classes share a bound the better one holds.
    pub fn class(&self, value: Decimal) -> u8 {
        (1..=5).zip(&self.classes).find(|(_, bound)| bound.keeps(value)).map_or(6, |(class, _)| class)
    }
}

/// GB 3838.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaterStandard {
    /// Head.
    pub head: Head,
    /// Rows.
    pub rows: Vec<WaterRow>,
}

impl WaterStandard {
    /// The row of a factor for a water body.
    pub fn row(&self, factor: &str, water: WaterBody) -> Option<&WaterRow> {
        self.rows.iter().find(|r| r.factor == factor && r.water.is_none_or(|w| w == water))
    }
}

/// Averaging time of an air value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// 1 小时平均.
    Hour,
    /// 日最大 8 小时平均.
    Mda8,
    /// 24 小时平均.
    Day,
    /// 年平均.
    Year,
}

/// A concentration limit of GB 3095.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirLimit {
    /// Pollutant.
    pub pollutant: String,
    /// Factor code.
    pub factor: String,
    /// Averaging time.
    pub over: Over,
    /// Level 1.
    pub level1: Decimal,
    /// Level 2.
    pub level2: Decimal,
    /// Unit.
    pub unit: Unit,
    /// Mark.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// One set of limits of GB 3095.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirLimits {
    /// Head.
    pub head: Head,
    /// Rows.
    pub rows: Vec<AirLimit>,
}

/// Breakpoints of one pollutant (HJ 633 table 1), in whole units of the last decimal kept: CO in 0.1 mg/m³, the rest in µg/m³.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Breakpoints {
    /// Pollutant.
    pub pollutant: String,
    /// Factor code.
    pub factor: String,
    /// Averaging time of the column.
    pub over: Over,
    /// Concentrations at IAQI 0, 50, 100, 150, 200, 300, 400, 500; the column may end early.
    pub at: Vec<i64>,
    /// Decimals kept before the formula.
    pub decimals: u32,
    /// Unit.
    pub unit: Unit,
    /// Mark.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// HJ 633.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AqiStandard {
    /// Head.
    pub head: Head,
    /// 5.3.1 of 2026: with a pollutant missing the AQI counts only above 100.
    pub na_rule: bool,
    /// Whether concentrations are rounded to the column's decimals before the formula (4.2.2 of 2026).
    pub round_first: bool,
    /// IAQI of hour SO2 above its column; none when it gives no IAQI.
    pub so2_hour_above: Option<u16>,
    /// IAQI of O3 8 h above its column; none when it gives no IAQI.
    pub o3_mda8_above: Option<u16>,
    /// Columns.
    pub rows: Vec<Breakpoints>,
}

/// One level of the AQI (空气质量指数级别).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AqiLevel {
    /// 1 to 6.
    pub level: u8,
    /// Lowest AQI of the level.
    pub from: u16,
    /// Chinese word.
    pub zh: String,
    /// English word.
    pub en: String,
    /// Colour's name.
    pub colour_zh: String,
    /// Colour, `r,g,b`.
    pub rgb: String,
}

/// How one pollutant's days are evaluated over a year (HJ 663).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirStatistic {
    /// Pollutant.
    pub pollutant: String,
    /// Factor code.
    pub factor: String,
    /// What stands for a day: its mean, or for ozone its largest eight-hour mean.
    pub over: Over,
    /// Percentile of the days that is judged, in percent.
    pub percentile: u32,
    /// Decimals that statistics keep.
    pub decimals: u32,
    /// Mark.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// HJ 663: statistics of days and years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AirEvaluation {
    /// Head.
    pub head: Head,
    /// Valid hours that a day mean needs.
    pub day_hours_min: usize,
    /// Valid hours among the eight of an ozone mean.
    pub mda8_hours_min: usize,
    /// Valid eight-hour means of a day.
    pub mda8_means_min: usize,
    /// First stamp of an eight-hour mean that counts for a day: 8 is the mean of the day's first eight hours.
    pub mda8_first_stamp: usize,
    /// Valid days that a year needs.
    pub year_days_min: u32,
    /// Valid days that every month needs.
    pub month_days_min: u32,
    /// Valid days that February needs.
    pub february_days_min: u32,
    /// Share of an area's points that a value of the area needs, in per cent.
    pub city_points_min_percent: u32,
    /// With fewer points than this the share of the next field suffices.
    pub few_points: u32,
    /// Share that few points need, in per cent.
    pub few_points_min_percent: u32,
    /// The six pollutants in the order of tables.
    pub rows: Vec<AirStatistic>,
}

/// Everything under `standards/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standards {
    /// GB 3838.
    pub water: Vec<WaterStandard>,
    /// GB 3095, by set.
    pub air_limits: Vec<AirLimits>,
    /// HJ 633, by edition.
    pub aqi: Vec<AqiStandard>,
    /// Levels of the AQI.
    pub aqi_levels: Vec<AqiLevel>,
    /// HJ 663.
    pub air_evaluation: AirEvaluation,
    /// The index that cities are ranked by.
    pub air_composite: CompositeRule,
    /// Periods, rivers, lakes, sources and cities.
    pub surface: SurfaceWater,
    /// Critical values of the rank correlation, by number of periods.
    pub spearman: Vec<Critical>,
    /// What outlets must keep, and how their data is counted.
    pub discharge: discharge::Discharge,
}

impl Standards {
    /// GB 3838 for data of a day.
    pub fn water_on(&self, day: Date) -> Option<&WaterStandard> {
        self.water.iter().find(|s| s.head.covers(day))
    }

    /// Limits of GB 3095 for data of a day.
    pub fn air_limits_on(&self, day: Date) -> Option<&AirLimits> {
        self.air_limits.iter().find(|s| s.head.covers(day))
    }

    /// HJ 633 for data of a day.
    pub fn aqi_on(&self, day: Date) -> Option<&AqiStandard> {
        self.aqi.iter().find(|s| s.head.covers(day))
    }

    /// HJ 633 by number.
    pub fn aqi_edition(&self, id: &str) -> Option<&AqiStandard> {
        self.aqi.iter().find(|s| s.head.id == id)
    }
}
