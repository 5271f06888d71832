use proptest::prelude::*;

use super::air::{Air, Stack, Wind, backward};
use super::downstream::{FlowsBy, downstream};
use super::sight::{Seen, look};
use super::travel::{By, Current, Flows, Side, Speed, Travel, speeds};
use super::upstream::{Upstream, departure, looked_at, upstream};
use super::*;
use crate::place::Rivers;
use crate::place::river::{FlowLaw, Reach};
use crate::standard::trace::TraceBook;
use rust_decimal::Decimal;

const HOUR: i64 = 3_600_000_000;

fn book() -> TraceBook {
    TraceBook::embedded().expect("reads")
}

fn reach(id: usize, from: usize, to: usize, length_km: f64, velocities: [f64; 3]) -> Reach {
    Reach {
        id: format!("r{id}"),
        name_zh: format!("河段{id}"),
        name_en: format!("reach {id}"),
        from_node: format!("n{from}"),
        to_node: format!("n{to}"),
        length_km,
        line: Vec::new(),
        velocities,
        flow_ref: Some(100.0),
        law: None,
        mark: "P".into(),
        cite: "x".into(),
    }
}

/// Reach `i` begins at node `i` and ends at a later one: any of these networks is without a circle; with `deltas` of
/// several values water joins and parts.
fn network(rows: &[(usize, f64, f64)], parallel: bool) -> Rivers {
    let one =
        |(i, (delta, km, v)): (usize, &(usize, f64, f64))| reach(i, i, i + 1 + delta, *km, [*v, 1.5 * v, 2.5 * v]);
    let mut reaches: Vec<Reach> = rows.iter().enumerate().map(one).collect();
    if parallel {
        let side = |(i, (delta, km, v)): (usize, &(usize, f64, f64))| {
            reach(rows.len() + i, i, i + 1 + (delta + 1) % 3, 1.3 * km, [*v, 1.2 * v, 2.0 * v])
        };
        let sides: Vec<Reach> = rows.iter().enumerate().step_by(3).map(side).collect();
        reaches.extend(sides);
    }
    Rivers::new(reaches, Vec::new(), Vec::new()).expect("no circle")
}

fn rows() -> impl Strategy<Value = Vec<(usize, f64, f64)>> {
    prop::collection::vec((0usize..3, 1.0f64..30.0, 0.1f64..1.0), 2..14)
}

fn at() -> impl Strategy<Value = (usize, f64)> {
    (0usize..20, 0.0f64..1.0)
}

fn spot(rivers: &Rivers, (reach, share): (usize, f64)) -> Spot {
    let reach = reach % rivers.reaches().len();
    Spot { reach, km: share * rivers.reaches()[reach].length_km }
}

fn place(code: &str, kind: StationKind, spot: Spot, watched: Vec<Watched>) -> Place {
    Place { station: code.into(), kind, spot, watched }
}

/// Hours of a factor: `usual`, and `high` from one hour to before another.
fn hours(factor: &str, usual: f64, high: f64, from: i64, until: i64, permit: Option<i64>) -> Watched {
    let row = |h: i64| Row {
        during: Period { start: Instant(h * HOUR), end: Instant((h + 1) * HOUR) },
        value: if (from..until).contains(&h) { high } else { usual + 0.01 * (h % 3) as f64 },
    };
    let bound = permit.map(|p| Bound::AtMost { value: Decimal::from(p) });
    Watched { factor: factor.into(), bound, permit: permit.is_some(), rows: (-100..100).map(row).collect() }
}

fn during(from: i64, until: i64) -> Period {
    Period { start: Instant(from * HOUR), end: Instant(until * HOUR) }
}

/// Every way from one spot to another, as the sets of reaches between them.
fn ways(rivers: &Rivers, from: Spot, to: Spot) -> Vec<Vec<usize>> {
    if from.reach == to.reach {
        return if from.km <= to.km { vec![vec![from.reach]] } else { Vec::new() };
    }
    let mut out = Vec::new();
    let mut open = vec![vec![from.reach]];
    while let Some(way) = open.pop() {
        for next in rivers.after(way[way.len() - 1]) {
            let longer = [&way[..], &[*next]].concat();
            if *next == to.reach { out.push(longer) } else { open.push(longer) }
        }
    }
    out
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs()).max(1.0)
}

