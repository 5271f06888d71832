use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const PLAN: &str = r#"{"fences": [{"id": "head", "kind": "sampling_head", "polygon": [[0.4,0.4],[0.6,0.4],[0.6,0.9],[0.4,0.9]],
    "approach": [[0.2,0.2],[0.8,0.2],[0.8,1],[0.2,1]]}]}"#;

fn plan(from: &str, to: &str) -> Plan {
    assert!(PLAN.contains(from));
    Plan::parse(&PLAN.replacen(from, to, 1), None).unwrap()
}

/// Somebody whose foot is at x, y 0.7.
fn at_x(track: u64, x: f32, seen: Seen, score: f32) -> TrackNow {
    let bbox = Rect::new(x - 0.03, 0.5, x + 0.03, 0.7);
    TrackNow { track, label: "person".to_owned(), score, bbox, moving: true, seen }
}

/// Plays one letter per picture, five a second: `i` inside, `n` near, `o` far outside, `w` weak inside, `s` still inside,
/// `l` lost, `f` faint (a hit under the threshold) inside, `b` a better one inside, `2` another track inside, `-` nobody.
/// What is told is written as `A`, `E`, `B`, `L` with the number of the stay, `.` when nothing is.
fn play(stays: &mut Stays, script: &str) -> String {
    let mut out = String::new();
    for (i, letter) in script.chars().enumerate() {
        let now = match letter {
            'i' => vec![at_x(1, 0.5, Seen::Hit, 0.6)],
            'b' => vec![at_x(1, 0.5, Seen::Hit, 0.9)],
            'f' => vec![at_x(1, 0.5, Seen::Hit, 0.3)],
            'n' => vec![at_x(1, 0.3, Seen::Hit, 0.6)],
            'o' => vec![at_x(1, 0.1, Seen::Hit, 0.6)],
            'w' => vec![at_x(1, 0.5, Seen::Weak, 0.6)],
            's' => vec![at_x(1, 0.5, Seen::Still, 0.6)],
            'l' => vec![at_x(1, 0.5, Seen::Lost, 0.6)],
            '2' => vec![at_x(2, 0.52, Seen::Hit, 0.6)],
            '3' => vec![at_x(1, 0.5, Seen::Hit, 0.6), at_x(2, 0.55, Seen::Hit, 0.6)],
            _ => vec![],
        };
        let told = stays.step(i as f64 * 0.2, 720, &now);
        if told.is_empty() {
            out.push('.');
        }
        for sight in told {
            match sight {
                Sight::Approached(w) => out += &format!("A{}", w.stay),
                Sight::Entered(w) => out += &format!("E{}", w.stay),
                Sight::Better(w) => out += &format!("B{}", w.stay),
                Sight::Left(g) => out += &format!("L{}", g.stay),
                _ => unreachable!(),
            }
        }
    }
    out
}

fn check_with(plan: Plan, script: &str, told: &str) {
    assert_eq!(play(&mut Stays::new(plan, 0.4), script), told, "{script}");
}

/// Without an area around the fence.
fn check(script: &str, told: &str) {
    let mut plan = plan("head", "head");
    plan.fences[0].approach = None;
    check_with(plan, script, told);
}

#[test]
fn three_hits_enter_and_leaving_ends() {
    check("iiioooooooooo", "..E1.......L1..");
    check("iii----------", "..E1.......L1..");
    check("iioooooooooooo", "..............");
}

#[test]
fn each_hit_must_be_over_the_threshold_itself() {
    check("iiffff", "......");
    check("iiwwi", "....E1");
    check("iiwwww", "......");
    check("fffff", ".....");
    check("iilllli", ".......");
}

#[test]
fn standing_still_ends_nothing() {
    check(&format!("iii{}", "s".repeat(600)), &format!("..E1{}", ".".repeat(600)));
    check("iiissswwwiiillllliii", &format!("..E1{}", ".".repeat(17)));
}

#[test]
fn one_event_per_stay() {
    check("iiioooiiiooooooooooo", "..E1.............L1...");
    check("iiiooooooooooiii", "..E1.......L1....E2");
}

#[test]
fn a_track_that_breaks_is_the_same_stay() {
    check("iii--222-----------", "..E1............L1...");
    check("iii33----------", "..E1.........L1..");
}

#[test]
fn two_people_are_two_stays() {
    check("333", "..E1E2");
}

