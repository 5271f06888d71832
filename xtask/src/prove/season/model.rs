//! The city as plain collections: what the tables must hold at the end, and what an action must answer. Written from the rules, not
//! from the program.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use shanshui_domain::act::case::ActionName;
use shanshui_domain::right::Role;

/// The bureau; branches of counties are `b0`, `b1`…
pub const BUREAU: &str = "city";

/// How an action ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Done,
    NotFound,
    Forbidden,
    Conflict,
    Refused,
}

/// People, stations, alarms and cases are numbers.
#[derive(Debug, Clone)]
pub struct Post {
    pub person: usize,
    pub role: Role,
    pub organisation: String,
    pub ended: bool,
}

#[derive(Debug, Clone)]
pub struct Delegation {
    pub giver: usize,
    pub taker: usize,
    pub since: i64,
    pub until: i64,
    pub ended: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    pub station: usize,
    pub opened: i64,
    pub last: i64,
    pub count: i64,
    pub value: String,
    pub ended: Option<i64>,
    pub acknowledged: Option<(usize, i64)>,
    pub case: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Open,
    Assigned { to: usize, due: i64 },
    Reported { by: usize, hand: Option<usize>, due: i64 },
    Verified,
    Closed,
}

impl Stands {
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned { .. } => "assigned",
            Self::Reported { .. } => "reported",
            Self::Verified => "verified",
            Self::Closed => "closed",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Case {
    pub station: usize,
    pub number: usize,
    pub events: u64,
    pub stands: Stands,
    people: HashSet<usize>,
    units: BTreeSet<String>,
}

/// What somebody does to a case.
#[derive(Debug, Clone, Copy)]
pub struct Deed {
    pub name: ActionName,
    pub by: usize,
    pub at: i64,
    /// To whom (assign).
    pub to: usize,
    pub due: i64,
    /// Whether a file goes along.
    pub proof: bool,
}

/// The newest statement of a key is the last; each has its value and mark.
pub type Statements = Vec<(String, String)>;

#[derive(Debug, Default)]
pub struct Model {
    pub posts: Vec<Post>,
    pub delegations: Vec<Delegation>,
    /// By station and stamp.
    pub readings: BTreeMap<(usize, i64), Statements>,
    pub alarms: Vec<Alarm>,
    /// The alarm that lasts for a station.
    pub lasting: HashMap<usize, usize>,
    pub cases: Vec<Case>,
    /// Entries of the audit by their action.
    pub audit: BTreeMap<&'static str, u64>,
}

/// Far a role reaches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Area,
    Unit,
    Own,
}

/// What the table of rights says of cases.
fn reach(role: Role, what: Option<ActionName>) -> Option<Reach> {
    use ActionName::{Assign, Report, SendBack, Verify};
    use Role::{CaseOfficer, DutyOfficer, EnforcementOfficer, EnterpriseManager, UnitHead};
    match (role, what) {
        (DutyOfficer, _) => Some(Reach::Area),
        (UnitHead, None | Some(Assign | Verify | SendBack)) | (EnforcementOfficer, None | Some(Verify | SendBack)) => {
            Some(Reach::Unit)
        }
        (UnitHead | EnforcementOfficer, Some(Report))
        | (CaseOfficer, None | Some(Report | Verify | SendBack))
        | (EnterpriseManager, None | Some(Report)) => Some(Reach::Own),
        // opening and closing are the duty officer's
        _ => None,
    }
}

fn covers(case: &Case, (role, organisation, owner): (Role, &str, usize), what: Option<ActionName>) -> bool {
    let within = |unit: &str| organisation == BUREAU && !unit.starts_with('e') || unit == organisation;
    let near = organisation == BUREAU || branch(case.station) == organisation;
    let (unit, own) = (case.units.iter().any(|u| within(u)), case.people.contains(&owner));
    // what reaches further takes in what reaches less far
    match reach(role, what) {
        None => false,
        Some(Reach::Area) => near || unit || own,
        Some(Reach::Unit) => unit || own,
        Some(Reach::Own) => own,
    }
}

impl Model {
    pub fn note(&mut self, action: &'static str) {
        *self.audit.entry(action).or_default() += 1;
    }

    /// Roles and organisations of somebody, with the person whose they are.
    pub fn held(&self, person: usize, at: i64) -> Vec<(Role, &str, usize)> {
        let own = self.posts.iter().filter(|p| p.person == person && !p.ended);
        let mut held: Vec<_> = own.map(|p| (p.role, p.organisation.as_str(), person)).collect();
        let stood_in = |role| !matches!(role, Role::EnforcementOfficer | Role::Citizen);
        for d in self.delegations.iter().filter(|d| d.taker == person && !d.ended && d.since <= at && at < d.until) {
            let theirs = self.posts.iter().filter(|p| p.person == d.giver && !p.ended && stood_in(p.role));
            held.extend(theirs.map(|p| (p.role, p.organisation.as_str(), d.giver)));
        }
        held
    }

    /// Whether somebody sees an alarm, and whether what only the duty officer of its area does to it is theirs to do.
    pub fn alarm_seen(&self, person: usize, station: usize, at: i64) -> (bool, bool) {
        let near = |organisation: &str| organisation == BUREAU || branch(station) == organisation;
        let (mut seen, mut duty) = (false, false);
        for (role, organisation, _) in self.held(person, at) {
            match role {
                Role::DutyOfficer if near(organisation) => (seen, duty) = (true, true),
                Role::EnterpriseManager => seen |= enterprise(station).as_deref() == Some(organisation),
                Role::UnitHead | Role::CaseOfficer | Role::EnforcementOfficer => seen |= near(organisation),
                _ => {}
            }
        }
        (seen, duty)
    }

