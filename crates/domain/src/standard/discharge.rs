//! What outlets must keep (污染物排放标准) and how their data is counted, read strictly from `standards/discharge/`.
//!
//! A standard is a head (`*.toml`) with its rows (`*.limits.csv`); editions of one number never overlap in time. Beside them lie
//! the factors, the parameters of the methods (HJ 75, HJ 356), what an operator's mark means, and the rule of transmission. Every
//! row has its confidence (`C` read in a source, `K` from knowledge, `?` unconfirmed) and its clause; results repeat both.
//!
//! Values are decimals in the row's unit; oxygen and shares are in per cent, temperatures in °C.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::load::{StandardError, bound, decimal, no_overlap, refuse, rows, unit};
use super::{Bound, Head};
use crate::analyse::discharge::mark::OperatorMark;
use crate::unit::Unit;

/// What carries the pollutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// 废水.
    Water,
    /// 废气.
    Air,
}

/// Stretch that a discharge limit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Averaging {
    /// 5 分钟均值, of a furnace's temperature.
    FiveMinutes,
    /// 小时均值.
    Hour,
    /// 日均值.
    Day,
}

/// Which value makes an exceedance (超标判定口径).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "decides", rename_all = "snake_case")]
pub enum Decides {
    /// Every hour mean.
    Hour,
    /// The day mean; of pH the day's values.
    Day,
    /// The share of a month's hours that keep the limit (小时均值达标率).
    MonthShare {
        /// Share needed, in per cent.
        at_least: Decimal,
    },
}

/// Oxygen that a limit refers to (基准氧含量).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "oxygen", rename_all = "snake_case")]
pub enum ReferenceOxygen {
    /// Values are folded to it; from 0 to below 21.
    Percent {
        /// Per cent by volume, dry.
        value: Decimal,
    },
    /// Values are held against the limit as measured.
    NotFolded,
    /// It is not known which oxygen the limit refers to: nothing can be judged by it.
    Unconfirmed,
}

/// Day of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

impl MonthDay {
    /// The one of a date.
    pub fn of(day: Date) -> Self {
        Self { month: day.month(), day: day.day() }
    }

    fn parse(text: &str) -> Option<Self> {
        let (month, day) = text.split_once('-')?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        // a leap year, so that 02-29 is a day
        Date::new(2024, month, day).ok().map(Self::of)
    }
}

/// When a row holds beside its days in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "when", rename_all = "snake_case")]
pub enum Condition {
    /// Always.
    Always,
    /// The water is warmer.
    WaterAbove {
        /// °C.
        celsius: Decimal,
    },
    /// The water is as cold or colder (括号内数值).
    WaterAtMost {
        /// °C.
        celsius: Decimal,
    },
    /// From a day of the year to another, both inside; may pass the new year.
    Season {
        /// First day.
        first: MonthDay,
        /// Last day.
        last: MonthDay,
    },
    /// Built on that day or later.
    BuiltFrom {
        /// The day.
        day: Date,
    },
}

/// Something that must be known of an outlet and a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// 水温.
    WaterTemperature,
    /// 建成日期.
    DayBuilt,
}

impl std::fmt::Display for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::WaterTemperature => "water temperature",
            Self::DayBuilt => "day built",
        })
    }
}

/// What is known of an outlet on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Mean water temperature of the day, °C.
    pub water_celsius: Option<Decimal>,
    /// When the plant was built.
    pub built: Option<Date>,
}

