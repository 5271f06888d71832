//! Telegrams, readings, devices.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use shanshui_domain::id::{CommandId, FactorCode, Mn, PersonId, PointId, StationCode, TelegramId};
use shanshui_domain::place::{CityPack, Device, Station};
use shanshui_domain::right::{Caller, Right};
use shanshui_domain::sense::{Kept, Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_history::Unread;

use crate::audit::{Change, note};
use crate::dialect::postgres::Month;
use crate::history::{Arrived, Recall};
use crate::right::put_organisation;
use crate::scope::everything;
use crate::seals::{KeptSecrets, Seals, Shut};
use crate::sql::{Row, Tx, Value, clean};
use crate::walk::{Held, Seen, Walk};
use crate::{Engine, Store, StoreError, args};

/// A telegram as it came, to be kept byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelegramIn {
    /// Arrival.
    pub arrived: Instant,
    /// Peer address.
    pub peer: String,
    /// MN as sent.
    pub mn: Option<Mn>,
    /// CN as sent.
    pub cn: Option<String>,
    /// QN as sent.
    pub qn: Option<String>,
    /// Every byte.
    pub raw: Vec<u8>,
    /// Problems found, as a JSON list of `{code, detail}`.
    pub problems: String,
    /// Why it lies in quarantine, if it does.
    pub quarantine: Option<String>,
}

/// A telegram with the readings in it; `telegram` of the readings is filled in by the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// The telegram.
    pub telegram: TelegramIn,
    /// What was read from it.
    pub readings: Vec<Reading>,
}

/// What keeping an arrival did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Id given.
    pub telegram: TelegramId,
    /// For each reading.
    pub kept: Vec<Kept>,
}

/// A kept telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelegramRow {
    /// Id.
    pub id: TelegramId,
    /// As it came.
    pub telegram: TelegramIn,
}

/// A point with its row number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointRow {
    /// Row number.
    pub id: PointId,
    /// Station.
    pub station: StationCode,
    /// Factor.
    pub factor: FactorCode,
}

/// The newest value of a point.
#[derive(Debug, Clone, PartialEq)]
pub struct LatestRow {
    /// Key.
    pub key: ReadingKey,
    /// Value as sent.
    pub value: Option<String>,
    /// As a number.
    pub number: Option<f64>,
    /// Data mark.
    pub mark: String,
    /// Arrival.
    pub arrived: Instant,
    /// Back-filled.
    pub late: bool,
    /// Telegram.
    pub telegram: Option<TelegramId>,
}

/// One version of a reading; in curves the newest.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadingRow {
    /// Stamp.
    pub at: Instant,
    /// Value as sent.
    pub value: Option<String>,
    /// As a number.
    pub number: Option<f64>,
    /// Other statistics.
    pub extra: String,
    /// Data mark.
    pub mark: String,
    /// This version, from 1; in curves also how many there are.
    pub versions: i64,
    /// Back-filled.
    pub late: bool,
    /// Arrival.
    pub arrived: Instant,
    /// Telegram.
    pub telegram: Option<TelegramId>,
}

/// A line that a curve must never hide the crossing of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CurveBound {
    /// Values above exceed.
    AtMost(f64),
    /// Values below exceed.
    AtLeast(f64),
}

impl CurveBound {
    /// Whether a value is beyond it.
    pub fn exceeded_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(cap) => value > cap,
            Self::AtLeast(floor) => value < floor,
        }
    }
}

/// A curve, whole or sampled.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// Rows, ascending.
    pub rows: Vec<ReadingRow>,
    /// Whether rows were left out.
    pub sampled: bool,
    /// Stretches of the history that cannot be read.
    pub unread: Vec<Unread>,
}

/// What is known of a device's line. As an increment: what has happened since the last one, at one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceFacts {
    /// MN.
    pub mn: Mn,
    /// Last telegram.
    pub last_seen: Option<Instant>,
    /// Last telegram with data; a heartbeat is none.
    pub last_data: Option<Instant>,
    /// Peer of the last telegram.
    pub peer: Option<String>,
    /// Device clock minus ours.
    pub clock_offset_ms: Option<i64>,
    /// Good telegrams.
    pub frames_ok: i64,
    /// Damaged ones.
    pub frames_bad: i64,
    /// Deviations as a JSON object of code to count.
    pub deviations: String,
}

/// Telegrams in quarantine of one reason, device and peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Reason.
    pub reason: String,
    /// MN as sent.
    pub mn: Option<Mn>,
    /// Peer.
    pub peer: String,
    /// How many.
    pub count: i64,
    /// Arrival of the newest.
    pub last: Instant,
    /// Id of the newest.
    pub telegram: TelegramId,
}

/// A command to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRow {
    /// Id.
    pub id: CommandId,
    /// MN.
    pub mn: Mn,
    /// CN.
    pub cn: String,
    /// Data area.
    pub area: String,
    /// Who.
    pub person: PersonId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Instant,
    /// What happened, as a JSON list.
    pub steps: String,
    /// The node that carries it out: the one that held the device's line.
    pub node: Option<String>,
    /// When that node began.
    pub begun: Option<Instant>,
    /// When it was over.
    pub ended: Option<Instant>,
}

/// What keeping did with one reading of a telegram, as it can still be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptAs {
    /// First, further version, or a repeat of what was there.
    pub kept: Kept,
    /// Whether it was kept as late; nothing is known of a repeat.
    pub late: Option<bool>,
}

const FACTS: &str =
    "SELECT mn, last_seen, last_data, peer, clock_offset_ms, frames_ok, frames_bad, deviations FROM device_fact";
