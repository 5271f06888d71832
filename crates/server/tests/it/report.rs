//! Reports: made of stored evaluations, read back from their files by other programs, published, followed by another edition, arranged.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::StatusCode;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use shanshui_domain::analyse::span::Span;
use shanshui_domain::analyse::water::automatic::{DaySum, Series, judge};
use shanshui_domain::analyse::water::section::SectionRules;
use shanshui_domain::analyse::water::source::source;
use shanshui_domain::place::{Station, StationKind};
use shanshui_domain::time::Instant;
use shanshui_domain::unit::Unit;
use shanshui_server::app::App;
use shanshui_server::clock::Clock;
use shanshui_server::job::evaluate::section::KIND as SECTION;
use shanshui_store::EvaluationRow;

use crate::support::{City, Person, until};

const MAY: Span = Span::Month { year: 2026, month: 5 };

fn instant(local: &str) -> Instant {
    let civil: jiff::civil::DateTime = local.parse().expect("a time");
    Instant::from_timestamp(civil.in_tz("Asia/Shanghai").expect("bundled").timestamp())
}

/// Judges a section by hours that are all alike, and keeps it as the evaluation by the hour would.
async fn evaluate(app: &App, station: &Station, span: Span, values: &[(&str, Unit, i64, u32)]) {
    let Some(water) = station.water else { return };
    let rules = SectionRules::of(&app.standards, span, false).expect("an edition");
    let days = || span.first().series(jiff::Span::new().days(1)).take(span.days() as usize);
    let series: Vec<Series> = values
        .iter()
        .map(|(factor, unit, value, decimals)| Series {
            factor: (*factor).into(),
            unit: *unit,
            kind: "hour".into(),
            slots_a_day: 24,
            days: days()
                .map(|day| DaySum {
                    day,
                    valid: 24,
                    marked: 0,
                    sum: Decimal::new(*value, *decimals) * Decimal::from(24),
                })
                .collect(),
        })
        .collect();
    let automatic = judge(&series, &[], span, water, &rules);
    let section = automatic.section;
    let mut result =
        json!({"v": 1, "target": section.against(station.target), "inputs": automatic.inputs, "section": section});
    if station.kind == StationKind::DrinkingSource {
        let of = source(section.clone(), &[], span, &app.standards.surface.sources, &rules.means);
        result["source"] = json!({"verdict": of.verdict});
    }
    let row = EvaluationRow {
        kind: SECTION.into(),
        span: span.to_string(),
        station: station.code.clone(),
        edition: section.edition.clone(),
        version: 0,
        level: section.class.map(i64::from),
        result: result.to_string(),
        made: app.clock.now(),
    };
    app.store.evaluation_put(row, Vec::new()).await.expect("kept");
}

/// Every section over May, the month before and the year before; two lack what a class needs.
async fn fill(app: &App) {
    for (i, station) in app.city().stations.iter().filter(|s| s.kind.is_water()).enumerate() {
        let n = i as i64;
        for (span, more) in [(MAY, 0), (MAY.before(), 1), (MAY.a_year_before().expect("a year"), 2)] {
            let (mg, ph) = (Unit::parse("mg/L").expect("a unit"), Unit::parse("pH").expect("a unit"));
            let all = [
                ("w01001", ph, 721 + n, 2),
                ("w01009", mg, 812 + n, 2),
                ("w01019", mg, 151 + 23 * n + more, 2),
                ("w21003", mg, 61 + 31 * n, 3),
                ("w21011", mg, 15 + 3 * n, 3),
                ("w21001", mg, 91 + 7 * n, 2),
            ];
            let few = i == 3 || i == 20;
            evaluate(app, station, span, if few { &all[..2] } else { &all }).await;
        }
    }
}

async fn city_at(local: &str) -> (City, Arc<AtomicI64>) {
    let hand = Arc::new(AtomicI64::new(instant(local).0));
    let clock = Arc::clone(&hand);
    let clock = Clock::from_fn(move || Instant(clock.load(Ordering::Relaxed)));
    let city = City::at(clock, |config| config.report.pdf_command = vec!["no-such-converter".into()]).await;
    fill(&city.running.app).await;
    (city, hand)
}

