//! Rankings of surface water (地表水环境质量排名): counties and sections by the index of 环办监测〔2017〕51号, the lowest first, with the
//! rule beside them. A section or county that is not ranked is listed with the reason; an item that one of those compared never measured
//! is left out for all of them and named.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::shape::{COUNTIES, NOT_RANKED, SECTION_RANKING};
use super::water::{Than, WaterInput, WaterStation};
use super::{Cell, Chapter, Kind, Note, Report, Table, text};
use crate::analyse::water::city::{City, CityRules, Compared, Ranked, rank, rank_by_change};
use crate::analyse::water::river::Shares;
use crate::analyse::water::section::Section;

/// The report.
pub fn water_ranking(input: &WaterInput<'_>) -> Report {
    let (counties, left_counties) = counties(input);
    let (sections, left_sections) = sections(input);
    let mut not = Table::of(&NOT_RANKED);
    for (key, name, why) in left_counties.into_iter().chain(left_sections) {
        not.push(key, vec![Cell::text(name), Cell::text(why)]);
    }
    let first = |table: &Table| {
        let best = table.rows.iter().filter(|r| r.cells[0].shown() == "1").map(|r| r.cells[1].shown());
        best.collect::<Vec<_>>().join("、")
    };
    let said = |table: &Table, what: &str| match table.rows.len() {
        0 => format!("本期没有可参加排名的{what}。"),
        n => format!("参加排名的{what}{n}个，第1名为{}。", first(table)),
    };
    let left = match not.rows.len() {
        0 => "全部参加排名。".to_owned(),
        n => format!("未参加排名的有{n}个，原因见下表。"),
    };
    let chapters = vec![
        Chapter::new(
            "counties",
            "县（市、区）排名",
            vec![said(&counties, "县（市、区）"), input.coverage().sentence()],
        )
        .with(counties),
        Chapter::new("section_ranking", "断面排名", vec![said(&sections, "断面")]).with(sections),
        Chapter::new("not_ranked", "未参加排名", vec![left]).with(not),
    ];
    let mut report = input.report_of(Kind::WaterRanking, input.title("地表水环境质量排名", ""), chapters);
    let rule = &input.standards.surface.city_index.head;
    report.basis.push(super::Basis {
        edition: rule.id.clone(),
        title: rule.title_zh.clone(),
        what: "水质指数与排名".to_owned(),
    });
    report
}

/// Code, name, why it has no place.
type Left = (String, String, String);

fn rules<'a>(input: &'a WaterInput<'_>) -> CityRules<'a> {
    CityRules { standard: input.rules.standard, method: input.rules.method, rule: &input.standards.surface.city_index }
}

fn by_county<'a>(sections: Vec<(&'a WaterStation, &Section)>) -> BTreeMap<&'a str, Vec<Section>> {
    let mut all: BTreeMap<&str, Vec<Section>> = BTreeMap::new();
    for (station, section) in sections.into_iter().filter(|(_, s)| s.class.is_some()) {
        all.entry(&station.county).or_default().push(section.clone());
    }
    all
}

fn compared(input: &WaterInput<'_>, counties: &BTreeMap<&str, Vec<Section>>) -> Compared {
    let cities: Vec<City<'_>> = counties.iter().map(|(code, sections)| City { code, sections }).collect();
    rules(input).compare(&cities)
}

/// Counties whose sections are all of class II or better in both spans: the rule leaves them out of the ranking by improvement.
fn always_good(now: &BTreeMap<&str, Vec<Section>>, base: &BTreeMap<&str, Vec<Section>>) -> BTreeSet<String> {
    let good = |sections: &Vec<Section>| sections.iter().all(|s| s.class.is_some_and(|c| c <= 2));
    let both = now.iter().filter(|(code, sections)| good(sections) && base.get(*code).is_some_and(good));
    both.map(|(code, _)| (*code).to_owned()).collect()
}

