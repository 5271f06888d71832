//! Organisations, posts, stand-ins, broken glass; and what each of them lets somebody see.

use shanshui_domain::act::case::{Action, Event};
use shanshui_domain::id::{AlarmId, CaseId, PersonId, PointId, PostId};
use shanshui_domain::right::{Caller, Held, OrganisationKind, Right, Rights, Role, Tree};
use shanshui_domain::time::Instant;
use std::sync::Arc;
use uuid::Uuid;

use super::act::{alarm, event};
use super::{Home, caller, case_in, organisations, person, station};
use crate::{
    AlarmFilter, AuditFilter, CaseFilter, DelegationRow, GlassRow, PersonRow, PostRow, Store, StoreError, args,
};

fn somebody(n: u128) -> PersonRow {
    let row = super::system::li(n, false);
    PersonRow { login: format!("p{n}"), ..row }
}

fn post_id(n: u128) -> PostId {
    PostId(Uuid::from_u128(n))
}

fn post(id: u128, who: u128, role: Role, organisation: &str, (since, until): (i64, Option<i64>)) -> PostRow {
    PostRow {
        id: post_id(id),
        person: person(who),
        organisation: organisation.into(),
        role,
        certificate: None,
        since: Instant(since),
        until: until.map(Instant),
        given_by: None,
        given_at: Instant(since),
        ended_at: None,
    }
}

fn stands_in(id: u128, giver: u128, taker: u128, (since, until): (i64, i64)) -> DelegationRow {
    DelegationRow {
        id: post_id(id),
        giver: person(giver),
        taker: person(taker),
        since: Instant(since),
        until: Instant(until),
        reason: "休假".into(),
        given_by: Some(person(giver)),
        given_at: Instant(since),
        ended_at: None,
    }
}

/// Organisations and six people without posts.
async fn settle(store: &Store) {
    for o in organisations() {
        store.organisation_put(&Caller::machine(), o, Instant(0)).await.expect("kept");
    }
    for n in 1..=6 {
        store.person_put(&Caller::machine(), somebody(n), Instant(0)).await.expect("kept");
    }
}

async fn give(store: &Store, p: PostRow) -> Result<(), StoreError> {
    store.post_give(&Caller::machine(), p).await
}

async fn held(store: &Store, who: u128, at: i64) -> Vec<(Role, String, Option<PersonId>)> {
    let holdings = store.holdings(person(who), Instant(at)).await.expect("holdings");
    holdings.held.into_iter().map(|h| (h.role, h.organisation.to_string(), h.behalf)).collect()
}

pub(super) async fn posts_make_a_caller(store: &Store, home: &impl Home) {
    settle(store).await;
    give(store, post(1, 1, Role::DutyOfficer, "br-kc", (10, Some(20)))).await.expect("given");
    give(store, post(2, 1, Role::CaseOfficer, "br-qj", (10, None))).await.expect("given");
    let (duty, officer) = ((Role::DutyOfficer, "br-kc".into(), None), (Role::CaseOfficer, "br-qj".into(), None));
    assert_eq!(held(store, 1, 9).await, []);
    assert_eq!(held(store, 1, 10).await, [duty, officer.clone()]);
    assert_eq!(held(store, 1, 20).await, [officer]);
    store.post_end(&Caller::machine(), post_id(2), Instant(30)).await.expect("ended");
    assert_eq!(held(store, 1, 30).await, []);
    let again = store.post_end(&Caller::machine(), post_id(2), Instant(31)).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "it has ended");
    let posts = store.posts(&Caller::machine()).await.expect("posts");
    assert_eq!(posts.iter().map(|p| p.ended_at).collect::<Vec<_>>(), [None, Some(Instant(30))], "nothing is lost");
    store.close().await;
    let store = home.open().await;
    assert_eq!(store.posts(&Caller::machine()).await.expect("posts"), posts);
    for refused in [post(3, 9, Role::DutyOfficer, "br-kc", (1, None)), post(3, 1, Role::DutyOfficer, "gone", (1, None))]
    {
        assert!(matches!(give(&store, refused).await, Err(StoreError::NotFound)));
    }
}

