//! People, sessions, failed logins.

use sha2::{Digest as _, Sha256};
use shanshui_domain::id::{PersonId, SessionId};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::Instant;

use crate::audit::{Change, note};
use crate::right::{PostRow, give_post};
use crate::scope::everything;
use crate::sql::Row;
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
    /// The password was given by somebody else: nothing is done before it is changed.
    pub must_change: bool,
}

/// A session (会话) as its person may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Id; it opens nothing.
    pub id: SessionId,
    /// Whose.
    pub person: PersonId,
    /// Since when.
    pub created: Instant,
    /// Until when at most.
    pub expires: Instant,
    /// When something was asked last, to a minute.
    pub seen: Instant,
    /// From where it was begun.
    pub address: String,
    /// What the browser says it is.
    pub agent: String,
}

/// What a token opens.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Whose.
    pub person: PersonRow,
    /// The session.
    pub session: SessionRow,
    /// Whether the person has a second factor.
    pub second_factor: bool,
}

/// A second factor (双因素认证) as kept: its secret is sealed by whoever calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorRow {
    /// The sealed secret.
    pub sealed: String,
    /// Whether its person has shown that they have it.
    pub confirmed: bool,
    /// The newest step of time that was used; none of it or before is taken again.
    pub last_step: i64,
}

/// How many failed logins of one kind are let through, and how long is waited then.
#[derive(Debug, Clone, Copy)]
pub struct TryLimit {
    /// Failures before it waits.
    pub failures: i64,
    /// The first wait; each further failure doubles it.
    pub first_ms: i64,
    /// The longest wait.
    pub most_ms: i64,
    /// Failures older than this are forgotten.
    pub forget_ms: i64,
}

impl std::fmt::Debug for PersonRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PersonRow").field("id", &self.id).field("login", &self.login).finish_non_exhaustive()
    }
}

pub(crate) fn person(r: &Row) -> Result<PersonRow, StoreError> {
    Ok(PersonRow {
        id: r.parsed(0)?,
        login: r.text(1)?,
        name_zh: r.text(2)?,
        name_en: r.text(3)?,
        password_hash: r.text(4)?,
        disabled: r.int(5)? != 0,
        must_change: r.int(6)? != 0,
    })
}

fn session(r: &Row, from: usize) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        id: r.parsed(from)?,
        person: r.parsed(from + 1)?,
        created: Instant(r.int(from + 2)?),
        expires: Instant(r.int(from + 3)?),
        seen: Instant(r.int(from + 4)?),
        address: r.text(from + 5)?,
        agent: r.text(from + 6)?,
    })
}

