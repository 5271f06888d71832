//! What holds for any message, any stream and any damage.

use hj212::civil::Civil;
use hj212::encode::{Echo, Exchange, answer};
use hj212::request::{History, Request};
use hj212::upload::{Data, Factor, Upload};
use hj212::{Decoder, DevicePolicy, Edition, Limits, Message, OwnedPiece, Piece, Sm4Key, decode_all};
use proptest::prelude::*;

const KEY: [u8; 16] = [7; 16];

fn with_key(_: &[u8]) -> DevicePolicy {
    DevicePolicy { key: Some(Sm4Key::new(KEY)), ..DevicePolicy::default() }
}

fn plain(_: &[u8]) -> DevicePolicy {
    DevicePolicy::default()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what was written as text is text")
}

/// The message a piece says.
fn read_back(p: &Piece<'_>) -> Message {
    let from = p.segment.windows(5).position(|w| w == b"CP=&&").expect("a data area") + 5;
    Message {
        qn: text(p.qn()),
        st: text(p.st()),
        cn: text(p.cn()),
        pw: text(p.pw()),
        mn: text(p.mn()),
        edition: p.flag().map(|_| p.edition()),
        answer: p.wants_answer(),
        packet: p.pnum().zip(p.pno()),
        back_fill: p.rf() == Some(b"1"),
        area: text(&p.segment[from..p.segment.len() - 2]),
    }
}

fn pieces(bytes: &[u8], policy: &dyn Fn(&[u8]) -> DevicePolicy) -> Vec<OwnedPiece> {
    let mut out = Vec::new();
    decode_all(bytes, &Limits::default(), policy, |p| out.push(p.to_owned()));
    out
}

fn edition() -> impl Strategy<Value = Edition> {
    prop_oneof![Just(Edition::V2005), Just(Edition::V2017), Just(Edition::V2025)]
}

prop_compose! {
    /// Any message that can be written, every field of its own.
    fn message()(
        qn in prop_oneof![3 => "20[0-9]{15}", 1 => "[0-9]{0,13}"],
        st in "[0-9A-Z]{2}", cn in "(2011|2051|2061|3020|1014|9014|1062|[0-9]{4})", pw in "[0-9a-zA-Z]{0,8}",
        mn in "([0-9A-F]{24}|[0-9A-Za-z_]{0,20})",
        edition in prop::option::weighted(0.9, edition()),
        answer in any::<bool>(),
        packet in prop::option::of((1u32..=9_999).prop_flat_map(|pnum| (Just(pnum), 1..=pnum))),
        back_fill in any::<bool>(),
        area in prop_oneof![
            3 => prop::collection::vec("[wa][0-9]{5}-(Rtd|Avg|Flag)=[0-9A-Z.]{1,6}", 0..25).prop_map(|v| v.join(";")),
            1 => "[a-zA-Z0-9=;,/.水质-]{0,80}",
            1 => "i11001-Info=//[^/&]{0,40}//",
        ],
    ) -> Message {
        let answer = answer && edition.is_some();
        Message { qn, st, cn, pw, mn, edition, answer, packet, back_fill, area }
    }
}

prop_compose! {
    fn civil()(year in 1i16..9999, month in 1u8..=12, day in 1u8..=28, hour in 0u8..24, minute in 0u8..60, second in 0u8..60, milli in 0u16..1000) -> Civil {
        Civil { year, month, day, hour, minute, second, milli }
    }
}

