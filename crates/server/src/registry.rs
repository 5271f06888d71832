//! Who may speak and what they measure: devices by MN, points by station and factor, and what is known of each line.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use hj212::{DevicePolicy, Edition, Sm4Key};
use shanshui_domain::id::{Mn, PointId, StationCode};
use shanshui_domain::place::{CityPack, Device, Point};
use shanshui_domain::time::Instant;
use shanshui_store::{DeviceFacts, PointRow};
use tokio::sync::mpsc;

use crate::pace::Pace;

/// One factor at one station, with its row number.
#[derive(Debug)]
pub struct PointEntry {
    /// Row number.
    pub id: PointId,
    /// As the pack describes it.
    pub point: Point,
}

/// A registered device.
#[derive(Debug)]
pub struct DeviceEntry {
    /// As registered.
    pub device: Device,
    /// What is agreed with it beyond the standard.
    pub policy: DevicePolicy,
    /// Edition by registration.
    pub edition: Edition,
    /// Its station's points by factor code.
    pub points: HashMap<Vec<u8>, PointId>,
    line: Arc<LineCell>,
}

#[derive(Debug, Default)]
struct LineCell {
    line: Mutex<Line>,
    /// One exchange with a device at a time.
    exchange: tokio::sync::Mutex<()>,
}

/// What is known of a device's line.
#[derive(Debug, Default)]
pub struct Line {
    /// Last telegram.
    pub last_seen: Option<Instant>,
    /// Last telegram with data; a heartbeat is none.
    pub last_data: Option<Instant>,
    /// Where it came from.
    pub peer: Option<String>,
    /// Device clock minus ours, by the newest QN.
    pub clock_offset_ms: Option<i64>,
    /// Good telegrams.
    pub frames_ok: i64,
    /// Damaged ones.
    pub frames_bad: i64,
    /// Deviations from the standard: code to how often.
    pub deviations: BTreeMap<String, i64>,
    /// Something changed since the store was told.
    pub dirty: bool,
    /// The connection that commands go to.
    pub held: Option<Held>,
    /// Split messages of which packets are missing.
    split: Vec<Split>,
    pace: Option<Pace>,
}

/// A message in several packets (拆分包), by what they share; the QN differs from packet to packet (2017 C.49).
#[derive(Debug)]
struct Split {
    key: String,
    packets: u32,
    seen: BTreeSet<u32>,
    since: Instant,
}

/// Packets that have not come within this time are missing.
const SPLIT_MS_MAX: i64 = 60_000;
/// Split messages of one device that are watched at one time.
const SPLITS_MAX: usize = 32;
/// Packets of one message that are told apart.
const PACKETS_MAX: u32 = 1_000;

/// The connection that speaks for a device.
#[derive(Debug, Clone)]
pub struct Held {
    /// Number of the connection.
    pub connection: u64,
    /// Its peer.
    pub peer: String,
    /// When it last spoke for this device.
    pub heard: Instant,
    /// Bytes to be sent.
    pub out: mpsc::Sender<Vec<u8>>,
}

impl Line {
    /// Counts a deviation; a line shows a bounded number of kinds.
    pub fn deviates(&mut self, code: &str) {
        const KINDS_MAX: usize = 100;
        if let Some(count) = self.deviations.get_mut(code) {
            *count += 1;
        } else if self.deviations.len() < KINDS_MAX {
            self.deviations.insert(code.to_owned(), 1);
        }
        self.dirty = true;
    }

    /// One telegram of this device's budget is taken, over all its connections; how long it is beyond it.
    pub fn pace(&mut self, per_s: u32, now: tokio::time::Instant) -> Duration {
        self.pace.get_or_insert_with(|| Pace::new(per_s, now)).take(1, now)
    }

    /// One packet of a split message has come. Each is kept at once; here is only noted whether all of them come.
    pub fn packet(&mut self, key: String, (packets, number): (u32, u32), now: Instant) {
        // the decoder names numbers that cannot be
        if number == 0 || number > packets || packets > PACKETS_MAX {
            return;
        }
        let place = self.split.iter().position(|s| s.key == key && s.packets == packets).unwrap_or_else(|| {
            if self.split.len() >= SPLITS_MAX {
                self.split.remove(0);
            }
            self.split.push(Split { key, packets, seen: BTreeSet::new(), since: now });
            self.split.len() - 1
        });
        self.split[place].seen.insert(number);
        if self.split[place].seen.len() == packets as usize {
            self.split.remove(place);
        }
    }

    /// Messages whose packets did not all come in time are counted and forgotten.
    pub fn expire_packets(&mut self, now: Instant) {
        let before = self.split.len();
        self.split.retain(|s| now.ms_since(s.since) <= SPLIT_MS_MAX);
        for _ in self.split.len()..before {
            self.deviates("packets_missing");
        }
    }

    /// For the store, when something changed.
    pub fn take_facts(&mut self, mn: &Mn) -> Option<DeviceFacts> {
        if !std::mem::take(&mut self.dirty) {
            return None;
        }
        Some(DeviceFacts {
            mn: mn.clone(),
            last_seen: self.last_seen,
            peer: self.peer.clone(),
            clock_offset_ms: self.clock_offset_ms,
            frames_ok: self.frames_ok,
            frames_bad: self.frames_bad,
            deviations: serde_json::to_string(&self.deviations).unwrap_or_else(|_| "{}".into()),
        })
    }
}

