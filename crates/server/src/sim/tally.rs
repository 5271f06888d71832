//! What a run did: counts, reply latencies, and the ledger that a crash test holds against the store.
//!
//! The ledger is a text file, one line an event, only ever appended to: `sent <qn> <mn> <datatime> <readings> <digest>` before
//! the bytes leave, `acked <qn> <mn>` before the telegram counts as acknowledged. `<digest>` is [`digest`] in hex.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// FNV-1a, 64 bits.
pub fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3))
}

/// What a telegram said: the wrapping sum of FNV-1a over `factor=value`, so that the order does not matter.
///
/// ```
/// use shanshui_server::sim::tally::digest;
/// assert_eq!(digest([("w01001", "7.91"), ("w01009", "8.2")]), digest([("w01009", "8.2"), ("w01001", "7.91")]));
/// ```
pub fn digest<'a>(readings: impl IntoIterator<Item = (&'a str, &'a str)>) -> u64 {
    let one = |factor: &str, value: &str| {
        let start = fnv(factor.as_bytes());
        let equals = (start ^ u64::from(b'=')).wrapping_mul(0x0100_0000_01B3);
        value.bytes().fold(equals, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3))
    };
    readings.into_iter().fold(0, |sum: u64, (factor, value)| sum.wrapping_add(one(factor, value)))
}

/// Counts of one run, shared by all its connections.
#[derive(Debug)]
pub struct Tally {
    /// Telegrams sent, each once however often it was repeated; parts of a split upload count one each.
    pub sent: AtomicU64,
    /// Readings in them.
    pub readings: AtomicU64,
    /// Telegrams acknowledged.
    pub acked: AtomicU64,
    /// Given up after the last resend, or not answered when the run ended.
    pub unanswered: AtomicU64,
    /// Frames sent again with the same QN.
    pub resent: AtomicU64,
    /// Connections opened again.
    pub reconnects: AtomicU64,
    /// Answers to nothing that was waiting: the second answer to a repeated telegram.
    pub extra: AtomicU64,
    /// Requests of the centre.
    pub requests: AtomicU64,
    /// Reply latencies.
    pub latency: Histogram,
    ledger: Option<Mutex<File>>,
    started: Mutex<Instant>,
}

impl Tally {
    /// A new one; with a ledger when a file is given.
    ///
    /// # Errors
    /// When the ledger cannot be opened.
    pub fn new(ledger: Option<&Path>) -> io::Result<Self> {
        let open = |path: &Path| OpenOptions::new().create(true).append(true).open(path).map(Mutex::new);
        Ok(Self {
            sent: AtomicU64::new(0),
            readings: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            resent: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            extra: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            latency: Histogram::default(),
            ledger: ledger.map(open).transpose()?,
            started: Mutex::new(Instant::now()),
        })
    }

    /// Whether there is a ledger.
    pub fn keeps_ledger(&self) -> bool {
        self.ledger.is_some()
    }

    /// Appends lines to the ledger, in one write.
    ///
    /// # Errors
    /// When they cannot be written: the run has to end, its promise cannot be checked.
    pub fn log(&self, lines: &str) -> io::Result<()> {
        match &self.ledger {
            Some(file) if !lines.is_empty() => {
                file.lock().unwrap_or_else(PoisonError::into_inner).write_all(lines.as_bytes())
            }
            _ => Ok(()),
        }
    }

