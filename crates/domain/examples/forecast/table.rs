//! What came of it, by factor.

use std::collections::BTreeMap;

use shanshui_domain::analyse::forecast::backtest::{Backtest, Errors, Task, held, score};
use shanshui_domain::analyse::forecast::model::{Model, Regressor};
use shanshui_domain::analyse::forecast::regular::Regular;
use shanshui_domain::analyse::forecast::{Judged, Verdict, holidays};
use shanshui_domain::standard::forecast::{ForecastRules, Grid};
use shanshui_domain::time::Zone;

use crate::data::Measured;

const CHINA_MS: i64 = 8 * 3_600_000;
/// Columns of a table.
const KINDS: [&str; 5] = ["last value", "a week ago", "ETS", "MSTL", "chosen"];

/// One series: errors of the five columns by horizon, in shares of the last value's.
struct One {
    factor: &'static str,
    unit: &'static str,
    /// Mean absolute error by column: over all steps, then by horizon.
    mae: [Vec<f64>; 5],
    shown: bool,
    model: &'static str,
    held: (usize, usize),
}

pub fn measured(all: &[Measured], rules: &ForecastRules, [days, windows]: [usize; 2]) {
    let Some(grid) = rules.grid("day") else { return };
    let (mut ones, mut short, mut used) = (Vec::new(), BTreeMap::new(), 0);
    for series in all {
        let before = ones.len();
        for window in 0..windows {
            match one(series, rules, grid, (days, window)) {
                Ok(found) => ones.push(found),
                Err(reason) if window == 0 => *short.entry(reason).or_insert(0) += 1,
                Err(_) => {}
            }
        }
        used += usize::from(ones.len() > before);
    }
    println!(
        "{used} of {} series can be used, in {} windows of {days} days kept away (at most {windows} of a series).",
        all.len(),
        ones.len()
    );
    let reasons: Vec<String> = short.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    println!(
        "The newest window cannot be used of: {}.\n",
        if short.is_empty() { "none".into() } else { reasons.join(", ") }
    );
    let mut factors: Vec<&str> = Vec::new();
    for one in &ones {
        if !factors.contains(&one.factor) {
            factors.push(one.factor);
        }
    }
    errors(&ones, &factors);
    by_day(&ones, &factors, grid);
    shown(&ones, &factors, rules);
}

fn of<'a>(ones: &'a [One], factor: &str) -> Vec<&'a One> {
    ones.iter().filter(|o| o.factor == factor || factor == "all").collect()
}

fn errors(ones: &[One], factors: &[&str]) {
    println!(
        "Mean absolute error over one to four days ahead: of the last value in the unit of the factor, of the others in \
         per cent of the last value's; means over windows.\n"
    );
    println!(
        "| factor | windows | last value | {} | chosen is better | models chosen |",
        KINDS[1..].join(" % | ") + " %"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for factor in factors {
        let of = of(ones, factor);
        let relative = (1..KINDS.len()).map(|k| percent(&of, k, 0)).collect::<Vec<_>>().join(" | ");
        let better = of.iter().filter(|o| o.mae[4][0] < o.mae[0][0]).count();
        let last = of.iter().map(|o| o.mae[0][0]).sum::<f64>() / of.len() as f64;
        let (unit, n) = (of[0].unit, of.len());
        println!("| {factor} | {n} | {last:.3} {unit} | {relative} | {better} of {n} | {} |", chosen(&of));
    }
}

fn by_day(ones: &[One], factors: &[&str], grid: &Grid) {
    println!("\nThe same by day ahead, in per cent of the last value's error that far ahead.\n");
    let heads = grid.report.iter().flat_map(|h| KINDS[2..].iter().map(move |k| format!("{k}, {h} d")));
    println!("| factor | {} |", heads.collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(grid.report.len() * 3));
    for factor in factors {
        let of = of(ones, factor);
        let all = (1..=grid.report.len()).flat_map(|h| (2..5).map(move |k| (k, h)));
        println!("| {factor} | {} |", all.map(|(k, h)| percent(&of, k, h)).collect::<Vec<_>>().join(" | "));
    }
}

fn shown(ones: &[One], factors: &[&str], rules: &ForecastRules) {
    println!(
        "\nWhat the rule shows, by a margin of {:.0} %, and what came of it in the days kept away.\n",
        100.0 * rules.margin
    );
    println!(
        "| factor | shown | error of shown, % of the last value's | shown and better | error of not shown, % | \
         interval held, shown | interval held, all |"
    );
    println!("|---|---|---|---|---|---|---|");
    let held = |of: &[&One]| {
        let (inside, all) = of.iter().fold((0, 0), |(a, b), o| (a + o.held.0, b + o.held.1));
        if all == 0 { "-".to_owned() } else { format!("{:.0} %", 100.0 * inside as f64 / all as f64) }
    };
    for factor in factors.iter().copied().chain(["all"]) {
        let of = of(ones, factor);
        let (shown, hidden): (Vec<&One>, Vec<&One>) = of.iter().copied().partition(|o| o.shown);
        let better = shown.iter().filter(|o| o.mae[4][0] < o.mae[0][0]).count();
        let (n, share) = (shown.len(), 100.0 * shown.len() as f64 / of.len().max(1) as f64);
        println!(
            "| {factor} | {n} of {} ({share:.0} %) | {} | {better} of {n} | {} | {} | {} |",
            of.len(),
            percent(&shown, 4, 0),
            percent(&hidden, 4, 0),
            held(&shown),
            held(&of)
        );
    }
}

/// Mean over series of the error of a column in per cent of the last value's.
fn percent(of: &[&One], column: usize, horizon: usize) -> String {
    let ratio = |o: &&One| Some(o.mae[column].get(horizon)? / o.mae[0].get(horizon).filter(|m| **m > 0.0)?);
    let all: Vec<f64> = of.iter().filter_map(ratio).collect();
    if all.is_empty() { "-".to_owned() } else { format!("{:.0}", 100.0 * all.iter().sum::<f64>() / all.len() as f64) }
}

fn chosen(of: &[&One]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in of {
        *counts.entry(one.model).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(name, n)| (usize::MAX - n, *name));
    counts.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ")
}

fn name(model: Model) -> &'static str {
    match model {
        Model::Persistence => "last value",
        Model::Seasonal { .. } => "a week ago",
        Model::Ets { log: false, explained: false } => "ETS",
        Model::Ets { log: true, .. } => "ETS of logarithms",
        Model::Ets { explained: true, .. } => "ETS with holidays",
        Model::Mstl { log: false, explained: false } => "MSTL",
        Model::Mstl { log: true, .. } => "MSTL of logarithms",
        Model::Mstl { explained: true, .. } => "MSTL with holidays",
    }
}

