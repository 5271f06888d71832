use super::*;
use std::collections::HashMap;
use std::fs;

fn standards() -> Standards {
    Standards::embedded().expect("the shipped standards load")
}

fn air(input: &str, report: Report, choice: EditionChoice) -> (String, Vec<String>) {
    let (mut out, mut said) = (Vec::new(), Vec::new());
    evaluate_air(
        input.as_bytes(),
        &mut out,
        &standards(),
        (report, choice),
        Reading::default(),
        |line, column, reason| {
            said.push(format!("{line} {column} {reason}"));
        },
    )
    .expect("a table");
    (String::from_utf8(out).expect("text"), said)
}

#[test]
fn a_bad_row_is_named_and_the_rest_is_evaluated() {
    let input = "\u{feff}time,site,pm2_5,pm10,so2,no2,co,o3\n2026-03-01T08:00,甲,60,10,10,10,x,10\n2026-02-28 08:00,\"乙,丙\",60,10,10,10,0.5,10\n第一天,丁,1,1,1,1,1,1\n";
    let (out, said) = air(input, Report::Hour, EditionChoice::Auto);
    assert_eq!(said, ["2 co \"x\" is no number", "4 time \"第一天\" has no date"].map(String::from));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[1], "甲,2026-03-01T08:00,,,,,,,,,,,\"line 2, co: \"\"x\"\" is no number\"");
    assert_eq!(lines[2], "\"乙,丙\",2026-02-28 08:00,82,2,PM2.5,4,5,5,4,10,82,HJ 633-2012,");
    assert_eq!(lines.len(), 4);
}

#[test]
fn the_edition_is_by_date_or_by_choice() {
    let input = "site,time,so2,no2,co,o3_8h,pm10,pm2_5\na,2026-03-01,1,1,0.1,1,1,60\na,2026-02-28,1,1,0.1,1,1,60\n";
    let aqi = |choice| -> Vec<String> {
        let rows = air(input, Report::Day, choice).0;
        rows.lines().skip(1).map(|l| l.split(',').nth(2).expect("a column").to_owned()).collect()
    };
    assert_eq!(aqi(EditionChoice::Auto), ["100", "82"]);
    assert_eq!(aqi(EditionChoice::V2012), ["82", "82"]);
    assert_eq!(aqi(EditionChoice::V2026), ["100", "100"]);
}

#[test]
fn a_missing_column_is_named() {
    let result = evaluate_air(
        "site,time,so2\n".as_bytes(),
        Vec::new(),
        &standards(),
        (Report::Day, EditionChoice::Auto),
        Reading::default(),
        |_, _, _| {},
    );
    assert_eq!(result.expect_err("a column is missing").to_string(), "line 1: column \"no2\" is missing");
}

#[test]
fn water_rows_are_judged_one_by_one() {
    let input = "section,kind,time,ph,do,codmn,nh3n,tp\n双塔底,river,2026-03-01 08:00,7.5,8,1.5,0.1,0.02\n铜山源水库,lake,t,9.93,8,1.5,0.1,-\n某处,pond,t,7,8,1,0.1,0.01\n某处,lake,t,7,-8,1,0.1,0.01\n";
    let (mut out, mut said) = (Vec::new(), Vec::new());
    let summary = evaluate_water(input.as_bytes(), &mut out, &standards(), Reading::default(), |l, c, r| {
        said.push(format!("{l} {c} {r}"));
    });
    assert_eq!(summary.expect("a table"), Summary { rows: 4, bad: 2 });
    assert_eq!(said, ["4 kind \"pond\" is neither river nor lake", "5 do -8 is negative"]);
    let text = String::from_utf8(out).expect("text");
    assert!(text.contains("双塔底,river,2026-03-01 08:00,1,,") && text.contains("铜山源水库,lake,t,6,pH,"), "{text}");
}

// ------------------------------------------------------------------------------------ agreement with what the state published

fn shared(name: &str) -> Option<String> {
    let path = format!("{}/../../../shared/data/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: {path} is not there");
    }
    text
}

fn table(text: &str) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let rows = reader.records().map(|r| r.expect("a row"));
    rows.map(|r| header.iter().map(String::from).zip(r.iter().map(String::from)).collect()).collect()
}

