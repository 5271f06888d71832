//! A section over a span (断面评价): the class of each indicator's mean, the worst of them, and who is to blame (环办〔2011〕22号).

use std::cmp::Reverse;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::mean::{Gap, Mean, MeanRules, Sampled};
use crate::analyse::span::Span;
use crate::standard::{Bound, Quality, Standards, WaterBody, WaterIndicator, WaterMethod, WaterRow, WaterStandard};
use crate::unit::Unit;

/// One indicator of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// Name.
    pub item: String,
    /// Factor code.
    pub factor: String,
    /// Its mean, in `unit`.
    pub mean: Mean,
    /// Unit of mean and bounds.
    pub unit: Unit,
    /// Class 1 to 6.
    pub class: u8,
    /// Multiple over the bound of class III, unrounded (超标倍数); only of what is worse than it and has one.
    pub times_over: Option<Decimal>,
    /// All of it was below the detection limit, and what that counts as is worse than class III: the method of analysis is
    /// unsuitable.
    pub unsuitable: bool,
    /// Bounds of classes I to V.
    pub bounds: [Bound; 5],
    /// How sure the bounds are.
    pub mark: String,
    /// Clause of the bounds.
    pub cite: String,
}

/// An indicator without a mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotJudged {
    /// Name.
    pub item: String,
    /// Factor code.
    pub factor: String,
    /// Why.
    pub gap: Gap,
    /// Without it the section has no class.
    pub needed: bool,
}

/// A main pollutant (主要污染指标).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MainPollutant {
    /// Name.
    pub item: String,
    /// Factor code.
    pub factor: String,
    /// Multiple with one decimal, half to even; none of pH and dissolved oxygen.
    pub times_over: Option<Decimal>,
}

/// A section over a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The span.
    pub span: Span,
    /// Standard of the classes.
    pub edition: String,
    /// Method.
    pub method: String,
    /// Column used.
    pub water: WaterBody,
    /// 1 to 5, 6 worse than V; none when a needed indicator has no mean.
    pub class: Option<u8>,
    /// In words.
    pub quality: Option<Quality>,
    /// Indicators of the worst class, when it is worse than I.
    pub deciding: Vec<String>,
    /// At most three, when the class is worse than III.
    pub main: Vec<MainPollutant>,
    /// Indicators with a mean, in the order of the method.
    pub indicators: Vec<Indicator>,
    /// Indicators without one.
    pub gaps: Vec<NotJudged>,
    /// Classed beside and taking no part: total nitrogen of lakes, faecal coliform (单独评价).
    pub beside: Vec<Indicator>,
}

impl Section {
    /// How the class stands to a target.
    pub fn against(&self, target: Option<u8>) -> Target {
        match (target, self.class) {
            (None, _) => Target::NotSet,
            (Some(_), None) => Target::NotJudged,
            (Some(target), Some(class)) if class <= target => Target::Met { target },
            (Some(target), Some(class)) => Target::Missed { target, by: class - target },
        }
    }
}

/// A class held against the target of the section or its function zone (水质目标、功能区达标).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Target {
    /// No target is known: to be mended.
    NotSet,
    /// The section has no class.
    NotJudged,
    /// 达标.
    Met {
        /// Class to be kept.
        target: u8,
    },
    /// 未达标.
    Missed {
        /// Class to be kept.
        target: u8,
        /// Classes between.
        by: u8,
    },
}

/// No edition of GB 3838 applies to the span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no edition of GB 3838 for data of {0}")]
pub struct NoEdition(pub Date);

/// Everything a section is judged by.
#[derive(Debug, Clone, Copy)]
pub struct SectionRules<'a> {
    /// Classes, by the edition of the span's last day.
    pub standard: &'a WaterStandard,
    /// Method.
    pub method: &'a WaterMethod,
    /// Means.
    pub means: MeanRules<'a>,
}

