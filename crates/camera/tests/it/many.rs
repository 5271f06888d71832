//! Bad cameras beside a good one.

use std::io::Write;
use std::net::TcpListener;
use std::thread;

use shanshui_camera::{Feed, Kind, Limits, Reason, Spec, State};

use crate::desk::{Desk, H264, clip, has_ffmpeg, rtsp};

/// A port that answers whoever comes with noise, or with nothing.
fn nonsense(noise: bool) -> u16 {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = door.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for peer in door.incoming().flatten() {
            if noise {
                thread::spawn(move || {
                    let mut peer = peer;
                    let junk: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
                    while peer.write_all(&junk).is_ok() {}
                });
            } else {
                kept.push(peer);
            }
        }
    });
    port
}

#[test]
fn twenty_garbage_sources_do_not_disturb_a_good_one() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let film = clip(dir.path(), "film.mp4", "320x180", 30, H264);
    let Some(server) = rtsp(&[film.to_str().unwrap()]) else { return };
    let good = Desk::start(Spec::new(Kind::Rtsp, &server.url));
    good.frame();
    let (noise, silent) = (nonsense(true), nonsense(false));
    let bad: Vec<_> = (0..20)
        .map(|i| {
            let (port, scheme) = (if i % 3 == 2 { silent } else { noise }, if i % 2 == 0 { "rtsp" } else { "http" });
            let kind = if i % 2 == 0 { Kind::Rtsp } else { Kind::Mjpeg };
            Desk::start(Spec { silence_s: 5, ..Spec::new(kind, format!("{scheme}://127.0.0.1:{port}/x")) })
        })
        .collect();
    for (i, desk) in bad.iter().enumerate() {
        let reason = desk.down();
        assert!(!matches!(reason, Reason::NoProgram | Reason::NoFile), "{i}: {reason:?}");
        assert!(!reason.zh().is_empty());
    }
    let (mut frames, mut last) = (0, 0.0);
    for feed in good.now() {
        match feed {
            Feed::Frame(f) => {
                assert!(f.at > last && (frames == 0 || f.at - last < 1.0), "{} after {last}", f.at);
                last = f.at;
                frames += 1;
            }
            Feed::State(State::Down { reason, .. }) => panic!("the good one is down: {reason:?}"),
            _ => {}
        }
    }
    assert!(frames > 10, "{frames}");
}

#[test]
fn a_camera_that_lies_about_its_codec_is_down_with_a_reason() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let film = clip(dir.path(), "film.mp4", "64x36", 1, H264);
    let Some(server) = rtsp(&[film.to_str().unwrap(), "--garbage", "lie"]) else { return };
    let desk = Desk::start(Spec { silence_s: 6, ..Spec::new(Kind::Rtsp, &server.url) });
    let reason = desk.down();
    assert!(
        matches!(reason, Reason::Garbage | Reason::NoPicture(_) | Reason::TimedOut | Reason::Other(_)),
        "{reason:?}"
    );
}

#[test]
fn a_camera_that_takes_more_memory_than_it_may_is_down_for_it() {
    if !has_ffmpeg() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let film = clip(dir.path(), "film.mp4", "1920x1080", 2, H264);
    let limits = Limits { memory_mb: 64, ..Limits::default() };
    // pictures in their full size: smaller ones find room
    let desk =
        Desk::start(Spec { limits, loop_file: true, width: 1920, ..Spec::new(Kind::File, film.to_str().unwrap()) });
    let reason = desk.down();
    assert!(matches!(reason, Reason::Memory | Reason::Killed(_) | Reason::Other(_)), "{reason:?}");
}
