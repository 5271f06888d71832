//! What has moved is read, judged and counted as if it had not.

use shanshui_domain::analyse::water::automatic::DaySum;
use shanshui_domain::id::{FactorCode, PointId, TelegramId};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::{Kept, ReadingKey};
use shanshui_domain::time::{Instant, Zone};
use shanshui_history::{History, HistoryOptions, Length};

use super::{Home, POINT, REAL, arrival, reading};
use crate::{CurveBound, MoverOptions, ReadingRow, Store, StoreError};

const MINUTE: i64 = 60_000_000;
pub(super) const DAY: i64 = 1_440 * MINUTE;
/// 2026-02-26T00:00:00Z
pub(super) const START: i64 = 1_772_064_000_000_000;
pub(super) const OTHER: PointId = PointId(5_000);
const ALWAYS: (Instant, Instant) = (Instant(i64::MIN), Instant(i64::MAX));
pub(super) const FEW: MoverOptions = MoverOptions { readings: 700, telegrams: 300, chunk: 100 };

pub(super) async fn beside(store: &Store) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("history");
    let history = History::open(place.to_str().expect("text"), HistoryOptions::default()).await.expect("a history");
    (folder, store.clone().with_history(history))
}

pub(super) fn at(point: PointId, n: i64) -> ReadingKey {
    ReadingKey { point, kind: REAL, at: Instant(START + n * 5 * MINUTE) }
}

/// Five days of two points, one telegram for each moment; some marked, late, restated.
pub(super) async fn fill(store: &Store) {
    for n in 0..5 * 288 {
        let text = match n % 97 {
            0 => "99.5".to_owned(),
            1 => "-/D".to_owned(),
            2 => "7.1+".to_owned(),
            _ => format!("{}.{:02}", 7 + n % 2, n % 100),
        };
        let mut sent = arrival(vec![reading(at(POINT, n), &text), reading(at(OTHER, n), "1.50")]);
        sent.telegram.arrived = at(POINT, n).at.plus_ms(2_000);
        store.arrive(vec![sent]).await.expect("kept");
        if n % 101 == 5 {
            let mut again = arrival(vec![reading(at(POINT, n), "8.88")]);
            again.telegram.arrived = at(POINT, n).at.plus_ms(60_000);
            store.arrive(vec![again]).await.expect("kept");
        }
    }
}

#[derive(Debug, PartialEq)]
pub(super) struct Read {
    curves: [Vec<ReadingRow>; 2],
    sampled: Vec<ReadingRow>,
    versions: Vec<Vec<ReadingRow>>,
    telegrams: Vec<crate::TelegramRow>,
    counts: Vec<(PointId, i64)>,
    statistics: Vec<(PointId, shanshui_history::Summary)>,
    days: Vec<(PointId, Vec<DaySum>)>,
}

pub(super) async fn read(store: &Store) -> Read {
    let curve = async |point| store.range((point, REAL), ALWAYS, 1_000_000).await.expect("a curve");
    let span = (Instant(START), Instant(START + 5 * DAY));
    let bounds = [CurveBound::AtMost(50.0)];
    let mut versions = Vec::new();
    for n in [0, 5, 106, 700, 1_439] {
        versions.push(store.versions(at(POINT, n)).await.expect("versions"));
    }
    let of = (Length::Day, &Zone::china());
    Read {
        curves: [curve(POINT).await, curve(OTHER).await],
        sampled: store.range_sampled(&Caller::machine(), (POINT, REAL), span, 30, &bounds).await.expect("a curve").rows,
        versions,
        telegrams: store.telegrams_after(TelegramId(0), 10_000).await.expect("telegrams"),
        counts: store.counts(REAL, Instant(START + DAY / 2)).await.expect("counts"),
        statistics: store.statistics(&Caller::machine(), &[POINT, OTHER], REAL, span, of).await.expect("figures").rows,
        days: store.day_sums(&Caller::machine(), &[POINT, OTHER], REAL, span, of.1).await.expect("days").rows,
    }
}

pub(super) async fn registered(store: &Store) {
    let registered = (super::station("s1", "kc", None), "{}".into());
    let factors = vec![FactorCode::from("w01001")];
    store.station_register(&Caller::machine(), registered, factors, Instant(1)).await.expect("registered");
}

