//! Data of the review desk (审核台): which findings press, how much is looked at around new data, the grounds on which a value is
//! declared invalid, and what was measured of the detectors of clues. Rows under `standards/review/` and `standards/clue/`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::StandardError;
use super::load::{decimal, refuse, rows};
use crate::time::PeriodKind;

/// The rule under which a device is found to have spoken after a review.
pub const RESTATED: &str = "restated";
/// The rule under which a published span is found to have changed.
pub const PUBLISHED: &str = "published";
/// The row of urgency that stands for every detector of clues.
const CLUE: &str = "clue";

/// Grounds for declaring a value invalid (无效原因).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ground {
    /// The digit that chooses it at the desk.
    pub digit: u8,
    /// Code.
    pub code: String,
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
    /// How sure the row is.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

/// What the desk itself finds: no check of values, but of what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskRule {
    /// Id.
    pub id: String,
    /// Version.
    pub version: u32,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// When it is wrong, in Chinese.
    pub wrong_zh: String,
    /// In English.
    pub wrong_en: String,
}

/// What was measured of a detector, on injected falsification and on untouched series; see `docs/ref/clues.md` for how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Detector.
    pub detector: String,
    /// Share of the injections aimed at it that it found (召回率).
    pub recall: Decimal,
    /// Share of its clues that met an injection (精确率).
    pub precision: Decimal,
    /// Clues that met one.
    pub found: u32,
    /// Clues that met none.
    pub for_nothing: u32,
    /// False alarms a station and month on real sections; none when it could not be tried there.
    pub false_real: Option<Decimal>,
    /// On generated hours.
    pub false_hour: Option<Decimal>,
    /// On generated minutes.
    pub false_minute: Option<Decimal>,
    /// How sure the row is.
    pub mark: String,
    /// Where it comes from.
    pub cite: String,
}

/// Data of the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Desk {
    /// Grounds, by digit.
    pub grounds: Vec<Ground>,
    /// What the desk itself finds.
    pub rules: Vec<DeskRule>,
    /// Figures of detectors, by id.
    pub measured: Vec<Measured>,
    urgency: BTreeMap<String, Decimal>,
    context_s: BTreeMap<String, i64>,
}

impl Desk {
    /// How much a finding presses, 0 to 100. `score` is that of a clue; none of a check.
    pub fn urgency(&self, rule: &str, score: Option<Decimal>) -> i64 {
        let row = if score.is_some() { CLUE } else { rule };
        let weight = self.urgency.get(row).copied().unwrap_or_default();
        (weight * score.unwrap_or(Decimal::ONE)).round().to_i64().unwrap_or(0).clamp(0, 100)
    }

    /// How much before new data is looked at together with it, seconds.
    pub fn context_s(&self, kind: PeriodKind) -> i64 {
        self.context_s.get(kind.as_str()).copied().unwrap_or_default()
    }

    /// Grounds by their code.
    pub fn ground(&self, code: &str) -> Option<&Ground> {
        self.grounds.iter().find(|g| g.code == code)
    }

    /// A rule of the desk itself.
    pub fn rule(&self, id: &str) -> Option<&DeskRule> {
        self.rules.iter().find(|r| r.id == id)
    }

    /// The rows shipped with the program.
    ///
    /// # Errors
    /// Never for the files as committed: a test reads them.
    pub fn embedded() -> Result<Self, StandardError> {
        macro_rules! file {
            ($name:literal) => {
                ($name, include_str!(concat!("../../../../standards/", $name, ".csv")))
            };
        }
        Ok(Self {
            grounds: grounds(file!("review/grounds"))?,
            rules: desk_rules(file!("review/desk"))?,
            measured: measured(file!("clue/measured"))?,
            urgency: urgency(file!("review/urgency"))?,
            context_s: context(file!("review/context"))?,
        })
    }
}

type File<'a> = (&'a str, &'a str);

fn grounds((file, csv): File<'_>) -> Result<Vec<Ground>, StandardError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Text {
        digit: u8,
        code: String,
        zh: String,
        en: String,
        mark: String,
        cite: String,
    }
    let mut out: Vec<Ground> = Vec::new();
    for (line, Text { digit, code, zh, en, mark, cite }) in rows::<Text>(file, csv)? {
        if !(1..=9).contains(&digit) || out.iter().any(|o| o.digit == digit || o.code == code) {
            return Err(refuse(file, line, "a digit from 1 to 9 and a code, each once"));
        }
        out.push(Ground { digit, code, zh, en, mark, cite });
    }
    Ok(out)
}

