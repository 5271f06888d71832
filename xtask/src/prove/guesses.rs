//! Somebody guesses passwords: 10,000 of them in four ways. Promise: of no name are twenty really tried, and of no address many more
//! than its limit; whether a name exists is not told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, ensure};
use serde_json::json;
use shanshui_domain::right::Role;

use super::api::{PASSWORD, people};
use super::{Args, Promise, mix, more};
use crate::http::{Ask, Line, log_in};
use crate::rig::{Rig, quantile};

/// Guesses of each way.
const EACH: usize = 2_500;
/// Connections at one time.
const AT_ONCE: usize = 8;
/// Requests behind one another on a connection, without waiting.
const PIPELINED: usize = 25;
/// Names of the last way: each is guessed at as often as [`EACH`] allows.
const NAMES: usize = 100;
/// Guesses of one name that are tried.
const OF_A_NAME: u64 = 20;
/// Guesses from one address that are tried; 50 at once, and one more after each wait.
const OF_AN_ADDRESS: u64 = 60;
/// Guesses whose time is taken, of known names and of unknown ones.
const TIMED: usize = 15;

const KNOWN: [&str; TIMED] = [
    "zhoumin", "chenlu", "fangjie", "yejun", "wangting", "xuning", "linqiao", "helan", "duanwei", "jiangbo", "qiulei",
    "mapeng", "sunyu", "tangke", "luoxin",
];

/// One guess.
#[derive(Clone)]
struct Guess {
    login: String,
    from: String,
}

/// What was answered.
struct Told {
    guess: Guess,
    status: u16,
    body: Vec<u8>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let mut rig = Rig::new("guesses", 1, 1)?;
    people(&rig.dir.join("pack"))?;
    rig.config_more = "[auth]\nsecond_factor = \"nobody\"".into();
    rig.http_more = "trusted_proxies = [\"127.0.0.1\"]".into();
    rig.start()?;
    rig.wait()?;
    let (known_ms, unknown_ms) = (median(rig.http, &KNOWN.map(str::to_owned), "198.18.0")?, {
        let unknown = std::array::from_fn::<_, TIMED, _>(|n| format!("nobody-{n}"));
        median(rig.http, &unknown, "198.18.1")?
    });
    let mut all = Vec::new();
    let begun = Instant::now();
    let mut shut_out = Vec::new();
    for guesses in ways(args.seed) {
        all.extend(told(rig.http, &guesses)?);
        // the owner of the first name, at once, from somewhere else
        let owner = one_name(&guesses);
        shut_out.push(owner.is_some_and(|owner| log_in(rig.http, owner, PASSWORD, "203.0.113.2").is_err()));
    }
    let took = begun.elapsed();
    ensure!(log_in(rig.http, "r-cashier", PASSWORD, "203.0.113.1").is_ok(), "somebody else cannot log in");
    rig.stop()?;
    let tried: Vec<&Told> = all.iter().filter(|told| told.status == 401).collect();
    let most = |of: fn(&Guess) -> &str| {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for told in &tried {
            *counts.entry(of(&told.guess)).or_default() += 1;
        }
        counts
    };
    let (names, addresses) = (most(|g| &g.login), most(|g| &g.from));
    let kinds: BTreeSet<(u16, &[u8])> = all.iter().map(|told| (told.status, told.body.as_slice())).collect();
    let statuses: BTreeSet<u16> = kinds.iter().map(|(status, _)| *status).collect();
    ensure!(statuses.iter().all(|status| [401, 429].contains(status)), "other answers than 401 and 429: {statuses:?}");
    let beyond = |counts: &BTreeMap<&str, u64>, limit| counts.values().filter(|n| **n >= limit).count() as u64;
    let unlike = (kinds.len() - statuses.len()) as u64;
    let wrong = beyond(&names, OF_A_NAME) + beyond(&addresses, OF_AN_ADDRESS) + unlike;
    let more = more(json!({
        "tried_of_a_name_at_most": names.values().max(), "tried_from_an_address_at_most": addresses.values().max(),
        "passwords_checked": tried.len(), "names": names.len(), "answers_that_differ_by_name": unlike,
        "owner_shut_out_by_one_address": shut_out[0], "owner_shut_out_by_many": shut_out[1],
         "known_name_p50_ms": known_ms, "unknown_name_p50_ms": unknown_ms,
        "seconds": took.as_secs(),
    }));
    let name = "10,000 guesses of passwords: fewer than 20 of a name and 60 from an address are tried";
    let tried = all.len() as u64;
    Ok(vec![Promise { name, tried, lost: 0, doubled: 0, wrong, seed: args.seed, met: wrong == 0, more }])
}

