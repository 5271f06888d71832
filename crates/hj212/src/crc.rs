//! The CRC-16 of HJ 212 (2017 annex A): not CRC-16/MODBUS, though polynomial and start value look the same.
//!
//! Here the register is shifted right by eight *before* the byte is XORed in, so its low byte is thrown away at each step:
//! `r = T[(r >> 8) ^ b]`. Only eight bits of state survive, and the step is linear over GF(2). Sixteen bytes are therefore
//! folded at once: the state after them is the XOR of sixteen independent table look-ups, one per byte.

/// Polynomial, reflected.
const POLY: u16 = 0xA001;
/// Bytes folded in one step.
const STRIDE: usize = 16;

const fn eight_shifts(x: u8) -> u16 {
    let mut r = x as u16;
    let mut i = 0;
    while i < 8 {
        r = if r & 1 == 1 { (r >> 1) ^ POLY } else { r >> 1 };
        i += 1;
    }
    r
}

const fn step_table() -> [u16; 256] {
    let mut t = [0u16; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = eight_shifts(i as u8);
        i += 1;
    }
    t
}

/// `FOLD[k][x]`: what a byte `x` contributes to the surviving state `k + 1` steps later.
const fn fold_tables() -> [[u8; 256]; STRIDE] {
    let mut f = [[0u8; 256]; STRIDE];
    let mut k = 0;
    while k < STRIDE {
        let mut x = 0;
        while x < 256 {
            let before = if k == 0 { x as u8 } else { f[k - 1][x] };
            f[k][x] = (eight_shifts(before) >> 8) as u8;
            x += 1;
        }
        k += 1;
    }
    f
}

static STEP: [u16; 256] = step_table();
static FOLD: [[u8; 256]; STRIDE] = fold_tables();

/// The checksum of a data segment.
///
/// ```
/// assert_eq!(hj212::crc::checksum(b""), 0xFFFF);
/// ```
pub fn checksum(segment: &[u8]) -> u16 {
    let Some((&last, head)) = segment.split_last() else { return 0xFFFF };
    let mut state: u8 = 0xFF;
    let (chunks, rest) = head.as_chunks::<STRIDE>();
    for c in chunks {
        state = FOLD[15][usize::from(state ^ c[0])]
            ^ FOLD[14][usize::from(c[1])]
            ^ FOLD[13][usize::from(c[2])]
            ^ FOLD[12][usize::from(c[3])]
            ^ FOLD[11][usize::from(c[4])]
            ^ FOLD[10][usize::from(c[5])]
            ^ FOLD[9][usize::from(c[6])]
            ^ FOLD[8][usize::from(c[7])]
            ^ FOLD[7][usize::from(c[8])]
            ^ FOLD[6][usize::from(c[9])]
            ^ FOLD[5][usize::from(c[10])]
            ^ FOLD[4][usize::from(c[11])]
            ^ FOLD[3][usize::from(c[12])]
            ^ FOLD[2][usize::from(c[13])]
            ^ FOLD[1][usize::from(c[14])]
            ^ FOLD[0][usize::from(c[15])];
    }
    for &b in rest {
        state = FOLD[0][usize::from(state ^ b)];
    }
    STEP[usize::from(state ^ last)]
}

/// CRC-16/MODBUS: what some devices send by mistake; accepted per device only.
pub fn modbus(segment: &[u8]) -> u16 {
    segment.iter().fold(0xFFFF, |r: u16, &b| (r >> 8) ^ STEP[usize::from((r as u8) ^ b)])
}

/// Four hex digits, either case.
pub fn parse(digits: &[u8]) -> Option<u16> {
    if digits.len() != 4 {
        return None;
    }
    digits.iter().try_fold(0u16, |value, &d| {
        let digit = match d {
            b'0'..=b'9' => d - b'0',
            b'a'..=b'f' => d - b'a' + 10,
            b'A'..=b'F' => d - b'A' + 10,
            _ => return None,
        };
        Some(value << 4 | u16::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The text of 2017 annex A, step by step.
    fn by_the_book(segment: &[u8]) -> u16 {
        let mut r: u16 = 0xFFFF;
        for &b in segment {
            r = (r >> 8) ^ u16::from(b);
            for _ in 0..8 {
                let low = r & 1;
                r >>= 1;
                if low == 1 {
                    r ^= 0xA001;
                }
            }
        }
        r
    }

    fn check(segment: &str, hj212: u16, modbus_value: u16) {
        assert_eq!((checksum(segment.as_bytes()), modbus(segment.as_bytes())), (hj212, modbus_value), "{segment}");
    }

    #[test]
    fn the_standards_own_examples() {
        let head = "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5";
        check(&format!("{head};CP=&&RtdInterval=30&&"), 0x1C80, 0x0759);
        check(
            "QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&",
            0x2200,
            0xCCF4,
        );
        check("", 0xFFFF, 0xFFFF);
    }

    #[test]
    fn digits_in_either_case() {
        assert_eq!(parse(b"1c8F"), Some(0x1C8F));
        assert_eq!(parse(b"1c8"), None);
        assert_eq!(parse(b"1c8\r"), None);
    }

    proptest! {
        #[test]
        fn folding_is_the_book(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(checksum(&bytes), by_the_book(&bytes));
        }
    }
}