    /// Begins to count anew: what was before was warming up.
    pub fn restart(&self) {
        let counters = [&self.sent, &self.readings, &self.acked, &self.unanswered, &self.resent, &self.reconnects];
        for counter in counters.into_iter().chain([&self.extra, &self.requests]) {
            counter.store(0, Relaxed);
        }
        self.latency.clear();
        *self.started.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// The run as one object: latencies in milliseconds, rate in acknowledged telegrams a second.
    pub fn summary(&self) -> Value {
        let elapsed = self.started.lock().unwrap_or_else(PoisonError::into_inner).elapsed().as_secs_f64();
        let acked = self.acked.load(Relaxed);
        let ms = |share: f64| (self.latency.quantile(share).as_secs_f64() * 1e6).round() / 1e3;
        json!({
            "sent": self.sent.load(Relaxed),
            "acked": acked,
            "unanswered": self.unanswered.load(Relaxed),
            "resent": self.resent.load(Relaxed),
            "reconnects": self.reconnects.load(Relaxed),
            "extra": self.extra.load(Relaxed),
            "requests": self.requests.load(Relaxed),
            "readings": self.readings.load(Relaxed),
            "elapsed_s": (elapsed * 1e3).round() / 1e3,
            "rate": (acked as f64 / elapsed.max(1e-9) * 10.0).round() / 10.0,
            "latency_ms": {"p50": ms(0.5), "p90": ms(0.9), "p99": ms(0.99), "max": ms(1.0)},
        })
    }
}

/// Adds one.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// Durations counted in buckets of at most 1/64 relative width, from a microsecond to hours; bounded memory, no sampling.
#[derive(Debug)]
pub struct Histogram {
    buckets: Vec<AtomicU64>,
    max_us: AtomicU64,
}

/// Buckets per doubling.
const FINE: u64 = 64;
const FINE_BITS: u32 = FINE.ilog2();

impl Default for Histogram {
    fn default() -> Self {
        let buckets = (0..FINE * 34).map(|_| AtomicU64::new(0)).collect();
        Self { buckets, max_us: AtomicU64::new(0) }
    }
}

impl Histogram {
    fn bucket(us: u64) -> usize {
        if us < FINE {
            return us as usize;
        }
        let shift = us.ilog2() - FINE_BITS;
        (u64::from(shift + 1) * FINE + (us >> shift) - FINE) as usize
    }

    /// Largest duration of a bucket.
    fn upper(bucket: usize) -> u64 {
        let (octave, fine) = (bucket as u64 / FINE, bucket as u64 % FINE);
        match octave {
            0 => fine,
            _ => ((FINE + fine + 1) << (octave - 1)) - 1,
        }
    }

    fn clear(&self) {
        self.buckets.iter().for_each(|b| b.store(0, Relaxed));
        self.max_us.store(0, Relaxed);
    }

    /// Counts one.
    pub fn record(&self, duration: Duration) {
        let us = duration.as_micros() as u64;
        let bucket = Self::bucket(us).min(self.buckets.len() - 1);
        count(&self.buckets[bucket]);
        self.max_us.fetch_max(us, Relaxed);
    }

    /// The duration that this share of all stays within; zero when there is none.
    pub fn quantile(&self, share: f64) -> Duration {
        let total: u64 = self.buckets.iter().map(|b| b.load(Relaxed)).sum();
        let rank = ((share * total as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (i, bucket) in self.buckets.iter().enumerate() {
            seen += bucket.load(Relaxed);
            if seen >= rank {
                return Duration::from_micros(Self::upper(i).min(self.max_us.load(Relaxed)));
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_in_its_bucket() {
        for us in (0..5_000).chain([123_456, 9_999_999, 7_200_000_000]) {
            let bucket = Histogram::bucket(us);
            let upper = Histogram::upper(bucket);
            assert!(us <= upper && upper - us <= us / FINE, "{us} {upper}");
            assert!(bucket == 0 || Histogram::upper(bucket - 1) < us, "{us}");
        }
    }

    #[test]
    fn quantiles_of_a_hundred() {
        let h = Histogram::default();
        (1..=100).for_each(|ms| h.record(Duration::from_millis(ms)));
        assert_eq!(h.quantile(1.0), Duration::from_millis(100));
        let median = h.quantile(0.5).as_secs_f64();
        assert!((0.050..0.051).contains(&median), "{median}");
        assert_eq!(Histogram::default().quantile(0.5), Duration::ZERO);
    }

    #[test]
    fn a_digest_is_fixed_for_other_programs() {
        assert_eq!(format!("{:016x}", digest([("w01001", "7.91")])), format!("{:016x}", fnv(b"w01001=7.91")));
        assert_eq!(format!("{:016x}", fnv(b"w01001=7.91")), "fca6e38673715fa8");
    }
}
