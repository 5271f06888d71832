//! Amounts for hours of a stack that are lost (HJ 75-2017, 缺失数据处理), for accounting only, never for compliance: nothing here makes a
//! concentration, and what is measured stays apart.
//!
//! By the quarter's valid rate a and the gap's length N in hours: a ≥ 90 %, N ≤ 24: the largest of the 180 valid hours before;
//! N > 24: of the 720 before; 75 % ≤ a < 90 %: of the 2,160 before. Below 75 % there is no rule. With fewer valid hours before than the
//! rule looks at nothing is replaced, and the result says so. Numbers are parameters.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use rust_decimal::Decimal;
use serde::Serialize;

use super::DischargeError;
use super::mass::{Amount, Grams, HourLoad, Load, Scale, hour_loads, load};
use super::series::{HOURS_MAX, Series, Span};
use crate::standard::discharge::{Discharge, Medium, Parameter};

/// Valid rate of a quarter (季度有效数据捕集率).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarterRate {
    /// First day of the quarter.
    pub quarter: Date,
    /// Known ones of the due hours, per cent, unrounded; none when nothing was due.
    pub percent: Option<Decimal>,
    /// What it should reach.
    pub needed: Parameter,
    /// Whether it does; none when nothing was due.
    pub reached: Option<bool>,
}

/// Computes the valid rate of the quarter that holds a day.
///
/// # Errors
/// As [`load`].
pub fn quarter_rate(rules: &Discharge, series: &Series, of: Date) -> Result<QuarterRate, DischargeError> {
    let span = Span::Quarter { of };
    let percent = load(rules, series, span)?.percent;
    let needed = rules.parameters.quarter_valid_rate_min.clone();
    let reached = percent.map(|p| p >= needed.value);
    Ok(QuarterRate { quarter: span.bounds().0.date(), percent, needed, reached })
}

/// One gap that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// First lost hour inside of the stretch.
    pub from: DateTime,
    /// Lost hours inside of the stretch.
    pub hours: u32,
    /// Lost hours of the whole gap.
    pub gap_hours: u32,
    /// Rate of the quarter it begins in, per cent.
    pub quarter_percent: Decimal,
    /// Valid hours that were looked at before the gap.
    pub looked_back: u32,
    /// Hour that the amount is of.
    pub taken_from: DateTime,
    /// Amount of each hour.
    pub each: Grams,
    /// Amount of the hours inside.
    pub total: Grams,
    /// How sure the rule is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// Why a gap was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum LeftWhy {
    /// The quarter's rate was not given.
    #[error("rate of the quarter not known")]
    NoQuarterRate,
    /// There is no rule for so low a rate.
    #[error("rate of the quarter {percent} %, {needed} % needed")]
    RateTooLow {
        /// Rate.
        percent: Decimal,
        /// Lowest with a rule.
        needed: Decimal,
    },
    /// The rule looks at more valid hours than there are.
    #[error("{valid} valid hours before, {needed} needed")]
    TooFewBefore {
        /// Valid hours before the gap.
        valid: u32,
        /// Needed.
        needed: Decimal,
    },
}

/// One gap that was not replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// First lost hour inside of the stretch.
    pub from: DateTime,
    /// Lost hours inside of the stretch.
    pub hours: u32,
    /// Why.
    #[serde(flatten)]
    pub why: LeftWhy,
}

/// A load with amounts for lost hours, kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accounted {
    /// As measured.
    pub measured: Load,
    /// Replaced gaps.
    pub replaced: Vec<Replaced>,
    /// Their amount.
    pub replaced_total: Grams,
    /// Gaps that were left.
    pub left: Vec<Left>,
    /// Measured and replaced.
    pub total: Grams,
    /// What it may be used for.
    pub purpose: &'static str,
}

const PURPOSE: &str = "accounting of loads only; never for compliance";

/// Replaces the lost hours of a stretch. The series holds the hours before the stretch too, as far as they are to be looked at; a gap
/// that reaches over an end of the stretch counts with its whole length as far as the series goes.
///
/// # Errors
/// As [`load`]; a factor of water, for which HJ 75 has no rule.
pub fn account(
    rules: &Discharge,
    series: &Series,
    span: Span,
    rates: &[QuarterRate],
) -> Result<Accounted, DischargeError> {
    if series.factor(rules)?.medium != Medium::Air {
        return Err(DischargeError::WrongMedium { factor: series.factor.clone(), wanted: Medium::Air });
    }
    let measured = load(rules, series, span)?;
    let history = History::of(rules, series)?;
    let (mut replaced, mut left) = (Vec::new(), Vec::new());
    for gap in gaps(&hour_loads(rules, series, span)?) {
        match history.replace(rules, gap, rates) {
            Ok(good) => replaced.push(good),
            Err(why) => left.push(Left { from: gap.from, hours: gap.hours, why }),
        }
    }
    let replaced_total: Grams = replaced.iter().map(|r| r.total).sum();
    let total = measured.grams + replaced_total;
    Ok(Accounted { measured, replaced, replaced_total, left, total, purpose: PURPOSE })
}

