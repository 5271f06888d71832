//! Forecasts: made in the evening by themselves, read by people, held against what is measured afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::StatusCode;
use shanshui_domain::id::PointId;
use shanshui_domain::sense::{Reading, ReadingKey};
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_server::clock::Clock;
use shanshui_store::{Arrival, Store, TelegramIn};

use crate::support::{City, until};

const FOUR_HOURS: i64 = 4 * 3_600_000;

/// Of the city's own time.
fn instant(local: &str) -> Instant {
    let civil: jiff::civil::DateTime = local.parse().expect("a time");
    Instant::from_timestamp(civil.in_tz("Asia/Shanghai").expect("bundled").timestamp())
}

/// A day's wave with some noise that never repeats.
fn value(n: i64) -> f64 {
    let noise = (n as f64 * 12.989_8).sin() * 43_758.545_3;
    7.5 + 0.4 * (n as f64 / 6.0 * std::f64::consts::TAU).sin() + 0.1 * (noise - noise.floor())
}

/// Four-hourly values from a time on; `count` of them.
async fn measured(store: &Store, point: PointId, (from, first): (Instant, i64), count: i64) {
    let one = |n: i64| {
        let at = from.plus_ms((n - first) * FOUR_HOURS);
        let reading = Reading {
            key: ReadingKey { point, kind: PeriodKind::Cycle, at },
            value: Some(format!("{:.3}", value(n))),
            extra: String::new(),
            mark: "N".into(),
            arrived: at,
            late: false,
            telegram: None,
        };
        let telegram = TelegramIn {
            arrived: at,
            peer: "192.0.2.1:1024".into(),
            mn: None,
            cn: Some("2061".into()),
            qn: Some(format!("{n:017}")),
            raw: b"##0000&&".to_vec(),
            problems: "[]".into(),
            quarantine: None,
        };
        Arrival { telegram, readings: vec![reading] }
    };
    store.arrive((first..first + count).map(one).collect()).await.expect("kept");
}

#[tokio::test]
async fn a_forecast_is_made_in_the_evening_and_held_against_what_comes() {
    let hand = Arc::new(AtomicI64::new(instant("2026-06-20T17:52:00").0));
    let put = |local: &str| hand.store(instant(local).0, Ordering::Relaxed);
    let clock = {
        let hand = Arc::clone(&hand);
        Clock::from_fn(move || Instant(hand.load(Ordering::Relaxed)))
    };
    let city = City::at(clock, |_| {}).await;
    let (_, point) = city.points("ms16").into_iter().find(|(factor, _)| factor == "w01001").expect("a point");
    let store = &city.running.app.store;
    // 120 days, the last value at 16:00, which is over at 20:00
    let (begin, count) = (instant("2026-02-20T16:00:00"), 721);
    measured(store, PointId(point), (begin, 0), count).await;
    let zhou = city.person("zhoumin").await;
    let path = "/api/v1/analyse/forecasts/ms16/w01001";
    assert_eq!(zhou.get(path).await.0, StatusCode::NOT_FOUND, "it is not yet evening");

    put("2026-06-20T18:11:00");
    let made =
        until("the forecast", async || Some(zhou.get(path).await).filter(|(status, _)| *status == StatusCode::OK))
            .await
            .1;
    let forecast = &made["forecast"];
    assert_eq!(
        (&forecast["shown"], &forecast["late"], &forecast["day"]),
        (&true.into(), &false.into(), &"2026-06-20".into()),
        "{made:#}"
    );
    let points = made["points"].as_array().expect("points");
    assert_eq!(
        (points.len(), &points[0]["at"]),
        (18, &"2026-06-20T08:00:00Z".into()),
        "from 16:00 on: that step is not over"
    );
    for (h, point) in (0i64..).zip(points) {
        let expected = value(count - 1 + h);
        let number = |key: &str| point[key].as_f64().expect("a number");
        assert!((number("value") - expected).abs() < 0.2, "step {h}: {point} for {expected}");
        assert!(number("low") <= number("value") && number("value") <= number("high"));
    }
    assert_eq!(made["explanation"]["grid"], "cycle");
    assert_eq!(made["earlier"][0]["measured"], 0);

    // half a day later three steps have come
    measured(store, PointId(point), (instant("2026-06-20T20:00:00"), count), 3).await;
    put("2026-06-21T08:01:00");
    // the session of yesterday is over
    let zhou = city.person("zhoumin").await;
    let later = zhou.get(path).await.1;
    let outcome = &later["earlier"][0];
    assert_eq!((&outcome["measured"], &outcome["steps"]), (&4.into(), &18.into()), "{outcome}");
    assert!(outcome["inside"].as_i64() >= Some(2) && outcome["mae"].as_f64() < Some(0.2), "{outcome}");

    // a factor of which nothing is known says so; so does the list
    let nothing = zhou.get("/api/v1/analyse/forecasts/ms16/w01009").await.1;
    assert_eq!((&nothing["forecast"]["too_little"], &nothing["forecast"]["shown"]), (&"nothing".into(), &false.into()));
    let (status, all) = zhou.get("/api/v1/analyse/forecasts?station=ms16").await;
    let shown = all.as_array().expect("rows").iter().filter(|f| f["shown"] == true).count();
    assert_eq!((status, shown), (StatusCode::OK, 1));
    assert_eq!(zhou.get("/api/v1/analyse/forecasts?station=nowhere").await.0, StatusCode::NOT_FOUND);
    assert_eq!(zhou.get("/api/v1/analyse/forecasts?nonsense=1").await.0, StatusCode::BAD_REQUEST);
}
