//! Tokens of programs and wall screens, and who somebody of another house is here: ways in beside the password.
//!
//! A token opens what its person may do, cut down to the rights it was made for. It is ended, never changed and never deleted, so that
//! what was done with it can be answered for.

use std::collections::BTreeSet;

use shanshui_domain::id::{PersonId, TokenId};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::Instant;

use crate::audit::{Change, note};
use crate::sql::Row;
use crate::system::{PersonRow, digest, person};
use crate::{Store, StoreError, args};

/// Tokens that one person may have at a time.
pub const TOKENS_MAX: usize = 50;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A program (接口令牌).
    Api,
    /// A wall screen (大屏令牌): reads only.
    Wall,
}

impl TokenKind {
    /// The word that is kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Wall => "wall",
        }
    }

    /// Reads [`TokenKind::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Api, Self::Wall].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A token (访问令牌) as its person may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Id; it opens nothing.
    pub id: TokenId,
    /// Whose.
    pub person: PersonId,
    /// What for.
    pub kind: TokenKind,
    /// What its person calls it.
    pub name: String,
    /// What it may do at most.
    pub rights: BTreeSet<Right>,
    /// Ranges of addresses it is taken from, as `192.0.2.0/24`; none: from anywhere.
    pub networks: Vec<String>,
    /// Since when.
    pub created: Instant,
    /// Until when, exclusive.
    pub expires: Instant,
    /// When it was used last, to a minute.
    pub seen: Option<Instant>,
    /// When it was ended, before its time.
    pub ended: Option<Instant>,
}

/// What a token opens.
#[derive(Debug, Clone)]
pub struct TokenOpened {
    /// Whose.
    pub person: PersonRow,
    /// The token.
    pub token: TokenRow,
    /// Whether the person has a second factor.
    pub second_factor: bool,
}

const COLUMNS: usize = 10;

fn token(r: &Row, from: usize) -> Result<TokenRow, StoreError> {
    let (kind, rights, networks) = (r.text(from + 2)?, r.text(from + 4)?, r.text(from + 5)?);
    let right = |word: &str| Right::parse(word).ok_or_else(|| StoreError::Corrupt(format!("right {word}")));
    Ok(TokenRow {
        id: r.parsed(from)?,
        person: r.parsed(from + 1)?,
        kind: TokenKind::parse(&kind).ok_or_else(|| StoreError::Corrupt(format!("token {kind}")))?,
        name: r.text(from + 3)?,
        rights: rights.split_whitespace().map(right).collect::<Result<_, _>>()?,
        networks: networks.split_whitespace().map(str::to_owned).collect(),
        created: Instant(r.int(from + 6)?),
        expires: Instant(r.int(from + 7)?),
        seen: r.int_opt(from + 8)?.map(Instant),
        ended: r.int_opt(from + 9)?.map(Instant),
    })
}

impl Store {
    /// Makes a token for the caller; only the digest of `secret` is kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for whoever holds no sessions or for somebody else's token; [`StoreError::Conflict`] when they have
    /// [`TOKENS_MAX`] that are good.
    pub async fn token_put(&self, caller: &Caller, secret: &str, t: TokenRow) -> Result<(), StoreError> {
        if caller.id() != Some(t.person) || !caller.may(Right::SessionOwn) {
            return Err(StoreError::NotFound);
        }
        let (caller, digest) = (caller.clone(), digest(secret));
        self.write(move |tx| {
            let good = "SELECT COUNT(*) FROM token WHERE person=$1 AND ended IS NULL AND expires>$2";
            let held = tx.row(good, args![t.person, t.created])?.map_or(Ok(0), |r| r.int(0))?;
            if held >= TOKENS_MAX as i64 {
                return Err(StoreError::Conflict);
            }
            let words = |all: Vec<&str>| all.join(" ");
            let rights = words(t.rights.iter().map(|right| right.as_str()).collect());
            let networks = words(t.networks.iter().map(String::as_str).collect());
            tx.execute(
                "INSERT INTO token (digest, id, person, kind, name, rights, networks, created, expires) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
                args![digest, t.id, t.person, t.kind.as_str(), &t.name, &rights, &networks, t.created, t.expires],
            )?;
            let after = serde_json::json!({"name": t.name, "kind": t.kind.as_str(), "rights": rights, "networks": networks,
                "expires": t.expires.0});
            let change = Change { before: None, after: Some(after) };
            note(tx, &caller, t.created, "token_make", &t.id.to_string(), change)
        })
        .await
    }

