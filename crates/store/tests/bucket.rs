//! The history in an object store: what is done there is what is done in a folder, also when the work or the store stops.

mod moving;
mod python;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use moving::{Drive, Place};
use object_store::path::Path as Name;
use object_store::{ObjectStoreExt, PutMode};
use shanshui_domain::id::{Mn, PointId, TelegramId};
use shanshui_domain::place::Secret;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use shanshui_history::{
    Finding, History, HistoryError, HistoryOptions, Length, Merged, Rows, Stops, Stored, StoredTelegram,
};
use shanshui_store::{Arrival, StoreError, TelegramIn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;
/// 2026-03-01T00:00:00Z
const MARCH: i64 = 1_772_323_200_000_000;
const KIND: PeriodKind = PeriodKind::Real;
const ALWAYS: (Instant, Instant) = (Instant(i64::MIN), Instant(i64::MAX));

/// What the road to the object store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Road {
    Open,
    Shut,
    /// Loses the answer to the next file that is put into the log, and is open from then on.
    Lossy,
    /// Takes the condition out of what is put, as if the object store knew none.
    Lax,
}

/// An object store with a bucket, and the road to it.
struct Bucket {
    child: Child,
    address: SocketAddr,
    road: watch::Sender<Road>,
}

impl Drop for Bucket {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn place_of(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|some| some == wanted)
}

/// Lets one connection through.
async fn pass(mut from: TcpStream, server: SocketAddr, road: watch::Sender<Road>) -> std::io::Result<()> {
    let mut turn = road.subscribe();
    if *turn.borrow() == Road::Shut {
        return Ok(());
    }
    let mut to = TcpStream::connect(server).await?;
    let ((mut ask, mut answer), (mut asked, mut said)) = (from.split(), to.split());
    let lose = AtomicBool::new(false);
    let there = async {
        let mut bytes = vec![0; 1 << 16];
        loop {
            let count = match ask.read(&mut bytes).await? {
                0 => return Ok(()),
                count => count,
            };
            let some = &mut bytes[..count];
            let now = *road.borrow();
            if now == Road::Lax
                && let Some(i) = place_of(some, b"if-none-match")
            {
                some[i..i + 2].copy_from_slice(b"x-");
            }
            if now == Road::Lossy && some.starts_with(b"PUT ") && place_of(some, b"/_delta_log/0").is_some() {
                lose.store(true, Ordering::Release);
            }
            said.write_all(some).await?;
        }
    };
    let back = async {
        let mut bytes = vec![0; 1 << 16];
        loop {
            let count = asked.read(&mut bytes).await?;
            if lose.load(Ordering::Acquire) {
                road.send_replace(Road::Open);
                return Ok(());
            }
            if count == 0 {
                return Ok(());
            }
            answer.write_all(&bytes[..count]).await?;
        }
    };
    tokio::select! {
        over = there => over,
        over = back => over,
        _ = turn.wait_for(|road| *road == Road::Shut) => Ok(()),
    }
}

impl Bucket {
    async fn start() -> Option<Self> {
        let python = python::python("no object store is tried")?;
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bucket.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python runs");
        let mut said = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut said).expect("a line");
        let server = SocketAddr::from(([127, 0, 0, 1], said.trim().parse().expect("a port")));
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = door.local_addr().expect("an address");
        let road = watch::Sender::new(Road::Open);
        let turns = road.clone();
        tokio::spawn(async move {
            while let Ok((from, _)) = door.accept().await {
                tokio::spawn(pass(from, server, turns.clone()));
            }
        });
        Some(Self { child, address, road })
    }

    fn place(&self, prefix: &str) -> Place {
        let options = HistoryOptions {
            endpoint: Some(format!("http://{}/", self.address)),
            region: Some("us-east-1".into()),
            access_key: Some("key".into()),
            secret_key: Some(Secret::new("secret")),
            ..HistoryOptions::default()
        };
        Place { location: format!("s3://county/{prefix}"), options }
    }
}

async fn history(place: &Place) -> Result<History, HistoryError> {
    History::open(&place.location, place.options.clone()).await
}

