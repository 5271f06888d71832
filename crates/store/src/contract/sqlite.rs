//! The suite for SQLite, and what only a file can show: damage, a full disk, the log, copies.

use super::{Home, suite};
use crate::{Store, StoreOptions};

struct Folder(tempfile::TempDir);

impl Home for Folder {
    fn fresh() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    async fn open(&self) -> Store {
        Store::open(&self.path("store.db"), StoreOptions::default()).await.expect("opens")
    }
}

impl Folder {
    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }
}

suite!(super::Folder);
