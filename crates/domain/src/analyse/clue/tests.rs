use super::*;
use crate::analyse::evidence::Language;
use crate::analyse::limit::Limit;
use crate::analyse::series::{Happening, KeyParameter, Neighbour, StationEvent, Value};
use crate::standard::Bound;
use crate::time::Instant;
use crate::unit::{Quantity, Unit};
use proptest::prelude::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 3_600_000;

fn unit_of(factor: &str) -> Unit {
    match factor {
        "w01001" => Unit::Ph,
        "w01014" => Unit::UsPerCm,
        "w01010" => Unit::Celsius,
        "w00000" => Unit::LPerS,
        "i33400" => Unit::Percent,
        _ => Unit::MgPerL,
    }
}

/// A series with a step of milliseconds; a value of none has no row.
fn series(factor: &str, kind: PeriodKind, step_ms: i64, values: impl IntoIterator<Item = Option<f64>>) -> Series {
    let one = |(i, v): (usize, Option<f64>)| {
        let sent = Decimal::from_f64(v?)?.round_dp(3).normalize();
        Some(Value::normal(Instant(0).plus_ms(i as i64 * step_ms), sent))
    };
    let values = values.into_iter().enumerate().filter_map(one).collect();
    Series::new(factor, unit_of(factor), kind, values).expect("ascends")
}

/// Plain text: one number a value, `-` for none.
fn minutes(factor: &str, text: &str) -> Series {
    series(factor, PeriodKind::Minute, MINUTE, text.split_whitespace().map(|t| t.parse().ok()))
}

/// A number between -1 and 1 that looks like chance and never changes.
fn chance(i: usize, salt: u64) -> f64 {
    let mut x = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x >> 40) as f64 / f64::from(1 << 23)) - 1.0
}

/// An honest hourly series: a daily wave and noise around a level.
fn honest(level: f64, days: usize, salt: u64) -> Vec<Option<f64>> {
    let at = |i: usize| level * (1.0 + 0.1 * (i as f64 * std::f64::consts::TAU / 24.0).sin() + 0.05 * chance(i, salt));
    (0..days * 24).map(|i| Some(at(i))).collect()
}

fn hours(factor: &str, values: Vec<Option<f64>>) -> Series {
    series(factor, PeriodKind::Hour, HOUR, values)
}

fn with(series: Vec<Series>) -> Record {
    Record { series, ..Record::default() }
}

fn limited(series: Vec<Series>, factor: &str, cap: i64) -> Record {
    let limit = Limit { bound: Bound::AtMost { value: Decimal::from(cap) }, unit: Unit::MgPerL, cite: "permit".into() };
    Record { limits: vec![(factor.into(), limit)], ..with(series) }
}

fn event(hour: i64, long_ms: i64, what: Happening) -> StationEvent {
    let start = Instant(0).plus_ms(hour * HOUR);
    StationEvent { period: Period { start, end: start.plus_ms(long_ms) }, factor: None, what }
}

fn seen_by(detector: &str, record: &Record) -> Vec<Clue> {
    let book = RuleBook::clue().expect("the shipped rules load");
    let all = clues(record, &book).expect("units agree");
    for clue in &all {
        sound(clue, record, &book);
    }
    all.into_iter().filter(|c| c.detector == detector).collect()
}

/// What every clue keeps to: its score is the sum of its parts, its evidence is of the record, its reason can be said twice.
fn sound(clue: &Clue, record: &Record, book: &RuleBook) {
    assert_eq!(clue.score, clue.contributions.iter().map(|c| c.points).sum::<Decimal>());
    assert!(clue.score > Decimal::ZERO && clue.score <= Decimal::ONE, "{clue:?}");
    let known = |factor: &str, value: &Value| {
        let near = record.neighbours.iter().map(|n| &n.series);
        record.series.iter().chain(near).any(|s| s.factor() == factor && s.values().contains(value))
    };
    for piece in &clue.evidence {
        match piece {
            Evidence::Seen { factor, value } | Evidence::Beside { factor, value, .. } => assert!(known(factor, value)),
            Evidence::Happened(event) => assert!(record.events.contains(event)),
        }
    }
    for language in [Language::Chinese, Language::English] {
        let said = clue.reason.say(book, language);
        assert!(said != clue.reason.code && !said.contains('{'), "{said}");
    }
}

/// A detector finds this many clues.
fn check(detector: &str, record: &Record, expected: usize) {
    let got = seen_by(detector, record);
    let said: Vec<_> = got.iter().map(|c| (&c.factor, c.window, c.score, &c.contributions)).collect();
    assert_eq!(got.len(), expected, "{detector}: {said:?}");
}

