//! Rules of forecasts (预测规则) as data: `standards/forecast/`.
//!
//! Four tables: parameters, one a row; grids, one for each step that series are brought to; days off work; factors of
//! weather. Reading is strict: what is unknown, missing, out of order or there twice is refused, with file and line.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::StandardError;
use super::load::{refuse, rows};

/// Parameters of choice and interval. Shares are numbers from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForecastRules {
    /// Raised whenever a parameter or grid changes, so that a forecast says by which it was made.
    pub version: u32,
    /// Share of measured values that the interval (预测区间) is to hold.
    pub level: f64,
    /// Share by which the error must lie below that of every baseline.
    pub margin: f64,
    /// Share of the origins, oldest first, on which the model is chosen.
    pub select_share: f64,
    /// Origins that choice and comparison each need.
    pub origins_min: usize,
    /// Share of steps without a measured value, at most.
    pub missing_max: f64,
    /// Lower bound of smoothing parameters; the upper one is as far from 1.
    pub smoothing_min: f64,
    /// Bounds of the damping of a trend.
    pub damping: [f64; 2],
    /// Civil hour from which on the forecasts of a day are made.
    pub made_from: i8,
    /// Civil hour by which they are due (HJ 633-2026 §5.2).
    pub due: i8,
    /// Days that air is forecast for (HJ 633-2026 §5.2).
    pub air_days: usize,
    /// Grids.
    pub grids: Vec<Grid>,
    /// Days off work.
    pub holidays: Holidays,
    /// Factors of weather that may explain others.
    pub weather: Vec<WeatherFactor>,
    /// Every row of the table of parameters, with its mark.
    pub parameters: Vec<ForecastParameter>,
}

/// A row of the table of parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastParameter {
    /// Name.
    pub name: String,
    /// Value.
    pub value: f64,
    /// `1`, `%`, `h`, `d`.
    pub unit: String,
    /// Mark.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

/// How series of a step are forecast. Lengths are in steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grid {
    /// `hour`, `cycle` (four hours), `day`.
    pub name: String,
    /// Step, milliseconds.
    pub step_ms: i64,
    /// Seasons (季节周期), ascending: a day and a week where the step is shorter.
    pub seasons: Vec<usize>,
    /// How far ahead.
    pub horizon: usize,
    /// Horizons of which errors are said.
    pub report: Vec<usize>,
    /// Training span, at most.
    pub train: usize,
    /// Training span, at least.
    pub train_min: usize,
    /// What is taken apart into seasons, at most.
    pub decompose: usize,
    /// A longer gap is not bridged: the training span begins after it.
    pub gap_max: usize,
    /// From one origin of the back-test to the next.
    pub every: usize,
    /// Origins, at most.
    pub origins: usize,
    /// Mark.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

/// A factor of weather (气象因子).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeatherFactor {
    /// Factor code.
    pub factor: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Mark.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

/// Days off work (法定节假日), and days of a weekend on which people work (调休上班).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Holidays(Vec<HolidayRow>);

/// Days in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidayRow {
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Name.
    pub name: String,
    /// `holiday` or `work`.
    pub kind: String,
    /// Mark.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

impl Holidays {
    /// Whether a day is one of a holiday; none for a year that the table does not have.
    pub fn off(&self, day: Date) -> Option<bool> {
        let known = self.0.iter().any(|row| row.until.year() == day.year());
        let holiday = |row: &HolidayRow| row.kind == "holiday" && row.from <= day && day <= row.until;
        known.then(|| self.0.iter().any(holiday))
    }

