//! AQI of the days to come (空气质量指数预报; HJ 633-2026 §5.2): from forecast day values of the six pollutants to the range
//! of each IAQI and of the AQI, by the edition of the day that is forecast.
//!
//! The AQI expected is that of the values expected. Its range goes from that of all lower ends to that of all upper
//! ends, and is therefore wider than the level of one interval says. µg/m³, CO mg/m³.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::backtest::Task;
use super::model::Regressor;
use super::regular::{Regular, TooLittle};
use super::{FORMAT, Forecast, holidays};
use crate::analyse::air::{POLLUTANTS, Report, Rounded, round_half_even};
use crate::analyse::year::{AirRules, DayHours, HOURS, cell};
use crate::standard::forecast::{ForecastRules, Grid};
use crate::time::{Instant, Zone};

/// A day value with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DayValue {
    /// What is expected.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// By a model that beats the last value; else the last value stands for it.
    pub modelled: bool,
}

/// One pollutant of a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PollutantDay {
    /// Pollutant.
    pub pollutant: String,
    /// Concentration.
    pub value: DayValue,
    /// IAQI of the lower end, of what is expected, of the upper end.
    pub iaqi: [Option<u16>; 3],
}

/// One day of the forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AqiDay {
    /// The day.
    pub day: Date,
    /// Edition of HJ 633.
    pub edition: String,
    /// AQI of the lower ends, of what is expected, of the upper ends; none where a missing pollutant keeps it back.
    pub aqi: [Option<u16>; 3],
    /// Their levels.
    pub level: [Option<u8>; 3],
    /// Primary pollutants (首要污染物) of what is expected.
    pub primary: Vec<String>,
    /// Pollutants that are forecast.
    pub pollutants: Vec<PollutantDay>,
    /// Pollutants without a forecast.
    pub missing: Vec<String>,
}

/// Makes the AQI of a day from its six pollutants, in the order of [`POLLUTANTS`].
pub fn day(rules: &AirRules<'_>, day: Date, values: &[Option<DayValue>; 6]) -> AqiDay {
    let index = rules.index(day, Report::Day);
    let end = |of: fn(&DayValue) -> f64| {
        let rounded = |i: usize| {
            // six decimals are finer than any instrument, and plain text without an exponent
            let text = format!("{:.6}", of(values[i].as_ref()?).max(0.0));
            round_half_even(text.as_bytes(), index.decimals(i))
        };
        let row: Rounded = std::array::from_fn(rounded);
        index.evaluate(&row)
    };
    let ends = [end(|v| v.low), end(|v| v.value), end(|v| v.high)];
    let one = |i: usize| {
        let iaqi = [0, 1, 2].map(|k: usize| ends[k].iaqi[i]);
        values[i].map(|value| PollutantDay { pollutant: POLLUTANTS[i].to_owned(), value, iaqi })
    };
    let aqi = [0, 1, 2].map(|k: usize| ends[k].aqi);
    AqiDay {
        day,
        edition: index.standard.head.id.clone(),
        aqi,
        level: aqi.map(|a| a.and_then(|a| rules.level(a))),
        primary: ends[1].primary().map(str::to_owned).collect(),
        pollutants: (0..6).filter_map(one).collect(),
        missing: (0..6).filter(|i| values[*i].is_none()).map(|i| POLLUTANTS[i].to_owned()).collect(),
    }
}

/// One pollutant's days to come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PollutantForecast {
    /// Pollutant.
    pub pollutant: String,
    /// Its forecast.
    pub forecast: Option<Forecast>,
    /// Why there is none.
    pub too_little: Option<TooLittle>,
}

/// The AQI of the days to come, with everything that led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AqiForecast {
    /// [`FORMAT`].
    pub v: u32,
    /// The days after today.
    pub days: Vec<AqiDay>,
    /// The six pollutants.
    pub pollutants: Vec<PollutantForecast>,
}

/// Values of the six pollutants by time, in the order of [`POLLUTANTS`].
pub type Six = [Vec<(Instant, f64)>; 6];

/// Day values of the six pollutants from their hours, by HJ 663: means, of ozone the largest eight-hour mean; a day
/// with too few hours has none. µg/m³, CO mg/m³. Each is stamped with the begin of its day.
pub fn day_values(rules: &AirRules<'_>, hours: &Six, zone: &Zone) -> Six {
    let mut days: BTreeMap<Date, DayHours> = BTreeMap::new();
    for (i, all) in hours.iter().enumerate() {
        for (at, value) in all.iter().filter(|(_, v)| v.is_finite()) {
            let civil = zone.civil(*at);
            let row = days.entry(civil.date()).or_insert([[None; 6]; HOURS]);
            row[civil.hour() as usize][i] = cell(format!("{value:.9}").as_bytes());
        }
    }
    let mut out = Six::default();
    for (day, hours) in &days {
        let values = rules.day(*day, hours).values;
        let Some(at) = zone.instant(day.at(0, 0, 0, 0)) else { continue };
        for (i, value) in values.iter().enumerate() {
            if let Some(value) = value {
                out[i].push((at, *value as f64 / 10f64.powi(rules.decimals(i) as i32)));
            }
        }
    }
    out
}

