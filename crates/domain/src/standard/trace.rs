//! Rules of tracing (溯源) as data: `standards/trace/`. Parameters and words are a [`RuleBook`]; factors that go together
//! have a table of their own. All of them are our own defaults (mark `P`), for each city to replace.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::StandardError;
use super::load::{decimal, refuse, rows};
use super::review::{RuleBook, Texts};

/// A factor that goes with another (相关因子): who discharges it may have raised the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Factor code of the anomaly.
    pub factor: String,
    /// Factor code that goes with it.
    pub related: String,
    /// How much a permit for it counts beside one for the factor itself, above 0 and at most 1.
    pub share: Decimal,
    /// How sure the row is.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

/// Everything under `standards/trace/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceBook {
    /// Parameters and words.
    pub rules: RuleBook,
    /// Factors that go together.
    pub related: Vec<Related>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RelatedText {
    factor: String,
    related: String,
    share: String,
    mark: String,
    cite: String,
}

impl TraceBook {
    /// The rules shipped with the program.
    ///
    /// # Errors
    /// Never for the files as committed: a test reads them.
    pub fn embedded() -> Result<Self, StandardError> {
        let texts = Texts {
            rules: include_str!("../../../../standards/trace/rules.csv"),
            parameters: include_str!("../../../../standards/trace/parameters.csv"),
            words: include_str!("../../../../standards/trace/words.csv"),
            pairs: "part,whole,slack,mark,cite\n",
        };
        let rules = RuleBook::read("trace", &crate::analyse::trace::KNOWN, texts)?;
        if let Some((missing, _)) = crate::analyse::trace::KNOWN.iter().find(|(id, _)| rules.rule(id).is_none()) {
            return Err(refuse("trace/rules", 0, format!("{missing} has no row")));
        }
        Ok(Self { rules, related: related(include_str!("../../../../standards/trace/related.csv"))? })
    }

    /// How much a permit for `other` counts when `factor` is traced: 1 for the same, 0 for one that does not go with
    /// it.
    pub fn share(&self, factor: &str, other: &str) -> f64 {
        if factor == other {
            return 1.0;
        }
        let row = self.related.iter().find(|r| r.factor == factor && r.related == other);
        row.and_then(|r| r.share.to_f64()).unwrap_or(0.0)
    }

    /// A number of a rule for a factor. The book was read whole, so that there is one; 0 stands for none.
    pub fn number(&self, rule: &str, name: &str, factor: &str) -> f64 {
        self.rules.rule(rule).and_then(|r| r.number(name, factor)).unwrap_or(0.0)
    }
}

fn related(csv: &str) -> Result<Vec<Related>, StandardError> {
    const FILE: &str = "trace/related";
    let mut out: Vec<Related> = Vec::new();
    for (line, r) in rows::<RelatedText>(FILE, csv)? {
        if r.factor == r.related || out.iter().any(|o| o.factor == r.factor && o.related == r.related) {
            return Err(refuse(FILE, line, format!("{} and {} are one, or have a row already", r.factor, r.related)));
        }
        let share = decimal(FILE, line, &r.share)?;
        if share <= Decimal::ZERO || share > Decimal::ONE {
            return Err(refuse(FILE, line, format!("share {share} is not above 0 and at most 1")));
        }
        out.push(Related { factor: r.factor, related: r.related, share, mark: r.mark, cite: r.cite });
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rules_are_whole_and_our_own() {
        let book = TraceBook::embedded().expect("reads");
        assert!((book.share("w01019", "w01018") - 1.0).abs() < 1e-9);
        assert!(book.share("w01019", "w21011").abs() < 1e-9);
        let ours = |mark: &str| mark == "P";
        assert!(book.related.iter().all(|r| ours(&r.mark) && !r.cite.is_empty()));
        assert!(book.rules.rules.iter().flat_map(|r| &r.parameters).all(|p| ours(&p.mark)));
    }

    #[test]
    fn reading_is_strict() {
        let said = |row: &str| related(&format!("factor,related,share,mark,cite\n{row}")).err().map(|e| e.to_string());
        assert_eq!(said("a,b,0.5,P,x\n"), None);
        for row in ["a,a,1,P,x\n", "a,b,1,P,x\na,b,1,P,x\n", "a,b,0,P,x\n", "a,b,1.1,P,x\n", "a,b,x,P,x\n", "a,b,1,P\n"]
        {
            assert!(said(row).is_some_and(|e| e.starts_with("trace/related, line")), "{row}");
        }
    }
}
