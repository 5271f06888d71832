//! Findings, decisions, reviewed values and signatures.

use std::collections::HashSet;

use shanshui_domain::act::case::{Action, Event};
use shanshui_domain::analyse::review::desk::{Level, Refusal, SignSpan};
use shanshui_domain::id::{CaseId, Mn, StationCode, TelegramId};
use shanshui_domain::right::{Caller, Role};
use shanshui_domain::sense::Kept;
use shanshui_domain::sense::reviewed::{Device, Ruling, reviewed};
use shanshui_domain::time::Instant;
use uuid::Uuid;

use super::history::{DAY, FEW, START, at, beside, fill};
use super::{Home, POINT, REAL, caller, case_in, keep, key, organisations, person, reading, station};
use crate::review::stands;
use crate::{Again, DecisionRow, FindingFilter, FindingIn, FindingsPut, Rewrite, SignOffRow, Store, StoreError};

const ALWAYS: (Instant, Instant) = (Instant(i64::MIN), Instant(i64::MAX));

/// A finding on values of the point, `[from, to)`.
pub(super) fn finding(rule: &str, (from, to): (i64, i64), evidence: &str) -> FindingIn {
    FindingIn {
        station: "s1".into(),
        point: Some(POINT),
        factor: Some("w01001".into()),
        kind: Some(REAL),
        family: "check".into(),
        rule: rule.into(),
        rule_version: 1,
        from: Instant(from),
        to: Instant(to),
        score: None,
        urgency: 50,
        evidence: evidence.into(),
        reason: "{}".into(),
    }
}

pub(super) fn decision(n: u128, level: Level, verdict: &str) -> DecisionRow {
    DecisionRow {
        id: Uuid::from_u128(n).to_string(),
        finding: None,
        station: "s1".into(),
        point: Some(POINT),
        kind: Some(REAL),
        from: Instant(10),
        to: Instant(11),
        level: Some(level),
        verdict: verdict.into(),
        ground: None,
        value: None,
        document: None,
        note: String::new(),
        person: Some(person(1)),
        at: Instant(1_000 + n as i64),
        changed: 0,
        case: None,
    }
}

/// The values of a stretch as a decision changes them, on what counts now.
async fn rewrites(store: &Store, span: (i64, i64), ruling: &Ruling, id: &str) -> Vec<Rewrite> {
    let rows = store.range((POINT, REAL), (Instant(span.0), Instant(span.1)), 99).await.expect("rows");
    let one = |row: crate::ReadingRow| {
        let device = Device { value: row.value.as_deref(), extra: &row.extra, mark: &row.mark };
        Rewrite { reading: reviewed(key(row.at.0), device, ruling, (id, Instant(5_000))), seen: row.versions }
    };
    rows.into_iter().map(one).collect()
}

pub(super) async fn decide(
    store: &Store,
    by: &Caller,
    decision: DecisionRow,
    values: Vec<Rewrite>,
) -> Result<Vec<SignOffRow>, StoreError> {
    let state = store.moved_state().await.expect("a state");
    store.decide(by, decision, (values, state), (Vec::new(), Vec::new())).await
}

/// What counts, as `10: 9.34 X v2`.
async fn counts(store: &Store) -> Vec<String> {
    let rows = store.range((POINT, REAL), ALWAYS, 99).await.expect("rows");
    let one = |r: crate::ReadingRow| format!("{}: {} {} v{}", r.at.0, r.value.unwrap_or_default(), r.mark, r.versions);
    rows.into_iter().map(one).collect()
}

async fn whole(store: &Store) {
    for found in store.check().await.expect("looked at") {
        assert!(found.ok, "{}: {}", found.what, found.detail);
    }
}

async fn places(store: &Store) {
    for o in organisations() {
        store.organisation_put(&Caller::machine(), o, Instant(0)).await.expect("kept");
    }
    store.places_put(&[station("s1", "kc", None), station("s2", "qj", None)]).await.expect("kept");
}

