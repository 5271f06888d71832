use std::net::Ipv4Addr;
use std::time::Instant;

use shanshui_voice::{Fault, Verdict};
use tokio::net::UdpSocket;

use crate::{call, call_by, client, driver, ear, end, figures, same, sweep};

#[tokio::test]
async fn one_device_hears_every_sample_in_order() {
    let sound = sweep(0.305);
    let (client, mut times) = (client(), Vec::new());
    for _ in 0..20 {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let text = format!(r#"{{"kind":"rtp","address":"{}"}}"#, socket.local_addr().expect("an address"));
        let ear = ear(socket);
        let begin = Instant::now();
        let (outcome, report) = call_by(&client, &driver(&text), &sound).await;
        assert_eq!(outcome.verdict, Verdict::Sent, "{report:?}");
        assert!((outcome.seconds - 0.32).abs() < 1e-9 && outcome.first_byte.is_some());
        let heard = end(ear).await;
        same(&sound, &heard.samples);
        times.push(heard.first.expect("a packet") - begin);
    }
    figures("rtp", times);
}

#[tokio::test]
async fn a_group_hears_it_too() {
    let group = Ipv4Addr::new(239, 255, 77, 7);
    let socket = UdpSocket::bind((group, 0)).await.expect("a port");
    if let Err(e) = socket.join_multicast_v4(group, Ipv4Addr::LOCALHOST) {
        eprintln!("skipped: no groups on the loopback here: {e}");
        return;
    }
    let port = socket.local_addr().expect("an address").port();
    let ear = ear(socket);
    let sound = sweep(0.3);
    let text = format!(r#"{{"kind":"rtp","address":"{group}:{port}","interface":"127.0.0.1","ttl":1}}"#);
    let (outcome, report) = call(&driver(&text), &sound).await;
    assert_eq!(outcome.verdict, Verdict::Sent, "{report:?}");
    let heard = end(ear).await;
    same(&sound, &heard.samples);
}

#[tokio::test]
async fn where_nobody_listens_is_noticed() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let text = format!(r#"{{"kind":"rtp","address":"{}"}}"#, socket.local_addr().expect("an address"));
    drop(socket);
    let (outcome, _) = call(&driver(&text), &sweep(2.0)).await;
    assert_eq!(outcome.verdict, Verdict::Failed(Fault::Refused));
    let (outcome, _) = call(&driver(r#"{"kind":"rtp","address":"no-such-host.invalid:5004"}"#), &sweep(0.1)).await;
    assert_eq!(outcome.verdict, Verdict::Failed(Fault::Unknown("no-such-host.invalid:5004".into())));
}
