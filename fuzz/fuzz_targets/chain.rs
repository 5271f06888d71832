//! Links as anybody may have left them: every break is told once and in order, and what was never touched is whole.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use shanshui_domain::act::chain::{Algorithm, Link, breaks, verify};

#[derive(Debug, Arbitrary)]
struct Input {
    bodies: Vec<(bool, String)>,
    touch: Option<Touch>,
}

/// What somebody does to a link, by its place.
#[derive(Debug, Arbitrary)]
enum Touch {
    Body(u8, String),
    Digest(u8, String),
    Previous(u8, String),
    Place(u8, u64),
    Remove(u8),
    Swap(u8, u8),
}

fuzz_target!(|input: Input| {
    let mut links: Vec<Link> = Vec::new();
    for (sm3, body) in input.bodies {
        let algorithm = if sm3 { Algorithm::Sm3 } else { Algorithm::Sha256 };
        let next = Link::after(links.last(), "case:a", body, algorithm);
        links.push(next);
    }
    assert_eq!(verify(&links), Ok(links.len() as u64));
    assert!(breaks(&links).is_empty());
    let (Some(touch), false) = (input.touch, links.is_empty()) else { return };
    let before = links.clone();
    let n = links.len();
    let at = |i: u8| usize::from(i) % n;
    match touch {
        Touch::Body(i, text) => links[at(i)].body = text,
        Touch::Digest(i, text) => links[at(i)].digest = text,
        Touch::Previous(i, text) => links[at(i)].previous = text,
        Touch::Place(i, seq) => links[at(i)].seq = seq,
        Touch::Remove(i) => {
            links.remove(at(i));
        }
        Touch::Swap(i, j) => links.swap(at(i), at(j)),
    }
    let told = breaks(&links);
    assert_eq!(verify(&links).err(), told.first().cloned());
    // the end of a chain may be gone without a trace in it: what is written beside the chain tells that
    let cut = before.starts_with(&links);
    assert_eq!(told.is_empty(), cut, "{links:?}");
});