pub(super) async fn a_finding_is_kept_once_and_changes_by_versions(store: &Store, _: &impl Home) {
    let put = async |found: FindingIn| {
        let put = store.findings_put(vec![found], Instant(7)).await.expect("kept");
        [put.new, put.changed, put.known]
    };
    assert_eq!(put(finding("stuck", (100, 201), "[1]")).await, [1, 0, 0]);
    assert_eq!(put(finding("stuck", (100, 201), "[1]")).await, [0, 0, 1], "the same again");
    assert_eq!(put(finding("stuck", (150, 201), "[2]")).await, [0, 0, 1], "the same, seen with less around it");
    assert_eq!(put(finding("stuck", (150, 301), "[3]")).await, [0, 1, 0], "it goes on");
    assert_eq!(put(finding("stuck", (300, 401), "[4]")).await, [1, 0, 0], "one moment in common is another");
    assert_eq!(put(finding("jump", (100, 301), "[1]")).await, [1, 0, 0], "another rule");
    let other = FindingIn { rule_version: 2, ..finding("jump", (100, 301), "[1]") };
    assert_eq!(put(other).await, [0, 1, 0], "other parameters");
    assert_eq!(store.findings_put(Vec::new(), Instant(7)).await.expect("nothing"), FindingsPut::default());

    let machine = Caller::machine();
    let all = store.findings(&machine, &FindingFilter::default(), None, 99).await.expect("rows");
    assert_eq!(all.len(), 3);
    let grown = all.iter().find(|f| f.newest.what.rule == "stuck" && f.newest.version == 2).expect("there");
    assert_eq!((grown.newest.what.from, grown.newest.what.to), (Instant(100), Instant(301)));
    let (_, versions, decisions) = store.finding(&machine, &grown.newest.id).await.expect("there");
    assert_eq!((versions.len(), versions[0].what.evidence.as_str(), decisions.len()), (2, "[1]", 0));
    // pages follow one another without a gap
    let first = store.findings(&machine, &FindingFilter::default(), None, 2).await.expect("rows");
    let cursor = first.last().map(|f| (f.newest.what.urgency, f.newest.id.clone()));
    let second = store.findings(&machine, &FindingFilter::default(), cursor, 2).await.expect("rows");
    let ids = |page: &[crate::FindingState]| page.iter().map(|f| f.newest.id.clone()).collect::<Vec<_>>();
    assert_eq!([ids(&first), ids(&second)].concat(), ids(&all));
    let jumps = FindingFilter { rule: Some("jump".into()), level: Some(Level::First), ..FindingFilter::default() };
    assert_eq!(store.findings(&machine, &jumps, None, 9).await.expect("rows").len(), 1);
    let done = FindingFilter { done: Some(true), ..FindingFilter::default() };
    assert_eq!(store.findings(&machine, &done, None, 9).await.expect("rows"), []);
}

pub(super) async fn a_decision_is_the_next_version_of_a_value(store: &Store, _: &impl Home) {
    let machine = Caller::machine();
    keep(store, &[(10, "7.91"), (20, "9.34"), (30, "8.47")]).await;
    let invalid = decision(1, Level::First, "invalidate");
    let values = rewrites(store, (20, 31), &Ruling::Invalid, &invalid.id).await;
    assert_eq!(values.len(), 2);
    let stale = values.clone();
    decide(store, &machine, invalid, values).await.expect("decided");
    assert_eq!(counts(store).await, ["10: 7.91 N v1", "20: 9.34 X v2", "30: 8.47 X v2"]);
    let latest = store.latest().await.expect("latest");
    assert_eq!((latest[0].mark.as_str(), latest[0].telegram), ("X", None), "the newest value follows");
    // somebody who has not seen that changes nothing
    let again = decide(store, &machine, decision(2, Level::Second, "invalidate"), stale).await;
    assert!(matches!(again, Err(StoreError::Conflict)));
    let manual = decision(3, Level::Second, "manual");
    let values = rewrites(store, (20, 21), &Ruling::Manual("8.02".into()), &manual.id).await;
    decide(store, &machine, manual, values).await.expect("decided");
    assert_eq!(counts(store).await, ["10: 7.91 N v1", "20: 8.02 N v3", "30: 8.47 X v2"]);
    let versions = store.versions(key(20)).await.expect("versions");
    let said: Vec<_> = versions.iter().map(|r| (r.value.as_deref(), r.telegram.is_some())).collect();
    assert_eq!(said, [(Some("9.34"), true), (Some("9.34"), false), (Some("8.02"), false)]);
    let known = store.decisions(&machine, &StationCode::from("s1"), (Instant(10), Instant(11)), 9).await.expect("rows");
    assert_eq!(known.iter().map(|d| d.verdict.as_str()).collect::<Vec<_>>(), ["invalidate", "manual"]);
    whole(store).await;
}

