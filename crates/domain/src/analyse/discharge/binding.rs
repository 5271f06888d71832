//! Which limit binds an outlet on a day (限值适用): that of its permit (排污许可证) first, then the listed standards in their order, each
//! in the edition of the data's day. A permit milder than the standard is said and changes nothing. A limit that depends on something
//! that is not known is never guessed: the result is a reason.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::series::inside;
use super::{DischargeError, Reason};
use crate::standard::Bound;
use crate::standard::discharge::{
    Averaging, Decides, Discharge, EmissionLimit, EmissionStandard, Facts, Medium, Parameters, ReferenceOxygen,
};
use crate::unit::{Quantity, UnitMismatch};

/// One table of a standard that an outlet falls under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Number of the standard; the day chooses the edition.
    pub standard: String,
    /// Table or kind of source.
    pub table: String,
    /// Level.
    pub level: String,
}

/// A discharge permit (排污许可证).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permit {
    /// Its number.
    pub number: String,
    /// Its limits for this outlet; `table` and `level` are empty.
    pub limits: Vec<EmissionLimit>,
}

/// What binds an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutletLimits {
    /// The permit.
    pub permit: Option<Permit>,
    /// Tables, the one that takes precedence first: an industry's or the province's before the general one.
    pub listed: Vec<Listing>,
}

/// Where a limit stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Source {
    /// In the permit.
    Permit {
        /// Its number.
        number: String,
    },
    /// In a standard.
    Standard {
        /// Its edition.
        edition: String,
        /// What a reader must know before relying on it.
        caution: Option<String>,
    },
}

impl Source {
    fn standard(s: &EmissionStandard) -> Self {
        Self::Standard { edition: s.head.id.clone(), caution: s.caution.clone() }
    }

    fn name(&self) -> String {
        match self {
            Self::Permit { number } => format!("permit {number}"),
            Self::Standard { edition, .. } => edition.clone(),
        }
    }
}

/// Something about a limit that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// 许可限值宽于标准: the permit allows more than the standard.
    PermitMilder {
        /// Bound of the permit.
        permit: Bound,
        /// The standard's edition.
        edition: String,
        /// Its limit.
        standard: Box<EmissionLimit>,
    },
    /// The two cannot be compared.
    NotCompared {
        /// The standard's edition.
        edition: String,
        /// Why.
        why: String,
    },
}

/// The limit that binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Binding {
    /// Where it stands.
    #[serde(flatten)]
    pub source: Source,
    /// The limit, with its clause and confidence.
    pub limit: EmissionLimit,
    /// Listed standards that were passed over, and why.
    pub passed_over: Vec<String>,
    /// Warnings.
    pub warnings: Vec<Warning>,
    /// Facts it was found by.
    pub facts: Facts,
}

/// The limit that binds, or why none can be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "resolved", rename_all = "snake_case")]
pub enum Resolved {
    /// This one.
    Bound(Box<Binding>),
    /// None can be named.
    NotJudged {
        /// Where the row stands that depends on it.
        #[serde(flatten)]
        source: Source,
        /// Why.
        why: Reason,
    },
}

impl Resolved {
    /// The binding, or the reason that there is none.
    pub fn binding(&self) -> Result<&Binding, Reason> {
        match self {
            Self::Bound(binding) => Ok(binding),
            Self::NotJudged { why, .. } => Err(why.clone()),
        }
    }
}

/// Which value makes an exceedance at an outlet, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deciding {
    /// What decides.
    #[serde(flatten)]
    pub decides: Decides,
    /// Edition that says so, or the method when no standard does.
    pub edition: String,
    /// How sure that is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// The row that holds, or why it cannot be told.
type Row<'a> = Result<&'a EmissionLimit, Reason>;

/// A row and the edition it stands in.
struct Listed<'a> {
    standard: &'a EmissionStandard,
    row: Row<'a>,
}

/// Asks which limit binds.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Rules.
    pub rules: &'a Discharge,
    /// What binds the outlet.
    pub outlet: &'a OutletLimits,
    /// Factor code.
    pub factor: &'a str,
    /// Civil day of the data.
    pub day: Date,
    /// What is known.
    pub facts: &'a Facts,
}

