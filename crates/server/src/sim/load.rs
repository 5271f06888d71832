//! Very many telegrams from few connections, cheap in CPU: frames are templates into which time, QN, values and CRC are
//! written; bytes leave in batches. Either at a rate, or as fast as a window of unanswered telegrams lets (closed loop).
//!
//! Each station's telegrams have rising seconds as `DataTime`, never two the same, never in the future: with many telegrams a
//! second and few stations the data begin some time in the past. What is not answered in 10 s is sent again three times with
//! the same QN; after a lost connection everything unanswered is sent again.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use hj212::{Decoder, Edition, Message, Piece, Sm4Key, crc};
use shanshui_domain::time::Zone;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{self, Instant as Tick};
use tokio_util::sync::CancellationToken;

use super::fault::{Chance, Dealer, Fate, Faults};
use super::stamp::{self, Millis, append};
use super::synthetic::{self, FACTORS, PASSWORD, moment};
use super::tally::{Tally, count, digest};
use super::value::mix;

/// Before a telegram is sent again (2017 §6.2).
const OVER_TIME: Duration = Duration::from_secs(10);
/// How often it is (2017 §6.2).
const RESENDS: u32 = 3;
/// First and longest pause before connecting again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Unsent bytes beyond which no new telegram is made.
const OUT_MAX: usize = 64 << 10;
/// Unanswered telegrams of one connection at a rate.
const PENDING_MAX: usize = 20_000;
/// Longest wait between two looks at the clock.
const LOOK: Duration = Duration::from_millis(500);

/// Wait when a station has sent all its seconds.
const EARLY: Duration = Duration::from_millis(20);

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// Telegrams a second, over all stations.
    PerSecond(f64),
    /// As fast as it goes, with so many unanswered on a connection at most.
    Max {
        /// Telegrams.
        window: usize,
    },
}

/// A run.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where to.
    pub to: String,
    /// Stations.
    pub stations: usize,
    /// Factors of each, at most [`FACTORS`]' length.
    pub factors: usize,
    /// Connections; stations are dealt out to them.
    pub connections: usize,
    /// How fast.
    pub rate: Rate,
    /// How long new telegrams are made.
    pub duration: Duration,
    /// How long to wait for the last answers.
    pub drain: Duration,
    /// Decides every value and every share.
    pub seed: u64,
    /// Which stations are of 2025 and encrypt.
    pub encrypted: Chance,
    /// What goes wrong.
    pub faults: Faults,
}

/// Runs it until its time is over or it is stopped, and the last answers are there.
///
/// # Errors
/// When the ledger cannot be written. A line that is down is no error.
pub async fn run(load: Load, tally: Arc<Tally>, stop: CancellationToken) -> io::Result<()> {
    let dealer = Arc::new(Dealer::new(&load.faults, load.seed));
    let connections = load.connections.clamp(1, load.stations.max(1));
    let begin = seconds_now() - load.head_start();
    let mut lines = JoinSet::new();
    for id in 0..connections {
        let line = Line::new(&load, id, connections, begin, (tally.clone(), dealer.clone(), stop.clone()));
        lines.spawn(line.run());
    }
    while let Some(line) = lines.join_next().await {
        match line {
            Ok(result) => result?,
            Err(panic) => return Err(io::Error::other(panic)),
        }
    }
    Ok(())
}

impl Load {
    /// Seconds before now at which the data begin, so that no station needs two telegrams in a second.
    fn head_start(&self) -> i64 {
        let fastest = match self.rate {
            Rate::PerSecond(rate) => rate,
            Rate::Max { .. } => 40_000.0,
        };
        let each = fastest * self.duration.as_secs_f64() / self.stations.max(1) as f64;
        (each - self.duration.as_secs_f64()).max(0.0).ceil() as i64 + 1
    }
}

fn seconds_now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Which frame of a second's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Whole,
    BackFill,
    /// One of two packets.
    Part(u32),
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    station: usize,
    second: i64,
    qn: Millis,
    shape: Shape,
    first: Tick,
    last: Tick,
    resends: u32,
}

/// A station and its template.
struct Station {
    number: usize,
    mn: String,
    edition: Edition,
    key: Option<Sm4Key>,
    template: Vec<u8>,
    places: Places,
    /// Second of the next telegram, and of the next back-filled one.
    next: i64,
    old: i64,
    last_qn_ms: i64,
}

