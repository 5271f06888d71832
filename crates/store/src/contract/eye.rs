//! Cameras, fences, guards, events, visits and loudspeakers.

use sha2::{Digest as _, Sha256};
use shanshui_domain::act::case::{self, Action};
use shanshui_domain::id::CaseId;
use shanshui_domain::place::Secret;
use shanshui_domain::right::{Caller, Right, Role};
use shanshui_domain::sense::eye::camera::{Camera, CameraKind, Quiet};
use shanshui_domain::sense::eye::event::{Begun, File, Refusal, Step, What};
use shanshui_domain::sense::eye::guard::{Guard, GuardState, Reason};
use shanshui_domain::sense::eye::visit::{Visit, VisitFault, VisitState};
use shanshui_domain::sense::eye::{EventKind, Spoken, Suspicion, Verdict};
use shanshui_domain::time::Instant;
use uuid::Uuid;

use super::review::finding;
use super::{Home, caller, case_in, organisations, person, station};
use crate::{
    CameraRow, CaseFilter, EventFilter, FindingFilter, PlanRow, SoundRow, SpokenRow, Store, StoreError, VisitFilter,
    VisitRow, VoiceRow,
};

/// A station in each of two counties, and who has to do with them: an administrator, a duty officer of the first county, one of the
/// other.
async fn settle(store: &Store) -> [Caller; 3] {
    for one in organisations() {
        store.organisation_put(&Caller::machine(), one, Instant(1)).await.expect("kept");
    }
    store.places_put(&[station("s1", "kc", None), station("s2", "qj", None)]).await.expect("placed");
    [
        caller(1, Role::SystemAdministrator, "city"),
        caller(2, Role::DutyOfficer, "br-kc"),
        caller(3, Role::DutyOfficer, "br-qj"),
    ]
}

fn camera(id: &str, version: i64, code: &str, station: &str) -> CameraRow {
    let camera = Camera {
        code: code.into(),
        station: station.into(),
        name_zh: "采样口".into(),
        name_en: "sampling head".into(),
        kind: CameraKind::Rtsp,
        address: "rtsp://***@192.0.2.5/1".into(),
        detect_address: None,
        udp: false,
        fps: 5.0,
        width: 640,
        enabled: true,
    };
    CameraRow { id: id.into(), version, camera, by: Some(person(1)), at: Instant(10) }
}

fn address() -> (Secret, Option<Secret>) {
    (Secret::new("rtsp://u:p@192.0.2.5/1"), None)
}

fn begun(entered: i64) -> Step {
    let begun = Begun {
        camera: ("c1".into(), 1),
        station: "s1".into(),
        kind: EventKind::Intrusion,
        label: "person".into(),
        fence: ("head".into(), "采样口".into()),
        plan: (1, "00".into()),
        thresholds: serde_json::json!({}),
        model: None,
        approached: None,
        entered: Instant(entered),
        stream_s: 1.0,
        clock_offset_ms: None,
        score: 0.5,
        bbox: [0.1, 0.2, 0.3, 0.4],
        visit: None,
    };
    Step { at: Instant(entered), by: None, what: What::Begun(Box::new(begun)) }
}

fn step(at: i64, by: Option<u128>, what: What) -> Step {
    Step { at: Instant(at), by: by.map(person), what }
}

fn left(at: i64) -> Step {
    step(at, None, What::Left { until: Instant(at), score: 0.7, cut: None })
}

const MARGIN_MS: i64 = 1;

