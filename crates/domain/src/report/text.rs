//! Words of reports: classes, qualities, verdicts, changes and reasons, as officials write them.

use rust_decimal::Decimal;

use super::{Cell, ReportRules};
use crate::analyse::water::change::Change;
use crate::analyse::water::handover::Grade;
use crate::analyse::water::mean::Gap;
use crate::analyse::water::section::{NotJudged, Section, Target};
use crate::place::StationKind;
use crate::standard::{Quality, WaterMethod};

/// `Ⅲ类`; `劣Ⅴ类` is worse than V.
pub fn class(class: u8) -> &'static str {
    ["", "Ⅰ类", "Ⅱ类", "Ⅲ类", "Ⅳ类", "Ⅴ类", "劣Ⅴ类"].get(usize::from(class)).copied().unwrap_or_default()
}

/// 优, 良好, 轻度污染, as the method calls it.
pub fn quality(quality: Quality, method: &WaterMethod) -> &str {
    method.qualities.iter().find(|row| row.quality == quality).map_or("", |row| row.zh.as_str())
}

/// Kind of a station.
pub fn kind(kind: StationKind) -> &'static str {
    match kind {
        StationKind::MunicipalSection => "市控断面",
        StationKind::BoundarySection => "交接断面",
        StationKind::DrinkingSource => "饮用水水源地",
        StationKind::AirStation => "环境空气站",
        StationKind::Outlet => "排放口",
    }
}

/// How much has changed.
pub fn change(change: Change) -> &'static str {
    match change {
        Change::ObviouslyWorse => "明显恶化",
        Change::SomewhatWorse => "有所恶化",
        Change::None => "无明显变化",
        Change::SomewhatBetter => "有所好转",
        Change::ObviouslyBetter => "明显好转",
    }
}

/// 考核等次.
pub fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Fail => "不合格",
        Grade::Pass => "合格",
        Grade::Good => "良好",
        Grade::Excellent => "优秀",
    }
}

/// A class held against its target.
pub fn verdict(target: Target) -> Cell {
    match target {
        Target::Met { .. } => Cell::text("达标"),
        Target::Missed { .. } => Cell::text("未达标"),
        Target::NotSet => Cell::missing("未设目标"),
        Target::NotJudged => Cell::missing("未评价"),
    }
}

/// Why there is no mean.
pub fn gap(gap: &Gap) -> String {
    match gap {
        Gap::NotMeasured => "未监测".to_owned(),
        Gap::TooFewSamples { have, need } => format!("样本{have}个，需要{need}个"),
        Gap::TooFewDays { have, need } => format!("有效天数{have}天，需要{need}天"),
        Gap::TooFewMonths { have, need } => format!("有效月数{have}个，需要{need}个"),
        Gap::Unit { from, to } => format!("单位{from}不能换算为{to}"),
    }
}

/// Why a section has no class: what it needs and has not.
pub fn no_class(section: &Section, rules: &ReportRules) -> String {
    let said = |g: &NotJudged| format!("{}{}", rules.item(&g.factor, &g.item), gap(&g.gap));
    let needed: Vec<String> = section.gaps.iter().filter(|g| g.needed).map(said).collect();
    format!("{}：{}", super::INSUFFICIENT, needed.join("；"))
}

/// The reasons that are kept as codes.
pub fn reason(code: &str) -> String {
    match code {
        "water_body_unknown" => "河流或湖库属性未登记".to_owned(),
        "no_edition" => "没有适用的标准版本".to_owned(),
        other => other.to_owned(),
    }
}

/// `氨氮（0.3）、总磷（0.1）`.
pub fn main_pollutants(section: &Section, rules: &ReportRules) -> String {
    let named = section.main.iter().map(|m| {
        let zh = rules.item(&m.factor, &m.item);
        m.times_over
            .map_or_else(|| zh.to_owned(), |t| format!("{zh}（{}）", Cell::number(t, rules.multiple_decimals).shown()))
    });
    named.collect::<Vec<_>>().join("、")
}

/// A share in per cent as it stands in a sentence.
pub fn percent(share: Option<Decimal>, rules: &ReportRules) -> String {
    share.map_or_else(|| "—".to_owned(), |s| format!("{}%", Cell::number(s, rules.share_decimals).shown()))
}

/// `上升3.2个百分点`, by the shares as they are shown, so that a reader finds the same difference.
pub fn points(now: Decimal, before: Decimal, rules: &ReportRules) -> String {
    let shown = |share: Decimal| share.round_dp(rules.share_decimals);
    let by = shown(now) - shown(before);
    match by {
        by if by.is_zero() => "持平".to_owned(),
        by if by > Decimal::ZERO => format!("上升{}个百分点", Cell::number(by, rules.share_decimals).shown()),
        by => format!("下降{}个百分点", Cell::number(-by, rules.share_decimals).shown()),
    }
}

/// Names one after another; of many the first and how many there are.
pub fn names(all: &[&str], most: usize) -> String {
    match all.len() {
        n if n > most => format!("{}等{n}个", all[..most].join("、")),
        _ => all.join("、"),
    }
}
