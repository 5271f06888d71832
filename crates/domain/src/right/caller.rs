//! Who asks, and which rows that covers.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Reach, Right, Rights, Role, Seeker, Tree};
use crate::id::{OrganisationCode, PersonId};

/// A stretch of the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// The whole city, and what lies nowhere.
    Everywhere,
    /// These counties.
    Counties(BTreeSet<String>),
}

impl Default for Area {
    /// No area at all.
    fn default() -> Self {
        Self::Counties(BTreeSet::new())
    }
}

impl Area {
    fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::Everywhere, _) => {}
            (_, Self::Everywhere) => *self = Self::Everywhere,
            (Self::Counties(mine), Self::Counties(theirs)) => mine.extend(theirs.iter().cloned()),
        }
    }

    fn covers(&self, county: Option<&str>) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Counties(mine) => county.is_some_and(|c| mine.contains(c)),
        }
    }
}

/// A post as somebody holds it: a role in an organisation, their own or that of the person they stand in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Role.
    pub role: Role,
    /// Where.
    pub organisation: OrganisationCode,
    /// Whose post it is, for somebody who stands in.
    pub behalf: Option<PersonId>,
}

/// A post with what it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The post.
    pub held: Held,
    units: BTreeSet<OrganisationCode>,
    area: Area,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    Machine,
    Person(PersonId),
}

/// Who asks (调用者): the program itself, or a person with the posts the store knows of them.
#[derive(Debug, Clone)]
pub struct Caller {
    who: Who,
    seats: Vec<Seat>,
    glass: bool,
    from: Option<String>,
    rights: Option<Arc<Rights>>,
    /// The rights that a token of theirs was made for; none for themselves.
    only: Option<Arc<BTreeSet<Right>>>,
}

impl Caller {
    /// The program itself: its jobs, its commands. It may everything; no request of anybody is ever answered with it.
    pub fn machine() -> Self {
        Self { who: Who::Machine, seats: Vec::new(), glass: false, from: None, rights: None, only: None }
    }

    /// A person with what they hold. A post in an organisation that is not known reaches nothing but what is the person's own.
    pub fn person(id: PersonId, held: Vec<Held>, glass: bool, tree: &Tree, rights: Arc<Rights>) -> Self {
        let seat = |held: Held| {
            let units = tree.below(&held.organisation);
            let area = tree.get(&held.organisation).map(super::Organisation::area).unwrap_or_default();
            Seat { held, units, area }
        };
        Self {
            who: Who::Person(id),
            seats: held.into_iter().map(seat).collect(),
            glass,
            from: None,
            rights: Some(rights),
            only: None,
        }
    }

    /// The same with these rights at most: what a token of theirs may do. The program itself is nobody's token and stays as it is.
    #[must_use]
    pub fn at_most(&self, rights: BTreeSet<Right>) -> Self {
        let only = match &self.only {
            Some(before) => before.intersection(&rights).copied().collect(),
            None => rights,
        };
        Self { only: Some(Arc::new(only)), glass: false, ..self.clone() }
    }

    /// The same, who asks from an address: what the audit names.
    #[must_use]
    pub fn calling_from(self, address: String) -> Self {
        Self { from: Some(address), ..self }
    }

    /// From where they ask; none for the program itself.
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// The person; none for the program itself.
    pub fn id(&self) -> Option<PersonId> {
        match self.who {
            Who::Machine => None,
            Who::Person(id) => Some(id),
        }
    }

    /// What they hold.
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// For whom they stand in.
    pub fn givers(&self) -> impl Iterator<Item = PersonId> {
        self.seats.iter().filter_map(|s| s.held.behalf)
    }

    /// Whether they see more than they may because they have broken the glass.
    pub fn glass(&self) -> bool {
        self.glass
    }

    /// Whether there may be rows at all to which they may do this.
    pub fn may(&self, right: Right) -> bool {
        self.who == Who::Machine || self.reaches(right).next().is_some()
    }

    /// Everything they may do to some rows.
    pub fn rights(&self) -> impl Iterator<Item = Right> {
        Right::ALL.iter().copied().filter(|r| self.may(*r))
    }

    /// The rows a right covers.
    pub fn scope(&self, right: Right) -> Scope {
        let mut scope = Scope::default();
        if self.who == Who::Machine {
            scope.everything = true;
            return scope;
        }
        for (reach, seat) in self.reaches(right) {
            let owner = seat.and_then(|s| s.held.behalf).or(self.id());
            scope.people.extend(owner);
            scope.everything |= reach == Reach::All;
            let Some(seat) = seat else { continue };
            if reach >= Reach::Unit {
                scope.units.extend(seat.units.iter().cloned());
            }
            if reach >= Reach::Area {
                scope.area.add(&seat.area);
            }
        }
        scope
    }

