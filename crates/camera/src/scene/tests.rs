//! Drawn scenes: each way to be blind within a minute, and what must not count.

use jiff::Timestamp;

use super::*;
use crate::drawn::{Mode, Painter, Settings};
use crate::picture::Picture;

const FPS: f64 = 2.0;

fn utc(text: &str, s: f64) -> Timestamp {
    let t: Timestamp = text.parse().unwrap();
    t.checked_add(jiff::SignedDuration::from_millis((s * 1000.0) as i64)).unwrap()
}

/// Frames of a painter from `from_s` to `to_s`, changed by `touch`, looked at by `scene`; the first blindness and when it was said.
fn watch(
    scene: &mut Scene,
    p: &mut Painter,
    start: &str,
    span: (f64, f64),
    mut touch: impl FnMut(f64, &mut Picture),
) -> Option<(f64, Blind)> {
    let mut first = None;
    let mut t = span.0;
    while t < span.1 {
        let found = match p.paint(utc(start, t)) {
            Some(mut picture) => {
                touch(t, &mut picture);
                scene.look(t, &picture.rgb, picture.width, picture.height)
            }
            None => scene.silence(t),
        };
        if let (None, Some(blind)) = (&first, found) {
            first = Some((t, blind));
        }
        t += 1.0 / FPS;
    }
    first
}

const NOON: &str = "2026-06-01T04:00:00Z";

fn goes_blind(mode: Mode, what: What) {
    let s = Settings { mode, mode_after_s: 40.0, visit_every_s: 0.0, ..Settings::default() };
    for (start, noise) in [(NOON, 3), ("2026-06-01T15:00:00Z", 5)] {
        let mut p = Painter::new(Settings { noise, ..s.clone() }, 320);
        let mut scene = Scene::default();
        let found = watch(&mut scene, &mut p, start, (0.0, 110.0), |_, _| {});
        let (said, blind) = found.unwrap_or_else(|| panic!("{mode:?} at {start} is not noticed"));
        assert_eq!(blind.what, what, "{mode:?} at {start}");
        assert!(
            said > 40.0 && said < 75.0 && (38.0..44.0).contains(&blind.since),
            "{mode:?} at {start}: said {said}, {blind:?}"
        );
    }
}

#[test]
fn black_is_blind() {
    goes_blind(Mode::Black, What::Black);
}

#[test]
fn covered_is_blind() {
    goes_blind(Mode::Covered, What::Covered);
}

#[test]
fn frozen_is_blind() {
    goes_blind(Mode::Frozen, What::Frozen);
}

#[test]
fn moved_is_blind() {
    goes_blind(Mode::Moved, What::Moved);
}

#[test]
fn offline_is_blind() {
    goes_blind(Mode::Offline, What::Offline);
}

#[test]
fn sight_comes_back_but_a_new_view_must_be_meant() {
    let s = Settings {
        mode: Mode::Covered,
        mode_after_s: 30.0,
        mode_for_s: 30.0,
        visit_every_s: 0.0,
        ..Settings::default()
    };
    let (mut scene, mut p) = (Scene::default(), Painter::new(s.clone(), 320));
    assert!(watch(&mut scene, &mut p, NOON, (0.0, 60.0), |_, _| {}).is_some());
    assert_eq!(watch(&mut scene, &mut p, NOON, (65.0, 100.0), |_, _| {}), None);
    let mut p = Painter::new(Settings { mode: Mode::Moved, mode_for_s: 300.0, ..s }, 320);
    let mut scene = Scene::default();
    assert!(watch(&mut scene, &mut p, NOON, (0.0, 90.0), |_, _| {}).is_some());
    assert!(watch(&mut scene, &mut p, NOON, (90.0, 200.0), |_, _| {}).is_some(), "time alone does not make it right");
    scene.relearn();
    assert_eq!(watch(&mut scene, &mut p, NOON, (200.0, 280.0), |_, _| {}), None);
    let known = scene.learned().cloned().unwrap();
    let mut later = Scene::knowing(Times::default(), known);
    assert!(watch(&mut later, &mut p, NOON, (331.0, 400.0), |_, _| {}).is_some(), "moved back while nobody looked");
}

