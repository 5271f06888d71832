//! Copies of the whole store: made while it runs, and put back only when they are whole.

use std::path::{Path, PathBuf};

use crate::dialect::sqlite::file;
use crate::{Store, StoreError, StoreOptions};

impl Store {
    /// Copies the whole store to a new file while it runs. Whatever was acknowledged before is in it.
    ///
    /// # Errors
    /// When the target is there already, or cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let no_file = || StoreError::Io("the store lies in PostgreSQL: there is no file to copy".into());
        Self::backup_file(self.path().ok_or_else(no_file)?, to).await
    }

    /// Copies a database file, in use or not, to a new one.
    ///
    /// # Errors
    /// When the target is there already, or cannot be written.
    pub async fn backup_file(from: &Path, to: &Path) -> Result<(), StoreError> {
        let (from, to) = (from.to_owned(), to.to_owned());
        blocking(move || file::backup(&from, &to)).await
    }

    /// Puts a backup in place: copies it beside `to`, looks at everything in the copy, and only then gives it the name.
    ///
    /// # Errors
    /// When `to` is there already, the backup is damaged or of a newer schema, or the folder cannot be written; nothing is left
    /// behind.
    pub async fn restore(from: &Path, to: &Path) -> Result<(), StoreError> {
        file::refuse_existing(to)?;
        let part = file::beside(to, "restoring");
        let done = restore_by(from.to_owned(), part.clone(), to.to_owned()).await;
        done.inspect_err(|_| file::remove(&part))
    }
}

impl Store {
    /// Looks at everything as [`Store::check`] does.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with every fault.
    pub(crate) async fn all_good(&self) -> Result<(), StoreError> {
        let faults: Vec<_> = self.check().await?.into_iter().filter(|f| !f.ok).collect();
        if faults.is_empty() {
            return Ok(());
        }
        let words: Vec<_> = faults.iter().map(|f| format!("{}: {}", f.what, f.detail)).collect();
        Err(StoreError::Corrupt(words.join("; ")))
    }
}

async fn restore_by(from: PathBuf, part: PathBuf, to: PathBuf) -> Result<(), StoreError> {
    let copy = part.clone();
    blocking(move || {
        let faults = file::integrity(&from)?;
        if faults.is_empty() { file::copy(&from, &copy) } else { Err(StoreError::Corrupt(faults.join("; "))) }
    })
    .await?;
    let store = Store::open(&part, StoreOptions::default()).await?;
    let whole = store.all_good().await;
    store.close().await;
    whole?;
    blocking(move || file::place(&part, &to)).await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::Io(e.to_string()))?
}
