//! The hash chain (审计链): each link's digest covers the digest before it, so that a changed, cut or swapped link shows.
//!
//! The algorithm is stored beside each digest, so SM3 (GB/T 32905-2016) and SHA-256 links can follow one another. The bytes
//! hashed are `algorithm NUL stream NUL sequence NUL previous-digest NUL body`, sequence in decimal, digests in lower-case
//! hex: nothing can move from one field to the next because no field but the body may hold a NUL.

use sha2::Digest as _;

use serde::{Deserialize, Serialize};

/// Digest algorithm of one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// SM3, GB/T 32905-2016.
    #[default]
    Sm3,
    /// SHA-256, FIPS 180-4.
    Sha256,
}

impl Algorithm {
    /// Name kept beside the digest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sm3 => "sm3",
            Self::Sha256 => "sha256",
        }
    }

    /// Reads [`Algorithm::as_str`].
    pub fn parse(s: &str) -> Option<Self> {
        match s {
            "sm3" => Some(Self::Sm3),
            "sha256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// Digest of `bytes` in lower-case hex.
    pub fn hex(self, bytes: &[u8]) -> String {
        match self {
            Self::Sm3 => hex::encode(sm3::Sm3::digest(bytes)),
            Self::Sha256 => hex::encode(sha2::Sha256::digest(bytes)),
        }
    }
}

/// One link (审计链节) as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Which chain, for example `case:0190…`.
    pub stream: String,
    /// Place in the chain, from 1.
    pub seq: u64,
    /// What is bound: the exact text stored.
    pub body: String,
    /// Algorithm of `digest`.
    pub algorithm: Algorithm,
    /// Digest of the link before; empty for the first.
    pub previous: String,
    /// Digest of this link.
    pub digest: String,
}

impl Link {
    /// The link that follows `previous` (`None` for the first of its stream).
    pub fn after(previous: Option<&Link>, stream: &str, body: String, algorithm: Algorithm) -> Self {
        let seq = previous.map_or(1, |p| p.seq + 1);
        let before = previous.map_or(String::new(), |p| p.digest.clone());
        let digest = digest(algorithm, stream, seq, &before, &body);
        Self { stream: stream.to_owned(), seq, body, algorithm, previous: before, digest }
    }

    /// Whether its digest is that of its content.
    pub fn is_whole(&self) -> bool {
        digest(self.algorithm, &self.stream, self.seq, &self.previous, &self.body) == self.digest
    }
}

fn digest(algorithm: Algorithm, stream: &str, seq: u64, previous: &str, body: &str) -> String {
    let text = format!("{}\0{stream}\0{seq}\0{previous}\0{body}", algorithm.as_str());
    algorithm.hex(text.as_bytes())
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A link's digest is not that of its content.
    #[error("link {seq} of {stream}: content does not match its digest")]
    Content {
        /// Chain.
        stream: String,
        /// Place.
        seq: u64,
    },
    /// A link does not follow the one before it.
    #[error("link {seq} of {stream}: does not follow the link before it")]
    Order {
        /// Chain.
        stream: String,
        /// Place where another was expected.
        seq: u64,
    },
    /// A chain does not end where it is written that it ends.
    #[error("{stream} does not end with link {seq}, as it should")]
    End {
        /// Chain.
        stream: String,
        /// Its last link, as it is written beside the chain; 0 where nothing is.
        seq: u64,
    },
}

impl Broken {
    /// Chain and place.
    pub fn place(&self) -> (&str, u64) {
        match self {
            Self::Content { stream, seq } | Self::Order { stream, seq } | Self::End { stream, seq } => (stream, *seq),
        }
    }
}

/// Walks streams link by link, in order. A link that breaks its chain is told, and the walk goes on from it, so that every break is
/// told once.
#[derive(Debug, Default)]
pub struct Walk {
    last: Option<(String, u64, String)>,
}

impl Walk {
    /// One link more; what is wrong with it.
    pub fn step(&mut self, link: &Link) -> Option<Broken> {
        let before = self.last.as_ref().filter(|(stream, ..)| *stream == link.stream);
        let want = before.map_or((1, ""), |(_, seq, digest)| (seq + 1, digest.as_str()));
        let (stream, seq) = (link.stream.clone(), link.seq);
        let broken = if (link.seq, link.previous.as_str()) != want {
            Some(Broken::Order { stream, seq })
        } else if !link.is_whole() {
            Some(Broken::Content { stream, seq })
        } else {
            None
        };
        self.last = Some((link.stream.clone(), link.seq, link.digest.clone()));
        broken
    }
}

/// Every break of links in order.
pub fn breaks<'a>(links: impl IntoIterator<Item = &'a Link>) -> Vec<Broken> {
    let mut walk = Walk::default();
    links.into_iter().filter_map(|link| walk.step(link)).collect()
}

/// Walks one stream in order and names the first break; else gives the place of the last link.
///
/// # Errors
/// [`Broken`], at the first link whose content, place or predecessor is wrong.
pub fn verify<'a>(links: impl IntoIterator<Item = &'a Link>) -> Result<u64, Broken> {
    let (mut walk, mut first) = (Walk::default(), None);
    for link in links {
        // of several streams the second would be a chain of its own
        if let Some(stream) = first.replace(link.stream.as_str()).filter(|stream| *stream != link.stream) {
            return Err(Broken::Order { stream: stream.to_owned(), seq: link.seq });
        }
        if let Some(broken) = walk.step(link) {
            return Err(broken);
        }
    }
    Ok(walk.last.map_or(0, |(_, seq, _)| seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chain(bodies: &[String]) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for (i, body) in bodies.iter().enumerate() {
            let algorithm = if i % 2 == 0 { Algorithm::Sm3 } else { Algorithm::Sha256 };
            let next = Link::after(links.last(), "case:a", body.clone(), algorithm);
            links.push(next);
        }
        links
    }

    #[test]
    fn sm3_agrees_with_the_example_of_gb_t_32905() {
        // GB/T 32905-2016 annex A.1: the message "abc"
        assert_eq!(Algorithm::Sm3.hex(b"abc"), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    }

    #[test]
    fn every_break_is_told_once_and_the_walk_goes_on() {
        let bodies: Vec<String> = ('a'..='f').map(String::from).collect();
        let mut links = chain(&bodies);
        links[1].body.push('x');
        links.remove(3);
        let mut other = chain(&bodies[..2]);
        for link in &mut other {
            link.stream = "case:b".into();
        }
        let stream = || "case:a".to_owned();
        let told = [Broken::Content { stream: stream(), seq: 2 }, Broken::Order { stream: stream(), seq: 5 }];
        assert_eq!(breaks(&links), told);
        assert_eq!(verify(&links), Err(told[0].clone()));
        // links of another stream begin a chain of their own, and these were bound to the first
        links.extend(other);
        assert_eq!(breaks(&links).len(), 4);
    }

    #[test]
    fn an_empty_chain_is_whole() {
        assert_eq!(verify(&[]), Ok(0));
    }

    proptest! {
        #[test]
        fn any_changed_cut_or_swapped_link_shows(bodies in prop::collection::vec("[a-z]{0,6}", 2..8), at in any::<prop::sample::Index>(), how in 0..4) {
            let mut links = chain(&bodies);
            prop_assert_eq!(verify(&links), Ok(bodies.len() as u64));
            let i = at.index(links.len() - 1);
            match how {
                0 => links[i].body.push('x'),
                1 => { links.remove(i); }
                2 => links.swap(i, i + 1),
                _ => links[i].seq += 1,
            }
            prop_assert!(verify(&links).is_err());
        }
    }
}
