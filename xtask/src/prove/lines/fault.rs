//! What goes wrong on a line, as pure functions of the frame it befalls.

use super::super::mix;

/// A fault after which the line stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The frame ends at byte k and the next one follows.
    Cut,
    /// Byte k is missing.
    Dropped,
    /// Bits of byte k are others.
    Flipped,
    /// There is a further byte before byte k.
    Inserted,
    /// Bytes that are no frame.
    Garbage,
    /// One byte at a time.
    Dribbled,
    /// A pause before byte k, shorter than half a frame is waited for.
    Paused,
    /// Two frames in one write.
    Joined,
    /// Two writes, cut at byte k.
    Split,
    /// The device speaks on two connections at a time.
    TwoLines,
    /// A pause before byte k, longer than half a frame is waited for.
    Stalled,
}

/// Those that each connection takes in turn; a stall takes long and befalls a few only.
pub const IN_TURN: [Kind; 10] = [
    Kind::Cut,
    Kind::Dropped,
    Kind::Flipped,
    Kind::Inserted,
    Kind::Garbage,
    Kind::Dribbled,
    Kind::Paused,
    Kind::Joined,
    Kind::Split,
    Kind::TwoLines,
];

impl Kind {
    /// Whether it befalls one byte, and is to befall every byte of a frame.
    pub fn has_place(self) -> bool {
        matches!(self, Self::Cut | Self::Dropped | Self::Flipped | Self::Inserted | Self::Paused | Self::Split)
    }
}

/// The bytes that leave instead of the frame, for those faults that change bytes. A place beyond the last byte changes nothing, or
/// what follows the frame.
pub fn spoilt(kind: Kind, frame: &[u8], place: usize, random: u64) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    match kind {
        Kind::Cut => bytes.truncate(place),
        Kind::Dropped if place < bytes.len() => {
            bytes.remove(place);
        }
        // one to seven low bits, so that something changes
        Kind::Flipped if place < bytes.len() => bytes[place] ^= (random % 127 + 1) as u8,
        Kind::Inserted => bytes.insert(place.min(frame.len()), BYTES[(random % BYTES.len() as u64) as usize]),
        Kind::Garbage => bytes = garbage(frame, random),
        _ => {}
    }
    bytes
}

/// Bytes that mean something to whoever looks for frames, and some that do not.
const BYTES: &[u8] = b"#0958&;=\r\n\0\xFFaZ";

/// Up to a few hundred bytes of any value, among them beginnings of frames.
fn garbage(frame: &[u8], random: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut random = random;
    for _ in 0..=random % 60 {
        random = mix(random);
        match random % 8 {
            0 => bytes.extend_from_slice(b"##"),
            1 => bytes.extend_from_slice(&frame[..(random >> 8) as usize % frame.len()]),
            _ => bytes.extend_from_slice(&random.to_le_bytes()[1..]),
        }
    }
    bytes
}

/// Whether the server may rightly wait although the next frame is there whole: a header within the first `damage` bytes announces
/// a frame, no longer than is taken, that ends beyond everything that was sent.
pub fn may_wait(sent: &[u8], damage: usize, segment_max: usize) -> bool {
    (0..damage).any(|at| {
        announced(&sent[at..]).is_some_and(|(frame, segment)| segment <= segment_max && at + frame > sent.len())
    })
}

/// Length of the frame and of its segment that a header at the beginning announces.
fn announced(bytes: &[u8]) -> Option<(usize, usize)> {
    let digits = bytes.strip_prefix(b"##")?;
    let digits = &digits[..digits.iter().take(4).take_while(|b| b.is_ascii_digit()).count()];
    let segment: usize = std::str::from_utf8(digits).ok().filter(|d| d.len() >= 3)?.parse().ok()?;
    // ## and digits before it, CRC and CR LF behind it
    Some((2 + digits.len() + segment + 6, segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_does_what_it_says() {
        let check = |kind, place, random, is: &[u8]| assert_eq!(spoilt(kind, b"abc", place, random), is, "{kind:?}");
        check(Kind::Cut, 0, 0, b"");
        check(Kind::Cut, 2, 0, b"ab");
        check(Kind::Cut, 3, 0, b"abc");
        check(Kind::Dropped, 0, 0, b"bc");
        check(Kind::Dropped, 3, 0, b"abc");
        check(Kind::Flipped, 1, 0, b"acc");
        check(Kind::Inserted, 3, 0, b"abc#");
        check(Kind::Split, 1, 0, b"abc");
    }

    #[test]
    fn only_a_length_that_reaches_beyond_lets_the_server_wait() {
        let check = |damage: &[u8], waits| {
            let sent = [damage, b"##0003abc1234\r\n"].concat();
            assert_eq!(may_wait(&sent, damage.len(), 4_096), waits, "{}", String::from_utf8_lossy(damage));
        };
        check(b"", false);
        check(b"##00", false);
        check(b"##0003ab", false);
        check(b"##0003", false);
        check(b"##0300", true);
        check(b"xx##030", true);
        check(b"##9000", false);
    }
}
