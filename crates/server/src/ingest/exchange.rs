//! Requests to devices (反控): request, 9011, data, 9012, with time-outs and resends (2017 §6.1, §6.2).
//!
//! One exchange with a device at a time. A request is sent again with the same QN only while its 9011 is missing; after that a
//! silence as long as the time-out means that it has failed. History records carry QNs of their own and are told by their command.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hj212::decode::text;
use hj212::{Piece, encode};
use shanshui_domain::id::Mn;
use shanshui_domain::time::{Instant, Zone};
use tokio::sync::mpsc;

use super::{Ingest, Shared};
use crate::registry::DeviceEntry;

/// Data records of one request, at most; a device that sends more is cut off from the step log, not from the store.
const DATA_STEPS_MAX: u32 = 100_000;

/// A request to a device.
#[derive(Debug, Clone)]
pub struct Request {
    /// Command.
    pub cn: String,
    /// Data area.
    pub area: String,
}

impl Request {
    /// The QN that it has at a moment, and its bytes to a device.
    ///
    /// # Errors
    /// When it cannot be written by the rules of the device's edition.
    pub fn frame(
        &self,
        entry: &DeviceEntry,
        at: Instant,
        zone: &Zone,
    ) -> Result<(String, Vec<u8>), hj212::EncodeError> {
        let (device, qn) = (&entry.device, qn(at, zone));
        let id = (device.password.expose(), device.mn.as_str());
        let message = encode::request(&qn, &device.st, &self.cn, id, entry.edition, &self.area);
        Ok((qn, message.frame(entry.policy.key.as_ref())?))
    }
}

/// One thing that happened in an exchange, for the log.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Step {
    /// When.
    pub at: String,
    /// `sent`, `resent`, `accepted`, `refused`, `data`, `done`, `failed`, `timeout`, `no_connection`.
    pub what: &'static str,
    /// Return code, number of records, or the telegram sent.
    pub detail: String,
}

impl Step {
    /// The device cannot be spoken to, or no longer.
    pub fn no_connection(at: Instant, detail: impl Into<String>) -> Self {
        Self { at: at.to_string(), what: "no_connection", detail: detail.into() }
    }

    /// Whether nothing follows.
    pub fn is_last(&self) -> bool {
        !matches!(self.what, "sent" | "resent" | "accepted" | "data")
    }
}

/// Why there was no exchange.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// There is no such device.
    #[error("no such device")]
    NoDevice,
    /// Nobody speaks for it now.
    #[error("the device is not connected")]
    NotConnected,
    /// The request cannot be written.
    #[error(transparent)]
    Encode(#[from] hj212::EncodeError),
}

/// What the device said.
#[derive(Debug)]
enum Said {
    Accepted(String),
    Done(String),
    Data,
}

#[derive(Debug)]
struct Waiting {
    mn: Mn,
    qn: String,
    cn: String,
    said: mpsc::UnboundedSender<Said>,
}

/// Exchanges going on.
#[derive(Debug, Default)]
pub(super) struct Open(Mutex<Vec<Waiting>>);

impl Open {
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A telegram that may belong to an exchange. True when it is a record of a history request.
    pub(super) fn see(&self, mn: &Mn, piece: &Piece<'_>) -> bool {
        let list = self.list();
        let Some(waiting) = list.iter().find(|w| w.mn == *mn) else { return false };
        let same_qn = piece.qn() == waiting.qn.as_bytes() || echoed(piece).is_some_and(|q| q == waiting.qn.as_bytes());
        let code = |key: &[u8]| piece.plain(key).map_or(String::new(), |v| text(v).into_owned());
        let (said, history) = match piece.cn() {
            b"9011" if same_qn => (Said::Accepted(code(b"QnRtn")), false),
            b"9012" if same_qn => (Said::Done(code(b"ExeRtn")), false),
            cn if cn == waiting.cn.as_bytes() => (Said::Data, super::read::kind_of(cn).is_some()),
            _ => return false,
        };
        // whoever asked may have given up
        let _gone = waiting.said.send(said);
        history
    }
}

/// 2005 answers carry the QN inside CP.
fn echoed<'a>(piece: &Piece<'a>) -> Option<&'a [u8]> {
    piece.plain(b"QN")
}

