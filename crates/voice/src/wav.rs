//! WAV as it comes: PCM of 8 or 16 bits or A-law, any rate up to 192 kHz, any number of channels up to eight.

use crate::alaw;

/// Bytes of a file, at most.
pub const BYTES_MAX: usize = 20_000_000;
/// Seconds of a recording, at most.
pub const SECONDS_MAX: u32 = 60;
/// Rates that are taken, in samples a second.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Channels, at most.
const CHANNELS_MAX: u16 = 8;
/// Chunks that are looked at.
const CHUNKS_MAX: usize = 256;
/// From here on a length says that the writer did not know it, as programs that write into a pipe do.
const UNKNOWN_LENGTH: u32 = 0x7FFF_0000;

/// Why a recording is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// More bytes than [`BYTES_MAX`].
    #[error("{0} bytes, at most {BYTES_MAX}")]
    TooLarge(usize),
    /// Not a WAV file.
    #[error("not a WAV file: {0}")]
    NotWav(&'static str),
    /// An encoding that is not taken.
    #[error("WAV of format {format} with {bits} bits: PCM of 8 or 16 bits and A-law are taken")]
    Encoding {
        /// The format's number in the file.
        format: u16,
        /// Bits of a sample.
        bits: u16,
    },
    /// A rate or a number of channels that is not taken.
    #[error("{rate} samples a second in {channels} channels: 4,000 to 192,000 in one to eight are taken")]
    Shape {
        /// Samples a second.
        rate: u32,
        /// Channels.
        channels: u16,
    },
    /// The file ends within its sound.
    #[error("cut off: {expected} bytes of sound announced, {got} there")]
    CutOff {
        /// Bytes the file announces.
        expected: u32,
        /// Bytes that are there.
        got: usize,
    },
    /// No sound in it.
    #[error("no sound in it")]
    Empty,
    /// Longer than [`SECONDS_MAX`].
    #[error("longer than {SECONDS_MAX} s")]
    TooLong,
}

impl WavError {
    /// The same for an operator.
    pub fn zh(&self) -> String {
        match self {
            Self::TooLarge(n) => format!("录音文件{n}字节，超过上限{}MB", BYTES_MAX / 1_000_000),
            Self::NotWav(_) => "不是WAV录音文件".into(),
            Self::Encoding { format, bits } => {
                format!("不支持的WAV编码（格式{format}，{bits}位），请用8位或16位PCM，或A律")
            }
            Self::Shape { rate, channels } => {
                format!("不支持的WAV：采样率{rate}Hz，{channels}声道；应为4至192kHz，1至8声道")
            }
            Self::CutOff { expected, got } => format!("录音文件不完整：应有{expected}字节声音，实有{got}字节"),
            Self::Empty => "录音文件里没有声音".into(),
            Self::TooLong => format!("录音超过{SECONDS_MAX}秒"),
        }
    }
}

struct Format {
    number: u16,
    channels: u16,
    rate: u32,
    bits: u16,
}

/// Mono samples and their rate.
pub(crate) fn read(bytes: &[u8]) -> Result<(Vec<i16>, u32), WavError> {
    if bytes.len() > BYTES_MAX {
        return Err(WavError::TooLarge(bytes.len()));
    }
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(WavError::NotWav("it does not begin as one"));
    }
    let mut format = None;
    let mut rest = &bytes[12..];
    for _ in 0..CHUNKS_MAX {
        let Some((head, body)) = rest.split_at_checked(8) else { break };
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let there = (length as usize).min(body.len());
        match &head[..4] {
            b"fmt " => format = Some(read_format(&body[..there])?),
            b"data" => {
                let format = format.ok_or(WavError::NotWav("sound before its format"))?;
                if there < length as usize && length < UNKNOWN_LENGTH {
                    return Err(WavError::CutOff { expected: length, got: there });
                }
                return Ok((mono(&body[..there], &format)?, format.rate));
            }
            _ => {}
        }
        rest = body.get(there + (there & 1)..).unwrap_or_default();
    }
    Err(WavError::NotWav("no sound in it"))
}

fn read_format(body: &[u8]) -> Result<Format, WavError> {
    let short = |at: usize| body.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let long = |at: usize| body.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let (Some(mut number), Some(channels), Some(rate), Some(bits)) = (short(0), short(2), long(4), short(14)) else {
        return Err(WavError::NotWav("its format is cut off"));
    };
    if number == 0xFFFE {
        number = short(24).ok_or(WavError::NotWav("its format is cut off"))?;
    }
    if !matches!((number, bits), (1, 8 | 16) | (6, 8)) {
        return Err(WavError::Encoding { format: number, bits });
    }
    if !RATES.contains(&rate) || channels == 0 || channels > CHANNELS_MAX {
        return Err(WavError::Shape { rate, channels });
    }
    Ok(Format { number, channels, rate, bits })
}

