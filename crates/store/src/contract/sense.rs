//! Telegrams, readings, devices.

use std::collections::HashSet;
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shanshui_domain::act::case::Refused;
use shanshui_domain::id::{CommandId, FactorCode, Mn, StationCode, TelegramId};
use shanshui_domain::place::{City, CityPack, Point};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::Kept;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_domain::unit::Unit;
use uuid::Uuid;

use super::{Home, POINT, REAL, arrival, device, keep, key, person, reading, telegram};
use crate::{Again, CommandRow, CurveBound, PersonRow, Store, StoreError};

const ALWAYS: (Instant, Instant) = (Instant(i64::MIN), Instant(i64::MAX));

/// Moment and value of every latest row.
async fn current(store: &Store) -> Vec<(i64, String)> {
    let rows = store.latest().await.expect("latest");
    rows.into_iter().map(|r| (r.key.at.0, r.value.expect("a value"))).collect()
}

pub(super) async fn a_key_is_kept_once_and_a_repeat_changes_nothing(store: &Store, _: &impl Home) {
    assert_eq!(keep(store, &[(10, "7.1")]).await, [Kept::New]);
    let first = store.latest().await;
    assert_eq!(keep(store, &[(10, "7.1"), (10, "7.1")]).await, [Kept::Repeat, Kept::Repeat]);
    assert_eq!(store.latest().await.expect("latest"), first.expect("latest"), "a repeat changes nothing");
    assert_eq!(store.versions(key(10)).await.expect("versions").len(), 1);
    // the telegram of a repeat is kept all the same: it is what came
    assert_eq!(store.telegram(&Caller::machine(), TelegramId(3)).await.expect("kept").telegram, telegram(b"##0000"));
    // the same moment of another kind is another key
    let mut minute = reading(key(10), "7.1");
    minute.key.kind = PeriodKind::Minute;
    assert_eq!(store.arrive(vec![arrival(vec![minute])]).await.expect("kept")[0].kept, [Kept::New]);
    assert_eq!(current(store).await.len(), 2);
}

pub(super) async fn a_restated_key_keeps_every_version(store: &Store, _: &impl Home) {
    keep(store, &[(10, "7.1")]).await;
    assert_eq!(keep(store, &[(10, "7.2")]).await, [Kept::Version(2)]);
    assert_eq!(keep(store, &[(10, "7.2")]).await, [Kept::Repeat]);
    // the newest statement counts: going back to the first value is a statement too
    assert_eq!(keep(store, &[(10, "7.1/D"), (10, "7.1")]).await, [Kept::Version(3), Kept::Version(4)]);
    let versions = store.versions(key(10)).await.expect("versions");
    let said: Vec<_> = versions.iter().map(|v| (v.versions, v.value.as_deref(), v.mark.as_str())).collect();
    assert_eq!(said, [(1, Some("7.1"), "N"), (2, Some("7.2"), "N"), (3, Some("7.1"), "D"), (4, Some("7.1"), "N")]);
    assert_eq!(current(store).await, [(10, "7.1".to_owned())]);
}

pub(super) async fn back_fill_never_becomes_current(store: &Store, _: &impl Home) {
    keep(store, &[(20, "8"), (10, "1+")]).await;
    assert_eq!(current(store).await, [(20, "8".to_owned())], "in one group");
    keep(store, &[(15, "2+"), (10, "3+")]).await;
    assert_eq!(current(store).await, [(20, "8".to_owned())], "a new and a restated older one in a group of their own");
    keep(store, &[(20, "9")]).await;
    assert_eq!(current(store).await, [(20, "9".to_owned())], "a restated newest is current");
    keep(store, &[(30, "5+")]).await;
    let row = &store.latest().await.expect("latest")[0];
    assert_eq!(
        (row.key.at, row.late, row.arrived),
        (Instant(30), true, Instant(35)),
        "late, and the newest all the same"
    );
}

