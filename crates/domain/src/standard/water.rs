//! How periods, rivers, lakes, drinking water sources and cities are judged, beside the classes of GB 3838; read strictly.

use std::collections::HashSet;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Head;
use super::load::{NothingMore, StandardError, decimal, head_and, refuse, rows, unit};
use crate::unit::Unit;

/// Everything about surface water beside the classes of GB 3838.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurfaceWater {
    /// 环办〔2011〕22号: sections, rivers, periods.
    pub method: WaterMethod,
    /// GB 3838-2002 tables 2 and 3: single limits of drinking water sources.
    pub sources: Vec<SourceLimit>,
    /// Trophic state.
    pub trophic: Trophic,
    /// 环办监测〔2017〕51号: index of a city.
    pub city_index: CityIndexRule,
    /// 环办监测函〔2020〕82号: detection limits, automatic beside manual values.
    pub statistics: WaterStatistics,
}

/// The method of evaluating surface water (地表水环境质量评价办法).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaterMethod {
    /// Head.
    pub head: Head,
    /// Samples of an indicator that a quarter needs.
    pub quarter_samples_min: u32,
    /// Months with a value that a year needs.
    pub year_months_min: u32,
    /// The same where the water is frozen part of the year.
    pub year_months_min_frozen: u32,
    /// Main pollutants named at most.
    pub main_pollutants_max: usize,
    /// Class beyond which a pollutant is named, and over whose bound its multiple is.
    pub main_pollutants_beyond: u8,
    /// Sections of a river from which shares of classes decide.
    pub river_sections_few: usize,
    /// Change of a river's shares beyond which it is some change, in points.
    pub river_change_some: u32,
    /// Beyond which it is an obvious one.
    pub river_change_obvious: u32,
    /// The indicators, in the order of tables.
    pub indicators: Vec<WaterIndicator>,
    /// Qualities, best first.
    pub qualities: Vec<QualityRow>,
}

impl WaterMethod {
    /// The indicator of a factor.
    pub fn indicator(&self, factor: &str) -> Option<&WaterIndicator> {
        self.indicators.iter().find(|i| i.factor == factor)
    }

    /// The quality of a class, 1 to 6.
    pub fn quality(&self, class: u8) -> Option<&QualityRow> {
        self.qualities.iter().find(|q| (q.class_from..=q.class_to).contains(&class))
    }
}

/// One indicator of the method (评价指标).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaterIndicator {
    /// Name, as in GB 3838.
    pub item: String,
    /// Factor code.
    pub factor: String,
    /// A section without it has no class.
    pub needed: bool,
    /// Named before the others among main pollutants: cyanide and heavy metals.
    pub first: bool,
    /// Has a multiple (超标倍数); pH and dissolved oxygen have none.
    pub multiple: bool,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// Quality of surface water in words (水质状况).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// 优.
    Excellent,
    /// 良好.
    Good,
    /// 轻度污染.
    Light,
    /// 中度污染.
    Medium,
    /// 重度污染.
    Heavy,
}

/// One quality: of a section by its class, of a river by shares of its sections in per cent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityRow {
    /// Which.
    pub quality: Quality,
    /// First class of a section.
    pub class_from: u8,
    /// Last class.
    pub class_to: u8,
    /// Chinese word.
    pub zh: String,
    /// English word.
    pub en: String,
    /// Colour's name.
    pub colour_zh: String,
    /// Share of sections of class I to III from which it holds.
    pub good_from: u32,
    /// Share below which it holds.
    pub good_below: u32,
    /// Share of sections worse than V from which it holds.
    pub worse_from: u32,
    /// Share below which it holds.
    pub worse_below: u32,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// A single limit of drinking water sources (集中式生活饮用水地表水源地补充项目、特定项目).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceLimit {
    /// Item.
    pub item: String,
    /// Factor code, when one is known.
    pub factor: Option<String>,
    /// 2 or 3.
    pub table: u8,
    /// Not more than.
    pub limit: Decimal,
    /// Unit.
    pub unit: Unit,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// Trophic state index (综合营养状态指数): coefficients, weights, grades.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trophic {
    /// Head.
    pub head: Head,
    /// The five indicators.
    pub indicators: Vec<TrophicIndicator>,
    /// Grades, lowest first.
    pub grades: Vec<TrophicGrade>,
}

