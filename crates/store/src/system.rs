//! People, sessions, audit.

use sha2::{Digest as _, Sha256};
use shanshui_domain::id::PersonId;
use shanshui_domain::place::Role;
use shanshui_domain::time::Instant;

use crate::act::append;
use crate::sql::Row;
use crate::{Store, StoreError, args};

/// A person with a login.
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
    /// Role.
    pub role: Role,
    /// Unit.
    pub unit: String,
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

/// One entry of the audit (审计).
#[derive(Debug, Clone, serde::Serialize)]
pub struct AuditEntry {
    /// When.
    pub at: Instant,
    /// Who; none before anybody is logged in.
    pub by: Option<PersonId>,
    /// What.
    pub action: String,
    /// Of what.
    pub subject: String,
    /// More.
    pub detail: serde_json::Value,
}

fn person(r: &Row) -> Result<PersonRow, StoreError> {
    let role = r.text(4)?;
    Ok(PersonRow {
        id: r.parsed(0)?,
        login: r.text(1)?,
        name_zh: r.text(2)?,
        name_en: r.text(3)?,
        role: Role::parse(&role).ok_or_else(|| StoreError::Corrupt(format!("role {role}")))?,
        unit: r.text(5)?,
        password_hash: r.text(6)?,
        disabled: r.int(7)? != 0,
    })
}

/// Whoever reads the file must not be able to take a session over.
fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

impl Store {
    /// Makes a person known; one with the same login keeps their id and gets the new values.
    pub async fn person_put(&self, p: PersonRow) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO person (id, login, name_zh, name_en, role, unit, password_hash, disabled) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8) ON CONFLICT (login) DO UPDATE SET name_zh=excluded.name_zh, \
                 name_en=excluded.name_en, role=excluded.role, unit=excluded.unit, password_hash=excluded.password_hash, \
                 disabled=excluded.disabled",
                args![p.id, p.login, p.name_zh, p.name_en, p.role.as_str(), p.unit, p.password_hash, p.disabled],
            )?;
            Ok(())
        })
        .await
    }

    /// A person by login name.
    pub async fn person_by_login(&self, login: &str) -> Result<Option<PersonRow>, StoreError> {
        let text = "SELECT id, login, name_zh, name_en, role, unit, password_hash, disabled FROM person WHERE login=$1";
        self.read_one(text, args![login]).await?.as_ref().map(person).transpose()
    }

    /// Everybody.
    pub async fn people(&self) -> Result<Vec<PersonRow>, StoreError> {
        let text = "SELECT id, login, name_zh, name_en, role, unit, password_hash, disabled FROM person ORDER BY login";
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
                "SELECT p.id, p.login, p.name_zh, p.name_en, p.role, p.unit, p.password_hash, p.disabled, s.expires \
                 FROM session s JOIN person p ON p.id = s.person WHERE s.token=$1",
                args![digest(token)],
            )
            .await?;
        row.map(|r| Ok((person(&r)?, Instant(r.int(8)?)))).transpose()
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
        let body = serde_json::to_string(&entry).map_err(|e| StoreError::Corrupt(e.to_string()))?;
        self.write(move |tx| append(tx, "audit", body).map(|_| ())).await
    }
}
