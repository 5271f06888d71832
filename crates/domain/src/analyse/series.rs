//! Series of readings (监测序列) of one station, and what is known beside them: the input of data review and of clues.
//!
//! Values stay decimals as sent; the binary number beside each serves statistics only. A series ascends in time, has one factor,
//! one unit and one kind of period. Nothing here is bounded: whoever reads from the store chooses how much to give.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use crate::analyse::limit::Limit;
use crate::sense::Reading;
use crate::standard::Bound;
use crate::time::{Instant, Period, PeriodKind, Zone};
use crate::unit::{Quantity, Unit, UnitMismatch};

/// One value of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Value {
    /// Start of its period, or the moment for real-time data.
    pub at: Instant,
    /// The decimal as sent; none when the device sent none, or no number.
    pub sent: Option<Decimal>,
    /// Data mark (数据标记) as sent; none stands for `N`.
    pub mark: Option<String>,
}

impl Value {
    /// A value of a normal measurement.
    pub fn normal(at: Instant, sent: Decimal) -> Self {
        Self { at, sent: Some(sent), mark: None }
    }

    /// The decimal, when the mark says that it is a normal measurement.
    pub fn valid(&self) -> Option<Decimal> {
        self.sent.filter(|_| self.mark.is_none())
    }
}

impl From<&Reading> for Value {
    fn from(reading: &Reading) -> Self {
        let sent = reading.value.as_deref().and_then(|v| v.trim().parse().ok());
        Self { at: reading.key.at, sent, mark: (reading.mark != "N").then(|| reading.mark.clone()) }
    }
}

/// Instants of a series do not ascend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("series of {factor}: value {place} is not later than the one before it")]
pub struct NotAscending {
    /// Factor.
    pub factor: String,
    /// Place of the value, from 0.
    pub place: usize,
}

/// Values of one factor, ascending in time (监测序列).
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    factor: String,
    unit: Unit,
    kind: PeriodKind,
    values: Vec<Value>,
    numbers: Vec<Option<f64>>,
}

impl Series {
    /// A series from its values.
    ///
    /// # Errors
    /// When two instants are the same or out of order.
    pub fn new(factor: &str, unit: Unit, kind: PeriodKind, values: Vec<Value>) -> Result<Self, NotAscending> {
        if let Some(i) = values.windows(2).position(|w| w[1].at <= w[0].at) {
            return Err(NotAscending { factor: factor.to_owned(), place: i + 1 });
        }
        let numbers = values.iter().map(|v| v.valid().and_then(|d| d.to_f64())).collect();
        Ok(Self { factor: factor.to_owned(), unit, kind, values, numbers })
    }

    /// Factor code.
    pub fn factor(&self) -> &str {
        &self.factor
    }

    /// Unit of every value.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Kind of period.
    pub fn kind(&self) -> PeriodKind {
        self.kind
    }

    /// Every value, valid or not.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Valid values as numbers beside [`Series::values`]: none where a value is missing or marked.
    pub fn numbers(&self) -> &[Option<f64>] {
        &self.numbers
    }

    /// Valid values with their places in [`Series::values`].
    pub fn valid(&self) -> Vec<(usize, f64)> {
        self.numbers.iter().enumerate().filter_map(|(i, n)| Some((i, (*n)?))).collect()
    }

    /// Places of the values inside a stretch of time.
    pub fn places(&self, window: Period) -> std::ops::Range<usize> {
        let place = |at| self.values.partition_point(|v| v.at < at);
        place(window.start)..place(window.end).max(place(window.start))
    }

    /// Valid numbers inside a stretch of time.
    pub fn inside(&self, window: Period) -> Vec<f64> {
        self.numbers[self.places(window)].iter().flatten().copied().collect()
    }

    /// The valid number at an instant.
    pub fn at(&self, at: Instant) -> Option<f64> {
        self.values.binary_search_by_key(&at, |v| v.at).ok().and_then(|i| self.numbers[i])
    }

    /// Usual time between neighbours, milliseconds: the median; none below two values.
    pub fn step_ms(&self) -> Option<i64> {
        let mut steps: Vec<i64> = self.values.windows(2).map(|w| w[1].at.ms_since(w[0].at)).collect();
        let half = steps.len() / 2;
        (!steps.is_empty()).then(|| *steps.select_nth_unstable(half).1)
    }

