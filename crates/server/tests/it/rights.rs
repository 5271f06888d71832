//! The whole matrix: each role, each route, each relation of a row to whoever asks; held against the table of rights.
//!
//! For every role there is somebody with one post: officers in the branch of 柯城, an enterprise's manager in that enterprise. Rows lie
//! at four distances from them: their own, their unit's, in their area, elsewhere. Whether a request finds its row must follow from the
//! reach of the role and the distance of the row alone; a row that is not found says nothing about itself.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::Method;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use shanshui_domain::act::alarm::{AlarmKind, AlarmState};
use shanshui_domain::act::case::{Action, Event};
use shanshui_domain::id::{AlarmId, CaseId, EvidenceId, OrganisationCode, PersonId, PostId, StationCode};
use shanshui_domain::right::{Caller, Group, Reach, Rights, Role, Seeker};
use shanshui_domain::time::Instant;
use shanshui_server::http::hash;
use shanshui_server::http::rights::{RIGHTS, Who};
use shanshui_store::{AlarmRow, CaseIn, EvidenceRow, FindingFilter, FindingIn, ForecastRow, PersonRow, PostRow};
use uuid::Uuid;

use crate::seen;
use crate::support::{City, Person, civil, until, water};

const PASSWORD: &str = "blue kettles hum at noon";

/// How far a row lies from whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Distance {
    Own,
    Unit,
    Area,
    Other,
}

impl Distance {
    const ALL: [Self; 4] = [Self::Own, Self::Unit, Self::Area, Self::Other];

    fn within(self, reach: Option<Reach>) -> bool {
        let needed = match self {
            Self::Own => Reach::Own,
            Self::Unit => Reach::Unit,
            Self::Area => Reach::Area,
            Self::Other => Reach::All,
        };
        reach.is_some_and(|reach| reach >= needed)
    }
}

fn home(role: Role) -> &'static str {
    match role {
        Role::EnterpriseManager => "e01",
        role if role.group() == Group::Outside => "two-mountains",
        _ => "br-kc",
    }
}

fn id(role: Role) -> PersonId {
    PersonId(Uuid::from_u128(0x0001_0000 + role as u128))
}

/// One person for each role, and a colleague of all in the branch.
async fn settle(city: &City) {
    let now = city.running.app.clock.now();
    let password_hash = tokio::task::spawn_blocking(|| hash::hash_password(PASSWORD)).await.expect("no panic");
    let password_hash = password_hash.expect("hashed");
    let post = |n: u128, person, role, organisation: &str| PostRow {
        id: PostId(Uuid::from_u128(0x0005_0000 + n)),
        person,
        organisation: OrganisationCode(organisation.into()),
        role,
        certificate: None,
        since: Instant(0),
        until: None,
        given_by: None,
        given_at: Instant(0),
        ended_at: None,
    };
    let row = |id, login: &str| PersonRow {
        id,
        login: login.into(),
        name_zh: login.into(),
        name_en: login.into(),
        password_hash: password_hash.clone(),
        disabled: false,
        must_change: false,
    };
    let mut people: Vec<_> = Role::ALL
        .iter()
        .map(|role| {
            let posts = vec![post(*role as u128, id(*role), *role, home(*role))];
            (row(id(*role), &format!("m-{}", role.as_str())), posts)
        })
        .collect();
    people.push((row(COLLEAGUE, "m-colleague"), vec![post(0xff, COLLEAGUE, Role::CaseOfficer, "br-kc")]));
    let store = &city.running.app.store;
    store.people_join(&Caller::machine(), people, now).await.expect("joined");
    city.running.app.people_reload().await.expect("read");
}

const COLLEAGUE: PersonId = PersonId(Uuid::from_u128(0x0002_0000));
/// Of the city's command centre: nobody's unit and area here.
const STRANGER: PersonId = PersonId(Uuid::from_u128(0x0003_0000));

