//! Reports of air (环境空气质量日报、月报、年报) from rows that were evaluated before: a day of stations, or a month or year of areas.

use rust_decimal::Decimal;

use super::shape::{AIR_DAY, AIR_SPAN};
use super::{Area, Basis, Cell, Chapter, Coverage, FORMAT, Kind, Note, Report, ReportRules, Table};
use crate::analyse::span::Span;
use crate::analyse::water::city::rank;

/// The six, in the order of the tables.
pub const POLLUTANTS: [&str; 6] = ["pm25", "pm10", "so2", "no2", "co", "o3"];

/// A concentration as its standard rounds it, or why there is none.
pub type Value = Result<(Decimal, u32), String>;

fn cell(value: &Value) -> Cell {
    match value {
        Ok((value, decimals)) => Cell::number(*value, *decimals),
        Err(reason) => Cell::missing(reason),
    }
}

/// A station or area over one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirDay {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Index; none when the rule gives none.
    pub aqi: Option<u16>,
    /// Word of its level.
    pub level: Option<String>,
    /// Primary pollutants, as they are shown.
    pub primary: Vec<String>,
    /// Concentrations, in the order of [`POLLUTANTS`].
    pub values: [Value; 6],
    /// Why there is no index.
    pub reason: String,
}

/// What a row stands for; rows are ranked among their like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// 全市, which is not ranked.
    City,
    /// 县（市、区）.
    County,
    /// 点位.
    Station,
}

/// A station or area over a month or year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AirOver {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// What it stands for.
    pub of: Rows,
    /// Valid days.
    pub valid_days: u32,
    /// Days with an index of at most 100.
    pub good_days: u32,
    /// What counts of each pollutant, in the order of [`POLLUTANTS`].
    pub values: [Value; 6],
    /// Composite index, unrounded.
    pub index: Result<Decimal, String>,
    /// Whether all six attain; none when it cannot be said or is not asked of such a span.
    pub attained: Option<bool>,
    /// Whether the days suffice.
    pub enough: bool,
    /// Why something is not said.
    pub reason: String,
}

/// What both kinds of report have.
#[derive(Debug, Clone)]
pub struct AirHead<'a> {
    /// Period.
    pub period: Span,
    /// Area.
    pub area: Area,
    /// Who files it.
    pub issuer: String,
    /// Editions.
    pub basis: Vec<Basis>,
    /// Rules of reports.
    pub report: &'a ReportRules,
}

impl AirHead<'_> {
    fn report_of(&self, chapter: Chapter, coverage: Coverage, mut tables: Vec<Table>) -> Report {
        let mut chapter = chapter;
        chapter.tables.append(&mut tables);
        Report {
            v: FORMAT,
            kind: Kind::Air,
            title: format!("{}环境空气质量{}", self.area.name, self.period.report_zh()),
            issuer: self.issuer.clone(),
            area: self.area.clone(),
            period: self.period,
            period_text: self.period.zh(),
            chapters: vec![chapter],
            coverage,
            basis: self.basis.clone(),
            notes: Vec::new(),
        }
    }
}

/// 日报.
pub fn air_day(head: &AirHead<'_>, rows: &[AirDay]) -> Report {
    let mut table = Table::of(&AIR_DAY);
    for row in rows {
        let mut cells = vec![
            Cell::text(&row.name),
            row.aqi.map_or_else(|| Cell::missing(&row.reason), Cell::count),
            row.level.as_ref().map_or_else(|| Cell::missing(&row.reason), Cell::text),
            if row.primary.is_empty() { Cell::text("无") } else { Cell::text(row.primary.join("、")) },
        ];
        cells.extend(row.values.iter().map(cell));
        table.push(&row.code, cells);
    }
    let have = rows.iter().filter(|r| r.aqi.is_some()).count() as u32;
    let needs = head.report.sections_judged_min_percent;
    let coverage = Coverage::new("站点", (have, rows.len() as u32), needs, head.report);
    let good = rows.iter().filter(|r| r.aqi.is_some_and(|aqi| aqi <= 100)).count();
    let said = vec![
        format!(
            "{}，{}{}个站点中{have}个有空气质量指数，其中优良{good}个。",
            head.period.zh(),
            head.area.all,
            rows.len()
        ),
        coverage.sentence(),
    ];
    head.report_of(Chapter::new("air", "空气质量", said), coverage, vec![table, Table::of(&AIR_SPAN)])
}