    pub fn sees(&self, person: usize, case: usize, at: i64) -> bool {
        self.held(person, at).into_iter().any(|seat| covers(&self.cases[case], seat, None))
    }

    /// For whom somebody does this: themselves, or the one they stand in for; none when they may not.
    fn behalf(&self, case: usize, deed: &Deed) -> Option<usize> {
        let case = &self.cases[case];
        let may = |owner: usize| {
            let held = self.held(deed.by, deed.at);
            held.into_iter().any(|seat| seat.2 == owner && covers(case, seat, Some(deed.name)))
        };
        let given = match case.stands {
            Stands::Assigned { to, .. } if deed.name == ActionName::Report && to != deed.by => Some(to),
            _ => None,
        };
        if given.is_none() && may(deed.by) {
            return Some(deed.by);
        }
        let lasts = |d: &&Delegation| d.taker == deed.by && !d.ended && d.since <= deed.at && deed.at < d.until;
        let givers: Vec<usize> = self.delegations.iter().filter(lasts).map(|d| d.giver).collect();
        let stood_in = givers.into_iter().find(|giver| given.is_none_or(|to| to == *giver) && may(*giver));
        stood_in.or_else(|| may(deed.by).then_some(deed.by))
    }

    /// Does it, when it may be done; `seen` is the number of events that the person has seen.
    pub fn act(&mut self, case: usize, deed: &Deed, seen: u64) -> Answer {
        if !self.sees(deed.by, case, deed.at) {
            return Answer::NotFound;
        }
        if self.cases[case].events != seen {
            return Answer::Conflict;
        }
        let Some(owner) = self.behalf(case, deed) else { return Answer::Forbidden };
        let judges = |by, hand: Option<usize>| [deed.by, owner].iter().any(|j| *j == by || Some(*j) == hand);
        let next = match (self.cases[case].stands, deed.name) {
            (Stands::Open, ActionName::Assign) if deed.due > deed.at => Stands::Assigned { to: deed.to, due: deed.due },
            (Stands::Assigned { to, due }, ActionName::Report) if deed.proof && owner == to => {
                Stands::Reported { by: to, hand: (to != deed.by).then_some(deed.by), due }
            }
            (Stands::Reported { by, hand, .. }, ActionName::SendBack) if !judges(by, hand) && deed.due > deed.at => {
                Stands::Assigned { to: by, due: deed.due }
            }
            (Stands::Reported { by, hand, .. }, ActionName::Verify) if deed.proof && !judges(by, hand) => {
                Stands::Verified
            }
            (Stands::Verified, ActionName::Close) => Stands::Closed,
            _ => return Answer::Refused,
        };
        self.cases[case].stands = next;
        self.follows(case, deed);
        Answer::Done
    }

    /// A case from an alarm.
    pub fn open(&mut self, alarm: usize, deed: &Deed, titled: bool) -> Answer {
        // whoever may open none at all is told so before anything is looked up
        if self.held(deed.by, deed.at).iter().all(|(role, ..)| *role != Role::DutyOfficer) {
            return Answer::Forbidden;
        }
        if !titled {
            return Answer::Refused;
        }
        let station = self.alarms[alarm].station;
        match self.alarm_seen(deed.by, station, deed.at) {
            (false, _) => return Answer::NotFound,
            (true, false) => return Answer::Forbidden,
            (true, true) => {}
        }
        if self.alarms[alarm].case.is_some() {
            return Answer::Conflict;
        }
        self.alarms[alarm].case = Some(self.cases.len());
        let number = self.cases.len() + 1;
        let (people, units) = (HashSet::new(), BTreeSet::new());
        self.cases.push(Case { station, number, events: 0, stands: Stands::Open, people, units });
        self.follows(self.cases.len() - 1, deed);
        Answer::Done
    }

    /// Who has to do with a case from now on.
    fn follows(&mut self, case: usize, deed: &Deed) {
        self.note("case_event");
        let involved = [Some(deed.by), (deed.name == ActionName::Assign).then_some(deed.to)];
        for person in involved.into_iter().flatten() {
            let posts = self.posts.iter().filter(|p| p.person == person && !p.ended);
            let units: Vec<String> = posts.map(|p| p.organisation.clone()).collect();
            let case = &mut self.cases[case];
            case.people.insert(person);
            case.units.extend(units);
        }
        self.cases[case].events += 1;
    }

    pub fn acknowledge(&mut self, alarm: usize, by: usize, at: i64) -> Answer {
        match self.alarm_seen(by, self.alarms[alarm].station, at) {
            (false, _) => Answer::NotFound,
            (true, false) => Answer::Forbidden,
            (true, true) => {
                if self.alarms[alarm].acknowledged.is_none() {
                    self.alarms[alarm].acknowledged = Some((by, at));
                    self.note("alarm_acknowledge");
                }
                Answer::Done
            }
        }
    }
}

/// Counties, each with a branch.
pub const COUNTIES: usize = 6;
/// Enterprises.
pub const ENTERPRISES: usize = 20;

pub fn branch(station: usize) -> String {
    format!("b{}", station % COUNTIES)
}

/// Every fifth station is an outlet.
pub fn enterprise(station: usize) -> Option<String> {
    station.is_multiple_of(5).then(|| format!("e{}", station / 5 % ENTERPRISES))
}