fn same(a: Travel, b: Travel) -> bool {
    near(a.fast_s, b.fast_s) && near(a.likely_s, b.likely_s) && near(a.slow_s, b.slow_s)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_way_up_is_the_way_down(rows in rows(), parallel: bool, a in at(), b in at()) {
        let rivers = network(&rows, parallel);
        let speeds = speeds(&rivers, &Flows::default(), &book());
        let current = Current { rivers: &rivers, speeds: &speeds };
        let (a, b) = (spot(&rivers, a), spot(&rivers, b));
        let (down, up) = (current.down(a).to(b), current.up(b).from(a));
        prop_assert_eq!(down.is_some(), up.is_some());
        prop_assert_eq!(down.is_some(), !ways(&rivers, a, b).is_empty());
        if let Some((down, up)) = down.zip(up) {
            prop_assert!(same(down, up), "{:?} {:?}", down, up);
            prop_assert!(down.fast_s <= down.likely_s + 1e-6 && down.likely_s <= down.slow_s + 1e-6);
        }
    }

    #[test]
    fn arrivals_ascend_along_the_water(rows in rows(), a in at(), b in at(), c in 0.0f64..1.0) {
        let rivers = network(&rows, false);
        let speeds = speeds(&rivers, &Flows::default(), &book());
        let current = Current { rivers: &rivers, speeds: &speeds };
        let (a, b) = (spot(&rivers, a), spot(&rivers, b));
        let lower = Spot { km: b.km + c * (rivers.reaches()[b.reach].length_km - b.km), ..b };
        let mut spots = vec![b, lower];
        // one reach begins at each node: what is below is below for all
        spots.extend(rivers.after(b.reach).iter().map(|r| Spot { reach: *r, km: 0.0 }));
        let found = downstream(current, a, during(0, 2), &Flows::default(), &spots);
        for pair in found.windows(2) {
            if let [Some(x), Some(y)] = pair {
                prop_assert!(x.earliest <= y.earliest && x.likely <= y.likely);
                prop_assert!(x.latest <= y.latest && x.passed <= y.passed);
                prop_assert!(x.earliest <= x.likely && x.likely <= x.latest && x.latest <= x.passed);
            }
            prop_assert!(pair[0].is_none() || pair[1].is_some());
        }
    }

    #[test]
    fn all_pass_is_what_every_way_says(rows in rows(), parallel: bool, s in prop::collection::vec(at(), 3)) {
        let rivers = network(&rows, parallel);
        let speeds = speeds(&rivers, &Flows::default(), &book());
        let current = Current { rivers: &rivers, speeds: &speeds };
        let mut s: Vec<Spot> = s.into_iter().map(|s| spot(&rivers, s)).collect();
        s.sort_by_key(|s| rivers.downwards().iter().position(|r| *r == s.reach));
        let (from, by, to) = (s[0], s[1], s[2]);
        if current.down(from).to(by).is_some() && current.down(by).to(to).is_some() {
            let passes = |way: &Vec<usize>| way.contains(&by.reach);
            prop_assert_eq!(current.all_pass(from, by, to), ways(&rivers, from, to).iter().all(passes));
        }
    }

    #[test]
    fn nobody_above_is_lost_and_the_one_that_did_it_is_there(
        rows in rows(), parallel: bool, at in at(),
        places in prop::collection::vec((at(), 0u8..4, -30i64..5), 1..12),
    ) {
        let rivers = network(&rows, parallel);
        let speeds = speeds(&rivers, &Flows::default(), &book());
        let current = Current { rivers: &rivers, speeds: &speeds };
        let at = spot(&rivers, at);
        let one = |(i, (s, kind, from)): (usize, ((usize, f64), u8, i64))| {
            let watched = match kind {
                0 => Vec::new(),
                1 => vec![hours("w21003", 0.2, 2.0, from, from + 4, None)],
                2 => vec![hours("w21003", 5.0, 20.0, from, from + 4, Some(15))],
                _ => vec![hours("w01018", 5.0, 20.0, from, from + 4, Some(15))],
            };
            let kind = if kind == 1 { StationKind::MunicipalSection } else { StationKind::Outlet };
            place(&format!("p{i}"), kind, spot(&rivers, s), watched)
        };
        let places: Vec<Place> = places.into_iter().enumerate().map(one).collect();
        let anomaly = Anomaly { station: "x".into(), factor: "w21003".into(), during: during(0, 3) };
        let found: Upstream = upstream(current, at, &anomaly, &places, &book());
        let seen = looked_at(&found);
        prop_assert_eq!(seen.len(), found.candidates.len() + found.ruled_out.len());
        for p in &places {
            // upstream(downstream(x)) holds x
            prop_assert_eq!(seen.contains(&p.station), current.down(p.spot).to(at).is_some());
        }
        for c in found.candidates.iter().chain(&found.ruled_out) {
            prop_assert!((0.0..=1.0 + 1e-9).contains(&c.score), "{}", c.score);
            let (possible, likely) = (c.window.possible, c.window.likely);
            prop_assert!(possible.start <= likely.start && likely.end <= possible.end);
        }
        prop_assert!(found.candidates.windows(2).all(|w| w[0].score >= w[1].score));
    }

    #[test]
    fn a_release_lies_in_its_window(
        rows in rows(), a in at(), b in at(),
        u in prop::collection::vec(0.0f64..1.0, 20), last in 1i64..8,
    ) {
        let rivers = network(&rows, false);
        let speeds = speeds(&rivers, &Flows::default(), &book());
        let current = Current { rivers: &rivers, speeds: &speeds };
        let (a, b) = (spot(&rivers, a), spot(&rivers, b));
        prop_assume!(current.down(a).to(b).is_some());
        let true_speeds: Vec<Speed> = speeds.iter().zip(&u)
            .map(|(s, u)| (s.low + u * (s.high - s.low), s.by))
            .map(|(v, by)| Speed { low: v, mean: v, high: v, by })
            .collect();
        let took = Current { rivers: &rivers, speeds: &true_speeds }.down(a).to(b).expect("the same ways").likely_s;
        let (begin, end) = (Instant(0), Instant(last * HOUR));
        let seen = Period { start: after(begin, took), end: after(end, took) };
        let window = departure(seen, &current.up(b).from(a).expect("above")).possible;
        // to the millisecond
        prop_assert!(window.start.0 <= begin.0 + 2_000 && end.0 <= window.end.0 + 2_000);
    }

    #[test]
    fn the_air_went_where_the_wind_came_from(
        winds in prop::collection::vec(prop::option::of((0.0f64..12.0, 0.0f64..360.0)), 1..24),
    ) {
        let back = |i: usize| during(-(i as i64) - 1, -(i as i64));
        let hour = |(i, wind): (usize, &Option<(f64, f64)>)| Wind { during: back(i), wind: *wind };
        let winds: Vec<Wind> = winds.iter().enumerate().map(hour).collect();
        let none = backward([118.9, 28.9], &winds, None, &[], &book());
        prop_assert_eq!(none.sectors.len(), winds.len());
        let radius: Vec<f64> = none.sectors.iter().map(|s| s.radius_km).collect();
        prop_assert!(radius.windows(2).all(|w| w[0] < w[1]), "it only widens");
        // whatever stands in the middle of an hour is found
        let code = |i: usize| StationCode(format!("s{i}"));
        let stack = |i: usize, place: [f64; 2]| Stack { station: code(i), place, watched: Vec::new() };
        let stacks: Vec<Stack> = none.sectors.iter().enumerate().map(|(i, s)| stack(i, s.middle)).collect();
        let found = backward([118.9, 28.9], &winds, None, &stacks, &book());
        prop_assert_eq!((found.candidates.len(), found.outside.len()), (stacks.len(), 0));
        let far = [stack(0, [100.0, 28.9])];
        prop_assert_eq!(backward([118.9, 28.9], &winds, None, &far, &book()).outside.len(), 1);
    }
}