/// Where the template has what changes.
#[derive(Debug, Clone, Default)]
struct Places {
    qn: usize,
    data_time: usize,
    values: Vec<usize>,
    area: (usize, usize),
}

impl Station {
    fn new(number: usize, load: &Load, begin: i64) -> Self {
        let (edition, key) = synthetic::edition(number, load.encrypted, load.seed);
        let mut station = Self {
            number,
            mn: synthetic::mn(number),
            edition,
            key,
            template: Vec::new(),
            places: Places::default(),
            next: begin,
            old: begin - 1,
            last_qn_ms: 0,
        };
        let message =
            station.message("0".repeat(17), "0".repeat(14).as_str(), moment(load.seed, number, 0), 0..load.factors);
        station.template = message.frame(None).expect("no separators in the header, area within the bound");
        station.places = station.find(load.factors);
        station
    }

    fn find(&self, factors: usize) -> Places {
        let text = std::str::from_utf8(&self.template).expect("a plain frame is ASCII");
        let after = |what: &str| text.find(what).expect("the template was made with it") + what.len();
        let area = after("CP=&&");
        Places {
            qn: after("QN="),
            data_time: after("DataTime="),
            values: FACTORS[..factors].iter().map(|f| after(&format!(";{}-Rtd=", f.code))).collect(),
            area: (area, self.template.len() - 8),
        }
    }

    /// The message in full, for templates and for whatever differs from them.
    fn message(&self, qn: String, data_time: &str, moment: u64, factors: std::ops::Range<usize>) -> Message {
        let mut area = format!("DataTime={data_time}");
        for place in factors {
            let (code, value) = (FACTORS[place].code, value(moment, place));
            append(&mut area, format_args!(";{code}-Rtd={value},{code}-Flag=N"));
        }
        Message {
            qn,
            st: "21".into(),
            cn: "2011".into(),
            pw: PASSWORD.into(),
            mn: self.mn.clone(),
            edition: Some(self.edition),
            answer: true,
            packet: None,
            back_fill: false,
            area,
        }
    }
}

fn value(moment: u64, place: usize) -> String {
    let mut text = vec![0; FACTORS[place].width()];
    FACTORS[place].write(moment, place, &mut text);
    String::from_utf8(text).expect("digits and a point")
}

/// One connection with its stations.
struct Line {
    to: String,
    stations: Vec<Station>,
    factors: usize,
    seed: u64,
    tally: Arc<Tally>,
    dealer: Arc<Dealer>,
    stop: CancellationToken,
    /// Telegrams unanswered at most.
    window: usize,
    /// Time between two telegrams, at a rate.
    step: Option<Duration>,
    due: Tick,
    until: Tick,
    give_up: Tick,
    drain: Duration,
    cursor: usize,
    pending: VecDeque<Pending>,
    out: Vec<u8>,
    sent: usize,
    /// From here on the bytes go a few at a time.
    drip: Option<usize>,
    drip_at: Tick,
    closing: bool,
    lines: String,
    acked: u64,
    /// The next telegram's second is not over yet.
    early: bool,
    qn_clock: stamp::Cache,
    data_clock: stamp::Cache,
    random: u64,
}

type Shared = (Arc<Tally>, Arc<Dealer>, CancellationToken);

impl Line {
    fn new(load: &Load, id: usize, connections: usize, begin: i64, (tally, dealer, stop): Shared) -> Self {
        let stations: Vec<Station> =
            (id..load.stations).step_by(connections).map(|number| Station::new(number, load, begin)).collect();
        let now = Tick::now();
        let share = stations.len() as f64 / load.stations.max(1) as f64;
        let (window, step) = match load.rate {
            Rate::Max { window } => (window.max(1), None),
            Rate::PerSecond(rate) => (PENDING_MAX, Some(Duration::from_secs_f64(1.0 / (rate * share).max(1e-6)))),
        };
        // connections do not beat in time
        let due = now + step.map_or(Duration::ZERO, |s| s.mul_f64(id as f64 / connections as f64));
        Self {
            to: load.to.clone(),
            stations,
            factors: load.factors,
            seed: load.seed,
            tally,
            dealer,
            stop,
            window,
            step,
            due,
            until: now + load.duration,
            give_up: now + load.duration + load.drain,
            drain: load.drain,
            cursor: 0,
            pending: VecDeque::new(),
            out: Vec::with_capacity(OUT_MAX),
            sent: 0,
            drip: None,
            drip_at: now,
            closing: false,
            lines: String::new(),
            acked: 0,
            early: false,
            qn_clock: stamp::Cache::new(Zone::china()),
            data_clock: stamp::Cache::new(Zone::china()),
            random: mix(load.seed ^ id as u64),
        }
    }

