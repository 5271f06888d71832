//! `shanshui hj212 simulate`: stations that are not there, for demonstrations, crash tests and benchmarks.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use shanshui_domain::time::Instant;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::sim::fault::{Chance, Faults};
use crate::sim::load::{self, Load};
use crate::sim::plan::{Event, Scenario, city};
use crate::sim::{Tally, play, synthetic};

/// What to play.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Centre to send to.
    #[arg(long, value_name = "HOST:PORT", required_unless_present = "write_pack")]
    to: Option<String>,
    /// Synthetic stations.
    #[arg(long, value_name = "N", default_value_t = 10)]
    stations: usize,
    /// Telegrams a second over all stations, or `max`: as fast as the window lets.
    #[arg(long, value_name = "R", default_value = "10")]
    rate: Rate,
    /// Telegrams unanswered on a connection at most, with `--rate max`.
    #[arg(long, value_name = "W", default_value_t = 64)]
    window: usize,
    /// Seconds.
    #[arg(long, value_name = "S", default_value_t = 60.0)]
    duration: f64,
    /// Seconds to wait for the last answers.
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    drain: f64,
    /// Seconds after which counting begins anew, so that figures are of the steady state; part of the duration.
    #[arg(long, value_name = "S", default_value_t = 0.0)]
    warm_up: f64,
    /// Factors of each synthetic station, at most 24.
    #[arg(long, value_name = "K", default_value_t = 15)]
    factors: usize,
    /// Connections; absent: one for each station.
    #[arg(long, value_name = "N")]
    connections: Option<usize>,
    /// Decides every value and every fault.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Play the devices of this city pack instead of synthetic stations: real loggers' behaviour, as registered.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["stations", "rate", "factors", "connections"])]
    city: Option<PathBuf>,
    /// With `--city`: real-time interval of every device in seconds.
    #[arg(long, value_name = "S", requires = "city")]
    interval: Option<u32>,
    /// With `--city`: send minute, hour and day data at the end of their periods too.
    #[arg(long, requires = "city")]
    periods: bool,
    /// With `--city`: pH 7.91, 9.34, 10.21, 8.47 within two minutes, that many seconds after the start.
    #[arg(long, value_name = "STATION[@S]", requires = "city")]
    spike: Vec<Place>,
    /// With `--city`: a factor beyond its limit for ten minutes.
    #[arg(long, value_name = "STATION:FACTOR[@S]", requires = "city")]
    exceed: Vec<Place>,
    /// With `--city`: a station that sends nothing for ten minutes.
    #[arg(long, value_name = "STATION[@S]", requires = "city")]
    dead: Vec<Place>,
    /// Ledger to append to: what was sent and what was acknowledged.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Write a city pack that registers the synthetic stations into this folder, and end.
    #[arg(long, value_name = "DIR", conflicts_with = "city")]
    write_pack: Option<PathBuf>,
    /// Wrong CRC first, then right: share of telegrams (0.0 to 1.0) or number of times. So all of these.
    #[arg(long, value_name = "P", default_value = "0")]
    bad_crc: Chance,
    /// Connection cut in the middle of the frame.
    #[arg(long, value_name = "P", default_value = "0")]
    cut: Chance,
    /// The same telegram twice.
    #[arg(long, value_name = "P", default_value = "0")]
    repeat: Chance,
    /// Old data (RF=1 in edition 2025).
    #[arg(long, value_name = "P", default_value = "0")]
    back_fill: Chance,
    /// In two packets.
    #[arg(long, value_name = "P", default_value = "0")]
    split: Chance,
    /// Bytes a few at a time.
    #[arg(long, value_name = "P", default_value = "0")]
    slow: Chance,
    /// Stations of edition 2025 that encrypt with SM4.
    #[arg(long, value_name = "P", default_value = "0")]
    encrypted: Chance,
}

/// `--rate`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rate {
    PerSecond(f64),
    Max,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<f64>() {
            _ if text == "max" => Ok(Self::Max),
            Ok(rate) if rate > 0.0 && rate.is_finite() => Ok(Self::PerSecond(rate)),
            _ => Err(format!("{text:?} is neither a rate nor max")),
        }
    }
}

/// `STATION[:FACTOR][@SECONDS]`.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    station: String,
    factor: Option<String>,
    after_s: i64,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (place, after) = text.split_once('@').unwrap_or((text, "60"));
        let after_s = after.parse().map_err(|_| format!("{after:?} is no number of seconds"))?;
        let (station, factor) = match place.split_once(':') {
            Some((station, factor)) => (station, Some(factor.to_owned())),
            None => (place, None),
        };
        Ok(Self { station: station.to_owned(), factor, after_s })
    }
}

/// How long an exceedance or a silence lasts.
const LASTS_MS: i64 = 600_000;