    /// The same with their own posts alone.
    #[must_use]
    pub fn without_delegations(&self) -> Self {
        let seats = self.seats.iter().filter(|s| s.held.behalf.is_none()).cloned().collect();
        Self { seats, ..self.clone() }
    }

    /// The same with the posts alone of one person for whom they stand in.
    #[must_use]
    pub fn only_for(&self, giver: PersonId) -> Self {
        let seats = self.seats.iter().filter(|s| s.held.behalf == Some(giver)).cloned().collect();
        Self { seats, glass: false, ..self.clone() }
    }

    fn reaches(&self, right: Right) -> impl Iterator<Item = (Reach, Option<&Seat>)> {
        let cut = self.only.as_ref().is_some_and(|only| !only.contains(&right));
        let rights = self.rights.as_ref().filter(|_| !cut);
        let reach = move |seeker| rights.and_then(|rights| rights.reach(right, seeker));
        // what is personal is not handed on to whoever stands in
        let seats = self.seats.iter().filter(move |s| s.held.behalf.is_none() || !right.is_personal());
        let by_seat = seats.filter_map(move |s| Some((reach(Seeker::Role(s.held.role))?, Some(s))));
        let by_glass = self.glass.then(|| reach(Seeker::BrokenGlass)).flatten();
        by_seat.chain([reach(Seeker::Anybody), by_glass].into_iter().flatten().map(|reach| (reach, None)))
    }
}

/// What a row has to do with whom: what a scope is held against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ties<'a> {
    /// People who have to do with it.
    pub people: &'a [PersonId],
    /// Organisations that have to do with it.
    pub units: &'a [OrganisationCode],
    /// The county it lies in; none when it lies nowhere.
    pub county: Option<&'a str>,
}

/// The rows that a right of a caller covers (数据范围). Empty by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    everything: bool,
    area: Area,
    units: BTreeSet<OrganisationCode>,
    people: BTreeSet<PersonId>,
}

impl Scope {
    /// Whether a row is covered.
    pub fn covers(&self, ties: &Ties<'_>) -> bool {
        self.everywhere()
            || self.area.covers(ties.county)
            || ties.units.iter().any(|u| self.units.contains(u))
            || ties.people.iter().any(|p| self.people.contains(p))
    }

    /// Whether every row is covered, wherever it lies.
    pub fn everywhere(&self) -> bool {
        self.everything || self.area == Area::Everywhere
    }

    /// Counties whose rows are covered.
    pub fn counties(&self) -> impl Iterator<Item = &str> {
        let mine = match &self.area {
            Area::Everywhere => None,
            Area::Counties(mine) => Some(mine),
        };
        mine.into_iter().flatten().map(String::as_str)
    }

    /// Organisations whose rows are covered.
    pub fn units(&self) -> impl Iterator<Item = &OrganisationCode> {
        self.units.iter()
    }