pub(super) async fn roles_that_exclude_one_another_are_held_apart(store: &Store, _: &impl Home) {
    settle(store).await;
    give(store, post(1, 1, Role::SystemAdministrator, "city", (10, Some(20)))).await.expect("given");
    for role in [Role::SecurityAdministrator, Role::AuditAdministrator, Role::DutyOfficer] {
        assert!(matches!(give(store, post(2, 1, role, "city", (12, None))).await, Err(StoreError::Apart)), "{role:?}");
    }
    let twice = give(store, post(2, 1, Role::SystemAdministrator, "city", (12, None))).await;
    assert!(matches!(twice, Err(StoreError::Conflict)));
    give(store, post(2, 1, Role::DutyOfficer, "city", (20, None))).await.expect("the other has ended");
    let apart = store.delegate(&Caller::machine(), stands_in(9, 2, 3, (30, 40))).await;
    apart.expect("no administrator is in it");
    give(store, post(4, 4, Role::AuditAdministrator, "city", (10, None))).await.expect("given");
    let apart = store.delegate(&Caller::machine(), stands_in(8, 2, 4, (30, 40))).await;
    assert!(matches!(apart, Err(StoreError::Apart)), "an administrator stands in for nobody");
}

pub(super) async fn whoever_stands_in_holds_what_may_be_handed_on(store: &Store, _: &impl Home) {
    settle(store).await;
    give(store, post(1, 1, Role::DutyOfficer, "br-kc", (0, None))).await.expect("given");
    give(store, post(2, 1, Role::EnforcementOfficer, "br-kc", (0, None))).await.expect("given");
    give(store, post(3, 2, Role::CaseOfficer, "br-qj", (0, None))).await.expect("given");
    let own = caller(1, Role::DutyOfficer, "br-kc");
    store.delegate(&own, stands_in(1, 1, 2, (10, 20))).await.expect("one's own");
    let foreign = store.delegate(&caller(2, Role::CaseOfficer, "br-qj"), stands_in(2, 1, 3, (10, 20))).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "another's posts are not one's own to give");
    let mine = (Role::CaseOfficer, "br-qj".into(), None);
    let theirs = (Role::DutyOfficer, "br-kc".into(), Some(person(1)));
    assert_eq!(held(store, 2, 9).await, std::slice::from_ref(&mine));
    assert_eq!(held(store, 2, 10).await, [mine.clone(), theirs], "what hangs on a certificate is not handed on");
    assert_eq!(held(store, 2, 20).await, std::slice::from_ref(&mine));
    let seen = async |who: Caller| store.delegations(&who).await.expect("delegations").len();
    assert_eq!(seen(own.clone()).await, 1);
    assert_eq!(seen(caller(2, Role::CaseOfficer, "br-qj")).await, 1, "whoever stands in sees it too");
    assert_eq!(seen(caller(5, Role::DutyOfficer, "city")).await, 0);
    assert_eq!(seen(caller(5, Role::SecurityAdministrator, "city")).await, 1);
    assert!(matches!(
        store.delegation_end(&caller(2, Role::CaseOfficer, "br-qj"), post_id(1), Instant(12)).await,
        Err(StoreError::NotFound)
    ));
    store.delegation_end(&own, post_id(1), Instant(12)).await.expect("ended");
    assert_eq!(held(store, 2, 12).await, std::slice::from_ref(&mine));
    store.delegate(&own, stands_in(3, 1, 2, (30, 40))).await.expect("again");
    let gone = PersonRow { disabled: true, ..somebody(1) };
    store.person_put(&Caller::machine(), gone, Instant(31)).await.expect("kept");
    assert_eq!(held(store, 2, 32).await, [mine], "whoever may not log in hands nothing on");
}

