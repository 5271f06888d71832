//! Kinds of falsification, as somebody at an outlet would do them.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use shanshui_domain::analyse::series::{Happening, KeyParameter, StationEvent};
use shanshui_domain::time::{Instant, Period};
use shanshui_domain::unit::{Quantity, Unit};

use crate::background::{Chance, Table, event, marked};

/// Which background a kind is injected into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Real sections, one value a day.
    Real,
    /// Generated, by the minute.
    Minute,
    /// Generated, by the hour.
    Hour,
}

impl Ground {
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Minute => "minute",
            Self::Hour => "hour",
        }
    }
}

type Inject = fn(&mut Table, &mut Chance, (f64, f64)) -> Option<Period>;

/// One kind: what it is called, where it is injected, which detector is meant to see it, with which numbers, and how.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub ground: Ground,
    pub aim: &'static str,
    pub numbers: (f64, f64),
    pub inject: Inject,
}

const fn kind(name: &'static str, ground: Ground, aim: &'static str, numbers: (f64, f64), inject: Inject) -> Kind {
    Kind { name, ground, aim, numbers, inject }
}

use Ground::{Hour, Minute, Real};

pub const KINDS: [Kind; 46] = [
    kind("constant, 6 values", Real, "constant", (6.0, 0.0), hold),
    kind("constant, 12 values", Real, "constant", (12.0, 0.0), hold),
    kind("copied stretch of 10", Real, "copied_time", (10.0, 0.0), copy),
    kind("copied stretch of 24", Real, "copied_time", (24.0, 0.0), copy),
    kind("another section's 14 values", Real, "copied_outlet", (14.0, 1.0), steal),
    kind("another section's 14 values x 1.15", Real, "copied_outlet", (14.0, 1.15), steal),
    kind("clipped at the 80th percentile", Real, "clipped", (0.8, 0.0), clip),
    kind("under the limit, 14 values", Real, "near_limit", (14.0, 0.0), hug),
    kind("x 0.5 for 30 values", Real, "scaled", (30.0, 0.5), scale),
    kind("x 0.7 for 30 values", Real, "scaled", (30.0, 0.7), scale),
    kind("clean water, 3 values", Real, "lifted", (3.0, 0.2), clean),
    kind("4 missing after an exceedance", Real, "gap_exceedance", (4.0, 1.4), hide),
    kind("oxygen demand alone x 2, 4 values", Real, "cross_factor", (4.0, 2.0), alone),
    kind("pH 7.91 9.34 10.21 8.47", Minute, "spike", (0.0, 0.0), ph_case),
    kind("pH +1.2 for 3 min", Minute, "spike", (3.0, 1.2), ph_bump),
    kind("pH +2 for 20 min", Minute, "spike", (20.0, 2.0), ph_bump),
    kind("COD x 4 for 3 min", Minute, "spike", (3.0, 4.0), bump),
    kind("constant, 30 min", Minute, "constant", (30.0, 0.0), hold),
    kind("constant, 120 min", Minute, "constant", (120.0, 0.0), hold),
    kind("lifted into air, 15 min", Minute, "lifted", (15.0, 0.0), lift),
    kind("conductivity alone in air, 15 min", Minute, "lifted", (15.0, 0.0), lift_one),
    kind("clean water, 60 min", Minute, "lifted", (60.0, 0.25), clean),
    kind("diluted to 0.5, 60 min", Minute, "lifted", (60.0, 0.5), clean),
    kind("calibration at a peak", Minute, "calibration_peak", (20.0, 2.5), calibrate),
    kind("restart at a peak", Minute, "restart_peak", (20.0, 2.5), restart),
    kind("slope x 0.6 at an exceedance", Minute, "parameter_change", (120.0, 0.6), reslope),
    kind("40 min missing at an exceedance", Minute, "gap_exceedance", (40.0, 1.3), hide),
    kind("COD alone x 2, 60 min", Minute, "cross_factor", (60.0, 2.0), alone),
    kind("COD masked while others x 2, 60 min", Minute, "cross_factor", (60.0, 2.0), mask),
    kind("x 0.6 for 6 h", Minute, "scaled", (360.0, 0.6), scale),
    kind("copied 120 min", Minute, "copied_time", (120.0, 0.0), copy),
    kind("copied day", Hour, "copied_time", (24.0, 0.0), copy_day),
    kind("copied day, last digit changed", Hour, "copied_time", (24.0, 1.0), copy_day),
    kind("another outlet's day", Hour, "copied_outlet", (24.0, 1.0), steal),
    kind("constant, 6 h", Hour, "constant", (6.0, 0.0), hold),
    kind("under the limit, 24 h", Hour, "near_limit", (24.0, 0.0), hug),
    kind("under the limit, 72 h", Hour, "near_limit", (72.0, 0.0), hug),
    kind("clipped at a range set low", Hour, "clipped", (0.85, 1.0), clip),
    kind("x 0.6 for 5 days", Hour, "scaled", (120.0, 0.6), scale),
    kind("x 0.8 for 5 days", Hour, "scaled", (120.0, 0.8), scale),
    kind("5 nights x 0.4", Hour, "night_drop", (5.0, 0.4), nights),
    kind("1 night x 0.6", Hour, "night_drop", (1.0, 0.6), nights),
    kind("inspection of 4 h x 0.5", Hour, "inspection_drop", (4.0, 0.5), visit),
    kind("declared stopped and running, 12 h", Hour, "load_mismatch", (12.0, 0.0), stopped),
    kind("flow without concentration, 8 h", Hour, "flow_only", (8.0, 0.0), no_values),
    kind("concentration without flow, 8 h", Hour, "no_flow", (8.0, 0.0), no_flow),
];

