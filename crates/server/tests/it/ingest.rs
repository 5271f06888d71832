//! Telegrams over real sockets: acknowledged means durable, each reading once, bad input harms only itself.

use serde_json::json;
use shanshui_domain::place::Secret;
use shanshui_domain::right::Caller;
use shanshui_server::job::gaps;

use crate::support::{City, Line, civil, now_qn, stranger, until, water};

#[tokio::test]
async fn each_edition_is_acknowledged_in_its_own_form_once_the_readings_are_there() {
    let city = City::start().await;
    let officer = city.person("zhoumin").await;
    for (edition, flag) in [("2017", "Flag=4"), ("2025", "Flag=8")] {
        let known = city.running.app.city();
        let found = known.devices.iter().find(|d| d.edition == edition && d.key.is_none() && d.st == "21");
        let device = found.expect("one of each edition").clone();
        let station = device.station.clone();
        let mut line = Line::open(&city, device).await;
        let stamp = civil(-5);
        let answer = line.upload("2011", &water(&stamp, "7.81")).await;
        assert!(answer.contains("ST=91;CN=9014") && answer.contains(flag) && answer.ends_with("CP=&&&&"), "{answer}");
        let points = city.points(station.as_str());
        let ph = points.iter().find(|(f, _)| f == "w01001").expect("pH").1;
        let curve = officer.ok(&format!("/api/v1/sense/points/{ph}/curve")).await;
        assert_eq!(curve["rows"][0]["value"], "7.81", "{edition}");
    }
    let device =
        city.running.app.city().devices.iter().find(|d| d.edition == "2005" && d.st == "32").expect("one").clone();
    let mut line = Line::open(&city, device).await;
    let qn = now_qn();
    let frame = line.frame("2011", &qn, &format!("DataTime={};w01018-Rtd=31.0,w01018-Flag=N", civil(-5)));
    line.send(&frame).await;
    let answer = line.next().await.expect("an answer");
    assert!(!answer.starts_with("QN=") && answer.contains(&format!("CP=&&QN={qn};CN=2011&&")), "{answer}");
    city.running.stop().await;
}

#[tokio::test]
async fn an_encrypted_telegram_is_read_and_acknowledged() {
    let city = City::start().await;
    let device = city.running.app.city().devices.iter().find(|d| d.key.is_some()).expect("one with a key").clone();
    let station = device.station.clone();
    let mut line = Line::open(&city, device).await;
    let answer = line.upload("2011", &water(&civil(-5), "7.40")).await;
    assert!(answer.contains("CN=9014"), "{answer}");
    let officer = city.person("zhoumin").await;
    let detail = officer.ok(&format!("/api/v1/sense/stations/{station}")).await;
    let ph = &detail["points"].as_array().expect("points").iter().find(|p| p["factor"] == "w01001").expect("pH")["latest"]
        [0];
    assert_eq!(ph["value"], "7.40");
    let telegram = officer.ok(&format!("/api/v1/sense/telegrams/{}", ph["telegram"])).await;
    assert_eq!(telegram["decoded"]["cp"]["w01001"]["Rtd"], "7.40");
    assert!(telegram["decoded"].get("pw").is_none() && telegram["raw"].as_str().expect("text").contains("PW=******"));
    city.running.stop().await;
}

#[tokio::test]
async fn damage_strangers_and_wrong_passwords_are_kept_aside_and_never_answered() {
    let city = City::start().await;
    let mut line = city.line("ms01").await;
    let mut damaged = line.frame("2011", &now_qn(), &water(&civil(-9), "7.1"));
    let n = damaged.len();
    damaged[n - 10] ^= 1;
    let mut unknown = Line::open(&city, stranger()).await;
    let frame = unknown.frame("2011", &now_qn(), &water(&civil(-9), "7.1"));
    unknown.send(&frame).await;
    let mut forged = city.device("ms02");
    forged.password = Secret::new("000000");
    let mut forged = Line::open(&city, forged).await;
    let frame = forged.frame("2011", &now_qn(), &water(&civil(-9), "7.1"));
    forged.send(&frame).await;
    line.send(&damaged).await;
    let undated = line.frame("2011", &now_qn(), "DataTime=20261301000000;w01001-Rtd=7.1");
    line.send(&undated).await;
    assert!(
        line.next().await.expect("an answer").contains("CN=9014"),
        "what cannot be dated is kept, so it is acknowledged"
    );
    let answer = line.upload("2011", &water(&civil(-5), "7.2")).await;
    assert!(answer.contains("CN=9014"), "the good one behind the damage: {answer}");
    let officer = city.person("zhoumin").await;
    let groups = until("four groups in quarantine", async || {
        let groups = officer.ok("/api/v1/sense/quarantine").await;
        (groups.as_array()?.len() == 4).then_some(groups)
    })
    .await;
    let mut reasons: Vec<&str> =
        groups.as_array().expect("groups").iter().filter_map(|g| g["reason"].as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["damaged", "data_time", "unknown_device", "wrong_password"]);
    let devices = officer.ok("/api/v1/sense/devices").await;
    let ms01 = devices.as_array().expect("devices").iter().find(|d| d["station"] == "ms01").expect("ms01").clone();
    assert_eq!((ms01["frames_ok"].as_i64(), ms01["frames_bad"].as_i64()), (Some(2), Some(1)));
    assert!(ms01["deviations"].as_array().expect("a list").iter().any(|d| d["code"] == "crc_wrong"));
    city.running.stop().await;
}

