//! Simulated stations against a small centre that keeps every byte and answers as told; not the real server.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hj212::decode::text;
use hj212::encode::{Echo, answer, request};
use hj212::{Decoder, DevicePolicy, Edition, Limits, OwnedPiece, ProblemCode, Sm4Key, decode_all};
use shanshui_domain::place::CityPack;
use shanshui_domain::time::{Instant, Zone};
use shanshui_server::sim::fault::{Chance, Faults};
use shanshui_server::sim::load::{self, Load, Rate};
use shanshui_server::sim::tally::{Tally, digest};
use shanshui_server::sim::{Device, Event, Plan, Scenario, city, play, stamp, synthetic};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What a centre has seen and what it does.
#[derive(Default)]
struct Seen {
    pieces: Vec<OwnedPiece>,
    reads: usize,
    /// Uploads that are not answered.
    mute: usize,
    /// After so many uploads the connection is closed, once.
    hang_up_after: Option<usize>,
    /// Frames sent to a device that connects.
    requests: Vec<Vec<u8>>,
    keys: HashMap<String, Sm4Key>,
}

type Shared = Arc<Mutex<Seen>>;

async fn centre(seen: Seen) -> (SocketAddr, Shared) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let shared = Arc::new(Mutex::new(seen));
    let seen = shared.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, seen.clone()));
        }
    });
    (address, shared)
}

async fn serve(mut stream: TcpStream, seen: Shared) {
    let mut decoder = Decoder::new(Limits::default());
    let mut bytes = vec![0u8; 64 << 10];
    let (keys, requests) = {
        let seen = seen.lock().expect("no panic");
        (seen.keys.clone(), seen.requests.concat())
    };
    let policy = |mn: &[u8]| DevicePolicy { key: keys.get(&*text(mn)).cloned(), ..DevicePolicy::default() };
    if stream.write_all(&requests).await.is_err() {
        return;
    }
    loop {
        let n = stream.read(&mut bytes).await.unwrap_or(0);
        decoder.push(&bytes[..n]);
        let mut answers = Vec::new();
        seen.lock().expect("no panic").reads += 1;
        while let Some(piece) = if n == 0 { decoder.finish(&policy) } else { decoder.next_piece(&policy) } {
            let mut seen = seen.lock().expect("no panic");
            seen.pieces.push(piece.to_owned());
            if seen.hang_up_after.is_some_and(|n| seen.pieces.len() >= n) {
                seen.hang_up_after = None;
                return;
            }
            if !piece.usable() || !piece.wants_answer() {
                continue;
            }
            if seen.mute > 0 {
                seen.mute -= 1;
                continue;
            }
            answers.extend(acknowledge(&piece));
        }
        if n == 0 || stream.write_all(&answers).await.is_err() {
            return;
        }
    }
}

fn acknowledge(piece: &hj212::Piece<'_>) -> Vec<u8> {
    let [qn, cn, pw, mn] = [piece.qn(), piece.cn(), piece.pw(), piece.mn()].map(text);
    let echo = Echo { qn: &qn, cn: &cn, pw: &pw, mn: &mn, edition: piece.edition() };
    answer("9014", echo).expect("echoes of a good frame")
}

const STATIONS: usize = 4;

fn small(to: SocketAddr, faults: Faults, encrypted: Chance) -> Load {
    Load {
        to: to.to_string(),
        stations: STATIONS,
        factors: 15,
        connections: 2,
        rate: Rate::PerSecond(200.0),
        duration: Duration::from_secs(1),
        drain: Duration::from_secs(30),
        seed: 7,
        encrypted,
        faults,
    }
}

fn keys(encrypted: Chance) -> HashMap<String, Sm4Key> {
    let all = (0..STATIONS).map(|n| (synthetic::mn(n), synthetic::edition(n, encrypted, 7).1));
    all.filter_map(|(mn, key)| Some((mn, key?))).collect()
}

async fn ran(faults: Faults, encrypted: Chance) -> (Vec<OwnedPiece>, usize, serde_json::Value) {
    let (to, seen) = centre(Seen { keys: keys(encrypted), ..Seen::default() }).await;
    let tally = Arc::new(Tally::new(None).expect("no file"));
    load::run(small(to, faults, encrypted), tally.clone(), CancellationToken::new()).await.expect("no ledger to fail");
    let mut seen = seen.lock().expect("no panic");
    (std::mem::take(&mut seen.pieces), seen.reads, tally.summary())
}

