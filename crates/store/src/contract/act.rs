//! Alarms, cases, evidence.

use shanshui_domain::act::alarm::{AlarmKind, AlarmState};
use shanshui_domain::act::case::{Action, Event, Refused};
use shanshui_domain::id::{AlarmId, CaseId, EvidenceId, StationCode};
use shanshui_domain::right::{Caller, Role};
use shanshui_domain::time::Instant;
use uuid::Uuid;

use super::{Home, caller, case_in, person};
use crate::{AlarmFilter, AlarmRow, CaseFilter, EvidenceRow, Store, StoreError};

const LI: u128 = 1;
const WANG: u128 = 2;

fn alarm_id(n: u128) -> AlarmId {
    AlarmId(Uuid::from_u128(n))
}

fn case_id(n: u128) -> CaseId {
    CaseId(Uuid::from_u128(n))
}

pub(super) fn alarm(n: u128, condition: &str, last: i64, value: &str) -> AlarmRow {
    AlarmRow {
        id: alarm_id(n),
        condition: condition.into(),
        kind: AlarmKind::Exceedance,
        station: StationCode::from(condition.split(':').next().expect("a first part")),
        point: None,
        factor: Some("w01001".into()),
        value: Some(value.into()),
        limit_text: Some("6 – 9".into()),
        message_zh: "超标".into(),
        message_en: "exceeds".into(),
        basis: "{}".into(),
        state: AlarmState::Open,
        opened: Instant(last),
        last: Instant(last),
        count: 1,
        ended: None,
        acknowledged_by: None,
        acknowledged_at: None,
        case: None,
    }
}

pub(super) async fn an_alarm_lasts_once_for_a_condition(store: &Store, _: &impl Home) {
    let raise = async |n, last, value| store.alarm_raise(alarm(n, "s1:ph", last, value)).await.expect("raised");
    assert_eq!(raise(1, 10, "9.5").await, (alarm(1, "s1:ph", 10, "9.5"), true));
    let (merged, new) = raise(2, 20, "9.9").await;
    let expected = AlarmRow { last: Instant(20), count: 2, value: Some("9.9".into()), ..alarm(1, "s1:ph", 10, "9.5") };
    assert_eq!((merged, new), (expected.clone(), false));
    let (merged, _) = raise(3, 15, "9.7").await;
    assert_eq!(merged, AlarmRow { count: 3, ..expected }, "late news does not turn the clock back");
    assert_eq!(store.alarm_counts().await.expect("counts"), [(StationCode::from("s1"), 1)]);
    let ended = store.alarm_end("s1:ph".into(), Instant(30)).await.expect("ended").expect("one lasted");
    assert_eq!((ended.id, ended.state, ended.ended), (alarm_id(1), AlarmState::Ended, Some(Instant(30))));
    assert_eq!(store.alarm_end("s1:ph".into(), Instant(31)).await.expect("a question"), None);
    assert_eq!(store.alarm_counts().await.expect("counts"), []);
    assert_eq!(raise(4, 40, "9.6").await, (alarm(4, "s1:ph", 40, "9.6"), true), "a new one after the end");
    assert_eq!(store.alarm(&Caller::machine(), alarm_id(1)).await.expect("there"), ended);
    assert!(matches!(store.alarm(&Caller::machine(), alarm_id(9)).await, Err(StoreError::NotFound)));
}

pub(super) async fn alarms_are_acknowledged_once(store: &Store, _: &impl Home) {
    for (n, condition) in [(1, "s1:a"), (2, "s1:b")] {
        store.alarm_raise(alarm(n, condition, 10, "1")).await.expect("raised");
    }
    let ack = async |n, who, at| {
        let duty = caller(who, Role::DutyOfficer, "city");
        store.alarm_acknowledge(&duty, alarm_id(n), Instant(at)).await.expect("taken")
    };
    let seen = ack(1, LI, 20).await;
    assert_eq!((seen.state, seen.acknowledged_by), (AlarmState::Acknowledged, Some(person(LI))));
    assert_eq!(ack(1, WANG, 21).await, seen, "whoever was first stays named");
    let ended = store.alarm_end("s1:a".into(), Instant(30)).await.expect("ended").expect("one lasted");
    assert_eq!((ended.state, ended.acknowledged_at), (AlarmState::Ended, Some(Instant(20))));
    // ended and seen by nobody: the list still says so, and it can still be taken notice of
    let unseen = store.alarm_end("s1:b".into(), Instant(30)).await.expect("ended").expect("one lasted");
    assert_eq!((unseen.state, unseen.acknowledged_by), (AlarmState::Ended, None));
    let late = ack(2, WANG, 40).await;
    assert_eq!(
        (late.state, late.acknowledged_by, late.ended),
        (AlarmState::Ended, Some(person(WANG)), Some(Instant(30)))
    );
    let unknown = store.alarm_acknowledge(&Caller::machine(), alarm_id(9), Instant(1)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)));
}