#[test]
fn near_comes_before_inside() {
    check_with(plan("head", "head"), "onnniii---------------", "...A1..E1.......L1.......");
    check_with(plan("head", "head"), "nnn-------------", "..A1.......L1.....");
    check_with(plan("head", "head"), "iiinnnnnnnnnnniii", "..E1.......L1.....E2");
}

#[test]
fn slow_pictures_enter_too() {
    let mut stays = Stays::new(plan("head", "head"), 0.4);
    let told: Vec<_> =
        (0..4).map(|i| stays.step(f64::from(i) * 2.0, 720, &[at_x(1, 0.5, Seen::Hit, 0.6)]).len()).collect();
    assert_eq!(told, [0, 0, 1, 0]);
}

#[test]
fn dwell_waits() {
    let mut p = plan("head", "head");
    p.fences[0].approach = None;
    p.fences[0].dwell_s = 1.0;
    check_with(p.clone(), "iiiiiiii", ".....E1..");
    check_with(p, "iiiiooooiiii", "............");
}

#[test]
fn a_better_picture_is_told_once() {
    check("iiibbbbbbbb", "..E1....B1...");
}

#[test]
fn hours_are_kept() {
    let p = plan("\"approach\"", "\"hours\": [[0, 720]], \"approach\"");
    check_with(p, "iiiiii", "......");
    let p = plan("\"approach\"", "\"hours\": [[720, 721]], \"approach\"");
    let mut stays = Stays::new(p, 0.4);
    assert!(play(&mut stays, "iii").ends_with("E1"));
    assert!(matches!(&stays.step(0.8, 721, &[at_x(1, 0.5, Seen::Hit, 0.6)])[..], [Sight::Left(g)] if g.entered));
}

#[test]
fn the_end_says_from_when_to_when() {
    let mut stays = Stays::new(plan("head", "head"), 0.4);
    play(&mut stays, "iiiib");
    let Some(Sight::Left(gone)) = stays.finish(9.0).pop() else { panic!() };
    assert_eq!((gone.since, gone.until, gone.at, gone.best_score, gone.entered), (0.0, 0.8, 9.0, 0.9, true));
    assert!(stays.finish(10.0).is_empty());
}

#[test]
fn another_plan_ends_what_is_no_more() {
    let mut stays = Stays::new(plan("head", "head"), 0.4);
    play(&mut stays, "iii");
    assert!(stays.replan(plan("head", "head"), 1.0).is_empty());
    assert!(stays.occupied());
    assert_eq!(stays.replan(plan("head", "door"), 1.0).len(), 1);
    assert!(!stays.occupied());
}

proptest! {
    #[test]
    fn whatever_is_told_ends_once_and_nobody_enters_without_hits(script in "[ibfnowsl23-]{0,80}", near in any::<bool>()) {
        let mut plan = plan("head", "head");
        if !near {
            plan.fences[0].approach = None;
        }
        let mut stays = Stays::new(plan, 0.4);
        let told = play(&mut stays, &script);
        let ends = stays.finish(100.0);
        let (mut begun, mut ended, mut entered) = (BTreeSet::new(), Vec::new(), 0);
        for (i, kind) in told.char_indices().filter(|(_, c)| c.is_ascii_uppercase()) {
            let number: u64 = told[i + 1..].split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
            match kind {
                'L' => ended.push(number),
                'B' => prop_assert!(begun.contains(&number)),
                _ => drop(begun.insert(number)),
            }
            entered += usize::from(kind == 'E');
        }
        ended.extend(ends.iter().map(|s| if let Sight::Left(g) = s { g.stay } else { unreachable!() }));
        ended.sort_unstable();
        prop_assert_eq!(begun.into_iter().collect::<Vec<_>>(), ended, "{}", told);
        let hits = script.matches(['i', 'b', '2']).count() + 2 * script.matches('3').count();
        prop_assert!(entered * 3 <= hits, "{} of {}", told, script);
    }
}

#[test]
fn other_labels_do_not_enter() {
    let mut stays = Stays::new(plan("head", "head"), 0.4);
    for i in 0..9 {
        let dog = TrackNow { label: "dog".to_owned(), ..at_x(1, 0.5, Seen::Hit, 0.9) };
        assert!(stays.step(f64::from(i) * 0.2, 0, &[dog]).is_empty());
    }
}
