//! The audit (审计): every change and every sensitive reading, appended to one chain, searched beside it, and sealed by signed roots.
//!
//! An entry is a link of the stream `audit`. A root ([`merkle`]) stands for the entries up to a size; it is made from the frontier kept
//! with the root before and the links since, and signed by whoever calls, with a key that the store never sees.

use sha2::{Digest as _, Sha256};
use shanshui_domain::act::chain::{Algorithm, Link};
use shanshui_domain::act::merkle::{self, Frontier, Step};
use shanshui_domain::id::PersonId;
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::Instant;

use crate::chain::{append, link};
use crate::scope::everything;
use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

/// One entry of the audit (审计): who did what, as whom, when, from where, and what it was before and after.
#[derive(Debug, Clone, serde::Serialize)]
pub struct AuditEntry {
    /// Format of this record, for readers of old chains.
    pub v: u32,
    /// When.
    pub at: Instant,
    /// Who; none for the program itself and before anybody is logged in.
    pub by: Option<PersonId>,
    /// For whom, when somebody stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behalf: Option<PersonId>,
    /// Whether the glass was broken.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub glass: bool,
    /// From which address; none for the program itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What.
    pub action: String,
    /// Of what.
    pub subject: String,
    /// SHA-256 of what it was before, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// SHA-256 of what it is afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// More, without anything secret.
    pub detail: serde_json::Value,
}

impl AuditEntry {
    /// Format written today; entries of the first had neither address nor digests.
    pub const FORMAT: u32 = 2;

    /// What a caller did.
    pub fn of(caller: &Caller, at: Instant, action: &str, subject: &str, detail: serde_json::Value) -> Self {
        let (by, glass, from) = (caller.id(), caller.glass(), caller.from().map(str::to_owned));
        Self { by, glass, from, ..Self::of_nobody("", at, action, subject, detail) }
    }

    /// What somebody did before they were known: a login that failed.
    pub fn of_nobody(from: &str, at: Instant, action: &str, subject: &str, detail: serde_json::Value) -> Self {
        Self {
            v: Self::FORMAT,
            at,
            by: None,
            behalf: None,
            glass: false,
            from: Some(from.to_owned()),
            action: action.to_owned(),
            subject: subject.to_owned(),
            before: None,
            after: None,
            detail,
        }
    }
}

/// What a change made of what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    /// What it was; none when it is new.
    pub(crate) before: Option<serde_json::Value>,
    /// What it is; none when it only ends.
    pub(crate) after: Option<serde_json::Value>,
}

/// Appends a change to the audit chain, in the transaction that makes it.
pub(crate) fn note(
    tx: &mut dyn Tx,
    caller: &Caller,
    at: Instant,
    action: &str,
    subject: &str,
    change: Change,
) -> Result<(), StoreError> {
    note_for(tx, caller, None, at, (action, subject), change)
}

/// The same of somebody who stands in.
pub(crate) fn note_for(
    tx: &mut dyn Tx,
    caller: &Caller,
    behalf: Option<PersonId>,
    at: Instant,
    (action, subject): (&str, &str),
    change: Change,
) -> Result<(), StoreError> {
    let digest = |v: &serde_json::Value| hex::encode(Sha256::digest(v.to_string().as_bytes()));
    let (before, after) = (change.before.as_ref().map(digest), change.after.as_ref().map(digest));
    let detail = change.after.unwrap_or_else(|| serde_json::json!({}));
    let entry = AuditEntry { behalf, before, after, ..AuditEntry::of(caller, at, action, subject, detail) };
    put(tx, &entry)
}

/// What goes on while the audit's chain is broken and nothing is appended to it: somebody must be able to come and look.
const GOES_ON: [&str; 5] = ["login", "login_failed", "logout", "start", "secrets_reseal"];

/// Appends to the chain, and says beside it what can be asked for.
fn put(tx: &mut dyn Tx, entry: &AuditEntry) -> Result<(), StoreError> {
    let link = match append(tx, AUDIT, body(entry)?) {
        Err(StoreError::Chain { what, .. }) if GOES_ON.contains(&entry.action.as_str()) => {
            tracing::error!(
                action = entry.action,
                subject = entry.subject,
                what,
                "not in the audit, whose chain is broken"
            );
            return Ok(());
        }
        link => link?,
    };
    tx.execute(
        "INSERT INTO audit_entry (seq, at, person, action, subject) VALUES ($1,$2,$3,$4,$5)",
        args![link.seq, entry.at, entry.by, &entry.action, &entry.subject],
    )?;
    Ok(())
}

/// The stream of the audit.
pub(crate) const AUDIT: &str = "audit";

