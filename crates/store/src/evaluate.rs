//! Evaluations of spans (时段评价): what a station was over a week, a month, a quarter, a year; and the days that they are made of.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use shanshui_domain::analyse::air::area::is_area;
use shanshui_domain::analyse::water::automatic::DaySum;
use shanshui_domain::id::{PointId, StationCode};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use shanshui_history::Ranged;

use crate::cluster::put_job;
use crate::scope::{Within, at_station};
use crate::sql::{Row, Tx};
use crate::walk::{Held, Seen, Walk};
use crate::{JobIn, Store, StoreError, args};

/// What one station was over a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationRow {
    /// What was judged: `water_section`.
    pub kind: String,
    /// The span, as `shanshui_domain::analyse::span::Span` writes it.
    pub span: String,
    /// Station.
    pub station: StationCode,
    /// Edition applied.
    pub edition: String,
    /// 1 for the first, more when data came late or changed.
    pub version: i64,
    /// 1 (best) to 6 (worst); none when not judged.
    pub level: Option<i64>,
    /// Everything that led to it, as JSON.
    pub result: String,
    /// When it was made.
    pub made: Instant,
}

fn evaluation(r: &Row) -> Result<EvaluationRow, StoreError> {
    Ok(EvaluationRow {
        kind: r.text(0)?,
        span: r.text(1)?,
        station: StationCode(r.text(2)?),
        edition: r.text(3)?,
        version: r.int(4)?,
        level: r.int_opt(5)?,
        result: r.text(6)?,
        made: Instant(r.int(7)?),
    })
}

fn put(tx: &mut dyn Tx, e: &EvaluationRow) -> Result<bool, StoreError> {
    let newest = tx.row(
        "SELECT version, result FROM evaluation WHERE kind=$1 AND span=$2 AND station=$3 AND edition=$4 \
         ORDER BY version DESC LIMIT 1",
        args![&e.kind, &e.span, &e.station, &e.edition],
    )?;
    let version = match newest {
        Some(row) if row.text(1)? == e.result => return Ok(false),
        Some(row) => row.int(0)? + 1,
        None => 1,
    };
    tx.execute(
        "INSERT INTO evaluation (kind, span, station, edition, version, level, result, made) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)",
        args![&e.kind, &e.span, &e.station, &e.edition, version, e.level, &e.result, e.made],
    )?;
    Ok(true)
}

const NEWEST: &str = concat!(
    "SELECT e.kind, e.span, e.station, e.edition, e.version, e.level, e.result, e.made FROM evaluation e \
     WHERE e.kind=$1 AND e.span=$2 AND e.version=(SELECT MAX(n.version) FROM evaluation n WHERE n.kind=e.kind AND n.span=e.span \
     AND n.station=e.station AND n.edition=e.edition) AND ",
    at_station!("e.station", "$3", "$4"),
    " ORDER BY e.station, e.edition"
);

/// Spans of one length lie between the texts of the first and the last of them.
const BETWEEN: &str = "SELECT e.kind, e.span, e.station, e.edition, e.version, e.level, e.result, e.made FROM evaluation e \
     WHERE e.kind=$1 AND e.span>=$2 AND e.span<=$3 AND LENGTH(e.span)=LENGTH($2) AND e.station=$4 \
     AND e.version=(SELECT MAX(n.version) FROM evaluation n WHERE n.kind=e.kind AND n.span=e.span \
     AND n.station=e.station AND n.edition=e.edition) ORDER BY e.span, e.edition";

const SPANS: &str = concat!(
    "SELECT DISTINCT e.span FROM evaluation e WHERE e.kind=$1 AND ",
    at_station!("e.station", "$2", "$3"),
    " AND LENGTH(e.span) < 10 ORDER BY e.span DESC LIMIT $4"
);

const DAYS: &str = concat!(
    "SELECT DISTINCT e.span FROM evaluation e WHERE e.kind=$1 AND ",
    at_station!("e.station", "$2", "$3"),
    " AND LENGTH(e.span) = 10 ORDER BY e.span DESC LIMIT $4"
);

