use super::*;
use crate::model::ModelError;

type Script = Vec<Result<Vec<Detection>, ModelError>>;

/// A detector that says what it was told to say, then nothing.
struct Scripted {
    labels: Vec<String>,
    script: std::vec::IntoIter<Result<Vec<Detection>, ModelError>>,
}

impl Detector for Scripted {
    fn labels(&self) -> &[String] {
        &self.labels
    }
    fn usual(&self) -> f32 {
        0.4
    }
    fn id(&self) -> &'static str {
        "script"
    }
    fn detect(&mut self, _: &Picture) -> Result<Vec<Detection>, ModelError> {
        self.script.next().unwrap_or_else(|| Ok(Vec::new()))
    }
}

fn scripted(script: Script) -> Box<dyn Detector> {
    let labels = vec!["person".to_owned(), "dog".to_owned()];
    Box::new(Scripted { labels, script: script.into_iter() })
}

/// The same on every picture.
fn scripted_at(found: Vec<Detection>, times: usize) -> Box<dyn Detector> {
    scripted(std::iter::repeat_with(|| Ok(found.clone())).take(times).collect())
}

const PLACE: Rect = Rect { x0: 0.45, y0: 0.3, x1: 0.55, y1: 0.7 };

fn person(score: f32) -> Vec<Detection> {
    vec![Detection { label: 0, score, bbox: PLACE }]
}

fn plan() -> Plan {
    Plan::parse(r#"{"fences": [{"id": "head", "kind": "sampling_head", "polygon": [[0.3,0.3],[0.7,0.3],[0.7,0.9],[0.3,0.9]]}]}"#, None).unwrap()
}

/// A scene with some structure and a figure at a place, if there is one. `light` changes everything.
fn scene(figure: Option<Rect>, light: u8) -> Picture {
    let (w, h) = (160u32, 90u32);
    let mut rgb = Vec::new();
    for y in 0..h {
        for x in 0..w {
            let (fx, fy) = (x as f32 / w as f32, y as f32 / h as f32);
            let on = figure.is_some_and(|t| fx >= t.x0 && fx < t.x1 && fy >= t.y0 && fy < t.y1);
            rgb.extend([if on { 220 } else { 60 + (x * 7 + y * 13) as u8 % 30 + light }; 3]);
        }
    }
    Picture::new(w, h, rgb).unwrap()
}

fn kinds(told: &[Sight]) -> Vec<&'static str> {
    let kind = |s: &Sight| match s {
        Sight::Approached(_) => "approached",
        Sight::Entered(_) => "entered",
        Sight::Better(_) => "better",
        Sight::Left(_) => "left",
        Sight::Crossed(_) => "crossed",
        Sight::LeftBehind(_) => "left behind",
    };
    told.iter().map(kind).collect()
}

#[test]
fn a_watch_goes_to_its_camera_s_thread() {
    fn goes<T: Send>(_: &T) {}
    goes(&Watch::new(plan(), None, Settings::default()));
}

#[test]
fn newcomers_ask_at_once_and_those_who_are_known_now_and_then() {
    let at_x = |x: f32| Rect::new(x, 0.3, x + 0.1, 0.7);
    let seen = |x: f32| vec![Detection { label: 0, score: 0.8, bbox: at_x(x) }];
    let asked = |calm_s: f64| {
        let mut watch =
            Watch::new(plan(), Some(scripted_at(seen(0.45), 200)), Settings { calm_s, ..Settings::default() });
        for i in 0..=50 {
            // fidgets in his place
            let place = at_x(0.45 + (i % 2) as f32 * 0.02);
            watch.see(f64::from(i) * 0.2, 0, &scene((i > 0).then_some(place), 0));
        }
        watch.stats().detected
    };
    assert_eq!(asked(0.0), 51);
    assert!((24..=30).contains(&asked(0.35)), "{}", asked(0.35));
}

#[test]
fn the_detector_is_asked_when_something_moves_and_now_and_then() {
    let mut watch = Watch::new(plan(), Some(scripted(vec![])), Settings::default());
    for i in 0..100 {
        watch.see(f64::from(i) * 0.2, 0, &scene(None, 0));
    }
    // the first picture, and one after ten seconds
    assert_eq!((watch.stats().frames, watch.stats().detected, watch.stats().gated), (100, 2, 98));
}

