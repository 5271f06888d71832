//! People, sessions, audit.

use shanshui_domain::id::SessionId;
use shanshui_domain::right::{Caller, Role};
use shanshui_domain::time::Instant;

use super::{Home, caller, person};
use crate::{AuditEntry, FactorRow, PersonRow, SessionRow, Store, StoreError, TryLimit};

pub(super) fn li(id: u128, disabled: bool) -> PersonRow {
    PersonRow {
        id: person(id),
        login: "li".into(),
        name_zh: "李".into(),
        name_en: "Li".into(),
        password_hash: "$argon2id$x".into(),
        disabled,
        must_change: false,
    }
}

fn session_id(token: &str) -> SessionId {
    SessionId(uuid::Uuid::from_u128(token.bytes().fold(0, |n, b| n * 256 + u128::from(b))))
}

pub(super) async fn people_keep_their_id(store: &Store, _: &impl Home) {
    store.person_put(&Caller::machine(), li(1, false), Instant(1)).await.expect("kept");
    store.person_put(&Caller::machine(), li(2, true), Instant(2)).await.expect("kept");
    let kept = PersonRow { id: person(1), ..li(2, true) };
    assert!(store.people().await.expect("people") == [kept.clone()], "the id stays, the rest follows");
    assert!(store.person_by_login("li").await.expect("a person") == Some(kept));
    assert!(store.person_by_login("Li").await.expect("nobody").is_none());
}

pub(super) async fn sessions_are_kept_by_digest(store: &Store, home: &impl Home) {
    store.person_put(&Caller::machine(), li(1, false), Instant(1)).await.expect("kept");
    let begin = async |token: &str, created, expires| {
        let row = SessionRow {
            id: session_id(token),
            person: person(1),
            created: Instant(created),
            expires: Instant(expires),
            seen: Instant(created),
            address: "192.0.2.7".into(),
            agent: "test".into(),
        };
        store.session_put(token, row).await.expect("kept");
    };
    begin("t0k3n-a", 0, 10).await;
    begin("t0k3n-b", 5, 20).await;
    let until = async |token: &str| store.session(token).await.expect("a question").map(|o| o.session.expires.0);
    assert_eq!((until("t0k3n-a").await, until("t0k3n-b").await), (Some(10), Some(20)));
    begin("t0k3n-c", 11, 30).await;
    assert_eq!(until("t0k3n-a").await, None, "what has expired is cleaned up by the next");
    store.session_drop("t0k3n-b").await.expect("dropped");
    assert_eq!((until("t0k3n-b").await, until("t0k3n-c").await), (None, Some(30)));
    // the token itself lies nowhere, and its digest opens nothing
    let kept = store.read("SELECT token FROM session", vec![]).await.expect("rows")[0].text(0).expect("text");
    assert!(!kept.contains("t0k3n"));
    assert_eq!(until(&kept).await, None);
    store.close().await;
    let again = home.open().await.session("t0k3n-c").await.expect("a question");
    assert!(again.is_some_and(|o| o.person.id == person(1)));
}

pub(super) async fn sessions_are_seen_and_ended_by_their_person(store: &Store, _: &impl Home) {
    let (own, other) = (caller(1, Role::DutyOfficer, "city"), caller(2, Role::DutyOfficer, "city"));
    store.person_put(&Caller::machine(), li(1, false), Instant(1)).await.expect("kept");
    for (n, token) in ["a", "b", "c"].into_iter().enumerate() {
        let (created, expires) = (Instant(10 + n as i64), Instant(1_000));
        let (address, agent) = ("192.0.2.7".into(), "test".into());
        let row =
            SessionRow { id: session_id(token), person: person(1), created, expires, seen: created, address, agent };
        store.session_put(token, row).await.expect("kept");
    }
    let ids = async |who: &Caller| -> Vec<SessionId> {
        store.sessions(who, Instant(20)).await.expect("sessions").into_iter().map(|s| s.id).collect()
    };
    assert_eq!(ids(&own).await, ["c", "b", "a"].map(session_id));
    assert_eq!(ids(&other).await, []);
    store.session_seen(session_id("a"), Instant(50)).await.expect("seen");
    store.session_seen(session_id("a"), Instant(40)).await.expect("seen");
    assert_eq!(store.session("a").await.expect("a question").map(|o| o.session.seen), Some(Instant(50)));
    let foreign = store.session_end(&other, session_id("a"), Instant(60)).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
    store.session_end(&own, session_id("a"), Instant(60)).await.expect("ended");
    assert_eq!(ids(&own).await, ["c", "b"].map(session_id));
    store.password_change(&own, "$argon2id$new".into(), session_id("b"), Instant(70)).await.expect("changed");
    assert_eq!(ids(&own).await, [session_id("b")], "the others end with the password they were begun with");
    let kept = store.person_by_login("li").await.expect("a person").expect("there");
    assert_eq!((kept.password_hash.as_str(), kept.must_change), ("$argon2id$new", false));
}

