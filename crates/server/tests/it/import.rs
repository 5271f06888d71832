//! Tables that people bring: tried, kept, judged, and held against what was kept.

use std::time::Duration;

use axum::http::StatusCode;
use jiff::civil::date;
use jiff::{ToSpan as _, civil::Date};
use serde_json::{Value, json};
use shanshui_domain::analyse::span::Span;
use shanshui_domain::id::TelegramId;
use shanshui_server::ingest::Reader;
use shanshui_server::job::evaluate::{air, section};

use super::support::{City, Person};

/// Brings a table and tries it by the plan that is guessed, as `change` has it then: id, plan, what was found.
pub(crate) async fn tried(
    person: &Person,
    (name, bytes): (&str, Vec<u8>),
    change: impl FnOnce(&mut Value),
) -> (String, Value, Value) {
    let path = format!("/api/v1/analyse/imports?name={name}");
    let (status, table) = person.put_file(&path, "text/csv", bytes).await;
    assert_eq!(status, StatusCode::OK, "{table}");
    let id = table["import"]["id"].as_str().expect("an id").to_owned();
    let mut plan = table["plan"].clone();
    change(&mut plan);
    let (status, report) = person.post(&format!("/api/v1/analyse/imports/{id}/check"), json!({"plan": plan})).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    (id, plan, report)
}

/// Has it kept; what was found at the end.
pub(crate) async fn kept(person: &Person, id: &str, plan: &Value) -> Value {
    let (status, begun) = person.post(&format!("/api/v1/analyse/imports/{id}/begin"), json!({"plan": plan})).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    loop {
        let table = person.ok(&format!("/api/v1/analyse/imports/{id}")).await;
        match table["import"]["state"].as_str() {
            Some("done") => return table["import"]["report"].clone(),
            Some("running") => tokio::time::sleep(Duration::from_millis(50)).await,
            other => panic!("{other:?}: {table}"),
        }
    }
}