const COMMAND: &str = "SELECT id, mn, cn, area, person, reason, at, steps, node, begun, ended FROM command WHERE id=$1";
/// Kinds of deviations that are counted for one device.
const DEVIATIONS_MAX: usize = 100;
/// Telegrams that are asked for at once.
const ASKED_MAX: usize = 256;

/// The rows that some telegrams' readings became.
static KEPT_AS: LazyLock<String> = LazyLock::new(|| {
    let row = |i: usize| {
        let cell = |j: usize| format!("CAST(${} AS BIGINT)", i * 4 + j + 1);
        format!("({})", (0..4).map(cell).collect::<Vec<_>>().join(","))
    };
    let rows = (0..ASKED_MAX).map(row).collect::<Vec<_>>().join(",");
    format!(
        "WITH asked (telegram, block, kind, at) AS (VALUES {rows}) \
         SELECT r.telegram, r.kind, r.at, r.point, r.version, r.late, CASE WHEN EXISTS (SELECT 1 FROM reading v \
         WHERE v.block=r.block AND v.kind=r.kind AND v.at=r.at AND v.point=r.point AND v.version=r.version+1 AND v.telegram IS NULL AND (v.extra LIKE 'Review=published%' OR EXISTS (SELECT 1 FROM reading u \
         WHERE u.block=r.block AND u.kind=r.kind AND u.at=r.at AND u.point=r.point AND u.version=r.version-1 AND u.telegram IS NULL \
         AND u.extra=v.extra))) \
         THEN 1 ELSE 0 END FROM asked CROSS JOIN reading r WHERE r.block=asked.block \
         AND r.kind=asked.kind AND r.at=asked.at AND r.telegram=asked.telegram"
    )
});

const LATEST: &str = "SELECT point, kind, at, value, number, mark, arrived, late, telegram FROM latest";

pub(crate) fn kind(n: i64) -> Result<PeriodKind, StoreError> {
    PeriodKind::from_number(n).ok_or_else(|| StoreError::Corrupt(format!("kind {n}")))
}

fn latest_row(r: &Row) -> Result<LatestRow, StoreError> {
    let key = ReadingKey { point: PointId(r.int(0)?), kind: kind(r.int(1)?)?, at: Instant(r.int(2)?) };
    Ok(LatestRow {
        key,
        value: r.text_opt(3)?,
        number: r.real_opt(4)?,
        mark: r.text(5)?,
        arrived: Instant(r.int(6)?),
        late: r.int(7)? != 0,
        telegram: r.int_opt(8)?.map(TelegramId),
    })
}

pub(crate) fn reading_row(r: &Row) -> Result<ReadingRow, StoreError> {
    Ok(ReadingRow {
        at: Instant(r.int(0)?),
        value: r.text_opt(1)?,
        number: r.real_opt(2)?,
        extra: r.text(3)?,
        mark: r.text(4)?,
        versions: r.int(5)?,
        late: r.int(6)? != 0,
        arrived: Instant(r.int(7)?),
        telegram: r.int_opt(8)?.map(TelegramId),
    })
}

pub(crate) fn telegram_row(r: &Row) -> Result<TelegramRow, StoreError> {
    Ok(TelegramRow {
        id: TelegramId(r.int(0)?),
        telegram: TelegramIn {
            arrived: Instant(r.int(1)?),
            peer: r.text(2)?,
            mn: r.text_opt(3)?.map(Mn),
            cn: r.text_opt(4)?,
            qn: r.text_opt(5)?,
            raw: r.blob(6)?,
            problems: r.text(7)?,
            quarantine: r.text_opt(8)?,
        },
    })
}

fn device_row(seals: &dyn Seals, r: &Row) -> Result<Device, StoreError> {
    let mn = Mn(r.text(0)?);
    let (password, key) = KeptSecrets { password: r.text(3)?, key: r.text_opt(5)? }.open(seals, &mn)?;
    Ok(Device {
        mn,
        station: StationCode(r.text(1)?),
        st: r.text(2)?,
        password,
        edition: r.text(4)?,
        key,
        accept_modbus_crc: r.int(6)? != 0,
        accept_swapped_modbus_crc: r.int(7)? != 0,
        interval_s: r.int(8)? as u32,
    })
}

/// Every text as both engines can keep it.
fn clean_arrival(arrival: Arrival) -> Arrival {
    let Arrival { telegram: t, mut readings } = arrival;
    for r in &mut readings {
        for text in [&mut r.extra, &mut r.mark].into_iter().chain(&mut r.value) {
            *text = clean(std::mem::take(text));
        }
    }
    let telegram = TelegramIn {
        peer: clean(t.peer),
        mn: t.mn.map(|mn| Mn(clean(mn.0))),
        cn: t.cn.map(clean),
        qn: t.qn.map(clean),
        problems: clean(t.problems),
        quarantine: t.quarantine.map(clean),
        ..t
    };
    Arrival { telegram, readings }
}

/// Readers are waited for a moment only: whoever wants to read meanwhile waits behind this.
fn drop_if_empty(tx: &mut dyn Tx, table: &str, span: Range<i64>) -> Result<bool, StoreError> {
    let some = "SELECT 1 FROM reading WHERE at>=$1 AND at<$2 LIMIT 1";
    if tx.row(some, args![span.start, span.end])?.is_some() {
        return Ok(false);
    }
    tx.define("SET LOCAL lock_timeout='1s'")?;
    tx.define(&format!("DROP TABLE IF EXISTS {table}"))?;
    Ok(true)
}

