//! One page for leaders (领导简报): how it is, what is wrong, what to watch, and a small table of figures.

use rust_decimal::Decimal;

use super::shape::FIGURES;
use super::water::{Than, WaterInput, WaterStation};
use super::{Cell, Chapter, Kind, Report, Table, text};
use crate::analyse::water::section::Target;

/// Names of a sentence at most: a page is a page.
const NAMES_MAX: usize = 5;

/// The brief.
pub fn brief(input: &WaterInput<'_>) -> Report {
    let headline = input.headline();
    let chapters = vec![
        Chapter::new("state", "总体情况", headline).with(figures(input)),
        Chapter::new("problems", "主要问题", problems(input)),
        Chapter::new("watch", "需关注事项", watch(input)),
    ];
    input.report_of(Kind::Brief, input.title("生态环境质量", "简报"), chapters)
}

fn figures(input: &WaterInput<'_>) -> Table {
    let mut table = Table::of(&FIGURES);
    let spans = [None, Some(Than::Before), Some(Than::Year)];
    let share = |class: u8| {
        spans.map(|than| {
            let shares = input.shares(than, |_| true);
            Cell::number_or(shares.percent(shares.at_least(class)), input.report.share_decimals, "该时段未评价")
        })
    };
    let counts = |of: &dyn Fn(&crate::analyse::water::river::Shares) -> u32| {
        spans.map(|than| {
            let shares = input.shares(than, |_| true);
            if shares.judged() == 0 { Cell::missing("该时段未评价") } else { Cell::count(of(&shares)) }
        })
    };
    let mut push = |key: &str, name: &str, [now, before, year]: [Cell; 3]| {
        table.push(key, vec![Cell::text(name), now, before, year]);
    };
    push("judged", "已评价断面（个）", counts(&|s| s.judged()));
    push("share2", "达到或优于Ⅱ类比例（%）", share(2));
    push("share3", "达到或优于Ⅲ类比例（%）", share(3));
    push("worse", "劣Ⅴ类断面（个）", counts(&|s| s.worse()));
    let met = met_percent(input);
    let met = Cell::number_or(met, input.report.share_decimals, "无可比目标");
    push("met", "目标达标率（%）", [met, Cell::missing("只计本期"), Cell::missing("只计本期")]);
    table
}

fn met_percent(input: &WaterInput<'_>) -> Option<Decimal> {
    let verdicts: Vec<Target> = input.stations.iter().map(|s| input.verdict_of(s)).collect();
    let met = verdicts.iter().filter(|v| matches!(v, Target::Met { .. })).count();
    let missed = verdicts.iter().filter(|v| matches!(v, Target::Missed { .. })).count();
    (Decimal::from(met) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(met + missed))
}

fn named(input: &WaterInput<'_>, of: impl Fn(&WaterStation) -> bool) -> Option<(usize, String)> {
    let all: Vec<&str> = input.stations.iter().filter(|s| of(s)).map(|s| s.name.as_str()).collect();
    (!all.is_empty()).then(|| (all.len(), text::names(&all, NAMES_MAX)))
}

fn problems(input: &WaterInput<'_>) -> Vec<String> {
    let mut all = Vec::new();
    if let Some((n, names)) = named(input, |s| matches!(input.verdict_of(s), Target::Missed { .. })) {
        all.push(format!("未达到目标的断面{n}个：{names}。"));
    }
    let worst: Vec<String> = input
        .sections_now()
        .into_iter()
        .filter(|(_, section)| !section.main.is_empty())
        .take(NAMES_MAX)
        .map(|(station, section)| format!("{}（{}）", station.name, text::main_pollutants(section, input.report)))
        .collect();
    if !worst.is_empty() {
        all.push(format!("主要污染指标：{}。", worst.join("；")));
    }
    if let Some((n, names)) = named(input, |s| input.changed(s, Than::Before).shown().ends_with("恶化")) {
        all.push(format!("较上期恶化的断面{n}个：{names}。"));
    }
    if all.is_empty() {
        all.push("已评价断面均达到目标，未发现类别恶化。".to_owned());
    }
    all
}

fn watch(input: &WaterInput<'_>) -> Vec<String> {
    let mut all = Vec::new();
    if let Some((n, names)) = named(input, |s| input.class(s).is_none()) {
        all.push(format!("未评价的断面{n}个：{names}；须核实数据与设备。"));
    }
    if let Some((n, names)) = named(input, |s| s.target.is_none()) {
        all.push(format!("未设水质目标的断面{n}个：{names}；须补充登记。"));
    }
    if all.is_empty() {
        all.push("无。".to_owned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::water::tests::{Ground, lines};
    use super::*;

    #[test]
    fn a_brief_names_what_is_wrong_and_what_is_not_known() {
        let (ground, lines) = (Ground::new(), lines());
        let report = brief(&ground.input(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(report.title, "某市生态环境质量简报");
        assert_eq!(report.chapters[1].paragraphs[0], "未达到目标的断面2个：m2断面、b1断面。");
        assert!(report.chapters[1].paragraphs[1].contains("m2断面（氨氮（0.3）、高锰酸盐指数（0.2））"));
        assert_eq!(report.chapters[2].paragraphs[0], "未评价的断面2个：m3断面、m4断面；须核实数据与设备。");
        let figures = report.table("figures").expect("figures");
        let row = |key: &str| {
            let row = figures.rows.iter().find(|r| r.key == key).expect("a row");
            row.cells.iter().map(Cell::shown).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(row("share3"), "达到或优于Ⅲ类比例（%） 60.0 80.0 75.0");
        assert_eq!(row("worse"), "劣Ⅴ类断面（个） 0 0 0");
    }
}
