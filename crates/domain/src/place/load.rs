//! Strict reading of a city pack.

use std::collections::{BTreeMap, HashSet};

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::register::code_like;
use super::{City, CityPack, Device, Enterprise, Named, PackPerson, PackPost, Point, PointLimit, Station, StationKind};
use super::{outlet, river};
use crate::id::{FactorCode, StationCode};
use crate::right::{Organisation, Tree};
use crate::standard::Bound;
use crate::unit::Unit;

/// Why a pack is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {reason}", line.map_or(String::new(), |l| format!(", line {l}")))]
pub struct PackError {
    /// File.
    pub file: String,
    /// Line, from 1, where one is meant.
    pub line: Option<u64>,
    /// What is wrong.
    pub reason: String,
}

/// A point as text, in the columns of `points.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointText {
    /// Station.
    pub station: StationCode,
    /// Factor.
    pub factor: FactorCode,
    /// Chinese name of the factor.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Unit the device sends.
    pub unit: String,
    /// Decimals shown.
    pub decimals: u8,
    /// `at_most`, `at_least`, `between`, or empty.
    pub bound: String,
    /// Permit limit: a number, or `low:high`; empty without one.
    pub limit: String,
    /// Clause of the limit.
    pub cite: String,
}

/// Collects every fault, so that one reading shows them all.
pub(super) struct Reader<'a> {
    files: &'a BTreeMap<String, String>,
    faults: Vec<PackError>,
}

impl Reader<'_> {
    pub(super) fn fault(&mut self, file: &str, line: Option<u64>, reason: impl std::fmt::Display) {
        self.faults.push(PackError { file: file.to_owned(), line, reason: reason.to_string() });
    }

    /// Whether the pack has a file of that name.
    pub(super) fn has(&self, file: &str) -> bool {
        self.files.contains_key(file)
    }

    fn text(&mut self, file: &str) -> String {
        let text = self.files.get(file).cloned();
        text.unwrap_or_else(|| {
            self.fault(file, None, "is missing");
            String::new()
        })
    }

    /// Rows with their line numbers.
    pub(super) fn rows<T: DeserializeOwned>(&mut self, file: &str) -> Vec<(u64, T)> {
        let text = self.text(file);
        let mut out = Vec::new();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for (i, row) in reader.deserialize::<T>().enumerate() {
            let line = i as u64 + 2;
            match row {
                Ok(row) => out.push((line, row)),
                Err(error) => self.fault(file, Some(line), error),
            }
        }
        out
    }

    pub(super) fn unique<T>(&mut self, file: &str, rows: &[(u64, T)], code: impl Fn(&T) -> String) {
        let mut seen = HashSet::new();
        for (line, row) in rows {
            if !seen.insert(code(row)) {
                self.fault(file, Some(*line), format!("{} is there already", code(row)));
            }
        }
    }

    /// Scopes are lists of codes with commas between, in which `*` is everything: a code has neither.
    pub(super) fn plain(&mut self, file: &str, line: u64, code: &str) {
        if !code_like(code) {
            self.fault(file, Some(line), format!("code: {code:?} is not 1 to 32 letters, digits, - or _"));
        }
    }

    pub(super) fn known(&mut self, file: &str, line: u64, what: &str, code: &str, codes: &HashSet<String>) {
        if !codes.contains(code) {
            self.fault(file, Some(line), format!("{what}: no such code {code:?}"));
        }
    }
}

fn codes<T>(rows: &[(u64, T)], code: impl Fn(&T) -> &str) -> HashSet<String> {
    rows.iter().map(|(_, row)| code(row).to_owned()).collect()
}

fn values<T>(rows: Vec<(u64, T)>) -> Vec<T> {
    rows.into_iter().map(|(_, row)| row).collect()
}