/// Lost hours in a row, inside of a stretch.
#[derive(Debug, Clone, Copy)]
struct Gap {
    from: DateTime,
    hours: u32,
}

fn gaps(hours: &[HourLoad]) -> Vec<Gap> {
    let mut out: Vec<Gap> = Vec::new();
    let mut open = false;
    for hour in hours {
        let lost = matches!(hour.amount, Amount::Lost { .. });
        match out.last_mut() {
            Some(last) if lost && open => last.hours += 1,
            _ if lost => out.push(Gap { from: hour.start, hours: 1 }),
            _ => {}
        }
        open = lost;
    }
    out
}

/// Every hour of a series: its amount, none when it is lost.
struct History(BTreeMap<DateTime, Option<Amount>>);

impl History {
    fn of(rules: &Discharge, series: &Series) -> Result<Self, DischargeError> {
        let scale = Scale::of(rules, series)?;
        let mut seen = BTreeMap::new();
        for hour in &series.hours {
            // cleaned as the loads are
            let clean = series.cleaned(hour);
            let amount = scale.hour(&clean)?.amount;
            seen.insert(hour.start, Some(amount).filter(|a| !matches!(a, Amount::Lost { .. })));
        }
        Ok(Self(seen))
    }

    fn lost(&self, at: DateTime) -> bool {
        self.0.get(&at).is_none_or(Option::is_none)
    }

    /// First hour and length of the whole gap, as far as the series goes.
    fn whole(&self, gap: Gap) -> (DateTime, u32) {
        let (mut from, mut until) = (gap.from, gap.from.saturating_add(i64::from(gap.hours).hours()));
        let mut hours = gap.hours;
        let ends = self.0.keys().next().zip(self.0.keys().next_back());
        let Some((first, last)) = ends else { return (from, hours) };
        let bounded = |hours: u32| (hours as usize) < HOURS_MAX;
        while bounded(hours) && from > *first && self.lost(from.saturating_sub(1.hour())) {
            from = from.saturating_sub(1.hour());
            hours += 1;
        }
        while bounded(hours) && until <= *last && self.lost(until) {
            until = until.saturating_add(1.hour());
            hours += 1;
        }
        (from, hours)
    }

    fn replace(&self, rules: &Discharge, gap: Gap, rates: &[QuarterRate]) -> Result<Replaced, LeftWhy> {
        let (from, gap_hours) = self.whole(gap);
        let quarter = Span::quarter_of(from).bounds().0.date();
        let rate = rates.iter().find(|r| r.quarter == quarter).and_then(|r| r.percent);
        let quarter_percent = rate.ok_or(LeftWhy::NoQuarterRate)?;
        let rule = rule(rules, quarter_percent, gap_hours)?;
        let (taken_from, each, looked_back) = self.largest(from, rule)?;
        Ok(Replaced {
            from: gap.from,
            hours: gap.hours,
            gap_hours,
            quarter_percent,
            looked_back,
            taken_from,
            each,
            total: Grams(each.0 * Decimal::from(gap.hours)),
            mark: rule.mark.clone(),
            cite: rule.cite.clone(),
        })
    }

    /// The largest amount among the valid hours before.
    fn largest(&self, from: DateTime, rule: &Parameter) -> Result<(DateTime, Grams, u32), LeftWhy> {
        let (mut valid, mut best) = (0u32, None);
        for (at, amount) in self.0.range(..from).rev() {
            if Decimal::from(valid) >= rule.value {
                break;
            }
            let Some(Amount::Measured { grams, .. }) = amount else { continue };
            valid += 1;
            best = best.filter(|(_, most)| *most >= *grams).or(Some((*at, *grams)));
        }
        match best {
            Some((at, grams)) if Decimal::from(valid) >= rule.value => Ok((at, grams, valid)),
            _ => Err(LeftWhy::TooFewBefore { valid, needed: rule.value }),
        }
    }
}