fn facts_row(r: &Row) -> Result<DeviceFacts, StoreError> {
    Ok(DeviceFacts {
        mn: Mn(r.text(0)?),
        last_seen: r.int_opt(1)?.map(Instant),
        last_data: r.int_opt(2)?.map(Instant),
        peer: r.text_opt(3)?,
        clock_offset_ms: r.int_opt(4)?,
        frames_ok: r.int(5)?,
        frames_bad: r.int(6)?,
        deviations: r.text(7)?,
    })
}

fn command_row(r: &Row) -> Result<CommandRow, StoreError> {
    Ok(CommandRow {
        id: r.parsed(0)?,
        mn: Mn(r.text(1)?),
        cn: r.text(2)?,
        area: r.text(3)?,
        person: r.parsed(4)?,
        reason: r.text(5)?,
        at: Instant(r.int(6)?),
        steps: r.text(7)?,
        node: r.text_opt(8)?,
        begun: r.int_opt(9)?.map(Instant),
        ended: r.int_opt(10)?.map(Instant),
    })
}

impl DeviceFacts {
    /// This, and what has happened since: counts add, the later moment counts, and with it its peer and its clock.
    pub fn and(mut self, more: &Self) -> Self {
        if more.last_seen >= self.last_seen {
            self.peer = more.peer.clone().or(self.peer);
            self.clock_offset_ms = more.clock_offset_ms.or(self.clock_offset_ms);
        }
        self.last_seen = self.last_seen.max(more.last_seen);
        self.last_data = self.last_data.max(more.last_data);
        self.frames_ok += more.frames_ok;
        self.frames_bad += more.frames_bad;
        self.deviations = add_counts(&self.deviations, &more.deviations);
        self
    }

    /// The same device as two readers of the store have seen it; nothing of it ever becomes less.
    pub fn later(mut self, other: &Self) -> Self {
        if (other.last_seen, other.frames_ok, other.frames_bad) > (self.last_seen, self.frames_ok, self.frames_bad) {
            (self.peer, self.clock_offset_ms) = (other.peer.clone(), other.clock_offset_ms);
            self.deviations.clone_from(&other.deviations);
        }
        self.last_seen = self.last_seen.max(other.last_seen);
        self.last_data = self.last_data.max(other.last_data);
        self.frames_ok = self.frames_ok.max(other.frames_ok);
        self.frames_bad = self.frames_bad.max(other.frames_bad);
        self
    }
}

/// Two JSON objects of code to count, added; a bounded number of kinds is counted.
fn add_counts(a: &str, b: &str) -> String {
    let read = |text: &str| serde_json::from_str::<BTreeMap<String, i64>>(text).unwrap_or_default();
    let more = read(b);
    if more.is_empty() {
        return a.to_owned();
    }
    let mut counts = read(a);
    for (code, n) in more {
        if let Some(count) = counts.get_mut(&code) {
            *count += n;
        } else if counts.len() < DEVIATIONS_MAX {
            counts.insert(code, n);
        }
    }
    serde_json::to_string(&counts).unwrap_or_else(|_| "{}".into())
}

/// Devices of one statement.
const ADDED: [usize; 3] = [64, 8, 1];
static ADD: LazyLock<[String; 3]> = LazyLock::new(|| {
    let row =
        |i: usize| format!("({},'{{}}')", (1..=7).map(|j| format!("${}", i * 7 + j)).collect::<Vec<_>>().join(","));
    // the later moment counts, and with it what was known of the line then
    let later = |column: &str, of: &str| {
        format!(
            "{column}=CASE WHEN device_fact.{of} IS NULL OR excluded.{of}>=device_fact.{of} \
             THEN COALESCE(excluded.{column}, device_fact.{column}) ELSE device_fact.{column} END"
        )
    };
    let set = [
        later("last_seen", "last_seen"),
        later("last_data", "last_data"),
        later("peer", "last_seen"),
        later("clock_offset_ms", "last_seen"),
    ]
    .join(", ");
    ADDED.map(|rows| {
        let rows = (0..rows).map(row).collect::<Vec<_>>().join(",");
        format!(
            "INSERT INTO device_fact (mn, last_seen, last_data, peer, clock_offset_ms, frames_ok, frames_bad, deviations) \
             VALUES {rows} ON CONFLICT (mn) DO UPDATE SET {set}, frames_ok=device_fact.frames_ok+excluded.frames_ok, \
             frames_bad=device_fact.frames_bad+excluded.frames_bad"
        )
    })
});

pub(crate) fn add_facts(tx: &mut dyn Tx, increments: &[DeviceFacts]) -> Result<(), StoreError> {
    let mut rest = increments;
    for (size, text) in ADDED.iter().zip(&*ADD) {
        while rest.len() >= *size {
            let (now, later) = rest.split_at(*size);
            let fact = |f: &DeviceFacts| {
                args![&f.mn, f.last_seen, f.last_data, f.peer.clone(), f.clock_offset_ms, f.frames_ok, f.frames_bad]
            };
            tx.execute(text, now.iter().flat_map(fact).collect())?;
            rest = later;
        }
    }
    for f in increments.iter().filter(|f| f.deviations != "{}") {
        let known =
            tx.row("SELECT deviations FROM device_fact WHERE mn=$1", args![&f.mn])?.ok_or(StoreError::NotFound)?;
        let counts = add_counts(&known.text(0)?, &f.deviations);
        tx.execute("UPDATE device_fact SET deviations=$2 WHERE mn=$1", args![&f.mn, counts])?;
    }
    Ok(())
}

