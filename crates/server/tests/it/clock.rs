//! The end of a year, a leap day, and a machine's clock that jumps.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::StatusCode;
use serde_json::json;
use shanshui_domain::right::Caller;
use shanshui_domain::time::{Instant, PeriodKind};
use shanshui_server::clock::Clock;

use crate::support::{City, until, water};

/// A clock that is where somebody has put it.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn at(local: &str) -> Self {
        Self(Arc::new(AtomicI64::new(instant(local).0)))
    }

    fn put(&self, local: &str) {
        self.0.store(instant(local).0, Ordering::Relaxed);
    }

    fn clock(&self) -> Clock {
        let hand = Arc::clone(&self.0);
        Clock::from_fn(move || Instant(hand.load(Ordering::Relaxed)))
    }
}

/// Of the city's own time.
fn instant(local: &str) -> Instant {
    let civil: jiff::civil::DateTime = local.parse().expect("a time");
    Instant::from_timestamp(civil.in_tz("Asia/Shanghai").expect("bundled").timestamp())
}

#[tokio::test]
async fn a_leap_day_and_the_end_of_a_year_are_days_like_others() {
    let hand = Hand::at("2028-02-29T23:59:30");
    let city = City::at(hand.clock(), |_| {}).await;
    let mut line = city.line("ms16").await;
    let (_, point) = city.points("ms16").into_iter().find(|(factor, _)| factor == "w01001").expect("a point");
    let kept = async |stamp: &str, local: &str, ph: &str| {
        let store = &city.running.app.store;
        let series = (shanshui_domain::id::PointId(point), PeriodKind::Real);
        let at = instant(local);
        let rows = store.range_covered(series, (at, Instant(at.0 + 1)), 9).await.expect("rows").rows;
        assert_eq!(rows.first().and_then(|row| row.value.clone()).as_deref(), Some(ph), "{stamp}");
    };
    for (now, stamp, local, ph) in [
        ("2028-02-29T23:59:30", "20280229235930", "2028-02-29T23:59:30", "7.91"),
        ("2028-03-01T00:00:30", "20280301000030", "2028-03-01T00:00:30", "7.92"),
        ("2028-12-31T23:59:30", "20281231235930", "2028-12-31T23:59:30", "7.93"),
        ("2029-01-01T00:00:30", "20290101000030", "2029-01-01T00:00:30", "7.94"),
    ] {
        hand.put(now);
        let frame = line.frame("2011", &format!("{stamp}001"), &water(stamp, ph));
        let answer = line.send_and_hear(&frame).await;
        assert!(answer.contains("CN=9014"), "{stamp}: {answer}");
        kept(stamp, local, ph).await;
    }
    // a day that is no day is kept apart, and not acknowledged as a reading of another
    let answer = line.frame("2011", "20290101000031001", &water("20290229000031", "7.95"));
    line.send(&answer).await;
    let duty = city.person("zhoumin").await;
    until("the telegram in quarantine", async || {
        let quarantine = duty.ok("/api/v1/sense/quarantine").await;
        quarantine.as_array()?.iter().find(|row| row["reason"] == "data_time").cloned()
    })
    .await;
    let mut numbers = Vec::new();
    for now in ["2028-12-31T23:59:59", "2029-01-01T00:00:00", "2028-12-31T23:00:00", "2029-01-01T00:00:01"] {
        hand.put(now);
        let duty = city.person("zhoumin").await;
        let (status, case) = duty.post("/api/v1/act/cases", json!({"title": "跨年"})).await;
        assert_eq!(status, StatusCode::OK, "{case}");
        numbers.push(case["summary"]["number"].as_str().expect("a number").to_owned());
    }
    let years: Vec<bool> = numbers.iter().map(|number| number.contains("2028")).collect();
    assert_eq!(years, [true, false, true, false], "{numbers:?}");
    assert!(numbers.iter().enumerate().all(|(i, number)| !numbers[..i].contains(number)), "{numbers:?}");
    let findings = city.running.app.store.check().await.expect("checked");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
    city.running.stop().await;
}

#[tokio::test]
async fn a_clock_that_jumps_loses_nothing_and_lets_nobody_in() {
    let hand = Hand::at("2027-06-01T10:00:00");
    let city = City::at(hand.clock(), |_| {}).await;
    hand.put("2027-06-01T12:00:00");
    let mut line = city.line("ms16").await;
    let duty = city.person("zhoumin").await;
    let mut upload = async |stamp: &str, ph: &str| -> String {
        let frame = line.frame("2011", &format!("{stamp}001"), &water(stamp, ph));
        line.send_and_hear(&frame).await
    };
    assert!(upload("20270601120000", "7.91").await.contains("CN=9014"));
    // an hour back: what the station says is of the future now, and what it said is still there
    hand.put("2027-06-01T11:00:00");
    assert_eq!(duty.get("/api/v1/system/me").await.0, StatusCode::OK, "a session is not older for it");
    assert!(upload("20270601110000", "7.92").await.contains("CN=9014"));
    let (status, case) = duty.post("/api/v1/act/cases", json!({"title": "时钟回拨"})).await;
    assert_eq!(status, StatusCode::OK, "{case}");
    // a month forward: sessions have ended, and stations go on
    hand.put("2027-07-01T12:00:00");
    assert_eq!(duty.get("/api/v1/system/me").await.0, StatusCode::UNAUTHORIZED);
    assert!(upload("20270701120000", "7.93").await.contains("CN=9014"));
    // and back again: who was out stays out
    hand.put("2027-06-01T12:00:30");
    assert!(upload("20270601120030", "7.94").await.contains("CN=9014"));
    let again = city.person("zhoumin").await;
    let listed = again.ok("/api/v1/act/cases").await;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed}");
    let store = &city.running.app.store;
    let counts = store.audit_list(&Caller::machine(), &shanshui_store::AuditFilter::default(), None, 99).await;
    let seqs: Vec<u64> = counts.expect("entries").iter().map(|row| row.seq).collect();
    assert!(
        seqs.is_sorted_by(|a, b| a > b) && seqs.len() >= 3,
        "one after the other whatever the clock says: {seqs:?}"
    );
    let findings = store.check().await.expect("checked");
    assert!(findings.iter().all(|f| f.ok), "{findings:?}");
    city.running.stop().await;
}