pub(super) async fn cameras_and_fences_are_versions(store: &Store, _: &impl Home) {
    let [admin, here, there] = settle(store).await;
    store.camera_put(&admin, camera("c1", 1, "s1-c1", "s1"), address()).await.expect("kept");
    let again = store.camera_put(&admin, camera("c1", 1, "s1-c1", "s1"), address()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "the next version is the second");
    let other = store.camera_put(&admin, camera("c2", 1, "s1-c1", "s1"), address()).await;
    assert!(matches!(other, Err(StoreError::Conflict)), "a code is one camera's");
    let officer = store.camera_put(&here, camera("c1", 2, "s1-c1", "s1"), address()).await;
    assert!(matches!(officer, Err(StoreError::Forbidden)));
    let mut second = camera("c1", 2, "s1-c1", "s1");
    second.camera.enabled = false;
    store.camera_put(&admin, second.clone(), address()).await.expect("kept");
    assert_eq!(store.cameras(&here).await.expect("seen"), [second]);
    assert!(store.cameras(&there).await.expect("seen").is_empty(), "another county's");
    assert!(matches!(store.camera(&there, "c1").await, Err(StoreError::NotFound)));
    let (open, detect) = store.camera_addresses("c1").await.expect("opens");
    assert_eq!((open.expose(), detect.is_none()), ("rtsp://u:p@192.0.2.5/1", true));
    let plan = |version, plan: &str| PlanRow {
        camera: "c1".into(),
        version,
        plan: plan.into(),
        digest: String::new(),
        note: "初次划定".into(),
        by: Some(person(2)),
        at: Instant(20),
    };
    let kept = store.plan_put(&here, plan(1, "{}")).await.expect("kept");
    assert_eq!(kept.digest, hex::encode(Sha256::digest(b"{}")));
    assert!(matches!(store.plan_put(&here, plan(1, "{}")).await, Err(StoreError::Conflict)));
    assert!(matches!(store.plan_put(&there, plan(2, "{}")).await, Err(StoreError::NotFound)));
    store.plan_put(&here, plan(2, "[]")).await.expect("kept");
    let versions: Vec<_> = store.plans(&admin, "c1").await.expect("seen").iter().map(|p| p.version).collect();
    assert_eq!(versions, [2, 1]);
    let quiet = Quiet { bbox: [0.0, 0.0, 0.1, 0.2], label: "person".into(), note: "水桶".into() };
    assert_eq!(store.quiet_put(&here, "c1", quiet.clone(), Instant(30)).await.expect("kept"), 1);
    assert_eq!(store.quiet_put(&here, "c1", quiet, Instant(31)).await.expect("kept"), 2);
    store.quiet_end(&here, "c1", 1, Instant(40)).await.expect("ended");
    assert!(matches!(store.quiet_end(&here, "c1", 1, Instant(41)).await, Err(StoreError::Conflict)));
    let quiets = store.quiets(&here, "c1").await.expect("seen");
    assert_eq!(quiets.iter().map(|q| (q.n, q.ended)).collect::<Vec<_>>(), [(1, Some(Instant(40))), (2, None)]);
}

pub(super) async fn a_guard_is_written_when_it_changes(store: &Store, _: &impl Home) {
    let [admin, here, there] = settle(store).await;
    store.camera_put(&admin, camera("c1", 1, "s1-c1", "s1"), address()).await.expect("kept");
    let put = async |state, reason, since| {
        store.guard_put("c1".into(), Guard { state, reason, since: Instant(since) }).await.expect("kept")
    };
    assert!(put(GuardState::Guarded, None, 100).await);
    assert!(!put(GuardState::Guarded, None, 150).await, "as it was");
    assert!(put(GuardState::Blind, Some(Reason::Black), 200).await);
    assert!(put(GuardState::Blind, Some(Reason::Covered), 190).await, "the clock went back");
    let seen = async |from, to| {
        let span = (Instant(from), Instant(to));
        let rows = store.guards(&here, "c1", span).await.expect("seen");
        rows.iter().map(|g| (g.since.0, g.reason)).collect::<Vec<_>>()
    };
    let all = [(100, None), (200, Some(Reason::Black)), (201, Some(Reason::Covered))];
    assert_eq!(seen(0, 999).await, all);
    assert_eq!(seen(150, 201).await, all[..2], "with the state that it had");
    assert_eq!(seen(500, 999).await, all[2..]);
    let other = store.guards(&there, "c1", (Instant(0), Instant(9))).await;
    assert!(matches!(other, Err(StoreError::NotFound)));
}