#[test]
fn who_stands_still_and_is_not_recognised_is_held_while_his_place_looks_as_it_did() {
    let seen = std::iter::repeat_with(|| Ok(person(0.8))).take(5).collect();
    let mut watch = Watch::new(plan(), Some(scripted(seen)), Settings::default());
    let mut told = Vec::new();
    told.extend(watch.see(0.0, 0, &scene(None, 0)));
    for i in 1..100 {
        told.extend(watch.see(f64::from(i) * 0.2, 0, &scene(Some(PLACE), 0)));
    }
    assert_eq!(kinds(&told), ["entered"], "{told:?}");
    assert!(watch.occupied());
    // gone: his place is empty
    for i in 100..115 {
        told.extend(watch.see(f64::from(i) * 0.2, 0, &scene(None, 0)));
    }
    assert_eq!(kinds(&told), ["entered", "left"]);
    let Some(Sight::Left(gone)) = told.last() else { panic!() };
    assert!((gone.until - 19.8).abs() < 0.01, "{gone:?}");
}

#[test]
fn light_raises_nothing_and_ends_nothing() {
    for detector in [None, Some(scripted((0..20).map(|_| Ok(person(0.8))).collect()))] {
        let with = detector.is_some();
        let mut watch = Watch::new(plan(), detector, Settings::default());
        let mut told = Vec::new();
        for i in 0..60u8 {
            told.extend(watch.see(f64::from(i) * 0.2, 0, &scene(None, if i % 20 < 10 { 0 } else { 120 })));
        }
        if with { assert_eq!(kinds(&told), ["entered"]) } else { assert_eq!(told, []) }
    }
}

#[test]
fn motion_alone_is_never_called_a_person() {
    let mut watch = Watch::new(plan(), None, Settings::default());
    let mut told = Vec::new();
    for i in 0..20 {
        told.extend(watch.see(f64::from(i) * 0.2, 0, &scene((3..10).contains(&i).then_some(PLACE), 0)));
    }
    told.extend(watch.finish(4.0));
    assert_eq!(kinds(&told), ["entered", "left"]);
    let Sight::Entered(who) = &told[0] else { panic!() };
    assert_eq!(
        (who.label.as_str(), who.at.to_bits(), who.since.to_bits()),
        ("unclassified", 1.0f64.to_bits(), (3.0f64 * 0.2).to_bits())
    );
    assert_eq!(watch.model(), None);
}

#[test]
fn a_place_that_is_known_to_be_wrong_is_ignored() {
    let quiet = Quiet { bbox: PLACE, label: "person".to_owned(), until: Some(10.0) };
    let settings = Settings { quiet: vec![quiet], recheck_s: 0.0, ..Settings::default() };
    let mut watch = Watch::new(plan(), Some(scripted((0..200).map(|_| Ok(person(0.8))).collect())), settings);
    let mut entered = None;
    for i in 0..80 {
        let at = f64::from(i) * 0.2;
        if !watch.see(at, 0, &scene(Some(PLACE), (i % 2) as u8 * 20)).is_empty() {
            entered.get_or_insert(at);
        }
    }
    assert!(entered.is_some_and(|at| at > 10.0), "{entered:?}");
}

#[test]
fn masks_and_labels_that_nobody_asks_for_are_no_tracks() {
    let dog = || Ok(vec![Detection { label: 1, score: 0.9, bbox: PLACE }]);
    let mut watch = Watch::new(plan(), Some(scripted(vec![dog(), dog()])), Settings::default());
    watch.see(0.0, 0, &scene(None, 0));
    assert_eq!(watch.tracks(), []);
    let mut masked = plan();
    masked.masks = vec![vec![[0.4, 0.6], [0.6, 0.6], [0.6, 0.8], [0.4, 0.8]]];
    let mut watch = Watch::new(masked, Some(scripted(vec![Ok(person(0.9))])), Settings::default());
    watch.see(0.0, 0, &scene(None, 0));
    assert_eq!(watch.tracks(), []);
}

