use std::sync::{Arc, Mutex};

use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;

use super::{Home, device, person};
use crate::seals::{Seals, factor_purpose};
use crate::{AuditFilter, Store, StoreError};

/// Seals by saying for what and with which key; all keys but those in `lost` open.
#[derive(Debug, Default)]
struct Labels {
    key: Mutex<&'static str>,
    lost: Mutex<Vec<&'static str>>,
}

impl Labels {
    fn with(key: &'static str) -> Arc<Self> {
        Arc::new(Self { key: Mutex::new(key), lost: Mutex::default() })
    }

    fn change(&self, key: &'static str) {
        *self.key.lock().expect("one thread") = key;
    }
}

impl Seals for Labels {
    fn seal(&self, purpose: &str, secret: &[u8]) -> Result<String, String> {
        Ok(format!("sealed|{}|{purpose}|{}", self.key.lock().expect("one thread"), hex::encode(secret)))
    }

    fn unseal(&self, purpose: &str, kept: &str) -> Result<Vec<u8>, String> {
        let Some(key) = self.key_of(kept) else { return Ok(kept.into()) };
        if self.lost.lock().expect("one thread").contains(&key.as_str()) {
            return Err(format!("{purpose}: the key {key} is lost"));
        }
        let secret = kept.strip_prefix(&format!("sealed|{key}|{purpose}|")).ok_or("for something else")?;
        hex::decode(secret).map_err(|e| e.to_string())
    }

    fn key_of(&self, kept: &str) -> Option<String> {
        let mut parts = kept.split('|');
        (parts.next() == Some("sealed")).then(|| parts.next().unwrap_or_default().to_owned())
    }

    fn key(&self) -> Option<String> {
        Some((*self.key.lock().expect("one thread")).to_owned())
    }
}

fn counts(list: &[(&str, u64)]) -> std::collections::BTreeMap<String, u64> {
    list.iter().map(|(key, n)| ((*key).to_owned(), *n)).collect()
}

/// Two devices with password and key, of which one was there before there were keys, and a second factor.
async fn filled(store: &Store, seals: &Arc<Labels>) -> Store {
    store.device_register(&Caller::machine(), device("A", "open-pw"), Instant(1)).await.expect("registered");
    let store = store.clone().sealed_by(Arc::clone(seals) as Arc<dyn Seals>);
    store.device_register(&Caller::machine(), device("B", "shut-pw"), Instant(2)).await.expect("registered");
    let sealed = seals.seal(&factor_purpose(person(1)), b"\xff\x00").expect("sealed");
    store
        .second_factor_begin(&super::caller(1, shanshui_domain::right::Role::DutyOfficer, "city"), sealed)
        .await
        .expect("begun");
    store
}

pub(super) async fn secrets_of_devices_lie_sealed(store: &Store, _: &impl Home) {
    let seals = Labels::with("k1");
    let sealed = filled(store, &seals).await;
    assert_eq!(sealed.devices().await.expect("open"), [device("A", "open-pw"), device("B", "shut-pw")]);
    // whoever has no key reads what is kept
    let kept = store.devices().await.expect("as they are kept");
    assert_eq!(kept[0].password.expose(), "open-pw");
    assert_eq!(kept[1].password.expose(), format!("sealed|k1|device password:B|{}", hex::encode("shut-pw")));
    assert!(kept[1].key.as_ref().expect("a key").expose().starts_with("sealed|k1|device key:B|"));
    assert_eq!(sealed.sealed_state().await.expect("counted").by_key, counts(&[("", 2), ("k1", 3)]));
    // what is as it should be is not sealed anew, and what is not sealed is
    assert_eq!(sealed.reseal(&Caller::machine(), Instant(3), true).await.expect("sealed"), 2);
    assert_eq!(sealed.reseal(&Caller::machine(), Instant(4), true).await.expect("nothing to do"), 0);
    assert_eq!(sealed.devices().await.expect("open"), [device("A", "open-pw"), device("B", "shut-pw")]);
}

pub(super) async fn a_new_key_takes_over_all_or_nothing(store: &Store, _: &impl Home) {
    let seals = Labels::with("k1");
    let store = filled(store, &seals).await;
    seals.change("k2");
    assert_eq!(store.reseal(&Caller::machine(), Instant(3), true).await.expect("the open ones"), 2);
    seals.lost.lock().expect("one thread").push("k1");
    let refused = store.reseal(&Caller::machine(), Instant(4), false).await;
    assert!(matches!(&refused, Err(StoreError::Sealed(why)) if why.contains("k1 is lost")), "{refused:?}");
    assert_eq!(store.sealed_state().await.expect("counted").by_key, counts(&[("k1", 3), ("k2", 2)]));
    seals.lost.lock().expect("one thread").clear();
    assert_eq!(store.reseal(&Caller::machine(), Instant(5), false).await.expect("sealed"), 3);
    assert_eq!(store.sealed_state().await.expect("counted").by_key, counts(&[("k2", 5)]));
    let filter = AuditFilter { action: Some("secrets_reseal".into()), ..AuditFilter::default() };
    assert_eq!(store.audit_list(&Caller::machine(), &filter, None, 9).await.expect("entries").len(), 2);
    let factor = store.second_factor(person(1)).await.expect("read").expect("there").sealed;
    assert_eq!(seals.unseal(&factor_purpose(person(1)), &factor).expect("opens"), b"\xff\x00");
}

pub(super) async fn what_a_lost_key_sealed_is_given_up_by_name(store: &Store, _: &impl Home) {
    let seals = Labels::with("k1");
    let store = filled(store, &seals).await;
    seals.change("k2");
    seals.lost.lock().expect("one thread").push("k1");
    assert!(matches!(store.devices().await, Err(StoreError::Sealed(_))));
    let shut = store.devices_shut().await.expect("without secrets");
    assert_eq!((&shut[0], shut[1].mn.as_str()), (&device("A", "open-pw"), "B"));
    assert_eq!(
        (shut[1].password.expose(), shut[1].key.as_ref().map(shanshui_domain::place::Secret::expose)),
        ("", Some(""))
    );
    assert_eq!(store.sealed_state().await.expect("counted").shut.len(), 3);
    let gone = store.give_up_sealed(&Caller::machine(), Instant(3)).await.expect("given up");
    assert_eq!(gone, ["device password:B".to_owned(), "device key:B".into(), factor_purpose(person(1))]);
    assert!(store.second_factor(person(1)).await.expect("read").is_none());
    let devices = store.devices().await.expect("all open");
    assert_eq!(devices[0], device("A", "open-pw"), "what opens stays");
    assert_ne!(devices[1].password.expose(), "shut-pw");
    assert!(store.sealed_state().await.expect("counted").shut.is_empty());
}
