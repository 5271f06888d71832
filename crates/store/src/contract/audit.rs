//! The audit: searched, sealed, proved; and what shows when it was touched.

use shanshui_domain::act::chain;
use shanshui_domain::act::merkle::climb;
use shanshui_domain::right::{Caller, Role};
use shanshui_domain::time::Instant;

use super::{Home, caller};
use crate::{AuditEntry, AuditFilter, RootRow, Store, StoreError, args};

async fn write(store: &Store, at: i64, who: u128, action: &str, subject: &str) {
    let who = caller(who, Role::DutyOfficer, "city");
    let entry = AuditEntry::of(&who, Instant(at), action, subject, serde_json::json!({ "n": at }));
    store.audit(entry).await.expect("kept");
}

async fn seal(store: &Store, at: i64) -> Option<RootRow> {
    let sign = |text: &str| ("key".to_owned(), format!("signed {}", text.lines().count()));
    store.audit_seal(Instant(at), sign).await.expect("sealed")
}

pub(super) async fn the_audit_is_searched_and_paged(store: &Store, _: &impl Home) {
    for n in 1..=6 {
        let (action, subject) = (if n % 2 == 0 { "login" } else { "post_give" }, if n < 4 { "a" } else { "b" });
        write(store, n * 10, u128::from(n > 3) + 1, action, subject).await;
    }
    let auditor = caller(9, Role::AuditAdministrator, "city");
    let seqs = async |filter: AuditFilter, before, limit| -> Vec<u64> {
        store.audit_list(&auditor, &filter, before, limit).await.expect("entries").iter().map(|r| r.seq).collect()
    };
    let all = AuditFilter::default;
    assert_eq!(seqs(all(), None, 9).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(seqs(all(), Some(5), 2).await, [4, 3]);
    assert_eq!(seqs(AuditFilter { action: Some("login".into()), ..all() }, None, 9).await, [6, 4, 2]);
    assert_eq!(seqs(AuditFilter { subject: Some("a".into()), ..all() }, None, 9).await, [3, 2, 1]);
    assert_eq!(seqs(AuditFilter { person: Some(super::person(2)), ..all() }, None, 9).await, [6, 5, 4]);
    let span = AuditFilter { from: Some(Instant(20)), to: Some(Instant(50)), ..all() };
    assert_eq!(seqs(span, None, 9).await, [4, 3, 2]);
    for role in [Role::DutyOfficer, Role::SystemAdministrator, Role::SecurityAdministrator] {
        let refused = store.audit_list(&caller(9, role, "city"), &all(), None, 9).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{role:?}");
    }
}

pub(super) async fn roots_stand_for_all_that_came_before_them(store: &Store, home: &impl Home) {
    assert_eq!(seal(store, 1).await, None, "nothing to stand for");
    for n in 1..=5 {
        write(store, n, 1, "login", "a").await;
    }
    let first = seal(store, 100).await.expect("a root");
    assert_eq!((first.size, first.signature.as_str()), (5, "signed 5"));
    assert_eq!(seal(store, 101).await, None, "nothing has come since");
    for n in 6..=8 {
        write(store, n, 1, "login", "a").await;
    }
    store.close().await;
    let store = home.open().await;
    let second = seal(&store, 200).await.expect("a root");
    assert_eq!(second.size, 8);
    let machine = Caller::machine();
    assert_eq!(store.audit_roots(&machine, 9).await.expect("roots"), [second.clone(), first.clone()]);
    for seq in 1..=8 {
        let proof = store.audit_proof(&machine, seq).await.expect("a proof");
        let over = if seq <= 5 { &first } else { &second };
        assert_eq!((proof.link.seq, &proof.root), (seq, over));
        let top = climb(proof.root.frontier.algorithm(), &proof.link.digest, &proof.path);
        assert_eq!(top, proof.root.root, "{seq}");
    }
    assert!(matches!(store.audit_proof(&machine, 9).await, Err(StoreError::NotFound)), "not sealed yet");
    assert!(store.check().await.expect("a check").iter().all(|f| f.ok));
}

pub(super) async fn a_chain_made_anew_does_not_fit_its_roots(store: &Store, _: &impl Home) {
    for n in 1..=4 {
        write(store, n, 1, "login", "a").await;
    }
    seal(store, 10).await.expect("a root");
    // whoever holds the database changes an entry and makes every digest after it anew: the chain is whole in itself
    let text = "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream='audit' ORDER BY seq";
    let rows = store.read(text, args![]).await.expect("rows");
    let mut links = Vec::new();
    for row in &rows {
        let link = crate::chain::link(row).expect("a link");
        let body = if link.seq == 2 { link.body.replace("login", "logon") } else { link.body.clone() };
        links.push(chain::Link::after(links.last(), "audit", body, link.algorithm));
    }
    let head = links.last().expect("a last").digest.clone();
    let forged = move |tx: &mut dyn crate::sql::Tx| {
        for link in &links {
            let set = "UPDATE link SET body=$2, previous=$3, digest=$4 WHERE stream='audit' AND seq=$1";
            tx.execute(set, args![link.seq, &link.body, &link.previous, &link.digest])?;
        }
        tx.execute("UPDATE link_head SET digest=$1 WHERE stream='audit'", args![&head]).map(|_| ())
    };
    store.write(forged).await.expect("forged");
    let findings = store.check_chain_of_audit().await.expect("a check");
    let wrong: Vec<&str> = findings.iter().filter(|f| !f.ok).map(|f| f.what.as_str()).collect();
    assert_eq!(wrong, ["audit roots"], "{findings:?}");
    assert!(findings.iter().any(|f| f.detail == "the root over 4 entries is not theirs"), "{findings:?}");
}