/// A command ends with one step more.
pub(crate) fn end_command(tx: &mut dyn Tx, id: &str, step: &serde_json::Value, now: Instant) -> Result<(), StoreError> {
    let steps = tx.row("SELECT steps FROM command WHERE id=$1", args![id])?.ok_or(StoreError::NotFound)?.text(0)?;
    let mut steps: Vec<serde_json::Value> = serde_json::from_str(&steps).unwrap_or_default();
    steps.push(step.clone());
    let steps = serde_json::Value::Array(steps).to_string();
    tx.execute("UPDATE command SET steps=$2, ended=$3 WHERE id=$1", args![id, steps, now])?;
    Ok(())
}

/// A new point gets the next row number in its station's block, or the first of a block nobody has.
fn put_point(tx: &mut dyn Tx, station: &StationCode, factor: &FactorCode) -> Result<(), StoreError> {
    let args = || args![station, factor.as_str()];
    if tx.row("SELECT id FROM point WHERE station=$1 AND factor=$2", args())?.is_some() {
        return Ok(());
    }
    let largest = |row: Option<Row>| row.map_or(Ok(None), |r| r.int_opt(0));
    let own = largest(tx.row("SELECT MAX(id) FROM point WHERE station=$1", args![station])?)?;
    let id = match own {
        Some(id) if (id + 1) % PointId::BLOCK != 0 => id + 1,
        _ => {
            let all = largest(tx.row("SELECT MAX(id) FROM point", args![])?)?;
            all.map_or(0, |id| (id / PointId::BLOCK + 1) * PointId::BLOCK) + 1
        }
    };
    tx.execute("INSERT INTO point (id, station, factor) VALUES ($1, $2, $3)", args![id, station, factor.as_str()])?;
    Ok(())
}

/// Texts of a device, as they are read.
macro_rules! device_columns {
    () => {
        "SELECT mn, station, st, password, edition, cipher_key, accept_modbus_crc, accept_swapped_modbus_crc, interval_s FROM device"
    };
}

/// A device that is as it should be stays untouched: sealed anew, its secrets would be other texts each time.
fn put_device(tx: &mut dyn Tx, seals: &dyn Seals, d: &Device, replace: bool) -> Result<(), StoreError> {
    let Some(row) = tx.row(concat!(device_columns!(), " WHERE mn=$1"), args![&d.mn])? else {
        tx.execute(
            "INSERT INTO device (mn, station, st, password, edition, cipher_key, accept_modbus_crc, \
             accept_swapped_modbus_crc, interval_s) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
            device_args(seals, d)?,
        )?;
        return Ok(());
    };
    if !replace {
        return Err(StoreError::Conflict);
    }
    // one whose secrets do not open any more is not as it should be
    if device_row(seals, &row).is_ok_and(|known| known == *d) {
        return Ok(());
    }
    tx.execute(
        "UPDATE device SET station=$2, st=$3, password=$4, edition=$5, cipher_key=$6, accept_modbus_crc=$7, \
         accept_swapped_modbus_crc=$8, interval_s=$9 WHERE mn=$1",
        device_args(seals, d)?,
    )?;
    Ok(())
}

fn device_args(seals: &dyn Seals, d: &Device) -> Result<Vec<Value>, StoreError> {
    let secrets = KeptSecrets::of(seals, d)?;
    Ok(args![
        &d.mn,
        &d.station,
        &d.st,
        secrets.password,
        &d.edition,
        secrets.key,
        d.accept_modbus_crc,
        d.accept_swapped_modbus_crc,
        i64::from(d.interval_s)
    ])
}

fn put_place(tx: &mut dyn Tx, s: &Station) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO placed (station, area, unit, enterprise) VALUES ($1,$2,$3,$4) ON CONFLICT (station) DO UPDATE SET \
         area=excluded.area, unit=excluded.unit, enterprise=excluded.enterprise",
        args![&s.code, &s.county, &s.unit, s.enterprise.as_ref()],
    )?;
    Ok(())
}

impl Store {
    /// Makes the points and devices of a city pack known; those there already are brought up to it.
    pub async fn pack_apply(&self, pack: &CityPack) -> Result<(), StoreError> {
        let points: Vec<_> = pack.points.iter().map(|p| (p.station.clone(), p.factor.clone())).collect();
        let devices = pack.devices.clone();
        let organisations: Vec<_> = pack.organisations().collect();
        let seals = Arc::clone(&self.seals);
        self.write(move |tx| {
            organisations.iter().try_for_each(|o| put_organisation(tx, o))?;
            for (station, factor) in &points {
                put_point(tx, station, factor)?;
            }
            devices.iter().try_for_each(|device| put_device(tx, &*seals, device, true))
        })
        .await
    }

    /// Where stations lie and whose they are, as the city says now: what scopes are held against.
    pub async fn places_put(&self, stations: &[Station]) -> Result<(), StoreError> {
        let stations = stations.to_vec();
        self.write(move |tx| stations.iter().try_for_each(|station| put_place(tx, station))).await
    }

    /// Registers one station more, with its points; `body` is kept as it is.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] when the caller may not; [`StoreError::Conflict`] when the code is registered already.
    pub async fn station_register(
        &self,
        caller: &Caller,
        (station, body): (Station, String),
        factors: Vec<FactorCode>,
        at: Instant,
    ) -> Result<(), StoreError> {
        everything(caller, Right::StationAdd).map_err(|_| StoreError::Forbidden)?;
        let (caller, code) = (caller.clone(), station.code.clone());
        // the chain names who did it; the column is of the time before there were callers
        let person = caller.id().unwrap_or(PersonId(uuid::Uuid::nil()));
        self.write(move |tx| {
            let written = tx.execute(
                "INSERT INTO registered_station (code, body, person, at) VALUES ($1,$2,$3,$4) ON CONFLICT (code) DO NOTHING",
                args![&code, body, person, at],
            )?;
            if written == 0 {
                return Err(StoreError::Conflict);
            }
            put_place(tx, &station)?;
            factors.iter().try_for_each(|factor| put_point(tx, &code, factor))?;
            let after = serde_json::to_value(&station).map_err(|e| StoreError::Corrupt(e.to_string()))?;
            note(tx, &caller, at, "station_register", code.as_str(), Change { before: None, after: Some(after) })
        })
        .await
    }