fn qns(pieces: &[OwnedPiece]) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for piece in pieces.iter().map(OwnedPiece::piece).filter(hj212::Piece::ok) {
        *out.entry(format!("{} {}", text(piece.mn()), text(piece.qn()))).or_default() += 1;
    }
    out
}

fn with(pieces: &[OwnedPiece], code: ProblemCode) -> usize {
    pieces.iter().filter(|p| p.piece().problems().iter().any(|problem| problem.code == code)).count()
}

#[tokio::test]
async fn without_faults_every_telegram_is_good_and_answered_once() {
    let (pieces, _, summary) = ran(Faults::default(), Chance::default()).await;
    assert!(pieces.len() > 50 && pieces.iter().all(|p| p.piece().ok() && p.piece().problems().is_empty()));
    assert!(qns(&pieces).values().all(|times| *times == 1));
    assert_eq!((&summary["sent"], &summary["unanswered"]), (&summary["acked"], &0.into()));
    assert_eq!(summary["readings"].as_u64(), summary["sent"].as_u64().map(|n| n * 15));
    let first = pieces[0].piece();
    assert_eq!(first.items().filter(|(_, key, _)| *key == b"Rtd").count(), 15);
}

#[tokio::test]
async fn a_bad_crc_comes_before_the_good_frame() {
    let (pieces, _, summary) = ran(Faults { bad_crc: Chance::Count(3), ..Faults::default() }, Chance::default()).await;
    assert_eq!(with(&pieces, ProblemCode::CrcWrong), 3);
    assert_eq!(summary["sent"], summary["acked"]);
}

#[tokio::test]
async fn a_cut_frame_comes_again_whole_with_its_qn() {
    let (pieces, _, summary) = ran(Faults { cut: Chance::Count(3), ..Faults::default() }, Chance::default()).await;
    assert_eq!(with(&pieces, ProblemCode::CutShort), 3);
    assert_eq!((&summary["sent"], &summary["reconnects"]), (&summary["acked"], &3.into()));
    let whole = qns(&pieces);
    for piece in pieces.iter().map(OwnedPiece::piece).filter(|p| !p.ok()) {
        assert!(whole.contains_key(&format!("{} {}", text(piece.mn()), text(piece.qn()))), "{}", text(piece.raw));
    }
}

#[tokio::test]
async fn a_repeat_is_the_same_bytes() {
    let (pieces, _, summary) = ran(Faults { repeat: Chance::Count(4), ..Faults::default() }, Chance::default()).await;
    assert_eq!(qns(&pieces).values().filter(|times| **times == 2).count(), 4);
    assert_eq!((&summary["sent"], &summary["extra"]), (&summary["acked"], &4.into()));
}

#[tokio::test]
async fn back_fill_is_older_and_marked_in_the_edition_of_2025() {
    let all = Chance::Share(1.0);
    let (pieces, ..) = ran(Faults { back_fill: Chance::Count(5), ..Faults::default() }, all).await;
    let old: Vec<_> = pieces.iter().filter(|p| p.piece().rf() == Some(b"1")).collect();
    assert_eq!(old.len(), 5);
    let time = |p: &OwnedPiece| p.piece().plain(b"DataTime").map(<[u8]>::to_vec);
    let newest_old = old.iter().map(|p| time(p)).max();
    assert!(pieces.iter().filter(|p| p.piece().rf().is_none()).all(|p| Some(time(p)) > newest_old));
}

#[tokio::test]
async fn a_split_telegram_is_two_packets_with_all_factors() {
    let (pieces, ..) = ran(Faults { split: Chance::Count(3), ..Faults::default() }, Chance::default()).await;
    let parts: Vec<_> = pieces.iter().map(OwnedPiece::piece).filter(|p| p.pnum() == Some(2)).collect();
    assert_eq!(parts.len(), 6);
    assert!(parts.iter().all(|p| p.ok() && p.problems().is_empty()));
    let factors: usize = parts.iter().map(|p| p.items().filter(|(_, key, _)| *key == b"Rtd").count()).sum();
    assert_eq!(factors, 45);
}

#[tokio::test]
async fn slow_bytes_come_in_many_reads() {
    let (pieces, reads, summary) = ran(Faults { slow: Chance::Count(4), ..Faults::default() }, Chance::default()).await;
    assert!(reads > pieces.len() + 10, "{reads} reads, {} frames", pieces.len());
    assert_eq!(summary["sent"], summary["acked"]);
}

