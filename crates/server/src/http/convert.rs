//! From the domain's values to what the API shows, and back for the few things that come in.

use shanshui_domain::act::alarm::{AlarmKind, AlarmState};
use shanshui_domain::act::case::ActionName;
use shanshui_domain::place::StationKind;
use shanshui_domain::time::Instant;

use super::view::{AlarmKindView, AlarmStateView, CaseActionView, CaseStateView, StationKindView};
use crate::error::ApiError;

/// An instant as RFC 3339 text in UTC.
pub fn instant_out(at: Instant) -> String {
    at.to_string()
}

/// An instant from RFC 3339 text; `field` names it in the error.
pub fn instant_in(field: &str, text: &str) -> Result<Instant, ApiError> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    parsed.map(Instant::from_timestamp).map_err(|e| ApiError::field(field, e))
}

impl From<StationKind> for StationKindView {
    fn from(kind: StationKind) -> Self {
        match kind {
            StationKind::MunicipalSection => Self::MunicipalSection,
            StationKind::BoundarySection => Self::BoundarySection,
            StationKind::DrinkingSource => Self::DrinkingSource,
            StationKind::AirStation => Self::AirStation,
            StationKind::Outlet => Self::Outlet,
        }
    }
}

impl From<StationKindView> for StationKind {
    fn from(kind: StationKindView) -> Self {
        match kind {
            StationKindView::MunicipalSection => Self::MunicipalSection,
            StationKindView::BoundarySection => Self::BoundarySection,
            StationKindView::DrinkingSource => Self::DrinkingSource,
            StationKindView::AirStation => Self::AirStation,
            StationKindView::Outlet => Self::Outlet,
        }
    }
}

impl From<AlarmKind> for AlarmKindView {
    fn from(kind: AlarmKind) -> Self {
        match kind {
            AlarmKind::Exceedance => Self::Exceedance,
            AlarmKind::Spike => Self::Spike,
            AlarmKind::NoData => Self::NoData,
            AlarmKind::SecondConnection => Self::SecondConnection,
            AlarmKind::ValueChanged => Self::ValueChanged,
        }
    }
}

impl From<AlarmState> for AlarmStateView {
    fn from(state: AlarmState) -> Self {
        match state {
            AlarmState::Open => Self::Open,
            AlarmState::Acknowledged => Self::Acknowledged,
            AlarmState::Ended => Self::Ended,
        }
    }
}

impl From<ActionName> for CaseActionView {
    fn from(name: ActionName) -> Self {
        match name {
            ActionName::Open => Self::Open,
            ActionName::Assign => Self::Assign,
            ActionName::Report => Self::Report,
            ActionName::SendBack => Self::SendBack,
            ActionName::Verify => Self::Verify,
            ActionName::Close => Self::Close,
        }
    }
}

impl CaseStateView {
    /// Reads the store's word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "open" => Self::Open,
            "assigned" => Self::Assigned,
            "reported" => Self::Reported,
            "verified" => Self::Verified,
            "closed" => Self::Closed,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_goes_out_and_comes_back() {
        let at = instant_in("from", "2026-03-01T08:00:00+08:00").expect("good");
        assert_eq!(instant_out(at), "2026-03-01T00:00:00Z");
        assert!(matches!(instant_in("from", "yesterday"), Err(ApiError::BadRequest(m)) if m.starts_with("from: ")));
    }
}
