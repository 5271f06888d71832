//! A month of the demonstration city in a store: readings with everything that happens to readings, judgements, alarms, cases.

use sha2::{Digest as _, Sha256};
use shanshui_domain::act::alarm::{AlarmKind, AlarmState};
use shanshui_domain::act::case::{Action, Event};
use shanshui_domain::id::{AlarmId, CaseId, CommandId, EvidenceId, Mn, PersonId, StationCode};
use shanshui_domain::place::CityPack;
use shanshui_domain::right::Caller;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_store::{
    AlarmRow, Arrival, CaseIn, CommandRow, EvidenceRow, FindingIn, JudgementRow, PersonRow, PostRow, Store, TelegramIn,
};
use uuid::Uuid;

use crate::seen;

/// 2026-03-01T00:00:00+08:00 and thirty days.
pub(crate) const BEGIN: i64 = 1_772_294_400_000_000;
const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAYS: i64 = 30;
pub(crate) const END: Instant = Instant(BEGIN + DAYS * 24 * HOUR);

/// Numbers that are the same everywhere (splitmix64).
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Values as devices send them, odd ones among them.
fn value(dice: &mut Dice) -> Option<String> {
    match dice.below(400) {
        0 => None,
        1 => Some("-0".into()),
        2 => Some("007.10".into()),
        3 => Some("1e1".into()),
        n => Some(format!("{}.{:0width$}", n % 12, dice.below(100), width = 2)),
    }
}