    /// From the value at place `from` to the value at place `to`, both inside.
    pub(crate) fn window(&self, from: usize, to: usize) -> Period {
        Period { start: self.values[from].at, end: Instant(self.values[to].at.0.saturating_add(1)) }
    }
}

/// A key parameter (关键参数) of an analyser: HJ 212-2017 annex B, field information `i13001`, `i13007`, `i13008`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyParameter {
    /// 量程.
    Range,
    /// 截距.
    Intercept,
    /// 斜率.
    Slope,
}

/// What happened at a station, apart from values (站点事件).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    /// 维护.
    Maintenance,
    /// 校准.
    Calibration,
    /// 现场检查: inspectors were there.
    Inspection,
    /// 电子围栏闯入: somebody was inside the fence of the sampler or the station room.
    Intrusion,
    /// 重启 of analyser or logger.
    Restart,
    /// 关键参数变更.
    Parameter {
        /// Which.
        parameter: KeyParameter,
        /// Value before.
        before: Decimal,
        /// Value after.
        after: Decimal,
    },
    /// 时钟偏差: the device's clock less ours.
    Clock {
        /// Milliseconds; above zero when the device is ahead.
        ahead_ms: i64,
    },
}

/// A happening with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StationEvent {
    /// When; an instant is a stretch of one microsecond.
    pub period: Period,
    /// The factor whose instrument it concerns; none for the whole station.
    pub factor: Option<String>,
    /// What.
    pub what: Happening,
}

impl StationEvent {
    /// Whether it concerns the instrument of a factor.
    pub fn concerns(&self, factor: &str) -> bool {
        self.factor.as_deref().is_none_or(|f| f == factor)
    }
}

/// The series of another station.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    /// Name of the other station.
    pub station: String,
    /// Its series.
    pub series: Series,
}

/// Everything that checks and detectors look at: the series of one station and what is known beside them (站点档案).
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Civil zone, for days and nights.
    pub zone: Zone,
    /// Series of the station, each factor once, of one kind of period.
    pub series: Vec<Series>,
    /// Hour values as pushed by the device, when `series` are minutes.
    pub hours: Vec<Series>,
    /// Values as converted by the device to the reference oxygen (折算浓度), for factors of flue gas.
    pub converted: Vec<Series>,
    /// Reference oxygen (基准含氧量) of the outlet, per cent.
    pub reference_oxygen: Option<Decimal>,
    /// Series of earlier years.
    pub earlier: Vec<Series>,
    /// Series of stations nearby, or of other outlets of the enterprise.
    pub neighbours: Vec<Neighbour>,
    /// Happenings, in any order.
    pub events: Vec<StationEvent>,
    /// Limits by factor.
    pub limits: Vec<(String, Limit)>,
    /// Top of the measuring range (量程上限) by factor.
    pub tops: Vec<(String, Quantity)>,
}

impl Record {
    /// The series of a factor.
    pub fn of(&self, factor: &str) -> Option<&Series> {
        self.series.iter().find(|s| s.factor == factor)
    }

    /// The other series than that of a factor.
    pub fn others<'a>(&'a self, factor: &'a str) -> impl Iterator<Item = &'a Series> {
        self.series.iter().filter(move |s| s.factor != factor)
    }

    /// Upper bound of a series in its own unit; none without a limit or with a lower one only.
    pub fn cap(&self, series: &Series) -> Option<f64> {
        let (_, limit) = self.limits.iter().find(|(f, _)| *f == series.factor)?;
        let value = match limit.bound {
            Bound::AtMost { value } | Bound::Between { high: value, .. } => value,
            Bound::AtLeast { .. } => return None,
        };
        Quantity { value, unit: limit.unit }.in_unit(series.unit).ok()?.to_f64()
    }

    /// Top of the measuring range of a series in its own unit.
    pub fn top(&self, series: &Series) -> Option<Decimal> {
        self.tops.iter().find(|(f, _)| *f == series.factor)?.1.in_unit(series.unit).ok()
    }

    /// Happenings that concern a factor's instrument, with the places that a series has inside them.
    pub fn concerning<'a>(&'a self, series: &'a Series) -> impl Iterator<Item = &'a StationEvent> {
        self.events.iter().filter(|e| e.concerns(&series.factor))
    }

