//! Frames decoded per CPU second, every item of the data area split and read.
//!
//! The corpus: 100,000 uploads of about 500 bytes by 1,000 devices, 70 % real time, 20 % minutes, 8 % hours, 2 % days.
//! No parser of HJ 212 is to be had by name from crates.io, PyPI or npm, so the peer is a plain parser of ours in Python.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use anyhow::{Context, ensure};
use hj212::civil;
use hj212::encode::Exchange;
use hj212::upload::{Data, Factor, Upload};
use hj212::{DevicePolicy, Edition, Limits, decode_all};

use super::{Dice, Figure, Goal, Lab, ours};

const FRAMES: u64 = 100_000;
/// Passes over the corpus in one process, so that reading the file weighs little.
const PASSES: u64 = 20;
/// Frames the peer reads: it is slow.
const PEER_FRAMES: u64 = 20_000;

pub(super) fn run(lab: &Lab) -> anyhow::Result<Vec<Figure>> {
    let (all, few) = (lab.dir.join("hj212.bin"), lab.dir.join("hj212-few.bin"));
    lab.bar.set_message("generating");
    fs::write(&all, corpus(FRAMES)?)?;
    fs::write(&few, corpus(PEER_FRAMES)?)?;
    let seconds = lab.alternate(BTreeMap::from([
        ("ours", ours("hj212", &[&all])?),
        ("plain Python", lab.python("hj212_peer.py", &[], &[&few])?),
    ]))?;
    let ours = (FRAMES * PASSES) as f64 / seconds["ours"];
    let peer = PEER_FRAMES as f64 / seconds["plain Python"];
    let goal = Goal::Ours { ours_at_least: 1_000_000.0 };
    let peer = Some((peer, "plain Python parser of ours, same work"));
    Ok(vec![Figure::new("hj212", "frames per CPU second", ours, peer, goal)])
}

/// Decodes the corpus, and uses every field and every item.
pub(super) fn measure(args: &[String]) -> anyhow::Result<()> {
    let bytes = fs::read(args.first().map(Path::new).context("a file")?)?;
    let mut frames = 0;
    for _ in 0..PASSES {
        decode_all(&bytes, &Limits::default(), &|_| DevicePolicy::default(), |p| {
            frames += u64::from(p.ok());
            let header = [p.qn(), p.st(), p.cn(), p.pw(), p.mn()];
            black_box((header, p.flag(), p.pnum(), p.pno(), p.rf()));
            for item in p.items() {
                black_box(item);
            }
        });
    }
    ensure!(frames == FRAMES * PASSES, "{frames} frames were good");
    Ok(())
}

/// The uploads of many devices, the same bytes on every machine.
fn corpus(frames: u64) -> anyhow::Result<Vec<u8>> {
    let mut dice = Dice(212);
    let mut out = Vec::with_capacity(frames as usize * 512);
    for _ in 0..frames {
        out.extend(frame(&mut dice)?);
    }
    Ok(out)
}

const CODES: [&str; 12] = [
    "a21026", "a21002", "a34013", "a19001", "a01011", "a01012", "a01013", "a01014", "a00000", "a21005", "a21024",
    "a05002",
];

fn frame(dice: &mut Dice) -> anyhow::Result<Vec<u8>> {
    let (what, keys): (Data, &[&str]) = match dice.below(100) {
        0..70 => (Data::RealTime, &["Rtd", "ZsRtd"]),
        70..90 => (Data::Minute, &["Cou", "Min", "Avg", "Max"]),
        90..98 => (Data::Hour, &["Cou", "Min", "Avg", "Max"]),
        _ => (Data::Day, &["Cou", "Min", "Avg", "Max"]),
    };
    let factors = 15 / (keys.len() + 1) + dice.below(4) as usize;
    let texts: Vec<Vec<String>> = (0..factors)
        .map(|_| keys.iter().map(|_| format!("{}.{:03}", dice.below(500), dice.below(1000))).collect())
        .collect();
    let values: Vec<Vec<(&str, &str)>> = texts
        .iter()
        .map(|t| keys.iter().copied().zip(t.iter().map(String::as_str)).chain([("Flag", "N")]).collect())
        .collect();
    let factors: Vec<Factor<'_>> = values.iter().zip(CODES).map(|(values, code)| Factor { code, values }).collect();
    let time = format!("202606{:02}{:02}{:02}00", 1 + dice.below(28), dice.below(24), dice.below(60));
    let time = civil::parse(time.as_bytes()).context("a possible time")?;
    let (qn, mn) =
        (format!("{}{:03}", time.seconds(), dice.below(1000)), format!("010000A8900016F000{:06X}", dice.below(1000)));
    let edition = if dice.below(2) == 0 { Edition::V2017 } else { Edition::V2025 };
    let from = Exchange { qn: &qn, st: "31", pw: "123456", mn: &mn, edition };
    Ok(Upload::Data { what, time, factors: &factors }.message(&from, true)?.frame(None)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_is_good_and_of_the_size_said() {
        let bytes = corpus(1_000).expect("made by our own encoder");
        assert!((450_000..550_000).contains(&bytes.len()), "{} bytes", bytes.len());
        assert_eq!(corpus(1_000).expect("again"), bytes);
        let (mut good, mut items) = (0, 0);
        decode_all(&bytes, &Limits::default(), &|_| DevicePolicy::default(), |p| {
            good += usize::from(p.ok() && p.problems().is_empty());
            items += p.items_len();
        });
        assert_eq!(good, 1_000);
        assert!(items > 15_000, "{items} items");
    }
}
