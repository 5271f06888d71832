//! Reports of outlets (污染源排放达标、数据传输有效率) from rows that were evaluated before.

use rust_decimal::Decimal;

use super::shape::{LOADS, OUTLETS, RATES};
use super::{Area, Basis, Cell, Chapter, Coverage, FORMAT, Kind, Note, Report, ReportRules, Table};
use crate::analyse::discharge::transmission::Transmission;
use crate::analyse::span::Span;

/// An outlet over a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutletOver {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Enterprise.
    pub enterprise: String,
    /// Name of its county.
    pub county: String,
    /// Stretches (days of water, hours of exhaust) that could be judged.
    pub judged: u32,
    /// Of these, such that were beyond a limit.
    pub exceeded: u32,
    /// Item that was most beyond it, and by which multiple; the multiple is none where the limit is nought or a range.
    pub worst: Option<(String, Option<Decimal>)>,
    /// Item and what was discharged of it in kg.
    pub loads: Vec<(String, Decimal)>,
    /// Why nothing was judged.
    pub reason: String,
}

/// One item of one outlet that was to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateOf {
    /// Name of the outlet.
    pub name: String,
    /// Enterprise.
    pub enterprise: String,
    /// Name of the item.
    pub item: String,
    /// What was counted.
    pub counted: Transmission,
}

/// What both reports have.
#[derive(Debug, Clone)]
pub struct OutletHead<'a> {
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

impl OutletHead<'_> {
    fn report_of(&self, kind: Kind, chapters: Vec<Chapter>, coverage: Coverage) -> Report {
        Report {
            v: FORMAT,
            kind,
            title: format!("{}{}{}", self.area.name, kind.zh(), self.period.report_zh()),
            issuer: self.issuer.clone(),
            area: self.area.clone(),
            period: self.period,
            period_text: self.period.zh(),
            chapters,
            coverage,
            basis: self.basis.clone(),
            notes: Vec::new(),
        }
    }
}

fn share_of(part: u32, of: u32) -> Option<Decimal> {
    (Decimal::from(part) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(of))
}

/// 排放达标.
pub fn compliance(head: &OutletHead<'_>, rows: &[OutletOver]) -> Report {
    let (mut table, mut loads) = (Table::of(&OUTLETS), Table::of(&LOADS));
    for row in rows {
        let none = || Cell::missing(&row.reason);
        let share = share_of(row.judged.saturating_sub(row.exceeded), row.judged);
        let worst = row.worst.as_ref().map(|(item, times)| match times {
            Some(times) => format!("{item}（{}）", Cell::number(*times, head.report.multiple_decimals).shown()),
            None => item.clone(),
        });
        table.push(
            &row.code,
            vec![
                Cell::text(&row.name),
                Cell::text(&row.enterprise),
                Cell::text(&row.county),
                Cell::count(row.judged),
                if row.judged == 0 { none() } else { Cell::count(row.exceeded) },
                share.map_or_else(none, |s| Cell::number(s, head.report.share_decimals)),
                if row.judged == 0 { none() } else { Cell::text(worst.as_deref().unwrap_or("无")) },
            ],
        );
        for (item, mass) in &row.loads {
            let cells = vec![
                Cell::text(&row.name),
                Cell::text(&row.enterprise),
                Cell::text(item),
                Cell::number(*mass, head.report.mass_decimals),
            ];
            loads.push(format!("{} {item}", row.code), cells);
        }
    }
    let judged = rows.iter().filter(|r| r.judged > 0).count() as u32;
    let coverage =
        Coverage::new("排放口", (judged, rows.len() as u32), head.report.sections_judged_min_percent, head.report);
    let exceeding: Vec<&str> = rows.iter().filter(|r| r.exceeded > 0).map(|r| r.name.as_str()).collect();
    let mut said = vec![
        format!("{}，{}排放口{}个，已评价{judged}个。", head.period.zh(), head.area.all, rows.len()),
        coverage.sentence(),
    ];
    said.push(match exceeding.len() {
        0 => "已评价排放口未出现超标。".to_owned(),
        n => format!("出现超标的排放口{n}个：{}。", super::text::names(&exceeding, 10)),
    });
    let chapters = vec![
        Chapter::new("outlets", "达标情况", said).with(table),
        Chapter::new("loads", "排放量", vec!["各排放口污染物排放量见下表。".to_owned()]).with(loads),
    ];
    head.report_of(Kind::OutletCompliance, chapters, coverage)
}