pub(super) async fn values_are_kept_as_sent(store: &Store, _: &impl Home) {
    let said = [
        "0",
        "-0",
        "-0.0",
        "0007.10",
        "1e3",
        "1E-7",
        "+5",
        ".5",
        "5.",
        "123456789012345678901234567890.123",
        "1e309",
        "NaN",
        "inf",
        "",
        " 7",
        "7,1",
        "水",
        "a\0b",
        "7.1/D",
        "-/D",
        "-/B",
        "-/",
    ];
    for (i, text) in said.iter().enumerate() {
        let mut sent = reading(key(i as i64), text);
        // the one character that not every engine can keep
        sent.value = sent.value.map(|value| value.replace('\0', "\u{fffd}"));
        assert_eq!(keep(store, &[(i as i64, text)]).await, [Kept::New], "{text:?}");
        assert_eq!(keep(store, &[(i as i64, text)]).await, [Kept::Repeat], "{text:?}");
        let versions = store.versions(sent.key).await.expect("versions");
        let kept = &versions[0];
        assert_eq!((&kept.value, &kept.mark, kept.number), (&sent.value, &sent.mark, sent.number()), "{text:?}");
        let latest = &store.latest().await.expect("latest")[0];
        assert_eq!((&latest.value, &latest.mark, latest.number), (&sent.value, &sent.mark, sent.number()), "{text:?}");
    }
    let mut with_extra = reading(key(99), "3");
    with_extra.extra = "Min=1.0,Max=05,Cou=-0".into();
    store.arrive(vec![arrival(vec![with_extra.clone()])]).await.expect("kept");
    assert_eq!(store.versions(key(99)).await.expect("versions")[0].extra, with_extra.extra);
}

pub(super) async fn two_arrivals_of_one_key_in_one_group(store: &Store, _: &impl Home) {
    assert_eq!(keep(store, &[(10, "1"), (10, "1"), (10, "2")]).await, [Kept::New, Kept::Repeat, Kept::Version(2)]);
    assert_eq!(current(store).await, [(10, "2".to_owned())]);
    // by many at once: one of them is first, whoever that is
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { keep(&store, &[(11, "4")]).await })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += usize::from(task.await.expect("no panic") == [Kept::New]);
    }
    assert_eq!((new, store.versions(key(11)).await.expect("versions").len()), (1, 1));
}

pub(super) async fn telegrams_are_kept_byte_for_byte(store: &Store, _: &impl Home) {
    let every: Vec<u8> = (0..=255).collect();
    let large = every.repeat(4_096);
    for raw in [&b""[..], b"\0", b"a\0b\r\n", b"\xff\xfe\x80", "水质".as_bytes(), &every, &large] {
        let sent = telegram(raw);
        let receipt = store.arrive(vec![arrival_of(sent.clone())]).await.expect("kept").remove(0);
        assert_eq!(store.telegram(&Caller::machine(), receipt.telegram).await.expect("there").telegram, sent);
    }
    let mut bare = telegram(b"?");
    (bare.mn, bare.cn, bare.qn, bare.quarantine) = (None, None, None, Some("crc".into()));
    let receipt = store.arrive(vec![arrival_of(bare.clone())]).await.expect("kept").remove(0);
    assert_eq!(store.telegram(&Caller::machine(), receipt.telegram).await.expect("there").telegram, bare);
    assert!(matches!(store.telegram(&Caller::machine(), TelegramId(9_999)).await, Err(StoreError::NotFound)));
}

fn arrival_of(telegram: crate::TelegramIn) -> crate::Arrival {
    crate::Arrival { telegram, readings: vec![] }
}

pub(super) async fn quarantine_is_summed_up(store: &Store, _: &impl Home) {
    let said =
        [("crc", Some("A"), 5), ("crc", Some("A"), 3), ("crc", None, 4), ("pw", Some("A"), 9), ("", Some("A"), 1)];
    for (reason, mn, arrived) in said {
        let mut t = telegram(b"x");
        t.quarantine = (!reason.is_empty()).then(|| reason.into());
        (t.mn, t.arrived) = (mn.map(Mn::from), Instant(arrived));
        store.arrive(vec![arrival_of(t)]).await.expect("kept");
    }
    let rows = store.quarantine_summary(&Caller::machine()).await.expect("a summary");
    let seen: Vec<_> = rows
        .iter()
        .map(|r| (r.reason.as_str(), r.mn.as_ref().map(Mn::as_str), r.count, r.last.0, r.telegram.0))
        .collect();
    assert_eq!(seen, [("pw", Some("A"), 1, 9, 4), ("crc", None, 1, 4, 3), ("crc", Some("A"), 2, 5, 2)]);
}

