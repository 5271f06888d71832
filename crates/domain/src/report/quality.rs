//! Report on data (自动监测数据质量报告): what each station should have sent, what of it is valid, marked, late or restated, and what
//! review found.

use rust_decimal::Decimal;

use super::shape::STATIONS;
use super::{Area, Cell, Chapter, Coverage, FORMAT, INSUFFICIENT, Kind, Note, Report, ReportRules, Table};
use crate::analyse::span::Span;

/// What a station has over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StationData {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Kind, in Chinese.
    pub kind: String,
    /// Name of its county.
    pub county: String,
    /// Values due, over all of its points.
    pub due: u64,
    /// Valid values.
    pub valid: u64,
    /// Values with a mark, or none.
    pub marked: u64,
    /// Values that came late or were restated.
    pub odd: u64,
    /// What review found; none where nothing was reviewed.
    pub findings: Option<u64>,
}

/// Everything the report is made of.
#[derive(Debug, Clone)]
pub struct QualityInput<'a> {
    /// Period.
    pub period: Span,
    /// Area.
    pub area: Area,
    /// Who files it.
    pub issuer: String,
    /// Stations, in the order they are shown.
    pub stations: Vec<StationData>,
    /// Files of the history could not be read.
    pub unread: bool,
    /// Rules of reports.
    pub report: &'a ReportRules,
}

/// The report.
pub fn quality(input: &QualityInput<'_>) -> Report {
    let rules = input.report;
    let least = rules.station_values_min_percent;
    let share = |valid: u64, due: u64| (Decimal::from(valid) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(due));
    let enough = |s: &&StationData| share(s.valid, s.due).is_some_and(|share| share >= least);
    let mut table = Table::of(&STATIONS);
    for s in &input.stations {
        table.push(
            &s.code,
            vec![
                Cell::text(&s.name),
                Cell::text(&s.kind),
                Cell::text(&s.county),
                Cell::count(s.due),
                Cell::count(s.valid),
                Cell::number_or(share(s.valid, s.due), rules.coverage_decimals, "无应有数据"),
                Cell::count(s.marked),
                Cell::count(s.odd),
                s.findings.map_or_else(|| Cell::missing("未审核"), Cell::count),
                Cell::text(if enough(&s) { "合格" } else { INSUFFICIENT }),
            ],
        );
    }
    table.notes.push(Note::new(
        format!("有效率低于{least}%的站点注明{INSUFFICIENT}；带标记的数据展示但不计入有效"),
        rules.cite("station_values_min_percent"),
    ));
    table.notes.push(Note::new("应有数据按各监测因子的上报周期计算", ""));
    let have = input.stations.iter().filter(enough).count() as u32;
    let coverage = Coverage::new("站点", (have, input.stations.len() as u32), rules.sections_judged_min_percent, rules);
    let sum = |of: fn(&StationData) -> u64| input.stations.iter().map(of).sum::<u64>();
    let (due, valid) = (sum(|s| s.due), sum(|s| s.valid));
    let mut said = vec![format!(
        "{}，{}自动监测站点{}个，应有数据{due}个，有效数据{valid}个，有效率{}；带标记{}个，迟到或更正{}个。",
        input.period.zh(),
        input.area.all,
        input.stations.len(),
        super::text::percent(share(valid, due), rules),
        sum(|s| s.marked),
        sum(|s| s.odd),
    )];
    let few: Vec<&str> = input.stations.iter().filter(|s| !enough(s)).map(|s| s.name.as_str()).collect();
    said.push(match few.len() {
        0 => "各站点数据均达到有效率要求。".to_owned(),
        n => format!("有效率不足的站点{n}个：{}。", super::text::names(&few, 10)),
    });
    said.push(coverage.sentence());
    let mut notes = Vec::new();
    if input.unread {
        notes.push(Note::new("部分历史数据文件暂时无法读取，统计不完整", ""));
    }
    Report {
        v: FORMAT,
        kind: Kind::DataQuality,
        title: format!("{}自动监测数据质量{}", input.area.name, input.period.report_zh()),
        issuer: input.issuer.clone(),
        area: input.area.clone(),
        period: input.period,
        period_text: input.period.zh(),
        chapters: vec![Chapter::new("stations", "站点数据质量", said).with(table)],
        coverage,
        basis: Vec::new(),
        notes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_station_without_enough_valid_values_is_named() {
        let rules = ReportRules::embedded().expect("the shipped rules load");
        let station = |code: &str, due, valid, findings| StationData {
            code: code.into(),
            name: format!("{code}站"),
            kind: "市控断面".into(),
            county: "某县".into(),
            due,
            valid,
            marked: 3,
            odd: 1,
            findings,
        };
        let input = QualityInput {
            period: Span::parse("2026-05").expect("a month"),
            area: Area::county("xx", "某县"),
            issuer: "某局".into(),
            stations: vec![station("a", 400, 300, None), station("b", 400, 299, Some(4)), station("c", 0, 0, None)],
            unread: true,
            report: &rules,
        };
        let report = quality(&input);
        let table = report.table("stations").expect("stations");
        let cell = |row, column| table.cell(row, column).map(Cell::shown);
        assert_eq!((cell("a", "share").as_deref(), cell("a", "verdict").as_deref()), (Some("75.0"), Some("合格")));
        // 74.75 % is shown as 74.8 and is below the rule all the same
        assert_eq!(
            (cell("b", "share").as_deref(), cell("b", "verdict").as_deref()),
            (Some("74.8"), Some(INSUFFICIENT))
        );
        assert_eq!((cell("a", "findings").as_deref(), cell("b", "findings").as_deref()), (Some("—"), Some("4")));
        assert_eq!(report.title, "某县自动监测数据质量月报");
        assert!(
            report.chapters[0].paragraphs[0].contains("全县自动监测站点3个，应有数据800个，有效数据599个，有效率74.9%")
        );
        assert!(
            report.chapters[0].paragraphs[1].contains("b站、c站") && !report.coverage.enough && report.notes.len() == 1
        );
    }
}
