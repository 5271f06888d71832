use super::*;
use crate::encode::{self, Echo, Message};

/// Key of the annex examples of 2025: sixteen bytes 0x30.
fn annex_key(_: &[u8]) -> DevicePolicy {
    DevicePolicy { key: Some(Sm4Key::new([0x30; 16])), ..DevicePolicy::default() }
}

fn plain(_: &[u8]) -> DevicePolicy {
    DevicePolicy::default()
}

fn frame(segment: &str) -> String {
    format!("##{:04}{segment}{:04X}\r\n", segment.len(), crc::checksum(segment.as_bytes()))
}

/// `offset ok|usable|bad len codes` of every piece.
fn summary(bytes: &[u8], limits: &Limits) -> Vec<String> {
    let mut out = Vec::new();
    decode_all(bytes, limits, &plain, |p| out.push(line(&p)));
    out
}

fn line(p: &Piece<'_>) -> String {
    let state = if p.ok() {
        "ok"
    } else if p.usable() {
        "usable"
    } else {
        "bad"
    };
    let codes: Vec<&str> = p.problems().iter().map(|p| p.code.as_str()).collect();
    format!("{} {state} {} {}", p.offset, p.raw.len(), codes.join(","))
}

const HEAD: &str = "QN=20160801085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=5";
const GOOD: &str = "DataTime=20160801085857;w01018-Rtd=2.2,w01018-Flag=N";

fn good() -> String {
    frame(&format!("{HEAD};CP=&&{GOOD}&&"))
}

#[test]
fn a_good_frame_is_read_whole() {
    decode_all(good().as_bytes(), &Limits::default(), &plain, |p| {
        assert!(p.ok() && p.problems().is_empty(), "{:?}", p.problems());
        assert_eq!((p.edition(), p.wants_answer(), p.cn()), (Edition::V2017, true, &b"2011"[..]));
        let items: Vec<String> = p.items().map(|(c, k, v)| format!("{}|{}|{}", text(c), text(k), text(v))).collect();
        assert_eq!(items, ["|DataTime|20160801085857", "w01018|Rtd|2.2", "w01018|Flag|N"]);
    });
}

fn check(what: &str, segment_or_frame: &str, expected: &str) {
    let bytes = if segment_or_frame.starts_with('#') { segment_or_frame.to_owned() } else { frame(segment_or_frame) };
    let mut got = Vec::new();
    decode_all(bytes.as_bytes(), &Limits::default(), &plain, |p| {
        let line = line(&p);
        let words: Vec<&str> = line.split_whitespace().collect();
        got.push(format!("{} {}", words[1], words.get(3).unwrap_or(&"")).trim().to_owned());
    });
    assert_eq!(got.join(" / "), expected, "{what}");
}

#[test]
fn what_is_odd_is_named_and_still_ok() {
    let area = format!("CP=&&{GOOD}&&");
    check(
        "order",
        &format!("ST=32;QN=20160801085857223;CN=2011;MN=010000A8900016F000169DC0;PW=123456;Flag=5;{area}"),
        "ok",
    );
    check("2005 without Flag and QN", "ST=32;CN=2011;PW=123456;MN=12345678901234;CP=&&&&", "ok qn_missing");
    check("short MN", &format!("{};{area}", HEAD.replace("010000A8900016F000169DC0", "A1")), "ok mn_odd");
    check("blanks", &format!("{HEAD}; {area}"), "ok stray_blanks");
    check("log", &format!("{HEAD};CP=&&i11001-Info=//泵A;阀B,状态=1//&&"), "ok");
    check("unknown command", &format!("{};{area}", HEAD.replace("CN=2011", "CN=9021")), "ok cn_unknown");
    check("impossible time", &format!("{HEAD};CP=&&DataTime=20161301000000&&"), "ok data_time_odd");
    check("packet 0", &format!("{};PNUM=2;PNO=0;CP=&&&&", HEAD.replace("Flag=5", "Flag=7")), "ok packet_numbers_odd");
    check(
        "huge PNUM",
        &format!("{};PNUM=99999999999;PNO=1;CP=&&&&", HEAD.replace("Flag=5", "Flag=7")),
        "ok packet_numbers_odd",
    );
    check("PNUM without its bit", &format!("{HEAD};PNUM=2;PNO=1;CP=&&&&"), "ok packet_bit_odd");
}

#[test]
fn what_is_wrong_is_not_ok() {
    let good = good();
    check("lost separator", &format!("{HEAD}CP=&&{GOOD}&&"), "bad header_syntax,field_unknown,area_syntax");
    check("no CP", HEAD, "bad area_syntax");
    check("open area", &format!("{HEAD};CP=&&{GOOD}&"), "bad area_syntax");
    check("crc", &good.replace("2.2", "2.3"), "bad crc_wrong");
    check("LF only", &good.replace("\r\n", "\n"), "usable tail_not_crlf");
    check("no tail", good.trim_end(), "usable tail_missing");
    check("lost #", &good[1..], "bad no_header");
    check("cut", &good[..60], "bad cut_short");
}

#[test]
fn a_three_digit_length_is_read_with_its_name() {
    let segment = format!("{HEAD};CP=&&{GOOD}&&");
    let bytes = format!("##{}{segment}{:04X}", segment.len(), crc::checksum(segment.as_bytes()));
    check("field frame", &bytes, "usable length_three_digits,tail_missing");
    let strict = Limits { strict: true, ..Limits::default() };
    assert_eq!(summary(bytes.as_bytes(), &strict), ["0 bad 148 length_three_digits,tail_missing"]);
}

