//! Approved visits (来访报备): who may be at a station, when, and who has said so.

use serde::{Deserialize, Serialize};

use super::words;
use crate::time::Instant;

words! {
    /// How a visit stands.
    VisitState {
        /// Somebody has asked for it.
        Asked = "asked", "待审批", "asked for";
        /// It is approved.
        Approved = "approved", "已批准", "approved";
        /// It is refused.
        Refused = "refused", "已驳回", "refused";
        /// Whoever asked has taken it back.
        Cancelled = "cancelled", "已取消", "cancelled";
    }
}

/// A visit lasts so long at most: what is longer is no visit.
pub const LASTS_MAX_MS: i64 = 7 * 24 * 3_600_000;

/// What is said of a visit. Name and telephone number lie sealed beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The firm or office.
    pub unit: String,
    /// For what.
    pub purpose: String,
    /// From, inclusive.
    pub from: Instant,
    /// To, exclusive.
    pub to: Instant,
}

/// Why a visit cannot be, or cannot become what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VisitFault {
    /// It ends before it begins, or lasts too long.
    #[error("from and to: at most 7 days, the end after the beginning")]
    Span,
    /// Nobody is named, or no purpose.
    #[error("who, unit and purpose are needed")]
    Empty,
    /// It is decided already.
    #[error("it is decided already")]
    Decided,
    /// Whoever asks does not approve.
    #[error("whoever asked for it cannot approve it")]
    Own,
    /// What has begun is not approved after the fact.
    #[error("it is over: nothing is approved after the fact")]
    Over,
    /// Whoever asked is told why not.
    #[error("a refusal needs its reason")]
    Unsaid,
    /// It is taken back by whoever asked for it, or by somebody who approves visits there.
    #[error("only whoever asked for it, or approves visits there, takes it back")]
    Others,
}

impl Visit {
    /// Holds it against the rules.
    ///
    /// # Errors
    /// The first fault.
    pub fn whole(&self, who: &str) -> Result<(), VisitFault> {
        let lasts = self.to.ms_since(self.from);
        if lasts <= 0 || lasts > LASTS_MAX_MS {
            return Err(VisitFault::Span);
        }
        let empty = |text: &str| text.trim().is_empty() || text.chars().count() > 200;
        if empty(who) || empty(&self.unit) || empty(&self.purpose) {
            return Err(VisitFault::Empty);
        }
        Ok(())
    }

    /// Whether it covers an instant.
    pub fn covers(&self, at: Instant) -> bool {
        self.from <= at && at < self.to
    }
}

/// Who decides about a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decider {
    /// Whoever has asked for it, whatever else they may do.
    Asker,
    /// Somebody else who approves visits at that station.
    Approver,
    /// Neither.
    Other,
}

/// Whether a visit may go from one state to another at `now`, decided with these words.
///
/// # Errors
/// Why not.
pub fn may_become(
    visit: &Visit,
    is: VisitState,
    then: VisitState,
    by: Decider,
    (now, words): (Instant, &str),
) -> Result<(), VisitFault> {
    match (is, then) {
        (VisitState::Asked, VisitState::Approved) if by == Decider::Asker => Err(VisitFault::Own),
        (VisitState::Asked, VisitState::Approved) if visit.to <= now => Err(VisitFault::Over),
        (VisitState::Asked, VisitState::Refused) if words.trim().is_empty() => Err(VisitFault::Unsaid),
        (VisitState::Asked | VisitState::Approved, VisitState::Cancelled) if by == Decider::Other => {
            Err(VisitFault::Others)
        }
        (VisitState::Asked, VisitState::Approved | VisitState::Refused | VisitState::Cancelled)
        | (VisitState::Approved, VisitState::Cancelled) => Ok(()),
        _ => Err(VisitFault::Decided),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(from: i64, to: i64) -> Visit {
        Visit { unit: "运维公司".into(), purpose: "更换试剂".into(), from: Instant(from), to: Instant(to) }
    }

    #[test]
    fn what_is_no_visit_is_refused() {
        assert_eq!(visit(0, 3_600_000_000).whole("王五"), Ok(()));
        assert_eq!(visit(5, 5).whole("王五"), Err(VisitFault::Span));
        assert_eq!(visit(0, (LASTS_MAX_MS + 1) * 1_000).whole("王五"), Err(VisitFault::Span));
        assert_eq!(visit(0, 3_600_000_000).whole(" "), Err(VisitFault::Empty));
        assert!(visit(5, 9).covers(Instant(5)) && !visit(5, 9).covers(Instant(9)));
    }

    #[test]
    fn nobody_approves_their_own_and_nothing_after_the_fact() {
        use Decider::{Approver, Asker, Other};
        use VisitState::{Approved, Asked, Cancelled, Refused};
        let check = |is, then, by, now, expected: Result<(), VisitFault>| {
            assert_eq!(may_become(&visit(5, 9), is, then, by, (Instant(now), "理由")), expected);
        };
        check(Asked, Approved, Approver, 7, Ok(()));
        check(Asked, Approved, Asker, 7, Err(VisitFault::Own));
        check(Asked, Approved, Approver, 9, Err(VisitFault::Over));
        check(Asked, Refused, Asker, 99, Ok(()));
        check(Approved, Cancelled, Asker, 7, Ok(()));
        check(Approved, Cancelled, Approver, 7, Ok(()));
        check(Approved, Cancelled, Other, 7, Err(VisitFault::Others));
        check(Approved, Refused, Approver, 7, Err(VisitFault::Decided));
        check(Cancelled, Approved, Approver, 7, Err(VisitFault::Decided));
        check(Cancelled, Cancelled, Other, 7, Err(VisitFault::Decided));
        let unsaid = |then| may_become(&visit(5, 9), Asked, then, Approver, (Instant(7), " "));
        assert_eq!((unsaid(Refused), unsaid(Approved)), (Err(VisitFault::Unsaid), Ok(())));
    }
}
