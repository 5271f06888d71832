//! Announced visits.

use shanshui_domain::id::{PersonId, StationCode};
use shanshui_domain::place::Secret;
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::sense::eye::visit::{Decider, Visit, VisitState, may_become};
use shanshui_domain::time::Instant;

use super::{read, written};
use crate::audit::{Change, note};
use crate::scope::{Within, at_station};
use crate::sql::Row;
use crate::{Store, StoreError, args};

/// A visit as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitRow {
    /// Id.
    pub id: String,
    /// Station.
    pub station: StationCode,
    /// What, and when.
    pub visit: Visit,
    /// Who comes, and their telephone number.
    pub who: (Secret, Secret),
    /// How it stands.
    pub state: VisitState,
    /// Who asked for it.
    pub asked: (PersonId, Instant),
    /// Who decided it.
    pub decided: Option<(PersonId, Instant)>,
    /// In which words.
    pub note: String,
}

/// Which visits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitFilter {
    /// Of one station.
    pub station: Option<StationCode>,
    /// In one state.
    pub state: Option<VisitState>,
    /// That end after.
    pub from: Option<Instant>,
    /// That begin before.
    pub to: Option<Instant>,
}

/// What name and number of a visit are sealed for.
pub(crate) fn visit_purpose(id: &str) -> String {
    format!("visit:{id}")
}

macro_rules! visits {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.station, v.state, v.body, v.secret, v.person, v.at, v.decider, v.decided, v.note FROM visit v WHERE ",
            at_station!("v.station", "$1", "$2"),
            $rest
        )
    };
}

impl Store {
    fn visit_row(&self, r: &Row) -> Result<VisitRow, StoreError> {
        let (id, state) = (r.text(0)?, r.text(2)?);
        let open = self.seals.unseal(&visit_purpose(&id), &r.text(4)?).map_err(StoreError::Sealed)?;
        let text = String::from_utf8(open).map_err(|_| StoreError::Corrupt("a name is no text".into()))?;
        let (who, phone): (String, String) =
            if text.is_empty() { Default::default() } else { read("a visitor", &text)? };
        Ok(VisitRow {
            station: StationCode(r.text(1)?),
            state: state.parse().map_err(|()| StoreError::Corrupt(format!("{state:?} is no state of a visit")))?,
            visit: read("a visit", &r.text(3)?)?,
            who: (Secret::new(who), Secret::new(phone)),
            asked: (r.parsed(5)?, Instant(r.int(6)?)),
            decided: r.parsed_opt(7)?.zip(r.int_opt(8)?.map(Instant)),
            note: r.text(9)?,
            id,
        })
    }

    /// Keeps a visit that somebody asks for.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller may announce none at the station.
    pub async fn visit_put(&self, caller: &Caller, row: VisitRow) -> Result<(), StoreError> {
        self.station_seen(caller, Right::VisitAsk, &row.station).await?;
        let open = written(&(row.who.0.expose(), row.who.1.expose()))?;
        let secret = self.seals.seal(&visit_purpose(&row.id), open.as_bytes()).map_err(StoreError::Sealed)?;
        let (caller, body) = (caller.clone(), written(&row.visit)?);
        self.write(move |tx| {
            tx.execute(
                "INSERT INTO visit (id, station, from_at, to_at, state, body, secret, person, at, note) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,'')",
                args![
                    &row.id,
                    &row.station,
                    row.visit.from,
                    row.visit.to,
                    row.state.as_str(),
                    &body,
                    &secret,
                    row.asked.0,
                    row.asked.1
                ],
            )?;
            let after = serde_json::json!({"station": row.station, "visit": row.visit});
            note(tx, &caller, row.asked.1, "visit_put", &row.id, Change { before: None, after: Some(after) })
        })
        .await
    }

    /// Decides a visit, or takes it back.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see it, [`StoreError::Forbidden`] when they may not, [`StoreError::Visit`]
    /// when the rules say no.
    pub async fn visit_decide(
        &self,
        caller: &Caller,
        id: &str,
        then: VisitState,
        (at, words): (Instant, String),
    ) -> Result<(), StoreError> {
        let row = self.visit(caller, id).await?;
        let by = caller.id().ok_or(StoreError::Forbidden)?;
        let approves = self.station_seen(caller, Right::VisitApprove, &row.station).await.is_ok();
        let decider = match (row.asked.0 == by, approves) {
            (true, _) => Decider::Asker,
            (false, true) => Decider::Approver,
            (false, false) => Decider::Other,
        };
        let right = if then == VisitState::Cancelled { Right::VisitAsk } else { Right::VisitApprove };
        self.station_seen(caller, right, &row.station).await.map_err(|_| StoreError::Forbidden)?;
        let caller = caller.clone();
        self.write(move |tx| {
            let now = tx.row("SELECT state FROM visit WHERE id=$1", args![&row.id])?.ok_or(StoreError::NotFound)?;
            let is = now.text(0)?.parse().map_err(|()| StoreError::Corrupt("state of a visit".into()))?;
            may_become(&row.visit, is, then, decider, (at, &words)).map_err(StoreError::Visit)?;
            tx.execute(
                "UPDATE visit SET state=$2, decider=$3, decided=$4, note=$5 WHERE id=$1",
                args![&row.id, then.as_str(), by, at, &words],
            )?;
            let after = serde_json::json!({"state": then, "note": words});
            note(tx, &caller, at, "visit_decide", &row.id, Change { before: None, after: Some(after) })
        })
        .await
    }

    /// One visit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller sees no such one.
    pub async fn visit(&self, caller: &Caller, id: &str) -> Result<VisitRow, StoreError> {
        let [counties, units, _] = Within::of(caller, Right::EyeRead).args();
        let row = self.read_one(visits!(" AND v.id=$3"), args![counties, units, id]).await?;
        self.visit_row(&row.ok_or(StoreError::NotFound)?)
    }

    /// Visits that the caller sees, those that begin last first.
    pub async fn visits(
        &self,
        caller: &Caller,
        filter: &VisitFilter,
        limit: usize,
    ) -> Result<Vec<VisitRow>, StoreError> {
        const LIST: &str = visits!(
            " AND ($3='' OR v.station=$3) AND ($4='' OR v.state=$4) AND v.to_at>$5 AND v.from_at<$6 \
             ORDER BY v.from_at DESC, v.id DESC LIMIT $7"
        );
        let [counties, units, _] = Within::of(caller, Right::EyeRead).args();
        let args = args![
            counties,
            units,
            filter.station.as_ref().map_or("", StationCode::as_str),
            filter.state.map_or("", VisitState::as_str),
            filter.from.unwrap_or(Instant(i64::MIN)),
            filter.to.unwrap_or(Instant(i64::MAX)),
            limit as i64
        ];
        self.read(LIST, args).await?.iter().map(|r| self.visit_row(r)).collect()
    }

    /// The approved visit that covers an instant at a station.
    pub async fn visit_at(&self, station: &StationCode, at: Instant) -> Result<Option<String>, StoreError> {
        let text = "SELECT id FROM visit WHERE station=$1 AND state='approved' AND from_at<=$2 AND to_at>$2 ORDER BY id LIMIT 1";
        self.read_one(text, args![station, at]).await?.map(|row| row.text(0)).transpose()
    }
}
