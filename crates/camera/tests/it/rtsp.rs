//! RTSP: logging in, secrets, a program that is killed, a camera that goes and comes.

use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};

use shanshui_camera::{Feed, Kind, Reason, Recording, RingSettings, Spec, State, Transport, jpeg};

use crate::desk::{self, Desk, H264, clip, has_ffmpeg, rtsp};

const PASSWORD: &str = "geheim-4711";

/// Everything that is logged in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn with_digest(more: &[&str], check: impl FnOnce(&str)) {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let film = clip(dir.path(), "film.mp4", "320x180", 20, H264);
    let mut arguments = vec![film.to_str().unwrap(), "--user", "operator", "--password", PASSWORD];
    arguments.extend(more);
    if let Some(server) = rtsp(&arguments) {
        check(&server.url);
    }
}

#[test]
fn frames_come_by_tcp_after_logging_in_and_nobody_reads_the_password() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _ = tracing::subscriber::set_global_default(subscriber);
    with_digest(&["--digest"], |url| {
        let dir = tempfile::tempdir().unwrap();
        let spec = Spec { record: Some(RingSettings::new(dir.path())), width: 160, ..Spec::new(Kind::Rtsp, url) };
        assert!(!format!("{spec:?}").contains(PASSWORD));
        let desk = Desk::start(spec);
        desk.frame();
        let State::Running { codec, width, height, .. } = desk.state("running", |s| matches!(s, State::Running { .. }))
        else {
            unreachable!()
        };
        assert_eq!((codec.as_str(), width, height), ("h264", 320, 180));
        let lines: Vec<_> = desk::children()
            .into_iter()
            .filter(|(_, l)| l.contains("ffmpeg") && l.contains(dir.path().to_str().unwrap()))
            .collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            !lines[0].1.contains(PASSWORD) && !lines[0].1.contains("operator") && !lines[0].1.contains("127.0.0.1"),
            "{lines:?}"
        );
        let environment = std::fs::read(format!("/proc/{}/environ", lines[0].0)).unwrap();
        assert!(!String::from_utf8_lossy(&environment).contains(PASSWORD));
        let (a, b) = (desk.frame(), desk.frame());
        assert_eq!((a.width, a.height, a.rgb.len()), (160, 90, 160 * 90 * 3));
        assert!(b.at > a.at && b.taken > a.taken);
        desk.source.stop();
        assert!(desk::children().iter().all(|(pid, _)| *pid != lines[0].0), "no zombie, nothing running");
        // a wrong password: the reason says so, and still shows nothing
        let desk = Desk::start(Spec::new(Kind::Rtsp, url.replace(PASSWORD, "falsch-0815")));
        let reason = desk.down();
        assert_eq!(reason, Reason::Unauthorised);
        // a wrong path, and a port where nobody is
        assert_eq!(Desk::start(Spec::new(Kind::Rtsp, url.replace("/cam", "/other"))).down(), Reason::NotFound);
        let port = desk::free_port();
        let nobody = format!("rtsp://operator:{PASSWORD}@127.0.0.1:{port}/cam");
        assert_eq!(Desk::start(Spec::new(Kind::Rtsp, nobody)).down(), Reason::Refused);
    });
    let text = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(!text.contains(PASSWORD) && !text.contains("falsch-0815"), "a password is in the log");
}

#[test]
fn frames_come_by_datagrams() {
    with_digest(&[], |url| {
        let desk = Desk::start(Spec { transport: Transport::Udp, ..Spec::new(Kind::Rtsp, url) });
        assert_eq!(desk.frame().width, 320);
    });
}

#[test]
fn a_killed_program_comes_back_and_time_goes_on() {
    with_digest(&[], |url| {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::start(Spec { record: Some(RingSettings::new(dir.path())), ..Spec::new(Kind::Rtsp, url) });
        let before = desk.frame();
        let mine = |l: &str| l.contains("ffmpeg") && l.contains(dir.path().to_str().unwrap());
        let pid = desk::children().into_iter().find(|(_, l)| mine(l)).unwrap().0;
        assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
        assert_eq!(desk.down(), Reason::Killed(9));
        let after = desk.frame();
        let (passed, by_stream) = (after.taken.duration_since(before.taken).as_secs_f64(), after.at - before.at);
        assert!(by_stream > 0.0 && (passed - by_stream).abs() < 1.0, "{passed} {by_stream}");
        assert!(desk.source.statistics().starts >= 2);
    });
}

#[test]
fn a_camera_that_cuts_is_down_with_its_reason_and_begun_again() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let film = clip(dir.path(), "film.mp4", "320x180", 20, H264);
    let Some(server) = rtsp(&[film.to_str().unwrap(), "--cut", "3"]) else { return };
    let desk = Desk::start(Spec::new(Kind::Rtsp, &server.url));
    for _ in 0..2 {
        desk.frame();
        let reason = desk.down();
        assert!(
            matches!(reason, Reason::Ended | Reason::NoPicture(_) | Reason::Garbage | Reason::Other(_)),
            "{reason:?}"
        );
    }
}

#[test]
fn a_smaller_stream_is_analysed_and_the_larger_recorded() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (large, small) =
        (clip(dir.path(), "l.mp4", "640x360", 20, H264), clip(dir.path(), "s.mp4", "320x180", 20, H264));
    let servers = (rtsp(&[large.to_str().unwrap()]), rtsp(&[small.to_str().unwrap()]));
    let (Some(main), Some(sub)) = servers else { return };
    let spec = Spec {
        detect_url: Some(shanshui_camera::Secret::new(&sub.url)),
        record: Some(RingSettings { segment_s: 2, ..RingSettings::new(dir.path().join("ring")) }),
        ..Spec::new(Kind::Rtsp, &main.url)
    };
    let desk = Desk::start(spec);
    assert_eq!(desk.frame().width, 320);
    desk.wait("recording", |f| (f == Feed::Recording(Recording::On)).then_some(()));
    let ring = desk.source.ring().unwrap();
    let end = std::time::Instant::now() + desk::PATIENCE;
    let at = loop {
        if let Some(span) = ring.coverage(jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::now()).first() {
            break span.from;
        }
        assert!(std::time::Instant::now() < end, "nothing is recorded");
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert_eq!(jpeg::decode(&ring.still(at).unwrap().jpeg).unwrap().width, 640);
    if let Some(offset) = desk.source.statistics().clock_offset_s {
        assert!(offset.abs() < 60.0, "the server's clock is ours: {offset}");
    }
}