fn counties(input: &WaterInput<'_>) -> (Table, Vec<Left>) {
    let mut table = Table::of(&COUNTIES);
    let now = by_county(input.sections_now());
    let all = compared(input, &now);
    let ranked = rank(all.cities.iter().map(|c| (c.city.clone(), c.index)).collect());
    // the year before by the same list of items, else the two sums could not be compared: both years go into one comparison
    let base = by_county(input.earlier_sections(Than::Year));
    let both: BTreeMap<String, &Vec<Section>> = now
        .iter()
        .map(|(code, s)| (format!("{code} now"), s))
        .chain(base.iter().map(|(code, s)| (format!("{code} base"), s)))
        .collect();
    let cities: Vec<City<'_>> = both.iter().map(|(code, sections)| City { code, sections }).collect();
    let pair = rules(input).compare(&cities);
    let of = |ending: &str| {
        let named = pair.cities.iter().filter_map(|c| {
            let code = c.city.strip_suffix(ending)?;
            Some(crate::analyse::water::city::CityIndex { city: code.to_owned(), ..c.clone() })
        });
        named.collect::<Vec<_>>()
    };
    let (of_now, of_base) = (of(" now"), of(" base"));
    let changes = rank_by_change(&of_base, &of_now, &BTreeSet::new());
    let improved = rank_by_change(&of_base, &of_now, &always_good(&now, &base));
    let find = |all: &[Ranked], code: &str| all.iter().find(|r| r.city == code).cloned();
    let digits = input.report.water_index_decimals;
    for place in &ranked {
        let sections = &now[place.city.as_str()];
        let shares = Shares::of(sections);
        let change = find(&changes, &place.city).map(|r| r.value);
        let better = find(&improved, &place.city);
        table.push(
            &place.city,
            vec![
                Cell::count(place.rank),
                Cell::text(county_name(input, &place.city)),
                Cell::number(place.value, digits),
                Cell::count(sections.len() as u64),
                Cell::number_or(shares.percent(shares.at_least(3)), input.report.share_decimals, "无已评价断面"),
                Cell::number_or(change, input.report.share_decimals, "上年同期无可比数据"),
                match (better, change) {
                    (Some(r), _) => Cell::count(r.rank),
                    (None, Some(_)) => Cell::missing("两期断面均达到或优于Ⅱ类，不参加改善排名"),
                    (None, None) => Cell::missing("上年同期无可比数据"),
                },
            ],
        );
    }
    notes(input, &mut table, &all, "水质指数越低名次越前，指数相同并列；只计已评价断面");
    let mut left: Vec<Left> = Vec::new();
    let known: BTreeMap<&str, &str> =
        input.stations.iter().map(|s| (s.county.as_str(), s.county_name.as_str())).collect();
    for (code, name) in known.into_iter().filter(|(code, _)| !ranked.iter().any(|r| r.city == *code)) {
        let why = if now.contains_key(code) { "没有可比指标" } else { "没有已评价断面" };
        left.push((format!("county {code}"), name.to_owned(), why.to_owned()));
    }
    (table, left)
}

fn county_name(input: &WaterInput<'_>, code: &str) -> String {
    input.stations.iter().find(|s| s.county == code).map_or_else(|| code.to_owned(), |s| s.county_name.clone())
}

fn notes(input: &WaterInput<'_>, table: &mut Table, all: &Compared, rule: &str) {
    let index = &input.standards.surface.city_index.head;
    table.notes.push(Note::new(rule, format!("{}《{}》", index.id, index.title_zh)));
    table
        .notes
        .push(Note::new("水质指数为各指标均值与Ⅲ类标准限值之比的和，溶解氧取倒数，pH值按偏离中性的程度", &index.id));
    table.notes.push(Note::new("未扣除上游来水影响", ""));
    if !all.left_out.is_empty() {
        let zh = |item: &String| {
            let known = input.rules.method.indicators.iter().find(|i| i.item == *item);
            known.map_or_else(|| item.clone(), |i| input.report.item(&i.factor, item).to_owned())
        };
        let items: Vec<String> = all.left_out.iter().map(zh).collect();
        table.notes.push(Note::new(format!("以下指标并非各方均有监测，统一不计入：{}", items.join("、")), ""));
    }
}

