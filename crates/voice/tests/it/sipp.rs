use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use shanshui_voice::{Fault, Verdict};
use tokio::net::UdpSocket;

use crate::{call, call_by, client, driver, ear, end, figures, same, sweep};

/// The program sipp as a loudspeaker; it ends by itself after its calls, and its status says whether each went as written.
struct Sipp {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Sipp {
    async fn start(scenario: &str, voice: u16, calls: u32, transport: &str) -> Option<Self> {
        if Command::new("sipp").arg("-v").output().is_err() {
            eprintln!("skipped: no sipp");
            return None;
        }
        // a port that was free a moment ago, of the kind that is wanted
        let port = match transport {
            "u1" => UdpSocket::bind("127.0.0.1:0").await.expect("a port").local_addr(),
            _ => tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr(),
        };
        let port = port.expect("an address").port();
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(scenario);
        let child = Command::new("sipp")
            .args(["-i", "127.0.0.1", "-nostdin", "-t", transport, "-timeout", "60s", "-timeout_error"])
            .args(["-p", &port.to_string(), "-m", &calls.to_string(), "-key", "voice", &voice.to_string()])
            .arg("-sf")
            .arg(scenario)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sipp");
        let sipp = Self { child, port, _folder: folder };
        sipp.ready(transport).await;
        Some(sipp)
    }

    /// Until it listens, by the system's own list of sockets.
    async fn ready(&self, transport: &str) {
        let list = if transport == "u1" { "/proc/net/udp" } else { "/proc/net/tcp" };
        let wanted = format!("0100007F:{:04X} ", self.port);
        for _ in 0..500 {
            if std::fs::read_to_string(list).is_ok_and(|t| t.contains(&wanted)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("sipp does not listen");
    }

    fn driver(&self, more: &str) -> shanshui_voice::Driver {
        driver(&format!(r#"{{"kind":"sip","peer":"127.0.0.1:{}","user":"101","from":"eye"{more}}}"#, self.port))
    }

    async fn ends_well(mut self) {
        let status = tokio::task::spawn_blocking(move || self.child.wait()).await.expect("a thread").expect("an end");
        assert!(status.success(), "sipp saw a call that did not go as written: {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_calls_are_heard() {
    let sound = sweep(0.3);
    let port = UdpSocket::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    let Some(sipp) = Sipp::start("horn.xml", port, 20, "u1").await else { return };
    let (client, mut times) = (client(), Vec::new());
    for _ in 0..20 {
        let ear = ear(UdpSocket::bind(("127.0.0.1", port)).await.expect("the port"));
        let begin = Instant::now();
        let (outcome, report) = call_by(&client, &sipp.driver(""), &sound).await;
        assert_eq!(outcome.verdict, Verdict::Acknowledged, "{report:?}");
        assert!((outcome.seconds - 0.3).abs() < 1e-9, "{outcome:?}");
        let heard = end(ear).await;
        same(&sound, &heard.samples);
        times.push(heard.first.expect("a packet") - begin);
    }
    sipp.ends_well().await;
    figures("sip, sipp over udp", times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_carries_calls_too() {
    let sound = sweep(0.2);
    let port = UdpSocket::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address").port();
    let Some(sipp) = Sipp::start("horn.xml", port, 3, "t1").await else { return };
    for _ in 0..3 {
        let ear = ear(UdpSocket::bind(("127.0.0.1", port)).await.expect("the port"));
        let (outcome, report) = call(&sipp.driver(r#","transport":"tcp""#), &sound).await;
        assert_eq!(outcome.verdict, Verdict::Acknowledged, "{report:?}");
        same(&sound, &end(ear).await.samples);
    }
    sipp.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_proved_and_a_wrong_one_is_not() {
    let sound = sweep(0.2);
    let voice = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let port = voice.local_addr().expect("an address").port();
    let Some(sipp) = Sipp::start("login.xml", port, 2, "u1").await else { return };
    let ear = ear(voice);
    let right = sipp.driver(r#","login":"horn-user","password":"s3cret""#);
    let (outcome, report) = call(&right, &sound).await;
    assert_eq!(outcome.verdict, Verdict::Acknowledged, "{report:?}");
    same(&sound, &end(ear).await.samples);
    assert!(!format!("{report:?}").contains("s3cret"));
    let wrong = sipp.driver(r#","login":"horn-user","password":"guess""#);
    let (outcome, _) = call(&wrong, &sound).await;
    assert_eq!(outcome.verdict, Verdict::Failed(Fault::Status(403)));
    sipp.ends_well().await;
}
