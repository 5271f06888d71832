//! Judgements and rule states.

use shanshui_domain::id::StationCode;
use shanshui_domain::right::Caller;
use shanshui_domain::time::Instant;

use super::Home;
use crate::{JudgementRow, Store};

/// `s1 water 10 e1 III`: station, kind, period, edition, result.
pub(super) fn judgement(text: &str) -> JudgementRow {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [station, kind, at, edition, result] = words[..] else { panic!("five words: {text}") };
    JudgementRow {
        station: StationCode::from(station),
        at: Instant(at.parse().expect("a number")),
        kind: kind.into(),
        edition: edition.into(),
        version: 0,
        level: (result != "-").then_some(result.len() as i64),
        result: result.into(),
        explanation: "{}".into(),
        made: Instant(99),
    }
}

async fn put(store: &Store, text: &str) -> bool {
    store.judgement_put(judgement(text)).await.expect("kept")
}

fn said(rows: Vec<JudgementRow>) -> Vec<String> {
    let words =
        |j: JudgementRow| format!("{} {} {} {} {} v{}", j.station, j.kind, j.at.0, j.edition, j.result, j.version);
    rows.into_iter().map(words).collect()
}

pub(super) async fn late_data_makes_the_next_version(store: &Store, _: &impl Home) {
    assert!(put(store, "s1 water 10 e1 II").await);
    assert!(!put(store, "s1 water 10 e1 II").await, "the same again");
    assert!(put(store, "s1 water 10 e1 III").await);
    assert!(put(store, "s1 water 10 e1 II").await, "back again is another judgement");
    assert!(put(store, "s1 water 10 e2 II").await && put(store, "s1 water 20 e1 -").await);
    let rows = store
        .judgements(&Caller::machine(), &StationCode::from("s1"), (Instant(10), Instant(20)), 9)
        .await
        .expect("rows");
    let mut said = said(rows);
    said.sort();
    assert_eq!(said, ["s1 water 10 e1 II v1", "s1 water 10 e1 II v3", "s1 water 10 e1 III v2", "s1 water 10 e2 II v1"]);
    let newest = store
        .judgements(&Caller::machine(), &StationCode::from("s1"), (Instant(0), Instant(99)), 1)
        .await
        .expect("rows");
    assert_eq!((newest[0].at, newest[0].level, newest.len()), (Instant(20), None, 1));
}

pub(super) async fn the_latest_judgement_is_of_the_newest_period(store: &Store, _: &impl Home) {
    for text in ["s1 water 20 e1 II", "s1 water 10 e1 V", "s1 air 5 e1 I", "s2 water 1 e1 I", "s1 water 20 e1 III"] {
        put(store, text).await;
    }
    let latest = async || said(store.judgement_latest().await.expect("latest"));
    assert_eq!(latest().await, ["s1 air 5 e1 I v1", "s1 water 20 e1 III v2", "s2 water 1 e1 I v1"]);
    put(store, "s1 air 6 e2 -").await;
    put(store, "s1 water 20 e1 III").await;
    assert_eq!(latest().await, ["s1 air 6 e2 - v1", "s1 water 20 e1 III v2", "s2 water 1 e1 I v1"]);
}

pub(super) async fn rule_states_are_replaced(store: &Store, _: &impl Home) {
    let state = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    store.rule_states_put(vec![state("a", "1"), state("b", "1")]).await.expect("kept");
    store.rule_states_put(vec![state("b", "2"), state("c", "{}")]).await.expect("kept");
    let mut states = store.rule_states().await.expect("states");
    states.sort();
    assert_eq!(states, [state("a", "1"), state("b", "2"), state("c", "{}")]);
}