#[test]
fn nothing_is_seen_in_nothing() {
    let edges = [vec![], vec![None; 50], vec![Some(1.0)], vec![Some(0.0); 3]];
    for values in edges {
        let record = limited(
            ["w01001", "w01018", "w21003", "w21001", "w01014", "w00000", "i33400"]
                .map(|f| hours(f, values.clone()))
                .into(),
            "w01018",
            40,
        );
        let visit = event(0, HOUR, Happening::Inspection);
        let change =
            Happening::Parameter { parameter: KeyParameter::Slope, before: Decimal::ZERO, after: Decimal::ZERO };
        let events =
            vec![visit, event(0, HOUR, Happening::Calibration), event(0, 1, Happening::Restart), event(0, 1, change)];
        let record = Record { events, ..record };
        for (id, _) in KNOWN {
            check(id, &record, 0);
        }
    }
}

#[test]
fn an_honest_series_gives_no_clue() {
    let record = limited(vec![hours("w01018", honest(25.0, 20, 1)), hours("w21003", honest(1.0, 20, 2))], "w01018", 40);
    for (id, _) in KNOWN {
        check(id, &record, 0);
    }
}

#[test]
fn constant() {
    let stuck = |long: usize, value: f64| {
        let mut values = honest(25.0, 10, 1);
        values[100..100 + long].fill(Some(value));
        with(vec![hours("w01018", values), hours("w21003", honest(1.0, 10, 2))])
    };
    check("constant", &stuck(12, 25.0), 1);
    check("constant", &stuck(6, 25.0), 1);
    check("constant", &stuck(5, 25.0), 0);
    check("constant", &stuck(12, 0.0), 0);
    // a coarse instrument that says 1 or 2 repeats itself by habit
    let coarse = (0..240).map(|i| Some(if chance(i, 3) > -0.8 { 1.0 } else { 2.0 })).collect();
    check("constant", &with(vec![hours("w21003", coarse)]), 0);
}

#[test]
fn copied_from_an_earlier_time() {
    let mut values = honest(25.0, 10, 1);
    values.copy_within(24..48, 120);
    check("copied_time", &with(vec![hours("w01018", values.clone())]), 1);
    for i in [125, 131, 137] {
        values[i] = Some(77.0);
    }
    check("copied_time", &with(vec![hours("w01018", values)]), 0);
    let still = vec![Some(1.0); 240];
    check("copied_time", &with(vec![hours("w01018", still)]), 0);
}

#[test]
fn two_outlets_tell_the_same_story() {
    let record = |theirs: Vec<Option<f64>>| {
        let neighbours = vec![Neighbour { station: "outlet 2".into(), series: hours("w01018", theirs) }];
        Record { neighbours, ..with(vec![hours("w01018", honest(25.0, 10, 1))]) }
    };
    let mut copied = honest(25.0, 10, 9);
    copied[48..72].copy_from_slice(&honest(25.0, 10, 1)[48..72]);
    check("copied_outlet", &record(copied.clone()), 1);
    let scaled = copied.iter().enumerate().map(|(i, v)| if (48..72).contains(&i) { v.map(|v| v * 1.2) } else { *v });
    check("copied_outlet", &record(scaled.collect()), 1);
    check("copied_outlet", &record(honest(25.0, 10, 9)), 0);
    check("copied_outlet", &record(vec![]), 0);
}

#[test]
fn clipped() {
    let clip = |top: f64| honest(25.0, 10, 1).into_iter().map(move |v| v.map(|v: f64| v.min(top))).collect::<Vec<_>>();
    check("clipped", &with(vec![hours("w01018", clip(26.0))]), 1);
    check("clipped", &with(vec![hours("w01018", clip(100.0))]), 0);
    let top = Quantity { value: Decimal::from(26), unit: Unit::MgPerL };
    let known = Record { tops: vec![("w01018".into(), top)], ..with(vec![hours("w01018", clip(26.0))]) };
    let score = |record: &Record| seen_by("clipped", record)[0].score;
    assert!(score(&known) > score(&with(vec![hours("w01018", clip(26.0))])));
}