    /// Bodies of the stations registered while the program ran, oldest first.
    pub async fn registered_stations(&self) -> Result<Vec<String>, StoreError> {
        let rows = self.read("SELECT body FROM registered_station ORDER BY at, code", args![]).await?;
        rows.iter().map(|r| r.text(0)).collect()
    }

    /// Registers one device more.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] when the caller may not; [`StoreError::Conflict`] when the MN is registered already.
    pub async fn device_register(&self, caller: &Caller, device: Device, at: Instant) -> Result<(), StoreError> {
        everything(caller, Right::DeviceAdd).map_err(|_| StoreError::Forbidden)?;
        let (caller, seals) = (caller.clone(), Arc::clone(&self.seals));
        self.write(move |tx| {
            put_device(tx, &*seals, &device, false)?;
            let after = serde_json::json!({"station": device.station, "edition": device.edition,
                "interval_s": device.interval_s, "encrypted": device.key.is_some()});
            note(tx, &caller, at, "device_register", device.mn.as_str(), Change { before: None, after: Some(after) })
        })
        .await
    }

    /// Every point.
    pub async fn points(&self) -> Result<Vec<PointRow>, StoreError> {
        let rows = self.read("SELECT id, station, factor FROM point ORDER BY id", args![]).await?;
        let point = |r: &Row| {
            let (station, factor) = (StationCode(r.text(1)?), FactorCode(r.text(2)?));
            Ok(PointRow { id: PointId(r.int(0)?), station, factor })
        };
        rows.iter().map(point).collect()
    }

    /// Every registered device.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when a secret does not open.
    pub async fn devices(&self) -> Result<Vec<Device>, StoreError> {
        let rows = self.read(concat!(device_columns!(), " ORDER BY mn"), args![]).await?;
        rows.iter().map(|row| device_row(&*self.seals, row)).collect()
    }

    /// The same where a key may be missing: a device whose secrets do not open comes without them.
    pub async fn devices_shut(&self) -> Result<Vec<Device>, StoreError> {
        let rows = self.read(concat!(device_columns!(), " ORDER BY mn"), args![]).await?;
        let without = |row: &Row| match device_row(&*self.seals, row) {
            Err(StoreError::Sealed(_)) => device_row(&Shut, row),
            device => device,
        };
        rows.iter().map(without).collect()
    }

    /// Keeps telegrams with their readings; answers when they are durable. Each key is kept once, a different statement for it as
    /// a further version. Refused while there is too little room on the disk.
    pub async fn arrive(&self, arrivals: Vec<Arrival>) -> Result<Vec<Receipt>, StoreError> {
        self.guard().admit()?;
        self.arrive_beside(arrivals.into_iter().map(clean_arrival).collect()).await
    }

    /// Hands arrivals to the writer with what the history says of their keys.
    pub(crate) async fn arrive_recalled(&self, arrivals: Vec<Arrival>, recall: Recall) -> Result<Arrived, StoreError> {
        match &self.engine {
            Engine::Sqlite(writer, _) => writer.arrive(arrivals, recall).await,
            Engine::Postgres(lanes) => lanes.arrive(arrivals, recall).await,
        }
    }

    /// Names of the partitions in which readings lie; nothing on SQLite, where months lie together.
    pub async fn months_apart(&self) -> Result<Vec<String>, StoreError> {
        if self.path().is_some() {
            return Ok(Vec::new());
        }
        let rows = self
            .read(
                "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid=i.inhrelid \
                 WHERE i.inhparent='reading'::regclass ORDER BY c.relname::text",
                args![],
            )
            .await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Drops partitions of whole months before an instant in which no reading lies any more; gives their names. No arrival of any
    /// node is under way meanwhile; a month that is read at the moment stays until the next time. Nothing on SQLite, where months
    /// lie together.
    pub async fn drop_empty_months(&self, before: Instant) -> Result<Vec<String>, StoreError> {
        let names = self.months_apart().await?;
        let months = names.iter().filter_map(|name| Month::named(name)).filter(|m| m.span.end <= before.0);
        let mut dropped = Vec::new();
        for month in months {
            let (table, span) = (month.table.clone(), month.span);
            let gone = self.write_between_arrivals(move |tx| drop_if_empty(tx, &table, span)).await;
            match gone {
                Ok(true) => dropped.push(month.table),
                Ok(false) => {}
                Err(StoreError::Sql(why)) => tracing::info!(month = month.table, why, "not dropped this time"),
                Err(error) => return Err(error),
            }
        }
        Ok(dropped)
    }

    /// The newest value of every point and kind.
    pub async fn latest(&self) -> Result<Vec<LatestRow>, StoreError> {
        self.read(LATEST, args![]).await?.iter().map(latest_row).collect()
    }

    /// The newest value of every kind of the points of one station, of which `point` is one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn latest_of(&self, caller: &Caller, point: PointId) -> Result<Vec<LatestRow>, StoreError> {
        self.point_seen(caller, Right::StationRead, point).await?;
        const OF: &str = "SELECT point, kind, at, value, number, mark, arrived, late, telegram FROM latest \
            WHERE point>=$1 AND point<$2 ORDER BY point, kind";
        let (from, to) = (point.block() * PointId::BLOCK, (point.block() + 1) * PointId::BLOCK);
        self.read(OF, args![from, to]).await?.iter().map(latest_row).collect()
    }