    /// Whether somebody said that the instrument was under maintenance or being calibrated at some time of a stretch.
    pub fn maintained(&self, factor: &str, window: Period) -> bool {
        let known = |e: &&StationEvent| matches!(e.what, Happening::Maintenance | Happening::Calibration);
        let meets = |e: &StationEvent| e.period.start < window.end && window.start < e.period.end;
        self.events.iter().filter(known).any(|e| e.concerns(factor) && meets(e))
    }

    /// Which share of a stretch somebody called maintenance or calibration, 0 to 1: minutes of it do not excuse hours.
    pub fn maintained_share(&self, factor: &str, window: Period) -> f64 {
        let known = |e: &&StationEvent| matches!(e.what, Happening::Maintenance | Happening::Calibration);
        let inside = |e: &StationEvent| e.period.end.min(window.end).0 - e.period.start.max(window.start).0;
        let told = self.events.iter().filter(known).filter(|e| e.concerns(factor)).map(|e| inside(e).max(0));
        let all = (window.end.0 - window.start.0).max(1) as f64;
        (told.sum::<i64>() as f64 / all).min(1.0)
    }

    /// Holds the units of limits and ranges against those of the series.
    ///
    /// # Errors
    /// When one does not measure what the series does.
    pub fn units(&self) -> Result<(), UnitMismatch> {
        for series in &self.series {
            let limits = self.limits.iter().filter(|(f, _)| *f == series.factor).map(|(_, l)| l.unit);
            let tops = self.tops.iter().filter(|(f, _)| *f == series.factor).map(|(_, q)| q.unit);
            for unit in limits.chain(tops) {
                unit.tens_to(series.unit)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(at: &[i64]) -> Result<Series, NotAscending> {
        let values = at.iter().map(|s| Value::normal(Instant(s * 1_000_000), Decimal::ONE)).collect();
        Series::new("w01001", Unit::Ph, PeriodKind::Minute, values)
    }

    #[test]
    fn a_series_ascends() {
        assert_eq!(series(&[0, 60, 60]).map_err(|e| e.place), Err(2));
        assert_eq!(series(&[0, 60, 120, 500]).expect("ascends").step_ms(), Some(60_000));
        assert_eq!(series(&[]).expect("ascends").step_ms(), None);
    }

    #[test]
    fn places_of_a_window_are_half_open() {
        let s = series(&[0, 60, 120]).expect("ascends");
        let window =
            |from: i64, until: i64| Period { start: Instant(from * 1_000_000), end: Instant(until * 1_000_000) };
        assert_eq!((s.places(window(0, 120)), s.places(window(1, 60)), s.places(window(500, 0))), (0..2, 1..1, 3..3));
        assert_eq!(s.places(s.window(1, 2)), 1..3);
    }

    #[test]
    fn a_marked_value_is_kept_and_not_counted() {
        let marked = Value { mark: Some("D".into()), ..Value::normal(Instant(0), Decimal::ONE) };
        let s = Series::new("w01001", Unit::Ph, PeriodKind::Minute, vec![marked]).expect("ascends");
        assert_eq!((s.values().len(), s.valid().len()), (1, 0));
    }

    #[test]
    fn a_short_calibration_excuses_little() {
        let period = |from: i64, until: i64| Period { start: Instant(from), end: Instant(until) };
        let event = |factor: Option<&str>, period| StationEvent {
            period,
            factor: factor.map(str::to_owned),
            what: Happening::Calibration,
        };
        let record = Record {
            events: vec![event(None, period(10, 20)), event(Some("w1"), period(90, 200))],
            ..Record::default()
        };
        let shares = ["w1", "w2"].map(|f| record.maintained_share(f, period(0, 100)));
        assert_eq!(shares, [0.2, 0.1]);
        assert_eq!(record.maintained_share("w1", period(300, 300)), 0.0);
    }

    #[test]
    fn a_limit_of_another_kind_is_refused() {
        let limit = |unit| Limit { bound: Bound::AtMost { value: Decimal::TEN }, unit, cite: "permit".into() };
        let values = vec![Value::normal(Instant(0), Decimal::ONE)];
        let cod = Series::new("w01018", Unit::MgPerL, PeriodKind::Hour, values).expect("ascends");
        let record = |unit| Record {
            series: vec![cod.clone()],
            limits: vec![("w01018".into(), limit(unit))],
            ..Record::default()
        };
        assert!(record(Unit::Ntu).units().is_err());
        assert_eq!(record(Unit::UgPerL).units().map(|()| record(Unit::UgPerL).cap(&cod)), Ok(Some(0.01)));
    }
}
