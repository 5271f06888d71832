//! Any bytes, any cut, strict or not, small bound or large, with and without a key. The pieces cover the stream without a gap
//! or an overlap, and the cut changes nothing.
#![no_main]

use arbitrary::Arbitrary;
use hj212::{Decoder, DevicePolicy, Limits, Piece, Sm4Key, crc, decode_all};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    strict: bool,
    segment_max: u16,
    keyed: bool,
    other_crcs: bool,
    cuts: Vec<u16>,
    parts: Vec<Part<'a>>,
}

/// Chance alone hardly ever writes a CRC, so parts of the stream come framed.
#[derive(Debug, Arbitrary)]
enum Part<'a> {
    Bytes(&'a [u8]),
    /// A data segment with its length and CRC.
    Segment(&'a [u8]),
    /// A data area behind a good header; encrypted or not is for the reader to find out.
    Area {
        encrypt: bool,
        area: &'a [u8],
    },
}

const HEADER: &[u8] = b"QN=20160801085857223;ST=32;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&";

fn frame(segment: &[u8], crc: u16) -> Vec<u8> {
    let length = segment.len().min(9_999);
    [format!("##{length:04}").as_bytes(), segment, format!("{crc:04X}\r\n").as_bytes()].concat()
}

impl Part<'_> {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::Segment(segment) => frame(segment, crc::checksum(segment)),
            Self::Area { encrypt, area } => {
                let mut segment = [HEADER, area, b"&&"].concat();
                let crc = crc::checksum(&segment);
                if *encrypt {
                    let end = segment.len() - 2;
                    Sm4Key::new([0x30; 16]).encrypt(&mut segment[HEADER.len()..end]);
                }
                frame(&segment, crc)
            }
        }
    }
}

/// Everything a reader can ask of a piece.
fn read(p: &Piece<'_>) -> String {
    let items: Vec<_> = p.items().collect();
    assert_eq!(items.len(), p.items_len());
    assert!(!p.ok() || p.usable() || p.encrypted, "ok but not usable: {:?}", p.problems());
    let header = (p.qn(), p.st(), p.cn(), p.pw(), p.mn(), p.flag(), p.pnum(), p.pno(), p.rf());
    format!("{} {} {} {header:?} {items:?} {:?}", p.offset, p.raw.len(), p.usable(), p.problems())
}

fuzz_target!(|input: Input<'_>| {
    let limits = Limits { segment_max: usize::from(input.segment_max), strict: input.strict };
    let policy = |_: &[u8]| DevicePolicy {
        key: input.keyed.then(|| Sm4Key::new([0x30; 16])),
        accept_modbus_crc: input.other_crcs,
        accept_swapped_modbus_crc: input.other_crcs,
    };
    let stream: Vec<u8> = input.parts.iter().flat_map(Part::bytes).collect();
    let (mut whole, mut covered) = (Vec::new(), 0);
    decode_all(&stream, &limits, &policy, |p| {
        assert_eq!(p.offset, covered as u64);
        assert_eq!(p.raw, &stream[covered..covered + p.raw.len()]);
        assert!(!p.raw.is_empty());
        assert_eq!(read(&p), read(&p.to_owned().piece()));
        covered += p.raw.len();
        whole.push(read(&p));
    });
    assert_eq!(covered, stream.len());

    let mut cuts: Vec<usize> = input.cuts.iter().map(|c| usize::from(*c) % (stream.len() + 1)).collect();
    cuts.push(stream.len());
    cuts.sort_unstable();
    let (mut decoder, mut got, mut from) = (Decoder::new(limits), Vec::new(), 0);
    for to in cuts {
        decoder.push(&stream[from..to]);
        from = to;
        while let Some(p) = decoder.next_piece(&policy) {
            got.push(read(&p));
        }
        assert!(decoder.buffered() <= limits.segment_max.min(9_999) + 24, "{} bytes held", decoder.buffered());
    }
    while let Some(p) = decoder.finish(&policy) {
        got.push(read(&p));
    }
    assert_eq!(got, whole);
});
