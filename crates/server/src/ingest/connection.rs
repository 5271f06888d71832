//! One connection of a device, from the first byte to the last.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hj212::command::Answer;
use hj212::decode::text;
use hj212::encode::{self, Echo};
use hj212::{Decoder, Edition, Limits, Piece};
use shanshui_domain::id::Mn;
use shanshui_domain::sense::Reading;
use shanshui_domain::time::Instant;
use shanshui_store::{Arrival, Receipt, SecondConnection, StoreError, TelegramIn, place};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Heard, Shared, exchange, read};
use crate::pace::Pace;
use crate::registry::{DeviceEntry, Held, Line, Standing};

/// Bytes read at once; the buffer belongs to the thread, not to the connection.
const READ_MAX: usize = 64 << 10;
/// Requests to a device that may wait for its connection.
const OUT_MAX: usize = 16;
/// A peer that takes no answers for so long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after a refused write, so that a full disk is not hammered.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

thread_local! {
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_MAX]);
}

/// What follows once an arrival is durable.
struct After {
    entry: Option<Arc<DeviceEntry>>,
    answer: Option<Vec<u8>>,
    /// The device asked for the time (1013).
    wants_clock: bool,
    /// How the telegram ends, for those who count.
    outcome: &'static str,
}

#[derive(Default)]
struct Batch {
    /// Pieces read, kept or not.
    pieces: usize,
    arrivals: Vec<Arrival>,
    after: Vec<After>,
}

struct Connection {
    shared: Arc<Shared>,
    number: u64,
    peer: SocketAddr,
    peer_text: String,
    out: mpsc::Sender<Vec<u8>>,
    /// Devices that have spoken here.
    devices: HashMap<Vec<u8>, Arc<DeviceEntry>>,
    /// How long the devices of the last telegrams are beyond their budgets.
    device_pause: Duration,
}

/// Serves one connection until it ends.
pub(super) async fn serve(shared: Arc<Shared>, mut stream: TcpStream, peer: SocketAddr, stop: CancellationToken) {
    shared.connections.fetch_add(1, Ordering::Relaxed);
    let number = shared.numbers.fetch_add(1, Ordering::Relaxed);
    let (out, requests) = mpsc::channel(OUT_MAX);
    let peer_text = peer.to_string();
    let mut connection = Connection {
        shared: Arc::clone(&shared),
        number,
        peer,
        peer_text,
        out,
        devices: HashMap::new(),
        device_pause: Duration::ZERO,
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "no nodelay");
    }
    let (reader, writer) = stream.split();
    if let Err(error) = connection.run(reader, writer, requests, stop).await {
        tracing::debug!(%peer, %error, "connection ended");
    }
    connection.release();
    shared.connections.fetch_sub(1, Ordering::Relaxed);
}

