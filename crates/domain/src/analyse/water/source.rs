//! Drinking water sources (集中式生活饮用水水源地): every indicator of table 1 at class III or better, every item of tables 2 and 3
//! within its limit (GB 3838-2002). Total nitrogen and faecal coliform are listed for reference.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::mean::{Gap, Mean, MeanRules, Sampled};
use super::section::Section;
use crate::analyse::span::Span;
use crate::standard::SourceLimit;

/// Class that a source must keep.
const CLASS_KEPT: u8 = 3;

/// An item of table 2 or 3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceItem {
    /// Item.
    pub item: String,
    /// Its mean, in the unit of the limit.
    pub mean: Mean,
    /// The limit with its clause.
    pub limit: SourceLimit,
    /// Multiple over the limit, unrounded; none within it.
    pub times_over: Option<Decimal>,
}

/// What a source is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum SourceVerdict {
    /// 达标.
    Meets,
    /// 未达标.
    Exceeds {
        /// Items beyond: those of table 1 worse than III first.
        items: Vec<String>,
    },
    /// The class cannot be said.
    NotJudged,
}

/// A source over a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Table 1.
    pub section: Section,
    /// Items of tables 2 and 3 that were measured.
    pub items: Vec<SourceItem>,
    /// Items of table 2 that were not, or in another unit; table 3 is chosen by the county.
    pub gaps: Vec<(String, Gap)>,
    /// What it comes to.
    pub verdict: SourceVerdict,
}

/// Judges a source by its section and the single limits. Measurements are found by factor code, or by the item's name where it has
/// none.
pub fn source(
    section: Section,
    samples: &[Sampled<'_>],
    span: Span,
    limits: &[SourceLimit],
    rules: &MeanRules<'_>,
) -> Source {
    let (mut items, mut gaps) = (Vec::new(), Vec::new());
    for limit in limits {
        let name = limit.factor.as_deref().unwrap_or(&limit.item);
        match rules.mean(samples, name, span, limit.unit) {
            Ok(mean) => {
                let over = (mean.value > limit.limit).then(|| (mean.value - limit.limit).checked_div(limit.limit));
                let (item, limit) = (limit.item.clone(), limit.clone());
                items.push(SourceItem { item, mean, limit, times_over: over.flatten() });
            }
            Err(Gap::NotMeasured) if limit.table == 3 => {}
            Err(gap) => gaps.push((limit.item.clone(), gap)),
        }
    }
    let verdict = verdict(&section, &items);
    Source { section, items, gaps, verdict }
}

fn verdict(section: &Section, items: &[SourceItem]) -> SourceVerdict {
    let of_classes = section.indicators.iter().filter(|i| i.class > CLASS_KEPT).map(|i| i.item.clone());
    let of_limits = items.iter().filter(|i| i.times_over.is_some()).map(|i| i.item.clone());
    let items: Vec<String> = of_classes.chain(of_limits).collect();
    // what is beyond is beyond, whether or not all of it was measured
    match (items.is_empty(), section.class) {
        (false, _) => SourceVerdict::Exceeds { items },
        (true, Some(_)) => SourceVerdict::Meets,
        (true, None) => SourceVerdict::NotJudged,
    }
}

/// Compliance of several sources (水源达标率).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Compliance {
    /// Sources judged.
    pub judged: u32,
    /// Of these, such that meet everything.
    pub meet: u32,
    /// Without a verdict.
    pub not_judged: u32,
    /// Water taken from all judged sources, and from those that meet everything, in one unit; none when one of them has no figure.
    pub volumes: Option<(Decimal, Decimal)>,
}