    async fn run(mut self) -> io::Result<()> {
        let mut first = true;
        let mut pause = PAUSE.0;
        while !self.finished() {
            let connected = tokio::select! {
                connected = TcpStream::connect(&self.to) => connected,
                () = time::sleep_until(self.give_up) => break,
            };
            if let Ok(stream) = connected.and_then(|s| s.set_nodelay(true).map(|()| s)) {
                if !std::mem::take(&mut first) {
                    count(&self.tally.reconnects);
                }
                self.again();
                let began = Tick::now();
                self.talk(&stream).await?;
                if began.elapsed() > PAUSE.1 {
                    pause = PAUSE.0;
                }
                if self.finished() {
                    break;
                }
            }
            self.look_at_stop();
            time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
        self.tally.unanswered.fetch_add(self.pending.len() as u64, Relaxed);
        Ok(())
    }

    /// No more telegrams are made, and none is waited for.
    fn finished(&self) -> bool {
        let now = Tick::now();
        now >= self.give_up || (now >= self.until && self.pending.is_empty() && !self.closing)
    }

    fn look_at_stop(&mut self) {
        let now = Tick::now();
        if self.stop.is_cancelled() && now < self.until {
            self.until = now;
            self.give_up = now + self.drain;
        }
    }

    /// A new connection: everything unanswered goes again, with its QN.
    fn again(&mut self) {
        self.out.clear();
        (self.sent, self.drip, self.closing) = (0, None, false);
        let now = Tick::now();
        for i in 0..self.pending.len() {
            self.pending[i].last = now;
            let pending = self.pending[i];
            self.write(&pending);
            count(&self.tally.resent);
        }
    }

    /// Sends and hears until the connection ends or the run does.
    async fn talk(&mut self, stream: &TcpStream) -> io::Result<()> {
        let mut decoder = Decoder::default();
        let mut bytes = vec![0u8; 32 << 10];
        loop {
            // a line that is always busy has no quiet moment in which to look
            self.look_at_stop();
            let now = Tick::now();
            if self.finished() || (self.closing && self.sent == self.out.len()) || !self.overdue(now) {
                return Ok(());
            }
            self.fill(now);
            // the ledger has it before the line does
            self.tally.log(&self.lines)?;
            self.lines.clear();
            if !self.send(stream, now) {
                return Ok(());
            }
            let blocked = self.sent < self.out.len() && self.drip.is_none_or(|from| self.sent < from);
            let interest = if blocked { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            tokio::select! {
                ready = stream.ready(interest) => match ready {
                    Ok(ready) if ready.is_readable() => {
                        if !self.hear(stream, &mut decoder, &mut bytes)? {
                            return Ok(());
                        }
                    }
                    Ok(_) => {}
                    Err(_) => return Ok(()),
                },
                () = time::sleep_until(self.wake(now)) => {}
            }
        }
    }

    /// When to look again if nothing comes.
    fn wake(&self, now: Tick) -> Tick {
        let mut wake = (now + LOOK).min(self.give_up);
        if now < self.until {
            wake = wake.min(self.until);
            if self.early {
                wake = wake.min(now + EARLY);
            } else if self.step.is_some() {
                wake = wake.min(self.due);
            }
        }
        if self.drip.is_some() {
            wake = wake.min(self.drip_at);
        }
        // a due time that lies behind waits for the window or for the second to end, not for the processor
        wake.max(now + Duration::from_millis(1))
    }

    /// Sends again what waits too long; false when the line is useless.
    fn overdue(&mut self, now: Tick) -> bool {
        while let Some(mut pending) = self.pending.pop_front_if(|p| p.last + OVER_TIME <= now) {
            if pending.resends >= RESENDS {
                count(&self.tally.unanswered);
                return false;
            }
            pending.resends += 1;
            pending.last = now;
            self.write(&pending);
            self.pending.push_back(pending);
            count(&self.tally.resent);
        }
        true
    }

    fn fill(&mut self, now: Tick) {
        let wall = seconds_now();
        while now < self.until
            && self.due <= now
            && self.pending.len() < self.window
            && self.out.len() - self.sent < OUT_MAX
            && self.drip.is_none()
            && !self.closing
        {
            self.early = !self.telegram(now, wall);
            if self.early {
                break;
            }
            self.due += self.step.unwrap_or_default();
        }
    }

    /// Makes the next telegram; false when its second is not over yet.
    fn telegram(&mut self, now: Tick, wall: i64) -> bool {
        let place = self.cursor;
        if self.stations[place].next > wall {
            return false;
        }
        self.cursor = (place + 1) % self.stations.len();
        let fate = self.dealer.deal();
        let station = &mut self.stations[place];
        let second = if fate.back_fill { station.old } else { station.next };
        if fate.back_fill {
            station.old -= 1;
        } else {
            station.next += 1;
        }
        let shape = if fate.back_fill { Shape::BackFill } else { Shape::Whole };
        if fate.split && self.factors > 1 && !fate.back_fill {
            self.first(place, second, Shape::Part(1), now, fate);
            self.first(place, second, Shape::Part(2), now, Fate::default());
        } else {
            self.first(place, second, shape, now, fate);
        }
        true
    }

    /// Sends a frame for the first time, with what befalls it.
    fn first(&mut self, place: usize, second: i64, shape: Shape, now: Tick, fate: Fate) {
        let station = &mut self.stations[place];
        let ms = jiff::Timestamp::now().as_millisecond();
        station.last_qn_ms = ms.max(station.last_qn_ms + 1);
        let qn = self.qn_clock.millis(station.last_qn_ms);
        let pending = Pending { station: place, second, qn, shape, first: now, last: now, resends: 0 };
        self.note_sent(&pending);
        let from = self.out.len();
        if fate.bad_crc {
            self.write(&pending);
            let digit = self.out.len() - 3;
            self.out[digit] = if self.out[digit] == b'0' { b'1' } else { b'0' };
        }
        if fate.slow {
            self.drip = Some(self.out.len());
        }
        self.write(&pending);
        if fate.repeat {
            self.write(&pending);
        }
        if fate.cut {
            self.out.truncate(from + (self.out.len() - from) / 2);
            self.drip = self.drip.map(|drip| drip.min(self.out.len()));
            self.closing = true;
        }
        self.pending.push_back(pending);
    }

    fn note_sent(&mut self, pending: &Pending) {
        let range = self.range(pending.shape);
        count(&self.tally.sent);
        self.tally.readings.fetch_add(range.len() as u64, Relaxed);
        if !self.tally.keeps_ledger() {
            return;
        }
        let station = &self.stations[pending.station];
        let moment = moment(self.seed, station.number, pending.second);
        let values: Vec<(&str, String)> = range.map(|place| (FACTORS[place].code, value(moment, place))).collect();
        let digest = digest(values.iter().map(|(code, value)| (*code, value.as_str())));
        let at = *self.data_clock.seconds(pending.second);
        let (qn, at) = (stamp::text(&pending.qn), stamp::text(&at));
        append(&mut self.lines, format_args!("sent {qn} {} {at} {} {digest:016x}\n", station.mn, values.len()));
    }

    /// The factors in a frame.
    fn range(&self, shape: Shape) -> std::ops::Range<usize> {
        match shape {
            Shape::Part(1) => 0..self.factors / 2,
            Shape::Part(_) => self.factors / 2..self.factors,
            Shape::Whole | Shape::BackFill => 0..self.factors,
        }
    }

    /// Appends a telegram's frame to what goes out.
    fn write(&mut self, pending: &Pending) {
        let station = &self.stations[pending.station];
        let at = *self.data_clock.seconds(pending.second);
        let moment = moment(self.seed, station.number, pending.second);
        if pending.shape == Shape::Whole {
            return write_template(&mut self.out, station, &pending.qn, &at, moment);
        }
        let qn = stamp::text(&pending.qn).to_owned();
        let mut message = station.message(qn, stamp::text(&at), moment, self.range(pending.shape));
        message.back_fill = pending.shape == Shape::BackFill && station.edition == Edition::V2025;
        message.packet = if let Shape::Part(pno) = pending.shape { Some((2, pno)) } else { None };
        let frame = message.frame(station.key.as_ref()).expect("as its template");
        self.out.extend_from_slice(&frame);
    }

    /// Gives bytes to the line; false when it is down.
    fn send(&mut self, stream: &TcpStream, now: Tick) -> bool {
        while self.sent < self.out.len() {
            let to = match self.drip {
                Some(from) if self.sent < from => from,
                Some(_) if now < self.drip_at => return true,
                Some(_) => (self.sent + 1 + (self.roll() % 40) as usize).min(self.out.len()),
                None => self.out.len(),
            };
            match stream.try_write(&self.out[self.sent..to]) {
                Ok(n) => self.sent += n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
            if self.drip.is_some_and(|from| self.sent >= from) {
                self.drip_at = now + Duration::from_millis(1 + self.roll() % 3);
            }
        }
        self.out.clear();
        (self.sent, self.drip) = (0, None);
        true
    }

    fn roll(&mut self) -> u64 {
        self.random = mix(self.random);
        self.random
    }

    /// Takes what has come; false when the line is down.
    fn hear(&mut self, stream: &TcpStream, decoder: &mut Decoder, bytes: &mut [u8]) -> io::Result<bool> {
        loop {
            match stream.try_read(bytes) {
                Ok(0) => return Ok(false),
                Ok(n) => {
                    decoder.push(&bytes[..n]);
                    let now = Tick::now();
                    while let Some(piece) = decoder.next_piece(&|_| hj212::DevicePolicy::default()) {
                        self.answered(&piece, now);
                    }
                    if n < bytes.len() {
                        break;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Ok(false),
            }
        }
        // the ledger has it before it counts
        self.tally.log(&self.lines)?;
        self.lines.clear();
        self.tally.acked.fetch_add(std::mem::take(&mut self.acked), Relaxed);
        Ok(true)
    }

    fn answered(&mut self, piece: &Piece<'_>, now: Tick) {
        if piece.cn() != b"9014" || !piece.usable() {
            count(if piece.cn().starts_with(b"9") { &self.tally.extra } else { &self.tally.requests });
            return;
        }
        let (qn, mn) = (piece.qn(), piece.mn());
        let Some(at) = self.find(qn, mn) else {
            count(&self.tally.extra);
            return;
        };
        let pending = self.pending.remove(at).expect("just found");
        self.tally.latency.record(now - pending.first);
        self.acked += 1;
        if self.tally.keeps_ledger() {
            append(&mut self.lines, format_args!("acked {} {}\n", stamp::text(qn), stamp::text(mn)));
        }
    }

    /// Answers mostly come in the order of the telegrams.
    fn find(&self, qn: &[u8], mn: &[u8]) -> Option<usize> {
        (0..self.pending.len()).find(|i| {
            let pending = &self.pending[*i];
            pending.qn == *qn && self.stations[pending.station].mn.as_bytes() == mn
        })
    }
}

fn write_template(out: &mut Vec<u8>, station: &Station, qn: &Millis, at: &stamp::Seconds, moment: u64) {
    let from = out.len();
    out.extend_from_slice(&station.template);
    let frame = &mut out[from..];
    let places = &station.places;
    frame[places.qn..places.qn + 17].copy_from_slice(qn);
    frame[places.data_time..places.data_time + 14].copy_from_slice(at);
    for (place, at) in places.values.iter().enumerate() {
        let factor = &FACTORS[place];
        factor.write(moment, place, &mut frame[*at..at + factor.width()]);
    }
    let crc_at = frame.len() - 6;
    let sum = crc::checksum(&frame[6..crc_at]);
    for (i, place) in frame[crc_at..crc_at + 4].iter_mut().enumerate() {
        *place = b"0123456789ABCDEF"[usize::from(sum >> (12 - 4 * i) & 15)];
    }
    if let Some(key) = &station.key {
        key.encrypt(&mut frame[places.area.0..places.area.1]);
    }
}