pub(crate) fn body(entry: &AuditEntry) -> Result<String, StoreError> {
    serde_json::to_string(entry).map_err(|e| StoreError::Corrupt(e.to_string()))
}

/// An entry as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// The exact text that the digest covers.
    pub body: String,
    /// Digest of the link.
    pub digest: String,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Who.
    pub person: Option<PersonId>,
    /// What.
    pub action: Option<String>,
    /// Of what.
    pub subject: Option<String>,
    /// From, inclusive.
    pub from: Option<Instant>,
    /// To, exclusive.
    pub to: Option<Instant>,
}

/// A signed root: what the audit was up to a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootRow {
    /// How many entries are under it.
    pub size: u64,
    /// When it was made.
    pub at: Instant,
    /// Digest, in hex.
    pub root: String,
    /// What goes on from here.
    pub frontier: Frontier,
    /// Public key of whoever signed, in hex.
    pub signer: String,
    /// Signature, in hex.
    pub signature: String,
}

impl RootRow {
    /// The text that is signed.
    pub fn statement(size: u64, at: Instant, algorithm: Algorithm, root: &str) -> String {
        format!("shanshui audit root 1\n{size}\n{}\n{root}\n{}\n", algorithm.as_str(), at.0)
    }

    /// That of this root.
    pub fn signed(&self) -> String {
        Self::statement(self.size, self.at, self.frontier.algorithm(), &self.root)
    }
}

/// Proof that one entry is under a signed root.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// The entry's link.
    pub link: Link,
    /// The path from it to the root.
    pub path: Vec<Step>,
    /// The root.
    pub root: RootRow,
}

/// What signs: public key and signature, both in hex.
pub type Signed = (String, String);

const ROOTS: &str = "SELECT size, at, root, frontier, signer, signature FROM audit_root ORDER BY size DESC LIMIT $1";
/// Digests read at one time.
const PAGE: i64 = 50_000;

fn root_row(r: &Row) -> Result<RootRow, StoreError> {
    let frontier = r.text(3)?;
    Ok(RootRow {
        size: r.int(0)?.cast_unsigned(),
        at: Instant(r.int(1)?),
        root: r.text(2)?,
        frontier: serde_json::from_str(&frontier).map_err(|e| StoreError::Corrupt(format!("audit root: {e}")))?,
        signer: r.text(4)?,
        signature: r.text(5)?,
    })
}

