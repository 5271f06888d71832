//! Groups, isolation, durability as far as one process sees it.

use shanshui_domain::right::Caller;
use shanshui_domain::sense::Kept;
use shanshui_domain::time::Instant;

use super::{Home, arrival, device, keep, key, reading};
use crate::{AuditEntry, Store, StoreError};

pub(super) async fn a_failing_work_harms_only_itself(store: &Store, _: &impl Home) {
    store.device_register(&Caller::machine(), device("taken", "x"), Instant(1)).await.expect("registered");
    let mut tasks = Vec::new();
    for i in 0..400_i64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            match i % 4 {
                0 => matches!(
                    store.device_register(&Caller::machine(), device("taken", "y"), Instant(1)).await,
                    Err(StoreError::Conflict)
                ),
                1 => store.device_register(&Caller::machine(), device(&format!("d{i}"), "x"), Instant(1)).await.is_ok(),
                2 => keep(&store, &[(i, "1")]).await == [Kept::New],
                _ => store.write(|tx| wreck(tx)).await.is_err(),
            }
        }));
    }
    for (i, task) in tasks.into_iter().enumerate() {
        assert!(task.await.expect("no panic"), "{i}");
    }
    assert_eq!(store.devices().await.expect("devices").len(), 101);
    assert_eq!(
        store.range((super::POINT, super::REAL), (Instant(0), Instant(999)), 999).await.expect("rows").len(),
        100
    );
    assert_eq!(store.rule_states().await.expect("states"), [], "the wrecks left nothing");
    assert!(store.health().writable);
}

/// Writes something, then panics.
fn wreck(tx: &mut dyn crate::sql::Tx) -> Result<(), StoreError> {
    tx.execute("INSERT INTO rule_state (key, value) VALUES ('wreck', '1')", vec![])?;
    std::panic::resume_unwind(Box::new("meant"))
}

pub(super) async fn many_writers_share_few_groups(store: &Store, _: &impl Home) {
    const WRITERS: i64 = 2_000;
    let before = store.health().groups;
    let writers: Vec<_> = (0..WRITERS)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move { store.arrive(vec![arrival(vec![reading(key(i), "1")])]).await })
        })
        .collect();
    for writer in writers {
        writer.await.expect("no panic").expect("kept");
    }
    let groups = store.health().groups - before;
    assert!(groups * 5 < WRITERS as u64, "{groups} groups for {WRITERS} writers");
    assert_eq!(store.health().queued, 0);
}

pub(super) async fn what_is_acknowledged_is_seen(store: &Store, _: &impl Home) {
    for i in 0..50 {
        let receipt = store.arrive(vec![arrival(vec![reading(key(i), "1")])]).await.expect("kept").remove(0);
        store.telegram(&Caller::machine(), receipt.telegram).await.expect("seen at once");
        assert_eq!(store.latest().await.expect("latest")[0].key.at, Instant(i));
        store.device_register(&Caller::machine(), device(&i.to_string(), "x"), Instant(1)).await.expect("registered");
        assert_eq!(store.devices().await.expect("devices").len() as i64, i + 1);
    }
}

pub(super) async fn a_store_opened_again_shows_everything(store: &Store, home: &impl Home) {
    keep(store, &[(10, "1"), (10, "2"), (20, "-0/D")]).await;
    store.device_register(&Caller::machine(), device("A", "x"), Instant(1)).await.expect("registered");
    let detail = serde_json::json!({});
    store.audit(AuditEntry::of(&Caller::machine(), Instant(1), "a", "b", detail)).await.expect("kept");
    let before = (store.latest().await.expect("latest"), store.versions(key(10)).await.expect("versions"));
    store.close().await;
    let again = home.open().await;
    assert_eq!((again.latest().await.expect("latest"), again.versions(key(10)).await.expect("versions")), before);
    assert_eq!(keep(&again, &[(10, "2")]).await, [Kept::Repeat]);
    assert_eq!(again.devices().await.expect("devices"), [device("A", "x")]);
    let findings = again.check().await.expect("a check");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
}

pub(super) async fn a_closed_store_refuses_writing(store: &Store, _: &impl Home) {
    store.close().await;
    store.close().await;
    assert!(matches!(store.arrive(vec![]).await, Err(StoreError::Busy)));
    assert!(matches!(store.rule_states_put(vec![]).await, Err(StoreError::Busy)));
    assert!(!store.health().writable);
}