const POLLUTANTS: [&str; 4] = ["w01018", "w01019", "w21003", "w21001"];

/// One of the pollutants that the table has values of.
fn pollutant(table: &Table, chance: &mut Chance) -> Option<usize> {
    let full = |i: &usize| {
        let column = &table.columns[*i];
        POLLUTANTS.contains(&column.factor) && column.values.iter().flatten().count() * 2 > column.values.len()
    };
    let all: Vec<usize> = (0..table.columns.len()).filter(full).collect();
    (!all.is_empty()).then(|| all[chance.place(0, all.len())])
}

fn oxygen_demand(table: &Table) -> Option<usize> {
    table.columns.iter().position(|c| ["w01018", "w01019"].contains(&c.factor))
}

/// A stretch somewhere, with room before and after; every value of the column in it is there and normal.
fn stretch(table: &Table, chance: &mut Chance, column: usize, long: usize) -> Option<(usize, usize)> {
    let count = table.times.len();
    let margin = (count / 8).max(long / 4);
    for _ in 0..60 {
        let from = chance.place(margin, count.checked_sub(long + margin)?);
        let whole = |i: usize| table.columns[column].values[i].is_some() && table.columns[column].marks[i].is_none();
        if (from.saturating_sub(2)..(from + long + 2).min(count)).all(whole) {
            return Some((from, from + long));
        }
    }
    None
}

/// From the first value that was touched to the first that was not: the way back is part of the story.
fn window(table: &Table, (from, to): (usize, usize)) -> Period {
    let last = to.min(table.times.len() - 1);
    Period { start: table.times[from], end: Instant(table.times[last].0 + 1) }
}

fn hold(table: &mut Table, chance: &mut Chance, (long, _): (f64, f64)) -> Option<Period> {
    let column = pollutant(table, chance)?;
    let (from, to) = stretch(table, chance, column, long as usize)?;
    let value = table.columns[column].values[from];
    table.columns[column].values[from..to].fill(value);
    Some(window(table, (from, to)))
}

