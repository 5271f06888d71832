//! City packs from folders, or the demonstration city that is built in.
//!
//! The first pack is the city; further ones add stations, points, devices, enterprises, units and people to it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use rust_embed::Embed;
use shanshui_domain::id::StationCode;
use shanshui_domain::place::{CityPack, Registration, Station};

/// The city as it is known now: its packs and the stations registered since.
#[derive(Debug, Clone)]
pub struct City {
    pack: CityPack,
    by_code: HashMap<StationCode, Arc<Station>>,
}

impl City {
    /// The city of a pack.
    pub fn new(pack: CityPack) -> Self {
        let by_code = pack.stations.iter().map(|s| (s.code.clone(), Arc::new(s.clone()))).collect();
        Self { pack, by_code }
    }

    /// The city with one station more.
    ///
    /// # Errors
    /// Every fault of the registration.
    pub fn with(&self, registration: &Registration) -> Result<Self, Vec<String>> {
        let mut pack = self.pack.clone();
        pack.register(registration)?;
        Ok(Self::new(pack))
    }

    /// A station by code.
    pub fn station(&self, code: &StationCode) -> Option<&Arc<Station>> {
        self.by_code.get(code)
    }
}

impl Deref for City {
    type Target = CityPack;

    fn deref(&self) -> &CityPack {
        &self.pack
    }
}

/// Largest file of a pack in bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

#[derive(Embed)]
#[folder = "../../cities/quzhou"]
#[allow_missing = true]
struct Quzhou;

/// The demonstration city.
///
/// # Errors
/// When the built-in pack is damaged; a test loads it.
pub fn demo() -> anyhow::Result<CityPack> {
    let mut files = BTreeMap::new();
    for name in Quzhou::iter() {
        let file = Quzhou::get(&name).with_context(|| format!("built-in {name}"))?;
        let text = String::from_utf8(file.data.into_owned()).with_context(|| format!("built-in {name}"))?;
        files.insert(name.into_owned(), text);
    }
    parse("built-in city pack", &files)
}

/// The packs of the configuration as one city; the demonstration city when none is named.
///
/// # Errors
/// When a pack cannot be read or is damaged: every fault with file, line and reason.
pub fn load(folders: &[PathBuf]) -> anyhow::Result<CityPack> {
    let Some((first, more)) = folders.split_first() else { return demo() };
    let mut city = read(first)?;
    for folder in more {
        join(&mut city, read(folder)?).with_context(|| format!("city pack {}", folder.display()))?;
    }
    Ok(city)
}

fn read(folder: &Path) -> anyhow::Result<CityPack> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("city pack {}", folder.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else { continue };
        if !matches!(path.extension().and_then(|e| e.to_str()), Some("toml" | "csv" | "geojson")) {
            continue;
        }
        let size = fs::metadata(&path).with_context(|| path.display().to_string())?.len();
        if size > FILE_BYTES_MAX {
            bail!("{}: {size} bytes, at most {FILE_BYTES_MAX}", path.display());
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        files.insert(name.to_owned(), text);
    }
    parse(&format!("city pack {}", folder.display()), &files)
}

fn parse(what: &str, files: &BTreeMap<String, String>) -> anyhow::Result<CityPack> {
    CityPack::parse(files).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(|f| format!("\n  {f}")).collect();
        anyhow::anyhow!("{what} is damaged:{}", lines.concat())
    })
}

fn join(city: &mut CityPack, other: CityPack) -> anyhow::Result<()> {
    let stations: HashSet<_> = city.stations.iter().map(|s| s.code.clone()).collect();
    if let Some(twice) = other.stations.iter().find(|s| stations.contains(&s.code)) {
        bail!("station {} is in an earlier pack already", twice.code);
    }
    let devices: HashSet<_> = city.devices.iter().map(|d| d.mn.clone()).collect();
    if let Some(twice) = other.devices.iter().find(|d| devices.contains(&d.mn)) {
        bail!("device {} is in an earlier pack already", twice.mn);
    }
    let known = |list: &[shanshui_domain::place::Named], code: &str| list.iter().any(|n| n.code == code);
    let counties: Vec<_> = other.counties.into_iter().filter(|c| !known(&city.counties, &c.code)).collect();
    let there: HashSet<_> = city.units.iter().map(|u| u.code.clone()).collect();
    let units: Vec<_> = other.units.into_iter().filter(|u| !there.contains(&u.code)).collect();
    city.counties.extend(counties);
    city.units.extend(units);
    city.enterprises.extend(other.enterprises);
    city.stations.extend(other.stations);
    city.points.extend(other.points);
    city.devices.extend(other.devices);
    city.people.extend(other.people);
    city.posts.extend(other.posts);
    let joined = city.rivers.join(&other.rivers);
    city.rivers = joined
        .map_err(|ids| anyhow::anyhow!("reaches.csv: {} are in an earlier pack, or run in a circle", ids.join(", ")))?;
    Ok(())
}
