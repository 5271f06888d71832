use std::time::Duration;

use shanshui_voice::live::{NotTaken, Piece, channel};
use shanshui_voice::{Doors, Fault, Report, Stop, Verdict, alaw, talk};
use tokio::net::UdpSocket;

use crate::sip::{Horn, sdp};
use crate::{anywhere, driver, ear, end, likeness, sweep};

/// Speaks as a browser does: 40 ms at a time, for as long as it lasts.
async fn speak(microphone: shanshui_voice::live::Microphone, samples: &[i16]) {
    for piece in samples.chunks(320) {
        let bytes: Vec<u8> = piece.iter().flat_map(|s| s.to_le_bytes()).collect();
        microphone.push(Piece::of_pcm_bytes(&bytes)).expect("taken");
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// The sound without the silence of the cushion before, between and after it.
fn voiced(heard: &[i16]) -> Vec<i16> {
    let silence = alaw::decode(alaw::SILENCE);
    heard.chunks(160).filter(|f| f.iter().any(|s| *s != silence)).flatten().copied().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_heard_by_rtp() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let driver = driver(&format!(r#"{{"kind":"rtp","address":"{}"}}"#, socket.local_addr().expect("an address")));
    let ear = ear(socket);
    let (microphone, mut live) = channel();
    let sound = sweep(0.8);
    let client = reqwest::Client::new();
    let doors = Doors { allow: &anywhere, http: &client, values: &[], stop: &Stop::default() };
    let mut report = Report::default();
    let (outcome, ()) = tokio::join!(talk(&driver, &mut live, &doors, &mut report), speak(microphone, sound.samples()));
    assert_eq!(outcome.verdict, Verdict::Sent);
    let heard = voiced(&end(ear).await.samples);
    if live.dropped_ms() > 0 {
        eprintln!("skipped: the machine was too busy to speak evenly, {} ms dropped", live.dropped_ms());
        return;
    }
    assert_eq!(heard.len(), sound.samples().len());
    assert!(likeness(&heard, sound.samples()) > 0.999);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_heard_in_a_call_until_the_horn_hangs_up() {
    let mut horn = Horn::new().await;
    let voice = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let port = voice.local_addr().expect("an address").port();
    let driver = horn.driver("");
    let (microphone, mut live) = channel();
    let calls = tokio::spawn(async move {
        let client = reqwest::Client::new();
        let doors = Doors { allow: &anywhere, http: &client, values: &[], stop: &Stop::default() };
        talk(&driver, &mut live, &doors, &mut Report::default()).await
    });
    let invite = horn.wait("INVITE").await;
    horn.take(&invite, &sdp(port)).await;
    horn.wait("ACK").await;
    microphone.push(Piece::Alaw(vec![0x2A; 1_600])).expect("taken");
    let mut buffer = [0; 300];
    loop {
        let n = voice.recv(&mut buffer).await.expect("a packet");
        if buffer[12..n] == [0x2A; 160] {
            break;
        }
    }
    drop(microphone);
    let bye = horn.wait("BYE").await;
    horn.send(&bye.answer(200, "OK", "horn")).await;
    assert_eq!(calls.await.expect("a call").verdict, Verdict::Acknowledged);
}

#[tokio::test]
async fn nobody_talks_by_http() {
    let (microphone, mut live) = channel();
    let client = reqwest::Client::new();
    let doors = Doors { allow: &anywhere, http: &client, values: &[], stop: &Stop::default() };
    let http = driver(r#"{"kind":"http","url":"http://127.0.0.1:9/","body":{"as":"wav"}}"#);
    assert!(!http.can_talk());
    let outcome = talk(&http, &mut live, &doors, &mut Report::default()).await;
    assert_eq!(outcome.verdict, Verdict::Failed(Fault::NotLive));
    drop(live);
    assert_eq!(microphone.push(Piece::Alaw(vec![1])), Err(NotTaken::Over));
}