impl Question<'_> {
    /// The limit over a stretch.
    ///
    /// # Errors
    /// Unknown factor, standard or table, a bad reference oxygen in the permit, and when there is no limit at all.
    pub fn resolve(&self, over: Averaging) -> Result<Resolved, DischargeError> {
        let factor = self.rules.factor(self.factor);
        factor.ok_or_else(|| DischargeError::UnknownFactor(self.factor.to_owned()))?;
        let mut passed = Vec::new();
        let listed = self.listed(over, &mut passed)?;
        if let Some((number, found)) = self.permitted(over)? {
            let source = Source::Permit { number: number.to_owned() };
            let warnings = found.as_ref().map_or_else(|_| Vec::new(), |limit| self.compared(limit, listed));
            return Ok(self.resolved(source, found, passed, warnings));
        }
        match listed {
            Some(Listed { standard, row }) => Ok(self.resolved(Source::standard(standard), row, passed, Vec::new())),
            None => Err(self.missing(over, passed)),
        }
    }

    /// As [`Question::resolve`], none when there is no limit.
    ///
    /// # Errors
    /// As there, but for the missing limit.
    pub fn resolve_any(&self, over: Averaging) -> Result<Option<Resolved>, DischargeError> {
        match self.resolve(over) {
            Err(DischargeError::MissingLimit { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Which value decides: as the first listed standard that has the factor says; else the day mean for water, the hour mean for air.
    ///
    /// # Errors
    /// Unknown factor, standard or table.
    pub fn deciding(&self) -> Result<Deciding, DischargeError> {
        let factor = self.rules.factor(self.factor);
        let factor = factor.ok_or_else(|| DischargeError::UnknownFactor(self.factor.to_owned()))?;
        for listing in &self.outlet.listed {
            let Some(s) = self.edition(listing)? else { continue };
            if rows(s, listing).any(|r| r.factor == self.factor) {
                let (edition, mark, cite) = (s.head.id.clone(), s.decides_mark.clone(), s.decides_cite.clone());
                return Ok(Deciding { decides: s.decides, edition, mark, cite });
            }
        }
        let (decides, cite) = match factor.medium {
            Medium::Water => (Decides::Day, "HJ 356-2019: day means"),
            Medium::Air => (Decides::Hour, "HJ 75-2017: hour means"),
        };
        Ok(Deciding { decides, edition: "method".into(), mark: "K".into(), cite: cite.into() })
    }

    fn resolved(&self, source: Source, found: Row<'_>, passed_over: Vec<String>, warnings: Vec<Warning>) -> Resolved {
        match found {
            Ok(limit) => {
                let (limit, facts) = (limit.clone(), *self.facts);
                Resolved::Bound(Box::new(Binding { source, limit, passed_over, warnings, facts }))
            }
            Err(why) => Resolved::NotJudged { source, why },
        }
    }

    fn missing(&self, over: Averaging, mut looked_in: Vec<String>) -> DischargeError {
        if let Some(permit) = &self.outlet.permit {
            looked_in.insert(0, format!("permit {}", permit.number));
        }
        let looked_in = if looked_in.is_empty() { "nothing".to_owned() } else { looked_in.join(", ") };
        DischargeError::MissingLimit { factor: self.factor.to_owned(), over, day: self.day, looked_in }
    }

    /// The permit's limit.
    fn permitted(&self, over: Averaging) -> Result<Option<(&str, Row<'_>)>, DischargeError> {
        let Some(permit) = &self.outlet.permit else { return Ok(None) };
        let rows = permit.limits.iter().filter(|r| r.factor == self.factor && r.over == over && r.covers(self.day));
        let found = self.first(rows);
        if let Some(Ok(limit)) = &found {
            possible(limit, &self.rules.parameters)?;
        }
        Ok(found.map(|found| (permit.number.as_str(), found)))
    }

    /// The first listed standard's limit, and what was passed over on the way.
    fn listed(&self, over: Averaging, passed: &mut Vec<String>) -> Result<Option<Listed<'_>>, DischargeError> {
        let mut first = None;
        for listing in &self.outlet.listed {
            let Some(s) = self.edition(listing)? else {
                passed.push(format!("{} is not in force on {}", listing.standard, self.day));
                continue;
            };
            let rows = rows(s, listing).filter(|r| r.factor == self.factor && r.over == over && r.covers(self.day));
            match self.first(rows) {
                Some(_) if first.is_some() => passed.push(format!("{} comes later in the list", s.head.id)),
                Some(row) => first = Some(Listed { standard: s, row }),
                None => passed.push(format!("{} has no such row", s.head.id)),
            }
        }
        Ok(first)
    }

    /// The row of which the condition holds; a reason when that depends on something unknown.
    fn first<'r>(&self, rows: impl Iterator<Item = &'r EmissionLimit>) -> Option<Row<'r>> {
        let mut unknown = None;
        for row in rows {
            match row.when.holds(self.day, self.facts) {
                Ok(true) => return Some(Ok(row)),
                Ok(false) => {}
                Err(fact) => unknown = Some(Err(Reason::MissingFact { fact })),
            }
        }
        unknown
    }

    fn edition(&self, listing: &Listing) -> Result<Option<&EmissionStandard>, DischargeError> {
        let standard = listing.standard.clone();
        let mut editions = self.rules.standards.iter().filter(|s| s.number == listing.standard).peekable();
        editions.peek().ok_or_else(|| DischargeError::UnknownStandard(standard.clone()))?;
        if !editions.any(|s| rows(s, listing).next().is_some()) {
            let (table, level) = (listing.table.clone(), listing.level.clone());
            return Err(DischargeError::UnknownTable { standard, table, level });
        }
        Ok(self.rules.edition(&listing.standard, self.day))
    }

    fn compared(&self, permit: &EmissionLimit, listed: Option<Listed<'_>>) -> Vec<Warning> {
        let Some(Listed { standard, row }) = listed else { return Vec::new() };
        let edition = standard.head.id.clone();
        let milder = row.map_err(|why| why.to_string()).and_then(|row| Ok((self.milder(permit, row)?, row)));
        match milder {
            Ok((false, _)) => Vec::new(),
            Ok((true, row)) => {
                vec![Warning::PermitMilder { permit: permit.bound, edition, standard: Box::new(row.clone()) }]
            }
            Err(why) => vec![Warning::NotCompared { edition, why }],
        }
    }

    /// Whether a permit's limit allows something that the standard's does not.
    fn milder(&self, permit: &EmissionLimit, standard: &EmissionLimit) -> Result<bool, String> {
        let factor = self.between(permit.oxygen, standard.oxygen)?;
        let value = |value| in_unit(permit, standard, value).map(|v| v * factor).map_err(|e| e.to_string());
        match (permit.bound, standard.bound) {
            (Bound::AtMost { value: p }, Bound::AtMost { value: s }) => Ok(value(p)? > s),
            (Bound::AtLeast { value: p }, Bound::AtLeast { value: s }) => Ok(value(p)? < s),
            (Bound::Between { low, high }, Bound::Between { low: l, high: h }) => {
                Ok(value(low)? < l || value(high)? > h)
            }
            _ => Err("bounds of different kinds".into()),
        }
    }

    /// What a limit at one oxygen is multiplied by to be one at another.
    fn between(&self, from: ReferenceOxygen, to: ReferenceOxygen) -> Result<Decimal, String> {
        let air = self.rules.parameters.oxygen_of_air.value;
        match (from, to) {
            (ReferenceOxygen::NotFolded, ReferenceOxygen::NotFolded) => Ok(Decimal::ONE),
            (ReferenceOxygen::Percent { value: from }, ReferenceOxygen::Percent { value: to }) => {
                Ok((air - to) / (air - from))
            }
            _ => Err("one is at a reference oxygen, the other is not or not known to be".into()),
        }
    }
}

