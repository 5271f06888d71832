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
    /// What the store knew when it was last read or written, of all nodes.
    stored: Option<DeviceFacts>,
    /// What is being written.
    writing: Option<Happened>,
    /// What has happened here since.
    fresh: Happened,
    /// The connection of this node that speaks for the device.
    pub held: Option<Held>,
    /// Split messages of which packets are missing.
    split: Vec<Split>,
    pace: Option<Pace>,
}

/// What has happened on a line in a while.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Happened {
    last_seen: Option<Instant>,
    last_data: Option<Instant>,
    peer: Option<String>,
    clock_offset_ms: Option<i64>,
    frames_ok: i64,
    frames_bad: i64,
    deviations: BTreeMap<String, i64>,
}

impl Happened {
    fn facts(&self, mn: &Mn) -> DeviceFacts {
        DeviceFacts {
            mn: mn.clone(),
            last_seen: self.last_seen,
            last_data: self.last_data,
            peer: self.peer.clone(),
            clock_offset_ms: self.clock_offset_ms,
            frames_ok: self.frames_ok,
            frames_bad: self.frames_bad,
            deviations: serde_json::to_string(&self.deviations).unwrap_or_else(|_| "{}".into()),
        }
    }

    /// This, and what happened after it.
    fn and(mut self, later: Self) -> Self {
        self.last_seen = self.last_seen.max(later.last_seen);
        self.last_data = self.last_data.max(later.last_data);
        self.peer = later.peer.or(self.peer);
        self.clock_offset_ms = later.clock_offset_ms.or(self.clock_offset_ms);
        self.frames_ok += later.frames_ok;
        self.frames_bad += later.frames_bad;
        for (code, n) in later.deviations {
            *self.deviations.entry(code).or_insert(0) += n;
        }
        self
    }
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
    /// What of that the store was told.
    pub told: Instant,
    /// Bytes to be sent.
    pub out: mpsc::Sender<Vec<u8>>,
    /// Whether the line is this connection's over all nodes.
    pub standing: Standing,
}

/// Whose a line is over all nodes, as far as this node knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The store has not answered yet.
    Asked,
    /// This connection's.
    Own,
    /// A connection of another node holds it.
    Other,
}

impl Line {
    /// A telegram came from there.
    pub fn hears(&mut self, peer: &str, now: Instant) {
        self.fresh.last_seen = Some(now);
        if self.fresh.peer.as_deref() != Some(peer) {
            self.fresh.peer = Some(peer.to_owned());
        }
    }

    /// It carried data.
    pub fn hears_data(&mut self, now: Instant) {
        self.fresh.last_data = Some(now);
    }

    /// The device's clock minus ours.
    pub fn clock_is(&mut self, offset_ms: i64) {
        self.fresh.clock_offset_ms = Some(offset_ms);
    }

    /// A good telegram.
    pub fn good(&mut self) {
        self.fresh.frames_ok += 1;
    }

    /// A damaged one, or one that is not the device's.
    pub fn bad(&mut self) {
        self.fresh.frames_bad += 1;
    }

    /// Counts a deviation; a bounded number of kinds is counted.
    pub fn deviates(&mut self, code: &str) {
        const KINDS_MAX: usize = 100;
        let deviations = &mut self.fresh.deviations;
        if let Some(count) = deviations.get_mut(code) {
            *count += 1;
        } else if deviations.len() < KINDS_MAX {
            deviations.insert(code.to_owned(), 1);
        }
    }

    /// The connection of this node that commands go to, unless another node's connection has the line.
    pub fn speaker(&self) -> Option<&Held> {
        self.held.as_ref().filter(|h| h.standing != Standing::Other)
    }

    /// Last telegram with data, at any node.
    pub fn last_data(&self) -> Option<Instant> {
        let stored = self.stored.as_ref().and_then(|s| s.last_data);
        stored.max(self.writing.as_ref().and_then(|w| w.last_data)).max(self.fresh.last_data)
    }