async fn made(person: &Person, kind: &str, area: &str) -> Value {
    let (status, row) =
        person.post("/api/v1/analyse/reports", json!({"kind": kind, "period": "2026-05", "area": area})).await;
    assert_eq!(status, StatusCode::OK, "{row}");
    row
}

async fn bytes(person: &Person, path: &str) -> Vec<u8> {
    let answer = person.raw(|http, base| http.get(format!("{base}{path}"))).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.bytes().await.expect("bytes").to_vec()
}

/// The Python that has the packages of `scripts/test-tools.txt`.
fn python() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok()?.parent()?.parent()?.parent()?.join("tools/python/bin/python");
    let named = std::env::var_os("SHANSHUI_TEST_PYTHON").map(PathBuf::from);
    named.or(Some(beside).filter(|p| p.exists())).filter(|python| {
        let has = Command::new(python).args(["-c", "import openpyxl, docx"]).output();
        has.is_ok_and(|o| o.status.success())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_number_of_the_files_is_that_of_the_api() {
    let (city, _) = city_at("2026-06-03T09:00:00").await;
    let leader = city.person("qiulei").await;
    let folder = tempfile::tempdir().expect("a folder");
    for kind in ["water", "water_ranking", "brief", "data_quality"] {
        let id = made(&leader, kind, "").await["id"].as_str().expect("an id").to_owned();
        let report = leader.ok(&format!("/api/v1/analyse/reports/{id}")).await;
        std::fs::write(folder.path().join(format!("{kind}.json")), report.to_string()).expect("written");
        for form in ["docx", "xlsx", "csv"] {
            let file = bytes(&leader, &format!("/api/v1/analyse/reports/{id}/file?as={form}")).await;
            let again = bytes(&leader, &format!("/api/v1/analyse/reports/{id}/file?as={form}")).await;
            assert!(file == again, "{kind} as {form}: the same report is the same file");
            std::fs::write(folder.path().join(format!("{kind}.{form}")), file).expect("written");
        }
    }
    let csv = std::fs::read_to_string(folder.path().join("water.csv")).expect("text");
    assert!(csv.starts_with('\u{feff}') && csv.contains("断面水质状况"));
    let headline = std::fs::read_to_string(folder.path().join("water.json")).expect("text");
    assert!(headline.contains("全市共有市控断面19个、交接断面5个、饮用水水源地7个"), "the city's own headline");
    match python() {
        Some(python) => {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/report_files.py");
            let output = Command::new(python).arg(script).arg(folder.path()).output().expect("runs");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
            println!("{said}");
        }
        None => println!("*** SKIPPED: no Python with openpyxl and python-docx; run `sh scripts/setup test` ***"),
    }
    pdf(&city, &leader, folder.path()).await;
    city.running.stop().await;
}

/// Without a converter the answer says how to get one; where there is LibreOffice, it opens the report.
async fn pdf(city: &City, leader: &Person, folder: &std::path::Path) {
    let id = made(leader, "water", "").await["id"].as_str().expect("an id").to_owned();
    let (status, problem) = leader.get(&format!("/api/v1/analyse/reports/{id}/file?as=pdf")).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("no_converter")),
        "{problem}"
    );
    assert!(problem["title"]["zh"].as_str().is_some_and(|zh| zh.contains("LibreOffice") && zh.contains("DOCX")));
    let docx = std::fs::read(folder.join("water.docx")).expect("there");
    let soffice = ["soffice".to_owned()];
    match shanshui_server::report::pdf::convert(&docx, &soffice, 300).await {
        Ok(pdf) => {
            assert!(pdf.starts_with(b"%PDF") && pdf.len() > 10_000);
            if let Some(out) = std::env::var_os("SHANSHUI_TEST_REPORT_PDF") {
                std::fs::write(out, pdf).expect("written");
            }
        }
        Err(shanshui_server::report::pdf::NoPdf::NoConverter(_)) => {
            println!("*** SKIPPED: no soffice here, so that nobody has opened the report and made PDF of it ***");
        }
        Err(other) => panic!("{other}"),
    }
    assert!(city.config.report.pdf_timeout_s > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_stays_and_late_data_makes_the_next_edition() {
    let (city, _) = city_at("2026-06-03T09:00:00").await;
    let (leader, duty) = (city.person("qiulei").await, city.person("zhoumin").await);
    let first = made(&duty, "water", "").await;
    assert_eq!((first["edition"].as_i64(), first["draft"].as_i64()), (Some(1), Some(1)));
    assert_eq!(made(&leader, "water", "").await["id"], first["id"], "nothing has changed");
    let id = first["id"].as_str().expect("an id");
    let publish = format!("/api/v1/analyse/reports/{id}/publish");
    let body = json!({"digest": first["digest"], "number": "衢环报〔2026〕5号"});
    assert_eq!(duty.post(&publish, body.clone()).await.0, StatusCode::FORBIDDEN, "publishing is a right of its own");
    assert_eq!(leader.post(&publish, json!({"digest": "other"})).await.0, StatusCode::CONFLICT);
    let (status, published) = leader.post(&publish, body.clone()).await;
    assert_eq!((status, published["published"]["number"].as_str()), (StatusCode::OK, Some("衢环报〔2026〕5号")));
    assert_eq!(leader.post(&publish, body).await.0, StatusCode::CONFLICT);
    let before = leader.ok(&format!("/api/v1/analyse/reports/{id}")).await;
    assert_eq!(before["may_publish"], false);

    let app = &city.running.app;
    let station = app.city().station(&"ms16".into()).expect("a section").clone();
    let (mg, ph) = (Unit::parse("mg/L").expect("a unit"), Unit::parse("pH").expect("a unit"));
    let late = [
        ("w01001", ph, 74, 1),
        ("w01009", mg, 8, 0),
        ("w01019", mg, 71, 1),
        ("w21003", mg, 9, 2),
        ("w21011", mg, 2, 2),
    ];
    evaluate(app, &station, MAY, &late).await;
    let second = made(&duty, "water", "").await;
    assert_eq!((second["edition"].as_i64(), second["draft"].as_i64()), (Some(2), Some(1)));
    assert_eq!(leader.ok(&format!("/api/v1/analyse/reports/{id}")).await["body"], before["body"], "frozen");
    let second_id = second["id"].as_str().expect("an id");
    let changes = leader.ok(&format!("/api/v1/analyse/reports/{second_id}/changes")).await;
    assert_eq!(changes["from"]["id"], first["id"]);
    let differences = changes["differences"].as_array().expect("differences");
    let named = differences.iter().any(|d| d["column"] == "高锰酸盐指数" && d["after"] == "7.10");
    assert!(named, "{differences:?}");
    let only =
        differences.iter().filter(|d| d["place"] == "断面水质状况").all(|d| d["row"] == station.name_zh.as_str());
    assert!(only, "no other section has changed: {differences:?}");
    let list = leader.ok("/api/v1/analyse/reports?kind=water&limit=1").await;
    assert_eq!(list["items"][0]["id"], second["id"]);
    let next = list["next"].as_str().expect("a cursor");
    assert_eq!(leader.ok(&format!("/api/v1/analyse/reports?before={next}")).await["items"][0]["id"], first["id"]);
    city.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_county_sees_its_own_reports_alone_and_what_cannot_be_read_is_named() {
    let (city, _) = city_at("2026-06-03T09:00:00").await;
    let (leader, county) = (city.person("qiulei").await, city.person("duanwei").await);
    let whole = made(&leader, "water", "").await;
    let own = made(&county, "water", "qj").await;
    assert_eq!(own["title"], "衢江区地表水环境质量月报");
    let (status, _) = county.post("/api/v1/analyse/reports", json!({"kind": "water", "period": "2026-05"})).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "the whole city is not theirs");
    let list = county.ok("/api/v1/analyse/reports").await;
    assert_eq!((list["items"].as_array().map(Vec::len), &list["items"][0]["id"]), (Some(1), &own["id"]));
    let hidden = format!("/api/v1/analyse/reports/{}", whole["id"].as_str().expect("an id"));
    for path in [hidden.clone(), format!("{hidden}/file?as=docx"), format!("{hidden}/changes")] {
        assert_eq!(county.get(&path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let ranking = county.ok("/api/v1/analyse/rankings/2026-05").await;
    assert_eq!(ranking["area"]["code"], "qj");
    let wide = leader.ok("/api/v1/analyse/rankings/2026-05").await;
    assert!(wide["chapters"][0]["tables"][0]["rows"].as_array().is_some_and(|rows| rows.len() > 3), "{wide}");
    assert!(
        wide["chapters"][0]["tables"][0]["notes"].as_array().is_some_and(|n| !n.is_empty()),
        "the rule stands beside"
    );
    assert_eq!(county.get("/api/v1/analyse/rankings/2026-05?area=kc").await.0, StatusCode::NOT_FOUND);
    let csv = bytes(&leader, "/api/v1/analyse/rankings/2026-05/file?as=csv&table=counties").await;
    assert!(String::from_utf8(csv).expect("text").starts_with("\u{feff}名次,"));
    for (path, word) in [
        ("/api/v1/analyse/rankings/May", "span"),
        ("/api/v1/analyse/reports?period=May", "period"),
        ("/api/v1/analyse/reports?before=x", "before"),
        ("/api/v1/analyse/reports?limit=0", "limit"),
        ("/api/v1/analyse/rankings/2026-05/file?as=odt", "as"),
        ("/api/v1/analyse/rankings/2026-05/file?as=csv&table=x", "table"),
    ] {
        let (status, problem) = leader.get(path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|d| d.starts_with(word)), "{path}: {problem}");
    }
    for body in [
        json!({"kind": "water", "period": "2026-05-01"}),
        json!({"kind": "water", "period": "1990-05"}),
        json!({"kind": "air", "period": "2026-W20"}),
        json!({"kind": "weather", "period": "2026-05"}),
    ] {
        let (status, problem) = leader.post("/api/v1/analyse/reports", body.clone()).await;
        assert_eq!(status.as_u16() / 100, 4, "{body}: {problem}");
    }
    city.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn templates_are_checked_and_a_publication_keeps_its_own() {
    const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let (city, _) = city_at("2026-06-03T09:00:00").await;
    let (leader, county) = (city.person("qiulei").await, city.person("jiangbo").await);
    let list = leader.ok("/api/v1/analyse/report-templates").await;
    let built_in = list[0]["id"].as_str().expect("an id").to_owned();
    let template = bytes(&leader, &format!("/api/v1/analyse/report-templates/{built_in}/file")).await;
    let path = "/api/v1/analyse/report-templates?kind=water&name=a.docx";
    let (status, problem) = leader.put_file(path, DOCX, b"PK nothing".to_vec()).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("bad_template")),
        "{problem}"
    );
    assert_eq!(county.put_file(path, DOCX, template.clone()).await.0, StatusCode::FORBIDDEN);
    let (status, kept) = leader.put_file(path, DOCX, template).await;
    assert_eq!((status, kept["version"].as_i64()), (StatusCode::OK, Some(1)), "{kept}");
    let row = made(&leader, "water", "").await;
    let publish = format!("/api/v1/analyse/reports/{}/publish", row["id"].as_str().expect("an id"));
    let (_, published) = leader.post(&publish, json!({"digest": row["digest"]})).await;
    assert_eq!(published["published"]["template"], 1);
    city.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_makes_the_draft_of_last_month_once() {
    let (city, hand) = city_at("2026-06-04T20:00:00").await;
    let leader = city.person("qiulei").await;
    let plan = json!({"kind": "water", "every": "month", "day": 5, "hour": 8, "active": true});
    let (status, kept) = leader.post("/api/v1/analyse/report-schedules", plan).await;
    assert_eq!((status, kept["version"].as_i64()), (StatusCode::OK, Some(1)), "{kept}");
    let bad = json!({"kind": "water", "every": "month", "day": 32, "hour": 8, "active": true});
    assert_eq!(leader.post("/api/v1/analyse/report-schedules", bad).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(leader.ok("/api/v1/analyse/reports").await["items"], json!([]));
    hand.store(instant("2026-06-05T08:20:00").0, Ordering::Relaxed);
    // the session of the evening is over by the morning
    let leader = city.person("qiulei").await;
    let row = until("the draft", async || {
        let list = leader.ok("/api/v1/analyse/reports").await;
        list["items"].as_array().filter(|a| !a.is_empty()).cloned()
    })
    .await;
    assert_eq!((row.len(), row[0]["period"].as_str(), row[0]["by"].is_null()), (1, Some("2026-05"), true));
    assert!(row[0]["published"].is_null(), "a draft");
    city.running.stop().await;
}
