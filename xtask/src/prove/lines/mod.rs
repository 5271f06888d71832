//! Faults on the lines of stations. Promise: after any fault the next whole frame is read, what was acknowledged is kept once, as
//! sent, and nothing leaks.
//!
//! **Within one frame** means: let D be what left a device since its last whole frame, and G the next whole frame, which follows D on
//! the same line. G is answered *at once*, that is without the time for half a frame (`hj212.half_frame_s`) having to pass, unless a
//! header in D, `##` and three or four digits, announces a frame no longer than `hj212.segment_bytes_max` that ends beyond the last
//! byte of G. Only then may the server wait for the rest of what was announced; it waits for `half_frame_s` and no longer, and
//! answers G then. Where the line itself has died, G is the first frame on a new one and is answered at once, and so is the frame that
//! the fault befell when it is sent again. A fault that leaves a frame as the protocol takes it (written in pieces, or two in one
//! write) leaves it a frame that is answered at once itself.

mod fault;
pub mod line;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::json;

use super::ledger::{Database, compare, control};
use super::{Args, Promise, mix, more};
use crate::rig::{Rig, open_files, resident, resident_own, summary};
use fault::{IN_TURN, Kind, may_wait, spoilt};
use line::{Ledger, Line, Telegram};

const STATIONS: usize = 256;
/// Connections alive at a time.
const ALIVE: usize = 64;
/// Connections before memory and open files are looked at for the first time.
const WARM_UP: u32 = 500;
/// Half a frame is waited for so long, a silent line so long, an answer that nobody takes so long.
const HALF_FRAME: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(20);
const TAKES_NONE: Duration = Duration::from_secs(30);
/// Longest data segment taken.
const SEGMENT_MAX: usize = 4_096;
/// An answer that comes by then came at once: nothing waited for the time of half a frame.
const AT_ONCE: Duration = Duration::from_secs(8);
/// What a busy machine may add to a time that the server waits.
const SLACK: Duration = Duration::from_secs(10);
/// A pause within a frame that is no stall.
const PAUSE: Duration = Duration::from_millis(120);
/// Every so many connections one stalls for long, falls silent, or reads no answers.
const STALLS: u32 = 50;
const SILENT: u32 = 100;
const UNREAD: u32 = 500;
/// Telegrams to a line that reads no answers; its window is full long before.
const UNREAD_MAX: usize = 100_000;
/// Seconds of data that one connection has for itself.
const SECONDS: i64 = 32;
/// The server's own resident memory may grow by so much between the end of the warm-up and the end. Pages of the database file that
/// it has mapped do not count: they grow with the file, and are the system's.
const GROWTH_MAX: u64 = 16 << 20;
/// Seconds of load before, as fast as it goes, again and again until memory stands still: the database's caches are full then, and do
/// not look like a leak.
const FILL_S: &str = "10";
const FILLS_MAX: u32 = 12;
const STANDS_STILL: u64 = 1 << 20;
/// Looks at memory after the warm-up.
const LOOKS: u32 = 4;

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Closed within a frame.
    Closed,
    /// Reset within a frame.
    Reset,
    /// Half a frame, and never a word again: neither read nor closed.
    Silent,
    /// Answers are never read, until the server gives the line up.
    Unread,
}

/// What came of it.
#[derive(Debug, Default)]
struct Seen {
    faults: BTreeMap<String, u64>,
    /// How often each byte was the place, by fault.
    places: BTreeMap<String, Vec<u32>>,
    next_not_answered: u64,
    frame_not_answered: u64,
    not_closed: u64,
    /// Next frames for which the server might wait.
    waited: u64,
    said: Vec<String>,
}

