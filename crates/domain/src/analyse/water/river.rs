//! A river or basin from its sections (河流、流域评价): below five sections by the means over them, from five on by the shares of
//! classes (环办〔2011〕22号). Shares are compared as whole numbers, without rounding.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

use super::mean::Mean;
use super::section::{Indicator, Section, SectionRules};
use crate::analyse::span::Span;
use crate::standard::{Quality, WaterBody, WaterMethod};

/// How many sections are of each class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Shares {
    /// Of class I to V, and worse than V.
    pub classes: [u32; 6],
    /// Without a class; they count into no share.
    pub not_judged: u32,
}

impl Shares {
    /// Counts sections.
    pub fn of<'a>(sections: impl IntoIterator<Item = &'a Section>) -> Self {
        let mut shares = Self::default();
        for section in sections {
            match section.class.filter(|class| (1..=6).contains(class)) {
                Some(class) => shares.classes[usize::from(class) - 1] += 1,
                None => shares.not_judged += 1,
            }
        }
        shares
    }

    /// Sections with a class.
    pub fn judged(&self) -> u32 {
        self.classes.iter().sum()
    }

    /// Sections of a class or better: with 3 of class I to III, with 2 of class I and II.
    pub fn at_least(&self, class: u8) -> u32 {
        self.classes.iter().take(usize::from(class)).sum()
    }

    /// Sections worse than V.
    pub fn worse(&self) -> u32 {
        self.classes[5]
    }

    /// A share of the judged sections in per cent, unrounded; none without any.
    pub fn percent(&self, count: u32) -> Option<Decimal> {
        (Decimal::from(count) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(self.judged()))
    }
}

/// What a river was judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Basis {
    /// The means over fewer than five sections.
    Means {
        /// Judged like a section.
        means: Box<Section>,
    },
    /// Shares of classes.
    Shares {
        /// The table has no row for these shares; the nearest worse one stands.
        between_rows: bool,
    },
}

/// An indicator by which sections are worse than III.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RiverPollutant {
    /// Name.
    pub item: String,
    /// Factor code.
    pub factor: String,
    /// Sections worse than III by it.
    pub sections: u32,
    /// All sections.
    pub of: u32,
}

/// A river over a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct River {
    /// The span.
    pub span: Span,
    /// Method.
    pub method: String,
    /// Sections by class.
    pub shares: Shares,
    /// How it was judged.
    pub basis: Basis,
    /// In words; none without a judged section.
    pub quality: Option<Quality>,
    /// At most three, largest share of sections first; only of a river judged by shares.
    pub main: Vec<RiverPollutant>,
}

/// Judges a river by its sections, all of one span. Sections of lakes are no part of a river.
pub fn river(sections: &[Section], span: Span, rules: &SectionRules<'_>) -> River {
    let method = rules.method;
    let shares = Shares::of(sections);
    let (basis, quality, main) = if sections.len() < method.river_sections_few {
        let means = rules.judge_means(&means_over(sections), span, WaterBody::River);
        let quality = means.quality;
        (Basis::Means { means: Box::new(means) }, quality, Vec::new())
    } else {
        let (quality, between_rows) = by_shares(&shares, method);
        (Basis::Shares { between_rows }, quality, pollutants(sections, method))
    };
    River { span, method: method.head.id.clone(), shares, basis, quality, main }
}

/// The mean of each indicator over the sections that have one.
fn means_over(sections: &[Section]) -> Vec<(String, Mean)> {
    let mut all: BTreeMap<&str, Vec<&Mean>> = BTreeMap::new();
    for indicator in sections.iter().flat_map(|s| &s.indicators) {
        all.entry(&indicator.factor).or_default().push(&indicator.mean);
    }
    let mean = |means: &[&Mean]| Mean {
        value: means.iter().map(|m| m.value).sum::<Decimal>() / Decimal::from(means.len()),
        samples: means.iter().map(|m| m.samples).sum(),
        below: means.iter().map(|m| m.below).sum(),
        months: None,
    };
    all.into_iter().map(|(factor, means)| (factor.to_owned(), mean(&means))).collect()
}

/// The row whose shares hold; where none does, the first whose share of classes I to III does not, and that it is so.
fn by_shares(shares: &Shares, method: &WaterMethod) -> (Option<Quality>, bool) {
    let all = shares.judged();
    if all == 0 {
        return (None, false);
    }
    let within = |count: u32, from: u32, below: u32| 100 * count >= from * all && 100 * count < below * all;
    let (good, worse) = (shares.at_least(3), shares.worse());
    let mut rows = method.qualities.iter();
    let row =
        rows.find(|row| within(good, row.good_from, row.good_below) && within(worse, row.worse_from, row.worse_below));
    match (row, method.qualities.last()) {
        (Some(row), _) => (Some(row.quality), false),
        (None, last) => (last.map(|row| row.quality), true),
    }
}

