//! Reports (报告) as data: what a bureau files, before it is a file.
//!
//! A [`Report`] has a title, a period, chapters of paragraphs and tables, its coverage, the editions it rests on and the rules beside
//! what was made by them. Cells are typed: a [`Cell::Number`] has the decimals that its rule gives it and is a number in every file that is
//! written of it; what is missing says why. A builder takes what was evaluated and returns a report; it knows neither store nor clock.
//!
//! * [`rules`]: decimals, names, the least coverage, the page: `standards/report/`.
//! * [`shape`]: the tables of each kind of report, so that a template can be held against them.
//! * [`water`]: 水质月报 (and of weeks, quarters, years); [`ranking`]: 排名; [`brief`]: 领导简报.
//! * [`quality`]: 数据质量报告; [`air`]: 空气质量日报、月报、年报; [`outlet`]: 排放达标与传输率.
//! * [`compare`]: two editions of one report.

pub mod air;
pub mod brief;
pub mod compare;
pub mod outlet;
mod period;
pub mod quality;
pub mod ranking;
pub mod rules;
pub mod shape;
pub mod text;
pub mod water;

use crate::analyse::span::Span;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use rules::ReportRules;
pub use shape::{Column, Shape};

/// How a report is written down.
pub const FORMAT: u32 = 1;

/// What a report lacks when too little was judged.
pub const INSUFFICIENT: &str = "数据不足";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal $zh:literal;)*) => {
        /// A kind of report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word of the store and the API.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What it is called in a title.
            pub fn zh(self) -> &'static str {
                match self { $(Self::$name => $zh,)* }
            }
        }
    };
}

kinds! {
    /// 地表水环境质量报告.
    Water = "water" "地表水环境质量";
    /// 地表水环境质量排名.
    WaterRanking = "water_ranking" "地表水环境质量排名";
    /// 领导简报.
    Brief = "brief" "生态环境质量简报";
    /// 数据质量报告.
    DataQuality = "data_quality" "自动监测数据质量";
    /// 环境空气质量报告.
    Air = "air" "环境空气质量";
    /// 排放口达标报告.
    OutletCompliance = "outlet_compliance" "污染源排放达标";
    /// 传输有效率报告.
    Transmission = "transmission" "污染源数据传输有效率";
}

impl Kind {
    /// Reads [`Kind::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }
}

/// What a report is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Code of a county; empty for the whole city.
    pub code: String,
    /// Its name, as titles begin.
    pub name: String,
    /// What it is called within a sentence: 全市, 全县.
    pub all: String,
}

impl Area {
    /// The whole city.
    pub fn city(name: &str) -> Self {
        Self { code: String::new(), name: name.to_owned(), all: "全市".to_owned() }
    }

    /// A county or district.
    pub fn county(code: &str, name: &str) -> Self {
        let all = match name.chars().last() {
            Some('区') => "全区",
            Some('市') => "全市",
            _ => "全县",
        };
        Self { code: code.to_owned(), name: name.to_owned(), all: all.to_owned() }
    }
}

/// One cell of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cell", rename_all = "snake_case")]
pub enum Cell {
    /// A number, rounded to its decimals by GB/T 8170.
    Number {
        /// The value, with all of its decimals.
        value: Decimal,
        /// How many they are.
        decimals: u32,
    },
    /// Words.
    Text {
        /// Them.
        text: String,
    },
    /// There is none, and why.
    Missing {
        /// Why, in Chinese.
        reason: String,
    },
}

impl Cell {
    /// A number, rounded half to even and with all of its decimals.
    pub fn number(value: Decimal, decimals: u32) -> Self {
        let mut value = value.round_dp(decimals);
        value.rescale(decimals);
        // what rounds to nought has no sign
        if value.is_zero() {
            value.set_sign_positive(true);
        }
        Self::Number { value, decimals }
    }

    /// A count.
    pub fn count(count: impl Into<u64>) -> Self {
        Self::Number { value: Decimal::from(count.into()), decimals: 0 }
    }

    /// Words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }

    /// Nothing, with the reason.
    pub fn missing(reason: impl Into<String>) -> Self {
        Self::Missing { reason: reason.into() }
    }

    /// A number, or why there is none.
    pub fn number_or(value: Option<Decimal>, decimals: u32, reason: &str) -> Self {
        value.map_or_else(|| Self::missing(reason), |value| Self::number(value, decimals))
    }

    /// As it is shown: what is missing is a dash, its reason stands beside the table.
    pub fn shown(&self) -> String {
        match self {
            Self::Number { value, .. } => value.to_string(),
            Self::Text { text } => text.clone(),
            Self::Missing { .. } => "—".to_owned(),
        }
    }
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What it is of: a code, the same in every edition.
    pub key: String,
    /// One for each column.
    pub cells: Vec<Cell>,
}

/// A sentence with the rule that it follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The sentence.
    pub text: String,
    /// Clause or file of the rule; empty when there is none.
    pub rule: String,
}

impl Note {
    /// One.
    pub fn new(text: impl Into<String>, rule: impl Into<String>) -> Self {
        Self { text: text.into(), rule: rule.into() }
    }

    /// As it is shown.
    pub fn shown(&self) -> String {
        if self.rule.is_empty() { self.text.clone() } else { format!("{}（依据：{}）", self.text, self.rule) }
    }
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Id, as templates name it.
    pub id: String,
    /// What stands above it.
    pub title: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: Vec<Row>,
    /// What stands below it.
    pub notes: Vec<Note>,
}

