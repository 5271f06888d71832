//! Copies of a store whose rows have moved: the history goes along, as of the store's own moment.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use shanshui_domain::sense::Kept;
use shanshui_domain::time::Instant;
use shanshui_history::{History, HistoryOptions};

use super::history::{DAY, FEW, OTHER, Read, START, at, beside, fill, read, registered};
use super::postgres::Database;
use super::transfer::quiet;
use super::{Home, arrival, reading};
use crate::transfer::{Place, Progress, Teller, beside_copy};
use crate::{Store, StoreError, StoreOptions};

/// A store with rows that have moved, some of them corrected since.
struct Moved {
    store: Store,
    address: String,
    folder: tempfile::TempDir,
    _history: tempfile::TempDir,
    /// Whose server may end with it.
    _database: Option<Database>,
    /// What it says before it is copied.
    said: Read,
}

async fn say(store: &Store, n: i64, text: &str) -> Kept {
    let sent = arrival(vec![reading(at(OTHER, n), text)]);
    store.arrive(vec![sent]).await.expect("kept").remove(0).kept.remove(0)
}

impl Moved {
    async fn on(store: Store, address: String, folder: tempfile::TempDir) -> Self {
        registered(&store).await;
        fill(&store).await;
        let (history, store) = beside(&store).await;
        store.move_before(Instant(START + 2 * DAY), FEW).await.expect("moved");
        assert_eq!(say(&store, 7, "2.50").await, Kept::Version(2));
        store.move_before(Instant(START + 2 * DAY), FEW).await.expect("moved");
        assert_eq!(say(&store, 8, "2.75").await, Kept::Version(2), "which lies hot");
        let said = read(&store).await;
        Self { store, address, folder, _database: None, _history: history, said }
    }

    async fn file() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("from.db");
        let store = Store::open(&path, StoreOptions::default()).await.expect("opens");
        Self::on(store, path.to_str().expect("text").to_owned(), folder).await
    }

    async fn database() -> Option<Self> {
        let database = Database::fresh().await?;
        let folder = tempfile::tempdir().expect("a folder");
        let on = Self::on(database.open().await, database.address.clone(), folder).await;
        Some(Self { _database: Some(database), ..on })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn place(&self, name: &str) -> Place {
        Place { location: self.path(name).to_str().expect("text").to_owned(), options: HistoryOptions::default() }
    }

    fn history(&self) -> &History {
        self.store.history().expect("a history")
    }

    /// What goes on beside a copy, step by step, each time that the copy is at the table named: rows move, are corrected, move
    /// again, and months are merged.
    fn goes_on(&self, when: &'static str) -> Teller {
        let (store, runtime, steps) = (self.store.clone(), tokio::runtime::Handle::current(), AtomicUsize::new(0));
        Box::new(move |progress: Progress<'_>| {
            let step = if progress.table == when { steps.fetch_add(1, Ordering::Relaxed) } else { usize::MAX };
            let (store, runtime) = (store.clone(), runtime.clone());
            let work = async move {
                let to = Instant(START + (3 + i64::from(step == 1)) * DAY);
                store.move_before(to, FEW).await.expect("moved");
                assert_eq!(say(&store, 9, &format!("3.{step}")).await, Kept::Version(2 + step as i64));
                store.move_before(to, FEW).await.expect("moved");
                let history = store.history().expect("a history");
                for month in history.scattered_months() {
                    history.compact(&month).await.expect("merged");
                }
            };
            if step < 2 {
                std::thread::spawn(move || runtime.block_on(work)).join().expect("done");
            }
        })
    }
}

/// A copy says what the store said at its moment, has no fault, and goes on by itself.
async fn is_the_same(store: Store, place: &Place, said: &Read) {
    let history = History::existing(&place.location, HistoryOptions::default()).await.expect("read").expect("a table");
    assert!(store.is_of(&history).await.expect("looked at"));
    let store = store.with_history(history);
    assert!(&read(&store).await == said, "everything is read as before");
    let findings = store.check().await.expect("looked at");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
    store.move_before(Instant(START + 4 * DAY), FEW).await.expect("moved");
    let history = store.history().expect("a history");
    for month in history.scattered_months() {
        history.compact(&month).await.expect("merged");
    }
    assert!(&read(&store).await == said, "and when it has moved on");
    history.vacuum(std::time::Duration::ZERO).await.expect("swept");
    assert_eq!(say(&store, 9, "3.0").await, Kept::Version(2), "the copy has not heard of what came after its moment");
    let findings = store.check().await.expect("looked at");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
    store.close().await;
}

