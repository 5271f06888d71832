//! Any message that can be written reads back the same, plain and encrypted.
#![no_main]

use arbitrary::Arbitrary;
use hj212::{DevicePolicy, Edition, Limits, Message, Sm4Key, decode_all};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    qn: &'a str,
    st: &'a str,
    cn: &'a str,
    pw: &'a str,
    mn: &'a str,
    edition: Option<u8>,
    answer: bool,
    packet: Option<(u32, u32)>,
    back_fill: bool,
    encrypt: bool,
    area: &'a str,
}

fuzz_target!(|input: Input<'_>| {
    let edition = input.edition.map(|e| [Edition::V2005, Edition::V2017, Edition::V2025][usize::from(e % 3)]);
    let message = Message {
        qn: input.qn.into(),
        st: input.st.into(),
        cn: input.cn.into(),
        pw: input.pw.into(),
        mn: input.mn.into(),
        edition,
        answer: input.answer,
        packet: input.packet,
        back_fill: input.back_fill,
        area: input.area.into(),
    };
    let key = Sm4Key::new([0x30; 16]);
    // what cannot be written is refused, not written wrong
    let Ok(frame) = message.frame(input.encrypt.then_some(&key)) else { return };
    let policy = |_: &[u8]| DevicePolicy { key: input.encrypt.then(|| key.clone()), ..DevicePolicy::default() };
    let mut pieces = Vec::new();
    decode_all(&frame, &Limits::default(), &policy, |p| pieces.push(p.to_owned()));
    assert_eq!(pieces.len(), 1, "{message:?}");
    let p = pieces[0].piece();
    assert!(p.usable(), "{:?} of {message:?}", p.problems());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("written as text");
    let from = p.segment.windows(5).position(|w| w == b"CP=&&").expect("a data area") + 5;
    let again = Message {
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
    };
    assert_eq!(again, message);
});
