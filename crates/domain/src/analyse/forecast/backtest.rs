//! Rolling origins (滚动回测): what each model would have said at moments of the past, held against what was measured then.

use serde::{Deserialize, Serialize};

use super::ets::Bounds;
use super::model::{Beside, Fitted, Model, Regressor};
use super::regular::{Regular, TooLittle};
use super::short;
use crate::standard::forecast::{ForecastRules, Grid};
use crate::time::Instant;

/// A series with everything that a forecast of it needs.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The series.
    pub series: &'a Regular,
    /// Regressors, each with a number for every step of the series.
    pub beside: &'a [Regressor],
    /// Its grid.
    pub grid: &'a Grid,
    /// Rules.
    pub rules: &'a ForecastRules,
}

/// Measured less forecast, by origin and step ahead; none where nothing was measured.
pub type Errors = Vec<Vec<Option<f64>>>;

/// Errors at one horizon.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HorizonScore {
    /// Steps ahead.
    pub horizon: usize,
    /// Forecasts that could be held against a measured value.
    pub count: usize,
    /// Mean absolute error (平均绝对误差), in the unit of the series.
    pub mae: f64,
    /// Root of the mean squared error (均方根误差).
    pub rmse: f64,
}

/// Errors of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelScore {
    /// Model.
    pub model: Model,
    /// Mean absolute error over all steps ahead.
    pub mae: f64,
    /// At the horizons that are reported.
    pub horizons: Vec<HorizonScore>,
}

/// Models held against one another over the same origins, the same steps ahead, the same measured values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// Origins.
    pub origins: usize,
    /// First of them.
    pub from: Instant,
    /// Last of them.
    pub until: Instant,
    /// Models, the least error first.
    pub scores: Vec<ModelScore>,
}

impl Backtest {
    /// The score of a model.
    pub fn of(&self, model: Model) -> Option<&ModelScore> {
        self.scores.iter().find(|s| s.model == model)
    }
}

impl Task<'_> {
    /// Origins, ascending: measured steps at equal distances back from the newest, with enough to learn from before
    /// them.
    pub fn origins(&self) -> Vec<usize> {
        let mut out: Vec<usize> = Vec::new();
        let Some(last) = self.series.measured(self.series.len().saturating_sub(1)) else { return out };
        let mut next = last.checked_sub(1);
        while let Some(place) = next
            && out.len() < self.grid.origins
            && let Some(origin) = self.series.measured(place)
        {
            if origin + 1 - self.series.begin(origin, self.grid) < self.grid.train_min {
                break;
            }
            out.push(origin);
            next = place.min(origin + self.grid.every - 1).checked_sub(self.grid.every);
        }
        out.reverse();
        out
    }

    /// Origins on which the model is chosen, and later ones on which it is held against the baselines: what was
    /// measured for the choice was all known at the first of those.
    ///
    /// # Errors
    /// When there are too few of either.
    pub fn halves(&self) -> Result<(Vec<usize>, Vec<usize>), TooLittle> {
        let mut all = self.origins();
        let score = all.split_off((all.len() as f64 * self.rules.select_share) as usize);
        let first = score.first().copied().unwrap_or_default();
        all.retain(|origin| origin + self.grid.horizon <= first);
        let (have, need) = (all.len().min(score.len()), self.rules.origins_min);
        if have < need { Err(TooLittle::Origins { have, need }) } else { Ok((all, score)) }
    }

    /// Learns a model at a step, which is measured.
    pub fn fit(&self, model: Model, last: usize) -> Option<Fitted> {
        let begin = self.series.begin(last, self.grid);
        let beside = Beside { all: self.beside, begin };
        let bounds = Bounds::from(self.rules);
        Fitted::fit(model, &self.series.bridged(begin, last), beside, self.grid, bounds)
    }

    /// What a learnt model says at a step, which is measured. What was never below zero stays at or above it.
    pub fn ahead(&self, fitted: &Fitted, last: usize) -> Option<Vec<f64>> {
        let begin = self.series.begin(last, self.grid);
        let stretch = self.series.bridged(begin, last);
        let mut ahead = fitted.ahead(&stretch, Beside { all: self.beside, begin })?;
        if stretch.iter().all(|v| *v >= 0.0) {
            for v in &mut ahead {
                *v = v.max(0.0);
            }
        }
        ahead.iter().all(|v| v.is_finite()).then_some(ahead)
    }

    /// Errors of a model over origins. It learns at the first of them and goes on with what it learnt there; none
    /// when it cannot.
    pub fn errors(&self, model: Model, origins: &[usize]) -> Option<Errors> {
        let fitted = self.fit(model, *origins.first()?)?;
        let one = |origin: &usize| {
            let ahead = self.ahead(&fitted, *origin)?;
            let measured = |h: usize| self.series.values().get(origin + 1 + h).copied().flatten();
            Some(ahead.into_iter().enumerate().map(|(h, v)| Some(measured(h)? - v)).collect())
        };
        origins.iter().map(one).collect()
    }

    /// Holds models against one another over origins; those that cannot learn are left out.
    pub fn backtest(&self, models: &[Model], origins: &[usize]) -> (Backtest, Vec<(Model, Errors)>) {
        let tested: Vec<(Model, Errors)> =
            models.iter().filter_map(|model| Some((*model, self.errors(*model, origins)?))).collect();
        let score = |(model, errors): &(Model, Errors)| {
            let horizon = |h: usize| score(h, errors.iter().filter_map(|e| e[h - 1]));
            let all = score(0, errors.iter().flatten().copied().flatten())?;
            let horizons = self.grid.report.iter().filter_map(|h| horizon(*h)).collect();
            Some(ModelScore { model: *model, mae: all.mae, horizons })
        };
        let mut scores: Vec<ModelScore> = tested.iter().filter_map(score).collect();
        scores.sort_by(|a, b| a.mae.total_cmp(&b.mae).then(a.model.cmp(&b.model)));
        let at = |place: Option<&usize>| self.series.at(place.copied().unwrap_or_default());
        let (from, until) = (at(origins.first()), at(origins.last()));
        (Backtest { origins: origins.len(), from, until, scores }, tested)
    }
}