#[tokio::test]
async fn encrypted_stations_are_of_2025_and_the_rest_of_2017() {
    let (pieces, ..) = ran(Faults::default(), Chance::Count(2)).await;
    assert!(pieces.iter().all(|p| p.piece().ok()));
    let editions: BTreeMap<_, _> = pieces
        .iter()
        .map(|p| (text(p.piece().mn()).into_owned(), (p.piece().encrypted, p.piece().edition().as_str())))
        .collect();
    let expected = [(true, "2025"), (true, "2025"), (false, "2017"), (false, "2017")];
    assert_eq!(editions.values().copied().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn the_closed_loop_keeps_its_window_and_is_answered() {
    let (to, seen) = centre(Seen { mute: usize::MAX, ..Seen::default() }).await;
    let tally = Arc::new(Tally::new(None).expect("no file"));
    let rate = Rate::Max { window: 5 };
    let drain = Duration::from_millis(200);
    let run = Load { rate, connections: 1, drain, ..small(to, Faults::default(), Chance::default()) };
    load::run(run, tally.clone(), CancellationToken::new()).await.expect("no ledger to fail");
    assert_eq!(seen.lock().expect("no panic").pieces.len(), 5);
    assert_eq!(tally.summary()["unanswered"], 5);
}

#[tokio::test]
async fn the_ledger_has_every_telegram_its_answer_and_its_digest() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("ledger");
    let (to, seen) = centre(Seen { hang_up_after: Some(20), ..Seen::default() }).await;
    let tally = Arc::new(Tally::new(Some(&path)).expect("a file"));
    let faults =
        Faults { cut: Chance::Count(2), repeat: Chance::Count(3), split: Chance::Count(3), ..Faults::default() };
    load::run(small(to, faults, Chance::default()), tally.clone(), CancellationToken::new()).await.expect("a ledger");
    let ledger = std::fs::read_to_string(&path).expect("written");
    let lines: Vec<Vec<&str>> = ledger.lines().map(|l| l.split(' ').collect()).collect();
    let of = |kind: &str| lines.iter().filter(|l| l[0] == kind).count() as u64;
    let summary = tally.summary();
    assert_eq!((Some(of("sent")), Some(of("acked"))), (summary["sent"].as_u64(), summary["acked"].as_u64()));
    assert_eq!(of("sent"), of("acked"));
    let seen = seen.lock().expect("no panic");
    for piece in seen.pieces.iter().map(OwnedPiece::piece).filter(hj212::Piece::ok) {
        let values: Vec<_> = piece
            .items()
            .filter(|(_, key, _)| *key == b"Rtd")
            .map(|(code, _, value)| (text(code), text(value)))
            .collect();
        let digest = format!("{:016x}", digest(values.iter().map(|(code, value)| (&**code, &**value))));
        let count = values.len().to_string();
        let [qn, mn, at] = [piece.qn(), piece.mn(), piece.plain(b"DataTime").expect("an upload")].map(text);
        assert!(lines.iter().any(|l| *l == ["sent", &qn, &mn, &at, &count, &digest]), "{qn} {mn} {at}");
    }
}

// ------------------------------------------------------------------------------------------------------ one device

fn plan(edition: &str, events: Vec<Event>) -> Plan {
    let pack = CityPack::parse(&synthetic::pack(1, 5, Chance::default(), 7)).expect("a whole pack");
    let mut plan = city(&pack, &Scenario { seed: 7, events, interval_s: Some(30), periods: false }).remove(0);
    plan.edition = Edition::parse(edition).expect("an edition");
    plan.key = (edition == "2025").then(|| Sm4Key::new([0x30; 16]));
    plan
}

fn at(text: &str) -> Instant {
    stamp::parse(&Zone::china(), text.as_bytes()).expect("a time")
}

fn asked(plan: &Plan, cn: &str, area: &str) -> Vec<u8> {
    let header = (plan.password.as_str(), plan.mn.as_str());
    request("20260301115959000", "21", cn, header, plan.edition, area).frame(plan.key.as_ref()).expect("a frame")
}

/// What a device says to a request: `CN:what stands out` of each frame.
fn check(edition: &str, cn: &str, area: &str, expected: &str) {
    let mut device = Device::new(plan(edition, Vec::new()));
    device.clock_offset_ms = 0;
    let said = answers(&mut device, cn, area).iter().map(|p| brief(&p.piece())).collect::<Vec<_>>().join(" ");
    assert_eq!(said, expected, "{edition} {cn} {area}");
}

fn answers(device: &mut Device, cn: &str, area: &str) -> Vec<OwnedPiece> {
    let frame = asked(&device.plan, cn, area);
    let (now, policy) = (at("20260301120000"), device.policy());
    let mut out = Vec::new();
    decode_all(&frame, &Limits::default(), &|_| policy.clone(), |piece| out.extend(device.answer(&piece, now)));
    let bytes: Vec<u8> = out.into_iter().flat_map(|o| o.frame).collect();
    let mut pieces = Vec::new();
    decode_all(&bytes, &Limits::default(), &|_| policy.clone(), |piece| pieces.push(piece.to_owned()));
    pieces
}

fn brief(piece: &hj212::Piece<'_>) -> String {
    let keys: [&[u8]; 7] = [b"QnRtn", b"ExeRtn", b"SystemTime", b"RtdInterval", b"MinInterval", b"VaseNo", b"DataTime"];
    let shown = keys.iter().find_map(|key| piece.plain(key)).map_or(String::new(), |v| format!(":{}", text(v)));
    format!("{}{}{shown}", if piece.ok() { "" } else { "damaged " }, text(piece.cn()))
}

#[test]
fn requests_are_answered_as_the_standard_says() {
    for edition in ["2005", "2017", "2025"] {
        check(edition, "1011", "", "9011:1 1011:20260301120000 9012:1");
        check(edition, "1012", "SystemTime=20260301110000", "9011:1 9012:1");
        check(edition, "1012", "SystemTime=yesterday", "9011:1 9012:3");
        check(edition, "1061", "", "9011:1 1061:30 9012:1");
        check(edition, "1062", "RtdInterval=60", "9011:1 9012:1");
        check(edition, "1063", "", "9011:1 1063:10 9012:1");
        check(edition, "1064", "MinInterval=5", "9011:1 9012:1");
        check(edition, "2011", "", "9011:1 9012:1");
        check(edition, "2012", "", "9013");
        check(edition, "3012", "PolId=w01018", "9011:1 2011:20260301120000 9012:1");
        check(edition, "3015", "", "9011:1 3015:1 9012:1");
        check(edition, "3020", "PolId=w01018;InfoId=i12001", "9011:1 3020:20260301120000 9012:1");
        check(edition, "3022", "PolId=w01018", "9011:1 9012:1");
        check(edition, "9990", "", "");
        check(edition, "1999", "", "9011:8");
        check(
            edition,
            "2061",
            "BeginTime=20260301080000;EndTime=20260301090000",
            "9011:1 2061:20260301080000 2061:20260301090000 9012:1",
        );
        check(edition, "2051", "BeginTime=20260301115000,EndTime=20260301125900", "9011:1 2051:20260301115000 9012:1");
        check(edition, "2031", "BeginTime=20260228000000;EndTime=20260301000000", "9011:1 2031:20260228000000 9012:1");
        check(edition, "2031", "BeginTime=20260301000000;EndTime=20260301000000", "9011:1 9012:100");
        check(edition, "2061", "BeginTime=20260301080000", "9011:1 9012:3");
    }
}

#[test]
fn what_is_set_holds() {
    let mut device = Device::new(plan("2017", Vec::new()));
    answers(&mut device, "1012", "SystemTime=20260301110000");
    assert_eq!(device.clock_offset_ms, -3_600_000);
    assert_eq!(brief(&answers(&mut device, "1011", "")[1].piece()), "1011:20260301110000");
    answers(&mut device, "1062", "RtdInterval=120");
    assert_eq!(brief(&answers(&mut device, "1061", "")[1].piece()), "1061:120");
    answers(&mut device, "2012", "");
    assert!(!device.live);
    answers(&mut device, "1072", "NewPW=654321");
    assert_eq!(brief(&answers(&mut device, "1011", "")[0].piece()), "9011:3");
}

#[test]
fn history_is_what_was_pushed_with_its_own_qn_and_mark() {
    let mut device = Device::new(plan("2025", Vec::new()));
    device.clock_offset_ms = 0;
    let pushed = device.real(at("20260301100000"), false, at("20260301100000")).remove(0);
    let pulled = answers(&mut device, "2011", "BeginTime=20260301100000;EndTime=20260301100030");
    assert_eq!(pulled.len(), 4);
    let policy = device.policy();
    let mut live = Vec::new();
    decode_all(&pushed.frame, &Limits::default(), &|_| policy.clone(), |piece| live.push(piece.to_owned()));
    let (live, old, next) = (live[0].piece(), pulled[1].piece(), pulled[2].piece());
    assert!(live.items().eq(old.items()) && !live.items().eq(next.items()));
    assert_eq!((live.rf(), old.rf(), old.encrypted), (None, Some(&b"1"[..]), true));
    assert!(live.qn() != old.qn() && old.qn() != next.qn() && old.qn() != b"20260301115959000");
    assert!(old.wants_answer());
    let again = answers(&mut device, "2011", "BeginTime=20260301100000;EndTime=20260301100000");
    assert!(again[1].piece().items().eq(old.items()));
}

#[test]
fn a_spike_has_exactly_the_values_of_the_article() {
    let start = at("20260301100015");
    let spike = Event::Spike { station: synthetic::code(0), at: start };
    let plan = plan("2017", vec![spike]);
    let mut moment = at("20260301095959");
    let mut seen = Vec::new();
    while moment < at("20260301100300") {
        moment = plan.next_sample(moment, 3_600);
        if moment.0 - start.0 <= 120_000_000 && moment >= start {
            seen.push(plan.real(moment)[0].1.clone());
        }
    }
    assert_eq!(seen, ["7.91", "9.34", "10.21", "8.47"]);
}

#[test]
fn an_exceedance_and_a_silence_begin_and_end() {
    let (from, until) = (at("20260301100000"), at("20260301101000"));
    let station = synthetic::code(0);
    let exceed = Event::Exceed { station: station.clone(), factor: "w21011".into(), from, until, value: Some(0.5) };
    let plan = plan("2017", vec![exceed, Event::Dead { station, from, until }]);
    let phosphorus = |at: Instant| {
        let found = plan.real(at).into_iter().find(|(code, _)| *code == "w21011").expect("a factor of the station");
        found.1.parse::<f64>().expect("a number")
    };
    assert!(phosphorus(from) > 0.4 && phosphorus(until) < 0.2);
    assert_eq!((plan.dead(from), plan.dead(until)), (Some(until), None));
}

#[test]
fn a_long_upload_is_split_between_factors() {
    let mut plan = plan("2017", Vec::new());
    let five = plan.series.clone();
    for letter in ["b", "c", "d", "e", "f", "g", "h"] {
        plan.series.extend(five.iter().cloned().map(|mut series| {
            series.factor = series.factor.replace('w', letter);
            series
        }));
    }
    let mut device = Device::new(plan);
    let out = device.real(at("20260301100000"), false, at("20260301100000"));
    assert!(out.len() > 1 && out.iter().all(|o| o.frame.len() <= hj212::encode::AREA_MAX + 112));
    let readings: usize = out.iter().filter_map(|o| o.upload.as_ref()).map(|u| u.readings).sum();
    assert_eq!(readings, 40);
}

/// Plays a device until the centre has seen what it waits for.
async fn played(plan: Plan, seen: Seen, enough: impl Fn(&[OwnedPiece]) -> bool) -> (Vec<OwnedPiece>, Arc<Tally>) {
    let (to, seen) = centre(seen).await;
    let (tally, stop) = (Arc::new(Tally::new(None).expect("no file")), CancellationToken::new());
    let playing = tokio::spawn(play(plan, to.to_string(), tally.clone(), stop.clone()));
    for _ in 0..3_000 {
        if enough(&seen.lock().expect("no panic").pieces) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    playing.await.expect("no panic").expect("no ledger to fail");
    let pieces = std::mem::take(&mut seen.lock().expect("no panic").pieces);
    assert!(
        enough(&pieces),
        "30 s were not enough: {:?}",
        pieces.iter().map(|p| brief(&p.piece())).collect::<Vec<_>>()
    );
    (pieces, tally)
}

fn fast(edition: &str) -> Plan {
    let mut plan = plan(edition, Vec::new());
    plan.interval_s = 1;
    plan
}

fn uploads(pieces: &[OwnedPiece]) -> Vec<(String, Vec<u8>)> {
    let uploads = pieces.iter().map(OwnedPiece::piece).filter(|p| p.cn() == b"2011");
    uploads.map(|p| (text(p.qn()).into_owned(), p.raw.to_vec())).collect()
}

#[tokio::test]
async fn an_unanswered_upload_comes_again_with_its_qn() {
    let plan = fast("2017");
    let requests = vec![asked(&plan, "1000", "OverTime=1;ReCount=3")];
    let (pieces, _) = played(plan, Seen { mute: 1, requests, ..Seen::default() }, |p| uploads(p).len() >= 3).await;
    let uploads = uploads(&pieces);
    assert_eq!(uploads[0], uploads[1]);
    assert_ne!(uploads[1].0, uploads[2].0);
}

#[tokio::test]
async fn what_was_under_way_when_the_line_broke_comes_again_on_the_next() {
    let (pieces, tally) =
        played(fast("2017"), Seen { hang_up_after: Some(2), ..Seen::default() }, |p| uploads(p).len() >= 4).await;
    let uploads = uploads(&pieces);
    assert_eq!(uploads[1], uploads[2]);
    assert_eq!(tally.summary()["reconnects"], 1);
}

#[tokio::test]
async fn a_history_pull_is_answered_record_by_record_in_every_edition() {
    for edition in ["2005", "2017", "2025"] {
        let mut plan = plan(edition, Vec::new());
        plan.interval_s = 3_600;
        let keys = plan.key.clone().map(|key| (plan.mn.clone(), key)).into_iter().collect();
        let requests = vec![asked(&plan, "2061", "BeginTime=20260301080000;EndTime=20260301100000")];
        let seen = Seen { requests, keys, ..Seen::default() };
        let (pieces, tally) = played(plan, seen, |p| p.iter().any(|p| p.piece().cn() == b"9012")).await;
        let said: Vec<String> = pieces.iter().map(|p| brief(&p.piece())).filter(|s| !s.starts_with("2011")).collect();
        let hours = ["2061:20260301080000", "2061:20260301090000", "2061:20260301100000"];
        assert_eq!(said, ["9011:1", hours[0], hours[1], hours[2], "9012:1"], "{edition}");
        assert_eq!(tally.summary()["requests"], 1);
    }
}

// ------------------------------------------------------------------------------------------------- at the command line

fn shanshui(args: &[&str]) -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_shanshui")).args(args).output().expect("the binary runs")
}

#[test]
fn send_prints_the_answers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let to = listener.local_addr().expect("bound").to_string();
    let mut device = Device::new(plan("2017", Vec::new()));
    let frame = device.real(at("20260301100000"), false, at("20260301100000")).remove(0).frame;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("frame");
    std::fs::write(&path, &frame).expect("written");
    let expected = frame.clone();
    let centre = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut bytes = vec![0; expected.len()];
        stream.read_exact(&mut bytes).expect("the whole frame");
        decode_all(&bytes, &Limits::default(), &|_| DevicePolicy::default(), |piece| {
            stream.write_all(&acknowledge(&piece)).expect("taken");
        });
        assert_eq!(bytes, expected);
    });
    let output = shanshui(&["hj212", "send", "--to", &to, "--wait", "20", &path.to_string_lossy()]);
    centre.join().expect("the frame came as it was");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!((answer["cn"].as_str(), answer["ok"].as_bool()), (Some("9014"), Some(true)));
}

#[tokio::test]
async fn simulate_ends_with_its_summary_and_its_pack_registers_its_stations() {
    let (to, seen) = centre(Seen::default()).await;
    let to = to.to_string();
    let args = ["hj212", "simulate", "--to", &to, "--stations", "3", "--rate", "50", "--duration", "1", "--seed", "7"];
    let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
    let output = tokio::task::spawn_blocking(move || shanshui(&args.iter().map(String::as_str).collect::<Vec<_>>()));
    let output = output.await.expect("no panic");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    let came = seen.lock().expect("no panic").pieces.len();
    assert_eq!((summary["sent"].as_u64(), summary["acked"].as_u64()), (Some(came as u64), Some(came as u64)));
    let dir = tempfile::tempdir().expect("a folder");
    let pack = dir.path().join("pack");
    let output = shanshui(&["hj212", "simulate", "--stations", "3", "--write-pack", &pack.to_string_lossy()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let devices = std::fs::read_to_string(pack.join("devices.csv")).expect("written");
    for piece in &seen.lock().expect("no panic").pieces {
        assert!(devices.contains(&*text(piece.piece().mn())));
    }
}
