//! Loudspeakers: what each says and by which way, and what came of speaking.

use sha2::{Digest as _, Sha256};
use shanshui_domain::id::{PersonId, StationCode};
use shanshui_domain::place::Secret;
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::sense::eye::Spoken;
use shanshui_domain::time::Instant;

use crate::audit::{Change, note};
use crate::sql::Row;
use crate::{Store, StoreError, args};

/// A version of a station's loudspeaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceRow {
    /// Station.
    pub station: StationCode,
    /// From 1.
    pub version: i64,
    /// Text, repeats, quiet hours, way: as JSON, without what opens it.
    pub body: String,
    /// Addresses with names and passwords, as JSON.
    pub secret: Secret,
    /// The recording that is played instead of the text.
    pub sound: Option<String>,
    /// Who; none of the program.
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
}

/// A recording of somebody's voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundRow {
    /// Id.
    pub id: String,
    /// SHA-256, in hex.
    pub sha256: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What came of speaking once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpokenRow {
    /// Id.
    pub id: String,
    /// Station.
    pub station: StationCode,
    /// The event it was about.
    pub event: Option<String>,
    /// What came of it.
    pub result: Spoken,
    /// How, and what was answered.
    pub detail: String,
    /// Milliseconds to the first byte of sound.
    pub ms: Option<i64>,
    /// Who spoke; none of the program.
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
}

/// What the addresses of a loudspeaker are sealed for.
pub(crate) fn voice_purpose(station: &str) -> String {
    format!("voice:{station}")
}

const NEWEST: &str = "SELECT station, version, body, secret, sound, person, at FROM voice WHERE station=$1 ORDER BY version DESC LIMIT 1";

fn spoken_row(r: &Row) -> Result<SpokenRow, StoreError> {
    let result = r.text(3)?;
    Ok(SpokenRow {
        id: r.text(0)?,
        station: StationCode(r.text(1)?),
        event: r.text_opt(2)?,
        result: result.parse().map_err(|()| StoreError::Corrupt(format!("{result:?} is no result")))?,
        detail: r.text(4)?,
        ms: r.int_opt(5)?,
        by: r.parsed_opt(6)?,
        at: Instant(r.int(7)?),
    })
}

impl Store {
    /// The loudspeaker of a station, its newest version; none when nobody has said anything of one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn voice(&self, caller: &Caller, station: &StationCode) -> Result<Option<VoiceRow>, StoreError> {
        self.station_seen(caller, Right::EyeRead, station).await?;
        let Some(r) = self.read_one(NEWEST, args![station]).await? else { return Ok(None) };
        let open = self.seals.unseal(&voice_purpose(station.as_str()), &r.text(3)?).map_err(StoreError::Sealed)?;
        let open = String::from_utf8(open).map_err(|_| StoreError::Corrupt("an address is no text".into()))?;
        Ok(Some(VoiceRow {
            station: StationCode(r.text(0)?),
            version: r.int(1)?,
            body: r.text(2)?,
            secret: Secret::new(open),
            sound: r.text_opt(4)?,
            by: r.parsed_opt(5)?,
            at: Instant(r.int(6)?),
        }))
    }

    /// Keeps the next version, with a recording when there is a new one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station, [`StoreError::Forbidden`] when they may not speak there,
    /// [`StoreError::Conflict`] when somebody else has changed it.
    pub async fn voice_put(&self, caller: &Caller, row: VoiceRow, sound: Option<SoundRow>) -> Result<(), StoreError> {
        self.station_seen(caller, Right::EyeRead, &row.station).await?;
        self.station_seen(caller, Right::VoiceSpeak, &row.station).await.map_err(|_| StoreError::Forbidden)?;
        let purpose = voice_purpose(row.station.as_str());
        let secret = self.seals.seal(&purpose, row.secret.expose().as_bytes()).map_err(StoreError::Sealed)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let newest = tx.row("SELECT MAX(version) FROM voice WHERE station=$1", args![&row.station])?;
            if newest.map_or(Ok(None), |r| r.int_opt(0))?.unwrap_or_default() != row.version - 1 {
                return Err(StoreError::Conflict);
            }
            if let Some(sound) = &sound {
                tx.execute(
                    "INSERT INTO sound (id, size, sha256, person, at, bytes) VALUES ($1,$2,$3,$4,$5,$6)",
                    args![&sound.id, sound.bytes.len() as i64, &sound.sha256, row.by, row.at, sound.bytes.clone()],
                )?;
            }
            tx.execute(
                "INSERT INTO voice (station, version, body, secret, sound, person, at) VALUES ($1,$2,$3,$4,$5,$6,$7)",
                args![&row.station, row.version, &row.body, &secret, row.sound.as_ref(), row.by, row.at],
            )?;
            let after = serde_json::json!({"version": row.version, "body": row.body, "sound": row.sound});
            note(tx, &caller, row.at, "voice_put", row.station.as_str(), Change { before: None, after: Some(after) })
        })
        .await
    }

    /// A recording of a station's loudspeaker.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none, [`StoreError::Corrupt`] when it is not what it was.
    pub async fn sound(&self, id: &str) -> Result<SoundRow, StoreError> {
        let row = self.read_one("SELECT sha256, bytes FROM sound WHERE id=$1", args![id]).await?;
        let row = row.ok_or(StoreError::NotFound)?;
        let (sha256, bytes) = (row.text(0)?, row.blob(1)?);
        if hex::encode(Sha256::digest(&bytes)) != sha256 {
            return Err(StoreError::Corrupt(format!("the recording {id} is not what it was")));
        }
        Ok(SoundRow { id: id.to_owned(), sha256, bytes })
    }

    /// Notes what came of speaking. What a person says by themselves is noted in the audit.
    pub async fn spoken_put(&self, caller: &Caller, row: SpokenRow) -> Result<(), StoreError> {
        self.station_seen(caller, Right::VoiceSpeak, &row.station).await?;
        let caller = caller.clone();
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO spoken (id, station, event, result, detail, ms, person, at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
                args![
                    &row.id,
                    &row.station,
                    row.event.as_ref(),
                    row.result.as_str(),
                    &row.detail,
                    row.ms,
                    row.by,
                    row.at
                ],
            )?;
            if row.by.is_none() {
                return Ok(());
            }
            let after = serde_json::json!({"result": row.result, "detail": row.detail});
            note(tx, &caller, row.at, "voice_speak", row.station.as_str(), Change { before: None, after: Some(after) })
        })
        .await
    }

    /// What came of speaking at a station, the newest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn spoken(
        &self,
        caller: &Caller,
        station: &StationCode,
        limit: usize,
    ) -> Result<Vec<SpokenRow>, StoreError> {
        const LAST: &str = "SELECT id, station, event, result, detail, ms, person, at FROM spoken WHERE station=$1 ORDER BY at DESC, id DESC LIMIT $2";
        self.station_seen(caller, Right::EyeRead, station).await?;
        self.read(LAST, args![station, limit as i64]).await?.iter().map(spoken_row).collect()
    }
}
