//! Values against others: pairs of factors, oxygen against conversion, neighbours, earlier years, minutes against the hour.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Exam, Finding};
use crate::analyse::evidence::{Evidence, Reason, beside};
use crate::analyse::robust::{mean, median, sigma};
use crate::analyse::series::{Neighbour, Series};
use crate::standard::review::Known;
use crate::time::{Instant, Period, Zone};
use crate::unit::{Quantity, Unit};

pub(super) const PAIRS: Known = ("pairs", &[]);

/// Pairs that contradict (因子逻辑关系): a part above its whole by more than the slack of the row, at one instant.
#[expect(clippy::unnecessary_wraps, reason = "it stands in the table of checks")]
pub(super) fn pairs(exam: &Exam<'_>) -> Option<Vec<Finding>> {
    let mut out = Vec::new();
    for pair in exam.pairs {
        let both = exam.record.of(&pair.part).zip(exam.record.of(&pair.whole));
        let Some((part, whole)) = both else { continue };
        for i in 0..part.values().len() {
            out.extend(contradiction(exam, (part, i), whole, pair.slack));
        }
    }
    Some(out)
}

fn contradiction(exam: &Exam<'_>, (part, i): (&Series, usize), whole: &Series, slack: Decimal) -> Option<Finding> {
    let small = part.values()[i].valid()?;
    let place = whole.values().binary_search_by_key(&part.values()[i].at, |v| v.at).ok()?;
    let sent = whole.values()[place].valid()?;
    let large = Quantity { value: sent, unit: whole.unit() }.in_unit(part.unit()).ok()?;
    let most = large * (Decimal::ONE + slack);
    if small <= most {
        return None;
    }
    let numbers = vec![("part", small.to_string()), ("whole", large.to_string())];
    let mut finding = exam.finding(part, (i, i), most.to_f64(), Reason { code: "pairs", numbers });
    finding.evidence.extend(beside(None, whole, place, place));
    Some(finding)
}

pub(super) const OXYGEN: Known = ("oxygen", &["slack", "air", "guard"]);

/// Factor code of oxygen in flue gas.
const FLUE_OXYGEN: &str = "a19001";

/// Oxygen against conversion (折算关系): the converted value that the device sends is not C·(21-O2ref)/(21-O2) of what it measured.
pub(super) fn oxygen(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let converted = exam.record.converted.iter().find(|c| c.factor() == series.factor())?;
    let oxygen = exam.record.of(FLUE_OXYGEN)?;
    let reference = exam.record.reference_oxygen?.to_f64()?;
    let percent = |name| exam.rule.quantity(name, series.factor(), Unit::Percent).and_then(|d| d.to_f64());
    let (air, guard, slack) = (percent("air")?, percent("guard")?, exam.number("slack", series)?);
    let mut out = Vec::new();
    for (i, measured) in series.valid() {
        let at = series.values()[i].at;
        let (Some(sent), Some(o2)) = (converted.at(at), oxygen.at(at).filter(|o| *o < guard)) else { continue };
        let expected = measured * (air - reference) / (air - o2);
        if (sent - expected).abs() > slack * expected.abs() {
            let reason = Reason::new("oxygen", &[("sent", sent), ("oxygen", o2), ("expected", expected)]);
            let mut finding = exam.finding(series, (i, i), Some(slack * expected.abs()), reason);
            finding.evidence.extend(at_instant(None, oxygen, at).into_iter().chain(at_instant(None, converted, at)));
            out.push(finding);
        }
    }
    Some(out)
}

fn at_instant(station: Option<&str>, series: &Series, at: Instant) -> Vec<Evidence> {
    let place = series.values().binary_search_by_key(&at, |v| v.at);
    place.map(|i| beside(station, series, i, i)).unwrap_or_default()
}

pub(super) const NEIGHBOURS: Known = ("neighbours", &["sigma_min", "stations_min", "values_min"]);

/// Spatial neighbours (空间比对): the difference from the median of the neighbours is far from what it is at other times.
pub(super) fn neighbours(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let others: Vec<&Neighbour> = exam
        .record
        .neighbours
        .iter()
        .filter(|n| n.series.factor() == series.factor() && n.series.unit() == series.unit())
        .collect();
    let stations_min = exam.number("stations_min", series)?;
    let difference = |(i, v): (usize, f64)| {
        let near: Vec<f64> = others.iter().filter_map(|n| n.series.at(series.values()[i].at)).collect();
        let centre = median(&near).filter(|_| near.len() as f64 >= stations_min)?;
        Some((i, v, centre))
    };
    let all: Vec<(usize, f64, f64)> = series.valid().into_iter().filter_map(difference).collect();
    let away: Vec<f64> = all.iter().map(|(_, v, c)| v - c).collect();
    let (usual, spread) = (median(&away)?, sigma(&away).filter(|s| *s > 0.0)?);
    let threshold = exam.number("sigma_min", series)? * spread;
    if (all.len() as f64) < exam.number("values_min", series)? {
        return Some(vec![]);
    }
    let odd = all.into_iter().filter(|(_, v, c)| (v - c - usual).abs() > threshold);
    let one = |(i, v, centre): (usize, f64, f64)| {
        let reason = Reason::new("neighbours", &[("value", v), ("others", centre)]);
        let mut finding = exam.finding(series, (i, i), Some(threshold), reason);
        let at = series.values()[i].at;
        finding.evidence.extend(others.iter().flat_map(|n| at_instant(Some(&n.station), &n.series, at)));
        finding
    };
    Some(odd.map(one).collect())
}