impl Connection {
    async fn run(
        &mut self,
        reader: ReadHalf<'_>,
        mut writer: WriteHalf<'_>,
        mut requests: mpsc::Receiver<Vec<u8>>,
        stop: CancellationToken,
    ) -> std::io::Result<()> {
        let limits = Limits { segment_max: self.shared.config.segment_bytes_max.min(9_999), strict: false };
        let mut decoder = Decoder::new(limits);
        let mut pace = Pace::new(self.shared.config.frames_per_s_max, tokio::time::Instant::now());
        let idle = Duration::from_secs(self.shared.config.idle_s);
        let half = Duration::from_secs(self.shared.config.half_frame_s);
        // since when half a telegram waits for its rest
        let mut waiting: Option<tokio::time::Instant> = None;
        loop {
            let until = waiting.map_or_else(|| tokio::time::Instant::now() + idle, |since| since + half);
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                Some(bytes) = requests.recv() => {
                    write(&mut writer, &bytes).await?;
                    continue;
                }
                ready = reader.readable() => ready?,
                () = tokio::time::sleep_until(until) => {
                    if waiting.take().is_none() {
                        return Ok(());
                    }
                    self.keep(&mut decoder, &mut writer, true).await?;
                    continue;
                }
            }
            match receive(&reader, &mut decoder) {
                Ok(0) => {
                    self.keep(&mut decoder, &mut writer, true).await?;
                    return Ok(());
                }
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            let frames = self.keep(&mut decoder, &mut writer, false).await?;
            waiting = match decoder.buffered() {
                0 => None,
                _ if frames > 0 => Some(tokio::time::Instant::now()),
                _ => waiting.or_else(|| Some(tokio::time::Instant::now())),
            };
            // a device may not get around its own budget by several connections
            let own = pace.take(frames, tokio::time::Instant::now());
            let pause = own.max(std::mem::take(&mut self.device_pause));
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// Keeps every whole telegram that has come, then answers. Gives how many there were.
    async fn keep(&mut self, decoder: &mut Decoder, writer: &mut WriteHalf<'_>, end: bool) -> std::io::Result<usize> {
        let begun = std::time::Instant::now();
        let batch = self.take(decoder, end);
        let frames = batch.pieces;
        if batch.arrivals.is_empty() {
            return Ok(frames);
        }
        let readings = self.shared.listened().then(|| batch.arrivals.iter().map(|a| a.readings.clone()).collect());
        match self.shared.store.arrive(batch.arrivals).await {
            Ok(receipts) => {
                let answers: Vec<u8> =
                    batch.after.iter().filter_map(|a| a.answer.as_deref()).flatten().copied().collect();
                self.count(&batch.after, &receipts);
                self.tell(&batch.after, receipts, readings);
                place("answer-before");
                write(writer, &answers).await?;
                place("answer-after");
                if !answers.is_empty() {
                    self.shared.intake.acknowledged(begun.elapsed());
                }
                self.clocks(&batch.after);
                Ok(frames)
            }
            Err(error) => {
                // nothing of this is kept and nothing is acknowledged; the devices send it again
                self.refused(&batch.after, &error);
                tokio::time::sleep(REFUSED_PAUSE).await;
                Ok(frames)
            }
        }
    }

    fn take(&mut self, decoder: &mut Decoder, end: bool) -> Batch {
        let mut batch = Batch::default();
        let index = self.shared.registry.index();
        let policy = |mn: &[u8]| index.device(mn).map(|d| d.policy.clone()).unwrap_or_default();
        loop {
            let piece = if end { decoder.finish(&policy) } else { decoder.next_piece(&policy) };
            let Some(piece) = piece else { return batch };
            batch.pieces += 1;
            let entry = index.device(piece.mn()).cloned();
            if let Some((arrival, after)) = self.piece(&piece, entry) {
                batch.arrivals.push(arrival);
                batch.after.push(after);
            }
        }
    }

    fn piece(&mut self, piece: &Piece<'_>, entry: Option<Arc<DeviceEntry>>) -> Option<(Arrival, After)> {
        let now = self.shared.clock.now();
        let strange = match &entry {
            _ if !piece.usable() => Some("damaged"),
            None => Some("unknown_device"),
            Some(entry) if piece.pw() != entry.device.password.expose().as_bytes() => Some("wrong_password"),
            Some(_) => None,
        };
        if let Some(reason) = strange {
            if let Some(entry) = &entry {
                let mut line = entry.line();
                line.bad();
                deviations(&mut line, piece);
                if reason != "damaged" {
                    line.deviates(reason);
                }
            }
            if !self.shared.may_quarantine(self.peer.ip(), now) {
                self.shared.intake.telegrams("dropped", 1);
                return None;
            }
            let telegram = self.telegram(piece, now, Some(reason));
            let after = After { entry: None, answer: None, wants_clock: false, outcome: reason };
            return Some((Arrival { telegram, readings: Vec::new() }, after));
        }
        let entry = entry?;
        self.hear(&entry, piece, now);
        let asked = self.shared.exchanges.see(&entry.device.mn, piece);
        let context = read::Context { points: &entry.points, zone: &self.shared.zone, now, asked };
        let got = read::read(piece, &context);
        {
            let mut line = entry.line();
            line.good();
            let pause = line.pace(self.shared.config.frames_per_s_max, tokio::time::Instant::now());
            self.device_pause = self.device_pause.max(pause);
            deviations(&mut line, piece);
            for note in &got.notes {
                line.deviates(note);
            }
            if let (Some(packets), Some(number)) = (piece.pnum(), piece.pno())
                && packets > 1
            {
                let data_time = piece.plain(b"DataTime").unwrap_or_default();
                let key = [piece.st(), piece.cn(), data_time].map(text).join(" ");
                line.packet(key, (packets, number), now);
            }
            if piece.edition() != entry.edition {
                line.deviates("edition_differs");
            }
        }
        let answer = answer_of(piece, &entry);
        let wants_clock = piece.cn() == b"1013";
        let telegram = self.telegram(piece, now, got.quarantine);
        let outcome = got.quarantine.unwrap_or("kept");
        let after = After { entry: Some(entry), answer, wants_clock, outcome };
        Some((Arrival { telegram, readings: got.readings }, after))
    }

    fn telegram(&self, piece: &Piece<'_>, now: Instant, quarantine: Option<&str>) -> TelegramIn {
        TelegramIn {
            arrived: now,
            // what lies in quarantine is grouped by where it came from, and a port is new with every connection
            peer: if quarantine.is_some() { self.peer.ip().to_string() } else { self.peer_text.clone() },
            mn: field(piece.mn()).map(Mn),
            cn: field(piece.cn()),
            qn: field(piece.qn()),
            raw: piece.raw.to_vec(),
            problems: problems(piece),
            quarantine: quarantine.map(str::to_owned),
        }
    }

    /// A device has spoken here: who holds its line, and how its clock stands.
    fn hear(&mut self, entry: &Arc<DeviceEntry>, piece: &Piece<'_>, now: Instant) {
        let mn = entry.device.mn.0.as_bytes();
        let first = !self.devices.contains_key(mn);
        if first {
            self.devices.insert(mn.to_vec(), Arc::clone(entry));
        }
        let mut line = entry.line();
        line.hears(&self.peer_text, now);
        if read::kind_of(piece.cn()).is_some() {
            line.hears_data(now);
        }
        if piece.rf() != Some(b"1")
            && let Some(sent) = hj212::civil::parse(piece.qn()).and_then(|c| read::instant(c, &self.shared.zone))
        {
            line.clock_is(sent.ms_since(now));
        }
        match &mut line.held {
            Some(held) if held.connection == self.number => held.heard = now,
            Some(held) if !held.out.is_closed() && now.ms_since(held.heard) <= entry.quiet_ms() => {
                if first {
                    let (station, mn) = (entry.device.station.clone(), entry.device.mn.clone());
                    let (peer, held_by) = (self.peer_text.clone(), held.peer.clone());
                    line.deviates("second_connection");
                    self.shared.lines.second(self.number, SecondConnection { station, mn, peer, held_by, at: now });
                }
            }
            _ => {
                let (connection, peer, out) = (self.number, self.peer_text.clone(), self.out.clone());
                line.held = Some(Held { connection, peer, heard: now, told: now, out, standing: Standing::Asked });
                self.shared.lines.takes(entry, (self.number, &self.peer_text), now);
            }
        }
        if first {
            self.shared.lines.begins(&entry.device.mn);
        }
    }

    fn tell(&self, after: &[After], receipts: Vec<Receipt>, readings: Option<Vec<Vec<Reading>>>) {
        for ((after, receipt), readings) in after.iter().zip(receipts).zip(readings.into_iter().flatten()) {
            let Some(entry) = after.entry.as_ref().filter(|_| !readings.is_empty()) else { continue };
            let (station, mn) = (entry.device.station.clone(), entry.device.mn.clone());
            let rows = readings.into_iter().zip(receipt.kept).collect();
            self.shared.tell(Heard { station, mn, telegram: receipt.telegram, rows });
        }
        self.shared.arrived.ring();
    }

    fn count(&self, after: &[After], receipts: &[Receipt]) {
        for (after, receipt) in after.iter().zip(receipts) {
            self.shared.intake.telegrams(after.outcome, 1);
            self.shared.intake.readings(&receipt.kept);
        }
    }

    fn refused(&self, after: &[After], error: &StoreError) {
        self.shared.intake.telegrams("refused", after.len() as u64);
        tracing::error!(peer = %self.peer_text, %error, telegrams = after.len(), "not kept, not acknowledged");
        for entry in after.iter().filter_map(|a| a.entry.as_ref()) {
            entry.line().deviates("not_kept");
        }
    }

    /// 1013 is followed by 1012 from the centre (2017 annex C), where commands are allowed.
    fn clocks(&self, after: &[After]) {
        if !self.shared.config.commands {
            return;
        }
        for entry in after.iter().filter(|a| a.wants_clock).filter_map(|a| a.entry.clone()) {
            tokio::spawn(exchange::answer_clock(Arc::clone(&self.shared), entry));
        }
    }

    /// The lines held here are free again.
    fn release(&self) {
        for entry in self.devices.values() {
            let held = {
                let mut line = entry.line();
                let held = line.held.as_ref().is_some_and(|h| h.connection == self.number);
                if held {
                    line.held = None;
                }
                held
            };
            self.shared.lines.ends(&entry.device.mn, self.number, held);
        }
    }
}

fn receive(reader: &ReadHalf<'_>, decoder: &mut Decoder) -> std::io::Result<usize> {
    READ.with_borrow_mut(|buffer| {
        let n = reader.try_read(buffer)?;
        decoder.push(&buffer[..n]);
        Ok(n)
    })
}

async fn write(writer: &mut WriteHalf<'_>, bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    match tokio::time::timeout(WRITE_TIMEOUT, writer.write_all(bytes)).await {
        Ok(written) => written,
        Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "the peer takes no answers")),
    }
}

