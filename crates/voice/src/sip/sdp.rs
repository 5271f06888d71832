//! What is offered and what is taken (SDP, RFC 8866): one stream of PCMA in one direction.

use std::net::{IpAddr, SocketAddr};

/// The offer of a call whose RTP leaves from this address.
pub fn offer(from: SocketAddr, id: u32) -> String {
    let family = if from.is_ipv4() { "IP4" } else { "IP6" };
    let (ip, port) = (from.ip(), from.port());
    format!(
        "v=0\r\no=shanshui {id} {id} IN {family} {ip}\r\ns=warning\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\na=sendonly\r\n"
    )
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It cannot be read.
    Garbled,
    /// It takes no PCMA.
    Codec,
}

/// Where the other side wants to hear, by its answer.
///
/// # Errors
/// Where it names no address, no port, or no PCMA.
pub fn answer(body: &[u8]) -> Result<SocketAddr, Unfit> {
    let text = std::str::from_utf8(body).map_err(|_| Unfit::Garbled)?;
    let (mut session, mut media, mut audio) = (None, None, None);
    let mut within = false;
    let mut seen = false;
    for line in text.lines() {
        match line.split_at_checked(2) {
            Some(("m=", rest)) => {
                within = rest.starts_with("audio ") && audio.is_none();
                seen = true;
                if within {
                    audio = Some(rest);
                }
            }
            Some(("c=", rest)) if within => media = media.or_else(|| connection(rest)),
            Some(("c=", rest)) if !seen => session = connection(rest),
            _ => {}
        }
    }
    let audio = audio.ok_or(Unfit::Codec)?;
    let mut words = audio.split_ascii_whitespace().skip(1);
    let port =
        words.next().and_then(|p| p.split('/').next()).and_then(|p| p.parse::<u16>().ok()).ok_or(Unfit::Garbled)?;
    let plain = words.next() == Some("RTP/AVP");
    if port == 0 || !plain || !words.any(|t| t == "8") {
        return Err(Unfit::Codec);
    }
    let ip = media.or(session).ok_or(Unfit::Garbled)?;
    if ip.is_unspecified() { Err(Unfit::Garbled) } else { Ok(SocketAddr::new(ip, port)) }
}

fn connection(rest: &str) -> Option<IpAddr> {
    let mut words = rest.split_ascii_whitespace().skip(2);
    words.next()?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offer_can_be_read_as_an_answer() {
        let at: SocketAddr = ([10, 0, 0, 7], 40_000).into();
        assert_eq!(answer(offer(at, 1).as_bytes()), Ok(at));
        let at: SocketAddr = "[fd00::1]:40000".parse().expect("an address");
        assert_eq!(answer(offer(at, 1).as_bytes()), Ok(at));
    }

    #[test]
    fn what_is_taken_and_what_not() {
        let text = "v=0\nc=IN IP4 1.1.1.1\nm=video 5 RTP/AVP 8\nc=IN IP4 2.2.2.2\nm=audio 9/2 RTP/AVP 0 8\nc=IN IP4 3.3.3.3/127\n";
        assert_eq!(answer(text.as_bytes()), Ok(([3, 3, 3, 3], 9).into()));
        assert_eq!(answer(b"c=IN IP4 1.1.1.1\nm=audio 9 RTP/AVP 0 101\n"), Err(Unfit::Codec));
        assert_eq!(answer(b"c=IN IP4 1.1.1.1\nm=audio 0 RTP/AVP 8\n"), Err(Unfit::Codec));
        assert_eq!(answer(b"c=IN IP4 1.1.1.1\nm=audio 9 RTP/SAVP 8\n"), Err(Unfit::Codec));
        assert_eq!(answer(b"m=audio 9 RTP/AVP 8\n"), Err(Unfit::Garbled));
        assert_eq!(answer(b"c=IN IP4 0.0.0.0\nm=audio 9 RTP/AVP 8\n"), Err(Unfit::Garbled), "on hold");
        assert_eq!(answer(b"\xff\xfe"), Err(Unfit::Garbled));
        assert_eq!(answer(b""), Err(Unfit::Codec));
    }
}