pub(super) async fn an_event_is_a_chain_of_steps(store: &Store, _: &impl Home) {
    let [_, here, there] = settle(store).await;
    let row = store.eye_begin("e1", "EYE-2026-".into(), begun(10_000), MARGIN_MS).await.expect("begun");
    assert_eq!((row.number.as_str(), row.event.suspicion), ("EYE-2026-000001", Some(Suspicion::Standing)));
    let again = store.eye_begin("e1", "EYE-2026-".into(), begun(99_000), MARGIN_MS).await.expect("there");
    assert_eq!((again.number, again.event.begun.entered), (row.number, Instant(10_000)), "as it was");
    let spoke = What::Spoke { result: Spoken::Sent, first_byte_ms: Some(80), detail: "rtp".into() };
    store.eye_step("e1", step(10_100, None, spoke), MARGIN_MS).await.expect("follows");
    let judged = || What::Judged { verdict: Verdict::Person, reason: "看过录像".into() };
    let early = store.eye_act(&here, "e1", step(10_200, Some(2), judged()), MARGIN_MS).await;
    assert!(matches!(early, Err(StoreError::Eye(Refusal::Lasts))));
    let lasting = EventFilter { state: Some("open".into()), ..EventFilter::default() };
    assert_eq!(store.eye_events(&Caller::machine(), &lasting, None, 9).await.expect("seen").len(), 1);
    let span = async |from, to| {
        let rows = store.eye_doubts(&here, &"s1".into(), (Instant(from), Instant(to)), 9).await.expect("seen");
        rows.len()
    };
    assert_eq!((span(0, 9_000).await, span(0, 9_001).await, span(99_000, 99_001).await), (0, 1, 1), "its end is open");
    store.eye_step("e1", left(20_000), MARGIN_MS).await.expect("follows");
    assert_eq!((span(20_999, 22_000).await, span(21_000, 22_000).await), (1, 0));
    let other = store.eye_act(&there, "e1", step(1, Some(3), judged()), MARGIN_MS).await;
    assert!(matches!(other, Err(StoreError::NotFound)));
    let machine = store.eye_act(&here, "e1", left(30_000), MARGIN_MS).await;
    assert!(matches!(machine, Err(StoreError::Forbidden)), "no person ends a stay");
    let reader = caller(4, Role::UnitHead, "br-kc");
    let reader = store.eye_act(&reader, "e1", step(1, Some(4), judged()), MARGIN_MS).await;
    assert!(matches!(reader, Err(StoreError::Forbidden)));
    store.eye_act(&here, "e1", step(40_000, Some(2), judged()), MARGIN_MS).await.expect("follows");
    let lifted = What::Doubt { now: Suspicion::Lifted, reason: "数据与邻站一致".into() };
    let row = store.eye_act(&here, "e1", step(50_000, Some(2), lifted), MARGIN_MS).await.expect("follows");
    assert_eq!((row.event.state(), row.event.suspicion), ("reviewed", Some(Suspicion::Lifted)));
    let steps = store.eye_steps(&here, "e1").await.expect("seen");
    assert_eq!(steps.iter().map(|s| s.link.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(steps.windows(2).all(|pair| pair[0].link.digest == pair[1].link.previous));
    let folded = shanshui_domain::sense::eye::event::Event::of(steps.iter().map(|s| &s.step)).expect("folds");
    assert_eq!(folded, store.eye_event(&here, "e1").await.expect("seen").event, "the row is the fold of the steps");
    assert!(store.check().await.expect("looked at").iter().all(|f| f.ok), "its chain is whole");
}

pub(super) async fn an_event_becomes_one_case(store: &Store, _: &impl Home) {
    let [_, here, there] = settle(store).await;
    for (id, entered) in [("e1", 10_000), ("e2", 60_000)] {
        store.eye_begin(id, "EYE-2026-".into(), begun(entered), MARGIN_MS).await.expect("begun");
        store.eye_step(id, left(entered + 5_000), MARGIN_MS).await.expect("follows");
    }
    store.findings_put(vec![finding("spike", (9_500, 12_000), "[]")], Instant(7)).await.expect("kept");
    let found = store.findings(&here, &FindingFilter::default(), None, 9).await.expect("rows").remove(0).newest.id;
    let over = async |who: &Caller, from, to| {
        let rows = store.findings_over(who, &"s1".into(), (Instant(from), Instant(to)), 9).await.expect("rows");
        rows.len()
    };
    assert_eq!((over(&here, 11_999, 20_000).await, over(&here, 12_000, 20_000).await), (1, 0));
    assert_eq!((over(&here, 0, 9_500).await, over(&there, 0, 99_000).await), (0, 0));
    let take_up = |n: u128, by: &Caller, event: &'static str, findings: Vec<String>| {
        let action = Action::Open { title: "闯入".into(), alarm: None, finding: findings.first().cloned() };
        let opening = case::Event {
            v: case::Event::FORMAT,
            at: Instant(70_000),
            by: by.id().expect("a person"),
            behalf: None,
            action,
            note: String::new(),
        };
        let (new, by) = (case_in(CaseId(Uuid::from_u128(n)), opening, "QZ-1970-"), by.clone());
        async move { store.eye_take_up(&by, event, new, findings, MARGIN_MS).await }
    };
    let refused = take_up(1, &there, "e1", Vec::new()).await;
    assert!(matches!(refused, Err(StoreError::NotFound)));
    let refused = take_up(2, &caller(4, Role::UnitHead, "br-kc"), "e1", Vec::new()).await;
    assert!(matches!(refused, Err(StoreError::Forbidden)));
    let refused = take_up(3, &here, "e1", vec!["no such finding".into()]).await;
    assert!(matches!(refused, Err(StoreError::NotFound)));
    // two press at the same moment: one opens, the other is told that it is done
    let (one, two) = tokio::join!(take_up(4, &here, "e1", Vec::new()), take_up(5, &here, "e1", vec![found.clone()]));
    let (done, refused) = if one.is_ok() { (one, two) } else { (two, one) };
    assert!(matches!(refused, Err(StoreError::Eye(Refusal::HasCase))));
    let (case, row) = done.expect("one of them");
    assert_eq!(row.event.case, Some(case));
    // the finding is either in that case already, or joins the case of the next event about it: then that event is in its case
    let had = store.finding(&here, &found).await.expect("there").0.case;
    let (next, _) = take_up(6, &here, "e2", vec![found.clone()]).await.expect("taken up");
    assert_eq!(had.unwrap_or(next), next);
    assert_eq!(store.finding(&here, &found).await.expect("there").0.case, Some(next));
    let cases = store.cases(&here, &CaseFilter::default(), None, 9).await.expect("seen");
    let mut numbers: Vec<_> = cases.iter().map(|c| c.number.as_str()).collect();
    numbers.sort_unstable();
    let expected: &[_] = if had.is_some() { &["QZ-1970-0001"] } else { &["QZ-1970-0001", "QZ-1970-0002"] };
    assert_eq!(numbers, expected, "what was refused left no case and no gap");
    assert!(
        store.cases(&there, &CaseFilter::default(), None, 9).await.expect("seen").is_empty(),
        "it is where its station is"
    );
    assert!(store.check().await.expect("looked at").iter().all(|f| f.ok), "chains are whole");
}

pub(super) async fn events_are_filtered_and_paged(store: &Store, _: &impl Home) {
    let [_, here, there] = settle(store).await;
    for n in 1..=5 {
        store.eye_begin(&format!("e{n}"), "E".into(), begun(n * 1_000), MARGIN_MS).await.expect("begun");
    }
    store.eye_step("e2", left(9_000), MARGIN_MS).await.expect("follows");
    let file = File {
        name: "entry.jpg".into(),
        kind: "entry".into(),
        size: 7,
        sha256: "00".into(),
        sm3: "00".into(),
        span: (Instant(3_000), Instant(3_000)),
        boxes: vec![(0.0, "person".into(), [0.0, 0.0, 1.0, 1.0])],
    };
    store.eye_step("e3", step(3_001, None, What::Filed(file)), MARGIN_MS).await.expect("follows");
    let ids = async |filter: EventFilter, after, limit| {
        let rows = store.eye_events(&here, &filter, after, limit).await.expect("seen");
        rows.into_iter().map(|r| r.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(EventFilter::default(), None, 3).await, ["e5", "e4", "e3"]);
    assert_eq!(ids(EventFilter::default(), Some((Instant(3_000), "e3".into())), 3).await, ["e2", "e1"]);
    let state = |state: &str| EventFilter { state: Some(state.into()), ..EventFilter::default() };
    assert_eq!(ids(state("unreviewed"), None, 9).await, ["e2"]);
    let span = EventFilter { from: Some(Instant(2_000)), to: Some(Instant(4_000)), ..EventFilter::default() };
    assert_eq!(ids(span, None, 9).await, ["e3", "e2"]);
    assert_eq!(store.eye_counts(&here).await.expect("counted"), (4, 1));
    assert_eq!(store.eye_counts(&there).await.expect("counted"), (0, 0));
    assert!(store.eye_events(&there, &EventFilter::default(), None, 9).await.expect("seen").is_empty());
}

pub(super) async fn a_camera_is_as_right_as_its_newest_events(store: &Store, _: &impl Home) {
    use Verdict::{Animal, False, Person};
    let [_, here, there] = settle(store).await;
    for (n, verdict) in (1..).zip([Some(False), Some(Person), Some(Animal), Some(False), None]) {
        let id = format!("e{n}");
        store.eye_begin(&id, "E".into(), begun(n * 1_000), MARGIN_MS).await.expect("begun");
        store.eye_step(&id, left(n * 1_000 + 500), MARGIN_MS).await.expect("follows");
        if let Some(verdict) = verdict {
            let said = What::Judged { verdict, reason: "看过录像".into() };
            store.eye_act(&here, &id, step(9_000, Some(2), said), MARGIN_MS).await.expect("follows");
        }
    }
    let tally = async |who: &Caller, camera: &str, since, newest| {
        let t = store.eye_tally(who, camera, (Instant(since), newest)).await.expect("counted");
        (t.doubting, t.reviewed, t.right)
    };
    assert_eq!(tally(&here, "c1", 0, 9).await, (5, 4, 2));
    assert_eq!(tally(&here, "c1", 4_000, 9).await, (2, 4, 2));
    assert_eq!(tally(&here, "c1", 0, 3).await, (3, 2, 1), "the newest three");
    assert_eq!((tally(&here, "c2", 0, 9).await, tally(&there, "c1", 0, 9).await), ((0, 0, 0), (0, 0, 0)));
    // whoever judges anew is right: the last verdict counts
    let said = What::Judged { verdict: Person, reason: "再看一遍，有人".into() };
    store.eye_act(&here, "e1", step(9_500, Some(2), said), MARGIN_MS).await.expect("follows");
    assert_eq!(tally(&here, "c1", 0, 9).await, (5, 4, 3));
}

pub(super) async fn a_visit_is_approved_by_somebody_else_and_in_time(store: &Store, _: &impl Home) {
    let [_, here, there] = settle(store).await;
    let asks = caller(5, Role::ReviewerFirst, "br-kc");
    let row = |id: &str| VisitRow {
        id: id.into(),
        station: "s1".into(),
        visit: Visit { unit: "运维公司".into(), purpose: "换试剂".into(), from: Instant(100), to: Instant(200) },
        who: (Secret::new("王五"), Secret::new("13800000000")),
        state: VisitState::Asked,
        asked: (person(5), Instant(10)),
        decided: None,
        note: String::new(),
    };
    store.visit_put(&asks, row("v1")).await.expect("kept");
    assert!(matches!(store.visit_put(&there, row("v2")).await, Err(StoreError::NotFound)), "another county's station");
    assert_eq!(store.visit(&here, "v1").await.expect("seen"), row("v1"));
    assert_eq!(store.visit_at(&"s1".into(), Instant(150)).await.expect("asked"), None);
    let decide = async |who: &Caller, then, at| store.visit_decide(who, "v1", then, (Instant(at), "同意".into())).await;
    assert!(matches!(decide(&asks, VisitState::Approved, 20).await, Err(StoreError::Forbidden)));
    assert!(matches!(decide(&there, VisitState::Approved, 20).await, Err(StoreError::NotFound)));
    let late = decide(&here, VisitState::Approved, 200).await;
    assert!(matches!(late, Err(StoreError::Visit(VisitFault::Over))));
    decide(&here, VisitState::Approved, 20).await.expect("approved");
    let at = async |at| store.visit_at(&"s1".into(), Instant(at)).await.expect("asked");
    assert_eq!((at(99).await, at(100).await, at(200).await), (None, Some("v1".into()), None));
    let other = decide(&caller(6, Role::ReviewerFirst, "br-kc"), VisitState::Cancelled, 110).await;
    assert!(matches!(other, Err(StoreError::Visit(VisitFault::Others))));
    decide(&asks, VisitState::Cancelled, 120).await.expect("taken back");
    assert_eq!(at(150).await, None);
    let list = async |filter: VisitFilter| store.visits(&here, &filter, 9).await.expect("seen").len();
    assert_eq!(list(VisitFilter { from: Some(Instant(200)), ..VisitFilter::default() }).await, 0);
    assert_eq!(list(VisitFilter { state: Some(VisitState::Cancelled), ..VisitFilter::default() }).await, 1);
}

pub(super) async fn a_loudspeaker_is_versions_and_what_it_said_is_kept(store: &Store, _: &impl Home) {
    let [_, here, there] = settle(store).await;
    let row = |version, sound: Option<&str>| VoiceRow {
        station: "s1".into(),
        version,
        body: "{}".into(),
        secret: Secret::new("{\"password\":\"p\"}"),
        sound: sound.map(Into::into),
        by: Some(person(2)),
        at: Instant(10),
    };
    assert_eq!(store.voice(&here, &"s1".into()).await.expect("seen"), None);
    store.voice_put(&here, row(1, None), None).await.expect("kept");
    let bytes = b"RIFF".to_vec();
    let sound = SoundRow { id: "a".into(), sha256: hex::encode(Sha256::digest(&bytes)), bytes };
    store.voice_put(&here, row(2, Some("a")), Some(sound.clone())).await.expect("kept");
    assert!(matches!(store.voice_put(&here, row(2, None), None).await, Err(StoreError::Conflict)));
    assert!(matches!(store.voice_put(&there, row(3, None), None).await, Err(StoreError::NotFound)));
    assert_eq!(store.voice(&here, &"s1".into()).await.expect("seen"), Some(row(2, Some("a"))));
    assert_eq!(store.sound("a").await.expect("there"), sound);
    let spoken = |id: &str, at| SpokenRow {
        id: id.into(),
        station: "s1".into(),
        event: Some("e1".into()),
        result: Spoken::Failed,
        detail: "no answer".into(),
        ms: None,
        by: None,
        at: Instant(at),
    };
    store.spoken_put(&Caller::machine(), spoken("1", 5)).await.expect("kept");
    store.spoken_put(&here, SpokenRow { by: Some(person(2)), ..spoken("2", 6) }).await.expect("kept");
    assert!(matches!(store.spoken_put(&there, spoken("3", 7)).await, Err(StoreError::NotFound)));
    let said = store.spoken(&here, &"s1".into(), 9).await.expect("seen");
    assert_eq!(said.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    assert!(here.may(Right::VoiceSpeak) && store.spoken(&there, &"s1".into(), 9).await.is_err());
}
