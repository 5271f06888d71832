//! Any rate to 8,000 samples a second: a windowed sinc, whose pass band ends at 3.6 kHz or at nine tenths of the source's own half.

use crate::alaw::RATE;

/// Zero crossings of the sinc on either side.
const CROSSINGS: usize = 16;
/// Points of the table between two crossings.
const POINTS: usize = 256;
/// The edge as a share of the lower of both half rates.
const EDGE: f64 = 0.9;

/// Samples at `rate` (above 0) as samples at 8,000 a second.
pub(crate) fn to_8k(samples: &[i16], rate: u32) -> Vec<i16> {
    if rate == RATE || samples.is_empty() {
        return samples.to_vec();
    }
    let (from, to) = (f64::from(rate), f64::from(RATE));
    // cycles per sample of the source, doubled: 1.0 would be the source's own half rate
    let cut = EDGE * (to / from).min(1.0);
    let reach = CROSSINGS as f64 / cut;
    let table = kernel();
    let count = (samples.len() as f64 * to / from).round().max(1.0) as usize;
    (0..count)
        .map(|n| {
            let at = n as f64 * from / to;
            let first = (at - reach).ceil().max(0.0) as usize;
            let last = ((at + reach).floor() as usize).min(samples.len() - 1);
            let (mut sum, mut weight) = (0.0_f64, 0.0_f64);
            for (i, sample) in samples.iter().enumerate().take(last + 1).skip(first) {
                let w = look(&table, (i as f64 - at).abs() * cut);
                sum += w * f64::from(*sample);
                weight += w;
            }
            // weights sum to one away from the ends; there the missing half is not taken for silence
            let value = if weight.abs() > 1e-6 { sum / weight } else { 0.0 };
            value.round().clamp(f64::from(i16::MIN), f64::from(i16::MAX)) as i16
        })
        .collect()
}

/// Half of a sinc under Blackman's window.
fn kernel() -> Vec<f64> {
    let end = (CROSSINGS * POINTS) as f64;
    (0..=CROSSINGS * POINTS + 1)
        .map(|i| {
            let x = i as f64 / POINTS as f64 * std::f64::consts::PI;
            let sinc = if i == 0 { 1.0 } else { x.sin() / x };
            let turn = (i as f64 / end).min(1.0) * std::f64::consts::PI;
            sinc * (0.42 + 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())
        })
        .collect()
}

fn look(table: &[f64], crossings: f64) -> f64 {
    let place = crossings * POINTS as f64;
    let i = place as usize;
    match (table.get(i), table.get(i + 1)) {
        (Some(a), Some(b)) => a + (b - a) * (place - i as f64),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, hertz: f64, seconds: f64) -> Vec<i16> {
        let n = (f64::from(rate) * seconds) as usize;
        (0..n).map(|i| (12_000.0 * (std::f64::consts::TAU * hertz * i as f64 / f64::from(rate)).sin()) as i16).collect()
    }

    fn loudness(samples: &[i16]) -> f64 {
        let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
        (middle.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / middle.len() as f64).sqrt()
    }

    #[test]
    fn what_fits_passes_and_what_would_fold_back_does_not() {
        for rate in [11_025, 16_000, 22_050, 44_100, 44_099, 48_000, 96_000] {
            let passed = to_8k(&tone(rate, 1_000.0, 0.5), rate);
            assert_eq!(passed.len(), 4_000, "{rate}");
            let peer = tone(8_000, 1_000.0, 0.5);
            let off =
                passed[1000..3000].iter().zip(&peer[1000..3000]).map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs());
            assert!(off.max() <= Some(30), "{rate}: the curve is another one");
            let folded = to_8k(&tone(rate, 5_000.0, 0.5), rate);
            assert!(loudness(&folded) < loudness(&passed) / 300.0, "{rate}: {}", loudness(&folded));
        }
    }

    #[test]
    fn a_slow_source_keeps_its_tone() {
        let up = to_8k(&tone(4_000, 500.0, 0.5), 4_000);
        assert_eq!(up.len(), 4_000);
        assert!((loudness(&up) / 8_485.0 - 1.0).abs() < 0.02, "{}", loudness(&up));
        assert_eq!(to_8k(&[], 44_100), Vec::<i16>::new());
    }
}