impl Table {
    /// An empty one of a shape.
    pub fn of(shape: &Shape) -> Self {
        Self {
            id: shape.id.to_owned(),
            title: shape.title.to_owned(),
            columns: shape.columns(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Puts a row behind the others; cells that are too few are missing, such as are too many are left off.
    pub fn push(&mut self, key: impl Into<String>, mut cells: Vec<Cell>) {
        cells.resize_with(self.columns.len(), || Cell::missing("无此项"));
        self.rows.push(Row { key: key.into(), cells });
    }

    /// A cell by the key of its row and the key of its column.
    pub fn cell(&self, row: &str, column: &str) -> Option<&Cell> {
        let at = self.columns.iter().position(|c| c.key == column)?;
        self.rows.iter().find(|r| r.key == row)?.cells.get(at)
    }
}

/// A chapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// Id.
    pub id: String,
    /// Heading, without its number.
    pub title: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// Tables.
    pub tables: Vec<Table>,
}

impl Chapter {
    /// One without tables.
    pub fn new(id: &str, title: &str, paragraphs: Vec<String>) -> Self {
        Self { id: id.to_owned(), title: title.to_owned(), paragraphs, tables: Vec::new() }
    }

    /// The same with a table.
    #[must_use]
    pub fn with(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }
}

/// How much of what should have been judged was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// What is counted: 断面, 站点, 排放口.
    pub of: String,
    /// Judged.
    pub have: u32,
    /// To be judged.
    pub due: u32,
    /// Their share, rounded; missing when nothing was due.
    pub percent: Cell,
    /// Least share in per cent.
    pub needs_percent: Decimal,
    /// Whether it suffices, by the share unrounded.
    pub enough: bool,
}

impl Coverage {
    /// Counts.
    pub fn new(of: &str, (have, due): (u32, u32), needs_percent: Decimal, rules: &ReportRules) -> Self {
        let share = (Decimal::from(have) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(due));
        Self {
            of: of.to_owned(),
            have,
            due,
            percent: Cell::number_or(share, rules.coverage_decimals, "没有应评价对象"),
            needs_percent,
            enough: share.is_some_and(|share| share >= needs_percent),
        }
    }

    /// As a sentence; with the word 数据不足 when it does not suffice.
    pub fn sentence(&self) -> String {
        let Self { of, have, due, percent, needs_percent, .. } = self;
        let said = format!("应评价{of}{due}个，已评价{have}个，覆盖率{}", percent_text(percent));
        if self.enough {
            format!("{said}。")
        } else {
            format!("{said}，低于规定的{needs_percent}%，{INSUFFICIENT}。")
        }
    }
}

fn percent_text(cell: &Cell) -> String {
    match cell {
        Cell::Number { value, .. } => format!("{value}%"),
        _ => cell.shown(),
    }
}

/// An edition that a report rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Number.
    pub edition: String,
    /// Title.
    pub title: String,
    /// What was taken from it.
    pub what: String,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub v: u32,
    /// Kind.
    pub kind: Kind,
    /// Title.
    pub title: String,
    /// Who files it.
    pub issuer: String,
    /// Area.
    pub area: Area,
    /// Period.
    pub period: Span,
    /// The period in Chinese.
    pub period_text: String,
    /// Chapters.
    pub chapters: Vec<Chapter>,
    /// Coverage.
    pub coverage: Coverage,
    /// Editions.
    pub basis: Vec<Basis>,
    /// What stands at the end.
    pub notes: Vec<Note>,
}

impl Report {
    /// Its tables, in order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.chapters.iter().flat_map(|c| &c.tables)
    }

    /// A table by its id.
    pub fn table(&self, id: &str) -> Option<&Table> {
        self.tables().find(|t| t.id == id)
    }

    /// Text that it is kept as.
    ///
    /// # Errors
    /// Never for what builders make: none of it is unlike JSON.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// SHA-256 of a kept text, in hexadecimal.
    pub fn digest_of(text: &str) -> String {
        hex::encode(Sha256::digest(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_decimals_of_their_rule_and_round_half_to_even() {
        let check = |value: &str, decimals, expected: &str| {
            let cell = Cell::number(value.parse().expect("a number"), decimals);
            assert_eq!(cell.shown(), expected, "{value}");
        };
        check("2.345", 2, "2.34");
        check("2.355", 2, "2.36");
        check("100", 1, "100.0");
        check("-0.04", 1, "0.0");
        check("0.05", 0, "0");
        let missing = Cell::missing("断线");
        assert_eq!(
            (missing.shown().as_str(), serde_json::to_string(&missing).ok()),
            ("—", Some(r#"{"cell":"missing","reason":"断线"}"#.into()))
        );
    }

    #[test]
    fn coverage_below_the_rule_says_so() {
        let rules = ReportRules::embedded().expect("the shipped rules load");
        let said = |have| Coverage::new("断面", (have, 31), Decimal::from(80), &rules);
        assert_eq!(said(25).sentence(), "应评价断面31个，已评价25个，覆盖率80.6%。");
        // 24.8 of 31 would be 80 %: 24 is below it
        assert_eq!(said(24).sentence(), "应评价断面31个，已评价24个，覆盖率77.4%，低于规定的80%，数据不足。");
        let none = Coverage::new("断面", (0, 0), Decimal::from(80), &rules);
        assert!(!none.enough && none.sentence().contains(INSUFFICIENT));
    }

    #[test]
    fn kinds_read_what_they_write() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(serde_json::json!(kind.as_str())));
        }
        assert_eq!(Kind::parse("weather"), None);
    }
}