pub(super) async fn what_has_moved_is_read_as_before(store: &Store, _: &impl Home) {
    registered(store).await;
    fill(store).await;
    let before = read(store).await;
    assert_eq!((before.curves[0].len(), before.curves[1].len()), (1_440, 1_440));
    let (_folder, store) = beside(store).await;
    let moved = store.move_before(Instant(START + 3 * DAY + 5), FEW).await.expect("moved");
    assert_eq!((moved.readings, moved.telegrams), (2 * 3 * 288 + 9, 3 * 288 + 9), "{moved:?}");
    assert_eq!(store.count_hot().await.expect("a count"), 2 * 2 * 288 + 6);
    assert_eq!(read(&store).await, before);
    let history = store.history().expect("a history");
    for month in history.scattered_months() {
        history.compact(&month).await.expect("merged");
    }
    assert_eq!(read(&store).await, before, "merged");
    assert_eq!(store.move_before(Instant(START + 3 * DAY), FEW).await.expect("nothing"), crate::MovedRows::default());
    // all but the newest telegram; the newest values stay current
    let latest = store.latest().await.expect("latest");
    store.move_before(Instant(START + 50 * DAY), FEW).await.expect("moved");
    assert_eq!(store.count_hot().await.expect("a count"), 0);
    assert_eq!(read(&store).await, before, "all");
    assert_eq!(store.latest().await.expect("latest"), latest);
    let findings = store.check().await.expect("looked at");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
    assert!(matches!(store.telegram(&Caller::machine(), TelegramId(99_999)).await, Err(StoreError::NotFound)));
}

pub(super) async fn what_comes_late_is_judged_beside_what_has_moved(store: &Store, _: &impl Home) {
    fill(store).await;
    let (_folder, store) = beside(store).await;
    store.move_before(Instant(START + 4 * DAY), FEW).await.expect("moved");
    let say = async |n: i64, text: &str| {
        let sent = arrival(vec![reading(at(OTHER, n), text)]);
        store.arrive(vec![sent]).await.expect("kept").remove(0).kept.remove(0)
    };
    for merged in [false, true] {
        let n = 10 + i64::from(merged);
        assert_eq!(say(n, "1.50").await, Kept::Repeat);
        assert_eq!(say(n, "1.5").await, Kept::Version(2), "another text is another statement");
        assert_eq!(say(n, "1.5").await, Kept::Repeat);
        store.move_before(Instant(START + 4 * DAY), FEW).await.expect("moved");
        assert_eq!(say(n, "1.5").await, Kept::Repeat);
        assert_eq!(say(n, "1.50").await, Kept::Version(3));
        assert_eq!(say(-1 - n, "7").await, Kept::New, "a moment that nobody had");
        if merged {
            let history = store.history().expect("a history");
            store.move_before(Instant(START + 4 * DAY), FEW).await.expect("moved");
            for month in history.scattered_months() {
                history.compact(&month).await.expect("merged");
            }
        }
        assert_eq!(say(n, "1.50").await, Kept::Repeat);
        let versions = store.versions(at(OTHER, n)).await.expect("versions");
        let said: Vec<_> = versions.iter().map(|v| (v.versions, v.value.as_deref().unwrap_or("-"))).collect();
        assert_eq!(said, [(1, "1.50"), (2, "1.5"), (3, "1.50")]);
    }
    let current = store.latest_of(&Caller::machine(), OTHER).await.expect("latest");
    assert_eq!(current[0].key, at(OTHER, 1_439), "late data is not current");
    let findings = store.check().await.expect("looked at");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
}

pub(super) async fn without_its_history_a_store_says_so(store: &Store, _: &impl Home) {
    fill(store).await;
    {
        let (_folder, beside) = beside(store).await;
        beside.move_before(Instant(START + DAY), FEW).await.expect("moved");
    }
    assert!(matches!(store.range((POINT, REAL), ALWAYS, 9).await, Err(StoreError::Io(_))));
    let late = arrival(vec![reading(at(POINT, 1), "1")]);
    assert!(matches!(store.arrive(vec![late]).await, Err(StoreError::Io(_))), "nobody could judge it");
    let new = arrival(vec![reading(at(POINT, 9_999), "1")]);
    assert_eq!(store.arrive(vec![new]).await.expect("kept")[0].kept, [Kept::New]);
    let findings = store.check().await.expect("looked at");
    assert!(findings.iter().any(|f| f.what == "history files" && !f.ok), "{findings:?}");
}
