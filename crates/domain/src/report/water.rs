//! Report of surface water over a span (地表水环境质量月报 and of other spans): shares of classes with the headline of sections by kind,
//! sections with targets, main pollutants and changes, means, rivers, lakes, handover, sources, and what was not judged and why.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::shape::{GROUPS, HANDOVER, LAKES, MEANS, NOT_JUDGED, POLLUTANTS, RIVERS, SECTIONS, SOURCES};
use super::{Area, Basis, Cell, Chapter, Coverage, FORMAT, Kind, Note, Report, ReportRules, Table, text};
use crate::analyse::span::Span;
use crate::analyse::water::automatic::Input;
use crate::analyse::water::change::{of_river, of_section};
use crate::analyse::water::handover::{Border, grade};
use crate::analyse::water::lake::state;
use crate::analyse::water::river::{Basis as RiverBasis, Shares, river};
use crate::analyse::water::section::{Section, SectionRules, Target};
use crate::analyse::water::source::{Compliance, SourceVerdict};
use crate::place::StationKind;
use crate::standard::{Standards, WaterBody};
use crate::unit::Quantity;

/// A section that the report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaterStation {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Kind: one that is judged by GB 3838.
    pub kind: StationKind,
    /// Code of its county.
    pub county: String,
    /// Name of its county.
    pub county_name: String,
    /// Target class.
    pub target: Option<u8>,
    /// River or lake.
    pub water: Option<WaterBody>,
}

/// What was kept of a section over a span.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WaterOf {
    /// The section; none when it was not judged at all.
    pub section: Option<Section>,
    /// Why not.
    pub not_judged: Option<String>,
    /// How it stood to its target when it was judged.
    pub target: Option<Target>,
    /// What the means rest on.
    pub inputs: Vec<Input>,
    /// Of a drinking water source.
    pub source: Option<SourceVerdict>,
    /// Files of the history could not be read.
    pub unread: bool,
}

/// The sections of a span, by code.
pub type WaterSpan = BTreeMap<String, WaterOf>;

/// Everything a report of water is made of.
#[derive(Debug, Clone)]
pub struct WaterInput<'a> {
    /// The span.
    pub span: Span,
    /// Area.
    pub area: Area,
    /// Who files it.
    pub issuer: String,
    /// Sections of the area, in the order they are shown.
    pub stations: Vec<WaterStation>,
    /// What they were.
    pub now: WaterSpan,
    /// What they were the span before.
    pub before: WaterSpan,
    /// What they were a year before; empty of a week.
    pub year: WaterSpan,
    /// Rules of sections for the span.
    pub rules: SectionRules<'a>,
    /// All standards.
    pub standards: &'a Standards,
    /// Rules of reports.
    pub report: &'a ReportRules,
}

/// The report.
pub fn water(input: &WaterInput<'_>) -> Report {
    let chapters = vec![
        input.overview(),
        input.sections(),
        input.rivers(),
        input.lakes(),
        input.pollutants(),
        input.handover(),
        input.sources(),
        input.not_judged(),
    ];
    input.report_of(Kind::Water, input.title("地表水环境质量", ""), chapters)
}

/// Which earlier span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Than {
    Before,
    Year,
}

