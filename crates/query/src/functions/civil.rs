//! `civil_day(at, zone)` and `civil_hour(at, zone)`: where an instant lies in civil time.
//!
//! Rows lie by series and time, so that the day of one is nearly always the day of the next: the calendar is asked once a day.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int32Array};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use jiff::civil::{Date, date};
use shanshui_domain::time::{Instant, Period, Zone};

/// Type of an instant in the tables.
pub(crate) fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// A zone by its IANA name; empty and `+08:00` are China standard time.
pub(crate) fn zone_of(name: &str) -> Result<Zone> {
    if name.is_empty() || name == "+08:00" {
        return Ok(Zone::china());
    }
    Zone::named(name).map_err(|e| datafusion::error::DataFusionError::Execution(format!("zone {name:?}: {e}")))
}

/// Days since 1970-01-01.
pub(super) fn day_number(day: Date) -> i32 {
    day.duration_since(date(1970, 1, 1)).as_hours().div_euclid(24) as i32
}

/// The day of a number.
pub(super) fn day_of(number: i32) -> Option<Date> {
    use jiff::ToSpan;
    date(1970, 1, 1).checked_add(i64::from(number).days()).ok()
}

/// One row's day, remembered for the next.
struct Calendar {
    zone: Zone,
    today: Option<(Period, i32)>,
}

impl Calendar {
    fn day(&mut self, at: Instant) -> i32 {
        if let Some((_, number)) = self.today.filter(|(period, _)| period.contains(at)) {
            return number;
        }
        let number = day_number(self.zone.day(at));
        self.today = Period::day_of(at, &self.zone).map(|period| (period, number));
        number
    }

    /// Hours since the day's beginning: 23 or 25 in a zone that moves its clocks keep their number within the day.
    fn hour(&mut self, at: Instant) -> i32 {
        self.day(at);
        self.today.map_or(0, |(period, _)| (at.ms_since(period.start) / 3_600_000) as i32)
    }
}

fn calendar(args: &ScalarFunctionArgs) -> Result<(ArrayRef, Calendar)> {
    let ColumnarValue::Scalar(ScalarValue::Utf8(Some(zone))) = &args.args[1] else {
        return exec_err!("the zone of a civil day or hour is a fixed text");
    };
    let at = args.args[0].to_array(args.number_rows)?;
    Ok((at, Calendar { zone: zone_of(zone)?, today: None }))
}

macro_rules! civil {
    ($name:ident, $sql:literal, $type:expr, $array:ty, $method:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, PartialEq, Eq, Hash)]
        pub(super) struct $name(Signature);

        impl Default for $name {
            fn default() -> Self {
                Self(Signature::exact(vec![instant_type(), DataType::Utf8], Volatility::Immutable))
            }
        }

        impl ScalarUDFImpl for $name {
            fn name(&self) -> &str {
                $sql
            }

            fn signature(&self) -> &Signature {
                &self.0
            }

            fn return_type(&self, _: &[DataType]) -> Result<DataType> {
                Ok($type)
            }

            fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
                let (at, mut calendar) = calendar(&args)?;
                let at = at.as_primitive::<TimestampMicrosecondType>();
                // a row without an instant has some value, and none is seen
                let civil: Vec<_> = at.values().iter().map(|at| calendar.$method(Instant(*at))).collect();
                Ok(ColumnarValue::Array(Arc::new(<$array>::new(civil.into(), at.nulls().cloned()))))
            }
        }
    };
}

civil!(CivilDay, "civil_day", DataType::Date32, Date32Array, day, "The civil day of an instant.");
civil!(CivilHour, "civil_hour", DataType::Int32, Int32Array, hour, "The hour of an instant within its civil day.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_those_of_the_zone() {
        let mut calendar = Calendar { zone: Zone::china(), today: None };
        let at = |text: &str| Instant::from_timestamp(text.parse().expect("a timestamp"));
        let day = day_number(date(2026, 3, 1));
        assert_eq!(
            (calendar.day(at("2026-02-28T15:59:59Z")), calendar.hour(at("2026-02-28T15:59:59Z"))),
            (day - 1, 23)
        );
        assert_eq!((calendar.day(at("2026-02-28T16:00:00Z")), calendar.hour(at("2026-02-28T16:00:00Z"))), (day, 0));
        assert_eq!(day_of(day), Some(date(2026, 3, 1)));
        assert_eq!(day_number(date(1969, 12, 31)), -1);
        assert!(zone_of("Nowhere/Land").is_err());
    }
}
