use super::*;
use crate::analyse::evidence::Language;
use crate::analyse::series::{Happening, KeyParameter, Neighbour, StationEvent, Value};
use crate::time::Instant;
use crate::unit::{Quantity, Unit};
use proptest::prelude::*;
use rust_decimal::Decimal;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 3_600_000;

/// Numbers as sent, `-` for a missing row, `D:` before a number for a mark.
fn sent(factor: &str, unit: Unit, kind: PeriodKind, step_ms: i64, text: &str) -> Series {
    let one = |(i, t): (usize, &str)| {
        let (mark, number) = t.split_once(':').map_or((None, t), |(m, n)| (Some(m.to_owned()), n));
        let value = Value::normal(Instant(0).plus_ms(i as i64 * step_ms), number.parse().ok()?);
        Some(Value { mark, ..value })
    };
    let values = text.split_whitespace().enumerate().filter_map(one).collect();
    Series::new(factor, unit, kind, values).expect("ascends")
}

fn ph(text: &str) -> Series {
    sent("w01001", Unit::Ph, PeriodKind::Minute, MINUTE, text)
}

fn mg(factor: &str, text: &str) -> Series {
    sent(factor, Unit::MgPerL, PeriodKind::Hour, HOUR, text)
}

fn with(series: Vec<Series>) -> Record {
    Record { series, ..Record::default() }
}

fn happened(minute: i64, long: i64, what: Happening) -> StationEvent {
    let start = Instant(0).plus_ms(minute * MINUTE);
    StationEvent { period: Period { start, end: start.plus_ms(long * MINUTE) }, factor: None, what }
}

/// What every finding keeps to: its values are of the record, its reason can be said in both languages.
fn sound(finding: &Finding, record: &Record, book: &RuleBook) {
    let near = record.neighbours.iter().map(|n| &n.series).chain(&record.hours).chain(&record.converted);
    let known: Vec<&Series> = record.series.iter().chain(near).collect();
    for piece in &finding.evidence {
        match piece {
            Evidence::Seen { factor, value } => {
                assert!(finding.window.contains(value.at), "{finding:?}");
                assert!(record.of(factor).is_some_and(|s| s.values().contains(value)));
            }
            Evidence::Beside { factor, value, .. } => {
                assert!(known.iter().any(|s| s.factor() == factor && s.values().contains(value)));
            }
            Evidence::Happened(event) => assert!(record.events.contains(event)),
        }
    }
    for language in [Language::Chinese, Language::English] {
        let said = finding.reason.say(book, language);
        assert!(said != finding.reason.code && !said.contains('{'), "{said}");
    }
}

fn found(check: &str, record: &Record) -> Vec<Finding> {
    let book = RuleBook::review().expect("the shipped rules load");
    let all = review(record, &book).expect("units agree");
    for finding in &all {
        sound(finding, record, &book);
    }
    all.into_iter().filter(|f| f.check == check).collect()
}

/// Reasons of a check, in English, joined by `; `.
fn check(id: &str, record: &Record, expected: &str) {
    let book = RuleBook::review().expect("the shipped rules load");
    let said: Vec<String> = found(id, record).iter().map(|f| f.reason.say(&book, Language::English)).collect();
    assert_eq!(said.join("; "), expected, "{id}");
}

#[test]
fn nothing_is_found_in_nothing() {
    for text in ["", "-", "- - -", "7"] {
        let events = vec![happened(500, 5, Happening::Intrusion), happened(500, 5, Happening::Calibration)];
        let record = Record { events, ..with(vec![ph(text), mg("w21003", text), mg("w21001", text)]) };
        for (id, _) in KNOWN {
            check(id, &record, "");
        }
    }
}

#[test]
fn range_bounds_are_inclusive_and_the_analysers_own_top_counts() {
    check("range", &with(vec![ph("0 7 14")]), "");
    check("range", &with(vec![ph("-0.01 7 14.1")]), "-0.01 lies outside 0 to 14; 14.1 lies outside 0 to 14");
    check("range", &with(vec![ph("D:99")]), "");
    let tops = vec![("w21003".to_owned(), Quantity { value: Decimal::from(5000), unit: Unit::UgPerL })];
    check("range", &Record { tops, ..with(vec![mg("w21003", "5 5.1")]) }, "5.1 lies outside 0 to 5");
}

