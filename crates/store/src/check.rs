//! Is what is kept whole? Integrity of the file, every chain, and that derived tables agree with what they derive from.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use shanshui_domain::act::chain::Broken;

use crate::dialect::sqlite::file::{self, apart};
use crate::dialect::sqlite::log;
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

pub(crate) fn finding(what: &str, ok: bool, detail: impl Into<String>) -> Finding {
    Finding { what: what.to_owned(), ok, detail: detail.into() }
}

fn one(finding: Finding) -> Vec<Finding> {
    vec![finding]
}

/// A question that cannot be answered because of what lies in the store is a finding; a store that cannot be asked is an error.
fn said(what: &str, found: Result<Vec<Finding>, StoreError>) -> Result<Vec<Finding>, StoreError> {
    match found {
        Err(error @ (StoreError::Corrupt(_) | StoreError::Sql(_) | StoreError::NotFound)) => {
            Ok(vec![finding(what, false, error.to_string())])
        }
        found => found,
    }
}

/// Looks at a database file with the engine's integrity check.
///
/// # Errors
/// When it cannot be opened.
pub fn check_database(database: &Path) -> Result<Finding, StoreError> {
    let faults = file::integrity(database)?;
    Ok(finding("database file", faults.is_empty(), faults.join("; ")))
}

/// Looks at the write-ahead log of a database file. To be asked before the store is opened: the engine takes a damaged frame for the
/// log's end.
///
/// # Errors
/// When the log cannot be read.
pub fn check_log(database: &Path) -> Result<Finding, StoreError> {
    let io = |e: std::io::Error| StoreError::Io(format!("{}: {e}", database.display()));
    let kept = log::kept_damaged(database).map_err(io)?;
    let torn = log::look(database).map_err(io)?;
    let detail = match (torn, kept.first()) {
        (None, None) => String::new(),
        (None, Some(copy)) => format!("{} is the copy of a log that was damaged", copy.display()),
        (Some(torn), _) if torn.damaged() => {
            format!("damaged at frame {}: {} commits from there on are lost", torn.frame, torn.commits)
        }
        (Some(torn), _) => format!(
            "the last commit, frame {}, is not whole: the power was cut before it was acknowledged, or it is damaged",
            torn.frame
        ),
    };
    Ok(finding("write-ahead log", kept.is_empty() && !torn.is_some_and(log::Torn::damaged), detail))
}

/// Files with their digests: all ids, and one file.
const EVIDENCE: (&str, &str) =
    ("SELECT id FROM evidence ORDER BY id", "SELECT size, sha256, bytes FROM evidence WHERE id=$1");
const IMPORTS: (&str, &str) =
    ("SELECT id FROM import ORDER BY id", "SELECT size, sha256, bytes FROM import WHERE id=$1");
const SOUNDS: (&str, &str) = ("SELECT id FROM sound ORDER BY id", "SELECT size, sha256, bytes FROM sound WHERE id=$1");
const TEMPLATES: (&str, &str) =
    ("SELECT id FROM report_template ORDER BY id", "SELECT size, digest, bytes FROM report_template WHERE id=$1");