#[tokio::test]
async fn a_repeat_is_acknowledged_again_and_another_value_is_a_second_version() {
    let city = City::start().await;
    let mut line = city.line("ms01").await;
    let stamp = civil(-20);
    for ph in ["7.50", "7.50", "7.60"] {
        assert!(line.upload("2011", &water(&stamp, ph)).await.contains("CN=9014"));
    }
    let officer = city.person("zhoumin").await;
    let ph = city.points("ms01").iter().find(|(f, _)| f == "w01001").expect("pH").1;
    let curve = officer.ok(&format!("/api/v1/sense/points/{ph}/curve")).await;
    let rows = curve["rows"].as_array().expect("rows");
    assert_eq!((rows.len(), rows[0]["value"].as_str(), rows[0]["versions"].as_i64()), (1, Some("7.60"), Some(2)));
    let alarm = until("the note that a value was changed", async || {
        let alarms = officer.ok("/api/v1/act/alarms").await;
        alarms["items"].as_array()?.iter().find(|a| a["kind"] == "value_changed").cloned()
    })
    .await;
    assert_eq!(alarm["value"], "7.60");
    city.running.stop().await;
}

#[tokio::test]
async fn a_telegram_may_come_in_any_pieces_and_several_at_once() {
    let city = City::start().await;
    let mut line = city.line("ms01").await;
    let frame = line.frame("2011", &now_qn(), &water(&civil(-40), "7.5"));
    for byte in frame.chunks(37) {
        line.send(byte).await;
        tokio::task::yield_now().await;
    }
    assert!(line.next().await.expect("an answer").contains("CN=9014"));
    let several: Vec<u8> = (1..=3).flat_map(|i| line.frame("2011", &now_qn(), &water(&civil(-i), "7.5"))).collect();
    line.send(&several).await;
    for _ in 0..3 {
        assert!(line.next().await.expect("an answer").contains("CN=9014"));
    }
    city.running.stop().await;
}

#[tokio::test]
async fn half_a_telegram_is_kept_as_damage_after_its_time() {
    let city = City::with(|c| c.hj212.half_frame_s = 1).await;
    let mut line = city.line("ms01").await;
    let frame = line.frame("2011", &now_qn(), &water(&civil(-9), "7.5"));
    line.send(&frame[..60]).await;
    let officer = city.person("zhoumin").await;
    until("the half telegram", async || {
        let groups = officer.ok("/api/v1/sense/quarantine").await;
        groups.as_array()?.iter().any(|g| g["reason"] == "damaged").then_some(())
    })
    .await;
    assert!(line.upload("2011", &water(&civil(-5), "7.5")).await.contains("CN=9014"), "the line goes on");
    city.running.stop().await;
}

