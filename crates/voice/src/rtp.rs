//! RTP (RFC 3550) with A-law (RFC 3551): 20 ms in a packet, to one device or to a group.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::SockRef;
use tokio::net::UdpSocket;

use crate::alaw::FRAME;
use crate::driver::Rtp;
use crate::pace::Pace;
use crate::play::{Allow, Fault, Report, resolve};

/// Bytes of a header without extras.
pub const HEAD: usize = 12;

/// Where frames come from. A frame is asked for every 20 ms; none is the end.
pub(crate) trait Source: Send {
    /// The next 20 ms.
    fn next(&mut self) -> Option<[u8; FRAME]>;
}

/// A sound from its beginning to its end.
pub(crate) struct Whole<'a> {
    frames: std::slice::Chunks<'a, u8>,
}

impl<'a> Whole<'a> {
    pub(crate) fn new(codes: &'a [u8]) -> Self {
        Self { frames: codes.chunks(FRAME) }
    }
}

impl Source for Whole<'_> {
    fn next(&mut self) -> Option<[u8; FRAME]> {
        self.frames.next().map(crate::alaw::frame)
    }
}

/// The numbers of one stream of packets.
#[derive(Debug)]
pub struct Packets {
    payload_type: u8,
    sequence: u16,
    time: u32,
    source: u32,
    first: bool,
}

impl Packets {
    /// A stream that begins at random numbers, as the standard asks.
    pub fn new(payload_type: u8) -> Self {
        Self {
            payload_type: payload_type & 0x7F,
            sequence: rand::random(),
            time: rand::random(),
            source: rand::random(),
            first: true,
        }
    }

    /// The packet of the next frame; the first has the marker.
    pub fn packet(&mut self, frame: &[u8; FRAME]) -> [u8; HEAD + FRAME] {
        let mut out = [0; HEAD + FRAME];
        out[0] = 0x80;
        out[1] = self.payload_type | if self.first { 0x80 } else { 0 };
        out[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        out[4..8].copy_from_slice(&self.time.to_be_bytes());
        out[8..12].copy_from_slice(&self.source.to_be_bytes());
        out[HEAD..].copy_from_slice(frame);
        self.first = false;
        self.sequence = self.sequence.wrapping_add(1);
        self.time = self.time.wrapping_add(FRAME as u32);
        out
    }
}

/// One packet as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Payload type.
    pub payload_type: u8,
    /// The marker: after silence.
    pub marker: bool,
    /// Counts packets.
    pub sequence: u16,
    /// Counts samples.
    pub time: u32,
    /// Who sends.
    pub source: u32,
    /// What it carries.
    pub payload: &'a [u8],
}

/// Reads a packet; none where the bytes are no RTP of version 2.
pub fn read(bytes: &[u8]) -> Option<Packet<'_>> {
    let (head, mut payload) = bytes.split_at_checked(HEAD)?;
    if head[0] >> 6 != 2 {
        return None;
    }
    payload = payload.get(usize::from(head[0] & 0x0F) * 4..)?;
    if head[0] & 0x10 != 0 {
        let words = payload.get(2..4).map(|w| usize::from(u16::from_be_bytes([w[0], w[1]])))?;
        payload = payload.get(4 + words * 4..)?;
    }
    if head[0] & 0x20 != 0 {
        let pad = usize::from(*payload.last()?);
        payload = payload.get(..payload.len().checked_sub(pad)?)?;
    }
    Some(Packet {
        payload_type: head[1] & 0x7F,
        marker: head[1] & 0x80 != 0,
        sequence: u16::from_be_bytes([head[2], head[3]]),
        time: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
        source: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
        payload,
    })
}

/// Sends all of a source to an address.
pub(crate) async fn send(
    rtp: &Rtp,
    source: &mut dyn Source,
    allow: Allow<'_>,
    report: &mut Report,
) -> Result<(), Fault> {
    let to = resolve(&rtp.address, allow).await?;
    let socket = open(rtp, to).await?;
    report.note(format_args!("rtp to {to}"));
    let mut packets = Packets::new(rtp.payload_type);
    let mut pace = Pace::new();
    while let Some(frame) = source.next() {
        pace.wait().await;
        match socket.send(&packets.packet(&frame)).await {
            Ok(_) => report.frame(),
            // a device that is not there yet; what the network says of the packet before is not this one's fault
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => report.refused()?,
            Err(e) => return Err(Fault::Io(e.to_string())),
        }
        pace.step();
    }
    Ok(())
}

async fn open(rtp: &Rtp, to: SocketAddr) -> Result<UdpSocket, Fault> {
    let io = |e: std::io::Error| Fault::Io(e.to_string());
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.map_err(io)?;
    if to.ip().is_multicast() && to.is_ipv4() {
        socket.set_multicast_ttl_v4(u32::from(rtp.ttl)).map_err(io)?;
        if let Some(interface) = &rtp.interface {
            SockRef::from(&socket).set_multicast_if_v4(interface).map_err(io)?;
        }
    } else if to.ip().is_multicast() {
        SockRef::from(&socket).set_multicast_hops_v6(u32::from(rtp.ttl)).map_err(io)?;
    }
    socket.connect(to).await.map_err(io)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_go_on_and_around() {
        let mut packets = Packets { payload_type: 8, sequence: 65_535, time: u32::MAX, source: 7, first: true };
        let (a, b) = (packets.packet(&[1; FRAME]), packets.packet(&[2; FRAME]));
        let (a, b) = (read(&a).expect("a"), read(&b).expect("b"));
        assert_eq!((a.sequence, b.sequence, a.time, b.time), (65_535, 0, u32::MAX, 159));
        assert!(a.marker && !b.marker && a.payload == [1; FRAME] && b.payload_type == 8 && b.source == 7);
    }

    #[test]
    fn extras_of_a_header_are_skipped() {
        let mut bytes = vec![0xB1, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0, 0, 0, 1, 1, 1, 1, 1];
        bytes.extend([5, 6, 0, 2]);
        assert_eq!(read(&bytes).expect("a packet").payload, [5, 6]);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&bytes);
        }
    }
}
