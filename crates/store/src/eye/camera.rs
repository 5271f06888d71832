//! Cameras, their fence plans, their guard, and places where something is no person.

use sha2::{Digest as _, Sha256};
use shanshui_domain::id::PersonId;
use shanshui_domain::place::Secret;
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::sense::eye::camera::{Camera, Quiet};
use shanshui_domain::sense::eye::guard::{Guard, Reason};
use shanshui_domain::time::Instant;

use super::{read, written};
use crate::audit::{Change, note};
use crate::scope::{Within, at_station};
use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

/// A camera's newest version.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraRow {
    /// Id.
    pub id: String,
    /// From 1.
    pub version: i64,
    /// What it is.
    pub camera: Camera,
    /// Who wrote this version; none of the program.
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
}

/// A version of a camera's fences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRow {
    /// Camera.
    pub camera: String,
    /// From 1.
    pub version: i64,
    /// The plan, as JSON.
    pub plan: String,
    /// SHA-256 of that text, in hex.
    pub digest: String,
    /// Why it was drawn so.
    pub note: String,
    /// Who; none of the program.
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
}

/// A place where something is no person.
#[derive(Debug, Clone, PartialEq)]
pub struct QuietRow {
    /// Number among those of the camera, from 1.
    pub n: i64,
    /// Where and what.
    pub quiet: Quiet,
    /// Who said so.
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
    /// When it ended.
    pub ended: Option<Instant>,
}

/// What an address of a camera is sealed for.
pub(crate) fn camera_purpose(id: &str) -> String {
    format!("camera:{id}")
}

macro_rules! cameras {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.version, c.body, c.person, c.at FROM camera c WHERE \
             c.version=(SELECT MAX(d.version) FROM camera d WHERE d.id=c.id) AND ",
            at_station!("c.station", "$1", "$2"),
            $rest
        )
    };
}

fn camera_row(r: &Row) -> Result<CameraRow, StoreError> {
    let camera = read("a camera", &r.text(2)?)?;
    Ok(CameraRow { id: r.text(0)?, version: r.int(1)?, camera, by: r.parsed_opt(3)?, at: Instant(r.int(4)?) })
}

const PLANS: &str =
    "SELECT camera, version, plan, digest, note, person, at FROM camera_plan WHERE camera=$1 ORDER BY version DESC";

fn plan_row(r: &Row) -> Result<PlanRow, StoreError> {
    Ok(PlanRow {
        camera: r.text(0)?,
        version: r.int(1)?,
        plan: r.text(2)?,
        digest: r.text(3)?,
        note: r.text(4)?,
        by: r.parsed_opt(5)?,
        at: Instant(r.int(6)?),
    })
}

fn guard_row(r: &Row) -> Result<Guard, StoreError> {
    let (state, reason) = (r.text(1)?, r.text_opt(2)?);
    let wrong = |word: &str| StoreError::Corrupt(format!("{word:?} is no state of a guard"));
    let reason = reason.map(|word| word.parse().map_err(|()| wrong(&word))).transpose()?;
    Ok(Guard { state: state.parse().map_err(|()| wrong(&state))?, reason, since: Instant(r.int(0)?) })
}

fn quiet_row(r: &Row) -> Result<QuietRow, StoreError> {
    Ok(QuietRow {
        n: r.int(0)?,
        quiet: read("a quiet place", &r.text(1)?)?,
        by: r.parsed_opt(2)?,
        at: Instant(r.int(3)?),
        ended: r.int_opt(4)?.map(Instant),
    })
}

/// The next version must follow the one that was looked at.
fn follows(tx: &mut dyn Tx, sql: &'static str, key: &str, base: i64) -> Result<(), StoreError> {
    let newest = tx.row(sql, args![key])?.map_or(Ok(0), |row| row.int_opt(0).map(Option::unwrap_or_default))?;
    if newest == base { Ok(()) } else { Err(StoreError::Conflict) }
}

impl Store {
    /// Cameras that the caller sees, by code.
    pub async fn cameras(&self, caller: &Caller) -> Result<Vec<CameraRow>, StoreError> {
        let [counties, units, _] = Within::of(caller, Right::EyeRead).args();
        self.read(cameras!(" ORDER BY c.code, c.id"), args![counties, units]).await?.iter().map(camera_row).collect()
    }

    /// One camera.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such one.
    pub async fn camera(&self, caller: &Caller, id: &str) -> Result<CameraRow, StoreError> {
        self.camera_for(caller, Right::EyeRead, id).await
    }