pub(super) async fn broken_glass_ends_by_itself(store: &Store, _: &impl Home) {
    settle(store).await;
    let row = |id, who, until| GlassRow {
        id: post_id(id),
        person: person(who),
        reason: "应急：跨界污染".into(),
        since: Instant(10),
        until: Instant(until),
        ended_at: None,
    };
    let duty = caller(1, Role::DutyOfficer, "br-kc");
    store.glass_break(&duty, row(1, 1, 20)).await.expect("broken");
    let broken = async |at| store.holdings(person(1), Instant(at)).await.expect("holdings").glass;
    assert_eq!((broken(9).await, broken(10).await, broken(19).await, broken(20).await), (false, true, true, false));
    assert!(matches!(store.glass_break(&duty, row(2, 2, 20)).await, Err(StoreError::NotFound)), "for oneself only");
    let officer = caller(3, Role::CaseOfficer, "br-kc");
    assert!(matches!(store.glass_break(&officer, row(2, 3, 20)).await, Err(StoreError::NotFound)), "not every role");
    store.glass_mend(&duty, Instant(15)).await.expect("mended");
    assert!(!broken(15).await);
    assert!(matches!(store.glass_mend(&duty, Instant(16)).await, Err(StoreError::NotFound)));
    let seen = async |who: Caller| store.glasses(&who).await.expect("glasses").len();
    assert_eq!((seen(duty).await, seen(officer).await), (1, 0));
    assert_eq!(seen(caller(4, Role::SecurityAdministrator, "city")).await, 1);
}

pub(super) async fn organisations_stay_a_tree(store: &Store, _: &impl Home) {
    settle(store).await;
    let mut city = organisations().remove(0);
    city.parent = Some("br-kc".into());
    let refused = store.organisation_put(&Caller::machine(), city, Instant(1)).await;
    assert!(matches!(refused, Err(StoreError::NoTree(_))), "{refused:?}");
    let mut town = organisations().remove(1);
    (town.code, town.parent, town.kind) = ("town".into(), Some("br-kc".into()), OrganisationKind::Township);
    let officer = caller(1, Role::DutyOfficer, "city");
    let refused = store.organisation_put(&officer, town.clone(), Instant(1)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "not the duty officer's to do");
    store.organisation_put(&caller(1, Role::SecurityAdministrator, "city"), town, Instant(1)).await.expect("kept");
    let tree = store.tree().await.expect("whole");
    assert_eq!(tree.below(&"br-kc".into()).len(), 2);
}

pub(super) async fn stations_are_seen_within_a_scope(store: &Store, _: &impl Home) {
    let stations = [station("s1", "kc", None), station("s2", "qj", None), station("s3", "qj", Some("e1"))];
    store.places_put(&stations).await.expect("kept");
    for (n, s) in stations.iter().enumerate() {
        let (n, code) = (n as i64, s.code.clone());
        let put = move |tx: &mut dyn crate::sql::Tx| {
            tx.execute("INSERT INTO point (id, station, factor) VALUES ($1,$2,'w01001')", args![(n + 1) * 1_024, &code])
        };
        store.write(put).await.expect("a point");
        store.alarm_raise(alarm(n as u128 + 1, &format!("{}:x", s.code), 10, "1")).await.expect("raised");
    }
    let check = async |role: Role, organisation: &str, expected: [bool; 3]| {
        let who = caller(1, role, organisation);
        let mut seen = [[false; 3]; 4];
        for (n, s) in stations.iter().enumerate() {
            let (id, point) = (AlarmId(Uuid::from_u128(n as u128 + 1)), PointId((n as i64 + 1) * 1_024));
            seen[0][n] = store.alarm(&who, id).await.is_ok();
            seen[1][n] = store.judgements(&who, &s.code, (Instant(0), Instant(9)), 9).await.is_ok();
            seen[2][n] = store.latest_of(&who, point).await.is_ok();
            let listed = store.alarms(&who, &AlarmFilter::default(), None, 9).await.expect("alarms");
            seen[3][n] = listed.iter().any(|a| a.id == id);
        }
        assert_eq!(seen, [expected; 4], "{role:?} of {organisation}");
    };
    check(Role::DutyOfficer, "city", [true; 3]).await;
    check(Role::DutyOfficer, "br-kc", [true, false, false]).await;
    check(Role::DutyOfficer, "br-qj", [false, true, true]).await;
    check(Role::EnterpriseManager, "e1", [false, false, true]).await;
    check(Role::BankOfficer, "city", [false; 3]).await;
    let kc = caller(1, Role::DutyOfficer, "br-kc");
    let foreign = store.alarm_acknowledge(&kc, AlarmId(Uuid::from_u128(2)), Instant(9)).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "what is not seen is not there");
    let manager = caller(1, Role::EnterpriseManager, "e1");
    let seen = store.alarm_acknowledge(&manager, AlarmId(Uuid::from_u128(3)), Instant(9)).await;
    assert!(matches!(seen, Err(StoreError::Forbidden)), "seen, and not theirs to do");
}

