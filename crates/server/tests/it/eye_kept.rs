//! What a camera saw is kept: while the store takes nothing, and over an end of the program in the midst of it.

use rusqlite::Connection;
use serde_json::json;
use shanshui_camera::drawn::SAMPLING_AREA;
use shanshui_domain::right::Caller;
use shanshui_domain::sense::eye::event::{Step, What};
use shanshui_domain::sense::eye::guard::GuardState;
use shanshui_domain::time::Instant;
use shanshui_server::app::{App, Live};
use shanshui_server::eye::{files, folder_of};
use shanshui_store::{EventRow, StoreError};
use tokio::sync::broadcast::Receiver;

use crate::eye::{drawn, eventually, fence};
use crate::seen;
use crate::support::City;

/// The event of the next thing of one kind that is told of a camera.
async fn told(live: &mut Receiver<Live>, what: &str) -> String {
    let next = async {
        loop {
            match live.recv().await.expect("nothing is missed") {
                Live::Eye(said) if said.what == what => break said.event.expect("an event"),
                _ => {}
            }
        }
    };
    tokio::time::timeout(crate::eye::VISITOR, next).await.unwrap_or_else(|_| panic!("nobody told of one who {what}"))
}

async fn event(app: &App, id: &str) -> Result<EventRow, StoreError> {
    app.store.eye_event(&Caller::machine(), id).await
}

async fn steps(app: &App, id: &str) -> Vec<Step> {
    let rows = app.store.eye_steps(&Caller::machine(), id).await.expect("read");
    rows.into_iter().map(|row| row.step).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_takes_nothing_for_a_while_gets_all_that_was_seen_meanwhile() {
    let city = City::with(|config| {
        (config.eye.drawn_every_s, config.eye.after_s, config.eye.before_s) = (60.0, 1, 2);
    })
    .await;
    let app = &city.running.app;
    let admin = city.person("xuning").await;
    let id = drawn(&admin).await;
    let plan = json!({"base_version": 0, "plan": fence(&SAMPLING_AREA), "note": "初次划定"});
    let (status, kept) = admin.put(&format!("/api/v1/sense/eye/cameras/{id}/fences"), plan).await;
    assert!(status.is_success(), "{kept}");
    let all = (Instant(0), Instant(i64::MAX));
    eventually("sight", async || {
        let guards = app.store.guards(&Caller::machine(), &id, all).await.ok()?;
        guards.iter().any(|g| g.state == GuardState::Guarded).then_some(())
    })
    .await;
    let mut live = app.live();
    let lock = Connection::open(city.config.data.join("shanshui.db")).expect("the database");
    lock.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes now");
    // whoever is on duty is told although nothing can be kept
    let seen = told(&mut live, "entered").await;
    assert!(matches!(event(app, &seen).await, Err(StoreError::NotFound)), "nothing can be written");
    assert_eq!(told(&mut live, "left").await, seen);
    let freed = app.clock.now();
    lock.execute_batch("ROLLBACK").expect("freed");
    let kept =
        eventually("the event", async || event(app, &seen).await.ok().filter(|row| row.event.left.is_some())).await;
    let (entered, left) = (kept.event.begun.entered, kept.event.left.expect("gone"));
    assert!(entered < left && left <= freed, "{entered:?} {left:?} {freed:?}");
    assert!(kept.doubted.is_some_and(|(from, to)| from < entered && to > left), "{:?}", kept.doubted);
    let steps = steps(app, &seen).await;
    let ends = steps.iter().filter(|step| matches!(step.what, What::Left { .. })).count();
    let first = &steps[0].what;
    assert!(matches!(first, What::Begun(_)) && ends == 1, "in the order in which it happened, each once: {steps:?}");
    let guards = eventually("how it guarded", async || {
        let guards = app.store.guards(&Caller::machine(), &id, all).await.ok()?;
        let at = guards.iter().position(|g| g.state == GuardState::Intrusion)?;
        guards.get(at + 1).is_some().then(|| guards[at..].to_vec())
    })
    .await;
    let (since, after) = (guards[0].since, guards[1]);
    assert!(entered <= since && since < left && after.state == GuardState::Guarded, "since it was so: {guards:?}");
    assert!(after.since <= freed, "not since it could be written: {guards:?}");
    city.running.stop().await;
}

/// The spans that a camera's recording must keep.
fn holds(app: &App, camera: &str) -> Option<String> {
    std::fs::read_to_string(folder_of(app, camera).join("ring/holds.txt")).ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_run_left_is_ended_cut_reviewed_and_holds_its_recording() {
    if shanshui_camera::encoders().is_none() {
        eprintln!("skipped: no recording without ffmpeg");
        return;
    }
    let city = City::with(|config| {
        (config.eye.drawn_every_s, config.eye.after_s, config.eye.before_s) = (0.0, 1, 1);
    })
    .await;
    let id = drawn(&city.person("xuning").await).await;
    let app = &city.running.app;
    eventually("a recording", async || {
        let oldest = app.eye.looking(&id)?.ring()?.oldest()?;
        (app.clock.now().ms_since(Instant::from_timestamp(oldest)) > 15_000).then_some(())
    })
    .await;
    let (station, entered) = ("ms16".into(), app.clock.now().plus_ms(-8_000));
    for event in ["lasts", "ended"] {
        seen::event(&app.store, event, &id, &station, (entered, false)).await;
    }
    let left =
        Step { at: app.clock.now(), by: None, what: What::Left { until: app.clock.now(), score: 0.7, cut: None } };
    app.store.eye_step("ended", left, seen::MARGIN_MS).await.expect("follows");
    let city = city.restart().await;
    let app = &city.running.app;
    for id in ["lasts", "ended"] {
        let row = eventually("a clip", async || {
            let row = event(app, id).await.ok()?;
            row.event.files.iter().any(|(file, there)| file.kind == "clip" && *there).then_some(row)
        })
        .await;
        assert!(row.event.left.is_some_and(|left| left > entered), "{id}: {:?}", row.event.left);
        assert!(files::folder(app, id).join(files::CLIP).is_file(), "{id}");
    }
    let cut = |step: &Step| match &step.what {
        What::Left { cut, .. } => Some(cut.clone()),
        _ => None,
    };
    let ends: Vec<_> = steps(app, "lasts").await.iter().filter_map(cut).collect();
    assert_eq!(ends, [Some("restart".to_owned())], "nobody saw how it ended");
    let span = |text: &str| -> Option<(i64, i64)> {
        let (from, to) = text.strip_prefix("holds 1\n")?.trim_end().split_once(' ')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    };
    let text = holds(app, &id).expect("it was said what must stay");
    let (from, to) = span(&text).unwrap_or_else(|| panic!("both are one span: {text:?}"));
    assert!(from == entered.plus_ms(-1_000).0 && to > entered.0, "{text:?}");
    let reviewer = city.person("shenyi").await;
    for event in ["lasts", "ended"] {
        let verdict = json!({"verdict": "false", "reason": "枝条晃动"});
        let (status, judged) = reviewer.post(&format!("/api/v1/sense/eye/events/{event}/verdict"), verdict).await;
        assert!(status.is_success(), "{judged}");
    }
    let city = city.restart().await;
    let app = &city.running.app;
    eventually("that nothing must stay", async || (holds(app, &id)? == "holds 0\n").then_some(())).await;
    city.running.stop().await;
}
