//! The suite for SQLite, and what only a file can show: damage, a full disk, the log, copies.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use shanshui_domain::act::case::{Action, Event};
use shanshui_domain::id::{CaseId, TelegramId};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::Kept;
use shanshui_domain::time::Instant;
use uuid::Uuid;

use super::{Home, arrival, case_in, keep, key, person, reading, suite};
use crate::dialect::queue::Fault;
use crate::dialect::sqlite::writer::Writer;
use crate::dialect::sqlite::{file, open_at};
use crate::{AuditEntry, Engine, Store, StoreError, StoreOptions, TelegramRow};

struct Folder(tempfile::TempDir);

impl Home for Folder {
    async fn fresh() -> Option<Self> {
        Some(Self::new())
    }

    async fn open(&self) -> Store {
        Store::open(&self.path("store.db"), StoreOptions::default()).await.expect("opens")
    }

    async fn earlier(&self, schema: usize, run: &str) {
        let db = open_at(&self.path("store.db"), schema).expect("an earlier schema");
        db.execute_batch(run).expect("runs");
    }
}

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A closed store with something of everything.
    async fn filled(&self) {
        let store = self.open().await;
        keep(&store, &[(10, "1"), (10, "2"), (10, "3"), (20, "4")]).await;
        for action in ["first", "second", "third"] {
            store.audit(entry(action)).await.expect("kept");
        }
        let (to, due) = (person(2), Instant(99));
        let open = Action::Open { title: "t".into(), alarm: None, finding: None };
        let event = |action| Event { v: 1, at: Instant(1), by: person(1), behalf: None, action, note: String::new() };
        let case = CaseId(Uuid::from_u128(1));
        store.case_open(&Caller::machine(), case_in(case, event(open), "QZ")).await.expect("opened");
        store.case_commit(&Caller::machine(), case, 1, &[event(Action::Assign { to, due })]).await.expect("assigned");
        store.close().await;
    }

    fn damage(&self, sql: &str) {
        let changed = Connection::open(self.path("store.db")).expect("opens").execute(sql, []).expect("damages");
        assert_eq!(changed, 1, "{sql}");
    }

    /// What the check finds wrong, in its words.
    async fn faults(&self) -> String {
        let store = self.open().await;
        let findings = store.check().await.expect("a check");
        store.close().await;
        findings.into_iter().filter(|f| !f.ok).map(|f| f.what).collect::<Vec<_>>().join(", ")
    }
}

fn entry(action: &str) -> AuditEntry {
    AuditEntry::of(&Caller::machine(), Instant(1), action, "s", serde_json::json!({}))
}

suite!(super::Folder);

#[tokio::test]
async fn the_check_names_every_damage() {
    const AUDIT: &str = "stream='audit' AND";
    let audit = |sql: &str| sql.replace("AUDIT", AUDIT);
    let cases = [
        ("UPDATE link SET body=replace(body, 'second', 'sEcond') WHERE AUDIT seq=2", "hash chains"),
        ("UPDATE link SET digest='0' || substr(digest, 2) WHERE AUDIT seq=2", "hash chains"),
        ("UPDATE link SET previous='' WHERE AUDIT seq=2", "hash chains"),
        ("DELETE FROM link WHERE AUDIT seq=1", "hash chains, audit entries"),
        ("DELETE FROM link WHERE AUDIT seq=2", "hash chains, audit entries"),
        (
            "DELETE FROM link WHERE AUDIT seq=(SELECT MAX(seq) FROM link l WHERE l.stream='audit')",
            "hash chains, audit entries",
        ),
        ("DELETE FROM audit_entry WHERE seq=2", "audit entries"),
        ("DELETE FROM link WHERE stream LIKE 'case:%' AND seq=2", "hash chains, chain heads"),
        ("DELETE FROM link_head WHERE stream='audit'", "hash chains"),
        ("UPDATE case_file SET version=1", "chain heads"),
        ("UPDATE latest SET at=10", "latest values"),
        ("UPDATE latest SET value='5'", "latest values"),
        ("UPDATE latest SET mark='D'", "latest values"),
        ("UPDATE latest SET telegram=1", "latest values"),
        ("DELETE FROM latest", "latest values"),
        ("DELETE FROM reading WHERE at=10 AND version=1", "versions"),
        ("DELETE FROM reading WHERE at=10 AND version=2", "versions"),
        ("DELETE FROM telegram WHERE id=2", "sources"),
    ];
    for (sql, what) in cases {
        let home = Folder::new();
        home.filled().await;
        assert_eq!(home.faults().await, "", "whole before");
        home.damage(&audit(sql));
        assert_eq!(home.faults().await, what, "{sql}");
    }
}

