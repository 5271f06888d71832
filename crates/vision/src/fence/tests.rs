use super::*;
use proptest::prelude::*;

const GOOD: &str = r#"{
  "version": "2026-11-30/1",
  "fences": [{"id": "head", "name": "采样头", "kind": "sampling_head",
    "polygon": [[0.4,0.6],[0.8,0.6],[0.8,1.0],[0.4,1.0]], "approach": [[0.2,0.4],[1,0.4],[1,1],[0.2,1]],
    "labels": ["person"], "hours": [[1320, 360]], "enter_hits": 3, "left_behind": {"still_s": 60}}],
  "lines": [{"id": "bank", "from": [0,0.5], "to": [1,0.5], "direction": "left_to_right"}],
  "masks": [[[0,0],[0.2,0],[0.2,0.1]]],
  "thresholds": {"day": {"person": 0.4}, "night": {"person": 0.3}}, "day": [420, 1080]
}"#;

#[test]
fn a_full_plan_is_read_and_written_the_same() {
    let plan = Plan::parse(GOOD, Some(&["person".to_owned()])).unwrap();
    let fence = &plan.fences[0];
    assert_eq!((fence.enter_hits, fence.dwell_s, fence.leave_s), (3, 0.0, 1.5));
    assert!(fence.is_on(1330) && fence.is_on(10) && !fence.is_on(360) && !fence.is_on(720));
    assert_eq!(plan.threshold("person", 720, 0.9), 0.4);
    assert_eq!(plan.threshold("person", 1200, 0.9), 0.3);
    assert_eq!(plan.threshold("car", 1200, 0.9), 0.9);
    assert!(plan.masked([0.15, 0.01]) && !plan.masked([0.5, 0.5]));
    let again = Plan::parse(&serde_json::to_string(&plan).unwrap(), None).unwrap();
    assert_eq!(again, plan);
}

#[test]
fn the_example_of_the_reference_is_read() {
    let page = include_str!("../../../../docs/ref/fence.md");
    let example = page.split("```json").nth(1).and_then(|t| t.split("```").next()).expect("an example on the page");
    let plan = Plan::parse(example, None).unwrap();
    assert_eq!(plan.fences.len(), 2);
    assert_eq!(plan.lines.len(), 1);
}

#[test]
fn a_ground_truth_file_is_a_plan_of_one_fence() {
    let text =
        r#"{"clip": "a.mp4", "fps": 10, "polygon_norm": [[0.4,0.6],[0.8,0.6],[0.8,1.0]], "expect_intrusions": []}"#;
    let plan = Plan::parse(text, None).unwrap();
    assert_eq!((plan.fences.len(), plan.fences[0].name.as_str()), (1, "a.mp4"));
    assert!(plan.fences[0].takes("person") && !plan.fences[0].takes("car") && plan.fences[0].takes("unclassified"));
}

