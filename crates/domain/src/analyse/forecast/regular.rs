//! Series on a regular grid (等间隔序列): what the models work on.

use serde::{Deserialize, Serialize};

use crate::standard::forecast::Grid;
use crate::time::Instant;

const MS: i64 = 1_000;

/// Values of one unit at equal steps; a step of which nothing was measured has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Regular {
    start: Instant,
    step_ms: i64,
    values: Vec<Option<f64>>,
}

/// The stretch a model learns from (训练区间).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Training {
    /// First step.
    pub from: Instant,
    /// Last step: the newest measured value.
    pub until: Instant,
    /// Steps.
    pub steps: usize,
    /// Steps without a measured value, bridged by a straight line (缺口补齐).
    pub bridged: usize,
    /// Longest run of them.
    pub longest_gap: usize,
}

/// Too little to forecast from (数据不足).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum TooLittle {
    /// No value at all.
    #[error("no value")]
    Nothing,
    /// The span without a long gap is too short.
    #[error("{have} steps since the last long gap, {need} are needed")]
    Short {
        /// Steps.
        have: usize,
        /// Steps that are needed.
        need: usize,
    },
    /// Too many steps were not measured.
    #[error("{bridged} of {steps} steps were not measured")]
    Gaps {
        /// Steps without a value.
        bridged: usize,
        /// All steps.
        steps: usize,
    },
    /// Too few moments of the past to choose at and to compare at.
    #[error("{have} origins, {need} are needed")]
    Origins {
        /// Origins.
        have: usize,
        /// Origins that are needed.
        need: usize,
    },
    /// The newest value is so old that nothing of what would be forecast is still to come.
    #[error("the newest value is {behind} steps old")]
    Stale {
        /// Steps without a value since.
        behind: usize,
    },
    /// Every value is the same: there is nothing to forecast.
    #[error("every value is the same")]
    Constant,
}

impl Regular {
    /// Brings values to a grid: a step holds the mean of what is stamped inside. `offset_ms` is that of civil time,
    /// so that days begin at civil midnight. Values in any order; none without one.
    pub fn of(values: &[(Instant, f64)], step_ms: i64, offset_ms: i64) -> Option<Self> {
        let place = |at: Instant| (at.0 + offset_ms * MS).div_euclid(step_ms * MS);
        let finite = || values.iter().filter(|(_, v)| v.is_finite());
        let first = finite().map(|(at, _)| place(*at)).min()?;
        let last = finite().map(|(at, _)| place(*at)).max()?;
        let mut sums = vec![(0.0, 0u32); usize::try_from(last - first).ok()? + 1];
        for (at, value) in finite() {
            let slot = &mut sums[(place(*at) - first) as usize];
            *slot = (slot.0 + value, slot.1 + 1);
        }
        let mean = |(sum, n): (f64, u32)| (n > 0).then(|| sum / f64::from(n));
        let start = Instant(first * step_ms * MS - offset_ms * MS);
        Some(Self { start, step_ms, values: sums.into_iter().map(mean).collect() })
    }

    /// Start of a step, also of one that is still to come.
    pub fn at(&self, place: usize) -> Instant {
        self.start.plus_ms(place as i64 * self.step_ms)
    }

    /// The step, milliseconds.
    pub fn step_ms(&self) -> i64 {
        self.step_ms
    }