/// A station at a distance from somebody of a role; none where such a station cannot be.
fn station(city: &City, role: Role, distance: Distance) -> Option<StationCode> {
    let known = city.running.app.city();
    let of_enterprise = role == Role::EnterpriseManager;
    let found = known.stations.iter().find(|s| match distance {
        Distance::Own => false,
        Distance::Unit if of_enterprise => s.enterprise.as_deref() == Some("e01"),
        Distance::Unit => s.unit == "br-kc",
        Distance::Area if of_enterprise => s.county == "kc" && s.enterprise.is_none(),
        Distance::Area => s.county == "kc" && s.unit != "br-kc",
        Distance::Other => s.county == "qj",
    });
    found.map(|s| s.code.clone())
}

/// An alarm at a station, and a case from it.
async fn alarm_at(city: &City, n: u128, station: &StationCode) -> AlarmId {
    let (id, at) = (AlarmId(Uuid::from_u128(0x000a_0000 + n)), city.running.app.clock.now());
    let row = AlarmRow {
        id,
        condition: format!("matrix:{n}"),
        kind: AlarmKind::Exceedance,
        station: station.clone(),
        point: None,
        factor: None,
        value: None,
        limit_text: None,
        message_zh: "试".into(),
        message_en: "test".into(),
        basis: "{}".into(),
        state: AlarmState::Open,
        opened: at,
        last: at,
        count: 1,
        ended: None,
        acknowledged_by: None,
        acknowledged_at: None,
        case: None,
    };
    city.running.app.store.alarm_raise(row).await.expect("raised");
    id
}

/// A forecast at a station.
async fn forecast_at(city: &City, station: &StationCode, factor: &str) {
    let row = ForecastRow {
        station: station.clone(),
        factor: factor.into(),
        kind: "series".into(),
        day: "2026-02-01".into(),
        version: 0,
        made: city.running.app.clock.now(),
        shown: false,
        body: r#"{"v":1,"not_forecast":{"reason":"nothing"}}"#.into(),
    };
    city.running.app.store.forecast_put(row).await.expect("kept");
}

/// Something that was found at a station.
async fn finding_at(city: &City, n: u128, station: &StationCode) -> String {
    let store = &city.running.app.store;
    let found = FindingIn {
        station: station.clone(),
        point: None,
        factor: None,
        kind: None,
        family: "check".into(),
        rule: format!("matrix-{n}"),
        rule_version: 1,
        from: Instant(0),
        to: Instant(1),
        score: None,
        urgency: 1,
        evidence: "[]".into(),
        reason: "{}".into(),
    };
    store.findings_put(vec![found], Instant(0)).await.expect("kept");
    let filter = FindingFilter { rule: Some(format!("matrix-{n}")), ..FindingFilter::default() };
    store.findings(&Caller::machine(), &filter, None, 1).await.expect("rows")[0].newest.id.clone()
}

/// A case at a distance, given to somebody there, with a file: its id and the file's.
async fn case_at(city: &City, n: u128, role: Role, distance: Distance) -> Option<(CaseId, EvidenceId)> {
    let store = &city.running.app.store;
    let at = city.running.app.clock.now();
    // a case of somebody's own lies elsewhere, and so does that of a colleague: only people tie them
    let lies = if distance == Distance::Area { "kc" } else { "qj" };
    let to = match distance {
        Distance::Own => id(role),
        Distance::Unit if home(role) == "br-kc" => COLLEAGUE,
        Distance::Unit => return None,
        Distance::Area | Distance::Other => STRANGER,
    };
    let (case, file) = (CaseId(Uuid::from_u128(0x000c_0000 + n)), EvidenceId(Uuid::from_u128(0x000e_0000 + n)));
    let event = |action| Event { v: 1, at, by: STRANGER, behalf: None, action, note: String::new() };
    let open = event(Action::Open { title: "试".into(), alarm: None, finding: None });
    let new = CaseIn { id: case, series: "M".into(), event: open, area: lies.into() };
    store.case_open(&Caller::machine(), new).await.expect("opened");
    let assign = event(Action::Assign { to, due: at.plus_ms(3_600_000) });
    store.case_commit(&Caller::machine(), case, 1, &[assign]).await.expect("assigned");
    let row = EvidenceRow {
        id: file,
        case,
        name: "a.png".into(),
        media_type: "image/png".into(),
        size: 1,
        sha256: hex::encode(Sha256::digest([1])),
        by: STRANGER,
        at,
    };
    store.evidence_put(&Caller::machine(), &row, vec![1]).await.expect("kept");
    Some((case, file))
}