pub(super) async fn what_a_device_says_afterwards_is_kept_and_does_not_count(store: &Store, _: &impl Home) {
    keep(store, &[(10, "9.34")]).await;
    let invalid = decision(1, Level::First, "invalidate");
    let values = rewrites(store, (10, 11), &Ruling::Invalid, &invalid.id).await;
    decide(store, &Caller::machine(), invalid, values).await.expect("decided");
    assert_eq!(keep(store, &[(10, "9.34")]).await, [Kept::Repeat], "it only says again what it has said");
    // two in one group, and one that says the second again
    let kept = keep(store, &[(10, "7.95"), (10, "7.96"), (10, "7.96"), (20, "8.00")]).await;
    assert_eq!(kept, [Kept::Beside(3), Kept::Beside(5), Kept::Repeat, Kept::New]);
    assert_eq!(counts(store).await, ["10: 9.34 X v6", "20: 8.00 N v1"]);
    assert_eq!(keep(store, &[(10, "7.97")]).await, [Kept::Beside(7)]);
    let versions = store.versions(key(10)).await.expect("versions");
    let said: Vec<_> = versions.iter().map(|r| (r.value.as_deref().unwrap_or("-"), r.telegram.is_some())).collect();
    let sent = [("9.34", true), ("9.34", false), ("7.95", true), ("9.34", false), ("7.96", true), ("9.34", false)];
    assert_eq!(said[..6], sent);
    let asked = [(TelegramId(3), key(10)), (TelegramId(1), key(10)), (TelegramId(6), key(20))];
    let kept: Vec<_> = store.kept_as(&asked).await.expect("asked").into_iter().map(|k| k.kept).collect();
    assert_eq!(kept, [Kept::Beside(3), Kept::New, Kept::New]);
    whole(store).await;
    // what a reviewer said is no telegram's
    let said = ["9.34", "9.34", "7.95", "7.96", "7.96", "8.00", "7.97"];
    let mut so_far = store.rereading(HashSet::from([POINT])).await.expect("begun");
    for (i, text) in said.into_iter().enumerate() {
        let at = if text == "8.00" { 20 } else { 10 };
        let readings = vec![reading(key(at), text)];
        let again = Again { telegram: TelegramId(i as i64 + 1), mn: Mn::from("A"), readings };
        store.reread(&mut so_far, vec![again]).await.expect("compared");
    }
    let found = store.reread_all(so_far).await.expect("ended");
    assert!(found.ok, "{}", found.detail);
}