impl Ingest {
    /// Sends a request and follows it to its end; every step is told to `note` as it happens.
    ///
    /// # Errors
    /// When the device is unknown or not connected. A refusal or a time-out is no error but the last step.
    pub async fn exchange(
        &self,
        mn: &Mn,
        request: Request,
        note: &mut (dyn FnMut(Step) + Send),
    ) -> Result<(), ExchangeError> {
        let entry = self.0.registry.index().device(mn.0.as_bytes()).cloned().ok_or(ExchangeError::NoDevice)?;
        exchange(&self.0, &entry, request, note).await
    }
}

async fn exchange(
    shared: &Shared,
    entry: &DeviceEntry,
    request: Request,
    note: &mut (dyn FnMut(Step) + Send),
) -> Result<(), ExchangeError> {
    let _alone = entry.begin_exchange().await;
    let out = entry.line().speaker().map(|h| h.out.clone()).ok_or(ExchangeError::NotConnected)?;
    let (qn, frame) = request.frame(entry, shared.clock.now(), &shared.zone)?;
    let device = &entry.device;
    let shown = format!("{} {}", request.cn, request.area);
    let (said, mut hears) = mpsc::unbounded_channel();
    let waiting = Waiting { mn: device.mn.clone(), qn: qn.clone(), cn: request.cn.clone(), said };
    shared.exchanges.list().push(waiting);
    let _open = Closing { shared, mn: &device.mn };
    let timeout = Duration::from_secs(shared.config.request_timeout_s);
    let mut step = |what: &'static str, detail: String| {
        note(Step { at: shared.clock.now().to_string(), what, detail });
    };
    let mut first = None;
    for attempt in 0..=shared.config.request_resends {
        if out.send(frame.clone()).await.is_err() {
            step("no_connection", "the connection ended".into());
            return Ok(());
        }
        step(if attempt == 0 { "sent" } else { "resent" }, format!("QN={qn} {shown}"));
        if let Ok(Some(said)) = tokio::time::timeout(timeout, hears.recv()).await {
            first = Some(said);
            break;
        }
    }
    let mut next = first;
    let mut records = 0u32;
    loop {
        match next {
            None => {
                step("timeout", format!("nothing for {} s, {records} records so far", timeout.as_secs()));
                return Ok(());
            }
            Some(Said::Accepted(code)) if code == "1" => step("accepted", meaning("QnRtn", &code)),
            Some(Said::Accepted(code)) => {
                step("refused", meaning("QnRtn", &code));
                return Ok(());
            }
            Some(Said::Data) => {
                records = (records + 1).min(DATA_STEPS_MAX);
                if records.is_power_of_two() {
                    step("data", format!("{records} records"));
                }
            }
            Some(Said::Done(code)) => {
                let what = if code == "1" { "done" } else { "failed" };
                step(what, format!("{}; {records} records", meaning("ExeRtn", &code)));
                return Ok(());
            }
        }
        next = tokio::time::timeout(timeout, hears.recv()).await.ok().flatten();
    }
}

/// Takes the exchange off the list however it ends.
struct Closing<'a> {
    shared: &'a Shared,
    mn: &'a Mn,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.shared.exchanges.list().retain(|w| w.mn != *self.mn);
    }
}

fn meaning(key: &str, code: &str) -> String {
    let known = code.parse().ok().and_then(|n| hj212::command::return_code(key, n));
    known.map_or_else(|| format!("{key}={code}"), |r| format!("{key}={code} {} ({})", r.zh, r.en))
}

/// The device's clock is set because it asked (1013).
pub(super) async fn answer_clock(shared: Arc<Shared>, entry: Arc<DeviceEntry>) {
    let area = format!("SystemTime={}", civil(shared.clock.now(), &shared.zone));
    let mn = &entry.device.mn;
    let mut note =
        |step: Step| tracing::info!(%mn, what = step.what, detail = step.detail, "clock asked for by the device");
    if let Err(error) = exchange(&shared, &entry, Request { cn: "1012".into(), area }, &mut note).await {
        tracing::warn!(%mn, %error, "the clock the device asked for was not set");
    }
}

/// `YYYYMMDDhhmmss` of an instant in the city's zone.
pub fn civil(at: Instant, zone: &Zone) -> String {
    zone.civil(at).strftime("%Y%m%d%H%M%S").to_string()
}

/// `YYYYMMDDhhmmsszzz`: the id of an exchange. Two in one millisecond cannot meet, because a device has one exchange at a time
/// and the list of open exchanges is asked by MN.
fn qn(at: Instant, zone: &Zone) -> String {
    let milli = at.0.rem_euclid(1_000_000) / 1_000;
    format!("{}{milli:03}", civil(at, zone))
}