pub(super) async fn alarms_are_filtered_and_paged(store: &Store, _: &impl Home) {
    use AlarmState::{Acknowledged, Ended, Open};
    for (n, condition) in [(1, "s1:a"), (2, "s2:a"), (3, "s1:b"), (4, "s2:b"), (5, "s1:c")] {
        store.alarm_raise(alarm(n, condition, 10, "1")).await.expect("raised");
    }
    store.alarm_acknowledge(&Caller::machine(), alarm_id(2), Instant(20)).await.expect("taken");
    store.alarm_end("s1:b".into(), Instant(30)).await.expect("ended");
    type Wanted = (Option<Vec<AlarmState>>, Option<&'static str>, Option<u128>, usize, &'static [u128]);
    let cases: [Wanted; 10] = [
        (None, None, None, 9, &[5, 4, 3, 2, 1]),
        (None, None, None, 2, &[5, 4]),
        (None, None, Some(4), 2, &[3, 2]),
        (None, Some("s1"), None, 9, &[5, 3, 1]),
        (Some(vec![Open]), None, None, 9, &[5, 4, 1]),
        (Some(vec![Ended, Acknowledged]), None, None, 9, &[3, 2]),
        (Some(vec![Open, Open, Open, Ended]), None, None, 9, &[5, 4, 3, 1]),
        (Some(vec![Open]), Some("s1"), Some(5), 9, &[1]),
        (Some(vec![]), Some("s2"), None, 9, &[4, 2]),
        (None, Some("nowhere"), None, 9, &[]),
    ];
    for (states, station, before, limit, expected) in cases {
        let filter = AlarmFilter { states, station: station.map(StationCode::from) };
        let rows = store.alarms(&Caller::machine(), &filter, before.map(alarm_id), limit).await.expect("alarms");
        let ids: Vec<u128> = rows.iter().map(|a| a.id.0.as_u128()).collect();
        assert_eq!(ids, expected, "{filter:?} before {before:?}");
    }
}

/// `li:open`, `li:assign` to Wang, `wang:report` …; the deadline is 1,000 later.
pub(super) fn event(word: &str, at: i64) -> Event {
    let (who, what) = word.split_once(':').expect("who:what");
    let (due, evidence) = (Instant(at + 1_000), vec![EvidenceId(Uuid::from_u128(9))]);
    let action = match what {
        "open" => Action::Open { title: "pH 突变".into(), alarm: None, finding: None },
        "alarm" => Action::Open { title: "pH 突变".into(), alarm: Some(alarm_id(1)), finding: None },
        "untitled" => Action::Open { title: " ".into(), alarm: None, finding: None },
        "assign" => Action::Assign { to: person(WANG), due },
        "report" => Action::Report { evidence },
        "back" => Action::SendBack { due },
        "verify" => Action::Verify { evidence },
        "close" => Action::Close,
        other => panic!("no such word {other}"),
    };
    let by = person(if who == "li" { LI } else { WANG });
    Event { v: Event::FORMAT, at: Instant(at), by, behalf: None, action, note: String::new() }
}

/// Opens a case and walks it; answers how far it came.
async fn walk(store: &Store, n: u128, script: &str) -> Result<u64, StoreError> {
    let mut words = script.split_whitespace();
    let first = event(words.next().expect("a first word"), 0);
    let mut version = store.case_open(&Caller::machine(), case_in(case_id(n), first, "QZ2026")).await?.version;
    for word in words {
        version =
            store.case_commit(&Caller::machine(), case_id(n), version, &[event(word, version as i64)]).await?.version;
    }
    Ok(version)
}