/// `10 (intercept + slope ln c)`, weighed by the square of its correlation with chlorophyll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrophicIndicator {
    /// Name.
    pub item: String,
    /// Factor code.
    pub factor: String,
    /// In the bracket.
    pub intercept: Decimal,
    /// Before the logarithm.
    pub slope: Decimal,
    /// With chlorophyll.
    pub correlation: Decimal,
    /// Unit of the concentration.
    pub unit: Unit,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// One grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrophicGrade {
    /// Code.
    pub grade: String,
    /// Upper end; none of the last.
    pub up_to: Option<Decimal>,
    /// Whether the upper end belongs to it.
    pub inclusive: bool,
    /// Chinese word.
    pub zh: String,
    /// English word.
    pub en: String,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// Index of a city (城市水质指数 CWQI).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CityIndexRule {
    /// Head.
    pub head: Head,
    /// Class whose bounds divide.
    pub class: u8,
    /// Lower bound of pH.
    pub ph_low: Decimal,
    /// Neutral pH.
    pub ph_neutral: Decimal,
    /// Upper bound of pH.
    pub ph_high: Decimal,
}

/// How values become statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaterStatistics {
    /// Head.
    pub head: Head,
    /// Factors of which automatic values come before manual ones.
    pub automatic_first: Vec<String>,
    /// Share of a day's slots that automatic data needs, in per cent.
    pub day_slots_min_percent: u32,
    /// Share of a month's days, in per cent.
    pub month_days_min_percent: u32,
    /// What is below the detection limit counts as this share of it.
    pub below_limit_counts: Decimal,
}

/// A critical value of Spearman's rank correlation for so many periods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Critical {
    /// Periods.
    pub n: u32,
    /// Significance: 5 or 1 per cent.
    pub percent: u32,
    /// Passed when the correlation is greater.
    pub critical: Decimal,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MethodText {
    quarter_samples_min: u32,
    year_months_min: u32,
    year_months_min_frozen: u32,
    main_pollutants_max: usize,
    main_pollutants_beyond: u8,
    river_sections_few: usize,
    river_change_some: u32,
    river_change_obvious: u32,
}