/// Forecasts the AQI of the days after `today` from day values; `offset_ms` is that of civil time.
pub fn forecast(
    air: &AirRules<'_>,
    (rules, grid): (&ForecastRules, &Grid),
    values: &Six,
    (today, zone, offset_ms): (Date, &Zone, i64),
) -> AqiForecast {
    let one = |values: &Vec<(Instant, f64)>| {
        let series = Regular::of(values, grid.step_ms, offset_ms).ok_or(TooLittle::Nothing)?;
        let off: Vec<Regressor> = holidays(&series, grid.horizon, &rules.holidays, zone).into_iter().collect();
        Task { series: &series, beside: &off, grid, rules }.forecast()
    };
    let all: [Result<Forecast, TooLittle>; 6] = std::array::from_fn(|i| one(&values[i]));
    let value = |i: usize, day: Date| {
        let forecast = all[i].as_ref().ok()?;
        let point = forecast.best().iter().find(|p| zone.day(p.at) == day)?;
        Some(DayValue { value: point.value, low: point.low, high: point.high, modelled: forecast.shown() })
    };
    let days = std::iter::successors(today.tomorrow().ok(), |day| day.tomorrow().ok()).take(rules.air_days);
    let days = days.map(|d| day(air, d, &std::array::from_fn(|i| value(i, d)))).collect();
    let said = all.iter().zip(POLLUTANTS).map(|(one, pollutant)| PollutantForecast {
        pollutant: pollutant.to_owned(),
        forecast: one.as_ref().ok().cloned(),
        too_little: one.as_ref().err().copied(),
    });
    let pollutants = said.collect();
    AqiForecast { v: FORMAT, days, pollutants }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Standards;
    use jiff::civil::date;

    fn value(value: f64, low: f64, high: f64) -> DayValue {
        DayValue { value, low, high, modelled: true }
    }

    #[test]
    fn a_range_by_the_edition_of_the_day() {
        let standards = Standards::embedded().expect("loads");
        let rules = AirRules::new(&standards).expect("whole");
        let mut six = [
            value(8.0, 5.0, 12.0),
            value(38.0, 30.0, 46.0),
            value(0.8, 0.6, 1.1),
            value(90.0, 60.0, 120.0),
            value(70.0, 50.0, 120.0),
            value(48.0, 35.0, 75.0),
        ]
        .map(Some);
        // PM2.5 48: (100 − 50)(48 − 35)/(75 − 35) + 50 = 66.25, and by 2026 (100 − 50)(48 − 35)/(60 − 35) + 50 = 76;
        // 75 gives by 2026 (150 − 100)(75 − 60)/(115 − 60) + 100 = 113.6
        let old = day(&rules, date(2025, 12, 1), &six);
        assert_eq!((old.edition.as_str(), old.aqi), ("HJ 633-2012", [Some(50), Some(67), Some(100)]));
        let new = day(&rules, date(2026, 12, 1), &six);
        assert_eq!(
            (new.edition.as_str(), new.aqi, new.level),
            ("HJ 633-2026", [Some(50), Some(76), Some(114)], [Some(1), Some(2), Some(3)])
        );
        assert_eq!(new.primary, ["PM2.5"]);
        // a missing pollutant keeps back what is not above 100
        six[0] = None;
        let kept = day(&rules, date(2026, 12, 1), &six);
        assert_eq!((kept.aqi, kept.missing), ([None, None, Some(114)], vec!["SO2".to_owned()]));
    }

    #[test]
    fn three_days_from_hours() {
        let standards = Standards::embedded().expect("loads");
        let air = AirRules::new(&standards).expect("whole");
        let rules = ForecastRules::embedded().expect("loads");
        let zone = Zone::china();
        let begin = zone.instant(date(2026, 1, 1).at(0, 0, 0, 0)).expect("an instant");
        // PM2.5 goes on as it is, with a wave of five days that the last value misses
        let pm = |h: usize| 40.0 + 12.0 * (h as f64 / 120.0 * std::f64::consts::TAU).sin() + (h % 7) as f64;
        let mut hours = Six::default();
        for h in 0..260 * 24 {
            let at = begin.plus_ms(h as i64 * 3_600_000);
            [9.0, 30.0, 0.7, 50.0, 45.0, pm(h)].iter().zip(&mut hours).for_each(|(v, all)| all.push((at, *v)));
        }
        let days = day_values(&air, &hours, &zone);
        assert_eq!((days[5].len(), days[0][0]), (260, (begin, 9.0)));
        let grid = rules.grid("day").expect("there");
        let today = date(2026, 9, 18);
        let said = forecast(&air, (&rules, grid), &days, (today, &zone, 8 * 3_600_000));
        assert_eq!(
            said.days.iter().map(|d| d.day.to_string()).collect::<Vec<_>>(),
            ["2026-09-19", "2026-09-20", "2026-09-21"]
        );
        assert_eq!(said.pollutants[0].too_little, Some(TooLittle::Constant));
        let pm = said.pollutants[5].forecast.as_ref().expect("enough");
        assert_eq!((pm.training.steps, pm.best().len()), (260, grid.horizon));
        let first = &said.days[0];
        assert_eq!((first.edition.as_str(), first.missing.len(), first.pollutants.len()), ("HJ 633-2026", 5, 1));
        let [low, mid, high] = first.pollutants[0].iaqi;
        assert!(low <= mid && mid <= high && low.is_some(), "{first:?}");
    }
}
