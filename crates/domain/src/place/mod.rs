//! Places: the city pack (城市包), everything about one city as data. Nothing else in the program knows a city.
//!
//! A pack is a folder: `city.toml`, CSV tables and GeoJSON. [`CityPack::parse`] takes their texts and refuses a damaged pack
//! with file, line and reason; it does no I/O itself. Invented rows carry `demo`.

mod load;
pub mod outlet;
mod register;
pub mod river;

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::id::{FactorCode, Mn, OrganisationCode, StationCode};
use crate::right::{Organisation, OrganisationKind, Role};
use crate::standard::{Bound, WaterBody};
use crate::unit::Unit;

pub use load::{PackError, PointText};
pub use outlet::OutletTerms;
pub use register::{Registration, code_like};
pub use river::Rivers;

/// Mean radius of the earth in kilometres (IUGG).
pub(crate) const EARTH_KM: f64 = 6_371.008_8;

/// A whole city.
#[derive(Debug, Clone, PartialEq)]
pub struct CityPack {
    /// The city.
    pub city: City,
    /// Counties and districts.
    pub counties: Vec<Named>,
    /// Organisations: the bureau's, those of others. Enterprises are organisations too ([`CityPack::organisations`]).
    pub units: Vec<Organisation>,
    /// Enterprises.
    pub enterprises: Vec<Enterprise>,
    /// Stations.
    pub stations: Vec<Station>,
    /// Points.
    pub points: Vec<Point>,
    /// Devices.
    pub devices: Vec<Device>,
    /// People with a login, in a demonstration.
    pub people: Vec<PackPerson>,
    /// What they are.
    pub posts: Vec<PackPost>,
    /// Map: a GeoJSON feature collection; property `layer` is `county`, `river` or `reservoir`.
    pub geography: String,
    /// River network; empty when the pack has none.
    pub rivers: Rivers,
    /// What outlets are judged by beside the limits of their points; none of an outlet of which nothing is said.
    pub outlets: Vec<OutletTerms>,
}

impl CityPack {
    /// Every organisation: those of the pack, and its enterprises.
    pub fn organisations(&self) -> impl Iterator<Item = Organisation> {
        let enterprise = |e: &Enterprise| Organisation {
            code: OrganisationCode(e.code.clone()),
            parent: None,
            kind: OrganisationKind::Enterprise,
            area: String::new(),
            name_zh: e.name_zh.clone(),
            name_en: e.name_en.clone(),
        };
        self.units.iter().cloned().chain(self.enterprises.iter().map(enterprise))
    }
}

/// The city itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct City {
    /// Short code, used in business numbers.
    pub code: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// IANA zone.
    pub zone: String,
    /// Middle of the map.
    pub center_lon: f64,
    /// Middle of the map.
    pub center_lat: f64,
    /// A demonstration.
    pub demo: bool,
}

/// Something with a code and a name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Code.
    pub code: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
}

/// An enterprise (企业).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enterprise {
    /// Code.
    pub code: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// County.
    pub county: String,
    /// Invented.
    pub demo: bool,
}

/// What a station watches (站点类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StationKind {
    /// 市控断面.
    MunicipalSection,
    /// 交接断面.
    BoundarySection,
    /// 饮用水水源地.
    DrinkingSource,
    /// 环境空气站.
    AirStation,
    /// 企业排放口.
    Outlet,
}

impl StationKind {
    /// Whether it is judged by GB 3838.
    pub fn is_water(self) -> bool {
        matches!(self, Self::MunicipalSection | Self::BoundarySection | Self::DrinkingSource)
    }
}

/// A station (站点).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Code.
    pub code: StationCode,
    /// Kind.
    pub kind: StationKind,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// County.
    pub county: String,
    /// Longitude, WGS 84 degrees.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
    /// River or lake, for the column of total phosphorus; metadata, never guessed.
    pub water: Option<WaterBody>,
    /// Target class 1 to 5 (目标水质).
    pub target: Option<u8>,
    /// Enterprise, of an outlet.
    pub enterprise: Option<String>,
    /// Organisation that answers for it.
    pub unit: String,
    /// Invented.
    pub demo: bool,
    /// Where the row comes from, in Chinese.
    pub source_zh: String,
    /// In English.
    pub source_en: String,
}

/// One factor at one station (测点).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Station.
    pub station: StationCode,
    /// Factor.
    pub factor: FactorCode,
    /// Chinese name of the factor.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Unit the device sends.
    pub unit: Unit,
    /// Decimals shown.
    pub decimals: u8,
    /// Permit limit, of an outlet.
    pub limit: Option<PointLimit>,
}

/// A permit limit (许可排放限值).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointLimit {
    /// Bound, in the point's unit.
    pub bound: Bound,
    /// Clause.
    pub cite: String,
}

impl PointLimit {
    /// An upper limit.
    pub fn at_most(value: Decimal, cite: &str) -> Self {
        Self { bound: Bound::AtMost { value }, cite: cite.to_owned() }
    }
}

/// A password or key that never shows itself.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps one.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; for comparing and for sending only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A device (数采仪).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// MN.
    pub mn: Mn,
    /// Station.
    pub station: StationCode,
    /// System code ST of its requests.
    pub st: String,
    /// Access password.
    pub password: Secret,
    /// Edition by registration: 2005, 2017 or 2025.
    pub edition: String,
    /// SM4 key, 32 hex digits.
    pub key: Option<Secret>,
    /// Takes CRC-16/MODBUS.
    pub accept_modbus_crc: bool,
    /// Takes CRC-16/MODBUS with swapped bytes.
    pub accept_swapped_modbus_crc: bool,
    /// Expected real-time interval in seconds.
    pub interval_s: u32,
}

/// A person of a demonstration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackPerson {
    /// Login name.
    pub login: String,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Password of the demonstration.
    pub password: Secret,
}

/// A post of a person of a demonstration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackPost {
    /// Login name.
    pub login: String,
    /// Role.
    pub role: Role,
    /// Organisation.
    pub organisation: OrganisationCode,
    /// Number of the certificate, where the role needs one.
    pub certificate: Option<String>,
}
