//! Judgements, and the small states of the rules that make alarms.

use shanshui_domain::id::StationCode;
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::Instant;

use crate::scope::{Within, at_station};
use crate::sql::{Row, Tx};
use crate::{Store, StoreError, args};

/// A judgement of one station and period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgementRow {
    /// Station.
    pub station: StationCode,
    /// Period's stamp.
    pub at: Instant,
    /// What was judged: `water_real`, `aqi_hour`, `discharge_real`.
    pub kind: String,
    /// Edition applied.
    pub edition: String,
    /// 1 for the first, more when data came late or changed.
    pub version: i64,
    /// 1 (best) to 6 (worst); none when not judged.
    pub level: Option<i64>,
    /// Label, deciding factors and whether it exceeds, as JSON.
    pub result: String,
    /// Everything that led to it, as JSON.
    pub explanation: String,
    /// When it was made.
    pub made: Instant,
}

fn judgement(r: &Row) -> Result<JudgementRow, StoreError> {
    Ok(JudgementRow {
        station: StationCode(r.text(0)?),
        at: Instant(r.int(1)?),
        kind: r.text(2)?,
        edition: r.text(3)?,
        version: r.int(4)?,
        level: r.int_opt(5)?,
        result: r.text(6)?,
        explanation: r.text(7)?,
        made: Instant(r.int(8)?),
    })
}

pub(crate) fn put_judgement(tx: &mut dyn Tx, j: &JudgementRow) -> Result<bool, StoreError> {
    let newest = tx.row(
        "SELECT version, result, explanation FROM judgement WHERE station=$1 AND at=$2 AND kind=$3 AND edition=$4 \
         ORDER BY version DESC LIMIT 1",
        args![&j.station, j.at, &j.kind, &j.edition],
    )?;
    let version = match newest {
        Some(row) if row.text(1)? == j.result && row.text(2)? == j.explanation => return Ok(false),
        Some(row) => row.int(0)? + 1,
        None => 1,
    };
    tx.execute(
        "INSERT INTO judgement (station, at, kind, edition, version, level, result, explanation, made) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
        args![&j.station, j.at, &j.kind, &j.edition, version, j.level, &j.result, &j.explanation, j.made],
    )?;
    tx.execute(
        "INSERT INTO judgement_latest (station, kind, at, edition, version) VALUES ($1,$2,$3,$4,$5) \
         ON CONFLICT (station, kind) DO UPDATE SET at=excluded.at, edition=excluded.edition, \
         version=excluded.version WHERE excluded.at >= judgement_latest.at",
        args![&j.station, &j.kind, j.at, &j.edition, version],
    )?;
    Ok(true)
}

pub(crate) fn put_states(tx: &mut dyn Tx, states: Vec<(String, String)>) -> Result<(), StoreError> {
    for (key, value) in states {
        tx.execute(
            "INSERT INTO rule_state (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value=excluded.value",
            args![key, value],
        )?;
    }
    Ok(())
}

const OF_KIND: &str = concat!(
    "SELECT j.station, j.at, j.kind, j.edition, j.version, j.level, j.result, j.explanation, j.made FROM placed p \
     JOIN judgement j ON j.station=p.station AND j.at>=$2 AND j.at<$3 AND j.kind=$1 \
     WHERE j.version=(SELECT MAX(n.version) FROM judgement n WHERE n.station=j.station AND n.at=j.at AND n.kind=j.kind \
     AND n.edition=j.edition) AND ",
    at_station!("p.station", "$4", "$5"),
    " ORDER BY j.station, j.at, j.edition LIMIT $6"
);

impl Store {
    /// Keeps a judgement. The same again is not written; another one for the same station, period and edition becomes the next
    /// version, and the old one stays. True when something was written. `version` is given by the store.
    pub async fn judgement_put(&self, j: JudgementRow) -> Result<bool, StoreError> {
        self.write(move |tx| put_judgement(tx, &j)).await
    }

    /// The newest judgement of every station and kind: that of the newest period, and the last made of it.
    pub async fn judgement_latest(&self) -> Result<Vec<JudgementRow>, StoreError> {
        let rows = self
            .read(
                "SELECT j.station, j.at, j.kind, j.edition, j.version, j.level, j.result, j.explanation, j.made \
                 FROM judgement_latest l JOIN judgement j ON j.station=l.station AND j.at=l.at AND j.kind=l.kind \
                 AND j.edition=l.edition AND j.version=l.version ORDER BY l.station, l.kind",
                args![],
            )
            .await?;
        rows.iter().map(judgement).collect()
    }

    /// The newest judgement of one station, whatever was judged.
    pub async fn judgement_newest(&self, station: &StationCode) -> Result<Option<JudgementRow>, StoreError> {
        let text = "SELECT j.station, j.at, j.kind, j.edition, j.version, j.level, j.result, j.explanation, j.made \
            FROM judgement_latest l JOIN judgement j ON j.station=l.station AND j.at=l.at AND j.kind=l.kind \
            AND j.edition=l.edition AND j.version=l.version WHERE l.station=$1 ORDER BY l.at DESC LIMIT 1";
        self.read_one(text, args![station]).await?.as_ref().map(judgement).transpose()
    }

    /// Judgements of a station in `[from, to)`, newest first, every version.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn judgements(
        &self,
        caller: &Caller,
        station: &StationCode,
        (from, to): (Instant, Instant),
        limit: usize,
    ) -> Result<Vec<JudgementRow>, StoreError> {
        self.station_seen(caller, Right::StationRead, station).await?;
        let rows = self
            .read(
                "SELECT station, at, kind, edition, version, level, result, explanation, made FROM judgement \
                 WHERE station=$1 AND at>=$2 AND at<$3 ORDER BY at DESC, version DESC LIMIT $4",
                args![station, from, to, limit as i64],
            )
            .await?;
        rows.iter().map(judgement).collect()
    }

    /// The newest judgement of each period of one kind in `[from, to)`, of the stations that the caller sees, by station and time.
    pub async fn judgements_of(
        &self,
        caller: &Caller,
        kind: &str,
        (from, to): (Instant, Instant),
        limit: usize,
    ) -> Result<Vec<JudgementRow>, StoreError> {
        let [counties, units, _] = Within::of(caller, Right::StationRead).args();
        let rows = self.read(OF_KIND, args![kind, from, to, counties, units, limit as i64]).await?;
        rows.iter().map(judgement).collect()
    }

    /// States of the alarm rules.
    pub async fn rule_states(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = self.read("SELECT key, value FROM rule_state", args![]).await?;
        rows.iter().map(|r| Ok((r.text(0)?, r.text(1)?))).collect()
    }

    /// Keeps states of alarm rules.
    pub async fn rule_states_put(&self, states: Vec<(String, String)>) -> Result<(), StoreError> {
        self.write(move |tx| put_states(tx, states)).await
    }
}
