//! Names that one holds, and notes that all hear.

use std::time::Duration;

use tokio::time::timeout;

use super::Home;
use crate::{Lagged, Note, Notes, Store, StoreError};

/// What comes next, within a time that is long for any machine.
pub(super) async fn next(notes: &mut Notes) -> Result<Note, Lagged> {
    timeout(Duration::from_secs(30), notes.recv()).await.expect("a note")
}

pub(super) async fn a_name_is_held_by_one_and_falls_back(store: &Store, _: &impl Home) {
    assert!(!store.held("mover").await.expect("a question"));
    let held = store.hold("mover").await.expect("an answer").expect("free");
    assert_eq!(held.name(), "mover");
    assert!(store.held("mover").await.expect("a question"));
    assert!(store.hold("mover").await.expect("an answer").is_none(), "held once");
    let other = store.hold("judge").await.expect("an answer").expect("another name");
    assert!(!held.lost().is_cancelled());
    let lost = held.lost();
    drop(held);
    let again = store.hold("mover").await.expect("an answer").expect("free again");
    assert!(!lost.is_cancelled() && !again.lost().is_cancelled(), "given back is not lost");
    assert!(store.held("judge").await.expect("a question"));
    store.close().await;
    assert!(other.lost().is_cancelled() && again.lost().is_cancelled(), "the store has gone");
}

pub(super) async fn a_node_is_seen_as_long_as_it_lives(store: &Store, _: &impl Home) {
    let me = store.node().presence();
    assert!(me.starts_with("node:") && store.held(&me).await.expect("a question"));
    assert!(!store.held("node:00000000-0000-0000-0000-000000000000").await.expect("a question"));
    assert!(store.hold(&me).await.expect("an answer").is_none());
}

pub(super) async fn notes_reach_everybody_in_their_order(store: &Store, _: &impl Home) {
    store.publish("early", String::new()).await.expect("told");
    let mut readers = [store.notes(), store.notes()];
    let long = "水质超标 'x' \\ : \n".repeat(3_000);
    let said = [("alarm", "1"), ("alarm", "1"), ("case", long.as_str()), ("alarm", ""), ("job", "{\"a\":null}")];
    for (topic, body) in said {
        store.publish(topic, body.to_owned()).await.expect("told");
    }
    for reader in &mut readers {
        for (topic, body) in said {
            let mut note = next(reader).await.expect("nothing missed");
            while note.topic == "early" {
                note = next(reader).await.expect("nothing missed");
            }
            assert_eq!((note.topic.as_str(), note.body.as_str(), &note.from), (topic, body, store.node()));
        }
    }
    let too_long = store.publish("x", "y".repeat(2 << 20)).await;
    assert!(matches!(too_long, Err(StoreError::Io(_))), "{too_long:?}");
}

pub(super) async fn a_slow_reader_is_told_that_it_missed_some(store: &Store, _: &impl Home) {
    let mut slow = store.notes();
    for chunk in 0..100 {
        let all = (0..100).map(|i| store.publish("n", (chunk * 100 + i).to_string()));
        futures::future::try_join_all(all).await.expect("told");
    }
    let mut quick = store.notes();
    store.publish("last", String::new()).await.expect("told");
    while next(&mut quick).await.expect("nothing missed").topic != "last" {}
    assert_eq!(next(&mut slow).await, Err(Lagged));
    while next(&mut slow).await.expect("once is enough").topic != "last" {}
}
