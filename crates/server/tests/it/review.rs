//! Data review from a telegram to a published span: what is found, what reviewers make of it, and what follows from that.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{City, Person, civil, until};

/// Hours of pH at a section of a while ago: steady, with one that jumps on a day that is over.
async fn upload(city: &City, station: &str) -> usize {
    let mut line = city.line(station).await;
    let mut sent = 0;
    for hour in (4..=40).rev() {
        let ph = if hour == 30 { "10.21" } else { ["7.91", "7.93", "7.90"][hour % 3] };
        let stamp = format!("{}0000", &civil(-3_600 * hour as i64)[..10]);
        line.upload("2061", &format!("DataTime={stamp};w01001-Avg={ph},w01001-Flag=N")).await;
        sent += 1;
    }
    sent
}

async fn findings(person: &Person, query: &str) -> Vec<Value> {
    let page = person.ok(&format!("/api/v1/analyse/review/findings?{query}")).await;
    page["items"].as_array().expect("items").clone()
}

/// Has what came looked at, and gives what was found of pH at a station.
async fn looked_at(person: &Person, station: &str) -> Vec<Value> {
    let (status, _) = person.post("/api/v1/analyse/review/rounds", json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    until("findings", async || {
        let found = findings(person, &format!("station={station}&limit=200")).await;
        found.iter().any(|f| f["rule"] == "jump").then_some(found)
    })
    .await
}

async fn decide(person: &Person, id: &str, body: Value) -> (StatusCode, Value) {
    person.post(&format!("/api/v1/analyse/review/findings/{id}/decision"), body).await
}

/// The value of a point that counts at an instant: text, mark, versions.
async fn counts(person: &Person, point: i64, at: &str) -> (Value, Value, Value) {
    let to = at.replace(":00:00Z", ":00:01Z");
    let path = format!("/api/v1/sense/points/{point}/curve?kind=hour&from={at}&to={to}");
    let rows = person.ok(&path).await["rows"].clone();
    (rows[0]["value"].clone(), rows[0]["mark"].clone(), rows[0]["versions"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_is_found_reviewed_at_three_levels_and_published() {
    let city = City::start().await;
    upload(&city, "ms16").await;
    let (first, second, third) = (city.person("sunyu").await, city.person("tangke").await, city.person("luoxin").await);
    let found = looked_at(&first, "ms16").await;
    let jump = found.iter().find(|f| f["rule"] == "jump").expect("the jump");
    assert_eq!((&jump["factor"], &jump["kind"], &jump["waits"]), (&json!("w01001"), &json!("hour"), &json!(1)));
    assert!(jump["reason"]["zh"].as_str().expect("words").contains("10.21"), "{jump}");
    // the same again finds nothing twice
    let (status, _) = first.post("/api/v1/analyse/review/rounds", json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);

    let id = jump["id"].as_str().expect("an id");
    let version = jump["version"].clone();
    let detail = first.ok(&format!("/api/v1/analyse/review/findings/{id}")).await;
    assert_eq!(detail["levels"], json!([1]));
    assert!(!detail["evidence"].as_array().expect("evidence").is_empty());
    let bad = detail["values"].as_array().expect("values").iter().find(|v| v["value"] == "10.21").expect("the value");
    let (at, point) = (bad["at"].as_str().expect("a time").to_owned(), jump["point"].as_i64().expect("a point"));

    // who may what, and in which order
    let accept = |level: i64| json!({"version": version, "level": level, "verdict": "accept"});
    assert_eq!(decide(&first, id, accept(2)).await.0, StatusCode::FORBIDDEN);
    let (status, problem) = decide(&second, id, accept(2)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().expect("words").contains("level 1"), "{problem}");
    assert_eq!(
        decide(&first, id, json!({"version": version, "level": 1, "verdict": "forget"})).await.0,
        StatusCode::BAD_REQUEST
    );
    let unknown = json!({"version": version, "level": 1, "verdict": "invalidate", "ground": "mood"});
    assert_eq!(decide(&first, id, unknown).await.0, StatusCode::CONFLICT);

    let invalid = json!({"version": version, "level": 1, "verdict": "invalidate", "ground": "fault"});
    let (status, done) = decide(&first, id, invalid).await;
    assert_eq!((status, &done["waits"]), (StatusCode::OK, &json!(2)), "{done}");
    assert!(done["decision"]["changed"].as_i64().expect("a count") >= 1);
    assert_eq!(counts(&first, point, &at).await, (json!("10.21"), json!("X"), json!(2)));

    // the device says it again, otherwise: that is kept, and does not count
    let mut line = city.line("ms16").await;
    let stamp: jiff::Timestamp = at.parse().expect("a time");
    let local = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a zone").to_datetime(stamp);
    let stamp = local.strftime("%Y%m%d%H%M%S").to_string();
    line.upload("2061", &format!("DataTime={stamp};w01001-Avg=8.88,w01001-Flag=N")).await;
    let restated = until("the finding", async || {
        first.post("/api/v1/analyse/review/rounds", json!({})).await;
        findings(&first, "station=ms16&rule=restated").await.into_iter().next()
    })
    .await;
    assert!(restated["reason"]["en"].as_str().expect("words").contains("8.88"), "{restated}");
    assert_eq!(counts(&first, point, &at).await, (json!("10.21"), json!("X"), json!(4)));
    let values = first.ok(&format!("/api/v1/analyse/review/findings/{id}")).await["values"].clone();
    let said: Vec<_> = values.as_array().expect("values").iter().filter(|v| v["at"] == json!(at)).collect();
    assert_eq!(said.iter().filter(|v| v["telegram"].is_i64()).count(), 2, "{said:?}");
    assert_eq!(said.iter().filter(|v| v["decision"]["by"]["login"] == "sunyu").count(), 2, "{said:?}");

    // everything of that day goes through three levels; then it is signed, and published
    let day = local.date().to_string();
    for (person, level) in [(&first, 1), (&second, 2), (&third, 3)] {
        for f in findings(person, &format!("station=ms16&level={level}&limit=200")).await {
            let body = json!({"version": f["version"], "level": level, "verdict": "accept"});
            let (status, done) = decide(person, f["id"].as_str().expect("an id"), body).await;
            assert_eq!(status, StatusCode::OK, "{done}");
        }
        let sign = json!({"station": "ms16", "span": day, "level": level});
        let (status, period) = person.post("/api/v1/analyse/review/sign-offs", sign).await;
        assert_eq!((status, &period["signed"]), (StatusCode::OK, &json!(level)), "{period}");
    }
    let values = |level: i64, note: &str| {
        json!({"station": "ms16", "point": point, "kind": "hour", "from": at, "to": at.replace(":00:00Z", ":00:01Z"),
            "level": level, "verdict": "manual", "value": "7.92", "document": "复测 2026-01", "note": note})
    };
    let path = "/api/v1/analyse/review/decisions";
    let (status, problem) = second.post(path, values(2, "复测")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().expect("words").contains("published"), "{problem}");
    assert_eq!(third.post(path, values(3, "")).await.0, StatusCode::CONFLICT, "it must be said why");
    let (status, done) = third.post(path, values(3, "复测")).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    let edition = &done["editions"][0];
    assert_eq!((&edition["before"]["edition"], &edition["now"]["edition"]), (&json!(1), &json!(2)), "both are shown");
    assert_ne!(edition["before"]["digest"], edition["now"]["digest"]);
    let period = third.ok(&format!("/api/v1/analyse/review/sign-offs?station=ms16&span={day}")).await;
    assert_eq!((&period["published"], &period["changed"]), (&json!(2), &json!(false)), "{period}");
    assert_eq!(counts(&third, point, &at).await, (json!("7.92"), json!("N"), json!(5)));
    for found in city.running.app.store.check().await.expect("looked at") {
        assert!(found.ok, "{}: {}", found.what, found.detail);
    }
    city.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_opens_one_case_from_what_was_found() {
    let city = City::start().await;
    upload(&city, "ms16").await;
    let (reviewer, duty) = (city.person("sunyu").await, city.person("chenlu").await);
    let found = looked_at(&reviewer, "ms16").await;
    let id = found[0]["id"].as_str().expect("an id");
    let path = format!("/api/v1/analyse/review/findings/{id}/case");
    let body = json!({"title": "pH 突变后回落", "note": "请到现场核查"});
    assert_eq!(reviewer.post(&path, body.clone()).await.0, StatusCode::FORBIDDEN);
    let (status, case) = duty.post(&path, body.clone()).await;
    assert_eq!((status, &case["finding"]), (StatusCode::OK, &json!(id)), "{case}");
    assert_eq!(duty.post(&path, body).await.0, StatusCode::CONFLICT, "once");
    let detail = duty.ok(&format!("/api/v1/analyse/review/findings/{id}")).await;
    assert_eq!((&detail["finding"]["case"], &detail["finding"]["waits"]), (&case["summary"]["id"], &json!(1)));
    let (status, problem) = duty.get("/api/v1/analyse/review/findings?level=4").await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("bad_request")));
    let (status, _) = duty.get("/api/v1/analyse/review/sign-offs?station=ms16&span=soon").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let rules = duty.ok("/api/v1/analyse/review/rules").await;
    let detectors = rules["rules"].as_array().expect("rules").iter().filter(|r| r["family"] == "clue");
    assert!(detectors.clone().count() >= 18 && detectors.clone().all(|r| r["measured"]["recall"].is_string()));
    city.running.stop().await;
}