fn rows<'a>(s: &'a EmissionStandard, listing: &'a Listing) -> impl Iterator<Item = &'a EmissionLimit> {
    s.rows.iter().filter(move |r| r.table == listing.table && r.level == listing.level)
}

fn in_unit(from: &EmissionLimit, to: &EmissionLimit, value: Decimal) -> Result<Decimal, UnitMismatch> {
    Quantity { value, unit: from.unit }.in_unit(to.unit)
}

/// A permit's numbers can stand in the formulas.
fn possible(limit: &EmissionLimit, rules: &Parameters) -> Result<(), DischargeError> {
    let (low, high) = match limit.bound {
        Bound::AtMost { value } | Bound::AtLeast { value } => (value, value),
        Bound::Between { low, high } => (low, high),
    };
    inside(low, &limit.factor, &limit.cite)?;
    inside(high, &limit.factor, &limit.cite)?;
    match limit.oxygen {
        ReferenceOxygen::Percent { value } if value < Decimal::ZERO || value >= rules.oxygen_of_air.value => {
            Err(DischargeError::BadReference { cite: limit.cite.clone(), percent: value })
        }
        _ => Ok(()),
    }
}

impl std::fmt::Display for Resolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bound(b) => {
                write!(f, "{} {}", b.source.name(), bound_text(b.limit.bound))?;
                b.warnings.iter().try_for_each(|w| match w {
                    Warning::PermitMilder { edition, standard, .. } => {
                        write!(f, " (milder than {edition} {})", bound_text(standard.bound))
                    }
                    Warning::NotCompared { edition, why } => write!(f, " (not compared with {edition}: {why})"),
                })
            }
            Self::NotJudged { source, why } => write!(f, "{}: {why}", source.name()),
        }
    }
}

