//! Checksums of a file's blocks, kept in the log. A byte that changed on the disk is found before it becomes a value: the pages'
//! compression has no checksum of its own, and a changed index of pages would hide rows without a word.

use std::ops::Range;
use std::sync::Arc;

/// Name among the tags of the log's entry: CRC-32 (ISO-HDLC) of each block, eight hexadecimal digits each.
pub(crate) const TAG: &str = "shanshui.crc32";
/// Bytes of a block; the last may be shorter.
const BLOCK: u64 = 128 << 10;

/// A file's checksums, block after block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sums(Arc<[u32]>);

impl Sums {
    /// Those of a file's bytes.
    pub(crate) fn of(file: &[u8]) -> Self {
        Self(file.chunks(BLOCK as usize).map(crc32fast::hash).collect())
    }

    /// As the log says them; none when it is not such a text.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = hex::decode(text).ok()?;
        let (sums, rest) = bytes.as_chunks::<4>();
        rest.is_empty().then(|| Self(sums.iter().map(|sum| u32::from_be_bytes(*sum)).collect()))
    }

    /// For the log.
    pub(crate) fn text(&self) -> String {
        hex::encode(self.0.iter().flat_map(|sum| sum.to_be_bytes()).collect::<Vec<u8>>())
    }

    /// The first block that is not as it was written, of bytes that begin where a block does.
    pub(crate) fn broken(&self, begin: u64, bytes: &[u8]) -> Option<Range<u64>> {
        let first = begin / BLOCK;
        let found = bytes.chunks(BLOCK as usize).enumerate().find(|(i, block)| {
            let said = usize::try_from(first).ok().and_then(|first| self.0.get(first + i));
            said != Some(&crc32fast::hash(block))
        });
        found.map(|(i, block)| {
            let begin = (first + i as u64) * BLOCK;
            begin..begin + block.len() as u64
        })
    }
}

/// The whole blocks in which some stretches of a file of `size` bytes lie, ascending and apart.
pub(crate) fn blocks(stretches: &[Range<u64>], size: u64) -> Vec<Range<u64>> {
    let whole =
        |r: &Range<u64>| r.start / BLOCK * BLOCK..r.end.div_ceil(BLOCK).saturating_mul(BLOCK).min(size.max(r.end));
    let mut all: Vec<Range<u64>> = stretches.iter().map(whole).collect();
    all.sort_by_key(|r| (r.start, r.end));
    all.dedup_by(|next, before| {
        let meets = next.start <= before.end;
        if meets {
            before.end = before.end.max(next.end);
        }
        meets
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_changed_byte_is_found_in_its_block() {
        let mut file: Vec<u8> = (0..300_000_u32).map(|i| (i % 251) as u8).collect();
        let sums = Sums::read(&Sums::of(&file).text()).expect("as written");
        assert_eq!(sums, Sums::of(&file));
        assert_eq!(sums.broken(0, &file), None);
        file[200_000] ^= 1;
        assert_eq!(sums.broken(0, &file), Some(131_072..262_144));
        assert_eq!(sums.broken(262_144, &file[262_144..]), None, "the other blocks are whole");
        assert_eq!(sums.broken(262_144, &file[262_144..299_999]), Some(262_144..299_999), "one byte short");
        assert_eq!(sums.broken(393_216, b"more"), Some(393_216..393_220), "beyond the end");
        for wrong in ["0123456", "0123456g", "012345678"] {
            assert_eq!(Sums::read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn blocks_hold_every_stretch(
            size in 1_u64..2_000_000,
            parts in proptest::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 1..9),
        ) {
            let at = |part: f64| (part * size as f64) as u64;
            let stretches: Vec<_> = parts.iter().map(|(a, b)| at(a.min(*b))..at(a.max(*b)).max(at(a.min(*b)) + 1).min(size)).collect();
            let blocks = blocks(&stretches, size);
            for stretch in &stretches {
                prop_assert!(blocks.iter().any(|b| b.start <= stretch.start && stretch.end <= b.end));
            }
            prop_assert!(blocks.iter().all(|b| b.start % BLOCK == 0 && (b.end % BLOCK == 0 || b.end == size)));
            prop_assert!(blocks.windows(2).all(|w| w[0].end < w[1].start));
        }
    }
}
