//! Judgements and rule states.

use jiff::civil::date;
use rust_decimal::Decimal;
use shanshui_domain::analyse::water::automatic::DaySum;
use shanshui_domain::id::{FactorCode, PointId, StationCode};
use shanshui_domain::right::{Caller, Role};
use shanshui_domain::sense::ReadingKey;
use shanshui_domain::time::{Instant, PeriodKind, Zone};

use super::{Home, arrival, caller, reading, station};
use crate::{EvaluationRow, ForecastRow, ImportRow, ImportState, JobIn, JudgementRow, Store, StoreError};

/// `s1 water 10 e1 III`: station, kind, period, edition, result.
pub(super) fn judgement(text: &str) -> JudgementRow {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [station, kind, at, edition, result] = words[..] else { panic!("five words: {text}") };
    JudgementRow {
        station: StationCode::from(station),
        at: Instant(at.parse().expect("a number")),
        kind: kind.into(),
        edition: edition.into(),
        version: 0,
        level: (result != "-").then_some(result.len() as i64),
        result: result.into(),
        explanation: "{}".into(),
        made: Instant(99),
    }
}

async fn put(store: &Store, text: &str) -> bool {
    store.judgement_put(judgement(text)).await.expect("kept")
}

fn said(rows: Vec<JudgementRow>) -> Vec<String> {
    let words =
        |j: JudgementRow| format!("{} {} {} {} {} v{}", j.station, j.kind, j.at.0, j.edition, j.result, j.version);
    rows.into_iter().map(words).collect()
}

pub(super) async fn late_data_makes_the_next_version(store: &Store, _: &impl Home) {
    assert!(put(store, "s1 water 10 e1 II").await);
    assert!(!put(store, "s1 water 10 e1 II").await, "the same again");
    assert!(put(store, "s1 water 10 e1 III").await);
    assert!(put(store, "s1 water 10 e1 II").await, "back again is another judgement");
    assert!(put(store, "s1 water 10 e2 II").await && put(store, "s1 water 20 e1 -").await);
    let rows = store
        .judgements(&Caller::machine(), &StationCode::from("s1"), (Instant(10), Instant(20)), 9)
        .await
        .expect("rows");
    let mut said = said(rows);
    said.sort();
    assert_eq!(said, ["s1 water 10 e1 II v1", "s1 water 10 e1 II v3", "s1 water 10 e1 III v2", "s1 water 10 e2 II v1"]);
    let newest = store
        .judgements(&Caller::machine(), &StationCode::from("s1"), (Instant(0), Instant(99)), 1)
        .await
        .expect("rows");
    assert_eq!((newest[0].at, newest[0].level, newest.len()), (Instant(20), None, 1));
}

pub(super) async fn the_latest_judgement_is_of_the_newest_period(store: &Store, _: &impl Home) {
    for text in ["s1 water 20 e1 II", "s1 water 10 e1 V", "s1 air 5 e1 I", "s2 water 1 e1 I", "s1 water 20 e1 III"] {
        put(store, text).await;
    }
    let latest = async || said(store.judgement_latest().await.expect("latest"));
    assert_eq!(latest().await, ["s1 air 5 e1 I v1", "s1 water 20 e1 III v2", "s2 water 1 e1 I v1"]);
    put(store, "s1 air 6 e2 -").await;
    put(store, "s1 water 20 e1 III").await;
    assert_eq!(latest().await, ["s1 air 6 e2 - v1", "s1 water 20 e1 III v2", "s2 water 1 e1 I v1"]);
}

pub(super) async fn rule_states_are_replaced(store: &Store, _: &impl Home) {
    let state = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    store.rule_states_put(vec![state("a", "1"), state("b", "1")]).await.expect("kept");
    store.rule_states_put(vec![state("b", "2"), state("c", "{}")]).await.expect("kept");
    let mut states = store.rule_states().await.expect("states");
    states.sort();
    assert_eq!(states, [state("a", "1"), state("b", "2"), state("c", "{}")]);
}

/// `s1 2026-05 e1 III`: station, span, edition, result.
async fn evaluate(store: &Store, text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [station, span, edition, result] = words[..] else { panic!("four words: {text}") };
    let row = EvaluationRow {
        kind: "water_section".into(),
        span: span.into(),
        station: StationCode::from(station),
        edition: edition.into(),
        version: 0,
        level: (result != "-").then_some(result.len() as i64),
        result: result.into(),
        made: Instant(99),
    };
    store.evaluation_put(row, Vec::new()).await.expect("kept")
}