impl Store {
    /// Looks at everything.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = self.check_hot().await?;
        match self.latest_moved_wrong().await {
            // what is wrong with the history itself is said by its own findings
            Ok(0) | Err(StoreError::Io(_) | StoreError::Corrupt(_)) => {}
            Ok(wrong) => {
                let detail = format!("{wrong} that are not the newest");
                findings.push(finding("latest values that have moved", false, detail));
            }
            error => findings.extend(said("latest values that have moved", error.map(|_| Vec::new()))?),
        }
        findings.extend(said("history", self.check_history().await)?);
        findings.extend(said("counts", self.counted().await.map(one))?);
        Ok(findings)
    }

    async fn counted(&self) -> Result<Finding, StoreError> {
        let text =
            "SELECT (SELECT COUNT(*) FROM telegram), (SELECT COUNT(*) FROM reading), (SELECT COUNT(*) FROM case_file)";
        let counts = self.read_one(text, args![]).await?.ok_or(StoreError::NotFound)?;
        let detail = format!("{} telegrams, {} readings, {} cases", counts.int(0)?, counts.int(1)?, counts.int(2)?);
        Ok(finding("counts", true, detail))
    }

    /// Looks at everything that has not moved.
    pub(crate) async fn check_hot(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        if let Some(path) = self.path().map(ToOwned::to_owned) {
            let faults = apart(move || file::integrity(&path)).await;
            let found = faults.map(|faults| one(finding("database file", faults.is_empty(), faults.join("; "))));
            findings.extend(said("database file", found)?);
            findings.extend(said("schema", self.check_definitions().await.map(one))?);
        }
        // what cannot be read is damaged too, and must not keep the rest from being looked at
        findings.extend(said("hash chains", self.check_chains("hash chains", None).await.map(one))?);
        findings.extend(said("chain heads", self.check_heads().await.map(one))?);
        findings.extend(said("audit", self.check_audit().await)?);
        findings.extend(said("latest values", self.check_latest().await.map(one))?);
        findings.extend(said("versions", self.check_versions().await.map(one))?);
        findings.extend(said("packed days", self.check_packs().await.map(one))?);
        findings.extend(said("sources", self.check_sources().await.map(one))?);
        findings.extend(said("evidence", self.check_files("evidence", EVIDENCE).await.map(one))?);
        findings.extend(said("imports", self.check_files("imports", IMPORTS).await.map(one))?);
        findings.extend(said("sounds", self.check_files("sounds", SOUNDS).await.map(one))?);
        findings.extend(said("report templates", self.check_files("report templates", TEMPLATES).await.map(one))?);
        Ok(findings)
    }

    /// Looks at the audit alone.
    pub async fn check_chain_of_audit(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = vec![self.check_chains("audit chain", Some("audit")).await?];
        findings.extend(self.check_audit().await?);
        Ok(findings)
    }

    async fn check_definitions(&self) -> Result<Finding, StoreError> {
        let strange = match self.path().map(ToOwned::to_owned) {
            Some(path) => apart(move || file::strange_definitions(&path)).await?,
            None => Vec::new(),
        };
        Ok(finding("schema", strange.is_empty(), strange.join("; ")))
    }

    /// Packed days against the readings that they were made of.
    async fn check_packs(&self) -> Result<Finding, StoreError> {
        let (days, wrong) = self.packs_wrong().await?;
        let said = if wrong.is_empty() { format!("{days} days") } else { wrong.join("; ") };
        Ok(finding("packed days", wrong.is_empty(), said))
    }

    /// Files that are kept with their digests.
    async fn check_files(&self, what: &str, (all, one): (&'static str, &'static str)) -> Result<Finding, StoreError> {
        let mut wrong = Vec::new();
        let all = self.read(all, args![]).await?;
        for row in &all {
            let id = row.text(0)?;
            let found = self.read_one(one, args![&id]).await?;
            let same = found.is_some_and(|row| {
                let (Ok(size), Ok(sha256), Ok(bytes)) = (row.int(0), row.text(1), row.blob(2)) else { return false };
                bytes.len() as i64 == size && hex::encode(Sha256::digest(&bytes)) == sha256
            });
            if !same {
                wrong.push(format!("{id} is not what its digest says"));
            }
        }
        let said = if wrong.is_empty() { format!("{} files", all.len()) } else { wrong.join("; ") };
        Ok(finding(what, wrong.is_empty(), said))
    }

    /// A break that somebody has accepted is told, and is no fault any more.
    async fn check_chains(&self, what: &str, only: Option<&str>) -> Result<Finding, StoreError> {
        let (broken, chains, links) = self.chains_walk(only).await?;
        let mut known = self.chain_breaks().await?;
        known.retain(|k| k.accepted.is_some() && only.is_none_or(|only| only == k.stream));
        let accepted = |broken: &&Broken| known.iter().any(|k| (k.stream.as_str(), k.link) == broken.place());
        if let Some(first) = broken.iter().find(|broken| !accepted(broken)) {
            return Ok(finding(what, false, first.to_string()));
        }
        let counted = std::iter::once(format!("{chains} chains, {links} links"));
        let said = counted.chain(known.iter().map(|k| format!("{}, accepted: {}", k.what, k.reason)));
        Ok(finding(what, true, said.collect::<Vec<_>>().join("; ")))
    }

    /// A case whose chain has lost its end and its head too has fewer links than it has events.
    async fn check_heads(&self) -> Result<Finding, StoreError> {
        let cases = "SELECT COUNT(*) FROM case_file c WHERE c.version <> \
            (SELECT COUNT(*) FROM link l WHERE l.stream = 'case:' || c.id)";
        let wrong = self.count(cases).await?;
        Ok(finding("chain heads", wrong == 0, format!("{wrong} chains that do not end where they should")))
    }

    /// The audit's roots against its chain, and what is asked for against what is written.
    async fn check_audit(&self) -> Result<Vec<Finding>, StoreError> {
        let (roots, wrong) = self.audit_roots_wrong().await?;
        let said = wrong
            .map_or_else(|| format!("{roots} roots"), |size| format!("the root over {size} entries is not theirs"));
        let beside = "SELECT COUNT(*) FROM link l WHERE l.stream='audit' AND NOT EXISTS \
            (SELECT 1 FROM audit_entry e WHERE e.seq=l.seq)";
        let alone = "SELECT COUNT(*) FROM audit_entry e WHERE NOT EXISTS \
            (SELECT 1 FROM link l WHERE l.stream='audit' AND l.seq=e.seq)";
        let apart = self.count(beside).await? + self.count(alone).await?;
        Ok(vec![
            finding("audit roots", wrong.is_none(), said),
            finding("audit entries", apart == 0, format!("{apart} that stand on one side only")),
        ])
    }

    async fn check_latest(&self) -> Result<Finding, StoreError> {
        let wrong = "SELECT COUNT(*) FROM latest l WHERE (l.at >= (SELECT horizon FROM history_state) AND NOT EXISTS (SELECT 1 FROM reading r WHERE r.block=l.point/1024 AND r.point=l.point AND \
            r.kind=l.kind AND r.at=l.at AND r.value IS NOT DISTINCT FROM l.value AND r.number IS NOT DISTINCT FROM l.number AND r.mark=l.mark AND r.arrived=l.arrived AND \
            r.late=l.late AND r.telegram IS NOT DISTINCT FROM l.telegram AND NOT EXISTS (SELECT 1 FROM reading v WHERE \
            v.block=r.block AND v.point=r.point AND v.kind=r.kind AND v.at=r.at AND v.version>r.version))) \
            OR EXISTS (SELECT 1 FROM reading n WHERE n.block=l.point/1024 AND n.point=l.point AND n.kind=l.kind AND n.at>l.at)";
        let missing = "SELECT COUNT(*) FROM (SELECT DISTINCT point, kind FROM reading) r WHERE NOT EXISTS \
            (SELECT 1 FROM latest l WHERE l.point=r.point AND l.kind=r.kind)";
        let wrong = self.count(wrong).await? + self.count(missing).await?;
        Ok(finding("latest values", wrong == 0, format!("{wrong} that are not the newest")))
    }

    /// The newest values of points that have been silent for so long that the history has them.
    async fn latest_moved_wrong(&self) -> Result<i64, StoreError> {
        let horizon = self.moved_state().await?.horizon;
        let mut wrong = 0;
        for latest in self.latest().await?.into_iter().filter(|l| l.key.at < horizon) {
            let newest = self.versions(latest.key).await?.pop();
            let said = |r: &crate::ReadingRow| {
                (r.value.as_ref(), r.mark.as_str(), r.arrived, r.late, r.telegram)
                    == (latest.value.as_ref(), latest.mark.as_str(), latest.arrived, latest.late, latest.telegram)
            };
            wrong += i64::from(!newest.as_ref().is_some_and(said));
        }
        Ok(wrong)
    }

    /// Versions that reviewers said have no telegram and stay when those around them move.
    async fn check_versions(&self) -> Result<Finding, StoreError> {
        let gaps = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM reading GROUP BY block, kind, at, point \
            HAVING COUNT(*) <> MAX(version) - CASE WHEN at >= (SELECT horizon FROM history_state) THEN 0 \
            WHEN COUNT(*) = COUNT(telegram) THEN MIN(version) - 1 ELSE MAX(version) - COUNT(*) END) AS gaps";
        let wrong = self.count(gaps).await?;
        Ok(finding("versions", wrong == 0, format!("{wrong} keys with a gap")))
    }

    async fn check_sources(&self) -> Result<Finding, StoreError> {
        let lost = "SELECT COUNT(*) FROM reading r WHERE r.telegram IS NOT NULL AND NOT EXISTS \
            (SELECT 1 FROM telegram t WHERE t.id=r.telegram) AND r.telegram > (SELECT telegrams FROM history_state)";
        let wrong = self.count(lost).await?;
        Ok(finding("sources", wrong == 0, format!("{wrong} readings without their telegram")))
    }

    /// Files of the history; that there is one when rows have moved to it.
    async fn check_history(&self) -> Result<Vec<Finding>, StoreError> {
        let state = self.moved_state().await?;
        let Some(history) = self.history() else {
            let detail = "readings have moved to a history that is not there";
            return Ok(if state.generation == 0 { vec![] } else { vec![finding("history files", false, detail)] });
        };
        let lost = "SELECT COUNT(*) FROM segment WHERE state IN ('committed', 'moved') AND rows > 0";
        let taken = self.count(lost).await?;
        let mut findings: Vec<Finding> =
            history.check().await?.into_iter().map(|f| finding(&f.what, f.ok, f.detail)).collect();
        let mut missing = 0;
        for row in
            self.read("SELECT id FROM segment WHERE state IN ('committed', 'moved') AND rows > 0", args![]).await?
        {
            missing += i64::from(!history.entered(&row.text(0)?).await?);
        }
        let detail = format!("{taken} segments, {missing} of them not in the history's log");
        findings.push(finding("history segments", missing == 0, detail));
        Ok(findings)
    }

    async fn count(&self, sql: &'static str) -> Result<i64, StoreError> {
        self.read_one(sql, args![]).await?.ok_or(StoreError::NotFound)?.int(0)
    }
}