#[tokio::test]
async fn a_second_connection_is_an_alarm_and_takes_nothing_over() {
    let city = City::with(|c| {
        c.hj212.commands = true;
        c.hj212.request_timeout_s = 5;
    })
    .await;
    let mut first = city.line("ms01").await;
    first.upload("2011", &water(&civil(-20), "7.5")).await;
    let mut second = city.line("ms01").await;
    assert!(second.upload("2011", &water(&civil(-10), "7.5")).await.contains("CN=9014"));
    let officer = city.person("zhoumin").await;
    until("the alarm of a second connection", async || {
        let alarms = officer.ok("/api/v1/act/alarms").await;
        alarms["items"].as_array()?.iter().any(|a| a["kind"] == "second_connection").then_some(())
    })
    .await;
    let path = format!("/api/v1/sense/devices/{}/commands", first.device.mn);
    let asked = officer.post(&path, json!({"kind": "set_clock", "reason": "drift"}));
    let device = async {
        let request = first.next().await.expect("a request");
        assert!(request.contains("CN=1012") && request.contains("CP=&&SystemTime="), "{request}");
        let qn = request.split(';').next().expect("QN").trim_start_matches("QN=").to_owned();
        let answers = [first.frame("9011", &qn, "QnRtn=1"), first.frame("9012", &qn, "ExeRtn=1")].concat();
        first.send(&answers).await;
    };
    let ((status, view), ()) = tokio::join!(asked, device);
    assert_eq!(status, 200, "{view}");
    let steps: Vec<&str> = view["steps"].as_array().expect("steps").iter().filter_map(|s| s["what"].as_str()).collect();
    assert_eq!(steps, ["sent", "accepted", "done"]);
    city.running.stop().await;
}

#[tokio::test]
async fn a_request_is_sent_again_with_its_qn_and_then_given_up() {
    let city = City::with(|c| {
        c.hj212.commands = true;
        c.hj212.request_timeout_s = 1;
        c.hj212.request_resends = 2;
    })
    .await;
    let mut line = city.line("ms01").await;
    line.upload("2011", &water(&civil(-20), "7.5")).await;
    let officer = city.person("zhoumin").await;
    let path = format!("/api/v1/sense/devices/{}/commands", line.device.mn);
    let asked = officer.post(&path, json!({"kind": "real_interval", "seconds": 60, "reason": "denser"}));
    let device = async {
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(line.next().await.expect("a request"));
        }
        assert!(seen.windows(2).all(|w| w[0] == w[1]), "the same QN each time: {seen:?}");
    };
    let ((status, view), ()) = tokio::join!(asked, device);
    assert_eq!(status, 200, "{view}");
    let steps: Vec<&str> = view["steps"].as_array().expect("steps").iter().filter_map(|s| s["what"].as_str()).collect();
    assert_eq!(steps, ["sent", "resent", "resent", "timeout"]);
    let (status, _) = officer.post(&path, json!({"kind": "real_interval", "seconds": 5, "reason": "x"})).await;
    assert_eq!(status, 400, "an interval the standard does not know");
    let (status, _) = officer.post(&path, json!({"kind": "set_clock", "reason": " "})).await;
    assert_eq!(status, 400, "a command needs a reason");
    city.running.stop().await;
}

#[tokio::test]
async fn history_that_was_asked_for_is_late_and_does_not_become_the_present() {
    let city = City::with(|c| c.hj212.commands = true).await;
    let mut line = city.line("ms01").await;
    line.upload("2011", &water(&civil(-20), "7.5")).await;
    let officer = city.person("zhoumin").await;
    let path = format!("/api/v1/sense/devices/{}/commands", line.device.mn);
    let now = jiff::Timestamp::now();
    let begin = (now - jiff::SignedDuration::from_mins(30)).to_string();
    let ask = json!({"kind": "pull", "data": "minute", "begin": begin, "end": now.to_string(), "reason": "gap"});
    let asked = officer.post(&path, ask);
    let device = async {
        let request = line.next().await.expect("a request");
        assert!(request.contains("CN=2051") && request.contains("BeginTime="), "{request}");
        let qn = request.split(';').next().expect("QN").trim_start_matches("QN=").to_owned();
        let frame = line.frame("9011", &qn, "QnRtn=1");
        line.send(&frame).await;
        let record = line.frame("2051", &now_qn(), &format!("DataTime={};w01001-Avg=7.4,w01001-Flag=N", civil(-600)));
        line.send(&record).await;
        assert!(line.next().await.expect("an answer").contains("CN=9014"));
        let frame = line.frame("9012", &qn, "ExeRtn=1");
        line.send(&frame).await;
    };
    let ((status, view), ()) = tokio::join!(asked, device);
    assert_eq!(status, 200, "{view}");
    let ph = city.points("ms01").iter().find(|(f, _)| f == "w01001").expect("pH").1;
    let curve = officer.ok(&format!("/api/v1/sense/points/{ph}/curve?kind=minute")).await;
    assert_eq!((curve["rows"][0]["late"].as_bool(), curve["rows"][0]["value"].as_str()), (Some(true), Some("7.4")));
    city.running.stop().await;
}

