//! Tracing through the API: who is above a section, what rules them out, who is told, and what a pack may lack.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::Value;
use shanshui_domain::analyse::trace::travel::{Current, Flows, speeds};

use crate::support::{City, now_qn};

/// So many whole hours from the present one, as a device stamps them and as the API is asked.
fn hour(h: i64) -> (String, String) {
    let now = jiff::Timestamp::now().as_second().div_euclid(3_600) * 3_600 + h * 3_600;
    let at = jiff::Timestamp::from_second(now).expect("in range");
    let civil = jiff::tz::TimeZone::fixed(jiff::tz::offset(8)).to_datetime(at);
    (civil.strftime("%Y%m%d%H%M%S").to_string(), at.to_string())
}

/// Hours of ammonia of a station, `high` from one hour to before another.
async fn hours(city: &City, station: &str, usual: &str, high: &str, (from, until): (i64, i64)) {
    let mut line = city.line(station).await;
    for h in -48..0 {
        let value = if (from..until).contains(&h) { high } else { usual };
        let area =
            format!("DataTime={};w21003-Min={value},w21003-Avg={value},w21003-Max={value},w21003-Flag=N", hour(h).0);
        let qn = format!("{}{:03}", &now_qn()[..14], 100 + h);
        let frame = line.frame("2061", &qn, &area);
        line.send_and_hear(&frame).await;
    }
}

fn codes(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list");
    list.iter().map(|c| c["station"]["code"].as_str().expect("a code").to_owned()).collect()
}

fn asked(station: &str, factor: &str, rest: &str) -> String {
    format!("/api/v1/analyse/trace/water?station={station}&factor={factor}{rest}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_boundary_section_is_traced_to_the_outlets_above_it() {
    let city = City::start().await;
    hours(&city, "bs04", "0.2", "1.6", (-3, 0)).await;
    hours(&city, "ms14", "0.2", "0.2", (0, 0)).await;
    hours(&city, "ol01", "5.0", "21.0", (-16, -12)).await;
    hours(&city, "ol02", "0.8", "0.8", (0, 0)).await;
    let duty = city.person("zhoumin").await;
    let span = format!("&from={}&to={}", hour(-3).1, hour(0).1);
    let found = duty.ok(&asked("bs04", "w21003", &span)).await;
    let (candidates, out) = (codes(&found["candidates"]), codes(&found["ruled_out"]));
    assert_eq!(candidates[0], "ol01", "{candidates:?}");
    assert!(candidates.contains(&"ol02".to_owned()), "what an outlet says of itself rules nothing out: {candidates:?}");
    // 浮石渡 saw nothing: the ports above it, with the outlet of Kaihua, cannot have done it
    assert!(out.contains(&"ms14".to_owned()) && out.contains(&"ol04".to_owned()), "{out:?}");
    let kaihua = found["ruled_out"].as_array().and_then(|l| l.iter().find(|c| c["station"]["code"] == "ol04"));
    let why = kaihua.and_then(|c| c["reasons"].as_array()?.last()?["zh"].as_str()).expect("a reason");
    assert!(why.contains("公里") || why.contains("浮石渡") || why.contains("小时"), "{why}");
    // everybody above is in one of the lists
    let pack = city.running.app.city();
    let speeds = speeds(&pack.rivers, &Flows::default(), &city.running.app.trace);
    let current = Current { rivers: &pack.rivers, speeds: &speeds };
    let ways = current.up(pack.rivers.spot(&"bs04".into()).expect("placed"));
    let above = pack.rivers.stations().iter().filter(|(c, s)| c.as_str() != "bs04" && ways.from(*s).is_some());
    let above: BTreeSet<String> = above.map(|(c, _)| c.to_string()).collect();
    assert_eq!(candidates.iter().chain(&out).cloned().collect::<BTreeSet<_>>(), above);
    assert_eq!(candidates.len() + out.len(), above.len());
    // and below: the section of Longyou, its intake, the border, in the order of the water
    let arrivals: Vec<&str> =
        found["arrivals"].as_array().expect("a list").iter().filter_map(|a| a["code"].as_str()).collect();
    assert_eq!(arrivals, ["in03", "ms19", "bs05"]);
    assert!(found["stretches"].as_array().is_some_and(|s| s.len() > 20));
    assert_eq!(found["by"], serde_json::json!(["velocities"]));
    let quick = duty.ok(&asked("bs04", "w21003", &format!("{span}&flow=900"))).await;
    assert_eq!(quick["by"], serde_json::json!(["ratio", "velocities", "flow"]), "reservoirs have no law");
    let likely = |found: &Value| found["arrivals"][2]["travel"]["likely_s"].as_f64().expect("seconds");
    assert!(likely(&quick) < likely(&found), "more water is faster");

    // a county is told of its own stations only
    let county = city.person("duanwei").await;
    let few = county.ok(&asked("bs04", "w21003", &span)).await;
    let listed: Vec<String> = codes(&few["candidates"]).into_iter().chain(codes(&few["ruled_out"])).collect();
    assert!(!listed.is_empty());
    for code in &listed {
        let station = city.running.app.station(&code.as_str().into()).expect("known");
        assert_eq!(station.county, "qj", "{code}");
    }
    assert_eq!(county.get(&asked("bs05", "w21003", &span)).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_cannot_be_traced_is_said() {
    let city = City::start().await;
    let duty = city.person("zhoumin").await;
    let refused = async |path: String, status: StatusCode, code: &str, says: &str| {
        let (got, body) = duty.get(&path).await;
        assert_eq!((got, body["code"].as_str()), (status, Some(code)), "{path}: {body}");
        assert!(body["title"]["zh"].as_str().is_some_and(|t| t.contains(says)), "{path}: {body}");
    };
    let (bad, none) = (StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND);
    refused(asked("bs04", "w99999", ""), bad, "bad_request", "factor").await;
    refused(asked("bs04", "w21003", "&from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z"), bad, "bad_request", "from")
        .await;
    refused(asked("bs04", "w21003", "&from=yesterday"), bad, "bad_request", "from").await;
    refused(asked("bs04", "w21003", "&flow=-1"), bad, "bad_request", "flow").await;
    refused(asked("none", "w21003", ""), none, "not_found", "").await;
    refused(asked("as01", "a34004", ""), none, "lacking", "on_reach.csv").await;
    let air = |rest: &str| format!("/api/v1/analyse/trace/air?station={rest}");
    refused(air("as01&hours=99"), bad, "bad_request", "hours").await;
    refused(air("as08"), none, "lacking", "a01007").await;
    let found = duty.ok(&air("as01&hours=4&factor=a34002")).await;
    let hours: Vec<&str> =
        found["sectors"].as_array().expect("hours").iter().filter_map(|s| s["air"].as_str()).collect();
    assert_eq!(hours, ["missing"; 4], "nothing has been measured: it only widens");
}