    /// The rows, ascending.
    pub fn rows(&self) -> &[HolidayRow] {
        &self.0
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GridText {
    grid: String,
    step_s: i64,
    seasons: String,
    horizon: usize,
    report: String,
    train: usize,
    train_min: usize,
    decompose: usize,
    gap_max: usize,
    every: usize,
    origins: usize,
    mark: String,
    cite: String,
}

/// The texts of the four tables.
#[derive(Debug, Clone, Copy)]
pub struct ForecastTexts<'a> {
    /// `name,value,unit,mark,cite`.
    pub parameters: &'a str,
    /// `grid,step_s,seasons,horizon,report,train,train_min,decompose,gap_max,every,origins,mark,cite`.
    pub grids: &'a str,
    /// `from,until,name,kind,mark,cite`.
    pub holidays: &'a str,
    /// `factor,zh,en,mark,cite`.
    pub weather: &'a str,
}

impl ForecastRules {
    /// The rules shipped with the program.
    ///
    /// # Errors
    /// Never for the files as committed: a test reads them.
    pub fn embedded() -> Result<Self, StandardError> {
        Self::read(ForecastTexts {
            parameters: include_str!("../../../../standards/forecast/parameters.csv"),
            grids: include_str!("../../../../standards/forecast/grids.csv"),
            holidays: include_str!("../../../../standards/forecast/holidays.csv"),
            weather: include_str!("../../../../standards/forecast/weather.csv"),
        })
    }

    /// Reads the tables.
    ///
    /// # Errors
    /// When a parameter is unknown, missing, there twice or no share where one is meant; when lengths of a grid
    /// cannot be; when days off work are out of order.
    pub fn read(texts: ForecastTexts<'_>) -> Result<Self, StandardError> {
        let file = "forecast/parameters";
        let parameters: Vec<(u64, ForecastParameter)> = rows(file, texts.parameters)?;
        for (i, (line, row)) in parameters.iter().enumerate() {
            if !NAMES.contains(&row.name.as_str()) {
                return Err(refuse(file, *line, format!("unknown parameter {:?}", row.name)));
            }
            if parameters[..i].iter().any(|(_, o)| o.name == row.name) {
                return Err(refuse(file, *line, format!("{} has a row already", row.name)));
            }
            if !row.value.is_finite() || row.value < 0.0 || (row.unit == "%" && row.value >= 100.0) {
                return Err(refuse(file, *line, format!("{} cannot be {}", row.name, row.value)));
            }
        }
        let value = |name: &str| {
            let row = parameters.iter().find(|(_, row)| row.name == name);
            row.map(|(_, row)| row.value).ok_or_else(|| refuse(file, 0, format!("{name} is missing")))
        };
        let share = |name: &str| value(name).map(|v| v / 100.0);
        Ok(Self {
            version: value("version")? as u32,
            level: share("level")?,
            margin: share("margin")?,
            select_share: share("select_share")?,
            origins_min: value("origins_min")? as usize,
            missing_max: share("missing_max")?,
            smoothing_min: value("smoothing_min")?,
            damping: [value("damping_min")?, value("damping_max")?],
            made_from: value("made_from")? as i8,
            due: value("due")? as i8,
            air_days: value("air_days")? as usize,
            grids: grids(texts.grids)?,
            holidays: holidays(texts.holidays)?,
            weather: rows("forecast/weather", texts.weather)?.into_iter().map(|(_, row)| row).collect(),
            parameters: parameters.iter().map(|(_, row)| row.clone()).collect(),
        })
    }

