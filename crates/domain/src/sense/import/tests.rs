use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn sheet(text: &str) -> Sheet {
    Sheet::csv(text.as_bytes()).expect("a table")
}

#[test]
fn times_are_read_as_they_are_written() {
    let check = |text: &str, expected: &str| {
        assert_eq!(date_time(text).map_or_else(|| "none".into(), |at| at.to_string()), expected, "{text}");
    };
    check("2016-01-14T07:00:00", "2016-01-14T07:00:00");
    check("2016-01-14 07:00", "2016-01-14T07:00:00");
    check("2016/1/14 7:05", "2016-01-14T07:05:00");
    check("2016-01-14", "2016-01-14T00:00:00");
    check("20160114", "2016-01-14T00:00:00");
    check("20160114070500", "2016-01-14T07:05:00");
    check("2016-01-14 24:00", "2016-01-15T00:00:00");
    check("2016-12-31 24:00:00", "2017-01-01T00:00:00");
    for text in
        ["", "07:00", "2016-13-01", "2016-02-30", "14-01-2016", "2016-01-14 25:00", "2016-01-14 07:00:00:00", "2016011"]
    {
        check(text, "none");
    }
}

#[test]
fn a_release_of_air_hours_is_read_by_a_guessed_plan() {
    let sheet = sheet(
        "\u{feff}timepoint,stationcode,aqi,quality,primarypollutant,pm2_5,pm2_5_24h,pm10,so2,no2,co,o3,o3_8h\n\
         2016-01-14T08:00:00,1001A,97,良,细颗粒物(PM2.5),72,45,93,27,85,2.700,62,6\n\
         2016-01-14T08:00:00,1002A,—,,,—,45,,,,,,\n\
         2016-01-14T0x:00:00,1003A,,,,1,1,1,1,1,1,1,1\n\
         2016-01-14T08:00:00,1004A,,,,x,1,1,1,1,1,1,1\n",
    );
    let plan = Plan::guess(&sheet);
    assert_eq!((plan.kind, plan.time.stamp), (PeriodKind::Hour, Stamp::End));
    let columns: Vec<String> = plan.columns.iter().map(|c| format!("{} {}", c.column, c.factor)).collect();
    assert_eq!(columns.join(", "), "pm2_5 a34004, pm10 a34002, so2 a21026, no2 a21004, co a21005, o3 a05024");
    let read = plan.read(&sheet).expect("all columns");
    let row = &read.rows[0];
    assert_eq!((row.station.as_str(), row.at), ("1001A", date(2016, 1, 14).at(7, 0, 0, 0)), "the hour from seven on");
    assert_eq!(row.values[4], Value { column: 4, text: "2.700".into() });
    assert_eq!(row.published, Some(["97".into(), "良".into(), "细颗粒物(PM2.5)".into()]));
    assert_eq!((read.rows.len(), read.empty), (2, 1), "the last row has five values left");
    let faults: Vec<_> = read.faults.iter().map(|f| (f.line, f.column.as_str(), f.code, f.found.as_str())).collect();
    assert_eq!(
        faults,
        [(4, "timepoint", FaultCode::NoTime, "2016-01-14T0x:00:00"), (5, "pm2_5", FaultCode::NoNumber, "x")]
    );
}

#[test]
fn a_time_without_a_year_takes_it_from_the_day_of_the_release() {
    let sheet = sheet(
        "file_date,section,time,class,ph,codmn,status\n2020-05-10,a,05-10 08:05,Ⅱ,7.4,2,正常\n2021-01-01,a,12-31 20:00,,7.4,2,维护\n\
         2021-01-01,a,01-01 04:00,,7.4,2,大修\n",
    );
    let plan = Plan::guess(&sheet);
    assert_eq!(plan.kind, PeriodKind::Cycle);
    assert_eq!(plan.published.as_ref().map(|p| p.what), Some(PublishedWhat::WaterClass));
    let read = plan.read(&sheet).expect("all columns");
    let rows: Vec<String> = read.rows.iter().map(|r| format!("{} {}", r.at, r.mark)).collect();
    assert_eq!(rows, ["2020-05-10T08:05:00 N", "2020-12-31T20:00:00 M"]);
    assert_eq!(read.faults[0].code, FaultCode::UnknownStatus);
}

#[test]
fn samples_of_a_laboratory_keep_what_is_below_the_detection_limit() {
    let sheet = sheet(
        "断面名称,采样日期,高锰酸盐指数（mg/L）,总磷,备注\n西门,2026/3/5,1.9,0.01L,\n西门,2026/4/6,<0.5,未检出,\n",
    );
    let plan = Plan::guess(&sheet);
    assert_eq!(plan.kind, PeriodKind::Sample);
    let read = plan.read(&sheet).expect("all columns");
    let texts: Vec<&str> = read.rows.iter().flat_map(|r| &r.values).map(|v| v.text.as_str()).collect();
    assert_eq!(texts, ["1.9", "<0.01", "<0.5"]);
    assert_eq!((read.faults[0].line, read.faults[0].column.as_str()), (3, "总磷"), "a limit must be said");
}

#[test]
fn a_plan_that_does_not_fit_says_which_columns_are_not_there() {
    let plan = Plan::guess(&sheet("station,time,ph\n"));
    let faults = plan.read(&sheet("station,zeit\n")).expect_err("two are missing");
    let names: Vec<&str> = faults.iter().map(|f| f.column.as_str()).collect();
    assert_eq!(names, ["time", "ph"]);
    assert_eq!(faults[0].found, "station,zeit");
}

#[test]
fn what_is_no_table_is_refused_with_its_line() {
    let refused = |bytes: &[u8]| Sheet::csv(bytes).expect_err("refused").to_string();
    assert_eq!(refused(b""), "the table has no header");
    assert_eq!(refused(b"a,b,a\n"), "two columns are named \"a\"");
    assert!(refused(b"a,b\n1,\xff\n").starts_with("line 2"), "{}", refused(b"a,b\n1,\xff\n"));
}

#[test]
fn pollutants_are_found_in_the_words_of_a_release() {
    let check = |text: &str, expected: &[&str]| assert_eq!(pollutants(text), expected, "{text}");
    check("细颗粒物(PM2.5)", &["PM2.5"]);
    check("颗粒物(PM10),细颗粒物(PM2.5)", &["PM10", "PM2.5"]);
    check("臭氧1小时", &["O3"]);
    check("一氧化碳、二氧化氮", &["NO2", "CO"]);
    check("—", &[]);
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,20}") {
        if let Ok(sheet) = Sheet::csv(&bytes) {
            let _read = Plan::guess(&sheet).read(&sheet);
        }
        let _at = date_time(&text);
    }

    #[test]
    fn every_row_is_read_empty_or_a_fault(rows in proptest::collection::vec(("[0-9x.-]{0,4}", "[0-9x]{0,2}"), 0..20)) {
        let text = rows.iter().fold("time,station,ph\n".to_owned(), |t, (ph, day)| t + &format!("2026-01-{day},s,{ph}\n"));
        let sheet = Sheet::csv(text.as_bytes()).expect("a table");
        let read = Plan::guess(&sheet).read(&sheet).expect("all columns");
        let lines: std::collections::BTreeSet<u64> = read.faults.iter().map(|f| f.line).collect();
        // a row with a fault in its only value is also empty
        prop_assert!(read.rows.len() as u64 + read.empty + lines.len() as u64 >= sheet.rows.len() as u64);
        prop_assert!(read.rows.len() as u64 + read.empty <= sheet.rows.len() as u64);
    }
}
