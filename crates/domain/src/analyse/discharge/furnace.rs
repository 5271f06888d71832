//! Temperature of an incinerator's furnace (炉膛温度, GB 18485-2014): every five-minute mean against its lower bound.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::binding::{OutletLimits, Question, Resolved};
use super::mark::OperatorMark;
use super::series::Measured;
use super::{COMPARISON, DischargeError, Outcome, Reason, hold};
use crate::standard::discharge::{Averaging, Discharge, Facts};
use crate::unit::{Quantity, Unit};

/// Five-minute means of a day, at most.
const OF_DAY: usize = 288;

/// One five-minute mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiveMinutes {
    /// Start, civil time.
    pub start: DateTime,
    /// Mean.
    pub value: Measured,
    /// What the operator has marked.
    pub mark: Option<OperatorMark>,
}

/// A day of a furnace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FurnaceDay {
    /// The day.
    pub day: Date,
    /// Factor code.
    pub factor: String,
    /// The limit.
    pub limit: Resolved,
    /// How values are compared.
    pub comparison: &'static str,
    /// Means that were due: 288.
    pub due: u32,
    /// Means judged.
    pub judged: u32,
    /// Under an operator's mark.
    pub marked: u32,
    /// Missing, invalid, or without a limit that can be named.
    pub not_judged: u32,
    /// Those beyond the bound, with what was seen.
    pub beyond: Vec<FiveMinutes>,
    /// Why nothing was judged, when the limit cannot be named.
    pub reason: Option<Reason>,
}

/// Judges the five-minute means of a day. `unit` is that of the values.
///
/// # Errors
/// As [`Question::resolve`]; a start that is there twice, off the five minutes or of another day; a unit that does not convert.
pub fn judge_furnace(
    rules: &Discharge,
    outlet: &OutletLimits,
    (factor, unit): (&str, Unit),
    means: &[FiveMinutes],
    day: Date,
    facts: &Facts,
) -> Result<FurnaceDay, DischargeError> {
    let limit = Question { rules, outlet, factor, day, facts }.resolve(Averaging::FiveMinutes)?;
    let seen = slots(factor, means, day)?;
    let (mut judged, mut marked, mut beyond) = (0, 0, Vec::new());
    for mean in seen.values() {
        match outcome(rules, &limit, (factor, unit), mean)? {
            Outcome::Marked { .. } => marked += 1,
            Outcome::NotJudged(_) => {}
            outcome => {
                judged += 1;
                if outcome.exceeds() {
                    beyond.push((*mean).clone());
                }
            }
        }
    }
    let (due, reason) = (OF_DAY as u32, limit.binding().err());
    let not_judged = due - judged - marked;
    let (factor, comparison) = (factor.to_owned(), COMPARISON);
    Ok(FurnaceDay { day, factor, limit, comparison, due, judged, marked, not_judged, beyond, reason })
}

/// The means by their start.
fn slots<'a>(
    factor: &str,
    means: &'a [FiveMinutes],
    day: Date,
) -> Result<BTreeMap<DateTime, &'a FiveMinutes>, DischargeError> {
    let mut seen = BTreeMap::new();
    for mean in means {
        let (what, at) = (factor.to_owned(), mean.start.to_string());
        let whole = (mean.start.minute() % 5, mean.start.second(), mean.start.subsec_nanosecond()) == (0, 0, 0);
        if !whole || mean.start.date() != day {
            return Err(DischargeError::Off { what, at, stretch: "five minutes of the day" });
        }
        if seen.insert(mean.start, mean).is_some() {
            return Err(DischargeError::Twice { what, at });
        }
    }
    Ok(seen)
}

fn outcome(
    rules: &Discharge,
    limit: &Resolved,
    (factor, unit): (&str, Unit),
    mean: &FiveMinutes,
) -> Result<Outcome, DischargeError> {
    if let Some(mark) = mean.mark {
        return Ok(Outcome::marked(mark));
    }
    let binding = match limit.binding() {
        Ok(binding) => binding,
        Err(reason) => return Ok(Outcome::NotJudged(reason)),
    };
    let Some(value) = mean.value.number(rules) else { return Ok(Outcome::NotJudged(Reason::Missing)) };
    mean.value.inside(factor, &mean.start)?;
    let value = Quantity { value, unit }.in_unit(binding.limit.unit).map_err(|mismatch| DischargeError::Unit {
        factor: factor.to_owned(),
        at: binding.limit.cite.clone(),
        mismatch,
    })?;
    Ok(hold(value, &binding.limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{day, listed, measured, rules};
    use jiff::ToSpan;

    /// Values from midnight on, `!` before one that is marked as start-up.
    fn check(text: &str, unit: Unit, expected: &str) {
        let on = day("2026-05-04");
        let starts = on.at(0, 0, 0, 0).series(5.minutes());
        let mean = |(start, text): (DateTime, &str)| {
            let mark = text.starts_with('!').then_some(OperatorMark::StartUp);
            FiveMinutes { start, value: measured(text.trim_start_matches('!')), mark }
        };
        let means: Vec<FiveMinutes> = starts.zip(text.split_whitespace()).map(mean).collect();
        let outlet = listed("GB 18485-2014 | incinerator | all");
        let got = judge_furnace(rules(), &outlet, ("a01901", unit), &means, on, &Facts::default());
        let got = got.map_or_else(
            |e| e.to_string(),
            |d| format!("{} of {}, {} marked, {} beyond", d.judged, d.due, d.marked, d.beyond.len()),
        );
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn a_furnace_keeps_850_degrees() {
        check("850 851 849.9 !700 - ?D 900", Unit::Celsius, "4 of 288, 1 marked, 1 beyond");
        check("", Unit::Celsius, "0 of 288, 0 marked, 0 beyond");
        check("850", Unit::KPa, "a01901, GB 18485-2014 table 1, five-minute means: kPa cannot be given in °C");
    }

    #[test]
    fn odd_starts_are_refused() {
        let mean = |start: DateTime| FiveMinutes { start, value: measured("900"), mark: None };
        let on = day("2026-05-04");
        let says = |starts: &[DateTime]| {
            let means: Vec<FiveMinutes> = starts.iter().map(|s| mean(*s)).collect();
            slots("a01901", &means, on).expect_err("refused").to_string()
        };
        assert_eq!(says(&[on.at(0, 3, 0, 0)]), "a01901: 2026-05-04T00:03:00 does not start five minutes of the day");
        let next = on.tomorrow().expect("a day").at(0, 0, 0, 0);
        assert_eq!(says(&[next]), "a01901: 2026-05-05T00:00:00 does not start five minutes of the day");
        assert_eq!(says(&[on.at(0, 5, 0, 0); 2]), "a01901: 2026-05-04T00:05:00 is there twice");
    }
}
