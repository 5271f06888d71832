//! A-law of ITU-T G.711: a sample of 13 bits in eight, as telephones and horns on a mast understand it.
//!
//! A linear sample is one of 16 bits whose upper 13 count. Even bits of a code are inverted on the wire (mask 0x55), as the
//! recommendation says.

/// Samples in a second.
pub const RATE: u32 = 8_000;
/// Samples, and bytes, of 20 ms.
pub const FRAME: usize = 160;
/// The code of silence.
pub const SILENCE: u8 = 0xD5;

/// The code of one linear sample.
pub fn encode(sample: i16) -> u8 {
    let positive = sample >= 0;
    // the magnitude in steps of the two lowest segments; one's complement, so that -1 and 0 lie in the first step of either side
    let magnitude = (if positive { sample } else { !sample } as u16) >> 4;
    let code = if magnitude < 32 {
        magnitude
    } else {
        let segment = 12 - magnitude.leading_zeros() as u16;
        (segment << 4) | ((magnitude >> (segment - 1)) & 0x0F)
    };
    (code as u8 | if positive { 0x80 } else { 0 }) ^ 0x55
}

/// The linear sample in the middle of a code's step.
pub fn decode(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (segment, step) = ((code >> 4) & 7, i16::from(code & 0x0F));
    let magnitude = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// The codes of many samples.
pub fn encode_all(samples: &[i16]) -> Vec<u8> {
    samples.iter().map(|s| encode(*s)).collect()
}

/// The samples of many codes.
pub fn decode_all(codes: &[u8]) -> Vec<i16> {
    codes.iter().map(|c| decode(*c)).collect()
}

/// The frames of 20 ms, the last filled up with silence.
pub fn frames(codes: &[u8]) -> impl Iterator<Item = [u8; FRAME]> + '_ {
    codes.chunks(FRAME).map(frame)
}

/// One frame of at most 20 ms of codes, filled up with silence.
pub fn frame(codes: &[u8]) -> [u8; FRAME] {
    let mut frame = [SILENCE; FRAME];
    let n = codes.len().min(FRAME);
    frame[..n].copy_from_slice(&codes[..n]);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table 1a of G.711: decision value (in units of 12 bits plus sign) to code as sent, and the value decoded from it.
    #[test]
    fn values_of_the_recommendation() {
        // (sample of 13 bits, the code after inversion of even bits, the decoded value of 13 bits)
        let table: [(i16, u8, i16); 10] = [
            (0, 0xD5, 1),
            (1, 0xD5, 1),
            (2, 0xD4, 3),
            (63, 0xCA, 63),
            (64, 0xF5, 66),
            (128, 0xE5, 132),
            (1024, 0xB5, 1056),
            (2048, 0xA5, 2112),
            (4095, 0xAA, 4032),
            (-1, 0x55, -1),
        ];
        for (sample, code, value) in table {
            assert_eq!(encode(sample * 8), code, "{sample}: {:02x}", encode(sample * 8));
            assert_eq!(decode(code), value * 8, "{code:02x}");
        }
        assert_eq!(encode(i16::MAX), 0xAA);
        assert_eq!(encode(i16::MIN), 0x2A);
        assert_eq!(decode(0x2A), -32_256);
    }

    #[test]
    fn every_code_comes_back_and_no_step_is_too_wide() {
        for code in 0..=255_u8 {
            assert_eq!(encode(decode(code)), code);
        }
        for sample in i16::MIN..=i16::MAX {
            let off = (i32::from(decode(encode(sample))) - i32::from(sample)).abs();
            let step = 16_i32.max(i32::from(sample).abs() / 16);
            assert!(off <= step, "{sample}: off by {off}");
        }
    }

    #[test]
    fn the_last_frame_is_filled_with_silence() {
        let codes = [1_u8; 200];
        let all: Vec<_> = frames(&codes).collect();
        assert_eq!(all.len(), 2);
        assert!(all[1][..40].iter().all(|c| *c == 1) && all[1][40..].iter().all(|c| *c == SILENCE));
    }
}
