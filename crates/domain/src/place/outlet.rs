//! Strict reading of `outlets.csv`: what an outlet is judged by beside the limits of its points (排放口适用条款). A pack may lack the
//! file, and the file an outlet: what it would say is then not known, and nothing is guessed.

use std::collections::HashSet;

use jiff::civil::Date;
use serde::Deserialize;

use super::load::Reader;
use crate::analyse::discharge::binding::Listing;
use crate::id::StationCode;
use crate::standard::discharge::ReferenceOxygen;

const FILE: &str = "outlets.csv";
/// Flow of dry gas at standard state (标态干烟气流量).
const DRY_STANDARD: &str = "dry_standard";

/// What an outlet is judged by beside the limits of its points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutletTerms {
    /// The outlet.
    pub station: StationCode,
    /// Oxygen that the limits of its points refer to (基准氧含量).
    pub reference: ReferenceOxygen,
    /// Whether its flow of gas is known to be dry and at standard state; without that it has no load. Of no meaning for water.
    pub dry_flow: bool,
    /// When the plant was built.
    pub built: Option<Date>,
    /// Tables of standards that it falls under, the one that takes precedence first.
    pub listed: Vec<Listing>,
    /// How sure the row is.
    pub mark: String,
    /// Where it is said.
    pub cite: String,
}

impl OutletTerms {
    /// Those of an outlet of which nothing is known.
    pub fn unknown(station: StationCode) -> Self {
        let (mark, cite) = ("?".to_owned(), String::new());
        Self {
            station,
            reference: ReferenceOxygen::Unconfirmed,
            dry_flow: false,
            built: None,
            listed: Vec::new(),
            mark,
            cite,
        }
    }
}

/// A row as text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutletText {
    station: StationCode,
    /// Per cent; `-` when values are held as measured; `?` when it is not known.
    reference_oxygen: String,
    /// `dry_standard`, or empty.
    flow: String,
    /// Day, or empty.
    built: String,
    /// `standard | table | level`, several with `;` between.
    listed: String,
    mark: String,
    cite: String,
}

pub(super) fn outlets(r: &mut Reader<'_>, outlets: &HashSet<String>) -> Vec<OutletTerms> {
    if !r.has(FILE) {
        return Vec::new();
    }
    let rows: Vec<(u64, OutletText)> = r.rows(FILE);
    r.unique(FILE, &rows, |row| row.station.to_string());
    let mut out = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        r.known(FILE, line, "station", row.station.as_str(), outlets);
        match terms(row) {
            Ok(terms) => out.push(terms),
            Err(reason) => r.fault(FILE, Some(line), reason),
        }
    }
    out
}

fn terms(row: OutletText) -> Result<OutletTerms, String> {
    let reference = match row.reference_oxygen.as_str() {
        "-" => ReferenceOxygen::NotFolded,
        "?" => ReferenceOxygen::Unconfirmed,
        text => {
            let value = text.parse().map_err(|_| format!("reference_oxygen: {text:?} is no number, - or ?"))?;
            ReferenceOxygen::Percent { value }
        }
    };
    let dry_flow = match row.flow.as_str() {
        "" => false,
        DRY_STANDARD => true,
        text => return Err(format!("flow: {text:?} is not {DRY_STANDARD} or empty")),
    };
    let built = match row.built.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| format!("built: {text:?} is no day"))?),
    };
    let parts = row.listed.split(';').map(str::trim).filter(|part| !part.is_empty());
    let listed = parts.map(listing).collect::<Result<_, _>>()?;
    Ok(OutletTerms { station: row.station, reference, dry_flow, built, listed, mark: row.mark, cite: row.cite })
}

fn listing(text: &str) -> Result<Listing, String> {
    let words: Vec<&str> = text.split('|').map(str::trim).collect();
    let [standard, table, level] = words[..] else {
        return Err(format!("listed: {text:?} is not standard | table | level"));
    };
    Ok(Listing { standard: standard.to_owned(), table: table.to_owned(), level: level.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_strictly() {
        let row = |oxygen: &str, flow: &str, listed: &str| {
            terms(OutletText {
                station: "ol1".into(),
                reference_oxygen: oxygen.into(),
                flow: flow.into(),
                built: String::new(),
                listed: listed.into(),
                mark: "P".into(),
                cite: "c".into(),
            })
        };
        let good = row("9", "dry_standard", "A | b | 1; C | d | all").expect("good");
        assert_eq!(good.reference, ReferenceOxygen::Percent { value: 9.into() });
        assert!(good.dry_flow && good.listed.len() == 2 && good.listed[1].level == "all");
        assert_eq!(row("?", "", "").expect("good").reference, ReferenceOxygen::Unconfirmed);
        for (oxygen, flow, listed, word) in
            [("x", "", "", "reference_oxygen"), ("-", "wet", "", "flow"), ("-", "", "A | b", "listed")]
        {
            assert!(row(oxygen, flow, listed).expect_err("refused").starts_with(word));
        }
    }
}