/// A plan of one fence with these corners.
fn corners(polygon: &str) -> Result<Plan, PlanError> {
    Plan::parse(&format!(r#"{{"fences": [{{"id": "a", "kind": "house_door", "polygon": {polygon}}}]}}"#), None)
}

#[test]
fn refusals_name_the_corner() {
    let fence = || Place::Fence("a".to_owned());
    let check = |polygon: &str, error: PlanError| assert_eq!(corners(polygon).unwrap_err(), error);
    check("[[0,0],[1,0]]", PlanError::Corners { place: fence(), corners: 2 });
    check("[[0,0],[1,0],[1.2,0.5]]", PlanError::Outside { place: fence(), corner: 2, x: 1.2, y: 0.5 });
    check("[[0,0],[-0.1,0],[1,0.5]]", PlanError::Outside { place: fence(), corner: 1, x: -0.1, y: 0.0 });
    check("[[0,0],[1,0],[1,0],[0,1]]", PlanError::Repeated { place: fence(), corner: 2 });
    check("[[0,0],[1,0],[0,1],[0,0]]", PlanError::Repeated { place: fence(), corner: 0 });
    check("[[0.1,0.1],[0.9,0.9],[0.9,0.1],[0.1,0.9]]", PlanError::Crossing { place: fence(), first: 0, second: 2 });
    check("[[0,0],[0.5,0.5],[1,1]]", PlanError::NoArea(fence()));
    check("[[0,0],[0.001,0],[0,0.001]]", PlanError::NoArea(fence()));
    let error = corners("[[0,0],[1,0],[1.2,0.5]]").unwrap_err();
    assert_eq!(error.zh(), "围栏 a 的第 3 个角（1.2，0.5）在画面之外");
    assert_eq!(error.corner(), Some((&fence(), 2)));
}

#[test]
fn other_refusals() {
    let refused = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        let known = ["person".to_owned()];
        Plan::parse(&GOOD.replacen(from, to, 1), Some(&known)).unwrap_err()
    };
    assert!(matches!(refused("\"masks\"", "\"mask\""), PlanError::Json(_)));
    assert!(matches!(refused("\"enter_hits\"", "\"hits\""), PlanError::Json(_)));
    assert!(matches!(refused("sampling_head", "roof"), PlanError::Json(_)));
    assert_eq!(refused("\"bank\"", "\"head\""), PlanError::Duplicate("head".to_owned()));
    assert!(matches!(refused("[\"person\"]", "[\"persn\"]"), PlanError::UnknownLabel { .. }));
    assert_eq!(refused("{\"person\": 0.4}", "{\"car\": 0.4}"), PlanError::UnknownThreshold("car".to_owned()));
    assert!(matches!(refused("0.3}", "1.3}"), PlanError::Number { what: "score", .. }));
    assert!(matches!(refused("[1320, 360]", "[1441, 360]"), PlanError::Number { what: "hours", .. }));
    assert!(matches!(refused("\"enter_hits\": 3", "\"enter_hits\": 0"), PlanError::Number { what: "enter_hits", .. }));
    assert!(matches!(refused("\"to\": [1,0.5]", "\"to\": [0,0.5]"), PlanError::Repeated { place: Place::Line(_), .. }));
    assert!(matches!(refused("[0.2,0.1]]", "[0.2,0]]"), PlanError::Repeated { place: Place::Mask(0), .. }));
    assert!(matches!(Plan::parse(&" ".repeat(TEXT_MAX + 1), None), Err(PlanError::TooLong(_))));
    assert!(matches!(corners("[[0,0],[1,0],[1e999,0.5]]"), Err(PlanError::Json(_))));
}

#[test]
fn spans_run_over_midnight() {
    let check = |from, to, minute, holds| assert_eq!(Span(from, to).holds(minute), holds, "{from} {to} {minute}");
    check(60, 120, 60, true);
    check(60, 120, 120, false);
    check(1320, 60, 1439, true);
    check(1320, 60, 59, true);
    check(1320, 60, 60, false);
    check(0, 1440, 700, true);
}

fn plans() -> impl Strategy<Value = String> {
    let corner = prop_oneof![
        Just("[0,0]"),
        Just("[1,0]"),
        Just("[1,1]"),
        Just("[0,1]"),
        Just("[2,1]"),
        Just("[0.5]"),
        Just("[0.5,0.5]"),
        Just("null")
    ];
    let polygon = prop::collection::vec(corner, 0..7).prop_map(|c| format!("[{}]", c.join(",")));
    (polygon, any::<i64>(), ".*").prop_map(|(p, n, s)| {
        let s = serde_json::to_string(&s).unwrap();
        format!(r#"{{"fences":[{{"id":{s},"kind":"air_inlet","polygon":{p},"enter_hits":{n}}}],"masks":[{p}]}}"#)
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".*") {
        let _ = Plan::parse(&text, None);
    }

    #[test]
    fn nearly_right_plans_are_taken_or_refused(text in plans()) {
        if let Ok(plan) = Plan::parse(&text, None) {
            prop_assert!(plan.fences[0].polygon.iter().flatten().all(|v| (0.0..=1.0).contains(v)));
            prop_assert!(geometry::area(&plan.fences[0].polygon) > 0.0);
        }
    }
}
