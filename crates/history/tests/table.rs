//! The table as its users see it: what is written comes back, whatever was merged, swept or damaged meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shanshui_domain::id::{Mn, PointId, TelegramId};
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use shanshui_history::{History, HistoryOptions, Length, Rows, Stored, StoredTelegram};

const MINUTE: i64 = 60_000_000;
/// 2026-03-01T00:00:00Z
const MARCH: i64 = 1_772_323_200_000_000;
const ALWAYS: (Instant, Instant) = (Instant(i64::MIN), Instant(i64::MAX));

struct Home {
    _folder: tempfile::TempDir,
    path: String,
    history: History,
}

async fn home() -> Home {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history").to_str().expect("text").to_owned();
    let history = History::open(&path, HistoryOptions::default()).await.expect("a table");
    Home { _folder: folder, path, history }
}

impl Home {
    async fn keep(&self, segment: &str, rows: Rows) {
        let files = self.history.write(segment, rows).await.expect("written");
        self.history.commit(&files).await.expect("committed");
    }
}

fn row(point: i64, at: i64, version: i64, text: &str) -> Stored {
    let (value, mark) = text.split_once('/').unwrap_or((text, "N"));
    let reading = Reading {
        key: ReadingKey { point: PointId(point), kind: PeriodKind::Real, at: Instant(at) },
        value: (value != "-").then(|| value.to_owned()),
        extra: String::new(),
        mark: mark.to_owned(),
        arrived: Instant(at + 1_234_567 + version),
        late: version > 1,
        telegram: Some(TelegramId(at / MINUTE + version)),
    };
    Stored { reading, version }
}

/// Newest of each key, in order.
fn newest(rows: &[Stored]) -> Vec<Stored> {
    let mut newest = BTreeMap::new();
    for row in rows {
        let key = row.reading.key;
        let held = newest.entry((key.point, key.kind, key.at)).or_insert_with(|| row.clone());
        if row.version > held.version {
            *held = row.clone();
        }
    }
    newest.into_values().collect()
}

fn anything() -> impl Strategy<Value = Vec<Stored>> {
    let value = prop_oneof![
        Just(None),
        proptest::option::of("[-+]?[0-9]{1,6}(\\.[0-9]{0,4})?"),
        proptest::option::of(".{0,12}"),
        proptest::option::of(any::<f64>().prop_map(|n| n.to_string())),
        proptest::option::of(
            prop::sample::select(vec!["-0", "007", "1e3", "NaN", "0.10", "-0.0", "", "1E-7"]).prop_map(String::from)
        ),
    ];
    let at = prop_oneof![Just(MARCH), (0..40_i64).prop_map(|n| MARCH + n * 40_000 * MINUTE + n), any::<i64>()];
    let telegram = proptest::option::of(1..4_i64);
    let row = (1..3_000_i64, 0..5_i64, at, 1..4_i64, value, ".{0,6}", "[NDFa]?", any::<i64>(), any::<bool>(), telegram);
    let stored = row.prop_map(|(point, kind, at, version, value, extra, mark, arrived, late, telegram)| Stored {
        version,
        reading: Reading {
            key: ReadingKey {
                point: PointId(point),
                kind: PeriodKind::from_number(kind).expect("a kind"),
                at: Instant(at),
            },
            value,
            extra,
            mark,
            arrived: Instant(arrived),
            late,
            telegram: telegram.map(TelegramId),
        },
    });
    proptest::collection::vec(stored, 1..40)
}

fn distinct(mut rows: Vec<Stored>) -> Vec<Stored> {
    let order = |s: &Stored| (s.reading.key, s.version);
    rows.sort_by_key(order);
    rows.dedup_by_key(|s| order(s));
    rows
}

