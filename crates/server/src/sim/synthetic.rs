//! Stations that are nobody's: as many as wanted, the same every time, for load. Their values have a fixed width, so that a
//! telegram is a template with digits written into it.

use std::collections::BTreeMap;

use hj212::{Edition, Sm4Key};

use super::fault::Chance;
use super::stamp::{append, digits};
use super::value::mix;

/// Password of every synthetic station.
pub const PASSWORD: &str = "123456";

/// A factor whose text has always the same length. Values are counted in its last decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    /// Code.
    pub code: &'static str,
    /// Chinese name.
    pub name_zh: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Decimals.
    pub decimals: u8,
    low: u32,
    high: u32,
    width: usize,
}

const fn factor(
    code: &'static str,
    names: (&'static str, &'static str),
    unit: &'static str,
    decimals: u8,
    (low, high): (u32, u32),
    width: usize,
) -> Factor {
    Factor { code, name_zh: names.0, name_en: names.1, unit, decimals, low, high, width }
}

/// Factors of a synthetic section, the first fifteen being the usual ones; values within class III of GB 3838.
pub const FACTORS: [Factor; 24] = [
    factor("w01001", ("pH", "pH"), "pH", 2, (740, 799), 4),
    factor("w01009", ("溶解氧", "Dissolved oxygen"), "mg/L", 2, (750, 950), 4),
    factor("w01019", ("高锰酸盐指数", "Permanganate index"), "mg/L", 2, (100, 300), 4),
    factor("w21003", ("氨氮", "Ammonia nitrogen"), "mg/L", 3, (30, 300), 5),
    factor("w21011", ("总磷", "Total phosphorus"), "mg/L", 3, (20, 80), 5),
    factor("w21001", ("总氮", "Total nitrogen"), "mg/L", 2, (60, 95), 4),
    factor("w01010", ("水温", "Water temperature"), "°C", 1, (120, 220), 4),
    factor("w01014", ("电导率", "Conductivity"), "uS/cm", 1, (1_000, 1_800), 5),
    factor("w01003", ("浊度", "Turbidity"), "NTU", 1, (100, 250), 4),
    factor("w01018", ("化学需氧量", "Chemical oxygen demand"), "mg/L", 1, (100, 140), 4),
    factor("w01017", ("五日生化需氧量", "BOD5"), "mg/L", 2, (100, 240), 4),
    factor("w21017", ("氟化物", "Fluoride"), "mg/L", 2, (20, 60), 4),
    factor("w20122", ("铜", "Copper"), "mg/L", 3, (2, 9), 5),
    factor("w20123", ("锌", "Zinc"), "mg/L", 3, (10, 40), 5),
    factor("w21016", ("氰化物", "Cyanide"), "mg/L", 3, (1, 4), 5),
    factor("w23002", ("挥发酚", "Volatile phenols"), "mg/L", 4, (5, 15), 6),
    factor("w22001", ("石油类", "Petroleum"), "mg/L", 3, (10, 40), 5),
    factor("w19002", ("阴离子表面活性剂", "Anionic surfactants"), "mg/L", 3, (20, 150), 5),
    factor("w21019", ("硫化物", "Sulfide"), "mg/L", 3, (5, 40), 5),
    factor("w20119", ("砷", "Arsenic"), "ug/L", 1, (10, 50), 3),
    factor("w20111", ("汞", "Mercury"), "ug/L", 3, (10, 40), 5),
    factor("w20115", ("镉", "Cadmium"), "ug/L", 2, (10, 60), 4),
    factor("w20117", ("六价铬", "Hexavalent chromium"), "ug/L", 1, (20, 60), 3),
    factor("w20120", ("铅", "Lead"), "ug/L", 1, (10, 50), 3),
];

impl Factor {
    /// Bytes of a value's text.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Writes the value for a [`moment`] into `into`, which has [`Factor::width`] bytes.
    pub fn write(&self, moment: u64, place: usize, into: &mut [u8]) {
        let random = mix(moment ^ (place as u64).rotate_left(40)) >> 32;
        let value = u64::from(self.low) + ((random * u64::from(self.high - self.low + 1)) >> 32);
        let point = self.width - 1 - usize::from(self.decimals);
        let scale = 10u64.pow(u32::from(self.decimals));
        digits(&mut into[..point], value / scale);
        into[point] = b'.';
        digits(&mut into[point + 1..], value % scale);
    }
}

/// One number for seed, station and second: what every value of that telegram is made from.
pub fn moment(seed: u64, station: usize, second: i64) -> u64 {
    mix(seed ^ mix((station as u64) << 36 ^ second.cast_unsigned()))
}

/// Device id of a station: `SIM` in ASCII, then its number; 24 hex digits.
pub fn mn(station: usize) -> String {
    format!("53494D{station:018}")
}

/// Code of a station.
pub fn code(station: usize) -> String {
    format!("sim{station:06}")
}

