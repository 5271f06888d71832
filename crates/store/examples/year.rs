//! A year of one station, a value a minute of ten factors: how soon a curve of one factor over the whole year comes while all lies
//! hot, half has moved, all but the hot window of the settings as delivered has, and all has moved; and how many bytes a reading takes there. What `cargo xtask bench history` runs.
//!
//! `year ADDRESS FOLDER ROUNDS`: an empty database and an empty folder for the history. One JSON line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Instant as Clock;

use shanshui_domain::id::{Mn, PointId};
use shanshui_domain::right::Caller;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind, Zone};
use shanshui_history::{History, HistoryOptions, Length};
use shanshui_store::{Arrival, CurveBound, MoverOptions, Store, StoreOptions, TelegramIn};

/// 2025-01-01T00:00:00Z in microseconds.
const BEGIN: i64 = 1_735_689_600_000_000;
const MINUTE: i64 = 60_000_000;
const MINUTES: i64 = 365 * 1_440;
const END: Instant = Instant(BEGIN + MINUTES * MINUTE);
/// Hot window of the settings as delivered, in minutes.
const WINDOW: i64 = 90 * 1_440;
/// Minutes of which something is said again while half the year has moved.
const RESTATED: i64 = 500;
/// Stretches of a curve: what a page asks for.
const BUCKETS: usize = 800;
/// Telegrams given to the store at once.
const AT_ONCE: i64 = 2_000;

