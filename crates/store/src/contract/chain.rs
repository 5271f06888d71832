use shanshui_domain::act::case::{Action, Event};
use shanshui_domain::id::CaseId;
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;
use uuid::Uuid;

use super::{Home, case_in, device, person};
use crate::{AuditEntry, Finding, Store, StoreError};

fn entry(action: &str) -> AuditEntry {
    AuditEntry::of(&Caller::machine(), Instant(1), action, "s", serde_json::json!({}))
}

fn event(action: Action) -> Event {
    Event { v: 1, at: Instant(1), by: person(1), behalf: None, action, note: String::new() }
}

fn assign() -> [Event; 1] {
    [event(Action::Assign { to: person(2), due: Instant(99) })]
}

fn case(n: u128) -> CaseId {
    CaseId(Uuid::from_u128(n))
}

/// Two open cases, and three entries of the audit that are named, after two of the cases.
async fn filled(store: &Store) {
    for n in [1, 2] {
        let open = event(Action::Open { title: "unmistakable".into(), alarm: None, finding: None });
        store.case_open(&Caller::machine(), case_in(case(n), open, "QZ")).await.expect("opened");
    }
    for action in ["first", "second", "third"] {
        store.audit(entry(action)).await.expect("kept");
    }
}

async fn damage(store: &Store, sql: &'static str) {
    let changed = store.write(move |tx| tx.execute(sql, vec![])).await.expect("damaged");
    assert_eq!(changed, 1, "{sql}");
}

fn place<T: std::fmt::Debug>(refused: Result<T, StoreError>) -> (String, u64) {
    match refused {
        Err(StoreError::Chain { stream, link, .. }) => (stream, link),
        other => panic!("not refused for its chain: {other:?}"),
    }
}

fn of(findings: Vec<Finding>, what: &str) -> (bool, String) {
    findings.into_iter().find(|f| f.what == what).map(|f| (f.ok, f.detail)).expect("looked at")
}

pub(super) async fn a_case_whose_chain_is_broken_is_read_and_not_moved(store: &Store, _: &impl Home) {
    filled(store).await;
    damage(
        store,
        "UPDATE link SET body=replace(body, 'unmistakable', 'unmistakeable') WHERE stream='case:00000000-0000-0000-0000-000000000001'",
    )
    .await;
    let stream = format!("case:{}", case(1));
    let seen = store.case(&Caller::machine(), case(1)).await.expect("read");
    assert!(seen.broken.expect("broken").contains("link 1 of case:"), "{}", seen.case.title);
    let moved = store.case_commit(&Caller::machine(), case(1), 1, &assign()).await;
    assert_eq!(place(moved), (stream.clone(), 1));
    assert_eq!(store.case(&Caller::machine(), case(2)).await.expect("read").broken, None);
    store.case_commit(&Caller::machine(), case(2), 1, &assign()).await.expect("another goes on");
    // somebody looks, and it goes on behind the break, which stays as it is
    assert_eq!(store.chains_look(Instant(5), None).await.expect("walked").len(), 1);
    store.chain_accept(&Caller::machine(), &stream, "a disk, seen by Li", Instant(6)).await.expect("accepted");
    store.case_commit(&Caller::machine(), case(1), 1, &assign()).await.expect("goes on");
    let seen = store.case(&Caller::machine(), case(1)).await.expect("read");
    assert_eq!((seen.broken, seen.case.title.as_str()), (None, "unmistakeable"));
    assert_eq!(store.chains_look(Instant(7), None).await.expect("walked"), []);
    let (ok, said) = of(store.check().await.expect("looked at"), "hash chains");
    assert!(ok && said.contains("link 1 of case:") && said.contains("accepted: a disk, seen by Li"), "{said}");
}

pub(super) async fn nothing_is_appended_to_a_broken_audit_but_everybody_can_come_and_look(
    store: &Store,
    _: &impl Home,
) {
    filled(store).await;
    damage(
        store,
        "UPDATE link SET body=replace(body, 'second', 'sEcond') WHERE stream='audit' AND body LIKE '%second%'",
    )
    .await;
    store.audit(entry("before anybody looked")).await.expect("the end is whole");
    let found = store.chains_look(Instant(5), None).await.expect("walked");
    let [row] = &found[..] else { panic!("one break: {found:?}") };
    assert_eq!((row.stream.as_str(), row.link, row.found, row.accepted), ("audit", 4, Instant(5), None));
    assert_eq!(store.chains_look(Instant(6), None).await.expect("walked"), found, "found once");
    let count = async || store.audit_list(&Caller::machine(), &crate::AuditFilter::default(), None, 99).await;
    let before = count().await.expect("read").len();
    assert_eq!(place(store.audit(entry("fourth")).await), ("audit".into(), 4));
    let register = store.device_register(&Caller::machine(), device("A", "x"), Instant(7)).await;
    assert_eq!(place(register), ("audit".into(), 4));
    assert!(store.devices().await.expect("read").is_empty(), "what is not noted is not done");
    for action in ["login", "login_failed", "logout", "start"] {
        store.audit(entry(action)).await.expect("goes on");
    }
    assert_eq!(count().await.expect("read").len(), before);
    assert!(!of(store.check_chain_of_audit().await.expect("looked at"), "audit chain").0);
    assert_eq!(store.chain_accept(&Caller::machine(), "audit", "seen by He", Instant(8)).await.expect("accepted"), 1);
    let again = store.chain_accept(&Caller::machine(), "audit", "again", Instant(9)).await;
    assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    assert_eq!(count().await.expect("read").len(), before + 1, "accepting is an entry");
    let (ok, said) = of(store.check_chain_of_audit().await.expect("looked at"), "audit chain");
    assert!(ok && said.contains("accepted: seen by He"), "{said}");
}

pub(super) async fn a_chain_that_has_lost_its_end_takes_no_other(store: &Store, _: &impl Home) {
    filled(store).await;
    damage(store, "DELETE FROM link WHERE stream='audit' AND seq=5").await;
    assert_eq!(place(store.audit(entry("fourth")).await), ("audit".into(), 5));
    let found = store.chains_look(Instant(5), None).await.expect("walked");
    assert_eq!(found.iter().map(|row| (row.stream.as_str(), row.link)).collect::<Vec<_>>(), [("audit", 5)]);
    store.chain_accept(&Caller::machine(), "audit", "cut, seen by He", Instant(6)).await.expect("accepted");
    store.audit(entry("fourth")).await.expect("goes on");
    assert_eq!(store.chains_look(Instant(7), None).await.expect("walked"), []);
    let listed = store.audit_list(&Caller::machine(), &crate::AuditFilter::default(), None, 3).await.expect("read");
    let place = |row: &crate::AuditRow| (row.seq, row.body.contains("\"lost\""));
    assert_eq!(
        listed.iter().map(place).collect::<Vec<_>>(),
        [(7, false), (6, false), (5, true)],
        "no number is given twice"
    );
    let (_, said) = of(store.check_chain_of_audit().await.expect("looked at"), "audit chain");
    assert!(said.contains("audit does not end with link 5") && said.contains("cut, seen by He"), "{said}");
}
