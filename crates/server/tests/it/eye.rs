//! A drawn camera at a station: somebody walks up to the sampling water, is seen, is spoken to, leaves; the data of those minutes is in
//! doubt until somebody has looked; the evidence is a pack that holds.

use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use shanshui_camera::drawn::SAMPLING_AREA;
use shanshui_domain::time::Instant;
use shanshui_server::eye::pack::look;
use shanshui_server::sign::signed;

use crate::seen;
use crate::support::{City, Person, civil, until, water};

/// Longer than a round of the visitor, a clip's after-roll and the recording's last file.
pub(crate) const VISITOR: Duration = Duration::from_secs(150);

/// Asks until something has come that takes a while.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = tokio::time::Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < VISITOR, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

pub(crate) fn fence(corners: &[(f32, f32)]) -> Value {
    let corners: Vec<[f32; 2]> = corners.iter().map(|(x, y)| [*x, *y]).collect();
    json!({"fences": [{"id": "head", "name": "采样口", "kind": "sampling_head", "polygon": corners}]})
}

pub(crate) async fn drawn(admin: &Person) -> String {
    let camera =
        json!({"code": "ms16-c1", "station": "ms16", "name_zh": "采样口", "name_en": "sampling head", "kind": "drawn"});
    let (status, made) = admin.post("/api/v1/sense/eye/cameras", camera.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(admin.post("/api/v1/sense/eye/cameras", camera).await.0, StatusCode::CONFLICT, "a code is one camera's");
    made["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_comes_is_told_to_leave_and_the_data_is_doubted_until_somebody_looks() {
    let city = City::with(|config| {
        (config.eye.drawn_every_s, config.eye.after_s, config.eye.before_s) = (45.0, 1, 2);
    })
    .await;
    let (admin, reviewer) = (city.person("xuning").await, city.person("shenyi").await);
    let id = drawn(&admin).await;
    let fences = format!("/api/v1/sense/eye/cameras/{id}/fences");
    let beyond = json!({"base_version": 0, "plan": fence(&[(0.1, 0.1), (1.4, 0.1), (0.5, 0.5)]), "note": ""});
    let (status, refused) = admin.put(&fences, beyond).await;
    assert_eq!((status, refused["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("eye.fence")), "{refused}");
    let plan = json!({"base_version": 0, "plan": fence(&SAMPLING_AREA), "note": "初次划定"});
    let (status, kept) = admin.put(&fences, plan.clone()).await;
    assert_eq!((status, kept["version"].as_i64()), (StatusCode::OK, Some(1)), "{kept}");
    assert_eq!(admin.put(&fences, plan).await.0, StatusCode::CONFLICT, "somebody has drawn meanwhile");
    let mut line = city.line("ms16").await;
    let stopped = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let sending = {
        let stopped = std::sync::Arc::clone(&stopped);
        tokio::spawn(async move {
            while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
                line.upload("2011", &water(&civil(0), "7.1")).await;
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        })
    };
    let events = "/api/v1/sense/eye/events";
    let open = eventually("somebody", async || {
        let page = reviewer.ok(events).await;
        page["items"].as_array()?.first().cloned()
    })
    .await;
    assert_eq!(
        (open["label"].as_str(), open["suspicion"].as_str()),
        (Some("unclassified"), Some("standing")),
        "{open}"
    );
    let event = format!("{events}/{}", open["id"].as_str().expect("an id"));
    let early = reviewer.post(&format!("{event}/verdict"), json!({"verdict": "person", "reason": "还在"})).await;
    if open["left_at"].is_null() {
        assert_eq!(early.0, StatusCode::CONFLICT, "whoever is still there is not judged: {}", early.1);
    }
    let clips = shanshui_camera::encoders().is_some();
    if !clips {
        eprintln!("skipped: no clip without ffmpeg");
    }
    let done = eventually("the end", async || {
        let one = reviewer.ok(&event).await;
        let names: Vec<&str> = one["files"].as_array()?.iter().filter_map(|f| f["name"].as_str()).collect();
        let all = names.contains(&"best.jpg") && names.contains(&"exit.jpg") && (!clips || names.contains(&"clip.mp4"));
        (all && one["state"] != "open").then_some(one)
    })
    .await;
    stopped.store(true, std::sync::atomic::Ordering::Relaxed);
    sending.await.expect("no panic");
    assert_eq!(done["voice"], "sent", "the browsers of those on duty were told: {done}");
    assert!(done["suspicion_span"]["values"].as_u64() > Some(0), "{done}");
    assert!(done["seconds"].as_f64() > Some(3.0) && done["seconds"].as_f64() < Some(60.0), "{done}");
    files(&reviewer, &event, clips).await;
    review(&city, &reviewer, &event, &done).await;
    guard(&reviewer, &id).await;
    city.running.stop().await;
}

async fn files(reviewer: &Person, event: &str, clips: bool) {
    let fetch = async |name: &str, range: Option<&str>| {
        let answer = reviewer
            .raw(|http, base| {
                let request = http.get(format!("{base}{event}/files/{name}"));
                range.map_or(request.try_clone().expect("plain"), |range| request.header("range", range))
            })
            .await;
        (answer.status(), answer.bytes().await.expect("bytes"))
    };
    let (status, entry) = fetch("entry.jpg", None).await;
    assert!(status == StatusCode::OK && entry.starts_with(&[0xff, 0xd8]), "{status}");
    assert_eq!(fetch("nothing.jpg", None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(fetch("..%2f..%2faudit.key", None).await.0, StatusCode::NOT_FOUND);
    if clips {
        let (status, clip) = fetch("clip.mp4", Some("bytes=0-99")).await;
        assert_eq!((status, clip.len()), (StatusCode::PARTIAL_CONTENT, 100));
    }
    let plain = json!({"name": "entry.jpg", "reason": " "});
    assert_eq!(reviewer.post(&format!("{event}/plain"), plain).await.0, StatusCode::CONFLICT, "a reason is needed");
    let plain = json!({"name": "entry.jpg", "reason": "核对人员身份"});
    assert_eq!(reviewer.post(&format!("{event}/plain"), plain).await.0, StatusCode::OK);
}

async fn review(city: &City, reviewer: &Person, event: &str, done: &Value) {
    let manager = city.person("gaohui").await;
    assert_eq!(manager.get(event).await.0, StatusCode::NOT_FOUND, "a manager sees the cameras of their own outlets");
    let leader = city.person("qiulei").await;
    let lift = json!({"act": "lift", "reason": "与邻站一致"});
    assert_eq!(leader.post(&format!("{event}/suspicion"), lift.clone()).await.0, StatusCode::FORBIDDEN);
    let (status, judged) =
        reviewer.post(&format!("{event}/verdict"), json!({"verdict": "person", "reason": "看过录像"})).await;
    assert_eq!((status, judged["state"].as_str()), (StatusCode::OK, Some("reviewed")), "{judged}");
    let span = &done["suspicion_span"];
    let asked = format!(
        "/api/v1/sense/eye/suspicions?station=ms16&from={}&to={}",
        span["from"].as_str().expect("from"),
        span["to"].as_str().expect("to")
    );
    assert_eq!(reviewer.ok(&asked).await["items"][0]["state"], "standing");
    let (status, lifted) = reviewer.post(&format!("{event}/suspicion"), lift.clone()).await;
    assert_eq!((status, lifted["suspicion"].as_str()), (StatusCode::OK, Some("lifted")), "{lifted}");
    assert_eq!(reviewer.post(&format!("{event}/suspicion"), lift).await.0, StatusCode::CONFLICT, "it is settled");
    let stands = &reviewer.ok(&asked).await["items"][0];
    assert_eq!((stands["state"].as_str(), stands["reason"].as_str()), (Some("lifted"), Some("与邻站一致")));
    assert_eq!(stands["by"]["login"], "shenyi");
    let made = reviewer
        .raw(|http, base| {
            let body = json!({"reason": "移送", "plain": false});
            http.post(format!("{base}{event}/pack")).header("x-shanshui", "1").json(&body)
        })
        .await;
    assert_eq!(made.status(), StatusCode::OK);
    let pack = made.bytes().await.expect("bytes").to_vec();
    let key = city.running.app.sealer.signer();
    let report = look(Cursor::new(pack.clone()), &signed, Some(&key)).expect("a pack");
    assert!(report.is_whole(), "{:?}", report.findings);
    assert_eq!(report.manifest.expect("read").verdict.expect("judged").verdict, "person");
    let mut touched = pack;
    let middle = touched.len() / 2;
    touched[middle] ^= 1;
    assert!(!look(Cursor::new(touched), &signed, Some(&key)).is_ok_and(|r| r.is_whole()), "a flipped bit is found");
    let steps = reviewer.ok(event).await;
    let words: Vec<&str> =
        steps["steps"].as_array().expect("steps").iter().filter_map(|s| s["what"].as_str()).collect();
    assert!(
        ["begun", "spoke", "left", "judged", "doubt", "unblurred", "packed"].iter().all(|w| words.contains(w)),
        "{words:?}"
    );
}

async fn guard(reviewer: &Person, id: &str) {
    let camera = reviewer.ok(&format!("/api/v1/sense/eye/cameras/{id}")).await;
    assert_eq!((camera["model"].is_null(), camera["precision"]["right"].as_i64()), (true, Some(1)), "{camera}");
    assert!(["guarded", "intrusion"].contains(&camera["guard"]["state"].as_str().expect("a state")), "{camera}");
    let month = civil(0);
    let report = reviewer.ok(&format!("/api/v1/sense/eye/report?month={}-{}", &month[..4], &month[4..6])).await;
    let row = &report["rows"][0];
    assert!(row["intrusions"].as_i64() >= Some(1) && row["lifted"].as_i64() == Some(1), "{report}");
    assert!(row["guarded_s"].as_i64() > Some(5), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_that_cannot_be_reached_is_blind_and_never_shows_an_old_picture() {
    let city = City::start().await;
    let (admin, reviewer) = (city.person("xuning").await, city.person("shenyi").await);
    let wrong = json!({"code": "x", "station": "ms16", "name_zh": "甲", "name_en": "a", "kind": "rtsp",
        "address": "file:///etc/passwd"});
    let (status, refused) = admin.post("/api/v1/sense/eye/cameras", wrong).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    let camera = json!({"code": "ms16-c2", "station": "ms16", "name_zh": "甲", "name_en": "a", "kind": "rtsp",
        "address": "rtsp://guard:open-sesame@127.0.0.1:9/1"});
    let (status, made) = admin.post("/api/v1/sense/eye/cameras", camera).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert!(!made.to_string().contains("open-sesame"), "{made}");
    let one = format!("/api/v1/sense/eye/cameras/{}", made["id"].as_str().expect("an id"));
    let blind = until("blindness", async || {
        let camera = reviewer.ok(&one).await;
        let reason = camera["guard"]["reason"].as_str().unwrap_or_default();
        (camera["guard"]["state"] == "blind" && !["", "starting"].contains(&reason)).then_some(camera)
    })
    .await;
    assert!(!blind.to_string().contains("open-sesame"), "{blind}");
    let (status, problem) = reviewer.get(&format!("{one}/picture")).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, Some("eye.blind")), "{problem}");
    let off = json!({"code": "ms16-c2", "station": "ms16", "name_zh": "甲", "name_en": "a", "kind": "rtsp", "enabled": false,
        "keep_address": true, "base_version": 1});
    let (status, changed) = admin.put(&one, off).await;
    assert_eq!((status, changed["guard"]["state"].as_str()), (StatusCode::OK, Some("off")), "{changed}");
    let kept = city.running.app.store.camera_addresses(changed["id"].as_str().expect("an id")).await.expect("opens");
    assert_eq!(kept.0.expose(), "rtsp://guard:open-sesame@127.0.0.1:9/1", "as it was");
    city.running.stop().await;
}

/// A loudspeaker of HTTP: its address, and when it was given a sound.
async fn horn() -> (String, Arc<Mutex<Vec<tokio::time::Instant>>>) {
    let given: Arc<Mutex<Vec<tokio::time::Instant>>> = Arc::default();
    let noted = Arc::clone(&given);
    let take = axum::routing::post(move |_: axum::body::Bytes| async move {
        noted.lock().expect("no panic").push(tokio::time::Instant::now());
    });
    let door = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = format!("http://{}/say", door.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(door, axum::Router::new().route("/say", take)).await });
    (address, given)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_that_is_longer_than_its_gap_is_played_to_its_end() {
    const LASTS_S: u64 = 5;
    let city = City::with(|config| {
        config.eye.drawn_every_s = 60.0;
        config.outbound.allow = vec!["127.0.0.0/8".parse().expect("a range")];
    })
    .await;
    let (admin, reviewer) = (city.person("xuning").await, city.person("shenyi").await);
    let (address, given) = horn().await;
    let voice = "/api/v1/sense/eye/voice/ms16";
    let now = reviewer.ok(voice).await;
    let rules = json!({"base_version": now["version"], "text_zh": now["text_zh"], "text_en": now["text_en"], "languages": ["zh"],
        "driver": {"kind": "http", "url": address, "body": {"as": "wav"}}, "repeat": 20, "gap_s": 1, "cooldown_s": 1, "quiet": [],
        "escalate_after": 0});
    let (status, kept) = reviewer.put(voice, rules).await;
    assert_eq!(status, StatusCode::OK, "{kept}");
    let wav = shanshui_voice::Sound::of((0..8_000 * LASTS_S).map(|i| (i % 80) as i16 * 200).collect()).to_wav();
    let (status, kept) = reviewer.put_file(&format!("{voice}/sound"), "audio/wav", wav).await;
    assert!(status.is_success(), "{kept}");
    let id = drawn(&admin).await;
    let plan = json!({"base_version": 0, "plan": fence(&SAMPLING_AREA), "note": ""});
    let (status, kept) = admin.put(&format!("/api/v1/sense/eye/cameras/{id}/fences"), plan).await;
    assert_eq!(status, StatusCode::OK, "{kept}");
    let times = eventually("the third time", async || {
        let times = given.lock().expect("no panic").clone();
        (times.len() > 2).then_some(times)
    })
    .await;
    let apart = times.windows(2).map(|two| two[1].duration_since(two[0])).min().expect("three");
    // the loudspeaker's clock begins a moment after ours
    assert!(apart + Duration::from_millis(500) > Duration::from_secs(LASTS_S), "{apart:?}");
    city.running.stop().await;
}

#[tokio::test]
async fn a_visit_is_announced_and_approved_by_somebody_else() {
    let city = City::start().await;
    let (asks, decides) = (city.person("sunyu").await, city.person("zhoumin").await);
    let now = jiff::Timestamp::now();
    let at = |minutes: i64| (now + jiff::SignedDuration::from_mins(minutes)).to_string();
    let station = asks.ok("/api/v1/sense/stations").await[0]["code"].as_str().expect("a station").to_owned();
    let visit = json!({"station": station, "who": "王五", "unit": "运维公司", "phone": "13800001234",
        "purpose": "更换试剂", "from": at(-5), "to": at(60)});
    let (status, asked) = asks.post("/api/v1/sense/eye/visits", visit).await;
    assert_eq!((status, asked["phone_tail"].as_str()), (StatusCode::CREATED, Some("1234")), "{asked}");
    let decide = format!("/api/v1/sense/eye/visits/{}/decide", asked["id"].as_str().expect("an id"));
    assert_eq!(asks.post(&decide, json!({"approve": true})).await.0, StatusCode::FORBIDDEN);
    let (status, approved) = decides.post(&decide, json!({"approve": true, "note": "同意"})).await;
    assert_eq!((status, approved["state"].as_str()), (StatusCode::OK, Some("approved")), "{approved}");
    assert_eq!(decides.post(&decide, json!({"approve": false})).await.0, StatusCode::CONFLICT, "it is decided");
    let store = &city.running.app.store;
    let covered = store.visit_at(&station.as_str().into(), city.running.app.clock.now()).await.expect("asked");
    assert_eq!(covered.as_deref(), asked["id"].as_str());
    city.running.stop().await;
}

#[tokio::test]
async fn an_intrusion_and_what_review_finds_around_it_are_one_case() {
    let city = City::start().await;
    let app = &city.running.app;
    let (station, now) = (shanshui_domain::id::StationCode::from("ms16"), app.clock.now());
    seen::camera(&app.store, "c1", &station, now).await;
    seen::event(&app.store, "e1", "c1", &station, (now.plus_ms(-120_000), true)).await;
    let finding = shanshui_store::FindingIn {
        station: station.clone(),
        point: None,
        factor: None,
        kind: None,
        family: "check".into(),
        rule: "jump".into(),
        rule_version: 1,
        from: now.plus_ms(-110_000),
        to: now.plus_ms(-100_000),
        score: None,
        urgency: 9,
        evidence: "[]".into(),
        reason: "{}".into(),
    };
    app.store.findings_put(vec![finding], Instant(0)).await.expect("kept");
    let duty = city.person("zhoumin").await;
    let event = "/api/v1/sense/eye/events/e1";
    assert_eq!(duty.ok(event).await["findings"][0]["rule"], "jump");
    let (status, opened) = duty.post(&format!("{event}/case"), json!({"note": "一并核查"})).await;
    assert_eq!(status, StatusCode::OK, "{opened}");
    let after = duty.ok(event).await;
    assert_eq!((&after["case"], &after["findings"][0]["case"]), (&opened["case"], &opened["case"]), "one case");
    assert_eq!(duty.post(&format!("{event}/case"), json!({"note": "再来"})).await.0, StatusCode::CONFLICT);
    city.running.stop().await;
}

#[tokio::test]
async fn maintenance_that_nobody_approved_is_a_case_as_soon_as_it_is_said() {
    let city = City::start().await;
    let app = &city.running.app;
    let (station, now) = (shanshui_domain::id::StationCode::from("ms16"), app.clock.now());
    seen::camera(&app.store, "c1", &station, now).await;
    seen::event(&app.store, "e1", "c1", &station, (now.plus_ms(-120_000), true)).await;
    let reviewer = city.person("shenyi").await;
    let verdict = "/api/v1/sense/eye/events/e1/verdict";
    let judged = reviewer.post(verdict, json!({"verdict": "person", "reason": "看过录像"})).await;
    assert_eq!((judged.0, judged.1["case"].is_null()), (StatusCode::OK, true), "{}", judged.1);
    let (status, judged) = reviewer.post(verdict, json!({"verdict": "maintenance", "reason": "换药箱"})).await;
    assert_eq!(status, StatusCode::OK, "{judged}");
    let case = judged["case"].as_str().expect("a case").to_owned();
    let shown = reviewer.ok(&format!("/api/v1/act/cases/{case}")).await;
    assert!(shown["summary"]["title"].as_str().is_some_and(|t| t.contains("未报备的运维来访")), "{shown}");
    let (_, again) = reviewer.post(verdict, json!({"verdict": "maintenance", "reason": "同上"})).await;
    assert_eq!(again["case"].as_str(), Some(case.as_str()), "one case");
    city.running.stop().await;
}

#[tokio::test]
async fn a_place_where_nobody_was_is_remembered() {
    let city = City::start().await;
    let app = &city.running.app;
    let (station, now) = (shanshui_domain::id::StationCode::from("ms16"), app.clock.now());
    seen::camera(&app.store, "c1", &station, now).await;
    let reviewer = city.person("shenyi").await;
    let quiet = "/api/v1/sense/eye/cameras/c1/quiet";
    for (id, verdict) in [("e1", "false"), ("e2", "animal")] {
        let before = reviewer.ok(quiet).await["items"].as_array().map(Vec::len);
        seen::event(&app.store, id, "c1", &station, (now.plus_ms(-120_000), true)).await;
        let body = json!({"verdict": verdict, "reason": "白鹭", "remember": true});
        assert_eq!(reviewer.post(&format!("/api/v1/sense/eye/events/{id}/verdict"), body).await.0, StatusCode::OK);
        let after = reviewer.ok(quiet).await["items"].as_array().map(Vec::len);
        assert_eq!(after, before.map(|n| n + 1), "{verdict}");
    }
    city.running.stop().await;
}
