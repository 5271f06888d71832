//! The case (案件): events appended, state folded from them, one place that moves it.
//!
//! ```text
//! Open 待交办 ──assign──► Assigned 办理中 ──report(proof)──► Reported 待核查 ──verify──► Verified 待销号 ──close──► Closed 已销号
//!                            ▲                                  │
//!                            └────────────send_back─────────────┘
//! ```
//!
//! Who verifies is another person than who reported (四眼原则), and both a report and a verification carry at least one
//! piece of evidence. Departments differ by data, not by branches here.

use serde::{Deserialize, Serialize};

use crate::id::{AlarmId, CaseId, EvidenceId, PersonId};
use crate::right::Right;
use crate::time::Instant;

/// What somebody does to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// 立案: the case comes into being, from an alarm or by hand.
    Open {
        /// Short title in the words of the person who opens it.
        title: String,
        /// The alarm it came from.
        alarm: Option<AlarmId>,
        /// The clue it came from (线索): the id of a finding.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finding: Option<String>,
    },
    /// 交办: a unit and a person get it, with a day.
    Assign {
        /// Who must act.
        to: PersonId,
        /// By when.
        due: Instant,
    },
    /// 反馈: done, with proof.
    Report {
        /// At least one.
        evidence: Vec<EvidenceId>,
    },
    /// 退回: not enough; again, with a new day.
    SendBack {
        /// By when.
        due: Instant,
    },
    /// 核查: another person has looked and has proof of it.
    Verify {
        /// At least one.
        evidence: Vec<EvidenceId>,
    },
    /// 销号.
    Close,
}

impl Action {
    /// Name without content.
    pub fn name(&self) -> ActionName {
        match self {
            Self::Open { .. } => ActionName::Open,
            Self::Assign { .. } => ActionName::Assign,
            Self::Report { .. } => ActionName::Report,
            Self::SendBack { .. } => ActionName::SendBack,
            Self::Verify { .. } => ActionName::Verify,
            Self::Close => ActionName::Close,
        }
    }
}

impl ActionName {
    /// The right that it takes.
    pub fn right(self) -> Right {
        match self {
            Self::Open => Right::CaseOpen,
            Self::Assign => Right::CaseAssign,
            Self::Report => Right::CaseReport,
            Self::SendBack => Right::CaseSendBack,
            Self::Verify => Right::CaseVerify,
            Self::Close => Right::CaseClose,
        }
    }
}

/// An action's name, for lists of what may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionName {
    /// 立案.
    Open,
    /// 交办.
    Assign,
    /// 反馈.
    Report,
    /// 退回.
    SendBack,
    /// 核查.
    Verify,
    /// 销号.
    Close,
}

/// One event: who did what, when, with which words. Never edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Format of this record, for readers of old chains.
    pub v: u32,
    /// When.
    pub at: Instant,
    /// Who.
    pub by: PersonId,
    /// For whom, when only a post of somebody else let them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behalf: Option<PersonId>,
    /// What.
    pub action: Action,
    /// In which words; may be empty.
    pub note: String,
}

impl Event {
    /// Format written today.
    pub const FORMAT: u32 = 1;
}

/// Where a case stands. Each state carries what it needs and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// 待交办.
    Open,
    /// 办理中.
    Assigned {
        /// Who must act.
        to: PersonId,
        /// By when.
        due: Instant,
    },
    /// 待核查.
    Reported {
        /// To whom it was given.
        by: PersonId,
        /// Who reported it in their stead.
        hand: Option<PersonId>,
        /// Deadline it was under.
        due: Instant,
    },
    /// 待销号.
    Verified {
        /// Who acted.
        reported_by: PersonId,
        /// Who looked.
        verified_by: PersonId,
    },
    /// 已销号.
    Closed {
        /// When.
        at: Instant,
    },
}

impl State {
    /// The word used in addresses and in the store.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned { .. } => "assigned",
            Self::Reported { .. } => "reported",
            Self::Verified { .. } => "verified",
            Self::Closed { .. } => "closed",
        }
    }
}

/// Why an action is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow it.
    #[error("a case that is {state} cannot be {action:?}")]
    State {
        /// Where the case stands.
        state: &'static str,
        /// What was asked.
        action: ActionName,
    },
    /// A case exists already, or the first event is not its opening.
    #[error("a case begins with its opening, once")]
    Beginning,
    /// No evidence was given.
    #[error("{0:?} needs at least one piece of evidence")]
    NoEvidence(ActionName),
    /// The same person may not do both.
    #[error("who reported a case may not judge the report")]
    SamePerson,
    /// Only the one it was assigned to.
    #[error("only the person it is assigned to may report a case")]
    NotAssignee,
    /// The deadline lies before the event.
    #[error("the deadline lies in the past")]
    DueInThePast,
    /// A title is needed.
    #[error("a case needs a title")]
    NoTitle,
}