/// The way in has refused them before; whoever finds another way in must not get further.
pub(super) async fn what_is_for_all_rows_or_none_is_refused_by_the_store_too(store: &Store, _: &impl Home) {
    settle(store).await;
    give(store, post(1, 2, Role::CaseOfficer, "br-kc", (0, None))).await.expect("given");
    store.audit_seal(Instant(1), |_| ("k".into(), "s".into())).await.expect("sealed");
    let at = Instant(9);
    let mut strange = super::arrival(vec![]);
    (strange.telegram.mn, strange.telegram.quarantine) = (None, Some("damaged".into()));
    let strange = store.arrive(vec![strange]).await.expect("kept").remove(0).telegram;
    let tried = async |who: &Caller| -> Vec<(&str, Result<(), StoreError>)> {
        let filter = AuditFilter::default();
        let (registered, new) =
            ((station("s9", "kc", None), "{}".to_owned()), post(9, 3, Role::CaseOfficer, "br-kc", (0, None)));
        let organisation = organisations().remove(1);
        vec![
            ("station_register", store.station_register(who, registered, vec![], at).await.map(drop)),
            ("device_register", store.device_register(who, super::device("d9", "x"), at).await),
            ("telegram", store.telegram(who, strange).await.map(drop)),
            ("organisation_put", store.organisation_put(who, organisation, at).await),
            ("posts", store.posts(who).await.map(drop)),
            ("post_give", store.post_give(who, new).await),
            ("post_end", store.post_end(who, post_id(1), at).await.map(drop)),
            ("audit_list", store.audit_list(who, &filter, None, 9).await.map(drop)),
            ("audit_roots", store.audit_roots(who, 9).await.map(drop)),
            ("audit_proof", store.audit_proof(who, 1).await.map(drop)),
            ("person_put", store.person_put(who, somebody(1), at).await),
            ("people_join", store.people_join(who, vec![(somebody(7), vec![])], at).await.map(drop)),
        ]
    };
    for (what, done) in tried(&caller(5, Role::CaseOfficer, "br-kc")).await {
        assert!(matches!(done, Err(StoreError::NotFound | StoreError::Forbidden)), "{what}: {done:?}");
    }
    assert!(store.quarantine_summary(&caller(5, Role::CaseOfficer, "br-kc")).await.expect("nothing").is_empty());
    for (what, done) in tried(&Caller::machine()).await {
        assert!(done.is_ok(), "{what}: {done:?}");
    }
    // each of two rights alone is not enough to let people join
    for role in [Role::SystemAdministrator, Role::SecurityAdministrator] {
        let who = caller(5, role, "city");
        let may = [Right::AccountChange, Right::PostChange].map(|right| who.scope(right).everywhere());
        let joined = store.people_join(&who, vec![(somebody(8), vec![])], at).await;
        assert_eq!(joined.is_ok(), may == [true, true], "{role:?} {may:?}");
    }
}