/// Edition and key of a station: those that `encrypted` picks are of 2025 and have a key, the others are of 2017.
pub fn edition(station: usize, encrypted: Chance, seed: u64) -> (Edition, Option<Sm4Key>) {
    if encrypted.picks(seed, station) {
        return (Edition::V2025, Sm4Key::from_hex(&key_hex(station)));
    }
    (Edition::V2017, None)
}

fn key_hex(station: usize) -> String {
    let own = mix(station as u64);
    format!("{own:016x}{:016x}", mix(own))
}

/// A city pack that registers these stations: file texts by name. Logins are `duty`, `officer` and `admin`, each with the
/// password `simulated-load`.
pub fn pack(stations: usize, factors: usize, encrypted: Chance, seed: u64) -> BTreeMap<String, String> {
    let mut sections = String::from(
        "code,kind,name_zh,name_en,county,lon,lat,water,target,enterprise,unit,demo,source_zh,source_en\n",
    );
    let mut points = String::from("station,factor,name_zh,name_en,unit,decimals,bound,limit,cite\n");
    let mut devices =
        String::from("mn,station,st,password,edition,key,accept_modbus_crc,accept_swapped_modbus_crc,interval_s\n");
    for station in 0..stations {
        let code = code(station);
        let (edition, key) = edition(station, encrypted, seed);
        let key = key.map_or(String::new(), |_| key_hex(station));
        let lon = 118.0 + (station % 100) as f64 / 100.0;
        let lat = 28.5 + (station / 100 % 100) as f64 / 100.0;
        append(
            &mut sections,
            format_args!(
                "{code},municipal_section,模拟断面{station},Simulated section {station},sim,{lon:.2},{lat:.2},river,3,,sim,true,模拟器,simulator\n"
            ),
        );
        append(
            &mut devices,
            format_args!("{},{code},21,{PASSWORD},{},{key},false,false,60\n", mn(station), edition.as_str()),
        );
        for f in &FACTORS[..factors] {
            append(
                &mut points,
                format_args!("{code},{},{},{},{},{},,,\n", f.code, f.name_zh, f.name_en, f.unit, f.decimals),
            );
        }
    }
    let people = "login,name_zh,name_en,password\n\
        duty,模拟值班员,Simulated duty officer,simulated-load\n\
        officer,模拟承办人,Simulated case officer,simulated-load\n\
        admin,模拟管理员,Simulated administrator,simulated-load\n";
    let posts = "login,role,organisation,certificate\n\
        duty,duty_officer,sim,\nofficer,case_officer,sim,\nadmin,system_administrator,sim,\n";
    let city = "code = \"sim\"\nname_zh = \"模拟市\"\nname_en = \"Simulated city\"\nzone = \"Asia/Shanghai\"\n\
        center_lon = 118.5\ncenter_lat = 29.0\ndemo = true\n";
    let files = [
        ("city.toml", city.to_owned()),
        ("counties.csv", "code,name_zh,name_en\nsim,模拟县,Simulated county\n".to_owned()),
        (
            "organisations.csv",
            "code,parent,kind,area,name_zh,name_en\nsim,,bureau,*,模拟监测中心,Simulated monitoring centre\n"
                .to_owned(),
        ),
        ("enterprises.csv", "code,name_zh,name_en,county,demo\n".to_owned()),
        ("stations.csv", sections),
        ("points.csv", points),
        ("devices.csv", devices),
        ("people.csv", people.to_owned()),
        ("posts.csv", posts.to_owned()),
        ("geography.geojson", "{\"type\":\"FeatureCollection\",\"features\":[]}\n".to_owned()),
    ];
    files.map(|(name, text)| (name.to_owned(), text)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shanshui_domain::place::CityPack;

    #[test]
    fn the_pack_registers_every_station() {
        let pack = CityPack::parse(&pack(3, 15, Chance::Count(1), 7)).expect("a whole pack");
        assert_eq!((pack.stations.len(), pack.points.len(), pack.devices.len()), (3, 45, 3));
        let editions: Vec<_> = pack.devices.iter().map(|d| (d.edition.as_str(), d.key.is_some())).collect();
        assert_eq!(editions, [("2025", true), ("2017", false), ("2017", false)]);
        assert_eq!(pack.devices[2].mn.as_str(), "53494D000000000000000002");
    }

    #[test]
    fn values_keep_their_width_and_range() {
        for (place, factor) in FACTORS.iter().enumerate() {
            for second in 0..500 {
                let mut text = vec![b'x'; factor.width()];
                factor.write(moment(7, 3, second), place, &mut text);
                let value: f64 = std::str::from_utf8(&text).expect("digits").parse().expect("a number");
                let scaled = (value * 10f64.powi(i32::from(factor.decimals))).round() as u32;
                assert!((factor.low..=factor.high).contains(&scaled), "{} {value}", factor.code);
            }
        }
    }
}
