//! What waits for the sink: the newest frame only, and the words about it. A slow sink loses frames and never falls behind.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::source::{Feed, Frame};

const WORDS_MAX: usize = 64;

#[derive(Default)]
struct Inner {
    frame: Option<Frame>,
    words: VecDeque<Feed>,
    closed: bool,
    frames: u64,
    dropped: u64,
}

/// Between whoever reads a camera and the one thread that calls the sink.
#[derive(Default)]
pub(crate) struct Mail {
    inner: Mutex<Inner>,
    bell: Condvar,
}

/// A lock whose holder panicked is still a lock: every value behind ours is whole after each statement.
pub(crate) fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Mail {
    /// Puts a frame in place of the one that waits, or, when each one counts, after it.
    pub(crate) fn put_frame(&self, frame: Frame, each: bool) {
        let mut inner = lock(&self.inner);
        while each && inner.frame.is_some() && !inner.closed {
            inner = self.bell.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        inner.frames += 1;
        if inner.frame.replace(frame).is_some() {
            inner.dropped += 1;
        }
        self.bell.notify_all();
    }

    pub(crate) fn put(&self, word: Feed) {
        let mut inner = lock(&self.inner);
        if inner.words.len() == WORDS_MAX {
            inner.words.pop_front();
        }
        inner.words.push_back(word);
        self.bell.notify_all();
    }

    /// Waits until a waiting frame was taken, so that a word about the end comes after the last frame.
    pub(crate) fn drain(&self) {
        let mut inner = lock(&self.inner);
        while inner.frame.is_some() && !inner.closed {
            inner = self.bell.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next thing for the sink, words first; nothing once it is closed.
    pub(crate) fn take(&self) -> Option<Feed> {
        let mut inner = lock(&self.inner);
        loop {
            if inner.closed {
                return None;
            }
            if let Some(word) = inner.words.pop_front() {
                return Some(word);
            }
            if let Some(frame) = inner.frame.take() {
                self.bell.notify_all();
                return Some(Feed::Frame(frame));
            }
            inner = self.bell.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn close(&self) {
        lock(&self.inner).closed = true;
        self.bell.notify_all();
    }

    /// Frames that came, and those of them that the sink never saw.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let inner = lock(&self.inner);
        (inner.frames, inner.dropped)
    }
}

/// A flag that wakes whoever waits.
#[derive(Default)]
pub(crate) struct Stop {
    set: Mutex<bool>,
    bell: Condvar,
}

impl Stop {
    pub(crate) fn set(&self) {
        *lock(&self.set) = true;
        self.bell.notify_all();
    }

    pub(crate) fn is_set(&self) -> bool {
        *lock(&self.set)
    }

    /// Waits so long at most; true when it is set.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let mut set = lock(&self.set);
        while !*set {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            set = self.bell.wait_timeout(set, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *set
    }
}
