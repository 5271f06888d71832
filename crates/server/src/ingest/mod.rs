//! Stations over TCP: sockets, budgets, acknowledgement. The protocol itself is the crate `hj212`.
//!
//! One task serves one connection: it reads what is there, keeps it, and answers **after** the store has made it durable; while the
//! store works, nothing more is read from that socket, so a slow disk slows the senders and fills no memory. Damaged, unknown and
//! undatable telegrams are kept in quarantine, up to a budget per peer address; a bad CRC is never answered.

mod again;
mod connection;
mod exchange;
pub mod imported;
mod lines;
mod read;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hj212::{DevicePolicy, Limits, decode_all};
use serde_json::Value;
use shanshui_domain::id::{Mn, StationCode, TelegramId};
use shanshui_domain::sense::{Kept, Reading};
use shanshui_domain::time::{Instant, Zone};
use shanshui_store::{Store, TelegramRow};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config;
use crate::metrics::Intake;
use crate::notes::Bell;
use crate::registry::Registry;

pub use again::Reader;
pub use exchange::{ExchangeError, Request, Step, civil};

/// What the judge is told, always after the data is durable: the readings of one telegram, with what keeping them did.
#[derive(Debug)]
pub struct Heard {
    /// Station.
    pub station: StationCode,
    /// Device.
    pub mn: Mn,
    /// Telegram.
    pub telegram: TelegramId,
    /// Each reading.
    pub rows: Vec<(Reading, Kept)>,
}

/// The ingest, as handlers and jobs see it. Cheap to clone.
#[derive(Clone)]
pub struct Ingest(Arc<Shared>);

/// Factor, field, number, when.
pub(crate) type Parameter = (String, String, rust_decimal::Decimal, shanshui_domain::time::Instant);

pub(crate) struct Shared {
    config: config::Hj212,
    store: Store,
    registry: Arc<Registry>,
    clock: Clock,
    zone: Zone,
    heard: mpsc::Sender<Heard>,
    /// The judge of this node hears messages; otherwise none are sent.
    listens: AtomicBool,
    /// Messages to the judge that found no place: it must read the store.
    missed: AtomicU64,
    /// Rings when something was kept.
    arrived: Bell,
    lines: lines::Told,
    connections: AtomicUsize,
    numbers: AtomicU64,
    quarantined: Mutex<HashMap<IpAddr, Budget>>,
    exchanges: exchange::Open,
    intake: Intake,
}

/// What a peer address has put into quarantine within the running hour.
#[derive(Debug, Clone, Copy)]
struct Budget {
    since: Instant,
    kept: u32,
    dropped: u64,
}

impl Ingest {
    /// The ingest, and where the jobs hear from it; `queue` messages may wait for them, beyond it they read the store.
    pub fn new(
        config: config::Hj212,
        store: Store,
        registry: Arc<Registry>,
        clock: Clock,
        zone: Zone,
        queue: usize,
    ) -> (Self, mpsc::Receiver<Heard>) {
        let (heard, hears) = mpsc::channel(queue.max(1));
        let shared = Shared {
            config,
            store,
            registry,
            clock,
            zone,
            heard,
            listens: AtomicBool::new(false),
            missed: AtomicU64::new(0),
            arrived: Bell::default(),
            lines: lines::Told::default(),
            connections: AtomicUsize::new(0),
            numbers: AtomicU64::new(1),
            quarantined: Mutex::default(),
            exchanges: exchange::Open::default(),
            intake: Intake::default(),
        };
        (Self(Arc::new(shared)), hears)
    }

    /// Connections open now.
    pub fn connections(&self) -> usize {
        self.0.connections.load(Ordering::Relaxed)
    }

    /// What is counted here.
    pub fn intake(&self) -> &Intake {
        &self.0.intake
    }

    /// From now on the judge of this node hears what is kept, or no longer. Whatever was kept before it began to listen it must
    /// read from the store afterwards.
    pub fn listen(&self, listens: bool) {
        self.0.listens.store(listens, Ordering::SeqCst);
    }

    /// Rings when something was kept.
    pub fn arrived(&self) -> &Bell {
        &self.0.arrived
    }

    /// How many messages to the judge found no place so far.
    pub fn missed(&self) -> u64 {
        self.0.missed.load(Ordering::Acquire)
    }

