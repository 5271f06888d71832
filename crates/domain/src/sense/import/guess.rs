//! A plan by the names of the columns.

use std::collections::BTreeMap;

use super::{Column, Plan, Published, PublishedWhat, Sheet, Stamp, StationBy, Status, TimeBy};
use crate::time::PeriodKind;
use crate::unit::Unit;

/// Names under which factors go: the names, in small letters and without blanks, then code and unit.
const NAMES: &[(&[&str], &str, Unit)] = &[
    (&["w01010", "temp", "水温", "水温(℃)", "water_temp"], "w01010", Unit::Celsius),
    (&["w01001", "ph", "ph值", "ph(无量纲)"], "w01001", Unit::Ph),
    (&["w01009", "do", "溶解氧", "溶解氧(mg/l)"], "w01009", Unit::MgPerL),
    (&["w01014", "cond", "电导率", "电导率(μs/cm)"], "w01014", Unit::UsPerCm),
    (&["w01003", "turb", "浊度", "浊度(ntu)"], "w01003", Unit::Ntu),
    (&["w01019", "codmn", "高锰酸盐指数", "高锰酸盐指数(mg/l)"], "w01019", Unit::MgPerL),
    (&["w01018", "cod", "codcr", "化学需氧量", "化学需氧量(mg/l)"], "w01018", Unit::MgPerL),
    (&["w01017", "bod5", "五日生化需氧量", "五日生化需氧量(mg/l)"], "w01017", Unit::MgPerL),
    (&["w21003", "nh3n", "nh3-n", "氨氮", "氨氮(mg/l)"], "w21003", Unit::MgPerL),
    (&["w21011", "tp", "总磷", "总磷(mg/l)"], "w21011", Unit::MgPerL),
    (&["w21001", "tn", "总氮", "总氮(mg/l)"], "w21001", Unit::MgPerL),
    (&["a21026", "so2", "二氧化硫"], "a21026", Unit::UgPerM3),
    (&["a21004", "no2", "二氧化氮"], "a21004", Unit::UgPerM3),
    (&["a21005", "co", "一氧化碳"], "a21005", Unit::MgPerM3),
    (&["a05024", "o3", "臭氧"], "a05024", Unit::UgPerM3),
    (&["a34002", "pm10", "可吸入颗粒物"], "a34002", Unit::UgPerM3),
    (&["a34004", "pm25", "pm2.5", "pm2_5", "细颗粒物"], "a34004", Unit::UgPerM3),
    // a day's ozone is its largest eight-hour mean
    (&["o3_8h", "o38h", "臭氧8小时", "臭氧日最大8小时"], crate::analyse::air::MDA8_CODE, Unit::UgPerM3),
];

const STATIONS: &[&str] = &[
    "station",
    "stationcode",
    "station_code",
    "站点编码",
    "站点代码",
    "站点",
    "断面编码",
    "断面代码",
    "断面名称",
    "断面",
    "section",
    "site",
    "点位名称",
    "点位",
    "city",
    "城市",
];
const TIMES: &[&str] =
    &["time", "timepoint", "datetime", "监测时间", "采样时间", "时间", "date", "日期", "监测日期", "采样日期"];
const MISSING: &[&str] = &["-", "--", "—", "_", "NA", "N/A", "null", "NULL", "-;"];

fn plain(name: &str) -> String {
    let wide = |c: char| match c {
        '（' => '(',
        '）' => ')',
        c => c,
    };
    name.trim().to_lowercase().chars().filter(|c| !c.is_whitespace()).map(wide).collect()
}

fn first<'a>(sheet: &'a Sheet, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| sheet.header.iter().find(|h| plain(h) == *name)).map(String::as_str)
}

pub(super) fn plan(sheet: &Sheet) -> Plan {
    let mut columns: Vec<Column> = Vec::new();
    for header in &sheet.header {
        let Some((_, factor, unit)) = NAMES.iter().find(|(names, ..)| names.contains(&plain(header).as_str())) else {
            continue;
        };
        if columns.iter().all(|c| c.factor != *factor) {
            columns.push(Column { column: header.clone(), factor: (*factor).to_owned(), unit: *unit });
        }
    }
    let time = first(sheet, TIMES);
    let daily = time.is_some_and(|name| {
        let at = sheet.column(name).unwrap_or_default();
        sheet.rows.iter().take(20).all(|(_, cells)| cells.get(at).is_some_and(|c| !c.contains(':')))
    });
    let air = columns.iter().any(|c| c.factor.starts_with('a'));
    let kind = match (air, daily) {
        (true, true) => PeriodKind::Day,
        (true, false) => PeriodKind::Hour,
        (false, true) => PeriodKind::Sample,
        (false, false) => PeriodKind::Cycle,
    };
    if air {
        // hours take the ozone of the hour, days the largest eight-hour mean
        let other = if daily { "a05024" } else { crate::analyse::air::MDA8_CODE };
        columns.retain(|c| c.factor != other);
    }
    let published = first(sheet, &["aqi"]).map(|value| Published {
        what: if daily { PublishedWhat::AirDay } else { PublishedWhat::AirHour },
        value: value.to_owned(),
        level: first(sheet, &["quality", "空气质量", "级别"]).map(str::to_owned),
        primary: first(sheet, &["primarypollutant", "primary", "首要污染物"]).map(str::to_owned),
    });
    let class = || {
        first(sheet, &["class", "水质类别"]).map(|value| Published {
            what: PublishedWhat::WaterClass,
            value: value.to_owned(),
            level: None,
            primary: None,
        })
    };
    let marks = [("正常", "N"), ("维护", "M"), ("停运", "F"), ("", "N")];
    let status = first(sheet, &["status", "站点情况", "状态"]).map(|column| Status {
        column: column.to_owned(),
        marks: marks.iter().map(|(word, mark)| ((*word).to_owned(), (*mark).to_owned())).collect::<BTreeMap<_, _>>(),
    });
    Plan {
        kind,
        station: first(sheet, STATIONS).map_or(StationBy::Fixed(String::new()), |s| StationBy::Column(s.to_owned())),
        time: TimeBy {
            columns: time.into_iter().map(str::to_owned).collect(),
            year_from: first(sheet, &["file_date", "发布日期"]).map(str::to_owned),
            stamp: if kind == PeriodKind::Hour { Stamp::End } else { Stamp::Begin },
        },
        columns,
        missing: MISSING.iter().map(|m| (*m).to_owned()).collect(),
        status,
        published: published.or_else(class),
    }
}