fn telegram(mn: &Mn, arrived: Instant, n: u64) -> TelegramIn {
    TelegramIn {
        arrived,
        peer: format!("192.0.2.{}:{}", n % 250, 1_024 + n % 60_000),
        mn: Some(mn.clone()),
        cn: Some("2011".into()),
        qn: Some(format!("{n:017}")),
        raw: format!("##0000QN={n:017};MN={mn};PW=123456;CP=&&a=1&&").into_bytes(),
        problems: if n.is_multiple_of(97) { r#"[{"code":"crc","detail":"x"}]"#.into() } else { "[]".into() },
        quarantine: n.is_multiple_of(501).then(|| "damaged".to_owned()),
    }
}

/// What each device sends: hours of all its points, and every ten minutes of the first eight devices.
fn arrivals(pack: &CityPack, points: &[shanshui_store::PointRow], dice: &mut Dice) -> Vec<Arrival> {
    let mut all = Vec::new();
    for (i, device) in pack.devices.iter().enumerate() {
        let own: Vec<_> = points.iter().filter(|p| p.station == device.station).map(|p| p.id).collect();
        let (kind, step) = if i < 8 { (PeriodKind::Real, 10 * MINUTE) } else { (PeriodKind::Hour, HOUR) };
        for n in 0..DAYS * 24 * HOUR / step {
            if dice.one_in(200) {
                continue;
            }
            let at = Instant(BEGIN + n * step);
            let late = dice.one_in(150);
            let delay = if late { 5 * HOUR } else { 2_000_000 + dice.below(1_500_000).cast_signed() };
            let arrived = Instant(at.0 + delay);
            let number = (i as u64) << 32 | n.cast_unsigned();
            let readings = own.iter().map(|point| Reading {
                key: ReadingKey { point: *point, kind, at },
                value: value(dice),
                extra: if kind == PeriodKind::Hour { format!("Min={n},Max={}", n + 1) } else { String::new() },
                mark: if dice.one_in(120) { "D" } else { "N" }.into(),
                arrived,
                late,
                telegram: None,
            });
            let arrival = Arrival { telegram: telegram(&device.mn, arrived, number), readings: readings.collect() };
            // the same again, and another statement for some of it
            if dice.one_in(80) {
                let mut again = arrival.clone();
                again.telegram.arrived = Instant(arrived.0 + 9 * MINUTE);
                for reading in &mut again.readings {
                    reading.arrived = again.telegram.arrived;
                    if dice.one_in(3) {
                        reading.value = value(dice);
                    }
                }
                all.push(again);
            }
            all.push(arrival);
        }
    }
    all.sort_by_key(|a| (a.telegram.arrived, a.telegram.qn.clone()));
    all
}

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

/// Something found of a stretch of the month.
fn finding(station: &StationCode, n: i64) -> FindingIn {
    FindingIn {
        station: station.clone(),
        point: None,
        factor: None,
        kind: None,
        family: "check".into(),
        rule: "clock".into(),
        rule_version: 1,
        from: Instant(BEGIN + n * HOUR),
        to: Instant(BEGIN + (n + 1) * HOUR),
        score: None,
        urgency: n % 7,
        evidence: "[]".into(),
        reason: r#"{"code":"clock","numbers":[["seconds","75"]]}"#.into(),
    }
}

/// Fills an empty store. `between` is called after every few arrivals with the stamp up to which they have come.
pub(crate) async fn fill(
    store: &Store,
    pack: &CityPack,
    people: &[(PersonRow, Vec<PostRow>)],
    mut between: impl AsyncFnMut(&Store, Instant),
) {
    store.pack_apply(pack).await.expect("the pack");
    store.places_put(&pack.stations).await.expect("places");
    store.people_join(&Caller::machine(), people.to_vec(), Instant(BEGIN)).await.expect("kept");
    let mut dice = Dice(30);
    let points = store.points().await.expect("points");
    for chunk in arrivals(pack, &points, &mut dice).chunks(1_500) {
        store.arrive(chunk.to_vec()).await.expect("kept");
        between(store, chunk.last().expect("a chunk").telegram.arrived).await;
    }
    for (i, station) in pack.stations.iter().enumerate() {
        for day in 0..DAYS {
            judge(store, &station.code, BEGIN + day * 24 * HOUR, i as i64 + day).await;
        }
        alarm(store, &station.code, i as i64).await;
    }
    for n in 0..30 {
        case(store, n, pack).await;
    }
    let found = pack.stations.iter().enumerate().map(|(i, s)| finding(&s.code, i as i64)).collect();
    store.findings_put(found, Instant(BEGIN)).await.expect("kept");
    for (i, station) in pack.stations.iter().enumerate().take(6) {
        let (camera, at) = (format!("c{i}"), Instant(BEGIN + i as i64 * HOUR));
        seen::camera(store, &camera, &station.code, at).await;
        for n in 0..3 {
            let entered = Instant(at.0 + n * 24 * HOUR);
            seen::event(store, &format!("e{i}-{n}"), &camera, &station.code, (entered, n > 0)).await;
        }
        seen::visit(store, &format!("v{i}"), &station.code, person(1), (at, Instant(at.0 + HOUR))).await;
        seen::voice(store, &station.code, at).await;
    }
    for (n, device) in pack.devices.iter().enumerate().take(5) {
        let row = CommandRow {
            id: CommandId(Uuid::from_u128(0x0c00 + n as u128)),
            mn: device.mn.clone(),
            cn: "2061".into(),
            area: "BeginTime=20260301000000,EndTime=20260301010000".into(),
            person: person(1),
            reason: "补数".into(),
            at: Instant(BEGIN + n as i64 * HOUR),
            steps: r#"[{"at":"2026-03-01T00:00:00Z","what":"sent","detail":"QN=1"}]"#.into(),
            node: None,
            begun: None,
            ended: None,
        };
        store.command_put(&Caller::machine(), row).await.expect("kept");
    }
}

async fn judge(store: &Store, station: &StationCode, at: i64, n: i64) {
    let verdict = serde_json::json!({"label_zh": "Ⅱ类", "label_en": "class II", "deciding": [], "exceeds": n % 9 == 0});
    for version in 0..=i64::from(n % 7 == 0) {
        let row = JudgementRow {
            station: station.clone(),
            at: Instant(at),
            kind: "water_real".into(),
            edition: "GB 3838-2002".into(),
            version: 0,
            level: (n % 5 != 4).then_some(n % 5 + 1),
            result: verdict.to_string(),
            explanation: serde_json::json!({"n": n, "version": version}).to_string(),
            made: Instant(at + MINUTE),
        };
        store.judgement_put(row).await.expect("kept");
    }
}

async fn alarm(store: &Store, station: &StationCode, n: i64) {
    for (i, kind) in [AlarmKind::Exceedance, AlarmKind::NoData, AlarmKind::Spike].into_iter().enumerate() {
        let id = AlarmId(Uuid::from_u128(0xa000_0000 + (n * 3 + i as i64) as u128));
        let at = Instant(BEGIN + (n * 3 + i as i64) * HOUR);
        let row = AlarmRow {
            id,
            condition: format!("{kind:?}:{station}"),
            kind,
            station: station.clone(),
            point: None,
            factor: Some("w01001".into()),
            value: Some("9.80".into()),
            limit_text: Some("6–9".into()),
            message_zh: format!("{station}：超标"),
            message_en: format!("{station}: beyond its limit"),
            basis: "{}".into(),
            state: AlarmState::Open,
            opened: at,
            last: at,
            count: 1,
            ended: None,
            acknowledged_by: None,
            acknowledged_at: None,
            case: None,
        };
        store.alarm_raise(row.clone()).await.expect("raised");
        store.alarm_raise(AlarmRow { last: Instant(at.0 + MINUTE), ..row.clone() }).await.expect("merged");
        if n % 3 == 0 {
            store.alarm_acknowledge(&Caller::machine(), id, Instant(at.0 + 2 * MINUTE)).await.expect("acknowledged");
        }
        if n % 2 == 0 {
            store.alarm_end(row.condition, Instant(at.0 + HOUR)).await.expect("ended");
        }
    }
}

async fn case(store: &Store, n: i64, pack: &CityPack) {
    let id = CaseId(Uuid::from_u128(0xca5e_0000 + n as u128));
    let at = |minutes: i64| Instant(BEGIN + n * HOUR + minutes * MINUTE);
    let event =
        |minutes, action| Event { v: 1, at: at(minutes), by: person(1), behalf: None, action, note: "备注".into() };
    let alarm = (n < pack.stations.len() as i64).then(|| AlarmId(Uuid::from_u128(0xa000_0000 + (n * 3) as u128)));
    let open = event(0, Action::Open { title: format!("第{n}号问题"), alarm, finding: None });
    let new = CaseIn { id, series: "QZ2026".into(), event: open, area: String::new() };
    store.case_open(&Caller::machine(), new).await.expect("opened");
    if n % 2 == 0 {
        let assign = event(5, Action::Assign { to: person(2), due: at(600) });
        store.case_commit(&Caller::machine(), id, 1, &[assign]).await.expect("assigned");
    }
    let bytes = format!("photo {n}").into_bytes();
    let row = EvidenceRow {
        id: EvidenceId(Uuid::from_u128(0xe000 + n as u128)),
        case: id,
        name: format!("照片{n}.jpg"),
        media_type: "image/jpeg".into(),
        size: bytes.len() as i64,
        sha256: hex::encode(Sha256::digest(&bytes)),
        by: person(1),
        at: at(3),
    };
    store.evidence_put(&Caller::machine(), &row, bytes).await.expect("kept");
}