impl Condition {
    /// Whether it holds.
    ///
    /// # Errors
    /// The fact it needs and that is not known.
    pub fn holds(&self, day: Date, facts: &Facts) -> Result<bool, Fact> {
        let water = || facts.water_celsius.ok_or(Fact::WaterTemperature);
        Ok(match *self {
            Self::Always => true,
            Self::WaterAbove { celsius } => water()? > celsius,
            Self::WaterAtMost { celsius } => water()? <= celsius,
            Self::Season { first, last } => {
                let day = MonthDay::of(day);
                if first <= last { first <= day && day <= last } else { first <= day || day <= last }
            }
            Self::BuiltFrom { day } => facts.built.ok_or(Fact::DayBuilt)? >= day,
        })
    }

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Always);
        }
        let (kind, rest) = text.split_once(':')?;
        Some(match kind {
            "water_above" => Self::WaterAbove { celsius: rest.parse().ok()? },
            "water_at_most" => Self::WaterAtMost { celsius: rest.parse().ok()? },
            "season" => {
                let (first, last) = rest.split_once("..")?;
                Self::Season { first: MonthDay::parse(first)?, last: MonthDay::parse(last)? }
            }
            "built_from" => Self::BuiltFrom { day: rest.parse().ok()? },
            _ => return None,
        })
    }
}

/// One discharge limit (排放限值), of a standard or of a permit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmissionLimit {
    /// Table or kind of source; empty in a permit.
    #[serde(default)]
    pub table: String,
    /// Level; empty in a permit.
    #[serde(default)]
    pub level: String,
    /// Pollutant, as the standard names it.
    pub item: String,
    /// Factor code.
    pub factor: String,
    /// What it is for.
    pub over: Averaging,
    /// Bound.
    pub bound: Bound,
    /// Unit of the bound.
    pub unit: Unit,
    /// Oxygen it refers to.
    pub oxygen: ReferenceOxygen,
    /// First day, when later than its standard's.
    pub from: Option<Date>,
    /// First day no more, when earlier than its standard's.
    pub until: Option<Date>,
    /// When it holds.
    pub when: Condition,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

impl EmissionLimit {
    /// Whether it is in force on a day.
    pub fn covers(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// One edition of a discharge standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmissionStandard {
    /// Number that an outlet's list names; editions share it.
    pub number: String,
    /// Head; its id names the edition.
    pub head: Head,
    /// How sure the first day in force is.
    pub in_force_mark: String,
    /// Water or air.
    pub medium: Medium,
    /// Which value makes an exceedance.
    pub decides: Decides,
    /// How sure that is.
    pub decides_mark: String,
    /// Clause of that.
    pub decides_cite: String,
    /// What a reader must know before relying on it.
    pub caution: Option<String>,
    /// Rows.
    pub rows: Vec<EmissionLimit>,
}

/// How values of hours become one of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mean {
    /// 流量加权平均.
    FlowWeighted,
    /// 算术平均.
    Arithmetic,
}

/// A factor that can be judged at an outlet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutletFactor {
    /// Factor code (HJ 212).
    pub factor: String,
    /// English name.
    pub item: String,
    /// Chinese name.
    pub zh: String,
    /// Water or air.
    pub medium: Medium,
    /// Mean of its hours.
    pub mean: Mean,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// A number that a method needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Number.
    pub value: Decimal,
    /// What it counts.
    pub unit: String,
    /// How sure it is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The numbers of the methods; each is a row of `parameters.csv`.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        pub struct Parameters { $($(#[$doc])* pub $name: Parameter,)* }

        impl Parameters {
            fn from_rows(file: &str, mut rows: BTreeMap<String, Parameter>) -> Result<Self, StandardError> {
                let mut take = |name: &str| rows.remove(name).ok_or_else(|| refuse(file, 0, format!("{name} is missing")));
                let all = Self { $($name: take(stringify!($name))?,)* };
                match rows.keys().next() {
                    Some(name) => Err(refuse(file, 0, format!("{name} is no parameter"))),
                    None => Ok(all),
                }
            }
        }
    };
}