pub(crate) async fn day(city: &City, code: &str, day: Date) -> bool {
    let app = &city.running.app;
    let station = app.station(&code.into()).expect("a station");
    air::station(app, &station, Span::Day { day }).await.expect("judged")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn samples_are_tried_kept_once_and_stand_beside_automatic_data() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    let text = "断面名称,采样日期,pH值,溶解氧,高锰酸盐指数,氨氮,总磷\n\
        霞山断面,2026-03-05,7.8,8.9,1.9,0.06,0.01L\n\
        音坑断面,2026-03-05,7.6,9.1,x,0.05,0.02\n\
        无此断面,2026-03-05,7.6,9.1,1.2,0.05,0.02\n\
        霞山断面,三月,7.6,9.1,1.2,0.05,0.02\n";
    let (id, plan, report) = tried(&person, ("samples.csv", text.into()), |_| {}).await;
    assert_eq!(plan["kind"], "sample");
    assert_eq!((&report["rows"], &report["values"]), (&json!(4), &json!(9)), "{report}");
    assert_eq!(report["faults"], json!({"no_number": 1, "no_station": 1, "no_time": 1}));
    let lines: Vec<i64> =
        report["named"].as_array().expect("a list").iter().filter_map(|f| f["line"].as_i64()).collect();
    assert_eq!(lines, [3, 5, 4], "what cannot be read, then what cannot be placed");
    let report = kept(&person, &id, &plan).await;
    assert_eq!(report["kept"], json!([9, 0, 0, 0]), "{report}");
    let again = person.post(&format!("/api/v1/analyse/imports/{id}/begin"), json!({"plan": plan})).await;
    assert_eq!(again.0, StatusCode::CONFLICT, "an import is not begun twice: {}", again.1);
    let (id, plan, _) = tried(&person, ("again.csv", text.replace("0.05,0.02", "0.05,0.03").into()), |_| {}).await;
    assert_eq!(
        kept(&person, &id, &plan).await["kept"],
        json!([0, 8, 1, 0]),
        "the same again is no news, another value is"
    );

    let app = &city.running.app;
    let station = app.station(&"ms01".into()).expect("a station");
    section::judge_span(app, &station, Span::Month { year: 2026, month: 3 }).await.expect("judged");
    let versions = person.ok("/api/v1/analyse/water/2026-03/stations/ms01").await;
    let explained = &versions[0]["explanation"];
    assert_eq!((&versions[0]["class"], &explained["inputs"][0]["samples"]), (&json!(1), &json!(1)), "{versions}");
    let origin = &explained["inputs"][4]["origins"][0]["origin"];
    assert_eq!(origin, "manual", "there is no automatic data: {explained}");

    // every value is still what the import said, and the files are what their digests say
    let findings = app.store.check().await.expect("checked");
    assert!(findings.iter().all(|f| f.ok), "{findings:#?}");
    let reader = Reader::of(&app.store, &app.city(), app.zone.clone()).await.expect("read");
    let mut so_far = app.store.rereading(reader.current()).await.expect("begun");
    let page = app.store.telegrams_after(TelegramId(0), 100).await.expect("telegrams");
    assert!(page.iter().all(|row| reader.fault(&row.telegram).is_none()));
    app.store.reread(&mut so_far, page.iter().filter_map(|row| reader.again(row)).collect()).await.expect("read");
    let found = app.store.reread_all(so_far).await.expect("read");
    assert!(found.ok && found.detail.starts_with("10 rows"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_table_or_not_ones_own_is_refused() {
    let city = City::start().await;
    let (whole, county) = (city.person("zhoumin").await, city.person("fangjie").await);
    for (bytes, said) in [(&b""[..], "no header"), (b"a,a\n1,2\n", "two columns"), (b"PK\x03\x04nonsense", "line 0")] {
        let (status, body) = whole.put_file("/api/v1/analyse/imports?name=x", "text/csv", bytes.to_vec()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert!(body.to_string().contains(said), "{body}");
    }
    let table = b"station,time,ph\nms01,2026-03-05,7.1\n".to_vec();
    let (status, _) = county.put_file("/api/v1/analyse/imports?name=x", "text/csv", table.clone()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a case officer brings no tables");
    let (id, mut plan, _) = tried(&whole, ("x", table), |_| {}).await;
    let path = format!("/api/v1/analyse/imports/{id}");
    assert_eq!(county.get(&path).await.0, StatusCode::FORBIDDEN);
    plan["columns"][0]["column"] = json!("PH");
    let (status, body) = whole.post(&format!("{path}/check"), json!({"plan": plan})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    assert!(body.to_string().contains("no such column: PH"), "{body}");
    let (status, body) = whole.post(&format!("{path}/begin"), json!({"plan": {"kind": "sample"}})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
}

/// What a crash has left half done is done again: nothing is kept twice, and what depends on it is judged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_is_done_again_keeps_nothing_twice_and_forgets_no_day() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    let text = "station,time,ph\nms01,2025-03-05,7.1\nms01,2025-03-06,7.2\n";
    let (id, plan, _) = tried(&person, ("once.csv", text.into()), |_| {}).await;
    assert_eq!(kept(&person, &id, &plan).await["kept"], json!([2, 0, 0, 0]));
    let (id, plan, _) = tried(&person, ("twice.csv", text.into()), |_| {}).await;
    let report = kept(&person, &id, &plan).await;
    assert_eq!((&report["kept"], &report["again"]), (&json!([0, 2, 0, 0]), &json!(2)), "{report}");
}

/// A year of day values whose statistics are worked out by hand: PM2.5 is 30 on 329 days and 90 on 36; see the rules' own example.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_of_imported_days_gives_the_statistics_worked_by_hand() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    let station = city
        .running
        .app
        .city()
        .stations
        .iter()
        .find(|s| city.points(s.code.as_str()).iter().any(|p| p.0 == "a34004"))
        .map(|s| s.code.clone());
    let code = station.expect("an air station").to_string();
    let days: Vec<Date> = (0..365).map(|n| date(2025, 1, 1) + n.days()).collect();
    let mut text = "station,date,so2,no2,co,pm10,pm2_5\n".to_owned();
    for (n, day) in days.iter().enumerate() {
        text += &format!("{code},{day},8,25,0.7,50,{}\n", if n % 10 == 9 { 90 } else { 30 });
    }
    let (id, plan, report) = tried(&person, ("year.csv", text.into()), |_| {}).await;
    assert_eq!((&plan["kind"], &report["values"]), (&json!("day"), &json!(365 * 5)), "{report}");
    let report = kept(&person, &id, &plan).await;
    assert_eq!(report["again"], 365, "each day of the station is judged again");
    let app = &city.running.app;
    for of in &days {
        // the work that the import has put down may have come first
        day(&city, &code, *of).await;
    }
    assert!(!day(&city, &code, days[0]).await, "the same again is no news");
    let station = app.station(&code.as_str().into()).expect("a station");
    air::station(app, &station, Span::Year { year: 2025 }).await.expect("judged");
    let seen = person.ok("/api/v1/analyse/air/2025").await;
    let row =
        seen["stations"].as_array().expect("rows").iter().find(|r| r["code"] == json!(code)).expect("the station");
    assert_eq!((&row["period"]["days"], &row["period"]["good_days"]), (&json!(365), &json!(329)), "{row}");
    assert_eq!(row["period"]["good_percent"], "90.1");
    let pm = &row["values"][5];
    assert_eq!((&pm["value"], &pm["percentile"], &pm["count"]), (&json!("36"), &json!("90"), &json!(365)));
    // no ozone: no composite index, and a year without one of the six does not attain
    assert_eq!((&row["period"]["composite"], &row["period"]["attained"]), (&Value::Null, &json!(false)));
    assert_eq!(row["period"]["not_attained"], json!(["O3", "PM2.5"]));
    let (status, made) = person.post("/api/v1/analyse/reports", json!({"kind": "air", "period": "2025"})).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let file = format!("/api/v1/analyse/reports/{}/file?as=csv&table=air_span", made["id"].as_str().expect("an id"));
    let file = person.text(&file).await.1;
    let name = &station.name_zh;
    let line = file.lines().find(|line| line.starts_with(name.as_str())).unwrap_or_else(|| panic!("{file}"));
    // days, good days, share, PM2.5, PM10, SO2, NO2, CO
    let cells: Vec<&str> = line.split(',').collect();
    assert_eq!(cells[1..9], ["365", "329", "90.1", "36", "50", "8", "25", "0.7"], "{line}");
    assert_eq!(cells[12], "未达标", "{line}");
    let other = person.ok("/api/v1/analyse/air/2025?edition=HJ%20633-2026").await;
    let row =
        other["stations"].as_array().expect("rows").iter().find(|r| r["code"] == json!(code)).expect("the station");
    // without ozone HJ 633-2026 §5.3.1 keeps every AQI up to 100 back: the days beyond it are left, and none of them is good
    let counted = (&row["version"], &row["period"]["days"], &row["period"]["good_days"]);
    assert_eq!(counted, (&json!(0), &json!(36), &json!(0)));
}

/// A value that is said anew: only its day, what the day is in, and the areas of the station are judged again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_hour_touches_only_what_depends_on_it() {
    let city = City::start().await;
    let app = &city.running.app;
    let open = async || {
        let jobs = app.store.jobs("evaluate").await.expect("work");
        let mut subjects: Vec<String> =
            jobs.into_iter().map(|job| job.subject.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        subjects.sort();
        subjects
    };
    let of = date(2025, 3, 14);
    let code = app
        .city()
        .stations
        .iter()
        .find(|s| city.points(s.code.as_str()).iter().any(|p| p.0 == "a34004"))
        .map(|s| (s.code.to_string(), s.county.clone()));
    let (code, county) = code.expect("an air station");
    assert!(day(&city, &code, of).await, "a day without data is one, too");
    let areas = ["2025-03-14 @".to_owned(), format!("2025-03-14 @{county}")];
    let spans = ["2025", "2025-03", "2025-Q1"].map(|span| format!("{span} {code}"));
    let mut expected: Vec<String> = areas.into_iter().chain(spans).collect();
    expected.sort();
    let found: Vec<String> = open().await.into_iter().filter(|s| s.starts_with("2025")).collect();
    assert_eq!(found, expected, "five dependents");
    assert!(!day(&city, &code, of).await);
}
