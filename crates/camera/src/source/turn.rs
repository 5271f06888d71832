//! Whose turn it is to begin. A camera that begins costs far more than one that goes on: its stream is probed and its first pictures are
//! waited for. One that never gives a picture costs that again and again. So beginners wait for a turn until their first picture has
//! come, and those that have failed some times in a row share turns of their own: they hold up neither a camera that runs nor one that
//! begins again after a good time.

use std::num::NonZero;
use std::sync::{Condvar, LazyLock, Mutex};
use std::thread;
use std::time::Duration;

use crate::mail::{Stop, lock};

/// Turns for each core: a beginner takes a tenth of one, and mostly waits.
const EACH_CORE: usize = 2;
/// A source that is stopped meanwhile is noticed this soon.
const POLL: Duration = Duration::from_millis(100);

/// Turns that are free.
struct Pool {
    free: Mutex<usize>,
    some: Condvar,
}

impl Pool {
    fn new(turns: usize) -> Self {
        Self { free: Mutex::new(turns), some: Condvar::new() }
    }

    fn take(&'static self, stop: &Stop) -> Option<Turn> {
        let mut free = lock(&self.free);
        while *free == 0 {
            if stop.is_set() {
                return None;
            }
            free = self.some.wait_timeout(free, POLL).map_or_else(|e| e.into_inner().0, |(free, _)| free);
        }
        *free -= 1;
        Some(Turn(self))
    }
}

static GOOD: LazyLock<Pool> = LazyLock::new(|| Pool::new(turns()));
static HOPELESS: LazyLock<Pool> = LazyLock::new(|| Pool::new(turns()));

fn turns() -> usize {
    EACH_CORE * thread::available_parallelism().map_or(1, NonZero::get)
}

/// Held while a source begins; given back when dropped.
pub(super) struct Turn(&'static Pool);

impl Turn {
    /// Waits for a turn; none when the source is stopped first.
    pub(super) fn wait(hopeless: bool, stop: &Stop) -> Option<Self> {
        if hopeless { HOPELESS.take(stop) } else { GOOD.take(stop) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.some.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_begin_at_a_time_than_there_are_turns() {
        static FEW: LazyLock<Pool> = LazyLock::new(|| Pool::new(3));
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let stop = Stop::default();
        thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let _turn = FEW.take(&stop).expect("a turn");
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(2));
                    now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert!((1..=3).contains(&most.load(Ordering::SeqCst)), "{most:?}");
        assert_eq!(*lock(&FEW.free), 3);
    }

    #[test]
    fn whoever_is_stopped_does_not_wait_on() {
        static NONE: LazyLock<Pool> = LazyLock::new(|| Pool::new(0));
        let stop = Stop::default();
        stop.set();
        assert!(NONE.take(&stop).is_none());
    }
}
