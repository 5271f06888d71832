//! Forecasts (预测预报) of one station and factor, and whether they are worth showing.
//!
//! A series is brought to equal steps ([`regular`]). Every model ([`model`], [`ets`]) is held against what was
//! measured at rolling origins of the past ([`backtest`]): on the older ones the model of least mean absolute error
//! is chosen, on the newer ones it is held against the baselines. Only when it beats each of them by a margin on both
//! it is shown; else the forecast says *no better than the last value*, with the figures. Intervals come from the
//! errors at the origins, by step ahead. [`aqi`] makes an AQI of forecast concentrations.
//!
//! Nothing here knows a clock: the newest measured value is *now*. Parameters: `standards/forecast/`. What was
//! measured of real series: `docs/ref/forecast.md`.

pub mod aqi;
pub mod backtest;
pub mod ets;
pub mod model;
pub mod regular;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::backtest::{Backtest, Errors, Task, bands, held};
use self::ets::Ets;
use self::model::{Model, Regressor};
use self::regular::{Regular, TooLittle, Training};
use crate::standard::forecast::{Grid, Holidays};
use crate::time::{Instant, Zone};

/// How a forecast is written down.
pub const FORMAT: u32 = 1;

/// One step ahead.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Start of the step.
    pub at: Instant,
    /// What is expected.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Why a forecast is shown or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It beats every baseline by the margin, where it was chosen and where it was held against them.
    Better,
    /// A baseline had the least error where the model was chosen (不优于上一值).
    BaselineChosen,
    /// The chosen model does not beat every baseline by the margin (不优于上一值).
    NoBetter,
}

/// What one unit of a regressor adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Name of the regressor.
    pub name: String,
    /// In the unit of the series.
    pub adds: f64,
    /// Whether it is known ahead.
    pub ahead: bool,
}

/// A forecast with everything that led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// [`FORMAT`].
    pub v: u32,
    /// Version of the rules.
    pub rules: u32,
    /// Name of the grid.
    pub grid: String,
    /// Its step, milliseconds.
    pub step_ms: i64,
    /// What was learnt from.
    pub training: Training,
    /// The model chosen.
    pub model: Model,
    /// Its parameters; none of a baseline.
    pub ets: Option<Ets>,
    /// What regressors add, when the model has them.
    pub effects: Vec<Effect>,
    /// Older origins: on these the model was chosen.
    pub chosen_on: Backtest,
    /// Newer origins: on these it was held against the baselines.
    pub scored_on: Backtest,
    /// Why it is shown or not.
    pub verdict: Verdict,
    /// The baseline of least error where they were held against one another.
    pub baseline: Model,
    /// By how much the model's error lies below that of the best baseline, in per cent: on the older origins, on the
    /// newer ones.
    pub gains_percent: [f64; 2],
    /// What both must be.
    pub margin_percent: f64,
    /// What the interval is to hold, in per cent.
    pub level_percent: f64,
    /// What the interval from the older origins held of the newer ones.
    pub coverage_percent: Option<f64>,
    /// Steps ahead by the chosen model; empty when it is not shown.
    pub points: Vec<Point>,
    /// Steps ahead by the baseline when the chosen model is not shown: no forecast to be shown, but what an index is
    /// made of.
    pub plain: Vec<Point>,
}

impl Forecast {
    /// Whether it is shown.
    pub fn shown(&self) -> bool {
        self.verdict == Verdict::Better
    }

    /// What an index takes: the model's steps when it is shown, else the baseline's.
    pub fn best(&self) -> &[Point] {
        if self.shown() { &self.points } else { &self.plain }
    }
}

/// A model chosen, and what came of it on later origins.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The model of least error on the older origins.
    pub chosen: Model,
    /// The baseline of least error on the newer ones.
    pub baseline: Model,
    /// Verdict.
    pub verdict: Verdict,
    /// By what share the chosen model's error lies below that of the best baseline: on the older origins, on the
    /// newer ones.
    pub gains: [f64; 2],
    /// Older origins.
    pub chosen_on: Backtest,
    /// Newer origins.
    pub scored_on: Backtest,
    /// Errors of every model on both.
    pub errors: Vec<(Model, [Errors; 2])>,
}