/// The path of a route for a row at a distance; none where there can be no such row, or the route has none.
async fn path_to(
    city: &City,
    template: &str,
    (role, distance): (Role, Distance),
    n: u128,
    telegrams: &[(StationCode, i64)],
) -> Option<String> {
    let at_station = || station(city, role, distance);
    let app = &city.running.app;
    Some(match template {
        "/api/v1/sense/stations/{code}" | "/api/v1/analyse/stations/{code}/judgements" => {
            template.replace("{code}", at_station()?.as_str())
        }
        "/api/v1/analyse/water/{span}/stations/{code}" | "/api/v1/analyse/discharge/{span}/stations/{code}" => {
            template.replace("{span}", "2026-02").replace("{code}", at_station()?.as_str())
        }
        // what has no place on the network is not found by anybody
        "/api/v1/analyse/trace/water" => {
            let code = at_station()?;
            app.city().rivers.spot(&code)?;
            format!("{template}?station={code}&factor=w01001")
        }
        "/api/v1/analyse/forecasts/{station}/{factor}" => {
            let code = at_station()?;
            let factor = city.points(code.as_str()).first()?.0.clone();
            forecast_at(city, &code, &factor).await;
            template.replace("{station}", code.as_str()).replace("{factor}", &factor)
        }
        "/api/v1/analyse/review/findings/{id}"
        | "/api/v1/analyse/review/findings/{id}/decision"
        | "/api/v1/analyse/review/findings/{id}/case" => {
            template.replace("{id}", &finding_at(city, n, &at_station()?).await)
        }
        _ if template.starts_with("/api/v1/sense/eye/cameras/{id}") => {
            let (code, camera) = (at_station()?, format!("c{n}"));
            seen::camera(&app.store, &camera, &code, app.clock.now()).await;
            let span =
                if template.ends_with("/guard") { "?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z" } else { "" };
            template.replace("{id}", &camera).replace("{n}", "1") + span
        }
        // a file is there only when it was kept: which files there are is no matter of rights
        "/api/v1/sense/eye/events/{id}/files/{name}" | "/api/v1/sense/eye/events/{id}/plain" => return None,
        _ if template.starts_with("/api/v1/sense/eye/events/{id}") => {
            let (code, event) = (at_station()?, format!("e{n}"));
            seen::camera(&app.store, &format!("c{n}"), &code, app.clock.now()).await;
            seen::event(&app.store, &event, &format!("c{n}"), &code, (app.clock.now(), true)).await;
            template.replace("{id}", &event)
        }
        _ if template.starts_with("/api/v1/sense/eye/visits/{id}") => {
            let (code, visit, now) = (at_station()?, format!("v{n}"), app.clock.now());
            seen::visit(&app.store, &visit, &code, STRANGER, (now, now.plus_ms(3_600_000))).await;
            template.replace("{id}", &visit)
        }
        _ if template.starts_with("/api/v1/sense/eye/voice/{station}") => {
            template.replace("{station}", at_station()?.as_str())
        }
        "/api/v1/sense/points/{id}/curve" | "/api/v1/sense/points/{id}/statistics" => {
            template.replace("{id}", &city.points(at_station()?.as_str()).first()?.1.to_string())
        }
        "/api/v1/sense/devices/{mn}/commands" => {
            let code = at_station()?;
            let device = app.devices().into_iter().find(|d| d.device.station == code)?;
            template.replace("{mn}", device.device.mn.as_str())
        }
        "/api/v1/sense/telegrams/{id}" => {
            let code = at_station()?;
            template.replace("{id}", &telegrams.iter().find(|(s, _)| *s == code)?.1.to_string())
        }
        "/api/v1/act/alarms/{id}/acknowledge" => {
            template.replace("{id}", &alarm_at(city, n, &at_station()?).await.to_string())
        }
        "/api/v1/act/cases/{id}" | "/api/v1/act/cases/{id}/actions" => {
            template.replace("{id}", &case_at(city, n, role, distance).await?.0.to_string())
        }
        "/api/v1/act/cases/{id}/evidence" => {
            let case = case_at(city, n, role, distance).await?.0.to_string();
            format!("{}?name=x.png", template.replace("{id}", &case))
        }
        "/api/v1/act/evidence/{id}" => template.replace("{id}", &case_at(city, n, role, distance).await?.1.to_string()),
        _ => return None,
    })
}