pub(super) async fn a_case_goes_its_way(store: &Store, _: &impl Home) {
    store.alarm_raise(alarm(1, "s1:a", 10, "1")).await.expect("raised");
    walk(store, 1, "li:alarm li:assign").await.expect("assigned");
    assert_eq!(store.alarm(&Caller::machine(), alarm_id(1)).await.expect("there").case, Some(case_id(1)));
    let detail = store.case(&Caller::machine(), case_id(1)).await.expect("there");
    let summary = detail.summary();
    assert_eq!((summary.number.as_str(), summary.state.as_str(), summary.version), ("QZ20260001", "assigned", 2));
    assert_eq!((summary.due, summary.assignee), (Some(Instant(1_001)), Some(person(WANG))));
    assert_eq!(store.cases(&Caller::machine(), &CaseFilter::default(), None, 9).await.expect("cases"), [summary]);
    let rest = ["wang:report", "li:verify", "li:close"].map(|w| event(w, 5));
    let case = store.case_commit(&Caller::machine(), case_id(1), 2, &rest).await.expect("closed");
    assert_eq!((case.state.as_str(), case.version), ("closed", 5));
    let detail = store.case(&Caller::machine(), case_id(1)).await.expect("there");
    assert_eq!((detail.events.len(), &detail.case), (5, &case));
    assert_eq!(shanshui_domain::act::chain::verify(detail.events.iter().map(|(_, link)| link)), Ok(5));
    assert_eq!(
        store.cases(&Caller::machine(), &CaseFilter::default(), None, 9).await.expect("cases"),
        [detail.summary()]
    );
    assert!(matches!(store.case(&Caller::machine(), case_id(7)).await, Err(StoreError::NotFound)));
    assert!(matches!(store.case_commit(&Caller::machine(), case_id(7), 1, &[]).await, Err(StoreError::NotFound)));
}

pub(super) async fn what_is_refused_leaves_nothing(store: &Store, _: &impl Home) {
    assert!(matches!(walk(store, 1, "li:untitled").await, Err(StoreError::Refused(Refused::NoTitle))));
    assert!(matches!(walk(store, 1, "li:alarm").await, Err(StoreError::NotFound)), "an alarm there is not");
    store.alarm_raise(alarm(1, "s1:a", 10, "1")).await.expect("raised");
    walk(store, 1, "li:alarm li:assign").await.expect("assigned");
    assert!(matches!(walk(store, 2, "li:alarm").await, Err(StoreError::Conflict)), "the alarm has its case");
    assert!(matches!(walk(store, 1, "li:open").await, Err(StoreError::Conflict)), "the case is there");
    let before = store.case(&Caller::machine(), case_id(1)).await.expect("there");
    let commit = async |seen, words: [&str; 2]| {
        store.case_commit(&Caller::machine(), case_id(1), seen, &words.map(|w| event(w, 9))).await
    };
    assert!(matches!(commit(1, ["wang:report", "li:verify"]).await, Err(StoreError::Conflict)));
    let refused = commit(2, ["wang:report", "wang:verify"]).await;
    assert!(matches!(refused, Err(StoreError::Refused(Refused::SamePerson))), "the good half is taken back too");
    assert_eq!(store.case(&Caller::machine(), case_id(1)).await.expect("there"), before);
    assert_eq!(
        store.cases(&Caller::machine(), &CaseFilter::default(), None, 9).await.expect("cases"),
        [before.summary()]
    );
    walk(store, 3, "li:open").await.expect("opened");
    assert_eq!(
        store.case(&Caller::machine(), case_id(3)).await.expect("there").number,
        "QZ20260002",
        "no number is lost"
    );
    let findings = store.check().await.expect("a check");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
}