fn reading(point: i64, at: i64, arrived: i64, text: &str) -> Reading {
    Reading {
        key: ReadingKey { point: PointId(point), kind: KIND, at: Instant(at) },
        value: (text != "--").then(|| text.to_owned()),
        extra: String::new(),
        mark: if text == "--" { "D".into() } else { "N".into() },
        arrived: Instant(arrived),
        late: arrived > at + DAY,
        telegram: None,
    }
}

/// Two points over a day, every ten minutes.
fn day(number: i64) -> Rows {
    let stamps = (0..144).map(|n| MARCH + number * DAY + n * 10 * MINUTE);
    let row = |at: i64, point: i64| {
        let n = at / MINUTE % 977 + point;
        let text = if n % 40 == 0 { "--".into() } else { format!("{}.{:02}", n / 100, n % 100) };
        Stored { reading: reading(point, at, at + 1_234_567, &text), version: 1 }
    };
    Rows::Readings(stamps.flat_map(|at| [row(at, 1), row(at, 1_025)]).collect())
}

fn telegrams(ids: std::ops::Range<i64>) -> Rows {
    let telegram = |id: i64| StoredTelegram {
        id: TelegramId(id),
        arrived: Instant(MARCH + id * MINUTE),
        peer: "192.0.2.7:40000".into(),
        mn: Some(Mn::from("QZ0001")),
        cn: Some("2011".into()),
        qn: None,
        raw: (0..=255_u8).cycle().skip(id as usize).take(700).collect(),
        problems: "[]".into(),
        quarantine: None,
    };
    Rows::Telegrams(ids.map(telegram).collect())
}

/// What can be seen of a history, wherever it lies.
#[derive(Debug, PartialEq)]
struct Seen {
    segments: Vec<(String, String, usize, u64)>,
    curves: Vec<Vec<Stored>>,
    figures: Vec<(PointId, shanshui_history::Summary)>,
    telegrams: Vec<StoredTelegram>,
    check: Vec<Finding>,
}

async fn seen(history: &History) -> Seen {
    let points = [PointId(1), PointId(1_025)];
    let mut curves = Vec::new();
    for point in points {
        let curve = history.range((point, KIND), ALWAYS, usize::MAX >> 1).await.expect("a curve");
        assert!(curve.unread.is_empty(), "{:?}", curve.unread);
        curves.push(curve.rows);
    }
    let of = (Length::Day, &Zone::china());
    Seen {
        // what a merge is called comes from the names of its files, and no two files share one
        segments: history.segments().into_iter().map(|s| (s.part.as_str().into(), s.month, s.files, s.rows)).collect(),
        curves,
        figures: history.statistics(&points, KIND, ALWAYS, of).await.expect("figures").rows,
        telegrams: history.telegrams_after(TelegramId(0), usize::MAX >> 1).await.expect("telegrams").rows,
        check: history.check().await.expect("looked at"),
    }
}

/// The same steps in any place; what was seen after each.
async fn steps(place: &Place) -> (Vec<Seen>, Vec<Merged>, usize) {
    let here = history(place).await.expect("a table");
    let elsewhere = history(place).await.expect("the same table");
    let mut all = Vec::new();
    for number in 28..33 {
        let files = here.write(&format!("day-{number}"), day(number)).await.expect("written");
        here.commit(&files).await.expect("committed");
        here.commit(&files).await.expect("committed again");
        let again = elsewhere.write(&format!("day-{number}"), day(number)).await.expect("written elsewhere");
        elsewhere.commit(&again).await.expect("committed elsewhere");
    }
    all.push(seen(&here).await);
    for (name, rows) in [("t-1", telegrams(1..400)), ("t-2", telegrams(400..900))] {
        here.commit(&here.write(name, rows).await.expect("written")).await.expect("committed");
    }
    let at = MARCH + 29 * DAY;
    let late = Stored { reading: reading(1, at, at + 3 * DAY, "99.5"), version: 2 };
    elsewhere.commit(&elsewhere.write("late", Rows::Readings(vec![late])).await.expect("written")).await.expect("in");
    here.refresh().await.expect("a log");
    all.push(seen(&here).await);
    let mut merged = Vec::new();
    for month in here.scattered_months() {
        merged.push(here.compact(&month).await.expect("merged"));
    }
    all.push(seen(&here).await);
    let swept = here.vacuum(Duration::ZERO).await.expect("swept");
    all.push(seen(&history(place).await.expect("opened anew")).await);
    // who looked before the merge reads what is there now
    elsewhere.range((PointId(1), KIND), ALWAYS, 9).await.expect("a curve");
    (all, merged, swept.replaced)
}

