//! Outlets over days and longer: hours that are brought, judged, and shown and reported as worked out by hand.

use axum::http::StatusCode;
use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use serde_json::{Value, json};
use shanshui_domain::analyse::span::Span;
use shanshui_server::job::evaluate::outlet;

use super::import::{kept, tried};
use super::support::{City, Person};

const FIRST: Date = date(2025, 3, 1);

/// Brings a month of hours of one outlet; `row` writes those of an hour, none where nothing came.
async fn bring(
    person: &Person,
    code: &str,
    columns: &[(&str, &str, &str)],
    row: impl Fn(i8, i8) -> Option<(&'static str, String)>,
) {
    let names: Vec<&str> = columns.iter().map(|c| c.0).collect();
    let mut text = format!("at,state,{}\n", names.join(","));
    for day in (0..31).map(|n| FIRST + n.days()) {
        for hour in 0..24 {
            if let Some((state, values)) = row(day.day(), hour) {
                text += &format!("{day} {hour:02}:00,{state},{values}\n");
            }
        }
    }
    let (id, plan, report) = tried(person, (&format!("{code}.csv"), text.into()), |plan| {
        *plan = json!({
            "kind": "hour",
            "station": {"fixed": code},
            "time": {"columns": ["at"]},
            "columns": columns.iter().map(|(column, factor, unit)| json!({"column": column, "factor": factor, "unit": unit}))
                .collect::<Vec<_>>(),
            "status": {"column": "state", "marks": {"": "N", "F": "F"}},
        });
    })
    .await;
    assert_eq!(report["faults"], json!({}), "{report}");
    let report = kept(person, &id, &plan).await;
    assert_eq!(report["again"], 31, "each day of the outlet is judged again: {report}");
}

async fn judge(city: &City, code: &str, span: &str) -> bool {
    let station = city.running.app.station(&code.into()).expect("an outlet");
    let span = Span::parse(span).expect("a span");
    outlet::judge_span(&city.running.app, &station, span).await.expect("judged")
}

/// The outlet of a span and one of its factors, as the API shows them.
async fn shown(person: &Person, span: &str, code: &str, factor: &str) -> (Value, Value) {
    let seen = person.ok(&format!("/api/v1/analyse/discharge/{span}")).await;
    let find = |list: &Value, key: &str, of: &str| {
        list.as_array().and_then(|l| l.iter().find(|v| v[key] == of).cloned()).unwrap_or_else(|| panic!("{of}: {list}"))
    };
    let outlet = find(&seen["outlets"], "code", code);
    let factor = find(&outlet["factors"], "factor", factor);
    (outlet, factor)
}

/// COD 50 mg/L at 10 L/s, which is 36 m³ an hour. On the 5th twelve hours of 80 mg/L at 36 m³ and twelve of 140 mg/L at 72 m³:
/// (80·36 + 140·72)/108 = 120 mg/L, 0.2 over the permit's 100, where the plain mean would be 110. On the 6th seven hours do not come:
/// 17 of 24 are 70.8 %, and 75 % are needed. On the 7th the instrument stands.
fn water(day: i8, hour: i8) -> Option<(&'static str, String)> {
    match (day, hour) {
        (5, 12..) => Some(("", "140,20".into())),
        (5, _) => Some(("", "80,10".into())),
        (6, ..7) => None,
        (7, _) => Some(("F", "0,10".into())),
        _ => Some(("", "50,10".into())),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discharge_of_water_is_judged_by_flow_weighted_days() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    bring(&person, "ol01", &[("cod", "w01018", "mg/L"), ("flow", "w00000", "L/s")], water).await;
    assert!(judge(&city, "ol01", "2025-03-05").await, "a day that is new");
    assert!(!judge(&city, "ol01", "2025-03-05").await, "the same again is no news");
    let jobs = city.running.app.store.jobs("evaluate").await.expect("work");
    for span in ["2025", "2025-Q1", "2025-03"] {
        let subject = format!("{span} ol01 ");
        assert!(jobs.iter().any(|job| job.subject.starts_with(&subject)), "{subject}is put down");
    }
    let (outlet, cod) = shown(&person, "2025-03-05", "ol01", "w01018").await;
    assert_eq!((&outlet["verdict"], &outlet["method"]), (&json!("beyond"), &json!("HJ 356-2019")));
    assert_eq!((&cod["mean"], &cod["times_over"]), (&json!("120"), &json!("0.2")), "{cod}");
    assert_eq!((&cod["limits"][0]["text"], &cod["limits"][0]["over"]), (&json!("≤ 100 mg/L"), &json!("day")));
    // 12·(80·36 + 140·72) g = 155.52 kg in 12·108 m³
    assert_eq!((&cod["load_kg"], &cod["volume_m3"]), (&json!("155.52"), &json!("1296")), "{cod}");
    for (day, code) in [("2025-03-06", "low_coverage"), ("2025-03-07", "marked")] {
        judge(&city, "ol01", day).await;
        let (outlet, cod) = shown(&person, day, "ol01", "w01018").await;
        assert_eq!((&outlet["verdict"], &cod["why"]["code"]), (&json!("not_judged"), &json!(code)), "{cod}");
    }

    judge(&city, "ol01", "2025-03").await;
    let (outlet, cod) = shown(&person, "2025-03", "ol01", "w01018").await;
    assert_eq!(outlet["verdict"], "beyond");
    assert_eq!(cod["days"], json!({"judged": 29, "beyond": 1, "marked": 1, "not_judged": 1}), "{cod}");
    assert_eq!((&cod["worst_at"], &cod["worst"]), (&json!("2025-03-05"), &json!("120")));
    // 28·24 hours and 17 of 1.8 kg, and the 5th; 672 + 17 + 24 of 744 hours are known
    assert_eq!((&cod["load_kg"], &cod["load_percent"]), (&json!("1395.72"), &json!("95.83")), "{cod}");
    let sent = &cod["transmission"];
    assert_eq!((&sent["due"], &sent["received"], &sent["valid"]), (&json!(744), &json!(737), &json!(713)));
    let rates = (&sent["transmission"], &sent["effective"], &sent["combined"]);
    assert_eq!(rates, (&json!("99.06"), &json!("96.74"), &json!("95.83")));
    let (_, ammonia) = shown(&person, "2025-03", "ol01", "w21003").await;
    assert_eq!((&ammonia["verdict"], &ammonia["transmission"]["received"]), (&json!("not_judged"), &json!(0)));

    let versions = person.ok("/api/v1/analyse/discharge/2025-03/stations/ol01").await;
    assert_eq!((&versions[0]["class"], &versions[0]["version"]), (&json!(6), &json!(1)));
    let explained = &versions[0]["explanation"];
    assert_eq!(explained["inputs"]["flow"]["flow"], "known");
    let factors = explained["factors"].as_array().expect("factors");
    let cod = factors.iter().find(|f| f["factor"] == "w01018").expect("COD");
    assert_eq!(
        cod["load"]["lost"].as_array().map(Vec::len),
        Some(2),
        "two stretches are lost: {}",
        cod["load"]["lost"]
    );
    assert_eq!(cod["lines"].as_array().map(Vec::len), Some(3), "three days are not plainly within");
    city.running.stop().await;
}

/// SO2 100 mg/m³ at 9 % oxygen and 10 m³/s, which is 36 000 m³ an hour; one hour of 150 mg/m³ at 13 %:
/// 150·(21 − 9)/(21 − 13) = 225 mg/m³, 0.125 over the permit's 200.
fn stack(day: i8, hour: i8) -> String {
    if (day, hour) == (5, 3) { "150,13,10" } else { "100,9,10" }.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discharge_of_a_stack_is_judged_by_folded_hours_and_reported() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    let columns = [("so2", "a21026", "mg/m3"), ("o2", "a19001", "%"), ("flow", "a00000", "m3/s")];
    bring(&person, "ol05", &columns, |day, hour| Some(("", stack(day, hour)))).await;
    judge(&city, "ol05", "2025-03-05").await;
    let (outlet, so2) = shown(&person, "2025-03-05", "ol05", "a21026").await;
    assert_eq!(
        (&outlet["verdict"], &outlet["count"]["judged"], &outlet["count"]["beyond"]),
        (&json!("beyond"), &json!(24), &json!(1))
    );
    assert_eq!(
        (&so2["worst"], &so2["times_over"], &so2["stretch"]),
        (&json!("225"), &json!("0.12"), &json!("hour")),
        "{so2}"
    );
    assert_eq!((&so2["worst_at"], &so2["limits"][0]["reference_oxygen"]), (&json!("2025-03-05T03:00:00"), &json!("9")));
    // (23·100 + 225)/24
    assert_eq!(so2["mean"], "105.2", "{so2}");

    judge(&city, "ol05", "2025-03").await;
    let (_, so2) = shown(&person, "2025-03", "ol05", "a21026").await;
    assert_eq!(so2["count"], json!({"judged": 744, "beyond": 1, "marked": 0, "not_judged": 0}), "{so2}");
    // (30·100 + 105.2083)/31; as measured, 743 hours of 3.6 kg and one of 5.4 kg
    assert_eq!(
        (&so2["mean"], &so2["load_kg"], &so2["load_percent"]),
        (&json!("100.2"), &json!("2680.2"), &json!("100"))
    );

    // without oxygen nothing is held against a limit at reference oxygen, and what flowed is still a load
    bring(&person, "ol07", &[("so2", "a21026", "mg/m3"), ("flow", "a00000", "m3/s")], |_, _| {
        Some(("", "30,10".into()))
    })
    .await;
    judge(&city, "ol07", "2025-03").await;
    let (outlet, so2) = shown(&person, "2025-03", "ol07", "a21026").await;
    assert_eq!((&outlet["verdict"], &so2["why"]["code"]), (&json!("not_judged"), &json!("no_oxygen")), "{so2}");
    assert_eq!(so2["load_kg"], "803.52", "744 hours of 1.08 kg");

    let leader = city.person("qiulei").await;
    for (kind, table, key, expected) in [
        ("outlet_compliance", "outlets", "ol05", &["744", "1", "99.9", "二氧化硫（0.1）"][..]),
        ("transmission", "rates", "ol05 a21026", &["744", "744", "744", "100.0", "100.0", "100.0"][..]),
    ] {
        let (status, row) = leader.post("/api/v1/analyse/reports", json!({"kind": kind, "period": "2025-03"})).await;
        assert_eq!(status, StatusCode::OK, "{row}");
        let id = row["id"].as_str().expect("an id");
        let report = leader.ok(&format!("/api/v1/analyse/reports/{id}")).await.to_string();
        assert!(report.contains(table) && report.contains(key), "{report}");
        let file = leader.text(&format!("/api/v1/analyse/reports/{id}/file?as=csv&table={table}")).await.1;
        let line = file
            .lines()
            .find(|line| line.contains("青岚精细化工锅炉烟囱") && line.contains("二氧化硫"))
            .expect("a line");
        assert!(expected.iter().all(|cell| line.split(',').any(|c| c == *cell)), "{kind}: {line}");
    }
    city.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discharge_is_asked_for_by_spans_that_are_judged() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    for (path, status) in [
        ("/api/v1/analyse/discharge/May", StatusCode::BAD_REQUEST),
        ("/api/v1/analyse/discharge/2025-W11", StatusCode::BAD_REQUEST),
        ("/api/v1/analyse/discharge/2025-03/stations/nowhere", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(person.get(path).await.0, status, "{path}");
    }
    let seen = person.ok("/api/v1/analyse/discharge/2025-03").await;
    let outlets = seen["outlets"].as_array().expect("outlets");
    assert_eq!(outlets.len(), 8);
    assert!(outlets.iter().all(|o| o["version"] == 0 && o["verdict"] == "not_judged"), "nothing was judged: {seen}");
    city.running.stop().await;
}
