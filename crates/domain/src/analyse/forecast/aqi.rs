//! AQI of the days to come (空气质量指数预报; HJ 633-2026 §5.2): from forecast day values of the six pollutants to the range of each IAQI and
//! of the AQI, by the edition of the day that is forecast.
//!
//! The AQI expected is that of the values expected. Its range goes from that of all lower ends to that of all upper ends, and is therefore
//! wider than the level of one interval says. µg/m³, CO mg/m³.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::analyse::air::{POLLUTANTS, Report, Rounded, round_half_even};
use crate::analyse::year::AirRules;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::Standards;
    use jiff::civil::date;

    fn value(value: f64, low: f64, high: f64) -> Option<DayValue> {
        Some(DayValue { value, low, high, modelled: true })
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
        ];
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
}
