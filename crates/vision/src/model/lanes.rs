//! So many computations at once as there are cores for, whatever the number of cameras: each has its lane, whoever comes when all
//! are taken waits. Memory and CPU are bounded by it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

/// Most lanes of one model.
const LANES_MAX: usize = 8;

/// What one computation at a time needs, several times.
pub(super) struct Lanes<T> {
    lanes: Vec<Mutex<T>>,
    turn: AtomicUsize,
}

impl<T> Lanes<T> {
    /// One for each core, when one computation takes so many threads.
    pub(super) fn new<E>(threads: usize, make: impl FnMut() -> Result<T, E>) -> Result<Self, E> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let count = (cores / threads.max(1)).clamp(1, LANES_MAX);
        let lanes: Result<Vec<T>, E> = std::iter::repeat_with(make).take(count).collect();
        Ok(Self { lanes: lanes?.into_iter().map(Mutex::new).collect(), turn: AtomicUsize::new(0) })
    }

    /// Computes in a free lane, or waits for one.
    pub(super) fn with<R>(&self, compute: impl FnOnce(&mut T) -> R) -> R {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.lanes.len();
        let (before, after) = self.lanes.split_at(turn);
        for lane in after.iter().chain(before) {
            match lane.try_lock() {
                Ok(mut free) => return compute(&mut free),
                // whoever panicked in it left nothing half done that the next would read
                Err(TryLockError::Poisoned(free)) => return compute(&mut free.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        compute(&mut self.lanes[turn].lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_two_in_one_lane_and_a_panic_closes_none() {
        let lanes = Lanes::new(1, || Ok::<_, ()>(0u32)).unwrap();
        assert!(!lanes.lanes.is_empty() && lanes.lanes.len() <= LANES_MAX);
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| (0..100).for_each(|_| lanes.with(|n| *n += 1)));
            }
        });
        let panics = || lanes.with(|_| std::panic::resume_unwind(Box::new("as it must")));
        for _ in 0..LANES_MAX {
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
        }
        lanes.with(|n| *n += 1);
        let all: u32 = lanes.lanes.into_iter().map(|l| l.into_inner().unwrap_or_else(PoisonError::into_inner)).sum();
        assert_eq!(all, 1601);
    }
}
