//! Kept telegrams read again, by the code that read them when they came: is a telegram still what its CRC says, and what were its
//! readings?

use std::collections::{HashMap, HashSet};

use hj212::{DevicePolicy, Limits, Sm4Key, decode_all};
use shanshui_domain::id::{Mn, PointId, StationCode, TelegramId};
use shanshui_domain::place::CityPack;
use shanshui_domain::time::Zone;
use shanshui_store::{Again, Store, StoreError, TelegramIn, TelegramRow};

use super::connection::{field, problems};
use super::{imported, read};

/// Reads kept telegrams.
pub struct Reader {
    devices: HashMap<String, Known>,
    zone: Zone,
    current: HashSet<PointId>,
}

/// What reading a device's telegrams needs.
struct Known {
    policy: DevicePolicy,
    points: HashMap<Vec<u8>, PointId>,
}

/// What one look at a telegram's bytes gives.
#[derive(Default)]
struct Seen {
    pieces: usize,
    usable: bool,
    fields: [Option<String>; 3],
    problems: String,
}

impl Reader {
    /// With the devices and points of a store, those that its city no longer has too.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn of(store: &Store, pack: &CityPack, zone: Zone) -> Result<Self, StoreError> {
        let mut points: HashMap<StationCode, HashMap<Vec<u8>, PointId>> = HashMap::new();
        let listed: HashSet<_> = pack.points.iter().map(|p| (&p.station, &p.factor)).collect();
        let mut current = HashSet::new();
        for row in store.points().await? {
            if listed.contains(&(&row.station, &row.factor)) {
                current.insert(row.id);
            }
            points.entry(row.station).or_default().insert(row.factor.0.into_bytes(), row.id);
        }
        let mut devices = HashMap::new();
        for device in store.devices_shut().await? {
            let policy = DevicePolicy {
                key: device.key.as_ref().and_then(|k| Sm4Key::from_hex(k.expose())),
                accept_modbus_crc: device.accept_modbus_crc,
                accept_swapped_modbus_crc: device.accept_swapped_modbus_crc,
            };
            let points = points.get(&device.station).cloned().unwrap_or_default();
            devices.insert(device.mn.0, Known { policy, points });
        }
        Ok(Self { devices, zone, current })
    }

    /// Points that the city has now.
    pub fn current(&self) -> HashSet<PointId> {
        self.current.clone()
    }

    /// What is wrong with a kept telegram; nothing when its CRC, and what is kept beside its bytes, are right. What came damaged has
    /// no CRC that could tell.
    pub fn fault(&self, t: &TelegramIn) -> Option<String> {
        if t.quarantine.as_deref() == Some("damaged") {
            return None;
        }
        if imported::is_imported(t) {
            let row = TelegramRow { id: TelegramId(0), telegram: t.clone() };
            return imported::again(&row).err().map(|e| format!("its bytes are damaged: {e}"));
        }
        let known = t.mn.as_ref().and_then(|mn| self.devices.get(&mn.0));
        let policy = known.map_or_else(DevicePolicy::default, |known| known.policy.clone());
        // what was agreed with the device may have changed since
        let tolerant = DevicePolicy { accept_modbus_crc: true, accept_swapped_modbus_crc: true, ..policy.clone() };
        let mut first = None;
        for policy in [policy, tolerant, DevicePolicy::default()] {
            match differs(t, &seen(&t.raw, &policy)) {
                None => return None,
                Some(fault) => first = first.or(Some(fault)),
            }
        }
        first
    }

    /// The readings of a telegram; none when it brought none.
    pub fn again(&self, row: &TelegramRow) -> Option<Again> {
        if imported::is_imported(&row.telegram) {
            let readings = imported::again(row).ok().filter(|readings| !readings.is_empty())?;
            return Some(Again { telegram: row.id, mn: Mn(String::new()), readings });
        }
        let mn = row.telegram.mn.clone().filter(|_| row.telegram.quarantine.is_none())?;
        let known = self.devices.get(&mn.0)?;
        let context =
            read::Context { points: &known.points, zone: &self.zone, now: row.telegram.arrived, asked: false };
        let mut readings = Vec::new();
        decode_all(&row.telegram.raw, &Limits::default(), &|_| known.policy.clone(), |piece| {
            if piece.usable() {
                readings.extend(read::read(&piece, &context).readings);
            }
        });
        (!readings.is_empty()).then_some(Again { telegram: row.id, mn, readings })
    }
}

fn seen(raw: &[u8], policy: &DevicePolicy) -> Seen {
    let mut seen = Seen::default();
    decode_all(raw, &Limits::default(), &|_| policy.clone(), |piece| {
        seen.pieces += 1;
        seen.usable = piece.usable();
        seen.fields = [piece.mn(), piece.cn(), piece.qn()].map(field);
        seen.problems = problems(&piece);
    });
    seen
}

fn differs(t: &TelegramIn, seen: &Seen) -> Option<String> {
    // a NUL is kept as another character in texts
    let clean = |text: &String| text.replace('\0', "\u{fffd}");
    let kept = [t.mn.as_ref().map(|Mn(mn)| mn), t.cn.as_ref(), t.qn.as_ref()];
    let names = ["MN", "CN", "QN"];
    if seen.pieces != 1 || !seen.usable {
        return Some(format!("its bytes are damaged: {}", seen.problems));
    }
    for ((name, kept), seen) in names.iter().zip(kept).zip(&seen.fields) {
        if kept.cloned() != seen.as_ref().map(clean) {
            return Some(format!("the {name} beside it is another"));
        }
    }
    (clean(&seen.problems) != t.problems).then(|| "the problems beside it are others".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hj212::crc;
    use shanshui_domain::time::Instant;

    fn telegram(area: &str) -> TelegramIn {
        let segment = format!("QN=20260301080000000;ST=21;CN=2011;PW=123456;MN=A;Flag=9;CP=&&{area}&&");
        let raw = format!("##{:04}{segment}{:04X}\r\n", segment.len(), crc::checksum(segment.as_bytes())).into_bytes();
        let Seen { fields: [mn, cn, qn], problems, .. } = seen(&raw, &DevicePolicy::default());
        let mn = mn.map(Mn);
        TelegramIn { arrived: Instant(0), peer: "p".into(), mn, cn, qn, raw, problems, quarantine: None }
    }

    #[test]
    fn every_flipped_bit_of_a_telegram_is_seen() {
        let reader = Reader { devices: HashMap::new(), zone: Zone::china(), current: HashSet::new() };
        let whole = telegram("DataTime=20260301080000;w01001-Rtd=7.91,w01001-Flag=N");
        assert_eq!(reader.fault(&whole), None);
        for bit in 0..whole.raw.len() * 8 {
            let mut t = whole.clone();
            t.raw[bit / 8] ^= 1 << (bit % 8);
            assert!(reader.fault(&t).is_some(), "bit {bit}: {}", String::from_utf8_lossy(&t.raw));
        }
        let others = [
            TelegramIn { mn: None, ..whole.clone() },
            TelegramIn { cn: Some("2051".into()), ..whole.clone() },
            TelegramIn { problems: "[1]".into(), ..whole.clone() },
        ];
        for t in others {
            assert!(reader.fault(&t).is_some(), "{t:?}");
        }
        let damaged = TelegramIn { raw: b"##00".to_vec(), quarantine: Some("damaged".into()), ..whole };
        assert_eq!(reader.fault(&damaged), None, "it came so");
    }
}
