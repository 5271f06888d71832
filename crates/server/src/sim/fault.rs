//! Faults of the field, on demand: each as a share of all telegrams or as a number of times.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::value::{mix, unit};

/// A count is spent on every n-th chance, so that a short run has them all and they do not stand in one row.
const EVERY: u64 = 5;

/// How often a fault happens: `0.01` of all chances, or `25` times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Chance {
    /// A share of all, 0 to 1.
    Share(f64),
    /// So many times in the run.
    Count(u64),
}

impl Default for Chance {
    fn default() -> Self {
        Self::Share(0.0)
    }
}

impl FromStr for Chance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(n) = text.parse::<u64>() {
            return Ok(Self::Count(n));
        }
        match text.parse::<f64>() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Self::Share(share)),
            _ => Err(format!("{text:?} is neither a share of 0.0 to 1.0 nor a whole number of times")),
        }
    }
}

impl Chance {
    /// Of `all` things, whether the one at `place` is hit; a count hits the first ones.
    pub fn picks(self, seed: u64, place: usize) -> bool {
        match self {
            Self::Share(share) => unit(mix(seed ^ place as u64)) < share,
            Self::Count(n) => (place as u64) < n,
        }
    }
}

/// What can happen to a telegram.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Faults {
    /// Sent with a wrong CRC first, then right.
    pub bad_crc: Chance,
    /// The connection is cut in the middle of the frame; sent again on the next one.
    pub cut: Chance,
    /// Sent twice.
    pub repeat: Chance,
    /// Old data instead of new; marked `RF=1` in edition 2025.
    pub back_fill: Chance,
    /// Sent in two packets.
    pub split: Chance,
    /// Its bytes come a few at a time.
    pub slow: Chance,
}

/// What happens to one telegram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fate {
    /// See [`Faults`].
    pub bad_crc: bool,
    /// See [`Faults`].
    pub cut: bool,
    /// See [`Faults`].
    pub repeat: bool,
    /// See [`Faults`].
    pub back_fill: bool,
    /// See [`Faults`].
    pub split: bool,
    /// See [`Faults`].
    pub slow: bool,
}

/// Deals fates, shared by all connections so that counts hold for the whole run.
#[derive(Debug)]
pub struct Dealer {
    seed: u64,
    chances: [Chance; 6],
    dealt: AtomicU64,
    left: [AtomicU64; 6],
    any: bool,
}

impl Dealer {
    /// A dealer of these faults.
    pub fn new(faults: &Faults, seed: u64) -> Self {
        let chances = [faults.bad_crc, faults.cut, faults.repeat, faults.back_fill, faults.split, faults.slow];
        let left = chances.map(|c| AtomicU64::new(if let Chance::Count(n) = c { n } else { 0 }));
        let none = |c: &Chance| matches!(c, Chance::Count(0)) || *c == Chance::Share(0.0);
        let any = !chances.iter().all(none);
        Self { seed, chances, dealt: AtomicU64::new(0), left, any }
    }

    /// The fate of the next telegram.
    pub fn deal(&self) -> Fate {
        if !self.any {
            return Fate::default();
        }
        let n = self.dealt.fetch_add(1, Relaxed);
        let hit = |i: usize| match self.chances[i] {
            Chance::Share(share) => unit(mix(self.seed ^ mix(n * 6 + i as u64))) < share,
            // the faults take turns, so that two counts do not always fall on one telegram
            Chance::Count(_) => (n + i as u64).is_multiple_of(EVERY) && spend(&self.left[i]),
        };
        Fate { bad_crc: hit(0), cut: hit(1), repeat: hit(2), back_fill: hit(3), split: hit(4), slow: hit(5) }
    }
}

fn spend(left: &AtomicU64) -> bool {
    left.fetch_update(Relaxed, Relaxed, |n| n.checked_sub(1)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Chance, ()>) {
        assert_eq!(text.parse::<Chance>().map_err(|_| ()), expected, "{text}");
    }

    #[test]
    fn a_chance_is_a_share_or_a_count() {
        check("0.25", Ok(Chance::Share(0.25)));
        check("1.0", Ok(Chance::Share(1.0)));
        check("1", Ok(Chance::Count(1)));
        check("1.5", Err(()));
        check("often", Err(()));
    }

    #[test]
    fn counts_are_spent_exactly_and_shares_about() {
        let faults = Faults { cut: Chance::Count(3), repeat: Chance::Share(0.5), ..Faults::default() };
        let dealer = Dealer::new(&faults, 7);
        let fates: Vec<Fate> = (0..1_000).map(|_| dealer.deal()).collect();
        assert_eq!(fates.iter().filter(|f| f.cut).count(), 3);
        assert!((400..600).contains(&fates.iter().filter(|f| f.repeat).count()));
        assert!(fates.iter().all(|f| !f.slow));
    }
}
