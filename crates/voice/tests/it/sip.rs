use std::net::SocketAddr;
use std::time::Duration;

use shanshui_voice::sip::message::{Message, Start};
use shanshui_voice::{Doors, Fault, Report, Stop, Verdict, play};
use tokio::net::UdpSocket;

use crate::{call, driver, ear, end, same, sweep};

/// A device that a test leads step by step.
pub struct Horn {
    socket: UdpSocket,
    caller: Option<SocketAddr>,
}

impl Horn {
    pub async fn new() -> Self {
        Self { socket: UdpSocket::bind("127.0.0.1:0").await.expect("a port"), caller: None }
    }

    pub fn driver(&self, more: &str) -> shanshui_voice::Driver {
        let at = self.socket.local_addr().expect("an address");
        driver(&format!(r#"{{"kind":"sip","peer":"{at}","user":"101","from":"eye","t1_ms":100{more}}}"#))
    }

    /// The next message with its method, or its status.
    pub async fn next(&mut self) -> (String, Message) {
        let mut buffer = vec![0; 20_000];
        let (n, from) = self.socket.recv_from(&mut buffer).await.expect("a datagram");
        self.caller = Some(from);
        let message = Message::read(&buffer[..n]).expect("a message");
        let name = match &message.start {
            Start::Request(method) => method.clone(),
            Start::Status(status) => status.to_string(),
        };
        (name, message)
    }

    pub async fn wait(&mut self, wanted: &str) -> Message {
        loop {
            let (name, message) = self.next().await;
            if name == wanted {
                return message;
            }
            assert!(matches!(name.as_str(), "INVITE" | "ACK" | "BYE"), "{name} and not {wanted}");
        }
    }

    pub async fn send(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.caller.expect("a caller")).await.expect("sent");
    }

    /// Takes the call, with this description of the sound.
    pub async fn take(&self, invite: &Message, sdp: &str) {
        let plain = String::from_utf8(invite.answer(200, "OK", "horn")).expect("text");
        let at = self.socket.local_addr().expect("an address");
        let head = plain.replace("content-length: 0\r\n\r\n", "");
        let length = sdp.len();
        self.send(format!("{head}Contact: <sip:horn@{at}>\r\nContent-Length: {length}\r\n\r\n{sdp}").as_bytes()).await;
    }
}

pub fn sdp(port: u16) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n")
}