impl Judged {
    /// Bands of a model by step ahead, from all origins.
    pub fn bands(&self, model: Model, horizon: usize, level: f64) -> Option<Vec<[f64; 2]>> {
        let (_, [older, newer]) = self.errors.iter().find(|(m, _)| *m == model)?;
        bands(&[older, newer], horizon, level)
    }

    /// What the bands from the older origins held of the newer ones.
    fn coverage(&self, horizon: usize, level: f64) -> Option<f64> {
        let (_, [older, newer]) = self.errors.iter().find(|(m, _)| *m == self.chosen)?;
        let (inside, all) = held(newer, &bands(&[older], horizon, level)?);
        (all > 0).then(|| inside as f64 / all as f64)
    }
}

impl Task<'_> {
    /// Chooses a model and holds it against the baselines.
    ///
    /// # Errors
    /// When there is too little to learn from or to hold against.
    pub fn judge(&self) -> Result<Judged, TooLittle> {
        let (older, newer) = self.halves()?;
        let inside = || self.series.values().iter().flatten();
        let models = Model::all(self.grid, inside().all(|v| *v > 0.0), !self.beside.is_empty());
        let (chosen_on, first) = self.backtest(&models, &older);
        let (scored_on, second) = self.backtest(&models, &newer);
        let least = |backtest: &Backtest, of: fn(Model) -> bool| {
            backtest.scores.iter().find(|s| of(s.model)).cloned().ok_or(TooLittle::Nothing)
        };
        let chosen = least(&chosen_on, |_| true)?.model;
        let gain = |backtest: &Backtest| {
            let theirs = least(backtest, Model::baseline)?.mae;
            let own = backtest.of(chosen).ok_or(TooLittle::Nothing)?.mae;
            Ok(if theirs > 0.0 { 1.0 - own / theirs } else { 0.0 })
        };
        let gains = [gain(&chosen_on)?, gain(&scored_on)?];
        let verdict = match () {
            () if chosen.baseline() => Verdict::BaselineChosen,
            () if gains.iter().any(|g| *g < self.rules.margin) => Verdict::NoBetter,
            () => Verdict::Better,
        };
        let baseline = least(&scored_on, Model::baseline)?.model;
        let both = |(model, older): (Model, Errors)| {
            let newer = second.iter().find(|(m, _)| *m == model)?.1.clone();
            Some((model, [older, newer]))
        };
        let errors = first.into_iter().filter_map(both).collect();
        Ok(Judged { chosen, baseline, verdict, gains, chosen_on, scored_on, errors })
    }

    /// Forecasts what comes after the newest measured value.
    ///
    /// # Errors
    /// When there is too little to learn from or to hold against.
    pub fn forecast(&self) -> Result<Forecast, TooLittle> {
        let last = self.series.len().saturating_sub(1);
        let training = self.series.training(last, self.grid, self.rules.missing_max)?;
        let last = self.series.measured(last).ok_or(TooLittle::Nothing)?;
        let judged = self.judge()?;
        let (horizon, level) = (self.grid.horizon, self.rules.level);
        let fitted = self.fit(judged.chosen, last).ok_or(TooLittle::Nothing)?;
        let points = |model: Model| {
            let fitted = self.fit(model, last)?;
            let (ahead, bands) = (self.ahead(&fitted, last)?, judged.bands(model, horizon, level)?);
            let least = self.series.values().iter().flatten().copied().fold(f64::INFINITY, f64::min);
            let floor = if least >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
            let one = |(h, (value, [low, high])): (usize, (f64, [f64; 2]))| {
                let at = self.series.at(last + 1 + h);
                let [low, high] = [value + low.min(0.0), value + high.max(0.0)].map(|v| short(v.max(floor)));
                Point { at, value: short(value), low, high }
            };
            Some(ahead.into_iter().zip(bands).enumerate().map(one).collect::<Vec<_>>())
        };
        let shown = judged.verdict == Verdict::Better;
        let effect = |(regressor, adds): (&Regressor, &f64)| Effect {
            name: regressor.name.clone(),
            adds: *adds,
            ahead: regressor.ahead,
        };
        Ok(Forecast {
            v: FORMAT,
            rules: self.rules.version,
            grid: self.grid.name.clone(),
            step_ms: self.series.step_ms(),
            training,
            model: judged.chosen,
            ets: fitted.ets,
            effects: self.beside.iter().zip(&fitted.effects).map(effect).collect(),
            verdict: judged.verdict,
            baseline: judged.baseline,
            gains_percent: judged.gains.map(|g| short(100.0 * g)),
            margin_percent: 100.0 * self.rules.margin,
            level_percent: 100.0 * level,
            coverage_percent: judged.coverage(horizon, level).map(|c| short(100.0 * c)),
            points: if shown { points(judged.chosen).ok_or(TooLittle::Nothing)? } else { Vec::new() },
            plain: if shown { Vec::new() } else { points(judged.baseline).ok_or(TooLittle::Nothing)? },
            chosen_on: judged.chosen_on,
            scored_on: judged.scored_on,
        })
    }
}