fn copy(table: &mut Table, chance: &mut Chance, (long, _): (f64, f64)) -> Option<Period> {
    let column = pollutant(table, chance)?;
    let long = long as usize;
    let (from, to) = stretch(table, chance, column, long)?;
    let source = chance.place(0, from.checked_sub(long)?);
    let copied: Vec<Option<f64>> = table.columns[column].values[source..source + long].to_vec();
    table.columns[column].values[from..to].copy_from_slice(&copied);
    Some(window(table, (from, to)))
}

/// A whole civil day put in place of a later one; `noise` in steps of the last digit.
fn copy_day(table: &mut Table, chance: &mut Chance, (long, noise): (f64, f64)) -> Option<Period> {
    let column = pollutant(table, chance)?;
    let (long, days) = (long as usize, table.times.len() / 24);
    let to_day = chance.place(5, days - 1);
    let from_day = chance.place(0, to_day);
    let digit = 10f64.powi(-(table.columns[column].decimals as i32));
    for i in 0..long {
        let changed = digit * noise * (chance.place(0, 3) as f64 - 1.0);
        let source = table.columns[column].values[from_day * 24 + i].map(|v| v + changed);
        table.columns[column].values[to_day * 24 + i] = source;
        table.columns[column].marks[to_day * 24 + i] = None;
    }
    Some(window(table, (to_day * 24, to_day * 24 + long)))
}

fn steal(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    let column = pollutant(table, chance)?;
    let (from, to) = stretch(table, chance, column, long as usize)?;
    let theirs = table.other.as_ref()?.columns[column].values[from..to].to_vec();
    if theirs.iter().flatten().count() < to - from {
        return None;
    }
    table.other.as_mut()?.columns[column].marks[from..to].fill(None);
    for (slot, value) in table.columns[column].values[from..to].iter_mut().zip(theirs) {
        *slot = value.map(|v| v * by);
    }
    Some(window(table, (from, to)))
}

/// Cuts the second half of the table off at a percentile of it; with `known` the range is registered at that number.
fn clip(table: &mut Table, chance: &mut Chance, (share, known): (f64, f64)) -> Option<Period> {
    let column = pollutant(table, chance)?;
    let (from, to) = (table.times.len() / 2, table.times.len());
    let mut sorted: Vec<f64> = table.columns[column].values[from..to].iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let top = *sorted.get((sorted.len() as f64 * share) as usize)?;
    let top = (top * 100.0).round() / 100.0;
    for column in table.columns[column].values.iter_mut().skip(if known > 0.0 { 0 } else { from }) {
        *column = column.map(|v| v.min(top));
    }
    if known > 0.0 {
        let factor = table.columns[column].factor.to_owned();
        table.tops.retain(|(f, _)| *f != factor);
        table.tops.push((factor, Quantity { value: Decimal::from_f64(top)?.round_dp(2), unit: Unit::MgPerL }));
    }
    Some(window(table, (if known > 0.0 { 0 } else { from }, to)))
}

fn hug(table: &mut Table, chance: &mut Chance, (long, _): (f64, f64)) -> Option<Period> {
    let column = oxygen_demand(table)?;
    let cap = table.cap(table.columns[column].factor)?;
    let (from, to) = stretch(table, chance, column, long as usize)?;
    for slot in &mut table.columns[column].values[from..to] {
        *slot = Some(cap * chance.between(0.93, 0.985));
    }
    Some(window(table, (from, to)))
}

fn scale(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    let column = pollutant(table, chance)?;
    let (from, to) = stretch(table, chance, column, long as usize)?;
    multiply(table, column, (from, to), by);
    Some(window(table, (from, to)))
}

fn multiply(table: &mut Table, column: usize, (from, to): (usize, usize), by: f64) {
    for slot in &mut table.columns[column].values[from..to] {
        *slot = slot.map(|v| v * by);
    }
}

