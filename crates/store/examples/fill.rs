//! Keeps telegrams as fast as the store takes them and prints how long it took; what `cargo xtask bench store` times.
//!
//! `fill ADDRESS TELEGRAMS VALUES`: a database file or `postgres://…`, empty or not there yet. Many senders each wait for their
//! answer before they send on, as connections do.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant as Clock;

use shanshui_domain::id::{Mn, PointId};
use shanshui_domain::sense::{Kept, Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{Arrival, Store, StoreOptions, TelegramIn};

/// Senders, and telegrams of each call.
const SENDERS: usize = 256;
const AT_ONCE: i64 = 16;
/// Stations; every telegram is of the next one, and of the next minute once all have sent.
const STATIONS: i64 = 4_000;
/// 2026-03-01T00:00:00Z in microseconds.
const BEGIN: i64 = 1_772_323_200_000_000;
const MINUTE: i64 = 60_000_000;

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, telegrams, values] = &args[..] else { return ExitCode::from(2) };
    let (telegrams, values) = (telegrams.parse().expect("a number"), values.parse().expect("a number"));
    let store = Store::connect(address, StoreOptions::default()).await.expect("opens");
    let (next, began) = (Arc::new(AtomicI64::new(0)), Clock::now());
    let senders: Vec<_> =
        (0..SENDERS).map(|_| tokio::spawn(send(store.clone(), Arc::clone(&next), telegrams, values))).collect();
    let mut kept = 0;
    for sender in senders {
        kept += sender.await.expect("no panic");
    }
    let seconds = began.elapsed().as_secs_f64();
    store.close().await;
    println!("{}", serde_json::json!({"seconds": seconds, "telegrams": telegrams, "readings": kept}));
    if kept == (telegrams * values) as usize { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn send(store: Store, next: Arc<AtomicI64>, telegrams: i64, values: i64) -> usize {
    let mut kept = 0;
    loop {
        let first = next.fetch_add(AT_ONCE, Ordering::Relaxed);
        if first >= telegrams {
            return kept;
        }
        let arrivals = (first..(first + AT_ONCE).min(telegrams)).map(|n| arrival(n, values)).collect();
        let receipts = store.arrive(arrivals).await.expect("kept");
        kept += receipts.iter().flat_map(|r| &r.kept).filter(|k| **k == Kept::New).count();
    }
}

fn arrival(n: i64, values: i64) -> Arrival {
    let (station, at) = (n % STATIONS, Instant(BEGIN + n / STATIONS * MINUTE));
    let arrived = Instant(at.0 + 1_000_000 + n * 7_919 % 900_000);
    let telegram = TelegramIn {
        arrived,
        peer: format!("192.0.2.{}:40000", station % 250),
        mn: Some(Mn(format!("53494D{station:018}"))),
        cn: Some("2011".into()),
        qn: Some(format!("{:017}", at.0 / 1_000)),
        raw: vec![b'x'; 600],
        problems: "[]".into(),
        quarantine: None,
    };
    let reading = |i: i64| Reading {
        key: ReadingKey { point: PointId((station + 1) * PointId::BLOCK + i + 1), kind: PeriodKind::Real, at },
        value: Some(format!("{}.{:02}", n * 31 % 40, (n * 17 + i * 13) % 100)),
        extra: String::new(),
        mark: "N".into(),
        arrived,
        late: false,
        telegram: None,
    };
    Arrival { telegram, readings: (0..values).map(reading).collect() }
}