pub(super) async fn levels_look_one_after_the_other(store: &Store, _: &impl Home) {
    places(store).await;
    store.findings_put(vec![finding("jump", (10, 11), "[]")], Instant(7)).await.expect("kept");
    let (first, second) = (caller(1, Role::ReviewerFirst, "br-kc"), caller(2, Role::ReviewerSecond, "br-kc"));
    let elsewhere = caller(3, Role::ReviewerFirst, "br-qj");
    let machine = Caller::machine();
    let id = store.findings(&first, &FindingFilter::default(), None, 9).await.expect("rows")[0].newest.id.clone();
    assert_eq!(store.findings(&elsewhere, &FindingFilter::default(), None, 9).await.expect("rows"), []);
    assert_eq!(store.findings_waiting(&elsewhere, None).await.expect("counts"), [0, 0, 0]);
    assert!(matches!(store.finding(&elsewhere, &id).await, Err(StoreError::NotFound)));
    let of = |n, level, verdict: &str| DecisionRow { finding: Some((id.clone(), 1)), ..decision(n, level, verdict) };
    let tried =
        async |by: &Caller, n, level, verdict: &str| match decide(store, by, of(n, level, verdict), vec![]).await {
            Ok(_) => "ok".to_owned(),
            Err(StoreError::Desk(refusal)) => format!("{refusal:?}"),
            Err(error) => format!("{error:?}"),
        };
    assert_eq!(tried(&elsewhere, 1, Level::First, "accept").await, "NotFound");
    assert_eq!(tried(&first, 2, Level::Second, "accept").await, "Forbidden", "another level's right");
    assert_eq!(tried(&second, 3, Level::Second, "accept").await, "Waits(Some(First))");
    assert_eq!(tried(&first, 4, Level::First, "accept").await, "ok");
    assert_eq!(store.findings_waiting(&first, None).await.expect("counts"), [0, 1, 0]);
    assert_eq!(tried(&first, 5, Level::First, "accept").await, "Waits(Some(Second))");
    assert_eq!(tried(&second, 6, Level::Second, "return").await, "ok");
    assert_eq!(store.findings_waiting(&first, None).await.expect("counts"), [1, 0, 0]);
    for (n, level) in Level::ALL.into_iter().enumerate() {
        assert_eq!(tried(&machine, 10 + n as u128, level, "accept").await, "ok");
    }
    assert_eq!(tried(&first, 20, Level::First, "accept").await, "Waits(None)");
    // another version of it waits from the beginning, and what was decided of the one before is kept
    store.findings_put(vec![finding("jump", (10, 31), "[2]")], Instant(8)).await.expect("kept");
    assert_eq!(
        tried(&first, 21, Level::First, "accept").await,
        "Conflict",
        "it was another version that was looked at"
    );
    let (state, versions, decisions) = store.finding(&first, &id).await.expect("there");
    assert_eq!((state.waits, versions.len(), decisions.len()), (Some(Level::First), 2, 5));
}

pub(super) async fn what_is_published_changes_by_editions(store: &Store, _: &impl Home) {
    places(store).await;
    store.pack_apply(&super::sense::pack(&["w01001"])).await.expect("a point of the station's block");
    keep(store, &[(10, "7.91"), (20, "9.34")]).await;
    store.findings_put(vec![finding("jump", (20, 21), "[]")], Instant(7)).await.expect("kept");
    let machine = Caller::machine();
    let span = SignSpan::parse("1970-01-01").expect("a day");
    let row = |level: Level, returned: bool, note: &str| SignOffRow {
        station: "s1".into(),
        span: span.to_string(),
        seq: 0,
        first: Instant(0),
        until: Instant(DAY),
        level,
        edition: 0,
        returned,
        person: Some(person(1)),
        at: Instant(100),
        digest: format!("of level {}", level.number()),
        note: note.into(),
        decision: None,
    };
    let sign = async |level, returned, note: &str| match store.sign(&machine, row(level, returned, note), true).await {
        Ok(row) => format!("{} {}", row.seq, row.edition),
        Err(StoreError::Desk(refusal)) => format!("{refusal:?}"),
        Err(error) => format!("{error:?}"),
    };
    assert_eq!(sign(Level::First, false, "").await, "Open(1)");
    let id = store.findings(&machine, &FindingFilter::default(), None, 9).await.expect("rows")[0].newest.id.clone();
    for (n, level) in Level::ALL.into_iter().enumerate() {
        let of = DecisionRow { finding: Some((id.clone(), 1)), ..decision(50 + n as u128, level, "accept") };
        decide(store, &machine, of, Vec::new()).await.expect("decided");
    }
    assert_eq!(sign(Level::Second, false, "").await, "Unsigned(First)");
    assert_eq!(sign(Level::First, false, "").await, "1 1");
    assert_eq!(sign(Level::Second, true, "").await, "NoNote");
    assert_eq!(sign(Level::Second, true, "缺依据").await, "2 1");
    for (level, said) in [(Level::First, "3 1"), (Level::Second, "4 1"), (Level::Third, "5 1")] {
        assert_eq!(sign(level, false, "").await, said);
    }
    let elsewhere = caller(3, Role::ReviewerThird, "br-qj");
    assert!(matches!(store.sign(&elsewhere, row(Level::Third, false, ""), true).await, Err(StoreError::NotFound)));
    // frozen
    let change = async |n, level, note: &str, editions: Vec<SignOffRow>| {
        let decision = DecisionRow { note: note.into(), ..decision(n, level, "invalidate") };
        let values = rewrites(store, (20, 21), &Ruling::Invalid, &decision.id).await;
        let state = store.moved_state().await.expect("a state");
        match store.decide(&machine, decision, (values, state), (editions, Vec::new())).await {
            Ok(made) => format!("{:?}", made.iter().map(|e| (e.seq, e.edition)).collect::<Vec<_>>()),
            Err(StoreError::Desk(refusal)) => format!("{refusal:?}"),
            Err(error) => format!("{error:?}"),
        }
    };
    let frozen = Refusal::Published("1970-01-01".into());
    assert_eq!(change(60, Level::Second, "why", vec![]).await, format!("{frozen:?}"));
    assert_eq!(change(61, Level::Third, "", vec![]).await, "NoNote");
    assert_eq!(change(62, Level::Third, "why", vec![]).await, "Conflict", "nobody says what counts then");
    assert_eq!(counts(store).await[1], "20: 9.34 N v1", "what is refused changes nothing");
    let next = SignOffRow { digest: "of edition 2".into(), ..row(Level::Third, false, "why") };
    assert_eq!(change(63, Level::Third, "why", vec![next]).await, "[(6, 2)]");
    assert_eq!(counts(store).await[1], "20: 9.34 X v2");
    let rows = store.sign_offs(&machine, &"s1".into(), span).await.expect("rows");
    let digests: Vec<_> = rows.iter().filter(|r| r.level == Level::Third).map(|r| r.digest.as_str()).collect();
    assert_eq!(digests, ["of level 3", "of edition 2"], "both editions are there");
    assert_eq!(stands(&rows).published, Some(2));
    // what comes late is kept, and does not count by itself, whether there was something or not
    let late = store.arrive(vec![super::arrival(vec![reading(key(10), "5.55+"), reading(key(30), "6.66+")])]).await;
    assert_eq!(late.expect("kept").remove(0).kept, [Kept::Beside(2), Kept::Beside(1)]);
    assert_eq!(counts(store).await, ["10: 7.91 N v3", "20: 9.34 X v2", "30: 6.66 X v2"]);
    assert_eq!(keep(store, &[(10, "5.55+"), (30, "6.66+")]).await, [Kept::Repeat, Kept::Repeat]);
    assert_eq!(keep(store, &[(DAY, "7.00+")]).await, [Kept::New], "the day after is not published");
    whole(store).await;
    let over = store.sign_offs_over(&machine, &"s1".into(), (Instant(20), Instant(21))).await.expect("rows");
    assert_eq!((over.len(), over[0].len()), (1, 6));
    assert_eq!(
        store.sign_offs_over(&machine, &"s1".into(), (Instant(DAY), Instant(2 * DAY))).await.expect("rows").len(),
        0
    );
}

