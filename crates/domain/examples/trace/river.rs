//! One release after another.

use shanshui_domain::analyse::trace::travel::{Current, Flows, Speed, speeds};
use shanshui_domain::analyse::trace::upstream::{Candidate, Upstream, upstream};
use shanshui_domain::analyse::trace::{Anomaly, Place, Row, Watched};
use shanshui_domain::id::StationCode;
use shanshui_domain::place::river::Spot;
use shanshui_domain::place::{CityPack, Rivers, StationKind};
use shanshui_domain::standard::Bound;
use shanshui_domain::standard::trace::TraceBook;
use shanshui_domain::time::{Instant, Period};

const FACTOR: &str = "w21003";
const HOUR_US: i64 = 3_600_000_000;
/// Outlets that are invented beside those of the pack.
const MORE: usize = 20;
/// Of them, so many have an exceedance of their own at a random time of the five days before.
const OTHERS_RAISED: usize = 4;
/// Readings begin and end, hours from the release.
const HOURS: std::ops::Range<i64> = -140..140;

/// What an outlet's own monitor says of the release.
#[derive(Clone, Copy, PartialEq)]
enum Monitor {
    Honest,
    Silent,
    Lies,
}

/// How the water ran.
struct Case {
    name: &'static str,
    monitor: Monitor,
    /// Velocities lie in `low - beyond · (mean - low)` to `high + beyond · (high - mean)`.
    beyond: f64,
    /// Every second section sends nothing.
    thin: bool,
}

const CASES: [Case; 7] = [
    Case { name: "outlet's own monitor saw it", monitor: Monitor::Honest, beyond: 0.0, thin: false },
    Case { name: "outlet's own monitor was silent", monitor: Monitor::Silent, beyond: 0.0, thin: false },
    Case { name: "outlet's own monitor said all was usual", monitor: Monitor::Lies, beyond: 0.0, thin: false },
    Case { name: "saw it; half of the sections silent", monitor: Monitor::Honest, beyond: 0.0, thin: true },
    Case { name: "silent; half of the sections silent", monitor: Monitor::Silent, beyond: 0.0, thin: true },
    Case {
        name: "saw it; velocities up to 30 % beyond the interval",
        monitor: Monitor::Honest,
        beyond: 0.3,
        thin: false,
    },
    Case {
        name: "silent; velocities up to 30 % beyond the interval",
        monitor: Monitor::Silent,
        beyond: 0.3,
        thin: false,
    },
];

/// Numbers that look random and are the same each time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.share() * (high - low)
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.share() * n as f64) as usize).min(n - 1)
    }
}

#[derive(Default)]
struct Tally {
    trials: u32,
    first: u32,
    two: u32,
    three: u32,
    ruled_out: u32,
    held: u32,
    outlets: u64,
    left: u64,
}

/// Prints one table: all cases, each with so many trials.
pub fn measure(rivers: &Rivers, pack: &CityPack, book: &TraceBook, (seed, trials): (u64, u32)) {
    println!("seed {seed}, {trials} trials of each kind, {MORE} invented outlets beside those of the pack\n");
    println!(
        "| what happened | trials | outlets above | of them left | true one first | in the first two | \
         in the first three | wrongly ruled out | release inside of its window |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for case in &CASES {
        let mut tally = Tally::default();
        let mut dice = Dice(seed);
        while tally.trials < trials {
            trial(rivers, pack, book, case, &mut dice, &mut tally);
        }
        let share = |n: u32| format!("{:.1} %", 100.0 * f64::from(n) / f64::from(tally.trials));
        let mean = |n: u64| format!("{:.1}", n as f64 / f64::from(tally.trials));
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            case.name,
            tally.trials,
            mean(tally.outlets),
            mean(tally.left),
            share(tally.first),
            share(tally.two),
            share(tally.three),
            share(tally.ruled_out),
            share(tally.held)
        );
    }
}

/// Outlets and sections: code, kind, where.
fn places(rivers: &Rivers, pack: &CityPack, dice: &mut Dice) -> Vec<(StationCode, StationKind, Spot)> {
    let kind = |code: &StationCode| pack.stations.iter().find(|s| s.code == *code).map(|s| s.kind);
    let own = rivers.stations().iter().filter_map(|(code, spot)| Some((code.clone(), kind(code)?, *spot)));
    let mut out: Vec<_> = own.collect();
    for i in 0..MORE {
        let reach = dice.below(rivers.reaches().len());
        let km = dice.share() * rivers.reaches()[reach].length_km;
        out.push((StationCode(format!("more{i}")), StationKind::Outlet, Spot { reach, km }));
    }
    out
}

