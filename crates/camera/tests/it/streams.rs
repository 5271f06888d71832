//! Other ways for pictures to come: MJPEG and snapshots by HTTP, H.265, files; sizes that change, sinks that are slow.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use shanshui_camera::jpeg;
use shanshui_camera::{Feed, Kind, Picture, Reason, Source, Spec, State};

use crate::desk::{Desk, H264, clip, has_ffmpeg, http, rtsp};

#[test]
fn mjpeg_by_http() {
    if !has_ffmpeg() {
        return;
    }
    let source = ["-re", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=10"];
    let server = http("video", &source, &["-c:v", "mjpeg", "-f", "mpjpeg"]);
    let desk = Desk::start(Spec::new(Kind::Mjpeg, &server.url));
    let (a, b) = (desk.frame(), desk.frame());
    assert_eq!((a.width, a.height), (320, 240));
    assert!(b.at - a.at > 0.1 && b.at - a.at < 5.0, "{} {}", a.at, b.at);
}

#[test]
fn h265_by_rtsp() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let film = clip(
        dir.path(),
        "film.mp4",
        "320x180",
        10,
        &["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=25"],
    );
    let Some(server) = rtsp(&[film.to_str().unwrap()]) else { return };
    let desk = Desk::start(Spec::new(Kind::Rtsp, &server.url));
    assert_eq!(desk.frame().width, 320);
    desk.state("h265", |s| matches!(s, State::Running { codec, .. } if codec == "hevc"));
}

/// A camera that answers each request with one picture, after asking for a password.
fn snapshots() -> String {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://op:geheim@127.0.0.1:{}/snap.jpg", door.local_addr().unwrap().port());
    thread::spawn(move || {
        for (n, peer) in door.incoming().enumerate() {
            let Ok(mut peer) = peer else { return };
            thread::spawn(move || {
                let mut asked = [0; 4096];
                let read = peer.read(&mut asked).unwrap_or(0);
                // op:geheim
                let known = String::from_utf8_lossy(&asked[..read]).contains("Basic b3A6Z2VoZWlt");
                let picture = Picture::filled(320, 240, [(n * 20 % 250) as u8, 90, 40]).unwrap();
                let body = if known { jpeg::encode(&picture, 80).unwrap() } else { Vec::new() };
                let status = if known { "200 OK" } else { "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"cam\"" };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = peer.write_all(head.as_bytes()).and_then(|()| peer.write_all(&body));
            });
        }
    });
    url
}

#[test]
fn snapshots_by_http_with_a_password() {
    if !has_ffmpeg() {
        return;
    }
    let url = snapshots();
    let desk = Desk::start(Spec { fps: 2.0, width: 160, ..Spec::new(Kind::Snapshot, url.clone()) });
    let (a, b) = (desk.frame(), desk.frame());
    assert_eq!((a.width, a.height), (160, 120));
    assert_ne!(a.rgb, b.rgb);
    let wrong = Spec { fps: 2.0, silence_s: 3, ..Spec::new(Kind::Snapshot, url.replace("geheim", "anders")) };
    assert_eq!(Desk::start(wrong).down(), Reason::Unauthorised);
}

#[test]
fn a_file_gives_each_frame_with_its_own_time_and_ends() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let film = clip(dir.path(), "film.mp4", "320x180", 8, H264);
    let spec = Spec { every_frame: true, fps: 5.0, ..Spec::new(Kind::File, film.to_str().unwrap()) };
    let desk = Desk::start(spec);
    let mut times = Vec::new();
    desk.wait("the end", |f| match f {
        Feed::Frame(f) => {
            times.push(f.at);
            None
        }
        Feed::State(State::Finished) => Some(()),
        _ => None,
    });
    assert_eq!(times.len(), 40, "{times:?}");
    for (i, t) in times.iter().enumerate() {
        assert!((t - i as f64 * 0.2).abs() < 0.05, "{i} {t}");
    }
    assert_eq!(desk.source.statistics().dropped, 0);
    let gone = Desk::start(Spec::new(Kind::File, "/nowhere/film.mp4"));
    assert_eq!(gone.down(), Reason::NoFile);
}

#[test]
fn a_change_of_size_begins_the_stream_anew() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    for (i, size) in ["320x180", "640x360"].iter().enumerate() {
        let part = clip(
            dir.path(),
            &format!("{i}.ts"),
            size,
            3,
            &["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-f", "mpegts"],
        );
        bytes.extend(std::fs::read(part).unwrap());
    }
    let both = dir.path().join("both.ts");
    std::fs::write(&both, bytes).unwrap();
    let desk = Desk::start(Spec { loop_file: true, ..Spec::new(Kind::File, both.to_str().unwrap()) });
    desk.frame();
    assert_eq!(desk.down(), Reason::Resized);
}

#[test]
fn a_slow_sink_loses_frames_and_stays_near_the_present() {
    let spec = Spec { fps: 20.0, width: 64, ..Spec::new(Kind::Drawn, "") };
    let (to, late) = std::sync::mpsc::channel();
    let source = Source::start(
        spec,
        Box::new(move |f| {
            if let Feed::Frame(f) = f {
                let _ = to.send(jiff::Timestamp::now().duration_since(f.arrived).as_secs_f64());
                thread::sleep(Duration::from_millis(300));
            }
        }),
    )
    .unwrap();
    let lags: Vec<f64> = late.iter().take(8).collect();
    let statistics = source.statistics();
    assert!(statistics.dropped > statistics.frames / 2, "{statistics:?}");
    assert!(lags.iter().all(|l| *l < 2.0), "lag does not grow: {lags:?}");
}

#[test]
fn a_source_can_be_dropped_by_its_own_sink() {
    let slot = std::sync::Arc::new(std::sync::Mutex::new(None::<Source>));
    let (to, done) = std::sync::mpsc::channel();
    let inner = std::sync::Arc::clone(&slot);
    let sink = move |f| {
        if matches!(f, Feed::Frame(_)) {
            drop(inner.lock().unwrap().take());
            let _ = to.send(());
        }
    };
    let mut held = slot.lock().unwrap();
    *held = Some(Source::start(Spec { width: 64, ..Spec::new(Kind::Drawn, "") }, Box::new(sink)).unwrap());
    drop(held);
    done.recv_timeout(crate::desk::PATIENCE).unwrap();
}