/// Two outlets, a tributary, a section between and the one that alarms: x 30 km below the first outlet.
fn two_outlets(between: Watched, first: Watched, second: Watched, tributary: Watched) -> Upstream {
    let rivers = Rivers::new(
        vec![
            reach(0, 0, 1, 20.0, [0.25, 0.5, 1.0]),
            reach(1, 9, 1, 15.0, [0.25, 0.5, 1.0]),
            reach(2, 1, 2, 40.0, [0.25, 0.5, 1.0]),
        ],
        Vec::new(),
        Vec::new(),
    )
    .expect("no circle");
    let speeds = speeds(&rivers, &Flows::default(), &book());
    let current = Current { rivers: &rivers, speeds: &speeds };
    let spot = |reach, km| Spot { reach, km };
    let places = [
        place("first", StationKind::Outlet, spot(0, 10.0), vec![first]),
        place("second", StationKind::Outlet, spot(2, 11.0), vec![second]),
        place("tributary", StationKind::MunicipalSection, spot(1, 10.0), vec![tributary]),
        place("between", StationKind::MunicipalSection, spot(2, 1.0), vec![between]),
        place("below", StationKind::Outlet, spot(2, 30.0), Vec::new()),
    ];
    let anomaly = Anomaly { station: "x".into(), factor: "w21003".into(), during: during(0, 4) };
    upstream(current, spot(2, 20.0), &anomaly, &places, &book())
}

