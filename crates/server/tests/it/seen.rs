//! Rows of the Eye for other tests: a camera, an event, a visit, a loudspeaker at a station.

use sha2::{Digest as _, Sha256};
use shanshui_domain::id::{PersonId, StationCode};
use shanshui_domain::place::Secret;
use shanshui_domain::right::Caller;
use shanshui_domain::sense::eye::camera::{Camera, CameraKind, Quiet};
use shanshui_domain::sense::eye::event::{Begun, Step, What};
use shanshui_domain::sense::eye::guard::{Guard, GuardState, Reason};
use shanshui_domain::sense::eye::visit::{Visit, VisitState};
use shanshui_domain::sense::eye::{EventKind, Spoken};
use shanshui_domain::time::Instant;
use shanshui_store::{CameraRow, PlanRow, SoundRow, SpokenRow, Store, VisitRow, VoiceRow};

/// A margin around stays, milliseconds.
pub(crate) const MARGIN_MS: i64 = 60_000;

/// A camera that nobody looks at, with a fence.
pub(crate) async fn camera(store: &Store, id: &str, station: &StationCode, at: Instant) {
    let camera = Camera {
        code: id.into(),
        station: station.clone(),
        name_zh: "采样口".into(),
        name_en: "sampling head".into(),
        kind: CameraKind::Rtsp,
        address: "rtsp://***@192.0.2.9/1".into(),
        detect_address: None,
        udp: false,
        fps: 5.0,
        width: 640,
        enabled: false,
    };
    let row = CameraRow { id: id.into(), version: 1, camera, by: None, at };
    let address = (Secret::new("rtsp://u:p@192.0.2.9/1"), None);
    store.camera_put(&Caller::machine(), row, address).await.expect("kept");
    let plan = r#"{"fences":[{"id":"head","name":"采样口","kind":"sampling_head","polygon":[[0.2,0.2],[0.8,0.2],[0.5,0.9]]}]}"#;
    let plan = PlanRow {
        camera: id.into(),
        version: 1,
        plan: plan.into(),
        digest: String::new(),
        note: "初次划定".into(),
        by: None,
        at,
    };
    store.plan_put(&Caller::machine(), plan).await.expect("kept");
    let quiet = Quiet { bbox: [0.1, 0.1, 0.2, 0.4], label: "person".into(), note: "水桶".into() };
    store.quiet_put(&Caller::machine(), id, quiet, at).await.expect("kept");
    for (i, (state, reason)) in
        [(GuardState::Guarded, None), (GuardState::Blind, Some(Reason::Black)), (GuardState::Guarded, None)]
            .iter()
            .enumerate()
    {
        let since = at.plus_ms(i as i64 * 3_600_000);
        store.guard_put(id.into(), Guard { state: *state, reason: *reason, since }).await.expect("kept");
    }
}

/// An event of a camera; whoever it was has left when `left` is so.
pub(crate) async fn event(
    store: &Store,
    id: &str,
    camera: &str,
    station: &StationCode,
    (entered, left): (Instant, bool),
) {
    let begun = Begun {
        camera: (camera.into(), 1),
        station: station.clone(),
        kind: EventKind::Intrusion,
        label: "person".into(),
        fence: ("head".into(), "采样口".into()),
        plan: (1, "00".into()),
        thresholds: serde_json::json!({}),
        model: None,
        approached: None,
        entered,
        stream_s: 6.4,
        clock_offset_ms: None,
        score: 0.6,
        bbox: [0.4, 0.3, 0.5, 0.8],
        visit: None,
    };
    let step = |what| Step { at: entered, by: None, what };
    let series = "EYE-2026-".to_owned();
    store.eye_begin(id, series, step(What::Begun(Box::new(begun))), MARGIN_MS).await.expect("begun");
    let spoke = What::Spoke { result: Spoken::Sent, first_byte_ms: Some(80), detail: "rtp".into() };
    store.eye_step(id, step(spoke), MARGIN_MS).await.expect("follows");
    if left {
        let what = What::Left { until: entered.plus_ms(30_000), score: 0.8, cut: None };
        store.eye_step(id, step(what), MARGIN_MS).await.expect("follows");
    }
}

/// A visit that somebody has asked for.
pub(crate) async fn visit(
    store: &Store,
    id: &str,
    station: &StationCode,
    who: PersonId,
    (from, to): (Instant, Instant),
) {
    let row = VisitRow {
        id: id.into(),
        station: station.clone(),
        visit: Visit { unit: "运维公司".into(), purpose: "更换试剂".into(), from, to },
        who: (Secret::new("王五"), Secret::new("13800001234")),
        state: VisitState::Asked,
        asked: (who, from),
        decided: None,
        note: String::new(),
    };
    store.visit_put(&Caller::machine(), row).await.expect("kept");
}

/// A loudspeaker with a recording of its own, and once that it spoke.
pub(crate) async fn voice(store: &Store, station: &StationCode, at: Instant) {
    let bytes = shanshui_voice::Sound::of((0..800).map(|i| (i % 80) * 200).collect()).to_wav();
    let sound = SoundRow { id: format!("sound-{station}"), sha256: hex::encode(Sha256::digest(&bytes)), bytes };
    let body = shanshui_server::eye::voice::Body::default();
    let row = VoiceRow {
        station: station.clone(),
        version: 1,
        body: serde_json::to_string(&body).expect("plain data"),
        secret: Secret::new(String::new()),
        sound: Some(sound.id.clone()),
        by: None,
        at,
    };
    store.voice_put(&Caller::machine(), row, Some(sound)).await.expect("kept");
    let spoken = SpokenRow {
        id: format!("spoken-{station}"),
        station: station.clone(),
        event: None,
        result: Spoken::Sent,
        detail: "browser".into(),
        ms: None,
        by: None,
        at,
    };
    store.spoken_put(&Caller::machine(), spoken).await.expect("kept");
}
