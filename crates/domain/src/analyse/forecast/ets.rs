//! Exponential smoothing (指数平滑, ETS) with additive error: no trend or an additive damped one, no season or an
//! additive one.
//!
//! Error correction form: with level l, trend b, season s of length m and damping φ, the next value is expected at μ
//! = l + φb + s; its error e moves l by αe, b by βe and s by γe. The parameters are those of least squared errors one
//! step ahead, found by the simplex method of Nelder and Mead from a fixed start; the form is the one of lowest AICc.
//! The same input gives the same result.

use serde::{Deserialize, Serialize};

use crate::standard::forecast::ForecastRules;

/// A form with its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ets {
    /// Smoothing of the level.
    pub alpha: f64,
    /// Smoothing of the trend, and its damping; none without a trend.
    pub trend: Option<[f64; 2]>,
    /// Smoothing of the season, and its length; none without a season.
    pub season: Option<(f64, usize)>,
    /// Corrected information criterion of Akaike: lower is better.
    pub aicc: f64,
}

/// Where a series stands after its last value.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    level: f64,
    slope: f64,
    damping: f64,
    season: Vec<f64>,
    next: usize,
    squares: f64,
}

/// Bounds of parameters.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    least: f64,
    damping: [f64; 2],
}

impl From<&ForecastRules> for Bounds {
    fn from(rules: &ForecastRules) -> Self {
        Self { least: rules.smoothing_min, damping: rules.damping }
    }
}

/// Turns of the simplex method, at most, and where it is content.
const TURNS: usize = 160;
const CLOSE: f64 = 1e-7;

impl Ets {
    /// Fits every form and keeps the best one; none when the series is too short. A season needs two of its lengths.
    pub fn fit(series: &[f64], season: Option<usize>, bounds: Bounds) -> Option<Self> {
        let seasons = [None, season.filter(|m| series.len() >= 2 * m + 8)];
        let forms = [false, true].into_iter().flat_map(|trend| seasons.map(|season| (trend, season)));
        let mut tried: Vec<(bool, Option<usize>)> = forms.collect();
        tried.dedup();
        let fitted = tried.into_iter().filter_map(|(trend, season)| one(series, trend, season, bounds));
        fitted.min_by(|a, b| a.aicc.total_cmp(&b.aicc))
    }

    /// Goes along a series with these parameters.
    pub fn run(&self, series: &[f64]) -> State {
        let m = self.season.map_or(0, |(_, m)| m);
        let mut state = State::begin(series, m, self.trend);
        for value in series {
            state.see(*value, self);
        }
        state
    }
}

impl State {
    /// Level and season of the first two cycles, or level of the first values; a trend begins as it runs there.
    fn begin(series: &[f64], m: usize, trend: Option<[f64; 2]>) -> Self {
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
        let length = if m > 0 { m } else { 5 }.min(series.len() / 2);
        let (first, second) = (mean(&series[..length]), mean(&series[length..2 * length]));
        let slope = if trend.is_some() && length > 0 { (second - first) / length as f64 } else { 0.0 };
        let season = (0..m).map(|i| f64::midpoint(series[i] - first, series[i + m] - second)).collect();
        let damping = trend.map_or(1.0, |[_, damping]| damping);
        Self { level: first, slope, damping, season, next: 0, squares: 0.0 }
    }

    fn see(&mut self, value: f64, by: &Ets) {
        let slope = self.damping * self.slope;
        let expected = self.level + slope + self.season.get(self.next).copied().unwrap_or_default();
        let error = value - expected;
        self.level += slope + by.alpha * error;
        if let Some([beta, _]) = by.trend {
            self.slope = slope + beta * error;
        }
        if let Some((gamma, m)) = by.season {
            self.season[self.next] += gamma * error;
            self.next = (self.next + 1) % m;
        }
        self.squares += error * error;
    }

    /// What is expected at each of the next steps.
    pub fn ahead(&self, horizon: usize) -> Vec<f64> {
        let (mut sum, mut factor) = (0.0, 1.0);
        let step = |i: usize| {
            factor *= self.damping;
            sum += factor * self.slope;
            let season = if self.season.is_empty() { 0.0 } else { self.season[(self.next + i) % self.season.len()] };
            self.level + sum + season
        };
        (0..horizon).map(step).collect()
    }
}

/// Any number into an interval.
fn inside(x: f64, low: f64, high: f64) -> f64 {
    low + (high - low) / (1.0 + (-x).exp())
}

fn of(x: &[f64], trend: bool, season: Option<usize>, bounds: Bounds) -> Ets {
    let mut rest = x.iter().copied();
    let mut take = |low: f64, high: f64| inside(rest.next().unwrap_or_default(), low, high.max(low));
    let (least, most) = (bounds.least, 1.0 - bounds.least);
    let alpha = take(least, most);
    let trend = trend.then(|| [take(least.min(alpha), alpha), take(bounds.damping[0], bounds.damping[1])]);
    let season = season.map(|m| (take(least.min(1.0 - alpha), 1.0 - alpha), m));
    Ets { alpha, trend, season, aicc: f64::INFINITY }
}