fn names(list: &[super::upstream::Candidate]) -> Vec<&str> {
    list.iter().map(|c| c.station.as_str()).collect()
}

#[test]
fn a_section_that_saw_nothing_rules_out_what_lies_above_it() {
    let calm = || hours("w21003", 0.2, 0.2, 0, 0, None);
    let steady = || hours("w21003", 5.0, 5.0, 0, 0, Some(15));
    let raised = hours("w21003", 5.0, 20.0, -6, -2, Some(15));
    let found = two_outlets(calm(), steady(), raised, calm());
    assert_eq!(names(&found.candidates), ["second"]);
    assert_eq!(found.candidates[0].own.seen, Seen::Exceeded);
    let mut out = names(&found.ruled_out);
    out.sort_unstable();
    assert_eq!(out, ["between", "first", "tributary"]);
    let why = |code: &str| found.ruled_out.iter().find(|c| c.station.as_str() == code).and_then(|c| c.reasons.last());
    assert_eq!(why("first").map(|r| r.code), Some("between.unseen"));
    assert_eq!(why("between").map(|r| r.code), Some("own.usual"));
}

#[test]
fn a_section_that_saw_it_confirms_what_lies_above_it() {
    let calm = || hours("w21003", 0.2, 0.2, 0, 0, None);
    let found = two_outlets(
        hours("w21003", 0.2, 2.0, -12, -7, None),
        hours("w21003", 5.0, 20.0, -18, -13, Some(15)),
        hours("w21003", 5.0, 5.0, 0, 0, Some(15)),
        calm(),
    );
    assert_eq!(names(&found.candidates), ["first", "between", "second"]);
    let first = &found.candidates[0];
    assert!(first.between[0].all_pass && first.between[0].sight.seen.is_raised());
    assert!(first.reasons.iter().any(|r| r.code == "between.seen"));
}

#[test]
fn a_permit_that_names_neither_rules_out_and_a_related_one_counts_less() {
    let calm = || hours("w21003", 0.2, 2.0, -12, -7, None);
    let other = hours("w21011", 0.1, 0.1, 0, 0, Some(1));
    let related = hours("w21001", 5.0, 20.0, -6, -2, Some(15));
    let found = two_outlets(calm(), other, related, hours("w21003", 0.2, 0.2, 0, 0, None));
    assert!(names(&found.ruled_out).contains(&"first"));
    let second = found.candidates.iter().find(|c| c.station.as_str() == "second").expect("a candidate");
    let permit = second.parts.iter().find(|p| p.name == "permit").map(|p| p.value);
    assert_eq!(permit, Some(0.8));
    assert!(second.reasons.iter().any(|r| r.code == "permit.related"));
}

#[test]
fn stretches_and_ways_hold_what_lies_above_and_below() {
    let v = [0.25, 0.5, 1.0];
    let reaches =
        vec![reach(0, 0, 1, 18.0, v), reach(1, 9, 1, 9.0, v), reach(2, 1, 2, 36.0, v), reach(3, 5, 6, 9.0, v)];
    let rivers = Rivers::new(reaches, vec![], vec![]).expect("no circle");
    let speeds = speeds(&rivers, &Flows::default(), &book());
    let current = Current { rivers: &rivers, speeds: &speeds };
    let at = Spot { reach: 2, km: 18.0 };
    let found: Vec<_> = current.stretches(at).iter().map(|s| (s.reach, s.side, s.km)).collect();
    let expected = [
        (0, Side::Up, [0.0, 18.0]),
        (1, Side::Up, [0.0, 9.0]),
        (2, Side::Up, [0.0, 18.0]),
        (2, Side::Down, [18.0, 36.0]),
    ];
    assert_eq!(found, expected);
    for s in current.stretches(at) {
        let hours = s.travel.map(|t| t.likely_s / 3_600.0);
        let expected =
            [[20.0, 10.0], [15.0, 10.0], [10.0, 0.0], [0.0, 10.0]][if s.side == Side::Down { 3 } else { s.reach }];
        assert!(near(hours[0], expected[0]) && near(hours[1], expected[1]), "{hours:?}");
    }
    assert_eq!(current.way(Spot { reach: 1, km: 2.0 }, at), [1, 2]);
    assert_eq!(current.way(at, Spot { reach: 2, km: 30.0 }), [2]);
}