/// A case as its events make it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Id.
    pub id: CaseId,
    /// Title given at the opening.
    pub title: String,
    /// The alarm it came from.
    pub alarm: Option<AlarmId>,
    /// When it was opened.
    pub opened: Instant,
    /// Who opened it.
    pub opened_by: PersonId,
    /// Where it stands.
    pub state: State,
    /// Number of events so far: the version a writer must have seen.
    pub version: u64,
}

impl Case {
    /// The case that its first event opens.
    pub fn open(id: CaseId, event: &Event) -> Result<Self, Refused> {
        let Action::Open { title, alarm, .. } = &event.action else {
            return Err(Refused::Beginning);
        };
        if title.trim().is_empty() {
            return Err(Refused::NoTitle);
        }
        let (opened, opened_by) = (event.at, event.by);
        Ok(Self { id, title: title.clone(), alarm: *alarm, opened, opened_by, state: State::Open, version: 1 })
    }

    /// The case after one more event.
    pub fn apply(mut self, event: &Event) -> Result<Self, Refused> {
        self.state = next(&self.state, event)?;
        self.version += 1;
        Ok(self)
    }

    /// The case that a whole history gives; "as at" any day by giving fewer events.
    pub fn fold<'a>(id: CaseId, events: impl IntoIterator<Item = &'a Event>) -> Result<Self, Refused> {
        let mut events = events.into_iter();
        let first = events.next().ok_or(Refused::Beginning)?;
        events.try_fold(Self::open(id, first)?, Self::apply)
    }

    /// Until when somebody must act, while somebody must.
    pub fn due(&self) -> Option<Instant> {
        match self.state {
            State::Assigned { due, .. } => Some(due),
            _ => None,
        }
    }

    /// Whether the deadline has passed unmet (逾期).
    pub fn overdue(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due < now)
    }

    /// What `person`, who stands in for `givers`, may do next, as far as the state decides; what they may do at all is decided by
    /// their rights.
    pub fn actions_for(&self, person: PersonId, givers: &[PersonId]) -> Vec<ActionName> {
        match &self.state {
            State::Open => vec![ActionName::Assign],
            State::Assigned { to, .. } if *to == person || givers.contains(to) => vec![ActionName::Report],
            State::Reported { by, hand, .. } if *by != person && *hand != Some(person) && !givers.contains(by) => {
                vec![ActionName::Verify, ActionName::SendBack]
            }
            State::Verified { .. } => vec![ActionName::Close],
            State::Assigned { .. } | State::Reported { .. } | State::Closed { .. } => vec![],
        }
    }
}

fn next(state: &State, event: &Event) -> Result<State, Refused> {
    match (state, &event.action) {
        (State::Open, Action::Assign { to, due }) => assigned(*to, *due, event),
        (State::Assigned { to, due }, Action::Report { evidence }) => {
            given(evidence, ActionName::Report)?;
            let hand = (*to != event.by).then_some(event.by);
            if hand.is_some() && event.behalf != Some(*to) {
                return Err(Refused::NotAssignee);
            }
            Ok(State::Reported { by: *to, hand, due: *due })
        }
        (State::Reported { by, hand, .. }, Action::SendBack { due }) => {
            another((*by, *hand), event)?;
            assigned(*by, *due, event)
        }
        (State::Reported { by, hand, .. }, Action::Verify { evidence }) => {
            given(evidence, ActionName::Verify)?;
            another((*by, *hand), event)?;
            Ok(State::Verified { reported_by: *by, verified_by: event.by })
        }
        (State::Verified { .. }, Action::Close) => Ok(State::Closed { at: event.at }),
        (_, Action::Open { .. }) => Err(Refused::Beginning),
        (state, action) => Err(Refused::State { state: state.as_str(), action: action.name() }),
    }
}

fn assigned(to: PersonId, due: Instant, event: &Event) -> Result<State, Refused> {
    if due <= event.at {
        return Err(Refused::DueInThePast);
    }
    Ok(State::Assigned { to, due })
}

/// Four eyes: who did the work does not judge it, nor whoever reported it for them, nor anybody in the name of the two.
fn another((reporter, hand): (PersonId, Option<PersonId>), event: &Event) -> Result<(), Refused> {
    let judges = [Some(event.by), event.behalf];
    let same = judges.into_iter().flatten().any(|judge| judge == reporter || Some(judge) == hand);
    if same { Err(Refused::SamePerson) } else { Ok(()) }
}

