//! What a logger has kept from before: a day of hours, ten-minute records and the last real-time values, sent as back-fill over the
//! same protocol, so that a new centre does not begin with empty curves.

use std::io;
use std::time::Duration;

use hj212::{Decoder, Limits};
use shanshui_domain::time::{Instant, PeriodKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::device::{Device, Out};
use super::plan::Plan;

/// Frames sent before their answers are waited for.
const WINDOW: usize = 32;
/// The centre is gone when it is silent for so long.
const SILENCE: Duration = Duration::from_secs(20);
const HOUR_US: i64 = 3_600_000_000;
const MINUTES: u32 = 10;

/// How much history.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Hours of hour and minute records.
    pub hours: i64,
    /// Minutes of real-time values.
    pub real_minutes: i64,
}

/// Sends a device's history and waits until all of it is acknowledged. Gives the number of telegrams.
///
/// # Errors
/// When the centre cannot be reached, ends the connection, or falls silent.
pub async fn send(plan: Plan, to: &str, now: Instant, span: Span) -> io::Result<usize> {
    let frames = records(plan, now, span);
    let mut stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let mut decoder = Decoder::new(Limits::default());
    let mut buffer = vec![0u8; 16 << 10];
    for window in frames.chunks(WINDOW) {
        let bytes: Vec<u8> = window.iter().flat_map(|out| out.frame.iter().copied()).collect();
        stream.write_all(&bytes).await?;
        let mut open = window.iter().filter(|out| out.upload.is_some()).count();
        while open > 0 {
            let n = tokio::time::timeout(SILENCE, stream.read(&mut buffer)).await??;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            decoder.push(&buffer[..n]);
            while let Some(piece) = decoder.next_piece(&|_| hj212::DevicePolicy::default()) {
                open = open.saturating_sub(usize::from(piece.cn() == b"9014"));
            }
        }
    }
    Ok(frames.len())
}

fn records(plan: Plan, now: Instant, span: Span) -> Vec<Out> {
    let mut device = Device::new(plan);
    let mut frames = Vec::new();
    let begin = now.0 - span.hours * HOUR_US;
    let kinds = [(PeriodKind::Hour, HOUR_US), (PeriodKind::Minute, i64::from(MINUTES) * 60_000_000)];
    for (kind, step) in kinds {
        for at in (begin..now.0).step_by(step as usize) {
            let period = device.plan.period_of(kind, Instant(at), MINUTES);
            if let Some(period) = period.filter(|p| p.end <= now) {
                frames.extend(device.period(kind, period, true, now));
            }
        }
    }
    let mut at = device.plan.next_sample(Instant(now.0 - span.real_minutes * 60_000_000), device.interval_s);
    while at < now {
        frames.extend(device.real(at, true, now));
        at = device.plan.next_sample(at, device.interval_s);
    }
    frames
}
