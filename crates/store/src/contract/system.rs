//! People, sessions, audit.

use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;

use super::{Home, person};
use crate::{AuditEntry, PersonRow, Store};

pub(super) fn li(id: u128, disabled: bool) -> PersonRow {
    PersonRow {
        id: person(id),
        login: "li".into(),
        name_zh: "李".into(),
        name_en: "Li".into(),
        password_hash: "$argon2id$x".into(),
        disabled,
    }
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
        store.session_put(token, person(1), (Instant(created), Instant(expires))).await.expect("kept");
    };
    begin("t0k3n-a", 0, 10).await;
    begin("t0k3n-b", 5, 20).await;
    let until = async |token: &str| store.session(token).await.expect("a question").map(|(_, until)| until.0);
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
    assert!(again.is_some_and(|(who, _)| who.id == person(1)));
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