fn bound_text(bound: Bound) -> String {
    match bound {
        Bound::AtMost { value } => format!("<= {}", value.normalize()),
        Bound::AtLeast { value } => format!(">= {}", value.normalize()),
        Bound::Between { low, high } => format!("{} to {}", low.normalize(), high.normalize()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::discharge::sample::{cod_limit, day, dec, listed, permit, rules};
    use crate::standard::discharge::Condition;
    use crate::unit::Unit;

    fn ask(outlet: &OutletLimits, factor: &str, over: Averaging, on: &str, facts: &Facts) -> String {
        let question = Question { rules: rules(), outlet, factor, day: day(on), facts };
        question.resolve(over).map_or_else(|e| e.to_string(), |r| r.to_string())
    }

    fn check(list: &str, factor: &str, on: &str, facts: &str, expected: &str) {
        let mut known = Facts::default();
        for fact in facts.split_whitespace() {
            match fact.split_once('=') {
                Some(("water", t)) => known.water_celsius = Some(dec(t)),
                Some(("built", d)) => known.built = Some(day(d)),
                _ => panic!("{fact}"),
            }
        }
        let over = if factor.starts_with('w') { Averaging::Day } else { Averaging::Hour };
        assert_eq!(ask(&listed(list), factor, over, on, &known), expected, "{list} {factor} {on} {facts}");
    }

    const PLANT: &str = "DB33/2169-2018 | new | all; GB 18918-2002 | municipal | 1A";
    const NATIONAL: &str = "GB 18918-2002 | municipal | 1A";

    #[test]
    fn the_first_listed_standard_in_force_binds_and_the_day_chooses_the_edition() {
        check(PLANT, "w01018", "2026-02-28", "", "DB33/2169-2018 <= 30");
        check(PLANT, "w01018", "2018-12-31", "", "GB 18918-2002 <= 50");
        check(PLANT, "w01012", "2026-02-28", "", "GB 18918-2002 <= 10");
        check(PLANT, "w01012", "2026-03-01", "", "GB 18918-2002 (amended 2026) <= 10");
        check(PLANT, "w01001", "2026-03-01", "", "GB 18918-2002 (amended 2026) 6 to 9");
        check("GB 8978-1996 | class_1 | all", "w20111", "2020-01-01", "", "GB 8978-1996 <= 0.05");
        check("GB 8978-1996 | other_from_1998 | 3", "w01018", "2020-01-01", "", "GB 8978-1996 <= 500");
        check("DB33/887-2013 | indirect | all", "w21003", "2020-01-01", "", "DB33/887-2013 <= 35");
        check("GB 13223-2011 | coal_boiler | special", "a21002", "2020-01-01", "", "GB 13223-2011 <= 100");
        check("GB 13271-2014 | gas_boiler | special", "a21002", "2020-01-01", "", "GB 13271-2014 <= 150");
    }

    #[test]
    fn conditional_rows_are_resolved_or_not_judged() {
        // brackets of DB33/2169: 1 November to 31 March
        check(PLANT, "w21003", "2025-10-31", "", "DB33/2169-2018 <= 1.5");
        check(PLANT, "w21003", "2025-11-01", "", "DB33/2169-2018 <= 3");
        check(PLANT, "w21003", "2026-03-31", "", "DB33/2169-2018 <= 3");
        check(PLANT, "w21003", "2026-04-01", "", "DB33/2169-2018 <= 1.5");
        // brackets of GB 18918: water at or below 12 °C
        check(NATIONAL, "w21003", "2025-10-31", "water=12", "GB 18918-2002 <= 8");
        check(NATIONAL, "w21003", "2025-10-31", "water=12.01", "GB 18918-2002 <= 5");
        check(NATIONAL, "w21003", "2025-10-31", "", "GB 18918-2002: not known: water temperature");
        check(NATIONAL, "w21011", "2025-10-31", "built=2006-01-01", "GB 18918-2002 <= 0.5");
        check(NATIONAL, "w21011", "2025-10-31", "", "GB 18918-2002: not known: day built");
        let none = "w21011: no limit over Day on 2025-10-31; looked in GB 18918-2002 has no such row";
        check(NATIONAL, "w21011", "2025-10-31", "built=2005-12-31", none);
    }

    #[test]
    fn what_is_not_there_is_an_error_that_names_it() {
        check(PLANT, "w99999", "2026-01-01", "", "w99999: unknown factor");
        check("GB 1 | x | y", "w01018", "2026-01-01", "", "GB 1: no such discharge standard");
        let table = "GB 8978-1996 has no table \"other_from_1998\" with level \"2\"";
        check("GB 8978-1996 | other_from_1998 | 2", "w01018", "2026-01-01", "", table);
        let missing = "w21001: no limit over Day on 2020-01-01; looked in GB 8978-1996 has no such row";
        check("GB 8978-1996 | other_from_1998 | 1", "w21001", "2020-01-01", "", missing);
        let nothing = ask(&OutletLimits::default(), "w01018", Averaging::Day, "2020-01-01", &Facts::default());
        assert_eq!(nothing, "w01018: no limit over Day on 2020-01-01; looked in nothing");
    }

    fn check_permit(change: impl FnOnce(&mut EmissionLimit), expected: &str) {
        let mut limit = cod_limit();
        change(&mut limit);
        let outlet = OutletLimits { permit: Some(permit(vec![limit])), ..listed(PLANT) };
        assert_eq!(ask(&outlet, "w01018", Averaging::Day, "2026-01-01", &Facts::default()), expected);
    }

    #[test]
    fn the_permit_binds_first_and_a_milder_one_is_said() {
        let cap = |value: &str| Bound::AtMost { value: dec(value) };
        check_permit(|l| l.bound = cap("30"), "permit P1 <= 30");
        check_permit(|l| l.bound = cap("20"), "permit P1 <= 20");
        check_permit(|_| {}, "permit P1 <= 50 (milder than DB33/2169-2018 <= 30)");
        check_permit(
            |l| (l.bound, l.unit) = (cap("30001"), Unit::UgPerL),
            "permit P1 <= 30001 (milder than DB33/2169-2018 <= 30)",
        );
        check_permit(
            |l| l.unit = Unit::Ph,
            "permit P1 <= 50 (not compared with DB33/2169-2018: pH cannot be given in mg/L)",
        );
        check_permit(|l| l.until = Some(day("2026-01-01")), "DB33/2169-2018 <= 30");
        check_permit(|l| l.over = Averaging::Hour, "DB33/2169-2018 <= 30");
        let cold = Condition::WaterAtMost { celsius: 12.into() };
        check_permit(|l| l.when = cold, "permit P1: not known: water temperature");
        let oxygen = ReferenceOxygen::Percent { value: 21.into() };
        check_permit(|l| l.oxygen = oxygen, "permit table 1: 21 % is no reference oxygen");
        check_permit(|l| l.bound = cap("1000000001"), "w01018, permit table 1: 1000000001 is beyond 1000000000");
    }

    #[test]
    fn a_wider_range_is_milder_at_either_end() {
        let ph = |low: &str, high: &str| {
            let bound = Bound::Between { low: dec(low), high: dec(high) };
            let limit = EmissionLimit { factor: "w01001".into(), bound, unit: Unit::Ph, ..cod_limit() };
            let outlet = OutletLimits { permit: Some(permit(vec![limit])), ..listed(NATIONAL) };
            ask(&outlet, "w01001", Averaging::Day, "2026-01-01", &Facts::default())
        };
        assert_eq!(ph("6", "9"), "permit P1 6 to 9");
        assert_eq!(ph("6", "9.5"), "permit P1 6 to 9.5 (milder than GB 18918-2002 6 to 9)");
        assert_eq!(ph("5.5", "8"), "permit P1 5.5 to 8 (milder than GB 18918-2002 6 to 9)");
    }

    #[test]
    fn a_permit_reads_what_it_writes_and_needs_no_table() {
        let written = serde_json::to_value(permit(vec![cod_limit()])).expect("plain data");
        assert_eq!(serde_json::from_value::<Permit>(written.clone()).expect("read"), permit(vec![cod_limit()]));
        let mut short = written.clone();
        for left_out in ["table", "level", "from", "until"] {
            short["limits"][0].as_object_mut().expect("a limit").remove(left_out);
        }
        assert_eq!(serde_json::from_value::<Permit>(short).expect("read"), permit(vec![cod_limit()]));
        let mut odd = written;
        odd["limits"][0]["limit"] = 1.into();
        assert!(serde_json::from_value::<Permit>(odd).expect_err("refused").to_string().contains("limit"));
    }

    #[test]
    fn limits_at_different_oxygen_are_compared_at_one() {
        // 60 at 3.5 % is 60 * (21 - 9)/(21 - 3.5) = 41.14 at 9 %: stricter than 50. 73 gives 50.06: milder.
        let stack = |value: i64| {
            let limit = EmissionLimit {
                factor: "a34013".into(),
                over: Averaging::Hour,
                unit: Unit::MgPerM3,
                bound: Bound::AtMost { value: value.into() },
                oxygen: ReferenceOxygen::Percent { value: dec("3.5") },
                ..cod_limit()
            };
            let list = listed("GB 13271-2014 | coal_boiler | new");
            let outlet = OutletLimits { permit: Some(permit(vec![limit])), ..list };
            ask(&outlet, "a34013", Averaging::Hour, "2026-01-01", &Facts::default())
        };
        assert_eq!(stack(60), "permit P1 <= 60");
        assert_eq!(stack(73), "permit P1 <= 73 (milder than GB 13271-2014 <= 50)");
    }

    #[test]
    fn what_decides_is_said_by_the_first_listed_standard() {
        let deciding = |list: &str, factor: &str| {
            let outlet = if list.is_empty() { OutletLimits::default() } else { listed(list) };
            let (outlet, facts) = (&outlet, &Facts::default());
            let question = Question { rules: rules(), outlet, factor, day: day("2026-01-01"), facts };
            question.deciding().expect("known").decides
        };
        assert_eq!(deciding("GB 18485-2014 | incinerator | all", "a34013"), Decides::Day);
        assert_eq!(deciding("GB 13271-2014 | coal_boiler | new", "a34013"), Decides::Hour);
        assert_eq!(deciding("steel ultra-low | pellet | all", "a34013"), Decides::MonthShare { at_least: 95.into() });
        assert_eq!(deciding("", "a34013"), Decides::Hour);
        assert_eq!(deciding("", "w01018"), Decides::Day);
    }
}