    /// People whose rows are covered: the caller, and those for whom they stand in.
    pub fn people(&self) -> impl Iterator<Item = PersonId> {
        self.people.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::right::{Organisation, OrganisationKind};

    fn tree() -> Tree {
        let one = |code: &str, parent: Option<&str>, area: &str| Organisation {
            code: code.into(),
            parent: parent.map(Into::into),
            kind: OrganisationKind::Branch,
            area: area.into(),
            name_zh: code.into(),
            name_en: code.into(),
        };
        let all = [
            one("city", None, "*"),
            one("br-kc", Some("city"), "kc"),
            one("team-kc", Some("br-kc"), "kc"),
            one("br-qj", Some("city"), "qj"),
            one("e01", None, ""),
        ];
        Tree::new(all).expect("whole")
    }

    fn person(n: u128) -> PersonId {
        PersonId(Uuid::from_u128(n))
    }

    fn caller(held: &[(Role, &str)], glass: bool) -> Caller {
        let held = held.iter().map(|(role, org)| Held { role: *role, organisation: (*org).into(), behalf: None });
        Caller::person(person(1), held.collect(), glass, &tree(), Arc::new(Rights::embedded().expect("whole")))
    }

    #[derive(Clone, Copy)]
    enum Row {
        Own,
        TeamOfKc,
        InKc,
        InQj,
        Nowhere,
    }

    fn covers(scope: &Scope, row: Row) -> bool {
        let (me, other) = ([person(1)], [person(2)]);
        let team: [OrganisationCode; 1] = ["team-kc".into()];
        scope.covers(&match row {
            Row::Own => Ties { people: &me, units: &[], county: None },
            Row::TeamOfKc => Ties { people: &other, units: &team, county: Some("qj") },
            Row::InKc => Ties { people: &other, units: &[], county: Some("kc") },
            Row::InQj => Ties { people: &other, units: &[], county: Some("qj") },
            Row::Nowhere => Ties { people: &other, units: &[], county: None },
        })
    }

    #[test]
    fn each_reach_covers_what_the_narrower_cover_and_more() {
        use Row::{InKc, InQj, Nowhere, Own, TeamOfKc};
        let check = |held: &[(Role, &str)], glass: bool, expected: [bool; 5]| {
            let scope = caller(held, glass).scope(Right::CaseRead);
            let seen = [Own, TeamOfKc, InKc, InQj, Nowhere].map(|row| covers(&scope, row));
            assert_eq!(seen, expected, "{held:?} {glass}");
        };
        check(&[], false, [false; 5]);
        check(&[(Role::Citizen, "e01")], false, [false; 5]);
        check(&[(Role::CaseOfficer, "br-kc")], false, [true, false, false, false, false]);
        check(&[(Role::UnitHead, "br-kc")], false, [true, true, false, false, false]);
        check(&[(Role::DutyOfficer, "br-kc")], false, [true, true, true, false, false]);
        check(&[(Role::DutyOfficer, "city")], false, [true; 5]);
        check(&[(Role::UnitHead, "br-kc"), (Role::DutyOfficer, "br-qj")], false, [true, true, false, true, false]);
        check(&[(Role::DutyOfficer, "gone")], false, [true, false, false, false, false]);
        check(&[(Role::CaseOfficer, "br-kc")], true, [true; 5]);
    }

    #[test]
    fn the_program_itself_covers_everything_and_a_stranger_nothing() {
        let machine = Caller::machine();
        for right in Right::ALL {
            assert!(machine.may(*right) && machine.scope(*right).covers(&Ties::default()), "{right:?}");
        }
        assert!(!Scope::default().covers(&Ties { county: Some("kc"), ..Ties::default() }));
        assert_eq!(caller(&[], false).rights().collect::<Vec<_>>(), [Right::SessionOwn]);
    }

    #[test]
    fn a_token_may_do_what_it_was_made_for_and_its_person_may() {
        let head = caller(&[(Role::UnitHead, "br-kc")], true);
        let check = |caller: &Caller, right: Right, expected: [bool; 2]| {
            let scope = caller.scope(right);
            let covered = [Row::TeamOfKc, Row::InQj].map(|row| covers(&scope, row));
            assert_eq!((covered, caller.may(right)), (expected, expected != [false; 2]), "{right:?}");
        };
        check(&head, Right::CaseRead, [true, true]);
        let token = head.at_most([Right::CaseRead, Right::PostChange].into());
        check(&token, Right::CaseRead, [true, false]);
        check(&token, Right::PostChange, [false, false]);
        check(&token, Right::CaseClose, [false, false]);
        check(&token, Right::SessionOwn, [false, false]);
        check(&token.at_most([Right::CaseClose].into()), Right::CaseRead, [false, false]);
        check(&token.at_most([Right::CaseClose].into()), Right::CaseClose, [false, false]);
    }

    #[test]
    fn a_stand_in_reaches_what_the_other_reaches_and_nothing_personal() {
        let held = vec![
            Held { role: Role::DutyOfficer, organisation: "br-kc".into(), behalf: None },
            Held { role: Role::DutyOfficer, organisation: "br-qj".into(), behalf: Some(person(7)) },
        ];
        let rights = Arc::new(Rights::embedded().expect("whole"));
        let both = Caller::person(person(1), held, false, &tree(), rights);
        let (kc, qj) = (Ties { county: Some("kc"), ..Ties::default() }, Ties { county: Some("qj"), ..Ties::default() });
        let theirs = Ties { people: &[person(7)], ..Ties::default() };
        let check = |caller: &Caller, right: Right, expected: [bool; 3]| {
            let scope = caller.scope(right);
            assert_eq!([&kc, &qj, &theirs].map(|ties| scope.covers(ties)), expected, "{right:?}");
        };
        check(&both, Right::CaseRead, [true, true, true]);
        check(&both.without_delegations(), Right::CaseRead, [true, false, false]);
        check(&both.only_for(person(7)), Right::CaseRead, [false, true, true]);
        check(&both.only_for(person(8)), Right::CaseRead, [false, false, false]);
        check(&both, Right::SessionOwn, [false, false, false]);
    }
}