/// Exported while rows move, and imported into both engines.
async fn goes_along(from: Moved) {
    let archive = from.path("archive");
    let going = from.goes_on("latest");
    let manifest = Store::export_with(&from.address, &archive, Some(from.history()), going).await.expect("written");
    assert!(manifest.files.iter().any(|f| f.path.starts_with("_delta_log/")), "{manifest:?}");
    assert!(read(&from.store).await != from.said, "it has gone on");
    let place = from.place("there");
    // a table that nobody has used is no obstacle
    History::open(&place.location, HistoryOptions::default()).await.expect("made");
    let to = from.path("to.db");
    Store::import_with(&archive, to.to_str().expect("text"), Some(&place), quiet()).await.expect("filled");
    is_the_same(Store::open(&to, StoreOptions::default()).await.expect("opens"), &place, &from.said).await;
    if let Some(database) = Database::fresh().await {
        let place = from.place("elsewhere");
        Store::import_with(&archive, &database.address, Some(&place), quiet()).await.expect("filled");
        is_the_same(database.open().await, &place, &from.said).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_of_a_file_has_the_history_of_its_moment_while_rows_move() {
    goes_along(Moved::file().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_of_a_database_has_the_history_of_its_moment_while_rows_move() {
    let Some(from) = Moved::database().await else { return };
    goes_along(from).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_file_has_the_history_of_its_moment_beside_it_while_rows_move() {
    let from = Moved::file().await;
    let (copy, to, place) = (from.path("copy.db"), from.path("to.db"), from.place("there"));
    let going = from.goes_on(crate::transfer::HISTORY);
    let bytes = Store::backup_with(Path::new(&from.address), &copy, from.history(), going).await.expect("copied");
    assert!(bytes > 0 && beside_copy(&copy).join("history/_delta_log").is_dir());
    Store::restore_with(&copy, &to, Some(&place), quiet()).await.expect("restored");
    is_the_same(Store::open(&to, StoreOptions::default()).await.expect("opens"), &place, &from.said).await;
    let again = Store::backup_with(Path::new(&from.address), &copy, from.history(), quiet()).await;
    assert!(again.expect_err("taken").to_string().contains("copy.db is there already"));
}

/// What moves between the first look at the history and the store's moment belongs to the copy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_move_right_before_the_moment_are_in_the_history_of_a_copy() {
    let from = Moved::file().await;
    let (copy, to, place) = (from.path("copy.db"), from.path("to.db"), from.place("there"));
    let going = from.goes_on("database");
    Store::backup_with(Path::new(&from.address), &copy, from.history(), going).await.expect("copied");
    Store::restore_with(&copy, &to, Some(&place), quiet()).await.expect("restored");
    let history = History::existing(&place.location, HistoryOptions::default()).await.expect("read").expect("a table");
    let store = Store::open(&to, StoreOptions::default()).await.expect("opens").with_history(history);
    assert!(read(&store).await == read(&from.store).await, "everything is read as there");
    let findings = store.check().await.expect("looked at");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_without_the_history_it_needs_is_refused_and_leaves_nothing() {
    let from = Moved::file().await;
    let (copy, to, archive) = (from.path("copy.db"), from.path("to.db"), from.path("archive"));
    Store::backup_with(Path::new(&from.address), &copy, from.history(), quiet()).await.expect("copied");
    Store::export(&from.address, &archive, quiet()).await.expect("written");
    let place = from.place("there");
    let refused = async |place: &Place, why: &str| {
        let said = Store::restore_with(&copy, &to, Some(place), quiet()).await.expect_err(why).to_string();
        assert!(said.contains(why), "{why}: {said}");
        assert!(!to.exists() && !from.path("to.db.restoring").exists(), "nothing is left behind");
    };
    // another store's table
    let other = Moved::file().await;
    refused(&Place { location: other.history().url().to_string(), ..place.clone() }, "holds another table already")
        .await;
    // the same table, at its place already
    Store::restore_with(
        &copy,
        &to,
        Some(&Place { location: from.history().url().to_string(), ..place.clone() }),
        quiet(),
    )
    .await
    .expect("restored");
    fs::remove_file(&to).expect("removed");
    assert!(!from.history().files().is_empty() && from.store.check().await.expect("looked at").iter().all(|f| f.ok));

    let beside = beside_copy(&copy);
    let manifest = fs::read_to_string(beside.join("manifest.json")).expect("read");
    fs::write(beside.join("manifest.json"), manifest.replacen("\"_delta_log/", "\"../_delta_log/", 1))
        .expect("written");
    refused(&place, "leads out of the history").await;
    fs::write(beside.join("manifest.json"), &manifest).expect("written");
    let first = beside.join("history/_delta_log/00000000000000000000.json");
    let log = fs::read_to_string(&first).expect("read");
    fs::write(&first, log.replacen('a', "b", 1)).expect("written");
    refused(&place, "00000000000000000000.json: not what the manifest says").await;
    assert!(History::existing(&place.location, HistoryOptions::default()).await.expect("looked at").is_none());
    fs::remove_dir_all(&beside).expect("removed");
    refused(&place, "does not bring").await;
    let said = Store::import_with(&archive, to.to_str().expect("text"), Some(&place), quiet()).await;
    assert!(said.expect_err("refused").to_string().contains("does not bring"));
    assert!(!to.exists());

    Store::restore(&copy, &to).await.expect("without it");
    let store = Store::open(&to, StoreOptions::default()).await.expect("opens");
    let findings = store.check().await.expect("looked at");
    assert!(findings.iter().any(|f| f.what == "history files" && !f.ok), "{findings:?}");
    let read = store.range((OTHER, super::REAL), (Instant(START), Instant(START + DAY)), 9).await;
    assert!(matches!(read, Err(StoreError::Io(_))), "it is said, not answered with nothing");
    assert!(!store.is_of(other.history()).await.expect("looked at"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_not_copied_with_a_history_that_is_not_its_own() {
    let (from, other) = (Moved::file().await, Moved::file().await);
    let (copy, archive) = (from.path("copy.db"), from.path("archive"));
    let said = Store::export_with(&from.address, &archive, Some(other.history()), quiet()).await;
    assert!(said.expect_err("refused").to_string().contains("is not this store's"));
    let said = Store::backup_with(Path::new(&from.address), &copy, other.history(), quiet()).await;
    assert!(said.expect_err("refused").to_string().contains("is not this store's"));
    let mut left: Vec<_> =
        fs::read_dir(from.folder.path()).expect("a folder").flatten().map(|e| e.file_name()).collect();
    left.sort();
    assert!(left.iter().all(|name| name.to_string_lossy().starts_with("from.db")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_that_is_quicker_than_the_copy_is_said_and_leaves_nothing() {
    let from = Moved::file().await;
    let (copy, runtime) = (from.path("copy.db"), tokio::runtime::Handle::current());
    let sweep = |history: History| async move {
        for month in history.scattered_months() {
            history.compact(&month).await.expect("merged");
        }
        history.vacuum(std::time::Duration::ZERO).await.expect("swept");
    };
    let history = from.history().clone();
    let sweeping: Teller = Box::new(move |progress: Progress<'_>| {
        if progress.table == crate::transfer::HISTORY && progress.rows == 0 {
            let (runtime, work) = (runtime.clone(), sweep(history.clone()));
            std::thread::spawn(move || runtime.block_on(work)).join().expect("done");
        }
    });
    let said = Store::backup_with(Path::new(&from.address), &copy, from.history(), sweeping).await;
    let said = said.expect_err("gone").to_string();
    assert!(said.contains("was swept while it was copied"), "{said}");
    let left = fs::read_dir(from.folder.path()).expect("a folder").flatten().map(|e| e.file_name());
    let left: Vec<_> = left.filter(|name| !name.to_string_lossy().starts_with("from.db")).collect();
    assert!(left.is_empty(), "{left:?}");
    Store::backup_with(Path::new(&from.address), &copy, from.history(), quiet()).await.expect("the next time");
}