#[test]
fn flow_sets_the_velocity_and_says_so() {
    let law = FlowLaw { flow: 100.0, velocity: 0.5, exponent: 0.5 };
    let with_law = |id, from, to| Reach { law: Some(law), ..reach(id, from, to, 18.0, [0.25, 0.5, 1.0]) };
    let rivers =
        Rivers::new(vec![with_law(0, 0, 1), with_law(1, 1, 2), reach(2, 2, 3, 18.0, [0.25, 0.5, 1.0])], vec![], vec![]);
    let rivers = rivers.expect("no circle");
    let flows = Flows { measured: vec![(1, 400.0)], leading: Some(1) };
    let found = speeds(&rivers, &flows, &book());
    assert_eq!(found.iter().map(|s| s.by).collect::<Vec<_>>(), [By::Ratio, By::Flow, By::Velocities]);
    // four times the flow, twice the velocity
    assert!(near(found[1].mean, 1.0) && near(found[1].low, 0.75) && near(found[0].low, 0.65));
    let current = Current { rivers: &rivers, speeds: &found };
    let arrival = downstream(current, Spot { reach: 1, km: 0.0 }, during(0, 1), &flows, &[Spot { reach: 2, km: 0.0 }]);
    let arrival = arrival[0].expect("below");
    assert!(near(arrival.travel.likely_s, 18_000.0));
    assert_eq!(arrival.dilution.map(|d| d.by), Some(FlowsBy::Reference));
}

#[test]
fn what_was_seen() {
    let seen = |w: &Watched, from, until| look(w, during(from, until), &book()).seen;
    let ammonia = hours("w21003", 0.2, 1.4, -3, 0, None);
    assert_eq!(seen(&ammonia, -4, 1), Seen::Raised);
    assert_eq!(seen(&ammonia, -9, -4), Seen::Usual);
    assert_eq!(seen(&ammonia, 200, 210), Seen::Absent);
    assert_eq!(seen(&hours("w21003", 5.0, 20.0, -3, 0, Some(15)), -4, 1), Seen::Exceeded);
    assert_eq!(seen(&hours("w21003", 18.0, 18.0, -3, 0, Some(15)), -4, 1), Seen::Exceeded);
    // oxygen falls, pH goes either way
    assert_eq!(seen(&hours("w01009", 8.0, 3.0, -3, 0, None), -4, 1), Seen::Raised);
    assert_eq!(seen(&hours("w01009", 8.0, 12.0, -3, 0, None), -4, 1), Seen::Usual);
    assert_eq!(seen(&hours("w01001", 7.6, 9.8, -3, 0, None), -4, 1), Seen::Raised);
    assert_eq!(seen(&hours("w01001", 7.6, 5.2, -3, 0, None), -4, 1), Seen::Raised);
}

#[test]
fn calm_hours_widen_and_do_not_move() {
    let wind = |i: i64, wind| Wind { during: during(-i - 1, -i), wind };
    let winds = [wind(0, Some((3.0, 0.0))), wind(1, Some((0.2, 90.0))), wind(2, None)];
    let north = Stack { station: "n".into(), place: [118.9, 28.97], watched: Vec::new() };
    let south = Stack { station: "s".into(), place: [118.9, 28.8], watched: Vec::new() };
    let found = backward([118.9, 28.9], &winds, None, &[north, south], &book());
    let air: Vec<Air> = found.sectors.iter().map(|s| s.air).collect();
    assert_eq!(air, [Air::Moving, Air::Calm, Air::Missing]);
    assert!(found.sectors[0].middle[1] > 28.99, "a wind from the north leads to the north");
    assert_eq!(found.sectors[1].middle, found.sectors[0].middle);
    assert_eq!(found.candidates.iter().map(|c| c.station.as_str()).collect::<Vec<_>>(), ["n"]);
    assert_eq!(found.outside.iter().map(|c| c.station.as_str()).collect::<Vec<_>>(), ["s"]);
}

#[test]
fn every_reason_has_words_in_both_languages() {
    let book = book();
    let codes = [
        "permit",
        "permit.related",
        "permit.none",
        "own.exceeded",
        "own.raised",
        "own.usual",
        "own.absent",
        "own.unwatched",
        "between.seen",
        "between.unseen",
        "between.beside",
        "between.absent",
        "between.none",
        "timing",
        "distance",
        "far",
        "air.inside",
        "air.outside",
    ];
    for code in codes {
        assert!(book.rules.words.iter().any(|w| w.code == code), "{code}");
    }
    assert_eq!(book.rules.words.len(), codes.len());
}