pub(super) async fn cases_are_seen_within_a_scope(store: &Store, _: &impl Home) {
    settle(store).await;
    store.places_put(&[station("s1", "kc", None), station("s2", "qj", Some("e1"))]).await.expect("kept");
    // Wang, to whom the cases are given, is of the branch of kc
    give(store, post(1, 2, Role::CaseOfficer, "br-kc", (0, None))).await.expect("given");
    for (n, at) in [(1_u128, "s1"), (2, "s2")] {
        store.alarm_raise(alarm(n, &format!("{at}:a"), 10, "1")).await.expect("raised");
    }
    let case = |n: u128| CaseId(Uuid::from_u128(n));
    let open = async |n: u128, word: &str| {
        let mut first = event(word, 0);
        if let (Action::Open { alarm, .. }, 2) = (&mut first.action, n) {
            *alarm = Some(AlarmId(Uuid::from_u128(2)));
        }
        store.case_open(&caller(1, Role::DutyOfficer, "city"), case_in(case(n), first, "QZ")).await.expect("opened");
    };
    open(1, "li:alarm").await;
    open(2, "li:alarm").await;
    open(3, "li:open").await;
    let duty = caller(1, Role::DutyOfficer, "city");
    store.case_commit(&duty, case(3), 1, &[event("li:assign", 1)]).await.expect("assigned");
    let check = async |who: Caller, expected: [bool; 3]| {
        let listed = store.cases(&who, &CaseFilter::default(), None, 9).await.expect("cases");
        let counted = store.case_counts(&who, Instant(0)).await.expect("counts").0;
        assert_eq!(listed.len() as i64, counted);
        for n in 1..=3 {
            assert_eq!(store.case(&who, case(n)).await.is_ok(), expected[n as usize - 1], "case {n}");
            assert_eq!(listed.iter().any(|c| c.id == case(n)), expected[n as usize - 1], "case {n} in the list");
        }
    };
    check(duty, [true; 3]).await;
    check(caller(5, Role::DutyOfficer, "br-kc"), [true, false, true]).await;
    check(caller(5, Role::DutyOfficer, "br-qj"), [false, true, false]).await;
    check(caller(5, Role::UnitHead, "br-kc"), [false, false, true]).await;
    check(caller(2, Role::CaseOfficer, "br-kc"), [false, false, true]).await;
    check(caller(5, Role::CaseOfficer, "br-kc"), [false; 3]).await;
    check(caller(5, Role::EnterpriseManager, "e1"), [false; 3]).await;
    let close = store.case_commit(&caller(2, Role::CaseOfficer, "br-kc"), case(3), 2, &[event("wang:close", 9)]).await;
    assert!(matches!(close, Err(StoreError::Forbidden)), "seen, and not theirs to close");
    // somebody stands in for Wang, and the report says so
    let behalf = Some(person(2));
    let seat = vec![Held { role: Role::CaseOfficer, organisation: "br-kc".into(), behalf }];
    let tree = Tree::new(organisations()).expect("whole");
    let rights = Arc::new(Rights::embedded().expect("whole"));
    let zhao = Caller::person(person(6), seat, false, &tree, rights);
    check(zhao.clone(), [false, false, true]).await;
    let report = Event { by: person(6), ..event("wang:report", 5) };
    store.case_commit(&zhao, case(3), 2, &[report]).await.expect("reported");
    let events = store.case(&zhao, case(3)).await.expect("there").events;
    assert_eq!(events.last().map(|(e, _)| (e.by, e.behalf)), Some((person(6), behalf)));
}

pub(super) async fn every_change_of_rights_is_in_the_audit(store: &Store, _: &impl Home) {
    settle(store).await;
    let admin = caller(1, Role::SecurityAdministrator, "city").calling_from("192.0.2.7".into());
    store.post_give(&admin, post(1, 2, Role::DutyOfficer, "br-kc", (10, None))).await.expect("given");
    store.post_end(&admin, post_id(1), Instant(20)).await.expect("ended");
    let rows = store.read("SELECT body FROM link WHERE stream='audit' ORDER BY seq DESC LIMIT 2", args![]).await;
    let bodies: Vec<serde_json::Value> =
        rows.expect("rows").iter().map(|r| serde_json::from_str(&r.text(0).expect("text")).expect("JSON")).collect();
    assert_eq!((&bodies[1]["action"], &bodies[0]["action"]), (&"post_give".into(), &"post_end".into()));
    assert_eq!(bodies[1]["by"], serde_json::json!(person(1)));
    assert_eq!((&bodies[1]["from"], &bodies[1]["v"]), (&"192.0.2.7".into(), &2.into()));
    assert_eq!(bodies[1]["after"].as_str().map(str::len), Some(64), "a digest of what it is now");
    let findings = store.check().await.expect("a check");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
}
