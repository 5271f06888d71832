//! Who speaks for a device over all nodes (ADR 0004): decided in memory among the connections of this node, and told to the store
//! beside the answers, never before them.
//!
//! What is to be told waits here, at most one claim for each device. A connection that finds the line held at another node is
//! looked at again a moment later before it is an alarm: a device that moves is often quicker than the end of its old connection.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use shanshui_domain::id::Mn;
use shanshui_domain::time::Instant;
use shanshui_store::{Claim, Claimed, SecondConnection, StoreError};
use tokio::sync::Notify;

use super::{Ingest, Shared};
use crate::registry::{DeviceEntry, Standing};

/// How long the end of an old connection may take to be known.
const GRACE_MS: i64 = 2_000;
/// Claims of one write.
const CLAIMS_MAX: usize = 200;
/// A holder says that it still speaks when a tenth of the silence that would free its line has passed.
const TOLD_PART: i64 = 10;

/// What the store is to be told of the lines.
#[derive(Debug, Default)]
pub(super) struct Told {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    claims: HashMap<Mn, Claim>,
    /// Newcomers to be looked at again from then on.
    again: HashMap<(Mn, u64), (Instant, Claim)>,
    ended: Vec<(Mn, u64)>,
    seconds: HashMap<(Mn, u64), SecondConnection>,
    changed: HashSet<Mn>,
}

impl Told {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection has begun to speak for a device.
    pub(super) fn begins(&self, mn: &Mn) {
        self.waiting().changed.insert(mn.clone());
        self.wake.notify_one();
    }

    /// A connection takes a line that nobody holds at this node.
    pub(super) fn takes(&self, entry: &DeviceEntry, (connection, peer): (u64, &str), now: Instant) {
        let device = &entry.device;
        let claim = Claim {
            mn: device.mn.clone(),
            station: device.station.clone(),
            connection,
            peer: peer.to_owned(),
            heard: now,
            quiet_ms: entry.quiet_ms(),
            want: true,
            tell: false,
        };
        self.waiting().claims.insert(device.mn.clone(), claim);
        self.wake.notify_one();
    }

    /// A connection finds the line held by another of this node.
    pub(super) fn second(&self, connection: u64, second: SecondConnection) {
        self.waiting().seconds.insert((second.mn.clone(), connection), second);
        self.wake.notify_one();
    }

    /// A connection has ended.
    pub(super) fn ends(&self, mn: &Mn, connection: u64, held: bool) {
        let mut waiting = self.waiting();
        if held {
            waiting.ended.push((mn.clone(), connection));
        }
        if waiting.claims.get(mn).is_some_and(|c| c.connection == connection) {
            waiting.claims.remove(mn);
        }
        if let Some((_, claim)) = waiting.again.get_mut(&(mn.clone(), connection)) {
            claim.want = false;
        }
        waiting.changed.insert(mn.clone());
        drop(waiting);
        self.wake.notify_one();
    }
}

impl Waiting {
    /// At most so many claims; the newcomers among them whose time has come.
    fn claims(&mut self, now: Instant) -> Vec<Claim> {
        let first: Vec<Mn> = self.claims.keys().take(CLAIMS_MAX).cloned().collect();
        let mut claims: Vec<Claim> = first.iter().filter_map(|mn| self.claims.remove(mn)).collect();
        let due: Vec<_> = self.again.iter().filter(|(_, (at, _))| *at <= now).map(|(k, _)| k.clone()).collect();
        for key in due.into_iter().take(CLAIMS_MAX) {
            claims.extend(self.again.remove(&key).map(|(_, claim)| Claim { heard: now, ..claim }));
        }
        claims
    }

    /// What could not be told is told later, unless something newer was said.
    fn put_back(&mut self, claims: Vec<Claim>, ended: Vec<(Mn, u64)>, seconds: HashMap<(Mn, u64), SecondConnection>) {
        for claim in claims {
            if claim.tell {
                self.again.entry((claim.mn.clone(), claim.connection)).or_insert((claim.heard, claim));
            } else {
                self.claims.entry(claim.mn.clone()).or_insert(claim);
            }
        }
        self.ended.extend(ended);
        for (key, second) in seconds {
            self.seconds.entry(key).or_insert(second);
        }
    }
}