/// A stretch of damage: cut, changed or invented.
fn damage() -> impl Strategy<Value = Vec<u8>> {
    let cut = (message(), any::<prop::sample::Index>()).prop_map(|(m, at)| {
        let mut frame = m.frame(None).expect("a frame");
        frame.truncate(at.index(frame.len()));
        frame
    });
    let changed = (message(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(m, at, byte)| {
        let mut frame = m.frame(None).expect("a frame");
        let at = at.index(frame.len());
        frame[at] = byte;
        frame
    });
    prop_oneof![
        3 => cut,
        3 => changed,
        1 => prop::collection::vec(any::<u8>(), 0..60),
        1 => "[#0-9]{0,14}".prop_map(String::into_bytes),
        1 => "##[0-9]{4}".prop_map(String::into_bytes),
        1 => Just(b"##0020QN=1;CP=&&&&".to_vec()),
    ]
}

fn line(p: &Piece<'_>) -> String {
    format!("{} {} {} {} {:?}", p.offset, p.raw.len(), p.ok(), p.usable(), p.problems())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_encoded_is_decoded(message in message(), encrypt in any::<bool>()) {
        let key = Sm4Key::new(KEY);
        let bytes = message.frame(encrypt.then_some(&key)).expect("a frame");
        // a centre with the key reads both: devices differ in what they encrypt
        let seen = pieces(&bytes, &with_key);
        prop_assert_eq!(seen.len(), 1);
        let p = seen[0].piece();
        prop_assert!(p.usable() && p.ok(), "{:?}", p.problems());
        prop_assert_eq!(read_back(&p), message.clone());
        if !encrypt {
            prop_assert_eq!(read_back(&pieces(&bytes, &plain)[0].piece()), message);
        }
    }

    #[test]
    fn a_split_upload_comes_together_again(
        factors in prop::collection::vec(("[wag][0-9]{5}", "[0-9]{1,6}", "[NFMSDCTB]"), 0..120),
        time in civil(), edition in edition(), encrypt in any::<bool>(),
    ) {
        let values: Vec<[(&str, &str); 2]> = factors.iter().map(|(_, v, f)| [("Avg", &**v), ("Flag", &**f)]).collect();
        let sent: Vec<Factor<'_>> =
            factors.iter().zip(&values).map(|((code, _, _), values)| Factor { code, values }).collect();
        let from = Exchange { qn: "20160801085857223", st: "32", pw: "123456", mn: "010000A8900016F000169DC0", edition };
        let upload = Upload::Data { what: Data::Hour, time, factors: &sent };
        let key = Sm4Key::new(KEY);
        let packets = upload.packets(&from, true).expect("an upload");
        let mut got = Vec::new();
        for (i, packet) in packets.iter().enumerate() {
            let bytes = packet.frame(encrypt.then_some(&key)).expect("fits");
            prop_assert!(bytes.len() <= 1024 + 12);
            let seen = pieces(&bytes, &with_key);
            let p = seen[0].piece();
            prop_assert!(p.ok(), "{:?}", p.problems());
            prop_assert_eq!(p.plain(b"DataTime").map(text), Some(time.seconds()));
            let number = (packets.len() > 1).then_some((packets.len() as u32, i as u32 + 1));
            prop_assert_eq!(p.pnum().zip(p.pno()), number);
            got.extend(p.items().filter(|(_, key, _)| *key == b"Avg").map(|(code, _, value)| (text(code), text(value))));
        }
        let expected: Vec<(String, String)> = factors.into_iter().map(|(code, value, _)| (code, value)).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn a_request_reads_back_and_its_answer_echoes(begin in civil(), end in civil(), edition in edition()) {
        let (begin, end) = (begin.min(end), begin.max(end));
        let qn = begin.millis();
        let to = Exchange { qn: &qn, st: "32", pw: "123456", mn: "010000A8900016F000169DC0", edition };
        let message = Request::Pull { what: History::Hours, begin, end }.message(&to).expect("a request");
        let bytes = message.frame(None).expect("a frame");
        let seen = pieces(&bytes, &plain);
        let p = seen[0].piece();
        prop_assert_eq!(p.plain(b"BeginTime").map(text), Some(begin.seconds()));
        prop_assert_eq!(p.plain(b"EndTime").map(text), Some(end.seconds()));
        prop_assert!(p.wants_answer() && p.edition() == edition);
        let reply = answer("9014", Echo { qn: &qn, cn: "2061", pw: to.pw, mn: to.mn, edition }).expect("plain values");
        let seen = pieces(&reply, &plain);
        let p = seen[0].piece();
        let echoed = if edition == Edition::V2005 { p.plain(b"QN").unwrap_or_default() } else { p.qn() };
        prop_assert!(p.ok() && !p.wants_answer() && echoed == qn.as_bytes());
    }

    #[test]
    fn a_stream_cut_anywhere_gives_the_same_pieces(
        parts in prop::collection::vec(prop_oneof![damage(), message().prop_map(|m| m.frame(None).expect("a frame"))], 0..8),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        max in 64usize..2000, strict in any::<bool>(), keyed in any::<bool>(),
    ) {
        let stream: Vec<u8> = parts.concat();
        let limits = Limits { segment_max: max, strict };
        let policy: &dyn Fn(&[u8]) -> DevicePolicy = if keyed { &with_key } else { &plain };
        let mut whole = Vec::new();
        let mut covered = 0;
        decode_all(&stream, &limits, policy, |p| {
            assert_eq!((p.offset, p.raw), (covered as u64, &stream[covered..covered + p.raw.len()]));
            covered += p.raw.len();
            whole.push(line(&p));
        });
        prop_assert_eq!(covered, stream.len());
        let mut cuts: Vec<usize> = cuts.iter().map(|i| i.index(stream.len() + 1)).collect();
        cuts.push(stream.len());
        cuts.sort_unstable();
        let (mut decoder, mut got, mut from) = (Decoder::new(limits), Vec::new(), 0);
        for to in cuts {
            decoder.push(&stream[from..to]);
            from = to;
            while let Some(p) = decoder.next_piece(policy) {
                got.push(line(&p));
            }
            prop_assert!(decoder.buffered() <= max + 24, "{} bytes held", decoder.buffered());
        }
        while let Some(p) = decoder.finish(policy) {
            got.push(line(&p));
        }
        prop_assert_eq!(got, whole);
    }

    #[test]
    fn damage_never_takes_the_good_frame_behind_it(damaged in prop::collection::vec(damage(), 1..4), good in message()) {
        let frame = good.frame(None).expect("a frame");
        let damaged = damaged.concat();
        let stream = [&damaged[..], &frame].concat();
        let seen = pieces(&stream, &plain);
        let last = seen.last().expect("the good frame").piece();
        prop_assert_eq!(last.offset, damaged.len() as u64, "{:?}", seen.iter().map(|p| line(&p.piece())).collect::<Vec<_>>());
        prop_assert!(last.ok());
        prop_assert_eq!(read_back(&last), good);
    }
}
