//! The audit over HTTP, and its proof as a stranger checks it.

use std::path::Path;
use std::process::Command;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::City;

/// Whether the script of the guide takes a proof; none without a Python that knows SM3.
fn verified(folder: &Path, proof: &Value, key: &str) -> Option<bool> {
    let file = folder.join("proof.json");
    std::fs::write(&file, proof.to_string()).expect("written");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/verify_audit.py");
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
    let copy = tempfile::tempdir().expect("a folder");
    let place = copy.path().join("roots.jsonl");
    let city = City::with(|config| config.audit.copy = place.clone()).await;
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