#[tokio::test]
async fn a_torn_page_is_found() {
    let home = Folder::new();
    home.filled().await;
    let mut bytes = std::fs::read(home.path("store.db")).expect("reads");
    bytes[4 * 4_096..5 * 4_096].fill(0xaa);
    std::fs::write(home.path("store.db"), &bytes).expect("writes");
    let seen = match Store::open(&home.path("store.db"), StoreOptions::default()).await {
        Ok(store) => store.check().await.is_ok_and(|findings| findings.iter().all(|f| f.ok)),
        Err(_) => false,
    };
    assert!(!seen, "found");
}

#[tokio::test]
async fn a_newer_schema_and_another_file_are_refused() {
    let home = Folder::new();
    home.filled().await;
    Connection::open(home.path("store.db")).expect("opens").execute_batch("PRAGMA user_version=99").expect("set");
    let refused = Store::open(&home.path("store.db"), StoreOptions::default()).await.err();
    assert!(matches!(refused, Some(StoreError::Newer { found: 99, .. })), "{refused:?}");
    let refused = Store::restore(&home.path("store.db"), &home.path("new.db")).await.err();
    assert!(matches!(refused, Some(StoreError::Newer { found: 99, .. })), "{refused:?}");
    std::fs::write(home.path("letter.txt"), "dear store, ".repeat(1_000)).expect("writes");
    let refused = Store::open(&home.path("letter.txt"), StoreOptions::default()).await.err();
    assert!(matches!(refused, Some(StoreError::Corrupt(_))), "{refused:?}");
}

#[tokio::test]
async fn a_path_may_hold_any_letter() {
    let home = Folder::new();
    let path = home.path("水 质?#%41&mode=ro.db");
    let store = Store::open(&path, StoreOptions::default()).await.expect("opens");
    keep(&store, &[(10, "1")]).await;
    assert_eq!(store.latest().await.expect("reads").len(), 1);
    store.close().await;
    assert_eq!(home.names(), ["水 质?#%41&mode=ro.db"], "no other file, and no log after a clean end");
}

fn writer(store: &Store) -> &Writer {
    match &store.engine {
        Engine::Sqlite(writer, _) => writer,
        Engine::Postgres(_) => unreachable!("a file"),
    }
}

async fn writable(store: &Store) {
    for _ in 0..100 {
        if store.health().writable {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still not writable: {:?}", store.health());
}

async fn large(store: &Store, at: i64) -> Result<Vec<Kept>, StoreError> {
    let mut arrival = arrival(vec![reading(key(at), "1")]);
    arrival.telegram.raw = vec![b'x'; 200_000];
    store.arrive(vec![arrival]).await.map(|mut receipts| receipts.remove(0).kept)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_or_failing_disk_refuses_the_group_and_comes_back_by_itself() {
    for fault in [Fault::Full, Fault::Sync] {
        let home = Folder::new();
        let store = home.open().await;
        keep(&store, &[(1, "1")]).await;
        writer(&store).fault(fault);
        let many = (0..50).map(|i| {
            let store = store.clone();
            tokio::spawn(async move {
                match i % 2 {
                    0 => large(&store, 100 + i).await.map(|_| ()),
                    _ => store.audit(AuditEntry { subject: "s".repeat(200_000), ..entry("full") }).await,
                }
            })
        });
        for task in many.collect::<Vec<_>>() {
            let refused = task.await.expect("no panic");
            assert!(matches!(refused, Err(StoreError::Full(_))), "{fault:?}: {refused:?}");
        }
        assert!(!store.health().writable && store.health().error.is_some());
        assert_eq!(store.latest().await.expect("reading goes on").len(), 1);
        writer(&store).fault(Fault::None);
        assert_eq!(large(&store, 2).await.expect("the next group"), [Kept::New], "{fault:?}");
        assert!(store.health().writable);
        writer(&store).fault(fault);
        large(&store, 3).await.expect_err("full again");
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert!(!store.health().writable, "{fault:?}: still full");
        writer(&store).fault(Fault::None);
        writable(&store).await;
        let versions = store.versions(key(3)).await.expect("a question");
        assert_eq!(versions, [], "{fault:?}: nothing of what was refused");
        let findings = store.check().await.expect("a check");
        assert!(findings.iter().all(|f| f.ok), "{findings:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_stays_short_under_constant_reading_and_is_gone_after_the_end() {
    let home = Folder::new();
    let store = home.open().await;
    keep(&store, &(0..2_000).map(|i| (i, "1")).collect::<Vec<_>>()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (store, stop) = (store.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let rows = store.range((super::POINT, super::REAL), (Instant(0), Instant(9_999)), 9_999).await;
                    assert_eq!(rows.expect("rows").len(), 2_000);
                }
            })
        })
        .collect();
    let mut longest = 0;
    for _ in 0..600 {
        let mut arrival = arrival(vec![]);
        arrival.telegram.raw = vec![b'x'; 400_000];
        store.arrive(vec![arrival]).await.expect("kept");
        longest = longest.max(std::fs::metadata(home.path("store.db-wal")).map_or(0, |log| log.len()));
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.expect("no panic");
    }
    assert!(longest < 150 << 20, "240 MB written, the log grew to {} MB", longest >> 20);
    store.close().await;
    assert_eq!(home.names(), ["store.db"]);
}

/// Connections closed at one time each leave the log to the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_store_leaves_no_log_behind() {
    let home = Folder::new();
    for round in 0..40 {
        let store = home.open().await;
        keep(&store, &[(round, "1")]).await;
        let reads = (0..8).map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.telegram(&Caller::machine(), TelegramId(1)).await.map(|_| ()) })
        });
        for read in reads.collect::<Vec<_>>() {
            read.await.expect("no panic").expect("read");
        }
        store.close().await;
        assert_eq!(home.names(), ["store.db"], "round {round}");
    }
}