    /// Accepts devices until told to stop, then lets every connection answer what it has kept.
    pub async fn serve(&self, listener: TcpListener, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if self.connections() >= self.0.config.connections_max {
                        tracing::warn!(%peer, "connection refused: as many as allowed are open");
                        continue;
                    }
                    let (shared, stop) = (Arc::clone(&self.0), stop.clone());
                    tasks.spawn(connection::serve(shared, stream, peer, stop));
                }
                Err(error) => {
                    // out of file handles, mostly: give the others time to close
                    tracing::error!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
        tasks.close();
        if tokio::time::timeout(Duration::from_secs(10), tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
    }

    /// Readings of a kept telegram, read again: for the judge, when it was not told. None when it lies in quarantine, or its device
    /// is not known here. Whether data is late because it was asked for is known to the store only.
    pub fn read_again(&self, row: &TelegramRow) -> Option<(StationCode, Mn, Vec<Reading>)> {
        if row.telegram.quarantine.is_some() {
            return None;
        }
        let index = self.0.registry.index();
        let entry = index.device(row.telegram.mn.as_ref()?.0.as_bytes())?;
        let context =
            read::Context { points: &entry.points, zone: &self.0.zone, now: row.telegram.arrived, asked: false };
        let mut readings = Vec::new();
        decode_all(&row.telegram.raw, &Limits::default(), &|_| entry.policy.clone(), |piece| {
            readings.extend(read::read(&piece, &context).readings);
        });
        for reading in &mut readings {
            reading.telegram = Some(row.id);
        }
        Some((entry.device.station.clone(), entry.device.mn.clone(), readings))
    }

    /// Field information of analysers in a telegram (3020): factor, field, number, and when the device says it was so. A factor is
    /// empty for the logger itself.
    pub(crate) fn parameters_again(&self, row: &TelegramRow) -> Option<(StationCode, Vec<Parameter>)> {
        if row.telegram.quarantine.is_some() || row.telegram.cn.as_deref() != Some("3020") {
            return None;
        }
        let index = self.0.registry.index();
        let entry = index.device(row.telegram.mn.as_ref()?.0.as_bytes())?;
        let text = |bytes: &[u8]| hj212::decode::text(bytes).into_owned();
        let mut told = Vec::new();
        decode_all(&row.telegram.raw, &Limits::default(), &|_| entry.policy.clone(), |piece| {
            let factor = piece.plain(b"PolId").map(text).unwrap_or_default();
            let said = piece.plain(b"DataTime").and_then(hj212::civil::parse);
            let at = said.and_then(|civil| read::instant(civil, &self.0.zone)).unwrap_or(row.telegram.arrived);
            for (code, _, value) in piece.items().filter(|(code, key, _)| !code.is_empty() && *key == b"Info") {
                let number = text(value).trim_matches('/').trim().parse();
                told.extend(number.ok().map(|number| (factor.clone(), text(code), number, at)));
            }
        });
        Some((entry.device.station.clone(), told))
    }

    /// A raw telegram as the telegram page shows it, without its password.
    pub fn decode_for_people(&self, raw: &[u8], mn: Option<&Mn>) -> Value {
        let index = self.0.registry.index();
        let entry = mn.and_then(|mn| index.device(mn.0.as_bytes()));
        let policy = entry.map_or_else(DevicePolicy::default, |e| e.policy.clone());
        let mut first = Value::Null;
        decode_all(raw, &Limits::default(), &|_| policy.clone(), |piece| {
            if first.is_null() {
                first = crate::cmd::hj212::decode::object(&piece);
            }
        });
        if let Value::Object(fields) = &mut first {
            fields.remove("raw");
            fields.remove("pw");
        }
        first
    }
}

impl Shared {
    fn listened(&self) -> bool {
        self.listens.load(Ordering::SeqCst)
    }

    fn tell(&self, heard: Heard) {
        if self.heard.try_send(heard).is_err() {
            self.missed.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether one more telegram of this peer may lie in quarantine; what a stranger can fill is bounded.
    fn may_quarantine(&self, peer: IpAddr, now: Instant) -> bool {
        const PEERS_MAX: usize = 10_000;
        let mut peers = self.quarantined.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.len() >= PEERS_MAX && !peers.contains_key(&peer) {
            peers.retain(|_, budget| now.ms_since(budget.since) < 3_600_000);
            if peers.len() >= PEERS_MAX {
                return false;
            }
        }
        let budget = peers.entry(peer).or_insert(Budget { since: now, kept: 0, dropped: 0 });
        if now.ms_since(budget.since) >= 3_600_000 {
            *budget = Budget { since: now, kept: 0, dropped: 0 };
        }
        if budget.kept >= self.config.quarantine_per_hour_max {
            budget.dropped += 1;
            if budget.dropped.is_power_of_two() {
                tracing::warn!(%peer, dropped = budget.dropped, "quarantine budget used up: counted, not kept");
            }
            return false;
        }
        budget.kept += 1;
        true
    }
}

/// A telegram's bytes with the password's characters made unreadable.
pub fn without_password(raw: &[u8]) -> Vec<u8> {
    let mut shown = raw.to_vec();
    let mut from = 0;
    while let Some(at) = find(&shown[from..], b"PW=").map(|at| from + at + 3) {
        let end = shown[at..].iter().position(|b| *b == b';').map_or(shown.len(), |n| at + n);
        shown[at..end].fill(b'*');
        from = end;
    }
    shown
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        assert_eq!(
            without_password(b"ST=32;PW=123456;MN=A;CP=&&NewPW=9;a=1"),
            b"ST=32;PW=******;MN=A;CP=&&NewPW=*;a=1"
        );
        assert_eq!(without_password(b"PW=1"), b"PW=*");
        assert_eq!(without_password(b""), b"");
    }
}