/// Six digits: more is not known, and every one is kept for years.
fn short(v: f64) -> f64 {
    format!("{v:.5e}").parse().unwrap_or(v)
}

/// Holidays as a regressor (节假日): 1 on a day off, 0 else, for every step of a series and those ahead; none when the
/// table does not have one of the years, or when no day of them differs.
pub fn holidays(series: &Regular, horizon: usize, table: &Holidays, zone: &Zone) -> Option<Regressor> {
    let off = |place: usize| table.off(zone.day(series.at(place))).map(|off| f64::from(u8::from(off)));
    let values: Vec<f64> = (0..series.len() + horizon).map(off).collect::<Option<_>>()?;
    let moves = values.windows(2).any(|w| w[0] != w[1]);
    moves.then(|| Regressor { name: "holiday".into(), values, ahead: true })
}

/// Another series as a regressor, at the steps of this one; its gaps are bridged. None when it does not reach over
/// the series, or when more of it is missing than a training span may miss. What comes ahead is not known: its last
/// value stands for it.
pub fn beside(
    series: &Regular,
    name: &str,
    other: &[(Instant, f64)],
    grid: &Grid,
    missing_max: f64,
) -> Option<Regressor> {
    let step = series.step_ms() * 1_000;
    let mut values: Vec<Option<f64>> = vec![None; series.len()];
    for (at, value) in other {
        let place = (at.0 - series.at(0).0).div_euclid(step);
        if let Some(slot) = usize::try_from(place).ok().and_then(|place| values.get_mut(place)) {
            *slot = Some(*value);
        }
    }
    let missing = values.iter().filter(|v| v.is_none()).count();
    let short = values.iter().take_while(|v| v.is_none()).count() <= grid.gap_max;
    if !short || missing as f64 > missing_max * values.len() as f64 {
        return None;
    }
    let first = values.iter().flatten().next().copied()?;
    // the last known value stands for what is missing: nothing later is looked at
    let held = values.into_iter().scan(first, |last, v| {
        *last = v.unwrap_or(*last);
        Some(*last)
    });
    Some(Regressor { name: name.to_owned(), values: held.collect(), ahead: false })
}

/// How an earlier forecast turned out (预报检验).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Steps that have been measured since.
    pub measured: usize,
    /// Of these, inside the interval.
    pub inside: usize,
    /// Mean absolute error of these.
    pub mae: f64,
}

/// Holds steps ahead against what was measured; none while nothing was.
pub fn outcome(points: &[Point], measured: impl Fn(Instant) -> Option<f64>) -> Option<Outcome> {
    let both: Vec<(&Point, f64)> = points.iter().filter_map(|p| Some((p, measured(p.at)?))).collect();
    let inside = both.iter().filter(|(p, v)| p.low <= *v && *v <= p.high).count();
    let sum: f64 = both.iter().map(|(p, v)| (p.value - v).abs()).sum();
    (!both.is_empty()).then(|| Outcome { measured: both.len(), inside, mae: sum / both.len() as f64 })
}
