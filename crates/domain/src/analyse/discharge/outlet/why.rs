//! Why something of an outlet is not there: the rules' own reasons, each with a word for programs.

use serde::{Deserialize, Serialize};

use crate::analyse::discharge::oxygen::NotFolded;
use crate::analyse::discharge::{DischargeError, Outcome, Reason};

/// Why something is not there, as a word for programs and a sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Why {
    /// Word: `no_limit`, `no_flow`, `no_oxygen`, `low_coverage`, …
    pub code: String,
    /// Sentence.
    pub text: String,
}

impl Why {
    pub(super) fn new(code: &str, text: impl ToString) -> Self {
        Self { code: code.to_owned(), text: text.to_string() }
    }

    pub(super) fn error(error: &DischargeError) -> Self {
        let code = match error {
            DischargeError::MissingLimit { .. } => "no_limit",
            DischargeError::Unit { .. } => "unit",
            DischargeError::MissingOxygen { .. } => "no_oxygen",
            DischargeError::BadReference { .. } => "bad_reference",
            DischargeError::UnknownStandard(_) | DischargeError::UnknownTable { .. } => "unknown_standard",
            DischargeError::OutOfRange { .. } => "out_of_range",
            _ => "error",
        };
        Self::new(code, error)
    }

    pub(super) fn reason(reason: &Reason) -> Self {
        let code = match reason {
            Reason::MissingFact { .. } => "missing_fact",
            Reason::NotFolded { why: NotFolded::NoOxygen } => "no_oxygen",
            Reason::NotFolded { why: NotFolded::ReferenceUnconfirmed } => "no_reference_oxygen",
            Reason::NotFolded { .. } => "not_folded",
            Reason::Missing => "missing",
            Reason::Invalid { .. } => "invalid",
            Reason::NoFlow => "no_flow",
            Reason::ZeroFlow => "zero_flow",
            Reason::TooFew { .. } => "too_few",
            Reason::LowCoverage { .. } => "low_coverage",
            Reason::NoLimit => "no_limit",
            Reason::NotDeciding => "not_deciding",
        };
        Self::new(code, reason)
    }

    pub(super) fn outcome(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::NotJudged(reason) => Some(Self::reason(reason)),
            Outcome::Marked { zh, .. } => Some(Self::new("marked", zh)),
            _ => None,
        }
    }
}
