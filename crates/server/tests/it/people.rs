//! Logging in, what every request must carry; and a spike that becomes a closed case.

use reqwest::StatusCode;
use serde_json::json;
use shanshui_server::config::SecondFactor;

use crate::support::{City, civil, until, water};

#[tokio::test]
async fn a_login_fails_alike_for_unknown_names_and_wrong_passwords() {
    let city = City::start().await;
    let mut answers = Vec::new();
    for (login, password) in [("zhoumin", "wrong"), ("nobody", "wrong")] {
        answers.push(city.nobody().post("/api/v1/system/login", json!({"login": login, "password": password})).await);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    city.running.stop().await;
}

#[tokio::test]
async fn guesses_wait_and_the_right_password_waits_with_them() {
    let city = City::start().await;
    let guess = async |login: &str, password: &str| {
        let body = json!({"login": login, "password": password});
        city.nobody().post("/api/v1/system/login", body).await.1["code"].as_str().unwrap_or_default().to_owned()
    };
    let mut tried = 0;
    for n in 0..60 {
        tried += u32::from(guess("zhoumin", &format!("guess-{n}")).await == "bad_login");
    }
    assert_eq!(tried, 5, "then it waits");
    assert_eq!(guess("zhoumin", "quzhou-demo-1").await, "too_many", "the right password too");
    assert_eq!(guess("chenlu", "quzhou-demo-2").await, "", "somebody else logs in");
    let mut tried = 0;
    for n in 0..80 {
        tried += u32::from(guess(&format!("name-{n}"), "guess").await == "bad_login");
    }
    assert_eq!(tried, 45, "one address, many names");
    let audit = city.running.app.store.check().await.expect("checked");
    assert!(audit.iter().all(|f| f.ok), "{audit:?}");
    city.running.stop().await;
}

#[tokio::test]
async fn a_session_ends_by_time_by_idleness_by_hand_and_with_the_password() {
    let short = City::with(|config| config.auth.session_hours = 0).await;
    assert_eq!(short.person("zhoumin").await.get("/api/v1/system/me").await.0, StatusCode::UNAUTHORIZED);
    short.running.stop().await;
    let idle = City::with(|config| config.auth.idle_minutes = 0).await;
    let person = idle.person("zhoumin").await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    assert_eq!(person.get("/api/v1/system/me").await.0, StatusCode::UNAUTHORIZED);
    idle.running.stop().await;

    let city = City::start().await;
    let (first, second, third) =
        (city.person("zhoumin").await, city.person("zhoumin").await, city.person("zhoumin").await);
    let sessions = first.ok("/api/v1/system/sessions").await;
    let rows = sessions.as_array().expect("sessions");
    assert_eq!((rows.len(), rows.iter().filter(|s| s["this"] == true).count()), (3, 1), "{sessions}");
    assert!(rows.iter().all(|s| s["address"] == "127.0.0.1"), "{sessions}");
    let other = second.ok("/api/v1/system/sessions").await;
    let id = other.as_array().expect("sessions").iter().find(|s| s["this"] == true).expect("its own")["id"].clone();
    let end = format!("/api/v1/system/sessions/{}/end", id.as_str().expect("an id"));
    let stranger = city.person("chenlu").await;
    assert_eq!(stranger.post(&end, json!({})).await.0, StatusCode::NOT_FOUND, "another's session");
    assert_eq!(first.post(&end, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(second.get("/api/v1/system/me").await.0, StatusCode::UNAUTHORIZED);
    let change = async |old: &str, new: &str| {
        let (status, body) = first.post("/api/v1/system/password", json!({"old": old, "new": new})).await;
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(change("wrong", "seven otters read maps").await, (StatusCode::UNAUTHORIZED, "bad_login".into()));
    let weak = (StatusCode::UNPROCESSABLE_ENTITY, "weak_password".to_owned());
    assert_eq!(change("quzhou-demo-1", "zhoumin123456").await, weak);
    assert_eq!(change("quzhou-demo-1", "quzhou-demo-1").await, weak);
    assert_eq!(change("quzhou-demo-1", "seven otters read maps").await.0, StatusCode::NO_CONTENT);
    assert_eq!(first.get("/api/v1/system/me").await.0, StatusCode::OK, "the one it was changed in stays");
    assert_eq!(third.get("/api/v1/system/me").await.0, StatusCode::UNAUTHORIZED, "the others end");
    city.somebody("zhoumin", "seven otters read maps").await;
    city.running.stop().await;
}

#[tokio::test]
async fn a_login_gives_a_new_token_and_the_one_before_is_nobodys() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    let login = json!({"login": "zhoumin", "password": "quzhou-demo-1"});
    assert_eq!(person.post("/api/v1/system/login", login).await.0, StatusCode::OK);
    let sessions = person.ok("/api/v1/system/sessions").await;
    assert_eq!(sessions.as_array().map(Vec::len), Some(1), "{sessions}");
    city.running.stop().await;
}

#[tokio::test]
async fn a_password_that_somebody_else_gave_is_changed_before_anything_else() {
    let city = City::start().await;
    let system = city.person("xuning").await;
    let account = |password: &str| json!({"name": {"zh": "新", "en": "New"}, "disabled": false, "password": password});
    let (status, body) = system.put("/api/v1/system/accounts/fresh", account("fresh12345678")).await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("weak_password")));
    let given = "blue kettles hum at noon";
    assert_eq!(system.put("/api/v1/system/accounts/fresh", account(given)).await.0, StatusCode::OK);
    let fresh = city.somebody("fresh", given).await;
    assert_eq!(fresh.ok("/api/v1/system/me").await["must_change_password"], true);
    for path in ["/api/v1/system/sessions", "/api/v1/sense/geography"] {
        let (status, body) = fresh.get(path).await;
        assert_eq!((status, body["code"].as_str()), (StatusCode::FORBIDDEN, Some("must_change_password")), "{path}");
    }
    let change = json!({"old": given, "new": "nine herons cross the weir"});
    assert_eq!(fresh.post("/api/v1/system/password", change).await.0, StatusCode::NO_CONTENT);
    assert_eq!(fresh.get("/api/v1/system/sessions").await.0, StatusCode::OK);
    city.running.stop().await;
}

/// The code of an authenticator with this secret, `steps` half minutes from now.
fn code(secret: &str, steps: i64) -> String {
    let bytes = totp_rs::Secret::Encoded(secret.to_owned()).to_bytes().expect("base 32");
    let totp = totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 1, 30, bytes).expect("a secret");
    totp.generate((jiff::Timestamp::now().as_second() + steps * 30).cast_unsigned())
}