pub(super) async fn a_range_is_half_open_and_ascending(store: &Store, _: &impl Home) {
    keep(store, &[(30, "3"), (10, "1"), (20, "2"), (20, "2.5"), (-5, "0")]).await;
    let range = async |from, to, max| {
        let rows = store.range((POINT, REAL), (Instant(from), Instant(to)), max).await.expect("a range");
        rows.into_iter().map(|r| (r.at.0, r.value.unwrap_or_default(), r.versions)).collect::<Vec<_>>()
    };
    let (a, b, c) = ((10, "1".to_owned(), 1), (20, "2.5".to_owned(), 2), (30, "3".to_owned(), 1));
    assert_eq!(range(10, 30, 9).await, [a.clone(), b.clone()]);
    assert_eq!(range(10, 31, 9).await, [a.clone(), b, c]);
    assert_eq!(range(0, 99, 1).await, [a]);
    assert_eq!(range(30, 10, 9).await, []);
    assert_eq!(range(i64::MIN, 0, 9).await, [(-5, "0".to_owned(), 1)]);
}

/// What a made-up series says at one moment.
type Said = (i32, u8);

fn texts((number, what): Said) -> Vec<String> {
    match what {
        0 => vec![format!("{number}/D")],
        1 => vec![format!("{number}+")],
        2 => vec![format!("{}", number - 1), format!("{number}")],
        3 => vec!["-/D".into()],
        _ => vec![format!("{number}")],
    }
}

pub(super) async fn sampling_hides_nothing(store: &Store, _: &impl Home) {
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let series = prop::collection::vec((-50..50_i32, 0..40_u8), 1..300);
    let cases = (series, 0..40_usize, -50..50_i32, -50..50_i32);
    let (handle, point) = (tokio::runtime::Handle::current(), std::cell::Cell::new(100));
    let ran = tokio::task::block_in_place(|| {
        runner.run(&cases, |(said, buckets, cap, floor)| {
            point.set(point.get() + 1);
            let bounds = [CurveBound::AtMost(f64::from(cap)), CurveBound::AtLeast(f64::from(floor))];
            handle.block_on(sampled(store, point.get(), &said, buckets, &bounds))
        })
    });
    ran.expect("nothing hidden");
}

async fn sampled(
    store: &Store,
    point: i64,
    said: &[Said],
    buckets: usize,
    bounds: &[CurveBound],
) -> Result<(), TestCaseError> {
    let series = (shanshui_domain::id::PointId(point), REAL);
    let mut readings = Vec::new();
    for (i, said) in said.iter().enumerate() {
        let mut key = key(i as i64);
        key.point = series.0;
        readings.extend(texts(*said).iter().map(|text| reading(key, text)));
    }
    store.arrive(vec![arrival(readings)]).await.expect("kept");
    let span = (Instant(0), Instant(said.len() as i64));
    let whole = store.range(series, span, usize::MAX >> 1).await.expect("a range");
    let kept = store.range_sampled(&Caller::machine(), series, span, buckets, bounds).await.expect("a curve");
    let there: HashSet<i64> = kept.rows.iter().map(|r| r.at.0).collect();
    prop_assert!(kept.rows.is_sorted_by(|a, b| a.at < b.at), "ascending, each once");
    prop_assert!(kept.rows.iter().all(|r| whole.contains(r)), "nothing invented");
    prop_assert!(kept.sampled || kept.rows == whole);
    for row in &whole {
        let told = row.number.is_none_or(|n| bounds.iter().any(|b| b.exceeded_by(n)));
        let told = told || row.mark != "N" || row.late || row.versions > 1;
        prop_assert!(!told || there.contains(&row.at.0), "{row:?} is hidden");
    }
    let width = (said.len() as i64 / buckets.max(1) as i64).max(1);
    for stretch in whole.chunk_by(|a, b| a.at.0 / width == b.at.0 / width) {
        let ends =
            |rows: &mut dyn Iterator<Item = f64>| rows.fold((f64::MAX, f64::MIN), |e, n| (e.0.min(n), e.1.max(n)));
        let all = ends(&mut stretch.iter().filter_map(|r| r.number));
        let left = ends(&mut stretch.iter().filter(|r| there.contains(&r.at.0)).filter_map(|r| r.number));
        prop_assert_eq!(all, left, "lowest and highest of a stretch");
    }
    Ok(())
}

