//! Organisations, posts, delegations, broken glass: what a caller is made of.
//!
//! Posts, delegations and broken glass are given and ended, never changed, so that who was what on a day can always be said. Each
//! change is in the audit, in the same transaction.

use shanshui_domain::id::{OrganisationCode, PersonId, PostId};
use shanshui_domain::right::{Caller, Held, Organisation, OrganisationKind, Right, Role, Ties, Tree};
use shanshui_domain::time::Instant;

use crate::audit::{Change, note};
use crate::scope::everything;
use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

/// A post (岗位): a role of a person in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostRow {
    /// Id.
    pub id: PostId,
    /// Who.
    pub person: PersonId,
    /// Where.
    pub organisation: OrganisationCode,
    /// What.
    pub role: Role,
    /// Number of the certificate, where the role needs one.
    pub certificate: Option<String>,
    /// From.
    pub since: Instant,
    /// Until, exclusive.
    pub until: Option<Instant>,
    /// Who gave it; none for the city pack and the command line.
    pub given_by: Option<PersonId>,
    /// When.
    pub given_at: Instant,
    /// When it was ended, before its time.
    pub ended_at: Option<Instant>,
}

impl PostRow {
    /// Whether it is held at `at`.
    pub fn holds(&self, at: Instant) -> bool {
        self.ended_at.is_none() && self.since <= at && self.until.is_none_or(|until| at < until)
    }

    /// Whether it is held at `at` or will be later.
    pub fn lasts(&self, at: Instant) -> bool {
        self.ended_at.is_none() && self.until.is_none_or(|until| at < until)
    }
}

/// Somebody stands in for somebody else (代理) for some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationRow {
    /// Id.
    pub id: PostId,
    /// Whose posts.
    pub giver: PersonId,
    /// Who stands in.
    pub taker: PersonId,
    /// From.
    pub since: Instant,
    /// Until, exclusive.
    pub until: Instant,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub given_by: Option<PersonId>,
    /// When.
    pub given_at: Instant,
    /// When it was ended, before its time.
    pub ended_at: Option<Instant>,
}

/// Somebody sees everything for a short time (应急越权).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlassRow {
    /// Id.
    pub id: PostId,
    /// Who.
    pub person: PersonId,
    /// Why.
    pub reason: String,
    /// From.
    pub since: Instant,
    /// Until, exclusive.
    pub until: Instant,
    /// When it was ended, before its time.
    pub ended_at: Option<Instant>,
}

/// What a person holds at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holdings {
    /// Posts, their own first.
    pub held: Vec<Held>,
    /// Whether they have broken the glass.
    pub glass: bool,
}

const POSTS: &str = "SELECT id, person, organisation, role, certificate, since, until, given_by, given_at, ended_at FROM post \
    ORDER BY person, since, id";
const POSTS_OF: &str = "SELECT id, person, organisation, role, certificate, since, until, given_by, given_at, ended_at FROM post \
    WHERE person=$1 ORDER BY since, id";
const POST: &str = "SELECT id, person, organisation, role, certificate, since, until, given_by, given_at, ended_at FROM post \
    WHERE id=$1";
/// Posts held at `$2`: those of `$1`, and those of everybody for whom they stand in.
const HELD: &str = "SELECT o.role, o.organisation, o.person FROM post o WHERE o.ended_at IS NULL AND o.since <= $2 AND \
    (o.until IS NULL OR o.until > $2) AND (o.person = $1 OR EXISTS (SELECT 1 FROM delegation d JOIN person g ON g.id = d.giver \
    WHERE d.taker = $1 AND d.giver = o.person AND g.disabled = 0 AND d.ended_at IS NULL AND d.since <= $2 AND d.until > $2)) \
    ORDER BY CASE WHEN o.person = $1 THEN 0 ELSE 1 END, o.since, o.id";

fn role(word: &str) -> Result<Role, StoreError> {
    Role::parse(word).ok_or_else(|| StoreError::Corrupt(format!("role {word}")))
}

fn post(r: &Row) -> Result<PostRow, StoreError> {
    Ok(PostRow {
        id: r.parsed(0)?,
        person: r.parsed(1)?,
        organisation: OrganisationCode(r.text(2)?),
        role: role(&r.text(3)?)?,
        certificate: r.text_opt(4)?,
        since: Instant(r.int(5)?),
        until: r.int_opt(6)?.map(Instant),
        given_by: r.parsed_opt(7)?,
        given_at: Instant(r.int(8)?),
        ended_at: r.int_opt(9)?.map(Instant),
    })
}