impl WaterInput<'_> {
    pub(super) fn title(&self, what: &str, ending: &str) -> String {
        let ending = if ending.is_empty() { self.span.report_zh() } else { ending };
        format!("{}{what}{ending}", self.area.name)
    }

    pub(super) fn report_of(&self, kind: Kind, title: String, chapters: Vec<Chapter>) -> Report {
        let mut notes = vec![Note::new("断面类别按时段均值由最差指标决定，先均值后定类", &self.rules.method.head.id)];
        if self.stations.iter().any(|s| self.now.get(&s.code).is_some_and(|of| of.unread)) {
            notes.push(Note::new("部分历史数据文件暂时无法读取，相关断面的结果不完整", ""));
        }
        Report {
            v: FORMAT,
            kind,
            title,
            issuer: self.issuer.clone(),
            area: self.area.clone(),
            period: self.span,
            period_text: self.span.zh(),
            chapters,
            coverage: self.coverage(),
            basis: self.basis(),
            notes,
        }
    }

    pub(super) fn coverage(&self) -> Coverage {
        let have = self.stations.iter().filter(|s| self.class(s).is_some()).count() as u32;
        let due = self.stations.len() as u32;
        Coverage::new("断面", (have, due), self.report.sections_judged_min_percent, self.report)
    }

    fn basis(&self) -> Vec<Basis> {
        let of = |head: &crate::standard::Head, what: &str| Basis {
            edition: head.id.clone(),
            title: head.title_zh.clone(),
            what: what.to_owned(),
        };
        let surface = &self.standards.surface;
        vec![
            of(&self.rules.standard.head, "水质类别限值，表1至表3"),
            of(&surface.method.head, "时段均值、断面与河流评价、主要污染指标、变化"),
            of(&surface.statistics.head, "自动监测数据优先与有效性"),
        ]
    }

    pub(super) fn section(&self, station: &WaterStation) -> Option<&Section> {
        self.now.get(&station.code)?.section.as_ref()
    }

    pub(super) fn class(&self, station: &WaterStation) -> Option<u8> {
        self.section(station)?.class
    }

    fn earlier(&self, than: Than) -> &WaterSpan {
        match than {
            Than::Before => &self.before,
            Than::Year => &self.year,
        }
    }

    /// The sections of an earlier span, of the stations of the report.
    pub(super) fn earlier_sections(&self, than: Than) -> Vec<(&WaterStation, &Section)> {
        let earlier = self.earlier(than);
        self.stations.iter().filter_map(|s| Some((s, earlier.get(&s.code)?.section.as_ref()?))).collect()
    }

    pub(super) fn sections_now(&self) -> Vec<(&WaterStation, &Section)> {
        self.stations.iter().filter_map(|s| Some((s, self.section(s)?))).collect()
    }

    /// How a section has changed.
    pub(super) fn changed(&self, station: &WaterStation, than: Than) -> Cell {
        let before = self.earlier(than).get(&station.code).and_then(|of| of.section.as_ref()?.class);
        match (before, self.class(station)) {
            (None, _) => Cell::missing("对比时段未评价"),
            (_, None) => Cell::missing("本期未评价"),
            (before, now) => {
                of_section(before, now).map_or_else(|| Cell::missing("未评价"), |c| Cell::text(text::change(c)))
            }
        }
    }

    pub(super) fn verdict_of(&self, station: &WaterStation) -> Target {
        let kept = self.now.get(&station.code).and_then(|of| of.target);
        kept.unwrap_or(match station.target {
            Some(_) => Target::NotJudged,
            None => Target::NotSet,
        })
    }

    fn class_cell(&self, station: &WaterStation) -> Cell {
        self.class(station).map_or_else(|| Cell::missing(self.why_not(station)), |c| Cell::text(text::class(c)))
    }

    /// Why a section has no class.
    pub(super) fn why_not(&self, station: &WaterStation) -> String {
        match self.now.get(&station.code) {
            None => "本期尚未评价".to_owned(),
            Some(of) => match (&of.section, &of.not_judged) {
                (Some(section), _) => text::no_class(section, self.report),
                (None, Some(code)) => text::reason(code),
                (None, None) => "评价结果无法读取".to_owned(),
            },
        }
    }

    pub(super) fn shares(&self, than: Option<Than>, of: impl Fn(&WaterStation) -> bool) -> Shares {
        let all = than.map_or_else(|| self.sections_now(), |than| self.earlier_sections(than));
        Shares::of(all.into_iter().filter(|(s, _)| of(s)).map(|(_, section)| section))
    }

    fn overview(&self) -> Chapter {
        let mut table = Table::of(&GROUPS);
        let kinds = [StationKind::MunicipalSection, StationKind::BoundarySection, StationKind::DrinkingSource];
        for kind in std::iter::once(None).chain(kinds.map(Some)) {
            let within = |s: &WaterStation| kind.is_none_or(|kind| s.kind == kind);
            let shares = self.shares(None, within);
            let total = self.stations.iter().filter(|s| within(s)).count() as u64;
            let verdicts = || self.stations.iter().filter(|s| within(s)).map(|s| self.verdict_of(s));
            let met = verdicts().filter(|v| matches!(v, Target::Met { .. })).count();
            let missed = verdicts().filter(|v| matches!(v, Target::Missed { .. })).count();
            let rate = (Decimal::from(met) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(met + missed));
            let share = |class| {
                Cell::number_or(shares.percent(shares.at_least(class)), self.report.share_decimals, "无已评价断面")
            };
            let mut cells =
                vec![Cell::text(kind.map_or("合计", text::kind)), Cell::count(total), Cell::count(shares.judged())];
            cells.extend(shares.classes.map(Cell::count));
            cells.extend([share(2), share(3), Cell::number_or(rate, self.report.share_decimals, "无可比目标")]);
            table.push(kind.map_or("all", key_of), cells);
        }
        table.notes.push(Note::new("比例按已评价断面计算", "GB/T 8170修约"));
        Chapter::new("overview", "总体情况", self.headline()).with(table)
    }

    /// The headline: how many of each kind there are, shares of classes, and changes of them.
    pub(super) fn headline(&self) -> Vec<String> {
        let count = |kind| self.stations.iter().filter(|s| s.kind == kind).count();
        let shares = self.shares(None, |_| true);
        let share = |class| text::percent(shares.percent(shares.at_least(class)), self.report);
        let mut said = format!(
            "{}，{}共有市控断面{}个、交接断面{}个、饮用水水源地{}个。",
            self.span.zh(),
            self.area.all,
            count(StationKind::MunicipalSection),
            count(StationKind::BoundarySection),
            count(StationKind::DrinkingSource)
        );
        if shares.judged() == 0 {
            said += "本期无已评价断面。";
        } else {
            said += &format!(
                "已评价的{}个断面中，达到或优于Ⅱ类的{}个，占{}；达到或优于Ⅲ类的{}个，占{}；劣Ⅴ类{}个，占{}。",
                shares.judged(),
                shares.at_least(2),
                share(2),
                shares.at_least(3),
                share(3),
                shares.worse(),
                text::percent(shares.percent(shares.worse()), self.report)
            );
        }
        let mut all = vec![said, self.coverage().sentence()];
        let compared: Vec<String> =
            [Than::Before, Than::Year].into_iter().filter_map(|than| self.compared(&shares, than)).collect();
        all.extend(compared);
        all
    }

    fn compared(&self, shares: &Shares, than: Than) -> Option<String> {
        let earlier = self.shares(Some(than), |_| true);
        let now = shares.percent(shares.at_least(3))?;
        let before = earlier.percent(earlier.at_least(3))?;
        let name = match than {
            Than::Before => format!("与{}相比", self.span.before_zh()),
            Than::Year => "与上年同期相比".to_owned(),
        };
        let both = |s: &&WaterStation| self.class(s).is_some();
        let changes = self.stations.iter().filter(both).map(|s| self.changed(s, than));
        let said: Vec<String> = changes.filter_map(|c| matches!(c, Cell::Text { .. }).then(|| c.shown())).collect();
        let of = |what: &str| said.iter().filter(|c| c.ends_with(what)).count();
        Some(format!(
            "{name}，达到或优于Ⅲ类断面比例{}；类别好转的断面{}个，恶化的{}个，无明显变化的{}个。",
            text::points(now, before, self.report),
            of("好转"),
            of("恶化"),
            of("无明显变化")
        ))
    }

    fn sections(&self) -> Chapter {
        let mut table = Table::of(&SECTIONS);
        for station in &self.stations {
            let section = self.section(station);
            let quality = section.and_then(|s| s.quality).map(|q| text::quality(q, self.rules.method));
            let main = section.map(|s| text::main_pollutants(s, self.report)).filter(|m| !m.is_empty());
            let why = || Cell::missing(self.why_not(station));
            table.push(
                &station.code,
                vec![
                    Cell::text(&station.name),
                    Cell::text(text::kind(station.kind)),
                    Cell::text(&station.county_name),
                    self.class_cell(station),
                    quality.map_or_else(why, Cell::text),
                    station.target.map_or_else(|| Cell::missing("未设目标"), |t| Cell::text(text::class(t))),
                    text::verdict(self.verdict_of(station)),
                    main.map_or_else(|| Cell::text("无"), Cell::text),
                    self.changed(station, Than::Before),
                    self.changed(station, Than::Year),
                    self.values_percent(station),
                ],
            );
        }
        table.notes.push(Note::new(
            "劣于Ⅲ类时列主要污染指标，至多三项，括号内为超Ⅲ类标准倍数；pH值、溶解氧不计倍数",
            &self.rules.method.head.id,
        ));
        table.notes.push(Note::new(
            "数据覆盖率为各指标有效数据占应有数据比例的最小值",
            &self.standards.surface.statistics.head.id,
        ));
        let missed: Vec<&str> = self
            .stations
            .iter()
            .filter(|s| matches!(self.verdict_of(s), Target::Missed { .. }))
            .map(|s| s.name.as_str())
            .collect();
        let said = match missed.len() {
            0 => "已评价且设有目标的断面均达到目标。".to_owned(),
            n => format!("未达到目标的断面{n}个：{}。", missed.join("、")),
        };
        Chapter::new("sections", "断面水质", vec![said]).with(table).with(self.means())
    }

    /// Values that came, of those due, of the indicator that had least.
    fn values_percent(&self, station: &WaterStation) -> Cell {
        let inputs = self.now.get(&station.code).map_or(&[][..], |of| &of.inputs);
        let share = |i: &Input| (Decimal::from(i.values) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(i.due));
        Cell::number_or(inputs.iter().filter_map(share).min(), self.report.coverage_decimals, "无自动监测数据")
    }

    fn means(&self) -> Table {
        let mut table = Table::of(&MEANS);
        let factors: Vec<String> = table.columns.iter().skip(1).map(|c| c.key.clone()).collect();
        for station in &self.stations {
            let mut cells = vec![Cell::text(&station.name)];
            for factor in &factors {
                let section = self.section(station);
                let found = section.and_then(|s| s.indicators.iter().chain(&s.beside).find(|i| i.factor == *factor));
                let gap = section.and_then(|s| s.gaps.iter().find(|g| g.factor == *factor)).map(|g| text::gap(&g.gap));
                cells.push(match found {
                    Some(indicator) => Cell::number(indicator.mean.value, self.report.decimals(factor)),
                    None => Cell::missing(gap.unwrap_or_else(|| "未监测或不单独评价".to_owned())),
                });
            }
            table.push(&station.code, cells);
        }
        table.notes.push(Note::new("评价用未修约的均值，表中按各项目小数位数修约", "GB/T 8170"));
        table
    }

    fn rivers(&self) -> Chapter {
        let of = |all: Vec<(&WaterStation, &Section)>| -> Vec<Section> {
            all.into_iter().map(|(_, s)| s).filter(|s| s.water == WaterBody::River).cloned().collect()
        };
        let (now, mut table) = (of(self.sections_now()), Table::of(&RIVERS));
        if now.is_empty() {
            return Chapter::new("rivers", "河流", vec!["本期无河流断面。".to_owned()]).with(table);
        }
        let whole = river(&now, self.span, &self.rules);
        let change = |than| {
            let changed = of_river(&Shares::of(&of(self.earlier_sections(than))), &whole.shares, self.rules.method);
            changed.map_or_else(|| Cell::missing("对比时段未评价"), |c| Cell::text(text::change(c.change)))
        };
        let share = |n| Cell::number_or(whole.shares.percent(n), self.report.share_decimals, "无已评价断面");
        let main: Vec<String> = whole
            .main
            .iter()
            .map(|p| {
                let share = (Decimal::from(p.sections) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(p.of));
                format!("{}（{}）", self.report.item(&p.factor, &p.item), text::percent(share, self.report))
            })
            .collect();
        let quality = whole.quality.map(|q| text::quality(q, self.rules.method));
        table.push(
            "all",
            vec![
                Cell::text(format!("{}河流", self.area.all)),
                Cell::count(now.len() as u64),
                quality.map_or_else(|| Cell::missing(super::INSUFFICIENT), Cell::text),
                share(whole.shares.at_least(3)),
                share(whole.shares.worse()),
                change(Than::Before),
                change(Than::Year),
                if main.is_empty() { Cell::text("无") } else { Cell::text(main.join("、")) },
            ],
        );
        let by = match whole.basis {
            RiverBasis::Means { .. } => "断面少于5个，按各断面均值评价",
            RiverBasis::Shares { between_rows: true } => "按类别比例评价；比例不在评价表任何一行内，取较差一行",
            RiverBasis::Shares { between_rows: false } => "按类别比例评价",
        };
        table.notes.push(Note::new(by, &whole.method));
        let said = format!(
            "{}河流水质总体{}，与{}相比{}。",
            self.area.all,
            quality.unwrap_or(super::INSUFFICIENT),
            self.span.before_zh(),
            match change(Than::Before) {
                Cell::Text { text } => text,
                _ => "无可比数据".to_owned(),
            }
        );
        Chapter::new("rivers", "河流", vec![said]).with(table)
    }

    fn lakes(&self) -> Chapter {
        let mut table = Table::of(&LAKES);
        let lakes = self.stations.iter().filter(|s| s.water == Some(WaterBody::Lake));
        for station in lakes {
            let section = self.section(station);
            let quality = section.and_then(|s| s.quality).map(|q| text::quality(q, self.rules.method));
            let nitrogen = section.and_then(|s| s.beside.iter().find(|i| i.factor == "w21001")).map(|i| i.class);
            let means: Vec<(String, Quantity)> = section
                .into_iter()
                .flat_map(|s| s.indicators.iter().chain(&s.beside))
                .map(|i| (i.factor.clone(), Quantity { value: i.mean.value, unit: i.unit }))
                .collect();
            let trophic = &self.standards.surface.trophic;
            let lake = state(&means, trophic);
            let (tli, grade, lacking) = match &lake {
                Ok(lake) => {
                    let zh = trophic.grades.iter().find(|g| g.grade == lake.grade).map_or("", |g| g.zh.as_str());
                    let named = lake.missing.iter().map(|item| {
                        let factor = trophic.indicators.iter().find(|i| i.item == *item).map(|i| i.factor.as_str());
                        factor
                            .filter(|f| *f != "w01003")
                            .map_or_else(|| "透明度".to_owned(), |f| self.report.item(f, item).to_owned())
                    });
                    let lacking = named.collect::<Vec<_>>().join("、");
                    let index = Decimal::try_from(lake.index).ok();
                    (Cell::number_or(index, self.report.trophic_decimals, "无法计算"), Cell::text(zh), lacking)
                }
                Err(_) => (Cell::missing("没有可用指标"), Cell::missing("没有可用指标"), "全部".to_owned()),
            };
            table.push(
                &station.code,
                vec![
                    Cell::text(&station.name),
                    self.class_cell(station),
                    quality.map_or_else(|| Cell::missing(self.why_not(station)), Cell::text),
                    nitrogen.map_or_else(|| Cell::missing("未监测"), |c| Cell::text(text::class(c))),
                    tli,
                    grade,
                    if lacking.is_empty() { Cell::text("无") } else { Cell::text(lacking) },
                ],
            );
        }
        let edition = &self.standards.surface.trophic.head.id;
        table.notes.push(Note::new("缺少指标时按其余指标权重归一计算，仅供参考", edition));
        let said = match table.rows.len() {
            0 => "本期无湖库点位。".to_owned(),
            n => format!("本期评价湖库点位{n}个，水质类别与营养状态见下表。"),
        };
        Chapter::new("lakes", "湖库", vec![said]).with(table)
    }

    fn pollutants(&self) -> Chapter {
        let (now, mut table) = (self.sections_now(), Table::of(&POLLUTANTS));
        let judged: Vec<_> = now.into_iter().filter(|(_, s)| s.class.is_some()).collect();
        let mut rows = Vec::new();
        for rule in &self.rules.method.indicators {
            let worse = |s: &Section| {
                let beyond = s.indicators.iter().find(|i| i.factor == rule.factor);
                beyond.filter(|i| i.class > self.rules.method.main_pollutants_beyond).map(|i| i.times_over)
            };
            let found: Vec<_> = judged.iter().filter_map(|(st, s)| Some((st, worse(s)?))).collect();
            if found.is_empty() {
                continue;
            }
            let most =
                found.iter().filter_map(|(st, times)| Some((*times.as_ref()?, st))).max_by_key(|(times, _)| *times);
            rows.push((found.len(), rule, most.map(|(times, st)| (times, st.name.clone()))));
        }
        rows.sort_by_key(|(n, _, _)| std::cmp::Reverse(*n));
        for (n, rule, most) in rows {
            let share = (Decimal::from(n) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(judged.len()));
            let times = most.as_ref().map(|(times, _)| *times);
            table.push(
                &rule.factor,
                vec![
                    Cell::text(self.report.item(&rule.factor, &rule.item)),
                    Cell::count(n as u64),
                    Cell::number_or(share, self.report.share_decimals, "无已评价断面"),
                    Cell::number_or(times, self.report.multiple_decimals, "该项目不计超标倍数"),
                    most.map_or_else(|| Cell::missing("该项目不计超标倍数"), |(_, name)| Cell::text(name)),
                ],
            );
        }
        table.notes.push(Note::new("超标以Ⅲ类标准计，断面超标率按已评价断面计算", &self.rules.method.head.id));
        let items: Vec<String> = table.rows.iter().map(|r| r.cells[0].shown()).collect();
        let said = match items.len() {
            0 => "已评价断面各项指标均达到Ⅲ类标准。".to_owned(),
            _ => format!("劣于Ⅲ类标准的指标有{}。", items.join("、")),
        };
        Chapter::new("pollutants", "主要污染指标", vec![said]).with(table)
    }

    fn handover(&self) -> Chapter {
        let mut table = Table::of(&HANDOVER);
        for station in self.stations.iter().filter(|s| s.kind == StationKind::BoundarySection) {
            table.push(
                &station.code,
                vec![
                    Cell::text(&station.name),
                    Cell::text(&station.county_name),
                    self.class_cell(station),
                    station.target.map_or_else(|| Cell::missing("未设目标"), |t| Cell::text(text::class(t))),
                    text::verdict(self.verdict_of(station)),
                    self.changed(station, Than::Year),
                    self.grade(station),
                ],
            );
        }
        table.notes.push(Note::new(
            "考核等次只在年度评价中给出，未计入流断面影响",
            "浙江省跨行政区域河流交接断面水质考核（2013年度做法）",
        ));
        let met = table.rows.iter().filter(|r| r.cells[4] == Cell::text("达标")).count();
        let said = match table.rows.len() {
            0 => "本期无交接断面。".to_owned(),
            n => format!("交接断面{n}个，达到目标的{met}个。"),
        };
        Chapter::new("handover", "交接断面", vec![said]).with(table)
    }

    fn grade(&self, station: &WaterStation) -> Cell {
        if !matches!(self.span, Span::Year { .. }) {
            return Cell::missing("年度评价时给出");
        }
        let before = self.year.get(&station.code).and_then(|of| of.section.as_ref());
        let (Some(now), Some(before), Some(target)) = (self.section(station), before, station.target) else {
            return Cell::missing("缺少目标或上年数据");
        };
        let border = Border { now, before, target };
        let graded = grade(border, None, self.report.handover_stable_percent, self.rules.standard);
        graded.map_or_else(|_| Cell::missing("考核项目数据不足"), |g| Cell::text(text::grade(g.grade)))
    }

    fn sources(&self) -> Chapter {
        let mut table = Table::of(&SOURCES);
        let sources: Vec<&WaterStation> =
            self.stations.iter().filter(|s| s.kind == StationKind::DrinkingSource).collect();
        let verdict = |s: &WaterStation| {
            let kept = self.now.get(&s.code).and_then(|of| of.source.clone());
            kept.unwrap_or(SourceVerdict::NotJudged)
        };
        for station in &sources {
            let (said, items) = match verdict(station) {
                SourceVerdict::Meets => (Cell::text("达标"), Cell::text("无")),
                SourceVerdict::Exceeds { items } => (Cell::text("未达标"), Cell::text(self.items(&items))),
                SourceVerdict::NotJudged => (Cell::missing(self.why_not(station)), Cell::missing("未评价")),
            };
            let cells = vec![
                Cell::text(&station.name),
                Cell::text(&station.county_name),
                self.class_cell(station),
                said,
                items,
            ];
            table.push(&station.code, cells);
        }
        table.notes.push(Note::new(
            "表1各项达到Ⅲ类、表2表3各项不超过限值为达标；总氮、粪大肠菌群不参加评价",
            &self.rules.standard.head.id,
        ));
        let verdicts: Vec<SourceVerdict> = sources.iter().map(|s| verdict(s)).collect();
        let of = Compliance::of(verdicts.iter().map(|v| (v, None)));
        let said = match (sources.len(), of.judged) {
            (0, _) => "本期无饮用水水源地。".to_owned(),
            (n, 0) => format!("饮用水水源地{n}个，本期均未评价。"),
            (n, judged) => format!(
                "饮用水水源地{n}个，已评价{judged}个，达标{}个，达标率{}（按个数）。",
                of.meet,
                text::percent(of.by_count(), self.report)
            ),
        };
        Chapter::new("sources", "饮用水水源地", vec![said]).with(table)
    }

    /// Names of items, in Chinese where the method knows them.
    fn items(&self, items: &[String]) -> String {
        let zh = |item: &String| {
            let rule = self.rules.method.indicators.iter().find(|i| i.item == *item);
            rule.map_or_else(|| item.clone(), |i| self.report.item(&i.factor, item).to_owned())
        };
        items.iter().map(zh).collect::<Vec<_>>().join("、")
    }

    fn not_judged(&self) -> Chapter {
        let mut table = Table::of(&NOT_JUDGED);
        for station in self.stations.iter().filter(|s| self.class(s).is_none()) {
            table.push(&station.code, vec![Cell::text(&station.name), Cell::text(self.why_not(station))]);
        }
        let said = match table.rows.len() {
            0 => "所有断面均已评价。".to_owned(),
            n => format!("未评价断面{n}个，原因见下表。"),
        };
        Chapter::new("not_judged", "未评价断面", vec![said]).with(table)
    }
}