    /// The newest stamp within each block of points.
    pub async fn latest_stamps(&self) -> Result<Vec<(i64, Instant)>, StoreError> {
        let rows = self.read("SELECT point / 1024, MAX(at) FROM latest GROUP BY point / 1024", args![]).await?;
        rows.iter().map(|r| Ok((r.int(0)?, Instant(r.int(1)?)))).collect()
    }

    /// A curve: newest version of each key in `[from, to)`, ascending; at most `max` rows. A stretch of the history that cannot be
    /// read is missing in it and stands in the log; [`Self::range_covered`] says it.
    pub async fn range(
        &self,
        series: (PointId, PeriodKind),
        span: (Instant, Instant),
        max: usize,
    ) -> Result<Vec<ReadingRow>, StoreError> {
        let found = self.range_covered(series, span, max).await?;
        for unread in &found.unread {
            tracing::warn!(segment = unread.segment, from = %unread.from, to = %unread.to, detail = unread.detail, "not read");
        }
        Ok(found.rows)
    }

    /// As [`Self::range`] of what is hot.
    pub(crate) async fn range_hot(
        &self,
        (point, kind): (PointId, PeriodKind),
        (from, to): (Instant, Instant),
        max: usize,
    ) -> Result<Vec<ReadingRow>, StoreError> {
        let rows = self
            .read(
                "SELECT r.at, r.value, r.number, r.extra, r.mark, r.version, r.late, r.arrived, r.telegram FROM reading r \
                 WHERE r.block=$1 AND r.kind=$2 AND r.at>=$3 AND r.at<$4 AND r.point=$5 AND r.version=(SELECT n.version FROM reading n \
                 WHERE n.block=r.block AND n.kind=r.kind AND n.at=r.at AND n.point=r.point ORDER BY n.version DESC LIMIT 1) \
                 ORDER BY r.at LIMIT $6",
                args![point.block(), kind.number(), from, to, point, max as i64],
            )
            .await?;
        rows.iter().map(reading_row).collect()
    }

    /// A curve of about `buckets` stretches. When there is more, each stretch keeps its lowest and highest row, and every row that is
    /// marked, late, restated or beyond a bound stays: a short spike is never sampled away.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station.
    pub async fn range_sampled(
        &self,
        caller: &Caller,
        series: (PointId, PeriodKind),
        span: (Instant, Instant),
        buckets: usize,
        bounds: &[CurveBound],
    ) -> Result<Sampled, StoreError> {
        self.point_seen(caller, Right::StationRead, series.0).await?;
        let few = buckets.max(1) * 2;
        let whole = self.range_covered(series, span, few + 1).await?;
        if whole.rows.len() <= few {
            return Ok(Sampled { rows: whole.rows, sampled: false, unread: whole.unread });
        }
        let (sampler, unread) = self.walked(series, span, || Sampler::new(span, buckets, bounds)).await?;
        Ok(Sampled { rows: sampler.finish(), sampled: true, unread })
    }

    /// Every statement made for one key, oldest first.
    pub async fn versions(&self, key: ReadingKey) -> Result<Vec<ReadingRow>, StoreError> {
        self.versions_anywhere(key).await
    }

    pub(crate) async fn versions_hot(&self, key: ReadingKey) -> Result<Vec<ReadingRow>, StoreError> {
        let rows = self
            .read(
                "SELECT at, value, number, extra, mark, version, late, arrived, telegram FROM reading \
                 WHERE block=$1 AND kind=$2 AND at=$3 AND point=$4 ORDER BY version",
                args![key.point.block(), key.kind.number(), key.at, key.point],
            )
            .await?;
        rows.iter().map(reading_row).collect()
    }

    /// How many keys each point has of a kind since an instant, for the transmission rate; points without any are left out.
    pub async fn counts(&self, kind: PeriodKind, since: Instant) -> Result<Vec<(PointId, i64)>, StoreError> {
        let horizon = self.moved_state().await?.horizon;
        let (hot, before) = (since.max(horizon), (since, horizon));
        let rows = self
            .read(
                "SELECT point, COUNT(*) FROM reading WHERE block IN (SELECT DISTINCT id / 1024 FROM point) AND kind=$1 AND at>=$2 \
                 AND version=1 GROUP BY point",
                args![kind.number(), hot],
            )
            .await?;
        let mut counts =
            rows.iter().map(|r| Ok((PointId(r.int(0)?), r.int(1)?))).collect::<Result<Vec<_>, StoreError>>()?;
        if since < horizon {
            let mut sums: BTreeMap<PointId, i64> = counts.into_iter().collect();
            for (point, count) in self.counts_before(kind, before).await? {
                *sums.entry(point).or_default() += count;
            }
            counts = sums.into_iter().filter(|(_, count)| *count > 0).collect();
        }
        Ok(counts)
    }

    /// One telegram. What lies in quarantine came from nobody known, or cannot be read: it is for those who look after all of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the station whose device sent it.
    pub async fn telegram(&self, caller: &Caller, id: TelegramId) -> Result<TelegramRow, StoreError> {
        let found = self.telegram_anywhere(id).await?;
        match (&found.telegram.mn, &found.telegram.quarantine) {
            (Some(mn), None) => self.device_seen(caller, Right::TelegramRead, mn).await?,
            _ => everything(caller, Right::QuarantineRead)?,
        }
        Ok(found)
    }

