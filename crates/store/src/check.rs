//! Is what is kept whole? Integrity of the file, every chain, and that derived tables agree with what they derive from.

use std::path::Path;

use shanshui_domain::act::chain;

use crate::act::link;
use crate::dialect::sqlite;
use crate::{Store, StoreError, args};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What.
    pub what: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// Figures, or the first fault.
    pub detail: String,
}

fn finding(what: &str, ok: bool, detail: impl Into<String>) -> Finding {
    Finding { what: what.to_owned(), ok, detail: detail.into() }
}

impl Store {
    /// Looks at everything.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let path = self.path().to_owned();
        let integrity = tokio::task::spawn_blocking(move || sqlite::integrity(&path));
        let faults = integrity.await.map_err(|e| StoreError::Io(e.to_string()))??;
        let mut findings = vec![finding("database file", faults.is_empty(), faults.join("; "))];
        findings.push(self.check_chains().await?);
        findings.push(self.check_latest().await?);
        findings.push(self.check_versions().await?);
        let counts = self
            .read_one("SELECT (SELECT COUNT(*) FROM telegram), (SELECT COUNT(*) FROM reading), (SELECT COUNT(*) FROM case_file)", args![])
            .await?
            .ok_or(StoreError::NotFound)?;
        let detail = format!("{} telegrams, {} readings, {} cases", counts.int(0)?, counts.int(1)?, counts.int(2)?);
        findings.push(finding("counts", true, detail));
        Ok(findings)
    }

    async fn check_chains(&self) -> Result<Finding, StoreError> {
        let streams = self.read("SELECT DISTINCT stream FROM link ORDER BY stream", args![]).await?;
        let mut total = 0;
        for row in &streams {
            let text = "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream=$1 ORDER BY seq";
            let links = self.read(text, args![row.text(0)?]).await?;
            let links = links.iter().map(link).collect::<Result<Vec<_>, _>>()?;
            match chain::verify(&links) {
                Ok(n) => total += n,
                Err(broken) => return Ok(finding("hash chains", false, broken.to_string())),
            }
        }
        Ok(finding("hash chains", true, format!("{} chains, {total} links", streams.len())))
    }

    async fn check_latest(&self) -> Result<Finding, StoreError> {
        let row = self
            .read_one(
                "SELECT COUNT(*) FROM latest l WHERE NOT EXISTS (SELECT 1 FROM reading r WHERE r.point=l.point AND r.kind=l.kind \
                 AND r.at=l.at) OR EXISTS (SELECT 1 FROM reading n WHERE n.point=l.point AND n.kind=l.kind AND n.at>l.at)",
                args![],
            )
            .await?;
        let wrong = row.ok_or(StoreError::NotFound)?.int(0)?;
        Ok(finding("latest values", wrong == 0, format!("{wrong} that are not the newest")))
    }

    async fn check_versions(&self) -> Result<Finding, StoreError> {
        let row = self
            .read_one(
                "SELECT COUNT(*) FROM (SELECT 1 AS one FROM reading WHERE version > 1 GROUP BY point, kind, at \
                 HAVING COUNT(*) <> MAX(version) - 1) AS gaps",
                args![],
            )
            .await?;
        let wrong = row.ok_or(StoreError::NotFound)?.int(0)?;
        Ok(finding("versions", wrong == 0, format!("{wrong} keys with a gap")))
    }

    /// Copies a database file, in use or not, to a new one.
    pub async fn backup_file(from: &Path, to: &Path) -> Result<(), StoreError> {
        let (from, to) = (from.to_owned(), to.to_owned());
        let copy = tokio::task::spawn_blocking(move || sqlite::backup(&from, &to));
        copy.await.map_err(|e| StoreError::Io(e.to_string()))?
    }

    /// Checks a copy and puts it where a database belongs; never over one that is there.
    pub async fn restore(from: &Path, to: &Path) -> Result<(), StoreError> {
        let (copy, place) = (from.to_owned(), to.to_owned());
        let checked = tokio::task::spawn_blocking(move || sqlite::integrity(&copy));
        let faults = checked.await.map_err(|e| StoreError::Io(e.to_string()))??;
        if !faults.is_empty() {
            return Err(StoreError::Corrupt(faults.join("; ")));
        }
        Self::backup_file(from, &place).await
    }

    /// Copies the whole store to a new file while it runs.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        Self::backup_file(self.path(), to).await
    }
}
