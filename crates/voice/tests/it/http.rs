use std::time::{Duration, Instant};

use shanshui_voice::{Fault, Sound, Verdict};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{call, call_by, client, driver, figures, likeness, sweep};

/// A request as a device gets it.
struct Got {
    head: String,
    body: Vec<u8>,
    first: Option<Instant>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|l| l.split_once(": "));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v)
    }
}

async fn take(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let at = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut got = Got { head: String::from_utf8(bytes[..at].to_vec()).ok()?, body: bytes[at..].to_vec(), first: None };
    let length: usize = got.header("content-length").map_or(0, |n| n.parse().expect("a length"));
    while got.body.len() < length {
        got.first.get_or_insert_with(Instant::now);
        if stream.read_buf(&mut got.body).await.ok()? == 0 {
            return None;
        }
    }
    got.first.get_or_insert_with(Instant::now);
    Some(got)
}

/// A device that says what it is told to say, request after request, and gives back what it got.
async fn device(answers: Vec<&'static str>) -> (String, tokio::task::JoinHandle<Vec<Got>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let works = tokio::spawn(async move {
        let mut got = Vec::new();
        let mut answers = answers.into_iter();
        while answers.len() > 0 {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            while let Some(request) = take(&mut stream).await {
                got.push(request);
                let Some(answer) = answers.next() else { break };
                stream.write_all(answer.as_bytes()).await.expect("sent");
            }
        }
        got
    });
    (address, works)
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const ASK: &str = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
    WWW-Authenticate: Digest realm=\"horn\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_wav_arrives_whole_and_can_be_decoded() {
    let sound = sweep(0.5);
    let (client, mut times) = (client(), Vec::new());
    for _ in 0..20 {
        let (address, device) = device(vec![OK]).await;
        let text = format!(r#"{{"kind":"http","url":"http://{address}/play?x=1","body":{{"as":"wav"}}}}"#);
        let begin = Instant::now();
        let (outcome, report) = call_by(&client, &driver(&text), &sound).await;
        assert_eq!(outcome.verdict, Verdict::Acknowledged, "{report:?}");
        assert!(outcome.first_byte.is_some() && (outcome.seconds - 0.5).abs() < 1e-9, "{outcome:?}");
        let got = device.await.expect("a device").pop().expect("a request");
        assert!(got.head.starts_with("POST /play?x=1 HTTP/1.1"), "{}", got.head);
        assert_eq!((got.header("content-type"), got.header("transfer-encoding")), (Some("audio/wav"), None));
        let heard = Sound::from_wav(&got.body).expect("a wav");
        assert!(likeness(heard.samples(), sound.samples()) > 0.999);
        times.push(got.first.expect("a byte").saturating_duration_since(begin));
    }
    figures("http, wav", times);
}

#[tokio::test]
async fn raw_alaw_at_the_pace_it_is_heard() {
    let sound = sweep(0.6);
    let (address, device) = device(vec![OK]).await;
    let text = format!(
        r#"{{"kind":"http","method":"PUT","url":"http://{address}/a","headers":[["Content-Type","Audio/G.711A"]],
            "body":{{"as":"alaw","paced":true}},"auth":{{"as":"basic","user":"u","password":"p"}}}}"#
    );
    let begin = Instant::now();
    let (outcome, _) = call(&driver(&text), &sound).await;
    assert_eq!(outcome.verdict, Verdict::Acknowledged);
    assert!(begin.elapsed() >= Duration::from_millis(480), "faster than it is heard");
    let got = device.await.expect("a device").pop().expect("a request");
    assert_eq!(got.body, sound.alaw());
    assert_eq!((got.header("content-type"), got.header("authorization")), (Some("Audio/G.711A"), Some("Basic dTpw")));
}

#[tokio::test]
async fn a_challenge_is_answered_before_the_sound_goes() {
    let sound = sweep(0.2);
    let (address, device) = device(vec![ASK, OK]).await;
    let text = format!(
        r#"{{"kind":"http","url":"http://{address}/a/b?c=d","body":{{"as":"wav"}},
            "auth":{{"as":"digest","user":"admin","password":"s3cret"}}}}"#
    );
    let (outcome, report) = call(&driver(&text), &sound).await;
    assert_eq!(outcome.verdict, Verdict::Acknowledged, "{report:?}");
    let got = device.await.expect("a device");
    assert!(got[0].body.is_empty() && got[0].header("authorization").is_none());
    assert_eq!(got[1].body, sound.to_wav());
    let said = got[1].header("authorization").expect("an answer");
    for part in [
        "Digest ",
        "username=\"admin\"",
        "realm=\"horn\"",
        "uri=\"/a/b?c=d\"",
        "nc=00000001",
        "qop=auth",
        "response=\"",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    assert!(!format!("{report:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_trigger_carries_its_values() {
    let (address, device) = device(vec![OK]).await;
    let text = format!(
        r#"{{"kind":"http","url":"http://{address}/t","body":{{"as":"json","template":"{{\"clip\":3,\"at\":\"{{station}}\"}}"}}}}"#
    );
    let (outcome, _) = call(&driver(&text), &sweep(0.1)).await;
    assert_eq!((outcome.verdict, outcome.seconds), (Verdict::Acknowledged, 0.0));
    assert!(outcome.first_byte.is_some());
    let got = device.await.expect("a device").pop().expect("a request");
    assert_eq!(String::from_utf8_lossy(&got.body), r#"{"clip":3,"at":"双港口"}"#);
}

#[tokio::test]
async fn what_a_device_refuses() {
    let body = r#""body":{"as":"wav"}"#;
    for (answer, fault) in [
        ("HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", Fault::Status(500)),
        ("HTTP/1.1 403 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", Fault::Login(403)),
    ] {
        let (address, device) = device(vec![answer]).await;
        let text = format!(r#"{{"kind":"http","url":"http://{address}/t?token=t0p",{body}}}"#);
        let (outcome, report) = call(&driver(&text), &sweep(0.1)).await;
        assert_eq!(outcome.verdict, Verdict::Failed(fault));
        assert!(!format!("{outcome:?}{report:?}").contains("t0p"));
        drop(device);
    }
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let (outcome, _) =
        call(&driver(&format!(r#"{{"kind":"http","url":"http://{closed}/t?token=t0p",{body}}}"#)), &sweep(0.1)).await;
    assert_eq!(outcome.verdict, Verdict::Failed(Fault::Refused));
    // takes the call and says nothing
    let mute = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = mute.local_addr().expect("an address");
    let (outcome, _) =
        call(&driver(&format!(r#"{{"kind":"http","url":"http://{at}/","timeout_s":1,{body}}}"#)), &sweep(0.1)).await;
    assert_eq!(outcome.verdict, Verdict::Failed(Fault::Late));
}