impl CityPack {
    /// Reads a pack from its files' texts, by path inside the pack.
    ///
    /// # Errors
    /// Every fault found, each with file, line and reason.
    pub fn parse(files: &BTreeMap<String, String>) -> Result<Self, Vec<PackError>> {
        let mut r = Reader { files, faults: Vec::new() };
        let city_text = r.text("city.toml");
        let city = toml::from_str::<City>(&city_text).map_err(|e| r.fault("city.toml", None, e)).ok();
        let counties: Vec<(u64, Named)> = r.rows("counties.csv");
        let units: Vec<(u64, Organisation)> = r.rows("organisations.csv");
        let enterprises: Vec<(u64, Enterprise)> = r.rows("enterprises.csv");
        let stations: Vec<(u64, Station)> = r.rows("stations.csv");
        let points: Vec<(u64, PointText)> = r.rows("points.csv");
        let devices: Vec<(u64, Device)> = r.rows("devices.csv");
        let people: Vec<(u64, PackPerson)> = r.rows("people.csv");
        let posts: Vec<(u64, PackPost)> = r.rows("posts.csv");
        r.unique("counties.csv", &counties, |c| c.code.clone());
        r.unique("enterprises.csv", &enterprises, |c| c.code.clone());
        r.unique("stations.csv", &stations, |s| s.code.to_string());
        r.unique("points.csv", &points, |p| format!("{} {}", p.station, p.factor));
        r.unique("devices.csv", &devices, |d| d.mn.to_string());
        r.unique("people.csv", &people, |p| p.login.clone());
        for (line, c) in &counties {
            r.plain("counties.csv", *line, &c.code);
        }
        for (line, e) in &enterprises {
            r.plain("enterprises.csv", *line, &e.code);
        }
        let (county_codes, unit_codes) = (codes(&counties, |c| &c.code), codes(&units, |u| u.code.as_str()));
        let enterprise_codes = codes(&enterprises, |e| &e.code);
        let station_codes = codes(&stations, |s| s.code.as_str());
        for (line, e) in &enterprises {
            r.known("enterprises.csv", *line, "county", &e.county, &county_codes);
        }
        for (line, s) in &stations {
            r.known("stations.csv", *line, "county", &s.county, &county_codes);
            r.known("stations.csv", *line, "unit", &s.unit, &unit_codes);
            if let Some(enterprise) = &s.enterprise {
                r.known("stations.csv", *line, "enterprise", enterprise, &enterprise_codes);
            }
            if let Some(reason) = odd_station(s) {
                r.fault("stations.csv", Some(*line), reason);
            }
        }
        for (line, d) in &devices {
            r.known("devices.csv", *line, "station", d.station.as_str(), &station_codes);
            if let Some(reason) = odd_device(d) {
                r.fault("devices.csv", Some(*line), reason);
            }
        }
        organisations(&mut r, &units, &county_codes, &enterprise_codes);
        people_hold(&mut r, &people, &posts, &unit_codes.union(&enterprise_codes).cloned().collect());
        let mut good_points = Vec::with_capacity(points.len());
        for (line, p) in points {
            r.known("points.csv", line, "station", p.station.as_str(), &station_codes);
            match point(p) {
                Ok(point) => good_points.push(point),
                Err(reason) => r.fault("points.csv", Some(line), reason),
            }
        }
        let geography = geography(&mut r);
        let rivers = river::rivers(&mut r, &station_codes, &county_codes, &geography);
        let outlet_codes = stations.iter().filter(|(_, s)| s.kind == StationKind::Outlet);
        let outlets = outlet::outlets(&mut r, &outlet_codes.map(|(_, s)| s.code.to_string()).collect());
        match city {
            Some(city) if r.faults.is_empty() => Ok(Self {
                city,
                counties: values(counties),
                units: values(units),
                enterprises: values(enterprises),
                stations: values(stations),
                points: good_points,
                devices: values(devices),
                people: values(people),
                posts: values(posts),
                geography,
                rivers,
                outlets,
            }),
            _ => Err(r.faults),
        }
    }
}

/// Organisations are a tree, look after counties that are there, and share no code with an enterprise.
fn organisations(
    r: &mut Reader<'_>,
    units: &[(u64, Organisation)],
    counties: &HashSet<String>,
    enterprises: &HashSet<String>,
) {
    const FILE: &str = "organisations.csv";
    for (line, unit) in units {
        let code = unit.code.as_str();
        r.plain(FILE, *line, code);
        if enterprises.contains(code) {
            r.fault(FILE, Some(*line), format!("code: {code} is an enterprise's"));
        }
        if !["", Organisation::WHOLE_CITY].contains(&unit.area.as_str()) {
            r.known(FILE, *line, "area", &unit.area, counties);
        }
    }
    if let Err(faults) = Tree::new(units.iter().map(|(_, unit)| unit.clone())) {
        for fault in faults {
            r.fault(FILE, None, fault);
        }
    }
}