fn delegation(r: &Row) -> Result<DelegationRow, StoreError> {
    Ok(DelegationRow {
        id: r.parsed(0)?,
        giver: r.parsed(1)?,
        taker: r.parsed(2)?,
        since: Instant(r.int(3)?),
        until: Instant(r.int(4)?),
        reason: r.text(5)?,
        given_by: r.parsed_opt(6)?,
        given_at: Instant(r.int(7)?),
        ended_at: r.int_opt(8)?.map(Instant),
    })
}

fn glass(r: &Row) -> Result<GlassRow, StoreError> {
    Ok(GlassRow {
        id: r.parsed(0)?,
        person: r.parsed(1)?,
        reason: r.text(2)?,
        since: Instant(r.int(3)?),
        until: Instant(r.int(4)?),
        ended_at: r.int_opt(5)?.map(Instant),
    })
}

fn organisation(r: &Row) -> Result<Organisation, StoreError> {
    let kind = r.text(2)?;
    Ok(Organisation {
        code: OrganisationCode(r.text(0)?),
        parent: r.text_opt(1)?.map(OrganisationCode),
        kind: OrganisationKind::parse(&kind).ok_or_else(|| StoreError::Corrupt(format!("organisation {kind}")))?,
        area: r.text(3)?,
        name_zh: r.text(4)?,
        name_en: r.text(5)?,
    })
}

const ORGANISATIONS: &str = "SELECT code, parent, kind, area, name_zh, name_en FROM organisation ORDER BY code";

pub(crate) fn put_organisation(tx: &mut dyn Tx, o: &Organisation) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO organisation (code, parent, kind, area, name_zh, name_en) VALUES ($1,$2,$3,$4,$5,$6) \
         ON CONFLICT (code) DO UPDATE SET parent=excluded.parent, kind=excluded.kind, area=excluded.area, \
         name_zh=excluded.name_zh, name_en=excluded.name_en",
        args![&o.code, o.parent.as_ref(), o.kind.as_str(), &o.area, &o.name_zh, &o.name_en],
    )?;
    Ok(())
}

fn whole(rows: &[Row]) -> Result<Tree, StoreError> {
    let all = rows.iter().map(organisation).collect::<Result<Vec<_>, _>>()?;
    Tree::new(all).map_err(|faults| {
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        StoreError::Corrupt(said.join("; "))
    })
}

fn insert_post(tx: &mut dyn Tx, p: &PostRow) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO post (id, person, organisation, role, certificate, since, until, given_by, given_at) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
        args![
            p.id,
            p.person,
            &p.organisation,
            p.role.as_str(),
            p.certificate.clone(),
            p.since,
            p.until,
            p.given_by,
            p.given_at
        ],
    )?;
    Ok(())
}

/// Gives a post.
///
/// # Errors
/// [`StoreError::NotFound`] without the person or the organisation, [`StoreError::Apart`] when the roles exclude one another,
/// [`StoreError::Conflict`] when the same post lasts already.
pub(crate) fn give_post(tx: &mut dyn Tx, p: &PostRow) -> Result<(), StoreError> {
    tx.row("SELECT id FROM person WHERE id=$1", args![p.person])?.ok_or(StoreError::NotFound)?;
    tx.row("SELECT code FROM organisation WHERE code=$1", args![&p.organisation])?.ok_or(StoreError::NotFound)?;
    let held = tx.query(POSTS_OF, args![p.person])?.iter().map(post).collect::<Result<Vec<_>, _>>()?;
    let lasting = || held.iter().filter(|h| h.lasts(p.given_at));
    if !p.role.beside(lasting().map(|h| h.role)) {
        return Err(StoreError::Apart);
    }
    if lasting().any(|h| h.role == p.role && h.organisation == p.organisation) {
        return Err(StoreError::Conflict);
    }
    insert_post(tx, p)
}

impl Store {
    /// The tree of organisations.
    pub async fn tree(&self) -> Result<Tree, StoreError> {
        whole(&self.read(ORGANISATIONS, args![]).await?)
    }