/// Mean errors; none of nothing.
pub fn score(horizon: usize, errors: impl Iterator<Item = f64>) -> Option<HorizonScore> {
    let (mut count, mut sum, mut squares) = (0, 0.0, 0.0);
    for error in errors {
        count += 1;
        sum += error.abs();
        squares += error * error;
    }
    let n = count as f64;
    (count > 0).then(|| HorizonScore { horizon, count, mae: short(sum / n), rmse: short((squares / n).sqrt()) })
}

/// The band (预测区间) that held a share of errors: with n errors the ones of rank ⌊(n+1)a⌋ and ⌈(n+1)(1−a)⌉, a half of
/// what may lie outside. None of nothing.
pub fn band(errors: impl Iterator<Item = f64>, level: f64) -> Option<[f64; 2]> {
    let mut sorted: Vec<f64> = errors.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    let outside = (n + 1) as f64 * (1.0 - level) / 2.0;
    // a rank that is whole but for the last bit is that rank
    let below = ((outside + 1e-9).floor() as usize).clamp(1, n.max(1));
    let (low, high) = (sorted.get(below - 1)?, sorted.get(n - below)?);
    Some([*low, *high])
}

/// Bands by step ahead; none unless every step has one.
pub fn bands(errors: &[&Errors], horizon: usize, level: f64) -> Option<Vec<[f64; 2]>> {
    let step = |h: usize| band(errors.iter().flat_map(|e| e.iter()).filter_map(|e| e[h]), level);
    (0..horizon).map(step).collect()
}

/// How many errors lie within bands, and of how many.
pub fn held(errors: &Errors, bands: &[[f64; 2]]) -> (usize, usize) {
    let all = || errors.iter().flat_map(|e| e.iter().zip(bands)).filter_map(|(e, band)| Some(((*e)?, band)));
    (all().filter(|(e, [low, high])| low <= e && e <= high).count(), all().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_and_bands_by_hand() {
        let s = score(1, [3.0, -4.0].into_iter()).expect("errors");
        assert_eq!((s.count, s.mae, s.rmse), (2, 3.5, 3.53553));
        assert_eq!(score(1, std::iter::empty()), None);
        let errors = || (1..=19).map(f64::from);
        assert_eq!(band(errors(), 0.8), Some([2.0, 18.0]), "ranks 2 and 18 of 19");
        assert_eq!(band([7.0].into_iter(), 0.8), Some([7.0, 7.0]));
        assert_eq!(band(std::iter::empty(), 0.8), None);
        let all: Errors = vec![vec![Some(1.0), None], vec![Some(9.0), Some(2.0)]];
        assert_eq!(held(&all, &[[0.0, 5.0], [0.0, 5.0]]), (2, 3));
    }
}
