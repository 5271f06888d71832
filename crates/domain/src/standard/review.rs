//! Rules of data review (审核规则) and of clues of falsification (线索规则) as data: `standards/review/`, `standards/clue/`.
//!
//! A book is three tables: rules (id, version, names, when the rule is wrong), parameters (one a row, for one factor or for any,
//! with unit, mark and cite), and words (how a reason is said in Chinese and English). Review has a fourth: pairs of factors of
//! which one cannot be above the other. Reading is strict: what is unknown, missing or there twice is refused, with file and line.
//! Our own defaults carry the mark `P` (proposed) and are for each city to replace.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::StandardError;
use super::load::{decimal, refuse, rows};
use crate::unit::{Quantity, Unit};

/// What a parameter's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A plain number: a count, a share, a multiple. Written `1`.
    Number,
    /// Seconds. Written `s`.
    Seconds,
    /// A measured quantity.
    In(Unit),
}

/// One parameter (参数) of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// The factor it is for; none for every factor without a row of its own.
    pub factor: Option<String>,
    /// Name.
    pub name: String,
    /// Value.
    pub value: Decimal,
    /// What the value counts.
    pub measure: Measure,
    /// How sure the row is; `P` for our own defaults.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

/// One rule (规则): a check of data review or a detector of clues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Id, for example `jump`.
    pub id: String,
    /// Version: raised whenever a parameter changes, so that a finding says by which it was made.
    pub version: u32,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// When it is wrong, in Chinese.
    pub wrong_zh: String,
    /// When it is wrong, in English.
    pub wrong_en: String,
    /// How sure the rule is.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
    /// Parameters.
    pub parameters: Vec<Parameter>,
}

impl Rule {
    /// The row for a factor, else the row for any.
    fn row(&self, name: &str, factor: &str) -> Option<&Parameter> {
        let named = || self.parameters.iter().filter(|p| p.name == name);
        named().find(|p| p.factor.as_deref() == Some(factor)).or_else(|| named().find(|p| p.factor.is_none()))
    }

    /// A plain number or seconds; none when the factor has none, or when the row is a measured quantity.
    pub fn number(&self, name: &str, factor: &str) -> Option<f64> {
        let row = self.row(name, factor).filter(|p| !matches!(p.measure, Measure::In(_)))?;
        row.value.to_f64()
    }

    /// A measured quantity in the unit asked for; none when the factor has none or its unit measures something else.
    pub fn quantity(&self, name: &str, factor: &str, unit: Unit) -> Option<Decimal> {
        let row = self.row(name, factor)?;
        let Measure::In(own) = row.measure else { return None };
        Quantity { value: row.value, unit: own }.in_unit(unit).ok()
    }

    /// Weights of contributions, `weight_<name>`, in the order of the table.
    pub fn weights(&self) -> impl Iterator<Item = (&str, Decimal)> {
        self.parameters.iter().filter_map(|p| Some((p.name.strip_prefix("weight_")?, p.value)))
    }
}

/// Two factors of which the part cannot be above the whole (逻辑关系), for example NO2 and NOx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Factor code of the part.
    pub part: String,
    /// Factor code of the whole.
    pub whole: String,
    /// What the part may be above the whole by, as a share of the whole: the uncertainty of two instruments.
    pub slack: Decimal,
    /// How sure the row is.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

