//! Models (预测模型): two baselines, exponential smoothing, and smoothing of what is left when seasons are taken away.
//!
//! *The last value* (persistence) and *the value a season ago* (seasonal naive) are what every other model is held against.
//! MSTL takes a series apart into one component for each season, a trend and a remainder by Loess (Bandara, Hyndman, Bergmeir
//! 2021): the seasons go on as in their last cycle, trend and remainder by exponential smoothing. On logarithms the same models
//! forecast medians of what grows by factors. Regressors enter by the least squares of differences, which a trend does not
//! disturb.

use serde::{Deserialize, Serialize};

use super::ets::{Bounds, Ets};
use crate::standard::forecast::Grid;

/// Which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Model {
    /// 上一值.
    Persistence,
    /// 上一周期同期值: a day or a week ago, in steps.
    Seasonal {
        /// Length of the season.
        season: usize,
    },
    /// 指数平滑.
    Ets {
        /// On logarithms.
        log: bool,
        /// With regressors.
        explained: bool,
    },
    /// 多周期分解加指数平滑.
    Mstl {
        /// On logarithms.
        log: bool,
        /// With regressors.
        explained: bool,
    },
}

impl Model {
    /// Whether it is one that the others are held against.
    pub fn baseline(self) -> bool {
        matches!(self, Self::Persistence | Self::Seasonal { .. })
    }

    fn log(self) -> bool {
        matches!(self, Self::Ets { log: true, .. } | Self::Mstl { log: true, .. })
    }

    fn explained(self) -> bool {
        matches!(self, Self::Ets { explained: true, .. } | Self::Mstl { explained: true, .. })
    }

    /// Every model that can be tried: those on logarithms when all values are above zero, those with regressors when
    /// there are some.
    pub fn all(grid: &Grid, positive: bool, explained: bool) -> Vec<Self> {
        let mut out = vec![Self::Persistence];
        out.extend(grid.seasons.iter().map(|season| Self::Seasonal { season: *season }));
        for log in [false, true] {
            if !log || positive {
                out.extend([Self::Ets { log, explained: false }, Self::Mstl { log, explained: false }]);
            }
        }
        if explained {
            out.extend([Self::Ets { log: false, explained: true }, Self::Mstl { log: false, explained: true }]);
        }
        out
    }
}

/// Something beside the series that may explain it: a holiday, the weather.
#[derive(Debug, Clone, PartialEq)]
pub struct Regressor {
    /// Name.
    pub name: String,
    /// One number for each step of the series, and for each step ahead when those are known.
    pub values: Vec<f64>,
    /// Whether the steps ahead are known, as holidays are; else the last number stands for them.
    pub ahead: bool,
}

/// A model with what it learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Model.
    pub model: Model,
    /// Smoothing; none of baselines.
    pub ets: Option<Ets>,
    /// What one unit of each regressor adds.
    pub effects: Vec<f64>,
    grid: Grid,
}

/// The part of regressors that belongs to a stretch of the series: `begin` to its last step, and what is known ahead.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// Regressors.
    pub all: &'a [Regressor],
    /// First step of the stretch in them.
    pub begin: usize,
}

impl Beside<'_> {
    fn at(&self, i: usize, place: usize, last: usize) -> f64 {
        let one = &self.all[i];
        let place = self.begin + if one.ahead { place } else { place.min(last) };
        one.values.get(place).or(one.values.last()).copied().unwrap_or_default()
    }
}

impl Fitted {
    /// Learns from a stretch; none when it is too short, or when the regressors tell nothing.
    pub fn fit(model: Model, series: &[f64], beside: Beside<'_>, grid: &Grid, bounds: Bounds) -> Option<Self> {
        let bare = |ets, effects| Self { model, ets, effects, grid: grid.clone() };
        if model.baseline() {
            return (series.len() >= grid.seasons.last().copied().unwrap_or(1)).then(|| bare(None, Vec::new()));
        }
        let effects = if model.explained() { effects(series, beside)? } else { Vec::new() };
        let mut fitted = bare(None, effects);
        let rest = fitted.rest(series, beside)?;
        fitted.ets = Some(match model {
            Model::Mstl { .. } => Ets::fit(&apart(&rest, grid)?.1, None, bounds)?,
            _ => Ets::fit(&rest, grid.seasons.first().copied(), bounds)?,
        });
        Some(fitted)
    }