fn evaluated(rows: Vec<EvaluationRow>) -> Vec<String> {
    let words =
        |e: EvaluationRow| format!("{} {} {} {} {:?} v{}", e.station, e.span, e.edition, e.result, e.level, e.version);
    rows.into_iter().map(words).collect()
}

pub(super) async fn an_evaluation_keeps_every_version(store: &Store, _: &impl Home) {
    assert!(evaluate(store, "s1 2026-05 e1 II").await);
    assert!(!evaluate(store, "s1 2026-05 e1 II").await, "the same again");
    assert!(evaluate(store, "s1 2026-05 e1 -").await);
    for text in ["s2 2026-05 e1 IV", "s1 2026-05 e2 III", "s1 2026-06 e1 I"] {
        assert!(evaluate(store, text).await, "{text}");
    }
    let all = Caller::machine();
    let of = async |kind: &str, span: &str| evaluated(store.evaluations(&all, kind, span).await.expect("rows"));
    let may = ["s1 2026-05 e1 - None v2", "s1 2026-05 e2 III Some(3) v1", "s2 2026-05 e1 IV Some(2) v1"];
    assert_eq!(of("water_section", "2026-05").await, may);
    assert!(of("water_section", "2026-07").await.is_empty() && of("air_city", "2026-05").await.is_empty());
    let versions = store.evaluation_versions(&all, ("water_section", "2026-05"), &"s1".into()).await.expect("rows");
    let said = ["s1 2026-05 e1 - None v2", "s1 2026-05 e1 II Some(2) v1", "s1 2026-05 e2 III Some(3) v1"];
    assert_eq!(evaluated(versions), said);
    assert_eq!(store.evaluated_spans(&all, "water_section", 9).await.expect("spans"), ["2026-06", "2026-05"]);
    assert_eq!(store.evaluated_spans(&all, "water_section", 1).await.expect("spans"), ["2026-06"]);
}

/// Subjects of the work of one kind that is there.
async fn subjects(store: &Store, kind: &'static str) -> Vec<String> {
    store.jobs(kind).await.expect("work").into_iter().map(|job| job.subject).collect()
}

fn work(kind: &'static str, subject: &str) -> JobIn {
    JobIn { kind, subject: subject.into(), body: String::new(), due: Instant(1) }
}

pub(super) async fn what_depends_on_an_evaluation_is_put_down_with_it(store: &Store, _: &impl Home) {
    let row = |result: &str| EvaluationRow {
        kind: "air_station".into(),
        span: "2026-05-03".into(),
        station: StationCode::from("s1"),
        edition: "e1".into(),
        version: 0,
        level: None,
        result: result.into(),
        made: Instant(9),
    };
    let put = async |result: &str, subject: &str| {
        store.evaluation_put(row(result), vec![work("follow", subject)]).await.expect("kept")
    };
    assert!(put("a", "first").await);
    assert!(!put("a", "second").await, "nothing new, and nothing follows from it");
    assert!(put("b", "third").await);
    let mut found = subjects(store, "follow").await;
    found.sort();
    assert_eq!(found, ["first", "third"]);
    let day = async |first: &str, last: &str| {
        let rows = store.evaluations_between("air_station", &"s1".into(), (first, last)).await.expect("rows");
        rows.into_iter().map(|r| format!("{} {} v{}", r.span, r.result, r.version)).collect::<Vec<_>>()
    };
    assert_eq!(day("2026-05-01", "2026-05-31").await, ["2026-05-03 b v2"]);
    assert!(day("2026-05-04", "2026-05-31").await.is_empty() && day("2026-05", "2026-06").await.is_empty());
}