#[tokio::test]
async fn a_peer_that_never_answers_is_asked_again_and_given_up() {
    let mut horn = Horn::new().await;
    let driver = horn.driver(r#","ring_s":1"#);
    let calls = tokio::spawn(async move { call(&driver, &sweep(0.1)).await });
    let mut branches = Vec::new();
    let (outcome, _) = loop {
        tokio::select! {
            (name, message) = horn.next() => {
                assert_eq!(name, "INVITE", "nothing is taken back from whom nothing was heard");
                branches.push(message.branch().map(str::to_owned));
            }
            done = async { while !calls.is_finished() { tokio::time::sleep(Duration::from_millis(10)).await; } } => {
                let () = done;
                break calls.await.expect("a call");
            }
        }
    };
    assert_eq!((outcome.verdict, outcome.first_byte), (Verdict::Failed(Fault::Late), None));
    // at 0, 100, 300 and 700 ms, unless the machine was busy
    assert!((2..=4).contains(&branches.len()), "{branches:?}");
    branches.dedup();
    assert_eq!(branches.len(), 1, "one request, said again");
}

#[tokio::test]
async fn a_peer_that_only_rings_is_cancelled() {
    let mut horn = Horn::new().await;
    let driver = horn.driver(r#","ring_s":1"#);
    let calls = tokio::spawn(async move { call(&driver, &sweep(0.1)).await });
    let invite = horn.wait("INVITE").await;
    horn.send(&invite.answer(180, "Ringing", "horn")).await;
    let cancel = horn.wait("CANCEL").await;
    assert_eq!((cancel.branch(), cancel.sequence()), (invite.branch(), Some((1, "CANCEL"))));
    horn.send(&cancel.answer(200, "OK", "horn")).await;
    horn.send(&invite.answer(487, "Request Terminated", "horn")).await;
    let ack = horn.wait("ACK").await;
    assert_eq!((ack.branch(), ack.sequence()), (invite.branch(), Some((1, "ACK"))));
    let (outcome, report) = calls.await.expect("a call");
    assert_eq!(outcome.verdict, Verdict::Failed(Fault::Late), "{report:?}");
}

#[tokio::test]
async fn a_peer_that_answers_the_cancelled_call_is_hung_up_on() {
    let mut horn = Horn::new().await;
    let driver = horn.driver(r#","ring_s":1"#);
    let calls = tokio::spawn(async move { call(&driver, &sweep(0.1)).await });
    let invite = horn.wait("INVITE").await;
    horn.send(&invite.answer(180, "Ringing", "horn")).await;
    let cancel = horn.wait("CANCEL").await;
    horn.send(&cancel.answer(481, "Too Late", "horn")).await;
    horn.take(&invite, &sdp(9)).await;
    horn.wait("ACK").await;
    let bye = horn.wait("BYE").await;
    horn.send(&bye.answer(200, "OK", "horn")).await;
    assert_eq!(calls.await.expect("a call").0.verdict, Verdict::Failed(Fault::Late));
}

#[tokio::test]
async fn a_peer_that_hangs_up_is_answered_and_said_so() {
    let mut horn = Horn::new().await;
    let voice = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let port = voice.local_addr().expect("an address").port();
    let driver = horn.driver("");
    let calls = tokio::spawn(async move { call(&driver, &sweep(20.0)).await });
    let invite = horn.wait("INVITE").await;
    horn.take(&invite, &sdp(port)).await;
    horn.wait("ACK").await;
    let mut buffer = [0; 300];
    for _ in 0..5 {
        voice.recv(&mut buffer).await.expect("a packet");
    }
    let (id, from, to) = (invite.header("call-id"), invite.header("from"), invite.header("to"));
    let bye = format!(
        "BYE sip:eye@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKb\r\nFrom: {};tag=horn\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 1 BYE\r\n\r\n",
        to.expect("to"),
        from.expect("from"),
        id.expect("id")
    );
    horn.send(bye.as_bytes()).await;
    assert_eq!(horn.wait("200").await.sequence(), Some((1, "BYE")));
    let (outcome, _) = calls.await.expect("a call");
    assert_eq!(outcome.verdict, Verdict::Failed(Fault::HungUp));
    assert!(outcome.seconds >= 0.1 && outcome.seconds < 20.0, "{outcome:?}");
}

#[tokio::test]
async fn a_lost_acknowledgement_is_said_again() {
    let mut horn = Horn::new().await;
    let voice = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let port = voice.local_addr().expect("an address").port();
    let ear = ear(voice);
    let sound = sweep(0.5);
    let (driver, said) = (horn.driver(""), sound.clone());
    let calls = tokio::spawn(async move { call(&driver, &said).await });
    let invite = horn.wait("INVITE").await;
    horn.send(b"\x00\xff garbage").await;
    horn.send(b"SIP/2.0 200 OK\r\nCall-ID: another\r\nCSeq: 1 INVITE\r\n\r\n").await;
    horn.take(&invite, &sdp(port)).await;
    let first = horn.wait("ACK").await;
    horn.take(&invite, &sdp(port)).await;
    let again = horn.wait("ACK").await;
    assert_eq!(first, again);
    let bye = horn.wait("BYE").await;
    assert_eq!(bye.sequence(), Some((2, "BYE")));
    horn.send(&bye.answer(200, "OK", "horn")).await;
    assert_eq!(calls.await.expect("a call").0.verdict, Verdict::Acknowledged);
    let heard = end(ear).await;
    same(&sound, &heard.samples);
}

#[tokio::test]
async fn a_call_of_no_use_is_ended() {
    let forbidden: SocketAddr = ([10, 1, 2, 3], 4_000).into();
    let elsewhere = sdp(4_000).replace("127.0.0.1\r\nt=", "10.1.2.3\r\nt=");
    for (sdp, fault) in [
        (sdp(9).replace("AVP 8", "AVP 0"), Fault::Codec),
        (String::new(), Fault::Codec),
        (elsewhere, Fault::Forbidden(forbidden)),
    ] {
        let mut horn = Horn::new().await;
        let driver = horn.driver("");
        let calls = tokio::spawn(async move {
            let allow = |a: SocketAddr| a.ip().is_loopback();
            let doors = Doors { allow: &allow, http: &reqwest::Client::new(), values: &[], stop: &Stop::default() };
            play(&driver, &sweep(0.1), &doors, &mut Report::default()).await
        });
        let invite = horn.wait("INVITE").await;
        horn.take(&invite, &sdp).await;
        let bye = horn.wait("BYE").await;
        horn.send(&bye.answer(200, "OK", "horn")).await;
        assert_eq!(calls.await.expect("a call").verdict, Verdict::Failed(fault));
    }
}

#[tokio::test]
async fn a_refusal_is_acknowledged_and_named() {
    for (status, fault) in
        [(486, Fault::Status(486)), (488, Fault::Codec), (401, Fault::Login(401)), (407, Fault::Login(407))]
    {
        let mut horn = Horn::new().await;
        let driver = horn.driver("");
        let calls = tokio::spawn(async move { call(&driver, &sweep(0.1)).await });
        let invite = horn.wait("INVITE").await;
        horn.send(&invite.answer(status, "No", "horn")).await;
        assert_eq!(horn.wait("ACK").await.branch(), invite.branch());
        assert_eq!(calls.await.expect("a call").0.verdict, Verdict::Failed(fault));
    }
    let closed = Horn::new().await.driver("");
    assert_eq!(call(&closed, &sweep(0.1)).await.0.verdict, Verdict::Failed(Fault::Refused));
}

#[tokio::test]
async fn a_call_that_is_stopped_or_dropped_is_hung_up() {
    for drops in [false, true] {
        let mut horn = Horn::new().await;
        let voice = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let port = voice.local_addr().expect("an address").port();
        let (driver, stop) = (horn.driver(""), Stop::default());
        let stopped = stop.clone();
        let calls = tokio::spawn(async move {
            let client = reqwest::Client::new();
            let doors = Doors { allow: &crate::anywhere, http: &client, values: &[], stop: &stopped };
            play(&driver, &sweep(30.0), &doors, &mut Report::default()).await
        });
        let invite = horn.wait("INVITE").await;
        horn.take(&invite, &sdp(port)).await;
        horn.wait("ACK").await;
        voice.recv(&mut [0; 300]).await.expect("a packet");
        if drops {
            calls.abort();
        } else {
            stop.stop();
        }
        let bye = horn.wait("BYE").await;
        assert_eq!(bye.sequence(), Some((2, "BYE")));
        horn.send(&bye.answer(200, "OK", "horn")).await;
        match calls.await {
            Ok(outcome) => {
                assert!(!drops && outcome.verdict == Verdict::Acknowledged && outcome.seconds < 30.0, "{outcome:?}");
            }
            Err(e) => assert!(drops && e.is_cancelled()),
        }
    }
}

#[tokio::test]
async fn ringing_that_is_dropped_is_taken_back() {
    let mut horn = Horn::new().await;
    let driver = horn.driver("");
    let calls = tokio::spawn(async move { call(&driver, &sweep(0.1)).await });
    let invite = horn.wait("INVITE").await;
    horn.send(&invite.answer(180, "Ringing", "horn")).await;
    // until the answer was read: nothing is said again after it
    tokio::time::sleep(Duration::from_millis(300)).await;
    calls.abort();
    assert_eq!(horn.wait("CANCEL").await.branch(), invite.branch());
}