/// Findings without those that an object store's time, in whole seconds, makes different.
fn without_abandoned(mut all: Vec<Seen>) -> Vec<Seen> {
    for seen in &mut all {
        seen.check.retain(|f| f.what != "history folder");
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_in_a_bucket_is_what_is_done_in_a_folder() {
    let Some(bucket) = Bucket::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (there, there_merged, there_swept) = steps(&bucket.place("province/history")).await;
    let (here, here_merged, here_swept) = steps(&Place::beside(folder.path())).await;
    assert!(there.iter().all(|s| s.check.iter().all(|f| f.ok)), "{:?}", there.last());
    let merges = |all: &[Merged]| -> Vec<(usize, usize, u64, u64)> {
        all.iter().map(|m| (m.files_before, m.files_after, m.rows, m.doubles)).collect()
    };
    assert_eq!((merges(&there_merged), there_swept), (merges(&here_merged), here_swept));
    assert!(there_swept > 6, "{there_swept} files were swept");
    assert_eq!(there.last().expect("seen").telegrams.len(), 899);
    assert_eq!(without_abandoned(there), without_abandoned(here));

    // somebody else's file stays and is named, and nobody takes a version of the log that is taken
    let table = history(&bucket.place("province/history")).await.expect("a table");
    let name = Name::from("part=reading/month=2026-03/notes.txt");
    table.object_store().put(&name, "mine".into()).await.expect("put");
    table.vacuum(Duration::ZERO).await.expect("swept");
    let check = table.check().await.expect("looked at");
    assert!(check.iter().any(|f| !f.ok && f.detail.contains("notes.txt")), "{check:?}");
    let first = Name::from("_delta_log/00000000000000000000.json");
    let twice = table.object_store().put_opts(&first, "{}".into(), PutMode::Create.into()).await;
    assert!(matches!(twice, Err(object_store::Error::AlreadyExists { .. })), "{twice:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_counts_once_also_when_the_answer_to_its_entry_is_lost() {
    let Some(bucket) = Bucket::start().await else { return };
    let table = history(&bucket.place("history")).await.expect("a table");
    for number in 0..3 {
        let files = table.write(&format!("day-{number}"), day(number)).await.expect("written");
        let before = table.version();
        bucket.road.send_replace(Road::Lossy);
        table.commit(&files).await.expect("committed");
        assert_eq!(*bucket.road.borrow(), Road::Open, "an answer was lost");
        assert_eq!(table.version(), before + 1, "one entry of the log");
        table.commit(&files).await.expect("committed again");
        assert_eq!(table.version(), before + 1);
    }
    let found = table.range((PointId(1), KIND), ALWAYS, 9_999).await.expect("a curve");
    assert_eq!((found.rows.len(), found.unread.len()), (3 * 144, 0));
    let check = table.check().await.expect("looked at");
    assert!(check.iter().all(|f| f.ok), "{check:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_store_that_knows_no_conditions_is_refused() {
    let Some(bucket) = Bucket::start().await else { return };
    bucket.road.send_replace(Road::Lax);
    let refused = history(&bucket.place("history")).await.expect_err("two nodes would write over one another");
    assert!(matches!(&refused, HistoryError::Place(why) if why.contains("If-None-Match")), "{refused:?}");
    bucket.road.send_replace(Road::Open);
    let table = history(&bucket.place("history")).await.expect("a table");
    let check = table.check().await.expect("looked at");
    assert!(check.iter().all(|f| f.ok && !f.detail.contains("not committed")), "nothing was left behind: {check:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_any_point_the_mover_loses_nothing_in_a_bucket() {
    let Some(bucket) = Bucket::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut drive = Drive::begin_at(folder.path(), bucket.place("history"), 20_260_401).await;
    // how often work comes to the place where it is to end depends on how fast the machine is
    for round in 0..120 {
        if drive.stopped > 6 && round > 20 {
            break;
        }
        drive.stop_once().await;
        if round % 8 == 7 {
            drive.compare(false).await;
        }
    }
    drive.compare(true).await;
    let (hot, all, _) = drive.sizes().await;
    assert!(drive.stopped > 6, "stopped {} times", drive.stopped);
    assert!(hot < all, "{hot} of {all} statements are hot");
    assert_eq!(drive.end().await, moving::Faults::default());
}

fn arrival(number: i64, at: i64, arrived: i64, text: &str) -> Arrival {
    let telegram = TelegramIn {
        arrived: Instant(arrived),
        peer: "192.0.2.7:40000".into(),
        mn: Some(Mn::from("QZ0001")),
        cn: Some("2011".into()),
        qn: None,
        raw: format!("##{number}").into_bytes(),
        problems: "[]".into(),
        quarantine: None,
    };
    Arrival { telegram, readings: vec![reading(1, at, arrived, text)] }
}

async fn beside(folder: &Path, place: &Place) -> shanshui_store::Store {
    moving::open(folder, place, Stops::default()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_does_not_answer_is_said_and_is_used_again_when_it_is_back() {
    let Some(bucket) = Bucket::start().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let place = bucket.place("history");
    let store = beside(folder.path(), &place).await;
    let sent = (0..600).map(|n| arrival(n, MARCH + n * 10 * MINUTE, MARCH + n * 10 * MINUTE, &format!("{n}.5")));
    store.arrive(sent.collect()).await.expect("kept");
    store.move_before(Instant(MARCH + 2 * DAY), moving::SMALL).await.expect("moved");
    let series = (PointId(1), KIND);
    let curve = store.range(series, ALWAYS, 9_999).await.expect("a curve");
    assert_eq!(curve.len(), 600);

    bucket.road.send_replace(Road::Shut);
    let table = store.history().expect("a history");
    let gone = |error: HistoryError| assert!(matches!(error, HistoryError::Place(_)), "{error:?}");
    let no_store = |error: StoreError| assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    // all at once: each asks again for a while before it gives up
    let fresh = table.clone();
    let (refresh, range, merge, sweep, check, opened) = tokio::join!(
        fresh.refresh(),
        fresh.range(series, ALWAYS, 9),
        fresh.compact("2026-03"),
        fresh.vacuum(Duration::ZERO),
        fresh.check(),
        history(&place),
    );
    gone(refresh.expect_err("no log"));
    gone(range.expect_err("no curve"));
    gone(merge.expect_err("no merge"));
    gone(sweep.expect_err("no sweep"));
    gone(check.expect_err("no check"));
    gone(opened.expect_err("no table"));
    let old = arrival(700, MARCH + 5 * 10 * MINUTE, MARCH + 9 * DAY, "77.5");
    let (read, kept, moved) = tokio::join!(
        store.range(series, ALWAYS, 9_999),
        store.arrive(vec![old.clone()]),
        store.move_before(Instant(MARCH + 3 * DAY), moving::SMALL),
    );
    no_store(read.expect_err("no curve"));
    no_store(kept.expect_err("what it restates cannot be looked up"));
    no_store(moved.expect_err("nothing moves"));
    // what is hot needs no bucket
    let now = arrival(701, MARCH + 9 * DAY, MARCH + 9 * DAY, "7.5");
    store.arrive(vec![now]).await.expect("kept");
    let hot = (Instant(MARCH + 4 * DAY), Instant(i64::MAX));
    assert_eq!(store.range(series, hot, 9_999).await.expect("a curve").len(), 600 - 4 * 144 + 1);

    bucket.road.send_replace(Road::Open);
    store.arrive(vec![old]).await.expect("kept");
    store.move_before(Instant(MARCH + 3 * DAY), moving::SMALL).await.expect("moved");
    table.compact("2026-03").await.expect("merged");
    let back = store.range(series, ALWAYS, 9_999).await.expect("a curve");
    assert_eq!((back.len(), back[5].value.as_deref(), back[5].versions), (601, Some("77.5"), 2));
    assert!(store.check().await.expect("looked at").iter().all(|f| f.ok));
    store.close().await;
    let nowhere = Place { location: "s3://nowhere/history".into(), ..place };
    gone(history(&nowhere).await.expect_err("there is no such bucket"));
}
