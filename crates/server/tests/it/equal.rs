//! One month of one city, kept in every way the program can keep it: each answer of the API must be the same, byte for byte.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::StatusCode;
use serde_json::{Value, json};
use shanshui_domain::analyse::span::Span as AnalysedSpan;
use shanshui_domain::id::{PersonId, PostId};
use shanshui_domain::place::{CityPack, PackPerson, PackPost, StationKind};
use shanshui_domain::time::Instant;
use shanshui_server::app::{App, Roles, open_store};
use shanshui_server::clock::Clock;
use shanshui_server::config::Config;
use shanshui_server::http::hash;
use shanshui_server::job::{evaluate, forecast};
use shanshui_server::{city, http};
use shanshui_store::{MoverOptions, PersonRow, PostRow, Store};
use uuid::Uuid;

use crate::month::{BEGIN, Dice, END, fill};
use crate::nodes::Shared;
use crate::support::Person;

/// Whose answers are compared: a duty officer of the city, a case officer of one county, an administrator.
const WHO: [&str; 3] = ["zhoumin", "fangjie", "xuning"];
/// Segments of a size that this month fills some of.
const SEGMENTS: MoverOptions = MoverOptions { readings: 60_000, telegrams: 9_000, chunk: 5_000 };

/// Every answer, by who asked and path.
type Answers = BTreeMap<String, String>;

fn config(data: &Path, database: Option<&str>) -> Config {
    let mut text = json!({"data": data});
    if let Some(address) = database {
        text["database"] = json!(address);
    }
    text["auth"] = json!({"second_factor": "nobody"});
    // each asks more than anybody would, as fast as it is answered
    text["http"] = json!({"address_requests_per_s": 0, "account_requests_per_s": 0});
    // all of them are filled from one another
    text["vault"] = json!({"key_file": data.with_file_name("vault.key")});
    serde_json::from_value(text).expect("a configuration")
}

/// Every answer of every path that reads to these people. Nothing judges or moves meanwhile.
async fn answers(config: &Config, who: &[&str]) -> Answers {
    let (pack, clock) = (city::demo().expect("the city"), Clock::from_fn(|| END));
    let (app, _) = App::open(config.clone(), pack, clock, false, Roles::ALL).await.expect("opens");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let (router, stop) = (http::router(app.clone()), app.shutdown.clone());
    let served =
        tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await });
    // judged from what is kept at this moment, wherever it lies; what was judged before must come out the same, and is no new version
    for station in app.city().stations.iter().filter(|s| s.kind.is_water()) {
        for span in SPANS.map(|text| AnalysedSpan::parse(text).expect("a span")) {
            evaluate::section::judge_span(&app, station, span).await.expect("judged");
        }
    }
    let day = AnalysedSpan::parse("2026-03-10").expect("a day");
    for station in app.city().stations.iter().filter(|s| s.kind == StationKind::Outlet) {
        evaluate::outlet::judge_span(&app, station, day).await.expect("judged");
    }
    for station in app.city().stations.iter().filter(|s| s.kind == StationKind::AirStation) {
        evaluate::air::station(&app, station, day).await.expect("judged");
    }
    evaluate::air::area(&app, &"@".into(), day).await.expect("judged");
    for station in app.city().stations.iter().take(1) {
        forecast::station(&app, station, app.zone.day(END)).await.expect("forecast");
    }
    let mut answers = BTreeMap::new();
    for name in who {
        let person = Person::login(&address, name).await;
        for path in paths(&person).await {
            let (status, body) = person.text(&path).await;
            assert_ne!(status, StatusCode::TOO_MANY_REQUESTS, "{name} {path}");
            answers.insert(format!("{name} {path}"), format!("{status} {body}"));
        }
    }
    app.shutdown.cancel();
    drop(app.clone());
    served.await.expect("no panic").expect("served");
    app.tasks.close();
    app.tasks.wait().await;
    app.store.close().await;
    answers
}

/// Compares what some people are told with what they were told first.
fn same(found: &Answers, expected: &Answers, who: &[&str], kept: &str) {
    let of_them = |asked: &str| asked.split_once(' ').is_some_and(|(name, _)| who.contains(&name));
    let expected = || expected.iter().filter(|(asked, _)| of_them(asked));
    let mut differences = Vec::new();
    for (asked, body) in expected() {
        let other = found.get(asked).map_or("nothing", String::as_str);
        if other != body {
            let at = body.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
            let from =
                (0..=at.saturating_sub(200)).rev().find(|i| body.is_char_boundary(*i) && other.is_char_boundary(*i));
            let part = |text: &str| text[from.unwrap_or(0)..].chars().take(500).collect::<String>();
            differences.push(format!("{asked}\n  was {}\n  is  {}", part(body), part(other)));
        }
    }
    let (count, some) = (differences.len(), differences.iter().take(8).cloned().collect::<Vec<_>>().join("\n"));
    assert!(differences.is_empty(), "{kept}: {count} answers differ:\n{some}");
    assert_eq!(found.len(), expected().count(), "{kept}: other questions");
}