pub(super) async fn an_import_is_begun_once_and_with_its_work(store: &Store, _: &impl Home) {
    let (mine, other) = (caller(1, Role::ReviewerFirst, "br-kc"), caller(2, Role::ReviewerFirst, "br-kc"));
    let bytes = vec![0, 255, b'\n'];
    let row = ImportRow {
        id: "i1".into(),
        name: "表.csv".into(),
        size: 3,
        sha256: hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes)),
        person: mine.id().expect("a person"),
        at: Instant(5),
        state: ImportState::Uploaded,
        plan: None,
        report: None,
        done: (0, 7),
    };
    store.import_put(&mine, &row, bytes.clone()).await.expect("kept");
    assert_eq!(store.import_row(&mine, "i1").await.expect("seen"), row);
    assert_eq!(store.import_bytes(&mine, "i1").await.expect("seen"), bytes);
    assert!(matches!(store.import_bytes(&other, "i1").await, Err(StoreError::NotFound)), "somebody else's");
    assert_eq!(
        (store.imports(&mine, 9).await.expect("rows").len(), store.imports(&other, 9).await.expect("rows").len()),
        (1, 0)
    );
    let officer = caller(1, Role::CaseOfficer, "br-kc");
    assert!(matches!(store.import_put(&officer, &row, bytes).await, Err(StoreError::Forbidden)));
    let begin = async || {
        let said = ("{}".to_owned(), r#"{"rows":7}"#.to_owned(), 6);
        store.import_begin(&mine, ("i1", Instant(6)), said, work("import", "i1")).await
    };
    begin().await.expect("begun");
    assert!(matches!(begin().await, Err(StoreError::Conflict)));
    assert_eq!(subjects(store, "import").await, ["i1"]);
    store.import_said("i1".into(), ImportState::Done, "{}".into(), (6, 6)).await.expect("said");
    let row = store.import_row(&mine, "i1").await.expect("seen");
    assert_eq!((row.state, row.plan.as_deref(), row.done), (ImportState::Done, Some("{}"), (6, 6)));
}

pub(super) async fn evaluations_are_seen_within_a_scope(store: &Store, _: &impl Home) {
    store.places_put(&[station("s1", "kc", None), station("s2", "qj", None)]).await.expect("placed");
    evaluate(store, "s1 2026-05 e1 II").await;
    evaluate(store, "s2 2026-06 e1 IV").await;
    let county = caller(1, Role::CaseOfficer, "br-kc");
    let of = async |span: &str| evaluated(store.evaluations(&county, "water_section", span).await.expect("rows"));
    assert_eq!((of("2026-05").await.len(), of("2026-06").await.len()), (1, 0));
    assert_eq!(store.evaluated_spans(&county, "water_section", 9).await.expect("spans"), ["2026-05"]);
    let versions = |code: &'static str, span: &'static str| {
        let county = county.clone();
        async move { store.evaluation_versions(&county, ("water_section", span), &code.into()).await }
    };
    assert_eq!(versions("s1", "2026-05").await.expect("seen").len(), 1);
    let foreign = versions("s2", "2026-06").await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
}

pub(super) async fn days_are_added_exactly(store: &Store, _: &impl Home) {
    let registered = (station("s1", "kc", None), "{}".into());
    let factors = vec![FactorCode::from("w21003")];
    store.station_register(&Caller::machine(), registered, factors, Instant(1)).await.expect("registered");
    let point: PointId = store.points().await.expect("points").first().expect("one").id;
    let zone = Zone::china();
    let hour = |day, hour| zone.instant(date(2026, 5, day).at(hour, 0, 0, 0)).expect("an instant");
    let key = |at| ReadingKey { point, kind: PeriodKind::Hour, at };
    let said =
        [(1, 0, "0.1"), (1, 1, "0.2"), (1, 23, "0.30"), (2, 0, "7/D"), (2, 1, "-/B"), (2, 2, "0.7"), (3, 0, "-0.01")];
    let arrivals = said.iter().map(|(day, at, text)| arrival(vec![reading(key(hour(*day, *at)), text)])).collect();
    store.arrive(arrivals).await.expect("kept");
    // the hour of 0.2 is said anew
    store.arrive(vec![arrival(vec![reading(key(hour(1, 1)), "0.4")])]).await.expect("kept");
    let span = (hour(1, 0), hour(3, 0));
    let all = Caller::machine();
    let days = store.day_sums(&all, &[point], PeriodKind::Hour, span, &zone).await.expect("days").rows;
    let day = |day, valid, marked, sum: &str| DaySum {
        day: date(2026, 5, day),
        valid,
        marked,
        sum: sum.parse().expect("a decimal"),
    };
    assert_eq!(days, [(point, vec![day(1, 3, 0, "0.8"), day(2, 1, 2, "0.7")])]);
    assert_eq!(days[0].1[0].sum, Decimal::new(8, 1), "no binary fraction of it");
    let elsewhere = caller(1, Role::CaseOfficer, "br-qj");
    let refused = store.day_sums(&elsewhere, &[point], PeriodKind::Hour, span, &zone).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
}

