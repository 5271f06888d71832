//! Proofs: what the program promises, tried against the program itself as processes on this machine.

mod api;
mod calls;
mod copies;
mod crash;
mod eye;
mod full;
mod guesses;
pub mod ledger;
mod lines;
mod mover;
mod nodes;
mod power;
mod report;
mod rights;
mod season;
mod tamper;

use std::process::ExitCode;

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Map, Value};

/// Options.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which; all when none is named
    names: Vec<String>,
    /// One JSON line per promise on standard output instead of a table
    #[arg(long)]
    json: bool,
    /// With `power`: only the store, without the server around it
    #[arg(long)]
    store: bool,
    /// How often the server or the mover is killed, or its power cut
    #[arg(long, default_value_t = 50)]
    kills: u32,
    /// With `calls`: the first so many calls to the disk fail, one in each life
    #[arg(long, default_value_t = 400)]
    calls: u32,
    /// With `copies`: how many of each engine
    #[arg(long, default_value_t = 12)]
    copies: u32,
    /// With `nodes`: how long, one kill a minute; with `eye`: how long, a quarter of it without what is no camera
    #[arg(long)]
    minutes: Option<u32>,
    /// With `tamper`: how many bytes of each kind of file are changed, one at a time
    #[arg(long, default_value_t = 300)]
    flips: u32,
    /// With `rights`: how many checks of a scope are taken out of the sources, one at a time, to see that it is noticed
    #[arg(long, default_value_t = 6)]
    checks: u32,
    /// With `lines`: connections with faults on them
    #[arg(long, default_value_t = 5_000)]
    connections: u32,
    /// With `api`: how many requests the server is to get
    #[arg(long, default_value_t = 200_000)]
    requests: u64,
    /// With `season`: how many seeds, each ninety days
    #[arg(long, default_value_t = 10_000)]
    seasons: u64,
    /// With `eye`: real cameras
    #[arg(long, default_value_t = 4)]
    cameras: u32,
    /// With `eye`: sources that are none
    #[arg(long, default_value_t = 200)]
    garbage: u32,
    /// With `voice`: how often somebody comes to each loudspeaker
    #[arg(long, default_value_t = 20)]
    visits: u32,
    /// Decides when, and what is asked
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One promise and how it was kept.
#[derive(Debug, Clone, Serialize)]
pub struct Promise {
    name: &'static str,
    tried: u64,
    lost: u64,
    doubled: u64,
    wrong: u64,
    seed: u64,
    met: bool,
    /// Further figures.
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// One proof.
struct Proof {
    name: &'static str,
    run: fn(&Args) -> anyhow::Result<Vec<Promise>>,
}

const PROOFS: &[Proof] = &[
    Proof { name: "crash", run: crash::run },
    Proof { name: "power", run: power::run },
    Proof { name: "calls", run: calls::run },
    Proof { name: "copies", run: copies::run },
    Proof { name: "full", run: full::run },
    Proof { name: "lines", run: lines::run },
    Proof { name: "mover", run: mover::run },
    Proof { name: "nodes", run: nodes::run },
    Proof { name: "rights", run: rights::run },
    Proof { name: "api", run: api::run },
    Proof { name: "guesses", run: guesses::run },
    Proof { name: "tamper", run: tamper::run },
    Proof { name: "eye", run: eye::run },
    Proof { name: "blind", run: eye::blind::run },
    Proof { name: "voice", run: eye::voice::run },
    Proof { name: "season", run: season::run },
];

/// Runs them.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    for name in &args.names {
        let known: Vec<_> = PROOFS.iter().map(|p| p.name).collect();
        ensure!(known.contains(&name.as_str()), "no proof {name:?}; there are {}", known.join(", "));
    }
    // what is tried is what was built before, whatever is committed meanwhile
    let measured = report::measured();
    let mut promises = Vec::new();
    for proof in PROOFS.iter().filter(|p| args.names.is_empty() || args.names.iter().any(|n| n == p.name)) {
        let got = (proof.run)(args).with_context(|| format!("proof {}", proof.name))?;
        if args.json {
            for promise in &got {
                println!("{}", serde_json::to_string(promise)?);
            }
        }
        promises.extend(got);
    }
    if !args.json {
        print!("{}", report::table(&promises, &measured));
    }
    report::write(&crate::root().join("docs/ref/reliability.md"), &promises, &measured)?;
    Ok(if promises.iter().all(|p| p.met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Further figures of a promise.
fn more(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Spreads the bits of a number (SplitMix64).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