pub(super) async fn a_long_curve_is_read_to_its_end(store: &Store, _: &impl Home) {
    let readings = (0..120_001).map(|i| reading(key(i), if i == 120_000 { "99" } else { "1" })).collect();
    store.arrive(vec![arrival(readings)]).await.expect("kept");
    for span in [(Instant(0), Instant(120_001)), ALWAYS] {
        let curve = store
            .range_sampled(&Caller::machine(), (POINT, REAL), span, 100, &[CurveBound::AtMost(98.0)])
            .await
            .expect("a curve");
        assert!(curve.sampled && curve.rows.len() < 300);
        assert_eq!(curve.rows.last().map(|r| r.at), Some(Instant(120_000)), "the last row exceeds");
    }
}

pub(super) async fn counts_are_of_keys(store: &Store, _: &impl Home) {
    store.pack_apply(&pack(&["w01001", "w01018"])).await.expect("a pack");
    keep(store, &[(10, "1"), (20, "1"), (20, "2"), (20, "2"), (30, "3")]).await;
    let counts = async |kind, since| {
        let rows = store.counts(kind, Instant(since)).await.expect("counts");
        rows.into_iter().map(|(p, n)| (p.0, n)).collect::<Vec<_>>()
    };
    assert_eq!(counts(REAL, 20).await, [(1, 2)]);
    assert_eq!(counts(REAL, 0).await, [(1, 3)]);
    assert_eq!(counts(PeriodKind::Hour, 0).await, []);
}

pub(super) fn pack(factors: &[&str]) -> CityPack {
    let city = City {
        code: "qz".into(),
        name_zh: "衢州".into(),
        name_en: "Quzhou".into(),
        zone: "Asia/Shanghai".into(),
        center_lon: 118.9,
        center_lat: 28.9,
        demo: true,
    };
    let point = |factor: &&str| Point {
        station: StationCode::from("s1"),
        factor: FactorCode::from(*factor),
        name_zh: String::new(),
        name_en: String::new(),
        unit: Unit::MgPerL,
        decimals: 2,
        limit: None,
    };
    CityPack {
        city,
        counties: vec![],
        units: vec![],
        enterprises: vec![],
        stations: vec![],
        points: factors.iter().map(point).collect(),
        devices: vec![device("A", "123456")],
        people: vec![],
        posts: vec![],
        geography: String::new(),
        rivers: shanshui_domain::place::Rivers::default(),
        outlets: Vec::new(),
    }
}

pub(super) async fn points_and_devices_follow_the_registry(store: &Store, _: &impl Home) {
    store.pack_apply(&pack(&["w01001"])).await.expect("a pack");
    let first = store.points().await.expect("points");
    store.pack_apply(&pack(&["w01018", "w01001"])).await.expect("a pack");
    let points = store.points().await.expect("points");
    assert_eq!((points[0].clone(), points.len()), (first[0].clone(), 2), "a point keeps its number");
    assert_eq!(store.devices().await.expect("devices"), [device("A", "123456")]);
    let (mut changed, b) = (pack(&["w01001"]), device("B", "x"));
    changed.devices[0].password = shanshui_domain::place::Secret::new("654321");
    (changed.devices[0].key, changed.devices[0].interval_s) = (None, 300);
    store.pack_apply(&changed).await.expect("a pack");
    store.device_register(&Caller::machine(), b.clone(), Instant(1)).await.expect("one more");
    let refused = store.device_register(&Caller::machine(), device("A", "other"), Instant(1)).await;
    assert!(matches!(refused, Err(StoreError::Conflict)));
    assert_eq!(store.devices().await.expect("devices"), [changed.devices.remove(0), b]);
}

