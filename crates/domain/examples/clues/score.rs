//! What was found, and what was found for nothing.

use std::collections::BTreeMap;

use shanshui_domain::analyse::clue::{Clue, clues};
use shanshui_domain::standard::review::RuleBook;
use shanshui_domain::time::Period;

use crate::background::{Chance, HOURS, MINUTES, Table, outlet};
use crate::inject::{Ground, KINDS, Kind};

/// Values of a real section that a trial sees: three months.
const REAL_PART: usize = 90;

#[derive(Default, Clone, Copy)]
struct Count {
    found: usize,
    nothing: usize,
}

impl Count {
    fn precision(self) -> String {
        match self.found + self.nothing {
            0 => "-".into(),
            all => format!("{:.2}", self.found as f64 / all as f64),
        }
    }
}

/// Counts over kinds and detectors.
#[derive(Default)]
pub struct Tally {
    trials: usize,
    rows: Vec<String>,
    detectors: BTreeMap<String, Count>,
    /// By detector: injections aimed at it, and those of them it found itself.
    aimed: BTreeMap<&'static str, (usize, usize)>,
}

fn seen(table: &Table, book: &RuleBook) -> Vec<Clue> {
    clues(&table.record(), book).expect("units agree")
}

fn meets(clue: &Clue, window: Period) -> bool {
    clue.window.start < window.end && window.start < clue.window.end
}

fn background(kind: &Kind, real: &[Table], chance: &mut Chance) -> Table {
    match kind.ground {
        Ground::Minute => outlet(chance, MINUTES),
        Ground::Hour => outlet(chance, HOURS),
        Ground::Real => {
            let whole = &real[chance.place(0, real.len())];
            let from = chance.place(0, whole.times.len() - REAL_PART);
            whole.cut(from, from + REAL_PART)
        }
    }
}

impl Tally {
    pub fn new(trials: usize) -> Self {
        Self { trials, ..Self::default() }
    }

    /// Injects a kind a hundred times and counts.
    pub fn kind(&mut self, kind: &Kind, real: &[Table], book: &RuleBook, seed: u64) {
        let salt = kind.name.bytes().fold(seed, |h, b| h.wrapping_mul(1_099_511_628_211) ^ u64::from(b));
        let mut chance = Chance(salt);
        let (mut hit, mut own, mut count) = (0, 0, Count::default());
        let mut by: BTreeMap<String, usize> = BTreeMap::new();
        let mut trials = 0;
        for _ in 0..self.trials * 10 {
            if trials == self.trials {
                break;
            }
            let honest = background(kind, real, &mut chance);
            let mut table = honest.clone();
            let Some(window) = (kind.inject)(&mut table, &mut chance, kind.numbers) else { continue };
            trials += 1;
            let found = self.trial(&honest, &table, window, book, &mut count);
            hit += usize::from(!found.is_empty());
            own += usize::from(found.iter().any(|d| d == kind.aim));
            for detector in found {
                *by.entry(detector).or_default() += 1;
            }
        }
        let aimed = self.aimed.entry(kind.aim).or_default();
        *aimed = (aimed.0 + trials, aimed.1 + own);
        self.rows.push(row(kind, (trials, self.trials), (hit, own), count, by));
    }

    /// Detectors with a clue that meets the injected stretch and that the untouched series does not give.
    fn trial(
        &mut self,
        honest: &Table,
        table: &Table,
        window: Period,
        book: &RuleBook,
        count: &mut Count,
    ) -> Vec<String> {
        let before = seen(honest, book);
        let mut found = Vec::new();
        for clue in seen(table, book) {
            let same = |b: &&Clue| b.detector == clue.detector && b.factor == clue.factor && meets(b, clue.window);
            let new = !before.iter().any(|b| same(&b));
            let detector = self.detectors.entry(clue.detector.clone()).or_default();
            if new && meets(&clue, window) {
                count.found += 1;
                detector.found += 1;
                found.push(clue.detector);
            } else {
                count.nothing += 1;
                detector.nothing += 1;
            }
        }
        found.sort();
        found.dedup();
        found
    }

    pub fn print(&self) {
        println!("| kind | background | aimed at | recall | by the detector aimed at | precision | found by |");
        println!("|---|---|---|---|---|---|---|");
        for row in &self.rows {
            println!("{row}");
        }
        println!(
            "\n| detector | recall on kinds aimed at it | precision over all kinds | clues found | clues for nothing |"
        );
        println!("|---|---|---|---|---|");
        for (detector, count) in &self.detectors {
            let aimed = self.aimed.get(detector.as_str());
            let recall = aimed.map_or("-".into(), |(all, own)| format!("{:.2}", *own as f64 / (*all).max(1) as f64));
            println!("| `{detector}` | {recall} | {} | {} | {} |", count.precision(), count.found, count.nothing);
        }
        let silent = KINDS.iter().map(|k| k.aim).filter(|a| !self.detectors.contains_key(*a));
        for aim in silent {
            println!("| `{aim}` | 0.00 | - | 0 | 0 |");
        }
    }
}

fn row(
    kind: &Kind,
    (trials, wanted): (usize, usize),
    (hit, own): (usize, usize),
    count: Count,
    by: BTreeMap<String, usize>,
) -> String {
    let share = |n: usize| format!("{:.2}", n as f64 / trials.max(1) as f64);
    let mut by: Vec<(String, usize)> = by.into_iter().collect();
    by.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let by: Vec<String> = by.into_iter().take(3).map(|(d, n)| format!("`{d}` {n}")).collect();
    let (name, ground, aim) = (kind.name, kind.ground.name(), kind.aim);
    let few = if trials < wanted { format!(" ({trials} trials)") } else { String::new() };
    format!(
        "| {name}{few} | {ground} | `{aim}` | {} | {} | {} | {} |",
        share(hit),
        share(own),
        count.precision(),
        by.join(", ")
    )
}

/// Clues for each station and month of untouched series.
pub fn untouched(real: &[Table], book: &RuleBook, seed: u64, trials: usize) {
    let mut chance = Chance(seed ^ 0x5EED);
    let minutes: Vec<Table> = (0..trials).map(|_| outlet(&mut chance, MINUTES)).collect();
    let hours: Vec<Table> = (0..trials).map(|_| outlet(&mut chance, HOURS)).collect();
    let grounds = [real, &hours, &minutes];
    let months = grounds.map(|g| g.iter().map(Table::days).sum::<f64>() / 30.0);
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for (i, ground) in grounds.iter().enumerate() {
        for clue in ground.iter().flat_map(|t| seen(t, book)) {
            counts.entry(clue.detector).or_default()[i] += 1;
        }
    }
    println!("\n| false alarms per station-month | real | hour | minute |");
    println!("|---|---|---|---|");
    let line = |name: &str, n: [usize; 3]| {
        let rate = |i: usize| format!("{:.3}", n[i] as f64 / months[i]);
        println!("| {name} | {} | {} | {} |", rate(0), rate(1), rate(2));
    };
    let sum = |i: usize| counts.values().map(|n| n[i]).sum();
    for (detector, n) in &counts {
        line(&format!("`{detector}`"), *n);
    }
    line("all", [sum(0), sum(1), sum(2)]);
    println!("| station-months | {:.0} | {:.0} | {:.1} |", months[0], months[1], months[2]);
}
