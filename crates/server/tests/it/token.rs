//! Ways in beside the password: tokens of programs and wall screens; how often one may ask; TLS of the program's own door.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{City, Person};

const STATIONS: &str = "/api/v1/sense/stations";

async fn bearer(city: &City, secret: &str, path: &str) -> (StatusCode, Value) {
    let nobody = city.nobody();
    let answer = nobody.raw(|http, base| http.get(format!("{base}{path}")).bearer_auth(secret)).await;
    (answer.status(), serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default())
}

async fn made(person: &Person, body: Value) -> (String, String) {
    let (status, made) = person.post("/api/v1/system/tokens", body).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    (text(&made["secret"]), text(&made["token"]["id"]))
}

fn api(rights: &[&str]) -> Value {
    json!({"name": "数据共享", "kind": "api", "rights": rights, "days": 30})
}

#[tokio::test]
async fn a_token_may_what_it_was_made_for_until_it_is_ended() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    let (secret, id) = made(&person, api(&["station.read", "case.open"])).await;
    assert_eq!(bearer(&city, &secret, STATIONS).await.0, StatusCode::OK);
    let me = bearer(&city, &secret, "/api/v1/system/me").await.1;
    assert_eq!((&me["token"], &me["rights"]), (&json!("api"), &json!(["station.read", "case.open"])), "{me}");
    for closed in ["/api/v1/act/alarms", "/api/v1/system/sessions", "/api/v1/system/tokens", "/api/v1/system/people"] {
        assert_eq!(bearer(&city, &secret, closed).await.0, StatusCode::FORBIDDEN, "{closed}");
    }
    // no browser sends it by itself, so that a write needs no header of ours
    let case = json!({"title": "第三方平台转办", "station": null, "alarm": null, "due": null});
    let wrote = city.nobody();
    let answer =
        wrote.raw(|http, base| http.post(format!("{base}/api/v1/act/cases")).bearer_auth(&secret).json(&case)).await;
    assert!(answer.status().is_success() || answer.status() == StatusCode::BAD_REQUEST, "{}", answer.status());
    let password = json!({"old": "quzhou-demo-1", "new": "seven otters read maps"});
    let answer = wrote
        .raw(|h, base| h.post(format!("{base}/api/v1/system/password")).bearer_auth(&secret).json(&password))
        .await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    // the digest that is kept opens nothing, nor does another's list show it
    assert_eq!(city.person("chenlu").await.ok("/api/v1/system/tokens").await, json!([]));
    let end = format!("/api/v1/system/tokens/{id}/end");
    assert_eq!(city.person("chenlu").await.post(&end, json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(person.post(&end, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(bearer(&city, &secret, STATIONS).await.0, StatusCode::UNAUTHORIZED);
    let list = person.ok("/api/v1/system/tokens").await;
    assert_eq!((&list[0]["good"], list[0]["seen"].is_string()), (&json!(false), true), "{list}");
    assert!(!list.to_string().contains(&secret));
    assert_eq!(bearer(&city, "shanshui_guess", STATIONS).await.0, StatusCode::UNAUTHORIZED);
    city.running.stop().await;
}

#[tokio::test]
async fn a_token_is_no_more_than_its_person_and_what_is_asked_wrongly_is_named() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    let check = async |body: Value, word: &str| {
        let (status, problem) = person.post("/api/v1/system/tokens", body).await;
        let detail = problem["detail"].as_str().unwrap_or_default().to_owned();
        assert!(status == StatusCode::BAD_REQUEST && detail.contains(word), "{status} {problem}");
    };
    for right in ["audit.read", "session.own", "glass.break", "delegation.change", "nonsense"] {
        check(api(&[right]), "rights").await;
    }
    check(api(&[]), "rights").await;
    check(json!({"name": "", "kind": "api", "rights": ["station.read"], "days": 1}), "name").await;
    check(json!({"name": "a", "kind": "api", "rights": ["station.read"], "days": 367}), "days").await;
    check(json!({"name": "a", "kind": "wall", "days": 1}), "networks").await;
    check(json!({"name": "a", "kind": "wall", "networks": ["office"], "days": 1}), "networks").await;
    check(
        json!({"name": "a", "kind": "wall", "networks": ["10.0.0.0/8"], "rights": ["case.close"], "days": 1}),
        "rights",
    )
    .await;
    // whoever is shut out is shut out with their tokens
    let (secret, _) = made(&person, api(&["station.read"])).await;
    let system = city.person("xuning").await;
    let shut = json!({"name": {"zh": "周敏", "en": "Zhou Min"}, "disabled": true});
    assert_eq!(system.put("/api/v1/system/accounts/zhoumin", shut).await.0, StatusCode::OK);
    assert_eq!(bearer(&city, &secret, STATIONS).await.0, StatusCode::UNAUTHORIZED);
    city.running.stop().await;
}

#[tokio::test]
async fn a_wall_screen_reads_and_does_nothing_else() {
    let city = City::start().await;
    let person = city.person("zhoumin").await;
    let wall = |networks: &[&str]| json!({"name": "大厅", "kind": "wall", "networks": networks, "days": 7});
    let (elsewhere, _) = made(&person, wall(&["198.51.100.0/24"])).await;
    let (secret, id) = made(&person, wall(&["127.0.0.0/8"])).await;
    let screen = city.nobody();
    let enter = async |token: &str| screen.post("/api/v1/system/wall", json!({"token": token})).await;
    assert_eq!(enter(&elsewhere).await.0, StatusCode::UNAUTHORIZED, "from elsewhere");
    assert_eq!(bearer(&city, &secret, STATIONS).await.0, StatusCode::UNAUTHORIZED, "is no program's");
    let (status, me) = enter(&secret).await;
    assert_eq!((status, &me["token"]), (StatusCode::OK, &json!("wall")), "{me}");
    for open in
        [STATIONS, "/api/v1/act/alarms", "/api/v1/analyse/summary", "/api/v1/sense/geography", "/api/v1/system/me"]
    {
        assert_eq!(screen.get(open).await.0, StatusCode::OK, "{open}");
    }
    for closed in ["/api/v1/sense/devices", "/api/v1/system/sessions", "/api/v1/system/tokens"] {
        assert_eq!(screen.get(closed).await.0, StatusCode::FORBIDDEN, "{closed}");
    }
    let case = json!({"title": "x", "station": null, "alarm": null, "due": null});
    assert_eq!(screen.post("/api/v1/act/cases", case).await.0, StatusCode::FORBIDDEN);
    assert_eq!(screen.post("/api/v1/system/logout", json!({})).await.0, StatusCode::FORBIDDEN);
    person.post(&format!("/api/v1/system/tokens/{id}/end"), json!({})).await;
    assert_eq!(screen.get(STATIONS).await.0, StatusCode::UNAUTHORIZED);
    city.running.stop().await;
}

#[tokio::test]
async fn whoever_asks_too_often_is_told_how_long_to_wait() {
    let city = City::with(|config| config.http.account_requests_per_s = 1).await;
    let (busy, other) = (city.person("zhoumin").await, city.person("chenlu").await);
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(busy.raw(|http, base| http.get(format!("{base}/api/v1/system/me"))).await);
    }
    let refused: Vec<_> = answers.iter().filter(|a| a.status() == StatusCode::TOO_MANY_REQUESTS).collect();
    assert!(!refused.is_empty() && refused.len() < 30, "{}", refused.len());
    let wait = refused[0].headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    assert!(wait.is_some_and(|s| (1..=2).contains(&s)), "{wait:?}");
    assert_eq!(other.get("/api/v1/system/me").await.0, StatusCode::OK, "nobody else waits");
    city.running.stop().await;
    let city = City::with(|config| config.http.address_requests_per_s = 1).await;
    let mut refused = 0;
    for _ in 0..30 {
        refused += u32::from(city.nobody().get("/api/v1/system/about").await.0 == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!((1..30).contains(&refused), "{refused}");
    city.running.stop().await;
}

#[tokio::test]
async fn the_program_speaks_tls_itself_and_nobody_who_says_nothing_keeps_others_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).expect("made");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let city = City::with(|config| (config.http.tls_certificate, config.http.tls_key) = (certificate, key)).await;
    let at = city.running.http;
    let silent = tokio::net::TcpStream::connect(at).await.expect("open");
    let trusted = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).expect("a certificate");
    let builder = || reqwest::Client::builder().timeout(Duration::from_secs(20));
    let https = builder().add_root_certificate(trusted).cookie_store(true).build().expect("a client");
    let login = json!({"login": "zhoumin", "password": "quzhou-demo-1"});
    let sent = https.post(format!("https://{at}/api/v1/system/login")).header("x-shanshui", "1").json(&login).send();
    let answer = sent.await.expect("an answer");
    let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(header("set-cookie").contains("; Secure"), "{}", header("set-cookie"));
    assert!(header("strict-transport-security").contains("max-age="));
    let sessions = https.get(format!("https://{at}/api/v1/system/sessions")).send().await.expect("an answer");
    let sessions: Value = sessions.json().await.expect("sessions");
    assert_eq!(sessions[0]["address"], "127.0.0.1", "who asks is known through TLS too");
    let stranger = builder().build().expect("a client").get(format!("https://{at}/healthz")).send().await;
    assert!(stranger.is_err_and(|e| e.is_connect()), "an unknown certificate is not taken");
    let plain = builder().build().expect("a client").get(format!("http://{at}/healthz")).send().await;
    assert!(plain.is_err(), "plain HTTP is not spoken there");
    drop(silent);
    city.running.stop().await;
}