pub(super) async fn a_reviewed_value_stays_when_what_is_around_it_moves(store: &Store, _: &impl Home) {
    fill(store).await;
    let (_folder, store) = beside(store).await;
    let moved = at(POINT, 7);
    let invalid = decision(1, Level::First, "invalidate");
    let row = store.range((POINT, REAL), (moved.at, Instant(moved.at.0 + 1)), 9).await.expect("rows").remove(0);
    let device = Device { value: row.value.as_deref(), extra: &row.extra, mark: &row.mark };
    let reading = |id: &str| reviewed(moved, device, &Ruling::Invalid, (id, Instant(5_000)));
    let values = vec![Rewrite { reading: reading(&invalid.id), seen: 1 }];
    decide(&store, &Caller::machine(), invalid, values).await.expect("decided");
    let now = async |store: &Store| {
        let row = store.range((POINT, REAL), (moved.at, Instant(moved.at.0 + 1)), 9).await.expect("rows").remove(0);
        (row.value.unwrap_or_default(), row.mark, row.versions)
    };
    let hidden = (row.value.clone().unwrap_or_default(), "X".to_owned(), 2);
    assert_eq!(now(&store).await, hidden);
    store.move_before(Instant(START + 3 * DAY), FEW).await.expect("moved");
    assert!(store.moved_state().await.expect("a state").generation > 0);
    assert_eq!(now(&store).await, hidden, "what was said by telegram has moved, what was reviewed has not");
    let days = store.day_sums(&Caller::machine(), &[POINT], REAL, ALWAYS, &shanshui_domain::time::Zone::china()).await;
    let marked = days.expect("days").rows.iter().flat_map(|(_, days)| days).map(|d| d.marked).sum::<u32>();
    // the device comes once more, for a time that has moved
    let late = super::arrival(vec![super::reading(moved, "5.55")]);
    let kept = store.arrive(vec![late]).await.expect("kept").remove(0).kept;
    assert_eq!(kept, [Kept::Beside(3)]);
    assert_eq!(now(&store).await, (hidden.0.clone(), "X".into(), 4));
    whole(&store).await;
    store.move_before(Instant(START + 3 * DAY), FEW).await.expect("moved");
    assert_eq!(now(&store).await, (hidden.0, "X".into(), 4));
    let days = store.day_sums(&Caller::machine(), &[POINT], REAL, ALWAYS, &shanshui_domain::time::Zone::china()).await;
    assert_eq!(days.expect("days").rows.iter().flat_map(|(_, days)| days).map(|d| d.marked).sum::<u32>(), marked);
    let versions = store.versions(moved).await.expect("versions");
    assert_eq!(versions.iter().map(|v| v.versions).collect::<Vec<_>>(), [1, 2, 3, 4]);
    // a value whose telegram has moved can be reviewed as well
    let old = at(POINT, 8);
    let row = store.range((POINT, REAL), (old.at, Instant(old.at.0 + 1)), 9).await.expect("rows").remove(0);
    let manual = decision(2, Level::First, "manual");
    let device = Device { value: row.value.as_deref(), extra: &row.extra, mark: &row.mark };
    let said = reviewed(old, device, &Ruling::Manual("7.77".into()), (&manual.id, Instant(6_000)));
    let values = vec![Rewrite { reading: said, seen: row.versions }];
    decide(&store, &Caller::machine(), manual, values).await.expect("decided");
    let row = store.range((POINT, REAL), (old.at, Instant(old.at.0 + 1)), 9).await.expect("rows").remove(0);
    assert_eq!((row.value.as_deref(), row.versions), (Some("7.77"), 2));
    whole(&store).await;
}