parameters! {
    /// Valid minutes of a valid hour (HJ 75).
    air_hour_minutes_min,
    /// Valid hours of a valid day (HJ 75).
    air_day_hours_min,
    /// Valid days of a valid month (HJ 75).
    air_month_days_min,
    /// Valid days of a valid February (HJ 75).
    air_february_days_min,
    /// The 21 of the folding formula, per cent.
    oxygen_of_air,
    /// Measured oxygen from which nothing is folded, per cent.
    oxygen_not_folded_from,
    /// Share of the due hours that a day of water needs, per cent; unconfirmed.
    water_day_coverage_min,
    /// Manual samples of a day that may fill.
    manual_samples_min,
    /// Longest time between them, hours.
    manual_gap_max,
    /// Share of the detection limit that stands for a value below it (未检出), per cent; unconfirmed.
    below_detection_share,
    /// Valid rate that a quarter should reach, per cent.
    quarter_valid_rate_min,
    /// Quarter rate from which gaps are told apart by length, per cent.
    replace_high_rate_min,
    /// Quarter rate below which nothing is replaced, per cent.
    replace_low_rate_min,
    /// Longest short gap, hours.
    replace_short_gap_max,
    /// Valid hours looked at before a short gap.
    replace_short_gap_hours,
    /// Valid hours looked at before a long gap.
    replace_long_gap_hours,
    /// Valid hours looked at before any gap when the quarter rate is low.
    replace_low_rate_hours,
}

/// What an operator's mark means for the data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MarkRule {
    /// The mark.
    pub operator_mark: OperatorMark,
    /// Whether the value under it was measured and counts in loads.
    pub measured: bool,
    /// Whether a value is due under it.
    pub due: bool,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// What a data mark of a telegram says of the operator (数据标记), by edition of HJ 212.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlagRule {
    /// Edition: 2005, 2017 or 2025.
    pub edition: String,
    /// Data mark.
    pub flag: String,
    /// What it says.
    pub operator_mark: OperatorMark,
    /// How sure the row is.
    pub mark: String,
    /// Clause.
    pub cite: String,
}

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateRule {
    /// Values that arrived, of those due.
    ReceivedOfDue,
    /// Valid values, of those due.
    ValidOfDue,
    /// Valid values, of those that arrived.
    ValidOfReceived,
    /// The two other rates multiplied.
    Product,
}

/// One rate's rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// What it counts.
    pub rule: RateRule,
    /// How sure that is.
    pub mark: String,
    /// Where it is said.
    pub cite: String,
}

/// The rule of transmission (传输有效率).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransmissionRule {
    /// 传输率.
    pub transmission: Rate,
    /// 有效率.
    pub effective: Rate,
    /// 传输有效率.
    pub combined: Rate,
}

/// Everything under `standards/discharge/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Discharge {
    /// Editions.
    pub standards: Vec<EmissionStandard>,
    /// Factors.
    pub factors: Vec<OutletFactor>,
    /// Numbers of the methods.
    pub parameters: Parameters,
    /// Marks of operators.
    pub marks: Vec<MarkRule>,
    /// Data marks of telegrams that are marks of operators.
    pub flags: Vec<FlagRule>,
    /// Rule of transmission.
    pub transmission: TransmissionRule,
}

impl Discharge {
    /// What a data mark says of the operator in an edition of HJ 212; none of one that says nothing of them.
    pub fn flagged(&self, edition: &str, flag: &str) -> Option<OperatorMark> {
        self.flags.iter().find(|r| r.edition == edition && r.flag == flag).map(|r| r.operator_mark)
    }

    /// A factor by its code.
    pub fn factor(&self, code: &str) -> Option<&OutletFactor> {
        self.factors.iter().find(|f| f.factor == code)
    }

    /// What a mark means.
    pub fn mark(&self, mark: OperatorMark) -> &MarkRule {
        self.marks
            .iter()
            .find(|r| r.operator_mark == mark)
            .expect("reading refuses a table without a row for each mark")
    }