fn sections(input: &WaterInput<'_>) -> (Table, Vec<Left>) {
    let mut table = Table::of(&SECTION_RANKING);
    let judged: Vec<(&WaterStation, &Section)> =
        input.sections_now().into_iter().filter(|(_, s)| s.class.is_some()).collect();
    let owned: Vec<(&str, [Section; 1])> = judged.iter().map(|(st, s)| (st.code.as_str(), [(*s).clone()])).collect();
    let cities: Vec<City<'_>> = owned.iter().map(|(code, one)| City { code, sections: one }).collect();
    let all = rules(input).compare(&cities);
    let ranked = rank(all.cities.iter().map(|c| (c.city.clone(), c.index)).collect());
    for place in &ranked {
        let Some((station, section)) = judged.iter().find(|(st, _)| st.code == place.city) else { continue };
        table.push(
            &place.city,
            vec![
                Cell::count(place.rank),
                Cell::text(&station.name),
                Cell::text(&station.county_name),
                Cell::number(place.value, input.report.water_index_decimals),
                section.class.map_or_else(|| Cell::missing("未评价"), |c| Cell::text(text::class(c))),
                input.changed(station, Than::Year),
            ],
        );
    }
    notes(input, &mut table, &all, "以单个断面的水质指数排名，越低名次越前，指数相同并列；河流与湖库总磷限值不同");
    let without = input.stations.iter().filter(|s| !ranked.iter().any(|r| r.city == s.code));
    let left = without.map(|s| {
        let why = if input.class(s).is_some() { "没有可比指标".to_owned() } else { input.why_not(s) };
        (s.code.clone(), s.name.clone(), why)
    });
    (table, left.collect())
}

/// The index of a county in a ranking, for whoever shows it elsewhere.
pub fn index_of(report: &Report, county: &str) -> Option<Decimal> {
    match report.table(COUNTIES.id)?.cell(county, "index")? {
        Cell::Number { value, .. } => Some(*value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::water::tests::{CLEAN, Ground, lines};
    use super::*;

    #[test]
    fn counties_and_sections_are_ranked_with_the_rule_beside_them() {
        let (ground, lines) = (Ground::new(), lines());
        let report = water_ranking(&ground.input(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
        let counties = report.table("counties").expect("counties");
        let names: Vec<String> = counties.rows.iter().map(|r| format!("{} {}", r.cells[0].shown(), r.key)).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(
            counties.notes[0].rule.contains("51号") && counties.notes.iter().any(|n| n.text.contains("统一不计入"))
        );
        let sections = report.table("section_ranking").expect("sections");
        // pH 0.25, DO 5/8, CODMn 1.5/6, NH3-N 0.1, TP 0.05/0.2: 0.25 + 0.625 + 0.25 + 0.1 + 0.25
        assert_eq!(sections.cell("m1", "index").map(Cell::shown).as_deref(), Some("1.4750"));
        let left: Vec<&str> = report.table("not_ranked").expect("left").rows.iter().map(|r| r.key.as_str()).collect();
        assert_eq!(left, ["m3", "m4"]);
        assert_eq!(index_of(&report, "none"), None);
        assert!(index_of(&report, "a").is_some());
    }

    #[test]
    fn equal_places_are_shared_and_improvement_is_by_one_list_of_items() {
        let ground = Ground::new();
        let lines = [
            format!("m1 ms a 2 | {CLEAN} TP 0.05 | | {CLEAN} TP 0.25"),
            format!("m2 ms b 2 | {CLEAN} TP 0.05 | | {CLEAN}"),
            format!("m3 ms c 2 | {CLEAN} TP 0.1 | |"),
        ];
        let report = water_ranking(&ground.input(&lines.iter().map(String::as_str).collect::<Vec<_>>()));
        let table = report.table("counties").expect("counties");
        let places: Vec<String> = table.rows.iter().map(|r| r.cells[0].shown()).collect();
        assert_eq!(places, ["1", "1", "3"]);
        // b had no phosphorus a year before: it is left out of both years of all, and nothing has changed
        let change = |code| table.cell(code, "change").map(Cell::shown);
        assert_eq!(change("a").as_deref(), Some("0.0"));
        assert_eq!(change("c").as_deref(), Some("—"));
        assert!(matches!(table.cell("b", "improved"), Some(Cell::Missing { reason }) if reason.contains("不参加")));
    }
}