pub(super) async fn a_clue_becomes_one_case(store: &Store, _: &impl Home) {
    places(store).await;
    let clue = FindingIn { family: "clue".into(), score: Some("0.8".into()), ..finding("spike", (10, 11), "[]") };
    store.findings_put(vec![clue], Instant(7)).await.expect("kept");
    let duty = caller(1, Role::DutyOfficer, "br-kc");
    let id = store.findings(&duty, &FindingFilter::default(), None, 9).await.expect("rows")[0].newest.id.clone();
    let open = |n: u128, by: &Caller| {
        let case = CaseId(Uuid::from_u128(n));
        let action = Action::Open { title: "pH 突变".into(), alarm: None, finding: Some(id.clone()) };
        let by = by.id().expect("a person");
        let event = Event { v: Event::FORMAT, at: Instant(9), by, behalf: None, action, note: String::new() };
        let finding = Some((id.clone(), 1));
        let decision = DecisionRow { finding, level: None, case: Some(case), ..decision(n, Level::First, "case") };
        (case_in(case, event, "QZ-1970-"), decision)
    };
    for (other, expected) in [
        (caller(2, Role::DutyOfficer, "br-qj"), StoreError::NotFound),
        (caller(3, Role::ReviewerFirst, "br-kc"), StoreError::Forbidden),
    ] {
        let (case, decision) = open(90, &other);
        let refused = store.case_open_from(&other, case, decision).await.expect_err("refused");
        assert_eq!(refused.to_string(), expected.to_string());
    }
    let (case, said) = open(91, &duty);
    let opened = store.case_open_from(&duty, case, said).await.expect("opened");
    let (case, said) = open(92, &duty);
    assert!(matches!(store.case_open_from(&duty, case, said).await, Err(StoreError::Conflict)), "once");
    let (state, _, decisions) = store.finding(&duty, &id).await.expect("there");
    assert_eq!(state.case, Some(opened.id));
    assert_eq!((state.waits, decisions.len()), (Some(Level::First), 1), "it is still to be reviewed");
    let detail = store.case(&duty, opened.id).await.expect("there");
    assert!(matches!(&detail.events[0].0.action, Action::Open { finding: Some(f), .. } if *f == id));
    whole(store).await;
}