    /// Measured values by step.
    pub fn values(&self) -> &[Option<f64>] {
        &self.values
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Never: a series has a step.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The same without what comes after a step.
    pub fn until(&self, place: usize) -> Self {
        let values = self.values[..(place + 1).min(self.len())].to_vec();
        Self { values, ..*self }
    }

    /// The newest measured step up to one.
    pub fn measured(&self, place: usize) -> Option<usize> {
        (0..(place + 1).min(self.len())).rev().find(|i| self.values[*i].is_some())
    }

    /// First step of what can be learnt from at step `last`, which is measured: after the newest long gap, and not
    /// longer than the grid allows.
    pub fn begin(&self, last: usize, grid: &Grid) -> usize {
        let mut begin = last;
        for place in (0..=last).rev() {
            if self.values[place].is_some() {
                begin = place;
            }
            if begin - place > grid.gap_max || last - place >= grid.train {
                break;
            }
        }
        begin
    }

    /// Values from `begin` to `last`, both measured, with gaps bridged by straight lines: nothing after `last` is
    /// looked at.
    pub fn bridged(&self, begin: usize, last: usize) -> Vec<f64> {
        let mut out: Vec<f64> = Vec::with_capacity(last + 1 - begin);
        let (mut before, mut gap) = (f64::NAN, 0);
        for value in &self.values[begin..=last] {
            match value {
                Some(value) => {
                    let step = |i: usize| before + (value - before) * i as f64 / (gap + 1) as f64;
                    out.extend((1..=gap).map(step));
                    out.push(*value);
                    (before, gap) = (*value, 0);
                }
                None => gap += 1,
            }
        }
        out
    }

    /// What would be learnt from at step `last`.
    ///
    /// # Errors
    /// When that is too short, has too many gaps or is one value only.
    pub fn training(&self, last: usize, grid: &Grid, missing_max: f64) -> Result<Training, TooLittle> {
        let last = self.measured(last).ok_or(TooLittle::Nothing)?;
        let begin = self.begin(last, grid);
        let inside = &self.values[begin..=last];
        let steps = inside.len();
        if steps < grid.train_min {
            return Err(TooLittle::Short { have: steps, need: grid.train_min });
        }
        let bridged = inside.iter().filter(|v| v.is_none()).count();
        if bridged as f64 > missing_max * steps as f64 {
            return Err(TooLittle::Gaps { bridged, steps });
        }
        let mut measured = inside.iter().flatten();
        let first = measured.next();
        if measured.all(|v| Some(v) == first) {
            return Err(TooLittle::Constant);
        }
        let longest_gap = inside.split(Option::is_some).map(<[_]>::len).max().unwrap_or_default();
        Ok(Training { from: self.at(begin), until: self.at(last), steps, bridged, longest_gap })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::forecast::ForecastRules;

    fn hour(h: i64, value: f64) -> (Instant, f64) {
        (Instant(h * 3_600_000_000), value)
    }

    #[test]
    fn a_step_holds_the_mean_of_what_is_inside() {
        let day = 86_400_000;
        let values = [hour(0, 1.0), hour(15, 3.0), hour(16, 10.0), hour(64, 7.0)];
        let china = Regular::of(&values, day, 8 * 3_600_000).expect("values");
        assert_eq!(china.values(), [Some(2.0), Some(10.0), None, Some(7.0)], "days begin at 16:00 UTC");
        assert_eq!(china.at(1), Instant(16 * 3_600_000_000));
        assert_eq!(Regular::of(&[], day, 0), None);
    }

    #[test]
    fn a_gap_is_bridged_and_a_long_one_is_not() {
        let mut grid = ForecastRules::embedded().expect("loads").grid("day").expect("there").clone();
        (grid.gap_max, grid.train_min, grid.train) = (2, 4, 100);
        let values: Vec<_> = [(0, 9.0), (5, 1.0), (6, 2.0), (9, 5.0), (10, 4.0)].map(|(d, v)| hour(24 * d, v)).into();
        let series = Regular::of(&values, grid.step_ms, 0).expect("values");
        let training = series.training(10, &grid, 0.4).expect("enough");
        assert_eq!((training.steps, training.bridged, training.longest_gap), (6, 2, 2));
        assert_eq!(series.bridged(5, 10), [1.0, 2.0, 3.0, 4.0, 5.0, 4.0]);
        assert_eq!(series.training(10, &grid, 0.3), Err(TooLittle::Gaps { bridged: 2, steps: 6 }));
        assert_eq!(series.training(5, &grid, 0.4), Err(TooLittle::Short { have: 1, need: 4 }));
    }
}
