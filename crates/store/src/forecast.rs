//! Forecasts (预测预报) as they were made, and the series that they are made from.

use std::collections::BTreeMap;

use shanshui_domain::id::{FactorCode, PointId, StationCode};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_history::Ranged;

use crate::scope::{Within, at_station};
use crate::sql::{Row, Tx};
use crate::walk::{Held, Seen, Walk};
use crate::{Store, StoreError, args};

/// One forecast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastRow {
    /// Station.
    pub station: StationCode,
    /// Factor code; `aqi` of an index.
    pub factor: FactorCode,
    /// `series` of measured values, `aqi` of an index made of several.
    pub kind: String,
    /// The civil day on which it was made.
    pub day: String,
    /// 1 for the first of the day, more when it was made again and came out otherwise.
    pub version: i64,
    /// When it was made.
    pub made: Instant,
    /// Whether it is better than the last value, and shown.
    pub shown: bool,
    /// Everything that led to it, as JSON; or why there is none.
    pub body: String,
}

fn forecast(r: &Row) -> Result<ForecastRow, StoreError> {
    Ok(ForecastRow {
        station: StationCode(r.text(0)?),
        factor: FactorCode(r.text(1)?),
        kind: r.text(2)?,
        day: r.text(3)?,
        version: r.int(4)?,
        made: Instant(r.int(5)?),
        shown: r.int(6)? != 0,
        body: r.text(7)?,
    })
}

fn put(tx: &mut dyn Tx, f: &ForecastRow) -> Result<bool, StoreError> {
    let newest = tx.row(
        "SELECT version, body FROM forecast WHERE station=$1 AND factor=$2 AND kind=$3 AND day=$4 \
         ORDER BY version DESC LIMIT 1",
        args![&f.station, f.factor.as_str(), &f.kind, &f.day],
    )?;
    let version = match newest {
        Some(row) if row.text(1)? == f.body => return Ok(false),
        Some(row) => row.int(0)? + 1,
        None => 1,
    };
    tx.execute(
        "INSERT INTO forecast (station, factor, kind, day, version, made, shown, body) \
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
        args![&f.station, f.factor.as_str(), &f.kind, &f.day, version, f.made, i64::from(f.shown), &f.body],
    )?;
    Ok(true)
}

const NEWEST: &str = concat!(
    "SELECT f.station, f.factor, f.kind, f.day, f.version, f.made, f.shown, f.body FROM forecast f \
     WHERE ($1='' OR f.station=$1) AND f.day=(SELECT MAX(n.day) FROM forecast n WHERE n.station=f.station \
     AND n.factor=f.factor AND n.kind=f.kind) AND f.version=(SELECT MAX(v.version) FROM forecast v \
     WHERE v.station=f.station AND v.factor=f.factor AND v.kind=f.kind AND v.day=f.day) AND ",
    at_station!("f.station", "$2", "$3"),
    " ORDER BY f.station, f.factor, f.kind"
);

impl Store {
    /// Keeps a forecast. The same again is not written; another one of the same station, factor and day becomes the
    /// next version, and the old one stays. True when something was written. `version` is given by the store.
    pub async fn forecast_put(&self, f: ForecastRow) -> Result<bool, StoreError> {
        self.write(move |tx| put(tx, &f)).await
    }

    /// The newest forecast of each factor of a station, or of all stations that the caller sees.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn forecasts(
        &self,
        caller: &Caller,
        station: Option<&StationCode>,
    ) -> Result<Vec<ForecastRow>, StoreError> {
        if let Some(station) = station {
            self.station_seen(caller, Right::StationRead, station).await?;
        }
        let [counties, units, _] = Within::of(caller, Right::StationRead).args();
        let rows = self.read(NEWEST, args![station.map_or("", StationCode::as_str), counties, units]).await?;
        rows.iter().map(forecast).collect()
    }

    /// Forecasts of a factor of a station, every version, the newest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn forecasts_of(
        &self,
        caller: &Caller,
        (station, factor): (&StationCode, &str),
        limit: usize,
    ) -> Result<Vec<ForecastRow>, StoreError> {
        self.station_seen(caller, Right::StationRead, station).await?;
        let rows = self
            .read(
                "SELECT station, factor, kind, day, version, made, shown, body FROM forecast \
                 WHERE station=$1 AND factor=$2 \
                 ORDER BY day DESC, version DESC LIMIT $3",
                args![station, factor, limit as i64],
            )
            .await?;
        rows.iter().map(forecast).collect()
    }

    /// Stations that have a forecast of a civil day.
    pub async fn forecast_stations(&self, day: &str) -> Result<Vec<StationCode>, StoreError> {
        let rows = self.read("SELECT DISTINCT station FROM forecast WHERE day=$1 ORDER BY station", args![day]).await?;
        rows.iter().map(|row| row.text(0).map(StationCode)).collect()
    }

    /// Means of a point's valid values by step, in `[from, to)`, each stamped with the begin of its step; `offset_ms`
    /// is that of civil time, so that days begin at civil midnight. Newest version of each key.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn step_means(
        &self,
        caller: &Caller,
        (point, kind): (PointId, PeriodKind),
        span: (Instant, Instant),
        (step_ms, offset_ms): (i64, i64),
    ) -> Result<Ranged<(Instant, f64)>, StoreError> {
        self.point_seen(caller, Right::StationRead, point).await?;
        let fresh = || Steps { step: step_ms.max(1) * 1_000, offset: offset_ms * 1_000, sums: BTreeMap::new() };
        let (steps, unread) = self.walked((point, kind), span, fresh).await?;
        let mean = |(at, (sum, n)): (i64, (f64, u32))| (Instant(at), sum / f64::from(n));
        Ok(Ranged { rows: steps.sums.into_iter().map(mean).collect(), unread })
    }
}

/// Adds up the steps of a series.
struct Steps {
    step: i64,
    offset: i64,
    sums: BTreeMap<i64, (f64, u32)>,
}

impl Walk for Steps {
    fn see(&mut self, seen: Seen, _: Held) {
        if let Some(value) = seen.number.filter(|v| !seen.marked && v.is_finite()) {
            let at = (seen.at.0 + self.offset).div_euclid(self.step) * self.step - self.offset;
            let (sum, n) = self.sums.entry(at).or_insert((0.0, 0));
            *sum += value;
            *n += 1;
        }
    }
}
