//! The suite for PostgreSQL, and what only a server can show: its end in the middle, several nodes, partitions.
//!
//! `SHANSHUI_TEST_POSTGRES` is the address of a throw-away server; without it each test starts one of its own by `scripts/pg`. Where
//! there is no PostgreSQL at all, the tests say so and try nothing.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shanshui_domain::id::{PointId, TelegramId};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::Kept;
use shanshui_domain::time::{Instant, PeriodKind};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::node::next;
use super::{Home, arrival, keep, key, reading, suite};
use crate::dialect::postgres::{Address, LOCKS, Purpose, Session, connect, migrate};
use crate::dialect::{Sync, steps};
use crate::{Arrival, AuditEntry, Lagged, Store, StoreError, StoreOptions};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/pg");
/// What the script says where there is no PostgreSQL.
const NOT_THERE: i32 = 3;

fn script(args: &[&str]) -> Option<String> {
    let ran = Command::new("sh").arg(SCRIPT).args(args).output().expect("a shell");
    if ran.status.code() == Some(NOT_THERE) {
        return None;
    }
    assert!(ran.status.success(), "scripts/pg {args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8_lossy(&ran.stdout).trim().to_owned())
}

/// A server of its own, ended with the test.
struct Cluster(String);

impl Cluster {
    fn start() -> Option<Self> {
        let started = script(&["start"]);
        if started.is_none() {
            eprintln!("\n*** SKIPPED: no PostgreSQL here (initdb, pg_ctl); nothing about it was tried ***\n");
        }
        started.map(Self)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        script(&["stop", &self.0]);
    }
}

/// A fresh database.
pub(super) struct Database {
    pub(super) address: String,
    cluster: Option<Cluster>,
}

impl Home for Database {
    async fn fresh() -> Option<Self> {
        match std::env::var("SHANSHUI_TEST_POSTGRES") {
            Ok(server) => Some(Self { address: database(&server).await, cluster: None }),
            Err(_) => Self::alone().await,
        }
    }

    async fn open(&self) -> Store {
        Store::connect(&self.address, StoreOptions::default()).await.expect("opens")
    }

    async fn earlier(&self, schema: usize, run: &str) {
        let mut session = session(&self.address).await;
        migrate(&mut session.client, &steps(|s| s.postgres)[..schema]).await.expect("an earlier schema");
        session.client.batch_execute(run).await.expect("runs");
    }
}

async fn database(server: &str) -> String {
    let name = format!("t{}", Uuid::now_v7().simple());
    session(server).await.client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
    let (server, _) = server.rsplit_once('/').expect("an address");
    format!("{server}/{name}")
}

async fn session(address: &str) -> Session {
    let address = Address::parse(address).expect("an address");
    connect(&address, &Purpose { name: "test", sync: Sync::Full }, |_| ()).await.expect("a session")
}

impl Database {
    /// On a server of its own, which may be killed.
    async fn alone() -> Option<Self> {
        let cluster = Cluster::start()?;
        Some(Self { address: database(&cluster.0).await, cluster: Some(cluster) })
    }

    fn kill(&self) {
        script(&["kill", &self.cluster.as_ref().expect("a server of its own").0]);
    }

    fn again(&self) {
        script(&["again", &self.cluster.as_ref().expect("a server of its own").0]);
    }

    async fn run(&self, text: &str) {
        session(&self.address).await.client.batch_execute(text).await.expect("runs");
    }

    async fn texts(&self, text: &str) -> Vec<String> {
        let rows = session(&self.address).await.client.query(text, &[]).await.expect("answers");
        rows.iter().map(|row| row.get(0)).collect()
    }
}

suite!(super::Database);

async fn eventually(what: &str, mut is: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if is().await {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

async fn whole(store: &Store) {
    let findings = store.check().await.expect("a check");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
}

fn entry(subject: &str) -> AuditEntry {
    let detail = serde_json::json!({});
    AuditEntry::of(&Caller::machine(), Instant(1), "a", subject, detail)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_in_the_middle_loses_nothing_acknowledged_and_is_found_again() {
    let Some(home) = Database::alone().await else { return };
    let store = home.open().await;
    let (stop, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let writers: Vec<_> = (0..16)
        .map(|w| {
            let (store, stop, next) = (store.clone(), Arc::clone(&stop), Arc::clone(&next));
            tokio::spawn(async move {
                let (mut acknowledged, mut refused) = (Vec::new(), 0);
                while !stop.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if w % 4 == 0 {
                        match store.audit(entry(&at.to_string())).await {
                            Ok(()) | Err(StoreError::Unavailable(_)) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                    match store.arrive(vec![arrival(vec![reading(key(at), "1")])]).await {
                        Ok(receipts) => acknowledged.push((at, receipts[0].telegram)),
                        Err(StoreError::Unavailable(_)) => {
                            refused += 1;
                            sleep(Duration::from_millis(20)).await;
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                }
                (acknowledged, refused)
            })
        })
        .collect();
    for _ in 0..3 {
        sleep(Duration::from_millis(700)).await;
        home.kill();
        eventually("seen as not writable", async || !store.health().writable).await;
        assert!(store.health().error.is_some());
        let read = timeout(Duration::from_secs(20), store.latest()).await.expect("an answer");
        assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
        home.again();
        eventually("writable again", async || store.health().writable).await;
        eventually("readable again", async || store.latest().await.is_ok()).await;
    }
    sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let (mut all, mut refused) = (Vec::new(), 0);
    for writer in writers {
        let (acknowledged, not) = writer.await.expect("no panic");
        all.extend(acknowledged);
        refused += not;
    }
    assert!(all.len() > 100 && refused > 0, "{} kept, {refused} refused", all.len());
    for (at, telegram) in &all {
        let versions = store.versions(key(*at)).await.expect("versions");
        assert_eq!(versions.len(), 1, "{at}");
        assert_eq!(versions[0].telegram, Some(*telegram), "{at}");
    }
    whole(&store).await;
    // also without anybody asking
    home.kill();
    eventually("seen by an idle node", async || !store.health().writable).await;
    home.again();
    eventually("writable again", async || store.health().writable).await;
    let held = async || store.held(&store.node().presence()).await.unwrap_or(false);
    eventually("this node is there again", held).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_write_the_same_keys_and_each_is_kept_once() {
    let Some(home) = Database::fresh().await else { return };
    let nodes = [home.open().await, home.open().await];
    assert_ne!(nodes[0].node(), nodes[1].node());
    let tasks: Vec<_> = (0..400_i64)
        .map(|i| {
            let store = nodes[i as usize % 2].clone();
            tokio::spawn(async move {
                // each key is said by both nodes, and restated by both
                let at = i / 4;
                let kept = keep(&store, &[(at, &i.to_string()), (-at - 1, "same")]).await;
                store.audit(entry(&i.to_string())).await.expect("kept");
                kept
            })
        })
        .collect();
    let (mut news, mut same) = (0, 0);
    for task in tasks {
        let kept = task.await.expect("no panic");
        news += usize::from(kept[0] == Kept::New);
        same += usize::from(kept[1] == Kept::New);
    }
    assert_eq!((news, same), (100, 100), "one is the first");
    for at in 0..100 {
        let versions = nodes[0].versions(key(at)).await.expect("versions");
        assert_eq!(versions.iter().map(|v| v.versions).collect::<Vec<_>>(), [1, 2, 3, 4], "{at}");
        assert_eq!(nodes[1].versions(key(-at - 1)).await.expect("versions").len(), 1, "{at}");
    }
    let telegrams = nodes[1].telegrams_after(TelegramId(0), 1_000).await.expect("telegrams");
    assert!(telegrams.iter().map(|t| t.id.0).eq(1..=800), "ids follow one another");
    whole(&nodes[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_falls_to_another_node_when_its_holder_ends_or_is_cut_off() {
    let Some(home) = Database::fresh().await else { return };
    let (one, two) = (home.open().await, home.open().await);
    let held = one.hold("mover").await.expect("an answer").expect("free");
    assert!(two.hold("mover").await.expect("an answer").is_none());
    assert!(
        two.held("mover").await.expect("a question") && two.held(&one.node().presence()).await.expect("a question")
    );
    let mut notes = one.notes();
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='shanshui presence {}'",
        one.node()
    );
    home.run(&cut).await;
    timeout(Duration::from_secs(20), held.lost().cancelled()).await.expect("told that it is lost");
    let taken = async || two.hold("mover").await.expect("an answer");
    let second = timeout(Duration::from_secs(20), async {
        loop {
            if let Some(held) = taken().await {
                return held;
            }
        }
    });
    let second = second.await.expect("free for the other");
    assert_eq!(next(&mut notes).await, Err(Lagged), "something may have been missed");
    eventually("the first is there again", async || two.held(&one.node().presence()).await.unwrap_or(false)).await;
    // a holding that was lost gives nothing back that others hold
    drop(held);
    assert!(one.hold("mover").await.expect("an answer").is_none());
    two.publish("hello", "there".into()).await.expect("told");
    while !matches!(next(&mut notes).await, Ok(note) if note.topic == "hello" && note.from == *two.node()) {}
    two.close().await;
    assert!(second.lost().is_cancelled());
    let gone = two.node().presence();
    assert!(!one.held(&gone).await.expect("a question"), "gone with its end");
    one.hold("mover").await.expect("an answer").expect("free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_data_harms_only_itself() {
    let Some(home) = Database::fresh().await else { return };
    let store = home.open().await;
    home.run("ALTER TABLE telegram ADD CHECK (peer <> 'bad'); ALTER TABLE reading ADD CHECK (mark <> 'BAD')").await;
    let tasks: Vec<_> = (0..300_i64)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut one = arrival(vec![reading(key(i), if i % 3 == 0 { "1/BAD" } else { "1" })]);
                if i % 3 == 1 {
                    one.telegram.peer = "bad".into();
                }
                (i, store.arrive(vec![one]).await)
            })
        })
        .collect();
    for task in tasks {
        let (i, kept) = task.await.expect("no panic");
        match i % 3 {
            2 => assert_eq!(kept.expect("kept")[0].kept, [Kept::New]),
            _ => assert!(matches!(kept, Err(StoreError::Conflict)), "{kept:?}"),
        }
    }
    let telegrams = store.telegrams_after(TelegramId(0), 1_000).await.expect("telegrams");
    assert!(telegrams.iter().map(|t| t.id.0).eq(1..=100), "without gaps");
    assert!(store.health().writable);
    whole(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_overlooks_an_error_is_not_acknowledged() {
    let Some(home) = Database::fresh().await else { return };
    let store = home.open().await;
    let (overlooked, beside) = tokio::join!(
        store.write(|tx| {
            tx.execute("INSERT INTO rule_state (key, value) VALUES ('a', '1')", vec![])?;
            let _overlooked = tx.execute("INSERT INTO nowhere VALUES (1)", vec![]);
            Ok(())
        }),
        store.rule_states_put(vec![("b".into(), "1".into())]),
    );
    overlooked.expect_err("taken back");
    beside.expect("its neighbour stays");
    assert_eq!(store.rule_states().await.expect("states"), [("b".to_owned(), "1".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_lie_by_month_and_empty_months_go() {
    let Some(home) = Database::fresh().await else { return };
    let store = home.open().await;
    let said: [(i64, &str); 6] = [
        (1_772_323_199_999_999, "february"),
        (1_772_323_200_000_000, "march"),
        (i64::MIN, "first"),
        (-1, "before"),
        (7_258_118_400_000_000, "after"),
        (i64::MAX, "last"),
    ];
    assert!(keep(&store, &said).await.iter().all(|k| *k == Kept::New));
    assert!(keep(&store, &said).await.iter().all(|k| *k == Kept::Repeat));
    let tables = "SELECT tableoid::regclass::text FROM reading ORDER BY at";
    let lie =
        ["reading_before", "reading_before", "reading_202602", "reading_202603", "reading_after", "reading_after"];
    assert_eq!(home.texts(tables).await, lie);
    let partitions = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent='reading'::regclass ORDER BY 1";
    let now = Instant(1_777_593_600_000_000);
    assert_eq!(store.drop_empty_months(now).await.expect("looked"), Vec::<String>::new(), "nothing is empty");
    home.run("DELETE FROM reading WHERE value IN ('february', 'march', 'before')").await;
    assert_eq!(store.drop_empty_months(Instant(1_772_323_200_000_000)).await.expect("looked"), ["reading_202602"]);
    assert_eq!(home.texts(partitions).await, ["reading_202603", "reading_after", "reading_before"]);
    // another node knows of nothing and keeps on writing into that month
    assert_eq!(keep(&store, &[(1_772_323_199_999_999, "again")]).await, [Kept::New]);
    let dropped = store.drop_empty_months(now).await.expect("looked");
    assert_eq!(dropped, ["reading_202603"]);
    assert_eq!(keep(&store, &[(1_772_323_200_000_000, "march again")]).await, [Kept::New]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_and_an_unreachable_server_are_refused() {
    let Some(home) = Database::fresh().await else { return };
    home.open().await.close().await;
    home.run("UPDATE schema_version SET version=99").await;
    let refused = Store::connect(&home.address, StoreOptions::default()).await.err();
    assert!(matches!(refused, Some(StoreError::Newer { found: 99, .. })), "{refused:?}");
    let options = StoreOptions { connect_s: 3, ..StoreOptions::default() };
    let refused = Store::connect("postgres://u:s3cr3t@127.0.0.1:1/province", options).await.err();
    let said = refused.expect("refused").to_string();
    assert!(said.contains("127.0.0.1:1/province") && !said.contains("s3cr3t"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_together_bring_the_schema_up_once() {
    let Some(home) = Database::fresh().await else { return };
    let opened = futures::future::join_all((0..4).map(|_| home.open())).await;
    for store in &opened {
        assert!(store.latest().await.expect("reads").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hangs_in_a_group_does_not_keep_the_others_for_ever() {
    let Some(home) = Database::fresh().await else { return };
    let store = home.open().await;
    let hung = session(&home.address).await;
    for lane in [1, 2] {
        hung.client
            .batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCKS}, {lane})"))
            .await
            .expect("held");
    }
    let both = async {
        let entry = entry("waited");
        tokio::join!(keep(&store, &[(1, "1")]), async { store.audit(entry).await.expect("kept") })
    };
    let (kept, ()) = timeout(Duration::from_mins(2), both).await.expect("not for ever");
    assert_eq!(kept, [Kept::New]);
    assert!(hung.client.simple_query("COMMIT").await.is_err(), "the server has ended it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_migration_leaves_its_beginning_and_resumes_there() {
    let Some(home) = Database::fresh().await else { return };
    let mut session = session(&home.address).await;
    let (first, broken, whole) = (
        "CREATE TABLE a (x BIGINT);",
        "CREATE TABLE b (x BIGINT); INSERT INTO b VALUES (1); CREATE TABLE a (x BIGINT);",
        "CREATE TABLE b (x BIGINT); INSERT INTO b VALUES (2);",
    );
    migrate(&mut session.client, &[first, broken]).await.expect_err("the second step fails half-way");
    let version = "SELECT version::text FROM schema_version";
    assert_eq!(home.texts(version).await, ["1"]);
    migrate(&mut session.client, &[first, whole]).await.expect("the second step is done again");
    assert_eq!(
        (home.texts(version).await, home.texts("SELECT x::text FROM b").await),
        (vec!["2".into()], vec!["2".into()])
    );
    let refused = migrate(&mut session.client, &[first]).await.expect_err("an older program");
    assert!(matches!(refused, StoreError::Newer { found: 2, known: 1 }));
}

/// Tables with their columns, keys and unique indexes.
type Shape = Vec<String>;

async fn shape_of_postgres(home: &Database) -> Shape {
    let columns = "SELECT t.relname || '.' || a.attname || ' ' || CASE format_type(a.atttypid, NULL) WHEN 'bigint' THEN 'INTEGER' \
        WHEN 'double precision' THEN 'REAL' WHEN 'bytea' THEN 'BLOB' WHEN 'text' THEN CASE (SELECT collname FROM pg_collation c \
        WHERE c.oid=a.attcollation) WHEN 'C' THEN 'TEXT' ELSE 'TEXT of another order' END ELSE format_type(a.atttypid, NULL) END || \
        CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END \
        FROM pg_class t JOIN pg_attribute a ON a.attrelid=t.oid WHERE t.relnamespace='public'::regnamespace AND t.relkind IN ('r', 'p') \
        AND NOT t.relispartition AND a.attnum>0 AND NOT a.attisdropped AND t.relname<>'schema_version'";
    let unique = "SELECT t.relname || ' unique ' || (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey::int2[]) \
        WITH ORDINALITY AS k (col, n) JOIN pg_attribute a ON a.attrelid=t.oid AND a.attnum=k.col) || \
        CASE WHEN i.indpred IS NULL THEN '' ELSE ' partly' END FROM pg_index i JOIN pg_class t ON t.oid=i.indrelid \
        WHERE t.relnamespace='public'::regnamespace AND NOT t.relispartition AND i.indisunique AND t.relname<>'schema_version'";
    let mut shape = home.texts(columns).await;
    shape.extend(home.texts(unique).await);
    shape.sort();
    shape
}

fn shape_of_sqlite(file: &Path) -> Shape {
    let db = rusqlite::Connection::open(file).expect("opens");
    let texts = |text: &str| -> Shape {
        let mut statement = db.prepare(text).expect("a question");
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).expect("answers");
        rows.collect::<Result<_, _>>().expect("texts")
    };
    // the columns of a key are not null, said or not
    let mut shape = texts(
        "SELECT t.name || '.' || c.name || ' ' || c.type || iif(c.\"notnull\" OR c.pk, ' NOT NULL', '') FROM sqlite_schema t \
         JOIN pragma_table_info(t.name) c WHERE t.type='table'",
    );
    shape.extend(texts(
        "SELECT t.name || ' unique ' || (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) \
         || iif(i.partial, ' partly', '') FROM sqlite_schema t JOIN pragma_index_list(t.name) i WHERE t.type='table' AND i.\"unique\"",
    ));
    // a row number is a key without an index of its own
    shape.extend(texts(
        "SELECT t.name || ' unique ' || c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type='table' AND c.pk \
         AND NOT EXISTS (SELECT 1 FROM pragma_index_list(t.name) i WHERE i.origin='pk')",
    ));
    shape.sort();
    shape
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_schemas_describe_the_same_tables() {
    let Some(home) = Database::fresh().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    Store::open(&file, StoreOptions::default()).await.expect("opens").close().await;
    home.open().await.close().await;
    let (postgres, sqlite) = (shape_of_postgres(&home).await, shape_of_sqlite(&file));
    assert!(sqlite.len() > 100, "{sqlite:#?}");
    assert_eq!(postgres, sqlite);
}

/// Point, kind, moment, text, and whether a new call and a new telegram begin with it.
type Sent = (i64, bool, i64, usize, bool, bool);

const TEXTS: [&str; 12] = ["1", "1", "2", "1/D", "-/D", "2+", "a\0b", "", "-0", "NaN", "1e308", "水"];
/// Around the edges of months and far from all of them.
const MOMENTS: [i64; 10] = [
    0,
    1,
    -1,
    i64::MIN,
    i64::MAX,
    1_772_323_199_999_999,
    1_772_323_200_000_000,
    1_772_323_200_000_001,
    7_258_118_399_999_999,
    7_258_118_400_000_000,
];

fn calls(sent: &[Sent]) -> Vec<Vec<Arrival>> {
    let mut calls: Vec<Vec<Arrival>> = Vec::new();
    for (point, minute, at, text, call, telegram) in sent {
        let mut k = key(*at);
        k.point = PointId(*point);
        k.kind = if *minute { PeriodKind::Minute } else { PeriodKind::Real };
        if calls.is_empty() || *call {
            calls.push(Vec::new());
        }
        let call = calls.last_mut().expect("one");
        if call.is_empty() || *telegram {
            let mut one = arrival(vec![]);
            one.telegram.quarantine = (*text == 0).then(|| "q\0".into());
            call.push(one);
        }
        let mut r = reading(shanshui_domain::sense::ReadingKey { at: Instant(0), ..k }, TEXTS[*text]);
        r.key = k;
        call.last_mut().expect("one").readings.push(r);
    }
    calls
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_say_the_same_of_whatever_arrives() {
    let Some(home) = Database::fresh().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Store::open(&folder.path().join("store.db"), StoreOptions::default()).await.expect("opens");
    let (postgres, other) = (home.open().await, home.open().await);
    let moment = prop_oneof![0..12_i64, prop::sample::select(MOMENTS.to_vec())];
    let sent = (0..4_i64, any::<bool>(), moment, 0..TEXTS.len(), prop::bool::weighted(0.2), prop::bool::weighted(0.3));
    let series = prop::collection::vec(sent, 0..120);
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let (handle, stretch) = (tokio::runtime::Handle::current(), std::cell::Cell::new(0));
    let ran = tokio::task::block_in_place(|| {
        runner.run(&series, |mut sent| {
            // points of one run may be known already, those of most are not
            stretch.set(stretch.get() + 1);
            for one in &mut sent {
                one.0 += stretch.get() / 3 * 1_000;
            }
            handle.block_on(async {
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                for (i, call) in calls(&sent).into_iter().enumerate() {
                    theirs.push(sqlite.arrive(call.clone()).await.expect("kept"));
                    ours.push([&postgres, &other][i / 2 % 2].arrive(call).await.expect("kept"));
                }
                prop_assert_eq!(ours, theirs);
                Ok(())
            })
        })
    });
    ran.expect("the same");
    let order = |store: Store| async move {
        let mut latest = store.latest().await.expect("latest");
        latest.sort_by_key(|l| (l.key.point.0, l.key.kind.number()));
        latest
    };
    let (ours, theirs) = (order(postgres.clone()).await, order(sqlite.clone()).await);
    assert!(!ours.is_empty());
    assert_eq!(ours, theirs);
    for series in ours.iter().map(|l| (l.key.point, l.key.kind)) {
        let all = (Instant(i64::MIN), Instant(i64::MAX));
        let (p, s) = (postgres.range(series, all, 9_999).await, sqlite.range(series, all, 9_999).await);
        let (p, s) = (p.expect("a range"), s.expect("a range"));
        assert_eq!(p, s, "{series:?}");
        for at in p.iter().map(|r| r.at) {
            let key = shanshui_domain::sense::ReadingKey { point: series.0, kind: series.1, at };
            let (p, s) = (postgres.versions(key).await, sqlite.versions(key).await);
            assert_eq!(p.expect("versions"), s.expect("versions"), "{key:?}");
        }
    }
    let telegrams = async |store: &Store| store.telegrams_after(TelegramId(0), 99_999).await.expect("telegrams");
    assert_eq!(telegrams(&postgres).await, telegrams(&sqlite).await);
    whole(&postgres).await;
    whole(&sqlite).await;
}

/// Telegrams of 15 readings, as an element of a city sends them in a minute.
fn load(from: i64, telegrams: i64) -> Vec<Arrival> {
    const STATIONS: i64 = 4_096;
    let one = |i: i64| {
        let (station, minute) = (i % STATIONS, i / STATIONS);
        let mut one = arrival(vec![]);
        one.telegram.raw = vec![b'x'; 503];
        one.readings.extend((0..15).map(|n| {
            let mut k = key(1_772_323_200_000_000 + minute * 60_000_000);
            k.point = PointId(station * PointId::BLOCK + n + 1);
            reading(k, "12.345")
        }));
        one
    };
    (from..from + telegrams).map(one).collect()
}

async fn per_second(name: &str, count: i64, work: impl Future<Output = ()>) {
    let began = std::time::Instant::now();
    work.await;
    let s = began.elapsed().as_secs_f64();
    println!("{name:50} {count:>9} in {s:6.2} s {:>9.0} /s", count as f64 / s);
}

/// `cargo nextest run -p shanshui-store --release --run-ignored only -E 'test(how_fast)' --no-capture` prints the figures.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn how_fast_readings_arrive() {
    const TELEGRAMS: i64 = 65_536;
    let Some(home) = Database::fresh().await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Store::open(&folder.path().join("store.db"), StoreOptions::default()).await.expect("opens");
    for (name, store) in [("postgres", home.open().await), ("sqlite", sqlite)] {
        let mut next = 0;
        for (size, total) in [(1, TELEGRAMS / 2), (16, TELEGRAMS), (4_096, TELEGRAMS)] {
            let sent: Vec<Vec<Arrival>> = (0..total / size).map(|i| load(next + i * size, size)).collect();
            next += total;
            let writers = 256.min(sent.len());
            let mut shares: Vec<Vec<Vec<Arrival>>> = (0..writers).map(|_| Vec::new()).collect();
            sent.into_iter().enumerate().for_each(|(i, call)| shares[i % writers].push(call));
            let all = shares.into_iter().map(|share| {
                let store = store.clone();
                tokio::spawn(async move {
                    for call in share {
                        store.arrive(call).await.expect("kept");
                    }
                })
            });
            let (groups, name) = (store.health().groups, format!("{name}, {writers} senders, {size} telegrams a call"));
            per_second(&format!("{name}: readings"), total * 15, async {
                futures::future::try_join_all(all).await.expect("no panic");
            })
            .await;
            println!("{name}: {} groups", store.health().groups - groups);
        }
        let again = load(0, 4_096);
        per_second(&format!("{name}, 4,096 telegrams again: readings"), 4_096 * 15, async {
            store.arrive(again).await.expect("kept");
        })
        .await;
        store.close().await;
    }
    // the same rows without asking anything
    let raw = session(&home.address).await;
    raw.client
        .batch_execute(
            "CREATE UNLOGGED TABLE kept AS SELECT * FROM reading; CREATE TABLE bare (LIKE reading INCLUDING ALL); \
             SET statement_timeout=0; CHECKPOINT",
        )
        .await
        .expect("a copy");
    let rows = raw.client.query_one("SELECT COUNT(*) FROM kept", &[]).await.expect("counted").get(0);
    let out = raw.client.copy_out("COPY kept TO STDOUT (FORMAT binary)").await.expect("read");
    let bytes: Vec<bytes::Bytes> = futures::TryStreamExt::try_collect(out).await.expect("read");
    per_second("raw COPY into a table with the same key: readings", rows, async {
        let sink = raw.client.copy_in::<_, bytes::Bytes>("COPY bare FROM STDIN (FORMAT binary)").await.expect("begun");
        futures::pin_mut!(sink);
        for piece in bytes {
            futures::SinkExt::feed(&mut sink, piece).await.expect("sent");
        }
        sink.finish().await.expect("kept");
    })
    .await;
}