#[test]
fn a_jump_is_seen_and_a_slow_swing_is_not() {
    check(
        "jump",
        &with(vec![ph("7.91 9.34 10.21 8.47")]),
        "from 7.91 to 9.34, more than 1; from 10.21 to 8.47, more than 1",
    );
    let slow = (0..150).map(|i| format!("{:.2}", 7.8 + 0.01 * f64::from(i))).collect::<Vec<_>>().join(" ");
    check("jump", &with(vec![ph(&slow)]), "");
    let cod = mg("w01018", "20 21 20 22 21 20 19 20 21 20 60 21 20");
    check("jump", &with(vec![cod]), "from 20 to 60, more than 8.896; from 60 to 21, more than 8.896");
    check("jump", &with(vec![mg("w01018", "20 60")]), "");
}

#[test]
fn stuck_and_decimals() {
    check("stuck", &with(vec![mg("w01018", "1 20 20 20 20 20 20 1")]), "6 values in a row are 20");
    check("stuck", &with(vec![mg("w01018", "1 20 20 20 20 20 1")]), "");
    check("stuck", &with(vec![mg("w01018", "0 0 0 0 0 0 0 0")]), "");
    let dull = "20.31 19.57 21.50 22.50 20.50 19.50 18.50 22.50 21.50 20.50 19.50 22.50 21.50 20.50 19.13";
    check("decimals", &with(vec![mg("w01018", dull)]), "12 values in a row have the decimals 0.50");
    check("decimals", &with(vec![mg("w01018", &"20 21 22 ".repeat(10))]), "");
}

#[test]
fn negative_beyond_the_detection_limit() {
    check(
        "negative",
        &with(vec![mg("w21003", "-0.05 -0.06 0.1")]),
        "-0.06 lies below the negative detection limit -0.05",
    );
    check("negative", &with(vec![sent("w01010", Unit::Celsius, PeriodKind::Hour, HOUR, "-3")]), "");
}

#[test]
fn a_part_is_not_above_its_whole() {
    let pair = |part: &str, whole: &str| with(vec![mg("w21003", part), mg("w21001", whole)]);
    check("pairs", &pair("1 2.2", "2 2"), "the part 2.2 is above the whole 2");
    check("pairs", &pair("2.1", "2"), "");
    check("pairs", &pair("2.2", "D:2"), "");
    check("pairs", &pair("2.2", "-"), "");
    let micro = sent("w21001", Unit::UgPerL, PeriodKind::Hour, HOUR, "2000");
    check("pairs", &with(vec![mg("w21003", "3"), micro]), "the part 3 is above the whole 2");
}

#[test]
fn conversion_follows_the_oxygen() {
    let gas = |f, unit, text: &str| sent(f, unit, PeriodKind::Hour, HOUR, text);
    let record = |o2: &str, converted: &str| Record {
        converted: vec![gas("a21026", Unit::MgPerM3, converted)],
        reference_oxygen: Some(Decimal::from(6)),
        ..with(vec![gas("a21026", Unit::MgPerM3, "20"), gas("a19001", Unit::Percent, o2)])
    };
    check("oxygen", &record("11", "30"), "");
    check("oxygen", &record("11", "20"), "converted value 20; with 11% oxygen it should be 30");
    check("oxygen", &record("20.95", "20"), "");
}

#[test]
fn a_station_is_held_against_its_neighbours() {
    let near = |text: &str| Neighbour { station: "next".into(), series: mg("w01018", text) };
    let theirs = "20 21 22 21 20 19 20 21 22 21 20 21 20 21";
    let record = |last: &str, near: Vec<Neighbour>| Record {
        neighbours: near,
        ..with(vec![mg("w01018", &format!("25 25.5 27.2 26.1 25.2 24.4 25 26.3 27.6 26 25.7 26.1 25 {last}"))])
    };
    check(
        "neighbours",
        &record("50", vec![near(theirs), near(theirs)]),
        "50 differs oddly from 21, the median of the stations nearby",
    );
    check("neighbours", &record("26", vec![near(theirs), near(theirs)]), "");
    check("neighbours", &record("50", vec![near(theirs)]), "");
}