    /// The grid of a name.
    pub fn grid(&self, name: &str) -> Option<&Grid> {
        self.grids.iter().find(|g| g.name == name)
    }
}

const NAMES: [&str; 12] = [
    "version",
    "level",
    "margin",
    "select_share",
    "origins_min",
    "missing_max",
    "smoothing_min",
    "damping_min",
    "damping_max",
    "made_from",
    "due",
    "air_days",
];

fn lengths(file: &str, line: u64, text: &str) -> Result<Vec<usize>, StandardError> {
    let read = |word: &str| word.parse().map_err(|e| refuse(file, line, format!("{word:?}: {e}")));
    let all: Vec<usize> = text.split_whitespace().map(read).collect::<Result<_, _>>()?;
    let ascend = all.windows(2).all(|w| w[0] < w[1]) && all.first().is_some_and(|first| *first > 0);
    if ascend { Ok(all) } else { Err(refuse(file, line, format!("{text:?} does not ascend from above 0"))) }
}

fn grids(csv: &str) -> Result<Vec<Grid>, StandardError> {
    let file = "forecast/grids";
    let mut out: Vec<Grid> = Vec::new();
    for (line, r) in rows::<GridText>(file, csv)? {
        if out.iter().any(|g| g.name == r.grid) {
            return Err(refuse(file, line, format!("{} has a row already", r.grid)));
        }
        let (seasons, report) = (lengths(file, line, &r.seasons)?, lengths(file, line, &r.report)?);
        let longest = seasons.last().copied().unwrap_or_default();
        let can = r.step_s > 0
            && seasons.first().is_some_and(|s| *s > 1)
            && report.last().is_some_and(|h| *h <= r.horizon)
            && 2 * longest <= r.train_min.min(r.decompose)
            && r.train_min <= r.train
            && r.every > 0;
        if !can {
            return Err(refuse(file, line, format!("the lengths of {} do not fit one another", r.grid)));
        }
        out.push(Grid {
            name: r.grid,
            step_ms: r.step_s * 1_000,
            seasons,
            horizon: r.horizon,
            report,
            train: r.train,
            train_min: r.train_min,
            decompose: r.decompose,
            gap_max: r.gap_max,
            every: r.every,
            origins: r.origins,
            mark: r.mark,
            cite: r.cite,
        });
    }
    Ok(out)
}

fn holidays(csv: &str) -> Result<Holidays, StandardError> {
    let file = "forecast/holidays";
    let mut out: Vec<HolidayRow> = Vec::new();
    for (line, row) in rows::<HolidayRow>(file, csv)? {
        let after = out.last().is_none_or(|last| last.until < row.from);
        if !after || row.until < row.from || !["holiday", "work"].contains(&row.kind.as_str()) {
            return Err(refuse(file, line, "out of order, over before it begins, or neither holiday nor work"));
        }
        out.push(row);
    }
    Ok(Holidays(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn texts() -> ForecastTexts<'static> {
        ForecastTexts {
            parameters: include_str!("../../../../standards/forecast/parameters.csv"),
            grids: include_str!("../../../../standards/forecast/grids.csv"),
            holidays: include_str!("../../../../standards/forecast/holidays.csv"),
            weather: include_str!("../../../../standards/forecast/weather.csv"),
        }
    }

    #[test]
    fn the_shipped_tables_load_and_every_row_is_marked() {
        let rules = ForecastRules::embedded().expect("loads");
        assert_eq!((rules.level, rules.due, rules.air_days), (0.8, 20, 3));
        let seasons = |name: &str| rules.grid(name).map(|g| g.seasons.clone());
        assert_eq!(seasons("cycle"), Some(vec![6, 42]), "a day and a week of four-hourly values");
        let marks = rules.parameters.iter().map(|p| (&p.mark, &p.cite));
        let marks = marks.chain(rules.grids.iter().map(|g| (&g.mark, &g.cite)));
        let mut marks = marks.chain(rules.holidays.rows().iter().map(|h| (&h.mark, &h.cite)));
        assert!(marks.all(|(mark, cite)| ["C", "K", "P"].contains(&mark.as_str()) && !cite.is_empty()));
    }

    #[test]
    fn a_day_is_off_or_not_or_unknown() {
        let holidays = ForecastRules::embedded().expect("loads").holidays;
        let off = |y, m, d| holidays.off(date(y, m, d));
        assert_eq!(off(2026, 2, 17), Some(true));
        assert_eq!(off(2026, 2, 28), Some(false), "a Saturday on which people work");
        assert_eq!(off(2031, 1, 1), None);
    }

    #[test]
    fn reading_is_strict() {
        let said = |texts| ForecastRules::read(texts).map_or_else(|e| e.to_string(), |_| "read".into());
        assert_eq!(said(texts()), "read");
        let one = "name,value,unit,mark,cite\nlevel,80,%,P,x\n";
        assert_eq!(
            said(ForecastTexts { parameters: one, ..texts() }),
            "forecast/parameters, line 0: version is missing"
        );
        let two = format!("{one}level,90,%,P,x\n");
        assert_eq!(
            said(ForecastTexts { parameters: &two, ..texts() }),
            "forecast/parameters, line 3: level has a row already"
        );
        let days = "from,until,name,kind,mark,cite\n2026-01-02,2026-01-01,x,holiday,K,x\n";
        let why = "out of order, over before it begins, or neither holiday nor work";
        assert_eq!(said(ForecastTexts { holidays: days, ..texts() }), format!("forecast/holidays, line 2: {why}"));
    }
}