pub(super) fn run(args: &Simulate) -> anyhow::Result<ExitCode> {
    if !(1..=synthetic::FACTORS.len()).contains(&args.factors) {
        bail!("--factors: 1 to {}", synthetic::FACTORS.len());
    }
    if let Some(dir) = &args.write_pack {
        let files = synthetic::pack(args.stations, args.factors, args.encrypted, args.seed);
        write_pack(dir, &files)?;
        return Ok(ExitCode::SUCCESS);
    }
    // one thread: on a small machine the centre needs the others
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(simulate(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn simulate(args: &Simulate) -> anyhow::Result<()> {
    let tally = Arc::new(Tally::new(args.log.as_deref()).with_context(|| ledger(args))?);
    let stop = CancellationToken::new();
    let interrupted = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    if args.warm_up > 0.0 {
        let (tally, after) = (tally.clone(), Duration::from_secs_f64(args.warm_up.min(1e9)));
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            tally.restart();
        });
    }
    let progress = tokio::spawn(show(tally.clone(), args.duration));
    let result = match &args.city {
        Some(dir) => play_city(args, dir, &tally, &stop).await,
        None => load::run(synthetic_load(args), tally.clone(), stop).await.with_context(|| ledger(args)),
    };
    progress.abort();
    result?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", tally.summary())?;
    Ok(out.flush()?)
}

fn ledger(args: &Simulate) -> String {
    args.log.as_ref().map_or(String::from("ledger"), |path| format!("ledger {}", path.display()))
}

fn centre(args: &Simulate) -> String {
    args.to.clone().expect("clap asks for --to unless a pack is written")
}

fn synthetic_load(args: &Simulate) -> Load {
    Load {
        to: centre(args),
        stations: args.stations,
        factors: args.factors,
        connections: args.connections.unwrap_or(args.stations),
        rate: match args.rate {
            Rate::PerSecond(rate) => load::Rate::PerSecond(rate),
            Rate::Max => load::Rate::Max { window: args.window },
        },
        duration: Duration::from_secs_f64(args.duration.clamp(0.0, 1e9)),
        drain: Duration::from_secs_f64(args.drain.clamp(0.0, 1e9)),
        seed: args.seed,
        encrypted: args.encrypted,
        faults: Faults {
            bad_crc: args.bad_crc,
            cut: args.cut,
            repeat: args.repeat,
            back_fill: args.back_fill,
            split: args.split,
            slow: args.slow,
        },
    }
}

async fn play_city(args: &Simulate, dir: &Path, tally: &Arc<Tally>, stop: &CancellationToken) -> anyhow::Result<()> {
    let pack = crate::city::load(&[dir.to_owned()])?;
    let plans = city(&pack, &scenario(args, play::now())?);
    let mut devices = JoinSet::new();
    for plan in plans {
        devices.spawn(play::play(plan, centre(args), tally.clone(), stop.clone()));
    }
    let (end, stop) = (Duration::from_secs_f64(args.duration.clamp(0.0, 1e9)), stop.clone());
    tokio::spawn(async move {
        tokio::time::sleep(end).await;
        stop.cancel();
    });
    while let Some(device) = devices.join_next().await {
        device?.with_context(|| ledger(args))?;
    }
    Ok(())
}

fn scenario(args: &Simulate, now: Instant) -> anyhow::Result<Scenario> {
    let mut events = Vec::new();
    for place in &args.spike {
        events.push(Event::Spike { station: place.station.clone(), at: now.plus_ms(place.after_s * 1_000) });
    }
    for place in &args.exceed {
        let Some(factor) = place.factor.clone() else { bail!("--exceed: {}: names no factor", place.station) };
        let from = now.plus_ms(place.after_s * 1_000);
        let until = from.plus_ms(LASTS_MS);
        events.push(Event::Exceed { station: place.station.clone(), factor, from, until, value: None });
    }
    for place in &args.dead {
        let from = now.plus_ms(place.after_s * 1_000);
        events.push(Event::Dead { station: place.station.clone(), from, until: from.plus_ms(LASTS_MS) });
    }
    Ok(Scenario { seed: args.seed, events, periods: args.periods, interval_s: args.interval })
}

fn write_pack(dir: &Path, files: &BTreeMap<String, String>) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    for (name, text) in files {
        std::fs::write(dir.join(name), text).with_context(|| dir.join(name).display().to_string())?;
    }
    Ok(())
}

/// A line on a terminal; nothing elsewhere.
async fn show(tally: Arc<Tally>, duration: f64) {
    let bar = ProgressBar::new(duration.max(0.0).ceil() as u64);
    if let Ok(style) = ProgressStyle::with_template("{elapsed} of {len} s {bar:30} {msg}") {
        bar.set_style(style);
    }
    let mut tick = tokio::time::interval(Duration::from_millis(500));
    loop {
        tick.tick().await;
        bar.set_position(bar.elapsed().as_secs());
        let (sent, acked) = (tally.sent.load(Relaxed), tally.acked.load(Relaxed));
        bar.set_message(format!("{sent} sent, {acked} acknowledged"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_places_are_read() {
        assert_eq!("max".parse(), Ok(Rate::Max));
        assert_eq!("2.5".parse(), Ok(Rate::PerSecond(2.5)));
        assert!("0".parse::<Rate>().is_err() && "fast".parse::<Rate>().is_err());
        let place = Place { station: "s1".into(), factor: Some("w01001".into()), after_s: 5 };
        assert_eq!("s1:w01001@5".parse(), Ok(place));
        assert_eq!("s1".parse(), Ok(Place { station: "s1".into(), factor: None, after_s: 60 }));
        assert!("s1@soon".parse::<Place>().is_err());
    }
}