/// Sample line in clean water: every concentration falls, conductivity less.
fn clean(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    let anchor = oxygen_demand(table)?;
    let at = stretch(table, chance, anchor, long as usize)?;
    for column in 0..table.columns.len() {
        match table.columns[column].factor {
            "w01018" | "w01019" | "w21003" | "w21001" | "w21011" => multiply(table, column, at, by),
            "w01014" => multiply(table, column, at, by.sqrt()),
            _ => {}
        }
    }
    Some(window(table, at))
}

/// An exceedance rises; its own values and those after it are missing.
fn hide(table: &mut Table, chance: &mut Chance, (long, over): (f64, f64)) -> Option<Period> {
    let column = oxygen_demand(table)?;
    let cap = table.cap(table.columns[column].factor)?;
    let (from, to) = stretch(table, chance, column, long as usize)?;
    let rise = (long as usize / 4).max(1);
    let base = table.columns[column].values[from - rise - 1]?;
    for k in 0..rise {
        let part = (k + 1) as f64 / rise as f64;
        table.columns[column].values[from - rise + k] = Some(base + (over * cap - base) * part);
    }
    table.columns[column].values[from..to].fill(None);
    Some(window(table, (from - rise, to + 1)))
}

fn alone(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    let column = oxygen_demand(table)?;
    let at = stretch(table, chance, column, long as usize)?;
    multiply(table, column, at, by);
    Some(window(table, at))
}

fn mask(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    let anchor = oxygen_demand(table)?;
    let at = stretch(table, chance, anchor, long as usize)?;
    for column in 0..table.columns.len() {
        match table.columns[column].factor {
            "w21003" | "w21001" => multiply(table, column, at, by),
            "w01014" => multiply(table, column, at, by.sqrt()),
            _ => {}
        }
    }
    Some(window(table, at))
}

fn ph(table: &Table) -> Option<usize> {
    table.columns.iter().position(|c| c.factor == "w01001")
}

fn ph_case(table: &mut Table, chance: &mut Chance, _: (f64, f64)) -> Option<Period> {
    let column = ph(table)?;
    let (from, to) = stretch(table, chance, column, 4)?;
    let base = table.columns[column].values[from]?;
    for (k, more) in [0.0, 1.43, 2.30, 0.56].into_iter().enumerate() {
        table.columns[column].values[from + k] = Some(base + more);
    }
    Some(window(table, (from, to)))
}

fn ph_bump(table: &mut Table, chance: &mut Chance, (long, more): (f64, f64)) -> Option<Period> {
    let column = ph(table)?;
    let (from, to) = stretch(table, chance, column, long as usize)?;
    for slot in &mut table.columns[column].values[from..to] {
        *slot = slot.map(|v| v + more);
    }
    Some(window(table, (from, to)))
}

fn bump(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    alone(table, chance, (long, by))
}

/// Probes in air: conductivity nearly nothing, oxygen at saturation, no pollutant in the sample line.
fn lift(table: &mut Table, chance: &mut Chance, (long, _): (f64, f64)) -> Option<Period> {
    let anchor = oxygen_demand(table)?;
    let at = stretch(table, chance, anchor, long as usize)?;
    let warmth = table.column("w01010")?.values[at.0]?;
    for i in at.0..at.1 {
        table.column("w01014")?.values[i] = Some(chance.between(1.0, 6.0));
        table.column("w01009")?.values[i] = Some(468.0 / (31.6 + warmth) + chance.between(-0.3, 0.3));
    }
    for factor in ["w01018", "w21003", "w21001", "w21011"] {
        let column = table.columns.iter().position(|c| c.factor == factor)?;
        multiply(table, column, at, 0.1);
    }
    Some(window(table, at))
}

fn lift_one(table: &mut Table, chance: &mut Chance, (long, _): (f64, f64)) -> Option<Period> {
    let column = table.columns.iter().position(|c| c.factor == "w01014")?;
    let at = stretch(table, chance, column, long as usize)?;
    for slot in &mut table.columns[column].values[at.0..at.1] {
        *slot = Some(chance.between(1.0, 6.0));
    }
    Some(window(table, at))
}