#[tokio::test]
async fn a_log_that_two_closings_left_is_written_into_its_file() {
    let home = Folder::new();
    let store = home.open().await;
    keep(&store, &[(10, "1")]).await;
    // what the disk looks like before the end is what it looks like when nobody was the last
    for name in ["store.db", "store.db-wal"] {
        std::fs::copy(home.path(name), home.path(&name.replace("store", "left"))).expect("copied");
    }
    store.close().await;
    let (left, new) = (home.path("left.db"), home.path("new.db"));
    assert!(matches!(file::place(&left, &new), Err(StoreError::Io(why)) if why.contains("left.db-wal")));
    file::settle(&left).expect("settled");
    file::settle(&left).expect("nothing is left to do");
    file::place(&left, &new).expect("placed");
    assert_eq!(home.names(), ["new.db", "store.db"]);
    let store = Store::open(&new, StoreOptions::default()).await.expect("opens");
    store.telegram(&Caller::machine(), TelegramId(1)).await.expect("what was in the log");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_while_writing_is_whole_and_can_be_restored() {
    let home = Folder::new();
    let store = home.open().await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|w| {
            let (store, stop) = (store.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                for i in (0_i64..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                    keep(&store, &[(w * 1_000_000 + i / 2, if i % 2 == 0 { "1" } else { "2" })]).await;
                    store.audit(entry("wrote")).await.expect("kept");
                }
            })
        })
        .collect();
    for round in 0..5 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let before = last_telegram(&store).await;
        let (copy, new) = (home.path(&format!("copy{round}.db")), home.path(&format!("new{round}.db")));
        store.backup(&copy).await.expect("a backup");
        Store::restore(&copy, &new).await.expect("restored");
        let restored = Store::open(&new, StoreOptions::default()).await.expect("opens");
        for id in 1..=before.id.0 {
            restored.telegram(&Caller::machine(), TelegramId(id)).await.expect("acknowledged before the backup began");
        }
        assert_eq!(restored.telegram(&Caller::machine(), before.id).await.expect("there"), before);
        assert!(matches!(store.backup(&copy).await, Err(StoreError::Io(_))), "never over another file");
        assert!(matches!(Store::restore(&copy, &new).await, Err(StoreError::Io(_))), "never over another file");
        restored.close().await;
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("no panic");
    }
    store.close().await;
    assert!(home.names().iter().all(|n| !n.contains("part") && !n.contains("restoring")), "{:?}", home.names());
}

async fn last_telegram(store: &Store) -> TelegramRow {
    let receipt = store.arrive(vec![arrival(vec![])]).await.expect("kept").remove(0);
    store.telegram(&Caller::machine(), receipt.telegram).await.expect("there")
}

#[tokio::test]
async fn a_damaged_backup_is_not_restored() {
    let home = Folder::new();
    home.filled().await;
    home.damage("UPDATE link SET body='{}' WHERE stream='audit' AND seq=2");
    let refused = Store::restore(&home.path("store.db"), &home.path("new.db")).await;
    assert!(matches!(&refused, Err(StoreError::Corrupt(why)) if why.contains("link 2 of audit")), "{refused:?}");
    let missing = Store::restore(&home.path("none.db"), &home.path("new.db")).await;
    assert!(matches!(missing, Err(StoreError::Io(_))), "{missing:?}");
    assert_eq!(home.names(), ["store.db"], "nothing left behind");
    std::fs::write(home.path("new.db-wal"), b"of another").expect("writes");
    assert!(matches!(Store::restore(&home.path("store.db"), &home.path("new.db")).await, Err(StoreError::Io(_))));
}
