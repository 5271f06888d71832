//! How long the main reads take on a large store. Ignored by default: `cargo nextest run -p shanshui-store --release
//! --run-ignored only large --no-capture` prints the figures.

use std::time::Instant as Clock;

use shanshui_domain::act::alarm::{AlarmKind, AlarmState};
use shanshui_domain::id::{AlarmId, PointId, StationCode};
use shanshui_domain::right::Caller;
use shanshui_domain::time::{Instant, PeriodKind};
use uuid::Uuid;

use super::{REAL, arrival, key, reading};
use crate::{AlarmFilter, AlarmRow, CurveBound, JudgementRow, Store, StoreOptions};

const POINTS: i64 = 200;
const MINUTES: i64 = 10_000;
const MINUTE: i64 = 60_000_000;

/// 2 million readings in 300,000 telegrams, a third of these in quarantine.
async fn fill_readings(store: &Store) {
    for chunk in 0..100 {
        let mut arrivals = Vec::with_capacity(3_000);
        for at in (chunk * 100)..(chunk * 100 + 100) {
            for part in 0..30 {
                let mut a = arrival(vec![]);
                a.telegram.arrived = Instant(at * MINUTE);
                a.telegram.raw = vec![b'x'; 500];
                a.telegram.quarantine = (part % 3 == 0).then(|| "crc".into());
                a.telegram.peer = format!("192.0.2.{part}:4000");
                for point in (0..POINTS).filter(|p| part < 20 && p % 20 == part) {
                    let mut k = key(at * MINUTE);
                    k.point = PointId(point + 1);
                    a.readings.push(reading(k, "7.51"));
                }
                arrivals.push(a);
            }
        }
        store.arrive(arrivals).await.expect("kept");
    }
    let points = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200) \
        INSERT INTO point (station, factor) SELECT 's' || (i/10), 'f' || i FROM n";
    store.write(move |tx| tx.execute(points, vec![])).await.expect("points");
}

async fn fill_rest(store: &Store) {
    let tasks: Vec<_> = (0..100_000_i64)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move {
                let station = StationCode(format!("s{}", i % 100));
                let judgement = JudgementRow {
                    station: station.clone(),
                    at: Instant(i / 100 * MINUTE),
                    kind: "water_real".into(),
                    edition: "GB 3838-2002".into(),
                    version: 0,
                    level: Some(3),
                    result: "{\"label\":\"III\"}".into(),
                    explanation: "x".repeat(800),
                    made: Instant(i),
                };
                store.judgement_put(judgement).await.expect("kept");
                let condition = format!("{station}:{i}");
                let alarm = AlarmRow {
                    id: AlarmId(Uuid::from_u128(i as u128 + 1)),
                    condition: condition.clone(),
                    kind: AlarmKind::Exceedance,
                    station,
                    point: None,
                    factor: None,
                    value: None,
                    limit_text: None,
                    message_zh: "超标".repeat(20),
                    message_en: "exceeds".repeat(20),
                    basis: "{}".into(),
                    state: AlarmState::Open,
                    opened: Instant(i),
                    last: Instant(i),
                    count: 1,
                    ended: None,
                    acknowledged_by: None,
                    acknowledged_at: None,
                    case: None,
                };
                store.alarm_raise(alarm).await.expect("raised");
                if i % 1_000 != 0 {
                    store.alarm_end(condition, Instant(i + 1)).await.expect("ended");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
}

macro_rules! timed {
    ($name:literal, $read:expr) => {{
        let mut best = f64::MAX;
        for _ in 0..3 {
            let began = Clock::now();
            $read.await.expect($name);
            best = best.min(began.elapsed().as_secs_f64() * 1e3);
        }
        println!("{:40} {best:10.2} ms", $name);
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "fills a large store and prints figures"]
async fn the_reads_of_a_large_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("store.db"), StoreOptions::default()).await.expect("opens");
    let began = Clock::now();
    fill_readings(&store).await;
    println!("2 M readings, 300 k telegrams in {:.1} s", began.elapsed().as_secs_f64());
    let began = Clock::now();
    fill_rest(&store).await;
    println!("100 k judgements, 300 k alarm steps in {:.1} s", began.elapsed().as_secs_f64());
    let series = (PointId(7), REAL);
    let (day, all) = (Instant((MINUTES - 1_440) * MINUTE), (Instant(0), Instant(i64::MAX)));
    let of = |states: &[AlarmState], station: Option<&str>| AlarmFilter {
        states: (!states.is_empty()).then(|| states.to_vec()),
        station: station.map(StationCode::from),
    };
    let (any, open, ended) = (of(&[], None), of(&[AlarmState::Open], None), of(&[AlarmState::Ended], None));
    let (here, open_here) = (of(&[], Some("s7")), of(&[AlarmState::Open], Some("s7")));
    let lasting = of(&[AlarmState::Open, AlarmState::Acknowledged], None);
    let middle = Some(AlarmId(Uuid::from_u128(50_000)));
    timed!("latest", store.latest());
    timed!("judgement_latest", store.judgement_latest());
    timed!("judgements, one station", store.judgements(&Caller::machine(), &StationCode::from("s7"), all, 100));
    timed!("counts, a day, 200 points", store.counts(REAL, day));
    timed!("counts, hours", store.counts(PeriodKind::Hour, day));
    timed!("quarantine_summary, 100 k", store.quarantine_summary(&Caller::machine()));
    timed!("range, a day", store.range(series, (day, all.1), 10_000));
    timed!(
        "range_sampled, 10,000 rows",
        store.range_sampled(&Caller::machine(), series, all, 1_000, &[CurveBound::AtMost(9.0)])
    );
    timed!("alarms, newest 50", store.alarms(&Caller::machine(), &any, None, 50));
    timed!("alarms, 50 from the middle", store.alarms(&Caller::machine(), &any, middle, 50));
    timed!("alarms, open", store.alarms(&Caller::machine(), &open, None, 50));
    timed!("alarms, open or acknowledged", store.alarms(&Caller::machine(), &lasting, None, 50));
    timed!("alarms, ended, from the middle", store.alarms(&Caller::machine(), &ended, middle, 50));
    timed!("alarms of a station", store.alarms(&Caller::machine(), &here, middle, 50));
    timed!("open alarms of a station", store.alarms(&Caller::machine(), &open_here, None, 50));
    timed!("alarm_counts", store.alarm_counts());
    timed!("check", store.check());
    let copy = folder.path().join("copy.db");
    let began = Clock::now();
    store.backup(&copy).await.expect("a backup");
    let mb = std::fs::metadata(&copy).expect("there").len() >> 20;
    println!("backup of {mb} MB in {:.1} s", began.elapsed().as_secs_f64());
    store.close().await;
}