    /// One camera that the caller may do something to.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when they do not see it, [`StoreError::Forbidden`] when they may not.
    pub async fn camera_to(&self, caller: &Caller, right: Right, id: &str) -> Result<CameraRow, StoreError> {
        let row = self.camera(caller, id).await?;
        self.camera_for(caller, right, id).await.map_err(|_| StoreError::Forbidden)?;
        Ok(row)
    }

    async fn camera_for(&self, caller: &Caller, right: Right, id: &str) -> Result<CameraRow, StoreError> {
        let [counties, units, _] = Within::of(caller, right).args();
        let row = self.read_one(cameras!(" AND c.id=$3"), args![counties, units, id]).await?;
        camera_row(&row.ok_or(StoreError::NotFound)?)
    }

    /// The addresses of a camera: what it is recorded from, and what it is looked at by, where that is another.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when they do not open.
    pub async fn camera_addresses(&self, id: &str) -> Result<(Secret, Option<Secret>), StoreError> {
        let text = "SELECT secret FROM camera WHERE id=$1 ORDER BY version DESC LIMIT 1";
        let kept = self.read_one(text, args![id]).await?.ok_or(StoreError::NotFound)?.text(0)?;
        let open = self.seals.unseal(&camera_purpose(id), &kept).map_err(StoreError::Sealed)?;
        let text = String::from_utf8(open).map_err(|_| StoreError::Corrupt("an address is no text".into()))?;
        if text.is_empty() {
            return Err(StoreError::Sealed(format!("{}: was given up", camera_purpose(id))));
        }
        let (address, detect): (String, Option<String>) = read("addresses of a camera", &text)?;
        Ok((Secret::new(address), detect.map(Secret::new)))
    }

    /// Keeps the next version of a camera; the first when `base` is 0.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller may not see the station, [`StoreError::Forbidden`] when they may change no camera,
    /// [`StoreError::Conflict`] when somebody else has changed it, or its code is another's.
    pub async fn camera_put(
        &self,
        caller: &Caller,
        row: CameraRow,
        (address, detect): (Secret, Option<Secret>),
    ) -> Result<(), StoreError> {
        if !caller.may(Right::EyeChange) {
            return Err(StoreError::Forbidden);
        }
        self.station_seen(caller, Right::EyeChange, &row.camera.station).await?;
        let open = written(&(address.expose(), detect.as_ref().map(Secret::expose)))?;
        let secret = self.seals.seal(&camera_purpose(&row.id), open.as_bytes()).map_err(StoreError::Sealed)?;
        let (caller, body) = (caller.clone(), written(&row.camera)?);
        self.write(move |tx| {
            let newest = "SELECT MAX(version) FROM camera WHERE id=$1";
            follows(tx, newest, &row.id, row.version - 1)?;
            let taken = "SELECT 1 FROM camera WHERE code=$1 AND id<>$2";
            if tx.row(taken, args![&row.camera.code, &row.id])?.is_some() {
                return Err(StoreError::Conflict);
            }
            tx.execute(
                "INSERT INTO camera (id, version, station, code, body, secret, person, at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
                args![&row.id, row.version, &row.camera.station, &row.camera.code, &body, &secret, row.by, row.at],
            )?;
            let after = serde_json::json!({"version": row.version, "camera": row.camera});
            note(tx, &caller, row.at, "camera_put", &row.id, Change { before: None, after: Some(after) })
        })
        .await
    }

    /// Versions of a camera's fences, the newest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the camera.
    pub async fn plans(&self, caller: &Caller, camera: &str) -> Result<Vec<PlanRow>, StoreError> {
        self.camera(caller, camera).await?;
        self.read(PLANS, args![camera]).await?.iter().map(plan_row).collect()
    }

    /// Keeps the next version of a camera's fences.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the camera, [`StoreError::Forbidden`] when they may draw none there,
    /// [`StoreError::Conflict`] when somebody else has drawn meanwhile.
    pub async fn plan_put(&self, caller: &Caller, mut row: PlanRow) -> Result<PlanRow, StoreError> {
        self.camera_to(caller, Right::EyeFence, &row.camera).await?;
        row.digest = hex::encode(Sha256::digest(row.plan.as_bytes()));
        let caller = caller.clone();
        self.write(move |tx| {
            follows(tx, "SELECT MAX(version) FROM camera_plan WHERE camera=$1", &row.camera, row.version - 1)?;
            tx.execute(
                "INSERT INTO camera_plan (camera, version, plan, digest, note, person, at) VALUES ($1,$2,$3,$4,$5,$6,$7)",
                args![&row.camera, row.version, &row.plan, &row.digest, &row.note, row.by, row.at],
            )?;
            let after = serde_json::json!({"version": row.version, "digest": row.digest});
            note(tx, &caller, row.at, "fence_put", &row.camera, Change { before: None, after: Some(after) })?;
            Ok(row.clone())
        })
        .await
    }

