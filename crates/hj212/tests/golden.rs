//! Frames printed in the standards, typed in again: every request, upload and answer has the bytes and the CRC of the annex.
//! 2017 annex C unless another edition is named; 2025 annex C second hand.

use hj212::civil::{self, Civil};
use hj212::encode::{Echo, Exchange, accepted, answer, executed};
use hj212::request::{AlarmLimit, History, Instrument, Request};
use hj212::upload::{Alarm, Data, Factor, Upload};
use hj212::{DevicePolicy, Edition, Limits, Message, Sm4Key, decode_all};

const MN: &str = "010000A8900016F000169DC0";
const PW: &str = "123456";

fn v2017(st: &'static str) -> Exchange<'static> {
    Exchange { qn: "20160801085857223", st, pw: PW, mn: MN, edition: Edition::V2017 }
}

fn v2025(st: &'static str) -> Exchange<'static> {
    Exchange { qn: "20240601085857223", st, pw: PW, mn: MN, edition: Edition::V2025 }
}

fn v2005() -> Exchange<'static> {
    Exchange { qn: "20170516010101001", st: "22", pw: PW, mn: "ABCDEFG1234567", edition: Edition::V2005 }
}

fn at(digits: &str) -> Civil {
    civil::parse(digits.as_bytes()).expect("a possible time")
}

/// The frame ends in `expected`, `area crc`, and is read back without a problem.
fn check_message(message: &Message, expected: &str) {
    let bytes = message.frame(None).expect("a frame");
    let frame = String::from_utf8(bytes.clone()).expect("text");
    let (area, crc) = expected.rsplit_once(' ').expect("area and crc");
    assert!(frame.ends_with(&format!(";CP=&&{area}&&{crc}\r\n")), "{frame} is not {expected}");
    assert_eq!(frame[2..6].parse(), Ok(frame.len() - 12));
    let mut pieces = 0;
    decode_all(&bytes, &Limits::default(), &|_| DevicePolicy::default(), |p| {
        pieces += 1;
        assert!(p.ok() && p.cn() == message.cn.as_bytes(), "{:?}", p.problems());
    });
    assert_eq!(pieces, 1);
}

fn request(to: &Exchange<'_>, request: Request<'_>, expected: &str) {
    let message = request.message(to).unwrap_or_else(|e| panic!("{request:?}: {e}"));
    assert!(message.answer, "every request wants an answer");
    check_message(&message, expected);
}

#[test]
fn requests_of_2017() {
    let (to, pol_id) = (v2017("32"), "w01018");
    let pull = |what, time| Request::Pull { what, begin: time, end: time };
    let (hour, minute) = (at("20160801080000"), at("20160801084000"));
    request(&to, Request::SetTimeOut { seconds: 5, resends: 3 }, "OverTime=5;ReCount=3 CAC1");
    request(&to, Request::ReadClock { pol_id: Some(pol_id) }, "PolId=w01018 5A00");
    let set = Request::SetClock { pol_id: Some(pol_id), time: at("20160801085857") };
    request(&to, set, "PolId=w01018;SystemTime=20160801085857 0880");
    request(&to, Request::SetRealTimeInterval { seconds: 30 }, "RtdInterval=30 4400");
    request(&to, Request::ReadMinuteInterval, " 3240");
    request(&to, Request::SetMinuteInterval { minutes: 10 }, "MinInterval=10 1680");
    request(&to, Request::SetPassword { new: "654321" }, "NewPW=654321 3B80");
    request(&to, pull(History::Hours, hour), "BeginTime=20160801080000;EndTime=20160801080000 7EC0");
    request(&to, pull(History::Minutes, minute), "BeginTime=20160801084000;EndTime=20160801084000 56C0");
    request(&to, Request::Calibrate { pol_id, calibration_type: None }, "PolId=w01018 47C0");
    request(&to, Request::Do { what: Instrument::SampleNow, pol_id }, "PolId=w01018 8701");
    request(&to, Request::Do { what: Instrument::Clean, pol_id }, "PolId=w01018 D701");
    request(&to, Request::KeepOnExceedance, " E401");
    let cycle = Request::SetSamplingCycle { pol_id, start: "000000", hours: 2 };
    request(&to, cycle, "PolId=w01018;CstartTime=000000;CTime=2 D801");
    request(&to, Request::Do { what: Instrument::ReadCycle, pol_id }, "PolId=w01018 8641");
    request(&to, Request::Do { what: Instrument::ReadSerial, pol_id }, "PolId=w01018 1540");
    let parameter = Request::ReadInformation { pol_id: Some(pol_id), info_id: "i13004", span: None };
    request(&to, parameter, "PolId=w01018;InfoId=i13004 D581");
    let span = Some((at("20160801010522"), at("20160801085857")));
    let log = Request::ReadInformation { pol_id: Some(pol_id), info_id: "i11001", span };
    request(&to, log, "PolId=w01018;InfoId=i11001;BeginTime=20160801010522,EndTime=20160801085857 1980");
    let set = Request::SetParameter { pol_id: Some(pol_id), info_id: "i13004", value: "168.0" };
    request(&to, set, "PolId=w01018;InfoId=i13004;i13004-Info=168.0 4E00");
    // annex A: the frame, not the sentence below it, which prints 1C08
    let to = Exchange { pw: "100000", ..to };
    request(&to, Request::SetRealTimeInterval { seconds: 30 }, "RtdInterval=30 1C80");
}

#[test]
fn requests_of_2025() {
    let (to, pol_id) = (v2025("32"), "w01018");
    let pull = |what, time| Request::Pull { what, begin: time, end: time };
    let (day, hour, minute) = (at("20240601000000"), at("20240601080000"), at("20240601084000"));
    request(&to, Request::SetTimeOut { seconds: 5, resends: 3 }, "OverTime=5;ReCount=3 E681");
    request(&to, Request::ReadClock { pol_id: None }, " 2200"); // annex A.1
    request(&to, Request::ReadClock { pol_id: Some(pol_id) }, "PolId=w01018 7640");
    let set = Request::SetClock { pol_id: Some(pol_id), time: at("20240601085857") };
    request(&to, set, "PolId=w01018;SystemTime=20240601085857 2D00");
    request(&to, Request::SetRealTimeInterval { seconds: 30 }, "RtdInterval=30 1DC0");
    request(&v2025("31"), Request::ReadMinuteInterval, " 2D00");
    request(&to, Request::SetPassword { new: "654321" }, "NewPW=654321 17C0");
    request(&to, Request::StartRealTime, " 2340");
    request(&to, Request::StartRunState, " 2640");
    request(&to, Request::StopRunState, " 2A80");
    let (begin, end) = (at("20240601064500"), at("20240601084500"));
    let electricity = Request::Pull { what: History::Electricity, begin, end };
    request(&v2025("44"), electricity, "BeginTime=20240601064500;EndTime=20240601084500 C741");
    request(&to, pull(History::Cyclic, hour), "BeginTime=20240601080000;EndTime=20240601080000 9241");
    request(&to, pull(History::Days, day), "BeginTime=20240601000000;EndTime=20240601000000 B041");
    request(&to, pull(History::StandardChecks, hour), "BeginTime=20240601080000;EndTime=20240601080000 8641");
    request(&v2025("31"), pull(History::Minutes, minute), "BeginTime=20240601084000;EndTime=20240601084000 AE41");
    let zero = Request::Calibrate { pol_id, calibration_type: Some(0) };
    request(&to, zero, "PolId=w01018,CalibrationType=0 9301");
    request(&to, Request::Do { what: Instrument::ReadSerial, pol_id }, "PolId=w01018 3900");
    request(&to, Request::Do { what: Instrument::KeepSample, pol_id }, "PolId=w01018 FB41");
    request(&to, Request::Do { what: Instrument::StandardCheck, pol_id }, "PolId=w01018 3AC0");
    let span = Some((at("20240601010522"), at("20240601085857")));
    let log = Request::ReadInformation { pol_id: Some(pol_id), info_id: "i11001", span };
    request(&to, log, "PolId=w01018;InfoId=i11001;BeginTime=20240601010522,EndTime=20240601085857 5F00");
    let set = Request::SetParameter { pol_id: Some(pol_id), info_id: "i13004", value: "168.0" };
    request(&to, set, "PolId=w01018;InfoId=i13004;i13004-Info=168.0 6240");
}

/// The data area of a request, or why there is none.
fn area(to: &Exchange<'_>, request: Request<'_>, expected: &str) {
    let got = request.message(to).map_or_else(|e| e.to_string(), |m| m.area);
    assert_eq!(got, expected, "{request:?}");
}

#[test]
fn requests_whose_frames_no_annex_prints() {
    let (old, day, pol_id) = (v2017("32"), at("20160801000000"), "w01018");
    let pull = Request::Pull { what: History::RunTime, begin: day, end: day };
    area(&old, pull, "BeginTime=20160801000000;EndTime=20160801000000");
    area(&old, Request::Do { what: Instrument::Compare, pol_id }, "PolId=w01018");
    area(&old, Request::Do { what: Instrument::ReadResultDelay, pol_id }, "PolId=w01018");
    area(&old, Request::StopRealTime, "");
    area(&v2025("32"), Request::SetMn { serial: "A1" }, "i23005-Info=A1");
    let key = Request::SetKey { created: day, key: "30303030303030303030303030303030" };
    area(&v2025("32"), key, "SKCreateTime=20160801000000;NewSK=30303030303030303030303030303030");
    // 2005, from public test requests
    let limits =
        [AlarmLimit { factor: "101", low: "1.1", up: "9.9" }, AlarmLimit { factor: "102", low: "1.1", up: "9.9" }];
    let set = Request::SetAlarmLimits { limits: &limits };
    area(&v2005(), set, "101-LowValue=1.1,101-UpValue=9.9;102-LowValue=1.1,102-UpValue=9.9");
    area(&v2005(), Request::SetPassword { new: "654321" }, "PW=654321");
    let times = Request::SetSamplingTimes { pol_id: "101", hours: &[4, 10, 14, 16] };
    area(&v2005(), times, "PolId=101,CTime=04,CTime=10,CTime=14,CTime=16");
    area(&v2005(), Request::ReadAlarmLimits { pol_id: "101" }, "PolId=101");
    area(&v2005(), Request::SetWarnTime { minutes: 10 }, "WarnTime=10");
    area(&v2005(), Request::SetAlarmTarget { target: "12345" }, "AlarmTarget=12345");
    area(&v2005(), Request::SetReportTime { time: "0830" }, "ReportTime=0830");
    for empty in [Request::ReadAlarmTarget, Request::ReadReportTime, Request::ReadRealTimeInterval] {
        area(&v2005(), empty, "");
    }
}

#[test]
fn what_an_edition_has_not_or_a_bound_forbids_is_refused() {
    let (old, day) = (v2017("32"), at("20160801000000"));
    area(&v2005(), Request::SetMinuteInterval { minutes: 10 }, "CN 1064 is no request of the 2005 edition");
    area(&old, Request::ReadAlarmTarget, "CN 1031 is no request of the 2017 edition");
    area(&v2025("32"), Request::KeepOnExceedance, "CN 3015 is no request of the 2025 edition");
    let electricity = Request::Pull { what: History::Electricity, begin: day, end: day };
    area(&old, electricity, "CN 2011 is no request of the 2017 edition");
    let backwards = Request::Pull { what: History::Days, begin: at("20160802000000"), end: day };
    area(&old, backwards, "EndTime may not be 20160801000000: not before BeginTime");
    let slow = Request::SetRealTimeInterval { seconds: 7200 };
    area(&old, slow, "RtdInterval may not be 7200: 30 to 3600 s (2017 §6.3.3.2.3)");
    let odd = Request::SetMinuteInterval { minutes: 7 };
    area(&old, odd, "MinInterval may not be 7: one of 1 2 3 4 5 6 10 12 15 20 30 min (2017 §6.3.3.2.3)");
    area(&old, Request::SetPassword { new: "1;2" }, "CP may not hold ';'");
    area(&old, Request::SetPassword { new: "12 " }, "CP may not hold ' '");
    let heartbeat = Upload::Heartbeat.message(&v2005(), true).expect_err("2005 has no heartbeat");
    assert_eq!(heartbeat.to_string(), "CN 9015 is no upload of the 2005 edition");
    let silent = Message { edition: None, ..Request::StartRealTime.message(&old).expect("a request") };
    assert_eq!(silent.frame(None), Err(hj212::EncodeError::NoFlag));
    for packet in [(2, 0), (2, 3), (0, 0), (1_029_993_554, 1)] {
        let message = Message { packet: Some(packet), ..Request::StartRealTime.message(&old).expect("a request") };
        assert!(matches!(message.frame(None), Err(hj212::EncodeError::Bounds { .. })), "{packet:?}");
    }
}

fn upload(from: Exchange<'_>, answer: bool, upload: Upload<'_>, expected: &str) {
    let message = upload.message(&from, answer).unwrap_or_else(|e| panic!("{upload:?}: {e}"));
    check_message(&message, expected);
}

const STATISTICS: [Factor<'_>; 3] = [
    Factor {
        code: "w00000",
        values: &[("Cou", "63.0"), ("Min", "16.4"), ("Avg", "17.5"), ("Max", "20.1"), ("Flag", "N")],
    },
    Factor { code: "w01001", values: &[("Min", "7.1"), ("Avg", "7.5"), ("Max", "7.8"), ("Flag", "N")] },
    Factor {
        code: "w01018",
        values: &[("Cou", "63.0"), ("Min", "40.1"), ("Avg", "40.1"), ("Max", "40.1"), ("Flag", "N")],
    },
];

#[test]
fn uploads_of_2017() {
    let (from, pol_id, now) = (v2017("32"), "w01018", at("20160801085857"));
    let record = Exchange { qn: "20160801085857534", ..from };
    upload(from, false, Upload::RealTimeInterval { seconds: 30 }, "RtdInterval=30 7BC0");
    upload(from, false, Upload::MinuteInterval { minutes: 10 }, "MinInterval=10 6840");
    let factors = [Factor { code: "w01018", values: &[("Rtd", "2.2"), ("Flag", "N")] }];
    let real_time = Upload::Data { what: Data::RealTime, time: now, factors: &factors };
    upload(from, true, real_time, "DataTime=20160801085857;w01018-Rtd=2.2,w01018-Flag=N 17C0");
    let hours = Upload::Data { what: Data::Hour, time: at("20160801080000"), factors: &STATISTICS };
    let expected = "DataTime=20160801080000;w00000-Cou=63.0,w00000-Min=16.4,w00000-Avg=17.5,w00000-Max=20.1,\
                    w00000-Flag=N;w01001-Min=7.1,w01001-Avg=7.5,w01001-Max=7.8,w01001-Flag=N;w01018-Cou=63.0,\
                    w01018-Min=40.1,w01018-Avg=40.1,w01018-Max=40.1,w01018-Flag=N 5E40";
    upload(record, false, hours, expected);
    let run_time = Upload::RunTime { day: at("20160801000000"), facilities: &[(1, "1.1"), (2, "2.1")] };
    upload(record, false, run_time, "DataTime=20160801000000;SB1-RT=1.1;SB2-RT=2.1 B8C1");
    let started = Upload::Started { time: now, restart: at("20160801085624") };
    upload(from, true, started, "DataTime=20160801085857;RestartTime=20160801085624 9AC1");
    let cycle = Upload::SamplingCycle { pol_id, start: "000000", hours: 2 };
    upload(from, false, cycle, "PolId=w01018;CstartTime=000000;CTime=2 CAC1");
    upload(from, false, Upload::ResultDelay { pol_id, minutes: 40 }, "PolId=w01018;Stime=40 4540");
    let serial = Upload::Serial { time: now, pol_id, serial: "010000A8900016F000169DC1" };
    upload(from, true, serial, "DataTime=20160801085857;PolId=w01018;w01018-SN=010000A8900016F000169DC1 E8C1");
    let items = [("i11001", "清洗管路")];
    let log = Upload::Information { time: at("20160801062035"), pol_id: Some(pol_id), items: &items };
    let entry = Exchange { qn: "20160801085857334", ..from };
    upload(entry, false, log, "DataTime=20160801062035;PolId=w01018;i11001-Info=//清洗管路// 3E80");
    let values = ["53.0", "53.0", "49.0", "45.0", "43.0", "50.0", "54.0", "42.0"].map(|v| [("Data", v)]);
    let codes = ["L5", "L10", "L50", "L90", "L95", "Leq", "LMx", "LMn"];
    let factors: Vec<Factor<'_>> = codes.iter().zip(&values).map(|(code, values)| Factor { code, values }).collect();
    let noise = Upload::Data { what: Data::Minute, time: at("20160801084000"), factors: &factors };
    let expected = "DataTime=20160801084000;L5-Data=53.0;L10-Data=53.0;L50-Data=49.0;L90-Data=45.0;L95-Data=43.0;\
                    Leq-Data=50.0;LMx-Data=54.0;LMn-Data=42.0 1DC0";
    upload(Exchange { qn: "20160801085000001", ..v2017("23") }, true, noise, expected);
}

#[test]
fn a_split_hour_has_the_two_packets_of_annex_c_49() {
    let time = at("20160801080000");
    let packets =
        [("20160801085857534", 1, &STATISTICS[..2], "DC41"), ("20160801085857535", 2, &STATISTICS[2..], "DEC1")];
    for (qn, pno, factors, crc) in packets {
        let data = Upload::Data { what: Data::Hour, time, factors };
        let whole = data.message(&Exchange { qn, ..v2017("32") }, false).expect("an upload");
        let message = Message { packet: Some((2, pno)), ..whole };
        check_message(&message, &format!("{} {crc}", message.area));
    }
}

#[test]
fn uploads_of_2025_and_2005() {
    let factors = [Factor { code: "p99101", values: &[("Rtd", "St"), ("Flag", "N")] }];
    let state = Upload::Data { what: Data::RealTime, time: at("20240601084500"), factors: &factors };
    upload(v2025("45"), true, state, "DataTime=20240601084500;p99101-Rtd=St,p99101-Flag=N 95C1");
    let values = [("Min", "1.0"), ("Avg", "1.2"), ("Max", "1.5"), ("Flag", "N")];
    let factors = [Factor { code: "a34013", values: &values }];
    let minute = Upload::Data { what: Data::Minute, time: at("20240601080000"), factors: &factors };
    let late = Message { back_fill: true, ..minute.message(&v2025("31"), true).expect("an upload") };
    let expected = "DataTime=20240601080000;a34013-Min=1.0,a34013-Avg=1.2,a34013-Max=1.5,a34013-Flag=N AA01";
    check_message(&late, expected);
    upload(v2025("21"), true, Upload::Heartbeat, " FF01");
}

#[test]
fn uploads_whose_frames_no_annex_prints() {
    let time = at("20240601084500");
    let check = |from: Exchange<'_>, upload: Upload<'_>, expected: &str| {
        assert_eq!(upload.message(&from, true).expect("an upload").area, expected, "{upload:?}");
    };
    let hardware = [("i23005", "A1"), ("i23006", "B2")];
    check(v2025("32"), Upload::Hardware { items: &hardware }, "i23005-Info=A1;i23006-Info=B2");
    check(v2025("32"), Upload::AskKey { created: time }, "SKCreateTime=20240601084500");
    check(v2025("32"), Upload::AskClock { pol_id: None }, "");
    check(v2017("32"), Upload::Clock { pol_id: None, time }, "SystemTime=20240601084500");
    check(v2017("32"), Upload::SampleKept { time, bottle: 1 }, "DataTime=20240601084500;VaseNo=1");
    let states = Upload::RunState { time, facilities: &[(1, 1), (2, 5)] };
    check(v2017("32"), states, "DataTime=20240601084500;SB1-RS=1;SB2-RS=5");
    let alarm = Alarm { time, factor: "101", value: "1.1", kind: "1" };
    for upload in [Upload::AlarmRecord { alarm }, Upload::AlarmEvent { alarm }] {
        check(v2005(), upload, "AlarmTime=20240601084500;101-Ala=1.1;AlarmType=1");
    }
    check(v2005(), Upload::AlarmTarget { target: "1" }, "AlarmTarget=1");
    check(v2005(), Upload::ReportTime { time: "0830" }, "ReportTime=0830");
    let limits = [AlarmLimit { factor: "101", low: "1.1", up: "9.9" }];
    check(v2005(), Upload::AlarmLimits { limits: &limits }, "101-LowValue=1.1,101-UpValue=9.9");
}

#[test]
fn answers_of_every_edition() {
    let echo = |qn, edition| Echo { qn, cn: "2011", pw: PW, mn: MN, edition };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let head = |qn: &str, cn: &str, flag: u8| format!("QN={qn};ST=91;CN={cn};PW={PW};MN={MN};Flag={flag};CP=&&");
    let (old, new, qn) = (Edition::V2017, Edition::V2025, "20160801085857223");
    let cases = [
        (accepted(1, echo("20101110010101001", old)), "0094", head("20101110010101001", "9011", 4) + "QnRtn=1&&6B80"),
        (executed(1, echo(qn, old)), "0095", head(qn, "9012", 4) + "ExeRtn=1&&6240"),
        (answer("9013", echo(qn, old)), "0087", head(qn, "9013", 4) + "&&2A80"),
        (answer("9014", echo("20160801090000001", old)), "0087", head("20160801090000001", "9014", 4) + "&&FF01"),
        (answer("9013", echo("20240601085857223", new)), "0087", head("20240601085857223", "9013", 8) + "&&3900"),
        (answer("9014", echo(qn, new)), "0087", head(qn, "9014", 8) + "&&3740"),
    ];
    for (got, length, expected) in cases {
        assert_eq!(text(got.expect("plain values")), format!("##{length}{expected}\r\n"));
    }
    let v2005 = Echo { mn: "ABCDEFG1234567", ..echo("20170516010101001", Edition::V2005) };
    let frames = [accepted(1, v2005), executed(100, v2005), answer("9014", v2005)];
    for (frame, area) in frames.into_iter().zip(["QnRtn=1", "ExeRtn=100", "CN=2011"]) {
        let frame = text(frame.expect("plain values"));
        assert!(frame.contains(&format!(";Flag=0;CP=&&QN=20170516010101001;{area}&&")), "{frame}");
        assert!(frame[6..].starts_with("ST=91;"), "{frame}");
    }
}

/// The whole blocks of the two ciphers that 2025 annex A.2 prints, sent as raw bytes; the key is sixteen bytes 0x30.
#[test]
fn encrypted_uploads_of_annex_a_2() {
    let values = |min, avg, max| [("Min", min), ("Avg", avg), ("Max", max), ("Flag", "N")];
    let (speed, temperature) = (values("1.35", "1.35", "1.35"), values("9.3", "9.3", "9.3"));
    let (moisture, moisture_4) = (values("3.20", "3.211", "3.212"), values("3.20", "3.20", "3.20"));
    let example_2 = [("a01011", &speed), ("a01012", &temperature), ("a01014", &moisture)];
    let example_4 = [("a01011", &speed), ("a01014", &moisture_4)];
    let cases = [
        (
            &example_2[..],
            "0295",
            "2200",
            "E43E159ACFAB242CB53155FB8B9281A1A242577ABFAED881BE88B72D69FC55ED1A80119FAAC8B3CD33D285CC76F57F2C\
             A7F88B9573C6647E0F07E24609BD6B63EB20C5B9784F28E71D2F4994FF61D9E1C2B3075592B4D1E09C4D8BB27BE97B55\
             9E3DA6643781A6F477769DEEB009B10DFFF3426922725D607DC4480F0CAC5F70DB2587B124BCB281592721D6E4BC180A\
             97E5E111499CBE822E31C8D7761553543AA24207C290997BBDE64F9266BC5F529A172E381C1D898CA1A0D771A914A7B2\
             D7467C70B94F1D4A7B0350A48DBF8B41",
        ),
        (
            &example_4[..],
            "0234",
            "B541",
            "E43E159ACFAB242CB53155FB8B9281A1A242577ABFAED881BE88B72D69FC55ED1A80119FAAC8B3CD33D285CC76F57F2C\
             A7F88B9573C6647E0F07E24609BD6B63EB20C5B9784F28E71D2F4994FF61D9E13B391A1D2A454B65388D5D9435DBF021\
             528C7BF9755EF16518710C0CAC0ADEF9C5156CD0A5A17674AC0ED2ABC40023E9EF70128554B82438E91ADCE98A0D03A4",
        ),
    ];
    for (factors, length, crc, cipher) in cases {
        let factors: Vec<Factor<'_>> =
            factors.iter().map(|(code, values)| Factor { code, values: &values[..] }).collect();
        let data = Upload::Data { what: Data::Minute, time: at("20240520210600"), factors: &factors };
        let from = Exchange { qn: "20240520210700000", ..v2025("31") };
        let message = data.message(&from, true).expect("an upload");
        let frame = message.frame(Some(&Sm4Key::new([0x30; 16]))).expect("a frame");
        assert_eq!(frame[..6], *format!("##{length}").as_bytes());
        assert!(frame.ends_with(format!("&&{crc}\r\n").as_bytes()));
        let area = frame.windows(5).position(|w| w == b"CP=&&").expect("a data area") + 5;
        assert_eq!(hex::encode_upper(&frame[area..area + cipher.len() / 2]), cipher);
    }
}