/// How a reason is said; `{name}` stands for a number of the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Words {
    /// Code of the reason.
    pub code: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Rules with their words: everything under `standards/review/` or `standards/clue/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleBook {
    /// Rules, each id once.
    pub rules: Vec<Rule>,
    /// Pairs of factors; empty in the book of clues.
    pub pairs: Vec<Pair>,
    /// Words of reasons.
    pub words: Vec<Words>,
}

/// A rule that the program knows: its id and the names of its parameters.
pub type Known = (&'static str, &'static [&'static str]);

/// The texts of a book.
#[derive(Debug, Clone, Copy)]
pub struct Texts<'a> {
    /// `id,version,zh,en,wrong_zh,wrong_en,mark,cite`.
    pub rules: &'a str,
    /// `rule,factor,parameter,value,unit,mark,cite`.
    pub parameters: &'a str,
    /// `code,zh,en,mark,cite`.
    pub words: &'a str,
    /// `part,whole,slack,mark,cite`.
    pub pairs: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: String,
    version: u32,
    zh: String,
    en: String,
    wrong_zh: String,
    wrong_en: String,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterText {
    rule: String,
    factor: String,
    parameter: String,
    value: String,
    unit: String,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsText {
    code: String,
    zh: String,
    en: String,
    #[serde(rename = "mark")]
    _mark: String,
    #[serde(rename = "cite")]
    _cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PairText {
    part: String,
    whole: String,
    slack: String,
    mark: String,
    cite: String,
}

impl RuleBook {
    /// Reads a book. A known rule that the table leaves out is switched off.
    ///
    /// # Errors
    /// When a rule or parameter is unknown, there twice, or missing; when weights do not add up to 1; when the Chinese and the
    /// English of a reason name different numbers.
    pub fn read(name: &str, known: &[Known], texts: Texts<'_>) -> Result<Self, StandardError> {
        let mut rules = read_rules(name, known, texts.rules)?;
        read_parameters(name, known, &mut rules, texts.parameters)?;
        for rule in &rules {
            whole(name, known, rule)?;
        }
        Ok(Self { rules, pairs: read_pairs(name, texts.pairs)?, words: read_words(name, texts.words)? })
    }

    /// The checks of data review shipped with the program (`standards/review/`).
    ///
    /// # Errors
    /// Never for the files as committed: a test reads them.
    pub fn review() -> Result<Self, StandardError> {
        let texts = Texts {
            rules: include_str!("../../../../standards/review/rules.csv"),
            parameters: include_str!("../../../../standards/review/parameters.csv"),
            words: include_str!("../../../../standards/review/words.csv"),
            pairs: include_str!("../../../../standards/review/pairs.csv"),
        };
        Self::read("review", &crate::analyse::review::KNOWN, texts)
    }

    /// The detectors of clues shipped with the program (`standards/clue/`).
    ///
    /// # Errors
    /// Never for the files as committed: a test reads them.
    pub fn clue() -> Result<Self, StandardError> {
        let texts = Texts {
            rules: include_str!("../../../../standards/clue/rules.csv"),
            parameters: include_str!("../../../../standards/clue/parameters.csv"),
            words: include_str!("../../../../standards/clue/words.csv"),
            pairs: "part,whole,slack,mark,cite\n",
        };
        Self::read("clue", &crate::analyse::clue::KNOWN, texts)
    }

    /// A rule by its id; none when it is switched off.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.id == id)
    }
}

fn read_rules(name: &str, known: &[Known], csv: &str) -> Result<Vec<Rule>, StandardError> {
    let file = format!("{name}/rules");
    let mut out: Vec<Rule> = Vec::new();
    for (line, r) in rows::<RuleText>(&file, csv)? {
        if !known.iter().any(|(id, _)| *id == r.id) {
            return Err(refuse(&file, line, format!("unknown rule {:?}", r.id)));
        }
        if out.iter().any(|o| o.id == r.id) {
            return Err(refuse(&file, line, format!("{} has a row already", r.id)));
        }
        let RuleText { id, version, zh, en, wrong_zh, wrong_en, mark, cite } = r;
        out.push(Rule { id, version, zh, en, wrong_zh, wrong_en, mark, cite, parameters: Vec::new() });
    }
    Ok(out)
}

fn measure(text: &str) -> Option<Measure> {
    match text {
        "1" => Some(Measure::Number),
        "s" => Some(Measure::Seconds),
        unit => Unit::parse(unit).map(Measure::In),
    }
}

fn read_parameters(name: &str, known: &[Known], rules: &mut [Rule], csv: &str) -> Result<(), StandardError> {
    let file = format!("{name}/parameters");
    for (line, r) in rows::<ParameterText>(&file, csv)? {
        let named = |(id, names): &Known| *id == r.rule && names.contains(&r.parameter.as_str());
        if !known.iter().any(named) {
            return Err(refuse(&file, line, format!("unknown parameter {:?} of {:?}", r.parameter, r.rule)));
        }
        let Some(rule) = rules.iter_mut().find(|o| o.id == r.rule) else { continue };
        let factor = (r.factor != "any").then_some(r.factor);
        if rule.parameters.iter().any(|p| p.name == r.parameter && p.factor == factor) {
            return Err(refuse(&file, line, format!("{} of {} has a row already", r.parameter, r.rule)));
        }
        let value = decimal(&file, line, &r.value)?;
        let measure = measure(&r.unit).ok_or_else(|| refuse(&file, line, format!("unknown unit {:?}", r.unit)))?;
        let (name, mark, cite) = (r.parameter, r.mark, r.cite);
        rule.parameters.push(Parameter { factor, name, value, measure, mark, cite });
    }
    Ok(())
}

/// Every parameter is there, for each factor that has a row of its own as well; weights add up to 1.
fn whole(name: &str, known: &[Known], rule: &Rule) -> Result<(), StandardError> {
    let file = format!("{name}/parameters");
    let names = known.iter().find(|(id, _)| *id == rule.id).map_or(&[][..], |(_, names)| *names);
    let mut factors: BTreeSet<&str> = rule.parameters.iter().filter_map(|p| p.factor.as_deref()).collect();
    if factors.is_empty() {
        factors.insert("");
    }
    for factor in factors {
        if let Some(missing) = names.iter().find(|n| rule.row(n, factor).is_none()) {
            return Err(refuse(&file, 0, format!("{missing} of {} is missing for {factor:?}", rule.id)));
        }
    }
    let sum: Decimal = rule.weights().map(|(_, w)| w).sum();
    if rule.weights().next().is_some() && sum != Decimal::ONE {
        return Err(refuse(&file, 0, format!("the weights of {} add up to {sum}", rule.id)));
    }
    Ok(())
}

fn read_words(name: &str, csv: &str) -> Result<Vec<Words>, StandardError> {
    let file = format!("{name}/words");
    let mut out: Vec<Words> = Vec::new();
    for (line, r) in rows::<WordsText>(&file, csv)? {
        if out.iter().any(|o| o.code == r.code) {
            return Err(refuse(&file, line, format!("{} has a row already", r.code)));
        }
        if placeholders(&r.zh) != placeholders(&r.en) {
            return Err(refuse(&file, line, "the two languages name different numbers"));
        }
        out.push(Words { code: r.code, zh: r.zh, en: r.en });
    }
    Ok(out)
}

/// Names between braces.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|(name, _)| name).collect()
}

fn read_pairs(name: &str, csv: &str) -> Result<Vec<Pair>, StandardError> {
    let file = format!("{name}/pairs");
    let mut out: Vec<Pair> = Vec::new();
    for (line, r) in rows::<PairText>(&file, csv)? {
        if r.part == r.whole || out.iter().any(|o| o.part == r.part && o.whole == r.whole) {
            return Err(refuse(&file, line, format!("{} and {} are one, or have a row already", r.part, r.whole)));
        }
        let slack = decimal(&file, line, &r.slack)?;
        out.push(Pair { part: r.part, whole: r.whole, slack, mark: r.mark, cite: r.cite });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "id,version,zh,en,wrong_zh,wrong_en,mark,cite\na,1,甲,a,-,-,P,ours\n";
    const WORDS: &str = "code,zh,en,mark,cite\na,高{x},high {x},P,ours\n";
    const PAIRS: &str = "part,whole,slack,mark,cite\n";

    fn check(parameters: &str, words: &str, expected: &str) {
        let parameters = format!("rule,factor,parameter,value,unit,mark,cite\n{parameters}");
        let known: [Known; 1] = [("a", &["top", "weight_x"])];
        let texts = Texts { rules: RULES, parameters: &parameters, words, pairs: PAIRS };
        let got = RuleBook::read("t", &known, texts)
            .map_or_else(|e| e.to_string(), |b| format!("{:?}", b.rules[0].number("top", "w1")));
        assert_eq!(got, expected);
    }

    #[test]
    fn reading_is_strict() {
        let weight = "a,any,weight_x,1,1,P,ours\n";
        check(&format!("{weight}a,any,top,2,1,P,ours\n"), WORDS, "Some(2.0)");
        check(&format!("{weight}a,any,top,2,1,P,ours\na,w1,top,3,1,P,ours\n"), WORDS, "Some(3.0)");
        check(&format!("{weight}a,w2,top,2,1,P,ours\n"), WORDS, "None");
        check(&format!("{weight}a,any,top,2,mg/L,P,ours\n"), WORDS, "None");
        check(weight, WORDS, "t/parameters, line 0: top of a is missing for \"\"");
        check(
            "a,any,top,2,1,P,x\na,any,weight_x,0.9,1,P,x\n",
            WORDS,
            "t/parameters, line 0: the weights of a add up to 0.9",
        );
        check("b,any,top,2,1,P,x\n", WORDS, "t/parameters, line 2: unknown parameter \"top\" of \"b\"");
        check("a,any,top,2,yards,P,x\n", WORDS, "t/parameters, line 2: unknown unit \"yards\"");
        check("a,any,top,2,1,P,x\na,any,top,2,1,P,x\n", WORDS, "t/parameters, line 3: top of a has a row already");
        let words = "code,zh,en,mark,cite\na,高{x},high {y},P,ours\n";
        check(
            &format!("{weight}a,any,top,2,1,P,ours\n"),
            words,
            "t/words, line 2: the two languages name different numbers",
        );
    }

    #[test]
    fn the_shipped_books_hold_every_rule_the_program_knows() {
        let (review, clue) = (RuleBook::review().expect("loads"), RuleBook::clue().expect("loads"));
        let missing = |book: &RuleBook, known: &[Known]| known.iter().filter(|(id, _)| book.rule(id).is_none()).count();
        assert_eq!(missing(&review, &crate::analyse::review::KNOWN), 0);
        assert_eq!(missing(&clue, &crate::analyse::clue::KNOWN), 0);
        let ours = |book: &RuleBook| {
            book.rules
                .iter()
                .flat_map(|r| &r.parameters)
                .all(|p| ["P", "C", "K"].contains(&p.mark.as_str()) && !p.cite.is_empty())
        };
        assert!(ours(&review) && ours(&clue));
        assert!(clue.rules.iter().all(|r| r.weights().count() > 0 && !r.wrong_zh.is_empty() && !r.wrong_en.is_empty()));
    }
}