async fn ask(person: &Person, method: &Method, path: &str) -> (StatusCode, Value) {
    match *method {
        Method::GET => person.get(path).await,
        _ if path.contains("/sense/eye/") => {
            let body = eye_body(path);
            if *method == Method::PUT { person.put(path, body).await } else { person.post(path, body).await }
        }
        Method::PUT => person.put(path, json!({})).await,
        _ if path.ends_with("/actions") => person.post(path, json!({"version": 99, "action": "close"})).await,
        _ if path.ends_with("/decision") => {
            person.post(path, json!({"version": 99, "level": 1, "verdict": "accept"})).await
        }
        _ if path.ends_with("/case") => person.post(path, json!({"title": "试"})).await,
        _ if path.ends_with("/commands") => person.post(path, json!({"kind": "set_clock", "reason": "校时"})).await,
        _ => person.post(path, json!({})).await,
    }
}

/// Something that each route of the Eye can read, so that what it answers is about its row.
fn eye_body(path: &str) -> Value {
    let fences = json!({"fences": []});
    let span = ("2026-03-01T00:00:00Z", "2026-03-01T01:00:00Z");
    match path.rsplit('/').next().unwrap_or_default() {
        "scene" | "case" | "cancel" => json!({"note": "试"}),
        "fences" => json!({"base_version": 99, "plan": fences, "note": "试"}),
        "replay" => json!({"plan": fences, "from": span.0, "to": span.1}),
        "quiet" => json!({"bbox": [0.1, 0.1, 0.2, 0.2], "label": "person", "note": "试"}),
        "verdict" => json!({"verdict": "person", "reason": "试"}),
        "suspicion" => json!({"act": "lift", "reason": "试"}),
        "plain" => json!({"name": "entry.jpg", "reason": "试"}),
        "pack" => json!({"reason": "试", "plain": false}),
        "decide" => json!({"approve": false, "note": "试"}),
        _ if path.contains("/cameras/") => json!({"code": "x", "station": "ms01", "name_zh": "试", "name_en": "test",
            "kind": "drawn", "base_version": 99}),
        _ if path.contains("/voice/") => {
            json!({"base_version": 99, "text_zh": "试", "text_en": "test", "languages": ["zh"],
            "driver": {"kind": "browser"}, "repeat": 1, "gap_s": 10, "cooldown_s": 10, "quiet": [], "escalate_after": 0})
        }
        _ => json!({}),
    }
}

/// A route whose answer does not come back, or that ends the session.
fn is_asked(template: &str) -> bool {
    !["/api/v1/system/logout", "/api/v1/events", "/api/v1/system/login", "/healthz", "/readyz"].contains(&template)
}