/// Posts are of people and organisations that are there, and no person holds two that exclude one another.
fn people_hold(
    r: &mut Reader<'_>,
    people: &[(u64, PackPerson)],
    posts: &[(u64, PackPost)],
    organisations: &HashSet<String>,
) {
    const FILE: &str = "posts.csv";
    let logins = codes(people, |p| &p.login);
    for (i, (line, post)) in posts.iter().enumerate() {
        r.known(FILE, *line, "login", &post.login, &logins);
        r.known(FILE, *line, "organisation", post.organisation.as_str(), organisations);
        let earlier = posts[..i].iter().filter(|(_, p)| p.login == post.login).map(|(_, p)| p.role);
        if !post.role.beside(earlier) {
            r.fault(FILE, Some(*line), format!("{} holds a role that excludes {}", post.login, post.role.as_str()));
        }
        if post.role.needs_certificate() != post.certificate.is_some() {
            r.fault(
                FILE,
                Some(*line),
                format!("certificate: {} needs one, and only such roles do", post.role.as_str()),
            );
        }
    }
}

pub(super) fn odd_station(s: &Station) -> Option<String> {
    if !(-180.0..=180.0).contains(&s.lon) || !(-90.0..=90.0).contains(&s.lat) {
        return Some(format!("{}, {} is no place on earth", s.lon, s.lat));
    }
    if s.kind.is_water() && s.water.is_none() {
        return Some("water: a section says river or lake".into());
    }
    if s.kind.is_water() != s.target.is_some() || s.target.is_some_and(|t| !(1..=5).contains(&t)) {
        return Some("target: sections, and only they, have a class of 1 to 5".into());
    }
    if (s.kind == StationKind::Outlet) != s.enterprise.is_some() {
        return Some("enterprise: outlets, and only they, have one".into());
    }
    None
}

fn odd_device(d: &Device) -> Option<String> {
    if !["2005", "2017", "2025"].contains(&d.edition.as_str()) {
        return Some(format!("edition: {:?} is none of 2005, 2017, 2025", d.edition));
    }
    let hex = |k: &super::Secret| k.expose().len() == 32 && k.expose().bytes().all(|b| b.is_ascii_hexdigit());
    if d.key.as_ref().is_some_and(|k| !hex(k)) {
        return Some("key: not 32 hex digits".into());
    }
    if d.interval_s == 0 {
        return Some("interval_s: is 0".into());
    }
    None
}

pub(super) fn point(p: PointText) -> Result<Point, String> {
    let unit = Unit::parse(&p.unit).ok_or_else(|| format!("unit: unknown {:?}", p.unit))?;
    let number = |t: &str| t.parse::<Decimal>().map_err(|e| format!("limit: {t:?}: {e}"));
    let bound = match p.bound.as_str() {
        "" if p.limit.is_empty() => None,
        "at_most" => Some(Bound::AtMost { value: number(&p.limit)? }),
        "at_least" => Some(Bound::AtLeast { value: number(&p.limit)? }),
        "between" => {
            let (low, high) = p.limit.split_once(':').ok_or_else(|| format!("limit: {:?} is not low:high", p.limit))?;
            Some(Bound::Between { low: number(low)?, high: number(high)? })
        }
        other => return Err(format!("bound: unknown {other:?}")),
    };
    let limit = bound.map(|bound| PointLimit { bound, cite: p.cite });
    let (name_zh, name_en) = (p.name_zh, p.name_en);
    Ok(Point { station: p.station, factor: p.factor, name_zh, name_en, unit, decimals: p.decimals, limit })
}