struct Run<'a> {
    to: SocketAddr,
    ledger: &'a Ledger,
    seed: u64,
    /// First second of the data.
    begin: i64,
    seen: Mutex<Seen>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Vec<Promise>> {
    let mut rig = Rig::new("lines", STATIONS, 5)?;
    rig.hj212_more = format!(
        "half_frame_s = {}\nidle_s = {}\nsegment_bytes_max = {SEGMENT_MAX}\nquarantine_per_hour_max = 1000000\n",
        HALF_FRAME.as_secs(),
        IDLE.as_secs()
    );
    rig.metrics = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    rig.start()?;
    rig.wait()?;
    let pid = rig.pid()?;
    let path = rig.dir.join("ledger");
    let ledger = Ledger::new(&path)?;
    let spread = i64::from(args.connections) / STATIONS as i64 + 1;
    let begin = Timestamp::now().as_second() - spread * SECONDS - 86_400;
    let run = Run { to: rig.hj212, ledger: &ledger, seed: args.seed, begin, seen: Mutex::default() };
    let sockets = open_files(pid)?.1;
    let style = ProgressStyle::with_template("{prefix:14} {bar:30} {pos}/{len} connections")?;
    let bar = ProgressBar::new(u64::from(args.connections)).with_style(style).with_prefix("lines");
    fill_caches(&rig)?;
    let warm = WARM_UP.min(args.connections);
    run.connections(0, warm, &bar)?;
    let left = gone(&rig)?;
    let (all, memory, files) = (resident(pid)?, resident_own(pid)?, open_files(pid)?.0);
    let (mut left, mut from, mut grows) = (left, warm, Vec::new());
    for look in 1..=LOOKS {
        let to = warm + (args.connections - warm) / LOOKS * look;
        let to = if look == LOOKS { args.connections } else { to };
        run.connections(from, to, &bar)?;
        left += gone(&rig)?;
        from = to;
        grows.push(resident_own(pid)?.saturating_sub(memory) >> 10);
    }
    bar.finish_and_clear();
    let (all_after, memory_after, (files_after, sockets_after)) =
        (resident(pid)?, resident_own(pid)?, open_files(pid)?);
    let blind = run.next_is_spoilt_too()?;
    rig.stop()?;
    let found = compare(&path, &Database::File(rig.database()))?;
    let taken_out = control(&path, &rig.database(), &rig.dir.join("spoilt.db"))?;
    let whole = rig.command(&["check", "--config"]).arg(rig.config()).output()?.status.success();
    let seen = run.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    for said in seen.said.iter().take(20) {
        eprintln!("{said}");
    }

    let promise = |name, tried, [lost, doubled, wrong]: [u64; 3], met, figures| Promise {
        name,
        tried,
        lost,
        doubled,
        wrong,
        seed: args.seed,
        met,
        more: more(figures),
    };
    let least = seen.places.values().flatten().min().copied().unwrap_or_default();
    let wrong = seen.next_not_answered + seen.frame_not_answered + seen.not_closed;
    let grown = memory_after.saturating_sub(memory);
    let leaks = u64::from(grown >= GROWTH_MAX)
        + files_after.saturating_sub(files)
        + sockets_after.saturating_sub(sockets)
        + left;
    let beyond = [taken_out.lost - found.lost, taken_out.doubled - found.doubled, taken_out.wrong - found.wrong];
    Ok(vec![
        promise(
            "lines: after every fault the next whole frame is answered",
            seen.faults.values().sum(),
            [0, 0, wrong],
            // every byte of a frame must have been the place of every fault that has one
            wrong == 0 && least > 0,
            json!({"connections": args.connections, "not_resynchronised": seen.next_not_answered,
                "frames_of_a_harmless_fault_not_answered": seen.frame_not_answered, "dead_lines_not_closed": seen.not_closed,
                "server_might_wait": seen.waited, "bytes_of_a_frame": seen.places.values().map(Vec::len).max(),
                "least_at_a_byte": least, "faults": seen.faults}),
        ),
        promise(
            "lines: acknowledged is kept, once, as sent",
            found.acknowledged,
            [found.lost, found.doubled, found.wrong + u64::from(!whole)],
            found.acknowledged > 0 && found.lost + found.doubled + found.wrong == 0 && whole,
            json!({"store_whole": whole}),
        ),
        promise(
            "lines: nothing leaks",
            u64::from(args.connections),
            [0, 0, leaks],
            leaks == 0,
            json!({"resident_mib_warm": all >> 20, "resident_mib_end": all_after >> 20,
                "own_mib_warm": memory >> 20, "own_mib_end": memory_after >> 20,
                "growth_kib": grows, "growth_max_mib": GROWTH_MAX >> 20, "files_warm": files,
                "files_end": files_after, "sockets_start": sockets, "sockets_end": sockets_after, "lines_left": left}),
        ),
        promise("control, lines: a copy spoilt in three places is seen", 3, beyond, beyond == [1, 1, 1], json!({})),
        promise(
            "control, lines: a next frame that is spoilt too is seen as not answered",
            IN_TURN.len() as u64,
            [0, 0, blind],
            blind == IN_TURN.len() as u64,
            json!({}),
        ),
    ])
}