#[test]
fn a_detector_that_keeps_failing_is_given_up_and_said_so() {
    let failing = (0..9).map(|_| Err(ModelError::Run("no memory".to_owned()))).collect();
    let mut watch =
        Watch::new(plan(), Some(scripted(failing)), Settings { recheck_s: 0.0, idle_s: 0.0, ..Settings::default() });
    let mut told = Vec::new();
    for i in 0..30 {
        told.extend(watch.see(f64::from(i) * 0.2, 0, &scene((15..25).contains(&i).then_some(PLACE), 0)));
    }
    assert_eq!((watch.stats().failures, watch.stats().given_up.as_deref()), (5, Some("模型运行失败：no memory")));
    assert!(matches!(&told[0], Sight::Entered(w) if w.label == "unclassified"));
}

#[test]
fn a_stream_that_begins_anew_ends_what_was_open() {
    let mut watch = Watch::new(
        plan(),
        Some(scripted((0..9).map(|_| Ok(person(0.8))).collect())),
        Settings { recheck_s: 0.0, ..Settings::default() },
    );
    for i in 0..5 {
        watch.see(100.0 + f64::from(i) * 0.2, 0, &scene(None, 0));
    }
    assert!(watch.occupied());
    let told = watch.see(0.0, 0, &scene(None, 0));
    assert!(matches!(&told[..], [Sight::Left(g)] if g.at == 100.8), "{told:?}");
    assert_eq!(watch.stats().jumps, 1);
}

#[test]
fn another_plan_keeps_those_who_are_followed() {
    let mut watch = Watch::new(
        plan(),
        Some(scripted((0..99).map(|_| Ok(person(0.8))).collect())),
        Settings { recheck_s: 0.0, ..Settings::default() },
    );
    for i in 0..5 {
        watch.see(f64::from(i) * 0.2, 0, &scene(None, 0));
    }
    let before = watch.tracks();
    let mut other = plan();
    other.fences[0].id = "other".to_owned();
    assert_eq!(kinds(&watch.replan(other)), ["left"]);
    let mut told = Vec::new();
    for i in 5..10 {
        told.extend(watch.see(f64::from(i) * 0.2, 0, &scene(None, 0)));
    }
    assert_eq!(watch.tracks()[0].track, before[0].track);
    assert!(matches!(&told[..], [Sight::Entered(w)] if w.fence == "other"));
}

#[test]
fn what_is_left_behind_is_told() {
    let mut plan = plan();
    plan.fences[0].left_behind = Some(crate::fence::LeftBehind { still_s: 10.0 });
    let mut watch = Watch::new(plan, Some(scripted(vec![])), Settings::default());
    let bag = Rect::new(0.5, 0.6, 0.6, 0.75);
    let mut told = Vec::new();
    for i in 0..100 {
        told.extend(watch.see(f64::from(i) * 0.2, 0, &scene((i > 5).then_some(bag), 0)));
    }
    assert!(
        matches!(&told[..], [Sight::LeftBehind(r)] if (r.since - 1.4).abs() < 0.01 && r.bbox.iou(&bag) > 0.7),
        "{told:?}"
    );
}

#[test]
fn recorded_tracks_can_be_played_against_another_plan() {
    let mut watch = Watch::new(
        plan(),
        Some(scripted((0..99).map(|_| Ok(person(0.8))).collect())),
        Settings { recheck_s: 0.0, ..Settings::default() },
    );
    let mut log = Vec::new();
    for i in 0..10 {
        watch.see(f64::from(i) * 0.2, 0, &scene(None, 0));
        log.push(serde_json::to_string(&watch.tracks()).unwrap());
    }
    let played = |plan: Plan| {
        let mut stays = Stays::new(plan, 0.4);
        let tracks = |line: &String| serde_json::from_str::<Vec<TrackNow>>(line).unwrap();
        log.iter().enumerate().flat_map(|(i, line)| stays.step(i as f64 * 0.2, 0, &tracks(line))).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&played(plan())), ["entered"]);
    let mut away = plan();
    away.fences[0].polygon = vec![[0.0, 0.0], [0.2, 0.0], [0.2, 0.2]];
    assert_eq!(played(away), []);
    let mut strict = plan();
    strict.thresholds.day.insert("person".to_owned(), 0.9);
    assert_eq!(played(strict), []);
}