#[test]
fn damage_never_takes_a_good_neighbour() {
    let good = good();
    let n = good.len();
    for bad in [
        good.replacen("##0139", "##9999", 1),
        good.replacen("##0139", "##0239", 1),
        good[..70].to_owned(),
        good.replacen("2.2", "2.3", 1),
        "noise##12".into(),
    ] {
        let stream = format!("{bad}{good}{good}");
        let got = summary(stream.as_bytes(), &Limits::default());
        let tail: Vec<String> = got.iter().rev().take(2).rev().cloned().collect();
        assert_eq!(tail, [format!("{} ok {n} ", bad.len()), format!("{} ok {n} ", bad.len() + n)], "{bad:?}: {got:?}");
    }
}

#[test]
fn a_crc_of_modbus_is_taken_from_whom_it_is_agreed_with() {
    let segment = format!("{HEAD};CP=&&{GOOD}&&");
    for (crc, code) in [
        (crc::modbus(segment.as_bytes()), "crc_modbus"),
        (crc::modbus(segment.as_bytes()).swap_bytes(), "crc_modbus_swapped"),
    ] {
        let bytes = format!("##{:04}{segment}{crc:04X}\r\n", segment.len());
        assert_eq!(summary(bytes.as_bytes(), &Limits::default()), ["0 bad 151 crc_wrong"]);
        let mut got = Vec::new();
        let agreed = |mn: &[u8]| DevicePolicy {
            accept_modbus_crc: mn == b"010000A8900016F000169DC0",
            accept_swapped_modbus_crc: true,
            key: None,
        };
        decode_all(bytes.as_bytes(), &Limits::default(), &agreed, |p| got.push(line(&p)));
        assert_eq!(got, [format!("0 usable 151 {code}")]);
    }
}

#[test]
fn encrypted_areas_are_read_with_the_key_and_named_without() {
    let message = Message { area: GOOD.into(), ..message(Edition::V2025, "2011") };
    let bytes = message.frame(Some(&Sm4Key::new([0x30; 16]))).expect("short");
    decode_all(&bytes, &Limits::default(), &annex_key, |p| {
        assert!(p.ok() && p.encrypted, "{:?}", p.problems());
        assert_eq!(p.plain(b"DataTime"), Some(&b"20160801085857"[..]));
    });
    decode_all(&bytes, &Limits::default(), &plain, |p| {
        assert!(!p.ok() && !p.usable());
        assert_eq!(p.mn(), b"010000A8900016F000169DC0");
    });
}

#[test]
fn answers_have_the_form_of_the_edition() {
    let echo =
        |edition| Echo { qn: "20160801085857223", cn: "2011", pw: "123456", mn: "010000A8900016F000169DC0", edition };
    // the answers printed in 2017 C.46 and 2025 C.46, with the CRC of annex A
    let v2017 = encode::answer("9014", echo(Edition::V2017)).expect("plain values");
    assert_eq!(
        text(&v2017),
        "##0087QN=20160801085857223;ST=91;CN=9014;PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&&&".to_owned()
            + &format!("{:04X}\r\n", crc::checksum(&v2017[6..93]))
    );
    let v2005 = encode::answer("9013", echo(Edition::V2005)).expect("plain values");
    assert!(text(&v2005).contains(";Flag=0;CP=&&QN=20160801085857223;CN=2011&&") && !text(&v2005).contains("##0087QN"));
}

fn message(edition: Edition, cn: &str) -> Message {
    encode::request("20160801085857223", "32", cn, ("123456", "010000A8900016F000169DC0"), edition, "")
}

#[test]
fn long_uploads_are_split_between_factors() {
    let groups: Vec<String> = (0..60).map(|i| format!("w{i:05}-Avg=1.5,w{i:05}-Flag=N")).collect();
    let packets = message(Edition::V2017, "2061").split("20160801080000", &groups);
    assert_eq!(packets.len(), 2);
    let mut factors = 0;
    for packet in &packets {
        let bytes = packet.frame(None).expect("fits");
        decode_all(&bytes, &Limits::default(), &plain, |p| {
            assert!(p.ok() && p.segment.len() <= 1024, "{:?}", p.problems());
            assert_eq!((p.pnum(), p.plain(b"DataTime")), (Some(2), Some(&b"20160801080000"[..])));
            factors += p.items().filter(|(_, key, _)| *key == b"Avg").count();
        });
    }
    assert_eq!(factors, 60);
}

#[test]
fn a_device_with_a_key_may_send_text() {
    // once in 256 areas the CRC fits the deciphered bytes too; the text is what was sent
    for i in 0..2_000 {
        let message = Message { area: format!("{i:04} no name, no value"), ..message(Edition::V2025, "2011") };
        decode_all(&message.frame(None).expect("short"), &Limits::default(), &annex_key, |p| {
            assert!(p.ok() && !p.encrypted, "{i}: {:?}", p.problems());
        });
    }
}

#[test]
fn a_wrong_length_with_a_fitting_crc_gives_way_to_the_good_frame_inside() {
    // the length ends before 0000 in the MN of the frame behind, and 0000 is the CRC of what lies between
    let bad = "##0068QN=33;ST=32;";
    let good =
        frame(&format!("{};CP=&&DataTime=20160801000000;w01018-Avg=2.2,w01018-Flag=N&&", HEAD.replace("2011", "2031")));
    let got = summary(format!("{bad}{good}").as_bytes(), &Limits::default());
    assert_eq!(got, [format!("0 bad {} length_mismatch", bad.len()), format!("{} ok {} ", bad.len(), good.len())]);
}
