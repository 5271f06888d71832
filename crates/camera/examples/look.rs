//! Runs one camera and says what it says: `cargo run -p shanshui-camera --example look -- KIND ADDRESS SECONDS [RING-FOLDER]`.
//! KIND is rtsp, mjpeg, snapshot, file or drawn. A line per change, a line of figures every ten seconds.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use shanshui_camera::{Feed, Kind, RingSettings, Scene, Source, Spec};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, address, seconds, ring @ ..] = arguments.as_slice() else {
        return Err("KIND ADDRESS SECONDS [RING-FOLDER]".into());
    };
    let kind = match kind.as_str() {
        "rtsp" => Kind::Rtsp,
        "mjpeg" => Kind::Mjpeg,
        "snapshot" => Kind::Snapshot,
        "file" => Kind::File,
        _ => Kind::Drawn,
    };
    let end = Duration::from_secs(seconds.parse()?);
    let record = ring.first().map(RingSettings::new);
    let (to, feed) = channel();
    let source = Source::start(Spec { record, ..Spec::new(kind, address) }, Box::new(move |f| drop(to.send(f))))?;
    let (begun, mut told, mut scene, mut blind) = (Instant::now(), Instant::now(), Scene::default(), None);
    let mut lag: f64 = 0.0;
    while begun.elapsed() < end {
        let now = begun.elapsed().as_secs_f64();
        match feed.recv_timeout(Duration::from_secs(1)) {
            Ok(Feed::Frame(f)) => {
                lag = lag.max(f.arrived.duration_since(f.taken).as_secs_f64());
                let seen = scene.look(f.at, &f.rgb, f.width, f.height);
                if seen.map(|b| b.what) != blind {
                    blind = seen.map(|b| b.what);
                    println!("{now:8.2} at {:.2}: blind: {seen:?}", f.at);
                }
            }
            Ok(other) => println!("{now:8.2} {other:?}"),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            println!(
                "{now:8.2} {:?}, most lag {lag:.2} s, recorded {:?} MiB",
                source.statistics(),
                source.ring().map(|r| r.health().used >> 20)
            );
            lag = 0.0;
        }
    }
    source.stop();
    Ok(())
}
