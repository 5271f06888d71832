//! Archives: what goes out of one store comes into another, every bit of it, or nothing does.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use shanshui_domain::act::case::{Action, Event};
use shanshui_domain::id::{CaseId, EvidenceId};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::ReadingKey;
use shanshui_domain::time::Instant;
use uuid::Uuid;

use super::postgres::Database;
use super::{Home, REAL, arrival, case_in, key, person, reading, telegram};
use crate::transfer::{Manifest, Teller};
use crate::{Arrival, AuditEntry, EvidenceRow, PersonRow, Store, StoreError, StoreOptions};

/// A month in microseconds, more or less.
const MONTH: i64 = 31 * 86_400_000_000;

/// Something of everything, with what is hard to carry: bytes that are no text, floats without an end, text with every sign,
/// versions, months, instants before 1970.
pub(super) async fn fill(store: &Store) {
    let mut arrivals: Vec<Arrival> = (0..3_000)
        .map(|i| arrival(vec![reading(key(1_700_000_000_000_000 + i * MONTH / 1_000), &format!("0.{i}1/D"))]))
        .collect();
    for (at, text) in [(10, "0.1"), (10, "1e300"), (10, "-/D"), (20, "7.9+"), (-MONTH, "3"), (i64::MAX - 5, "4")] {
        arrivals.push(arrival(vec![reading(key(at), text)]));
    }
    let far = ReadingKey { point: shanshui_domain::id::PointId(5_000), kind: REAL, at: Instant(30) };
    arrivals.push(arrival(vec![reading(far, "污染 \"\\N\t'$1 𠀀")]));
    let mut strange = telegram(&[0, 255, b'\n', b'\\', 10, 13]);
    strange.quarantine = Some("damaged".into());
    strange.problems = "[{\"detail\":\"\\u0000 水\"}]".into();
    arrivals.push(Arrival { telegram: strange, readings: Vec::new() });
    store.arrive(arrivals).await.expect("kept");
    for action in ["first", "second"] {
        let detail = serde_json::json!({"n": 1.5, "text": "水\n"});
        let entry = AuditEntry::of(&Caller::machine(), Instant(1), action, "s", detail);
        store.audit(entry).await.expect("kept");
    }
    let li = PersonRow {
        id: person(1),
        login: "li".into(),
        name_zh: "李".into(),
        name_en: "Li".into(),
        password_hash: "$argon2id$x".into(),
        disabled: false,
        must_change: false,
    };
    store.person_put(&Caller::machine(), li, Instant(1)).await.expect("kept");
    let case = CaseId(Uuid::from_u128(1));
    let open = Event {
        v: 1,
        at: Instant(1),
        by: person(1),
        behalf: None,
        action: Action::Open { title: "溢流".into(), alarm: None, finding: None },
        note: String::new(),
    };
    store.case_open(&Caller::machine(), case_in(case, open, "QZ")).await.expect("opened");
    let bytes: Vec<u8> = (0..300_000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let evidence = EvidenceRow {
        id: EvidenceId(Uuid::from_u128(1)),
        case,
        name: "图 1.png".into(),
        media_type: "image/png".into(),
        size: bytes.len() as i64,
        sha256: hex::encode(Sha256::digest(&bytes)),
        by: person(1),
        at: Instant(2),
    };
    store.evidence_put(&Caller::machine(), &evidence, bytes).await.expect("kept");
    store.rule_states_put(vec![("judge:cursor".into(), "7".into())]).await.expect("kept");
}

pub(super) fn quiet() -> Teller {
    Box::new(|_| ())
}

/// The files of an archive's tables, by name.
pub(super) fn tables(archive: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(archive.join("tables")).expect("tables").map(|e| e.expect("an entry").path());
    let named = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, fs::read(&path).expect("read"))
    };
    let mut all: Vec<_> = entries.map(named).collect();
    all.sort();
    all
}

pub(super) fn same(one: &Manifest, other: &Manifest, folders: (&Path, &Path)) {
    assert_eq!(one.tables, other.tables);
    assert!(tables(folders.0) == tables(folders.1), "every byte of every table");
}

struct Folder {
    folder: tempfile::TempDir,
    from: String,
}

