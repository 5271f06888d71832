//! A tree of digests (默克尔树) over a chain: one root stands for every link up to a size, and a short path proves that one of them is
//! under it.
//!
//! The shape is that of RFC 6962 §2.1: the left part is the largest power of two smaller than the size. What is hashed is text:
//! `leaf NUL digest` for a link, `node NUL left NUL right` for two parts, digests in lower-case hex; the first word keeps one from
//! passing for the other.

use serde::{Deserialize, Serialize};

use super::chain::Algorithm;

fn leaf(algorithm: Algorithm, digest: &str) -> String {
    algorithm.hex(format!("leaf\0{digest}").as_bytes())
}

fn node(algorithm: Algorithm, left: &str, right: &str) -> String {
    algorithm.hex(format!("node\0{left}\0{right}").as_bytes())
}

/// The whole parts of a tree that grows at its right end, largest first: enough to go on, and to tell the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    algorithm: Algorithm,
    /// Height and digest of each part.
    parts: Vec<(u32, String)>,
}

impl Frontier {
    /// That of no link.
    pub fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, parts: Vec::new() }
    }

    /// Algorithm of its digests.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How many links are under it.
    pub fn size(&self) -> u64 {
        self.parts.iter().map(|(height, _)| 1u64 << height).sum()
    }

    /// One link more, by its digest.
    pub fn push(&mut self, digest: &str) {
        let mut part = (0, leaf(self.algorithm, digest));
        while let Some((height, left)) = self.parts.pop_if(|(height, _)| *height == part.0) {
            part = (height + 1, node(self.algorithm, &left, &part.1));
        }
        self.parts.push(part);
    }

    /// The root; none without a link.
    pub fn root(&self) -> Option<String> {
        let mut parts = self.parts.iter().rev().map(|(_, digest)| digest.clone());
        let last = parts.next()?;
        Some(parts.fold(last, |right, left| node(self.algorithm, &left, &right)))
    }
}

/// One step of a path: the digest beside, and on which side it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Whether `digest` stands on the left.
    pub left: bool,
    /// Digest of the part beside.
    pub digest: String,
}

/// The path from the link at `index`, from 0, to the root over `digests`, from below; none when there is no such link.
pub fn path(algorithm: Algorithm, digests: &[String], index: usize) -> Option<Vec<Step>> {
    if index >= digests.len() {
        return None;
    }
    let mut steps = Vec::new();
    let (mut from, mut to) = (0, digests.len());
    while to - from > 1 {
        let half = (to - from).next_power_of_two() / 2;
        let middle = from + half;
        let (beside, left) = if index < middle { (middle..to, false) } else { (from..middle, true) };
        steps.push(Step { left, digest: root(algorithm, &digests[beside])? });
        (from, to) = if index < middle { (from, middle) } else { (middle, to) };
    }
    steps.reverse();
    Some(steps)
}

/// The root that a link's digest and a path lead to.
pub fn climb(algorithm: Algorithm, digest: &str, path: &[Step]) -> String {
    path.iter().fold(leaf(algorithm, digest), |below, step| {
        if step.left { node(algorithm, &step.digest, &below) } else { node(algorithm, &below, &step.digest) }
    })
}

fn root(algorithm: Algorithm, digests: &[String]) -> Option<String> {
    let mut frontier = Frontier::new(algorithm);
    for digest in digests {
        frontier.push(digest);
    }
    frontier.root()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(n: usize) -> Vec<String> {
        (0..n).map(|i| Algorithm::Sha256.hex(&i.to_le_bytes())).collect()
    }

    /// The tree as RFC 6962 writes it down.
    fn by_the_book(digests: &[String]) -> String {
        let a = Algorithm::Sha256;
        match digests {
            [one] => leaf(a, one),
            many => {
                let mut k = 1;
                while k * 2 < many.len() {
                    k *= 2;
                }
                node(a, &by_the_book(&many[..k]), &by_the_book(&many[k..]))
            }
        }
    }

    #[test]
    fn a_frontier_gives_the_root_of_the_book() {
        let all = digests(70);
        let mut frontier = Frontier::new(Algorithm::Sha256);
        assert_eq!(frontier.root(), None);
        for n in 1..=all.len() {
            frontier.push(&all[n - 1]);
            assert_eq!((frontier.size(), frontier.root()), (n as u64, Some(by_the_book(&all[..n]))), "{n}");
            let kept = serde_json::to_string(&frontier).expect("plain");
            assert_eq!(serde_json::from_str::<Frontier>(&kept).expect("read"), frontier);
        }
    }

    #[test]
    fn every_link_climbs_to_the_root_and_no_other_text_does() {
        for algorithm in [Algorithm::Sha256, Algorithm::Sm3] {
            for n in 1..=20 {
                let all = digests(n);
                let top = root(algorithm, &all).expect("a root");
                for (i, digest) in all.iter().enumerate() {
                    let steps = path(algorithm, &all, i).expect("a path");
                    assert!(steps.len() <= 5, "short");
                    assert_eq!(climb(algorithm, digest, &steps), top, "{i} of {n}");
                    assert_ne!(climb(algorithm, &digests(99)[98], &steps), top);
                }
                assert_eq!(path(algorithm, &all, n), None);
            }
        }
    }
}