    /// The series on its scale, without what regressors add.
    fn rest(&self, series: &[f64], beside: Beside<'_>) -> Option<Vec<f64>> {
        let last = series.len().checked_sub(1)?;
        let scaled = |v: f64| if self.model.log() { (v > 0.0).then(|| v.ln()) } else { Some(v) };
        let one = |(place, v): (usize, &f64)| Some(scaled(*v)? - self.added(beside, place, last));
        series.iter().enumerate().map(one).collect()
    }

    fn added(&self, beside: Beside<'_>, place: usize, last: usize) -> f64 {
        self.effects.iter().enumerate().map(|(i, effect)| effect * beside.at(i, place, last)).sum()
    }

    /// What comes after a stretch, step by step; none when it is too short for the model.
    pub fn ahead(&self, series: &[f64], beside: Beside<'_>) -> Option<Vec<f64>> {
        let horizon = self.grid.horizon;
        let n = series.len();
        match (self.model, &self.ets) {
            (Model::Persistence, _) => Some(vec![*series.last()?; horizon]),
            (Model::Seasonal { season }, _) => {
                let first = n.checked_sub(season)?;
                Some((0..horizon).map(|h| series[first + h % season]).collect())
            }
            (_, None) => None,
            (Model::Ets { .. } | Model::Mstl { .. }, Some(ets)) => {
                let rest = self.rest(series, beside)?;
                let scaled = match self.model {
                    Model::Mstl { .. } => {
                        let (seasons, rest) = apart(&rest, &self.grid)?;
                        let smooth = ets.run(&rest).ahead(horizon);
                        let season = |h: usize| seasons.iter().map(|s| s[h % s.len()]).sum::<f64>();
                        smooth.into_iter().enumerate().map(|(h, v)| v + season(h)).collect()
                    }
                    _ => ets.run(&rest).ahead(horizon),
                };
                let whole = |(h, v): (usize, f64)| {
                    let v = v + self.added(beside, n + h, n - 1);
                    if self.model.log() { v.exp() } else { v }
                };
                Some(scaled.into_iter().enumerate().map(whole).collect())
            }
        }
    }
}

/// Takes the newest part of a series apart: the last cycle of each season, and trend with remainder.
fn apart(series: &[f64], grid: &Grid) -> Option<(Vec<Vec<f64>>, Vec<f64>)> {
    let series = &series[series.len().saturating_sub(grid.decompose)..];
    let fit = stlrs::Mstl::fit(series, &grid.seasons).ok()?;
    let rest = fit.trend().iter().zip(fit.remainder()).map(|(t, r)| t + r).collect();
    let last = |(all, m): (&Vec<f64>, &usize)| all[all.len() - m..].to_vec();
    Some((fit.seasonal().iter().zip(&grid.seasons).map(last).collect(), rest))
}

/// Least squares of the differences of a series on those of the regressors; none when one of them does not move, or
/// all move as one.
fn effects(series: &[f64], beside: Beside<'_>) -> Option<Vec<f64>> {
    let (k, last) = (beside.all.len(), series.len().checked_sub(1)?);
    let moved = |i: usize, place: usize| beside.at(i, place, last) - beside.at(i, place - 1, last);
    let mut table = vec![vec![0.0; k + 1]; k];
    for place in 1..series.len() {
        let row: Vec<f64> = (0..k).map(|i| moved(i, place)).collect();
        for (i, line) in table.iter_mut().enumerate() {
            for (j, cell) in line[..k].iter_mut().enumerate() {
                *cell += row[i] * row[j];
            }
            line[k] += row[i] * (series[place] - series[place - 1]);
        }
    }
    solved(table).filter(|found| !found.is_empty())
}