#[tokio::test]
async fn an_administrator_has_a_second_factor_and_each_code_is_taken_once() {
    let city = City::with(|config| config.auth.second_factor = SecondFactor::Administrators).await;
    let admin = city.person("xuning").await;
    assert_eq!(admin.ok("/api/v1/system/me").await["must_enrol"], true);
    let (status, body) = admin.get("/api/v1/system/accounts").await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::FORBIDDEN, Some("must_enrol")));
    let password = json!({"password": "quzhou-demo-6"});
    let (status, factor) = admin.post("/api/v1/system/second-factor", password.clone()).await;
    assert_eq!(status, StatusCode::OK, "{factor}");
    let secret = factor["secret"].as_str().expect("a secret").to_owned();
    assert!(factor["address"].as_str().is_some_and(|a| a.contains(&secret)) && !factor["picture"].is_null());
    let confirm = async |code: &str| {
        let answer = admin.post("/api/v1/system/second-factor/confirm", json!({"code": code})).await;
        (answer.0, answer.1["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(confirm("000000").await, (StatusCode::UNAUTHORIZED, "bad_code".into()));
    assert_eq!(confirm(&code(&secret, -1)).await.0, StatusCode::NO_CONTENT);
    assert_eq!(admin.get("/api/v1/system/accounts").await.0, StatusCode::OK);
    assert_eq!(admin.post("/api/v1/system/second-factor", password).await.0, StatusCode::CONFLICT);
    let login = async |code: Option<String>| {
        let body = json!({"login": "xuning", "password": "quzhou-demo-6", "code": code});
        let (status, body) = city.nobody().post("/api/v1/system/login", body).await;
        if status == StatusCode::OK { "in".to_owned() } else { body["code"].as_str().unwrap_or_default().to_owned() }
    };
    assert_eq!(login(None).await, "needs_code");
    assert_eq!(login(Some(code(&secret, -1))).await, "bad_code", "used already");
    let now = code(&secret, 0);
    assert_eq!(login(Some(now.clone())).await, "in");
    assert_eq!(login(Some(now)).await, "bad_code", "used already");
    let kept = city.running.app.store.second_factor(
        admin.ok("/api/v1/system/me").await["person"]["id"].as_str().expect("an id").parse().expect("an id"),
    );
    let sealed = kept.await.expect("a question").expect("there").sealed;
    assert!(sealed.starts_with("s1:") && !sealed.contains(&secret), "the database alone does not give it away");
    let drop = async |code: &str| admin.post("/api/v1/system/second-factor/drop", json!({"code": code})).await.0;
    assert_eq!(drop("123456").await, StatusCode::UNAUTHORIZED);
    assert_eq!(drop(&code(&secret, 1)).await, StatusCode::NO_CONTENT);
    assert_eq!(admin.ok("/api/v1/system/me").await["must_enrol"], true, "another one at once");
    let officer = city.person("zhoumin").await;
    assert_eq!(officer.ok("/api/v1/system/me").await["must_enrol"], false);
    city.running.stop().await;
}

#[tokio::test]
async fn writes_need_our_header_and_known_fields_and_pages_carry_the_policy() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    let bare = person.raw(|http, base| http.post(format!("{base}/api/v1/system/logout"))).await;
    assert_eq!(bare.status(), StatusCode::BAD_REQUEST, "a write without the header of our own pages");
    let (status, _) = person.post("/api/v1/act/cases", json!({"title": "x", "stranger": 1})).await;
    assert!(status.is_client_error(), "an unknown field: {status}");
    let page = person.raw(|http, base| http.get(format!("{base}/cases"))).await;
    let policy = page.headers().get("content-security-policy").expect("a policy").to_str().expect("text").to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let id = page.headers().get("x-request-id").and_then(|id| id.to_str().ok()).expect("a name").to_owned();
    assert!(id.len() == 32 && !page.headers().contains_key("strict-transport-security"), "{id}");
    let (status, body) = person.get("/api/v1/nothing").await;
    assert_eq!((status, body["code"].as_str()), (StatusCode::NOT_FOUND, Some("not_found")));
    city.running.stop().await;
    let tls = City::with(|config| config.http.secure_cookie = true).await;
    let page = tls.nobody().raw(|http, base| http.get(format!("{base}/login"))).await;
    assert!(page.headers().contains_key("strict-transport-security"));
    tls.running.stop().await;
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n rest of a picture";

#[tokio::test]
async fn a_spike_becomes_a_case_and_is_closed_by_two_persons_with_proof() {
    let city = City::start().await;
    let mut line = city.line("ms16").await;
    let duty = city.person("zhoumin").await;
    let mut stream = duty.raw(|http, base| http.get(format!("{base}/api/v1/events"))).await;
    for (i, ph) in ["7.91", "9.34", "10.21", "8.47"].iter().enumerate() {
        line.upload("2011", &water(&civil(-120 + 30 * i as i64), ph)).await;
    }
    let mut heard = String::new();
    while !(heard.contains("event: alarm") && heard.contains("\"kind\":\"spike\"")) {
        let chunk = stream.chunk().await.expect("the stream lives").expect("more");
        heard.push_str(&String::from_utf8_lossy(&chunk));
    }
    let alarm = until("the spike", async || {
        let alarms = duty.ok("/api/v1/act/alarms?state=open").await;
        alarms["items"].as_array()?.iter().find(|a| a["kind"] == "spike").cloned()
    })
    .await;
    assert!(alarm["message"]["zh"].as_str().expect("text").contains("7.91 → 9.34 → 10.21 → 8.47"), "{alarm}");
    let id = alarm["id"].as_str().expect("an id");
    let (status, seen) = duty.post(&format!("/api/v1/act/alarms/{id}/acknowledge"), json!({})).await;
    assert_eq!((status, seen["state"].as_str()), (StatusCode::OK, Some("acknowledged")));
    let (status, case) = duty.post("/api/v1/act/cases", json!({"title": "莲花站房 pH 突变", "alarm": id})).await;
    assert_eq!(status, StatusCode::OK, "{case}");
    let (status, _) = duty.post("/api/v1/act/cases", json!({"title": "again", "alarm": id})).await;
    assert_eq!(status, StatusCode::CONFLICT, "an alarm becomes one case");
    let path = format!("/api/v1/act/cases/{}", case["summary"]["id"].as_str().expect("an id"));
    let officer = city.person("yejun").await;
    assert_eq!(officer.get(&path).await.0, StatusCode::NOT_FOUND, "not theirs yet");
    let to = officer.ok("/api/v1/system/me").await["person"]["id"].clone();
    let due = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48)).to_string();
    let assign = json!({"version": 1, "action": "assign", "to": to, "due": due, "note": "请现场核查"});
    let (status, case) = duty.post(&format!("{path}/actions"), assign.clone()).await;
    assert_eq!((status, case["summary"]["state"].as_str()), (StatusCode::OK, Some("assigned")));
    let (status, _) = duty.post(&format!("{path}/actions"), assign).await;
    assert_eq!(status, StatusCode::CONFLICT, "an old version");
    let (status, _) = officer.post(&format!("{path}/actions"), json!({"version": 2, "action": "report"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "no proof");
    let (status, photo) = officer.put_file(&format!("{path}/evidence?name=a.png"), "image/png", PNG.to_vec()).await;
    assert_eq!(status, StatusCode::OK, "{photo}");
    let (status, _) = officer.put_file(&format!("{path}/evidence?name=a.png"), "image/png", b"<html>".to_vec()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "no picture");
    let stranger = city.person("fangjie").await;
    let file = format!("/api/v1/act/evidence/{}", photo["id"].as_str().expect("an id"));
    assert_eq!(stranger.get(&file).await.0, StatusCode::NOT_FOUND, "not theirs");
    let report = json!({"version": 2, "action": "report", "evidence": [photo["id"]]});
    let (status, case) = officer.post(&format!("{path}/actions"), report).await;
    assert_eq!((status, case["summary"]["state"].as_str()), (StatusCode::OK, Some("reported")));
    assert_eq!(case["actions"], json!([]), "who reported may not judge the report");
    let second = city.person("chenlu").await;
    let (_, proof) = second.put_file(&format!("{path}/evidence?name=b.png"), "image/png", PNG.to_vec()).await;
    let verify = json!({"version": 3, "action": "verify", "evidence": [proof["id"]]});
    let (status, case) = second.post(&format!("{path}/actions"), verify).await;
    assert_eq!((status, case["summary"]["state"].as_str()), (StatusCode::OK, Some("verified")));
    let (status, case) = second.post(&format!("{path}/actions"), json!({"version": 4, "action": "close"})).await;
    assert_eq!((status, case["summary"]["state"].as_str()), (StatusCode::OK, Some("closed")));
    assert_eq!(case["events"].as_array().expect("events").len(), 5);
    let findings = city.running.app.store.check().await.expect("checked");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
    city.running.stop().await;
}