fn given(evidence: &[EvidenceId], action: ActionName) -> Result<(), Refused> {
    if evidence.is_empty() { Err(Refused::NoEvidence(action)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const LI: PersonId = PersonId(Uuid::from_u128(1));
    const WANG: PersonId = PersonId(Uuid::from_u128(2));
    /// Stands in for Wang.
    const ZHAO: PersonId = PersonId(Uuid::from_u128(4));
    const PHOTO: EvidenceId = EvidenceId(Uuid::from_u128(9));

    /// `wang:report` is Wang reporting with a photo; `li:report-` is without one.
    fn event(word: &str, at: i64) -> Event {
        let (who, what) = word.split_once(':').expect("who:what");
        let evidence = if what.ends_with('-') { vec![] } else { vec![PHOTO] };
        let due = Instant(at + 1_000);
        let action = match what.trim_end_matches('-') {
            "open" => Action::Open { title: "pH 突变".into(), alarm: None, finding: None },
            "untitled" => Action::Open { title: " ".into(), alarm: None, finding: None },
            "assign" => Action::Assign { to: WANG, due },
            "late" => Action::Assign { to: WANG, due: Instant(at) },
            "report" => Action::Report { evidence },
            "back" => Action::SendBack { due },
            "verify" => Action::Verify { evidence },
            "close" => Action::Close,
            other => panic!("no such word {other}"),
        };
        Event {
            v: Event::FORMAT,
            at: Instant(at),
            by: match who {
                "li" => LI,
                "zhao" => ZHAO,
                _ => WANG,
            },
            behalf: (who == "zhao").then_some(WANG),
            action,
            note: String::new(),
        }
    }

    fn check(script: &str, expected: &str) {
        let events: Vec<Event> = script.split_whitespace().enumerate().map(|(i, w)| event(w, i as i64)).collect();
        let got = match Case::fold(CaseId(Uuid::from_u128(3)), &events) {
            Ok(case) => format!("{} v{}", case.state.as_str(), case.version),
            Err(refused) => refused.to_string(),
        };
        assert_eq!(got, expected, "{script}");
    }

    #[test]
    fn a_case_goes_its_way_and_no_other() {
        check("li:open", "open v1");
        check("li:open li:assign", "assigned v2");
        check("li:open li:assign wang:report", "reported v3");
        check("li:open li:assign wang:report li:verify", "verified v4");
        check("li:open li:assign wang:report li:verify li:close", "closed v5");
        check("li:open li:assign wang:report li:back wang:report li:verify li:close", "closed v7");
    }

    #[test]
    fn a_stand_in_reports_and_then_neither_of_the_two_judges() {
        check("li:open li:assign zhao:report", "reported v3");
        check("li:open li:assign zhao:report li:back wang:report", "reported v5");
        check("li:open li:assign zhao:report wang:verify", "who reported a case may not judge the report");
        check("li:open li:assign zhao:report zhao:verify", "who reported a case may not judge the report");
        check("li:open li:assign wang:report zhao:verify", "who reported a case may not judge the report");
    }

    #[test]
    fn what_the_state_does_not_allow_is_refused() {
        check("", "a case begins with its opening, once");
        check("li:assign", "a case begins with its opening, once");
        check("li:open li:open", "a case begins with its opening, once");
        check("li:untitled", "a case needs a title");
        check("li:open li:close", "a case that is open cannot be Close");
        check("li:open li:verify", "a case that is open cannot be Verify");
        check("li:open li:late", "the deadline lies in the past");
        check("li:open li:assign li:report", "only the person it is assigned to may report a case");
        check("li:open li:assign wang:report-", "Report needs at least one piece of evidence");
        check("li:open li:assign wang:report wang:verify", "who reported a case may not judge the report");
        check("li:open li:assign wang:report li:verify-", "Verify needs at least one piece of evidence");
        check("li:open li:assign wang:report li:verify li:close li:close", "a case that is closed cannot be Close");
    }

    #[test]
    fn a_case_is_overdue_only_while_somebody_must_act() {
        let events: Vec<Event> =
            ["li:open", "li:assign", "wang:report"].iter().enumerate().map(|(i, w)| event(w, i as i64)).collect();
        let at = |n: usize| Case::fold(CaseId(Uuid::from_u128(3)), &events[..n]).expect("a good history");
        assert!(!at(1).overdue(Instant(9_999)));
        assert!(!at(2).overdue(Instant(1_001)) && at(2).overdue(Instant(1_002)));
        assert!(!at(3).overdue(Instant(9_999)));
    }

    #[test]
    fn the_list_of_actions_is_what_apply_allows() {
        for n in 1..=5 {
            let words = ["li:open", "li:assign", "wang:report", "li:verify", "li:close"];
            let events: Vec<Event> = words[..n].iter().enumerate().map(|(i, w)| event(w, i as i64)).collect();
            let case = Case::fold(CaseId(Uuid::from_u128(3)), &events).expect("a good history");
            for (who, givers) in [("li", vec![]), ("wang", vec![]), ("zhao", vec![WANG])] {
                for what in ["assign", "report", "back", "verify", "close"] {
                    let event = event(&format!("{who}:{what}"), 50);
                    let listed = case.actions_for(event.by, &givers).contains(&event.action.name());
                    assert_eq!(listed, case.clone().apply(&event).is_ok(), "{who}:{what} after {n}");
                }
            }
        }
    }
}