/// People with the passwords of the pack, the same in every store.
fn people(pack: &CityPack) -> Vec<(PersonRow, Vec<PostRow>)> {
    let id = |i: usize| PersonId(Uuid::from_u128(i as u128 + 1));
    let person = |(i, p): (usize, &PackPerson)| PersonRow {
        id: id(i),
        login: p.login.clone(),
        name_zh: p.name_zh.clone(),
        name_en: p.name_en.clone(),
        password_hash: hash::hash_password(p.password.expose()).expect("hashed"),
        disabled: false,
        must_change: false,
    };
    let post = |i: usize, p: &PackPost| PostRow {
        id: PostId(Uuid::from_u128(i as u128 + 1)),
        person: id(i),
        organisation: p.organisation.clone(),
        role: p.role,
        certificate: p.certificate.clone(),
        since: Instant(BEGIN),
        until: None,
        given_by: None,
        given_at: Instant(BEGIN),
        ended_at: None,
    };
    let posts = |i: usize, login: &str| pack.posts.iter().filter(|p| p.login == login).map(|p| post(i, p)).collect();
    // those who are asked, and those that the cases name
    let some = pack.people.iter().enumerate().filter(|(i, p)| *i < 2 || WHO.contains(&p.login.as_str()));
    some.map(|(i, p)| (person((i, p)), posts(i, &p.login))).collect()
}

async fn nothing(_: &Store, _: Instant) {}