impl Folder {
    async fn filled() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("from.db");
        let store = Store::open(&path, StoreOptions::default()).await.expect("opens");
        fill(&store).await;
        store.close().await;
        Self { from: path.to_str().expect("text").to_owned(), folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    async fn exported(&self) -> PathBuf {
        let to = self.path("archive");
        Store::export(&self.from, &to, quiet()).await.expect("written");
        to
    }

    async fn import(&self, archive: &Path) -> Result<Manifest, StoreError> {
        Store::import(archive, self.path("to.db").to_str().expect("text"), quiet()).await
    }
}

#[tokio::test]
async fn what_goes_out_comes_in_again_byte_for_byte() {
    let home = Folder::filled().await;
    let archive = home.exported().await;
    let first = home.import(&archive).await.expect("filled");
    let rows = |name: &str| first.tables.iter().find(|t| t.name == name).map(|t| t.rows);
    assert_eq!((rows("reading"), rows("evidence"), rows("probe")), (Some(3_007), Some(1), None));
    let again = home.path("again");
    let second = Store::export(home.path("to.db").to_str().expect("text"), &again, quiet()).await.expect("written");
    same(&first, &second, (&archive, &again));
    let store = Store::open(&home.path("to.db"), StoreOptions::default()).await.expect("opens");
    let ids = store.arrive(vec![arrival(vec![reading(key(77), "1")])]).await.expect("it goes on");
    assert_eq!(ids[0].telegram.0, 3_009);
    store.close().await;
}

#[tokio::test]
async fn an_archive_is_of_one_moment_while_the_store_goes_on() {
    let home = Folder::filled().await;
    let store = Store::open(Path::new(&home.from), StoreOptions::default()).await.expect("opens");
    let (writing, during) = (store.clone(), home.path("during"));
    let writer = tokio::spawn(async move {
        for i in 0..200 {
            writing.arrive(vec![arrival(vec![reading(key(1_000 + i), "1")])]).await.expect("kept");
        }
    });
    let manifest = Store::export(&home.from, &during, quiet()).await.expect("written");
    writer.await.expect("joined");
    let rows = |name: &str| manifest.tables.iter().find(|t| t.name == name).expect("a table").rows;
    assert_eq!(rows("telegram"), rows("reading") + 1, "each telegram with its reading, and the strange one");
    home.import(&during).await.expect("whole");
    store.close().await;
}

#[tokio::test]
async fn a_damaged_archive_fills_nothing() {
    let home = Folder::filled().await;
    let archive = home.exported().await;
    let reading = archive.join("tables/reading.jsonl.zst");
    let (whole, manifest) =
        (fs::read(&reading).expect("read"), fs::read_to_string(archive.join("manifest.json")).expect("read"));
    let before = home.names();
    let check = async |bytes: &[u8], manifest: &str, why: &str| {
        fs::write(&reading, bytes).expect("written");
        fs::write(archive.join("manifest.json"), manifest).expect("written");
        let said = home.import(&archive).await.expect_err(why).to_string();
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!(home.names(), before, "nothing is left behind");
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    check(&flipped, &manifest, "reading.jsonl.zst").await;
    check(&whole[..whole.len() - 10], &manifest, "reading.jsonl.zst").await;
    let unpacked = zstd::decode_all(whole.as_slice()).expect("unpacked");
    let text = String::from_utf8(unpacked).expect("text");
    let packed = |text: &str| zstd::encode_all(text.as_bytes(), 3).expect("packed");
    check(&packed(&text.replacen("0.11", "0.12", 1)), &manifest, "digest").await;
    let (without_last, _) = text.trim_end().rsplit_once('\n').expect("lines");
    check(&packed(&format!("{without_last}\n")), &manifest, "digest").await;
    check(&whole, &manifest.replace("\"schema\": ", "\"schema\": 9"), "newer than this program knows").await;
    check(&whole, &manifest.replace("\"extra\"", "\"more\""), "table reading: columns").await;
    check(&whole, &manifest.replace("\"reading\"", "\"readings\""), "the archive has the tables").await;
    check(&whole, &manifest.replace("shanshui archive 1", "tar"), "is no shanshui archive").await;
    fs::write(&reading, &whole).expect("written");
    fs::write(archive.join("manifest.json"), &manifest).expect("written");
    home.import(&archive).await.expect("whole again");
}

#[tokio::test]
async fn nothing_that_is_there_is_written_over() {
    let home = Folder::filled().await;
    let archive = home.exported().await;
    let taken = Store::export(&home.from, &archive, quiet()).await.expect_err("taken").to_string();
    assert!(taken.contains("is there already"), "{taken}");
    home.import(&archive).await.expect("filled");
    let taken = home.import(&archive).await.expect_err("taken").to_string();
    assert!(taken.contains("to.db is there already"), "{taken}");
    let nothing = Store::export(home.path("no.db").to_str().expect("text"), &home.path("b"), quiet()).await;
    assert!(nothing.expect_err("no such file").to_string().contains("is no file"));
    assert_eq!(home.names(), ["archive", "from.db", "to.db"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_moves_to_postgres_and_back_without_a_bit_lost() {
    let Some(database) = Database::fresh().await else { return };
    let home = Folder::filled().await;
    let archive = home.exported().await;
    let address = database.address.clone();
    let first = Store::import(&archive, &address, quiet()).await.expect("filled");
    let out = home.path("out");
    let second = Store::export(&address, &out, quiet()).await.expect("written");
    same(&first, &second, (&archive, &out));
    assert_eq!(second.engine, "postgres");
    home.import(&out).await.expect("filled");
    let back = home.path("back");
    let third = Store::export(home.path("to.db").to_str().expect("text"), &back, quiet()).await.expect("written");
    same(&first, &third, (&archive, &back));
    let refused = Store::import(&archive, &address, quiet()).await.expect_err("not empty").to_string();
    assert!(refused.contains("the store is not empty: the table audit_entry has rows"), "{refused}");
    let looked = crate::look::look(&address).await.expect("a look");
    assert_eq!((looked.schema.found, looked.newest), (looked.schema.known, Some(Instant(1_000))));
    assert!(looked.server.is_some_and(|s| s.version >= 150_000 && s.settings.iter().all(|(_, value)| value == "on")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_archive_leaves_a_database_empty() {
    let Some(database) = Database::fresh().await else { return };
    let home = Folder::filled().await;
    let archive = home.exported().await;
    let telegram = archive.join("tables/telegram.jsonl.zst");
    let whole = fs::read(&telegram).expect("read");
    fs::write(&telegram, &whole[..whole.len() / 2]).expect("written");
    let address = database.address.clone();
    let refused = Store::import(&archive, &address, quiet()).await.expect_err("damaged").to_string();
    assert!(refused.contains("telegram.jsonl.zst"), "{refused}");
    fs::write(&telegram, &whole).expect("written");
    Store::import(&archive, &address, quiet()).await.expect("it was left empty");
}