#[test]
fn hugging_the_limit() {
    let hug = |around: f64| {
        let mut values = honest(25.0, 10, 1);
        for (i, v) in values.iter_mut().enumerate().skip(96).take(30) {
            *v = Some(around + 0.3 * chance(i, 5));
        }
        hours("w01018", values)
    };
    check("near_limit", &limited(vec![hug(38.5)], "w01018", 40), 1);
    check("near_limit", &limited(vec![hug(30.0)], "w01018", 40), 0);
    check("near_limit", &limited(vec![hug(41.0)], "w01018", 40), 0);
    check("near_limit", &with(vec![hug(38.5)]), 0);
}

#[test]
fn scaled() {
    let scale = |factor: f64, also: f64| {
        let part = |level, salt, by: f64| {
            let values = honest(level, 10, salt).into_iter().enumerate();
            values.map(|(i, v)| v.map(|v: f64| if i >= 120 { v * by } else { v })).collect()
        };
        with(vec![hours("w01018", part(25.0, 1, factor)), hours("w21003", part(1.0, 2, also))])
    };
    check("scaled", &scale(0.5, 1.0), 1);
    check("scaled", &scale(2.0, 1.0), 1);
    check("scaled", &scale(0.95, 1.0), 0);
    let score = |record: &Record| seen_by("scaled", record).iter().map(|c| c.score).max();
    assert!(score(&scale(0.5, 0.5)) < score(&scale(0.5, 1.0)));
}

/// Two hours of quiet pH around what a row says.
fn quiet_ph(middle: &str) -> Record {
    let calm = |salt| (0..60).map(|i| format!("{:.2}", 7.9 + 0.02 * chance(i, salt))).collect::<Vec<_>>().join(" ");
    with(vec![minutes("w01001", &format!("{} {middle} {}", calm(1), calm(2)))])
}

#[test]
fn spike_and_return() {
    check("spike", &quiet_ph("7.91 9.34 10.21 8.47"), 1);
    check("spike", &quiet_ph("7.91 8.10 8.20 8.05"), 0);
    check("spike", &quiet_ph("7.91 6.10 5.81 6.9 7.8"), 1);
    // the four values alone, half a minute apart
    let real = "7.91 9.34 10.21 8.47".split(' ').map(|t| t.parse().ok());
    let alone = with(vec![series("w01001", PeriodKind::Real, 30_000, real)]);
    check("spike", &alone, 1);
    let clue = &seen_by("spike", &alone)[0];
    assert_eq!((clue.window.start, clue.evidence.len()), (Instant(0), 4));
}

#[test]
fn a_summer_day_of_algae_is_no_spike() {
    let swing = |i: usize| 8.55 - 0.75 * (i as f64 * std::f64::consts::TAU / 1440.0).cos() + 0.02 * chance(i, 4);
    let day = with(vec![series(
        "w01001",
        PeriodKind::Minute,
        MINUTE,
        (0..2880).map(|i| Some((swing(i) * 100.0).round() / 100.0)),
    )]);
    check("spike", &day, 0);
    check("scaled", &day, 0);
    check("constant", &day, 0);
}

#[test]
fn lifted_out_of_the_water() {
    let lift = |factor: &str, level: f64, by: f64, salt| {
        let values = (0..300).map(move |i| {
            let usual = level * (1.0 + 0.03 * chance(i, salt));
            Some(if (200..215).contains(&i) { usual * by } else { usual })
        });
        series(factor, PeriodKind::Minute, MINUTE, values)
    };
    let both = with(vec![lift("w01014", 800.0, 0.01, 1), lift("w01018", 25.0, 0.2, 2)]);
    check("lifted", &both, 1);
    assert_eq!(seen_by("lifted", &both)[0].factor, "w01014");
    check("lifted", &with(vec![lift("w01014", 800.0, 0.01, 1), lift("w01018", 25.0, 1.0, 2)]), 0);
    check("lifted", &with(vec![lift("w01018", 25.0, 0.2, 2), lift("w21003", 1.0, 0.2, 3)]), 1);
    // at saturation by GB 3838-2002: 468/(31.6+20) = 9.07 mg/L
    let air = |oxygen: f64| {
        let flat = |f, v: f64| series(f, PeriodKind::Minute, MINUTE, vec![Some(v); 300]);
        let mut record = both.clone();
        record.series.extend([flat("w01009", oxygen), flat("w01010", 20.0)]);
        seen_by("lifted", &record)[0].score
    };
    assert!(air(9.07) > air(4.0));
}