    /// Adds an organisation, or gives one other names, another place in the tree, another area.
    ///
    /// # Errors
    /// [`StoreError::NoTree`] when the tree would not be whole.
    pub async fn organisation_put(&self, caller: &Caller, o: Organisation, at: Instant) -> Result<(), StoreError> {
        everything(caller, Right::OrganisationChange)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let rows = tx.query(ORGANISATIONS, args![])?;
            let before = whole(&rows)?;
            let others = before.iter().filter(|other| other.code != o.code).cloned();
            Tree::new(others.chain([o.clone()])).map_err(|faults| StoreError::NoTree(faults[0].clone()))?;
            put_organisation(tx, &o)?;
            let change = Change { before: before.get(&o.code).map(json), after: Some(json(&o)) };
            note(tx, &caller, at, "organisation_put", o.code.as_str(), change)
        })
        .await
    }

    /// What a person holds at a moment, those for whom they stand in included. This makes a caller, so it asks for none.
    pub async fn holdings(&self, person: PersonId, at: Instant) -> Result<Holdings, StoreError> {
        let mut held = Vec::new();
        for row in self.read(HELD, args![person, at]).await? {
            let (role, owner): (Role, PersonId) = (role(&row.text(0)?)?, row.parsed(2)?);
            let behalf = (owner != person).then_some(owner);
            if behalf.is_none() || role.is_stood_in_for() {
                held.push(Held { role, organisation: OrganisationCode(row.text(1)?), behalf });
            }
        }
        let broken =
            "SELECT COUNT(*) FROM broken_glass WHERE person=$1 AND since <= $2 AND until > $2 AND ended_at IS NULL";
        let glass = self.read_one(broken, args![person, at]).await?.ok_or(StoreError::NotFound)?.int(0)? > 0;
        Ok(Holdings { held, glass })
    }

    /// Every post there is and was, by person.
    pub async fn posts(&self, caller: &Caller) -> Result<Vec<PostRow>, StoreError> {
        everything(caller, Right::PostRead)?;
        self.read(POSTS, args![]).await?.iter().map(post).collect()
    }

    /// Gives a post. See `give_post` for what is refused.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Apart`], [`StoreError::Conflict`].
    pub async fn post_give(&self, caller: &Caller, p: PostRow) -> Result<(), StoreError> {
        everything(caller, Right::PostChange)?;
        let caller = caller.clone();
        self.write(move |tx| {
            give_post(tx, &p)?;
            let after = serde_json::json!({"person": p.person, "organisation": p.organisation, "role": p.role,
                "certificate": p.certificate, "since": p.since, "until": p.until});
            let change = Change { before: None, after: Some(after) };
            note(tx, &caller, p.given_at, "post_give", &p.id.to_string(), change)
        })
        .await
    }

    /// Ends a post before its time.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none, or it has ended.
    pub async fn post_end(&self, caller: &Caller, id: PostId, at: Instant) -> Result<PostRow, StoreError> {
        everything(caller, Right::PostChange)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let held = post(&tx.row(POST, args![id])?.ok_or(StoreError::NotFound)?)?;
            let ended = tx.execute(
                "UPDATE post SET ended_by=$2, ended_at=$3 WHERE id=$1 AND ended_at IS NULL",
                args![id, caller.id(), at],
            )?;
            if ended == 0 {
                return Err(StoreError::NotFound);
            }
            note(tx, &caller, at, "post_end", &id.to_string(), Change::default())?;
            Ok(PostRow { ended_at: Some(at), ..held })
        })
        .await
    }

    /// Who stands in for whom: the caller's own, or all.
    pub async fn delegations(&self, caller: &Caller) -> Result<Vec<DelegationRow>, StoreError> {
        let (all, own) = all_or_own(caller, Right::DelegationRead);
        let rows = self
            .read(
                "SELECT id, giver, taker, since, until, reason, given_by, given_at, ended_at FROM delegation \
                 WHERE $1 = 1 OR giver = $2 OR taker = $2 ORDER BY since DESC, id",
                args![all, own],
            )
            .await?;
        rows.iter().map(delegation).collect()
    }

    /// Lets somebody stand in. Only one's own posts are given away, or anybody's by whoever may do it for all.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when one of the two is not known or not the caller's to give, [`StoreError::Apart`] when the taker
    /// is an administrator.
    pub async fn delegate(&self, caller: &Caller, d: DelegationRow) -> Result<(), StoreError> {
        let ties = Ties { people: &[d.giver], ..Ties::default() };
        if !caller.scope(Right::DelegationChange).covers(&ties) {
            return Err(StoreError::NotFound);
        }
        let caller = caller.clone();
        self.write(move |tx| {
            let there =
                tx.query("SELECT id FROM person WHERE id IN ($1,$2) AND disabled=0", args![d.giver, d.taker])?;
            if there.len() != 2 {
                return Err(StoreError::NotFound);
            }
            let held = tx.query(POSTS_OF, args![d.taker])?.iter().map(post).collect::<Result<Vec<_>, _>>()?;
            if held.iter().any(|h| h.lasts(d.given_at) && !Role::DutyOfficer.beside([h.role])) {
                return Err(StoreError::Apart);
            }
            tx.execute(
                "INSERT INTO delegation (id, giver, taker, since, until, reason, given_by, given_at) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
                args![d.id, d.giver, d.taker, d.since, d.until, &d.reason, d.given_by, d.given_at],
            )?;
            let after = serde_json::json!({"giver": d.giver, "taker": d.taker, "since": d.since, "until": d.until,
                "reason": d.reason});
            let change = Change { before: None, after: Some(after) };
            note(tx, &caller, d.given_at, "delegation_make", &d.id.to_string(), change)
        })
        .await
    }

    /// Ends a delegation before its time.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none of the caller's that lasts.
    pub async fn delegation_end(&self, caller: &Caller, id: PostId, at: Instant) -> Result<(), StoreError> {
        let (all, own) = all_or_own(caller, Right::DelegationChange);
        let caller = caller.clone();
        self.write(move |tx| {
            let ended = tx.execute(
                "UPDATE delegation SET ended_by=$2, ended_at=$3 WHERE id=$1 AND ended_at IS NULL AND ($4 = 1 OR giver = $5)",
                args![id, caller.id(), at, all, own],
            )?;
            if ended == 0 {
                return Err(StoreError::NotFound);
            }
            note(tx, &caller, at, "delegation_end", &id.to_string(), Change::default())
        })
        .await
    }

    /// Breaks the glass: the caller sees everything until then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller may not.
    pub async fn glass_break(&self, caller: &Caller, g: GlassRow) -> Result<(), StoreError> {
        if !caller.may(Right::GlassBreak) || caller.id() != Some(g.person) {
            return Err(StoreError::NotFound);
        }
        let caller = caller.clone();
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO broken_glass (id, person, reason, since, until) VALUES ($1,$2,$3,$4,$5)",
                args![g.id, g.person, &g.reason, g.since, g.until],
            )?;
            let after = serde_json::json!({"reason": g.reason, "until": g.until});
            let change = Change { before: None, after: Some(after) };
            note(tx, &caller, g.since, "glass_break", &g.id.to_string(), change)
        })
        .await
    }

    /// Ends what the caller has broken before its time.
    pub async fn glass_mend(&self, caller: &Caller, at: Instant) -> Result<(), StoreError> {
        let caller = caller.clone();
        let own = caller.id().ok_or(StoreError::NotFound)?;
        self.write(move |tx| {
            let ended = tx.execute(
                "UPDATE broken_glass SET ended_by=$2, ended_at=$3 WHERE person=$1 AND ended_at IS NULL AND until > $3",
                args![own, caller.id(), at],
            )?;
            if ended == 0 {
                return Err(StoreError::NotFound);
            }
            note(tx, &caller, at, "glass_mend", &own.to_string(), Change::default())
        })
        .await
    }

    /// Who broke the glass, newest first: the caller's own, or all.
    pub async fn glasses(&self, caller: &Caller) -> Result<Vec<GlassRow>, StoreError> {
        let (all, own) = all_or_own(caller, Right::GlassRead);
        let rows = self
            .read(
                "SELECT id, person, reason, since, until, ended_at FROM broken_glass WHERE $1 = 1 OR person = $2 \
                 ORDER BY since DESC, id LIMIT 500",
                args![all, own],
            )
            .await?;
        rows.iter().map(glass).collect()
    }
}

/// Whether all rows are asked for, and whose otherwise.
fn all_or_own(caller: &Caller, right: Right) -> (bool, String) {
    let own = caller.id().filter(|_| caller.may(right)).map_or(String::new(), |p| p.to_string());
    (caller.scope(right).everywhere(), own)
}

fn json(o: &Organisation) -> serde_json::Value {
    serde_json::json!({"parent": o.parent, "kind": o.kind, "area": o.area, "name_zh": o.name_zh, "name_en": o.name_en})
}