fn fill_caches(rig: &Rig) -> anyhow::Result<()> {
    let stations = STATIONS.to_string();
    let load = ["--stations", &stations, "--factors", "5", "--connections", "8", "--rate", "max", "--duration", FILL_S];
    let mut memory = 0;
    for _ in 0..FILLS_MAX {
        summary(rig.simulate(&load).spawn()?)?;
        let now = resident_own(rig.pid()?)?;
        if now.saturating_sub(memory) < STANDS_STILL {
            break;
        }
        memory = now;
    }
    Ok(())
}

/// Waits until the server says that no line is open; how many were left when it never does.
fn gone(rig: &Rig) -> anyhow::Result<u64> {
    let at = rig.metrics.context("figures are listened for")?;
    let begun = Instant::now();
    loop {
        let open = open_lines(at)?;
        if open == 0 || begun.elapsed() > TAKES_NONE + SLACK {
            // what is told beside the lines, and thrown away after them
            std::thread::sleep(Duration::from_secs(3));
            return Ok(open);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn open_lines(at: SocketAddr) -> anyhow::Result<u64> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(SLACK))?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let line = text.lines().find_map(|l| l.strip_prefix("shanshui_station_connections "));
    Ok(line.context("no figure of connections")?.trim().parse()?)
}

impl Run<'_> {
    fn connections(&self, from: u32, to: u32, bar: &ProgressBar) -> anyhow::Result<()> {
        let next = AtomicU32::new(from);
        std::thread::scope(|scope| {
            let devices: Vec<_> = (0..ALIVE)
                .map(|_| {
                    scope.spawn(|| {
                        loop {
                            let number = next.fetch_add(1, Relaxed);
                            if number >= to {
                                return;
                            }
                            if let Err(error) = Device::new(self, number).live() {
                                // a line that dies of nothing that was done to it
                                self.see(|seen| {
                                    seen.next_not_answered += 1;
                                    seen.said.push(format!("connection {number}: {error:#}"));
                                });
                            }
                            bar.inc(1);
                        }
                    })
                })
                .collect();
            devices.into_iter().try_for_each(|d| d.join().ok().context("a device"))
        })
    }

    fn see(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The control: after each fault the next frame is spoilt as well; how many of them were found not to be answered.
    fn next_is_spoilt_too(&self) -> anyhow::Result<u64> {
        let mut blind = 0;
        for (i, kind) in IN_TURN.into_iter().enumerate() {
            let [hit, next] = [0, 1].map(|n| Telegram::new(i, self.begin - 10 + n, self.seed));
            let (hit, mut next) = (hit?, next?);
            let last = next.frame.len() - 10;
            next.frame[last] ^= 1;
            let mut line = Line::open(self.to)?;
            line.send(&spoilt(kind, &hit.frame, 40, self.seed))?;
            line.send(&next.frame)?;
            blind += u64::from(!line.answered(&next.qn, Duration::from_millis(500))?);
        }
        Ok(blind)
    }
}

/// One device on one connection after another, while its number lasts.
struct Device<'a> {
    run: &'a Run<'a>,
    number: u32,
    station: usize,
    second: i64,
    random: u64,
    /// Sent and not acknowledged so far.
    open: Vec<Telegram>,
}

impl<'a> Device<'a> {
    fn new(run: &'a Run<'a>, number: u32) -> Self {
        let second = run.begin + i64::from(number) / STATIONS as i64 * SECONDS;
        let random = mix(run.seed ^ (u64::from(number) << 20));
        Self { run, number, station: number as usize % STATIONS, second, random, open: Vec::new() }
    }

    fn draw(&mut self) -> u64 {
        self.random = mix(self.random);
        self.random
    }