/// 月报、季报、年报.
pub fn air_span(head: &AirHead<'_>, rows: &[AirOver]) -> Report {
    let mut table = Table::of(&AIR_SPAN);
    let indices = |of: Rows| {
        let rounded =
            |r: &AirOver| Some((r.code.clone(), r.index.as_ref().ok()?.round_dp(head.report.air_index_decimals)));
        rows.iter().filter(|r| r.of == of).filter_map(rounded).collect()
    };
    let ranked: Vec<_> = [Rows::County, Rows::Station].into_iter().flat_map(|of| rank(indices(of))).collect();
    let share =
        |r: &AirOver| (Decimal::from(r.good_days) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(r.valid_days));
    for row in rows {
        let mut cells = vec![
            Cell::text(&row.name),
            Cell::count(row.valid_days),
            Cell::count(row.good_days),
            Cell::number_or(share(row), head.report.share_decimals, "无有效天"),
        ];
        cells.extend(row.values.iter().map(cell));
        let place = ranked.iter().find(|r| r.city == row.code);
        cells.push(match &row.index {
            Ok(index) => Cell::number(*index, head.report.air_index_decimals),
            Err(reason) => Cell::missing(reason),
        });
        let unranked = if row.of == Rows::City { "不参加排名" } else { "无综合指数" };
        cells.push(place.map_or_else(|| Cell::missing(unranked), |r| Cell::count(r.rank)));
        cells.push(match row.attained {
            Some(true) => Cell::text("达标"),
            Some(false) => Cell::text("未达标"),
            None => Cell::missing(&row.reason),
        });
        table.push(&row.code, cells);
    }
    table.notes.push(Note::new(
        "综合指数越低名次越前，修约后相同并列；县与县、点位与点位分别排名",
        head.report.cite("air_index_decimals"),
    ));
    table.notes.push(Note::new("CO为日均值第95百分位数，O₃为日最大8小时平均第90百分位数，其余为均值", ""));
    let have = rows.iter().filter(|r| r.enough).count() as u32;
    let needs = head.report.sections_judged_min_percent;
    let coverage = Coverage::new("评价范围", (have, rows.len() as u32), needs, head.report);
    let mut said = vec![format!("{}，{}参加评价{}个。", head.period.zh(), head.area.all, rows.len())];
    for row in rows.iter().filter(|r| !r.enough) {
        said.push(format!("{}有效天数{}天，{}。", row.name, row.valid_days, super::INSUFFICIENT));
    }
    said.push(coverage.sentence());
    head.report_of(Chapter::new("air", "空气质量", said), coverage, vec![Table::of(&AIR_DAY), table])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(rules: &ReportRules, period: &str) -> Report {
        let head = AirHead {
            period: Span::parse(period).expect("a period"),
            area: Area::city("某市"),
            issuer: "某局".into(),
            basis: Vec::new(),
            report: rules,
        };
        let value = |n: i64, decimals| Ok((Decimal::new(n, decimals), decimals));
        let values = [value(20, 0), value(31, 0), value(11, 0), value(19, 0), value(14, 1), Err("有效时数不足".into())];
        if matches!(head.period, Span::Day { .. }) {
            let day = |code: &str, aqi: Option<u16>| AirDay {
                code: code.into(),
                name: code.into(),
                aqi,
                level: aqi.map(|_| "良".into()),
                primary: vec!["O₃-8h".into()],
                values: values.clone(),
                reason: "缺项".into(),
            };
            return air_day(&head, &[day("a", Some(80)), day("b", None)]);
        }
        let over = |code: &str, index: &str, valid_days| AirOver {
            code: code.into(),
            name: code.into(),
            of: if code == "city" { Rows::City } else { Rows::County },
            valid_days,
            good_days: valid_days.min(28),
            values: values.clone(),
            index: index.parse().map_err(|_| "缺项".to_owned()),
            attained: (valid_days > 0).then_some(true),
            enough: valid_days >= 27,
            reason: "天数不足".into(),
        };
        air_span(
            &head,
            &[
                over("city", "2.5", 30),
                over("a", "2.804", 30),
                over("b", "2.80", 30),
                over("c", "-", 0),
                over("d", "3.1", 20),
            ],
        )
    }

    #[test]
    fn a_day_and_a_month_say_what_is_missing_and_share_equal_places() {
        let rules = ReportRules::embedded().expect("the shipped rules load");
        let day = head(&rules, "2026-05-01");
        let cell = |report: &Report, table: &str, row, column| {
            report.table(table).and_then(|t| t.cell(row, column)).map(Cell::shown)
        };
        assert_eq!(day.title, "某市环境空气质量日报");
        assert_eq!(cell(&day, "air_day", "a", "co").as_deref(), Some("1.4"));
        assert_eq!(cell(&day, "air_day", "b", "aqi").as_deref(), Some("—"));
        let month = head(&rules, "2026-05");
        let places: Vec<_> =
            ["a", "b", "c", "d"].map(|row| cell(&month, "air_span", row, "rank").expect("a cell")).into();
        assert_eq!(places, ["1", "1", "—", "3"]);
        assert_eq!(
            cell(&month, "air_span", "city", "rank").as_deref(),
            Some("—"),
            "a city is not ranked among its counties"
        );
        assert_eq!(cell(&month, "air_span", "a", "share").as_deref(), Some("93.3"));
        assert!(month.chapters[0].paragraphs.iter().any(|p| p == "d有效天数20天，数据不足。"));
    }
}