/// The four ways: one name from one address, one name from anywhere, any name from one address, some names from anywhere.
fn ways(seed: u64) -> [Vec<Guess>; 4] {
    let anywhere = |n: usize| {
        let [_, _, _, _, a, b, c, d] = mix(seed.wrapping_mul(1 << 20) + n as u64).to_be_bytes();
        format!("{}.{b}.{c}.{d}", a % 90 + 1)
    };
    let guess = |login: &str, from: String| Guess { login: login.to_owned(), from };
    // some of them exist
    let some_name = |n: usize| {
        let known = Role::ALL.get(n % NAMES).map(|role| format!("s-{}", role.as_str()));
        known.unwrap_or_else(|| format!("none-{}", n % NAMES))
    };
    [
        (0..EACH).map(|_| guess("r-duty_officer", "198.51.100.7".into())).collect(),
        (0..EACH).map(|n| guess("r-unit_head", anywhere(n))).collect(),
        (0..EACH).map(|n| guess(&format!("name-{n}"), "198.51.100.8".into())).collect(),
        (0..EACH).map(|n| guess(&some_name(n), anywhere(EACH + n))).collect(),
    ]
}

/// The name at which all of these guess.
fn one_name(guesses: &[Guess]) -> Option<&str> {
    let first = guesses.first()?;
    guesses.iter().all(|guess| guess.login == first.login).then_some(first.login.as_str())
}

/// Sends them over some connections at a time, several behind one another on each.
fn told(at: SocketAddr, guesses: &[Guess]) -> anyhow::Result<Vec<Told>> {
    let share = guesses.len().div_ceil(AT_ONCE);
    std::thread::scope(|scope| {
        let lines: Vec<_> = guesses.chunks(share).map(|part| scope.spawn(move || on_a_line(at, part))).collect();
        let mut all = Vec::with_capacity(guesses.len());
        for line in lines {
            all.extend(line.join().ok().context("a line panicked")??);
        }
        Ok(all)
    })
}

fn on_a_line(at: SocketAddr, guesses: &[Guess]) -> anyhow::Result<Vec<Told>> {
    let mut line = Line::to(at)?;
    let mut all = Vec::with_capacity(guesses.len());
    for some in guesses.chunks(PIPELINED) {
        let bodies: Vec<String> = some.iter().enumerate().map(|(n, guess)| body(guess, n)).collect();
        let headers: Vec<_> = some.iter().map(headers).collect();
        let path = "/api/v1/system/login";
        let asks = headers.iter().zip(&bodies);
        let asks = asks.map(|(headers, body)| Ask { method: "POST", path, headers, body: Some(body.as_bytes()) });
        let asks: Vec<_> = asks.collect();
        line.send(&asks)?;
        for guess in some {
            let answer = line.answer()?;
            all.push(Told { guess: guess.clone(), status: answer.status, body: answer.body });
        }
    }
    Ok(all)
}

fn body(guess: &Guess, n: usize) -> String {
    json!({"login": guess.login, "password": format!("guess-{n}")}).to_string()
}

fn headers(guess: &Guess) -> [(&str, &str); 2] {
    [("content-type", "application/json"), ("x-forwarded-for", &guess.from)]
}

/// The time one wrong password takes, by the middle of some, one after another.
fn median(at: SocketAddr, names: &[String], net: &str) -> anyhow::Result<f64> {
    let mut took = Vec::with_capacity(names.len());
    for (n, name) in names.iter().enumerate() {
        let guess = Guess { login: name.clone(), from: format!("{net}.{n}") };
        let begun = Instant::now();
        let told = on_a_line(at, &[guess])?;
        ensure!(told[0].status == 401, "the first guess of {name} is not tried");
        took.push((begun.elapsed().as_secs_f64() * 1e4).round() / 10.0);
    }
    took.sort_by(f64::total_cmp);
    Ok(quantile(&took, 0.5))
}
