//! The commands as a user types them: real process, real pipes.

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn shanshui(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_shanshui"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the binary ends");
    writer.join().expect("no panic").expect("input taken");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

const GOOD: &[u8] = b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&1C80\r\n";

#[test]
fn decode_prints_one_object_per_frame_or_damaged_stretch() {
    let stream = [b"noise".as_slice(), GOOD, &GOOD[..50], GOOD].concat();
    let output = shanshui(&["hj212", "decode"], &stream);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|l| serde_json::from_str(l).expect("json")).collect();
    let seen: Vec<_> = lines.iter().map(|l| (l["offset"].as_u64(), l["ok"].as_bool())).collect();
    assert_eq!(
        seen,
        [(Some(0), Some(false)), (Some(5), Some(true)), (Some(118), Some(false)), (Some(168), Some(true))]
    );
    assert_eq!(lines[1]["cp"]["RtdInterval"], "30");
    assert_eq!(lines[1]["edition"], "2017");
    assert_eq!(lines[0]["problems"][0]["code"], "no_header");
}

#[test]
fn encode_gives_back_what_decode_read() {
    let upload = "QN=20240601085857223;ST=31;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=9;RF=1;\
        CP=&&DataTime=20240601080000;a34013-Min=1.0,a34013-Avg=1.2,a34013-Max=1.5,a34013-Flag=N&&";
    let frame = format!("##{:04}{upload}{:04X}\r\n", upload.len(), hj212::crc::checksum(upload.as_bytes()));
    for key in [&[][..], &["--key", "30303030303030303030303030303030"]] {
        let encoded = {
            let json = shanshui(&["hj212", "decode"], frame.as_bytes());
            assert_eq!(json.status.code(), Some(0));
            shanshui(&[&["hj212", "encode"], key].concat(), &json.stdout)
        };
        assert_eq!(encoded.status.code(), Some(0), "{}", text(&encoded.stderr));
        assert_eq!(encoded.stdout.len(), frame.len());
        let again = shanshui(&[&["hj212", "decode"], key].concat(), &encoded.stdout);
        let again: serde_json::Value = serde_json::from_slice(&again.stdout).expect("json");
        assert_eq!((again["ok"].as_bool(), again["encrypted"].as_bool()), (Some(true), Some(!key.is_empty())));
        assert_eq!(again["cp"]["a34013"]["Avg"], "1.2");
    }
}

#[test]
fn wrong_usage_and_bad_input_have_their_own_exit_codes() {
    assert_eq!(shanshui(&["hj212", "decode", "--sideways"], b"").status.code(), Some(2));
    let output = shanshui(&["hj212", "decode", "--key", "30"], b"");
    assert_eq!((output.status.code(), text(&output.stderr).contains("32 hex digits")), (Some(1), true));
    let output = shanshui(&["evaluate", "water", "no-such-file.csv"], b"");
    assert_eq!((output.status.code(), text(&output.stderr).contains("no-such-file.csv")), (Some(1), true));
}

#[test]
fn a_table_is_judged_and_its_bad_row_named() {
    let input = "site,time,so2,no2,co,o3_8h,pm10,pm2_5\n甲,2026-03-01,10,10,0.5,60,120,60\n乙,2026-03-01,10,10,0.5,sixty,120,60\n";
    let output = shanshui(&["evaluate", "air", "--report", "day"], input.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("line 3, o3_8h: \"sixty\" is no number"), "{}", text(&output.stderr));
    let lines: Vec<String> = text(&output.stdout).lines().map(String::from).collect();
    assert_eq!(lines[1], "甲,2026-03-01,100,2,\"PM10,PM2.5\",10,13,13,30,100,100,HJ 633-2026,");
}