/// Moves what is older than some moments, one after another, and compares the answers to one person each time; merges at the end.
async fn split(config: &Config, seed: u64, expected: &Answers, engine: &str) {
    let mut dice = Dice(seed);
    let mut moments: Vec<i64> = (0..3).map(|_| BEGIN + dice.below((END.0 - BEGIN) as u64) as i64).collect();
    moments.sort_unstable();
    moments.push(END.0 + 86_400_000_000);
    for (moment, who) in moments.into_iter().map(Instant).zip(WHO.chunks(1).cycle()) {
        let store = open_store(config).await.expect("opens");
        let moved = store.move_before(moment, SEGMENTS).await.expect("moved");
        if moment > END {
            let history = store.history().expect("a history");
            for month in history.scattered_months() {
                history.compact(&month).await.expect("merged");
            }
            assert_eq!(store.count_hot().await.expect("a count"), 0, "{engine}: all has moved");
        }
        store.close().await;
        let kept = format!("{engine}, moved before {moment} ({moved:?})");
        same(&answers(config, who).await, expected, who, &kept);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_the_same_in_both_stores_and_wherever_rows_lie() {
    let (folder, pack) = (tempfile::tempdir().expect("a folder"), city::demo().expect("the city"));
    let people = people(&pack);
    let file = config(&folder.path().join("file"), None);
    let store = open_store(&file).await.expect("opens");
    fill(&store, &pack, &people, nothing).await;
    store.close().await;
    let expected = answers(&file, &WHO).await;
    assert!(expected.len() > 300, "{} questions", expected.len());
    let bad: Vec<_> = expected.iter().filter(|(_, body)| body.starts_with('5')).collect();
    assert!(bad.is_empty(), "{bad:?}");

    // from here on long stretches are read from packed days
    let store = open_store(&file).await.expect("opens");
    let (days, _) = store.pack_days(END, i64::MIN, usize::MAX).await.expect("packed");
    assert!(days > 200, "{days} days");
    store.close().await;

    // rows move and days are packed while others arrive, are restated and come late for what has moved or is packed
    let moving = config(&folder.path().join("moving"), None);
    let store = open_store(&moving).await.expect("opens");
    let mut dice = Dice(7);
    fill(&store, &pack, &people, async |store: &Store, upto: Instant| {
        let back = dice.below(5 * 86_400_000_000) as i64;
        store.move_before(Instant(upto.0 - back), SEGMENTS).await.expect("moved");
        store.pack_days(upto, i64::MIN, usize::MAX).await.expect("packed");
    })
    .await;
    store.close().await;
    same(&answers(&moving, &WHO[2..]).await, &expected, &WHO[2..], "moved while it came");

    if let Some(shared) = Shared::fresh().await {
        let archive = folder.path().join("archive");
        let silent = || Box::new(|_: shanshui_store::transfer::Progress<'_>| ());
        Store::export(&file.store_address(), &archive, silent()).await.expect("written");
        Store::import(&archive, &shared.address, silent()).await.expect("filled");
        let server = config(&folder.path().join("server"), Some(&shared.address));
        same(&answers(&server, &WHO).await, &expected, &WHO, "PostgreSQL");
        split(&server, 11, &expected, "PostgreSQL").await;
    }
    split(&file, 13, &expected, "SQLite").await;
}

/// Paths of the description of the API, filled in with what the answers before them name.
async fn paths(person: &Person) -> Vec<String> {
    let text = shanshui_server::http::openapi_text().expect("written");
    let described: Value = serde_json::from_str(&text).expect("json");
    let mut all = Vec::new();
    for (path, item) in described["paths"].as_object().expect("paths") {
        if item.get("get").is_some() {
            all.extend(filled(person, path).await);
        }
    }
    all
}

async fn filled(person: &Person, path: &str) -> Vec<String> {
    let each = |values: Vec<String>, name: &str| -> Vec<String> {
        values.iter().map(|v| path.replace(&format!("{{{name}}}"), v)).collect()
    };
    let stations = || named(person, "/api/v1/sense/stations", "code");
    match path {
        // what a process says of itself, not of what is kept; and what asking itself changes
        "/api/v1/events"
        | "/api/v1/system/health"
        | "/api/v1/system/nodes"
        | "/api/v1/sense/eye/cameras/{id}/picture"
        | "/api/v1/sense/eye/cameras/{id}/live"
        | "/healthz"
        | "/readyz"
        | "/api/v1/system/sessions"
        | "/api/v1/system/audit"
        | "/api/v1/system/audit/roots"
        | "/api/v1/system/audit/{seq}/proof"
        // nothing is made or brought while it is asked; what is kept is held against itself in the store's own contract
        | "/api/v1/analyse/reports/{id}"
        | "/api/v1/analyse/reports/{id}/changes"
        | "/api/v1/analyse/reports/{id}/file"
        | "/api/v1/analyse/report-templates/{id}/file"
        | "/api/v1/analyse/imports/{id}"
        | "/api/v1/analyse/imports/{id}/file" => Vec::new(),
        "/api/v1/sense/stations/{code}" => each(stations().await, "code"),
        "/api/v1/analyse/stations/{code}/judgements" => with(each(stations().await, "code"), &[SPAN]),
        "/api/v1/analyse/rankings/{span}/file" => with(each(SPANS.map(str::to_owned).to_vec(), "span"), &["as=csv"]),
        "/api/v1/analyse/rankings/{span}" | "/api/v1/analyse/water/{span}" => {
            each(SPANS.map(str::to_owned).to_vec(), "span")
        }
        "/api/v1/analyse/water/{span}/stations/{code}" => {
            each(stations().await, "code").iter().flat_map(|p| SPANS.map(|span| p.replace("{span}", span))).collect()
        }
        "/api/v1/analyse/air.csv" => with(vec![path.into()], &["from=2026-03-01&to=2026-03-30"]),
        "/api/v1/analyse/judgements.csv" => {
            let kinds = ["water_real", "aqi_hour", "discharge_real"];
            with(vec![path.into()], &kinds.map(|kind| format!("kind={kind}&{SPAN}")))
        }
        "/api/v1/analyse/air/{span}/stations/{code}" => {
            each(vec!["as01".into(), "@".into()], "code").iter().map(|p| p.replace("{span}", "2026-03-10")).collect()
        }
        "/api/v1/analyse/air/{span}" | "/api/v1/analyse/discharge/{span}" => {
            each(vec!["2026-03-10".into(), "2026-03".into()], "span")
        }
        "/api/v1/analyse/discharge/{span}/stations/{code}" => {
            each(vec!["ol01".into(), "ol05".into()], "code").iter().map(|p| p.replace("{span}", "2026-03-10")).collect()
        }
        "/api/v1/analyse/trace/water" => with(vec![path.into()], &TRACES),
        "/api/v1/analyse/trace/air" => {
            with(vec![path.into()], &["station=as01&at=2026-03-10T04:00:00Z", "station=bs04"])
        }
        "/api/v1/analyse/forecasts/{station}/{factor}" => {
            let factors = |path: String| ["w01001", "w21003"].map(|factor| path.replace("{factor}", factor));
            each(stations().await, "station").into_iter().flat_map(factors).collect()
        }
        "/api/v1/sense/points/{id}/curve" => {
            with(each(points(person).await, "id"), &["kind=real", "kind=hour"].map(|kind| format!("{SPAN}&{kind}")))
        }
        "/api/v1/sense/points/{id}/statistics" => {
            let queries = ["real", "hour"].map(|kind| format!("{SPAN}&period=day&kind={kind}"));
            with(each(points(person).await, "id"), &queries)
        }
        "/api/v1/sense/telegrams/{id}" => each((1..60_000).step_by(499).map(|n| n.to_string()).collect(), "id"),
        "/api/v1/sense/devices/{mn}/commands" => {
            let devices = person.text("/api/v1/sense/devices").await.1;
            each(strings(&serde_json::from_str(&devices).unwrap_or_default(), "mn"), "mn")
        }
        "/api/v1/sense/eye/suspicions" => with(vec![path.into()], &[format!("station=ms01&{SPAN}")]),
        "/api/v1/sense/eye/report" | "/api/v1/sense/eye/report.csv" => with(vec![path.into()], &["month=2026-03"]),
        "/api/v1/sense/eye/events" => with(vec![path.into()], &["", "state=open", "limit=4"]),
        "/api/v1/sense/eye/cameras/{id}/guard" => with(each(vec!["c0".into(), "c5".into()], "id"), &[SPAN]),
        "/api/v1/sense/eye/events/{id}" => each(vec!["e0-0".into(), "e1-2".into()], "id"),
        "/api/v1/sense/eye/events/{id}/files/{name}" => vec![path.replace("{id}", "e0-0").replace("{name}", "entry.jpg")],
        "/api/v1/sense/eye/voice/{station}" | "/api/v1/sense/eye/voice/{station}/sound" => {
            each(vec!["ms01".into(), "ms02".into()], "station")
        }
        _ if path.starts_with("/api/v1/sense/eye/cameras/{id}") => each(vec!["c0".into(), "c5".into()], "id"),
        "/api/v1/analyse/review/findings/{id}" => {
            let (_, body) = person.text("/api/v1/analyse/review/findings").await;
            let list: Value = serde_json::from_str(&body).unwrap_or_default();
            each(strings(&list["items"], "id"), "id")
        }
        "/api/v1/analyse/review/sign-offs" => with(vec![path.into()], &SPANS.map(|s| format!("station=ms01&span={s}"))),
        "/api/v1/act/alarms" => with(vec![path.into()], &["", "state=open", "state=ended", "limit=7"]),
        "/api/v1/act/cases/{id}" => each(cases(person).await, "id"),
        "/api/v1/act/evidence/{id}" => {
            each((0xe000..0xe01e_u128).map(|n| uuid::Uuid::from_u128(n).to_string()).collect(), "id")
        }
        _ => {
            assert!(!path.contains('{'), "{path}: this test must learn how to ask for it");
            vec![path.to_owned()]
        }
    }
}

/// What sections are judged over: of a month, and of a week in it.
const SPANS: [&str; 2] = ["2026-03", "2026-W11"];

/// Of sections with outlets above, of one without a place on the network, and of one that is none.
const TRACES: [&str; 4] = [
    "station=bs04&factor=w21003&from=2026-03-10T00:00:00Z&to=2026-03-10T04:00:00Z",
    "station=bs05&factor=w01019&from=2026-03-12T00:00:00Z&to=2026-03-12T08:00:00Z&flow=300",
    "station=as01&factor=a34004&from=2026-03-12T00:00:00Z&to=2026-03-12T08:00:00Z",
    "station=none&factor=w21003",
];

const SPAN: &str = "from=2026-02-28T16:00:00Z&to=2026-03-30T16:00:00Z";

fn with(paths: Vec<String>, queries: &[impl AsRef<str>]) -> Vec<String> {
    let asked = |path: &String, query: &str| if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
    paths.iter().flat_map(|path| queries.iter().map(move |query| asked(path, query.as_ref()))).collect()
}

/// A few points of every station.
async fn points(person: &Person) -> Vec<String> {
    let mut ids = Vec::new();
    for code in named(person, "/api/v1/sense/stations", "code").await {
        let station = person.ok(&format!("/api/v1/sense/stations/{code}")).await;
        let of = station["points"].as_array().expect("points");
        ids.extend(of.iter().take(2).map(|p| p["id"].to_string()));
    }
    ids
}

async fn cases(person: &Person) -> Vec<String> {
    let (_, body) = person.text("/api/v1/act/cases").await;
    let list: Value = serde_json::from_str(&body).unwrap_or_default();
    strings(list.get("items").unwrap_or(&list), "id")
}

async fn named(person: &Person, list: &str, key: &str) -> Vec<String> {
    strings(&person.ok(list).await, key)
}

fn strings(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|v| v[key].as_str().map(str::to_owned)).collect()
}