#[test]
fn a_season_is_held_against_earlier_years() {
    let year_ms = 365 * 24 * HOUR;
    let values =
        (0..20).map(|i| Value::normal(Instant(0).plus_ms(i * HOUR - year_ms), Decimal::from(18 + i % 5))).collect();
    let earlier = vec![Series::new("w01018", Unit::MgPerL, PeriodKind::Hour, values).expect("ascends")];
    let record = |text: &str| Record { earlier: earlier.clone(), ..with(vec![mg("w01018", text)]) };
    check("season", &record("24 60"), "60; 20 is usual in this season, give or take 8.896");
    check("season", &Record { earlier: vec![], ..record("60") }, "");
}

#[test]
fn minutes_make_up_the_hour() {
    let minutes = sent("w01018", Unit::MgPerL, PeriodKind::Minute, MINUTE, &"20 ".repeat(60));
    let record = |hour: &str, minutes: Series| Record { hours: vec![mg("w01018", hour)], ..with(vec![minutes]) };
    check("hour_mean", &record("20.3", minutes.clone()), "");
    check("hour_mean", &record("15", minutes), "the pushed hour says 15, the mean of 60 minutes is 20");
    let few = sent("w01018", Unit::MgPerL, PeriodKind::Minute, MINUTE, &"20 ".repeat(44));
    check("hour_mean", &record("15", few), "");
}

#[test]
fn what_the_device_says() {
    check(
        "marks",
        &with(vec![ph("7 D:7 D:7 C:7 7")]),
        "2 values carry the mark D of the device; 1 values carry the mark C of the device",
    );
    let maintained =
        |text: &str| Record { events: vec![happened(1, 2, Happening::Maintenance)], ..with(vec![ph(text)]) };
    check("windows", &maintained("7 7 7 7"), "2 values of a maintenance or calibration window are not marked");
    check("windows", &maintained("7 M:7 M:7 7"), "");
    let intruded = Record { events: vec![happened(40, 1, Happening::Intrusion)], ..with(vec![ph(&"7 ".repeat(120))]) };
    check("intrusion", &intruded, "61 values around an intrusion ask for a look");
}

#[test]
fn parameters_and_clock() {
    let change = |after: &str| Happening::Parameter {
        parameter: KeyParameter::Slope,
        before: Decimal::ONE,
        after: after.parse().expect("a decimal"),
    };
    let record = |events| Record { events, ..with(vec![]) };
    check("parameters", &record(vec![happened(5, 1, change("0.8"))]), "a parameter went from 1 to 0.8");
    check("parameters", &record(vec![happened(5, 1, change("1.0"))]), "");
    let told = record(vec![happened(0, 10, Happening::Maintenance), happened(5, 1, change("0.8"))]);
    check("parameters", &told, "during maintenance a parameter went from 1 to 0.8");
    let clock = |ahead_ms| record(vec![happened(0, 1, Happening::Clock { ahead_ms })]);
    check("clock", &clock(-60_500), "the clock of the device is off by -60.5 s");
    check("clock", &clock(60_000), "");
}

fn plain(values: &[Option<i64>], offset: i64) -> Series {
    let one = |(i, v): (usize, &Option<i64>)| {
        Some(Value::normal(Instant(0).plus_ms(i as i64 * HOUR), Decimal::new((*v)? + offset, 2)))
    };
    Series::new("w01018", Unit::MgPerL, PeriodKind::Hour, values.iter().enumerate().filter_map(one).collect())
        .expect("ascends")
}

proptest! {
    #[test]
    fn an_offset_does_not_change_the_jumps(values in prop::collection::vec(prop::option::weighted(0.9, 0i64..5000), 0..80), offset in -100_000i64..100_000) {
        let windows = |o| found("jump", &with(vec![plain(&values, o)])).iter().map(|f| (f.window, f.threshold)).collect::<Vec<_>>();
        prop_assert_eq!(windows(0), windows(offset));
    }

    #[test]
    fn findings_stay_inside_the_series_and_change_nothing(values in prop::collection::vec(prop::option::weighted(0.9, -900i64..5000), 1..80)) {
        let record = Record { events: vec![happened(60, 300, Happening::Intrusion)], ..with(vec![plain(&values, 0)]) };
        let before = record.series.clone();
        let book = RuleBook::review().expect("loads");
        for finding in review(&record, &book).expect("units agree") {
            sound(&finding, &record, &book);
            let places = record.series[0].places(finding.window);
            prop_assert!(!places.is_empty());
            prop_assert_eq!(record.series[0].window(places.start, places.end - 1), finding.window);
        }
        prop_assert_eq!(before, record.series);
    }
}
