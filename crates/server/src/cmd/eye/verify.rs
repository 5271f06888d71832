//! `shanshui eye verify`: is a pack of evidence whole? Needs neither store nor network.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use shanshui_domain::sense::eye::pack::key_id;

use crate::eye::pack::look;
use crate::sign::signed;

/// Checks a pack of evidence, offline. One JSON line per finding and one for the whole; exit 0 when it is whole, 1 when it is not, 2
/// when it cannot be read.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The pack.
    #[arg(value_name = "PACK")]
    pack: PathBuf,
    /// The public key that must have signed, as `shanshui audit key` prints it. Without it anybody's signature passes, and is named.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// Runs it.
pub fn run(verify: &Verify) -> ExitCode {
    let name = verify.pack.display();
    let file = match File::open(&verify.pack).and_then(|f| f.metadata().map(|m| (f, m))) {
        Ok((file, meta)) if meta.is_file() => file,
        Ok(_) => return unreadable(&format!("{name}: no file")),
        Err(e) => return unreadable(&format!("{name}: {e}")),
    };
    let report = match look(BufReader::new(file), &signed, verify.key.as_deref()) {
        Ok(report) => report,
        Err(e) => {
            let zh = format!("不是证据包，或已损坏：{e:#}");
            println!("{}", json!({"what": "no_pack", "ok": false, "detail": format!("{e:#}"), "detail_zh": zh}));
            return ExitCode::FAILURE;
        }
    };
    for finding in &report.findings {
        println!(
            "{}",
            json!({"what": finding.code(), "ok": false, "detail": finding.to_string(), "detail_zh": finding.zh()})
        );
    }
    let (whole, manifest) = (report.is_whole(), report.manifest.as_ref());
    let (detail, zh) = match (whole, verify.key.is_some()) {
        (true, true) => ("whole, and signed by the key that was asked for", "完整，签名者与指定公钥一致"),
        (true, false) => ("whole; compare the signer with the key you know", "完整；请将签名公钥与已知公钥核对"),
        (false, _) => ("not whole", "不完整或被改动"),
    };
    println!(
        "{}",
        json!({
            "what": "pack", "ok": whole, "detail": detail, "detail_zh": zh,
            "number": manifest.map(|m| m.event.number.as_str()), "event": manifest.map(|m| m.event.id.as_str()),
            "station": manifest.map(|m| m.station.code.as_str()), "made_at": manifest.map(|m| m.made.at.as_str()),
            "files": manifest.map(|m| m.files.len()), "steps": manifest.map(|m| m.steps.len()),
            "signer": report.signer, "key_id": report.signer.as_deref().map(key_id),
        })
    );
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn unreadable(why: &str) -> ExitCode {
    eprintln!("shanshui: {why}");
    ExitCode::from(2)
}