impl Store {
    /// Appends to the audit chain.
    pub async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.write(move |tx| put(tx, &entry)).await
    }

    /// Entries under the newest root that a second place has taken; 0 before the first.
    pub async fn audit_sent(&self, place: &str) -> Result<u64, StoreError> {
        let row = self.read_one("SELECT size FROM audit_sent WHERE place=$1", args![place]).await?;
        row.map_or(Ok(0), |r| Ok(r.int(0)?.cast_unsigned()))
    }

    /// A second place has taken the roots up to a size.
    pub async fn audit_sent_put(&self, place: &str, size: u64) -> Result<(), StoreError> {
        let place = place.to_owned();
        self.write(move |tx| {
            let text = "INSERT INTO audit_sent (place, size) VALUES ($1,$2) ON CONFLICT (place) DO UPDATE SET \
                size=excluded.size WHERE audit_sent.size < excluded.size";
            tx.execute(text, args![&place, size])?;
            Ok(())
        })
        .await
    }

    /// Entries, newest first, those before `before`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for whoever may not read it.
    pub async fn audit_list(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        everything(caller, Right::AuditRead)?;
        let text = |of: &Option<String>| of.clone().unwrap_or_default();
        let person = filter.person.map_or(String::new(), |p| p.to_string());
        let (from, to) = (filter.from.map_or(i64::MIN, |t| t.0), filter.to.map_or(i64::MAX, |t| t.0));
        let before = before.map_or(i64::MAX, u64::cast_signed);
        let rows = self
            .read(
                "SELECT l.seq, l.body, l.digest FROM audit_entry e JOIN link l ON l.stream='audit' AND l.seq=e.seq \
                 WHERE e.seq < $1 AND ($2 = '' OR e.person = $2) AND ($3 = '' OR e.action = $3) AND ($4 = '' OR e.subject = $4) \
                 AND e.at >= $5 AND e.at < $6 ORDER BY e.seq DESC LIMIT $7",
                args![before, person, text(&filter.action), text(&filter.subject), from, to, limit as i64],
            )
            .await?;
        let row = |r: &Row| Ok(AuditRow { seq: r.int(0)?.cast_unsigned(), body: r.text(1)?, digest: r.text(2)? });
        rows.iter().map(row).collect()
    }

    /// Seals what has come since the last root; none when nothing has. `sign` gets the text that is to be signed.
    pub async fn audit_seal(
        &self,
        at: Instant,
        sign: impl FnOnce(&str) -> Signed,
    ) -> Result<Option<RootRow>, StoreError> {
        let last = self.read_one(ROOTS, args![1i64]).await?.as_ref().map(root_row).transpose()?;
        let mut frontier = last.map_or_else(|| Frontier::new(Algorithm::default()), |root| root.frontier);
        let begun = frontier.size();
        loop {
            let digests = self.audit_digests(frontier.size(), i64::MAX, PAGE).await?;
            for digest in &digests {
                frontier.push(digest);
            }
            if digests.len() < PAGE as usize {
                break;
            }
        }
        let size = frontier.size();
        let Some(root) = frontier.root().filter(|_| size > begun) else { return Ok(None) };
        let (signer, signature) = sign(&RootRow::statement(size, at, frontier.algorithm(), &root));
        let row = RootRow { size, at, root, frontier, signer, signature };
        let kept = row.clone();
        self.write(move |tx| {
            let frontier = serde_json::to_string(&kept.frontier).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            tx.execute(
                "INSERT INTO audit_root (size, at, root, frontier, signer, signature) VALUES ($1,$2,$3,$4,$5,$6) \
                 ON CONFLICT (size) DO NOTHING",
                args![kept.size, kept.at, &kept.root, frontier, &kept.signer, &kept.signature],
            )?;
            Ok(())
        })
        .await?;
        Ok(Some(row))
    }

    /// Digests of the entries after `after`, up to and with `to`, in their order.
    async fn audit_digests(&self, after: u64, to: i64, limit: i64) -> Result<Vec<String>, StoreError> {
        let text = "SELECT digest FROM link WHERE stream='audit' AND seq>$1 AND seq<=$2 ORDER BY seq LIMIT $3";
        let rows = self.read(text, args![after, to, limit]).await?;
        rows.iter().map(|r| r.text(0)).collect()
    }

    /// Roots, newest first.
    pub async fn audit_roots(&self, caller: &Caller, limit: usize) -> Result<Vec<RootRow>, StoreError> {
        everything(caller, Right::AuditRead)?;
        self.read(ROOTS, args![limit as i64]).await?.iter().map(root_row).collect()
    }

    /// Proof that an entry is under the first root made after it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such entry, or no root over it yet.
    pub async fn audit_proof(&self, caller: &Caller, seq: u64) -> Result<Proof, StoreError> {
        everything(caller, Right::AuditRead)?;
        let over =
            "SELECT size, at, root, frontier, signer, signature FROM audit_root WHERE size>=$1 ORDER BY size LIMIT 1";
        let root = root_row(&self.read_one(over, args![seq]).await?.ok_or(StoreError::NotFound)?)?;
        let text = "SELECT stream, seq, body, algorithm, previous, digest FROM link WHERE stream='audit' AND seq=$1";
        let link = link(&self.read_one(text, args![seq]).await?.ok_or(StoreError::NotFound)?)?;
        let size = root.size.cast_signed();
        let digests = self.audit_digests(0, size, size).await?;
        let index = usize::try_from(seq.wrapping_sub(1)).map_err(|_| StoreError::NotFound)?;
        let path = merkle::path(root.frontier.algorithm(), &digests, index).ok_or(StoreError::NotFound)?;
        Ok(Proof { link, path, root })
    }

    /// The first root that does not stand for the entries under it, if there is one; and how many were looked at. Roots are walked
    /// with the chain, so that each digest is read once.
    pub(crate) async fn audit_roots_wrong(&self) -> Result<(usize, Option<u64>), StoreError> {
        let mut roots = self.read(ROOTS, args![i64::MAX]).await?.iter().map(root_row).collect::<Result<Vec<_>, _>>()?;
        roots.reverse();
        let Some(first) = roots.first() else { return Ok((0, None)) };
        let mut frontier = Frontier::new(first.frontier.algorithm());
        for root in &roots {
            while frontier.size() < root.size {
                let digests = self.audit_digests(frontier.size(), root.size.cast_signed(), PAGE).await?;
                if digests.is_empty() {
                    return Ok((roots.len(), Some(root.size)));
                }
                for digest in &digests {
                    frontier.push(digest);
                }
            }
            if frontier != root.frontier || frontier.root().as_ref() != Some(&root.root) {
                return Ok((roots.len(), Some(root.size)));
            }
        }
        Ok((roots.len(), None))
    }
}