fn geography(r: &mut Reader<'_>) -> String {
    let text = r.text("geography.geojson");
    let parsed: Result<serde_json::Value, _> = serde_json::from_str(&text);
    let features = parsed.map_err(|e| e.to_string()).and_then(|value| {
        let features = value["features"].as_array().cloned();
        features.ok_or_else(|| "is no feature collection".to_owned())
    });
    match features {
        Err(reason) => r.fault("geography.geojson", None, reason),
        Ok(features) => {
            for (i, feature) in features.iter().enumerate() {
                let layer = feature["properties"]["layer"].as_str().unwrap_or_default();
                if !["county", "river", "reservoir"].contains(&layer) {
                    r.fault("geography.geojson", None, format!("feature {i}: unknown layer {layer:?}"));
                }
            }
        }
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn small_pack() -> CityPack {
        CityPack::parse(&small()).expect("whole")
    }

    pub(in super::super) fn small() -> BTreeMap<String, String> {
        let files = [
            (
                "city.toml",
                "code='t'\nname_zh='试'\nname_en='T'\nzone='Asia/Shanghai'\ncenter_lon=118.8\ncenter_lat=28.9\ndemo=true\n",
            ),
            ("counties.csv", "code,name_zh,name_en\nkc,柯城区,Kecheng\n"),
            ("organisations.csv", "code,parent,kind,area,name_zh,name_en\nu1,,bureau,*,监测中心,Monitoring centre\n"),
            ("enterprises.csv", "code,name_zh,name_en,county,demo\ne1,演示厂,Demo works,kc,true\n"),
            (
                "stations.csv",
                "code,kind,name_zh,name_en,county,lon,lat,water,target,enterprise,unit,demo,source_zh,source_en\ns1,municipal_section,断面,Section,kc,118.8,28.9,river,3,,u1,true,甲,x\n",
            ),
            ("points.csv", "station,factor,name_zh,name_en,unit,decimals,bound,limit,cite\ns1,w01001,pH,pH,pH,2,,,\n"),
            (
                "devices.csv",
                "mn,station,st,password,edition,key,accept_modbus_crc,accept_swapped_modbus_crc,interval_s\nA,s1,21,123456,2017,,false,false,60\n",
            ),
            ("people.csv", "login,name_zh,name_en,password\nli,李,Li,long enough\n"),
            ("posts.csv", "login,role,organisation,certificate\nli,duty_officer,u1,\n"),
            ("geography.geojson", "{\"type\":\"FeatureCollection\",\"features\":[]}"),
        ];
        files.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
    }

    fn check(file: &str, from: &str, to: &str, expected: &str) {
        let mut files = small();
        let text = files.get_mut(file).expect("a file of the pack");
        assert!(text.contains(from), "{file} has no {from}");
        *text = text.replace(from, to);
        let faults = CityPack::parse(&files).expect_err("a damaged pack is refused");
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|s| s.contains(expected)), "{said:?} does not say {expected:?}");
    }

    #[test]
    fn a_whole_pack_loads_and_hides_its_secrets() {
        let pack = CityPack::parse(&small()).expect("whole");
        assert_eq!((pack.stations.len(), pack.points.len(), pack.devices.len()), (1, 1, 1));
        let shown = format!("{pack:?}");
        assert!(!shown.contains("123456") && !shown.contains("long enough"));
    }

    #[test]
    fn a_damaged_pack_is_refused_with_file_line_and_reason() {
        check("city.toml", "zone", "zoen", "city.toml: ");
        check("stations.csv", ",kc,", ",kx,", "stations.csv, line 2: county: no such code \"kx\"");
        check("stations.csv", "118.8", "1188", "stations.csv, line 2: 1188, 28.9 is no place on earth");
        check("stations.csv", ",river,3", ",river,7", "line 2: target");
        check("stations.csv", ",river,", ",,", "line 2: water");
        check("stations.csv", "municipal_section", "municipal", "stations.csv, line 2");
        check("stations.csv", "source_en", "sauce_en", "stations.csv, line 2");
        check("points.csv", ",pH,2", ",pHH,2", "points.csv, line 2: unit: unknown \"pHH\"");
        check("points.csv", "2,,,", "2,at_most,x,c", "points.csv, line 2: limit");
        check(
            "devices.csv",
            "A,s1,21,123456,2017,,false,false,60\n",
            "A,s1,21,123456,2017,,false,false,60\nA,s1,21,123456,2017,,false,false,60\n",
            "devices.csv, line 3: A is there already",
        );
        check("devices.csv", "2017", "2018", "line 2: edition");
        check("devices.csv", "2017,", "2017,30", "line 2: key");
        check("counties.csv", "kc,", "\"k,c\",", "counties.csv, line 2: code: \"k,c\"");
        check("counties.csv", "kc,", "*,", "counties.csv, line 2: code: \"*\"");
        check("enterprises.csv", "e1,", "e 1,", "enterprises.csv, line 2: code: \"e 1\"");
        check("organisations.csv", "u1,,", "u1,u9,", "organisations.csv: organisation u1: parent: no such code u9");
        check("organisations.csv", ",*,", ",kx,", "organisations.csv, line 2: area: no such code \"kx\"");
        check("organisations.csv", "u1,,", "\"a,b\",,", "organisations.csv, line 2: code: \"a,b\"");
        check("enterprises.csv", "e1,", "u1,", "organisations.csv, line 2: code: u1 is an enterprise's");
        check("posts.csv", "duty_officer", "king", "posts.csv, line 2");
        check("posts.csv", "li,", "wang,", "posts.csv, line 2: login: no such code \"wang\"");
        check("posts.csv", ",u1,", ",u9,", "posts.csv, line 2: organisation: no such code \"u9\"");
        check("posts.csv", "duty_officer", "enforcement_officer", "posts.csv, line 2: certificate");
        check(
            "posts.csv",
            "u1,\n",
            "u1,\nli,system_administrator,u1,\n",
            "posts.csv, line 3: li holds a role that excludes",
        );
        check("geography.geojson", "[]", "[{\"properties\":{\"layer\":\"sea\"}}]", "unknown layer \"sea\"");
    }
}