#[test]
fn low_at_night_while_the_flow_goes_on() {
    let night = |by: f64, flow: f64| {
        // hours of UTC; night in China is 14:00 to 22:00 there
        let dark = |i: usize| (14..22).contains(&(i % 24));
        let value = move |level: f64, salt, low: f64| {
            (0..240)
                .map(move |i| Some(level * (1.0 + 0.05 * chance(i, salt)) * if dark(i) { low } else { 1.0 }))
                .collect()
        };
        with(vec![hours("w01018", value(25.0, 1, by)), hours("w00000", value(50.0, 2, flow))])
    };
    check("night_drop", &night(0.3, 1.0), 10);
    check("night_drop", &night(0.3, 0.1), 0);
    check("night_drop", &night(0.95, 1.0), 0);
}

#[test]
fn low_under_inspection() {
    let record = |by: f64, visit: i64| {
        let mut values = honest(25.0, 10, 1);
        values[100..104].iter_mut().for_each(|v| *v = v.map(|v| v * by));
        Record { events: vec![event(visit, 4 * HOUR, Happening::Inspection)], ..with(vec![hours("w01018", values)]) }
    };
    check("inspection_drop", &record(0.4, 100), 1);
    check("inspection_drop", &record(0.4, 150), 0);
    check("inspection_drop", &record(1.0, 100), 0);
}

/// An hourly series with a peak at hour 100 and a happening at its top, after which the values are `after`.
fn peaked(after: f64, what: Happening) -> Record {
    let mut values = honest(25.0, 10, 1);
    values[97..101].fill(Some(60.0));
    values[101..106].fill(Some(after));
    let start = Instant(0).plus_ms(100 * HOUR + HOUR / 2);
    let moment = StationEvent { period: Period { start, end: start.plus_ms(1) }, factor: None, what };
    Record { events: vec![moment], ..limited(vec![hours("w01018", values)], "w01018", 40) }
}

#[test]
fn calibration_and_restart_at_a_peak() {
    check("calibration_peak", &peaked(25.0, Happening::Calibration), 1);
    check("calibration_peak", &peaked(61.0, Happening::Calibration), 0);
    check("calibration_peak", &peaked(25.0, Happening::Restart), 0);
    check("restart_peak", &peaked(25.0, Happening::Restart), 1);
    let mut early = peaked(25.0, Happening::Restart);
    early.events[0].period =
        Period { start: Instant(0).plus_ms(50 * HOUR + 1), end: Instant(0).plus_ms(50 * HOUR + 2) };
    check("restart_peak", &early, 0);
}

#[test]
fn a_parameter_changed_beside_an_exceedance() {
    let slope = |after: i64| Happening::Parameter {
        parameter: KeyParameter::Slope,
        before: Decimal::ONE,
        after: Decimal::new(after, 2),
    };
    check("parameter_change", &peaked(25.0, slope(42)), 1);
    check("parameter_change", &peaked(25.0, slope(100)), 0);
    let mut told = peaked(58.0, slope(42));
    let around = Period { start: Instant(0), end: Instant(0).plus_ms(200 * HOUR) };
    told.events.push(StationEvent { period: around, factor: None, what: Happening::Maintenance });
    check("parameter_change", &told, 0);
}

#[test]
fn missing_beside_an_exceedance() {
    let record = |high: f64, others: bool| {
        let mut values = honest(25.0, 10, 1);
        values[99..101].fill(Some(high));
        values[101..106].fill(None);
        let mut also = honest(1.0, 10, 2);
        if !others {
            also[101..106].fill(None);
        }
        limited(vec![hours("w01018", values), hours("w21003", also)], "w01018", 40)
    };
    check("gap_exceedance", &record(55.0, true), 1);
    check("gap_exceedance", &record(25.0, true), 0);
    check("gap_exceedance", &record(55.0, false), 0);
    let mut told = record(55.0, true);
    told.events = vec![event(101, 5 * HOUR, Happening::Maintenance)];
    check("gap_exceedance", &told, 0);
}

#[test]
fn against_the_load() {
    let with_load = |load: f64, flow: f64, cod: f64| {
        let part = |level: f64, salt, by: f64| {
            let values = honest(level, 10, salt).into_iter().enumerate();
            values.map(|(i, v)| v.map(|v: f64| if (100..112).contains(&i) { v * by } else { v })).collect()
        };
        with(vec![
            hours("i33400", part(80.0, 1, load)),
            hours("w00000", part(50.0, 2, flow)),
            hours("w01018", part(25.0, 3, cod)),
        ])
    };
    check("load_mismatch", &with_load(0.0, 1.0, 1.0), 1);
    check("load_mismatch", &with_load(0.0, 0.0, 1.0), 0);
    check("load_mismatch", &with_load(1.0, 1.0, 0.1), 1);
    check("load_mismatch", &with_load(0.0, 0.0, 0.1), 0);
}

