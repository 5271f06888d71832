//! Plays one device over TCP: connects, sends, waits for 9014 (10 s, three resends with the same QN), reconnects with
//! back-off, answers requests. Data measured while the line was down are sent as back-fill, new data first.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use hj212::{Decoder, Piece};
use jiff::Timestamp;
use shanshui_domain::time::{Instant, PeriodKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{self, Instant as Tick};
use tokio_util::sync::CancellationToken;

use super::device::{Device, Out, Upload};
use super::plan::Plan;
use super::tally::{Tally, count};

/// Records kept for back-fill while the line is down.
const BACKLOG_MAX: usize = 2_880;
/// First and longest pause before connecting again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The instant it is.
pub fn now() -> Instant {
    Instant::from_timestamp(Timestamp::now())
}

/// An upload that is not answered yet.
struct Waiting {
    out: Out,
    upload: Upload,
    first: Tick,
    deadline: Tick,
    resends: u32,
}

struct Player {
    device: Device,
    to: String,
    tally: Arc<Tally>,
    stop: CancellationToken,
    live: VecDeque<Out>,
    answers: VecDeque<Out>,
    waiting: Option<Waiting>,
    next: Instant,
    /// Ends of the last minute, hour and day record.
    done: [(PeriodKind, Instant); 3],
}

/// Why a connection ended.
enum End {
    Stopped,
    /// Closed by the other side, or useless after the last resend.
    Lost,
    /// The scenario says so, until then.
    Dead(Instant),
}

/// Plays a device until stopped.
///
/// # Errors
/// When the ledger cannot be written. A line that is down is no error.
pub async fn play(plan: Plan, to: String, tally: Arc<Tally>, stop: CancellationToken) -> io::Result<()> {
    let device = Device::new(plan);
    let clock = device.clock(now());
    let next = device.plan.next_sample(clock, device.interval_s);
    let mut player = Player {
        device,
        to,
        tally,
        stop,
        live: VecDeque::new(),
        answers: VecDeque::new(),
        waiting: None,
        next,
        done: [PeriodKind::Minute, PeriodKind::Hour, PeriodKind::Day].map(|kind| (kind, clock)),
    };
    let mut first = true;
    let mut pause = PAUSE.0;
    loop {
        let Some(stream) = player.connect(&mut pause).await else { break };
        if !std::mem::take(&mut first) {
            count(&player.tally.reconnects);
        }
        match player.talk(stream).await? {
            End::Stopped => break,
            End::Lost => {
                if player.rest(pause).await {
                    break;
                }
                pause = (pause * 2).min(PAUSE.1);
            }
            End::Dead(until) => {
                let ms = until.ms_since(player.device.clock(now())).max(0);
                if player.rest(Duration::from_millis(ms.cast_unsigned())).await {
                    break;
                }
                player.next = player.device.plan.next_sample(player.device.clock(now()), player.device.interval_s);
            }
        }
    }
    if player.waiting.is_some() {
        count(&player.tally.unanswered);
    }
    Ok(())
}

impl Player {
    /// Rests; true when stopped meanwhile.
    async fn rest(&self, pause: Duration) -> bool {
        tokio::select! {
            () = self.stop.cancelled() => true,
            () = time::sleep(pause) => false,
        }
    }

    async fn connect(&self, pause: &mut Duration) -> Option<TcpStream> {
        loop {
            let connected = tokio::select! {
                () = self.stop.cancelled() => return None,
                connected = TcpStream::connect(&self.to) => connected,
            };
            if let Ok(stream) = connected {
                *pause = PAUSE.0;
                return stream.set_nodelay(true).ok().map(|()| stream);
            }
            if self.rest(*pause).await {
                return None;
            }
            *pause = (*pause * 2).min(PAUSE.1);
        }
    }

    async fn talk(&mut self, mut stream: TcpStream) -> io::Result<End> {
        let mut decoder = Decoder::default();
        let mut bytes = vec![0u8; 16 << 10];
        // what was under way when the last line broke goes first, with its QN
        if let Some(waiting) = &mut self.waiting {
            waiting.deadline = Tick::now() + Duration::from_secs(self.device.over_time_s);
            let frame = waiting.out.frame.clone();
            count(&self.tally.resent);
            if stream.write_all(&frame).await.is_err() {
                return Ok(End::Lost);
            }
        }
        loop {
            let clock = self.device.clock(now());
            if let Some(until) = self.device.plan.dead(clock) {
                return Ok(End::Dead(until));
            }
            self.measure(clock);
            if !self.pump(&mut stream).await? {
                return Ok(End::Lost);
            }
            let wake =
                Tick::now() + Duration::from_millis(self.next.ms_since(clock).clamp(0, 1_000).cast_unsigned() + 1);
            let wake = self.waiting.as_ref().map_or(wake, |w| w.deadline.min(wake));
            tokio::select! {
                () = self.stop.cancelled() => return Ok(End::Stopped),
                read = stream.read(&mut bytes) => match read {
                    Ok(0) | Err(_) => return Ok(End::Lost),
                    Ok(n) => {
                        decoder.push(&bytes[..n]);
                        self.hear(&mut decoder)?;
                    }
                },
                () = time::sleep_until(wake) => {}
            }
        }
    }

    /// Takes what is due by the device's clock.
    fn measure(&mut self, clock: Instant) {
        let stale_ms = i64::from(self.device.interval_s) * 2_000;
        while self.next <= clock {
            let at = self.next;
            self.next = self.device.plan.next_sample(at, self.device.interval_s);
            if self.device.live && self.device.plan.dead(at).is_none() {
                let out = self.device.real(at, clock.ms_since(at) > stale_ms, now());
                self.live.extend(out);
            }
        }
        if self.device.plan.periods {
            self.measure_periods(clock);
        }
        while self.live.len() > BACKLOG_MAX {
            self.live.pop_front();
        }
    }

    fn measure_periods(&mut self, clock: Instant) {
        for i in 0..self.done.len() {
            let (kind, done) = self.done[i];
            let Some(period) = self.device.plan.period_of(kind, done, self.device.minute_interval) else { continue };
            if period.end <= clock {
                let out = self.device.period(kind, period, false, now());
                self.live.extend(out);
                self.done[i].1 = period.end;
            }
        }
    }

    /// Sends what may go: one upload at a time waits for its answer. False when the line is lost.
    async fn pump(&mut self, stream: &mut TcpStream) -> io::Result<bool> {
        let over_time = Duration::from_secs(self.device.over_time_s);
        if let Some(waiting) = self.waiting.as_mut().filter(|w| w.deadline <= Tick::now()) {
            if waiting.resends >= self.device.resends {
                self.waiting = None;
                count(&self.tally.unanswered);
                return Ok(false);
            }
            waiting.resends += 1;
            waiting.deadline = Tick::now() + over_time;
            count(&self.tally.resent);
            return Ok(stream.write_all(&waiting.out.frame).await.is_ok());
        }
        while self.waiting.is_none() {
            let Some(out) = self.live.pop_front().or_else(|| self.answers.pop_front()) else { break };
            if let Some(upload) = out.upload.clone() {
                self.tally.log(&sent_line(&upload, &self.device.plan.mn))?;
                count(&self.tally.sent);
                self.tally.readings.fetch_add(upload.readings as u64, Relaxed);
                let first = Tick::now();
                let frame = out.frame.clone();
                self.waiting = Some(Waiting { out, upload, first, deadline: first + over_time, resends: 0 });
                if stream.write_all(&frame).await.is_err() {
                    return Ok(false);
                }
            } else if stream.write_all(&out.frame).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn hear(&mut self, decoder: &mut Decoder) -> io::Result<()> {
        let policy = self.device.policy();
        while let Some(piece) = decoder.next_piece(&|_| policy.clone()) {
            match piece.cn() {
                b"9014" | b"9013" if piece.usable() => self.answered(&piece)?,
                cn if cn.first() == Some(&b'9') => {}
                _ => {
                    count(&self.tally.requests);
                    let offset = self.device.clock_offset_ms;
                    let out = self.device.answer(&piece, now());
                    self.answers.extend(out);
                    if self.device.clock_offset_ms != offset || piece.cn() == b"1062" {
                        let clock = self.device.clock(now());
                        self.next = self.device.plan.next_sample(clock, self.device.interval_s);
                    }
                }
            }
        }
        Ok(())
    }

    fn answered(&mut self, piece: &Piece<'_>) -> io::Result<()> {
        // 2005 carries the acknowledged QN inside CP
        let qn = if piece.qn().is_empty() { piece.plain(b"QN").unwrap_or_default() } else { piece.qn() };
        let matches = |w: &mut Waiting| qn.is_empty() || w.upload.qn.as_bytes() == qn;
        let Some(waiting) = self.waiting.take_if(matches) else {
            count(&self.tally.extra);
            return Ok(());
        };
        self.tally.log(&format!("acked {} {}\n", waiting.upload.qn, self.device.plan.mn))?;
        self.tally.latency.record(waiting.first.elapsed());
        count(&self.tally.acked);
        Ok(())
    }
}

fn sent_line(u: &Upload, mn: &str) -> String {
    format!("sent {} {mn} {} {} {:016x}\n", u.qn, u.data_time, u.readings, u.digest)
}