/// Whoever reads the file must not be able to take a session over.
pub(crate) fn digest(token: &str) -> String {
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
                "INSERT INTO person (id, login, name_zh, name_en, password_hash, disabled, must_change) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (login) DO UPDATE SET name_zh=excluded.name_zh, \
                 name_en=excluded.name_en, password_hash=excluded.password_hash, disabled=excluded.disabled, \
                 must_change=excluded.must_change",
                args![p.id, &p.login, &p.name_zh, &p.name_en, p.password_hash, p.disabled, p.must_change],
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
                    "INSERT INTO person (id, login, name_zh, name_en, password_hash, disabled, must_change) \
                     VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (login) DO NOTHING",
                    args![p.id, &p.login, &p.name_zh, &p.name_en, &p.password_hash, p.disabled, p.must_change],
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
        let text =
            "SELECT id, login, name_zh, name_en, password_hash, disabled, must_change FROM person WHERE login=$1";
        self.read_one(text, args![login]).await?.as_ref().map(person).transpose()
    }

    /// Everybody.
    pub async fn people(&self) -> Result<Vec<PersonRow>, StoreError> {
        let text =
            "SELECT id, login, name_zh, name_en, password_hash, disabled, must_change FROM person ORDER BY login";
        self.read(text, args![]).await?.iter().map(person).collect()
    }

    /// A person changes their own password: what others gave them is gone, and so is every session but the one it is done in.
    pub async fn password_change(
        &self,
        caller: &Caller,
        hash: String,
        keep: SessionId,
        at: Instant,
    ) -> Result<(), StoreError> {
        let person = caller.id().filter(|_| caller.may(Right::SessionOwn)).ok_or(StoreError::NotFound)?;
        let caller = caller.clone();
        self.write(move |tx| {
            tx.execute("UPDATE person SET password_hash=$2, must_change=0 WHERE id=$1", args![person, hash])?;
            tx.execute("DELETE FROM session WHERE person=$1 AND id<>$2", args![person, keep])?;
            note(tx, &caller, at, "password_change", &person.to_string(), Change::default())
        })
        .await
    }

    /// A password that somebody else gave opens nothing any more: its person logs in elsewhere.
    pub async fn password_void(&self, person: PersonId, at: Instant) -> Result<(), StoreError> {
        self.write(move |tx| {
            let text = "UPDATE person SET password_hash='', must_change=0 WHERE id=$1 AND must_change<>0";
            if tx.execute(text, args![person])? == 0 {
                return Ok(());
            }
            note(tx, &Caller::machine(), at, "password_void", &person.to_string(), Change::default())
        })
        .await
    }

    /// Begins a session; only the digest of its token is kept.
    pub async fn session_put(&self, token: &str, s: SessionRow) -> Result<(), StoreError> {
        let token = digest(token);
        self.write(move |tx| {
            tx.execute("DELETE FROM session WHERE expires < $1", args![s.created])?;
            tx.execute(
                "INSERT INTO session (token, id, person, created, expires, seen, address, agent) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
                args![token, s.id, s.person, s.created, s.expires, s.seen, s.address, s.agent],
            )?;
            Ok(())
        })
        .await
    }

    /// Whose session it is; whether it has run out is for the caller's clock.
    pub async fn session(&self, token: &str) -> Result<Option<Opened>, StoreError> {
        let row = self
            .read_one(
                "SELECT p.id, p.login, p.name_zh, p.name_en, p.password_hash, p.disabled, p.must_change, s.id, s.person, \
                 s.created, s.expires, s.seen, s.address, s.agent, \
                 (SELECT COUNT(*) FROM second_factor f WHERE f.person = p.id AND f.confirmed IS NOT NULL) \
                 FROM session s JOIN person p ON p.id = s.person WHERE s.token=$1",
                args![digest(token)],
            )
            .await?;
        let opened =
            |r: Row| Ok(Opened { person: person(&r)?, session: session(&r, 7)?, second_factor: r.int(14)? > 0 });
        row.map(opened).transpose()
    }

    /// A person's second factor; for the login, which makes a caller and has none.
    pub async fn second_factor(&self, person: PersonId) -> Result<Option<FactorRow>, StoreError> {
        let text = "SELECT sealed, confirmed, last_step FROM second_factor WHERE person=$1";
        let row = self.read_one(text, args![person]).await?;
        let factor =
            |r: Row| Ok(FactorRow { sealed: r.text(0)?, confirmed: r.int_opt(1)?.is_some(), last_step: r.int(2)? });
        row.map(factor).transpose()
    }

    /// A step of time is used: false when it, or a later one, was used before.
    pub async fn second_factor_use(&self, person: PersonId, step: i64) -> Result<bool, StoreError> {
        let text = "UPDATE second_factor SET last_step=$2 WHERE person=$1 AND last_step<$2";
        self.write(move |tx| Ok(tx.execute(text, args![person, step])? == 1)).await
    }

    /// The caller begins to have a second factor, in place of one that was never confirmed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when they have one.
    pub async fn second_factor_begin(&self, caller: &Caller, sealed: String) -> Result<(), StoreError> {
        let person = caller.id().filter(|_| caller.may(Right::SessionOwn)).ok_or(StoreError::NotFound)?;
        self.write(move |tx| {
            let written = tx.execute(
                "INSERT INTO second_factor (person, sealed, last_step) VALUES ($1,$2,0) ON CONFLICT (person) DO UPDATE SET \
                 sealed=excluded.sealed, last_step=0 WHERE second_factor.confirmed IS NULL",
                args![person, sealed],
            )?;
            if written == 1 { Ok(()) } else { Err(StoreError::Conflict) }
        })
        .await
    }

    /// The caller has shown that they have it.
    pub async fn second_factor_confirm(&self, caller: &Caller, at: Instant) -> Result<(), StoreError> {
        let person = caller.id().ok_or(StoreError::NotFound)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let set = "UPDATE second_factor SET confirmed=$2 WHERE person=$1 AND confirmed IS NULL";
            if tx.execute(set, args![person, at])? == 0 {
                return Err(StoreError::NotFound);
            }
            note(tx, &caller, at, "second_factor_set", &person.to_string(), Change::default())
        })
        .await
    }

    /// A second factor is gone: the caller's own, or, for the program itself, anybody's who has lost theirs.
    pub async fn second_factor_drop(&self, caller: &Caller, person: PersonId, at: Instant) -> Result<(), StoreError> {
        if caller.id().is_some_and(|own| own != person) {
            return Err(StoreError::NotFound);
        }
        let caller = caller.clone();
        self.write(move |tx| {
            if tx.execute("DELETE FROM second_factor WHERE person=$1", args![person])? == 0 {
                return Err(StoreError::NotFound);
            }
            note(tx, &caller, at, "second_factor_drop", &person.to_string(), Change::default())
        })
        .await
    }

    /// Something was asked in a session.
    pub async fn session_seen(&self, id: SessionId, at: Instant) -> Result<(), StoreError> {
        let text = "UPDATE session SET seen=$2 WHERE id=$1 AND seen<$2";
        self.write(move |tx| tx.execute(text, args![id, at]).map(|_| ())).await
    }

    /// The caller's own sessions, newest first.
    pub async fn sessions(&self, caller: &Caller, now: Instant) -> Result<Vec<SessionRow>, StoreError> {
        let person = caller.id().filter(|_| caller.may(Right::SessionOwn)).ok_or(StoreError::NotFound)?;
        let text = "SELECT id, person, created, expires, seen, address, agent FROM session WHERE person=$1 AND expires>$2 \
            ORDER BY created DESC, id LIMIT 200";
        self.read(text, args![person, now]).await?.iter().map(|r| session(r, 0)).collect()
    }

    /// Ends one of the caller's own sessions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is none of theirs.
    pub async fn session_end(&self, caller: &Caller, id: SessionId, at: Instant) -> Result<(), StoreError> {
        let person = caller.id().filter(|_| caller.may(Right::SessionOwn)).ok_or(StoreError::NotFound)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let ended = tx.execute("DELETE FROM session WHERE id=$1 AND person=$2", args![id, person])?;
            if ended == 0 {
                return Err(StoreError::NotFound);
            }
            note(tx, &caller, at, "session_end", &id.to_string(), Change::default())
        })
        .await
    }

    /// Whether one more login may be tried by each of these, which are names, or names with addresses, of strangers. It counts as
    /// failed until [`Self::login_succeeded`] says otherwise, so that many at the same moment are no way around a limit; when one of
    /// them has to wait, nothing is counted.
    pub async fn login_begin(&self, who: Vec<(String, TryLimit)>, now: Instant) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let who: Vec<_> = who.iter().map(|(who, limit)| (digest(who), *limit)).collect();
            for (who, _) in &who {
                let waits = tx.row("SELECT until FROM login_try WHERE who=$1 AND until>$2", args![who, now])?;
                if waits.is_some() {
                    return Ok(false);
                }
            }
            for (who, limit) in &who {
                let forgotten = Instant(now.0 - limit.forget_ms * 1_000);
                tx.execute("DELETE FROM login_try WHERE last<$1", args![forgotten])?;
                let held = tx.row("SELECT failures FROM login_try WHERE who=$1", args![who])?;
                let failures = held.map_or(Ok(0), |r| r.int(0))? + 1;
                let beyond = failures - limit.failures;
                let wait = if beyond < 0 { 0 } else { limit.most_ms.min(limit.first_ms << beyond.min(20)) };
                tx.execute(
                    "INSERT INTO login_try (who, failures, last, until) VALUES ($1,$2,$3,$4) ON CONFLICT (who) DO UPDATE SET \
                     failures=excluded.failures, last=excluded.last, until=excluded.until",
                    args![who, failures, now, now.plus_ms(wait)],
                )?;
            }
            Ok(true)
        })
        .await
    }

    /// The login was good: what the first of these has failed before is forgiven, of the others only that it was counted now.
    pub async fn login_succeeded(&self, forgiven: Vec<String>, given_back: Vec<String>) -> Result<(), StoreError> {
        self.write(move |tx| {
            for who in &forgiven {
                tx.execute("DELETE FROM login_try WHERE who=$1", args![digest(who)])?;
            }
            for who in &given_back {
                let less = "UPDATE login_try SET failures=failures-1, until=0 WHERE who=$1 AND failures>0";
                tx.execute(less, args![digest(who)])?;
            }
            Ok(())
        })
        .await
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
}