#[test]
fn any_reading_comes_back_to_the_letter_also_after_a_merge() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let home = runtime.block_on(home());
    let mut config = Config::with_cases(12);
    config.failure_persistence = None;
    let number = std::sync::atomic::AtomicU64::new(0);
    let run = TestRunner::new(config).run(&(anything(), anything()), |(first, second)| {
        runtime.block_on(async {
            let n = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let path = format!("{}-{n}", home.path);
            let history = History::open(&path, HistoryOptions::default()).await.expect("a table");
            let all = distinct(first.clone().into_iter().chain(second).collect());
            let first = distinct(first);
            let late: Vec<Stored> = all
                .iter()
                .filter(|r| !first.iter().any(|f| (f.reading.key, f.version) == (r.reading.key, r.version)))
                .cloned()
                .collect();
            let first: Vec<Stored> = all.iter().filter(|r| !late.contains(r)).cloned().collect();
            for (name, rows) in [("a", first), ("b", late)] {
                if !rows.is_empty() {
                    let files = history.write(name, Rows::Readings(rows)).await.expect("written");
                    history.commit(&files).await.expect("committed");
                }
            }
            for merged in [false, true] {
                if merged {
                    for month in history.scattered_months() {
                        history.compact(&month).await.expect("merged");
                    }
                }
                let mut seen = Vec::new();
                for key in all.iter().map(|r| r.reading.key).collect::<std::collections::BTreeSet<_>>() {
                    let found = history.versions(key).await.expect("versions");
                    assert!(found.unread.is_empty());
                    seen.extend(found.rows);
                }
                prop_assert_eq!(&distinct(seen), &all);
                let keys: Vec<ReadingKey> = all.iter().map(|r| r.reading.key).collect();
                let found = history.newest(&keys).await.expect("newest").rows;
                prop_assert_eq!(distinct(found), newest(&all));
                let check = history.check().await.expect("looked at");
                prop_assert!(check.iter().all(|f| f.ok), "{:?}", check);
            }
            Ok(())
        })
    });
    run.expect("holds for anything");
}