impl Ingest {
    /// Waits until something is to be told of the lines.
    pub async fn lines_wait(&self) {
        let told = &self.0.lines;
        let again = !told.waiting().again.is_empty();
        let look = if again { Duration::from_millis(250) } else { Duration::from_hours(1) };
        // a look too early costs nothing
        let _nothing = tokio::time::timeout(look, told.wake.notified()).await;
    }

    /// Devices whose lines have changed since the last time.
    pub fn lines_changed(&self) -> HashSet<Mn> {
        std::mem::take(&mut self.0.lines.waiting().changed)
    }

    /// Tells the store what waits, in writes of bounded size, and takes note of what it answers.
    ///
    /// # Errors
    /// What the store says; what was not told waits for the next time.
    pub async fn lines_tell(&self) -> Result<(), StoreError> {
        let shared = &self.0;
        loop {
            let now = shared.clock.now();
            let (claims, ended, seconds) = {
                let mut waiting = shared.lines.waiting();
                (waiting.claims(now), std::mem::take(&mut waiting.ended), std::mem::take(&mut waiting.seconds))
            };
            if claims.is_empty() && ended.is_empty() && seconds.is_empty() {
                return Ok(());
            }
            let found = seconds.iter().map(|((_, n), s)| (*n, s.clone())).collect();
            match shared.store.lines_claim(shared.store.node().as_str(), claims.clone(), ended.clone(), found).await {
                Ok(answers) => claims.into_iter().zip(answers).for_each(|(c, a)| shared.settle(c, a, now)),
                Err(error) => {
                    shared.lines.waiting().put_back(claims, ended, seconds);
                    shared.lines.wake.notify_one();
                    return Err(error);
                }
            }
        }
    }

    /// The store does not know these lines as this node's: they are claimed again.
    pub fn lines_lost(&self, lost: &[(Mn, u64)]) {
        let index = self.0.registry.index();
        for (mn, connection) in lost {
            let Some(entry) = index.device(mn.0.as_bytes()) else { continue };
            let mut line = entry.line();
            if let Some(held) = line.held.as_mut().filter(|h| h.connection == *connection) {
                held.standing = Standing::Asked;
                self.0.lines.takes(entry, (held.connection, &held.peer), held.heard);
            }
        }
    }

    /// This node was cut off and may have seemed dead: the store is told again of every line it holds, and says which it does not.
    pub fn lines_doubt(&self) {
        for entry in self.0.registry.index().devices() {
            if let Some(held) = &mut entry.line().held {
                held.told = Instant(i64::MIN);
            }
        }
    }

    /// Lines that this node holds and that have spoken since the store was told: device, connection, when. Those that another
    /// node holds are asked for again.
    pub fn lines_heard(&self) -> Vec<(Mn, u64, Instant)> {
        let mut heard = Vec::new();
        for entry in self.0.registry.index().devices() {
            let part_ms = entry.quiet_ms() / TOLD_PART;
            let mut line = entry.line();
            let Some(held) = &mut line.held else { continue };
            match held.standing {
                Standing::Own if held.heard.ms_since(held.told) >= part_ms => {
                    held.told = held.heard;
                    heard.push((entry.device.mn.clone(), held.connection, held.heard));
                }
                Standing::Other if held.heard > held.told => {
                    held.told = held.heard;
                    self.0.lines.takes(&entry, (held.connection, &held.peer), held.heard);
                }
                _ => {}
            }
        }
        heard
    }
}

impl Shared {
    fn settle(&self, claim: Claim, answer: Claimed, now: Instant) {
        let index = self.registry.index();
        let Some(entry) = index.device(claim.mn.0.as_bytes()) else { return };
        let mut line = entry.line();
        let other = matches!(answer, Claimed::Other { .. });
        if other && claim.tell {
            line.deviates("second_connection");
        }
        let held = line.held.as_mut().filter(|h| h.connection == claim.connection);
        let here = held.is_some();
        let asked_first = held.as_ref().is_some_and(|h| h.standing == Standing::Asked);
        if let Some(held) = held {
            held.standing = if other { Standing::Other } else { Standing::Own };
        }
        drop(line);
        if other && !claim.tell && (asked_first || !here) {
            let claim = Claim { want: here, tell: true, ..claim };
            self.lines.waiting().again.insert((claim.mn.clone(), claim.connection), (now.plus_ms(GRACE_MS), claim));
            self.lines.wake.notify_one();
        } else if !other && claim.want && !here {
            // it ended while the store was asked
            self.lines.ends(&claim.mn, claim.connection, true);
        }
    }
}