    fn telegram(&mut self) -> anyhow::Result<Telegram> {
        let telegram = Telegram::new(self.station, self.second, self.run.seed)?;
        self.second += 1;
        self.run.ledger.sent(&telegram)?;
        Ok(telegram)
    }

    /// From the first good telegram to the end, and a new line after it.
    fn live(mut self) -> anyhow::Result<()> {
        let mut line = Line::open(self.run.to)?;
        for _ in 0..2 {
            let good = self.telegram()?;
            line.send(&good.frame)?;
            self.next_answered(&mut line, good, false, "a good frame")?;
        }
        let turn = IN_TURN.len() as u32;
        for serial in [self.number * 2, self.number * 2 + 1] {
            self.befalls(&mut line, IN_TURN[(serial % turn) as usize], serial / turn)?;
        }
        if self.number % STALLS == 3 {
            self.befalls(&mut line, Kind::Stalled, self.number / STALLS * 7)?;
        }
        let end = match self.number {
            n if n % UNREAD == 7 => End::Unread,
            n if n % SILENT == 11 => End::Silent,
            n if n % 2 == 0 => End::Closed,
            _ => End::Reset,
        };
        self.ends(line, end)
    }

    /// A fault, and the next whole frame.
    fn befalls(&mut self, line: &mut Line, kind: Kind, serial: u32) -> anyhow::Result<()> {
        let hit = self.telegram()?;
        let place = serial as usize % (hit.frame.len() + 1);
        self.note(kind, kind.has_place().then_some((place, hit.frame.len())));
        let (head, tail) = hit.frame.split_at(place);
        match kind {
            Kind::Paused => {
                line.send(head)?;
                std::thread::sleep(PAUSE);
                line.send(tail)?;
                return self.harmless(line, hit, kind);
            }
            Kind::Split => {
                line.send(head)?;
                // the other end takes the first half by itself, mostly
                std::thread::sleep(Duration::from_millis(1));
                line.send(tail)?;
                return self.harmless(line, hit, kind);
            }
            Kind::Dribbled => {
                hit.frame.iter().try_for_each(|byte| line.send(&[*byte]))?;
                return self.harmless(line, hit, kind);
            }
            Kind::Joined => {
                let second = self.telegram()?;
                line.send(&[&hit.frame[..], &second.frame].concat())?;
                self.harmless(line, hit, kind)?;
                return self.next_answered(line, second, false, "the second of two in one write");
            }
            Kind::TwoLines => return self.two_lines(line, hit),
            Kind::Stalled => {
                line.send(head)?;
                std::thread::sleep(HALF_FRAME + Duration::from_secs(1));
                line.send(tail)?;
            }
            Kind::Cut | Kind::Dropped | Kind::Flipped | Kind::Inserted | Kind::Garbage => {}
        }
        let random = self.draw();
        let damage = if kind == Kind::Stalled { tail.to_vec() } else { spoilt(kind, &hit.frame, place, random) };
        let next = self.telegram()?;
        let sent = [&damage[..], &next.frame].concat();
        let waits = may_wait(&sent, damage.len(), SEGMENT_MAX);
        // in one write or in two: the network decides
        if kind != Kind::Stalled && random & 1 << 40 == 0 {
            line.send(&sent)?;
        } else {
            if kind != Kind::Stalled {
                line.send(&damage)?;
                std::thread::sleep(Duration::from_millis(2));
            }
            line.send(&next.frame)?;
        }
        self.open.push(hit);
        self.next_answered(
            line,
            next,
            waits,
            &format!("after {kind:?} at {place}, {:?}", String::from_utf8_lossy(&damage)),
        )
    }

    /// A fault that leaves a frame is one that is answered.
    fn harmless(&mut self, line: &mut Line, hit: Telegram, kind: Kind) -> anyhow::Result<()> {
        if line.answered(&hit.qn, AT_ONCE)? {
            self.run.ledger.acked(&hit)?;
        } else {
            let number = self.number;
            self.run.see(|seen| {
                seen.frame_not_answered += 1;
                seen.said.push(format!("connection {number}: {kind:?} is not answered"));
            });
        }
        let next = self.telegram()?;
        line.send(&next.frame)?;
        self.next_answered(line, next, false, "after a harmless fault")
    }

