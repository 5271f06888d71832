//! Choice, verdict, interval: on series of which it is known what comes.

use super::*;
use crate::standard::forecast::ForecastRules;
use proptest::prelude::*;

/// Normal noise from a seed: twelve uniforms less six (splitmix64).
fn noise(seed: u64, count: usize) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..count).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
}

fn series(values: impl IntoIterator<Item = f64>, grid: &Grid) -> Regular {
    let at = |i: usize| Instant(1_700_000_000_000_000).plus_ms(i as i64 * grid.step_ms);
    let values: Vec<_> = values.into_iter().enumerate().map(|(i, v)| (at(i), v)).collect();
    Regular::of(&values, grid.step_ms, 0).expect("values")
}

fn rules() -> (ForecastRules, Grid) {
    let rules = ForecastRules::embedded().expect("loads");
    let grid = rules.grid("day").expect("there").clone();
    (rules, grid)
}

#[test]
fn a_weekly_cycle_under_noise_is_shown() {
    let (rules, grid) = rules();
    let cycle = [0.0, 1.0, 2.0, 3.0, 2.5, -4.0, -5.0];
    let values = noise(7, 300).into_iter().enumerate().map(|(i, e)| 30.0 + cycle[i % 7] + e);
    let series = series(values, &grid);
    let forecast = Task { series: &series, beside: &[], grid: &grid, rules: &rules }.forecast().expect("enough");
    assert_eq!((forecast.verdict, forecast.points.len()), (Verdict::Better, 4), "{forecast:#?}");
    assert!(
        forecast.gains_percent[1] > 15.0,
        "the noise of two values weighs on the baseline: {}",
        forecast.gains_percent[1]
    );
    for (h, point) in forecast.points.iter().enumerate() {
        assert_eq!(point.at, series.at(300 + h));
        assert!(
            (point.value - 30.0 - cycle[(300 + h) % 7]).abs() < 1.2
                && point.low < point.value
                && point.value < point.high
        );
    }
    let coverage = forecast.coverage_percent.expect("held against");
    assert!((60.0..=97.0).contains(&coverage), "{coverage}");
    let text = serde_json::to_string(&forecast).expect("writes");
    assert_eq!(serde_json::from_str::<Forecast>(&text).expect("reads").model, forecast.model);
}

#[test]
fn a_random_walk_is_not_better_than_its_last_value() {
    let (rules, grid) = rules();
    for seed in [1, 2, 3] {
        let mut level = 500.0;
        let walk = noise(seed, 300).into_iter().map(|e| {
            level += e;
            level
        });
        let series = series(walk, &grid);
        let forecast = Task { series: &series, beside: &[], grid: &grid, rules: &rules }.forecast().expect("enough");
        assert!(!forecast.shown() && forecast.points.is_empty(), "seed {seed}: {:?}", forecast.model);
        assert_eq!(forecast.baseline, Model::Persistence);
        assert_eq!((forecast.plain.len(), forecast.best()), (4, &forecast.plain[..]));
    }
}

#[test]
fn what_was_measured_for_the_choice_was_known_when_it_was_scored() {
    let (rules, grid) = rules();
    let series = series(noise(1, 300), &grid);
    let task = Task { series: &series, beside: &[], grid: &grid, rules: &rules };
    let (older, newer) = task.halves().expect("enough");
    assert!(older.iter().all(|origin| origin + grid.horizon <= newer[0]));
    assert_eq!((newer.last(), older.len(), newer.len()), (Some(&298), 51, 36));
}

#[test]
fn too_little_is_said() {
    let (rules, grid) = rules();
    let said = |values: Vec<f64>| {
        let series = series(values, &grid);
        Task { series: &series, beside: &[], grid: &grid, rules: &rules }.forecast().map(|f| f.model)
    };
    assert_eq!(said(vec![1.0; 40]), Err(TooLittle::Short { have: 40, need: 120 }));
    assert_eq!(said(vec![1.0; 300]), Err(TooLittle::Constant));
    assert_eq!(said(noise(1, 130)), Err(TooLittle::Origins { have: 3, need: 20 }));
}

#[test]
fn a_holiday_and_a_neighbour_stand_beside_a_series() {
    let (rules, grid) = rules();
    let at = |day: i64| Instant(1_769_904_000_000_000 + day * 86_400_000_000); // 2026-02-01
    let values: Vec<_> = (0..30).map(|d| (at(d), d as f64)).collect();
    let series = Regular::of(&values, grid.step_ms, 0).expect("values");
    let off = holidays(&series, 3, &rules.holidays, &Zone::china()).expect("a holiday");
    assert_eq!((off.values.iter().sum::<f64>(), off.values.len(), off.values[14]), (9.0, 33, 1.0));
    let wind = beside(&series, "a01007", &values[3..20], &grid, 0.5).expect("enough");
    assert_eq!((wind.values[0], wind.values[5], wind.values[29], wind.ahead), (3.0, 5.0, 19.0, false));
    assert_eq!(beside(&series, "a01007", &values[3..6], &grid, 0.5), None);
}

#[test]
fn an_outcome_counts_what_was_measured() {
    let point = |s: i64| Point { at: Instant(s), value: 5.0, low: 4.0, high: 6.0 };
    let measured = |at: Instant| [(1, 5.5), (2, 9.0)].into_iter().find(|(s, _)| Instant(*s) == at).map(|(_, v)| v);
    let said = outcome(&[point(1), point(2), point(3)], measured);
    assert_eq!(said, Some(Outcome { measured: 2, inside: 1, mae: 2.25 }));
    assert_eq!(outcome(&[point(3)], measured), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn a_forecast_moves_with_its_series(seed in 0u64..1_000, by in 1i32..50) {
        // the models without logarithms do not care for the level; values below zero keep the others away
        let (rules, grid) = rules();
        let values = noise(seed, 240);
        let ahead = |offset: f64| {
            let series = series(values.iter().map(|v| v + offset), &grid);
            let task = Task { series: &series, beside: &[], grid: &grid, rules: &rules };
            let fitted = task.fit(Model::Ets { log: false, explained: false }, 239)?;
            fitted.ahead(&series.bridged(0, 239), model::Beside { all: &[], begin: 0 })
        };
        let (here, there) = (ahead(0.0).expect("fits"), ahead(f64::from(by)).expect("fits"));
        for (a, b) in here.iter().zip(&there) {
            prop_assert!((a + f64::from(by) - b).abs() < 1e-2, "{a} and {b}");
        }
    }
}