pub(super) const SEASON: Known = ("season", &["sigma_min", "around", "values_min"]);

/// Mean length of a civil year, microseconds: 365.2425 days (Gregorian calendar).
const YEAR_US: i64 = 31_556_952_000_000;

/// Same season of earlier years (历史同期): beyond a multiple of the robust spread of the values that earlier years have within some
/// days of the same season.
pub(super) fn season(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let earlier = exam.record.earlier.iter().find(|e| e.factor() == series.factor() && e.unit() == series.unit())?;
    let around = (exam.number("around", series)? * 1e6) as i64;
    let (values_min, sigma_min) = (exam.number("values_min", series)?, exam.number("sigma_min", series)?);
    let zone = &exam.record.zone;
    let mut out = Vec::new();
    for day in series.valid().chunk_by(|a, b| zone.day(series.values()[a.0].at) == zone.day(series.values()[b.0].at)) {
        let same = same_season(earlier, series.values()[day[0].0].at, around);
        let Some((usual, spread)) = median(&same).zip(sigma(&same).filter(|s| *s > 0.0)) else { continue };
        if (same.len() as f64) < values_min {
            continue;
        }
        let threshold = sigma_min * spread;
        for (i, v) in day.iter().filter(|(_, v)| (v - usual).abs() > threshold) {
            let reason = Reason::new("season", &[("value", *v), ("usual", usual), ("threshold", threshold)]);
            out.push(exam.finding(series, (*i, *i), Some(threshold), reason));
        }
    }
    Some(out)
}

/// Values of whole years before an instant, give or take.
fn same_season(earlier: &Series, at: Instant, around_us: i64) -> Vec<f64> {
    let near = |i: usize| {
        let ago = at.0 - earlier.values()[i].at.0;
        let off = ago.rem_euclid(YEAR_US);
        ago > YEAR_US / 2 && off.min(YEAR_US - off) <= around_us
    };
    earlier.valid().into_iter().filter(|(i, _)| near(*i)).map(|(_, v)| v).collect()
}

pub(super) const HOUR_MEAN: Known = ("hour_mean", &["minutes_min", "slack"]);

/// Minutes against the pushed hour (分钟均值与小时值不符): the mean of enough valid minutes (HJ 75-2017: 45) differs from the hour value
/// that the device pushed by more than a share of it.
pub(super) fn hour_mean(exam: &Exam<'_>, series: &Series) -> Option<Vec<Finding>> {
    let hours = exam.record.hours.iter().find(|h| h.factor() == series.factor() && h.unit() == series.unit())?;
    let (minutes_min, slack) = (exam.number("minutes_min", series)?, exam.number("slack", series)?);
    let means = hour_means(series, &exam.record.zone);
    let mut out = Vec::new();
    for (i, hour) in hours.valid() {
        let Some((places, values)) = means.get(&hours.values()[i].at) else { continue };
        let Some(seen) = mean(values).filter(|_| values.len() as f64 >= minutes_min) else { continue };
        if (seen - hour).abs() <= slack * hour.abs() {
            continue;
        }
        let reason = Reason::new("hour_mean", &[("hour", hour), ("count", values.len() as f64), ("mean", seen)]);
        let mut finding = exam.finding(series, *places, Some(slack * hour.abs()), reason);
        finding.evidence.extend(beside(None, hours, i, i));
        out.push(finding);
    }
    Some(out)
}

type HourOfMinutes = ((usize, usize), Vec<f64>);

/// Valid minutes by the start of their hour, with the places of the first and last.
fn hour_means(series: &Series, zone: &Zone) -> BTreeMap<Instant, HourOfMinutes> {
    let mut out: BTreeMap<Instant, HourOfMinutes> = BTreeMap::new();
    for (i, v) in series.valid() {
        let Some(hour) = Period::hour_of(series.values()[i].at, zone) else { continue };
        let entry = out.entry(hour.start).or_insert(((i, i), Vec::new()));
        entry.0.1 = i;
        entry.1.push(v);
    }
    out
}