    /// The same device speaks on a second line while the first is open, on both by turns.
    fn two_lines(&mut self, line: &mut Line, hit: Telegram) -> anyhow::Result<()> {
        let mut other = Line::open(self.run.to)?;
        let (second, third) = (self.telegram()?, self.telegram()?);
        other.send(&hit.frame)?;
        line.send(&second.frame)?;
        other.send(&third.frame)?;
        self.next_answered(line, second, false, "on the first of two lines")?;
        self.next_answered(&mut other, hit, false, "on the second of two lines")?;
        self.next_answered(&mut other, third, false, "on the second of two lines")
    }

    /// Holds the server to it: see the head of this module.
    fn next_answered(&mut self, line: &mut Line, next: Telegram, waits: bool, what: &str) -> anyhow::Result<()> {
        let answered = line.answered(&next.qn, if waits { HALF_FRAME + SLACK } else { AT_ONCE })?;
        let number = self.number;
        self.run.see(|seen| {
            seen.waited += u64::from(waits);
            if !answered {
                seen.next_not_answered += 1;
                seen.said.push(format!("connection {number}: not answered, {what}"));
            }
        });
        self.open.push(next);
        self.settle(line)
    }

    /// What has been answered by now, also when nobody asked for it.
    fn settle(&mut self, line: &mut Line) -> anyhow::Result<()> {
        let mut open = Vec::new();
        for telegram in std::mem::take(&mut self.open) {
            if line.answered(&telegram.qn, Duration::ZERO)? {
                self.run.ledger.acked(&telegram)?;
            } else {
                open.push(telegram);
            }
        }
        self.open = open;
        Ok(())
    }

    /// The line dies within a frame; the device comes again, sends that frame once more and goes on.
    fn ends(mut self, mut line: Line, end: End) -> anyhow::Result<()> {
        let hit = self.telegram()?;
        let place = (self.number / 2) as usize % (hit.frame.len() + 1);
        let everywhere = matches!(end, End::Closed | End::Reset);
        self.note(end, everywhere.then_some((place, hit.frame.len())));
        self.settle(&mut line)?;
        let closed = match end {
            End::Unread => {
                drop(line);
                unread(self.run.to, &hit.frame)?
            }
            End::Closed => {
                line.send(&hit.frame[..place])?;
                drop(line);
                true
            }
            End::Reset => {
                line.send(&hit.frame[..place])?;
                line.reset()?;
                true
            }
            End::Silent => {
                line.send(&hit.frame[..place])?;
                line.closes(HALF_FRAME + IDLE + SLACK)?
            }
        };
        let number = self.number;
        if !closed {
            self.run.see(|seen| {
                seen.not_closed += 1;
                seen.said.push(format!("connection {number}: {end:?} is not closed"));
            });
        }
        let mut line = Line::open(self.run.to)?;
        let next = self.telegram()?;
        line.send(&next.frame)?;
        self.next_answered(&mut line, next, false, &format!("after {end:?} at {place}"))?;
        line.send(&hit.frame)?;
        self.next_answered(&mut line, hit, false, "the frame of the dead line, sent again")
    }

    fn note(&self, fault: impl std::fmt::Debug, place: Option<(usize, usize)>) {
        let word = format!("{fault:?}").to_lowercase();
        self.run.see(|seen| {
            *seen.faults.entry(word.clone()).or_default() += 1;
            if let Some((place, length)) = place {
                seen.places.entry(word).or_insert_with(|| vec![0; length + 1])[place] += 1;
            }
        });
    }
}

/// Sends one telegram again and again without reading an answer, until the server has given the line up; false when it never does.
fn unread(to: SocketAddr, frame: &[u8]) -> anyhow::Result<bool> {
    let mut line = Line::narrow(to)?;
    let mut sent = 0;
    while sent < UNREAD_MAX && line.send(frame).is_ok() {
        sent += 1;
    }
    ensure!(sent < UNREAD_MAX, "{sent} telegrams without an answer read, and the window is not full");
    let begun = Instant::now();
    while begun.elapsed() < TAKES_NONE + SLACK {
        // what the network still takes it takes; an end is an end
        match line.send(frame) {
            Err(e) if !matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                return Ok(true);
            }
            _ => {}
        }
    }
    Ok(false)
}
