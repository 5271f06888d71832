//! Index and ranking of cities by surface water (城市水质指数 CWQI, 环办监测〔2017〕51号).
//!
//! Of each indicator the mean over all sections of a city is divided by the bound of class III; oxygen the other way round, pH by
//! its distance from neutral. The sum is the index: the lower the better. An item that one of the cities never measured is left
//! out for all of them, because sums of unlike lists cannot be compared. Upstream influence is not deducted: its arithmetic is
//! not in what could be read.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::Serialize;

use super::section::Section;
use crate::standard::{Bound, CityIndexRule, WaterBody, WaterMethod, WaterStandard};

/// One item of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemIndex {
    /// Name.
    pub item: String,
    /// Mean over the sections, in the unit of the bound.
    pub mean: Decimal,
    /// Sections with a value.
    pub sections: u32,
    /// What it adds.
    pub index: Decimal,
}

/// Index of the rivers or of the lakes of a city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BodyIndex {
    /// River sections, or points of lakes.
    pub sections: u32,
    /// Sum of the items.
    pub index: Decimal,
    /// What it is made of.
    pub items: Vec<ItemIndex>,
}

/// A city over a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CityIndex {
    /// Code of the city.
    pub city: String,
    /// Rule.
    pub edition: String,
    /// Of both bodies, weighed by their sections.
    pub index: Decimal,
    /// Rivers.
    pub river: Option<BodyIndex>,
    /// Lakes and reservoirs.
    pub lake: Option<BodyIndex>,
}

/// A city with its sections.
#[derive(Debug, Clone)]
pub struct City<'a> {
    /// Code.
    pub code: &'a str,
    /// Its sections over the span.
    pub sections: &'a [Section],
}

/// What cities are compared by.
#[derive(Debug, Clone, Copy)]
pub struct CityRules<'a> {
    /// The bounds.
    pub standard: &'a WaterStandard,
    /// The indicators.
    pub method: &'a WaterMethod,
    /// The index.
    pub rule: &'a CityIndexRule,
}

/// Indices of cities that can be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The cities, best first.
    pub cities: Vec<CityIndex>,
    /// Items left out, because one city or more has no value of them.
    pub left_out: Vec<String>,
    /// Cities without any section.
    pub without_sections: Vec<String>,
}