/// A field of the header as it is kept; none when it is absent or empty.
pub(super) fn field(bytes: &[u8]) -> Option<String> {
    (!bytes.is_empty()).then(|| text(bytes).into_owned())
}

/// What is wrong or odd about a piece, as it is kept.
pub(super) fn problems(piece: &Piece<'_>) -> String {
    if piece.problems().is_empty() {
        return "[]".to_owned();
    }
    let list = piece.problems().iter().map(|p| serde_json::json!({"code": p.code.as_str(), "detail": p.detail}));
    serde_json::Value::Array(list.collect()).to_string()
}

fn deviations(line: &mut Line, piece: &Piece<'_>) {
    for problem in piece.problems() {
        line.deviates(problem.code.as_str());
    }
}

/// The answer in the form of the device's edition; none when the device wants none, or the telegram is itself an answer.
fn answer_of(piece: &Piece<'_>, entry: &DeviceEntry) -> Option<Vec<u8>> {
    if !piece.wants_answer() {
        return None;
    }
    let cn = match hj212::command::answer_to(piece.cn()) {
        Answer::Data => "9014",
        Answer::Notice => "9013",
        Answer::None => return None,
    };
    let edition = if piece.flag().is_some() { piece.edition() } else { Edition::V2005 };
    let (qn, asked, pw) = (text(piece.qn()), text(piece.cn()), entry.device.password.expose());
    let echo = Echo { qn: &qn, cn: &asked, pw, mn: entry.device.mn.as_str(), edition };
    match encode::answer(cn, echo) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            tracing::debug!(mn = %entry.device.mn, %error, "no answer can be formed");
            None
        }
    }
}
