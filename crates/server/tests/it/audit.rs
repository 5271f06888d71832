//! The audit over HTTP, and its proof as a stranger checks it.

use std::path::Path;
use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};
use shanshui_server::sign::Scheme;

use crate::support::City;

/// Whether the script of the guide takes a proof; none without a Python that knows SM3.
fn verified(folder: &Path, proof: &Value, key: &str) -> Option<bool> {
    let file = folder.join("proof.json");
    std::fs::write(&file, proof.to_string()).expect("written");
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide");
    let script = Path::new(guide).join(if key.starts_with("sm2:") { "verify_audit_sm2.py" } else { "verify_audit.py" });
    let knows = Command::new("python3").args(["-c", "import hashlib; hashlib.new('sm3')"]).output();
    if !knows.is_ok_and(|asked| asked.status.success()) {
        eprintln!(
            "\n*** SKIPPED: no python3 that knows SM3 (OpenSSL 1.1.1 and newer); the script of the guide was not tried ***\n"
        );
        return None;
    }
    let run = Command::new("python3").arg(script).arg(&file).arg(key).output().expect("it was there");
    Some(run.status.success())
}

#[tokio::test]
async fn an_entry_is_found_sealed_and_proved_without_this_program() {
    proved(Scheme::Ed25519).await;
}

#[tokio::test]
async fn the_same_with_the_signature_of_the_state() {
    proved(Scheme::Sm2).await;
}

async fn proved(scheme: Scheme) {
    let copy = tempfile::tempdir().expect("a folder");
    let place = copy.path().join("roots.jsonl");
    let city = City::with(|config| {
        config.audit.copy.clone_from(&place);
        config.audit.signature = scheme;
    })
    .await;
    let duty = city.person("zhoumin").await;
    let wrong = json!({"login": "zhoumin", "password": "wrong"});
    assert_eq!(city.nobody().post("/api/v1/system/login", wrong).await.0, StatusCode::UNAUTHORIZED);
    let strange = json!({"login": "my-password-typed-as-a-name", "password": "x"});
    city.nobody().post("/api/v1/system/login", strange).await;
    let auditor = city.person("helan").await;
    let failed = auditor.ok("/api/v1/system/audit?action=login_failed").await;
    let subjects: Vec<&str> =
        failed["items"].as_array().expect("entries").iter().filter_map(|e| e["subject"].as_str()).collect();
    assert_eq!(subjects, ["?", "zhoumin"], "what is typed as a name may be a password");
    assert_eq!(failed["items"][1]["from"], "127.0.0.1");
    let id = duty.ok("/api/v1/system/me").await["person"]["id"].as_str().expect("an id").to_owned();
    let own = auditor.ok(&format!("/api/v1/system/audit?person={id}&action=login")).await;
    let entry = &own["items"][0];
    assert_eq!((&entry["by"]["login"], own["items"].as_array().map(Vec::len)), (&json!("zhoumin"), Some(1)), "{own}");
    let path = format!("/api/v1/system/audit/{}/proof", entry["seq"]);
    assert_eq!(auditor.get(&path).await.0, StatusCode::NOT_FOUND, "not sealed yet");

    let app = &city.running.app;
    let sealed = app.sealer.seal(&app.store, app.clock.now()).await.expect("sealed").expect("something came");
    let proof = auditor.ok(&path).await;
    assert_eq!((&proof["root"]["root"], &proof["digest"]), (&json!(sealed.root), &entry["digest"]));
    assert_eq!(auditor.ok("/api/v1/system/audit/roots").await[0]["size"], json!(sealed.size));
    let (folder, key) = (copy.path(), app.sealer.signer());
    let mut spoiled = vec![(proof.clone(), key.clone(), true)];
    let zeros = |n| json!("0".repeat(n));
    let spoil: [&dyn Fn(&mut Value); 6] = [
        &|p| p["body"] = json!("{}"),
        &|p| p["seq"] = json!(1),
        &|p| p["path"][0]["digest"] = zeros(64),
        &|p| p["root"]["root"] = zeros(64),
        &|p| p["root"]["size"] = json!(999),
        &|p| p["root"]["signature"] = zeros(128),
    ];
    for spoil in spoil {
        let mut other = proof.clone();
        spoil(&mut other);
        spoiled.push((other, key.clone(), false));
    }
    spoiled.push((proof, "0".repeat(64), false));
    for (n, (proof, key, good)) in spoiled.iter().enumerate() {
        if let Some(taken) = verified(folder, proof, key) {
            assert_eq!(taken, *good, "{n}");
        }
    }

    // the second place was away for an hour, and its last line was cut off: the next time it has all of them
    let first = std::fs::read_to_string(&place).expect("a copy");
    std::fs::write(&place, &first[..40]).expect("cut");
    city.person("chenlu").await;
    app.sealer.seal(&app.store, app.clock.now()).await.expect("sealed").expect("something came");
    let lines = std::fs::read_to_string(&place).expect("a copy");
    assert_eq!((lines.lines().count(), lines.contains(first.trim())), (3, true), "{lines}");

    let roots = app.store.audit_roots(&shanshui_domain::right::Caller::machine(), 9).await.expect("roots");
    let faults = |roots: &[shanshui_store::RootRow]| shanshui_server::seal::faults(roots, Some(&place)).expect("read");
    assert_eq!(faults(&roots), [""; 0]);
    let mut forged = roots.clone();
    forged[0].root = "0".repeat(64);
    assert_eq!(faults(&forged).len(), 2, "neither the signature nor the copy fits");
    let said = faults(&[]);
    assert_eq!(said.iter().filter(|f| f.contains("not in the database")).count(), 2, "{said:?}");
    city.running.stop().await;
}