impl<'a> SectionRules<'a> {
    /// The rules for data of a span.
    ///
    /// # Errors
    /// When no edition covers its last day.
    pub fn of(standards: &'a Standards, span: Span, frozen: bool) -> Result<Self, NoEdition> {
        let standard = standards.water_on(span.last()).ok_or(NoEdition(span.last()))?;
        let (method, statistics) = (&standards.surface.method, &standards.surface.statistics);
        Ok(Self { standard, method, means: MeanRules { method, statistics, frozen } })
    }

    /// Judges a section by its measurements.
    pub fn judge(&self, samples: &[Sampled<'_>], span: Span, water: WaterBody) -> Section {
        let (mut indicators, mut gaps) = (Vec::new(), Vec::new());
        for indicator in &self.method.indicators {
            let Some(row) = self.standard.row(&indicator.factor, water) else { continue };
            match self.means.mean(samples, &indicator.factor, span, row.unit) {
                Ok(mean) => indicators.push(self.classed(row, indicator.multiple, mean)),
                Err(gap) => gaps.push(not_judged(indicator, gap)),
            }
        }
        let aside =
            |row: &&WaterRow| row.water.is_none_or(|w| w == water) && self.method.indicator(&row.factor).is_none();
        let beside = self.standard.rows.iter().filter(aside);
        let beside = beside.filter_map(|row| {
            Some(self.classed(row, true, self.means.mean(samples, &row.factor, span, row.unit).ok()?))
        });
        let beside = beside.collect();
        self.judged(span, water, indicators, gaps, beside)
    }

    /// Judges means that are there already, as those of a river are (each in the unit of its bounds).
    pub fn judge_means(&self, means: &[(String, Mean)], span: Span, water: WaterBody) -> Section {
        let (mut indicators, mut gaps) = (Vec::new(), Vec::new());
        for indicator in &self.method.indicators {
            let Some(row) = self.standard.row(&indicator.factor, water) else { continue };
            match means.iter().find(|(factor, _)| *factor == indicator.factor) {
                Some((_, mean)) => indicators.push(self.classed(row, indicator.multiple, mean.clone())),
                None => gaps.push(not_judged(indicator, Gap::NotMeasured)),
            }
        }
        self.judged(span, water, indicators, gaps, Vec::new())
    }

    fn judged(
        &self,
        span: Span,
        water: WaterBody,
        indicators: Vec<Indicator>,
        gaps: Vec<NotJudged>,
        beside: Vec<Indicator>,
    ) -> Section {
        let worst = indicators.iter().map(|i| i.class).max();
        let class = worst.filter(|_| !gaps.iter().any(|gap| gap.needed));
        let decides = |i: &&Indicator| class.is_some_and(|c| c > 1 && i.class == c);
        Section {
            span,
            edition: self.standard.head.id.clone(),
            method: self.method.head.id.clone(),
            water,
            class,
            quality: class.and_then(|c| self.method.quality(c)).map(|q| q.quality),
            deciding: indicators.iter().filter(decides).map(|i| i.item.clone()).collect(),
            main: class.map_or_else(Vec::new, |_| main_pollutants(&indicators, self.method)),
            indicators,
            gaps,
            beside,
        }
    }

    fn classed(&self, row: &WaterRow, multiple: bool, mean: Mean) -> Indicator {
        let class = row.class(mean.value);
        let beyond = self.method.main_pollutants_beyond;
        let over = match row.classes[usize::from(beyond) - 1] {
            Bound::AtMost { value } if multiple && class > beyond => (mean.value - value).checked_div(value),
            _ => None,
        };
        Indicator {
            item: row.item.clone(),
            factor: row.factor.clone(),
            unsuitable: mean.below == mean.samples && class > beyond,
            class,
            times_over: over,
            unit: row.unit,
            bounds: row.classes,
            mark: row.mark.clone(),
            cite: row.cite.clone(),
            mean,
        }
    }
}

fn not_judged(indicator: &WaterIndicator, gap: Gap) -> NotJudged {
    NotJudged { item: indicator.item.clone(), factor: indicator.factor.clone(), gap, needed: indicator.needed }
}

/// Those worse than III: cyanide and heavy metals first, then by class, then by multiple; what has no multiple comes last within
/// its class, which the text leaves open.
fn main_pollutants(indicators: &[Indicator], method: &WaterMethod) -> Vec<MainPollutant> {
    let first = |i: &Indicator| method.indicator(&i.factor).is_some_and(|rule| rule.first);
    let mut worse: Vec<&Indicator> = indicators.iter().filter(|i| i.class > method.main_pollutants_beyond).collect();
    worse.sort_by_key(|i| Reverse((first(i), i.class, i.times_over)));
    let named = |i: &Indicator| MainPollutant {
        item: i.item.clone(),
        factor: i.factor.clone(),
        times_over: i.times_over.map(one_decimal),
    };
    worse.into_iter().take(method.main_pollutants_max).map(named).collect()
}

/// Half to even (GB/T 8170), and shown with its one decimal.
fn one_decimal(times: Decimal) -> Decimal {
    let mut times = times.round_dp(1);
    times.rescale(1);
    times
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::analyse::water::mean::Measured;
    use jiff::civil::date;
    use proptest::prelude::*;

    pub fn standards() -> Standards {
        Standards::embedded().expect("the shipped standards load")
    }

    /// Measurements of one day, `CODMn 4.01 NH3-N <0.05`.
    pub fn samples<'a>(text: &str, standards: &'a Standards, water: WaterBody) -> Vec<Sampled<'a>> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let read = |pair: &[&str]| {
            let row = standards.water[0].rows.iter().find(|r| r.item == pair[0] && r.water.is_none_or(|w| w == water));
            let row = row.expect("an item of GB 3838");
            let value = Measured::parse(pair[1]).expect("a measurement");
            Sampled { day: date(2025, 5, 5), factor: &row.factor, value, unit: row.unit }
        };
        words.chunks(2).map(read).collect()
    }

    /// The four that a class needs, all of class I.
    pub const CLEAN: &str = "pH 7.5 DO 8 CODMn 1.5 NH3-N 0.1 ";
    pub const MAY: Span = Span::Month { year: 2025, month: 5 };

    pub fn judged(text: &str, water: WaterBody) -> Section {
        let standards = standards();
        let rules = SectionRules::of(&standards, MAY, false).expect("an edition");
        rules.judge(&samples(text, &standards, water), MAY, water)
    }

    fn check(text: &str, water: WaterBody, expected: &str) {
        let got = judged(text, water);
        let class = got.class.map_or("none", super::super::roman);
        let over = |m: &MainPollutant| m.times_over.map_or_else(|| m.item.clone(), |t| format!("{} ({t})", m.item));
        let main: Vec<String> = got.main.iter().map(over).collect();
        let quality = got.quality.map_or_else(String::new, |q| format!(" {q:?}"));
        let said = format!("{class}{quality} by {}; {}", got.deciding.join(","), main.join(", "));
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn the_worst_mean_decides_and_main_pollutants_are_named_in_order() {
        use WaterBody::{Lake, River};
        check(CLEAN, River, "I Excellent by ; ");
        check(&format!("{CLEAN}TP 0.02 Cu 0.01 Hg 0.00005"), River, "I Excellent by ; ");
        check(&format!("{CLEAN}COD 15"), River, "I Excellent by ; ");
        check(&format!("{CLEAN}COD 20"), River, "III Good by COD; ");
        check(&format!("{CLEAN}TP 0.1"), River, "II Excellent by TP; ");
        check(&format!("{CLEAN}TP 0.1"), Lake, "IV Light by TP; TP (1.0)");
        // total nitrogen takes no part, of a lake neither
        check(&format!("{CLEAN}TN 9"), Lake, "I Excellent by ; ");
        // (1.3 − 1.0) / 1.0 = 0.3; (7.5 − 6) / 6 = 0.25, half to even 0.2
        check("pH 7.5 DO 8 CODMn 7.5 NH3-N 1.3", River, "IV Light by CODMn,NH3-N; NH3-N (0.3), CODMn (0.2)");
        // worse class first, although its multiple is smaller: TP 0.45 is 1.25 times over and worse than V, COD 39
        // 0.95 times over and V; both are ties, and go to the even digit
        check(&format!("{CLEAN}TP 0.45 COD 39 BOD5 5.9"), River, ">V Heavy by TP; TP (1.2), COD (1.0), BOD5 (0.5)");
        // pH and oxygen have no multiple and come last in their class
        check("pH 9.5 DO 1.5 CODMn 16 NH3-N 2.1", River, ">V Heavy by pH,DO,CODMn,NH3-N; CODMn (1.7), NH3-N (1.1), pH");
        // a heavy metal goes first
        check(&format!("{CLEAN}Pb 0.06 COD 60"), River, ">V Heavy by COD; Pb (0.2), COD (2.0)");
        check("pH 7.5 DO 8 CODMn 1.5", River, "none by ; ");
        check("pH 7.5 DO 8 CODMn 1.5 COD 60", River, "none by ; ");
    }

    #[test]
    fn what_is_missing_and_what_stands_beside_is_named() {
        let lake = judged("pH 7.5 DO 8 CODMn 1.5 TN 1.6", WaterBody::Lake);
        let gaps: Vec<String> =
            lake.gaps.iter().filter(|g| g.needed).map(|g| format!("{}: {}", g.item, g.gap)).collect();
        assert_eq!(gaps, ["NH3-N: not measured"]);
        assert_eq!(lake.gaps.len(), 21 - 3);
        let beside: Vec<_> = lake.beside.iter().map(|i| (i.item.as_str(), i.class)).collect();
        assert_eq!(beside, [("TN", 5)]);
        assert_eq!(judged(&format!("{CLEAN}TN 1.6"), WaterBody::Lake).against(Some(2)), Target::Met { target: 2 });
        assert_eq!(
            judged(&format!("{CLEAN}TP 0.25"), WaterBody::River).against(Some(2)),
            Target::Missed { target: 2, by: 2 }
        );
        assert_eq!(lake.against(Some(2)), Target::NotJudged);
        assert_eq!(lake.against(None), Target::NotSet);
    }

    #[test]
    fn an_analysis_whose_limit_is_too_high_is_said() {
        let said = judged(&format!("{CLEAN}Hg <0.0004 Pb <0.01"), WaterBody::River);
        let unsuitable: Vec<_> = said.indicators.iter().filter(|i| i.unsuitable).map(|i| i.item.as_str()).collect();
        assert_eq!((said.class, unsuitable), (Some(4), vec!["Hg"]));
    }

    proptest! {
        #[test]
        fn more_of_anything_never_makes_water_better(codmn in 0i64..2_000, nh3n in 0i64..300, tp in 0i64..60, more in 0i64..500) {
            let class = |codmn, nh3n, tp| {
                let text = format!("pH 7.5 DO 8 CODMn {} NH3-N {} TP {}", Decimal::new(codmn, 2), Decimal::new(nh3n, 2), Decimal::new(tp, 2));
                judged(&text, WaterBody::River).class.expect("all that it takes")
            };
            let before = class(codmn, nh3n, tp);
            prop_assert!(class(codmn + more, nh3n, tp) >= before);
            prop_assert!(class(codmn, nh3n + more, tp) >= before);
            prop_assert!(class(codmn, nh3n, tp + more) >= before);
        }

        #[test]
        fn one_days_class_is_that_of_the_moment(ph in 550i64..950, oxygen in 0i64..1_200, codmn in 0i64..2_000, nh3n in 0i64..300, tp in 0i64..600) {
            let values = [Decimal::new(ph, 2), Decimal::new(oxygen, 2), Decimal::new(codmn, 2), Decimal::new(nh3n, 2), Decimal::new(tp, 3)];
            let standards = standards();
            for water in [WaterBody::River, WaterBody::Lake] {
                let moment = super::super::class_only(&values.map(Some), water, &standards.water[0]);
                let [ph, oxygen, codmn, nh3n, tp] = values;
                let text = format!("pH {ph} DO {oxygen} CODMn {codmn} NH3-N {nh3n} TP {tp}");
                prop_assert_eq!(judged(&text, water).class, moment);
            }
        }
    }
}