pub(super) fn key_of(kind: StationKind) -> &'static str {
    match kind {
        StationKind::MunicipalSection => "municipal_section",
        StationKind::BoundarySection => "boundary_section",
        StationKind::DrinkingSource => "drinking_source",
        StationKind::AirStation => "air_station",
        StationKind::Outlet => "outlet",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::analyse::water::mean::{Measured, Sampled};
    use jiff::civil::Date;

    pub const MAY: Span = Span::Month { year: 2025, month: 5 };

    /// What a section was, by values as `pH 7.5 DO 8`.
    pub fn of(values: &str, span: Span, (water, target): (WaterBody, Option<u8>), rules: &SectionRules<'_>) -> WaterOf {
        let words: Vec<&str> = values.split_whitespace().collect();
        let day: Date = span.first();
        let samples: Vec<Sampled<'_>> = words
            .chunks(2)
            .map(|pair| {
                let fits = |r: &&crate::standard::WaterRow| r.item == pair[0] && r.water.is_none_or(|w| w == water);
                let row = rules.standard.rows.iter().find(fits).expect("an item");
                Sampled { day, factor: &row.factor, value: Measured::parse(pair[1]).expect("a value"), unit: row.unit }
            })
            .collect();
        let section = rules.judge(&samples, span, water);
        let source = match section.class {
            Some(class) if class <= 3 => SourceVerdict::Meets,
            Some(_) => SourceVerdict::Exceeds { items: section.deciding.clone() },
            None => SourceVerdict::NotJudged,
        };
        WaterOf {
            target: Some(section.against(target)),
            section: Some(section),
            source: Some(source),
            ..WaterOf::default()
        }
    }

    pub struct Ground {
        pub standards: Standards,
        pub report: ReportRules,
    }

    impl Ground {
        pub fn new() -> Self {
            let standards = Standards::embedded().expect("the shipped standards load");
            Self { standards, report: ReportRules::embedded().expect("the shipped rules load") }
        }

        /// `code kind county target | now | before | year`.
        pub fn input(&self, lines: &[&str]) -> WaterInput<'_> {
            let rules = SectionRules::of(&self.standards, MAY, false).expect("an edition");
            let mut input = WaterInput {
                span: MAY,
                area: Area::city("某市"),
                issuer: "某市生态环境局".into(),
                stations: Vec::new(),
                now: WaterSpan::new(),
                before: WaterSpan::new(),
                year: WaterSpan::new(),
                rules,
                standards: &self.standards,
                report: &self.report,
            };
            for line in lines {
                let parts: Vec<&str> = line.split('|').map(str::trim).collect();
                let [code, kind, county, target] = parts[0].split_whitespace().collect::<Vec<_>>()[..] else {
                    panic!("four words: {line}")
                };
                let (kind, water) = match kind {
                    "ms" => (StationKind::MunicipalSection, WaterBody::River),
                    "bs" => (StationKind::BoundarySection, WaterBody::River),
                    "lake" => (StationKind::MunicipalSection, WaterBody::Lake),
                    _ => (StationKind::DrinkingSource, WaterBody::Lake),
                };
                let target = target.parse().ok();
                let spans = [MAY, MAY.before(), MAY.a_year_before().expect("a year before")];
                let all = [&mut input.now, &mut input.before, &mut input.year];
                for ((values, span), into) in parts[1..].iter().zip(spans).zip(all) {
                    if !values.is_empty() {
                        into.insert(code.into(), of(values, span, (water, target), &rules));
                    }
                }
                input.stations.push(WaterStation {
                    code: code.into(),
                    name: format!("{code}断面"),
                    kind,
                    county: county.into(),
                    county_name: format!("{county}县"),
                    target,
                    water: Some(water),
                });
            }
            input
        }
    }

    pub const CLEAN: &str = "pH 7.5 DO 8 CODMn 1.5 NH3-N 0.1";

    pub fn lines() -> Vec<String> {
        vec![
            format!("m1 ms a 2 | {CLEAN} TP 0.05 | {CLEAN} TP 0.15 | {CLEAN} TP 0.05"),
            format!("m2 ms a 3 | pH 7.5 DO 8 CODMn 7.5 NH3-N 1.3 TP 0.05 | {CLEAN} | {CLEAN}"),
            format!("m3 ms b 2 | pH 7.5 DO 8 | {CLEAN} | "),
            format!("b1 bs b 3 | {CLEAN} TP 0.25 | {CLEAN} TP 0.25 | {CLEAN} TP 0.25"),
            format!("l1 lake b 3 | {CLEAN} TP 0.03 TN 0.8 | |"),
            format!("d1 ds a 2 | {CLEAN} TP 0.02 TN 1.6 | {CLEAN} TP 0.02 | {CLEAN} TP 0.02"),
            "m4 ms b - | | |".to_owned(),
        ]
    }

    fn made() -> (Ground, Vec<String>) {
        (Ground::new(), lines())
    }

    fn row(report: &Report, table: &str, key: &str) -> String {
        let table = report.table(table).expect("a table of the kind");
        let row = table.rows.iter().find(|r| r.key == key).expect("a row");
        row.cells.iter().map(Cell::shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_report_says_what_the_sections_were() {
        let (ground, lines) = made();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let report = water(&ground.input(&lines));
        assert_eq!((report.title.as_str(), report.period_text.as_str()), ("某市地表水环境质量月报", "2025年5月"));
        let said: Vec<&str> = report.chapters[0].paragraphs.iter().map(String::as_str).collect();
        // II: m1, d1; III: l1 by TP 0.03 of a lake; IV: m2, b1; m3 lacks what it needs, m4 was not judged
        assert_eq!(
            said[0],
            "2025年5月，全市共有市控断面5个、交接断面1个、饮用水水源地1个。已评价的5个断面中，达到或优于Ⅱ类的2个，占40.0%；\
             达到或优于Ⅲ类的3个，占60.0%；劣Ⅴ类0个，占0.0%。"
        );
        assert_eq!(said[1], "应评价断面7个，已评价5个，覆盖率71.4%，低于规定的80%，数据不足。");
        assert!(
            said[2].starts_with("与上月相比，达到或优于Ⅲ类断面比例下降20.0个百分点；类别好转的断面1个，恶化的1个"),
            "{}",
            said[2]
        );
        assert_eq!(row(&report, "groups", "all"), "合计 7 5 0 2 1 2 0 0 40.0 60.0 60.0");
        assert_eq!(row(&report, "groups", "boundary_section"), "交接断面 1 1 0 0 0 1 0 0 0.0 0.0 0.0");
        assert_eq!(
            row(&report, "sections", "m2"),
            "m2断面 市控断面 a县 Ⅳ类 轻度污染 Ⅲ类 未达标 氨氮（0.3）、高锰酸盐指数（0.2） 明显恶化 明显恶化 —"
        );
        assert_eq!(row(&report, "means", "m2"), "m2断面 7.50 8.00 7.50 1.300 0.050 —");
        // 0.25 of TP is IV: 0.05 over 0.2
        assert_eq!(row(&report, "pollutants", "w21011"), "总磷 1 20.0 0.2 b1断面");
        assert_eq!(row(&report, "handover", "b1"), "b1断面 b县 Ⅳ类 Ⅲ类 未达标 无明显变化 —");
        assert_eq!(row(&report, "sources", "d1"), "d1断面 a县 Ⅱ类 达标 无");
        let lake = row(&report, "lakes", "l1");
        assert!(lake.starts_with("l1断面 Ⅲ类 良好 Ⅲ类 ") && lake.ends_with("叶绿素a、透明度"), "{lake}");
        let reasons: Vec<String> = ["m3", "m4"].map(|key| row(&report, "not_judged", key)).into();
        assert_eq!(reasons, ["m3断面 数据不足：高锰酸盐指数未监测；氨氮未监测", "m4断面 本期尚未评价"]);
        assert!(report.basis.iter().any(|b| b.edition == "GB 3838-2002"));
    }

    #[test]
    fn every_table_of_the_kind_is_there_and_reads_back() {
        let (ground, lines) = made();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for report in [water(&ground.input(&lines)), water(&ground.input(&[]))] {
            let ids: Vec<&str> = report.tables().map(|t| t.id.as_str()).collect();
            let shapes: Vec<&str> = Kind::Water.shapes().iter().map(|s| s.id).collect();
            assert_eq!(ids, shapes);
            let chapters: Vec<&str> = report.chapters.iter().map(|c| c.id.as_str()).collect();
            assert_eq!(chapters, Kind::Water.chapters());
            assert!(report.tables().all(|t| t.rows.iter().all(|r| r.cells.len() == t.columns.len())));
            let text = report.to_text().expect("json");
            assert_eq!(serde_json::from_str::<Report>(&text).expect("reads back"), report);
        }
        assert!(water(&ground.input(&[])).chapters[0].paragraphs[0].contains("本期无已评价断面"));
    }
}