pub(super) async fn secrets_do_not_show(store: &Store, _: &impl Home) {
    store.device_register(&Caller::machine(), device("A", "s3cr3t-pw"), Instant(1)).await.expect("registered");
    let who = PersonRow {
        id: person(1),
        login: "li".into(),
        name_zh: "李".into(),
        name_en: "Li".into(),
        password_hash: "$argon2id$s3cr3t-pw".into(),
        disabled: false,
        must_change: false,
    };
    store.person_put(&Caller::machine(), who, Instant(1)).await.expect("kept");
    let people = store.people().await.expect("people");
    let shown: [&dyn Debug; 2] = [&store.devices().await.expect("devices"), &people];
    for shown in shown {
        let text = format!("{shown:?} {shown:#?}");
        assert!(!text.contains("s3cr3t") && !text.contains("0123456789abcdef"), "{text}");
    }
    let refused = StoreError::from(Refused::NoTitle);
    assert!(!refused.to_string().is_empty());
}

pub(super) async fn commands_are_logged(store: &Store, _: &impl Home) {
    let command = |id: u128, at: i64, steps: &str| CommandRow {
        id: CommandId(Uuid::from_u128(id)),
        mn: Mn::from("A"),
        cn: "1012".into(),
        area: String::new(),
        person: person(1),
        reason: "clock".into(),
        at: Instant(at),
        steps: steps.into(),
        node: None,
        begun: None,
        ended: None,
    };
    for c in [command(1, 5, "[]"), command(2, 6, "[]")] {
        store.command_put(&Caller::machine(), c).await.expect("kept");
    }
    store.command_steps(CommandId(Uuid::from_u128(1)), "[1]".into(), None).await.expect("kept");
    let newest_first = [command(2, 6, "[]"), command(1, 5, "[1]")];
    assert_eq!(store.commands(&Caller::machine(), &Mn::from("A")).await.expect("commands"), newest_first);
    assert_eq!(store.commands(&Caller::machine(), &Mn::from("B")).await.expect("commands"), []);
}

pub(super) async fn rows_are_held_against_what_their_telegrams_say(store: &Store, _: &impl Home) {
    keep(store, &[(10, "7.1"), (20, "8"), (10, "7.2"), (10, "7.2")]).await;
    // each telegram again, as it was read when it came
    let said = |values: [&str; 4]| -> Vec<Again> {
        let again = |(i, (at, value)): (usize, (i64, &str))| Again {
            telegram: TelegramId(i as i64 + 1),
            mn: Mn::from("A"),
            readings: vec![reading(key(at), value)],
        };
        [10, 20, 10, 10].into_iter().zip(values).enumerate().map(again).collect()
    };
    let held = async |again: Vec<Again>| {
        let mut so_far = store.rereading(HashSet::from([POINT])).await.expect("begun");
        assert_eq!(so_far.span(), (TelegramId(0), TelegramId(4)));
        for one in again {
            store.reread(&mut so_far, vec![one]).await.expect("compared");
        }
        let found = store.reread_all(so_far).await.expect("ended");
        (found.ok, found.detail)
    };
    assert_eq!(held(said(["7.1", "8", "7.2", "7.2"])).await, (true, "3 rows are as their telegrams say".into()));
    let (ok, detail) = held(said(["7.1", "9", "7.2", "7.2"])).await;
    assert!(!ok && detail.contains("telegram 2, point") && detail.contains("another value"), "{detail}");
    let (ok, detail) = held(said(["7.1", "8", "7.2", "7.3"])).await;
    assert!(!ok && detail.contains("telegram 4") && detail.contains("no such row"), "{detail}");
    let mut fewer = said(["7.1", "8", "7.2", "7.2"]);
    fewer.remove(1);
    let (ok, detail) = held(fewer).await;
    assert!(!ok && detail.contains("1 rows are of telegrams that do not say them"), "{detail}");
}
