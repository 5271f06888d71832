//! Series of the two releases.

use std::collections::BTreeMap;

use shanshui_domain::time::{Instant, Zone};

/// One factor of one station or city.
pub struct Measured {
    pub factor: &'static str,
    pub unit: &'static str,
    pub values: Vec<(Instant, f64)>,
}

type Column = (&'static str, &'static str, &'static str);

const WATER: [Column; 9] = [
    ("temp_raw", "temperature", "°C"),
    ("ph_raw", "pH", "pH"),
    ("do_raw", "dissolved oxygen", "mg/L"),
    ("cond_raw", "conductivity", "µS/cm"),
    ("turb_raw", "turbidity", "NTU"),
    ("codmn_raw", "CODMn", "mg/L"),
    ("nh3n_raw", "NH3-N", "mg/L"),
    ("tp_raw", "TP", "mg/L"),
    ("tn_raw", "TN", "mg/L"),
];
const AIR: [Column; 6] = [
    ("pm2_5", "PM2.5", "µg/m³"),
    ("pm10", "PM10", "µg/m³"),
    ("so2", "SO2", "µg/m³"),
    ("no2", "NO2", "µg/m³"),
    ("co", "CO", "mg/m³"),
    ("o3_8h", "O3 8 h", "µg/m³"),
];

type Found = BTreeMap<(&'static str, String), Vec<(Instant, f64)>>;

fn reader(text: &str) -> Result<(csv::Reader<&[u8]>, csv::StringRecord), String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    Ok((reader, header))
}

fn place(header: &csv::StringRecord, name: &str) -> Result<usize, String> {
    header.iter().position(|h| h == name).ok_or_else(|| format!("no column {name}"))
}

fn out(found: Found, order: &[Column]) -> Vec<Measured> {
    let of = |(_, factor, unit): &Column| {
        let (factor, unit) = (*factor, *unit);
        let all = found.iter().filter(move |((name, _), _)| *name == factor);
        all.map(move |(_, values)| Measured { factor, unit, values: values.clone() })
    };
    order.iter().flat_map(of).collect()
}

/// Sections, without values under maintenance. A row stands for its day: the release has one of each.
pub fn water(text: &str) -> Result<Vec<Measured>, String> {
    let (mut reader, header) = reader(text)?;
    let [day, section, river, status] = ["file_date", "section", "river", "status"].map(|name| place(&header, name));
    let (day, section, river, status) = (day?, section?, river?, status?);
    let mut found = Found::new();
    for row in reader.records() {
        let row = row.map_err(|e| e.to_string())?;
        let Some(at) = instant(&row[day]).filter(|_| &row[status] == "正常") else { continue };
        for (column, factor, _) in WATER {
            if let Ok(value) = row[place(&header, column)?].parse::<f64>() {
                found.entry((factor, format!("{}{}", &row[river], &row[section]))).or_default().push((at, value));
            }
        }
    }
    Ok(out(found, &WATER))
}

/// Cities from 2018 on; 0 stands for a missing value in this release.
pub fn air(text: &str) -> Result<Vec<Measured>, String> {
    let (mut reader, header) = reader(text)?;
    let (city, day) = (place(&header, "city")?, place(&header, "date")?);
    let mut found = Found::new();
    for row in reader.records() {
        let row = row.map_err(|e| e.to_string())?;
        let Some(at) = instant(&row[day]).filter(|_| &row[day] >= "2018") else { continue };
        for (column, factor, _) in AIR {
            if let Some(value) = row[place(&header, column)?].parse::<f64>().ok().filter(|v| *v > 0.0) {
                found.entry((factor, row[city].to_owned())).or_default().push((at, value));
            }
        }
    }
    Ok(out(found, &AIR))
}

fn instant(day: &str) -> Option<Instant> {
    Zone::china().instant(day.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0))
}