/// Gauss with the largest pivot; none when there is no one solution.
fn solved(mut table: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let k = table.len();
    for i in 0..k {
        let largest = (i..k).max_by(|a, b| table[*a][i].abs().total_cmp(&table[*b][i].abs()))?;
        table.swap(i, largest);
        let pivot = table[i].clone();
        if pivot[i].abs() < 1e-9 {
            return None;
        }
        for line in table.iter_mut().skip(i + 1) {
            let factor = line[i] / pivot[i];
            line.iter_mut().zip(&pivot).skip(i).for_each(|(cell, p)| *cell -= factor * p);
        }
    }
    let mut found = vec![0.0; k];
    for i in (0..k).rev() {
        let rest: f64 = (i + 1..k).map(|j| table[i][j] * found[j]).sum();
        found[i] = (table[i][k] - rest) / table[i][i];
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::forecast::ForecastRules;

    const NONE: Beside<'static> = Beside { all: &[], begin: 0 };

    fn ready() -> (Grid, Bounds) {
        let rules = ForecastRules::embedded().expect("loads");
        (rules.grid("cycle").expect("there").clone(), Bounds::from(&rules))
    }

    #[test]
    fn baselines_say_what_was() {
        let (grid, bounds) = ready();
        let series: Vec<f64> = (0..90).map(f64::from).collect();
        let ahead = |model| {
            let fitted = Fitted::fit(model, &series, NONE, &grid, bounds).expect("fits");
            fitted.ahead(&series, NONE).expect("ahead")
        };
        assert_eq!(ahead(Model::Persistence), vec![89.0; 18]);
        assert_eq!(ahead(Model::Seasonal { season: 6 })[..7], [84.0, 85.0, 86.0, 87.0, 88.0, 89.0, 84.0]);
    }

    #[test]
    fn a_day_and_a_week_go_on_together() {
        let (grid, bounds) = ready();
        let value = |i: usize| {
            let (day, week) = (i as f64 / 6.0, i as f64 / 42.0);
            50.0 + 5.0 * (day * std::f64::consts::TAU).sin() + 3.0 * (week * std::f64::consts::TAU).cos()
        };
        let series: Vec<f64> = (0..420).map(value).collect();
        for log in [false, true] {
            let fitted =
                Fitted::fit(Model::Mstl { log, explained: false }, &series, NONE, &grid, bounds).expect("fits");
            for (h, ahead) in fitted.ahead(&series, NONE).expect("ahead").into_iter().enumerate() {
                assert!((ahead - value(420 + h)).abs() < 0.5, "step {h}: {ahead} for {}", value(420 + h));
            }
        }
    }

    #[test]
    fn a_regressor_is_known_ahead_or_held() {
        let (grid, bounds) = ready();
        let off = |i: usize| f64::from(u8::from(i % 30 < 4));
        let wave = |i: usize| 10.0 + (i as f64 * 0.7).sin() * 0.1;
        let series: Vec<f64> = (0..300).map(|i| wave(i) + 4.0 * off(i)).collect();
        let ahead = |known: bool| {
            let holiday = [Regressor { name: "holiday".into(), values: (0..318).map(off).collect(), ahead: known }];
            let beside = Beside { all: &holiday, begin: 0 };
            let model = Model::Ets { log: false, explained: true };
            let fitted = Fitted::fit(model, &series, beside, &grid, bounds).expect("fits");
            assert!((fitted.effects[0] - 4.0).abs() < 0.1, "{:?}", fitted.effects);
            fitted.ahead(&series, beside).expect("ahead")[0]
        };
        assert!((ahead(true) - 14.0).abs() < 0.3 && (ahead(false) - 10.0).abs() < 0.3);
        let same = [Regressor { name: "x".into(), values: vec![1.0; 318], ahead: true }];
        assert_eq!(effects(&series, Beside { all: &same, begin: 0 }), None, "what does not move tells nothing");
    }

    #[test]
    fn logarithms_need_values_above_zero() {
        let (grid, _) = ready();
        assert_eq!(Model::all(&grid, true, true).len(), 9);
        assert_eq!(Model::all(&grid, false, false).len(), 5);
    }
}