#[tokio::test]
async fn a_webhook_gets_every_root_in_order_also_those_it_did_not_take_at_once() {
    use axum::http::{HeaderMap, header};
    use std::sync::{Arc, Mutex};
    type Seen = Arc<Mutex<(bool, Vec<(String, Value)>)>>;
    let seen: Seen = Arc::default();
    let take = async |axum::extract::State(seen): axum::extract::State<Seen>,
                      headers: HeaderMap,
                      axum::Json(root): axum::Json<Value>| {
        let mut seen = seen.lock().expect("one at a time");
        if !seen.0 {
            return StatusCode::BAD_GATEWAY;
        }
        let token = headers.get(header::AUTHORIZATION).and_then(|t| t.to_str().ok()).unwrap_or_default().to_owned();
        seen.1.push((token, root));
        StatusCode::NO_CONTENT
    };
    let routes = axum::Router::new().route("/roots", axum::routing::post(take)).with_state(Arc::clone(&seen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}/roots", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("token");
    std::fs::write(&token, "s3cret\n").expect("written");
    let city = City::with(|config| {
        config.audit.webhook = address.clone();
        config.audit.webhook_token_file = token.clone();
        config.outbound.allow = vec!["127.0.0.0/8".parse().expect("a range")];
    })
    .await;
    let app = &city.running.app;
    let mut sizes = Vec::new();
    for taken in [false, true, true] {
        seen.lock().expect("one at a time").0 = taken;
        city.person("zhoumin").await;
        let sealed = app.sealer.seal(&app.store, app.clock.now()).await;
        let roots = app.store.audit_roots(&shanshui_domain::right::Caller::machine(), 9).await.expect("roots");
        sizes.push(roots[0].size);
        match sealed {
            Ok(row) => assert_eq!((taken, row.map(|r| r.size)), (true, Some(roots[0].size))),
            Err(error) => {
                let said = format!("{error:#}");
                assert!(!taken && said.contains(&address) && said.contains("502"), "{said}");
            }
        }
    }
    let got = seen.lock().expect("one at a time").1.clone();
    let told: Vec<u64> = got.iter().filter_map(|(_, root)| root["size"].as_u64()).collect();
    assert_eq!(told, sizes);
    assert!(got.iter().all(|(token, root)| token == "Bearer s3cret" && root["signer"] == json!(app.sealer.signer())));
}
