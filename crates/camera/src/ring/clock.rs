//! The camera's own clock. A camera that sends RTCP reports says what its clock showed at a picture; FFmpeg writes that into each fragment
//! as a `prft` box (ISO/IEC 14496-12, producer reference time), and its own clock when the camera does not say.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;

const NTP_TO_UNIX_S: f64 = 2_208_988_800.0;
const READ_MAX: u64 = 1 << 16;
const TWO_32: f64 = 4_294_967_296.0;

/// What the first fragment of a file says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// The clock at the file's begin, in seconds since 1970.
    begin_s: f64,
    /// When the file was last written by our clock, in seconds since 1970.
    written_s: f64,
}

/// A box: its kind, its bytes.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        let size = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
        let (kind, rest) = (bytes.get(4..8)?, bytes.get(8..)?);
        let body = rest.get(..size.checked_sub(8)?.min(rest.len()))?;
        bytes = &rest[body.len()..];
        Some((kind, body))
    })
}

fn child<'a>(bytes: &'a [u8], kind: &[u8]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(k, _)| *k == kind).map(|(_, b)| b)
}

fn u32_at(bytes: &[u8], i: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(i..i + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], i: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(i..i + 8)?.try_into().ok()?))
}

/// Reads the head of a file; nothing when there is no such box in it.
pub(super) fn of_file(path: &Path) -> Option<Seen> {
    let mut head = Vec::new();
    let file = File::open(path).ok()?;
    let written = file.metadata().ok()?.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs_f64();
    file.take(READ_MAX).read_to_end(&mut head).ok()?;
    of_bytes(&head, written)
}

fn of_bytes(head: &[u8], written: f64) -> Option<Seen> {
    let media = child(child(child(head, b"moov")?, b"trak")?, b"mdia")?;
    let mdhd = child(media, b"mdhd")?;
    let scale = if *mdhd.first()? == 1 { u32_at(mdhd, 20)? } else { u32_at(mdhd, 12)? };
    let prft = child(head, b"prft")?;
    let (ntp, time) =
        (u64_at(prft, 8)?, if *prft.first()? == 1 { u64_at(prft, 16)? } else { u64::from(u32_at(prft, 16)?) });
    let clock = ntp as f64 / TWO_32 - NTP_TO_UNIX_S;
    let begin_s = clock - time as f64 / f64::from(scale.max(1));
    Some(Seen { begin_s, written_s: written })
}

/// The camera's clock less ours, when it is the camera's.
pub(super) fn offset(seen: Seen, start: Timestamp) -> Option<f64> {
    let start_s = start.as_microsecond() as f64 / 1e6;
    let offset = seen.begin_s - start_s;
    let length = seen.written_s - start_s;
    // FFmpeg's own clock is read when the fragment is written: not before its end, not after the file's
    let own = (OWN_S..=length + OWN_S).contains(&offset);
    (!own && offset.abs() < 10.0 * 366.0 * 86_400.0).then_some(offset)
}

/// Closer than this, a clock counts as right whoever's it is.
const OWN_S: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes(), kind, body].concat()
    }

    fn file(clock_s: f64) -> Vec<u8> {
        let mdhd = boxed(b"mdhd", &[[0; 12].as_slice(), &12_800u32.to_be_bytes(), &[0; 8]].concat());
        let moov = boxed(b"moov", &boxed(b"trak", &boxed(b"mdia", &mdhd)));
        let ntp = ((clock_s + NTP_TO_UNIX_S) * TWO_32) as u64;
        let prft =
            boxed(b"prft", &[&[1, 0, 0, 24, 0, 0, 0, 1][..], &ntp.to_be_bytes(), &6400u64.to_be_bytes()].concat());
        [boxed(b"ftyp", b"iso5"), moov, prft, boxed(b"moof", &[0; 9])].concat()
    }

    #[test]
    fn the_cameras_clock_is_told_from_ours() {
        let start = Timestamp::from_second(1_764_471_845).unwrap();
        let check = |clock: f64, expected: Option<f64>| {
            let seen = of_bytes(&file(1_764_471_845.5 + clock), 1_764_471_849.2).unwrap();
            let found = offset(seen, start);
            assert!(
                found.zip(expected).map_or(found.is_none() && expected.is_none(), |(a, b)| (a - b).abs() < 0.01),
                "{clock}: {found:?}"
            );
        };
        check(0.2, Some(0.2));
        check(-37.0, Some(-37.0));
        check(3600.0, Some(3600.0));
        // two seconds later, at the end of the fragment: FFmpeg's own
        check(2.0, None);
        assert_eq!(of_bytes(b"\0\0\0\x08moov", 0.0), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(cut in 0usize..200, at in 0usize..200, byte in proptest::num::u8::ANY) {
            let mut bytes = file(1e9);
            let n = bytes.len();
            bytes[at % n] = byte;
            bytes.truncate(cut);
            let _ = of_bytes(&bytes, 0.0);
        }
    }
}