impl CityRules<'_> {
    /// The indices of cities, by one list of items.
    pub fn compare(&self, cities: &[City<'_>]) -> Compared {
        let (some, none): (Vec<&City<'_>>, Vec<&City<'_>>) = cities.iter().partition(|c| !c.sections.is_empty());
        // what a body of water of one city lacks is left out everywhere
        let bodies = || some.iter().flat_map(|c| [WaterBody::River, WaterBody::Lake].map(|water| (c, water)));
        let lacking: BTreeSet<&str> = bodies()
            .filter(|(city, water)| city.sections.iter().any(|s| s.water == *water))
            .flat_map(|(city, water)| self.lacking(city.sections, water))
            .collect();
        let mut indices: Vec<CityIndex> = some.iter().filter_map(|city| self.city(city, &lacking)).collect();
        indices.sort_by(|a, b| a.index.cmp(&b.index).then_with(|| a.city.cmp(&b.city)));
        let named = |i: &&crate::standard::WaterIndicator| lacking.contains(i.factor.as_str());
        Compared {
            cities: indices,
            left_out: self.method.indicators.iter().filter(named).map(|i| i.item.clone()).collect(),
            without_sections: none.iter().map(|c| c.code.to_owned()).collect(),
        }
    }

    fn lacking(&self, sections: &[Section], water: WaterBody) -> impl Iterator<Item = &str> {
        let has = move |factor: &str| {
            sections.iter().filter(|s| s.water == water).any(|s| s.indicators.iter().any(|i| i.factor == factor))
        };
        self.method
            .indicators
            .iter()
            .map(|i| i.factor.as_str())
            .filter(move |factor| !has(factor))
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn city(&self, city: &City<'_>, left_out: &BTreeSet<&str>) -> Option<CityIndex> {
        let river = self.body(city.sections, WaterBody::River, left_out);
        let lake = self.body(city.sections, WaterBody::Lake, left_out);
        let bodies: Vec<&BodyIndex> = river.iter().chain(&lake).collect();
        let weighed: Decimal = bodies.iter().map(|b| b.index * Decimal::from(b.sections)).sum();
        let sections: u32 = bodies.iter().map(|b| b.sections).sum();
        let index = weighed.checked_div(Decimal::from(sections))?;
        Some(CityIndex { city: city.code.to_owned(), edition: self.rule.head.id.clone(), index, river, lake })
    }

    fn body(&self, sections: &[Section], water: WaterBody, left_out: &BTreeSet<&str>) -> Option<BodyIndex> {
        let of_it: Vec<&Section> = sections.iter().filter(|s| s.water == water).collect();
        if of_it.is_empty() {
            return None;
        }
        let mut items = Vec::new();
        for indicator in self.method.indicators.iter().filter(|i| !left_out.contains(i.factor.as_str())) {
            let values: Vec<Decimal> = of_it
                .iter()
                .flat_map(|s| s.indicators.iter().filter(|i| i.factor == indicator.factor))
                .map(|i| i.mean.value)
                .collect();
            let mean = values.iter().sum::<Decimal>().checked_div(Decimal::from(values.len()))?;
            let bound = self.standard.row(&indicator.factor, water)?.classes[usize::from(self.rule.class) - 1];
            let index = self.item(bound, mean)?;
            items.push(ItemIndex { item: indicator.item.clone(), mean, sections: values.len() as u32, index });
        }
        let index = items.iter().map(|i| i.index).sum();
        Some(BodyIndex { sections: of_it.len() as u32, index, items })
    }

    /// What one mean adds: its share of the bound, for oxygen the bound's share of it, for pH its distance from neutral.
    fn item(&self, bound: Bound, mean: Decimal) -> Option<Decimal> {
        let rule = self.rule;
        match bound {
            Bound::AtMost { value } => mean.checked_div(value),
            Bound::AtLeast { value } => value.checked_div(mean),
            Bound::Between { .. } if mean <= rule.ph_neutral => {
                (rule.ph_neutral - mean).checked_div(rule.ph_neutral - rule.ph_low)
            }
            Bound::Between { .. } => (mean - rule.ph_neutral).checked_div(rule.ph_high - rule.ph_neutral),
        }
    }
}

/// A place in a ranking; equal values share one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ranked {
    /// Code of the city.
    pub city: String,
    /// From 1.
    pub rank: u32,
    /// What it was ranked by.
    pub value: Decimal,
}

/// Ranks cities, the lowest first.
pub fn rank(mut values: Vec<(String, Decimal)>) -> Vec<Ranked> {
    values.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    let mut ranked: Vec<Ranked> = Vec::with_capacity(values.len());
    for (i, (city, value)) in values.into_iter().enumerate() {
        let shared = ranked.last().filter(|last| last.value == value).map(|last| last.rank);
        ranked.push(Ranked { city, rank: shared.unwrap_or(i as u32 + 1), value });
    }
    ranked
}

