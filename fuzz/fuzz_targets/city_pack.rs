//! A city pack of any texts is loaded or refused with reasons, never more. The bytes are cut into files at 0xFF.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use shanshui_domain::place::CityPack;

const FILES: [&str; 10] = [
    "city.toml",
    "counties.csv",
    "organisations.csv",
    "enterprises.csv",
    "stations.csv",
    "points.csv",
    "devices.csv",
    "people.csv",
    "posts.csv",
    "geography.geojson",
];

fuzz_target!(|bytes: &[u8]| {
    let texts = bytes.split(|b| *b == 0xFF).map(|part| String::from_utf8_lossy(part).into_owned());
    let files: BTreeMap<String, String> = FILES.iter().map(|f| (*f).to_owned()).zip(texts).collect();
    match CityPack::parse(&files) {
        Ok(pack) => assert_eq!(CityPack::parse(&files), Ok(pack)),
        Err(faults) => assert!(!faults.is_empty() && faults.iter().all(|f| !f.reason.is_empty())),
    }
});