    pub(crate) async fn telegram_hot(&self, id: TelegramId) -> Result<Option<TelegramRow>, StoreError> {
        let row = self
            .read_one(
                "SELECT id, arrived, peer, mn, cn, qn, raw, problems, quarantine FROM telegram WHERE id=$1",
                args![id],
            )
            .await?;
        row.as_ref().map(telegram_row).transpose()
    }

    /// Telegrams after `after`, in the order they were kept, at most `limit`.
    pub async fn telegrams_after(&self, after: TelegramId, limit: usize) -> Result<Vec<TelegramRow>, StoreError> {
        self.telegrams_anywhere(after, limit).await
    }

    pub(crate) async fn telegrams_hot(&self, after: TelegramId, limit: usize) -> Result<Vec<TelegramRow>, StoreError> {
        let text = "SELECT id, arrived, peer, mn, cn, qn, raw, problems, quarantine FROM telegram WHERE id>$1 ORDER BY id LIMIT $2";
        self.read(text, args![after, limit as i64]).await?.iter().map(telegram_row).collect()
    }

    /// What lies in quarantine, by reason, device and peer, newest first; also what has left for the history. It lies nowhere, so
    /// that whoever looks after one county sees nothing of it.
    pub async fn quarantine_summary(&self, caller: &Caller) -> Result<Vec<QuarantineRow>, StoreError> {
        if everything(caller, Right::QuarantineRead).is_err() {
            return Ok(Vec::new());
        }
        let rows = self
            .read(
                "SELECT reason, mn, peer, CAST(SUM(count) AS BIGINT), MAX(last), MAX(telegram) FROM ( \
                 SELECT quarantine AS reason, COALESCE(mn, '') AS mn, peer, COUNT(*) AS count, MAX(arrived) AS last, \
                 MAX(id) AS telegram FROM telegram WHERE quarantine IS NOT NULL GROUP BY quarantine, COALESCE(mn, ''), peer \
                 UNION ALL SELECT reason, mn, peer, count, last, telegram FROM quarantine_moved) q \
                 GROUP BY reason, mn, peer ORDER BY MAX(telegram) DESC LIMIT 500",
                args![],
            )
            .await?;
        let group = |r: &Row| {
            Ok(QuarantineRow {
                reason: r.text(0)?,
                mn: Some(r.text(1)?).filter(|mn| !mn.is_empty()).map(Mn),
                peer: r.text(2)?,
                count: r.int(3)?,
                last: Instant(r.int(4)?),
                telegram: TelegramId(r.int(5)?),
            })
        };
        rows.iter().map(group).collect()
    }

    /// Adds to what is known of the lines, one increment for each device.
    pub async fn device_facts_add(&self, increments: Vec<DeviceFacts>) -> Result<(), StoreError> {
        self.write(move |tx| add_facts(tx, &increments)).await
    }

    /// What is known of the lines.
    pub async fn device_facts(&self) -> Result<Vec<DeviceFacts>, StoreError> {
        self.read(FACTS, args![]).await?.iter().map(facts_row).collect()
    }

    /// Notes a command before anything of it has happened.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the device is not the caller's to command.
    pub async fn command_put(&self, caller: &Caller, c: CommandRow) -> Result<(), StoreError> {
        self.device_seen(caller, Right::DeviceCommand, &c.mn).await?;
        let caller = caller.clone();
        self.write(move |tx| {
            let after = serde_json::json!({"mn": c.mn, "cn": c.cn, "area": c.area, "reason": c.reason});
            let change = Change { before: None, after: Some(after) };
            note(tx, &caller, c.at, "device_command", &c.id.to_string(), change)?;
            tx.execute(
                "INSERT INTO command (id, mn, cn, area, person, reason, at, steps, node, begun, ended) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
                args![c.id, &c.mn, c.cn, c.area, c.person, c.reason, c.at, c.steps, c.node, c.begun, c.ended],
            )?;
            Ok(())
        })
        .await
    }

    /// A node begins to carry out a command that was given to it; none when it was begun or ended already.
    pub async fn command_begin(
        &self,
        id: CommandId,
        node: &str,
        now: Instant,
    ) -> Result<Option<CommandRow>, StoreError> {
        let node = node.to_owned();
        self.write(move |tx| {
            let begun = tx.execute(
                "UPDATE command SET begun=$3 WHERE id=$1 AND node=$2 AND begun IS NULL AND ended IS NULL",
                args![id, node, now],
            )?;
            if begun == 0 {
                return Ok(None);
            }
            tx.row(COMMAND, args![id])?.as_ref().map(command_row).transpose()
        })
        .await
    }

    /// What has happened so far; `ended` with the last step. Nothing is added to a command that has ended.
    pub async fn command_steps(&self, id: CommandId, steps: String, ended: Option<Instant>) -> Result<(), StoreError> {
        self.write(move |tx| {
            let set = "UPDATE command SET steps=$2, ended=$3 WHERE id=$1 AND ended IS NULL";
            tx.execute(set, args![id, steps, ended]).map(|_| ())
        })
        .await
    }

    /// Ends a command for the node that should have carried it out, with `step` as its last; gives how it stands, which is
    /// unchanged when it had ended, or when it had been begun and only one not begun is to be ended.
    pub async fn command_end(
        &self,
        id: CommandId,
        step: serde_json::Value,
        (now, begun_too): (Instant, bool),
    ) -> Result<CommandRow, StoreError> {
        self.write(move |tx| {
            let row = command_row(&tx.row(COMMAND, args![id])?.ok_or(StoreError::NotFound)?)?;
            if row.ended.is_some() || (row.begun.is_some() && !begun_too) {
                return Ok(row);
            }
            end_command(tx, &id.to_string(), &step, now)?;
            command_row(&tx.row(COMMAND, args![id])?.ok_or(StoreError::NotFound)?)
        })
        .await
    }