impl Store {
    /// Keeps an evaluation. The same again is not written; another one for the same station, span and edition becomes the next
    /// version, and the old one stays. True when something was written; what depends on it is put down in the same write, so that no
    /// crash can come between. `version` is given by the store.
    pub async fn evaluation_put(&self, e: EvaluationRow, depends: Vec<JobIn>) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let new = put(tx, &e)?;
            if new {
                depends.iter().try_for_each(|job| put_job(tx, job).map(drop))?;
            }
            Ok(new)
        })
        .await
    }

    /// What the stations that the caller sees were over a span: the newest version of each edition, by station.
    pub async fn evaluations(&self, caller: &Caller, kind: &str, span: &str) -> Result<Vec<EvaluationRow>, StoreError> {
        let [counties, units, _] = Within::of(caller, Right::StationRead).args();
        let rows = self.read(NEWEST, args![kind, span, counties, units]).await?;
        rows.iter().map(evaluation).collect()
    }

    /// What areas were over a span: the newest version of each edition, by area. Whoever sees any station sees them: what the air of a
    /// city is like is public.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] when the caller sees no stations at all.
    pub async fn area_evaluations(
        &self,
        caller: &Caller,
        kind: &str,
        span: &str,
    ) -> Result<Vec<EvaluationRow>, StoreError> {
        if !caller.may(Right::StationRead) {
            return Err(StoreError::Forbidden);
        }
        let everywhere = args![kind, span, "*", ""];
        self.read(NEWEST, everywhere).await?.iter().map(evaluation).collect()
    }

    /// What one station, or one area of [`area_evaluations`](Self::area_evaluations), was over spans of one length, from the first to
    /// the last: the newest version of each edition, rising.
    pub async fn evaluations_between(
        &self,
        kind: &str,
        station: &StationCode,
        (first, last): (&str, &str),
    ) -> Result<Vec<EvaluationRow>, StoreError> {
        self.read(BETWEEN, args![kind, first, last, station]).await?.iter().map(evaluation).collect()
    }

    /// The spans longer than a day of which there is something that the caller sees, the greatest text first.
    pub async fn evaluated_spans(&self, caller: &Caller, kind: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        self.spans(SPANS, caller, kind, limit).await
    }

    /// The days of which there is something that the caller sees, newest first.
    pub async fn evaluated_days(&self, caller: &Caller, kind: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        self.spans(DAYS, caller, kind, limit).await
    }

    async fn spans(
        &self,
        text: &'static str,
        caller: &Caller,
        kind: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let [counties, units, _] = Within::of(caller, Right::StationRead).args();
        let rows = self.read(text, args![kind, counties, units, limit as i64]).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Every version of what a station was over a span, newest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn evaluation_versions(
        &self,
        caller: &Caller,
        (kind, span): (&str, &str),
        station: &StationCode,
    ) -> Result<Vec<EvaluationRow>, StoreError> {
        if !is_area(station) {
            self.station_seen(caller, Right::StationRead, station).await?;
        }
        let rows = self
            .read(
                "SELECT kind, span, station, edition, version, level, result, made FROM evaluation \
                 WHERE kind=$1 AND span=$2 AND station=$3 ORDER BY edition, version DESC",
                args![kind, span, station],
            )
            .await?;
        rows.iter().map(evaluation).collect()
    }

    /// Valid values of points by civil days in `[from, to)`, added exactly: a number counts as the shortest decimal that reads as it,
    /// which is the one that was sent up to fifteen digits. Newest version of each key.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station of one of them.
    pub async fn day_sums(
        &self,
        caller: &Caller,
        points: &[PointId],
        kind: PeriodKind,
        span: (Instant, Instant),
        zone: &Zone,
    ) -> Result<Ranged<(PointId, Vec<DaySum>)>, StoreError> {
        let mut out = Ranged::default();
        for point in points {
            self.point_seen(caller, Right::StationRead, *point).await?;
            let (days, unread) = self.walked((*point, kind), span, || Days::new(zone.clone())).await?;
            out.rows.push((*point, days.days.into_values().collect()));
            out.unread.extend(unread);
        }
        Ok(out)
    }
}

/// Adds up the days of a series.
struct Days {
    zone: Zone,
    days: BTreeMap<Date, DaySum>,
}

impl Days {
    fn new(zone: Zone) -> Self {
        Self { zone, days: BTreeMap::new() }
    }
}

impl Walk for Days {
    fn see(&mut self, seen: Seen, _: Held) {
        let day = self.zone.day(seen.at);
        let sums = self.days.entry(day).or_insert(DaySum { day, valid: 0, marked: 0, sum: Decimal::ZERO });
        // the shortest decimal text of a float, and no binary fraction of it
        let exact = |n: f64| n.to_string().parse::<Decimal>().ok();
        match seen.number.filter(|_| !seen.marked).and_then(exact) {
            Some(value) => {
                sums.valid += 1;
                sums.sum += value;
            }
            None => sums.marked += 1,
        }
    }
}
