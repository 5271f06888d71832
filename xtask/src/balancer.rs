//! A TCP balancer as stations see one in front of several servers: each connection goes to the next server that takes it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// A running balancer; it ends when dropped.
pub struct Balancer {
    /// Where to connect.
    pub at: SocketAddr,
    shared: Arc<Shared>,
    /// Dropped last: its tasks end with it.
    _runtime: Runtime,
}

#[derive(Default)]
struct Shared {
    servers: Mutex<Vec<SocketAddr>>,
    next: AtomicUsize,
    refused: AtomicU64,
}

impl Balancer {
    /// Listens on a free port of this machine.
    pub fn start(servers: Vec<SocketAddr>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let shared = Arc::new(Shared { servers: Mutex::new(servers), ..Shared::default() });
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let at = listener.local_addr()?;
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { at, shared, _runtime: runtime })
    }

    /// Connections that no server took.
    pub fn refused(&self) -> u64 {
        self.shared.refused.load(Relaxed)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(carry(stream, Arc::clone(&shared)));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn carry(mut from: TcpStream, shared: Arc<Shared>) {
    let servers = shared.servers.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for _ in 0..servers.len() {
        let server = servers[shared.next.fetch_add(1, Relaxed) % servers.len()];
        let Ok(mut to) = TcpStream::connect(server).await else { continue };
        let _nodelay = (from.set_nodelay(true), to.set_nodelay(true));
        // an end of either side is the end of both; what was lost on the way is sent again by the station
        let _ended = tokio::io::copy_bidirectional(&mut from, &mut to).await;
        return;
    }
    shared.refused.fetch_add(1, Relaxed);
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn connections_go_round_and_pass_over_what_is_dead() {
        let listen = || std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let (one, two, dead) = (listen(), listen(), listen());
        let address = |l: &std::net::TcpListener| l.local_addr().expect("bound");
        let servers = vec![address(&one), address(&dead), address(&two)];
        drop(dead);
        for (listener, word) in [(one, b"1"), (two, b"2")] {
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    stream.and_then(|mut s| s.write_all(word)).expect("written");
                }
            });
        }
        let balancer = Balancer::start(servers).expect("starts");
        let mut seen: Vec<String> = (0..4)
            .map(|_| {
                let mut said = String::new();
                let mut stream = std::net::TcpStream::connect(balancer.at).expect("connects");
                stream.read_to_string(&mut said).expect("reads");
                said
            })
            .collect();
        seen.sort();
        assert_eq!(seen.concat().matches('1').count() + seen.concat().matches('2').count(), 4);
        assert!(seen.contains(&"1".to_owned()) && seen.contains(&"2".to_owned()), "{seen:?}");
        assert_eq!(balancer.refused(), 0);
    }
}