fn one(series: &[f64], trend: bool, season: Option<usize>, bounds: Bounds) -> Option<Ets> {
    let free = 1 + 2 * usize::from(trend) + usize::from(season.is_some());
    // level, trend and season at the begin are estimated too, and so is the variance
    let counted = (free + 2 + usize::from(trend) + season.unwrap_or_default()) as f64;
    let n = series.len() as f64;
    if n - counted - 1.0 < 1.0 {
        return None;
    }
    let squares = |x: &[f64]| of(x, trend, season, bounds).run(series).squares;
    let x = simplex(free, squares);
    let fitted = of(&x, trend, season, bounds);
    let squares = fitted.run(series).squares;
    if !squares.is_finite() {
        return None;
    }
    let likelihood = n * (squares / n).max(f64::MIN_POSITIVE).ln();
    let aicc = likelihood + 2.0 * counted + 2.0 * counted * (counted + 1.0) / (n - counted - 1.0);
    Some(Ets { aicc, ..fitted })
}

/// The simplex method (Nelder and Mead 1965) from the middle of the bounds.
fn simplex(free: usize, cost: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut points: Vec<(Vec<f64>, f64)> = (0..=free)
        .map(|i| {
            // smoothing begins weak; one corner for each parameter
            let x: Vec<f64> = (0..free).map(|k| if k + 1 == i { 1.0 } else { -1.0 }).collect();
            let c = cost(&x);
            (x, c)
        })
        .collect();
    for _ in 0..TURNS {
        points.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (best, worst) = (points[0].1, points[free].1);
        if (worst - best).abs() <= CLOSE * (best.abs() + CLOSE) {
            break;
        }
        let centre: Vec<f64> =
            (0..free).map(|k| points[..free].iter().map(|(x, _)| x[k]).sum::<f64>() / free as f64).collect();
        let at = |t: f64| {
            let x: Vec<f64> = centre.iter().zip(&points[free].0).map(|(c, w)| c + t * (w - c)).collect();
            let c = cost(&x);
            (x, c)
        };
        let mirrored = at(-1.0);
        let found = if mirrored.1 < best {
            let further = at(-2.0);
            if further.1 < mirrored.1 { further } else { mirrored }
        } else if mirrored.1 < points[free - 1].1 {
            mirrored
        } else {
            at(if mirrored.1 < worst { -0.5 } else { 0.5 })
        };
        if found.1 < worst {
            points[free] = found;
            continue;
        }
        let towards = points[0].0.clone();
        for (x, c) in &mut points[1..] {
            x.iter_mut().zip(&towards).for_each(|(x, t)| *x = f64::midpoint(*x, *t));
            *c = cost(x);
        }
    }
    points.sort_by(|a, b| a.1.total_cmp(&b.1));
    points.swap_remove(0).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Bounds {
        Bounds { least: 0.0001, damping: [0.8, 0.98] }
    }

    /// Noise without a library: the fraction of a sine of large steps.
    fn noise(i: usize) -> f64 {
        let x = (i as f64 * 12.989_8).sin() * 43_758.545_3;
        x - x.floor() - 0.5
    }

    #[test]
    fn one_step_by_hand() {
        let ets = Ets { alpha: 0.5, trend: None, season: None, aicc: 0.0 };
        // the level begins at the mean of the first two, 3.5: 2 moves it to 2.75, 5 to 3.875, 3 to 3.4375, 5 to 4.21875
        let state = ets.run(&[2.0, 5.0, 3.0, 5.0]);
        assert_eq!(state.ahead(2), [4.21875, 4.21875]);
        let damped = State { level: 10.0, slope: 2.0, damping: 0.5, season: vec![1.0, -1.0], next: 1, squares: 0.0 };
        assert_eq!(damped.ahead(3), [10.0, 12.5, 10.75], "1, 0.5 and 0.25 of the trend more each time");
    }

    #[test]
    fn a_season_is_found_and_continued() {
        let cycle = [0.0, 3.0, 1.0, -2.0, -4.0, 2.0];
        let series: Vec<f64> = (0..120).map(|i| 20.0 + cycle[i % 6] + 0.2 * noise(i)).collect();
        let ets = Ets::fit(&series, Some(6), bounds()).expect("fits");
        assert!(ets.season.is_some(), "{ets:?}");
        for (i, value) in ets.run(&series).ahead(12).into_iter().enumerate() {
            assert!((value - 20.0 - cycle[i % 6]).abs() < 0.3, "step {i}: {value}");
        }
    }

    #[test]
    fn noise_alone_gets_no_season_and_little_smoothing() {
        let series: Vec<f64> = (0..200).map(|i| 7.0 + noise(i)).collect();
        let ets = Ets::fit(&series, Some(6), bounds()).expect("fits");
        assert!(ets.season.is_none() && ets.trend.is_none() && ets.alpha < 0.2, "{ets:?}");
        let walk: Vec<f64> = series
            .iter()
            .scan(0.0, |sum, v| {
                *sum += v - 7.0;
                Some(*sum)
            })
            .collect();
        let ets = Ets::fit(&walk, None, bounds()).expect("fits");
        assert!(ets.alpha > 0.8, "a random walk goes on from its last value: {ets:?}");
        assert_eq!(Ets::fit(&walk, None, bounds()), Some(ets), "the same again");
    }
}
