//! Blind cameras by way of real encoders, and the shared clips, which must never be called blind.

use std::path::{Path, PathBuf};
use std::process::Command;

use shanshui_camera::{Blind, Feed, Kind, Scene, Spec, State, What};

use crate::desk::{Desk, has_ffmpeg};

/// Everything that a scene says about a film: each new blindness with the time at which it was said.
fn look(film: &Path) -> Vec<(f64, Blind)> {
    let desk = Desk::start(Spec { every_frame: true, ..Spec::new(Kind::File, film.to_str().unwrap()) });
    let mut scene = Scene::default();
    let (mut said, mut last, mut frames) = (Vec::new(), None, 0);
    desk.wait("the end of the film", |feed| match feed {
        Feed::Frame(f) => {
            frames += 1;
            let now = scene.look(f.at, &f.rgb, f.width, f.height);
            if let Some(blind) = now.filter(|b| Some(b.what) != last) {
                said.push((f.at, blind));
            }
            last = now.map(|b| b.what);
            None
        }
        Feed::State(State::Finished) => Some(()),
        _ => None,
    });
    assert!(frames > 10, "{frames} frames of {}", film.display());
    said
}

fn shared() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("SHANSHUI_SHARED") else {
        eprintln!("skipped: SHANSHUI_SHARED is not set");
        return None;
    };
    Some(PathBuf::from(folder).join("data/eye/video"))
}

#[test]
fn the_shared_clips_are_never_blind() {
    let Some(folder) = shared().filter(|_| has_ffmpeg()) else { return };
    for name in ["table-approach-a.mp4", "car-park-no-person.mp4", "person-bicycle-car-short.mp4"] {
        assert_eq!(look(&folder.join(name)), [], "{name}");
    }
}

#[test]
fn each_way_to_be_blind_is_noticed_through_an_encoder() {
    let Some(folder) = shared().filter(|_| has_ffmpeg()) else { return };
    let dir = tempfile::tempdir().unwrap();
    // 20 s of the scene, then 70 s of what is done to it
    let ways = [
        (What::Black, "[b]drawbox=c=black:t=fill,noise=alls=4:allf=t[c]"),
        (What::Covered, "[b]drawbox=c=0x403830:t=fill,noise=alls=6:allf=t[c]"),
        (What::Moved, "[b]crop=iw*0.55:ih*0.55:iw*0.4:ih*0.4,hflip,scale=768:432[c]"),
        (What::Frozen, "[b]trim=end_frame=1,loop=-1:1:0,fps=10,trim=duration=70,setpts=N/10/TB[c]"),
    ];
    for (what, way) in ways {
        let film = dir.path().join(format!("{what:?}.mp4"));
        let graph = format!(
            "[0:v]scale=768:432,setsar=1,fps=10,trim=duration=20,setpts=N/10/TB[a];[1:v]scale=768:432,setsar=1,fps=10,trim=duration=70,setpts=N/10/TB[b];{way};[c]setsar=1,fps=10[d];[a][d]concat=n=2[v]"
        );
        let clip = folder.join("table-approach-a.mp4");
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-v", "error", "-y", "-i"]).arg(&clip).args(["-stream_loop", "-1", "-i"]).arg(&clip);
        command
            .args(["-filter_complex", &graph, "-map", "[v]", "-c:v", "libx264", "-preset", "ultrafast", "-g", "20"])
            .arg(&film);
        assert!(command.status().unwrap().success(), "{what:?}");
        let said = look(&film);
        let (when, blind) = *said.first().unwrap_or_else(|| panic!("{what:?} is not noticed"));
        println!("{what:?}: said after {:.1} s of it", when - 20.0);
        assert!(blind.what == what && (20.0..80.0).contains(&when), "{what:?}: {said:?}");
    }
}

#[test]
fn a_camera_that_goes_silent_is_offline_in_time() {
    let mut scene = Scene::default();
    let rgb = vec![90; 64 * 36 * 3];
    scene.look(100.0, &rgb, 64, 36);
    assert_eq!(scene.silence(110.0), None);
    assert_eq!(scene.silence(116.0), Some(Blind { what: What::Offline, since: 100.0 }));
}