pub(super) async fn a_second_factor_is_begun_confirmed_and_used_once_a_step(store: &Store, _: &impl Home) {
    let own = caller(1, Role::DutyOfficer, "city");
    store.person_put(&Caller::machine(), li(1, false), Instant(1)).await.expect("kept");
    let (id, row) = (session_id("a"), |sealed: &str, confirmed, last_step| {
        Some(FactorRow { sealed: sealed.into(), confirmed, last_step })
    });
    let (address, agent, at) = (String::new(), String::new(), Instant(10));
    let session = SessionRow { id, person: person(1), created: at, expires: Instant(99), seen: at, address, agent };
    store.session_put("a", session).await.expect("kept");
    let has = async || store.session("a").await.expect("a question").is_some_and(|o| o.second_factor);
    let kept = async || store.second_factor(person(1)).await.expect("a question");
    store.second_factor_begin(&own, "one".into()).await.expect("begun");
    store.second_factor_begin(&own, "two".into()).await.expect("begun anew");
    assert_eq!((kept().await, has().await), (row("two", false, 0), false));
    store.second_factor_confirm(&own, Instant(20)).await.expect("confirmed");
    assert!(has().await);
    let again = store.second_factor_begin(&own, "three".into()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "it is not replaced from under its person");
    let uses = async |step| store.second_factor_use(person(1), step).await.expect("used");
    assert!(uses(7).await && !uses(7).await && !uses(6).await && uses(8).await);
    assert_eq!(kept().await, row("two", true, 8));
    let foreign = store.second_factor_drop(&caller(2, Role::SystemAdministrator, "city"), person(1), Instant(30)).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)));
    store.second_factor_drop(&own, person(1), Instant(30)).await.expect("gone");
    assert_eq!((kept().await, has().await), (None, false));
}

pub(super) async fn failed_logins_wait_longer_each_time(store: &Store, home: &impl Home) {
    const S: i64 = 1_000_000;
    let limit = TryLimit { failures: 3, first_ms: 60_000, most_ms: 300_000, forget_ms: 3_600_000 };
    let at = async |store: &Store, who: &str, s: i64| {
        store.login_begin(vec![(who.into(), limit)], Instant(s * S)).await.expect("counted")
    };
    for s in 0..3 {
        assert!(at(store, "li", s).await);
    }
    assert!(!at(store, "li", 3).await && at(store, "wang", 3).await, "each by itself");
    assert!(at(store, "li", 62).await, "after a minute one more");
    assert!(!at(store, "li", 62 + 119).await && at(store, "li", 62 + 120).await, "then after two");
    let mut now = 62 + 120;
    for wait in [240, 300, 300] {
        assert!(!at(store, "li", now + wait - 1).await, "not yet at {now}+{wait}");
        now += wait;
        assert!(at(store, "li", now).await);
    }
    store.close().await;
    let store = home.open().await;
    assert!(!at(&store, "li", now + 1).await, "a restart forgives nothing");
    store.login_succeeded(vec!["li".into()], vec![]).await.expect("forgiven");
    assert!(at(&store, "li", now + 2).await);
    for s in 0..9 {
        assert!(at(&store, "nat", now + s).await, "who logs in well from one place is not counted");
        store.login_succeeded(vec![], vec!["nat".into()]).await.expect("given back");
    }
    // one that waits keeps the other from being counted
    for s in 0..3 {
        at(&store, "x", now + s).await;
    }
    let both = vec![("x".to_owned(), limit), ("y".to_owned(), limit)];
    assert!(!store.login_begin(both, Instant((now + 3) * S)).await.expect("counted"));
    for s in 3..6 {
        assert!(at(&store, "y", now + s).await, "y had not been tried");
    }
    assert!(at(&store, "x", now + 4_000).await, "what is long ago is forgotten");
    let kept = store.read("SELECT who FROM login_try", vec![]).await.expect("rows");
    assert!(kept.iter().all(|r| r.text(0).is_ok_and(|who| who.len() == 64)), "what strangers type is not kept");
}

pub(super) async fn the_audit_is_a_chain(store: &Store, _: &impl Home) {
    let tasks: Vec<_> = (0..40)
        .map(|i| {
            let (store, detail) = (store.clone(), serde_json::json!({ "n": i }));
            let entry = AuditEntry::of(&Caller::machine(), Instant(i), "login", "li", detail);
            tokio::spawn(async move { store.audit(entry).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("kept");
    }
    let findings = store.check().await.expect("a check");
    let chains = findings.iter().find(|f| f.what == "hash chains").expect("looked at");
    assert_eq!((chains.ok, chains.detail.as_str()), (true, "1 chains, 40 links"));
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
}