fn desk_rules((file, csv): File<'_>) -> Result<Vec<DeskRule>, StandardError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Text {
        rule: String,
        version: u32,
        zh: String,
        en: String,
        wrong_zh: String,
        wrong_en: String,
        #[serde(rename = "mark")]
        _mark: String,
        #[serde(rename = "cite")]
        _cite: String,
    }
    let mut out = Vec::new();
    for (line, t) in rows::<Text>(file, csv)? {
        if ![RESTATED, PUBLISHED].contains(&t.rule.as_str()) {
            return Err(refuse(file, line, format!("unknown rule {:?}", t.rule)));
        }
        let Text { rule: id, version, zh, en, wrong_zh, wrong_en, .. } = t;
        out.push(DeskRule { id, version, zh, en, wrong_zh, wrong_en });
    }
    Ok(out)
}

fn measured((file, csv): File<'_>) -> Result<Vec<Measured>, StandardError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Text {
        detector: String,
        recall: String,
        precision: String,
        found: u32,
        for_nothing: u32,
        false_real: String,
        false_hour: String,
        false_minute: String,
        mark: String,
        cite: String,
    }
    let mut out: Vec<Measured> = Vec::new();
    for (line, t) in rows::<Text>(file, csv)? {
        let known = crate::analyse::clue::KNOWN.iter().any(|(id, _)| *id == t.detector);
        if !known || out.iter().any(|o| o.detector == t.detector) {
            return Err(refuse(file, line, format!("{:?} is no detector, or there twice", t.detector)));
        }
        let number = |text: &str| decimal(file, line, text);
        let some = |text: &str| (!text.is_empty()).then(|| number(text)).transpose();
        out.push(Measured {
            recall: number(&t.recall)?,
            precision: number(&t.precision)?,
            false_real: some(&t.false_real)?,
            false_hour: some(&t.false_hour)?,
            false_minute: some(&t.false_minute)?,
            detector: t.detector,
            found: t.found,
            for_nothing: t.for_nothing,
            mark: t.mark,
            cite: t.cite,
        });
    }
    Ok(out)
}

fn urgency((file, csv): File<'_>) -> Result<BTreeMap<String, Decimal>, StandardError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Text {
        rule: String,
        urgency: String,
        #[serde(rename = "mark")]
        _mark: String,
        #[serde(rename = "cite")]
        _cite: String,
    }
    let mut out = BTreeMap::new();
    for (line, t) in rows::<Text>(file, csv)? {
        let value = decimal(file, line, &t.urgency)?;
        if value.is_sign_negative() || value > Decimal::ONE_HUNDRED || out.insert(t.rule.clone(), value).is_some() {
            return Err(refuse(file, line, format!("{:?}: 0 to 100, once", t.rule)));
        }
    }
    Ok(out)
}

fn context((file, csv): File<'_>) -> Result<BTreeMap<String, i64>, StandardError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Text {
        kind: String,
        seconds: i64,
        #[serde(rename = "mark")]
        _mark: String,
        #[serde(rename = "cite")]
        _cite: String,
    }
    let mut out = BTreeMap::new();
    for (line, t) in rows::<Text>(file, csv)? {
        let known = PeriodKind::ALL.iter().any(|k| k.as_str() == t.kind);
        if !known || t.seconds < 0 || out.insert(t.kind.clone(), t.seconds).is_some() {
            return Err(refuse(file, line, format!("{:?}: a kind of period, once", t.kind)));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyse::{clue, review};

    #[test]
    fn the_shipped_rows_are_whole() {
        let desk = Desk::embedded().expect("loads");
        for (id, _) in review::KNOWN {
            assert!(desk.urgency.contains_key(id), "{id} has no urgency");
        }
        for (id, _) in clue::KNOWN {
            assert!(desk.measured.iter().any(|m| m.detector == id), "{id} has no figures");
        }
        assert!(PeriodKind::ALL.iter().all(|k| desk.context_s(*k) > 0));
        assert!(desk.rule(RESTATED).is_some() && desk.rule(PUBLISHED).is_some());
        assert_eq!(desk.grounds.iter().map(|g| g.digit).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
    }

    #[test]
    fn a_clue_presses_by_its_score() {
        let desk = Desk::embedded().expect("loads");
        let score = |text: &str| Some(text.parse().expect("a number"));
        assert_eq!(desk.urgency("spike", score("0.734")), 73);
        assert!(desk.urgency(RESTATED, None) > desk.urgency("marks", None));
        assert_eq!(desk.urgency("nothing", None), 0);
    }
}