    /// What a token opens; whether it has run out or is taken from this address is for the caller to say. One that was ended opens
    /// nothing.
    pub async fn token(&self, secret: &str) -> Result<Option<TokenOpened>, StoreError> {
        let text = "SELECT t.id, t.person, t.kind, t.name, t.rights, t.networks, t.created, t.expires, t.seen, t.ended, \
            p.id, p.login, p.name_zh, p.name_en, p.password_hash, p.disabled, p.must_change, \
            (SELECT COUNT(*) FROM second_factor f WHERE f.person = p.id AND f.confirmed IS NOT NULL) \
            FROM token t JOIN person p ON p.id = t.person WHERE t.digest=$1 AND t.ended IS NULL";
        let Some(row) = self.read_one(text, args![digest(secret)]).await? else { return Ok(None) };
        let factor = row.int(COLUMNS + 7)? > 0;
        let token = token(&row, 0)?;
        Ok(Some(TokenOpened { person: person(&Row(row.0[COLUMNS..].to_vec()))?, token, second_factor: factor }))
    }

    /// It was used.
    pub async fn token_seen(&self, id: TokenId, at: Instant) -> Result<(), StoreError> {
        let text = "UPDATE token SET seen=$2 WHERE id=$1 AND (seen IS NULL OR seen<$2)";
        self.write(move |tx| tx.execute(text, args![id, at]).map(|_| ())).await
    }

    /// The caller's own tokens, newest first, ended ones too.
    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<TokenRow>, StoreError> {
        let person = caller.id().filter(|_| caller.may(Right::SessionOwn)).ok_or(StoreError::NotFound)?;
        let text = "SELECT id, person, kind, name, rights, networks, created, expires, seen, ended FROM token WHERE person=$1 \
            ORDER BY created DESC, id LIMIT 200";
        self.read(text, args![person]).await?.iter().map(|r| token(r, 0)).collect()
    }

    /// Ends one of the caller's own tokens.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is none of theirs, or ended already.
    pub async fn token_end(&self, caller: &Caller, id: TokenId, at: Instant) -> Result<(), StoreError> {
        let person = caller.id().filter(|_| caller.may(Right::SessionOwn)).ok_or(StoreError::NotFound)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let text = "UPDATE token SET ended=$3 WHERE id=$1 AND person=$2 AND ended IS NULL";
            if tx.execute(text, args![id, person, at])? == 0 {
                return Err(StoreError::NotFound);
            }
            note(tx, &caller, at, "token_end", &id.to_string(), Change::default())
        })
        .await
    }

    /// Who somebody of another house is here; none before the first login.
    pub async fn outside_login(&self, issuer: &str, subject: &str) -> Result<Option<PersonRow>, StoreError> {
        let text = "SELECT p.id, p.login, p.name_zh, p.name_en, p.password_hash, p.disabled, p.must_change \
            FROM outside_login o JOIN person p ON p.id = o.person WHERE o.issuer=$1 AND o.subject=$2";
        self.read_one(text, args![issuer, subject]).await?.as_ref().map(person).transpose()
    }

    /// Somebody of another house is this person from now on. Whoever has a subject there already stays: a name that is given to
    /// somebody else there later must not open the account of who had it before.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the person is known there under another subject, or the subject is somebody else here.
    pub async fn outside_bind(
        &self,
        issuer: &str,
        subject: &str,
        person: PersonId,
        at: Instant,
    ) -> Result<(), StoreError> {
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        self.write(move |tx| {
            let other = "SELECT subject FROM outside_login WHERE issuer=$1 AND (person=$2 OR subject=$3)";
            if tx.row(other, args![&issuer, person, &subject])?.is_some() {
                return Err(StoreError::Conflict);
            }
            let text = "INSERT INTO outside_login (issuer, subject, person, since) VALUES ($1,$2,$3,$4)";
            tx.execute(text, args![&issuer, &subject, person, at])?;
            let after = serde_json::json!({"issuer": issuer, "subject": subject});
            let change = Change { before: None, after: Some(after) };
            note(tx, &Caller::machine(), at, "outside_bind", &person.to_string(), change)
        })
        .await
    }
}
