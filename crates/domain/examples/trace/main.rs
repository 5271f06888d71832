//! Measures tracing the other way round: releases a pulse at an outlet of a city's network, carries it down with
//! velocities drawn within (or beyond) the interval of each reach, and asks where the first section that notices it
//! came from.
//!
//! ```text
//! cargo run -p shanshui-domain --example trace -- CITY_FOLDER SEED TRIALS
//! ```
//!
//! Printed are the tables of `docs/ref/trace.md`. Outlets of the pack are joined by invented ones, so that there is
//! something to mistake them for; some of them are raised at another time.

mod river;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use shanshui_domain::place::CityPack;
use shanshui_domain::standard::trace::TraceBook;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, seed, trials] = args.as_slice() else {
        eprintln!("usage: trace CITY_FOLDER SEED TRIALS");
        return ExitCode::from(2);
    };
    let (Ok(seed), Ok(trials)) = (seed.parse(), trials.parse()) else {
        eprintln!("SEED and TRIALS are numbers");
        return ExitCode::from(2);
    };
    match (pack(Path::new(folder)), TraceBook::embedded()) {
        (Ok(pack), Ok(book)) => {
            river::measure(&pack.rivers, &pack, &book, (seed, trials));
            ExitCode::SUCCESS
        }
        (Err(reason), _) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
        (_, Err(error)) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn pack(folder: &Path) -> Result<CityPack, String> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        let kind = path.extension().and_then(|e| e.to_str());
        if let (Some("csv" | "toml" | "geojson"), Some(name)) = (kind, path.file_name().and_then(|n| n.to_str())) {
            files.insert(name.to_owned(), std::fs::read_to_string(&path).map_err(|e| e.to_string())?);
        }
    }
    CityPack::parse(&files).map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}