/// The best of a kind where models were chosen.
fn best(backtest: &Backtest, of: fn(Model) -> bool) -> Option<Model> {
    backtest.scores.iter().map(|s| s.model).find(|model| of(*model))
}

fn one(
    measured: &Measured,
    rules: &ForecastRules,
    grid: &Grid,
    (days, window): (usize, usize),
) -> Result<One, &'static str> {
    let all = Regular::of(&measured.values, grid.step_ms, CHINA_MS).ok_or("without a value")?;
    let end = (all.len() - 1).checked_sub(days * window).ok_or("too short")?;
    let whole = all.until(end);
    let last = whole.len().checked_sub(days + 1).and_then(|place| whole.measured(place)).ok_or("too short")?;
    let beside: Vec<Regressor> = holidays(&whole, grid.horizon, &rules.holidays, &Zone::china()).into_iter().collect();
    let before = whole.until(last);
    let past = Task { series: &before, beside: &beside, grid, rules };
    past.series.training(last, grid, rules.missing_max).map_err(|_| "too short or too many gaps")?;
    let judged: Judged = past.judge().map_err(|_| "with too few origins")?;

    let task = Task { series: &whole, beside: &beside, grid, rules };
    let kept_away: Vec<usize> = (last..whole.len() - 1).filter(|place| whole.values()[*place].is_some()).collect();
    let columns = [
        Some(Model::Persistence),
        best(&judged.chosen_on, |m| matches!(m, Model::Seasonal { .. })),
        best(&judged.chosen_on, |m| matches!(m, Model::Ets { .. })),
        best(&judged.chosen_on, |m| matches!(m, Model::Mstl { .. })),
        Some(judged.chosen),
    ];
    let errors: Vec<Errors> = columns.iter().filter_map(|model| task.errors((*model)?, &kept_away)).collect();
    if errors.len() < columns.len() || errors[0].iter().flatten().flatten().count() < days {
        return Err("with too few values in the days kept away");
    }
    let mae = |errors: &Errors| {
        let horizon = |h: &usize| score(*h, errors.iter().filter_map(|e| e[h - 1])).map_or(f64::NAN, |s| s.mae);
        let all = score(0, errors.iter().flatten().copied().flatten()).map_or(f64::NAN, |s| s.mae);
        std::iter::once(all).chain(grid.report.iter().map(horizon)).collect::<Vec<_>>()
    };
    let bands = judged.bands(judged.chosen, grid.horizon, rules.level).ok_or("no interval")?;
    Ok(One {
        factor: measured.factor,
        unit: measured.unit,
        mae: std::array::from_fn(|k| mae(&errors[k])),
        shown: judged.verdict == Verdict::Better,
        model: name(judged.chosen),
        held: held(&errors[4], &bands),
    })
}