/// A factor as an analyser of surface water gives it: code, decimals, its middle, how far day and night differ, and how far it
/// wanders in a minute; the last three in units of its last digit.
type Factor = (&'static str, usize, f64, f64, f64);
const FACTORS: [Factor; 10] = [
    ("w01001", 2, 742.0, 12.0, 0.8),
    ("w01010", 1, 183.0, 31.0, 0.4),
    ("w01009", 2, 811.0, 95.0, 2.5),
    ("w01014", 1, 2_316.0, 40.0, 4.0),
    ("w01003", 1, 158.0, 12.0, 6.0),
    ("w01019", 2, 214.0, 6.0, 2.0),
    ("w21003", 3, 122.0, 9.0, 3.0),
    ("w21011", 3, 64.0, 3.0, 1.5),
    ("w21001", 2, 131.0, 4.0, 1.5),
    ("w00000", 1, 4_410.0, 300.0, 25.0),
];

/// Numbers that are the same everywhere (splitmix64), from 0 to 1.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, of deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// The station's values go their way minute by minute.
struct Station {
    dice: Dice,
    away: [f64; 10],
}

impl Station {
    fn values(&mut self, minute: i64) -> Vec<String> {
        let day = (minute % 1_440) as f64 / 1_440.0 * std::f64::consts::TAU;
        let mut value = |(i, (_, decimals, middle, daily, step)): (usize, &Factor)| {
            self.away[i] = self.away[i] * 0.995 + self.dice.normal() * step;
            let digits = (middle + daily * day.sin() + self.away[i]).round().max(0.0);
            format!("{:.decimals$}", digits / 10_f64.powi(*decimals as i32))
        };
        FACTORS.iter().enumerate().map(&mut value).collect()
    }

    fn arrival(&mut self, minute: i64) -> Arrival {
        let at = Instant(BEGIN + minute * MINUTE);
        let arrived = Instant(at.0 + 1_200_000 + (self.dice.next() * 900_000.0) as i64);
        let values = self.values(minute);
        let stamp = Zone::china().civil(at).strftime("%Y%m%d%H%M%S").to_string();
        let mut raw = format!(
            "##0000QN={stamp}000;ST=21;CN=2051;PW=123456;MN=33080000000000000000001A;Flag=5;CP=&&DataTime={stamp}"
        );
        for ((code, ..), value) in FACTORS.iter().zip(&values) {
            write!(raw, ";{code}-Avg={value},{code}-Flag=N").expect("text");
        }
        raw.push_str("&&0000\r\n");
        let telegram = TelegramIn {
            arrived,
            peer: "192.0.2.7:40000".into(),
            mn: Some(Mn("33080000000000000000001A".into())),
            cn: Some("2051".into()),
            qn: Some(format!("{stamp}000")),
            raw: raw.into_bytes(),
            problems: "[]".into(),
            quarantine: None,
        };
        let reading = |(i, value): (usize, String)| Reading {
            key: ReadingKey { point: point(i), kind: PeriodKind::Minute, at },
            value: Some(value),
            extra: String::new(),
            mark: "N".into(),
            arrived,
            late: false,
            telegram: None,
        };
        Arrival { telegram, readings: values.into_iter().enumerate().map(reading).collect() }
    }
}

fn point(i: usize) -> PointId {
    PointId(PointId::BLOCK + 1 + i as i64)
}

/// Middle and 95th part of a hundred of the milliseconds in which a year's curve of one factor came, and of its days' figures.
async fn curves(store: &Store, rounds: usize) -> serde_json::Value {
    let (mut curve, mut days, mut most) = (Vec::new(), Vec::new(), 0);
    let span = (Instant(BEGIN), END);
    for round in 0..=rounds {
        for (i, (_, decimals, middle, daily, step)) in FACTORS.iter().enumerate() {
            // every value beyond its limit is kept, so a limit that half the values pass would measure the sending of a year: this one
            // lies three deviations above the middle, `step` wandering ten times as far as it goes in a minute
            let limit = middle + 3.0 * (daily.powi(2) / 2.0 + (10.0 * step).powi(2)).sqrt();
            let bounds = [CurveBound::AtMost(limit / 10_f64.powi(*decimals as i32))];
            let began = Clock::now();
            let rows = store
                .range_sampled(&Caller::machine(), (point(i), PeriodKind::Minute), span, BUCKETS, &bounds)
                .await
                .expect("a curve");
            let took = began.elapsed().as_secs_f64() * 1_000.0;
            assert!(rows.sampled && rows.unread.is_empty() && rows.rows.len() >= BUCKETS, "{} rows", rows.rows.len());
            let began = Clock::now();
            let of = (Length::Day, &Zone::china());
            let figures =
                store.statistics(&Caller::machine(), &[point(i)], PeriodKind::Minute, span, of).await.expect("figures");
            assert_eq!(figures.rows.iter().map(|(_, s)| s.count).sum::<u64>(), MINUTES as u64);
            if round > 0 {
                curve.push(took);
                most = most.max(rows.rows.len());
                days.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
        }
    }
    let of = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        serde_json::json!({"p50": all[all.len() / 2], "p95": all[all.len() * 95 / 100]})
    };
    serde_json::json!({"curve": of(curve), "days": of(days), "most_rows": most})
}

/// Merges what was moved, as the mover does each night.
async fn merge(store: &Store) {
    let history = store.history().expect("a history");
    for month in history.scattered_months() {
        history.compact(&month).await.expect("merged");
    }
}

/// Packs days that are over, as a job does each hour.
async fn pack(store: &Store) {
    store.pack_days(END, 0, usize::MAX).await.expect("packed");
}

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, folder, rounds] = &args[..] else { return ExitCode::from(2) };
    let rounds = rounds.parse().expect("a number");
    let history = History::open(folder, HistoryOptions::default()).await.expect("a history");
    let store = Store::connect(address, StoreOptions::default()).await.expect("opens").with_history(history);
    let mut station = Station { dice: Dice(2_025), away: [0.0; 10] };
    for first in (0..MINUTES).step_by(AT_ONCE as usize) {
        let all = (first..(first + AT_ONCE).min(MINUTES)).map(|minute| station.arrival(minute)).collect();
        store.arrive(all).await.expect("kept");
    }
    pack(&store).await;
    let hot = curves(&store, rounds).await;

    let half = Instant(BEGIN + MINUTES / 2 * MINUTE);
    store.move_before(half, MoverOptions::default()).await.expect("moved");
    merge(&store).await;
    // devices mend what they said of times that have moved
    let again = (0..RESTATED).map(|n| {
        let mut again = station.arrival(n * 487);
        again.telegram.arrived = Instant(END.0 + n * MINUTE);
        for reading in &mut again.readings {
            (reading.arrived, reading.late) = (again.telegram.arrived, true);
        }
        again
    });
    store.arrive(again.collect()).await.expect("kept");
    pack(&store).await;
    let mixed = curves(&store, rounds).await;

    store.move_before(Instant(END.0 - WINDOW * MINUTE), MoverOptions::default()).await.expect("moved");
    merge(&store).await;
    let window = curves(&store, rounds).await;

    let began = Clock::now();
    let moved = store.move_before(END, MoverOptions::default()).await.expect("moved");
    let move_s = began.elapsed().as_secs_f64();
    let history = store.history().expect("a history");
    let before_merge = history.files().len();
    merge(&store).await;
    let past = curves(&store, rounds).await;

    let mut bytes: BTreeMap<&str, u64> = BTreeMap::new();
    for file in history.files() {
        *bytes.entry(file.part.as_str()).or_default() += file.size;
    }
    let statements = (MINUTES + RESTATED) * FACTORS.len() as i64;
    println!(
        "{}",
        serde_json::json!({"hot": hot, "mixed": mixed, "window": window, "history": past, "bytes": bytes, "readings": statements,
            "telegrams": MINUTES + RESTATED, "files": [before_merge, history.files().len()],
            "moved_per_s": moved.readings as f64 / move_s})
    );
    store.close().await;
    ExitCode::SUCCESS
}