impl DeviceEntry {
    fn new(device: Device, points: HashMap<Vec<u8>, PointId>, line: Arc<LineCell>) -> Self {
        let policy = DevicePolicy {
            key: device.key.as_ref().and_then(|k| Sm4Key::from_hex(k.expose())),
            accept_modbus_crc: device.accept_modbus_crc,
            accept_swapped_modbus_crc: device.accept_swapped_modbus_crc,
        };
        let edition = Edition::parse(&device.edition).unwrap_or(Edition::V2017);
        Self { device, policy, edition, points, line }
    }

    /// What is known of its line.
    pub fn line(&self) -> MutexGuard<'_, Line> {
        self.line.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no other exchange with this device is going on.
    pub async fn begin_exchange(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.line.exchange.lock().await
    }

    /// Silence after which another connection may take over without being an alarm: three intervals, at least a minute.
    pub fn quiet_ms(&self) -> i64 {
        (i64::from(self.device.interval_s) * 3_000).max(60_000)
    }
}

/// Everything registered, at one moment.
#[derive(Debug, Default)]
pub struct Index {
    devices: HashMap<Vec<u8>, Arc<DeviceEntry>>,
    points: HashMap<PointId, Arc<PointEntry>>,
    by_station: HashMap<StationCode, Vec<Arc<PointEntry>>>,
}

impl Index {
    /// A device by its MN as sent.
    pub fn device(&self, mn: &[u8]) -> Option<&Arc<DeviceEntry>> {
        self.devices.get(mn)
    }

    /// Every device, by MN.
    pub fn devices(&self) -> Vec<Arc<DeviceEntry>> {
        let mut all: Vec<_> = self.devices.values().cloned().collect();
        all.sort_by(|a, b| a.device.mn.cmp(&b.device.mn));
        all
    }

    /// A point.
    pub fn point(&self, id: PointId) -> Option<&Arc<PointEntry>> {
        self.points.get(&id)
    }

    /// Points of a station, in the order of the pack.
    pub fn points_of(&self, station: &StationCode) -> &[Arc<PointEntry>] {
        self.by_station.get(station).map_or(&[], Vec::as_slice)
    }
}

/// The registry; reading it is cheap.
#[derive(Debug, Default)]
pub struct Registry(RwLock<Arc<Index>>);

impl Registry {
    /// Everything registered now.
    pub fn index(&self) -> Arc<Index> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts in what the store and the pack say; lines known already stay known.
    pub fn put(&self, pack: &CityPack, rows: &[PointRow], devices: Vec<Device>, facts: Vec<DeviceFacts>) {
        let ids: HashMap<_, _> = rows.iter().map(|r| ((&r.station, &r.factor), r.id)).collect();
        let mut index = Index::default();
        for point in &pack.points {
            let Some(&id) = ids.get(&(&point.station, &point.factor)) else { continue };
            let entry = Arc::new(PointEntry { id, point: point.clone() });
            index.points.insert(id, Arc::clone(&entry));
            index.by_station.entry(point.station.clone()).or_default().push(entry);
        }
        let before = self.index();
        let mut facts: HashMap<Mn, DeviceFacts> = facts.into_iter().map(|f| (f.mn.clone(), f)).collect();
        for device in devices {
            let points = index.points_of(&device.station).iter();
            let points = points.map(|p| (p.point.factor.0.clone().into_bytes(), p.id)).collect();
            let mn = device.mn.0.clone().into_bytes();
            let line = match before.device(&mn) {
                Some(known) => Arc::clone(&known.line),
                None => Arc::new(line_of(facts.remove(&device.mn))),
            };
            index.devices.insert(mn, Arc::new(DeviceEntry::new(device, points, line)));
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(index);
    }
}

fn line_of(facts: Option<DeviceFacts>) -> LineCell {
    let Some(f) = facts else { return LineCell::default() };
    let line = Line {
        last_seen: f.last_seen,
        last_data: f.last_seen,
        peer: f.peer,
        clock_offset_ms: f.clock_offset_ms,
        frames_ok: f.frames_ok,
        frames_bad: f.frames_bad,
        deviations: serde_json::from_str(&f.deviations).unwrap_or_default(),
        ..Line::default()
    };
    LineCell { line: Mutex::new(line), exchange: tokio::sync::Mutex::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_whose_packets_do_not_all_come_is_counted() {
        let at = |s: i64| Instant(s * 1_000_000);
        let mut line = Line::default();
        let mut come = |key: &str, of: u32, number: u32, s: i64| line.packet(key.into(), (of, number), at(s));
        come("2011 20260301080000", 2, 1, 0);
        come("2011 20260301080000", 2, 2, 1);
        come("2011 20260301080100", 3, 1, 2);
        come("2011 20260301080100", 3, 1, 3);
        come("2011 20260301080200", 2, 3, 3);
        line.expire_packets(at(30));
        assert!(line.deviations.is_empty());
        line.expire_packets(at(70));
        assert_eq!(line.deviations.get("packets_missing"), Some(&1));
        line.expire_packets(at(1_000));
        assert_eq!(line.deviations.get("packets_missing"), Some(&1));
    }
}