pub(super) async fn cases_are_numbered_in_their_series(store: &Store, _: &impl Home) {
    let tasks: Vec<_> = (0..60_u128)
        .map(|n| {
            let (store, series) = (store.clone(), if n % 3 == 0 { "A" } else { "B" });
            tokio::spawn(async move {
                store
                    .case_open(&Caller::machine(), case_in(case_id(n + 1), event("li:open", 0), series))
                    .await
                    .map(|_| ())
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("opened");
    }
    let rows = store.cases(&Caller::machine(), &CaseFilter::default(), None, 99).await.expect("cases");
    let mut numbers: Vec<String> = rows.into_iter().map(|c| c.number).collect();
    numbers.sort();
    let expected = (1..=20).map(|n| format!("A{n:04}")).chain((1..=40).map(|n| format!("B{n:04}")));
    assert_eq!(numbers, expected.collect::<Vec<_>>());
}

pub(super) async fn cases_are_filtered_and_paged(store: &Store, _: &impl Home) {
    let scripts = [
        (1, "li:open"),
        (2, "li:open li:assign"),
        (3, "wang:open"),
        (4, "li:open li:assign wang:report"),
        (5, "li:open li:assign wang:report li:verify li:close"),
    ];
    for (n, script) in scripts {
        walk(store, n, script).await.expect("walked");
    }
    let (li, wang, nobody) = (Some(LI), Some(WANG), Some(3));
    type Wanted = (&'static str, Option<u128>, Option<u128>, Option<u128>, usize, &'static [u128]);
    let cases: [Wanted; 10] = [
        ("", None, None, None, 9, &[5, 4, 3, 2, 1]),
        ("", None, None, Some(4), 2, &[3, 2]),
        ("open", None, None, None, 9, &[3, 1]),
        ("unclosed", None, None, None, 9, &[4, 3, 2, 1]),
        ("closed", None, None, None, 9, &[5]),
        ("", wang, None, None, 9, &[2]),
        ("", None, wang, None, 9, &[5, 4, 3, 2]),
        ("", None, li, None, 9, &[5, 4, 2, 1]),
        ("unclosed", None, wang, Some(4), 9, &[3, 2]),
        ("", None, nobody, None, 9, &[]),
    ];
    for (state, assignee, participant, before, limit, expected) in cases {
        let assignees = assignee.into_iter().map(person).collect();
        let filter = CaseFilter { state: (!state.is_empty()).then(|| state.into()), assignees };
        // whoever sees their own cases only sees those they have to do with
        let who = participant.map_or(Caller::machine(), |who| caller(who, Role::CaseOfficer, "br-kc"));
        let rows = store.cases(&who, &filter, before.map(case_id), limit).await.expect("cases");
        let ids: Vec<u128> = rows.iter().map(|c| c.id.0.as_u128()).collect();
        assert_eq!(ids, expected, "{filter:?} before {before:?}");
    }
    let counts = async |now| store.case_counts(&Caller::machine(), Instant(now)).await.expect("counts");
    assert_eq!((counts(0).await, counts(1_001).await, counts(1_002).await), ((4, 0), (4, 0), (4, 1)));
}

pub(super) async fn evidence_is_kept(store: &Store, _: &impl Home) {
    let row = |n: u128, at: i64, size: i64| EvidenceRow {
        id: EvidenceId(Uuid::from_u128(n)),
        case: case_id(1),
        name: "现场 'photo'.jpg".into(),
        media_type: "image/jpeg".into(),
        size,
        sha256: "00".into(),
        by: person(LI),
        at: Instant(at),
    };
    walk(store, 1, "li:open").await.expect("opened");
    let bytes: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
    store.evidence_put(&Caller::machine(), &row(1, 20, 3_000_000), bytes.clone()).await.expect("kept");
    store.evidence_put(&Caller::machine(), &row(2, 10, 0), vec![]).await.expect("kept");
    let got = store.evidence(&Caller::machine(), row(1, 0, 0).id).await.expect("there");
    assert!(got == (row(1, 20, 3_000_000), bytes));
    assert_eq!(store.evidence(&Caller::machine(), row(2, 0, 0).id).await.expect("there"), (row(2, 10, 0), vec![]));
    assert_eq!(
        store.evidence_list(&Caller::machine(), case_id(1)).await.expect("a list"),
        [row(2, 10, 0), row(1, 20, 3_000_000)]
    );
    assert!(matches!(store.evidence_list(&Caller::machine(), case_id(2)).await, Err(StoreError::NotFound)));
    assert!(matches!(store.evidence_put(&Caller::machine(), &row(1, 1, 1), vec![1]).await, Err(StoreError::Conflict)));
    assert!(matches!(store.evidence(&Caller::machine(), row(9, 0, 0).id).await, Err(StoreError::NotFound)));
}