fn trial(rivers: &Rivers, pack: &CityPack, book: &TraceBook, case: &Case, dice: &mut Dice, tally: &mut Tally) {
    let all = places(rivers, pack, dice);
    let outlets: Vec<usize> = (0..all.len()).filter(|i| all[*i].1 == StationKind::Outlet).collect();
    let guilty = outlets[dice.below(outlets.len())];
    let lasts = 1 + dice.below(5) as i64;
    let told = speeds(rivers, &Flows::default(), book);
    let truth = told.iter().map(|s| {
        let (low, high) = (s.low - case.beyond * (s.mean - s.low), s.high + case.beyond * (s.high - s.mean));
        let v = dice.between(low, high);
        Speed { low: v, mean: v, high: v, by: s.by }
    });
    let truth: Vec<Speed> = truth.collect();
    let down = Current { rivers, speeds: &truth }.down(all[guilty].2);
    let silent: Vec<bool> = all.iter().map(|p| case.thin && p.1.is_water() && dice.share() < 0.5).collect();
    // when it passes each section, in hours from the release; beyond three days it is another matter
    let passes = |i: usize| Some(down.to(all[i].2)?.likely_s / 3_600.0).filter(|h| *h < 72.0);
    let sections: Vec<usize> = (0..all.len()).filter(|i| all[*i].1.is_water() && !silent[*i]).collect();
    // any of the sections that it passes may be the one that is asked
    let noticed: Vec<usize> = sections.iter().copied().filter(|i| passes(*i).is_some()).collect();
    if noticed.is_empty() {
        return;
    }
    let asked = noticed[dice.below(noticed.len())];
    let raised: Vec<(usize, i64)> =
        (0..OTHERS_RAISED).map(|_| (outlets[dice.below(outlets.len())], dice.between(-110.0, 20.0) as i64)).collect();
    let watched = |i: usize, dice: &mut Dice| -> Vec<Watched> {
        let outlet = all[i].1 == StationKind::Outlet;
        let usual = if outlet { dice.between(2.0, 6.0) } else { dice.between(0.05, 0.3) };
        let pulse = match (outlet, passes(i)) {
            (true, _) if i == guilty && case.monitor == Monitor::Honest => Some((0.0, dice.between(2.5, 5.0))),
            (true, _) => raised.iter().find(|(o, _)| *o == i && i != guilty).map(|(_, h)| (*h as f64, 3.0)),
            (false, Some(hour)) => Some((hour, dice.between(2.5, 8.0))),
            (false, None) => None,
        };
        if silent[i] || (i == guilty && case.monitor == Monitor::Silent) {
            return Vec::new();
        }
        vec![hours(usual, outlet, pulse, lasts, dice)]
    };
    let places: Vec<Place> = (0..all.len())
        .map(|i| {
            let mut watched = watched(i, dice);
            if all[i].1 == StationKind::Outlet && watched.is_empty() {
                watched.push(Watched { factor: FACTOR.into(), bound: None, permit: true, rows: Vec::new() });
            }
            Place { station: all[i].0.clone(), kind: all[i].1, spot: all[i].2, watched }
        })
        .collect();
    let begin = passes(asked).unwrap_or_default();
    let during = Period { start: hour(begin.floor()), end: hour((begin + lasts as f64).ceil()) };
    let anomaly = Anomaly { station: all[asked].0.clone(), factor: FACTOR.into(), during };
    let found = upstream(Current { rivers, speeds: &told }, all[asked].2, &anomaly, &places, book);
    count(&found, &all[guilty].0, lasts, tally);
}

fn hour(h: f64) -> Instant {
    Instant((h * HOUR_US as f64) as i64)
}

/// Hours with a noise of a tenth, and the pulse.
fn hours(usual: f64, outlet: bool, pulse: Option<(f64, f64)>, lasts: i64, dice: &mut Dice) -> Watched {
    let row = |h: i64| {
        let (start, end) = (h as f64, (h + 1) as f64);
        let inside = pulse.map_or(0.0, |(at, times)| {
            let common = (end.min(at + lasts as f64) - start.max(at)).max(0.0);
            common * (times - 1.0)
        });
        let value = usual * (1.0 + 0.1 * (dice.share() - 0.5)) * (1.0 + inside);
        Row { during: Period { start: hour(start), end: hour(end) }, value }
    };
    let bound = outlet.then(|| Bound::AtMost { value: 15.into() });
    Watched { factor: FACTOR.into(), bound, permit: outlet, rows: HOURS.map(row).collect() }
}

fn count(found: &Upstream, guilty: &StationCode, lasts: i64, tally: &mut Tally) {
    let outlets: Vec<&Candidate> = found.candidates.iter().filter(|c| c.kind == StationKind::Outlet).collect();
    let out = found.ruled_out.iter().filter(|c| c.kind == StationKind::Outlet);
    let rank = outlets.iter().position(|c| c.station == *guilty);
    let all = found.candidates.iter().chain(&found.ruled_out);
    let window = all.filter(|c| c.station == *guilty).map(|c| c.window.possible).next();
    tally.trials += 1;
    tally.first += u32::from(rank == Some(0));
    tally.two += u32::from(rank.is_some_and(|r| r < 2));
    tally.three += u32::from(rank.is_some_and(|r| r < 3));
    tally.ruled_out += u32::from(rank.is_none());
    tally.held += u32::from(window.is_some_and(|w| w.start <= Instant(0) && hour(lasts as f64) <= w.end));
    tally.left += outlets.len() as u64;
    tally.outlets += (outlets.len() + out.count()) as u64;
}