/// Ranks cities by how their index has changed since a base span, in per cent (改善幅度排名). Left out, as the rule says, is whose
/// sections were all of class II or better then and are now; and who has no index in one of the two.
pub fn rank_by_change(base: &[CityIndex], now: &[CityIndex], always_good: &BTreeSet<String>) -> Vec<Ranked> {
    let change = |city: &CityIndex| {
        let before = base.iter().find(|b| b.city == city.city)?.index;
        ((city.index - before) * Decimal::ONE_HUNDRED).checked_div(before)
    };
    let some = now.iter().filter(|city| !always_good.contains(&city.city));
    rank(some.filter_map(|city| Some((city.city.clone(), change(city)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::super::section::tests::{CLEAN, judged, standards};
    use super::*;
    use crate::standard::Standards;

    fn rules(standards: &Standards) -> CityRules<'_> {
        let water = &standards.surface;
        CityRules { standard: &standards.water[0], method: &water.method, rule: &water.city_index }
    }

    fn compared(cities: &[(&str, &[(&str, WaterBody)])]) -> Compared {
        let standards = standards();
        let sections: Vec<(&str, Vec<Section>)> = cities
            .iter()
            .map(|(code, texts)| (*code, texts.iter().map(|(text, water)| judged(text, *water)).collect()))
            .collect();
        let cities: Vec<City<'_>> = sections.iter().map(|(code, sections)| City { code, sections }).collect();
        rules(&standards).compare(&cities)
    }

    fn said(got: &Compared) -> Vec<String> {
        got.cities.iter().map(|c| format!("{} {}", c.city, c.index.round_dp(4).normalize())).collect()
    }

    #[test]
    fn shares_of_class_three_are_added() {
        use WaterBody::{Lake, River};
        // pH (7.5 − 7) / 2 = 0.25; oxygen 5 / 8 = 0.625; CODMn 1.5 / 6 = 0.25; NH3-N 0.1 / 1 = 0.1
        let got = compared(&[("a", &[(CLEAN, River)])]);
        assert_eq!(said(&got), ["a 1.225"]);
        assert_eq!((got.left_out.len(), got.cities[0].river.as_ref().map(|b| b.items.len())), (17, Some(4)));
        // two sections: means pH 6.75 gives 0.25, oxygen 6 gives 5/6, CODMn 3 gives 0.5, NH3-N 0.3
        let got = compared(&[("a", &[(CLEAN, River), ("pH 6 DO 4 CODMn 4.5 NH3-N 0.5", River)])]);
        assert_eq!(said(&got), ["a 1.8833"]);
        // two rivers at 1.225 + 0.5 and a lake whose phosphorus 0.1 is twice its own bound: (2 · 1.725 + 3.225) / 3
        let river = format!("{CLEAN}TP 0.1");
        let got = compared(&[("a", &[(&river, River), (&river, River), (&river, Lake)])]);
        assert_eq!(said(&got), ["a 2.225"]);
    }

    #[test]
    fn what_one_city_never_measured_counts_for_none() {
        use WaterBody::River;
        let with_cod = format!("{CLEAN}COD 40");
        let got = compared(&[("b", &[(&with_cod, River)]), ("a", &[(CLEAN, River)]), ("empty", &[])]);
        assert_eq!(said(&got), ["a 1.225", "b 1.225"]);
        assert!(got.left_out.contains(&"COD".to_owned()), "{:?}", got.left_out);
        assert_eq!(got.without_sections, ["empty"]);
    }

    #[test]
    fn equal_cities_share_a_rank_and_the_next_place_stays_empty() {
        let ranks = |values: &[(&str, i64)]| {
            let values = values.iter().map(|(city, v)| ((*city).to_owned(), Decimal::from(*v))).collect();
            rank(values).iter().map(|r| format!("{}{}", r.rank, r.city)).collect::<Vec<_>>()
        };
        assert_eq!(ranks(&[("c", 3), ("a", 1), ("b", 1), ("d", 4)]), ["1a", "1b", "3c", "4d"]);
        assert!(ranks(&[]).is_empty());
    }

    #[test]
    fn who_was_always_good_is_not_ranked_by_change() {
        use WaterBody::River;
        let base = compared(&[("a", &[("pH 7 DO 5 CODMn 6 NH3-N 1", River)]), ("b", &[(CLEAN, River)]), ("new", &[])]);
        let now = compared(&[
            ("a", &[("pH 7 DO 5 CODMn 3 NH3-N 1", River)]),
            ("b", &[(CLEAN, River)]),
            ("new", &[(CLEAN, River)]),
        ]);
        // from 3 to 2.5: −16.67 %
        let ranked = rank_by_change(&base.cities, &now.cities, &BTreeSet::from(["b".to_owned()]));
        let said: Vec<_> = ranked.iter().map(|r| format!("{} {} {}", r.rank, r.city, r.value.round_dp(2))).collect();
        assert_eq!(said, ["1 a -16.67"]);
    }
}