fn mono(data: &[u8], format: &Format) -> Result<Vec<i16>, WavError> {
    let width = usize::from(format.bits / 8);
    let frame = width * usize::from(format.channels);
    let count = data.len() / frame;
    if count == 0 {
        return Err(WavError::Empty);
    }
    if count as u64 > u64::from(format.rate) * u64::from(SECONDS_MAX) {
        return Err(WavError::TooLong);
    }
    let sample = |b: &[u8]| match (format.number, width) {
        (6, _) => alaw::decode(b[0]),
        (_, 1) => (i16::from(b[0]) - 128) << 8,
        _ => i16::from_le_bytes([b[0], b[1]]),
    };
    let mean = |f: &[u8]| {
        let sum: i32 = f.chunks_exact(width).map(|b| i32::from(sample(b))).sum();
        (sum / i32::from(format.channels)) as i16
    };
    Ok(data.chunks_exact(frame).map(mean).collect())
}

/// A WAV file of mono samples of 16 bits.
pub(crate) fn write(samples: &[i16], rate: u32) -> Vec<u8> {
    let length = samples.len() as u32 * 2;
    let mut out = Vec::with_capacity(samples.len() * 2 + 44);
    out.extend(b"RIFF");
    out.extend((36 + length).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    out.extend(1_u16.to_le_bytes());
    out.extend(1_u16.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * 2).to_le_bytes());
    out.extend(2_u16.to_le_bytes());
    out.extend(16_u16.to_le_bytes());
    out.extend(b"data");
    out.extend(length.to_le_bytes());
    for s in samples {
        out.extend(s.to_le_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(number: u16, channels: u16, rate: u32, bits: u16, data: &[u8], said: u32) -> Vec<u8> {
        let mut out = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        out.extend(number.to_le_bytes());
        out.extend(channels.to_le_bytes());
        out.extend(rate.to_le_bytes());
        out.extend([0; 6]);
        out.extend(bits.to_le_bytes());
        out.extend(b"data");
        out.extend(said.to_le_bytes());
        out.extend(data);
        out
    }

    #[test]
    fn the_kinds_that_are_taken() {
        assert_eq!(read(&file(1, 1, 8_000, 8, &[0, 128, 255], 3)), Ok((vec![-32_768, 0, 32_512], 8_000)));
        assert_eq!(read(&file(1, 2, 44_100, 16, &[0, 1, 0, 3, 9], 5)), Ok((vec![512], 44_100)), "two channels, mean");
        assert_eq!(read(&file(6, 1, 8_000, 8, &[0xD5, 0xAA], 2)), Ok((vec![8, 32_256], 8_000)));
        assert_eq!(read(&file(1, 1, 8_000, 16, &[1, 0], 0x7FFF_F000)), Ok((vec![1], 8_000)), "written into a pipe");
        assert_eq!(read(&write(&[5, -5], 16_000)), Ok((vec![5, -5], 16_000)));
    }

    #[test]
    fn the_kinds_that_are_not() {
        assert!(matches!(read(b"ID3\x03 an mp3"), Err(WavError::NotWav(_))));
        assert_eq!(read(&file(1, 1, 8_000, 24, &[0; 6], 6)), Err(WavError::Encoding { format: 1, bits: 24 }));
        assert_eq!(read(&file(85, 1, 8_000, 0, &[0; 6], 6)), Err(WavError::Encoding { format: 85, bits: 0 }));
        assert_eq!(read(&file(1, 0, 8_000, 16, &[0; 6], 6)), Err(WavError::Shape { rate: 8_000, channels: 0 }));
        assert_eq!(read(&file(1, 1, 1, 16, &[0; 6], 6)), Err(WavError::Shape { rate: 1, channels: 1 }));
        assert_eq!(read(&file(1, 1, 8_000, 16, &[0; 6], 60)), Err(WavError::CutOff { expected: 60, got: 6 }));
        assert_eq!(read(&file(1, 1, 8_000, 16, &[], 0)), Err(WavError::Empty));
        assert_eq!(read(&file(1, 1, 4_000, 8, &vec![0; 240_001], 240_001)), Err(WavError::TooLong));
        assert_eq!(read(&vec![0; BYTES_MAX + 1]), Err(WavError::TooLarge(BYTES_MAX + 1)));
        assert!(WavError::TooLong.zh().contains("60秒"));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), head in any::<bool>()) {
            if head {
                bytes.splice(0..0, b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".iter().copied());
            }
            let _ = read(&bytes);
        }
    }
}