    /// One command.
    pub async fn command(&self, id: CommandId) -> Result<CommandRow, StoreError> {
        command_row(&self.read_one(COMMAND, args![id]).await?.ok_or(StoreError::NotFound)?)
    }

    /// Commands given to a node that it has not begun, oldest first.
    pub async fn commands_waiting(&self, node: &str) -> Result<Vec<CommandId>, StoreError> {
        let text = "SELECT id FROM command WHERE node=$1 AND ended IS NULL AND begun IS NULL ORDER BY at, id";
        self.read(text, args![node]).await?.iter().map(|r| r.parsed(0)).collect()
    }

    /// Commands to a device, newest first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the caller does not see the device.
    pub async fn commands(&self, caller: &Caller, mn: &Mn) -> Result<Vec<CommandRow>, StoreError> {
        self.device_seen(caller, Right::DeviceRead, mn).await?;
        let text = "SELECT id, mn, cn, area, person, reason, at, steps, node, begun, ended FROM command WHERE mn=$1 \
            ORDER BY at DESC LIMIT 200";
        self.read(text, args![mn]).await?.iter().map(command_row).collect()
    }

    /// What keeping did with readings, each of a telegram that is kept: asked by whoever reads telegrams again.
    pub async fn kept_as(&self, asked: &[(TelegramId, ReadingKey)]) -> Result<Vec<KeptAs>, StoreError> {
        // the readings of a telegram lie side by side: they are asked for together
        let together = |(t, k): &(TelegramId, ReadingKey)| (t.0, k.point.block(), k.kind.number(), k.at.0);
        let mut all: Vec<_> = asked.iter().map(together).collect();
        all.dedup();
        let mut found = HashMap::with_capacity(asked.len());
        for some in all.chunks(ASKED_MAX) {
            let mut args = Vec::with_capacity(ASKED_MAX * 4);
            // what is asked for is filled up with the last, so that one statement serves any number
            for (telegram, block, kind, at) in some.iter().chain(some.last().into_iter().cycle()).take(ASKED_MAX) {
                args.extend(args![*telegram, *block, *kind, *at]);
            }
            for r in self.read(&KEPT_AS, args).await? {
                let key = (r.int(0)?, r.int(1)?, r.int(2)?, r.int(3)?);
                found.insert(key, (r.int(4)?, r.int(5)? != 0, r.int(6)? != 0));
            }
        }
        let kept_as = |(telegram, key): &(TelegramId, ReadingKey)| match found.get(&(
            telegram.0,
            key.kind.number(),
            key.at.0,
            key.point.0,
        )) {
            None => KeptAs { kept: Kept::Repeat, late: None },
            Some((1, late, false)) => KeptAs { kept: Kept::New, late: Some(*late) },
            Some((version, late, true)) => KeptAs { kept: Kept::Beside(*version), late: Some(*late) },
            Some((version, late, false)) => KeptAs { kept: Kept::Version(*version), late: Some(*late) },
        };
        Ok(asked.iter().map(kept_as).collect())
    }
}

/// Keeps of each stretch what must be seen; rows come ascending.
struct Sampler<'a> {
    from: Instant,
    width: i64,
    bounds: &'a [CurveBound],
    stretch: i64,
    lowest: Option<Sample>,
    highest: Option<Sample>,
    kept: Vec<Sample>,
}

/// A row that may stay.
#[derive(Clone)]
struct Sample {
    at: Instant,
    number: f64,
    held: Held,
}

impl<'a> Sampler<'a> {
    fn new((from, to): (Instant, Instant), buckets: usize, bounds: &'a [CurveBound]) -> Self {
        let width = (to.0.saturating_sub(from.0) / buckets.max(1) as i64).max(1);
        Self { from, width, bounds, stretch: 0, lowest: None, highest: None, kept: Vec::new() }
    }

    fn always(&self, seen: Seen, n: f64) -> bool {
        seen.marked || seen.odd || self.bounds.iter().any(|b| b.exceeded_by(n))
    }

    fn turn(&mut self) {
        let (lowest, highest) = (self.lowest.take(), self.highest.take());
        let same = lowest.as_ref().map(|l| l.at) == highest.as_ref().map(|h| h.at);
        self.kept.extend(lowest);
        self.kept.extend(highest.filter(|_| !same));
    }

    fn finish(mut self) -> Vec<ReadingRow> {
        self.turn();
        self.kept.sort_by_key(|sample| sample.at);
        let row = |sample: Sample| if let Held::Row(row) = sample.held { Some(*row) } else { None };
        self.kept.into_iter().filter_map(row).collect()
    }
}

impl Walk for Sampler<'_> {
    fn see(&mut self, seen: Seen, held: Held) {
        let stretch = seen.at.0.saturating_sub(self.from.0) / self.width;
        if stretch != self.stretch {
            self.turn();
            self.stretch = stretch;
        }
        let sample = |number| Sample { at: seen.at, number, held: held.clone() };
        match seen.number {
            Some(n) if !self.always(seen, n) => {
                if self.lowest.as_ref().is_none_or(|l| n < l.number) {
                    self.lowest = Some(sample(n));
                }
                if self.highest.as_ref().is_none_or(|h| n > h.number) {
                    self.highest = Some(sample(n));
                }
            }
            number => self.kept.push(sample(number.unwrap_or(0.0))),
        }
    }

    fn kept(&mut self) -> Vec<(Instant, &mut Held)> {
        let all = self.kept.iter_mut().chain(&mut self.lowest).chain(&mut self.highest);
        all.map(|sample| (sample.at, &mut sample.held)).collect()
    }
}