fn method(name: &str, toml: &str, indicators: &str, qualities: &str) -> Result<WaterMethod, StandardError> {
    let (head, text) = head_and::<MethodText>(name, toml)?;
    let mut seen = HashSet::new();
    let mut listed: Vec<WaterIndicator> = Vec::new();
    for (line, row) in rows::<WaterIndicator>(name, indicators)? {
        if !seen.insert(row.factor.clone()) {
            return Err(refuse(name, line, format!("{} has a row already", row.factor)));
        }
        listed.push(row);
    }
    let mut words: Vec<QualityRow> = Vec::new();
    for (line, row) in rows::<QualityRow>(name, qualities)? {
        let next = words.last().map_or(1, |last| last.class_to + 1);
        if row.class_from != next || row.class_to < row.class_from {
            return Err(refuse(name, line, format!("classes do not go on at {next}")));
        }
        words.push(row);
    }
    if words.last().is_none_or(|last| last.class_to != 6) {
        return Err(refuse(name, 0, "the qualities do not end at class 6"));
    }
    Ok(WaterMethod {
        head,
        quarter_samples_min: text.quarter_samples_min,
        year_months_min: text.year_months_min,
        year_months_min_frozen: text.year_months_min_frozen,
        main_pollutants_max: text.main_pollutants_max,
        main_pollutants_beyond: text.main_pollutants_beyond,
        river_sections_few: text.river_sections_few,
        river_change_some: text.river_change_some,
        river_change_obvious: text.river_change_obvious,
        indicators: listed,
        qualities: words,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceText {
    item: String,
    factor: String,
    table: u8,
    limit: String,
    unit: String,
    mark: String,
    cite: String,
}

fn sources(name: &str, csv: &str) -> Result<Vec<SourceLimit>, StandardError> {
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for (line, row) in rows::<SourceText>(name, csv)? {
        if !seen.insert(row.item.clone()) {
            return Err(refuse(name, line, format!("{} has a row already", row.item)));
        }
        if !matches!(row.table, 2 | 3) {
            return Err(refuse(name, line, format!("table {} has no single limits", row.table)));
        }
        all.push(SourceLimit {
            limit: decimal(name, line, &row.limit)?,
            unit: unit(name, line, &row.unit)?,
            factor: Some(row.factor).filter(|f| !f.is_empty()),
            item: row.item,
            table: row.table,
            mark: row.mark,
            cite: row.cite,
        });
    }
    Ok(all)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrophicText {
    item: String,
    factor: String,
    intercept: String,
    slope: String,
    correlation: String,
    unit: String,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GradeText {
    grade: String,
    up_to: String,
    inclusive: bool,
    zh: String,
    en: String,
    mark: String,
    cite: String,
}

fn trophic(name: &str, toml: &str, indicators: &str, grades: &str) -> Result<Trophic, StandardError> {
    let (head, NothingMore {}) = head_and(name, toml)?;
    let mut listed = Vec::new();
    for (line, row) in rows::<TrophicText>(name, indicators)? {
        listed.push(TrophicIndicator {
            intercept: decimal(name, line, &row.intercept)?,
            slope: decimal(name, line, &row.slope)?,
            correlation: decimal(name, line, &row.correlation)?,
            unit: unit(name, line, &row.unit)?,
            item: row.item,
            factor: row.factor,
            mark: row.mark,
            cite: row.cite,
        });
    }
    let mut steps: Vec<TrophicGrade> = Vec::new();
    for (line, row) in rows::<GradeText>(name, grades)? {
        let up_to = if row.up_to.is_empty() { None } else { Some(decimal(name, line, &row.up_to)?) };
        let rises = match steps.last() {
            None => true,
            Some(last) => last.up_to.is_some_and(|below| up_to.is_none_or(|up_to| below < up_to)),
        };
        if !rises {
            return Err(refuse(name, line, "grades do not rise"));
        }
        let (grade, zh, en, mark, cite) = (row.grade, row.zh, row.en, row.mark, row.cite);
        steps.push(TrophicGrade { grade, up_to, inclusive: row.inclusive, zh, en, mark, cite });
    }
    if steps.last().is_none_or(|last| last.up_to.is_some()) {
        return Err(refuse(name, 0, "the last grade has an end"));
    }
    Ok(Trophic { head, indicators: listed, grades: steps })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CityIndexText {
    class: u8,
    ph_low: String,
    ph_neutral: String,
    ph_high: String,
}

fn city_index(name: &str, toml: &str) -> Result<CityIndexRule, StandardError> {
    let (head, text) = head_and::<CityIndexText>(name, toml)?;
    let value = |text: &str| decimal(name, 0, text);
    let (ph_low, ph_neutral, ph_high) = (value(&text.ph_low)?, value(&text.ph_neutral)?, value(&text.ph_high)?);
    if !(1..=5).contains(&text.class) || ph_low >= ph_neutral || ph_neutral >= ph_high {
        return Err(refuse(name, 0, "no class, or the three values of pH do not rise"));
    }
    Ok(CityIndexRule { head, class: text.class, ph_low, ph_neutral, ph_high })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatisticsText {
    automatic_first: Vec<String>,
    day_slots_min_percent: u32,
    month_days_min_percent: u32,
    below_limit_counts: String,
}

fn statistics(name: &str, toml: &str) -> Result<WaterStatistics, StandardError> {
    let (head, text) = head_and::<StatisticsText>(name, toml)?;
    let below_limit_counts = decimal(name, 0, &text.below_limit_counts)?;
    if below_limit_counts < Decimal::ZERO || below_limit_counts > Decimal::ONE {
        return Err(refuse(name, 0, "below_limit_counts is no share"));
    }
    Ok(WaterStatistics {
        head,
        automatic_first: text.automatic_first,
        day_slots_min_percent: text.day_slots_min_percent,
        month_days_min_percent: text.month_days_min_percent,
        below_limit_counts,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CriticalText {
    n: u32,
    percent: u32,
    critical: String,
    mark: String,
    cite: String,
}

/// Reads the critical values of the rank correlation.
pub(super) fn critical(name: &str, csv: &str) -> Result<Vec<Critical>, StandardError> {
    let mut all: Vec<Critical> = Vec::new();
    for (line, row) in rows::<CriticalText>(name, csv)? {
        if all.iter().rfind(|last| last.percent == row.percent).is_some_and(|last| last.n >= row.n) {
            return Err(refuse(name, line, "periods do not rise"));
        }
        let critical = decimal(name, line, &row.critical)?;
        all.push(Critical { n: row.n, percent: row.percent, critical, mark: row.mark, cite: row.cite });
    }
    Ok(all)
}

macro_rules! text {
    ($path:literal) => {
        include_str!(concat!("../../../../standards/water/", $path))
    };
}

/// What is shipped with the program.
pub(super) fn embedded() -> Result<SurfaceWater, StandardError> {
    Ok(SurfaceWater {
        method: method(
            "hb2011-22",
            text!("hb2011-22.toml"),
            text!("hb2011-22.indicators.csv"),
            text!("hb2011-22.qualities.csv"),
        )?,
        sources: sources("gb3838-2002.sources", text!("gb3838-2002.sources.csv"))?,
        trophic: trophic("tli", text!("tli.toml"), text!("tli.indicators.csv"), text!("tli.grades.csv"))?,
        city_index: city_index("cwqi-2017-51", text!("cwqi-2017-51.toml"))?,
        statistics: statistics("fusion-2020-82", text!("fusion-2020-82.toml"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id='X 1'\ntitle_zh='x'\ntitle_en='x'\nin_force='2011-03-09/..'\nsource='x'\n";

    fn check<T>(read: Result<T, StandardError>, expected: &str) {
        let said = read.err().map_or_else(String::new, |e| e.to_string());
        assert!(said.contains(expected) && !expected.is_empty(), "{said:?} does not say {expected:?}");
    }

    #[test]
    fn damaged_rules_are_refused_with_file_line_and_reason() {
        let source = "item,factor,table,limit,unit,mark,cite\nFe,w20125,2,0.3,mg/L,K,t2\n";
        assert_eq!(sources("x", source).map(|s| s.len()), Ok(1));
        check(sources("x", &format!("{source}Fe,w20125,2,0.3,mg/L,K,t2\n")), "x, line 3: Fe has a row already");
        check(sources("x", &source.replace(",2,0.3", ",4,0.3")), "line 2: table 4");
        let step = "grade,up_to,inclusive,zh,en,mark,cite\na,30,false,x,x,K,t\nb,20,true,x,x,K,t\n";
        check(
            trophic("x", HEAD, "item,factor,intercept,slope,correlation,unit,mark,cite\n", step),
            "line 3: grades do not rise",
        );
        check(trophic("x", &format!("{HEAD}more=1\n"), "", ""), "more");
        let index = format!("{HEAD}class=3\nph_low='6'\nph_neutral='7'\nph_high='9'\n");
        assert!(city_index("x", &index).is_ok());
        check(city_index("x", &index.replace("'7'", "'5'")), "do not rise");
        check(city_index("x", &index.replace("'7'", "'seven'")), "\"seven\"");
        let n = "n,percent,critical,mark,cite\n5,5,0.9,C,x\n";
        assert!(critical("x", &format!("{n}5,1,1,C,x\n")).is_ok());
        check(critical("x", &format!("{n}5,5,0.9,C,x\n")), "line 3: periods do not rise");
    }
}