    /// Everything known: what the store knew last, and what it has not been told yet.
    pub fn facts(&self, mn: &Mn) -> DeviceFacts {
        let here = self.writing.clone().unwrap_or_default().and(self.fresh.clone()).facts(mn);
        match &self.stored {
            Some(stored) => stored.clone().and(&here),
            None => here,
        }
    }

    /// What the store is to be told, if anything has happened; [`Line::written`] says how that went.
    pub fn write(&mut self, mn: &Mn) -> Option<DeviceFacts> {
        if self.writing.is_none() && self.fresh != Happened::default() {
            self.writing = Some(std::mem::take(&mut self.fresh));
        }
        self.writing.as_ref().map(|w| w.facts(mn))
    }

    /// The store has been told, or could not be.
    pub fn written(&mut self, mn: &Mn, well: bool) {
        let Some(writing) = self.writing.take() else { return };
        if well {
            let more = writing.facts(mn);
            self.stored = Some(self.stored.take().map_or_else(|| more.clone(), |s| s.and(&more)));
        } else {
            self.fresh = writing.and(std::mem::take(&mut self.fresh));
        }
    }

    /// The store was read. What is being written may be in that already or not, so such a line waits for the next time.
    fn read(&mut self, facts: DeviceFacts) {
        if self.writing.is_none() {
            self.stored = Some(self.stored.take().map_or_else(|| facts.clone(), |s| s.later(&facts)));
        }
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
        for device in devices {
            let points = index.points_of(&device.station).iter();
            let points = points.map(|p| (p.point.factor.0.clone().into_bytes(), p.id)).collect();
            let mn = device.mn.0.clone().into_bytes();
            let line = before.device(&mn).map_or_else(Arc::default, |known| Arc::clone(&known.line));
            index.devices.insert(mn, Arc::new(DeviceEntry::new(device, points, line)));
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(index);
        self.facts(facts);
    }

    /// What the store knows of the lines, of all nodes.
    pub fn facts(&self, facts: Vec<DeviceFacts>) {
        let index = self.index();
        for fact in facts {
            if let Some(entry) = index.device(fact.mn.0.as_bytes()) {
                entry.line().read(fact);
            }
        }
    }
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
        assert!(line.fresh.deviations.is_empty());
        line.expire_packets(at(70));
        assert_eq!(line.fresh.deviations.get("packets_missing"), Some(&1));
        line.expire_packets(at(1_000));
        assert_eq!(line.fresh.deviations.get("packets_missing"), Some(&1));
    }

    #[test]
    fn what_is_shown_of_a_line_never_goes_back_and_counts_nothing_twice() {
        let mn = Mn::from("A");
        let mut line = Line::default();
        let shown = |line: &Line| {
            let f = line.facts(&mn);
            (f.frames_ok, f.last_seen.map(|s| s.0), f.deviations)
        };
        line.hears("p", Instant(1));
        line.good();
        line.deviates("x");
        let counts = r#"{"x":1}"#.to_owned();
        assert_eq!(shown(&line), (1, Some(1), counts.clone()));
        let said = line.write(&mn).expect("something happened");
        line.good();
        assert_eq!((shown(&line), said.frames_ok), ((2, Some(1), counts.clone()), 1));
        line.read(DeviceFacts { frames_ok: 11, ..said.clone() });
        assert_eq!(shown(&line).0, 2, "what was read may hold what is being written");
        line.written(&mn, false);
        assert_eq!(line.write(&mn).expect("told again").frames_ok, 2);
        line.written(&mn, true);
        assert_eq!((shown(&line).0, line.write(&mn)), (2, None));
        line.read(DeviceFacts { frames_ok: 12, last_seen: Some(Instant(9)), ..said.clone() });
        line.read(said);
        assert_eq!((shown(&line), line.last_data()), ((12, Some(9), counts), None), "with what another node has heard");
    }
}
