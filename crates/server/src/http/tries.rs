//! How often a login may fail: each name a few times a minute. In memory; a restart forgives.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use shanshui_domain::time::Instant;

/// Failures of one name within a minute.
const FAILURES_MAX: u32 = 5;
/// Names remembered at one time; beyond it strangers wait.
const NAMES_MAX: usize = 10_000;
const MINUTE_MS: i64 = 60_000;

/// Failed logins of the running minute, by name.
#[derive(Debug, Default)]
pub struct Tries(Mutex<HashMap<String, (Instant, u32)>>);

impl Tries {
    /// Whether one more try of this name is looked at. It counts as failed until it has [`Self::succeeded`], so that many at the
    /// same moment are no way around the limit.
    pub fn begin(&self, name: &str, now: Instant) -> bool {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES_MAX {
            names.retain(|_, (since, _)| now.ms_since(*since) < MINUTE_MS);
            if names.len() >= NAMES_MAX && !names.contains_key(name) {
                return false;
            }
        }
        let held = names.entry(name.to_owned()).or_insert((now, 0));
        if now.ms_since(held.0) >= MINUTE_MS {
            *held = (now, 0);
        }
        held.1 = held.1.saturating_add(1);
        held.1 <= FAILURES_MAX
    }

    /// The password was right: earlier failures are forgiven.
    pub fn succeeded(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_fail_a_few_times_a_minute() {
        let at = |s: i64| Instant(s * 1_000_000);
        let tries = Tries::default();
        for s in 0..5 {
            assert!(tries.begin("li", at(s)));
        }
        assert!(!tries.begin("li", at(6)) && tries.begin("wang", at(6)));
        assert!(tries.begin("li", at(60)));
        for s in 61..80 {
            assert!(tries.begin("li", at(s)), "a right password forgives");
            tries.succeeded("li");
        }
    }
}
