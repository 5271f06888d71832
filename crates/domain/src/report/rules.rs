//! What reports are made by, as data: `standards/report/`. Reading is strict: what is unknown, missing or there twice is refused.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::Deserialize;

use crate::standard::StandardError;

/// How an item is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Chinese name; empty of what is not named.
    pub zh: String,
    /// Decimals of its values.
    pub decimals: u32,
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $read:ident;)*) => {
        /// The rules.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct ReportRules {
            $($(#[$doc])* pub $name: $type,)*
            items: BTreeMap<String, Item>,
            /// For each name, how sure it is and where it comes from.
            pub cites: BTreeMap<String, String>,
        }

        impl ReportRules {
            fn of(mut values: BTreeMap<String, Decimal>, items: BTreeMap<String, Item>, cites: BTreeMap<String, String>) -> Result<Self, StandardError> {
                let rules = Self {
                    $($name: {
                        let value = values.remove(stringify!($name)).ok_or_else(|| refuse(RULES, 0, concat!(stringify!($name), " is missing")))?;
                        $read(value).ok_or_else(|| refuse(RULES, 0, format!("{} is {value}", stringify!($name))))?
                    },)*
                    items,
                    cites,
                };
                match values.keys().next() {
                    Some(unknown) => Err(refuse(RULES, 0, format!("no such rule {unknown:?}"))),
                    None => Ok(rules),
                }
            }
        }
    };
}

rules! {
    /// Decimals of shares in per cent.
    share_decimals: u32 = count;
    /// Decimals of coverage in per cent.
    coverage_decimals: u32 = count;
    /// Decimals of multiples.
    multiple_decimals: u32 = count;
    /// Decimals of the index of surface water.
    water_index_decimals: u32 = count;
    /// Decimals of the composite index of air.
    air_index_decimals: u32 = count;
    /// Decimals of the trophic index.
    trophic_decimals: u32 = count;
    /// Decimals of loads in kg.
    mass_decimals: u32 = count;
    /// Decimals of rates in per cent.
    rate_decimals: u32 = count;
    /// Share of sections with a class below which a report lacks data, in per cent.
    sections_judged_min_percent: Decimal = Some;
    /// Share of values due below which a station lacks data, in per cent.
    station_values_min_percent: Decimal = Some;
    /// Within so much of the year before an outflow counts as improved, in per cent.
    handover_stable_percent: Decimal = Some;
    /// Page: head margin in mm.
    margin_top_mm: u32 = count;
    /// Page: binding margin in mm.
    margin_left_mm: u32 = count;
    /// Page: width of the text in mm.
    text_width_mm: u32 = count;
    /// Page: height of the text in mm.
    text_height_mm: u32 = count;
    /// Paper: width in mm.
    page_width_mm: u32 = count;
    /// Paper: height in mm.
    page_height_mm: u32 = count;
    /// Size of titles in half points.
    title_half_points: u32 = count;
    /// Size of text in half points.
    body_half_points: u32 = count;
    /// Size of page numbers in half points.
    page_number_half_points: u32 = count;
    /// Height of a line in twentieths of a point.
    line_twips: u32 = count;
    /// Size of tables in half points.
    table_half_points: u32 = count;
}

fn count(value: Decimal) -> Option<u32> {
    Some(value).filter(|v| v.fract().is_zero()).and_then(|v| v.to_u32()).filter(|n| *n <= 10_000)
}

const RULES: &str = "report/rules.csv";
const ITEMS: &str = "report/items.csv";

fn refuse(file: &str, line: u64, reason: impl std::fmt::Display) -> StandardError {
    StandardError { file: file.to_owned(), line, reason: reason.to_string() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    name: String,
    value: Decimal,
    #[serde(rename = "unit")]
    _unit: String,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemText {
    factor: String,
    zh: String,
    decimals: u32,
    #[serde(rename = "mark")]
    _mark: String,
    #[serde(rename = "cite")]
    _cite: String,
}

fn rows<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<Vec<(u64, T)>, StandardError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let read =
        |(row, line): (Result<T, csv::Error>, u64)| row.map(|row| (line, row)).map_err(|e| refuse(file, line, e));
    reader.deserialize::<T>().zip(2u64..).map(read).collect()
}

/// What stands for every item that has no row.
const ANY: &str = "*";

impl ReportRules {
    /// The rules that this program carries.
    ///
    /// # Errors
    /// When they are damaged; a test sees to it that they are not.
    pub fn embedded() -> Result<Self, StandardError> {
        Self::parse(
            include_str!("../../../../standards/report/rules.csv"),
            include_str!("../../../../standards/report/items.csv"),
        )
    }

    /// Reads both texts.
    ///
    /// # Errors
    /// The first fault, with file and line.
    pub fn parse(rules: &str, items: &str) -> Result<Self, StandardError> {
        let (mut values, mut cites, mut named) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (line, row) in rows::<RuleText>(RULES, rules)? {
            cites.insert(row.name.clone(), format!("{} [{}]", row.cite, row.mark));
            if values.insert(row.name.clone(), row.value).is_some() {
                return Err(refuse(RULES, line, format!("{} is there already", row.name)));
            }
        }
        for (line, row) in rows::<ItemText>(ITEMS, items)? {
            if row.decimals > 10 {
                return Err(refuse(ITEMS, line, format!("{} decimals", row.decimals)));
            }
            if named.insert(row.factor.clone(), Item { zh: row.zh, decimals: row.decimals }).is_some() {
                return Err(refuse(ITEMS, line, format!("{} is there already", row.factor)));
            }
        }
        if !named.contains_key(ANY) {
            return Err(refuse(ITEMS, 0, "no row * for what is not named"));
        }
        Self::of(values, named, cites)
    }

    /// Decimals of an item.
    pub fn decimals(&self, factor: &str) -> u32 {
        self.items.get(factor).or_else(|| self.items.get(ANY)).map_or(0, |item| item.decimals)
    }

    /// The name of an item: the Chinese one, else the one it has.
    pub fn item<'a>(&'a self, factor: &str, else_named: &'a str) -> &'a str {
        self.items.get(factor).map_or(else_named, |item| item.zh.as_str())
    }

    /// Where a rule comes from.
    pub fn cite(&self, name: &str) -> &str {
        self.cites.get(name).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rules_load_and_damaged_ones_are_named() {
        let rules = ReportRules::embedded().expect("they load");
        assert_eq!((rules.decimals("w21003"), rules.decimals("w99999")), (3, 4));
        assert_eq!((rules.item("w01019", "CODMn"), rules.item("w99999", "x")), ("高锰酸盐指数", "x"));
        assert_eq!(rules.margin_top_mm + rules.text_height_mm + 35, rules.page_height_mm);
        let text = include_str!("../../../../standards/report/rules.csv");
        let items = include_str!("../../../../standards/report/items.csv");
        let fault = |rules: &str, items: &str| ReportRules::parse(rules, items).expect_err("damaged").to_string();
        assert!(fault(&text.replace("share_decimals", "shares"), items).contains("share_decimals is missing"));
        assert!(fault(&format!("{text}more,1,%,P,x\n"), items).contains("no such rule \"more\""));
        assert!(fault(&format!("{text}share_decimals,1,%,P,x\n"), items).contains("is there already"));
        assert!(fault(&text.replace("share_decimals,1", "share_decimals,-1"), items).contains("share_decimals is -1"));
        assert!(fault(text, &items.replace("*,", "x,")).contains("no row *"));
    }
}