/// A path of a route with something in every place.
fn anything(template: &str) -> String {
    template
        .replace("{code}", "none")
        .replace("{span}", "2026-02")
        .replace("{mn}", "NONE")
        .replace("{seq}", "1")
        .replace("{login}", "a b")
        .replace("points/{id}", "points/1")
        .replace("telegrams/{id}", "telegrams/1")
        .replace("{id}", "00000000-0000-0000-0000-000000000001")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_reaches_what_the_table_says_on_every_route_and_nothing_else() {
    let city = City::with(|config| config.hj212.commands = true).await;
    settle(&city).await;
    let rights = Rights::embedded().expect("whole");
    let mut telegrams = Vec::new();
    // one telegram of each station that stands for a distance
    for role in [Role::DutyOfficer, Role::EnterpriseManager] {
        for distance in Distance::ALL {
            let Some(code) = station(&city, role, distance) else { continue };
            if telegrams.iter().any(|(s, _)| *s == code) {
                continue;
            }
            let mut line = city.line(code.as_str()).await;
            line.upload("2011", &water(&civil(-60), "7.1")).await;
            let store = city.running.app.store.clone();
            let mn = line.device.mn.clone();
            let found = until("the telegram", async || {
                let all = store.telegrams_after(shanshui_domain::id::TelegramId(0), 1_000).await.ok()?;
                all.into_iter().rev().find(|t| t.telegram.mn.as_ref() == Some(&mn)).map(|t| t.id.0)
            })
            .await;
            telegrams.push((code, found));
        }
    }
    let (mut cells, mut wrong, mut table, mut n) = (0, Vec::new(), String::new(), 0);
    for role in Role::ALL {
        let person = city.somebody(&format!("m-{}", role.as_str()), PASSWORD).await;
        for (method, template, who) in RIGHTS.iter().filter(|(_, template, _)| is_asked(template)) {
            let reach = match who {
                Who::Public => Some(Reach::All),
                Who::Right(right) => {
                    rights.reach(*right, Seeker::Role(*role)).or(rights.reach(*right, Seeker::Anybody))
                }
            };
            let (status, body) = ask(&person, method, &anything(template)).await;
            let refused = status == StatusCode::FORBIDDEN && body["code"] == "forbidden";
            cells += 1;
            if refused != reach.is_none() {
                wrong.push(format!("{} {method} {template}: {status}, and the table says {reach:?}", role.as_str()));
            }
            let _ = write!(table, "{},{method},{template},{}", role.as_str(), reach.map_or("-", Reach::as_str));
            for distance in Distance::ALL {
                n += 1;
                if reach.is_none() {
                    continue;
                }
                let Some(path) = path_to(&city, template, (*role, distance), n, &telegrams).await else { continue };
                let (status, _) = ask(&person, method, &path).await;
                let found = status != StatusCode::NOT_FOUND && status != StatusCode::FORBIDDEN;
                cells += 1;
                if found != distance.within(reach) {
                    wrong.push(format!("{} {method} {template} {distance:?}: {status}", role.as_str()));
                }
                let _ = write!(table, ",{distance:?}={}", if found { "found" } else { "none" });
            }
            table.push('\n');
        }
    }
    let nobody = city.nobody();
    for (method, template, who) in RIGHTS.iter().filter(|(_, template, _)| is_asked(template)) {
        let (status, _) = ask(&nobody, method, &anything(template)).await;
        cells += 1;
        if (status == StatusCode::UNAUTHORIZED) != (*who != Who::Public) {
            wrong.push(format!("nobody {method} {template}: {status}"));
        }
    }
    println!("{table}");
    println!("rights: {cells} cells, {} wrong", wrong.len());
    assert!(cells > 1_000, "{cells}");
    assert!(wrong.is_empty(), "{} of {cells}:\n{}", wrong.len(), wrong.join("\n"));
    city.running.stop().await;
}

#[tokio::test]
async fn lists_and_streams_show_nothing_from_elsewhere() {
    let city = City::start().await;
    let county = city.person("duanwei").await;
    let stations = county.ok("/api/v1/sense/stations").await;
    let counties: Vec<&str> =
        stations.as_array().expect("stations").iter().filter_map(|s| s["county"]["zh"].as_str()).collect();
    assert!(!counties.is_empty() && counties.iter().all(|c| *c == "衢江区"), "{counties:?}");
    let devices = county.ok("/api/v1/sense/devices").await;
    let known: Vec<&Value> = stations.as_array().expect("stations").iter().map(|s| &s["code"]).collect();
    assert!(devices.as_array().expect("devices").iter().all(|d| known.contains(&&d["station"])));
    assert_eq!(county.ok("/api/v1/sense/quarantine").await, json!([]), "what lies nowhere is for who looks after all");
    let mut stream = county.raw(|http, base| http.get(format!("{base}/api/v1/events"))).await;
    let (here, elsewhere) = (station(&city, Role::DutyOfficer, Distance::Other), StationCode::from("ms01"));
    alarm_at(&city, 1, &elsewhere).await;
    let here = here.expect("a station of the county");
    alarm_at(&city, 2, &here).await;
    for n in [1, 2] {
        let id = AlarmId(Uuid::from_u128(0x000a_0000 + n));
        let row = city.running.app.store.alarm(&Caller::machine(), id).await.expect("there");
        let view = city.running.app.alarm_view(&row);
        city.running.app.tell(shanshui_server::app::Live::Alarm(Box::new(view)));
    }
    let mut heard = String::new();
    while !heard.contains("event: alarm") {
        let chunk = tokio::time::timeout(Duration::from_secs(20), stream.chunk()).await.expect("in time");
        heard.push_str(&String::from_utf8_lossy(&chunk.expect("the stream lives").expect("more")));
    }
    assert!(heard.contains(here.as_str()) && !heard.contains("\"ms01\""), "{heard}");
    let alarms = county.ok("/api/v1/act/alarms").await;
    assert!(alarms["items"].as_array().expect("alarms").iter().all(|a| a["station"] != "ms01"));
    let manager = city.person("gaohui").await;
    let outlets = manager.ok("/api/v1/sense/stations").await;
    let outlets = outlets.as_array().expect("stations");
    assert!(!outlets.is_empty() && outlets.iter().all(|s| s["enterprise"]["zh"] == "演示·青岚精细化工厂"));
    city.running.stop().await;
}

#[tokio::test]
async fn posts_are_given_ended_and_felt_at_once() {
    let city = City::start().await;
    let (system, security) = (city.person("xuning").await, city.person("linqiao").await);
    let account = json!({"name": {"zh": "新人", "en": "Newcomer"}, "disabled": false, "password": PASSWORD});
    let (status, made) = system.put("/api/v1/system/accounts/newcomer", account.clone()).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    assert_eq!(security.put("/api/v1/system/accounts/newcomer", account.clone()).await.0, StatusCode::FORBIDDEN);
    let foreign = system.put("/api/v1/system/accounts/linqiao", account).await;
    assert_eq!(foreign.0, StatusCode::FORBIDDEN, "another administrator's account is not changed from here");
    let newcomer = city.somebody("newcomer", PASSWORD).await;
    let own = json!({"old": PASSWORD, "new": "nine herons cross the weir"});
    assert_eq!(newcomer.post("/api/v1/system/password", own).await.0, StatusCode::NO_CONTENT);
    assert_eq!(newcomer.ok("/api/v1/system/me").await["rights"], json!(["session.own"]), "no post, no right");
    let post = |role: &str| json!({"person": made["person"]["id"], "role": role, "organisation": "br-qj"});
    assert_eq!(system.post("/api/v1/system/posts", post("duty_officer")).await.0, StatusCode::FORBIDDEN);
    let (status, given) = security.post("/api/v1/system/posts", post("duty_officer")).await;
    assert_eq!((status, given["held"].as_bool()), (StatusCode::OK, Some(true)), "{given}");
    let (status, body) = security.post("/api/v1/system/posts", post("system_administrator")).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::CONFLICT, Some("apart")));
    let (status, body) = security.post("/api/v1/system/posts", post("enforcement_officer")).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::BAD_REQUEST, Some("bad_request")), "no certificate");
    assert_eq!(newcomer.get("/api/v1/act/alarms").await.0, StatusCode::OK, "felt at once");
    let end = format!("/api/v1/system/posts/{}/end", given["id"].as_str().expect("an id"));
    assert_eq!(security.post(&end, json!({})).await.0, StatusCode::OK);
    assert_eq!(newcomer.get("/api/v1/act/alarms").await.0, StatusCode::FORBIDDEN);
    city.running.stop().await;
}

