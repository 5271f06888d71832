//! The ring with real files: cutting by copy, pictures, what a kill leaves, a disk that is full.

use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use shanshui_camera::{Feed, Kind, Recording, Ring, RingSettings, Source, Span, Spec, jpeg};

use crate::desk::{self, Desk, H264, clip, has_ffmpeg, rtsp};

fn ring_of(folder: &Path) -> RingSettings {
    RingSettings { segment_s: 2, floor_mb: 1, ..RingSettings::new(folder) }
}

/// Frames of a file that decode, errors on the way, and whether the first packet is a key frame.
fn decoded(film: &Path) -> (usize, String, bool) {
    let out = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(film)
        .args(["-f", "framecrc", "-"])
        .output()
        .unwrap();
    let frames = String::from_utf8_lossy(&out.stdout).lines().filter(|l| l.starts_with('0')).count();
    let probe = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v", "-show_entries", "packet=flags", "-of", "csv=p=0"])
        .arg(film)
        .output()
        .unwrap();
    let key = String::from_utf8_lossy(&probe.stdout).starts_with('K');
    (frames, String::from_utf8_lossy(&out.stderr).into_owned(), key)
}

/// Waits until the ring has `s` seconds without a gap.
fn recorded(source: &Source, s: f64) -> Span {
    let end = std::time::Instant::now() + desk::PATIENCE;
    loop {
        let ring = source.ring().unwrap();
        let spans = ring.coverage(Timestamp::UNIX_EPOCH, Timestamp::now());
        if let Some(span) = spans.iter().find(|x| x.to.duration_since(x.from).as_secs_f64() >= s) {
            return *span;
        }
        assert!(std::time::Instant::now() < end, "too little recorded: {spans:?}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

fn after(t: Timestamp, s: f64) -> Timestamp {
    t.checked_add(jiff::SignedDuration::from_millis((s * 1000.0) as i64)).unwrap()
}

#[test]
fn a_clip_is_cut_by_copying_and_begins_at_a_key_frame() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let film = clip(dir.path(), "film.mp4", "320x180", 30, H264);
    let Some(server) = rtsp(&[film.to_str().unwrap()]) else { return };
    let folder = dir.path().join("ring");
    let desk = Desk::start(Spec { record: Some(ring_of(&folder)), ..Spec::new(Kind::Rtsp, &server.url) });
    let span = recorded(&desk.source, 9.0);
    let ring = desk.source.ring().unwrap();
    let (from, to) = (after(span.from, 3.1), after(span.from, 7.3));
    let out = dir.path().join("clip.mp4");
    let cut = ring.cut(from, to, &out).unwrap();
    assert!(cut.span.from <= from && cut.whole && cut.gaps.is_empty(), "{cut:?}");
    assert!(from.duration_since(cut.span.from).as_secs_f64() <= 4.1, "{cut:?}");
    let (frames, errors, key) = decoded(&out);
    let expected = cut.span.to.duration_since(cut.span.from).as_secs_f64() * 25.0;
    assert!((frames as f64 - expected).abs() <= 6.0, "{frames} of {expected}: {errors}");
    assert!(key && errors.is_empty(), "{errors}");
    assert_eq!(cut.codec, "h264");
    let still = ring.still(from).unwrap();
    let picture = jpeg::decode(&still.jpeg).unwrap();
    assert_eq!((picture.width, picture.height), (320, 180));
    assert!(still.at.duration_since(from).as_secs_f64().abs() < 0.6);
    assert!(ring.still(after(span.from, -100.0)).is_err());
    assert!(ring.cut(to, from, &out).is_err());
    // frames and recording say the same of when something was
    let frame = desk.frame();
    let again = Ring::read(ring_of(&folder)).unwrap();
    assert!(!again.coverage(Timestamp::UNIX_EPOCH, frame.arrived).is_empty(), "the folder is the index");
}

#[test]
fn what_a_kill_leaves_is_taken_in() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("part");
    std::fs::create_dir_all(&part).unwrap();
    let whole = clip(
        dir.path(),
        "a.mp4",
        "320x180",
        4,
        &[
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-g",
            "25",
            "-movflags",
            "+empty_moov+default_base_moof+frag_keyframe",
        ],
    );
    let bytes = std::fs::read(whole).unwrap();
    std::fs::write(part.join("1-000001.mp4"), &bytes[..bytes.len() * 3 / 4]).unwrap();
    std::fs::write(part.join("1-000002.mp4"), b"no film").unwrap();
    std::fs::write(part.join("1-000003.mp4"), b"").unwrap();
    let ring = Ring::open(ring_of(dir.path())).unwrap();
    let spans = ring.coverage(Timestamp::UNIX_EPOCH, after(Timestamp::now(), 10.0));
    assert_eq!(spans.len(), 1);
    let s = spans[0].to.duration_since(spans[0].from).as_secs_f64();
    assert!((1.5..=3.5).contains(&s), "{s}");
    assert_eq!(std::fs::read_dir(&part).unwrap().count(), 0);
    assert!(ring.still(after(spans[0].from, 0.5)).is_ok());
}

#[test]
fn a_full_disk_stops_the_recording_and_not_the_pictures() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let film = clip(dir.path(), "film.mp4", "320x180", 10, H264);
    let record = RingSettings { floor_mb: u64::MAX >> 21, ..ring_of(&dir.path().join("ring")) };
    let spec = Spec { record: Some(record), loop_file: true, ..Spec::new(Kind::File, film.to_str().unwrap()) };
    let desk = Desk::start(spec);
    let full = desk.wait("a full disk", |f| if let Feed::Recording(r) = f { Some(r) } else { None });
    assert!(matches!(full, Recording::Full { .. }) && full.zh().contains("磁盘空间不足"));
    desk.frame();
    assert!(desk.source.ring().unwrap().coverage(Timestamp::UNIX_EPOCH, Timestamp::now()).is_empty());
}

#[test]
fn drawn_cameras_and_mjpeg_are_recorded_too() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let drawn = Desk::start(Spec {
        record: Some(ring_of(&dir.path().join("drawn"))),
        width: 320,
        ..Spec::new(Kind::Drawn, "")
    });
    let server =
        desk::http("v", &["-re", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=10"], &["-c:v", "mjpeg", "-f", "mpjpeg"]);
    let mjpeg =
        Desk::start(Spec { record: Some(ring_of(&dir.path().join("mjpeg"))), ..Spec::new(Kind::Mjpeg, &server.url) });
    for (desk, codec) in [(drawn, "h264"), (mjpeg, "mjpeg")] {
        let span = recorded(&desk.source, 5.0);
        let out = dir.path().join(format!("{codec}.mp4"));
        let cut = desk.source.ring().unwrap().cut(after(span.from, 1.0), after(span.from, 4.0), &out).unwrap();
        let (frames, errors, key) = decoded(&out);
        assert!(frames >= 10 && key && errors.is_empty(), "{codec}: {frames} {errors}");
        assert_eq!(cut.codec, codec);
        let still = desk.source.ring().unwrap().still(after(span.from, 2.0)).unwrap();
        assert_eq!(jpeg::decode(&still.jpeg).unwrap().width, 320);
    }
}