/// 传输有效率.
pub fn rates(head: &OutletHead<'_>, rows: &[RateOf]) -> Report {
    let mut table = Table::of(&RATES);
    for row in rows {
        let t = &row.counted;
        let rate = |value| Cell::number_or(value, head.report.rate_decimals, "没有应传或实传数据");
        table.push(
            format!("{} {}", t.outlet, t.factor),
            vec![
                Cell::text(&row.name),
                Cell::text(&row.enterprise),
                Cell::text(&row.item),
                Cell::count(t.due),
                Cell::count(t.received),
                Cell::count(t.valid),
                rate(t.transmission_percent),
                rate(t.effective_percent),
                rate(t.combined_percent),
            ],
        );
        if table.notes.is_empty() {
            table.notes.push(Note::new(
                "传输率为实传占应传，有效率为有效占实传，传输有效率为两者之积",
                format!("{} [{}]", t.rule.combined.cite, t.rule.combined.mark),
            ));
        }
    }
    let have = rows.iter().filter(|r| r.counted.combined_percent.is_some()).count() as u32;
    let coverage =
        Coverage::new("监测项目", (have, rows.len() as u32), head.report.sections_judged_min_percent, head.report);
    let sum = |of: fn(&Transmission) -> u32| rows.iter().map(|r| u64::from(of(&r.counted))).sum::<u64>();
    let said = vec![
        format!(
            "{}，{}应传数据{}个，实传{}个，有效{}个。",
            head.period.zh(),
            head.area.all,
            sum(|t| t.due),
            sum(|t| t.received),
            sum(|t| t.valid)
        ),
        coverage.sentence(),
    ];
    head.report_of(Kind::Transmission, vec![Chapter::new("rates", "传输有效率", said).with(table)], coverage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlet_that_was_not_judged_complies_with_nothing() {
        let rules = ReportRules::embedded().expect("the shipped rules load");
        let head = OutletHead {
            period: Span::parse("2026-05").expect("a month"),
            area: Area::city("某市"),
            issuer: "某局".into(),
            basis: Vec::new(),
            report: &rules,
        };
        let outlet = |code: &str, judged, exceeded| OutletOver {
            code: code.into(),
            name: format!("{code}号口"),
            enterprise: "某厂".into(),
            county: "某县".into(),
            judged,
            exceeded,
            worst: (exceeded > 0).then(|| ("化学需氧量".into(), Some(Decimal::new(35, 2)))),
            loads: vec![("化学需氧量".into(), Decimal::new(12_345, 3))],
            reason: "停运".into(),
        };
        let report = compliance(&head, &[outlet("a", 30, 1), outlet("b", 0, 0), outlet("c", 31, 0)]);
        assert_eq!(report.title, "某市污染源排放达标月报");
        let cell =
            |row, column| report.table("outlets").and_then(|t| t.cell(row, column)).map(Cell::shown).expect("a cell");
        assert_eq!([cell("a", "share"), cell("a", "worst")], ["96.7", "化学需氧量（0.4）"]);
        assert_eq!([cell("b", "share"), cell("b", "exceeded"), cell("b", "worst")], ["—", "—", "—"]);
        assert_eq!([cell("c", "share"), cell("c", "worst")], ["100.0", "无"]);
        let load = report.table("loads").and_then(|t| t.cell("a 化学需氧量", "mass")).map(Cell::shown);
        assert_eq!(load.as_deref(), Some("12.34"), "half to even");
        assert!(!report.coverage.enough && report.chapters[0].paragraphs[1].contains("数据不足"));
    }
}