#[tokio::test]
async fn a_broken_glass_shows_everything_and_is_written_down() {
    let city = City::start().await;
    let duty = city.person("duanwei").await;
    let before = duty.ok("/api/v1/sense/stations").await.as_array().map(Vec::len);
    let (status, _) = duty.post("/api/v1/system/glass", json!({"reason": "急", "minutes": 10})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a reason says something");
    let security = city.person("linqiao").await;
    let mut stream = security.raw(|http, base| http.get(format!("{base}/api/v1/events"))).await;
    let (status, glass) = duty.post("/api/v1/system/glass", json!({"reason": "跨界污染应急", "minutes": 10})).await;
    assert_eq!((status, glass["holds"].as_bool()), (StatusCode::OK, Some(true)), "{glass}");
    let all = duty.ok("/api/v1/sense/stations").await.as_array().map(Vec::len);
    assert!(all > before, "{all:?} {before:?}");
    assert_eq!(duty.ok("/api/v1/system/me").await["glass"], true);
    let mut heard = String::new();
    while !heard.contains("event: glass") {
        let chunk = tokio::time::timeout(Duration::from_secs(20), stream.chunk()).await.expect("in time");
        heard.push_str(&String::from_utf8_lossy(&chunk.expect("the stream lives").expect("more")));
    }
    let seen = security.ok("/api/v1/system/glass").await;
    assert_eq!(seen[0]["reason"], "跨界污染应急");
    assert_eq!(duty.post("/api/v1/system/glass/mend", json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(duty.ok("/api/v1/sense/stations").await.as_array().map(Vec::len), before);
    let officer = city.person("fangjie").await;
    let (status, _) = officer.post("/api/v1/system/glass", json!({"reason": "跨界污染应急", "minutes": 10})).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    city.running.stop().await;
}

#[tokio::test]
async fn a_stand_in_sees_and_does_what_the_other_may() {
    let city = City::start().await;
    let (giver, taker) = (city.person("duanwei").await, city.person("fangjie").await);
    let here = station(&city, Role::DutyOfficer, Distance::Other).expect("a station of the county");
    let alarm = alarm_at(&city, 1, &here).await;
    let acknowledge = format!("/api/v1/act/alarms/{alarm}/acknowledge");
    assert_eq!(taker.post(&acknowledge, json!({})).await.0, StatusCode::FORBIDDEN);
    let to = taker.ok("/api/v1/system/me").await["person"]["id"].clone();
    let until = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)).to_string();
    let stand_in = json!({"taker": to, "until": until, "reason": "年休假"});
    let (status, made) = giver.post("/api/v1/system/delegations", stand_in).await;
    assert_eq!((status, made["holds"].as_bool()), (StatusCode::OK, Some(true)), "{made}");
    let me = taker.ok("/api/v1/system/me").await;
    assert_eq!(me["posts"][1]["behalf"]["zh"], "段伟", "{me}");
    assert_eq!(taker.post(&acknowledge, json!({})).await.0, StatusCode::OK);
    let end = format!("/api/v1/system/delegations/{}/end", made["id"].as_str().expect("an id"));
    assert_eq!(taker.post(&end, json!({})).await.0, StatusCode::NOT_FOUND, "only who gave it");
    assert_eq!(giver.post(&end, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(taker.ok("/api/v1/system/me").await["posts"].as_array().map(Vec::len), Some(1));
    city.running.stop().await;
}
