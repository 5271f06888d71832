//! Raw frames with their times, out of Matroska as FFmpeg writes it on a pipe. Raw frames alone would carry no time; here each one has
//! it, and its size, in the same bytes. What is read: EBML ids and sizes (RFC 8794), `Tracks` for the picture's size, `Cluster` and
//! `SimpleBlock` for time and bytes (RFC 9559). Everything else is skipped. Times are milliseconds, FFmpeg's `TimestampScale`.

use std::io::{self, Read};

use crate::picture::check_size;

const TRACK: u64 = 0x1654_AE6B;
const ENTRY: u64 = 0xAE;
const VIDEO: u64 = 0xE0;
const WIDTH: u64 = 0xB0;
const HEIGHT: u64 = 0xBA;
const SEGMENT: u64 = 0x1853_8067;
const CLUSTER: u64 = 0x1F43_B675;
const CLUSTER_TIME: u64 = 0xE7;
const GROUP: u64 = 0xA0;
const BLOCK: u64 = 0xA1;
const SIMPLE_BLOCK: u64 = 0xA3;
const SKIP_MAX: u64 = 1 << 20;

/// One frame.
pub(crate) struct Raw {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Seconds on the stream's clock.
    pub(crate) t: f64,
    pub(crate) rgb: Vec<u8>,
}

/// Reads frame by frame.
pub(crate) struct Reader<R> {
    from: R,
    width: u32,
    height: u32,
    cluster_ms: i64,
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("matroska: {what}"))
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, width: 0, height: 0, cluster_ms: 0 }
    }

    /// The next frame, nothing at the end of the pipe.
    pub(crate) fn next(&mut self) -> io::Result<Option<Raw>> {
        loop {
            let Some(id) = self.id()? else { return Ok(None) };
            let size = self.size()?;
            match id {
                SEGMENT | CLUSTER | TRACK | ENTRY | VIDEO | GROUP => {}
                WIDTH => self.width = self.number(size)? as u32,
                HEIGHT => self.height = self.number(size)? as u32,
                CLUSTER_TIME => self.cluster_ms = self.number(size)? as i64,
                BLOCK | SIMPLE_BLOCK => return self.block(size).map(Some),
                _ => self.skip(size)?,
            }
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut b = [0];
        self.from.read_exact(&mut b)?;
        Ok(b[0])
    }

    fn id(&mut self) -> io::Result<Option<u64>> {
        let first = match self.byte() {
            Ok(b) => b,
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(e) => return Err(e),
        };
        let more = first.leading_zeros();
        if more > 3 {
            return Err(broken("id"));
        }
        let mut id = u64::from(first);
        for _ in 0..more {
            id = id << 8 | u64::from(self.byte()?);
        }
        Ok(Some(id))
    }

    /// A size; `u64::MAX` when it is not known.
    fn size(&mut self) -> io::Result<u64> {
        let first = self.byte()?;
        let more = first.leading_zeros();
        if more > 7 {
            return Err(broken("size"));
        }
        let mut size = u64::from(first) & ((1 << (7 - more)) - 1);
        let mut ones = size == (1 << (7 - more)) - 1;
        for _ in 0..more {
            let b = self.byte()?;
            ones &= b == 0xFF;
            size = size << 8 | u64::from(b);
        }
        Ok(if ones { u64::MAX } else { size })
    }

    fn number(&mut self, size: u64) -> io::Result<u64> {
        if size > 8 {
            return Err(broken("number"));
        }
        (0..size).try_fold(0, |n, _| Ok(n << 8 | u64::from(self.byte()?)))
    }

    fn skip(&mut self, size: u64) -> io::Result<()> {
        if size > SKIP_MAX {
            return Err(broken("element too large"));
        }
        let skipped = io::copy(&mut self.from.by_ref().take(size), &mut io::sink())?;
        if skipped == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn block(&mut self, size: u64) -> io::Result<Raw> {
        check_size(self.width, self.height).map_err(|e| broken(&e.to_string()))?;
        let bytes = u64::from(self.width) * u64::from(self.height) * 3;
        if size != bytes + 4 {
            return Err(broken("block is not one picture"));
        }
        let mut head = [0; 4];
        self.from.read_exact(&mut head)?;
        let delta = i64::from(i16::from_be_bytes([head[1], head[2]]));
        let mut rgb = vec![0; bytes as usize];
        self.from.read_exact(&mut rgb)?;
        Ok(Raw { width: self.width, height: self.height, t: (self.cluster_ms + delta) as f64 / 1000.0, rgb })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(w: u8, h: u8) -> Vec<u8> {
        let mut v = vec![0x1A, 0x45, 0xDF, 0xA3, 0x81, 0x00];
        v.extend([0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        v.extend([0x16, 0x54, 0xAE, 0x6B, 0x8A, 0xAE, 0x88, 0xE0, 0x86, 0xB0, 0x81, w, 0xBA, 0x81, h]);
        v
    }

    fn cluster(ms: u16, delta: u8, rgb: &[u8]) -> Vec<u8> {
        let mut v = vec![0x1F, 0x43, 0xB6, 0x75, 0xFF, 0xE7, 0x82];
        v.extend(ms.to_be_bytes());
        v.extend([0xA3, 0x80 | (rgb.len() as u8 + 4), 0x81, 0, delta, 0x80]);
        v.extend(rgb);
        v
    }

    #[test]
    fn frames_come_with_their_times() {
        let mut bytes = head(2, 1);
        bytes.extend(cluster(1000, 0, &[1, 2, 3, 4, 5, 6]));
        bytes.extend(cluster(1500, 40, &[9; 6]));
        let mut r = Reader::new(&bytes[..]);
        let a = r.next().unwrap().unwrap();
        assert_eq!((a.width, a.height, a.t, a.rgb.as_slice()), (2, 1, 1.0, &[1, 2, 3, 4, 5, 6][..]));
        assert_eq!(r.next().unwrap().unwrap().t, 1.54);
        assert!(r.next().unwrap().is_none());
    }

    #[test]
    fn a_lie_about_size_is_an_error_and_takes_no_memory() {
        for bytes in [
            [head(2, 1), cluster(0, 0, &[0; 7])].concat(),
            [head(0, 0), cluster(0, 0, &[])].concat(),
            vec![0xEC, 0x08, 0xFF, 0xFF, 0xFF, 0xFF],
            vec![0x01, 0x02],
        ] {
            assert!(Reader::new(&bytes[..]).next().is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), front in proptest::bool::ANY) {
            let all = if front { [head(3, 2), bytes].concat() } else { bytes };
            let mut r = Reader::new(&all[..]);
            while let Ok(Some(_)) = r.next() {}
        }
    }
}