#[test]
fn flow_and_concentration_go_together() {
    let record = |flow: Option<f64>, cod: Option<f64>| {
        let mut flows = honest(50.0, 10, 2);
        let mut values = honest(25.0, 10, 3);
        if flow.is_some() {
            flows[100..112].fill(flow);
        }
        if cod != Some(1.0) {
            values[100..112].fill(cod);
        }
        with(vec![hours("w00000", flows), hours("w01018", values), hours("w21003", honest(1.0, 10, 4))])
    };
    check("flow_only", &record(None, None), 1);
    check("flow_only", &record(None, Some(0.0)), 1);
    check("flow_only", &record(Some(0.0), None), 0);
    check("flow_only", &record(None, Some(1.0)), 0);
    // two factors are measured as ever
    check("no_flow", &record(Some(0.0), Some(1.0)), 2);
    check("no_flow", &record(None, Some(1.0)), 0);
}

#[test]
fn one_factor_against_the_others() {
    let record = |cod: f64, others: f64| {
        let part = |level: f64, salt, by: f64| {
            let values = (0..240)
                .map(move |i| level * (1.0 + 0.05 * chance(i, salt)) * if (100..108).contains(&i) { by } else { 1.0 });
            values.map(Some).collect()
        };
        with(vec![
            hours("w01018", part(25.0, 1, cod)),
            hours("w21003", part(1.0, 2, others)),
            hours("w21001", part(8.0, 3, others)),
            hours("w01014", part(800.0, 4, others)),
        ])
    };
    check("cross_factor", &record(2.0, 1.0), 1);
    check("cross_factor", &record(1.0, 2.0), 1);
    check("cross_factor", &record(2.0, 2.0), 0);
    check("cross_factor", &record(1.0, 1.0), 0);
}

proptest! {
    #[test]
    fn whatever_comes_in_clues_stay_sound(
        values in prop::collection::vec(prop::option::weighted(0.9, -5i32..200), 0..120),
        also in prop::collection::vec(prop::option::weighted(0.9, 0i32..9), 0..120),
        when in 0i64..120,
    ) {
        let plain = |v: &[Option<i32>]| v.iter().map(|v| v.map(f64::from)).collect::<Vec<_>>();
        let (a, b) = (plain(&values), plain(&also));
        let all = vec![hours("w01018", a.clone()), hours("w21003", b.clone()), hours("w00000", b.clone()), hours("i33400", b), hours("w01014", a)];
        let what = [Happening::Inspection, Happening::Calibration, Happening::Restart];
        let events = what.map(|w| event(when, 3 * HOUR, w)).to_vec();
        let record = Record { events, ..limited(all, "w01018", 40) };
        let (mut seen, book) = (0, RuleBook::clue().expect("loads"));
        for clue in clues(&record, &book).expect("units agree") {
            sound(&clue, &record, &book);
            prop_assert!(clue.window.start < clue.window.end);
            seen += 1;
        }
        prop_assert!(seen <= KNOWN.len() * record.series.len() * 120);
    }

    #[test]
    fn without_variation_nothing_was_scaled(level in 1i32..1000, long in 0usize..200) {
        let record = with(vec![hours("w01018", vec![Some(f64::from(level)); long])]);
        prop_assert!(seen_by("scaled", &record).is_empty());
    }

    #[test]
    fn a_marked_value_is_never_doubted(marks in prop::collection::vec(any::<bool>(), 60..90)) {
        let value = |(i, marked): (usize, &bool)| Value {
            mark: marked.then(|| "D".to_owned()),
            ..Value::normal(Instant(0).plus_ms(i as i64 * HOUR), Decimal::from(if *marked { 9 } else { i as i64 + 10 }))
        };
        let s = Series::new("w01018", Unit::MgPerL, PeriodKind::Hour, marks.iter().enumerate().map(value).collect()).expect("ascends");
        prop_assert!(seen_by("constant", &with(vec![s])).is_empty());
    }
}

#[test]
fn runs_by_hand() {
    let of = |text: &str, least| runs(text.chars().map(|c| c == 'x'), least);
    assert_eq!(of("xx.xxx", 2), [(0, 1), (3, 5)]);
    assert_eq!(of("xx.xxx", 3), [(3, 5)]);
    assert_eq!(of("", 1), []);
    assert_eq!(of("...", 0), []);
}