#[test]
fn water_classes_agree_with_the_national_release() {
    let files =
        ["water/cnemc_section_4h_full_2020-05-08_09.csv", "water/cnemc_section_4h_100stations_2020-05_2021-04.csv"];
    let Some(texts) = files.map(shared).into_iter().collect::<Option<Vec<_>>>() else { return };
    let roman = ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ"];
    let (mut judged, mut agree) = (0u32, 0u32);
    let standards = standards();
    for row in texts.iter().flat_map(|t| table(t)) {
        let Some(published) = roman.iter().position(|r| *r == row["class"]) else { continue };
        let Some(body) = WaterBody::parse(&row["tp_table"]) else { continue };
        let value = |name: &str| row[&format!("{name}_raw")].parse::<Decimal>().ok();
        let sample = ["ph", "do", "codmn", "nh3n", "tp"].map(value);
        judged += 1;
        agree += u32::from(water::class_only(&sample, body, &standards.water[0]) == Some(published as u8 + 1));
    }
    eprintln!("water: {agree} of {judged} agree");
    assert!(judged > 10_000 && f64::from(agree) / f64::from(judged) >= 0.9997, "{agree} of {judged}");
}

#[test]
fn station_hours_agree_with_the_national_release() {
    let names = [
        ("PM2.5", "细颗粒物(PM2.5)"),
        ("PM10", "颗粒物(PM10)"),
        ("O3", "臭氧1小时"),
        ("SO2", "二氧化硫"),
        ("NO2", "二氧化氮"),
        ("CO", "一氧化碳"),
    ];
    for file in ["air/cnemc_station_hourly_2016-01-14T00.csv", "air/cnemc_station_hourly_2018-02-20T07.csv"] {
        let Some(text) = shared(file) else { return };
        let rows: Vec<_> = table(&text).into_iter().filter(|r| r["aqi"].parse::<u16>().is_ok()).collect();
        let mut input = String::from("site,time,so2,no2,co,o3,pm10,pm2_5\n");
        for r in &rows {
            // the ozone behind the published AQI is in the column named o3_24h
            let cells =
                ["stationcode", "timepoint", "so2", "no2", "co", "o3_24h", "pm10", "pm2_5"].map(|c| r[c].as_str());
            input = input + &cells.join(",") + "\n";
        }
        let (out, said) = air(&input, Report::Hour, EditionChoice::Auto);
        assert_eq!(said, Vec::<String>::new());
        let mut wrong = Vec::new();
        for (row, got) in rows.iter().zip(table(&out)) {
            let levels = ["优", "良", "轻度污染", "中度污染", "重度污染", "严重污染"];
            let level =
                levels.iter().position(|l| *l == row["quality"]).map(|i| (i + 1).to_string()).unwrap_or_default();
            let mut primary: Vec<&str> = got["primary"]
                .split(',')
                .filter(|p| !p.is_empty())
                .map(|p| names.iter().find(|n| n.0 == p).expect("six names").1)
                .collect();
            let mut published: Vec<&str> = row["primarypollutant"].split(',').filter(|p| !p.is_empty()).collect();
            primary.sort_unstable();
            published.sort_unstable();
            if got["aqi"] != row["aqi"] || got["level"] != level || primary != published {
                wrong.push(format!(
                    "{}: {} {} {:?} for {} {} {:?}",
                    row["stationcode"], got["aqi"], got["level"], primary, row["aqi"], row["quality"], published
                ));
            }
        }
        eprintln!("{file}: {} of {} agree", rows.len() - wrong.len(), rows.len());
        assert!(wrong.is_empty() && rows.len() > 900, "{wrong:#?}");
    }
}

#[test]
fn city_days_agree_with_what_was_published() {
    let (mut judged, mut wrong) = (0, Vec::new());
    for city in ["chengdu", "tianjin", "nanjing"] {
        let Some(text) = shared(&format!("air/city_daily_{city}.csv")) else { return };
        let years = ["2016", "2018", "2019", "2020", "2021", "2022"];
        let mut input = String::from("site,time,so2,no2,co,o3_8h,pm10,pm2_5\n");
        let mut published = Vec::new();
        for r in table(&text) {
            let values = ["so2", "no2", "co", "o3_8h", "pm10", "pm2_5"].map(|c| r[c].as_str());
            let whole = values.iter().all(|v| v.parse::<f64>().is_ok_and(|v| v != 0.0));
            if whole && years.contains(&&r["date"][..4]) {
                input = input + city + "," + &r["date"] + "," + &values.join(",") + "\n";
                published.push((r["date"].clone(), r["aqi"].clone()));
            }
        }
        let (out, _) = air(&input, Report::Day, EditionChoice::Auto);
        for (got, (date, aqi)) in table(&out).iter().zip(published) {
            judged += 1;
            if got["aqi"] != aqi {
                wrong.push(format!("{city} {date}: {} for {aqi}", got["aqi"]));
            }
        }
    }
    eprintln!("city days: {} of {judged} agree", judged - wrong.len());
    assert!(wrong.is_empty() && judged > 2_000, "{judged}: {wrong:#?}");
}
