//! How often one address and one account may ask (限流), each node for itself.
//!
//! An address is an IPv4 address or an IPv6 network of 64 bits, which is what one subscriber has. Whoever asks more than the rate on
//! average over ten seconds is told how long to wait; nothing of theirs is done meanwhile.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use shanshui_domain::id::PersonId;

use crate::config::Http;
use crate::error::ApiError;

/// Seconds over which the rate is an average.
const BURST_S: u32 = 10;

/// The limits of a node.
#[derive(Debug)]
pub struct Limits {
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    accounts: Option<DefaultKeyedRateLimiter<PersonId>>,
    clock: DefaultClock,
}

fn limiter<K: std::hash::Hash + Eq + Clone>(per_s: u32) -> Option<DefaultKeyedRateLimiter<K>> {
    let (rate, burst) = (NonZeroU32::new(per_s)?, NonZeroU32::new(per_s.saturating_mul(BURST_S))?);
    Some(RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)))
}

impl Limits {
    /// As the configuration says; a rate of 0 is none.
    pub fn new(http: &Http) -> Self {
        let (addresses, accounts) = (limiter(http.address_requests_per_s), limiter(http.account_requests_per_s));
        Self { addresses, accounts, clock: DefaultClock::default() }
    }

    /// One request more from an address.
    ///
    /// # Errors
    /// [`ApiError::TooOften`] when it has to wait.
    pub fn address(&self, from: &str) -> Result<(), ApiError> {
        let (Some(limiter), Ok(ip)) = (&self.addresses, from.parse::<IpAddr>()) else { return Ok(()) };
        self.check(limiter, &whose(ip))
    }

    /// One request more of somebody.
    ///
    /// # Errors
    /// [`ApiError::TooOften`] when they have to wait.
    pub fn account(&self, person: PersonId) -> Result<(), ApiError> {
        self.accounts.as_ref().map_or(Ok(()), |limiter| self.check(limiter, &person))
    }

    fn check<K: std::hash::Hash + Eq + Clone>(
        &self,
        limiter: &DefaultKeyedRateLimiter<K>,
        key: &K,
    ) -> Result<(), ApiError> {
        limiter.check_key(key).map_err(|until| ApiError::TooOften(until.wait_time_from(self.clock.now()).as_secs() + 1))
    }

    /// Forgets who has not asked for a while.
    pub fn forget(&self) {
        if let Some(limiter) = &self.addresses {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        if let Some(limiter) = &self.accounts {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

fn whose(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_too_often_waits_and_nobody_else() {
        let limits = Limits::new(&Http { address_requests_per_s: 2, account_requests_per_s: 1, ..Http::default() });
        let good = |from: &str| limits.address(from).is_ok();
        assert_eq!((0..20).filter(|_| good("192.0.2.7")).count(), 20);
        let refused = limits.address("192.0.2.7").expect_err("too often");
        assert!(matches!(refused, ApiError::TooOften(1)), "{refused:?}");
        assert!(good("192.0.2.8"));
        assert_eq!(
            (0..40).filter(|n| good(&format!("2001:db8:0:1::{n:x}"))).count(),
            20,
            "one network, many addresses"
        );
        assert!(good("2001:db8:0:2::1"));
        let (li, wang) = (PersonId(uuid::Uuid::from_u128(1)), PersonId(uuid::Uuid::from_u128(2)));
        assert_eq!((0..20).filter(|_| limits.account(li).is_ok()).count(), 10);
        assert!(limits.account(wang).is_ok());
    }

    #[test]
    fn a_rate_of_nothing_is_no_limit() {
        let limits = Limits::new(&Http { address_requests_per_s: 0, account_requests_per_s: 0, ..Http::default() });
        assert!((0..100_000).all(|_| limits.address("192.0.2.7").is_ok()));
    }
}