/// Two points, `days` of minutes, by the day a segment.
fn days(days: std::ops::Range<i64>) -> Vec<(String, Vec<Stored>)> {
    let day = |d: i64| {
        let minutes = (0..1_440).map(move |m| MARCH + (d * 1_440 + m) * MINUTE);
        let rows = minutes.flat_map(|at| {
            let number = (at / MINUTE) % 977;
            [row(1, at, 1, &format!("{}.{:02}", number / 100, number % 100)), row(2, at, 1, &format!("{number}.0"))]
        });
        (format!("day-{d}"), rows.collect())
    };
    days.map(day).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_curve_is_ascending_has_the_newest_versions_and_ends_where_it_is_told_to() {
    let home = home().await;
    let mut all = Vec::new();
    for (segment, rows) in days(28..34) {
        all.extend(rows.clone());
        home.keep(&segment, Rows::Readings(rows)).await;
    }
    let late: Vec<Stored> = [30 * 1_440, 31 * 1_440 + 5].map(|m| row(1, MARCH + m * MINUTE, 2, "99.5")).to_vec();
    all.extend(late.clone());
    home.keep("late-1", Rows::Readings(late)).await;
    let expected: Vec<Stored> = newest(&all).into_iter().filter(|r| r.reading.key.point == PointId(1)).collect();
    for merged in [false, true] {
        if merged {
            let months = home.history.scattered_months();
            assert_eq!(months, ["2026-03", "2026-04"]);
            let done = home.history.compact(&months[0]).await.expect("merged");
            assert_eq!((done.files_before, done.files_after, done.doubles), (7, 2, 0));
            home.history.compact(&months[1]).await.expect("merged");
            assert!(home.history.scattered_months().is_empty());
        }
        let range = async |from: i64, to: i64, max| {
            let found = home.history.range((PointId(1), PeriodKind::Real), (Instant(from), Instant(to)), max).await;
            found.expect("a curve").rows
        };
        assert_eq!(range(i64::MIN, i64::MAX, usize::MAX).await, expected);
        assert_eq!(range(i64::MIN, i64::MAX, 7).await, expected[..7]);
        let (a, b) = (expected[100].reading.key.at.0, expected[5_000].reading.key.at.0);
        assert_eq!(range(a, b, usize::MAX).await, expected[100..5_000]);
        assert_eq!(range(b, b, 9).await, []);
        let versions = home.history.versions(expected[2_880].reading.key).await.expect("versions").rows;
        assert_eq!(versions.iter().map(|v| v.version).collect::<Vec<_>>(), [1, 2]);
    }
    let of = (Length::Day, &Zone::china());
    let found =
        home.history.statistics(&[PointId(1), PointId(2)], PeriodKind::Real, ALWAYS, of).await.expect("figures");
    assert_eq!(found.rows.len(), 14, "seven civil days of China for each point");
    let count: u64 = found.rows.iter().map(|(_, s)| s.count).sum();
    assert_eq!(count, 2 * 6 * 1_440);
    assert_eq!(found.rows.iter().filter(|(_, s)| s.max == Some(99.5)).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_counts_once_however_often_it_is_committed() {
    let home = home().await;
    let (segment, rows) = days(0..1).remove(0);
    let files = home.history.write(&segment, Rows::Readings(rows.clone())).await.expect("written");
    let found = home.history.range((PointId(1), PeriodKind::Real), ALWAYS, 9).await.expect("a curve");
    assert_eq!(found.rows, [], "what is written is not yet there");
    assert!(!home.history.committed(&segment).await.expect("a log"));
    home.history.commit(&files).await.expect("committed");
    home.history.commit(&files).await.expect("committed again");
    // a second node, or the same after a crash, writes and commits it anew
    let other = History::open(&home.path, HistoryOptions::default()).await.expect("a table");
    let again = other.write(&segment, Rows::Readings(rows)).await.expect("written");
    assert_eq!(again.rows, files.rows);
    other.commit(&again).await.expect("committed");
    assert!(other.committed(&segment).await.expect("a log"));
    home.history.refresh().await.expect("a log");
    assert_eq!(home.history.segments().iter().map(|s| s.rows).collect::<Vec<_>>(), [2_880, 1_440]);
    let findings = home.history.check().await.expect("looked at");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
    assert!(findings[2].detail.contains("1 of segments that were not committed"), "{findings:?}");
    // even after a merge has taken its files out
    home.keep("b", Rows::Readings(vec![row(1, MARCH, 2, "1")])).await;
    home.history.compact("2026-03").await.expect("merged");
    home.history.commit(&files).await.expect("committed once more");
    let found = home.history.range((PointId(1), PeriodKind::Real), ALWAYS, 9_999).await.expect("a curve");
    assert_eq!(found.rows.len(), 1_440);
    let swept = home.history.vacuum(Duration::ZERO).await.expect("swept");
    assert_eq!(swept.replaced, 3, "two files of the segment, one of the late version");
    // a file's time has whole seconds in some stores: what was abandoned just now may stay for the next time
    let found = home.history.range((PointId(2), PeriodKind::Real), ALWAYS, 9_999).await.expect("a curve");
    assert_eq!((found.rows.len(), found.unread.len()), (1_440, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_nodes_merge_and_sweep_do_not_disturb_a_reader() {
    let home = home().await;
    for (segment, rows) in days(0..3) {
        home.keep(&segment, Rows::Readings(rows)).await;
    }
    let other = History::open(&home.path, HistoryOptions::default()).await.expect("a table");
    other.compact("2026-03").await.expect("merged");
    other.vacuum(Duration::ZERO).await.expect("swept");
    let found = home.history.range((PointId(1), PeriodKind::Real), ALWAYS, 9_999).await.expect("a curve");
    assert_eq!((found.rows.len(), found.unread.len()), (3 * 1_440, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_said_with_its_period_and_a_foreign_one_is_named() {
    let home = home().await;
    for (segment, rows) in days(0..3) {
        home.keep(&segment, Rows::Readings(rows)).await;
    }
    let folder = std::path::Path::new(&home.path);
    std::fs::write(folder.join("part=reading/month=2026-03/notes.txt"), "mine").expect("a foreign file");
    std::fs::write(folder.join("part=reading/month=2026-03/other.parquet"), "mine too").expect("a foreign file");
    std::fs::create_dir_all(folder.join("_tmp")).expect("a folder");
    std::fs::write(folder.join("_tmp/job.parquet"), "of a job").expect("a job's file");
    let victim = home.history.files().into_iter().find(|f| f.segment == "day-1" && f.part.as_str() == "reading");
    let victim = folder.join(victim.expect("there").path.as_ref());
    let bytes = std::fs::read(&victim).expect("bytes");
    let mut damaged = bytes.clone();
    let third = damaged.len() / 3;
    damaged[4..third].fill(0x5a);
    for (what, content) in [("bytes", Some(damaged)), ("half", Some(bytes[..third].to_vec())), ("gone", None)] {
        match content {
            Some(content) => std::fs::write(&victim, content).expect("damaged"),
            None => std::fs::remove_file(&victim).expect("removed"),
        }
        let fresh = History::open(&home.path, HistoryOptions::default()).await.expect("a table");
        let found = fresh.range((PointId(1), PeriodKind::Real), ALWAYS, 9_999).await.expect("the rest answers");
        assert_eq!(found.rows.len(), 2 * 1_440, "{what}");
        let [unread] = found.unread.as_slice() else { panic!("{what}: {:?}", found.unread) };
        assert_eq!((unread.segment.as_str(), unread.from), ("day-1", Instant(MARCH + 1_440 * MINUTE)), "{what}");
        let findings = fresh.check().await.expect("looked at");
        assert!(!findings[0].ok && findings[0].detail.contains("day-1"), "{what}: {findings:?}");
        assert!(!findings[2].ok && findings[2].detail.contains("notes.txt"), "{what}: {findings:?}");
        assert!(!findings[2].detail.contains("_tmp"), "{what}: {findings:?}");
        let refused = fresh.compact("2026-03").await.expect_err("nothing is merged away");
        assert!(refused.to_string().contains("day-1"), "{what}: {refused}");
        fresh.vacuum(Duration::ZERO).await.expect("swept");
        assert!(folder.join("part=reading/month=2026-03/other.parquet").exists(), "a foreign file stays");
    }
    std::fs::write(&victim, bytes).expect("mended");
    let fresh = History::open(&home.path, HistoryOptions::default()).await.expect("a table");
    let found = fresh.range((PointId(1), PeriodKind::Real), ALWAYS, 9_999).await.expect("a curve");
    assert_eq!((found.rows.len(), found.unread.len()), (3 * 1_440, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_changed_byte_is_said_wherever_it_lies_also_when_the_log_was_summed_up() {
    let home = home().await;
    for (segment, rows) in days(0..20) {
        home.keep(&segment, Rows::Readings(rows)).await;
    }
    // what a reader knows of the files comes from the summary alone
    let folder = std::path::Path::new(&home.path);
    let log = folder.join("_delta_log");
    assert!(log.join("00000000000000000019.checkpoint.parquet").exists());
    for n in 0..19 {
        std::fs::remove_file(log.join(format!("{n:020}.json"))).expect("an entry");
    }
    let victim = home.history.files().into_iter().find(|f| f.segment == "day-1" && f.part.as_str() == "reading");
    let victim = folder.join(victim.expect("there").path.as_ref());
    let bytes = std::fs::read(&victim).expect("bytes");
    for n in 0..48 {
        let mut changed = bytes.clone();
        let at = n * (bytes.len() - 1) / 47;
        changed[at] ^= 1 << (n % 8);
        std::fs::write(&victim, changed).expect("damaged");
        let fresh = History::open(&home.path, HistoryOptions::default()).await.expect("a table");
        let found = fresh.range((PointId(1), PeriodKind::Real), ALWAYS, 99_999).await.expect("the rest answers");
        assert_eq!(found.rows.len(), 19 * 1_440, "byte {at} of {}", bytes.len());
        let [unread] = found.unread.as_slice() else { panic!("byte {at}: {:?}", found.unread) };
        assert_eq!(unread.segment, "day-1", "byte {at}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telegrams_come_back_byte_for_byte() {
    let home = home().await;
    let telegram = |id: i64| StoredTelegram {
        id: TelegramId(id),
        arrived: Instant(MARCH + id * 100 * MINUTE),
        peer: "192.0.2.7:40000".into(),
        mn: (id % 3 != 0).then(|| Mn::from("QZ0001")),
        cn: Some("2011".into()),
        qn: None,
        raw: (0..=255_u8).cycle().skip(id as usize).take(1_000).collect(),
        problems: "[]".into(),
        quarantine: (id % 7 == 0).then(|| "crc".into()),
    };
    let all: Vec<StoredTelegram> = (1..=1_000).map(telegram).collect();
    home.keep("t-1", Rows::Telegrams(all[..400].to_vec())).await;
    home.keep("t-2", Rows::Telegrams(all[400..].to_vec())).await;
    for merged in [false, true] {
        if merged {
            for month in home.history.scattered_months() {
                home.history.compact(&month).await.expect("merged");
            }
        }
        for id in [1, 400, 401, 1_000] {
            let found = home.history.telegram(TelegramId(id)).await.expect("a telegram");
            assert_eq!(found.as_ref(), all.get(id as usize - 1));
        }
        assert_eq!(home.history.telegram(TelegramId(1_001)).await.expect("none"), None);
        let (mut after, mut seen) = (TelegramId(0), Vec::new());
        loop {
            let page = home.history.telegrams_after(after, 333).await.expect("a page").rows;
            let Some(last) = page.last() else { break };
            after = last.id;
            seen.extend(page);
        }
        assert_eq!(seen, all);
        assert!(home.history.check().await.expect("looked at").iter().all(|f| f.ok));
    }
}

#[test]
fn a_secret_key_does_not_show() {
    let options =
        HistoryOptions { secret_key: Some(shanshui_domain::place::Secret::new("s3cr3t")), ..HistoryOptions::default() };
    assert!(!format!("{options:?}").contains("s3cr3t"));
}