impl Compliance {
    /// Counts sources, each with the water taken from it (取水量).
    pub fn of<'a>(sources: impl IntoIterator<Item = (&'a SourceVerdict, Option<Decimal>)>) -> Self {
        let mut all = Self { volumes: Some((Decimal::ZERO, Decimal::ZERO)), ..Self::default() };
        for (verdict, volume) in sources {
            let meets = match verdict {
                SourceVerdict::NotJudged => {
                    all.not_judged += 1;
                    continue;
                }
                SourceVerdict::Meets => true,
                SourceVerdict::Exceeds { .. } => false,
            };
            all.judged += 1;
            all.meet += u32::from(meets);
            let add = |(taken, good), volume| (taken + volume, if meets { good + volume } else { good });
            all.volumes = all.volumes.zip(volume).map(|(sums, volume)| add(sums, volume));
        }
        all
    }

    /// Share of sources in per cent, unrounded.
    pub fn by_count(&self) -> Option<Decimal> {
        (Decimal::from(self.meet) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(self.judged))
    }

    /// Share of the water taken, in per cent, unrounded.
    pub fn by_volume(&self) -> Option<Decimal> {
        let (taken, good) = self.volumes?;
        (good * Decimal::ONE_HUNDRED).checked_div(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mean::Measured;
    use super::super::section::SectionRules;
    use super::super::section::tests::{CLEAN, MAY, samples, standards};
    use super::*;
    use crate::standard::WaterBody;
    use crate::unit::Unit;
    use jiff::civil::date;

    fn check(table1: &str, more: &[(&str, &str, Unit)], expected: &str) {
        let standards = standards();
        let rules = SectionRules::of(&standards, MAY, false).expect("an edition");
        let mut all = samples(table1, &standards, WaterBody::Lake);
        all.extend(more.iter().map(|(factor, text, unit)| Sampled {
            day: date(2025, 5, 5),
            factor,
            value: Measured::parse(text).expect("a measurement"),
            unit: *unit,
        }));
        let section = rules.judge(&all, MAY, WaterBody::Lake);
        let got = source(section, &all, MAY, &standards.surface.sources, &rules.means);
        let verdict = match &got.verdict {
            SourceVerdict::Exceeds { items } => format!("exceeds {}", items.join(",")),
            other => format!("{other:?}"),
        };
        let gaps: Vec<String> = got.gaps.iter().map(|(item, gap)| format!("{item}: {gap}")).collect();
        assert_eq!(format!("{verdict}, {} items; {}", got.items.len(), gaps.join(", ")), expected);
    }

    const UNMEASURED: &str =
        "sulfate: not measured, chloride: not measured, nitrate-N: not measured, Fe: not measured, Mn: not measured";

    #[test]
    fn a_source_keeps_class_three_and_every_single_limit() {
        check(CLEAN, &[], &format!("Meets, 0 items; {UNMEASURED}"));
        check(&format!("{CLEAN}TP 0.06 TN 9"), &[], &format!("exceeds TP, 0 items; {UNMEASURED}"));
        check("pH 7 DO 8", &[], &format!("NotJudged, 0 items; {UNMEASURED}"));
        check("pH 7 DO 8 COD 21", &[], &format!("exceeds COD, 0 items; {UNMEASURED}"));
        let table2 =
            [("w21038", "250", Unit::MgPerL), ("w21022", "10", Unit::MgPerL), ("w21007", "10.1", Unit::MgPerL)];
        check(CLEAN, &table2, "exceeds nitrate-N, 3 items; Fe: not measured, Mn: not measured");
        let odd =
            [("w20125", "300", Unit::UgPerL), ("w20124", "0.1", Unit::Celsius), ("chloroform", "<0.001", Unit::MgPerL)];
        let said = "Meets, 2 items; sulfate: not measured, chloride: not measured, nitrate-N: not measured, Mn: °C cannot be given in mg/L";
        check(CLEAN, &odd, said);
    }

    #[test]
    fn compliance_counts_sources_and_water() {
        let exceeds = SourceVerdict::Exceeds { items: vec![] };
        let volume = |n: i64| Some(Decimal::from(n));
        let all = [(&SourceVerdict::Meets, volume(300)), (&exceeds, volume(100)), (&SourceVerdict::NotJudged, None)];
        let got = Compliance::of(all);
        assert_eq!((got.judged, got.meet, got.not_judged), (2, 1, 1));
        assert_eq!((got.by_count(), got.by_volume()), (volume(50), volume(75)));
        let unknown = Compliance::of([(&SourceVerdict::Meets, None), (&exceeds, volume(100))]);
        assert_eq!((unknown.by_count(), unknown.by_volume()), (volume(50), None));
        assert_eq!(Compliance::of([]).by_count(), None);
    }
}
