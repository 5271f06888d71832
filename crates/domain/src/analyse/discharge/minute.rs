//! An hour mean from minutes (HJ 75-2017): arithmetic, valid with enough valid minutes (`air_hour_minutes_min`).

use rust_decimal::Decimal;
use serde::Serialize;

use super::DischargeError;
use super::series::{Measured, inside};
use crate::standard::discharge::Discharge;

/// An hour made of minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MinuteHour {
    /// The mean, unrounded; invalid when there are too few valid minutes, missing when there is none at all.
    pub value: Measured,
    /// Valid minutes.
    pub valid: u32,
    /// Needed ones.
    pub needed: Decimal,
    /// Clause.
    pub cite: String,
}

/// Makes the hour. `minutes` are minute of the hour, 0 to 59, and value, in any order.
///
/// # Errors
/// A minute that is no minute or there twice, a number beyond [`super::series::VALUE_MAX`].
pub fn hour_mean(rules: &Discharge, minutes: &[(u8, Measured)]) -> Result<MinuteHour, DischargeError> {
    let needed = &rules.parameters.air_hour_minutes_min;
    let (mut seen, mut sum, mut valid) = ([false; 60], Decimal::ZERO, 0u32);
    for (minute, value) in minutes {
        take(&mut seen, *minute)?;
        if let Some(value) = value.number(rules) {
            inside(value, "minute", minute)?;
            sum += value;
            valid += 1;
        }
    }
    let value = match sum.checked_div(valid.into()) {
        Some(mean) if Decimal::from(valid) >= needed.value => Measured::Value { value: mean.normalize() },
        Some(_) => Measured::Invalid { flag: format!("{valid} valid minutes, {} needed", needed.value) },
        None => Measured::Missing,
    };
    Ok(MinuteHour { value, valid, needed: needed.value, cite: needed.cite.clone() })
}

fn take(seen: &mut [bool; 60], minute: u8) -> Result<(), DischargeError> {
    let (what, at) = ("minute".to_owned(), minute.to_string());
    match seen.get_mut(usize::from(minute)) {
        None => Err(DischargeError::Off { what, at, stretch: "a minute of an hour" }),
        Some(true) => Err(DischargeError::Twice { what, at }),
        Some(seen) => {
            *seen = true;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{measured, rules};
    use proptest::prelude::*;

    /// `45x30`: minutes from 0 on.
    fn check(text: &str, expected: &str) {
        let items = text.split_whitespace().flat_map(|item| {
            let (n, value) = item.split_once('x').expect("count and value");
            vec![measured(value); n.parse().expect("a count")]
        });
        let minutes: Vec<(u8, Measured)> = (0..).zip(items).collect();
        let got = hour_mean(rules(), &minutes).map_or_else(
            |e| e.to_string(),
            |h| match h.value {
                Measured::Value { value } => format!("{value} of {}", h.valid),
                Measured::Invalid { flag } => flag,
                other => format!("{other:?}"),
            },
        );
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn an_hour_needs_forty_five_minutes() {
        check("60x30", "30 of 60");
        check("45x30 15x-", "30 of 45");
        check("44x30 16x?D", "44 valid minutes, 45 needed");
        // (30 * 40 + 20 * 10) / 60 = 1400 / 60
        check("30x40 20x10 10x0", "23.333333333333333333333333333 of 60");
        check("60x-", "Missing");
        check("61x1", "minute: 60 does not start a minute of an hour");
        check("1x1000000001", "minute, 0: 1000000001 is beyond 1000000000");
        let twice = hour_mean(rules(), &[(3, measured("1")), (3, measured("1"))]);
        assert_eq!(twice.expect_err("refused").to_string(), "minute: 3 is there twice");
    }

    proptest! {
        #[test]
        fn a_mean_lies_between_its_minutes(values in proptest::collection::vec(0i64..100_000, 45..60)) {
            let minutes: Vec<_> = (0u8..).zip(values.iter().map(|v| Measured::Value { value: (*v).into() })).collect();
            let Measured::Value { value } = hour_mean(rules(), &minutes).expect("good").value else { panic!("no value") };
            let (low, high) = (values.iter().min().expect("some"), values.iter().max().expect("some"));
            prop_assert!(Decimal::from(*low) <= value && value <= Decimal::from(*high));
        }
    }
}