/// By the share of all sections that are worse than III by each indicator (断面超标率).
fn pollutants(sections: &[Section], method: &WaterMethod) -> Vec<RiverPollutant> {
    let worse = |factor: &str| {
        let by_it = |i: &Indicator| i.factor == factor && i.class > method.main_pollutants_beyond;
        sections.iter().filter(|s| s.indicators.iter().any(by_it)).count() as u32
    };
    let named = method.indicators.iter().map(|rule| RiverPollutant {
        item: rule.item.clone(),
        factor: rule.factor.clone(),
        sections: worse(&rule.factor),
        of: sections.len() as u32,
    });
    let mut all: Vec<RiverPollutant> = named.filter(|p| p.sections > 0).collect();
    all.sort_by_key(|p| Reverse(p.sections));
    all.truncate(method.main_pollutants_max);
    all
}

#[cfg(test)]
mod tests {
    use super::super::section::tests::{CLEAN, MAY, judged, standards};
    use super::*;

    /// Sections of these classes, each by its permanganate index.
    fn sections(classes: &[u8]) -> Vec<Section> {
        let codmn = ["1.5", "3", "5", "8", "12", "20"];
        let text = |class: &u8| format!("pH 7.5 DO 8 CODMn {} NH3-N 0.1", codmn[usize::from(*class) - 1]);
        classes.iter().map(|class| judged(&text(class), WaterBody::River)).collect()
    }

    fn check(classes: &[u8], expected: &str) {
        let standards = standards();
        let rules = SectionRules::of(&standards, MAY, false).expect("an edition");
        let got = river(&sections(classes), MAY, &rules);
        let basis = match &got.basis {
            Basis::Means { means } => format!("means class {:?}", means.class),
            Basis::Shares { between_rows } => format!("shares{}", if *between_rows { " between rows" } else { "" }),
        };
        let main: Vec<String> = got.main.iter().map(|p| format!("{} {}/{}", p.item, p.sections, p.of)).collect();
        assert_eq!(format!("{:?} by {basis}; {}", got.quality, main.join(", ")), expected, "{classes:?}");
    }

    #[test]
    fn five_sections_are_judged_by_shares_and_fewer_by_means() {
        // the mean of 1.5, 3, 5, 8 is 4.375: class III
        check(&[1, 2, 3, 4], "Some(Good) by means class Some(3); ");
        check(&[1; 5], "Some(Excellent) by shares; ");
        check(&[1, 2, 3, 3, 3, 2, 2, 2, 1, 4], "Some(Excellent) by shares; CODMn 1/10");
        check(&[1, 2, 3, 4], "Some(Good) by means class Some(3); ");
        check(&[1, 2, 3, 3, 4], "Some(Good) by shares; CODMn 1/5");
        check(&[1, 2, 3, 4, 4], "Some(Light) by shares; CODMn 2/5");
        check(&[1, 2, 3, 4, 6], "Some(Medium) by shares; CODMn 2/5");
        check(&[1, 2, 4, 6, 6], "Some(Heavy) by shares; CODMn 3/5");
        // I to III exactly 60 % with 40 % worse than V: the table has no row
        check(&[1, 2, 3, 6, 6], "Some(Heavy) by shares between rows; CODMn 2/5");
        check(&[], "None by means class None; ");
    }

    #[test]
    fn what_has_no_class_counts_into_no_share() {
        let standards = standards();
        let rules = SectionRules::of(&standards, MAY, false).expect("an edition");
        let mut all = sections(&[1, 1, 1, 1]);
        all.push(judged("pH 7.5", WaterBody::River));
        let got = river(&all, MAY, &rules);
        assert_eq!((got.shares.judged(), got.shares.not_judged, got.quality), (4, 1, Some(Quality::Excellent)));
        assert_eq!(got.shares.percent(got.shares.at_least(2)), Some(Decimal::ONE_HUNDRED));
        assert_eq!(Shares::default().percent(0), None);
    }

    #[test]
    fn the_largest_share_of_sections_names_the_main_pollutants() {
        let standards = standards();
        let rules = SectionRules::of(&standards, MAY, false).expect("an edition");
        let worse = [
            format!("{CLEAN}TP 0.25 COD 25"),
            format!("{CLEAN}COD 25"),
            format!("{CLEAN}TP 0.1 COD 25"),
            format!("{CLEAN}TP 0.1 BOD5 5"),
            format!("{CLEAN}fluoride 1.2"),
        ];
        let sections: Vec<Section> = worse.iter().map(|text| judged(text, WaterBody::River)).collect();
        let got = river(&sections, MAY, &rules);
        let main: Vec<String> = got.main.iter().map(|p| format!("{} {}/{}", p.item, p.sections, p.of)).collect();
        // BOD5 before fluoride, by the order of the table
        assert_eq!(main, ["COD 3/5", "BOD5 1/5", "TP 1/5"]);
    }
}