/// A peak that rises over `long` values; gives the places of its top.
fn peak(table: &mut Table, chance: &mut Chance, column: usize, long: usize, by: f64) -> Option<(usize, usize)> {
    let (from, to) = stretch(table, chance, column, long + 20)?;
    for i in from..from + long {
        let part = 1.0 + (by - 1.0) * ((i - from + 1) as f64 * 2.0 / long as f64).min(1.0);
        table.columns[column].values[i] = table.columns[column].values[i].map(|v| v * part);
    }
    Some((from + long, to))
}

fn calibrate(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    let column = oxygen_demand(table)?;
    let (top, _) = peak(table, chance, column, long as usize, by)?;
    let start = table.times[top];
    marked(table, start, 600_000, Happening::Calibration, "C");
    Some(window(table, (top - 5, top + 15)))
}

fn restart(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    let column = oxygen_demand(table)?;
    let (top, _) = peak(table, chance, column, long as usize, by)?;
    let start = table.times[top];
    event(table, start, 1, Happening::Restart);
    for column in &mut table.columns {
        column.values[top..top + 8].fill(None);
    }
    Some(window(table, (top - 5, top + 15)))
}

/// While a peak lasts the slope is changed: values from then on are multiplied.
fn reslope(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    let column = oxygen_demand(table)?;
    let (from, to) = stretch(table, chance, column, long as usize)?;
    multiply(table, column, (from, to), 2.2);
    let half = from.midpoint(to);
    let end = table.times.len();
    multiply(table, column, (half, end), by);
    let start = table.times[half];
    let after = Decimal::from_f64(by)?.round_dp(3);
    let what = Happening::Parameter { parameter: KeyParameter::Slope, before: Decimal::ONE, after };
    let factor = Some(table.columns[column].factor.to_owned());
    table.events.push(StationEvent { period: Period { start, end: start.plus_ms(1) }, factor, what });
    Some(window(table, (half - 10, half + 10)))
}

/// Nights (22 to 6, tables begin at midnight) in which one pollutant is low.
fn nights(table: &mut Table, chance: &mut Chance, (count, by): (f64, f64)) -> Option<Period> {
    let column = pollutant(table, chance)?;
    let days = table.times.len() / 24;
    let first = chance.place(1, days - count as usize - 2);
    for night in first..first + count as usize {
        multiply(table, column, (night * 24 + 22, night * 24 + 30), by);
    }
    Some(window(table, (first * 24 + 22, (first + count as usize - 1) * 24 + 30)))
}

fn visit(table: &mut Table, chance: &mut Chance, (long, by): (f64, f64)) -> Option<Period> {
    let column = pollutant(table, chance)?;
    let day = chance.place(2, table.times.len() / 24 - 2);
    let at = (day * 24 + 9, day * 24 + 9 + long as usize);
    multiply(table, column, at, by);
    let start = table.times[at.0];
    event(table, start, long as i64 * 3_600_000, Happening::Inspection);
    Some(window(table, at))
}

fn stopped(table: &mut Table, chance: &mut Chance, (long, _): (f64, f64)) -> Option<Period> {
    let column = table.columns.iter().position(|c| c.factor == "i33400")?;
    let at = stretch(table, chance, column, long as usize)?;
    table.columns[column].values[at.0..at.1].fill(Some(0.0));
    Some(window(table, at))
}

fn no_values(table: &mut Table, chance: &mut Chance, (long, _): (f64, f64)) -> Option<Period> {
    let column = pollutant(table, chance)?;
    let at = stretch(table, chance, column, long as usize)?;
    table.columns[column].values[at.0..at.1].fill(None);
    Some(window(table, at))
}

fn no_flow(table: &mut Table, chance: &mut Chance, (long, _): (f64, f64)) -> Option<Period> {
    let anchor = pollutant(table, chance)?;
    let at = stretch(table, chance, anchor, long as usize)?;
    table.column("w00000")?.values[at.0..at.1].fill(Some(0.0));
    Some(window(table, at))
}
