//! Datagrams or a connection beneath a call.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use super::message::{BYTES_MAX, Cut, Message, cut};
use crate::driver::Transport;
use crate::play::Fault;

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// What messages go by, to one peer and from it alone.
pub(crate) enum Wire {
    /// Datagrams; the system drops those of others.
    Udp(UdpSocket),
    /// A connection, and what has come of the next message.
    Tcp(TcpStream, Vec<u8>),
}

fn io(e: std::io::Error) -> Fault {
    match e.kind() {
        std::io::ErrorKind::ConnectionRefused => Fault::Refused,
        std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::BrokenPipe => {
            Fault::HungUp
        }
        _ => Fault::Io(e.to_string()),
    }
}

impl Wire {
    pub(crate) async fn open(transport: Transport, peer: SocketAddr, local: Option<IpAddr>) -> Result<Self, Fault> {
        let any: IpAddr = if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let from = SocketAddr::new(local.unwrap_or(any), 0);
        match transport {
            Transport::Udp => {
                let socket = UdpSocket::bind(from).await.map_err(io)?;
                socket.connect(peer).await.map_err(io)?;
                Ok(Self::Udp(socket))
            }
            Transport::Tcp => {
                let socket = if peer.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(io)?;
                socket.bind(from).map_err(io)?;
                let made = tokio::time::timeout(CONNECT_MAX, socket.connect(peer)).await;
                let stream = made.map_err(|_| Fault::Late)?.map_err(io)?;
                stream.set_nodelay(true).map_err(io)?;
                Ok(Self::Tcp(stream, Vec::new()))
            }
        }
    }

    pub(crate) fn local(&self) -> Result<SocketAddr, Fault> {
        match self {
            Self::Udp(socket) => socket.local_addr(),
            Self::Tcp(stream, _) => stream.local_addr(),
        }
        .map_err(io)
    }

    /// Whether messages may be lost, so that they are said again.
    pub(crate) fn loses(&self) -> bool {
        matches!(self, Self::Udp(_))
    }

    pub(crate) fn name(&self) -> &'static str {
        if self.loses() { "UDP" } else { "TCP" }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Udp(socket) => socket.send(bytes).await.map(drop).map_err(io),
            Self::Tcp(stream, _) => {
                let wrote = tokio::time::timeout(CONNECT_MAX, stream.write_all(bytes)).await;
                wrote.map_err(|_| Fault::Late)?.map_err(io)
            }
        }
    }

    /// One try without waiting, for the last word of a call that nobody waits for.
    pub(crate) fn try_send(&self, bytes: &[u8]) {
        let _ = match self {
            Self::Udp(socket) => socket.try_send(bytes),
            Self::Tcp(stream, _) => stream.try_write(bytes),
        };
    }

    /// The next message. What is none is skipped, a datagram as a whole; a connection that carries something else is given up.
    /// May be dropped and asked again without a loss.
    pub(crate) async fn receive(&mut self) -> Result<Message, Fault> {
        match self {
            Self::Udp(socket) => {
                let mut buffer = vec![0; BYTES_MAX + 1];
                loop {
                    let n = socket.recv(&mut buffer).await.map_err(io)?;
                    if let Some(message) = Message::read(&buffer[..n]) {
                        return Ok(message);
                    }
                }
            }
            Self::Tcp(stream, come) => loop {
                // blank lines between messages keep a connection open
                let blank = come.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
                come.drain(..blank);
                match cut(come) {
                    Cut::Whole(n) => {
                        let bytes: Vec<u8> = come.drain(..n).collect();
                        return Message::read(&bytes).ok_or(Fault::Garbled("no message of SIP"));
                    }
                    Cut::Garbage => return Err(Fault::Garbled("no message of SIP")),
                    Cut::More => {
                        if stream.read_buf(come).await.map_err(io)? == 0 {
                            return Err(Fault::HungUp);
                        }
                    }
                }
            },
        }
    }
}
