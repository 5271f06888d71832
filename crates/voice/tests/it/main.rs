//! Loudspeakers of other makes, as far as a loopback has them.

mod http;
mod live;
mod rtp;
mod sip;
mod sipp;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use shanshui_voice::rtp::read;
use shanshui_voice::{Doors, Driver, Outcome, Report, Sound, Stop, alaw, play};
use tokio::net::UdpSocket;
use tokio::sync::oneshot;

/// A rising tone, so that no part of it is like another.
fn sweep(seconds: f64) -> Sound {
    let n = (seconds * 8_000.0) as usize;
    let mut phase = 0.0_f64;
    let tone = |i: usize| {
        phase += std::f64::consts::TAU * (300.0 + 2_500.0 * i as f64 / n as f64) / 8_000.0;
        (phase.sin() * 12_000.0) as i16
    };
    Sound::of((0..n).map(tone).collect())
}

/// How alike two sounds are: 1 for the same, at whatever loudness.
fn likeness(a: &[i16], b: &[i16]) -> f64 {
    let dot = |x: &[i16], y: &[i16]| x.iter().zip(y).map(|(p, q)| f64::from(*p) * f64::from(*q)).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

fn driver(text: &str) -> Driver {
    serde_json::from_str(text).expect("a driver")
}

fn anywhere(_: SocketAddr) -> bool {
    true
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

async fn call(driver: &Driver, sound: &Sound) -> (Outcome, Report) {
    call_by(&client(), driver, sound).await
}

/// With a client that is there already, as a server's is.
async fn call_by(client: &reqwest::Client, driver: &Driver, sound: &Sound) -> (Outcome, Report) {
    let mut report = Report::default();
    let doors = Doors { allow: &anywhere, http: client, values: &[("station", "双港口")], stop: &Stop::default() };
    let outcome = play(driver, sound, &doors, &mut report).await;
    (outcome, report)
}

/// What a sink heard.
#[derive(Debug)]
struct Heard {
    first: Option<Instant>,
    samples: Vec<i16>,
}

/// Hears RTP until it is told to stop; holds every packet against the standard.
fn ear(socket: UdpSocket) -> (oneshot::Sender<()>, tokio::task::JoinHandle<Heard>) {
    let (stop, mut stopped) = oneshot::channel();
    let hears = tokio::spawn(async move {
        let mut heard = Heard { first: None, samples: Vec::new() };
        let mut next: Option<(u16, u32, u32)> = None;
        let mut buffer = vec![0; 2_048];
        loop {
            let n = tokio::select! {
                biased;
                n = socket.recv(&mut buffer) => n.expect("a packet"),
                _ = &mut stopped => return heard,
            };
            heard.first.get_or_insert_with(Instant::now);
            let packet = read(&buffer[..n]).expect("rtp");
            assert_eq!((packet.payload_type, packet.payload.len()), (8, 160));
            assert_eq!(packet.marker, next.is_none(), "the first packet has the marker and no other");
            if let Some(next) = next {
                assert_eq!((packet.sequence, packet.time, packet.source), next);
            }
            next = Some((packet.sequence.wrapping_add(1), packet.time.wrapping_add(160), packet.source));
            heard.samples.extend(alaw::decode_all(packet.payload));
        }
    });
    (stop, hears)
}

async fn end(ear: (oneshot::Sender<()>, tokio::task::JoinHandle<Heard>)) -> Heard {
    // what is on its way on a loopback is there by then
    tokio::time::sleep(Duration::from_millis(50)).await;
    let _ = ear.0.send(());
    ear.1.await.expect("an ear")
}

fn same(sound: &Sound, heard: &[i16]) {
    assert_eq!(heard.len(), sound.samples().len().div_ceil(160) * 160, "all of it and no more");
    let likeness = likeness(sound.samples(), &heard[..sound.samples().len()]);
    assert!(likeness > 0.999, "{likeness}");
}

fn figures(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let ms = |d: &Duration| d.as_secs_f64() * 1_000.0;
    eprintln!(
        "{what}: {} runs, first sound at the sink after median {:.2} ms, worst {:.2} ms",
        times.len(),
        times.get(times.len() / 2).map_or(f64::NAN, ms),
        times.last().map_or(f64::NAN, ms)
    );
}
