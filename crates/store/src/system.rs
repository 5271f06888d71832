//! People, sessions, audit.

use sha2::{Digest as _, Sha256};
use shanshui_domain::id::PersonId;
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::Instant;

use crate::act::append;
use crate::right::{PostRow, give_post};
use crate::scope::everything;
use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

/// A person with a login (账号). What they may do hangs on their posts ([`crate::right`]).
#[derive(Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Id.
    pub id: PersonId,
    /// Login name.
    pub login: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Password hash (PHC string).
    pub password_hash: String,
    /// May not log in.
    pub disabled: bool,
}

impl std::fmt::Debug for PersonRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonRow").field("id", &self.id).field("login", &self.login).finish_non_exhaustive()
    }
}

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
        Self {
            v: Self::FORMAT,
            at,
            by: caller.id(),
            behalf: None,
            glass: caller.glass(),
            from: caller.from().map(str::to_owned),
            action: action.to_owned(),
            subject: subject.to_owned(),
            before: None,
            after: None,
            detail,
        }
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
    append(tx, AUDIT, body(&entry)?).map(|_| ())
}

/// The stream of the audit.
const AUDIT: &str = "audit";

fn body(entry: &AuditEntry) -> Result<String, StoreError> {
    serde_json::to_string(entry).map_err(|e| StoreError::Corrupt(e.to_string()))
}

fn person(r: &Row) -> Result<PersonRow, StoreError> {
    Ok(PersonRow {
        id: r.parsed(0)?,
        login: r.text(1)?,
        name_zh: r.text(2)?,
        name_en: r.text(3)?,
        password_hash: r.text(4)?,
        disabled: r.int(5)? != 0,
    })
}

/// Whoever reads the file must not be able to take a session over.
fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

impl Store {
    /// Makes a person known; one with the same login keeps their id and gets the new values.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for whoever may not.
    pub async fn person_put(&self, caller: &Caller, p: PersonRow, at: Instant) -> Result<(), StoreError> {
        everything(caller, Right::AccountChange)?;
        let caller = caller.clone();
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO person (id, login, name_zh, name_en, password_hash, disabled) \
                 VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT (login) DO UPDATE SET name_zh=excluded.name_zh, \
                 name_en=excluded.name_en, password_hash=excluded.password_hash, disabled=excluded.disabled",
                args![p.id, &p.login, &p.name_zh, &p.name_en, p.password_hash, p.disabled],
            )?;
            let after = serde_json::json!({"name_zh": p.name_zh, "name_en": p.name_en, "disabled": p.disabled});
            note(tx, &caller, at, "person_put", &p.login, Change { before: None, after: Some(after) })
        })
        .await
    }

    /// People of a city pack with their posts, those who have no login yet.
    pub async fn people_join(
        &self,
        caller: &Caller,
        people: Vec<(PersonRow, Vec<PostRow>)>,
        at: Instant,
    ) -> Result<(), StoreError> {
        everything(caller, Right::AccountChange)?;
        everything(caller, Right::PostChange)?;
        let caller = caller.clone();
        self.write(move |tx| {
            for (p, posts) in &people {
                let joined = tx.execute(
                    "INSERT INTO person (id, login, name_zh, name_en, password_hash, disabled) VALUES ($1,$2,$3,$4,$5,$6) \
                     ON CONFLICT (login) DO NOTHING",
                    args![p.id, &p.login, &p.name_zh, &p.name_en, &p.password_hash, p.disabled],
                )?;
                if joined == 0 {
                    continue;
                }
                posts.iter().try_for_each(|post| give_post(tx, post))?;
                note(tx, &caller, at, "person_join", &p.login, Change::default())?;
            }
            Ok(())
        })
        .await
    }

    /// A person by login name.
    pub async fn person_by_login(&self, login: &str) -> Result<Option<PersonRow>, StoreError> {
        let text = "SELECT id, login, name_zh, name_en, password_hash, disabled FROM person WHERE login=$1";
        self.read_one(text, args![login]).await?.as_ref().map(person).transpose()
    }

    /// Everybody.
    pub async fn people(&self) -> Result<Vec<PersonRow>, StoreError> {
        let text = "SELECT id, login, name_zh, name_en, password_hash, disabled FROM person ORDER BY login";
        self.read(text, args![]).await?.iter().map(person).collect()
    }

    /// Begins a session; only the digest of its token is kept.
    pub async fn session_put(
        &self,
        token: &str,
        person: PersonId,
        (created, expires): (Instant, Instant),
    ) -> Result<(), StoreError> {
        let token = digest(token);
        self.write(move |tx| {
            tx.execute("DELETE FROM session WHERE expires < $1", args![created])?;
            tx.execute(
                "INSERT INTO session (token, person, created, expires) VALUES ($1,$2,$3,$4)",
                args![token, person, created, expires],
            )?;
            Ok(())
        })
        .await
    }

    /// Whose session it is, and until when; whether that has passed is for the caller's clock.
    pub async fn session(&self, token: &str) -> Result<Option<(PersonRow, Instant)>, StoreError> {
        let row = self
            .read_one(
                "SELECT p.id, p.login, p.name_zh, p.name_en, p.password_hash, p.disabled, s.expires \
                 FROM session s JOIN person p ON p.id = s.person WHERE s.token=$1",
                args![digest(token)],
            )
            .await?;
        row.map(|r| Ok((person(&r)?, Instant(r.int(6)?)))).transpose()
    }

    /// Ends every session of a person: their password or their right to log in has changed.
    pub async fn sessions_drop(&self, person: PersonId) -> Result<(), StoreError> {
        self.write(move |tx| tx.execute("DELETE FROM session WHERE person=$1", args![person]).map(|_| ())).await
    }

    /// Ends a session.
    pub async fn session_drop(&self, token: &str) -> Result<(), StoreError> {
        let token = digest(token);
        self.write(move |tx| tx.execute("DELETE FROM session WHERE token=$1", args![token]).map(|_| ())).await
    }

    /// Appends to the audit chain.
    pub async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let body = body(&entry)?;
        self.write(move |tx| append(tx, AUDIT, body).map(|_| ())).await
    }
}
