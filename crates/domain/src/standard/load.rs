//! Strict reading of the texts under `standards/`.

use std::str::FromStr;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{
    AirLimit, AirLimits, AqiLevel, AqiStandard, Bound, Breakpoints, Head, Over, Standards, WaterBody, WaterRow,
    WaterStandard,
};
use crate::unit::Unit;

/// A standard's text is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {reason}")]
pub struct StandardError {
    /// File.
    pub file: String,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

pub(super) fn refuse(file: &str, line: u64, reason: impl std::fmt::Display) -> StandardError {
    StandardError { file: file.to_owned(), line, reason: reason.to_string() }
}

#[derive(Deserialize)]
struct HeadText {
    id: String,
    title_zh: String,
    title_en: String,
    in_force: String,
    source: String,
}

/// What a head has beside the five lines that each has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NothingMore {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AqiText {
    na_rule: bool,
    round_first: bool,
    so2_hour_above: u16,
    o3_mda8_above: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaterText {
    item: String,
    factor: String,
    water: String,
    bound: String,
    i: String,
    ii: String,
    iii: String,
    iv: String,
    v: String,
    unit: String,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitText {
    pollutant: String,
    factor: String,
    over: String,
    level1: String,
    level2: String,
    unit: String,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreakpointText {
    pollutant: String,
    factor: String,
    over: String,
    i0: String,
    i50: String,
    i100: String,
    i150: String,
    i200: String,
    i300: String,
    i400: String,
    i500: String,
    unit: String,
    decimals: u32,
    mark: String,
    cite: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelText {
    level: u8,
    from: u16,
    zh: String,
    en: String,
    colour_zh: String,
    rgb: String,
    #[serde(rename = "mark")]
    _mark: String,
    #[serde(rename = "cite")]
    _cite: String,
}

/// Reads a head and the settings beside it; what is neither is refused.
pub(super) fn head_and<T: DeserializeOwned>(file: &str, text: &str) -> Result<(Head, T), StandardError> {
    let mut more: toml::Table = toml::from_str(text).map_err(|e| refuse(file, 0, e))?;
    let mut lines = toml::Table::new();
    for key in ["id", "title_zh", "title_en", "in_force", "source"] {
        let value = more.remove(key).ok_or_else(|| refuse(file, 0, format!("{key} is missing")))?;
        lines.insert(key.to_owned(), value);
    }
    let lines = lines.try_into().map_err(|e| refuse(file, 0, e))?;
    Ok((head(file, lines)?, more.try_into().map_err(|e| refuse(file, 0, e))?))
}

fn only_head(file: &str, text: &str) -> Result<Head, StandardError> {
    head_and::<NothingMore>(file, text).map(|(head, _)| head)
}

fn head(file: &str, text: HeadText) -> Result<Head, StandardError> {
    let bad = || refuse(file, 0, format!("in_force: {:?} is not from/until", text.in_force));
    let (from, until) = text.in_force.split_once('/').ok_or_else(bad)?;
    let day = |t: &str| Date::from_str(t).map_err(|e| refuse(file, 0, format!("in_force: {e}")));
    let until = if until == ".." { None } else { Some(day(until)?) };
    let from = day(from)?;
    if until.is_some_and(|until| until <= from) {
        return Err(bad());
    }
    Ok(Head { id: text.id, title_zh: text.title_zh, title_en: text.title_en, from, until, source: text.source })
}

/// Rows of a CSV with their line numbers; unknown or missing columns are refused.
pub(super) fn rows<T: DeserializeOwned>(file: &str, text: &str) -> Result<Vec<(u64, T)>, StandardError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut out = Vec::new();
    for row in reader.deserialize::<T>() {
        let line = out.len() as u64 + 2;
        out.push((line, row.map_err(|e| refuse(file, line, e))?));
    }
    Ok(out)
}

pub(super) fn decimal(file: &str, line: u64, text: &str) -> Result<Decimal, StandardError> {
    Decimal::from_str(text).map_err(|e| refuse(file, line, format!("{text:?}: {e}")))
}

pub(super) fn unit(file: &str, line: u64, text: &str) -> Result<Unit, StandardError> {
    Unit::parse(text).ok_or_else(|| refuse(file, line, format!("unknown unit {text:?}")))
}

pub(super) fn over(file: &str, line: u64, text: &str) -> Result<Over, StandardError> {
    match text {
        "hour" => Ok(Over::Hour),
        "mda8" => Ok(Over::Mda8),
        "day" => Ok(Over::Day),
        "year" => Ok(Over::Year),
        _ => Err(refuse(file, line, format!("unknown averaging time {text:?}"))),
    }
}

pub(super) fn bound(file: &str, line: u64, kind: &str, text: &str) -> Result<Bound, StandardError> {
    let value = |t: &str| decimal(file, line, t);
    match kind {
        "at_most" => Ok(Bound::AtMost { value: value(text)? }),
        "at_least" => Ok(Bound::AtLeast { value: value(text)? }),
        "between" => {
            let (low, high) =
                text.split_once(':').ok_or_else(|| refuse(file, line, format!("{text:?} is not low:high")))?;
            Ok(Bound::Between { low: value(low)?, high: value(high)? })
        }
        _ => Err(refuse(file, line, format!("unknown bound {kind:?}"))),
    }
}

/// Reads a water standard from its head and its rows.
pub(super) fn water(name: &str, head_toml: &str, csv: &str) -> Result<WaterStandard, StandardError> {
    let head = only_head(name, head_toml)?;
    let mut out: Vec<WaterRow> = Vec::new();
    for (line, r) in rows::<WaterText>(name, csv)? {
        let water = match r.water.as_str() {
            "any" => None,
            word => Some(WaterBody::parse(word).ok_or_else(|| refuse(name, line, format!("unknown water {word:?}")))?),
        };
        if out.iter().any(|o| o.factor == r.factor && (o.water == water || o.water.is_none() || water.is_none())) {
            return Err(refuse(name, line, format!("{} has a row already", r.factor)));
        }
        let b = |text: &str| bound(name, line, &r.bound, text);
        let classes = [b(&r.i)?, b(&r.ii)?, b(&r.iii)?, b(&r.iv)?, b(&r.v)?];
        if !classes.windows(2).all(|w| no_stricter(w[0], w[1])) {
            return Err(refuse(name, line, "a worse class is stricter than a better one"));
        }
        let unit = unit(name, line, &r.unit)?;
        out.push(WaterRow { item: r.item, factor: r.factor, water, classes, unit, mark: r.mark, cite: r.cite });
    }
    Ok(WaterStandard { head, rows: out })
}

fn no_stricter(better: Bound, worse: Bound) -> bool {
    match (better, worse) {
        (Bound::AtMost { value: a }, Bound::AtMost { value: b }) => a <= b,
        (Bound::AtLeast { value: a }, Bound::AtLeast { value: b }) => a >= b,
        (Bound::Between { low: a, high: b }, Bound::Between { low: c, high: d }) => c <= a && b <= d,
        _ => false,
    }
}

/// Reads one set of air limits.
pub(super) fn air_limits(name: &str, head_toml: &str, csv: &str) -> Result<AirLimits, StandardError> {
    let head = only_head(name, head_toml)?;
    let mut out = Vec::new();
    for (line, r) in rows::<LimitText>(name, csv)? {
        let (level1, level2) = (decimal(name, line, &r.level1)?, decimal(name, line, &r.level2)?);
        if level1 > level2 {
            return Err(refuse(name, line, "level 1 is above level 2"));
        }
        out.push(AirLimit {
            over: over(name, line, &r.over)?,
            unit: unit(name, line, &r.unit)?,
            pollutant: r.pollutant,
            factor: r.factor,
            level1,
            level2,
            mark: r.mark,
            cite: r.cite,
        });
    }
    Ok(AirLimits { head, rows: out })
}

/// Reads one edition of HJ 633.
pub(super) fn aqi(name: &str, head_toml: &str, csv: &str) -> Result<AqiStandard, StandardError> {
    let (head, text) = head_and::<AqiText>(name, head_toml)?;
    let mut out = Vec::new();
    for (line, r) in rows::<BreakpointText>(name, csv)? {
        let cells = [&r.i0, &r.i50, &r.i100, &r.i150, &r.i200, &r.i300, &r.i400, &r.i500];
        let ends = cells.iter().take_while(|c| **c != "-").count();
        if ends < 2 || cells[ends..].iter().any(|c| **c != "-") {
            return Err(refuse(name, line, "breakpoints have a gap"));
        }
        let scale = Decimal::from(10i64.pow(r.decimals));
        let mut at: Vec<i64> = Vec::with_capacity(ends);
        for cell in &cells[..ends] {
            let value = decimal(name, line, cell)? * scale;
            let whole = i64::try_from(value).ok().filter(|w| Decimal::from(*w) == value);
            let whole =
                whole.ok_or_else(|| refuse(name, line, format!("{cell} has more decimals than {}", r.decimals)))?;
            if at.last().is_some_and(|last| *last >= whole) {
                return Err(refuse(name, line, "breakpoints do not rise"));
            }
            at.push(whole);
        }
        let (over, unit) = (over(name, line, &r.over)?, unit(name, line, &r.unit)?);
        let (pollutant, factor, mark, cite) = (r.pollutant, r.factor, r.mark, r.cite);
        out.push(Breakpoints { pollutant, factor, over, at, decimals: r.decimals, unit, mark, cite });
    }
    Ok(AqiStandard {
        head,
        na_rule: text.na_rule,
        round_first: text.round_first,
        so2_hour_above: Some(text.so2_hour_above).filter(|v| *v > 0),
        o3_mda8_above: Some(text.o3_mda8_above).filter(|v| *v > 0),
        rows: out,
    })
}

fn levels(name: &str, csv: &str) -> Result<Vec<AqiLevel>, StandardError> {
    let rows = rows::<LevelText>(name, csv)?.into_iter().map(|(_, r)| r);
    let levels: Vec<AqiLevel> = rows
        .map(|r| AqiLevel { level: r.level, from: r.from, zh: r.zh, en: r.en, colour_zh: r.colour_zh, rgb: r.rgb })
        .collect();
    if levels.is_empty() || !levels.is_sorted_by_key(|l| (l.level, l.from)) {
        return Err(refuse(name, 0, "levels do not rise"));
    }
    Ok(levels)
}

/// No two editions of one subject may apply to the same day.
pub(super) fn no_overlap<'a>(name: &str, heads: impl Iterator<Item = &'a Head>) -> Result<(), StandardError> {
    let mut heads: Vec<&Head> = heads.collect();
    heads.sort_by_key(|h| h.from);
    for pair in heads.windows(2) {
        if pair[0].until.is_none_or(|until| until > pair[1].from) {
            return Err(refuse(name, 0, format!("{} and {} apply to the same day", pair[0].id, pair[1].id)));
        }
    }
    Ok(())
}

macro_rules! text {
    ($path:literal) => {
        include_str!(concat!("../../../../standards/", $path))
    };
}

impl Standards {
    /// The standards shipped with the program.
    ///
    /// # Errors
    /// Never for the files as committed: a test reads them all.
    pub fn embedded() -> Result<Self, StandardError> {
        let standards = Self {
            water: vec![water("gb3838-2002", text!("water/gb3838-2002.toml"), text!("water/gb3838-2002.limits.csv"))?],
            air_limits: vec![
                air_limits("gb3095-2012", text!("air/gb3095-2012.toml"), text!("air/gb3095-2012.limits.csv"))?,
                air_limits(
                    "gb3095-2026-transition",
                    text!("air/gb3095-2026-transition.toml"),
                    text!("air/gb3095-2026-transition.limits.csv"),
                )?,
                air_limits(
                    "gb3095-2026-final",
                    text!("air/gb3095-2026-final.toml"),
                    text!("air/gb3095-2026-final.limits.csv"),
                )?,
            ],
            aqi: vec![
                aqi("hj633-2012", text!("air/hj633-2012.toml"), text!("air/hj633-2012.breakpoints.csv"))?,
                aqi("hj633-2026", text!("air/hj633-2026.toml"), text!("air/hj633-2026.breakpoints.csv"))?,
            ],
            aqi_levels: levels("hj633.levels", text!("air/hj633.levels.csv"))?,
            air_evaluation: super::air::evaluation(
                "hj663-2013",
                text!("air/hj663-2013.toml"),
                text!("air/hj663-2013.statistics.csv"),
            )?,
            air_composite: super::air::composite(
                "composite-2018",
                text!("air/composite-2018.toml"),
                text!("air/composite-2018.items.csv"),
            )?,
            surface: super::water::embedded()?,
            spearman: super::water::critical("spearman", text!("spearman.csv"))?,
            discharge: super::discharge::embedded()?,
        };
        no_overlap("water", standards.water.iter().map(|s| &s.head))?;
        no_overlap("air limits", standards.air_limits.iter().map(|s| &s.head))?;
        no_overlap("aqi", standards.aqi.iter().map(|s| &s.head))?;
        Ok(standards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resolved_value_is_as_reviewed() {
        let standards = Standards::embedded().expect("the shipped standards load");
        insta::assert_json_snapshot!(standards);
    }

    /// How sure a row may be: read in the text, second-hand, from knowledge, from a bulletin, proposed by us, not confirmed.
    const MARKS: [&str; 6] = ["C", "S", "K", "B", "P", "?"];

    /// Every row anywhere below, with its marks; a row without a clause fails.
    fn marked(at: &str, value: &serde_json::Value, rows: &mut Vec<(String, String)>) {
        match value {
            serde_json::Value::Array(all) => all.iter().for_each(|one| marked(at, one, rows)),
            serde_json::Value::Object(fields) => {
                if let Some(mark) = fields.get("mark") {
                    let mark = mark.as_str().unwrap_or_default();
                    assert!(MARKS.contains(&mark), "{at}: mark {mark:?}");
                    let cite = fields.get("cite").and_then(|c| c.as_str()).unwrap_or_default();
                    assert!(!cite.trim().is_empty(), "{at}: a row without a clause: {value}");
                    let name = ["item", "pollutant", "quality", "grade", "n"].iter().find_map(|k| fields.get(*k));
                    let name = name.map_or_else(String::new, |n| n.to_string().replace('"', ""));
                    rows.push((mark.to_owned(), format!("{mark} {at} {name}: {cite}")));
                }
                fields.iter().for_each(|(key, inner)| marked(&format!("{at}/{key}"), inner, rows));
            }
            _ => {}
        }
    }

    #[test]
    fn every_row_has_a_mark_and_a_clause_and_those_not_read_in_a_source_are_listed() {
        let standards = Standards::embedded().expect("the shipped standards load");
        let mut rows = Vec::new();
        marked("", &serde_json::to_value(&standards).expect("plain data"), &mut rows);
        let unread: Vec<String> = rows.iter().filter(|(mark, _)| mark != "C").map(|(_, row)| row.clone()).collect();
        insta::assert_snapshot!(format!(
            "{} of {} rows were not read in a source\n{}",
            unread.len(),
            rows.len(),
            unread.join("\n")
        ));
    }

    #[test]
    fn the_edition_is_that_of_the_datas_day() {
        let standards = Standards::embedded().expect("the shipped standards load");
        let day = |t: &str| t.parse::<Date>().expect("a date");
        let aqi = |t: &str| standards.aqi_on(day(t)).map(|s| s.head.id.as_str());
        assert_eq!((aqi("2026-02-28"), aqi("2026-03-01")), (Some("HJ 633-2012"), Some("HJ 633-2026")));
        let limits = |t: &str| standards.air_limits_on(day(t)).map(|s| s.head.id.as_str());
        assert_eq!(limits("2030-12-31"), Some("GB 3095-2026 (transition)"));
        assert_eq!(limits("2031-01-01"), Some("GB 3095-2026 (final)"));
        assert_eq!(limits("2012-02-28"), None);
    }

    const HEAD: &str = "id='X 1'\ntitle_zh='x'\ntitle_en='x'\nin_force='2002-06-01/..'\nsource='x'\n";
    const COLUMNS: &str = "item,factor,water,bound,i,ii,iii,iv,v,unit,mark,cite\n";

    fn check(head: &str, rows: &str, expected: &str) {
        let got = water("x", head, &format!("{COLUMNS}{rows}"))
            .map_or_else(|e| e.to_string(), |w| format!("{} rows", w.rows.len()));
        assert!(got.contains(expected), "{got:?} does not say {expected:?}");
    }

    #[test]
    fn a_damaged_table_is_refused_with_file_line_and_reason() {
        let row = "COD,w01018,any,at_most,15,15,20,30,40,mg/L,K,t1\n";
        check(HEAD, row, "1 rows");
        check(HEAD, &format!("{row}{row}"), "x, line 3: w01018 has a row already");
        check(HEAD, &row.replace("20", "10"), "line 2: a worse class is stricter");
        check(HEAD, &row.replace("mg/L", "mg"), "line 2: unknown unit \"mg\"");
        check(HEAD, &row.replace("15", "x"), "line 2: \"x\"");
        check(HEAD, &row.replace("at_most", "below"), "unknown bound \"below\"");
        check(&HEAD.replace("/..", ""), row, "in_force");
        check(&format!("{HEAD}extra=1\n"), row, "extra");
        check(HEAD, "COD,w01018\n", "line 2");
    }
}