/// How many valid hours are looked at.
fn rule(rules: &Discharge, percent: Decimal, gap_hours: u32) -> Result<&Parameter, LeftWhy> {
    let p = &rules.parameters;
    if percent < p.replace_low_rate_min.value {
        return Err(LeftWhy::RateTooLow { percent, needed: p.replace_low_rate_min.value });
    }
    let short = Decimal::from(gap_hours) <= p.replace_short_gap_max.value;
    Ok(match percent >= p.replace_high_rate_min.value {
        true if short => &p.replace_short_gap_hours,
        true => &p.replace_long_gap_hours,
        false => &p.replace_low_rate_hours,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{day, dec, rules, series};
    use crate::analyse::discharge::series::OutletHour;
    use crate::unit::Unit;

    /// Hours begin on 1 January; the stretch is April.
    fn check(text: &str, percent: &str, expected: &str) {
        let series = series("a21026", Unit::MgPerM3, "2026-01-01 00", text);
        let needed = rules().parameters.quarter_valid_rate_min.clone();
        let rate = |quarter: &str| QuarterRate {
            quarter: day(quarter),
            percent: percent.parse().ok(),
            needed: needed.clone(),
            reached: None,
        };
        let rates = [rate("2026-01-01"), rate("2026-04-01")];
        let got = account(rules(), &series, Span::Month { of: day("2026-04-01") }, &rates).expect("good");
        let replaced =
            got.replaced.iter().map(|r| format!("{}h of {} back {}: {}", r.hours, r.gap_hours, r.looked_back, r.total));
        let left = got.left.iter().map(|l| format!("{}h left: {}", l.hours, l.why));
        let all: Vec<String> = replaced.chain(left).collect();
        assert_eq!(all.join(" / "), expected, "{text}");
        assert_eq!(got.total, got.measured.grams + got.replaced_total);
        assert!(got.measured.percent.expect("due") < Decimal::ONE_HUNDRED, "what is replaced is still missing");
    }

    // January to March are 90 days, 2160 hours. Amounts: 1 mg/m3 * 1000 m3 = 1 g. The 9 lies 200 hours, the 99 some 2000 hours before April.
    const BEFORE: &str = "160x1*1000 99*1000 1799x1*1000 9*1000 199x1*1000";

    #[test]
    fn the_length_of_the_gap_and_the_quarters_rate_choose_how_far_to_look() {
        let with = |rest: &str| format!("{BEFORE} {rest}");
        // 10 and 24 hours are short: 180 hours before, all of 1 g
        check(&with("10x- 710x1*1000"), "90", "10h of 10 back 180: 10 g");
        check(&with("24x- 696x1*1000"), "95", "24h of 24 back 180: 24 g");
        // 25 hours are long: 720 before, with the 9 in them: 25 * 9
        check(&with("25x- 695x1*1000"), "90", "25h of 25 back 720: 225 g");
        // a rate of 75 to 90: 2160 before, with the 99: 10 * 99
        check(&with("10x- 710x1*1000"), "89.99", "10h of 10 back 2160: 990 g");
        check(&with("10x- 710x1*1000"), "75", "10h of 10 back 2160: 990 g");
        check(&with("10x- 710x1*1000"), "74.9", "10h left: rate of the quarter 74.9 %, 75 % needed");
        check(&with("10x- 710x1*1000"), "-", "10h left: rate of the quarter not known");
    }

    #[test]
    fn only_valid_hours_are_looked_at_and_replaced_ones_are_not() {
        // the first gap takes the 9, which is the 180th hour before it: 12 * 9. Before the second lie 100 hours of 1 and 80 more; the
        // twelve replaced ones of 9 do not count: 12 * 1
        let gaps = "1980x1*1000 9*1000 179x1*1000 12x- 100x1*1000 12x!out_of_control:500*1000 596x1*1000";
        check(gaps, "95", "12h of 12 back 180: 108 g / 12h of 12 back 180: 12 g");
        // nothing is due while the unit stands
        check("2160x1*1000 12x!stopped:- 2x- 706x1*1000", "95", "2h of 2 back 180: 2 g");
        // 170 valid hours before are too few for 180
        check("1990x- 170x1*1000 10x- 710x1*1000", "95", "10h left: 170 valid hours before, 180 needed");
    }

    #[test]
    fn a_gap_over_the_end_of_the_stretch_keeps_its_length() {
        // 20 lost hours of March and 10 of April are 30: long
        check(&format!("{} 20x- 10x- 710x1*1000", "1940x1*1000 9*1000 199x1*1000"), "95", "10h of 30 back 720: 90 g");
        check(&format!("{BEFORE} 710x1*1000 10x- 20x- 5x1*1000"), "95", "10h of 30 back 720: 10 g");
    }

    #[test]
    fn an_hour_of_another_age_costs_nothing() {
        let mut series = series("a21026", Unit::MgPerM3, "2026-04-30 23", "-");
        series.hours.push(OutletHour::missing(day("0001-01-01").at(0, 0, 0, 0)));
        let got = account(rules(), &series, Span::Day { day: day("2026-04-30") }, &[]).expect("good");
        assert_eq!((got.left.len(), got.left[0].hours), (1, 24));
    }

    #[test]
    fn a_quarters_rate_counts_due_hours() {
        // 2160 hours: 160 not due, 1500 of 2000 known
        let text = "160x!stopped:- 1500x1*1000 500x-";
        let rate = quarter_rate(rules(), &series("a21026", Unit::MgPerM3, "2026-01-01 00", text), day("2026-02-03"));
        let rate = rate.expect("good");
        assert_eq!((rate.quarter, rate.percent, rate.reached), (day("2026-01-01"), Some(dec("75")), Some(true)));
        let water = series("w01018", Unit::MgPerL, "2026-01-01 00", "1*1");
        let got = account(rules(), &water, Span::Month { of: day("2026-01-01") }, &[]);
        assert_eq!(got.expect_err("refused").to_string(), "w01018 is no factor of Air");
    }
}