    /// The edition of a number for data of a day.
    pub fn edition(&self, number: &str, day: Date) -> Option<&EmissionStandard> {
        self.standards.iter().find(|s| s.number == number && s.head.covers(day))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadText {
    number: String,
    id: String,
    title_zh: String,
    title_en: String,
    medium: Medium,
    in_force: String,
    in_force_mark: String,
    decides: String,
    decides_mark: String,
    decides_cite: String,
    share_min_percent: Option<u32>,
    caution: Option<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitText {
    table: String,
    level: String,
    item: String,
    factor: String,
    over: Averaging,
    bound: String,
    value: String,
    unit: String,
    oxygen: String,
    from: String,
    until: String,
    when: String,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactorText {
    factor: String,
    item: String,
    zh: String,
    medium: Medium,
    mean: Mean,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParameterText {
    name: String,
    value: String,
    unit: String,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MarkText {
    operator_mark: OperatorMark,
    zh: String,
    measured: bool,
    due: bool,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FlagText {
    edition: String,
    flag: String,
    operator_mark: OperatorMark,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateText {
    name: String,
    rule: RateRule,
    mark: String,
    cite: String,
}

/// The confidence of a row: one of `C`, `K`, `?`.
fn sure(file: &str, line: u64, mark: String) -> Result<String, StandardError> {
    if ["C", "K", "?"].contains(&mark.as_str()) {
        return Ok(mark);
    }
    Err(refuse(file, line, format!("mark {mark:?} is none of C, K, ?")))
}

fn date(file: &str, line: u64, text: &str) -> Result<Option<Date>, StandardError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|e| refuse(file, line, format!("{text:?}: {e}")))
}

fn head(file: &str, text: &HeadText) -> Result<Head, StandardError> {
    let (from, until) = text.in_force.split_once('/').unwrap_or_default();
    let until = if until == ".." { None } else { date(file, 0, until)? };
    let bad = || refuse(file, 0, format!("in_force: {:?} is not from/until", text.in_force));
    let from = date(file, 0, from)?.ok_or_else(bad)?;
    if !text.in_force.ends_with("..") && until.is_none_or(|until| until <= from) {
        return Err(bad());
    }
    let (id, title_zh, title_en) = (text.id.clone(), text.title_zh.clone(), text.title_en.clone());
    Ok(Head { id, title_zh, title_en, from, until, source: text.source.clone() })
}

fn decides(file: &str, text: &HeadText) -> Result<Decides, StandardError> {
    match (text.decides.as_str(), text.share_min_percent) {
        ("hour", None) => Ok(Decides::Hour),
        ("day", None) => Ok(Decides::Day),
        ("month_share", Some(n @ 1..=100)) => Ok(Decides::MonthShare { at_least: n.into() }),
        (word, share) => Err(refuse(file, 0, format!("decides {word:?} with share_min_percent {share:?}"))),
    }
}

fn oxygen(file: &str, line: u64, text: &str) -> Result<ReferenceOxygen, StandardError> {
    match text {
        "-" => Ok(ReferenceOxygen::NotFolded),
        "?" => Ok(ReferenceOxygen::Unconfirmed),
        _ => Ok(ReferenceOxygen::Percent { value: decimal(file, line, text)? }),
    }
}

fn limit(file: &str, line: u64, r: LimitText) -> Result<EmissionLimit, StandardError> {
    let when =
        Condition::parse(&r.when).ok_or_else(|| refuse(file, line, format!("unknown condition {:?}", r.when)))?;
    Ok(EmissionLimit {
        bound: bound(file, line, &r.bound, &r.value)?,
        unit: unit(file, line, &r.unit)?,
        oxygen: oxygen(file, line, &r.oxygen)?,
        from: date(file, line, &r.from)?,
        until: date(file, line, &r.until)?,
        when,
        mark: sure(file, line, r.mark)?,
        cite: r.cite,
        table: r.table,
        level: r.level,
        item: r.item,
        factor: r.factor,
        over: r.over,
    })
}

/// Whether rows of one subject leave no doubt which of them holds: one row, a pair around one temperature, or seasons that share
/// the year without gap or overlap.
fn unambiguous(rows: &[&EmissionLimit]) -> bool {
    if let [_] = rows {
        return true;
    }
    if rows.iter().all(|r| matches!(r.when, Condition::Season { .. })) {
        let leap_year = Date::constant(2024, 1, 1).series(jiff::ToSpan::day(1)).take(366);
        let one = |day: Date| rows.iter().filter(|r| r.when.holds(day, &Facts::default()) == Ok(true)).count() == 1;
        return leap_year.into_iter().all(one);
    }
    match rows {
        [a, b] => match (a.when, b.when) {
            (Condition::WaterAbove { celsius: a }, Condition::WaterAtMost { celsius: b })
            | (Condition::WaterAtMost { celsius: a }, Condition::WaterAbove { celsius: b }) => a == b,
            _ => false,
        },
        _ => false,
    }
}

/// Reads one edition from its head and its rows.
fn standard(file: &str, head_toml: &str, csv: &str) -> Result<EmissionStandard, StandardError> {
    let text: HeadText = toml::from_str(head_toml).map_err(|e| refuse(file, 0, e))?;
    let mut out: Vec<EmissionLimit> = Vec::new();
    for (line, row) in rows::<LimitText>(file, csv)? {
        out.push(limit(file, line, row)?);
    }
    for row in &out {
        let same = |r: &&EmissionLimit| {
            (&r.table, &r.level, &r.factor, r.over) == (&row.table, &row.level, &row.factor, row.over)
                && r.from.is_none_or(|from| row.until.is_none_or(|until| from < until))
                && row.from.is_none_or(|from| r.until.is_none_or(|until| from < until))
        };
        if !unambiguous(&out.iter().filter(same).collect::<Vec<_>>()) {
            let at = format!("{}, level {}, {} over {:?}", row.table, row.level, row.item, row.over);
            return Err(refuse(file, 0, format!("{at}: it is not clear which row holds")));
        }
    }
    Ok(EmissionStandard {
        head: head(file, &text)?,
        decides: decides(file, &text)?,
        in_force_mark: sure(file, 0, text.in_force_mark)?,
        decides_mark: sure(file, 0, text.decides_mark)?,
        decides_cite: text.decides_cite,
        number: text.number,
        medium: text.medium,
        caution: text.caution,
        rows: out,
    })
}

fn factors(file: &str, csv: &str) -> Result<Vec<OutletFactor>, StandardError> {
    let mut out: Vec<OutletFactor> = Vec::new();
    for (line, r) in rows::<FactorText>(file, csv)? {
        if out.iter().any(|o| o.factor == r.factor) {
            return Err(refuse(file, line, format!("{} has a row already", r.factor)));
        }
        let mark = sure(file, line, r.mark)?;
        let (factor, item, zh, medium, mean, cite) = (r.factor, r.item, r.zh, r.medium, r.mean, r.cite);
        out.push(OutletFactor { factor, item, zh, medium, mean, mark, cite });
    }
    Ok(out)
}

fn parameters(file: &str, csv: &str) -> Result<Parameters, StandardError> {
    let mut out = BTreeMap::new();
    for (line, r) in rows::<ParameterText>(file, csv)? {
        let value = decimal(file, line, &r.value)?;
        if value <= Decimal::ZERO {
            return Err(refuse(file, line, format!("{} is not above zero", r.name)));
        }
        let parameter = Parameter { value, unit: r.unit, mark: sure(file, line, r.mark)?, cite: r.cite };
        if out.insert(r.name.clone(), parameter).is_some() {
            return Err(refuse(file, line, format!("{} has a row already", r.name)));
        }
    }
    Parameters::from_rows(file, out)
}

fn marks(file: &str, csv: &str) -> Result<Vec<MarkRule>, StandardError> {
    let mut out: Vec<MarkRule> = Vec::new();
    for (line, r) in rows::<MarkText>(file, csv)? {
        if r.zh != r.operator_mark.zh() {
            return Err(refuse(file, line, format!("{} is not {}", r.zh, r.operator_mark.zh())));
        }
        let (operator_mark, measured, due) = (r.operator_mark, r.measured, r.due);
        out.push(MarkRule { operator_mark, measured, due, mark: sure(file, line, r.mark)?, cite: r.cite });
    }
    if !out.iter().map(|r| r.operator_mark).eq(OperatorMark::ALL) {
        return Err(refuse(file, 0, "the rows are not the marks in their order"));
    }
    Ok(out)
}

fn flags(file: &str, csv: &str) -> Result<Vec<FlagRule>, StandardError> {
    let mut out: Vec<FlagRule> = Vec::new();
    for (line, r) in rows::<FlagText>(file, csv)? {
        if out.iter().any(|o| (&o.edition, &o.flag) == (&r.edition, &r.flag)) {
            return Err(refuse(file, line, format!("{} of {} has a row already", r.flag, r.edition)));
        }
        let (edition, flag, operator_mark) = (r.edition, r.flag, r.operator_mark);
        out.push(FlagRule { edition, flag, operator_mark, mark: sure(file, line, r.mark)?, cite: r.cite });
    }
    Ok(out)
}

fn transmission(file: &str, csv: &str) -> Result<TransmissionRule, StandardError> {
    let mut found = BTreeMap::new();
    for (line, r) in rows::<RateText>(file, csv)? {
        found.insert(r.name, Rate { rule: r.rule, mark: sure(file, line, r.mark)?, cite: r.cite });
    }
    let mut take = |name: &str, allowed: &[RateRule]| match found.remove(name) {
        Some(rate) if allowed.contains(&rate.rule) => Ok(rate),
        Some(rate) => Err(refuse(file, 0, format!("{name} cannot be {:?}", rate.rule))),
        None => Err(refuse(file, 0, format!("{name} is missing"))),
    };
    let rule = TransmissionRule {
        transmission: take("transmission_rate", &[RateRule::ReceivedOfDue, RateRule::ValidOfDue])?,
        effective: take("effective_rate", &[RateRule::ValidOfReceived, RateRule::ValidOfDue])?,
        combined: take("combined_rate", &[RateRule::Product, RateRule::ValidOfDue])?,
    };
    match found.keys().next() {
        Some(name) => Err(refuse(file, 0, format!("{name} is no rate"))),
        None => Ok(rule),
    }
}

/// Rows name known factors of the standard's medium, no formula divides by nothing, and editions of one number do not overlap.
fn consistent(discharge: &Discharge) -> Result<(), StandardError> {
    let air = discharge.parameters.oxygen_of_air.value;
    if discharge.parameters.oxygen_not_folded_from.value >= air {
        return Err(refuse("parameters.csv", 0, format!("oxygen_not_folded_from is not below {air}")));
    }
    for s in &discharge.standards {
        for row in &s.rows {
            if matches!(row.oxygen, ReferenceOxygen::Percent { value } if value < Decimal::ZERO || value >= air) {
                return Err(refuse(&s.head.id, 0, format!("{}: no such reference oxygen", row.cite)));
            }
            if discharge.factor(&row.factor).is_none_or(|f| f.medium != s.medium) {
                let reason = format!("{} ({}) is no factor of {:?}", row.item, row.factor, s.medium);
                return Err(refuse(&s.head.id, 0, reason));
            }
        }
        let editions = discharge.standards.iter().filter(|o| o.number == s.number);
        no_overlap(&s.number, editions.map(|o| &o.head))?;
    }
    Ok(())
}

macro_rules! text {
    ($name:literal) => {
        include_str!(concat!("../../../../standards/discharge/", $name))
    };
}

macro_rules! edition {
    ($head:literal, $rows:literal) => {
        standard($head, text!($head), text!($rows))?
    };
}

/// What is shipped with the program.
pub(super) fn embedded() -> Result<Discharge, StandardError> {
    let discharge = Discharge {
        standards: vec![
            edition!("gb8978-1996.toml", "gb8978-1996.limits.csv"),
            edition!("gb18918-2002.toml", "gb18918-2002.limits.csv"),
            edition!("gb18918-2002-2026.toml", "gb18918-2002.limits.csv"),
            edition!("db33-2169-2018.toml", "db33-2169-2018.limits.csv"),
            edition!("db33-887-2013.toml", "db33-887-2013.limits.csv"),
            edition!("gb13223-2011.toml", "gb13223-2011.limits.csv"),
            edition!("ultra-low-coal.toml", "ultra-low-coal.limits.csv"),
            edition!("gb13271-2014.toml", "gb13271-2014.limits.csv"),
            edition!("ultra-low-steel.toml", "ultra-low-steel.limits.csv"),
            edition!("gb18485-2014.toml", "gb18485-2014.limits.csv"),
        ],
        factors: factors("factors.csv", text!("factors.csv"))?,
        parameters: parameters("parameters.csv", text!("parameters.csv"))?,
        marks: marks("marks.csv", text!("marks.csv"))?,
        flags: flags("flags.csv", text!("flags.csv"))?,
        transmission: transmission("transmission.csv", text!("transmission.csv"))?,
    };
    consistent(&discharge)?;
    Ok(discharge)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "number='X 1'\nid='X 1'\ntitle_zh='x'\ntitle_en='x'\nmedium='water'\nin_force='2002-06-01/..'\n\
        in_force_mark='K'\ndecides='day'\ndecides_mark='K'\ndecides_cite='x'\nsource='x'\n";
    const COLUMNS: &str = "table,level,item,factor,over,bound,value,unit,oxygen,from,until,when,mark,cite\n";
    const ROW: &str = "t,1,COD,w01018,day,at_most,50,mg/L,-,,,,K,t1\n";

    fn check(head: &str, rows: &str, expected: &str) {
        let got = standard("x", head, &format!("{COLUMNS}{rows}"));
        let got = got.map_or_else(|e| e.to_string(), |s| format!("{} rows", s.rows.len()));
        assert!(got.contains(expected), "{got:?} does not say {expected:?}");
    }

    #[test]
    fn a_damaged_table_is_refused_with_file_line_and_reason() {
        check(HEAD, ROW, "1 rows");
        check(HEAD, &ROW.replace("50", "x"), "x, line 2: \"x\"");
        check(HEAD, &ROW.replace("mg/L", "mg"), "unknown unit \"mg\"");
        check(HEAD, &ROW.replace("day", "week"), "line 2");
        check(HEAD, &ROW.replace("at_most", "below"), "unknown bound \"below\"");
        check(HEAD, &ROW.replace(",K,", ",sure,"), "mark \"sure\" is none of C, K, ?");
        check(HEAD, &ROW.replace(",-,", ",air,"), "\"air\"");
        check(HEAD, &ROW.replace(",,,,K", ",,,warm:1,K"), "unknown condition \"warm:1\"");
        check(HEAD, &ROW.replace(",,,,K", ",2020-13-01,,,K"), "2020-13-01");
        check(&HEAD.replace("/..", ""), ROW, "in_force");
        check(&HEAD.replace("/..", "/2002-06-01"), ROW, "in_force");
        check(&HEAD.replace("'day'", "'month_share'"), ROW, "decides \"month_share\" with share_min_percent None");
        check(&format!("{HEAD}extra=1\n"), ROW, "extra");
    }

    #[test]
    fn rows_that_could_hold_at_once_are_refused() {
        let with = |from: &str, when: &str| ROW.replace(",,,,K", &format!(",{from},,{when},K"));
        let until = ROW.replace(",,,,K", ",,2020-01-01,,K");
        check(HEAD, &format!("{ROW}{ROW}"), "it is not clear which row holds");
        check(HEAD, &format!("{until}{}", with("2020-01-01", "")), "2 rows");
        check(HEAD, &format!("{until}{}", with("2019-12-31", "")), "not clear");
        check(HEAD, &format!("{}{}", with("", "water_above:12"), with("", "water_at_most:12")), "2 rows");
        check(HEAD, &format!("{}{}", with("", "water_above:11"), with("", "water_at_most:12")), "not clear");
        let (summer, winter) = (with("", "season:04-01..10-31"), with("", "season:11-01..03-31"));
        check(HEAD, &format!("{summer}{winter}"), "2 rows");
        check(HEAD, &format!("{summer}{}", winter.replace("11-01", "11-02")), "not clear");
        check(HEAD, &format!("{summer}{}", winter.replace("11-01", "10-31")), "not clear");
    }

    #[test]
    fn parameters_marks_and_rates_are_read_whole_or_not_at_all() {
        let says = |got: Result<(), StandardError>, expected: &str| {
            let got = got.expect_err("refused").to_string();
            assert!(got.contains(expected), "{got:?} does not say {expected:?}");
        };
        let whole = text!("parameters.csv");
        says(parameters("p", &whole.replace("manual_gap_max", "manual_gap")).map(drop), "manual_gap_max is missing");
        says(parameters("p", &format!("{whole}more,1,x,K,x\n")).map(drop), "more is no parameter");
        says(
            parameters("p", &whole.replace(",45,", ",0,")).map(drop),
            "line 2: air_hour_minutes_min is not above zero",
        );
        says(marks("m", &text!("marks.csv").replace("失控", "失踪")).map(drop), "失踪 is not 失控");
        let short = text!("marks.csv").lines().take(5).collect::<Vec<_>>().join("\n");
        says(marks("m", &short).map(drop), "the rows are not the marks in their order");
        let rates = text!("transmission.csv");
        says(transmission("t", &rates.replace("received_of_due", "product")).map(drop), "transmission_rate cannot be");
        let twice = format!("{}w01001,x,x,water,arithmetic,K,x\n", text!("factors.csv"));
        says(factors("f", &twice).map(drop), "w01001 has a row already");
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let says = |change: fn(&mut Discharge), expected: &str| {
            let mut discharge = embedded().expect("the shipped standards load");
            change(&mut discharge);
            let got = consistent(&discharge).expect_err("refused").to_string();
            assert!(got.contains(expected), "{got:?} does not say {expected:?}");
        };
        let air = |d: &mut Discharge| d.parameters.oxygen_not_folded_from.value = 21.into();
        says(air, "oxygen_not_folded_from is not below 21");
        let oxygen = |d: &mut Discharge| d.standards[0].rows[0].oxygen = ReferenceOxygen::Percent { value: 21.into() };
        says(oxygen, "no such reference oxygen");
        says(|d| d.standards[0].rows[0].factor = "a21026".into(), "pH (a21026) is no factor of Water");
        says(|d| d.standards[1].head.until = None, "apply to the same day");
    }

    #[test]
    fn seasons_pass_the_new_year_and_facts_are_asked_for() {
        let winter = Condition::parse("season:11-01..03-31").expect("a season");
        let holds = |day: &str| winter.holds(day.parse().expect("a day"), &Facts::default());
        let days = ["2025-10-31", "2025-11-01", "2026-01-01", "2024-02-29", "2026-03-31", "2026-04-01"];
        assert_eq!(days.map(|d| holds(d) == Ok(true)), [false, true, true, true, true, false]);
        let day = "2026-01-01".parse().expect("a day");
        let cold = Condition::parse("water_at_most:12").expect("a condition");
        assert_eq!(cold.holds(day, &Facts::default()), Err(Fact::WaterTemperature));
        assert_eq!(cold.holds(day, &Facts { water_celsius: Some(12.into()), built: None }), Ok(true));
        let built = Condition::parse("built_from:2006-01-01").expect("a condition");
        assert_eq!(built.holds(day, &Facts::default()), Err(Fact::DayBuilt));
    }

    #[test]
    fn editions_of_one_number_share_the_years() {
        let discharge = embedded().expect("the shipped standards load");
        let on = |number: &str, day: &str| {
            discharge.edition(number, day.parse().expect("a day")).map(|s| s.head.id.as_str())
        };
        assert_eq!(on("GB 18918-2002", "2003-06-30"), None);
        assert_eq!(on("GB 18918-2002", "2026-02-28"), Some("GB 18918-2002"));
        assert_eq!(on("GB 18918-2002", "2026-03-01"), Some("GB 18918-2002 (amended 2026)"));
        assert_eq!(on("DB33/2169-2018", "2018-12-31"), None);
    }
}
