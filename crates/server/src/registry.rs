//! Who may speak and what they measure: devices by MN, points by station and factor, and what is known of each line.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use hj212::{DevicePolicy, Edition, Sm4Key};
use shanshui_domain::id::{Mn, PointId, StationCode};
use shanshui_domain::place::{CityPack, Device, Point};
use shanshui_domain::time::Instant;
use shanshui_store::{DeviceFacts, PointRow};
use tokio::sync::mpsc;

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
    /// One exchange with a device at a time (reference §9).
    exchange: tokio::sync::Mutex<()>,
}

/// What is known of a device's line.
#[derive(Debug, Default)]
pub struct Line {
    /// Last telegram.
    pub last_seen: Option<Instant>,
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
}

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
        peer: f.peer,
        clock_offset_ms: f.clock_offset_ms,
        frames_ok: f.frames_ok,
        frames_bad: f.frames_bad,
        deviations: serde_json::from_str(&f.deviations).unwrap_or_default(),
        dirty: false,
        held: None,
    };
    LineCell { line: Mutex::new(line), exchange: tokio::sync::Mutex::default() }
}