    /// A camera's guard has changed. One that is as it was is not written again; a clock that went back does not undo anything.
    pub async fn guard_put(&self, camera: String, guard: Guard) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let newest = "SELECT since, state, reason FROM camera_guard WHERE camera=$1 ORDER BY since DESC LIMIT 1";
            let newest = tx.row(newest, args![&camera])?.map(|r| guard_row(&r)).transpose()?;
            if newest.is_some_and(|was| (was.state, was.reason) == (guard.state, guard.reason)) {
                return Ok(false);
            }
            let since = newest.map_or(guard.since, |was| guard.since.max(Instant(was.since.0 + 1)));
            tx.execute(
                "INSERT INTO camera_guard (camera, since, state, reason) VALUES ($1,$2,$3,$4)",
                args![&camera, since, guard.state.as_str(), guard.reason.map(Reason::as_str)],
            )?;
            Ok(true)
        })
        .await
    }

    /// How a camera's guard has changed in `[from, to)`, ascending, with the state that it had at `from`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the camera.
    pub async fn guards(
        &self,
        caller: &Caller,
        camera: &str,
        (from, to): (Instant, Instant),
    ) -> Result<Vec<Guard>, StoreError> {
        self.camera(caller, camera).await?;
        let text = "SELECT since, state, reason FROM camera_guard WHERE camera=$1 AND since<$3 AND since>=COALESCE(\
            (SELECT MAX(since) FROM camera_guard WHERE camera=$1 AND since<=$2), $2) ORDER BY since";
        self.read(text, args![camera, from, to]).await?.iter().map(guard_row).collect()
    }

    /// Places where something is no person, oldest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the camera.
    pub async fn quiets(&self, caller: &Caller, camera: &str) -> Result<Vec<QuietRow>, StoreError> {
        self.camera(caller, camera).await?;
        let text = "SELECT n, body, person, at, ended FROM camera_quiet WHERE camera=$1 ORDER BY n";
        self.read(text, args![camera]).await?.iter().map(quiet_row).collect()
    }

    /// Says that something at a place is no person; gives its number.
    ///
    /// # Errors
    /// As [`Self::plan_put`].
    pub async fn quiet_put(&self, caller: &Caller, camera: &str, quiet: Quiet, at: Instant) -> Result<i64, StoreError> {
        self.camera_to(caller, Right::EyeFence, camera).await?;
        let (caller, camera, body) = (caller.clone(), camera.to_owned(), written(&quiet)?);
        self.write(move |tx| {
            let last = tx.row("SELECT MAX(n) FROM camera_quiet WHERE camera=$1", args![&camera])?;
            let n = last.map_or(Ok(None), |row| row.int_opt(0))?.unwrap_or_default() + 1;
            tx.execute(
                "INSERT INTO camera_quiet (camera, n, body, person, at) VALUES ($1,$2,$3,$4,$5)",
                args![&camera, n, &body, caller.id(), at],
            )?;
            let after = serde_json::json!({"n": n, "quiet": quiet});
            note(tx, &caller, at, "quiet_put", &camera, Change { before: None, after: Some(after) })?;
            Ok(n)
        })
        .await
    }

    /// Ends such a place.
    ///
    /// # Errors
    /// As [`Self::plan_put`]; [`StoreError::Conflict`] when it has ended already.
    pub async fn quiet_end(&self, caller: &Caller, camera: &str, n: i64, at: Instant) -> Result<(), StoreError> {
        self.camera_to(caller, Right::EyeFence, camera).await?;
        let (caller, camera) = (caller.clone(), camera.to_owned());
        self.write(move |tx| {
            let text = "UPDATE camera_quiet SET ended=$3, ender=$4 WHERE camera=$1 AND n=$2 AND ended IS NULL";
            if tx.execute(text, args![&camera, n, at, caller.id()])? == 0 {
                return Err(StoreError::Conflict);
            }
            let after = serde_json::json!({"n": n});
            note(tx, &caller, at, "quiet_end", &camera, Change { before: None, after: Some(after) })
        })
        .await
    }
}

impl Store {
    /// Notes that a camera is to learn its scene anew.
    ///
    /// # Errors
    /// As [`Self::plan_put`].
    pub async fn scene_note(
        &self,
        caller: &Caller,
        camera: &str,
        at: Instant,
        words: String,
    ) -> Result<(), StoreError> {
        self.camera_to(caller, Right::EyeFence, camera).await?;
        let (caller, camera) = (caller.clone(), camera.to_owned());
        self.write(move |tx| {
            let after = serde_json::json!({"note": words});
            note(tx, &caller, at, "scene_learn", &camera, Change { before: None, after: Some(after) })
        })
        .await
    }
}
