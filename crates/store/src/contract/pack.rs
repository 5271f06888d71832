//! What is packed is read as its rows are, whatever happens to them.

use shanshui_domain::right::Caller;
use shanshui_domain::sense::reviewed::{Device, Ruling, reviewed};
use shanshui_domain::time::Instant;

use super::history::{DAY, FEW, OTHER, START, at, beside, fill, read, registered};
use super::review::{decide, decision};
use super::{Home, POINT, REAL, arrival, reading};
use crate::review::Rewrite;
use crate::{Store, args};

const END: Instant = Instant(START + 5 * DAY);

async fn count(store: &Store, text: &'static str) -> i64 {
    store.read_one(text, args![]).await.expect("asked").expect("a row").int(0).expect("a number")
}

async fn days(store: &Store) -> i64 {
    count(store, "SELECT COUNT(*) FROM pack WHERE point=-1").await
}

async fn whole(store: &Store) {
    let findings = store.check().await.expect("looked at");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
}

/// What is read with packs is what is read without them.
async fn same(store: &Store, what: &str) {
    let with = read(store).await;
    store.write(|tx| tx.execute("DELETE FROM pack", args![])).await.expect("gone");
    assert_eq!(with, read(store).await, "{what}");
}

pub(super) async fn a_packed_day_is_read_as_its_rows(store: &Store, _: &impl Home) {
    registered(store).await;
    fill(store).await;
    let before = read(store).await;
    assert_eq!(store.pack_days(END, 0, 3).await.expect("packed"), (3, Some(0)), "a few at a time");
    assert_eq!(store.pack_days(END, 0, 6).await.expect("packed"), (6, Some(OTHER.block())), "five days of two blocks");
    assert_eq!(store.pack_days(END, OTHER.block(), 6).await.expect("packed"), (1, None));
    assert_eq!(store.pack_days(END, 0, 99).await.expect("packed"), (0, None));
    assert_eq!((days(store).await, count(store, "SELECT COUNT(*) FROM pack").await), (10, 20));
    assert_eq!(read(store).await, before);
    whole(store).await;
    // it is the packs that are read: they still say what has gone from under them, which the check sees
    let gone = "DELETE FROM reading WHERE block=0 AND kind=0 AND at>=$1 AND at<$2";
    let lost = store.write(move |tx| tx.execute(gone, args![START + DAY, START + 2 * DAY])).await.expect("gone");
    assert!(lost >= 288, "{lost}");
    let of = (shanshui_history::Length::Day, &shanshui_domain::time::Zone::china());
    let span = (Instant(START), END);
    let figures = store.statistics(&Caller::machine(), &[POINT], REAL, span, of).await.expect("figures");
    assert_eq!(figures.rows.iter().map(|(_, s)| s.count).sum::<u64>(), 5 * 288);
    let wrong: Vec<_> = store.check().await.expect("looked at").into_iter().filter(|f| !f.ok).collect();
    assert!(wrong.iter().any(|f| f.what == "packed days" && f.detail.contains("block 0")), "{wrong:?}");
    // a pack that cannot be read is as good as none
    let spoilt = "UPDATE pack SET body=$1 WHERE block=0 AND point<>-1";
    store.write(move |tx| tx.execute(spoilt, args![vec![1_u8, 2, 3]])).await.expect("spoilt");
    let figures = store.statistics(&Caller::machine(), &[POINT], REAL, span, of).await.expect("figures");
    assert_eq!(figures.rows.iter().map(|(_, s)| s.count).sum::<u64>(), 4 * 288);
}

pub(super) async fn whoever_changes_a_reading_takes_its_packs_away(store: &Store, _: &impl Home) {
    registered(store).await;
    fill(store).await;
    let say = async |texts: &[(i64, &str)]| {
        let readings = texts.iter().map(|(n, text)| reading(at(OTHER, *n), text)).collect();
        store.arrive(vec![arrival(readings)]).await.expect("kept");
    };
    let pack = async || store.pack_days(END, 0, 99).await.expect("packed");
    pack().await;
    say(&[(300, "9.99+")]).await;
    assert_eq!(days(store).await, 9, "restated");
    same(store, "restated").await;
    pack().await;
    let between = Instant(at(OTHER, 600).at.0 + 7);
    let key = shanshui_domain::sense::ReadingKey { at: between, ..at(OTHER, 600) };
    store.arrive(vec![arrival(vec![reading(key, "3.1+")])]).await.expect("kept");
    assert_eq!(days(store).await, 9, "a moment that nobody had");
    same(store, "late").await;
    pack().await;
    say(&[(10, "8.1"), (300, "8.2"), (301, "8.3"), (1_500, "8.4")]).await;
    assert_eq!(days(store).await, 8, "two days in one telegram, and one that is not packed yet");
    same(store, "several").await;
    pack().await;
    let ruling = decision(1, shanshui_domain::analyse::review::desk::Level::First, "invalidate");
    let row = store.range((OTHER, REAL), (at(OTHER, 20).at, at(OTHER, 21).at), 9).await.expect("rows").remove(0);
    let device = Device { value: row.value.as_deref(), extra: &row.extra, mark: &row.mark };
    let new = reviewed(at(OTHER, 20), device, &Ruling::Invalid, (&ruling.id, Instant(5_000)));
    decide(store, &Caller::machine(), ruling, vec![Rewrite { reading: new, seen: row.versions }])
        .await
        .expect("decided");
    assert_eq!(days(store).await, 9, "reviewed");
    same(store, "reviewed").await;
    pack().await;
    say(&[(20, "7.77")]).await;
    assert_eq!(days(store).await, 9, "a device speaks beside it");
    same(store, "beside").await;
    pack().await;
    whole(store).await;
}

pub(super) async fn what_moves_leaves_no_packs(store: &Store, _: &impl Home) {
    registered(store).await;
    fill(store).await;
    let before = read(store).await;
    let (_folder, store) = beside(store).await;
    store.pack_days(END, 0, 99).await.expect("packed");
    store.move_before(Instant(START + 2 * DAY), FEW).await.expect("moved");
    assert_eq!(days(&store).await, 6, "three days of two blocks are hot");
    assert_eq!(read(&store).await, before);
    // what is put back for a late value is hot again, and is not packed as if it were all
    let sent = arrival(vec![reading(at(OTHER, 10), "4.44+")]);
    store.arrive(vec![sent]).await.expect("kept");
    store.pack_days(END, 0, 99).await.expect("packed");
    assert_eq!(days(&store).await, 6);
    same(&store, "put back").await;
    store.pack_days(END, 0, 99).await.expect("packed");
    store.move_before(END, FEW).await.expect("moved");
    assert_eq!(count(&store, "SELECT COUNT(*) FROM pack").await, 0);
    whole(&store).await;
}