#[tokio::test]
async fn a_device_that_asks_for_the_time_gets_it_where_commands_are_allowed() {
    let city = City::with(|c| c.hj212.commands = true).await;
    let mut line = city.line("ms01").await;
    let answer = line.upload("1013", "").await;
    assert!(answer.contains("CN=9013"), "{answer}");
    let request = line.next().await.expect("a request");
    assert!(request.contains("CN=1012"), "{request}");
    city.running.stop().await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart_and_judged() {
    let city = City::start().await;
    let mut line = city.line("ms01").await;
    for i in 0..20 {
        line.upload("2011", &water(&civil(-60 + i), "7.9")).await;
    }
    let city = city.restart().await;
    let officer = city.person("zhoumin").await;
    let ph = city.points("ms01").iter().find(|(f, _)| f == "w01001").expect("pH").1;
    let curve = officer.ok(&format!("/api/v1/sense/points/{ph}/curve")).await;
    assert_eq!(curve["rows"].as_array().expect("rows").len(), 20);
    let detail = officer.ok("/api/v1/sense/stations/ms01").await;
    assert_eq!(detail["station"]["grade"]["level"], 1);
    let findings = city.running.app.store.check().await.expect("checked");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
    city.running.stop().await;
}

#[tokio::test]
async fn a_station_and_its_device_are_registered_while_the_program_runs_and_known_after_a_restart() {
    let city = City::start().await;
    let admin = city.person("xuning").await;
    let station = json!({
        "code": "new1", "kind": "outlet", "name": {"zh": "新排口", "en": "New outlet"}, "county": "kc",
        "place": {"lon": 118.9, "lat": 28.95}, "enterprise": city.running.app.city().enterprises[0].code, "unit": "mc",
        "points": [{"factor": "w01018", "name": {"zh": "化学需氧量", "en": "COD"}, "unit": "mg/L", "decimals": 1,
            "limit": {"bound": "at_most", "value": "50", "cite": "permit 1"}}],
    });
    let mut wrong = station.clone();
    wrong["points"][0]["unit"] = json!("mg");
    let (status, body) = admin.post("/api/v1/sense/stations", wrong).await;
    assert_eq!(status, 400, "{body}");
    assert!(body["detail"].as_str().expect("text").contains("w01018: unit: unknown"), "{body}");
    assert_eq!(admin.post("/api/v1/sense/stations", station.clone()).await.0, 201);
    let (status, body) = admin.post("/api/v1/sense/stations", station).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (409, Some("exists")));
    let device = json!({"mn": "330800D032000000000000FF", "station": "new1", "password": "654321", "edition": "2017", "interval_s": 60});
    assert_eq!(admin.post("/api/v1/sense/devices", device.clone()).await.0, 201);
    assert_eq!(admin.post("/api/v1/sense/devices", device).await.0, 409);
    let city = city.restart().await;
    let registered =
        city.running.app.devices().iter().find(|d| d.device.station.as_str() == "new1").expect("known").device.clone();
    let mut line = Line::open(&city, registered).await;
    let answer = line.upload("2011", &format!("DataTime={};w01018-Rtd=60.5,w01018-Flag=N", civil(-5))).await;
    assert!(answer.contains("CN=9014"), "{answer}");
    let officer = city.person("zhoumin").await;
    let alarm = until("the exceedance", async || {
        let alarms = officer.ok("/api/v1/act/alarms?station=new1").await;
        alarms["items"].as_array()?.iter().find(|a| a["kind"] == "exceedance").cloned()
    })
    .await;
    assert_eq!((alarm["value"].as_str(), alarm["limit"].as_str()), (Some("60.5"), Some("≤ 50 mg/L")));
    city.running.stop().await;
}