/// `s1 w01001 2026-05-01 7`: station, factor, day, body.
async fn foretell(store: &Store, text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [station, factor, day, body] = words[..] else { panic!("four words: {text}") };
    let row = ForecastRow {
        station: station.into(),
        factor: factor.into(),
        kind: "series".into(),
        day: day.into(),
        version: 0,
        made: Instant(99),
        shown: body != "-",
        body: body.into(),
    };
    store.forecast_put(row).await.expect("kept")
}

fn foretold(rows: Vec<ForecastRow>) -> Vec<String> {
    let words = |f: ForecastRow| format!("{} {} {} {} {} v{}", f.station, f.factor, f.day, f.body, f.shown, f.version);
    rows.into_iter().map(words).collect()
}

pub(super) async fn a_forecast_keeps_every_version(store: &Store, _: &impl Home) {
    assert!(foretell(store, "s1 w01001 2026-05-01 7").await);
    assert!(!foretell(store, "s1 w01001 2026-05-01 7").await, "the same again");
    for text in ["s1 w01001 2026-05-01 8", "s1 w01001 2026-05-02 -", "s1 w01009 2026-05-01 5", "s2 w01001 2026-05-02 6"]
    {
        assert!(foretell(store, text).await, "{text}");
    }
    let all = Caller::machine();
    let newest =
        ["s1 w01001 2026-05-02 - false v1", "s1 w01009 2026-05-01 5 true v1", "s2 w01001 2026-05-02 6 true v1"];
    assert_eq!(foretold(store.forecasts(&all, None).await.expect("rows")), newest);
    assert_eq!(foretold(store.forecasts(&all, Some(&"s1".into())).await.expect("rows")), newest[..2]);
    let earlier = store.forecasts_of(&all, (&"s1".into(), "w01001"), 9).await.expect("rows");
    let said = ["s1 w01001 2026-05-02 - false v1", "s1 w01001 2026-05-01 8 true v2", "s1 w01001 2026-05-01 7 true v1"];
    assert_eq!(foretold(earlier), said);
    let stations = store.forecast_stations("2026-05-02").await.expect("rows");
    assert_eq!(stations, [StationCode::from("s1"), StationCode::from("s2")]);
}

pub(super) async fn forecasts_are_seen_within_a_scope(store: &Store, _: &impl Home) {
    store.places_put(&[station("s1", "kc", None), station("s2", "qj", None)]).await.expect("placed");
    foretell(store, "s1 w01001 2026-05-01 7").await;
    foretell(store, "s2 w01001 2026-05-01 8").await;
    let county = caller(1, Role::CaseOfficer, "br-kc");
    let seen = foretold(store.forecasts(&county, None).await.expect("rows"));
    assert_eq!(seen, ["s1 w01001 2026-05-01 7 true v1"]);
    let foreign = store.forecasts(&county, Some(&"s2".into())).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
    let foreign = store.forecasts_of(&county, (&"s2".into(), "w01001"), 9).await;
    assert!(matches!(foreign, Err(StoreError::NotFound)), "{foreign:?}");
}

pub(super) async fn steps_are_means_of_valid_values(store: &Store, _: &impl Home) {
    let registered = (station("s1", "kc", None), "{}".into());
    let factors = vec![FactorCode::from("w21003")];
    store.station_register(&Caller::machine(), registered, factors, Instant(1)).await.expect("registered");
    let point: PointId = store.points().await.expect("points").first().expect("one").id;
    let minute = |m: i64| Instant(m * 60_000_000);
    let said = [(0, "1"), (59, "2"), (60, "9/D"), (61, "4"), (200, "5")];
    let key = |m| ReadingKey { point, kind: PeriodKind::Real, at: minute(m) };
    let arrivals = said.iter().map(|(m, text)| arrival(vec![reading(key(*m), text)])).collect();
    store.arrive(arrivals).await.expect("kept");
    let series = (point, PeriodKind::Real);
    let span = (minute(0), minute(200));
    let means = async |offset_ms| {
        let found = store.step_means(&Caller::machine(), series, span, (3_600_000, offset_ms)).await.expect("means");
        found.rows
    };
    assert_eq!(means(0).await, [(minute(0), 1.5), (minute(60), 4.0)]);
    assert_eq!(means(1_800_000).await, [(minute(-30), 1.0), (minute(30), 3.0)], "steps begin at half past");
    let elsewhere = caller(1, Role::CaseOfficer, "br-qj");
    let refused = store.step_means(&elsewhere, series, span, (3_600_000, 0)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
}
