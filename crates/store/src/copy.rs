//! Copies of the whole store: made while it runs, and put back only when they are whole.

use std::path::Path;

use shanshui_history::History;

use crate::dialect::sqlite::file::{self, apart};
use crate::dialect::sqlite::salvage::{self, Salvaged};
use crate::transfer::{
    Before, Carried, LAST, Place, Progress, Teller, beside_copy, read_manifest, refuse_taken, remove_folder,
    write_manifest,
};
use crate::{AuditEntry, Store, StoreError, StoreOptions};

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
        apart(move || file::backup(&from, &to)).await
    }

    /// Copies a database file as [`Store::backup_file`] does, and the history of the same moment into the folder beside the copy
    /// ([`beside_copy`]), when the store has handed anything over to it. Gives the bytes of the history.
    ///
    /// # Errors
    /// When one of both is there already or cannot be written, or the history is not the store's; nothing is left behind then.
    pub async fn backup_with(from: &Path, to: &Path, history: &History, mut teller: Teller) -> Result<u64, StoreError> {
        file::refuse_existing(to)?;
        let (folder, part) = (beside_copy(to), file::beside(to, "part"));
        refuse_taken(&folder)?;
        let folder_part = file::beside(&folder, "part");
        remove_folder(&folder_part)?;
        let done = async {
            let before = Before::of(Some(history)).await?;
            let (source, copy) = (from.to_owned(), part.clone());
            teller(Progress { table: "database", number: (1, 2), rows: 0, of: None });
            let last = apart(move || {
                file::copy(&source, &copy)?;
                file::text(&copy, "segment", LAST)
            })
            .await?;
            let (Some(before), Some(last)) = (before, last) else {
                file::place(&part, to)?;
                return Ok(0);
            };
            std::fs::create_dir(&folder_part).map_err(|e| StoreError::Io(format!("{}: {e}", folder_part.display())))?;
            let files = before.gather(&folder_part, &last, (2, 2), &mut teller).await?;
            let bytes = files.iter().map(|f| f.bytes).sum();
            write_manifest(&folder_part, files)?;
            // the database last: where it is, its history is
            file::place_folder(&folder_part, &folder)?;
            file::place(&part, to).inspect_err(|_| drop(remove_folder(&folder)))?;
            Ok(bytes)
        };
        done.await.inspect_err(|_| {
            file::remove(&part);
            drop(remove_folder(&folder_part));
        })
    }

    /// Puts a backup in place: copies it beside `to`, looks at everything in the copy, and only then gives it the name. Its history
    /// stays where it is: what had moved cannot be read until it is beside the store.
    ///
    /// # Errors
    /// When `to` is there already, the backup is damaged or of a newer schema, or the folder cannot be written; nothing is left
    /// behind.
    pub async fn restore(from: &Path, to: &Path) -> Result<(), StoreError> {
        Self::restore_with(from, to, None, Box::new(|_| ())).await
    }

    /// Reads whatever can be read of a damaged database file into a new one at `to`, table by table. What is disputed or refused
    /// goes, one JSON object a line, into a new file `notes`. The entry that `told` makes is in the new file's audit before the file
    /// has its name; false when its audit is broken, and takes none. `from` is only read; nobody may be writing it.
    ///
    /// # Errors
    /// When `to` or `notes` is there already, no page of `from` says where a table begins, or a file cannot be written.
    pub async fn salvage(
        from: &Path,
        to: &Path,
        notes: &Path,
        told: impl FnOnce(&[Salvaged]) -> Option<AuditEntry>,
        teller: Teller,
    ) -> Result<(Vec<Salvaged>, bool), StoreError> {
        let [from, to, notes] = [from, to, notes].map(Path::to_owned);
        let (new, list) = (to.clone(), notes.clone());
        let all = apart(move || salvage::salvage(&from, &new, &list, teller)).await?;
        let done = async {
            let written = match told(&all) {
                Some(entry) => audited(&salvage::part(&to), entry).await?,
                None => true,
            };
            let (new, list) = (to.clone(), notes.clone());
            apart(move || salvage::place(&new, &list)).await?;
            Ok((all, written))
        };
        done.await.inspect_err(|_| salvage::give_up(&to, &notes))
    }

    /// The same with the history that was copied with it, put at its place first.
    ///
    /// # Errors
    /// As [`Store::restore`]; also when the copy lacks the history that it needs, or another table is at the place.
    pub async fn restore_with(
        from: &Path,
        to: &Path,
        history: Option<&Place>,
        teller: Teller,
    ) -> Result<(), StoreError> {
        file::refuse_existing(to)?;
        let part = file::beside(to, "restoring");
        let done = restore_by(from, &part, to, history, teller).await;
        done.inspect_err(|_| file::remove(&part))
    }
}

impl Store {
    /// Looks at everything as [`Store::check`] does; without a history at everything that has not moved.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] with every fault.
    pub(crate) async fn all_good(&self, history: Option<History>) -> Result<(), StoreError> {
        let findings = match history {
            Some(history) => self.clone().with_history(history).check().await?,
            None => self.check_hot().await?,
        };
        // files that lie beside the table are no fault of a copy
        let faults: Vec<_> = findings.into_iter().filter(|f| !f.ok && f.what != "history folder").collect();
        if faults.is_empty() {
            return Ok(());
        }
        let words: Vec<_> = faults.iter().map(|f| format!("{}: {}", f.what, f.detail)).collect();
        Err(StoreError::Corrupt(words.join("; ")))
    }
}

/// Whether the audit of a file has taken an entry: nothing is appended to one that is broken.
async fn audited(file: &Path, entry: AuditEntry) -> Result<bool, StoreError> {
    let store = Store::open(file, StoreOptions::default()).await?;
    let done = store.audit(entry).await;
    store.close().await;
    match done {
        Ok(()) => Ok(true),
        Err(StoreError::Chain { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn restore_by(
    from: &Path,
    part: &Path,
    to: &Path,
    history: Option<&Place>,
    mut teller: Teller,
) -> Result<(), StoreError> {
    let (source, copy) = (from.to_owned(), part.to_owned());
    teller(Progress { table: "database", number: (1, 2), rows: 0, of: None });
    apart(move || {
        let faults = file::integrity(&source)?;
        if faults.is_empty() { file::copy(&source, &copy) } else { Err(StoreError::Corrupt(faults.join("; "))) }
    })
    .await?;
    let store = Store::open(part, StoreOptions::default()).await?;
    let carried = async {
        let (files, last) = (read_manifest(&beside_copy(from))?, store.last_handed_over().await?);
        Carried::of(&beside_copy(from), &files, last.as_deref(), history, &mut teller).await
    };
    let carried = match carried.await {
        Ok(carried) => carried,
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    };
    let whole = store.all_good(carried.as_ref().map(|carried| carried.history.clone())).await;
    store.close().await;
    let (copy, to) = (part.to_owned(), to.to_owned());
    let done = match whole {
        Ok(()) => apart(move || file::place(&copy, &to)).await,
        Err(error) => Err(error),
    };
    if let (Err(_), Some(carried)) = (&done, carried) {
        carried.take_back().await;
    }
    done
}