#[tokio::test]
async fn a_missing_hour_is_found_and_asked_for() {
    let city = City::with(|c| {
        c.hj212.commands = true;
        c.hj212.request_timeout_s = 5;
    })
    .await;
    let mut line = city.line("ms01").await;
    let hours: Vec<String> = (0..9).map(|back| format!("{}0000", &civil(-3_600 * back)[..10])).collect();
    let hour = |back: usize| hours[back].as_str();
    for back in [8, 7, 6, 3, 2] {
        let record = format!("DataTime={};w01001-Avg=7.4,w01001-Flag=N,w01010-Avg=15.0,w01010-Flag=N", hour(back));
        assert!(line.upload("2061", &record).await.contains("CN=9014"));
    }
    let app = &city.running.app;
    until("the line's holder", async || app.store.line_holder(&line.device.mn).await.expect("an answer")).await;
    gaps::round(app).await.expect("a round");
    let request = line.next().await.expect("a request");
    let span = format!("CP=&&BeginTime={},EndTime={}&&", hour(5), hour(4));
    assert!(request.contains("CN=2061") && request.contains(&span), "{request} asks for {span}");
    let qn = request.split(';').next().expect("QN").trim_start_matches("QN=").to_owned();
    let answers = [line.frame("9011", &qn, "QnRtn=1"), line.frame("9012", &qn, "ExeRtn=100")].concat();
    line.send(&answers).await;
    let job = until("the end of the first try", async || {
        let job = app.store.jobs(gaps::GAP).await.expect("jobs").remove(0);
        job.error.is_some().then_some(job)
    })
    .await;
    assert!(job.tries == 1 && job.done_at.is_none() && job.due > app.clock.now(), "asked again later: {job:?}");
    gaps::round(app).await.expect("a round");
    assert_eq!(app.store.jobs(gaps::GAP).await.expect("jobs").len(), 1, "the same gap is not asked for again at once");
    let log = app.store.commands(&Caller::machine(), &line.device.mn).await.expect("a log");
    assert_eq!(log.len(), 1);
    assert!(log[0].person.0.is_nil() && log[0].steps.contains("no data"), "{log:?}");
    city.running.stop().await;
}

#[tokio::test]
async fn an_exceedance_in_a_flood_that_overruns_the_judge_is_not_hidden() {
    let city = City::with(|c| {
        c.alarm.queue = 1;
        c.alarm.clear_after = 1;
    })
    .await;
    let mut line = city.line("ms16").await;
    let values = |i: i64| if i == 150 { "9.80" } else { "7.90" };
    // all at once: most messages to the judge find no place
    let flood: Vec<u8> =
        (0..300).flat_map(|i| line.frame("2011", &now_qn(), &water(&civil(i - 400), values(i)))).collect();
    line.send(&flood).await;
    for _ in 0..300 {
        assert!(line.next().await.expect("an answer").contains("CN=9014"));
    }
    let officer = city.person("zhoumin").await;
    let alarm = until("the exceedance", async || {
        let alarms = officer.ok("/api/v1/act/alarms?station=ms16&state=ended").await;
        alarms["items"].as_array()?.iter().find(|a| a["kind"] == "exceedance").cloned()
    })
    .await;
    assert_eq!(
        (alarm["value"].as_str(), alarm["count"].as_i64()),
        (Some("9.80"), Some(1)),
        "seen, and seen once: {alarm}"
    );
    assert!(city.running.app.ingest.missed() > 0, "the judge was overrun");
    city.running.stop().await;
}

#[tokio::test]
async fn what_overruns_the_judge_hides_no_restated_value_and_no_second_connection() {
    let city = City::with(|c| c.alarm.queue = 1).await;
    let (mut line, mut second) = (city.line("ms16").await, city.line("ms16").await);
    // every stamp comes twice: the same again, but for one that comes with another value
    let value = |i: i64| if i == 301 { "7.31" } else { "7.30" };
    let flood: Vec<u8> =
        (0..600).flat_map(|i| line.frame("2011", &now_qn(), &water(&civil(i / 2 - 400), value(i)))).collect();
    line.send(&flood).await;
    let late = second.frame("2011", &now_qn(), &water(&civil(-401), "7.30"));
    for i in 0..600 {
        if i == 300 {
            second.send(&late).await;
        }
        assert!(line.next().await.expect("an answer").contains("CN=9014"));
    }
    assert!(city.running.app.ingest.missed() > 0, "the judge was overrun");
    let officer = city.person("zhoumin").await;
    let kinds = ["value_changed", "second_connection"];
    let alarms = until("both alarms", async || {
        let alarms = officer.ok("/api/v1/act/alarms?station=ms16").await;
        let alarms = alarms["items"].as_array()?.clone();
        kinds.iter().all(|kind| alarms.iter().any(|a| a["kind"] == *kind)).then_some(alarms)
    })
    .await;
    for kind in kinds {
        let counts: Vec<_> = alarms.iter().filter(|a| a["kind"] == kind).map(|a| a["count"].as_i64()).collect();
        assert_eq!(counts, [Some(1)], "{kind}: seen, and seen once");
    }
    let restated = alarms.iter().find(|a| a["kind"] == "value_changed").expect("found above");
    assert_eq!(restated["value"], "7.31");
    let jobs = city.running.app.store.jobs(shanshui_store::SECOND_CONNECTION).await.expect("jobs");
    assert!(jobs.len() == 1 && jobs[0].tries == 1, "{jobs:?}");
    city.running.stop().await;
}
