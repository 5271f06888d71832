//! What is played: mono, 8,000 samples a second, kept as samples and as A-law, so that nothing is computed while somebody waits.

use std::sync::Arc;

use crate::alaw::{self, RATE};
use crate::resample::to_8k;
pub use crate::wav::{BYTES_MAX, SECONDS_MAX, WavError};
use crate::{rtp, wav};

/// A sound ready for any driver; cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Sound {
    samples: Arc<[i16]>,
    codes: Arc<[u8]>,
}

impl std::fmt::Debug for Sound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sound({:.2} s)", self.seconds())
    }
}

impl Sound {
    /// From samples at 8,000 a second; what is longer than [`SECONDS_MAX`] is cut.
    pub fn of(mut samples: Vec<i16>) -> Self {
        samples.truncate((RATE * SECONDS_MAX) as usize);
        let codes = alaw::encode_all(&samples).into();
        Self { samples: samples.into(), codes }
    }

    /// From a WAV file of at most [`BYTES_MAX`] and [`SECONDS_MAX`].
    ///
    /// # Errors
    /// When it is no WAV, too long, too large, cut off, or of a kind that is not taken.
    pub fn from_wav(bytes: &[u8]) -> Result<Self, WavError> {
        let (samples, rate) = wav::read(bytes)?;
        Ok(Self::of(to_8k(&samples, rate)))
    }

    /// One after the other, with `pause` seconds of silence between them.
    ///
    /// # Errors
    /// When together they are longer than [`SECONDS_MAX`].
    pub fn joined(sounds: &[Self], pause: f64) -> Result<Self, WavError> {
        let gap = vec![0_i16; (pause.clamp(0.0, 10.0) * f64::from(RATE)) as usize];
        let parts: Vec<&[i16]> = sounds.iter().map(|s| &*s.samples).collect();
        let all = parts.join(&gap[..]);
        if all.len() > (RATE * SECONDS_MAX) as usize { Err(WavError::TooLong) } else { Ok(Self::of(all)) }
    }

    /// As a WAV file: mono, 8 kHz, 16 bits.
    pub fn to_wav(&self) -> Vec<u8> {
        wav::write(&self.samples, RATE)
    }

    /// As samples.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// As A-law, a byte a sample.
    pub fn alaw(&self) -> &[u8] {
        &self.codes
    }

    /// How long it is.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(RATE)
    }

    /// Its frames, one after the other.
    pub(crate) fn source(&self) -> rtp::Whole<'_> {
        rtp::Whole::new(&self.codes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_with_a_pause_and_never_too_long() {
        let second = Sound::of(vec![1000; 8_000]);
        let both = Sound::joined(&[second.clone(), second.clone()], 0.5).expect("short");
        assert!((both.seconds() - 2.5).abs() < 1e-9);
        assert_eq!(both.samples()[8_000..12_000], vec![0; 4_000]);
        assert_eq!(Sound::joined(&vec![second; 61], 0.0), Err(WavError::TooLong));
        assert_eq!(Sound::from_wav(&both.to_wav()), Ok(both));
    }
}
