//! Somebody walks in and is told to leave. Promise: the first byte of the sentence is at the loudspeaker within a second of the first
//! picture on which somebody was inside, by HTTP, by RTP and by a call to `sipp`, and what was heard there is the sentence.
//!
//! The drawn camera shows somebody who comes, stands at the sampling head and goes; motion alone sees them, so that nothing beside the
//! repository is needed. The moment of entry is the event's; the moment of hearing is taken by the loudspeaker.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{Args, Promise};
use super::ears::{self, Heard};
use super::promise;
use super::site::Site;
use crate::rig::quantile;

/// A drawn camera shows somebody each so many seconds: longer than he needs to come, stand and go, so that he never vanishes.
const EVERY_S: u32 = 60;
/// He sets out some 20 s into each of these spans, and a camera is begun before this second: whoever stands in its first picture would be
/// background to it.
const NOBODY_UNTIL_S: i64 = 12;
/// The sentence is said once a visit.
const SAID_EVERY_S: u32 = 50;
/// From the first picture with somebody inside to the first byte.
const WITHIN_MS: f64 = 1_000.0;
/// What is heard that long after an entry does not belong to it.
const BELONGS_MS: f64 = 10_000.0;
/// A sound is the sentence from there on.
const ALIKE: f64 = 0.9;
/// What was heard may be so much shorter or longer, seconds.
const LENGTH_S: f64 = 0.1;
/// The corners of the drawn picture's sampling area.
const AREA: [[f64; 2]; 5] = [[0.335, 0.7], [0.4, 0.63], [0.565, 0.62], [0.6, 0.79], [0.36, 0.86]];

/// One station with its loudspeaker.
struct Post {
    name: &'static str,
    station: String,
    heard: Receiver<Heard>,
    all: Vec<Heard>,
    /// What is to be heard.
    sentence: Vec<f64>,
}

pub fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let site = Site::open("voice", 3, 1, &format!("drawn_every_s = {EVERY_S}.0\nring_days = 0.1\nring_mb = 256\n"))?;
    let (http, by_http) = ears::http()?;
    let (rtp, by_rtp) = ears::rtp()?;
    let (call, by_call) = ears::rtp()?;
    let horn = ears::sip(call)?;
    let ways = [
        ("http", json!({"kind": "http", "url": format!("http://{http}/say"), "body": {"as": "wav"}}), by_http),
        ("rtp", json!({"kind": "rtp", "address": format!("127.0.0.1:{rtp}")}), by_rtp),
        ("sip", json!({"kind": "sip", "peer": horn.peer, "user": "101", "from": "eye"}), by_call),
    ];
    let mut posts = Vec::new();
    for (number, (name, driver, heard)) in (0..).zip(ways) {
        posts.push(post(&site, number, name, &driver, heard)?);
    }
    let wanted = args.visits as usize;
    let bar = ProgressBar::new(args.visits.into());
    bar.set_style(ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} visits")?);
    bar.set_prefix("voice");
    let until = Instant::now() + Duration::from_secs(u64::from((args.visits + 3) * EVERY_S));
    loop {
        std::thread::sleep(Duration::from_secs(2));
        for post in &mut posts {
            post.all.extend(post.heard.try_iter());
        }
        let least = posts.iter().map(|p| p.all.len()).min().unwrap_or_default();
        bar.set_position(least as u64);
        if least >= wanted || Instant::now() > until {
            break;
        }
    }
    bar.finish_and_clear();
    posts.into_iter().map(|post| held(args, &site, post)).collect()
}

fn post(site: &Site, number: u32, name: &'static str, driver: &Value, heard: Receiver<Heard>) -> anyhow::Result<Post> {
    let station = Site::station(number);
    let path = format!("/api/v1/sense/eye/voice/{station}");
    let duty = site.person("duty")?;
    let now = duty.ask("GET", &path, None)?;
    let voice = json!({"base_version": now["version"], "text_zh": now["text_zh"], "text_en": now["text_en"],
        "languages": ["zh"], "driver": driver, "repeat": 1, "gap_s": 1, "cooldown_s": SAID_EVERY_S, "quiet": [], "escalate_after": 0});
    duty.ask("PUT", &path, Some(&voice))?;
    let sentence = ears::decoded("wav", duty.bytes("GET", &format!("{path}/sound"), None)?)?;
    ensure!(sentence.len() > ears::RATE, "the sentence lasts no second");
    while !(1..NOBODY_UNTIL_S).contains(&(Timestamp::now().as_second() % i64::from(EVERY_S))) {
        std::thread::sleep(Duration::from_millis(200));
    }
    site.camera(number, "drawn", "", Some(&json!(AREA)))?;
    Ok(Post { name, station, heard, all: Vec::new(), sentence })
}

/// Holds what a loudspeaker heard against the events of its station.
fn held(args: &Args, site: &Site, post: Post) -> anyhow::Result<Promise> {
    let said = site.person("duty")?.ask(
        "GET",
        &format!("/api/v1/sense/eye/events?station={}&limit=200", post.station),
        None,
    )?;
    let events = said["items"].as_array().context("events")?;
    let mut entries: Vec<Timestamp> = Vec::new();
    for event in events {
        entries.push(event["entered_at"].as_str().context("an entry")?.parse()?);
    }
    let (mut after, mut wrong, mut worst_alike) = (Vec::new(), 0, 1.0_f64);
    for heard in post.all {
        let ms = |entry: &Timestamp| (heard.first.as_microsecond() - entry.as_microsecond()) as f64 / 1_000.0;
        // the newest entry before it
        let Some(ms) = entries.iter().map(ms).filter(|ms| (0.0..BELONGS_MS).contains(ms)).min_by(f64::total_cmp) else {
            wrong += 1;
            continue;
        };
        let sound = ears::decoded(heard.format, heard.bytes)?;
        let apart_s = sound.len().abs_diff(post.sentence.len()) as f64 / ears::RATE as f64;
        let alike = ears::alike(&sound, &post.sentence);
        worst_alike = worst_alike.min(alike);
        wrong += u64::from(ms > WITHIN_MS || alike < ALIKE || apart_s > LENGTH_S);
        after.push(ms);
    }
    after.sort_by(f64::total_cmp);
    // the last may have come after the looking ended
    let unheard = entries.len().saturating_sub(after.len() + 1) as u64;
    let tried = after.len() as u64;
    let wrong = wrong + unheard + u64::from(args.visits).saturating_sub(tried);
    let figures = json!({"first_byte_ms": {"p50": quantile(&after, 0.5), "max": quantile(&after, 1.0)},
        "seconds": post.sentence.len() / ears::RATE, "alike_min": (worst_alike * 1_000.0).round() / 1_000.0});
    let name = match post.name {
        "http" => "eye: whoever walks in is told to leave within a second, by HTTP",
        "rtp" => "eye: whoever walks in is told to leave within a second, by RTP",
        _ => "eye: whoever walks in is told to leave within a second, by SIP",
    };
    Ok(promise(name, args, tried, wrong, figures))
}