fn keeps_seeing(what: &str, start: &str, seconds: f64, s: &Settings, touch: impl FnMut(f64, &mut Picture)) {
    let (mut scene, mut p) = (Scene::default(), Painter::new(s.clone(), 320));
    assert_eq!(watch(&mut scene, &mut p, start, (0.0, seconds), touch), None, "{what}");
}

#[test]
fn visitors_light_and_weather_do_not_make_it_blind() {
    let s = Settings { visit_every_s: 60.0, visit_first_s: 5.0, ..Settings::default() };
    keeps_seeing("a visitor each minute", NOON, 130.0, &s, |_, _| {});
    keeps_seeing("night", "2026-06-01T15:00:00Z", 120.0, &s, |_, _| {});
    keeps_seeing("a light switched off and on", NOON, 120.0, &s, |t, p| {
        if (40.0..80.0).contains(&t) {
            p.rgb.iter_mut().for_each(|v| *v = (f32::from(*v) * 0.35) as u8);
        }
    });
    keeps_seeing("colour to infrared at once", NOON, 160.0, &s, |t, p| {
        if t > 40.0 {
            for q in p.rgb.chunks_exact_mut(3) {
                let g = (f32::from(q[0]) * 0.6 + f32::from(q[1]) * 0.2) as u8 / 2 + 10;
                q.fill(g);
            }
        }
    });
    keeps_seeing("rain", NOON, 120.0, &s, |t, p| {
        let mut state = (t * 1000.0) as u32 | 1;
        for _ in 0..700 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (x, y) = ((state >> 8) % p.width, (state >> 20) % p.height);
            (0..14).for_each(|i| p.set(x + i / 5, y + i, [200, 205, 210]));
        }
    });
    keeps_seeing("somebody right before the lens", NOON, 120.0, &s, |t, p| {
        if (40.0..62.0).contains(&t) {
            let sway = ((t * 2.0).sin() * 12.0) as i32;
            for y in 20..p.height {
                for x in 0..p.width * 6 / 10 {
                    let fold = ((x as i32 + sway) / 14 % 2) as u8 * 26;
                    p.set((x as i32 + 60 + sway).max(0) as u32, y, [60 + fold, 40 + fold, 45]);
                }
            }
        }
    });
}

#[test]
fn dusk_and_dawn_pass() {
    let s = Settings { visit_every_s: 0.0, ..Settings::default() };
    let (mut scene, mut p) = (Scene::default(), Painter::new(s, 160));
    // three hours around sunset, a frame each six seconds, its stream time true
    let mut t = 0.0;
    while t < 3.0 * 3600.0 {
        let picture = p.paint(utc("2026-06-01T09:00:00Z", t)).unwrap();
        assert_eq!(scene.look(t, &picture.rgb, picture.width, picture.height), None, "at {t}");
        t += 6.0;
    }
}

#[test]
fn frozen_by_an_encoder_that_goes_on_is_noticed_too() {
    let s = Settings { visit_every_s: 0.0, ..Settings::default() };
    let mut p = Painter::new(s, 320);
    let still = p.paint(utc(NOON, 0.0)).unwrap();
    let mut scene = Scene::default();
    let mut said = None;
    for i in 0..240 {
        let t = f64::from(i) / FPS;
        // each tenth frame is a key frame: all pixels change a little, then stand
        let key = (i / 10) as usize;
        let rgb: Vec<u8> =
            still.rgb.iter().enumerate().map(|(k, v)| v.saturating_add(((k / 3 + key * 7) % 5) as u8)).collect();
        if said.is_none() && scene.look(t, &rgb, still.width, still.height).is_some_and(|b| b.what == What::Frozen) {
            said = Some(t);
        }
    }
    assert!(said.is_some_and(|t| t < 60.0), "{said:?}");
}

#[test]
fn bad_frames_are_passed_over() {
    let mut scene = Scene::default();
    assert_eq!(scene.look(0.0, &[1, 2, 3], 640, 360), None);
    assert_eq!(scene.look(f64::NAN, &[0; 16 * 16 * 3], 16, 16), None);
    assert_eq!(scene.look(1.0, &[0; 16 * 16 * 3], 16, 16), None);
    assert_eq!(scene.look(0.5, &[0; 16 * 16 * 3], 16, 16), None);
}
